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

from pinchmix.database import Database
from pinchmix.errors import ArgumentError, BadRow, RowsRefused
from pinchmix.folder import Entry, HashedFile
from pinchmix.mixture import Mixture
from pinchmix.plugins import Format
from pinchmix.progress import Step
from pinchmix.provenance import ORIGIN
from pinchmix.rows import MESSAGES, Rows, json_lines
from pinchmix.shards import JSONL, PARQUET, PROVENANCE, Shard

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


def check_rows(mixture: Mixture, formats: Sequence[Format]) -> None:
    """Refuse a mixture with rows that a format cannot say or that readers would garble, before anything is written.

    Raises:
        RowsRefused: There are some; all of them are counted, and the first are named.
    """
    bad: list[BadRow] = []
    counts: dict[str, int] = {}
    way = "Nothing was written. Leave out the format, or build without these rows."
    for split in mixture.splits:
        dates = True
        for batch in mixture.rows.batches(["id", "source", "row", "messages"], split):
            if not dates and not formats:
                break
            messages = batch.column("messages")
            dates = dates and bool(pc.all(pc.match_substring_regex(_contents(messages), DATE)).as_py())
            for form in formats:
                faults = form.faults(messages)
                for place in pc.indices_nonzero(pc.is_valid(faults)).to_pylist():
                    why = faults[place].as_py()
                    counts[why] = counts.get(why, 0) + 1
                    if counts[why] <= RowsRefused.SHOWN:
                        where = [batch[name][place].as_py() for name in ("source", "row", "id")]
                        bad.append(BadRow(where[0], where[1], why, where[2]))
        if dates and split in mixture.rows.splits:
            first = mixture[mixture.splits[split].start]
            why = f"every text of split {split} is a date, which JSON readers that guess types make a time"
            counts[why] = mixture.splits[split].stop - mixture.splits[split].start
            bad.append(BadRow(first.origin.source, first.origin.row, why, ""))
            way = "Nothing was written. Give the split a row with words."
    if bad:
        raise RowsRefused(bad, counts, way)


def _contents(messages: pa.Array) -> pa.Array:
    return pc.struct_field(messages.flatten(), "content")


def write_messages(mixture: Mixture, shards: Sequence[Shard], part: Path, syncing: Executor, step: Step) -> Written:
    """Write the rows as ``messages``, and where each came from with the digest of its text.

    Args:
        mixture: What to write.
        shards: Which rows go to which file.
        part: The folder.
        syncing: As of :class:`~pinchmix.folder.HashedFile`.
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
                    rows = form.rows(batch.column("messages"))
                    if rows.num_rows != batch.num_rows:
                        raise ArgumentError(
                            f"format {form.name}: of {batch.num_rows:,} rows it makes {rows.num_rows:,}."
                        )
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
