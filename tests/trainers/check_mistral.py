"""Does mistral-common take every row for fine-tuning? Its validator, on messages made as mistral-finetune makes them.

mistral-finetune itself is on no registry. It parses ``instruct_data`` by splitting at commas and then at colons, keeps
the system turn apart, and makes every other turn a message of mistral-common.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from comparing import Row, differences, report, splits
from mistral_common.protocol.instruct.messages import FinetuningAssistantMessage, SystemMessage, UserMessage
from mistral_common.protocol.instruct.validator import MistralRequestValidatorV3, ValidationMode

KINDS = {"system": SystemMessage, "user": UserMessage, "assistant": FinetuningAssistantMessage}


def sources(export: Path, key: str) -> list[Path]:
    """Return the files of a line of ``trainers/mistral.yaml``, which is simple enough to be read without a library."""
    lines = (export / "trainers/mistral.yaml").read_text(encoding="utf-8").splitlines()
    (said,) = [json.loads(line.partition(": ")[2]) for line in lines if line.startswith(f"  {key}: ")]
    found = [source.split(":") for source in said.strip().split(",")]
    assert all(len(parts) == 1 for parts in found), "a weight"
    return [Path(path) for (path,) in found]


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()

    def check(key: str, rows: list[Row]) -> Callable[[], tuple[int, list[str]]]:
        def checked() -> tuple[int, list[str]]:
            os.chdir(export)
            got = []
            for path in sources(export, key):
                with path.open(encoding="utf-8") as lines:
                    for line in lines:
                        messages = [
                            KINDS[turn["role"]](content=turn["content"]) for turn in json.loads(line)["messages"]
                        ]
                        said = [one for one in messages if not isinstance(one, SystemMessage)]
                        MistralRequestValidatorV3(ValidationMode.finetuning).validate_messages(said)
                        assert len(messages) - len(said) < 2, "two system turns"
                        got.append([{"role": one.role, "content": one.content} for one in messages])
            return len(got), differences(rows, got)

        return checked

    found = {"mistral.yaml: validated, texts": check("instruct_data", wanted)}
    if "validation" in every:
        found["mistral.yaml, evaluation: validated, texts"] = check("eval_instruct_data", every["validation"])
    return found


if __name__ == "__main__":
    report("mistral-common", checks)
