# Everything runs in an environment of its own, .venv, made on first use.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: help setup demo test lint bench trainers clean

help:  ## Show this list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 16

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(READY)

setup: $(READY)  ## Make the environment.

demo: $(READY)  ## Build a mixture from the bundled sample, export it, and verify the export.
	$(BIN)/pinchmix build pinchmix/data/parallel --budget en=20 --budget '*=40' --languages en,fi,hi,sw --out demo-out --overwrite
	$(BIN)/pinchmix verify demo-out

lint: $(READY)  ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint  ## Check style and types, and run all tests.
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

bench: $(READY)  ## Measure beside hand-written scripts, on 1,000,000 instructions x 12 languages (6 GB of disk); exports, sweeps, plans, samplers.
	$(BIN)/python benchmarks/build_mixture.py benchmarks/data
	$(BIN)/python benchmarks/export.py benchmarks/data
	$(BIN)/python benchmarks/sweep.py benchmarks/data
	$(BIN)/python benchmarks/planning.py
	$(BIN)/python benchmarks/samplers.py

trainers: $(READY)  ## Train real steps on the exported sample with real trainers, each in its own environment.
	$(BIN)/python tests/trainers/run.py

clean:  ## Remove the environment and everything that was made.
	rm -rf .venv .cache demo-out build dist
