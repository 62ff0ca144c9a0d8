"""Commands that make a mixture: build, plan, and recipe, which prints what they would be told."""

from __future__ import annotations

from typing import Annotated

import typer

import pinchmix
from pinchmix.cli.options import arguments_of, names_in, pairs, recipe_of, setting_of
from pinchmix.cli.words import (
    ABOUT,
    BUDGET,
    CHECK,
    COLUMNS,
    CONTENT,
    COUNTED,
    DEBUG,
    EXCLUDE,
    FORMATS,
    JOIN,
    LANGUAGES,
    NOTE,
    ON_BAD_ROWS,
    OVERWRITE,
    PARALLEL,
    PARTIAL,
    PIVOT,
    RECIPE,
    REPEAT,
    ROOT,
    SAMPLER,
    SEED,
    SETTING,
    SHARDS,
    SOURCE,
    SPLIT,
    TOKENIZER,
    TOTAL,
    TRAINERS,
    UNIT,
    VALIDATE,
    WEIGHTS,
    WORDING,
    given,
)
from pinchmix.export import check_target, make_options, write_export
from pinchmix.exporting.folder import place_of


def build(
    ctx: typer.Context,
    source: SOURCE,
    out: Annotated[str, typer.Option(help="The folder to make.", show_default=False)],
    budget: BUDGET = [],  # noqa: B006 - typer wants a plain default and never changes it
    recipe: RECIPE = "",
    weights: WEIGHTS = "",
    note: NOTE = "",
    total: TOTAL = None,
    unit: UNIT = "examples",
    languages: LANGUAGES = [],  # noqa: B006 - typer wants a plain default and never changes it
    pivot: PIVOT = "en",
    content: CONTENT = "disjoint",
    sampler: SAMPLER = "random",
    setting: SETTING = [],  # noqa: B006 - typer wants a plain default and never changes it
    validate: VALIDATE = True,
    check: CHECK = [],  # noqa: B006 - typer wants a plain default and never changes it
    parallel: PARALLEL = "both",
    tokenizer: TOKENIZER = "",
    counted: COUNTED = "both",
    repeat: REPEAT = 1,
    split: SPLIT = [],  # noqa: B006 - typer wants a plain default and never changes it
    exclude: EXCLUDE = "",
    wording: WORDING = [],  # noqa: B006 - typer wants a plain default and never changes it
    seed: SEED = 0,
    partial: PARTIAL = False,
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    join: JOIN = "id",
    on_bad_rows: ON_BAD_ROWS = "error",
    formats: FORMATS = "messages",
    trainers: TRAINERS = "all",
    shards: SHARDS = 1,
    root: ROOT = "",
    about: ABOUT = [],  # noqa: B006 - typer wants a plain default and never changes it
    overwrite: OVERWRITE = False,
    debug: DEBUG = False,
) -> None:
    """Build a mixture, export it, and verify the export."""
    arguments = arguments_of(locals(), given(ctx))
    said = {name: setting_of(text) for name, text in pairs(about, "--about").items()}
    exported = make_options(
        names_in(formats), "all" if trainers == "all" else names_in(trainers), shards, root or None, said
    )
    check_target(place_of(out), overwrite)
    mixture = pinchmix.build_mixture(source, **arguments)
    typer.echo(f"read {mixture.report.recognised}")
    typer.echo(repr(mixture))
    if mixture.report.excluded is not None:
        typer.echo(str(mixture.report.excluded))
    for row in mixture.report.bad_rows[:20]:
        typer.echo(f"dropped {row.where}  {row.fault}: {row.detail}")
    manifest = write_export(mixture, place_of(out), exported, overwrite=overwrite)
    pinchmix.verify_export(out)
    rows, digest = manifest.identity["mixture"]["rows"], manifest.identity["mixture"]["digest"]
    typer.echo(f"exported to {out} and verified: {rows:,} rows, digest {digest}")
    for note in manifest.notes:
        typer.echo(f"note: {note}")


def plan(
    ctx: typer.Context,
    source: SOURCE,
    budget: BUDGET = [],  # noqa: B006 - typer wants a plain default and never changes it
    recipe: RECIPE = "",
    weights: WEIGHTS = "",
    note: NOTE = "",
    total: TOTAL = None,
    unit: UNIT = "examples",
    languages: LANGUAGES = [],  # noqa: B006 - typer wants a plain default and never changes it
    pivot: PIVOT = "en",
    content: CONTENT = "disjoint",
    sampler: SAMPLER = "random",
    setting: SETTING = [],  # noqa: B006 - typer wants a plain default and never changes it
    tokenizer: TOKENIZER = "",
    counted: COUNTED = "both",
    repeat: REPEAT = 1,
    split: SPLIT = [],  # noqa: B006 - typer wants a plain default and never changes it
    exclude: EXCLUDE = "",
    wording: WORDING = [],  # noqa: B006 - typer wants a plain default and never changes it
    seed: SEED = 0,
    partial: PARTIAL = False,
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    join: JOIN = "id",
    on_bad_rows: ON_BAD_ROWS = "error",
    debug: DEBUG = False,
) -> None:
    """Say whether a budget is possible and how, without choosing anything."""
    arguments = arguments_of(locals(), given(ctx))
    typer.echo(str(pinchmix.plan_mixture(source, **arguments)))


def print_recipe(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="A recipe or family file to check.", show_default=False)] = "",
    budget: BUDGET = [],  # noqa: B006 - typer wants a plain default and never changes it
    weights: WEIGHTS = "",
    note: NOTE = "",
    total: TOTAL = None,
    unit: UNIT = "examples",
    languages: LANGUAGES = [],  # noqa: B006 - typer wants a plain default and never changes it
    pivot: PIVOT = "en",
    content: CONTENT = "disjoint",
    sampler: SAMPLER = "random",
    setting: SETTING = [],  # noqa: B006 - typer wants a plain default and never changes it
    validate: VALIDATE = True,
    check: CHECK = [],  # noqa: B006 - typer wants a plain default and never changes it
    parallel: PARALLEL = "both",
    tokenizer: TOKENIZER = "",
    counted: COUNTED = "both",
    repeat: REPEAT = 1,
    split: SPLIT = [],  # noqa: B006 - typer wants a plain default and never changes it
    exclude: EXCLUDE = "",
    wording: WORDING = [],  # noqa: B006 - typer wants a plain default and never changes it
    seed: SEED = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
    debug: DEBUG = False,
) -> None:
    """Print the whole recipe of a file or of options, complete and with comments; the file is checked."""
    made = recipe_of(locals(), given(ctx))
    typer.echo(made.to_json() if as_json else made.to_yaml(), nl=False)
