"""alpaca: instruction, input and output; for rows of one turn each without a system turn."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from pinchmix.formats.turns import content_of, faults_of_single


@dataclass(frozen=True)
class Alpaca:
    """Rows of exactly ``{"instruction": ..., "input": "", "output": ...}``.

    The whole prompt is the instruction: trainers join instruction and input in different ways. A system turn is refused
    rather than put into a key that some trainers read and others pass over.

    Example:
        >>> talk = pa.array([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]])
        >>> Alpaca().rows(talk).to_pylist()
        [{'instruction': 'Hi', 'input': '', 'output': 'Ho'}]
    """

    name: str = "alpaca"
    version: str = "1"

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return why conversations are more than a prompt and a response."""
        return faults_of_single(messages, self.name)

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the two texts of each conversation, with an empty input between them."""
        empty = pa.repeat(pa.scalar("", pa.string()), len(messages))
        return pa.record_batch(
            {"instruction": content_of(messages, 0), "input": empty, "output": content_of(messages, 1)}
        )
