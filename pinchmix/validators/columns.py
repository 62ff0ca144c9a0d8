"""Texts as columns: which of many texts hold a sign or match a pattern, before any is looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.plugins import Cells


def column(texts: Sequence[str | None]) -> pa.Array:
    """Return texts as an Arrow array; None is null.

    Example:
        >>> column(["a", None]).null_count
        1
    """
    return pa.array(texts, pa.large_string())


def holds(texts: pa.Array, *signs: str) -> npt.NDArray[np.bool_]:
    """Return which texts hold one of some signs; null holds none.

    Example:
        >>> holds(column(["a b", "c", None]), "a", "x").tolist()
        [True, False, False]
    """
    found = np.zeros(len(texts), dtype=bool)
    for sign in signs:
        found |= np.asarray(pc.fill_null(pc.match_substring(texts, sign), False))
    return found


def matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    """Return which texts match an RE2 pattern somewhere; null matches none.

    Example:
        >>> matches(column(["a1", "b", None]), "[0-9]").tolist()
        [True, False, False]
    """
    found: npt.NDArray[np.bool_] = np.asarray(pc.fill_null(pc.match_substring_regex(texts, pattern), False))
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


def lengths(texts: pa.Array) -> npt.NDArray[np.int64]:
    """Return the characters of each text, -1 for null.

    Example:
        >>> lengths(column(["né", None])).tolist()
        [2, -1]
    """
    return np.asarray(pc.fill_null(pc.utf8_length(texts), -1)).astype(np.int64)


def both(
    texts: Sequence[str], pivots: Sequence[str | None], some: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, str, str]]:
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
) -> Iterator[tuple[str, Sequence[str], Sequence[str], Sequence[str | None], pa.Array, pa.Array]]:
    """Yield prompt and response as :meth:`Cells.fields` does, with the texts and the pivot's as Arrow arrays too.

    The arrays are made once for all checks that are asked about the same cells.

    Example:
        >>> [own.to_pylist() for *_, own, _ in fields(Cells(["a"], ["fi"], ["fi"], ["Hei?"], ["Moi."]))]
        [['Hei?'], ['Moi.']]
    """
    made: dict[str, tuple[pa.Array, pa.Array]] = vars(cells).setdefault("_arrow", {})
    for name, texts, tags, pivots in cells.fields():
        if name not in made:
            made[name] = column(texts), column(pivots)
        yield name, texts, tags, pivots, *made[name]


def in_english(cells: Cells, field: str) -> list[str]:
    """Return what an English pivot says, an instruction's each; the empty text where there is no such.

    Example:
        >>> in_english(Cells(["a"], ["en"], ["en"], ["Who won?"], ["Nobody."]), "prompt")
        ['Who won?']
    """
    if cells.pivot.partition("-")[0] != "en":
        return [""] * len(cells)
    return [text or "" for text in cells.said_by_pivot(field)]
