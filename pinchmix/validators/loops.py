"""The loops check: does a text say the same thing over and over, as a model does that is stuck?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, fields, in_english

PROBE = 8  # characters of which a loop has a copy just before
STEP = 30  # characters between probes; a loop of SPAN or of TIMES periods holds one whole, with its copy
PERIOD = 120  # characters that are said again and again, at most
TIMES = 4
SPAN = 60  # characters that a loop is long, at least
# Less its first period, a loop is SPAN - SPAN // TIMES characters long or longer: so far apart probes find every one.
SIEVE = SPAN - SPAN // TIMES - PROBE + 1
TASK = 400  # characters of a prompt in which repetition is asked for
_LETTER = re.compile(r"[^\W\d_]")
# Cells of a table, code, or a sequence such as a gene's.
_TABLE = re.compile(r"[<>\[\]{}=;|/\\_#*+]|\A[A-Z0-9]+\Z")
_ASKED = re.compile(
    r"\btimes\b|\brepeat\w*|\brepetiti\w+|\bsing\b|\bsongs?\b|\blyrics\b|\bpoems?\b|\bchorus\b|\brefrain\b|\blaugh\w*"
    r"|\bmatri(?:x|ces)\b|\bsequences?\b|\bover and over\b|\bmantra\b|\bloops?\b|\bdna\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class LoopsValidator:
    """Finds texts in which up to 120 characters, letters among them, come four times or more with nothing between.

    A loop is found wherever it is in the text, whether the pivot has one too or not: then it was translated. It is a
    doubt where it is of cells of a table or of signs of code, and where an English pivot's prompt asks for repetition.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Kerro!"], ["Hyvä on. " + "Minä tiedän sen. " * 6])
        >>> LoopsValidator().judge(cells, ["fi"]).seen
        ['n. Minä tiedän se']
    """

    name: str = "loops"
    version: str = "2"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with loops."""
        return Findings.of(
            found for field, texts, _, _, own, _ in fields(cells) for found in self._stuck(cells, field, texts, own)
        )

    def _stuck(self, cells: Cells, field: str, texts: Sequence[str], own: Column) -> Iterator[Finding]:
        for place in _suspects(texts, np.flatnonzero(own.lengths >= SPAN).tolist()):
            loop = loop_of(texts[place])
            if not loop:
                continue
            asked = _ASKED.search(in_english(cells.take([place]), "prompt")[0][:TASK])
            verdict = Verdict.UNSURE if asked or _TABLE.search(loop) else Verdict.MISMATCH
            yield Finding(place, field, verdict, "loop", 0.0, loop[:40])


def _suspects(texts: Sequence[str], places: Sequence[int]) -> Iterator[int]:
    """Yield which texts have a copy before some probe, as one in every loop has: a look at fewer probes."""
    for place in places:
        text = texts[place]
        for start in range(SIEVE, len(text) - PROBE + 1, SIEVE):
            low = start - PERIOD if start > PERIOD else 0
            if text[start : start + PROBE] in text[low : start + PROBE - 1]:
                yield place
                break


def loop_of(text: str) -> str:
    """Return the first thing that a text says again and again, or nothing.

    Example:
        >>> loop_of("a " * 50), loop_of("-" * 80), loop_of("la la la la")
        ('a ', '', '')
    """
    over = 0  # up to here nothing but signs is repeated
    for start in range(STEP - PROBE, len(text) - PROBE + 1, STEP):
        if start < over:
            continue
        probe, low = text[start : start + PROBE], start - PERIOD if start > PERIOD else 0
        if text.find(probe, low, start + PROBE - 1) < 0:
            continue
        before = text.rfind(probe, low, start + PROBE - 1)
        while before >= 0:
            period = start - before
            first, last = _extent(text, start, period)
            if last - first >= max(TIMES * period, SPAN):
                if _LETTER.search(text, first, first + period):
                    return text[first : first + period]
                over = max(over, last)
            before = text.rfind(probe, low, before + PROBE - 1)
    return ""


def _extent(text: str, start: int, period: int) -> tuple[int, int]:
    """Return from where to where a text repeats itself after so many characters, around a place where it does."""
    after = _alike(text, start, period, len(text) - start, 1)
    before = _alike(text, start, period, start - period, -1)
    return start - period - before, start + after


def _alike(text: str, start: int, period: int, most: int, way: int) -> int:
    """Return how many characters after a place (way 1) or before it (-1) are those of a period ago."""

    def same(low: int, high: int) -> bool:
        first, last = (start + low, start + high) if way > 0 else (start - high, start - low)
        return text[first:last] == text[first - period : last - period]

    low, size = 0, PROBE  # pieces that double
    while low < most and same(low, min(low + size, most)):
        low, size = min(low + size, most), size * 2
    high = min(low + size, most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(low, middle) else (low, middle - 1)
    return low
