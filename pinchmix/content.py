"""The content policy: in how many languages one instruction may appear, and which instructions must."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pinchmix.errors import ArgumentError
from pinchmix.text.wording import near

POLICIES = {
    "disjoint": "each instruction in one language",
    "overlap": "each in at most k languages, as overlap(k)",
    "exactly": "each in exactly k languages, as exactly(k)",
    "union": "each in every language that it exists in",
    "cover": "every instruction, each in one language",
    "same": "the same instructions in every language",
}
COUNTED = ("overlap", "exactly")  # those that need a k


@dataclass(frozen=True)
class Content:
    """In how many languages one instruction may appear, and which instructions must.

    Attributes:
        kind: One of ``POLICIES``.
        k: The number of languages, for ``"overlap"`` and ``"exactly"``; 1 for the others.

    Example:
        >>> Content.parse("overlap(2)")
        Content(kind='overlap', k=2)
        >>> str(Content.parse(" exactly( 3 ) "))
        'exactly(3)'
    """

    kind: str
    k: int = 1

    @classmethod
    def parse(cls, text: str) -> Content:
        """Return the policy that a text names.

        Raises:
            ArgumentError: There is none of that name, or its number of languages is missing or out of place.
        """
        found = re.fullmatch(r"\s*([a-z]+)\s*(?:\(\s*(\d{1,6})\s*\))?\s*", text) if isinstance(text, str) else None
        if not found or found[1] not in POLICIES:
            said = re.split(r"\W", text.strip())[0] if isinstance(text, str) else ""
            known = ", ".join(f"{name}(k)" if name in COUNTED else name for name in POLICIES)
            raise ArgumentError(f"content={text!r} is no content policy.{near(said, POLICIES)} There are: {known}.")
        kind, number = found[1], found[2]
        if kind in COUNTED and not int(number or 0):
            raise ArgumentError(f"content={text!r}: say in how many languages, from 1 on, such as '{kind}(2)'.")
        if kind not in COUNTED and number:
            raise ArgumentError(f"content={text!r}: {kind!r} takes no number.{_instead(kind, int(number))}")
        return cls(kind, int(number or 1))

    @property
    def most(self) -> int | None:
        """In how many languages an instruction may appear at most; None for no limit."""
        return None if self.kind in ("union", "same") else self.k

    def __str__(self) -> str:
        return f"{self.kind}({self.k})" if self.kind in COUNTED else self.kind


def _instead(kind: str, number: int) -> str:
    return f" At most {number} languages an instruction is 'overlap({number})'." if kind == "disjoint" else ""
