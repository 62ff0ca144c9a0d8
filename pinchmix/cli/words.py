"""The options of the command line: their types and the words that explain them, shared by its commands."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

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
RECIPE = Annotated[
    str, typer.Option(help="A recipe file, .yaml or .json, instead of the options that it decides.", show_default=False)
]
WEIGHTS = Annotated[
    str,
    typer.Option(help="A .csv, .tsv or .json file of languages and weights, instead of --budget.", show_default=False),
]
NOTE = Annotated[str, typer.Option(help="Where the weights are from.", show_default=False)]
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
LANGUAGES = Annotated[
    list[str],
    typer.Option(help="The languages to draw on, separated by commas; may be repeated.", show_default="all"),
]
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
        help="What the card says: name, description, license, sources, creators, publisher, citation, url, version, "
        "published.",
        metavar="NAME=TEXT",
        show_default=False,
    ),
]
OVERWRITE = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")]
DEBUG = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def given(ctx: typer.Context) -> set[str]:
    """Return the names of the options that were typed."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
