"""Budgets: what each kind says, the laws that all keep, and a golden message for each that says nothing sensible."""

from __future__ import annotations

import contextlib
import decimal
import json
import math
import os
from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pinchmix import Budget, PinchmixError
from pinchmix.allocators.proportional import ProportionalAllocator
from pinchmix.allocators.temperature import TemperatureAllocator
from pinchmix.allocators.unimax import UniMaxAllocator
from pinchmix.canonical import canonical_bytes
from pinchmix.errors import BudgetError, LanguageClash, UnknownLanguage
from pinchmix.exact.allocate import powers, unimax
from pinchmix.exact.apportion import apportion
from pinchmix.plugins import BUILT_IN, find_plugin
from pinchmix.testing import check_allocator
from tests.bad.budgets import BAD
from tests.grids import laws

LAWS = laws(60)
TAGS = ("ar", "en", "es", "fi", "it", "sw")
PAPER = ("ar", "cs", "en", "es", "et", "fi", "he", "hi", "it", "ru", "sw", "zh")
SIX = ("ar", "en", "fi", "it", "ru", "sw")
ROMANCE = {"romance": ["it", "es"]}
GOLDEN = Path(__file__).parent / "golden" / "bad_budgets.txt"


@st.composite
def bounds(draw):
    """Bounds that are often there, and never contradict each other."""
    if draw(st.booleans()):
        return {}
    low, width = draw(st.integers(0, 3)), draw(st.integers(0, 60))
    kind = draw(st.sampled_from(["all", "some", "both"]))
    if kind == "all":
        return {"minimum": low}
    if kind == "some":
        return {"minimum": {draw(st.sampled_from(TAGS)): low}, "maximum": {"*": 3 + width}}
    return {"minimum": {"sw": low, "*": 1}, "maximum": {"en": 3 + width}}


@st.composite
def budgets(draw, bounded=True):
    """A budget of any kind over the six languages, and what for_languages needs besides them."""
    total = draw(st.integers(1, 300))
    sizes = {tag: draw(st.integers(0, 500)) for tag in TAGS}
    sizes["en"] += 1
    own = {"sizes": sizes} if draw(st.booleans()) else {}
    common = draw(bounds()) if bounded else {}
    common |= {"unit": draw(st.sampled_from(["examples", "tokens"]))}
    common |= {"groups": ROMANCE} if draw(st.booleans()) else {}
    grouped = "groups" in common
    names = ["en", "sw", "*", "romance" if grouped else "it"]
    parts = [draw(st.integers(0, 9)) for _ in names]
    parts[0] += not any(parts)
    kind = draw(
        st.sampled_from(["counts", "shares", "pinch", "uniform", "proportional", "temperature", "unimax", "by"])
    )
    given_with = {"sizes": sizes, "pivot": "en"}
    if kind == "counts":
        assume(not set(common) & {"minimum", "maximum"})  # counts say what they say
        made = Budget.counts(dict(zip(names, parts, strict=True)), **common)
    elif kind == "shares":
        shares = {name: Fraction(part, sum(parts)) for name, part in zip(names, parts, strict=True)}
        made = Budget.shares(shares, total=total, **common)
    elif kind == "pinch":
        pool = draw(st.sampled_from(["others", "all"]))
        among = draw(st.sampled_from([None, ["sw", "romance" if grouped else "fi"]]))
        part = draw(st.integers(0, 100))
        made = Budget.pinch(total, percent=part, pool=pool, languages=among, **common)
    elif kind == "uniform":
        made = Budget.uniform(total, **common)
    elif kind == "proportional":
        made = Budget.proportional(total, **own, **common)
    elif kind == "temperature":
        alpha = Fraction(draw(st.integers(0, 20)), draw(st.integers(1, 10)))
        made = Budget.temperature(total, alpha=alpha, **own, **common)
    elif kind == "unimax":
        assume(all(not size or size >= 3 for size in sizes.values()))  # a minimum over the capacity is refused
        made = Budget.unimax(total, max_epochs=draw(st.integers(1, 3)), **own, **common)
    else:
        made = Budget.allocated("proportional", total, **own, **common)
        given_with["allocator"] = find_plugin("allocators", "proportional")
    return made, given_with


def counts_or_none(budget, given_with):
    """The counts, or None where bounds or capacities let none be."""
    try:
        return budget.for_languages(TAGS, **given_with)
    except BudgetError:
        return None


# Laws of all budgets ------------------------------------------------------------------------------------------------


@given(budgets())
@LAWS
def test_counts_are_whole_within_bounds_in_order_and_sum_to_the_total(case):
    budget, given_with = case
    least, most = budget.totals(TAGS, **given_with)
    counts = counts_or_none(budget, given_with)
    assert (counts is not None) == (least <= budget.total <= most)
    if counts is not None:
        assert tuple(counts) == TAGS
        assert all(type(count) is int and count >= 0 for count in counts.values())
        assert sum(counts.values()) == budget.total
        high = dict(budget.maximum or ())
        low = budget.minimum
        for tag, count in counts.items():
            assert count <= high.get(tag, high.get("*", budget.total))
            if isinstance(low, tuple):
                assert count >= dict(low).get(tag, 0)
            elif low and count:
                assert count >= low


@given(budgets())
@LAWS
def test_a_larger_total_never_takes_from_a_language(case):
    budget, given_with = case
    least, most = budget.totals(TAGS, **given_with)
    one = None
    for total in range(max(least, 1), min(most, least + 120) + 1):
        counts = budget.with_total(total).for_languages(TAGS, **given_with)
        assert sum(counts.values()) == total
        if one is not None:
            assert sorted(counts[tag] - one[tag] for tag in TAGS) == [0] * (len(TAGS) - 1) + [1]
        one = counts


@given(budgets())
@LAWS
def test_the_same_shares_of_the_same_total_are_the_same_counts(case):
    budget, given_with = case
    other = budget.with_total(budget.total + 1).with_total(budget.total)
    assert counts_or_none(other, given_with) == counts_or_none(budget, given_with)


@given(budgets())
@LAWS
def test_plain_data_reads_back_as_the_same_budget_even_after_keys_were_sorted(case):
    budget, given_with = case
    plain = budget.to_dict()
    again = Budget.from_dict(plain)
    assert again == budget
    assert hash(again) == hash(budget)
    assert again.to_dict() == plain
    sorted_ = Budget.from_dict(json.loads(canonical_bytes(plain)))
    assert canonical_bytes(sorted_.to_dict()) == canonical_bytes(plain)
    assert counts_or_none(sorted_, given_with) == counts_or_none(budget, given_with)


@given(budgets(), st.integers(1, 500))
@LAWS
def test_the_repr_is_the_call_that_makes_it(case, total):
    budget, _ = case
    for one in (budget, budget.with_total(total)):
        assert eval(repr(one)) == one
        assert Budget.from_dict(one.to_dict()) == one


@given(budgets(bounded=False))
@LAWS
def test_what_is_not_said_is_not_in_the_data(case):
    budget, _ = case
    plain = budget.to_dict()
    assert ("unit" in plain) == (budget.unit != "examples")
    assert ("groups" in plain) == bool(budget.groups)
    assert not {"minimum", "maximum"} & set(plain)


@given(budgets())
@LAWS
def test_needs_sizes_says_whether_sizes_from_the_grid_matter(case):
    budget, given_with = case
    without = {name: value for name, value in given_with.items() if name != "sizes"}
    if budget.needs_sizes:
        with pytest.raises(BudgetError, match="follows sizes"):
            budget.for_languages(TAGS, **without)
    else:
        assert counts_or_none(budget, without) == counts_or_none(budget, given_with)


@given(st.integers(0, 300), st.sampled_from(["counts", "pinch", "uniform", "temperature", "unimax"]))
@LAWS
def test_languages_that_nothing_tells_apart_get_the_same_to_within_one_and_the_first_get_it(total, kind):
    total += 1
    sizes = dict.fromkeys(TAGS, 400)
    budget = {
        "counts": Budget.counts({"*": total}),
        "pinch": Budget.pinch(total, percent=50, pivot="en"),
        "uniform": Budget.uniform(total),
        "temperature": Budget.temperature(total, temperature=3, sizes=sizes),
        "unimax": Budget.unimax(total, sizes=sizes),
    }[kind]
    counts = budget.for_languages(TAGS)
    if kind == "pinch":
        del counts["en"]
    alike = list(counts.values())
    assert max(alike) - min(alike) <= 1
    assert alike == sorted(alike, reverse=True)


@given(st.lists(st.integers(1, 10**6), min_size=6, max_size=6), st.integers(1, 10**5), st.integers(1, 6))
@LAWS
def test_sizes_of_another_unit_give_the_same_counts(sizes, total, zeros):
    small, large = ({tag: size * scale for tag, size in zip(TAGS, sizes, strict=True)} for scale in (1, 10**zeros))
    for budget in (
        lambda sizes: Budget.proportional(total, sizes),
        lambda sizes: Budget.temperature(total, alpha=0.5, sizes=sizes),
        lambda sizes: Budget.temperature(total, temperature=3.3, sizes=sizes),
        lambda sizes: Budget.allocated(ProportionalAllocator(), total, sizes=sizes),
    ):
        assert budget(small).for_languages(TAGS) == budget(large).for_languages(TAGS)


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 5),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.just({"en": []}),
)


@given(budgets(), st.data())
@LAWS
def test_data_that_is_wrong_anywhere_is_refused_by_an_error_of_the_family(case, data):
    plain = case[0].to_dict()
    key = data.draw(st.sampled_from(sorted(plain)))
    plain[key] = data.draw(WRONG)
    with contextlib.suppress(PinchmixError):
        assert isinstance(Budget.from_dict(plain), Budget)


# Counts and shares --------------------------------------------------------------------------------------------------


def test_attributes_and_data_of_a_plain_budget_are_what_they_were():
    budget = Budget.shares({"EN": 0.9, "*": Fraction(1, 10)}, total=100)
    assert (budget.kind, budget.total, budget.unit) == ("shares", 100, "examples")
    assert budget.amounts == (("en", Fraction(9, 10)), ("*", Fraction(1, 10)))
    assert (budget.minimum, budget.maximum, budget.groups) == (None, None, ())
    assert budget.to_dict() == {
        "kind": "shares",
        "amounts": {"en": "0.9", "*": "0.1"},
        "order": ["en", "*"],
        "total": 100,
    }
    assert Budget.uniform(10) == Budget.shares({"*": 1}, total=10)
    with pytest.raises(FrozenInstanceError):
        budget.total = 5


def test_the_rest_of_a_total_goes_to_whom_it_is_promised():
    assert Budget.counts({"sw": 40}, total=4640, rest="en") == Budget.counts({"sw": 40, "en": 4600})
    assert Budget.counts({"en": 4600}, total=4640, rest="*") == Budget.counts({"en": 4600, "*": 40})
    assert Budget.shares({"sw": 0.1, "fi": 0.3}, total=10, rest="EN").for_languages(["en", "fi", "sw"]) == {
        "en": 6,
        "fi": 3,
        "sw": 1,
    }
    assert Budget.counts({"sw": 40}, total=40, rest="en").for_languages(["en", "sw"]) == {"en": 0, "sw": 40}
    to_group = Budget.counts({"en": 6}, total=9, rest="romance", groups=ROMANCE)
    assert to_group.for_languages(["en", "es", "it"]) == {"en": 6, "es": 1, "it": 2}


def test_a_mapping_in_another_unit():
    assert Budget.of({"en": 5}, unit="tokens") == Budget.counts({"en": 5}, unit="tokens")
    assert Budget.of({"en": 1.0}, total=5, unit="bytes").unit == "bytes"
    budget = Budget.counts({"en": 5}, unit="tokens")
    assert Budget.of(budget) is budget is Budget.of(budget, unit="tokens")


def test_counts_are_exact_and_become_shares_at_another_total():
    budget = Budget.counts({"en": 90, "*": 10})
    assert budget.with_total(100) is budget
    assert budget.with_total(10) == Budget.shares({"en": 0.9, "*": 0.1}, total=10)


# Bounds -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=3, max_size=3),
    st.integers(1, 15),
)
@LAWS
def test_bounds_are_impossible_exactly_where_no_counts_are_within_them(weights, spans, total):
    tags = ("en", "fi", "sw")
    low, high = [least for least, _ in spans], [least + more for least, more in spans]
    possible = [
        counts
        for counts in product(
            *(range(a, (b if weight else a) + 1) for a, b, weight in zip(low, high, weights, strict=True))
        )
        if sum(counts) == total
    ]
    budget = Budget.shares(
        {tag: Fraction(weight, sum(weights)) for tag, weight in zip(tags, weights, strict=True)},
        total=total,
        minimum=dict(zip(tags, low, strict=True)),
        maximum=dict(zip(tags, high, strict=True)),
    )
    if possible:
        counts = tuple(budget.for_languages(tags).values())
        assert counts in possible
        assert list(counts) == apportion(weights, total, low, high).tolist()
    else:
        with pytest.raises(BudgetError):
            budget.for_languages(tags)


def test_a_minimum_for_all_is_for_those_that_claim_something():
    budget = Budget.shares({"en": 0.99, "sw": 0.01}, total=100, minimum=5)
    assert budget.for_languages(["en", "fi", "sw"]) == {"en": 95, "fi": 0, "sw": 5}
    named = Budget.shares({"en": 0.99, "sw": 0.01}, total=100, minimum={"fi": 5, "*": 2})
    assert named.for_languages(["en", "fi", "sw"]) == {"en": 93, "fi": 5, "sw": 2}


def test_a_minimum_for_all_asks_nothing_where_there_is_nothing():
    budget = Budget.unimax(9, sizes={"en": 9, "fi": 4, "sw": 0}, minimum=2)
    assert budget.for_languages(["en", "fi", "sw"]) == {"en": 5, "fi": 4, "sw": 0}


def test_bounds_move_what_all_others_get_together():
    budget = Budget.shares({"en": 0.9, "*": 0.1}, total=100, minimum={"sw": 15})
    assert budget.for_languages(["en", "fi", "sw"]) == {"en": 85, "fi": 0, "sw": 15}
    counted = Budget.counts({"en": 90, "*": 10}, minimum={"sw": 8})
    assert counted.for_languages(["en", "fi", "sw"]) == {"en": 90, "fi": 2, "sw": 8}


def test_bounds_of_a_pinch_hold_for_the_pivot_too():
    budget = Budget.pinch(100, examples=10, maximum={"en": 60}, minimum={"sw": 3})
    assert budget.for_languages(["en", "fi", "sw"]) == {"en": 60, "fi": 20, "sw": 20}
    tight = Budget.pinch(100, examples=2, pool="all", minimum={"sw": 3})
    assert tight.for_languages(["en", "fi", "sw"]) == {"en": 97, "fi": 0, "sw": 3}


def test_totals_are_where_counts_begin_and_end():
    budget = Budget.uniform(10, minimum=2, maximum={"en": 9, "*": 4})
    assert budget.totals(["en", "fi", "sw"]) == (6, 17)
    for total, good in ((5, False), (6, True), (17, True), (18, False)):
        assert (counts_of_total(budget, total) is not None) == good


def counts_of_total(budget, total):
    try:
        return budget.with_total(total).for_languages(["en", "fi", "sw"])
    except BudgetError as error:
        return None if error.figures["total"] == total else error.figures


def test_apportionment_within_bounds_is_seat_by_seat_and_fast_at_any_size():
    weights = [Fraction(place % 97 + 1, 7) for place in range(1000)]
    low, high = [place % 5 for place in range(1000)], [10**7 * (place % 300) + 5 for place in range(1000)]
    counts = apportion(weights, 10**12, low, high)
    assert int(counts.sum()) == 10**12
    inside = [place for place in range(1000) if low[place] < counts[place] < high[place]]
    assert inside
    last = min(weights[place] / (2 * int(counts[place]) - 1) for place in range(1000) if counts[place] > low[place])
    following = max(
        weights[place] / (2 * int(counts[place]) + 1) for place in range(1000) if counts[place] < high[place]
    )
    assert last >= following


@given(
    st.lists(
        st.tuples(st.fractions(0, 9, max_denominator=9), st.integers(0, 4), st.integers(0, 20)), min_size=1, max_size=6
    ),
    st.integers(0, 100),
)
@LAWS
def test_bounded_apportionment_gives_seats_one_by_one(claims, more):
    weights, low = [weight for weight, _, _ in claims], [least for _, least, _ in claims]
    high = [least + width for _, least, width in claims]
    most = sum(top if weight else bottom for weight, bottom, top in zip(weights, low, high, strict=True))
    total = min(sum(low) + more, most)
    seats = list(low)
    while sum(seats) < total:
        quotients = [
            weight / (2 * got + 1) if got < top else Fraction(0)
            for weight, got, top in zip(weights, seats, high, strict=True)
        ]
        seats[quotients.index(max(quotients))] += 1
    assert apportion(weights, total, low, high).tolist() == seats
    for wrong in (sum(low) - 1, most + 1):
        with pytest.raises(ValueError, match=r"bounds|negative"):
            apportion(weights, wrong, low, high)


# Groups -------------------------------------------------------------------------------------------------------------


def test_a_group_claims_as_one_and_splits_in_declared_order():
    budget = Budget.shares({"en": 0.5, "romance": 0.3, "*": 0.2}, total=10, groups=ROMANCE)
    assert budget.for_languages(["en", "es", "fi", "it"]) == {"en": 5, "es": 1, "fi": 2, "it": 2}
    turned = Budget.shares({"en": 0.5, "romance": 0.5}, total=10, groups={"romance": ["es", "it"]})
    assert turned.for_languages(["en", "es", "it"]) == {"en": 5, "es": 3, "it": 2}


def test_where_all_languages_claim_a_group_is_one_of_them():
    tags = ["en", "es", "it"]
    assert Budget.uniform(8, groups=ROMANCE).for_languages(tags) == {"en": 4, "es": 2, "it": 2}
    sizes = {"en": 30, "es": 10, "it": 20}
    assert Budget.proportional(8, sizes, groups=ROMANCE).for_languages(tags) == {"en": 4, "es": 2, "it": 2}
    asked = []

    def halves(sizes, total):
        asked.append((sizes, total))
        return dict.fromkeys(sizes, 0.5)

    assert Budget.allocated(halves, 8, sizes=sizes, groups=ROMANCE).for_languages(tags)["en"] == 4
    assert asked == [({"en": 30, "romance": 30}, 8)]
    evenly = Budget.unimax(40, sizes={"en": 90, "es": 3, "it": 90}, groups=ROMANCE)
    assert evenly.for_languages(tags) == {"en": 20, "es": 3, "it": 17}


def test_the_order_of_groups_decides_nothing():
    groups = {"romance": ["it", "es"], "african": ["sw", "ar"]}
    one, other = (Budget.uniform(9, groups=dict(pairs)) for pairs in (groups.items(), reversed(groups.items())))
    assert one == other
    assert one.for_languages(TAGS) == {"ar": 1, "en": 2, "es": 1, "fi": 2, "it": 1, "sw": 2}


def test_groups_that_are_not_named_change_nothing_and_may_overlap():
    groups = {"romance": ["it", "es"], "southern": ["it", "sw"]}
    budget = Budget.counts({"romance": 2, "*": 2}, groups=groups)
    assert budget.for_languages(["es", "it", "sw"]) == {"es": 1, "it": 1, "sw": 2}


# The paper ----------------------------------------------------------------------------------------------------------


def test_forty_examples_over_the_eleven_other_languages():
    counts = Budget.pinch(4640, examples=40).for_languages(PAPER)
    assert counts.pop("en") == 4600
    assert list(counts.values()) == [4] * 7 + [3] * 4


@pytest.mark.parametrize("percent", range(10, 101, 10))
def test_percents_of_the_paper_are_a_pool_over_all_twelve(percent):
    counts = Budget.pinch(4640, percent=percent, pool="all").for_languages(PAPER)
    pool = Fraction(4640 * percent, 100)
    part = pool / 12
    english = counts.pop("en")
    assert english in (math.floor(4640 - pool + part), math.ceil(4640 - pool + part))
    assert set(counts.values()) <= {math.floor(part), math.ceil(part)}
    assert english + sum(counts.values()) == 4640


def test_figures_of_the_paper():
    tenth = Budget.pinch(4640, percent=10, pool="all").for_languages(PAPER)  # 464: 38.67 each, English 4,214.67
    assert (tenth["en"], sorted({tenth[tag] for tag in PAPER if tag != "en"})) == (4215, [38, 39])
    half = Budget.pinch(4640, percent=50, pool="all").for_languages(PAPER)  # 2,320: 193.33 each, English 2,513.33
    assert (half["en"], sorted({half[tag] for tag in PAPER if tag != "en"})) == (2514, [193, 194])
    whole = Budget.pinch(4640, percent=100, pool="all").for_languages(PAPER)  # 386.67 each
    assert whole == Budget.uniform(4640).for_languages(PAPER)
    assert set(whole.values()) == {386, 387}
    six = Budget.pinch(4640, examples=40).for_languages(SIX)  # 8 each
    assert six == {"ar": 8, "en": 4600, "fi": 8, "it": 8, "ru": 8, "sw": 8}
    among = Budget.pinch(4640, examples=40, languages=[tag for tag in SIX if tag != "en"]).for_languages(PAPER)
    assert among == {tag: six.get(tag, 0) for tag in PAPER}


def test_a_pinch_in_percent_is_the_pinch_in_examples_where_it_is_whole():
    assert Budget.pinch(4640, percent=10) == Budget.pinch(4640, examples=464)
    assert repr(Budget.pinch(4640, percent=10)) == "Budget.pinch(4640, examples=464)"
    one = Budget.pinch(4640, percent=1)  # 46.4
    assert repr(one) == "Budget.pinch(4640, percent=1)"
    assert one.for_languages(["en", "fi"]) == {"en": 4594, "fi": 46}
    assert Budget.pinch(50, percent=1).for_languages(["en", "fi"]) == {"en": 49, "fi": 1}  # half a unit is one


def test_the_pivot_of_a_pinch_is_its_own_or_the_recipe_s():
    tags = ["de", "en", "sw"]
    assert Budget.pinch(10, examples=2).for_languages(tags, pivot="de") == {"de": 8, "en": 1, "sw": 1}
    assert Budget.pinch(10, examples=2, pivot="EN").for_languages(tags, pivot="de") == {"de": 1, "en": 8, "sw": 1}
    assert Budget.pinch(10, examples=0).for_languages(["en"]) == {"en": 10}
    assert Budget.pinch(10, percent=100, pool="all").for_languages(["en"]) == {"en": 10}


def test_who_shares_a_pinch_may_be_named_and_grouped():
    budget = Budget.pinch(20, examples=6, languages=["sw", "romance"], groups=ROMANCE)
    assert budget.for_languages(TAGS) == {"ar": 0, "en": 14, "es": 1, "fi": 0, "it": 2, "sw": 3}
    among_all = Budget.pinch(20, examples=6, languages=["sw", "romance"], pool="all", groups=ROMANCE)
    assert among_all.for_languages(TAGS) == {"ar": 0, "en": 16, "es": 1, "fi": 0, "it": 1, "sw": 2}


# Budgets that follow sizes ------------------------------------------------------------------------------------------


def by_the_paper(sizes, total, epochs):
    """Algorithm 1 of UniMax as it is printed: sorted by size, an even part of what is left, or all there is."""
    amounts, given_ = {}, Fraction(0)
    ascending = sorted(sizes, key=sizes.get)
    for index, language in enumerate(ascending):
        remaining = total - given_
        even = remaining / (len(ascending) - index)
        amounts[language] = Fraction(sizes[language] * epochs) if even > sizes[language] * epochs else even
        given_ += amounts[language]
    return amounts


def one_by_one(sizes, total, epochs):
    """The same in whole numbers, example by example to whoever has least and can have more."""
    counts = dict.fromkeys(sizes, 0)
    for _ in range(total):
        able = [language for language in sizes if counts[language] < sizes[language] * epochs]
        counts[min(able, key=counts.get)] += 1
    return counts


SIZES = st.lists(st.integers(0, 60), min_size=1, max_size=6).filter(any)


@given(SIZES, st.integers(1, 3), st.floats(0, 1))
@LAWS
def test_unimax_is_the_paper_s_algorithm_in_whole_numbers(held, epochs, part):
    sizes = dict(zip(TAGS, held, strict=False))
    capacity = sum(held) * epochs
    total = max(1, int(capacity * part))
    counts = Budget.unimax(total, max_epochs=epochs, sizes=sizes).for_languages(list(sizes))
    printed = by_the_paper(sizes, total, epochs)
    assert counts == one_by_one(sizes, total, epochs)
    assert all(math.floor(printed[tag]) <= counts[tag] <= math.ceil(printed[tag]) for tag in sizes)
    assert dict(zip(sizes, unimax([size * epochs for size in held], total), strict=True)) == printed
    plugin = Budget.allocated(UniMaxAllocator(Fraction(epochs)), total, sizes=sizes)
    assert plugin.for_languages(list(sizes)) == counts


@given(SIZES, st.integers(1, 3))
@LAWS
def test_unimax_beyond_what_there_is_says_the_largest_total(held, epochs):
    sizes = dict(zip(TAGS, held, strict=False))
    capacity = sum(held) * epochs
    for budget in (
        Budget.unimax(capacity + 1, max_epochs=epochs, sizes=sizes),
        Budget.allocated(UniMaxAllocator(Fraction(epochs)), capacity + 1, sizes=sizes),
    ):
        with pytest.raises(BudgetError) as caught:
            budget.for_languages(list(sizes))
        assert caught.value.figures == {"total": capacity + 1, "largest": capacity}
    assert sum(Budget.unimax(capacity, max_epochs=epochs, sizes=sizes).for_languages(list(sizes)).values()) == capacity


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=6), st.floats(0, 3, allow_nan=False), st.integers(1, 10**6))
@LAWS
def test_temperature_is_the_formula_within_rounding(held, alpha, total):
    sizes = dict(zip(TAGS, held, strict=False))
    counts = Budget.temperature(total, alpha=alpha, sizes=sizes).for_languages(list(sizes))
    mass = sum((size / max(held)) ** alpha for size in held)
    for tag, size in sizes.items():
        quota = total * (size / max(held)) ** alpha / mass
        assert abs(counts[tag] - quota) < len(sizes) / 2 + 1e-6 * total


def test_temperature_runs_from_uniform_to_proportional():
    sizes = {"en": 900, "fi": 90, "sw": 10}
    assert Budget.temperature(300, alpha=0, sizes=sizes).for_languages(list(sizes)) == dict.fromkeys(sizes, 100)
    one, other = Budget.temperature(100, alpha=1, sizes=sizes), Budget.proportional(100, sizes)
    assert one.for_languages(list(sizes)) == other.for_languages(list(sizes)) == {"en": 90, "fi": 9, "sw": 1}
    assert Budget.temperature(9, temperature=4, sizes=sizes) == Budget.temperature(9, alpha=0.25, sizes=sizes)
    # Of what there is nothing, no exponent makes something.
    empty = Budget.temperature(10, alpha=0, sizes={"en": 5, "sw": 0})
    assert empty.for_languages(["en", "sw"]) == {"en": 10, "sw": 0}


@given(st.lists(st.integers(1, 40), min_size=2, max_size=5), st.integers(1, 3), st.integers(1, 4), st.integers(1, 999))
@LAWS
def test_ratios_of_powers_that_are_rational_are_exact(roots, over, degree, factor):
    sizes = tuple(root**degree * factor for root in roots)
    weights = powers(sizes, Fraction(over, degree))
    for (one, first), (other, second) in product(zip(roots, weights, strict=True), repeat=2):
        assert first * other**over == second * one**over


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=5), st.fractions(0, 4, max_denominator=12))
@LAWS
def test_powers_are_right_to_fifty_eight_digits(sizes, alpha):
    for size, weight in zip(sizes, powers(tuple(sizes), alpha), strict=True):
        if not size:
            assert weight == 0
            continue
        # (weight / scale) ** d == size ** n, where one scale serves all of them; here it is 1, the weight of size 1.
        exact, found = Fraction(size) ** alpha.numerator, weight**alpha.denominator
        assert abs(found / exact - 1) < Fraction(alpha.denominator, 10**57)


def test_powers_do_not_listen_to_the_decimal_context_of_the_caller():
    with decimal.localcontext() as context:
        context.prec, context.rounding = 3, decimal.ROUND_UP
        context.traps[decimal.Inexact] = True
        low = powers((7, 11, 13), Fraction(4, 9))
    powers.cache_clear()
    assert low == powers((7, 11, 13), Fraction(4, 9))


def test_sizes_from_outside_win_and_must_cover_the_languages():
    budget = Budget.proportional(10, {"EN": 9, "sw": 1, "de": 5})
    assert budget.for_languages(["en", "sw"], sizes={"en": 1, "sw": 1}) == {"en": 9, "sw": 1}
    assert Budget.proportional(10).for_languages(["en", "sw"], sizes={"en": np.int64(4), "sw": 1}) == {"en": 8, "sw": 2}
    with pytest.raises(BudgetError, match=r"none is given for fi, he"):
        budget.for_languages(["en", "fi", "he"])
    assert Budget.proportional(9, {"sw": 1, "en": 2}) == Budget.proportional(9, {"en": 2, "sw": 1})


# Allocators ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUILT_IN["allocators"])
def test_built_in_allocators_keep_the_laws_and_say_what_the_budgets_say(name):
    allocator = find_plugin("allocators", name)
    check_allocator(allocator)
    assert allocator.name == name
    sizes = {"en": 400, "fi": 90, "sw": 11, "he": 11}
    own = {
        "uniform": Budget.uniform(400),
        "proportional": Budget.proportional(400, sizes),
        "temperature": Budget.temperature(400, alpha=0.3, sizes=sizes),
        "unimax": Budget.unimax(400, sizes=sizes),
    }[name]
    named = Budget.allocated(name, 400, sizes=sizes)
    assert named.for_languages(list(sizes), allocator=allocator) == own.for_languages(list(sizes))
    assert repr(named) == f"Budget.allocated({name!r}, 400, sizes={dict(sorted(sizes.items()))})"


class Broken:
    """An allocator that breaks the law it is told to."""

    name, version = "broken", "1"

    def __init__(self, how):
        self.how, self.calls = how, 0

    def allocate(self, sizes, total):
        self.calls += 1
        names = list(sizes)
        if self.how == "changes":
            sizes.clear()
        weights = dict.fromkeys(names, 1)
        return {
            "changes": weights,
            "missing": dict.fromkeys(names[1:], 1),
            "negative": weights | {names[0]: -1},
            "float": weights | {names[0]: 0.5},
            "zero": dict.fromkeys(names, 0),
            "moody": weights | {names[0]: self.calls},
            "order": {name: place + 1 for place, name in enumerate(names)},
        }[self.how]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("changes", "changed"),
        ("missing", "a weight for each"),
        ("negative", "not negative"),
        ("float", "exact"),
        ("zero", "zero"),
        ("moody", "other weights"),
        ("order", "order"),
    ],
)
def test_an_allocator_that_breaks_a_law_is_found_out(how, said):
    with pytest.raises(AssertionError, match=said):
        check_allocator(Broken(how))


def test_an_allocator_cannot_change_the_sizes_of_the_budget():
    sizes = {"en": 3, "sw": 1}
    budget = Budget.allocated(Broken("changes"), 4, sizes=sizes)
    assert [budget.for_languages(["en", "sw"]) for _ in range(2)] == [{"en": 2, "sw": 2}] * 2
    assert budget.setting("sizes") == (("en", 3), ("sw", 1))


def test_numbers_of_all_kinds_are_weights_read_as_they_are_printed():
    weights = {"en": np.float32(0.1), "fi": Decimal("0.1"), "sw": 0.1, "zh": Fraction(1, 10)}
    budget = Budget.allocated(lambda sizes, total: weights, 8, sizes=dict.fromkeys(weights, 1))
    assert budget.for_languages(list(weights)) == dict.fromkeys(weights, 2)


def test_an_allocator_is_asked_about_its_first_total_alone():
    asked = []

    def as_total(sizes, total):
        asked.append(total)
        return {"en": total, "sw": 100}

    budget = Budget.allocated(as_total, 300, sizes={"en": 1, "sw": 1})
    assert budget.with_total(100).with_total(40).for_languages(["en", "sw"]) == {"en": 30, "sw": 10}
    assert asked == [300]
    assert budget.with_total(40).with_total(300) == budget
    named = Budget.allocated("unimax", 300).with_total(40)
    assert repr(named) == "Budget.allocated('unimax', 300).with_total(40)"
    assert Budget.from_dict(named.to_dict()) == named


def test_the_record_of_an_allocator_says_its_settings_and_has_to_be_resolved():
    cold, warm = (Budget.allocated(TemperatureAllocator(Fraction(alpha)), 9) for alpha in (0, 1))
    assert cold.to_dict() != warm.to_dict()
    again = Budget.from_dict(cold.to_dict())
    assert again.to_dict() == cold.to_dict()
    sizes = {"en": 8, "sw": 1}
    with pytest.raises(BudgetError, match="only named"):
        again.for_languages(["en", "sw"], sizes=sizes)
    resolved = again.for_languages(["en", "sw"], sizes=sizes, allocator=TemperatureAllocator(Fraction(0)))
    assert resolved == cold.for_languages(["en", "sw"], sizes=sizes) == {"en": 5, "sw": 4}
    function = Budget.allocated(by_the_paper, 9).to_dict()["allocator"]
    assert function == {"name": "tests.test_budgets.by_the_paper"}


# Bad budgets --------------------------------------------------------------------------------------------------------


def test_every_bad_budget_has_its_golden_message():
    said = []
    for name, make in BAD.items():
        with pytest.raises(PinchmixError) as caught:
            make()
        assert isinstance(caught.value, (BudgetError, UnknownLanguage, LanguageClash)), name
        said.append(f"{name}\n    {type(caught.value).__name__}: {caught.value}\n")
    text = "".join(said)
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert len(BAD) >= 90
