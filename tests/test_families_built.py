"""Families as mixtures: every member of every family, swept from complete data, has the counts it is said to have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

import pyarrow as pa
import pytest

from pinchmix.families import FAMILIES, find_family
from pinchmix.family import Family
from pinchmix.recipes import paper
from pinchmix.sweep import Sweep, sweep_mixtures
from tests.test_families import EXAMPLES, counts_of, read_golden

SMALL = {"total": 120, "few": 11, "instructions": 60, "members": 8, "each": 9, "totals": [4, 40, 100]}


def complete(ids: int, languages: Sequence[str]) -> pa.Table:
    """A grid in which every instruction exists in every language."""
    keys = [f"i{number}" for number in range(ids)]
    return pa.table(
        {
            "id": keys * len(languages),
            "language": list(chain.from_iterable([tag] * ids for tag in languages)),
            "prompt": [f"ask {tag} {key}" for tag in languages for key in keys],
            "response": [f"say {tag} {key}" for tag in languages for key in keys],
        }
    )


def small(name: str) -> Family:
    """A family of a hundred examples or so."""
    said = {key: value for key, value in SMALL.items() if f"{key}=" in parameters(name)}
    return find_family(name, **{**EXAMPLES.get(name, {}), **said})


def parameters(name: str) -> str:
    return "=, ".join(FAMILIES[name].__annotations__) + "="


def cells_of(sweep: Sweep, name: str) -> set[tuple[str, str]]:
    return {(example.id, example.prompt_language) for example in sweep[name]}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_built(name: str) -> None:
    family = small(name)
    languages = sorted({tag for recipe in family.members.values() for tag in recipe.languages})
    sweep = sweep_mixtures(complete(130, languages), family)
    for member, asked in counts_of(family).items():
        given = sweep[member].plan.counts()
        assert {tag: n for tag, n in given.items() if n} == {tag: n for tag, n in asked.items() if n}
    assert sweep.laws.keys() == set(family.laws)
    if len(family) > 20:
        return
    cells = {member: cells_of(sweep, member) for member in family}
    if family.constant:
        assert len({frozenset(key for key, _ in one) for one in cells.values()}) == 1
    for names in family.nested:
        for member, following in pairwise(names):
            for tag in languages:
                one, other = ({cell for cell in cells[of] if cell[1] == tag} for of in (member, following))
                assert one <= other or other <= one


def test_the_paper_s_counts_come_out_of_4640_complete_instructions() -> None:
    sweep = sweep_mixtures(complete(4640, paper.LANGUAGES), paper.everything())
    golden = read_golden()
    for name, mix in sweep.items():
        assert {tag: golden[name][tag] for tag in mix.plan.counts()} == mix.plan.counts()
    assert sweep.laws == {"constant": "4,640 instructions in each", "nested": "37 steps"}
