"""The bytes of a text file: counted as they are read, decompressed, and of the kind that the name says."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import zstandard

from pinchmix.progress import Step
from pinchmix.sources.faults import Faults

# What the first bytes of a file say that it is, whatever its name says.
MAGIC = {b"PAR1": "Parquet", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "Zstandard", b"PK\x03\x04": "a zip archive"}


class CountedBytes(io.RawIOBase):
    """A stream that moves a progress bar on as it is read."""

    def __init__(self, raw: Any, step: Step) -> None:
        self._raw, self._step = raw, step

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer and count what went into it."""
        block = self._raw.read(len(buffer))
        buffer[: len(block)] = block
        self._step(len(block))
        return len(block)


class _Unpacked(io.RawIOBase):
    """Zstandard data, unpacked; unlike the library's own reader it tells when the data ends too early."""

    def __init__(self, packed: io.BufferedReader) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._input, self._output = b"", memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._output:
            self._input = self._input or self._packed.read(1 << 17)
            if not self._input:
                if not self._frame.eof:
                    raise EOFError
                return 0
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._output = memoryview(self._frame.decompress(self._input))
            self._input = self._frame.unused_data
        size = min(len(buffer), len(self._output))
        buffer[:size], self._output = self._output[:size], self._output[size:]
        return size


def decompressed(raw: io.RawIOBase, url: str, faults: Faults, name: str) -> io.BufferedReader | None:
    """Return a file's bytes as they are inside its compression, or None (and a fault) if they are not as named."""
    plain: io.BufferedReader = io.BufferedReader(raw, 1 << 20)
    openers: dict[str, tuple[bytes, Callable[[Any], Any]]] = {
        ".gz": (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream)),
        ".zst": (b"\x28\xb5\x2f\xfd", _Unpacked),
    }
    packed = next((ending for ending in openers if url.endswith(ending)), None)
    if packed is None:
        return plain
    magic, opener = openers[packed]
    head = plain.peek(4)[:4]
    if head and not head.startswith(magic):
        faults.add(name, 0, "wrong ending", f"{PurePath(url).suffix}, but the content is not compressed that way")
        return None
    return io.BufferedReader(opener(plain), 1 << 20)


def is_other(head: bytes, ending: str, faults: Faults, name: str) -> bool:
    """Note a file whose first bytes contradict its ending."""
    what = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
    if what is None and head.startswith((b"\xff\xfe", b"\xfe\xff")):
        faults.add(name, 0, "not UTF-8", "the file is UTF-16")
        return True
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if what is None and ending in (".jsonl", ".ndjson") and start == b"[":
        what = "a JSON array (.json)"
    if what is None and ending == ".json" and start == b"{":
        what = "JSON Lines (.jsonl) or a single object"
    if what is None and ending in (".csv", ".tsv") and start in (b"{", b"["):
        what = "JSON"
    if what is None:
        return False
    faults.add(name, 0, "wrong ending", f"{ending}, but the content is {what}")
    return True
