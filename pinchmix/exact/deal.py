"""Dealing: which unit of a row serves which columns, as slices of the row's order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pinchmix.exact.supply import Ints


class Dealt(NamedTuple):
    """Pairs of a unit and a column that it serves, no pair twice.

    Attributes:
        row: The row of the unit, int64.
        place: The place of the unit in its row's order, from 0, int64.
        column: int64.
    """

    row: Ints
    place: Ints
    column: Ints


def deal(amounts: Ints, used: Ints) -> Dealt:
    """Return who serves whom: the columns' amounts are laid end to end around the used units of each row.

    This is the wrap-around rule of McNaughton (Management Science 6, 1959): as no column is given more than the used
    units, none meets a unit twice, and every unit serves the average number of columns, rounded down or up.

    Args:
        amounts: How much each row gives each column, shape ``(rows, columns)``, none above ``used``.
        used: The units of each row that serve, shape ``(rows,)``.

    Returns:
        As many pairs as the amounts sum to, by row, then column.

    Example:
        >>> dealt = deal(np.array([[2, 2]]), np.array([3]))
        >>> dealt.place.tolist(), dealt.column.tolist()
        ([0, 1, 2, 0], [0, 0, 1, 1])
    """
    sums = amounts.sum(axis=1)
    row = np.repeat(np.arange(len(amounts)), sums)
    offset = np.arange(int(sums.sum())) - np.repeat(np.cumsum(sums) - sums, sums)
    column = np.repeat(np.tile(np.arange(amounts.shape[1]), len(amounts)), amounts.reshape(-1))
    return Dealt(row, offset % used[row] if len(row) else offset, column)


def copies(count: int, total: int) -> Ints:
    """Return how often each of ``count`` things is repeated to make ``total``: evenly, the first ones once more.

    Example:
        >>> copies(3, 7).tolist()
        [3, 2, 2]
    """
    return np.full(count, total // count, dtype=np.int64) + (np.arange(count) < total % count)
