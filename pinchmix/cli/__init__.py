"""The command line: the functions of the library under the same words.

Exit codes: 0 all is well, 1 the machine failed (disk, permission) or ``verify --diff`` found a difference, 2 the input
or the call is wrong, 3 the budget is impossible, 4 an export does not verify or cannot be rebuilt, 130 interrupted.
"""

from __future__ import annotations

import io
import sys
import traceback
from typing import Annotated, NoReturn

import typer

import pinchmix
from pinchmix.cli.exports import compare, rebuild, verify
from pinchmix.cli.mixtures import build, plan, print_recipe
from pinchmix.cli.options import in_words_of_options
from pinchmix.cli.sources import audit, families, plugins
from pinchmix.cli.sweeps import sweep
from pinchmix.errors import PinchmixError

app = typer.Typer(
    help="Exact, validated, reproducible instruction-tuning mixtures from parallel multilingual data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (build, plan, sweep, audit, verify, compare, rebuild, plugins, families):
    app.command()(command)
app.command("recipe")(print_recipe)


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
