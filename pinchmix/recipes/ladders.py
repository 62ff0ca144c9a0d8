"""Ladders over any languages: a language more at each step, a language left out in turn, a larger total."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import factorial
from numbers import Integral, Real
from typing import Any

from pinchmix.budget import Budget
from pinchmix.errors import ArgumentError
from pinchmix.family import Family
from pinchmix.recipes.parts import (
    check_choice,
    family_of,
    read_each,
    read_languages,
    read_lists,
    read_pivot,
    read_whole,
    shuffled,
)
from pinchmix.text.wording import listing, near, number_of

TOTALS = (40, 464, 4640)
MOST_ORDERS = 1000


def even(
    languages: Sequence[str],
    total: int,
    *,
    orders: int | Sequence[Sequence[str]] = 1,
    draw: int = 0,
    **recipe: Any,
) -> Family:
    """Return ladders of 1, 2, 3, ... languages that split the same total evenly.

    The construction of Shaham et al. 2024 (arXiv 2401.01854), section 3.4. A language that is added gains once and
    loses at each further step. Members are ``order1-ml1``, ``order1-ml2``, ..., a chain an order.

    Args:
        languages: The languages.
        total: The size of every member, at least as many examples as there are languages.
        orders: The orders in which languages are added, each naming all of them; or how many to draw.
        draw: What keys the orders that are drawn; the seed of the recipes is another.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: The total is too small, an order lacks a language, or there are not so many orders.
        BudgetError: A list of languages or the total makes no sense.

    Example:
        >>> family = even(["en", "fi", "sw"], 100, orders=[["fi", "en", "sw"]])
        >>> {name: one.budget.for_languages(one.languages) for name, one in family.members.items()}["order1-ml3"]
        {'en': 33, 'fi': 34, 'sw': 33}
    """
    tags = read_languages(languages)
    if read_whole("total", total) < len(tags):
        raise ArgumentError(
            f"total={total:,}: the last step has {number_of(len(tags), 'language')}, and each needs an example. "
            f"Raise the total to {len(tags):,} or more."
        )
    if isinstance(orders, Real):
        chosen = _drawn(tags, orders, draw)
    else:
        chosen = [_read_order(one, tags) for one in read_lists("orders", orders)]
    budgets, chains = {}, []
    for number, order in enumerate(chosen, 1):
        steps = {
            f"order{number}-ml{step}": Budget.shares(dict.fromkeys(order[:step], Fraction(1, step)), total=total)
            for step in range(1, len(order) + 1)
        }
        budgets.update(steps)
        chains.append([*steps])
    source = "after Shaham et al. 2024 (arXiv 2401.01854), section 3.4"
    return family_of(even, budgets, tags, recipe, source=source, constant=True, nested=chains)


def _read_order(order: Any, languages: Sequence[str]) -> tuple[str, ...]:
    found = read_languages(order)
    if strange := [tag for tag in found if tag not in languages]:
        raise ArgumentError(
            f"orders: {strange[0]!r} is none of the languages ({listing(languages, 40)}).{near(strange[0], languages)}"
        )
    if missing := [tag for tag in languages if tag not in found]:
        raise ArgumentError(
            f"orders: {', '.join(found)} lacks {listing(missing, 40)}. An order names every language once."
        )
    return found


def _drawn(languages: tuple[str, ...], count: Any, draw: int) -> list[tuple[str, ...]]:
    """Return different random orders; a larger count only adds to them."""
    there = min(factorial(len(languages)), MOST_ORDERS)
    if isinstance(count, bool) or not isinstance(count, Integral) or not 1 <= int(count) <= there:
        raise ArgumentError(
            f"orders={count!r}: give a list of orders, or how many to draw: of "
            f"{number_of(len(languages), 'language')}, 1 to {there:,}."
        )
    found: dict[tuple[str, ...], None] = {}
    for attempt in itertools.count():
        found[shuffled(languages, draw, f"order {attempt}")] = None
        if len(found) == count:
            break
    return [*found]


def added(languages: Sequence[str], total: int, each: int, *, pivot: str = "en", **recipe: Any) -> Family:
    """Return a ladder in which each language that is added replaces as many examples of the pivot.

    The construction of Kew et al. 2024 (arXiv 2312.12683). ``ml1`` is the pivot alone, and each further member has
    a language more; the pivot only loses, and the others only gain.

    Args:
        languages: The languages, in the order in which they are added; the pivot is first wherever it stands.
        total: The size of every member.
        each: How many examples each language but the pivot gets.
        pivot: The language that the others replace.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: All others together ask for more than the total, or the pivot is none of the languages.
        BudgetError: The list of languages makes no sense.

    Example:
        >>> added(["en", "es", "ru"], 3200, 200)["ml3"].budget
        Budget.counts({'es': 200, 'ru': 200, 'en': 2800})
    """
    tags = read_languages(languages)
    main = read_pivot(pivot, tags)
    others = [tag for tag in tags if tag != main]
    check_room(read_whole("total", total), read_whole("each", each), others)
    budgets = {
        f"ml{step + 1}": Budget.counts(dict.fromkeys(others[:step], each), total=total, rest=main)
        if step
        else Budget.counts({main: total})
        for step in range(len(others) + 1)
    }
    source = "after Kew et al. 2024 (arXiv 2312.12683)"
    said = {**recipe, "pivot": main}
    return family_of(added, budgets, tags, said, source=source, constant=True, nested=[[*budgets]])


def check_room(total: int, each: int, others: Sequence[str]) -> None:
    """Raise if languages ask for more than there is.

    Raises:
        ArgumentError: They do; the message says what would do.

    Example:
        >>> check_room(3200, 200, ["es", "ru"])
    """
    if each * len(others) > total:
        raise ArgumentError(
            f"each={each:,}: {number_of(len(others), 'language')} together ask for {each * len(others):,}, and the "
            f"total is {total:,}. Lower each= to {total // len(others):,}, or raise the total."
        )


def leave_one_out(
    languages: Sequence[str],
    total: int,
    *,
    to: str = "others",
    each: int | None = None,
    pivot: str = "en",
    **recipe: Any,
) -> Family:
    """Return a mixture of all languages with equal counts, and one without each of them in turn.

    What the one left out had goes evenly to all others (``to="others"``; every language is left out in turn), or to
    the pivot (``to="pivot"``; every other language is, each having the same count). The total stays. Members are
    ``all``, ``without-fi``, ...; from ``all`` to each of these, the one language only loses and the others only gain.

    Args:
        languages: The languages, two or more.
        total: The size of every member.
        to: Who gets what the one left out had: ``"others"`` or ``"pivot"``.
        each: How many examples each language but the pivot has, with ``to="pivot"``; an even part of the total,
            rounded down, if None.
        pivot: The language that gets it, with ``to="pivot"``.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: There are too few languages or examples, or ``each`` is given without the pivot.
        BudgetError: The list of languages makes no sense.

    Example:
        >>> family = leave_one_out(["en", "fi", "sw"], 90)
        >>> family["without-fi"].budget.for_languages(["en", "fi", "sw"])
        {'en': 45, 'fi': 0, 'sw': 45}
        >>> family = leave_one_out(["en", "fi", "sw"], 90, to="pivot")
        >>> family["without-fi"].budget.for_languages(["en", "fi", "sw"])
        {'en': 60, 'fi': 0, 'sw': 30}
    """
    tags = read_languages(languages, least=2)
    check_choice("to", to, ("others", "pivot"))
    if read_whole("total", total) < len(tags):
        raise ArgumentError(
            f"total={total:,}: {number_of(len(tags), 'language')} share it, and each needs an example. "
            f"Raise the total to {len(tags):,} or more."
        )
    if to == "others":
        if each is not None:
            raise ArgumentError("each= is what the others have beside a pivot: say to='pivot', or leave each= out.")
        main = pivot
        kept = {"all": tags} | {f"without-{one}": tuple(tag for tag in tags if tag != one) for one in tags}
        budgets = {
            name: Budget.shares(dict.fromkeys(some, Fraction(1, len(some))), total=total) for name, some in kept.items()
        }
    else:
        main = read_pivot(pivot, tags)
        others = [tag for tag in tags if tag != main]
        part = total // len(tags) if each is None else read_whole("each", each)
        check_room(total, part, others)
        kept = {"all": tuple(others)}
        kept |= {f"without-{one}": tuple(tag for tag in others if tag != one) for one in others}
        budgets = {
            name: Budget.counts(dict.fromkeys(some, part), total=total, rest=main)
            if some
            else Budget.counts({main: total})
            for name, some in kept.items()
        }
    chains = [["all", name] for name in budgets if name != "all"]
    said = {**recipe, "pivot": main}
    source = "after Kew et al. 2024 (arXiv 2312.12683), whose sets leave one language out"
    return family_of(leave_one_out, budgets, tags, said, source=source, constant=True, nested=chains)


def growing(
    languages: Sequence[str],
    *,
    totals: Sequence[int] = TOTALS,
    budget: Budget | Mapping[str, Any] | None = None,
    **recipe: Any,
) -> Family:
    """Return the same shares at growing totals: each member holds all of the smaller ones.

    It grows by whole instructions, so the members do not hold the same ones. Members are ``n40``, ``n464``, ...

    Args:
        languages: The languages.
        totals: The sizes, in any order.
        budget: What has the shares: a budget, or a mapping of languages to shares; even over all if None.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: A total is no whole number or given twice.
        BudgetError: The budget or the list of languages makes no sense.

    Example:
        >>> family = growing(["en", "fi"], totals=[10, 100], budget={"en": 0.9, "fi": 0.1})
        >>> [one.budget.for_languages(["en", "fi"]) for one in family.members.values()]
        [{'en': 9, 'fi': 1}, {'en': 90, 'fi': 10}]
    """
    tags = read_languages(languages)
    asked = read_each("totals", totals, 1)
    if broken := [size for size in asked if size.denominator != 1]:
        raise ArgumentError(f"totals: {float(broken[0]):g} is no whole number of examples.")
    sizes = sorted(map(int, asked))
    if budget is None:
        shared = Budget.uniform(sizes[-1])
    elif isinstance(budget, Budget):
        shared = budget
    else:
        shared = Budget.shares(budget, total=sizes[-1])
    budgets = {f"n{size}": shared.with_total(size) for size in sizes}
    source = "at its default sizes after Shaham et al. 2024 (arXiv 2401.01854), section 3.2"
    return family_of(growing, budgets, tags, recipe, source=source, nested=[[*budgets]])
