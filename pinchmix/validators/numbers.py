"""The numbers check: does a translation hold the numbers of the pivot, whatever digits and separators it writes?"""

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
from pinchmix.validators.columns import fields
from pinchmix.validators.langid.codes import encode

PLANES = 0x20000  # the code points among which Unicode has digits
BATCH = 2_000  # texts whose code points are looked at together
_SEPARATED = re.compile(r"\d+(?:[.,'’٫٬]\d+)*")
_SEPARATORS = str.maketrans("", "", ".,'’٫٬")
_BARE = re.compile(r"[-+−]?[\d.,'’٫٬\s]*\d\s*[%.]?\Z")
MANY = 1_000  # numbers of a text that are compared; what is beyond is a table


@dataclass(frozen=True)
class NumbersValidator:
    """Compares the numbers of a text with the pivot's.

    Native digits are folded, and separators left out, so ``1,000.5`` is ``1.000,5`` and ``१०००.५``. Numbers below ten
    are often spelled out and do not count, unless the whole text is a number. A number may rightly change (nineteenth
    becomes XIX, miles become kilometres, one million 100万), so that one is missing is a doubt; a mismatch is where the
    whole text is another number, or where numbers are missing and as many others are in their place.

    Example:
        >>> one = Cells(["a"], ["hi"], ["hi"], ["३४ + ५ ?"], ["४०"], pivot_prompts=["34 + 5?"], pivot_responses=["39"])
        >>> found = NumbersValidator().judge(one, ["en", "hi"])
        >>> found.field, found.reason, found.seen
        (['response'], ['another number'], ['40'])
    """

    name: str = "numbers"
    version: str = "2"
    cost = Cost.WORDS
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts in which numbers of the pivot are missing."""
        return Findings.of(
            Finding(place, field, verdict, reason, score, seen)
            for field, texts, _, pivots, _, beside in fields(cells)
            for place, verdict, reason, score, seen in _compare(
                texts, pivots, np.flatnonzero(beside.matches(r"\p{Nd}"))
            )
        )


def _compare(
    texts: Sequence[str], pivots: Sequence[str | None], places: npt.NDArray[np.int64]
) -> Iterator[tuple[int, Verdict, str, float, str]]:
    """Yield what is wrong with the numbers of texts at places whose pivot has any."""
    some = places.tolist()
    own = dict(zip(some, _digits([texts[place] for place in some]), strict=True))
    beside = dict(zip(some, _digits([pivots[place] or "" for place in some]), strict=True))
    wanted_of: dict[str, frozenset[str]] = {}  # the pivot's come again in every language
    for place in some:
        text, pivot = texts[place], pivots[place]
        if pivot is None or own[place] == beside[place]:
            continue
        if _BARE.match(pivot.strip()):
            if _BARE.match(text.strip()) and _value(text) != _value(pivot):
                yield place, Verdict.MISMATCH, "another number", 0.0, own[place]
            elif not own[place]:
                yield place, Verdict.UNSURE, "number missing", 0.0, ""
            continue
        if pivot not in wanted_of:
            wanted_of[pivot] = frozenset(number for number in _numbers(pivot)[:MANY] if len(number) > 1)
        wanted = wanted_of[pivot]
        missing = sorted(number for number in wanted if number not in own[place])
        if not missing:
            continue
        strange = [number for number in _numbers(text)[:MANY] if len(number) > 1 and number not in beside[place]]
        altered = bool(strange) and len(strange) >= len(missing)
        verdict = Verdict.MISMATCH if altered else Verdict.UNSURE
        reason = "numbers differ" if altered else "number missing"
        yield place, verdict, reason, 1 - len(missing) / len(wanted), ", ".join(strange[:5])


@cache
def _values() -> npt.NDArray[np.uint8]:
    """Return the ASCII digit of each code point that is a digit, 0 for others."""
    table = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
    for code in filter(lambda code: chr(code).isdecimal(), range(PLANES)):
        table[code] = ord("0") + unicodedata.digit(chr(code))
    table.flags.writeable = False
    return table


def _digits(texts: Sequence[str]) -> list[str]:
    """Return all digits of each text, one after the other, as ASCII."""
    distinct = list(dict.fromkeys(texts))  # the pivot's come again in every language
    found: list[str] = []
    for start in range(0, len(distinct), BATCH):
        part = distinct[start : start + BATCH]
        codes = encode(part)
        digits = _values()[codes.points]
        there = digits > 0
        ends = np.append(np.cumsum(there)[codes.starts] - there[codes.starts], there.sum()).tolist()
        joined = digits[there].tobytes().decode("ascii")
        found.extend(joined[ends[place] : ends[place + 1]] for place in range(len(part)))
    of_text = dict(zip(distinct, found, strict=True))
    return [of_text[text] for text in texts]


def _numbers(text: str) -> list[str]:
    """Return the digits of each number of a text, as ASCII; decimals of zeros are left out."""
    found = []
    for number in _SEPARATED.findall(text):
        whole, point, decimals = number.rpartition(".")
        kept = whole if point and not decimals.strip("0") and len(decimals) < 3 else number
        kept = kept.translate(_SEPARATORS)
        found.append(kept if kept.isascii() else "".join(str(unicodedata.digit(char)) for char in kept))
    return found


def _value(text: str) -> tuple[str, ...]:
    return tuple(number.lstrip("0") for number in _numbers(text))
