"""Runs of words in common: which of many texts equal one of a few, or share runs of words with it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.canonical import hash_of_id
from pinchmix.exact.order import keyed
from pinchmix.words import BATCH, Words, batches_of_words

SIEVE = 22  # bits of an n-gram's hash; a table of 4 MB, most of which stays in the processor's cache
PAIRS = 5_000_000  # of a text and a known text, compared at a time
_ODD = np.uint64(0x9E3779B97F4A7C15)  # a multiplier that mixes well and has an inverse modulo 2**64


class _Grams(NamedTuple):
    """The n-grams of some texts: their hashes, and the text that each is of."""

    hashes: npt.NDArray[np.uint64]
    text: npt.NDArray[np.int64]


def _grams(words: Words, size: int) -> _Grams:
    count = len(words.hashes) - size + 1
    if count < 1:
        return _Grams(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64))
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(size):  # a polynomial in the hashes, modulo 2**64
        hashes *= _ODD
        hashes += words.hashes[place : place + count]
    text = np.repeat(np.arange(len(words.offsets) - 1), np.diff(words.offsets))
    inside = text[:count] == text[size - 1 :]
    return _Grams(keyed(hashes[inside], size), text[:count][inside])


def _wholes(words: Words, texts: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Return a hash of all words of each text; of the text itself where it has none, such as an emoji."""
    starts, lengths = words.offsets[:-1], np.diff(words.offsets)
    place = np.arange(len(words.hashes), dtype=np.uint64) - np.repeat(starts, lengths).astype(np.uint64)
    mixed = np.append(keyed(words.hashes + place * _ODD, 0), np.uint64(0))  # the end, for texts that stand at it
    wholes = np.add.reduceat(mixed, starts) if len(starts) else np.zeros(0, dtype=np.uint64)
    for bare in np.flatnonzero((lengths == 0) & np.asarray(pc.is_valid(texts))).tolist():
        wholes[bare] = hash_of_id(" ".join(texts[bare].as_py().split()))
    return keyed(wholes, 1) ^ lengths.astype(np.uint64)


class KnownTexts:
    """A few texts, such as an evaluation's prompts, in which many others are looked up.

    Args:
        known: The texts, at least one.
        ngram: Words in a row that count as shared.
        threshold: The part of a known text's distinct n-grams that a text must hold; with 0, any one is enough.
    """

    def __init__(self, known: Sequence[str], ngram: int, threshold: Fraction) -> None:
        texts = pa.array(known, pa.large_string())
        (words,) = batches_of_words(texts, len(texts))
        self._whole = np.unique(_wholes(words, texts))
        grams = _grams(words, ngram)
        pairs = np.unique(np.stack([grams.hashes, grams.text.astype(np.uint64)], axis=1), axis=0)
        self._ngram, self._threshold = ngram, threshold
        self._distinct, self._first, self._of = np.unique(pairs[:, 0], return_index=True, return_counts=True)
        self._prompt = pairs[:, 1].astype(np.int64)
        self._total = np.bincount(self._prompt, minlength=len(texts))
        # Most n-grams are of no evaluation prompt, and a table of bits says so at once.
        self._sieve = np.zeros(1 << SIEVE, dtype=bool)
        self._sieve[self._distinct & np.uint64((1 << SIEVE) - 1)] = True

    def look_up(self, texts: pa.Array | pa.ChunkedArray) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return which texts equal a known one, and which share enough n-grams with one; null does neither.

        Example:
            >>> known = KnownTexts(["What is green tea?"], 3, Fraction(0))
            >>> equal, sharing = known.look_up(pa.array(["what is  green tea", "So what is green?", "Tea?", None]))
            >>> equal.tolist(), sharing.tolist()
            ([True, False, False, False], [True, True, False, False])
        """
        equal = [np.zeros(0, dtype=bool)]
        sharing = [np.zeros(0, dtype=bool)]
        for start in range(0, len(texts), BATCH):
            part = texts.slice(start, BATCH)
            (words,) = batches_of_words(part, BATCH)
            there = np.asarray(pc.is_valid(part)).astype(bool)
            equal.append(np.isin(_wholes(words, part), self._whole) & there)
            sharing.append(self._sharing(_grams(words, self._ngram), len(part)))
        return np.concatenate(equal), np.concatenate(sharing)

    def _sharing(self, grams: _Grams, count: int) -> npt.NDArray[np.bool_]:
        found = np.zeros(count, dtype=bool)
        if not len(self._distinct):
            return found
        maybe = np.flatnonzero(self._sieve[grams.hashes & np.uint64((1 << SIEVE) - 1)])
        place = np.searchsorted(self._distinct, grams.hashes[maybe])
        sure = self._distinct[np.minimum(place, len(self._distinct) - 1)] == grams.hashes[maybe]
        text, place = grams.text[maybe[sure]], place[sure]
        if not self._threshold:
            found[text] = True
            return found
        # Each n-gram of a text counts once; texts ascend, so they can be compared in blocks of bounded size.
        text, place = np.divmod(np.unique(text * len(self._distinct) + place), len(self._distinct))
        ends = np.cumsum(self._of[place])
        start = 0
        while start < len(text):
            stop = int(np.searchsorted(ends, (ends[start - 1] if start else 0) + PAIRS, side="right"))
            stop = min(max(stop, start + 1), len(text))
            stop = int(np.searchsorted(text, text[stop - 1], side="right"))  # a text stays in one block
            self._compare(text[start:stop], place[start:stop], found)
            start = stop
        return found

    def _compare(self, text: npt.NDArray[np.int64], place: npt.NDArray[np.int64], found: npt.NDArray[np.bool_]) -> None:
        many = self._of[place]
        inside = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        prompt = self._prompt[np.repeat(self._first[place], many) + inside]
        pairs, shared = np.unique(np.repeat(text, many) * len(self._total) + prompt, return_counts=True)
        text, prompt = np.divmod(pairs, len(self._total))
        enough = shared * self._threshold.denominator >= self._total[prompt] * self._threshold.numerator
        found[text[enough]] = True
