"""What a language identifier is to the check: a few attributes and one method over a batch of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

# Probabilities are compared after rounding, so that the last digit of exp() on some machine decides nothing.
DIGITS = 6
# What a backend gives for a language that it does not name: less likely than any threshold.
FLOOR = 1e-9


@dataclass(frozen=True)
class Thresholds:
    """From which probability on a text is in its language, and below which it is not.

    They belong to the backend: one gives 0.9 where another, as often right, gives 0.3.

    Attributes:
        accept: The least probability of the expected language, which must be the likeliest besides.
        reject: The greatest one of a text that is thrown away.
        evidence: How many pieces of evidence a text must show before it is thrown away.
    """

    accept: float
    reject: float
    evidence: int = 1


@runtime_checkable
class Backend(Protocol):
    """Says how likely each of its languages is for a text. The script, code, names and length are the check's affair.

    Laws: the scores of a text depend on that text alone, not on the batch, its order or earlier calls; no global state
    of any library is touched.

    Attributes:
        name: What it is called.
        version: A text that changes whenever some text may get other scores; manifests record it.
        languages: The canonical tag of each column, none twice, such as :func:`pinchmix.language.normalise_language`
            gives them. A label that stands for a language in two scripts is two columns.
        thresholds: One for each language that needs its own, and one under ``"*"`` for all others.
        candidates: ``"neighbours"`` if its scores can be compared within a few languages, as those of naive Bayes can;
            ``"open"`` if they mean something among all its languages only.
    """

    name: str
    version: str
    languages: tuple[str, ...]
    thresholds: Mapping[str, Thresholds]
    candidates: str

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return how likely each language is for each text.

        Args:
            texts: Cleaned texts, never in capitals altogether.

        Returns:
            Log-probabilities up to a constant of the text, shape ``(texts, languages)``; and how much evidence each
            text has, such as its n-grams: 0 where nothing can be said.
        """
        ...


def posterior(scores: NDArray[np.float64], candidates: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the probability of each candidate language of each text, rounded to six digits.

    Args:
        scores: As a backend gives them.
        candidates: Which columns compete, for each text; at least one.

    Returns:
        One row a text, one column a language; 0 for languages that do not compete.

    Example:
        >>> posterior(np.log([[0.6, 0.2, 0.2]]), np.array([[True, True, False]]))
        array([[0.75, 0.25, 0.  ]])
    """
    # Always the full width, in the same order: a text's figures then do not depend on what else is in the batch.
    heat = np.where(candidates, scores, -np.inf)
    heat -= heat.max(axis=1, keepdims=True)
    odds: NDArray[np.float64] = np.exp(heat)
    odds /= odds.sum(axis=1, keepdims=True)
    return np.round(odds, DIGITS)
