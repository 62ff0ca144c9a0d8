"""Together: mixtures of the same instructions, each made from another by the least change, as pure array functions.

A unit is an instruction in its split; its label is the language that it serves in a member, or ``UNUSED``. From one
member to the next a language gives up the last of its units, in a keyed order, or is given some that others gave up:
so of two members the one with fewer units of a language has none there that the other lacks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pinchmix.exact.supply import Ints

Labels = npt.NDArray[np.int64]
UNUSED = -1


def dealt(group: Ints, key: npt.NDArray[np.uint64], counts: Ints) -> Labels:
    """Return labels of units that can serve every language: in the order of their keys, language after language.

    Args:
        group: The group of each unit, shape ``(units,)``, int64; those of one group can stand for one another.
        key: What units are dealt by, same shape, uint64.
        counts: How many units of each group serve each language, shape ``(groups, languages)``, int64; no more than
            there are.

    Example:
        >>> dealt(np.array([0, 0, 0]), np.array([9, 1, 5], dtype=np.uint64), np.array([[1, 1]])).tolist()
        [-1, 0, 1]
    """
    return changed(np.full(len(group), UNUSED, dtype=np.int64), group, key, counts)


def changed(label: Labels, group: Ints, key: npt.NDArray[np.uint64], counts: Ints) -> Labels:
    """Return the labels of another member, with the least change.

    Each language that has too many units of a group gives up those with the largest keys; these, and then the unused
    ones, are dealt out in the order of their keys to the languages that have too few.

    Args:
        label: The labels of one member, shape ``(units,)``, int64.
        group: As of :func:`dealt`.
        key: What units are ordered by, uint64.
        counts: As of :func:`dealt`.

    Raises:
        ValueError: There are fewer units than that.

    Example:
        >>> key = np.arange(4, dtype=np.uint64)
        >>> changed(np.array([0, 0, 0, 1]), np.zeros(4, dtype=np.int64), key, np.array([[1, 3]])).tolist()
        [0, 1, 1, 1]
    """
    groups, width = counts.shape
    slot = group * (width + 1) + label + 1  # the unused come first in their group
    held = np.bincount(slot, minlength=groups * (width + 1)).reshape(groups, width + 1)
    target = np.append(np.zeros((groups, 1), dtype=np.int64), counts, axis=1)
    released = _rank(np.lexsort((key, slot)), slot) >= target.ravel()[slot]
    missing = np.maximum(counts - held[:, 1:], 0)
    free = np.flatnonzero(released)
    if (np.bincount(group[free], minlength=groups) < missing.sum(axis=1)).any():
        raise ValueError("more units are wanted in a group than are free in it")
    # A unit that is in use stays in use where it can, so that members hold the same instructions.
    first = np.lexsort((key[free], label[free] == UNUSED, group[free]))
    given = free[_rank(first, group[free]) < missing.sum(axis=1)[group[free]]]
    given = given[np.lexsort((key[given], group[given]))]
    found = np.where(released, UNUSED, label)
    found[given] = np.repeat(np.tile(np.arange(width), groups), missing.ravel())
    return found


def _rank(order: Ints, slot: Ints) -> Ints:
    """Return the place of each thing among those of its slot, when an order puts slots one after the other."""
    sizes = np.bincount(slot)
    rank = np.empty(len(slot), dtype=np.int64)
    rank[order] = np.arange(len(slot)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rank


def journey(size: int, chains: Sequence[Sequence[int]]) -> Iterator[tuple[int, int | None]]:
    """Yield all members, each with one beside it in a chain that was yielded before, or None for the first of a group.

    Where chains go in a circle, not every step of theirs is taken.

    Example:
        >>> list(journey(3, [[1, 0]]))
        [(0, None), (1, 0), (2, None)]
    """
    beside: list[list[int]] = [[] for _ in range(size)]
    for chain in chains:
        for one, other in pairwise(chain):
            beside[one].append(other)
            beside[other].append(one)
    seen = [False] * size
    for root in range(size):
        if seen[root]:
            continue
        seen[root] = True
        yield root, None
        waiting = deque([root])
        while waiting:
            here = waiting.popleft()
            for there in beside[here]:
                if not seen[there]:
                    seen[there] = True
                    yield there, here
                    waiting.append(there)


def walked(
    start: Labels | None,
    group: Ints,
    key: npt.NDArray[np.uint64],
    counts: Sequence[Ints],
    chains: Sequence[Sequence[int]],
) -> list[Labels]:
    """Return the labels of all members.

    With ``start``, every member is made from that; else along the chains, each from the one before or after it, and the
    first of those that hang together is dealt.

    Args:
        start: The labels of a member that all others are made from, or None.
        group: As of :func:`dealt`.
        key: What units are ordered by.
        counts: Of each member, as of :func:`changed`.
        chains: Numbers of members that are to nest.

    Example:
        >>> key = np.arange(2, dtype=np.uint64)
        >>> one, two = np.array([[2, 0]]), np.array([[1, 1]])
        >>> [labels.tolist() for labels in walked(None, np.zeros(2, dtype=np.int64), key, [one, two], [[0, 1]])]
        [[0, 0], [0, 1]]
    """
    if start is not None:
        return [changed(start, group, key, asked) for asked in counts]
    found: dict[int, Labels] = {}
    for member, neighbour in journey(len(counts), chains):
        if neighbour is None:
            found[member] = dealt(group, key, counts[member])
        else:
            found[member] = changed(found[neighbour], group, key, counts[member])
    return [found[member] for member in range(len(counts))]


def nests(one: Labels, other: Labels, width: int) -> bool:
    """Return whether of two members the one with fewer units of a language has none there that the other lacks.

    Example:
        >>> nests(np.array([0, 1]), np.array([0, 0]), 2), nests(np.array([0, 1]), np.array([1, 0]), 2)
        (True, False)
    """

    def count(labels: Labels) -> Ints:
        return np.bincount(labels[labels != UNUSED], minlength=width)

    return bool(np.array_equal(count(one[one == other]), np.minimum(count(one), count(other))))
