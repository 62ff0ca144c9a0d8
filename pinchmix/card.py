"""The card: README.md of an export, from which ``datasets`` learns which files hold what, and people what it is."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pinchmix.about import About
from pinchmix.mixture import Mixture
from pinchmix.plugins import Exported, Exporter
from pinchmix.shards import JSONL
from pinchmix.show import text_of
from pinchmix.wording import number_of

NAME = "README.md"
POLICY = {
    "disjoint": "each instruction in one language",
    "overlap": "each instruction in at most {}",
    "exactly": "each instruction in exactly {}",
    "union": "each instruction in every language that it exists in",
    "cover": "every instruction there is, each in one language",
    "same": "the same instructions in every language",
}


def card_of(mixture: Mixture, export: Exported, exporters: Sequence[Exporter], about: About) -> str:
    """Return the card of a mixture: YAML for machines, then a page for people.

    Every scalar of the YAML is quoted, since ``no`` is a language and not a refusal. Splits without rows are left out:
    ``datasets.load_dataset`` fails on a folder that has one.

    Args:
        mixture: What is exported.
        export: Where the rows of each split are.
        exporters: The trainers that got settings.
        about: What the user says of it.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 1}, languages=["en"], validate=False)
        >>> card_of(mix, Exported("mix", "0", "", {"train": ["train"]}, {"train": 1}), [], About()).splitlines()[:4]
        ['---', 'language:', '- "en"', 'configs:']
    """
    counts = mixture.counts
    used = counts[counts["examples"] > 0]
    tags = {str(language).split("-")[0] for language in used.index.get_level_values("language")}
    splits = list(export.splits)
    jsonl = {split: [JSONL.format("messages", shard) for shard in shards] for split, shards in export.splits.items()}
    front = [
        "language:",
        *(f"- {json.dumps(tag)}" for tag in sorted(tags)),
        "configs:",
        '- config_name: "default"',
        "  data_files:",
        *(f"  - split: {json.dumps(split)}\n    path: {json.dumps(jsonl[split])}" for split in splits),
        "dataset_info:",
        '- config_name: "default"',
        "  features:",
        '  - name: "messages"',
        "    list:",
        '    - name: "role"\n      dtype: "string"',
        '    - name: "content"\n      dtype: "string"',
    ]
    example = [
        "```python",
        "from datasets import load_dataset",
        "",
        *(f'rows = load_dataset(".", split="{split}")  # or the path of this folder' for split in splits[:1]),
        "```",
        "",
    ]
    page = [
        "",
        f"# A mixture of {number_of(len(mixture), 'example')}",
        "",
        f"Instruction-tuning rows, {_policy(mixture)}, built with pinchmix from parallel data. "
        "`manifest.json` holds the recipe and the SHA-256 of every file; `pinchmix verify .` checks them; "
        "`provenance/` says, row by row, which instruction it is and where it came from.",
        "",
        *_table(mixture),
        "",
    ]
    # A partial plan may give nothing at all, and then there is nothing that datasets could load.
    return "\n".join(["---", *front, "---", *page, *example] if splits else page)


def _policy(mixture: Mixture) -> str:
    content, recipe = mixture.plan.content, mixture.plan.recipe
    said = [POLICY[content.kind].format(number_of(content.k, "language"))]
    if len(recipe.splits) > 1:
        said.append("no instruction in two splits")
    if (mixture.plan.distinct < mixture.plan.examples).any():
        said.append(f"short languages repeated up to {recipe.repeat} times")
    if mixture.plan.partial:
        said.append("less than was asked, which was impossible")
    return ", ".join(said)


def _table(mixture: Mixture) -> list[str]:
    """Return the lines of the table: a row a language, and split where there are several."""
    counts, unit = mixture.counts, mixture.plan.recipe.budget.unit
    figures = {"examples": "examples"}
    if "distinct" in counts:
        figures["distinct"] = "distinct"
    if "given" in counts:
        figures["given"] = unit
    titles = [*figures.values(), "share", "available"]
    lines = [
        f"| {' | '.join([*map(str, counts.index.names), *titles])} |",
        f"|{'---|' * counts.index.nlevels}{'---:|' * len(titles)}",
    ]
    for key, row in counts[counts["examples"] > 0].iterrows():
        keys = key if isinstance(key, tuple) else (key,)
        cells = [*(int(row[name]) for name in figures), float(row["share"]), int(row["available"])]
        lines.append(f"| {' | '.join([*map(str, keys), *map(text_of, cells)])} |")
    return lines
