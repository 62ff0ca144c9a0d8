"""A source: the user's files or tables as SQL tables of known layout."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

import duckdb
import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pinchmix.database import Database, quoted
from pinchmix.errors import (
    ArgumentError,
    LanguageClash,
    LayoutUnknown,
    RowCountMismatch,
    SourceError,
    UnknownLanguage,
    listing,
    near,
)
from pinchmix.language import normalise_language
from pinchmix.progress import Step, progress_bar
from pinchmix.sources.delimited import read_delimited
from pinchmix.sources.faults import Faults
from pinchmix.sources.jsonlines import LINE, TEXT, read_array, read_lines, read_rows
from pinchmix.sources.layout import Column, Layout, is_text, language_in, recognise
from pinchmix.sources.locate import ENDINGS, PACKED, Piece, ending_of, locate

JOINS = ("id", "row")
ROW = "__row"
FILE_ROW = "file_row_number"  # what DuckDB calls the row number of a Parquet file
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
        rows: How many rows could be read; of a wide or a long table, those in the languages that are wanted.
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
    wide: bool = False
    parquet: Path | None = None


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
    heights: list[int] = []
    met: set[str] = set()
    for piece in pieces:
        opened = _Opened(piece, database, columns, join, faults, progress)
        for spelling, layout in opened.layouts:
            told = spelling or piece.spelling
            _check_told(piece, opened.names, spelling, layout)
            language = normalise_language(told) if told else None
            met.update([language] if language else ())
            if languages and language and language not in languages:
                continue
            table = Table(
                number=len(tables),
                name=piece.name,
                label=piece.label,
                language=language,
                spelling=told,
                relation=opened.relation,
                row=opened.row,
                line=opened.line,
                layout=layout,
                rows=opened.rows,
                wide=spelling is not None,
                parquet=opened.parquet,
            )
            with reading([table]):
                table = _only_present(table, database, faults) if table.wide else table
                table = _only_wanted(table, database, languages, met) if languages and language is None else table
            tables.append(table)
            heights.append(opened.rows)
        if piece.url:
            files.append(SourceFile(piece.label, piece.url, opened.rows))
    for tag in languages:
        if tag not in met:
            raise UnknownLanguage(tag, sorted(met), "languages")
    _check_spellings(tables)
    if join == "row":
        _check_rows(tables, heights, faults)
    return Source(tuple(tables), tuple(files), faults, sum(table.rows for table in tables) + len(faults))


def _check_told(piece: Piece, names: Sequence[str], spelling: str | None, layout: Layout) -> None:
    """Make sure that exactly one of name, column names and language column tells the language."""
    if spelling and piece.spelling:
        raise LayoutUnknown(
            piece.name,
            names,
            f"the table is said to be {piece.spelling!r}, and its columns to be {spelling!r}",
            "Give a wide table as the source itself, not under a language.",
        )
    if piece.spelling is None and spelling is None and layout.language is None:
        raise LayoutUnknown(
            piece.name,
            names,
            "nothing tells its language, neither the name nor a column",
            "Say it: source={'en': ..., 'sw': ...}, file names such as en.jsonl, a {lang} template, or "
            "columns={'language': ..., ...} for a table of many languages.",
        )


def _only_present(table: Table, database: Database, faults: Faults) -> Table:
    """Leave out of a wide table the rows that a language does not have: all of its columns are null or of no length."""
    layout = table.layout
    columns = [column for column in (layout.messages, layout.prompt, layout.response) if column]
    plain = not layout.messages and not layout.turns
    # CSV has no null, so a text of no length stands for it.
    test = "({0} IS NOT NULL AND {0} <> '')" if plain else "({0} IS NOT NULL)"
    there = " OR ".join(test.format(column.sql) for column in columns)
    relation = f"(SELECT * FROM {table.relation} WHERE {there})"
    [(rows,)] = database.rows(f"SELECT count(*) FROM {relation}")
    if not rows:
        faults.add(table.name, 0, "empty file", f"no row has a text of {table.spelling!r}")
    return replace(table, relation=relation, rows=rows)


def _only_wanted(table: Table, database: Database, languages: Sequence[str], met: set[str]) -> Table:
    """Leave out of a long table the rows in languages that are not asked for; add those that are there to ``met``."""
    column = cast(Column, table.layout.language).sql
    values = [value for (value,) in database.rows(f"SELECT DISTINCT {column} FROM {table.relation}") if value]
    tags = {value: tag for value in values if (tag := language_in(value))}
    met.update(tags.values())
    others = [value for value, tag in tags.items() if tag not in languages]
    if not others:
        return table
    relation = (
        f"(SELECT * FROM {table.relation} WHERE coalesce({column}, '') NOT IN ({', '.join(map(quoted, others))}))"
    )
    [(rows,)] = database.rows(f"SELECT count(*) FROM {relation}")
    return replace(table, relation=relation, rows=rows)


def _check_spellings(tables: Sequence[Table]) -> None:
    """Refuse two wide tables that spell a language in two ways; files and mappings have been looked at before."""
    seen: dict[str, Table] = {}
    for table in tables:
        if table.language:
            first = seen.setdefault(table.language, table)
            if first.spelling != table.spelling:
                names = [f"{one.spelling} in {one.name}" for one in (first, table)]
                raise LanguageClash(table.language, names)


def _check_rows(tables: Sequence[Table], heights: Sequence[int], faults: Faults) -> None:
    counts: dict[str, int] = {}
    for table, height in zip(tables, heights, strict=True):
        if table.language is None:
            raise ArgumentError(
                f'join="row" needs one table a language, and {table.name} holds many in one column. Join by id.'
            )
        if table.language in counts:
            raise LanguageClash(table.language, [other.name for other in tables if other.language == table.language])
        counts[table.language] = height
    if len(faults):
        raise faults.error('Mend them; with join="row" no row can be left out, as all rows below it would shift.')
    if len(set(counts.values())) > 1:
        raise RowCountMismatch(counts)


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
    except duckdb.Error as error:
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
        try:
            filesystem, root = fsspec.core.url_to_fs(url)
            size = filesystem.size(root) or 0
            with progress_bar(f"reading {name}", size, "B", progress) as step, filesystem.open(root, "rb") as raw:
                batches = self._batches(_Counted(raw, step), url, ending, faults)
                self.rows = _spool(batches, path) if batches is not None else 0
        except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            faults.add(name, 0, "unreadable file", _why(error))
            self.layouts = []
            return
        if not self.rows and len(faults) == before:
            faults.add(name, 0, "empty file", "no rows in it")
        if self.rows:
            self.relation, self.line = database.parquet(path), LINE
        else:
            self.layouts = []

    def _batches(self, raw: _Counted, url: str, ending: str, faults: Faults) -> Iterator[pa.RecordBatch] | None:
        """Return the rows of a text file, or None after noting why it has none."""
        name = self._piece.name
        stream = _decompressed(raw, url, faults, name)
        if stream is None:
            return None
        head = stream.peek(8)[:8]
        if not head:
            faults.add(name, 0, "empty file", "no bytes in it")
            return None
        if _is_other(head, ending, faults, name):
            return None
        content = cast(BinaryIO, stream)
        if ending == ".json":
            return read_array(content, name, self._choose, faults)
        if ending in (".csv", ".tsv"):
            separator = "," if ending == ".csv" else "\t"
            return read_delimited(content, name, self._choose, faults, separator=separator)
        return read_lines(content, name, self._choose, faults)


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


class _Unpacked(io.RawIOBase):
    """Zstandard data, unpacked; unlike the library's own reader it tells when the data ends too early."""

    def __init__(self, packed: io.BufferedReader) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._input, self._output = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._output:
            self._input = self._input or self._packed.read(1 << 17)
            if not self._input:
                if not self._frame.eof:
                    raise EOFError
                return 0
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._output = memoryview(self._frame.decompress(self._input))
            self._input = self._frame.unused_data
        size = min(len(buffer), len(self._output))
        buffer[:size], self._output = self._output[:size], self._output[size:]
        return size


def _decompressed(raw: io.RawIOBase, url: str, faults: Faults, name: str) -> io.BufferedReader | None:
    plain: io.BufferedReader = io.BufferedReader(raw, 1 << 20)
    openers: dict[str, tuple[bytes, Callable[[Any], Any]]] = {
        ".gz": (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream)),
        ".zst": (b"\x28\xb5\x2f\xfd", _Unpacked),
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
    if what is None and ending in (".csv", ".tsv") and start in (b"{", b"["):
        what = "JSON"
    if what is None:
        return False
    faults.add(name, 0, "wrong ending", f"{ending}, but the content is {what}")
    return True
