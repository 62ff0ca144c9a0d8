"""Does Unsloth train on an export by ``trainers/unsloth.yaml``? Its own command line, real steps on its CPU backend.

What is compared is what its collator hands to the model. The order is the trainer's: it shuffles.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ |= {"UNSLOTH_FORCE_CPU": "1", "HOME": str(Path.cwd())}  # it keeps caches at home
import unsloth  # before the libraries that it patches

# isort: split
import trl
import unsloth_cli
from comparing import Row, report
from tiny import Seen, compare_seen, in_order, save_model, seen_as
from transformers import Trainer


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        model = Path("model").resolve()
        tokenizer = save_model(wanted, model)
        os.chdir(export)
        seen: list[Seen] = []
        steps: list[int] = []
        train, load = Trainer.train, unsloth.FastLanguageModel.from_pretrained

        def loading(*arguments, on_model_resolved=None, **settings):
            # The command line gives it a callback that the CPU backend hands on to the model, which knows none.
            return load(*arguments, **settings)

        def watching(self, *arguments, **settings):
            collate = self.data_collator

            def note(rows):
                batch = collate(rows)
                columns = (batch[name].tolist() for name in ("input_ids", "labels", "attention_mask"))
                for ids, labels, real in zip(*columns, strict=True):
                    kept = [pair for pair, use in zip(zip(ids, labels, strict=True), real, strict=True) if use]
                    seen.append(seen_as(tokenizer.decode, *zip(*kept, strict=True)))
                return batch

            self.data_collator = note
            result = train(self, *arguments, **settings)
            steps.append(self.state.global_step)
            return result

        # So it does with a setting that Unsloth's own SFTConfig, which is made for GPUs only, has under that name.
        plain = trl.SFTConfig
        trl.SFTConfig = lambda max_seq_length=None, **settings: plain(max_length=max_seq_length, **settings)
        Trainer.train = watching
        unsloth.FastLanguageModel.from_pretrained = staticmethod(loading)
        options = [
            "--model",
            model,
            "--output-dir",
            "trained",  # below its home
            "--training-type",
            "full",
            "--num-epochs",
            1,
        ]
        options += ["--batch-size", 8, "--gradient-accumulation-steps", 1]
        unsloth_cli._prepare_entry_point()
        unsloth_cli.app(
            ["train", "--config", "trainers/unsloth.yaml", *map(str, options)], "unsloth", standalone_mode=False
        )
        assert sum(steps) > 3, f"{steps} optimiser steps"
        return len(seen), compare_seen(wanted, in_order(wanted, seen))

    return {"unsloth.yaml, one epoch: texts, loss masks": check}


if __name__ == "__main__":
    report("unsloth", checks)
