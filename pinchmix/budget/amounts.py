"""Amounts: the numbers of a budget, read as people write them: totals, counts, shares, bounds, sizes, weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from pinchmix.budget.names import Groups, by_language, check_apart
from pinchmix.errors import BudgetError
from pinchmix.text.wording import listing, near

UNITS = ("examples", "tokens", "characters", "bytes")
LARGEST = 10**12  # of any unit; well below where 64-bit sums over languages would end

Bounds = int | tuple[tuple[str, int], ...] | None


def read_unit(unit: Any) -> str:
    """Return a unit if it is one.

    Raises:
        BudgetError: It is none; the message names a near one.

    Example:
        >>> read_unit("tokens")
        'tokens'
    """
    if unit not in UNITS:
        raise BudgetError(f"unit={unit!r} is no unit.{near(str(unit), UNITS)} There are: {', '.join(UNITS)}.")
    return str(unit)


def read_total(total: Any, unit: str) -> int:
    """Return a total as a whole number.

    Raises:
        BudgetError: It is no positive whole number, or too large.

    Example:
        >>> read_total(4640, "examples")
        4640
    """
    if isinstance(total, bool) or not isinstance(total, Integral) or int(total) <= 0:
        raise BudgetError(f"total={total!r}: the total must be a positive whole number of {unit}.")
    if int(total) > LARGEST:
        raise BudgetError(f"the budget asks for {total:,} {unit}; no more than {LARGEST:,} can be counted.")
    return int(total)


def read_number(name: str, value: Any, means: str) -> Fraction:
    """Return any number exactly; floats of every width are read as the decimal fractions they are printed as.

    Args:
        name: What it is, for the message.
        value: An int, float, Fraction, Decimal or a number of NumPy.
        means: What would be right, for the message.

    Raises:
        BudgetError: It is no finite number.

    Example:
        >>> read_number("alpha", 0.3, "alpha is a number")
        Fraction(3, 10)
    """
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise BudgetError(f"{name}={value!r}: {means}.")
    if not _finite(value):
        raise BudgetError(f"{name}={value}: {means}.")
    return _exact(value)


def _finite(value: Any) -> bool:
    if isinstance(value, Rational):
        return True
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _exact(value: Any) -> Fraction:
    return Fraction(value if isinstance(value, (Rational, Decimal)) else str(value))


def text_of_fraction(value: Fraction) -> str:
    """Return a fraction as text that reads back exactly: a decimal where it is one, else ``n/d``.

    Example:
        >>> text_of_fraction(Fraction(1, 25)), text_of_fraction(Fraction(1, 3)), text_of_fraction(Fraction(2))
        ('0.04', '1/3', '2')
    """
    if value.denominator == 1:
        return str(value.numerator)
    decimal = str(float(value))
    return decimal if Fraction(decimal) == value else str(value)


def code_of_fraction(value: Fraction) -> str:
    """Return a fraction as Python that evaluates to it, or to a float that is read as it.

    Example:
        >>> code_of_fraction(Fraction(1, 25)), code_of_fraction(Fraction(1, 3))
        ('0.04', 'Fraction(1, 3)')
    """
    text = text_of_fraction(value)
    return repr(value) if "/" in text else text


def read_amounts(amounts: Any, groups: Groups) -> tuple[tuple[str, Any], ...]:
    """Return the names of a budget, as canonical tags, groups or ``"*"``, with their amounts as they stand.

    Raises:
        BudgetError: It is no mapping or empty, an amount is no number, a name is no text, a language is named and in a
            group that is named too, or in two of them.
        UnknownLanguage: A name is no language tag.
        LanguageClash: Two names are the same language.

    Example:
        >>> read_amounts({"EN": 90, "*": 10}, ())
        (('en', 90), ('*', 10))
    """
    if not isinstance(amounts, Mapping):
        raise BudgetError(
            f"a budget is a mapping such as {{'en': 4600, '*': 40}} or a Budget, not {type(amounts).__name__}."
        )
    if not amounts:
        raise BudgetError("the budget is empty. Name a language and how much of it, such as {'en': 4600, '*': 40}.")
    for name, amount in amounts.items():
        if not isinstance(name, str):
            raise BudgetError(f"budget: {name!r} is no language tag but of type {type(name).__name__}.")
        if isinstance(amount, bool) or not isinstance(amount, (Real, Decimal)):
            raise BudgetError(f"{name}: a budget is a number, and this is {amount!r}.")
    spelt = by_language([*amounts], groups, "budget")
    check_apart(list(spelt), groups)
    return tuple((name, amounts[spelling]) for name, spelling in spelt.items())


def read_bounds(name: str, bounds: Any, groups: Groups, unit: str) -> Bounds:
    """Return bounds of counts: one whole number for every language, or by language (``"*"`` for those not named).

    Args:
        name: ``"minimum"`` or ``"maximum"``, for the message.
        bounds: A whole number, a mapping of languages to whole numbers, or None.
        groups: The groups, which have no bounds.
        unit: The unit of the bounds.

    Raises:
        BudgetError: A bound is no whole number or negative, or is one of a group.
        UnknownLanguage: A name is no language tag.
        LanguageClash: Two names are the same language.

    Example:
        >>> read_bounds("minimum", {"sw": 20, "EN": 5}, (), "examples")
        (('en', 5), ('sw', 20))
    """
    if bounds is None:
        return None
    if not isinstance(bounds, Mapping):
        return _bound(name, bounds, unit)
    if odd := [key for key in bounds if not isinstance(key, str)]:
        raise BudgetError(f"{name}: {odd[0]!r} is no language tag but of type {type(odd[0]).__name__}.")
    if group := [key for key in bounds if key in dict(groups)]:
        raise BudgetError(f"{name}: {group[0]!r} is a group, and bounds are those of languages. Name its languages.")
    spelt = by_language(bounds, (), name)
    read = {tag: _bound(f"{name} of {tag}", bounds[spelling], unit) for tag, spelling in spelt.items()}
    return tuple(sorted(read.items())) or None


def _bound(name: str, value: Any, unit: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        raise BudgetError(f"{name}={value!r}: a bound is a whole number of {unit}, 0 or more.")
    return int(value)


def read_sizes(sizes: Any) -> tuple[tuple[str, int], ...] | None:
    """Return sizes by canonical tag, sorted, since their order decides nothing.

    Raises:
        BudgetError: It is no mapping or empty, or a size is no whole number, or negative, or all are zero.
        UnknownLanguage: A name is no language tag.
        LanguageClash: Two names are the same language.

    Example:
        >>> read_sizes({"fi": 2e6, "EN": 10})
        (('en', 10), ('fi', 2000000))
    """
    if sizes is None:
        return None
    if not isinstance(sizes, Mapping) or not sizes:
        raise BudgetError(f"sizes={sizes!r}: give a mapping of languages to sizes, such as {{'en': 900, 'sw': 20}}.")
    if odd := [key for key in sizes if not isinstance(key, str)]:
        raise BudgetError(f"sizes: {odd[0]!r} is no language tag but of type {type(odd[0]).__name__}.")
    spelt = by_language(sizes, (), "sizes")
    read = {}
    for tag, spelling in spelt.items():
        size = read_number(f"size of {tag}", sizes[spelling], "a size is a whole number, 0 or more")
        if size < 0 or size.denominator != 1:
            raise BudgetError(f"size of {tag}={sizes[spelling]}: a size is a whole number, 0 or more.")
        read[tag] = int(size)
    if not any(read.values()):
        raise BudgetError(
            f"the sizes are zero for every language ({', '.join(read)}). Nothing can be proportional to them."
        )
    return tuple(sorted(read.items()))


def read_weights(who: str, weights: Any, claimants: Sequence[str]) -> list[Fraction]:
    """Return what an allocator said, exactly and in the order of the claimants.

    Args:
        who: The allocator, for the message.
        weights: What it returned.
        claimants: The languages (or groups) that it was asked about.

    Raises:
        BudgetError: It is no mapping of exactly these names, or a weight is no finite number, or negative, or all are
            zero.

    Example:
        >>> read_weights("halves", {"fi": 0.5, "en": 0.5}, ["en", "fi"])
        [Fraction(1, 2), Fraction(1, 2)]
    """
    if not isinstance(weights, Mapping):
        raise BudgetError(
            f"the allocator {who} must return a mapping of languages to weights, not {type(weights).__name__}."
        )
    if unknown := [name for name in weights if name not in claimants]:
        raise BudgetError(
            f"the allocator {who} gave a weight to {unknown[0]!r}, which it was not asked about."
            f"{near(str(unknown[0]), claimants)} It was asked about {listing(claimants, 40)}."
        )
    if missing := [name for name in claimants if name not in weights]:
        raise BudgetError(f"the allocator {who} gave no weight to {listing(missing, 40)}. Zero is a weight, too.")
    said = f"the allocator {who}: the weight of"
    found = [read_number(f"{said} {name}", weights[name], "a weight is a number, 0 or more") for name in claimants]
    if below := [name for name, weight in zip(claimants, found, strict=True) if weight < 0]:
        raise BudgetError(f"{said} {below[0]}={weights[below[0]]}: a weight is a number, 0 or more.")
    if not any(found):
        raise BudgetError(f"the allocator {who} gave every language ({listing(claimants, 40)}) a weight of zero.")
    return found


def read_share(name: str, share: Any) -> Fraction:
    """Return a share exactly.

    Raises:
        BudgetError: It is no number between 0 and 1.

    Example:
        >>> read_share("sw", 0.04)
        Fraction(1, 25)
    """
    if not _finite(share) or not 0 <= _exact(share) <= 1:
        raise BudgetError(f"{name}: a share lies between 0 and 1, and this is {share}. Counts are whole numbers.")
    return _exact(share)


def read_pinch(total: int, examples: Any, percent: Any, unit: str) -> Fraction:
    """Return the share of a pinch in a total.

    Args:
        total: The total, in the unit.
        examples: The size of the pinch, in the unit, or None.
        percent: The size in percent of the total, or None.
        unit: The unit, for the message.

    Raises:
        BudgetError: Both or neither are given, or it is negative, no number, or more than the total.

    Example:
        >>> read_pinch(4640, 40, None, "examples"), read_pinch(4640, None, 2.5, "examples")
        (Fraction(1, 116), Fraction(1, 40))
    """
    if (examples is None) == (percent is None):
        both = "both are given" if percent is not None else "neither is given"
        raise BudgetError(f"a pinch has a size: examples=40, or percent=1, and {both}.")
    if examples is None:
        share = read_number("percent", percent, "percent is a number from 0 to 100") / 100
        if not 0 <= share <= 1:
            raise BudgetError(f"percent={percent}: percent is a number from 0 to 100.")
        return share
    if isinstance(examples, bool) or not isinstance(examples, Integral) or int(examples) < 0:
        raise BudgetError(f"examples={examples!r}: the pinch is a whole number of {unit}, 0 or more.")
    if int(examples) > total:
        raise BudgetError(
            f"the pinch of {examples:,} {unit} is larger than the total of {total:,}. Lower it to at most that.",
            examples=int(examples),
            total=total,
        )
    return Fraction(int(examples), total)
