"""export_sweep and verify_sweep: a folder with an export of each member of a sweep, and an index of them.

Files of several members that are the same are one file with several names, where the file system has hard links.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pinchmix.card.about import About
from pinchmix.errors import ArgumentError, ExportError, FolderTaken, PinchmixError, VerificationFailed, WriteFailed
from pinchmix.export import SAFE, Options, make_options, write_export
from pinchmix.exporting.folder import check_free, new_folder, place_of, put_in_place, remove_leftovers, write_text
from pinchmix.exporting.shards import PROVENANCE
from pinchmix.family import Family
from pinchmix.manifest import NAME, Manifest
from pinchmix.plugins import Exporter, Format
from pinchmix.progress import progress_bar
from pinchmix.sweep import Sweep
from pinchmix.sweep.index import INDEX, TABLE, Index
from pinchmix.verify import shards_in, verify_export

LONGEST = 100  # characters of a name, so that what is in the folder can be reached on any machine
# What Windows takes for a device, whatever comes after a dot.
DEVICES = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}


def export_sweep(
    sweep: Sweep,
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str | Format] = ("messages",),
    trainers: str | Sequence[str | Exporter] = "all",
    shards: int = 1,
    about: About | Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> Index:
    """Write every mixture of a sweep to a folder of its own, and an index; the folder appears complete, or not at all.

    Each ``folder/<member>`` is what :func:`~pinchmix.export_mixture` writes. ``index.json`` and ``index.csv`` hold of
    each member its name, digest, counts, and the languages that it has examples of (``seen``) and that only others have
    (``held_out``).

    Args:
        sweep: What to write.
        folder: Where to; must not exist, or be empty, unless ``overwrite`` is given.
        formats: As of :func:`~pinchmix.export_mixture`.
        trainers: The same.
        shards: The same.
        about: The same, of every member.
        overwrite: Replace an earlier export of a sweep, as a whole.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        The index.

    Raises:
        FolderTaken: There is something at ``folder`` that may not be replaced.
        ArgumentError: A member's name cannot be that of a folder, or an argument means nothing.
        ExportError: As of :func:`~pinchmix.export_mixture`.

    Example:
        >>> import pinchmix, tempfile
        >>> recipes = {f"p{n}": pinchmix.Recipe(pinchmix.Budget.counts({"en": 10 - n, "fi": n})) for n in (1, 2)}
        >>> sweep = pinchmix.sweep_mixtures(pinchmix.sample(), recipes)
        >>> with tempfile.TemporaryDirectory() as place:
        ...     index = export_sweep(sweep, f"{place}/out")
        ...     verify_sweep(f"{place}/out").members["p2"]["counts"]
        {'en': 8, 'fi': 2}
    """
    if not isinstance(sweep, Sweep):
        raise ArgumentError(f"export_sweep(sweep, folder): the first is a Sweep, not of type {type(sweep).__name__}.")
    target, options = place_of(folder), make_options(formats, trainers, shards, None, about)
    _check_names(list(sweep))
    check_sweep_target(target, overwrite)
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    part = None
    try:
        remove_leftovers(target)
        with new_folder(target) as part:
            index = _write(sweep, part, options, day, progress)
            check_sweep_target(target, overwrite)  # somebody else may have been faster
            put_in_place(part, target, lambda old: check_sweep_target(old, overwrite))
    except OSError as error:
        left = "" if part is None or not part.exists() else str(part)
        raise WriteFailed(str(target), error, left) from error
    return index


def _check_names(names: Sequence[str]) -> None:
    """Raise unless all names can be those of folders, on any machine."""
    odd = [
        name
        for name in names
        if not SAFE.fullmatch(name)
        or "/" in name
        or name.endswith(".")
        or len(name) > LONGEST
        or name.casefold() in (INDEX, TABLE)
        or name.casefold().partition(".")[0] in DEVICES
    ]
    if odd:
        raise ArgumentError(
            f"member {odd[0]!r} cannot be a folder on every machine; use up to {LONGEST} letters, digits and _.-, "
            "such as 'p10'."
        )
    folded = [name.casefold() for name in names]
    if twice := [name for name in names if folded.count(name.casefold()) > 1]:
        raise ArgumentError(f"{' and '.join(map(repr, twice))} would be the same folder on some machines.")


def check_sweep_target(target: Path, overwrite: bool) -> None:
    """Refuse a target that may not be written to; worth asking before a long sweep.

    Raises:
        FolderTaken: There is something at ``target`` that may not be replaced.
    """
    if not check_free(target):
        return
    if not is_sweep(target):
        raise FolderTaken(str(target), f"{target} is a folder with other things in it; choose another place.")
    if not overwrite:
        raise FolderTaken(str(target), f"{target} holds a sweep already; overwrite=True replaces it.")


def is_sweep(folder: Path) -> bool:
    """Tell whether a folder has the index of a sweep, intact or not."""
    try:
        return "index_version" in json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _write(sweep: Sweep, part: Path, options: Options, day: str, progress: bool | None) -> Index:
    members: dict[str, dict[str, Any]] = {}
    known: dict[tuple[str, int], Path] = {}
    with progress_bar("exporting", len(sweep), "member", progress) as step:
        for name, mixture in sweep.items():
            manifest = write_export(mixture, part / name, options, overwrite=False, day=day, progress=False)
            _share(part / name, manifest, known)
            counts = {tag: count for tag, count in mixture.plan.counts().items() if count}
            members[name] = {
                "mixture": mixture.digest,
                "manifest": hashlib.sha256((part / name / NAME).read_bytes()).hexdigest(),
                "examples": len(mixture),
                "instructions": int(mixture.plan.used.sum()),
                "counts": counts,
                "seen": list(counts),
                "held_out": [tag for tag in sweep.languages if tag not in counts],
            }
            step(1)
    index = Index(sweep.family.to_dict(), sweep.laws, sweep.languages, members)
    write_text(part, INDEX, index.to_bytes().decode())
    write_text(part, TABLE, index.to_csv())
    return index


def _share(folder: Path, manifest: Manifest, known: dict[tuple[str, int], Path]) -> None:
    """Give files that other members have too the same content on disk, where the file system can."""
    for name, entry in manifest.files.items():
        path, key = folder / name, (str(entry["sha256"]), int(entry["bytes"]))
        first = known.setdefault(key, path)
        if first is path:
            continue
        link = path.with_name(f"{path.name}.link")
        try:
            os.link(first, link)
        except OSError:  # no hard links here, or too many of one file: then there are two copies, as said
            known[key] = path
            continue
        link.replace(path)


def verify_sweep(folder: str | os.PathLike[str], *, progress: bool | None = None) -> Index:
    """Re-read the export of a sweep: every member as :func:`~pinchmix.verify_export` does, and the index.

    Also checked are: that the members are those of the family, with its recipes; that index and manifests say the same;
    and, where the family promises them, its laws, counted on what the members' provenance says.

    Args:
        folder: The export.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        The index, if there is nothing to complain about.

    Raises:
        VerificationFailed: There is; the error lists every fault found, with its member.
        ExportError: The folder is no export of a sweep.
    """
    place = place_of(folder)
    if not (place / INDEX).is_file():
        raise ExportError(f"{place} is no export of a sweep: there is no {INDEX} in it.")
    try:
        index = Index.of_bytes((place / INDEX).read_bytes())
    except ExportError as error:
        raise VerificationFailed(str(place), [str(error)]) from error
    try:
        family = Family.from_dict(index.family)
    except (PinchmixError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        said = f"{INDEX}: its family is none: {' '.join(str(error).splitlines()[:1])}"
        raise VerificationFailed(str(place), [said]) from error
    faults = list(_index_faults(place, index, family))
    with progress_bar("verifying", len(index.members), "member", progress) as step:
        for name, member in index.members.items():
            faults += _member_faults(place, name, member, index, family)
            step(1)
    if not faults:
        faults += law_faults(place, family)
    if faults:
        raise VerificationFailed(str(place), faults)
    return index


def _index_faults(place: Path, index: Index, family: Family) -> Iterator[str]:
    expected = {INDEX, TABLE, *index.members}
    found = {path.name: path for path in place.iterdir()}
    yield from (f"{name} is missing" for name in sorted(expected - found.keys()))
    yield from (f"{name} is not in the index" for name in sorted(found.keys() - expected))
    yield from (f"{name} is a link to another place" for name in sorted(found) if found[name].is_symlink())
    if TABLE in found and (not found[TABLE].is_file() or found[TABLE].read_bytes() != index.to_csv().encode()):
        yield f"{TABLE} does not say what {INDEX} says"
    if list(index.members) != list(family.members):
        yield f"{INDEX}: the members are not those of the family"
        return
    if list(index.languages) != list(dict.fromkeys(tag for one in index.members.values() for tag in one["seen"])):
        yield f"{INDEX}: the languages are not those of the members"
    first = next(iter(index.members.values()))
    if dict(index.laws) != family.found(first["instructions"]):
        yield f"{INDEX}: the laws are not those of the family"


def _member_faults(place: Path, name: str, member: Mapping[str, Any], index: Index, family: Family) -> list[str]:
    if not (place / name / NAME).is_file():
        return [f"{name}: there is no {NAME} in it"] if (place / name).exists() else []
    if hashlib.sha256((place / name / NAME).read_bytes()).hexdigest() != member["manifest"]:
        return [f"{name}: its {NAME} is another than the index says"]
    try:
        manifest = verify_export(place / name, progress=False)
    except VerificationFailed as error:
        return [f"{name}: {fault}" for fault in error.faults]
    identity = manifest.identity
    counts: dict[str, int] = {}
    for figures in manifest.counts.values():
        for tag, line in figures.items():
            counts[tag] = counts.get(tag, 0) + line["examples"]
    seen = {tag: count for tag, count in counts.items() if count}
    recipe = {key: part for key, part in identity["recipe"].items() if key != "digest"}
    of_family = {**index.family, "member": name} if family.laws else None
    said = {
        "its mixture": (identity["mixture"]["digest"], member["mixture"]),
        "its examples": (identity["mixture"]["rows"], member["examples"]),
        "its instructions": (identity["mixture"]["instructions"], member["instructions"]),
        "its counts": (seen, member["counts"]),
        "the languages seen": (list(member["counts"]), member["seen"]),
        "the languages held out": ([tag for tag in index.languages if tag not in seen], member["held_out"]),
        "its recipe": (recipe, index.family["members"].get(name)),
        "its family": (identity["family"], of_family),
    }
    return [f"{name}: {what} and the index differ" for what, (one, other) in said.items() if one != other]


def law_faults(place: Path, family: Family) -> list[str]:
    """Return where the provenance of exported members shows that a family's laws are not kept."""
    faults: list[str] = []
    names = list(family.members)
    if family.constant:
        first = _held(place / names[0]).column("unit")
        for name in names[1:]:
            unit = _held(place / name).column("unit")
            if len(unit) != len(first) or not pc.all(pc.is_in(unit, first)).as_py():
                faults.append(f"{name}: it does not hold the instructions of {names[0]}, and the family is constant")
    for chain in family.nested:
        for one, other in pairwise(chain):
            a, b = _held(place / one), _held(place / other)
            both = _sizes(a.filter(pc.is_in(a.column("cell"), b.column("cell"))))
            mine, theirs = _sizes(a), _sizes(b)
            faults += [
                f"{other}: its cells of {tag} and those of {one} do not nest"
                for tag in sorted(mine.keys() & theirs.keys())
                if both.get(tag, 0) != min(mine[tag], theirs[tag])
            ]
    return faults


SIGN = "\x1f"  # between the parts of a key; no id that was read has it at its end and a language after it


def _held(folder: Path) -> pa.Table:
    """Return what tells the instructions (unit) and cells of an export apart, with their split, and the languages."""
    manifest = Manifest.of_bytes((folder / NAME).read_bytes())
    parts = []
    for shard in shards_in(manifest):
        read = pq.read_table(folder / PROVENANCE.format(shard.name), columns=["id", "response_language"])
        key, language = (read.column(name).cast(pa.large_string()) for name in ("id", "response_language"))
        split, sign = (pa.scalar(text, pa.large_string()) for text in (shard.split, SIGN))
        unit = pc.binary_join_element_wise(key, split, sign)
        cell = pc.binary_join_element_wise(unit, language, sign)
        parts.append(pa.table({"unit": unit, "cell": cell, "language": language}))
    return pa.concat_tables(parts)


def _sizes(held: pa.Table) -> dict[str, int]:
    found = pc.value_counts(held.column("language").combine_chunks()).to_pylist()
    return {item["values"]: item["counts"] for item in found}
