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
    """Batches of one schema; those that the allowance has no room for go to files.

    Args:
        path: The first file, without its number; files are made when they are needed.
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
        self._files: list[Path] = []
        self._open: tuple[pa.OSFile, pa.ipc.RecordBatchFileWriter] | None = None

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        if self._allowance.take(batch.nbytes):
            self._memory.append(batch)
            return
        if self._open is None:  # a file that has been read cannot go on
            self._files.append(self._path.with_name(f"{self._path.name}-{len(self._files)}"))
            sink = pa.OSFile(str(self._files[-1]), "wb")
            self._open = sink, pa.ipc.new_file(sink, self.schema)
        self._open[1].write_batch(batch)

    def _finish(self) -> None:
        if self._open is not None:
            sink, writer = self._open
            writer.close()
            sink.close()
            self._open = None

    def table(self) -> pa.Table:
        """Return all batches; what is on disk stays there, mapped into memory."""
        self._finish()
        stored = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in self._files]
        return pa.concat_tables([pa.Table.from_batches(self._memory, self.schema), *stored])

    def drain(self) -> Iterator[pa.RecordBatch]:
        """Yield all batches and forget them; those on disk are read one by one."""
        self._finish()
        while self._memory:
            batch = self._memory.pop()
            self._allowance.left += batch.nbytes
            yield batch
        while self._files:
            with pa.OSFile(str(self._files[-1]), "rb") as stored:
                reader = pa.ipc.open_file(stored)
                for number in range(reader.num_record_batches):
                    yield reader.get_batch(number)
            self._files.pop().unlink()

    def close(self) -> None:
        """Forget what is left."""
        self._finish()
        while self._memory:
            self._allowance.left += self._memory.pop().nbytes
        while self._files:
            self._files.pop().unlink(missing_ok=True)
