"""The length check: is a translation about as long as translations into its language are?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.settings import check_number
from pinchmix.validators.columns import fields

# The median of ln(characters of a translation / characters of the English text), over 40 characters and more. Measured
# on 31,000 professional and machine translations of questions, paragraphs and exercises; see docs/validation.md.
RATIO: Mapping[str, float] = MappingProxyType(
    {
        "af": -0.13, "ar": -0.15, "bg": -0.17, "bn": -0.06, "cs": -0.08, "de": 0.11, "el": 0.13, "en": 0.0,
        "es": 0.08, "et": -0.22, "fa": -0.24, "fi": -0.16, "fr": 0.11, "gu": -0.07, "he": -0.34, "hi": -0.02,
        "hu": -0.14, "id": -0.12, "it": -0.06, "ja": -0.68, "ko": -0.65, "ms": -0.09, "nl": -0.07, "pt": -0.09,
        "ro": 0.11, "ru": 0.04, "sw": 0.05, "ta": 0.20, "te": 0.11, "th": -0.10, "fil": -0.03, "tr": 0.0,
        "ur": 0.0, "vi": 0.02, "zh": -1.13, "zh-Hans": -1.13, "zh-Hant": -1.13, "yue": -1.13,
    }
)  # fmt: skip
UNKNOWN = (-1.13, 0.25)  # where the medians of languages lie
SHORTEST = 40  # characters of the longer text, in characters of English; below that anything may be a translation
WRITTEN = 0.7  # bytes a character beyond the first, from which on a text is in another alphabet and so no code
SPREAD = 12.0  # characters that say nothing: a word more or less


@dataclass(frozen=True)
class LengthValidator:
    """Compares the length of a text with the pivot's.

    The bounds are fixed for each language, so a verdict depends on the cell alone. Text that is not translated, such as
    code, has the pivot's own length, which is within the bounds too.

    Attributes:
        doubt: Texts are doubtful that are e to so much times longer or shorter than the bounds.
        limit: Texts are wrong that are e to so much times longer or shorter.

    Raises:
        ArgumentError: They are no finite numbers from 0 on, or ``limit`` is less than ``doubt``.

    Example:
        >>> question = "Could you please explain to me how bread is made from flour, water, yeast and some salt?"
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Leipä?"], ["Hei."], pivot_prompts=[question])
        >>> LengthValidator().judge(cells, ["en", "fi"]).reason
        ['too short']
    """

    doubt: float = 0.7
    limit: float = 1.2
    name: str = "length"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = compares = True

    def __post_init__(self) -> None:
        check_number("check length", "doubt", self.doubt, 0)
        check_number("check length", "limit", self.limit, float(self.doubt))

    @property
    def settings(self) -> Mapping[str, float]:
        """The parameters."""
        return {"doubt": self.doubt, "limit": self.limit}

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts that are much longer or shorter than the pivot's lets expect."""
        found: list[Finding] = []
        for field, _, tags, _, texts, pivots in fields(cells):
            own, beside = texts.lengths, pivots.lengths
            lower, upper, exact = self._bounds(tags, cells.pivot)
            upper = np.where(texts.sizes - own > own * WRITTEN, exact, upper)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.log((own + SPREAD) / (beside + SPREAD))
            over = np.where(beside < 0, 0.0, np.maximum(ratio - upper, lower - ratio))
            over[np.maximum(own * np.exp(-lower), beside) < SHORTEST] = 0.0
            for place in np.flatnonzero(over > self.doubt).tolist():
                verdict = Verdict.MISMATCH if over[place] > self.limit else Verdict.UNSURE
                reason = "too long" if ratio[place] > upper[place] else "too short"
                times = f"{np.exp(ratio[place]):.2f} of {beside[place]:,}"
                found.append(Finding(place, field, verdict, reason, float(np.exp(-over[place])), times))
        return Findings.of(found)

    def _bounds(self, tags: Sequence[str], pivot: str) -> tuple[npt.NDArray[np.float64], ...]:
        known = {tag: _median(tag) for tag in (*set(tags), pivot)}
        least, most = known[pivot]
        low = {tag: min(0.0, bounds[0] - most) for tag, bounds in known.items()}
        high = {tag: max(0.0, bounds[1] - least) for tag, bounds in known.items()}
        exact = {tag: bounds[1] - least for tag, bounds in known.items()}
        number_of = {tag: number for number, tag in enumerate(known)}
        rows = np.fromiter(map(number_of.__getitem__, tags), dtype=np.int64, count=len(tags))
        return tuple(np.array(list(bounds.values()), dtype=np.float64)[rows] for bounds in (low, high, exact))


def _median(tag: str) -> tuple[float, float]:
    """Return between what the median ratio of a language lies; a regional variant is as its language."""
    for name in (tag, tag.partition("-")[0]):
        if name in RATIO:
            return RATIO[name], RATIO[name]
    return UNKNOWN
