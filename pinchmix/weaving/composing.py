"""Composing: the conversations of woven cells from those of plain ones, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.rows import MESSAGES
from pinchmix.weave import Weave

Ints = npt.NDArray[np.int64]
TURN = MESSAGES.value_type


class _Lists(NamedTuple):
    """Conversations as columns: where each begins among the turns, how many it has, and whether a system turn leads."""

    turns: pa.StructArray
    start: Ints
    size: Ints
    system: Ints


def compose(messages: pa.Array, weave: Ints, weaves: Sequence[Weave], requests: Sequence[tuple[str, str]]) -> pa.Array:
    """Return a conversation a row.

    Args:
        messages: Plain conversations: one of a plain row, both of a woven one, the first of its languages first. A
            null stands for one that cannot be used.
        weave: What each row is: the place of its column in ``weaves``, -1 for a plain row; shape ``(rows,)``.
        weaves: The woven columns.
        requests: What stands before and after the text to be translated, one pair a column.

    Returns:
        Lists of role and content; empty for woven rows of which a part cannot be used.

    Example:
        >>> turns = [[{"role": "user", "content": f"{tag}?"}, {"role": "assistant", "content": tag}] for tag in "ab"]
        >>> whole = compose(pa.array(turns, MESSAGES), np.array([0]), [Weave("cross", "a", "b")], [("", "")])
        >>> [turn["content"] for turn in whole[0].as_py()]
        ['a?', 'b']
    """
    kinds = np.array([("cross", "translate", "switch").index(one.kind) for one in weaves] + [-1])[weave]
    width = 1 + (weave >= 0)
    first = np.cumsum(width) - width
    second = first + (weave >= 0)
    lists = _lists(messages)
    there = (lists.size[first] > 0) & (lists.size[second] > 0)
    asking = np.flatnonzero((kinds == 1) & there)
    turns = lists.turns
    if len(asking):
        turns = pa.concat_arrays([turns, *_translations(lists, first, second, asking, weave, weaves, requests)])
    size = np.where(there, np.where(kinds == 1, 2, lists.size[first]), 0)
    ends = np.cumsum(size)
    row = np.repeat(np.arange(len(size)), size)
    turn = np.arange(len(row)) - np.repeat(ends - size, size)
    own = turn - lists.system[first][row]  # from 0 after the system turn
    kind = kinds[row]
    other = (own >= 0) & np.where(kind == 0, own % 2 == 1, (kind == 2) & (own // 2 % 2 == 1))
    apart = lists.start[second][row] + lists.system[second][row] + own
    index = np.where(other, apart, lists.start[first][row] + turn)
    if len(asking):
        rank = np.zeros(len(size), dtype=np.int64)
        rank[asking] = np.arange(len(asking))
        index = np.where(kind == 1, len(lists.turns) + turn * len(asking) + rank[row], index)
    offsets = pa.array(np.append(0, ends).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, turns.take(pa.array(index))).cast(MESSAGES)


def _lists(messages: pa.Array) -> _Lists:
    size = pc.fill_null(pc.list_value_length(messages), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    turns = messages.flatten()  # of nulls, nothing
    start = np.cumsum(size) - size
    lead = np.zeros(len(size), dtype=np.int64)
    there = np.flatnonzero(size > 0)
    roles = pc.struct_field(turns, "role").take(pa.array(start[there]))
    lead[there] = pc.equal(roles, "system").to_numpy(zero_copy_only=False)
    return _Lists(turns, start, size, lead)


def _translations(
    lists: _Lists,
    first: Ints,
    second: Ints,
    rows: Ints,
    weave: Ints,
    weaves: Sequence[Weave],
    requests: Sequence[tuple[str, str]],
) -> tuple[pa.Array, pa.Array]:
    """Return the requests of some rows, and then their answers, as turns."""
    content = pc.struct_field(lists.turns, "content")
    field = np.array([one.field == "response" for one in weaves], dtype=np.int64)[weave[rows]]
    place = pa.array(weave[rows])

    def text(part: Ints) -> pa.Array:
        return content.take(pa.array(lists.start[part[rows]] + lists.system[part[rows]] + field))

    before, after = (pa.array([request[side] for request in requests], pa.string()).take(place) for side in (0, 1))
    asked = pc.binary_join_element_wise(before, text(first), after, "")
    return _turns("user", asked), _turns("assistant", text(second))


def _turns(role: str, content: pa.Array) -> pa.Array:
    return pa.StructArray.from_arrays([pa.repeat(role, len(content)), content], fields=list(TURN))
