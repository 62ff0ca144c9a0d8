"""The laws of validators."""

from __future__ import annotations

from collections.abc import Sequence

from pinchmix.plugins import Cells, Findings, Validator, Verdict
from pinchmix.testing.laws import hold


def check_validator(validator: Validator, cells: Cells, languages: Sequence[str]) -> None:
    """Raise AssertionError unless a validator keeps its laws on the given cells.

    Verdicts are the same twice, in any order of the cells, and for each cell alone; fields and verdicts are known ones.

    Example:
        >>> from pinchmix.validators.language import LanguageValidator
        >>> cells = Cells(["a", "b"], ["en", "en"], ["en", "en"], ["How are you?", "1 + 1 = ?"], ["Fine.", "2"])
        >>> check_validator(LanguageValidator(), cells, ["en", "sw"])
    """
    hold(isinstance(validator, Validator), f"{validator!r} lacks name, version or judge()")
    whole = _said(validator.judge(cells, languages), range(len(cells.ids)))
    hold(whole == _said(validator.judge(cells, languages), range(len(cells.ids))), "the same cells, another verdict")
    backwards = list(range(len(cells.ids)))[::-1]
    turned = _said(validator.judge(_chosen(cells, backwards), languages), backwards)
    hold(whole == turned, "a verdict must not depend on the order of the cells")
    alone = [
        item
        for place in range(len(cells.ids))
        for item in _said(validator.judge(_chosen(cells, [place]), languages), [place])
    ]
    hold(whole == sorted(alone), "a verdict must not depend on the other cells")
    for _, field, verdict, _ in whole:
        hold(field in ("", "prompt", "response"), f"a field is 'prompt', 'response' or '', not {field!r}")
        hold(verdict in (Verdict.UNSURE, Verdict.MISMATCH), f"{verdict} is no verdict to report")


def _chosen(cells: Cells, places: Sequence[int]) -> Cells:
    return Cells(*([column[place] for place in places] for column in cells))


def _said(findings: Findings, places: Sequence[int]) -> list[tuple[int, str, int, str]]:
    return sorted(
        (places[place], field, verdict, reason)
        for place, field, verdict, reason in zip(
            findings.place.tolist(), findings.field, findings.verdict.tolist(), findings.reason, strict=True
        )
    )
