"""Cell programs: which single cells fill columns up to sizes, by integer programming; for the edge of what exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array

from pinchmix.exact.fit import Floats
from pinchmix.exact.supply import Bools, Ints

WHOLE = 20_000  # cells; above, cells are taken as divisible and the few divided ones are left out
PATIENCE = 60.0  # seconds


@dataclass(frozen=True, eq=False)
class CellProgram:
    """Cells of units and languages, with sizes; each unit serves at most so many languages, in one part.

    Attributes:
        unit: The unit of each cell, shape ``(cells,)``, int64.
        language: Its language, from 0, same shape.
        size: Its size, same shape.
        languages: How many languages there are.
        parts: Into how many parts the units are divided; more than one only where a unit serves one language.
        most: How many languages a unit serves at most.

    Example:
        >>> program = CellProgram(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([5, 4, 3]), 2, 1, 1)
        >>> number, part = program.solve(np.array([3, 4]), np.array([0, 0]))
        >>> number.tolist(), round(program.level(np.array([6, 8])), 2)
        ([1, 2], 0.5)
    """

    unit: Ints
    language: Ints
    size: Ints
    languages: int
    parts: int
    most: int

    def solve(self, target: Ints, tolerance: Ints, free: Bools | None = None) -> tuple[Ints, Ints] | None:
        """Return cells and their parts that bring every column as near to its target as is tolerated, or None.

        Args:
            target: Shape ``(parts * languages,)``.
            tolerance: How far off a column may be, same shape.
            free: Columns that may be given anything.
        """
        low, high = (target - tolerance).astype(float), (target + tolerance).astype(float)
        low[target == 0] = high[target == 0] = 0
        if free is not None:
            low[free], high[free] = 0, np.inf
        found = self._run(low, high, np.zeros(len(self.unit) * self.parts), whole=len(self.unit) <= WHOLE)
        if found.x is None:
            return None
        taken = np.flatnonzero(found.x > 1 - 1e-6)
        number, part = taken % len(self.unit), taken // len(self.unit)
        sums = np.bincount(part * self.languages + self.language[number], weights=self.size[number], minlength=len(low))
        # A cell that the relaxed program divides is left out, which a column must bear.
        return (number, part) if (sums >= low).all() and (sums <= high).all() else None

    def level(self, target: Ints) -> float:
        """Return the largest part of the targets that all columns can be given alike, cells taken as divisible."""
        cells = len(self.unit) * self.parts
        objective = np.append(np.zeros(cells), -1.0)
        bound = np.zeros(len(target))
        found = self._run(bound, np.full(len(target), np.inf), objective, whole=False, share=target)
        return float(found.x[-1])

    def most_of(self, target: Ints) -> int:
        """Return the most that columns can be given together, none more than its target, cells taken as divisible."""
        column = self.language[None, :] + self.languages * np.arange(self.parts)[:, None]
        objective = -np.where(target[column] > 0, self.size[None, :], 0).ravel().astype(float)
        found = self._run(np.zeros(len(target)), target.astype(float), objective, whole=False)
        return round(-float(found.fun))

    def _run(
        self, low: Floats, high: Floats, objective: Floats, *, whole: bool, share: Ints | None = None
    ) -> OptimizeResult:
        cells = len(self.unit)
        size = len(objective)
        every = np.arange(cells * self.parts)
        _, unit = np.unique(self.unit, return_inverse=True)
        once = csr_array(
            coo_array((np.ones(len(every)), (np.tile(unit, self.parts), every)), shape=(int(unit.max()) + 1, size))
        )
        column = (self.language[None, :] + self.languages * np.arange(self.parts)[:, None]).ravel()
        rows, places, values = column, every, np.tile(self.size, self.parts).astype(float)
        if share is not None:
            rows = np.append(rows, np.arange(len(share)))
            places = np.append(places, np.full(len(share), size - 1))
            values = np.append(values, -share.astype(float))
        filled = csr_array(coo_array((values, (rows, places)), shape=(len(low), size)))
        upper = np.ones(size)
        if share is not None:
            upper[-1] = 1.0
        result: OptimizeResult = milp(
            objective,
            integrality=np.full(size, int(whole)),
            bounds=Bounds(np.zeros(size), upper),
            constraints=[LinearConstraint(once, -np.inf, float(self.most)), LinearConstraint(filled, low, high)],
            options={"time_limit": PATIENCE, "mip_rel_gap": 0},
        )
        return result
