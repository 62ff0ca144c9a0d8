"""A piece of a source on its way to being readable: what it is in SQL, and which layouts were found in it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pinchmix.errors import LayoutUnknown
from pinchmix.progress import progress_bar
from pinchmix.sources.damage import undecodable
from pinchmix.sources.database import Database
from pinchmix.sources.delimited import read_delimited
from pinchmix.sources.faults import Faults
from pinchmix.sources.jsonlines import LINE, TEXT, LateField, read_array, read_lines, read_rows
from pinchmix.sources.layout import Layout, is_text, recognise
from pinchmix.sources.locate import ENDINGS, PACKED, Piece, ending_of
from pinchmix.sources.table import FILE_ROW, ROW
from pinchmix.sources.unpack import CountedBytes, decompressed, is_other


class OpenedPiece:
    """A piece on its way to being readable: what it is in SQL, and which layouts were found in it."""

    def __init__(
        self,
        piece: Piece,
        database: Database,
        columns: Mapping[str, str] | None,
        join: str,
        faults: Faults,
        progress: bool | None,
    ) -> None:
        self.layouts: list[tuple[str | None, Layout]] = []
        self.names: list[str] = []
        self.relation, self.row, self.line, self.rows = "", FILE_ROW, f"{FILE_ROW} + 1", 0
        self.parquet: Path | None = None
        self._piece, self._columns, self._join = piece, columns, join
        if isinstance(piece.table, list):
            self._open_rows(piece.table, database, faults)
        elif piece.table is not None:
            self._open_table(piece.table, database, faults)
        elif ending_of(piece.url or "") == ".parquet":
            self._open_parquet(database, faults)
        else:
            self._open_text(database, faults, progress)

        if not self.layouts and piece.spelling:  # nothing could be read, but the language was meant to be there
            empty = pa.table({name: pa.array([], pa.string()) for name in ("id", "prompt", "response", ROW)})
            self.relation, self.row, self.line, self.rows = database.register(empty), ROW, ROW, 0
            self.layouts = recognise(piece.name, empty.schema)

    def _choose(self, schema: pa.Schema) -> list[Layout]:
        self.names = schema.names
        self.layouts = recognise(self._piece.name, schema, self._columns, self._join)
        self._tops()
        return [layout for _, layout in self.layouts]

    def _tops(self) -> list[str]:
        """Return the columns that are needed.

        Raises:
            LayoutUnknown: DuckDB could not tell two of them apart, or one from its own.
        """
        columns = [column for _, layout in self.layouts for column in layout.columns.values()]
        tops = list(dict.fromkeys(column.path[0] for column in columns))
        alike = [name for name in tops if sum(name.casefold() == other.casefold() for other in tops) > 1]
        if own := [name for name in tops if name.casefold() in (ROW, LINE, FILE_ROW)]:
            raise LayoutUnknown(
                self._piece.name, self.names, f"{own[0]!r} is a name that pinchmix uses itself", "Rename the column."
            )
        if alike:
            raise LayoutUnknown(
                self._piece.name, self.names, f"{' and '.join(alike)} differ in nothing but case", "Rename one of them."
            )
        return tops

    def _open_table(self, table: pa.Table, database: Database, faults: Faults) -> None:
        self._choose(table.schema)
        table = _plain(table.select(self._tops()))
        numbers = np.arange(table.num_rows)
        if bad := undecodable(table):
            for row, detail in bad.items():
                faults.add(self._piece.name, row + 1, "not UTF-8", detail)
            numbers = np.setdiff1d(numbers, list(bad))
            table = table.take(pa.array(numbers))
        elif not len(numbers):
            faults.add(self._piece.name, 0, "empty file", "no rows in it")
        self.rows = len(numbers)
        self.relation = database.register(table.append_column(ROW, pa.array(numbers)))
        self.row, self.line = ROW, f"{ROW} + 1"

    def _open_rows(self, rows: list[Any], database: Database, faults: Faults) -> None:
        batches = list(read_rows(rows, self._piece.name, self._choose, faults))
        if not rows:
            faults.add(self._piece.name, 0, "empty file", "no rows in it")
        if batches:
            table = pa.Table.from_batches(batches)
            self.rows = table.num_rows
        if self.rows:
            places = pa.array(np.arange(self.rows))
            self.relation = database.register(table.append_column(ROW, places))
            self.row, self.line = ROW, LINE
        else:
            self.layouts = []

    def _open_parquet(self, database: Database, faults: Faults) -> None:
        url = cast(str, self._piece.url)
        if url.endswith(PACKED):
            faults.add(self._piece.name, 0, "wrong ending", "Parquet is compressed inside; unpack the file around it")
            return
        path = Path(fsspec.core.url_to_fs(url)[1])
        try:
            if not url.startswith("file://"):
                path = _scratch(database, ".parquet")
                with fsspec.open(url, "rb") as far, path.open("wb") as near_by:
                    while block := far.read(1 << 20):
                        near_by.write(block)
            file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            empty = path.exists() and not path.stat().st_size
            fault, detail = ("empty file", "no bytes in it") if empty else ("unreadable file", _why(error))
            faults.add(self._piece.name, 0, fault, detail)
            return
        with file:
            names = [name.casefold() for name in file.schema_arrow.names]
            self._choose(file.schema_arrow)
            tops = self._tops()
            self.rows = file.metadata.num_rows
            # DuckDB takes names for the same that differ in case, and adds one of its own.
            if len(set(names)) < len(names) or FILE_ROW in names:
                copy = _scratch(database, ".parquet")
                try:
                    _spool(file.iter_batches(columns=tops), copy)
                except (pa.ArrowException, OSError) as error:
                    faults.add(self._piece.name, 0, "unreadable file", _why(error))
                    self.layouts = []
                    return
                path = copy
        if not self.rows:
            faults.add(self._piece.name, 0, "empty file", "no rows in it")
        self.relation, self.parquet = database.parquet(path), path

    def _open_text(self, database: Database, faults: Faults, progress: bool | None) -> None:
        url, name = cast(str, self._piece.url), self._piece.name
        ending = ending_of(url)
        if not ending:
            faults.add(name, 0, "wrong ending", f"it ends in none of {', '.join(ENDINGS)} (nor these with .gz or .zst)")
            return
        before = len(faults)
        path = _scratch(database, ".parquet")
        also: list[str] = []
        noted = Faults()
        try:
            filesystem, root = fsspec.core.url_to_fs(url)
            size = filesystem.size(root) or 0
            while True:
                with progress_bar(f"reading {name}", size, "B", progress) as step, filesystem.open(root, "rb") as raw:
                    try:
                        batches = self._batches(CountedBytes(raw, step), url, ending, noted, also)
                        self.rows = _spool(batches, path) if batches is not None else 0
                    except LateField as late:
                        also.append(late.field)
                        noted = Faults()
                        continue
                break
        except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            noted.add(name, 0, "unreadable file", _why(error))
            self.layouts = []
            return
        finally:
            faults.extend(noted)
        if not self.rows and len(faults) == before:
            faults.add(name, 0, "empty file", "no rows in it")
        if self.rows:
            self.relation, self.line = database.parquet(path), LINE
        else:
            self.layouts = []

    def _batches(
        self, raw: CountedBytes, url: str, ending: str, faults: Faults, also: list[str]
    ) -> Iterator[pa.RecordBatch] | None:
        """Return the rows of a text file, or None after noting why it has none."""
        name = self._piece.name
        stream = decompressed(raw, url, faults, name)
        if stream is None:
            return None
        head = stream.peek(8)[:8]
        if not head:
            faults.add(name, 0, "empty file", "no bytes in it")
            return None
        if is_other(head, ending, faults, name):
            return None
        content = cast(BinaryIO, stream)
        if ending == ".json":
            return read_array(content, name, self._choose, faults)
        if ending in (".csv", ".tsv"):
            separator = "," if ending == ".csv" else "\t"
            return read_delimited(content, name, self._choose, faults, separator=separator)
        return read_lines(content, name, self._choose, faults, also)


def _why(error: Exception) -> str:
    """Return the reason that a file could not be read, without its path, which the message has already."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, pa.ArrowException):
        return "it is no Parquet file, or a part of it is missing or damaged"
    if isinstance(error, EOFError):
        return "it ends before its compressed data does"
    if isinstance(error, (gzip.BadGzipFile, zlib.error, zstandard.ZstdError)):
        return "its compressed data is damaged"
    return str(error) or type(error).__name__


def _plain(table: pa.Table) -> pa.Table:
    """Return a table in which texts are plain strings: no dictionaries, no columns without a type."""
    for place, field in enumerate(table.schema):
        if pa.types.is_null(field.type) or (pa.types.is_dictionary(field.type) and is_text(field.type)):
            table = table.set_column(
                place, field.name, pa.chunked_array(map(_decoded, table.column(place).chunks), TEXT)
            )
    return table


def _decoded(chunk: pa.Array) -> pa.Array:
    # Arrow decodes dictionaries of plain strings only, and Polars makes others.
    return (
        chunk.dictionary.cast(TEXT).take(chunk.indices) if isinstance(chunk, pa.DictionaryArray) else chunk.cast(TEXT)
    )


def _scratch(database: Database, ending: str) -> Path:
    return database.folder / f"source-{sum(1 for _ in database.folder.iterdir())}{ending}"


def _spool(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            if writer is None:
                writer = pq.ParquetWriter(path, batch.schema, compression="lz4")
            writer.write_batch(batch)
            rows += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows
