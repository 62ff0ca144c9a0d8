"""Rebuilding: the same bytes from the same source wherever and however, and what a changed source is told to be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import build_mixture, export_mixture, verify_export
from pinchmix.errors import ArgumentError, ExportError, FolderTaken, PinchmixError, RebuildFailed, SourceNotFound
from pinchmix.manifest import NAME, Manifest
from pinchmix.rebuild import rebuild_mixture
from pinchmix.verifying.difference import differences
from tests.grids import laws, table_of
from tests.test_export import files_of

GRID = {
    **{f"i{number:02}": ["en", "fi", "sw"] for number in range(16)},
    **{f"j{number}": ["en"] for number in range(4)},
}
BUDGET = {"en": 6, "*": 6}
ROWS = table_of(GRID, "{part} of {key}, the one in {tag}: ä 中 \u2028").to_pylist()
FORMATS = ["messages", "prompt_completion", "sharegpt"]
ABOUT = {"name": "Mine", "license": "mit", "sources": ["somewhere"], "published": "2026-01-02"}


def words(text):
    """A tokenizer."""
    return len(text.split())


def split_rows(rows):
    return {tag: [row for row in rows if row["language"] == tag] for tag in ("en", "fi", "sw")}


def write_jsonl(folder, rows):
    folder.mkdir(parents=True, exist_ok=True)
    for tag, mine in split_rows(rows).items():
        (folder / f"{tag}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in mine), encoding="utf-8")
    return folder


def write_parquet(folder, rows):
    folder.mkdir(parents=True, exist_ok=True)
    for tag, mine in split_rows(rows).items():
        pq.write_table(pa.Table.from_pylist(mine), folder / f"{tag}.parquet")
    return folder


def frames(folder, rows):
    return pd.DataFrame(rows)


FORMS = {"jsonl": write_jsonl, "parquet": write_parquet, "frame": frames}

# What is built, how it is exported, and what has to be said again.
CASES = {
    "plain": ({}, {}, {}),
    "splits": ({"split": {"train": 0.5, "validation": 0.25, "test": 0.25}}, {"shards": 2}, {}),
    "repeats": ({"budget": {"en": 6, "sw": 24}, "repeat": 2}, {}, {}),
    "everything": (
        {"seed": 3},
        {"formats": FORMATS, "about": ABOUT, "shards": 3, "root": "/srv"},
        {"root": "/srv"},
    ),
    "tokens": ({"unit": "tokens", "budget": {"en": 90, "fi": 60}, "tokenizer": words}, {}, {"tokenizer": words}),
    "characters": ({"unit": "characters", "budget": {"en": 600, "fi": 400}}, {}, {}),
    "exclusion": ({"exclude": ["i00", "j1"]}, {}, {"exclude": ["i00", "j1"]}),
    "partial": ({"budget": {"en": 6, "sw": 24}, "partial": True}, {}, {}),
    "two languages each": ({"content": "overlap(2)", "budget": {"en": 8, "fi": 8, "sw": 8}}, {}, {}),
    "language check": ({"validate": ["language"]}, {}, {}),
}


def made(source, case, out):
    """Build and export a case; return its mixture."""
    build, export, _ = CASES[case]
    mix = build_mixture(source, **{"budget": BUDGET, "validate": False, **build})
    export_mixture(mix, out, **export)
    return mix


def check_same(one, two, rebuilt):
    """Compare two exports: every file the same, and all of the manifest but the block that says when and how."""
    left, right = files_of(one), files_of(two)
    manifests = [json.loads(files.pop(NAME)) for files in (left, right)]
    assert left == right
    assert manifests[0]["identity"] == manifests[1]["identity"]
    assert manifests[0]["source"] == manifests[1]["source"]
    assert manifests[0]["provenance"]["files"] == manifests[1]["provenance"]["files"]
    assert dict(rebuilt.files) == dict(rebuilt.changed) == {}
    assert "each the same byte for byte" in str(rebuilt)


# The same bytes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", ["jsonl", "frame"])
def test_the_same_source_gives_the_same_bytes(tmp_path, form, case):
    source = FORMS[form](tmp_path / "data", ROWS)
    mix = made(source, case, tmp_path / "one")
    rebuilt = rebuild_mixture(tmp_path / "one", source, out=tmp_path / "two", **CASES[case][2])
    assert rebuilt.mixture.digest == mix.digest
    check_same(tmp_path / "one", tmp_path / "two", rebuilt)
    verify_export(tmp_path / "two")


@pytest.mark.parametrize("case", ["everything", "splits", "tokens"])
@pytest.mark.parametrize(("then", "now"), [("jsonl", "parquet"), ("parquet", "frame"), ("frame", "jsonl")])
def test_another_form_gives_the_same_identity_and_names_the_rest(tmp_path, then, now, case):
    mix = made(FORMS[then](tmp_path / "then", ROWS), case, tmp_path / "one")
    source = FORMS[now](tmp_path / "now", ROWS)
    rebuilt = rebuild_mixture(tmp_path / "one", source, out=tmp_path / "two", **CASES[case][2])
    assert rebuilt.mixture.digest == mix.digest
    left, right = files_of(tmp_path / "one"), files_of(tmp_path / "two")
    manifest = json.loads(left[NAME])
    assert manifest["identity"] == json.loads(right[NAME])["identity"]
    assert {name: left[name] for name in manifest["identity"]["files"]} == {
        name: right[name] for name in manifest["identity"]["files"]
    }
    expected = {name for name in left if name.startswith("provenance/")} | {"croissant.json"}
    assert set(rebuilt.files) == expected
    for name, why in rebuilt.files.items():
        assert why.startswith("names the digests" if name == "croissant.json" else "another form of source"), name
        assert f"{name}: {why}" in str(rebuilt)
    assert dict(rebuilt.changed) == {}


@pytest.mark.parametrize("kind", ["columns", "rows", "dropped"])
def test_how_the_source_was_read_is_known_again(tmp_path, kind):
    folder = tmp_path / "data"
    folder.mkdir()
    if kind == "columns":
        rows = [
            {"nr": row["id"], "q": row["prompt"], "a": row["response"], "language": row["language"]} for row in ROWS
        ]
        said = {"columns": {"id": "nr", "prompt": "q", "response": "a"}}
    elif kind == "rows":
        kept = [row for row in ROWS if row["id"].startswith("i")]
        rows = [{name: row[name] for name in ("prompt", "response", "language")} for row in kept]
        said = {"join": "row"}
    else:
        rows = [*ROWS, *({"id": f"x{n}", "prompt": "", "response": "", "language": "en"} for n in range(3))]
        said = {"on_bad_rows": "drop"}
    for tag, mine in split_rows(rows).items():
        lines = [json.dumps({name: value for name, value in row.items() if name != "language"}) for row in mine]
        (folder / f"{tag}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    mix = build_mixture(folder, BUDGET, validate=False, **said)
    export_mixture(mix, tmp_path / "one")
    check_same(tmp_path / "one", tmp_path / "two", rebuild_mixture(tmp_path / "one", folder, out=tmp_path / "two"))


ELSEWHERE = """
import sys
sys.path[:0] = sys.argv[4:]
import pandas as pd
from pinchmix.rebuild import rebuild_mixture
from tests.test_rebuild import CASES, ROWS, frames

case, one, root = sys.argv[1:4]
sources = {"jsonl": f"{root}/jsonl", "parquet": f"{root}/parquet/{{lang}}.parquet", "frame": frames(None, ROWS)}
for name, source in sources.items():
    print(ascii(str(rebuild_mixture(f"{one}/{name}", source, out=f"{root}/again/{name}", **CASES[case][2]))))
"""
PLACES = {
    "the C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Asia/Kathmandu"},
    "another one": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"},
}


@pytest.mark.parametrize(("place", "case"), list(zip(PLACES, ["everything", "splits"], strict=True)))
def test_another_process_in_another_place_gives_the_same_bytes(tmp_path, place, case):
    """Working directory, locale, time zone and hash seed are other ones; the source has each of three forms."""
    for name, form in FORMS.items():
        made(form(tmp_path / "here" / name, ROWS), case, tmp_path / "one" / name)
    (tmp_path / "there").mkdir()
    shutil.copytree(tmp_path / "here", tmp_path / "there" / "data")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    paths = [str(Path(pinchmix.__file__).parents[1]), str(Path(__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, case, str(tmp_path / "one"), str(tmp_path / "there" / "data"), *paths],
        env={**env, **PLACES[place]}, cwd=tmp_path / "there", capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("each the same byte for byte") == len(FORMS)
    for name in FORMS:
        left, right = files_of(tmp_path / "one" / name), files_of(tmp_path / "there" / "data" / "again" / name)
        manifests = [json.loads(files.pop(NAME)) for files in (left, right)]
        assert left == right
        assert manifests[0]["identity"] == manifests[1]["identity"]
        assert manifests[0]["source"] == manifests[1]["source"]


# Another source -------------------------------------------------------------------------------------------------------

KINDS = ("text", "removed", "added", "reordered", "nothing")


@st.composite
def changes(draw):
    return draw(st.sampled_from(KINDS)), draw(st.integers(0, len(ROWS) - 1))


def changed_rows(kind, place):
    rows = [dict(row) for row in ROWS]
    if kind == "text":
        rows[place]["response"] += " and more"
    elif kind == "removed":
        del rows[place]
    elif kind == "added":
        rows.insert(place, {**rows[place], "id": f"new{place}"})
    elif kind == "reordered":
        rows = rows[place:] + rows[:place]
    return rows


@given(changes(), st.sampled_from(["disjoint", "overlap(2)"]))
@laws(25)
def test_a_changed_source_is_told_with_its_files_its_ids_and_whether_it_matters(tmp_path_factory, change, content):
    """The twin: both are built, and compared."""
    kind, place = change
    folder = tmp_path_factory.mktemp("any")
    said = {"validate": False, "content": content, "split": {"train": 0.5, "test": 0.5}}
    before = build_mixture(write_jsonl(folder / "then", ROWS), BUDGET, **said)
    export_mixture(before, folder / "one", trainers=[])
    source = write_jsonl(folder / "now", changed_rows(kind, place))
    after = build_mixture(source, BUDGET, **said)
    touched = {
        f"{tag}.jsonl"
        for tag in ("en", "fi", "sw")
        if (folder / "then" / f"{tag}.jsonl").read_bytes() != (folder / "now" / f"{tag}.jsonl").read_bytes()
    }
    if after.digest == before.digest:
        rebuilt = rebuild_mixture(folder / "one", source, out=folder / "two")
        assert set(rebuilt.changed) == touched
        assert bool(touched) == ("the source changed, and the mixture is not affected" in str(rebuilt))
        verify_export(folder / "two")
        one, two = files_of(folder / "one"), files_of(folder / "two")
        assert {name for name in one if one[name] != two[name]} - {NAME} == set(rebuilt.files)
        assert "other bytes" not in rebuilt.files.values()
        return
    with pytest.raises(RebuildFailed) as caught:
        rebuild_mixture(folder / "one", source, out=folder / "two")
    assert not (folder / "two").exists()
    error = caught.value
    assert set(error.changed) == touched
    assert all(name in str(error) for name in touched)
    texts = [{f"{row.id} in {row.response_language}": row.response for row in mix} for mix in (before, after)]
    told = [
        {cell for cell in texts[0].keys() & texts[1].keys() if texts[0][cell] != texts[1][cell]},
        texts[0].keys() - texts[1].keys(),
        texts[1].keys() - texts[0].keys(),
    ]
    assert [set(cells) for cells in error.cells] == told
    assert any(told) or "in another order or in other splits" in str(error)
    assert all(cell in str(error) for cells in told for cell in sorted(cells)[:5])


def test_a_text_that_matters_and_one_that_does_not(tmp_path):
    mix = made(write_jsonl(tmp_path / "data", ROWS), "plain", tmp_path / "one")
    chosen = next(row for row in mix if row.response_language == "fi")
    cells = {(row.id, row.response_language) for row in mix}
    idle = next(row for row in ROWS if row["language"] == "fi" and (row["id"], "fi") not in cells)
    for key, matters in ((chosen.id, True), (idle["id"], False)):
        rows = [{**row, "prompt": "another"} if (row["id"], row["language"]) == (key, "fi") else row for row in ROWS]
        source = write_jsonl(tmp_path / str(matters), rows)
        if not matters:
            rebuilt = rebuild_mixture(tmp_path / "one", source)
            assert dict(rebuilt.changed) == {"fi.jsonl": "has another content"}
            assert rebuilt.manifest is None
            continue
        with pytest.raises(RebuildFailed) as caught:
            rebuild_mixture(tmp_path / "one", source)
        assert caught.value.cells == ((f"{key} in fi",), (), ())
        assert "fi.jsonl has another content" in str(caught.value)
        assert f"another text: {key} in fi" in str(caught.value)
        with pytest.raises(RebuildFailed) as caught:  # the manifest alone knows files, and no ids
            rebuild_mixture(Manifest.of_bytes((tmp_path / "one" / NAME).read_bytes()), source)
        assert caught.value.cells is None
        assert dict(caught.value.changed) == {"fi.jsonl": "has another content"}


def test_a_missing_file_is_named_with_the_ids_that_went_with_it(tmp_path):
    source = write_jsonl(tmp_path / "data", ROWS)
    mix = made(source, "plain", tmp_path / "one")
    (source / "sw.jsonl").unlink()
    for said in (source, str(source / "{lang}.jsonl")):
        with pytest.raises(RebuildFailed) as caught:
            rebuild_mixture(tmp_path / "one", said)
        assert dict(caught.value.changed) == {"sw.jsonl": "is missing"}
        assert "sw.jsonl is missing" in str(caught.value)
        lost = {f"{row.id} in sw" for row in mix if row.response_language == "sw"}
        assert lost
        assert lost <= set(caught.value.cells.gone)
    with pytest.raises(SourceNotFound, match="does not exist"):  # a wrong call, which says nothing of the source
        rebuild_mixture(tmp_path / "one", tmp_path / "nowhere")


def test_a_budget_that_became_impossible_is_told_with_the_files(tmp_path):
    source = write_jsonl(tmp_path / "data", ROWS)
    export_mixture(build_mixture(source, {"sw": 16}, validate=False), tmp_path / "one")
    write_jsonl(source, [row for row in ROWS if (row["id"], row["language"]) != ("i03", "sw")])
    with pytest.raises(RebuildFailed) as caught:
        rebuild_mixture(tmp_path / "one", source)
    assert dict(caught.value.changed) == {"sw.jsonl": "has another content, 16 rows then and 15 now"}
    assert caught.value.cells == ((), ("i03 in sw",), ())
    assert "sw asks for 16" in str(caught.value)
    assert "not there any more: i03 in sw" in str(caught.value)


def test_a_language_of_the_budget_that_went_with_its_file_is_told_with_the_file(tmp_path):
    source = write_jsonl(tmp_path / "data", ROWS)
    export_mixture(build_mixture(source, {"en": 2, "sw": 1}, validate=False), tmp_path / "one", trainers=[])
    (source / "sw.jsonl").unlink()
    with pytest.raises(RebuildFailed, match="'sw' is not among the languages") as caught:
        rebuild_mixture(tmp_path / "one", source)
    assert dict(caught.value.changed) == {"sw.jsonl": "is missing"}
    assert len(caught.value.cells.gone) == 1


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_renamed_file_is_called_so(tmp_path, all_of_them):
    names = ["a", "b"]
    (tmp_path / "data").mkdir()
    for name, mine in zip(names, (ROWS[:20], ROWS[20:]), strict=True):
        (tmp_path / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in mine))
    made(str(tmp_path / "data" / "*.jsonl"), "plain", tmp_path / "one")
    changed = {}
    for name in names if all_of_them else names[:1]:
        (tmp_path / "data" / f"{name}.jsonl").rename(tmp_path / "data" / f"new_{name}.jsonl")
        changed[f"{name}.jsonl"] = f"is called new_{name}.jsonl now"
    rebuilt = rebuild_mixture(tmp_path / "one", str(tmp_path / "data" / "*.jsonl"), out=tmp_path / "two")
    assert dict(rebuilt.changed) == changed
    assert set(rebuilt.files) == {"provenance/train.parquet", "croissant.json"}
    assert "the mixture is not affected" in str(rebuilt)


# What is refused, and before anything is built ------------------------------------------------------------------------


@pytest.fixture
def export(tmp_path):
    made(FORMS["frame"](None, ROWS), "everything", tmp_path / "one")
    return tmp_path / "one"


def test_what_was_said_the_first_time_has_to_be_said_again(tmp_path, export):
    nowhere = tmp_path / "nowhere"  # a source that is never read
    with pytest.raises(ArgumentError, match=r"absolute paths, and a manifest knows no places: give root="):
        rebuild_mixture(export, nowhere, out=tmp_path / "two")
    with pytest.raises(FolderTaken, match="overwrite=True replaces it"):
        rebuild_mixture(export, nowhere, out=export, root="/srv")
    made(FORMS["frame"](None, ROWS), "tokens", tmp_path / "tokens")
    with pytest.raises(ArgumentError, match="relative paths; leave root= out"):
        rebuild_mixture(tmp_path / "tokens", nowhere, out=tmp_path / "two", root="/srv")
    for tokenizer in (None, len):
        with pytest.raises(ArgumentError, match="token"):
            rebuild_mixture(tmp_path / "tokens", nowhere, tokenizer=tokenizer)
    made(FORMS["frame"](None, ROWS), "exclusion", tmp_path / "exclusion")
    for exclude in (None, ["i00"]):
        with pytest.raises(ArgumentError, match="exclu"):
            rebuild_mixture(tmp_path / "exclusion", nowhere, exclude=exclude)
    assert not (tmp_path / "two").exists()


def test_there_is_no_manifest_or_none_of_this_version(tmp_path, export):
    frame = FORMS["frame"](None, ROWS)
    for place in (tmp_path, tmp_path / "nowhere", export / "data"):
        with pytest.raises(ExportError, match="is no export"):
            rebuild_mixture(place, frame)
    with pytest.raises(ArgumentError, match="give a folder with a manifest"):
        rebuild_mixture(3, frame)
    whole = json.loads((export / NAME).read_bytes())
    (export / NAME).write_text(json.dumps({**whole, "manifest_version": 2}))
    with pytest.raises(ExportError, match=r"is of version 2, and this pinchmix reads version 1"):
        rebuild_mixture(export, frame)


def leaves(value, path=()):
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def test_a_hostile_manifest_is_refused_or_gives_a_mixture_but_never_crashes(tmp_path, export):
    frame = FORMS["frame"](None, ROWS)
    whole = json.loads((export / NAME).read_bytes())
    names = ("identity", "source", "provenance")
    paths = [path for path in leaves({name: whole[name] for name in names}) if 1 < len(path) < 4]
    refused = 0
    for path in paths:
        for odd in (None, 3, "../x"):
            blocks = json.loads(json.dumps({name: whole[name] for name in names}))
            inner = blocks
            for key in path[:-1]:
                inner = inner[key]
            if odd is None:
                del inner[path[-1]]
            else:
                inner[path[-1]] = odd
            manifest = Manifest(**blocks)
            if manifest.faults():
                refused += 1
                with pytest.raises(ExportError, match="another shape"):
                    rebuild_mixture(manifest, frame)
            elif path[:2] == ("identity", "recipe"):
                try:
                    rebuild_mixture(manifest, frame)
                except PinchmixError:
                    refused += 1
    assert refused > len(paths)


# Differences ----------------------------------------------------------------------------------------------------------


def test_differences_say_what_is_different_and_nothing_else(tmp_path):
    frame = FORMS["frame"](None, ROWS)
    one = export_mixture(build_mixture(frame, BUDGET, validate=False), tmp_path / "one")
    again = export_mixture(build_mixture(frame, BUDGET, validate=False), tmp_path / "again")
    assert [line for line in differences(one, again) if not line.startswith("the same mixture")] == []
    more = export_mixture(build_mixture(frame, {"en": 7, "*": 6}, validate=False, seed=5), tmp_path / "more", shards=2)
    said = differences(one, more)
    assert said[0] == "another mixture: 12 rows then, 13 rows now"
    assert "recipe.seed: 0, then 5" in said
    assert "recipe.budget.amounts.en: 6, then 7" in said
    assert "counts.en.asked: 6, then 7" in said
    assert "export.shards: 1, then 2" in said
    assert "data/messages/train.jsonl: only in the first" in said
    assert "data/messages/train-00000-of-00002.jsonl: only in the second" in said
    files = {line.split(":")[0] for line in said if "only in" in line or "another content" in line}
    assert files == {
        name for name in one.files.keys() | more.files.keys() if one.files.get(name) != more.files.get(name)
    }
    form = export_mixture(
        build_mixture(write_jsonl(tmp_path / "data", ROWS), BUDGET, validate=False), tmp_path / "form"
    )
    said = differences(one, form)
    assert said[0] == f"the same mixture: 12 rows, digest {one.identity['mixture']['digest']}"
    assert "en.jsonl: only in the second" in said
