"""Order: keyed 64-bit hashes in place of random generators."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def keyed(hashes: npt.NDArray[np.uint64], key: int) -> npt.NDArray[np.uint64]:
    """Return a new 64-bit hash of each hash under a key; a bijection for every key.

    Two rounds of the SplitMix64 finaliser (Steele, Lea & Flood, OOPSLA 2014) with the key added before each. The
    value depends on nothing but the hash and the key: not on position, count, worker or machine.

    Args:
        hashes: Well-mixed hashes, such as those of instruction ids, any shape, uint64.
        key: 128 bits, of which each round uses a half.

    Returns:
        Hashes, the shape of the input, uint64.

    Example:
        >>> keyed(np.array([1, 2], dtype=np.uint64), 7).tolist()
        [4918744596714539366, 16541149250456400526]
    """
    value = hashes.astype(np.uint64, copy=True)
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
        for half in (key & (2**64 - 1), key >> 64):
            value += np.uint64(half) + np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(30)
            value *= np.uint64(0xBF58476D1CE4E5B9)
            value ^= value >> np.uint64(27)
            value *= np.uint64(0x94D049BB133111EB)
            value ^= value >> np.uint64(31)
    return value


def row_keys(
    ids: npt.NDArray[np.uint64], languages: npt.NDArray[np.uint64], copies: npt.NDArray[np.int64], key: int
) -> npt.NDArray[np.uint64]:
    """Return what the rows of a mixture are sorted by: a keyed hash of instruction, language and copy.

    Args:
        ids: The hash of each row's instruction, uint64.
        languages: The hash of its language, likewise.
        copies: Which copy of its cell it is, from 0, int64.
        key: As of :func:`keyed`.

    Example:
        >>> one = np.array([1], dtype=np.uint64)
        >>> row_keys(one, one, np.array([0]), 7).tolist() == keyed(one + one, 7).tolist()
        True
    """
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
        return keyed(ids + languages * (2 * copies + 1).astype(np.uint64), key)


def ranks(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return the place of each key in ascending order; equal keys keep their order.

    Example:
        >>> ranks(np.array([30, 10, 20], dtype=np.uint64)).tolist()
        [2, 0, 1]
    """
    places = np.empty(len(keys), dtype=np.int64)
    places[np.argsort(keys, kind="stable")] = np.arange(len(keys))
    return places
