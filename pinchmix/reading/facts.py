"""What a sampler may know of instructions, read from a source: texts, lengths and columns of the pivot's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.errors import ArgumentError, SourceChanged
from pinchmix.grid import ROW_BITS, Grid
from pinchmix.reading.texts import contents_of, fault_of
from pinchmix.scan import lines_of
from pinchmix.sources.damage import reading
from pinchmix.sources.database import Database
from pinchmix.sources.locate import Piece
from pinchmix.sources.source import Source, stamp_of
from pinchmix.sources.values import Values, columns_in, read_values
from pinchmix.text.wording import listing, near

ROLES = {"prompt": ("user",), "response": ("assistant",)}


@dataclass(frozen=True, eq=False)
class SourceFacts:
    """The :class:`~pinchmix.pool.PoolReader` of a real source; it keeps nothing of what it has read.

    Attributes:
        source: The tables.
        database: Where they are readable.
        grid: What exists; every answer is aligned with its ids.
        pivot: The canonical tag of the language that speaks for an instruction in all its languages.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Example:
        >>> from pinchmix.scan import scan_source
        >>> from pinchmix.sources.source import open_source
        >>> database, row = Database(), {"id": 1, "prompt": "Hi", "response": "Hello"}
        >>> source = open_source({"en": [{**row, "task": "chat"}], "fi": [row, {**row, "id": 2}]}, database)
        >>> facts = SourceFacts(source, database, scan_source(source, database)[0], "en")
        >>> facts.text("prompt").to_pylist(), facts.length("response").tolist(), facts.column("task").to_pylist()
        (['Hi', None], [5, -1], ['chat', None])
    """

    source: Source
    database: Database
    grid: Grid
    pivot: str
    progress: bool | None = None

    def text(self, field: str) -> pa.Array:
        """Return the pivot's ``"prompt"`` (user turns) or ``"response"`` (assistant turns), joined by line ends.

        Returns:
            Shape ``(instructions,)``, large strings; null where the pivot lacks the instruction, or where its row
            cannot be used (:func:`~pinchmix.reading.texts.fault_of`).

        Raises:
            ArgumentError: The grid does not hold the pivot, or there is no such field.
        """
        place, text = self._of_pivot("{}", field, pa.large_string())
        rank = np.full(len(self.grid.ids), -1, dtype=np.int64)
        rank[place] = np.arange(len(place))
        return text.take(pa.array(rank, mask=rank < 0))

    def prompts(self) -> Iterator[pa.Array]:
        """Yield the prompts in each language of the grid, as :meth:`text` returns those of the pivot."""
        return (replace(self, pivot=tag).text("prompt") for tag in self.grid.languages)

    def length(self, field: str) -> npt.NDArray[np.int64]:
        """Return the code points of the same text, shape ``(instructions,)``, int64; -1 where it is null.

        No text leaves the database.

        Raises:
            ArgumentError: As :meth:`text` does.
        """
        place, length = self._of_pivot("length({})::BIGINT", field, pa.int64())
        lengths = np.full(len(self.grid.ids), -1, dtype=np.int64)
        lengths[place] = length.to_numpy()
        return lengths

    def _of_pivot(self, expression: str, field: str, kind: pa.DataType) -> tuple[npt.NDArray[np.int64], pa.Array]:
        """Return places in the grid's ids, and what an SQL expression makes of the text of the pivot there."""
        if field not in ROLES:
            raise ArgumentError(f"{field!r} is neither 'prompt' nor 'response'.{near(str(field), ROLES)}")
        if self.pivot not in self.grid.languages:
            there = sorted({*self.grid.languages, *self.source.beyond})
            raise ArgumentError(
                f"the pivot {self.pivot!r} is not among the languages at hand, and what a sampler or a check knows of "
                f"an instruction is read from it.{near(self.pivot, there)} There are: {listing(there, 40)}. "
                "Name one of them: pivot=..."
            )
        cells = np.flatnonzero(self.grid.language == self.grid.languages.index(self.pivot))
        address, instruction = self.grid.address[cells], self.grid.instruction[cells].astype(np.int64)
        places = [pa.array([], pa.int64())]
        found = [pa.array([], kind)]
        for table in self.source.tables:
            here = np.flatnonzero((address >> ROW_BITS) == table.number)
            if not len(here):
                continue
            rows = address[here] & ((1 << ROW_BITS) - 1)
            wanted = self.database.register(pa.table({"wanted": rows, "place": instruction[here]}))
            joined = f"array_to_string({contents_of(table.layout, ROLES[field])}, chr(10))"
            with reading([table]):
                for batch in self.database.batches(
                    f"SELECT place, {expression.format(joined)} AS fact FROM {table.relation} AS t "
                    f"JOIN {wanted} AS w ON t.{table.row} = w.wanted WHERE {fault_of(table.layout)} IS NULL"
                ):
                    places.append(batch.column("place"))
                    found.append(batch.column("fact").cast(kind))
            self.database.unregister(wanted)
        return pa.concat_arrays(places).to_numpy(), pa.concat_arrays(found)

    def hashes(self, field: str, shortest: int) -> npt.NDArray[np.uint64]:
        """Return a hash of the text of each cell of the grid, aligned with its cells, uint64.

        It is 0 for texts of fewer than ``shortest`` characters and for rows that cannot be used.
        """
        if field not in ROLES:
            raise ArgumentError(f"{field!r} is neither 'prompt' nor 'response'.{near(str(field), ROLES)}")
        order = np.argsort(self.grid.address)
        address = self.grid.address[order]
        hashes = np.zeros(len(address), dtype=np.uint64)
        for table in self.source.tables:
            if not ((address >> ROW_BITS) == table.number).any():
                continue
            joined = f"trim(array_to_string({contents_of(table.layout, ROLES[field])}, chr(10)))"
            with reading([table]):
                for batch in self.database.batches(
                    f"SELECT ({table.number}::BIGINT << {ROW_BITS}) | t.{table.row}::BIGINT AS address, "
                    f"md5_number_lower({joined})::UBIGINT AS hash FROM {table.relation} AS t "
                    f"WHERE {fault_of(table.layout)} IS NULL AND length({joined}) >= {int(shortest)}"
                ):
                    here = batch.column("address").to_numpy()
                    place = np.minimum(np.searchsorted(address, here), len(address) - 1)
                    there = address[place] == here
                    hashes[place[there]] = batch.column("hash").to_numpy()[there]
        aligned = np.zeros_like(hashes)
        aligned[order] = hashes
        return aligned

    def column(self, name: str) -> pa.Array:
        """Return a column that is no part of the conversation, such as ``"task"``.

        The value is that of the pivot's row, null if it is null there. Where the instruction does not exist in the
        pivot, it is that of the first other language, in the grid's order, in which it does. A language that has no
        value in the column at all is passed over.

        Args:
            name: A column, or a member of a struct column as ``column.member``.

        Returns:
            Shape ``(instructions,)``: large strings, int64, float64, bool, dates or decimals. Columns of CSV and TSV
            are text, and a text of no length is null there.

        Raises:
            ArgumentError: No language has a value in such a column, or values are of two kinds; the message names the
                columns that there are.
            SourceChanged: A file is no longer the one that was scanned.
        """
        part = next((one for one in self._conversation() if name == one or name.startswith(f"{one}.")), None)
        if part:
            raise ArgumentError(
                f"the column {name!r} is a part of the conversation; its text and length are known as 'prompt' and "
                "'response'."
            )
        read: dict[int, Values | None] = {}
        missing = np.ones(len(self.grid.ids), dtype=bool)
        places: list[npt.NDArray[np.int64]] = []
        found: list[tuple[str, pa.Array]] = []
        for language in dict.fromkeys((self.pivot, *self.grid.languages)):
            if language not in self.grid.languages or not missing.any():
                continue
            cells = np.flatnonzero(self.grid.language == self.grid.languages.index(language))
            parts = self._values(name, cells, read)
            if parts:
                wanted = missing[self.grid.instruction[cells]]
                for table, place, values in parts:
                    use = wanted[place]
                    places.append(self.grid.instruction[cells[place[use]]].astype(np.int64))
                    found.append((table, values.filter(pa.array(use))))
                missing[self.grid.instruction[cells]] = False
        if not found:
            raise self._unknown(name)
        rank = np.full(len(missing), -1, dtype=np.int64)
        place = np.concatenate(places)
        rank[place] = np.arange(len(place))
        return _joined(name, found).take(pa.array(rank, mask=rank < 0))

    def _values(
        self, name: str, cells: npt.NDArray[np.int64], read: dict[int, Values | None]
    ) -> list[tuple[str, npt.NDArray[np.int64], pa.Array]]:
        """Return table, places among the cells and values that are no nulls; what has been read stays in ``read``."""
        numbers, lines = lines_of(self.source, self.database, self.grid.address[cells])
        parts = []
        for table in self.source.tables:
            here = np.flatnonzero(numbers == table.number)
            if not len(here):
                continue
            if id(table.piece) not in read:  # the languages of a wide table share it
                self._check_unchanged(table.piece)
                read[id(table.piece)] = read_values(table.piece, name, self.progress)
            values = read[id(table.piece)]
            if values is None:
                continue
            at = np.minimum(np.searchsorted(values.lines, lines[here]), len(values.lines) - 1)
            at[values.lines[at] != lines[here]] = -1
            chosen = values.values.take(pa.array(at, mask=at < 0))
            there = chosen.is_valid().to_numpy(zero_copy_only=False)
            if there.any():
                parts.append((table.name, here[there], chosen.drop_null()))
        return parts

    def _check_unchanged(self, piece: Piece) -> None:
        for file in self.source.files:
            if file.url == piece.url and file.stamp != stamp_of(file.url):
                raise SourceChanged(file.name, "its size or its time of change is another, and a column is read again")

    def _conversation(self) -> list[str]:
        """Return the names of columns that hold the conversation."""
        columns = (table.layout.columns.items() for table in self.source.tables)
        return sorted({str(column) for items in columns for field, column in items if field not in ("id", "language")})

    def _unknown(self, name: str) -> ArgumentError:
        """Say that there is no value in a column, and which columns there are."""
        numbers = set(np.unique(self.grid.address >> ROW_BITS).tolist())
        pieces = {id(table.piece): table.piece for table in self.source.tables if table.number in numbers}
        taken = {*self._conversation(), *(str(t.layout.id) for t in self.source.tables)}
        taken |= {str(table.layout.language) for table in self.source.tables}
        known = {column: None for piece in pieces.values() for column in columns_in(piece)}
        if name in known:
            return ArgumentError(f"the column {name!r} is null in every row.")
        other = [column for column in known if column not in taken]
        has = f" It has {listing(other, 20)}." if other else " It has none beside the conversation."
        return ArgumentError(f"the source has no column {name!r}.{near(name, other)}{has}")


def _joined(name: str, found: Sequence[tuple[str, pa.Array]]) -> pa.Array:
    """Return values of several tables as one array, if they are of one kind."""
    kinds = {values.type: table for table, values in reversed(found)}
    if set(kinds) == {pa.int64(), pa.float64()}:
        return pa.concat_arrays([values.cast(pa.float64(), safe=False) for _, values in found])
    if len(kinds) > 1:
        told = " and ".join(f"{kind} in {table}" for kind, table in list(kinds.items())[::-1][:2])
        raise ArgumentError(f"the column {name!r} is {told}; write all of it in one way.")
    return pa.concat_arrays([values for _, values in found])
