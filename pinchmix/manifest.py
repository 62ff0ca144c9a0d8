"""The manifest: everything needed to know what a mixture is and to check an export of it.

Three blocks: ``identity`` says what the mixture is, whatever form the source has, and is the same on every run;
``source`` says which files it was read from, and ``provenance`` when, how and with which programs. Each lists the files
of the export that say the same: the rows and settings, the rows' origin, and the metadata with the day. No path in it
is absolute.
"""

from __future__ import annotations

import datetime
import json
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import PurePath
from typing import Any, NamedTuple

from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ExportError
from pinchmix.family import Family, Member
from pinchmix.mixture import Mixture
from pinchmix.own import own_note, own_parts
from pinchmix.recipe import WHOLE
from pinchmix.schemas import read_schema
from pinchmix.schemas.shape import shape_faults

VERSION = 1
NAME = "manifest.json"
# An absolute path, at the start or after a sign or a blank.
PLACE = re.compile(r"""(?<![^=:,;\s"'\[({])(?:/|~|\\\\|[A-Za-z]:[\\/])[^,;"'\])}]*""")
Entries = Mapping[str, Mapping[str, Any]]
LIBRARIES = ("pinchmix", "duckdb", "numpy", "pyarrow", "scipy", "langdetect", "langcodes")


@dataclass(frozen=True)
class Manifest:
    """What a mixture is, what it was made from, and what its files are.

    Attributes:
        identity: Recipe, grid, mixture, the family that it was chosen with (None for a mixture of its own), counts by
            language (by split, then language, where there are several), rows, what was excluded, whether less was given
            than asked, plugins, how it was exported, and the files that follow from that with their SHA-256.
        source: The files that were read (``read``), how (``reading``), and the files that say where each row was.
        provenance: Time, versions, command, and the files that depend on the day.
    """

    identity: Mapping[str, Any]
    source: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """Path in the export → sha256, bytes and rows."""
        return {**self.identity["files"], **self.source["files"], **self.provenance["files"]}

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, as the recipe has them."""
        return tuple(name for name, _ in self.identity["recipe"]["split"]) or (WHOLE,)

    @property
    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Split, in the recipe's order, → language → the figures of the plan; for one split too."""
        counts = self.identity["counts"]
        if len(self.splits) == 1:
            return {self.splits[0]: dict(counts)}
        return {**{split: counts[split] for split in self.splits}, **counts}  # in the recipe's order

    @property
    def member(self) -> Member | None:
        """Which member of which family the mixture is, or None for one of its own."""
        said = self.identity["family"]
        if said is None:
            return None
        return Member(Family.from_dict({key: part for key, part in said.items() if key != "member"}), said["member"])

    @property
    def notes(self) -> list[str]:
        """What who makes the mixture again must know beforehand, a sentence each.

        Example:
            >>> Manifest({"own": ["validators/shouting"]}, {}, {}).notes[0][:51]
            'validators/shouting does not come with pinchmix: to'
        """
        own = self.identity.get("own", ())
        return [own_note(own)] if own else []

    def faults(self) -> list[str]:
        """Return where its shape is not that of the schema, each by its place; most of what reads it relies on that.

        Example:
            >>> Manifest({"files": {}}, {"files": {}}, {"files": {}}).faults()[0]
            'identity: recipe is missing'
        """
        return list(shape_faults(json.loads(self.to_bytes()), read_schema("manifest")))

    def to_bytes(self) -> bytes:
        """Return the one text of the manifest, with the digest of its blocks.

        Example:
            >>> Manifest.of_bytes(Manifest(*[{"files": {}}] * 3).to_bytes()).files
            {}
        """
        blocks = {"identity": self.identity, "source": self.source, "provenance": self.provenance}
        whole = {"manifest_version": VERSION, **blocks, "digest": digest_of(canonical_bytes(blocks))}
        return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def of_bytes(cls, content: bytes) -> Manifest:
        """Return the manifest that a text holds.

        Raises:
            ExportError: The text is no manifest, is of another version, or is not as it was written.
        """
        try:
            whole = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ExportError(f"{NAME} is not JSON ({error}).") from error
        if not isinstance(whole, dict) or whole.get("manifest_version") != VERSION:
            found = whole.get("manifest_version") if isinstance(whole, dict) else None
            raise ExportError(f"{NAME} is of version {found!r}, and this pinchmix reads version {VERSION}.")
        blocks = [whole.get(name) for name in ("identity", "source", "provenance")]
        if not all(isinstance(block, dict) for block in blocks):
            raise ExportError(f"{NAME} lacks one of its blocks: identity, source, provenance.")
        manifest = cls(*blocks)  # type: ignore[arg-type]
        try:
            same = manifest.to_bytes() == content
        except (ValueError, RecursionError):  # NaN, half a character, depth: JSON can hold what no manifest does
            same = False
        if not same:
            raise ExportError(f"{NAME} is not as it was written: its digest does not fit its content.")
        return manifest


def is_manifest(content: bytes) -> bool:
    """Tell whether a text is a manifest of any version, intact or not; others use the same file name.

    Example:
        >>> is_manifest(b'{"name": "a browser extension", "manifest_version": 3}')
        False
    """
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(whole, dict) and {"manifest_version", "identity", "source", "provenance"} <= whole.keys()


class Exporting(NamedTuple):
    """How a mixture was exported, and the files that were written.

    Attributes:
        options: The arguments of the export, as plain data; no place is among them.
        plugins: Shelf and name → version, of formats and exporters.
        files: Rows and settings: path → sha256, bytes and rows.
        origin: The files that say which row came from where, likewise.
        dated: The files that depend on the day, likewise.
        read: Name of each source file → sha256, bytes and rows.
        created: When.
    """

    options: Mapping[str, Any]
    plugins: Mapping[str, str]
    files: Entries
    origin: Entries
    dated: Entries
    read: Entries
    created: datetime.datetime


def make_manifest(mixture: Mixture, exporting: Exporting) -> Manifest:
    """Return the manifest of an export."""
    plan, report = mixture.plan, mixture.report
    excluded = report.excluded
    own = own_parts(plan.recipe.to_dict(), exporting.options)
    identity = {
        "recipe": {**plan.recipe.to_dict(), "digest": plan.recipe.digest},
        "grid": {
            "digest": mixture.grid.digest,
            "instructions": len(mixture.grid.ids),
            "languages": list(mixture.grid.languages),
            "cells": len(mixture.grid),
        },
        "mixture": {
            "digest": mixture.digest,
            "rows": len(mixture),
            "instructions": int(plan.used.sum()),
            "left_over": plan.slack,
        },
        "partial": plan.partial,
        "family": None if mixture.member is None else _family(mixture.member),
        "counts": _counts(mixture),
        "rows": {
            "read": report.read,
            "chosen": len(mixture),
            "reserve": plan.reserve,
            "dropped": dict(report.dropped),
            "rejected": sum(report.rejected.values()),
        },
        "excluded": None if excluded is None else {**excluded.counts, "unknown_ids": len(excluded.unknown)},
        "plugins": {**report.plugins, **exporting.plugins},
        **({"own": own} if own else {}),
        "export": dict(exporting.options),
        "files": _sorted(exporting.files),
    }
    source = {"reading": dict(report.reading), "read": _sorted(exporting.read), "files": _sorted(exporting.origin)}
    provenance = {
        "created": exporting.created.isoformat(timespec="seconds"),
        "command": command(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "files": _sorted(exporting.dated),
    }
    return Manifest(identity, source, provenance)


def _family(member: Member) -> dict[str, Any]:
    return {**member.family.to_dict(), "member": member.name}


def _sorted(files: Entries) -> dict[str, dict[str, Any]]:
    return {name: dict(files[name]) for name in sorted(files)}


def command() -> list[str]:
    """Return what was typed, without places of this machine: of an absolute path, its last part.

    Only pinchmix's own command line is told whole; of any other program, its name.
    """
    program, *rest = sys.argv or [""]
    name = PurePath(program).name
    if name not in ("pinchmix", "__main__.py"):
        return [name]
    return ["pinchmix", *(PLACE.sub(_last_part, word) for word in rest)]


def _last_part(found: re.Match[str]) -> str:
    return re.split(r"[\\/]", found[0].rstrip("\\/"))[-1]


def _counts(mixture: Mixture) -> dict[str, Any]:
    """Return the whole numbers of each language.

    asked and given are in the unit of the budget, tokens in what it counts; characters and bytes are of whole rows.
    """
    plan, table = mixture.plan, mixture.counts
    figures = {
        "asked": plan.asked,
        "given": plan.given,
        "examples": table["examples"].to_numpy(),
        "distinct": plan.distinct,
        **mixture.sizes,
        **{name: table[name].to_numpy() for name in ("available", "rejected", "unsure", "flagged")},
    }
    if plan.measured is not None and "tokens" in plan.measured.units:
        figures["tokens"] = plan.measured.units["tokens"]
    columns = {name: figure.ravel().tolist() for name, figure in figures.items()}
    rows = [dict(zip(columns, map(int, row), strict=True)) for row in zip(*columns.values(), strict=True)]
    names, splits = plan.languages, plan.recipe.splits
    by_split = {
        split: dict(zip(names, rows[place * len(names) : (place + 1) * len(names)], strict=True))
        for place, split in enumerate(splits)
    }
    return by_split if len(splits) > 1 else by_split[splits[0]]
