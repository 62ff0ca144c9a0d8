"""The scripts of texts, by code point."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pinchmix.language import script_of
from pinchmix.validators.langid.codes import CODE_POINTS, Codes, frozen

# Blocks by script. Only letters in them count, so that their digits, marks and signs need no ranges of their own.
_RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "Latn": ((0x41, 0x2AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xAB30, 0xAB64), (0xFF21, 0xFF5A)),
    "Grek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "Cyrl": ((0x400, 0x52F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
    "Armn": ((0x530, 0x58F), (0xFB13, 0xFB17)),
    "Hebr": ((0x590, 0x5FF), (0xFB1D, 0xFB4F)),
    "Arab": ((0x600, 0x6FF), (0x750, 0x77F), (0x870, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE)),
    "Syrc": ((0x700, 0x74F), (0x860, 0x86F)),
    "Thaa": ((0x780, 0x7BF),),
    "Nkoo": ((0x7C0, 0x7FF),),
    "Deva": ((0x900, 0x97F), (0xA8E0, 0xA8FF)),
    "Beng": ((0x980, 0x9FF),),
    "Guru": ((0xA00, 0xA7F),),
    "Gujr": ((0xA80, 0xAFF),),
    "Orya": ((0xB00, 0xB7F),),
    "Taml": ((0xB80, 0xBFF),),
    "Telu": ((0xC00, 0xC7F),),
    "Knda": ((0xC80, 0xCFF),),
    "Mlym": ((0xD00, 0xD7F),),
    "Sinh": ((0xD80, 0xDFF),),
    "Thai": ((0xE00, 0xE7F),),
    "Laoo": ((0xE80, 0xEFF),),
    "Tibt": ((0xF00, 0xFFF),),
    "Mymr": ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    "Geor": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F)),
    "Ethi": ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB01, 0xAB2F)),
    "Cher": ((0x13A0, 0x13FF), (0xAB70, 0xABBF)),
    "Cans": ((0x1400, 0x167F), (0x18B0, 0x18FF)),
    "Khmr": ((0x1780, 0x17FF),),
    "Mong": ((0x1800, 0x18AF),),
    "Olck": ((0x1C50, 0x1C7F),),
    "Tfng": ((0x2D30, 0x2D7F),),
    "Mtei": ((0xAAE0, 0xAAFF), (0xABC0, 0xABFF)),
    "Bopo": ((0x3105, 0x312F), (0x31A0, 0x31BF)),
    "Hira": ((0x3041, 0x309F),),
    "Kana": ((0x30A1, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),
    "Hang": ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC)),
    "Hani": ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
}
# 0 is no letter, 1 a letter of a script that is not above.
OTHER = 1
SCRIPTS = {name: number for number, name in enumerate(_RANGES, OTHER + 1)}
COUNT = len(SCRIPTS) + 2

# A Chinese character or a syllable says about as much as three letters. Where vowels are signs upon the letters, which
# are not counted, a letter is as much as two: else a Hindi sentence beside an English one seems to be a third of both.
_DENSE = ("Bopo", "Hira", "Kana", "Hang", "Hani")
_VOWELLED = ("Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym", "Sinh", "Tibt", "Mymr", "Khmr")
_WEIGHT = {**dict.fromkeys(_DENSE, 3), **dict.fromkeys((*_VOWELLED, "Ethi"), 2)}
WEIGHTS = frozen(np.array([0, 1, *(_WEIGHT.get(name, 1) for name in SCRIPTS)]))

# Scripts of CLDR that are several here.
_FAMILIES = {"Hans": ("Hani", "Bopo"), "Hant": ("Hani", "Bopo"), "Jpan": ("Hani", "Hira", "Kana"), "Kore": ("Hang",)}

# Languages written in several scripts: those that CLDR's languageData (45) gives without "secondary"; after the bar,
# such as are in use beside them (secondary in CLDR, or of the newer orthography). Romanised Hindi is not among them:
# it is what people type, not what they publish, and ``hi-Latn`` asks for it.
_WRITTEN = {
    "az": "Latn Cyrl Arab", "bm": "Latn Nkoo", "bs": "Latn Cyrl", "cr": "Cans Latn", "ha": "Latn Arab",
    "iu": "Cans Latn", "kk": "Cyrl Arab | Latn", "ks": "Arab Deva", "ku": "Latn Arab Cyrl", "ky": "Cyrl Arab Latn",
    "man": "Latn Nkoo", "mn": "Cyrl | Mong", "ms": "Latn Arab", "pa": "Guru Arab", "rif": "Latn Tfng",
    "sd": "Arab Deva", "shi": "Tfng Latn Arab", "sr": "Cyrl Latn", "tg": "Cyrl Arab Latn", "tk": "Latn Cyrl Arab",
    "tly": "Latn Arab Cyrl", "tzm": "Latn Tfng", "ug": "Arab Cyrl | Latn", "uz": "Latn Cyrl Arab",
    "crh": "Cyrl | Latn", "kok": "Deva | Latn", "lad": "Hebr | Latn", "mni": "Beng | Mtei", "sat": "Olck | Deva",
}  # fmt: skip

# Scripts that nearly all text in them has in common with one language: the script decides.
_OWNERS = {
    "Hebr": "he", "Grek": "el", "Thai": "th", "Hang": "ko", "Beng": "bn", "Taml": "ta", "Telu": "te", "Knda": "kn",
    "Mlym": "ml", "Gujr": "gu", "Guru": "pa", "Orya": "or", "Sinh": "si", "Laoo": "lo", "Khmr": "km", "Mymr": "my",
    "Geor": "ka", "Armn": "hy", "Thaa": "dv",
}  # fmt: skip


@cache
def _table() -> NDArray[np.uint8]:
    """Return the number of the script of every code point: 0 for all that are not letters."""
    table = np.zeros(CODE_POINTS, dtype=np.uint8)
    for point in range(0x20000):
        if unicodedata.category(chr(point))[0] == "L":
            table[point] = OTHER
    table[0x20000:0x40000] = OTHER
    for name, ranges in _RANGES.items():
        for first, last in ranges:
            table[first : last + 1][table[first : last + 1] > 0] = SCRIPTS[name]
    return frozen(table)


@cache
def cases() -> NDArray[np.uint8]:
    """Return the case of every code point: 0 none, 1 lower, 2 upper."""
    table = np.zeros(CODE_POINTS, dtype=np.uint8)
    for point in range(0x20000):
        char = chr(point)
        table[point] = 2 if char.isupper() else char.islower()
    return frozen(table)


@cache
def lower() -> NDArray[np.uint32]:
    """Return the lower case of every code point that has one of a single character, and the point itself elsewhere."""
    table = np.arange(CODE_POINTS, dtype=np.uint32)
    for point in np.flatnonzero(cases() == 2).tolist():
        small = chr(point).lower()
        if len(small) == 1:
            table[point] = ord(small)
    return frozen(table)


def script_letters(codes: Codes) -> NDArray[np.int64]:
    """Return the weighted letters of each script in each text.

    Args:
        codes: A batch of texts.

    Returns:
        One row a text; column 1 is scripts unknown here, the others are as in ``SCRIPTS``.
    """
    cells = codes.owners() * COUNT + _table()[codes.points]
    counts = np.bincount(cells, minlength=len(codes.starts) * COUNT).reshape(-1, COUNT)
    weighted: NDArray[np.int64] = counts * WEIGHTS
    return weighted


def columns_of(script: str) -> tuple[int, ...]:
    """Return the columns of ``script_letters`` that text in a CLDR script may use; none for a script unknown here.

    Example:
        >>> [name for name, number in SCRIPTS.items() if number in columns_of("Jpan")]
        ['Hira', 'Kana', 'Hani']
    """
    return tuple(SCRIPTS[name] for name in _FAMILIES.get(script, (script,)) if name in SCRIPTS)


def other_scripts(tag: str) -> tuple[str, ...]:
    """Return the tags of a language in the scripts that it is written in beside its usual one.

    Args:
        tag: A canonical tag; one with a script is of that script only.

    Example:
        >>> other_scripts("sr"), other_scripts("sr-Latn"), other_scripts("it")
        (('sr-Latn',), (), ())
    """
    base, *rest = tag.split("-")
    if any(len(part) == 4 for part in rest):
        return ()
    usual = script_of(tag)
    written = _WRITTEN.get(base, "").replace("|", "").split()
    return tuple(f"{base}-{script}" for script in written if script != usual)


def script_decides(tag: str, others: frozenset[str]) -> bool:
    """Whether text in the script of a language is in that language, without a look at its words.

    Args:
        tag: A canonical tag.
        others: The languages of the data set; one of them that shares the script takes the certainty away.

    Example:
        >>> script_decides("he", frozenset({"en"})), script_decides("he", frozenset({"yi"}))
        (True, False)
    """
    script = script_of(tag)
    columns = columns_of(script)
    owner = next((owner for name, owner in _OWNERS.items() if (SCRIPTS[name],) == columns), None)
    if owner is None or owner != tag.split("-")[0]:
        return False
    return all(other.split("-")[0] == owner or script_of(other) != script for other in others)
