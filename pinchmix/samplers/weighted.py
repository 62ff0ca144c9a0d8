"""The weighted sampler: the better an instruction, the likelier it is chosen."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.canonical import key_of
from pinchmix.errors import ArgumentError
from pinchmix.exact.order import keyed
from pinchmix.plugins import Order
from pinchmix.pool import Pool
from pinchmix.samplers.clocks import clocks, natural_log, sortable
from pinchmix.text.wording import listing, number_of

_SHOWN = 3  # rows that a message names
_LAST = 0xFFF << 52  # above every finite number; the keys of what has no weight
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True)
class Weighted:
    """Draws instructions without replacement, each next one with a chance in proportion to its weight.

    The method is that of Efraimidis & Spirakis (2006): each instruction gets an exponential clock that runs as fast as
    its weight, and they are served as the clocks ring. The draw *is* the order, so it is a ranked one: in a lottery
    within availability patterns, an instruction without weight would be chosen while one with much weight is left over
    in a pattern whose part is used up. Instructions of weight zero come last, in random order.

    Clocks are compared as logarithms, made of operations that are the same to the last bit on every machine.

    Attributes:
        column: The column of the weights: numbers, not negative and not missing.
        power: The weight is raised to this power before it counts: 0 makes all positive weights equal, 1 takes them as
            they are, and the larger it is, the more surely the heaviest come first.

    Raises:
        ArgumentError: ``power`` is no finite number of at least 0.

    Example:
        >>> from pinchmix.testing import toy_grid, toy_pool
        >>> pool = toy_pool(toy_grid(3), quality=[0.0, 1.0, 1000.0])
        >>> firsts = [int(Weighted().order(pool, seed).key.argmin()) for seed in range(100)]
        >>> firsts.count(0), firsts.count(2) > 90
        (0, True)
    """

    column: str = "quality"
    power: float = 1.0
    name: str = dataclasses.field(default="weighted", init=False, repr=False)
    version: str = dataclasses.field(default="1", init=False, repr=False)
    laws: frozenset[str] = dataclasses.field(default=frozenset({"stable"}), init=False, repr=False)

    def __post_init__(self) -> None:
        power = self.power
        if isinstance(power, bool) or not isinstance(power, Real) or not math.isfinite(power) or power < 0:
            raise ArgumentError(f"sampler weighted: power={power!r} is no finite number of at least 0.")
        object.__setattr__(self, "power", float(power))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters as plain data."""
        return {"column": self.column, "power": self.power}

    def order(self, pool: Pool, seed: int) -> Order:
        """Return the order in which the clocks ring.

        Raises:
            ArgumentError: There is no such column, or some weights are no numbers, negative, infinite or missing; the
                message counts them and names the first.
        """
        weights = self._weights(pool)
        hashes = keyed(pool.grid.hashes, key_of(seed, "choose"))
        some = weights > 0
        key = np.uint64(_LAST) | (hashes >> np.uint64(12))
        key[some] = sortable(natural_log(clocks(hashes[some])) - self.power * natural_log(weights[some]))
        return Order(key, ranked=True)

    def _weights(self, pool: Pool) -> npt.NDArray[np.float64]:
        values = pool.column(self.column)
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        # What was excluded has its place in the grid, and no row from which a weight could be read.
        there = np.bincount(pool.grid.instruction, minlength=len(pool.grid.ids)) > 0
        weights = np.where(there, _numbers(values), 0.0)
        bad = ~(np.isfinite(weights) & (weights >= 0))
        if bad.any():
            count, first = int(bad.sum()), np.flatnonzero(bad)[:_SHOWN].tolist()
            shown = [f"{pool.grid.ids[row].as_py()!r} has {values[row].as_py()!r}" for row in first]
            raise ArgumentError(
                f"sampler weighted: {self.column!r} is no weight for {number_of(count, 'instruction')} of "
                f"{len(weights):,}: {listing([*shown, *[''] * (count - len(shown))], _SHOWN)}. "
                "A weight is a finite number of at least 0; 0 puts an instruction last."
            )
        return weights


def _numbers(values: pa.Array) -> npt.NDArray[np.float64]:
    """Return the numbers of a column, NaN for what is none; numbers may be written as texts, as in CSV."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        values = pc.if_else(pc.match_substring_regex(values, _NUMBER), pc.utf8_trim_whitespace(values), None)
    elif pa.types.is_boolean(kind):
        values = values.cast(pa.uint8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return np.full(len(values), np.nan)
    numbers = values.cast(pa.float64(), safe=False)
    return np.asarray(pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False), dtype=np.float64)
