"""The YAML of the card: what ``datasets`` and the Hub read of an export, as plain data."""

from __future__ import annotations

import re
from typing import Any

from pinchmix.card.about import URL, About
from pinchmix.card.account import used_languages
from pinchmix.exporting.shards import JSONL
from pinchmix.mixture import Mixture
from pinchmix.plugins import Exported

HUB = re.compile(r"https://huggingface\.co/datasets/([\w.-]+(?:/[\w.-]+)?)/?")
# What the Hub takes for a licence; anything else is "other", with a name or a link.
LICENSES = frozenset(
    [
        "afl-3.0",
        "agpl-3.0",
        "apache-2.0",
        "artistic-2.0",
        "bigcode-openrail-m",
        "bigscience-bloom-rail-1.0",
        "bigscience-openrail-m",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsd-3-clause-clear",
        "bsl-1.0",
        "c-uda",
        "cc",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cc-by-nd-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "cdla-sharing-1.0",
        "creativeml-openrail-m",
        "ecl-2.0",
        "epl-1.0",
        "epl-2.0",
        "etalab-2.0",
        "eupl-1.1",
        "eupl-1.2",
        "gfdl",
        "gpl",
        "gpl-2.0",
        "gpl-3.0",
        "isc",
        "lgpl",
        "lgpl-2.1",
        "lgpl-3.0",
        "lgpl-lr",
        "lppl-1.3c",
        "mit",
        "mpl-2.0",
        "ms-pl",
        "ncsa",
        "odbl",
        "odc-by",
        "ofl-1.1",
        "openrail",
        "openrail++",
        "osl-3.0",
        "other",
        "pddl",
        "postgresql",
        "unknown",
        "unlicense",
        "wtfpl",
        "zlib",
    ]
)


def front_matter(mixture: Mixture, export: Exported, about: About) -> dict[str, Any]:
    """Return what the YAML of the card says, as plain data.

    Example:
        >>> import pinchmix
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"zh": 1}, languages=["zh"], validate=False)
        >>> front_matter(mix, Exported("mix", "0", "", {}, {}), About(license="MIT"))["license"]
        'mit'
    """
    used = used_languages(mixture)
    tags = sorted({tag.split("-")[0] for tag in used})
    details = sorted(tag for tag in used if "-" in tag)
    paths = {split: [JSONL.format("messages", shard) for shard in shards] for split, shards in export.splits.items()}
    hub = [found[1] for found in map(HUB.fullmatch, about.sources) if found]
    turn = [{"name": name, "dtype": "string"} for name in ("role", "content")]
    said = {
        "pretty_name": about.name,
        **_license(about.license),
        "language": tags,
        "language_details": details,
        "multilinguality": [] if not tags else ["monolingual"] if len(used) == 1 else ["multilingual"],
        "task_categories": ["text-generation"],
        "size_categories": [size_category(len(mixture))],
        "source_datasets": hub,
        "tags": ["instruction-tuning", "pinchmix"],
    }
    configs = {
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": found} for split, found in paths.items()],
            }
        ],
        "dataset_info": [{"config_name": "default", "features": [{"name": "messages", "list": turn}]}],
    }
    return {**{key: value for key, value in said.items() if value}, **(configs if paths else {})}


def size_category(rows: int) -> str:
    """Return what the Hub calls a size.

    Example:
        >>> [size_category(rows) for rows in (0, 999, 1000, 10**6, 10**13)]
        ['n<1K', 'n<1K', '1K<n<10K', '1M<n<10M', 'n>1T']
    """
    steps = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T"]
    place = sum(rows >= 10 ** (3 + step) for step in range(len(steps)))
    return (
        f"n<{steps[0]}"
        if not place
        else f"n>{steps[-1]}"
        if place == len(steps)
        else f"{steps[place - 1]}<n<{steps[place]}"
    )


def _license(said: str) -> dict[str, str]:
    if not said:
        return {}
    if said.lower() in LICENSES:
        return {"license": said.lower()}
    link = URL.fullmatch(said)
    return {"license": "other", "license_link" if link else "license_name": said}
