"""The index of a sweep's folder: the family, and what is in the folder of each member."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ExportError
from pinchmix.schemas import read_schema
from pinchmix.schemas.shape import shape_faults
from pinchmix.text.wording import listing

INDEX, TABLE = "index.json", "index.csv"
VERSION = 1
SHOWN = 10  # faults of its shape that a text names


@dataclass(frozen=True)
class Index:
    """What a folder of a sweep holds.

    Attributes:
        family: The family, as plain data.
        laws: Law → what was found when it was counted.
        languages: The languages of which some member has examples.
        members: Name → mixture (its digest), manifest (the SHA-256 of the file), examples, instructions, counts by
            language, and the languages seen and held out.
    """

    family: Mapping[str, Any]
    laws: Mapping[str, str]
    languages: tuple[str, ...]
    members: Mapping[str, Mapping[str, Any]]

    def to_bytes(self) -> bytes:
        """Return the one text of the index, with its digest."""
        plain = {
            "family": dict(self.family),
            "laws": dict(self.laws),
            "languages": list(self.languages),
            "members": {name: dict(member) for name, member in self.members.items()},
        }
        whole = {"index_version": VERSION, **plain, "digest": digest_of(canonical_bytes(plain))}
        return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def of_bytes(cls, content: bytes) -> Index:
        """Return the index that a text holds.

        Raises:
            ExportError: The text is no index, is of another version or shape, or is not as it was written.
        """
        try:
            whole = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ExportError(f"{INDEX} is not JSON ({error}).") from error
        found = whole.get("index_version") if isinstance(whole, dict) else None
        if found != VERSION or isinstance(found, bool):
            raise ExportError(f"{INDEX} is of version {found!r}, and this pinchmix reads version {VERSION}.")
        if faults := list(shape_faults(whole, read_schema("index"))):
            raise ExportError(f"{INDEX} has another shape than an index: {listing(faults, SHOWN)}.")
        index = cls(whole["family"], whole["laws"], tuple(whole["languages"]), whole["members"])
        try:
            same = index.to_bytes() == content
        except (ValueError, RecursionError):  # NaN, half a character, depth: JSON can hold what no index does
            same = False
        if not same:
            raise ExportError(f"{INDEX} is not as it was written: its digest does not fit its content.")
        return index

    def to_csv(self) -> str:
        """Return the members as a table: name, examples, instructions, languages, and a column a language."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        heads = ["member", "mixture", "examples", "instructions", "seen", "held_out"]
        writer.writerow([*heads, *self.languages])
        for name, member in self.members.items():
            words = [" ".join(member[key]) for key in ("seen", "held_out")]
            figures = [member["counts"].get(tag, 0) for tag in self.languages]
            writer.writerow([name, member["mixture"], member["examples"], member["instructions"], *words, *figures])
        return text.getvalue()
