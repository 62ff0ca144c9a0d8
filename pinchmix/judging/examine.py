"""Examination: what the checks of a recipe say of a batch of cells, and what becomes of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.errors import ArgumentError, PinchmixError
from pinchmix.plugins import Cells, Findings, Traits, Validator, Verdict, traits_of
from pinchmix.policy import Check
from pinchmix.text.wording import near, number_of

EXCERPT = 120  # characters of a text that are kept as evidence
FINDINGS = pa.schema(
    [
        ("place", pa.int64()),
        ("id", pa.string()),
        ("language", pa.string()),
        ("field", pa.string()),
        ("check", pa.string()),
        ("verdict", pa.string()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("score", pa.float32()),
        ("seen", pa.string()),
        ("excerpt", pa.string()),
    ]
)


class Examiner(NamedTuple):
    """A check of a recipe with its plugin.

    Attributes:
        check: What becomes of what it finds.
        validator: Who finds it.
        traits: What is known of the validator.
    """

    check: Check
    validator: Validator
    traits: Traits


def panel_of(checks: Sequence[Check], validators: Sequence[Validator]) -> tuple[Examiner, ...]:
    """Return the checks in the order in which they are asked: the cheap ones first, else as the recipe has them.

    Example:
        >>> from pinchmix.validators.language import LanguageValidator
        >>> panel_of([Check("language")], [LanguageValidator()])[0].check.mismatch
        'reject'
    """
    pairs = zip(checks, validators, strict=True)
    return tuple(
        sorted((Examiner(check, one, traits_of(one)) for check, one in pairs), key=lambda one: one.traits.cost)
    )


class Examined(NamedTuple):
    """What was found in a batch of cells.

    Attributes:
        findings: One row a finding, with the columns of ``FINDINGS``; ``place`` is the cell's in the batch.
        by: Place in the panel of the first check that rejects each cell, -1 where none does; shape ``(cells,)``, int64.
        content: True where the whole instruction is rejected, shape ``(cells,)``, bool.
        doubt: True where that check rejects a cell for a doubt alone, and for no mismatch; shape ``(cells,)``, bool.
    """

    findings: pa.Table
    by: npt.NDArray[np.int64]
    content: npt.NDArray[np.bool_]
    doubt: npt.NDArray[np.bool_]


def examine(
    cells: Cells, panel: Sequence[Examiner], languages: Sequence[str], *, parallel: str = "both", every: bool = False
) -> Examined:
    """Return what the checks say of cells.

    Args:
        cells: The cells.
        panel: The checks, from :func:`panel_of`.
        languages: The languages of the whole source.
        parallel: What is a translation of the pivot; see :class:`~pinchmix.recipe.Recipe`.
        every: Ask every check about every cell; otherwise dear checks are not asked about cells that a cheaper one
            rejects.

    Raises:
        ArgumentError: A validator breaks its protocol.

    Example:
        >>> from pinchmix.validators.language import LanguageValidator
        >>> cells = Cells(["a"], ["sw"], ["sw"], ["Habari ya leo?"], ["The weather is fine today, my dear friend."])
        >>> examine(cells, panel_of([Check("language")], [LanguageValidator()]), ["en", "sw"]).by.tolist()
        [0]
    """
    by = np.full(len(cells), -1, dtype=np.int64)
    content = np.zeros(len(cells), dtype=bool)
    doubt = np.zeros(len(cells), dtype=bool)
    tables = [FINDINGS.empty_table()]
    asked, places, cost = cells, np.arange(len(cells)), None
    for number, examiner in enumerate(panel):
        if not every and examiner.traits.cost != cost and (by[places] >= 0).any():
            places = np.flatnonzero(by < 0)
            asked = cells.take(places.tolist())
        cost = examiner.traits.cost
        found = _capped(examiner, asked, languages)
        if not len(found.place):
            continue
        outcomes = [examiner.check.outcome(verdict == Verdict.MISMATCH) for verdict in found.verdict.tolist()]
        tables.append(_table(examiner, asked, found, outcomes, places))
        rejects = np.array(outcomes) == "reject"
        whole = rejects & ((examiner.traits.scope == "content") | _of_content(found))
        if parallel == "prompt":  # then what the pivot answers says nothing about the other languages
            whole &= np.array(found.field) == "prompt"
        content[places[found.place[whole]]] = True
        new = places[found.place[rejects]]
        new = new[by[new] < 0]
        by[new], doubt[new] = number, True
        wrong = places[found.place[rejects & (found.verdict == Verdict.MISMATCH)]]
        doubt[wrong[by[wrong] == number]] = False
    return Examined(pa.concat_tables(tables), by, content, doubt)


def _capped(examiner: Examiner, cells: Cells, languages: Sequence[str]) -> Findings:
    """Return what a validator finds that is not all right, a mismatch as a doubt where the pivot gives cause for it."""
    found = _checked(examiner.validator, cells, languages)
    mismatch = found.verdict == Verdict.MISMATCH
    if not examiner.traits.capped or not mismatch.any():
        return found
    pivots = {"prompt": cells.pivot_prompts, "response": cells.pivot_responses}
    places = [place for place in np.unique(found.place[mismatch]).tolist() if cells.pivot_prompts[place] is not None]
    prompts = [cells.pivot_prompts[place] or "" for place in places]
    responses = [cells.pivot_responses[place] or "" for place in places]
    tags = [cells.pivot] * len(places)
    said = _checked(
        examiner.validator,
        Cells([cells.ids[place] for place in places], tags, tags, prompts, responses, pivot=cells.pivot),
        languages,
    )
    doubtful = {(places[place], field) for place, field in zip(said.place.tolist(), said.field, strict=True)}
    cap = [
        wrong and (place, field) in doubtful and pivots.get(field, cells.pivot_prompts)[place] is not None
        for wrong, place, field in zip(mismatch.tolist(), found.place.tolist(), found.field, strict=True)
    ]
    return found._replace(
        verdict=np.where(cap, np.uint8(Verdict.UNSURE), found.verdict),
        reason=["reference" if capped else reason for capped, reason in zip(cap, found.reason, strict=True)],
    )


def _checked(validator: Validator, cells: Cells, languages: Sequence[str]) -> Findings:
    """Return what a validator finds that is not all right, once its answer was found to be one."""
    try:
        found = validator.judge(cells, languages)
    except PinchmixError:
        raise
    except Exception as error:  # of whatever kind: who wrote the check must know which one and where
        raise ArgumentError(
            f"validator {validator.name}: judge() failed on {number_of(len(cells), 'cell')} from {cells.ids[0]!r} in "
            f"{cells.prompt_languages[0]} on: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, Findings):
        raise ArgumentError(
            f"validator {validator.name}: judge() returned {type(found).__name__}; return Findings, such as "
            "Findings.of([Finding(...)])."
        )
    if fault := _fault_of(found, len(cells)):
        raise ArgumentError(f"validator {validator.name}: {fault}")
    if not (found.verdict == Verdict.OK).any():
        return found
    some = np.flatnonzero(found.verdict != Verdict.OK).tolist()
    return Findings(
        found.place[some],
        [found.field[place] for place in some],
        found.verdict[some],
        [found.reason[place] for place in some],
        found.score[some],
        [found.seen[place] for place in some],
        _of_content(found)[some],
    )


def _fault_of(found: Findings, count: int) -> str:
    """Return in what way findings are none, or nothing; they are read as columns from here on."""
    for name, kinds in (("place", "iu"), ("verdict", "iu"), ("score", "iuf")):
        column = getattr(found, name)
        if not isinstance(column, np.ndarray) or column.ndim != 1 or (len(column) and column.dtype.kind not in kinds):
            what = f"an array of {column.dtype}" if isinstance(column, np.ndarray) else f"a {type(column).__name__}"
            return f"{name} of its findings is {what}, and not one column of numbers. Findings.of([...]) makes them."
    content = found.content
    if content is not None and not (
        isinstance(content, np.ndarray) and content.ndim == 1 and content.dtype.kind == "b"
    ):
        return "content of its findings is neither None nor one column of true and false."
    sizes = {name: len(column) for name, column in found._asdict().items() if column is not None}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        return f"its findings are of unequal lengths: {told}. Findings.of([...]) makes them."
    outside = (found.place < 0) | (found.place >= count)
    if outside.any():
        return f"it found something in cell {found.place[outside][0]} of {count:,}."
    if odd := sorted(set(found.verdict.tolist()).difference(Verdict)):
        return f"{odd[0]} is no verdict (0, 1 or 2)."
    fields = ("prompt", "response", "")
    if strange := [field for field in found.field if field not in fields]:
        return (
            f"it found something in the field {strange[0]!r}, and there are 'prompt', 'response' and '' for both."
            f"{near(str(strange[0]), fields)}"
        )
    for name in ("reason", "seen"):
        if wrong := [said for said in getattr(found, name) if not isinstance(said, str)]:
            return f"{name} of a finding is {wrong[0]!r}, and no text."
    return ""


def _of_content(found: Findings) -> npt.NDArray[np.bool_]:
    """Return which findings are of the whole instruction."""
    return np.zeros(len(found.place), dtype=bool) if found.content is None else found.content


def _table(
    examiner: Examiner, cells: Cells, found: Findings, outcomes: Sequence[str], of_batch: npt.NDArray[np.int64]
) -> pa.Table:
    places = found.place.tolist()
    texts = {"prompt": cells.prompts, "response": cells.responses}
    tags = {"prompt": cells.prompt_languages}
    return pa.table(
        [
            of_batch[found.place],
            [cells.ids[place] for place in places],
            [
                tags.get(field, cells.response_languages)[place]
                for place, field in zip(places, found.field, strict=True)
            ],
            list(found.field),
            [examiner.check.name] * len(places),
            [Verdict(verdict).name.lower() for verdict in found.verdict.tolist()],
            list(outcomes),
            list(found.reason),
            found.score.astype(np.float32),
            list(found.seen),
            [
                texts.get(field, cells.responses)[place][:EXCERPT]
                for place, field in zip(places, found.field, strict=True)
            ],
        ],
        schema=FINDINGS,
    )
