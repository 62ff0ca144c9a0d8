"""Members of a family by units: dealt and changed by keys, whatever the place of a unit."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pinchmix.planning.together import UNUSED, changed, dealt
from tests.grids import laws


@st.composite
def steps(draw: st.DrawFn):
    """The labels of a member, the groups and keys of its units, and what another member asks of each group."""
    size, width = draw(st.integers(0, 9)), draw(st.integers(1, 3))
    group = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)), dtype=np.int64)
    label = np.array(draw(st.lists(st.integers(UNUSED, width - 1), min_size=size, max_size=size)), dtype=np.int64)
    key = np.array(draw(st.permutations(range(100, 100 + size))), dtype=np.uint64)
    counts = np.zeros((2, width), dtype=np.int64)
    for number in range(2):
        for _ in range(draw(st.integers(0, int((group == number).sum())))):
            counts[number, draw(st.integers(0, width - 1))] += 1
    return label, group, key, counts


def slowly(label, group, key, counts):
    """The same, unit by unit."""
    found = label.tolist()
    by_key = sorted(range(len(found)), key=lambda unit: key[unit])
    for number, asked in enumerate(counts.tolist()):
        mine = [unit for unit in by_key if group[unit] == number]
        given_up = []
        for language, count in enumerate(asked):
            held = [unit for unit in mine if label[unit] == language]
            given_up += held[count:]
        missing = [
            language for language, count in enumerate(asked) for _ in range(count - Counter(label[mine])[language])
        ]
        free = sorted(given_up, key=lambda unit: key[unit]) + [unit for unit in mine if label[unit] == UNUSED]
        for unit in given_up:
            found[unit] = UNUSED
        taken = sorted(free[: len(missing)], key=lambda unit: key[unit])
        for unit, language in zip(taken, missing, strict=True):
            found[unit] = language
    return found


@laws(300)
@given(steps())
def test_a_member_is_changed_as_unit_by_unit(step) -> None:
    assert changed(*step).tolist() == slowly(*step)


@laws(100)
@given(steps(), st.randoms(use_true_random=False))
def test_the_place_of_a_unit_decides_nothing(step, random) -> None:
    label, group, key, counts = step
    order = np.array(random.sample(range(len(label)), len(label)), dtype=np.int64)
    assert changed(label[order], group[order], key[order], counts).tolist() == changed(*step)[order].tolist()
    assert dealt(group[order], key[order], counts).tolist() == dealt(group, key, counts)[order].tolist()


@laws(100)
@given(steps())
def test_every_group_gets_what_is_asked(step) -> None:
    _, group, _, counts = step
    found = changed(*step)
    for number, asked in enumerate(counts.tolist()):
        assert [int(((found == language) & (group == number)).sum()) for language in range(len(asked))] == asked
