"""Settings: what plugins are made with, as plain data of which a digest can be made, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

from pinchmix.errors import ArgumentError
from pinchmix.text.wording import listing, near

PLAIN = "texts, numbers, fractions, lists and mappings of them"


def plain_settings(owner: str, settings: Any) -> dict[str, Any]:
    """Return settings as plain data: numbers of NumPy as Python's, tuples and arrays as lists.

    Args:
        owner: Whose they are, for messages.
        settings: Name → value.

    Raises:
        ArgumentError: It is no mapping of texts, or a value is no plain data; the message says where.

    Example:
        >>> import numpy as np
        >>> plain_settings("check length", {"doubt": np.float64(0.5), "tags": ("fi", "sw")})
        {'doubt': 0.5, 'tags': ['fi', 'sw']}
    """
    if not isinstance(settings, Mapping):
        raise ArgumentError(f"settings of {owner} are {settings!r}; give a mapping of names to values.")
    return {name: _plain(f"{owner}: {name}", value) for name, value in _named(owner, settings).items()}


def _named(where: str, values: Mapping[Any, Any]) -> Mapping[str, Any]:
    if strange := [name for name in values if not isinstance(name, str)]:
        raise ArgumentError(f"{where}: {strange[0]!r} is no name; settings are named by texts.")
    return values


def _plain(where: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, Fraction)):
        return value
    if isinstance(value, str):
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ArgumentError(f"{where} is {value!a}, which holds half a character.")
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        if not math.isfinite(number):
            raise ArgumentError(f"{where} is {number!r}; give a number that is finite.")
        return number
    if isinstance(value, Mapping):
        return {name: _plain(f"{where}.{name}", one) for name, one in _named(where, value).items()}
    if isinstance(value, Set):
        raise ArgumentError(f"{where} is a set, which has no order; give a list.")
    if isinstance(value, (list, tuple)):
        return [_plain(where, one) for one in value]
    if hasattr(value, "tolist"):  # of NumPy
        return _plain(where, value.tolist())
    raise ArgumentError(f"{where} is {value!r}, of type {type(value).__name__}; settings are {PLAIN}.")


def check_number(owner: str, name: str, value: Any, least: float, most: float = math.inf) -> None:
    """Refuse what is no finite number, or one out of range.

    Raises:
        ArgumentError: It is.

    Example:
        >>> check_number("check length", "doubt", 0.5, 0)
        >>> check_number("check duplicates", "threshold", 7, 0, 1)
        Traceback (most recent call last):
        pinchmix.errors.ArgumentError: check duplicates: threshold=7: give a number from 0 to 1.
    """
    number = isinstance(value, Real) and not isinstance(value, (bool, Fraction))  # a recipe says a fraction as text
    if not number or not math.isfinite(value) or not least <= value <= most:
        span = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of {least:g} or more"
        raise ArgumentError(f"{owner}: {name}={value!r}: give a number {span}.")


def check_known(owner: str, said: Iterable[str], known: Iterable[str]) -> None:
    """Refuse settings that there are not, with a near name.

    Raises:
        ArgumentError: There is no such setting.

    Example:
        >>> check_known("check length", ["douβt"], ["doubt", "limit"])
        Traceback (most recent call last):
        pinchmix.errors.ArgumentError: check length has no setting 'douβt'. Did you mean 'doubt'? It has: doubt, limit.
    """
    known = list(known)
    if strange := [name for name in said if name not in known]:
        has = f" It has: {listing(known)}." if known else " It has none."
        raise ArgumentError(f"{owner} has no setting {strange[0]!r}.{near(strange[0], known)}{has}")
