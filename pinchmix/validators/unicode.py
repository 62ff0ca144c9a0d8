"""The unicode check: text that is right to the eye and wrong to a tokenizer; reported, never changed."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, fields
from pinchmix.validators.langid.codes import batches, encode, frozen

PLANES = 0x30000  # the code points among which Unicode has letters
ODD, MARK = 1, 2
FIRST_LEAD = 0xC2  # the least byte that begins a character beyond ASCII
_OPENING = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068]")
_CLOSING = re.compile("[\u202c\u2069]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Letters of one look and several scripts stand at each other's place in words; the sieve is two letters side by side.
GREEK, CYRILLIC = 0xCD, 0xD3  # the first bytes of their letters in UTF-8, from one to the other
_BESIDE = r"\p{Latin}[\p{Cyrillic}\p{Greek}]|[\p{Cyrillic}\p{Greek}]\p{Latin}"
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
# One Greek letter that looks like no Latin one is notation: \u03bcm, \u0394G, k\u03a9.
_NOTATION = (
    "\u0393\u0394\u0398\u039b\u039e\u03a0\u03a3\u03a6\u03a8\u03a9"
    "\u03b1-\u03b8\u03bb\u03bc\u03be\u03c0\u03c3\u03c4\u03c6-\u03c9"
)
_OTHER = re.compile(
    f"[\u0400-\u0481\u048a-\u052f]|[\u0370-\u03ff\u1f00-\u1fff]{{2}}|(?![{_NOTATION}])[\u0370-\u03ff\u1f00-\u1fff]"
)
MIXED_WORDS, MIXED_SHARE = 3, 1 / 3  # words of two scripts that make a text one
_SIEVE = r"[\x{FEFF}\x{202A}-\x{202E}\x{2066}-\x{2069}]"


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Return ODD for each code point that NFC may replace or compose with others, MARK for those it may move."""
    kinds = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
    for code in range(PLANES):
        char = chr(code)
        parts = unicodedata.normalize("NFD", char)
        if len(parts) > 1:
            kinds[[ord(part) for part in parts[1:]]] |= ODD
        if unicodedata.combining(char):
            kinds[code] |= MARK
        if not unicodedata.is_normalized("NFC", char):
            kinds[code] |= ODD
    kinds.flags.writeable = False
    return kinds


@cache
def _blocks() -> npt.NDArray[np.bool_]:
    """Return with which first two bytes of a character UTF-8 has one that this check may look at."""
    flags = np.zeros(1 << 16, dtype=bool)
    points = np.flatnonzero(_kinds())
    points = np.append(points[points >= 0x80], [0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
    for point in points[(points < 0xD800) | (points > 0xDFFF)].tolist():
        first, second = chr(point).encode()[:2]
        flags[first << 8 | second] = True
    return frozen(flags)


def _unstable(texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which texts may be other in NFC."""
    found = np.zeros(len(texts), dtype=bool)
    for batch in batches(texts):
        codes = encode(texts[batch])
        kinds = _kinds()[codes.points]
        flags = (kinds & ODD) > 0
        flags[1:] |= (kinds[1:] & kinds[:-1] & MARK) > 0
        found[batch] = codes.count(flags) > 0
    return found


def _mixes(text: str) -> bool:
    """Whether words of a text mix Latin letters with Cyrillic or Greek ones: three of them, or a third of all."""
    words = _WORD.findall(text)
    mixed = sum(bool(_LATIN.search(word) and _OTHER.search(word)) for word in words)
    return mixed >= MIXED_WORDS or 0 < len(words) * MIXED_SHARE <= mixed


@dataclass(frozen=True)
class UnicodeValidator:
    """Reports texts not in NFC, with a byte order mark, with turns of the writing direction, or words of two scripts.

    Direction controls that are not closed, or that override the letters' own direction, can hide what a text says:
    these are mismatches. All else is a doubt.

    Example:
        >>> cells = Cells(["a", "b"], ["fi"] * 2, ["fi"] * 2, ["Ma\u0308ki", "Hei"], ["Moi", "\u202eabc"])
        >>> UnicodeValidator().judge(cells, ["fi"]).reason
        ['not NFC', 'direction']
    """

    name: str = "unicode"
    version: str = "2"
    cost = Cost.CHEAP

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with such forms."""
        return Findings.of(
            finding for field, texts, *_, own, _ in fields(cells) for finding in self._odd(field, texts, own)
        )

    def _odd(self, field: str, texts: Sequence[str], own: Column) -> Iterator[Finding]:
        leads = np.flatnonzero(own.data >= FIRST_LEAD)
        pairs = own.data[leads].astype(np.uint16) << 8 | own.data[leads + 1]
        beyond = np.flatnonzero(own.having(leads[_blocks()[pairs]], 2))
        for place in beyond[_unstable([texts[place] for place in beyond.tolist()])].tolist():
            if not unicodedata.is_normalized("NFC", texts[place]):
                yield Finding(place, field, Verdict.UNSURE, "not NFC")
        beside = np.flatnonzero(own.having(leads[(own.data[leads] >= GREEK) & (own.data[leads] <= CYRILLIC)], 2))
        for place in beside[own.take(beside).matches(_BESIDE)].tolist():
            if _mixes(texts[place]):
                yield Finding(place, field, Verdict.UNSURE, "mixed scripts")
        for place in beyond[own.take(beyond).matches(_SIEVE)].tolist():
            text = texts[place]
            if "\ufeff" in text:
                yield Finding(place, field, Verdict.UNSURE, "byte order mark")
            if not _BIDI.search(text):
                continue
            odd = len(_OPENING.findall(text)) != len(_CLOSING.findall(text)) or _OVERRIDE.search(text)
            yield Finding(place, field, Verdict.MISMATCH if odd else Verdict.UNSURE, "direction")
