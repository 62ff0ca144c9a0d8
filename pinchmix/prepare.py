"""What the arguments of a build stand for: a recipe, its plugins, and a scanned source."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from pinchmix.budget import Budget
from pinchmix.database import Database
from pinchmix.errors import ArgumentError, LanguageClash, near
from pinchmix.grid import Grid
from pinchmix.language import normalise_language
from pinchmix.plugins import Sampler, Validator, find_plugin
from pinchmix.recipe import Recipe
from pinchmix.scan import scan_source
from pinchmix.sources.faults import Faults
from pinchmix.sources.source import Source, open_source

ON_BAD_ROWS = ("error", "drop")
DEFAULT_VALIDATORS = ("language",)


@dataclass(frozen=True)
class Plugins:
    """The plugins that a recipe names, ready to use."""

    sampler: Sampler
    validators: tuple[Validator, ...]


def make_recipe(
    budget: Budget | Recipe | Mapping[str, Any],
    *,
    total: int | None = None,
    languages: Sequence[str] | None = None,
    pivot: str | None = None,
    content: str | None = None,
    sampler: str | Sampler | None = None,
    validate: bool | Sequence[str | Validator] | None = None,
    seed: int | None = None,
) -> tuple[Recipe, Plugins]:
    """Return the recipe that the arguments of :func:`build_mixture` stand for, and its plugins.

    Example:
        >>> recipe, plugins = make_recipe({"en": 90, "iw": 10}, validate=False)
        >>> recipe.budget, plugins.sampler.name
        (Budget.counts({'en': 90, 'he': 10}), 'random')
    """
    if isinstance(budget, Recipe):
        given = {
            "total": total, "languages": languages, "pivot": pivot, "content": content,
            "sampler": sampler, "validate": validate, "seed": seed,
        }  # fmt: skip
        if twice := [name for name, value in given.items() if value is not None]:
            raise ArgumentError(
                f"a recipe was given, and it decides {', '.join(twice)} too; change the recipe instead."
            )
        checks = tuple(find_plugin("validators", name) for name in budget.validators)
        return budget, Plugins(find_plugin("samplers", budget.sampler), checks)
    if isinstance(languages, str):
        raise ArgumentError(f"languages={languages!r}: give a list of tags, such as [{languages!r}].")
    if isinstance(languages, Set) and not isinstance(languages, KeysView):
        raise ArgumentError("languages: a set has no order, and the order breaks ties; give a list of tags.")
    if languages is not None and not isinstance(languages, Iterable):
        raise ArgumentError(f"languages={languages!r}: give a list of tags, such as ['en', 'fi'].")
    chosen = None if sampler is None or isinstance(sampler, str) else sampler
    order: Sampler = chosen or find_plugin("samplers", sampler if isinstance(sampler, str) else "random")
    if validate is None or validate is True:
        named: Sequence[str | Validator] = DEFAULT_VALIDATORS
    elif isinstance(validate, str):
        raise ArgumentError(f"validate={validate!r}: give True, False or a list, such as [{validate!r}].")
    elif validate is not False and not isinstance(validate, Iterable):
        raise ArgumentError(f"validate={validate!r}: give True, False or a list, such as {list(DEFAULT_VALIDATORS)!r}.")
    else:
        named = validate or ()
    checks = tuple(find_plugin("validators", item) if isinstance(item, str) else item for item in named)
    for kind, plugin in (("sampler", order), *(("validator", check) for check in checks)):
        protocol = Sampler if kind == "sampler" else Validator
        if not isinstance(plugin, protocol):
            raise ArgumentError(
                f"{kind}: {plugin!r} is no {kind}; "
                f"it needs name, version and {'order' if kind == 'sampler' else 'judge'}()."
            )
    recipe = Recipe(
        budget=Budget.of(budget, total),
        languages=_tags(languages or ()),
        pivot=normalise_language("en" if pivot is None else pivot),
        content="disjoint" if content is None else content,
        sampler=order.name,
        validators=tuple(check.name for check in checks),
        seed=0 if seed is None else seed,
    )
    return recipe, Plugins(order, checks)


def _tags(languages: Sequence[str]) -> tuple[str, ...]:
    spelled: dict[str, str] = {}
    for name in languages:
        tag = normalise_language(name)
        if tag in spelled:
            raise LanguageClash(tag, [spelled[tag], name])
        spelled[tag] = name
    return tuple(spelled)


@dataclass(frozen=True)
class Scanned:
    """A source after its scan: what exists, and what was wrong."""

    source: Source
    grid: Grid
    faults: Faults
    database: Database


def scan(
    source: Any,
    recipe: Recipe,
    *,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Scanned:
    """Open a source and find which instruction exists in which language; arguments as of :func:`build_mixture`."""
    if on_bad_rows not in ON_BAD_ROWS:
        raise ArgumentError(
            f"on_bad_rows={on_bad_rows!r} is neither 'error' nor 'drop'.{near(str(on_bad_rows), ON_BAD_ROWS)}"
        )
    database = Database()
    opened = open_source(source, database, columns=columns, join=join, languages=recipe.languages, progress=progress)
    grid, faults = scan_source(opened, database, recipe.languages)
    faults.extend(opened.faults)
    return Scanned(opened, grid, faults, database)
