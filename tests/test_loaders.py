"""Those who read exports, as released: datasets from 2.21 to 5.2, and what services and Croissant check before upload.

Each is installed once into an environment of its own under ``.cache/trainers``, and checked there by a script of
``tests/trainers``; ``make trainers`` runs these and those that train.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "trainers"
sys.path.insert(0, str(SCRIPTS))
try:
    import run
finally:
    sys.path.remove(str(SCRIPTS))

CHEAP = {trainer.name: trainer for trainer in run.TRAINERS if trainer.cheap}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The lines of the table, by trainer and version."""
    missing = [trainer for trainer in CHEAP.values() if not run.is_installed(trainer)]
    if missing and (why := run.no_registry()):
        pytest.skip(f"pip reaches no registry of packages, from which to install {missing[0].name}: {why}")
    report = tmp_path_factory.mktemp("loaders") / "report.json"
    command = [sys.executable, str(SCRIPTS / "run.py"), "--cheap", "--report", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=1500, check=False)
    assert report.exists(), done.stdout + done.stderr
    lines = json.loads(report.read_text(encoding="ascii"))
    assert (done.returncode != 0) == any(line["problems"] for line in lines)
    return lines


@pytest.mark.parametrize("name", CHEAP)
def test_it_reads_every_export_as_it_was_written(table, name):
    trainer = CHEAP[name]
    mine = [line for line in table if line["trainer"] == trainer.package and line["version"] == trainer.version]
    assert {line["export"] for line in mine} == set(trainer.exports)
    assert [line for line in mine if line["problems"] or not line["rows"]] == []


def test_every_line_keeps_the_rules_of_services_and_trainers(table):
    mine = [line for line in table if line["trainer"] == "json"]
    assert {line["export"] for line in mine} == {"sample", "single", "torture", "shards"}
    assert [line for line in mine if line["problems"] or not line["rows"]] == []
