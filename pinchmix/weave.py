"""Woven columns by name: ``fi>en``, ``translate(en>fi)`` and ``switch(en,fi)``, each made of two plain languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pinchmix.errors import BudgetError, UnknownLanguage
from pinchmix.language import normalise_language
from pinchmix.text.wording import near

KINDS = ("cross", "translate", "switch")
FIELDS = ("prompt", "response")
SIGNS = re.compile(r"[>(),→]")  # in no language tag
TAG = re.compile(r"[A-Za-z]+(?:[-_][A-Za-z0-9]+)*")
FORMS = "Two languages make the columns 'fi>en' (prompt in fi, response in en), 'translate(en>fi)' and 'switch(en,fi)'."


@dataclass(frozen=True)
class Weave:
    """A column of the grid that is made of two plain ones.

    Attributes:
        kind: ``"cross"`` (the prompt of one language, the response of the other), ``"translate"`` (a request to
            translate the text of one, answered by the text of the other) or ``"switch"`` (a dialogue whose exchanges
            take turns between the two).
        first: The canonical tag of the prompt, of the text to be translated, or of the first exchange.
        second: That of the response, of the translation, or of the second exchange.
        field: Which text is translated: ``"prompt"`` or ``"response"``, the first turn of it.

    Example:
        >>> Weave("cross", "fi", "en").name, Weave("switch", "en", "fi").prompt_language
        ('fi>en', 'en+fi')
    """

    kind: str
    first: str
    second: str
    field: str = "prompt"

    @property
    def name(self) -> str:
        """The one spelling of the column."""
        if self.kind == "switch":
            return f"switch({self.first},{self.second})"
        pair = f"{self.first}>{self.second}"
        if self.kind == "cross":
            return pair
        return f"translate({pair})" if self.field == "prompt" else f"translate({pair},{self.field})"

    @property
    def languages(self) -> tuple[str, str]:
        """The two plain columns that it is made of."""
        return self.first, self.second

    @property
    def prompt_language(self) -> str:
        """The language of the user turns; of a switched dialogue both, in the order in which they come."""
        return f"{self.first}+{self.second}" if self.kind == "switch" else self.first

    @property
    def response_language(self) -> str:
        """The language of the assistant turns, likewise."""
        return f"{self.first}+{self.second}" if self.kind == "switch" else self.second


def is_woven(name: str) -> bool:
    """Tell whether a name is meant for a woven column, well written or not.

    Example:
        >>> [is_woven(name) for name in ("zh-Hant", "fi>en", "translate(fi)", "*")]
        [False, True, True, False]
    """
    return SIGNS.search(name) is not None


def read_weave(name: str, where: str = "budget") -> Weave:
    """Return the woven column that a name stands for.

    Raises:
        BudgetError: It is written in another way, or its languages are one and the same.
        UnknownLanguage: One of the two is no language tag.

    Example:
        >>> read_weave("translate(EN > iw, response)").name
        'translate(en>he,response)'
    """
    tag = rf"\s*({TAG.pattern})\s*"
    if found := re.fullmatch(rf"{tag}>{tag}", name):
        kind, pair, field = "cross", found.groups(), "prompt"
    elif found := re.fullmatch(rf"\s*translate\s*\({tag}>{tag}(?:,\s*(prompt|response)\s*)?\)\s*", name):
        kind, pair, field = "translate", found.groups()[:2], found[3] or "prompt"
    elif found := re.fullmatch(rf"\s*switch\s*\({tag},{tag}\)\s*", name):
        kind, pair, field = "switch", found.groups(), "prompt"
    else:
        raise BudgetError(f"{where}: {name!r} names no column.{_meant(name)} {FORMS}")
    first, second = (_language(one, name, where) for one in pair)
    if first == second:
        plain = f" {first!r} alone is the plain column." if kind == "cross" else ""
        raise BudgetError(f"{where}: {name!r}: both languages are {first}. Name two.{plain}")
    return Weave(kind, first, second, field)


def _language(tag: str, name: str, where: str) -> str:
    try:
        return normalise_language(tag)
    except UnknownLanguage:
        raise UnknownLanguage(tag, where=f"{where}: {name!r}") from None


def _meant(name: str) -> str:
    """Return what somebody may have meant who wrote a name in another way."""
    word, bracket, rest = name.partition("(")
    kind = near(word.strip().lower(), KINDS[1:]) if bracket else ""
    tags = [tag for tag in TAG.findall(rest if bracket else name) if tag not in FIELDS]
    if len(tags) == 1 and kind:
        return f" It takes two languages, and {tags[0]!r} is one."
    try:
        first, second = map(normalise_language, tags)
    except (UnknownLanguage, ValueError):
        return ""
    if first == second or (bracket and not kind):
        return ""
    field = "response" if re.search(r"\bresponse\b", rest) else "prompt"
    of = "translate" if "translate" in kind else "switch" if "switch" in kind else "cross"
    return f" Did you mean {Weave(of, first, second, field).name!r}?"


def column_of(name: str, where: str = "budget") -> str:
    """Return the one spelling of a column's name: a language's canonical tag, or that of a woven column.

    Raises:
        BudgetError: As :func:`read_weave`.
        UnknownLanguage: As :func:`read_weave`, or a name is no language tag.
        ArgumentError: It is no text.

    Example:
        >>> column_of("EN"), column_of("FI>EN")
        ('en', 'fi>en')
    """
    return read_weave(name, where).name if isinstance(name, str) and is_woven(name) else normalise_language(name)


def languages_of(column: str) -> tuple[str, str]:
    """Return the language of the prompts and that of the responses of a column, by its canonical name.

    Example:
        >>> languages_of("en"), languages_of("translate(en>fi)"), languages_of("switch(en,fi)")
        (('en', 'en'), ('en', 'fi'), ('en+fi', 'en+fi'))
    """
    if not is_woven(column):
        return column, column
    weave = read_weave(column)
    return weave.prompt_language, weave.response_language


def tags_of(columns: tuple[str, ...] | list[str]) -> list[str]:
    """Return the plain languages that columns are made of, each once, in their order.

    Example:
        >>> tags_of(["sw", "fi>en", "en"])
        ['sw', 'fi', 'en']
    """

    def found() -> Iterator[str]:
        for column in columns:
            yield from read_weave(column).languages if is_woven(column) else (column,)

    return list(dict.fromkeys(found()))
