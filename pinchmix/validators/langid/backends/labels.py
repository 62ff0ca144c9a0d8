"""From the labels of a library to canonical tags, and the error for a library that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinchmix.errors import ArgumentError, UnknownLanguage
from pinchmix.language import normalise_language
from pinchmix.validators.langid.backend import FLOOR

# Labels that are not what their code means: Alemannic, to the makers of lid.176; Hebrew and Javanese of old; and
# scripts where CLDR has a name for what a language uses of them.
_MEANT = {
    "als": "gsw", "iw": "he", "jw": "jv", "cmn-hani": "zh", "zho-hani": "zh", "yue-hani": "yue", "wuu-hani": "wuu",
    "lzh-hani": "lzh", "kor-hang": "ko", "sh": "sr-Latn", "hbs-cyrl": "sr", "bat-smg": "sgs",
}  # fmt: skip


@dataclass(frozen=True)
class Labels:
    """The labels of a library beside the languages they mean.

    Attributes:
        place: The number of each label.
        languages: The canonical tags, sorted.
        columns: Which labels count for each language, shape ``(labels, languages)``, 0 or 1.
    """

    place: Mapping[str, int]
    languages: tuple[str, ...]
    columns: NDArray[np.float64]

    @classmethod
    def of(cls, labels: Iterable[str], several: Mapping[str, tuple[str, ...]] | None = None) -> Labels:
        """Return the languages of some labels; labels that mean none, such as ``zxx``, count for nothing.

        Args:
            labels: The labels as the library gives them.
            several: Labels that stand for several languages, or for one in several scripts.

        Example:
            >>> found = Labels.of(["__label__eng_Latn", "__label__arb_Arab", "__label__arb", "__label__zxx"])
            >>> found.languages, found.columns.sum(axis=0).tolist()
            (('ar', 'en'), [2.0, 1.0])
        """
        place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
        tags = {label: (several or {}).get(label) or _tag(label) for label in place}
        languages = tuple(sorted({tag for found in tags.values() for tag in found}))
        column = {tag: number for number, tag in enumerate(languages)}
        columns = np.zeros((len(place), len(languages)))
        for label, found in tags.items():
            columns[place[label], [column[tag] for tag in found]] = 1
        return cls(place, languages, columns)

    def fold(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithm of each language's share, from that of each label, shape ``(texts, labels)``."""
        # Column by column: a product of matrices may add in another order for another number of texts.
        folded = np.stack([shares[:, flags > 0].sum(axis=1) for flags in self.columns.T], axis=1)
        log: NDArray[np.float64] = np.log(np.maximum(folded, FLOOR))
        return log


def _tag(label: str) -> tuple[str, ...]:
    name = label.removeprefix("__label__").replace("_", "-")
    try:
        return (normalise_language(_MEANT.get(name.lower(), name)),)
    except UnknownLanguage:
        return ()


def encodable(text: str) -> str:
    r"""Return a text without lone surrogates, which libraries in other tongues than Python refuse.

    Example:
        >>> encodable("a\ud800b")
        'ab'
    """
    return text.encode("utf-8", "ignore").decode()


def missing(name: str, library: str) -> ArgumentError:
    """Return the error for a backend whose library is not installed; the extra of pinchmix is called like the backend.

    Example:
        >>> print(missing("cld2", "pycld2"))
        language backend cld2: it needs the library pycld2. Get it: pip install 'pinchmix[cld2]'
    """
    return ArgumentError(
        f"language backend {name}: it needs the library {library}. Get it: pip install 'pinchmix[{name}]'"
    )
