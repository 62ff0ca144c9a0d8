"""Tasks about another language than the cell's own, whose right answer is in that language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pinchmix.plugins import Cells
from pinchmix.validators.columns import in_english
from pinchmix.validators.langid import Backend, judge_texts
from pinchmix.validators.langid.codes import encode
from pinchmix.validators.langid.gates import MISMATCH, OK, REJECT_LETTERS
from pinchmix.validators.langid.script import script_letters
from pinchmix.validators.tasks import START, is_task

# What English calls the languages that detectors know; those of a group stand for each other.
_SPOKEN = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian",
    "bn": "Bengali|Bangla", "bs": "Bosnian|Croatian|Serbian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian|Farsi", "fi": "Finnish", "fil": "Filipino|Tagalog",
    "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian|Bosnian|Serbian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian|Malay",
    "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "kn": "Kannada",
    "ko": "Korean", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam",
    "mn": "Mongolian", "mr": "Marathi", "ms": "Malay|Indonesian", "ne": "Nepali", "nl": "Dutch",
    "nn": "Norwegian|Nynorsk", "no": "Norwegian|Bokmål", "pa": "Punjabi|Panjabi", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian|Slovene", "so": "Somali", "sq": "Albanian",
    "sr": "Serbian|Croatian|Bosnian", "sv": "Swedish", "sw": "Swahili|Kiswahili", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese",
    "yue": "Cantonese|Chinese", "zh": "Chinese|Mandarin|Cantonese",
}  # fmt: skip
_NAMES = "|".join(sorted({name for names in _SPOKEN.values() for name in names.split("|")}))
_NAMED = re.compile(rf"\b(?:{_NAMES})\b")
_TARGET = re.compile(rf"\b(?:in|into|to) ({_NAMES})\b")
# Where a quotation, a colon or a line sets words apart, and where a sentence ends.
_APART = re.compile("[\n«»\"“”„‟‹›「」『』`:：]+|(?<!\\w)['‘‚]|['’](?!\\w)")
_ENDS = re.compile(r"(?<=[.?!؟।])\s+|(?<=[。！？])")


def named_by(prompt: str, tag: str) -> str:
    """Return what an English prompt says of answers in a language.

    Returns:
        ``""`` where the task is not about words of a language, ``"open"`` where it is and names none, ``"named"`` where
        it names this one, ``"other"`` where it wants the answer in another one.

    Example:
        >>> [named_by("Translate this English text into French: Hi!", tag) for tag in ("fr", "en")]
        ['named', 'other']
        >>> named_by("Correct the sentence: 'He go.'", "en"), named_by("Who won the game?", "en")
        ('open', '')
    """
    part = prompt if len(prompt) <= 2 * START else f"{prompt[:START]}\n{prompt[-START:]}"
    if not is_task(part):
        return ""
    names = _SPOKEN.get(tag.partition("-")[0], "").split("|")
    targets = _TARGET.findall(part)
    if not set(targets or _NAMED.findall(part)).isdisjoint(names):
        return "named"
    return "other" if targets else "open"


def stretches(prompt: str) -> Iterator[str]:
    """Yield the parts of a prompt that may be in another language: quotations, lines, and their sentences.

    Example:
        >>> list(stretches("Korjaa: 'He go. It rain.'"))
        ['Korjaa', 'He go. It rain.', 'He go.', 'It rain.']
    """
    for apart in filter(None, map(str.strip, _APART.split(prompt))):
        yield apart
        sentences = _ENDS.split(apart)
        if len(sentences) > 1:
            yield from filter(None, sentences)


def about_another(
    cells: Cells, places: Sequence[int], seen: Sequence[str], languages: Sequence[str], backend: Backend
) -> npt.NDArray[np.bool_]:
    """Return in which cells the task is about the language that the response was read as.

    It is where the English pivot's prompt is a language task that names that language, or where a stretch of the cell's
    own prompt is in it. A stretch in the pivot's language may be what translation left in place: then the pivot's
    prompt must be a language task as well.

    Args:
        cells: The cells.
        places: Some of them.
        seen: The language that the response of each was read as, "" where nobody knows.
        languages: The languages of the data set.
        backend: Who tells languages apart.

    Example:
        >>> from pinchmix.validators.langid.backends import find_backend
        >>> cells = Cells(["a"], ["en"], ["en"], ["Translate into French: It is fine."], ["Il fait beau."])
        >>> about_another(cells, [0], ["fr"], ["en"], find_backend("langdetect")).tolist()
        [True]
    """
    found = np.zeros(len(places), dtype=bool)
    if not len(places):
        return found
    pivots = in_english(cells, "prompt")
    rows: list[int] = []
    pieces: list[str] = []
    for row, (place, tag) in enumerate(zip(places, seen, strict=True)):
        said = named_by(pivots[place], tag) if tag and pivots[place] else "open"
        left = not said and tag.partition("-")[0] == cells.pivot.partition("-")[0]
        found[row] = bool(tag) and said == "named"
        if tag and said != "named" and said != "other" and not left:
            some = list(stretches(cells.prompts[place]))
            pieces += some
            rows += [row] * len(some)
    if not pieces:
        return found
    some_rows = np.array(rows, dtype=np.int64)
    long = np.flatnonzero(script_letters(encode(pieces)).sum(axis=1) >= REJECT_LETTERS)
    texts, some_rows = [pieces[number] for number in long.tolist()], some_rows[long]
    foreign = [seen[row] for row in some_rows.tolist()]
    own = [cells.prompt_languages[places[row]] for row in some_rows.tolist()]
    # Names are of no language: a stretch must be plainly none of the prompt's own.
    read = judge_texts([*texts, *texts], [*foreign, *own], languages=languages, backend=backend).verdict
    found[some_rows[(read[: len(texts)] == OK) & (read[len(texts) :] == MISMATCH)]] = True
    return found
