"""Flow: whole amounts from supplies to demands over allowed pairs, or the set of demands that cannot be met.

Everywhere here a *supply* is a row (in pinchmix, an availability pattern: all instructions that exist in the same set
of languages), a *demand* a column (a language), and ``allowed`` says which row can serve which column.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LARGEST = 2**31 - 1  # scipy's flow takes 32-bit capacities
ROUNDS = 400  # of proportional fitting; a tight budget converges slowly, and rounding takes care of what is left


class Flow(NamedTuple):
    """A largest flow, and the smallest cut on the demand side.

    Attributes:
        amounts: Shape ``(rows, columns)``, int64: how much each row gives each column.
        total: The sum of the amounts.
        short: Shape ``(columns,)``, bool: the demands that together ask for more than all rows that can serve any of
            them hold; all False when every demand is met.
    """

    amounts: Ints
    total: int
    short: Bools


def largest_flow(supply: Ints, demand: Ints, allowed: Bools, limit: Ints | None = None) -> Flow:
    """Return a largest flow from supplies to demands (Dinic's algorithm, deterministic).

    Args:
        supply: What each row holds, shape ``(rows,)``.
        demand: What each column asks, shape ``(columns,)``.
        allowed: Which row can serve which column, shape ``(rows, columns)``.
        limit: The most that may pass from a row to a column, same shape; the row's supply by default.

    Returns:
        The flow; every demand is met if and only if ``total == demand.sum()``.

    Raises:
        OverflowError: Supplies sum to 2**31 - 1 or more.

    Example:
        >>> flow = largest_flow(np.array([2, 1]), np.array([2, 2]), np.array([[True, False], [True, True]]))
        >>> flow.total, flow.short.tolist()
        (3, [False, True])
    """
    if int(supply.sum()) >= LARGEST:
        raise OverflowError(f"a plan holds fewer than {LARGEST:,} instructions")
    demand = np.minimum(demand, int(supply.sum()) + 1)  # more than all there is cannot be met, however much more
    rows, columns = allowed.shape
    at_row, at_column = np.nonzero(allowed)
    capacity = supply[at_row] if limit is None else np.minimum(limit[at_row, at_column], supply[at_row])
    source, sink = rows + columns, rows + columns + 1
    tails = np.concatenate([np.full(rows, source), at_row, rows + np.arange(columns)])
    heads = np.concatenate([np.arange(rows), rows + at_column, np.full(columns, sink)])
    weights = np.concatenate([supply, capacity, demand]).astype(np.int32)
    graph = csr_array((weights, (tails.astype(np.int32), heads.astype(np.int32))), shape=(sink + 1, sink + 1))
    result = maximum_flow(graph, source, sink, method="dinic")
    amounts = np.zeros((rows, columns), dtype=np.int64)
    passed = csr_array(result.flow)[:rows, rows:source].tocoo()
    amounts[passed.row, passed.col] = passed.data
    # What can still reach the sink, read backwards from it, is the sink's side of the smallest minimum cut.
    residual = csr_array((graph - result.flow).T)
    residual.eliminate_zeros()
    reach = breadth_first_order(residual, sink, return_predecessors=False)
    short = np.zeros(columns, dtype=bool)
    short[reach[(reach >= rows) & (reach < source)] - rows] = True
    return Flow(np.maximum(amounts, 0), int(result.flow_value), short)


def shortfall(supply: Ints, demand: Ints, allowed: Bools, columns: Bools) -> int:
    """Return by how much a set of columns asks for more than all the rows that can serve any of them hold.

    Example:
        >>> shortfall(np.array([2, 1]), np.array([2, 2]), np.array([[1, 0], [1, 1]], bool), np.array([False, True]))
        1
    """
    return int(demand[columns].sum() - supply[allowed[:, columns].any(axis=1)].sum())


def smallest_certificate(supply: Ints, demand: Ints, allowed: Bools, short: Bools) -> Bools:
    """Return a subset of short columns from which none can be left out: it proves that the demands cannot be met.

    Columns are tried in order of their demand, the smallest first, so that the culprits stay.

    Args:
        supply: Shape ``(rows,)``.
        demand: Shape ``(columns,)``.
        allowed: Shape ``(rows, columns)``.
        short: Columns that together ask for more than there is, such as :attr:`Flow.short`.

    Returns:
        Columns whose :func:`shortfall` is positive, and not positive without any one of them; shape ``(columns,)``.

    Example:
        >>> supply, allowed = np.array([1, 5]), np.array([[True, True], [False, True]])
        >>> smallest_certificate(supply, np.array([2, 9]), allowed, np.array([True, True])).tolist()
        [False, True]
    """
    kept: Bools = short.copy()
    shrunk = True
    while shrunk:
        shrunk = False
        for column in sorted(np.flatnonzero(kept).tolist(), key=lambda c: (int(demand[c]), c)):
            kept[column] = False
            if shortfall(supply, demand, allowed, kept) > 0:
                shrunk = True
            else:
                kept[column] = True
    return kept


def fitted(supply: Ints, demand: Ints, allowed: Bools) -> npt.NDArray[np.float64]:
    """Return the expected amounts nearest to random choice, by iterative proportional fitting.

    Starting from every allowed pair alike, rows are scaled to their supply and columns to their demand in turn (Deming
    & Stephan 1940), which converges to the table of largest entropy with these sums. The last column stands for what
    is not used.

    Args:
        supply: Shape ``(rows,)``.
        demand: Shape ``(columns,)``, met by some flow.
        allowed: Shape ``(rows, columns)``.

    Returns:
        Expected amounts, shape ``(rows, columns + 1)``, float64; rows sum to their supply.
    """
    wanted = np.append(demand, supply.sum() - demand.sum()).astype(np.float64)
    table = np.ones((len(supply), len(wanted)))
    table[:, :-1] = allowed
    table[:, wanted == 0] = 0
    column = np.ones(len(wanted))
    held = supply.astype(np.float64)
    for _ in range(ROUNDS):
        row = held / np.maximum(table @ column, 1e-300)
        sums = column * (table.T @ row)
        if np.allclose(sums, wanted, rtol=0, atol=1e-7):
            break
        column *= np.divide(wanted, sums, out=np.zeros_like(wanted), where=sums > 0)
    fit: npt.NDArray[np.float64] = table * row[:, None] * column
    fit *= (held / np.maximum(fit.sum(axis=1), 1e-300))[:, None]
    # A last-digit difference between machines must not move a floor or a ceiling.
    near = np.rint(fit)
    return np.where(np.abs(fit - near) < 1e-5, near, fit)


def _margins(widest: int) -> Iterator[int]:
    margin = 0
    while margin < widest:
        yield margin
        margin = 2 * margin + 1
    yield widest


def least_biased_flow(supply: Ints, demand: Ints, allowed: Bools) -> Ints:
    """Return the whole amounts nearest to random choice among all that meet the demands.

    The fitted amounts are rounded by a flow between their floors and ceilings. Where fitting has not converged (a
    budget at the very edge of what is possible) the margins widen until the demands are met, as at the widest they are.

    Args:
        supply: Shape ``(rows,)``.
        demand: Shape ``(columns,)``.
        allowed: Shape ``(rows, columns)``.

    Returns:
        Amounts, shape ``(rows, columns)``, int64: columns sum to their demand, rows to at most their supply.

    Raises:
        ValueError: No flow meets the demands (ask :func:`largest_flow` for the proof).

    Example:
        >>> least_biased_flow(np.array([10, 10]), np.array([5, 10]), np.array([[1, 1], [0, 1]], bool)).tolist()
        [[5, 4], [0, 6]]
    """
    fit = fitted(supply, demand, allowed)
    wanted = np.append(demand, supply.sum() - demand.sum())
    if wanted[-1] < 0:
        raise ValueError("no flow meets the demands")
    open_to = np.column_stack([allowed, np.ones(len(supply), dtype=bool)])
    for margin in _margins(int(supply.max(initial=0))):
        low = np.maximum(np.floor(fit).astype(np.int64) - margin, 0)
        high = np.where(open_to, np.ceil(fit).astype(np.int64) + margin, 0)
        spare_supply, spare_demand = supply - low.sum(axis=1), wanted - low.sum(axis=0)
        if spare_demand.min(initial=0) < 0 or spare_supply.min(initial=0) < 0:
            continue
        flow = largest_flow(spare_supply, spare_demand, open_to, high - low)
        if flow.total == int(spare_demand.sum()):
            amounts: Ints = (low + flow.amounts)[:, :-1]
            return amounts
    raise ValueError("no flow meets the demands")
