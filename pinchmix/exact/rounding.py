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
