"""For plugin authors: the laws that a plugin must keep, as functions to call in a test, and toy grids for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinchmix.grid import Grid
from pinchmix.plugins import Cells, Findings, Sampler, Validator, Verdict


def _hold(law: bool, otherwise: str) -> None:
    """Raise AssertionError if a law is broken, under ``python -O`` too."""
    if not law:
        raise AssertionError(otherwise)


def toy_grid(instructions: int = 50, languages: Sequence[str] = ("en", "fi", "sw"), *, gaps: bool = True) -> Grid:
    """Return a small grid; with gaps, every third instruction lacks a language, in turn.

    Example:
        >>> toy_grid(4, gaps=False).available
        {'en': 4, 'fi': 4, 'sw': 4}
    """
    cells = {}
    for number in range(instructions):
        missing = languages[number // 3 % len(languages)] if gaps and number % 3 == 0 else None
        cells[f"instruction-{number:03d}"] = [language for language in languages if language != missing]
    return Grid.from_mapping(cells)


def check_sampler(sampler: Sampler) -> None:
    """Raise AssertionError unless a sampler keeps its laws.

    The order has one key an instruction, depends on the seed's value alone (the same twice), and does not depend on the
    other instructions or languages of the grid.

    Example:
        >>> from pinchmix.samplers.random import RandomSampler
        >>> check_sampler(RandomSampler())
    """
    _hold(isinstance(sampler, Sampler), f"{sampler!r} lacks name, version or order()")
    grid = toy_grid()
    keys = sampler.order(grid, 7)
    _hold(keys.dtype == np.uint64, f"keys are uint64, not {keys.dtype}")
    _hold(keys.shape == (len(grid.ids),), f"one key an instruction: {(len(grid.ids),)}, not {keys.shape}")
    _hold(np.array_equal(keys, sampler.order(grid, 7)), "the same grid and seed must give the same keys")
    smaller = toy_grid(20)
    _hold(np.array_equal(keys[:20], sampler.order(smaller, 7)), "a key must not depend on the other instructions")


def check_validator(validator: Validator, cells: Cells, languages: Sequence[str]) -> None:
    """Raise AssertionError unless a validator keeps its laws on the given cells.

    Verdicts are the same twice, in any order of the cells, and for each cell alone; fields and verdicts are known ones.

    Example:
        >>> from pinchmix.validators.language import LanguageValidator
        >>> cells = Cells(["a", "b"], ["en", "en"], ["en", "en"], ["How are you?", "1 + 1 = ?"], ["Fine.", "2"])
        >>> check_validator(LanguageValidator(), cells, ["en", "sw"])
    """
    _hold(isinstance(validator, Validator), f"{validator!r} lacks name, version or judge()")
    whole = _said(validator.judge(cells, languages), range(len(cells.ids)))
    _hold(whole == _said(validator.judge(cells, languages), range(len(cells.ids))), "the same cells, another verdict")
    backwards = list(range(len(cells.ids)))[::-1]
    turned = _said(validator.judge(_chosen(cells, backwards), languages), backwards)
    _hold(whole == turned, "a verdict must not depend on the order of the cells")
    alone = [
        item
        for place in range(len(cells.ids))
        for item in _said(validator.judge(_chosen(cells, [place]), languages), [place])
    ]
    _hold(whole == sorted(alone), "a verdict must not depend on the other cells")
    for _, field, verdict, _ in whole:
        _hold(field in ("", "prompt", "response"), f"a field is 'prompt', 'response' or '', not {field!r}")
        _hold(verdict in (Verdict.UNSURE, Verdict.MISMATCH), f"{verdict} is no verdict to report")


def _chosen(cells: Cells, places: Sequence[int]) -> Cells:
    return Cells(*([column[place] for place in places] for column in cells))


def _said(findings: Findings, places: Sequence[int]) -> list[tuple[int, str, int, str]]:
    return sorted(
        (places[place], field, verdict, reason)
        for place, field, verdict, reason in zip(
            findings.place.tolist(), findings.field, findings.verdict.tolist(), findings.reason, strict=True
        )
    )
