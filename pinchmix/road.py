"""The road: the stations from a prepared source to a mixture, one function each.

plan → choose → read (texts: check every row, keep the chosen) → validate → mixture. A bad row or a rejected cell leaves
the grid, and what it leaves open is planned and chosen again, until every chosen cell is good.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pinchmix.canonical import hash_of_id, key_of
from pinchmix.errors import InfeasibleBudget
from pinchmix.exact.order import row_keys
from pinchmix.exact.supply import Bools, Ints
from pinchmix.family import Member
from pinchmix.judging.examine import panel_of
from pinchmix.judging.judge import Judge, Reader, Verdicts
from pinchmix.mixture import Mixture, Report
from pinchmix.plan import Plan
from pinchmix.planning.assign import Chosen, assign, check_content, plan_of, refill
from pinchmix.planning.examples import Rejected, make_plan
from pinchmix.planning.serving import Serving
from pinchmix.planning.sizes import plan_sizes
from pinchmix.plugins import asks_pivot, surveyed
from pinchmix.prepare import Prepared
from pinchmix.reading.texts import Texts
from pinchmix.recipe import Recipe
from pinchmix.rows import Rows, Stored, write_rows
from pinchmix.scan import lines_of
from pinchmix.weave import languages_of

NOTHING = Chosen(*(np.zeros(0, dtype=np.int64) for _ in range(3)))


class Settled(NamedTuple):
    """A choice of cells, so far or in the end.

    Attributes:
        serving: What is left of the grid.
        plan: What each language gets.
        chosen: The cells.
        dropped: Cells that bad rows took away, by language, for the message should they be missed.
    """

    serving: Serving
    plan: Plan
    chosen: Chosen
    dropped: dict[str, dict[str, int]]


def choose(
    prepared: Prepared, serving: Serving, rejected: Rejected, partial: bool, *, plan_only: bool = False
) -> tuple[Plan, Chosen]:
    """Plan what a serving can give, and choose the cells.

    Raises:
        InfeasibleBudget: No choice meets the budget.
    """
    recipe, allocator = prepared.recipe, prepared.plugins.allocator
    if prepared.measures is None:
        plan = make_plan(serving, recipe, allocator=allocator, rejected=rejected, partial=partial)
        return plan, NOTHING if plan_only else assign(plan, serving)
    sizes = prepared.measures.of(serving.grid)
    plan, chosen = plan_sizes(serving, recipe, sizes, allocator=allocator, rejected=rejected, partial=partial)
    return _measured(plan, serving, chosen, prepared), chosen


def _measured(plan: Plan, serving: Serving, chosen: Chosen, prepared: Prepared) -> Plan:
    """Return a plan with what it comes to in other units, where texts were measured."""
    if prepared.measures is None:
        return plan
    column = serving.columns(chosen.cell, chosen.split)
    found = prepared.measures.report(
        serving.grid, serving.places, chosen.cell, column, chosen.copies, plan.examples.size
    )
    return replace(plan, measured=found)


def judge_of(prepared: Prepared, texts: Texts, progress: bool | None = None, verdicts: Verdicts | None = None) -> Judge:
    """Return the judge, whose validators know of the whole source what they must."""
    recipe = prepared.recipe
    panel = panel_of(recipe.validators, [surveyed(one, prepared.pool) for one in prepared.plugins.validators])
    with_pivot = any(asks_pivot(one.validator) for one in panel)
    reader = Reader(prepared.serving.grid, texts, recipe.pivot, recipe.parallel, with_pivot=with_pivot)
    return Judge(panel, recipe, reader, progress, verdicts, prepared.woven)


def first_choice(prepared: Prepared, texts: Texts, judge: Judge, partial: bool) -> Settled:
    """Plan, choose, and read the texts; bad rows stop the road here, or are left out of the plan and counted.

    Raises:
        BadRows: There are some, and they are not to be dropped.
        InfeasibleBudget: No choice meets the budget.
    """
    scanned, serving, grid = prepared.scanned, prepared.serving, prepared.serving.grid
    plan, chosen = None, NOTHING
    # Bad rows may be why a budget is impossible, and are to be reported first; the second attempt raises again.
    with suppress(InfeasibleBudget):
        plan, chosen = choose(prepared, serving, {}, partial)
    texts.fetch(judge.wanted(grid, chosen.cell), among=grid.address)
    scanned.faults.extend(texts.faults_in(grid))
    if len(scanned.faults) and scanned.on_bad_rows == "error":
        raise scanned.faults.error()
    serving, dropped = good_rows(prepared, texts)
    if plan is not None and serving is prepared.serving:
        return Settled(serving, plan, chosen, dropped)
    plan, chosen = choose(prepared, serving, dropped, partial)
    texts.fetch(judge.wanted(serving.grid, chosen.cell))
    return Settled(serving, plan, chosen, dropped)


def good_rows(prepared: Prepared, texts: Texts) -> tuple[Serving, dict[str, dict[str, int]]]:
    """Return what can be served without bad rows, the same if there are none, and how many cells they take away."""
    serving, grid = prepared.serving, prepared.serving.grid
    bad = prepared.woven.with_woven(texts.bad)
    lost = np.bincount(grid.language[np.isin(grid.address, bad)], minlength=len(grid.languages))
    dropped = {"bad rows": dict(zip(grid.languages, lost.tolist(), strict=True))}
    return serving.on(grid.without(bad)) if lost.any() else serving, dropped


def settle(prepared: Prepared, texts: Texts | None, judge: Judge, first: Settled, partial: bool) -> Settled:
    """Replace what the checks reject until every chosen cell is good.

    Args:
        prepared: The source and the recipe.
        texts: Where the texts of the chosen cells are, in the end; None where they are neither judged nor written now.
        judge: Who rejects.
        first: The first choice, its texts at hand.
        partial: As of a build.

    Raises:
        InfeasibleBudget: Too much is rejected; the error says by which checks.
    """
    serving, plan, chosen, dropped = first
    while len(rejected := judge.reject(serving.grid, chosen.cell)):
        kept = serving.grid.address[chosen.cell]
        serving = serving.on(serving.grid.without(rejected))
        filled = refill(plan, serving, still(serving, kept, chosen, ~np.isin(kept, rejected)))
        if filled is None:  # what was kept stands in the way; without it there may still be a plan
            plan, filled = choose(prepared, serving, {**dropped, **judge.by_check}, partial)
        chosen = filled
        if texts is not None:
            texts.fetch(judge.wanted(serving.grid, chosen.cell))
    check_content(plan, serving, chosen)
    plan = _measured(plan_of(plan, serving, chosen), serving, chosen, prepared)
    return Settled(serving, plan, chosen, dropped)


def still(serving: Serving, address: Ints, chosen: Chosen, stay: Bools) -> Chosen:
    """Return those of some chosen cells that stay, as cells of a serving that has lost the others.

    Args:
        serving: What is left.
        address: Of the chosen cells.
        chosen: The cells, numbered as they were.
        stay: Which of them stay.
    """
    by_address = np.argsort(serving.grid.address)
    here = np.searchsorted(serving.grid.address[by_address], address[stay])
    return Chosen.sorted(by_address[here], chosen.split[stay], chosen.copies[stay])


def mixture_of(prepared: Prepared, settled: Settled, judge: Judge, rows: Rows, member: Member | None = None) -> Mixture:
    """Put the chosen cells in the order of the mixture, and report what became of every row of the source."""
    serving, plan, chosen, _ = settled
    cells, split, _ = _shuffled(chosen, serving)
    doubted, flagged = _noted(judge)
    address, scanned = serving.grid.address[chosen.cell], prepared.scanned
    report = Report(
        reading=scanned.reading,
        recognised=str(scanned.source),
        files=scanned.source.files,
        read=scanned.source.read,
        dropped=scanned.faults.counts,
        bad_rows=scanned.faults.rows,
        excluded=prepared.excluded,
        rejected={tag: judge.rejected[tag] for tag in serving.languages},
        unsure=_by_split(serving, chosen, np.isin(address, doubted), prepared.recipe),
        flagged=_by_split(serving, chosen, np.isin(address, flagged), prepared.recipe),
        uncompared=judge.uncompared(serving.grid, chosen.cell),
        findings=judge.findings(serving.grid.languages),
        plugins=prepared.plugins.versions,
    )
    return Mixture(plan, serving.grid, cells, split, report, rows, member)


def _noted(judge: Judge) -> tuple[Ints, Ints]:
    """Return the addresses of cells that are only unsure, and of those that are flagged."""
    flagged = judge.flagged()
    return np.setdiff1d(judge.doubted(), flagged), flagged


def _by_split(serving: Serving, chosen: Chosen, some: Bools, recipe: Recipe) -> dict[str, dict[str, int]]:
    """Return how many of some chosen cells there are by split and language."""
    width = len(serving.languages)
    columns = serving.columns(chosen.cell[some], chosen.split[some])
    counts = np.bincount(columns, minlength=len(recipe.splits) * width).reshape(-1, width).tolist()
    return {
        name: dict(zip(serving.languages, row, strict=True)) for name, row in zip(recipe.splits, counts, strict=True)
    }


def _shuffled(chosen: Chosen, serving: Serving) -> tuple[Ints, Ints, Ints]:
    """Return cells, splits and copies (from 0), split by split in a keyed order of instruction, language and copy."""
    grid = serving.grid
    cell, split = np.repeat(chosen.cell, chosen.copies), np.repeat(chosen.split, chosen.copies)
    copy = np.arange(len(cell)) - np.repeat(np.cumsum(chosen.copies) - chosen.copies, chosen.copies)
    tags = np.array([hash_of_id(tag) for tag in grid.languages], dtype=np.uint64)
    of_row = grid.hashes[grid.instruction[cell]], tags[grid.language[cell]], copy
    order = np.lexsort((cell, row_keys(*of_row, key_of(serving.seed, "shuffle")), split))
    return cell[order], split[order], copy[order]


def write_chosen(prepared: Prepared, settled: Settled, judge: Judge, texts: Texts) -> Stored:
    """Write the rows of the mixture in their order to a scratch file; their texts are at hand, and forgotten after."""
    serving, grid, scanned = settled.serving, settled.serving.grid, prepared.scanned
    cells, split, copy = _shuffled(settled.chosen, serving)
    address = grid.address[cells]
    tables, lines = lines_of(scanned.source, scanned.database, prepared.woven.row_of(address))
    number = pa.array(grid.language[cells])
    prompts, responses = (pa.array(tags).take(number) for tags in zip(*map(languages_of, grid.languages), strict=True))
    measures = prepared.measures
    counted = measures is not None and measures.unit == "tokens"
    verdicts = pa.array(["ok" if prepared.plugins.validators else "unchecked", "unsure", "flagged"])
    unsure, flagged = (np.isin(address, these) for these in _noted(judge))
    numbers, labels = zip(*((table.number, table.label) for table in scanned.source.tables), strict=True)
    columns = pa.table(
        {
            "id": grid.ids.take(pa.array(grid.instruction[cells])),
            "split": pa.array(prepared.recipe.splits).take(pa.array(split)),
            "column": pa.array(grid.languages).take(number),
            "prompt_language": prompts,
            "response_language": responses,
            "source": pa.array(labels).take(pa.array(np.searchsorted(numbers, tables))),
            "row": pa.array(lines),
            "copy": pa.array(copy + 1),
            "tokens": pa.array(measures.of(grid)[cells]) if measures and counted else pa.nulls(len(cells), pa.int64()),
            "verdict": verdicts.take(pa.array(2 * flagged + unsure)),
        }
    )
    stored = write_rows(scanned.database, columns, prepared.woven.ordered(texts, address))
    texts.close()
    return stored
