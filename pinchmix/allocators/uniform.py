"""The uniform allocator: the same for every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class UniformAllocator:
    """Gives every language the same weight, whatever there is of it.

    Example:
        >>> UniformAllocator().allocate({"en": 900, "sw": 100}, 10)
        {'en': 1, 'sw': 1}
    """

    name: str = "uniform"
    version: str = "1"

    def allocate(self, sizes: Mapping[str, int], total: int) -> Mapping[str, Fraction | int]:
        """Return 1 for each language."""
        return dict.fromkeys(sizes, 1)
