"""Filling: which cells bring languages up to sizes, to within half an example, each with at least one."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property

import numpy as np

from pinchmix.content import Content
from pinchmix.exact.cells import CellProgram
from pinchmix.exact.choice import FlowChoice
from pinchmix.exact.program import Undecided
from pinchmix.exact.supply import Bools, Ints
from pinchmix.plan import Plan, choice_of
from pinchmix.planning.assign import Chosen, plan_of, served
from pinchmix.planning.examples import supply_for
from pinchmix.planning.serving import Serving
from pinchmix.recipe import Recipe

ROUNDS = 10
PROGRAM = 400_000  # cells times splits; the largest program over single cells


class Filler:
    """Fills columns (languages of splits) with cells up to sizes."""

    def __init__(self, serving: Serving, recipe: Recipe, sizes: Ints) -> None:
        self.serving, self.recipe, self.sizes = serving, recipe, sizes
        self.parts, self.width = len(recipe.splits), len(serving.languages)
        choice = choice_of(Content.parse(recipe.content), supply_for(serving, recipe, 0), self.parts)
        assert isinstance(choice, FlowChoice)
        self.choice = choice
        of_cell = serving.place_of[serving.grid.language]
        self.cells = np.flatnonzero(of_cell >= 0)
        self.place = of_cell[self.cells]
        count = np.bincount(self.place, minlength=self.width)
        self.total = np.bincount(self.place, weights=sizes[self.cells], minlength=self.width).astype(np.int64)
        self.mean = np.tile(np.maximum(self.total, 1) / np.maximum(count, 1), self.parts)
        self.ranks = serving.row_of[serving.order] if serving.ranked else None

    @cached_property
    def program(self) -> CellProgram | None:
        """The program over single cells, where they are few enough."""
        if not 0 < len(self.cells) * self.parts <= PROGRAM:
            return None
        instruction = self.serving.grid.instruction[self.cells].astype(np.int64)
        sizes = self.sizes[self.cells] * self.recipe.repeat
        return CellProgram(instruction, self.place, sizes, self.width, self.parts, self.choice.supply.most)

    def fill(self, target: Ints) -> Chosen | None:
        """Return cells that meet the targets to within half of one example each, or None where none were found."""
        repeat, mean = self.recipe.repeat, self.mean
        available = np.tile(self.choice.supply.available, self.parts)
        counts = np.clip(np.rint(target / mean), target > 0, available * repeat).astype(np.int64)
        for _ in range(ROUNDS):
            if not self.choice.feasible(-(-counts // repeat)):
                break
            distinct, cell, column = self._served(counts)
            chosen = self._settle(cell, column, target)
            if chosen is not None:
                return chosen
            got = np.bincount(column, weights=self.sizes[cell], minlength=len(target))
            mean = np.where((distinct > 0) & (got > 0), got / np.maximum(distinct, 1), mean)
            last, counts = counts, np.clip(np.ceil(target / mean), target > 0, available * repeat).astype(np.int64)
            if np.array_equal(last, counts):
                break
        try:
            found = None if self.program is None else self.program.solve(target)
        except Undecided:
            return None
        return None if found is None else self._settle(*self._columns(*found), target)

    def nearest(self, target: Ints) -> tuple[Chosen, bool]:
        """Return cells for targets that cannot all be met: the least largest relative shortfall, then the most.

        Returns:
            The cells, and False where they are that; True where shortfalls are levelled by mean sizes, and somewhat
            less may be given than could be: among more than :data:`~pinchmix.exact.cells.WHOLE` cells, and where the
            search for the nearest did not end.
        """
        if self.program is not None and self.program.exact:
            with suppress(Undecided):
                cell, column = self._columns(*self.program.nearest(target))
                chosen = self._settle(cell, column, self._reach(target, cell, column))
                assert chosen is not None  # each is asked for no more than it was given
                return chosen, False
        repeat, mean = self.recipe.repeat, self.mean
        available = np.tile(self.choice.supply.available, self.parts)
        for _ in range(3):
            counts = np.clip(np.ceil(target / mean), 0, available * repeat).astype(np.int64)
            counts = self.choice.fair(counts, np.zeros_like(counts), repeat)
            distinct, cell, column = self._served(counts)
            got = np.bincount(column, weights=self.sizes[cell], minlength=len(target))
            mean = np.where((distinct > 0) & (got > 0), got / np.maximum(distinct, 1), mean)
        chosen = self._settle(cell, column, self._reach(target, cell, column))
        assert chosen is not None
        return chosen, True

    def _reach(self, target: Ints, cell: Ints, column: Ints) -> Ints:
        """Return the targets, those of columns whose cells do not sum to them lowered to what they do."""
        got = np.bincount(column, weights=self.sizes[cell], minlength=len(target)).astype(np.int64)
        return np.minimum(target, got * self.recipe.repeat)

    def _served(self, counts: Ints) -> tuple[Ints, Ints, Ints]:
        """Return how many different cells stand for counts, and the cells with their columns."""
        repeat, distinct = self.recipe.repeat, counts
        if repeat > 1 and not self.choice.feasible(counts):
            distinct = self.choice.fair(counts, -(-counts // repeat))
        cell, split = served(self.choice.fill(distinct, self.ranks, self.serving.lots(self.parts)), self.serving)
        return distinct, cell, self.serving.columns(cell, split)

    def _columns(self, number: Ints, part: Ints) -> tuple[Ints, Ints]:
        """Return the cells that a program found, and their columns."""
        return self.cells[number], part * self.width + self.place[number]

    def _settle(self, cell: Ints, column: Ints, target: Ints) -> Chosen | None:
        """Return chosen cells cut or added to, one by one, so that each column reaches its target, or None.

        A column that has too much is cut at the end of the order; one that lacks something gets cells of instructions
        that serve nobody, and where there are none left, repeats. The last example is left out where that is nearer
        and is not the only one; its instruction stays reserved, so all columns could reach their targets together.
        """
        grid, most = self.serving.grid, self.choice.supply.most
        load = np.bincount(grid.instruction[cell], minlength=len(grid.ids))
        order = np.lexsort((grid.instruction[cell], self.serving.key[grid.instruction[cell]], column))
        cell, column = cell[order], column[order]
        starts = np.searchsorted(column, np.arange(len(target) + 1))
        parts = [cell[starts[number] : starts[number + 1]] for number in range(len(target))]
        sums = [np.cumsum(self.sizes[mine]) for mine in parts]
        often = [np.ones(len(mine), dtype=np.int64) for mine in parts]
        lacking = []
        for number, goal in enumerate(target.tolist()):
            if int(sums[number][-1] if len(sums[number]) else 0) < goal:
                lacking.append(number)
                continue
            reached = int(np.searchsorted(sums[number], goal)) + 1 if goal else 0
            np.subtract.at(load, grid.instruction[parts[number][reached:]], 1)
            often[number] = often[number][: max(nearest_count(sums[number], goal), min(goal, 1))]
        for number in lacking:
            missing = int(target[number] - (sums[number][-1] if len(sums[number]) else 0))
            free = self._free(number % self.width, parts[number], load < most)
            running = np.cumsum(self.sizes[free])
            reached = int(np.searchsorted(running, missing)) + 1
            load[grid.instruction[free[:reached]]] += 1
            parts[number] = np.append(parts[number], free[:reached])
            if reached <= len(free):
                held = len(often[number]) + nearest_count(running, missing)
                often[number] = np.ones(max(held, 1), dtype=np.int64)
                continue
            repeated = self._repeated(parts[number], int(target[number]))
            if repeated is None:
                return None
            often[number] = repeated
        kept = [mine[: len(times)] for mine, times in zip(parts, often, strict=True)]
        split = np.repeat(np.arange(len(target)) // self.width, [len(mine) for mine in kept])
        return Chosen.sorted(np.concatenate(kept), split, np.concatenate(often))

    def _repeated(self, cell: Ints, goal: int) -> Ints | None:
        """Return how often each of a column's cells appears so that they reach a goal beyond their sum, evenly."""
        grid, sizes = self.serving.grid, self.sizes[cell]
        total = int(sizes.sum())
        if total * self.recipe.repeat < goal:
            return None
        rounds, rest = divmod(goal, total)
        order = np.lexsort((cell, self.serving.dealt(grid.instruction[cell], "repeat")))
        often = np.full(len(cell), rounds, dtype=np.int64)
        often[order[: nearest_count(np.cumsum(sizes[order]), rest)]] += 1
        return often

    def _free(self, place: int, held: Ints, able: Bools) -> Ints:
        """Return the cells of a language that it does not hold and whose instructions are able, in their order."""
        grid = self.serving.grid
        mine = self.cells[self.place == place]
        mine = mine[able[grid.instruction[mine]]]
        mine = mine[~np.isin(mine, held)]
        free: Ints = mine[np.argsort(self.serving.key[grid.instruction[mine]], kind="stable")]
        return free

    def _counted(self, columns: Bools, target: Ints) -> bool:
        """Return whether counting shows that columns cannot all reach their targets."""
        return self.ceiling(columns) < int(target[columns].sum())

    def proof(self, target: Ints) -> tuple[Bools, int, bool] | None:
        """Return columns that cannot all reach their targets, the most they can be given, and if counting shows it.

        Counted, an instruction gives a set of columns no more than its largest cells in them. None where there is no
        proof: cells are many, and the targets are at the very edge.
        """
        program, kept = self.program, target > 0

        def impossible(columns: Bools) -> bool:
            if self._counted(columns, target):
                return True
            return program is not None and program.impossible(np.where(columns, target, 0))

        if program is None:
            need = np.ceil(target / self.mean / self.recipe.repeat).astype(np.int64)
            if not self.choice.feasible(need):
                columns = self.choice.proof(need).columns
                kept = columns if impossible(columns) else kept
        if not impossible(kept):
            return None
        for number in sorted(np.flatnonzero(kept).tolist(), key=lambda place: (int(target[place]), place)):
            kept[number] = False
            kept[number] = not impossible(kept)
        counted = self._counted(kept, target)
        if counted or program is None:
            return kept, self.ceiling(kept), counted
        return kept, program.most_of(np.where(kept, target, 0)), False

    def ceiling(self, columns: Bools) -> int:
        """Return the most that a set of columns can be given, each instruction giving its largest cells in them."""
        times = columns.reshape(self.parts, self.width).sum(axis=0)
        often = np.minimum(times, 1)  # an instruction is in one split
        mine = often[self.place] > 0
        instruction, sizes = self.serving.grid.instruction[self.cells[mine]], self.sizes[self.cells[mine]]
        begins = np.flatnonzero(np.diff(instruction, prepend=-1))  # cells are sorted by instruction
        if self.choice.supply.most == 1:
            return int(np.maximum.reduceat(sizes, begins).sum() if len(sizes) else 0) * self.recipe.repeat
        order = np.lexsort((-sizes, instruction))
        rank = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
        return int(sizes[order][rank < self.choice.supply.most].sum()) * self.recipe.repeat

    def plan(self, asked: Ints, chosen: Chosen, *, partial: bool, levelled: bool = False) -> Plan:
        """Return the plan that chosen cells are."""
        column = self.serving.columns(chosen.cell, chosen.split)

        def summed(weights: Ints) -> Ints:
            return np.bincount(column, weights=weights, minlength=asked.size).astype(np.int64).reshape(asked.shape)

        empty = np.zeros((len(self.choice.supply.amount), asked.size), dtype=np.int64)
        plan = Plan(
            recipe=self.recipe,
            languages=self.serving.languages,
            asked=asked,
            given=summed(self.sizes[chosen.cell] * chosen.copies),
            examples=summed(chosen.copies),
            distinct=summed(np.ones_like(chosen.copies)),
            available=self.serving.supply.available,
            supply=self.choice.supply,
            flow=empty,
            used=np.zeros((len(empty), self.parts), dtype=np.int64),
            grid_digest="",
            partial=partial,
            levelled=levelled,
        )
        return plan_of(plan, self.serving, chosen)


def nearest_count(sums: Ints, target: int) -> int:
    """Return how many of a running sum's terms come nearest to a target; the fewer where two come as near.

    Example:
        >>> [nearest_count(np.array([5, 9, 20]), target) for target in (0, 4, 7, 15, 99)]
        [0, 1, 1, 3, 3]
    """
    count = int(np.searchsorted(sums, target, side="left"))
    if count == len(sums):
        return count
    below = int(sums[count - 1]) if count else 0
    return count + 1 if int(sums[count]) - target < target - below else count
