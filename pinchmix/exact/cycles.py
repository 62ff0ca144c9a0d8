"""Cycles: fractions rounded up or down at random, each up as often as it says, while all sums of a table stay."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pinchmix.exact.order import keyed

Floats = npt.NDArray[np.float64]
Lots = npt.NDArray[np.uint64]

COINS = 2  # keys the coins apart from what else follows from the same lot
TINY = 1e-9  # from a whole number; what rounding errors leave of nothing
LOOSE = 1e-4  # what sums that are whole only to some digits leave of a whole number


def rounded_cycles(part: Floats, lot: np.uint64) -> npt.NDArray[np.bool_]:
    """Return which fractions of a table are rounded up, each with its own chance.

    Around a cycle of fractions, row by column by row, some amount is added and taken in turn, or taken and added, until
    one of them is whole; which of the two is a coin that leaves every fraction what it is on average. So all sums of
    rows and columns stay as they are (Gandhi, Khuller, Parthasarathy & Srinivasan, J. ACM 53, 2006). Where sums are not
    whole, what is in no cycle in the end is rounded down.

    Args:
        part: Fractions from 0 to 1, shape ``(rows, columns)``, whose rows and columns have whole sums.
        lot: What the coins follow from.

    Returns:
        Shape ``(rows, columns)``, bool.

    Example:
        >>> rounded_cycles(np.array([[0.5, 0.5], [0.5, 0.5]]), np.uint64(1)).tolist()
        [[False, True], [True, False]]
    """
    up: npt.NDArray[np.bool_] = part > 1 - TINY
    at_row, at_column = np.nonzero((part > TINY) & ~up)
    rows = len(part)
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
        hashes = keyed(lot + np.arange(len(at_row), dtype=np.uint64), COINS)
    coins = iter(((hashes >> np.uint64(11)).astype(np.float64) / 2.0**53).tolist())
    # Nodes are rows, then columns; the ends of each are kept in the order of the table.
    value: dict[tuple[int, int], float] = {}
    ends: dict[int, dict[int, None]] = {}
    for row, column in zip(at_row.tolist(), (at_column + rows).tolist(), strict=True):
        value[row, column] = float(part[row, column - rows])
        ends.setdefault(row, {})[column] = None
        ends.setdefault(column, {})[row] = None

    def close(row: int, column: int, *, whole: bool) -> None:
        up[row, column - rows] = whole
        del value[row, column], ends[row][column], ends[column][row]

    for start in np.unique(at_row).tolist():
        path, place = [start], {start: 0}
        while ends[start]:
            here, before = path[-1], path[-2] if len(path) > 1 else -1
            ahead = next((end for end in ends[here] if end != before), None)
            if ahead is None:  # no cycle goes through this end
                edge = (min(here, before), max(here, before))
                close(*edge, whole=value[edge] > 1 - LOOSE)
            elif ahead not in place:
                place[ahead] = len(path)
                path.append(ahead)
                continue
            else:
                ring = [*path[place[ahead] :], ahead]
                edges = [(min(pair), max(pair)) for pair in pairwise(ring)]
                more, less = edges[::2], edges[1::2]
                add = min(min(1 - value[edge] for edge in more), min(value[edge] for edge in less))
                take = min(min(value[edge] for edge in more), min(1 - value[edge] for edge in less))
                moved = add if next(coins) * (add + take) < take else -take
                for sign, group in ((moved, more), (-moved, less)):
                    for edge in group:
                        value[edge] += sign
                        if not TINY < value[edge] < 1 - TINY:
                            close(*edge, whole=value[edge] > 0.5)
            path, place = [start], {start: 0}
    return up
