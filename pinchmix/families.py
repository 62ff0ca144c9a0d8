"""Families by name: which there are, and one of them with its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pinchmix.errors import ArgumentError
from pinchmix.family import Family
from pinchmix.recipes import contrasts, dirichlet, grids, kew, ladders, paper
from pinchmix.recipes.parts import Make, check_named, name_of
from pinchmix.text.wording import listing, near

# A family of one's own is any function that returns a Family, or the object itself: nothing is to be declared.
FAMILIES: Mapping[str, Make] = MappingProxyType(
    {
        name_of(make): make
        for make in (
            *(paper.monolingual, paper.pinch, paper.ladder, paper.bilingual, paper.everything),
            *(kew.ladder, kew.leave_one_out),
            *(contrasts.compositions, contrasts.longest),
            *(grids.pinches, grids.temperatures, grids.unimax),
            *(ladders.even, ladders.added, ladders.leave_one_out, ladders.growing),
            dirichlet.draws,
        )
    }
)


class Listed(NamedTuple):
    """A family there is.

    Attributes:
        name: What :func:`find_family` knows it by.
        says: What it holds, in a sentence.
        parameters: What it takes of its own, as Python shows it; what recipes share may be given too.
    """

    name: str
    says: str
    parameters: str


def list_families() -> list[Listed]:
    """Return the families there are, those of the paper first.

    Example:
        >>> [one.name for one in list_families()][:3]
        ['paper.monolingual', 'paper.pinch', 'paper.ladder']
    """
    return [
        Listed(
            name,
            (inspect.getdoc(make) or "").splitlines()[0].removeprefix("Return ").replace("`", ""),
            _parameters(make),
        )
        for name, make in FAMILIES.items()
    ]


def _parameters(make: Make) -> str:
    shown = inspect.signature(make)
    own = [one for one in shown.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    return ", ".join(
        one.name if one.default is inspect.Parameter.empty else f"{one.name}={one.default!r}" for one in own
    )


def find_family(name: str, **parameters: Any) -> Family:
    """Return a family by its name.

    Args:
        name: Such as ``"paper.pinch"``.
        **parameters: What it takes, and what its recipes share: ``total``, ``languages``, ``seed`` ...

    Raises:
        ArgumentError: No family is called so, or it takes no such parameter, or lacks one; a near one is named.
        BudgetError: A parameter makes no sense.

    Example:
        >>> find_family("paper.pinch", total=464, languages=["en", "fi", "sw"])
        Family('paper.pinch', 11 members, constant, nested)
    """
    if name not in FAMILIES:
        raise ArgumentError(
            f"no family is called {name!r}.{near(str(name), FAMILIES)} There are: {listing([*FAMILIES], 40)}."
        )
    make = FAMILIES[name]
    check_named(make, parameters)
    needed = [
        one.name
        for one in inspect.signature(make).parameters.values()
        if one.default is inspect.Parameter.empty and one.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    if missing := [one for one in needed if one not in parameters]:
        raise ArgumentError(f"{name} needs {' and '.join(f'{one}=' for one in missing)}.")
    return make(**parameters)
