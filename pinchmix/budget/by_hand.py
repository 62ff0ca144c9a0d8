"""A budget as people write it in a file: ``{en: 4600, "*": 40}``, or a constructor's arguments and its ``kind``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pinchmix.budget import Budget
from pinchmix.budget.amounts import read_unit
from pinchmix.budget.names import REST
from pinchmix.budget.terms import COMMON, SETTINGS
from pinchmix.errors import BudgetError, PinchmixError
from pinchmix.language import normalise_language
from pinchmix.text.wording import near
from pinchmix.weave import is_woven, read_weave
from pinchmix.written.reading import Place, Reading, as_whole, exact_in

# Keys that may stand beside the languages of a short mapping; none of them is a language tag.
BESIDE = ("total", "rest", "unit", "minimum", "maximum", "groups")
EXACT = ("share", "alpha", "temperature", "max_epochs", "percent")
WHOLE = ("total", "examples", "weighed_at")
NAMED = ("kind", "unit", "pool", "pivot", "rest")


def read_budget(reading: Reading, place: Place, value: Any) -> Budget | None:
    """Return the budget that a part of a file says; what is wrong with it is noted, and None returned.

    Two forms are read. A short mapping of languages to counts (whole numbers) or shares (0.1, ``"1/3"``, ``"10%"``),
    with ``total``, ``rest``, ``unit``, ``minimum``, ``maximum`` and ``groups`` beside them where they are needed; and
    with ``kind``, either the arguments of the constructor of that name or what :meth:`Budget.to_dict` gives.

    Args:
        reading: Where faults are noted.
        place: Where in the file it stands.
        value: What stands there.

    Example:
        >>> from pinchmix.written.reading import Written
        >>> reading = Reading(Written("r.yaml", None, {}))
        >>> read_budget(reading, ("budget",), {"en": "9/10", "*": "10%", "total": 4640})
        Budget.shares({'en': 0.9, '*': 0.1}, total=4640)
        >>> read_budget(reading, ("budget",), {"kind": "pinch", "total": 4640, "examples": 40})
        Budget.pinch(4640, examples=40)
        >>> reading.faults
        []
    """
    wanted = "a budget is a mapping such as {en: 4600, '*': 40}"
    if not reading.of_kind(place, value, dict, wanted):
        return None
    kind = value.get("kind") if "kind" in value else None
    if "kind" not in value:
        arguments = {name: part for name, part in value.items() if name in BESIDE}
        arguments["amounts"] = {name: part for name, part in value.items() if name not in BESIDE}
    elif isinstance(kind, str) and kind in SETTINGS:
        arguments = {name: part for name, part in value.items() if name != "kind"}
        known = [*_signature(kind), *SETTINGS[kind], *COMMON]
        reading.check_keys(place, value, dict.fromkeys(known), f"a budget of kind {kind!r}")
    else:
        reading.fault(
            (*place, "kind"), f"{kind!r} is no kind of budget.{near(str(kind), SETTINGS)} It is {', '.join(SETTINGS)}."
        )
        return None
    arguments = _values(reading, place, arguments, kind)
    if reading.wrong(place):
        return None
    with reading.at(place):
        return _made(kind, arguments)
    return None


def _signature(kind: str) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(getattr(Budget, kind)).parameters


def _values(reading: Reading, place: Place, arguments: Mapping[str, Any], kind: str | None) -> dict[str, Any]:
    """Return arguments with exact numbers, each of the right type; note what is not."""
    groups = arguments.get("groups")
    named = list(groups) if isinstance(groups, dict) else []
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        inside = place if kind is None and name == "amounts" else (*place, name)
        if reading.is_empty(inside, value):
            continue
        if name in WHOLE:
            if reading.of_kind(inside, value, int, "it is a whole number"):
                found[name] = value
        elif name in EXACT:
            found[name] = _exact(reading, inside, value)
        elif name in NAMED:
            if reading.of_kind(inside, value, str, "it is a text"):
                with reading.at(inside):
                    found[name] = read_unit(value) if name == "unit" else value
        elif name in ("amounts", "sizes"):
            found[name] = _by_language(reading, inside, value, named)
            if name == "amounts" and kind in (None, "counts"):
                _check_counts(reading, inside, value, found[name], kind, "total" in arguments)
        elif name in ("minimum", "maximum"):
            bounds = (
                _by_language(reading, inside, value, named)
                if isinstance(value, dict)
                else {name: _exact(reading, inside, value)}
            )
            for one, part in bounds.items():
                at = (*inside, one) if isinstance(value, dict) else inside
                if isinstance(part, Fraction):
                    written = value[one] if isinstance(value, dict) else value
                    reading.refuse(at, written, "a bound is a whole number", as_whole(written))
            found[name] = bounds if isinstance(value, dict) else bounds[name]
        elif name == "groups":
            if reading.of_kind(inside, value, dict, "groups are a mapping of a name to languages"):
                found[name] = {one: _names(reading, (*inside, one), part, []) for one, part in value.items()}
        elif name in ("languages", "order"):
            found[name] = _names(reading, inside, value, [*named, *([REST] if name == "order" else [])])
        else:  # an allocator by name or record, an origin
            found[name] = value
    return found


def _exact(reading: Reading, place: Place, value: Any) -> Any:
    exact = exact_in(value)
    if exact is None:
        hint = ""
        if isinstance(value, str) and (plain := value.replace(",", "").replace("_", "").replace(" ", "")).isdigit():
            hint = f" Write {plain}."
        reading.refuse(place, value, "an amount is a count such as 40 or a share such as 0.1, 1/3 or 10%", hint)
    return exact


def _check_counts(
    reading: Reading, place: Place, value: Any, amounts: Mapping[str, Any], kind: str | None, totalled: bool
) -> None:
    """Note what is meant as a count and not written as one.

    Without a kind, a whole number above 1 is no share; nor are 0 and 1 beside it, or in quotes without a total.
    """
    hints = {name: as_whole(value[name]) for name, part in amounts.items() if isinstance(part, Fraction)}
    large = any(part is not None and part > 1 for part in amounts.values())
    counted = all(hints.values()) and (large or (not totalled and any(isinstance(value[name], str) for name in hints)))
    for name, hint in hints.items():
        part = amounts[name]
        if kind == "counts" or (hint and (counted or part > 1)):
            reading.refuse((*place, name), value[name], "a count is a whole number", hint)


def _by_language(reading: Reading, place: Place, value: Any, groups: list[str]) -> Any:
    if not reading.of_kind(place, value, dict, "it is a mapping of languages to numbers"):
        return {}
    for name in value:
        _check_name(reading, (*place, name), name, [*groups, REST])
    return {name: _exact(reading, (*place, name), part) for name, part in value.items()}


def _names(reading: Reading, place: Place, value: Any, groups: list[str]) -> list[str]:
    if not reading.of_kind(place, value, list, "it is a list of languages, such as [it, es]"):
        return []
    for number, name in enumerate(value):
        if reading.of_kind((*place, number), name, str, "a language is a text"):
            _check_name(reading, (*place, number), name, groups)
    return list(value)


def _check_name(reading: Reading, place: Place, name: str, known: list[str]) -> None:
    if name in known:
        return
    if is_woven(name):
        with reading.at(place):
            read_weave(name, str(place[-1]))
        return
    try:
        normalise_language(name)
    except PinchmixError:
        words = near(name, [*known, *(BESIDE if len(place) == 2 else ())])
        reading.fault(place, f"{name!r} is not a language tag, such as 'en', 'zh-Hant' or 'pt-BR'.{words}")


def _made(kind: str | None, arguments: dict[str, Any]) -> Budget:
    """Return the budget of arguments that are each of the right type."""
    if kind is None:
        amounts = arguments["amounts"]
        kinds = {type(part) for part in amounts.values()}
        if len(kinds) != 1 or (kinds == {Fraction} and "total" not in arguments):
            return Budget.of(amounts, arguments.get("total"))  # which says what is missing or mixed
        kind = "counts" if kinds == {int} else "shares"
    required = [name for name, one in _signature(kind).items() if one.default is inspect.Parameter.empty]
    if lacking := [name for name in required if name not in arguments]:
        raise BudgetError(f"a budget of kind {kind!r} lacks {', '.join(lacking)}.")
    recorded = {"order", "share", "weighed_at"} & arguments.keys() or isinstance(arguments.get("allocator"), dict)
    summed = kind == "counts" and "total" in arguments and "rest" not in arguments
    if recorded or summed:  # from_dict compares the total with the sum of the counts
        return Budget.from_dict({"kind": kind, **_plain(arguments)})
    made: Budget = getattr(Budget, kind)(**arguments)
    return made


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as data that Budget.from_dict reads: fractions as texts."""
    return {
        name: str(value)
        if isinstance(value, Fraction)
        else {key: str(part) if isinstance(part, Fraction) else part for key, part in value.items()}
        if name == "amounts"
        else value
        for name, value in arguments.items()
    }
