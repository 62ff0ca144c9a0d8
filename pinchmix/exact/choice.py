"""Choices: the kinds of content policy as arithmetic. Each says what is possible, proves what is not, and fills a plan.

Columns are languages, part by part where the choice is split: ``parts * languages`` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from pinchmix.exact.fair import fair_counts
from pinchmix.exact.fit import expected_sets, least_biased_flow, margins, with_quota
from pinchmix.exact.flow import LARGEST, largest_flow, smallest_certificate
from pinchmix.exact.lots import Lots
from pinchmix.exact.program import SetProgram
from pinchmix.exact.ranked import ranked_amounts
from pinchmix.exact.supply import Bools, Ints, Supply


class Filled(NamedTuple):
    """What each row gives.

    Attributes:
        amounts: Shape ``(rows, parts * languages)``, int64.
        used: Units of each row that serve in each part, shape ``(rows, parts)``, int64; a unit is in one part at most.
    """

    amounts: Ints
    used: Ints


class Proof(NamedTuple):
    """Columns that cannot all be given what they ask, none of which can be left out.

    Attributes:
        columns: Shape ``(parts * languages,)``, bool.
        ceiling: The most that they can be given together.
        counted: True where counting units shows it; False where only a search through all choices does.
    """

    columns: Bools
    ceiling: int
    counted: bool


class Choice(Protocol):
    """A kind of choice among the units of a supply."""

    @property
    def supply(self) -> Supply:
        """What there is, its columns the languages."""
        ...

    @property
    def parts(self) -> int:
        """Into how many parts the choice is split."""
        ...

    def feasible(self, demand: Ints) -> bool:
        """Return whether all columns can be given what they ask."""
        ...

    def fair(self, demand: Ints, least: Ints, cost: Callable[[Ints], Ints]) -> Ints:
        """Return the counts nearest to what is asked (see :func:`~pinchmix.exact.fair.fair_counts`)."""
        ...

    def proof(self, demand: Ints) -> Proof:
        """Return why demands that are not feasible are not."""
        ...

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts: nearest to random choice, rounded by lot, or ranked units first.

        Args:
            demand: What each column asks, feasible.
            row_of: The row of each unit in the order of their ranks; None where they have none.
            lots: Random numbers, shape ``(rows + 1, parts * languages)``, uint64.
        """
        ...


@dataclass(frozen=True, eq=False)
class FlowChoice:
    """Each unit serves at most ``supply.most`` columns; with several parts, one."""

    supply: Supply
    parts: int = 1

    @cached_property
    def wide(self) -> Supply:
        """The supply with the columns of all parts."""
        return replace(self.supply, allowed=np.tile(self.supply.allowed, self.parts))

    def feasible(self, demand: Ints) -> bool:
        """Return whether all columns can be given what they ask."""
        return largest_flow(self.wide, demand).total == int(demand.sum())

    def fair(self, demand: Ints, least: Ints, cost: Callable[[Ints], Ints]) -> Ints:
        """Return the counts nearest to what is asked."""
        return fair_counts(self.wide, demand, least, cost)

    def most(self, demand: Ints, column: int) -> int:
        """Return the most that one column can be given while the others, feasible as they are, keep theirs.

        A flow grows along paths that take nothing from a column, so the largest one with this demand open leaves the
        other columns what they have.
        """
        opened = demand.copy()
        opened[column] = self.wide.available[column]
        return largest_flow(self.wide, opened).total - (int(demand.sum()) - int(demand[column]))

    def proof(self, demand: Ints) -> Proof:
        """Return a smallest set of columns that ask for more than their ceiling."""
        columns = smallest_certificate(self.wide, demand, largest_flow(self.wide, demand).short)
        return Proof(columns, self.wide.ceiling(columns), counted=True)

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts."""
        supply = with_quota(self.wide, demand)
        if row_of is not None:
            supply = replace(supply, amount=ranked_amounts(supply, demand, row_of))
        amounts = least_biased_flow(supply, demand, lots)
        sums = amounts.reshape(len(amounts), self.parts, -1).sum(axis=2)
        return Filled(amounts, np.minimum(sums, supply.amount[:, None]))


@dataclass(frozen=True, eq=False)
class SetChoice:
    """Each used unit serves exactly so many columns, or all of its own, or at most so many within one of several parts.

    Attributes:
        supply: What there is.
        parts: Into how many parts the units are divided.
        fewest: How many columns a used unit serves at least; None for all of its own.
        most: How many at most; None for all of its own.
    """

    supply: Supply
    parts: int
    fewest: int | None
    most: int | None

    @cached_property
    def program(self) -> SetProgram:
        """The integer program."""
        return SetProgram.of(self.supply, self.parts, self.fewest, self.most)

    @cached_property
    def bound(self) -> Supply:
        """A supply that gives every set of columns at least what this choice can."""
        most = self.supply.allowed.shape[1] if self.most is None else self.most
        return replace(self.supply, allowed=np.tile(self.supply.allowed, self.parts), most=most)

    def feasible(self, demand: Ints) -> bool:
        """Return whether all columns can be given what they ask."""
        if largest_flow(self.bound, demand).total < int(demand.sum()):
            return False
        # Close to what is expected a choice is found fast; only the proof that there is none needs the whole search.
        return self._near(demand, (0, 1, 3)) is not None or self.program.solve(demand) is not None

    def _near(self, demand: Ints, margins: Iterable[int], lots: Lots | None = None) -> Filled | None:
        near = expected_sets(self.supply, demand, self.parts, self.fewest, self.most)
        for margin in margins:
            found = self.program.solve(demand, near=(*near, margin), lots=lots)
            if found is not None:
                return Filled(found.amounts, found.used)
        return None

    def fair(self, demand: Ints, least: Ints, cost: Callable[[Ints], Ints]) -> Ints:
        """Return the counts nearest to what is asked; a cost is not known here and must be that of each unit."""
        return self.program.fair(demand, least)

    def proof(self, demand: Ints) -> Proof:
        """Return a smallest set of columns that no choice serves."""
        flow = largest_flow(self.bound, demand)
        if flow.total < int(demand.sum()):
            columns = smallest_certificate(self.bound, demand, flow.short)
            return Proof(columns, self.bound.ceiling(columns), counted=True)
        columns, ceiling = self.program.smallest_certificate(demand)
        return Proof(columns, ceiling, counted=False)

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts near to random choice; ranks decide within rows only."""
        filled = self._near(demand, margins(int(self.supply.amount.max(initial=0))), lots)
        if filled is None:
            raise ValueError("no choice meets the demands")
        return filled


@dataclass(frozen=True, eq=False)
class SameChoice:
    """The same units serve all columns that ask for something, so these must ask for the same."""

    supply: Supply
    parts: int = 1

    def _whole(self, demand: Ints) -> tuple[FlowChoice, Ints, Bools]:
        """Return the choice with one column a part, what each part asks, and which columns ask."""
        asked = (demand > 0).reshape(self.parts, -1)
        some: Bools = asked.sum(axis=0) > 0
        every: Bools = (self.supply.allowed | ~some).sum(axis=1) == len(some)
        parts = demand.reshape(self.parts, -1).max(axis=1)
        return FlowChoice(replace(self.supply, allowed=every[:, None], most=1), self.parts), parts, some

    def feasible(self, demand: Ints) -> bool:
        """Return whether all columns ask for the same, and it exists."""
        whole, parts, some = self._whole(demand)
        equal = np.array_equal(demand.reshape(self.parts, -1), np.outer(parts, some))
        return equal and whole.feasible(parts)

    def fair(self, demand: Ints, least: Ints, cost: Callable[[Ints], Ints]) -> Ints:
        """Return the same count for every column of a part, as many as exist and none asks less than."""
        whole, _, some = self._whole(demand)
        lowest = np.array([row[some].min(initial=LARGEST) for row in demand.reshape(self.parts, -1)])
        need = np.array([row.max() for row in least.reshape(self.parts, -1)])
        return np.outer(whole.fair(lowest, need, cost), some).ravel()

    def proof(self, demand: Ints) -> Proof:
        """Return the columns that ask: together they are given the units that serve all of them."""
        whole, parts, some = self._whole(demand)
        each = demand.reshape(self.parts, -1)[:, some]
        exist = whole.wide.ceiling(np.ones(self.parts, dtype=bool))
        ceiling = min(int(each.min(axis=1).sum()), exist) * int(some.sum())
        return Proof(np.tile(some, self.parts) & np.repeat(parts > 0, len(some)), ceiling, counted=True)

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts."""
        whole, parts, some = self._whole(demand)
        filled = whole.fill(parts, row_of, None if lots is None else lots[:, : self.parts])
        amounts = filled.amounts[:, :, None] * some[None, None, :]
        return Filled(amounts.reshape(len(amounts), -1), filled.amounts)
