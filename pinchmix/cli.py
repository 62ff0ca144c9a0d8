"""The command line: the functions of the library under the same words.

Exit codes: 0 all is well, 1 the machine failed (disk, permission), 2 the input or the call is wrong, 3 the budget is
impossible, 4 an export does not verify, 130 interrupted.
"""

from __future__ import annotations

import io
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer

import pinchmix
from pinchmix.difference import differences
from pinchmix.errors import ArgumentError, PinchmixError
from pinchmix.export import check_target, make_options, write_export
from pinchmix.folder import place_of
from pinchmix.options import arguments_of, in_words_of_options, names_in, pairs, setting_of
from pinchmix.rebuild import read_manifest

app = typer.Typer(
    help="Exact, validated, reproducible instruction-tuning mixtures from parallel multilingual data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SOURCE = Annotated[str, typer.Argument(help="A {lang} path template, a folder, a glob or a file.", show_default=False)]
BUDGET = Annotated[
    list[str],
    typer.Option(
        help="LANGUAGE=COUNT or LANGUAGE=SHARE (0.9 or 90%), once a language; '*' is all others together; 'fi>en', "
        "'translate(en>fi)' and 'switch(en,fi)' are made of two.",
        metavar="LANGUAGE=AMOUNT",
        show_default=False,
    ),
]
UNIT = Annotated[str, typer.Option(help="What is counted: examples, tokens, characters or bytes.")]
TOKENIZER = Annotated[
    str, typer.Option(help="What counts tokens: a SentencePiece model or a tokenizer.json.", show_default=False)
]
COUNTED = Annotated[str, typer.Option(help="Which text is counted: both, prompt, response or chat.")]
REPEAT = Annotated[int, typer.Option(help="How often a cell may appear when its language is short.")]
SPLIT = Annotated[
    list[str],
    typer.Option(
        help="NAME=SHARE or NAME=COUNT of a split, such as train=0.9.", metavar="NAME=AMOUNT", show_default=False
    ),
]
EXCLUDE = Annotated[
    str, typer.Option(help="A file of evaluation prompts whose instructions are left out.", show_default=False)
]
WORDING = Annotated[
    list[str],
    typer.Option(
        help="LANGUAGE=TEXT that asks for a translation, with {text} and perhaps {language}.",
        metavar="LANGUAGE=TEXT",
        show_default=False,
    ),
]
SETTING = Annotated[
    list[str],
    typer.Option(help="A parameter of the sampler, such as by=task.", metavar="NAME=VALUE", show_default=False),
]
PARTIAL = Annotated[bool, typer.Option("--partial", help="If the budget is impossible, take the nearest possible.")]
TOTAL = Annotated[Optional[int], typer.Option(help="The size of the mixture, when the budget is shares.")]  # noqa: UP045 - typer reads the annotation at run time, on Python 3.10 too
LANGUAGES = Annotated[str, typer.Option(help="The languages to draw on, separated by commas.", show_default="all")]
PIVOT = Annotated[str, typer.Option(help="The language that the others are translations of.")]
CONTENT = Annotated[
    str,
    typer.Option(
        help="In how many languages an instruction may appear: disjoint, overlap(k), exactly(k), union, cover, same."
    ),
]
SAMPLER = Annotated[str, typer.Option(help="The order in which instructions are served.")]
VALIDATE = Annotated[bool, typer.Option(help="Check each chosen prompt and response.")]
CHECK = Annotated[
    list[str],
    typer.Option(
        help="NAME=reject, flag or off for a check; preset=lenient, default, strict or none; on_unsure=keep, flag or "
        "reject.",
        metavar="NAME=VALUE",
        show_default=False,
    ),
]
PARALLEL = Annotated[
    str, typer.Option(help="'prompt' where the responses are no translations of each other, else 'both'.")
]
SEED = Annotated[int, typer.Option(help="What keys every choice.")]
COLUMNS = Annotated[
    list[str],
    typer.Option(help="FIELD=COLUMN where the layout is not recognised.", metavar="FIELD=COLUMN", show_default=False),
]
JOIN = Annotated[str, typer.Option(help="'id', or 'row' where row n is the same instruction in every language.")]
ON_BAD_ROWS = Annotated[str, typer.Option(help="'error' reports them all, 'drop' leaves them out and counts them.")]
FOLDER = Annotated[str, typer.Argument(help="An export.", show_default=False)]
FORMATS = Annotated[
    str, typer.Option(help="Shapes of the rows: messages, prompt_completion, alpaca, sharegpt; separated by commas.")
]
TRAINERS = Annotated[str, typer.Option(help="Which trainers get settings: all, none, or names separated by commas.")]
SHARDS = Annotated[int, typer.Option(help="How many files each split is cut into.")]
ROOT = Annotated[
    str, typer.Option(help="Where the folder will stand, for absolute paths in settings.", show_default=False)
]
ABOUT = Annotated[
    list[str],
    typer.Option(
        help="What the card says: name, description, license, sources, creators, citation, url, version, published.",
        metavar="NAME=TEXT",
        show_default=False,
    ),
]
OVERWRITE = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")]
DEBUG = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@app.command()
def build(
    source: SOURCE,
    budget: BUDGET,
    out: Annotated[str, typer.Option(help="The folder to make.", show_default=False)],
    total: TOTAL = None,
    unit: UNIT = "examples",
    languages: LANGUAGES = "",
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
    arguments = arguments_of(locals())
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


@app.command()
def plan(
    source: SOURCE,
    budget: BUDGET,
    total: TOTAL = None,
    unit: UNIT = "examples",
    languages: LANGUAGES = "",
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
    arguments = arguments_of(locals())
    typer.echo(str(pinchmix.plan_mixture(source, **arguments)))


@app.command()
def audit(
    source: SOURCE,
    languages: LANGUAGES = "",
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
        languages=[tag.strip() for tag in languages.split(",") if tag.strip()] or None,
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


@app.command()
def verify(
    folder: FOLDER,
    diff: Annotated[str, typer.Option(help="Another export: say what is different.", show_default=False)] = "",
    debug: DEBUG = False,
) -> None:
    """Re-read every byte of an export and compare it with its manifest."""
    manifest = pinchmix.verify_export(folder)
    identity = manifest.identity["mixture"]
    typer.echo(
        f"{folder} verifies: {identity['rows']:,} rows, {len(manifest.files)} files, digest {identity['digest']}"
    )
    if diff:
        for line in differences(manifest, read_manifest(diff)[0]) or ["no difference"]:
            typer.echo(line)


@app.command()
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


@app.command()
def plugins(debug: DEBUG = False) -> None:
    """List the plugins that can be named."""
    for group, names in pinchmix.list_plugins().items():
        for name, where in sorted(names.items()):
            typer.echo(f"{group}  {name}  {where}")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pinchmix {pinchmix.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command line; errors become one message and an exit code, unless ``--debug`` asks for the traceback."""
    debug = "--debug" in sys.argv
    if isinstance(sys.stdout, io.TextIOWrapper):  # a pipe may be of a code page without bars and branches
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except (PinchmixError, OSError) as error:
        if debug:
            traceback.print_exc()
        said = in_words_of_options(error) if isinstance(error, PinchmixError) else str(error)
        typer.echo(f"{type(error).__name__}: {said}", err=True)
        sys.exit(error.exit_code if isinstance(error, PinchmixError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


if __name__ == "__main__":
    main()
