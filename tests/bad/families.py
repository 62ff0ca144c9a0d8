"""Bad families: each call must be refused; ``tests/golden/bad_families.txt`` holds what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinchmix.families import find_family
from pinchmix.recipes import contrasts, dirichlet, grids, kew, ladders, paper

THREE = ["en", "fi", "sw"]
SIZES = {"en": 900, "fi": 60, "sw": 10}

BAD: dict[str, Callable[[], Any]] = {
    # By name.
    "name mistyped": lambda: find_family("paper.pinches"),
    "name without its file": lambda: find_family("pinch"),
    "name of nothing": lambda: find_family("zzz"),
    "parameter mistyped": lambda: find_family("paper.pinch", totl=100),
    "parameter of a recipe mistyped": lambda: paper.ladder(samplr="longest"),
    "parameter of another family": lambda: paper.monolingual(percents=[1]),
    "parameter missing": lambda: find_family("ladders.added", languages=THREE),
    "recipe makes none": lambda: paper.pinch(repeat=0),
    "law that a policy cannot keep": lambda: paper.pinch(content="overlap(2)"),
    # Languages.
    "languages empty": lambda: paper.monolingual([]),
    "languages text": lambda: paper.monolingual("en"),
    "languages twice": lambda: paper.monolingual(["en", "en"]),
    "languages the same": lambda: paper.monolingual(["iw", "he"]),
    "languages unknown": lambda: paper.monolingual(["englsh"]),
    "languages too few": lambda: ladders.leave_one_out(["en"], 10),
    "pivot not among them": lambda: paper.pinch(["fi", "sw"]),
    "pivot unknown": lambda: paper.pinch(pivot="englsh"),
    # Totals.
    "total zero": lambda: paper.pinch(total=0),
    "total fraction": lambda: kew.ladder(total=320.5),  # type: ignore[arg-type]
    "total text": lambda: ladders.even(THREE, "60"),  # type: ignore[arg-type]
    "total smaller than the ladder": lambda: paper.ladder(total=5),
    "total smaller than those left": lambda: ladders.leave_one_out(THREE, 2),
    "total smaller than the few": lambda: paper.pinch(total=30),
    "totals empty": lambda: ladders.growing(THREE, totals=[]),
    "totals fraction": lambda: ladders.growing(THREE, totals=[40, 46.4]),  # type: ignore[list-item]
    "totals twice": lambda: ladders.growing(THREE, totals=[40, 40]),
    # Each family's own.
    "percents out of bounds": lambda: paper.pinch(percents=[1, 110]),
    "percents negative": lambda: grids.pinches(THREE, 100, percents=[-1]),
    "percents text": lambda: paper.pinch(percents="10"),
    "percents no number": lambda: paper.pinch(percents=["10"]),
    "percents twice": lambda: paper.pinch(percents=[10, 10.0]),
    "pool mistyped": lambda: paper.pinch(pool="other"),
    "few fraction": lambda: paper.pinch(few=46.4),  # type: ignore[arg-type]
    "orders too many": lambda: ladders.even(THREE, 60, orders=7),
    "orders zero": lambda: ladders.even(THREE, 60, orders=0),
    "orders empty": lambda: ladders.even(THREE, 60, orders=[]),
    "orders incomplete": lambda: ladders.even(THREE, 60, orders=[["en", "fi"]]),
    "orders of a stranger": lambda: ladders.even(THREE, 60, orders=[["en", "fi", "swa", "it"]]),
    "pairs of an odd number": lambda: paper.bilingual(THREE),
    "pairs of three": lambda: paper.bilingual(pairs=[["en", "fi", "sw"]]),
    "pairs of a stranger": lambda: paper.bilingual(["en", "fi"], pairs=[["en", "sw"]]),
    "orders no number": lambda: ladders.even(THREE, 60, orders=1.5),  # type: ignore[arg-type]
    "orders text": lambda: ladders.even(THREE, 60, orders="en"),
    "pairs no list": lambda: paper.bilingual(pairs=6),  # type: ignore[arg-type]
    "pairs empty": lambda: paper.bilingual(pairs=[]),
    "pairs twice": lambda: paper.bilingual(pairs=[["en", "sw"], ["sw", "en"]]),
    "everything with strangers": lambda: paper.everything(["en", "fi", "it", "es"]),
    "everything with as many": lambda: paper.everything(some=paper.LANGUAGES),
    "each more than there is": lambda: kew.ladder(each=700),
    "each without a pivot": lambda: ladders.leave_one_out(THREE, 90, each=10),
    "to mistyped": lambda: ladders.leave_one_out(THREE, 90, to="pivto"),
    "alphas negative": lambda: grids.temperatures(SIZES, 100, alphas=[-1]),
    "sizes a list": lambda: grids.temperatures(["en"], 100),  # type: ignore[arg-type]
    "sizes of one": lambda: grids.unimax({"en": 5}, 5),
    "epochs too few for the total": lambda: grids.unimax(SIZES, 1000),
    "epochs zero": lambda: grids.unimax(SIZES, 100, epochs=[0]),
    "sampler that members differ in": lambda: contrasts.longest(sampler="random"),
    "instructions zero": lambda: contrasts.compositions(instructions=0),
    "members too many": lambda: dirichlet.draws(THREE, 100, members=10**6),
    "members more than there are": lambda: dirichlet.draws(THREE, 100, members=4, strengths=(1e-9, 1e-9)),
    "strengths one": lambda: dirichlet.draws(THREE, 100, strengths=1),  # type: ignore[arg-type]
    "strengths zero": lambda: dirichlet.draws(THREE, 100, strengths=(0, 1)),
    "strengths the wrong way": lambda: dirichlet.draws(THREE, 100, strengths=(5, 1)),
    "prior zero": lambda: dirichlet.draws(THREE, 100, prior={"en": 1, "fi": 1, "sw": 0}),
    "draw text": lambda: paper.bilingual(draw="now"),  # type: ignore[arg-type]
    "draw fraction": lambda: dirichlet.draws(THREE, 100, draw=0.5),  # type: ignore[arg-type]
    "prior a list": lambda: dirichlet.draws(THREE, 100, prior=[1, 1, 1]),  # type: ignore[arg-type]
    "prior no number": lambda: dirichlet.draws(THREE, 100, prior={"en": 1, "fi": 1, "sw": "1"}),
    "prior incomplete": lambda: dirichlet.draws(THREE, 100, prior={"en": 1}),
}
