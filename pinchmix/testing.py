"""For plugin authors: the laws that a plugin must keep, as functions to call in a test, and toy grids for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors import ArgumentError, near
from pinchmix.grid import Grid
from pinchmix.plugins import Allocator, Cells, Findings, Sampler, Tokenizer, Validator, Verdict
from pinchmix.pool import Pool


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


class TableReader:
    """Answers a pool's questions from columns in memory.

    Attributes:
        columns: Name → values, one an instruction; ``"prompt"`` and ``"response"`` are the pivot's texts.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self.columns = {name: pa.array(values) for name, values in columns.items()}

    def text(self, field: str) -> pa.Array:
        """Return a text of the pivot."""
        return self.column(field)

    def length(self, field: str) -> npt.NDArray[np.int64]:
        """Return its characters, -1 where it is null."""
        lengths: npt.NDArray[np.int64] = (
            pc.fill_null(pc.utf8_length(self.column(field)), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        )
        return lengths

    def column(self, name: str) -> pa.Array:
        """Return any column."""
        if name not in self.columns:
            raise ArgumentError(f"the source has no column {name!r}.{near(name, self.columns)}")
        return self.columns[name]


def toy_pool(grid: Grid | None = None, **columns: Sequence[Any]) -> Pool:
    """Return a pool over a small grid with made-up texts, a column ``task`` of three kinds and one ``quality``.

    Args:
        grid: What exists; :func:`toy_grid` by default.
        columns: Values by instruction that replace the made-up ones or are added to them.

    Example:
        >>> toy_pool().column("task").slice(0, 3).to_pylist()
        ['code', 'chat', 'list']
    """
    held = grid or toy_grid()
    number = [int(value) for value in (held.hashes % np.uint64(1000)).tolist()]
    made: dict[str, Sequence[Any]] = {
        "prompt": [f"Question {value} about {'tea' if value % 2 else 'ships'}?" for value in number],
        "response": ["word " * (1 + value % 90) for value in number],
        "task": [("code", "chat", "list")[place % 3] for place in range(len(number))],
        "quality": [value / 1000 for value in number],
    }
    return Pool(held, "en", TableReader({**made, **columns}))


def check_sampler(sampler: Sampler) -> None:
    """Raise AssertionError unless a sampler keeps its laws: those of every sampler, and those that it declares.

    Example:
        >>> from pinchmix.samplers.random import RandomSampler
        >>> check_sampler(RandomSampler())
    """
    _hold(isinstance(sampler, Sampler), f"{sampler!r} lacks name, version, laws or order()")
    pool = toy_pool()
    keys = sampler.order(pool, 7).key
    count = len(pool.grid.ids)
    _hold(keys.dtype == np.uint64, f"keys are uint64, not {keys.dtype}")
    _hold(keys.shape == (count,), f"one key an instruction: {(count,)}, not {keys.shape}")
    _hold(np.array_equal(keys, sampler.order(pool, 7).key), "the same pool and seed must give the same keys")
    if "stable" in sampler.laws:
        smaller = sampler.order(toy_pool(toy_grid(20)), 7).key
        _hold(np.array_equal(keys[:20], smaller), "a key must not depend on the other instructions")


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


def check_allocator(allocator: Allocator) -> None:
    """Raise AssertionError unless an allocator keeps its laws on sizes of several kinds.

    Every language gets a weight, exact and not negative, and not all are zero. Weights are the same twice and in any
    order of the languages, and the sizes given are left as they are.

    Example:
        >>> from pinchmix.allocators.uniform import UniformAllocator
        >>> check_allocator(UniformAllocator())
    """
    _hold(isinstance(allocator, Allocator), f"{allocator!r} lacks name, version or allocate()")
    for sizes in ({"en": 50}, {"en": 900, "fi": 60, "he": 60, "sw": 7}, {"sw": 30, "en": 30, "ar": 0}):
        for total in (1, 10, 50):
            given = dict(sizes)
            weights = dict(allocator.allocate(given, total))
            where = f"with sizes {sizes} and a total of {total}"
            _hold(given == sizes, f"the sizes were changed {where}")
            _hold(weights.keys() == sizes.keys(), f"a weight for each of {', '.join(sizes)}, not {weights} {where}")
            for name, weight in weights.items():
                exact = isinstance(weight, (int, Fraction)) and not isinstance(weight, bool)
                _hold(exact, f"weights are exact, and that of {name} is {weight!r} {where}")
                _hold(weight >= 0, f"weights are not negative, and that of {name} is {weight} {where}")
            _hold(any(weights.values()), f"all weights are zero {where}")
            _hold(weights == dict(allocator.allocate(dict(sizes), total)), f"the same sizes, other weights {where}")
            turned = dict(allocator.allocate(dict(reversed(sizes.items())), total))
            _hold(weights == turned, f"weights must not depend on the order of the languages {where}")


AWKWARD = (
    *("", " ", "\n", "\r\n", "\t\t", "a\0b", "\ufeff", "\u2028", "word", "Word.", "two words", "e\u0301", "\u0301"),
    *(
        "😀",
        "👩‍👩‍👧",
        "🏳️‍🌈🇫🇮",
        "مرحبا بالعالم",
        "שלום",
        "\u202eabc\u202c",
        "नमस्ते",
        "你好，世界",
        "\U0010ffff",
        "</s>",
        "<|endoftext|>",
    ),
    *("word " * 20_000, "w" * 20_000, "中" * 20_000),
)


def check_tokenizer(tokenizer: Tokenizer) -> None:
    """Raise AssertionError unless a tokenizer keeps its laws on awkward texts.

    Counts are int64, not negative, one a text, the same twice, in any order and for each text alone.

    Example:
        >>> from pinchmix.tokenizers.function import FunctionTokenizer
        >>> check_tokenizer(FunctionTokenizer(len))
    """
    _hold(isinstance(tokenizer, Tokenizer), f"{tokenizer!r} lacks name, version, digest or count()")
    counts = tokenizer.count(AWKWARD)
    _hold(counts.dtype == np.int64, f"counts are int64, not {counts.dtype}")
    _hold(counts.shape == (len(AWKWARD),), f"one count a text: {(len(AWKWARD),)}, not {counts.shape}")
    _hold(bool((counts >= 0).all()), f"a count is 0 or more, not {counts.min()}")
    _hold(np.array_equal(counts, tokenizer.count(AWKWARD)), "the same texts, other counts")
    backwards = tokenizer.count(AWKWARD[::-1])[::-1]
    _hold(np.array_equal(counts, backwards), "a count must not depend on the order of the texts")
    for text, count in zip(AWKWARD, counts.tolist(), strict=True):
        alone = tokenizer.count([text]).tolist()
        _hold(alone == [count], f"{text[:40]!r} has {count} tokens among others, and alone {alone}")
    _hold(tokenizer.count([]).shape == (0,), "of no texts there are no counts")
