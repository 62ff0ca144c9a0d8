"""verify_export: re-reads every byte of an export and names whatever is not as it should be."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import pyarrow as pa

from pinchmix.card.account import recipe_file_of
from pinchmix.errors import ArgumentError, ExportError, PinchmixError, UnknownPlugin, VerificationFailed
from pinchmix.export import TRAINERS, exported_like
from pinchmix.exporting.provenance import Origins, faults_of
from pinchmix.exporting.shards import JSONL, PARQUET, PROVENANCE, Shard, shards_of
from pinchmix.manifest import NAME, Manifest
from pinchmix.plugins import BUILT_IN, Exporter, find_plugin
from pinchmix.progress import progress_bar
from pinchmix.recipe import Recipe
from pinchmix.recipe_text.writing import NAME as RECIPE
from pinchmix.rows import digest_of_rows
from pinchmix.text.wording import listing, number_of
from pinchmix.verifying.consistency import consistency_faults
from pinchmix.verifying.figures import figure_faults, listing_faults
from pinchmix.verifying.rereading import Reread, reread_shard

BLOCK = 1 << 20
ROOT = "/pinchmix-does-not-know-where"  # stands for the place of a folder that its manifest does not tell


def verify_export(folder: str | os.PathLike[str], *, progress: bool | None = None) -> Manifest:
    """Re-read an export and compare all of it with its manifest and with itself.

    Checked are: the manifest against its own digest, its schema and itself; that no file is missing or extra; size and
    SHA-256 of each; that ``recipe.yaml`` is the text of the recipe; that JSONL, Parquet and every other format hold the
    same rows in the same order; that each row is a conversation a trainer can use; that provenance has as many rows,
    with the digest of each row's text, in the order that the seed gives, the counts of the plan in each split and
    language in every unit, copies numbered from 1 up to the recipe's ``repeat``, no instruction in two splits, and as
    many languages an instruction as the content policy allows; and the mixture's digest.

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
    faults = [f"{NAME}: {fault}" for fault in manifest.faults()]
    if faults:
        raise VerificationFailed(str(place), faults)
    try:
        shards = shards_in(manifest)
        faults.extend(_check_files(place, manifest, progress))
        broken = {fault.split(": ", 1)[0] for fault in faults}
        faults.extend((*_check_listing(manifest, shards), *listing_faults(manifest, shards), *figure_faults(manifest)))
        faults.extend(_check_recipe(place, manifest))
        faults.extend((*_check_settings(place, manifest, shards), *_check_versions(manifest)))
        rows = _check_rows(place, manifest, shards, broken, faults)
        if rows is not None:
            faults.extend(_check_provenance(place, manifest, shards, rows))
    except (pa.ArrowException, OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        # A manifest or a file of another shape, with a digest that fits: the checks above take the shape for granted.
        said = " ".join(str(error).splitlines()[:1])
        faults.append(f"{NAME} and the files cannot be compared: {type(error).__name__}: {said}")
    if faults:
        raise VerificationFailed(str(place), faults)
    return manifest


def shards_in(manifest: Manifest) -> tuple[Shard, ...]:
    """Return which rows of an export are in which files, by the counts of its plan."""
    rows = {
        split: sum(figures["examples"] for figures in languages.values())
        for split, languages in manifest.counts.items()
    }
    return shards_of(rows, manifest.identity["export"]["shards"])


def _check_listing(manifest: Manifest, shards: tuple[Shard, ...]) -> Iterator[str]:
    """Compare the files that the manifest lists with those that an export of its plan has."""
    forms = [JSONL.format(form, "{}") for form in manifest.identity["export"]["formats"]]
    for shard in shards:
        for required in (form.format(shard.name) for form in (*forms, PARQUET, PROVENANCE)):
            if required not in manifest.files:
                yield f"{required}: the manifest does not list it"
            elif (listed := manifest.files[required]["rows"]) != shard.rows:
                yield (
                    f"{required}: {number_of(listed, 'row')} according to the manifest, and the plan gives "
                    f"{shard.rows:,}"
                )


def _check_files(place: Path, manifest: Manifest, progress: bool | None) -> Iterator[str]:
    expected = manifest.files
    found = {
        path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    found.pop(NAME)
    for name in sorted(found.keys() - expected.keys()):
        yield f"{name}: an extra file, which the manifest does not know"
    parents = {parent.as_posix() for name in (*expected, *found) for parent in PurePosixPath(name).parents}
    folders = {
        path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_dir() and not path.is_symlink()
    }
    for name in sorted(folders - parents):
        yield f"{name}: an extra folder"
    with progress_bar("verifying", sum(entry["bytes"] for entry in expected.values()), "B", progress) as step:
        for name, entry in sorted(expected.items()):
            if name not in found:
                yield f"{name}: missing"
                continue
            if found[name].is_symlink():
                yield f"{name}: a link, not a file"
                continue
            if not found[name].is_file():  # a pipe would be waited for without end
                yield f"{name}: no regular file"
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


def _check_recipe(place: Path, manifest: Manifest) -> Iterator[str]:
    """Compare the recipe's file with the recipe in the manifest."""
    if RECIPE not in manifest.files:
        yield f"{RECIPE}: the manifest does not list it"
    said = {name: part for name, part in manifest.identity["recipe"].items() if name != "digest"}
    with suppress(PinchmixError):  # which is a fault of the manifest, and told as one
        family = manifest.identity["family"]
        text = recipe_file_of(Recipe.from_dict(said), family and (family["name"], family["member"]))
        if (place / RECIPE).is_file() and (place / RECIPE).read_bytes() != text.encode():
            yield f"{RECIPE}: not the text of the recipe in the manifest"


def _check_settings(place: Path, manifest: Manifest, shards: tuple[Shard, ...]) -> Iterator[str]:
    """Compare the settings of trainers with what their exporters write, where these are at hand in the same version."""
    export = manifest.identity["export"]
    held: list[Exporter] = []
    for name in export["trainers"]:
        with suppress(UnknownPlugin):
            exporter: Exporter = find_plugin("exporters", name)
            if str(exporter.version) == manifest.identity["plugins"].get(f"exporters/{name}"):
                held.append(exporter)

    def written(exporter: Exporter, root: str) -> dict[str, str]:
        like = exported_like(manifest.identity["mixture"]["digest"], root, shards, export["formats"])
        return {TRAINERS.format(file): text for file, text in exporter.files(like).items()}

    # Where it is to stand, the settings alone tell.
    root = _root_in(place, held, written) if export["rooted"] else ""
    if root is None:
        yield f"{NAME}: identity.export: rooted, and no settings hold a place as exporters write it"
        return
    for exporter in held:
        for file, text in sorted(written(exporter, root).items()):
            if (place / file).is_file() and (place / file).read_bytes() != text.encode():
                where = f" that stands at {root}" if root else ""
                yield f"{file}: not what the exporter {exporter.name} writes for this mixture{where}"
            if file not in manifest.files:
                yield f"{file}: the manifest does not list it"


def _root_in(
    place: Path, held: Sequence[Exporter], written: Callable[[Exporter, str], Mapping[str, str]]
) -> str | None:
    """Return the place at which settings look for the data; "" if no exporter is at hand, None if none holds one."""
    known: str | None = ""
    for exporter in held:
        for file, text in sorted(written(exporter, ROOT).items()):
            if ROOT not in text or not (place / file).is_file():
                continue
            known = None
            content = (place / file).read_bytes().decode(errors="replace")
            first, *others = map(re.escape, text.split(ROOT))
            found = re.fullmatch(rf"{first}(?P<root>[^\n]*?){'(?P=root)'.join(others)}", content)
            # As it stands there, or as JSON and YAML write it.
            for root in () if found is None else (found["root"] or "/", *_unescaped(found["root"])):
                if PurePath(root).is_absolute() and written(exporter, root).get(file) == content:
                    return root
    return known


def _unescaped(text: str) -> Iterator[str]:
    with suppress(ValueError):
        yield str(json.loads(f'"{text}"'))


def _check_versions(manifest: Manifest) -> Iterator[str]:
    """Compare the versions of built-in plugins with those here, where the manifest is of this very pinchmix."""
    if manifest.provenance["libraries"]["pinchmix"] != version("pinchmix"):
        return
    recipe = manifest.identity["recipe"]
    settings = {f"validators/{check['name']}": check["settings"] for check in recipe["validators"]}
    settings[f"samplers/{recipe['sampler']}"] = recipe["settings"]
    for key, said in manifest.identity["plugins"].items():
        shelf, _, name = key.partition("/")
        if name not in BUILT_IN.get(shelf, ()) or key == "validators/language":  # whose version is its backends'
            continue
        here = str(find_plugin(shelf, name, **settings.get(key, {})).version)
        if here != said:
            yield f"{NAME}: {key} is said to be of version {said}, and that of pinchmix {version('pinchmix')} is {here}"


def _check_rows(
    place: Path, manifest: Manifest, shards: tuple[Shard, ...], broken: set[str], faults: list[str]
) -> dict[str, Reread] | None:
    """Compare the rows of all forms, shard by shard; add what is wrong to the faults.

    Returns:
        Shard → its provenance and the SHA-256 of its text, or None where some could not be read.
    """
    found: dict[str, Reread] = {}
    formats = manifest.identity["export"]["formats"]
    for shard in shards:
        if {PARQUET.format(shard.name), PROVENANCE.format(shard.name)} & broken:
            continue
        # A JSONL file that was changed is compared all the same, to name the row.
        there = [form for form in formats if (place / JSONL.format(form, shard.name)).is_file()]
        reread = reread_shard(place, shard, there, manifest)
        faults.extend(reread.faults)
        if reread.origin is not None:
            found[shard.name] = reread
    return found if len(found) == len(shards) and not any(reread.faults for reread in found.values()) else None


def _check_provenance(
    place: Path, manifest: Manifest, shards: tuple[Shard, ...], rows: dict[str, Reread]
) -> Iterator[str]:
    identity: Any = manifest.identity
    tables = {name: reread.origin for name, reread in rows.items() if reread.origin is not None}
    total = sum(table.num_rows for table in tables.values())
    together = listing([PROVENANCE.format(name) for name in tables])
    if total != identity["mixture"]["rows"]:
        yield f"{together}: {number_of(total, 'row')}, and the mixture has {identity['mixture']['rows']:,}"
    yield from _check_figures(manifest)
    yield from _check_sizes(manifest, shards, rows)
    of_shard = {shard.name: shard.split for shard in shards}
    origins = Origins.of_tables(tables, of_shard)
    yield from faults_of(origins, identity, manifest.counts)
    yield from consistency_faults(manifest, tables, origins)
    whole = pa.concat_tables(
        table.append_column("split", pa.repeat(of_shard[name], table.num_rows)) for name, table in tables.items()
    )
    texts = []
    for split in manifest.splits:
        mine = [shard for shard in shards if shard.split == split]
        if not mine:
            continue
        state = hashlib.sha256()
        for shard in mine if len(mine) > 1 else ():
            with (place / JSONL.format("messages", shard.name)).open("rb") as file:
                while block := file.read(BLOCK):
                    state.update(block)
        one = manifest.files[JSONL.format("messages", mine[0].name)]["sha256"]
        texts += [state.hexdigest() if len(mine) > 1 else one] if sum(shard.rows for shard in mine) else []
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


def _check_sizes(manifest: Manifest, shards: tuple[Shard, ...], rows: dict[str, Reread]) -> Iterator[str]:
    """Compare what the rows come to, in characters, bytes and tokens, with what the manifest says of each language."""
    unit = manifest.identity["recipe"]["budget"].get("unit", "examples")
    units = {name: name for name in ("characters", "bytes")}
    units |= {"tokens": "tokens", "given": "tokens"} if unit == "tokens" else {}
    units |= {"given": "given"} if unit in ("characters", "bytes") else {}
    for split, languages in manifest.counts.items():
        mine = [rows[shard.name] for shard in shards if shard.split == split]
        for language, figures in languages.items():
            for name, measured in units.items():
                come = sum(reread.sizes[measured].get(language, 0) for reread in mine)
                if come != figures[name]:
                    yield f"{NAME}: {split}: {name} of {language} is {figures[name]:,}, and the rows come to {come:,}"
