"""Families, sweeps and what their mixtures hold, for the tests of sweeps."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from pinchmix import Budget, Recipe
from pinchmix.family import Family
from pinchmix.mixture import Mixture
from pinchmix.sweep import Sweep, sweep_mixtures
from tests.grids import Cells, table_of

PAPER = ("en", "ar", "cs", "es", "et", "fi", "he", "hi", "it", "ru", "sw", "zh")


def recipe_of(counts: Mapping[str, int], **said: Any) -> Recipe:
    return Recipe(Budget.counts(counts), **{"validators": (), **said})


def family_of(counts: Mapping[str, Mapping[str, int]], *, constant: bool = False, nested: Any = (), **said: Any):
    members = {name: recipe_of(asked, **said) for name, asked in counts.items()}
    return Family("test", members, constant=constant, nested=nested)


def swept(source: Any, family: Any, **said: Any) -> Sweep:
    return sweep_mixtures(source if not isinstance(source, dict) else table_of(source), family, progress=False, **said)


LITTLE = ["the", "of", "and", "with", "from", "which", "that", "for", "before", "after", "under", "where"]
LETTERS = str.maketrans("0123456789", "ghijklmnop")  # words have no digits


def varied(grid: Cells, copies: Collection[tuple[str, str]] = ()) -> pa.Table:
    """A long table of texts that have no word in common, but for cells that say what the English one does."""
    table = table_of(grid)
    said: dict[str, list[str]] = {"prompt": [], "response": [], "task": []}
    for key, tag in zip(table.column("id").to_pylist(), table.column("language").to_pylist(), strict=True):
        spoken = "en" if (key, tag) in copies else tag
        for part in ("prompt", "response"):
            signs = hashlib.sha256(f"{part} {key} {spoken}".encode()).hexdigest() * 2
            words = [signs[at : at + 6] for at in range(0, 60 + len(key), 6)]
            if copies and spoken == "en":  # prose, as only that is taken for untranslated
                words = [f"{LITTLE[int(word, 16) % len(LITTLE)]} {word.translate(LETTERS)}" for word in words]
            said[part].append(" ".join(words))
        said["task"].append(f"task {int(hashlib.sha256(key.encode()).hexdigest(), 16) % 3}")
    for part in ("prompt", "response"):
        table = table.set_column(table.column_names.index(part), part, pa.array(said[part]))
    return table.append_column("task", pa.array(said["task"]))


def rows_of(mix: Mixture) -> list[tuple[str, str, str]]:
    """Id, language and split of each row, in order, without a look at any text."""
    grid, splits = mix.grid, mix.plan.recipe.splits
    ids = grid.ids.take(grid.instruction[mix.cells]).to_pylist() if len(mix.cells) else []
    tags = [grid.languages[number] for number in grid.language[mix.cells].tolist()]
    return list(zip(ids, tags, (splits[number] for number in mix.split.tolist()), strict=True))


def counts_of(mix: Mixture) -> dict[str, int]:
    return dict(Counter(tag for _, tag, _ in rows_of(mix)))


def held(mix: Mixture, tag: str) -> set[tuple[str, str]]:
    """Id and split of the cells of a language."""
    return {(key, split) for key, language, split in rows_of(mix) if language == tag}


def units(mix: Mixture) -> set[tuple[str, str]]:
    return {(key, split) for key, _, split in rows_of(mix)}


def check_laws(sweep: Sweep, grid: Cells) -> None:
    """Count everything that a sweep promises on the rows of its mixtures."""
    family = sweep.family
    assert list(sweep) == list(family)
    for name, mix in sweep.items():
        rows = rows_of(mix)
        asked = family[name].budget
        if asked.kind == "counts":
            wanted = {tag: count for tag, count in asked.for_languages(mix.plan.languages).items() if count}
            assert counts_of(mix) == wanted
        assert len({key for key, _, _ in rows}) == len(rows)  # one language and one split an instruction
        assert all(tag in grid[key] for key, tag, _ in rows)
        sizes = Counter(split for _, _, split in rows)
        assert [sizes[split] for split in mix.plan.recipe.splits] == mix.plan.examples.sum(axis=1).tolist()
    names = list(sweep)
    if family.constant:
        assert all(units(sweep[name]) == units(sweep[names[0]]) for name in names)
    tags = {tag for tags in grid.values() for tag in tags}
    for chain in family.nested:
        for one, other in pairwise(chain):
            for tag in tags:
                small, large = sorted((held(sweep[one], tag), held(sweep[other], tag)), key=len)
                assert small <= large


@st.composite
def families(
    draw: st.DrawFn,
    languages: Sequence[str] = ("en", "fi", "sw"),
    *,
    most: int = 5,
    members: int = 3,
    split: Any = None,
    circles: bool = True,
) -> tuple[Cells, Family]:
    """Small grids with gaps or without, and families of counts; about half of them are possible."""
    keys = [f"i{number}" for number in range(draw(st.integers(1, most)))]
    whole = draw(st.booleans())
    grid = {
        key: list(languages) if whole else draw(st.lists(st.sampled_from(languages), min_size=1, unique=True))
        for key in keys
    }
    there = sorted({tag for tags in grid.values() for tag in tags})
    constant = draw(st.booleans())
    names = [f"m{number}" for number in range(draw(st.integers(1, members)))]
    size = draw(st.integers(1, len(keys)))
    counts = {}
    for name in names:
        mine = size if constant else draw(st.integers(1, len(keys)))
        labels = draw(st.lists(st.sampled_from(there), min_size=mine, max_size=mine))
        counts[name] = {tag: labels.count(tag) for tag in there}
    chains = draw(st.lists(st.permutations(names).map(lambda order: order[:3]), max_size=2 if circles else 1))
    seed = draw(st.integers(0, 9))
    return grid, family_of(counts, constant=constant, nested=chains, seed=seed, **({"split": split} if split else {}))


def figures_of(family: Family, tags: Sequence[str]) -> np.ndarray[Any, Any]:
    """Counts of each member, shape (members, 1, languages)."""
    rows = [[recipe.budget.for_languages(tags)[tag] for tag in tags] for recipe in family.members.values()]
    return np.array(rows, dtype=np.int64)[:, None, :]
