"""The card: README.md of an export, from which ``datasets`` learns which files hold what, and people what it is."""

from __future__ import annotations

import json

from pinchmix.mixture import Mixture
from pinchmix.show import text_of

NAME = "README.md"


def card_of(mixture: Mixture, jsonl: str) -> str:
    """Return the card of a mixture: YAML for machines, then a page for people.

    Every scalar of the YAML is quoted, since ``no`` is a language and not a refusal.

    Args:
        mixture: What is exported.
        jsonl: Where its rows are in the folder.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 1}, languages=["en"], validate=False)
        >>> card_of(mix, "data/messages/train.jsonl").splitlines()[:4]
        ['---', 'language:', '- "en"', 'configs:']
    """
    counts = mixture.counts
    used = counts[counts["examples"] > 0]
    front = [
        "---",
        "language:",
        *(f"- {json.dumps(tag)}" for tag in sorted({str(language).split("-")[0] for language in used.index})),
        "configs:",
        '- config_name: "default"',
        "  data_files:",
        f'  - split: "train"\n    path: {json.dumps(jsonl)}',
        "dataset_info:",
        '- config_name: "default"',
        "  features:",
        '  - name: "messages"',
        "    list:",
        '    - name: "role"\n      dtype: "string"',
        '    - name: "content"\n      dtype: "string"',
        "---",
    ]
    rows = [
        f"| {language} | {int(row['examples']):,} | {text_of(float(row['share']))} | {int(row['available']):,} |"
        for language, row in used.iterrows()
    ]
    page = [
        "",
        f"# A mixture of {len(mixture):,} examples",
        "",
        "Instruction-tuning rows, each instruction in one language, built with pinchmix from parallel data. "
        "`manifest.json` holds the recipe and the SHA-256 of every file; `pinchmix verify .` checks them; "
        "`provenance/` says, row by row, which instruction it is and where it came from.",
        "",
        "| language | examples | share | available |",
        "|---|---:|---:|---:|",
        *rows,
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'rows = load_dataset(".", split="train")  # or the path of this folder',
        "```",
        "",
    ]
    return "\n".join([*front, *page])
