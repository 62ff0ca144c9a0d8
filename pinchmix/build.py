"""build_mixture: the whole road on one page.

scan (ids) → grid → plan → sample → read (texts: check every row, keep the chosen) → validate → mixture. A bad row or a
rejected cell leaves the grid, and what it leaves open is planned and sampled again, until every chosen cell is good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.budget import Budget
from pinchmix.canonical import key_of
from pinchmix.errors import ArgumentError, InfeasibleBudget
from pinchmix.exact.order import keyed
from pinchmix.grid import Grid
from pinchmix.judge import Judge
from pinchmix.mixture import Mixture, Report
from pinchmix.plan import Plan, assign, make_plan, plan_of, replace_cells
from pinchmix.plugins import Sampler, Validator
from pinchmix.pool import Pool
from pinchmix.prepare import Scanned, make_recipe, scan
from pinchmix.recipe import Recipe
from pinchmix.rows import Rows, write_rows
from pinchmix.scan import lines_of
from pinchmix.texts import Texts


def build_mixture(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: bool | Sequence[str | Validator] | None = None,
    seed: int | None = None,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Mixture:
    """Build a mixture: exactly the budget, one language an instruction, every chosen cell checked.

    The same source, recipe and seed give the same mixture, whatever the order of rows and files and the file format.

    Args:
        source: Parallel data: a ``{lang}`` path template, a folder, a glob, a file, a table (``datasets``, pandas,
            Arrow, Polars) or a mapping of language to any of these.
        budget: A mapping (whole numbers are counts, fractions are shares of ``total``, ``"*"`` all languages not named,
            split evenly), a :class:`~pinchmix.Budget`, or a whole :class:`~pinchmix.Recipe` (then the keywords of a
            recipe are refused).
        total: The size of the mixture, when the budget is a mapping of shares.
        languages: The languages to draw on, in the order in which ties are broken; all of the source by default.
        pivot: The language that the others are translations of; ``"en"`` by default. It is recorded in the recipe, and
            no choice depends on it so far.
        content: In how many languages an instruction may appear: ``"disjoint"``, in one.
        sampler: The order in which instructions are served: a name or a plugin; ``"random"`` by default.
        validate: Which checks a chosen cell must pass: names or plugins; True is the language check, False none.
        seed: What keys every choice; 0 by default.
        columns: Field → column name (id, language, system, prompt, input, response, messages), where the columns are of
            no known layout.
        join: ``"id"``, or ``"row"`` where row n is the same instruction in every language.
        on_bad_rows: ``"error"`` reports all bad rows together, ``"drop"`` leaves them out and counts them.
        progress: Show bars for what takes more than a second; by default where somebody can see them.

    Returns:
        The mixture.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        BadRows: Rows that cannot be used, all of them together.
        SourceError: The source cannot be read as parallel data.
        BudgetError: The budget says nothing sensible.
        UnknownLanguage: A language that is none, or that the source lacks.
        UnknownPlugin: No sampler or validator of that name.
        ArgumentError: An argument that means nothing, or two that contradict.

    Example:
        >>> import pinchmix
        >>> mix = build_mixture(pinchmix.sample(), {"en": 20, "*": 11}, languages=["en", "fi", "sw"], validate=False)
        >>> mix.counts["examples"].to_dict()
        {'en': 20, 'fi': 6, 'sw': 5}
    """
    recipe, plugins = make_recipe(
        budget,
        total=total,
        languages=languages,
        pivot=pivot,
        content=content,
        sampler=sampler,
        validate=validate,
        seed=seed,
    )
    scanned = scan(source, recipe, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    pool = Pool(scanned.grid, recipe.pivot, None)  # type: ignore[arg-type]
    order = np.asarray(plugins.sampler.order(pool, recipe.seed).key)
    if order.shape != (ids := (len(scanned.grid.ids),)):
        raise ArgumentError(f"sampler {plugins.sampler.name}: one key an instruction, shape {ids}, not {order.shape}.")
    texts = Texts(scanned.source, scanned.database, progress)
    judge = Judge(plugins.validators, scanned.grid.languages, texts, progress)

    grid, plan, cells, dropped = _first_choice(scanned, recipe, order, texts, on_bad_rows)
    while len(rejected := judge.reject(grid, cells)):
        kept = np.setdiff1d(grid.address[cells], rejected)
        grid = grid.without(rejected)
        stay = np.flatnonzero(np.isin(grid.address, kept))
        filled = replace_cells(plan, grid, stay, order)
        if filled is None:  # what was kept stands in the way; without it there may still be a plan
            lost = {tag: dropped[tag] + judge.rejected[tag] for tag in grid.languages}
            plan = make_plan(grid, recipe, rejected=lost)
            filled = assign(plan, grid, order)
        cells = filled
        texts.fetch(grid.address[cells])
    cells = cells[
        np.argsort(keyed(grid.hashes[grid.instruction[cells]], key_of(recipe.seed, "shuffle")), kind="stable")
    ]
    report = Report(
        recognised=str(scanned.source),
        files=scanned.source.files,
        read=scanned.source.read,
        dropped=scanned.faults.counts,
        bad_rows=scanned.faults.rows,
        rejected=judge.rejected,
        unsure=judge.unsure(grid, cells),
        findings=judge.findings(),
        plugins={
            f"samplers/{plugins.sampler.name}": plugins.sampler.version,
            **{f"validators/{check.name}": check.version for check in plugins.validators},
        },
    )
    return Mixture(plan_of(plan, grid, cells), grid, cells, report, _write_rows(scanned, grid, cells, texts))


def plan_mixture(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: bool | Sequence[str | Validator] | None = None,
    seed: int | None = None,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Plan:
    """Plan a mixture from the ids alone: says whether the budget is possible and how; reads and chooses no text.

    The arguments are those of :func:`build_mixture`. Rows whose text turns out to be unusable, and cells that a check
    rejects, are not known yet: a budget at the very edge may be planned and still fail to build.

    Returns:
        The plan.

    Raises:
        InfeasibleBudget: No choice of cells meets the budget; the error carries the certificate.
        PinchmixError: As :func:`build_mixture`.

    Example:
        >>> import pinchmix
        >>> plan_mixture(pinchmix.sample(), {"en": 20, "*": 10}, languages=["en", "fi", "sw"])
        Plan(30 examples in 3 languages, 36 instructions left over)
    """
    recipe, _ = make_recipe(
        budget,
        total=total,
        languages=languages,
        pivot=pivot,
        content=content,
        sampler=sampler,
        validate=validate,
        seed=seed,
    )
    scanned = scan(source, recipe, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    if len(scanned.faults) and on_bad_rows == "error":
        raise scanned.faults.error()
    return make_plan(scanned.grid, recipe)


def _first_choice(
    scanned: Scanned, recipe: Recipe, order: npt.NDArray[np.uint64], texts: Texts, on_bad_rows: str
) -> tuple[Grid, Plan, npt.NDArray[np.int64], dict[str, int]]:
    """Plan, choose, and read the texts; bad rows stop the road here, or are left out of the plan and counted."""
    grid, possible = scanned.grid, True
    cells = np.zeros(0, dtype=np.int64)
    try:
        plan = make_plan(grid, recipe)
        cells = assign(plan, grid, order)
    except InfeasibleBudget:
        possible = False  # bad rows may be why, and are to be reported first
    texts.fetch(grid.address[cells], among=grid.address)
    scanned.faults.extend(texts.faults)
    if len(scanned.faults) and on_bad_rows == "error":
        raise scanned.faults.error()
    lost = np.bincount(grid.language[np.isin(grid.address, texts.bad)], minlength=len(grid.languages))
    dropped = dict(zip(grid.languages, lost.tolist(), strict=True))
    if possible and not len(texts.bad):
        return grid, plan, cells, dropped
    grid = grid.without(texts.bad)
    plan = make_plan(grid, recipe, rejected=dropped)
    cells = assign(plan, grid, order)
    texts.fetch(grid.address[cells])
    return grid, plan, cells, dropped


def _write_rows(scanned: Scanned, grid: Grid, cells: npt.NDArray[np.int64], texts: Texts) -> Rows:
    """Write the rows of the mixture in their order to a scratch file."""
    address = grid.address[cells]
    tables, lines = lines_of(scanned.source, scanned.database, address)
    language = pa.array(grid.languages).take(pa.array(grid.language[cells]))
    columns = pa.table(
        {
            "id": grid.ids.take(pa.array(grid.instruction[cells])),
            "prompt_language": language,
            "response_language": language,
            "source": pa.array([table.label for table in scanned.source.tables]).take(pa.array(tables)),
            "row": pa.array(lines),
        }
    )
    rows = write_rows(scanned.database, columns, texts.ordered(address))
    texts.close()
    return rows
