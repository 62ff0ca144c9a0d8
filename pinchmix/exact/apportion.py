"""Apportionment: whole counts from shares, by Sainte-Laguë's divisor method."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt


def apportion(weights: Sequence[Fraction | int], total: int) -> npt.NDArray[np.int64]:
    """Return whole counts that sum to ``total`` and follow ``weights``.

    Seats are given one by one to the largest ``weight / (2 * seats + 1)`` (Sainte-Laguë, also known as Webster),
    so a larger total only adds seats: no count ever falls when the total grows, as it may with largest remainders.
    A tie goes to whoever is declared first. See Balinski & Young, *Fair Representation* (1982).

    Args:
        weights: Weights in any unit, exact and not negative, at least one of them positive when ``total`` is.
        total: The sum of the counts, 0 or more.

    Returns:
        Counts, shape ``(len(weights),)``, int64.

    Raises:
        ValueError: A weight or the total is negative, or nothing has a positive weight.

    Example:
        >>> [apportion([6, 6, 2], total).tolist() for total in (9, 10, 11)]
        [[4, 4, 1], [5, 4, 1], [5, 5, 1]]
    """
    exact = [Fraction(weight) for weight in weights]
    mass = sum(exact)
    if total < 0 or any(weight < 0 for weight in exact):
        raise ValueError("weights and total must not be negative")
    if total and not mass:
        raise ValueError("nothing has a positive weight")
    if not total:
        return np.zeros(len(exact), dtype=np.int64)
    # Rounding w/d half down is a prefix of the seat sequence for any divisor d; this d leaves at most 1.5 seats
    # a weight to be given one by one, so the work does not grow with the total.
    early = max(total - len(exact), 0)
    counts = [max(ceil(weight * early / mass - Fraction(1, 2)), 0) for weight in exact]
    queue = [
        (-weight / (2 * count + 1), place) for place, (weight, count) in enumerate(zip(exact, counts, strict=True))
    ]
    queue = [entry for entry in queue if entry[0]]
    heapq.heapify(queue)
    for _ in range(total - sum(counts)):
        _, place = queue[0]
        counts[place] += 1
        heapq.heapreplace(queue, (-exact[place] / (2 * counts[place] + 1), place))
    return np.array(counts, dtype=np.int64)
