"""Apportionment: whole counts from shares, within bounds, by Sainte-Laguë's divisor method."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np
import numpy.typing as npt


def apportion(
    weights: Sequence[Fraction | int],
    total: int,
    low: Sequence[int] | None = None,
    high: Sequence[int] | None = None,
) -> npt.NDArray[np.int64]:
    """Return whole counts that sum to ``total``, follow ``weights`` and lie within bounds.

    Everyone starts with their lower bound; the other seats are given one by one to the largest
    ``weight / (2 * seats + 1)`` of those below their upper bound (Sainte-Laguë, also known as Webster). So a larger
    total only adds seats: no count ever falls when the total grows, as it may with largest remainders. A tie goes to
    whoever is declared first. See Balinski & Young, *Fair Representation* (1982).

    Args:
        weights: Weights in any unit, exact and not negative. Who has none gets the lower bound and no more.
        total: The sum of the counts, 0 or more.
        low: The least that each gets; 0 if None.
        high: The most that each gets; ``total`` if None.

    Returns:
        Counts, shape ``(len(weights),)``, int64.

    Raises:
        ValueError: A weight, a bound or the total is negative, a lower bound is above the upper one, or no counts
            within the bounds sum to the total (nothing may have a positive weight).

    Example:
        >>> [apportion([6, 6, 2], total).tolist() for total in (9, 10, 11)]
        [[4, 4, 1], [5, 4, 1], [5, 5, 1]]
        >>> apportion([6, 6, 2], 10, low=[0, 0, 3], high=[10, 2, 10]).tolist()
        [5, 2, 3]
    """
    exact = _whole(weights)
    least = [0] * len(exact) if low is None else [int(bound) for bound in low]
    most = [total] * len(exact) if high is None else [int(bound) for bound in high]
    if not len(exact) == len(least) == len(most):
        raise ValueError(f"{len(exact)} weights, {len(least)} lower and {len(most)} upper bounds")
    if total < 0 or any(value < 0 for value in (*exact, *least)):
        raise ValueError("weights, bounds and total must not be negative")
    if any(one > other for one, other in zip(least, most, strict=True)):
        raise ValueError("a lower bound is above the upper one")
    if sum(least) > total:
        raise ValueError("the lower bounds sum to more than the total")
    if sum(top if weight else bottom for weight, bottom, top in zip(exact, least, most, strict=True)) < total:
        raise ValueError("the upper bounds of those with a positive weight leave some of the total over")
    counts = _early(exact, total, least, most)
    quotients = [
        (Fraction(-weight, 2 * count + 1), place)
        for place, (weight, count, top) in enumerate(zip(exact, counts, most, strict=True))
        if weight and count < top
    ]
    for _, place in sorted(quotients)[: total - sum(counts)]:
        counts[place] += 1
    return np.array(counts, dtype=np.int64)


def _whole(weights: Sequence[Fraction | int]) -> list[int]:
    """Return weights as whole numbers in the same proportions."""
    fractions = [Fraction(weight) for weight in weights]
    scale = lcm(*(weight.denominator for weight in fractions))
    return [weight.numerator * (scale // weight.denominator) for weight in fractions]


def _early(weights: list[int], total: int, low: list[int], high: list[int]) -> list[int]:
    """Return the counts at a point of the seat sequence from which each weight gets at most one more seat to the end.

    Rounding ``weight / divisor`` half down, within the bounds, is a prefix of the seat sequence for any divisor. The
    divisors tried are ``mass / step`` for whole steps, and as no weight is more than the mass, a step adds at most one
    seat to each. The last step that does not go beyond the total is found by bisection, so the work hardly grows with
    the total.
    """
    mass = sum(weights)
    if not mass:
        return list(low)

    def at(step: int) -> list[int]:
        return [
            min(max(-((mass - 2 * weight * step) // (2 * mass)), bottom), top)
            for weight, bottom, top in zip(weights, low, high, strict=True)
        ]

    # Without bounds the end lies within one step a weight of the total; bounds may move it either way.
    reach = len(weights)
    under = max(total - reach, 0)
    while under and sum(at(under)) > total:
        under, reach = max(under - reach, 0), 2 * reach
    # At the last step everyone with a weight is at the upper bound, and no later one gives more.
    last = (max(high) + 1) * mass // min(weight for weight in weights if weight) + 1
    over, reach = under + 1, len(weights)
    while over < last and sum(at(over)) <= total:
        over, reach = over + reach, 2 * reach
    over = min(over, last)
    while over - under > 1:
        middle = (under + over) // 2
        under, over = (middle, over) if sum(at(middle)) <= total else (under, middle)
    return at(under)
