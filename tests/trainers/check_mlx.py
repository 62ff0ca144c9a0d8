"""Does mlx-lm read an export by ``trainers/mlx_lora.yaml``? Its data module, with settings as its own tool has them.

mlx itself needs a Mac or a GPU and only trains; the module that reads, applies the template and says where the loss
begins needs neither, so stand-ins for what the package imports beside it do.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import yaml
from comparing import Row, report, splits
from tiny import END, START, Seen, compare_seen, make_tokenizer


def data_module() -> types.ModuleType:
    """Return ``mlx_lm.tuner.datasets``, loaded without its package."""
    for name in ("mlx_lm", "mlx_lm.tuner"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = []
    told = types.ModuleType("mlx_lm.cli_ui")
    told.rprint = print
    sys.modules["mlx_lm.cli_ui"] = told
    name = "mlx_lm.tuner.datasets"
    path = Path(distribution("mlx-lm").locate_file("mlx_lm/tuner/datasets.py"))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def last_answer(row: Row) -> Seen:
    """Return how mlx-lm sees a row: all of it, trained on from the last answer to the end."""
    text = "".join(f"{START}{turn['role']}\n{turn['content']}{END}\n" for turn in row)
    return text, (row[-1]["content"] + END + "\n",)


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()
    tokenizer = make_tokenizer([row for rows in every.values() for row in rows])
    datasets = data_module()

    def load(folder: str | None) -> tuple[int, list[str]]:
        os.chdir(export)
        settings = yaml.safe_load((export / "trainers/mlx_lora.yaml").read_text(encoding="utf-8"))
        arguments = types.SimpleNamespace(train=True, test=False, **settings)
        if folder:
            arguments.data = folder
        found = dict(zip(("train", "validation", "test"), datasets.load_dataset(arguments, tokenizer), strict=True))
        problems = [] if {name for name in found if len(found[name])} == set(every) else ["other splits"]
        for split, rows in every.items():
            seen = []
            for number in range(len(found[split])):
                tokens, offset = found[split].process(found[split][number])
                seen.append((tokenizer.decode(tokens), (tokenizer.decode(tokens[offset:]),)))
            problems += compare_seen(rows, seen, last_answer)
        return sum(map(len, every.values())), problems

    found = {"mlx_lora.yaml, all splits: texts, where the loss begins": lambda: load(None)}
    if (export / "data/prompt_completion").exists():
        found["prompt_completion: texts, where the loss begins"] = lambda: load("data/prompt_completion")
    return found


if __name__ == "__main__":
    report("mlx-lm", checks)
