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
import pyarrow.parquet as pq

from pinchmix.database import BATCH, Database
from pinchmix.errors import ArgumentError, ExportError, VerificationFailed
from pinchmix.export import JSONL, PARQUET, PROVENANCE
from pinchmix.manifest import NAME, Manifest
from pinchmix.progress import progress_bar
from pinchmix.rows import MESSAGES, digest_of_rows, json_lines
from pinchmix.sources.layout import Column, Layout
from pinchmix.texts import fault_of

BLOCK = 1 << 20


def verify_export(folder: str | os.PathLike[str], *, progress: bool | None = None) -> Manifest:
    """Re-read an export and compare all of it with its manifest and with itself.

    Checked are: the manifest against its own digest; that no file is missing or extra; size and SHA-256 of each; that
    Parquet and JSONL hold the same rows in the same order; that each row is a conversation a trainer can use; that
    provenance has as many rows, with the counts of the plan and no instruction twice; and the mixture's digest.

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
        if {JSONL, PARQUET}.issubset(manifest.files) and (place / JSONL).is_file() and PARQUET in whole:
            faults.extend(_check_rows(place))
        if {JSONL, PROVENANCE}.issubset(whole):
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
    for required in (JSONL, PARQUET, PROVENANCE):
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


def _check_rows(place: Path) -> Iterator[str]:
    """Render the rows of the Parquet file as JSON lines and compare them with the JSONL file."""
    database = Database(keep_order=True)
    row = 0
    fault = fault_of(Layout("messages", messages=Column(("messages",))))
    try:
        with (place / JSONL).open("rb") as lines, pq.ParquetFile(place / PARQUET) as rows:
            if not rows.schema_arrow.equals(pa.schema([("messages", MESSAGES)])):
                yield f"{PARQUET}: its columns are not the one column of messages that trainers load"
                return
            for batch in rows.iter_batches(BATCH):
                name = database.register(pa.Table.from_batches([batch]))
                bad = database.rows(
                    f"SELECT n, fault FROM (SELECT row_number() OVER () AS n, {fault} AS fault FROM {name} AS t) "
                    "WHERE fault IS NOT NULL ORDER BY n LIMIT 20"
                )
                database.unregister(name)
                for number, said in bad:
                    yield f"{PARQUET}: row {row + number}: {said.replace('|', ', ').rstrip(', ')}"
                block = bytes(json_lines(database, batch))
                there = lines.read(len(block))
                if there != block:
                    pairs = enumerate(zip_longest(block.split(b"\n"), there.split(b"\n")), row + 1)
                    first = next(number for number, (mine, theirs) in pairs if mine != theirs)
                    yield f"{JSONL}: row {first} differs from {PARQUET}"
                    return
                row += batch.num_rows
            if lines.read(1):
                yield f"{JSONL}: more than the {row:,} rows of {PARQUET}"
    finally:
        database.close()


def _check_provenance(place: Path, manifest: Manifest) -> Iterator[str]:
    table = pq.read_table(place / PROVENANCE)
    identity: Any = manifest.identity
    rows = identity["mixture"]["rows"]
    for name in (JSONL, PARQUET, PROVENANCE):
        entry = manifest.files[name]
        if entry["rows"] != rows:
            yield f"{name}: {entry['rows']:,} rows, and the mixture has {rows:,}"
    if table.num_rows != rows:
        yield f"{PROVENANCE}: {table.num_rows:,} rows, and the mixture has {rows:,}"
        return
    counts = table.column("response_language").value_counts().to_pylist()
    got = {item["values"]: item["counts"] for item in counts}
    for language, figures in identity["counts"].items():
        examples = got.pop(language, 0)
        if not figures["asked"] == figures["examples"] == examples:
            yield f"{PROVENANCE}: {examples:,} examples of {language}, and the plan says {figures['asked']:,}"
    for language, examples in got.items():
        yield f"{PROVENANCE}: {examples:,} examples of {language}, which is not in the plan"
    if identity["recipe"]["content"] == "disjoint":
        encoded = table.column("id").combine_chunks().dictionary_encode()
        uses = np.bincount(encoded.indices.to_numpy(), minlength=1)
        for place_of in np.flatnonzero(uses > 1)[:20].tolist():
            name = encoded.dictionary[place_of].as_py()
            yield f"{PROVENANCE}: the instruction {name!r} occurs {uses[place_of]} times"
    digest = digest_of_rows(table, identity["files"][JSONL]["sha256"])
    if digest != identity["mixture"]["digest"]:
        yield f"{PROVENANCE}: ids and languages do not fit the digest of the mixture"
