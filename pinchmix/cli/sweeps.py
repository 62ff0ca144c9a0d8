"""The command sweep: a family of mixtures, exported side by side and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import pinchmix
from pinchmix.cli.options import names_in, pairs, setting_of
from pinchmix.cli.words import (
    ABOUT,
    CHECK,
    COLUMNS,
    DEBUG,
    EXCLUDE,
    FORMATS,
    JOIN,
    ON_BAD_ROWS,
    OVERWRITE,
    SHARDS,
    SOURCE,
    TOKENIZER,
    TRAINERS,
    VALIDATE,
)
from pinchmix.errors import ArgumentError
from pinchmix.exporting.folder import place_of
from pinchmix.families import find_family
from pinchmix.family import Family
from pinchmix.sweep.folder import check_sweep_target


def sweep(
    source: SOURCE,
    family: Annotated[
        str,
        typer.Option(
            help="A family file, .yaml or .json, or the name of a family, such as paper.pinch.", show_default=False
        ),
    ],
    out: Annotated[str, typer.Option(help="The folder to make.", show_default=False)],
    parameter: Annotated[
        list[str],
        typer.Option(
            help="A parameter of a family that is named, such as total=1000 or languages=en,fi.",
            metavar="NAME=VALUE",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer wants a plain default and never changes it
    validate: VALIDATE = True,
    check: CHECK = [],  # noqa: B006 - typer wants a plain default and never changes it
    tokenizer: TOKENIZER = "",
    exclude: EXCLUDE = "",
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    join: JOIN = "id",
    on_bad_rows: ON_BAD_ROWS = "error",
    formats: FORMATS = "messages",
    trainers: TRAINERS = "all",
    shards: SHARDS = 1,
    about: ABOUT = [],  # noqa: B006 - typer wants a plain default and never changes it
    overwrite: OVERWRITE = False,
    debug: DEBUG = False,
) -> None:
    """Build the mixtures of a family from one scan, export them side by side, and verify the export.

    The checks are those of a family file where it names any; else the default ones, or what --check says.
    """
    made = _family(family, parameter)
    if check and not validate:
        raise ArgumentError("--check and --no-validate contradict.")
    named = any(recipe.validators for recipe in made.members.values())
    if check and named:
        raise ArgumentError("--check: the family names checks of its own; change them there.")
    check_sweep_target(place_of(out), overwrite)
    found = pinchmix.sweep_mixtures(
        source,
        made,
        validate=pairs(check, "--check") or (None if named else validate) if validate else False,
        tokenizer=tokenizer or None,
        exclude=Path(exclude) if exclude else None,
        columns=pairs(columns, "--columns") or None,
        join=join,
        on_bad_rows=on_bad_rows,
    )
    typer.echo(repr(found))
    pinchmix.export_sweep(
        found,
        out,
        formats=names_in(formats),
        trainers="all" if trainers == "all" else names_in(trainers),
        shards=shards,
        about={name: setting_of(text) for name, text in pairs(about, "--about").items()},
        overwrite=overwrite,
    )
    index = pinchmix.verify_sweep(out)
    typer.echo(f"exported to {out} and verified: {len(index.members)} mixtures, in index.csv")


def _family(said: str, parameters: list[str]) -> Family:
    """Return the family of a file or of a name."""
    settings = {name: _parameter(text) for name, text in pairs(parameters, "--parameter").items()}
    if not said.endswith((".yaml", ".yml", ".json")):
        return find_family(said, **settings)
    if settings:
        raise ArgumentError(f"--parameter: {said} is a file, which says all of its family; change it there.")
    return pinchmix.read_family(said)


def _parameter(text: str) -> Any:
    """Return a parameter's value; commas make a list, as in ``languages=en,fi``."""
    value = setting_of(text)
    if isinstance(value, str) and "," in value:
        return [setting_of(part.strip()) for part in value.strip("[]").split(",") if part.strip()]
    return value
