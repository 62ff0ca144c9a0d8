"""The pool: what a sampler may know of the instructions, each fact one column aligned with the grid's ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.grid import Grid


class PoolReader(Protocol):
    """Reads facts about instructions from the pivot's rows; each answer is aligned with the grid's ids."""

    def text(self, field: str) -> pa.Array:
        """Return the pivot's ``"prompt"`` or ``"response"``, null where the pivot lacks the instruction."""
        ...

    def length(self, field: str) -> npt.NDArray[np.int64]:
        """Return the length of the same text in characters, -1 where the pivot lacks the instruction."""
        ...

    def hashes(self, field: str, shortest: int) -> npt.NDArray[np.uint64]:
        """Return a hash of the text of each cell of the grid, 0 for texts of fewer characters and those of bad rows."""
        ...

    def column(self, name: str) -> pa.Array:
        """Return a column of the source that is no text of the conversation, such as ``"task"``."""
        ...


@dataclass(frozen=True, eq=False)
class Pool:
    """What a sampler may know of the instructions: the grid, and facts that the pivot decides for all languages.

    Attributes:
        grid: What exists; ``grid.ids`` and ``grid.hashes`` name the instructions.
        pivot: The canonical tag of the language that speaks for an instruction in all its languages.
        reader: Where texts, lengths and columns come from; they are read when asked for and not before.
    """

    grid: Grid
    pivot: str
    reader: PoolReader

    def text(self, field: str = "prompt") -> pa.Array:
        """Return the pivot's ``"prompt"`` or ``"response"`` of each instruction, shape ``(instructions,)``, strings.

        Null where the instruction does not exist in the pivot.
        """
        return self.reader.text(field)

    def length(self, field: str = "response") -> npt.NDArray[np.int64]:
        """Return the characters of that text, shape ``(instructions,)``; -1 where it does not exist in the pivot."""
        return self.reader.length(field)

    def hashes(self, field: str, shortest: int = 1) -> npt.NDArray[np.uint64]:
        """Return a hash of the prompt or response of each cell, shape ``(cells,)``, uint64; equal texts share it.

        It reads all texts of the source. White space at the ends makes no difference.

        Args:
            field: ``"prompt"`` or ``"response"``.
            shortest: Texts of fewer characters have the hash 0, as have those of rows that cannot be used.
        """
        return self.reader.hashes(field, shortest)

    def column(self, name: str) -> pa.Array:
        """Return a column of the pivot's rows, such as ``"task"``, shape ``(instructions,)``.

        Where the instruction does not exist in the pivot, the value of its first other language stands in.

        Raises:
            ArgumentError: The source has no such column; the message names those that it has.
        """
        return self.reader.column(name)
