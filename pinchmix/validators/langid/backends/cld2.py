"""CLD2 as a backend: the fastest, with whole per cents for three languages at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.backend import FLOOR, Thresholds
from pinchmix.validators.langid.backends.labels import Labels, encodable, missing


class Cld2Backend:
    """CLD2 by way of pycld2.

    Attributes:
        name: ``"cld2"``.
        version: That of pycld2.
        languages: The 160 or so that it detects; Serbian stands there in both scripts.
        thresholds: Its shares are parts of the text, not probabilities.
        candidates: ``"neighbours"``: a text that it takes for a language far from the expected one is unsure, as it is
            wrong about right text five times as often in an open choice.

    Raises:
        ArgumentError: pycld2 is not installed.
    """

    name: str = "cld2"
    candidates: str = "neighbours"
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.5, reject=0.02)}

    def __init__(self) -> None:
        try:
            import pycld2
        except ImportError as error:
            raise missing(self.name, "pycld2") from error
        self._library = pycld2
        codes = {code for name, code in pycld2.LANGUAGES if name in pycld2.DETECTED_LANGUAGES}
        self._labels = Labels.of(sorted(codes), {"sr": ("sr", "sr-Latn")})
        self.languages = self._labels.languages
        self.version = f"cld2/{version('pycld2')}"

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the logarithms of each language's part of the text, and the bytes that CLD2 looked at."""
        place = self._labels.place
        shares = np.full((len(texts), len(place)), FLOOR)
        seen = np.zeros(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            # It refuses control characters.
            plain = "".join(char if char.isprintable() else " " for char in text)
            _, size, answer = self._library.detect(encodable(plain), isPlainText=True, bestEffort=True)
            for _, code, percent, _ in answer:
                if code in place:
                    shares[number, place[code]] = percent / 100
                    seen[number] = size
        return self._labels.fold(shares), seen
