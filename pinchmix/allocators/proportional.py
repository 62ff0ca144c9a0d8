"""The proportional allocator: to each language as there is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class ProportionalAllocator:
    """Gives every language its size as weight.

    Example:
        >>> ProportionalAllocator().allocate({"en": 900, "sw": 100}, 10)
        {'en': 900, 'sw': 100}
    """

    name: str = "proportional"
    version: str = "1"

    def allocate(self, sizes: Mapping[str, int], total: int) -> Mapping[str, Fraction | int]:
        """Return the sizes."""
        return dict(sizes)
