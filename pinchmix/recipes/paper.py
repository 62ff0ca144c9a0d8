"""The mixtures of "Multilingual Instruction Tuning With Just a Pinch of Multilinguality" (arXiv 2401.01854)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from pinchmix.budget import Budget
from pinchmix.budget.amounts import read_total
from pinchmix.errors import ArgumentError
from pinchmix.family import Family
from pinchmix.recipes import ladders
from pinchmix.recipes.grids import PERCENTS
from pinchmix.recipes.parts import (
    check_choice,
    check_named,
    family_of,
    label,
    name_of,
    read_each,
    read_languages,
    read_lists,
    read_pivot,
    read_whole,
    shuffled,
)
from pinchmix.text.wording import listing, number_of

# The paper's order: that of the languages' English names.
LANGUAGES = ("ar", "zh", "cs", "en", "et", "fi", "he", "hi", "it", "ru", "es", "sw")
SIX = ("ar", "en", "fi", "it", "ru", "sw")
TOTAL = 4640
FEW = 40  # the examples of P = 1
ORDERS = 3
READINGS = ("paper", "all", "others")
CITATION = "Shaham et al. 2024 (arXiv 2401.01854)"


def monolingual(languages: Sequence[str] = LANGUAGES, *, total: int = TOTAL, **recipe: Any) -> Family:
    """Return a mixture of each language alone; section 3.1.

    The same instructions in every language. They are also the baselines of the paper's scores. Members are named by
    their language.

    Args:
        languages: The languages.
        total: The size of every member.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        BudgetError: The total or the list of languages makes no sense.

    Example:
        >>> monolingual()["fi"].budget
        Budget.counts({'fi': 4640})
    """
    tags = read_languages(languages)
    budgets = {tag: Budget.counts({tag: total}) for tag in tags}
    return family_of(monolingual, budgets, tags, recipe, source=f"{CITATION}, section 3.1", constant=True)


def pinch(
    languages: Sequence[str] = LANGUAGES,
    *,
    total: int = TOTAL,
    percents: Sequence[Any] = PERCENTS,
    few: int | None = FEW,
    pool: str = "paper",
    pivot: str = "en",
    **recipe: Any,
) -> Family:
    """Return mixtures of which P % are multilingual and the rest is the pivot's; section 3.2, and 3.3 with ``SIX``.

    For P of 10 and more the P % are split evenly among all languages, the pivot being one of them. P = 1 is 40
    examples over all others. Both are explicit here. With the size of what is multilingual the pivot only loses and
    every other language only gains: all members are one chain. Members are ``p1``, ``p10``, ...

    Args:
        languages: The languages: the twelve, or ``SIX``, or any others.
        total: The size of every member.
        percents: Each P, 0 to 100.
        few: The examples of P = 1; None for exactly 1 % of the total, 46.4 of the paper's.
        pool: Who shares the P %: ``"paper"``, the others for P = 1 and all for any other P; ``"all"``; ``"others"``.
        pivot: The language that gets the rest.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: A percentage is out of bounds or given twice, or the pivot is none of the languages.
        BudgetError: The total, or the list of languages, or the size of P = 1 makes no sense.

    Example:
        >>> pinch()["p1"].budget.for_languages(LANGUAGES)["en"], pinch(SIX)["p1"].budget.for_languages(SIX)
        (4600, {'ar': 8, 'en': 4600, 'fi': 8, 'it': 8, 'ru': 8, 'sw': 8})
        >>> pinch(SIX, percents=[10], pool="others")["p10"].budget.for_languages(SIX)["en"]
        4176
    """
    tags, total = read_languages(languages, least=2), read_total(total, "examples")
    main = read_pivot(pivot, tags)
    check_choice("pool", pool, READINGS)
    parts = read_each("percents", percents, 0, 100)
    if 1 in parts and few is not None and read_whole("few", few, least=0) > total:
        raise ArgumentError(
            f"few={few:,}: P = 1 is {number_of(few, 'example')}, and the total is {total:,}. Lower few=, or give "
            "few=None for exactly 1 %."
        )
    budgets = {}
    for part in parts:
        shared_by = pool if pool != "paper" else "others" if part == 1 else "all"
        size: dict[str, Any] = {"percent": part} if part != 1 or few is None else {"examples": few}
        budgets[label("p", part)] = Budget.pinch(total, **size, pool=shared_by, pivot=main, languages=tags)
    # At other totals than the paper's, P = 1 may be larger than P = 10.
    chain = sorted(budgets, key=lambda name: -budgets[name].for_languages(tags)[main])
    section = "3.3" if tags == SIX else "3.2"
    return family_of(
        pinch,
        budgets,
        tags,
        {**recipe, "pivot": main},
        source=f"{CITATION}, section {section}",
        constant=True,
        nested=[chain],
    )


def ladder(
    languages: Sequence[str] = SIX,
    *,
    total: int = TOTAL,
    orders: int | Sequence[Sequence[str]] = ORDERS,
    draw: int = 0,
    **recipe: Any,
) -> Family:
    """Return mixtures of 1 to 6 languages that share the total evenly, in three orders of adding; section 3.4.

    The paper's three orders stand in its appendix (Table 4) and are not bundled: those drawn here are ours. To have
    the paper's, give them as ``orders``. Members are ``order1-ml1``, ..., ``order3-ml6``, a chain an order.

    Args:
        languages: The languages.
        total: The size of every member.
        orders: The orders, each naming all languages; or how many to draw.
        draw: What keys the orders that are drawn; the seed of the recipes is another.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: The total is too small, an order lacks a language, or there are not so many orders.
        BudgetError: A list of languages or the total makes no sense.

    Example:
        >>> family = ladder()
        >>> len(family), sorted(family["order2-ml6"].budget.for_languages(SIX).values())
        (18, [773, 773, 773, 773, 774, 774])
    """
    check_named(ladder, recipe)
    made = ladders.even(languages, total, orders=orders, draw=draw, **recipe)
    return replace(made, name=name_of(ladder), source=f"{CITATION}, section 3.4")


def bilingual(
    languages: Sequence[str] = LANGUAGES,
    *,
    total: int = TOTAL,
    pairs: Sequence[Sequence[str]] | None = None,
    draw: int = 0,
    **recipe: Any,
) -> Family:
    """Return the languages paired at random, each pair sharing the total by halves; section 3.4.

    The paper's pairs are drawn too, and those drawn here are ours; to have others, give them as ``pairs``. Members
    are named by their languages, such as ``en-es``.

    Args:
        languages: The languages, an even number of them.
        total: The size of every member.
        pairs: The pairs; drawn if None.
        draw: What keys the pairs that are drawn; the seed of the recipes is another.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: The number of languages is odd, or a pair is none, or has a language that others have not.
        BudgetError: The total or a list of languages makes no sense.

    Example:
        >>> [*bilingual(["en", "es"])], bilingual(["en", "es"])["en-es"].budget.for_languages(["en", "es"])
        (['en-es'], {'en': 2320, 'es': 2320})
    """
    tags = read_languages(languages, least=2)
    if pairs is None:
        if len(tags) % 2:
            raise ArgumentError(
                f"languages: {number_of(len(tags), 'language')} cannot be split to pairs. "
                "Leave one out, or add one, or give pairs=."
            )
        mixed = shuffled(tags, draw, "pairs")
        chosen = [tuple(sorted(mixed[place : place + 2], key=tags.index)) for place in range(0, len(mixed), 2)]
        chosen.sort(key=lambda pair: tags.index(pair[0]))
    else:
        chosen = [_read_pair(pair, tags) for pair in read_lists("pairs", pairs)]
    if len(set(map(frozenset, chosen))) < len(chosen):
        raise ArgumentError(f"pairs={pairs!r}: give each pair once.")
    budgets = {"-".join(pair): Budget.shares(dict.fromkeys(pair, Fraction(1, 2)), total=total) for pair in chosen}
    return family_of(bilingual, budgets, tags, recipe, source=f"{CITATION}, section 3.4", constant=True)


def _read_pair(pair: Any, languages: Sequence[str]) -> tuple[str, ...]:
    found = read_languages(pair)
    if len(found) != 2:
        raise ArgumentError(f"pairs: {pair!r} is no pair of languages.")
    if strange := [tag for tag in found if tag not in languages]:
        raise ArgumentError(f"pairs: {strange[0]!r} is none of the languages ({listing(languages, 40)}).")
    return found


def everything(
    languages: Sequence[str] = LANGUAGES,
    *,
    some: Sequence[str] = SIX,
    total: int = TOTAL,
    few: int | None = FEW,
    pool: str = "paper",
    orders: int | Sequence[Sequence[str]] = ORDERS,
    pairs: Sequence[Sequence[str]] | None = None,
    draw: int = 0,
    pivot: str = "en",
    **recipe: Any,
) -> Family:
    """Return all mixtures of the paper as one family: 58 of them, of the same instructions.

    Members are named by their family and their name in it: ``monolingual-fi``, ``pinch12-p1``, ``pinch6-p100``,
    ``ladder-order1-ml3``, ``bilingual-en-es``. The pivot alone begins both chains of the pinch.

    Args:
        languages: The languages.
        some: Those of them that the second pinch and the ladder have.
        total: The size of every member.
        few: The examples of P = 1; None for exactly 1 %.
        pool: Who shares the P %, as in :func:`pinch`.
        orders: The orders of the ladder, as in :func:`ladder`.
        pairs: The pairs, as in :func:`bilingual`.
        draw: What keys orders and pairs that are drawn.
        pivot: The language that gets the rest of a pinch.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: One of the families refuses, or some of the languages are none of them.
        BudgetError: The total or a list of languages makes no sense.

    Example:
        >>> everything()
        Family('paper.everything', 58 members, constant, nested)
    """
    check_named(everything, recipe)
    tags, fewer = read_languages(languages, least=2), read_languages(some, least=2)
    main = read_pivot(pivot, tags)
    if strange := [tag for tag in fewer if tag not in tags]:
        raise ArgumentError(f"some: {strange[0]!r} is none of the languages ({listing(tags, 40)}).")
    common = {"total": total, **recipe}
    small: dict[str, Any] = {"few": few, "pool": pool, "pivot": main}
    wide, narrow = f"pinch{len(tags)}", f"pinch{len(fewer)}"
    if wide == narrow:
        raise ArgumentError(f"some: {listing(fewer, 40)} are as many as the languages; give fewer.")
    families = {
        "monolingual": monolingual(tags, **common),
        wide: pinch(tags, **small, **common),
        narrow: pinch(fewer, **small, **common),
        "ladder": ladder(fewer, orders=orders, draw=draw, **common),
        "bilingual": bilingual(tags, pairs=pairs, draw=draw, **common),
    }
    members = {
        f"{family}-{name}": replace(member, languages=tags, pivot=main)
        for family, one in families.items()
        for name, member in one.members.items()
    }
    alone = [f"monolingual-{main}"]
    chains = [
        [*(alone if family in (wide, narrow) else []), *(f"{family}-{name}" for name in chain)]
        for family, one in families.items()
        for chain in one.nested
    ]
    return Family(name_of(everything), members, constant=True, nested=tuple(map(tuple, chains)), source=CITATION)
