"""One value, one byte string, one digest."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Any


def canonical_bytes(value: Any) -> bytes:
    r"""Return the one JSON text of a plain value: sorted keys, no spaces, UTF-8, fractions as ``"n/d"``.

    Args:
        value: Built of None, bool, int, float, str, Fraction, lists, tuples and mappings with text keys.

    Returns:
        Bytes that are equal if and only if the values are (a tuple is the list of its items).

    Raises:
        TypeError: The value holds something else.
        ValueError: The value holds NaN or infinity.

    Example:
        >>> canonical_bytes({"b": (1, Fraction(1, 3)), "a": "é"})
        b'{"a":"\xc3\xa9","b":[1,"1/3"]}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
    ).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise TypeError(f"{type(value).__name__} has no canonical form")


def digest_of(*parts: bytes | bytearray | memoryview) -> str:
    """Return the BLAKE2b digest of byte strings, each preceded by its length, as 32 hexadecimal digits.

    Example:
        >>> digest_of(b"ab", b"c") == digest_of(b"a", b"bc")
        False
    """
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        size = part.nbytes if isinstance(part, memoryview) else len(part)
        state.update(size.to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()


def key_of(seed: int, purpose: str) -> int:
    """Return a 128-bit key for one use of randomness; seeds and purposes never share one.

    Example:
        >>> key_of(0, "assign") == key_of(0, "shuffle")
        False
    """
    return int.from_bytes(hashlib.blake2b(canonical_bytes([seed, purpose]), digest_size=16).digest(), "little")


def hash_of_id(instruction_id: str) -> int:
    """Return the 64-bit hash that stands for an instruction id wherever an order is made.

    It is the second half of the MD5 digest of the UTF-8 text, read little-endian: well mixed, the same everywhere, and
    a column operation in databases. Nothing relies on it being hard to forge.

    Example:
        >>> hash_of_id("abc")
        8250560606382298838
    """
    return int.from_bytes(hashlib.md5(instruction_id.encode(), usedforsecurity=False).digest()[8:], "little")
