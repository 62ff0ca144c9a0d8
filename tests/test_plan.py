"""The plan: what it says of itself, how it is filled again, and how counts are divided over splits."""

from __future__ import annotations

import os
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix.errors import InfeasibleBudget, UnknownLanguage
from pinchmix.exact.rounding import split_counts
from pinchmix.planning.assign import Chosen, assign, refill
from pinchmix.planning.examples import make_plan
from tests.brute import FLOWS, SETS, caps, cases, counts_in, feasible, reachable, tags_of
from tests.grids import grid_of, laws, recipe_of

FEASIBLE = cases(("disjoint", "cover")).filter(lambda case: case.feasible)


# Filling again ------------------------------------------------------------------------------------------------------


@laws(120)
@given(FEASIBLE, st.data())
def test_filling_again_keeps_what_was_kept_and_is_refused_only_where_it_is_impossible(case, data):
    serving = case.serving
    plan = make_plan(serving, case.recipe)
    chosen = assign(plan, serving)
    lost = data.draw(st.lists(st.sampled_from(range(len(chosen.cell))), unique=True, min_size=1))
    left = serving.on(serving.grid.without(serving.grid.address[chosen.cell[lost]]))
    stay = np.setdiff1d(np.arange(len(chosen.cell)), lost)
    cell = left.grid.find(serving.grid.instruction[chosen.cell[stay]], serving.grid.language[chosen.cell[stay]])
    kept = Chosen(cell, chosen.split[stay], chosen.copies[stay])
    filled = refill(plan, left, kept)

    gone = {name_of(serving, number) for number in chosen.cell[lost].tolist()}
    used = {name_of(left, number)[0] for number in cell.tolist()}
    tags = tags_of(case.grid)
    free = {key: [tag for tag in here if (key, tag) not in gone] for key, here in case.grid.items() if key not in used}
    missing = plan.distinct - np.bincount(left.columns(cell, kept.split), minlength=plan.distinct.size).reshape(
        plan.distinct.shape
    )
    possible = can_be_given(free, tags, missing)
    if filled is None:
        assert not possible
        return
    assert possible
    pairs = {
        (name_of(left, number), split)
        for number, split in zip(filled.cell.tolist(), filled.split.tolist(), strict=True)
    }
    assert {
        (name_of(left, number), split) for number, split in zip(cell.tolist(), kept.split.tolist(), strict=True)
    } <= pairs
    assert not gone & {name for name, _ in pairs}
    counts = np.bincount(left.columns(filled.cell, filled.split), weights=filled.copies, minlength=plan.examples.size)
    assert counts.tolist() == plan.examples.ravel().tolist()
    assert len(np.unique(left.grid.instruction[filled.cell])) == len(filled.cell)
    assert filled.copies.max() <= case.recipe.repeat


def can_be_given(free, tags, missing):
    some = tags_of(free)
    places = [tags.index(tag) for tag in some]
    if missing[:, [place for place in range(len(tags)) if place not in places]].any():
        return False
    return feasible(free, "disjoint", missing[:, places]) if some else not missing.any()


def name_of(serving, number):
    grid = serving.grid
    return grid.ids[int(grid.instruction[number])].as_py(), grid.languages[int(grid.language[number])]


# What limits a language ---------------------------------------------------------------------------------------------


@laws(100)
@given(cases((*FLOWS[:-1], *SETS)).filter(lambda case: case.feasible))
def test_the_most_of_a_language_beside_the_others_is_what_brute_force_finds(case):
    plan = make_plan(case.serving, case.recipe)
    have = caps(case.grid, np.full_like(case.asked, len(case.grid)))
    for place, tag in enumerate(plan.languages):
        most = plan.distinct.copy()
        most[-1, place] = have[-1, place]
        asked = case.asked.copy()
        asked[-1, place] += 1
        table = reachable(case.grid, case.recipe.content, asked, most)
        keep = np.delete(plan.distinct.ravel(), plan.distinct.size - len(have[0]) + place)
        counts = counts_in(table)
        column = plan.distinct.size - len(have[0]) + place
        able = counts[(np.delete(counts, column, axis=1) == keep).all(axis=1), column]
        best = max(int(able.max(initial=0)), int(plan.distinct[-1, place]))
        assert plan.most(tag) == best
        said = plan.why(tag)
        has, exist = int(plan.distinct[-1, place]), int(have[-1, place])
        assert said.startswith(f"{tag} has {has} of the {exist} instruction")
        assert (f"; {best - has} more " in said) == (best > has)
        assert ("; no more is possible" in said) == (best == has)
        assert (f"\nOnly {exist} instruction" in said) == (best == exist)


def test_why_names_an_unknown_language_and_a_near_one():
    plan = make_plan(grid_of({"a": ["en", "fil"]}), recipe_of({"en": 1}))
    with pytest.raises(UnknownLanguage, match="fil"):
        plan.why("fi")


# Shown --------------------------------------------------------------------------------------------------------------

SHOWN = {
    **{f"a{n}": ["cs", "en", "fi"] for n in range(6)},
    **{f"b{n}": ["en", "fi"] for n in range(4)},
    **{f"c{n}": ["cs", "en"] for n in range(4)},
    **{f"d{n}": ["en"] for n in range(2)},
}
PLANS = {
    "disjoint": recipe_of({"cs": 4, "en": 6, "fi": 3}),
    "disjoint, repeated, in splits": recipe_of(
        {"cs": 12, "en": 4, "fi": 4}, repeat=3, split={"train": 0.75, "test": 0.25}
    ),
    "overlap(2)": recipe_of({"cs": 7, "en": 10, "fi": 7}, content="overlap(2)"),
    "overlap(2) in splits": recipe_of({"cs": 4, "en": 8, "fi": 4}, content="overlap(2)", split={"train": 8, "test": 8}),
    "exactly(2)": recipe_of({"cs": 4, "en": 8, "fi": 4}, content="exactly(2)"),
    "union": recipe_of({"cs": 5, "en": 9, "fi": 5}, content="union"),
    "cover": recipe_of({"cs": 4, "en": 7, "fi": 5}, content="cover"),
    "same": recipe_of({"cs": 5, "fi": 5}, content="same"),
}


def test_plans_of_every_policy_are_golden():
    golden = Path(__file__).parent / "golden" / "plans.txt"
    texts = []
    for name, recipe in PLANS.items():
        plan = make_plan(grid_of(SHOWN), recipe)
        reasons = "\n".join(plan.why(tag) for tag in plan.languages)
        texts.append(f"== {name}\n{plan!r}\n{plan}\n{reasons}\n")
    partial = make_plan(grid_of(SHOWN), recipe_of({"cs": 40, "en": 20, "fi": 4}), partial=True)
    texts.append(f"== partial\n{partial!r}\n{partial}\n")
    text = "\n".join(texts)
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_a_plan_as_a_table():
    plan = make_plan(grid_of(SHOWN), PLANS["disjoint, repeated, in splits"])
    table = plan.to_pandas()
    assert table.index.names == ["split", "language"]
    assert table.loc[("train", "cs")].to_dict() == {
        "asked": 9, "given": 9, "examples": 9, "distinct": int(plan.distinct[0, 0]), "share": 0.45, "available": 10,
    }  # fmt: skip
    assert table["examples"].groupby("language").sum().to_dict() == plan.counts() == {"cs": 12, "en": 4, "fi": 4}
    assert table["share"].sum() == pytest.approx(1)
    whole = make_plan(grid_of(SHOWN), PLANS["disjoint"]).to_pandas()
    assert whole.index.tolist() == ["cs", "en", "fi"]
    assert whole["available"].tolist() == [10, 16, 10]
    partial = make_plan(grid_of(SHOWN), recipe_of({"cs": 40, "en": 1}), partial=True)
    assert partial.to_pandas()["asked"].tolist() == [40, 1, 0]
    assert partial.to_pandas()["given"].tolist() == partial.given[0].tolist() != [40, 1, 0]


# Splits -------------------------------------------------------------------------------------------------------------


@laws(100)
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    st.lists(st.integers(0, 20), min_size=1, max_size=4).filter(any),
)
def test_counts_are_divided_over_splits_to_within_one_each_and_exactly_in_all(counts, weights):
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    divided = split_counts(counts, shares)
    assert divided.sum(axis=0).tolist() == counts
    for row, share in zip(divided.tolist(), shares, strict=True):
        assert floor(share * sum(counts)) <= sum(row) <= ceil(share * sum(counts))
        for figure, count in zip(row, counts, strict=True):
            assert floor(share * count) <= figure <= ceil(share * count)


def test_splits_by_count_are_exactly_as_large_as_they_say():
    split = {"train": 11, "valid": 3, "test": 2}
    plan = make_plan(grid_of(SHOWN), recipe_of({"cs": 3, "en": 9, "fi": 4}, split=split))
    assert plan.examples.sum(axis=1).tolist() == [11, 3, 2]
    assert plan.examples.sum(axis=0).tolist() == [3, 9, 4]


def test_the_message_where_cover_is_asked_for_too_little_is_golden():
    with pytest.raises(InfeasibleBudget) as caught:
        make_plan(grid_of(SHOWN), recipe_of({"cs": 4, "en": 4, "fi": 5}, content="cover"))
    assert str(caught.value) == (
        "content='cover' uses every instruction: 16 exist in no language but cs, en and fi, which ask for 13 "
        "(3 left over).\n"
        "  asked      cs 4 · en 4 · fi 5\n"
        "  available  cs 10 · en 16 · fi 10\n"
        "Ways out: at least 16 for these 3 together · content='disjoint', which may leave some out"
    )
