"""Proofs: why a budget is impossible, and every way out, beside brute force over all assignments."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from pinchmix.content import Content
from pinchmix.errors import InfeasibleBudget
from pinchmix.planning.examples import Asker, make_plan
from tests.brute import FLOWS, SETS, Case, caps, case_of, cases, counts_in, feasible, largest_given, reachable, tags_of
from tests.grids import laws

SPREAD = tuple(policy for policy in FLOWS if policy != "cover")  # whatever takes fewer cells than it may


def proof_of(case):
    with pytest.raises(InfeasibleBudget) as caught:
        make_plan(case.serving, case.recipe)
    return caught.value.certificate


def named(case, certificate):
    """Which figures of what is asked a certificate names, and that it says of them what was asked and exists."""
    places = [case.names.index(name) for name in certificate.languages]
    have = [sum(tag in tags for tags in case.grid.values()) for tag in tags_of(case.grid)]
    assert certificate.asked == tuple(case.asked.ravel()[places].tolist())
    assert certificate.available == tuple(have[place % len(have)] for place in places)
    of = np.zeros(case.asked.size, dtype=bool)
    of[places] = True
    return of.reshape(case.asked.shape)


def only(case, of):
    """Whether the named figures alone could be met."""
    return feasible(case.grid, case.recipe.content, np.where(of, case.asked, 0), case.recipe.repeat)


@laws(70)
@given(cases(SPREAD).filter(lambda case: not case.feasible))
def test_a_certificate_is_true_and_exact_and_no_language_can_be_left_out(case):
    certificate = proof_of(case)
    of = named(case, certificate)
    assert certificate.counted or (len(case.asked) > 1 and case.recipe.content != "disjoint")
    most = largest_given(case.grid, case.recipe.content, case.asked, of, case.recipe.repeat)
    assert most <= certificate.supply < int(case.asked[of].sum())
    assert certificate.shortfall == sum(certificate.asked) - certificate.supply
    if len(case.asked) == 1 or Content.parse(case.recipe.content).k == 1 or not certificate.counted:
        assert most == certificate.supply
        assert not only(case, of)
        for place in np.argwhere(of):
            fewer = of.copy()
            fewer[tuple(place)] = False
            assert only(case, fewer)


def units_by_counting(case, of):
    """The most cells that some languages could be given if each instruction went to any of them in any split."""
    policy = Content.parse(case.recipe.content)
    tags = np.array(tags_of(case.grid))
    most = len(tags) if policy.most is None else policy.most
    fewest = policy.k if policy.kind == "exactly" else 1
    return sum(
        min(most, sum(int(of[:, place].sum()) for place in range(len(tags)) if tags[place] in here))
        for here in case.grid.values()
        if len(here) >= fewest
    )


@laws(50)
@given(cases(SETS).filter(lambda case: not case.feasible))
def test_a_certificate_of_whole_sets_is_true_and_no_language_can_be_left_out(case):
    certificate = proof_of(case)
    of, repeat = named(case, certificate), case.recipe.repeat
    if case.recipe.content == "same":
        most = largest_given(case.grid, "same", np.where(of, case.asked, 0), of, repeat)
        assert most == certificate.supply < int(case.asked[of].sum())
        assert not only(case, of)
        for axis in range(2):  # a language leaves all splits, a split all languages
            for place in np.flatnonzero(of.any(axis=1 - axis)).tolist():
                fewer = of.copy()
                fewer[(slice(None),) * axis + (place,)] = False
                assert only(case, fewer)
        return
    most = largest_given(case.grid, case.recipe.content, case.asked, of, repeat)
    assert most <= certificate.supply < int(case.asked[of].sum())
    need = -(-case.asked // repeat)
    counts = [fewer for size in range(of.sum() + 1) for fewer in combinations(np.argwhere(of).tolist(), size)]
    for fewer in counts:
        kept = np.zeros_like(of)
        kept[tuple(np.array(fewer, dtype=np.int64).reshape(-1, 2).T)] = True
        short = int(need[kept].sum()) > units_by_counting(case, kept)
        assert short == (certificate.counted and len(fewer) == of.sum())
    if not certificate.counted:
        assert most == certificate.supply
        for place in np.argwhere(of):
            fewer = of.copy()
            fewer[tuple(place)] = False
            assert can_be_met(case, fewer)


def can_be_met(case, of):
    """Whether some figures can be met whatever those that also ask get."""
    have = caps(case.grid, np.full_like(case.asked, len(case.grid)))
    most = np.where(of, np.minimum(case.asked, have), np.where(case.asked > 0, have, 0))
    table = reachable(case.grid, case.recipe.content, case.asked, most)
    need = np.where(of, -(-case.asked // case.recipe.repeat), 0)
    return bool(table[tuple(slice(int(count), None) for count in need.ravel())].any())


# Ways out -----------------------------------------------------------------------------------------------------------


def at_total(case, total):
    asked = Asker(case.recipe, tags_of(case.grid), {}).asked(total)
    return feasible(case.grid, case.recipe.content, asked, case.recipe.repeat)


def check_left_out(case, certificate):
    """Some instructions exist in the named languages only, and more of them than these ask for; not so in fewer."""
    assert case.recipe.content == "cover"
    each = dict(zip(tags_of(case.grid), case.asked.sum(axis=0).tolist(), strict=True))
    assert certificate.asked == tuple(each[tag] for tag in certificate.languages)
    for size in range(1, len(certificate.languages) + 1):
        for fewer in combinations(certificate.languages, size):
            held = sum(set(here) <= set(fewer) for here in case.grid.values())
            assert (held > sum(each[tag] for tag in fewer)) == (size == len(certificate.languages))
            if size == len(certificate.languages):
                assert held == certificate.supply


def check_ways_out(case):
    certificate, content, repeat = proof_of(case), case.recipe.content, case.recipe.repeat
    if certificate.shortfall < 0:  # only cover asks for more
        check_left_out(case, certificate)
        return
    total = int(case.asked.sum())
    best = next((smaller for smaller in range(total - 1, 0, -1) if at_total(case, smaller)), 0)
    assert certificate.largest_total == best
    often = range(repeat + 1, int(case.asked.max()) + 1)
    able = next((times for times in often if feasible(case.grid, content, case.asked, times)), None)
    assert certificate.smallest_repeat == able
    policy, width = Content.parse(content), len(tags_of(case.grid))
    wider = range(policy.k + 1, width + 1) if policy.kind in ("disjoint", "overlap") else ()
    least = next((k for k in wider if feasible(case.grid, f"overlap({k})", case.asked, repeat)), None)
    assert certificate.smallest_overlap == least


@laws(70)
@given(cases(FLOWS).filter(lambda case: not case.feasible))
def test_every_way_out_is_the_least_that_brute_force_finds(case):
    check_ways_out(case)


@laws(35)
@given(cases(SETS).filter(lambda case: not case.feasible))
def test_every_way_out_of_whole_sets_is_the_least_that_brute_force_finds(case):
    check_ways_out(case)


# What is as near as possible ----------------------------------------------------------------------------------------


def parts_given(case: Case):
    """For each feasible plan, the part of what it asks that every figure that asks is given, in ascending order."""
    table = reachable(case.grid, case.recipe.content, case.asked, caps(case.grid, case.asked))
    asking = case.asked.ravel() > 0
    given_ = np.minimum(case.asked.ravel(), case.recipe.repeat * counts_in(table))
    return np.sort((given_ / np.maximum(case.asked.ravel(), 1))[:, asking], axis=1)


def can_cover(case):
    return bool(parts_given(case).size)


def partial_of(case):
    serving = case.serving
    plan = make_plan(serving, case.recipe, partial=True)
    assert plan.partial == (not case.feasible)
    assert np.all(plan.given <= plan.asked)
    assert feasible(case.grid, case.recipe.content, plan.given, case.recipe.repeat)
    if not plan.partial:
        assert plan.given.tolist() == case.asked.tolist()
    got = np.sort((plan.given / np.maximum(case.asked, 1))[case.asked > 0])
    assert got[0] == pytest.approx(parts_given(case)[:, 0].max())
    return plan, serving, got


@laws(70)
@given(cases(FLOWS).filter(lambda case: case.recipe.content != "cover" or can_cover(case)))
def test_the_nearest_plan_has_the_least_largest_shortfall_and_then_the_least_next(case):
    _, _, got = partial_of(case)
    if len(case.asked) == 1 or Content.parse(case.recipe.content).k == 1:
        every = parts_given(case)
        best = every[np.lexsort(every.T[::-1])[-1]]
        assert got.tolist() == pytest.approx(best.tolist())


@laws(50)
@given(cases(SETS))
def test_the_nearest_plan_of_whole_sets_has_the_least_largest_shortfall(case):
    partial_of(case)


@pytest.mark.parametrize("counts", [{"cs": 3, "en": 1}, {"cs": 4, "en": 2}])
@pytest.mark.parametrize("repeat", [1, 2])
@pytest.mark.parametrize("split", [{}, {"train": Fraction(1, 2), "test": Fraction(1, 2)}])
def test_the_nearest_plan_of_the_same_instructions_gives_no_language_more_than_the_others_can_use(
    counts, repeat, split
):
    grid = {key: ["cs", "en"] for key in "abcd"}
    partial_of(case_of(grid, counts, content="same", repeat=repeat, split=split))
