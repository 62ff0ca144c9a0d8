"""Own checks, backends and samplers: what is refused, what a recipe records of them, and how they are given again."""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import Budget, PinchmixError, Recipe, audit_source, build_mixture, export_mixture, rebuild_mixture
from pinchmix.arguments import read_policy
from pinchmix.canonical import canonical_bytes
from pinchmix.card.account import code_of
from pinchmix.cells import Cells, Finding, Findings, Verdict
from pinchmix.errors import ArgumentError, UnknownPlugin, VerificationFailed
from pinchmix.exact.order import keyed
from pinchmix.manifest import NAME, Manifest
from pinchmix.own import own_note
from pinchmix.plugins import BUILT_IN, Order, find_plugin
from pinchmix.testing import check_validator
from pinchmix.validators.langid import Thresholds
from pinchmix.validators.language import LanguageValidator
from tests.bad.checks import CHECKS
from tests.grids import laws, table_of

GOLDEN = Path(__file__).parent / "golden" / "bad_checks.txt"
GRID = {f"{n:02d}": ["en", "fi"] for n in range(12)}


def test_what_is_refused_and_in_which_words() -> None:
    told = []
    for name, call in CHECKS.items():
        with pytest.raises(PinchmixError) as caught:
            call()
        said = re.sub(r" at 0x[0-9a-f]+", " at 0x...", str(caught.value))
        told.append(f"{name}\n  {type(caught.value).__name__}: {said}\n")
    text = "".join(told)
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=4), st.binary(max_size=2),
    st.sampled_from([Fraction(1, 3), np.float32(0.5), np.array([0.5]), {1, 2}, object(), str, "open", "*", "\ud800"]),
    st.lists(st.one_of(st.integers(0, 2), st.floats(0, 1), st.sampled_from(["en", "fi", "x-?"])), max_size=3),
    st.dictionaries(st.sampled_from(["*", "fi", "name", "version"]), st.lists(st.floats(0, 1), max_size=3), max_size=2),
)  # fmt: skip
PARAMETERS = {
    name: sorted({"name", "zzz", *getattr(find_plugin("validators", name), "settings", {})})
    for name in BUILT_IN["validators"]
}


@pytest.mark.parametrize("name", PARAMETERS)
@given(data=st.data())
@laws(25)
def test_junk_for_settings_is_refused_or_makes_a_check_that_can_be_recorded(name: str, data: Any) -> None:
    parameters = st.sampled_from(PARAMETERS[name])
    settings = data.draw(st.dictionaries(parameters, JUNK, min_size=1, max_size=2))
    try:
        ((check, plugin),) = read_policy({"preset": "none", name: {"settings": settings}})
    except PinchmixError as error:
        assert len(str(error)) > 20  # noqa: PT017 - either is right
        return
    assert set(settings) <= set(check.settings)
    told = json.loads(canonical_bytes(check.to_dict()))
    ((again, _),) = read_policy([told])
    assert canonical_bytes(again.to_dict()) == canonical_bytes(check.to_dict())
    cells = Cells(["a"], ["fi"], ["fi"], ["Mikä on päivän sää?"], ["Tänään sataa."], pivot_prompts=["What rain?"])
    plugin.judge(cells, ["en", "fi"])


WORD = st.one_of(st.sampled_from(["numbers", "preset", "on_unsure", "flag", "off", "strict", "none", "language"]), JUNK)


@given(
    st.dictionaries(
        WORD.filter(
            lambda one: (
                getattr(one, "__hash__", None) is not None and not isinstance(one, (list, dict, set, np.ndarray))
            )
        ),
        WORD,
        max_size=3,
    )
)
@laws(80)
def test_junk_for_a_policy_is_refused_or_means_something(said: Any) -> None:
    try:
        read_policy(said)
    except PinchmixError as error:
        assert len(str(error)) > 20  # noqa: PT017 - either is right


# What a recipe records ------------------------------------------------------------------------------------------------


class Vowels:
    """A backend of one's own, with a parameter that it says."""

    name, version = "vowels", "1"
    languages = ("en", "fi")
    candidates = "open"
    thresholds = {"*": Thresholds(accept=0.6, reject=0.1)}  # noqa: RUF012 - read only

    def __init__(self, middle: float = 0.45) -> None:
        self.settings = {"middle": middle}

    def log_scores(self, texts: Any) -> Any:
        vowels = np.array([sum(map(text.lower().count, "aeiouäöy")) for text in texts], dtype=np.float64)
        letters = np.array([sum(map(str.isalpha, text)) for text in texts])
        finnish = (vowels / np.maximum(letters, 1) - self.settings["middle"]) * 100
        return np.stack([-finnish, finnish], axis=1), letters


class Strict(Vowels):
    thresholds = {"*": Thresholds(accept=0.9, reject=0.1)}  # noqa: RUF012 - read only


class Newer(Vowels):
    version = "2"


class Shortest:
    """Rejects responses shorter than a number of characters."""

    name, version = "shortest", "1"

    def __init__(self, least: int) -> None:
        self.settings = {"least": least}

    def judge(self, cells: Cells, languages: object) -> Findings:
        return Findings.of(
            Finding(place, "response", Verdict.MISMATCH, "short")
            for place, text in enumerate(cells.responses)
            if len(text) < self.settings["least"]
        )


class Backwards:
    """A sampler of one's own."""

    name, version, laws = "backwards", "1", frozenset({"stable"})

    def order(self, pool: Any, seed: int) -> Order:
        return Order(~keyed(pool.grid.hashes, seed))


def even(sizes: Any, total: int) -> dict[str, int]:
    """An allocator of one's own."""
    return dict.fromkeys(sizes, 1)


def recipe_of(*checks: Any) -> Recipe:
    return Recipe(Budget.counts({"en": 1}), validators=[check for check, _ in read_policy(list(checks))])


def test_two_recipes_that_differ_in_a_backend_have_two_digests() -> None:
    backends = [Vowels(), Vowels(0.4), Strict(), Newer()]
    recipes = [
        *(recipe_of(LanguageValidator(backend)) for backend in backends),
        recipe_of(LanguageValidator(cascade=Vowels())),
        recipe_of(LanguageValidator(cascade=Strict())),
        recipe_of(LanguageValidator(Vowels(), candidates=["sv"])),
        recipe_of("language"),
        recipe_of(Shortest(3)),
        recipe_of(Shortest(4)),
    ]
    assert len({recipe.digest for recipe in recipes}) == len(recipes)
    assert recipe_of(LanguageValidator(Vowels())).digest == recipes[0].digest
    for recipe in recipes:
        again = Recipe.from_dict(json.loads(canonical_bytes(recipe.to_dict())))
        assert (again, again.digest) == (recipe, recipe.digest)


def test_check_validator_takes_a_check_that_is_made_of_an_object() -> None:
    cells = Cells(["a", "b"], ["fi"] * 2, ["fi"] * 2, ["Mikä tämä on?"] * 2,
                  ["Which strengths could bring such length to them?", "SE ON KISSA."])  # fmt: skip
    check_validator(LanguageValidator(Vowels()), cells, ["en", "fi"])
    check_validator(LanguageValidator(cascade=Vowels()), cells, ["en", "fi"])
    check_validator(Shortest(3), cells, ["en", "fi"])

    class Silent(Shortest):
        settings: Any = None

        def __init__(self, least: int = 2) -> None:
            self.least = least

    del Silent.settings
    with pytest.raises(AssertionError, match="no settings that a recipe could record"):
        check_validator(Silent(), cells, ["en", "fi"])


def test_verdicts_are_not_remembered_for_another_check(tmp_path: Path) -> None:
    def found(*checks: Any) -> int:
        return len(audit_source(table_of(GRID), validate=list(checks), cache=tmp_path).found)

    counts = [found(Shortest(5)), found(Shortest(500)), found(Shortest(5))]
    assert counts == [0, 24, 0]

    def edited(least: int) -> Any:
        """Return a check whose class is changed, and not its version."""

        class Plain:
            name, version = "plain", "1"

            def judge(self, cells: Cells, languages: object) -> Findings:
                return Findings.of(
                    Finding(place, "prompt", Verdict.MISMATCH, "short")
                    for place, text in enumerate(cells.prompts)
                    if len(text) < self.least
                )

        Plain.least = least  # type: ignore[attr-defined]
        return Plain()

    assert [found(edited(least)) for least in (5, 500, 5)] == [0, 24, 0]
    files = len(list(tmp_path.iterdir()))
    for backend in (Vowels(), Vowels(0.4), Strict()):
        found(LanguageValidator(backend))
    assert len(list(tmp_path.iterdir())) == files + 3


# What is said of them, and how they are given again -------------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> tuple[Any, Path]:
    budget = Budget.allocated(even, 10)
    mix = build_mixture(
        table_of(GRID), budget, sampler=Backwards(), validate=[(LanguageValidator(Vowels()), "flag"), Shortest(3)]
    )
    return mix, tmp_path / "one"


OWN = [
    f"allocators/{__name__}.even", "samplers/backwards", "validators/language.backend/vowels", "validators/shortest"
]  # fmt: skip


def test_an_export_says_what_does_not_come_with_pinchmix(made: tuple[Any, Path]) -> None:
    mix, folder = made
    manifest = export_mixture(mix, folder)
    assert manifest.identity["own"] == OWN
    assert manifest.notes == [own_note(OWN)]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "do not come with pinchmix: to make this again" in card
    assert "backwards: an object that does not come with pinchmix stands here" in code_of(mix)
    pinchmix.verify_export(folder)
    usual = export_mixture(build_mixture(table_of(GRID), {"en": 3}), folder.parent / "usual")
    assert "own" not in usual.identity
    assert usual.notes == []
    assert "not come with pinchmix" not in (folder.parent / "usual" / "README.md").read_text(encoding="utf-8")
    whole = json.loads((folder / NAME).read_bytes())
    whole["identity"]["own"] = OWN[1:]
    (folder / NAME).write_bytes(Manifest(*(whole[name] for name in ("identity", "source", "provenance"))).to_bytes())
    with pytest.raises(VerificationFailed, match=r"identity\.own: samplers/backwards"):
        pinchmix.verify_export(folder)


def test_they_are_given_again_to_rebuild(made: tuple[Any, Path]) -> None:
    mix, folder = made
    export_mixture(mix, folder)
    own = [Backwards(), Vowels(), Shortest(3), even]
    rebuilt = rebuild_mixture(folder, table_of(GRID), plugins=own, out=folder.parent / "two")
    assert rebuilt.mixture.digest == mix.digest
    assert not rebuilt.files
    whole = build_mixture(table_of(GRID), mix.plan.recipe, plugins=[Backwards(), LanguageValidator(Vowels()), *own[2:]])
    assert whole.digest == mix.digest
    recorded = Recipe.from_dict(json.loads(canonical_bytes(mix.plan.recipe.to_dict())))
    assert build_mixture(table_of(GRID), recorded, plugins=own).digest == mix.digest
    for lacking in own:
        with pytest.raises(UnknownPlugin, match=r"plugins=\[\.\.\.\]"):
            rebuild_mixture(folder, table_of(GRID), plugins=[one for one in own if one is not lacking])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({1: Vowels(0.4)}, "validator language is not the one of the recipe: backend.settings.middle is 0.4, and was"),
        ({1: Newer()}, "backend.version is '2', and was '1'"),
        ({1: LanguageValidator(Strict())}, r"backend.thresholds.\*"),
        ({2: Shortest(4)}, "validator shortest is not the one of the recipe: least is 4, and was 3"),
        ({4: Shortest(3)}, "'shortest' is given twice"),
        ({2: Shortest}, "is no plugin; give an object"),
        ({4: find_plugin("samplers", "random")}, "nothing names 'random'"),
        ({4: 3}, "3 is no plugin"),
    ],
)
def test_what_is_given_again_has_to_be_the_same(made: tuple[Any, Path], changed: Any, said: str) -> None:
    mix, _ = made
    own = {**dict(enumerate([Backwards(), Vowels(), Shortest(3), even])), **changed}
    with pytest.raises(ArgumentError, match=said):
        build_mixture(table_of(GRID), mix.plan.recipe, plugins=list(own.values()))


def test_objects_beside_a_mapping_are_given_where_they_belong() -> None:
    with pytest.raises(ArgumentError, match="sampler= and validate= take them"):
        build_mixture(table_of(GRID), {"en": 3}, plugins=[Backwards()])
    with pytest.raises(ArgumentError, match="give a list of objects"):
        build_mixture(table_of(GRID), Recipe(Budget.counts({"en": 3})), plugins="mine")
