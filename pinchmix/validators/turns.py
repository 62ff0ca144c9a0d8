"""The turns check: has a conversation as many turns as the pivot's, in the same order?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict


@dataclass(frozen=True)
class TurnsValidator:
    """Rejects conversations whose turns are not those of the pivot: merged, missing or added ones.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Hei?"], ["Moi."], ["ua"], pivot_roles=["uaua"])
        >>> TurnsValidator().judge(cells, ["en", "fi"]).seen
        ['ua for uaua']
    """

    name: str = "turns"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return conversations of other turns than the pivot's; whether there is a system turn does not matter."""
        return Findings.of(
            Finding(place, "", Verdict.MISMATCH, "turns", 0.0, f"{own[:20]} for {pivot[:20]}")
            for place, (own, pivot) in enumerate(zip(cells.roles, cells.pivot_roles, strict=True))
            if pivot is not None and own.removeprefix("s") != pivot.removeprefix("s")
        )
