"""measure_cells: how large each cell is in characters, bytes or tokens; and the fertility of languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors import ArgumentError
from pinchmix.exact.supply import Ints
from pinchmix.grid import ROW_BITS, Grid
from pinchmix.plan import Measured
from pinchmix.plugins import Tokenizer
from pinchmix.progress import progress_bar
from pinchmix.reading.texts import contents_of, fault_of, messages_of
from pinchmix.sources.damage import reading
from pinchmix.sources.database import Database
from pinchmix.sources.source import Source
from pinchmix.sources.table import Table
from pinchmix.text.wording import listing, near
from pinchmix.weaving.woven import Woven

UNITS = ("examples", "characters", "bytes", "tokens")
# What is counted → the roles whose turns are counted; "chat" is the whole conversation as a chat template writes it.
COUNTED: Mapping[str, tuple[str, ...]] = {
    "prompt": ("system", "user"),
    "response": ("assistant",),
    "both": ("system", "user", "assistant"),
    "chat": (),
}
LENGTHS = {"characters": "length", "bytes": "strlen"}
AT_ONCE = 16 << 20  # bytes of text that a tokenizer is given at a time
CHATS = 5_000  # conversations that it is given at a time


@runtime_checkable
class CountsChats(Protocol):
    """A tokenizer that counts whole conversations, as its chat template writes them."""

    def count_chat(self, conversations: Sequence[Sequence[Mapping[str, str]]]) -> npt.NDArray[np.int64]:
        """Return the tokens of each conversation, shape ``(conversations,)``."""
        ...


def measure_cells(
    source: Source,
    database: Database,
    address: npt.NDArray[np.int64],
    unit: str,
    *,
    tokenizer: Tokenizer | None = None,
    counted: str = "both",
    progress: bool | None = None,
) -> npt.NDArray[np.int64]:
    """Return the size of each cell in a unit: the sum over its turns.

    Args:
        source: The tables.
        database: Where they are readable.
        address: Cells, shape ``(cells,)``, int64; in any order.
        unit: ``"examples"`` (each cell is 1), ``"characters"`` (Unicode code points), ``"bytes"`` (in UTF-8) or
            ``"tokens"``.
        tokenizer: What counts tokens.
        counted: ``"prompt"`` (system and user turns), ``"response"`` (assistant turns), ``"both"`` (all turns) or, for
            tokens, ``"chat"`` (the conversation as the tokenizer's chat template writes it).
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        Shape ``(cells,)``, int64. A cell whose row cannot be used (:func:`~pinchmix.reading.texts.fault_of`) has size
        0; that of an example is 1 even then.

    Raises:
        ArgumentError: No such unit or part, or they do not fit the tokenizer.

    Example:
        >>> from pinchmix.sources.source import open_source
        >>> database = Database()
        >>> source = open_source({"de": [{"id": 1, "prompt": "Gruß", "response": "Hallo"}]}, database)
        >>> [int(measure_cells(source, database, np.array([0]), unit)[0]) for unit in ("characters", "bytes")]
        [9, 10]
    """
    check_measure(unit, tokenizer, counted)
    sizes = np.full(len(address), int(unit == "examples"), dtype=np.int64)
    if unit == "examples":
        return sizes
    number = address >> ROW_BITS
    tables = [table for table in source.tables if (number == table.number).any()]
    with progress_bar(f"measuring {unit}", len(tables), "table", progress) as step:
        for table in tables:
            here = np.flatnonzero(number == table.number)
            rows = address[here] & ((1 << ROW_BITS) - 1)
            of_row = np.zeros(int(rows.max()) + 1, dtype=np.int64)
            with reading([table]):
                if unit in LENGTHS:
                    _add_lengths(of_row, table, database, LENGTHS[unit], counted)
                elif tokenizer is not None:
                    _add_tokens(of_row, table, database, rows, tokenizer, counted)
            sizes[here] = of_row[rows]
            step(1)
    return sizes


def check_measure(unit: str, tokenizer: object, counted: str) -> None:
    """Raise unless a unit, a tokenizer and what is counted go together.

    Raises:
        ArgumentError: They do not; the message says what would.

    Example:
        >>> check_measure("words", None, "both")
        Traceback (most recent call last):
        pinchmix.errors.ArgumentError: unit='words' is none of examples, characters, bytes, tokens.
    """
    if unit not in UNITS:
        raise ArgumentError(f"unit={unit!r} is none of {listing(UNITS)}.{near(str(unit), UNITS)}")
    if counted not in COUNTED:
        raise ArgumentError(f"counted={counted!r} is none of {listing(list(COUNTED))}.{near(str(counted), COUNTED)}")
    if unit == "tokens" and tokenizer is None:
        raise ArgumentError(
            "unit='tokens' needs a tokenizer: tokenizer='tokenizer.model', a tokenizer.json or a function."
        )
    if counted == "chat" and unit != "tokens":
        raise ArgumentError(f"counted='chat' is a way to count tokens, and unit={unit!r}. Count 'both' instead.")
    if counted == "chat" and not isinstance(tokenizer, CountsChats):
        name = getattr(tokenizer, "name", type(tokenizer).__name__)
        raise ArgumentError(
            f"counted='chat' needs a tokenizer with a chat template, and {name} has none. "
            "Give a transformers tokenizer that has one, or count 'both'."
        )


def _add_lengths(of_row: npt.NDArray[np.int64], table: Table, database: Database, length: str, counted: str) -> None:
    """Set the lengths of all good rows of a table; picking rows out would take longer than measuring them."""
    texts = contents_of(table.layout, COUNTED[counted])
    for batch in database.batches(
        f"SELECT t.{table.row} AS row, coalesce(list_sum([{length}(text) FOR text IN {texts}]), 0)::BIGINT AS size "
        f"FROM {table.relation} AS t WHERE {fault_of(table.layout)} IS NULL AND t.{table.row} < {len(of_row)}"
    ):
        of_row[batch.column("row").to_numpy()] = batch.column("size").to_numpy()


def _add_tokens(
    of_row: npt.NDArray[np.int64],
    table: Table,
    database: Database,
    rows: npt.NDArray[np.int64],
    tokenizer: Tokenizer,
    counted: str,
) -> None:
    """Set the tokens of these rows of a table, as far as they are good."""
    turns = messages_of(table.layout) if counted == "chat" else contents_of(table.layout, COUNTED[counted])
    wanted = database.register(pa.table({"wanted": rows}))
    for batch in database.batches(
        f"SELECT wanted, {turns} AS turns FROM {table.relation} AS t JOIN {wanted} AS w ON t.{table.row} = w.wanted "
        f"WHERE {fault_of(table.layout)} IS NULL"
    ):
        column = batch.column("turns")
        of_row[batch.column("wanted").to_numpy()] = (
            _chats(column, tokenizer) if counted == "chat" else _tokens(column, tokenizer)
        )
    database.unregister(wanted)


def measure_messages(
    messages: pa.Array, unit: str, tokenizer: Tokenizer | None = None, counted: str = "both"
) -> npt.NDArray[np.int64]:
    """Return the size of conversations, shape ``(conversations,)``, int64; the arguments are as :func:`measure_cells`'.

    Args:
        messages: Lists of role and content, without nulls; an empty one has size 0.
        unit: ``"characters"``, ``"bytes"`` or ``"tokens"``.
        tokenizer: What counts tokens.
        counted: Which turns.

    Example:
        >>> turns = [{"role": "user", "content": "Gruß"}, {"role": "assistant", "content": "Hallo"}]
        >>> measure_messages(pa.array([turns]), "bytes", counted="prompt").tolist()
        [5]
    """
    there = pc.greater(pc.list_value_length(messages), 0)
    sizes = np.zeros(len(messages), dtype=np.int64)
    good = there.to_numpy(zero_copy_only=False)
    if counted == "chat":
        assert tokenizer is not None
        sizes[good] = _chats(messages.filter(there), tokenizer)
        return sizes
    turns = messages.flatten()
    row = pc.list_parent_indices(messages)
    use = pc.is_in(pc.struct_field(turns, "role"), pa.array(COUNTED[counted]))
    row, texts = (one.filter(use) for one in (row, pc.struct_field(turns, "content")))
    ends = np.cumsum(np.bincount(row.to_numpy(), minlength=len(messages)))
    if unit == "tokens":
        assert tokenizer is not None
        lists = pa.ListArray.from_arrays(pa.array(np.append(0, ends).astype(np.int32)), texts)
        return _tokens(lists, tokenizer)
    lengths = (pc.utf8_length if unit == "characters" else pc.binary_length)(texts).to_numpy(zero_copy_only=False)
    sums: npt.NDArray[np.int64] = np.diff(np.append(0, np.cumsum(lengths, dtype=np.int64))[np.append(0, ends)])
    return sums


def _tokens(turns: pa.Array, tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    """Return the tokens of lists of texts; a text that occurs more than once is counted once."""
    texts = turns.flatten().dictionary_encode()
    distinct = texts.dictionary
    ends = np.cumsum(pc.binary_length(distinct).to_numpy(zero_copy_only=False), dtype=np.int64)
    # Long texts are not to pile up as Python strings: a cut wherever another AT_ONCE bytes are full.
    cuts = [0, *(np.flatnonzero(np.diff(ends // AT_ONCE)) + 1).tolist(), len(distinct)]
    counts = [
        _checked(tokenizer.count(distinct[start:stop].to_pylist()), stop - start, tokenizer)
        for start, stop in pairwise(cuts)
        if stop > start
    ]
    of_distinct = np.concatenate([np.zeros(0, dtype=np.int64), *counts])
    total = np.concatenate([[0], np.cumsum(of_distinct[texts.indices.to_numpy()])])
    offsets = turns.offsets.to_numpy()
    starts = offsets - offsets[0]
    tokens: npt.NDArray[np.int64] = total[starts[1:]] - total[starts[:-1]]
    return tokens


def _chats(conversations: pa.Array, tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    assert isinstance(tokenizer, CountsChats)
    parts = [conversations[start : start + CHATS] for start in range(0, len(conversations), CHATS)]
    counts = [_checked(tokenizer.count_chat(part.to_pylist()), len(part), tokenizer) for part in parts]
    return np.concatenate([np.zeros(0, dtype=np.int64), *counts])


def _checked(counts: npt.NDArray[np.int64], length: int, tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    """Return what a tokenizer says, if it can be true."""
    found = np.asarray(counts)
    if found.shape != (length,) or found.dtype.kind not in "iu" or (found < 0).any():
        said = f"the least is {found.min():,}" if found.size and found.dtype.kind in "iuf" else "nothing countable"
        raise ArgumentError(
            f"tokenizer {tokenizer.name}: of {length:,} texts it says {found.dtype} of shape {found.shape}, {said}; "
            f"it must be one whole number of 0 or more a text, shape {(length,)}."
        )
    return found.astype(np.int64)


class Fertility(NamedTuple):
    """How many tokens languages need; aligned with the languages asked for.

    Attributes:
        per_character: Tokens a character, float64; NaN for a language without text.
        against_pivot: Tokens of the language by tokens of the pivot, over the instructions that both have, float64;
            NaN where they share none.
    """

    per_character: npt.NDArray[np.float64]
    against_pivot: npt.NDArray[np.float64]


def fertility(
    tokens: npt.NDArray[np.int64],
    characters: npt.NDArray[np.int64],
    language: npt.NDArray[np.int16],
    instruction: npt.NDArray[np.int32],
    languages: Sequence[str],
    pivot: str,
) -> Fertility:
    """Return how many tokens each language needs a character, and against the pivot for the same content.

    Cells without a character (those of bad rows) count for neither.

    Args:
        tokens: The size of each cell in tokens, shape ``(cells,)``, int64.
        characters: The same in characters.
        language: The place in ``languages`` of each cell.
        instruction: The instruction of each cell, from 0; no cell twice.
        languages: The languages.
        pivot: The one that the others are held against; if it is not among them, ``against_pivot`` is all NaN.

    Returns:
        Two figures a language, shape ``(languages,)`` each.

    Example:
        >>> tokens, characters = np.array([4, 6, 10]), np.array([8, 8, 40])
        >>> found = fertility(tokens, characters, np.array([0, 1, 0]), np.array([0, 0, 1]), ["en", "fi"], "en")
        >>> found.per_character.round(2).tolist(), found.against_pivot.tolist()
        ([0.29, 0.75], [1.0, 1.5])
    """
    there = characters > 0
    of_cell, place, row = tokens[there], language[there], instruction[there]
    of_pivot = np.zeros(int(row.max(initial=-1)) + 1, dtype=np.int64)
    in_pivot = np.zeros(len(of_pivot), dtype=bool)
    if pivot in languages:
        mine = place == list(languages).index(pivot)
        of_pivot[row[mine]] = of_cell[mine]
        in_pivot[row[mine]] = True
    both = in_pivot[row]

    def summed(sizes: npt.NDArray[np.int64], where: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        return np.bincount(where, weights=sizes, minlength=len(languages)).astype(np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        per_character = summed(of_cell, place) / summed(characters[there], place)
        against = summed(of_cell[both], place[both]) / summed(of_pivot[row[both]], place[both])
    against[~np.isfinite(against)] = np.nan  # the pivot's texts may have no tokens at all
    return Fertility(per_character, against)


@dataclass(frozen=True, eq=False)
class Measures:
    """The sizes of all cells of a grid, by address, so that they can be found when cells have left the grid.

    Attributes:
        unit: The unit of the budget.
        address: Ascending, shape ``(cells,)``, int64.
        sizes: Unit → size of each cell, shape ``(cells,)``, int64; the budget's unit and those that are cheap to count.
        fertility: What languages need in tokens, where tokens are counted.
        languages: The languages of the grid.
    """

    unit: str
    address: npt.NDArray[np.int64]
    sizes: Mapping[str, npt.NDArray[np.int64]]
    fertility: Fertility | None
    languages: tuple[str, ...]

    def of(self, grid: Grid, unit: str | None = None) -> npt.NDArray[np.int64]:
        """Return the size of each cell of a grid that holds no others, in the budget's unit or another."""
        return self.sizes[unit or self.unit][np.searchsorted(self.address, grid.address)]

    def report(self, grid: Grid, places: Ints, cell: Ints, column: Ints, often: Ints, columns: int) -> Measured:
        """Return what chosen cells come to in every unit, and what the plan's languages need in tokens.

        Args:
            grid: Where the cells are.
            places: Where the plan's languages stand among the grid's, shape ``(languages,)``.
            cell: Chosen cells.
            column: The split and language of each, from 0.
            often: How often each appears.
            columns: How many columns there are, splits times languages.
        """
        shape = (columns // len(places), len(places))
        units = {
            unit: np.bincount(column, weights=self.of(grid, unit)[cell] * often, minlength=columns).astype(np.int64)
            for unit in self.sizes
        }
        units["examples"] = np.bincount(column, weights=often, minlength=columns).astype(np.int64)
        found = self.fertility
        return Measured(
            {unit: sums.reshape(shape) for unit, sums in units.items()},
            None if found is None else found.per_character[places],
            None if found is None else found.against_pivot[places],
        )


def measure_source(
    source: Source, database: Database, grid: Grid, unit: str, tokenizer: Tokenizer | None, counted: str, pivot: str,
    progress: bool | None = None, woven: Woven | None = None,
) -> Measures:  # fmt: skip
    """Return the sizes of all cells of a grid; the arguments are those of :func:`measure_cells`.

    Woven cells are composed and counted as they will be written.
    """
    units = dict.fromkeys((unit, "characters", "bytes"))
    parts = {name: "both" if counted == "chat" and name != unit else counted for name in units}
    sizes = {
        name: measure_cells(
            source, database, grid.address, name, tokenizer=tokenizer, counted=part, progress=progress
        )
        for name, part in parts.items()
    }  # fmt: skip
    for places, messages in () if woven is None else woven.texts_of(source, database, grid.address, progress):
        for name, part in parts.items():
            sizes[name][places] = measure_messages(messages, name, tokenizer, part)
    found = None
    if unit == "tokens":
        found = fertility(sizes[unit], sizes["characters"], grid.language, grid.instruction, grid.languages, pivot)
    order = np.argsort(grid.address)
    by_address = {name: size[order] for name, size in sizes.items()}
    return Measures(unit, grid.address[order], by_address, found, grid.languages)
