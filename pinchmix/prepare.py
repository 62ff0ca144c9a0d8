"""Preparation: from a source and a recipe to instructions that are ready to be served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from pinchmix.arguments import Asked, Plugins, make_recipe
from pinchmix.budget import Budget
from pinchmix.errors import ArgumentError, UnknownLanguage
from pinchmix.exclude import Overlap, overlap
from pinchmix.grid import Grid
from pinchmix.measure import Measures, measure_source
from pinchmix.planning.examples import chosen_languages
from pinchmix.planning.serving import Serving
from pinchmix.plugins import Order
from pinchmix.pool import Pool
from pinchmix.reading.facts import SourceFacts
from pinchmix.recipe import PIVOT, Recipe
from pinchmix.scan import scan_source
from pinchmix.sources.database import Database
from pinchmix.sources.faults import Faults
from pinchmix.sources.source import Source, open_source
from pinchmix.text.wording import near
from pinchmix.weaving.woven import Woven, naming_columns, plain_languages, weave_grid

ON_BAD_ROWS = ("error", "drop")


@dataclass(frozen=True)
class Scanned:
    """A source that was scanned: which cells exist; mixtures of several recipes may be made of it.

    Attributes:
        source: The tables.
        database: Where they are readable.
        grid: What exists.
        faults: The rows that the scan found no place for; then also those whose text cannot be used.
        rows: Number of each long table → language → its rows.
        on_bad_rows: ``"error"`` or ``"drop"``.
        reading: How the source was read: columns, join and on_bad_rows, as they were said.
        progress: See :func:`~pinchmix.progress.progress_bar`.
    """

    source: Source
    database: Database
    grid: Grid
    faults: Faults
    rows: Mapping[int, Mapping[str, int]]
    on_bad_rows: str
    reading: Mapping[str, Any]
    progress: bool | None = None

    def only(self, languages: Sequence[str], beside: Sequence[str] = ()) -> Scanned:
        """Return what the scan of the same source for some of the languages finds; nothing is read again.

        Args:
            languages: Those that are kept, all of which are there; all if empty.
            beside: Others that are kept, where they are there.

        Example:
            >>> import pinchmix
            >>> scanned = scan(pinchmix.sample(), ["en", "fi", "sw"])
            >>> scanned.source.read, scanned.only(["sw"], beside=["en"]).source.read, scanned.only(["sw"]).source.read
            (184, 119, 54)
        """
        faults, tags = Faults(), (*languages, *beside)
        if not languages:
            faults.extend(self.faults)
            return replace(self, faults=faults)
        faults.extend(self.faults.only(tags))
        grid = self.grid.only([tag for tag in tags if tag in self.grid.languages])
        return replace(self, source=self.source.only(tags, self.rows), grid=grid, faults=faults)


@dataclass(frozen=True)
class Prepared:
    """A scanned source and a recipe: what is there less what is excluded, in the order in which it is served.

    Attributes:
        recipe: What is asked.
        plugins: What the recipe names.
        scanned: The source.
        pool: What may be asked about instructions.
        serving: What exists, and in which order it is served.
        woven: What the cells of woven columns are made of.
        measures: The size of each cell, where the budget is not in examples.
        excluded: What was left out of the data, if anything was to be.
    """

    recipe: Recipe
    plugins: Plugins
    scanned: Scanned
    pool: Pool
    serving: Serving
    woven: Woven
    measures: Measures | None
    excluded: Overlap | None


def scan(
    source: Any,
    languages: Sequence[str],
    beside: Sequence[str] = (),
    *,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Scanned:
    """Scan a source for some languages (all if empty), and for others beside them if it has those.

    The other arguments are those of a build.
    """
    if on_bad_rows not in ON_BAD_ROWS:
        raise ArgumentError(
            f"on_bad_rows={on_bad_rows!r} is neither 'error' nor 'drop'.{near(str(on_bad_rows), ON_BAD_ROWS)}"
        )
    database = Database()
    opened = open_source(
        source, database, columns=columns, join=join, languages=languages, beside=beside, progress=progress
    )
    grid, faults, rows = scan_source(opened, database, languages, beside)
    faults.extend(opened.faults)
    reading = {"columns": dict(columns or {}), "join": join, "on_bad_rows": on_bad_rows}
    return Scanned(opened, database, grid, faults, rows, on_bad_rows, reading, progress)


def prepared_for(scanned: Scanned, recipe: Recipe, plugins: Plugins) -> Prepared:
    """Leave out what a recipe excludes, and ask its sampler for the order.

    The pivot stays beside the recipe's languages, where it is none of them and something asks what it says.

    Raises:
        UnknownLanguage: The recipe names a language that the source does not have.
    """
    opened, database, progress = scanned.source, scanned.database, scanned.progress
    with naming_columns(recipe):
        tags = at_hand(scanned.grid, recipe)
    beside = pivots_beside([(recipe, plugins)])
    if missing := [tag for tag in beside if tag not in scanned.grid.languages and tag != PIVOT]:
        raise UnknownLanguage(missing[0], sorted({*scanned.grid.languages, *opened.beyond}), "pivot")
    grid = scanned.grid.only(tags, [tag for tag in beside if tag in scanned.grid.languages])
    facts = SourceFacts(opened, database, grid, recipe.pivot, progress)
    excluded = None
    if plugins.exclusion is not None:
        excluded = overlap(plugins.exclusion, grid.ids, facts.prompts(), scanned.grid.ids)
        grid = grid.without(grid.address[excluded.mask[grid.instruction]])
        facts = SourceFacts(opened, database, grid, recipe.pivot, progress)
    pool = Pool(grid, recipe.pivot, facts)
    grid, woven = weave_grid(grid, recipe, opened, database)
    serving = serving_of(pool, recipe, plugins.sampler.order(pool, recipe.seed), plugins.sampler.name, grid)
    measures = None
    if recipe.budget.unit != "examples":
        measures = measure_source(
            opened, database, grid, recipe.budget.unit, plugins.tokenizer, recipe.counted, recipe.pivot, progress, woven
        )
    return Prepared(recipe, plugins, scanned, pool, serving, woven, measures, excluded)


def pivots_beside(asked: Iterable[tuple[Recipe, Plugins]]) -> tuple[str, ...]:
    """Return the pivots of recipes of which something asks what the pivot says."""
    return tuple(dict.fromkeys(recipe.pivot for recipe, plugins in asked if plugins.read_pivot))


def at_hand(grid: Grid, recipe: Recipe) -> tuple[str, ...]:
    """Return the plain languages that a recipe draws on, of a grid that may have more."""
    for tag in (tags := plain_languages(recipe)):
        if tag not in grid.languages:
            raise UnknownLanguage(tag, grid.languages, "languages")
    return tags or grid.languages


def prepare(
    source: Any,
    budget: Budget | Recipe | Mapping[str, Any],
    asked: Asked,
    *,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Prepared:
    """Scan a source, leave out what is excluded, and ask the sampler for the order; arguments as of a build."""
    recipe, plugins = make_recipe(budget, asked)
    with naming_columns(recipe):
        scanned = scan(
            source,
            plain_languages(recipe),
            pivots_beside([(recipe, plugins)]),
            columns=columns,
            join=join,
            on_bad_rows=on_bad_rows,
            progress=progress,
        )
    return prepared_for(scanned, recipe, plugins)


def serving_of(pool: Pool, recipe: Recipe, order: Order, name: str, grid: Grid | None = None) -> Serving:
    """Return the instructions of a pool in the order that a sampler says, once it was found to be one.

    Args:
        pool: The instructions, and the plain languages.
        recipe: What is asked.
        order: What the sampler says.
        name: What it is called.
        grid: The same instructions, with woven columns; that of the pool by default.

    Raises:
        ArgumentError: The sampler's answer is none.
        UnknownLanguage: The recipe names a language that the source does not have.

    Example:
        >>> from pinchmix.testing import toy_pool
        >>> from pinchmix.grid import Grid
        >>> pool = toy_pool(Grid.from_mapping({"a": ["en"], "b": ["en"]}))
        >>> serving_of(pool, Recipe(Budget.uniform(1)), Order(np.array([9, 3], dtype=np.uint64)), "mine").order.tolist()
        [1, 0]
    """
    if not isinstance(order, Order):
        raise ArgumentError(f"sampler {name}: it returns an Order, not {type(order).__name__}.")
    key, shape = np.asarray(order.key), (len(pool.grid.ids),)
    if key.shape != shape or key.dtype != np.uint64:
        raise ArgumentError(
            f"sampler {name}: one key an instruction, shape {shape} and uint64, not {key.shape} and {key.dtype}."
        )
    stratum = None if order.stratum is None else np.asarray(order.stratum)
    if stratum is not None and (stratum.shape != shape or stratum.dtype.kind not in "iu" or stratum.min(initial=0) < 0):
        raise ArgumentError(f"sampler {name}: one class an instruction, shape {shape}, whole numbers from 0 on.")
    shares = None if order.shares is None else [Fraction(share) for share in order.shares]
    if shares is not None:
        classes = 0 if stratum is None else int(stratum.max(initial=-1)) + 1
        if stratum is None or len(shares) < classes or min(shares, default=0) < 0 or sum(shares) != 1:
            raise ArgumentError(
                f"sampler {name}: shares are one a class, exact, not negative, and sum to 1; it gives {len(shares)} "
                f"that sum to {float(sum(shares)):.6g} for {classes} classes."
            )
    whole = pool.grid if grid is None else grid
    return Serving(
        grid=whole,
        languages=chosen_languages(whole, recipe),
        key=key,
        seed=recipe.seed,
        ranked=bool(order.ranked),
        stratum=None if stratum is None else stratum.astype(np.int64),
        shares=shares,
    )
