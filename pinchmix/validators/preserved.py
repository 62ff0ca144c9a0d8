"""The checks of what translation must leave as it is: addresses, code, variables and formulas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, both, fields

_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
# What a formula begins or ends with. A dollar is one of a currency or of a variable where a word is right before it, or
# where a space follows.
_DELIMITER = re.compile(r"\$\$|(?<!\w)\$(?=\S)|(?<=\S)\$(?!\w)|\\[()\[\]]|\\begin\{\w{1,20}\*?\}")
_CLOSES = {"$$": "$$", "$": "$", r"\(": r"\)", r"\[": r"\]"}
LONGEST = {"$$": 2000, "$": 300, r"\(": 1000, r"\[": 2000}  # characters of a formula
_AT = re.compile(
    r"(?<=\w)\s?(?:\[(?:at|ät|arobase|arroba|chiocciola)\]|\((?:at|ät|arobase|arroba)\)|＠)\s?(?=\w)", re.IGNORECASE
)
_OF_MATH = re.compile(r"[\\^_=+]")
# A command of TeX with its arguments; one letter is a line end or a tab that was written out.
_COMMAND = re.compile(r"\\[A-Za-z]{2,30}\*?(?:\[[^\[\]\n]{0,100}\])?(?:\{[^{}\n]{0,200}\})+")
SHOWN = 60  # characters of a lost span that are evidence


class Preserved:
    """What these checks have in common: the spans of a pattern in the pivot must be in the translation too.

    A span that is gone is a mismatch; one in whose place there is another of its kind is one too where spans are never
    translated, and else a doubt.

    Attributes:
        signs: A text without any of them has no such span.
        pattern: The spans.
        fixed: Whether they are the same in every language.
    """

    name: str
    signs: ClassVar[tuple[str, ...]]
    pattern: ClassVar[re.Pattern[str]]
    fixed: ClassVar[bool]
    cost = Cost.WORDS
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts that lack spans of the pivot."""
        return Findings.of(
            Finding(place, field, verdict, reason, score, seen[:SHOWN])
            for field, texts, _, pivots, _, beside in fields(cells)
            for place, verdict, reason, score, seen in self._lost(texts, pivots, beside)
        )

    def _lost(
        self, texts: Sequence[str], pivots: Sequence[str | None], beside: Column
    ) -> Iterator[tuple[int, Verdict, str, float, str]]:
        for place, text, pivot in both(texts, pivots, beside.holds(*self.signs)):
            wanted = self.spans(pivot)
            if not wanted:
                continue
            there = self.spans(text)
            gone = wanted - there
            if not gone:
                continue
            score = 1 - gone.total() / wanted.total()
            if there.total() < wanted.total():
                yield place, Verdict.MISMATCH, f"{self.name} lost", score, min(gone)
            else:
                verdict = Verdict.MISMATCH if self.fixed else Verdict.UNSURE
                yield place, verdict, f"{self.name} changed", score, min(gone)

    def spans(self, text: str) -> Counter[str]:
        """Return the spans of a text and how often each is in it."""
        return Counter(map(self.plain, self.pattern.findall(text)))

    def plain(self, span: str) -> str:
        """Return a span without what may differ between languages."""
        return span


def formulas(text: str) -> list[tuple[int, int]]:
    r"""Return from where to where the formulas of a text are, in one pass over it.

    Example:
        >>> [r"So $x^2$, \(y\) for $5 to $10 in $USD/$CAD."[slice(*one)] for one in formulas(
        ...     r"So $x^2$, \(y\) for $5 to $10 in $USD/$CAD.")]
        ['$x^2$', '\\(y\\)']
    """
    found: list[tuple[int, int]] = []
    sign, start = "", 0
    for match in _DELIMITER.finditer(text):
        this = match[0]
        if this.startswith("\\begin"):
            if not sign or match.start() - start > LONGEST[sign]:
                found.append(match.span())
                sign = ""
        elif sign and this == _CLOSES[sign] and _is_formula(text, sign, start, match):
            found.append((start, match.end()))
            sign = ""
        elif this in _CLOSES and _opens(text, match) and not (sign and _goes_on(sign, this, match.start() - start)):
            sign, start = this, match.start()
    return found


def _opens(text: str, match: re.Match[str]) -> bool:
    """Return whether a delimiter may begin a formula: a single dollar has no word before it, and no space after."""
    if match[0] != "$":
        return True
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return not (before.isalnum() or before == "_") and bool(after.strip())


def _goes_on(sign: str, other: str, length: int) -> bool:
    """Return whether a formula that was begun is not given up for another one: dollars may be in brackets."""
    return sign[0] == "\\" and other[0] == "$" and length <= LONGEST[sign]


def _is_formula(text: str, sign: str, start: int, end: re.Match[str]) -> bool:
    """Return whether what is between two delimiters is a formula and no amount of money or name of a variable."""
    inside = text[start + len(sign) : min(end.start(), start + len(sign) + LONGEST[sign] + 1)]
    if not inside or len(inside) > LONGEST[sign]:
        return False
    if sign != "$":
        return sign == "\\[" or sign == "$$" or "\n" not in inside
    if "\n" in inside or inside[-1].isspace() or text[end.end() : end.end() + 1].isalnum():
        return False
    return not inside[0].isdigit() or _OF_MATH.search(inside) is not None


def _without_formulas(text: str) -> str:
    """Return a text less its formulas; ``${`` opens a variable of a shell, which stays."""
    kept, end = [], 0
    for first, last in formulas(text):
        if not text.startswith("${", first):
            kept.append(text[end:first])
            end = last
    return "".join([*kept, text[end:]])


@dataclass(frozen=True)
class UrlsValidator(Preserved):
    """Finds translations that lack web and mail addresses of the pivot; another one in its place is a doubt.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Lue tämä."], ["Moi."], pivot_prompts=["Read https://a.org/b."])
        >>> UrlsValidator().judge(cells, ["en", "fi"]).seen
        ['https://a.org/b']
    """

    name: str = "urls"
    version: str = "2"
    signs = ("://", "www.", "@")
    pattern = re.compile(
        r"(?:https?|ftp)://[!-~]+|www\.[!-~]+"
        r"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
    )
    fixed = False

    def spans(self, text: str) -> Counter[str]:
        """Return the addresses of a text, mail addresses that are written with ``[at]`` among them."""
        return super().spans(_AT.sub("@", text))

    def plain(self, span: str) -> str:
        """Return an address without the punctuation after it."""
        return span.rstrip(".,;:!?)]}>'\"*")


@dataclass(frozen=True)
class CodeValidator(Preserved):
    """Finds translations that lack blocks and spans of code of the pivot.

    Of blocks it counts the fences, as comments in them may be translated; spans in a line are compared as they are.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Aja ls."], ["Moi."], pivot_prompts=["Run `ls -l`."])
        >>> CodeValidator().judge(cells, ["en", "fi"]).reason
        ['code lost']
    """

    name: str = "code"
    version: str = "1"
    signs = ("`",)
    pattern = re.compile(r"```|`[^`\n]{1,300}`")
    fixed = False


@dataclass(frozen=True)
class VariablesValidator(Preserved):
    """Finds translations that lack variables of the pivot, such as ``{name}``, ``%s``, ``%(name)d`` and ``<NAME>``.

    Blocks of code, formulas and the commands of TeX are passed over. Names in square brackets are left alone, as they
    are rightly translated.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Hei!"], ["Moi."], pivot_prompts=["Hi {name}!"])
        >>> VariablesValidator().judge(cells, ["en", "fi"]).seen
        ['{name}']
    """

    name: str = "variables"
    version: str = "2"
    signs = ("{", "%", "<")
    pattern = re.compile(
        r"\{\{\s?[A-Za-z_][\w.]{0,40}\s?\}\}|\{\s?[A-Za-z_][\w.]{0,40}\s?\}|%\([A-Za-z_]\w{0,40}\)[sdif]|%[sd]\b"
        r"|<[A-Z][A-Z_]{2,40}>"
    )
    fixed = True

    def spans(self, text: str) -> Counter[str]:
        """Return the variables outside of blocks of code, formulas and commands of TeX."""
        prose = _without_formulas(_FENCED.sub("", text))
        return super().spans(_COMMAND.sub("", prose))

    def plain(self, span: str) -> str:
        """Return a variable without the spaces in its braces."""
        return re.sub(r"\s", "", span)


@dataclass(frozen=True)
class MathValidator(Preserved):
    r"""Finds translations that lack formulas of the pivot, written in TeX; one that was changed is a doubt.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Mikä?"], ["Moi."], pivot_prompts=[r"What is \(x^2\)?"])
        >>> MathValidator().judge(cells, ["en", "fi"]).reason
        ['math lost']
    """

    name: str = "math"
    version: str = "2"
    signs = ("$", "\\(", "\\[", "\\begin")
    fixed = False

    def spans(self, text: str) -> Counter[str]:
        """Return the formulas of a text."""
        return Counter(self.plain(text[first:last]) for first, last in formulas(text))

    def plain(self, span: str) -> str:
        """Return a formula without spaces and without the words in it."""
        return re.sub(r"\\text\{[^{}]*\}|\s", "", span)
