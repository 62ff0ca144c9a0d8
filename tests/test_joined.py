"""Joining by id: the quick way and the way in bounded memory give the same cells, and both those of a plain loop."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix.canonical import hash_of_id
from pinchmix.scan import BLANK, blank
from pinchmix.sources.database import Database
from pinchmix.sources.joined import by_slots, by_sorting, join_ids
from tests.grids import laws

WIDTH = 3
IDS = st.sampled_from(["", "a", "B", "aa", "é", "z", "\U0001f600", "instruction-1", "instruction-10", "x" * 30])
ROWS = st.lists(st.tuples(IDS, st.integers(0, WIDTH - 1)), max_size=12)


@pytest.fixture(scope="module")
def database():
    return Database()


def parts_of(database, tables):
    """SQL of each table, its rows addressed by table and row, and the same rows in Python."""
    parts, rows = [], []
    for number, table in enumerate(tables):
        found = [(name, language, number * 100 + row) for row, (name, language) in enumerate(table)]
        columns = list(zip(*found, strict=True)) or [[], [], []]
        types = (pa.string(), pa.int16(), pa.int64())
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
        view = database.register(pa.table(arrays, names=["id", "language", "address"]))
        parts.append((len(found), f"SELECT id, language, address FROM {view}"))
        rows += found
    return parts, rows


def listed(joined):
    cells = zip(joined.instruction.tolist(), joined.language.tolist(), joined.address.tolist(), strict=True)
    return joined.ids.to_pylist(), joined.hashes.tolist(), list(cells)


@laws(80)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_both_ways_give_the_cells_of_a_plain_loop(database, tables):
    parts, rows = parts_of(database, tables)
    ids = sorted({name for name, _, _ in rows})
    cells = sorted((ids.index(name), language, address) for name, language, address in rows)
    hashes = [hash_of_id(name) for name in ids]

    by_size = [part for _, part in sorted(parts, key=lambda part: -part[0])]
    slow = by_sorting(database, by_size, WIDTH)
    names, known, found = listed(slow)
    assert (names, known, sorted(found)) == (ids, hashes, cells)
    assert [cell[:2] for cell in found] == [cell[:2] for cell in cells]
    assert slow.instruction.dtype == np.int32
    assert slow.language.dtype == np.int16

    quick = by_slots(database, by_size, WIDTH, len(ids) * WIDTH)
    if len({cell[:2] for cell in cells}) < len(cells):
        assert quick is None
    else:
        assert quick is not None
        assert listed(quick) == (ids, hashes, cells)
        assert [column.dtype for column in quick[1:]] == [column.dtype for column in slow[1:]]
    if ids:
        assert by_slots(database, by_size, WIDTH, len(ids) * WIDTH - 1) is None
    names, known, found = listed(join_ids(database, parts, WIDTH))
    assert (names, known, sorted(found)) == (ids, hashes, cells)


@pytest.mark.parametrize("overlap", [0, 1, 30_000, 60_000])
def test_ways_agree_beyond_one_block_and_one_batch(database, overlap):
    """Tables of many batches, whose ids are shared in part; the second begins where ``overlap`` ids are left."""
    names = np.array([f"{number * 7919 % 1_000_003:07d}" for number in range(180_000)])
    tables = [names[:100_000], names[100_000 - overlap : 180_000 - overlap][::-1]]
    parts = []
    for number, table in enumerate(tables):
        columns = {
            "id": pa.array(table),
            "language": pa.array(np.full(len(table), number, dtype=np.int16)),
            "address": pa.array(np.arange(len(table)) + (number << 40)),
        }
        parts.append(f"SELECT id, language, address FROM {database.register(pa.table(columns))}")
    quick, slow = by_slots(database, parts, WIDTH, 10**9), by_sorting(database, parts, WIDTH)
    assert quick is not None
    assert quick.ids.equals(slow.ids)
    for mine, theirs in zip(quick[1:], slow[1:], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert quick.ids.equals(pa.array(np.unique(np.concatenate(tables))))


def test_a_text_is_blank_if_and_only_if_every_character_of_it_shows_nothing(database):
    """Every character there is, alone, and before one that shows and some that do not."""
    characters = f"SELECT chr(i::INTEGER) AS x FROM range(1, {0x110000}) r(i) WHERE i NOT BETWEEN {0xD800} AND {0xDFFF}"
    for text in ("x", "x || ' '", "x || 'a'", "x || chr(8203)"):
        [(wrong, blanks)] = database.rows(
            f"SELECT count(*) FILTER ({blank(text)} <> regexp_full_match({text}, '{BLANK}')), "
            f"count(*) FILTER ({blank(text)}) FROM ({characters})"
        )
        assert wrong == 0
        assert (blanks > 100) is ("a" not in text)
