"""Serving: the instructions of a grid in rows of alike ones, and the order in which they are served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pinchmix.canonical import hash_of_id, key_of
from pinchmix.exact.order import keyed
from pinchmix.exact.supply import Ints, Supply
from pinchmix.grid import Grid, Patterns


@dataclass(frozen=True, eq=False)
class Serving:
    """The instructions of a grid in rows of alike ones, and the order in which they are served.

    A row is an availability pattern, or the part of one that is in one class of the sampler.

    Attributes:
        grid: What exists.
        languages: The languages of the plan; the columns of the supply.
        key: What instructions are served by, the smallest first, shape ``(instructions,)``, uint64; ties go by id.
        seed: What keys the dealing of what is served.
        ranked: Whether the order is a preference (see :class:`~pinchmix.plugins.Order`).
        stratum: The class of each instruction, shape ``(instructions,)``, int64, or None.
        shares: The part of the mixture that each class gets, or None for that of a random choice.

    Example:
        >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"], "c": ["en"]})
        >>> Serving(grid, ("en", "sw"), grid.hashes, 0).supply.amount.tolist()
        [2, 1]
    """

    grid: Grid
    languages: tuple[str, ...]
    key: npt.NDArray[np.uint64]
    seed: int
    ranked: bool = False
    stratum: Ints | None = None
    shares: Sequence[Fraction] | None = None

    @cached_property
    def places(self) -> Ints:
        """Where each language of the plan stands in the grid, shape ``(languages,)``."""
        return np.array([self.grid.languages.index(language) for language in self.languages], dtype=np.int64)

    @cached_property
    def place_of(self) -> Ints:
        """The plan's place of each of the grid's languages, -1 for those that are none of its."""
        place = np.full(len(self.grid.languages), -1, dtype=np.int64)
        place[self.places] = np.arange(len(self.languages))
        return place

    @cached_property
    def _patterns(self) -> Patterns:
        """The availability patterns in the languages of the plan, a column each in its order."""
        patterns = self.grid.patterns
        if len(self.languages) < len(self.grid.languages):
            patterns = patterns.only(np.sort(self.places))
        return patterns._replace(allowed=patterns.allowed[:, np.argsort(np.argsort(self.places))])

    def columns(self, cell: Ints, split: Ints) -> Ints:
        """Return the column of a plan that each of some cells belongs to: split times languages plus language."""
        return split * len(self.languages) + self.place_of[self.grid.language[cell]]

    @cached_property
    def _rows(self) -> tuple[Ints, Ints, Ints]:
        """The pattern of each row, its class, and the row of each instruction."""
        patterns = self._patterns
        if self.stratum is None:
            return (
                np.arange(len(patterns.supply)),
                np.zeros(len(patterns.supply), dtype=np.int64),
                patterns.of_instruction,
            )
        classes = self.classes
        rows, of_instruction = np.unique(patterns.of_instruction * classes + self.stratum, return_inverse=True)
        return rows // classes, rows % classes, of_instruction.reshape(-1).astype(np.int64)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        if self.stratum is None:
            return 1
        return max(int(self.stratum.max(initial=0)) + 1, len(self.shares or ()))

    @cached_property
    def supply(self) -> Supply:
        """The rows, without quotas."""
        pattern, stratum, of_instruction = self._rows
        amount = np.bincount(of_instruction, minlength=len(pattern)).astype(np.int64)
        return Supply(amount, self._patterns.allowed[pattern], stratum=None if self.stratum is None else stratum)

    @property
    def row_of(self) -> Ints:
        """The row of each instruction, shape ``(instructions,)``."""
        return self._rows[2]

    @cached_property
    def order(self) -> Ints:
        """The instructions in the order in which they are served, shape ``(instructions,)``."""
        return np.argsort(self.key, kind="stable")

    @cached_property
    def by_row(self) -> Ints:
        """The instructions row by row, each row in the order in which it is served."""
        return self.order[np.argsort(self.row_of[self.order].astype(np.int32), kind="stable")]

    def dealt(self, instruction: npt.NDArray[Any], purpose: str = "deal") -> npt.NDArray[np.uint64]:
        """Return keys of some instructions that are independent of the order of serving, a key each."""
        return keyed(self.grid.hashes[instruction], key_of(self.seed, purpose))

    def lots(self, parts: int) -> npt.NDArray[np.uint64]:
        """Return random numbers for rows and columns, shape ``(rows + 1, parts * languages)``.

        They follow from the seed, the languages that a row's instructions exist in, its class and the column's
        language, and from no position.
        """
        tags = np.array([hash_of_id(tag) for tag in self.languages], dtype=np.uint64)
        pattern, stratum, _ = self._rows
        with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
            mixed = keyed(tags, key_of(self.seed, "patterns"))
            row = self._patterns.allowed[pattern].astype(np.uint64) @ mixed + stratum.astype(np.uint64)
            column = np.tile(tags, parts) + np.repeat(np.arange(parts, dtype=np.uint64), len(tags))
            rows = keyed(np.append(row, np.uint64(0)), key_of(self.seed, "rows"))
            return keyed(rows[:, None] + keyed(column, key_of(self.seed, "columns")), key_of(self.seed, "lots"))

    def on(self, grid: Grid) -> Serving:
        """Return the same serving of a grid that lacks some cells."""
        return Serving(grid, self.languages, self.key, self.seed, self.ranked, self.stratum, self.shares)

    def only(self, languages: Sequence[str]) -> Serving:
        """Return the same serving of some of its languages, in the order in which they are named.

        Example:
            >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]})
            >>> Serving(grid, ("en", "sw"), grid.hashes, 0).only(["sw"]).supply.amount.tolist()
            [1]
        """
        grid = self.grid.only(languages)
        if grid is self.grid:
            return replace(self, languages=tuple(languages))
        kept = np.zeros(len(self.grid.languages), dtype=bool)
        kept[[self.grid.languages.index(tag) for tag in languages]] = True
        present = np.zeros(len(self.grid.ids), dtype=bool)
        present[self.grid.instruction[kept[self.grid.language]]] = True
        stratum = None if self.stratum is None else self.stratum[present]
        return replace(self, grid=grid, languages=tuple(languages), key=self.key[present], stratum=stratum)
