"""Toy grids and pools, for the tests of plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors import ArgumentError
from pinchmix.grid import Grid
from pinchmix.pool import Pool
from pinchmix.text.wording import near


def toy_grid(instructions: int = 50, languages: Sequence[str] = ("en", "fi", "sw"), *, gaps: bool = True) -> Grid:
    """Return a small grid; with gaps, every third instruction lacks a language, in turn.

    Example:
        >>> toy_grid(4, gaps=False).available
        {'en': 4, 'fi': 4, 'sw': 4}
    """
    cells = {}
    for number in range(instructions):
        missing = languages[number // 3 % len(languages)] if gaps and number % 3 == 0 else None
        cells[f"instruction-{number:03d}"] = [language for language in languages if language != missing]
    return Grid.from_mapping(cells)


class TableReader:
    """Answers a pool's questions from columns in memory.

    Attributes:
        columns: Name → values, one an instruction; ``"prompt"`` and ``"response"`` are the pivot's texts.
        cells: How many cells the grid has.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], cells: int = 0) -> None:
        self.cells = cells
        self.columns = {name: pa.array(values) for name, values in columns.items()}

    def text(self, field: str) -> pa.Array:
        """Return a text of the pivot."""
        return self.column(field)

    def length(self, field: str) -> npt.NDArray[np.int64]:
        """Return its characters, -1 where it is null."""
        lengths: npt.NDArray[np.int64] = (
            pc.fill_null(pc.utf8_length(self.column(field)), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        )
        return lengths

    def hashes(self, field: str, shortest: int) -> npt.NDArray[np.uint64]:
        """Return nothing but zeros: there are no texts of cells in memory."""
        return np.zeros(self.cells, dtype=np.uint64)

    def column(self, name: str) -> pa.Array:
        """Return any column."""
        if name not in self.columns:
            raise ArgumentError(f"the source has no column {name!r}.{near(name, self.columns)}")
        return self.columns[name]


def toy_pool(grid: Grid | None = None, **columns: Sequence[Any]) -> Pool:
    """Return a pool over a small grid with made-up texts, a column ``task`` of three kinds and one ``quality``.

    Args:
        grid: What exists; :func:`toy_grid` by default.
        columns: Values by instruction that replace the made-up ones or are added to them.

    Example:
        >>> toy_pool().column("task").slice(0, 3).to_pylist()
        ['code', 'chat', 'list']
    """
    held = toy_grid() if grid is None else grid
    number = [int(value) for value in (held.hashes % np.uint64(1000)).tolist()]
    made: dict[str, Sequence[Any]] = {
        "prompt": [f"Question {value} about {'tea' if value % 2 else 'ships'}?" for value in number],
        "response": ["word " * (1 + value % 90) for value in number],
        "task": [("code", "chat", "list")[place % 3] for place in range(len(number))],
        "quality": [value / 1000 for value in number],
    }
    return Pool(held, "en", TableReader({**made, **columns}, len(held)))
