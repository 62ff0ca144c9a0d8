"""Commands about sources: audit, and the plugins and families that can be named for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

import pinchmix
from pinchmix.cli.options import names_in, pairs
from pinchmix.cli.words import CHECK, COLUMNS, DEBUG, EXCLUDE, JOIN, LANGUAGES, PARALLEL, PIVOT, SOURCE
from pinchmix.errors import ArgumentError
from pinchmix.families import list_families


def audit(
    source: SOURCE,
    languages: LANGUAGES = [],  # noqa: B006 - typer wants a plain default and never changes it
    pivot: PIVOT = "en",
    check: CHECK = ["preset=strict"],  # noqa: B006 - typer wants a plain default and never changes it
    parallel: PARALLEL = "both",
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    join: JOIN = "id",
    exclude: EXCLUDE = "",
    workers: Annotated[Optional[int], typer.Option(help="Processes; one a processor by default.")] = None,  # noqa: UP045 - typer reads the annotation at run time, on Python 3.10 too
    cache: Annotated[str, typer.Option(help="A folder that keeps verdicts for the next audit.")] = "",
    out: Annotated[str, typer.Option(help="A file for the findings: .csv, .jsonl or .parquet.")] = "",
    debug: DEBUG = False,
) -> None:
    """Ask every check about every cell of a source."""
    if out and not out.endswith((".csv", ".jsonl", ".parquet")):
        raise ArgumentError(f"--out {out}: the findings are written as .csv, .jsonl or .parquet.")
    found = pinchmix.audit_source(
        source,
        validate=pairs(check, "--check"),
        languages=names_in(*languages) or None,
        pivot=pivot,
        parallel=parallel,
        columns=pairs(columns, "--columns") or None,
        join=join,
        exclude=Path(exclude) if exclude else None,
        workers=workers,
        cache=cache or None,
    )
    typer.echo(f"read {found.recognised}")
    typer.echo(repr(found))
    if out:
        found.write(out)
        typer.echo(f"{len(found.found):,} findings in {out}")


def plugins(debug: DEBUG = False) -> None:
    """List the plugins that can be named."""
    for group, names in pinchmix.list_plugins().items():
        for name, where in sorted(names.items()):
            typer.echo(f"{group}  {name}  {where}")


def families(debug: DEBUG = False) -> None:
    """List the families of mixtures that can be named, with their parameters."""
    for family in list_families():
        typer.echo(f"{family.name}({family.parameters})  {family.says}")
