"""The arithmetic that must be exact: apportionment, order and flow, each beside a naive twin."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix.exact.apportion import apportion
from pinchmix.exact.choice import SameChoice
from pinchmix.exact.cycles import rounded_cycles
from pinchmix.exact.fit import fitted, least_biased_flow
from pinchmix.exact.flow import largest_flow, smallest_certificate
from pinchmix.exact.order import keyed, ranks
from pinchmix.exact.supply import Supply
from tests.grids import laws

WEIGHTS = st.lists(st.fractions(0, 50, max_denominator=30), min_size=1, max_size=7).filter(any)


def seat_by_seat(weights, total):
    """Sainte-Laguë as the textbook says it: each seat to the largest quotient, the first of equals."""
    seats = [0] * len(weights)
    for _ in range(total):
        quotients = [Fraction(weight) / (2 * got + 1) for weight, got in zip(weights, seats, strict=True)]
        seats[quotients.index(max(quotients))] += 1
    return seats


# Apportionment ------------------------------------------------------------------------------------------------------


@laws(50)
@given(WEIGHTS, st.integers(0, 120))
def test_apportion_is_sainte_lague_seat_by_seat(weights, total):
    assert apportion(weights, total).tolist() == seat_by_seat(weights, total)


@laws(50)
@given(WEIGHTS, st.integers(0, 10**7))
def test_apportion_sums_to_the_total_and_gives_nothing_for_nothing(weights, total):
    counts = apportion(weights, total).tolist()
    assert sum(counts) == total
    assert all(count == 0 for weight, count in zip(weights, counts, strict=True) if not weight)


@laws(50)
@given(WEIGHTS, st.integers(0, 10**6))
def test_no_count_falls_when_the_total_grows(weights, total):
    smaller, larger = apportion(weights, total), apportion(weights, total + 1)
    assert sorted((larger - smaller).tolist()) == [0] * (len(weights) - 1) + [1]


@laws(50)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=7).filter(any))
def test_counts_apportioned_to_their_own_sum_stay_as_they_are(counts):
    assert apportion(counts, sum(counts)).tolist() == counts


@pytest.mark.parametrize("total", range(12))
def test_ties_of_apportionment_go_to_whoever_is_declared_first(total):
    assert apportion([1] * 4, total).tolist() == [total // 4 + (place < total % 4) for place in range(4)]


def test_apportioning_a_huge_total_is_exact_and_takes_no_longer_than_a_small_one():
    weights = [Fraction(1, 3), Fraction(1, 7), Fraction(11, 21), *[Fraction(1, 10**9)] * 9]
    total = 10**15 + 7
    start = time.perf_counter()
    counts = apportion(weights, total)
    assert time.perf_counter() - start < 0.5  # seat by seat would take years
    assert int(counts.sum()) == total
    mass = sum(weights)
    # A divisor method: one divisor rounds every weight to its count, so quotients of last and next seats interlock.
    last = min(weight / (2 * int(count) - 1) for weight, count in zip(weights, counts, strict=True))
    following = max(weight / (2 * int(count) + 1) for weight, count in zip(weights, counts, strict=True))
    assert last >= following
    assert all(
        abs(int(count) - weight * total / mass) < len(weights) for weight, count in zip(weights, counts, strict=True)
    )


@pytest.mark.parametrize(("weights", "total"), [([1, -1], 3), ([1], -1), ([0, 0], 1), ([], 1)])
def test_apportion_refuses_what_means_nothing(weights, total):
    with pytest.raises(ValueError, match=r"negative|positive"):
        apportion(weights, total)


# Order --------------------------------------------------------------------------------------------------------------


def unkeyed(value, key):
    """The way back: each step of keyed() undone, the last one first."""
    for half in (key >> 64, key & (2**64 - 1)):
        for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, None)):
            shifted = value
            for _ in range(64 // shift):  # each round recovers as many more of the leading bits
                shifted = value ^ (shifted >> shift)
            value = shifted * pow(factor, -1, 2**64) % 2**64 if factor else shifted
        value = (value - half - 0x9E3779B97F4A7C15) % 2**64
    return value


@laws(50)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**128 - 1))
def test_a_keyed_hash_can_be_undone_so_no_two_hashes_ever_share_one(value, key):
    assert unkeyed(int(keyed(np.array([value], dtype=np.uint64), key)[0]), key) == value


@laws(50)
@given(st.integers(0, 2**128 - 1), st.integers(0, 127))
def test_every_bit_of_the_key_changes_the_order(key, bit):
    hashes = np.arange(64, dtype=np.uint64)
    one, other = keyed(hashes, key), keyed(hashes, key ^ (1 << bit))
    assert not np.any(one == other)
    assert ranks(one).tolist() != ranks(other).tolist()


@laws(50)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), st.integers(0, 2**128 - 1))
def test_a_key_depends_on_the_hash_alone_not_on_its_place(hashes, key):
    array = np.array(hashes, dtype=np.uint64)
    before = array.copy()
    together = keyed(array, key).tolist()
    assert together == [int(keyed(array[place : place + 1], key)[0]) for place in range(len(array))]
    assert together == keyed(array[::-1], key)[::-1].tolist()
    assert np.array_equal(array, before)


def test_half_of_the_bits_change_with_any_bit_of_the_hash():
    base = keyed(np.arange(2_000, dtype=np.uint64), 5)
    for bit in range(64):
        changed = base ^ keyed(np.arange(2_000, dtype=np.uint64) ^ np.uint64(1 << bit), 5)
        flips = np.unpackbits(changed.view(np.uint8)).mean()
        assert abs(flips - 0.5) < 0.01, bit


@laws(50)
@given(st.lists(st.integers(0, 9), max_size=12))
def test_ranks_are_places_in_ascending_order_and_equal_keys_keep_theirs(keys):
    placed = ranks(np.array(keys, dtype=np.uint64)).tolist()
    assert placed == [
        sum((other, there) < (key, here) for there, other in enumerate(keys)) for here, key in enumerate(keys)
    ]


# Flow ---------------------------------------------------------------------------------------------------------------


@st.composite
def transports(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    supply = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows).filter(lambda held: sum(held) <= 6))
    demand = draw(st.lists(st.integers(0, 4), min_size=columns, max_size=columns))
    allowed = draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    return Supply(np.array(supply), np.array(allowed).reshape(rows, columns)), np.array(demand)


def best_by_trying(supply, demand):
    """The largest flow found by giving every unit of supply to every set of as many columns as it may serve."""
    units = [row for row, held in enumerate(supply.amount.tolist()) for _ in range(held)]
    states = {(0,) * len(demand)}
    for row in units:
        able = np.flatnonzero(supply.allowed[row]).tolist()
        sets = [chosen for size in range(1, supply.most + 1) for chosen in combinations(able, size)]
        states |= {
            tuple(given_ + (column in chosen) for column, given_ in enumerate(state))
            for state in states
            for chosen in sets
            if all(state[column] < demand[column] for column in chosen)
        }
    return max(map(sum, states))


@laws(50)
@given(transports(), st.integers(1, 4))
def test_largest_flow_is_the_best_of_all_assignments_and_is_itself_one(problem, most):
    supply, demand = replace(problem[0], most=most), problem[1]
    flow = largest_flow(supply, demand)
    assert flow.total == int(flow.amounts.sum()) == best_by_trying(supply, demand)
    assert np.all(flow.amounts >= 0)
    assert np.all(flow.amounts[~supply.allowed] == 0)
    assert np.all(flow.amounts <= supply.amount[:, None])  # no unit serves a column twice
    assert np.all(flow.amounts.sum(axis=1) <= most * supply.amount)
    assert np.all(flow.amounts.sum(axis=0) <= demand)


@laws(50)
@given(transports(), st.integers(1, 3), st.lists(st.integers(0, 1), min_size=4, max_size=4), st.data())
def test_largest_flow_keeps_to_its_quotas(problem, most, classes, data):
    supply, demand = problem
    quota = np.array(data.draw(st.lists(st.integers(0, 4), min_size=2, max_size=2)))
    stratum = np.array(classes)[: len(supply.amount)]
    limited = replace(supply, most=most, stratum=stratum, quota=quota)
    flow = largest_flow(limited, demand)
    drawn = np.bincount(stratum, weights=flow.amounts.sum(axis=1), minlength=2)
    assert np.all(drawn <= quota)
    # By the theorem of Ford & Fulkerson: the least, over all sets of columns, of their ceiling and what the others ask.
    sets = [np.array(chosen) for chosen in product([False, True], repeat=len(demand))]
    assert flow.total == min(limited.ceiling(chosen) + int(demand[~chosen].sum()) for chosen in sets)


@laws(50)
@given(transports(), st.integers(1, 4))
def test_the_cut_of_a_largest_flow_asks_for_exactly_what_is_missing(problem, most):
    supply, demand = replace(problem[0], most=most), problem[1]
    flow = largest_flow(supply, demand)
    missing = int(demand.sum()) - flow.total
    assert int(demand[flow.short].sum()) - supply.ceiling(flow.short) == missing
    assert bool(flow.short.any()) == (missing > 0)


@laws(50)
@given(transports(), st.integers(1, 4))
def test_a_column_is_free_if_and_only_if_it_can_be_given_one_more_beside_the_others(problem, most):
    supply, demand = replace(problem[0], most=most), problem[1]
    flow = largest_flow(supply, demand)
    for column, free in enumerate(flow.free.tolist()):
        more = demand.copy()
        more[column] += 1
        assert free == (best_by_trying(supply, more) > flow.total)


def exact_shortfall(supply, demand, columns):
    """What columns ask for beyond all that any of them may get, counted unit by unit."""
    pairs = zip(supply.amount.tolist(), supply.allowed.tolist(), strict=True)
    able = [held * min(supply.most, sum(row[column] for column in columns)) for held, row in pairs]
    return sum(int(demand[column]) for column in columns) - sum(able)


@laws(50)
@given(transports().filter(lambda problem: largest_flow(*problem).total < problem[1].sum()), st.integers(1, 3))
def test_smallest_certificate_is_a_proof_and_no_language_can_be_left_out(problem, most):
    supply, demand = replace(problem[0], most=most), problem[1]
    flow = largest_flow(supply, demand)
    if flow.total == demand.sum():
        return
    kept = smallest_certificate(supply, demand, flow.short)
    names = np.flatnonzero(kept).tolist()
    assert exact_shortfall(supply, demand, names) > 0
    for size in range(len(names)):
        for fewer in combinations(names, size):
            assert exact_shortfall(supply, demand, fewer) <= 0


@laws(50)
@given(transports(), st.integers(1, 3))
def test_least_biased_flow_meets_demands_within_supplies_if_and_only_if_a_flow_does(problem, most):
    supply, demand = replace(problem[0], most=most), problem[1]
    if best_by_trying(supply, demand) < demand.sum():
        with pytest.raises(ValueError, match="no flow"):
            least_biased_flow(supply, demand)
        return
    amounts = least_biased_flow(supply, demand)
    assert np.all(amounts >= 0)
    assert np.all(amounts[~supply.allowed] == 0)
    assert amounts.sum(axis=0).tolist() == demand.tolist()
    assert np.all(amounts <= supply.amount[:, None])
    assert np.all(amounts.sum(axis=1) <= most * supply.amount)


@laws(50)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.data()
)
def test_where_all_patterns_can_serve_all_languages_the_least_biased_flow_is_proportional(rows, columns, data):
    # Supplies are multiples of the sum of all columns, so the proportional share of each pair is a whole number.
    unused = data.draw(st.integers(0, 9))
    whole = sum(columns) + unused
    supply = np.array(rows) * whole
    demand = np.array(columns) * sum(rows)
    allowed = np.ones((len(rows), len(columns)), dtype=bool)
    assert least_biased_flow(Supply(supply, allowed), demand).tolist() == np.outer(rows, columns).tolist()


def test_like_patterns_are_treated_alike_where_only_some_can_serve_all():
    # Two mirrored pairs: whatever pattern 0 gives language 0, pattern 1 gives language 1.
    supply, demand = np.array([60, 60, 120]), np.array([80, 80])
    allowed = np.array([[True, False], [False, True], [True, True]])
    amounts = least_biased_flow(Supply(supply, allowed), demand)
    # The mirrored fit is 35.8 of 60; rounding may part the two by one.
    assert {int(amounts[0, 0]), int(amounts[1, 1])} <= {35, 36}
    assert {int(amounts[2, 0]), int(amounts[2, 1])} <= {44, 45}


def test_rounding_moves_no_amount_by_a_whole_unit_from_the_fitted_one():
    """The least biased flow is the fitted table with each entry rounded down or up."""
    generator = np.random.default_rng(5)
    for _ in range(30):
        supply = generator.integers(20, 90, 6)
        allowed = generator.random((6, 4)) < 0.7
        allowed[:, 0] = True
        demand = largest_flow(Supply(supply // 2, allowed), np.full(4, 30)).amounts.sum(axis=0)
        fit = fitted(Supply(supply, allowed), demand)
        assert np.abs(least_biased_flow(Supply(supply, allowed), demand) - fit).max() < 1
        assert (fit.sum(axis=1) <= supply + 1e-6).all()
        # The entropy twin: for a table of largest entropy, cross ratios of open entries are 1.
        for (one, other), (left, right) in product(combinations(range(6), 2), combinations(range(4), 2)):
            square = fit[[one, one, other, other], [left, right, left, right]]
            if square.min() > 0.01:
                assert square[0] * square[3] == pytest.approx(square[1] * square[2], rel=1e-3)


def test_a_flow_of_more_than_31_bits_is_refused_not_overflowed():
    with pytest.raises(OverflowError):
        largest_flow(Supply(np.array([2**31]), np.array([[True]])), np.array([1]))


@laws(50)
@given(st.permutations(range(4)), transports())
def test_how_much_flows_does_not_depend_on_the_order_of_patterns(order, problem):
    supply, demand = problem
    rows = [row for row in order if row < len(supply.amount)]
    mixed = Supply(supply.amount[rows], supply.allowed[rows])
    assert largest_flow(mixed, demand).total == largest_flow(supply, demand).total
    assert np.array_equal(largest_flow(mixed, demand).short, largest_flow(supply, demand).short)


@pytest.mark.parametrize("seed", range(6))
def test_rounding_around_cycles_keeps_all_sums_and_every_chance(seed):
    generator = np.random.default_rng(seed)
    tables = [np.eye(5)[generator.integers(0, 5, 12)][:, generator.permutation(5)] for _ in range(4)]
    part = sum(tables[0][generator.permutation(12)] / 4 for _ in range(4))
    mean = np.zeros_like(part)
    for lot in range(1500):
        up = rounded_cycles(part, np.uint64(lot * 7919**3))
        assert np.array_equal(up.sum(axis=0), np.rint(part.sum(axis=0)))
        assert np.array_equal(up.sum(axis=1), np.rint(part.sum(axis=1)))
        mean += up / 1500
    assert np.abs(mean - part).max() < 4.5 * (0.25 / 1500) ** 0.5


def test_the_proof_that_the_same_cannot_be_had_does_not_grow_with_what_is_asked():
    supply = Supply(np.array([3, 4]), np.array([[True, True], [True, False]]))
    proof = SameChoice(supply).proof(np.array([2**31, 2**31]))
    assert (proof.columns.tolist(), proof.ceiling) == ([False, True], 3)


def test_quotas_of_more_than_all_there_is_are_as_good_as_none():
    supply = Supply(np.array([3, 4]), np.ones((2, 2), dtype=bool), stratum=np.array([0, 1]))
    wide = replace(supply, quota=np.array([2**31, 2**31]))
    assert largest_flow(wide, np.array([5, 5])).total == largest_flow(supply, np.array([5, 5])).total == 7
