"""Columns beside the conversation, such as ``task``: read from where a table came from, when they are asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, cast

import fsspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pinchmix.errors import ArgumentError
from pinchmix.progress import progress_bar
from pinchmix.sources.delimited import read_delimited
from pinchmix.sources.faults import Faults
from pinchmix.sources.jsonlines import (
    LINE,
    SAMPLE,
    fields_of,
    line_blocks,
    numbered_rows,
    parse_block,
    parsed_rows,
)
from pinchmix.sources.layout import Column, Layout, is_text
from pinchmix.sources.locate import Piece, ending_of
from pinchmix.sources.unpack import CountedBytes, decompressed

TEXT = pa.large_string()
SEPARATORS = {".csv": ",", ".tsv": "\t"}
MARK = b"\xef\xbb\xbf"
KINDS = {TEXT: "text", pa.int64(): "numbers", pa.float64(): "numbers", pa.bool_(): "true or false"}


class Values(NamedTuple):
    """One column of a file or table.

    Attributes:
        lines: Where each value stands, as messages count lines or rows; ascending, int64.
        values: As many values, an Arrow array of large strings, int64, float64, bool or a type of dates or decimals.
    """

    lines: npt.NDArray[np.int64]
    values: pa.Array


def columns_in(piece: Piece) -> list[str]:
    """Return the names of all columns of a file or table, members of structs as ``name.member``.

    Of JSON Lines, those of the first thousand rows.

    Example:
        >>> columns_in(Piece("rows", None, table=[{"id": 1, "meta": {"task": "chat"}}]))
        ['id', 'meta.task']
    """
    names = []
    for field in _schema(piece):
        inner = [field.type.field(place).name for place in range(field.type.num_fields)]
        names += [f"{field.name}.{member}" for member in inner] if pa.types.is_struct(field.type) else [field.name]
    return names


def read_values(piece: Piece, name: str, progress: bool | None = None) -> Values | None:
    """Return a column of a file or table, or None if it has no such column or nothing but nulls in it.

    Args:
        piece: Where the table came from.
        name: A column, or a member of a struct column as ``column.member``.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Raises:
        ArgumentError: Its values are no plain values, or of two kinds.

    Example:
        >>> read_values(Piece("rows", None, table=[{"id": 1}, {"id": 2, "task": "chat"}]), "task").lines.tolist()
        [2]
    """
    if isinstance(piece.table, list):
        return _of_rows(enumerate(piece.table, 1), name, piece.name)
    if piece.table is not None:
        return _of_table(piece.table, name, piece.name)
    ending = ending_of(cast(str, piece.url))
    if ending == ".parquet":
        with fsspec.open(piece.url, "rb") as stream:
            file = pq.ParquetFile(stream)
            tops = _path(name, file.schema_arrow.names)[:1]
            return _of_table(file.read(columns=tops), name, piece.name) if tops else None
    with _text(piece, progress) as stream:
        if ending == ".json":
            return _of_rows(enumerate(_array(stream), 1), name, piece.name)
        if ending in SEPARATORS:
            return _of_delimited(stream, name, piece.name, SEPARATORS[ending])
        return _of_lines(stream, name, piece.name)


@contextmanager
def _text(piece: Piece, progress: bool | None = None) -> Iterator[BinaryIO]:
    """Open a text file, decompressed; whatever is wrong with it was noted when it was read for the first time."""
    filesystem, root = fsspec.core.url_to_fs(piece.url)
    size = filesystem.size(root) or 0
    with progress_bar(f"reading {piece.name}", size, "B", progress) as step, filesystem.open(root, "rb") as raw:
        stream = decompressed(CountedBytes(raw, step), cast(str, piece.url), Faults(), piece.name)
        yield cast(BinaryIO, stream or io.BytesIO())


def _schema(piece: Piece) -> pa.Schema:
    if isinstance(piece.table, list):
        return pa.schema(list(fields_of([row for row in piece.table[:SAMPLE] if isinstance(row, dict)]).items()))
    if piece.table is not None:
        return piece.table.schema
    ending = ending_of(cast(str, piece.url))
    if ending == ".parquet":
        with fsspec.open(piece.url, "rb") as stream:
            return pq.read_schema(stream)
    with _text(piece) as stream:
        if ending in SEPARATORS:
            schema = pa.schema([])

            def choose(seen: pa.Schema) -> Sequence[Layout]:
                nonlocal schema
                schema = seen
                return [Layout("column", prompt=Column((seen.names[0],)))]

            next(read_delimited(stream, piece.name, choose, Faults(), separator=SEPARATORS[ending]), None)
            return schema
        found: Iterable[Any] = _array(stream) if ending == ".json" else parsed_rows(next(line_blocks(stream), b""))
        return pa.schema(list(fields_of([row for row in islice(found, SAMPLE) if isinstance(row, dict)]).items()))


def _path(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the way to a column: its name, or name and members if it is ``column.member``; nothing if it is not there.

    Example:
        >>> _path("meta.task", ["id", "meta"]), _path("meta.task", ["meta.task"]), _path("task", ["meta"])
        (('meta', 'task'), ('meta.task',), ())
    """
    known = set(names)
    if name in known:
        return (name,)
    parts = tuple(name.split("."))
    return parts if len(parts) > 1 and parts[0] in known else ()


def _of_table(table: pa.Table, name: str, shown: str) -> Values | None:
    path = _path(name, table.column_names)
    column = _column(table, path) if path else None
    if column is None:
        return None
    values = _plain(column, name, shown)
    return Values(np.arange(1, len(values) + 1), values) if values.null_count < len(values) else None


def _column(table: pa.Table, path: Sequence[str]) -> pa.ChunkedArray | None:
    """Return the column at the end of a path, or None if a struct has no such member."""
    column = table.column(path[0])
    for part in path[1:]:
        if not pa.types.is_struct(column.type) or column.type.get_field_index(part) < 0:
            return None
        column = pc.struct_field(column, part)
    return column


def _plain(column: pa.ChunkedArray, name: str, shown: str) -> pa.Array:
    """Return the values of a column as one array of one of the types that there are for them."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        # Arrow decodes dictionaries of plain strings only, and Polars makes others.
        inner = TEXT if is_text(column.type.value_type) else column.type.value_type
        chunks = [_as(chunk.dictionary, inner).take(chunk.indices) for chunk in column.chunks]
        column = pa.chunked_array(chunks, type=inner)
    kind = column.type
    if is_text(kind) and not pa.types.is_null(kind):
        kind = TEXT
    elif pa.types.is_integer(kind):
        kind = pa.int64()
    elif pa.types.is_floating(kind):
        kind = pa.float64()
    elif not any(
        test(kind) for test in (pa.types.is_boolean, pa.types.is_null, pa.types.is_temporal, pa.types.is_decimal)
    ):
        raise _no_values(name, shown, f"of type {kind}")
    try:
        chunks = [_as(chunk, kind) for chunk in column.chunks]
    except pa.ArrowInvalid as error:
        raise _no_values(name, shown, str(error)) from error
    return pa.concat_arrays(chunks) if chunks else pa.array([], kind)


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return values as another type; Arrow before 18 cannot cast views of texts, so these go by way of Python."""
    try:
        return values.cast(kind)
    except pa.ArrowNotImplementedError:
        return pa.array(values.to_pylist(), kind)


def _no_values(name: str, shown: str, what: str) -> ArgumentError:
    return ArgumentError(
        f"the column {name!r} of {shown} is {what}; it must hold one text, number, date or truth value a row. "
        f"A member of it is called {name + '.member'!r}."
    )


def _of_delimited(stream: BinaryIO, name: str, shown: str, separator: str) -> Values | None:
    found = True

    def choose(schema: pa.Schema) -> Sequence[Layout]:
        nonlocal found
        found = name in schema.names
        return [Layout("column", prompt=Column((name if found else schema.names[0],)))]

    batches = []
    for batch in read_delimited(stream, shown, choose, Faults(), separator=separator):
        if not found:
            return None
        batches.append(batch)
    if not batches:
        return None
    table = pa.Table.from_batches(batches)
    values = _plain(table.column(name), name, shown)
    values = pc.if_else(pc.equal(values, ""), None, values)  # what stands for null where there is none
    return _unless_null(table.column(LINE).to_numpy(), values)


def _unless_null(lines: npt.NDArray[np.int64], values: pa.Array) -> Values | None:
    there = values.is_valid().to_numpy(zero_copy_only=False)
    return Values(lines[there], values.drop_null()) if there.any() else None


def _array(stream: BinaryIO) -> list[Any]:
    rows = json.loads(stream.read().removeprefix(MARK).decode())
    return rows if isinstance(rows, list) else []


class _Found:
    """What has been found of a column, block by block."""

    def __init__(self, name: str, shown: str) -> None:
        self._name, self._shown = name, shown
        self._lines: list[npt.NDArray[np.int64]] = []
        self._values: list[pa.Array] = []
        self._first: dict[pa.DataType, int] = {}  # where a value of each type was first met

    @property
    def kind(self) -> pa.DataType | None:
        """The type of what has been found so far; None if that is nothing."""
        kinds = list(self._first)
        return pa.float64() if pa.float64() in kinds else kinds[0] if kinds else None

    def add(self, lines: npt.NDArray[np.int64], values: pa.Array) -> None:
        """Add values that are no nulls.

        Raises:
            ArgumentError: They are of another kind than those before.
        """
        if not len(values):
            return
        kept = values.cast(TEXT) if pa.types.is_string(values.type) else values
        self._first.setdefault(kept.type, int(lines[0]))
        kinds = {KINDS[kind]: line for kind, line in reversed(self._first.items())}
        if len(kinds) > 1:
            (one, line), (other, after) = sorted(kinds.items(), key=lambda item: item[1])
            raise ArgumentError(
                f"the column {self._name!r} of {self._shown} holds {one} (line {line:,}) and {other} (line {after:,}); "
                "write all of it in one way."
            )
        self._lines.append(lines)
        self._values.append(kept)

    def add_rows(self, rows: Iterable[tuple[int, Any]]) -> None:
        """Add what numbered rows have in the column."""
        found: dict[pa.DataType, tuple[list[int], list[Any]]] = {}
        for line, row in rows:
            value = _member(row, self._name)
            if value is None:
                continue
            kind = self._kind_of(line, value)
            lines, values = found.setdefault(kind, ([], []))
            lines.append(line)
            values.append(float(value) if kind == pa.float64() else value)
        for kind, (lines, values) in found.items():
            try:
                made = pa.array(values, kind)
            except (OverflowError, UnicodeEncodeError) as error:
                raise _no_values(self._name, self._shown, f"beyond what a column holds: {error}") from error
            self.add(np.array(lines, dtype=np.int64), made)

    def _kind_of(self, line: int, value: Any) -> pa.DataType:
        for kinds, type_ in (
            (str, TEXT),
            ((bool, np.bool_), pa.bool_()),
            ((int, np.integer), pa.int64()),
            ((float, np.floating), pa.float64()),
        ):
            if isinstance(value, kinds):
                return type_
        what = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else repr(value)
        raise _no_values(self._name, f"{self._shown}:{line}", what)

    def whole(self) -> Values | None:
        """Return all of it in the order of lines."""
        if not self._values:
            return None
        lines = np.concatenate(self._lines)
        values = pa.concat_arrays([part.cast(self.kind, safe=False) for part in self._values])
        order = np.argsort(lines)
        return Values(lines[order], values.take(pa.array(order)))


def _member(row: Any, name: str) -> Any:
    """Return what a row has under a name, or at ``field.member``."""
    if not isinstance(row, dict):
        return None
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _of_rows(rows: Iterable[tuple[int, Any]], name: str, shown: str) -> Values | None:
    found = _Found(name, shown)
    found.add_rows(rows)
    return found.whole()


def _of_lines(stream: BinaryIO, name: str, shown: str) -> Values | None:
    """Read as :func:`~pinchmix.sources.jsonlines.read_lines` does: whole blocks by Arrow, odd ones line by line."""
    found, sample = _Found(name, shown), _Found(name, shown)
    path: tuple[str, ...] = (name,)
    line = 1
    for block in line_blocks(stream):
        body = block
        if line == 1:
            body = block.removeprefix(MARK)
            head = list(islice(numbered_rows(body, line, shown, Faults()), SAMPLE))
            path = _path(name, {field for _, row in head if isinstance(row, dict) for field in row}) or path
            sample.add_rows(head)
        kind = found.kind or sample.kind
        spelled = {json.dumps(path[0]).encode(), json.dumps(path[0], ensure_ascii=False).encode()}
        if kind or any(word in body for word in spelled):
            table = parse_block(body, _nested(path, kind)) if kind else None
            if table is None:
                found.add_rows(numbered_rows(body, line, shown, Faults()))
            else:
                values = pa.concat_arrays(cast(pa.ChunkedArray, _column(table, path)).chunks)
                there = values.is_valid().to_numpy(zero_copy_only=False)
                found.add(np.flatnonzero(there) + line, values.drop_null())
        line += body.count(b"\n")  # only the last block can lack its line end
    return found.whole()


def _nested(path: Sequence[str], kind: pa.DataType) -> pa.Schema:
    """Return the schema of a column of this type at the end of a path."""
    # Arrow parses into plain strings only.
    inner = pa.string() if kind == TEXT else kind
    for part in reversed(path[1:]):
        inner = pa.struct([(part, inner)])
    return pa.schema([(path[0], inner)])
