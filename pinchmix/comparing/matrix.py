"""compare_sweep: many mixtures or exports with each other, as matrices of what each two of them share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pinchmix.comparing.chosen import Bools, Ints, chosen_of, in_common
from pinchmix.comparing.drawing import draw_heat
from pinchmix.errors import ArgumentError
from pinchmix.mixture import Mixture
from pinchmix.text.show import html_heat, table
from pinchmix.text.wording import listing, near, number_of

if TYPE_CHECKING:
    import pandas as pd

    from pinchmix.comparing.drawing import Axes, Figure

SHOWN = 12  # members up to which the text is a table
BLOCK = 1 << 15  # instructions looked at together; a multiple of 64


@dataclass(frozen=True, eq=False)
class Matrix:
    """What each two of several mixtures share. Rows and columns are the members, in their order.

    Attributes:
        names: The members.
        pivots: Their pivots, most often one.
        examples: Rows of each, repeats included, shape ``(members,)``, int64.
        cells: Cells in both, the same instruction in the same languages, shape ``(members, members)``, int64; the
            diagonal is what each holds.
        besides_pivot: The same without the cells in a pivot.
        instructions: Instructions in both, in whatever languages, likewise.
        alternating: Whether, language by language, one holds all cells of the other: what a nested family promises of
            neighbours in a chain, same shape, bool.

    Example:
        >>> import pinchmix
        >>> sweep = {n: pinchmix.build_mixture(pinchmix.sample(), {"en": 9, "fi": n}, validate=False) for n in (2, 4)}
        >>> compare_sweep({f"fi{n}": mix for n, mix in sweep.items()}).cells.diagonal()
        array([11, 13])
    """

    names: tuple[str, ...]
    pivots: tuple[str, ...]
    examples: Ints
    cells: Ints
    besides_pivot: Ints
    instructions: Ints
    alternating: Bools

    def __post_init__(self) -> None:
        for name in ("examples", "cells", "besides_pivot", "instructions", "alternating"):
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.names)

    @property
    def within(self) -> Bools:
        """Whether all cells of the row's member are in the column's, shape ``(members, members)``, bool."""
        within: Bools = np.equal(self.cells, self.cells.diagonal()[:, None])
        return within

    @property
    def within_besides_pivot(self) -> Bools:
        """The same of the cells that are not in a pivot."""
        within: Bools = np.equal(self.besides_pivot, self.besides_pivot.diagonal()[:, None])
        return within

    @property
    def constant(self) -> Bools:
        """Whether both hold the same instructions, in whatever languages, same shape."""
        held = self.instructions.diagonal()
        same: Bools = (self.instructions == held[:, None]) & (self.instructions == held[None, :])
        return same

    def to_pandas(self, what: str = "cells") -> pd.DataFrame:
        """Return a matrix as a DataFrame with the members as index and columns.

        Args:
            what: ``"cells"``, ``"besides_pivot"`` or ``"instructions"`` (counts of what both hold), or ``"within"``,
                ``"within_besides_pivot"``, ``"alternating"`` or ``"constant"`` (yes or no).

        Raises:
            ArgumentError: There is no such matrix.
        """
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            self._matrix(what, (*COUNTS, *RELATIONS)), index=self.names, columns=self.names
        )
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return all matrices as plain data, row by row."""
        return {
            "names": list(self.names),
            "pivots": list(self.pivots),
            "examples": self.examples.tolist(),
            **{what: getattr(self, what).tolist() for what in (*COUNTS, *RELATIONS)},
        }

    def plot(self, what: str = "cells", axes: Axes | None = None) -> Figure:
        """Draw a heat map: how much of what the row's member holds is in the column's member too.

        Args:
            what: ``"cells"``, ``"besides_pivot"`` or ``"instructions"``.
            axes: Where to draw; a new figure by default.

        Raises:
            ArgumentError: There is no such matrix, or matplotlib is not installed.
        """
        counts = self._matrix(what, COUNTS)
        texts = [[f"{count:,}" for count in row] for row in counts.tolist()]
        title = f"{COUNTS[what].format(listing(self.pivots)).capitalize()} in both"
        return draw_heat(self.names, _shares(counts), texts, title, "share of the row's that the column has", axes)

    def _matrix(self, what: str, known: Mapping[str, str] | tuple[str, ...]) -> Any:
        if what not in known:
            raise ArgumentError(f"what={what!r} is none of {listing(list(known))}.{near(str(what), known)}")
        return getattr(self, what)

    @property
    def _title(self) -> str:
        return f"{number_of(len(self), 'mixture')} with each other: cells in both"

    def _notes(self) -> list[str]:
        count = len(self)
        above = np.triu_indices(count, 1)
        pairs = len(above[0])
        pivot = listing(self.pivots)
        nested, besides = (matrix | matrix.T for matrix in (self.within, self.within_besides_pivot))
        said = {
            "the same instructions": self.constant,
            "nested: one has all cells of the other": nested,
            f"nested besides {pivot}": besides,
            "nested language by language, in either direction": self.alternating,
            "no instruction in common": self.instructions == 0,
        }
        counts = [f"{int(matrix[above].sum()):,}" for matrix in said.values()]
        width = max(map(len, counts))
        notes = [f"of {number_of(pairs, 'pair')}:"]
        notes += [f"  {one:>{width}}  {what}" for one, what in zip(counts, said, strict=True)]
        if not self.instructions[above].any():
            notes.append("no id is in two members: their sources have other ids, or they have nothing in common")
        return notes

    def __repr__(self) -> str:
        if len(self) <= SHOWN:
            marked = [
                [f"{count:,}{'*' if inner and row != column else ' '}" for column, (count, inner) in enumerate(line)]
                for row, line in enumerate(map(zip, self.cells.tolist(), self.within.tolist()))
            ]
            header = ["", "examples", *(f"{name} " for name in self.names)]
            rows = [
                [name, int(held), *line] for name, held, line in zip(self.names, self.examples, marked, strict=True)
            ]
            body = table(header, rows, indent="  ")
            return "\n".join([self._title, body, "  * all cells of the row are in the column", *self._notes()])
        held, other = self.cells.diagonal(), ~np.eye(len(self), dtype=bool)
        either = held[:, None] + held[None, :] - self.cells
        alike = np.where(other, self.cells / np.maximum(either, 1), np.nan)
        picks: tuple[tuple[str, Callable[[Any], Any]], ...] = (("most", np.nanargmax), ("least", np.nanargmin))
        rows = []
        for title, pick in picks:
            row, column = np.unravel_index(pick(alike), alike.shape)
            rows.append([title, self.names[row], self.names[column], int(self.cells[row, column])])
            rows[-1].append(float(alike[row, column]))
        header = ["alike", "one", "other", "cells in both", "of all in either"]
        sizes = f"{int(self.examples.min()):,} to {int(self.examples.max()):,} examples"
        return "\n".join([f"{self._title}; {sizes}", table(header, rows, left=(0, 1, 2), indent="  "), *self._notes()])

    def _repr_html_(self) -> str:
        return html_heat(self._title, self.names, self.cells.tolist(), _shares(self.cells).tolist(), self._notes())


COUNTS = {"cells": "cells", "besides_pivot": "cells besides {}", "instructions": "instructions"}
RELATIONS = ("within", "within_besides_pivot", "alternating", "constant")


def compare_sweep(mixtures: Mapping[str, Mixture | str | os.PathLike[str]]) -> Matrix:
    """Compare each two of several mixtures, such as the members of a sweep; no text is read.

    Instructions are compared by id, so all must be from sources with the same ids. Sixty mixtures of some thousand rows
    take about a second, and time grows with rows times pairs.

    Args:
        mixtures: Name → a mixture, or the folder of an export; two or more.

    Raises:
        ArgumentError: It is no mapping of two or more, or a member is neither a mixture nor a folder.
        ExportError: A folder is no export, or its manifest or its provenance is not as it was written.
    """
    if not isinstance(mixtures, Mapping) or len(mixtures) < 2:
        said = f"has {len(mixtures)}" if isinstance(mixtures, Mapping) else f"is a {type(mixtures).__name__}"
        raise ArgumentError(f"mixtures {said}: give a mapping of name to mixture or folder, with two or more.")
    if strange := [name for name in mixtures if not isinstance(name, str) or not name.strip()]:
        raise ArgumentError(f"mixtures: {strange[0]!r} cannot be the name of a member.")
    members = [chosen_of(member, f"mixtures[{name!r}]") for name, member in mixtures.items()]
    common = in_common(members)
    count, size = len(members), len(common.ids)
    cells, besides = np.zeros((count, count), dtype=np.int64), np.zeros((count, count), dtype=np.int64)
    alternating = np.ones((count, count), dtype=bool)
    every = [
        np.unique(columns * size + places) for columns, places in zip(common.columns, common.instructions, strict=True)
    ]  # by language, then by instruction
    for column, pivotal in enumerate(common.pivotal.tolist()):
        ends = [np.searchsorted(keys, [column * size, (column + 1) * size]) for keys in every]
        parts = [keys[begin:end] - column * size for keys, (begin, end) in zip(every, ends, strict=True)]
        both = _both(parts, size)
        held = both.diagonal()
        cells += both
        besides += 0 if pivotal else both
        alternating &= both == np.minimum(held[:, None], held[None, :])
    return Matrix(
        names=tuple(mixtures),
        pivots=common.pivots,
        examples=np.array([len(member) for member in members], dtype=np.int64),
        cells=cells,
        besides_pivot=besides,
        instructions=_both([np.unique(places) for places in common.instructions], size),
        alternating=alternating,
    )


def _both(parts: list[Ints], size: int) -> Ints:
    """Count what each two of several sets have in common.

    Args:
        parts: Each set, ascending, of numbers from 0.
        size: More than the largest.

    Returns:
        Shape ``(sets, sets)``, int64.
    """
    sets, used = len(parts), np.zeros(size, dtype=bool)
    for part in parts:
        used[part] = True
    number = np.cumsum(used) - 1  # without gaps: a grid may hold far more than its mixtures
    there = np.flatnonzero([len(part) for part in parts])
    parts = [number[parts[place]] for place in there.tolist()]
    total = int(used.sum())
    starts = np.arange(0, total + BLOCK, BLOCK)
    ends = [np.searchsorted(part, starts).tolist() for part in parts]
    counted = np.zeros((len(parts), len(parts)), dtype=np.int64)
    # Sets as rows of bits: what two share are the ones of both. (Products of matrices wait for threads of a busy
    # machine.)
    held = np.empty((len(parts), min(BLOCK, -(-total // 64) * 64)), dtype=bool)
    for block, start in enumerate(starts[:-1].tolist()):
        held[:] = False
        for row, part in enumerate(parts):
            held[row, part[ends[row][block] : ends[row][block + 1]] - start] = True
        words = np.packbits(held, axis=1).view(np.uint64)
        for row in range(len(parts)):
            counted[row, row:] += ones(words[row] & words[row:]).sum(axis=1, dtype=np.int64)
    counted = np.triu(counted) + np.triu(counted, 1).T
    both = np.zeros((sets, sets), dtype=np.int64)
    both[np.ix_(there, there)] = counted
    return both


def ones_by_arithmetic(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return how many bits of each word are one, where NumPy has no function for it (before 2.0).

    Bits are added in pairs, in fours, in eights, and all bytes by one multiplication (H. S. Warren, Hacker's Delight,
    section 5-1).

    Example:
        >>> ones_by_arithmetic(np.array([0, 255, 2**64 - 1], dtype=np.uint64))
        array([ 0,  8, 64], dtype=uint8)
    """
    pairs, fours, eights, bytes_ = (np.uint64(0x0101010101010101 * byte) for byte in (0x55, 0x33, 0x0F, 1))
    found = words - ((words >> np.uint64(1)) & pairs)
    found = (found & fours) + ((found >> np.uint64(2)) & fours)
    found = (found + (found >> np.uint64(4))) & eights
    counts: npt.NDArray[np.uint8] = ((found * bytes_) >> np.uint64(56)).astype(np.uint8)
    return counts


ones = getattr(np, "bitwise_count", ones_by_arithmetic)


def _shares(counts: Ints) -> Any:
    """Return what the row's member holds that the column's has too, as a share; NaN for a member that holds nothing."""
    held = counts.diagonal()[:, None]
    return np.where(held > 0, counts / np.maximum(held, 1), np.nan)
