"""Texts as columns: which of many texts hold a sign or match a pattern, before any is looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.plugins import Cells

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Column:
    """Texts as one Arrow array and its bytes, for sieves that look at all of them at once; null holds nothing.

    Attributes:
        array: The texts, large strings, null for None.

    Example:
        >>> texts = Column.of(["é b", None, ""])
        >>> texts.lengths.tolist(), texts.sizes.tolist(), texts.last.tolist()
        ([3, -1, 0], [4, 0, 0], [98, 0, 0])
    """

    array: pa.Array

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Column:
        """Return texts as a column.

        Example:
            >>> Column.of(["a", None]).array.null_count
            1
        """
        return cls(pa.array(texts, pa.large_string()))

    def __len__(self) -> int:
        return len(self.array)

    def take(self, places: Sequence[int] | npt.NDArray[np.int64]) -> Column:
        """Return some of the texts, in the given order.

        Example:
            >>> Column.of(["a", "b"]).take([1]).array.to_pylist()
            ['b']
        """
        return Column(self.array.take(pa.array(places, pa.int64())))

    @cached_property
    def data(self) -> npt.NDArray[np.uint8]:
        """The UTF-8 bytes of all texts, one after the other."""
        held = self.array.buffers()[2]
        ends = self.offsets
        whole = np.frombuffer(b"" if held is None else held, dtype=np.uint8)
        return whole[: ends[-1]]

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where each text begins among the bytes, and where the last one ends."""
        if not len(self.array):
            return np.zeros(1, dtype=np.int64)
        found: npt.NDArray[np.int64] = np.frombuffer(self.array.buffers()[1], dtype=np.int64)
        return found[self.array.offset : self.array.offset + len(self.array) + 1]

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The characters of each text, -1 for null."""
        return np.asarray(pc.fill_null(pc.utf8_length(self.array), -1)).astype(np.int64)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The bytes of each text, 0 for null."""
        return np.diff(self.offsets)

    @cached_property
    def last(self) -> npt.NDArray[np.uint8]:
        """The last byte of each text, 0 where there is none."""
        found = np.zeros(len(self), dtype=np.uint8)
        some = self.sizes > 0
        found[some] = self.data[self.offsets[1:][some] - 1]
        return found

    def where(self, sign: bytes) -> npt.NDArray[np.int64]:
        """Return where among the bytes a sign begins, also where it spans two texts.

        Example:
            >>> Column.of(["abab", "b"]).where(b"ab").tolist()
            [0, 2]
        """
        found: npt.NDArray[np.int64] = np.flatnonzero(self.data[: max(len(self.data) - len(sign) + 1, 0)] == sign[0])
        for place, byte in enumerate(sign[1:], 1):
            found = found[self.data[found + place] == byte]
        return found

    def having(self, places: npt.NDArray[np.int64], size: int = 1) -> Flags:
        """Return which texts have so many bytes from one of some places on.

        Example:
            >>> Column.of(["ab", "c"]).having(np.array([1]), 2).tolist()
            [False, False]
        """
        flags = np.zeros(len(self), dtype=bool)
        if len(places) > len(self):
            last = np.searchsorted(places, self.offsets[1:] - size, side="right")
            return last > np.searchsorted(places, self.offsets[:-1])
        if len(places):
            owners = np.searchsorted(self.offsets, places, side="right") - 1
            flags[owners[places + size <= self.offsets[owners + 1]]] = True
        return flags

    def holds(self, *signs: str) -> Flags:
        """Return which texts hold one of some signs.

        Example:
            >>> Column.of(["a b", "c", None]).holds("a", "x").tolist()
            [True, False, False]
        """
        found = np.zeros(len(self), dtype=bool)
        for sign in signs:
            byte = sign.encode()
            found |= self.having(self.where(byte), len(byte))
        return found

    def matches(self, pattern: str, some: Flags | None = None) -> Flags:
        """Return which texts match an RE2 pattern somewhere, of those that are marked; the others do not.

        Example:
            >>> Column.of(["a1", "b", None]).matches("[0-9]").tolist()
            [True, False, False]
        """
        if some is None:
            every: Flags = np.asarray(pc.fill_null(pc.match_substring_regex(self.array, pattern), False))
            return every
        found: Flags = some.copy()
        if some.any():
            found[some] = self.take(np.flatnonzero(some)).matches(pattern)
        return found


def starts_in_english(cells: Cells, field: str, length: int) -> list[str | None]:
    """Return the first characters of what an English pivot says, an instruction's each; None where there is no such.

    Example:
        >>> cells = Cells(["a"], ["en"], ["en"], ["Who won?"], ["Nobody."])
        >>> starts_in_english(cells, "prompt", 3)
        ['Who']
    """
    if cells.pivot.partition("-")[0] != "en":
        return [None] * len(cells)
    return [None if text is None else text[:length] for text in cells.said_by_pivot(field)]


def both(texts: Sequence[str], pivots: Sequence[str | None], some: Flags) -> Iterator[tuple[int, str, str]]:
    """Yield place, text and pivot's text of those cells that are marked and have a pivot.

    Example:
        >>> list(both(["a", "b"], ["x", None], np.array([True, True])))
        [(0, 'a', 'x')]
    """
    for place in np.flatnonzero(some).tolist():
        pivot = pivots[place]
        if pivot is not None:
            yield place, texts[place], pivot


def fields(
    cells: Cells,
) -> Iterator[tuple[str, Sequence[str], Sequence[str], Sequence[str | None], Column, Column]]:
    """Yield prompt and response as :meth:`Cells.fields` does, with the texts and the pivot's as columns too.

    The columns are made once for all checks that are asked about the same cells.

    Example:
        >>> [own.array.to_pylist() for *_, own, _ in fields(Cells(["a"], ["fi"], ["fi"], ["Hei?"], ["Moi."]))]
        [['Hei?'], ['Moi.']]
    """
    made = cells.made
    for name, texts, tags, pivots in cells.fields():
        for key, said in ((name, texts), (f"pivot {name}", pivots)):
            if key not in made:
                made[key] = Column.of(said)
        yield name, texts, tags, pivots, made[name], made[f"pivot {name}"]


def in_english(cells: Cells, field: str) -> list[str]:
    """Return what an English pivot says, an instruction's each; the empty text where there is no such.

    Example:
        >>> in_english(Cells(["a"], ["en"], ["en"], ["Who won?"], ["Nobody."]), "prompt")
        ['Who won?']
    """
    if cells.pivot.partition("-")[0] != "en":
        return [""] * len(cells)
    return [text or "" for text in cells.said_by_pivot(field)]
