"""JSON Schemas of what pinchmix writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a ``"recipe"``, ``"family"``, ``"manifest"`` or ``"index"``, as published.

    Example:
        >>> read_schema("recipe")["required"], read_schema("family")["required"]
        (['budget'], ['name', 'members'])
    """
    read: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return read
