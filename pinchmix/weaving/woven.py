"""Woven cells: which there are, which plain cells each is made of, and their texts.

A woven cell exists for an instruction where both of its plain cells do; where exchanges are mixed, only if both have as
many. Its address is that of no row: a table number beyond those of the source, one a column, and the place of the
instruction among the grid's ids. Its plain addresses follow from that by a look-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.errors import ArgumentError, UnknownLanguage
from pinchmix.grid import ROW_BITS, Grid
from pinchmix.reading.texts import Texts, fault_of, messages_of
from pinchmix.recipe import Recipe
from pinchmix.request import check_used, request_of
from pinchmix.sources.damage import reading
from pinchmix.sources.database import Database
from pinchmix.sources.source import Source
from pinchmix.weave import Weave
from pinchmix.weaving.composing import compose

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Woven:
    """The woven columns of a grid.

    Attributes:
        weaves: The columns.
        requests: What stands before and after the text that is to be translated, a pair a column.
        table: The number that stands for the first of them in addresses; those of the source are below it.
        sides: The addresses of both plain cells of each instruction, -1 where there is none, a pair a column; shape
            ``(instructions,)`` each.
    """

    weaves: tuple[Weave, ...] = ()
    requests: tuple[tuple[str, str], ...] = ()
    table: int = 0
    sides: tuple[tuple[Ints, Ints], ...] = ()

    def number(self, address: Ints) -> Ints:
        """Return the place of the woven column that each address belongs to, -1 for those of plain cells."""
        if not self.weaves:
            return np.full(len(address), -1, dtype=np.int64)
        number: Ints = np.maximum((address >> ROW_BITS) - self.table, -1)
        return number

    def made_of(self, address: Ints) -> tuple[Ints, Ints]:
        """Return the plain addresses of cells; a plain cell is made of itself, twice."""
        first, second = address.copy(), address.copy()
        number, place = self.number(address), address & ((1 << ROW_BITS) - 1)
        for column, sides in enumerate(self.sides):
            here = number == column
            first[here], second[here] = (side[place[here]] for side in sides)
        return first, second

    def plain(self, address: Ints) -> Ints:
        """Return the plain addresses that cells are made of, each once, ascending; as they are, if none is woven."""
        return np.unique(np.concatenate(self.made_of(address))) if self.weaves else address

    def with_woven(self, address: Ints) -> Ints:
        """Return plain addresses, and those of all woven cells that one of them is a part of, ascending."""
        found = [address]
        for column, sides in enumerate(self.sides):
            touched = np.isin(sides[0], address) | np.isin(sides[1], address)
            found.append(((self.table + column) << ROW_BITS) | np.flatnonzero(touched))
        return np.unique(np.concatenate(found)) if self.weaves else address

    def plain_cells(self, grid: Grid, cells: Ints) -> Ints:
        """Return the numbers of the plain cells that cells are made of, each once; as they are, if none is woven."""
        return np.unique(np.concatenate(self._parts(grid, cells))) if self.weaves else cells

    def spread(self, grid: Grid, found: Ints) -> Ints:
        """Return what was found of each cell, that of woven ones from their parts.

        Args:
            grid: Where the cells are; with a woven cell, it holds its parts.
            found: A value a cell, negative for nothing; the first part that has one decides.
        """
        if not self.weaves or not (found >= 0).any():
            return found
        first, second = (found[part] for part in self._parts(grid, np.arange(len(grid))))
        return np.where(found >= 0, found, np.where(first >= 0, first, second))

    def _parts(self, grid: Grid, cells: Ints) -> tuple[Ints, Ints]:
        """Return the numbers of the plain cells that cells are made of; a plain cell is made of itself, twice."""
        first, second = cells.copy(), cells.copy()
        number = self.number(grid.address[cells])
        for column, weave in enumerate(self.weaves):
            here = np.flatnonzero(number == column)
            instruction = grid.instruction[cells[here]]
            for part, tag in zip((first, second), weave.languages, strict=True):
                part[here] = grid.find(instruction, np.full(len(here), grid.languages.index(tag)))
        return first, second

    def row_of(self, address: Ints) -> Ints:
        """Return the plain address at which the response stands; of a switched dialogue, the first exchange."""
        first, second = self.made_of(address)
        begins = np.array([weave.kind == "switch" for weave in self.weaves] + [False])[self.number(address)]
        return np.where(begins, first, second)

    def ordered(self, texts: Texts, address: Ints) -> Iterator[pa.Array]:
        """Yield the messages of cells in the given order; their plain cells have been fetched.

        A bounded number of rows at a time; the texts are forgotten on the way, as of
        :meth:`~pinchmix.reading.texts.Texts.ordered`.
        """
        number = self.number(address)
        if not (number >= 0).any():
            yield from texts.ordered(address)
            return
        ends = np.cumsum(1 + (number >= 0))
        both = np.stack(self.made_of(address), axis=1).ravel()
        asked = both[np.stack([np.ones(len(number), dtype=bool), number >= 0], axis=1).ravel()]
        done, begin = 0, 0
        left: list[pa.Array] = []
        for block in texts.ordered(asked):
            held = pa.concat_arrays([*left, block])
            stop = int(np.searchsorted(ends, begin + len(held), side="right"))
            size = int(ends[stop - 1]) - begin if stop else 0  # a pair may be cut by the end of a block
            yield compose(held.slice(0, size), number[done:stop], self.weaves, self.requests)
            left, done, begin = [held.slice(size)], stop, begin + size

    def texts_of(
        self, source: Source, database: Database, address: Ints, progress: bool | None
    ) -> Iterator[tuple[Ints, pa.Array]]:
        """Yield the conversations of woven cells, read from the source, with their places among these addresses.

        Those of which a row cannot be used are empty.

        Args:
            source: The tables.
            database: Where they are readable.
            address: Cells; plain ones are passed over.
            progress: See :func:`~pinchmix.progress.progress_bar`.
        """
        places = np.flatnonzero(self.number(address) >= 0)
        if not len(places):
            return
        texts = Texts(source, database, progress)
        try:
            texts.fetch(self.plain(address[places]))
            done = 0
            for block in self.ordered(texts, address[places]):
                yield places[done : done + len(block)], block
                done += len(block)
        finally:
            texts.close()


def weave_grid(grid: Grid, recipe: Recipe, source: Source, database: Database) -> tuple[Grid, Woven]:
    """Return a grid with the woven columns that a recipe's budget names, and what they are made of.

    The grid is the same if it names none.

    Raises:
        UnknownLanguage: A column is made of a language that the grid lacks.
        ArgumentError: There is no wording for a translation, or responses are to be translated that are no
            translations of each other.
    """
    weaves = recipe.budget.woven
    check_used(recipe.wording, weaves)
    if not weaves:
        return grid, Woven()
    for weave in weaves:
        for tag in weave.languages:
            if tag not in grid.languages:
                raise UnknownLanguage(tag, grid.languages, f"budget: {weave.name!r}")
        if weave.field == "response" and recipe.parallel == "prompt":
            raise ArgumentError(
                f"{weave.name}: parallel='prompt' says that responses are no translations of each other, and this "
                f"column would have them translated. Use {Weave('translate', *weave.languages).name!r}."
            )
    requests = tuple(request_of(weave, recipe.wording) if weave.kind == "translate" else ("", "") for weave in weaves)
    table = 1 + max((table.number for table in source.tables), default=-1)
    exchanges = _exchanges(grid, weaves, source, database)
    sides, cells = [], []
    for column, weave in enumerate(weaves):
        first, second = (_cells_of(grid, tag) for tag in weave.languages)
        both = (first >= 0) & (second >= 0)
        if weave.kind != "translate":
            least = 2 if weave.kind == "switch" else 1
            both &= (exchanges[first] == exchanges[second]) & (exchanges[first] >= least)
        places = np.flatnonzero(both)
        sides.append((_addresses(grid, first), _addresses(grid, second)))
        cells.append((places, weave.name, ((table + column) << ROW_BITS) | places))
    return _joined(grid, cells), Woven(weaves, requests, table, tuple(sides))


def _cells_of(grid: Grid, tag: str) -> Ints:
    """Return the cell of each instruction in a language, -1 where there is none."""
    mine = np.flatnonzero(grid.language == grid.languages.index(tag))
    cells = np.full(len(grid.ids), -1, dtype=np.int64)
    cells[grid.instruction[mine]] = mine
    return cells


def _addresses(grid: Grid, cells: Ints) -> Ints:
    return np.append(grid.address, -1)[cells]


def _joined(grid: Grid, columns: Sequence[tuple[Ints, str, Ints]]) -> Grid:
    """Return a grid with more columns: places of instructions, name and addresses of each."""
    names = tuple(sorted((*grid.languages, *(name for _, name, _ in columns))))
    place = np.array([names.index(name) for name in grid.languages], dtype=np.int64)
    instruction = np.concatenate([grid.instruction, *(places for places, _, _ in columns)])
    language = np.concatenate(
        [place[grid.language], *(np.full(len(places), names.index(name)) for places, name, _ in columns)]
    )
    address = np.concatenate([grid.address, *(address for _, _, address in columns)])
    order = np.lexsort((language, instruction))
    return Grid(
        grid.ids, grid.hashes, names, instruction[order].astype(np.int32), language[order].astype(np.int16),
        address[order],
    )  # fmt: skip


def _exchanges(grid: Grid, weaves: Sequence[Weave], source: Source, database: Database) -> Ints:
    """Return how many exchanges each cell has, shape ``(cells,)``; 0 for rows that cannot be used.

    Of a layout with one prompt and one response, that is 1 and nothing is read; nor are languages that need not be
    known.
    """
    tags = {tag for weave in weaves if weave.kind != "translate" for tag in weave.languages}
    wanted = np.isin(grid.language, [grid.languages.index(tag) for tag in tags])
    number = grid.address >> ROW_BITS
    exchanges = np.ones(len(grid), dtype=np.int64)
    for table in source.tables:
        here = np.flatnonzero(wanted & (number == table.number))
        if not len(here) or not (table.layout.messages or table.layout.turns):
            continue
        rows = grid.address[here] & ((1 << ROW_BITS) - 1)
        of_row = np.zeros(int(rows.max()) + 1, dtype=np.int64)
        turns = messages_of(table.layout)
        with reading([table]):
            for batch in database.batches(
                f"SELECT t.{table.row} AS row, len([1 FOR m IN ({turns}) IF m.role = 'assistant'])::BIGINT AS size "
                f"FROM {table.relation} AS t WHERE {fault_of(table.layout)} IS NULL AND t.{table.row} < {len(of_row)}"
            ):
                of_row[batch.column("row").to_numpy()] = batch.column("size").to_numpy()
        exchanges[here] = of_row[rows]
    return exchanges


def plain_languages(recipe: Recipe) -> tuple[str, ...]:
    """Return the plain languages that a recipe needs of a source, in its order; empty for all.

    Example:
        >>> from pinchmix.budget import Budget
        >>> plain_languages(Recipe(Budget.counts({"en": 2, "fi>sw": 1}), languages=("en",)))
        ('en', 'fi', 'sw')
    """
    parts = (tag for weave in recipe.budget.woven for tag in weave.languages)
    return tuple(dict.fromkeys((*recipe.languages, *parts))) if recipe.languages else ()


@contextmanager
def naming_columns(recipe: Recipe) -> Iterator[None]:
    """Say of a language that a source lacks which woven column asks for it, where the recipe's languages do not."""
    try:
        yield
    except UnknownLanguage as error:
        weaves = [weave.name for weave in recipe.budget.woven if error.tag in weave.languages]
        if error.tag in recipe.languages or not weaves:
            raise
        raise UnknownLanguage(error.tag, error.known, f"budget: {weaves[0]!r}") from None
