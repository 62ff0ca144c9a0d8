"""Sweeps: every member exact, the laws of the family kept or refused, and nothing else in its way."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    varied,
)
from tests.test_joint import possible

GRID = {f"i{n:02}": ["en", "fi", "sw"] for n in range(30)}
GAPS = {f"i{n:02}": ["en", "fi", "sw"][: 1 + n % 3] for n in range(40)}
COPIES = {(f"i{n:02}", "sw") for n in (2, 8, 14)} | {("i05", "fi")}  # a quarter of what there is in sw
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
        refused = error
    except InfeasibleBudget:  # a member is impossible by itself
        refused = None
        assert not can
    else:
        assert can is not False
        check_laws(sweep, grid)
        return
    if refused is not None:
        assert family.laws
        assert in_circle(family) if refused.undecided else not can


@LAWFUL
@given(families(("en", "fi", "sw", "cs"), most=12, members=5, split=HALVES))
def test_laws_hold_with_splits_or_are_refused(case):
    grid, family = case
    with suppress(InfeasibleBudget, InfeasibleFamily):
        check_laws(swept(grid, family), grid)


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


def test_two_hundred_instructions_that_lack_languages_keep_laws_where_the_core_is_too_small():
    """Half of the instructions lack one of three languages, so that neither anchor nor core will do alone."""
    grid = {f"i{n:02}": ["fi", "sw"] if n % 2 else ["fi", "cs"] for n in range(20)}
    counts = {"a": {"fi": 20}, "b": {"fi": 12, "sw": 4, "cs": 4}, "c": {"fi": 4, "sw": 8, "cs": 8}}
    family = family_of(counts, constant=True, nested=[["a", "b", "c"]])
    sweep = swept(grid, family)
    check_laws(sweep, grid)
    with pytest.raises(InfeasibleFamily) as caught:
        swept(grid, family_of({"a": {"sw": 10}, "b": {"cs": 10}}, constant=True))
    assert (caught.value.core, caught.value.undecided) == (0, "")


def test_a_ladder_of_languages_extends():
    ladder = {f"l{n}": dict.fromkeys(PAPER[:n], 60 // n) for n in (1, 2, 3, 4, 5, 6)}
    grid = {f"i{n:02}": list(PAPER[:6]) for n in range(60)}
    sweep = swept(grid, family_of(ladder, constant=True, nested=[list(ladder)]))
    check_laws(sweep, grid)
    for small, large in pairwise(sweep.values()):
        assert set(counts_of(small)) < set(counts_of(large))
        for tag in counts_of(small):
            assert held(large, tag) <= held(small, tag)


def test_a_larger_total_holds_the_smaller_one():
    sizes = {"t40": 40, "t464": 464, "t4640": 4640}
    members = {name: Recipe(Budget.uniform(size), languages=PAPER[:4], validators=()) for name, size in sizes.items()}
    grid = {f"i{n:04}": list(PAPER[: 1 + n % 4]) for n in range(20_000)}
    sweep = swept(grid, Family("totals", members, nested=[list(sizes)]))
    check_laws(sweep, grid)
    cells = [set(rows_of(mix)) for mix in sweep.values()]
    assert [len(some) for some in cells] == list(sizes.values())
    assert cells[0] < cells[1] < cells[2]


def leave_one_out(tags, each):
    return {f"no-{tag}": {other: each for other in tags if other != tag} for tag in tags}


@laws(10)
@given(st.integers(0, 99), st.permutations(["cs", "en", "fi", "sw"]))
def test_leaving_one_language_out_treats_all_alike(seed, order):
    """Not by name: swap two languages in the data and the family, and every figure of every member is swapped."""
    tags = ["cs", "en", "fi", "sw"]
    swap = dict(zip(tags, order, strict=True))
    grid = {f"i{n:02}": [tag for place, tag in enumerate(tags) if n % 5 != place] for n in range(60)}
    other = {key: [swap[tag] for tag in here] for key, here in grid.items()}
    plain = swept(grid, family_of(leave_one_out(tags, 3), constant=True, seed=seed))
    swapped = swept(other, family_of(leave_one_out([swap[tag] for tag in tags], 3), constant=True, seed=seed))
    for name, mix in plain.items():
        twin = swapped[f"no-{swap[name[3:]]}"]
        assert {swap[tag]: count for tag, count in counts_of(mix).items()} == counts_of(twin)
    for sweep, cells in ((plain, grid), (swapped, other)):
        check_laws(sweep, cells)


def test_what_is_left_out_makes_no_difference_to_which_instructions_are_held():
    """On a complete grid, names decide nothing about instructions at all."""
    tags, order = ["cs", "en", "fi", "sw"], ["fi", "en", "cs", "sw"]
    grid = {f"i{n:02}": tags for n in range(60)}
    one, other = (
        swept(grid, family_of(leave_one_out(some, 5), constant=True, languages=some)) for some in (tags, order)
    )
    for name, mix in one.items():
        assert units(mix) == units(other[name])


# Members beside each other ------------------------------------------------------------------------------------------


def kinds():
    yield "counts", [Recipe(Budget.counts({"en": n, "fi": 3}), validators=()) for n in (2, 5)]
    yield "seeds", [Recipe(Budget.counts({"en": 5, "fi": 3}), seed=n, validators=()) for n in (0, 1)]
    yield "splits", [Recipe(Budget.uniform(9), split=HALVES, validators=()), Recipe(Budget.uniform(9), validators=())]
    yield "proportional", [Recipe(Budget.proportional(n), validators=()) for n in (9, 12)]
    yield "temperature", [Recipe(Budget.temperature(12, temperature=n), validators=()) for n in (1, 5)]
    yield "unimax", [Recipe(Budget.unimax(12, max_epochs=n), repeat=n, validators=()) for n in (1, 2)]
    yield (
        "bounds",
        [Recipe(Budget.uniform(12, minimum={"sw": 6}), validators=()), Recipe(Budget.uniform(12), validators=())],
    )
    yield (
        "policies",
        [Recipe(Budget.uniform(6), content=c, validators=()) for c in ("overlap(2)", "exactly(2)", "same")],
    )
    yield "characters", [Recipe(Budget.uniform(n, unit="characters"), validators=()) for n in (300, 500)]
    samplers = ("random", "longest", "stratified", "diverse")
    yield "samplers", [Recipe(Budget.uniform(9), sampler=name, validators=()) for name in samplers]
    yield (
        "languages",
        [
            Recipe(Budget.uniform(6), languages=tags, validators=())
            for tags in (("en", "fi"), ("fi", "en"), ("sw", "fi"))
        ],
    )
    yield "checked", [Recipe(Budget.uniform(n), validators=("copy", "echo")) for n in (6, 9)]
    yield "duplicates", [Recipe(Budget.uniform(n), validators=("duplicates",)) for n in (6, 9)]


@pytest.mark.parametrize(("kind", "recipes"), list(kinds()), ids=[kind for kind, _ in kinds()])
def test_members_of_a_family_without_laws_are_what_build_mixture_makes(kind, recipes):
    source = varied(GAPS, COPIES)
    sweep = swept(source, {str(n): recipe for n, recipe in enumerate(recipes)})
    assert dict(sweep.laws) == {}
    for mix, recipe in zip(sweep.values(), recipes, strict=True):
        alone = build_mixture(source, recipe, progress=False)
        assert mix.digest == alone.digest
        assert mix.member is None
        assert mix.plan.grid_digest == alone.plan.grid_digest
        assert mix.grid.digest == alone.grid.digest
        assert mix.counts.equals(alone.counts)
        for name in ("rejected", "unsure", "flagged", "dropped", "reading", "plugins"):
            assert getattr(mix.report, name) == getattr(alone.report, name), name
        assert mix.report.findings.equals(alone.report.findings)


@pytest.mark.parametrize("sampler", ["random", "longest", "stratified", "diverse"])
@pytest.mark.parametrize("split", [{}, HALVES], ids=["whole", "halves"])
def test_samplers_serve_families_with_laws(sampler, split):
    source = varied(GAPS)
    family = family_of(
        {f"p{n}": {"en": 12 - n, "fi": n} for n in (2, 4, 6)},
        constant=True,
        nested=[["p2", "p4", "p6"]],
        sampler=sampler,
        split=split,
    )
    check_laws(swept(source, family), GAPS)


BUDGETS = {
    "proportional": lambda n: Budget.proportional(n),
    "temperature": lambda n: Budget.temperature(n, temperature=5),
    "unimax": lambda n: Budget.unimax(n),
    "uniform": lambda n: Budget.uniform(n),
    "shares": lambda n: Budget.shares({"en": 0.5, "*": 0.5}, total=n),
    "minimum": lambda n: Budget.uniform(n, minimum={"sw": 4}, maximum={"en": 5}),
    "pinch": lambda n: Budget.pinch(n, percent=25),
}


@pytest.mark.parametrize("kind", BUDGETS)
def test_budgets_of_every_kind_make_totals_that_nest(kind):
    members = {f"t{n}": Recipe(BUDGETS[kind](n), validators=()) for n in (12, 15, 20)}
    sweep = swept(GAPS, Family("totals", members, nested=[list(members)]))
    check_laws(sweep, GAPS)
    assert [len(mix) for mix in sweep.values()] == [12, 15, 20]


@pytest.mark.parametrize("kind", ["temperature", "shares"])
def test_budgets_of_every_kind_hold_the_same_instructions(kind):
    made = {
        "temperature": lambda n: Budget.temperature(12, temperature=n),
        "shares": lambda n: Budget.shares({"en": 1 - n / 10, "*": n / 10}, total=12),
    }[kind]
    members = {f"t{n}": Recipe(made(n), validators=()) for n in (1, 2, 5)}
    check_laws(swept(GRID, Family("same", members, constant=True)), GRID)


def test_a_star_shares_its_middle():
    counts = {"hub": {"en": 12}, "fi": {"en": 8, "fi": 4}, "sw": {"en": 8, "sw": 4}, "both": {"fi": 6, "sw": 6}}
    chains = [["hub", "fi"], ["hub", "sw"], ["hub", "both"]]
    sweep = swept(GRID, family_of(counts, constant=True, nested=chains))
    check_laws(sweep, GRID)
    assert dict(sweep.laws) == {"constant": "12 instructions in each", "nested": "3 steps"}


def test_a_circle_is_kept_or_its_doubt_is_told():
    every = [["a", "b"], ["b", "c"], ["c", "a"]]
    pinches = {name: {"en": 12 - n, "fi": n} for name, n in (("a", 2), ("b", 4), ("c", 6))}
    check_laws(swept(GRID, family_of(pinches, constant=True, nested=every)), GRID)
    # x and y and z stand for each other: each two can be had, all three cannot.
    counts = {"a": {"en": 2, "fi": 1}, "b": {"en": 2, "sw": 1}, "c": {"en": 1, "fi": 1, "sw": 1}}
    small = {key: GRID[key] for key in list(GRID)[:3]}
    with pytest.raises(InfeasibleFamily, match="go in a circle") as caught:
        swept(small, family_of(counts, constant=True, nested=every))
    assert caught.value.undecided
    check_laws(swept(small, family_of(counts, constant=True, nested=every[:2])), small)


def test_members_in_no_chain_alone_and_equal():
    counts = {"a": {"en": 8}, "b": {"en": 6, "fi": 2}, "free": {"fi": 4, "sw": 4}, "again": {"en": 6, "fi": 2}}
    sweep = swept(GRID, family_of(counts, constant=True, nested=[["a", "b"]]))
    check_laws(sweep, GRID)
    sweep = swept(GRID, family_of(counts, constant=True, nested=[["a", "b", "again"]]))
    assert sweep["b"].digest == sweep["again"].digest
    one = swept(GRID, family_of({"only": {"en": 5, "fi": 2}}, constant=True, nested=[["only"]]))
    check_laws(one, GRID)
    assert len(one) == 1
    twins = swept(GRID, {name: recipe_of({"en": 5}) for name in ("x", "y")})
    assert twins["x"].digest == twins["y"].digest


def test_a_family_without_its_pivot():
    counts = {f"p{n}": {"fi": 8 - n, "sw": n} for n in (1, 3)}
    grid = {key: ["fi", "sw"] for key in GRID}
    sweep = swept(grid, family_of(counts, constant=True, nested=[list(counts)], languages=["fi", "sw"]))
    check_laws(sweep, grid)
    sweep = swept(GRID, family_of(counts, constant=True, nested=[list(counts)], pivot="cs"))
    check_laws(sweep, GRID)


def test_a_language_that_the_source_lacks_is_named():
    for lawful in (False, True):
        with pytest.raises(UnknownLanguage, match="cs"):
            swept(GRID, family_of({"a": {"en": 2, "cs": 1}}, constant=lawful))
        members = {
            "all": Recipe(Budget.uniform(3), validators=()),
            "some": Recipe(Budget.uniform(3), languages=["en", "cs"], validators=()),
        }
        with pytest.raises(UnknownLanguage, match="cs"):
            swept(GRID, Family("f", members, constant=lawful))


@pytest.mark.parametrize("lawful", [False, True])
def test_excluded_instructions_are_in_no_member(lawful):
    exclude = ["i00", "i03", "i06"]
    recipe = build_mixture(table_of(GRID), {"en": 1}, exclude=exclude, validate=False).plan.recipe
    members = {
        f"p{n}": Recipe(Budget.counts({"en": 27 - n, "fi": n}), exclude=recipe.exclude, validators=()) for n in (3, 5)
    }
    sweep = swept(GRID, Family("f", members, constant=lawful), exclude=exclude)
    for mix in sweep.values():
        assert not {key for key, _ in units(mix)} & set(exclude)
        assert mix.report.excluded.counts["id"] == 3
    with pytest.raises(ArgumentError):
        swept(GRID, Family("f", members, constant=lawful))
    with pytest.raises(ArgumentError, match="no recipe says"):
        swept(GRID, {"a": recipe_of({"en": 1})}, exclude=exclude)


# What changes nothing -----------------------------------------------------------------------------------------------


def lawful(order=("p2", "p4", "p6"), **said):
    counts = {f"p{n}": {"en": 12 - n, "fi": n // 2, "sw": n // 2} for n in (2, 4, 6)}
    return family_of({name: counts[name] for name in order}, constant=True, nested=[["p2", "p4", "p6"]], **said)


def digests(sweep):
    return {name: mix.digest for name, mix in sweep.items()}


@laws(8)
@given(st.randoms(use_true_random=False), st.booleans())
def test_order_of_rows_and_members_changes_nothing(random, one):
    """Of a family that is made from one anchor; from a core, the first member of a chain is where dealing begins."""
    table = table_of(GAPS)
    rows = list(range(table.num_rows))
    random.shuffle(rows)
    order = ["p2", "p4", "p6"]
    random.shuffle(order)
    split = {} if one else HALVES
    assert digests(swept(table.take(rows), lawful(split=split))) == digests(swept(table, lawful(split=split)))
    assert digests(swept(table, lawful(order))) == digests(swept(table, lawful()))
    free = {name: recipe_of({"en": n, "fi": 2}) for n, name in enumerate(order, 1)}
    again = dict(sorted(free.items()))
    assert digests(swept(table, free)) == digests(swept(table, again))


def test_file_format_and_bars_change_nothing(tmp_path, capsys):
    table = table_of(GAPS)
    rows = table.to_pylist()
    for tag in ("en", "fi", "sw"):
        mine = [row for row in rows if row["language"] == tag]
        (tmp_path / f"{tag}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in mine), encoding="utf-8")
        pq.write_table(table.filter(pc.field("language") == tag), tmp_path / f"{tag}.parquet")
    want = digests(swept(table, lawful()))
    for ending in ("jsonl", "parquet"):
        assert digests(sweep_mixtures(f"{tmp_path}/{{lang}}.{ending}", lawful(), progress=True)) == want


def test_members_of_families_with_other_laws_are_still_exact():
    for constant, nested in ((True, ()), (False, [["p2", "p4", "p6"]]), (True, [["p2", "p4", "p6"]])):
        family = Family("f", dict(lawful().members), constant=constant, nested=nested)
        check_laws(swept(GAPS, family), GAPS)


def test_a_sweep_is_a_mapping_that_helps():
    sweep = swept(GRID, lawful())
    with pytest.raises(KeyError, match="Did you mean 'p2'"):
        sweep["p-2"]
    assert sweep.languages == ("en", "fi", "sw")
    assert sweep.counts.loc["p4"].to_dict() == {"en": 8, "fi": 2, "sw": 2}
    assert "constant: 12 instructions in each; nested: 2 steps" in repr(sweep)
    assert "no laws" in repr(swept(GRID, {"a": recipe_of({"en": 1})}))
    assert np.array_equal([len(mix) for mix in sweep.values()], [12] * 3)
