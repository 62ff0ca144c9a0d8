"""Conversations of one prompt and one response, for formats that can say no more."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def faults_of_single(messages: pa.Array, name: str) -> pa.Array:
    """Return why conversations are more than a prompt and a response, null where they are not; strings.

    Args:
        messages: Lists of structs of role and content, shape ``(rows,)``.
        name: The format that asks.

    Example:
        >>> turns = [{"role": role, "content": "x"} for role in ("system", "user", "assistant")]
        >>> faults_of_single(pa.array([turns, turns[1:]]), "alpaca").to_pylist()
        ['a system turn, which alpaca cannot say', None]
    """
    lengths = pc.list_value_length(messages).to_numpy(zero_copy_only=False)
    system = role_of_first(messages) == "system"
    many = lengths - system > 2
    said = np.where(system, f"a system turn, which {name} cannot say", f"several turns, and {name} says one only")
    return pa.array(said, pa.string(), mask=~(system | many))


def role_of_first(messages: pa.Array) -> np.ndarray:
    """Return the role of the first turn of each conversation, shape ``(rows,)``, objects."""
    first: np.ndarray = pc.struct_field(pc.list_element(messages, 0), "role").to_numpy(zero_copy_only=False)
    return first


def content_of(messages: pa.Array, turn: int) -> pa.Array:
    """Return what is said in a turn of each conversation.

    Example:
        >>> content_of(pa.array([[{"role": "user", "content": "Hi"}]]), 0).to_pylist()
        ['Hi']
    """
    return pc.struct_field(pc.list_element(messages, turn), "content")
