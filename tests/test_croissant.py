"""Croissant: every file with its hash, every record reachable, and nothing said that nobody knows.

Whether mlcroissant takes it and reads the same rows is tested with that library, in an environment of its own.
"""

from __future__ import annotations

import fnmatch
import json
import re

import pyarrow.parquet as pq
import pytest
from hypothesis import given

import pinchmix
from pinchmix import build_mixture, export_mixture
from pinchmix.card.about import About
from pinchmix.card.croissant import COLUMNS, CONTEXT, croissant_of
from pinchmix.exporting.provenance import ORIGIN
from pinchmix.plugins import Exported
from tests.grids import Refuse, laws, table_of
from tests.strategies import texts

GRID = {f"i{number}": ["en", "fi", "no", "zh-Hant"] for number in range(12)}
ABOUT = {
    "name": "Pinch",
    "description": "What it is.",
    "license": "CC-BY-4.0",
    "sources": ["https://example.org/data", "A book", "https://example.org/a b"],
    "creators": ["Ada", "Bo"],
    "publisher": "A press",
    "citation": "@misc{pinch}",
    "url": "https://example.org/pinch",
    "version": "1.2.0",
    "published": "2026-11-21",
}
DAY = "2026-11-20"


@pytest.fixture(scope="module")
def mixture():
    split = {"train": 8, "train_b": 2, "validation": 1, "test": 0}
    return build_mixture(
        table_of(GRID), {"en": 5, "*": 6}, split=split, validate=[Refuse([("i3", "en"), ("i4", "en")])]
    )


@pytest.fixture(scope="module")
def folder(mixture, tmp_path_factory):
    place = tmp_path_factory.mktemp("croissant") / "out"
    export_mixture(mixture, place, shards=2, formats=["messages", "alpaca"], trainers=[], about=ABOUT)
    return place


@pytest.fixture(scope="module")
def whole(folder):
    return json.loads((folder / "croissant.json").read_text(encoding="utf-8"))


def said_of(mixture, about=None, files=None):
    return json.loads(croissant_of(mixture, Exported("mix", "0", "", {}, {}), About.of(about), files or {}, DAY))


def nodes(value):
    """Every object in it, however deep, but for the context and inline data."""
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key not in ("@context", "data"):
                yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def record_set(whole, name):
    return next(one for one in whole["recordSet"] if one["@id"] == name)


# Files --------------------------------------------------------------------------------------------------------------


def test_every_file_of_rows_is_there_with_its_hash(folder, whole):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    entries = {**manifest["identity"]["files"], **manifest["source"]["files"]}
    found = {one["@id"]: one for one in whole["distribution"] if one["@type"] == "cr:FileObject"}
    assert found.keys() == {path for path in entries if path.startswith(("data/", "provenance/"))}
    assert (
        len(found) == 4 * 5
    )  # four kinds of files; two shards of train and of train_b, and a file more; none is empty
    for path, one in found.items():
        assert (one["sha256"], one["contentSize"]) == (entries[path]["sha256"], f"{entries[path]['bytes']} B")
        assert one["contentUrl"] == path
        assert one["encodingFormat"] == (
            "application/jsonlines" if path.endswith(".jsonl") else "application/x-parquet"
        )


def test_the_parquet_twin_of_a_file_says_whose_twin_it_is(whole):
    twins = {one["@id"]: one["sameAs"] for one in whole["distribution"] if "sameAs" in one}
    assert twins["data/messages_parquet/valid.parquet"] == "data/messages/valid.jsonl"
    assert len(twins) == 5  # one has no rows


def test_the_sets_hold_the_files_that_have_rows(whole):
    sets = {one["@id"]: one for one in whole["distribution"] if one["@type"] == "cr:FileSet"}
    names = [f"{split}-0000{shard}-of-00002" for split in ("train", "train_b") for shard in (0, 1)]
    assert sets["messages-files"]["includes"] == [f"data/messages/{name}.jsonl" for name in [*names, "valid"]]
    assert sets["provenance-files"]["includes"] == [f"provenance/{name}.parquet" for name in [*names, "valid"]]


# Records ------------------------------------------------------------------------------------------------------------


def test_the_columns_are_those_of_the_files(folder, whole):
    assert [*COLUMNS] == ORIGIN.names == pq.read_schema(folder / "provenance" / "valid.parquet").names
    fields = record_set(whole, "provenance")["field"]
    assert [one["source"]["extract"].get("column") for one in fields] == [None, *COLUMNS]
    assert {
        one["name"]: one["dataType"] for one in fields if one["name"] in ("row", "copy", "tokens")
    } == dict.fromkeys(("row", "copy", "tokens"), "sc:Integer")
    (messages,) = (one for one in record_set(whole, "messages")["field"] if one.get("repeated"))
    assert [one["source"]["transform"]["jsonPath"] for one in messages["subField"]] == ["role", "content"]


def test_the_splits_are_found_by_the_names_of_files(whole):
    data = record_set(whole, "splits")["data"]
    assert data == [
        {"splits/name": "train", "splits/split": "train", "splits/url": "cr:TrainingSplit"},
        {"splits/name": "train_b", "splits/split": "train_b", "splits/url": None},
        {"splits/name": "valid", "splits/split": "validation", "splits/url": "cr:ValidationSplit"},
    ]
    sets = {one["@id"]: one["includes"] for one in whole["distribution"] if one["@type"] == "cr:FileSet"}
    for name in ("messages", "provenance"):
        field = next(one for one in record_set(whole, name)["field"] if one["name"] == "split")
        assert field["references"] == {"field": {"@id": "splits/name"}}
        found = [re.match(field["source"]["transform"]["regex"], path)[1] for path in sets[f"{name}-files"]]
        assert found == ["train", "train", "train_b", "train_b", "valid"]
        # mlcroissant applies it to its own finding too.
        assert [re.match(field["source"]["transform"]["regex"], one)[1] for one in found] == found


def test_every_reference_leads_somewhere_and_every_name_is_once(whole):
    known = [one["@id"] for one in nodes(whole) if "@id" in one and "@type" in one]
    assert len(known) == len(set(known))
    for one in nodes(whole):
        if set(one) == {"@id"}:
            assert one["@id"] in known
    includes = [path for one in whole["distribution"] for path in one.get("includes", [])]
    assert all(fnmatch.filter(known, path) == [path] for path in includes)


# What is said -------------------------------------------------------------------------------------------------------


def test_what_the_user_says_is_said(whole):
    assert {
        key: whole[key] for key in ("name", "description", "license", "url", "version", "datePublished", "citeAs")
    } == {
        "name": "Pinch",
        "description": "What it is.",
        "license": "CC-BY-4.0",
        "url": "https://example.org/pinch",
        "version": "1.2.0",
        "datePublished": "2026-11-21",
        "citeAs": "@misc{pinch}",
    }
    assert whole["creator"] == [{"@type": "sc:Person", "name": "Ada"}, {"@type": "sc:Person", "name": "Bo"}]
    assert whole["publisher"] == [{"@type": "sc:Organization", "name": "A press"}]
    assert whole["prov:wasDerivedFrom"] == [
        {"@type": "prov:Entity", "@id": "https://example.org/data"},
        {"@type": "prov:Entity", "prov:label": "A book"},
        {"@type": "prov:Entity", "prov:label": "https://example.org/a b"},
    ]
    assert whole["inLanguage"] == ["en", "fi", "no", "zh-Hant"]
    assert whole["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert [*CONTEXT] == sorted(CONTEXT)


def test_what_nobody_says_is_not_made_up(mixture):
    whole = said_of(mixture)
    assert (whole["name"], whole["license"], whole["url"], whole["datePublished"]) == (
        "mix",
        "NOASSERTION",
        "README.md",
        DAY,
    )
    assert whole["version"] == f"0.0.0+{mixture.digest[:12]}"
    assert mixture.digest in whole["citeAs"]
    assert whole["description"].startswith("11 instruction-tuning examples in 4 languages")
    assert not {"creator", "publisher", "prov:wasDerivedFrom"} & whole.keys()


@laws(60)
@given(texts().filter(lambda text: text.isprintable() and text.strip()), texts().filter(str.strip))
def test_texts_of_users_stay_texts(mixture, line, text):
    said = {"name": line, "license": line, "creators": [line], "description": text, "citation": text, "sources": [line]}
    whole, plain = (
        said_of(mixture, said),
        said_of(mixture, {**dict.fromkeys(said, "x"), "creators": ["x"], "sources": ["x"]}),
    )
    assert [whole["name"], whole["license"], whole["creator"][0]["name"]] == [line] * 3
    assert [whole["description"], whole["citeAs"]] == [text] * 2
    assert whole.keys() == plain.keys()
    assert [one.keys() for one in nodes(whole)] == [one.keys() for one in nodes(plain)]


def test_a_mixture_without_rows_has_no_records():
    mixture = build_mixture(table_of({"a": ["en"]}), {"en": 1}, validate=[Refuse([("a", "en")])], partial=True)
    whole = said_of(mixture)
    assert (whole["recordSet"], whole["distribution"], whole["inLanguage"]) == ([], [], [])


def test_the_same_mixture_is_described_in_the_same_words(tmp_path):
    mixture = build_mixture(pinchmix.sample(), {"en": 3, "fi": 2}, validate=False)
    for name in ("a", "b"):
        export_mixture(mixture, tmp_path / name, trainers=[], about={"published": DAY})
    assert (tmp_path / "a" / "croissant.json").read_bytes() == (tmp_path / "b" / "croissant.json").read_bytes()
    assert str(tmp_path) not in (tmp_path / "a" / "croissant.json").read_text(encoding="utf-8")
