"""The second look at a text that seems to be in another language: its sentences one by one, its names, its lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.backend import posterior
from pinchmix.validators.langid.clean import lowered
from pinchmix.validators.langid.scorer import MAX_CHARACTERS
from pinchmix.validators.langid.script import script_letters
from pinchmix.validators.langid.tongues import Tongues

_BREAK = re.compile(r"[\r\n]+|(?<=[.!?:;…।؟])\s+|[。！？；]|[\"“”„«»「」『』‹›]")
_WORD = re.compile(r"[^\W\d_]+")
# A capitalised word that does not begin a sentence or a line; an initial ends no sentence.
_NAME = re.compile(r"(?:(?<=[^\s.!?¿¡])|(?<=\b[^\W\d_]\.))([^\S\n]+[^\w\s]?)([^\W\d_]+)")
# Three words in a row on a line, or eight characters of a script that writes words together: a sentence, no list.
_PROSE = re.compile(
    r"""(?<![^\W\d_])(?:[^\W\d_]{1,60}(?:['’‘\-][^\W\d_]{1,60}){0,3}[,;:."'”»)\]]{0,3}"""
    r"""[ \u00a0]["'“„«(\[¿¡]{0,2}){2}[^\W\d_]"""
    "|[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{8}"
)
# A segment of fewer letters than three or four words is likely to be taken for anything.
_SEGMENT_LETTERS = 12
# What must be left of a text beside names to be the ground of a rejection, in words and in letters.
_SMALL_SHARE, _REST_LETTERS = 0.15, 8
# What is judged by itself in every text that is long enough: about a sentence, so that the words can tell.
_WINDOW = re.compile(r".{1,80}(?:\s|\Z)|.{80}", re.DOTALL)
# Texts of fewer weighted letters are judged as a whole: no window of theirs is sure enough.
WINDOWED_LETTERS = 100
# A window is foreign when its language is this unlikely and it has the letters to say so.
_FOREIGN, _FOREIGN_LETTERS = 0.05, 30
# A segment counts for the language or against it when the odds are three to one.
_RIGHT, _WRONG = 0.5, 0.25


def segment_shares(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return which share of each text is in its expected language, sentence by sentence.

    Args:
        texts: The cleaned texts.
        tongues: The expected languages.
        tongue_of: The expected language of each text, one that has a profile.

    Returns:
        The letters of the segments in the language, over those of all segments that could be told; 0 where none could.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> english = Tongues.of(("en",), frozenset({"cs"}), LangdetectBackend())
        >>> segment_shares(["The weather is fine. Dneska je opravdu krásné počasí."], english, np.array([0])).round(1)
        array([0.4])
    """
    pieces: list[str] = []
    text_of: list[int] = []
    for number, text in enumerate(texts):
        found = [piece for piece in _BREAK.split(text[:MAX_CHARACTERS]) if len(piece) > 3]
        pieces += found
        text_of += [number] * len(found)
    if not pieces:
        return np.zeros(len(texts))
    at = np.array(text_of)
    share, total = _shares(pieces, tongues, tongue_of[at])
    right = (total >= _SEGMENT_LETTERS) & (share >= _RIGHT)
    wrong = (total >= _SEGMENT_LETTERS) & (share <= _WRONG)
    of_right = np.bincount(at[right], weights=total[right], minlength=len(texts))
    of_told = of_right + np.bincount(at[wrong], weights=total[wrong], minlength=len(texts))
    share_right: NDArray[np.float64] = of_right / np.maximum(of_told, 1)
    return share_right


def foreign_letters(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many letters of each text stand in stretches of about 80 characters that are in another language.

    Sentences would end where the language changes, but some are two words long, and cut texts have none.

    Args:
        texts: The cleaned texts, as they are scored.
        tongues: The expected languages.
        tongue_of: The expected language of each text.

    Returns:
        Weighted letters, one number a text; stretches of names or of lists are not among them.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> english = Tongues.of(("en",), frozenset({"cs"}), LangdetectBackend())
        >>> texts = ["The weather is fine today, so all of us go out and walk along the old river. "
        ...     "Dneska je opravdu krásné počasí, a tak jdeme všichni ven a půjdeme kolem řeky."]
        >>> foreign_letters(texts, english, np.array([0])).tolist()
        [63]
    """
    found = [_WINDOW.findall(text) for text in texts]
    at = np.repeat(np.arange(len(texts)), [len(pieces) for pieces in found])
    pieces = [piece for some in found for piece in some]
    letters = np.zeros(len(texts), dtype=np.int64)
    if not pieces:
        return letters
    share, total = _shares(pieces, tongues, tongue_of[at], by_script=True)
    wrong = np.flatnonzero((total >= _FOREIGN_LETTERS) & (share <= _FOREIGN))
    if len(wrong):
        names, lists = name_or_list([pieces[number] for number in wrong], tongues, tongue_of[at[wrong]])
        wrong = wrong[~names & ~lists]
    np.add.at(letters, at[wrong], total[wrong])
    return letters


def name_or_list(
    texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which texts seem to be in another language by their names only, and which have no sentence at all.

    Args:
        texts: The cleaned texts.
        tongues: The expected languages.
        tongue_of: The expected language of each text.

    Returns:
        One flag a text for each.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> german = Tongues.of(("de",), frozenset({"en"}), LangdetectBackend())
        >>> texts = ["Barack Obama und Angela Merkel", "this is not what I wanted", "front | back | rounded"]
        >>> names, lists = name_or_list(texts, german, np.array([0, 0, 0]))
        >>> names.tolist(), lists.tolist()
        ([True, False, False], [False, False, True])
    """
    share, total = _shares([without_names(text) for text in texts], tongues, tongue_of)
    sentences = np.array([_small_share(text) >= _SMALL_SHARE for text in texts], dtype=bool)
    lists = np.array([not _PROSE.search(text) for text in texts], dtype=bool)
    return ~(sentences & (total >= _REST_LETTERS) & (share <= _WRONG)), lists


def _shares(
    texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64], by_script: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the probability of the expected language, 0 where the script is another one, and the weighted letters.

    With ``by_script``, a language whose script decides is not asked for its words.
    """
    scored, codes = lowered(texts)
    letters = script_letters(codes)
    total: NDArray[np.int64] = letters.sum(axis=1)
    inside = (letters * tongues.accepted[tongue_of]).sum(axis=1) * 2 >= total
    # A language without a profile is known by its script only; what competes for it is of no account.
    words = tongues.supported[tongue_of]
    if by_script:
        words &= ~(tongues.decides | tongues.chinese | tongues.japanese)[tongue_of]
    share = inside.astype(np.float64)
    rows = np.flatnonzero(inside & words)
    if len(rows):
        scores, _ = tongues.backend.log_scores([scored[number] for number in rows])
        found = posterior(scores, tongues.candidates[tongue_of[rows]])
        share[rows] = np.where(tongues.own[tongue_of[rows]], found, 0.0).sum(axis=1)
    return share, total


def _small_share(text: str) -> float:
    """Return what part of a text is words that are not capitalised; texts in capitals have sentences like others.

    By letters: in titles and in names joined by "and" and "of", small words are many, but short.
    """
    words = _WORD.findall(text[:MAX_CHARACTERS])
    if _in_capitals(words):
        return 1.0
    small = sum(len(word) for word in words if not word[0].isupper())
    return small / max(sum(map(len, words)), 1)


def _in_capitals(words: Sequence[str]) -> bool:
    return sum(len(word) > 1 and word.isupper() for word in words) * 2 > len(words)


def without_names(text: str) -> str:
    """Return a text without the capitalised words inside its sentences, which are names more often than not.

    Args:
        text: A cleaned text.

    Returns:
        What is left. A text in capitals is returned as it is.

    Example:
        >>> without_names("Wo liegt die Harvard School of Public Health?")
        'Wo liegt die   of  ?'
    """
    text = text[:MAX_CHARACTERS]
    if _in_capitals(_WORD.findall(text)):
        return text
    return _NAME.sub(lambda word: word[1] if word[2][0].isupper() else word[0], text)
