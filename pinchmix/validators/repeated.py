"""The repeated check: is a text the translation of two instructions that the pivot tells apart?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.pool import Pool

SHORTEST = {"prompt": 15, "response": 40}  # characters; shorter texts may be the same by chance


@dataclass(frozen=True)
class RepeatedValidator:
    """Finds cells whose text is also that of another id in the same language, where the pivot's texts differ.

    Published sets have shifted and doubled rows, and this is how they show. Which of the two is right cannot be told,
    so both are found. It reads all texts of the source once.

    Example:
        >>> from pinchmix.testing import toy_pool
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Mikä?"], ["Tämä."])
        >>> len(RepeatedValidator().survey(toy_pool()).judge(cells, ["fi"]).place)
        0
    """

    name: str = "repeated"
    version: str = "1"
    found: Mapping[tuple[str, str, str], str] = field(default_factory=dict, repr=False, compare=False)
    cost = Cost.CHEAP
    compares = True

    def survey(self, pool: Pool) -> RepeatedValidator:
        """Return the check with what the source repeats."""
        grid, found = pool.grid, {}
        if pool.pivot not in grid.languages:
            return self
        pivot = grid.languages.index(pool.pivot)
        for name, shortest in SHORTEST.items():
            hashes = pool.hashes(name, shortest)
            of_pivot = np.zeros(len(grid.ids), dtype=np.uint64)
            mine = grid.language == pivot
            of_pivot[grid.instruction[mine]] = hashes[mine]
            beside = of_pivot[grid.instruction]
            cells = np.flatnonzero((hashes != 0) & (beside != 0) & ~mine)
            cells = cells[np.lexsort((cells, hashes[cells], grid.language[cells]))]
            for cell, twin in _twins(grid.language[cells], hashes[cells], beside[cells]):
                key = grid.ids[int(grid.instruction[cells[cell]])].as_py()
                tag = grid.languages[int(grid.language[cells[cell]])]
                found[key, tag, name] = grid.ids[int(grid.instruction[cells[twin]])].as_py()
        return replace(self, found=found)

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return cells whose text occurs under another id."""
        return Findings.of(
            Finding(place, name, Verdict.MISMATCH, "repeated", 0.0, self.found[key, tag, name])
            for name, _, tags, _ in cells.fields()
            for place, (key, tag) in enumerate(zip(cells.ids, tags, strict=True))
            if (key, tag, name) in self.found
        )


def _twins(
    language: npt.NDArray[np.int16], hashes: npt.NDArray[np.uint64], pivot: npt.NDArray[np.uint64]
) -> list[tuple[int, int]]:
    """Return cells of one text in one language that have several texts in the pivot, each with another of them."""
    if not len(hashes):
        return []
    new = np.append(True, (hashes[1:] != hashes[:-1]) | (language[1:] != language[:-1]))
    starts = np.flatnonzero(new)
    low, high = np.minimum.reduceat(pivot, starts), np.maximum.reduceat(pivot, starts)
    ends = np.append(starts[1:], len(hashes))
    found: list[tuple[int, int]] = []
    for group in np.flatnonzero(low != high).tolist():
        first, last = int(starts[group]), int(ends[group])
        of_low, of_high = (first + int(find(pivot[first:last])) for find in (np.argmin, np.argmax))
        found.extend((place, of_high if pivot[place] == low[group] else of_low) for place in range(first, last))
    return found
