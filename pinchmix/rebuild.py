"""rebuild_mixture: the same mixture again from a manifest and a source, and what became of the source since."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pinchmix.build import build_mixture
from pinchmix.card.card import NAME as CARD
from pinchmix.errors import (
    ArgumentError,
    BudgetError,
    ExportError,
    RebuildFailed,
    SourceError,
    SourceNotFound,
    UnknownLanguage,
)
from pinchmix.export import Options, check_target, make_options, write_export
from pinchmix.exporting.folder import place_of
from pinchmix.exporting.shards import PROVENANCE
from pinchmix.grid import Grid
from pinchmix.manifest import NAME, Manifest
from pinchmix.mixture import Mixture
from pinchmix.own import Held
from pinchmix.plugins import Exporter, Format
from pinchmix.recipe import Recipe
from pinchmix.rows import json_lines
from pinchmix.scan import scan_source
from pinchmix.sources.database import Database
from pinchmix.sources.source import SourceFile, open_source
from pinchmix.sweep import sweep_mixtures
from pinchmix.text.wording import listing, number_of
from pinchmix.verify import shards_in
from pinchmix.weave import tags_of

SHOWN = 10  # ids that a text names


class CellChanges(NamedTuple):
    """What became of the chosen cells; each is ``"id in language"``.

    Attributes:
        texts: Those with another text.
        gone: Those that are not chosen again.
        new: Those that are chosen in their place.
    """

    texts: tuple[str, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Rebuilt:
    """A mixture that was built again, with what is different.

    Attributes:
        mixture: The mixture; its digest is that of the manifest.
        manifest: That of the new export, or None where none was asked for.
        changed: Source files whose content is another, that are missing, or that are new: name → what happened.
        files: Files of the export that are not byte for byte the same, and why that is all right.
    """

    mixture: Mixture
    manifest: Manifest | None
    changed: Mapping[str, str]
    files: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"the same mixture: {number_of(len(self.mixture), 'example')}, digest {self.mixture.digest}"]
        if self.changed:
            lines.append("the source changed, and the mixture is not affected:")
            lines += [f"  {name}: {what}" for name, what in self.changed.items()]
        lines += [f"{name}: {why}" for name, why in self.files.items()]
        if self.manifest is not None and not self.files:
            lines.append(f"{number_of(len(self.manifest.files), 'file')}, each the same byte for byte")
        return "\n".join(lines)


def rebuild_mixture(
    export: str | os.PathLike[str] | Manifest,
    source: Any,
    *,
    out: str | os.PathLike[str] | None = None,
    tokenizer: Any = None,
    exclude: Any = None,
    columns: Mapping[str, str] | None = None,
    join: str | None = None,
    root: str | os.PathLike[str] | None = None,
    plugins: Sequence[Any] = (),
    overwrite: bool = False,
    progress: bool | None = None,
) -> Rebuilt:
    """Build the mixture of a manifest again, and prove that it is the same.

    The source may be in another form than it was: what counts is which instructions exist in which languages, and what
    they say.

    Args:
        export: A folder with a manifest, the manifest file, or a manifest. With the folder, errors name what changed.
        source: The parallel data, as of :func:`~pinchmix.build_mixture`.
        out: Where to export it again, with the options of the first time; not at all by default.
        tokenizer: What counted tokens, where the budget is in tokens.
        exclude: What was excluded, where anything was.
        columns: As of :func:`~pinchmix.build_mixture`; what was said the first time by default.
        join: The same.
        root: Where the folder will stand, if that was said the first time: the manifest knows no places.
        plugins: What was given as an object the first time: samplers, checks, language backends, allocators, formats,
            exporters. The manifest lists under ``identity.own`` what does not come with pinchmix; of that, what an
            entry point declares is found without.
        overwrite: As of :func:`~pinchmix.export_mixture`.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        The mixture, and what is different in files that do not affect it.

    Raises:
        RebuildFailed: The source gives another mixture now; the error names files and ids.
        ExportError: There is no manifest.
        UnknownPlugin: A plugin of the first time cannot be found by its name.
        SourceNotFound: There is nothing at all where ``source`` says.
        ArgumentError: The tokenizer, the exclusion, a plugin or the root is not the one of the first time, or is
            missing, or means nothing here.
        FolderTaken: There is something at ``out``.

    Example:
        >>> import pinchmix, tempfile
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 5, "fi": 1}, validate=False)
        >>> with tempfile.TemporaryDirectory() as place:
        ...     manifest = pinchmix.export_mixture(mix, f"{place}/one")
        ...     rebuilt = rebuild_mixture(f"{place}/one", pinchmix.sample(), out=f"{place}/two")
        >>> rebuilt.mixture.digest == mix.digest, dict(rebuilt.files)
        (True, {})
    """
    manifest, folder = read_manifest(export)
    if faults := manifest.faults():
        raise ExportError(f"{NAME} has another shape than a manifest: {listing(faults, SHOWN)}.")
    identity, reading = manifest.identity, manifest.source["reading"]
    if out is None and (root is not None or overwrite):
        said_too = f"root={os.fspath(root)!r}" if root is not None else "overwrite=True"
        raise ArgumentError(f"{said_too} is about a new export, and out= names no folder for one: add it, or leave it.")
    held = Held(plugins)
    options = None if out is None else _options(manifest, root, held)
    if out is not None:
        check_target(place_of(out), overwrite)
    said: dict[str, Any] = {
        "columns": reading["columns"] or None if columns is None else columns,
        "join": reading["join"] if join is None else join,
    }
    again: dict[str, Any] = {
        **said,
        "tokenizer": tokenizer,
        "exclude": exclude,
        "on_bad_rows": reading["on_bad_rows"],
        "plugins": [one for one in plugins if not isinstance(one, (Format, Exporter))],
        "progress": progress,
    }
    try:
        if member := manifest.member:  # what the others take decides what is left for it
            mixture = sweep_mixtures(source, member.family, **again)[member.name]
        else:
            recipe = {name: part for name, part in identity["recipe"].items() if name != "digest"}
            mixture = build_mixture(source, Recipe.from_dict(recipe), partial=identity["partial"], **again)
    except (BudgetError, SourceError, UnknownLanguage) as error:
        read = _what_is_gone(manifest, folder, source, said)
        if isinstance(error, SourceNotFound) and read is None:
            raise  # a place that is none says nothing of what became of the source
        changed, gone = read or ({}, None)
        lines = [
            f"the source does not give this mixture any more: {error}",
            *(f"  {name} {what}" for name, what in changed.items()),
            *([f"  not there any more: {listing(gone.gone, SHOWN)}"] if gone and gone.gone else []),
        ]
        raise RebuildFailed("\n".join(lines), changed, gone) from error
    changed = source_changes(manifest, mixture.report.files)
    if mixture.digest != identity["mixture"]["digest"]:
        cells = None if folder is None else cell_changes(folder, manifest, mixture)
        raise RebuildFailed(_told(manifest, mixture, changed, cells), changed, cells)
    if out is None or options is None:
        return Rebuilt(mixture, None, changed, {})
    new = write_export(mixture, place_of(out), options, overwrite=overwrite, day=_day(manifest), progress=progress)
    return Rebuilt(mixture, new, changed, _file_differences(manifest, new, changed))


def read_manifest(export: str | os.PathLike[str] | Manifest) -> tuple[Manifest, Path | None]:
    """Return a manifest, and the export that it stands in, if it stands in one."""
    if isinstance(export, Manifest):
        return export, None
    try:
        place = Path(export).expanduser()
    except (RuntimeError, TypeError) as error:
        raise ArgumentError(f"export={export!r}: give a folder with a manifest, or its manifest.") from error
    file = place / NAME if place.is_dir() else place
    if not file.is_file():
        raise ExportError(f"{place} is no export: there is no {NAME} in it.")
    manifest = Manifest.of_bytes(file.read_bytes())
    there = (file.parent / name for name in manifest.source["files"])
    return manifest, file.parent if all(path.is_file() for path in there) else None


def source_changes(manifest: Manifest, files: Sequence[SourceFile]) -> dict[str, str]:
    """Return which source files are not what they were: name → what happened.

    None of them is known where the source is in another form, and none of its files has a name or the content of that
    time.
    """
    before = manifest.source["read"]
    now = {file.name: file for file in files}
    digests = {name: file.sha256()[0] for name, file in now.items()}
    lost = {before[name]["sha256"]: name for name in sorted(before.keys() - now.keys())}
    renamed = {lost[digests[name]]: name for name in now.keys() - before.keys() if digests[name] in lost}
    if not renamed and not before.keys() & now.keys():
        return {}
    changed = {}
    for name in sorted(before.keys() | now.keys() - set(renamed.values())):
        if name in renamed:
            changed[name] = f"is called {renamed[name]} now"
        elif name not in now:
            changed[name] = "is missing"
        elif name not in before:
            changed[name] = "is new"
        elif digests[name] != before[name]["sha256"]:
            rows = before[name]["rows"], now[name].rows
            grown = f", {rows[0]:,} rows then and {rows[1]:,} now" if rows[0] != rows[1] else ""
            changed[name] = f"has another content{grown}"
    return changed


def _what_is_gone(
    manifest: Manifest, folder: Path | None, source: Any, said: Mapping[str, Any]
) -> tuple[dict[str, str], CellChanges | None] | None:
    """Return what became of the files and the chosen cells of a source of which nothing could be built.

    None where it cannot even be read.
    """
    database = Database()
    try:
        opened = open_source(source, database, **said)
        changed = source_changes(manifest, opened.files)
        if folder is None:
            return changed, None
        grid = scan_source(opened, database).grid
    except SourceError:  # why, the error of the build tells
        return None
    gone: list[str] = []
    for shard in shards_in(manifest):
        table = pq.read_table(folder / PROVENANCE.format(shard.name), columns=["id", "column"])
        for language in pc.unique(table.column("column")).to_pylist():
            chosen = pc.unique(table.filter(pc.field("column") == language).column("id"))
            there = grid.ids.take(pa.array(_instructions_in(grid, language)))
            lost = chosen.filter(pc.invert(pc.is_in(chosen.cast(there.type), there)))
            gone += [f"{key} in {language}" for key in lost.to_pylist()]
    return changed, CellChanges((), tuple(sorted(gone)), ())


def _instructions_in(grid: Grid, column: str) -> npt.NDArray[np.intp]:
    """Return the places of the instructions that exist in all languages that a column is made of."""
    there = np.ones(len(grid.ids), dtype=bool)
    for tag in tags_of([column]):
        number = grid.languages.index(tag) if tag in grid.languages else -1
        there &= np.isin(np.arange(len(grid.ids)), grid.instruction[grid.language == number])
    return np.flatnonzero(there)


def cell_changes(folder: Path, manifest: Manifest, mixture: Mixture) -> CellChanges:
    """Compare the chosen cells with those that the provenance of an export has."""
    before: dict[str, str] = {}
    for shard in shards_in(manifest):
        table = pq.read_table(folder / PROVENANCE.format(shard.name), columns=["id", "column", "digest"])
        before.update(zip(_cells(table), table.column("digest").to_pylist(), strict=True))
    now: dict[str, str] = {}
    database = Database(keep_order=True)
    try:
        for batch in mixture.rows.batches(["id", "column", "messages"]):
            digests = json_lines(database, batch.select(["messages"]), digests=True).digests
            assert digests is not None
            now.update(zip(_cells(pa.Table.from_batches([batch])), digests.to_pylist(), strict=True))
    finally:
        database.close()
    both = before.keys() & now.keys()
    return CellChanges(
        tuple(sorted(cell for cell in both if before[cell] != now[cell])),
        tuple(sorted(before.keys() - both)),
        tuple(sorted(now.keys() - both)),
    )


def _cells(table: pa.Table) -> list[str]:
    ids, languages = (table.column(name).to_pylist() for name in ("id", "column"))
    return [f"{key} in {language}" for key, language in zip(ids, languages, strict=True)]


def _told(manifest: Manifest, mixture: Mixture, changed: Mapping[str, str], cells: CellChanges | None) -> str:
    """Return why another mixture came out."""
    grid = manifest.identity["grid"]
    lines = [
        f"another mixture: digest {mixture.digest}, and the manifest says {manifest.identity['mixture']['digest']}",
        *(f"  {name} {what}" for name, what in changed.items()),
    ]
    if grid["digest"] != mixture.grid.digest:
        now = f"{number_of(len(mixture.grid), 'good cell')} of {number_of(len(mixture.grid.ids), 'instruction')}"
        lines.append(
            f"  which instructions exist in which languages is not what it was: {now} now, "
            f"{grid['cells']:,} of {grid['instructions']:,} then"
        )
    for what, names in zip(("another text", "not chosen any more", "chosen instead"), cells or (), strict=False):
        lines += [f"  {what}: {listing(names, SHOWN)}"] if names else []
    if cells is not None and not any(cells):
        lines.append("  the same cells with the same texts, in another order or in other splits")
    versions = {**manifest.identity["plugins"]}
    other = {name: now for name, now in mixture.report.plugins.items() if versions.get(name, now) != now}
    lines += [f"  {name} was of version {versions[name]}, and is of {now}" for name, now in other.items()]
    return "\n".join(lines)


def _options(manifest: Manifest, root: Any, held: Held) -> Options:
    """Return how a mixture was exported the first time."""
    said = manifest.identity["export"]
    if said["rooted"] and root is None:
        raise ArgumentError("the settings of trainers had absolute paths, and a manifest knows no places: give root=.")
    if root is not None and not said["rooted"]:
        raise ArgumentError(f"root={root!r}: the settings of trainers had relative paths; leave root= out.")
    formats, trainers = held.named("formats", said["formats"]), held.named("exporters", said["trainers"])
    return make_options(formats, trainers, said["shards"], root, said["about"])


def _day(manifest: Manifest) -> str:
    """Return the day of the first export."""
    created = manifest.provenance["created"]
    try:
        return datetime.datetime.fromisoformat(created).date().isoformat()
    except ValueError as error:
        raise ExportError(f"{NAME}: provenance.created: {created!r} is no time ({error}).") from error


def _file_differences(one: Manifest, other: Manifest, changed: Mapping[str, str]) -> dict[str, str]:
    """Return which files of an export are not byte for byte the same though the mixture is, and why."""
    found = {}
    versions = [manifest.provenance["libraries"]["pyarrow"] for manifest in (one, other)]
    form = "another form of source, so another file and row for each example"
    for name in sorted(one.files.keys() | other.files.keys()):
        entries = [manifest.files.get(name) for manifest in (one, other)]
        if entries[0] == entries[1]:
            continue
        if None in entries:
            found[name] = "only in one of the two exports"
        elif name in one.source["files"] and one.source["read"].keys() != other.source["read"].keys():
            found[name] = form
        elif name in one.source["files"] and changed:
            found[name] = "the rows stand at other places of the changed source"
        elif name in one.source["files"] and not one.source["read"]:
            found[name] = "the rows may stand at other places of a table in memory"
        elif name.endswith(".parquet") and versions[0] != versions[1]:
            found[name] = f"the same rows, written by pyarrow {versions[1]} instead of {versions[0]}"
        elif name in one.provenance["files"]:
            found[name] = "names the digests of the files above"
        elif name == CARD and one.identity["grid"] != other.identity["grid"]:
            found[name] = "tells how much there is in the changed source"
        elif name.startswith("trainers/") and one.identity["export"]["rooted"]:
            found[name] = "holds the root, which a manifest does not know"
        else:
            found[name] = "other bytes"
    return found
