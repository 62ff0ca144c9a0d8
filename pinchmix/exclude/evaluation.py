"""Files of evaluation prompts: what each row asks, whatever the column is called."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pinchmix.errors import ArgumentError
from pinchmix.text.wording import listing, near, number_of

ENDINGS = (".txt", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
COLUMNS = ("prompt", "instruction", "question", "text", "input", "inputs", "messages", "conversations", "turns")
USERS = ("user", "human", "prompter")
SHOWN = 5  # rows without a prompt that a message names


def read_prompts(path: str | PathLike[str], column: str | None = None) -> list[str]:
    """Return the prompts of a file of evaluation prompts, in their order; a chat gives two, see ``read_exclusion``.

    Args:
        path: See :func:`~pinchmix.exclude.read_exclusion`.
        column: The column of the prompts; by default the first of ``COLUMNS`` that the file has.

    Raises:
        ArgumentError: No such file, an unknown ending, no such column, no rows, or rows without a prompt.
    """
    file = Path(path)
    plain = file.with_suffix("") if file.suffix == ".gz" else file
    ending = plain.suffix.lower()
    if ending not in ENDINGS or (plain != file and ending == ".parquet"):
        why = f"ends in {file.suffix!r}" if file.suffix else "has no ending"
        raise ArgumentError(
            f"exclude: {str(path)!r} {why}; a file of evaluation prompts ends in {', '.join(ENDINGS)}. "
            "Ids are given as a list, such as ['id-1']."
        )
    try:
        if ending == ".parquet":
            rows = _rows_of_parquet(file)
        else:
            data = gzip.decompress(file.read_bytes()) if plain != file else file.read_bytes()
            rows = _rows_of_text(data.decode("utf-8-sig"), ending, file.name)
    except OSError as error:  # gzip's BadGzipFile is one
        raise ArgumentError(_unreadable(file, error)) from error
    except UnicodeDecodeError as error:
        raise ArgumentError(f"exclude: {file.name} is not UTF-8 (byte {error.start:,}). Convert it first.") from error
    except (EOFError, zlib.error, csv.Error, pa.ArrowException) as error:
        raise ArgumentError(f"exclude: {file.name} is damaged: {str(error).splitlines()[0]}") from error
    if not rows:
        raise ArgumentError(f"exclude: {file.name} holds no prompt. Give a file of evaluation prompts.")
    return _prompts_of(rows, file.name, column)


def _unreadable(file: Path, error: OSError) -> str:
    if file.exists() or not file.parent.is_dir():
        return f"exclude: {str(file)!r} cannot be read: {error.strerror or error}."
    names = [other.name for other in file.parent.iterdir()]
    return (
        f"exclude: {str(file)!r} does not exist.{near(file.name, names)} "
        "A text is taken for the path of a file of evaluation prompts; ids are given as a list."
    )


Row = tuple[int, Any]  # the line or row, from 1, and what stands there


def _rows_of_text(text: str, ending: str, name: str) -> list[Row]:
    if ending == ".txt":
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if ending in (".csv", ".tsv"):
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if ending == ".tsv" else ",", strict=True)
        return [(reader.line_num, row) for row in reader]
    if ending == ".json":
        found = _parsed(text, name, 0)
        if isinstance(found, Mapping):  # {"data": [...]}, as some evaluations wrap their rows
            lists = [value for value in found.values() if isinstance(value, list)]
            found = lists[0] if len(lists) == 1 else found
        if not isinstance(found, list):
            raise ArgumentError(f"exclude: {name} holds {type(found).__name__} where a list of rows is expected.")
        return list(enumerate(found, 1))
    # Only a line feed ends a line of JSON Lines; other line ends may stand within texts.
    lines = text.split("\n")
    return [(number, _parsed(line, name, number)) for number, line in enumerate(lines, 1) if line.strip()]


def _rows_of_parquet(file: Path) -> list[Row]:
    with file.open("rb") as stream:  # an object, as a name may be taken for a data set's
        return list(enumerate(pq.ParquetFile(stream).read().to_pylist(), 1))


def _parsed(text: str, name: str, line: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"{name}:{line}" if line else name
        raise ArgumentError(f"exclude: {where} is no JSON: {error}.") from error


def _prompts_of(rows: Sequence[Row], name: str, column: str | None) -> list[str]:
    columns = list(dict.fromkeys(str(key) for _, row in rows if isinstance(row, Mapping) for key in row))
    chosen = column if column is not None else next((one for one in COLUMNS if one in columns), None)
    if columns and (chosen is None or chosen not in columns):
        asked = (
            f"has no column {column!r}.{near(column, columns)}" if column else "has no column that is known as prompts."
        )
        raise ArgumentError(
            f"exclude: {name} {asked} It has {listing(columns)}. Name it: read_exclusion(..., column=...). "
            "Ids are given as a list."
        )
    prompts: list[str] = []
    faults: list[int] = []
    for number, row in rows:
        found = _prompts_in(row, chosen)
        prompts.extend(found)
        if not found:
            faults.append(number)
    if faults:
        where = listing([f"{name}:{number}" for number in faults], SHOWN)
        what = f" in {chosen!r}" if chosen else ""
        raise ArgumentError(f"exclude: {number_of(len(faults), 'row')} without a prompt{what}: {where}.")
    return prompts


def _prompts_in(row: Any, column: str | None) -> list[str]:
    """Return the prompts in a row: one, or for a chat the first of the user's turns and all of them together."""
    value = row.get(column) if isinstance(row, Mapping) else row
    if isinstance(value, str):
        extra = row.get("input") if isinstance(row, Mapping) and column == "instruction" else None
        whole = f"{value}\n\n{extra}" if isinstance(extra, str) else value
        return [whole] if whole.strip() else []
    if isinstance(value, list):
        turns = [_said(turn) for turn in value]
        said = [turn for turn in turns if turn and turn.strip()]
        return list(dict.fromkeys([said[0], "\n".join(said)])) if said else []
    return []


def _said(turn: Any) -> str | None:
    """Return what a user said in a turn; a turn that is a text is the user's."""
    if isinstance(turn, Mapping):
        role = turn.get("role", turn.get("from"))
        content = turn.get("content", turn.get("value"))
        return content if role in USERS and isinstance(content, str) else None
    return turn if isinstance(turn, str) else None
