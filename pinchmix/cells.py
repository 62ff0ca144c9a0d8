"""What a validator is given, and what it answers: cells beside what the pivot says, and findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pinchmix.errors import ArgumentError


class Verdict(IntEnum):
    """What a check says of a text; the larger one wins when a cell has several."""

    OK = 0
    UNSURE = 1
    MISMATCH = 2


class Cost(IntEnum):
    """How dear a check is; cheap ones run first, and dearer ones are not asked about what those rejected."""

    CHEAP = 0
    WORDS = 1
    MODEL = 2


@dataclass(frozen=True)
class Cells:
    """Cells to be judged beside what the pivot says in their place, as equally long lists.

    Attributes:
        ids: Instruction ids.
        prompt_languages: The canonical tag that each prompt should be in.
        response_languages: The same for the responses.
        prompts: All user turns of each cell, joined by line ends.
        responses: All assistant turns of each cell, joined by line ends.
        roles: The turns of each cell in their order, a letter each: ``"ua"`` is a question and its answer, ``"s"`` the
            system's. Where none are given, that is what they are.
        pivot: The language that the others are translations of.
        pivot_prompts: What the pivot says in the place of each prompt; None where the pivot lacks the cell, and for
            cells of the pivot itself.
        pivot_responses: The same for the responses; also None where they are no translations of each other.
        pivot_roles: The same for the turns.

    Example:
        >>> cells = Cells(["a"], ["fi"], ["fi"], ["Hei?"], ["Moi."])
        >>> cells.roles, cells.pivot_prompts
        (['ua'], [None])
    """

    ids: Sequence[str]
    prompt_languages: Sequence[str]
    response_languages: Sequence[str]
    prompts: Sequence[str]
    responses: Sequence[str]
    roles: Sequence[str] = ()
    pivot: str = "en"
    pivot_prompts: Sequence[str | None] = ()
    pivot_responses: Sequence[str | None] = ()
    pivot_roles: Sequence[str | None] = ()

    def __post_init__(self) -> None:
        for name, filling in (
            ("roles", "ua"), ("pivot_prompts", None), ("pivot_responses", None), ("pivot_roles", None)
        ):  # fmt: skip
            if len(self.ids) and not len(getattr(self, name)):
                object.__setattr__(self, name, [filling] * len(self.ids))

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: Sequence[int]) -> Cells:
        """Return some of the cells, in the given order.

        Example:
            >>> Cells(["a", "b"], ["fi", "sw"], ["fi", "sw"], ["p", "q"], ["r", "s"]).take([1]).ids
            ['b']
        """
        columns = {name: [column[place] for place in places] for name, column in vars(self).items() if name in _COLUMNS}
        part = Cells(**columns, pivot=self.pivot)
        part.made.update({name: column.take(places) for name, column in self.made.items()})
        return part

    @property
    def made(self) -> dict[str, Any]:
        """What checks made of the texts, by name: each is of these cells and has a ``take`` as they have.

        It is no part of the cells: it is not compared, and not sent to another process.
        """
        made: dict[str, Any] = vars(self).setdefault("_made", {})
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_made"}

    def fields(self) -> Iterator[tuple[str, Sequence[str], Sequence[str], Sequence[str | None]]]:
        """Yield prompt and response: the field's name, its texts, their languages, and the pivot's texts.

        Example:
            >>> [name for name, *_ in Cells(["a"], ["fi"], ["fi"], ["Hei?"], ["Moi."]).fields()]
            ['prompt', 'response']
        """
        yield "prompt", self.prompts, self.prompt_languages, self.pivot_prompts
        yield "response", self.responses, self.response_languages, self.pivot_responses

    def said_by_pivot(self, field: str) -> list[str | None]:
        """Return the pivot's text of a field for every cell: that of a cell of the pivot is its own.

        Decisions on content are made on it, so that they are the same in all languages of an instruction.

        Example:
            >>> Cells(["a"], ["en"], ["en"], ["Hi?"], ["Hello."], pivot="en").said_by_pivot("prompt")
            ['Hi?']
        """
        (texts, languages, pivots), *_ = (rest for name, *rest in self.fields() if name == field)
        return [
            text if language == self.pivot else pivot
            for text, language, pivot in zip(texts, languages, pivots, strict=True)
        ]


VERDICTS = frozenset(Verdict)
_COLUMNS = (
    "ids", "prompt_languages", "response_languages", "prompts", "responses", "roles", "pivot_prompts",
    "pivot_responses", "pivot_roles",
)  # fmt: skip


class Finding(NamedTuple):
    """One thing found; see :class:`Findings`."""

    place: int
    field: str
    verdict: int
    reason: str
    score: float = math.nan
    seen: str = ""
    content: bool = False


class Findings(NamedTuple):
    """Whatever is not OK among judged cells, as equally long arrays; a cell may occur more than once.

    Attributes:
        place: Which of the judged cells, int64.
        field: ``"prompt"`` or ``"response"``, or ``""`` for both together.
        verdict: :class:`Verdict`, uint8.
        reason: A short code, such as ``"language"`` or ``"script"``.
        score: How sure the check is that the text is right, 0 to 1, or NaN; float32.
        seen: What the check took the text for, such as a language tag; may be empty.
        content: Whether the fault is the pivot's, and so the instruction's in all languages, bool; None where none is.
            A finding of that kind must depend on ``cells.said_by_pivot`` alone.
    """

    place: npt.NDArray[np.int64]
    field: Sequence[str]
    verdict: npt.NDArray[np.uint8]
    reason: Sequence[str]
    score: npt.NDArray[np.float32]
    seen: Sequence[str]
    content: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, found: Iterable[Finding]) -> Findings:
        """Return findings as arrays, by cell.

        Raises:
            ArgumentError: One of them is no finding: its place is no whole number, or its field or reason no text.

        Example:
            >>> Findings.of([Finding(3, "prompt", Verdict.UNSURE, "short")]).place
            array([3])
        """
        rows = list(found)
        for row in rows:
            if not isinstance(row, Finding):
                raise ArgumentError(f"{row!r} is no finding; give Finding(place, field, verdict, reason).")
            at, name, _, why, _, what, _ = row
            if not (isinstance(at, (int, np.integer)) and isinstance(name, str) and isinstance(why, str)) or (
                not isinstance(what, str)
            ):
                raise ArgumentError(f"{row!r}: the place is a whole number; field, reason and seen are texts.")
            if isinstance(row.verdict, str) or row.verdict not in VERDICTS:
                raise ArgumentError(f"{row!r}: the verdict is Verdict.OK, Verdict.UNSURE or Verdict.MISMATCH.")
        for column in (3, 1, 0):  # by place, then field, then reason; no key is made, as a tuple would be
            rows.sort(key=itemgetter(column))
        place, field, verdict, reason, score, seen, content = zip(*rows, strict=True) if rows else ((),) * 7
        return cls(
            np.array(place, dtype=np.int64),
            list(field),
            np.array(verdict, dtype=np.uint8),
            list(reason),
            np.array(score, dtype=np.float32),
            list(seen),
            np.array(content, dtype=bool),
        )
