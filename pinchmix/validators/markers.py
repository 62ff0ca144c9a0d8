"""The markers check: is there something of a prompt's scaffold left in a text, or a second task after the answer?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import column, matches

_SIEVE = r"<\||\[/?INST\]|<</?SYS>|##|</?s>|(?:nstruction|utput|ssistant|uman|esponse|User)\s?:|_of_turn>"
# A heading is a marker where nothing but its name is in it; "## User Guide" is the text's own.
_TOKEN = re.compile(
    r"<\|[A-Za-z_]{2,30}\|>|\[/?INST\]|<</?SYS>>|</?s>(?=\s|\Z)|<(?:start|end)_of_turn>"
    r"|^#{2,}\s*(?:(?:Instruction|Response|Human|Assistant|User)\s*:|(?:Instruction|Human|Assistant|User)[^\S\n]*$)"
    r"|^#{2,}\s*\d{1,3}\.?\s*(?:Instruction|Input|Output|Response|Task|Human|Assistant|User)s?\s*:"
    r"|^\s*\d{1,3}\.\s*Instruction\s*:",
    re.MULTILINE,
)
# A name and a colon may be how a play or an interview is written, and a text about programs has inputs and outputs.
_SPEAKER = re.compile(
    r"^\s*(?:Human|Assistant|User|Instruction|Output|Response)\s*:"
    r"|^#{2,}\s*(?:Instruction|Input|Output|Task)s?\s*:|^\s*\d{1,3}\.\s*Output\s*:",
    re.MULTILINE,
)
_STRUCK = re.compile(r"<s>(.*?)</s>", re.DOTALL)  # HTML's for what no longer holds, where it is closed


@dataclass(frozen=True)
class MarkersValidator:
    r"""Rejects texts with tokens of chat templates and headings of prompts, such as ``##\n18. Instruction:``.

    A speaker's name in front of a line is a doubt, and so is the heading of an input or output. What the pivot has too
    is a part of the text.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Kuka?"], ["Minä.\n\n##\n18. Instruction: Kirjoita runo."])
        >>> MarkersValidator().judge(cells, ["fi"]).reason
        ['prompt marker']
    """

    name: str = "markers"
    version: str = "1"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with such markers."""
        return Findings.of(
            finding for field, texts, _, pivots in cells.fields() for finding in self._left(field, texts, pivots)
        )

    def _left(self, field: str, texts: Sequence[str], pivots: Sequence[str | None]) -> Iterator[Finding]:
        for place in np.flatnonzero(matches(column(texts), _SIEVE)).tolist():
            for pattern, verdict, reason in (
                (_TOKEN, Verdict.MISMATCH, "prompt marker"), (_SPEAKER, Verdict.UNSURE, "speaker")
            ):  # fmt: skip
                found = pattern.search(_STRUCK.sub(r"\1", texts[place]))
                if found and not pattern.search(_STRUCK.sub(r"\1", pivots[place] or "")):
                    yield Finding(place, field, verdict, reason, 0.0, found[0].strip()[:40])
                    break
