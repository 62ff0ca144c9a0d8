"""Set programs: choices in which one unit serves a whole set of columns; solved by integer programming.

Where every used unit must serve exactly k of its columns, or all of them, the choice is no flow: with gaps in the data
it contains exact cover, which is NP-hard. HiGHS's branch and bound decides it; a solution is rounded to whole numbers
and checked by counting before it is returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from pinchmix.exact.lots import Floats, Lots, threshold
from pinchmix.exact.supply import Bools, Ints, Supply

EXACT = 2000  # rows times columns
NODES = 2000  # of one search; a limit in seconds would make the answer depend on the machine


class Undecided(RuntimeError):
    """A search ended without a choice and without a proof that there is none."""


@dataclass(frozen=True, eq=False)
class SetProgram:
    """How many units of each row are used in each part, and how much each gives each column of that part.

    Attributes:
        amount: The units of each row, shape ``(rows,)``, int64.
        allowed: Which row can serve which column, shape ``(rows, columns)``, bool; the same in every part.
        parts: Into how many parts (splits) the units are divided; a unit is in one part at most.
        fewest: How many columns a used unit serves at least, shape ``(rows,)``, int64.
        most: How many it serves at most, shape ``(rows,)``, int64.

    Example:
        >>> both = np.array([[True, True, True]])
        >>> pairs = SetProgram(np.array([3]), both, 1, np.array([2]), np.array([2]))
        >>> pairs.solve(np.array([2, 1, 1])).used.tolist(), pairs.solve(np.array([3, 1, 1]))
        ([[2]], None)
    """

    amount: Ints
    allowed: Bools
    parts: int
    fewest: Ints
    most: Ints

    @classmethod
    def of(cls, supply: Supply, parts: int, fewest: int | None, most: int | None) -> SetProgram:
        """Return the program of a supply whose used units serve so many columns, or with None all of theirs."""
        degree = supply.allowed.sum(axis=1)
        # A row that cannot serve as many columns as it must is of no use.
        fit = degree >= (1 if fewest is None else fewest)
        low = degree if fewest is None else np.full(len(degree), fewest)
        high = degree if most is None else np.minimum(degree, most)
        return cls(
            np.where(fit, supply.amount, 0), supply.allowed, parts, np.where(fit, low, 0), np.where(fit, high, 0)
        )

    def solve(
        self,
        demand: Ints,
        least: Ints | None = None,
        *,
        level: bool = False,
        weight: Bools | None = None,
        repeat: int = 1,
        near: tuple[Floats, Floats, int] | None = None,
        lots: Lots | None = None,
    ) -> Solution | None:
        """Return a choice that gives each column what it asks, or None where there is none.

        Args:
            demand: The most units that each column is given, and what it asks, shape ``(parts * columns,)``, part by
                part.
            least: The least; what is asked by default. Where it is less, all columns together are given the most.
            level: Give all columns the same part of what they ask instead, the largest that is possible.
            weight: The columns that are together given the most; all by default.
            repeat: How often a given unit may count towards what its column asks.
            near: Expected units used ``(rows, parts)`` and amounts ``(rows, parts * columns)`` to stay close to, and
                by how much a figure may leave the floor and the ceiling of what is expected.
            lots: Random numbers, shape ``(rows + 1, parts * columns)``: units used are rounded up where the fraction
                that is expected of them is above the lot's.

        Raises:
            Undecided: The search ended without an answer.
        """
        rows, columns = self.allowed.shape
        at_row, at_column = np.nonzero(self.allowed & (self.amount > 0)[:, None])
        pairs, used = len(at_row), rows * self.parts
        counts = used + pairs * self.parts + np.arange(self.parts * columns)  # units given, repeats counted
        size = int(counts[-1]) + 1 + int(level)
        upper = np.concatenate(
            [np.tile(self.amount, self.parts), np.tile(self.amount[at_row], self.parts), demand, [1] * int(level)]
        ).astype(np.float64)
        lower = np.zeros(size)
        if near is not None:
            expected = np.concatenate(
                [near[0].T.ravel(), *(near[1][at_row, part * columns + at_column] for part in range(self.parts))]
            )
            bounded = slice(0, len(expected))
            lower[bounded] = np.maximum(np.floor(expected) - near[2], 0)
            upper[bounded] = np.minimum(np.ceil(expected) + near[2], upper[bounded])
        x = [used + part * pairs + np.arange(pairs) for part in range(self.parts)]
        u = [part * rows + np.arange(rows) for part in range(self.parts)]
        blocks: list[LinearConstraint] = []

        def add(row: Ints, column: Ints, value: Floats, count: int, low: Floats | float, high: Floats | float) -> None:
            matrix = csr_array(coo_array((value, (row, column)), shape=(count, size)))
            blocks.append(LinearConstraint(matrix, low, high))

        one = np.ones(pairs)
        every = np.arange(rows)
        add(np.tile(every, self.parts), np.concatenate(u), np.ones(used), rows, -np.inf, self.amount.astype(float))
        for part in range(self.parts):
            both = np.concatenate([x[part], u[part][at_row]])
            add(np.tile(np.arange(pairs), 2), both, np.concatenate([one, -one]), pairs, -np.inf, 0)
            for bound, low, high in ((self.most, -np.inf, 0.0), (self.fewest, 0.0, np.inf)):
                values = np.concatenate([one, -bound.astype(float)])
                add(np.concatenate([at_row, every]), np.concatenate([x[part], u[part]]), values, rows, low, high)
            here = slice(part * columns, (part + 1) * columns)
            asked = demand[here].astype(float)
            floor = asked if least is None else least[here].astype(float)
            add(at_column, x[part], one, columns, floor, asked)
            each = np.arange(columns)
            values = np.concatenate([repeat * one, -np.ones(columns)])
            add(np.append(at_column, each), np.append(x[part], counts[here]), values, columns, 0.0, np.inf)
            if level:
                values = np.append(np.ones(columns), -asked)
                both = np.append(counts[here], np.full(columns, size - 1))
                add(np.tile(each, 2), both, values, columns, 0.0, np.inf)
        objective = np.zeros(size)
        if level:
            objective[-1] = -1
        elif least is not None:
            objective[counts] = -1.0 if weight is None else -weight.astype(float)
        elif near is not None and lots is not None:
            by_lot = threshold(lots[:-1, ::columns]) - (near[0] - np.floor(near[0]))
            objective[:used] = by_lot.T.ravel()
        whole = np.ones(size, dtype=np.int64)
        if level:
            whole[-1] = 0
        found = milp(
            objective, integrality=whole, bounds=Bounds(lower, upper), constraints=blocks, options=self._options
        )
        if found.status == 2 or (near is not None and found.x is None):
            return None
        if found.x is None:
            raise Undecided(f"the search for a plan ended without an answer: {found.message}")
        units = np.rint(found.x[:used]).astype(np.int64).reshape(self.parts, rows).T
        amounts = np.zeros((rows, self.parts * columns), dtype=np.int64)
        for part in range(self.parts):
            amounts[at_row, part * columns + at_column] = np.rint(found.x[x[part]]).astype(np.int64)
        solution = Solution(units, amounts)
        self._check(solution, demand, least)
        return solution

    @property
    def _options(self) -> Any:
        # A best choice is proved best where that is quick; among thousands of patterns, to within a ten-thousandth.
        return {"mip_rel_gap": 0 if self.allowed.size <= EXACT else 1e-4, "node_limit": NODES}

    def _check(self, solution: Solution, demand: Ints, least: Ints | None) -> None:
        """Raise unless a rounded solution keeps every condition; a floating-point solver is not trusted."""
        columns = self.allowed.shape[1]
        sums = solution.amounts.reshape(len(self.amount), self.parts, columns).sum(axis=2)
        given = solution.amounts.sum(axis=0)
        used = solution.used
        kept = (
            (used.sum(axis=1) <= self.amount).all()
            and (sums <= self.most[:, None] * used).all()
            and (sums >= self.fewest[:, None] * used).all()
            and (solution.amounts <= np.repeat(used, columns, axis=1)).all()
            and (given <= demand).all()
            and (given >= (demand if least is None else least)).all()
        )
        if not kept:
            raise RuntimeError("the search for a plan ended with an answer that does not hold")

    def fair(self, demand: Ints, least: Ints, repeat: int = 1) -> Ints:
        """Return the counts nearest to what is asked: the least largest relative shortfall, then the largest sum.

        Args:
            demand: What each column asks, shape ``(parts * columns,)``.
            least: How many units each must get, same shape.
            repeat: How often a unit may count.

        Raises:
            ValueError: What each must get cannot be given.
        """
        asking = np.flatnonzero(demand)
        levelled = self.solve(demand, least, level=True, repeat=repeat)
        if levelled is None:
            raise ValueError("what each column must get cannot be given")
        given = np.minimum(demand, repeat * levelled.amounts.sum(axis=0))
        level = min((Fraction(int(given[column]), int(demand[column])) for column in asking), default=Fraction(1))
        reached = np.array(
            [-(-asked * level.numerator // level.denominator) for asked in demand.tolist()], dtype=np.int64
        )
        best = self.solve(demand, np.maximum(least, -(-reached // repeat)), repeat=repeat)
        assert best is not None  # the levelled choice is one
        counts: Ints = np.minimum(demand, repeat * best.amounts.sum(axis=0))
        return counts

    def smallest_certificate(self, demand: Ints, repeat: int = 1) -> tuple[Bools, int]:
        """Return columns of infeasible demands from which none can be left out, and the most they can be given.

        Whatever the other columns that ask get, these cannot all get what they ask.
        """
        asked = demand > 0
        free = np.where(asked, np.tile(self.allowed.T @ self.amount, self.parts), 0)
        need, nothing = -(-demand // repeat), np.zeros(len(demand), dtype=bool)
        kept: Bools = asked.copy()
        for column in sorted(np.flatnonzero(asked).tolist(), key=lambda place: (int(demand[place]), place)):
            kept[column] = False
            found = self.solve(np.where(kept, demand, free), np.where(kept, need, 0), weight=nothing)
            kept[column] = found is not None
        best = self.solve(np.where(kept, demand, free), np.zeros_like(demand), weight=kept, repeat=repeat)
        assert best is not None  # nothing for anyone is a choice
        return kept, int(np.minimum(demand, repeat * best.amounts.sum(axis=0))[kept].sum())


@dataclass(frozen=True, eq=False)
class Solution:
    """A choice of sets.

    Attributes:
        used: Units used, shape ``(rows, parts)``, int64.
        amounts: What each row gives each column, shape ``(rows, parts * columns)``, int64.
    """

    used: Ints
    amounts: Ints
