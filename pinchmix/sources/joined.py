"""Joining by id: the distinct ids of a source in order, and the cells of each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.sources.database import Database

SPARSE = 4  # slots for each row, from which on sorting the cells takes less memory than a slot for each
BLOCK = 1 << 18  # slots that are put in order at a time, few enough for the processor's cache


class Joined(NamedTuple):
    """Ids and cells, doubled cells included; cells are sorted by instruction, then language.

    Attributes:
        ids: Distinct ids, sorted by code point, an Arrow array of strings.
        hashes: :func:`~pinchmix.canonical.hash_of_id` of each, shape ``(ids,)``, uint64.
        instruction: The place in ``ids`` of each cell, shape ``(cells,)``, int32.
        language: The number of its language, shape ``(cells,)``, int16.
        address: Where its text is, shape ``(cells,)``, int64.
    """

    ids: pa.Array
    hashes: npt.NDArray[np.uint64]
    instruction: npt.NDArray[np.int32]
    language: npt.NDArray[np.int16]
    address: npt.NDArray[np.int64]


def join_ids(database: Database, parts: Sequence[tuple[int, str]], width: int) -> Joined:
    """Find the distinct ids of all parts and bring the cells into their order.

    Args:
        database: Where the parts are readable.
        parts: Of each table: about how many rows it has, and SQL that yields id (not null), language (a number) and
            address.
        width: The number of languages.

    Returns:
        Ids and cells; the same instruction and language twice or more often where rows claim the same cell.

    Example:
        >>> parts = [(rows, f"SELECT '{name}' AS id, {rows} % 2 AS language, 9 - {rows} AS address")
        ...          for rows, name in ((2, "b"), (1, "a"))]
        >>> joined = join_ids(Database(), parts, 2)
        >>> joined.ids.to_pylist(), joined.instruction.tolist(), joined.address.tolist()
        (['a', 'b'], [0, 1], [8, 7])
    """
    # Most ids are in the largest table, the pivot's as a rule; looking the others up in it is cheaper than sorting all
    # of them out together.
    by_size = [part for _, part in sorted(parts, key=lambda part: -part[0])]
    rows = sum(count for count, _ in parts)
    return by_slots(database, by_size, width, SPARSE * rows) or by_sorting(database, by_size, width)


def by_slots(database: Database, parts: Sequence[str], width: int, most: int) -> Joined | None:
    """Join with a slot for each id and language: one pass over the ids where the first part has all of them.

    Args:
        database: Where the parts are readable.
        parts: SQL that yields id, language and address, the largest first.
        width: The number of languages.
        most: How many slots are worth their memory.

    Returns:
        What was joined; None if it would take more slots, or if rows claim the same cell.
    """
    keys = " UNION ALL ".join(f"({part})" for part in parts)
    first = _store(database, f"SELECT id FROM ({parts[0]})")
    if first.num_rows * width > most:
        return None
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="pinchmix-ids") as pool:
        sorting = pool.submit(pc.sort_indices, first.column("id"))  # beside the join, which leaves some time
        slots, met, strange = _fill(database, first.num_rows, f"({keys}) LEFT JOIN instructions USING (id)", width)
        order = sorting.result()
    if strange:
        rest = " UNION ALL ".join(f"({part})" for part in parts[1:])
        others = _store(database, f"SELECT id FROM ({rest}) ANTI JOIN instructions USING (id)")
        if (first.num_rows + others.num_rows) * width > most:
            return None
        more, found, _ = _fill(database, others.num_rows, f"({rest}) JOIN instructions USING (id)", width)
        met, slots, first = met + found, np.concatenate([slots, more]), pa.concat_tables([first, others])
        order = pc.sort_indices(first.column("id"))
    database.execute("DROP TABLE instructions")
    cells = _in_order(slots, order.to_numpy(), met)
    if cells is None:
        return None
    return Joined(first.column("id").take(order).combine_chunks(), first.column("hash").take(order).to_numpy(), *cells)


def by_sorting(database: Database, parts: Sequence[str], width: int) -> Joined:
    """Join in bounded memory, and with any number of rows for a cell; arguments as of :func:`by_slots`."""
    largest, *others = parts
    distinct = f"SELECT DISTINCT id FROM ({largest})"
    if others:
        rest = " UNION ALL ".join(f"({part})" for part in others)
        distinct += f" UNION ALL SELECT DISTINCT id FROM ({rest}) ANTI JOIN (SELECT id FROM ({largest})) USING (id)"
    database.execute(
        "CREATE OR REPLACE TABLE instructions AS "
        f"SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS place FROM ({distinct})"
    )
    ids = database.table("SELECT id, md5_number_lower(id) AS hash FROM instructions ORDER BY place")
    keys = " UNION ALL ".join(f"({part})" for part in parts)
    cells = database.columns(
        f"SELECT place::BIGINT * {width} + language AS key, address "
        f"FROM ({keys}) JOIN instructions USING (id) ORDER BY key"
    )
    database.execute("DROP TABLE instructions")
    instruction, language = np.divmod(cells["key"], width)
    return Joined(
        ids.column("id").combine_chunks(),
        ids.column("hash").to_numpy(),
        instruction.astype(np.int32),
        language.astype(np.int16),
        cells["address"],
    )


def _store(database: Database, ids: str) -> pa.Table:
    """Make the table ``instructions`` of the distinct ids and their places; return id and hash of each by its place."""
    database.execute(
        "CREATE OR REPLACE TABLE instructions AS "
        f"SELECT id, (row_number() OVER () - 1)::INTEGER AS place FROM (SELECT DISTINCT id FROM ({ids}))"
    )
    found = database.table("SELECT id, md5_number_lower(id) AS hash, place FROM instructions")
    place = found.column("place").to_numpy()
    if np.any(place[1:] < place[:-1]):  # threads hand in their rows as they finish
        found = found.take(pa.array(np.argsort(place)))
    return found.drop_columns("place")


def _fill(database: Database, ids: int, cells: str, width: int) -> tuple[npt.NDArray[np.int64], int, int]:
    """Return the slots of ids, each with the address of a cell or -1; and how many cells are in them, and in none."""
    slots = np.full(ids * width + 1, -1, dtype=np.int64)  # cells of other ids share the last, which nobody reads
    met = strange = 0
    for batch in database.batches(
        f"SELECT coalesce(place::BIGINT * {width} + language, -1) AS key, address FROM {cells}"
    ):
        key = batch.column("key").to_numpy()
        slots[key] = batch.column("address").to_numpy()
        other = int(np.count_nonzero(key < 0))
        met, strange = met + len(key) - other, strange + other
    return slots[:-1].reshape(ids, width), met, strange


def _in_order(
    slots: npt.NDArray[np.int64], order: npt.NDArray[Any], cells: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int16], npt.NDArray[np.int64]] | None:
    """Return instruction, language and address of the slots in use; None if these are fewer than there are cells."""
    width = slots.shape[1]
    instruction = np.empty(cells, dtype=np.int32)
    language = np.empty(cells, dtype=np.int16)
    address = np.empty(cells, dtype=np.int64)
    done = 0
    step = max(1, BLOCK // width)
    for start in range(0, len(order), step):
        flat = slots.take(order[start : start + step].astype(np.int64), axis=0).reshape(-1)
        used = np.flatnonzero(flat >= 0)
        here = slice(done, done + len(used))
        flat.take(used, out=address[here], mode="clip")
        instruction[here] = used // width + start
        language[here] = used % width
        done += len(used)
    return (instruction, language, address) if done == cells else None
