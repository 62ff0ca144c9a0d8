"""The default backend: all n-grams of langdetect's profiles, scored as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.backend import Thresholds
from pinchmix.validators.langid.profiles import VERSION, profiles
from pinchmix.validators.langid.scorer import log_scores

# n-grams of a text overlap, so that their product is overconfident; this exponent calibrates it.
_TAU_SCALE, _TAU_POWER = 0.7, -0.3


class LangdetectBackend:
    """Naive Bayes over langdetect's n-grams: the same label as langdetect's where that does not depend on its seed.

    Attributes:
        name: ``"langdetect"``.
        version: That of langdetect and of the rules here.
        languages: Its 55 languages.
        thresholds: See below.
        candidates: ``"neighbours"``.

    Example:
        >>> backend = LangdetectBackend()
        >>> scores, grams = backend.log_scores(["Včera ráno jsme šli na trh.", "42"])
        >>> backend.languages[scores[0].argmax()], grams.tolist()
        ('cs', [64, 0])
    """

    name: str = "langdetect"
    version: str = VERSION
    candidates: str = "neighbours"
    # Acceptance: the likeliest of the candidates, at 0.4 at least; as it has to be the likeliest, the near-neighbour
    # text that passes is the same from 0.25 to 0.45. Rejection: what 0.05 would reject and 0.02 does not is right as
    # often as not (loan words, short noun phrases), and untranslated text is far below either. 12 n-grams guard
    # against letters that the profiles do not know.
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.4, reject=0.02, evidence=12)}

    @property
    def languages(self) -> tuple[str, ...]:
        """The canonical tags of the columns; the profiles are read at the first look."""
        return profiles().languages

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the calibrated scores of each text and its number of n-grams."""
        scores, counts = log_scores(texts)
        tau = np.minimum(1.0, _TAU_SCALE * np.maximum(counts, 1).astype(np.float64) ** _TAU_POWER)
        return scores * tau[:, None], counts
