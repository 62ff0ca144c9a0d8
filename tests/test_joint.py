"""Joint choices: whether several nested choices exist is decided exactly, and units keep what figures promise."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinchmix.exact import joint
from pinchmix.exact.joint import solve_joint
from pinchmix.exact.program import Undecided
from pinchmix.exact.supply import Supply
from pinchmix.planning.together import UNUSED, changed, nests, walked
from tests.grids import laws

# Trees of steps: chains, a star, two that do not hang together. In circles, figures do not decide.
TREES = {1: [[]], 2: [[], [(0, 1)]], 3: [[], [(0, 1), (1, 2)], [(0, 1), (2, 1)], [(0, 2), (0, 1)], [(1, 2)]]}


@st.composite
def cases(draw, parts=1):
    """Units with the columns that each can serve, counts of each choice, the steps, and whether all use the same."""
    width = draw(st.integers(1, 3))
    units = draw(st.lists(st.tuples(*[st.booleans()] * width), min_size=1, max_size=5 if parts == 1 else 4))
    choices = draw(st.integers(1, 3))
    steps, constant = draw(st.sampled_from(TREES[choices])), draw(st.booleans())

    def counted(sizes):
        """Counts of one choice, so many in each part."""
        drawn = [draw(st.lists(st.integers(0, width - 1), min_size=size, max_size=size)) for size in sizes]
        return [[labels.count(column) for column in range(width)] for labels in drawn]

    def size():
        return [draw(st.integers(0, len(units) // parts)) for _ in range(parts)]

    sizes = size()
    counts = [counted(sizes if constant else size()) for _ in range(choices)]
    return units, np.array(counts, dtype=np.int64).reshape(choices, parts, width), steps, constant


def supply_of(units):
    """The units in rows of alike ones, and the row of each."""
    allowed, row = np.unique(np.array(units), axis=0, return_inverse=True)
    return Supply(np.bincount(row.ravel()).astype(np.int64), allowed), row.ravel()


def alike(one, other, width):
    """Whether of two choices each column has in one all units that it has in the other."""
    for column in range(width):
        here, there = ({unit for unit, label in enumerate(labels) if label == column} for labels in (one, other))
        if not (here <= there or there <= here):
            return False
    return True


def possible(units, counts, steps, constant):
    """Every part of every unit and every label in every choice tried."""
    _, parts, width = counts.shape
    for part in product(range(parts), repeat=len(units)):

        def labelled(asked, part=part):
            able = [[UNUSED, *np.flatnonzero(unit).tolist()] for unit in units]
            for labels in product(*able):
                held = np.zeros((parts, width), dtype=np.int64)
                for unit, label in enumerate(labels):
                    if label != UNUSED:
                        held[part[unit], label] += 1
                if (held == asked).all():
                    yield part, labels

        if found(list(map(list, map(labelled, counts))), [], steps, constant, parts, width):
            return True
    return False


def found(options, taken, steps, constant, parts, width):
    """Whether choices can be taken one after the other, each beside those taken before."""
    here = len(taken)
    if here == len(options):
        return True
    for part, labels in options[here]:
        # Nesting is by language and part; a unit is in the same part in all choices.
        keyed = [UNUSED if label == UNUSED else of * width + label for of, label in zip(part, labels, strict=True)]
        same = not constant or not taken or [a < 0 for a in keyed] == [a < 0 for a in taken[0]]
        beside = [taken[a + b - here] for a, b in steps if here in (a, b) and a + b - here < here]
        fits = same and all(alike(keyed, other, parts * width) for other in beside)
        if fits and found(options, [*taken, keyed], steps, constant, parts, width):
            return True
    return False


def check_units(units, counts, steps, constant, answer, row):
    """Deal units by an answer's figures, and count on the units what was promised."""
    _, parts, width = counts.shape
    order = np.argsort(row, kind="stable")
    chosen, part = [], []
    for number, used in enumerate(answer.used):
        mine = order[row[order] == number]
        chosen += mine[: used.sum()].tolist()
        part += np.repeat(np.arange(parts), used).tolist()
    chosen, part = np.array(chosen, dtype=np.int64), np.array(part, dtype=np.int64)
    group = row[chosen] * parts + part
    key = (chosen * 7919 % 31).astype(np.uint64)
    amounts = [figures.reshape(-1, width) for figures in answer.amounts]
    labels = walked(None, group, key, amounts, [list(step) for step in steps])
    for label, asked in zip(labels, counts, strict=True):
        used = label != UNUSED
        assert used.all() or not constant
        assert np.array(units)[chosen[used], label[used]].all()
        held = np.bincount(part[used] * width + label[used], minlength=parts * width).reshape(parts, width)
        assert (held == asked).all()
    labels = [np.where(label == UNUSED, label, part * width + label) for label in labels]
    assert all(nests(labels[one], labels[other], parts * width) for one, other in steps)


# Of four units that can serve the last column, the second choice takes two and the first one of these.
NESTED = (
    [(True, True, True), (False, False, True), (True, False, True), (False, False, True)],
    [[[0, 0, 1]], [[0, 0, 2]]],
)


@laws(150)
@given(cases())
@example((NESTED[0], np.array(NESTED[1]), [(0, 1)], False))
def test_choices_are_found_if_and_only_if_brute_force_finds_some(case):
    units, counts, steps, constant = case
    supply, row = supply_of(units)
    answer = solve_joint(supply, counts, steps, constant=constant)
    assert (answer is not None) == possible(*case)
    if answer is not None:
        check_units(*case, answer, row)


@laws(60)
@given(cases(parts=2))
def test_the_same_with_splits(case):
    units, counts, steps, constant = case
    supply, row = supply_of(units)
    answer = solve_joint(supply, counts, steps, constant=constant)
    assert (answer is not None) == possible(*case)
    if answer is not None:
        check_units(*case, answer, row)


def test_too_much_to_search_is_said(monkeypatch):
    monkeypatch.setattr(joint, "LARGEST", 10)
    supply = Supply(np.array([9, 9]), np.ones((2, 3), dtype=bool))
    with pytest.raises(Undecided, match="figures are to be found together, and no more than 10"):
        solve_joint(supply, np.full((4, 1, 3), 2), [], constant=True)


def test_a_search_that_ends_early_says_so(monkeypatch):
    class Ended:
        status, x, message = 1, None, "time is up"

    monkeypatch.setattr(joint, "milp", lambda *_, **__: Ended())
    with pytest.raises(Undecided, match="without an answer: time is up"):
        solve_joint(
            Supply(np.array([1]), np.ones((1, 1), dtype=bool)), np.ones((1, 1, 1), dtype=int), [], constant=True
        )


def test_an_answer_that_does_not_hold_is_not_returned(monkeypatch):
    class Wrong:
        status, message = 0, ""

        def __init__(self, size):
            self.x = np.zeros(size)

    monkeypatch.setattr(joint, "milp", lambda objective, **_: Wrong(len(objective)))
    with pytest.raises(RuntimeError, match="does not hold"):
        solve_joint(
            Supply(np.array([1]), np.ones((1, 1), dtype=bool)), np.ones((1, 1, 1), dtype=int), [], constant=True
        )


def test_more_units_than_there_are_cannot_be_dealt():
    with pytest.raises(ValueError, match="more units are wanted"):
        changed(np.array([0]), np.array([0]), np.array([1], dtype=np.uint64), np.array([[1, 1]]))
