"""Writing: the rows of a mixture as JSON lines, Parquet and provenance, shard by shard, with the hash of each file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pinchmix.errors import ArgumentError, BadRow, RowsRefused
from pinchmix.exporting.folder import Entry, HashedFile
from pinchmix.exporting.provenance import ORIGIN
from pinchmix.exporting.shards import JSONL, PARQUET, PROVENANCE, Shard
from pinchmix.mixture import Mixture
from pinchmix.plugins import Format
from pinchmix.progress import Step
from pinchmix.rows import MESSAGES, Rows, json_lines
from pinchmix.sources.database import Database

Entries = dict[str, Entry]
# A JSON text of nothing but these is read as a time by JSON readers that guess: as pyarrow's does.
DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}(:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"


class Written(NamedTuple):
    """What was written of the rows.

    Attributes:
        files: Path → sha256, bytes and rows.
        text: Split → SHA-256 of its JSON lines, over all shards, in hexadecimal.
        origin: What the provenance files are, as ``files``.
    """

    files: Entries
    text: dict[str, str]
    origin: Entries


def check_rows(mixture: Mixture, formats: Sequence[Format], shards: Sequence[Shard]) -> None:
    """Refuse a mixture with rows that a format cannot say or that readers would garble, before anything is written.

    Raises:
        RowsRefused: There are some; all of them are counted, and the first are named.
        ArgumentError: A format answers what is no answer.
    """
    bad: list[BadRow] = []
    counts: dict[str, int] = {}
    way = "Nothing was written. Leave out the format, or build without these rows."
    for shard in shards:
        dated: dict[tuple[str, str], bool] = {}
        for batch in _batches(mixture.rows, ("id", "source", "row"), shard):
            if not formats and dated and not any(dated.values()):
                break
            messages = batch.column("messages")
            _note_dates("messages", pa.record_batch({"messages": messages}), dated)
            for form in formats:
                faults = _faults_of(form, messages)
                for place in pc.indices_nonzero(pc.is_valid(faults)).to_pylist():
                    why = faults[place].as_py()
                    counts[why] = counts.get(why, 0) + 1
                    if counts[why] <= RowsRefused.SHOWN:
                        where = [batch[name][place].as_py() for name in ("source", "row", "id")]
                        bad.append(BadRow(where[0], where[1], why, where[2]))
                seen = [all_dates for (name, _), all_dates in dated.items() if name == form.name]
                if faults.null_count == len(faults) and (not seen or any(seen)):
                    _note_dates(form.name, _rows_of(form, messages), dated)
        if garbled := [key for key, all_dates in dated.items() if all_dates]:
            name, column = garbled[0]
            first = mixture[mixture.splits[shard.split].start + shard.start]
            why = (
                f"every {column} of {JSONL.format(name, shard.name)} is a date, which JSON readers that guess types "
                "make a time"
            )
            counts[why] = shard.rows
            bad.append(BadRow(first.origin.source, first.origin.row, why, first.id))
            way = (
                "Nothing was written. Give the file a row with words: other rows, fewer shards, or without the format."
            )
    if bad:
        raise RowsRefused(bad, counts, way)


def _note_dates(form: str, rows: pa.RecordBatch, dated: dict[tuple[str, str], bool]) -> None:
    """Note of each column of texts whether all that was seen of it are dates."""
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        for leaf, texts in _leaves(name, column):
            if dated.get((form, leaf), True):
                dated[form, leaf] = bool(pc.all(pc.match_substring_regex(texts, DATE)).as_py())


def _leaves(name: str, column: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """Yield the texts in a column, however deep."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        yield from _leaves(name, column.flatten())
    elif pa.types.is_struct(column.type):
        for place in range(column.type.num_fields):
            yield from _leaves(column.type.field(place).name, pc.struct_field(column, place))
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        yield name, column


def _faults_of(form: Format, messages: pa.Array) -> pa.Array:
    faults = form.faults(messages)
    if not isinstance(faults, pa.Array) or len(faults) != len(messages):
        raise ArgumentError(f"format {form.name}: faults() returns one text or null a conversation, as an Arrow array.")
    return faults


def _rows_of(form: Format, messages: pa.Array) -> pa.RecordBatch:
    rows = form.rows(messages)
    if not isinstance(rows, pa.RecordBatch) or rows.num_rows != len(messages):
        raise ArgumentError(f"format {form.name}: rows() returns an Arrow record batch with a row a conversation.")
    return rows


def write_messages(mixture: Mixture, shards: Sequence[Shard], part: Path, syncing: Executor, step: Step) -> Written:
    """Write the rows as ``messages``, and where each came from with the digest of its text.

    Args:
        mixture: What to write.
        shards: Which rows go to which file.
        part: The folder.
        syncing: As of :class:`~pinchmix.exporting.folder.HashedFile`.
        step: Told how many rows are done.
    """
    files, origin, text = {}, {}, {}
    states = {shard.split: hashlib.sha256() for shard in shards}
    single = len(states) == len(shards)
    database = Database(keep_order=True)
    try:
        for shard in shards:
            jsonl, table = JSONL.format("messages", shard.name), PROVENANCE.format(shard.name)
            with HashedFile(part / jsonl, syncing) as lines, HashedFile(part / table) as facts:
                with pq.ParquetWriter(facts, ORIGIN, compression="zstd") as writer:
                    for rows in _batches(mixture.rows, ORIGIN.names[:-1], shard):
                        written = json_lines(database, rows.select(["messages"]), digests=True)
                        lines.write(written.block)
                        if not single:
                            states[shard.split].update(written.block)
                        columns = [rows.column(name) for name in ORIGIN.names[:-1]]
                        writer.write_batch(pa.record_batch([*columns, written.digests], schema=ORIGIN))
                        step(rows.num_rows)
                entry = files[jsonl] = lines.entry(shard.rows)
            origin[table] = facts.entry(shard.rows)
            text[shard.split] = entry["sha256"] if single else states[shard.split].hexdigest()
    finally:
        database.close()
    return Written(files, text, origin)


def write_format(
    mixture: Mixture, form: Format, shards: Sequence[Shard], part: Path, syncing: Executor, step: Step
) -> Entries:
    """Write the rows in another format as JSON lines; arguments as of :func:`write_messages`."""
    files = {}
    database = Database(keep_order=True)
    try:
        for shard in shards:
            name = JSONL.format(form.name, shard.name)
            with HashedFile(part / name, syncing) as file:
                for batch in _batches(mixture.rows, (), shard):
                    rows = _rows_of(form, batch.column("messages"))
                    file.write(json_lines(database, rows).block)
                    step(batch.num_rows)
                files[name] = file.entry(shard.rows)
    finally:
        database.close()
    return files


def write_parquet(mixture: Mixture, shards: Sequence[Shard], part: Path, syncing: Executor, step: Step) -> Entries:
    """Write the rows as ``messages`` in plain Arrow's Parquet; arguments as of :func:`write_messages`."""
    schema = pa.schema([("messages", MESSAGES)])
    # Roles repeat and texts do not; statistics of texts are of no use to anybody.
    options = {"use_dictionary": ["messages.list.element.role"], "write_statistics": False}
    files = {}
    for shard in shards:
        name = PARQUET.format(shard.name)
        with HashedFile(part / name, syncing) as file:
            with pq.ParquetWriter(file, schema, compression="zstd", **options) as writer:
                for batch in _batches(mixture.rows, (), shard):
                    writer.write_batch(batch.cast(schema))
                    step(batch.num_rows)
            files[name] = file.entry(shard.rows)
    return files


def _batches(rows: Rows, facts: Sequence[str], shard: Shard) -> Iterator[pa.RecordBatch]:
    return rows.batches([*facts, "messages"], shard.split, slice(shard.start, shard.stop))
