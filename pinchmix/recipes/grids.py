"""Grids over any languages: percentages of a pinch, temperatures, and UniMax's epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinchmix.budget import Budget
from pinchmix.errors import BudgetError
from pinchmix.family import Family
from pinchmix.recipes.parts import check_choice, family_of, label, read_each, read_languages, read_pivot

PERCENTS = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
POOLS = ("all", "others")


def pinches(
    languages: Sequence[str],
    total: int,
    *,
    percents: Sequence[Any] = PERCENTS,
    pool: str = "all",
    pivot: str = "en",
    **recipe: Any,
) -> Family:
    """Return mixtures of which P % are split evenly, and the rest is the pivot's.

    The grid of Shaham et al. 2024 (arXiv 2401.01854), section 3.2, over any languages. With P the pivot only loses and
    every other language only gains, so all members are one chain. They are ``p1``, ``p10``, ``p2.5``, ...

    Args:
        languages: The languages.
        total: The size of every member.
        percents: Each P, 0 to 100.
        pool: Who shares the P %: ``"all"``, the pivot being one of them, or ``"others"``.
        pivot: The language that gets the rest.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: A percentage is out of bounds or given twice, or the pivot is none of the languages.
        BudgetError: The total or the list of languages makes no sense.

    Example:
        >>> pinches(["en", "fi", "sw"], 100, percents=[30])["p30"].budget.for_languages(["en", "fi", "sw"])
        {'en': 80, 'fi': 10, 'sw': 10}
    """
    tags = read_languages(languages, least=2)
    main = read_pivot(pivot, tags)
    check_choice("pool", pool, POOLS)
    parts = sorted(read_each("percents", percents, 0, 100))
    budgets = {
        label("p", part): Budget.pinch(total, percent=part, pool=pool, pivot=main, languages=tags) for part in parts
    }
    source = "after Shaham et al. 2024 (arXiv 2401.01854), section 3.2"
    said = {**recipe, "pivot": main}
    return family_of(pinches, budgets, tags, said, source=source, constant=True, nested=[[*budgets]])


def temperatures(
    sizes: Mapping[str, int],
    total: int,
    *,
    alphas: Sequence[Any] = (0, 0.3, 0.5, 0.7, 1),
    **recipe: Any,
) -> Family:
    """Return mixtures in proportion to ``size ** alpha``: 0 is uniform, 1 proportional, and alpha is 1 / temperature.

    XLM-R (Conneau et al. 2020, arXiv 1911.02116) and mT5 (Xue et al. 2021, arXiv 2010.11934) use 0.3. Parallel data
    has the same size in every language, so sizes are given: those of corpora that are not parallel. Members are
    ``alpha-0``, ``alpha-0.3``, ..., a chain.

    Args:
        sizes: Language → how much there is of it, in any unit; the order breaks ties.
        total: The size of every member.
        alphas: The exponents, 0 or more.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: An exponent is negative or given twice.
        BudgetError: A size, an exponent or the total makes no sense.

    Example:
        >>> family = temperatures({"en": 900, "sw": 100}, 100, alphas=[0, 0.5, 1])
        >>> [one.budget.for_languages(["en", "sw"])["en"] for one in family.members.values()]
        [50, 75, 90]
    """
    tags = read_sized(sizes)
    powers = sorted(read_each("alphas", alphas, 0))
    budgets = {label("alpha-", one): Budget.temperature(total, alpha=one, sizes=sizes) for one in powers}
    source = "the exponent of XLM-R (arXiv 1911.02116) and mT5 (arXiv 2010.11934)"
    return family_of(temperatures, budgets, tags, recipe, source=source, constant=True, nested=[[*budgets]])


def unimax(
    sizes: Mapping[str, int],
    total: int,
    *,
    epochs: Sequence[Any] = (1, 2, 4, 8),
    **recipe: Any,
) -> Family:
    """Return mixtures as even as sizes allow, at several limits of how often a language is repeated.

    UniMax of Chung et al. 2023 (arXiv 2304.09151). Sizes are those of corpora that are not parallel, in examples: what
    a limit keeps small stays small, though the grid would have more. With the limit the languages that it binds only
    gain, and all others only lose. Members are ``epochs-1``, ``epochs-2``, ..., a chain.

    Args:
        sizes: Language → how much there is of it, in examples; the order breaks ties.
        total: The size of every member, at most the smallest limit times all sizes.
        epochs: The limits, above 0.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: A limit is given twice.
        BudgetError: A size, a limit or the total makes no sense.

    Example:
        >>> family = unimax({"en": 900, "fi": 60, "sw": 10}, 100, epochs=[1, 2])
        >>> [one.budget.for_languages(["en", "fi", "sw"])["sw"] for one in family.members.values()]
        [10, 20]
    """
    tags = read_sized(sizes)
    limits = sorted(read_each("epochs", epochs, 0))
    budgets = {label("epochs-", one): Budget.unimax(total, max_epochs=one, sizes=sizes) for one in limits}
    for budget in budgets.values():
        budget.for_languages(tags)  # whether the total can be given shows only here
    source = "Chung et al. 2023 (arXiv 2304.09151), Algorithm 1"
    return family_of(unimax, budgets, tags, recipe, source=source, constant=True, nested=[[*budgets]])


def read_sized(sizes: Any) -> tuple[str, ...]:
    """Return the languages that have a size, in the order given.

    Raises:
        ArgumentError: There are fewer than two.
        BudgetError: It is no mapping, or names a language twice.

    Example:
        >>> read_sized({"EN": 900, "sw": 100})
        ('en', 'sw')
    """
    if not isinstance(sizes, Mapping):
        raise BudgetError(f"sizes={sizes!r}: give a mapping of languages to sizes, such as {{'en': 900, 'sw': 20}}.")
    return read_languages([*sizes], least=2)
