"""The truncation check: does a text stop in the middle of a sentence where the pivot comes to an end?"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, Flags, both, fields, in_english
from pinchmix.validators.langid.codes import frozen
from pinchmix.validators.length import RATIO

TAIL = 12  # characters at the end of a text that say whether it is one
SHORTEST = 60  # characters of the pivot's text
SHARE = 0.85  # of the length of the pivot's, below which a text without an end was probably cut
HALF = 0.45  # of it, below which that is more likely than a last line of one letter or a few words
LINE = 30  # characters of a last line that is prose; a shorter one may be a signature, a title or a verse
SENTENCE = 20  # characters of a text of one line, or of less than that; a shorter one may be a verse
# Whatever is no letter, mark or digit can end a text: emoji, brackets, quotation marks and the signs of all scripts.
# Marks of direction and the like after it are not seen.
# A quotation mark that begins a quotation in one language ends it in another: there a word is right before it.
_OPEN = r"(?:[\p{L}\p{Mn}\p{Mc}\p{Nd},،、，;；؛(\[{（「『]|(?:^|\s)[«“])[\p{Cf}\s]*$"
_SIGN = r"[^\p{L}\p{M}\p{N}\s,،、，;；؛(\[{（「『«“][\p{Mn}\p{Me}\p{Cf}\s]*$"
_COMMA = r"[,،、，;；؛(\[{（][\p{Cf}\s]*$"
_LAST = re.compile(r"[^\W_]+(?=\W*\Z)")
# Words that no sentence ends with. Single letters are left out: they may be the answer.
_NEVER_LAST = {
    "ar": "و أو في من إلى", "bg": "или за", "cs": "nebo ale", "de": "und oder der das dem den des ein eine einer",
    "en": "the an and or because which than their its your my our every whose although", "es": "el los las del que una",
    "et": "ja või", "fi": "ja tai sekä että", "fr": "et ou le les des du une que", "hi": "और या का की के",
    "hu": "és vagy egy hogy", "id": "dan atau yang", "it": "il gli della dei che una", "nl": "en of het een",
    "pl": "lub oraz", "pt": "ou os das dos uma que", "ro": "și sau", "ru": "или что для", "sv": "och eller att ett",
    "sw": "na ya wa", "tr": "ve veya", "uk": "або що для", "vi": "và hoặc",
}  # fmt: skip
# Endings of verbs, with which a sentence is complete in languages that end with them.
_CLOSING = {"ja": tuple("すただんねよ"), "ko": tuple("다요까죠")}
_NEVER = {language: frozenset(words.split()) for language, words in _NEVER_LAST.items()}
# What needs no end: an item of a list, a row of a table, a heading, a line of numbers, and code, which has signs that
# prose has hardly any of.
_ITEM = re.compile(r"\s*(?:[-*•·–—#|>]|\d{1,3}[.)]|[A-Za-z][.)]\s|[\w-]+:\s*\S*\Z|\W*\d[\d\W]*\Z)")
_SIGN_OF_CODE = re.compile(r"[{}=<>|\\`_]|;\s*\Z")
PROSE = 60  # characters of prose to one such sign, at least
_ADDRESS = re.compile(r"(?:://|www\.|@)\S*\Z")
# The letter of an option, any letter after a sign, and a number. Other letters alone are the first of a word.
_OPTION = re.compile(r"(?:(?:\A|\s)[A-Da-dА-Г]|(?:\A|[\"'“”„«‘(\[*:,،、/-]\s?)[^\W\d_])[^\w\s]*\s*\Z")
_NUMBER = re.compile(r"\d[^\w\s]*\s*\Z")
# Languages that end sentences without a sign, or with a space.
UNMARKED = ("th", "lo", "my", "km", "bo", "dz", "ja-Latn", "shn", "nod")


@dataclass(frozen=True)
class TruncationValidator:
    """Finds texts without a sign at their end where the pivot's ends with one, and pivots that are cut off.

    It is a mismatch where the text is prose that is also short for a translation, or ends with a comma, an open bracket
    or a word that no sentence of its language ends with; else a doubt, as titles and verses need no end. Lists, code,
    addresses and options of one letter are a doubt at most. Thai and others write no sign: there only such an ending
    counts. An English pivot's response that ends with such a word is cut off in all languages: the instruction is left
    out.

    Example:
        >>> english = "The river rises in the northern hills and flows into the great lake after ninety miles."
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Joki?"], ["Joki saa alkunsa pohjoisen"], pivot_responses=[english])
        >>> TruncationValidator().judge(cells, ["en", "fi"]).reason
        ['no end']
    """

    name: str = "truncation"
    version: str = "3"
    cost = Cost.CHEAP
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts that seem to be cut off."""
        found = []
        for field, texts, tags, pivots, own, beside in fields(cells):
            length, pivot_length = own.lengths, beside.lengths
            ends = (pivot_length >= SHORTEST) & (length > 0) & _may_go_on()[own.last]
            ends[ends] = _tails(texts, ends).matches(_OPEN)
            ends[ends] = _tails(pivots, ends).matches(_SIGN)
            comma = _tails(texts, ends).matches(_COMMA)
            for number, (place, text, pivot) in enumerate(both(texts, pivots, ends)):
                language, last = tags[place].partition("-")[0], _last_line(text)
                share = length[place] / (_expected(tags[place], cells.pivot) * pivot_length[place])
                short = share < SHARE
                cut = bool(comma[number]) or _last_word(text) in _NEVER.get(language, frozenset())
                if (language in UNMARKED and not (cut and short)) or _ADDRESS.search(last):
                    continue
                plain = not _is_item(last) and (comma[number] or share < HALF or not _is_answer(last, pivot))
                whole = len(last) >= (SENTENCE if share < HALF or last == text.strip() else LINE)
                closed = last.endswith(_CLOSING.get(language, ()))
                sure = plain and whole and (cut or (short and not closed))
                verdict = Verdict.MISMATCH if sure else Verdict.UNSURE
                found.append(Finding(place, field, verdict, "no end", 0.0, f"{text[-20:]!r} for {pivot[-20:]!r}"))
        return Findings.of([*found, *self._cut_pivots(cells)])

    def _cut_pivots(self, cells: Cells) -> Iterator[Finding]:
        said = in_english(cells, "response")
        some = np.fromiter((text[-1:].isalpha() or text[-1:].isspace() for text in said), dtype=bool, count=len(said))
        some[some] = _tails(said, some).matches(r"[a-z]\s*$")
        for place in np.flatnonzero(some).tolist():
            if len(said[place]) >= SHORTEST and _last_word(said[place]) in _NEVER["en"]:
                last = _last_line(said[place])
                if len(last) >= LINE and not _is_item(last):
                    yield Finding(place, "response", Verdict.MISMATCH, "pivot cut off", 0.0, repr(last[-20:]), True)


def _is_item(line: str) -> bool:
    """Return whether a line needs no end."""
    return bool(_ITEM.match(line)) or len(_SIGN_OF_CODE.findall(line)) * PROSE > len(line)


def _is_answer(line: str, pivot: str) -> bool:
    """Return whether a line may end with what the pivot's ends with too: a number; or with an option's letter."""
    return bool(_OPTION.search(line)) or bool(_NUMBER.search(line) and _NUMBER.search(pivot[-TAIL:]))


def _tails(texts: Sequence[str | None], some: Flags) -> Column:
    """Return the ends of those texts that are marked."""
    return Column.of([(texts[place] or "")[-TAIL:] for place in np.flatnonzero(some).tolist()])


@cache
def _may_go_on() -> Flags:
    """Return with which last bytes a text may match ``_OPEN``: all but ASCII signs that end one."""
    flags = np.ones(256, dtype=bool)
    flags[[ord(char) for char in string.punctuation if char not in ",;([{"]] = False
    return frozen(flags)


def _last_line(text: str) -> str:
    text = text.rstrip()
    return text[text.rfind("\n") + 1 :].strip()


def _last_word(text: str) -> str:
    """Return the last word of a text, in small letters."""
    found = _LAST.search(text[-LINE:])
    return found[0].lower() if found else ""


def _expected(language: str, pivot: str) -> float:
    """Return how long a translation is, in characters of the pivot's text."""
    own, beside = (RATIO.get(tag, RATIO.get(tag.partition("-")[0], 0.0)) for tag in (language, pivot))
    return float(np.exp(own - beside))
