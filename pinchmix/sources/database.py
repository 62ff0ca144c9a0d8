"""The scratch database: DuckDB over the tables of a source, with bounded memory and a folder that goes with it."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

MEMORY = "700MB"  # for DuckDB; arrays of the grid and batches in flight come on top
DatabaseError = duckdb.Error  # what a query may raise
BATCH = 50_000  # rows handed over at a time


def quoted(text: str) -> str:
    """Return a text as a SQL literal.

    Example:
        >>> quoted("it's")
        "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _remove(folder: Path, owner: int) -> None:
    """Remove a scratch folder, unless this is a forked process, whose parent is still using it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


class Database:
    """A private DuckDB in memory that spills to a scratch folder; both end with the object, or at exit.

    Threads may share it: they take turns, but for the streams of :meth:`batches`.

    Args:
        keep_order: Return rows in the order in which they stand in a table, at the price of speed; without it only
            ORDER BY says anything about order.

    Attributes:
        folder: The scratch folder, for files that live as long as the database.

    Example:
        >>> Database().columns("SELECT 1 AS one")["one"].tolist()
        [1]
    """

    def __init__(self, *, keep_order: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pinchmix-"))
        self._connection = duckdb.connect()
        for setting in (
            f"memory_limit = '{MEMORY}'",
            f"temp_directory = {quoted(str(self.folder))}",
            f"threads = {os.cpu_count() or 1}",
            f"preserve_insertion_order = {str(keep_order).lower()}",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
        ):
            self._connection.execute(f"SET {setting}")
        # In a notebook without ipywidgets there is no bar, and DuckDB refuses even to switch it off.
        if self._connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() != [(False,)]:
            self._connection.execute("SET enable_progress_bar = false")
        self._registered = 0
        self._lock = threading.RLock()  # DuckDB refuses a second thread instead of letting it wait
        # The folder goes with the object, not with the connection: rows in it outlive queries.
        self._finalizer = weakref.finalize(self, _remove, self.folder, os.getpid())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (duckdb.InterruptException, RuntimeError) as error:  # what becomes of Ctrl-C inside DuckDB
                if "interrupt" not in str(error).lower():
                    raise
                raise KeyboardInterrupt from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Make other threads wait until several statements, streams among them, are done."""
        with self._lock:
            yield

    def execute(self, sql: str) -> None:
        """Run a statement whose result is not needed."""
        with self._turn():
            self._connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the few rows of a query."""
        with self._turn():
            found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return found

    def columns(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """Return the columns of a query as arrays, without nulls in them."""
        table = self.table(sql)
        return {name: np.asarray(table.column(name).to_numpy()) for name in table.column_names}

    def table(self, sql: str) -> pa.Table:
        """Return the result of a query as an Arrow table."""
        with self._turn():
            return self._connection.sql(sql).to_arrow_table()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Yield the result of a query in Arrow batches; one stream at a time."""
        stream = self._connection.sql(sql).to_arrow_reader(BATCH)
        while True:
            try:
                batch = stream.read_next_batch()
            except StopIteration:
                return
            except OSError as error:  # what fails while the stream runs comes through Arrow
                raise DatabaseError(str(error)) from error
            yield batch

    def register(self, table: pa.Table) -> str:
        """Make an Arrow table readable and return the name it has in SQL; nothing is copied."""
        with self._turn():
            self._registered += 1
            name = f"arrow_{self._registered}"
            self._connection.register(name, table)
        return name

    def unregister(self, name: str) -> None:
        """Forget a registered table."""
        with self._turn():
            self._connection.unregister(name)

    def parquet(self, path: Path) -> str:
        """Return a Parquet file as a SQL table with its row numbers as ``file_row_number``."""
        # Folder names may hold glob characters and key=value parts; neither means anything here.
        return f"read_parquet({quoted(glob.escape(str(path)))}, file_row_number=true, hive_partitioning=false)"

    def close(self) -> None:
        """End the database and remove its folder."""
        self._connection.close()
        self._finalizer()
