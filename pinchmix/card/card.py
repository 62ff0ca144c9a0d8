"""The card: README.md of an export, from which ``datasets`` learns which files hold what, and people what it is.

YAML for machines, then a page for people. It says what follows from the mixture and what the user says of it; nothing
that depends on the day, the machine or the form of the source, and nothing is made up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pinchmix.card.about import About
from pinchmix.card.account import (
    code_of,
    notes_of,
    rejections_of,
    steps_of,
    summary_of,
    used_columns,
    used_languages,
    woven_told,
)
from pinchmix.card.front_matter import front_matter
from pinchmix.language import is_right_to_left
from pinchmix.mixture import Example, Mixture
from pinchmix.plugins import Exported, Exporter
from pinchmix.text.markdown import code, fenced, inline, plain, table
from pinchmix.text.wording import number_of
from pinchmix.weave import tags_of
from pinchmix.written.yaml_text import to_yaml

NAME = "README.md"
MEASURES = ("tokens", "characters", "bytes")
SHOWN = 240  # characters of a turn in a sample row
TURNS = 4  # turns of a sample row
ROW = '{"messages": [{"role": ..., "content": ...}, ...]}'


def card_of(mixture: Mixture, export: Exported, exporters: Sequence[Exporter], about: About) -> str:
    """Return the card of a mixture.

    Splits without rows are left out of the YAML, as no version of datasets loads one.

    Args:
        mixture: What is exported.
        export: Where the rows of each split are.
        exporters: The trainers that got settings.
        about: What the user says of it.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 1}, languages=["en"], validate=False)
        >>> card_of(mix, Exported("mix", "0", "", {"train": ["train"]}, {"train": 1}), [], About()).splitlines()[:3]
        ['---', 'language:', '  - "en"']
    """
    sections = {
        "": _opening(mixture, about),
        "Languages": _languages(mixture),
        "How it was made": _making(mixture, export, exporters),
        "What was left out": _left_out(mixture),
        "A sample": _samples(mixture),
        "Loading": _loading(export),
        "Training": _training(export, exporters),
        "Where each row is from": _origin(mixture),
        "Sources": [f"- {inline(source)}" for source in about.sources],
        "Creators": [f"- {inline(name)}" for name in about.creators],
        "Publisher": [inline(about.publisher)] if about.publisher else [],
        "Licence": [inline(about.license)] if about.license else [],
        "Citation": fenced(about.citation.strip("\n")) if about.citation else [],
    }
    page = [
        line
        for title, body in sections.items()
        if body
        for line in [*([f"## {title}", ""] if title else []), *body, ""]
    ]
    return "\n".join(["---", to_yaml(front_matter(mixture, export, about)) + "---", "", *page])


def _opening(mixture: Mixture, about: About) -> list[str]:
    size = f"{number_of(len(mixture), 'example')} in {number_of(len(used_languages(mixture)), 'language')}"
    summary = summary_of(mixture)
    lines = [f"# {inline(about.name) if about.name else f'A mixture of {size}'}", ""]
    if about.description:
        lines += [plain(about.description.strip()), ""]
    lines.append(
        f"{summary[0].upper()}{summary[1:]}. Built with pinchmix from parallel data, in which the same instructions "
        "are written in many languages. A row is a conversation, "
        f"{code(ROW)}, that ends with the assistant."
    )
    return lines


def _languages(mixture: Mixture) -> list[str]:
    """Return the table of languages, a row each; of several splits, the examples by split."""
    plan, counts, unit = mixture.plan, mixture.counts, mixture.plan.recipe.budget.unit
    splits, shape = plan.recipe.splits, plan.examples.shape
    sums = {
        name: counts[name].to_numpy().reshape(shape)
        for name in ("asked", "examples", "distinct", "given", *MEASURES, "rejected", "unsure", "flagged", "available")
        if name in counts
    }
    if "given" in sums:
        sums[unit] = sums["given"]  # what the budget counts, which may be a part of each row
    columns: dict[str, Any] = {"examples": sums["examples"].sum(axis=0)}
    if len(splits) > 1:
        columns = {
            **{split: sums["examples"][place] for place, split in enumerate(splits)},
            "together": columns["examples"],
        }
    for name in (*(("asked",) if plan.partial else ()), "distinct", *MEASURES):
        if name in sums:
            columns[name] = sums[name].sum(axis=0)
    given = sums.get("given", sums["examples"]).sum(axis=0)
    whole = max(int(given.sum()), 1)
    columns["share"] = [float(part) / whole for part in given]
    columns["available"] = sums["available"][0]
    judged = {"rejected": sums["rejected"][0], **{name: sums[name].sum(axis=0) for name in ("unsure", "flagged")}}
    columns |= {name: figures for name, figures in judged.items() if figures.any()}
    used = [place for place, count in enumerate(columns["together" if len(splits) > 1 else "examples"]) if count]
    rows = [[plan.languages[place], *(_figure(column[place]) for column in columns.values())] for place in used]
    if len(used) > 1:
        total = [
            None if name in ("share", "available") else _figure(sum(column[place] for place in used))
            for name, column in columns.items()
        ]
        rows.append(["all", *("" if figure is None else figure for figure in total)])
    notes = {
        "asked": f"the {unit} that the recipe asks for, which were impossible",
        "share": f"of the {unit}",
        "available": "instructions that exist in the language and could have been chosen",
        "distinct": "different examples, as some are repeated",
        "rejected": "chosen, found wrong by a check, and replaced",
        "unsure": "kept, though no check could tell whether they are right",
        "flagged": "kept, though a check found something that it is not to reject",
    }
    told = [f"*{name}*: {note}" for name, note in notes.items() if name in columns]
    told += [f"{code(name)}: {note}" for name, note in woven_told(mixture).items()]
    return [*table(["language", *columns], rows), "", f"{'; '.join(told)}."]


def _figure(value: Any) -> int | float:
    return float(value) if isinstance(value, float) else int(value)


def _making(mixture: Mixture, export: Exported, exporters: Sequence[Exporter]) -> list[str]:
    plan, names = mixture.plan, [exporter.name for exporter in exporters]
    digests = [
        ["recipe", code(plan.recipe.digest), "what was asked"],
        ["grid", code(mixture.grid.digest), "what could be chosen: which instruction in which language"],
        ["mixture", code(mixture.digest), "which rows, in which order, with which text"],
    ]
    member = mixture.member
    what = (
        "recipe"
        if member is None
        else f"family of recipes (this is {inline(member.name)} of {inline(member.family.name)})"
    )
    return [
        *(f"{number}. {inline(step)}" for number, step in enumerate(steps_of(mixture), 1)),
        "",
        f"The same data and {what} give the same rows, byte for byte, whatever the order of rows and files, the format "
        "or the machine:",
        "",
        *fenced(code_of(mixture), "python"),
        "",
        *map(inline, notes_of(mixture, export.formats, names)),
        "",
        *table(["digest of the", "", "identifies"], digests, left=(0, 1, 2)),
    ]


def _left_out(mixture: Mixture) -> list[str]:
    report = mixture.report
    rejected = rejections_of(mixture)
    lines: list[str] = []
    if rejected:
        cells = number_of(sum(report.rejected.values()), "chosen example")
        lines += [
            f"{cells} did not pass a check and {'was' if cells.startswith('1 ') else 'were'} replaced:",
            "",
            *table(
                ["check", "reason", "examples", "by language"],
                [[inline(check), inline(reason), count, by] for check, reason, count, by in rejected],
                left=(0, 1, 3),
            ),
            "",
        ]
    if report.dropped:
        lines += [
            "Rows of the source that could not be used:",
            "",
            *table(["fault", "rows"], list(report.dropped.items())),
            "",
        ]
    reserve = mixture.plan.reserve
    # A row may be a part of several examples.
    what, where = ("further example", "columns") if woven_told(mixture) else ("further row", "languages")
    lines.append(f"{number_of(reserve, what)} in the {where} asked for {'was' if reserve == 1 else 'were'} not chosen.")
    return lines


def _samples(mixture: Mixture) -> list[str]:
    """Return the first row of each language, in the order of the plan."""
    numbers, places = np.unique(mixture.grid.language[mixture.cells], return_index=True)
    first = {
        mixture.grid.languages[number]: place for number, place in zip(numbers.tolist(), places.tolist(), strict=True)
    }
    tags = used_columns(mixture)
    rows = mixture.to_arrow().take(pa.array([first[tag] for tag in tags], type=pa.int64())).to_pylist()
    lines = ["The first row of each language, long turns cut off."] if tags else []
    for tag, row in zip(tags, rows, strict=True):
        block = fenced(_cut(Example.of_row(row)), "text")
        turned = ['<div dir="rtl">', "", *block, "", "</div>"] if all(map(is_right_to_left, tags_of([tag]))) else block
        lines += ["", f"### {tag}", "", *turned]
    return lines


def _cut(example: Example) -> str:
    turns = [f"[{turn.role}] {shortened(turn.content)}" for turn in example.messages[:TURNS]]
    more = len(example.messages) - TURNS
    return "\n\n".join([*turns, *([f"… {number_of(more, 'more turn')}"] if more > 0 else [])])


def shortened(text: str) -> str:
    """Return the beginning of a text that is long, where it can be up to the end of a word.

    Example:
        >>> shortened("short"), len(shortened("word " * 100)), shortened("word " * 100)[-6:]
        ('short', 241, 'word …')
    """
    if len(text) <= SHOWN:
        return text
    head = text[:SHOWN]
    words = re.match(r"(.{200,})\s", head, re.DOTALL)
    return f"{(words[1] if words else head).rstrip()} …"


def _loading(export: Exported) -> list[str]:
    if not export.splits:
        return ["There are no rows, and datasets loads no empty split."]
    splits = list(export.splits)
    lines = ["from datasets import load_dataset", "", 'data = load_dataset("path/of/this/folder")']
    lines += [f'{name} = data["{name}"]  # {number_of(export.rows[name], "row")}' for name in splits]
    return [
        *fenced("\n".join(lines), "python"),
        "",
        "The same rows are in `data/messages_parquet/`, file by file. To publish the folder as it is, or the rows "
        "alone:",
        "",
        *fenced("hf upload USER/NAME . --repo-type dataset", "sh"),
        "",
        *fenced('load_dataset("path/of/this/folder").push_to_hub("USER/NAME")', "python"),
    ]


def _training(export: Exported, exporters: Sequence[Exporter]) -> list[str]:
    lines: list[str] = []
    for exporter in exporters:
        names = sorted(exporter.files(export))
        if names:
            files = ", ".join(code(f"trainers/{name}") for name in names)
            lines += ["", f"**{inline(exporter.title)}** · {files}", "", *fenced(exporter.usage, "sh")]
    head = "Settings for trainers, the data part only. To be run from this folder; models and the like are up to you."
    return [head, *lines] if lines else []


def _origin(mixture: Mixture) -> list[str]:
    return [
        "Row *n* of a file in `provenance/` says of row *n* of the file of the same name in `data/` which instruction "
        "it is, in which languages, from which file and row of the source, which copy, and what the checks said. "
        "`recipe.yaml` is the recipe for people; `manifest.json` holds it too, with all figures and the SHA-256 of "
        "every file; `croissant.json` describes the files for machines. To check everything, to the byte:",
        "",
        *fenced("pinchmix verify .", "sh"),
    ]
