"""The second look at a text that seems to be in another language: its sentences one by one, and its capitals."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.clean import lower_capitals
from pinchmix.validators.langid.codes import encode
from pinchmix.validators.langid.scorer import MAX_CHARACTERS, posterior, score_codes
from pinchmix.validators.langid.script import script_letters
from pinchmix.validators.langid.tongues import Tongues

_BREAK = re.compile(r"[\r\n]+|(?<=[.!?:;…।؟])\s+|[。！？；]|[\"“”„«»「」『』‹›]")
_WORD = re.compile(r"[^\W\d_]+")
# A segment of fewer letters than three or four words is likely to be taken for anything.
_SEGMENT_LETTERS = 12
# A segment counts for the language or against it when the odds are three to one.
_RIGHT, _WRONG = 0.5, 0.25
# Names are capitalised, and so are the words of a list of names, all but a particle or two.
_NAMES_SHARE, _NAMES_LEAST = 0.8, 3


def segment_shares(
    texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return which share of each text is in its expected language, sentence by sentence.

    Args:
        texts: The cleaned texts.
        tongues: The expected languages.
        tongue_of: The expected language of each text, one that has a profile.

    Returns:
        The letters of the segments in the language, over those of all segments that could be told; 0 where none could.

    Example:
        >>> english = Tongues.of(("en",), frozenset({"cs"}))
        >>> segment_shares(["The weather is fine. Dneska je opravdu krásné počasí."], english, np.array([0])).round(1)
        array([0.3])
    """
    pieces: list[str] = []
    text_of: list[int] = []
    for number, text in enumerate(texts):
        found = [piece for piece in _BREAK.split(text[:MAX_CHARACTERS]) if len(piece) > 3]
        pieces += found
        text_of += [number] * len(found)
    if not pieces:
        return np.zeros(len(texts))
    codes = lower_capitals(encode(pieces))
    letters = script_letters(codes)
    total = letters.sum(axis=1)
    at = np.array(text_of)
    tongue = tongue_of[at]
    inside = (letters * tongues.accepted[tongue]).sum(axis=1) * 2 >= total
    scores, counts = score_codes(codes)
    share = posterior(scores, counts, tongues.candidates[tongue])
    share = np.where(tongues.own[tongue], share, 0.0).sum(axis=1)
    told = (total >= _SEGMENT_LETTERS) & ((counts > 0) | ~inside)
    right = told & inside & (share >= _RIGHT)
    wrong = told & (~inside | (share <= _WRONG))
    of_right = np.bincount(at[right], weights=total[right], minlength=len(texts))
    of_told = of_right + np.bincount(at[wrong], weights=total[wrong], minlength=len(texts))
    return of_right / np.maximum(of_told, 1)


def looks_like_names(text: str) -> bool:
    """Whether nearly all words of a text are capitalised.

    Example:
        >>> looks_like_names("Barack Obama, Angela Merkel"), looks_like_names("Angela Merkel was born in Hamburg")
        (True, False)
    """
    words = _WORD.findall(text[:MAX_CHARACTERS])
    if len(words) < _NAMES_LEAST:
        return False
    return sum(word[0].isupper() and not word[1:].isupper() for word in words) >= _NAMES_SHARE * len(words)
