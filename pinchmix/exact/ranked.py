"""Ranked choice: the units that stand first in an order and can still be used together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pinchmix.exact.fair import highest_where
from pinchmix.exact.flow import Flow, largest_flow
from pinchmix.exact.supply import Bools, Ints, Supply


def ranked_amounts(supply: Supply, demand: Ints, row_of: Ints) -> Ints:
    """Return how many units of each row are taken when the first of an order are taken wherever that is possible.

    Where a unit serves one column, the sets of units that can be used together are the independent sets of a
    transversal matroid, in which taking greedily is the best for every order (Edmonds, Math. Programming 1, 1971).
    Units of a row are alike, so a row that could not be drawn on once is closed for good, and the order falls into as
    few stretches as there are closures. Where a unit may serve several columns, the shortest beginning of the order
    that can meet the demands is taken.

    Args:
        supply: What there is.
        demand: What each column asks, shape ``(columns,)``, met by some flow.
        row_of: The row of each unit, in the order in which units are served, shape ``(units,)``, int64.

    Returns:
        Units taken of each row, shape ``(rows,)``, int64: the first ones of the row. One column a unit: their sum is
        that of the demands.

    Example:
        >>> supply = Supply(np.array([3, 2]), np.array([[True, False], [True, True]]))
        >>> ranked_amounts(supply, np.array([2, 1]), np.array([0, 0, 0, 1, 1])).tolist()
        [2, 1]
    """
    rows, total = len(supply.amount), int(demand.sum())
    closed: Bools = ~np.asarray(supply.allowed[:, demand > 0].any(axis=1))
    fixed = np.zeros(rows, dtype=np.int64)

    def first(count: int) -> Ints:
        return np.where(closed, fixed, np.bincount(row_of[:count], minlength=rows))

    def flow_of(amounts: Ints) -> Flow:
        return largest_flow(replace(supply, amount=amounts), demand)

    if supply.most > 1:
        return first(1 + highest_where(lambda count: flow_of(first(count)).total < total, len(row_of) + 1))
    start = 0
    while int(fixed.sum()) < total and not closed.all():
        # All units up to here are of use together.
        start += highest_where(_all_used(flow_of, first, start), len(row_of) - start + 1)
        fixed = first(start)
        flow = flow_of(fixed)
        closed |= ~supply.allowed[:, flow.short].any(axis=1)
        if supply.stratum is not None and supply.quota is not None:
            drawn = np.bincount(supply.stratum, weights=flow.amounts.sum(axis=1), minlength=len(supply.quota))
            closed |= (drawn >= supply.quota)[supply.stratum]
    return fixed


def _all_used(flow_of: Callable[[Ints], Flow], first: Callable[[int], Ints], start: int) -> Callable[[int], bool]:
    """Return whether so many more units can all be used together with those that are taken."""

    def used(steps: int) -> bool:
        amounts = first(start + steps)
        return flow_of(amounts).total == int(amounts.sum())

    return used
