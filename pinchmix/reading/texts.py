"""The texts of chosen cells: one pass over the source checks every row and keeps what is wanted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.grid import ROW_BITS, Grid
from pinchmix.progress import progress_bar
from pinchmix.reading.ahead import work_ahead
from pinchmix.reading.spool import Allowance, Spool
from pinchmix.rows import MESSAGES
from pinchmix.scan import blank
from pinchmix.sources.damage import reading
from pinchmix.sources.database import BATCH, Database
from pinchmix.sources.faults import Faults
from pinchmix.sources.layout import Column, Layout
from pinchmix.sources.source import Source
from pinchmix.sources.table import Table

# Other projects' names for the three roles.
ROLES = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "bot", "model"),
    "system": ("system",),
}
KEPT = 448 << 20  # bytes of text that are kept in memory; the rest goes to the scratch folder
TOGETHER = 16  # tables read by one query, so that every core has work until the last of them
HELD = pa.schema([("address", pa.int64()), ("messages", MESSAGES)])
DEALT = pa.schema([("place", pa.int64()), ("messages", MESSAGES)])


class Said(NamedTuple):
    """What is said at some addresses.

    Attributes:
        address: Ascending, int64.
        prompts: All user turns of each, joined by line ends.
        responses: The same of the assistant turns.
        roles: The first letter of the role of each turn.
    """

    address: npt.NDArray[np.int64]
    prompts: Sequence[str]
    responses: Sequence[str]
    roles: Sequence[str]


@dataclass
class Texts:
    """The texts of cells, fetched by address as lists of (role, content).

    The first fetch reads every text once and checks it; later ones read only the parts of the source that hold what is
    still missing.

    Attributes:
        source: The tables.
        database: Where they are readable.
        checked: Whether all texts were checked before, so that none needs to be.
        bad: The addresses of rows whose text cannot be used, ascending, int64; known after the first fetch.
    """

    source: Source
    database: Database
    progress: bool | None = None
    checked: bool = False
    bad: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _held: npt.NDArray[np.int64] | None = field(init=False)
    _texts: Spool = field(init=False)
    _noted: list[tuple[Table, pa.Table]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._held = np.zeros(0, dtype=np.int64) if self.checked else None
        self._allowance = Allowance(KEPT)
        self._folder = Path(tempfile.mkdtemp(prefix="texts-", dir=self.database.folder))
        self._texts = self._spool("texts", HELD)

    def _spool(self, name: str, schema: pa.Schema) -> Spool:
        return Spool(self._folder / name, schema, self._allowance)

    def fetch(self, address: npt.NDArray[np.int64], among: npt.NDArray[np.int64] | None = None) -> None:
        """Make sure that the texts at these addresses are at hand.

        Args:
            address: Cells that are wanted, int64.
            among: Every cell of the grid; on the first fetch, only these are checked (others belong to no language at
                hand, or were found bad before).
        """
        first = self._held is None
        if self._held is None:
            self._held = np.zeros(0, dtype=np.int64)
        wanted = address if first else address[~np.isin(address, self._held)]
        used = np.bincount((among if first and among is not None else wanted) >> ROW_BITS)
        numbers = set(np.flatnonzero(used).tolist())
        tables = [table for table in self.source.tables if table.number in numbers]
        bad: list[npt.NDArray[np.int64]] = []
        with progress_bar("reading texts", len(tables), "table", self.progress) as step:
            for start in range(0, len(tables), TOGETHER):
                group = tables[start : start + TOGETHER]
                with reading(group):
                    bad.append(self._read(group, wanted, check=first))
                step(len(group))
        if first and among is not None:
            found = np.concatenate([np.zeros(0, dtype=np.int64), *bad])
            if len(found):
                self._note(found[np.isin(found, among)])
        # A bad row says nothing, whenever it is asked for.
        self._held = np.concatenate([self._held, wanted, *([self.bad] if first else [])])

    def _read(self, tables: Sequence[Table], wanted: npt.NDArray[np.int64], *, check: bool) -> npt.NDArray[np.int64]:
        """Keep the wanted texts of some tables; return the addresses of bad rows when all rows are checked."""
        names, queries = [], []
        for table in tables:
            rows = wanted[(wanted >> ROW_BITS) == table.number] & ((1 << ROW_BITS) - 1)
            # A join with an empty side would still have to be written; a row number that never occurs stands in for it.
            rows = rows if len(rows) else np.array([-1], dtype=np.int64)
            names.append(self.database.register(pa.table({"wanted": rows})))
            queries.append(_query(table, names[-1], check=check))
        bad: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        for batch in self.database.batches(" UNION ALL ".join(queries)):
            address, messages = batch.column("address"), batch.column("messages")
            if messages.null_count:
                bad.append(address.filter(messages.is_null()).to_numpy())
            self._texts.append(pa.record_batch([address, messages.cast(MESSAGES)], schema=HELD))
        for name in names:
            self.database.unregister(name)
        return np.concatenate(bad)

    def _note(self, bad: npt.NDArray[np.int64]) -> None:
        """Describe bad rows; they are few, so they are read again for their details."""
        self.bad = np.sort(bad)
        for table in self.source.tables:
            mine = self.bad[(self.bad >> ROW_BITS) == table.number]
            if not len(mine):
                continue
            name = self.database.register(pa.table({"wanted": mine & ((1 << ROW_BITS) - 1)}))
            address = f"({table.number}::BIGINT << {ROW_BITS}) | w.wanted"
            noted = self.database.table(
                f"SELECT {address} AS address, {table.line} AS line, {fault_of(table.layout)} AS fault "
                f"FROM {table.relation} AS t JOIN {name} AS w ON t.{table.row} = w.wanted ORDER BY 1"
            )
            self.database.unregister(name)
            self._noted.append((table, noted))

    def faults_in(self, grid: Grid) -> Faults:
        """Return the bad rows among the cells of a grid, each with its language; known after the first fetch."""
        cells = np.flatnonzero(np.isin(grid.address, self.bad))
        tags = (grid.languages[number] for number in grid.language[cells].tolist())
        language = dict(zip(grid.address[cells].tolist(), tags, strict=True))
        faults = Faults()
        for table, noted in self._noted:
            for address, line, fault in zip(*(column.to_pylist() for column in noted.columns), strict=True):
                if address in language:
                    kind, _, detail = fault.partition("|")
                    faults.add(table.name, line, kind, detail, language[address])
        return faults

    def said(self, batches: Iterable[npt.NDArray[np.int64]]) -> Iterator[Said]:
        """Yield what is said at the addresses of each batch, for the checks; bad rows say nothing.

        Args:
            batches: Addresses of fetched cells, each once in its batch, int64.
        """
        texts = self.database.register(self._texts.table())
        for address in batches:
            wanted = self.database.register(pa.table({"address": address}))
            batch = self.database.table(
                f"SELECT t.address, {_joined('user')} AS prompt, {_joined('assistant')} AS response, "
                f"array_to_string([left(m.role, 1) FOR m IN t.messages], '') AS roles "
                f"FROM {texts} AS t JOIN {wanted} AS w USING (address) WHERE messages IS NOT NULL ORDER BY 1"
            )
            self.database.unregister(wanted)
            yield Said(batch.column("address").to_numpy(), *(column.to_pylist() for column in batch.columns[1:]))
        self.database.unregister(texts)

    def ordered(self, address: npt.NDArray[np.int64]) -> Iterator[pa.Array]:
        """Yield the messages of fetched cells in the given order, a bounded number of rows at a time.

        The order is a random one, so rows are first dealt out to as many heaps as there are blocks in the result, and
        then each heap is put in order: every text is moved twice, whatever the size. The texts are forgotten on the
        way.

        Args:
            address: Fetched cells, int64; a cell may come several times.
        """
        blocks = -(-len(address) // BATCH)
        by_address = np.argsort(address)
        sorted_address = address[by_address]
        heaps = [self._spool(f"block-{number}", DEALT) for number in range(blocks)]

        def deal(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], pa.RecordBatch]:
            """Return the rows of a batch that are wanted, with their places, block by block."""
            here = batch.column("address").to_numpy()
            first = np.searchsorted(sorted_address, here)
            often = np.searchsorted(sorted_address, here, side="right") - first
            chosen = np.repeat(np.arange(len(here)), often)
            nth = np.arange(len(chosen)) - np.repeat(np.cumsum(often) - often, often)
            place = by_address[first[chosen] + nth]
            order = np.argsort(place // BATCH, kind="stable")
            place, messages = place[order], batch.column("messages").take(pa.array(chosen[order]))
            cuts = np.searchsorted(place // BATCH, np.arange(blocks + 1))
            return cuts, pa.record_batch([pa.array(place), messages], schema=DEALT)

        def settle(heap: Spool) -> pa.Array:
            """Return the messages of a block in their order."""
            block = pa.Table.from_batches(heap.drain(), DEALT)
            order = pa.array(np.argsort(block.column("place").to_numpy()))
            return block.column("messages").combine_chunks().take(order)

        for cuts, dealt in work_ahead(deal, self._texts.drain()):
            for heap, (start, stop) in zip(heaps, pairwise(cuts.tolist()), strict=True):
                if stop > start:
                    heap.append(dealt.slice(start, stop - start))
        yield from work_ahead(settle, heaps)

    def close(self) -> None:
        """Forget all texts; those that matter have been written in order elsewhere."""
        self._texts.close()


def _query(table: Table, wanted: str, *, check: bool) -> str:
    """Return SQL for address and messages of wanted rows of a table; and of bad rows, without messages, if asked."""
    address = f"({table.number}::BIGINT << {ROW_BITS}) | t.{table.row}::BIGINT"
    join = f"FROM {table.relation} AS t {'LEFT ' if check else ''}JOIN {wanted} AS w ON t.{table.row} = w.wanted"
    if not check:
        return f"SELECT {address} AS address, {messages_of(table.layout)} AS messages {join}"
    return (
        f"SELECT {address} AS address, CASE WHEN fault IS NULL THEN {messages_of(table.layout)} END AS messages "
        f"FROM (SELECT t.*, w.wanted, {fault_of(table.layout)} AS fault {join}) AS t "
        "WHERE fault IS NOT NULL OR wanted IS NOT NULL"
    )


def _joined(role: str) -> str:
    return f"array_to_string([m.content FOR m IN t.messages IF m.role = '{role}'], chr(10))"


def _role(value: str) -> str:
    cases = " ".join(
        f"WHEN {value} IN ({', '.join(repr(name) for name in names)}) THEN '{role}'" for role, names in ROLES.items()
    )
    return f"(CASE {cases} END)"


def _turn(role: str, content: str) -> str:
    return f"{{'role': '{role}', 'content': {content}}}"


def _turns(column: Column, keys: tuple[str, str]) -> str:
    role, content = (f'm."{key}"' for key in keys)
    return f"[{{'role': {_role(role)}, 'content': {content}}} FOR m IN t.{column.sql}]"


def messages_of(layout: Layout) -> str:
    """Return SQL for the messages of a good row ``t`` of this layout.

    Example:
        >>> print(messages_of(Layout("pair", prompt=Column(("q",)), response=Column(("a",)))))
        [{'role': 'user', 'content': t."q"}, {'role': 'assistant', 'content': t."a"}]
    """
    if layout.messages:
        body = _turns(layout.messages, layout.keys)
    else:
        assert layout.prompt is not None
        assert layout.response is not None
        if layout.turns:
            body = f"list_concat({_turns(layout.prompt, layout.keys)}, {_turns(layout.response, layout.keys)})"
        else:
            prompt = f"t.{layout.prompt.sql}"
            if layout.input:
                extra = f"t.{layout.input.sql}"
                empty = f"({extra} IS NULL OR {blank(extra)})"
                prompt = f"CASE WHEN {empty} THEN {prompt} ELSE {prompt} || chr(10) || chr(10) || {extra} END"
            body = f"[{_turn('user', prompt)}, {_turn('assistant', f't.{layout.response.sql}')}]"
    if layout.system:
        system = f"t.{layout.system.sql}"
        whole = f"list_concat([{_turn('system', system)}], {body})"
        return f"CASE WHEN {system} IS NULL OR {blank(system)} THEN {body} ELSE {whole} END"
    return body


def contents_of(layout: Layout, roles: Sequence[str]) -> str:
    """Return SQL for the list of texts of a good row ``t``: the turns of these roles, in order.

    Example:
        >>> from pinchmix.sources.layout import Column
        >>> layout = Layout("pair", prompt=Column(("q",)), response=Column(("a",)))
        >>> contents_of(layout, ["user"]).endswith("IF m.role IN ('user')]")
        True
    """
    named = ", ".join(f"'{role}'" for role in roles)
    return f"[m.content FOR m IN ({messages_of(layout)}) IF m.role IN ({named})]"


def _shown(column: Column) -> str:
    return repr(str(column)).replace("'", "''")


def fault_of(layout: Layout) -> str:
    """Return SQL for what is wrong with a row ``t`` of this layout as ``fault|detail``; null for a good row.

    Example:
        >>> fault_of(Layout("pair", prompt=Column(("q",)), response=Column(("a",)))).startswith("CASE WHEN")
        True
    """
    if not layout.messages and not layout.turns:
        cases = []
        for column in (layout.prompt, layout.response):
            assert column is not None
            text, shown = f"t.{column.sql}", _shown(column)
            cases.append(f"WHEN {text} IS NULL THEN 'missing text|{shown} is null'")
            cases.append(f"WHEN {blank(text)} THEN 'empty text|{shown} is empty'")
        return f"CASE {' '.join(cases)} END"
    turns = f"({messages_of(layout)})"
    order = f"array_to_string([left(m.role, 1) FOR m IN {turns}], '')"
    columns = [column for column in (layout.messages, layout.prompt, layout.response) if column]
    missing = " ".join(
        f"WHEN t.{column.sql} IS NULL THEN 'no turns|{_shown(column)} is null' "
        f"WHEN len(t.{column.sql}) = 0 THEN 'no turns|{_shown(column)} is an empty list'"
        for column in columns
    )
    lists = [f"t.{column.sql}" for column in columns]
    own = lists[0] if len(lists) == 1 else f"list_concat({', '.join(lists)})"
    role, content = (f'm."{key}"' for key in layout.keys)
    said = f"coalesce(chr(39) || left({role}, 40) || chr(39), 'no role')"
    unknown = f"list_first([{said} FOR m IN {own} IF {_role(role)} IS NULL])"
    without = f"coalesce(list_position([{content} IS NULL FOR m IN {own}], true), 0)"
    empty = f"coalesce(list_position([{blank(content)} FOR m IN {own}], true), 0)"
    return (
        f"CASE {missing} "
        f"WHEN {unknown} IS NOT NULL THEN 'unknown role|' || {unknown} "
        f"WHEN {without} > 0 THEN 'missing text|turn ' || {without} || ' has no {layout.keys[1]}' "
        f"WHEN {empty} > 0 THEN 'empty text|turn ' || {empty} || ' is empty' "
        f"WHEN NOT regexp_full_match({order}, 's?(ua)+') THEN 'turn order|' || "
        f"array_to_string([coalesce(m.role, 'null') FOR m IN {turns}], ', ') END"
    )
