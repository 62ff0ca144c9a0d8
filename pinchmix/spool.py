"""Batches that wait for their turn: in memory while they are few, and then in a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa


@dataclass
class Allowance:
    """Bytes of memory that several spools share.

    Attributes:
        left: What is not taken yet.
    """

    left: int

    def take(self, size: int) -> bool:
        """Take so many bytes if they are left; tell whether they were."""
        if size > self.left:
            return False
        self.left -= size
        return True


class Spool:
    """Batches of one schema; those that the allowance has no room for go to a file.

    Args:
        path: The file; made when it is needed.
        schema: Of the batches.
        allowance: How much may stay in memory, together with others.

    Example:
        >>> spool = Spool(Path("never made"), pa.schema([("n", pa.int64())]), Allowance(1000))
        >>> spool.append(pa.record_batch({"n": [1, 2]}))
        >>> [batch.num_rows for batch in spool.drain()]
        [2]
    """

    def __init__(self, path: Path, schema: pa.Schema, allowance: Allowance) -> None:
        self.schema = schema
        self._path, self._allowance = path, allowance
        self._memory: list[pa.RecordBatch] = []
        self._sink: pa.OSFile | None = None
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._stored = False

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch; only before anything is read."""
        if self._allowance.take(batch.nbytes):
            self._memory.append(batch)
            return
        if self._writer is None:
            self._sink = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_file(self._sink, self.schema)
            self._stored = True
        self._writer.write_batch(batch)

    def finish(self) -> None:
        """Close the file, so that it can be read."""
        if self._writer is not None and self._sink is not None:
            self._writer.close()
            self._sink.close()
        self._writer = self._sink = None

    def table(self) -> pa.Table:
        """Return all batches; what is on disk stays there, mapped into memory."""
        self.finish()
        held = pa.Table.from_batches(self._memory, self.schema)
        if not self._stored:
            return held
        return pa.concat_tables([held, pa.ipc.open_file(pa.memory_map(str(self._path))).read_all()])

    def drain(self) -> Iterator[pa.RecordBatch]:
        """Yield all batches and forget them; those from the file are read one by one."""
        self.finish()
        while self._memory:
            batch = self._memory.pop()
            self._allowance.left += batch.nbytes
            yield batch
        if self._stored:
            with pa.OSFile(str(self._path), "rb") as stored:
                reader = pa.ipc.open_file(stored)
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)
            self._path.unlink()
            self._stored = False

    def close(self) -> None:
        """Forget what is left."""
        self.finish()
        for batch in self._memory:
            self._allowance.left += batch.nbytes
        self._memory.clear()
        if self._stored:
            self._path.unlink(missing_ok=True)
            self._stored = False
