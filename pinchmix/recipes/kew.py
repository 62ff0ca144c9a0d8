"""The mixtures of "Turning English-centric LLMs Into Polyglots" (Kew et al. 2024, arXiv 2312.12683)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pinchmix.family import Family
from pinchmix.recipes import ladders
from pinchmix.recipes.parts import check_named, name_of

LANGUAGES = ("en", "es", "ru", "de", "zh", "fr")  # in the order in which their code adds them
TOTAL = 3200
EACH = 200
SOURCE = "Kew et al. 2024 (arXiv 2312.12683), and their code's prepare_mt_guanaco_data.py"


def ladder(
    languages: Sequence[str] = LANGUAGES, *, total: int = TOTAL, each: int = EACH, pivot: str = "en", **recipe: Any
) -> Family:
    """Return the ladder ml1 to ml6: 200 examples of each language that is added replace as many English ones.

    Total and content are constant, as their code asserts of its sets. They ask for languages of a confidence of 0.8 or
    more by language identification, which is a matter of the validators.

    Args:
        languages: The languages, in the order in which they are added.
        total: The size of every member.
        each: How many examples each language but the pivot gets.
        pivot: The language that the others replace.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: The others ask for more than the total, or the pivot is none of the languages.
        BudgetError: The list of languages makes no sense.

    Example:
        >>> family = ladder()
        >>> [*family], family["ml6"].budget.for_languages(LANGUAGES)["en"]
        (['ml1', 'ml2', 'ml3', 'ml4', 'ml5', 'ml6'], 2200)
    """
    check_named(ladder, recipe)
    made = ladders.added(languages, total, each, pivot=pivot, **recipe)
    return replace(made, name=name_of(ladder), source=SOURCE)


def leave_one_out(
    languages: Sequence[str] = LANGUAGES, *, total: int = TOTAL, each: int = EACH, pivot: str = "en", **recipe: Any
) -> Family:
    """Return the mixture of all languages, and one without each but the pivot, which gets what that one had.

    Args:
        languages: The languages.
        total: The size of every member.
        each: How many examples each language but the pivot has.
        pivot: The language that gets what the one left out had.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: The others ask for more than the total, or the pivot is none of the languages.
        BudgetError: The list of languages makes no sense.

    Example:
        >>> leave_one_out()["without-es"].budget.for_languages(LANGUAGES)
        {'en': 2400, 'es': 0, 'ru': 200, 'de': 200, 'zh': 200, 'fr': 200}
    """
    check_named(leave_one_out, recipe)
    made = ladders.leave_one_out(languages, total, to="pivot", each=each, pivot=pivot, **recipe)
    return replace(made, name=name_of(leave_one_out), source=SOURCE)
