"""The laws of samplers."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.canonical import canonical_bytes
from pinchmix.errors import PinchmixError
from pinchmix.exact.order import keyed
from pinchmix.grid import Grid
from pinchmix.plugins import Order, Sampler
from pinchmix.pool import Pool
from pinchmix.testing.laws import hold
from pinchmix.text.wording import near
from pinchmix.toys import toy_pool


class _PartReader:
    """Answers for some of another pool's instructions, in any order."""

    def __init__(self, pool: Pool, places: npt.NDArray[np.int64]) -> None:
        self.pool, self.places = pool, places

    def text(self, field: str) -> pa.Array:
        return self.pool.text(field).take(pa.array(self.places))

    def length(self, field: str) -> npt.NDArray[np.int64]:
        return self.pool.length(field)[self.places]

    def hashes(self, field: str, shortest: int) -> npt.NDArray[np.uint64]:
        raise NotImplementedError("a sampler looks at the pivot")

    def column(self, name: str) -> pa.Array:
        return self.pool.column(name).take(pa.array(self.places))


def _part(pool: Pool, places: npt.NDArray[np.int64]) -> Pool:
    """Return a pool of some of the instructions, in the given order, which need not be that of the ids.

    Rows of the source are in another order, too: its addresses say nothing that a sampler may use.
    """
    grid = pool.grid
    new = np.full(len(grid.ids), -1)
    new[places] = np.arange(len(places))
    cells = np.flatnonzero(new[grid.instruction] >= 0)
    cells = cells[np.lexsort((grid.language[cells], new[grid.instruction[cells]]))]
    part = Grid(
        ids=grid.ids.take(pa.array(places)),
        hashes=grid.hashes[places],
        languages=grid.languages,
        instruction=new[grid.instruction[cells]].astype(np.int32),
        language=grid.language[cells],
        address=np.arange(len(cells))[::-1].astype(np.int64),
    )
    return Pool(part, pool.pivot, _PartReader(pool, places))


LAWS = ("stable", "uniform")
SEEDS = 400  # over which chances are compared; see _check_uniform


def check_sampler(sampler: Sampler, pool: Pool | None = None) -> None:
    """Raise AssertionError unless a sampler keeps its laws: those of every sampler, and those that it declares.

    Args:
        sampler: What is to be tested.
        pool: What it is tested on, :func:`toy_pool` by default; give one with the columns that the sampler reads. Some
            50 instructions are enough; ``"uniform"`` asks for the order some hundred times.

    Example:
        >>> from pinchmix.samplers.random import RandomSampler
        >>> check_sampler(RandomSampler())
    """
    hold(isinstance(sampler, Sampler), f"{sampler!r} lacks name, version, laws or order()")
    for name in ("name", "version"):
        value = getattr(sampler, name)
        hold(isinstance(value, str) and bool(value), f"{name} is a text, not {value!r}")
    for law in sorted(sampler.laws):
        hold(law in LAWS, f"{law!r} is no law.{near(law, LAWS)} There are: {', '.join(LAWS)}")
    pool = toy_pool() if pool is None else pool
    order = sampler.order(pool, 7)
    _check_form(order, len(pool.grid.ids))
    _check_repeats(sampler, pool, order)
    _check_settings(sampler, pool, order)
    if "stable" in sampler.laws:
        _check_stable(sampler, pool, order)
    if "uniform" in sampler.laws:
        _check_uniform(sampler, pool)


def _check_settings(sampler: Sampler, pool: Pool, order: Order) -> None:
    settings = getattr(sampler, "settings", {})
    try:
        plain = json.loads(canonical_bytes(settings))
    except (TypeError, ValueError):
        plain = None
    hold(isinstance(plain, dict), f"settings are a mapping of names to plain data, not {settings!r}")
    if plain:
        try:
            again = type(sampler)(**plain)
        except (TypeError, ValueError, PinchmixError) as error:
            raise AssertionError(f"{type(sampler).__name__} cannot be made of its settings {plain}: {error}") from error
        hold(_same(order, again.order(pool, 7)), f"the sampler made of its settings {plain} must give the same order")


def _check_form(order: Order, count: int) -> None:
    hold(isinstance(order, Order), f"order() returns an Order, not {type(order).__name__}")
    for name, values, kind in (("key", order.key, np.uint64), ("stratum", order.stratum, np.int64)):
        if values is not None:
            hold(isinstance(values, np.ndarray), f"{name} is an array, not {type(values).__name__}")
            hold(values.dtype == kind, f"{name} is {np.dtype(kind)}, not {values.dtype}")
            hold(values.shape == (count,), f"one {name} an instruction: {(count,)}, not {values.shape}")
    hold(isinstance(order.ranked, bool), f"ranked is True or False, not {order.ranked!r}")
    if order.stratum is None:
        hold(order.shares is None, "shares are of classes, and there is no stratum")
        return
    classes = np.bincount(order.stratum) if count and order.stratum.min() >= 0 else np.zeros(1)
    hold(bool(classes.all()), "classes are numbered from 0 without gaps, and each has an instruction")
    if order.shares is not None:
        hold(len(order.shares) == len(classes), f"one share a class: {len(classes)}, not {len(order.shares)}")
        exact = all(isinstance(share, Rational) and share >= 0 for share in order.shares)
        hold(exact, f"shares are fractions from 0, not {list(order.shares)!r}")
        hold(sum(order.shares) == 1, f"shares sum to 1, not {sum(order.shares)}")


def _classes(order: Order) -> list[Any]:
    """Return a class for each instruction that has the same value whatever number the sampler gave it."""
    if order.stratum is None:
        return [None] * len(order.key)
    first: dict[int, int] = {}
    return [first.setdefault(number, place) for place, number in enumerate(order.stratum.tolist())]


def _shares(order: Order) -> list[Fraction]:
    """Return the share of each instruction's class."""
    if order.stratum is None or order.shares is None:
        return []
    return [order.shares[number] for number in order.stratum.tolist()]


def _same(one: Order, other: Order) -> bool:
    rest = one.ranked == other.ranked and _shares(one) == _shares(other) and _classes(one) == _classes(other)
    return rest and np.array_equal(one.key, other.key)


def _at(order: Order, places: npt.NDArray[np.int64]) -> Order:
    return order._replace(key=order.key[places], stratum=None if order.stratum is None else order.stratum[places])


def _some(order: Order) -> list[npt.NDArray[np.int64]]:
    """Return the places of some instructions, three times, with every class among them: a sampler may need them all.

    In the last, one class is far larger than the others, unlike before.
    """
    classes = np.array([0 if one is None else one for one in _classes(order)])
    by_class = np.argsort(classes, kind="stable")
    inside = np.empty(len(classes), dtype=np.int64)
    inside[by_class] = np.arange(len(classes)) - np.searchsorted(classes[by_class], classes[by_class])
    return [np.flatnonzero(some) for some in (inside % 2 == 0, inside < 3, (classes == classes[0]) | (inside < 1))]


def _check_repeats(sampler: Sampler, pool: Pool, order: Order) -> None:
    everyone = np.arange(len(pool.grid.ids))
    sampler.order(pool, 8)
    sampler.order(_part(pool, _some(order)[0]), 7)
    hold(_same(order, sampler.order(pool, 7)), "the same pool and seed must give the same order, whatever came between")
    other = sampler.order(_part(pool, everyone), 7)
    hold(_same(order, other), "an order must not depend on where the rows stand in the source")
    for places in (everyone[::-1], np.argsort(keyed(pool.grid.hashes, 1))):
        moved = sampler.order(_part(pool, places), 7)
        hold(_same(_at(order, places), moved), "a key and a class must not depend on the place among the ids")


def _check_stable(sampler: Sampler, pool: Pool, order: Order) -> None:
    for places in _some(order):
        fewer, before = sampler.order(_part(pool, places), 7), _at(order, places)
        hold(np.array_equal(before.key, fewer.key), "a stable key must not depend on the other instructions")
        hold(_classes(before) == _classes(fewer), "a stable class must not depend on the other instructions")


def _check_uniform(sampler: Sampler, pool: Pool) -> None:
    """Compare how often each instruction is in the first quarter, half and three quarters of its class.

    Under the law, each of these counts over seeds is binomial. The largest deviation may be 7 standard deviations, and
    the mean of all squared ones, where 1 is expected, 2.7 with 50 instructions (more with fewer). By chance a fair
    sampler exceeds either less than once in a hundred million; as seeds and ids are fixed, one that passes always will.
    """
    count = len(pool.grid.ids)
    orders = [sampler.order(pool, seed) for seed in range(SEEDS)]
    classes = np.array([0 if one is None else one for one in _classes(orders[0])])
    deviations: list[npt.NDArray[np.float64]] = []
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        keys = np.stack([order.key[members] for order in orders])
        places = keys.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        for size in {len(members) // 4, len(members) // 2, 3 * len(members) // 4} - {0}:
            chance = size / len(members)
            often = (places < size).sum(axis=0)
            deviations.append((often - SEEDS * chance) / math.sqrt(SEEDS * chance * (1 - chance)))
    if deviations:
        together = np.concatenate(deviations)
        fair = np.abs(together).max() < 7 and np.square(together).mean() < 1 + 12 / math.sqrt(count)
        hold(bool(fair), f"over {SEEDS} seeds, some of {count} instructions come early more often than others")
