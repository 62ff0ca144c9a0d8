"""Rereading a shard of an export: the same rows in every form, good ones, with the digests that provenance says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pinchmix.errors import UnknownPlugin
from pinchmix.exporting.provenance import ORIGIN
from pinchmix.exporting.shards import JSONL, PARQUET, PROVENANCE, Shard
from pinchmix.manifest import Manifest
from pinchmix.measure import COUNTED, LENGTHS
from pinchmix.plugins import Format, find_plugin
from pinchmix.reading.texts import fault_of
from pinchmix.rows import MESSAGES, Lines, json_lines
from pinchmix.scan import blank
from pinchmix.sources.database import BATCH, Database
from pinchmix.sources.layout import Column, Layout
from pinchmix.text.wording import listing
from pinchmix.weave import languages_of

SHOWN = 20  # faults of one kind in a file
VERDICTS = ("ok", "unsure", "flagged", "unchecked")


class Reread(NamedTuple):
    """What was found in a shard.

    Attributes:
        faults: What is wrong, each with file and row.
        origin: Its provenance, or None where that is of another shape.
        sizes: Unit → language → how much there is of it: characters and bytes of whole rows, tokens as provenance says,
            and ``given``, what the budget counts, where it counts characters or bytes.
    """

    faults: list[str]
    origin: pa.Table | None
    sizes: Mapping[str, Mapping[str, int]]


def reread_shard(place: Path, shard: Shard, formats: Sequence[str], manifest: Manifest) -> Reread:
    """Read all forms of a shard side by side.

    Args:
        place: The export.
        shard: Which.
        formats: Those whose JSON lines are there to be compared.
        manifest: What the export should be.
    """
    origin = pq.read_table(place / PROVENANCE.format(shard.name))
    faults = list(_origin_faults(origin, PROVENANCE.format(shard.name), manifest))
    if faults:
        return Reread(faults, None, {})
    sizes: dict[str, Counter[str]] = {unit: Counter() for unit in ("characters", "bytes", "tokens", "given")}
    tokens = origin.group_by("column").aggregate([("tokens", "sum")]).to_pydict()
    sizes["tokens"].update({tag: count or 0 for tag, count in zip(tokens["column"], tokens["tokens_sum"], strict=True)})
    parquet = PARQUET.format(shard.name)
    database = Database(keep_order=True)
    forms = {form: _form_of(form, manifest) for form in formats}
    opened = {form: (place / JSONL.format(form, shard.name)).open("rb") for form, found in forms.items() if found}
    row = 0
    try:
        with pq.ParquetFile(place / parquet) as rows:
            if not rows.schema_arrow.equals(pa.schema([("messages", MESSAGES)])):
                return Reread([f"{parquet}: its columns are not the one column of messages"], None, sizes)
            if rows.metadata.num_rows != origin.num_rows:
                held = f"{rows.metadata.num_rows:,} rows, and {PROVENANCE.format(shard.name)} has {origin.num_rows:,}"
                return Reread([f"{parquet}: {held}"], None, sizes)
            for batch in rows.iter_batches(BATCH):
                said = origin.slice(row, batch.num_rows)
                faults.extend(_row_faults(database, batch, parquet, row))
                _add_sizes(database, batch, said, manifest, sizes)
                for form, lines in opened.items():
                    digests = form == "messages"
                    written = json_lines(database, forms[form].rows(batch.column("messages")), digests=digests)
                    name = JSONL.format(form, shard.name)
                    faults.extend(_line_faults(lines, written, row, name, parquet))
                    if digests:
                        faults.extend(_digest_faults(written, said, row, PROVENANCE.format(shard.name), parquet))
                row += batch.num_rows
        for form, lines in opened.items():
            if lines.read(1):
                faults.append(f"{JSONL.format(form, shard.name)}: more than the {row:,} rows of {parquet}")
    finally:
        database.close()
        for lines in opened.values():
            lines.close()
    return Reread(faults, origin, sizes)


def _form_of(name: str, manifest: Manifest) -> Any:
    """Return a format as it was when the export was written, or None where it cannot be had; its hash must do then."""
    try:
        form: Format = find_plugin("formats", name)
    except UnknownPlugin:
        return None
    return form if name == "messages" or form.version == manifest.identity["plugins"][f"formats/{name}"] else None


def _origin_faults(origin: pa.Table, name: str, manifest: Manifest) -> Iterator[str]:
    if not origin.schema.equals(ORIGIN):
        yield f"{name}: its columns are {listing(origin.column_names)}, and should be {listing(ORIGIN.names)}"
        return
    tokens = manifest.identity["recipe"]["budget"].get("unit", "examples") == "tokens"
    for column in ORIGIN.names:
        nulls = origin.column(column).null_count
        if nulls and (column != "tokens" or tokens):
            yield f"{name}: no value in some rows of {column}"
        if column == "tokens" and not tokens and nulls != origin.num_rows:
            yield f"{name}: tokens in some rows, and nothing counted them"
    if not origin.num_rows:  # it has no chunk either, and some versions of Arrow crash on that
        return
    yield from _language_faults(origin, name, manifest)
    strange = pc.invert(pc.is_in(origin.column("verdict"), pa.array(VERDICTS)))
    for row in pc.indices_nonzero(strange).to_pylist()[:SHOWN]:
        yield f"{name}: row {row + 1:,}: the verdict {origin.column('verdict')[row]} is none of {listing(VERDICTS)}"


def _language_faults(origin: pa.Table, name: str, manifest: Manifest) -> Iterator[str]:
    """Yield the rows whose languages are not those of the column of the grid that they are said to be of."""
    column = origin.column("column").combine_chunks().dictionary_encode()
    known = manifest.identity["grid"]["languages"]
    due = [languages_of(tag) if tag in known else ("", "") for tag in column.dictionary.to_pylist()]
    prompt, response = (origin.column(f"{part}_language") for part in ("prompt", "response"))
    wrong = [
        pc.not_equal(said, pa.array([pair[side] for pair in due], pa.string()).take(column.indices))
        for side, said in enumerate((prompt, response))
    ]
    for row in pc.indices_nonzero(pc.or_(*wrong)).to_pylist()[:SHOWN]:
        said = f"a prompt in {prompt[row]} with a response in {response[row]}"
        yield f"{name}: row {row + 1:,}: {said}, and it is said to be of {origin.column('column')[row]}"


def _row_faults(database: Database, batch: pa.RecordBatch, name: str, done: int) -> Iterator[str]:
    """Yield the rows that are no conversation a trainer can use."""
    if _all_good(database, batch.column("messages")):
        return
    fault = fault_of(Layout("messages", messages=Column(("messages",))))
    table = database.register(pa.Table.from_batches([batch]))
    bad = database.rows(
        f"SELECT n, fault FROM (SELECT row_number() OVER () AS n, {fault} AS fault FROM {table} AS t) "
        f"WHERE fault IS NOT NULL ORDER BY n LIMIT {SHOWN}"
    )
    database.unregister(table)
    for number, said in bad:
        yield f"{name}: row {done + number:,}: {said.replace('|', ', ').rstrip(', ')}"


def _all_good(database: Database, messages: pa.Array) -> bool:
    """Tell whether all conversations are what trainers can use: much faster than to say what is wrong with one."""
    lengths = pc.list_value_length(messages)
    turns = messages.flatten()
    if messages.null_count or turns.null_count or not len(turns):
        return not len(messages)
    role, content = (pc.struct_field(turns, name) for name in ("role", "content"))
    said = pc.index_in(role, pa.array(["user", "assistant", "system"]))
    if said.null_count or content.null_count:
        return False
    table = database.register(pa.table({"content": content}))
    shows_nothing = database.rows(f"SELECT count(*) FROM {table} WHERE {blank('content')}")[0][0]
    database.unregister(table)
    if shows_nothing:
        return False
    roles, size = said.to_numpy(), lengths.to_numpy()
    starts = np.cumsum(size) - size
    if not (size > 0).all():
        return False
    system = (roles[starts] == 2).astype(np.int64)
    # After a system turn, if there is one, user and assistant take turns, and the assistant has the last word.
    due = np.arange(len(roles)) - np.repeat(starts + system, size)
    return bool(
        (np.where(due < 0, 2, due % 2) == roles).all() and ((size - system) % 2 == 0).all() and (size > system).all()
    )


def _line_faults(lines: BinaryIO, written: Lines, done: int, name: str, other: str) -> Iterator[str]:
    """Yield where the next lines of a file are not those that were written."""
    begin = lines.tell()
    there = np.frombuffer(lines.read(len(written.block)), dtype=np.uint8)  # views of bytes compare one by one
    if np.array_equal(there, np.frombuffer(written.block, dtype=np.uint8)):
        return
    lines.seek(begin)
    bad = 0
    for number, line in enumerate(bytes(written.block).splitlines(keepends=True), done + 1):
        if lines.readline() != line and (bad := bad + 1) <= SHOWN:
            yield f"{name}: row {number:,} differs from {other}"


def _digest_faults(written: Lines, said: pa.Table, done: int, name: str, other: str) -> Iterator[str]:
    """Yield the rows whose text is not the one that provenance was written for."""
    assert written.digests is not None
    wrong = pc.not_equal(pa.chunked_array([written.digests]), said.column("digest"))
    for row in pc.indices_nonzero(wrong).to_pylist()[:SHOWN]:
        yield f"{name}: row {done + row + 1:,}: its digest is not that of the text in {other}"


def _add_sizes(
    database: Database, batch: pa.RecordBatch, said: pa.Table, manifest: Manifest, sizes: dict[str, Counter[str]]
) -> None:
    """Add what rows come to by language."""
    recipe = manifest.identity["recipe"]
    unit = recipe["budget"].get("unit", "examples")
    roles = ", ".join(f"'{role}'" for role in COUNTED["both" if recipe["counted"] == "chat" else recipe["counted"]])
    counted = f"list_sum([{LENGTHS.get(unit, 'length')}(m.content) FOR m IN messages IF m.role IN ({roles})])"
    whole = {name: f"list_sum([{LENGTHS[name]}(m.content) FOR m IN messages])" for name in ("characters", "bytes")}
    expressions = [*whole.values(), counted if unit in LENGTHS else "0"]
    table = database.register(pa.table({"language": said.column("column"), "messages": batch.column("messages")}))
    sums = ", ".join(f"coalesce(sum({one}), 0)::BIGINT" for one in expressions)
    found = database.rows(f"SELECT language, {sums} FROM {table} GROUP BY ALL")
    database.unregister(table)
    for language, *counts in found:
        for name, count in zip((*whole, "given"), counts, strict=True):
            sizes[name][language] += count
