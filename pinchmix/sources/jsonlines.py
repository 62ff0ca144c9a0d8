"""JSON Lines and JSON arrays: bytes in, columns out, every bad line named.

A block of lines is parsed by Arrow in one go; only a block in which something is wrong is read again line by line, to say
where and what.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.json as pa_json

from pinchmix.sources.faults import Faults
from pinchmix.sources.layout import Column

BLOCK = 8 << 20
SAMPLE = 1000  # rows from which the fields are learnt
LINE = "__line"  # the column that remembers where a row stood in its file
TEXT = pa.string()

Choose = Callable[[pa.Schema], Sequence[Column]]


def read_lines(stream: BinaryIO, name: str, choose: Choose, faults: Faults) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a JSON Lines stream as batches of the columns that are needed, each with its line number.

    Args:
        stream: Bytes, decompressed.
        name: How messages name the file.
        choose: Given the schema of the first rows, says which columns are needed.
        faults: Where bad lines are noted; they are left out of the batches.

    Yields:
        Batches of one schema; ids are text.
    """
    blocks = _blocks(stream)
    first = next(blocks, b"")
    first = first.removeprefix(b"\xef\xbb\xbf")
    columns: Sequence[Column] | None = None
    line = 1
    schema = pa.schema([])
    for block in _chain(first, blocks):
        if columns is None:
            sample = [row for row in islice(_parsed(block), SAMPLE) if row]
            if sample:
                schema = _inferred(sample)
                columns = choose(schema)
                schema = pa.schema([schema.field(top) for top in _tops(columns)])
        count = block.count(b"\n") + (not block.endswith(b"\n"))
        batch = _fast(block, schema) if columns is not None else None
        if batch is None:
            batch = _slow(block, line, name, schema, faults)
        else:
            batch = batch.append_column(LINE, pa.array(np.arange(line, line + count), type=pa.int64()))
        line += count
        if columns is not None:
            yield from _texted(batch).to_batches()


def read_array(stream: BinaryIO, name: str, choose: Choose, faults: Faults) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file that is one JSON array of objects, as :func:`read_lines` does; read as a whole.

    Args:
        stream: Bytes, decompressed.
        name: How messages name the file.
        choose: Given the schema of the first rows, says which columns are needed.
        faults: Where bad rows are noted by their number in the array.

    Yields:
        One batch.
    """
    content = stream.read().removeprefix(b"\xef\xbb\xbf")
    try:
        rows = json.loads(content.decode())
    except UnicodeDecodeError as error:
        faults.add(name, content[: error.start].count(b"\n") + 1, "not UTF-8", f"byte 0x{content[error.start]:02x}")
        return
    except json.JSONDecodeError as error:
        faults.add(name, error.lineno, "broken JSON", _complaint(error))
        return
    if not isinstance(rows, list):
        faults.add(name, 0, "wrong ending", f"a .json file is an array of rows, and this is {_kind(rows)}")
        return
    sample = [row for row in rows[:SAMPLE] if isinstance(row, dict) and row]
    if not sample:
        for number, row in enumerate(rows, 1):
            faults.add(name, number, "not an object", f"the row is {_kind(row)}")
        return
    schema = _inferred(sample)
    schema = pa.schema([schema.field(top) for top in _tops(choose(schema))])
    yield from _texted(_checked(enumerate(rows, 1), name, schema, faults)).to_batches()


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _tops(columns: Sequence[Column]) -> list[str]:
    return list(dict.fromkeys(column.path[0] for column in columns))


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield whole lines in blocks of about ``BLOCK`` bytes."""
    rest: list[bytes] = []
    while block := stream.read(BLOCK):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*rest, block[:cut]])
            rest = []
        if cut < len(block):
            rest.append(block[cut:])
    if rest:
        yield b"".join(rest)


def _parsed(block: bytes) -> Iterator[dict[str, Any] | None]:
    """Yield the object of each line, or None for a line that is none; errors are found again later, and told."""
    for line in block.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            yield None
            continue
        yield row if isinstance(row, dict) else None


def _inferred(rows: Sequence[dict[str, Any]]) -> pa.Schema:
    """Return the schema of rows: each field is what it is where it first is not null."""
    kinds: dict[str, pa.DataType] = {}
    for row in rows:
        for name, value in row.items():
            if kinds.get(name, pa.null()) == pa.null():
                kinds[name] = _type_of(value)
    return pa.schema(list(kinds.items()))


def _type_of(value: Any) -> pa.DataType:
    if value is None:
        return pa.null()
    if isinstance(value, str):
        return TEXT
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, int):
        return pa.int64()
    if isinstance(value, float):
        return pa.float64()
    if isinstance(value, dict):
        return pa.struct([(name, _type_of(member)) for name, member in value.items()])
    inner = next((item for item in value if item is not None), None)
    if isinstance(inner, dict):
        return pa.list_(pa.struct([(name, TEXT) for name, member in inner.items() if isinstance(member, str)]))
    return pa.list_(_type_of(inner))


def _fast(block: bytes, schema: pa.Schema) -> pa.Table | None:
    """Return the rows of a block, or None if it is not plainly one valid object a line."""
    body = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(body == 10)
    if not len(ends) or ends[-1] != len(body) - 1:
        ends = np.append(ends, len(body))
    starts = np.concatenate([[0], ends[:-1] + 1])
    last = ends - 1
    last = last - ((last > starts) & (body[last] == 13))
    # A line that opens and closes with braces beside one that does too: a value may end only there, so as many rows
    # as lines means one row a line.
    if (last <= starts).any() or (body[starts] != ord("{")).any() or (body[last] != ord("}")).any():
        return None
    try:
        str(block, "utf-8")
        table = pa_json.read_json(
            io.BytesIO(block),
            read_options=pa_json.ReadOptions(block_size=len(block) + 1),
            parse_options=pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (UnicodeDecodeError, pa.ArrowException):
        return None
    return table if table.num_rows == len(starts) and table.schema.equals(schema) else None


def _slow(block: bytes, line: int, name: str, schema: pa.Schema, faults: Faults) -> pa.Table:
    return _checked(_lines(block, line, name, faults), name, schema, faults)


def _lines(block: bytes, start: int, name: str, faults: Faults) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(block.split(b"\n"), start):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line.decode())
        except UnicodeDecodeError as error:
            faults.add(name, number, "not UTF-8", f"byte 0x{line[error.start]:02x} at {error.start + 1}")
        except json.JSONDecodeError as error:
            faults.add(name, number, "broken JSON", _complaint(error))
        except RecursionError:
            faults.add(name, number, "broken JSON", "nested too deep")


def _complaint(error: json.JSONDecodeError) -> str:
    return f"{error.msg[0].lower()}{error.msg[1:]} at column {error.colno}"


def _checked(rows: Iterator[tuple[int, Any]], name: str, schema: pa.Schema, faults: Faults) -> pa.Table:
    """Return the good rows as a table; each bad one is noted, with its first fault."""
    columns: dict[str, list[Any]] = {field: [] for field in schema.names}
    numbers = []
    for number, row in rows:
        if not isinstance(row, dict):
            faults.add(name, number, "not an object", f"the row is {_kind(row)}")
            continue
        try:
            values = {field.name: _value(field.name, row.get(field.name), field.type) for field in schema}
        except _Wrong as wrong:
            faults.add(name, number, wrong.fault, wrong.detail)
            continue
        numbers.append(number)
        for field, value in values.items():
            columns[field].append(value)
    arrays = [pa.array(columns[field.name], type=_stored(field.type)) for field in schema]
    return pa.table([*arrays, pa.array(numbers, type=pa.int64())], names=[*schema.names, LINE])


class _Wrong(Exception):
    def __init__(self, fault: str, detail: str) -> None:
        self.fault, self.detail = fault, detail


def _value(name: str, value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if isinstance(value, str) and not (pa.types.is_list(kind) or pa.types.is_struct(kind)):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _Wrong("lone surrogate", f"{name!r} holds U+{ord(value[error.start]):04X}") from None
        return value
    if isinstance(value, int) and not isinstance(value, bool) and pa.types.is_integer(kind):
        return str(value)
    if isinstance(value, list) and pa.types.is_list(kind):
        return [_value(f"{name}[{place}]", item, kind.value_type) for place, item in enumerate(value)]
    if isinstance(value, dict) and pa.types.is_struct(kind):
        members = [kind.field(i) for i in range(kind.num_fields)]
        return {field.name: _value(f"{name}.{field.name}", value.get(field.name), field.type) for field in members}
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("id"):
        return str(value)
    expected = "turns" if pa.types.is_list(kind) else "an object" if pa.types.is_struct(kind) else "text"
    raise _Wrong("wrong type", f"{name!r} is {_kind(value)}, not {expected}")


def _kind(value: Any) -> str:
    for kinds, word in (((bool,), "true or false"), ((int, float), "a number"), ((str,), "text"), ((list,), "a list")):
        if isinstance(value, kinds):
            return word
    return "null" if value is None else "an object"


def _stored(kind: pa.DataType) -> pa.DataType:
    """Return the type a column is kept in: whole numbers (ids) and nulls become text."""
    return TEXT if pa.types.is_integer(kind) or pa.types.is_null(kind) else kind


def _texted(table: pa.Table) -> pa.Table:
    kinds = [field.type if field.name == LINE else _stored(field.type) for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))
