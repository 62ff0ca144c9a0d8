"""Lengths: what two mixtures come to in characters, bytes and tokens, by language, and the mean of an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pinchmix.text.show import table

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"


class Length(NamedTuple):
    """What two mixtures come to in one unit and language.

    Attributes:
        unit: ``"characters"``, ``"bytes"`` or ``"tokens"``.
        language: The response language, or ``"all"``.
        sizes: The sum of the first and of the second.
        examples: Rows of the first and of the second.
    """

    unit: str
    language: str
    sizes: tuple[int, int]
    examples: tuple[int, int]

    @property
    def means(self) -> tuple[float | None, float | None]:
        """The mean of an example of the first and of the second; None where there is none."""
        first, second = (size / count if count else None for size, count in zip(self.sizes, self.examples, strict=True))
        return first, second


@dataclass(frozen=True)
class Lengths:
    """What two mixtures come to in characters, bytes and tokens.

    Attributes:
        names: What the two are called.
        rows: A figure for each unit and language, and for all languages together.
        tokens: Why tokens are not among the units; empty where they are.

    Example:
        >>> lengths_of(("a", "b"), {"en": (2, 3)}, ({"bytes": {"en": 9}}, {"bytes": {"en": 12}}), ({}, {}))
        Lengths of a and b; no tokens, as neither counted them
          unit   language  a   b  difference  a an example  b an example
          bytes  en        9  12          +3           4.5           4.0
    """

    names: tuple[str, str]
    rows: tuple[Length, ...]
    tokens: str

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a unit and language, ``"all"`` included.

        Columns: a, b, difference (the second less the first), mean_a, mean_b (of an example; NaN where there is none).
        """
        import pandas as pd

        index = pd.MultiIndex.from_tuples([(one.unit, one.language) for one in self.rows], names=["unit", "language"])
        figures = {
            "a": [one.sizes[0] for one in self.rows],
            "b": [one.sizes[1] for one in self.rows],
            "difference": [one.sizes[1] - one.sizes[0] for one in self.rows],
            "mean_a": pd.array([one.means[0] for one in self.rows], dtype="float64"),
            "mean_b": pd.array([one.means[1] for one in self.rows], dtype="float64"),
        }
        frame: pd.DataFrame = pd.DataFrame(figures, index=index)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain data: unit → language → the two sums and the two means."""
        found: dict[str, Any] = {}
        for one in self.rows:
            found.setdefault(one.unit, {})[one.language] = {"sizes": list(one.sizes), "means": list(one.means)}
        return found

    def __repr__(self) -> str:
        first, second = self.names
        header = ["unit", "language", first, second, "difference", f"{first} an example", f"{second} an example"]
        rows: list[list[Any]] = []
        for one in self.rows:
            difference = one.sizes[1] - one.sizes[0]
            means = [None if mean is None else f"{mean:,.1f}" for mean in one.means]
            rows.append([one.unit, one.language, *one.sizes, f"{difference:+,}" if difference else "0", *means])
        without = f"; no tokens, as {self.tokens}" if self.tokens else ""
        return f"Lengths of {first} and {second}{without}\n{table(header, rows, left=(0, 1), indent='  ')}"


def lengths_of(
    names: tuple[str, str],
    examples: Mapping[str, tuple[int, int]],
    sizes: tuple[Mapping[str, Mapping[str, int]], Mapping[str, Mapping[str, int]]],
    counters: tuple[Mapping[str, str], Mapping[str, str]],
) -> Lengths:
    """Return the lengths of two mixtures; tokens where both counted the same text with the same tokenizer.

    Args:
        names: What the two are called.
        examples: Response language → rows of the first and of the second.
        sizes: Of each: unit → language → how much.
        counters: Of each: what counted its tokens; empty where nothing did.
    """
    one_of, other = sizes
    counted = ["tokens" in one for one in sizes]
    if not any(counted):
        tokens = "neither counted them"
    elif not all(counted):
        tokens = f"{names[1 - counted.index(True)]} did not count them"
    elif counters[0] != counters[1]:
        tokens = f"{names[0]} counted {_said(counters[0])} and {names[1]} {_said(counters[1])}"
    else:
        tokens = ""
    rows = []
    for unit in one_of:
        if unit not in other or (unit == "tokens" and tokens):
            continue
        of = [
            Length(unit, tag, (one_of[unit].get(tag, 0), other[unit].get(tag, 0)), rows_of)
            for tag, rows_of in examples.items()
        ]
        rows += of
        if len(of) > 1:
            sums = [
                (sum(first for first, _ in pairs), sum(second for _, second in pairs))
                for pairs in ([one.sizes for one in of], [one.examples for one in of])
            ]
            rows.append(Length(unit, ALL, sums[0], sums[1]))
    return Lengths(names, tuple(rows), tokens)


def _said(counter: Mapping[str, str]) -> str:
    digest = next((f" ({value[:8]})" for name, value in counter.items() if name in ("digest", "sha256")), "")
    return f"{counter['counted']} with {counter.get('name', 'another tokenizer')}{digest}"
