"""The judge: asks the validators about each chosen cell once, and remembers.

A woven cell is judged by the plain cells that it is made of, each by its own language beside its own pivot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors.certificate import in_doubt
from pinchmix.grid import Grid
from pinchmix.judging.examine import FINDINGS, Examined, Examiner, examine
from pinchmix.plugins import Cells, compares
from pinchmix.progress import progress_bar
from pinchmix.reading.texts import Said, Texts
from pinchmix.recipe import Recipe
from pinchmix.uncompared import Uncompared
from pinchmix.weave import is_woven
from pinchmix.weaving.woven import Woven

SIZE = 20_000  # cells judged together
KEYS = ("language", "id", "field", "check")


class Reader:
    """Puts cells together with what the pivot says in their place.

    Attributes:
        grid: What there is; rows that turn out to be bad may still be in it.
        pivot: The language that the others are translations of.
    """

    def __init__(self, grid: Grid, texts: Texts, pivot: str, parallel: str = "both", *, with_pivot: bool) -> None:
        self.grid, self.pivot = grid, pivot
        self._texts, self._parallel = texts, parallel
        self._pivot = np.full(len(grid.ids), -1, dtype=np.int64)
        if with_pivot and pivot in grid.languages:
            mine = np.flatnonzero(grid.language == grid.languages.index(pivot))
            self._pivot[grid.instruction[mine]] = grid.address[mine]

    def beside(self, grid: Grid, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the addresses of all texts that cells are judged by: their own and the pivot's, ascending."""
        pivot = self._pivot[grid.instruction[cells]]
        return np.unique(np.concatenate([grid.address[cells], pivot[pivot >= 0]]))

    def lacking(self, grid: Grid, cells: npt.NDArray[np.int64]) -> dict[str, int]:
        """Return how many of some cells the pivot lacks, by column; columns without such cells are left out.

        A row of the pivot that cannot be used is not there.

        Args:
            grid: Where they are; it may number instructions in a way of its own.
            cells: Their numbers.
        """
        usable = (self._pivot >= 0) & ~np.isin(self._pivot, self._texts.bad)
        there = np.isin(grid.hashes[grid.instruction[cells]], self.grid.hashes[usable])
        column = grid.language[cells]
        counts = np.bincount(column[~there], minlength=len(grid.languages)).tolist()
        return {tag: count for tag, count in zip(grid.languages, counts, strict=True) if count and tag != self.pivot}

    def batches(
        self, grid: Grid, cells: npt.NDArray[np.int64], size: int = SIZE
    ) -> Iterator[tuple[npt.NDArray[np.int64], Cells]]:
        """Yield cells in batches, each with their numbers; their texts have been fetched.

        Args:
            grid: Where they are.
            cells: Their numbers; cells whose row cannot be used are passed over.
            size: How many are in a batch.
        """
        parts = [cells[start : start + size] for start in range(0, len(cells), size)]
        for part, said in zip(parts, self._texts.said(self.beside(grid, part) for part in parts), strict=True):
            yield self._cells(grid, part, said)

    def _cells(self, grid: Grid, cells: npt.NDArray[np.int64], said: Said) -> tuple[npt.NDArray[np.int64], Cells]:
        def find(address: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
            """Return where the texts of addresses are, -1 where there are none."""
            if not len(said.address):
                return np.full(len(address), -1)
            place = np.minimum(np.searchsorted(said.address, address), len(said.address) - 1)
            return np.where(said.address[place] == address, place, -1)

        own = find(grid.address[cells])
        cells, own = cells[own >= 0], own[own >= 0]
        pivot = find(self._pivot[grid.instruction[cells]])
        languages = [grid.languages[number] for number in grid.language[cells].tolist()]
        place = own.tolist()
        beside = [-1 if tag == self.pivot else at for tag, at in zip(languages, pivot.tolist(), strict=True)]

        def of_pivot(column: Sequence[str]) -> list[str | None]:
            return [None if at < 0 else column[at] for at in beside]

        return cells, Cells(
            ids=grid.ids.take(pa.array(grid.instruction[cells])).to_pylist(),
            prompt_languages=languages,
            response_languages=languages,
            prompts=[said.prompts[at] for at in place],
            responses=[said.responses[at] for at in place],
            roles=[said.roles[at] for at in place],
            pivot=self.pivot,
            pivot_prompts=of_pivot(said.prompts),
            pivot_responses=of_pivot(said.responses) if self._parallel == "both" else [None] * len(place),
            pivot_roles=of_pivot(said.roles),
        )


class Verdicts:
    """What became of the cells that were judged so far; several mixtures of one source and panel may share it.

    Attributes:
        judged: Their addresses, ascending, int64.
        by: Twice the place in the panel of the check that rejects each, one more where it does for a doubt alone, -1
            where none does; int64.
        content: True where the whole instruction is rejected.
    """

    def __init__(self) -> None:
        self.judged = np.zeros(0, dtype=np.int64)
        self.by = np.zeros(0, dtype=np.int64)
        self.content = np.zeros(0, dtype=bool)
        self._found: list[pa.Table] = []

    def add(self, address: npt.NDArray[np.int64], found: Examined) -> None:
        """Remember a batch of cells, none of them known yet."""
        by = np.where(found.by < 0, -1, 2 * found.by + found.doubt)
        self.judged, self.by, self.content = (
            np.concatenate(pair) for pair in ((self.judged, address), (self.by, by), (self.content, found.content))
        )
        order = np.argsort(self.judged)
        self.judged, self.by, self.content = self.judged[order], self.by[order], self.content[order]
        at = address[found.findings.column("place").to_numpy()]
        self._found.append(found.findings.set_column(0, "address", pa.array(at)))

    def known(self, address: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which of some cells were judged."""
        return np.isin(address, self.judged)

    def of(self, address: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return ``by`` and ``content`` of cells; those that could not be judged are rejected by none."""
        if not len(self.judged):
            return np.full(len(address), -1), np.zeros(len(address), dtype=bool)
        place = np.minimum(np.searchsorted(self.judged, address), len(self.judged) - 1)
        here = self.judged[place] == address
        return np.where(here, self.by[place], -1), here & self.content[place]

    def findings(self, address: npt.NDArray[np.int64]) -> pa.Table:
        """Return what was found of some cells, with their addresses."""
        schema = pa.schema([("address", pa.int64()), *list(FINDINGS)[1:]])
        whole = pa.concat_tables([schema.empty_table(), *self._found])
        return whole.filter(pa.array(np.isin(whole.column("address").to_numpy(), address)))


class Judge:
    """Asks the validators about cells, each cell once.

    Attributes:
        reader: Where cells come from.
        rejected: Cells that were rejected so far, by column of the grid; where an instruction is rejected, all its
            cells, and where a plain cell is, those that are woven of it.
        by_check: The same by check and language; a cell that several checks reject counts for the first, and one that
            it rejects for a doubt alone under :func:`~pinchmix.errors.certificate.in_doubt` of its name.
    """

    def __init__(
        self,
        panel: Sequence[Examiner],
        recipe: Recipe,
        reader: Reader,
        progress: bool | None = None,
        verdicts: Verdicts | None = None,
        woven: Woven | None = None,
    ) -> None:
        languages = reader.grid.languages
        self.reader = reader
        self.rejected: dict[str, int] = dict.fromkeys(languages, 0)
        names = [name for one in panel for name in (one.check.name, in_doubt(one.check.name))]  # as in Verdicts.by
        self.by_check: dict[str, dict[str, int]] = {name: dict.fromkeys(languages, 0) for name in names}
        self._panel, self._recipe, self._progress = panel, recipe, progress
        self._woven = Woven() if woven is None else woven
        self._verdicts = Verdicts() if verdicts is None else verdicts
        self._asked = np.zeros(0, dtype=np.int64)

    @property
    def asks(self) -> bool:
        """Whether there is anything to ask about cells."""
        return bool(self._panel)

    def wanted(self, grid: Grid, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the addresses of the texts that must be fetched before these cells are judged and written."""
        plain = self._woven.plain_cells(grid, cells)
        return self.reader.beside(grid, plain) if self._panel else grid.address[plain]

    def reject(self, grid: Grid, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the addresses of all cells that leave the grid, after judging those of these not judged before.

        Args:
            grid: Where the cells are.
            cells: Chosen cells, whose texts have been fetched.
        """
        if not self._panel:
            return np.zeros(0, dtype=np.int64)
        cells = self._woven.plain_cells(grid, cells)
        verdicts, address = self._verdicts, grid.address[cells]
        new = cells[~verdicts.known(address)]
        languages = [tag for tag in grid.languages if not is_woven(tag)]
        with progress_bar("checking", len(new), "cell", self._progress) as step:
            for numbers, batch in self.reader.batches(grid, new):
                verdicts.add(
                    grid.address[numbers],
                    examine(batch, self._panel, languages, parallel=self._recipe.parallel),
                )
                step(len(batch))
        self._asked = np.union1d(self._asked, address)
        by = np.full(len(grid), -1, dtype=np.int64)
        of_instruction = np.full(len(grid.ids), -1, dtype=np.int64)
        by[cells], whole = verdicts.of(address)
        of_instruction[grid.instruction[cells[whole]]] = by[cells[whole]]
        by = self._woven.spread(grid, np.where(by < 0, of_instruction[grid.instruction], by))
        for number, name in enumerate(self.by_check):
            counts = np.bincount(grid.language[by == number], minlength=len(grid.languages)).tolist()
            for language, count in zip(grid.languages, counts, strict=True):
                self.by_check[name][language] += count
                self.rejected[language] += count
        return grid.address[by >= 0]

    def uncompared(self, grid: Grid, cells: npt.NDArray[np.int64]) -> Uncompared:
        """Return which of some cells the checks that compare could not be asked about."""
        comparing = tuple(one.check.name for one in self._panel if compares(one.validator))
        there = self.reader.pivot in self.reader.grid.languages
        cells_of = self.reader.lacking(grid, cells) if comparing else {}
        return Uncompared(comparing, cells_of, self.reader.pivot, there)

    def findings(self, languages: Sequence[str]) -> pa.Table:
        """Return everything that was found in some languages, by language, id and field; without addresses."""
        found = self._whole().filter(pc.field("language").isin(list(languages)))
        return found.sort_by([(name, "ascending") for name in KEYS]).drop(["address"])

    def _whole(self) -> pa.Table:
        return self._verdicts.findings(self._asked)

    def doubted(self) -> npt.NDArray[np.int64]:
        """Return the addresses of the cells that a validator was unsure of, a part of woven ones too, ascending."""
        return self._woven.with_woven(self._where("verdict", "unsure"))

    def flagged(self) -> npt.NDArray[np.int64]:
        """Return the addresses of the cells that a check flagged, a part of woven ones too, ascending."""
        return self._woven.with_woven(self._where("outcome", "flag"))

    def _where(self, column: str, value: str) -> npt.NDArray[np.int64]:
        return np.unique(self._whole().filter(pc.field(column) == value).column("address").to_numpy())
