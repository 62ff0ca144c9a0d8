"""compare_mixtures: what two mixtures or exports share, and what is different."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from pinchmix.comparing.chosen import Chosen, Ints, chosen_of, in_common
from pinchmix.comparing.comparison import ColumnComparison, Comparison, Move, leaks_of, splits_of
from pinchmix.errors import ArgumentError
from pinchmix.mixture import Mixture


def compare_mixtures(
    a: Mixture | str | os.PathLike[str],
    b: Mixture | str | os.PathLike[str],
    *,
    names: Sequence[str] = ("a", "b"),
) -> Comparison:
    """Compare two mixtures: what they share, and what is different.

    Instructions are compared by id, so the two must be from sources with the same ids.

    Args:
        a: A mixture, or the folder of an export.
        b: Another.
        names: What to call them.

    Returns:
        The comparison, with a table and a picture.

    Raises:
        ArgumentError: One is neither a mixture nor a folder, or the names are not two.
        ExportError: A folder is no export, or its manifest or its provenance is not as it was written.

    Example:
        >>> import pinchmix
        >>> mixes = [pinchmix.build_mixture(pinchmix.sample(), {"en": 9, "fi": n}, validate=False) for n in (4, 6)]
        >>> compare_mixtures(*mixes).shared_cells <= 13
        True
    """
    called = tuple(names) if not isinstance(names, str) else (names,)
    if len(called) != 2 or len(set(called)) != 2 or not all(isinstance(one, str) and one.strip() for one in called):
        raise ArgumentError(f"names={names!r}: give two different names, one for each of the mixtures.")
    return compare_chosen((chosen_of(a, "a"), chosen_of(b, "b")), (called[0], called[1]))


def compare_chosen(members: tuple[Chosen, Chosen], names: tuple[str, str]) -> Comparison:
    """Compare what two mixtures hold."""
    common = in_common(members)
    width = max(len(common.pairs), 1)
    codes = [places * width + columns for places, columns in zip(common.instructions, common.columns, strict=True)]
    (cells, first), (others, second) = (np.unique(code, return_index=True) for code in codes)
    shared, here, there = np.intersect1d(cells, others, assume_unique=True, return_indices=True)
    same = np.array_equal(np.argsort(first[here]), np.argsort(second[there]))
    examples = [np.bincount(columns, minlength=width).tolist() for columns in common.columns]
    distinct = [np.bincount(cell % width, minlength=width).tolist() for cell in (cells, others)]
    in_both = np.bincount(shared % width, minlength=width).tolist()
    splits = splits_of(members, common)
    held = splits >= 0
    both = splits[:, held.all(axis=0)]
    return Comparison(
        names=names,
        columns=tuple(
            ColumnComparison(*pair, (rows[0], rows[1]), (different[0], different[1]), count)
            for pair, rows, different, count in zip(
                common.pairs, zip(*examples, strict=True), zip(*distinct, strict=True), in_both, strict=False
            )
        ),
        pivots=common.pivots,
        instructions=(int(held[0].sum()), int(held[1].sum())),
        shared_instructions=both.shape[1],
        moves=_moves(members, both),
        same_order=same if len(shared) else None,
        _members=members,
        _common=common,
    )


def _moves(members: tuple[Chosen, Chosen], both: Ints) -> tuple[Move, ...]:
    one, other = (member.splits for member in members)
    counts = np.bincount(both[0] * len(other) + both[1], minlength=len(one) * len(other)).reshape(len(one), len(other))
    leaks = leaks_of(members)
    return tuple(
        Move(one[row], other[column], int(counts[row, column]), bool(leaks[row, column]))
        for row, column in np.argwhere(counts).tolist()
    )
