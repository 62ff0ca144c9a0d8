"""Joint programs: several choices from the same units, each made from the one beside it by the least change.

A unit serves one column in each choice, or none. Units of a row can stand for one another, so that choices nest if and
only if they do row by row in their figures: a column that is to lose from one choice to the next gets no more of any
row, and one that is to gain no less. That makes it an integer program without a variable a unit; HiGHS solves it, and
the answer is checked by counting before it is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from pinchmix.exact.lots import Floats
from pinchmix.exact.program import NODES, Undecided
from pinchmix.exact.supply import Ints, Supply

LARGEST = 100_000  # figures to find; more take longer than anybody waits
GAP = 0.01  # how near to the least biased choice is near enough; what is possible is decided exactly


class Joint(NamedTuple):
    """Several choices from the same units.

    Attributes:
        used: Units of each row that serve in each part, in any of the choices, shape ``(rows, parts)``, int64.
        amounts: What each row gives each column in each choice, shape ``(choices, rows, parts, columns)``, int64.
    """

    used: Ints
    amounts: Ints


def solve_joint(supply: Supply, counts: Ints, steps: Sequence[tuple[int, int]], *, constant: bool) -> Joint | None:
    """Return choices that give every column its count and nest along steps, or None where there are none.

    Args:
        supply: What there is; a unit is in one part at most, the same in all choices.
        counts: What each column gets in each part of each choice, shape ``(choices, parts, columns)``, int64.
        steps: Pairs of choices that nest.
        constant: Whether all choices use the same units.

    Raises:
        Undecided: There is too much to search, or the search ended without an answer.

    Example:
        >>> supply = Supply(np.array([1, 1]), np.array([[True, True], [True, False]]))
        >>> found = solve_joint(supply, np.array([[[2, 0]], [[1, 1]]]), [(0, 1)], constant=True)
        >>> found.amounts[1, :, 0].tolist()
        [[0, 1], [1, 0]]
    """
    choices, parts, width = counts.shape
    rows = len(supply.amount)
    asked = counts > 0
    choice, part, column, row = np.nonzero(asked[..., None] & supply.allowed.T[None, None])
    size = rows * parts + len(row)  # units used, then amounts, then how far the units used are from random ones
    if size > LARGEST:
        raise Undecided(f"{size:,} figures are to be found together, and no more than {LARGEST:,} are searched")
    x = rows * parts + np.arange(len(row))
    used = row * parts + part
    blocks: list[LinearConstraint] = []
    total = size + rows * parts

    def add(at: Ints, column: Ints, value: Floats, count: int, low: Floats | float, high: Floats | float) -> None:
        matrix = csr_array(coo_array((value, (at, column)), shape=(count, total)))
        blocks.append(LinearConstraint(matrix, low, high))

    units = np.arange(rows * parts)
    add(units // parts, units, np.ones(len(units)), rows, -np.inf, supply.amount.astype(float))
    # Each unit in use serves one column of every choice, or, where choices may differ in size, one at most.
    group = choice * rows * parts + used
    ends = np.arange(choices * rows * parts)
    at, where = np.append(group, ends), np.append(x, np.tile(units, choices))
    value = np.append(np.ones(len(x)), -np.ones(len(ends)))
    add(at, where, value, len(ends), 0.0 if constant else -np.inf, 0.0)
    key = (choice * parts + part) * width + column
    wanted = counts.ravel().astype(float)
    add(key, x, np.ones(len(x)), counts.size, wanted, wanted)
    number = np.full((choices, parts, width, rows), -1, dtype=np.int64)
    number[choice, part, column, row] = x
    for one, other in steps:
        for fewer, more in ((one, other), (other, one)):
            shrinks = counts[fewer] <= counts[more]
            less, most = number[fewer][shrinks].ravel(), number[more][shrinks].ravel()
            both = np.flatnonzero((less >= 0) & (most >= 0))
            pairs = np.tile(np.arange(len(both)), 2)
            value = np.append(np.ones(len(both)), -np.ones(len(both)))
            add(pairs, np.append(less[both], most[both]), value, len(both), -np.inf, 0.0)
    # The nearer the units used are to a random choice, the better: |used - expected| is least.
    able = (supply.amount * supply.allowed.any(axis=1)).astype(float)
    sizes = counts.sum(axis=2).max(axis=0)
    expected = (able[:, None] * sizes / max(able.sum(), 1.0)).ravel()
    off = size + units
    for sign in (1.0, -1.0):
        at, where = np.tile(units, 2), np.append(units, off)
        add(at, where, np.append(np.full(len(units), sign), -np.ones(len(units))), len(units), -np.inf, sign * expected)
    upper = np.concatenate([np.repeat(supply.amount, parts), supply.amount[row], np.full(len(units), np.inf)])
    objective = np.append(np.zeros(size), np.ones(len(units)))
    whole = np.append(np.ones(size), np.zeros(len(units)))
    options: Any = {"mip_rel_gap": GAP, "node_limit": NODES}
    found = milp(objective, integrality=whole, bounds=Bounds(0, upper), constraints=blocks, options=options)
    if found.status == 2:
        return None
    if found.x is None:
        raise Undecided(f"the search for a choice ended without an answer: {found.message}")
    figures = np.rint(found.x).astype(np.int64)
    amounts = np.zeros((choices, rows, parts, width), dtype=np.int64)
    amounts[choice, row, part, column] = figures[x]
    joint = Joint(figures[: rows * parts].reshape(rows, parts), amounts)
    _check(joint, supply, counts, steps, constant)
    return joint


def _check(joint: Joint, supply: Supply, counts: Ints, steps: Sequence[tuple[int, int]], constant: bool) -> None:
    """Raise unless a rounded answer keeps every condition; a floating-point solver is not trusted."""
    sums = joint.amounts.sum(axis=3)
    kept = (
        (joint.used.sum(axis=1) <= supply.amount).all()
        and (joint.amounts >= 0).all()
        and (joint.amounts.sum(axis=1) == counts).all()
        and ((sums == joint.used) if constant else (sums <= joint.used)).all()
        and not joint.amounts[:, ~np.broadcast_to(supply.allowed[:, None], joint.amounts.shape[1:])].any()
    )
    for one, other in steps:
        for fewer, more in ((one, other), (other, one)):
            shrinks = counts[fewer] <= counts[more]
            kept = kept and (joint.amounts[fewer] <= joint.amounts[more])[:, shrinks].all()
    if not kept:
        raise RuntimeError("the search for a choice ended with an answer that does not hold")
