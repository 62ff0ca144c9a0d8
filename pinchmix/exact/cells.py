"""Cell programs: which single cells give columns what they ask in sizes, by integer programming."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, hstack, vstack

from pinchmix.exact.fit import Floats
from pinchmix.exact.program import Undecided
from pinchmix.exact.supply import Bools, Ints

WHOLE = 20_000  # cells; above, cells are taken as divisible, and what is divided is rounded
NODES = 1000  # of one search; a limit in seconds would make the answer depend on the machine
MARGIN = 2.0  # mean cells above what is asked, so that little is lost by rounding


@dataclass(frozen=True, eq=False)
class CellProgram:
    """Cells of units and languages, with sizes; each unit serves at most so many languages, in one part.

    Columns are languages, part by part. A column is given what it asks if its cells sum to that or more.

    Attributes:
        unit: The unit of each cell, shape ``(cells,)``, int64.
        language: Its language, from 0, same shape.
        size: Its size, same shape.
        languages: How many languages there are.
        parts: Into how many parts the units are divided; more than one only where a unit serves one language.
        most: How many languages a unit serves at most.

    Example:
        >>> program = CellProgram(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([5, 4, 3]), 2, 1, 1)
        >>> program.solve(np.array([3, 4]))[0].tolist(), program.solve(np.array([4, 4]))
        ([1, 2], None)
        >>> program.most_of(np.array([4, 4])), round(program.level(np.array([6, 8])), 2)
        (7, 0.5)
    """

    unit: Ints
    language: Ints
    size: Ints
    languages: int
    parts: int
    most: int

    @property
    def exact(self) -> bool:
        """Whether cells are few enough to be taken as whole."""
        return len(self.unit) * self.parts <= WHOLE

    @cached_property
    def _unit(self) -> Ints:
        return np.unique(self.unit, return_inverse=True)[1].reshape(-1).astype(np.int64)

    @cached_property
    def _column(self) -> Ints:
        """The column of each cell of each part."""
        return (self.language[None, :] + self.languages * np.arange(self.parts)[:, None]).ravel()

    @cached_property
    def _mean(self) -> Floats:
        columns = self.parts * self.languages
        count = np.bincount(self._column, minlength=columns)
        return self._sums(np.arange(len(self._column))) / np.maximum(count, 1)

    def _sums(self, taken: Ints) -> Floats:
        """Return what cells of parts sum to by column; exact below 2**53."""
        size = self.size[taken % max(len(self.size), 1)].astype(np.float64)
        return np.bincount(self._column[taken], weights=size, minlength=self.parts * self.languages).astype(np.float64)

    def solve(self, target: Ints) -> tuple[Ints, Ints] | None:
        """Return cells and their parts that give every column at least its target, or None where none do.

        Args:
            target: Shape ``(parts * languages,)``.

        Raises:
            Undecided: Neither a choice was found nor a proof that there is none.
        """
        margin = np.where(target > 0, np.maximum(self._mean, 1), 0)
        found = self._run(target.astype(float), margin, level=MARGIN, whole=False)
        if found is None:
            return None
        taken = self._rounded(found[0], target)
        if taken is None:
            found = self._run(target.astype(float), np.zeros(len(target)), whole=True)
            if found is None:
                return None
            taken = self._rounded(found[0], target)
        if taken is None:
            raise Undecided("the search for cells ended with none that hold")
        return taken % len(self.unit), taken // len(self.unit)

    def impossible(self, target: Ints) -> bool:
        """Return whether it is proved that not all columns can be given their targets."""
        try:
            return self.solve(target) is None
        except Undecided:
            return False

    def level(self, target: Ints) -> float:
        """Return the largest part of the targets that all columns can be given alike, cells taken as divisible."""
        found = self._run(np.zeros(len(target)), target.astype(float), level=1.0, whole=False)
        assert found is not None  # nothing for anyone is a choice
        return found[1]

    def most_of(self, target: Ints) -> int:
        """Return the most that columns can be given together, no column counted above its target.

        Whole cells where the program is exact, else cells taken as divisible, which is no less.
        """
        best = self._best(target, np.zeros(len(target)))
        return int(np.floor(np.minimum(best[1], target).sum() + 1e-6))

    def nearest(self, target: Ints) -> tuple[Ints, Ints]:
        """Return whole cells and their parts nearest to targets: the least largest relative shortfall, then the most.

        Raises:
            Undecided: The search ended early.
        """
        levelled = self._run(np.zeros(len(target)), target.astype(float), level=1.0, whole=True)
        assert levelled is not None  # nothing for anyone is a choice
        taken = np.flatnonzero(levelled[0] > 0.5)
        # What the levelled choice shows to be possible, in whole numbers.
        sums, asked = self._sums(taken), target > 0
        part = float((np.minimum(sums, target)[asked] / target[asked]).min(initial=1.0))
        least = np.minimum(np.ceil(target * part - 1e-9), np.minimum(sums, target))
        taken = np.flatnonzero(self._best(target, least)[0] > 0.5)
        return taken % len(self.unit), taken // len(self.unit)

    def _best(self, target: Ints, least: Floats) -> tuple[Floats, Floats]:
        """Return cells and sums of columns that are together given the most, each at least so much."""
        found = self._run(least, np.zeros(len(target)), top=target.astype(float), whole=self.exact)
        assert found is not None
        x: Floats = np.rint(found[0]) if self.exact else found[0]
        size = np.tile(self.size, self.parts) * x
        return x, np.bincount(self._column, weights=size, minlength=len(target)).astype(np.float64)

    def _rounded(self, x: Floats, target: Ints) -> Ints | None:
        """Return whole cells that give every column its target, from a solution that divides some, or None."""
        taken: Bools = x > 1 - 1e-6
        unit, size = np.tile(self._unit, self.parts), np.tile(self.size, self.parts)
        load = np.bincount(unit[taken], minlength=int(unit.max(initial=0)) + 1)
        missing = target - self._sums(np.flatnonzero(taken))
        for _ in range(4 * len(target)):
            if (missing <= 0).all():
                return np.flatnonzero(taken)
            column = int(np.argmax(missing / np.maximum(self._mean, 1)))
            able = np.flatnonzero((self._column == column) & ~taken & (load[unit] < self.most))
            if not len(able):
                return None
            # Divided cells first; of these the smallest that is enough, else the largest.
            rank = np.lexsort((np.where(size[able] >= missing[column], size[able], -size[able]),
                               size[able] < missing[column], x[able] < 1e-6))  # fmt: skip
            number = int(able[rank[0]])
            taken[number] = True
            load[unit[number]] += 1
            missing[column] -= size[number]
        return None

    @cached_property
    def _matrix(self) -> csr_array:
        """The rows of units that could serve too many, then those of columns: what they get less what is counted."""
        cells, columns = len(self._column), self.parts * self.languages
        unit, every = np.tile(self._unit, self.parts), np.arange(cells)
        crowded = np.bincount(unit, minlength=1) > self.most
        row = np.cumsum(crowded) - 1
        here = crowded[unit]
        shape = (int(crowded.sum()), cells)
        once = csr_array(coo_array((np.ones(int(here.sum())), (row[unit[here]], every[here])), shape=shape))
        size = np.tile(self.size, self.parts).astype(float)
        filled = csr_array(coo_array((-size, (self._column, every)), shape=(columns, cells)))
        return csr_array(vstack([once, filled]))

    def _run(
        self, base: Floats, slope: Floats, *, whole: bool, level: float = 0.0, top: Floats | None = None
    ) -> tuple[Floats, float] | None:
        """Return the cells (and level) of a best choice, or None where there is none.

        Every column gets at least ``base + level * slope``, for the highest level up to the one given. With ``top``,
        all columns together get the most, none counted above its top.

        Raises:
            Undecided: The search ended early.
        """
        cells, columns = len(self._column), len(base)
        rows = self._matrix.shape[0] - columns
        scale = max(float(slope.max(initial=0)) / max(float(self._mean.max(initial=1)), 1.0), 1.0)
        if top is None:
            # A solver's tolerances are absolute, so the level is counted in steps of about a cell.
            extra = csr_array(np.concatenate([np.zeros((rows, 1)), slope[:, None] / scale]))
            cost, low = np.append(np.zeros(cells), -1.0), np.zeros(cells + 1)
            high = np.append(np.ones(cells), level * scale)
            right = np.concatenate([np.full(rows, float(self.most)), -base])
        else:
            places = (rows + np.arange(columns), np.arange(columns))
            extra = csr_array((np.ones(columns), places), shape=(rows + columns, columns))
            cost = np.append(np.zeros(cells), -np.ones(columns))
            low, high = np.append(np.zeros(cells), base), np.append(np.ones(cells), top)
            right = np.append(np.full(rows, float(self.most)), np.zeros(columns))
        matrix = csr_array(hstack([self._matrix, extra]))
        found: Any
        if whole:
            integral = np.append(np.ones(cells, dtype=np.int64), np.zeros(len(cost) - cells, dtype=np.int64))
            found = milp(
                cost,
                integrality=integral,
                bounds=Bounds(low, high),
                constraints=LinearConstraint(matrix, -np.inf, right),
                options={"node_limit": NODES, "mip_rel_gap": 0},
            )
        else:
            # Many times faster here than the simplex method, and crossed over to a vertex, which divides few cells.
            said: Any = {
                "A_ub": matrix,
                "b_ub": right,
                "bounds": np.stack([low, high], axis=1),
                "method": "highs-ipm",
            }
            found = linprog(cost, **said)
        if found.status == 2:
            return None
        if found.x is None or found.status != 0:
            raise Undecided(f"the search for cells ended without an answer: {found.message}")
        return found.x[:cells], float(found.x[-1]) / scale if top is None else 1.0
