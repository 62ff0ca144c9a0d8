"""Does TRL train on an export by ``trainers/trl.yaml``? Real optimiser steps, and the text and loss mask they saw.

The settings go through the parser of its command line, with the arguments that a user would add, and the data set is
loaded as its ``sft`` script does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
from comparing import Row, report, splits
from datasets import load_dataset
from tiny import Seen, compare_seen, make_model, make_tokenizer, seen_as
from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, SFTConfig, SFTTrainer, TrlParser


class Watching(SFTTrainer):
    """An SFTTrainer that notes what goes into each loss."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen: list[Seen] = []
        self.losses: list[float] = []

    def compute_loss(self, model, inputs, *args, **kwargs):
        decode = self.processing_class.decode
        for ids, labels, real in zip(
            inputs["input_ids"].tolist(), inputs["labels"].tolist(), inputs["attention_mask"].tolist(), strict=True
        ):
            padding = [label for label, use in zip(labels, real, strict=True) if not use]
            assert all(label == -100 for label in padding), "padding is trained on"
            kept = [pair for pair, use in zip(zip(ids, labels, strict=True), real, strict=True) if use]
            self.seen.append(seen_as(decode, *zip(*kept, strict=True)))
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        self.losses.append(float((loss[0] if isinstance(loss, tuple) else loss).detach()))
        return loss


# What a user would add; sequential, so that the order too can be compared.
ADDED = """
    --model_name_or_path tiny --max_length None --num_train_epochs 1 --per_device_train_batch_size 8
    --per_device_eval_batch_size 8 --train_sampling_strategy sequential --learning_rate 1e-3
    --gradient_checkpointing False --bf16 False --use_cpu True --save_strategy no --report_to none --disable_tqdm True
"""


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()
    out = Path("trained").absolute()

    def check() -> tuple[int, list[str]]:
        os.chdir(export)
        added = [*ADDED.split(), "--output_dir", str(out)]
        if "validation" in every:
            added += ["--eval_strategy", "epoch"]
        parser = TrlParser((ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig))
        script, arguments, _, mixture = parser.parse_args_and_config(["--config", "trainers/trl.yaml", *added])
        assert arguments.assistant_only_loss, "the loss is on every text"
        assert not mixture.datasets, "a mixture comes before the data set"
        rows = load_dataset(script.dataset_name, name=script.dataset_config, streaming=script.dataset_streaming)
        tokenizer = make_tokenizer([row for rows_of in every.values() for row in rows_of])
        model = make_model(len(tokenizer))
        before = [value.detach().clone() for value in model.parameters()]
        trainer = Watching(
            model=model,
            processing_class=tokenizer,
            train_dataset=rows[script.dataset_train_split],
            eval_dataset=rows[script.dataset_test_split] if arguments.eval_strategy != "no" else None,
            args=arguments,
        )
        trainer.train()

        problems = []
        if trainer.state.global_step < 3:
            problems.append(f"{trainer.state.global_step} optimiser steps only")
        if not all(0 < loss < 100 for loss in trainer.losses):
            problems.append(f"the losses are {trainer.losses}")
        if any(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)):
            problems.append("training left some weights as they were")
        # Evaluation comes after the one epoch.
        problems += compare_seen(wanted + every.get("validation", []), trainer.seen)
        return len(trainer.seen), problems

    return {"trl.yaml, one epoch, evaluation: texts, loss masks, order": check}


if __name__ == "__main__":
    report("trl", checks)
