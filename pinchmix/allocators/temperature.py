"""The temperature allocator: between proportional and uniform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pinchmix.exact.allocate import powers


@dataclass(frozen=True)
class TemperatureAllocator:
    """Gives every language ``size ** alpha`` as weight.

    Attributes:
        alpha: 1 / temperature, exact, 0 to 100; 0.3, as in XLM-R (Conneau et al. 2020) and mT5 (Xue et al. 2021),
            unless said otherwise.

    Example:
        >>> TemperatureAllocator(Fraction(1, 2)).allocate({"en": 900, "sw": 100}, 10)
        {'en': Fraction(30, 1), 'sw': Fraction(10, 1)}
    """

    alpha: Fraction = Fraction(3, 10)
    name: str = "temperature"
    version: str = "1"

    def allocate(self, sizes: Mapping[str, int], total: int) -> Mapping[str, Fraction | int]:
        """Return the powers of the sizes."""
        return dict(zip(sizes, powers(tuple(sizes.values()), self.alpha), strict=True))
