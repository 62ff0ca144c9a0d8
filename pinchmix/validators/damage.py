"""The damage check: signs that no writer meant, left by tokenizers, decoders and copying."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import column, matches

_SIEVE = (
    r"[\x{FFFD}\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{80}-\x{9F}\x{FDD0}-\x{FDEF}\x{FFFE}\x{FFFF}]|<unk>|⁇"
    r"|[ÃÂ][\x{80}-\x{BF}]|â€"
)
_KINDS = (
    ("replacement character", re.compile("\ufffd")),
    ("control character", re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")),
    ("unknown token", re.compile(r"<unk>|⁇")),
    # UTF-8 read as Windows-1252, whose quotation marks and dashes no word has, or as Latin-1: two in a text, as one may
    # be a word.
    ("mojibake", re.compile("â€|[ÃÂ][\x80-\xbf].*?[ÃÂ][\x80-\xbf]", re.DOTALL)),
)


@dataclass(frozen=True)
class DamageValidator:
    """Rejects texts with ``<unk>``, U+FFFD, control characters or UTF-8 that was read as Latin-1 or Windows-1252.

    Where the pivot's text has the same sign, the text is about it, and it is a doubt.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Mik\ufffd?"], ["<unk>"])
        >>> DamageValidator().judge(cells, ["fi"]).reason
        ['replacement character', 'unknown token']
    """

    name: str = "damage"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with such signs."""
        return Findings.of(
            finding for field, texts, _, pivots in cells.fields() for finding in self._damage(field, texts, pivots)
        )

    def _damage(self, field: str, texts: Sequence[str], pivots: Sequence[str | None]) -> Iterator[Finding]:
        for place in np.flatnonzero(matches(column(texts), _SIEVE)).tolist():
            for kind, pattern in _KINDS:
                found = pattern.search(texts[place])
                if found:
                    verdict = Verdict.UNSURE if pattern.search(pivots[place] or "") else Verdict.MISMATCH
                    yield Finding(place, field, verdict, kind, 0.0, ascii(found[0])[1:-1][:40])
