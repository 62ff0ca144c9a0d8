"""Plugins: what a sampler and a validator are, and how a name finds one. The page for plugin authors.

A plugin is any object that keeps one of the protocols below. It may be passed as it is (``sampler=MySampler()``), or
be named: built-in names are listed here, and a package adds its own by an entry point in the group
``pinchmix.samplers`` or ``pinchmix.validators``::

    [project.entry-points."pinchmix.samplers"]
    mine = "my_package:MySampler"

The entry point leads to the object or to a class without arguments.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from enum import IntEnum
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from pinchmix.errors import UnknownPlugin
from pinchmix.grid import Grid


class Verdict(IntEnum):
    """What a check says of a text; the larger one wins when a cell has several."""

    OK = 0
    UNSURE = 1
    MISMATCH = 2


class Cells(NamedTuple):
    """Cells to be judged, as equally long lists.

    Attributes:
        ids: Instruction ids.
        prompt_languages: The canonical tag that each prompt should be in.
        response_languages: The same for the responses.
        prompts: All user turns of each cell, joined by line ends.
        responses: All assistant turns of each cell, joined by line ends.
    """

    ids: Sequence[str]
    prompt_languages: Sequence[str]
    response_languages: Sequence[str]
    prompts: Sequence[str]
    responses: Sequence[str]


class Findings(NamedTuple):
    """Whatever is not OK among judged cells, as equally long arrays; a cell may occur more than once.

    Attributes:
        place: Which of the judged cells, int64.
        field: ``"prompt"`` or ``"response"``, or ``""`` for both together.
        verdict: :class:`Verdict`, uint8.
        reason: A short code, such as ``"language"`` or ``"script"``.
        score: How sure the check is that the text is right, 0 to 1, or NaN; float32.
        seen: What the check took the text for, such as a language tag; may be empty.
    """

    place: npt.NDArray[np.int64]
    field: Sequence[str]
    verdict: npt.NDArray[np.uint8]
    reason: Sequence[str]
    score: npt.NDArray[np.float32]
    seen: Sequence[str]


@runtime_checkable
class Sampler(Protocol):
    """Says in which order instructions are served; the plan says how many.

    Laws (:func:`pinchmix.testing.check_sampler` tests them): the order depends on the ids of the grid and the seed
    alone, never on positions or on earlier calls.
    """

    name: str
    version: str

    def order(self, grid: Grid, seed: int) -> npt.NDArray[np.uint64]:
        """Return the key that instructions are sorted by, the smallest first, shape ``(instructions,)``."""
        ...


@runtime_checkable
class Validator(Protocol):
    """Judges cells; a cell with a mismatch is never in a mixture.

    Laws (:func:`pinchmix.testing.check_validator` tests them): a verdict depends on the cell alone, never on its
    neighbours in the batch, on their order or on earlier calls.
    """

    name: str
    version: str

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return what is not OK among these cells; ``languages`` are those of the whole source."""
        ...


GROUPS = ("samplers", "validators")
BUILT_IN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "samplers": {"random": "pinchmix.samplers.random:RandomSampler"},
        "validators": {"language": "pinchmix.validators.language:LanguageValidator"},
    }
)


def list_plugins() -> dict[str, dict[str, str]]:
    """Return all plugins that can be named: group → name → where it comes from.

    Example:
        >>> list_plugins()["samplers"]["random"]
        'pinchmix.samplers.random:RandomSampler'
    """
    return {
        group: {**BUILT_IN[group], **{point.name: point.value for point in entry_points(group=f"pinchmix.{group}")}}
        for group in GROUPS
    }


def find_plugin(group: str, name: str) -> Any:
    """Return the plugin of a name, ready to use.

    Args:
        group: ``"samplers"`` or ``"validators"``.
        name: A built-in name, or one that an installed package has declared.

    Raises:
        UnknownPlugin: There is none of that name; the error carries the names there are.

    Example:
        >>> find_plugin("samplers", "random").name
        'random'
    """
    known = list_plugins()[group]
    if name not in known:
        raise UnknownPlugin(group.removesuffix("s"), name, sorted(known))
    module, _, attribute = known[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    return found() if isinstance(found, type) else found
