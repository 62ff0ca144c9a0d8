"""The language check: is each prompt and each response in the language that it is said to be in?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Findings
from pinchmix.validators.langid import REASONS, VERSION, judge_texts


@dataclass(frozen=True)
class LanguageValidator:
    """Judges prompt and response each against its own language, by script and by langdetect's profiles.

    Short texts, numbers, names and code are unsure, and so is every language that the profiles do not know.

    Example:
        >>> prompt, response = "Habari ya leo ni ipi, rafiki yangu mpendwa?", "The weather is fine today."
        >>> cells = Cells(["a"], ["sw"], ["sw"], [prompt], [response])
        >>> LanguageValidator().judge(cells, ["en", "sw"]).field
        ['response']
    """

    name: str = "language"
    version: str = VERSION
    cost = Cost.MODEL
    needs_pivot = capped = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return what is not plainly in its language among these cells."""
        found: list[tuple[int, str, int, str, float, str]] = []
        for field, texts, expected in (
            ("prompt", cells.prompts, cells.prompt_languages),
            ("response", cells.responses, cells.response_languages),
        ):
            verdicts = judge_texts(texts, expected, languages=languages)
            for place in np.flatnonzero(verdicts.verdict).tolist():
                reason = REASONS[int(verdicts.reason[place])]
                seen = str(verdicts.top[place])
                found.append((place, field, int(verdicts.verdict[place]), reason, float(verdicts.score[place]), seen))
        found.sort(key=lambda one: one[:2])
        place, fields, verdict, reasons, score, seen_tags = zip(*found, strict=True) if found else ((),) * 6
        return Findings(
            place=np.array(place, dtype=np.int64),
            field=list(fields),
            verdict=np.array(verdict, dtype=np.uint8),
            reason=list(reasons),
            score=np.array(score, dtype=np.float32),
            seen=list(seen_tags),
        )
