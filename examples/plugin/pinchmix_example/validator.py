"""A validator: texts that somebody meant to finish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Findings, Verdict

UNFINISHED = re.compile(r"\bTODO\b|\[insert [^\]]*\]|lorem ipsum", re.IGNORECASE)


@dataclass(frozen=True)
class Placeholders:
    """Rejects cells in whose prompt or response a placeholder is left.

    Example:
        >>> cells = Cells(["a"], ["en"], ["en"], ["Who are you?"], ["I am [insert name]."])
        >>> Placeholders().judge(cells, ["en"]).seen
        ['[insert name]']
    """

    name: str = "placeholders"
    version: str = "1"

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return a mismatch for each text with a placeholder; each cell is judged by itself."""
        found = [
            (place, field, match[0])
            for field, texts in (("prompt", cells.prompts), ("response", cells.responses))
            for place, text in enumerate(texts)
            if (match := UNFINISHED.search(text))
        ]
        return Findings(
            place=np.array([place for place, _, _ in found], dtype=np.int64),
            field=[field for _, field, _ in found],
            verdict=np.full(len(found), Verdict.MISMATCH, dtype=np.uint8),
            reason=["placeholder"] * len(found),
            score=np.zeros(len(found), dtype=np.float32),
            seen=[text for _, _, text in found],
        )
