"""Which languages compete for a text: equivalence groups, neighbours, and the column of a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pinchmix.language import script_of
from pinchmix.validators.langid.codes import frozen

# Written languages that detectors do not tell apart, or not surely; the first is the one that most of them know.
_GROUPS = (
    ("no", "nn"), ("hr", "bs", "sr-Latn", "cnr"), ("id", "ms"), ("zh", "wuu", "yue-Hans"),
    ("zh-Hant", "yue", "wuu-Hant"), ("ar", "arz", "ary", "apc", "ajp", "ars", "acm", "aeb", "acq"), ("et", "vro"),
    ("lv", "ltg"),
)  # fmt: skip
_GROUP: Mapping[str, tuple[str, ...]] = {member: group for group in _GROUPS for member in group}

# Languages that text is easily taken for, from the measured confusions and the language families. Text that is in
# neither the data's languages nor these would otherwise go to the likeliest of a few unlikely languages.
_NEIGHBOURS = {
    "af": "nl de", "ar": "fa ur", "be": "ru uk bg", "bg": "mk ru uk", "bs": "sl sk cs pl", "ca": "es pt it fr ro",
    "cs": "sk pl sl hr", "cy": "de nl", "da": "no sv de nl", "de": "nl da no sv", "en": "de fr nl da no sv id",
    "es": "pt ca it fr gl", "et": "fi lv lt", "eu": "es fr", "fa": "ar ur", "fi": "et sv", "fil": "id so sw",
    "fr": "ca es it ro", "gl": "pt es ca", "hi": "mr ne", "hr": "sl sk cs pl", "hu": "fi et tr", "id": "fil so sw",
    "is": "no da sv", "it": "es pt ca ro fr", "ja": "zh", "lt": "lv et fi", "lv": "lt et fi", "mk": "bg ru uk sr",
    "mr": "hi ne", "ms": "fil so sw", "ne": "hi mr", "nl": "af de", "nn": "da sv de", "no": "da sv de",
    "pl": "cs sk sl hr", "pt": "es ca it fr gl", "ro": "it fr ca es", "ru": "uk bg mk be", "sk": "cs pl sl hr",
    "sl": "hr sk cs pl", "so": "sw fil id", "sq": "ro it", "sr": "mk bg ru uk", "sr-Latn": "sl sk cs pl",
    "sv": "da no de", "sw": "so fil id", "tr": "et fi hu az", "uk": "ru bg mk be", "ur": "fa ar", "vi": "fr pt",
    "zh": "ja", "zh-Hant": "ja",
}  # fmt: skip
# English is the pivot of nearly every data set. The others stand for their families: without them text of a language
# that is no neighbour falls to the odd one out (Turkish and Swedish to Estonian, two texts in three).
_ALWAYS = ("en", "de", "fr", "id", "sv", "no", "tr", "vi", "pl", "nl", "pt", "sw", "so")


def leader(tag: str, known: tuple[str, ...]) -> str:
    """Return the language that stands for a language among those that a backend knows.

    Args:
        tag: A canonical tag.
        known: The languages of the backend.

    Returns:
        The tag itself if it is known, else one of its group, else the same language without its region; the tag itself
        where none is known.

    Example:
        >>> [leader(tag, ("no", "pt", "sr", "hi")) for tag in ("nn", "pt-PT", "sr", "hi-Latn", "eu")]
        ['no', 'pt', 'sr', 'hi-Latn', 'eu']
    """
    base = tag.split("-")[0]
    same = (base,) if script_of(base) == script_of(tag) else ()
    for name in (tag, *same):
        members: tuple[str, ...] = (name, *_GROUP.get(name, ()))
        for member in members:
            if member in known:
                return member
    return tag


@cache
def column(tag: str, known: tuple[str, ...]) -> int:
    """Return the column that stands for a canonical tag, -1 if there is none.

    Example:
        >>> column("nn", ("en", "no")), column("eu", ("en", "no"))
        (1, -1)
    """
    stand_in = leader(tag, known)
    return known.index(stand_in) if stand_in in known else -1


@cache
def own_columns(tag: str, known: tuple[str, ...], strict: bool) -> NDArray[np.bool_]:
    """Return which columns count as a language.

    Args:
        tag: A canonical tag.
        known: The languages of the backend.
        strict: Whether only the language itself counts where the backend tells it from the others of its group.

    Returns:
        One flag a column; none where nothing stands for the language. Both Chinese scripts count as Chinese: which of
        the two a text is in is looked at apart.

    Example:
        >>> known = ("bs", "hr", "sl")
        >>> own_columns("hr", known, False).tolist(), own_columns("hr", known, True).tolist()
        ([True, True, False], [False, True, False])
    """
    stand_in = leader(tag, known)
    flags = np.array([other == stand_in for other in known], dtype=bool)
    if not flags.any():
        return frozen(flags)
    if not strict or stand_in != tag:
        flags |= np.array([other in _GROUP.get(stand_in, ()) for other in known], dtype=bool)
    if chinese(tag):
        flags |= np.array([chinese(other) for other in known], dtype=bool)
    return frozen(flags)


@cache
def candidates(tag: str, languages: frozenset[str], known: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which columns compete for text that should be in a language.

    Args:
        tag: A canonical tag.
        languages: The canonical tags of the data set.
        known: The languages of the backend.

    Returns:
        One flag a column: the language, its neighbours, the data's languages and one or two of each large family, as
        far as they share its script.

    Example:
        >>> candidates("hi", frozenset({"it", "ru"}), ("hi", "it", "mr", "ne", "ru")).tolist()
        [True, False, True, True, False]
    """
    stand_in = leader(tag, known)
    wanted = {leader(other, known) for other in languages} | {stand_in, *_ALWAYS}
    wanted |= {leader(other, known) for other in _NEIGHBOURS.get(stand_in, "").split()}
    # The others of its group count as the language, and compete with it where they do not.
    wanted.update(_GROUP.get(stand_in, ()))
    script = family(tag)
    return frozen(np.array([other in wanted and family(other) == script for other in known], dtype=bool))


@cache
def related(tag: str, known: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which columns are neighbours of a language.

    Example:
        >>> related("sk", ("cs", "en", "sk")).tolist()
        [True, False, False]
    """
    close = {leader(other, known) for other in _NEIGHBOURS.get(leader(tag, known), "").split()}
    return frozen(np.array([other in close for other in known], dtype=bool))


@cache
def everything(tag: str, known: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which columns compete in an open choice: all but the language itself in another script.

    Example:
        >>> everything("sr-Latn", ("en", "sr", "sr-Latn")).tolist()
        [True, False, True]
    """
    base, script = tag.split("-")[0], family(tag)
    return frozen(np.array([other.split("-")[0] != base or family(other) == script for other in known], dtype=bool))


def chinese(tag: str) -> bool:
    """Whether a language is written in Chinese characters only.

    Example:
        >>> chinese("yue"), chinese("ja")
        (True, False)
    """
    return script_of(tag) in ("Hans", "Hant")


def family(tag: str) -> str:
    """Return the script of a language, one name for those that share the Chinese characters.

    Example:
        >>> family("zh-Hant"), family("ja"), family("ko")
        ('Hani', 'Hani', 'Kore')
    """
    script = script_of(tag)
    return "Hani" if script in ("Hans", "Hant", "Jpan") else script
