"""Sweeps: every member exact, the laws of the family kept or refused, and nothing else in its way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import Budget, Recipe, build_mixture
from pinchmix.errors import ArgumentError, InfeasibleBudget, InfeasibleFamily, UnknownLanguage
from pinchmix.family import Family
from pinchmix.sweep import sweep_mixtures
from tests.grids import laws, table_of
from tests.sweeps import (
    PAPER,
    check_laws,
    counts_of,
    families,
    family_of,
    figures_of,
    held,
    recipe_of,
    rows_of,
    swept,
    units,
)
from tests.test_joint import possible

GRID = {f"i{n:02}": ["en", "fi", "sw"] for n in range(30)}
GAPS = {f"i{n:02}": ["en", "fi", "sw"][: 1 + n % 3] for n in range(40)}
HALVES = {"train": 0.5, "test": 0.5}
LAWFUL = laws(60)


def in_circle(family):
    steps = {frozenset(step) for chain in family.nested for step in pairwise(chain)}
    seen, groups = set(), 0
    for name in family:
        if name in seen:
            continue
        groups += 1
        waiting = [name]
        while waiting:
            here = waiting.pop()
            seen.add(here)
            waiting += [there for step in steps if here in step for there in step if there not in seen]
    return len(steps) > len(family) - groups


# The laws, kept or refused ----------------------------------------------------------------------------------------


@LAWFUL
@given(families())
def test_a_family_is_refused_if_and_only_if_brute_force_finds_no_choice(case):
    grid, family = case
    tags = sorted({tag for tags in grid.values() for tag in tags})
    able = [tuple(tag in tags_here for tag in tags) for tags_here in grid.values()]
    steps = [step for chain in family.chains for step in pairwise(chain)]
    can = possible(able, figures_of(family, tags), steps, family.constant) if family.laws else None
    try:
        sweep = swept(grid, family)
    except InfeasibleFamily as error:
        assert family.laws
        assert in_circle(family) if error.undecided else not can
    except InfeasibleBudget:
        assert not family.laws
    else:
        assert can is not False
        check_laws(sweep, grid)


@LAWFUL
@given(families(("en", "fi", "sw", "cs"), most=12, members=5, split=HALVES))
def test_laws_hold_with_splits_or_are_refused(case):
    grid, family = case
    try:
        sweep = swept(grid, family)
    except InfeasibleBudget:
        assert not family.laws
    except InfeasibleFamily:
        assert family.laws
    else:
        check_laws(sweep, grid)


@pytest.mark.parametrize("split", [{}, {"train": 0.9, "test": 0.1}, {"a": 0.7, "b": 0.2, "c": 0.1}, {"a": 60, "b": 40}])
@pytest.mark.parametrize("seed", range(3))
def test_pinches_of_a_complete_grid_keep_every_law(split, seed):
    grid = {f"i{n:03}": list(PAPER) for n in range(100)}
    members = {
        f"p{percent}": Recipe(
            Budget.pinch(100, percent=percent, pool="all"), languages=PAPER, split=split, seed=seed, validators=()
        )
        for percent in (1, 10, 20, 50, 55, 90)
    }
    sweep = swept(grid, Family("pinches", members, constant=True, nested=[list(members)]))
    check_laws(sweep, grid)
    for mix in sweep.values():
        assert len(mix) == 100
    for small, large in pairwise(sweep.values()):
        for tag in PAPER[1:]:
            assert held(small, tag) <= held(large, tag)
        assert held(large, "en") <= held(small, "en")
