"""A sweep's folder: whole or absent, one file for equal ones, every lie named, and rebuilt byte for byte."""

from __future__ import annotations

import copy
import gc
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError, ExportError, FolderTaken, RebuildFailed, VerificationFailed, WriteFailed
from pinchmix.manifest import NAME
from pinchmix.rebuild import rebuild_mixture
from pinchmix.schemas import read_schema
from pinchmix.schemas.shape import TYPES, WORDS, shape_faults
from pinchmix.sweep.folder import export_sweep, law_faults, verify_sweep
from pinchmix.sweep.index import INDEX, TABLE, Index
from pinchmix.verify import verify_export
from tests.grids import laws, table_of
from tests.sweeps import PAPER, family_of, recipe_of, swept, varied
from tests.test_export import Broken, fail, files_of, forge, wire
from tests.test_sweep import GRID, HALVES
from tests.test_sweep_checks import pinches, write

DATA = varied(GRID)
SETTINGS = {"trainers": ["trl"], "progress": False}


@pytest.fixture(scope="module")
def sweep():
    return swept(DATA, pinches())


@pytest.fixture(scope="module")
def exported(sweep, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "out"
    export_sweep(sweep, folder, **SETTINGS)
    return folder


@pytest.fixture
def out(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "out")
    return tmp_path / "out"


def faults_of(folder):
    with pytest.raises(VerificationFailed) as caught:
        verify_sweep(folder, progress=False)
    return caught.value.faults


def retold(folder, change=lambda whole: None):
    """Change the index, and make its digest and the table fit."""
    whole = json.loads((folder / INDEX).read_bytes())
    change(whole)
    plain = {key: whole[key] for key in ("family", "laws", "languages", "members") if key in whole}
    whole["digest"] = digest_of(canonical_bytes(plain))
    (folder / INDEX).write_bytes(json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n")
    try:
        table = Index(whole["family"], whole["laws"], tuple(whole["languages"]), whole["members"]).to_csv()
    except (LookupError, TypeError, AttributeError):
        return
    (folder / TABLE).write_text(table, encoding="utf-8", newline="")


# What is there ------------------------------------------------------------------------------------------------------


def test_each_member_is_an_export_and_the_index_says_what_is_in_it(sweep, exported):
    index = verify_sweep(exported, progress=False)
    assert {path.name for path in exported.iterdir()} == {INDEX, TABLE, *sweep}
    for name, mix in sweep.items():
        manifest = verify_export(exported / name)
        assert index.members[name]["mixture"] == mix.digest == manifest.identity["mixture"]["digest"]
        assert index.members[name]["counts"] == {tag: n for tag, n in mix.plan.counts().items() if n}
        assert manifest.member == (sweep.family, name)
        assert list(shape_faults(json.loads((exported / name / NAME).read_bytes()), read_schema("manifest"))) == []
    assert dict(index.laws) == {"constant": "12 instructions in each", "nested": "2 steps"}
    rows = (exported / TABLE).read_text().splitlines()
    assert rows[0] == "member,mixture,examples,instructions,seen,held_out,en,fi,sw"
    assert rows[1] == f"p2,{sweep['p2'].digest},12,12,en fi sw,,10,1,1"


def test_languages_that_only_others_have_are_held_out(tmp_path):
    counts = {"mono": {"en": 4}, "both": {"en": 2, "fi": 2}, "fi": {"fi": 4}}
    index = export_sweep(swept(DATA, family_of(counts)), tmp_path / "out", **SETTINGS)
    assert {name: (one["seen"], one["held_out"]) for name, one in index.members.items()} == {
        "mono": (["en"], ["fi"]),
        "both": (["en", "fi"], []),
        "fi": (["fi"], ["en"]),
    }
    assert verify_sweep(tmp_path / "out", progress=False) == index


def test_the_schema_of_the_index_says_only_what_is_understood(exported):
    schema = read_schema("index")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads((exported / INDEX).read_bytes()), schema)
    described = {"$schema", "$defs", "title", "description"}

    def check(part):
        assert set(part) <= {*WORDS, *described}
        assert part.get("type", "object") in TYPES
        for inner in (*part.get("properties", {}).values(), *part.get("$defs", {}).values()):
            check(inner)
        for word in ("items", "additionalProperties", "propertyNames"):
            if isinstance(part.get(word), dict):
                check(part[word])

    check(schema)


@pytest.mark.parametrize("links", [True, False])
def test_equal_files_are_one_where_the_system_can(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    counts = {"a": {"en": 5, "fi": 2}, "same": {"en": 5, "fi": 2}, "other": {"en": 7}}
    export_sweep(swept(DATA, family_of(counts)), tmp_path / "out", **SETTINGS)
    rows = [tmp_path / "out" / name / "data/messages/train.jsonl" for name in counts]
    assert (rows[0].stat().st_ino == rows[1].stat().st_ino) == links
    assert rows[0].read_bytes() == rows[1].read_bytes() != rows[2].read_bytes()
    assert rows[0].stat().st_ino != rows[2].stat().st_ino
    verify_sweep(tmp_path / "out", progress=False)
    assert not list((tmp_path / "out").rglob("*.link"))


# Names and places ---------------------------------------------------------------------------------------------------


ODD = [
    "a/b",
    "..",
    ".",
    ".hidden",
    "CON",
    "nul.txt",
    "com1",
    "index.json",
    "INDEX.json",
    "index.csv",
    "p10.",
    "a b",
    "é",
]


@pytest.mark.parametrize("name", [*ODD, "x" * 101])
def test_names_that_cannot_be_folders_everywhere_are_refused_before_anything_is_written(tmp_path, name):
    sweep = swept(DATA, {name: recipe_of({"en": 2})})
    with pytest.raises(ArgumentError, match="cannot be a folder"):
        export_sweep(sweep, tmp_path / "out", **SETTINGS)
    assert not list(tmp_path.iterdir())


def test_twins_but_for_case_are_refused(tmp_path):
    sweep = swept(DATA, {"p10": recipe_of({"en": 2}), "P10": recipe_of({"en": 3})})
    with pytest.raises(ArgumentError, match="'p10' and 'P10' would be the same folder"):
        export_sweep(sweep, tmp_path / "out", **SETTINGS)


def test_only_an_earlier_sweep_is_replaced_and_only_when_told(sweep, out):
    with pytest.raises(FolderTaken, match="holds a sweep already"):
        export_sweep(sweep, out, **SETTINGS)
    (out / "p2" / "README.md").write_text("mine")
    export_sweep(swept(DATA, {"only": recipe_of({"en": 2})}), out, overwrite=True, **SETTINGS)
    assert list(verify_sweep(out, progress=False).members) == ["only"]
    assert {path.name for path in out.iterdir()} == {INDEX, TABLE, "only"}
    other = out.parent / "other"
    other.mkdir()
    (other / INDEX).write_text("{}")
    with pytest.raises(FolderTaken, match="other things"):
        export_sweep(sweep, other, overwrite=True, **SETTINGS)
    single = pinchmix.export_mixture(sweep["p2"], out.parent / "single", **SETTINGS)
    assert single.member.name == "p2"
    with pytest.raises(FolderTaken, match="other things"):
        export_sweep(sweep, out.parent / "single", overwrite=True, **SETTINGS)
    with pytest.raises(FolderTaken):
        pinchmix.export_mixture(sweep["p2"], out, overwrite=True, **SETTINGS)
    with pytest.raises(ArgumentError, match="the first is a Sweep"):
        export_sweep(sweep["p2"], out.parent / "x")
    with pytest.raises(ExportError, match="is no export of a sweep"):
        verify_sweep(out.parent / "single")


# Failures and kills -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overwrite", [False, True], ids=["new", "over a sweep"])
def test_a_failure_at_any_moment_leaves_what_was_there(tmp_path, monkeypatch, overwrite):
    small = swept(DATA, {name: recipe_of({"en": 3, "fi": 1}) for name in ("a", "b")})
    small["a"].digest, small["b"].digest  # texts are read before operations are counted
    target = tmp_path / "out"
    if overwrite:
        export_sweep(swept(DATA, {"old": recipe_of({"en": 2})}), target, **SETTINGS)
    before, at = files_of(tmp_path), 0
    while True:
        gc.collect()
        with monkeypatch.context() as patch:
            operations = wire(patch.setattr, fail, at)
            try:
                export_sweep(small, target, overwrite=overwrite, **SETTINGS)
            except Broken:
                pass
            else:
                break
        assert files_of(tmp_path) == before, f"failed before operation {at}, a {operations[at]}"
        at += 5
    assert at > 40
    assert list(verify_sweep(target, progress=False).members) == ["a", "b"]


def test_a_full_disk_is_told_and_leaves_nothing(sweep, tmp_path, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    for at in (1, 30, 60):
        with monkeypatch.context() as patch:
            wire(patch.setattr, full, at)
            with pytest.raises(WriteFailed, match="No space left"):
                export_sweep(sweep, tmp_path / "out", **SETTINGS)
        assert not list(tmp_path.iterdir())


KILLED = """
import os, sys
sys.path[:0] = sys.argv[2:]
from pinchmix.sweep.folder import export_sweep
from tests.sweeps import recipe_of, swept
from tests.grids import table_of
sweep = swept(table_of({f"i{n:03}": ["en", "fi"] for n in range(500)}),
              {f"m{n}": recipe_of({"en": 300 + n, "fi": 100}) for n in range(3)})
print("ready", flush=True)
while True:
    export_sweep(sweep, sys.argv[1], overwrite=True, trainers=["trl"], progress=False)
"""


def test_kills_at_random_moments_leave_the_sweep_whole_or_absent(tmp_path):
    root = str(Path(pinchmix.__file__).parents[1])
    command = [sys.executable, "-c", KILLED, str(tmp_path / "out"), root]
    for pause in (0.1, 0.35, 0.8):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(pause)
        process.kill()
        process.communicate(timeout=20)
        if (tmp_path / "out").exists():
            assert len(verify_sweep(tmp_path / "out", progress=False).members) == 3
        assert all(path.name.startswith((".out.", "out")) for path in tmp_path.iterdir())


# Lies ---------------------------------------------------------------------------------------------------------------


def test_an_index_that_was_only_written_again_verifies(out):
    """The twin of the tests below: retelling itself is not what they find."""
    retold(out)
    verify_sweep(out, progress=False)


LIES = {
    "a name": lambda w: w["family"].update(name="other"),
    "a source": lambda w: w["family"].update(source="elsewhere"),
    "no constant": lambda w: w["family"].update(constant=False),
    "other chains": lambda w: w["family"].update(nested=[["p2", "p6"]]),
    "no laws": lambda w: w.update(laws={}),
    "another law": lambda w: w["laws"].update(constant="13 instructions in each"),
    "a seed": lambda w: w["family"]["members"]["p2"].update(seed=7),
    "a language": lambda w: w["languages"].append("cs"),
    "their order": lambda w: w["languages"].reverse(),
    "a digest": lambda w: w["members"]["p2"].update(mixture="0" * 32),
    "a manifest": lambda w: w["members"]["p2"].update(manifest="0" * 64),
    "examples": lambda w: w["members"]["p2"].update(examples=13),
    "instructions": lambda w: w["members"]["p4"].update(instructions=13),
    "counts": lambda w: w["members"]["p2"]["counts"].update(en=9),
    "seen": lambda w: w["members"]["p2"].update(seen=["en"], held_out=["fi", "sw"]),
    "held out": lambda w: w["members"]["p2"].update(held_out=["sw"]),
    "a member less": lambda w: w["members"].pop("p2"),
    "a recipe less": lambda w: w["family"]["members"].pop("p2"),
    "swapped": lambda w: w["members"].update(p2=w["members"]["p4"], p4=w["members"]["p2"]),
    "a bad recipe": lambda w: w["family"]["members"]["p2"].update(budget={"kind": "nothing"}),
    "another version": lambda w: w.update(index_version=2),
    "version true": lambda w: w.update(index_version=True),
    "one more key": lambda w: w.update(more=1),
    "a path": lambda w: w["members"].update({"../p2": w["members"].pop("p2")}),
    "no members": lambda w: (w.update(members={}), w["family"].update(members={})),
}


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_of_the_index_is_named_though_its_digest_fits(out, lie):
    retold(out, LIES[lie])
    faults = faults_of(out)
    assert faults
    assert not any("Error" in fault for fault in faults)


def test_what_is_not_as_it_was_written_is_named(out):
    (out / TABLE).write_text((out / TABLE).read_text() + "p8,x,1,1,,,1,0,0\n")
    assert faults_of(out) == (f"{TABLE} does not say what {INDEX} says",)
    (out / TABLE).write_bytes(b"\xff")
    assert faults_of(out) == (f"{TABLE} does not say what {INDEX} says",)
    (out / TABLE).unlink()
    (out / "more").mkdir()
    assert faults_of(out) == (f"{TABLE} is missing", "more is not in the index")
    for content in (b"", b"{", b"[]", b'{"index_version": 1}', b"\xff", b"[" * 100_000, b'{"index_version": NaN}'):
        (out / INDEX).write_bytes(content)
        assert faults_of(out)[0].startswith(INDEX)


def test_tampered_members_are_named(out):
    shutil.rmtree(out / "p2")
    assert "p2 is missing" in faults_of(out)
    (out / "p2").mkdir()
    assert faults_of(out) == (f"p2: there is no {NAME} in it",)
    shutil.rmtree(out / "p2")
    shutil.copytree(out / "p4", out / "p2")
    assert faults_of(out) == (f"p2: its {NAME} is another than the index says",)
    shutil.rmtree(out / "p2")
    (out / "p2").symlink_to(out / "p4")
    assert "p2 is a link to another place" in faults_of(out)


def test_a_changed_row_is_named_with_its_member(out):
    path = out / "p4" / "data/messages/train.jsonl"
    path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))
    assert any(fault.startswith("p4: data/messages/train.jsonl") for fault in faults_of(out))


def retell_manifest(folder, name, change):
    forge(folder / name, change)
    sha = hashlib.sha256((folder / name / NAME).read_bytes()).hexdigest()
    retold(folder, lambda whole: whole["members"][name].update(manifest=sha))


def test_a_manifest_made_to_fit_is_compared_with_the_index(out):
    retell_manifest(out, "p2", None)
    verify_sweep(out, progress=False)
    for change in (
        lambda blocks: blocks["identity"].update(family=None),
        lambda blocks: blocks["identity"]["family"].update(name="other"),
        lambda blocks: blocks["identity"]["family"].update(constant=False),
    ):
        copied = out.parent / "copy"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(out, copied)
        retell_manifest(copied, "p2", change)
        assert any(fault.startswith(("p2: its family and the index", "p2: recipe.yaml")) for fault in faults_of(copied))
    retell_manifest(out, "p2", lambda blocks: blocks["identity"]["family"].update(member="p4"))
    assert any("p2: manifest.json: identity.family" in fault for fault in faults_of(out))


def test_broken_laws_are_found_in_what_the_members_hold(tmp_path):
    """Members that are each in order, of a family that never promised anything, told as one that did."""
    counts = {"a": {"en": 10, "fi": 2}, "b": {"en": 8, "fi": 4}}
    for split in ({}, HALVES):
        folder = tmp_path / str(len(split))
        members = {name: recipe_of(asked, seed=n, split=split) for n, (name, asked) in enumerate(counts.items())}
        export_sweep(swept(DATA, members), folder, **SETTINGS)
        promised = family_of(counts, constant=True, nested=[["a", "b"]], split=split)
        faults = law_faults(folder, promised)
        assert "b: it does not hold the instructions of a, and the family is constant" in faults
        assert any(fault.startswith("b: its cells of en and those of a do not nest") for fault in faults)
        good = swept(DATA, promised)
        export_sweep(good, folder, overwrite=True, **SETTINGS)
        assert law_faults(folder, promised) == []


@laws(60)
@given(st.data())
def test_an_index_changed_anywhere_is_refused_and_nothing_else_is_raised(exported, data):
    """Any value of the index replaced by any other, with a digest that fits."""
    whole = json.loads((exported / INDEX).read_bytes())
    before = copy.deepcopy(whole)

    def places(value, path=()):
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            yield (*path, key)
            yield from places(inner, (*path, key))

    path = data.draw(st.sampled_from([place for place in places(whole) if place != ("digest",)]))
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = data.draw(st.sampled_from([None, True, -1, 0, 7, 2**70, "", "p2", "\x01", [], {}, [["p2"]], 1.5]))
    if whole == before and repr(whole) == repr(before):
        return
    folder = exported.parent / "retold"
    if not folder.exists():
        shutil.copytree(exported, folder)
    (folder / INDEX).write_bytes(json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n")
    retold(folder)
    assert faults_of(folder)


# Rebuilding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [{}, HALVES], ids=["whole", "halves"])
def test_each_member_is_rebuilt_byte_for_byte_from_another_form_and_order(tmp_path, split):
    forms = {form: tmp_path / form for form in ("jsonl", "parquet")}
    for form, folder in forms.items():
        folder.mkdir()
        write(folder, form, GRID if form == "jsonl" else dict(reversed(GRID.items())))
    family = pinches(split=split)
    sweep = pinchmix.sweep_mixtures(f"{forms['jsonl']}/{{lang}}.jsonl", family, progress=False)
    export_sweep(sweep, tmp_path / "out", **SETTINGS)
    for name in family:
        for form, folder in forms.items():
            out = tmp_path / f"again-{name}-{form}"
            rebuilt = rebuild_mixture(tmp_path / "out" / name, f"{folder}/{{lang}}.{form}", out=out, progress=False)
            assert rebuilt.mixture.digest == sweep[name].digest
            assert rebuilt.manifest.member == (family, name)
            same = {path: content for path, content in files_of(out).items() if "data" in Path(path).parts}
            assert same
            for path, content in same.items():
                first = next(p for p in (tmp_path / "out" / name).rglob(Path(path).name) if str(p).endswith(path))
                assert first.read_bytes() == content
            if form == "jsonl":
                assert dict(rebuilt.files) == {}


def test_a_source_that_gives_another_family_is_told(sweep, out):
    grid = {key: (["en"] if n > 4 else tags) for n, (key, tags) in enumerate(GRID.items())}
    with pytest.raises(RebuildFailed, match="does not give this mixture any more"):
        rebuild_mixture(out / "p6", varied(grid), progress=False)
    with pytest.raises(RebuildFailed, match="another mixture"):
        rebuild_mixture(out / "p6", table_of(GRID), progress=False)


def test_members_of_twelve_languages_and_shards(tmp_path):
    grid = {f"i{n:03}": list(PAPER) for n in range(60)}
    counts = {f"l{n}": dict.fromkeys(PAPER[:n], 60 // n) for n in (1, 2, 3, 4, 5, 6)}
    sweep = swept(grid, family_of(counts, constant=True, nested=[list(counts)]))
    export_sweep(
        sweep, tmp_path / "out", shards=3, formats=["messages", "alpaca"], about={"name": "Mine"}, progress=False
    )
    verify_sweep(tmp_path / "out", progress=False)
    assert pq.read_table(tmp_path / "out/l6/provenance/train-00000-of-00003.parquet").num_rows == 20
