"""Policies: a plan exists if and only if brute force finds one, and what is chosen is what was asked and planned."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from pinchmix import plan_mixture
from pinchmix.content import Content
from pinchmix.errors import InfeasibleBudget
from pinchmix.planning.assign import assign, plan_of
from pinchmix.planning.examples import make_plan
from pinchmix.samplers.stratified import Stratified
from tests.brute import FLOWS, SETS, case_of, cases, tags_of
from tests.grids import laws


def check_chosen(case, plan, serving, chosen):
    """The cells keep counts, policy, splits and repeats; also that the plan says of them what is true."""
    grid, width = serving.grid, len(serving.languages)
    instruction, column = grid.instruction[chosen.cell], serving.columns(chosen.cell, chosen.split)
    assert np.all(np.diff(chosen.cell) > 0)  # ascending, none twice
    # Counts.
    size = case.asked.size
    assert np.bincount(column, weights=chosen.copies, minlength=size).tolist() == case.asked.ravel().tolist()
    assert np.bincount(column, minlength=size).tolist() == plan.distinct.ravel().tolist()
    assert plan.examples.tolist() == plan.given.tolist() == plan.asked.tolist() == case.asked.tolist()
    # Policy.
    policy = Content.parse(case.recipe.content)
    tags = tags_of(case.grid)
    used = {}
    for cell, split in zip(chosen.cell.tolist(), chosen.split.tolist(), strict=True):
        key = grid.ids[int(grid.instruction[cell])].as_py()
        used.setdefault(key, []).append((tags[int(grid.language[cell])], split))
    asking = {tag for tag, some in zip(tags, case.asked.any(axis=0).tolist(), strict=True) if some}
    for key, pairs in used.items():
        in_languages = {tag for tag, _ in pairs}
        assert len({split for _, split in pairs}) == 1  # no id in two splits
        assert in_languages <= set(case.grid[key])
        if policy.kind == "union":
            assert in_languages == set(case.grid[key]) & asking
        elif policy.kind == "same":
            assert in_languages == asking
        elif policy.kind == "exactly":
            assert len(in_languages) == policy.k
        else:
            assert len(in_languages) <= policy.k
    if policy.kind == "cover":
        assert set(used) == set(case.grid)
    assert len(used) == int(plan.used.sum()) == len(np.unique(instruction))
    assert plan.slack == len(case.grid) - len(used)
    # Repeats: even, within what is allowed, and none where other cells would do without.
    for number in range(size):
        copies = chosen.copies[column == number]
        if len(copies):
            assert copies.max() - copies.min() <= 1
            assert 1 <= copies.min() <= copies.max() <= case.recipe.repeat
    # The plan in figures: what each pattern gives.
    assert plan.flow.shape == (len(plan.supply.amount), len(case.asked) * width)
    assert np.all(plan.used.sum(axis=1) <= plan.supply.amount)
    again = plan_of(plan, serving, chosen)
    assert again.flow.tolist() == plan.flow.tolist()
    assert again.used.tolist() == plan.used.tolist()


def exists_iff_feasible(case):
    serving = case.serving
    try:
        plan = make_plan(serving, case.recipe)
    except InfeasibleBudget:
        assert not case.feasible
    else:
        assert case.feasible
        check_chosen(case, plan, serving, assign(plan, serving))


@laws(120)
@given(cases(FLOWS))
def test_a_plan_exists_if_and_only_if_brute_force_finds_one_and_is_kept(case):
    exists_iff_feasible(case)


@laws(90)
@given(cases(SETS))
def test_a_plan_of_whole_sets_exists_if_and_only_if_brute_force_finds_one_and_is_kept(case):
    exists_iff_feasible(case)


@pytest.mark.parametrize(
    ("grid", "counts", "said"),
    [
        # Fewest cells are one each, which no pairs make; two, one and one are.
        ({"a": ["cs", "en"], "b": ["cs", "fi"]}, {"cs": 2, "en": 1, "fi": 1}, {"content": "exactly(2)", "repeat": 2}),
        ({"a": ["cs", "en"], "b": ["en"]}, {"cs": 1, "en": 3}, {"content": "union", "repeat": 2}),
        ({"a": ["cs", "en"], "b": ["cs", "en"]}, {"cs": 2, "en": 4}, {"content": "same", "repeat": 2}),
    ],
)
def test_more_cells_than_the_fewest_are_used_where_the_fewest_make_no_sets(grid, counts, said):
    case = case_of(grid, counts, **said)
    assert case.feasible
    exists_iff_feasible(case)


def test_classes_of_several_splits_do_not_stand_in_the_way_of_a_refusal():
    """The smallest k is a search through sets, and a sampler's classes without given shares mean nothing to it."""
    rows = [
        {"id": number, "language": tag, "prompt": "Why?", "response": "So.", "task": "abc"[number % 3]}
        for number in range(9)
        for tag in ("en", "fi")
    ]
    with pytest.raises(InfeasibleBudget) as caught:
        plan_mixture(
            pa.Table.from_pylist(rows), {"en": 6, "fi": 6}, split={"a": 0.5, "b": 0.5}, sampler=Stratified(by="task")
        )
    assert caught.value.certificate.smallest_overlap == 2
