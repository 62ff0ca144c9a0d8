"""sharegpt: conversations of system, human and gpt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt"}


@dataclass(frozen=True)
class ShareGPT:
    """Rows of exactly ``{"conversations": [{"from": ..., "value": ...}, ...]}``.

    Example:
        >>> talk = pa.array([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]])
        >>> ShareGPT().rows(talk).to_pylist()
        [{'conversations': [{'from': 'human', 'value': 'Hi'}, {'from': 'gpt', 'value': 'Ho'}]}]
    """

    name: str = "sharegpt"
    version: str = "1"

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return nulls: every conversation of a mixture can be said."""
        return pa.nulls(len(messages), pa.string())

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the conversations with the other names of roles and keys."""
        turns = messages.flatten()
        roles = pc.struct_field(turns, "role")
        speakers = pa.array(SPEAKERS.values()).take(pc.index_in(roles, pa.array(SPEAKERS)))
        told = pa.StructArray.from_arrays([speakers, pc.struct_field(turns, "content")], ["from", "value"])
        offsets = messages.offsets.to_numpy()
        starts = pa.array((offsets - offsets[0]).astype(np.int32))
        return pa.record_batch({"conversations": pa.ListArray.from_arrays(starts, told)})
