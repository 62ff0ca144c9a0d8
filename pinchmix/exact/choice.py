"""Choices: the kinds of content policy as arithmetic. Each says what is possible, proves what is not, and fills a plan.

Columns are languages, part by part where the choice is split: ``parts * languages`` of them.
"""

from __future__ import annotations

from collections.abc import Iterable
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
        ceiling: The most that they can be given together of what they ask, repeats counted; where counting shows it
            for sets, no less than that.
        counted: True where counting units shows it; False where only a search through all choices does.
    """

    columns: Bools
    ceiling: int
    counted: bool


class Choice(Protocol):
    """A kind of choice among the units of a supply; a unit may count ``repeat`` times towards what a column asks."""

    @property
    def supply(self) -> Supply:
        """What there is, its columns the languages."""
        ...

    @property
    def parts(self) -> int:
        """Into how many parts the choice is split."""
        ...

    @property
    def bound(self) -> Supply:
        """A supply that gives every set of columns, part by part, at least what this choice can."""
        ...

    def feasible(self, demand: Ints, repeat: int = 1) -> bool:
        """Return whether all columns can be given what they ask."""
        ...

    def fair(self, demand: Ints, least: Ints, repeat: int = 1) -> Ints:
        """Return the counts nearest to what is asked, no column with fewer than ``least`` units."""
        ...

    def most(self, demand: Ints, column: int) -> int:
        """Return the most units that one column can be given while the others, feasible as they are, keep theirs."""
        ...

    def proof(self, demand: Ints, repeat: int = 1) -> Proof:
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


def units_for(demand: Ints, repeat: int) -> Ints:
    """Return the fewest units that make so many, each counted at most ``repeat`` times.

    Example:
        >>> units_for(np.array([0, 1, 5]), 2).tolist()
        [0, 1, 3]
    """
    return -(-demand // repeat)


def most_of(demand: Ints, repeat: int, ceiling: int) -> int:
    """Return how much of what columns ask so many units can give, each counted at most ``repeat`` times.

    All columns ask for more units than there are; those that are missing are missed least where a column needs its last
    unit for the smallest remainder.

    Example:
        >>> most_of(np.array([5, 4]), 2, 4), most_of(np.array([5, 4]), 2, 3), most_of(np.array([1, 1]), 2, 1)
        (8, 6, 1)
    """
    need = units_for(demand, repeat)
    missing = int(need.sum()) - ceiling
    last = np.sort(demand - repeat * (need - 1))
    return int(demand.sum()) - int(last[:missing].sum()) - repeat * max(missing - len(last), 0)


@dataclass(frozen=True, eq=False)
class FlowChoice:
    """Each unit serves at most ``supply.most`` columns; with several parts, one."""

    supply: Supply
    parts: int = 1

    @cached_property
    def wide(self) -> Supply:
        """The supply with the columns of all parts."""
        return replace(self.supply, allowed=np.tile(self.supply.allowed, self.parts))

    @property
    def bound(self) -> Supply:
        """What this choice can give is what the supply can."""
        return self.wide

    def feasible(self, demand: Ints, repeat: int = 1) -> bool:
        """Return whether all columns can be given what they ask."""
        need = units_for(demand, repeat)
        return largest_flow(self.wide, need).total == int(need.sum())

    def fair(self, demand: Ints, least: Ints, repeat: int = 1) -> Ints:
        """Return the counts nearest to what is asked (see :func:`~pinchmix.exact.fair.fair_counts`)."""
        return fair_counts(self.wide, demand, least, lambda counts: units_for(counts, repeat))

    def most(self, demand: Ints, column: int) -> int:
        """Return the most that one column can be given while the others keep theirs.

        A flow grows along paths that take nothing from a column, so the largest one with this demand open leaves the
        other columns what they have.
        """
        opened = demand.copy()
        opened[column] = self.wide.available[column]
        return largest_flow(self.wide, opened).total - (int(demand.sum()) - int(demand[column]))

    def proof(self, demand: Ints, repeat: int = 1) -> Proof:
        """Return a smallest set of columns that ask for more than their ceiling."""
        return counted_proof(self.wide, demand, repeat)

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts."""
        supply = with_quota(self.wide, demand, lots)
        if row_of is not None:
            supply = replace(supply, amount=ranked_amounts(supply, demand, row_of))
        amounts = least_biased_flow(supply, demand, lots)
        sums = amounts.reshape(len(amounts), self.parts, -1).sum(axis=2)
        return Filled(amounts, np.minimum(sums, supply.amount[:, None]))


def counted_proof(supply: Supply, demand: Ints, repeat: int) -> Proof:
    """Return a smallest set of columns that need more units than :meth:`Supply.ceiling`."""
    need = units_for(demand, repeat)
    columns = smallest_certificate(supply, need, largest_flow(supply, need).short)
    return Proof(columns, most_of(demand[columns], repeat, supply.ceiling(columns)), counted=True)


@dataclass(frozen=True, eq=False)
class SetChoice:
    """Each used unit serves exactly so many columns, or all of its own, or at most so many within one of several parts.

    Attributes:
        supply: What there is.
        parts: Into how many parts the units are divided.
        fewest: How many columns a used unit serves at least; None for all of its own.
        most_columns: How many at most; None for all of its own.
    """

    supply: Supply
    parts: int
    fewest: int | None
    most_columns: int | None

    def program(self, demand: Ints) -> SetProgram:
        """Return the integer program; a language of which nothing is asked in any part is no part of a whole set."""
        asking = demand.reshape(self.parts, -1).sum(axis=0) > 0
        supply = replace(self.supply, allowed=self.supply.allowed & asking)
        return SetProgram.of(supply, self.parts, self.fewest, self.most_columns)

    @cached_property
    def bound(self) -> Supply:
        """A supply that gives every set of columns at least what this choice can."""
        most = self.supply.allowed.shape[1] if self.most_columns is None else self.most_columns
        wide = np.tile(self.supply.allowed, self.parts)
        able = self.supply.allowed.sum(axis=1) >= (self.fewest or 1)
        return replace(self.supply, amount=np.where(able, self.supply.amount, 0), allowed=wide, most=most)

    def feasible(self, demand: Ints, repeat: int = 1) -> bool:
        """Return whether all columns can be given what they ask."""
        need = units_for(demand, repeat)
        if largest_flow(self.bound, need).total < int(need.sum()):
            return False
        # Close to what is expected a choice is found fast; only the proof that there is none needs the whole search.
        if self._near(need, (0, 1, 3)) is not None:
            return True
        # More units than the fewest may be possible where these are not.
        return self.program(demand).solve(demand, need, weight=np.zeros(len(demand), dtype=bool)) is not None

    def _near(self, demand: Ints, margins: Iterable[int], lots: Lots | None = None) -> Filled | None:
        near = expected_sets(self.supply, demand, self.parts, self.fewest, self.most_columns)
        for margin in margins:
            found = self.program(demand).solve(demand, near=(*near, margin), lots=lots)
            if found is not None:
                return Filled(found.amounts, found.used)
        return None

    def fair(self, demand: Ints, least: Ints, repeat: int = 1) -> Ints:
        """Return the counts nearest to what is asked: the least largest relative shortfall, then the largest sum."""
        return self.program(demand).fair(demand, least, repeat)

    def most(self, demand: Ints, column: int) -> int:
        """Return the most that one column can be given while the others keep theirs."""
        opened, only = demand.copy(), np.arange(len(demand)) == column
        opened[column] = self.bound.available[column]
        best = self.program(opened).solve(opened, demand, weight=only)
        # A language that asked for nothing may not be able to join whole sets at all.
        return int(demand[column]) if best is None else int(best.amounts[:, column].sum())

    def proof(self, demand: Ints, repeat: int = 1) -> Proof:
        """Return a smallest set of columns that no choice serves."""
        need = units_for(demand, repeat)
        if largest_flow(self.bound, need).total < int(need.sum()):
            return counted_proof(self.bound, demand, repeat)
        columns, ceiling = self.program(demand).smallest_certificate(demand, repeat)
        return Proof(columns, ceiling, counted=False)

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts near to random choice; ranks decide within rows only."""
        filled = self._near(demand, margins(int(self.supply.amount.max(initial=0))), lots)
        if filled is None:
            raise ValueError("no choice meets the demands")
        return filled


@dataclass(frozen=True, eq=False)
class SameChoice:
    """The same units serve all columns that ask for something, so these must get the same."""

    supply: Supply
    parts: int = 1

    @property
    def bound(self) -> Supply:
        """A supply that gives every set of columns at least what this choice can."""
        wide = np.tile(self.supply.allowed, self.parts)
        return replace(self.supply, allowed=wide, most=self.supply.allowed.shape[1])

    def _whole(self, demand: Ints) -> tuple[FlowChoice, Bools]:
        """Return the choice with one column a part, and which columns ask."""
        some: Bools = demand.reshape(self.parts, -1).sum(axis=0) > 0
        every: Bools = (self.supply.allowed | ~some).sum(axis=1) == len(some)
        return FlowChoice(replace(self.supply, allowed=every[:, None], most=1), self.parts), some

    def feasible(self, demand: Ints, repeat: int = 1) -> bool:
        """Return whether all columns can do with the same units, and these exist."""
        whole, some = self._whole(demand)
        asked = demand.reshape(self.parts, -1)[:, some]
        need = units_for(asked, repeat).max(axis=1, initial=0)
        return bool((asked >= need[:, None]).all()) and whole.feasible(need)

    def fair(self, demand: Ints, least: Ints, repeat: int = 1) -> Ints:
        """Return what the same units give every column of a part, no more of them than any asks."""
        whole, some = self._whole(demand)
        asked = demand.reshape(self.parts, -1)
        lowest = asked[:, some].min(axis=1, initial=LARGEST)

        def cost(counts: Ints) -> Ints:
            units = units_for(counts, repeat)
            return np.where(units > lowest, LARGEST, units)

        need = least.reshape(self.parts, -1).max(axis=1, initial=0)
        counts = fair_counts(whole.wide, asked.max(axis=1, initial=0), need, cost)
        units = units_for(counts, repeat)
        return np.minimum(asked, repeat * units[:, None] * some).ravel()

    def most(self, demand: Ints, column: int) -> int:
        """Return the most that one column can be given while the others keep theirs: as much as these, if any ask."""
        width = len(demand) // self.parts
        others = demand.copy()
        others[column % width :: width] = 0
        if not others.any():
            opened = demand.copy()
            opened[column] = LARGEST
            whole, some = self._whole(opened)
            return whole.most(demand.reshape(self.parts, -1)[:, some].ravel(), column // width)
        opened = demand.copy()
        opened[column] = others.reshape(self.parts, -1)[column // width].max()
        return int(opened[column]) if self.feasible(opened) else int(demand[column])

    def proof(self, demand: Ints, repeat: int = 1) -> Proof:
        """Return the fewest languages and parts that cannot be served by the same units."""
        kept = demand.reshape(self.parts, -1).copy()
        languages = sorted(
            np.flatnonzero(kept.any(axis=0)).tolist(), key=lambda place: (int(kept[:, place].sum()), place)
        )
        for lines, numbers in ((kept.T, languages), (kept, range(self.parts))):
            for number in numbers:
                line = lines[number].copy()
                lines[number] = 0
                if self.feasible(kept.ravel(), repeat):
                    lines[number] = line
        whole, some = self._whole(kept.ravel())
        exist = int(whole.supply.available[0])
        gains = [
            np.diff(np.minimum(row[some, None], repeat * np.arange(min(int(row[some].min()), exist) + 1)).sum(axis=0))
            for row in kept[kept.any(axis=1)]
        ]  # of each further unit, which are ever less
        most = -np.sort(-np.concatenate(gains))[:exist]
        return Proof(kept.ravel() > 0, int(most.sum()), counted=True)

    def fill(self, demand: Ints, row_of: Ints | None, lots: Lots | None = None) -> Filled:
        """Return feasible demands as amounts."""
        whole, some = self._whole(demand)
        parts = demand.reshape(self.parts, -1).max(axis=1)
        filled = whole.fill(parts, row_of, None if lots is None else lots[:, : self.parts])
        amounts = filled.amounts[:, :, None] * some[None, None, :]
        return Filled(amounts.reshape(len(amounts), -1), filled.amounts)
