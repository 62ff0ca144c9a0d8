"""langdetect's own answer: its sampler, seeded, in a detector factory that nobody else has."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException
from numpy.typing import NDArray

from pinchmix.language import normalise_language
from pinchmix.validators.langid.backend import FLOOR, Thresholds

SEED = 0
# Two threads that ask first at the same time must not both read 55 profiles.
_LOCK = threading.Lock()


class ExactBackend:
    """langdetect as it is, with seed 0: what a script that calls it gets, a hundred times slower than the default.

    Attributes:
        name: ``"langdetect-exact"``.
        version: That of langdetect.
        languages: Its 55 languages.
        thresholds: Its probabilities are nearly 0 or 1, whether it is right or not, so they say little.
        candidates: ``"open"``, as langdetect chooses among all.

    Example:
        >>> backend = ExactBackend()
        >>> scores, told = backend.log_scores(["Včera ráno jsme šli na trh.", "42"])
        >>> backend.languages[scores[0].argmax()], told.tolist()
        ('cs', [1, 0])
    """

    name: str = "langdetect-exact"
    version: str = f"langdetect/{version('langdetect')}+seed{SEED}"
    candidates: str = "open"
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.4, reject=0.02)}

    @property
    def languages(self) -> tuple[str, ...]:
        """The canonical tags of the columns; the profiles are read at the first look."""
        with _LOCK:
            return tuple(map(normalise_language, _factory().langlist))

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the logarithms of langdetect's probabilities, and 1 for each text that it has an answer to."""
        with _LOCK:
            factory = _factory()
        shares = np.full((len(texts), len(factory.langlist)), FLOOR)
        told = np.zeros(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            detector = factory.create()
            detector.append(text)
            try:
                detector.get_probabilities()
            except LangDetectException:  # no letters that it knows
                continue
            shares[number], told[number] = detector.langprob, 1
        return np.log(np.maximum(shares, FLOOR)), told


@cache
def _factory() -> Any:
    """Return a factory with all profiles, in the order of their names: that of a directory differs between machines."""
    factory = DetectorFactory()
    profiles = sorted(path for path in Path(PROFILES_DIRECTORY).iterdir() if path.is_file())
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in profiles])
    factory.set_seed(SEED)  # of this factory; the seed of the class is everybody's
    return factory
