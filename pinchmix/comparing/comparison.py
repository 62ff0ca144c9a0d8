"""The comparison: what two mixtures share, language by language, in instructions, splits and lengths."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.comparing.chosen import Bools, Chosen, Common, Ints
from pinchmix.comparing.drawing import draw_pairs
from pinchmix.comparing.lengths import Lengths, lengths_of
from pinchmix.text.show import bar, html_table, table
from pinchmix.text.wording import listing, number_of

if TYPE_CHECKING:
    import pandas as pd

    from pinchmix.comparing.drawing import Axes, Figure

SHOWN = 3  # ids that a text names
NO_ID = "no id is in both: their sources have other ids, or they have no instruction in common"


class ColumnComparison(NamedTuple):
    """What two mixtures hold in one language, or in one pair of prompt and response language.

    Attributes:
        prompt_language: The canonical tag of the prompts.
        response_language: The canonical tag of the responses.
        examples: Rows of the first and of the second, repeats included.
        cells: Different instructions of the first and of the second.
        shared: Instructions that both have in this language.
    """

    prompt_language: str
    response_language: str
    examples: tuple[int, int]
    cells: tuple[int, int]
    shared: int

    @property
    def label(self) -> str:
        """The language, or both where they are two."""
        prompt, response = self.prompt_language, self.response_language
        return prompt if prompt == response else f"{prompt}→{response}"

    @property
    def nested(self) -> bool:
        """Whether one has every cell of the other in this language."""
        return self.shared == min(self.cells)


class Move(NamedTuple):
    """Instructions that are in one split of the first and in one of the second.

    Attributes:
        first: The split of the first.
        second: The split of the second.
        instructions: How many.
        leak: Whether exactly one of the two splits is what its mixture trains on.
    """

    first: str
    second: str
    instructions: int
    leak: bool


@dataclass(frozen=True)
class Comparison:
    """What two mixtures share; equal for a mixture and its export.

    All that a table needs is known from ids, languages and splits alone. ``lengths`` and ``same_digest`` are worked
    out when they are first asked for, as they read the texts of a mixture in memory that has not been measured.

    Attributes:
        names: What the two are called.
        columns: A figure for each language that either has, the pivots first. A cross-lingual example counts under
            both its languages, of prompt and of response.
        pivots: The pivot, or both where they differ.
        instructions: Different instructions of the first and of the second, in whatever language.
        shared_instructions: Instructions in both, in whatever languages.
        moves: Shared instructions by their splits in the first and in the second.
        same_order: Whether the shared cells come in the same order in both, by their first rows; None where none is
            shared.
    """

    names: tuple[str, str]
    columns: tuple[ColumnComparison, ...]
    pivots: tuple[str, ...]
    instructions: tuple[int, int]
    shared_instructions: int
    moves: tuple[Move, ...]
    same_order: bool | None
    _members: tuple[Chosen, Chosen] = field(compare=False, repr=False)
    _common: Common = field(compare=False, repr=False)

    @property
    def examples(self) -> tuple[int, int]:
        """Rows of the first and of the second."""
        first, second = self._members
        return len(first), len(second)

    @property
    def cells(self) -> tuple[int, int]:
        """Different cells of the first and of the second."""
        return sum(one.cells[0] for one in self.columns), sum(one.cells[1] for one in self.columns)

    @property
    def shared_cells(self) -> int:
        """Cells in both: the same instruction in the same languages."""
        return sum(one.shared for one in self.columns)

    @property
    def constant(self) -> bool:
        """Whether both hold the same instructions, in whatever languages."""
        return self.instructions == (self.shared_instructions,) * 2

    @property
    def within(self) -> tuple[bool, bool]:
        """Whether all cells of the first are in the second, and all of the second in the first."""
        return self.cells[0] == self.shared_cells, self.cells[1] == self.shared_cells

    @property
    def within_besides_pivot(self) -> tuple[bool, bool]:
        """The same of the cells that are not in a pivot.

        Where the pivot fills what other languages leave, a smaller mixture has more of it, and is nested in this sense.
        """
        rest = [one for one in self.columns if not self._is_pivot(one)]
        shared = sum(one.shared for one in rest)
        return sum(one.cells[0] for one in rest) == shared, sum(one.cells[1] for one in rest) == shared

    @property
    def nested(self) -> bool:
        """Whether, language by language, one holds all cells of the other: what a nested family promises."""
        return all(one.nested for one in self.columns)

    @property
    def moved(self) -> int:
        """How many shared instructions are in a split of another name."""
        return sum(move.instructions for move in self.moves if move.first != move.second)

    @property
    def leaks(self) -> int:
        """How many instructions one trains on and the other holds out."""
        return sum(move.instructions for move in self.moves if move.leak)

    @cached_property
    def ids(self) -> dict[str, pa.Array]:
        """Which instructions: ``"both"``, ``"first"`` and ``"second"`` (in that one only), ``"leaks"``; sorted."""
        splits = splits_of(self._members, self._common)
        there = splits >= 0
        leaks = leaks_of(self._members)[splits[0], splits[1]] & there.all(axis=0)
        found = {
            "both": there[0] & there[1],
            "first": there[0] & ~there[1],
            "second": there[1] & ~there[0],
            "leaks": leaks,
        }
        return {name: _sorted(self._common.ids.filter(pa.array(mask))) for name, mask in found.items()}

    @cached_property
    def lengths(self) -> Lengths:
        """What both come to in characters, bytes and tokens; of a mixture in memory, this reads its texts, once."""
        first, second = self._members
        rows: dict[str, list[int]] = {}
        for one in self.columns:
            counted = rows.setdefault(one.response_language, [0, 0])
            counted[0] += one.examples[0]
            counted[1] += one.examples[1]
        examples = {language: (counted[0], counted[1]) for language, counted in rows.items()}
        return lengths_of(self.names, examples, (first.sizes(), second.sizes()), (first.counter, second.counter))

    @cached_property
    def same_digest(self) -> bool:
        """Whether they are the same rows with the same texts; of a mixture in memory, this reads its texts, once."""
        first, second = self._members
        return first.digest() == second.digest()

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a language (or pair of prompt and response language, where any differ).

        Columns: examples_a, examples_b, difference (the second less the first), cells_a, cells_b, shared, nested.

        Example:
            >>> import pinchmix
            >>> mixes = [pinchmix.build_mixture(pinchmix.sample(), {"en": n, "fi": 9}, validate=False) for n in (4, 6)]
            >>> pinchmix.compare_mixtures(*mixes).to_pandas()["difference"].to_dict()
            {'en': 2, 'fi': 0}
        """
        import pandas as pd

        keys = [(one.prompt_language, one.response_language) for one in self.columns]
        index = pd.MultiIndex.from_tuples(keys, names=["prompt_language", "response_language"])
        if all(prompt == response for prompt, response in keys):
            index = index.droplevel("prompt_language").rename("language")
        figures = {
            "examples_a": [one.examples[0] for one in self.columns],
            "examples_b": [one.examples[1] for one in self.columns],
            "difference": [one.examples[1] - one.examples[0] for one in self.columns],
            "cells_a": [one.cells[0] for one in self.columns],
            "cells_b": [one.cells[1] for one in self.columns],
            "shared": [one.shared for one in self.columns],
            "nested": [one.nested for one in self.columns],
        }
        frame: pd.DataFrame = pd.DataFrame(figures, index=index)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain data, lengths included; of a mixture in memory, this reads its texts, once."""
        return {
            "names": list(self.names),
            "examples": list(self.examples),
            "cells": list(self.cells),
            "shared_cells": self.shared_cells,
            "instructions": list(self.instructions),
            "shared_instructions": self.shared_instructions,
            "constant": self.constant,
            "within": list(self.within),
            "within_besides_pivot": list(self.within_besides_pivot),
            "nested": self.nested,
            "pivots": list(self.pivots),
            "moves": [move._asdict() for move in self.moves],
            "same_order": self.same_order,
            "same_digest": self.same_digest,
            "languages": [{**one._asdict(), "nested": one.nested} for one in self.columns],
            "lengths": self.lengths.to_dict(),
        }

    def plot(self, axes: Axes | None = None) -> Figure:
        """Draw the examples of each language side by side, with the shared part hatched.

        The axis is logarithmic where the largest bar is more than thirty times the smallest.

        Args:
            axes: Where to draw; a new figure by default.

        Raises:
            ArgumentError: matplotlib is not installed; ``pip install 'pinchmix[plot]'`` brings it.
        """
        return draw_pairs(
            [one.label for one in self.columns],
            [one.examples[0] for one in self.columns],
            [one.examples[1] for one in self.columns],
            [one.shared for one in self.columns],
            self.names,
            self._title.replace(": ", "\n", 1),
            axes,
        )

    def _is_pivot(self, one: ColumnComparison) -> bool:
        return one.prompt_language == one.response_language and one.prompt_language in self.pivots

    @property
    def _title(self) -> str:
        shared, (first, second) = self.shared_cells, self.names
        return f"{first} and {second}: {number_of(shared, 'cell')} in both, of {self.cells[0]:,} and {self.cells[1]:,}"

    def _lines(self) -> tuple[list[str], list[list[Any]], list[float]]:
        repeated = self.cells != self.examples
        header = ["language", *self.names, "difference", *(("cells", "cells") if repeated else ()), "shared", "nested"]
        every = [*self.columns]
        if len(every) > 1:
            every.append(ColumnComparison("all", "all", self.examples, self.cells, self.shared_cells))
        rows: list[list[Any]] = []
        for place, one in enumerate(every):
            difference = one.examples[1] - one.examples[0]
            rows.append(
                [
                    one.label,
                    *one.examples,
                    f"{difference:+,}" if difference else "0",
                    *(one.cells if repeated else ()),
                    one.shared,
                    one.nested if place < len(self.columns) else self.nested,
                ]
            )
        return header, rows, [one.shared / max(sum(one.cells) - one.shared, 1) for one in every]

    def _notes(self) -> list[str]:
        (first, second), (one, other) = self.names, self.instructions
        both = self.shared_instructions
        if self.constant:
            content = f"the same {both:,}"
        else:
            content = f"{both:,} in both, {one - both:,} only in {first}, {other - both:,} only in {second}"
        notes = [f"instructions  {content}", f"nested        {self._nesting()}"]
        if not both:
            return [f"instructions  {content}; {NO_ID}"]
        if len(self._members[0].splits) > 1 or len(self._members[1].splits) > 1 or self.moved:
            moves = [
                f"{move.instructions:,} in {first}'s {move.first} and {second}'s {move.second}"
                for move in self.moves
                if move.first != move.second
            ]
            notes.append(f"splits        {both - self.moved:,} in the same split, {listing(moves) or 'none moved'}")
        if self.leaks:
            some = listing([repr(str(key)) for key in self.ids["leaks"][: self.leaks].to_pylist()], SHOWN)
            notes.append(f"leaks         {self.leaks:,} trained on in one and held out in the other: {some}")
        if self.same_order is not None:
            notes.append(f"order         the shared cells come in {'the same' if self.same_order else 'another'} order")
        return notes

    def _nesting(self) -> str:
        first, second = self.names
        if all(self.within):
            return f"{first} and {second} have the same cells"
        for within, besides in ((self.within, ""), (self.within_besides_pivot, f" besides {listing(self.pivots)}")):
            if all(within):
                return f"{first} and {second} have the same cells{besides}"
            if any(within):
                inner, outer = (first, second) if within[0] else (second, first)
                return f"all cells of {inner}{besides} are in {outer}"
        if self.nested:
            return "in each language, one has all cells of the other"
        return "no"

    def __repr__(self) -> str:
        header, rows, shares = self._lines()
        shown = [[*row, bar(share)] for row, share in zip(rows, shares, strict=True)]
        body = table([*header, ""], shown, left=(0, len(header)), indent="  ")
        return "\n".join([self._title, body, *self._notes()])

    def _repr_html_(self) -> str:
        header, rows, shares = self._lines()
        return html_table(self._title, header, rows, shares, " · ".join(" ".join(n.split()) for n in self._notes()))


def splits_of(members: tuple[Chosen, Chosen], common: Common) -> Ints:
    """Return the split of each id in either mixture, -1 where it is in none, shape ``(2, ids)``, int64."""
    splits = np.full((2, len(common.ids)), -1, dtype=np.int64)
    for row, (member, instructions) in enumerate(zip(members, common.instructions, strict=True)):
        splits[row, instructions] = member.split
    return splits


def leaks_of(members: tuple[Chosen, Chosen]) -> Bools:
    """Return which splits of the first and of the second make a leak, shape ``(splits + 1, splits + 1)``, bool."""
    # The last row and column stand for -1: not there.
    first, second = (np.array([*(name == one.training for name in one.splits), False]) for one in members)
    leaks: Bools = first[:, None] != second[None, :]
    return leaks


def _sorted(ids: pa.Array) -> pa.Array:
    return ids.cast(pa.string()).take(pc.sort_indices(ids))
