"""What is different between two manifests, in words: the recipe, the data, the counts, the files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pinchmix.manifest import Manifest
from pinchmix.text.wording import number_of

MISSING = "nothing"
# What follows from the rest, and would be said twice.
DERIVED = (("identity", "recipe", "digest"), ("provenance", "created"), ("provenance", "command"))


def differences(one: Manifest, other: Manifest) -> list[str]:
    """Return what is different, a line each: the mixture, then each figure by its place, and the files.

    Example:
        >>> import pinchmix, tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     recipes = [{"seed": 0, "validate": False}, {"seed": 1, "validate": False}]
        ...     mixes = [pinchmix.build_mixture(pinchmix.sample(), {"en": 5}, **said) for said in recipes]
        ...     one, other = (pinchmix.export_mixture(mix, f"{place}/{mix.digest}") for mix in mixes)
        >>> for line in differences(one, other)[:2]:
        ...     print(line)
        another mixture: 5 rows then, 5 rows now
        recipe.seed: 0, then 1
    """
    mixtures = [manifest.identity["mixture"] for manifest in (one, other)]
    same = mixtures[0]["digest"] == mixtures[1]["digest"]
    rows = [number_of(mixture["rows"], "row") for mixture in mixtures]
    lines = [] if same else [f"another mixture: {rows[0]} then, {rows[1]} now"]
    lines += _of_blocks(one, other)
    if lines and same:
        lines.insert(0, f"the same mixture: {rows[0]}, digest {mixtures[0]['digest']}")
    return lines


def _of_blocks(one: Manifest, other: Manifest) -> Iterator[str]:
    for block in ("identity", "source", "provenance"):
        yield from _of_values(getattr(one, block), getattr(other, block), (block,))


def _of_values(one: Any, other: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Yield the leaves of two trees that are different, in the order of the first."""
    if one == other or path in DERIVED:
        return
    name = ".".join(path[1:] if path[0] == "identity" else path)
    if path[-2:-1] in (("files",), ("read",)):
        yield f"{path[-1]}: {_of_files(one, other)}"
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            yield from _of_values(one.get(key, MISSING), other.get(key, MISSING), (*path, key))
    else:
        yield f"{name}: {_said(one)}, then {_said(other)}"


def _of_files(one: Any, other: Any) -> str:
    if one == MISSING or other == MISSING:
        return "only in the second" if one == MISSING else "only in the first"
    figures = [
        f"{one[name]:,} {name}, then {other[name]:,}" for name in ("rows", "bytes") if one.get(name) != other.get(name)
    ]
    return "; ".join(["another content", *figures])


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
