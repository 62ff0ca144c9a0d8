"""Recipes as people write them in files: what each key may hold, all faults noted with their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from pinchmix.budget import Budget
from pinchmix.budget.by_hand import read_budget
from pinchmix.errors import ArgumentError, LanguageClash
from pinchmix.language import normalise_language
from pinchmix.policy import OFF, Check, amended, preset
from pinchmix.written.json_text import read_json
from pinchmix.written.reading import Place, Reading, exact_in
from pinchmix.written.yaml_text import read_yaml

T = TypeVar("T")


def read_written(text: str, file: str, form: str) -> Reading:
    """Return notes for reading a text of a form, ``"yaml"`` or ``"json"``; faults of form are raised at once.

    Raises:
        BadFile: The text is not of the form, or no mapping.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"{file}: give the text of a file, not {type(text).__name__}.")
    written = (read_json if form == "json" else read_yaml)(text.removeprefix("\ufeff"), file)
    reading = Reading(written)
    if not isinstance(written.value, dict):
        if not reading.faults:
            what = "a recipe or a family is a mapping, such as 'budget: {en: 4600, \"*\": 40}'"
            reading.of_kind((), written.value, dict, what)
        return reading.finish(None)
    return reading


def read_fields(
    reading: Reading, place: Place, value: Any, known: Iterable[str], check: Callable[[Mapping[str, Any]], object]
) -> dict[str, Any]:
    """Return the fields of a recipe that a part of a file says, each read and checked; what is wrong is noted.

    Args:
        reading: Where faults are noted.
        place: Where in the file the part is.
        value: What stands there.
        known: The fields that a recipe has.
        check: Makes a recipe of one field, and raises where it means nothing.
    """
    if not reading.of_kind(place, value, dict, "a recipe is a mapping"):
        return {}
    reading.check_keys(place, value, known, "a recipe")
    fields: dict[str, Any] = {}
    for name in [name for name in known if name in value]:
        part, inside = value[name], (*place, name)
        if reading.is_empty(inside, part):
            continue
        with reading.at(inside):
            fields[name] = _READERS.get(name, _plain_value)(reading, inside, part)
            if not reading.wrong(inside):
                check({name: fields[name]})
    return fields


def _text(reading: Reading, place: Place, value: Any) -> Any:
    reading.of_kind(place, value, str, "it is a text")
    return value


def _whole(reading: Reading, place: Place, value: Any) -> Any:
    reading.of_kind(place, value, int, "it is a whole number")
    return value


def _tag(reading: Reading, place: Place, value: Any) -> Any:
    return normalise_language(value) if reading.of_kind(place, value, str, "a language is a text") else value


def _languages(reading: Reading, place: Place, value: Any) -> Any:
    if not reading.of_kind(place, value, list, "languages are a list, such as [en, fi]; their order breaks ties"):
        return ()
    spelt: dict[str, str] = {}
    for number, name in enumerate(value):
        with reading.at((*place, number)):
            tag = _tag(reading, (*place, number), name)
            if isinstance(tag, str) and tag in spelt:
                raise LanguageClash(tag, [spelt[tag], name])
            if isinstance(tag, str):
                spelt[tag] = name
    return tuple(spelt)


def _tokenizer(reading: Reading, place: Place, value: Any) -> Any:
    if not reading.of_kind(place, value, dict, "a tokenizer is a mapping of name and digest"):
        return {}
    reading.check_keys(place, value, ("name", "digest"), "a tokenizer")
    return {key: _text(reading, (*place, key), part) for key, part in value.items()}


def _wording(reading: Reading, place: Place, value: Any) -> Any:
    if not reading.of_kind(place, value, dict, "wordings are a mapping, such as {en: 'Translate this: {text}'}"):
        return {}
    return {name: _text(reading, (*place, name), part) for name, part in value.items()}


def _plain_value(reading: Reading, place: Place, value: Any) -> Any:
    """Return a value as a plugin takes it: numbers as int and float."""
    if isinstance(value, dict):
        return {key: _plain_value(reading, (*place, key), part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain_value(reading, (*place, number), part) for number, part in enumerate(value)]
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    if number in (float("inf"), float("-inf")):
        reading.fault(place, f"{value} is larger than any number that a parameter can be.")
    return number


def _settings(reading: Reading, place: Place, value: Any) -> Any:
    wanted = "parameters are a mapping, such as {by: length}"
    return _plain_value(reading, place, value) if reading.of_kind(place, value, dict, wanted) else {}


def _split(reading: Reading, place: Place, value: Any) -> Any:
    if isinstance(value, list):  # pairs, as a manifest holds them
        odd = [one for one in value if not (isinstance(one, list) and len(one) == 2 and isinstance(one[0], str))]
        if odd or len({one[0] for one in value}) < len(value):
            reading.fault(place, "splits are a mapping, such as {train: 0.9, test: 0.1}, or a list of such pairs.")
            return {}
        value = dict(value)
    if not reading.of_kind(place, value, dict, "splits are a mapping, such as {train: 0.9, test: 0.1}"):
        return {}
    parts: dict[str, int | Fraction] = {}
    for name, part in value.items():
        exact = exact_in(part)
        if exact is None:
            reading.refuse((*place, name), part, "a split is a share such as 0.1, 1/3 or 10%, or a count such as 200")
        else:
            parts[name] = exact
    return parts


def _validators(reading: Reading, place: Place, value: Any) -> Any:
    """Return the checks that a preset, changes to one, or a list stands for."""
    if isinstance(value, bool):
        return preset("default") if value else ()
    if isinstance(value, str):
        return () if value == "none" else preset(value)
    if isinstance(value, dict):
        changes: dict[str, Any] = {}
        for key, part in value.items():
            inside = (*place, key)
            if part is False or reading.meant(inside, OFF):  # the word for it, as YAML takes it
                changes[key] = OFF
            elif part is None:
                reading.fault(inside, "it is empty; say reject, flag or off, or leave it out.")
            else:
                changes[key] = _plain_value(reading, inside, part)
        return amended(changes)
    checks = []
    if reading.of_kind(place, value, list, "checks are the name of a preset, a list, or changes to a preset"):
        for number, one in enumerate(value):
            inside = (*place, number)
            if isinstance(one, dict):
                reading.check_keys(inside, one, ("name", "mismatch", "unsure", "settings"), "a check")
            if not reading.wrong(inside):
                with reading.at(inside):
                    checks.append(Check.of(_plain_value(reading, inside, one)))
    return tuple(checks)


_READERS: Mapping[str, Callable[[Reading, Place, Any], Any]] = {
    "budget": read_budget,
    "languages": _languages,
    "pivot": _tag,
    "content": _text,
    "repeat": _whole,
    "tokenizer": _tokenizer,
    "counted": _text,
    "sampler": _text,
    "settings": _settings,
    "validators": _validators,
    "parallel": _text,
    "split": _split,
    "exclude": _text,
    "wording": _wording,
    "seed": _whole,
}


def read_one(
    reading: Reading, place: Place, fields: Mapping[str, Any], make: Callable[..., T], *, named: bool, sound: bool
) -> T | None:
    """Return the recipe of fields that were read, or None; what is missing or wrong together is noted.

    Args:
        reading: Where faults are noted.
        place: Where in the file the recipe is.
        fields: Its fields.
        make: The class of recipes.
        named: Whether there is a budget among the keys, well read or not.
        sound: Whether all of the fields could be read.
    """
    if not named:
        reading.fault(place, "a recipe needs a budget.")
    elif sound:
        with reading.at(place):
            return make(**fields)
    return None


def trial(make: Callable[..., object]) -> Callable[[Mapping[str, Any]], object]:
    """Return what makes a recipe of one field, beside a budget where the field is none.

    Args:
        make: The class of recipes.

    Example:
        >>> trial(dict)({"seed": 4})["seed"]
        4
    """
    return lambda field: make(**{"budget": Budget.uniform(1), **field})


def read_family_fields(
    reading: Reading, value: Mapping[str, Any], known: Iterable[str], of_recipe: Iterable[str], make: Callable[..., T]
) -> dict[str, Any]:
    """Return the fields of a family that a file says, its members made; what is wrong is noted.

    Args:
        reading: Where faults are noted.
        value: All of the file.
        known: The fields that a family has.
        of_recipe: The fields that a recipe has.
        make: The class of recipes.
    """
    of_recipe, check = list(of_recipe), trial(make)
    reading.check_keys((), value, [*known, "shared"], "a family")
    for name in ("name", "members"):
        if name not in value:
            reading.fault((), f"a family needs {name}.")
    found: dict[str, Any] = {}
    for name, kind, wanted in (
        ("name", str, "it is a text"),
        ("source", str, "it is a text"),
        ("constant", bool, "it is true or false"),
        ("nested", list, "it is a list of chains, such as [[p1, p10, p100]]"),
        ("members", dict, "members are a mapping of a name to a recipe"),
    ):
        if name in value and reading.of_kind((name,), value[name], kind, wanted):
            found[name] = value[name]
    chains = found.get("nested", ())
    for number, chain in enumerate(chains):
        if reading.of_kind(("nested", number), chain, list, "a chain is a list of members' names"):
            for at, name in enumerate(chain):
                reading.of_kind(("nested", number, at), name, str, "the name of a member is a text")
    said_by_all = value.get("shared", {})
    shared = read_fields(reading, ("shared",), said_by_all, of_recipe, check)
    members: dict[str, Any] = {}
    for name, part in found.get("members", {}).items():
        place = ("members", name)
        fields = {**shared, **read_fields(reading, place, part, of_recipe, check)}
        if isinstance(part, dict) and isinstance(said_by_all, dict):
            named, sound = "budget" in {**said_by_all, **part}, not (reading.wrong(place) or reading.wrong(("shared",)))
            members[name] = read_one(reading, place, fields, make, named=named, sound=sound)
    return {**found, "members": members}
