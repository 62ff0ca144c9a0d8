"""Supply: rows of alike units, the columns that may draw on them, and the most that a set of columns can draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Supply:
    """Rows of alike units and the columns that may draw on them.

    In pinchmix a row is an availability pattern (all instructions that exist in the same set of languages), a unit of
    it an instruction, and a column a language, or a language of a split.

    Attributes:
        amount: The units of each row, shape ``(rows,)``, int64.
        allowed: Which row can serve which column, shape ``(rows, columns)``, bool.
        most: How many columns one unit may serve, each of them once.
        stratum: The class of each row, shape ``(rows,)``, int64 from 0, or None.
        quota: The most that may be drawn from each class, shape ``(classes,)``, int64, or None.

    Example:
        >>> supply = Supply(np.array([2, 1]), np.array([[True, False], [True, True]]))
        >>> supply.ceiling(np.array([True, True])), supply.ceiling(np.array([False, True]))
        (3, 1)
    """

    amount: Ints
    allowed: Bools
    most: int = 1
    stratum: Ints | None = None
    quota: Ints | None = None

    @property
    def total(self) -> int:
        """All units."""
        return int(self.amount.sum())

    @property
    def available(self) -> Ints:
        """How many units can serve each column, shape ``(columns,)``."""
        return self.amount @ self.allowed

    def ceiling(self, columns: Bools) -> int:
        """Return the most that a set of columns can be given together.

        One unit of a row gives a set of columns as much as it may serve of them: ``min(most, |allowed & columns|)``;
        a class no more than its quota. By the theorem of Ford & Fulkerson demands can be met if and only if no set of
        columns asks for more than this.
        """
        given = self.amount * np.minimum(self.allowed[:, columns].sum(axis=1), self.most)
        if self.stratum is None or self.quota is None:
            return int(given.sum())
        sums = np.bincount(self.stratum, weights=given, minlength=len(self.quota)).astype(np.int64)
        return int(np.minimum(sums, self.quota).sum())
