"""What the families here are made of: parameters read, budgets made members, keyed draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from inspect import Parameter, signature
from numbers import Integral
from typing import Any

from pinchmix.budget import Budget
from pinchmix.budget.amounts import read_number, text_of_fraction
from pinchmix.budget.names import read_names
from pinchmix.canonical import key_of
from pinchmix.errors import ArgumentError
from pinchmix.family import Family
from pinchmix.language import normalise_language
from pinchmix.recipe import Recipe
from pinchmix.text.wording import listing, near, number_of

Make = Callable[..., Family]

SHARED = tuple(field.name for field in fields(Recipe) if field.name not in ("budget", "languages"))


def name_of(make: Make) -> str:
    """Return what a function that makes a family is called: its file and its name.

    Example:
        >>> from pinchmix.recipes.paper import pinch
        >>> name_of(pinch)
        'paper.pinch'
    """
    return f"{make.__module__.rpartition('.')[2]}.{make.__name__}"


def parameters_of(make: Make) -> tuple[str, ...]:
    """Return the names of all that a family may be given: its own parameters, and what its recipes share.

    Example:
        >>> from pinchmix.recipes.paper import monolingual
        >>> parameters_of(monolingual)[:4]
        ('languages', 'total', 'pivot', 'content')
    """
    own = [name for name, one in signature(make).parameters.items() if one.kind is not Parameter.VAR_KEYWORD]
    return tuple(dict.fromkeys((*own, *SHARED)))


def check_named(make: Make, said: Iterable[str]) -> None:
    """Raise if a family is given what it does not take.

    Raises:
        ArgumentError: A parameter is unknown; a near one is named.

    Example:
        >>> from pinchmix.recipes.paper import pinch
        >>> check_named(pinch, ["seed", "total"])
    """
    known = parameters_of(make)
    if strange := [name for name in said if name not in known]:
        raise ArgumentError(
            f"{name_of(make)} has no parameter {strange[0]!r}.{near(str(strange[0]), known)} It takes "
            f"{listing(known, 40)}."
        )


def family_of(
    make: Make,
    budgets: Mapping[str, Budget],
    languages: Sequence[str],
    said: Mapping[str, Any],
    *,
    source: str,
    constant: bool = False,
    nested: Iterable[Sequence[str]] = (),
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> Family:
    """Return the family of these budgets.

    Args:
        make: The function that was called; the family has its name.
        budgets: Name of a member → budget.
        languages: The languages of every recipe, canonical; their order breaks ties.
        said: What else every recipe says.
        source: Where the family is from.
        constant: Whether all members hold the same instructions.
        nested: Chains of members.
        own: Name of a member → what only its recipe says.

    Raises:
        ArgumentError: A parameter is unknown, or makes no recipe, or the laws cannot be kept with it.
    """
    check_named(make, said)
    alone = own or {}
    if twice := [key for one in alone.values() for key in one if key in said]:
        raise ArgumentError(f"{name_of(make)}: members differ in {twice[0]}; leave {twice[0]}= out.")
    members = {
        name: Recipe(budget, languages=tuple(languages), **{**said, **alone.get(name, {})})
        for name, budget in budgets.items()
    }
    return Family(name_of(make), members, constant=constant, nested=tuple(map(tuple, nested)), source=source)


# Parameters ---------------------------------------------------------------------------------------------------------


def read_languages(languages: Any, least: int = 1) -> tuple[str, ...]:
    """Return canonical tags from a list of languages, in its order.

    Raises:
        ArgumentError: There are fewer than the family needs.
        BudgetError: It is no list, or empty, or names a language twice.
        UnknownLanguage: One is no language tag.
        LanguageClash: Two are the same language.

    Example:
        >>> read_languages(["EN", "iw"])
        ('en', 'he')
    """
    found = read_names(languages, (), "languages")
    if len(found) < least:
        raise ArgumentError(
            f"languages: {number_of(len(found), 'language')} ({listing(found)}), and this family needs {least} or more."
        )
    return found


def read_pivot(pivot: Any, languages: Sequence[str]) -> str:
    """Return the canonical tag of a pivot, which is one of the languages.

    Raises:
        ArgumentError: It is none of them.
        UnknownLanguage: It is no language tag.

    Example:
        >>> read_pivot("EN", ["en", "fi"])
        'en'
    """
    tag = normalise_language(pivot)
    if tag not in languages:
        raise ArgumentError(
            f"pivot={pivot!r} is none of the languages ({listing(languages, 40)}).{near(tag, languages)} "
            "The others replace it, so add it to languages=, or name another."
        )
    return tag


def read_whole(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number.

    Raises:
        ArgumentError: It is none, or too small.

    Example:
        >>> read_whole("total", 4640)
        4640
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise ArgumentError(f"{name}={value!r}: give a whole number, {least:,} or more.")
    return int(value)


def read_each(name: str, values: Any, low: int, high: int | None = None) -> tuple[Fraction, ...]:
    """Return different numbers from a list, exactly and in its order.

    Raises:
        ArgumentError: It is no list, or empty, or has a number twice, or one out of bounds.
        BudgetError: One is no number.

    Example:
        >>> read_each("percents", [1, 2.5], 0, 100)
        (Fraction(1, 1), Fraction(5, 2))
    """
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        raise ArgumentError(f"{name}={values!r}: give a list of numbers, such as [1, 10].")
    between = f"{low} or more" if high is None else f"from {low} to {high}"
    found = tuple(read_number(name, value, f"each is a number, {between}") for value in values)
    if not found:
        raise ArgumentError(f"{name}: the list is empty. Each number in it is a member of the family.")
    for number in found:
        if number < low or (high is not None and number > high):
            raise ArgumentError(f"{name}: each is a number, {between}, and this is {float(number):g}.")
        if found.count(number) > 1:
            raise ArgumentError(f"{name}: {float(number):g} is given twice.")
    return found


def read_lists(name: str, values: Any) -> list[Any]:
    """Return the items of a list of lists, one or more.

    Raises:
        ArgumentError: It is none, or empty.

    Example:
        >>> read_lists("pairs", (["en", "es"],))
        [['en', 'es']]
    """
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        raise ArgumentError(f"{name}={values!r}: give a list of lists of languages.")
    found = list(values)
    if not found:
        raise ArgumentError(f"{name}: the list is empty. Each list in it gives members to the family.")
    return found


def check_choice(name: str, value: Any, known: Sequence[str]) -> None:
    """Raise if a value is none of those that a parameter may have.

    Raises:
        ArgumentError: It is none; a near one is named.

    Example:
        >>> check_choice("to", "pivot", ("others", "pivot"))
    """
    if value not in known:
        raise ArgumentError(f"{name}={value!r} is none of {', '.join(known)}.{near(str(value), known)}")


def label(prefix: str, number: Fraction) -> str:
    """Return a member's name that ends in a number and can be the name of a folder.

    Example:
        >>> label("p", Fraction(5, 2)), label("alpha-", Fraction(1, 3))
        ('p2.5', 'alpha-1over3')
    """
    return prefix + text_of_fraction(number).replace("/", "over")


# Draws --------------------------------------------------------------------------------------------------------------


def shuffled(languages: Sequence[str], draw: int, purpose: str) -> tuple[str, ...]:
    """Return the languages in a random order that depends on them, the draw and the purpose, and on nothing else.

    Example:
        >>> shuffled(["ar", "en", "fi"], 0, "pairs") == shuffled(["fi", "en", "ar"], 0, "pairs")
        True
    """
    keyed_by = read_draw(draw)
    return tuple(sorted(languages, key=lambda tag: (key_of(keyed_by, f"{purpose} {tag}"), tag)))


def read_draw(draw: Any) -> int:
    """Return the whole number that keys what is drawn at random.

    Raises:
        ArgumentError: It is none.

    Example:
        >>> read_draw(-7)
        -7
    """
    if isinstance(draw, bool) or not isinstance(draw, Integral):
        raise ArgumentError(f"draw={draw!r}: what keys a draw is a whole number, such as 0.")
    return int(draw)
