"""The random sampler: every instruction has the same chance."""

from __future__ import annotations

from dataclasses import dataclass, field

from pinchmix.canonical import key_of
from pinchmix.exact.order import keyed
from pinchmix.plugins import Order
from pinchmix.pool import Pool


@dataclass(frozen=True)
class RandomSampler:
    """Serves instructions in the order of a keyed hash of their ids: uniformly random, and the same everywhere.

    Example:
        >>> from pinchmix.testing import toy_pool
        >>> one, other = (RandomSampler().order(toy_pool(), seed).key.tolist() for seed in (1, 2))
        >>> one == other
        False
    """

    name: str = field(default="random", init=False, repr=False)
    version: str = field(default="1", init=False, repr=False)
    laws: frozenset[str] = field(default=frozenset({"stable", "uniform"}), init=False, repr=False)

    def order(self, pool: Pool, seed: int) -> Order:
        """Return the order of the keyed hashes of the ids."""
        return Order(keyed(pool.grid.hashes, key_of(seed, "choose")))
