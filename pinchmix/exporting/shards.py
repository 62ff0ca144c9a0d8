"""Shards: which rows of a split are in which file of an export, and what the files are called.

Row n of a shard is the same example in every format, and in the provenance file of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FOLDER = "data/{}"  # takes the name of a format
JSONL = "data/{}/{}.jsonl"  # of a format and a shard
PARQUET = "data/messages_parquet/{}.parquet"  # of a shard, as does the next
PROVENANCE = "provenance/{}.parquet"
# What people call the rows for evaluation during training; the files are called valid, as some trainers insist on that.
VALID = ("valid", "validation", "val", "dev", "eval")


class Shard(NamedTuple):
    """A run of rows of a split.

    Attributes:
        name: What its files are called, less the suffix.
        split: The split.
        start: Its first row in the split, from 0.
        stop: The first row after it.
    """

    name: str
    split: str
    start: int
    stop: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.stop - self.start


def shards_of(rows: Mapping[str, int], count: int = 1) -> tuple[Shard, ...]:
    """Return the shards of splits, as even as can be; a split of fewer rows than shards has a shard a row.

    A split without rows has none, as trainers stumble over empty files, unless there are no rows at all.

    The files of the one split that is for validation are called ``valid``, whatever the split is called.

    Args:
        rows: Split → its rows.
        count: How many shards a split has.

    Example:
        >>> [(shard.name, shard.rows) for shard in shards_of({"train": 5, "test": 1}, 2)]
        [('train-00000-of-00002', 3), ('train-00001-of-00002', 2), ('test', 1)]
        >>> [shard.name for shard in shards_of({"train": 5, "validation": 2})]
        ['train', 'valid']
    """
    found = []
    aliases = [name for name in rows if name in VALID]
    for split, size in rows.items():
        if not size and any(rows.values()):
            continue
        stem = "valid" if aliases == [split] else split
        pieces = max(min(count, size), 1)
        ends = [size * number // pieces + (size * number % pieces > 0) for number in range(pieces + 1)]
        for number in range(pieces):
            name = stem if pieces == 1 else f"{stem}-{number:05d}-of-{pieces:05d}"
            found.append(Shard(name, split, ends[number], ends[number + 1]))
    return tuple(found)
