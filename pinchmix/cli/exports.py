"""Commands about exports: verify, compare and rebuild."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import pinchmix
from pinchmix.cli.options import check_ending, names_of, pairs
from pinchmix.cli.words import COLUMNS, DEBUG, EXCLUDE, FOLDER, OVERWRITE, ROOT, SOURCE, TOKENIZER
from pinchmix.errors import ArgumentError
from pinchmix.exporting.folder import place_of
from pinchmix.rebuild import read_manifest
from pinchmix.sweep.folder import is_sweep
from pinchmix.sweep.index import INDEX, Index
from pinchmix.verifying.difference import differences


def verify(
    folder: FOLDER,
    diff: Annotated[str, typer.Option(help="Another export: say what is different.", show_default=False)] = "",
    debug: DEBUG = False,
) -> None:
    """Re-read every byte of an export and compare it with its manifest; with --diff, exit with 1 if they differ."""
    if is_sweep(place_of(folder)):
        if diff:
            raise ArgumentError("--diff compares single exports; name a member's folder, or use pinchmix compare.")
        index = pinchmix.verify_sweep(folder)
        typer.echo(f"{folder} verifies: {len(index.members)} mixtures of {index.family['name']}")
        return
    manifest = pinchmix.verify_export(folder)
    identity = manifest.identity["mixture"]
    typer.echo(
        f"{folder} verifies: {identity['rows']:,} rows, {len(manifest.files)} files, digest {identity['digest']}"
    )
    if diff:
        found = differences(manifest, read_manifest(diff)[0])
        for line in found or ["no difference"]:
            typer.echo(line)
        if found:
            raise typer.Exit(1)


def compare(
    folders: Annotated[list[str], typer.Argument(help="Exports: two, or more for a matrix.", show_default=False)],
    out: Annotated[str, typer.Option(help="A file for the figures: .csv or .json.", show_default=False)] = "",
    plot: Annotated[str, typer.Option(help="A file for the picture: .png, .svg or .pdf.", show_default=False)] = "",
    debug: DEBUG = False,
) -> None:
    """Say what two exports share, or each two of several."""
    check_ending("--out", out, (".csv", ".json"))
    check_ending("--plot", plot, (".png", ".svg", ".pdf"))
    if len(folders) == 1 and is_sweep(place_of(folders[0])):  # its members, in the family's order
        sweep = place_of(folders[0])
        folders = [str(sweep / name) for name in Index.of_bytes((sweep / INDEX).read_bytes()).members]
    if len(folders) < 2:
        raise ArgumentError(f"compare: give two folders or more, not {len(folders)}.")
    names = names_of(folders)
    found: pinchmix.Comparison | pinchmix.Matrix
    if len(folders) == 2:
        found = pinchmix.compare_mixtures(*folders, names=names)
        same = "the same" if found.same_digest else "different"
        typer.echo(f"{found!r}\ndigests       {same}\n{found.lengths!r}")
    else:
        found = pinchmix.compare_sweep(dict(zip(names, folders, strict=True)))
        typer.echo(repr(found))
    if out.endswith(".csv"):
        found.to_pandas().to_csv(out)
    elif out:
        Path(out).write_text(f"{json.dumps(found.to_dict(), ensure_ascii=False, indent=1)}\n", encoding="utf-8")
    if plot:
        found.plot().savefig(plot)


def rebuild(
    folder: FOLDER,
    source: SOURCE,
    out: Annotated[str, typer.Option(help="Where to export it again.", show_default=False)] = "",
    tokenizer: TOKENIZER = "",
    exclude: EXCLUDE = "",
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    root: ROOT = "",
    overwrite: OVERWRITE = False,
    debug: DEBUG = False,
) -> None:
    """Build the mixture of an export again from its source, and prove that it is the same."""
    if is_sweep(place_of(folder)):
        names = list(Index.of_bytes((place_of(folder) / INDEX).read_bytes()).members)
        raise ArgumentError(f"{folder} holds a sweep; rebuild one of its members, such as {folder}/{names[0]}.")
    rebuilt = pinchmix.rebuild_mixture(
        folder,
        source,
        out=out or None,
        tokenizer=tokenizer or None,
        exclude=Path(exclude) if exclude else None,
        columns=pairs(columns, "--columns") or None,
        root=root or None,
        overwrite=overwrite,
    )
    typer.echo(str(rebuilt))
