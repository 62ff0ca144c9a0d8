"""Sized plans: budgets in tokens, characters or bytes, met per language to within one example.

A budget in sizes is possible if and only if some choice of cells gives every language at least what it asks; each then
gets what it asks to within half of one of its examples, the last one, which is taken or left, whichever is nearer. A
language that is asked anything gets at least one example, even one of more than twice what is asked.

How many examples a size takes is not known before they are chosen. So the examples are planned from mean sizes, chosen,
measured, and the counts corrected, until what is missing is so little that single examples settle it. At the edge of
what exists, where this does not end, an integer program over single cells decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pinchmix.content import Content
from pinchmix.errors import ArgumentError, BudgetError, InfeasibleBudget
from pinchmix.errors.certificate import Certificate
from pinchmix.exact.fair import highest_where
from pinchmix.exact.supply import Ints
from pinchmix.plan import Plan
from pinchmix.planning.assign import Chosen
from pinchmix.planning.examples import Asker, Rejected, column_names
from pinchmix.planning.filler import Filler
from pinchmix.planning.serving import Serving
from pinchmix.recipe import Recipe

STEP = 0.005  # by which a total is lowered until it can be planned, where cells are too many for an exact search


def plan_sizes(
    serving: Serving,
    recipe: Recipe,
    sizes: Ints,
    *,
    allocator: Any = None,
    rejected: Rejected | None = None,
    partial: bool = False,
) -> tuple[Plan, Chosen]:
    """Return the plan of a budget in tokens, characters or bytes, and the cells that meet it.

    Args:
        serving: What exists, and in which order it is served.
        recipe: What is asked.
        sizes: The size of each cell of the grid in the budget's unit, shape ``(cells,)``, int64.
        allocator: The plugin that the budget names, where it names one.
        rejected: Cells that were left out of the grid, by check and language.
        partial: Where the budget is impossible, plan the nearest that is.

    Returns:
        The plan and the chosen cells. Each language of each split is off by at most half of one of its examples: the
        next one would bring it past what is asked, or the last one did; one that is asked less than half of an
        example gets that example. In a partial plan those that are short get
        all that can be given to them.

    Raises:
        InfeasibleBudget: No choice of cells gives every language what it asks; the error carries the certificate.
        BudgetError: The budget is so near to the edge of what exists that neither a choice nor a proof was found.
        ArgumentError: The content policy decides all figures by itself.
    """
    content = Content.parse(recipe.content)
    if content.kind not in ("disjoint", "overlap") or (content.k > 1 and len(recipe.splits) > 1):
        where = " with splits" if content.kind == "overlap" else ""
        raise ArgumentError(
            f"a budget in {recipe.budget.unit} cannot be met under content={recipe.content!r}{where}: with whole "
            "sets of languages an instruction, languages cannot be filled one by one. Use content='disjoint', or "
            "'overlap(k)' without splits, or a budget in examples."
        )
    if serving.shares is not None:
        raise ArgumentError(
            f"sampler {recipe.sampler!r}: given shares are shares of examples, not of {recipe.budget.unit}."
        )
    filler = Filler(serving, recipe, sizes)
    exist = dict(zip(serving.languages, filler.total.tolist(), strict=True))
    asker = Asker(recipe, serving.languages, exist, allocator)
    asked = asker.asked()
    chosen = filler.fill(asked.ravel())
    reduced, levelled = chosen is None, False
    if chosen is None:
        if not partial:
            raise _refusal(filler, asker, asked.ravel(), rejected or {})
        chosen, levelled = filler.nearest(asked.ravel())
    return filler.plan(asked, chosen, partial=reduced, levelled=levelled), chosen


def _refusal(filler: Filler, asker: Asker, target: Ints, rejected: Rejected) -> BudgetError:
    """Return why a budget cannot be planned: with a proof, or at the edge of what exists without one."""
    recipe, unit = asker.recipe, asker.recipe.budget.unit
    total, proof = _largest_total(filler, asker), filler.proof(target)
    if proof is None:
        return BudgetError(
            f"{int(target.sum()):,} {unit} are so near to all that these languages can give that neither a choice nor "
            f"a proof that there is none was found; a total of {total:,} {unit} at the same shares is possible."
        )
    kept, ceiling, counted = proof
    columns = np.flatnonzero(kept).tolist()
    names = column_names(recipe, asker.languages)
    tags = {asker.languages[column % filler.width] for column in columns}
    lost = {check: sum(counts.get(tag, 0) for tag in tags) for check, counts in rejected.items()}
    exist = filler.choice.supply.available
    return InfeasibleBudget(
        Certificate(
            languages=tuple(names[column] for column in columns),
            asked=tuple(target[columns].tolist()),
            available=tuple(int(exist[column % filler.width]) for column in columns),
            supply=ceiling,
            largest_total=total,
            rejected={check: count for check, count in lost.items() if count},
            smallest_repeat=_smallest_repeat(filler, target),
            smallest_overlap=_smallest_overlap(filler, target),
            content=recipe.content,
            repeat=recipe.repeat,
            unit=unit,
            counted=counted,
        )
    )


def _largest_total(filler: Filler, asker: Asker) -> int:
    """Return the largest feasible total at the same shares, or 0; among many cells, one close to it."""

    def asked(total: int) -> Ints | None:
        try:
            return asker.asked(total).ravel()
        except BudgetError:  # such as minima that a smaller total cannot give
            return None

    def possible(total: int) -> bool:
        target = asked(total) if total else None
        return not total or (target is not None and filler.fill(target) is not None)

    target = asker.asked().ravel()
    total, program = int(target.sum()), filler.program
    if program is not None and program.exact:
        return highest_where(possible, total)
    if program is not None:
        total = int(total * program.level(target))
    else:
        chosen, _ = filler.nearest(target)
        column = filler.serving.columns(chosen.cell, chosen.split)
        got = np.bincount(column, weights=filler.sizes[chosen.cell] * chosen.copies, minlength=len(target))
        total = int(total * min(1.0, float((got[target > 0] / target[target > 0]).min())))
    while not possible(total):
        total = int(total * (1 - STEP))
    return total


def _smallest_repeat(filler: Filler, target: Ints) -> int | None:
    """Return the smallest number of repeats with which targets are feasible; None where none is, or cells are many."""
    program, repeat = filler.program, filler.recipe.repeat
    if program is None or not program.exact:
        return None
    once = replace(program, size=program.size // repeat)

    def possible(times: int) -> bool:
        return not once.impossible(-(-target // times))

    if not possible(int(target.max())):
        return None
    return 1 + highest_where(lambda times: times <= repeat or not possible(times), int(target.max()))


def _smallest_overlap(filler: Filler, target: Ints) -> int | None:
    """Return the smallest number of languages an instruction with which targets are feasible, likewise."""
    program = filler.program
    if program is None or not program.exact or filler.parts > 1:
        return None

    def possible(k: int) -> bool:
        return not replace(program, most=k).impossible(target)

    if program.most >= filler.width or not possible(filler.width):
        return None
    return 1 + highest_where(lambda k: k <= program.most or not possible(k), filler.width)
