"""Brute force: every assignment of a few instructions, as tables of which counts can be given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from pinchmix.budget import Budget
from pinchmix.content import Content
from pinchmix.planning.examples import Asker, column_names
from pinchmix.planning.serving import Serving
from pinchmix.recipe import Recipe
from pinchmix.samplers.random import RandomSampler
from pinchmix.testing import toy_pool
from tests.grids import Cells, cells, grid_of

FLOWS = ("disjoint", "overlap(1)", "overlap(2)", "overlap(3)", "overlap(4)", "cover")
SETS = ("exactly(1)", "exactly(2)", "exactly(3)", "exactly(4)", "union", "same")
Table = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def tags_of(grid: Cells) -> tuple[str, ...]:
    return tuple(sorted({tag for tags in grid.values() for tag in tags}))


def sets_of(content: str, able: Sequence[int], asked: Sequence[int]) -> list[tuple[int, ...]]:
    """All sets of languages in which one instruction may be used, as places."""
    policy = Content.parse(content)
    if policy.kind == "same":
        return [tuple(asked)] if asked and set(asked) <= set(able) else []
    if policy.kind == "union":
        whole = tuple(place for place in able if place in asked)
        return [whole] if whole else []
    sizes = [policy.k] if policy.kind == "exactly" else range(1, policy.k + 1)
    return [chosen for size in sizes for chosen in combinations(able, size)]


def reachable(grid: Cells, content: str, asked: Ints, most: Ints) -> Table:
    """Which counts of cells can be given: each instruction tried in every set of languages, in every split.

    Args:
        grid: What exists.
        content: The policy.
        asked: What each language asks in each split, shape ``(splits, languages)``; ``same`` goes by who asks.
        most: The largest counts of interest, same shape.

    Returns:
        A table with an axis for each split and language, of length ``most + 1``.
    """
    tags = tags_of(grid)
    asking = np.flatnonzero(asked.sum(axis=0)).tolist()
    table = np.zeros([int(count) + 1 for count in most.ravel()], dtype=bool)
    table[(0,) * table.ndim] = True
    for here in grid.values():
        able = [place for place, tag in enumerate(tags) if tag in here]
        after = table.copy()
        must = False
        if content == "cover" and able:
            after, must = np.zeros_like(table), True
        for split in range(len(asked)):
            for chosen in sets_of("disjoint" if must else content, able, asking):
                axes = {split * len(tags) + place for place in chosen}
                if all(table.shape[axis] > 1 for axis in axes):
                    to = tuple(slice(1, None) if axis in axes else slice(None) for axis in range(table.ndim))
                    come = tuple(slice(None, -1) if axis in axes else slice(None) for axis in range(table.ndim))
                    after[to] |= table[come]
        table = after
    return table


def caps(grid: Cells, asked: Ints) -> Ints:
    """As many cells as each language is asked for, or has."""
    have = np.array([sum(tag in tags for tags in grid.values()) for tag in tags_of(grid)])
    return np.minimum(asked, have)


def counts_in(table: Table) -> Ints:
    """The counts that can be given, a row each."""
    return np.argwhere(table)


def feasible(grid: Cells, content: str, asked: Ints, repeat: int = 1) -> bool:
    """Whether some choice of cells, each repeated at most so often, gives exactly what is asked."""
    low = tuple(slice(int(count), None) for count in -(-asked.ravel() // repeat))
    return bool(reachable(grid, content, asked, caps(grid, asked))[low].any())


def largest_given(grid: Cells, content: str, asked: Ints, of: Table, repeat: int) -> int:
    """The most examples that some columns can be given of what they ask, whatever the others that ask get."""
    have = caps(grid, np.full_like(asked, len(grid)))
    most = np.where(of, np.minimum(asked, have), np.where(asked > 0, have, 0))
    choices = counts_in(reachable(grid, content, asked, most))
    return int(np.minimum(choices * repeat, asked.ravel())[:, of.ravel()].sum(axis=1).max())


SPLITS = (
    {},
    {"train": Fraction(1, 2), "test": Fraction(1, 2)},
    {"train": Fraction(3, 4), "test": Fraction(1, 4)},
    {"train": 2, "test": 1},
)


class Case(NamedTuple):
    """A grid, a recipe, and what that asks of each language in each split, shape ``(splits, languages)``."""

    grid: Cells
    recipe: Recipe
    asked: Ints

    @property
    def feasible(self) -> bool:
        """Whether brute force finds a plan."""
        return feasible(self.grid, self.recipe.content, self.asked, self.recipe.repeat)

    @property
    def serving(self) -> Serving:
        """The grid in the order of the recipe's seed."""
        built = grid_of(self.grid)
        return Serving(
            built, built.languages, RandomSampler().order(toy_pool(built), self.recipe.seed).key, self.recipe.seed
        )

    @property
    def names(self) -> list[str]:
        """The columns as certificates name them."""
        return column_names(self.recipe, tags_of(self.grid))


def case_of(grid: Cells, counts: Mapping[str, int], **said: Any) -> Case:
    """What a budget of counts asks."""
    split = said.get("split") or {}
    if split and isinstance(next(iter(split.values())), int):  # a first split of so many, and a second of the others
        total = sum(counts.values())
        first = min(next(iter(split.values())), total)
        said["split"] = {"train": first, "test": total - first}
    recipe = Recipe(Budget.counts(counts), **said)
    return Case(grid, recipe, Asker(recipe, tags_of(grid), {}).asked())


@st.composite
def cases(draw: st.DrawFn, contents: Sequence[str], *, repeats: int = 3, splits: bool = True) -> Case:
    """Small budgets of counts under some policies; about half of them can be met."""
    content = draw(st.sampled_from(contents))
    split = draw(st.sampled_from(SPLITS)) if splits and draw(st.booleans()) else {}
    repeat = draw(st.integers(1, repeats))
    grid = draw(cells(languages=("cs", "en", "fi", "sw")[: 3 if split else 4]))
    tags = tags_of(grid)
    kind = draw(st.sampled_from(("any", "even", "sums")))
    if kind == "any":
        counts = {tag: draw(st.integers(0, 4)) for tag in tags}
    elif kind == "even":
        size = draw(st.integers(1, 4))
        counts = {tag: size * draw(st.booleans()) for tag in tags}
    else:  # what some sets of languages sum to
        drawn = draw(st.lists(st.sampled_from(sorted(grid.values())), min_size=1, max_size=4))
        counts = {tag: sum(tag in here for here in drawn) for tag in tags}
        counts[tags[0]] *= draw(st.integers(1, 2))
    if not any(counts.values()):
        counts[tags[0]] = 1
    return case_of(grid, counts, content=content, repeat=repeat, split=split, seed=draw(st.integers(0, 99)))
