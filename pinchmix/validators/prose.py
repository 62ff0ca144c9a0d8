"""Prose: which text is sentences of a language, as code, lists of names and keywords are not."""

from __future__ import annotations

import re
from collections import Counter

from pinchmix.validators.langid.clean import clean_text

WORDS = 6  # of a text in small letters; with fewer it may be names and terms
SHARE = 0.15  # of the words of an English text that are function words, at least
SIGNS = 0.04  # of the characters that are signs of code, at most
_WORD = re.compile(r"[^\W\d_]+")
_LONG = re.compile(r"[^\W\d_]{2,}")
_SIGN = re.compile(r"[{}\[\]<>=;_/\\|$#&*+~^@]")
_COMMAND = re.compile(
    r"^[ \t]*(?:(?:select|insert|update|delete|create|alter|drop)\b[^\n]{0,200}\b(?:from|into|set|table|view|index)\b"
    r"|(?:git|sudo|npm|npx|pip3?|docker|kubectl|apt|apt-get|brew|cd|mkdir|chmod|curl|wget|conda|cargo|go|make|ssh)"
    r" [-\w./:=@\" ]{1,200}$|\$ \w)|&&|\s--[a-z]\w|^[ \t]*[-\w]{1,40}:[ \t]*\n[ \t]+[-\w]{1,40}:",
    re.MULTILINE | re.IGNORECASE,
)
# Words that English prose cannot do without, and that no code, list of names or other language is made of.
_FUNCTION = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could did do does
    each for from had has have he her his how i if in into is it its just like made make many may me might more
    most my no not of on one only or our out over she should so some such tell than that the their them then
    there these they this those to two under up us was we were what when where which while who whom whose why
    will with would you your
    """.split()  # noqa: SIM905
)


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, of two letters at least; names and single letters are left out.

    Example:
        >>> words_of("In May 3 of a kind came.")
        ['of', 'kind', 'came']
    """
    return list(filter(str.islower, _LONG.findall(text)))


def is_prose(text: str, language: str) -> bool:
    """Return whether a text is mostly sentences: no code, command, table, list of names or of keywords.

    Of English, a share of the words must be function words; of other languages it is enough that there is no code.

    Args:
        text: The text.
        language: The language that it is in, if it is prose.

    Example:
        >>> [is_prose(text, "en") for text in ("Tell me where the old fishermen lived.", "git add . && git commit")]
        [True, False]
    """
    if _COMMAND.search(text):
        return False
    cleaned = clean_text(text)
    every, left = len(_WORD.findall(text)), _WORD.findall(cleaned)
    if not left or len(left) * 2 < every:
        return False
    if len(_SIGN.findall(cleaned)) > SIGNS * len(cleaned):
        return False
    if language.partition("-")[0] != "en":
        return True
    counts = Counter(word.lower() for word in left)
    function = sum(count for word, count in counts.items() if word in _FUNCTION)
    return function >= max(SHARE * len(left), 2)
