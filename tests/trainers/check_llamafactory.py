"""Does LLaMA-Factory read an export by ``trainers/llamafactory/sft.yaml``? Its own parser, loader and labels.

It leaves out rows that it does not like with no more than a warning: here every row must come through. It has templates
of its own, by name; ``qwen`` is ChatML as elsewhere, but says who it is to rows without a system turn.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

# Wheels of torchaudio do not go with every torch, and it is for sounds.
sys.modules["torchaudio"] = types.ModuleType("torchaudio")
sys.modules["torchaudio"].__spec__ = ModuleSpec("torchaudio", None)

from comparing import Row, report, splits  # noqa: E402
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer  # noqa: E402
from llamafactory.hparams import get_train_args  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402
from tiny import END, START, Seen, compare_seen, save_model, seen_as  # noqa: E402

GREETING = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."


def as_qwen(row: Row) -> Seen:
    """Return how a row should be seen: the line end after an answer is learnt too, or is the end of the text."""
    told = row if row[0]["role"] == "system" else [{"role": "system", "content": GREETING}, *row]
    text = "".join(f"{START}{turn['role']}\n{turn['content']}{END}\n" for turn in told)
    return text, tuple(turn["content"] + END + "\n" for turn in row if turn["role"] == "assistant")


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()
    model, out = Path("model").absolute(), Path("out").absolute()
    save_model([row for rows in every.values() for row in rows], model)

    def load(form: str = "") -> tuple[int, list[str]]:
        os.chdir(export)
        # As its command line reads a file and what is said after it.
        settings: dict[str, Any] = OmegaConf.to_container(OmegaConf.load("trainers/llamafactory/sft.yaml"))
        settings |= {"model_name_or_path": str(model), "template": "qwen", "output_dir": str(out)}
        settings |= {"cutoff_len": 4096, "use_cpu": True, "report_to": "none", "bf16": False}
        if form:
            settings["dataset"] += f"_{form}"
        model_args, data_args, training_args, _, _ = get_train_args(settings)
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(model)
        template = get_template_and_fix_tokenizer(tokenizer, data_args)
        found = get_dataset(template, model_args, data_args, training_args, "sft", tokenizer=tokenizer, processor=None)
        problems = []
        if ("eval_dataset" in found) != ("validation" in every):
            problems.append(f"data sets {sorted(found)}")

        def seen(rows: Iterable[Any]) -> list[Seen]:
            return [seen_as(tokenizer.decode, row["input_ids"], row["labels"]) for row in rows]

        problems += compare_seen(wanted, seen(found["train_dataset"]), as_qwen)
        if "eval_dataset" in found and "validation" in every:
            problems += compare_seen(every["validation"], seen(found["eval_dataset"]), as_qwen)
        return len(wanted) + len(every.get("validation", ())), problems

    found = {"sft.yaml: texts, loss masks, order, evaluation": load}
    for form in ("alpaca", "sharegpt", "prompt_completion"):
        if (export / "data" / form).exists():
            found[f"dataset_info.json, {form}: texts, loss masks, order"] = lambda form=form: load(form)
    return found


if __name__ == "__main__":
    report("llamafactory", checks)
