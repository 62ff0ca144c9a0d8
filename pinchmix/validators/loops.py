"""The loops check: does a text say the same thing over and over, as a model does that is stuck?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict

WINDOW = 600  # characters from which on a text is also looked at before its end
PROBE = 8  # characters of which a loop has a copy just before
PERIOD = 120  # characters that are said again and again, at most
TIMES = 4
SPAN = 60  # characters that a loop is long, at least
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class LoopsValidator:
    """Finds texts in which up to 120 characters, letters among them, come four times or more with nothing between.

    Looked at are the end, where a model that is stuck stays, and three places before. Where the pivot has a loop too,
    it was asked for.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Kerro!"], ["Hyvä on. " + "Minä tiedän sen. " * 6])
        >>> LoopsValidator().judge(cells, ["fi"]).seen
        ['Minä tiedän sen. ']
    """

    name: str = "loops"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with loops."""
        return Findings.of(
            Finding(place, field, Verdict.MISMATCH, "loop", 0.0, loop[:40])
            for field, texts, _, pivots in cells.fields()
            for place, text in enumerate(texts)
            if len(text) >= SPAN and (loop := loop_of(text)) and not loop_of(pivots[place] or "")
        )


def loop_of(text: str) -> str:
    """Return what a text says again and again, or nothing.

    Example:
        >>> loop_of("a " * 50), loop_of("-" * 80), loop_of("la la la la")
        ('a ', '', '')
    """
    length = len(text)
    for middle in (length,) if length < WINDOW else (length, length // 4, length // 2, length * 3 // 4):
        # The last few characters may be where the text was cut; those before them are in the loop.
        sure = middle - 2 * PROBE
        if text.find(text[sure - PROBE : sure], max(sure - PERIOD - PROBE, 0), sure - 1) < 0:
            continue
        for end in (middle, middle - PROBE, middle - 2 * PROBE):
            before = text.rfind(text[end - PROBE : end], max(end - PERIOD - PROBE, 0), end - 1)
            period = end - PROBE - before
            span = max(TIMES * period, SPAN)
            if before < 0 or span > end or text[end - span : end - period] != text[end - span + period : end]:
                continue
            if _LETTER.search(text, end - period, end):
                return text[end - span : end - span + period]
    return ""
