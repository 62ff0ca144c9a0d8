"""Verdicts that are known: what checks said of texts before, by a digest of the texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError
from pinchmix.judging.examine import FINDINGS, Examiner
from pinchmix.own import code_digest
from pinchmix.plugins import Cells

_KEYS = pa.schema([("key", pa.binary(16)), ("count", pa.int32())])
_TEXT = ("field", "check", "verdict", "outcome", "reason", "score", "seen", "excerpt")
NOTHING = FINDINGS.empty_table().select(_TEXT)


def keys_of(cells: Cells) -> list[bytes]:
    """Return a digest of all that a check may know of each cell, but its id.

    Example:
        >>> cells = Cells(["a", "b"], ["fi"] * 2, ["fi"] * 2, ["Hei?"] * 2, ["Moi."] * 2)
        >>> one, other = keys_of(cells)
        >>> one == other, len(one)
        (True, 16)
    """
    columns = (
        cells.prompt_languages, cells.response_languages, cells.prompts, cells.responses, cells.roles,
        cells.pivot_prompts, cells.pivot_responses, cells.pivot_roles,
    )  # fmt: skip
    return [
        hashlib.blake2b(
            b"".join(b"-" if text is None else b"%d:" % len(text.encode()) + text.encode() for text in row),
            digest_size=16,
        ).digest()
        for row in zip(*columns, strict=True)
    ]


class Known:
    """What a panel said of texts, in memory and, if there is a folder, in a file for the next time.

    A file that cannot be read as what was written is as good as none: its texts are judged again, and it is replaced.

    Attributes:
        path: The file; another panel, setting, version, pivot or set of languages has another, and so has a class of
            one's own whose code is another.

    Raises:
        ArgumentError: What is given for a folder is a file.
    """

    def __init__(self, folder: Path | None, panel: Sequence[Examiner], languages: Sequence[str], pivot: str) -> None:
        if folder is not None and folder.exists() and not folder.is_dir():
            raise ArgumentError(f"cache={str(folder)!r} is a file; name a folder, which is made if there is none.")
        said = [[one.check.to_dict(), str(one.validator.version), code_digest(one.validator)] for one in panel]
        name = f"verdicts-{digest_of(canonical_bytes([said, list(languages), pivot]))}.arrow"
        self.path = None if folder is None else folder / name
        self._found: dict[bytes, pa.Table] = {}
        self._new = False
        if self.path is not None and self.path.exists():
            self._load(self.path)

    def __contains__(self, key: bytes) -> bool:
        return key in self._found

    def learn(self, keys: Sequence[bytes], findings: pa.Table) -> None:
        """Note what was found in cells, the findings by their place among the keys."""
        place = findings.column("place").to_numpy()
        order = np.argsort(place, kind="stable")
        text = findings.select(_TEXT).take(pa.array(order))
        ends = np.searchsorted(place[order], np.arange(len(keys) + 1)).tolist()
        for number, key in enumerate(keys):
            start, stop = ends[number], ends[number + 1]
            self._found[key] = text.slice(start, stop - start) if stop > start else NOTHING
        self._new = self._new or bool(keys)

    def recall(self, keys: Iterable[bytes]) -> tuple[pa.Table, list[int]]:
        """Return what was found in cells, one after the other, and how many findings each has."""
        tables = [self._found[key] for key in keys]
        return pa.concat_tables([NOTHING, *tables]), [table.num_rows for table in tables]

    def save(self) -> None:
        """Write what is new to the file, if there is one; it replaces the old one at once or not at all."""
        if self.path is None or not self._new:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        keys = sorted(self._found)
        findings, counts = self.recall(keys)
        part = self.path.with_suffix(".part")
        with pa.OSFile(str(part), "wb") as sink:
            for table in (pa.table([pa.array(keys, pa.binary(16)), counts], schema=_KEYS), findings):
                with pa.ipc.new_stream(sink, table.schema) as writer:
                    writer.write_table(table)
        part.replace(self.path)

    def _load(self, path: Path) -> None:
        source = pa.BufferReader(path.read_bytes())
        try:
            keys, findings = (pa.ipc.open_stream(source).read_all() for _ in range(2))
            for table in (keys, findings):
                table.validate(full=True)
        except (pa.ArrowException, OSError):  # damaged, as the bytes themselves could be read
            return
        whole = keys.schema.equals(_KEYS) and findings.schema.equals(NOTHING.schema)
        if not whole or sum(keys.column("count").to_pylist()) != findings.num_rows:
            return
        start = 0
        for key, count in zip(keys.column("key").to_pylist(), keys.column("count").to_pylist(), strict=True):
            self._found[key] = findings.slice(start, count) if count else NOTHING
            start += count
