"""The JSON Schema of the manifest: every manifest validates, mutated ones do not, and pinchmix itself sees the same."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix import build_mixture, verify_export
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import VerificationFailed
from pinchmix.manifest import NAME
from pinchmix.policy import Check
from pinchmix.schemas import read_schema
from pinchmix.schemas.shape import TYPES, WORDS, shape_faults
from tests.grids import laws, table_of
from tests.test_export import export_mixture, faults_of, forge
from tests.test_export_splits import first, retell
from tests.test_rebuild import BUDGET, CASES, ROWS, frames, made, write_jsonl

SCHEMA = read_schema("manifest")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DESCRIBING = {"$schema", "$defs", "title", "description"}


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    """The manifests of all cases of the rebuild."""
    folder = tmp_path_factory.mktemp("manifests")
    source = write_jsonl(folder / "data", ROWS)
    for case in CASES:
        made(source, case, folder / case)
    return {case: json.loads((folder / case / NAME).read_bytes()) for case in CASES}


def test_the_schema_is_one_and_says_only_what_is_understood():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def schemas(schema):
        yield schema
        for word in ("properties", "$defs"):
            for inner in schema.get(word, {}).values():
                yield from schemas(inner)
        for word in ("items", "additionalProperties", "propertyNames"):
            if isinstance(schema.get(word), dict):
                yield from schemas(schema[word])
        for inner in schema.get("anyOf", ()):
            yield from schemas(inner)

    for schema in schemas(SCHEMA):
        assert set(schema) <= {*WORDS, *DESCRIBING}
        kinds = schema.get("type", [])
        assert set([kinds] if isinstance(kinds, str) else kinds) <= set(TYPES)
        if (
            schema.get("type") == "object"
            and "properties" in schema
            and schema.get("additionalProperties") is not False
        ):
            # Open ones say so, or are the two whose keys follow from a plugin or a kind.
            assert "Open" in schema.get("description", "") or "kind" in schema["properties"]


def test_every_manifest_validates(manifests):
    for case, manifest in manifests.items():
        assert [error.message for error in VALIDATOR.iter_errors(manifest)] == [], case
        assert list(shape_faults(manifest, SCHEMA)) == [], case


def places_in(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places_in(inner, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


ODD = st.sampled_from([None, True, -1, 0, 1.5, 2.0, "", "x", "../x", "/etc", "\n", [], [1], {}, {"x": 1}, float("nan")])


@given(st.data())
@laws(150)
def test_mutated_manifests_are_judged_as_jsonschema_judges_them(manifests, data):
    """The twin: the few lines that pinchmix reads schemas with, and the library that is made for it."""
    manifest = copy.deepcopy(manifests[data.draw(st.sampled_from(["plain", "splits", "everything"]))])
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(places_in(manifest))[1:]))
        inner = at(manifest, path[:-1])
        kind = data.draw(st.sampled_from(["drop", "change", "add"]))
        if kind == "drop":
            del inner[path[-1]]
        elif kind == "change":
            inner[path[-1]] = data.draw(ODD)
        elif isinstance(inner, dict):
            inner[data.draw(st.sampled_from(["x", "../x", "rows", "seed", "/a"]))] = data.draw(ODD)
    assert (list(shape_faults(manifest, SCHEMA)) == []) == VALIDATOR.is_valid(manifest)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("identity", "mixture", "rows"), "9", "identity.mixture.rows: '9' is no integer"),
        (("identity", "mixture", "digest"), "0" * 31, "identity.mixture.digest: '000"),
        (("identity", "counts", "en", "asked"), -1, "identity.counts.en.asked: -1 is less than 0"),
        (("identity", "counts", "en", "extra"), 1, "identity.counts.en: 'extra' is unknown"),
        (("identity", "export", "formats"), ["messages", "../x"], "identity.export.formats[1]: '../x' does not match"),
        (("identity", "recipe", "content"), "any", "identity.recipe.content: 'any' does not match"),
        (("identity", "recipe", "split"), [["train"]], "identity.recipe.split[0]: 1 in the list"),
        (("source", "reading", "join"), "name", "source.reading.join: 'name' is none of id, row"),
        (("provenance", "created"), "yesterday", "provenance.created: 'yesterday' does not match"),
        (("identity", "partial"), None, "identity.partial: None is no boolean"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_verify_names_the_place_where_the_shape_is_wrong(tmp_path, path, value, said):
    export_mixture(build_mixture(frames(None, ROWS), BUDGET, validate=False), tmp_path / "out")

    def change(blocks):
        at(blocks, path[:-1])[path[-1]] = value

    forge(tmp_path / "out", change)
    with pytest.raises(VerificationFailed) as caught:
        verify_export(tmp_path / "out")
    assert any(fault.startswith(f"{NAME}: {said}") for fault in caught.value.faults), caught.value.faults


def test_what_validators_and_policies_add_to_a_recipe_is_no_fault_of_shape(manifests):
    manifest = copy.deepcopy(manifests["plain"])
    manifest["identity"]["recipe"]["policy"] = {"any": 1}
    manifest["identity"]["rows"]["judged"] = 5
    assert VALIDATOR.is_valid(manifest)
    assert list(shape_faults(manifest, SCHEMA)) == []


def test_the_schema_is_where_the_package_is():
    assert read_schema("manifest") == SCHEMA  # a copy each time: nobody can change it for others
    assert read_schema("manifest") is not read_schema("manifest")


# Figures and rows that contradict each other, in a manifest that fits every file and its own digest -----------------


def retold(recipe):
    """Make the digest of a recipe fit it."""
    recipe["digest"] = digest_of(canonical_bytes({name: part for name, part in recipe.items() if name != "digest"}))


EDITS = {
    "the digest of the recipe": (lambda one: one["recipe"].update(pivot="fi"), "its digest does not fit its content"),
    "the budget": (
        lambda one: (one["recipe"]["budget"].update(amounts={"en": 7, "*": 6}, total=13), retold(one["recipe"])),
        "6 of en are asked, and the budget asks 7",
    ),
    "no recipe": (
        lambda one: (one["recipe"].update(what=1), retold(one["recipe"])),
        "it is no recipe: a recipe has no 'what'",
    ),
    "the seed": (lambda one: (one["recipe"].update(seed=1), retold(one["recipe"])), "does not belong after the row"),
    "chosen": (lambda one: one["rows"].update(chosen=13), "13 chosen, and the mixture has 12 rows"),
    "reserve": (lambda one: one["rows"].update(reserve=41), "41 in reserve and 12 different cells chosen, of 52 avai"),
    "cells": (lambda one: one["grid"].update(cells=53), "identity.grid: 53 cells, and 52 by language"),
    "languages": (lambda one: one["grid"]["languages"].remove("fi"), "identity.counts: the grid has no fi"),
    "languages beside": (
        lambda one: (one["grid"]["languages"].append("it"), one["grid"].update(cells=73)),
        "identity.grid: 73 cells, and 52 by language and it beside them",
    ),
    "rejected": (lambda one: one["rows"].update(rejected=1), "1 rejected, and 0 by language"),
    "rejected of a language": (lambda one: one["counts"]["en"].update(rejected=1), "0 rejected, and 1 by language"),
    "available": (lambda one: one["counts"]["en"].update(available=5), "en: 6 chosen of 5 of 20 instructions"),
    "instructions": (lambda one: one["grid"].update(instructions=19), "6 chosen of 20 of 19 instructions"),
    "left over": (lambda one: one["mixture"].update(left_over=9), "12 used and 9 left over, of 20 instructions"),
    "unsure": (lambda one: one["counts"]["fi"].update(unsure=1), "1 of fi are said to be unsure, and provenance has 0"),
    "validators": (
        lambda one: (one["recipe"].update(validators=[Check("language").to_dict()]), retold(one["recipe"])),
        "the recipe has validators, and 12 rows of provenance say otherwise",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / "out"
    export_mixture(build_mixture(frames(None, ROWS), BUDGET, validate=False), folder)
    return folder


@pytest.mark.parametrize("edit", EDITS)
def test_a_figure_that_contradicts_another_is_found(plain, tmp_path, edit):
    change, said = EDITS[edit]
    shutil.copytree(plain, tmp_path / "out")
    forge(tmp_path / "out", lambda blocks: change(blocks["identity"]))
    assert any(said in fault for fault in faults_of(tmp_path / "out")), faults_of(tmp_path / "out")


@pytest.mark.parametrize("name", ["data/messages/more.jsonl", "provenance/more.parquet", "data/x", "README.txt/../x"])
def test_a_file_that_the_plan_does_not_have_is_found_though_the_manifest_lists_it(plain, tmp_path, name):
    shutil.copytree(plain, tmp_path / "out")
    (tmp_path / "out" / "README.txt").mkdir()
    (tmp_path / "out" / name).touch()
    entry = {"sha256": "", "bytes": 0}
    forge(tmp_path / "out", lambda blocks: None)
    whole = json.loads((tmp_path / "out" / NAME).read_bytes())
    whole["identity"]["files"][name] = entry
    (tmp_path / "out" / NAME).write_text(json.dumps(whole))
    forge(tmp_path / "out")
    assert any(name in fault for fault in faults_of(tmp_path / "out"))


def test_a_file_that_is_listed_twice_or_in_the_wrong_block_is_found(plain, tmp_path):
    shutil.copytree(plain, tmp_path / "out")
    forge(tmp_path / "out", lambda blocks: blocks["source"]["files"].update(blocks["identity"]["files"]))
    assert "data/messages/train.jsonl: the manifest lists it twice" in faults_of(tmp_path / "out")
    forge(tmp_path / "out", lambda blocks: blocks["identity"]["files"].clear())
    faults = faults_of(tmp_path / "out")
    assert any(fault.startswith("data/messages/train.jsonl: the manifest lists it as source") for fault in faults)


@pytest.fixture
def copies(tmp_path):
    grid = {f"i{number}": ["en", "sw"] for number in range(8)}
    export_mixture(build_mixture(table_of(grid), {"en": 2, "sw": 12}, repeat=2, validate=False), tmp_path / "out")
    return tmp_path / "out"


def test_rows_that_stand_in_another_order_are_found_though_all_else_fits(copies):
    retell(copies, lambda rows: None)
    verify_export(copies)
    retell(copies, lambda rows: rows["train"].insert(0, rows["train"].pop()))
    said = "row 2: it does not belong after the row before it, by the seed 0"
    assert faults_of(copies) == (f"provenance/train.parquet: {said}",)


def test_a_copy_with_another_text_is_found_though_all_else_fits(copies):
    def change(rows):
        train = rows["train"]
        one, another = (first(train, copy=2, response_language="sw"), first(train, copy=1, response_language="en"))
        line, said, row = train[one]
        text = train[another][1][0]["content"].replace("prompt", "PROMPT")[: len(said[0]["content"])]
        text += "x" * (len(said[0]["content"]) - len(text))
        said = [{**said[0], "content": text}, *said[1:]]
        line = json.dumps({"messages": said}, ensure_ascii=False, separators=(",", ":"))
        train[one] = line, said, {**row, "digest": hashlib.md5(line.encode()).hexdigest()}

    retell(copies, change)
    assert [fault for fault in faults_of(copies) if "is not that of all 2 copies" in fault]


def test_a_row_of_the_source_that_is_two_instructions_is_found(copies):
    def change(rows):
        train = rows["train"]
        one, another = [place for place, (*_, row) in enumerate(train) if row["response_language"] == "en"][:2]
        train[one][2]["row"] = train[another][2]["row"]

    retell(copies, change)
    (fault,) = faults_of(copies)
    assert "is another instruction too" in fault


def test_settings_that_name_another_file_are_found_though_all_else_fits(tmp_path):
    mix = build_mixture(frames(None, ROWS), BUDGET, split={"train": 0.5, "test": 0.5}, validate=False)
    export_mixture(mix, tmp_path / "out", trainers=["swift"])
    settings = tmp_path / "out" / "trainers" / "swift.yaml"
    assert "train.jsonl" in settings.read_text()
    settings.write_text(settings.read_text().replace("train.jsonl", "test.jsonl"))
    forge(tmp_path / "out")
    said = "trainers/swift.yaml: not what the exporter swift writes for this mixture"
    assert said in faults_of(tmp_path / "out")
    forge(tmp_path / "out", lambda blocks: blocks["identity"]["plugins"].update({"exporters/swift": "another"}))
    (fault,) = faults_of(tmp_path / "out")  # this very pinchmix has no other version of it
    assert "exporters/swift is said to be of version another" in fault
    forge(tmp_path / "out", lambda blocks: blocks["provenance"]["libraries"].update(pinchmix="another"))
    verify_export(tmp_path / "out")  # what another version wrote is known by its hash alone
