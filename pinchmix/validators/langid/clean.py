"""Cleaning of texts for identification only: code, formulas, addresses and markup say nothing about the language."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.codes import CODE_POINTS, Codes, encode, frozen
from pinchmix.validators.langid.script import cases, lower

# Twice what is scored, so that a text keeps its 10,000 characters when half of it is code.
MAX_CHARACTERS = 20_000
# The parts of a longer text that are looked at.
_PARTS = 4
_FENCED = "```\n"

# Every pattern has a bound on what it may span: adversarial text must not make it quadratic.
_FENCE = re.compile(r"(```|~~~)(.*?)(?:\1|\Z)", re.DOTALL)
_DATA = re.compile(r"(?:json\w*|yaml|csv|te?xt|markdown|md)?\s*[\[{]", re.IGNORECASE)
_PROSE_LABELS = ("", "text", "txt", "plaintext", "markdown", "md")
_STRING = re.compile(r'"([^"\n]+)(?:"|\Z)')
# Shorter ASCII strings of data are values of a format: names, codes, types.
_PROSE_LENGTH = 5
_INLINE = re.compile(r"`[^`\n]{1,300}`")
_FORMULA = re.compile(r"\$\$[^$]{1,2000}\$\$|\$(?=\S)[^$\n]{0,300}(?<=\S)\$(?!\d)")
_TEX = re.compile(
    r"\\\[.{1,2000}?\\\]|\\\(.{1,1000}?\\\)|\\begin\{(\w{1,20}\*?)\}.{0,2000}?\\end\{\1\}|\\[A-Za-z]+", re.DOTALL
)
_URL = re.compile(r"(?:https?|ftp)://[!-~]+|www\.[!-~]+")
_MAIL = re.compile(r"[-_.0-9A-Za-z]{1,64}@[-_.0-9A-Za-z]{1,255}|@\w{2,40}")
_TAG = re.compile(r"<[/!]?[A-Za-z][^<>]{0,300}>|<!--.{0,2000}?-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,6});")
_KEY = re.compile(r"([\"'])[^\"'\n]{1,60}\1\s{0,4}:")
_PLACEHOLDER = re.compile(r"\{{1,2}\s?[A-Za-z_][\w.]{0,40}\s?\}{1,2}", re.ASCII)
_HASHTAG = re.compile(r"#\w{1,80}")
_SNAKE = re.compile(r"\b[A-Za-z0-9]*_[A-Za-z0-9_]+\b|\b[A-Za-z0-9]+_\b", re.ASCII)
_DOTTED = re.compile(r"(?<![\w.])[a-z]\w*(?:\.[a-z_]\w*)+(?:\(\))?", re.ASCII)
_CAMEL = re.compile(r"\b[A-Za-z]*[a-z][A-Z][A-Za-z0-9]*\b")
_HUMP = re.compile(r"[a-z][A-Z]")
_CALL = re.compile(r"\b[A-Za-z_]\w{0,60}(?:\.\w{1,60}){0,6}\([^()\n]{0,80}\)", re.ASCII)
# What dotted names and calls have and prose hardly ever: seen faster than that a text has none of those.
_INNER_DOT = re.compile(r"\.[a-z_]")
_CALLED = re.compile(r"\((?<=\w\()", re.ASCII)
_MARKS = re.compile("[\u0300-\u036f]")

# What a line of code starts with, in the languages people ask models to write.
_CODE_START = re.compile(
    r"""\s*(?:
        (?:def|class)\s+\w+\s*[(:{]|from\s+[\w.]+\s+import\s|import\s+[\w.{*]+(?:\s+as\s+\w+|;|,|\s*$)
        |(?:if|while|elif|for|with)\b.*:\s*$|(?:else|try|finally)\s*:\s*$|except\b.*:\s*$
        |return\b.*[()\[\];+*/=]|return\s+\w+\s*$|print\s*\(|\#include\b|\#define\b|using\s+[\w.:]+(?:\s+\w+)?;
        |(?:public|private|protected|static)\s+\w+.*[;={(]|(?:const|let|var)\s+\w+\s*[:=;]
        |(?:func|fn|int|void|double|string|bool)\s+\w+\s*[;=({]
        |function\s+\w*\s*\(|package\s+[\w.]+;?\s*$|@\w+\s*$|>>>\s|\#!/
        |SELECT\s.*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(?:TABLE|VIEW|INDEX)\s
        |(?:FROM|WHERE|GROUP\s+BY|ORDER\s+BY|HAVING|(?:INNER|LEFT|RIGHT|FULL)\s+JOIN|JOIN)\s+\w+.*[=.,;<>(]|//|/\*|\*/
    )""",
    re.VERBOSE,
)
_CODE_END = re.compile(r"(?:[;{}]|\)\s*:|=>|\\)\s*$")
# Each begins with a sign, so that a search passes over letters fast; a bracket counts right after a word.
_OPERATOR = re.compile(r"==|!=|<=|>=|=>|->|\+=|-=|:=|::|&&|\|\||\((?<=\w\()|\[(?<=\w\[)|\)\.|=(?![=<>])(?<![=<>]=)")
_DECLARATION = re.compile(r"\s*[\w-]{1,40}\s*:\s*[^;\n]{1,80};\s*\Z", re.ASCII)
_ASSIGNMENT = re.compile(
    r"\s*[A-Za-z_][\w.]*(?:\[[^\]\n]{1,60}\])?(?:\s*,\s*[A-Za-z_]\w*){0,9}\s*[-+*/%|&]?=\s*[^\s=]", re.ASCII
)
# Four words in a row are prose, whatever else the line has.
_WORDS = re.compile(r"(?:[^\W\d_]{2,40},? ){3}[^\W\d_]{2}")
_LATIN_LINE = re.compile(r"[ -~\t]*\Z")
_CODE_SIGN = re.compile(r"[=;{}()\[\]<>]")
_CODE_WORDS = ("SELECT", "import", "else:", "try:", "return")
# Characters that some pattern here starts from; text without them, and without the marks below, stays as it is.
_SIGNS = "`~$@<>&\\#(){}[]=;_"
# Operators that make a line code by themselves, and how many characters each may stand for.
_DENSE_OPERATORS, _DENSE_SPAN = 2, 14


def sampled(text: str, most: int) -> str:
    """Return a text, or four equal parts of a longer one from its start to its end.

    The start alone would let a text pass whose end is in another language. A part that begins or ends inside fenced
    code is fenced, so that its code stays code.

    Args:
        text: Any text.
        most: How many characters are looked at.

    Example:
        >>> sampled("0123456789" * 40, 100).split()
        ['0123456789012345', '8901234567890123', '6789012345678901', '4567890123456789']
    """
    if len(text) <= most:
        return text
    size = most // _PARTS - 1 - 2 * len(_FENCED)
    parts = []
    for number in range(_PARTS):
        start = number * (len(text) - size) // (_PARTS - 1)
        part = _FENCED * (text.count("```", 0, start) % 2) + text[start : start + size]
        parts.append(part + _FENCED[::-1] * (part.count("```") % 2))
    return "\n".join(parts)


def clean_texts(texts: Sequence[str]) -> list[str]:
    """Return ``clean_text`` of each text, looking closely at those only in which there is something to clean.

    Example:
        >>> clean_texts(["Piove.", "Esegui `ls -l` adesso."])
        ['Piove.', 'Esegui   adesso.']
    """
    cut = [text[:MAX_CHARACTERS] for text in texts]
    if not cut:
        return []
    for number in np.flatnonzero(_suspects(cut)).tolist():
        cut[number] = clean_text(cut[number])
    return cut


def clean_text(text: str) -> str:
    """Return the part of a text that is human language, for identification only.

    Args:
        text: Any text; it is never stored in this form.

    Returns:
        The text without code, formulas, addresses, markup and identifiers. Capitals stay: see ``lower_capitals``.

    Example:
        >>> clean_text("Esegui `ls -l` e apri https://example.org/x adesso.").split()
        ['Esegui', 'e', 'apri', 'adesso.']
    """
    text = text[:MAX_CHARACTERS]
    if "```" in text or "~~~" in text:
        text = _FENCE.sub(_prose_of_fence, text)
    if "`" in text:
        text = _INLINE.sub(" ", text)
    if "$" in text:
        text = _FORMULA.sub(" ", text)
    if "://" in text or "www." in text:
        text = _URL.sub(" ", text)
    if "@" in text:
        text = _MAIL.sub(" ", text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = _ENTITY.sub(" ", text)
    # Before the patterns below take the marks away by which a line of code is known.
    if _CODE_SIGN.search(text) or any(word in text for word in _CODE_WORDS):
        text = _without_code_lines(text)
    if "\\" in text:
        text = _TEX.sub(" ", text.replace("\\n", "\n"))
    if ":" in text and ('"' in text or "'" in text):
        text = _KEY.sub(" ", text)
    if "{" in text:
        text = _PLACEHOLDER.sub(" ", text)
    if "#" in text:
        text = _HASHTAG.sub(" ", text)
    if _CALLED.search(text):
        text = _CALL.sub(" ", text)
    if "_" in text:
        text = _SNAKE.sub(" ", text)
    if _INNER_DOT.search(text):
        text = _DOTTED.sub(" ", text)
    if _HUMP.search(text):
        text = _CAMEL.sub(" ", text)
    if not text.isascii() and _MARKS.search(text):
        # langdetect composes Vietnamese only; decomposed text (macOS file names, some PDFs) exists in every language.
        text = unicodedata.normalize("NFC", text)
    return text


@cache
def _marked() -> NDArray[np.bool_]:
    """Return which code points some pattern may start from."""
    flags = np.zeros(CODE_POINTS, dtype=bool)
    flags[[ord(char) for char in _SIGNS]] = True
    flags[0x300:0x370] = True
    return frozen(flags)


def _suspects(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which texts ``clean_text`` may change; it changes none of the others."""
    codes = encode(texts)
    points = codes.points
    marked = _marked()[points]
    now, then = points[:-1], points[1:]
    small_now, small_then = ((part >= ord("a")) & (part <= ord("z")) for part in (now, then))
    great_then = (then >= ord("A")) & (then <= ord("Z"))
    # A hump as in camelCase, a dot inside a word, an address, "www.".
    marked[1:] |= small_now & great_then | (now == ord(".")) & small_then
    marked[1:] |= (now == ord(":")) & (then == ord("/")) | (now == ord("w")) & (then == ord("."))
    found = codes.count(marked) > 0
    # A key of data is in quotes before a colon.
    quoted = codes.count((points == ord('"')) | (points == ord("'"))) > 0
    found |= quoted & (codes.count(points == ord(":")) > 0)
    joined = " " + " ".join(texts)
    for word in _CODE_WORDS:
        place = joined.find(word)
        while place >= 0:
            found[np.searchsorted(codes.starts, place, side="right") - 1] = True
            place = joined.find(word, place + 1)
    return found


def lowered(texts: Sequence[str]) -> tuple[list[str], Codes]:
    """Return texts as they are scored, those in capitals in lower case, and their code points.

    Args:
        texts: Cleaned texts, at least one.

    Example:
        >>> lowered(["ALL CAPS", "Not All"])[0]
        ['all caps', 'Not All']
    """
    codes = encode(texts)
    small = lower_capitals(codes)
    found = list(texts)
    if small is not codes:
        ends = np.append(small.starts[1:], len(small.points))
        for number in np.flatnonzero(codes.count(small.points != codes.points)).tolist():
            letters = small.points[small.starts[number] + 1 : ends[number]]
            found[number] = letters.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return found, small


def lower_capitals(codes: Codes) -> Codes:
    """Return the batch with texts that are mostly capitals in lower case, as langdetect skips words in capitals.

    Args:
        codes: The cleaned texts.

    Returns:
        The same code points, one for one.
    """
    case = cases()[codes.points]
    capitals = codes.count(case == 2)
    shout = capitals * 2 > codes.count(case > 0)
    # One capital of one letter is the start of a sentence.
    shout &= capitals > 1
    if not shout.any():
        return codes
    flags: NDArray[np.bool_] = shout[codes.owners()]
    return Codes(np.where(flags, lower()[codes.points], codes.points), codes.starts)


def _prose_of_fence(fence: re.Match[str]) -> str:
    """Return what a fenced block says in sentences: long strings of data, or text that was fenced as an answer."""
    content = fence.group(2)
    if _DATA.match(content):
        found = (text for text in _STRING.findall(content) if not text.isascii() or len(text.split()) >= _PROSE_LENGTH)
        return " \n ".join(("", *found, ""))
    label, _, body = content.partition("\n")
    prose = label.strip().lower() in _PROSE_LABELS and not any(map(_is_code, body.split("\n")))
    return f" \n{body}\n " if prose else " \n "


def _without_code_lines(text: str) -> str:
    """Drop lines of code, and the lines between two of them that hold nothing but ASCII."""
    lines = text.split("\n")
    code = [_is_code(line) for line in lines]
    if not any(code):
        return text
    _fill_gaps(lines, code)
    return "\n".join(line for line, drop in zip(lines, code, strict=True) if not drop)


def _is_code(line: str) -> bool:
    if not line or line.isspace():
        return False
    if _CODE_START.match(line) or line.rstrip().endswith("{"):
        return True
    if (_ASSIGNMENT.match(line) or _DECLARATION.match(line)) and not _WORDS.search(line):
        return True
    operators = len(_OPERATOR.findall(line))
    if operators and _CODE_END.search(line):
        return True
    return operators >= _DENSE_OPERATORS and operators * _DENSE_SPAN >= len(line.strip())


def _fill_gaps(lines: Sequence[str], code: list[bool]) -> None:
    marked = [number for number, flag in enumerate(code) if flag]
    for before, after in itertools.pairwise(marked):
        gap = range(before + 1, after)
        if len(gap) <= 2 and all(_LATIN_LINE.match(lines[number]) for number in gap):
            for number in gap:
                code[number] = True
