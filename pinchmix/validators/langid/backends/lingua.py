"""lingua as a backend: the best below twenty letters, at nearly a gigabyte and a hundredth of the speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from pinchmix.errors import ArgumentError
from pinchmix.language import normalise_language
from pinchmix.validators.langid.backend import DIGITS, FLOOR, Thresholds
from pinchmix.validators.langid.backends.labels import Labels, encodable, missing

_ACCURACIES = ("high", "low")


class LinguaBackend:
    """lingua, among all its languages or some of them.

    Args:
        languages: The languages to choose among; all 75 if none are given. Fewer take less memory and are told better,
            but text in any other language then passes for one of them: give the neighbours too.
        accuracy: ``"high"``, or ``"low"`` for a tenth of the memory.

    Attributes:
        name: ``"lingua"``.
        version: That of lingua, its accuracy and its languages where they are not all.
        languages: The canonical tag of each language.
        thresholds: One for all languages.
        candidates: ``"neighbours"``.

    Raises:
        ArgumentError: lingua is not installed, or does not know a language or an accuracy.
    """

    name: str = "lingua"
    candidates: str = "neighbours"
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.15, reject=0.02)}

    def __init__(self, languages: Sequence[str] = (), accuracy: str = "high") -> None:
        try:
            from lingua import Language, LanguageDetectorBuilder
        except ImportError as error:
            raise missing(self.name, "lingua") from error
        if accuracy not in _ACCURACIES:
            raise ArgumentError(f"language backend lingua: accuracy={accuracy!r} is neither 'high' nor 'low'.")
        known = {language.iso_code_639_1.name.lower(): language for language in Language.all()}
        chosen = known
        if languages:
            wanted = {normalise_language(tag) for tag in languages}
            chosen = {code: language for code, language in known.items() if normalise_language(code) in wanted}
            if lacking := sorted(wanted - set(map(normalise_language, chosen))):
                raise ArgumentError(f"language backend lingua does not know {', '.join(lacking)}; leave it out.")
            if len(chosen) < 2:
                raise ArgumentError("language backend lingua: it chooses among two languages at least; give more.")
        builder = LanguageDetectorBuilder.from_languages(*chosen.values())
        self._detector = (builder.with_low_accuracy_mode() if accuracy == "low" else builder).build()
        self._labels = Labels.of(sorted(chosen))
        self.languages = self._labels.languages
        among = f"+{','.join(sorted(chosen))}" if languages else ""
        self.version = f"lingua/{version('lingua-language-detector')}+{accuracy}{among}"

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the logarithms of lingua's confidence values, and 1 for each text that it has any for."""
        place = self._labels.place
        shares = np.zeros((len(texts), len(place)))
        answers = self._detector.compute_language_confidence_values_in_parallel(list(map(encodable, texts)))
        for number, answer in enumerate(answers):
            at = [place[one.language.iso_code_639_1.name.lower()] for one in answer]
            shares[number, at] = [one.value for one in answer]
        # Its threads differ in the last digits.
        shares = np.round(shares, DIGITS)
        return self._labels.fold(np.maximum(shares, FLOOR)), (shares.sum(axis=1) > 0).astype(np.int64)
