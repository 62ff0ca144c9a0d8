"""A fastText model from the user's disk as a backend: lid.176, GlotLID, OpenLID, or one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pinchmix.errors import ArgumentError
from pinchmix.validators.langid.backend import FLOOR, Thresholds
from pinchmix.validators.langid.backends.labels import Labels, encodable, missing

_PACKAGES = ("fasttext-predict", "fasttext")
_PIECE = 1 << 20  # bytes read at a time


class FastTextBackend:
    """A supervised fastText model whose labels are languages: ``__label__en``, ``__label__eng_Latn``.

    Args:
        model: The path of the model, ``.bin`` or ``.ftz``.

    Attributes:
        name: ``"fasttext"``.
        version: That of the library, and the start of the SHA-256 of the model.
        languages: The canonical tags of its labels; labels that mean the same language are one.
        thresholds: One for all languages. Measure your model: lid.176.ftz needs 0.75 for what others do at 0.4.
        candidates: ``"open"``.

    Raises:
        ArgumentError: The library is not installed, there is no such file, it is no model, or no label is a language.
    """

    name: str = "fasttext"
    candidates: str = "open"
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.5, reject=0.02)}

    def __init__(self, model: str = "") -> None:
        try:
            import fasttext
        except ImportError as error:
            raise missing(self.name, "fasttext") from error
        if not model:
            raise ArgumentError(
                "language backend fasttext: say where its model is, such as model='lid.176.bin'; none comes with it."
            )
        if not Path(model).is_file():
            raise ArgumentError(f"language backend fasttext: there is no file {model}.")
        try:
            self._model = fasttext.load_model(str(model))
            # Below any threshold, so that a hierarchical softmax names its unlikely labels too.
            labels, _ = self._model.predict("", k=-1, threshold=-1.0)
        except ValueError as error:
            raise ArgumentError(f"language backend fasttext: {model} is no model that labels text: {error}.") from error
        self._labels = Labels.of(sorted(labels))
        self.languages = self._labels.languages
        if not self.languages:
            raise ArgumentError(
                f"language backend fasttext: no label of {model} is a language; they are such as {labels[:3]}."
            )
        self.version = f"fasttext/{_version()}+{_digest(Path(model))}"

    def log_scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the logarithms of the model's probabilities, and the number of words of each text."""
        place = self._labels.place
        shares = np.full((len(texts), len(place)), FLOOR)
        words = np.zeros(len(texts), dtype=np.int64)
        for number, text in enumerate(texts):
            parts = encodable(text).split()
            words[number] = len(parts)
            labels, found = self._model.predict(" ".join(parts), k=-1, threshold=-1.0)
            shares[number, [place[label] for label in labels]] = found
        return self._labels.fold(shares), words


def _version() -> str:
    for package in distributions():
        if package.metadata["Name"] in _PACKAGES:
            return package.version
    return ""


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()[:16]
