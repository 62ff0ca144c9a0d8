"""CSV and TSV: bytes in, columns of text out, every bad row named by its line.

A block of rows is parsed by Arrow in one go; only a block in which something is wrong, or in which quotes stand where
they should not, is read again row by row, to say where and what.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from pinchmix.sources.faults import Faults
from pinchmix.sources.jsonlines import LINE, TEXT, Choose

BLOCK = 8 << 20
LONGEST = 1 << 27  # bytes of one row; a quote that is never closed would take all memory otherwise
QUOTE, RETURN, FEED = b'"\r\n'
MARK = b"\xef\xbb\xbf"
HIDDEN = "\udc0d"  # stands for a carriage return that is content while the parser works; no text can hold it
_LONE = re.compile(r"\r(?!\n)")


def read_delimited(
    stream: BinaryIO, name: str, choose: Choose, faults: Faults, *, separator: str
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table with a header as batches of the columns that are needed, each with its line number.

    Every value is text, exactly as it stands: ``NA``, ``null``, ``007`` and dates stay what they are.

    Args:
        stream: Bytes, decompressed; quotes are doubled inside quotes, and quoted values may hold line ends.
        name: How messages name the file.
        choose: Given the schema, says which columns hold what.
        faults: Where bad rows are noted by the line on which they begin; they are left out of the batches.
        separator: What stands between values.

    Yields:
        Batches of one schema.
    """
    text = _Text(stream)
    rows = _Rows(text, name, faults, separator)
    header = rows.header()
    if header is None:
        return
    schema = pa.schema([(column, TEXT) for column in header])
    wanted = [column.path[0] for layout in choose(schema) for column in layout.columns.values()]
    wanted = list(dict.fromkeys(wanted))
    while text.more():
        block = _plain(text, separator)
        table = None if block is None else _fast(block, header, wanted, separator)
        if block is None or table is None:
            table = rows.read(text.at + len(block.content) if block else len(text.held), header, wanted)
        else:
            lines = pa.array(text.line + block.lines, type=pa.int64())
            table = table.append_column(LINE, lines)
            text.skip(block.content)
        yield from table.to_batches()


class _Text:
    """Bytes that are read block by block and handed out line by line.

    Attributes:
        held: What has been read.
        at: How much of it has been used.
        line: The number of the line that begins there.
        ended: Nothing follows what is held.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.held = b""
        self.at, self.line, self.ended = 0, 1, False
        self.fill()
        self.held = self.held.removeprefix(MARK)

    def fill(self) -> None:
        """Read another block, and forget what has been used."""
        block = self._stream.read(BLOCK)
        self.held, self.at = self.held[self.at :] + block, 0
        self.ended = not block

    def more(self) -> bool:
        """Tell whether anything is left, and hold some of it."""
        while self.at == len(self.held) and not self.ended:
            self.fill()
        return self.at < len(self.held)

    def skip(self, content: bytes) -> None:
        """Go on behind whole lines."""
        self.at += len(content)
        self.line += content.count(b"\n")

    def __iter__(self) -> _Text:
        return self

    def __next__(self) -> str:
        while (end := self.held.find(b"\n", self.at)) < 0 and not self.ended:
            self.fill()
        line = self.held[self.at : end + 1 if end >= 0 else len(self.held)]
        if not line:
            raise StopIteration
        self.at += len(line)
        self.line += 1
        # Bytes that are no UTF-8 are found, and told, in the row. A lone carriage return ends no line here.
        text = line.decode("utf-8", "surrogateescape")
        return _LONE.sub(HIDDEN, text) if "\r" in text else text


class _Block(NamedTuple):
    """Whole rows, and the line on which each begins, from 0; blank lines are no rows."""

    content: bytes
    lines: npt.NDArray[np.int64]


def _plain(text: _Text, separator: str) -> _Block | None:
    """Return the whole rows that are held, reading on until there is one; None if quotes or line ends are odd."""
    while True:
        body = np.frombuffer(text.held, dtype=np.uint8)[text.at :]
        quotes = np.flatnonzero(body == QUOTE)
        feeds = np.flatnonzero(body == FEED)
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0]  # line ends outside quotes
        if text.ended or len(ends):
            break
        if len(body) > LONGEST:
            return None
        text.fill()
    size = len(body) if text.ended else int(ends[-1]) + 1
    quotes, feeds = quotes[quotes < size], feeds[feeds < size]
    if len(quotes) % 2:
        return None
    before = np.append(body, FEED)[quotes[::2] - 1]  # the last one stands before the first
    after = np.append(body, FEED)[quotes[1::2] + 1]
    around = np.array([ord(separator), FEED, QUOTE], dtype=np.uint8)
    if not np.isin(before, around).all() or not np.isin(after, [*around, RETURN]).all():
        return None
    returns = np.flatnonzero(body[:size] == RETURN)
    returns = returns[np.searchsorted(quotes, returns) % 2 == 0]
    if (np.append(body, 0)[returns + 1] != FEED).any():
        return None
    starts = np.concatenate([[0], ends + 1])
    starts = starts[starts < size]
    blank = (body[starts] == FEED) | ((body[starts] == RETURN) & (np.append(body, FEED)[starts + 1] == FEED))
    return _Block(text.held[text.at : text.at + size], np.searchsorted(feeds, starts[~blank]))


def _fast(block: _Block, header: Sequence[str], wanted: Sequence[str], separator: str) -> pa.Table | None:
    """Return the wanted columns of whole rows, or None if something is wrong with one of them."""
    if block.content.startswith(MARK):  # Arrow would take it for the mark of a file, and it is content here
        return None
    try:
        str(block.content, "utf-8")
        table = pa_csv.read_csv(
            io.BytesIO(block.content),
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=len(block.content) + 1, column_names=list(header)
            ),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, TEXT), include_columns=list(wanted), strings_can_be_null=False
            ),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    return table if table.num_rows == len(block.lines) else None


class _Rows:
    """Reads row by row, and notes what is wrong with each."""

    def __init__(self, text: _Text, name: str, faults: Faults, separator: str) -> None:
        self._text, self._name, self._faults, self._separator = text, name, faults, separator

    def header(self) -> list[str] | None:
        """Return the names of the columns, or None after noting why there are none."""
        fault, before = "", len(self._faults)
        if b"\r" in self._text.held[:BLOCK] and b"\n" not in self._text.held[:BLOCK]:
            fault = "its lines end in carriage returns alone; save it with line feeds"
        else:
            for _, row in self._records(len(self._text.held)):
                if len(self._faults) > before:
                    return None
                if any("\udc80" <= char <= "\udcff" for column in row for char in column):
                    self._faults.add(self._name, 1, "not UTF-8", "the header")
                    return None
                twice = [column for column in row if row.count(column) > 1]
                other = next((char for char in ",;\t" if len(row) == 1 and char in row[0]), None)
                if other:
                    names = {",": "commas", ";": "semicolons", "\t": "tabs"}
                    fault = f"the header is separated by {names[other]}, not by {names[self._separator]}"
                elif twice:
                    fault = f"the header names {twice[0]!r} twice"
                else:
                    return row
                break
        if fault:
            self._faults.add(self._name, 0, "bad header", fault)
        return None

    def read(self, until: int, header: Sequence[str], wanted: Sequence[str]) -> pa.Table:
        """Return the wanted columns of the good rows that begin before a place in the text held."""
        places = [header.index(column) for column in wanted]
        columns: list[list[str]] = [[] for _ in places]
        lines = []
        for line, row in self._records(until):
            wrong = next((char for value in row for char in value if "\udc80" <= char <= "\udcff"), None)
            if wrong:
                self._faults.add(self._name, line, "not UTF-8", f"the row holds a byte 0x{ord(wrong) - 0xDC00:02x}")
            elif len(row) != len(header):
                detail = f"{len(row)} {'field' if len(row) == 1 else 'fields'}, and the header has {len(header)}"
                self._faults.add(self._name, line, "wrong number of fields", detail)
            else:
                lines.append(line)
                for column, place in zip(columns, places, strict=True):
                    column.append(row[place])
        arrays = [pa.array(column, type=TEXT) for column in columns]
        return pa.table([*arrays, pa.array(lines, type=pa.int64())], names=[*wanted, LINE])

    def _records(self, until: int) -> Iterator[tuple[int, list[str]]]:
        """Yield line and values of the rows that begin before a place, blank lines aside."""
        text = self._text
        held = text.held
        before = csv.field_size_limit(LONGEST)
        try:
            reader = csv.reader(text, delimiter=self._separator, strict=True)
            # The text forgets what it has used when it reads on, and what it then holds is beyond the place.
            while text.held is held and text.at < until:
                line = text.line
                try:
                    row = next(reader, [])
                except csv.Error as error:
                    self._faults.add(self._name, line, "broken quotes", _complaint(error, text.line - 1))
                    continue
                if len(row) > 1 or (row and row[0].strip()):
                    yield line, [value.replace(HIDDEN, "\r") for value in row]
        finally:
            csv.field_size_limit(before)


def _complaint(error: csv.Error, last: int) -> str:
    """Say in plain words what the parser found, and on which line."""
    for sign, words in (
        ("unexpected end", "a quote that begins in this row is never closed"),
        ("expected after", f"text after a closing quote on line {last}"),
        ("limit", f"a value of more than {LONGEST >> 20} MiB; is a quote never closed?"),
    ):
        if sign in str(error):
            return words
    return str(error)
