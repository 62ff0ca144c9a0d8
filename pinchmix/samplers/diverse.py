"""The diverse sampler: prompts unlike those before them come first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.canonical import key_of
from pinchmix.exact.order import keyed, ranks
from pinchmix.plugins import Order
from pinchmix.pool import Pool
from pinchmix.samplers.clocks import clocks, natural_log, sortable
from pinchmix.samplers.longest import check_field
from pinchmix.words import batches_of_words

PARTITIONS = 16
FEATURES = 18  # bits of a word's hash, fewer for few texts; rare words that share them count as one
COUNTED = 100_000  # texts that tell how common words are


@dataclass(frozen=True)
class Diverse:
    """Spreads the choice over the pivot's prompts: near-duplicates and crowded subjects wait, whatever is unlike comes.

    Sixteen times the prompts are put into buckets, so that two share one with the probability of their weighted
    Jaccard similarity (min-wise hashing, Broder 1997; the rarer a word, the more it weighs). Prompts arrive in random
    order, and each counts in how many partitions somebody was in its bucket before; the fewer, the earlier it is
    served. A prompt like none before it counts to zero, a near-duplicate to sixteen. This comes close to choosing the
    farthest prompt over and over, in one pass. The order is ranked: the plan takes the first that it can.

    It sees words alone: a paraphrase looks different to it, and odd prompts (typing errors, other languages) come
    early.

    Attributes:
        field: What is spread over, ``"prompt"`` or ``"response"``.

    Raises:
        ArgumentError: ``field`` is neither.

    Example:
        >>> from pinchmix.testing import toy_grid, toy_pool
        >>> pool = toy_pool(toy_grid(4), prompt=["Name a tea.", "Name a tea!", "name a tea", "Why do ships float?"])
        >>> sorted(Diverse().order(pool, 0).key.argsort()[:2].tolist())[1]
        3
    """

    field: str = "prompt"
    name: str = dataclasses.field(default="diverse", init=False, repr=False)
    version: str = dataclasses.field(default="1", init=False, repr=False)
    laws: frozenset[str] = dataclasses.field(default=frozenset(), init=False, repr=False)

    def __post_init__(self) -> None:
        check_field(self.name, self.field)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters as plain data."""
        return {"field": self.field}

    def order(self, pool: Pool, seed: int) -> Order:
        """Return the order of how many partitions have met the like before, and random order among equals."""
        random = keyed(pool.grid.hashes, key_of(seed, "choose"))
        arrival = ranks(random)
        met = np.zeros(len(arrival), dtype=np.uint64)
        for bucket in _buckets(pool.text(self.field), arrival, seed):
            first = np.full(int(bucket.max(initial=0)) + 1, len(arrival))
            np.minimum.at(first, bucket, arrival)
            met += first[bucket] < arrival
        return Order((met << np.uint64(56)) | (random >> np.uint64(8)), ranked=True)


def _buckets(texts: pa.Array | pa.ChunkedArray, arrival: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int32]:
    """Return the bucket of each text in each partition, shape ``(PARTITIONS, texts)``; that of no words is the last."""
    bits = min(len(texts).bit_length() + 5, FEATURES)
    places = _places_of_words(_how_common(texts, arrival, bits), seed)
    buckets = np.full((PARTITIONS, len(texts)), 1 << bits, dtype=np.int32)
    start = 0
    for words in batches_of_words(texts):
        some = np.flatnonzero(np.diff(words.offsets))
        feature = _feature(words.hashes, bits)
        for partition, place in enumerate(places) if len(some) else ():
            least = np.minimum.reduceat(place[feature], words.offsets[:-1][some])
            buckets[partition, start + some] = least
        start += len(words.offsets) - 1
    return buckets


def _feature(hashes: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.int64]:
    feature: npt.NDArray[np.int64] = (hashes >> np.uint64(64 - bits)).astype(np.int64)
    return feature


def _how_common(texts: pa.Array | pa.ChunkedArray, arrival: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.int64]:
    """Return how often each feature occurs in the texts, or in so many of them, the first of them to arrive."""
    if len(texts) > COUNTED:
        texts = texts.filter(pa.array(arrival < COUNTED))
    counts = np.zeros(1 << bits, dtype=np.int64)
    for words in batches_of_words(texts):
        counts += np.bincount(_feature(words.hashes, bits), minlength=1 << bits)
    return counts


def _places_of_words(counts: npt.NDArray[np.int64], seed: int) -> list[npt.NDArray[np.int32]]:
    """Return for each partition the place of each feature in a weighted draw; the first of a text is its bucket."""
    weight = 1.0 + natural_log((counts.sum() + 1.0) / (counts + 1.0))
    hashes = np.arange(len(counts), dtype=np.uint64)
    places = []
    for partition in range(PARTITIONS):
        rings = clocks(keyed(hashes, key_of(seed, f"diverse {partition}"))) / weight
        places.append(ranks(sortable(rings)).astype(np.int32))
    return places
