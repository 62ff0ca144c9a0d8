"""The command line: the functions of the library under the same words.

Exit codes: 0 all is well, 1 the machine failed (disk, permission), 2 the input or the call is wrong, 3 the budget is
impossible, 4 an export does not verify, 130 interrupted.
"""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, NoReturn, Optional

import typer

import pinchmix
from pinchmix.errors import ArgumentError, BadRows, FolderTaken, InfeasibleBudget, PinchmixError
from pinchmix.export import check_free, place_of
from pinchmix.plugins import find_plugin

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
        help="LANGUAGE=COUNT or LANGUAGE=SHARE (0.9 or 90%), once a language; '*' is all others together.",
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
DEBUG = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def _pairs(values: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, said = value.partition("=")
        if not equals or not name or not said:
            raise ArgumentError(f"{option} {value}: write {option} NAME=VALUE.")
        if name in pairs:
            raise ArgumentError(f"{option} {name} is given twice.")
        pairs[name] = said
    return pairs


def _amount(option: str, name: str, said: str) -> int | float | Decimal:
    try:
        if said.endswith("%"):
            return Decimal(said[:-1]) / 100  # exact, where a float turns 12.3 % into 0.12300000000000001
        if re.fullmatch(r"\d{1,3}(,\d{3})+", said):
            return int(said.replace(",", ""))
        return float(said) if any(char in said for char in ".eE") else int(said)
    except (ValueError, InvalidOperation):
        raise ArgumentError(f"{option} {name}={said}: the amount is a count, a share or a percentage.") from None


def _amounts(values: Sequence[str], option: str) -> dict[str, int | float | Decimal]:
    return {name: _amount(option, name, said) for name, said in _pairs(values, option).items()}


def _setting(said: str) -> Any:
    """Return a parameter's value: a number, a list or a mapping where it is written as one, else the text."""
    try:
        return json.loads(said)
    except ValueError:
        return said


def _arguments(said: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command as arguments of the function; those that only the command has are left out."""
    taken = {
        name: value
        for name, value in said.items()
        if name not in ("source", "out", "overwrite", "debug", "setting", "check")
    }
    checks = _pairs(said.get("check", ()), "--check")
    if checks and not taken["validate"]:
        raise ArgumentError("--check and --no-validate contradict.")
    if checks:
        taken["validate"] = checks
    settings = {name: _setting(value) for name, value in _pairs(said["setting"], "--setting").items()}
    return {
        **taken,
        "budget": _amounts(said["budget"], "--budget"),
        "split": _amounts(said["split"], "--split") or None,
        "languages": [tag.strip() for tag in said["languages"].split(",") if tag.strip()] or None,
        "sampler": find_plugin("samplers", said["sampler"], **settings) if settings else said["sampler"],
        "tokenizer": said["tokenizer"] or None,
        "exclude": Path(said["exclude"]) if said["exclude"] else None,
        "columns": _pairs(said["columns"], "--columns") or None,
    }


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
    seed: SEED = 0,
    partial: PARTIAL = False,
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    join: JOIN = "id",
    on_bad_rows: ON_BAD_ROWS = "error",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    debug: DEBUG = False,
) -> None:
    """Build a mixture, export it, and verify the export."""
    arguments = _arguments(locals())
    check_free(place_of(out), overwrite)
    mixture = pinchmix.build_mixture(source, **arguments)
    typer.echo(f"read {mixture.report.recognised}")
    typer.echo(repr(mixture))
    if mixture.report.excluded is not None:
        typer.echo(str(mixture.report.excluded))
    for row in mixture.report.bad_rows[:20]:
        typer.echo(f"dropped {row.where}  {row.fault}: {row.detail}")
    manifest = pinchmix.export_mixture(mixture, out, overwrite=overwrite)
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
    seed: SEED = 0,
    partial: PARTIAL = False,
    columns: COLUMNS = [],  # noqa: B006 - typer wants a plain default and never changes it
    join: JOIN = "id",
    on_bad_rows: ON_BAD_ROWS = "error",
    debug: DEBUG = False,
) -> None:
    """Say whether a budget is possible and how, without choosing anything."""
    arguments = _arguments(locals())
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
        validate=_pairs(check, "--check"),
        languages=[tag.strip() for tag in languages.split(",") if tag.strip()] or None,
        pivot=pivot,
        parallel=parallel,
        columns=_pairs(columns, "--columns") or None,
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
def verify(folder: Annotated[str, typer.Argument(help="An export.", show_default=False)], debug: DEBUG = False) -> None:
    """Re-read every byte of an export and compare it with its manifest."""
    manifest = pinchmix.verify_export(folder)
    identity = manifest.identity["mixture"]
    typer.echo(
        f"{folder} verifies: {identity['rows']:,} rows, {len(manifest.files)} files, digest {identity['digest']}"
    )


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
        said = _in_words_of_options(error) if isinstance(error, PinchmixError) else str(error)
        typer.echo(f"{type(error).__name__}: {said}", err=True)
        sys.exit(error.exit_code if isinstance(error, PinchmixError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _in_words_of_options(error: PinchmixError) -> str:
    """Return the message with its way out spelled as an option."""
    text = str(error)
    if isinstance(error, BadRows):
        return text.replace('on_bad_rows="drop"', "--on-bad-rows drop")
    if isinstance(error, FolderTaken):
        return text.replace("overwrite=True", "--overwrite")
    if isinstance(error, InfeasibleBudget):
        text = re.sub(r"\brepeat=(\d+)", r"--repeat \1", text)
        text = re.sub(r"\bvalidate=\{'([^']+)': 'flag'\}", r"--check \1=flag", text)
        return re.sub(r"\bcontent=('[a-z]+(?:\(\d+\))?')", r"--content \1", text)
    return text


if __name__ == "__main__":
    main()
