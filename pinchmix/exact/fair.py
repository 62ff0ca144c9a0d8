"""Fairness: the largest part of what columns ask that all of them can be given alike, and then each of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pinchmix.exact.flow import largest_flow
from pinchmix.exact.supply import Bools, Ints, Supply

STEPS = 2**31 - 1  # levels between nothing and all; a demand is below this, so every count of it has a level


def fair_counts(
    supply: Supply, demand: Ints, least: Ints | None = None, cost: Callable[[Ints], Ints] | None = None
) -> Ints:
    """Return the counts nearest to what is asked that can be given: the least largest relative shortfall.

    All columns are raised alike, each to the same part of what it asks, until some cannot be raised further; these
    stay, and the others go on. What columns can be given is a polymatroid, in which raising greedily ends at the
    counts whose parts, sorted, are the largest that any choice has (Federgruen & Groenevelt, Oper. Res. 34, 1986).

    Args:
        supply: What there is.
        demand: What each column asks, shape ``(columns,)``, int64.
        least: What each must get whatever the others get, shape ``(columns,)``; zero by default. It must be feasible.
        cost: How many units given counts need; each its own by default. It must not fall when a count grows.

    Returns:
        Counts between ``least`` and ``demand``, shape ``(columns,)``, int64.

    Raises:
        ValueError: What each must get cannot be given.

    Example:
        >>> supply = Supply(np.array([4, 10]), np.array([[True, True, False], [False, False, True]]))
        >>> fair_counts(supply, np.array([6, 2, 5])).tolist()
        [3, 1, 5]
    """
    need = cost or (lambda counts: counts)
    low = np.zeros_like(demand) if least is None else np.minimum(least, demand)
    if _short(supply, need(low)).any():
        raise ValueError("what each column must get cannot be given")
    open_: Bools = demand > low
    counts: Ints = low.copy()

    def at(level: int) -> Ints:
        raised = np.array([-(-asked * level // STEPS) for asked in demand.tolist()], dtype=np.int64)
        higher: Ints = np.where(open_, np.maximum(raised, counts), counts)
        return higher

    def possible(counts: Ints) -> bool:
        return not _short(supply, need(counts)).any()

    while open_.any():
        counts = at(_highest(supply, lambda level: need(at(level))))
        open_ &= counts < demand
        # The next to be raised are those with the smallest part so far, and of these who gains most by one more.
        part, gain = counts / np.maximum(demand, 1), 1 / np.maximum(demand, 1)
        queue = sorted(np.flatnonzero(open_).tolist(), key=lambda column: (part[column], -gain[column], column))
        steps = np.zeros((len(queue) + 1, len(demand)), dtype=np.int64)
        for number, column in enumerate(queue):
            steps[number + 1 :, column] = 1
        more = highest_where(_shifted(possible, counts, steps), len(steps))
        counts = counts + steps[more]
        # Whoever cannot be raised now never can.
        open_[queue[more : more + 1]] = False
        open_ &= largest_flow(supply, need(counts)).free | (need(counts + 1) == need(counts))
    return counts


def _shifted(possible: Callable[[Ints], bool], counts: Ints, steps: Ints) -> Callable[[int], bool]:
    return lambda number: possible(counts + steps[number])


def _short(supply: Supply, demand: Ints) -> Bools:
    flow = largest_flow(supply, demand)
    short: Bools = flow.short & (flow.total < int(demand.sum()))
    return short


def _highest(supply: Supply, asked: Callable[[int], Ints]) -> int:
    """Return the highest level at which what is asked can be given, by the cuts that forbid higher ones."""
    level = STEPS
    while (short := _short(supply, asked(level))).any():
        level = highest_where(_fits(supply, asked, short), level)
    return level


def _fits(supply: Supply, asked: Callable[[int], Ints], short: Bools) -> Callable[[int], bool]:
    ceiling = supply.ceiling(short)
    return lambda level: int(asked(level)[short].sum()) <= ceiling


def highest_where(holds: Callable[[int], bool], above: int) -> int:
    """Return the highest number below ``above`` for which something holds that holds up to some number from 0 on.

    Example:
        >>> highest_where(lambda number: number * number < 50, 100)
        7
    """
    lowest = 0
    while above - lowest > 1:
        middle = (lowest + above) // 2
        lowest, above = (middle, above) if holds(middle) else (lowest, middle)
    return lowest
