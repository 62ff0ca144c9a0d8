"""The checks of what translation must leave as it is: addresses, code, variables and formulas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import both, column, holds

_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_FORMULA = re.compile(
    r"\$\$[^$]{1,2000}\$\$|\$(?=[^\s\d])[^$\n]{0,300}(?<=\S)\$(?!\d)|\$\d[^$\n]{0,100}[\\^_=+][^$\n]{0,200}\$(?!\d)"
    r"|\\\([^\n]{1,1000}?\\\)|\\\[[\s\S]{1,2000}?\\\]|\\begin\{\w{1,20}\*?\}"
)
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
            for field, texts, _, pivots in cells.fields()
            for place, verdict, reason, score, seen in self._lost(texts, pivots)
        )

    def _lost(
        self, texts: Sequence[str], pivots: Sequence[str | None]
    ) -> Iterator[tuple[int, Verdict, str, float, str]]:
        for place, text, pivot in both(texts, pivots, holds(column(pivots), *self.signs)):
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


def _less_formula(found: re.Match[str]) -> str:
    """Return what a formula leaves behind: nothing, or itself where ``${`` opens a variable of a shell."""
    return found[0] if found[0].startswith("${") else ""


@dataclass(frozen=True)
class UrlsValidator(Preserved):
    """Finds translations that lack web and mail addresses of the pivot; another one in its place is a doubt.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Lue tämä."], ["Moi."], pivot_prompts=["Read https://a.org/b."])
        >>> UrlsValidator().judge(cells, ["en", "fi"]).seen
        ['https://a.org/b']
    """

    name: str = "urls"
    version: str = "1"
    signs = ("://", "www.", "@")
    pattern = re.compile(r"(?:https?|ftp)://[!-~]+|www\.[!-~]+|[-\w.+]{1,64}@[-A-Za-z0-9.]{1,200}\.[A-Za-z]{2,}")
    fixed = False

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
    version: str = "1"
    signs = ("{", "%", "<")
    pattern = re.compile(
        r"\{\{\s?[A-Za-z_][\w.]{0,40}\s?\}\}|\{\s?[A-Za-z_][\w.]{0,40}\s?\}|%\([A-Za-z_]\w{0,40}\)[sdif]|%[sd]\b"
        r"|<[A-Z][A-Z_]{2,40}>"
    )
    fixed = True

    def spans(self, text: str) -> Counter[str]:
        """Return the variables outside of blocks of code, formulas and commands of TeX."""
        prose = _FORMULA.sub(_less_formula, _FENCED.sub("", text))
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
    version: str = "1"
    signs = ("$", "\\(", "\\[", "\\begin")
    pattern = _FORMULA
    fixed = False

    def plain(self, span: str) -> str:
        """Return a formula without spaces and without the words in it."""
        return re.sub(r"\\text\{[^{}]*\}|\s", "", span)
