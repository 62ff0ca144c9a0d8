"""Bad sweeps: each call must be refused; ``tests/golden/bad_sweeps.txt`` holds what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinchmix import Budget, Recipe
from pinchmix.family import Family
from pinchmix.sweep import sweep_mixtures
from tests.grids import table_of

GRID = {f"i{number:02}": ["en", "fi", "sw"][: 1 + number % 3] for number in range(30)}
WHOLE = {f"i{number:02}": ["en", "fi", "sw"] for number in range(30)}


def recipe(counts: dict[str, int] | None = None, **said: Any) -> Recipe:
    return Recipe(Budget.counts(counts or {"en": 8, "fi": 2}), **{"validators": (), **said})


def family(members: Any, name: Any = "mine", **said: Any) -> Family:
    return Family(name, members, **said)


def swept(members: Any, grid: dict[str, list[str]] = GRID, more: dict[str, Any] | None = None, **said: Any) -> Any:
    return sweep_mixtures(table_of(grid), family(members, **said), progress=False, **(more or {}))


ONE = {"a": recipe()}
TWO = {"p10": recipe(), "p20": recipe({"en": 6, "fi": 4})}
PLAIN = Family("plain", TWO, nested=[["p10", "p20"]]).to_dict()
# Three that stand for each other, two by two, and not all together.
ROUND = {"a": recipe({"en": 2, "fi": 1}), "b": recipe({"en": 2, "sw": 1}), "c": recipe({"en": 1, "fi": 1, "sw": 1})}
CIRCLE = [["a", "b"], ["b", "c"], ["c", "a"]]

BAD: dict[str, Callable[[], Any]] = {
    # The family.
    "no name": lambda: family(ONE, " "),
    "name no text": lambda: family(ONE, 3),
    "name of two lines": lambda: family(ONE, "a\nb"),
    "name of half a character": lambda: family(ONE, "\ud800"),
    "no members": lambda: family({}),
    "members a list": lambda: family([recipe()]),
    "member without a name": lambda: family({"": recipe()}),
    "member named by a number": lambda: family({3: recipe()}),
    "member no recipe": lambda: family({"a": {"en": 5}}),
    "constant a text": lambda: family(ONE, constant="no"),
    "source no text": lambda: family(ONE, source=None),
    "nested a text": lambda: family(TWO, nested="p10"),
    "nested a flat list": lambda: family(TWO, nested=["p10", "p20"]),
    "nested nothing": lambda: family(TWO, nested=None),
    "nested a set": lambda: family(TWO, nested=[{"p10", "p20"}]),
    "nested too deep": lambda: family(TWO, nested=[[["p10"]]]),
    "nested near a name": lambda: family(TWO, nested=[["p10", "p2"]]),
    "nested no name": lambda: family(TWO, nested=[["p10", "else"]]),
    "nested twice": lambda: family(TWO, nested=[["p10", "p20", "p10"]]),
    "other seeds": lambda: family({"a": recipe(), "b": recipe(seed=1)}, constant=True),
    "other samplers": lambda: family({"a": recipe(), "b": recipe(sampler="longest")}, nested=[["a", "b"]]),
    "several languages": lambda: family({"a": recipe(content="overlap(2)")}, constant=True),
    "repeats": lambda: family({"a": recipe(repeat=2)}, constant=True),
    "tokens": lambda: family({"a": Recipe(Budget.uniform(9, unit="characters"))}, constant=True, nested=[["a"]]),
    # Plain data.
    "data unknown key": lambda: Family.from_dict({**PLAIN, "nest": []}),
    "data without members": lambda: Family.from_dict({"name": "a"}),
    "data members a list": lambda: Family.from_dict({**PLAIN, "members": []}),
    "data constant a text": lambda: Family.from_dict({**PLAIN, "constant": "yes"}),
    "data recipe unknown key": lambda: Family.from_dict({"name": "a", "members": {"a": {"bugdet": {}}}}),
    # Sweeps.
    "sweep of nothing": lambda: sweep_mixtures(table_of(GRID), {}),
    "sweep of a recipe": lambda: sweep_mixtures(table_of(GRID), recipe()),  # type: ignore[arg-type]
    "sweep of budgets": lambda: sweep_mixtures(table_of(GRID), {"a": {"en": 5}}),  # type: ignore[dict-item]
    "language not there": lambda: swept({"a": recipe({"en": 2, "cs": 2})}, constant=True),
    "language not drawn on": lambda: swept({"a": recipe({"en": 2, "fi": 2}, languages=("en", "sw"))}, constant=True),
    "other totals": lambda: swept({"a": recipe(), "b": recipe({"en": 9})}, constant=True),
    "other splits": lambda: swept({"a": recipe(split={"train": 5, "test": 4})}, constant=True),
    "exclusion not asked": lambda: swept(ONE, more={"exclude": ["i01"]}),
    "exclusion not given": lambda: swept({"a": recipe(exclude="0" * 32)}),
    "too much alone": lambda: swept({"a": recipe(), "b": recipe({"sw": 20})}),
    "too much together": lambda: swept({"a": recipe({"en": 24}), "b": recipe({"fi": 12, "sw": 12})}, constant=True),
    "no core": lambda: swept(
        {"a": recipe({"fi": 2}), "b": recipe({"sw": 2})},
        {"i1": ["fi"], "i2": ["sw"], "i3": ["fi", "en"]},
        constant=True,
    ),
    "one language too many": lambda: swept(
        {"a": recipe({"en": 20}), "b": recipe({"fi": 20}), "c": recipe({"sw": 20})}, constant=True
    ),
    "a circle": lambda: swept(ROUND, dict(list(WHOLE.items())[:3]), constant=True, nested=CIRCLE),
    "splits": lambda: swept(
        {
            "a": recipe({"en": 20}, split={"train": 0.5, "test": 0.5}),
            "b": recipe({"sw": 20}, split={"train": 0.5, "test": 0.5}),
        },
        constant=True,
    ),
}
