"""The copy check: was a text translated at all, or does it still say what the pivot says, word for word?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, fields, in_english
from pinchmix.validators.langid.clean import clean_text
from pinchmix.validators.prose import WORDS, is_prose, words_of

SHORTEST = 20  # characters
DOUBTFUL_WORDS = 4
COPY, NEAR = 0.8, 0.5  # the part of the pivot's words that the translation has too
PART, PART_WORDS = 0.25, 8  # of the characters of the shorter text, and words, that a piece left as it was has at least
HALF = 0.4  # of the text's characters that make such a piece a mismatch
TASK = 200  # characters at either end of a prompt in which a task is said
LINES = 20  # that are looked for one by one
SPACELESS = 15  # characters without a space that make a sentence
PROBE, PROBES = 16, 6  # characters of a piece of the pivot's that is looked for, and how many pieces
_START = re.compile(r"\w")
# What stands before a quotation.
_OPENS = tuple("\"'“”„‘’‚«»‹›「『《:：\n`>(")
_CLOSES = tuple("\"'”“‘’»«›」』》")
# An exercise about the words of the pivot's language, which stay as they are.
_EXERCISE = re.compile(
    r"\btranslate\b|\b(?:in|un)?grammatical\w*|\bgrammar\b|\bspelling\b|\btypos?\b|\bproofread\w*|\bpunctuat(?:e|ion)\b"
    r"|\b(?:past|present|future|which|what) tense\b|\b(?:quote|cite|recite)\b|\bverbatim\b|\bword for word\b"
    r"|\benglish (?:sentences?|phrases?|words?|text)\b|\b(?:in)?to english\b"
    r"|\b(?:correct|fix|edit|identify|find|classify|rewrite|rephrase|paraphrase|complete|analy[sz]e)\b[^\n]{0,80}"
    r"\b(?:sentences?|phrases?|errors?|mistakes?|sentiment|quote)\b"
    r"|\b(?:nouns?|verbs?|adjectives?|adverbs?|pronouns?|prepositions?|syllables?|synonyms?|antonyms?|passive voice)\b",
    re.IGNORECASE,
)
# Languages that often say a sentence word for word alike.
_CLOSE = tuple(
    frozenset(group.split())
    for group in (
        "no nb nn da", "hr bs sr sr-Latn cnr", "id ms", "cs sk", "pt gl", "zh zh-Hans zh-Hant yue wuu", "bg mk"
    )
)  # fmt: skip


@dataclass(frozen=True)
class CopyValidator:
    """Finds texts that are the pivot's own, wholly, nearly or for a good part: untranslated ones.

    Compared are words in small letters, less code, formulas and addresses. A mismatch is prose only; code, commands,
    keywords and names may rightly be the same in every language, and so may what an exercise about language, or a
    quotation, is about: these are doubts, and so is whatever two close languages have in common. Where only the first
    line is the pivot's, a question was not translated; any other line may be a quotation. A variety of the pivot's own
    language, such as en-GB beside en, may say the same. That a prompt is an exercise is read in English pivots.

    Example:
        >>> english = "Please tell me how the old fishermen used to mend their nets."
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Hei!"], [english], pivot_prompts=["Hi!"], pivot_responses=[english])
        >>> CopyValidator().judge(cells, ["en", "fi"]).reason
        ['copy']
    """

    name: str = "copy"
    version: str = "3"
    cost = Cost.WORDS
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts that were left as the pivot has them, wholly or for a good part."""
        found, asked = [], in_english(cells, "prompt")
        for field, texts, tags, pivots, own, beside in fields(cells):
            varieties = {tag for tag in set(tags) if tag.split("-")[0] == cells.pivot.split("-")[0]}
            close = {tag for tag in set(tags) for group in _CLOSE if tag in group and cells.pivot in group}
            found_pieces: dict[str, tuple[str, ...]] = {}
            for place in np.flatnonzero(_possible(own, beside)).tolist():
                text, pivot = texts[place], pivots[place]
                if pivot is None or tags[place] in varieties:
                    continue
                if pivot not in found_pieces:
                    found_pieces[pivot] = _pieces(pivot)
                pieces = [piece for piece in found_pieces[pivot] if piece in text]
                if not pieces:
                    continue
                much = len(pieces) * 4 >= len(found_pieces[pivot])
                said = _untranslated(text, pivot, cells.pivot, pieces, much)
                if said is None:
                    continue
                verdict, reason, share = said
                if verdict == Verdict.MISMATCH and tags[place] in close:
                    verdict = Verdict.UNSURE
                # A whole task that was left as it is, is no exercise that somebody translated.
                whole = cells.pivot_prompts[place] == cells.prompts[place]
                if verdict == Verdict.MISMATCH and not whole and _exercise(asked[place]):
                    verdict = Verdict.UNSURE
                found.append(Finding(place, field, verdict, reason, 1 - share, cells.pivot))
        return Findings.of(found)


def _exercise(prompt: str) -> bool:
    """Return whether a prompt begins or ends as an exercise about its own language does."""
    return any(_EXERCISE.search(part) for part in (prompt[:TASK], prompt[TASK:][-TASK:]))


ASCII = 0x80  # the first byte that is none


def _possible(own: Column, beside: Column) -> npt.NDArray[np.bool_]:
    """Return which texts may have a piece of the pivot's: those not all in another alphabet than an ASCII pivot."""
    length, pivot_length = own.lengths, beside.lengths
    extra, pivot_extra = own.sizes - length, beside.sizes - pivot_length
    foreign = (extra * 4 >= length * 3) & (pivot_extra * 10 < pivot_length)
    # A question that was left as it is may stand before a long paragraph in the other alphabet.
    looked = np.flatnonzero(foreign & (own.sizes >= PROBE))
    starts = own.data[own.offsets[looked][:, None] + np.arange(PROBE)]
    foreign[looked[(starts < ASCII).all(axis=1)]] = False
    possible: npt.NDArray[np.bool_] = (pivot_length >= SHORTEST) & (length >= SHORTEST) & ~foreign
    return possible


def _pieces(pivot: str) -> tuple[str, ...]:
    """Return pieces of a pivot's text, of which any good part of it that was left as it is holds one.

    They begin a sixth of the text apart, or 16 characters, so that a run of it that is 16 characters longer has one
    whole, wherever it is. One is where each of the first lines begins.
    """
    step = max(len(pivot) // PROBES, PROBE)
    starts = range(0, max(len(pivot) - PROBE, 0) + 1, step)
    pieces = dict.fromkeys([pivot[start : start + PROBE] for start in starts])
    if "\n" in pivot:
        lines = (line.strip() for line in pivot.split("\n", LINES)[:LINES])
        pieces.update(dict.fromkeys(line[:PROBE] for line in lines if len(line) >= SHORTEST))
    return tuple([piece for piece in pieces if not piece.isspace()])


def _untranslated(
    text: str, pivot: str, language: str, pieces: Sequence[str], much: bool
) -> tuple[Verdict, str, float] | None:
    """Return verdict, reason and the share of the pivot's text that is in a text; None where it was translated."""
    if text == pivot and " " not in pivot.strip():
        sure = len(pivot) >= SPACELESS and is_prose(pivot, "")
        return (Verdict.MISMATCH if sure else Verdict.UNSURE), "copy", 1.0
    start, end = _run(text, pivot, pieces)
    run = text[start:end]
    long = len(run) >= PART * min(len(text), len(pivot))
    line = _line(text, pivot)
    # A name or two in common is what most translations have.
    if not (much or long or line):
        return None
    own, beside = set(words_of(clean_text(text))), set(words_of(clean_text(pivot)))
    share, words = len(own & beside) / max(len(beside), 1), len(beside)
    quoted = _quoted(text, start, end, beside)
    part = long and len(words_of(run)) >= PART_WORDS and is_prose(run, language)
    half = part and len(run) >= HALF * len(text) and not quoted
    if share >= NEAR and words >= DOUBTFUL_WORDS and len(own) * NEAR <= words and not (half and share < COPY):
        sure = share >= COPY and words >= WORDS and not quoted and is_prose(text, language)
        return (Verdict.MISMATCH if sure else Verdict.UNSURE), "copy" if share >= COPY else "near copy", share
    if line and not half:
        sure = line == "first line"
        return (Verdict.MISMATCH if sure else Verdict.UNSURE), line, 0.5
    if not part:
        return None
    return (Verdict.MISMATCH if half else Verdict.UNSURE), "partly untranslated", min(len(run) / len(pivot), 1.0)


def _run(text: str, pivot: str, pieces: Sequence[str]) -> tuple[int, int]:
    """Return where the longest run of a text is that is also in the pivot's and holds one of some pieces."""
    best = (0, 0)
    for piece in pieces:
        at, beside = text.find(piece), pivot.find(piece)
        if at < 0 or best[0] <= at < best[1]:
            continue
        start = at - _same(text[:at][::-1], pivot[:beside][::-1])
        end = at + _same(text[at:], pivot[beside:])
        best = max(best, (start, end), key=lambda one: one[1] - one[0])
    return best


def _same(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _quoted(text: str, start: int, end: int, of_pivot: set[str]) -> bool:
    """Return whether what a text shares with the pivot is a quotation in it: the words beside it are its own."""
    sign = _START.search(text, start, end)
    before = text[: sign.start() if sign else start].rstrip(" \t")
    if not before.endswith(_OPENS):
        return False
    around = words_of(f"{before} {text[end:]}")
    if not around:  # nothing but a quotation or a title, or a text that only begins with its sign
        return len(before.strip()) == 1 and text.rstrip(" \t\n.").endswith(_CLOSES)
    return sum(word in of_pivot for word in around) * 4 <= len(around)


def _line(text: str, pivot: str) -> str:
    """Return which line of several is also one of the pivot's: the first, any other, or none."""
    if "\n" not in text or text == pivot:
        return ""
    of_pivot = {line.strip() for line in pivot.split("\n") if len(line) >= SHORTEST}
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    same = [line for line in lines if line in of_pivot and len(words_of(clean_text(line))) >= WORDS]
    if not same or len(same) == len(lines):
        return ""
    return "first line" if lines[0] in same else "a line"
