"""Does mlcroissant take an export's croissant.json without error or warning, and read the rows that it describes?"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mlcroissant
from comparing import Row, differences, report, splits


class Heard(logging.Handler):
    """Notes every warning, whoever says it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def row_of(record: dict[str, Any]) -> Row:
    """Return the conversation of a record, whose values are bytes, keyed by the record set's name and the field's."""
    (turns,) = [value for name, value in record.items() if name.rpartition("/")[2] == "messages"]
    return [{key.rpartition("/")[2]: text(value) for key, value in turn.items()} for turn in turns]


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()
    path = export / "croissant.json"

    def load() -> tuple[mlcroissant.Dataset, list[str]]:
        heard = Heard()
        logging.getLogger().addHandler(heard)
        os.chdir(export)
        try:
            found = mlcroissant.Dataset(str(path))
            issues = found.metadata.ctx.issues
            return found, [*map(str, issues.errors), *map(str, issues.warnings), *heard.said]
        finally:
            logging.getLogger().removeHandler(heard)

    def validate() -> tuple[int, list[str]]:
        found, problems = load()
        if "croissant/1.1" not in str(json.loads(path.read_bytes())["conformsTo"]):
            problems.append("it does not say that it is Croissant 1.1")
        return len(found.metadata.record_sets), problems

    def read() -> tuple[int, list[str]]:
        found, _ = load()
        sets = [one for one in found.metadata.record_sets if any(field.name == "messages" for field in one.fields)]
        problems: list[str] = []
        seen = 0
        for one in sets:
            records: Iterable[dict[str, Any]] = found.records(record_set=one.uuid)
            rows = list(records)
            seen += len(rows)
            # One set of all splits, in which a field may name the split, or one a split.
            whole = [row for split in every.values() for row in split]
            mine = whole if len(sets) == 1 else next((every[name] for name in every if name in one.uuid), [])
            order = {json.dumps(row): place for place, row in enumerate(mine)}
            got = sorted(map(row_of, rows), key=lambda row: order.get(json.dumps(row), -1))
            problems += differences(sorted(mine, key=lambda row: order[json.dumps(row)]), got)
        if not sets:
            problems.append("no set of records has messages")
        return seen, problems

    def provenance() -> tuple[int, list[str]]:
        found, _ = load()
        counts = {one.uuid: sum(1 for _ in found.records(record_set=one.uuid)) for one in found.metadata.record_sets}
        count = sum(map(len, every.values()))
        problems = [] if counts.get("provenance") == count else [f"records {counts}, and there are {count} rows"]
        return counts.get("provenance", 0), problems + [f"{name} is empty" for name in counts if not counts[name]]

    return {
        "1.1, no error and no warning; sets of records": validate,
        "records: texts": read,
        "all other sets of records: read": provenance,
    }


if __name__ == "__main__":
    report("mlcroissant", checks)
