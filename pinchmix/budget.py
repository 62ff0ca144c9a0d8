"""The budget: how much of the mixture each language gets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from pinchmix.errors import BudgetError, LanguageClash, UnknownLanguage, number_of
from pinchmix.exact.apportion import apportion
from pinchmix.language import normalise_language

REST = "*"  # all languages that are not named, together
LARGEST = 10**12  # examples; well below where 64-bit sums over languages would end


@dataclass(frozen=True)
class Budget:
    """How much of the mixture each language gets, before it is known which languages there are.

    Attributes:
        kind: ``"counts"`` or ``"shares"``.
        amounts: Language and amount, in the order given; whole numbers for counts, exact fractions for shares. The
            language ``"*"`` stands for all that are not named, together, split evenly.
        total: The size of the mixture; the sum of the counts, or what the shares are shares of.

    Example:
        >>> Budget.counts({"en": 4600, "*": 40})
        Budget.counts({'en': 4600, '*': 40})
        >>> Budget.shares({"en": 0.9, "*": 0.1}, total=1000).for_languages(["en", "fi", "sw"])
        {'en': 900, 'fi': 50, 'sw': 50}
    """

    kind: str
    amounts: tuple[tuple[str, Fraction], ...]
    total: int

    @classmethod
    def counts(cls, amounts: Mapping[str, int]) -> Budget:
        """Return a budget of whole examples by language.

        Args:
            amounts: Language tag or ``"*"`` → number of examples.

        Raises:
            BudgetError: An amount is negative or no whole number, or all are zero.
            UnknownLanguage: A key is no language tag.
            LanguageClash: Two keys are the same language.

        Example:
            >>> Budget.counts({"en": 90, "sw": 10}).total
            100
        """
        pairs = _pairs(amounts)
        for tag, amount in pairs:
            if not isinstance(amount, Integral):
                raise BudgetError(
                    f"{tag}: {amount!r} is no whole number of examples. Shares need Budget.shares(..., total=...)."
                )
            if amount < 0:
                raise BudgetError(f"{tag}: a budget cannot be negative, and this is {amount}.")
        total = sum(int(amount) for _, amount in pairs)
        if not total:
            raise BudgetError("the budget is zero for every language. Give at least one of them a positive count.")
        _check_size(total)
        return cls("counts", tuple((tag, Fraction(int(amount))) for tag, amount in pairs), total)

    @classmethod
    def shares(cls, amounts: Mapping[str, Any], *, total: int) -> Budget:
        """Return a budget of shares of a total; counts follow by Sainte-Laguë's method.

        Floats are read as the decimal fractions they are printed as, so eleven times 0.04 and 0.56 are exactly 1.

        Args:
            amounts: Language tag or ``"*"`` → share between 0 and 1.
            total: The size of the mixture, in examples.

        Raises:
            BudgetError: A share is negative, above 1 or no number, the shares do not sum to 1, or the total is no
                positive whole number.
            UnknownLanguage: A key is no language tag.
            LanguageClash: Two keys are the same language.

        Example:
            >>> Budget.shares({"en": 0.56, "*": 0.44}, total=100).total
            100
        """
        if isinstance(total, bool) or not isinstance(total, Integral) or total <= 0:
            raise BudgetError(f"total={total!r}: the total must be a positive whole number of examples.")
        _check_size(int(total))
        pairs = tuple((tag, _fraction(tag, amount)) for tag, amount in _pairs(amounts))
        mass = sum(share for _, share in pairs)
        if abs(mass - 1) > Fraction(1, 10**9):
            over = " Make some of them smaller." if mass > 1 else " Make some of them larger."
            hint = (
                over if mass > 1 or any(tag == REST for tag, _ in pairs) else " Give the rest to '*' or to a language."
            )
            raise BudgetError(f"the shares sum to {float(mass):.6g}, not 1.{hint}")
        return cls("shares", pairs, int(total))

    @classmethod
    def uniform(cls, total: int) -> Budget:
        """Return a budget that splits a total evenly over all languages.

        Example:
            >>> Budget.uniform(10).for_languages(["en", "fi", "sw"])
            {'en': 4, 'fi': 3, 'sw': 3}
        """
        return cls.shares({REST: 1}, total=total)

    @classmethod
    def of(cls, value: Budget | Mapping[str, Any], total: int | None = None) -> Budget:
        """Return the budget that a mapping stands for: whole numbers are counts, fractions are shares of a total.

        Args:
            value: A budget (returned as it is) or a mapping.
            total: The total that shares are shares of; not to be given with counts or a budget.

        Raises:
            BudgetError: Counts and shares are mixed, shares lack a total, or counts have one.

        Example:
            >>> Budget.of({"en": 0.5, "sw": 0.5}, total=10).for_languages(["en", "sw"])
            {'en': 5, 'sw': 5}
        """
        if isinstance(value, Budget):
            if total is not None:
                raise BudgetError("the budget has a total of its own; leave total= out.")
            return value
        if not isinstance(value, Mapping):
            raise BudgetError(
                f"a budget is a mapping such as {{'en': 4600, '*': 40}} or a Budget, not {type(value).__name__}."
            )
        pairs = _pairs(value)
        whole = [tag for tag, amount in pairs if isinstance(amount, Integral)]
        if len(whole) == len(pairs):
            if total is not None:
                raise BudgetError(
                    "whole numbers are counts, and their sum is the total; leave total= out "
                    "(shares are fractions, such as 0.5 or 1.0)."
                )
            return cls.counts(value)
        if whole:
            raise BudgetError(
                f"the budget mixes counts ({', '.join(whole)}) and shares "
                f"({', '.join(tag for tag, _ in pairs if tag not in whole)}). "
                "Write all as whole numbers, or all as fractions."
            )
        if total is None:
            raise BudgetError("fractions are shares, and shares need a total, such as total=4640.")
        return cls.shares(value, total=total)

    def for_languages(self, languages: Sequence[str]) -> dict[str, int]:
        """Return the count of each language, exact and summing to the total.

        Args:
            languages: The canonical tags that exist; ties in apportionment go to the first.

        Raises:
            UnknownLanguage: The budget names a language that does not exist.
            BudgetError: ``"*"`` asks for something, but no language is left unnamed.

        Example:
            >>> Budget.counts({"en": 5, "*": 3}).for_languages(["ar", "en", "sw"])
            {'ar': 2, 'en': 5, 'sw': 1}
        """
        for tag, _ in self.amounts:
            if tag != REST and tag not in languages:
                raise UnknownLanguage(tag, languages, "budget")
        counts = dict.fromkeys(languages, 0)
        # First among those named, of whom "*" is one, and only then within "*": a tenth for all others together is a
        # tenth, even where each of them alone would get less than half an example.
        seats = apportion([amount for _, amount in self.amounts], self.total).tolist()
        given = dict(zip((tag for tag, _ in self.amounts), seats, strict=True))
        rest = [language for language in languages if language not in given]
        for tag, count in given.items():
            if tag != REST:
                counts[tag] = count
            elif count and not rest:
                raise BudgetError(
                    f"'*' asks for {number_of(count, 'example')}, but the budget names every language at hand "
                    f"({', '.join(languages)}). Give it to one of them, or leave '*' out."
                )
            elif rest:
                counts.update(zip(rest, apportion([1] * len(rest), count).tolist(), strict=True))
        return counts

    def to_dict(self) -> dict[str, Any]:
        """Return the budget as plain data; shares with their order, which decides ties.

        Example:
            >>> Budget.counts({"en": 5}).to_dict()
            {'kind': 'counts', 'amounts': {'en': 5}, 'total': 5}
        """
        exact = self.kind == "counts"
        return {
            "kind": self.kind,
            "amounts": {tag: int(amount) if exact else _text(amount) for tag, amount in self.amounts},
            **({} if exact else {"order": [tag for tag, _ in self.amounts]}),
            "total": self.total,
        }

    def __repr__(self) -> str:
        amounts = ", ".join(f"{tag!r}: {_text(amount)}" for tag, amount in self.amounts)
        total = "" if self.kind == "counts" else f", total={self.total}"
        return f"Budget.{self.kind}({{{amounts}}}{total})"


def _text(amount: Fraction) -> str:
    decimal = float(amount)
    return (
        str(amount.numerator)
        if amount.denominator == 1
        else str(decimal)
        if Fraction(str(decimal)) == amount
        else str(amount)
    )


def _pairs(amounts: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    if not amounts:
        raise BudgetError("the budget is empty. Name a language and how much of it, such as {'en': 4600, '*': 40}.")
    names: dict[str, list[str]] = {}
    for tag, amount in amounts.items():
        if not isinstance(tag, str):
            raise BudgetError(f"budget: {tag!r} is no language tag but of type {type(tag).__name__}.")
        if isinstance(amount, bool) or not isinstance(amount, (Real, Decimal)):
            raise BudgetError(f"{tag}: a budget is a number, and this is {amount!r}.")
        try:
            names.setdefault(tag if tag == REST else normalise_language(tag), []).append(tag)
        except UnknownLanguage:
            raise UnknownLanguage(tag, where="budget") from None
    for language, spellings in names.items():
        if len(spellings) > 1:
            raise LanguageClash(language, spellings)
    return tuple((language, amounts[spellings[0]]) for language, spellings in names.items())


def _fraction(tag: str, amount: Any) -> Fraction:
    if isinstance(amount, Rational):
        finite = True
    else:
        finite = amount.is_finite() if isinstance(amount, Decimal) else math.isfinite(amount)
    # Floats of every width are read as they are printed.
    share = Fraction(amount if isinstance(amount, (Rational, Decimal)) else str(amount)) if finite else None
    if share is None or not 0 <= share <= 1:
        raise BudgetError(f"{tag}: a share lies between 0 and 1, and this is {amount}. Counts are whole numbers.")
    return share


def _check_size(total: int) -> None:
    if total > LARGEST:
        raise BudgetError(f"the budget asks for {total:,} examples; no more than {LARGEST:,} can be counted.")
