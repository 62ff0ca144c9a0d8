"""The copy check: was a text translated at all, or does it still say what the pivot says, word for word?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import both, column, holds, lengths
from pinchmix.validators.langid.clean import clean_text

SHORTEST = 20  # characters
WORDS = 6  # of a pivot's text in small letters; with fewer it may be names and terms, which stay as they are
DOUBTFUL_WORDS = 4
COPY, NEAR = 0.8, 0.5  # the part of these words that the translation has too
SPACELESS = 15  # characters without a space that make a sentence
GLANCE, WIDER = 300, 500  # characters that are looked at first; hardly any text gets further
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class CopyValidator:
    """Finds texts that are the pivot's own, or nearly so: untranslated ones.

    Compared are words in small letters, less code, formulas and addresses; what is only names, numbers or code may
    rightly be the same in every language. Prompts and answers that are code are left alone for that reason. Where only
    the first line is the pivot's, a question was not translated; any other line may be a quotation: a doubt. A variety
    of the pivot's own language, such as en-GB beside en, may say the same.

    Example:
        >>> english = "Please tell me how the old fishermen used to mend their nets."
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Hei!"], [english], pivot_prompts=["Hi!"], pivot_responses=[english])
        >>> CopyValidator().judge(cells, ["en", "fi"]).reason
        ['copy']
    """

    name: str = "copy"
    version: str = "1"
    cost = Cost.WORDS
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts that were left as the pivot has them, wholly or for the most part."""
        return Findings.of(
            Finding(place, field, verdict, reason, 1 - share, cells.pivot)
            for field, texts, tags, pivots in cells.fields()
            for place, verdict, reason, share in _untranslated(texts, _foreign(pivots, tags, cells.pivot))
        )


def _foreign(pivots: Sequence[str | None], tags: Sequence[str], pivot: str) -> list[str | None]:
    """Return the pivot's texts, None beside a text in a variety of its language."""
    varieties = {tag for tag in set(tags) if tag.split("-")[0] == pivot.split("-")[0]}
    return [None if tag in varieties else text for text, tag in zip(pivots, tags, strict=True)]


def _untranslated(texts: Sequence[str], pivots: Sequence[str | None]) -> Iterator[tuple[int, Verdict, str, float]]:
    yield from _copies(texts, pivots)
    yield from _copied_lines(texts, pivots)


def _copies(texts: Sequence[str], pivots: Sequence[str | None]) -> Iterator[tuple[int, Verdict, str, float]]:
    starts: dict[str, set[str]] = {}
    for place, text, pivot in both(texts, pivots, _alike(texts, pivots)):
        first = starts[pivot] if pivot in starts else starts.setdefault(pivot, set(pivot[:GLANCE].split()))
        if " " in pivot and len(first.intersection(text[:WIDER].split())) * 4 < len(first):
            continue
        share, words = 1.0, SPACELESS
        if text != pivot or " " in pivot:
            own, beside = set(_small_words(text)), set(_small_words(pivot))
            share, words = len(own & beside) / max(len(beside), 1), len(beside)
            if share < NEAR or words < DOUBTFUL_WORDS:
                continue
            own, beside = set(_small_words(clean_text(text))), set(_small_words(clean_text(pivot)))
            share, words = len(own & beside) / max(len(beside), 1), len(beside)
        sure = share >= COPY and words >= WORDS
        if sure or (share >= NEAR and words >= DOUBTFUL_WORDS):
            reason = "copy" if share >= COPY else "near copy"
            yield place, Verdict.MISMATCH if sure else Verdict.UNSURE, reason, share


def _copied_lines(texts: Sequence[str], pivots: Sequence[str | None]) -> Iterator[tuple[int, Verdict, str, float]]:
    """Yield texts that have a line of the pivot among others: the question, while what it is about was translated."""
    of_pivot: dict[str, frozenset[str]] = {}
    for place, text, pivot in both(texts, pivots, holds(column(texts), "\n")):
        if text == pivot:
            continue
        if pivot not in of_pivot:
            of_pivot[pivot] = frozenset(line.strip() for line in pivot.split("\n") if len(line) >= SHORTEST)
        lines = [line.strip() for line in text.strip().split("\n")]
        same = [line for line in lines if line in of_pivot[pivot] and len(_small_words(clean_text(line))) >= WORDS]
        if same and len(same) < len([line for line in lines if line]):
            first = lines[0] in same
            yield place, Verdict.MISMATCH if first else Verdict.UNSURE, "first line" if first else "a line", 0.5


def _alike(texts: Sequence[str], pivots: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    """Return which texts have about as many characters and bytes as the pivot's; others are no copies."""
    own, beside = column(texts), column(pivots)
    length, pivot_length = lengths(own), lengths(beside)
    extra = np.asarray(pc.binary_length(own)).astype(np.int64) - length
    pivot_extra = np.asarray(pc.fill_null(pc.binary_length(beside), 0)).astype(np.int64) - pivot_length
    alike: npt.NDArray[np.bool_] = (
        (pivot_length >= SHORTEST)
        & (length * 10 >= pivot_length * 6)
        & (length * 10 <= pivot_length * 16)
        & (np.abs(extra - pivot_extra) * 4 <= length)
    )
    return alike


def _small_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word.islower()]
