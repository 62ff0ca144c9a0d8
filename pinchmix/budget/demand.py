"""Demand: what the terms of a budget ask of the languages at hand, and the counts that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from pinchmix.budget.amounts import read_weights
from pinchmix.budget.claims import (
    Claim,
    Limits,
    check_counts,
    check_known,
    check_total,
    claim_of,
    claimants,
    limits_of,
    settle,
    settle_pinch,
)
from pinchmix.budget.names import REST, Groups
from pinchmix.budget.terms import Recorded, Terms, name_of
from pinchmix.errors import BudgetError
from pinchmix.exact.allocate import powers
from pinchmix.exact.apportion import apportion
from pinchmix.text.wording import listing


class Demand(NamedTuple):
    """What terms ask of the languages at hand.

    Attributes:
        claims: Who claims what; of a pinch, the pool and the pivot.
        limits: The bounds of each language.
        pinched: How much the pool of a pinch is to get without the pivot; None for other kinds.
    """

    claims: tuple[Claim, ...]
    limits: Limits
    pinched: int | None = None


def demand_of(
    terms: Terms, languages: Sequence[str], sizes: Mapping[str, int] | None, pivot: str, allocator: Any
) -> Demand:
    """Return what terms ask of the languages at hand.

    Args:
        terms: What the budget says.
        languages: The languages at hand; their order breaks ties.
        sizes: How much there is of each, if the terms hold no sizes of their own.
        pivot: The pivot, if the terms name none.
        allocator: What stands for an allocator that is only named.

    Raises:
        BudgetError: Sizes or an allocator are missing, or an allocator's weights make no sense, or bounds contradict.
        UnknownLanguage: A language is named that is not at hand.

    Example:
        >>> demand_of(Terms("uniform", (), 9), ["en", "fi"], None, "en", None).claims[1].name
        'fi'
    """
    used = [name for name, _ in terms.amounts] or terms.setting("languages") or [name for name, _ in terms.groups]
    for name, members in terms.groups:
        if name in used:
            check_known(members, languages, f"group {name!r}")
    pinched, capacities = None, None
    claims: tuple[Claim, ...]
    if terms.kind == "pinch":
        claims, pinched = _pinch(terms, languages, terms.setting("pivot") or pivot)
    elif terms.amounts:
        named = [name for name, _ in terms.amounts if name != REST and name not in dict(terms.groups)]
        check_known(named, languages, "budget")
        claims = _named(terms.amounts, terms.groups, languages)
    else:
        there = _sizes(terms, languages, sizes) if terms.kind != "uniform" else {}
        if terms.kind == "unimax":
            epochs = terms.setting("max_epochs")
            capacities = {language: int(size * epochs) for language, size in there.items()}
        claims = _everyone(terms, languages, there, allocator)
    limits = limits_of(languages, claims, terms.minimum, terms.maximum, capacities, terms.unit)
    claiming = {language for claim in claims for language in claim.languages()}
    idle = tuple(Claim(language, Fraction(0)) for language in languages if language not in claiming)
    return Demand((*claims, *idle), limits, pinched)


def counts_of(terms: Terms, languages: Sequence[str], demand: Demand) -> dict[str, int]:
    """Return the count of each language under a demand, summing to the total.

    Raises:
        BudgetError: The bounds do not let any counts sum to the total, or ``"*"`` asks for something and stands for
            nobody.

    Example:
        >>> terms = Terms("uniform", (), 9)
        >>> counts_of(terms, ["en", "fi"], demand_of(terms, ["en", "fi"], None, "en", None))
        {'en': 5, 'fi': 4}
    """
    claims, limits, pinched = demand
    check_total(claims, terms.total, limits, terms.setting("max_epochs"))
    if terms.kind == "counts":
        check_counts(claims, limits)
    if pinched is None:
        counts = settle(claims, terms.total, limits)
    else:
        idle = {claim.name: limits.least(claim) for claim in claims[2:]}
        counts = idle | settle_pinch(claims[0], claims[1], pinched, terms.total - sum(idle.values()), limits)
    return {language: counts[language] for language in languages}


def _named(amounts: Sequence[tuple[str, Fraction]], groups: Groups, languages: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims of the names of a budget, ``"*"`` standing for the languages that no other one stands for."""
    named = {tag for name, _ in amounts for tag in dict(groups).get(name, (name,))}
    rest = [language for language in languages if language not in named]
    return tuple(claim_of(name, amount, groups, rest) for name, amount in amounts)


def _pinch(terms: Terms, languages: Sequence[str], pivot: str) -> tuple[tuple[Claim, Claim], int]:
    """Return the claims of the pool and of the pivot, and how much of the pinch goes to others than the pivot."""
    if pivot not in languages:
        way = f" Name one of them in the budget: Budget.pinch(..., pivot={languages[0]!r})." if languages else ""
        raise BudgetError(
            f"the pivot {pivot!r} gets the rest of a pinch, and it is not among the languages at hand "
            f"({listing(languages, 40)}).{way}"
        )
    share: Fraction = terms.setting("share")
    chosen = terms.setting("languages")
    names = [*chosen] if chosen else [*claimants(languages, terms.groups)]
    if group := [name for name in names if pivot in dict(terms.groups).get(name, ())]:
        raise BudgetError(f"the pivot {pivot!r} is in the group {group[0]!r}. Take it out; the pivot claims by itself.")
    check_known([name for name in names if name not in dict(terms.groups)], languages, "pinch")
    others = [name for name in names if name != pivot]
    if share and not others and terms.setting("pool") == "others":
        raise BudgetError(f"there is no language but the pivot {pivot!r} at hand to share the pinch.")
    seats = int(apportion([share, 1 - share], terms.total)[0])
    if terms.setting("pool") == "all":
        pool = names if pivot in names else [pivot, *names]
        seats -= int(apportion([1] * len(pool), seats)[pool.index(pivot)])
        share *= Fraction(len(others), len(pool))
    parts = tuple(claim_of(name, 1, terms.groups, ()) for name in others)
    return (Claim("pinch", share, parts), Claim(pivot, 1 - share)), seats


def _sizes(terms: Terms, languages: Sequence[str], sizes: Mapping[str, int] | None) -> dict[str, int]:
    """Return the size of each language at hand: those of the budget, else those of the grid."""
    own = terms.setting("sizes")
    if own is None and sizes is None:
        raise BudgetError(f"a {terms.kind} budget follows sizes; give sizes= to the budget, or with the languages.")
    known = dict(own) if own is not None else dict(sizes or {})
    if missing := [language for language in languages if language not in known]:
        raise BudgetError(
            f"sizes: none is given for {listing(missing, 40)}. Add what is missing (0 for nothing), or choose "
            f"languages= among those that have one: {listing([*known], 40)}."
        )
    there = {language: int(known[language]) for language in languages}
    if not any(there.values()):
        raise BudgetError(f"the sizes are zero for every language at hand ({listing(languages, 40)}).")
    return there


def _everyone(terms: Terms, languages: Sequence[str], sizes: Mapping[str, int], allocator: Any) -> tuple[Claim, ...]:
    """Return the claims of all languages at hand, each group as one."""
    who = claimants(languages, terms.groups)
    held = {name: sum(sizes.get(member, 0) for member in members) for name, members in who.items()}
    weights: Sequence[Fraction | int] = [1] * len(who)
    if terms.kind == "proportional":
        weights = [*held.values()]
    elif terms.kind == "temperature":
        weights = powers(tuple(held.values()), terms.setting("alpha"))
    elif terms.kind == "allocated":
        weights = _allocated(terms, held, allocator)
    return tuple(claim_of(name, weight, terms.groups, ()) for name, weight in zip(who, weights, strict=True))


def _allocated(terms: Terms, sizes: dict[str, int], allocator: Any) -> list[Fraction]:
    said = terms.setting("allocator")
    run = said if allocator is None else allocator
    if isinstance(run, (str, Recorded)):
        raise BudgetError(f"the allocator {name_of(run)} is only named here; give what it stands for: allocator=...")
    total = terms.setting("weighed_at") or terms.total
    weights = run.allocate(dict(sizes), total) if hasattr(run, "allocate") else run(dict(sizes), total)
    return read_weights(name_of(said), weights, [*sizes])
