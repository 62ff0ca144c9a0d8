"""A format: the roles and the texts of a conversation as two lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Columns:
    """Rows of exactly ``{"roles": [...], "texts": [...]}``, for trainers that know nothing of objects in lists.

    Example:
        >>> talk = pa.array([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]])
        >>> Columns().rows(talk).to_pylist()
        [{'roles': ['user', 'assistant'], 'texts': ['Hi', 'Ho']}]
    """

    name: str = "columns"
    version: str = "1"

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return nulls: every conversation can be said. A text in the place of a null would refuse one."""
        return pa.nulls(len(messages), pa.string())

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the two lists of each conversation."""
        turns = messages.flatten()  # of these conversations alone, even where they are a slice of others
        starts = np.concatenate([[0], pc.list_value_length(messages).to_numpy(zero_copy_only=False).cumsum()])
        fields = {"roles": pc.struct_field(turns, "role"), "texts": pc.struct_field(turns, "content")}
        offsets = pa.array(starts, pa.int32())
        return pa.record_batch({name: pa.ListArray.from_arrays(offsets, field) for name, field in fields.items()})
