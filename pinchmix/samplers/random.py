"""The random sampler: every instruction has the same chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pinchmix.canonical import key_of
from pinchmix.exact.order import keyed
from pinchmix.grid import Grid


@dataclass(frozen=True)
class RandomSampler:
    """Serves instructions in the order of a keyed hash of their ids: uniformly random, and the same everywhere.

    Example:
        >>> grid = Grid.from_mapping({"a": ["en"], "b": ["en"]})
        >>> sorted(RandomSampler().order(grid, seed=1)) == sorted(RandomSampler().order(grid, seed=2))
        False
    """

    name: str = "random"
    version: str = "1"

    def order(self, grid: Grid, seed: int) -> npt.NDArray[np.uint64]:
        """Return the keyed hash of each instruction, shape ``(instructions,)``."""
        return keyed(grid.hashes, key_of(seed, "choose"))
