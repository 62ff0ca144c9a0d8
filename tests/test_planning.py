"""Planning: a plan exists if and only if brute force finds one, and what it chooses is exact and unbiased."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix.budget import Budget
from pinchmix.errors import InfeasibleBudget, UnknownLanguage
from pinchmix.grid import Grid
from pinchmix.planning.assign import Chosen, assign, plan_of, refill
from pinchmix.planning.examples import make_plan
from pinchmix.planning.serving import Serving
from pinchmix.recipe import Recipe
from pinchmix.samplers.random import RandomSampler
from pinchmix.testing import toy_pool
from tests.grids import (
    asked_cells,
    cells,
    grid_of,
    instructions_in_any,
    largest_served,
    laws,
    possible,
    reachable,
    recipe_of,
)

LAWS = laws(45)


def order_of(grid, seed):
    return RandomSampler().order(toy_pool(grid), seed).key


def serving_of(grid, order, seed=0):
    return Serving(grid, grid.languages, np.asarray(order, dtype=np.uint64), seed)


def assigned(plan, grid, order, seed=0):
    """The cells that a plan takes when instructions are served in an order."""
    found = assign(plan, serving_of(grid, order, seed))
    assert set(found.copies.tolist()) <= {1}
    assert set(found.split.tolist()) <= {0}
    return found.cell


def refilled(plan, grid, kept, order):
    found = refill(plan, serving_of(grid, order), Chosen(kept, np.zeros_like(kept), np.ones_like(kept)))
    return None if found is None else found.cell


def chosen(grid, numbers):
    """The cells as (id, language) pairs; also a check that they exist and ascend."""
    assert sorted(set(numbers.tolist())) == numbers.tolist()
    return [
        (grid.ids[int(grid.instruction[cell])].as_py(), grid.languages[int(grid.language[cell])])
        for cell in numbers.tolist()
    ]


def certificate_of(cells_, counts):
    with pytest.raises(InfeasibleBudget) as caught:
        make_plan(grid_of(cells_), recipe_of(counts))
    return caught.value.certificate


INFEASIBLE = asked_cells().filter(lambda case: not possible(*case))
FEASIBLE = asked_cells().filter(lambda case: possible(*case))


# Whether there is a plan --------------------------------------------------------------------------------------------


@given(asked_cells())
@LAWS
def test_a_plan_exists_if_and_only_if_brute_force_finds_one(case):
    grid, counts = case
    try:
        plan = make_plan(grid_of(grid), recipe_of(counts))
    except InfeasibleBudget:
        assert not possible(grid, counts)
    else:
        assert possible(grid, counts)
        assert plan.counts() == counts
        assert plan.flow.sum(axis=0).tolist() == list(counts.values())
        assert np.all(plan.flow.sum(axis=1) <= plan.supply.amount)
        assert plan.slack == len(grid) - sum(counts.values())


@pytest.mark.parametrize("percent", [80, 90, 95, 100])
def test_no_feasible_budget_is_missed_however_tight(percent):
    missed_by_greed = 0
    for seed in range(50):  # 200 instances in all
        draw = random.Random(1000 * percent + seed)
        tags = ["ar", "cs", "de", "en", "fi", "he", "hi", "sw", "zh"][: draw.randint(3, 9)]
        rarity = [draw.choice((0.15, 0.4, 0.8)) for _ in tags]
        grid = {}
        for number in range(60):
            here = [tag for tag, chance in zip(tags, rarity, strict=True) if draw.random() < chance]
            if here:
                grid[f"i{number}"] = here
        # A witness: a random choice of cells, whose counts are feasible by construction.
        witness = [draw.choice(here) for here in draw.sample(list(grid.values()), len(grid) * percent // 100)]
        counts = {tag: witness.count(tag) for tag in sorted({tag for here in grid.values() for tag in here})}
        built = grid_of(grid)
        numbers = assigned(make_plan(built, recipe_of(counts)), built, order_of(built, seed))
        got = chosen(built, numbers)
        assert {tag: sum(tag == one for _, one in got) for tag in counts} == counts
        assert len({key for key, _ in got}) == len(got) == sum(counts.values())
        missed_by_greed += not greedy(grid, counts, draw)
    # The instances are hard enough to mean something: taking languages one after the other fails on some of them.
    assert missed_by_greed >= 10


def greedy(grid, counts, draw):
    free = dict(grid)
    for tag in draw.sample(list(counts), len(counts)):
        able = [key for key, here in free.items() if tag in here]
        if len(able) < counts[tag]:
            return False
        for key in draw.sample(able, counts[tag]):
            del free[key]
    return True


# Why there is none --------------------------------------------------------------------------------------------------


@given(INFEASIBLE)
@LAWS
def test_the_certificate_is_checked_by_counting(case):
    grid, counts = case
    proof = certificate_of(grid, counts)
    assert proof.asked == tuple(counts[tag] for tag in proof.languages)
    assert proof.available == tuple(instructions_in_any(grid, [tag]) for tag in proof.languages)
    assert proof.supply == instructions_in_any(grid, proof.languages)
    assert proof.shortfall == sum(proof.asked) - proof.supply > 0


@given(INFEASIBLE)
@LAWS
def test_no_language_of_the_certificate_can_be_left_out(case):
    grid, counts = case
    names = certificate_of(grid, counts).languages
    for size in range(len(names)):
        for fewer in combinations(names, size):
            assert sum(counts[tag] for tag in fewer) <= instructions_in_any(grid, fewer)


@given(INFEASIBLE)
@LAWS
def test_at_most_so_many_for_these_languages_is_what_brute_force_finds(case):
    grid, counts = case
    proof = certificate_of(grid, counts)
    unbounded = dict.fromkeys(proof.languages, len(grid))
    assert proof.supply == largest_served(grid, unbounded)
    with pytest.raises(InfeasibleBudget, match=f"at most {proof.supply} for"):
        make_plan(grid_of(grid), recipe_of(counts))


def largest_total(grid, budget_of, asked):
    """The largest total below the one asked whose counts brute force can give."""
    every = tuple(sorted({tag for tags in grid.values() for tag in tags}))
    able = reachable(grid, every)
    totals = (
        total for total in range(asked - 1, 0, -1) if tuple(budget_of(total).for_languages(every).values()) in able
    )
    return next(totals, 0)


@given(INFEASIBLE)
@LAWS
def test_the_largest_total_at_the_same_counts_is_right(case):
    grid, counts = case
    asked = sum(counts.values())
    shares = {tag: Fraction(count, asked) for tag, count in counts.items()}
    expected = largest_total(grid, lambda total: Budget.shares(shares, total=total), asked)
    assert certificate_of(grid, counts).largest_total == expected


@st.composite
def asked_shares(draw):
    grid = draw(cells())
    languages = sorted({tag for tags in grid.values() for tag in tags})
    parts = [draw(st.integers(0, 5)) for _ in languages]
    parts[0] += not any(parts)
    shares = {tag: Fraction(part, sum(parts)) for tag, part in zip(languages, parts, strict=True)}
    return grid, shares, draw(st.integers(len(grid) + 1, 3 * len(grid) + 2))


@given(asked_shares())
@LAWS
def test_the_largest_total_at_the_same_shares_is_right_to_those_who_asked_for_shares(case):
    grid, shares, total = case
    expected = largest_total(grid, lambda smaller: Budget.shares(shares, total=smaller), total)
    with pytest.raises(InfeasibleBudget) as caught:
        make_plan(grid_of(grid), Recipe(Budget.shares(shares, total=total)))
    assert caught.value.certificate.largest_total == expected
    if expected:
        assert make_plan(grid_of(grid), Recipe(Budget.shares(shares, total=expected))).total == expected


def test_the_message_of_an_infeasible_budget_is_golden():
    grid = {"a": ["cs", "en"], "b": ["cs", "fi"], "c": ["en"], "d": ["en"], "e": ["fi", "cs"]}
    with pytest.raises(InfeasibleBudget) as caught:
        make_plan(grid_of(grid), recipe_of({"cs": 2, "en": 1, "fi": 2}))
    assert str(caught.value) == (
        "cs and fi together ask for 4 instructions; only 3 exist in any of them (1 short).\n"
        "  asked      cs 2 · fi 2\n"
        "  available  cs 3 · fi 2\n"
        "Ways out: at most 3 for these 2 together · a total of at most 4 at the same shares · repeat=2 · "
        "content='overlap(2)'"
    )
    assert caught.value.exit_code == 3


def test_an_unknown_language_is_named_with_a_near_one():
    with pytest.raises(UnknownLanguage, match="'fi'"):
        make_plan(grid_of({"a": ["fil", "en"]}), recipe_of({"en": 1, "fi": 1}))


# What is chosen -----------------------------------------------------------------------------------------------------


@given(FEASIBLE, st.integers(0, 2**40))
@LAWS
def test_assign_gives_exact_counts_of_existing_cells_and_no_instruction_twice(case, seed):
    grid, counts = case
    built = grid_of(grid)
    got = chosen(built, assigned(make_plan(built, recipe_of(counts)), built, order_of(built, seed)))
    assert {tag: sum(tag == one for _, one in got) for tag in counts} == counts
    assert all(tag in grid[key] for key, tag in got)
    assert len({key for key, _ in got}) == len(got)


@given(FEASIBLE, st.integers(0, 99), st.randoms(use_true_random=False))
@LAWS
def test_the_order_in_which_ids_languages_and_amounts_are_given_changes_nothing(case, seed, shuffle):
    grid, counts = case
    built = grid_of(grid)
    plan = make_plan(built, recipe_of(counts))
    mixed = {key: shuffle.sample(grid[key], len(grid[key])) for key in shuffle.sample(list(grid), len(grid))}
    other = grid_of(mixed)
    again = make_plan(other, recipe_of({tag: counts[tag] for tag in shuffle.sample(list(counts), len(counts))}))
    assert other.digest == built.digest == plan.grid_digest == again.grid_digest
    assert again.flow.tolist() == plan.flow.tolist()
    assert again.recipe.digest == plan.recipe.digest
    assert chosen(other, assigned(again, other, order_of(other, seed))) == chosen(
        built, assigned(plan, built, order_of(built, seed))
    )


@given(FEASIBLE, st.integers(0, 99))
@LAWS
def test_the_plan_of_what_was_chosen_is_the_plan(case, seed):
    grid, counts = case
    built = grid_of(grid)
    plan = make_plan(built, recipe_of(counts))
    again = plan_of(
        plan, serving_of(built, order_of(built, seed)), assign(plan, serving_of(built, order_of(built, seed)))
    )
    assert again.flow.tolist() == plan.flow.tolist()
    assert again.slack == plan.slack


def test_a_recipe_draws_only_on_its_languages_and_breaks_ties_in_their_order():
    built = grid_of({key: ["en", "fi", "sw"] for key in "abcdef"})
    for languages in (("fi", "sw"), ("sw", "fi")):
        plan = make_plan(built, Recipe(Budget.uniform(5), languages=languages))
        assert plan.counts() == {languages[0]: 3, languages[1]: 2}


# Without bias -------------------------------------------------------------------------------------------------------

SEEDS = 1500
BOUND = 4.5  # standard errors; over the 50 or so figures compared, chance passes it once in some 3,000 builds
SIX = {**{key: ["en", "fi"] for key in "abcdef"}, **{key: ["en"] for key in "ghij"}}


def worst_bias(assignment):
    """How far, in standard errors, any two instructions of a pattern are from being treated alike.

    Compared are the frequencies of each instruction in each language, and of each pair of instructions together, with
    what they must be when every subset of a pattern has the same chance.
    """
    built = grid_of(SIX)
    plan = make_plan(built, recipe_of({"en": 4, "fi": 2}))
    patterns = built.patterns
    got = np.zeros((SEEDS, len(built.ids), len(built.languages)))
    for seed in range(SEEDS):
        cells_ = assignment(plan, built, seed)
        got[seed, built.instruction[cells_], built.language[cells_]] = 1
    worst = 0.0
    for pattern, size in enumerate(patterns.supply.tolist()):
        members = np.flatnonzero(patterns.of_instruction == pattern)
        for place in range(len(built.languages)):
            count = int(plan.flow[pattern, place])
            chance = count / size
            both = chance * (count - 1) / (size - 1)
            for expected, seen in [(chance, got[:, one, place].mean()) for one in members] + [
                (both, (got[:, one, place] * got[:, two, place]).mean()) for one, two in combinations(members, 2)
            ]:
                spread = (expected * (1 - expected) / SEEDS) ** 0.5
                worst = max(worst, abs(seen - expected) / spread if spread else SEEDS * abs(seen - expected))
    return worst


def test_within_a_pattern_every_set_of_instructions_has_the_same_chance():
    assert worst_bias(lambda plan, grid, seed: assigned(plan, grid, order_of(grid, seed), seed)) < BOUND


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(lambda grid, seed: np.arange(len(grid.ids)), id="first come first served"),
        pytest.param(lambda grid, seed: grid.hashes, id="a seed that does nothing"),
        pytest.param(lambda grid, seed: order_of(grid, seed) >> np.uint64(62), id="keys too short, so ties by place"),
        pytest.param(lambda grid, seed: grid.hashes ^ order_of(grid, seed)[0], id="one key for all"),
        pytest.param(
            lambda grid, seed: np.roll(np.arange(len(grid.ids)), int(order_of(grid, seed)[0] % np.uint64(10))),
            id="a rotation: fair to each, unfair to pairs",
        ),
    ],
)
def test_the_bound_on_bias_catches_assignments_that_are_biased(order):
    # Dealing by a key of its own hides a part of a bad order; what is left still shows.
    worst = worst_bias(lambda plan, grid, seed: assigned(plan, grid, order(grid, seed).astype(np.uint64), seed))
    assert worst > 1.5 * BOUND


def test_a_budget_that_does_not_need_a_pattern_is_still_spread_over_all():
    """Bias between patterns: each that can serve a language does, in the proportion of what it holds."""
    both, only = {f"b{n}": ["en", "fi"] for n in range(300)}, {f"o{n}": ["en"] for n in range(100)}
    plan = make_plan(grid_of({**both, **only}), recipe_of({"en": 40}))
    by_pattern = {int(held): int(flow.sum()) for held, flow in zip(plan.supply.amount, plan.flow, strict=True)}
    assert by_pattern == {300: 30, 100: 10}


# Replacing ----------------------------------------------------------------------------------------------------------


@given(FEASIBLE, st.integers(0, 99), st.data())
@LAWS
def test_replacing_keeps_all_that_is_kept_and_is_refused_only_where_it_is_impossible(case, seed, data):
    grid, counts = case
    built = grid_of(grid)
    plan = make_plan(built, recipe_of(counts))
    order = order_of(built, seed)
    cells_ = assigned(plan, built, order)
    lost = data.draw(st.lists(st.sampled_from(cells_.tolist()), unique=True, min_size=1))
    left = built.without(built.address[lost])
    kept = np.flatnonzero(np.isin(left.address, np.setdiff1d(built.address[cells_], built.address[lost])))
    kept_pairs = set(chosen(left, kept))
    filled = refilled(plan, left, kept, order)

    gone = set(chosen(built, np.sort(np.array(lost))))
    used = {key for key, _ in kept_pairs}
    free = {key: [tag for tag in tags if (key, tag) not in gone] for key, tags in grid.items() if key not in used}
    missing = {tag: sum(one == tag for _, one in gone) for tag in counts}
    if filled is None:
        assert not possible(free, missing)
        return
    assert possible(free, missing)
    got = chosen(left, filled)
    assert kept_pairs <= set(got)
    assert not gone & set(got)
    assert {tag: sum(tag == one for _, one in got) for tag in counts} == counts
    assert len({key for key, _ in got}) == len(got)


def test_the_first_of_the_order_in_reserve_replaces_a_lost_cell():
    built = grid_of({key: ["en"] for key in "abcdef"})
    plan = make_plan(built, recipe_of({"en": 3}))
    order = np.array([5, 3, 1, 0, 2, 4], dtype=np.uint64)  # d c e b f a
    assert chosen(built, assigned(plan, built, order)) == [("c", "en"), ("d", "en"), ("e", "en")]
    left = built.without(built.address[[2]])
    kept = np.flatnonzero(np.isin(left.address, [3, 4]))
    assert chosen(left, refilled(plan, left, kept, order)) == [("b", "en"), ("d", "en"), ("e", "en")]


def test_an_absurd_budget_is_refused_with_its_proof_and_not_by_overflow():
    grid = grid_of({"a": ["en", "fi"], "b": ["en"]})
    with pytest.raises(InfeasibleBudget) as caught:
        make_plan(grid, recipe_of({"en": 10**11, "fi": 1}))
    proof = caught.value.certificate
    assert (proof.languages, proof.asked, proof.supply) == (("en",), (10**11,), 2)


@laws(60)
@given(cells(), st.sets(st.integers(0, 3)), st.sampled_from([0, 62, 130]))
def test_patterns_in_some_languages_are_those_of_a_grid_that_has_no_others(grid, chosen, wide):
    # As many languages as fill words of 64 bits, in front of those that are drawn.
    filler = [f"aa{number:03}" for number in range(wide)]
    whole = Grid.from_mapping({**{key: [*tags, *filler] for key, tags in grid.items()}, "z": ["sw"]})
    last = len(whole.languages) - 1
    places = sorted(({*range(last)} - {last - place for place in chosen}) | {last})
    names = [whole.languages[place] for place in places]
    alone = whole.only(names)
    there = np.isin(whole.ids.to_pylist(), alone.ids.to_pylist())
    patterns = whole.patterns.only(np.array(places))
    of = patterns.of_instruction[there]
    assert patterns.allowed[of].tolist() == alone.patterns.allowed[alone.patterns.of_instruction].tolist()
    some = patterns.allowed.any(axis=1)
    assert patterns.allowed[some].tolist() == alone.patterns.allowed.tolist()
    assert patterns.supply[some].tolist() == alone.patterns.supply.tolist()
    assert patterns.supply.sum() == len(whole.ids)


def test_columns_of_a_plan_are_in_its_own_order_whatever_the_grid_has_beside():
    grid = Grid.from_mapping({"a": ["cs", "en", "fi", "sw"], "b": ["en"], "c": ["fi", "en"], "d": ["cs", "sw"]})
    for order in (("sw", "en", "fi"), ("fi", "sw", "en"), ("fi", "sw", "cs", "en")):
        supply = Serving(grid, order, grid.hashes, 0).supply
        there = {"a": set(order), "b": {"en"}, "c": {"fi", "en"}, "d": {"cs", "sw"} & set(order)}
        patterns = [{tag for tag, able in zip(order, row, strict=True) if able} for row in supply.allowed.tolist()]
        assert sorted(map(sorted, patterns)) == sorted(map(sorted, there.values()))
