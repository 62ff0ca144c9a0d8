"""Small random grids and budgets, and the brute force that the planner is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pinchmix.budget import Budget
from pinchmix.grid import Grid
from pinchmix.plugins import Findings, Verdict
from pinchmix.recipe import Recipe

LANGUAGES = ("cs", "en", "fi", "sw")
IDS = ("a", "b", "c", "d", "e", "f")

Cells = dict[str, list[str]]
Counts = tuple[int, ...]


def laws(examples: int) -> settings:
    """Settings of a law: so many examples, and never a failure because the machine is busy."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def cells(draw: st.DrawFn, ids: Sequence[str] = IDS, languages: Sequence[str] = LANGUAGES) -> Cells:
    """At most six instructions in at most four languages, each instruction in at least one."""
    width = draw(st.integers(1, len(languages)))
    size = draw(st.integers(1, len(ids)))
    patterns = st.lists(st.sampled_from(languages[:width]), min_size=1, unique=True)
    return {key: draw(patterns) for key in ids[:size]}


@st.composite
def asked_cells(draw: st.DrawFn) -> tuple[Cells, dict[str, int]]:
    """A grid and a count for each of its languages, at least one positive; feasible about half of the time."""
    grid = draw(cells())
    languages = sorted({tag for tags in grid.values() for tag in tags})
    counts = {tag: draw(st.integers(0, 3)) for tag in languages}
    if not any(counts.values()):
        counts[languages[0]] = 1
    return grid, counts


def recipe_of(counts: Mapping[str, int], **said: object) -> Recipe:
    return Recipe(Budget.counts(counts), **said)  # type: ignore[arg-type]


def grid_of(grid: Cells) -> Grid:
    return Grid.from_mapping(grid)


def reachable(grid: Cells, languages: Sequence[str]) -> set[Counts]:
    """All counts by language that any choice of cells gives: every instruction tried in every language and in none."""
    sums: set[Counts] = {(0,) * len(languages)}
    for tags in grid.values():
        steps = [places for places, tag in enumerate(languages) if tag in tags]
        sums |= {
            tuple(count + (place == step) for place, count in enumerate(counts)) for counts in sums for step in steps
        }
    return sums


def largest_served(grid: Cells, counts: Mapping[str, int]) -> int:
    """The most examples that any choice gives without exceeding what is asked of a language."""
    asked = tuple(counts.values())
    fits = (
        sum(reached)
        for reached in reachable(grid, tuple(counts))
        if all(got <= want for got, want in zip(reached, asked, strict=True))
    )
    return max(fits)


def possible(grid: Cells, counts: Mapping[str, int]) -> bool:
    return tuple(counts.values()) in reachable(grid, tuple(counts))


def instructions_in_any(grid: Cells, languages: Iterable[str]) -> int:
    """How many instructions exist in at least one of the languages, by looking at each."""
    wanted = set(languages)
    return sum(bool(wanted.intersection(tags)) for tags in grid.values())


def table_of(grid: Cells, text: str = "{part} of {key} in {tag}") -> pa.Table:
    """A long table with a row a cell, as a source."""
    rows = [(key, tag) for key, tags in grid.items() for tag in tags]
    return pa.table(
        {
            "id": [key for key, _ in rows],
            "language": [tag for _, tag in rows],
            "prompt": [text.format(part="prompt", key=key, tag=tag) for key, tag in rows],
            "response": [text.format(part="response", key=key, tag=tag) for key, tag in rows],
        }
    )


class Refuse:
    """A validator that rejects chosen cells, doubts others, and remembers what it was asked."""

    name = "refuse"
    version = "7"

    def __init__(self, refused: Iterable[tuple[str, str]], doubted: Iterable[tuple[str, str]] = ()) -> None:
        self.refused, self.doubted = set(refused), set(doubted)
        self.asked: list[tuple[str, str]] = []
        self.settings = {"refused": sorted(self.refused), "doubted": sorted(self.doubted)}

    def judge(self, cells: Any, languages: Sequence[str]) -> Findings:
        pairs = list(zip(cells.ids, cells.response_languages, strict=True))
        self.asked.extend(pairs)
        found = [
            (place, Verdict.MISMATCH if pair in self.refused else Verdict.UNSURE)
            for place, pair in enumerate(pairs)
            if pair in self.refused | self.doubted
        ]
        return Findings(
            place=np.array([place for place, _ in found], dtype=np.int64),
            field=["response"] * len(found),
            verdict=np.array([verdict for _, verdict in found], dtype=np.uint8),
            reason=["refused"] * len(found),
            score=np.full(len(found), 0.25, dtype=np.float32),
            seen=["xx"] * len(found),
        )
