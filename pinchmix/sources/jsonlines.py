"""JSON Lines and JSON arrays: bytes in, columns out, every bad line named.

A block of lines is parsed by Arrow in one go; only a block in which something is wrong is read again line by line, to
say where and what.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.json as pa_json

from pinchmix.sources.faults import Faults
from pinchmix.sources.layout import LANGUAGE_NAMES, SYSTEM_NAMES, Layout

BLOCK = 8 << 20
OPTIONAL = ("input", *SYSTEM_NAMES, *LANGUAGE_NAMES)  # fields that a layout may have or lack
SAMPLE = 1000  # rows from which the fields are learnt
LINE = "__line"  # the column that remembers where a row stood in its file
TEXT = pa.string()

Choose = Callable[[pa.Schema], Sequence[Layout]]  # the layouts that a schema turns out to hold


class LateField(Exception):
    """A field that decides a layout and first occurs when the layout has been chosen: the file is to be read anew.

    Attributes:
        field: Its name.
    """

    def __init__(self, field: str) -> None:
        self.field = field


def read_lines(
    stream: BinaryIO, name: str, choose: Choose, faults: Faults, also: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a JSON Lines stream as batches of the columns that are needed, each with its line number.

    Args:
        stream: Bytes, decompressed.
        name: How messages name the file.
        choose: Given the schema of the first rows, says which columns hold what.
        faults: Where bad lines are noted; they are left out of the batches.
        also: Fields of text that occur somewhere, even if not in the first rows.

    Yields:
        Batches of one schema; ids are text.

    Raises:
        LateField: A field to be given in ``also``; what was yielded and noted so far is void.
    """
    late: re.Pattern[bytes] | None = None
    blocks = line_blocks(stream)
    first = next(blocks, b"")
    first = first.removeprefix(b"\xef\xbb\xbf")
    needed: _Needed | None = None
    line = 1
    for block in _chain(first, blocks):
        if needed is None:
            sample = [row for row in islice(parsed_rows(block), SAMPLE) if row]
            if sample:
                needed = _needed(sample, choose, also)
                seen = {*also, *(field for row in sample for field in row)}
                names = [re.escape(field).encode() for field in OPTIONAL if field not in seen]
                late = re.compile(rb'"(' + b"|".join(names) + rb')"\s*:') if names else None
        if late and (found := late.search(block)):
            raise LateField(found[1].decode())
        count = block.count(b"\n") + (not block.endswith(b"\n"))
        batch = parse_block(block, needed.schema) if needed else None
        if batch is None:
            batch = _checked(
                numbered_rows(block, line, name, faults), name, needed or _Needed(pa.schema([]), None), faults
            )
        else:
            batch = batch.append_column(LINE, pa.array(np.arange(line, line + count), type=pa.int64()))
        line += count
        if needed:
            yield from _texted(batch).to_batches()


def read_array(stream: BinaryIO, name: str, choose: Choose, faults: Faults) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file that is one JSON array of objects, as :func:`read_lines` does; read as a whole.

    Args:
        stream: Bytes, decompressed.
        name: How messages name the file.
        choose: Given the schema of the first rows, says which columns hold what.
        faults: Where bad rows are noted by their number in the array.

    Yields:
        One batch.
    """
    content = stream.read().removeprefix(b"\xef\xbb\xbf")
    try:
        rows = json.loads(content.decode())
    except UnicodeDecodeError as error:
        faults.add(name, content[: error.start].count(b"\n") + 1, "not UTF-8", f"a byte 0x{content[error.start]:02x}")
        return
    except json.JSONDecodeError as error:
        faults.add(name, error.lineno, "broken JSON", _complaint(error))
        return
    except (ValueError, RecursionError) as error:
        faults.add(name, 0, "broken JSON", _excess(error))
        return
    if not isinstance(rows, list):
        faults.add(name, 0, "wrong ending", f"a .json file is an array of rows, and this is {_kind(rows)}")
        return
    yield from read_rows(rows, name, choose, faults)


def read_rows(rows: Sequence[Any], name: str, choose: Choose, faults: Faults) -> Iterator[pa.RecordBatch]:
    """Yield rows that are at hand as one batch of the columns that are needed, each with its number from 1.

    Args:
        rows: Mappings of one set of fields; what is none is noted.
        name: How messages name them.
        choose: Given the schema of the first rows, says which columns hold what.
        faults: Where bad rows are noted.

    Yields:
        One batch.

    Example:
        >>> faults = Faults()
        >>> list(read_rows([3], "rows", lambda schema: [], faults)), faults.rows[0].detail
        ([], 'the row is a number')
    """
    sample = [row for row in rows[:SAMPLE] if isinstance(row, dict) and row]
    also = {field for row in rows[SAMPLE:] if isinstance(row, dict) for field in OPTIONAL if field in row}
    needed = _needed(sample, choose, sorted(also)) if sample else _Needed(pa.schema([]), None)
    table = _checked(enumerate(rows, 1), name, needed, faults)
    if sample:
        yield from _texted(table).to_batches()


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


class _Needed(NamedTuple):
    """The columns to read, and the one among them that may hold whole numbers."""

    schema: pa.Schema
    id: str | None


def _needed(sample: Sequence[dict[str, Any]], choose: Choose, also: Sequence[str]) -> _Needed:
    schema = pa.schema(list({**dict.fromkeys(also, TEXT), **fields_of(sample)}.items()))
    layouts = choose(schema)
    fields: dict[str, pa.Field] = {}
    for column in (column for layout in layouts for column in layout.columns.values()):
        top = column.path[0]
        inner = fields[top].type if top in fields else pa.struct([])
        if len(column.path) == 1:
            fields[top] = schema.field(top)
        else:  # other members of the struct are none of our business
            member = schema.field(top).type.field(column.path[1])
            fields[top] = pa.field(top, pa.struct([*(inner.field(i) for i in range(inner.num_fields)), member]))
    keys = [layout.id.path[0] for layout in layouts if layout.id]
    return _Needed(pa.schema(list(fields.values())), keys[0] if keys else None)


def line_blocks(stream: BinaryIO) -> Iterator[bytes]:
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


def parsed_rows(block: bytes) -> Iterator[dict[str, Any] | None]:
    """Yield the object of each line, or None for a line that is none; errors are found again later, and told."""
    for line in block.split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            yield None
            continue
        yield row if isinstance(row, dict) else None


def fields_of(rows: Sequence[dict[str, Any]]) -> dict[str, pa.DataType]:
    """Return the fields of rows and what most of their values are, in the order in which fields first occur.

    Example:
        >>> fields_of([{"task": "chat"}, {"task": None, "level": 2}])
        {'task': DataType(string), 'level': DataType(int64)}
    """
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            values.setdefault(str(name), []).append(value)
    return {name: _type_of(found) for name, found in values.items()}


def _type_of(values: Sequence[Any]) -> pa.DataType:
    """Return what most values of a field are; nulls pass for text, and so do numbers beside text."""
    kinds: Counter[type] = Counter({str: 0})  # first, as ties go to the first
    kinds.update(_sort(value) for value in values if value is not None)
    if kinds[str]:
        kinds[str] += kinds[int] + kinds[float] + kinds[bool]
    kind = kinds.most_common(1)[0][0]
    if kind is str:
        return TEXT
    if kind is dict:
        return pa.struct(list(fields_of([value for value in values if isinstance(value, dict)]).items()))
    if kind is list:
        items = [item for value in values if isinstance(value, list) for item in value]
        if any(isinstance(item, dict) for item in items):  # turns: what is no text in them is not needed
            members = fields_of([item for item in items if isinstance(item, dict)])
            return pa.list_(pa.struct([(name, member) for name, member in members.items() if member == TEXT]))
        return pa.list_(_type_of(items))
    return {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}.get(kind, pa.binary())


def _sort(value: Any) -> type:
    if isinstance(value, np.integer):
        return int
    return next((kind for kind in (str, bool, int, float, dict, list) if isinstance(value, kind)), object)


def parse_block(block: bytes, schema: pa.Schema) -> pa.Table | None:
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


def numbered_rows(block: bytes, start: int, name: str, faults: Faults) -> Iterator[tuple[int, Any]]:
    """Yield the value of each line and its number, from ``start``; lines that hold none are noted, blank ones not."""
    for number, line in enumerate(block.split(b"\n"), start):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line.decode())
        except UnicodeDecodeError as error:
            faults.add(name, number, "not UTF-8", f"0x{line[error.start]:02x} is byte {error.start + 1} of the line")
        except json.JSONDecodeError as error:
            faults.add(name, number, "broken JSON", _complaint(error))
        except (ValueError, RecursionError) as error:
            faults.add(name, number, "broken JSON", _excess(error))


def _complaint(error: json.JSONDecodeError) -> str:
    return f"{error.msg[0].lower()}{error.msg[1:].removesuffix(' at')} at column {error.colno}"


def _excess(error: Exception) -> str:
    """Say which limit of the parser valid JSON can break: that of depth, or that of the digits of a number."""
    return "nested too deep" if isinstance(error, RecursionError) else "a number of thousands of digits"


def _checked(rows: Iterator[tuple[int, Any]], name: str, needed: _Needed, faults: Faults) -> pa.Table:
    """Return the good rows as a table; each bad one is noted, with its first fault."""
    schema = needed.schema
    columns: dict[str, list[Any]] = {field: [] for field in schema.names}
    numbers = []
    for number, row in rows:
        if not isinstance(row, dict):
            faults.add(name, number, "not an object", f"the row is {_kind(row)}")
            continue
        try:
            values = {
                field.name: _key(field.name, row.get(field.name))
                if field.name == needed.id
                else _value(field.name, row.get(field.name), field.type)
                for field in schema
            }
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


def _key(name: str, value: Any) -> str | None:
    if _sort(value) is int:
        return str(value)
    if value is None or isinstance(value, str):
        return cast("str | None", _value(name, value, TEXT))
    raise _Wrong("wrong type", f"{name!r} is {_kind(value)}, not text or a whole number")


def _value(name: str, value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if isinstance(value, str) and kind == TEXT:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _Wrong("lone surrogate", f"{name!r} holds U+{ord(value[error.start]):04X}") from None
        return value
    if isinstance(value, list) and pa.types.is_list(kind):
        return [_value(f"{name}[{place}]", item, kind.value_type) for place, item in enumerate(value)]
    if isinstance(value, dict) and pa.types.is_struct(kind):
        members = [kind.field(i) for i in range(kind.num_fields)]
        return {field.name: _value(f"{name}.{field.name}", value.get(field.name), field.type) for field in members}
    expected = "turns" if pa.types.is_list(kind) else "an object" if pa.types.is_struct(kind) else "text"
    raise _Wrong("wrong type", f"{name!r} is {_kind(value)}, not {expected}")


def _kind(value: Any) -> str:
    words = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return "null" if value is None else words.get(_sort(value), f"of type {type(value).__name__}")


def _stored(kind: pa.DataType) -> pa.DataType:
    """Return the type a column is kept in: whole numbers, which only ids can be, become text."""
    return TEXT if pa.types.is_integer(kind) else kind


def _texted(table: pa.Table) -> pa.Table:
    kinds = [field.type if field.name == LINE else _stored(field.type) for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))
