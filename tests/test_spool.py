"""Batches that wait: none is lost, memory is bounded, and where they waited makes no difference to a mixture."""

from __future__ import annotations

import pyarrow as pa
import pytest

import pinchmix.reading.texts
from pinchmix import build_mixture, sample
from pinchmix.reading.spool import Allowance, Spool

SCHEMA = pa.schema([("n", pa.int64())])
BATCHES = [pa.record_batch({"n": pa.array(range(start, start + 100))}) for start in range(0, 1000, 100)]
EACH = BATCHES[0].nbytes


@pytest.mark.parametrize("room", [0, EACH - 1, EACH, 4 * EACH, 10 * EACH])
def test_a_spool_gives_back_every_batch_and_all_of_its_room(tmp_path, room):
    allowance = Allowance(room)
    spool = Spool(tmp_path / "file", SCHEMA, allowance)
    for batch in BATCHES:
        spool.append(batch)
    in_memory = min(room // EACH, len(BATCHES))
    assert allowance.left == room - in_memory * EACH
    assert any(tmp_path.iterdir()) is (in_memory < len(BATCHES))
    assert sorted(spool.table().column("n").to_pylist()) == list(range(1000))
    assert sorted(n for batch in spool.drain() for n in batch.column("n").to_pylist()) == list(range(1000))
    assert allowance.left == room
    assert list(spool.drain()) == []
    assert not list(tmp_path.iterdir())


def test_a_closed_spool_leaves_nothing(tmp_path):
    allowance = Allowance(3 * EACH)
    spool = Spool(tmp_path / "file", SCHEMA, allowance)
    for batch in BATCHES:
        spool.append(batch)
    spool.close()
    assert allowance.left == 3 * EACH
    assert not list(tmp_path.iterdir())


def test_a_spool_can_be_read_and_go_on(tmp_path):
    spool = Spool(tmp_path / "file", SCHEMA, Allowance(EACH))
    for number, batch in enumerate(BATCHES, 1):
        spool.append(batch)
        assert spool.table().num_rows == 100 * number
    assert sum(batch.num_rows for batch in spool.drain()) == 1000


@pytest.mark.parametrize("validate", [False, True])
def test_memory_and_cut_change_nothing_in_a_mixture(monkeypatch, validate):
    def build():
        return build_mixture(sample(), {"en": 20, "*": 22}, validate=validate)

    mixtures = [build()]
    for kept, together, batch in ((0, 1, 5), (20_000, 5, 5), (1 << 30, 16, 5)):
        monkeypatch.setattr(pinchmix.reading.texts, "KEPT", kept)
        monkeypatch.setattr(pinchmix.reading.texts, "TOGETHER", together)
        monkeypatch.setattr(pinchmix.reading.texts, "BATCH", batch)
        mixtures.append(build())
    assert len({mixture.digest for mixture in mixtures}) == 1
    for mixture in mixtures:
        assert [path.name for path in mixture.rows.database.folder.iterdir() if path.name.startswith("block")] == []
