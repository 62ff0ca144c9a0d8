"""verify_export: re-reads every byte of an export and names whatever is not as it should be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pinchmix.database import BATCH, Database
from pinchmix.errors import ArgumentError, ExportError, VerificationFailed
from pinchmix.export import JSONL, PARQUET
from pinchmix.manifest import NAME, Manifest
from pinchmix.progress import progress_bar
from pinchmix.provenance import ORIGIN, PROVENANCE, Origins, faults_of
from pinchmix.rows import MESSAGES, digest_of_rows, json_lines
from pinchmix.sources.layout import Column, Layout
from pinchmix.texts import fault_of
from pinchmix.wording import listing, number_of

BLOCK = 1 << 20
FORMS = (JSONL, PARQUET, PROVENANCE)


def verify_export(folder: str | os.PathLike[str], *, progress: bool | None = None) -> Manifest:
    """Re-read an export and compare all of it with its manifest and with itself.

    Checked are: the manifest against its own digest; that no file is missing or extra; size and SHA-256 of each; that
    Parquet and JSONL hold the same rows in the same order; that each row is a conversation a trainer can use; that
    provenance has as many rows, with the counts of the plan in each split and language, copies numbered from 1 up to
    the recipe's ``repeat``, no instruction in two splits, and as many languages an instruction as the content policy
    allows; and the mixture's digest.

    Args:
        folder: The export.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        The manifest, if there is nothing to complain about.

    Raises:
        VerificationFailed: There is; the error lists every fault found, with file and row.
        ExportError: The folder is no export.
        ArgumentError: ``folder`` names no folder.
    """
    try:
        place = Path(folder).expanduser()
    except (RuntimeError, TypeError) as error:  # nobody's home, or no path
        raise ArgumentError(f"folder={folder!r} names no folder.") from error
    if not (place / NAME).is_file():
        raise ExportError(f"{place} is no export: there is no {NAME} in it.")
    try:
        manifest = Manifest.of_bytes((place / NAME).read_bytes())
    except ExportError as error:
        raise VerificationFailed(str(place), [str(error)]) from error
    faults: list[str] = []
    try:
        faults.extend(_check_files(place, manifest, progress))
        whole = {name for name in manifest.files if not any(fault.startswith(f"{name}: ") for fault in faults)}
        for split in manifest.splits:
            # A JSONL file that was changed is compared all the same, to name the row.
            if JSONL.format(split) in manifest.files and (place / JSONL.format(split)).is_file():
                faults.extend(_check_rows(place, split) if PARQUET.format(split) in whole else ())
        if whole.issuperset(form.format(split) for form in FORMS for split in manifest.splits):
            faults.extend(_check_provenance(place, manifest))
    except (pa.ArrowException, OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        # A manifest or a file of another shape, with a digest that fits: the checks above take the shape for granted.
        said = " ".join(str(error).splitlines()[:1])
        faults.append(f"{NAME} and the files cannot be compared: {type(error).__name__}: {said}")
    if faults:
        raise VerificationFailed(str(place), faults)
    return manifest


def _check_files(place: Path, manifest: Manifest, progress: bool | None) -> Iterator[str]:
    expected = manifest.files
    found = {
        path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    found.pop(NAME)
    for name in sorted(found.keys() - expected.keys()):
        yield f"{name}: an extra file, which the manifest does not know"
    for required in (form.format(split) for split in manifest.splits for form in FORMS):
        if required not in expected:
            yield f"{required}: the manifest does not list it"
    with progress_bar("verifying", sum(entry["bytes"] for entry in expected.values()), "B", progress) as step:
        for name, entry in sorted(expected.items()):
            if name not in found:
                yield f"{name}: missing"
                continue
            if found[name].is_symlink():
                yield f"{name}: a link, not a file"
                continue
            size = found[name].stat().st_size
            if size != entry["bytes"]:
                yield f"{name}: {size:,} bytes, and the manifest says {entry['bytes']:,}"
                continue
            state = hashlib.sha256()
            with found[name].open("rb") as file:
                while block := file.read(BLOCK):
                    state.update(block)
                    step(len(block))
            if state.hexdigest() != entry["sha256"]:
                yield f"{name}: the content is not what was written (SHA-256 differs)"


def _check_rows(place: Path, split: str) -> Iterator[str]:
    """Render the rows of the Parquet file of a split as JSON lines and compare them with its JSONL file."""
    jsonl, parquet = JSONL.format(split), PARQUET.format(split)
    database = Database(keep_order=True)
    row = 0
    fault = fault_of(Layout("messages", messages=Column(("messages",))))
    try:
        with (place / jsonl).open("rb") as lines, pq.ParquetFile(place / parquet) as rows:
            if not rows.schema_arrow.equals(pa.schema([("messages", MESSAGES)])):
                yield f"{parquet}: its columns are not the one column of messages that trainers load"
                return
            for batch in rows.iter_batches(BATCH):
                name = database.register(pa.Table.from_batches([batch]))
                bad = database.rows(
                    f"SELECT n, fault FROM (SELECT row_number() OVER () AS n, {fault} AS fault FROM {name} AS t) "
                    "WHERE fault IS NOT NULL ORDER BY n LIMIT 20"
                )
                database.unregister(name)
                for number, said in bad:
                    yield f"{parquet}: row {row + number}: {said.replace('|', ', ').rstrip(', ')}"
                block = bytes(json_lines(database, batch))
                there = lines.read(len(block))
                if there != block:
                    pairs = enumerate(zip_longest(block.split(b"\n"), there.split(b"\n")), row + 1)
                    first = next(number for number, (mine, theirs) in pairs if mine != theirs)
                    yield f"{jsonl}: row {first} differs from {parquet}"
                    return
                row += batch.num_rows
            if lines.read(1):
                yield f"{jsonl}: more than the {row:,} rows of {parquet}"
    finally:
        database.close()


def _check_provenance(place: Path, manifest: Manifest) -> Iterator[str]:
    identity: Any = manifest.identity
    tables = {}
    for split, languages in manifest.counts.items():
        name = PROVENANCE.format(split)
        table = tables[split] = pq.read_table(place / name)
        if tuple(table.column_names) != ORIGIN:
            yield f"{name}: its columns are {listing(table.column_names)}, and should be {', '.join(ORIGIN)}"
            return
        if empty := [column for column in ORIGIN if table.column(column).null_count]:
            yield f"{name}: no value in some rows of {listing(empty)}"
            return
        rows = sum(figures["examples"] for figures in languages.values())
        held = {file: _rows_of(place / file) for file in (PARQUET.format(split), name)}
        for file in (form.format(split) for form in FORMS):
            for count, who in (
                (manifest.files[file]["rows"], " according to the manifest"),
                (held.get(file, rows), ""),
            ):
                if count != rows:
                    yield f"{file}: {number_of(count, 'row')}{who}, and the plan gives {rows:,}"
        prompt, response = (table.column(f"{part}_language") for part in ("prompt", "response"))
        for row in np.flatnonzero(pc.not_equal(prompt, response).to_numpy())[:20].tolist():
            yield f"{name}: row {row + 1:,}: a prompt in {prompt[row]} with a response in {response[row]}"
    total = sum(table.num_rows for table in tables.values())
    together = listing([PROVENANCE.format(split) for split in tables])
    if total != identity["mixture"]["rows"]:
        yield f"{together}: {number_of(total, 'row')}, and the mixture has {identity['mixture']['rows']:,}"
    yield from _check_figures(manifest)
    yield from faults_of(Origins.of_tables(tables), identity, manifest.counts)
    whole = pa.concat_tables(
        table.append_column("split", pa.repeat(split, table.num_rows)) for split, table in tables.items()
    )
    texts = (manifest.files[JSONL.format(split)]["sha256"] for split, table in tables.items() if table.num_rows)
    if digest_of_rows(whole, "".join(texts)) != identity["mixture"]["digest"]:
        yield f"{together}: ids, splits and languages do not fit the digest of the mixture"


def _check_figures(manifest: Manifest) -> Iterator[str]:
    """Compare the figures of the plan among themselves: what was asked is given, unless the plan is partial."""
    identity = manifest.identity
    if identity["recipe"]["content"] == "cover" and identity["mixture"]["left_over"]:
        left = number_of(identity["mixture"]["left_over"], "instruction")
        yield f"{NAME}: {left} left over, and content='cover' uses every one"
    if identity["recipe"]["budget"].get("unit", "examples") != "examples":
        return  # asked and given may differ by the size of an example, which is not known here
    short = 0
    for split, languages in manifest.counts.items():
        for language, figures in languages.items():
            given = figures["given"]
            short += given < figures["asked"]
            if given != figures["examples"]:
                said = number_of(figures["examples"], "example")
                yield f"{NAME}: {split}: {given:,} of {language} are given, in {said}"
            if given > figures["asked"] or (given < figures["asked"] and not identity["partial"]):
                yield f"{NAME}: {split}: {given:,} of {language} are given, and {figures['asked']:,} were asked"
    if identity["partial"] and not short:
        yield f"{NAME}: said to be partial, and every language gets what was asked"


def _rows_of(path: Path) -> int:
    """Return how many rows a Parquet file holds."""
    with pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)
