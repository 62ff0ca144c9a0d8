"""Does Axolotl read an export by ``trainers/axolotl.yaml``? Its own ``axolotl preprocess``, texts and loss masks.

The order is Axolotl's: it shuffles.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from axolotl.cli import preprocess
from axolotl.cli.main import cli
from comparing import Row, report
from tiny import compare_seen, in_order, save_model, seen_as


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    model, out = Path("model").resolve(), Path("trained").resolve()
    tokenizer = save_model(wanted, model)
    os.chdir(export)
    options = ["trainers/axolotl.yaml", "--base-model", model, "--output-dir", out, "--sequence-len", 4096]
    options += ["--micro-batch-size", 8, "--gradient-accumulation-steps", 1, "--num-epochs", 1]
    options += ["--learning-rate", 0.001, "--optimizer", "adamw_torch", "--bf16", "false"]

    def prepare() -> tuple[int, list[str]]:
        kept = []
        load = preprocess.load_datasets

        def loading(**settings):
            kept.append(load(**settings))
            return kept[-1]

        preprocess.load_datasets = loading
        cli(["preprocess", *map(str, options)], standalone_mode=False)
        seen = [seen_as(tokenizer.decode, row["input_ids"], row["labels"]) for row in kept[0].train_dataset]
        return len(seen), compare_seen(wanted, in_order(wanted, seen))

    return {"axolotl.yaml, preprocess: texts, loss masks": prepare}


if __name__ == "__main__":
    report("axolotl", checks)
