"""Does oumi train on an export by ``trainers/oumi.yaml``? Its own command line, real steps, texts and loss masks.

What is compared is what its collator hands to the model. The order is the trainer's: it shuffles.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import oumi.builders
from comparing import Row, report
from oumi.cli.main import get_app
from tiny import Seen, as_written, compare_seen, in_order, save_model, seen_as


def with_line_ends(row: Row) -> Seen:
    """Return how a row should be seen: oumi learns the template's line ends before and after an answer too."""
    text, trained = as_written(row)
    return text, tuple(f"\n{part}\n" for part in trained)


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        model, out = Path("model").resolve(), Path("trained").resolve()
        tokenizer = save_model(wanted, model)
        os.chdir(export)
        seen: list[Seen] = []
        build = oumi.builders.build_collator_from_config

        def watching(*arguments, **settings):
            collate = build(*arguments, **settings)

            def note(rows):
                batch = collate(rows)
                columns = (batch[name].tolist() for name in ("input_ids", "labels", "attention_mask"))
                for ids, labels, real in zip(*columns, strict=True):
                    assert all(label == -100 for label, use in zip(labels, real, strict=True) if not use), "padding"
                    kept = [pair for pair, use in zip(zip(ids, labels, strict=True), real, strict=True) if use]
                    seen.append(seen_as(tokenizer.decode, *zip(*kept, strict=True)))
                return batch

            return note

        oumi.builders.build_collator_from_config = watching  # before oumi.train takes it
        options = ["--model.model_name", model, "--training.output_dir", out, "--model.model_max_length", 4096]
        options += ["--training.trainer_type", "TRL_SFT", "--training.num_train_epochs", 1]
        options += ["--training.per_device_train_batch_size", 8, "--training.save_final_model", "false"]
        options += ["--model.torch_dtype_str", "float32", "--training.optimizer", "adamw_torch"]
        options += ["--training.enable_wandb", "false", "--training.enable_tensorboard", "false"]
        get_app()(["train", "-c", "trainers/oumi.yaml", *map(str, options)], standalone_mode=False)
        return len(seen), compare_seen(wanted, in_order(wanted, seen, with_line_ends), with_line_ends)

    return {"oumi.yaml, one epoch: texts, loss masks": check}


if __name__ == "__main__":
    report("oumi", checks)
