"""The markup check: fences that do not close, tags that a translator took for text, entities that nobody decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, fields

_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)
_BROKEN_TAG = re.compile(
    r"<\s+/\s*[a-zA-Z]{1,12}\s*>|<\s*/\s+[a-zA-Z]{1,12}\s*>|<\s+(?:b|i|p|br|div|span|li|ul|td|tr)\s*>"
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|apos|#\d{2,5}|#x[0-9a-fA-F]{2,5});")
_TAG = re.compile(
    r"<(/?)(b|i|p|em|strong|div|span|ul|ol|li|table|tr|td|th|code|pre|a|h[1-6])(?:\s[^<>=]{0,40}=[^<>]{0,200})?\s{0,9}>",
    re.IGNORECASE,
)
_SURE = ("broken tag", "open code block")  # faults that need no pivot to be seen
_OPTIONAL = ("p", "li", "tr", "td", "th")  # elements that HTML closes by itself


@dataclass(frozen=True)
class MarkupValidator:
    """Finds markup that is broken in a text.

    An open code block and a tag with spaces in it are mismatches, in the pivot and in its translations alike; where the
    pivot alone has one, a translation may be whole. An HTML element that is not closed, or an entity where a sign
    should be, is a mismatch where the pivot has none, a doubt without a pivot, and nothing where the pivot has it too.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Koodi?"], ["Tässä: < b >lihava< / b >"])
        >>> MarkupValidator().judge(cells, ["fi"]).reason
        ['broken tag']
    """

    name: str = "markup"
    version: str = "2"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with broken markup."""
        return Findings.of(
            Finding(place, field, verdict, reason, 0.0)
            for field, texts, _, pivots, own, _ in fields(cells)
            for place, verdict, reason in self._broken(texts, pivots, own)
        )

    def _broken(
        self, texts: Sequence[str], pivots: Sequence[str | None], own: Column
    ) -> Iterator[tuple[int, Verdict, str]]:
        for place in np.flatnonzero(own.holds("```", "<", "&")).tolist():
            pivot = pivots[place]
            known = set() if pivot is None else set(_faults(pivot))
            for reason in _faults(texts[place]):
                if reason in _SURE or reason not in known:
                    sure = pivot is not None or reason in _SURE
                    yield place, Verdict.MISMATCH if sure else Verdict.UNSURE, reason


def _faults(text: str) -> Iterator[str]:
    if len(_FENCE.findall(text)) % 2:
        yield "open code block"
    if "<" in text and _BROKEN_TAG.search(text):
        yield "broken tag"
    if "&" in text and _ENTITY.search(text):
        yield "entity"
    if "<" in text:
        balance: dict[str, int] = {}
        for slash, name in _TAG.findall(text):
            balance[name.lower()] = balance.get(name.lower(), 0) + (-1 if slash else 1)
        if any(count and name not in _OPTIONAL for name, count in balance.items()):
            yield "open element"
