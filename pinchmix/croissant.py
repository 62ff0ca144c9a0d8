"""croissant.json: what is in an export, in the words of MLCommons Croissant 1.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pinchmix.about import About
from pinchmix.folder import Entry
from pinchmix.mixture import Mixture
from pinchmix.plugins import Exported

NAME = "croissant.json"


def croissant_of(mixture: Mixture, export: Exported, about: About, files: Mapping[str, Entry], day: str) -> str:
    """Return the metadata of an export.

    Args:
        mixture: What is exported.
        export: Where the rows of each split are.
        about: What the user says of it.
        files: Path → sha256 and bytes of each file of the export.
        day: When it is published.
    """
    whole: dict[str, Any] = {"name": about.name or export.name, "datePublished": day, "files": dict(files)}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
