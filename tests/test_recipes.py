"""Recipes and families as data: one YAML and one JSON text each, read as people write them, refused with all faults."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given

import pinchmix
from pinchmix import Budget, Recipe, build_mixture, export_mixture, verify_export
from pinchmix.budget.terms import SETTINGS
from pinchmix.card.account import canonical
from pinchmix.errors import ArgumentError, BadFile, VerificationFailed
from pinchmix.family import Family
from pinchmix.policy import Check, amended, preset
from pinchmix.recipe_file import read_family, read_recipe
from pinchmix.recipe_text.writing import COMMENTS, OF_BUDGET, OF_FAMILY
from pinchmix.schemas import read_schema
from tests.bad.recipes import BAD
from tests.grids import laws, table_of
from tests.strategies import families, recipes
from tests.test_export import forge

GOLDEN = Path(__file__).parent / "bad" / "recipes" / "golden"
VALID = {what: jsonschema.Draft202012Validator(read_schema(what)) for what in ("recipe", "family")}
SHORT = 'budget: {en: 4600, "*": 40}\n'


# Laws ---------------------------------------------------------------------------------------------------------------


@given(recipes())
@laws(40)
def test_a_recipe_is_the_same_after_a_way_through_yaml_and_json(recipe):
    for text, read in ((recipe.to_yaml(), Recipe.from_yaml), (recipe.to_json(), Recipe.from_json)):
        again = read(text)
        assert again == recipe
        assert again.digest == recipe.digest
        written = again.to_yaml() if read == Recipe.from_yaml else again.to_json()
        assert written == text


@given(recipes())
@laws(20)
def test_other_readers_of_yaml_and_json_see_what_the_recipe_says(recipe):
    plain = json.loads(json.dumps(recipe.to_dict()))
    assert json.loads(recipe.to_json()) == plain
    assert yaml.safe_load(recipe.to_yaml()) == plain
    assert Recipe.from_dict(yaml.safe_load(recipe.to_yaml())) == recipe


@given(recipes())
@laws(20)
def test_what_is_written_is_as_the_published_schema_has_it(recipe):
    assert [error.message for error in VALID["recipe"].iter_errors(json.loads(recipe.to_json()))] == []


@given(recipes())
@laws(15)
def test_equal_recipes_have_one_text_however_their_parameters_are_ordered(recipe):
    turned = {**recipe.to_dict(), "settings": dict(reversed(recipe.settings.items()))}
    turned["wording"] = dict(reversed(recipe.wording.items()))
    assert Recipe.from_dict(turned).to_yaml() == recipe.to_yaml()


@given(families())
@laws(15)
def test_a_family_is_the_same_after_a_way_through_yaml_and_json(family):
    for text, again in ((family.to_yaml(), Family.from_yaml), (family.to_json(), Family.from_json)):
        assert again(text) == family
        assert list(again(text)) == list(family)
    assert Family.from_yaml(family.to_yaml()).to_yaml() == family.to_yaml()
    assert yaml.safe_load(family.to_yaml()) == json.loads(family.to_json())
    assert [error.message for error in VALID["family"].iter_errors(json.loads(family.to_json()))] == []


def test_every_field_has_a_comment_a_place_in_the_schema_and_a_reader():
    of_recipe = [field.name for field in fields(Recipe)]
    schema = read_schema("recipe")
    assert [*schema["properties"]] == [*COMMENTS] == of_recipe
    of_family = {field.name for field in fields(Family)} | {"shared"}
    assert set(read_schema("family")["properties"]) == set(OF_FAMILY) == of_family
    family = read_schema("family")["$defs"]
    assert family["part"]["properties"] == schema["properties"]
    assert {name: part for name, part in family.items() if name != "part"} == schema["$defs"]
    for kind, settings in SETTINGS.items():
        assert set(settings) <= set(schema["$defs"][kind]["properties"])
    text = Recipe(Budget.counts({"en": 1}), wording={"en": "Say it in Finnish: {text}"}).to_yaml()
    assert all(f"\n# {COMMENTS[name].format(unit='examples')}\n{name}:" in text for name in of_recipe)
    assert set(OF_BUDGET) <= {name for part in schema["$defs"].values() for name in part.get("properties", ())}


def test_schemas_describe_every_key_and_are_schemas():
    for what, validator in VALID.items():
        jsonschema.Draft202012Validator.check_schema(validator.schema)
        assert all(part.get("description") for part in read_schema(what)["properties"].values())


# As people write them -----------------------------------------------------------------------------------------------

WRITTEN = {
    "budget: {en: 4600, '*': 40}": {"budget": Budget.counts({"en": 4600, "*": 40})},
    "budget: {en: 0.9, '*': 0.1, total: 4640}": {"budget": Budget.shares({"en": 0.9, "*": 0.1}, total=4640)},
    "budget: {en: 1/3, no1: 5}": None,
    "budget: {en: 1/3, 'no': 2/3, total: 9, unit: tokens}": {
        "budget": Budget.shares({"en": Fraction(1, 3), "no": Fraction(2, 3)}, total=9, unit="tokens")
    },
    "budget: {en: 90%, sw: 10 %, total: 10}": {"budget": Budget.shares({"en": 0.9, "sw": 0.1}, total=10)},
    "budget: {sw: 40, total: 4640, rest: EN}": {"budget": Budget.counts({"sw": 40}, total=4640, rest="en")},
    "budget: {en: 5, iw: 5, total: 10}": {"budget": Budget.counts({"en": 5, "he": 5})},
    "budget: {romance: 8, groups: {romance: [it, ES]}, minimum: {es: 3}}": {
        "budget": Budget.counts({"romance": 8}, groups={"romance": ["it", "es"]}, minimum={"es": 3})
    },
    "budget: {kind: pinch, total: 4640, percent: 2.5, pool: all}": {
        "budget": Budget.pinch(4640, percent=2.5, pool="all")
    },
    "budget: {kind: pinch, total: 4640, examples: 40}": {"budget": Budget.pinch(4640, examples=40)},
    "budget: {kind: uniform, total: 12}": {"budget": Budget.uniform(12)},
    "budget: {kind: temperature, total: 9, temperature: 3.3, sizes: {en: 2e6, fi: 10}}": {
        "budget": Budget.temperature(9, temperature=3.3, sizes={"en": 2 * 10**6, "fi": 10})
    },
    "budget: {kind: unimax, total: 9, max_epochs: 3/2}": {"budget": Budget.unimax(9, max_epochs=1.5)},
    "budget: {kind: shares, amounts: {en: 0.5, fi: 1/2}, total: 9}": {
        "budget": Budget.shares({"en": 0.5, "fi": 0.5}, total=9)
    },
    "budget: {en: 5, FI>en: 4, 'translate(en>iw)': 3, 'switch(en,fi)': 2}": {
        "budget": Budget.counts({"en": 5, "fi>en": 4, "translate(en>he)": 3, "switch(en,fi)": 2})
    },
    "budget: {kind: allocated, allocator: uniform, total: 9}": {"budget": Budget.allocated("uniform", 9)},
    "budget: {FI>en: 4, 'translate(en > iw, response)': 3, 'switch(en,fi)': 2, total: 20, rest: 'en>fi'}": {
        "budget": Budget.counts(
            {"fi>en": 4, "translate(en>he,response)": 3, "switch(en,fi)": 2}, total=20, rest="en>fi"
        )
    },
    "budget: {mixed: 8, groups: {mixed: [it, it>en]}, maximum: {it>en: 3}}": {
        "budget": Budget.counts({"mixed": 8}, groups={"mixed": ["it", "it>en"]}, maximum={"it>en": 3})
    },
    "languages: [EN, iw, zh_Hans]": {"languages": ("en", "he", "zh")},
    "languages: [en, 'no']": {"languages": ("en", "no")},
    "pivot: FI": {"pivot": "fi"},
    "split: {train: 80%, test: 1/5}": {"split": {"train": 0.8, "test": 0.2}},
    "split: {train: 30, test: 10}": {"split": {"train": 30, "test": 10}},
    "split: [[train, 4/5], [test, 0.2]]": {"split": {"train": 0.8, "test": 0.2}},
    "validators: strict": {"validators": preset("strict")},
    "validators: true": {"validators": preset("default")},
    "validators: none": {"validators": ()},
    "validators: [language, {name: numbers, mismatch: flag, settings: {most: 0.5}}]": {
        "validators": (Check("language"), Check("numbers", "flag", settings={"most": 0.5}))
    },
    "validators: {preset: lenient, numbers: reject, length: off, echo: 'off', on_unsure: flag}": {
        "validators": amended(
            {"preset": "lenient", "numbers": "reject", "length": "off", "echo": "off", "on_unsure": "flag"}
        )
    },
    "settings: {by: length, edges: [1, 2.5, 1e3], none: null}": {
        "settings": {"by": "length", "edges": [1, 2.5, 1000.0], "none": None}
    },
    "content: overlap( 2 )": {"content": "overlap(2)"},
    "wording: {EN: 'Say it in Finnish: {text}', 'translate(FI>en)': 'K: {text}'}": {
        "wording": {"en": "Say it in Finnish: {text}", "translate(fi>en)": "K: {text}"}
    },
}  # fmt: skip


@pytest.mark.parametrize("text", [text for text, meant in WRITTEN.items() if meant is not None])
def test_a_file_says_in_short_what_the_class_is_told(text):
    meant = WRITTEN[text]
    assert Recipe.from_yaml(text if "budget" in meant else SHORT + text) == Recipe(
        **{"budget": Budget.counts({"en": 4600, "*": 40}), **meant}
    )
    whole = yaml.safe_load(
        text.replace(": off", ": 'off'") if "budget" in meant else SHORT + text.replace(": off", ": 'off'")
    )
    assert [error.message for error in VALID["recipe"].iter_errors(whole)] == []


def test_amounts_are_exact_where_floats_are_not():
    recipe = Recipe.from_yaml("budget: {en: 0.12345678901234567890123, '*': 0.87654321098765432109877, total: 9}")
    assert recipe.budget.amounts[0][1] == Fraction("0.12345678901234567890123")
    assert Recipe.from_yaml(recipe.to_yaml()) == recipe


def test_members_take_from_shared_what_they_do_not_say():
    family = Family.from_yaml(
        "name: f\nshared: {seed: 4, budget: {en: 5}, languages: [en]}\nmembers:\n  a: {}\n  b: {seed: 5}\n"
    )
    assert family["a"] == Recipe(Budget.counts({"en": 5}), languages=("en",), seed=4)
    assert (family["b"].seed, family["b"].languages) == (5, ("en",))


@pytest.mark.parametrize("wordings", [({"en": "A: {text}"}, {}), ({}, {"en": "A: {text}"})])
def test_members_of_which_some_have_a_wording_are_the_same_after_a_way_through_a_file(wordings):
    family = Family("f", {f"m{n}": Recipe(Budget.uniform(4), wording=one) for n, one in enumerate(wordings)})
    assert Family.from_yaml(family.to_yaml()) == family == Family.from_json(family.to_json())


# Refused ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BAD)
def test_the_message_for_a_bad_recipe_is_golden(name, tmp_path):
    file, content = BAD[name]
    (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    read = read_family if file.startswith("family") else read_recipe
    with pytest.raises(ArgumentError) as caught:
        read(tmp_path / file)
    message = f"{type(caught.value).__name__}: {caught.value}\n".replace(f"{tmp_path}{os.sep}", "")
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        golden.write_text(message, encoding="utf-8")
    assert message == golden.read_text(encoding="utf-8")


def test_golden_messages_are_those_of_the_bad_recipes():
    assert {path.stem for path in GOLDEN.iterdir()} == set(BAD)
    assert len(BAD) >= 40


OF_SHAPE = [name for name, (file, _) in BAD.items() if (file.endswith(".json") and "types" in name) or "many" in name]


@pytest.mark.parametrize("name", OF_SHAPE)
def test_the_schema_refuses_bad_json_files_too(name):
    file, content = BAD[name]
    schema = VALID["family" if file.startswith("family") else "recipe"]
    assert not schema.is_valid(json.loads(content))


def test_all_faults_of_a_file_are_on_the_error(tmp_path):
    (tmp_path / "r.yaml").write_text("budget: {englsh: 5}\nsed: 4\nrepeat: 0\n", encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        read_recipe(tmp_path / "r.yaml")
    assert [(fault.line, fault.place) for fault in caught.value.faults] == [
        (1, "budget.englsh"), (2, "sed"), (3, "repeat"),
    ]  # fmt: skip
    assert (caught.value.file, caught.value.exit_code) == ("r.yaml", 2)


def test_an_alias_bomb_costs_nothing():
    lines = [
        "a: &a [x, x]",
        *(f"{name}: &{name} [*{before}, *{before}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
    with pytest.raises(BadFile, match="anchors"):
        Recipe.from_yaml("\n".join(lines))


@pytest.mark.parametrize("number", ["1e999999999", "9" * 5000, "1e-999999999"])
@pytest.mark.parametrize("form", ["budget: {{en: {0}}}", "seed: {0}", "settings: {{x: {0}}}"])
def test_a_number_that_would_fill_the_memory_is_refused(form, number):
    with pytest.raises(BadFile):
        Recipe.from_yaml(SHORT * ("budget" not in form) + form.format(number))


@pytest.mark.parametrize("path", [5, None, "no.yaml", "r.txt", "", "."])
def test_what_names_no_recipe_file_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError):
        read_recipe(path)


# Through a build and an export --------------------------------------------------------------------------------------

GRID = {f"i{number}": ["en", "fi", "sw"] for number in range(30)}


def test_a_recipe_file_and_a_source_rebuild_a_mixture(tmp_path):
    source = table_of(GRID)
    mix = build_mixture(source, {"sw": 3, "en": 9, "*": 2}, split={"a": 0.5, "b": 0.5}, validate=["empty"], seed=5)
    export_mixture(mix, tmp_path / "out", trainers=[])
    recipe = read_recipe(tmp_path / "out" / "recipe.yaml")
    assert recipe == canonical(mix.plan.recipe)
    assert recipe.digest == mix.plan.recipe.digest
    assert build_mixture(source, recipe).digest == mix.digest
    assert "recipe.yaml" in verify_export(tmp_path / "out").identity["files"]


def test_another_text_in_place_of_the_recipe_is_found_though_its_hash_fits(tmp_path):
    export_mixture(build_mixture(table_of(GRID), {"en": 2}, validate=False), tmp_path / "out", trainers=[])
    path = tmp_path / "out" / "recipe.yaml"
    path.write_text(path.read_text().replace("seed: 0", "seed: 1"))
    forge(tmp_path / "out")
    with pytest.raises(VerificationFailed) as caught:
        verify_export(tmp_path / "out")
    assert caught.value.faults == ("recipe.yaml: not the text of the recipe in the manifest",)


def test_a_path_in_place_of_a_budget_is_answered_with_what_to_do():
    with pytest.raises(pinchmix.PinchmixError, match=r"build_mixture\(source, read_recipe\('r.yaml'\)\)"):
        build_mixture(table_of(GRID), "r.yaml")
