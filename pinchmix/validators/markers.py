"""The markers check: is there something of a prompt's scaffold left in a text, or a second task after the answer?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, Flags, fields, in_english

_SIEVE = r"<\||\[/?INST\]|<</?SYS>|##|</?s>|(?:nstruction|utput|ssistant|uman|esponse|User)\s?:|_of_turn>"
# A heading is a marker where nothing but its name is in it; "## User Guide" is the text's own.
_TOKEN = re.compile(
    r"<\|[A-Za-z_]{2,30}\|>|\[/?INST\]|<</?SYS>>|</?s>(?=\s|\Z)|<(?:start|end)_of_turn>"
    r"|^#{2,}\s*(?:(?:Instruction|Response|Human|Assistant|User)\s*:|(?:Instruction|Human|Assistant|User)[^\S\n]*$)"
    r"|^#{2,}\s*\d{1,3}\.?\s*(?:Instruction|Input|Output|Response|Task|Human|Assistant|User)s?\s*:"
    r"|^[^\S\n]*\d{1,3}\.\s*Instruction\s*:",
    re.MULTILINE,
)
# A name and a colon may be how a play or an interview is written, and a text about programs has inputs and outputs.
_SPEAKER = re.compile(
    r"^[^\S\n]*(?:Human|Assistant|User|Instruction|Output|Response)\s*:"
    r"|^#{2,}\s*(?:Instruction|Input|Output|Task)s?\s*:|^[^\S\n]*\d{1,3}\.\s*Output\s*:",
    re.MULTILINE,
)
# HTML's for what no longer holds, where it is closed.
_STRUCK = re.compile(r"<s>([^<]*(?:<(?!/?s>)[^<]*)*)</s>")
START = 2000  # characters that tell what a text is about
_ABOUT = re.compile(
    r"\b(?:tokens?|tokeni[sz]\w+|chat templates?|prompt (?:format|template)s?|strike\w*)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class MarkersValidator:
    r"""Rejects texts with tokens of chat templates and headings of prompts, such as ``##\n18. Instruction:``.

    Where the pivot has one, a second task or another turn is in its text, and in every translation: the instruction is
    left out, unless an English pivot speaks of tokens and templates, which is a doubt. A speaker's name in front of a
    line is a doubt, and so is the heading of an input or output; where the pivot has it too, it is a part of the text.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Kuka?"], ["Minä.\n\n##\n18. Instruction: Kirjoita runo."])
        >>> MarkersValidator().judge(cells, ["fi"]).reason
        ['prompt marker']
    """

    name: str = "markers"
    version: str = "2"
    cost = Cost.CHEAP
    needs_pivot = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return texts with such markers."""
        return Findings.of(found for one in fields(cells) for found in self._left(cells, *one))

    def _left(
        self,
        cells: Cells,
        field: str,
        texts: Sequence[str],
        tags: Sequence[str],
        pivots: Sequence[str | None],
        own: Column,
        beside: Column,
    ) -> Iterator[Finding]:
        for place in np.flatnonzero(
            own.matches(_SIEVE, _marked(own)) | beside.matches(_SIEVE, _marked(beside))
        ).tolist():
            pivot = pivots[place]
            said = texts[place] if tags[place] == cells.pivot else pivot
            mine, of_pivot = _marker(_TOKEN, texts[place]), _marker(_TOKEN, said or "")
            if mine or of_pivot:
                doubt = of_pivot and _is_about(cells, place)
                reason = "prompt marker" if mine else "prompt marker in the pivot"
                verdict = Verdict.UNSURE if doubt else Verdict.MISMATCH
                yield Finding(place, field, verdict, reason, 0.0, mine or of_pivot, bool(of_pivot))
            elif (name := _marker(_SPEAKER, texts[place])) and not (pivot and _marker(_SPEAKER, pivot)):
                yield Finding(place, field, Verdict.UNSURE, "speaker", 0.0, name)


def _marked(texts: Column) -> Flags:
    """Return which texts may match ``_SIEVE``, by their bytes."""
    colons = texts.where(b":")
    colons = colons[colons > 0]
    # The last letter of a speaker's name before the colon, or a space.
    before = np.isin(texts.data[colons - 1], np.frombuffer(b"ntre \t\n\r\f", dtype=np.uint8))
    return texts.having(colons[before]) | texts.holds("<", "INST]", "##", "_of_turn>")


def _marker(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(_STRUCK.sub(r"\1", text))
    return found[0].strip()[:40] if found else ""


def _is_about(cells: Cells, place: int) -> bool:
    """Return whether a cell is about tokens and templates, by what an English pivot says."""
    one = cells.take([place])
    return any(_ABOUT.search(in_english(one, field)[0][:START]) for field in ("prompt", "response"))
