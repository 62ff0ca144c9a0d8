"""Lots: random whole numbers near expected ones, so that rounding is a draw and no habit of a solver."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pinchmix.exact.order import keyed
from pinchmix.exact.supply import Ints

Floats = npt.NDArray[np.float64]
Lots = npt.NDArray[np.uint64]

CLASSES = 1  # keys what classes are drawn by apart from what columns are
DRAWS = 8  # by then few units are undrawn, and a flow places them


def drawn(expected: Floats, low: Ints, high: Ints, spare: Ints, demand: Ints, lots: Lots) -> Ints:
    """Return whole amounts between two bounds, drawn so that each is on average what is expected of it.

    Every column draws as many units above its lower bounds as it lacks, by systematic sampling with the fractions as
    chances (Madow, Ann. Math. Statist. 20, 1949), its rows in the order of their lots. Where a row cannot serve all
    that drew it, the lots decide, and those that lost draw again. Columns may end a few units short.

    Args:
        expected: Shape ``(rows, columns)``; columns sum to their demand, to within rounding.
        low: The least of each, the floor of what is expected or less, same shape.
        high: The most, same shape.
        spare: How much each row can give above its lower bounds, shape ``(rows,)``.
        demand: What each column asks, shape ``(columns,)``.
        lots: Random numbers, shape ``(rows + 1, columns)``, uint64; the last row starts the sampling.

    Returns:
        Amounts, shape ``(rows, columns)``, int64: rows and columns get no more than they can give and ask for.

    Example:
        >>> lots = np.array([[1], [2], [0]], dtype=np.uint64)
        >>> half = np.array([[0.5], [0.5]])
        >>> zero, one = np.zeros((2, 1), dtype=np.int64), np.ones((2, 1), dtype=np.int64)
        >>> drawn(half, zero, one, np.array([1, 1]), np.array([1]), lots).tolist()
        [[0], [1]]
    """
    amounts: Ints = low.copy()
    chance = np.clip(expected - low, 0, 1)
    chance[high <= low] = 0
    order = np.argsort(lots[:-1], axis=0, kind="stable")
    for turn in range(DRAWS):
        missing = demand - amounts.sum(axis=0)
        left = spare - (amounts - low).sum(axis=1)
        open_ = (amounts == low) & (left > 0)[:, None]
        won = np.zeros(amounts.shape, dtype=bool)
        for column in np.flatnonzero(missing > 0).tolist():
            rows = order[:, column]
            part = np.where(open_[rows, column], chance[rows, column], 0.0)
            start = _unit(lots[-1, column], turn)
            won[rows, column] = systematic(part, int(missing[column]), start)
        if not won.any():
            break
        amounts += won & (_rank(won, lots) < left[:, None])
    return amounts


def threshold(lots: Lots) -> Floats:
    """Return a number in [0, 1) that follows from each lot.

    Example:
        >>> threshold(np.array([0, 2**63], dtype=np.uint64)).tolist()
        [0.0, 0.5]
    """
    units: Floats = (lots >> np.uint64(11)).astype(np.float64) / 2.0**53
    return units


def _unit(lot: np.uint64, turn: int) -> float:
    """Return a number in [0, 1) that follows from a lot; another one each turn, by the golden ratio."""
    return (float(threshold(np.array([lot]))[0]) + turn * 0.6180339887498949) % 1.0


def systematic(chance: Floats, count: int, start: float) -> npt.NDArray[np.bool_]:
    """Return which of some things are drawn: about ``count``, each at most once, in proportion to its chance.

    Example:
        >>> systematic(np.array([0.5, 0.25, 0.25]), 1, 0.6).tolist()
        [True, False, False]
    """
    total = float(chance.sum())
    if total <= 0:
        return np.zeros(len(chance), dtype=bool)
    sums = np.cumsum(np.minimum(chance * (count / total), 1.0))
    hits = np.flatnonzero(np.diff(np.floor(sums + start), prepend=np.floor(start)) > 0)
    found = np.zeros(len(chance), dtype=bool)
    found[hits[:count]] = True  # a last digit may make one too many
    return found


def class_lots(lots: Lots, classes: Ints, count: int) -> tuple[Lots, float]:
    """Return a lot for each class of rows, and a start of sampling in [0, 1) that no column starts with.

    Args:
        lots: As of :func:`drawn`.
        classes: The class of each row, from 0.
        count: How many classes there are.

    Example:
        >>> lots = np.array([[5], [2], [0]], dtype=np.uint64)
        >>> class_lots(lots, np.array([1, 1]), 2)[0].tolist()
        [18446744073709551615, 2]
    """
    lot = np.full(count, 2**64 - 1, dtype=np.uint64)
    np.minimum.at(lot, classes, lots[:-1, 0])
    return lot, float(threshold(keyed(lots[-1, :1], CLASSES))[0])


def within(more: Ints, classes: Ints, room: Ints, lots: Lots) -> Ints:
    """Return what was drawn above the lower bounds, less what classes have no room for; who loses is decided by lot.

    Args:
        more: Zeros and ones, shape ``(rows, columns)``.
        classes: The class of each row, from 0.
        room: How much may be drawn in each class.
        lots: As of :func:`drawn`.

    Example:
        >>> lots = np.array([[5], [2], [0]], dtype=np.uint64)
        >>> within(np.array([[1], [1]]), np.array([0, 0]), np.array([1]), lots).tolist()
        [[0], [1]]
    """
    row, column = np.nonzero(more)
    order = np.lexsort((lots[row, column], classes[row]))
    place = np.arange(len(row)) - np.searchsorted(classes[row][order], classes[row][order])
    lost = order[place >= room[classes[row][order]]]
    kept: Ints = more.copy()
    kept[row[lost], column[lost]] = 0
    return kept


def _rank(won: npt.NDArray[np.bool_], lots: Lots) -> Ints:
    """Return the place of each winner among those of its row, by lot."""
    rank: Ints = np.full(won.shape, won.shape[1], dtype=np.int64)
    crowded = np.flatnonzero(won.any(axis=1))
    keys = np.where(won[crowded], lots[:-1][crowded], np.uint64(2**64 - 1))
    rank[crowded] = np.argsort(np.argsort(keys, axis=1, kind="stable"), axis=1, kind="stable")
    return rank
