"""The damage check: signs that no writer meant, left by tokenizers, decoders and copying."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, Flags, fields, in_english

UNKNOWN = ("<unk>", "⁇")
_SIEVE = (
    r"[\x{FFFD}\x00-\x08\x0B\x0E-\x1F\x7F\x{80}-\x{9F}\x{FDD0}-\x{FDEF}\x{FFFE}\x{FFFF}]|<unk>|⁇"
    r"|[ÃÂ][\x{80}-\x{BF}]|â€"
)
# The first byte of what it looks for beyond ASCII, and between what the second is: U+0080 to U+009F, U+FDC0 and on, and
# U+FFC0 and on.
_LEADS = ((b"\xc2", 0x80, 0x9F), (b"\xef", 0xB7, 0xB7), (b"\xef", 0xBF, 0xBF))
# One of two bytes; Portuguese in capitals has à before a closing quotation mark.
_PAIR = "(?:[ÃÂ][\x80-\xba\xbc-\xbf]|(?<![A-ZÀ-Þ])[ÃÂ]\xbb)"
# A form feed begins a page, as text that was a file may.
_KINDS = (
    ("replacement character", re.compile("\ufffd")),
    ("control character", re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")),
    ("unknown token", re.compile("|".join(UNKNOWN))),
    # UTF-8 read as Windows-1252, whose quotation marks and dashes no word has, or as Latin-1: two in a text, as one may
    # be a word.
    ("mojibake", re.compile(f"â€|{_PAIR}.*?{_PAIR}", re.DOTALL)),
)
START = 2000  # characters that tell what a text is about
_ABOUT = re.compile(
    r"\btoken\w*|\bvocabular\w+|\bunicode\b|\butf-?\d*\b|\bencod\w+|\bmojibake\b|\bcharset\b|\blatin-?1\b"
    r"|\bcharacter (?:set|code|encoding)s?\b|\b(?:replacement|control|escape) (?:character|sequence|code)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DamageValidator:
    """Rejects texts with ``<unk>``, U+FFFD, control characters or UTF-8 that was read as Latin-1 or Windows-1252.

    Where the pivot has ``<unk>``, a word is lost in all languages: the instruction is left out. The other signs are of
    the text that has them, whether the pivot has them too or not, as a translation may be clean where the pivot is not.
    Where an English pivot speaks of tokens or encodings and has the sign itself, they are a doubt.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Mik\ufffd?"], ["<unk>"])
        >>> DamageValidator().judge(cells, ["fi"]).reason
        ['replacement character', 'unknown token']
    """

    name: str = "damage"
    version: str = "2"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with such signs, and those whose pivot's text lacks a word."""
        found = []
        for field, texts, tags, pivots, own, beside in fields(cells):
            for place in np.flatnonzero(own.matches(_SIEVE, _odd(own)) | beside.holds(*UNKNOWN)).tolist():
                said = texts[place] if tags[place] == cells.pivot else pivots[place]
                for kind, pattern in _KINDS:
                    match, of_pivot = pattern.search(texts[place]), said is not None and pattern.search(said)
                    content = kind == "unknown token" and bool(of_pivot)
                    if not match and not content:
                        continue
                    verdict = Verdict.UNSURE if of_pivot and _is_about(cells, place) else Verdict.MISMATCH
                    reason, seen = (kind, match[0]) if match else (f"{kind} in the pivot", "")
                    found.append(Finding(place, field, verdict, reason, 0.0, ascii(seen)[1:-1][:40], content))
        return Findings.of(found)


def _odd(own: Column) -> Flags:
    """Return which texts may match ``_SIEVE``, by their bytes."""
    data = own.data
    control = ((data < 0x20) & (data != 0x09) & (data != 0x0A) & (data != 0x0C) & (data != 0x0D)) | (data == 0x7F)
    found = own.having(np.flatnonzero(control)) | own.holds(*UNKNOWN, "Ã", "Â", "â€")
    for lead, first, last in _LEADS:
        places = own.where(lead)
        places = places[places + 1 < len(data)]
        then = data[places + 1]
        found |= own.having(places[(then >= first) & (then <= last)], 2)
    return found


def _is_about(cells: Cells, place: int) -> bool:
    """Return whether a cell is about tokens and encodings, by what an English pivot says."""
    one = cells.take([place])
    return any(_ABOUT.search(in_english(one, field)[0][:START]) for field in ("prompt", "response"))
