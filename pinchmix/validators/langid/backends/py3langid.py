"""py3langid as a backend: 140 languages, better than langdetect on two words, several times slower than the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.backend import FLOOR, Thresholds
from pinchmix.validators.langid.backends.labels import Labels, missing

_TWICE = 4  # more labels than these have one class of their own


class Py3langidBackend:
    """py3langid, in an identifier of its own.

    Attributes:
        name: ``"py3langid"``.
        version: That of py3langid.
        languages: Its languages; Serbian stands there in both scripts.
        thresholds: Measured at the same near-neighbour text accepted as the default backend.
        candidates: ``"neighbours"``.

    Raises:
        ArgumentError: py3langid is not installed.

    Example:
        >>> backend = Py3langidBackend()
        >>> scores, told = backend.log_scores(["Atzo goizean azokara joan ginen.", "42"])
        >>> backend.languages[scores[0].argmax()], told.tolist()
        ('eu', [1, 0])
    """

    name: str = "py3langid"
    candidates: str = "neighbours"
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.25, reject=0.05)}

    def __init__(self) -> None:
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier
        except ImportError as error:
            raise missing(self.name, "py3langid") from error
        # Not the module's own functions: their identifier is everybody's.
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._labels = Labels.of(self._identifier.labels, {"sr": ("sr", "sr-Latn")})
        self.languages = self._labels.languages
        self.version = f"py3langid/{version('py3langid')}"

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the logarithms of py3langid's probabilities, and 1 for each text that it finds a language in."""
        place = self._labels.place
        shares = np.full((len(texts), len(place)), FLOOR)
        told = np.zeros(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            ranked = self._identifier.rank(text)
            # Where it knows no character all are alike, but for the few that stand for two scripts.
            if ranked[0][0] == "zxx" or ranked[_TWICE][1] == ranked[-1][1]:
                continue
            told[number] = 1
            shares[number, [place[label] for label, _ in ranked]] = [share for _, share in ranked]
        return self._labels.fold(shares), told
