"""The budget: how much of the mixture each language gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from numbers import Integral
from typing import Any

from pinchmix.budget.amounts import LARGEST, read_amounts, read_pinch, read_share, read_total
from pinchmix.budget.demand import counts_of, demand_of
from pinchmix.budget.names import REST, read_names, read_rest
from pinchmix.budget.sized import Grouping, Limit, Sized, read_common
from pinchmix.budget.terms import from_plain, to_code, to_plain
from pinchmix.budget.weights import read_origin
from pinchmix.errors import BudgetError
from pinchmix.language import normalise_language
from pinchmix.text.wording import near

POOLS = ("others", "all")


@dataclass(frozen=True, repr=False)
class Budget(Sized):
    """How much of the mixture each language gets, before it is known which languages there are.

    Made by one of its constructors. All of them take:

    - ``unit``: what is counted: ``"examples"``, ``"tokens"``, ``"characters"`` or ``"bytes"``.
    - ``minimum``, ``maximum``: bounds that each language's count keeps: a whole number, or one by language (``"*"``
      for those not named). A minimum for all holds for those that claim something, a maximum for all.
    - ``groups``: name → languages. A group claims as one, and what it gets is split evenly over its languages, in
      declared order. Its name stands wherever a language may; where all languages claim, so do all groups.

    Wherever a language is named, a column made of two may be, such as ``"fi>en"`` (:mod:`pinchmix.weave`);
    ``"*"`` and kinds in which all languages claim mean plain ones, and those woven columns that groups or ``sizes``
    name.

    Whole counts follow by Sainte-Laguë's method within the bounds, ties going to the first declared: a larger total
    never takes from a language.

    Attributes:
        kind: What was asked for; see :class:`pinchmix.budget.terms.Terms` for this and the others.
        amounts: Name and exact amount of each claim, in the order given.
        total: The size of the mixture.

    Example:
        >>> Budget.counts({"en": 4600, "*": 40})
        Budget.counts({'en': 4600, '*': 40})
        >>> Budget.shares({"en": 0.9, "*": 0.1}, total=1000).for_languages(["en", "fi", "sw"])
        {'en': 900, 'fi': 50, 'sw': 50}
        >>> Budget.shares({"en": 0.5, "romance": 0.5}, total=9, groups={"romance": ["it", "es"]}, minimum={"es": 3})
        Budget.shares({'en': 0.5, 'romance': 0.5}, total=9, minimum={'es': 3}, groups={'romance': ['it', 'es']})
    """

    @classmethod
    def counts(
        cls,
        amounts: Mapping[str, int],
        *,
        total: int | None = None,
        rest: str | None = None,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> Budget:
        """Return a budget of whole counts by language.

        Args:
            amounts: Language tag, group or ``"*"`` → count.
            total: The size of the mixture, if ``rest`` gets what is left of it; else it is the sum of the counts.
            rest: The name that gets what is left of the total.
            unit: What is counted.
            minimum: Bounds from below.
            maximum: Bounds from above.
            groups: Names of several languages.

        Raises:
            BudgetError: An amount is negative or no whole number, or all are zero, or nothing is left for ``rest``.
            UnknownLanguage: A key is no language tag.
            LanguageClash: Two keys are the same language.

        Example:
            >>> Budget.counts({"sw": 40}, total=4640, rest="en")
            Budget.counts({'sw': 40, 'en': 4600})
        """
        common = read_common(unit, minimum, maximum, groups)
        pairs = read_amounts(amounts, common["groups"])
        for name, amount in pairs:
            if not isinstance(amount, Integral):
                raise BudgetError(
                    f"{name}: {amount!r} is no whole number of {unit}. Shares need Budget.shares(..., total=...)."
                )
            if amount < 0:
                raise BudgetError(f"{name}: a budget cannot be negative, and this is {amount}.")
        named = sum(int(amount) for _, amount in pairs)
        if (total is None) != (rest is None):
            raise BudgetError(
                f"the counts sum to {named:,}, and that is the total. Give total= and rest= together, and the "
                "language that rest= names gets what is left; or leave both out."
            )
        if rest is not None:
            rest, total = read_rest(rest, [name for name, _ in pairs], common["groups"]), read_total(total, unit)
            if named > total:
                raise BudgetError(
                    f"the counts sum to {named:,} {unit}, and the total is {total:,}: nothing is left for {rest} "
                    f"({named - total:,} too many).",
                    total=total,
                    named=named,
                )
            pairs, named = (*pairs, (rest, total - named)), total
        if not named:
            raise BudgetError("the budget is zero for every language. Give at least one of them a positive count.")
        exact = tuple((name, Fraction(int(amount))) for name, amount in pairs)
        return cls("counts", exact, read_total(named, unit), **common)

    @classmethod
    def shares(
        cls,
        amounts: Mapping[str, Any],
        *,
        total: int,
        rest: str | None = None,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
        origin: Mapping[str, str] | None = None,
    ) -> Budget:
        """Return a budget of shares of a total.

        Floats are read as the decimal fractions they are printed as, so eleven times 0.04 and 0.56 are exactly 1.

        Args:
            amounts: Language tag, group or ``"*"`` → share between 0 and 1.
            total: The size of the mixture.
            rest: The name that gets what the shares leave of 1.
            unit: What is counted.
            minimum: Bounds from below.
            maximum: Bounds from above.
            groups: Names of several languages.
            origin: Where the shares are from, as :meth:`from_file` notes it: file, sha256 and note.

        Raises:
            BudgetError: A share is negative, above 1 or no number, the shares do not sum to 1, or the total is no
                positive whole number.
            UnknownLanguage: A key is no language tag.
            LanguageClash: Two keys are the same language.

        Example:
            >>> Budget.shares({"sw": 0.01}, total=4640, rest="en")
            Budget.shares({'sw': 0.01, 'en': 0.99}, total=4640)
        """
        common = read_common(unit, minimum, maximum, groups)
        total = read_total(total, unit)
        pairs = tuple((name, read_share(name, share)) for name, share in read_amounts(amounts, common["groups"]))
        mass = Fraction(sum(share for _, share in pairs))
        if rest is not None:
            rest = read_rest(rest, [name for name, _ in pairs], common["groups"])
            left = max(1 - mass, Fraction(0))
            pairs, mass = (*pairs, (rest, left)), mass + left
        if abs(mass - 1) > Fraction(1, 10**9):
            hint = " Make some of them smaller." if mass > 1 else " Make some of them larger."
            if mass < 1 and REST not in dict(pairs):
                hint = " Give the rest to '*' or to a language."
            raise BudgetError(f"the shares sum to {float(mass):.6g}, not 1.{hint}")
        noted = () if origin is None else (("origin", read_origin(origin)),)
        return cls("shares", pairs, total, **common, settings=noted)

    @classmethod
    def pinch(
        cls,
        total: int,
        *,
        examples: int | None = None,
        percent: Any = None,
        pool: str = "others",
        pivot: str | None = None,
        languages: Sequence[str] | None = None,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> Budget:
        """Return a budget with a pinch of multilinguality: a small pool split evenly, and all else in the pivot.

        The construction of Shaham et al. 2024 (arXiv 2401.01854), whose sets have 4,640 examples in 12 languages: one
        of 40 examples has ``pool="others"``, those of 10, 20, ... percent have ``pool="all"``.

        Args:
            total: The size of the mixture.
            examples: The size of the pool, in the budget's unit.
            percent: The size of the pool in percent of the total, instead of ``examples``; half a unit counts as one.
            pool: Who shares it: ``"others"``, all languages but the pivot, or ``"all"``, the pivot being one of them.
            pivot: The language that gets the rest; the recipe's pivot if None.
            languages: The languages (or groups) that share the pool; all at hand if None.
            unit: What is counted.
            minimum: Bounds from below; they may make the pool larger.
            maximum: Bounds from above; they may make the pool smaller.
            groups: Names of several languages.

        Raises:
            BudgetError: Both or neither of ``examples`` and ``percent`` are given, or more than there is.
            UnknownLanguage: A name is no language tag.
            LanguageClash: Two names are the same language.

        Example:
            >>> Budget.pinch(4640, examples=40).for_languages(["en", "fi", "sw"])
            {'en': 4600, 'fi': 20, 'sw': 20}
            >>> Budget.pinch(4640, percent=10, pool="all").for_languages(["en", "fi", "sw"])
            {'en': 4331, 'fi': 155, 'sw': 154}
        """
        common = read_common(unit, minimum, maximum, groups, used=languages is None)
        total = read_total(total, unit)
        if pool not in POOLS:
            raise BudgetError(
                f"pool={pool!r}: the pinch is shared by {' or '.join(map(repr, POOLS))}.{near(str(pool), POOLS)}"
            )
        names = None if languages is None else read_names(languages, common["groups"], "languages")
        settings = {
            "share": read_pinch(total, examples, percent, unit),
            "pool": pool,
            "pivot": None if pivot is None else normalise_language(pivot),
            "languages": names,
        }
        return cls("pinch", (), total, **common, settings=tuple(settings.items()))

    @classmethod
    def uniform(
        cls,
        total: int,
        *,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> Budget:
        """Return a budget that splits a total evenly over all languages (and groups, each as one).

        Example:
            >>> Budget.uniform(10).for_languages(["en", "fi", "sw"])
            {'en': 4, 'fi': 3, 'sw': 3}
        """
        if groups:
            common = read_common(unit, minimum, maximum, groups, used=True)
            return cls("uniform", (), read_total(total, unit), **common)
        return cls.shares({REST: 1}, total=total, unit=unit, minimum=minimum, maximum=maximum)

    @classmethod
    def of(cls, value: Budget | Mapping[str, Any], total: int | None = None, unit: str = "examples") -> Budget:
        """Return the budget that a mapping stands for: whole numbers are counts, fractions are shares of a total.

        Args:
            value: A budget (returned as it is) or a mapping.
            total: The total that shares are shares of; not to be given with counts or a budget.
            unit: What a mapping's numbers count.

        Raises:
            BudgetError: Counts and shares are mixed, shares lack a total, or counts have one.

        Example:
            >>> Budget.of({"en": 0.5, "sw": 0.5}, total=10).for_languages(["en", "sw"])
            {'en': 5, 'sw': 5}
        """
        if isinstance(value, Budget):
            if total is not None:
                raise BudgetError("the budget has a total of its own; leave total= out.")
            if unit not in ("examples", value.unit):
                raise BudgetError(f"the budget has a unit of its own, {value.unit}; leave unit= out.")
            return value
        pairs = read_amounts(value, ())
        whole = [tag for tag, amount in pairs if isinstance(amount, Integral)]
        if len(whole) == len(pairs):
            if total is not None:
                raise BudgetError(
                    "whole numbers are counts, and their sum is the total; leave total= out "
                    "(shares are fractions, such as 0.5 or 1.0)."
                )
            return cls.counts(value, unit=unit)
        if whole:
            raise BudgetError(
                f"the budget mixes counts ({', '.join(whole)}) and shares "
                f"({', '.join(tag for tag, _ in pairs if tag not in whole)}). "
                "Write all as whole numbers, or all as fractions."
            )
        if total is None:
            raise BudgetError("fractions are shares, and shares need a total, such as total=4640.")
        return cls.shares(value, total=total, unit=unit)

    def for_languages(
        self,
        languages: Sequence[str],
        *,
        sizes: Mapping[str, int] | None = None,
        pivot: str = "en",
        allocator: Any = None,
    ) -> dict[str, int]:
        """Return the count of each language, exact and summing to the total.

        Args:
            languages: The canonical tags that exist; ties in apportionment go to the first.
            sizes: How much there is of each, in the budget's unit, for a budget that ``needs_sizes``.
            pivot: The language that gets the rest of a pinch, if the budget names none.
            allocator: What stands for an allocator that the budget only names.

        Returns:
            Language → count, in the order of ``languages``.

        Raises:
            UnknownLanguage: The budget names a language that does not exist.
            BudgetError: ``"*"`` asks for something, but no language is left unnamed; the bounds let no counts sum to
                the total; sizes or an allocator are missing; an allocator's weights make no sense.

        Example:
            >>> Budget.counts({"en": 5, "*": 3}).for_languages(["ar", "en", "sw"])
            {'ar': 2, 'en': 5, 'sw': 1}
        """
        return counts_of(self, languages, demand_of(self, languages, sizes, pivot, allocator))

    def totals(
        self,
        languages: Sequence[str],
        *,
        sizes: Mapping[str, int] | None = None,
        pivot: str = "en",
        allocator: Any = None,
    ) -> tuple[int, int]:
        """Return the smallest and the largest total that the bounds allow at the same shares.

        The arguments and errors are those of :meth:`for_languages`. Between the two, ``with_total`` has counts.

        Example:
            >>> Budget.uniform(10, minimum=2, maximum=9).totals(["en", "fi", "sw"])
            (6, 27)
        """
        claims, limits, _ = demand_of(self, languages, sizes, pivot, allocator)
        return sum(map(limits.least, claims)), min(sum(map(limits.most, claims)), LARGEST)

    def with_total(self, total: int) -> Budget:
        """Return the same shares of another total; the bounds stay as they are.

        Counts become shares, and an allocator's weights stay those of the first total. Of two totals, the larger never
        gives a language less.

        Raises:
            BudgetError: The total is no positive whole number.

        Example:
            >>> Budget.counts({"en": 4600, "*": 40}).with_total(464).for_languages(["en", "fi", "sw"])
            {'en': 460, 'fi': 2, 'sw': 2}
        """
        total = read_total(total, self.unit)
        if total == self.total:
            return self
        if self.kind == "counts":
            shares = tuple((name, amount / self.total) for name, amount in self.amounts)
            return replace(self, kind="shares", amounts=shares, total=total)
        if self.kind == "allocated":
            at = ("weighed_at", self.setting("weighed_at") or self.total)
            settings = tuple(pair for pair in self.settings if pair[0] != "weighed_at")
            return replace(self, total=total, settings=settings if at[1] == total else (*settings, at))
        return replace(self, total=total)

    def to_dict(self) -> dict[str, Any]:
        """Return the budget as plain data: fractions as text, and the order of shares, which decides ties.

        An allocator is named, not held: its name, version and ``repr``.

        Example:
            >>> Budget.counts({"en": 5}).to_dict()
            {'kind': 'counts', 'amounts': {'en': 5}, 'total': 5}
        """
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Budget:
        """Return the budget of plain data: the inverse of :meth:`to_dict`.

        An allocator that was a name is that name again; of any other only the record is left, and ``for_languages``
        must be given what it stands for.

        Raises:
            BudgetError: A key is unknown or missing, or what it holds makes no budget.
            UnknownLanguage: A name is no language tag.

        Example:
            >>> Budget.from_dict({"kind": "counts", "amounts": {"en": 5}, "total": 5})
            Budget.counts({'en': 5})
        """
        said = from_plain(data)
        total = said.get("total")
        if "weighed_at" in said:
            said["total"] = said.pop("weighed_at")
        made: Budget = getattr(cls, said.pop("kind"))(**said)
        return made if total is None else made.with_total(total)

    def __repr__(self) -> str:
        return to_code(self)
