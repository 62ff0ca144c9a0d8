"""Batches of texts as one array of code points, and sums per text over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODE_POINTS = 0x110000
# Characters handled together: small enough for the arrays to stay in the cache.
_BATCH = 100_000


@dataclass(frozen=True)
class Codes:
    """The code points of a batch of texts, each text preceded by one space.

    The space belongs to the text that follows it: it ends the words of the text before, so that nothing has to be
    padded and no text is an empty slice.

    Attributes:
        points: All code points.
        starts: Where each text begins, at its leading space.
    """

    points: NDArray[np.uint32]
    starts: NDArray[np.int64]

    def owners(self) -> NDArray[np.int64]:
        """Return the number of the text that each code point belongs to."""
        lengths = np.diff(self.starts, append=len(self.points))
        return np.repeat(np.arange(len(self.starts)), lengths)

    def count(self, flags: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many of the code points of each text carry a flag."""
        return np.add.reduceat(flags, self.starts, dtype=np.int64)

    def keep(self, flags: NDArray[np.bool_]) -> Codes:
        """Return the batch without the code points that carry no flag; leading spaces must carry one."""
        return Codes(self.points[flags], np.cumsum(flags)[self.starts] - 1)

    def select(self, texts: NDArray[np.bool_]) -> Codes:
        """Return the batch of some of the texts."""
        lengths = np.diff(self.starts, append=len(self.points))
        kept = lengths[texts]
        return Codes(self.points[np.repeat(texts, lengths)], np.cumsum(kept) - kept)


def encode(texts: Sequence[str]) -> Codes:
    """Return the code points of at least one text.

    Lone surrogates are kept as the code points they are, as real data has them.

    Example:
        >>> codes = encode(["ab", "", "c"])
        >>> codes.points.tolist(), codes.starts.tolist()
        ([32, 97, 98, 32, 32, 99], [0, 3, 4])
    """
    joined = " " + " ".join(texts)
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
    return Codes(points, np.cumsum(lengths) - lengths)


def batches(texts: Sequence[str]) -> Iterator[slice]:
    """Yield slices of the texts, of about equal length in characters.

    Example:
        >>> list(batches(["a" * 60_000, "b" * 60_000, "c"]))
        [slice(0, 2, None), slice(2, 3, None)]
    """
    start = size = 0
    for number, text in enumerate(texts):
        size += len(text) + 1
        if size >= _BATCH:
            yield slice(start, number + 1)
            start, size = number + 1, 0
    if start < len(texts):
        yield slice(start, len(texts))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, made read-only: the tables are shared by every call of the process."""
    array.setflags(write=False)
    return array
