"""The UniMax allocator: as even as sizes allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pinchmix.errors import BudgetError
from pinchmix.exact.allocate import unimax


@dataclass(frozen=True)
class UniMaxAllocator:
    """Gives every language an even part, but none more than its size times the epochs (Chung et al. 2023).

    Attributes:
        max_epochs: How often a language may be repeated, exact and above 0.

    Example:
        >>> [str(weight) for weight in UniMaxAllocator().allocate({"en": 900, "fi": 60, "sw": 10}, 101).values()]
        ['91/2', '91/2', '10']
    """

    max_epochs: Fraction = Fraction(1)
    name: str = "unimax"
    version: str = "1"

    def allocate(self, sizes: Mapping[str, int], total: int) -> Mapping[str, Fraction | int]:
        """Return the exact amounts, which sum to the total.

        Raises:
            BudgetError: The total is more than there is; ``figures`` holds both.
        """
        capacities = [int(size * self.max_epochs) for size in sizes.values()]
        if total > sum(capacities):
            raise BudgetError(
                f"the total is {total:,}, and no more than {sum(capacities):,} are possible at "
                f"max_epochs={float(self.max_epochs):g}. Raise max_epochs, or lower the total.",
                total=total,
                largest=sum(capacities),
            )
        return dict(zip(sizes, unimax(capacities, total), strict=True))
