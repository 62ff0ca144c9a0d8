"""Samplers: each does what it says, keeps its laws, and check_sampler catches those that do not."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import list_plugins
from pinchmix.canonical import canonical_bytes, key_of
from pinchmix.errors import ArgumentError
from pinchmix.exact.order import keyed
from pinchmix.plugins import Order, Sampler, find_plugin
from pinchmix.pool import Pool
from pinchmix.samplers.clocks import clocks, natural_log, sortable
from pinchmix.samplers.diverse import Diverse
from pinchmix.samplers.longest import Longest
from pinchmix.samplers.random import RandomSampler
from pinchmix.samplers.stratified import Stratified
from pinchmix.samplers.weighted import Weighted
from pinchmix.testing import check_sampler, toy_grid, toy_pool
from tests.grids import laws

NAMES = ("diverse", "longest", "random", "stratified", "weighted")
VARIANTS = (
    RandomSampler(),
    Longest(),
    Longest("prompt"),
    Stratified(),
    Stratified(by="length", bins=3),
    Stratified(by=["task", "length"], bins=2, field="prompt"),
    Stratified(shares={"chat": "1/3", "code": "2/3", "list": 0}),
    Weighted(),
    Weighted(power=0.5),
    Diverse(),
    Diverse("response"),
)


def served(order: Order) -> list[int]:
    """The places of instructions in the order in which they are served."""
    return np.argsort(order.key, kind="stable").tolist()


def pool_of(**columns: Any) -> Pool:
    count = len(next(iter(columns.values())))
    return toy_pool(toy_grid(count, gaps=False), **columns)


# Names and laws -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", VARIANTS, ids=repr)
def test_samplers_keep_their_laws(sampler: Sampler) -> None:
    check_sampler(sampler)


@pytest.mark.parametrize("name", NAMES)
def test_samplers_are_found_by_name_and_named_so(name: str) -> None:
    assert name in list_plugins()["samplers"]
    assert find_plugin("samplers", name).name == name


@pytest.mark.parametrize("sampler", [one for one in VARIANTS if one != RandomSampler()], ids=repr)
def test_settings_are_plain_and_tell_samplers_apart(sampler: Any) -> None:
    same = [one for one in VARIANTS if getattr(one, "settings", None) == sampler.settings and one.name == sampler.name]
    assert same == [sampler]
    assert type(sampler)(**json.loads(canonical_bytes(sampler.settings))) == sampler


@pytest.mark.parametrize("sampler", VARIANTS, ids=repr)
def test_samplers_order_nothing_and_one(sampler: Sampler) -> None:
    empty = pool_of(**{name: pa.array([], pa.string()) for name in ("prompt", "response", "task", "quality")})
    if "shares" not in getattr(sampler, "settings", {}) or not sampler.settings["shares"]:  # type: ignore[attr-defined]
        assert sampler.order(empty, 0).key.tolist() == []
        assert len(sampler.order(pool_of(prompt=["Hi"], response=["Ho"]), 0).key) == 1


@pytest.mark.parametrize("sampler", VARIANTS, ids=repr)
def test_instructions_that_the_pivot_lacks_are_ordered_too(sampler: Sampler) -> None:
    pool = pool_of(
        prompt=[None, "Hi", None, "Ho"], response=["Hello", None, None, "Hello"], task=["code", "chat", "list", "code"]
    )
    assert sorted(served(sampler.order(pool, 3))) == [0, 1, 2, 3]
    check_sampler(sampler, pool)


# Longest ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.none() | st.text(max_size=6), min_size=1, max_size=8), st.integers(0, 3))
@laws(100)
def test_longest_is_sorted_by_characters_and_then_by_chance(texts: list[str | None], seed: int) -> None:
    pool = pool_of(response=pa.array(texts, pa.string()))
    random = keyed(pool.grid.hashes, key_of(seed, "choose")).tolist()
    expected = sorted(
        range(len(texts)),
        key=lambda place: (-len(texts[place] or "") if texts[place] is not None else 1, random[place]),
    )
    order = Longest().order(pool, seed)
    assert served(order) == expected
    assert order.ranked


def test_longest_refuses_other_fields() -> None:
    with pytest.raises(ArgumentError) as caught:
        Longest("responses")
    assert str(caught.value) == (
        "sampler longest: field='responses' is neither 'prompt' nor 'response'. Did you mean 'response'?"
    )


# Stratified ---------------------------------------------------------------------------------------------------------


def test_stratified_has_a_class_for_each_value_and_one_for_none() -> None:
    order = Stratified(by="task").order(pool_of(task=["b", None, "a", "b", "a"]), 0)
    assert order.stratum is not None
    assert order.stratum.tolist() == [1, 2, 0, 1, 0]
    assert not order.ranked
    assert order.shares is None


def test_stratified_takes_shares_by_value() -> None:
    pool = pool_of(task=["b", None, "a", "b"])
    order = Stratified(shares={"b": 0.1, None: Fraction(1, 2), "a": "0.4"}).order(pool, 0)
    assert order.shares == (Fraction(2, 5), Fraction(1, 10), Fraction(1, 2))


def test_stratified_shares_of_three_thirds_are_a_whole() -> None:
    order = Stratified(shares={"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}).order(pool_of(task=["a", "b", "c"]), 0)
    assert order.shares == (Fraction(1, 3),) * 3


def test_stratified_by_two_columns_has_a_class_for_each_pair_that_occurs() -> None:
    pool = pool_of(task=["b", "a", "b", "a"], level=[2, 1, 10, 1])
    order = Stratified(by=["task", "level"]).order(pool, 0)
    assert order.stratum is not None
    assert order.stratum.tolist() == [1, 0, 2, 0]
    shares = {("a", 1): "1/2", ("b", 2): "1/4", ("b", 10): "1/4"}
    assert Stratified(by=["task", "level"], shares=shares).order(pool, 0).shares == (
        Fraction(1, 2), Fraction(1, 4), Fraction(1, 4),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([3, 1, None, 2], [2, 0, 3, 1]),
        ([True, False, None, True], [1, 0, 2, 1]),
        ([1.5, float("nan"), None, -1.0], [1, 2, 2, 0]),
        (pa.array(["x", "y", None, "x"]).dictionary_encode(), [0, 1, 2, 0]),
        (pa.chunked_array([["x"], ["y", "z", "x"]]), [0, 1, 2, 0]),
        ([None, None, None, None], [0, 0, 0, 0]),
        (["b", "", None, "a"], [2, 0, 3, 1]),
    ],
)
def test_stratified_takes_columns_of_any_plain_type(values: Any, classes: list[int]) -> None:
    order = Stratified(by="level").order(pool_of(prompt=["a"] * 4, level=values), 0)
    assert order.stratum is not None
    assert order.stratum.tolist() == classes


@given(st.lists(st.none() | st.integers(0, 6), min_size=1, max_size=12), st.integers(2, 5))
@laws(200)
def test_bins_of_length_hold_equal_lengths_in_order_and_about_as_many(lengths: list[int | None], bins: int) -> None:
    pool = pool_of(response=pa.array([None if one is None else "x" * one for one in lengths], pa.string()))
    stratum = Stratified(by="length", bins=bins).order(pool, 0).stratum
    assert stratum is not None
    there = sorted(one for one in lengths if one is not None)
    known = {one: {int(code) for code, length in zip(stratum, lengths, strict=True) if length == one} for one in there}
    assert all(len(codes) == 1 for codes in known.values())
    in_order = [min(known[one]) for one in there]
    assert in_order == sorted(in_order)
    if len(set(there)) == len(there) and len(there) % bins == 0 and there:  # nothing stands in the way of equal bins
        assert set(np.bincount(in_order).tolist()) == {len(there) // bins}
    lacking = {int(code) for code, length in zip(stratum, lengths, strict=True) if length is None}
    assert lacking <= {int(stratum.max())}
    assert not lacking & set(in_order)


def test_many_of_one_length_are_in_the_bin_of_their_middle() -> None:
    stratum = Stratified(by="length", bins=2).order(pool_of(response=["a", "bb", "cc", "dd"]), 0).stratum
    assert stratum is not None
    assert stratum.tolist() == [0, 1, 1, 1]


def test_bins_of_length_are_not_stable() -> None:
    class Claims(Stratified):
        laws = frozenset({"stable"})  # type: ignore[assignment]

    with pytest.raises(AssertionError, match="a stable class must not depend"):
        check_sampler(Claims(by="length"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Stratified(shares={"chat": 0.5, "code": 0.5}),
            "sampler stratified: no share for 'list' of 'task'. "
            "Give every value a share; 0 leaves its instructions out.",
        ),
        (
            lambda: Stratified(shares={"chat": 0.5, "code": 0.2, "lists": 0.3}),
            "sampler stratified: shares of 'lists', which no instruction has in 'task'. Did you mean 'list'? "
            "There are: 'chat', 'code', 'list'.",
        ),
        (
            lambda: Stratified(shares={"chat": 0.5}),
            "sampler stratified: the shares sum to 0.5, not 1.",
        ),
        (
            lambda: Stratified(shares={"chat": -0.5, "code": 1.5}),
            "sampler stratified: the share of 'chat' is -0.5, no number from 0 to 1.",
        ),
        (
            lambda: Stratified(shares={"chat": float("nan")}),
            "sampler stratified: the share of 'chat' is nan, no number from 0 to 1.",
        ),
        (
            lambda: Stratified(by=["task", "level"], shares=[["chat", 1]]),
            "sampler stratified: the share of 'chat' is for 1 values, and by= names 2.",
        ),
        (
            lambda: Stratified(shares=[0.5, 0.5]),
            "sampler stratified: shares=[0.5, 0.5] is no mapping of values to shares.",
        ),
        (lambda: Stratified(by=[]), "sampler stratified: by=[] names no column."),
        (lambda: Stratified(by=["task", "task"]), "sampler stratified: by=['task', 'task'] names a column twice."),
        (
            lambda: Stratified(by="length", bins=1),
            "sampler stratified: bins=1 is no whole number of at least 2.",
        ),
        (lambda: Stratified(by="tasks"), "the source has no column 'tasks'. Did you mean 'task'?"),
    ],
)  # fmt: skip
def test_stratified_refuses_what_means_nothing(make: Callable[[], Sampler], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make().order(toy_pool(), 0)
    assert str(caught.value) == message


def test_stratified_refuses_columns_that_are_no_classes() -> None:
    many = pool_of(level=range(10_001))
    with pytest.raises(ArgumentError, match="'level' has 10,001 values among 10,001 instructions, and at most 10,000"):
        Stratified(by="level").order(many, 0)
    with pytest.raises(ArgumentError, match="'level' holds list<item: int64> values"):
        Stratified(by="level").order(pool_of(level=[[1], [2]]), 0)


# Weighted -----------------------------------------------------------------------------------------------------------


def test_weights_are_the_chances_of_the_first_place() -> None:
    weights = [1.0, 2.0, 4.0, 0.0, 3.0]
    pool = pool_of(quality=weights)
    seeds = 4000
    firsts = np.bincount([served(Weighted().order(pool, seed))[0] for seed in range(seeds)], minlength=5)
    for count, weight in zip(firsts, weights, strict=True):
        chance = weight / 10
        assert abs(count - seeds * chance) <= 5 * math.sqrt(seeds * chance * (1 - chance))


def test_the_second_is_drawn_from_the_rest_by_weight() -> None:
    pool = pool_of(quality=[1.0, 2.0, 7.0])
    orders = [served(Weighted().order(pool, seed)) for seed in range(4000)]
    after_heavy = [order[1] for order in orders if order[0] == 2]
    expected = len(after_heavy) / 3
    assert abs(after_heavy.count(0) - expected) < 5 * math.sqrt(expected * 2 / 3)


def test_power_sharpens_and_flattens() -> None:
    pool = pool_of(quality=[1.0, 3.0])
    share = {
        power: np.mean([served(Weighted(power=power).order(pool, seed))[0] for seed in range(2000)])
        for power in (0.0, 1.0, 2.0)
    }
    assert [round(float(share[power]), 1) for power in (0.0, 1.0, 2.0)] == [0.5, 0.8, 0.9]


def test_what_has_no_weight_comes_last_even_beside_the_smallest_number() -> None:
    pool = pool_of(quality=[0.0, 5e-324, 0.0, 1e308])
    orders = [served(Weighted(power=3).order(pool, seed)) for seed in range(50)]
    assert {tuple(order[:2]) for order in orders} == {(3, 1)}
    assert {tuple(order[2:]) for order in orders} == {(0, 2), (2, 0)}


@pytest.mark.parametrize(
    "values", [["1", " 2.5 ", "3e0"], [True, True, False], [1, 2, 3], pa.array([1, 2, 3], pa.decimal128(5, 2))]
)
def test_weights_may_be_written_in_any_way(values: Any) -> None:
    numbers = {"1": 1.0, " 2.5 ": 2.5, "3e0": 3.0}
    plain = [numbers[one] if isinstance(one, str) else float(one) for one in pa.array(values).to_pylist()]
    same = Weighted().order(pool_of(quality=plain), 1).key.tolist()
    assert Weighted().order(pool_of(quality=values), 1).key.tolist() == same


@pytest.mark.parametrize(
    ("values", "count", "shown"),
    [
        ([1.0, -1.0, None, float("inf"), float("nan")], 4, ["1' has -1.0", "2' has None", "3' has inf and 1 more"]),
        (["1", "good", "", "0x1", "inf"], 4, ["1' has 'good'", "2' has ''", "3' has '0x1' and 1 more"]),
        ([[1.0]] * 5, 5, ["0' has [1.0]", "1' has [1.0]", "2' has [1.0] and 2 more"]),
    ],
)
def test_weights_that_are_none_are_counted_and_named(values: list[Any], count: int, shown: list[str]) -> None:
    with pytest.raises(ArgumentError) as caught:
        Weighted().order(pool_of(quality=values), 0)
    named = ", ".join(f"'instruction-00{one}" for one in shown)
    assert str(caught.value) == (
        f"sampler weighted: 'quality' is no weight for {count} instructions of 5: {named}. "
        "A weight is a finite number of at least 0; 0 puts an instruction last."
    )


@pytest.mark.parametrize("power", [-1, float("nan"), float("inf"), "1", True])
def test_powers_that_mean_nothing_are_refused(power: Any) -> None:
    with pytest.raises(ArgumentError, match="no finite number of at least 0"):
        Weighted(power=power)


@given(st.lists(st.floats(min_value=5e-324, max_value=1.7e308), min_size=1))
@laws(200)
def test_the_logarithm_is_one(values: list[float]) -> None:
    found = natural_log(np.array(values)).tolist()
    assert all(
        math.isclose(one, math.log(value), rel_tol=1e-15, abs_tol=1e-16)
        for one, value in zip(found, values, strict=True)
    )


def test_the_bits_of_clocks_are_the_same_everywhere() -> None:
    """Taken on one machine; another that adds, multiplies and divides by IEEE 754 must give the same."""
    hashes = keyed(np.arange(1000, dtype=np.uint64), 5)
    keys = sortable(natural_log(clocks(hashes)))
    assert int(np.bitwise_xor.reduce(keys * np.arange(1, 2001, 2, dtype=np.uint64))) == BITS


BITS = 10113812744099357914


@given(st.lists(st.floats(allow_nan=False), min_size=1))
@laws(200)
def test_sortable_numbers_sort_as_the_numbers_do(values: list[float]) -> None:
    bits = sortable(np.array(values))
    for one, first in zip(values, bits, strict=True):
        for other, second in zip(values, bits, strict=True):
            assert (one < other) == (first < second)


# Diverse ------------------------------------------------------------------------------------------------------------


def similarities(prompts: list[str]) -> np.ndarray:
    """Jaccard similarity of the words of each two prompts, by sets; 0 of a prompt with itself."""
    words = [set(prompt.lower().replace("?", " ").replace(".", " ").replace(",", " ").split()) for prompt in prompts]
    return np.array([[len(a & b) / len(a | b) if a is not b else 0.0 for b in words] for a in words])


def crowded() -> list[str]:
    """The prompts of the sample, and many near-duplicates of a few of them."""
    texts = [
        json.loads(line)["messages"][0]["content"]
        for line in (pinchmix.sample() / "en.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    marks = ("please", "now", "kindly", "briefly", "again")
    return texts + [f"{marks[number % 5]} {texts[number % 7]} ({number})" for number in range(210)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_diverse_spreads_where_random_choice_repeats_itself(seed: int) -> None:
    prompts = crowded()
    pool = pool_of(prompt=prompts)
    alike = similarities(prompts)
    for size in (20, 40):
        figures = {}
        for sampler in (RandomSampler(), Diverse()):
            chosen = served(sampler.order(pool, seed))[:size]
            nearest = alike[np.ix_(chosen, chosen)].max(axis=1)
            figures[sampler.name] = (1 - nearest.mean(), int((nearest > 0.6).sum()))
        assert figures["diverse"][0] > 1.5 * figures["random"][0]
        assert figures["diverse"][1] <= 2 < size / 4 < figures["random"][1]


def test_diverse_takes_one_of_each_kind_before_a_second_of_any() -> None:
    kinds = ["What is green tea?", "Why do ships float?", "Name three rivers.", "Write a poem of autumn!"]
    pool = pool_of(prompt=[kinds[number % 4] for number in range(40)])
    for seed in range(5):
        first = served(Diverse().order(pool, seed))
        assert {place % 4 for place in first[:4]} == {0, 1, 2, 3}


def test_diverse_counts_words_of_scripts_without_spaces() -> None:
    pool = pool_of(prompt=["茶是什么?", "茶 是 什么？", "为什么船会浮起来", None, "🙂"])
    first = served(Diverse().order(pool, 0))
    assert not {0, 1} <= set(first[:2])


def test_diverse_depends_on_the_seed() -> None:
    assert served(Diverse().order(toy_pool(), 1)) != served(Diverse().order(toy_pool(), 2))


# check_sampler ------------------------------------------------------------------------------------------------------


@dataclass
class Made:
    """A sampler whose order is any function, that declares all laws."""

    made: Callable[[Pool, int], Any]
    name: str = "made"
    version: str = "1"
    laws: frozenset[str] = frozenset({"stable", "uniform"})
    settings: dict[str, Any] = field(default_factory=dict)

    def order(self, pool: Pool, seed: int) -> Any:
        return self.made(pool, seed)


@dataclass
class Headed:
    """A sampler whose settings do not tell its parameter."""

    head: str = ""
    name: str = "headed"
    version: str = "1"
    laws: frozenset[str] = frozenset({"stable"})

    @property
    def settings(self) -> dict[str, str]:
        return {"name": self.name}

    def order(self, pool: Pool, seed: int) -> Order:
        return Order(keyed(pool.grid.hashes, key_of(seed, f"choose {self.head}")))


def fair(pool: Pool, seed: int) -> np.ndarray:
    return keyed(pool.grid.hashes, key_of(seed, "choose"))


def in_classes(stratum: Any, shares: Any = None) -> Callable[[Pool, int], Order]:
    return lambda pool, seed: Order(fair(pool, seed), False, stratum(len(pool.grid.ids)), shares)


def counted() -> Callable[[Pool, int], Order]:
    calls = iter(range(10**9))
    return lambda pool, seed: Order(fair(pool, next(calls)))


def by_address(pool: Pool, seed: int) -> Order:
    first = np.searchsorted(pool.grid.instruction, np.arange(len(pool.grid.ids)))
    return Order(keyed(pool.grid.address[first].astype(np.uint64), key_of(seed, "choose")))


def leaning(pool: Pool, seed: int) -> Order:
    """Random, but the later half is held back in one seed of four."""
    late = (pool.grid.hashes >> np.uint64(63)) & (fair(pool, -1 - seed) < np.uint64(1 << 62)).astype(np.uint64)
    return Order((fair(pool, seed) >> np.uint64(1)) | (late << np.uint64(63)))


def at_the_ends(pool: Pool, seed: int) -> Order:
    """A third of the instructions is always among the first or the last, as often, so that the mean place is fair."""
    key = fair(pool, seed) >> np.uint64(2)
    extreme = pool.grid.hashes % np.uint64(3) == 0
    low = fair(pool, -1 - seed) < np.uint64(1 << 63)
    return Order(np.where(extreme & ~low, key | np.uint64(1 << 63), np.where(extreme, key, key | np.uint64(1 << 62))))


def numbers(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64)


def crowds(pool: Pool, seed: int) -> Order:
    """Classes by how many share a text, which depends on who is there."""
    text = pool.column("task").to_pylist()
    return Order(fair(pool, seed), False, np.array([int(text.count(one) > 16) for one in text]))


BAD = {
    "lacks": (object(), "lacks name, version, laws or order"),
    "version": (Made(lambda pool, seed: Order(fair(pool, seed)), version=""), "version is a text, not ''"),
    "law": (
        Made(lambda pool, seed: Order(fair(pool, seed)), laws=frozenset({"uniforn"})),
        "'uniforn' is no law. Did you mean 'uniform'? There are: stable, uniform",
    ),
    "settings": (
        Made(lambda pool, seed: Order(fair(pool, seed)), settings={"a": {1, 2}}),
        "settings are a mapping of names to plain data",
    ),
    "settings of another": (
        Made(lambda pool, seed: Order(fair(pool, seed)), settings={"power": 2}),
        "Made cannot be made of its settings {'power': 2}",
    ),
    "settings that lack one": (Headed("a"), "the sampler made of its settings {'name': 'headed'} must give the same"),
    "array": (Made(lambda pool, seed: fair(pool, seed)), "returns an Order, not ndarray"),
    "list": (Made(lambda pool, seed: Order(fair(pool, seed).tolist())), "key is an array, not list"),
    "dtype": (Made(lambda pool, seed: Order(fair(pool, seed).astype(np.float64))), "key is uint64, not float64"),
    "shape": (Made(lambda pool, seed: Order(fair(pool, seed)[:-1])), "one key an instruction: (50,), not (49,)"),
    "ranked": (Made(lambda pool, seed: Order(fair(pool, seed), 1)), "ranked is True or False, not 1"),
    "stratum dtype": (Made(in_classes(lambda count: np.zeros(count, np.int32))), "stratum is int64, not int32"),
    "stratum shape": (Made(in_classes(lambda count: np.zeros(3, np.int64))), "one stratum an instruction"),
    "from one": (Made(in_classes(lambda count: np.ones(count, np.int64))), "numbered from 0 without gaps"),
    "below zero": (Made(in_classes(lambda count: np.zeros(count, np.int64) - 1)), "numbered from 0 without gaps"),
    "stray shares": (Made(in_classes(lambda count: None, [Fraction(1)])), "shares are of classes"),
    "few shares": (
        Made(in_classes(lambda count: numbers(count) % 2, [Fraction(1)])), "one share a class: 2, not 1"),
    "float shares": (Made(in_classes(lambda count: numbers(count) % 2, [0.5, 0.5])), "shares are fractions"),
    "sum of shares": (
        Made(in_classes(lambda count: numbers(count) % 2, [Fraction(1, 2), Fraction(1, 3)])), "sum to 1, not 5/6"),
    "repeats": (Made(counted()), "the same pool and seed must give the same order"),
    "source": (Made(by_address), "where the rows stand in the source"),
    "place": (
        Made(lambda pool, seed: Order(keyed(numbers(len(pool.grid.ids)).astype(np.uint64), seed))),
        "the place among the ids",
    ),
    "class by place": (Made(in_classes(lambda count: numbers(count) % 2)), "the place among the ids"),
    "not stable": (
        Made(lambda pool, seed: Order(fair(pool, seed) % np.uint64(1000 + len(pool.grid.ids)))),
        "a stable key must not depend on the other instructions",
    ),
    "class not stable": (Made(crowds), "a stable class must not depend on the other instructions"),
    "seedless": (Made(lambda pool, seed: Order(pool.grid.hashes)), "come early more often"),
    "coarse": (Made(lambda pool, seed: Order(fair(pool, seed) >> np.uint64(63))), "come early more often"),
    "leaning": (Made(leaning), "come early more often"),
    "at the ends": (Made(at_the_ends), "come early more often"),
    "longest": (
        Made(lambda pool, seed: Order(Longest().order(pool, seed).key)), "come early more often"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_check_sampler_catches_a_sampler_that_breaks_a_law(name: str) -> None:
    sampler, message = BAD[name]
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_sampler(sampler)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", range(60))
def test_check_sampler_passes_a_fair_sampler_whatever_its_hash(key: int) -> None:
    """Sixty fair samplers: a threshold that is too narrow for chance would show."""
    check_sampler(Made(lambda pool, seed: Order(keyed(pool.grid.hashes, key_of(seed, f"fair {key}")))))
