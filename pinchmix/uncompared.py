"""Uncompared: which cells checks that compare could not be asked about, as the pivot lacks their instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.text.wording import listing, number_of


@dataclass(frozen=True)
class Uncompared:
    """The cells that the pivot lacks, and the checks that could therefore say nothing of them.

    Attributes:
        checks: The checks that compare with the pivot.
        cells: Column → cells that the pivot lacks; columns without such cells are left out.
        pivot: The language that the others are translations of.
        there: Whether the source has it at all.
    """

    checks: tuple[str, ...]
    cells: Mapping[str, int]
    pivot: str
    there: bool

    @property
    def lack(self) -> str:
        """What is not there: the cells in the pivot, or the pivot itself."""
        return f"{self.pivot} lacks them" if self.there else f"the source has no {self.pivot}"

    @property
    def notes(self) -> list[str]:
        """What could not be asked, a sentence each; none where every check was asked about every cell.

        Example:
            >>> print(*Uncompared(("copy",), {"fi": 2}, "en", there=True).notes)
            1 check could not be asked about 2 cells (fi 2), as they compare with the pivot and en lacks them: copy
        """
        if not self.cells or not self.checks:
            return []
        count = sum(self.cells.values())
        where = listing([f"{tag} {number:,}" for tag, number in self.cells.items()])
        return [
            f"{number_of(len(self.checks), 'check')} could not be asked about {number_of(count, 'cell')} ({where}), "
            f"as they compare with the pivot and {self.lack}: {listing(self.checks, 40)}"
        ]
