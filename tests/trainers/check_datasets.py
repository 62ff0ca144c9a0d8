"""Does ``datasets`` load an export as it was written? Every role and content, as Python strings, and the features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from comparing import Row, differences, report
from datasets import Features, IterableDataset, Value, load_dataset

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
FEATURES = Features({"messages": [{"role": Value("string"), "content": Value("string")}]})


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    jsonl = str(export / "data/messages/train.jsonl")
    parquet = str(export / "data/messages_parquet/train.parquet")

    def load(kind: str, path: str, *, streaming: bool = False, features: Features | None = None) -> Callable:
        def check() -> tuple[int, list[str]]:
            rows = load_dataset(kind, data_files=path, split="train", streaming=streaming, features=features)
            problems = []
            if not isinstance(rows, IterableDataset):
                if rows.column_names != ["messages"] or rows.data.schema.field("messages").type != MESSAGES:
                    problems.append(f"the columns are {rows.data.schema.remove_metadata()}")
                if rows.features != FEATURES:
                    problems.append(f"the features are {rows.features}")
            got = [row["messages"] if list(row) == ["messages"] else row for row in rows]
            return len(got), problems + differences(wanted, got)

        return check

    return {
        "JSONL: texts, features": load("json", jsonl),
        "JSONL, features declared: texts, features": load("json", jsonl, features=FEATURES),
        "JSONL streamed: texts": load("json", jsonl, streaming=True),
        "Parquet: texts, features": load("parquet", parquet),
        "Parquet streamed: texts": load("parquet", parquet, streaming=True),
    }


if __name__ == "__main__":
    report("datasets", checks)
