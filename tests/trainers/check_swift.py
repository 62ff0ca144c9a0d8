"""Does ms-swift train on an export by ``trainers/swift.yaml``? Its own command line, real steps, texts and loss masks.

``--template chatml`` gives the same text as the template of the tokenizer. The order is ms-swift's: it shuffles.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from comparing import Row, report
from swift.cli.main import parse_yaml_args
from swift.pipelines import SwiftSft
from tiny import Seen, as_written, compare_seen, in_order, save_model, seen_as


class Watching(SwiftSft):
    """A training that keeps the rows that it trains on."""

    def _prepare_dataset(self):
        self.rows, valid = super()._prepare_dataset()
        return self.rows, valid


def with_line_end(row: Row) -> Seen:
    """Return how a row should be seen: ms-swift learns the line end after a turn too."""
    text, trained = as_written(row)
    return text, tuple(part + "\n" for part in trained)


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        model, out = Path("model").resolve(), Path("trained").resolve()
        tokenizer = save_model(wanted, model)
        os.chdir(export)
        options = ["--model", model, "--output_dir", out, "--model_type", "llama", "--template", "chatml"]
        options += ["--tuner_type", "full", "--torch_dtype", "float32", "--attn_impl", "eager", "--use_cpu", "true"]
        options += ["--max_steps", 3, "--gradient_accumulation_steps", 2, "--save_strategy", "no"]
        options += ["--report_to", "none", "--use_hf", "true"]
        arguments = ["trainers/swift.yaml", *map(str, options)]
        parse_yaml_args(arguments)
        pipeline = Watching(arguments)
        told = pipeline.run()
        assert told["global_step"] == 3, f"{told['global_step']} optimiser steps, not 3"
        seen = [seen_as(tokenizer.decode, row["input_ids"], row["labels"]) for row in pipeline.rows]
        problems = compare_seen(wanted, in_order(wanted, seen, with_line_end), with_line_end)
        return len(seen), problems

    return {"swift.yaml, 3 steps: texts, loss masks": check}


if __name__ == "__main__":
    report("ms-swift", checks)
