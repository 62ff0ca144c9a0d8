"""Asks: what the members of a family ask of each language in each split, so that figures allow its laws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pinchmix.errors import ArgumentError, PinchmixError
from pinchmix.exact.apportion import apportion
from pinchmix.exact.rounding import moved_counts
from pinchmix.exact.supply import Ints
from pinchmix.family import Family
from pinchmix.planning.examples import Asker, chosen_languages
from pinchmix.planning.serving import Serving
from pinchmix.planning.together import journey


@dataclass(frozen=True, eq=False)
class Asks:
    """What the members of a family ask.

    Attributes:
        family: The family.
        languages: The languages of all members, in the order in which ties are broken.
        counts: Of each member, shape ``(splits, languages)``, int64.
    """

    family: Family
    languages: tuple[str, ...]
    counts: tuple[Ints, ...]

    @property
    def top(self) -> Ints:
        """The largest figure of each language in each split."""
        largest: Ints = np.max(self.counts, axis=0)
        return largest

    @property
    def total(self) -> int:
        """The size of the largest member."""
        return max(int(counts.sum()) for counts in self.counts)


@contextmanager
def about_member(name: str) -> Iterator[None]:
    """Say of an error which member of a family it is about."""
    try:
        yield
    except PinchmixError as error:
        error.args = (f"member {name}: {error}", *error.args[1:])
        raise


def asks_of(family: Family, serving: Serving, allocators: Mapping[str, Any]) -> Asks:
    """Return what the members ask of a source.

    Args:
        family: The family.
        serving: What exists.
        allocators: Of each member, the plugin that its budget names; None where it names none.

    Raises:
        ArgumentError: Members that are to hold the same instructions are of different size.
        BudgetError: A budget makes no sense for the languages of its member.
        UnknownLanguage: A member names a language that the source does not have.
    """
    exist = dict(zip(serving.languages, serving.supply.available.tolist(), strict=True))
    place = {tag: number for number, tag in enumerate(serving.languages)}
    figures = []
    for name, recipe in family.members.items():
        with about_member(name):
            tags = chosen_languages(serving.grid, recipe)
            asked = Asker(recipe, tags, {tag: exist[tag] for tag in tags}, allocators[name]).asked()
        whole = np.zeros(len(serving.languages), dtype=np.int64)
        whole[[place[tag] for tag in tags]] = asked.sum(axis=0)
        figures.append(whole)
    if family.constant:
        _check_sizes(family, [int(whole.sum()) for whole in figures])
    return Asks(family, serving.languages, _in_splits(family, figures))


def _in_splits(family: Family, figures: Sequence[Ints]) -> tuple[Ints, ...]:
    """Return what each language of each member gets in each split, so that no split stands in the way of a law.

    Splits of members of the same size are of the same size, and from each member to the next, a language that gains
    loses in no split, and inversely.
    """
    parts = next(iter(family.members.values())).split.values()
    if len(parts) < 2:
        return tuple(whole[None] for whole in figures)
    whole = sum(Fraction(part) for part in parts)
    shares = [Fraction(part) / whole for part in parts]
    tables: dict[int, Ints] = {}
    for member, beside in journey(len(figures), family.chains):
        counts = figures[member].tolist()
        before = np.zeros((len(shares), len(counts)), dtype=np.int64) if beside is None else tables[beside]
        tables[member] = moved_counts(before, counts, apportion(shares, sum(counts)).tolist(), shares)
    return tuple(tables[member] for member in range(len(figures)))


def _check_sizes(family: Family, sizes: Sequence[int]) -> None:
    """Raise unless all members are of the same size."""
    names = list(family.members)
    for name, size in zip(names, sizes, strict=True):
        if size != sizes[0]:
            raise ArgumentError(
                f"family {family.name}: all members are to hold the same instructions, but {names[0]} has "
                f"{sizes[0]:,} and {name} {size:,}. Give them the same total, or say constant=False."
            )
