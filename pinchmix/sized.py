"""Sized plans: budgets in tokens, characters or bytes, met per language to within one example.

How many examples a size takes is not known before they are chosen. So the examples are planned from mean sizes, chosen,
measured, and the counts corrected, until what is missing is so little that single examples settle it. At the edge of
what exists, where this does not end, an integer program over single cells decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pinchmix.assign import Chosen, plan_of, served
from pinchmix.content import Content
from pinchmix.errors import ArgumentError, Certificate, InfeasibleBudget
from pinchmix.exact.cells import CellProgram
from pinchmix.exact.choice import FlowChoice
from pinchmix.exact.supply import Bools, Ints
from pinchmix.plan import Plan, choice_of
from pinchmix.planner import Asker, Rejected, column_names, supply_for
from pinchmix.recipe import Recipe
from pinchmix.serving import Serving

ROUNDS = 10
PROGRAM = 400_000  # cells times splits; the largest program over single cells


def plan_sizes(
    serving: Serving,
    recipe: Recipe,
    sizes: Ints,
    *,
    allocator: Any = None,
    rejected: Rejected | None = None,
    partial: bool = False,
) -> tuple[Plan, Chosen]:
    """Return the plan of a budget in tokens, characters or bytes, and the cells that meet it.

    Args:
        serving: What exists, and in which order it is served.
        recipe: What is asked.
        sizes: The size of each cell of the grid in the budget's unit, shape ``(cells,)``, int64.
        allocator: The plugin that the budget names, where it names one.
        rejected: Cells that were left out of the grid, by check and language.
        partial: Where the budget is impossible, plan the nearest that is.

    Returns:
        The plan and the chosen cells. Each language is off by less than its largest example, as a rule by half of one.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        ArgumentError: The content policy decides all figures by itself.
    """
    content = Content.parse(recipe.content)
    if content.kind not in ("disjoint", "overlap") or (content.k > 1 and len(recipe.splits) > 1):
        where = " with splits" if content.kind == "overlap" else ""
        raise ArgumentError(
            f"a budget in {recipe.budget.unit} cannot be met under content={recipe.content!r}{where}: with whole "
            "sets of languages an instruction, languages cannot be filled one by one. Use content='disjoint', or "
            "'overlap(k)' without splits, or a budget in examples."
        )
    if serving.shares is not None:
        raise ArgumentError(
            f"sampler {recipe.sampler!r}: given shares are shares of examples, not of {recipe.budget.unit}."
        )
    sums = np.bincount(_place(serving)[1], weights=sizes[_place(serving)[0]], minlength=len(serving.languages))
    exist = dict(zip(serving.languages, sums.astype(np.int64).tolist(), strict=True))
    asker = Asker(recipe, serving.languages, exist, allocator)
    filler = Filler(serving, recipe, sizes)
    asked = asker.asked()
    chosen = filler.fill(asked.ravel())
    target = asked
    if chosen is None:
        level = filler.level(asked.ravel())
        if not partial:
            raise InfeasibleBudget(_certificate(filler, asker, asked.ravel(), level, rejected or {}))
        while chosen is None:
            target = (asked * level).astype(np.int64)
            chosen, level = filler.fill(target.ravel()), level * 0.999
    return filler.plan(asked, chosen), chosen


def _place(serving: Serving) -> tuple[Ints, Ints]:
    """Return the cells in the plan's languages, and the place of the language of each."""
    of_cell = serving.place_of[serving.grid.language]
    cells = np.flatnonzero(of_cell >= 0)
    return cells, of_cell[cells]


class Filler:
    """Fills columns (languages of splits) with cells up to sizes."""

    def __init__(self, serving: Serving, recipe: Recipe, sizes: Ints) -> None:
        self.serving, self.recipe, self.sizes = serving, recipe, sizes
        self.parts, self.width = len(recipe.splits), len(serving.languages)
        choice = choice_of(Content.parse(recipe.content), supply_for(serving, recipe, 0), self.parts)
        assert isinstance(choice, FlowChoice)
        self.choice = choice
        self.cells, self.place = _place(serving)
        count = np.bincount(self.place, minlength=self.width)
        total = np.bincount(self.place, weights=sizes[self.cells], minlength=self.width)
        self.mean = np.tile(np.maximum(total, 1) / np.maximum(count, 1), self.parts)
        self.largest = np.ones(self.width, dtype=np.int64)
        np.maximum.at(self.largest, self.place, sizes[self.cells])

    def fill(self, target: Ints) -> Chosen | None:
        """Return cells that meet the targets to within one example each, or None where there are none."""
        repeat = self.recipe.repeat
        available = np.tile(self.choice.supply.available, self.parts)
        counts = np.clip(np.rint(target / self.mean), target > 0, available * repeat).astype(np.int64)
        ranks = self.serving.row_of[self.serving.order] if self.serving.ranked else None
        for _ in range(ROUNDS):
            need = -(-counts // repeat)
            if not self.choice.feasible(need):
                break
            distinct = counts
            if repeat > 1 and not self.choice.feasible(counts):
                distinct = self.choice.fair(counts, need)
            cell, split = served(self.choice.fill(distinct, ranks, self.serving.lots(self.parts)), self.serving)
            column = self.serving.columns(cell, split)
            chosen = self._settle(cell, column, target, short=distinct < counts)
            if chosen is not None:
                return chosen
            got = np.bincount(column, weights=self.sizes[cell], minlength=len(target))
            mean = np.where(distinct > 0, got / np.maximum(distinct, 1), self.mean)
            step = np.rint((target - got * np.maximum(counts / np.maximum(distinct, 1), 1)) / np.maximum(mean, 1e-9))
            counts = np.clip(counts + step, target > 0, available * repeat).astype(np.int64)
        return self._edge(target)

    def _settle(self, cell: Ints, column: Ints, target: Ints, short: Bools) -> Chosen | None:
        """Return chosen cells cut or added to, one by one, so that each column is within one example, or None."""
        key = self.serving.key
        grid = self.serving.grid
        used = np.zeros(len(grid.ids), dtype=bool)
        used[grid.instruction[cell]] = True
        order = np.lexsort((grid.instruction[cell], key[grid.instruction[cell]], column))
        cell, column = cell[order], column[order]
        starts = np.searchsorted(column, np.arange(len(target) + 1))
        kept: list[Ints] = []
        often: list[Ints] = []
        lacking: list[tuple[int, int]] = []
        for number in range(len(target)):
            mine = cell[starts[number] : starts[number + 1]]
            sizes = self.sizes[mine]
            total = int(sizes.sum())
            if not short[number]:
                count = _nearest(np.cumsum(sizes), int(target[number]))
                if count == len(mine) and total < target[number]:
                    lacking.append((number, int(target[number]) - total))
                # What is cut off is free for others again.
                used[grid.instruction[mine[count:]]] = False
                kept.append(mine[:count])
                often.append(np.ones(count, dtype=np.int64))
                continue
            rounds, rest = divmod(int(target[number]), max(total, 1))
            more = _nearest(np.cumsum(sizes), rest)
            copies = rounds + (np.arange(len(mine)) < more).astype(np.int64)
            if len(mine) and (int(copies.max()) > self.recipe.repeat or int(copies.min()) < 1):
                return None
            kept.append(mine)
            often.append(copies)
        for number, missing in lacking:
            added = self._free(number % self.width, used, missing)
            used[grid.instruction[added]] = True
            if missing - int(self.sizes[added].sum()) > int(self.largest[number % self.width]) // 2:
                return None
            kept[number] = np.append(kept[number], added)
            often[number] = np.append(often[number], np.ones(len(added), dtype=np.int64))
        split = np.repeat(np.arange(len(target)) // self.width, [len(mine) for mine in kept])
        return Chosen.sorted(np.concatenate(kept), split, np.concatenate(often))

    def _free(self, place: int, used: Bools, missing: int) -> Ints:
        """Return the first cells of a language whose instructions serve nobody, up to a size."""
        grid = self.serving.grid
        mine = self.cells[self.place == place]
        mine = mine[~used[grid.instruction[mine]]]
        mine = mine[np.argsort(self.serving.key[grid.instruction[mine]], kind="stable")]
        first: Ints = mine[: _nearest(np.cumsum(self.sizes[mine]), missing)]
        return first

    @property
    def _program(self) -> CellProgram | None:
        """The program over single cells, where they are few enough."""
        if len(self.cells) * self.parts > PROGRAM or self.recipe.repeat > 1:
            return None
        instruction = self.serving.grid.instruction[self.cells].astype(np.int64)
        return CellProgram(
            instruction, self.place, self.sizes[self.cells], self.width, self.parts, self.choice.supply.most
        )

    def _edge(self, target: Ints) -> Chosen | None:
        """Return cells that meet targets at the edge of what exists, by the program over single cells."""
        program = self._program
        if program is None:
            return None
        found = program.solve(target, np.tile(self.largest, self.parts) // 2)
        if found is None:
            return None
        number, split = found
        return Chosen.sorted(self.cells[number], split, np.ones(len(number), dtype=np.int64))

    def level(self, target: Ints) -> float:
        """Return the largest part of the targets that can be given to all columns alike."""
        program = self._program
        if program is not None:
            return min(1.0, program.level(target))
        low, high = 0.0, 1.0
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if self.fill((target * middle).astype(np.int64)) is not None else (low, middle)
        return low

    def proof(self, target: Ints) -> tuple[Bools, int, bool]:
        """Return columns that cannot all reach their targets, the most they can be given, and if counting shows it.

        Counted, an instruction gives a set of columns no more than its largest cells in them.
        """
        program = self._program
        asked = target > 0
        if program is None:
            need = np.ceil(target / np.maximum(self.mean, 1e-9) / self.recipe.repeat).astype(np.int64)
            columns = asked if self.choice.feasible(need) else self.choice.proof(need).columns
            ceiling = self.ceiling(columns) * self.recipe.repeat
            return columns, min(ceiling, int(target[columns].sum())), ceiling < int(target[columns].sum())
        kept = asked.copy()
        tolerance = np.tile(self.largest, self.parts) // 2
        for number in sorted(np.flatnonzero(asked).tolist(), key=lambda place: (int(target[place]), place)):
            kept[number] = False
            kept[number] = program.solve(np.where(kept, target, 0), tolerance, free=~kept) is not None
        ceiling = self.ceiling(kept)
        counted = ceiling < int(target[kept].sum())
        return kept, ceiling if counted else program.most_of(np.where(kept, target, 0)), counted

    def ceiling(self, columns: Bools) -> int:
        """Return the most that a set of columns can be given together, each instruction giving its largest cells."""
        times = columns.reshape(self.parts, self.width).sum(axis=0)
        often = np.minimum(times, 1)  # an instruction is in one split
        mine = often[self.place] > 0
        instruction, sizes = self.serving.grid.instruction[self.cells[mine]], self.sizes[self.cells[mine]]
        order = np.lexsort((-sizes, instruction))
        first = np.searchsorted(instruction[order], instruction[order], side="left")
        largest = (np.arange(len(order)) - first) < self.choice.supply.most
        return int(sizes[order][largest].sum())

    def plan(self, asked: Ints, chosen: Chosen) -> Plan:
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
        )
        return plan_of(plan, self.serving, chosen)


def _nearest(sums: Ints, target: int) -> int:
    """Return how many of a running sum's terms come nearest to a target; the fewer where two come as near.

    Example:
        >>> [_nearest(np.array([5, 9, 20]), target) for target in (0, 4, 7, 15, 99)]
        [0, 1, 1, 3, 3]
    """
    count = int(np.searchsorted(sums, target, side="left"))
    if count == len(sums):
        return count
    below = int(sums[count - 1]) if count else 0
    return count + 1 if int(sums[count]) - target < target - below else count


def _certificate(filler: Filler, asker: Asker, target: Ints, level: float, rejected: Rejected) -> Certificate:
    recipe = asker.recipe
    kept, ceiling, counted = filler.proof(target)
    columns = np.flatnonzero(kept).tolist()
    names = column_names(recipe, asker.languages)
    tags = {asker.languages[column % filler.width] for column in columns}
    lost = {check: sum(counts.get(tag, 0) for tag in tags) for check, counts in rejected.items()}
    exist = filler.choice.supply.available
    total = int(target.sum() * level)
    return Certificate(
        languages=tuple(names[column] for column in columns),
        asked=tuple(target[columns].tolist()),
        available=tuple(int(exist[column % filler.width]) for column in columns),
        supply=ceiling,
        largest_total=total,
        rejected={check: count for check, count in lost.items() if count},
        content=recipe.content,
        repeat=recipe.repeat,
        unit=recipe.budget.unit,
        counted=counted,
    )
