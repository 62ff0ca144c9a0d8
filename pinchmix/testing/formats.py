"""The laws of formats."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import pyarrow as pa

from pinchmix.plugins import Format
from pinchmix.rows import MESSAGES
from pinchmix.testing.laws import hold

# Two texts that join to a third, in every way to cut it; what looks like a value, a tag or a line end; scripts.
TEXTS = ("a", "b", "ab", "a\n", "\na", " a ", "a\n\nb", "null", "42", "2024-01-02", '{"a": 1}', "\\n", "<s>a</s>")
SCRIPTS = ("سلام", "你好", "नमस्\u200dते", "👩‍👩‍👧", "a\u2028b", "\u0085", "\ufeffa", "\x00")
SHAPES = (
    ("user", "assistant"),
    ("system", "user", "assistant"),
    ("user", "assistant", "user", "assistant"),
    ("system", "user", "assistant", "user", "assistant"),
)


def _conversations() -> pa.Array:
    """Return conversations of every shape; those of one shape have all their texts exchanged with one another."""
    found = []
    for roles in SHAPES:
        said = list(itertools.product(TEXTS[:4], repeat=min(len(roles), 3)))
        said += [(text, other, text) for text, other in itertools.pairwise(TEXTS + SCRIPTS)]
        found += [
            [{"role": role, "content": texts[turn % len(texts)]} for turn, role in enumerate(roles)] for texts in said
        ]
    distinct = {json.dumps(turns): turns for turns in found}
    return pa.array(distinct.values(), MESSAGES)


def check_format(form: Format, conversations: pa.Array | None = None) -> None:
    """Raise AssertionError unless a format keeps its laws.

    Faults and rows are the same twice, in any order of the conversations, and for each alone; all rows have the same
    keys, of types that JSON has; two conversations with the same roles are two different rows, or one is refused.

    Args:
        form: What is to be tested.
        conversations: What it is tested on, lists of structs of role and content, each conversation once; by default,
            conversations of all shapes with texts that are easily confused.

    Example:
        >>> from pinchmix.formats.alpaca import Alpaca
        >>> check_format(Alpaca())
    """
    hold(isinstance(form, Format), f"{form!r} lacks name, version, faults() or rows()")
    named = isinstance(form.name, str) and form.name.isidentifier() and form.name.isascii()
    hold(named, f"a name is that of a folder: letters, digits and _, not {form.name!r}")
    hold(isinstance(form.version, str) and bool(form.version), f"version is a text, not {form.version!r}")
    whole = _conversations() if conversations is None else conversations
    faults = _faults(form, whole)
    hold(faults == _faults(form, whole), "the same conversations, other faults")
    hold(_rows(form, whole.slice(0, 0)) == [], "of no conversations there are no rows")
    good = [place for place, fault in enumerate(faults) if fault is None]
    said = whole.take(pa.array(good, pa.int64()))
    rows = _rows(form, said)
    hold(rows == _rows(form, said), "the same conversations, other rows")
    backwards = pa.array(range(len(whole)))[::-1]
    hold(faults == _faults(form, whole.take(backwards))[::-1], "a fault must not depend on the order of conversations")
    hold(rows == _rows(form, said.take(pa.array(range(len(said)))[::-1]))[::-1], "a row must not depend on the order")
    for place in range(len(whole)):
        alone = _faults(form, whole.slice(place, 1))
        hold(alone == [faults[place]], f"{whole[place]} has the fault {alone[0]!r} alone and {faults[place]!r} not")
    for place, row in enumerate(rows):
        # A slice shares the memory of the whole: what is read from its beginning is another conversation.
        single = _rows(form, said.slice(place, 1))
        hold(single == [row], f"{said[place]} is {single} alone and {row} among others")
    _check_distinct(said, rows)


def _faults(form: Format, messages: pa.Array) -> list[str | None]:
    faults = form.faults(messages)
    hold(isinstance(faults, pa.Array) and faults.type == pa.string(), "faults are an Arrow array of strings")
    hold(len(faults) == len(messages), f"a fault or null for each of {len(messages)}, not {len(faults)}")
    found: list[str | None] = faults.to_pylist()
    return found


def _rows(form: Format, messages: pa.Array) -> list[str]:
    """Return the rows as JSON."""
    batch = form.rows(messages)
    hold(isinstance(batch, pa.RecordBatch), f"rows() returns a RecordBatch, not {type(batch).__name__}")
    hold(batch.num_rows == len(messages), f"a row for each of {len(messages)}, not {batch.num_rows}")
    hold(batch.num_columns > 0, "a row has a key")
    try:
        return [json.dumps(row) for row in batch.to_pylist()]
    except TypeError as error:
        raise AssertionError(f"a row is of types that JSON has: {error}") from error


def _check_distinct(said: pa.Array, rows: Sequence[str]) -> None:
    roles = [tuple(turn["role"] for turn in turns) for turns in said.to_pylist()]
    seen: dict[tuple[tuple[str, ...], str], int] = {}
    for place, key in enumerate(zip(roles, rows, strict=True)):
        other = seen.setdefault(key, place)
        hold(other == place, f"{said[other]} and {said[place]} are one row: {rows[place]}")
