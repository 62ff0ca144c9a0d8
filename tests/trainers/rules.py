"""Rules for rows that can be checked with the standard library: those of services that train for others, and of lines.

The names of OpenAI's are those of its cookbook, "Data preparation and analysis for chat model fine-tuning".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from comparing import Row, differences

KEYS = {"role", "content", "name", "function_call", "weight"}
ROLES = {"system", "user", "assistant", "function"}


def splits_of(rows: Path) -> dict[str, list[Row]]:
    """Return the rows of all splits as they should be, of the file that holds those for training."""
    found: dict[str, list[Row]] = json.loads(rows.with_suffix(".splits.json").read_text(encoding="ascii"))
    return found


def blocks_of(export: Path, split: str) -> bytes:
    """Return the JSON lines of a split, over all its shards."""
    stem = "valid" if split == "validation" else split
    folder = export / "data/messages"
    return b"".join(
        path.read_bytes() for path in [*folder.glob(f"{stem}.jsonl"), *sorted(folder.glob(f"{stem}-*-of-*.jsonl"))]
    )


def openai(example: Any) -> list[str]:
    """Return what OpenAI's cookbook finds wrong with an example."""
    if not isinstance(example, dict):
        return ["data_type"]
    messages = example.get("messages")
    if not messages:
        return ["missing_messages_list"]
    found = []
    for message in messages:
        if "role" not in message or "content" not in message:
            found.append("message_missing_key")
        if set(message) - KEYS:
            found.append("message_unrecognized_key")
        if message.get("role") not in ROLES:
            found.append("unrecognized_role")
        content = message.get("content")
        if (not content and not message.get("function_call")) or not isinstance(content, str):
            found.append("missing_content")
    if not any(message.get("role") == "assistant" for message in messages):
        found.append("example_missing_assistant_message")
    return found


def strict(example: Any) -> list[str]:
    """Return what any trainer of the facts in section 0 and 4 would refuse, drop or train on wrongly."""
    if list(example) != ["messages"]:
        return [f"the keys are {list(example)}"]
    turns = example["messages"]
    found = [f"a turn of {list(turn)}" for turn in turns if list(turn) != ["role", "content"]]
    found += [f"content {turn['content']!a}" for turn in turns if not turn["content"]]
    roles = [turn["role"] for turn in turns]
    rest = roles[1:] if roles[0] == "system" else roles
    if not rest or rest != ["user", "assistant"] * (len(rest) // 2):
        found.append(f"roles {roles}")
    return found


def checks(export: Path, wanted: dict[str, list[Row]]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    count = sum(map(len, wanted.values()))

    def lines() -> tuple[int, list[str]]:
        problems = []
        for split, rows in wanted.items():
            block = blocks_of(export, split)
            text = block.decode()
            if block.startswith(b"\xef\xbb\xbf") or b"\r" in block or not block.endswith(b"\n") or b"\n\n" in block:
                problems.append(f"{split}: a mark, a carriage return, a blank line or no line end at the end")
            # The widest idea of what ends a line that any reader has.
            problems += differences(rows, [json.loads(line)["messages"] for line in text.splitlines()])
        return count, problems

    def ruled(rule: Callable[[Any], list[str]]) -> Callable[[], tuple[int, list[str]]]:
        def check() -> tuple[int, list[str]]:
            found: Counter[str] = Counter()
            for split in wanted:
                for line in blocks_of(export, split).splitlines():
                    found.update(rule(json.loads(line)))
            return count, [f"{what}: {number} times" for what, number in found.items()]

        return check

    return {
        "all splits, str.splitlines: texts, bytes of lines": lines,
        "rules of OpenAI's cookbook": ruled(openai),
        "rules of all trainers together": ruled(strict),
    }
