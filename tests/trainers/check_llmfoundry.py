"""Does llm-foundry take every row by ``trainers/llmfoundry.yaml``? Its constructor of data sets, rules and labels.

Its package imports Composer, Streaming and what trains on GPUs; the modules that read, refuse, tokenize and mask need
of those who they are among how many, which stand-ins say: the only one.
"""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from comparing import Row, report, splits
from omegaconf import OmegaConf
from tiny import END, START, Seen, compare_seen, make_tokenizer, seen_as


def stand_in(name: str, **held: Any) -> None:
    """Put a module in the place of one that is not there, or of a package whose parts are to be loaded alone."""
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(held)
    if name.startswith("llmfoundry"):
        sys.modules[name].__path__ = [str(distribution("llm-foundry").locate_file(name.replace(".", "/")))]


def modules() -> tuple[types.ModuleType, types.ModuleType]:
    """Return ``llmfoundry.data.finetuning.tasks`` and the collator beside it."""
    alone = types.SimpleNamespace(
        get_local_rank=lambda: 0,
        get_global_rank=lambda: 0,
        get_node_signal_file_name=lambda: "signal",
        all_gather_object=lambda value: [value],
        barrier=lambda: None,
    )
    stand_in("composer")
    stand_in("composer.utils", dist=alone)
    stand_in("composer.loggers", MosaicMLLogger=object)
    logger = ("MOSAICML_ACCESS_TOKEN_ENV_VAR", "MOSAICML_PLATFORM_ENV_VAR")
    stand_in("composer.loggers.mosaicml_logger", **dict.fromkeys(logger, ""))
    stand_in("streaming", Stream=object, StreamingDataset=object)
    stand_in("llmfoundry")
    stand_in("llmfoundry.utils")
    stand_in("llmfoundry.data", SUPPORTED_MDS_ENCODING_TYPES=[], stream_remote_local_validate=None)
    stand_in("llmfoundry.data.finetuning")
    stand_in("llmfoundry.tokenizers", get_date_string=lambda: "")
    tasks, collator = (importlib.import_module(f"llmfoundry.data.finetuning.{name}") for name in ("tasks", "collator"))
    return tasks, collator


def as_stitched(row: Row) -> Seen:
    """Return how a row should be seen: the line end after an answer is part of it."""
    text = "".join(f"{START}{turn['role']}\n{turn['content']}{END}\n" for turn in row)
    return text, tuple(turn["content"] + END + "\n" for turn in row if turn["role"] == "assistant")


def as_joined(row: Row) -> Seen:
    """Return how a prompt and a completion should be seen: joined without a template."""
    return row[0]["content"] + row[1]["content"], (row[1]["content"],)


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()
    tasks, collator = modules()
    tokenizer = make_tokenizer([row for rows in every.values() for row in rows])
    os.environ["MAX_NUM_PROC"] = "1"
    work = Path.cwd()

    def load(key: str, rows: list[Row], expected: Callable[[Row], Seen], form: str = "messages") -> list[str]:
        # Made one with the user's own, as the comment says, and resolved as train.py does.
        text = (export / "trainers/llmfoundry.yaml").read_text(encoding="utf-8") + "max_seq_len: 4096\n"
        settings: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
        loader = settings[key]["dataset"]
        files = {
            split: [str((export / path).resolve()).replace("data/messages", f"data/{form}") for path in paths]
            for split, paths in loader.pop("hf_kwargs")["data_files"].items()
        }
        masked = {name: loader[name] for name in ("target_responses", "decoder_only_format", "max_seq_len")}
        os.chdir(work)
        found = tasks.dataset_constructor.build_from_hf(
            loader["hf_name"], split=loader["split"], tokenizer=tokenizer, hf_kwargs={"data_files": files}, **masked
        )
        seen = []
        for row in found:
            pair = collator.stitch_turns_decoder_only(
                row["turns"], target_prompts="none", target_responses=masked["target_responses"]
            )
            seen.append(seen_as(tokenizer.decode, *pair))
        return compare_seen(rows, seen, expected)

    found = {
        "llmfoundry.yaml: row rules, texts, loss masks": lambda: (
            len(wanted),
            load("train_loader", wanted, as_stitched),
        )
    }
    if rows := every.get("validation"):
        found["llmfoundry.yaml, evaluation: row rules, texts, loss masks"] = lambda: (
            len(rows),
            load("eval_loader", rows, as_stitched),
        )
    if (export / "data/prompt_completion").exists():
        found["prompt_completion: row rules, texts, loss masks"] = lambda: (
            len(wanted),
            load("train_loader", wanted, as_joined, "prompt_completion"),
        )
    return found


if __name__ == "__main__":
    report("llm-foundry", checks)
