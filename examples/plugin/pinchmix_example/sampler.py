"""A sampler: the sources of the data take turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pinchmix.canonical import key_of
from pinchmix.exact.order import keyed
from pinchmix.plugins import Order
from pinchmix.pool import Pool


@dataclass(frozen=True)
class Turns:
    """Serves one instruction of each source, then a second of each, and so on, in random order within a source.

    Attributes:
        separator: A source is what stands before it in an id; an id without it is a source of its own.

    Example:
        >>> from pinchmix.testing import toy_pool
        >>> order = Turns().order(toy_pool(), seed=0)
        >>> order.ranked
        True
    """

    separator: str = "-"
    name: str = "turns"
    version: str = "1"
    # Whose turn it is depends on the other instructions, so this is not "stable"; and a small source is served sooner
    # than a large one, so it is not "uniform".
    laws: frozenset[str] = frozenset()

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters as plain data, for the recipe."""
        return {"separator": self.separator}

    def order(self, pool: Pool, seed: int) -> Order:
        """Return the order of turns; what comes first is taken wherever the budget allows, so it is ranked."""
        names = [name.partition(self.separator)[0] for name in pool.grid.ids.to_pylist()]
        source = np.unique(names, return_inverse=True)[1]
        random = keyed(pool.grid.hashes, key_of(seed, "turns"))
        by_source = np.lexsort((random, source))
        ordered = source[by_source]
        turn = np.empty(len(names), dtype=np.uint64)
        turn[by_source] = np.arange(len(names)) - np.searchsorted(ordered, ordered)
        return Order((turn << np.uint64(32)) | (random >> np.uint64(32)), ranked=True)
