"""The n-gram profiles that langdetect installs, as arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

from pinchmix.language import normalise_language
from pinchmix.validators.langid.codes import CODE_POINTS, frozen

# Named in manifests: another langdetect has other profiles, another number here other rules.
VERSION = f"langdetect/{version('langdetect')}+pinchmix2"

# langdetect's smoothing: alpha 0.5 over a base frequency of 10000.
_FLOOR = 0.5 / 10000
# Log-probabilities are whole numbers of these steps, none above log(20001) = 9.9. A sum over so many n-grams then fits
# the 24 bits in which float32 is exact: it does not depend on the order of addition or on the machine.
STEP = 2.0**-12
EXACT_GRAMS = 400

# A symbol is a normalised character of the profiles in 12 bits; three of them are one key.
SYMBOL_BITS = 12
SPACE = 1
UNKNOWN = (1 << SYMBOL_BITS) - 1
# The bit of a capital, which langdetect's capital rule needs for characters outside the profiles too.
CAPITAL = 1 << 15

_SLOT_BITS = 19  # 88,000 keys in 524,288 slots: nearly every look-up ends at its first slot
# The row of an n-gram is kept beside its key, so that a look-up reads memory once.
ROW_BITS = 20
_ROW = (1 << ROW_BITS) - 1
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - _SLOT_BITS)


@dataclass(frozen=True)
class Profiles:
    """langdetect's profiles as arrays.

    Attributes:
        languages: The canonical tag of each column, sorted.
        symbols: The symbol of each code point, with the CAPITAL bit for capitals.
        singles: The row of each single symbol, -1 where it has none.
        slots: The open-addressing table of pairs and triples, the row of each in its last bits; -1 is an empty slot.
        weights: One row an n-gram, one column a language: log((P + floor) / floor) in steps of ``STEP``.
    """

    languages: tuple[str, ...]
    symbols: NDArray[np.uint16]
    singles: NDArray[np.int32]
    slots: NDArray[np.int64]
    weights: NDArray[np.float32]

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the rows of pairs and triples, -1 for those in no profile."""
        slots = _slots(keys)
        stored = self.slots[slots]
        same = stored >> ROW_BITS == keys
        found: NDArray[np.int32] = np.where(same, stored & _ROW, -1).astype(np.int32)
        open_ = np.flatnonzero(~same & (stored >= 0))
        slots, keys = slots[open_], keys[open_]
        while len(open_):
            slots = (slots + 1) & (len(self.slots) - 1)
            stored = self.slots[slots]
            same = stored >> ROW_BITS == keys
            found[open_[same]] = stored[same] & _ROW
            still = ~same & (stored >= 0)
            open_, slots, keys = open_[still], slots[still], keys[still]
        return found


@cache
def profiles() -> Profiles:
    """Return the profiles of the installed langdetect, read once a process.

    No detector of langdetect is made and none of its globals is touched.

    Example:
        >>> table = profiles()
        >>> len(table.languages), table.languages[-2:], table.weights.shape[1]
        (55, ('zh', 'zh-Hant'), 55)
    """
    # The order of a directory differs between machines; the order of tags does not.
    named = {normalise_language(path.name): path for path in Path(PROFILES_DIRECTORY).iterdir() if path.is_file()}
    languages = tuple(sorted(named))
    loaded = [json.loads(named[tag].read_text(encoding="utf-8")) for tag in languages]
    grams = sorted({gram for profile in loaded for gram in profile["freq"] if _possible(gram)})
    row = {gram: number for number, gram in enumerate(grams)}
    weights = np.zeros((len(grams), len(languages)), dtype=np.float32)
    for column, profile in enumerate(loaded):
        totals = profile["n_words"]
        known = {row[gram]: count / totals[len(gram) - 1] for gram, count in profile["freq"].items() if gram in row}
        share = np.array(list(known.values()))
        weights[list(known), column] = np.round(np.log(share / _FLOOR + 1) / STEP)
    # The space sorts before every letter.
    symbol = {char: number for number, char in enumerate(sorted({" ", *"".join(grams)}), SPACE)}
    if symbol[" "] != SPACE or len(symbol) >= UNKNOWN:
        raise RuntimeError(
            f"langdetect's profiles have {len(symbol)} characters, more than the {UNKNOWN - 1} there is room for"
        )
    singles = np.full(UNKNOWN + 1, -1, dtype=np.int32)
    for gram in grams:
        if len(gram) == 1:
            singles[symbol[gram]] = row[gram]
    longer = [gram for gram in grams if len(gram) > 1]
    packed = np.array([_pack(symbol, gram) for gram in longer], dtype=np.int64)
    slots = _table(packed, np.array([row[gram] for gram in longer], dtype=np.int64))
    return Profiles(languages, frozen(_symbols(symbol)), frozen(singles), frozen(slots), frozen(weights))


def _possible(gram: str) -> bool:
    """Whether text can give this n-gram: words end at spaces, so a space is its first or last character or none."""
    return gram.strip() != "" and " " not in gram[1:-1]


def _pack(symbol: Mapping[str, int], gram: str) -> int:
    key = 0
    for char in gram:
        key = key << SYMBOL_BITS | symbol[char]
    return key


def _slots(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    slots: NDArray[np.int64] = ((keys.astype(np.uint64) * _MULTIPLIER) >> _SHIFT).astype(np.int64)
    return slots


def _table(keys: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place each key, with its row, in the first free slot from its own on, all keys in step."""
    size = 1 << _SLOT_BITS
    held = np.full(size, -1, dtype=np.int64)
    slots, waiting = _slots(keys), np.arange(len(keys))
    while len(waiting):
        free = np.flatnonzero(held[slots] < 0)
        taken, first = np.unique(slots[free], return_index=True)
        placed = waiting[free[first]]
        held[taken] = keys[placed] << ROW_BITS | rows[placed]
        left = ~np.isin(waiting, placed)
        waiting, slots = waiting[left], (slots[left] + 1) & (size - 1)
    return held


def _symbols(symbol: Mapping[str, int]) -> NDArray[np.uint16]:
    """Return the symbol of every code point after langdetect's own normalisation."""
    normal = list(range(CODE_POINTS))
    # Beyond these two ranges and the Han characters below, langdetect leaves a character as it is.
    for point in range(0x3200):
        normal[point] = ord(NGram.normalize(chr(point)))
    for point in range(0xAC00, 0xD7B0):
        normal[point] = 0xAC00
    for char, other in NGram.CJK_MAP.items():
        if NGram.normalize(char) == other:
            normal[ord(char)] = ord(other)
    by_point = np.full(CODE_POINTS, UNKNOWN, dtype=np.uint16)
    for char, number in symbol.items():
        by_point[ord(char)] = number
    # Letters with case end well below the second plane's half.
    for point in range(0x20000):
        if chr(point).isupper():
            by_point[point] |= CAPITAL
    normalised: NDArray[np.uint16] = by_point[np.array(normal)]
    return normalised
