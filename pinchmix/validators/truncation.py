"""The truncation check: does a text stop in the middle of a sentence where the pivot comes to an end?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import both, column, lengths, matches
from pinchmix.validators.length import RATIO

SHORTEST = 60  # characters of the pivot's text
SHARE = 0.8  # of the length of the pivot's, below which a text without an end was probably cut
_END = r"[.!?…。！？｡।॥؟۔።;:)\]}>\"'”’“‘„»«」』）】｠*`|%։๛៕¿]\s*$"
_CUT = (
    r"(?:[,،、，;؛:(\[{]"
    r"|\s(?:and|or|the|a|of|to|und|oder|der|die|das|et|ou|le|la|de|y|o|el|e|и|или|в|на|ja|tai|na|ya))\s*$"
)
# Languages that end sentences without a sign.
UNMARKED = ("th", "lo", "my", "km")


@dataclass(frozen=True)
class TruncationValidator:
    """Finds texts without a sign at their end where the pivot's ends with one.

    It is a mismatch where the text is also short for a translation, or ends with a comma, an open bracket or an
    article; else a doubt, as lists, titles and code need no end. Thai and others write none: there only such an ending
    counts.

    Example:
        >>> english = "The river rises in the northern hills and flows into the great lake after ninety miles."
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Joki?"], ["Joki saa alkunsa pohjoisen"], pivot_responses=[english])
        >>> TruncationValidator().judge(cells, ["en", "fi"]).reason
        ['no end']
    """

    name: str = "truncation"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts that seem to be cut off."""
        found = []
        for field, texts, tags, pivots in cells.fields():
            own, beside = column(texts), column(pivots)
            length, pivot_length = lengths(own), lengths(beside)
            open_end = matches(beside, _END) & ~matches(own, _END) & (pivot_length >= SHORTEST)
            cut = matches(own, _CUT)
            for place, text, pivot in both(texts, pivots, open_end):
                language = tags[place].partition("-")[0]
                short = length[place] < SHARE * _expected(language) * pivot_length[place]
                if language in UNMARKED and not (cut[place] and short):
                    continue
                sure = bool(short or cut[place])
                verdict = Verdict.MISMATCH if sure else Verdict.UNSURE
                found.append(Finding(place, field, verdict, "no end", 0.0, f"{text[-20:]!r} for {pivot[-20:]!r}"))
        return Findings.of(found)


def _expected(language: str) -> float:
    return float(np.exp(RATIO.get(language, 0.0)))
