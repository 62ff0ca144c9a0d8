"""Does TRL train on an export as it was written? Real optimiser steps, and the text and loss mask that they saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from comparing import Row, report
from datasets import load_dataset
from tiny import Seen, compare_seen, make_model, make_tokenizer, seen_as
from trl import SFTConfig, SFTTrainer


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


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        rows = load_dataset("json", data_files=str(export / "data/messages/train.jsonl"), split="train")
        tokenizer = make_tokenizer(wanted)
        model = make_model(len(tokenizer))
        before = [value.detach().clone() for value in model.parameters()]
        trainer = Watching(
            model=model,
            processing_class=tokenizer,
            train_dataset=rows,
            args=SFTConfig(
                output_dir="trained",
                assistant_only_loss=True,
                max_length=None,
                num_train_epochs=1,
                per_device_train_batch_size=8,
                train_sampling_strategy="sequential",  # so that the order too can be compared
                learning_rate=1e-3,
                gradient_checkpointing=False,
                bf16=False,
                use_cpu=True,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
        )
        trainer.train()

        problems = []
        if trainer.state.global_step < 3:
            problems.append(f"{trainer.state.global_step} optimiser steps only")
        if not all(0 < loss < 100 for loss in trainer.losses):
            problems.append(f"the losses are {trainer.losses}")
        if any(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)):
            problems.append("training left some weights as they were")
        problems += compare_seen(wanted, trainer.seen)
        return len(trainer.seen), problems

    return {"JSONL, one epoch: texts, loss masks, order": check}


if __name__ == "__main__":
    report("trl", checks)
