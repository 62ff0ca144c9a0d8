"""prompt_completion: a prompt and a completion, both plain text; for rows of one turn each without a system turn."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from pinchmix.formats.turns import content_of, faults_of_single


@dataclass(frozen=True)
class PromptCompletion:
    """Rows of exactly ``{"prompt": ..., "completion": ...}``.

    Example:
        >>> talk = pa.array([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]])
        >>> PromptCompletion().rows(talk).to_pylist()
        [{'prompt': 'Hi', 'completion': 'Ho'}]
    """

    name: str = "prompt_completion"
    version: str = "1"

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return why conversations are more than a prompt and a response."""
        return faults_of_single(messages, self.name)

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the two texts of each conversation."""
        return pa.record_batch({"prompt": content_of(messages, 0), "completion": content_of(messages, 1)})
