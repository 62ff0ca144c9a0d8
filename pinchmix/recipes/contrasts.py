"""Contrasts of two or three ways to choose: every translation or a sample of it, the longest or any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pinchmix.budget import Budget
from pinchmix.family import Family
from pinchmix.recipes.parts import family_of, read_languages, read_whole

WEBER = ("de", "en", "es", "fr", "it")


def compositions(languages: Sequence[str] = WEBER, *, instructions: int = 1000, **recipe: Any) -> Family:
    """Return each language alone, a sample over all of the same size, and the union of all translations.

    The compositions of Weber et al. 2024 (arXiv 2402.13703). ``union`` is larger than the others by as many times as
    there are languages, and holds the same instructions in each; it exists where they do. Laws are none: members
    differ in their content policy.

    Args:
        languages: The languages.
        instructions: How many of them: the size of every member but ``union``.
        **recipe: What else the recipes say: ``seed``, ``sampler``, ``split`` ...

    Raises:
        ArgumentError: There are fewer than two languages, or no instructions.
        BudgetError: The list of languages makes no sense.

    Example:
        >>> [*compositions(["de", "en"], instructions=100)]
        ['de', 'en', 'sampled', 'union']
    """
    tags = read_languages(languages, least=2)
    count = read_whole("instructions", instructions)
    budgets = {tag: Budget.counts({tag: count}) for tag in tags}
    budgets |= {"sampled": Budget.uniform(count), "union": Budget.uniform(count * len(tags))}
    source = "Weber et al. 2024 (arXiv 2402.13703)"
    return family_of(compositions, budgets, tags, recipe, source=source, own={"union": {"content": "same"}})


def longest(languages: Sequence[str] = ("en",), *, total: int = 1000, **recipe: Any) -> Family:
    """Return the instructions with the longest responses, and as many at random.

    The baseline of Zhao et al. 2024 (arXiv 2402.04833), who take 1,000 English ones. On parallel data it is one
    decision an instruction, by the pivot's length. Laws are none: members differ in their sampler.

    Args:
        languages: The languages, which share the total evenly.
        total: The size of both members.
        **recipe: What else the recipes say: ``seed``, ``pivot``, ``split`` ...

    Raises:
        BudgetError: The total or the list of languages makes no sense.

    Example:
        >>> longest(total=40)["longest"].sampler
        'longest'
    """
    tags = read_languages(languages)
    budgets = dict.fromkeys(("longest", "random"), Budget.uniform(total))
    source = "Zhao et al. 2024 (arXiv 2402.04833)"
    own = {name: {"sampler": name} for name in budgets}
    return family_of(longest, budgets, tags, recipe, source=source, own=own)
