"""The laws of allocators."""

from __future__ import annotations

from fractions import Fraction

from pinchmix.plugins import Allocator
from pinchmix.testing.laws import hold


def check_allocator(allocator: Allocator) -> None:
    """Raise AssertionError unless an allocator keeps its laws on sizes of several kinds.

    Every language gets a weight, exact and not negative, and not all are zero. Weights are the same twice and in any
    order of the languages, and the sizes given are left as they are.

    Example:
        >>> from pinchmix.allocators.uniform import UniformAllocator
        >>> check_allocator(UniformAllocator())
    """
    hold(isinstance(allocator, Allocator), f"{allocator!r} lacks name, version or allocate()")
    for sizes in ({"en": 50}, {"en": 900, "fi": 60, "he": 60, "sw": 7}, {"sw": 30, "en": 30, "ar": 0}):
        for total in (1, 10, 50):
            given = dict(sizes)
            weights = dict(allocator.allocate(given, total))
            where = f"with sizes {sizes} and a total of {total}"
            hold(given == sizes, f"the sizes were changed {where}")
            hold(weights.keys() == sizes.keys(), f"a weight for each of {', '.join(sizes)}, not {weights} {where}")
            for name, weight in weights.items():
                exact = isinstance(weight, (int, Fraction)) and not isinstance(weight, bool)
                hold(exact, f"weights are exact, and that of {name} is {weight!r} {where}")
                hold(weight >= 0, f"weights are not negative, and that of {name} is {weight} {where}")
            hold(any(weights.values()), f"all weights are zero {where}")
            hold(weights == dict(allocator.allocate(dict(sizes), total)), f"the same sizes, other weights {where}")
            turned = dict(allocator.allocate(dict(reversed(sizes.items())), total))
            hold(weights == turned, f"weights must not depend on the order of the languages {where}")
