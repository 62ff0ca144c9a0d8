"""Bad checks: each must be refused; ``tests/golden/bad_checks.txt`` holds what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from pinchmix.arguments import read_policy
from pinchmix.cells import Cells, Finding, Findings
from pinchmix.judging.examine import examine, panel_of
from pinchmix.policy import Check
from pinchmix.validators.langid import Thresholds
from pinchmix.validators.language import LanguageValidator

CELLS = Cells(["a", "b"], ["fi"] * 2, ["fi"] * 2, ["Hei?", "Mikä?"], ["Moi.", "Tämä."])


class Own:
    """A check of one's own that says what it is told to."""

    name, version = "own", "1"

    def judge(self, cells: Cells, languages: object) -> Any:
        return self.said()

    def said(self) -> Any:
        return Findings.of([])


class Backend:
    """A language backend of one's own."""

    name, version = "vowels", "1"
    languages: Any = ("en", "fi")
    thresholds: Mapping[str, Any] = {"*": Thresholds(accept=0.6, reject=0.1)}
    candidates: Any = "open"

    def log_scores(self, texts: Any) -> Any:
        return np.zeros((len(texts), 2)), np.ones(len(texts), dtype=np.int64)


class Stateful(Own):
    """A check with a parameter that no settings say."""

    def __init__(self, least: int) -> None:
        self.least = least


class Marked(Own):
    """A check whose parameter is set on the object."""


def with_attributes(kind: Callable[[], Any], **attributes: Any) -> Any:
    """Return an object with other attributes of its class, so that they are no state of its own."""
    return type(kind.__name__, (kind,), attributes)()  # type: ignore[call-overload]


def settings(check: str, **said: Any) -> Callable[[], object]:
    return partial(read_policy, {check: {"settings": said}})


def finding(found: Callable[[], Any]) -> Callable[[], object]:
    one = with_attributes(Own, said=lambda self: found())
    return lambda: examine(CELLS, panel_of([Check("own")], [one]), ["fi"])


def columns(**said: Any) -> Callable[[], object]:
    whole: dict[str, Any] = {
        "place": np.array([0]), "field": ["prompt"], "verdict": np.array([2]), "reason": ["x"],
        "score": np.array([0.5]), "seen": [""],
    }  # fmt: skip
    return finding(lambda: Findings(**{**whole, **said}))


def marked() -> Any:
    one = Marked()
    one.least = 5  # type: ignore[attr-defined]
    return one


def of_backend(**attributes: Any) -> Callable[[], object]:
    return lambda: LanguageValidator(with_attributes(Backend, **attributes))


CHECKS: dict[str, Callable[[], object]] = {
    "off, mistyped": lambda: read_policy({"nubmers": "off"}),
    "off, unknown": lambda: read_policy({"zzz": "off"}),
    "flag, mistyped": lambda: read_policy({"nubmers": "flag"}),
    "preset, mistyped": lambda: read_policy({"prest": "strict"}),
    "on_unsure, mistyped": lambda: read_policy({"on_unsur": "keep"}),
    "a check named by a number": lambda: read_policy({3: "off"}),
    "on_unsure of a list": lambda: read_policy({"on_unsure": ["keep"]}),
    "on_unsure of None": lambda: read_policy({"on_unsure": None}),
    "on_unsure of an array": lambda: read_policy({"on_unsure": np.array(["keep", "flag"])}),
    "a check of an array": lambda: read_policy({"numbers": np.array([1, 2])}),
    "a check kept": lambda: read_policy({"numbers": "keep"}),
    "a mapping with a strange part": lambda: read_policy({"numbers": {"mismach": "flag"}}),
    "a mapping with another name": lambda: read_policy({"numbers": {"name": "loops"}}),
    "a listed mapping with a strange part": lambda: read_policy([{"name": "numbers", "unsur": "flag"}]),
    "a mismatch of an array": lambda: Check("numbers", np.array(["flag", "reject"])),  # type: ignore[arg-type]
    "settings of a list": lambda: read_policy({"length": {"settings": [1]}}),
    "settings, mistyped": settings("length", doubtt=0.5),
    "settings where there are none": settings("numbers", threshold=0.5),
    "settings that fake a version": settings("numbers", version="9"),
    "settings that fake a name": settings("length", name="language"),
    "settings that fake a survey": settings("duplicates", found={}),
    "settings with a set": settings("length", doubt={1, 2}),
    "settings with an object": settings("length", doubt=object),
    "settings named by a number": lambda: read_policy({"length": {"settings": {1: 2}}}),
    "length: text": settings("length", doubt="x"),
    "length: None": settings("length", doubt=None),
    "length: negative": settings("length", doubt=-5, limit=-9),
    "length: limit below doubt": settings("length", doubt=2, limit=1),
    "length: nan": settings("length", doubt=float("nan")),
    "length: infinite": settings("length", limit=float("inf")),
    "length: True": settings("length", doubt=True),
    "duplicates: 7": settings("duplicates", threshold=7),
    "duplicates: text": settings("duplicates", threshold="a"),
    "language: candidates all": settings("language", candidates="all"),
    "language: candidates, mistyped": settings("language", candidates="neighbors"),
    "language: candidates of a number": settings("language", candidates=5),
    "language: candidates of numbers": settings("language", candidates=[5]),
    "language: no language": settings("language", candidates=["englsh"]),
    "language: mode": settings("language", mode="exakt"),
    "language: mode None": settings("language", mode=None),
    "language: strict text": settings("language", strict="yes"),
    "language: backend None": settings("language", backend=None),
    "language: backend empty": settings("language", backend=""),
    "language: backend, mistyped": settings("language", backend="langdetct"),
    "language: backend of a mapping": settings("language", backend={"name": "vowels"}),
    "language: backend of an unknown record": settings(
        "language", backend={"name": "vowels", "version": "1", "settings": {}}
    ),
    "language: cascade of a number": settings("language", cascade=3),
    "language: backend of a class": lambda: LanguageValidator(Backend),  # type: ignore[arg-type]
    "language: thresholds of a number": settings("language", thresholds={"fi": 0.5}),
    "language: thresholds of texts": settings("language", thresholds={"fi": ["a", "b"]}),
    "language: thresholds of a list": settings("language", thresholds=[0.5, 0.1]),
    "language: thresholds of three": settings("language", thresholds={"fi": [0.5, 0.1, 0.1]}),
    "language: thresholds the wrong way": settings("language", thresholds={"fi": [0.1, 0.5]}),
    "language: thresholds above one": settings("language", thresholds={"fi": [7, 0.5]}),
    "language: options of a text": settings("language", options="model"),
    "language: options, unknown": settings("language", options={"x": 1}),
    "backend: candidates": of_backend(candidates="all"),
    "backend: languages of a text": of_backend(languages="en"),
    "backend: a language twice": of_backend(languages=("en", "en")),
    "backend: thresholds of numbers": of_backend(thresholds={"*": 0.5}),
    "backend: no thresholds for the others": of_backend(thresholds={"fi": Thresholds(0.6, 0.1)}),
    "backend: version of a number": of_backend(version=1),
    "backend: a built-in name": of_backend(name="langdetect"),
    "own: a parameter and no settings": lambda: read_policy([Stateful(5)]),
    "own: an attribute and no settings": lambda: read_policy([marked()]),
    "own: a set in its settings": lambda: read_policy([with_attributes(Own, settings={"a": {1}})]),
    "own: a built-in name": lambda: read_policy([with_attributes(Own, name="numbers")]),
    "own: version of a number": lambda: read_policy([with_attributes(Own, version=1)]),
    "own: no name": lambda: read_policy([with_attributes(Own, name="")]),
    "own: cost of a text": lambda: read_policy([with_attributes(Own, cost="cheap")]),
    "findings: lists": columns(place=[0], verdict=[2], score=[0.5]),
    "findings: unequal lengths": columns(place=np.array([0, 1])),
    "findings: places of fractions": columns(place=np.array([0.5])),
    "findings: two columns of places": columns(place=np.array([[0]])),
    "findings: an unknown field": columns(field=["answer"]),
    "findings: a field, mistyped": columns(field=["promt"]),
    "findings: no reason": columns(reason=[None]),
    "findings: outside": columns(place=np.array([2])),
    "findings: no verdict": columns(verdict=np.array([9])),
    "findings: a list of them": finding(lambda: [Finding(0, "prompt", 2, "x")]),
    "findings: a fraction": finding(lambda: Findings.of([Finding(0.5, "prompt", 2, "x")])),  # type: ignore[arg-type]
    "findings: None for texts": finding(lambda: Findings.of([Finding(0, "prompt", 2, None)])),  # type: ignore[arg-type]
    "findings: tuples": finding(lambda: Findings.of([(0, "prompt", 2, "x")])),  # type: ignore[list-item]
}
