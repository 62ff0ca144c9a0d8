"""Assignment: which cells a plan takes when instructions are served in an order, and how gaps are filled again."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pinchmix.exact.choice import Filled, FlowChoice
from pinchmix.exact.deal import copies, deal
from pinchmix.exact.supply import Ints, Supply
from pinchmix.plan import Plan, choice_of
from pinchmix.planning.serving import Serving


class Chosen(NamedTuple):
    """Chosen cells.

    Attributes:
        cell: Numbers of cells in the grid, no one twice, ascending, shape ``(cells,)``, int64.
        split: The split of each, its place among the recipe's, same shape, int64.
        copies: How often each appears in the mixture, same shape, int64.
    """

    cell: Ints
    split: Ints
    copies: Ints

    @classmethod
    def sorted(cls, cell: Ints, split: Ints, copies: Ints) -> Chosen:
        """Return chosen cells in ascending order."""
        order = np.argsort(cell)
        return cls(cell[order], split[order], copies[order])


def served(filled: Filled, serving: Serving) -> tuple[Ints, Ints]:
    """Return the cells and splits that amounts by row stand for, when instructions are served in their order.

    The first of each row are taken; which of them serves which split and language is dealt by a key that is
    independent of the order, so no language gets the better ones.

    Args:
        filled: What each row gives.
        serving: The rows and their order.

    Returns:
        Cells and their splits, both shape ``(cells,)``, int64, in no particular order.
    """
    parts, width = filled.used.shape[1], len(serving.languages)
    taken = filled.used.sum(axis=1)
    starts = np.cumsum(serving.supply.amount) - serving.supply.amount
    first = np.cumsum(taken) - taken
    row = np.repeat(np.arange(len(taken)), taken)
    chosen = serving.by_row[starts[row] + np.arange(len(row)) - first[row]]
    chosen = chosen[np.lexsort((serving.dealt(chosen), row))]
    cells, splits = [], []
    for part in range(parts):
        begin = first + filled.used[:, :part].sum(axis=1)
        dealt = deal(filled.amounts[:, part * width : (part + 1) * width], filled.used[:, part])
        instruction = chosen[begin[dealt.row] + dealt.place]
        cells.append(serving.grid.find(instruction, serving.places[dealt.column]))
        splits.append(np.full(len(instruction), part, dtype=np.int64))
    return np.concatenate(cells), np.concatenate(splits)


def repeats(cell: Ints, split: Ints, examples: Ints, serving: Serving) -> Ints:
    """Return how often each cell appears so that every language has its examples: evenly, by a key of their own.

    Args:
        cell: Chosen cells.
        split: The split of each.
        examples: Shape ``(splits, languages)``.
        serving: Whose key decides which cells are repeated once more.
    """
    grid, column = serving.grid, serving.columns(cell, split)
    held = np.bincount(column, minlength=examples.size)
    if np.array_equal(held, examples.ravel()):
        return np.ones(len(cell), dtype=np.int64)
    order = np.lexsort((serving.dealt(grid.instruction[cell], "repeat"), column))
    often = np.empty(len(cell), dtype=np.int64)
    often[order] = np.concatenate(
        [copies(count, total) for count, total in zip(held.tolist(), examples.ravel().tolist(), strict=True) if count]
    )
    return often


def assign(plan: Plan, serving: Serving) -> Chosen:
    """Return the cells that a plan takes.

    Args:
        plan: A plan made on this serving, with a budget in examples.
        serving: The grid's instructions and their order.

    Returns:
        Exactly ``plan.examples`` of each language in each split, repeats counted, as the content policy says.

    Example:
        >>> from pinchmix.budget import Budget
        >>> from pinchmix.grid import Grid
        >>> from pinchmix.planning.examples import make_plan
        >>> from pinchmix.recipe import Recipe
        >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]})
        >>> serving = Serving(grid, ("en", "sw"), grid.hashes, 0)
        >>> plan = make_plan(serving, Recipe(Budget.counts({"en": 1, "sw": 1})))
        >>> assign(plan, serving).cell.tolist()
        [1, 2]
    """
    cell, split = served(Filled(plan.flow, plan.used), serving)
    return Chosen.sorted(cell, split, repeats(cell, split, plan.examples, serving))


def refill(plan: Plan, serving: Serving, kept: Chosen) -> Chosen | None:
    """Return cells that fill a mixture up to its plan while all that is kept stays, or None where that is impossible.

    Args:
        plan: What each language is to get.
        serving: What still exists.
        kept: Cells of its grid that stay.

    Returns:
        Those kept and the new ones; None also where an instruction may serve several languages, as keeping them is then
        no smaller task than planning again.
    """
    choice = choice_of(plan.content, serving.supply, len(plan.recipe.splits))
    if not isinstance(choice, FlowChoice) or choice.supply.most > 1 or plan.recipe.budget.unit != "examples":
        return None
    grid = serving.grid
    held = np.bincount(serving.columns(kept.cell, kept.split), minlength=plan.distinct.size)
    missing = plan.distinct.ravel() - held
    used = np.zeros(len(grid.ids), dtype=bool)
    used[grid.instruction[kept.cell]] = True
    free = serving.on(grid.without(grid.address[used[grid.instruction]]))
    supply = free.supply
    if plan.supply.quota is not None and serving.stratum is not None:
        drawn = np.bincount(serving.stratum[grid.instruction[kept.cell]], minlength=len(plan.supply.quota))
        supply = Supply(supply.amount, supply.allowed, 1, supply.stratum, plan.supply.quota - drawn)
    rest = replace(choice, supply=supply)
    if not rest.feasible(missing):
        return None
    filled = rest.fill(missing, free.row_of[free.order] if free.ranked else None, free.lots(rest.parts))
    new, split = served(filled, free)
    cell = np.append(kept.cell, grid.find(free.grid.instruction[new], free.grid.language[new]))
    split = np.append(kept.split, split)
    return Chosen.sorted(cell, split, repeats(cell, split, plan.examples, serving))


def plan_of(plan: Plan, serving: Serving, chosen: Chosen) -> Plan:
    """Return the plan that chosen cells turned out to be, on the grid that was left in the end."""
    grid, column = serving.grid, serving.columns(chosen.cell, chosen.split)
    instruction = grid.instruction[chosen.cell]
    row = serving.row_of[instruction]
    flow = np.zeros((len(serving.supply.amount), plan.flow.shape[1]), dtype=np.int64)
    np.add.at(flow, (row, column), 1)
    used = np.zeros((len(flow), len(plan.recipe.splits)), dtype=np.int64)
    # An instruction is counted once, however many languages it serves.
    once = np.unique(chosen.split * len(grid.ids) + instruction)
    np.add.at(used, (serving.row_of[once % len(grid.ids)], once // len(grid.ids)), 1)
    return replace(
        plan,
        available=serving.supply.available,
        supply=replace(serving.supply, most=plan.supply.most, quota=plan.supply.quota),
        flow=flow,
        used=used,
        grid_digest=grid.digest,
    )


def check_content(plan: Plan, serving: Serving, chosen: Chosen) -> None:
    """Raise unless chosen cells keep the content policy, the splits and the figures of a plan.

    The plan makes sure of all this; it is counted once more on the result, as everything else rests on it.

    Raises:
        RuntimeError: They do not, which is a fault of pinchmix.

    Example:
        >>> from pinchmix.budget import Budget
        >>> from pinchmix.grid import Grid
        >>> from pinchmix.planning.examples import make_plan
        >>> from pinchmix.recipe import Recipe
        >>> grid = Grid.from_mapping({"a": ["en", "sw"]})
        >>> serving = Serving(grid, ("en", "sw"), grid.hashes, 0)
        >>> plan = make_plan(serving, Recipe(Budget.counts({"en": 1})))
        >>> twice = Chosen(np.array([0, 1]), np.array([0, 0]), np.array([1, 1]))
        >>> check_content(plan, serving, twice)
        Traceback (most recent call last):
        RuntimeError: a fault in pinchmix: the counts are not those of the plan; an instruction in too many languages
    """
    grid, content = serving.grid, plan.content
    used, row, times = np.unique(grid.instruction[chosen.cell], return_inverse=True, return_counts=True)
    asked = np.flatnonzero(plan.examples.sum(axis=0) > 0)
    patterns = grid.patterns
    able = patterns.allowed[:, serving.places[asked]].sum(axis=1)
    given = np.bincount(serving.columns(chosen.cell, chosen.split), weights=chosen.copies, minlength=plan.examples.size)
    split_of = np.zeros(len(used), dtype=np.int64)
    split_of[row.ravel()] = chosen.split
    most = len(asked) if content.most is None else content.most
    whole = {
        "exactly": content.k,
        "union": able[patterns.of_instruction[used]],
        "same": len(asked),
    }
    kept = {
        "the counts are not those of the plan": np.array_equal(given, plan.examples.ravel()),
        "a cell is chosen twice": len(np.unique(chosen.cell)) == len(chosen.cell),
        "a cell is repeated too often": int(chosen.copies.max(initial=1)) <= plan.recipe.repeat,
        "an instruction in too many languages": int(times.max(initial=0)) <= most,
        "an instruction in two splits": np.array_equal(split_of[row.ravel()], chosen.split),
        "an instruction in too few languages": bool((times == whole.get(content.kind, times)).all()),
        "an instruction is left out": content.kind != "cover" or len(used) == int(patterns.supply[able > 0].sum()),
    }
    if broken := [said for said, holds in kept.items() if not holds]:
        raise RuntimeError(f"a fault in pinchmix: {'; '.join(broken)}")
