"""Families as data: the paper's counts, what each family promises in whole numbers, and what is refused."""

from __future__ import annotations

import decimal
import math
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix import PinchmixError
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.families import FAMILIES, find_family, list_families
from pinchmix.family import Family
from pinchmix.plugins import find_plugin
from pinchmix.recipes import contrasts, dirichlet, grids, kew, ladders, paper
from tests.bad.families import BAD
from tests.grids import laws

GOLDEN = Path(__file__).parent / "golden"
UPDATE = bool(os.environ.get("PINCHMIX_UPDATE_GOLDEN"))
TAGS = ("ar", "cs", "en", "es", "et", "fi", "he", "hi", "it", "ru", "sw", "zh")
LAWS = laws(60)
MOST = laws(25)

Counts = dict[str, int]


def counts_of(family: Family) -> dict[str, Counts]:
    """The counts of every member, by all languages of the family."""
    every = dict.fromkeys(tag for recipe in family.members.values() for tag in recipe.languages)
    found = {}
    for name, recipe in family.members.items():
        counts = recipe.budget.for_languages(recipe.languages, pivot=recipe.pivot)
        found[name] = {tag: counts.get(tag, 0) for tag in every}
    return found


def seats(weights: Mapping[str, int | Fraction], total: int) -> Counts:
    """Sainte-Laguë by brute force: seat after seat to the largest weight / (2 n + 1), the first of equals."""
    given_out = dict.fromkeys(weights, 0)
    for _ in range(total):
        best = max(weights, key=lambda tag: Fraction(weights[tag], 2 * given_out[tag] + 1))
        given_out[best] += 1
    return given_out


def evenly(languages: Sequence[str], total: int) -> Counts:
    """The same where all weigh alike: seat after seat to the one with the fewest, the first of equals."""
    given_out = dict.fromkeys(languages, 0)
    for _ in range(total):
        given_out[min(given_out, key=given_out.__getitem__)] += 1
    return given_out


# The paper ----------------------------------------------------------------------------------------------------------


def table(family: Family) -> str:
    """The counts of every member as a table of fixed columns."""
    found = counts_of(family)
    width = max(map(len, found))
    tags = [*next(iter(found.values()))]
    lines = [f"{'':{width}}" + "".join(f"{tag:>6}" for tag in tags)]
    lines += [f"{name:{width}}" + "".join(f"{counts[tag]:>6}" for tag in tags) for name, counts in found.items()]
    return "\n".join(lines) + "\n"


def expected() -> dict[str, Counts]:
    """The paper's counts, from what it says and a divisor method by brute force; nothing of pinchmix."""
    twelve = ("ar", "zh", "cs", "en", "et", "fi", "he", "hi", "it", "ru", "es", "sw")
    six = ("ar", "en", "fi", "it", "ru", "sw")
    found = {f"monolingual-{tag}": {tag: 4640} for tag in twelve}
    for name, languages in (("pinch12", twelve), ("pinch6", six)):
        others = [tag for tag in languages if tag != "en"]
        found[f"{name}-p1"] = {**evenly(others, 40), "en": 4600}
        for percent in range(10, 101, 10):
            pool = evenly(languages, 4640 * percent // 100)
            found[f"{name}-p{percent}"] = {**pool, "en": pool["en"] + 4640 - sum(pool.values())}
    return found


def test_the_counts_of_the_paper_are_golden() -> None:
    made = table(paper.everything())
    golden = GOLDEN / "paper_counts.txt"
    if UPDATE:
        golden.write_text(made)
    assert made == golden.read_text()


def read_golden() -> dict[str, Counts]:
    head, *lines = (GOLDEN / "paper_counts.txt").read_text().splitlines()
    tags = head.split()
    return {line.split()[0]: dict(zip(tags, map(int, line.split()[1:]), strict=True)) for line in lines}


def test_the_golden_counts_are_those_of_independent_arithmetic() -> None:
    golden = read_golden()
    for name, counts in expected().items():
        assert {tag: count for tag, count in golden[name].items() if count} == counts, name
    assert all(sum(counts.values()) == 4640 for counts in golden.values())
    for order in (1, 2, 3):
        for step in range(1, 7):
            counts = sorted(count for count in golden[f"ladder-order{order}-ml{step}"].values() if count)
            assert counts == sorted(evenly([*"abcdef"[:step]], 4640).values())
    pairs = [counts for name, counts in golden.items() if name.startswith("bilingual")]
    assert all(sorted(counts.values()) == [0] * 10 + [2320, 2320] for counts in pairs)
    assert {tag: sum(counts[tag] for counts in pairs) for tag in TAGS} == dict.fromkeys(TAGS, 2320)
    assert len(golden) == 12 + 11 + 11 + 18 + 6


@pytest.mark.parametrize(
    ("member", "each", "english"),
    [
        ("pinch12-p10", 38.67, 4214.67),
        ("pinch12-p50", 193.33, 2513.33),
        ("pinch12-p100", 386.67, 386.67),
        ("pinch6-p1", 8, 4600),
    ],
)
def test_the_golden_counts_are_within_one_of_the_figures_that_are_not_whole(
    member: str, each: float, english: float
) -> None:
    counts = {tag: count for tag, count in read_golden()[member].items() if count}
    assert abs(counts.pop("en") - english) < 1
    assert all(abs(count - each) < 1 for count in counts.values())


def test_the_two_readings_of_the_pinch_are_parameters() -> None:
    share = 4640 // 100
    exactly = counts_of(paper.pinch(few=None))["p1"]
    assert sum(exactly.values()) - exactly["en"] == share == 46
    for pool in ("all", "others"):
        family = counts_of(paper.pinch(pool=pool))
        for percent in (10, 100):
            pooled = [tag for tag in paper.LANGUAGES if pool == "all" or tag != "en"]
            even = evenly(pooled, 4640 * percent // 100)
            assert {**even, "en": 4640 - sum(even.values()) + even.get("en", 0)} == family[f"p{percent}"]
    assert counts_of(paper.pinch(pool="all"))["p1"]["en"] == 4604  # 4 of the 40 are English ones
    assert counts_of(paper.pinch())["p1"] == counts_of(paper.pinch(pool="others"))["p1"]


def test_the_chain_of_a_pinch_begins_with_the_pivot_alone() -> None:
    family = paper.everything()
    assert [chain[:3] for chain in family.nested[:2]] == [
        ("monolingual-en", f"pinch{n}-p1", f"pinch{n}-p10") for n in (12, 6)
    ]
    # Where 1 % is less than the few, they come later.
    assert paper.pinch(total=200).nested[0][:3] == ("p10", "p20", "p1")


def test_the_citations_name_the_sections() -> None:
    assert paper.monolingual().source.endswith("section 3.1")
    assert paper.pinch().source.endswith("section 3.2")
    assert paper.pinch(paper.SIX).source.endswith("section 3.3")
    assert paper.ladder().source.endswith("section 3.4")
    assert paper.bilingual().source.endswith("section 3.4")


# Laws ---------------------------------------------------------------------------------------------------------------


def languages(least: int = 2) -> st.SearchStrategy[list[str]]:
    """English and others, in any order."""
    others = st.lists(st.sampled_from([tag for tag in TAGS if tag != "en"]), min_size=least - 1, unique=True)
    return others.flatmap(lambda tags: st.permutations(["en", *tags]))


TOTALS = st.integers(12, 3000)
SIZES = languages().flatmap(lambda tags: st.fixed_dictionaries(dict.fromkeys(tags, st.integers(1, 5000))))


def check_laws(family: Family, rises: Sequence[str] | None = None, falls: Sequence[str] | None = None) -> None:
    """Constant families have one total; along chains who rises never falls, and who falls never rises."""
    counts = counts_of(family)
    assert {name: sum(one.values()) for name, one in counts.items()} == {
        name: recipe.budget.total for name, recipe in family.members.items()
    }
    if family.constant:
        assert len({sum(one.values()) for one in counts.values()}) == 1
    for chain in family.nested:
        for name, following in pairwise(chain):
            for tag in counts[name]:
                change = counts[following][tag] - counts[name][tag]
                assert change >= 0 or tag not in (rises or ())
                assert change <= 0 or tag not in (falls or ())


@LAWS
@given(languages(), TOTALS, st.sampled_from(paper.READINGS), st.integers(0, 12) | st.none())
def test_along_a_pinch_the_pivot_only_loses_and_the_others_only_gain(
    tags: list[str], total: int, pool: str, few: int | None
) -> None:
    family = paper.pinch(tags, total=total, pool=pool, few=few)
    assert family.laws == ("constant", "nested")
    assert sorted(family.nested[0]) == sorted(family.members)
    check_laws(family, rises=[tag for tag in tags if tag != "en"], falls=["en"])


@LAWS
@given(languages(), TOTALS, st.sampled_from(grids.POOLS), st.sets(st.decimals(0, 100, places=1), min_size=1))
def test_so_it_is_for_any_percentages(tags: list[str], total: int, pool: str, percents: set[decimal.Decimal]) -> None:
    family = grids.pinches(tags, total, pool=pool, percents=sorted(percents, reverse=True))
    for percent, counts in zip(sorted(percents), counts_of(family).values(), strict=True):
        size = math.floor(Fraction(percent) * total / 100 + Fraction(1, 2))
        even = evenly([tag for tag in tags if pool == "all" or tag != "en"], size)
        assert counts == {**even, "en": total - size + even.get("en", 0)}
    check_laws(family, rises=[tag for tag in tags if tag != "en"], falls=["en"])


@LAWS
@given(languages(1), TOTALS, st.integers(0, 9))
def test_on_a_ladder_each_language_gains_once_and_then_loses(tags: list[str], total: int, draw: int) -> None:
    family = paper.ladder(tags, total=total, orders=1, draw=draw)
    check_laws(family)
    counts = counts_of(family)
    for chain in family.nested:
        for step, name in enumerate(chain, 1):
            present = [tag for tag, count in counts[name].items() if count]
            assert len(present) == step
            assert sorted(counts[name].values())[-step:] == sorted(evenly(present, total).values())
        for tag in tags:
            course = [counts[name][tag] for name in chain]
            first = course.index(max(course))
            assert course[:first] == [0] * first
            assert course[first:] == sorted(course[first:], reverse=True)


@LAWS
@given(languages(), TOTALS, st.integers(1, 200))
def test_a_ladder_of_equal_additions_takes_from_the_pivot(tags: list[str], total: int, each: int) -> None:
    others = [tag for tag in tags if tag != "en"]
    if each * len(others) > total:
        with pytest.raises(PinchmixError, match="Lower each="):
            ladders.added(tags, total, each)
        return
    family = ladders.added(tags, total, each)
    check_laws(family, rises=others, falls=["en"])
    for step, counts in enumerate(counts_of(family).values()):
        assert counts == {tag: each * (tag in others[:step]) for tag in others} | {"en": total - step * each}


@LAWS
@given(languages(), TOTALS, st.sampled_from(("others", "pivot")))
def test_leaving_one_out_is_symmetric(tags: list[str], total: int, to: str) -> None:
    family = ladders.leave_one_out(tags, total, to=to)
    counts = counts_of(family)
    whole = counts.pop("all")
    left_out = [tag for tag in tags if to == "others" or tag != "en"]
    assert [*counts] == [f"without-{tag}" for tag in left_out]
    for tag in left_out:
        without = counts[f"without-{tag}"]
        assert without[tag] == 0 < whole[tag]
        gained = {other: without[other] - whole[other] for other in tags if other != tag}
        assert sum(gained.values()) == whole[tag]
        assert min(gained.values()) >= 0
        if to == "pivot":
            assert {other for other, more in gained.items() if more} == {"en"}
            assert whole[tag] == total // len(tags)
    assert len({tuple(sorted(one.values())) for one in counts.values()}) == 1  # which one is left out changes nothing
    check_laws(family)


@LAWS
@given(SIZES, st.integers(12, 400))
def test_with_alpha_the_largest_only_gains_and_the_smallest_only_loses(sizes: Counts, total: int) -> None:
    family = grids.temperatures(sizes, total)
    top, low = max(sizes.values()), min(sizes.values())
    alone = [*sizes.values()].count(top) == 1 and [*sizes.values()].count(low) == 1
    check_laws(
        family,
        rises=[max(sizes, key=sizes.__getitem__)] if alone else None,
        falls=[min(sizes, key=sizes.__getitem__)] if alone else None,
    )
    flat, *_, steep = counts_of(family).values()
    assert flat == evenly([*sizes], total)
    assert steep == seats(sizes, total)


@LAWS
@given(SIZES, st.integers(1, 400))
def test_unimax_is_as_even_as_the_limit_lets_it(sizes: Counts, total: int) -> None:
    if total > sum(sizes.values()):
        with pytest.raises(PinchmixError, match="no more than"):
            grids.unimax(sizes, total)
        return
    family = grids.unimax(sizes, total)
    check_laws(family)
    for epochs, counts in zip((1, 2, 4, 8), counts_of(family).values(), strict=True):
        level = max(counts.values())
        assert all(count in (level, level - 1) or count == sizes[tag] * epochs for tag, count in counts.items())


@LAWS
@given(languages(1), st.sets(st.integers(1, 5000), min_size=1, max_size=5))
def test_of_growing_totals_each_holds_the_smaller_ones(tags: list[str], totals: set[int]) -> None:
    family = ladders.growing(tags, totals=[*totals])
    assert family.laws == ("nested",)
    assert family.nested == (tuple(f"n{size}" for size in sorted(totals)),)
    check_laws(family, rises=tags)


@MOST
@given(languages(), st.integers(0, 99), TOTALS)
def test_pairs_and_orders_are_drawn_from_all_and_the_order_of_languages_does_not_matter(
    tags: list[str], draw: int, total: int
) -> None:
    even = tags if len(tags) % 2 == 0 else tags[:-1]
    if even:
        found = counts_of(paper.bilingual(even, draw=draw, total=total))
        seen = sorted(tag for counts in found.values() for tag, count in counts.items() if count)
        assert seen == sorted(even)
        again = counts_of(paper.bilingual(even[::-1], draw=draw, total=total))
        assert {frozenset(tag for tag in one if one[tag]) for one in found.values()} == {
            frozenset(tag for tag in one if one[tag]) for one in again.values()
        }
    ways = min(2, len(tags))
    more = ladders.even(tags, total, orders=ways, draw=draw)
    fewer = ladders.even(tags, total, orders=1, draw=draw)
    assert {name: more.members[name] for name in fewer} == dict(fewer.members)


def test_different_draws_pair_differently_and_a_seed_does_not() -> None:
    drawn = {tuple(paper.bilingual(draw=draw)) for draw in range(20)}
    assert len(drawn) > 15
    assert [*paper.bilingual(seed=1)] == [*paper.bilingual(seed=2)]
    partners = {name.replace("en", "").strip("-") for pairs in drawn for name in pairs if "en" in name.split("-")}
    assert len(partners) > 6


def test_all_orders_can_be_drawn() -> None:
    family = ladders.even(["en", "fi", "sw"], 60, orders=6)
    assert len(family.nested) == 6
    first = [tag for n in range(1, 7) for tag, count in counts_of(family)[f"order{n}-ml1"].items() if count]
    assert sorted(first) == ["en", "en", "fi", "fi", "sw", "sw"]


# Dirichlet ----------------------------------------------------------------------------------------------------------


def shares_of(family: Family) -> list[dict[str, Fraction]]:
    return [dict(recipe.budget.amounts) for recipe in family.members.values()]


def test_draws_are_these_on_every_machine() -> None:
    family = dirichlet.draws(["en", "fi", "sw"], 1000, members=40, prior={"en": 6, "fi": 3, "sw": 1})
    shares = [[str(share) for share in one.values()] for one in shares_of(family)]
    assert digest_of(canonical_bytes(shares)) == "f6a589f324250f08d16961002e93eb90"


@laws(12)
@given(languages(), st.integers(1, 9), st.integers(0, 9), st.integers(1, 3000))
def test_draws_are_exact_different_and_only_added_to(tags: list[str], members: int, draw: int, total: int) -> None:
    family = dirichlet.draws(tags, total, members=members, draw=draw, strengths=(1, 5))
    shares = shares_of(family)
    assert len(shares) == members == len({tuple(one.values()) for one in shares})
    for one in shares:
        assert sum(one.values()) == 1
        assert all((share * dirichlet.STEPS).denominator == 1 for share in one.values())
    check_laws(family)
    assert shares_of(dirichlet.draws(tags, total, members=members + 3, draw=draw, strengths=(1, 5)))[:members] == shares
    assert family.constant


def test_the_callers_decimal_context_changes_no_draw() -> None:
    plain = dirichlet.draws(["en", "fi", "sw"], 100, members=60)
    with decimal.localcontext() as context:
        context.prec = 1
        context.rounding = decimal.ROUND_UP
        assert dirichlet.draws(["en", "fi", "sw"], 100, members=60) == plain


def test_nor_does_another_implementation_of_decimals() -> None:
    script = (
        "import sys, _pydecimal; sys.modules['decimal'] = _pydecimal; from pinchmix.recipes import dirichlet;"
        "assert dirichlet.Decimal is _pydecimal.Decimal;"
        "family = dirichlet.draws(['en', 'fi', 'sw'], 1000, members=12);"
        "print(*(share for one in family.members.values() for _, share in one.budget.amounts))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    ours = shares_of(dirichlet.draws(["en", "fi", "sw"], 1000, members=12))
    assert said.stdout.split() == [str(share) for one in ours for share in one.values()]


@pytest.mark.parametrize("strength", [0.5, 3, 20])
def test_draws_have_the_mean_and_the_variance_of_a_dirichlet_distribution(strength: float) -> None:
    prior = {"en": Fraction(6, 10), "fi": Fraction(3, 10), "sw": Fraction(1, 10)}
    count = 600
    shares = shares_of(dirichlet.draws([*prior], 100, members=count, prior=prior, strengths=(strength, strength)))
    for tag, share in prior.items():
        found = [float(one[tag]) for one in shares]
        mean = sum(found) / count
        variance = sum((value - mean) ** 2 for value in found) / count
        true = float(share) * (1 - float(share)) / (strength + 1)
        assert abs(mean - float(share)) < 4 * (true / count) ** 0.5
        assert abs(variance / true - 1) < 0.35


def test_weak_strengths_give_nearly_one_language_and_strong_ones_the_prior() -> None:
    weak = shares_of(dirichlet.draws(["en", "fi"], 100, members=30, strengths=(0.1, 0.1)))
    strong = shares_of(dirichlet.draws(["en", "fi"], 100, members=30, strengths=(1000, 1000)))
    assert sum(max(one.values()) > Fraction(95, 100) for one in weak) > 20
    assert all(abs(one["en"] - Fraction(1, 2)) < Fraction(1, 10) for one in strong)


# All of them --------------------------------------------------------------------------------------------------------


EXAMPLES = {
    "grids.temperatures": {"sizes": {"en": 900, "sw": 100}, "total": 100},
    "grids.unimax": {"sizes": {"en": 900, "sw": 100}, "total": 100},
    "ladders.added": {"languages": ["en", "sw"], "total": 100, "each": 10},
    "ladders.growing": {"languages": ["en", "sw"]},
    "grids.pinches": {"languages": ["en", "sw"], "total": 100},
    "ladders.even": {"languages": ["en", "sw"], "total": 100},
    "ladders.leave_one_out": {"languages": ["en", "sw"], "total": 100, "to": "pivot"},
    "dirichlet.draws": {"languages": ["en", "sw"], "total": 100},
}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_found_by_name_cites_its_source_and_is_data(name: str) -> None:
    family = find_family(name, seed=7, split={"train": 0.9, "test": 0.1}, **EXAMPLES.get(name, {}))
    assert family.name == name
    assert "arXiv" in family.source
    assert {recipe.seed for recipe in family.members.values()} == {7}
    assert all([*recipe.split] == ["train", "test"] for recipe in family.members.values())
    assert Family.from_dict(family.to_dict()) == family
    check_laws(family)


@pytest.mark.parametrize("name", FAMILIES)
def test_members_can_be_the_names_of_folders(name: str) -> None:
    family = find_family(name, **EXAMPLES.get(name, {}))
    assert all(member.isascii() and member.replace("-", "").replace(".", "").isalnum() for member in family)
    assert all(member[0].isalnum() and member[-1].isalnum() and len(member) < 60 for member in family)
    assert len({member.casefold() for member in family}) == len(family)


def test_the_list_says_what_there_is() -> None:
    listed = list_families()
    assert [one.name for one in listed] == [*FAMILIES]
    assert all(len(one.says) > 20 and "`" not in one.says for one in listed)
    assert "few=40" in {one.name: one.parameters for one in listed}["paper.pinch"]


def test_kew_s_ladder_is_of_200_a_language() -> None:
    found = counts_of(kew.ladder())
    assert [counts["en"] for counts in found.values()] == [3200, 3000, 2800, 2600, 2400, 2200]
    assert all(counts[tag] in (0, 200) for counts in found.values() for tag in counts if tag != "en")
    assert kew.ladder().laws == kew.leave_one_out().laws == ("constant", "nested")


def test_the_union_has_the_same_instructions_in_every_language() -> None:
    family = contrasts.compositions(["de", "en", "fr"], instructions=50)
    assert family.laws == ()
    assert family["union"].content == "same"
    assert counts_of(family)["union"] == {"de": 50, "en": 50, "fr": 50}
    assert counts_of(family)["sampled"] == {"de": 17, "en": 17, "fr": 16}


def test_the_longest_are_a_sampler_that_exists() -> None:
    family = contrasts.longest()
    assert [find_plugin("samplers", recipe.sampler).name for recipe in family.members.values()] == ["longest", "random"]
    assert family["longest"].budget == family["random"].budget


def rows_of_the_guide() -> list[list[str]]:
    page = (Path(__file__).parents[1] / "docs" / "families.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:3] == "| `"]
    assert {len(row) for row in rows} == {5}
    return rows


@pytest.mark.parametrize("row", rows_of_the_guide(), ids=lambda row: row[4].strip("`"))
def test_the_guide_s_line_of_code_makes_the_family_with_these_laws(row: list[str]) -> None:
    rooms = {"contrasts": contrasts, "dirichlet": dirichlet, "grids": grids, "kew": kew, "ladders": ladders}
    family = eval(row[4].strip("`"), {**rooms, "paper": paper})
    assert family.name == row[0].strip("`")
    assert (", ".join(family.laws) or "none") == row[3]
    if row[2][0].isdigit():
        assert family.source == paper.CITATION + (f", section {row[2]}" if "." in row[2] else "")
    for cited in re.findall(r"arxiv\.org/abs/([\d.]+)", row[2]):
        assert cited in family.source


def test_the_guide_has_every_family() -> None:
    assert {row[0].strip("`") for row in rows_of_the_guide()} == {*FAMILIES}


# Refusals -----------------------------------------------------------------------------------------------------------


def test_refusals_are_golden() -> None:
    said = []
    for call, make in BAD.items():
        with pytest.raises(PinchmixError) as caught:
            make()
        said.append(f"{call}\n  {type(caught.value).__name__}: {caught.value}\n")
    golden = GOLDEN / "bad_families.txt"
    if UPDATE:
        golden.write_text("\n".join(said))
    assert "\n".join(said) == golden.read_text()
    assert len(BAD) >= 20
