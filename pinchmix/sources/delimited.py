"""CSV and TSV: bytes in, columns of text out, every bad row named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pinchmix.sources.faults import Faults
from pinchmix.sources.jsonlines import LINE, TEXT, Choose

BLOCK = 8 << 20


def read_delimited(
    stream: BinaryIO, name: str, choose: Choose, faults: Faults, *, separator: str
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table with a header as batches of the columns that are needed, each with its row number.

    Every value is text, exactly as it stands: ``NA``, ``null``, ``007`` and dates stay what they are.

    Args:
        stream: Bytes, decompressed; quotes are doubled inside quotes, and quoted values may hold line ends.
        name: How messages name the file.
        choose: Given the schema, says which columns are needed.
        faults: Where bad rows are noted by their number below the header; they are left out of the batches.
        separator: What stands between values.

    Yields:
        Batches of one schema.
    """
    content = io.BufferedReader(stream, BLOCK) if not isinstance(stream, io.BufferedReader) else stream  # type: ignore[type-var]
    head = content.peek(BLOCK)[:BLOCK].removeprefix(b"\xef\xbb\xbf")
    try:
        header = next(csv.reader(io.StringIO(head.decode("utf-8", "replace"), newline=""), delimiter=separator), [])
    except csv.Error as error:
        faults.add(name, 0, "unreadable file", f"{error}")
        return
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        faults.add(name, 0, "unreadable file", f"the header names {twice[0]!r} twice")
        return
    columns = choose(pa.schema([(column, TEXT) for column in header]))
    skipped: list[int] = []

    def note(row: pa_csv.InvalidRow) -> str:
        skipped.append(row.number - 1)  # the header is row 1
        faults.add(
            name,
            row.number - 1,
            "wrong number of fields",
            f"{row.actual_columns}, and the header has {row.expected_columns}",
        )
        return "skip"

    try:
        reader = pa_csv.open_csv(
            content,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=True, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, TEXT),
                include_columns=[column.path[0] for column in columns],
                strings_can_be_null=False,
            ),
        )
        done = 0
        for batch in reader:
            # Number the rows that came through around those that were skipped so far.
            last = done + batch.num_rows + len(skipped) + 1
            numbers = np.setdiff1d(np.arange(1, last + 1), skipped)[done : done + batch.num_rows]
            done += batch.num_rows
            yield batch.append_column(LINE, pa.array(numbers, type=pa.int64()))
    except pa.ArrowInvalid as error:
        fault = "not UTF-8" if "UTF8" in str(error) or "UTF-8" in str(error) else "unreadable file"
        faults.add(name, 0, fault, str(error).splitlines()[0])
