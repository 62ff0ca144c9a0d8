"""Budgets that follow sizes: proportional, temperature, UniMax, and whatever an allocator says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pinchmix.budget.amounts import read_bounds, read_number, read_sizes, read_total, read_unit
from pinchmix.budget.names import read_groups
from pinchmix.budget.terms import Recorded, Terms
from pinchmix.budget.weights import read_weights_file
from pinchmix.errors import ArgumentError, BudgetError

Limit = int | Mapping[str, int] | None
Grouping = Mapping[str, Sequence[str]] | None
Allocation = Callable[[Mapping[str, int], int], Mapping[str, Any]]
T = TypeVar("T", bound="Sized")

LARGEST_ALPHA = 100  # beyond any use, and before weights take long


def read_common(unit: str, minimum: Limit, maximum: Limit, groups: Grouping, *, used: bool = False) -> dict[str, Any]:
    """Return what all budgets take, as fields of the terms.

    Args:
        unit: What is counted.
        minimum: Bounds from below.
        maximum: Bounds from above.
        groups: Names of several languages.
        used: Whether all groups are in use, so that none may share a language with another.

    Raises:
        BudgetError: One of them makes no sense.
        UnknownLanguage: A name is no language tag.
        LanguageClash: Two names are the same language.

    Example:
        >>> read_common("tokens", 5, None, None)["minimum"]
        5
    """
    unit, made = read_unit(unit), read_groups(groups, used)
    bounds = {name: read_bounds(name, said, made, unit) for name, said in (("minimum", minimum), ("maximum", maximum))}
    return {"unit": unit, **bounds, "groups": made}


class Sized(Terms):
    """The constructors of :class:`pinchmix.Budget` that follow sizes: how much there is of each language.

    Sizes come from the grid unless ``sizes=`` gives them. That matters: parallel data has about as much in every
    language, so sizes from the grid make all of these nearly uniform. Recipes of this kind mean the sizes of corpora
    that are not parallel (the languages' share of the web, of a pre-training set), and these must be given. They are
    whole numbers in any unit; only UniMax, which repeats data, needs the budget's own.
    """

    @property
    def needs_sizes(self) -> bool:
        """Whether ``for_languages`` must be given the sizes of the grid.

        Example:
            >>> from pinchmix import Budget
            >>> Budget.proportional(10).needs_sizes, Budget.proportional(10, sizes={"en": 1}).needs_sizes
            (True, False)
        """
        return self.kind in ("proportional", "temperature", "unimax", "allocated") and self.setting("sizes") is None

    @classmethod
    def proportional(
        cls: type[T],
        total: int,
        sizes: Mapping[str, int] | None = None,
        *,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> T:
        """Return a budget in proportion to sizes; on parallel data those of the grid are equal, so give others.

        Args:
            total: The size of the mixture.
            sizes: Language → how much there is of it; the grid's if None. A group's size is the sum of its languages'.
            unit: What is counted.
            minimum: Bounds from below.
            maximum: Bounds from above.
            groups: Languages that claim as one.

        Raises:
            BudgetError: A size is no whole number, or negative, or all are zero.

        Example:
            >>> from pinchmix import Budget
            >>> Budget.proportional(10, {"en": 700, "sw": 300}).for_languages(["en", "sw"])
            {'en': 7, 'sw': 3}
        """
        common = read_common(unit, minimum, maximum, groups, used=True)
        return cls("proportional", (), read_total(total, unit), **common, settings=(("sizes", read_sizes(sizes)),))

    @classmethod
    def temperature(
        cls: type[T],
        total: int,
        *,
        alpha: Any = None,
        temperature: Any = None,
        sizes: Mapping[str, int] | None = None,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> T:
        """Return a budget in proportion to ``size ** alpha``, where alpha is 1 / temperature.

        Alpha 1 is proportional; towards 0 it is uniform over all languages of which there is something. Weights are
        made of whole numbers and decimals of 60 digits and are the same on every platform
        (:func:`pinchmix.exact.allocate.powers`). On parallel data the sizes of the grid are equal, and any alpha is
        uniform: give the sizes that the recipe means.

        Args:
            total: The size of the mixture.
            alpha: The exponent, 0 to 100; XLM-R and mT5 use 0.3.
            temperature: Its inverse, instead of it.
            sizes: Language → how much there is of it; the grid's if None.
            unit: What is counted.
            minimum: Bounds from below.
            maximum: Bounds from above.
            groups: Languages that claim as one.

        Raises:
            BudgetError: Both or neither of alpha and temperature are given, or they or the sizes make no sense.

        Example:
            >>> from pinchmix import Budget
            >>> Budget.temperature(12, temperature=2, sizes={"en": 900, "sw": 100}).for_languages(["en", "sw"])
            {'en': 9, 'sw': 3}
        """
        common = read_common(unit, minimum, maximum, groups, used=True)
        if (alpha is None) == (temperature is None):
            both = "neither is given" if alpha is None else "both are given"
            raise BudgetError(
                f"temperature is said by alpha=0.3 or by temperature=3.3 (alpha = 1 / temperature), and {both}."
            )
        if alpha is None:
            heat = read_number("temperature", temperature, "temperature is a number above 0; for uniform, say alpha=0")
            if heat <= 0:
                raise BudgetError(f"temperature={temperature}: temperature is a number above 0; 1 is proportional.")
            exponent = 1 / heat
        else:
            exponent = read_number("alpha", alpha, "alpha is a number; 0 is uniform, 1 is proportional")
        if not 0 <= exponent <= LARGEST_ALPHA:
            raise BudgetError(
                f"alpha={float(exponent):g}: alpha lies between 0 (uniform) and {LARGEST_ALPHA}; 1 is proportional."
            )
        settings = (("alpha", exponent), ("sizes", read_sizes(sizes)))
        return cls("temperature", (), read_total(total, unit), **common, settings=settings)

    @classmethod
    def unimax(
        cls: type[T],
        total: int,
        *,
        max_epochs: Any = 1,
        sizes: Mapping[str, int] | None = None,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> T:
        """Return a budget as even as sizes allow: no language gets more than its size times the epochs.

        Chung et al. 2023 (arXiv 2304.09151), Algorithm 1, in whole numbers: the mixture grows one by one, evenly, and
        who has no more stands back. Sizes are in the budget's unit; those of parallel data are nearly equal, so with
        the grid's this is uniform up to the gaps. Epochs above 1 repeat data, which the recipe must allow.

        Args:
            total: The size of the mixture.
            max_epochs: How often a language may be repeated, a number above 0.
            sizes: Language → how much there is of it; the grid's if None.
            unit: What is counted.
            minimum: Bounds from below.
            maximum: Bounds from above.
            groups: Languages that claim as one, and have what they have together.

        Raises:
            BudgetError: The epochs or the sizes make no sense. That the total is more than there is shows when the
                languages are known; ``figures["largest"]`` is then the largest total.

        Example:
            >>> from pinchmix import Budget
            >>> Budget.unimax(100, sizes={"en": 900, "fi": 60, "sw": 10}).for_languages(["en", "fi", "sw"])
            {'en': 45, 'fi': 45, 'sw': 10}
        """
        common = read_common(unit, minimum, maximum, groups, used=True)
        epochs = read_number("max_epochs", max_epochs, "max_epochs is a number above 0")
        if epochs <= 0:
            raise BudgetError(f"max_epochs={max_epochs}: max_epochs is a number above 0.")
        settings = (("max_epochs", epochs), ("sizes", read_sizes(sizes)))
        return cls("unimax", (), read_total(total, unit), **common, settings=settings)

    @classmethod
    def allocated(
        cls: type[T],
        allocator: Any,
        total: int,
        *,
        sizes: Mapping[str, int] | None = None,
        unit: str = "examples",
        minimum: Limit = None,
        maximum: Limit = None,
        groups: Grouping = None,
    ) -> T:
        """Return a budget whose weights an allocator says.

        Args:
            allocator: A function of ``(sizes, total)`` that returns a weight for each language, an object of the
                protocol :class:`pinchmix.plugins.Allocator`, or the name of a plugin, which whoever asks for counts
                resolves.
            total: The size of the mixture.
            sizes: Language → how much there is of it; the grid's if None.
            unit: What is counted.
            minimum: Bounds from below.
            maximum: Bounds from above.
            groups: Languages that claim as one; the allocator is asked about the group.

        Raises:
            BudgetError: It is no allocator. What it returns is checked when it is asked.

        Example:
            >>> from pinchmix import Budget
            >>> half = Budget.allocated(lambda sizes, total: {name: 1 for name in sizes}, 10, sizes={"en": 9, "sw": 1})
            >>> half.for_languages(["en", "sw"])
            {'en': 5, 'sw': 5}
        """
        common = read_common(unit, minimum, maximum, groups, used=True)
        if not (isinstance(allocator, (str, Recorded)) or hasattr(allocator, "allocate") or callable(allocator)):
            raise BudgetError(
                f"allocator={allocator!r}: an allocator is a function of (sizes, total), an object with allocate(), or "
                "the name of a plugin."
            )
        settings = (("allocator", allocator), ("sizes", read_sizes(sizes)))
        return cls("allocated", (), read_total(total, unit), **common, settings=settings)

    @classmethod
    def from_file(
        cls: type[T],
        path: str | os.PathLike[str],
        *,
        total: int,
        unit: str = "examples",
        note: str = "",
        languages: Sequence[str] | None = None,
        columns: Mapping[str, str] | None = None,
        minimum: Limit = None,
        maximum: Limit = None,
    ) -> T:
        r"""Return a budget of shares whose weights are in a file from elsewhere, such as a published table.

        Each share is the weight over the sum of the weights of the languages that are taken: the weights are read as
        exact fractions and need not sum to 1. The order of rows decides nothing: ties go by tag. The name of the file,
        the SHA-256 of its bytes and the note are part of the budget, and so of the recipe and the manifest; the path
        is not, and the file is not needed again.

        Args:
            path: A table with a header (``.csv``, ``.tsv``, ``.txt``) with a column of languages (language, lang, code
                ...) and one of weights (weight, share, probability, percent, count, tokens ...), or ``.json``: a
                mapping of languages to weights, such a mapping as ``weights`` beside a ``note``, or a list of rows.
                Wherever it names a language, it may name a woven column, such as ``fi>en``.
            total: The size of the mixture.
            unit: What is counted.
            note: Where the weights are from, in words; the JSON file's own if it has one and none is given.
            languages: The languages to take, as a source may have fewer than the file; all of the file if None.
            columns: ``language`` and ``weight`` → column, where the header is not recognised.
            minimum: Bounds from below.
            maximum: Bounds from above.

        Raises:
            BadFile: The file has rows that mean nothing, a language twice, or no weights; the error names all faults.
            ArgumentError: There is no such file, or an argument means nothing.
            UnknownLanguage: The file has no weight for one of the languages.
            BudgetError: The weights of all languages that are taken are zero, or the total is no whole number.

        Example:
            >>> import tempfile
            >>> from pathlib import Path
            >>> from pinchmix import Budget
            >>> with tempfile.TemporaryDirectory() as place:
            ...     _ = Path(place, "web.csv").write_text("lang,pages\nen,900\niw,90\nfi,10\n", encoding="utf-8")
            ...     web = Budget.from_file(Path(place, "web.csv"), total=4640, note="a crawl", languages=["en", "he"])
            >>> web.for_languages(["en", "he"]), web.to_dict()["origin"]["file"]
            ({'en': 4218, 'he': 422}, 'web.csv')
        """
        common = read_common(unit, minimum, maximum, None)
        weights = read_weights_file(path, note=note, columns=columns)
        if isinstance(languages, str):
            raise ArgumentError(f"languages={languages!r}: give a list of tags, such as [{languages!r}].")
        pairs = weights.shares(languages)
        return cls("shares", pairs, read_total(total, unit), **common, settings=(("origin", weights.origin),))
