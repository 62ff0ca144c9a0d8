"""The unicode check: text that is right to the eye and wrong to a tokenizer; reported, never changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import column, holds

_OPENING = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068]")
_CLOSING = re.compile("[\u202c\u2069]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_BIDI = tuple("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class UnicodeValidator:
    """Reports texts that are not in Unicode's form NFC, hold a byte order mark, or turn the direction of writing.

    Direction controls that are not closed, or that override the letters' own direction, can hide what a text says:
    these are mismatches. All else is a doubt.

    Example:
        >>> cells = Cells(["a", "b"], ["fi"] * 2, ["fi"] * 2, ["Ma\u0308ki", "Hei"], ["Moi", "\u202eabc"])
        >>> UnicodeValidator().judge(cells, ["fi"]).reason
        ['not NFC', 'direction']
    """

    name: str = "unicode"
    version: str = "1"
    cost = Cost.CHEAP

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with such forms."""
        return Findings.of(finding for field, texts, *_ in cells.fields() for finding in self._odd(field, texts))

    def _odd(self, field: str, texts: Sequence[str]) -> Iterator[Finding]:
        whole = column(texts)
        beyond = np.flatnonzero(~np.asarray(pc.string_is_ascii(whole)))
        if not len(beyond):
            return
        some = whole.take(beyond)
        for place in beyond.tolist():
            if not unicodedata.is_normalized("NFC", texts[place]):
                yield Finding(place, field, Verdict.UNSURE, "not NFC")
        for place in beyond[holds(some, "\ufeff")].tolist():
            yield Finding(place, field, Verdict.UNSURE, "byte order mark")
        for place in beyond[holds(some, *_BIDI)].tolist():
            text = texts[place]
            odd = len(_OPENING.findall(text)) != len(_CLOSING.findall(text)) or _OVERRIDE.search(text)
            yield Finding(place, field, Verdict.MISMATCH if odd else Verdict.UNSURE, "direction")
