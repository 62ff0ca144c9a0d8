"""Does torchtune read an export by ``trainers/torchtune.yaml``? A recipe's settings take the block, by its own parser.

The tokenizer is ours, as torchtune's own change texts: that of Llama 3 strips their ends, and that of Qwen composes
characters. What is torchtune's is the loading, the roles, the rules for a conversation, the mask, and the labels.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from comparing import Row, report
from tiny import END, START, compare_seen, make_bpe, seen_as
from torchtune import config
from torchtune.config._parse import TuneRecipeArgumentParser
from torchtune.config._utils import _merge_yaml_and_cli_args
from torchtune.data import Message


class ChatML:
    """A torchtune tokenizer of conversations, with the same template as elsewhere."""

    max_seq_len = None

    def __init__(self, rows: list[Row]) -> None:
        self.bpe = make_bpe(rows)

    def encode(self, text: str) -> list[int]:
        return self.bpe.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        return self.bpe.decode(ids, skip_special_tokens=False)

    def __call__(self, sample: Mapping[str, Any]) -> dict[str, Any]:
        tokens: list[int] = []
        mask: list[bool] = []
        messages: list[Message] = sample["messages"]
        for message in messages:
            for text, masked in (
                (f"{START}{message.role}\n", True),
                (message.text_content + END, message.masked),
                ("\n", True),
            ):
                piece = self.encode(text)
                tokens += piece
                mask += [masked] * len(piece)
        return {"tokens": tokens, "mask": mask}


def settings_of(export: Path) -> Any:
    """Return a recipe's settings after the first line of our file was followed, as a recipe gets them."""
    recipe, mine = Path("CONFIG.yaml"), Path("MINE.yaml")
    tune = Path(sys.executable).with_name("tune")
    subprocess.run([tune, "cp", "llama3_2/1B_full_single_device", recipe], check=True)
    line = (export / "trainers/torchtune.yaml").read_text(encoding="utf-8").splitlines()[0]
    command = line.removeprefix("# ").split(" && ")[0].split('"')[1]
    command = command.replace("'trainers/torchtune.yaml'", repr(str(export / "trainers/torchtune.yaml")))
    subprocess.run([sys.executable, "-c", command], check=True)
    parser = TuneRecipeArgumentParser()
    return _merge_yaml_and_cli_args(*parser.parse_known_args(["--config", str(mine)]))


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        settings = settings_of(export)
        assert float(settings.optimizer.lr) == 2e-5, "the recipe's own settings are changed"
        tokenizer = ChatML(wanted)
        os.chdir(export)
        rows = config.instantiate(settings.dataset, tokenizer)
        seen = [seen_as(tokenizer.decode, row["tokens"], row["labels"]) for row in rows]
        return len(seen), compare_seen(wanted, seen)

    return {"torchtune.yaml in a recipe: texts, loss masks, order": check}


if __name__ == "__main__":
    report("torchtune", checks)
