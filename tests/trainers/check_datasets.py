"""Does ``datasets`` load an export as it was written? Every role and content, as Python strings, and the features.

By the card, as the whole folder, and file by file; all splits, all formats.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from comparing import Row, differences, files_of, report, splits
from datasets import DatasetDict, Features, IterableDataset, Value, load_dataset

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
FEATURES = Features({"messages": [{"role": Value("string"), "content": Value("string")}]})
SPEAKERS = {"system": "system", "human": "user", "gpt": "assistant"}
# How the rows of each format are said in messages again.
BACK: dict[str, Callable[[Any], Row]] = {
    "alpaca": lambda row: turns(row["instruction"] + row["input"], row["output"]),
    "prompt_completion": lambda row: turns(row["prompt"], row["completion"]),
    "sharegpt": lambda row: [
        {"role": SPEAKERS[turn["from"]], "content": turn["value"]} for turn in row["conversations"]
    ],
}


def turns(prompt: str, response: str) -> Row:
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]


def compare(rows: Any, wanted: list[Row]) -> list[str]:
    problems = []
    if not isinstance(rows, IterableDataset):
        if rows.column_names != ["messages"] or rows.data.schema.field("messages").type != MESSAGES:
            problems.append(f"the columns are {rows.data.schema.remove_metadata()}")
        if rows.features != FEATURES:
            problems.append(f"the features are {rows.features}")
    return problems + differences(wanted, [row["messages"] if list(row) == ["messages"] else row for row in rows])


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()
    assert every["train"] == wanted
    count = sum(map(len, every.values()))

    def card(*, streaming: bool) -> Callable[[], tuple[int, list[str]]]:
        def check() -> tuple[int, list[str]]:
            found = load_dataset(str(export), streaming=streaming)
            problems = [] if sorted(found) == sorted(every) else [f"splits {sorted(found)}, not {sorted(every)}"]
            if not streaming and not isinstance(found, DatasetDict):
                problems.append(f"a {type(found).__name__}")
            return count, problems + [said for split in every for said in compare(found[split], every[split])]

        return check

    def load(kind: str, pattern: str, **options: Any) -> Callable[[], tuple[int, list[str]]]:
        def check() -> tuple[int, list[str]]:
            files = {split: files_of(export, split, pattern) for split in every}
            found = load_dataset(kind, data_files=files, **options)
            return count, [said for split in every for said in compare(found[split], every[split])]

        return check

    def other(form: str) -> Callable[[], tuple[int, list[str]]]:
        def check() -> tuple[int, list[str]]:
            rows = load_dataset("json", data_files=str(export / f"data/{form}/train.jsonl"), split="train")
            return len(rows), differences(wanted, [BACK[form](row) for row in rows])

        return check

    jsonl, parquet = "data/messages/{}.jsonl", "data/messages_parquet/{}.parquet"
    return {
        "README.md: splits, texts, features": card(streaming=False),
        "README.md streamed: splits, texts": card(streaming=True),
        "JSONL: texts, features": load("json", jsonl),
        "JSONL, features declared: texts, features": load("json", jsonl, features=FEATURES),
        "JSONL streamed: texts": load("json", jsonl, streaming=True),
        "Parquet: texts, features": load("parquet", parquet),
        "Parquet streamed: texts": load("parquet", parquet, streaming=True),
        **{f"{form}: texts": other(form) for form in BACK if (export / "data" / form).exists()},
    }


if __name__ == "__main__":
    report("datasets", checks)
