"""The stratified sampler: every class of instructions gets its share of the mixture."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
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
from pinchmix.samplers.longest import check_field
from pinchmix.text.wording import listing, near

LENGTH = "length"
MOST = 10_000  # classes; more would be a column of ids or of measures, not of classes
Class = tuple[Any, ...]  # one value a column
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stratified:
    """Gives each class of instructions its share of the mixture, to within one; within a class, chance decides.

    Attributes:
        by: A column such as ``"task"``, several columns (a class is then a combination of their values), or
            ``"length"``: bins of the pivot's length, with about as many instructions in each. Instructions without a
            value form a class of their own, None.
        bins: How many bins of length; bin 0 holds the shortest, and equally long texts share one.
        field: Whose length, ``"response"`` or ``"prompt"``.
        shares: Value → share of the mixture, summing to 1 (for several columns, tuple of values → share; for lengths,
            number of the bin → share), or a list of lists [value, ..., share], as ``settings`` holds them; floats are
            read as the decimal fractions they are printed as. None gives each class the share that it has of the
            source.

    Raises:
        ArgumentError: ``by`` names no column, ``bins`` is no whole number of at least 2, or the shares are no numbers
            from 0 to 1 that sum to 1.

    Example:
        >>> from pinchmix.testing import toy_pool
        >>> order = Stratified(shares={"chat": 0.5, "code": 0.3, "list": 0.2}).order(toy_pool(), 0)
        >>> order.stratum[:4].tolist(), [str(share) for share in order.shares]
        ([1, 0, 2, 1], ['1/2', '3/10', '1/5'])
    """

    by: str | Sequence[str] = "task"
    bins: int = 4
    field: str = "response"
    shares: Mapping[Any, Any] | Sequence[Sequence[Any]] | None = None
    name: str = dataclasses.field(default="stratified", init=False, repr=False)
    version: str = dataclasses.field(default="1", init=False, repr=False)

    def __post_init__(self) -> None:
        columns = (self.by,) if isinstance(self.by, str) else tuple(self.by)
        if not columns or not all(isinstance(name, str) and name for name in columns):
            raise ArgumentError(f"sampler stratified: by={self.by!r} names no column.")
        if len(set(columns)) < len(columns):
            raise ArgumentError(f"sampler stratified: by={self.by!r} names a column twice.")
        object.__setattr__(self, "by", columns)
        if isinstance(self.bins, bool) or not isinstance(self.bins, Integral) or self.bins < 2:
            raise ArgumentError(f"sampler stratified: bins={self.bins!r} is no whole number of at least 2.")
        object.__setattr__(self, "bins", int(self.bins))
        check_field(self.name, self.field)
        if self.shares is not None:
            object.__setattr__(self, "shares", tuple((*key, share) for key, share in _exact(self.shares, len(columns))))

    @property
    def laws(self) -> frozenset[str]:
        """What the order keeps; bins of length move when instructions leave, so they are not stable."""
        return frozenset({"uniform"} if LENGTH in self.by else {"stable", "uniform"})

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters as plain data."""
        length = {"bins": self.bins, "field": self.field} if LENGTH in self.by else {}
        shares = None if self.shares is None else [list(values) for values in self.shares]
        return {"by": list(self.by), **length, "shares": shares}

    def order(self, pool: Pool, seed: int) -> Order:
        """Return random order, and the class of each instruction.

        Raises:
            ArgumentError: There is no such column, it has too many values, or shares and values do not match.
        """
        classes, stratum = _classes([self._values(pool, name) for name in self.by], self.by)
        key = keyed(pool.grid.hashes, key_of(seed, "choose"))
        return Order(key, False, stratum, None if self.shares is None else self._matched(classes))

    def _values(self, pool: Pool, name: str) -> tuple[list[Any], Codes]:
        if name == LENGTH:
            return _binned(pool.length(self.field), self.bins)
        return _distinct(pool.column(name), name)

    def _matched(self, classes: Sequence[Class]) -> tuple[Fraction, ...]:
        """Return the share of each class."""
        given: dict[Class, Fraction] = {tuple(values): share for *values, share in self.shares or ()}
        what = ", ".join(self.by)
        lacking = [_shown(one) for one in classes if one not in given]
        strange = [one for one in given if one not in classes]
        if strange:
            names = listing([_shown(one) for one in strange], 5)
            raise ArgumentError(
                f"sampler stratified: shares of {names}, which no instruction has in {what!r}."
                f"{_near(strange[0], classes)} There are: {listing([_shown(one) for one in classes], 20)}."
            )
        if lacking:
            raise ArgumentError(
                f"sampler stratified: no share for {listing(lacking, 5)} of {what!r}. "
                "Give every value a share; 0 leaves its instructions out."
            )
        return tuple(given[one] for one in classes)


def _shown(values: Class) -> str:
    return repr(values[0] if len(values) == 1 else values)


def _near(values: Class, classes: Sequence[Class]) -> str:
    """Return the question whether another value was meant."""
    texts = sorted({str(one[0]) if len(one) == 1 else _shown(one) for one in classes})
    return near(str(values[0]) if len(values) == 1 else _shown(values), texts)


def _exact(shares: Any, width: int) -> list[tuple[Class, Fraction]]:
    pairs = list(shares.items()) if isinstance(shares, Mapping) else shares
    if not isinstance(shares, Mapping):
        if not isinstance(shares, (list, tuple)) or not all(isinstance(one, (list, tuple)) and one for one in shares):
            raise ArgumentError(f"sampler stratified: shares={shares!r} is no mapping of values to shares.")
        pairs = [(tuple(one[:-1]), one[-1]) for one in shares]
    exact: dict[Class, Fraction] = {}
    for value, share in pairs:
        key = value if isinstance(value, tuple) else (value,)
        if len(key) != width:
            raise ArgumentError(
                f"sampler stratified: the share of {_shown(key)} is for {len(key)} values, and by= names {width}."
            )
        number = isinstance(share, (Real, Decimal, str)) and not isinstance(share, bool)
        try:
            exact[key] = Fraction(str(share)) if number else Fraction(-1)
        except (ValueError, ZeroDivisionError):
            exact[key] = Fraction(-1)
        if not 0 <= exact[key] <= 1:
            raise ArgumentError(f"sampler stratified: the share of {_shown(key)} is {share!r}, no number from 0 to 1.")
    mass = sum(exact.values(), Fraction(0))
    if abs(mass - 1) > Fraction(1, 10**9):
        raise ArgumentError(f"sampler stratified: the shares sum to {float(mass):.6g}, not 1.")
    whole = [(key, share / mass) for key, share in exact.items()]  # three times 0.3333333333333333 is meant to be 1
    return sorted(whole, key=lambda item: _place(item[0]))


def _place(values: Class) -> list[tuple[bool, str, Any]]:
    """Return what a class is sorted by: its values, by type and then in their order, None last."""
    return [
        (value is None, "" if _number(value) else type(value).__name__, 0 if value is None else value)
        for value in values
    ]


def _number(value: Any) -> bool:
    return value is None or isinstance(value, Real)


def _classes(columns: Sequence[tuple[list[Any], Codes]], names: Sequence[str]) -> tuple[list[Class], Codes]:
    """Return the combinations of values that occur, in their order, and the one of each instruction."""
    combined: Codes = np.zeros(len(columns[0][1]), dtype=np.int64)
    known: list[Class] = [()]
    for values, codes in columns:
        occurring, combined = np.unique(combined * len(values) + codes, return_inverse=True)
        if len(occurring) > MOST:
            raise ArgumentError(
                f"sampler stratified: {', '.join(names)!r} has {len(occurring):,} values among {len(codes):,} "
                f"instructions, and at most {MOST:,} can be classes. Stratify by a column of few values."
            )
        pairs = [divmod(pair, len(values)) for pair in occurring.tolist()]
        known = [(*known[before], values[code]) for before, code in pairs]
    return known, combined.reshape(-1).astype(np.int64)


def _distinct(column: pa.Array | pa.ChunkedArray, name: str) -> tuple[list[Any], Codes]:
    """Return the values of a column in their order, None last, and the place of each instruction's."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ArgumentError(f"sampler stratified: {name!r} holds {kind} values, and classes need texts or numbers.")
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)  # NaN is what pandas makes of a missing number
    elif not (pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        column = column.cast(pa.string())
    encoded = column.dictionary_encode(null_encoding="encode")
    values: list[Any] = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda code: _place((values[code],)))
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    return [values[code] for code in order], place[encoded.indices.to_numpy(zero_copy_only=False)]


def _binned(length: npt.NDArray[np.int64], bins: int) -> tuple[list[Any], Codes]:
    """Return the bins that occur, None last, and the place of each instruction's; quantiles, by whole numbers."""
    there = length >= 0
    _, inverse, counts = np.unique(length[there], return_inverse=True, return_counts=True)
    less = np.cumsum(counts) - counts
    # The middle of the places that equally long texts take up in ascending order says which bin they share.
    of_length = (2 * less + counts) * bins // (2 * max(int(there.sum()), 1))
    bin_of = np.full(len(length), bins, dtype=np.int64)
    bin_of[there] = of_length[inverse.reshape(-1)]
    occurring, codes = np.unique(bin_of, return_inverse=True)
    return [None if one == bins else one for one in occurring.tolist()], codes.reshape(-1).astype(np.int64)
