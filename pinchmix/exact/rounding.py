"""Rounding of tables: whole numbers in every cell, near what is expected, with the sums that must be."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

import numpy as np

from pinchmix.exact.flow import Network, passed
from pinchmix.exact.supply import Ints


def split_counts(counts: Sequence[int], shares: Sequence[Fraction]) -> Ints:
    """Return how much of each column each row gets: every figure and every row sum rounded down or up.

    Such a controlled rounding exists for every table (Cox, JASA 82, 1987); a flow between floors and ceilings finds it.

    Args:
        counts: The sums of the columns.
        shares: The share of each row, exact, summing to 1.

    Returns:
        Shape ``(rows, columns)``, int64; columns sum to their counts.

    Example:
        >>> split_counts([5, 5], [Fraction(9, 10), Fraction(1, 10)]).tolist()
        [[5, 4], [0, 1]]
    """
    mass = sum(shares)
    exact = [[count * share / mass for count in counts] for share in shares]
    low = np.array([[floor(value) for value in row] for row in exact], dtype=np.int64)
    high = np.array([[ceil(value) for value in row] for row in exact], dtype=np.int64)
    sums = [sum(row, Fraction(0)) for row in exact]
    # What a row gets above the floors of its figures, at least and at most.
    least = np.array([floor(value) for value in sums], dtype=np.int64) - low.sum(axis=1)
    most = np.array([ceil(value) for value in sums], dtype=np.int64) - low.sum(axis=1)
    open_ = np.array(counts, dtype=np.int64) - low.sum(axis=0)
    network = Network()
    rows, columns = network.add_nodes(len(low)), network.add_nodes(len(open_))
    (spare,) = network.add_nodes(1)
    network.add_edges(network.source, rows, least)
    network.add_edges(network.source, spare, int(open_.sum() - least.sum()))
    network.add_edges(spare, rows, most - least)
    at_row, at_column = np.nonzero(high > low)
    network.add_edges(rows[at_row], columns[at_column], np.ones(len(at_row), dtype=np.int64))
    network.add_edges(columns, network.sink, open_)
    total, flow, _ = network.solve()
    assert total == int(open_.sum())  # the expected table itself is such a flow, in fractions
    rounded: Ints = low + passed(flow, rows, columns)
    return rounded


def moved_counts(before: Ints, counts: Sequence[int], sums: Sequence[int], shares: Sequence[Fraction]) -> Ints:
    """Return a table like :func:`split_counts`, beside another one: no column moves against its sum.

    A column that gains in all loses in no row, and inversely.

    The figures are as near to the shares as that allows: within their floors and ceilings, or as few away from these as
    there is a table. The sums of the rows are kept where that is possible, which it is unless there is less in all
    than before.

    Args:
        before: The other table, shape ``(rows, columns)``, int64.
        counts: The sums of the columns.
        sums: The sums of the rows; as much in all as the columns.
        shares: The share of each row, exact, summing to 1.

    Example:
        >>> halves = [Fraction(1, 2), Fraction(1, 2)]
        >>> moved_counts(np.array([[1, 0], [0, 1]]), [1, 3], [2, 2], halves).tolist()
        [[1, 1], [0, 2]]
    """
    asked, rows, held = np.array(counts, dtype=np.int64), np.array(sums, dtype=np.int64), before.sum(axis=0)
    exact = [[count * share for count in counts] for share in shares]
    low = np.array([[floor(value) for value in row] for row in exact], dtype=np.int64)
    high = np.array([[ceil(value) for value in row] for row in exact], dtype=np.int64)
    largest = int(max(asked.sum(), held.sum()))
    least, most = np.where(asked >= held, before, 0), np.where(asked <= held, before, largest)
    for kept in (rows, None):
        off = 0
        while off <= 2 * largest + 1:
            found = _between(np.maximum(least, low - off), np.minimum(most, high + off), asked, kept)
            if found is not None:
                return found
            off = 2 * off + 1
    raise AssertionError("columns can always move one way")


def _between(low: Ints, high: Ints, counts: Ints, sums: Ints | None) -> Ints | None:
    """Return a table between two others with these sums of columns, and of rows if given; None where there is none."""
    columns = counts - low.sum(axis=0)
    rows = np.full(len(low), columns.sum()) if sums is None else sums - low.sum(axis=1)
    if (low > high).any() or (columns < 0).any() or (rows < 0).any():
        return None
    network = Network()
    at_row, at_column = network.add_nodes(len(low)), network.add_nodes(len(counts))
    network.add_edges(network.source, at_row, rows)
    row, column = np.nonzero(high > low)
    network.add_edges(at_row[row], at_column[column], (high - low)[row, column])
    network.add_edges(at_column, network.sink, columns)
    total, flow, _ = network.solve()
    return low + passed(flow, at_row, at_column) if total == int(columns.sum()) else None
