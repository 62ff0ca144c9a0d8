"""The plan: the exact figure per language and availability pattern, or the proof that there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pinchmix.budget import Budget
from pinchmix.errors import Certificate, InfeasibleBudget, UnknownLanguage, listing, number_of
from pinchmix.exact.flow import Bools, Ints, largest_flow, least_biased_flow, smallest_certificate
from pinchmix.grid import Grid
from pinchmix.recipe import Recipe
from pinchmix.show import text_of, tree

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Plan:
    """The exact figure per language and per availability pattern; chooses nothing.

    Attributes:
        recipe: What was asked.
        languages: The languages of the plan, in the order in which ties are broken.
        asked: Examples by language, shape ``(languages,)``, int64.
        available: Instructions that exist in each language, shape ``(languages,)``, int64.
        allowed: Which pattern exists in which language, shape ``(patterns, languages)``, bool.
        supply: Instructions of each pattern, shape ``(patterns,)``, int64.
        flow: How many instructions of each pattern serve each language, shape ``(patterns, languages)``, int64.
        grid_digest: The identity of the grid that was planned on.

    Example:
        >>> from pinchmix.budget import Budget
        >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"], "c": ["en"]})
        >>> print(make_plan(grid, Recipe(Budget.counts({"en": 2, "sw": 1}))))
        3 examples of 3 instructions, 0 left over
        ├── en: 2 of 3 available
        │   └── 2 from the 2 that exist in en only
        └── sw: 1 of 1 available
            └── 1 from the 1 that exist in all 2 languages
    """

    recipe: Recipe
    languages: tuple[str, ...]
    asked: Ints
    available: Ints
    allowed: Bools
    supply: Ints
    flow: Ints
    grid_digest: str

    @property
    def total(self) -> int:
        """The size of the mixture, in examples."""
        return int(self.asked.sum())

    @property
    def slack(self) -> int:
        """How many instructions are left over."""
        return int(self.supply[self.allowed.any(axis=1)].sum()) - self.total

    def counts(self) -> dict[str, int]:
        """Return the examples of each language.

        Example:
            >>> from pinchmix.budget import Budget
            >>> make_plan(Grid.from_mapping({"a": ["en"]}), Recipe(Budget.counts({"en": 1}))).counts()
            {'en': 1}
        """
        return dict(zip(self.languages, self.asked.tolist(), strict=True))

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with one row a language: asked, share, available."""
        import pandas as pd

        index = pd.Index(self.languages, name="language")
        share = self.asked / max(self.total, 1)
        table: pd.DataFrame = pd.DataFrame(
            {"asked": self.asked, "share": share, "available": self.available}, index=index
        )
        return table

    def __str__(self) -> str:
        usable = self.allowed.any(axis=1)
        head = f"{self.total:,} examples of {int(self.supply[usable].sum()):,} instructions, {self.slack:,} left over"
        branches: list[str | tuple[str, list[str]]] = []
        for place, language in enumerate(self.languages):
            if not self.asked[place]:
                continue
            order = np.argsort(-self.flow[:, place], kind="stable")
            used = [row for row in order.tolist() if self.flow[row, place]]
            leaves = [
                f"{text_of(int(self.flow[row, place]))} from the {text_of(int(self.supply[row]))} "
                f"that exist in {_names(self.languages, self.allowed[row])}"
                for row in used[:5]
            ]
            if len(used) > 5:
                leaves[4:] = [f"{int(self.flow[used[4:], place].sum()):,} from {len(used) - 4:,} other patterns"]
            title = f"{language}: {int(self.asked[place]):,} of {int(self.available[place]):,} available"
            branches.append((title, leaves))
        unasked = [name for name, asked in zip(self.languages, self.asked.tolist(), strict=True) if not asked]
        if unasked:
            branches.append(f"nothing asked of {listing(unasked, 40)}")
        return tree(head, branches)

    def __repr__(self) -> str:
        used = int((self.asked > 0).sum())
        return (
            f"Plan({number_of(self.total, 'example')} in {number_of(used, 'language')}, "
            f"{number_of(self.slack, 'instruction')} left over)"
        )


def _names(languages: tuple[str, ...], allowed: Bools) -> str:
    names = [language for language, exists in zip(languages, allowed.tolist(), strict=True) if exists]
    if len(names) == len(languages) and len(names) > 1:
        return f"all {len(names)} languages"
    if len(names) > 6:
        return f"{len(names)} languages"
    return f"{' and '.join(names)} only" if len(names) <= 2 else f"{', '.join(names[:-1])} and {names[-1]}"


def chosen_languages(grid: Grid, recipe: Recipe) -> tuple[str, ...]:
    """Return the languages that a recipe draws on, in the order in which ties are broken.

    Raises:
        UnknownLanguage: The recipe names a language that the source does not have.

    Example:
        >>> from pinchmix.budget import Budget
        >>> chosen_languages(Grid.from_mapping({"a": ["sw", "en"]}), Recipe(Budget.uniform(1)))
        ('en', 'sw')
    """
    for tag in recipe.languages:
        if tag not in grid.languages:
            raise UnknownLanguage(tag, grid.languages, "languages")
    return recipe.languages or grid.languages


def make_plan(grid: Grid, recipe: Recipe, rejected: dict[str, int] | None = None) -> Plan:
    """Return the plan of a recipe on a grid; a plan exists if and only if one exists mathematically.

    Args:
        grid: What exists.
        recipe: What is asked.
        rejected: Cells that were left out of the grid, by language, for the message should they be missed.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        UnknownLanguage: The recipe names a language that the source does not have.

    Example:
        >>> from pinchmix.budget import Budget
        >>> make_plan(Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]}), Recipe(Budget.counts({"en": 1, "sw": 1})))
        Plan(2 examples in 2 languages, 0 instructions left over)
    """
    languages = chosen_languages(grid, recipe)
    asked = np.array(list(recipe.budget.for_languages(languages).values()), dtype=np.int64)
    places = [grid.languages.index(language) for language in languages]
    allowed, supply = grid.patterns.allowed[:, places], grid.patterns.supply
    available = supply @ allowed
    # One more than exists is as impossible as a million million, and fits the flow's integers.
    flow = largest_flow(supply, np.minimum(asked, available + 1), allowed)
    if flow.total < int(asked.sum()):
        proof = smallest_certificate(supply, asked, allowed, flow.short)
        names = tuple(np.array(languages)[proof].tolist())
        raise InfeasibleBudget(
            Certificate(
                languages=names,
                asked=tuple(asked[proof].tolist()),
                available=tuple(available[proof].tolist()),
                supply=int(supply[allowed[:, proof].any(axis=1)].sum()),
                largest_total=_largest_total(recipe.budget, languages, supply, allowed),
                rejected=sum((rejected or {}).get(name, 0) for name in names),
            )
        )
    return Plan(
        recipe=recipe,
        languages=languages,
        asked=asked,
        available=available,
        allowed=allowed,
        supply=supply,
        flow=least_biased_flow(supply, asked, allowed),
        grid_digest=grid.digest,
    )


def _largest_total(budget: Budget, languages: tuple[str, ...], supply: Ints, allowed: Bools) -> int:
    """Return the largest feasible total of an infeasible budget, apportioned from the shares that were asked for.

    Sainte-Laguë never takes from a language when the total grows, so what is feasible ends at one point.
    """
    available = supply @ allowed
    lowest, highest = 0, budget.total
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        smaller = np.array(list(replace(budget, total=middle).for_languages(languages).values()), dtype=np.int64)
        feasible = largest_flow(supply, np.minimum(smaller, available + 1), allowed).total == middle
        lowest, highest = (middle, highest) if feasible else (lowest, middle)
    return lowest


def assign(plan: Plan, grid: Grid, order: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return the cells that a plan takes when instructions are served in a given order.

    Within a pattern the first of the order go to the first language, the next to the second, and so on, so every
    instruction of a pattern has the same chance of each language.

    Args:
        plan: A plan made on this grid.
        grid: What exists.
        order: The key that instructions are sorted by, shape ``(instructions,)``, uint64; ties go by id.

    Returns:
        Numbers of cells, ascending, int64; exactly ``plan.asked`` of each language, no instruction twice.

    Example:
        >>> from pinchmix.budget import Budget
        >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]})
        >>> plan = make_plan(grid, Recipe(Budget.counts({"en": 1, "sw": 1})))
        >>> assign(plan, grid, grid.hashes)
        array([1, 2])
    """
    by_pattern = np.lexsort((order, grid.patterns.of_instruction))
    starts = np.cumsum(plan.supply) - plan.supply
    taken = plan.flow.sum(axis=1)
    offsets = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    instruction = by_pattern[np.repeat(starts, taken) + offsets]
    places = np.array([grid.languages.index(language) for language in plan.languages])
    language = np.repeat(np.tile(places, len(plan.flow)), plan.flow.reshape(-1))
    return np.sort(grid.find(instruction, language))


def replace_cells(
    plan: Plan, grid: Grid, kept: npt.NDArray[np.int64], order: npt.NDArray[np.uint64]
) -> npt.NDArray[np.int64] | None:
    """Return cells that fill a mixture up to its plan while all that is kept stays, or None where that is impossible.

    Args:
        plan: What each language is to get.
        grid: What still exists.
        kept: Cells of this grid that stay.
        order: The key that instructions are sorted by, shape ``(instructions,)``.

    Returns:
        Numbers of cells, ascending: those kept and the new ones.

    Example:
        >>> from pinchmix.budget import Budget
        >>> grid = Grid.from_mapping({"a": ["en"], "b": ["en"], "c": ["en"]})
        >>> plan = make_plan(grid, Recipe(Budget.counts({"en": 2})))
        >>> len(replace_cells(plan, grid, np.array([1]), grid.hashes))
        2
    """
    places = [grid.languages.index(language) for language in plan.languages]
    missing = plan.asked - np.bincount(grid.language[kept], minlength=len(grid.languages))[places]
    used = np.zeros(len(grid.ids), dtype=bool)
    used[grid.instruction[kept]] = True
    free = grid.without(grid.address[used[grid.instruction]])
    allowed, supply = free.patterns.allowed[:, places], free.patterns.supply
    if largest_flow(supply, missing, allowed).total < int(missing.sum()):
        return None
    rest = replace(
        plan, asked=missing, allowed=allowed, supply=supply, flow=least_biased_flow(supply, missing, allowed)
    )
    new = assign(rest, free, order)
    return np.sort(np.append(kept, grid.find(free.instruction[new], free.language[new])))


def plan_of(plan: Plan, grid: Grid, cells: npt.NDArray[np.int64]) -> Plan:
    """Return the plan that chosen cells turned out to be, on the grid that was left in the end.

    Example:
        >>> from pinchmix.budget import Budget
        >>> grid = Grid.from_mapping({"a": ["en"], "b": ["en", "sw"]})
        >>> plan = make_plan(grid, Recipe(Budget.counts({"en": 1})))
        >>> plan_of(plan, grid, np.array([1])).flow.tolist()
        [[0, 0], [1, 0]]
    """
    places = [grid.languages.index(language) for language in plan.languages]
    patterns = grid.patterns
    flow = np.zeros((len(patterns.supply), len(grid.languages)), dtype=np.int64)
    np.add.at(flow, (patterns.of_instruction[grid.instruction[cells]], grid.language[cells]), 1)
    allowed = patterns.allowed[:, places]
    return replace(
        plan,
        available=patterns.supply @ allowed,
        allowed=allowed,
        supply=patterns.supply,
        flow=flow[:, places],
        grid_digest=grid.digest,
    )
