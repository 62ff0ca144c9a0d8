"""Least bias: plans beside the table of largest entropy, assignments beside what chance would give."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from pinchmix.errors import ArgumentError, InfeasibleBudget
from pinchmix.exact.apportion import apportion
from pinchmix.exact.flow import largest_flow
from pinchmix.exact.order import keyed
from pinchmix.exact.supply import Supply
from pinchmix.planning.assign import assign
from pinchmix.planning.examples import make_plan
from pinchmix.planning.serving import Serving
from tests.brute import cases, reachable, tags_of
from tests.grids import cells, grid_of, laws, recipe_of

BOUND = 4.5  # standard errors; of a hundred figures chance takes one that far in some 1,500 builds
SEEDS = 600
TEN = {
    **{key: ["en", "fi"] for key in "abcdef"},
    **{key: ["en"] for key in "ghij"},
    **{key: ["en", "fi", "sw"] for key in "klmno"},
}


# What is expected ---------------------------------------------------------------------------------------------------


def entropy_fit(amount, allowed, demand, fewest, most):
    """Expected amounts of the choice of largest entropy, by its dual: rows may serve any set of some size."""
    columns = len(demand)
    sizes = [0, *range(fewest, most + 1)]
    sets = np.array(
        [[c in chosen for c in range(columns)] for n in sizes for chosen in combinations(range(columns), n)]
    )
    possible = ~(sets[None, :, :] & ~allowed[:, None, :]).any(axis=2)

    def chances(odds):
        weight = np.where(possible, (sets @ odds)[None, :], -np.inf)
        top = weight.max(axis=1, keepdims=True)
        mass = np.exp(weight - top)
        return mass / mass.sum(axis=1, keepdims=True), float((amount * (top[:, 0] + np.log(mass.sum(axis=1)))).sum())

    def dual(odds):
        chance, value = chances(odds)
        return value - float(odds @ demand), amount @ chance @ sets - demand

    best = minimize(dual, np.zeros(columns), jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 2000})
    assert np.abs(dual(best.x)[1]).max() < 1e-3
    return amount[:, None] * (chances(best.x)[0] @ sets)


@pytest.mark.parametrize(("most", "seed"), [(most, seed) for most in (1, 2, 3) for seed in range(6)])
def test_the_flow_of_a_plan_is_within_one_of_the_table_of_largest_entropy(most, seed):
    generator = np.random.default_rng(seed)
    allowed = np.array([[True, True, False, False], [True, False, True, True], [False, True, True, False], [True] * 4])
    amount = generator.integers(20, 60, 4)
    flow = largest_flow(Supply(amount, allowed, most), np.full(4, 30)).amounts.sum(axis=0)
    demand = flow * generator.integers(40, 90, 4) // 100
    tags = np.array(["cs", "en", "fi", "sw"])
    grid = {f"{row}-{n}": tags[allowed[row]].tolist() for row in range(4) for n in range(int(amount[row]))}
    plan = make_plan(
        grid_of(grid), recipe_of(dict(zip(tags.tolist(), demand.tolist(), strict=True)), content=f"overlap({most})")
    )
    expected = entropy_fit(plan.supply.amount, plan.supply.allowed, demand, 1, most)
    assert np.abs(plan.flow - expected).max() < 1.01


@pytest.mark.parametrize("seed", range(4))
def test_two_splits_are_fitted_together(seed):
    generator = np.random.default_rng(seed)
    grid = {
        f"{n:03}": generator.choice(["en", "fi", "sw"], generator.integers(1, 4), replace=False).tolist()
        for n in range(120)
    }
    split = {"train": Fraction(3, 4), "test": Fraction(1, 4)}
    plan = make_plan(grid_of(grid), recipe_of({"en": 30, "fi": 25, "sw": 20}, split=split))
    expected = entropy_fit(plan.supply.amount, np.tile(plan.supply.allowed, 2), plan.asked.ravel(), 1, 1)
    assert np.abs(plan.flow - expected).max() < 1.01


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_fitted_too_and_instructions_that_make_none_are_left_out(seed):
    generator = np.random.default_rng(seed)
    sizes = {("en",): 30, ("en", "fi"): 40, ("fi", "sw"): 30, ("en", "fi", "sw"): int(generator.integers(30, 60))}
    grid = {f"{tags}{n}": list(tags) for tags, size in sizes.items() for n in range(size)}
    plan = make_plan(grid_of(grid), recipe_of({"en": 30, "fi": 40, "sw": 20}, content="exactly(2)"))
    expected = entropy_fit(plan.supply.amount, plan.supply.allowed, plan.asked[0], 2, 2)
    assert np.abs(plan.flow - expected).max() < 1.01


# What is chosen -----------------------------------------------------------------------------------------------------


def worst_bias(content, serving_of):
    """How far, in standard errors, an instruction of a pattern is from having each language as often as the others."""
    built = grid_of(TEN)
    plan = make_plan(built, recipe_of({"en": 6, "fi": 4, "sw": 2}, content=content))
    row_of = built.patterns.of_instruction
    got = np.zeros((len(built.ids), 3))
    for seed in range(SEEDS):
        cell = assign(plan, serving_of(built, seed)).cell
        got[built.instruction[cell], built.language[cell]] += 1
    chance = (plan.flow / plan.supply.amount[:, None])[row_of]
    spread = np.sqrt(np.maximum(chance * (1 - chance) * SEEDS, 1e-9))
    return float((np.abs(got - chance * SEEDS) / spread).max())


def fair_serving(built, seed):
    return Serving(built, built.languages, keyed(built.hashes, 1000 + seed), seed)


@pytest.mark.parametrize("content", ["disjoint", "overlap(2)"])
def test_each_instruction_of_a_pattern_has_the_same_chance_of_each_language(content):
    assert worst_bias(content, fair_serving) < BOUND


@pytest.mark.parametrize("content", ["disjoint", "overlap(2)"])
@pytest.mark.parametrize(
    "serving_of",
    [
        pytest.param(
            lambda built, seed: Serving(built, built.languages, built.hashes, seed), id="the first of an order"
        ),
        pytest.param(
            lambda built, seed: Serving(built, built.languages, np.arange(15, dtype=np.uint64), seed), id="by place"
        ),
        pytest.param(
            lambda built, seed: Serving(built, built.languages, keyed(built.hashes, 1000 + seed), 0),
            id="dealt by one seed",
        ),
    ],
)
def test_the_bound_on_bias_catches_assignments_that_are_biased(content, serving_of):
    assert worst_bias(content, serving_of) > 2 * BOUND


# Ranked -------------------------------------------------------------------------------------------------------------


def ids_of(built, chosen):
    return {built.ids[int(place)].as_py() for place in np.unique(built.instruction[chosen.cell])}


@laws(80)
@given(cases(["disjoint", "overlap(2)"], repeats=2, splits=False).filter(lambda case: case.feasible), st.data())
def test_what_is_ranked_first_is_taken_as_long_as_the_rest_can_be_met(case, data):
    built = grid_of(case.grid)
    order = data.draw(st.permutations(range(len(built.ids))))
    key = np.empty(len(order), dtype=np.uint64)
    key[order] = np.arange(len(order))
    serving = Serving(built, built.languages, key, 0, ranked=True)
    plan = make_plan(serving, case.recipe)
    got = ids_of(built, assign(plan, serving))
    names = [built.ids[place].as_py() for place in order]
    distinct = plan.distinct
    if case.recipe.content == "overlap(2)":
        enough = (count for count in range(len(names) + 1) if overlapping(case.grid, names[:count], distinct))
        beginning = names[: next(enough)]
        assert got <= set(beginning)
        return
    taken = []
    for name in names:
        if usable(case.grid, [*taken, name], distinct):
            taken.append(name)
    assert got == set(taken)


@pytest.mark.parametrize(
    ("counts", "taken"), [({"en": 1, "fi": 1}, "ae"), ({"en": 2, "fi": 1}, "abe"), ({"en": 1, "fi": 2}, "aef")]
)
def test_what_is_of_no_more_use_is_passed_over_and_the_next_is_taken(counts, taken):
    built = grid_of({**{key: ["en"] for key in "abcd"}, "e": ["en", "fi"], "f": ["fi"]})
    serving = Serving(built, built.languages, np.arange(6, dtype=np.uint64), 0, ranked=True)
    assert ids_of(built, assign(make_plan(serving, recipe_of(counts)), serving)) == set(taken)


def table_over(grid, names, content, distinct):
    """Which counts some instructions give, over the languages of the whole grid."""
    some = {name: grid[name] for name in names}
    places = [place for place, tag in enumerate(tags_of(grid)) if tag in tags_of(some)]
    if not some or (distinct.sum() > distinct[:, places].sum() and content != "cover"):
        return np.zeros(1, dtype=bool)
    return reachable(some, content, distinct[:, places], distinct[:, places])


def usable(grid, names, distinct):
    """Whether all of some instructions can be used at once."""
    return bool(table_over(grid, names, "cover", distinct).any())


def overlapping(grid, names, distinct):
    """Whether some instructions are enough, each in at most two languages."""
    return bool(table_over(grid, names, "overlap(2)", distinct).ravel()[-1])


def test_the_language_of_what_is_ranked_is_independent_of_its_rank():
    built = grid_of({key: ["en", "fi"] for key in "abcdefghij"})
    plan = make_plan(built, recipe_of({"en": 4, "fi": 4}))
    english = np.zeros(10)
    for seed in range(SEEDS):
        serving = Serving(built, built.languages, np.arange(10, dtype=np.uint64), seed, ranked=True)
        cell = assign(plan, serving).cell
        assert built.instruction[cell].tolist() == list(range(8))  # the first
        english[built.instruction[cell]] += built.language[cell] == 0
    assert np.abs(english[:8] - SEEDS / 2).max() < BOUND * (SEEDS / 4) ** 0.5


# Classes ------------------------------------------------------------------------------------------------------------


def by_class(built, chosen, stratum):
    return np.bincount(stratum[built.instruction[chosen.cell]], minlength=int(stratum.max()) + 1)


@laws(60)
@given(cells(ids="abcdef", languages=("en", "fi")), st.data())
def test_classes_with_given_shares_get_them_exactly_if_and_only_if_that_is_possible(grid, data):
    built = grid_of(grid)
    stratum = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(grid), max_size=len(grid))))
    shares = data.draw(
        st.sampled_from([(Fraction(1, 2),) * 2, (Fraction(3, 4), Fraction(1, 4)), (Fraction(1), Fraction(0))])
    )
    tags = tags_of(grid)
    counts = {tag: data.draw(st.integers(0, 3)) for tag in tags}
    counts[tags[0]] += not any(counts.values())
    asked = np.array([list(counts.values())])
    quota = apportion(list(shares), sum(counts.values())).tolist()
    sums = {(0,) * len(tags)}
    for number, share in enumerate(quota):
        names = [key for key, kind in zip(sorted(grid), stratum.tolist(), strict=True) if kind == number]
        after = set()
        for pairs in combinations(names, share) if share <= len(names) else ():
            options = {(0,) * len(tags)}
            for name in pairs:
                options = {
                    tuple(c + (t == tag) for c, t in zip(before, tags, strict=True))
                    for before in options
                    for tag in grid[name]
                }
            after |= {tuple(np.add(one, other).tolist()) for one in sums for other in options}
        sums = after
    serving = Serving(built, tags, built.hashes, 0, stratum=stratum, shares=shares)
    recipe = recipe_of(counts)
    if tuple(asked[0].tolist()) in sums:
        chosen = assign(make_plan(serving, recipe), serving)
        assert by_class(built, chosen, np.append(stratum, 1))[:2].tolist() == quota
        assert np.bincount(built.language[chosen.cell], minlength=len(tags)).tolist() == asked[0].tolist()
    else:
        with pytest.raises(InfeasibleBudget):
            make_plan(serving, recipe)


@pytest.mark.parametrize("seed", range(8))
def test_classes_without_given_shares_get_what_chance_would_give_them_to_within_one(seed):
    generator = np.random.default_rng(seed)
    grid = {
        f"{n:03}": generator.choice(["en", "fi", "sw"], generator.integers(1, 4), replace=False).tolist()
        for n in range(150)
    }
    built = grid_of(grid)
    stratum = generator.integers(0, 4, 150) % generator.integers(2, 5)
    serving = Serving(built, built.languages, built.hashes, seed, stratum=stratum)
    plan = make_plan(serving, recipe_of({"en": 40, "fi": 30, "sw": 20}))
    fit = entropy_fit(plan.supply.amount, plan.supply.allowed, plan.asked[0], 1, 1)
    expected = np.bincount(plan.supply.stratum, weights=fit.sum(axis=1))
    got = by_class(built, assign(plan, serving), stratum)
    assert np.all(got >= np.floor(expected - 1e-3))
    assert np.all(got <= np.ceil(expected + 1e-3))
    assert got.sum() == 90


def test_every_class_has_its_chance_of_the_few_that_a_small_mixture_draws():
    built = grid_of({f"{n:03}": ["en", "fi"] for n in range(82)})
    stratum, got = np.arange(82) % 41, np.zeros(41)
    for seed in range(SEEDS):
        serving = Serving(built, built.languages, built.hashes, seed, stratum=stratum)
        plan = make_plan(serving, recipe_of({"en": 7, "fi": 6}))
        got += np.bincount(plan.supply.stratum, weights=plan.flow.sum(axis=1))
    chance = 13 / 41
    assert np.abs(got - chance * SEEDS).max() < BOUND * (chance * (1 - chance) * SEEDS) ** 0.5


def test_a_tight_budget_draws_on_every_pattern_as_much_as_is_expected():
    tags = ("cs", "en", "fi", "sw")
    patterns = [some for size in (1, 2, 3, 4) for some in combinations(tags, size)]
    built = grid_of({f"{some}{n}": list(some) for some in patterns for n in range(3)})
    recipe = recipe_of({"cs": 14, "en": 11, "fi": 10, "sw": 5})
    plans = [make_plan(Serving(built, built.languages, built.hashes, seed), recipe) for seed in range(SEEDS)]
    mean = np.mean([plan.flow for plan in plans], axis=0)
    fit = entropy_fit(plans[0].supply.amount, plans[0].supply.allowed, plans[0].asked[0], 1, 1)
    assert np.abs(mean - fit).max() < BOUND * (0.25 / SEEDS) ** 0.5
    assert all(np.abs(plan.flow.sum(axis=1) - fit.sum(axis=1)).max() < 1.001 for plan in plans)


@pytest.mark.parametrize(
    ("said", "shares"),
    [
        ({"content": "exactly(2)"}, None),
        ({"content": "union"}, None),
        ({"content": "same"}, None),
        ({"content": "overlap(2)", "split": {"train": 0.5, "test": 0.5}}, None),
        ({"repeat": 2}, (Fraction(1, 2), Fraction(1, 2))),
    ],
)
def test_classes_are_refused_where_they_cannot_be_kept(said, shares):
    built = grid_of({key: ["en", "fi"] for key in "abcd"})
    serving = Serving(built, built.languages, built.hashes, 0, stratum=np.array([0, 0, 1, 1]), shares=shares)
    with pytest.raises(ArgumentError, match=r"class|shares"):
        make_plan(serving, recipe_of({"en": 2, "fi": 2}, **said))
