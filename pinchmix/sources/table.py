"""A table of a source: one language of one file or table, readable in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pinchmix.sources.layout import Layout
from pinchmix.sources.locate import Piece

ROW = "__row"
FILE_ROW = "file_row_number"  # what DuckDB calls the row number of a Parquet file


@dataclass(frozen=True)
class Table:
    """One language of one file or table (or all of a long table), readable in SQL.

    Attributes:
        number: Its place in the source; a part of each cell's address.
        name: How messages name it.
        label: How provenance names it.
        language: Its canonical tag; None if a column tells.
        spelling: The tag as the user spells it.
        relation: What stands after FROM.
        row: The row number in SQL, from 0; a part of each cell's address.
        line: The line or row in SQL as messages count it, from 1.
        layout: Which column holds what.
        rows: How many rows could be read; of a wide or a long table, those in the languages that are wanted.
        piece: Where it came from, so that columns beside the conversation can be read when they are asked for.
        wide: Other languages stand in the same rows.
        parquet: The user's Parquet file, which nobody has looked into yet.
    """

    number: int
    name: str
    label: str
    language: str | None
    spelling: str | None
    relation: str
    row: str
    line: str
    layout: Layout
    rows: int
    piece: Piece
    wide: bool = False
    parquet: Path | None = None
