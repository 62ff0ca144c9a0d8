"""A source: the user's files or tables as SQL tables of known layout."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pinchmix.database import Database
from pinchmix.errors import ArgumentError, LanguageClash, LayoutUnknown, RowCountMismatch, UnknownLanguage, near
from pinchmix.language import normalise_language
from pinchmix.progress import Step, progress_bar
from pinchmix.sources.delimited import read_delimited
from pinchmix.sources.faults import Faults
from pinchmix.sources.jsonlines import LINE, read_array, read_lines
from pinchmix.sources.layout import Column, Layout, recognise
from pinchmix.sources.locate import ENDINGS, Piece, ending_of, locate

JOINS = ("id", "row")
ROW = "__row"
# What the first bytes of a file say that it is, whatever its name says.
MAGIC = {b"PAR1": "Parquet", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "Zstandard", b"PK\x03\x04": "a zip archive"}


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
        rows: How many rows could be read.
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


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, so that a manifest can say what a mixture was made of."""

    name: str
    url: str
    rows: int

    def sha256(self) -> tuple[str, int]:
        """Return the digest and the size of the file's bytes, as they are now."""
        state, size = hashlib.sha256(), 0
        with fsspec.open(self.url, "rb").open() as stream:
            while block := stream.read(1 << 20):
                state.update(block)
                size += len(block)
        return state.hexdigest(), size


@dataclass(frozen=True)
class Source:
    """The user's files or tables as SQL tables.

    Attributes:
        tables: One a language and file, or one for a long table.
        files: The files among them.
        faults: Rows and files that could not be read.
        read: Rows met so far, readable or not.
    """

    tables: tuple[Table, ...]
    files: tuple[SourceFile, ...]
    faults: Faults
    read: int

    def __str__(self) -> str:
        lines = []
        for table in self.tables:
            told = table.language or f"by column {table.layout.language}"
            spelled = f" (written {table.spelling})" if table.spelling and table.spelling != table.language else ""
            lines.append(f"{table.name}: {told}{spelled}, {table.rows:,} rows, {table.layout}")
        return "\n".join(lines)


def open_source(
    source: Any,
    database: Database,
    *,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    languages: Sequence[str] = (),
    progress: bool | None = None,
) -> Source:
    """Make whatever the user gives readable in SQL; text files are parsed here, once.

    Args:
        source: See :func:`~pinchmix.sources.locate.locate`.
        database: Where the tables become readable.
        columns: Field → column name, where the layout is none that is known.
        join: ``"id"``, or ``"row"`` for tables in which row n is the same instruction in every language.
        languages: Canonical tags; pieces known to be of another language are not opened.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Raises:
        SourceNotFound: Nothing is there.
        LayoutUnknown: Columns that are of no known layout.
        LanguageClash: Two files or columns of one language.
        UnknownLanguage: ``languages`` asks for one that no file holds.
        RowCountMismatch: ``join="row"`` with unequal tables.
        ArgumentError: The object is nothing that can be read, or ``join`` is neither.

    Example:
        >>> source = open_source({"en": [{"id": 1, "prompt": "Hi", "response": "Hello"}]}, Database())
        >>> print(source)
        source['en']: en, 1 rows, prompt/response (id=id, prompt=prompt, response=response)
    """
    if join not in JOINS:
        raise ArgumentError(f"join={join!r} is neither 'id' nor 'row'.{near(str(join), JOINS)}")
    pieces = locate(source)
    known = [piece.language for piece in pieces]
    if languages and None not in known:
        for tag in languages:
            if tag not in known:
                raise UnknownLanguage(tag, sorted({language for language in known if language}), "languages")
        pieces = [piece for piece in pieces if piece.language in languages]
    faults = Faults()
    tables: list[Table] = []
    files: list[SourceFile] = []
    for piece in pieces:
        opened = _Opened(piece, database, columns, join, faults, progress)
        for spelling, layout in opened.layouts:
            if spelling and piece.spelling:
                raise LayoutUnknown(
                    piece.name, opened.names, f"a table of {piece.spelling} with a column for {spelling}"
                )
            if piece.spelling is None and spelling is None and layout.language is None:
                raise LayoutUnknown(
                    piece.name, opened.names, "neither the name nor a column tells the language; give {'en': ...}, or"
                )
            told = spelling or piece.spelling
            tables.append(
                Table(
                    number=len(tables),
                    name=piece.name,
                    label=piece.label,
                    language=normalise_language(told) if told else None,
                    spelling=told,
                    relation=opened.relation,
                    row=opened.row,
                    line=opened.line,
                    layout=layout,
                    rows=opened.rows,
                )
            )
        if piece.url:
            files.append(SourceFile(piece.label, piece.url, opened.rows))
    if join == "row":
        _check_rows(tables, faults)
    return Source(tuple(tables), tuple(files), faults, sum(table.rows for table in tables) + len(faults))


def _check_rows(tables: Sequence[Table], faults: Faults) -> None:
    counts: dict[str, int] = {}
    for table in tables:
        if table.language is None:
            raise ArgumentError(f'join="row" needs one table a language, and {table.name} holds many in one column.')
        if table.language in counts:
            raise LanguageClash(table.language, [other.name for other in tables if other.language == table.language])
        counts[table.language] = table.rows
    if len(faults):
        raise faults.error()  # a row that is left out would shift all rows below it
    if len(set(counts.values())) > 1:
        raise RowCountMismatch(counts)


class _Opened:
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
        self.relation, self.row, self.line, self.rows = "", "file_row_number", "file_row_number + 1", 0
        self._piece, self._columns, self._join = piece, columns, join
        if piece.table is not None:
            self._open_table(piece.table, database, faults)
        elif ending_of(piece.url or "") == ".parquet":
            self._open_parquet(database, faults)
        else:
            self._open_text(database, faults, progress)

    def _choose(self, schema: pa.Schema) -> list[Column]:
        self.names = schema.names
        self.layouts = recognise(self._piece.name, schema, self._columns, self._join)
        return [column for _, layout in self.layouts for column in layout.columns.values()]

    def _open_table(self, table: pa.Table, database: Database, faults: Faults) -> None:
        self._choose(table.schema)
        self.rows = table.num_rows
        if not self.rows:
            faults.add(self._piece.name, 0, "empty file", "a table without rows")
        numbers = pa.array(np.arange(self.rows))
        self.relation = database.register(table.append_column(ROW, numbers))
        self.row, self.line = ROW, f"{ROW} + 1"

    def _open_parquet(self, database: Database, faults: Faults) -> None:
        url = cast(str, self._piece.url)
        path = Path(fsspec.core.url_to_fs(url)[1])
        if not url.startswith("file://"):
            path = _scratch(database, ".parquet")
            with fsspec.open(url, "rb") as far, path.open("wb") as near_by:
                while block := far.read(1 << 20):
                    near_by.write(block)
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            fault = "empty file" if not path.stat().st_size else "unreadable file"
            faults.add(self._piece.name, 0, fault, str(error).splitlines()[0])
            return
        with file:
            self._choose(file.schema_arrow)
            self.rows = file.metadata.num_rows
        if not self.rows:
            faults.add(self._piece.name, 0, "empty file", "a table without rows")
        self.relation = database.parquet(path)

    def _open_text(self, database: Database, faults: Faults, progress: bool | None) -> None:
        url, name = cast(str, self._piece.url), self._piece.name
        ending = ending_of(url)
        if not ending:
            faults.add(name, 0, "wrong ending", f"none of {', '.join(ENDINGS)}")
            return
        filesystem, root = fsspec.core.url_to_fs(url)
        before = len(faults)
        path = _scratch(database, ".parquet")
        with (
            progress_bar(f"reading {name}", filesystem.size(root) or 0, "B", progress) as step,
            filesystem.open(root, "rb") as raw,
        ):
            stream = _decompressed(_Counted(raw, step), url, faults, name)
            if stream is None:
                return
            head = stream.peek(8)[:8]
            if not head:
                faults.add(name, 0, "empty file", "no bytes in it")
                return
            if _is_other(head, ending, faults, name):
                return
            if ending == ".json":
                batches = read_array(cast(BinaryIO, stream), name, self._choose, faults)
            elif ending in (".csv", ".tsv"):
                separator = "," if ending == ".csv" else "\t"
                batches = read_delimited(cast(BinaryIO, stream), name, self._choose, faults, separator=separator)
            else:
                batches = read_lines(cast(BinaryIO, stream), name, self._choose, faults)
            try:
                self.rows = _spool(batches, path)
            except (EOFError, OSError, zstandard.ZstdError) as error:
                faults.add(name, 0, "unreadable file", f"{error}")
                return
        if not self.rows and len(faults) == before:
            faults.add(name, 0, "empty file", "no rows in it")
        if self.rows:
            self.relation, self.line = database.parquet(path), LINE
        else:
            self.layouts = []


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


class _Counted(io.RawIOBase):
    """A stream that moves a progress bar on as it is read."""

    def __init__(self, raw: Any, step: Step) -> None:
        self._raw, self._step = raw, step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._raw.read(len(buffer))
        buffer[: len(block)] = block
        self._step(len(block))
        return len(block)


def _decompressed(raw: _Counted, url: str, faults: Faults, name: str) -> io.BufferedReader | None:
    plain = io.BufferedReader(raw, 1 << 20)
    openers: dict[str, tuple[bytes, Callable[[Any], Any]]] = {
        ".gz": (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream)),
        ".zst": (
            b"\x28\xb5\x2f\xfd",
            lambda stream: zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True),
        ),
    }
    packed = next((ending for ending in openers if url.endswith(ending)), None)
    if packed is None:
        return plain
    magic, opener = openers[packed]
    head = plain.peek(4)[:4]
    if head and not head.startswith(magic):
        faults.add(name, 0, "wrong ending", f"{PurePath(url).suffix}, but the content is not compressed that way")
        return None
    return io.BufferedReader(opener(plain), 1 << 20)


def _is_other(head: bytes, ending: str, faults: Faults, name: str) -> bool:
    """Note a file whose first bytes contradict its ending."""
    what = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
    if what is None and head.startswith((b"\xff\xfe", b"\xfe\xff")):
        faults.add(name, 0, "not UTF-8", "the file is UTF-16")
        return True
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if what is None and ending in (".jsonl", ".ndjson") and start == b"[":
        what = "a JSON array (.json)"
    if what is None and ending == ".json" and start == b"{":
        what = "JSON Lines (.jsonl) or a single object"
    if what is None:
        return False
    faults.add(name, 0, "wrong ending", f"{ending}, but the content is {what}")
    return True
