"""For plugin authors: the laws that a plugin must keep, as functions to call in a test, and toy grids for them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
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
from pinchmix.plugins import (
    Allocator,
    Cells,
    Findings,
    Order,
    Sampler,
    Tokenizer,
    Validator,
    Verdict,
    surveyed,
    traits_of,
)
from pinchmix.pool import Pool
from pinchmix.toys import TableReader as TableReader
from pinchmix.toys import toy_grid as toy_grid
from pinchmix.toys import toy_pool as toy_pool
from pinchmix.wording import near


def _hold(law: bool, otherwise: str) -> None:
    """Raise AssertionError if a law is broken, under ``python -O`` too."""
    if not law:
        raise AssertionError(otherwise)


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
    _hold(isinstance(sampler, Sampler), f"{sampler!r} lacks name, version, laws or order()")
    for name in ("name", "version"):
        value = getattr(sampler, name)
        _hold(isinstance(value, str) and bool(value), f"{name} is a text, not {value!r}")
    for law in sorted(sampler.laws):
        _hold(law in LAWS, f"{law!r} is no law.{near(law, LAWS)} There are: {', '.join(LAWS)}")
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
    _hold(isinstance(plain, dict), f"settings are a mapping of names to plain data, not {settings!r}")
    if plain:
        try:
            again = type(sampler)(**plain)
        except (TypeError, ValueError, PinchmixError) as error:
            raise AssertionError(f"{type(sampler).__name__} cannot be made of its settings {plain}: {error}") from error
        _hold(_same(order, again.order(pool, 7)), f"the sampler made of its settings {plain} must give the same order")


def _check_form(order: Order, count: int) -> None:
    _hold(isinstance(order, Order), f"order() returns an Order, not {type(order).__name__}")
    for name, values, kind in (("key", order.key, np.uint64), ("stratum", order.stratum, np.int64)):
        if values is not None:
            _hold(isinstance(values, np.ndarray), f"{name} is an array, not {type(values).__name__}")
            _hold(values.dtype == kind, f"{name} is {np.dtype(kind)}, not {values.dtype}")
            _hold(values.shape == (count,), f"one {name} an instruction: {(count,)}, not {values.shape}")
    _hold(isinstance(order.ranked, bool), f"ranked is True or False, not {order.ranked!r}")
    if order.stratum is None:
        _hold(order.shares is None, "shares are of classes, and there is no stratum")
        return
    classes = np.bincount(order.stratum) if count and order.stratum.min() >= 0 else np.zeros(1)
    _hold(bool(classes.all()), "classes are numbered from 0 without gaps, and each has an instruction")
    if order.shares is not None:
        _hold(len(order.shares) == len(classes), f"one share a class: {len(classes)}, not {len(order.shares)}")
        exact = all(isinstance(share, Rational) and share >= 0 for share in order.shares)
        _hold(exact, f"shares are fractions from 0, not {list(order.shares)!r}")
        _hold(sum(order.shares) == 1, f"shares sum to 1, not {sum(order.shares)}")


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
    _hold(
        _same(order, sampler.order(pool, 7)), "the same pool and seed must give the same order, whatever came between"
    )
    other = sampler.order(_part(pool, everyone), 7)
    _hold(_same(order, other), "an order must not depend on where the rows stand in the source")
    for places in (everyone[::-1], np.argsort(keyed(pool.grid.hashes, 1))):
        moved = sampler.order(_part(pool, places), 7)
        _hold(_same(_at(order, places), moved), "a key and a class must not depend on the place among the ids")


def _check_stable(sampler: Sampler, pool: Pool, order: Order) -> None:
    for places in _some(order):
        fewer, before = sampler.order(_part(pool, places), 7), _at(order, places)
        _hold(np.array_equal(before.key, fewer.key), "a stable key must not depend on the other instructions")
        _hold(_classes(before) == _classes(fewer), "a stable class must not depend on the other instructions")


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
        _hold(bool(fair), f"over {SEEDS} seeds, some of {count} instructions come early more often than others")


def check_validator(validator: Validator, cells: Cells, languages: Sequence[str], pool: Pool | None = None) -> None:
    """Raise AssertionError unless a validator keeps its laws on the given cells.

    Findings are the same twice, in any order of the cells, in batches of any size, beside other cells and for each cell
    alone; fields and verdicts are known ones; the texts are left as they are; a check on content says the same of an
    instruction in every language; and the class, called with the settings, gives the same validator.

    Args:
        validator: What is to be tested.
        cells: What it is tested on; give some with faults and some without.
        languages: The languages of the source.
        pool: What a validator that surveys the whole source is given; :func:`toy_pool` by default.

    Example:
        >>> from pinchmix.validators.language import LanguageValidator
        >>> cells = Cells(["a", "b"], ["en", "en"], ["en", "en"], ["How are you?", "1 + 1 = ?"], ["Fine.", "2"])
        >>> check_validator(LanguageValidator(), cells, ["en", "sw"])
    """
    _hold(isinstance(validator, Validator), f"{validator!r} lacks name, version or judge()")
    for name in ("name", "version"):
        value = getattr(validator, name)
        _hold(isinstance(value, str) and bool(value), f"{name} is a text, not {value!r}")
    traits = traits_of(validator)
    pool = toy_pool() if pool is None else pool
    judge = surveyed(validator, pool).judge
    everyone, before = list(range(len(cells))), repr(cells)
    whole = _said(judge(cells, languages), everyone)
    for _, field, verdict, *_ in whole:
        _hold(field in ("", "prompt", "response"), f"a field is 'prompt', 'response' or '', not {field!r}")
        _hold(verdict in (Verdict.UNSURE, Verdict.MISMATCH), f"{verdict} is no verdict to report")
    _hold(whole == _said(judge(cells, languages), everyone), "the same cells, another verdict")
    backwards = everyone[::-1]
    turned = _said(judge(cells.take(backwards), languages), backwards)
    _hold(whole == turned, "a verdict must not depend on the order of the cells")
    twice = _said(judge(cells.take([*everyone, *backwards]), languages), [*everyone, *backwards])
    _hold(twice == sorted([*whole, *whole]), "a verdict must not depend on cells that come twice")
    for size in (1, 2, 7):
        batches = [everyone[start : start + size] for start in range(0, len(cells), size)]
        found = [item for places in batches for item in _said(judge(cells.take(places), languages), places)]
        _hold(whole == sorted(found), f"a verdict must not depend on the other cells: in batches of {size} it does")
    _hold(repr(cells) == before, "a validator must not change the cells")
    if traits.scope == "content":
        moved = _said(judge(_of_pivot(cells), languages), everyone)
        _hold(whole == moved, "a check on content must say the same of an instruction in every language")
    try:
        plain = json.loads(canonical_bytes(dict(traits.settings)))
        again = type(validator)(**plain) if plain else validator
    except (TypeError, ValueError, PinchmixError) as error:
        raise AssertionError(f"{type(validator).__name__} cannot be made of its settings: {error}") from error
    same = whole == _said(surveyed(again, pool).judge(cells, languages), everyone)
    _hold(same, "the validator made of its settings must say the same")


def _of_pivot(cells: Cells) -> Cells:
    """Return cells of which those that have a pivot are the pivot's own."""
    there = [
        prompt is not None and response is not None
        for prompt, response in zip(cells.pivot_prompts, cells.pivot_responses, strict=True)
    ]

    def moved(own: Sequence[str], pivot: Sequence[str | None]) -> list[str]:
        return [
            beside if here and beside is not None else text
            for here, text, beside in zip(there, own, pivot, strict=True)
        ]

    tags = [cells.pivot if here else tag for here, tag in zip(there, cells.response_languages, strict=True)]
    return Cells(
        cells.ids, tags, tags, moved(cells.prompts, cells.pivot_prompts), moved(cells.responses, cells.pivot_responses),
        moved(cells.roles, cells.pivot_roles), cells.pivot,
        *([None if here else text for here, text in zip(there, column, strict=True)] for column in (
            cells.pivot_prompts, cells.pivot_responses, cells.pivot_roles)),
    )  # fmt: skip


def _said(findings: Findings, places: Sequence[int]) -> list[tuple[int, str, int, str, str, str]]:
    return sorted(
        (places[place], field, verdict, reason, f"{score:.5f}", seen)
        for place, field, verdict, reason, score, seen in zip(
            findings.place.tolist(), findings.field, findings.verdict.tolist(), findings.reason,
            findings.score.tolist(), findings.seen, strict=True,
        )
    )  # fmt: skip


def check_allocator(allocator: Allocator) -> None:
    """Raise AssertionError unless an allocator keeps its laws on sizes of several kinds.

    Every language gets a weight, exact and not negative, and not all are zero. Weights are the same twice and in any
    order of the languages, and the sizes given are left as they are.

    Example:
        >>> from pinchmix.allocators.uniform import UniformAllocator
        >>> check_allocator(UniformAllocator())
    """
    _hold(isinstance(allocator, Allocator), f"{allocator!r} lacks name, version or allocate()")
    for sizes in ({"en": 50}, {"en": 900, "fi": 60, "he": 60, "sw": 7}, {"sw": 30, "en": 30, "ar": 0}):
        for total in (1, 10, 50):
            given = dict(sizes)
            weights = dict(allocator.allocate(given, total))
            where = f"with sizes {sizes} and a total of {total}"
            _hold(given == sizes, f"the sizes were changed {where}")
            _hold(weights.keys() == sizes.keys(), f"a weight for each of {', '.join(sizes)}, not {weights} {where}")
            for name, weight in weights.items():
                exact = isinstance(weight, (int, Fraction)) and not isinstance(weight, bool)
                _hold(exact, f"weights are exact, and that of {name} is {weight!r} {where}")
                _hold(weight >= 0, f"weights are not negative, and that of {name} is {weight} {where}")
            _hold(any(weights.values()), f"all weights are zero {where}")
            _hold(weights == dict(allocator.allocate(dict(sizes), total)), f"the same sizes, other weights {where}")
            turned = dict(allocator.allocate(dict(reversed(sizes.items())), total))
            _hold(weights == turned, f"weights must not depend on the order of the languages {where}")


AWKWARD = (
    *("", " ", "\n", "\r\n", "\t\t", "a\0b", "\ufeff", "\u2028", "word", "Word.", "two words", "e\u0301", "\u0301"),
    *(
        "😀",
        "👩‍👩‍👧",
        "🏳️‍🌈🇫🇮",
        "مرحبا بالعالم",
        "שלום",
        "\u202eabc\u202c",
        "नमस्ते",
        "你好，世界",
        "\U0010ffff",
        "</s>",
        "<|endoftext|>",
    ),
    *("word " * 20_000, "w" * 20_000, "中" * 20_000),
)


def check_tokenizer(tokenizer: Tokenizer) -> None:
    """Raise AssertionError unless a tokenizer keeps its laws on awkward texts.

    Counts are int64, not negative, one a text, the same twice, in any order and for each text alone.

    Example:
        >>> from pinchmix.tokenizers.function import FunctionTokenizer
        >>> check_tokenizer(FunctionTokenizer(len))
    """
    _hold(isinstance(tokenizer, Tokenizer), f"{tokenizer!r} lacks name, version, digest or count()")
    counts = tokenizer.count(AWKWARD)
    _hold(counts.dtype == np.int64, f"counts are int64, not {counts.dtype}")
    _hold(counts.shape == (len(AWKWARD),), f"one count a text: {(len(AWKWARD),)}, not {counts.shape}")
    _hold(bool((counts >= 0).all()), f"a count is 0 or more, not {counts.min()}")
    _hold(np.array_equal(counts, tokenizer.count(AWKWARD)), "the same texts, other counts")
    backwards = tokenizer.count(AWKWARD[::-1])[::-1]
    _hold(np.array_equal(counts, backwards), "a count must not depend on the order of the texts")
    for text, count in zip(AWKWARD, counts.tolist(), strict=True):
        alone = tokenizer.count([text]).tolist()
        _hold(alone == [count], f"{text[:40]!r} has {count} tokens among others, and alone {alone}")
    _hold(tokenizer.count([]).shape == (0,), "of no texts there are no counts")
