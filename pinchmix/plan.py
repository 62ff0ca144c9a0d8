"""The plan: the exact figure per language and availability pattern, and what limits each."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pinchmix.content import Content
from pinchmix.errors import UnknownLanguage
from pinchmix.exact.choice import Choice, FlowChoice, SameChoice, SetChoice
from pinchmix.exact.supply import Bools, Ints, Supply
from pinchmix.recipe import Recipe
from pinchmix.text.show import text_of, tree
from pinchmix.text.wording import listing, number_of
from pinchmix.weave import is_woven, tags_of

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5  # patterns of a language


class Measured(NamedTuple):
    """What a plan comes to in other units, where texts were measured.

    Attributes:
        units: Unit → how much each language gets in each split, shape ``(splits, languages)``, int64.
        per_character: Tokens that each language needs a character, shape ``(languages,)``, NaN where unknown; None
            where no tokens were counted.
        against_pivot: Its tokens by those of the pivot on the same instructions, likewise.
    """

    units: Mapping[str, Ints]
    per_character: npt.NDArray[np.float64] | None
    against_pivot: npt.NDArray[np.float64] | None

    def columns(self, splits: int, besides: Container[str]) -> dict[str, npt.NDArray[Any]]:
        """Return the figures as columns of a table with a row a language and split, besides those that it has."""
        found: dict[str, npt.NDArray[Any]] = {
            unit: sums.ravel() for unit, sums in self.units.items() if unit not in besides
        }
        if self.per_character is not None and self.against_pivot is not None:
            found["tokens_per_character"] = np.tile(self.per_character, splits)
            found["tokens_against_pivot"] = np.tile(self.against_pivot, splits)
        return found


def choice_of(content: Content, supply: Supply, parts: int) -> Choice:
    """Return the arithmetic of a content policy.

    Example:
        >>> supply = Supply(np.array([3]), np.array([[True, True]]))
        >>> choice_of(Content.parse("same"), supply, 1).feasible(np.array([3, 3]))
        True
    """
    languages = supply.allowed.shape[1]
    if content.kind == "same":
        return SameChoice(supply, parts)
    if content.kind == "union":
        return SetChoice(supply, parts, None, None)
    if content.kind == "exactly" and content.k > 1:
        return SetChoice(supply, parts, content.k, content.k)
    most = min(content.k, languages)
    if most > 1 and parts > 1:  # an instruction is in one split, with all its languages
        return SetChoice(supply, parts, 1, most)
    return FlowChoice(Supply(supply.amount, supply.allowed, most, supply.stratum, supply.quota), parts)


@dataclass(frozen=True, eq=False)
class Plan:
    """The exact figure per language and per availability pattern; chooses nothing.

    Attributes:
        recipe: What was asked.
        languages: The languages of the plan, in the order in which ties are broken.
        asked: What each language was to get in each split, in the budget's unit, shape ``(splits, languages)``, int64.
        given: What it gets, in the same unit; less than asked only in a partial plan, and off by half an example
            at most where the unit is not examples.
        examples: The examples of each language in each split, repeats included, same shape.
        distinct: How many different cells these are, same shape.
        available: Instructions that exist in each language, shape ``(languages,)``, int64.
        supply: The availability patterns (each divided into the classes of the sampler, where it has any), how many
            instructions each holds, and the quotas of the classes.
        flow: How many instructions of each pattern serve each language in each split, shape
            ``(patterns, splits * languages)``, int64.
        used: How many instructions of each pattern are used in each split, shape ``(patterns, splits)``, int64.
        grid_digest: The identity of the grid that was planned on.
        measured: The same in other units, where the budget is not in examples.
        partial: Whether less is given than was asked (see ``partial=`` of :func:`~pinchmix.plan_mixture`).
        levelled: Whether it is partial in tokens, characters or bytes, and shortfalls are levelled by mean sizes, as
            there are too many cells to search for the nearest plan; somewhat less may be given than could be.

    Example:
        >>> from pinchmix.budget import Budget
        >>> from pinchmix.grid import Grid
        >>> from pinchmix.planning.examples import make_plan
        >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"], "c": ["en"]})
        >>> print(make_plan(grid, Recipe(Budget.counts({"en": 2, "sw": 1}))))
        3 examples of 3 instructions, 0 left over
        ├── en: 2 of 3 available
        │   └── 2 from the 2 that exist in en only
        └── sw: 1 of 1 available
            └── 1 from the 1 that exist in all 2 languages
    """

    recipe: Recipe
    languages: tuple[str, ...]
    asked: Ints
    given: Ints
    examples: Ints
    distinct: Ints
    available: Ints
    supply: Supply
    flow: Ints
    used: Ints
    grid_digest: str
    measured: Measured | None = None
    partial: bool = False
    levelled: bool = False

    @property
    def total(self) -> int:
        """The size of the mixture, in examples."""
        return int(self.examples.sum())

    @property
    def slack(self) -> int:
        """How many instructions that exist in one of the languages are left over."""
        return int(self.supply.amount[self.supply.allowed.any(axis=1)].sum()) - int(self.used.sum())

    @property
    def reserve(self) -> int:
        """How many cells that are not taken could take the place of others.

        They are of the languages of which something is asked or taken; of others nothing is ever taken.

        Example:
            >>> from pinchmix.budget import Budget
            >>> from pinchmix.grid import Grid
            >>> from pinchmix.planning.examples import make_plan
            >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en", "sw"], "c": ["en"]})
            >>> make_plan(grid, Recipe(Budget.counts({"en": 1}))).reserve
            2
        """
        drawn = ((self.asked > 0) | (self.examples > 0)).any(axis=0)
        return int(self.available[drawn].sum()) - int(self.distinct.sum())

    @property
    def content(self) -> Content:
        """The content policy."""
        return Content.parse(self.recipe.content)

    def counts(self) -> dict[str, int]:
        """Return the examples of each language, over all splits.

        Example:
            >>> from pinchmix.budget import Budget
            >>> from pinchmix.grid import Grid
            >>> from pinchmix.planning.examples import make_plan
            >>> make_plan(Grid.from_mapping({"a": ["en"]}), Recipe(Budget.counts({"en": 1}))).counts()
            {'en': 1}
        """
        return dict(zip(self.languages, self.examples.sum(axis=0).tolist(), strict=True))

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with one row a language and split: asked, given, examples, distinct, share, available.

        Asked and given are in the budget's unit; share is that of the given; available counts instructions.
        """
        import pandas as pd

        splits = self.recipe.splits
        index = pd.MultiIndex.from_product([splits, self.languages], names=["split", "language"])
        columns = {
            "asked": self.asked.ravel(),
            "given": self.given.ravel(),
            "examples": self.examples.ravel(),
            "distinct": self.distinct.ravel(),
            "share": self.given.ravel() / max(int(self.given.sum()), 1),
            "available": np.tile(self.available, len(splits)),
        }
        if self.measured is not None:
            columns.update(self.measured.columns(len(splits), besides=columns))
        table: pd.DataFrame = pd.DataFrame(columns, index=index)
        return table if len(splits) > 1 else table.droplevel("split")

    @cached_property
    def _choice(self) -> Choice:
        return choice_of(self.content, self.supply, len(self.recipe.splits))

    def most(self, language: str) -> int:
        """Return how many cells of a language could be used while every other language keeps its figure.

        Of the last split, where there are several.

        Raises:
            UnknownLanguage: It is none of the plan's languages.
        """
        return self._choice.most(self.distinct.ravel(), self._column(language))

    def _column(self, language: str) -> int:
        if language not in self.languages:
            raise UnknownLanguage(language, self.languages, "why")
        return (len(self.recipe.splits) - 1) * len(self.languages) + self.languages.index(language)

    def why(self, language: str) -> str:
        """Return what limits a language: how many more cells it could have, and which languages it shares them with.

        Raises:
            UnknownLanguage: It is none of the plan's languages.

        Example:
            >>> from pinchmix.budget import Budget
            >>> from pinchmix.grid import Grid
            >>> from pinchmix.planning.examples import make_plan
            >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en", "sw"], "c": ["en"]})
            >>> print(make_plan(grid, Recipe(Budget.counts({"en": 2, "sw": 1}))).why("sw"))
            sw has 1 of the 2 instructions that exist in it; no more is possible beside the others.
            en and sw together ask for 3 cells, and no more than 3 can be given to them.
        """
        column, most = self._column(language), self.most(language)
        place = self.languages.index(language)
        has, exist = int(self.distinct.ravel()[column]), int(self.available[place])
        demand = self.distinct.ravel().copy()
        more = f"{most - has:,} more" if most > has else "no more"
        where = f" in {self.recipe.splits[-1]}" if len(self.recipe.splits) > 1 else ""
        first = (
            f"{language} has {has:,} of the {number_of(exist, 'instruction')} that exist in it{where}; "
            f"{more} {'are' if most - has > 1 else 'is'} possible beside the others."
        )
        demand[column] = most + 1
        if most >= exist:
            return (
                f"{first}\nOnly {number_of(exist, 'instruction')} {'exists' if exist == 1 else 'exist'} in {language}."
            )
        proof = self._choice.proof(demand)
        names = [self._name(number) for number in np.flatnonzero(proof.columns).tolist()]
        asked = int(demand[proof.columns].sum()) - 1
        together = " together" if len(names) > 1 else ""
        asks = "ask" if len(names) > 1 else "asks"
        return (
            f"{first}\n{_and(names)}{together} {asks} for {number_of(asked, 'cell')}"
            f"{' then' if most > has else ''}, and no more than {proof.ceiling:,} can be given to them."
        )

    def _name(self, column: int) -> str:
        split, language = divmod(column, len(self.languages))
        name = self.languages[language]
        return name if len(self.recipe.splits) == 1 else f"{name} in {self.recipe.splits[split]}"

    def __str__(self) -> str:
        usable = self.supply.allowed.any(axis=1)
        head = (
            f"{number_of(self.total, 'example')} of {number_of(int(self.supply.amount[usable].sum()), 'instruction')}, "
            f"{self.slack:,} left over"
        )
        if self.content.kind != "disjoint":
            head += f", {self.content}"
        head += ", partial" if self.partial else ""
        head += " (shortfalls levelled by mean sizes)" if self.levelled else ""
        unit = self.recipe.budget.unit
        patterns, merged = self._by_pattern
        branches: list[str | tuple[str, list[str]]] = []
        for column in range(self.flow.shape[1]):
            split, place = divmod(column, len(self.languages))
            if not self.asked[split, place]:
                continue
            title = f"{self._name(column)}: "
            if unit == "examples":
                title += f"{int(self.examples[split, place]):,} of {int(self.available[place]):,} available"
                if self.given[split, place] < self.asked[split, place]:
                    title += f", {int(self.asked[split, place]):,} asked"
            else:
                title += (
                    f"{int(self.given[split, place]):,} of {int(self.asked[split, place]):,} {unit} asked, in "
                    f"{number_of(int(self.examples[split, place]), 'example')} "
                    f"of {int(self.available[place]):,} available"
                )
            title += self._elsewhere(split, place)
            if self.examples[split, place] > self.distinct[split, place]:
                title += f", repeats of {number_of(int(self.distinct[split, place]), 'cell')}"
            branches.append((title, self._leaves(patterns, merged[0], merged[1][:, column])))
        nothing = self.asked.sum(axis=0) == 0
        if nothing.any():
            unasked = [name for name, none in zip(self.languages, nothing.tolist(), strict=True) if none]
            branches.append(f"nothing asked of {listing(unasked, 40)}")
        return tree(head, branches)

    def _elsewhere(self, split: int, place: int) -> str:
        """Return what a language gets in other units, and what it needs in tokens, where that is known."""
        if self.measured is None:
            return ""
        others = [unit for unit in self.measured.units if unit not in (self.recipe.budget.unit, "examples")]
        said = [f"{int(self.measured.units[unit][split, place]):,} {unit}" for unit in others]
        if self.measured.per_character is not None and self.measured.against_pivot is not None:
            each, against = float(self.measured.per_character[place]), float(self.measured.against_pivot[place])
            said += [] if np.isnan(each) else [f"{each:.2f} tokens a character"]
            said += [] if np.isnan(against) else [f"{against:.2f} times the pivot's"]
        return f" ({', '.join(said)})" if said else ""

    def _leaves(self, patterns: Bools, held: Ints, given: Ints) -> list[str]:
        order = np.argsort(-given, kind="stable")
        used = order[: int((given > 0).sum())]
        leaves = [
            f"{text_of(int(given[row]))} from the {text_of(int(held[row]))} "
            f"that exist in {_names(self.languages, patterns[row])}"
            for row in used[:SHOWN].tolist()
        ]
        if len(used) > SHOWN:
            leaves[SHOWN - 1 :] = [
                f"{int(given[used[SHOWN - 1 :]].sum()):,} from {len(used) - SHOWN + 1:,} other patterns"
            ]
        return leaves

    @cached_property
    def _by_pattern(self) -> tuple[Bools, tuple[Ints, Ints]]:
        """The patterns, and their instructions and flows, with classes put together."""
        if self.supply.stratum is None:
            return self.supply.allowed, (self.supply.amount, self.flow)
        packed = np.packbits(self.supply.allowed, axis=1)
        _, first, place = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        held, flow = np.zeros(len(first), dtype=np.int64), np.zeros((len(first), self.flow.shape[1]), dtype=np.int64)
        np.add.at(held, place.ravel(), self.supply.amount)
        np.add.at(flow, place.ravel(), self.flow)
        return self.supply.allowed[first], (held, flow)

    def __repr__(self) -> str:
        some = (self.examples.sum(axis=0) > 0).tolist()
        used = len(tags_of([name for name, used in zip(self.languages, some, strict=True) if used]))
        return (
            f"Plan({number_of(self.total, 'example')} in {number_of(used, 'language')}, "
            f"{number_of(self.slack, 'instruction')} left over{', partial' if self.partial else ''})"
        )


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _names(languages: tuple[str, ...], allowed: Bools) -> str:
    names = [language for language, exists in zip(languages, allowed.tolist(), strict=True) if exists]
    noun = "columns" if any(map(is_woven, languages)) else "languages"
    if len(names) == len(languages) and len(names) > 1:
        return f"all {len(names)} {noun}"
    if len(names) > 6:
        return f"{len(names)} {noun}"
    return f"{' and '.join(names)} only" if len(names) <= 2 else f"{', '.join(names[:-1])} and {names[-1]}"
