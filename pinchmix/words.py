"""Texts as words: one normal form for comparing texts, and hashes of words as columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.canonical import hash_of_id

BATCH = 50_000  # texts at a time; memory is bounded by them
SEPARATOR = r"[^\p{L}\p{M}\p{N}]+"
# Scripts that write no space between words: every character is a word.
SPACELESS = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
# Of ASCII, letters and digits stay, in lower case, and all else separates words; other bytes belong to UTF-8 sequences.
_FOLD = np.array(
    [code if code > 127 else ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(256)],
    dtype=np.uint8,
)


class Words(NamedTuple):
    """The words of some texts, one after the other.

    Attributes:
        hashes: :func:`~pinchmix.canonical.hash_of_id` of each word in its normal form, shape ``(words,)``, uint64.
        offsets: Where the words of each text begin, and the end of the last, shape ``(texts + 1,)``, int64.
    """

    hashes: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.int64]


def batches_of_words(texts: pa.Array | pa.ChunkedArray, size: int = BATCH) -> Iterator[Words]:
    """Yield the words of texts, batch by batch, in their order.

    A word is a run of letters, marks and digits, normalised to NFKC and without differences of case; everything else
    separates words. In scripts that write no spaces, such as Chinese and Thai, each character is a word.

    Args:
        texts: Strings; null has no words.
        size: Texts a batch.

    Example:
        >>> one, other = (
        ...     next(batches_of_words(pa.array([text]))).hashes.tolist() for text in ("Ｗhat — is TEA?", "what is tea")
        ... )
        >>> one == other
        True
        >>> next(batches_of_words(pa.array(["茶是什么", None]))).offsets.tolist()
        [0, 4, 4]
    """
    for start in range(0, len(texts), size):
        part = texts.slice(start, size)
        if isinstance(part, pa.ChunkedArray):
            part = part.combine_chunks()
        yield _words(pc.fill_null(part.cast(pa.large_string()), ""))


def _words(texts: pa.Array) -> Words:
    pieces = pc.ascii_split_whitespace(_folded(texts))
    codes = pieces.values.dictionary_encode()
    starts, counts, hashes = _hashes_of_pieces(codes.dictionary)
    code = codes.indices.to_numpy(zero_copy_only=False)
    many = counts[code]
    ends = np.concatenate([[0], np.cumsum(many)])
    inside = np.arange(ends[-1]) - np.repeat(ends[:-1], many)
    return Words(hashes[np.repeat(starts[code], many) + inside], ends[pieces.offsets.to_numpy()])


def _folded(texts: pa.Array) -> pa.Array:
    """Return texts with ASCII in lower case and a space for each ASCII character that separates words."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    raw = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]] if data is not None else np.zeros(0, np.uint8)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends - ends[0]), pa.py_buffer(_FOLD[raw]))


def _hashes_of_pieces(
    pieces: pa.Array,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return where the words of each distinct piece begin, how many there are, and the hashes of all these words.

    A piece of ASCII is a word. Others are normalised, and split again at what separates words beyond ASCII.
    """
    # Arrow's own normal form of some Katakana depends on its version.
    normal = pa.array([unicodedata.normalize("NFKC", piece) for piece in pieces.to_pylist()], pieces.type)
    spaced = pc.replace_substring_regex(normal, SPACELESS, r" \1 ")
    words = pc.split_pattern_regex(spaced, SEPARATOR)
    distinct = words.values.dictionary_encode()
    table = np.array([hash_of_id(_caseless(word)) for word in distinct.dictionary.to_pylist()], dtype=np.uint64)
    shows = pc.not_equal(words.values, "").to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(shows)])[words.offsets.to_numpy()]
    hashes = table[distinct.indices.to_numpy(zero_copy_only=False)[shows]]
    return ends[:-1], np.diff(ends), hashes


def _caseless(word: str) -> str:
    folded = word.casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)
