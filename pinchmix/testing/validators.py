"""The laws of validators."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pinchmix.canonical import canonical_bytes
from pinchmix.errors import ArgumentError, PinchmixError
from pinchmix.own import check_own
from pinchmix.plugins import BUILT_IN, Cells, Findings, Validator, Verdict, surveyed, traits_of
from pinchmix.pool import Pool
from pinchmix.testing.laws import hold
from pinchmix.toys import toy_pool


def check_validator(validator: Validator, cells: Cells, languages: Sequence[str], pool: Pool | None = None) -> None:
    """Raise AssertionError unless a validator keeps its laws on the given cells.

    Findings are the same twice, in any order of the cells, in batches of any size, beside other cells and for each cell
    alone; fields and verdicts are known ones; the texts are left as they are; a check on content says the same of an
    instruction in every language; and the class, called with the settings, gives the same validator.

    Args:
        validator: What is to be tested.
        cells: What it is tested on; give some with faults and some without.
        languages: The languages of the source.
        pool: What a validator that surveys the whole source is given; :func:`toy_pool` by default.

    Example:
        >>> from pinchmix.validators.language import LanguageValidator
        >>> cells = Cells(["a", "b"], ["en", "en"], ["en", "en"], ["How are you?", "1 + 1 = ?"], ["Fine.", "2"])
        >>> check_validator(LanguageValidator(), cells, ["en", "sw"])
    """
    hold(isinstance(validator, Validator), f"{validator!r} lacks name, version or judge()")
    for name in ("name", "version"):
        value = getattr(validator, name)
        hold(isinstance(value, str) and bool(value), f"{name} is a text, not {value!r}")
    try:
        check_own("validator", validator, BUILT_IN["validators"])
    except ArgumentError as error:
        raise AssertionError(str(error)) from error
    traits = traits_of(validator)
    pool = toy_pool() if pool is None else pool
    judge = surveyed(validator, pool).judge
    everyone, before = list(range(len(cells))), repr(cells)
    whole = _said(judge(cells, languages), everyone)
    for _, field, verdict, *_ in whole:
        hold(field in ("", "prompt", "response"), f"a field is 'prompt', 'response' or '', not {field!r}")
        hold(verdict in (Verdict.UNSURE, Verdict.MISMATCH), f"{verdict} is no verdict to report")
    hold(whole == _said(judge(cells, languages), everyone), "the same cells, another verdict")
    backwards = everyone[::-1]
    turned = _said(judge(cells.take(backwards), languages), backwards)
    hold(whole == turned, "a verdict must not depend on the order of the cells")
    twice = _said(judge(cells.take([*everyone, *backwards]), languages), [*everyone, *backwards])
    hold(twice == sorted([*whole, *whole]), "a verdict must not depend on cells that come twice")
    for size in (1, 2, 7):
        batches = [everyone[start : start + size] for start in range(0, len(cells), size)]
        found = [item for places in batches for item in _said(judge(cells.take(places), languages), places)]
        hold(whole == sorted(found), f"a verdict must not depend on the other cells: in batches of {size} it does")
    hold(repr(cells) == before, "a validator must not change the cells")
    if traits.scope == "content":
        moved = _said(judge(_of_pivot(cells), languages), everyone)
        hold(whole == moved, "a check on content must say the same of an instruction in every language")
    try:
        plain = json.loads(canonical_bytes(dict(traits.settings)))
        # What it is made of is an object that settings can record and not be.
        again = type(validator)(**{**plain, **getattr(validator, "parts", {})}) if plain else validator
    except (TypeError, ValueError, PinchmixError) as error:
        raise AssertionError(f"{type(validator).__name__} cannot be made of its settings: {error}") from error
    same = whole == _said(surveyed(again, pool).judge(cells, languages), everyone)
    hold(same, "the validator made of its settings must say the same")


def _of_pivot(cells: Cells) -> Cells:
    """Return cells of which those that have a pivot are the pivot's own."""
    there = [
        prompt is not None and response is not None
        for prompt, response in zip(cells.pivot_prompts, cells.pivot_responses, strict=True)
    ]

    def moved(own: Sequence[str], pivot: Sequence[str | None]) -> list[str]:
        return [
            beside if here and beside is not None else text
            for here, text, beside in zip(there, own, pivot, strict=True)
        ]

    tags = [cells.pivot if here else tag for here, tag in zip(there, cells.response_languages, strict=True)]
    return Cells(
        cells.ids, tags, tags, moved(cells.prompts, cells.pivot_prompts), moved(cells.responses, cells.pivot_responses),
        moved(cells.roles, cells.pivot_roles), cells.pivot,
        *([None if here else text for here, text in zip(there, column, strict=True)] for column in (
            cells.pivot_prompts, cells.pivot_responses, cells.pivot_roles)),
    )  # fmt: skip


def _said(findings: Findings, places: Sequence[int]) -> list[tuple[int, str, int, str, str, str]]:
    return sorted(
        (places[place], field, verdict, reason, f"{score:.5f}", seen)
        for place, field, verdict, reason, score, seen in zip(
            findings.place.tolist(), findings.field, findings.verdict.tolist(), findings.reason,
            findings.score.tolist(), findings.seen, strict=True,
        )
    )  # fmt: skip
