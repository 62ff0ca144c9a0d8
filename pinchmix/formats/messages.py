"""messages: what the mixture holds, as it is; the one form that every trainer reads."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Messages:
    """Rows of exactly ``{"messages": [{"role": ..., "content": ...}, ...]}``.

    Example:
        >>> talk = pa.array([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]])
        >>> Messages().rows(talk).to_pylist() == [{"messages": talk[0].as_py()}]
        True
    """

    name: str = "messages"
    version: str = "1"

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return nulls: every conversation of a mixture can be said."""
        return pa.nulls(len(messages), pa.string())

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the conversations as the one column ``messages``."""
        return pa.record_batch({"messages": messages})
