"""Damage that shows only while a table is read: which rows of which file it is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pinchmix.errors import SourceError
from pinchmix.sources.database import DatabaseError
from pinchmix.sources.faults import Faults
from pinchmix.sources.table import Table
from pinchmix.text.wording import listing


@contextmanager
def reading(tables: Sequence[Table]) -> Iterator[None]:
    """Turn a failure of DuckDB to read a table into an error that says what is wrong with which.

    Args:
        tables: What is being read.

    Raises:
        BadRows: Files in which something cannot be decoded.
        SourceError: Anything else.
    """
    try:
        yield
    except DatabaseError as error:
        faults = Faults()
        for table in tables:
            if table.parquet:
                _examine(table, table.parquet, faults)
        if len(faults):
            raise faults.error("Mend or write them again; what is damaged in this way cannot be left out.") from error
        names = listing(list(dict.fromkeys(table.name for table in tables)), 3)
        raise SourceError(
            f"{names} cannot be read: {str(error).splitlines()[0].rstrip('.')}. "
            "If memory or disk is short, free some; if the data is unusual, save it as JSON Lines and read that."
        ) from error


def _examine(table: Table, path: Path, faults: Faults) -> None:
    """Note what cannot be decoded in a Parquet file."""
    tops = list(dict.fromkeys(column.path[0] for column in table.layout.columns.values()))
    done = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=tops):
                for row, detail in undecodable(pa.Table.from_batches([batch])).items():
                    faults.add(table.name, done + row + 1, "not UTF-8", detail)
                done += batch.num_rows
    except (pa.ArrowException, OSError):
        faults.add(table.name, 0, "unreadable file", f"it is damaged somewhere after row {done:,}")


def undecodable(table: pa.Table) -> dict[int, str]:
    """Return the rows of a table that hold text that is no UTF-8, and what is wrong with each.

    Example:
        >>> raw = pa.array([b"fine", bytes([0xE9])])
        >>> undecodable(pa.table({"a": pa.StringArray.from_buffers(2, *raw.buffers()[1:])}))
        {1: "'a' holds a byte 0xe9"}
    """
    found: dict[int, str] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if _is_valid(column):
            continue
        for row, value in enumerate(column):
            if byte := _wrong_byte(value):
                found.setdefault(row, f"{name!r} holds a byte {byte}")
    return found


def _is_valid(column: pa.ChunkedArray) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _wrong_byte(value: pa.Scalar) -> str:
    try:
        value.as_py()
    except UnicodeDecodeError as error:
        return f"0x{error.object[error.start]:02x}"
    return ""
