"""The bundled sample: 66 instructions in 12 languages, written for pinchmix, CC0."""

from __future__ import annotations

from pathlib import Path


def sample() -> Path:
    """Return the folder of the bundled sample, which can be given as a source; its README says what is in it.

    Example:
        >>> len(list(sample().glob("*.jsonl")))
        12
    """
    return Path(__file__).parent / "parallel"
