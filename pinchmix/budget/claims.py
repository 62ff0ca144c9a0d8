"""Claims: which languages the names of a budget stand for, and whole counts from what they claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from pinchmix.budget.amounts import LARGEST, Bounds
from pinchmix.budget.names import REST, Groups
from pinchmix.errors import BudgetError, UnknownLanguage
from pinchmix.exact.apportion import apportion
from pinchmix.text.wording import listing, number_of


@dataclass(frozen=True)
class Claim:
    """What one name claims beside others.

    Attributes:
        name: A language, a group, ``"*"`` or ``"pinch"``.
        weight: The part that it claims, in any unit.
        parts: Who shares what it gets; None for a language, which keeps it.
    """

    name: str
    weight: Fraction
    parts: tuple[Claim, ...] | None = None

    def languages(self) -> Iterator[str]:
        """Yield the languages that it stands for.

        Example:
            >>> list(claim_of("romance", 1, (("romance", ("it", "es")),), []).languages())
            ['it', 'es']
        """
        if self.parts is None:
            yield self.name
        for part in self.parts or ():
            yield from part.languages()


class Limits(NamedTuple):
    """The least and the most that each language may get, by language, and their unit."""

    low: Mapping[str, int]
    high: Mapping[str, int]
    unit: str = "examples"

    def amount(self, count: int) -> str:
        """Return a count with its unit."""
        return number_of(count, self.unit.removesuffix("s"))

    def least(self, claim: Claim) -> int:
        """Return the least that a claim gets."""
        return sum(self.low[language] for language in claim.languages())

    def most(self, claim: Claim) -> int:
        """Return the most that a claim can get; who claims nothing gets the least."""
        if not claim.weight:
            return self.least(claim)
        if claim.parts is None:
            return self.high[claim.name]
        # What "*" asks where it stands for nobody is refused by settle(), in better words than a bound's.
        return min(sum(self.most(part) for part in claim.parts), LARGEST) if claim.parts else LARGEST


def claim_of(name: str, weight: Fraction | int, groups: Groups, rest: Sequence[str]) -> Claim:
    """Return the claim of a language, a group, or ``"*"``, which stands for ``rest``.

    Example:
        >>> [part.name for part in claim_of("*", 1, (), ["fi", "sw"]).parts]
        ['fi', 'sw']
    """
    members = rest if name == REST else dict(groups).get(name)
    parts = None if members is None else tuple(Claim(member, Fraction(1)) for member in members)
    return Claim(name, Fraction(weight), parts)


def claimants(languages: Sequence[str], groups: Groups) -> dict[str, tuple[str, ...]]:
    """Return who claims when all languages do, each group as one, in the place of its first member.

    Example:
        >>> claimants(["en", "es", "fi", "it"], (("romance", ("it", "es")),))
        {'en': ('en',), 'romance': ('it', 'es'), 'fi': ('fi',)}
    """
    group_of = {member: name for name, members in groups for member in members}
    found = {group_of.get(language, language): (language,) for language in languages}
    return {name: dict(groups).get(name, members) for name, members in found.items()}


def check_known(names: Sequence[str], languages: Sequence[str], where: str) -> None:
    """Raise if a name is no language at hand.

    Raises:
        UnknownLanguage: One is not; the error carries the languages at hand.

    Example:
        >>> check_known(["en"], ["en", "fi"], "budget")
    """
    for name in names:
        if name not in languages:
            raise UnknownLanguage(name, languages, where)


def limits_of(
    languages: Sequence[str],
    claims: Sequence[Claim],
    minimum: Bounds,
    maximum: Bounds,
    capacities: Mapping[str, int] | None = None,
    unit: str = "examples",
) -> Limits:
    """Return the bounds of each language.

    A bound for every language, or for ``"*"``, is a minimum of those that claim something, and a maximum of all.

    Args:
        languages: All languages at hand.
        claims: What is claimed.
        minimum: As in a budget.
        maximum: As in a budget.
        capacities: What there is of each language, where that is a bound as well.
        unit: The unit of all of these.

    Raises:
        UnknownLanguage: A bound names a language that is not at hand.
        BudgetError: A minimum is above what is possible.

    Example:
        >>> limits_of(["en", "fi"], [claim_of("en", 1, (), [])], 2, None).low
        {'en': 2, 'fi': 0}
    """
    for name, bounds in (("minimum", minimum), ("maximum", maximum)):
        if isinstance(bounds, tuple):
            check_known([tag for tag, _ in bounds if tag != REST], languages, name)
    there = dict.fromkeys(languages, LARGEST) if capacities is None else capacities
    # A minimum for all asks nothing of a language of which there is nothing.
    claiming = {name for claim in claims if claim.weight for name in claim.languages() if there[name]}
    low = {
        language: bound_of(minimum, language, 0) if language in claiming else dict(_named(minimum)).get(language, 0)
        for language in languages
    }
    high = {language: bound_of(maximum, language, LARGEST) for language in languages}
    for language, least in low.items():
        if least > high[language]:
            raise BudgetError(
                f"{language}: the minimum is {least:,} and the maximum is {high[language]:,}. Change one of them.",
                minimum=least,
                maximum=high[language],
            )
        if least > there[language]:
            raise BudgetError(
                f"{language}: the minimum is {least:,}, and no more than {there[language]:,} is possible: its size "
                "times max_epochs. Lower the minimum, or raise max_epochs.",
                minimum=least,
                capacity=there[language],
            )
        high[language] = min(high[language], there[language])
    return Limits(low, high, unit)


def bound_of(bounds: Bounds, language: str, otherwise: int) -> int:
    """Return the bound of a language, if it has one.

    Example:
        >>> bound_of((("*", 5), ("en", 9)), "fi", 0), bound_of(None, "fi", 0)
        (5, 0)
    """
    if isinstance(bounds, int):
        return bounds
    named = dict(_named(bounds))
    return named.get(language, named.get(REST, otherwise))


def _named(bounds: Bounds) -> tuple[tuple[str, int], ...]:
    return bounds if isinstance(bounds, tuple) else ()


def check_total(claims: Sequence[Claim], total: int, limits: Limits, epochs: Fraction | None = None) -> None:
    """Raise if no counts within the limits sum to a total.

    Args:
        claims: What is claimed.
        total: What is to be given.
        limits: The bounds of each language.
        epochs: How often a language may be repeated, if its size is a bound; for the message.

    Raises:
        BudgetError: None do; ``figures`` holds the total and the nearest possible one.

    Example:
        >>> check_total([claim_of("en", 1, (), [])], 10, Limits({"en": 0}, {"en": 10}))
    """
    least, most = (sum(bound(claim) for claim in claims) for bound in (limits.least, limits.most))
    if total < least:
        raise BudgetError(
            f"the minima sum to {limits.amount(least)} ({_figures(limits.low)}), and the total is {total:,}. "
            f"Lower the minima, or raise the total to {least:,}.",
            total=total,
            smallest=least,
        )
    if total > most:
        claiming = [language for claim in claims if claim.weight for language in claim.languages()]
        why = "under the maxima" if epochs is None else f"at max_epochs={float(epochs):g}"
        way = "Raise the maxima" if epochs is None else "Raise max_epochs"
        raise BudgetError(
            f"the total is {limits.amount(total)}, and no more than {most:,} are possible {why} "
            f"({_figures({language: limits.high[language] for language in claiming})}). "
            f"{way}, or lower the total to {most:,}.",
            total=total,
            largest=most,
        )


def _figures(bounds: Mapping[str, int]) -> str:
    pairs = [f"{language} {bound:,}" for language, bound in bounds.items() if 0 < bound < LARGEST]
    return listing(pairs) or "none of any"


def check_counts(claims: Sequence[Claim], limits: Limits) -> None:
    """Raise if claims that are counts are not within the limits.

    Raises:
        BudgetError: A count is not; ``figures`` holds it and the bound.

    Example:
        >>> check_counts([claim_of("en", 5, (), [])], Limits({"en": 5}, {"en": 9}))
    """
    for claim in claims:
        count, least, most = int(claim.weight), limits.least(claim), limits.most(claim)
        for broken, bound, name, plural in (
            (count < least, least, "minimum", "minima"),
            (count > most, most, "maximum", "maxima"),
        ):
            if broken:
                one = claim.parts is None
                bounded = f"its {name} is" if one else f"the {plural} of its {len(claim.parts or ())} languages sum to"
                raise BudgetError(
                    f"{claim.name}: the count is {count:,}, and {bounded} {bound:,}. Change one of them.",
                    count=count,
                    bound=bound,
                )


def settle(claims: Sequence[Claim], total: int, limits: Limits) -> dict[str, int]:
    """Return the count of each language that claims something, summing to the total.

    First among the claims, and only then within each: a tenth for all others together is a tenth, even where each of
    them alone would get less than half an example.

    Args:
        claims: What is claimed; a tie goes to the first.
        total: What is to be given; :func:`check_total` must let it pass.
        limits: The bounds of each language.

    Raises:
        BudgetError: ``"*"`` asks for something and stands for nobody.

    Example:
        >>> claims = [claim_of("en", 9, (), []), claim_of("*", 1, (), ["fi", "sw"])]
        >>> settle(claims, 100, limits_of(["en", "fi", "sw"], claims, None, None))
        {'en': 90, 'fi': 5, 'sw': 5}
    """
    low, high = [limits.least(claim) for claim in claims], [limits.most(claim) for claim in claims]
    seats = apportion([claim.weight for claim in claims], total, low, high).tolist()
    counts: dict[str, int] = {}
    for claim, count in zip(claims, seats, strict=True):
        if claim.parts is None:
            counts[claim.name] = count
        elif claim.parts:
            counts.update(settle(claim.parts, count, limits))
        elif count:
            raise BudgetError(
                f"'*' asks for {limits.amount(count)}, but the budget names every language at hand "
                f"({', '.join(limits.high)}). Give it to one of them, or leave '*' out.",
                count=count,
            )
    return counts


def settle_pinch(pool: Claim, pivot: Claim, asked: int, total: int, limits: Limits) -> dict[str, int]:
    """Return the counts of a pinch: what was asked for the pool, or the nearest that the limits allow.

    Args:
        pool: Who shares the pinch, without the pivot.
        pivot: Who gets the rest.
        asked: How much the pool is to get.
        total: What is to be given; :func:`check_total` must let it pass.
        limits: The bounds of each language.

    Example:
        >>> pool, pivot = claim_of("*", 1, (), ["fi", "sw"]), claim_of("en", 9, (), [])
        >>> settle_pinch(pool, pivot, 3, 100, limits_of(["en", "fi", "sw"], [pool, pivot], (("sw", 2),), None))
        {'fi': 1, 'sw': 2, 'en': 97}
    """
    lowest = max(limits.least(pool), total - limits.most(pivot))
    highest = min(limits.most(pool), total - limits.least(pivot))
    given = min(max(asked, lowest), highest)
    return {**settle(pool.parts or (), given, limits), pivot.name: total - given}
