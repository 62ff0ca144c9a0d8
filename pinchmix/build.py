"""build_mixture: the whole road on one page.

scan (ids) → exclude → order → measure → plan → choose → read (texts: check every row, keep the chosen) → validate →
mixture. A bad row or a rejected cell leaves the grid, and what it leaves open is planned and chosen again, until every
chosen cell is good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from pinchmix.arguments import Asked, Validate
from pinchmix.budget import Budget
from pinchmix.canonical import hash_of_id, key_of
from pinchmix.errors import InfeasibleBudget
from pinchmix.exact.order import row_keys
from pinchmix.exact.supply import Bools, Ints
from pinchmix.examine import panel_of
from pinchmix.judge import Judge, Reader
from pinchmix.mixture import Mixture, Report
from pinchmix.plan import Plan
from pinchmix.planning.assign import Chosen, assign, check_content, plan_of, refill
from pinchmix.planning.examples import Rejected, make_plan
from pinchmix.planning.serving import Serving
from pinchmix.planning.sizes import plan_sizes
from pinchmix.plugins import Sampler, surveyed
from pinchmix.prepare import Prepared, prepare
from pinchmix.recipe import Recipe
from pinchmix.rows import Rows, write_rows
from pinchmix.scan import lines_of
from pinchmix.texts import Texts
from pinchmix.weave import languages_of


def build_mixture(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    unit: str | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: Validate = None,
    parallel: str | None = None,
    tokenizer: Any = None,
    counted: str | None = None,
    repeat: int | None = None,
    split: Mapping[str, Any] | None = None,
    exclude: Any = None,
    wording: Mapping[str, str] | None = None,
    seed: int | None = None,
    partial: bool = False,
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
            split evenly; ``"fi>en"``, ``"translate(en>fi)"`` and ``"switch(en,fi)"`` are made of two languages), a
            :class:`~pinchmix.Budget`, or a whole :class:`~pinchmix.Recipe` (then the keywords of a recipe are refused;
            only the tokenizer and the exclusion, of which it holds the digests, are given again).
        total: The size of the mixture, when the budget is a mapping of shares.
        unit: What a mapping counts: ``"examples"``, ``"tokens"``, ``"characters"`` or ``"bytes"``.
        languages: The languages to draw on, in the order in which ties are broken; all of the source by default.
        pivot: The language that the others are translations of, and that speaks for an instruction where a sampler or
            an exclusion asks for its text; ``"en"`` by default.
        content: In how many languages an instruction may appear: ``"disjoint"`` (one), ``"overlap(k)"`` (at most k),
            ``"exactly(k)"``, ``"union"`` (all), ``"cover"`` (one, and every instruction is used) or ``"same"`` (the
            same instructions in every language).
        sampler: The order in which instructions are served: a name or a plugin; ``"random"`` by default.
        validate: Which checks a chosen cell must pass, and what becomes of those that do not: ``"lenient"``,
            ``"default"`` or ``"strict"``; changes to the default, such as ``{"numbers": "reject", "length": "off",
            "on_unsure": "flag"}``; a list of names, plugins and pairs such as ``(plugin, "flag")``; True for the
            default, False for nothing.
        parallel: What is a translation of the pivot: ``"both"``, or ``"prompt"`` where every language has responses of
            its own, which are then not compared; ``"both"`` by default.
        tokenizer: What counts tokens: a SentencePiece model or ``tokenizer.json`` file, a tokenizer object, or a
            function from text to number.
        counted: Which text is counted in tokens, characters or bytes: ``"both"``, ``"prompt"``, ``"response"`` or
            ``"chat"`` (in the tokenizer's chat template).
        repeat: How often a cell may appear when its language is short; 1 by default.
        split: Name → share or count of each split; no instruction is in two of them.
        exclude: Instructions that must not be chosen: a list of ids, a file of evaluation prompts, or an
            :class:`~pinchmix.exclude.Exclusion`.
        wording: Language → what asks for a translation in it, with ``{text}`` and perhaps ``{language}``, for the
            columns ``translate(...)``, where it is not to be what is built in.
        seed: What keys every choice; 0 by default.
        partial: Where the budget is impossible, build the nearest that is possible (see ``Plan.levelled``).
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
    asked = Asked(
        total=total, unit=unit, languages=languages, pivot=pivot, content=content, sampler=sampler, validate=validate,
        parallel=parallel, tokenizer=tokenizer, counted=counted, repeat=repeat, split=split, exclude=exclude, seed=seed,
        wording=wording,
    )  # fmt: skip
    prepared = prepare(source, budget, asked, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    texts = Texts(prepared.source, prepared.database, progress)
    judge = _judge(prepared, texts, progress)

    serving, plan, chosen, dropped = _first_choice(prepared, texts, judge, partial)
    while len(rejected := judge.reject(serving.grid, chosen.cell)):
        kept = serving.grid.address[chosen.cell]
        serving = serving.on(serving.grid.without(rejected))
        stay = ~np.isin(kept, rejected)
        here = np.searchsorted(np.sort(serving.grid.address), kept[stay])
        cells = np.argsort(serving.grid.address)[here]
        filled = refill(plan, serving, Chosen.sorted(cells, chosen.split[stay], chosen.copies[stay]))
        if filled is None:  # what was kept stands in the way; without it there may still be a plan
            plan, filled = _choose(prepared, serving, {**dropped, **judge.by_check}, partial)
        chosen = filled
        texts.fetch(judge.wanted(serving.grid, chosen.cell))
    check_content(plan, serving, chosen)
    plan = _measured(plan_of(plan, serving, chosen), serving, chosen, prepared)
    return _mixture(prepared, serving, plan, chosen, judge, texts)


def plan_mixture(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    unit: str | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: Validate = None,
    parallel: str | None = None,
    tokenizer: Any = None,
    counted: str | None = None,
    repeat: int | None = None,
    split: Mapping[str, Any] | None = None,
    exclude: Any = None,
    wording: Mapping[str, str] | None = None,
    seed: int | None = None,
    partial: bool = False,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Plan:
    """Plan a mixture: says whether the budget is possible and how; chooses nothing.

    The arguments are those of :func:`build_mixture`. Texts are read only where the budget is in tokens, characters or
    bytes, or a sampler or an exclusion asks for them. Rows whose text turns out to be unusable, and cells that a check
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
    asked = Asked(
        total=total, unit=unit, languages=languages, pivot=pivot, content=content, sampler=sampler, validate=validate,
        parallel=parallel, tokenizer=tokenizer, counted=counted, repeat=repeat, split=split, exclude=exclude, seed=seed,
        wording=wording,
    )  # fmt: skip
    prepared = prepare(source, budget, asked, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    if len(prepared.faults) and on_bad_rows == "error":
        raise prepared.faults.error()
    return _choose(prepared, prepared.serving, {}, partial, plan_only=True)[0]


NOTHING = Chosen(*(np.zeros(0, dtype=np.int64) for _ in range(3)))


def _choose(
    prepared: Prepared, serving: Serving, rejected: Rejected, partial: bool, *, plan_only: bool = False
) -> tuple[Plan, Chosen]:
    """Plan what a serving can give, and choose the cells."""
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


def _judge(prepared: Prepared, texts: Texts, progress: bool | None) -> Judge:
    """Return the judge, whose validators know of the whole source what they must."""
    recipe = prepared.recipe
    panel = panel_of(recipe.validators, [surveyed(one, prepared.pool) for one in prepared.plugins.validators])
    with_pivot = any(one.traits.needs_pivot for one in panel)
    reader = Reader(prepared.serving.grid, texts, recipe.pivot, recipe.parallel, with_pivot=with_pivot)
    return Judge(panel, recipe, reader, progress, prepared.woven)


def _first_choice(
    prepared: Prepared, texts: Texts, judge: Judge, partial: bool
) -> tuple[Serving, Plan, Chosen, dict[str, dict[str, int]]]:
    """Plan, choose, and read the texts; bad rows stop the road here, or are left out of the plan and counted."""
    serving, grid = prepared.serving, prepared.serving.grid
    plan, chosen = None, NOTHING
    # Bad rows may be why a budget is impossible, and are to be reported first; the second attempt raises again.
    with suppress(InfeasibleBudget):
        plan, chosen = _choose(prepared, serving, {}, partial)
    texts.fetch(judge.wanted(grid, chosen.cell), among=grid.address)
    prepared.faults.extend(texts.faults)
    if len(prepared.faults) and prepared.on_bad_rows == "error":
        raise prepared.faults.error()
    bad = prepared.woven.with_woven(texts.bad)
    lost = np.bincount(grid.language[np.isin(grid.address, bad)], minlength=len(grid.languages))
    dropped = {"bad rows": dict(zip(grid.languages, lost.tolist(), strict=True))}
    if plan is not None and not len(bad):
        return serving, plan, chosen, dropped
    serving = serving.on(grid.without(bad))
    plan, chosen = _choose(prepared, serving, dropped, partial)
    texts.fetch(judge.wanted(serving.grid, chosen.cell))
    return serving, plan, chosen, dropped


def _mixture(prepared: Prepared, serving: Serving, plan: Plan, chosen: Chosen, judge: Judge, texts: Texts) -> Mixture:
    """Put the chosen cells in the order of the mixture, write their rows, and report."""
    cells, split, copy = _shuffled(chosen, serving)
    flagged = judge.flagged()
    doubted = np.setdiff1d(judge.doubted(), flagged)
    report = Report(
        reading=prepared.reading,
        recognised=str(prepared.source),
        files=prepared.source.files,
        read=prepared.source.read,
        dropped=prepared.faults.counts,
        bad_rows=prepared.faults.rows,
        excluded=prepared.excluded,
        rejected={column: judge.rejected[column] for column in serving.languages},
        unsure=_by_split(serving, chosen, np.isin(serving.grid.address[chosen.cell], doubted), prepared.recipe),
        flagged=_by_split(serving, chosen, np.isin(serving.grid.address[chosen.cell], flagged), prepared.recipe),
        findings=judge.findings(),
        plugins=prepared.plugins.versions,
    )
    rows = _write_rows(prepared, serving, cells, split, copy, texts, (doubted, flagged))
    return Mixture(plan, serving.grid, cells, split, report, rows)


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


def _write_rows(
    prepared: Prepared,
    serving: Serving,
    cells: Ints,
    split: Ints,
    copy: Ints,
    texts: Texts,
    noted: tuple[Ints, Ints],
) -> Rows:
    """Write the rows of the mixture in their order to a scratch file."""
    grid = serving.grid
    address = grid.address[cells]
    tables, lines = lines_of(prepared.source, prepared.database, prepared.woven.row_of(address))
    number = pa.array(grid.language[cells])
    prompts, responses = (pa.array(tags).take(number) for tags in zip(*map(languages_of, grid.languages), strict=True))
    measures = prepared.measures
    counted = measures is not None and measures.unit == "tokens"
    verdicts = pa.array(["ok" if prepared.plugins.validators else "unchecked", "unsure", "flagged"])
    unsure, flagged = (np.isin(address, these) for these in noted)
    columns = pa.table(
        {
            "id": grid.ids.take(pa.array(grid.instruction[cells])),
            "split": pa.array(prepared.recipe.splits).take(pa.array(split)),
            "column": pa.array(grid.languages).take(number),
            "prompt_language": prompts,
            "response_language": responses,
            "source": pa.array([table.label for table in prepared.source.tables]).take(pa.array(tables)),
            "row": pa.array(lines),
            "copy": pa.array(copy + 1),
            "tokens": pa.array(measures.of(grid)[cells]) if measures and counted else pa.nulls(len(cells), pa.int64()),
            "verdict": verdicts.take(pa.array(2 * flagged + unsure)),
        }
    )
    rows = write_rows(prepared.database, columns, prepared.woven.ordered(texts, address))
    texts.close()
    return rows
