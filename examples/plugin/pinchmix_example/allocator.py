"""An allocator: the square root of each language's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt


@dataclass(frozen=True)
class SquareRoot:
    """Gives each language a weight of the square root of its size: between an even split and a proportional one.

    Weights are whole numbers, as floating point is not the same on every machine.

    Example:
        >>> dict(SquareRoot().allocate({"en": 900, "sw": 100}, total=40))
        {'en': 30000, 'sw': 10000}
    """

    name: str = "square-root"
    version: str = "1"

    def allocate(self, sizes: Mapping[str, int], total: int) -> Mapping[str, Fraction | int]:
        """Return the square root of each size, in thousandths."""
        return {language: isqrt(size * 10**6) for language, size in sizes.items()}
