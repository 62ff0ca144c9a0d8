"""The rows of a mixture: the scratch file they live in, and how rows become JSON lines.

A row is exactly ``{"messages": [{"role": ..., "content": ...}, ...]}``: the form that every trainer reads. U+0085,
U+2028 and U+2029 are escaped, because readers exist that split lines at them.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.canonical import digest_of
from pinchmix.errors import SourceChanged
from pinchmix.sources.database import Database

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
FACTS = ("id", "split", "column", "prompt_language", "response_language", "source", "row", "copy", "tokens", "verdict")
ROW = (*FACTS, "messages")
LINE_ENDS = (0x85, 0x2028, 0x2029)
LOOK = 1 << 20  # bytes looked through at a time, few enough for the processor's cache


class Stored(NamedTuple):
    """Where rows are.

    Attributes:
        path: An Arrow file with the columns of ``ROW``.
        splits: Each split that has rows → the numbers of its batches in the file; no batch is of two splits.
    """

    path: Path
    splits: Mapping[str, range]


class Rows:
    """The rows of a mixture in their final order, in a file that is mapped into memory when it is read.

    Attributes:
        database: Owner of the scratch folder; the rows live as long as it does.
    """

    def __init__(self, database: Database, write: Callable[[], Stored]) -> None:
        self.database = database
        self._write: Callable[[], Stored] | None = write
        self._lock = threading.Lock()
        self._digest: str | None = None

    def stored(self) -> Stored:
        """Return where the rows are, after writing them if nobody has asked for them before."""
        with self._lock:
            if self._write is not None:
                with self.database.alone():  # rows of other mixtures may be about to be written from it too
                    self._stored = self._write()
                self._write = None  # and with it what it reads from
            return self._stored

    @property
    def path(self) -> Path:
        """The file."""
        return self.stored().path

    @property
    def splits(self) -> Mapping[str, range]:
        """The numbers of each split's batches."""
        return self.stored().splits

    def table(self) -> pa.Table:
        """Return all rows as an Arrow table that occupies disk, not memory."""
        return pa.ipc.open_file(pa.memory_map(str(self.path))).read_all()

    def batches(
        self, columns: Sequence[str] = ROW, split: str | None = None, part: slice | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches, which are read into memory one by one.

        Args:
            columns: Those to read.
            split: The split to read, of which there may be no rows; all by default.
            part: Which of its rows, from start to stop; all by default.
        """
        options = pa.ipc.IpcReadOptions(included_fields=[ROW.index(name) for name in columns])
        first, last = (0, None) if part is None else (part.start, part.stop)
        with pa.OSFile(str(self.path), "rb") as stored:
            reader = pa.ipc.open_file(stored, options=options)
            done = 0
            for place in range(reader.num_record_batches) if split is None else self.splits.get(split, range(0)):
                if last is not None and done >= last:
                    return
                batch = reader.get_batch(place)
                size = batch.num_rows
                begin, end = max(first - done, 0), size if last is None else min(last - done, size)
                if begin < end:
                    yield batch.slice(begin, end - begin)
                done += size

    def know_text(self, sha256: Mapping[str, str]) -> None:
        """Take over split → SHA-256 of its JSON lines, in hexadecimal, from whoever has just written them."""
        self._digest = digest_of_rows(self.table(), "".join(sha256[split] for split in self.splits))

    def digest(self) -> str:
        """Return the identity of the mixture: which rows, in which languages, in which order, with which text."""
        if self._digest is None:
            states = {split: hashlib.sha256() for split in self.splits}
            writer = Database(keep_order=True)
            try:
                for split, state in states.items():
                    for batch in self.batches(["messages"], split):
                        state.update(json_lines(writer, batch).block)
            finally:
                writer.close()
            self.know_text({split: state.hexdigest() for split, state in states.items()})
        assert self._digest is not None
        return self._digest


def write_rows(database: Database, columns: pa.Table, messages: Iterable[pa.Array]) -> Stored:
    """Write the rows of a mixture to the scratch folder.

    Args:
        database: Owner of the scratch folder.
        columns: The columns of ``FACTS``, split by split.
        messages: The messages of the same rows, in blocks.
    """
    path = Path(tempfile.mkdtemp(prefix="rows-", dir=database.folder)) / "rows.arrow"
    schema = columns.schema.append(pa.field("messages", MESSAGES))
    sizes = {item["values"]: item["counts"] for item in columns.column("split").value_counts().to_pylist()}
    ends = np.cumsum(list(sizes.values()))
    batches = [0] * len(sizes)
    done = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for block in messages:
            start = done
            while done < start + len(block):
                split = int(np.searchsorted(ends, done, side="right"))
                size = min(start + len(block), int(ends[split])) - done
                part = columns.slice(done, size).combine_chunks()
                part = part.append_column("messages", block.slice(done - start, size)).cast(schema)
                (batch,) = part.to_batches()
                writer.write_batch(batch)
                batches[split] += 1
                done += size
    if done != columns.num_rows:
        raise SourceChanged("the source", f"{columns.num_rows - done:,} of the rows that were scanned are gone")
    firsts = np.cumsum([0, *batches]).tolist()
    return Stored(path, {split: range(*firsts[place : place + 2]) for place, split in enumerate(sizes)})


def digest_of_rows(columns: pa.Table, text: str) -> str:
    """Return the identity of rows.

    Args:
        columns: A table with the columns id, split, column, prompt_language and response_language. Where no column is
            woven it says what the languages do, and is left out.
        text: The SHA-256 of the JSON lines of each split that has rows, in hexadecimal, joined in their order; of one
            split, that of its file.

    Example:
        >>> row = {name: ["en"] for name in ("id", "split", "column", "prompt_language", "response_language")}
        >>> len(digest_of_rows(pa.table(row), "0" * 64))
        32
    """
    parts: list[Any] = [text.encode()]
    woven = pc.any(pc.not_equal(columns.column("column"), columns.column("response_language"))).as_py()
    for name in ("id", "split", *(("column",) if woven else ()), "prompt_language", "response_language"):
        whole = columns.column(name).cast(pa.large_string()).combine_chunks()
        array = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
        ends = np.frombuffer(array.buffers()[1], dtype="<i8")[array.offset : array.offset + len(array) + 1]
        data = array.buffers()[2]
        parts.append(memoryview((ends - ends[0]).astype("<i8")))
        parts.append(memoryview(data)[int(ends[0]) : int(ends[-1])] if len(array) and data else b"")
    return digest_of(*parts)


class Lines(NamedTuple):
    """Rows as JSON lines.

    Attributes:
        block: All lines, each with its end, in UTF-8.
        digests: The MD5 of each line without its end, in hexadecimal, as ``md5sum`` says it; None if not asked for.
    """

    block: memoryview
    digests: pa.Array | None


def json_lines(database: Database, rows: pa.RecordBatch, *, digests: bool = False) -> Lines:
    r"""Return rows as JSON lines: an object a row, its keys the columns.

    Args:
        database: Does the work, column by column; must keep order.
        rows: A batch of any columns that JSON can say.
        digests: Whether to tell the digest of each line too.

    Example:
        >>> rows = pa.record_batch({"messages": pa.array([[{"role": "user", "content": "a\u2028b"}]], type=MESSAGES)})
        >>> bytes(json_lines(Database(keep_order=True), rows).block)
        b'{"messages":[{"role":"user","content":"a\\u2028b"}]}\n'
    """
    name = database.register(pa.Table.from_batches([rows]))
    body = "to_json(t)::VARCHAR"
    lines = _lines(database, name, body, digests)
    if _has_line_ends(lines.block):
        for code in LINE_ENDS:
            body = f"replace({body}, chr({code}), '\\u{code:04x}')"
        lines = _lines(database, name, body, digests)
    database.unregister(name)
    return lines


def _lines(database: Database, name: str, body: str, digests: bool) -> Lines:
    digest = ", md5(line) AS digest" if digests else ""
    found = database.table(f"SELECT line || chr(10) AS line{digest} FROM (SELECT {body} AS line FROM {name} AS t)")
    blocks = [_bytes_of(chunk) for chunk in found.column("line").chunks]
    block = blocks[0] if len(blocks) == 1 else memoryview(b"".join(blocks))
    return Lines(block, found.column("digest").combine_chunks() if digests else None)


def _has_line_ends(block: memoryview) -> bool:
    """Tell whether a text in UTF-8 holds one of the LINE_ENDS; most do not, and looking costs less than replacing."""
    whole = np.frombuffer(block, dtype=np.uint8)
    for start in range(0, len(whole), LOOK):
        part = whole[start : start + LOOK + 2]  # with the rest of a character that begins at the very end
        if part.max() < 0x80:
            continue
        for code in LINE_ENDS:
            character = chr(code).encode()
            starts = len(part) - len(character) + 1
            hits = part[:starts] == character[0]
            for place, byte in enumerate(character[1:], 1):
                hits &= part[place : place + starts] == byte
            if hits.any():
                return True
    return False


def _bytes_of(text: pa.Array) -> memoryview:
    """Return the bytes of all texts of an array one after the other, without a copy."""
    wide = pa.types.is_large_string(text.type)
    ends = np.frombuffer(text.buffers()[1], dtype="<i8" if wide else "<i4")
    data = text.buffers()[2]
    if data is None:
        return memoryview(b"")
    return memoryview(data)[int(ends[text.offset]) : int(ends[text.offset + len(text)])]
