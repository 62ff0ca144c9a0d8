"""The echo check: does a response only repeat its own prompt?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import fields

SHORTEST = 12  # characters; a shorter answer may be what was asked for


@dataclass(frozen=True)
class EchoValidator:
    """Finds responses that are their own prompt, where the pivot's is not: the task was translated twice.

    Example:
        >>> cells = Cells(
        ...     ["a"], ["fi"], ["fi"], ["Kuka keksi puhelimen?"], ["Kuka keksi puhelimen? "],
        ...     pivot_prompts=["Who invented the telephone?"], pivot_responses=["Bell did."],
        ... )
        >>> EchoValidator().judge(cells, ["en", "fi"]).reason
        ['echo']
    """

    name: str = "echo"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return responses that are their prompt; without a pivot to compare with, it is a doubt."""
        prompts, responses = (pc.utf8_trim_whitespace(own.array) for *_, own, _ in fields(cells))
        same = np.asarray(pc.equal(prompts, responses))
        found = []
        for place in np.flatnonzero(same).tolist():
            prompt, response = cells.pivot_prompts[place], cells.pivot_responses[place]
            if len(cells.responses[place].strip()) < SHORTEST or (
                prompt is not None and response is not None and prompt.strip() == response.strip()
            ):
                continue
            verdict = Verdict.UNSURE if response is None else Verdict.MISMATCH
            found.append(Finding(place, "response", verdict, "echo", 0.0))
        return Findings.of(found)
