"""Families as data: what they mean, what they refuse, and what is said then."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given

from pinchmix import Budget, PinchmixError, Recipe
from pinchmix.canonical import canonical_bytes
from pinchmix.family import Family
from tests.bad.sweeps import BAD, TWO
from tests.grids import laws
from tests.sweeps import families, family_of

GOLDEN = Path(__file__).parent / "golden" / "bad_sweeps.txt"


def test_what_is_said_of_every_bad_family_is_golden():
    said = []
    for name, call in BAD.items():
        with pytest.raises(PinchmixError) as caught:
            call()
        said.append(f"--- {name}\n{type(caught.value).__name__}: {caught.value}\n")
    text = "\n".join(said)
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert len(BAD) >= 40


@laws(50)
@given(families(split={"train": 0.5, "test": 0.5}))
def test_a_family_is_plain_data_and_comes_back(case):
    _, family = case
    told = json.loads(canonical_bytes(family.to_dict()))
    again = Family.from_dict(told)
    assert again == family
    assert list(again) == list(family)
    assert again.to_dict() == family.to_dict()


def test_a_family_is_a_mapping_of_recipes_that_does_not_change():
    members = dict(TWO)
    family = Family("mine", members, constant=True)
    members.clear()
    assert list(family) == ["p10", "p20"]
    assert (len(family), family["p10"], family.laws) == (2, TWO["p10"], ("constant",))
    with pytest.raises(TypeError):
        family.members["p30"] = TWO["p10"]
    with pytest.raises(KeyError, match="Did you mean 'p10'"):
        family["p1O"]
    assert repr(family) == "Family('mine', 2 members, constant)"
    assert family_of({"a": {"en": 1}}, nested=[["a"]]).found(3) == {"nested": "0 steps"}


def test_members_may_differ_in_anything_where_nothing_is_promised():
    Family("free", {"a": Recipe(Budget.uniform(5)), "b": Recipe(Budget.uniform(5, unit="bytes"), seed=4, repeat=2)})
