"""The duplicates check: instructions of which the source has the same, or nearly the same, under another id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.canonical import key_of
from pinchmix.exact.order import keyed
from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.pool import Pool
from pinchmix.settings import check_number
from pinchmix.words import batches_of_words

SHINGLE = 3  # words
BANDS, ROWS = 16, 4  # of a signature; texts alike to 0.8 share a band with a chance of 0.9998
_ODD = np.uint64(0x9E3779B97F4A7C15)
_END = np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True)
class DuplicatesValidator:
    """Finds instructions whose pivot says what another's does, word for word or nearly.

    Case, punctuation and white space make no difference. Of equal ones, the first by the hash of the id stays and the
    others are mismatches. Pairs whose prompts alone are equal are doubts, and so are those whose prompts (in runs of
    three words) and responses (word by word) are both alike to ``threshold`` by Jaccard's measure: in exercises the
    numbers are all the difference. They are found by min-wise hashing (Broder 1997) in bands, and verified.

    Attributes:
        threshold: How alike texts must be, 0 to 1.

    Raises:
        ArgumentError: It is no number from 0 to 1.

    Example:
        >>> from pinchmix.testing import toy_grid, toy_pool
        >>> pool = toy_pool(toy_grid(3), prompt=["Name a tea.", "name a tea", "Why?"], response=["Oolong."] * 3)
        >>> check, texts = DuplicatesValidator().survey(pool), ["t"] * 3
        >>> cells = Cells(pool.grid.ids.to_pylist(), ["en"] * 3, ["en"] * 3, texts, texts)
        >>> check.judge(cells, ["en"]).reason
        ['duplicate']
    """

    threshold: float = 0.8
    name: str = "duplicates"
    version: str = "1"
    found: Mapping[str, Finding] = field(default_factory=dict, repr=False, compare=False)
    cost = Cost.CHEAP
    scope = "content"
    compares = True

    def __post_init__(self) -> None:
        check_number("check duplicates", "threshold", self.threshold, 0, 1)

    @property
    def settings(self) -> Mapping[str, float]:
        """The parameters."""
        return {"threshold": self.threshold}

    def survey(self, pool: Pool) -> DuplicatesValidator:
        """Return the check with the doubles of a source."""
        if pool.pivot not in pool.grid.languages:
            return self
        prompts, responses = pool.text("prompt"), pool.text("response")
        there = np.flatnonzero(np.asarray(pc.and_(pc.is_valid(prompts), pc.is_valid(responses))))
        # The first by the hash of the id stays, so that nothing depends on where rows stand.
        there = there[np.lexsort((there, pool.grid.hashes[there]))]
        prompts, responses = prompts.take(pa.array(there)), responses.take(pa.array(there))
        names = pool.grid.ids.take(pa.array(there)).to_pylist()
        asked, answered = _Texts.of(prompts), _Texts.of(responses)
        both = asked.whole * _ODD + answered.whole
        found: dict[str, Finding] = {}
        for verdict, reason, pairs in (
            (Verdict.MISMATCH, "duplicate", _equal(both)),
            (Verdict.UNSURE, "same prompt", _equal(asked.whole)),
            (Verdict.UNSURE, "near duplicate", _near(asked, answered, self.threshold)),
        ):
            for first, other, score in pairs:
                found.setdefault(names[other], Finding(0, "prompt", verdict, reason, 1 - score, names[first]))
        return replace(self, found=found)

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return cells of instructions that are doubles of others."""
        return Findings.of(
            self.found[name]._replace(place=place) for place, name in enumerate(cells.ids) if name in self.found
        )


@dataclass(frozen=True, eq=False)
class _Texts:
    """The words of texts: hashes one after the other, where each text begins, and a hash of each whole text."""

    words: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.int64]
    whole: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, texts: pa.Array) -> _Texts:
        hashes, ends = [np.zeros(0, dtype=np.uint64)], [np.zeros(1, dtype=np.int64)]
        for words in batches_of_words(texts):
            ends.append(words.offsets[1:] + ends[-1][-1])
            hashes.append(words.hashes)
        joined, offsets = np.concatenate(hashes), np.concatenate(ends)
        place = np.arange(len(joined), dtype=np.uint64) - np.repeat(offsets[:-1], np.diff(offsets)).astype(np.uint64)
        mixed = np.append(np.uint64(0), keyed(joined + place * _ODD, 0))
        sums = np.cumsum(mixed, dtype=np.uint64)
        whole = keyed(sums[offsets[1:]] - sums[offsets[:-1]] + np.diff(offsets).astype(np.uint64) * _END, 1)
        return cls(joined, offsets, whole)

    def of_text(self, place: int) -> npt.NDArray[np.uint64]:
        """Return the words of a text."""
        return self.words[self.offsets[place] : self.offsets[place + 1]]

    def shingles(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Return the hash of each run of words, and the text that it is in, ascending."""
        count = len(self.words) - SHINGLE + 1
        if count < 1:
            return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
        hashes = np.zeros(count, dtype=np.uint64)
        for place in range(SHINGLE):
            hashes = hashes * _ODD + self.words[place : place + count]
        text = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        inside = text[:count] == text[SHINGLE - 1 :]
        return keyed(hashes[inside], 2), text[:count][inside]


Pairs = Iterator[tuple[int, int, float]]


def _equal(hashes: npt.NDArray[np.uint64]) -> Pairs:
    """Yield each text that equals an earlier one, with the first of them."""
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    for other in np.flatnonzero(first[which] != np.arange(len(hashes))).tolist():
        yield int(first[which[other]]), other, 1.0


def _jaccard(one: npt.NDArray[np.uint64], other: npt.NDArray[np.uint64]) -> float:
    """Return how alike two sets are, 0 to 1."""
    one, other = np.unique(one), np.unique(other)
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(len(one) + len(other) - shared, 1) if len(one) or len(other) else 1.0


def _near(asked: _Texts, answered: _Texts, threshold: float) -> Pairs:
    """Yield instructions that are like an earlier one, with that one and how alike they are."""
    shingles, text = asked.shingles()
    if not len(shingles):
        return
    some, starts = np.unique(text, return_index=True)
    sets = dict(zip(some.tolist(), pairwise([*starts.tolist(), len(text)]), strict=True))
    tried: set[tuple[int, int]] = set()
    for band in range(BANDS):
        bucket = np.zeros(len(some), dtype=np.uint64)
        for row in range(ROWS):
            least = np.minimum.reduceat(keyed(shingles, key_of(band * ROWS + row, "duplicates")), starts)
            bucket = bucket * _ODD + least
        for first, other, _ in _equal(keyed(bucket, band)):
            pair = int(some[first]), int(some[other])
            if pair in tried:
                continue
            tried.add(pair)
            alike = _jaccard(*(shingles[slice(*sets[place])] for place in pair))
            if alike >= threshold and _jaccard(*map(answered.of_text, pair)) >= threshold:
                yield *pair, alike
