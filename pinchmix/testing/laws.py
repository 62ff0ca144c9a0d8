"""How a law is held: by an assertion that ``python -O`` cannot take away."""

from __future__ import annotations


def hold(law: bool, otherwise: str) -> None:
    """Raise AssertionError if a law is broken, under ``python -O`` too."""
    if not law:
        raise AssertionError(otherwise)
