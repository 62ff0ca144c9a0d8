"""Which languages compete for a text: equivalence groups, neighbours, and the column of a language."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pinchmix.language import script_of
from pinchmix.validators.langid.codes import frozen
from pinchmix.validators.langid.profiles import profiles

# Written languages that no profile here tells apart; the first is the one that has a profile.
_GROUPS = (("no", "nn"), ("hr", "bs", "sr-Latn"), ("id", "ms"), ("zh", "wuu"), ("zh-Hant", "yue"))
_LEADER = {member: group[0] for group in _GROUPS for member in group}

# Languages that text is easily taken for, from the measured confusions and the language families. Text that is in
# neither the data's languages nor these would otherwise go to the likeliest of a few unlikely languages.
_NEIGHBOURS = {
    "af": "nl de", "ar": "fa ur", "bg": "mk ru uk", "ca": "es pt it fr ro", "cs": "sk pl sl hr", "cy": "de nl",
    "da": "no sv de nl", "de": "nl da no sv", "en": "de fr nl da no sv id", "es": "pt ca it fr", "et": "fi lv lt",
    "fa": "ar ur", "fi": "et sv", "fil": "id so sw", "fr": "ca es it ro", "hi": "mr ne", "hr": "sl sk cs pl",
    "hu": "fi et tr", "id": "fil so sw", "it": "es pt ca ro fr", "ja": "zh", "lt": "lv et fi", "lv": "lt et fi",
    "mk": "bg ru uk", "mr": "hi ne", "ne": "hi mr", "nl": "af de", "no": "da sv de", "pl": "cs sk sl hr",
    "pt": "es ca it fr", "ro": "it fr ca es", "ru": "uk bg mk", "sk": "cs pl sl hr", "sl": "hr sk cs pl",
    "so": "sw fil id", "sq": "ro it", "sv": "da no de", "sw": "so fil id", "tr": "et fi hu", "uk": "ru bg mk",
    "ur": "fa ar", "vi": "fr pt", "zh": "ja", "zh-Hant": "ja",
}  # fmt: skip
# English is the pivot of nearly every data set. The others stand for their families: without them text of a language
# that is no neighbour falls to the odd one out (Turkish and Swedish to Estonian, two texts in three).
_ALWAYS = ("en", "de", "fr", "id", "sv", "no", "tr", "vi", "pl", "nl", "pt", "sw", "so")


def leader(tag: str) -> str:
    """Return the language whose profile stands for a language.

    Args:
        tag: A canonical tag.

    Returns:
        The tag of a profile; the tag itself where there is none.

    Example:
        >>> [leader(tag) for tag in ("nn", "ms", "pt-PT", "sr", "zh-Hant", "hi-Latn")]
        ['no', 'id', 'pt', 'sr', 'zh-Hant', 'hi-Latn']
    """
    tag = _LEADER.get(tag, tag)
    known = profiles().languages
    if tag in known:
        return tag
    base = tag.split("-")[0]
    base = _LEADER.get(base, base)
    return base if base in known and script_of(base) == script_of(tag) else tag


@cache
def column(tag: str) -> int:
    """Return the column of the profile that stands for a canonical tag, -1 if there is none.

    Example:
        >>> column("nn") == profiles().languages.index("no"), column("eu")
        (True, -1)
    """
    known = profiles().languages
    stand_in = leader(tag)
    return known.index(stand_in) if stand_in in known else -1


@cache
def candidates(tag: str, languages: frozenset[str]) -> NDArray[np.bool_]:
    """Return which profiles compete for text that should be in a language.

    Args:
        tag: A canonical tag.
        languages: The canonical tags of the data set.

    Returns:
        One flag a column: the language, its neighbours, the data's languages and one or two of each large family, as
        far as they share its script.

    Example:
        >>> [profiles().languages[number] for number in candidates("hi", frozenset({"it", "ru"})).nonzero()[0]]
        ['hi', 'mr', 'ne']
    """
    wanted = {leader(other) for other in languages} | {leader(tag), *_NEIGHBOURS.get(leader(tag), "").split(), *_ALWAYS}
    script = family(tag)
    flags = np.array([other in wanted and family(other) == script for other in profiles().languages])
    return frozen(flags)


def family(tag: str) -> str:
    """Return the script of a language, one name for those that share the Chinese characters.

    Example:
        >>> family("zh-Hant"), family("ja"), family("ko")
        ('Hani', 'Hani', 'Kore')
    """
    script = script_of(tag)
    return "Hani" if script in ("Hans", "Hant", "Jpan") else script
