"""The planner: a recipe on what exists becomes a plan, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from pinchmix.content import Content
from pinchmix.errors import ArgumentError, BudgetError, InfeasibleBudget, UnknownLanguage
from pinchmix.errors.certificate import Certificate
from pinchmix.exact.apportion import apportion
from pinchmix.exact.choice import Choice, FlowChoice, units_for
from pinchmix.exact.fair import highest_where
from pinchmix.exact.flow import largest_flow
from pinchmix.exact.program import Undecided
from pinchmix.exact.rounding import split_counts
from pinchmix.exact.supply import Bools, Ints, Supply
from pinchmix.grid import Grid
from pinchmix.plan import Plan, choice_of
from pinchmix.planning.serving import Serving
from pinchmix.recipe import MOST_REPEATS, Recipe

Rejected = Mapping[str, Mapping[str, int]]  # check → language → cells that it took away


def chosen_languages(grid: Grid, recipe: Recipe) -> tuple[str, ...]:
    """Return the columns that a recipe draws on, in the order in which ties are broken.

    Raises:
        UnknownLanguage: The recipe names a language that the source does not have.

    Example:
        >>> from pinchmix.budget import Budget
        >>> chosen_languages(Grid.from_mapping({"a": ["sw", "en"]}), Recipe(Budget.uniform(1)))
        ('en', 'sw')
    """
    columns = recipe.columns(grid.languages)
    for tag in columns:
        if tag not in grid.languages:
            raise UnknownLanguage(tag, grid.languages, "languages" if tag in recipe.languages else "budget")
    return columns


@dataclass(frozen=True)
class Asker:
    """What a recipe asks of each language in each split, at its own total or another.

    Attributes:
        recipe: The recipe.
        languages: The languages of the plan.
        sizes: How much of each language exists, in the budget's unit, for budgets that follow sizes.
        allocator: The plugin that the budget names, where it names one.
    """

    recipe: Recipe
    languages: tuple[str, ...]
    sizes: Mapping[str, int]
    allocator: Any = None

    def asked(self, total: int | None = None) -> Ints:
        """Return the amounts, shape ``(splits, languages)``, int64; with a total, at the same shares of that.

        Raises:
            BudgetError: The budget makes no sense for these languages, or the splits do not sum to it.
        """
        budget = self.recipe.budget if total is None else self.recipe.budget.with_total(total)
        sizes = self.sizes if budget.needs_sizes else None
        counts = budget.for_languages(self.languages, sizes=sizes, pivot=self.recipe.pivot, allocator=self.allocator)
        return split_counts(list(counts.values()), self._shares(sum(counts.values()), scaled=total is not None))

    def _shares(self, total: int, *, scaled: bool) -> list[Fraction]:
        parts = list(self.recipe.split.values())
        if not parts:
            return [Fraction(1)]
        if isinstance(parts[0], int):
            if sum(parts) != total and not scaled:
                raise BudgetError(
                    f"the splits sum to {sum(parts):,}, and the budget to {total:,}; make them equal, or give shares."
                )
            return [Fraction(part, max(int(sum(parts)), 1)) for part in parts]
        return [Fraction(part) for part in parts]


def make_plan(
    serving: Serving | Grid,
    recipe: Recipe,
    *,
    allocator: Any = None,
    rejected: Rejected | None = None,
    partial: bool = False,
) -> Plan:
    """Return the plan of a recipe with a budget in examples; a plan exists if and only if one exists mathematically.

    Args:
        serving: What exists, and in which order it is served; a bare grid is served by the hashes of its ids.
        recipe: What is asked.
        allocator: The plugin that the budget names, where it names one.
        rejected: Cells that were left out of the grid, by check and language, for the message should they be missed.
        partial: Where the budget is impossible, plan the nearest that is: the least largest relative shortfall.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        UnknownLanguage: The recipe names a language that the source does not have.

    Example:
        >>> from pinchmix.budget import Budget
        >>> make_plan(Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]}), Recipe(Budget.counts({"en": 1, "sw": 1})))
        Plan(2 examples in 2 languages, 0 instructions left over)
    """
    if isinstance(serving, Grid):
        serving = Serving(serving, chosen_languages(serving, recipe), serving.hashes, recipe.seed)
    exist = dict(zip(serving.languages, serving.supply.available.tolist(), strict=True))
    asker = Asker(recipe, serving.languages, exist, allocator)
    asked = asker.asked()
    demand, repeat = asked.ravel(), recipe.repeat
    choice = choice_of(Content.parse(recipe.content), supply_for(serving, recipe, int(demand.sum())), len(asked))
    if recipe.content == "cover":
        _check_cover(choice, serving.languages, demand, recipe)
    given = demand
    try:
        if not choice.feasible(demand, repeat):
            if not partial:
                raise InfeasibleBudget(_certificate(choice, asker, demand, rejected or {}))
            given = choice.fair(demand, np.zeros_like(demand), repeat)
        distinct = given if repeat == 1 or choice.feasible(given) else choice.fair(given, units_for(given, repeat))
        ranks = serving.row_of[serving.order] if serving.ranked else None
        filled = choice.fill(distinct, ranks, serving.lots(len(asked)))
    except Undecided as error:
        raise BudgetError(
            f"content={recipe.content!r}: neither a plan nor a proof that there is none was found among "
            f"{len(choice.supply.amount):,} availability patterns. Ask for less, of fewer languages, or take "
            "content='overlap(k)', which is always decided."
        ) from error
    return Plan(
        recipe=recipe,
        languages=serving.languages,
        asked=asked,
        given=given.reshape(asked.shape),
        examples=given.reshape(asked.shape),
        distinct=distinct.reshape(asked.shape),
        available=serving.supply.available,
        supply=choice.supply,
        flow=filled.amounts,
        used=filled.used,
        grid_digest=serving.grid.digest,
        partial=bool((given < demand).any()),
    )


def planned(serving: Serving, recipe: Recipe, asked: Ints, supply: Supply, flow: Ints, used: Ints) -> Plan:
    """Return the plan that gives what is asked, no cell twice.

    Args:
        serving: What exists.
        recipe: Whose plan it is.
        asked: Examples of each language in each split, shape ``(splits, languages)``.
        supply: The rows of the plan.
        flow: As :attr:`~pinchmix.plan.Plan.flow`.
        used: As :attr:`~pinchmix.plan.Plan.used`.

    Example:
        >>> from pinchmix.budget import Budget
        >>> grid = Grid.from_mapping({"a": ["en"]})
        >>> serving, one = Serving(grid, ("en",), grid.hashes, 0), np.array([[1]])
        >>> planned(serving, Recipe(Budget.counts({"en": 1})), one, serving.supply, one, one)
        Plan(1 example in 1 language, 0 instructions left over)
    """
    return Plan(
        recipe=recipe,
        languages=serving.languages,
        asked=asked,
        given=asked,
        examples=asked,
        distinct=asked,
        available=serving.supply.available,
        supply=supply,
        flow=flow,
        used=used,
        grid_digest=serving.grid.digest,
    )


def supply_for(serving: Serving, recipe: Recipe, total: int) -> Supply:
    """Return what a serving has to give, with the quotas of the sampler's classes where it gives shares.

    Raises:
        ArgumentError: Classes meet a content policy or repeats that they cannot be combined with.
    """
    supply = serving.supply
    if serving.stratum is None:
        return supply
    if recipe.content.partition("(")[0] not in ("disjoint", "overlap", "cover"):
        raise ArgumentError(
            f"sampler {recipe.sampler!r} divides the mixture into classes, and content={recipe.content!r} cannot be "
            "planned by class; use content='disjoint', 'overlap(k)' or 'cover'."
        )
    if len(recipe.splits) > 1 and Content.parse(recipe.content).k > 1:
        raise ArgumentError(
            f"sampler {recipe.sampler!r} divides the mixture into classes, and content={recipe.content!r} cannot be "
            "planned by class in several splits; leave the split out, or use content='disjoint'."
        )
    if serving.shares is None:
        return supply
    if recipe.repeat > 1:
        raise ArgumentError(
            f"sampler {recipe.sampler!r} with given shares and repeat={recipe.repeat} cannot be combined: repeats "
            "would change the shares. Leave one of them out."
        )
    return replace(supply, quota=apportion(list(serving.shares), total))


def _left_out(choice: Choice, demand: Ints) -> Bools:
    """Return languages that ask for less than exists in them only, none too many; none if all can be used.

    What can be reached from a pattern that is not used up is a cut from its side: a set of languages, all asking for
    more than they get elsewhere.
    """
    supply, each = choice.supply, demand.reshape(choice.parts, -1).sum(axis=0)
    flow = largest_flow(choice.bound, demand)
    kept: Bools = np.zeros(len(each), dtype=bool)
    if flow.total == _in_any(supply):
        return kept
    kept = flow.free.reshape(choice.parts, -1).sum(axis=0) > 0
    for language in sorted(np.flatnonzero(kept).tolist(), key=lambda place: (-int(each[place]), place)):
        kept[language] = False
        kept[language] = _in_only(supply, kept) <= int(each[kept].sum())
    return kept


def _in_any(supply: Supply) -> int:
    return int(supply.amount[supply.allowed.any(axis=1)].sum())


def _in_only(supply: Supply, languages: Bools) -> int:
    return int(supply.amount[supply.allowed.any(axis=1) & ~supply.allowed[:, ~languages].any(axis=1)].sum())


def _check_cover(choice: Choice, languages: tuple[str, ...], demand: Ints, recipe: Recipe) -> None:
    """Raise unless as much is asked as using every instruction takes."""
    kept = _left_out(choice, demand)
    places = np.flatnonzero(kept).tolist()
    if places:
        each = demand.reshape(choice.parts, -1).sum(axis=0)
        raise InfeasibleBudget(
            Certificate(
                languages=tuple(languages[place] for place in places),
                asked=tuple(each[places].tolist()),
                available=tuple(choice.supply.available[places].tolist()),
                supply=_in_only(choice.supply, kept),
                largest_total=0,
                content="cover",
                repeat=recipe.repeat,
            )
        )


def _certificate(choice: Choice, asker: Asker, demand: Ints, rejected: Rejected) -> Certificate:
    """Return the proof that a budget in examples is impossible, with every way out as a figure."""
    recipe, repeat = asker.recipe, asker.recipe.repeat
    proof = choice.proof(demand, repeat)
    columns = np.flatnonzero(proof.columns).tolist()
    names = column_names(recipe, asker.languages)
    tags = {asker.languages[column % len(asker.languages)] for column in columns}
    lost = {check: sum(counts.get(tag, 0) for tag in tags) for check, counts in rejected.items()}
    exist = choice.supply.available
    return Certificate(
        languages=tuple(names[column] for column in columns),
        asked=tuple(demand[columns].tolist()),
        available=tuple(int(exist[column % len(exist)]) for column in columns),
        supply=proof.ceiling,
        largest_total=_largest_total(choice, asker),
        rejected={check: count for check, count in lost.items() if count},
        smallest_repeat=_smallest_repeat(choice, demand, repeat),
        smallest_overlap=_smallest_overlap(choice, recipe, demand),
        content=recipe.content,
        repeat=repeat,
        unit=recipe.budget.unit,
        counted=proof.counted,
    )


def column_names(recipe: Recipe, languages: tuple[str, ...]) -> list[str]:
    """Return the name of each column of a plan, such as ``"sw"`` or ``"sw in test"``."""
    splits = recipe.splits
    return [tag if len(splits) == 1 else f"{tag} in {split}" for split in splits for tag in languages]


def _largest_total(choice: Choice, asker: Asker) -> int:
    """Return the largest feasible total at the same shares, or 0.

    Sainte-Laguë never takes from a language when the total grows, so what a flow can give ends at one point; where a
    total is not feasible, the languages that forbid it forbid every larger one. What sets can give need not end at one
    point: from the largest total that counting and the nearest fair choice allow, ``TRIED`` totals are tried downwards.
    """
    first = asker.asked().ravel()

    def asked(total: int) -> Ints:
        try:
            return asker.asked(total).ravel()
        except BudgetError:  # such as minima that a smaller total cannot give
            return np.full(len(asker.languages) * len(asker.recipe.splits), BEYOND)

    def need(total: int) -> Ints:
        return units_for(asked(total), asker.recipe.repeat)

    total, supply = int(first.sum()), choice.bound
    while total:
        demand = need(total)
        flow = largest_flow(supply, demand)
        if flow.total == int(demand.sum()):
            break
        ceiling, short = supply.ceiling(flow.short), flow.short
        total = highest_where(_fits(need, short, ceiling), total)
    if asker.recipe.content == "cover" and total and _left_out(choice, asked(total)).any():
        return 0
    if isinstance(choice, FlowChoice):
        return total
    counts, some = choice.fair(first, np.zeros_like(first), asker.recipe.repeat), first > 0
    fair = int(first.sum() * float((counts[some] / first[some]).min())) + len(first)
    tried = range(min(total, fair), max(min(total, fair) - TRIED, 0), -1)
    try:
        return next((smaller for smaller in tried if choice.feasible(asked(smaller), asker.recipe.repeat)), 0)
    except Undecided:  # a total that was not found is none to offer
        return 0


BEYOND = 2**40  # more than exists of anything
TRIED = 16  # totals


def _fits(need: Callable[[int], Ints], short: Any, ceiling: int) -> Callable[[int], bool]:
    return lambda total: not total or int(need(total)[short].sum()) <= ceiling


def _smallest_repeat(choice: Choice, demand: Ints, repeat: int) -> int | None:
    """Return the smallest number of repeats with which demands are feasible, or None where none is."""
    most = min(int(demand.max()), MOST_REPEATS)
    try:
        if choice.supply.quota is not None or not choice.feasible(demand, most):
            return None
        return 1 + highest_where(lambda times: times <= repeat or not choice.feasible(demand, times), most)
    except Undecided:  # a number that was not found is none to offer
        return None


def _smallest_overlap(choice: Choice, recipe: Recipe, demand: Ints) -> int | None:
    """Return the smallest number of languages an instruction with which demands are feasible, or None."""
    kind, languages = recipe.content.partition("(")[0], choice.supply.allowed.shape[1]
    if kind not in ("disjoint", "overlap"):
        return None

    def possible(k: int) -> bool:
        supply = replace(choice.supply, most=1)
        return choice_of(Content("overlap", k), supply, len(recipe.splits)).feasible(demand, recipe.repeat)

    least = Content.parse(recipe.content).k
    if least >= languages or not possible(languages):
        return None
    return 1 + highest_where(lambda k: k <= least or not possible(k), languages)
