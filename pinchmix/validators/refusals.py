"""The refusals check: does the pivot decline the task? Then every translation does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, starts_in_english

START = 200  # characters in which a refusal says that it is one
_REFUSAL = (
    r"(?i)as an? (?:ai|artificial intelligence|large language|language)(?: language)? (?:model|assistant)"
    r"|\bi(?:'|’)?m (?:sorry|afraid),? (?:but )?(?:i |as an )"
    r"|\bi (?:cannot|can(?:'|’)t|can not|am unable to|am not able to|won(?:'|’)t|will not) "
    r"(?:help|assist|provide|fulfill|comply|answer|create|generate|write|give|do that|access|browse)"
    r"|\bi do(?:n(?:'|’)t| not) have (?:personal|access to|the ability|feelings|real-time)"
)


@dataclass(frozen=True)
class RefusalsValidator:
    """Finds responses that decline, in an English pivot; off unless it is asked for, as refusing can be right.

    Example:
        >>> cells = Cells(["a"], ["en"], ["en"], ["Who won?"], ["As an AI language model, I cannot know that."])
        >>> RefusalsValidator().judge(cells, ["en"]).reason
        ['refusal']
    """

    name: str = "refusals"
    version: str = "1"
    cost = Cost.CHEAP
    scope = "content"
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return cells whose pivot refuses."""
        starts = Column.of(starts_in_english(cells, "response", START))
        return Findings.of(
            Finding(place, "response", Verdict.MISMATCH, "refusal", 0.0)
            for place in np.flatnonzero(starts.matches(_REFUSAL)).tolist()
        )
