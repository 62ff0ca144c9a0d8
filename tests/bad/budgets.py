"""Bad budgets: each call must be refused; ``tests/golden/bad_budgets.txt`` holds what is said."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pinchmix import Budget

THREE = ["en", "fi", "sw"]
SIZES = {"en": 900, "fi": 60, "sw": 10}
ROMANCE = {"romance": ["it", "es"]}
NAN = float("nan")


def asked(budget: Budget, languages: list[str] | None = None, **more: Any) -> dict[str, int]:
    """Return what a budget asks of three languages."""
    return budget.for_languages(languages or THREE, **more)


def weighed(weights: Any) -> dict[str, int]:
    """Ask an allocator that returns these weights."""

    def fixed(sizes: Any, total: int) -> Any:
        return weights

    return asked(Budget.allocated(fixed, 10, sizes=SIZES))


def plain(**changes: Any) -> Budget:
    """Read the data of a good budget with changes; None leaves a key out."""
    data = {"kind": "shares", "amounts": {"en": "1/3", "*": "2/3"}, "order": ["en", "*"], "total": 9, **changes}
    return Budget.from_dict({key: value for key, value in data.items() if value is not None})


BAD: dict[str, Callable[[], Any]] = {
    # Amounts.
    "counts empty": lambda: Budget.counts({}),
    "counts of a list": lambda: Budget.counts([("en", 1)]),  # type: ignore[arg-type]
    "counts zero": lambda: Budget.counts({"en": 0}),
    "counts negative": lambda: Budget.counts({"en": 5, "sw": -1}),
    "counts bool": lambda: Budget.counts({"en": True}),
    "counts text": lambda: Budget.counts({"en": "5"}),  # type: ignore[dict-item]
    "counts fraction": lambda: Budget.counts({"en": 2.5}),  # type: ignore[dict-item]
    "counts fraction of tokens": lambda: Budget.counts({"en": 2.5}, unit="tokens"),  # type: ignore[dict-item]
    "counts nan": lambda: Budget.counts({"en": NAN}),  # type: ignore[dict-item]
    "counts too many": lambda: Budget.counts({"en": 10**13}),
    "counts too many tokens": lambda: Budget.counts({"en": 10**13}, unit="tokens"),
    "counts no language": lambda: Budget.counts({"englsh": 5}),
    "counts arrow": lambda: Budget.counts({"fi->en": 5}),
    "counts woven of one": lambda: Budget.counts({"fi>fi": 5}),
    "counts woven of no language": lambda: Budget.counts({"fi>xx": 5}),
    "counts translation of one": lambda: Budget.counts({"translate(fi)": 5}),
    "counts translation misspelled": lambda: Budget.counts({"translat(fi>en,response)": 5}),
    "counts switch with an arrow": lambda: Budget.counts({"switch(fi>en)": 5}),
    "counts of a dance": lambda: Budget.counts({"dance(fi,en)": 5}),
    "counts woven twice": lambda: Budget.counts({"iw>en": 5, "he>en": 5}),
    "counts woven not at hand": lambda: asked(Budget.counts({"en": 5, "fi>en": 5})),
    "group named as a column": lambda: Budget.shares({"fi>en": 1}, total=9, groups={"fi>en": ["fi", "en"]}),
    "counts twice the same": lambda: Budget.counts({"iw": 5, "he": 5}),
    "counts and shares": lambda: Budget.of({"en": 5, "sw": 0.5}),
    "counts not at hand": lambda: asked(Budget.counts({"en": 5, "se": 5})),
    "counts near one at hand": lambda: asked(Budget.counts({"en": 5, "fil": 5})),
    "counts nothing left": lambda: asked(Budget.counts({"en": 5, "fi": 5, "sw": 5, "*": 1}, unit="tokens")),
    "shares nan": lambda: Budget.shares({"en": NAN, "sw": 0.5}, total=10),
    "shares infinite": lambda: Budget.shares({"en": float("inf")}, total=10),
    "shares decimal nan": lambda: Budget.shares({"en": Decimal("NaN")}, total=10),
    "shares over one": lambda: Budget.shares({"en": 1.5, "sw": 0.5}, total=10),
    "shares negative": lambda: Budget.shares({"en": -0.5, "sw": 0.5}, total=10),
    "shares sum over one": lambda: Budget.shares({"en": 0.8, "sw": 0.3}, total=10),
    "shares sum under one": lambda: Budget.shares({"en": 0.8, "sw": 0.1}, total=10),
    "shares sum under one with others": lambda: Budget.shares({"en": 0.8, "*": 0.1}, total=10),
    "shares total zero": lambda: Budget.shares({"*": 1.0}, total=0),
    "shares total fraction": lambda: Budget.shares({"*": 1.0}, total=2.5),  # type: ignore[arg-type]
    "shares total bool": lambda: Budget.shares({"*": 1.0}, total=True),
    "shares total too large": lambda: Budget.shares({"*": 1.0}, total=10**13),
    "uniform total text": lambda: Budget.uniform("10"),  # type: ignore[arg-type]
    "unit unknown": lambda: Budget.uniform(10, unit="token"),
    "unit none": lambda: Budget.uniform(10, unit=None),  # type: ignore[arg-type]
    "unit beside a budget": lambda: Budget.of(Budget.uniform(10), unit="tokens"),
    # The rest.
    "rest without total": lambda: Budget.counts({"sw": 5}, rest="en"),
    "total without rest": lambda: Budget.counts({"sw": 5}, total=10),
    "rest named twice": lambda: Budget.counts({"sw": 5, "en": 1}, total=10, rest="EN"),
    "rest named twice in shares": lambda: Budget.shares({"sw": 0.5, "*": 0.2}, total=10, rest="*"),
    "rest no language": lambda: Budget.counts({"sw": 5}, total=10, rest="englsh"),
    "rest no text": lambda: Budget.counts({"sw": 5}, total=10, rest=3),  # type: ignore[arg-type]
    "rest in a named group": lambda: Budget.counts({"romance": 5}, total=10, rest="it", groups=ROMANCE),
    "rest negative": lambda: Budget.counts({"sw": 50}, total=10, rest="en"),
    "rest of shares over one": lambda: Budget.shares({"sw": 0.8, "fi": 0.3}, total=10, rest="en"),
    # The pinch.
    "pinch both": lambda: Budget.pinch(100, examples=10, percent=10),
    "pinch neither": lambda: Budget.pinch(100),
    "pinch larger than total": lambda: Budget.pinch(100, examples=101),
    "pinch negative": lambda: Budget.pinch(100, examples=-1),
    "pinch fraction": lambda: Budget.pinch(100, examples=2.5),  # type: ignore[arg-type]
    "pinch bool": lambda: Budget.pinch(100, examples=True),
    "pinch percent over 100": lambda: Budget.pinch(100, percent=101),
    "pinch percent negative": lambda: Budget.pinch(100, percent=-1),
    "pinch percent nan": lambda: Budget.pinch(100, percent=NAN),
    "pinch percent text": lambda: Budget.pinch(100, percent="10%"),
    "pinch pool unknown": lambda: Budget.pinch(100, examples=10, pool="other"),
    "pinch pivot no language": lambda: Budget.pinch(100, examples=10, pivot="englsh"),
    "pinch pivot not at hand": lambda: asked(Budget.pinch(100, examples=10, pivot="de")),
    "pinch only the pivot": lambda: asked(Budget.pinch(100, examples=10), ["en"]),
    "pinch pivot in a group": lambda: asked(Budget.pinch(100, examples=10, groups={"northern": ["en", "fi"]})),
    "pinch languages empty": lambda: Budget.pinch(100, examples=10, languages=[]),
    "pinch languages as text": lambda: Budget.pinch(100, examples=10, languages="fi"),
    "pinch languages twice": lambda: Budget.pinch(100, examples=10, languages=["fi", "fi"]),
    "pinch languages not at hand": lambda: asked(Budget.pinch(100, examples=10, languages=["fi", "swe"])),
    "pinch languages of all others": lambda: Budget.pinch(100, examples=10, languages=["*"]),
    # Sizes.
    "sizes empty": lambda: Budget.proportional(10, {}),
    "sizes of a list": lambda: Budget.proportional(10, [5, 6]),  # type: ignore[arg-type]
    "sizes zero": lambda: Budget.proportional(10, {"en": 0, "sw": 0}),
    "sizes zero at hand": lambda: asked(Budget.proportional(10, {"en": 0, "fi": 0, "sw": 0, "de": 5})),
    "sizes negative": lambda: Budget.proportional(10, {"en": -5}),
    "sizes nan": lambda: Budget.proportional(10, {"en": NAN}),  # type: ignore[dict-item]
    "sizes fraction": lambda: Budget.proportional(10, {"en": 2.5}),  # type: ignore[dict-item]
    "sizes text": lambda: Budget.proportional(10, {"en": "many"}),  # type: ignore[dict-item]
    "sizes no language": lambda: Budget.proportional(10, {"englsh": 5}),
    "sizes number as language": lambda: Budget.proportional(10, {1: 5}),  # type: ignore[dict-item]
    "sizes missing": lambda: asked(Budget.proportional(10, {"en": 5, "de": 5})),
    "sizes not given": lambda: asked(Budget.unimax(10)),
    "alpha and temperature": lambda: Budget.temperature(10, alpha=0.5, temperature=2),
    "neither alpha nor temperature": lambda: Budget.temperature(10),
    "temperature zero": lambda: Budget.temperature(10, temperature=0),
    "temperature negative": lambda: Budget.temperature(10, temperature=-2),
    "temperature infinite": lambda: Budget.temperature(10, temperature=float("inf")),
    "temperature tiny": lambda: Budget.temperature(10, temperature=0.001),
    "alpha negative": lambda: Budget.temperature(10, alpha=-0.5),
    "alpha nan": lambda: Budget.temperature(10, alpha=NAN),
    "alpha bool": lambda: Budget.temperature(10, alpha=True),
    "epochs zero": lambda: Budget.unimax(10, max_epochs=0),
    "epochs text": lambda: Budget.unimax(10, max_epochs="2"),
    "unimax beyond capacity": lambda: asked(Budget.unimax(971, sizes=SIZES)),
    "unimax beyond capacity in epochs": lambda: asked(Budget.unimax(5000, max_epochs=1.5, sizes=SIZES)),
    "unimax minimum over capacity": lambda: asked(Budget.unimax(500, sizes=SIZES, minimum={"sw": 20})),
    # Allocators.
    "allocator of nothing": lambda: Budget.allocated(5, 10),
    "allocator only named": lambda: asked(Budget.allocated("unimax", 10, sizes=SIZES)),
    "allocator says a list": lambda: weighed([1, 2, 3]),
    "allocator says nothing": lambda: weighed(None),
    "allocator says too little": lambda: weighed({"en": 1, "fi": 1}),
    "allocator says too much": lambda: weighed({"en": 1, "fi": 1, "sw": 1, "sv": 1}),
    "allocator says negative": lambda: weighed({"en": 1, "fi": 1, "sw": -1}),
    "allocator says nan": lambda: weighed({"en": 1, "fi": 1, "sw": NAN}),
    "allocator says text": lambda: weighed({"en": 1, "fi": 1, "sw": "1"}),
    "allocator says zeros": lambda: weighed({"en": 0, "fi": 0.0, "sw": 0}),
    # Bounds.
    "minimum over maximum": lambda: asked(Budget.uniform(30, minimum=11, maximum=10)),
    "minimum over maximum of one": lambda: asked(Budget.uniform(30, minimum={"sw": 11}, maximum=10)),
    "minima over total": lambda: asked(Budget.uniform(30, minimum=11)),
    "maxima under total": lambda: asked(Budget.uniform(30, maximum=9)),
    "maxima under total of tokens": lambda: asked(Budget.uniform(30, maximum={"en": 9, "*": 8}, unit="tokens")),
    "maximum of all that claim": lambda: asked(Budget.shares({"en": 1.0}, total=30, maximum={"en": 9})),
    "minimum over a count": lambda: asked(Budget.counts({"en": 20, "sw": 10}, minimum=15)),
    "maximum under a count": lambda: asked(Budget.counts({"en": 20, "sw": 10}, maximum=15)),
    "minima over the count of others": lambda: asked(Budget.counts({"en": 20, "*": 10}, minimum=6)),
    "minimum of a language without a count": lambda: asked(Budget.counts({"en": 20}, minimum={"fi": 6})),
    "minimum negative": lambda: Budget.uniform(30, minimum=-1),
    "minimum fraction": lambda: Budget.uniform(30, minimum=1.5),  # type: ignore[arg-type]
    "maximum bool": lambda: Budget.uniform(30, maximum={"en": True}),
    "minimum no language": lambda: Budget.uniform(30, minimum={"englsh": 1}),
    "minimum number as language": lambda: Budget.uniform(30, minimum={1: 1}),  # type: ignore[dict-item]
    "minimum not at hand": lambda: asked(Budget.uniform(30, minimum={"swe": 1})),
    "minimum of a group": lambda: Budget.counts({"romance": 5}, minimum={"romance": 1}, groups=ROMANCE),
    # Groups.
    "groups of a list": lambda: Budget.counts({"en": 5}, groups=["it", "es"]),  # type: ignore[arg-type]
    "group as text": lambda: Budget.counts({"en": 5}, groups={"romance": "it"}),
    "group empty": lambda: Budget.counts({"en": 5}, groups={"romance": []}),
    "group called as a language": lambda: Budget.counts({"fin": 5}, groups={"fin": ["fi", "et"]}),
    "group called as all others": lambda: Budget.counts({"*": 5}, groups={"*": ["fi", "et"]}),
    "group called as nothing": lambda: Budget.counts({"en": 5}, groups={" ": ["fi", "et"]}),
    "group member no language": lambda: Budget.counts({"romance": 5}, groups={"romance": ["it", "spansh"]}),
    "group member twice": lambda: Budget.counts({"semitic": 5}, groups={"semitic": ["he", "iw"]}),
    "group member not at hand": lambda: asked(Budget.counts({"romance": 5}, groups=ROMANCE)),
    "group mistyped": lambda: Budget.counts({"romanse": 5}, groups=ROMANCE),
    "group and its member": lambda: Budget.counts({"romance": 5, "it": 5}, groups=ROMANCE),
    "group and another": lambda: Budget.counts(
        {"romance": 5, "southern": 5}, groups={"romance": ["it", "es"], "southern": ["it", "sw"]}
    ),
    "groups that overlap in a uniform budget": lambda: Budget.uniform(
        9, groups={"romance": ["it", "es"], "southern": ["it", "sw"]}
    ),
    # Plain data.
    "data no mapping": lambda: Budget.from_dict([1]),  # type: ignore[arg-type]
    "data without kind": lambda: plain(kind=None),
    "data of unknown kind": lambda: plain(kind="share"),
    "data with unknown key": lambda: plain(totl=9),
    "data without total": lambda: plain(total=None),
    "data without order": lambda: plain(order=None),
    "data with another order": lambda: plain(order=["en", "fi"]),
    "data with no fraction": lambda: plain(amounts={"en": "a third", "*": "2/3"}),
    "data with fraction of zero": lambda: plain(amounts={"en": "1/0", "*": "2/3"}),
    "data with another sum": lambda: Budget.from_dict({"kind": "counts", "amounts": {"en": 5}, "total": 6}),
    "data of another total": lambda: plain(total="9"),
    "with total zero": lambda: Budget.uniform(9).with_total(0),
}
