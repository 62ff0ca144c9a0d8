"""What a mixture must not hold: instructions named by id, and those whose prompt overlaps with an evaluation's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from functools import cached_property
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError
from pinchmix.exclude.evaluation import ENDINGS, read_prompts
from pinchmix.exclude.ngrams import KnownTexts
from pinchmix.text.wording import listing, near, number_of

NGRAM = 8
LONGEST_NGRAM = 100


class Reason(IntEnum):
    """Why an instruction is excluded; the first that holds."""

    NONE = 0
    ID = 1
    PROMPT = 2
    NGRAM = 3


@dataclass(frozen=True)
class Exclusion:
    """Instructions that must not be in a mixture: by id, and by overlap of their prompts with an evaluation's.

    Attributes:
        ids: Instruction ids; kept sorted, each once.
        prompts: Prompts of an evaluation; kept sorted, each once.
        ngram: A prompt overlaps if so many words in a row are also in an evaluation prompt. PaLM and Tülu 3 take 8,
            GPT-3 13; prompts of instructions are short, so 8 is the default. An evaluation prompt of fewer words
            overlaps with an equal prompt only. Words are those of :func:`~pinchmix.words.batches_of_words`.
        threshold: The part of the n-grams of one evaluation prompt that a prompt must hold, 0 to 1; with 0, any one
            n-gram is enough. Where evaluation prompts share boilerplate, 0.5 (as in Tülu 3) tells them apart.
        label: How messages and the manifest name it, such as a file's name; no part of its identity.

    Raises:
        ArgumentError: An id or a prompt is no text, ``ngram`` is no whole number from 1 to 100, or ``threshold`` is not
            between 0 and 1.

    Example:
        >>> Exclusion(prompts=["What is tea?", "What is tea?"]).prompts
        ('What is tea?',)
    """

    ids: Sequence[str] = ()
    prompts: Sequence[str] = ()
    ngram: int = NGRAM
    threshold: Fraction | float | str = 0
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(sorted({_id(item) for item in _items("ids", self.ids)})))
        prompts = _items("prompts", self.prompts)
        for place, prompt in enumerate(prompts):
            if not _is_text(prompt) or not prompt.strip():
                raise ArgumentError(f"exclude: prompts[{place}] is {_shown(prompt)}, and a prompt is a text.")
        object.__setattr__(self, "prompts", tuple(sorted(set(prompts))))
        if isinstance(self.ngram, bool) or not isinstance(self.ngram, Integral) or not 1 <= self.ngram <= LONGEST_NGRAM:
            raise ArgumentError(f"exclude: ngram={self.ngram!r} is no number of words from 1 to {LONGEST_NGRAM}.")
        object.__setattr__(self, "ngram", int(self.ngram))
        object.__setattr__(self, "threshold", _threshold(self.threshold))

    @cached_property
    def digest(self) -> str:
        """The identity of what is excluded, whatever file it came from.

        Example:
            >>> Exclusion(ids=["a", "b"], label="x").digest == Exclusion(ids=["b", "a"]).digest
            True
        """
        return digest_of(canonical_bytes([self.ids, self.prompts, self.ngram, self.threshold]))

    def to_dict(self) -> dict[str, Any]:
        """Return what a manifest records: the digest and the figures, not the ids and prompts themselves.

        Example:
            >>> Exclusion(ids=["a"], label="held out").to_dict()["ids"]
            1
        """
        return {
            "label": self.label,
            "digest": self.digest,
            "ids": len(self.ids),
            "prompts": len(self.prompts),
            "ngram": self.ngram,
            "threshold": self.threshold,
        }


class Overlap(NamedTuple):
    """Which instructions an exclusion drops, and why.

    Attributes:
        mask: True where the instruction is excluded, shape ``(instructions,)``, bool.
        reason: :class:`Reason` of each instruction, shape ``(instructions,)``, uint8.
        counts: Reason (``"id"``, ``"prompt"``, ``"ngram"``) → instructions; each counts once, by its first reason.
        unknown: Excluded ids that the data does not hold, sorted.
        near: What the first of these may be mistyped for, such as ``" Did you mean 'x'?"``; may be empty.
    """

    mask: npt.NDArray[np.bool_]
    reason: npt.NDArray[np.uint8]
    counts: dict[str, int]
    unknown: tuple[str, ...]
    near: str

    def __str__(self) -> str:
        """What was excluded, in a line or two."""
        total = int(self.mask.sum())
        parts = [f"{count:,} by {name}" for name, count in self.counts.items() if count]
        text = f"{number_of(total, 'instruction')} of {len(self.mask):,} excluded"
        lines = [f"{text}: {', '.join(parts)}" if parts else text]
        if self.unknown:
            names = listing([repr(name) for name in self.unknown], 3)
            lines.append(f"{number_of(len(self.unknown), 'excluded id')} not in the data: {names}.{self.near}")
        return "\n".join(lines)


def overlap(
    exclusion: Exclusion,
    ids: pa.Array,
    prompts: Iterable[pa.Array | pa.ChunkedArray],
    whole: pa.Array | None = None,
) -> Overlap:
    """Return which instructions an exclusion drops.

    Prompts are compared word by word (see :func:`~pinchmix.words.batches_of_words`), so case, width, punctuation
    and white space make no difference. N-grams are compared by 64-bit hashes; that any of 10**8 is wrongly taken for
    one of 10**6 in the evaluation has a chance below one in 100,000.

    Args:
        exclusion: What is to be excluded.
        ids: Instruction ids, sorted by code point, as a grid holds them.
        prompts: The prompt of each instruction, null where there is none, in one language after another; an
            instruction is dropped if any of them overlaps. Asked for only if the exclusion has prompts.
        whole: All ids of the data, among which excluded ones are missed; ``ids`` if None.

    Raises:
        ArgumentError: The data holds none of the excluded ids.

    Example:
        >>> exclusion = Exclusion(ids=["b"], prompts=["WHAT is tea"])
        >>> print(overlap(exclusion, pa.array(["a", "b"]), [pa.array(["What is tea?", "Hi"])]))
        2 instructions of 2 excluded: 1 by id, 1 by prompt
    """
    reason = np.zeros(len(ids), dtype=np.uint8)
    if exclusion.prompts:
        known = KnownTexts(exclusion.prompts, exclusion.ngram, Fraction(exclusion.threshold))
        for said in prompts:
            equal, sharing = known.look_up(said)
            reason[sharing & (reason != Reason.PROMPT)] = Reason.NGRAM
            reason[equal] = Reason.PROMPT
    by_id = pc.is_in(ids, value_set=pa.array(exclusion.ids, ids.type)).to_numpy(zero_copy_only=False)
    reason[by_id] = Reason.ID
    unknown: tuple[str, ...] = ()
    whole = ids if whole is None else whole
    if int(by_id.sum()) < len(exclusion.ids):
        held = set(pc.unique(whole.filter(pc.is_in(whole, value_set=pa.array(exclusion.ids, whole.type)))).to_pylist())
        unknown = tuple(name for name in exclusion.ids if name not in held)
    hint = near(unknown[0], _neighbours(unknown[0], whole)) if unknown else ""
    if unknown and len(unknown) == len(exclusion.ids):
        names = listing([repr(name) for name in unknown], 3)
        file = " A file of prompts is given as a path, not in a list." if _looks_like_a_path(unknown[0]) else ""
        raise ArgumentError(
            f"exclude: the data holds none of the {number_of(len(unknown), 'id')}: {names}.{hint}{file} "
            f"Its ids are like {listing([repr(name) for name in whole[:3].to_pylist()])}."
        )
    tally = np.bincount(reason, minlength=len(Reason))
    counts = {kind.name.lower(): int(tally[kind]) for kind in Reason if kind}
    return Overlap(reason > 0, reason, counts, unknown, hint)


def read_exclusion(
    value: Any, *, column: str | None = None, ngram: int = NGRAM, threshold: Fraction | float | str = 0
) -> Exclusion:
    """Return the exclusion that an argument stands for.

    Args:
        value: Instruction ids (a list, set, array or column of texts or whole numbers); the path of a file of
            evaluation prompts, or a list of ``Path`` objects; or an :class:`Exclusion`, which is returned as it is.

            A ``.txt`` file holds one prompt a line. ``.jsonl``, ``.json``, ``.csv``, ``.tsv`` and ``.parquet`` hold
            them in a column prompt, instruction (with input, where there is one), question, text, input or inputs; or
            as chat in messages, conversations or turns, of which the user's turns count, the first alone and all
            together. ``.gz`` may follow any ending but ``.parquet``.
        column: The column of the prompts, where it has another name.
        ngram: See :class:`Exclusion`.
        threshold: See :class:`Exclusion`.

    Raises:
        ArgumentError: The value is nothing of this, a file cannot be read, or a row has no prompt; the message names
            the file, and the rows.

    Example:
        >>> read_exclusion(["open-01", "open-02"]).ids
        ('open-01', 'open-02')
    """
    options: dict[str, Any] = {"ngram": ngram, "threshold": threshold}
    if isinstance(value, Exclusion):
        return value
    if isinstance(value, (str, PathLike)):
        return Exclusion(prompts=read_prompts(value, column), label=Path(value).name, **options)
    if isinstance(value, (bytes, Mapping)) or not isinstance(value, Iterable) or hasattr(value, "columns"):
        raise ArgumentError(
            f"exclude: of type {type(value).__name__}. Give a list of ids, the path of a file of evaluation prompts, "
            "or Exclusion(ids=[...], prompts=[...])."
        )
    items = value.to_pylist() if hasattr(value, "to_pylist") else list(value)
    if items and all(isinstance(item, PathLike) for item in items):
        prompts = [prompt for item in items for prompt in read_prompts(item, column)]
        return Exclusion(prompts=prompts, label=", ".join(sorted(Path(item).name for item in items)), **options)
    return Exclusion(ids=items, label="ids", **options)


def _items(name: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ArgumentError(f"exclude: {name}={_shown(value)}: give a list of texts.")
    return list(value)


def _id(item: Any) -> str:
    if isinstance(item, Integral) and not isinstance(item, bool):
        return str(int(item))
    if not _is_text(item):
        raise ArgumentError(f"exclude: {_shown(item)} is no instruction id; ids are texts or whole numbers.")
    return str(item)


def _threshold(value: Any) -> Fraction:
    try:
        if isinstance(value, bool) or not isinstance(value, (Real, Decimal, str)):
            raise ValueError
        exact = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise ArgumentError(f"exclude: threshold={value!r} is no number between 0 and 1.") from None
    if not 0 <= exact <= 1:
        raise ArgumentError(f"exclude: threshold={value!r} is not between 0 and 1.")
    return exact


def _is_text(value: Any) -> bool:
    """Tell whether a value is a text that UTF-8 can hold; lone surrogates are none."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _looks_like_a_path(name: str) -> bool:
    return "/" in name or name.endswith(ENDINGS)


def _neighbours(name: str, ids: pa.Array, reach: int = 100) -> list[str]:
    """Return the ids that stand around a name in their order; comparing with all of a million would take a minute."""
    place = bisect_left(range(len(ids)), name, key=lambda row: ids[row].as_py())
    found: list[str] = ids[max(place - reach, 0) : place + reach].to_pylist()
    return found
