"""How likely each language is, for a batch of texts: naive Bayes over langdetect's n-grams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pinchmix.validators.langid.codes import Codes, batches, encode
from pinchmix.validators.langid.profiles import CAPITAL, EXACT_GRAMS, STEP, SYMBOL_BITS, UNKNOWN, Profiles, profiles

# What langdetect reads of a text; more adds time, not certainty.
MAX_CHARACTERS = 10_000


def log_scores(texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Score texts against every profile.

    Args:
        texts: The texts, cleaned. Only their first 10,000 characters count.

    Returns:
        One row a text and one column a language of ``profiles().languages``: the sum of log P over the n-grams of the
        text, up to a constant of the text. And the number of n-grams of each text.

    Example:
        >>> scores, grams = log_scores(["The weather is fine today.", "42"])
        >>> profiles().languages[scores[0].argmax()], grams.tolist()
        ('en', [67, 0])
    """
    table = profiles()
    scores = np.zeros((len(texts), len(table.languages)))
    counts = np.zeros(len(texts), dtype=np.int64)
    for batch in batches(texts):
        scores[batch], counts[batch] = score_codes(encode([text[:MAX_CHARACTERS] for text in texts[batch]]))
    return scores, counts


def score_codes(codes: Codes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Score one batch of texts, as ``log_scores`` does.

    Args:
        codes: The batch.

    Returns:
        The scores and the numbers of n-grams.

    Example:
        >>> score_codes(encode(["abc"]))[1].tolist()
        [7]
    """
    table = profiles()
    codes = _without_stray_latin(codes)
    rows = _rows(table, codes)
    known = rows >= 0
    ends = np.append(codes.starts[1:], len(codes.points)) - 1
    pointers = np.concatenate(([0], np.cumsum(known.sum(axis=1))[ends]))
    indices = rows[known]
    counts = np.diff(pointers)
    # A long text is summed in pieces, each exact, and so is their sum.
    pieces = np.maximum(-(-counts // EXACT_GRAMS), 1)
    first = np.cumsum(pieces) - pieces
    within = np.arange(pieces.sum()) - np.repeat(first, pieces)
    bounds = np.append(np.repeat(pointers[:-1], pieces) + within * EXACT_GRAMS, len(indices))
    grams = sparse.csr_array(
        (np.ones(len(indices), dtype=np.float32), indices, bounds.astype(np.int32)),
        shape=(len(within), len(table.weights)),
    )
    sums: NDArray[np.float64] = np.asarray(grams @ table.weights).astype(np.float64) * STEP
    if len(within) > len(counts):
        sums = np.add.reduceat(sums, first, axis=0)
    return sums, counts


def _without_stray_latin(codes: Codes) -> Codes:
    """Drop basic Latin letters from texts that are mostly of another script, by langdetect's rule."""
    latin = (codes.points >= ord("A")) & (codes.points <= ord("z"))
    other = codes.points >= 0x300
    stray = codes.count(latin) * 2 < codes.count(other)
    if not (stray & (codes.count(latin) > 0)).any():
        return codes
    return codes.keep(~(latin & stray[codes.owners()]))


def _rows(table: Profiles, codes: Codes) -> NDArray[np.int32]:
    """Return the rows of the one, two and three characters that end at each code point, -1 for none."""
    flagged = table.symbols[codes.points]
    capital = flagged >= CAPITAL
    symbols = (flagged & UNKNOWN).astype(np.int64)
    rows = np.full((len(symbols), 3), -1, dtype=np.int32)
    rows[:, 0] = table.singles[symbols]
    pairs = symbols[:-1] << SYMBOL_BITS | symbols[1:]
    rows[1:, 1] = table.find(pairs)
    rows[2:, 2] = table.find(pairs[:-1] << SYMBOL_BITS | symbols[2:])
    # langdetect skips the inside of words in capitals, and a text does not end in a space unless it has one.
    inside = np.flatnonzero(capital[1:] & capital[:-1]) + 1
    rows[inside] = -1
    rows[codes.starts] = -1
    return rows
