"""Exports: exact bytes, complete or not there, and whatever is changed afterwards is found."""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path, PurePosixPath

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import build_mixture, verify_export
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError, ExportError, FolderTaken, VerificationFailed
from pinchmix.export import CARD, CROISSANT
from pinchmix.exporting import folder as folders
from pinchmix.exporting.shards import JSONL as JSONL_OF
from pinchmix.exporting.shards import PARQUET as PARQUET_OF
from pinchmix.exporting.shards import PROVENANCE as PROVENANCE_OF
from pinchmix.manifest import NAME, Manifest
from tests.grids import laws, table_of

JSONL, PARQUET, PROVENANCE = (
    JSONL_OF.format("messages", "train"),
    PARQUET_OF.format("train"),
    PROVENANCE_OF.format("train"),
)
SETTINGS = "trainers/trl.yaml"
RECIPE = "recipe.yaml"
FILES = [CARD, CROISSANT, JSONL, PARQUET, PROVENANCE, RECIPE, SETTINGS, NAME]
export_mixture = functools.partial(pinchmix.export_mixture, trainers=["trl"])
GRID = {f"i{number}": ["en", "fi", "sw"] for number in range(12)}
AWKWARD = [
    'quotes " and \\ and \\" and \\u0041',
    "NUL \x00 and \x01\x1f\x7f\x80\x9f",
    "tab\tline\nreturn\rboth\r\nvertical\x0b\x0c",
    "breaks \x85 \u2028 \u2029 end",
    "\ufeffa mark of byte order",
    "🙂👩\u200d👩\u200d👧 \U0001f1eb\U0001f1ee \U0010ffff \uffff",
    "\u202eright to left\u202c שלום مرحبا",
    "e\u0301 is not \u00e9",
    " blanks around ",
    '</script><!-- {"messages": []} -->',
    "null",
    "{}",
    "x" * 100_000,
    "中" * 100_000,
]


def table_of_texts(texts):
    return pa.table(
        {
            "id": [f"t{place}" for place in range(len(texts))],
            "language": ["en"] * len(texts),
            "prompt": texts,
            "response": texts[::-1],
        }
    )


@pytest.fixture(scope="module")
def mixture():
    return build_mixture(table_of(GRID), {"en": 5, "*": 4}, validate=False)


@pytest.fixture(scope="module")
def other():
    return build_mixture(table_of(GRID), {"en": 2, "*": 9}, validate=False)


@pytest.fixture(scope="module")
def awkward():
    return build_mixture(table_of_texts(AWKWARD), {"en": len(AWKWARD)}, validate=False)


@pytest.fixture
def out(mixture, tmp_path):
    export_mixture(mixture, tmp_path / "out")
    return tmp_path / "out"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def files_of(folder):
    """Every file under a folder with its bytes; links and empty folders are named too."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_symlink() or path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file() or not any(path.iterdir())
    }


def messages_of(mixture):
    return [[{"role": turn.role, "content": turn.content} for turn in row.messages] for row in mixture]


def faults_of(folder):
    with pytest.raises(VerificationFailed) as caught:
        verify_export(folder)
    return caught.value.faults


# The files ----------------------------------------------------------------------------------------------------------


def check_jsonl(content, mixture):
    assert content.endswith(b"\n")
    assert not content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8")
    # All line ends that any reader splits at; JSON text itself must hold none of them.
    assert text.splitlines() == text.split("\n")[:-1]
    assert not re.search("[\x00-\x09\x0b-\x1f\x85\u2028\u2029]", text)
    lines = [json.loads(line, object_pairs_hook=lambda pairs: pairs) for line in text.splitlines()]
    assert lines == [
        [("messages", [[("role", turn["role"]), ("content", turn["content"])] for turn in row])]
        for row in messages_of(mixture)
    ]


def test_json_lines_hold_exactly_the_messages_one_row_a_line(out, mixture):
    check_jsonl((out / JSONL).read_bytes(), mixture)


def test_awkward_texts_arrive_unchanged_in_every_form(awkward, tmp_path):
    export_mixture(awkward, tmp_path / "out")
    texts = {row.id: (row.prompt, row.response) for row in awkward}
    assert [texts[f"t{place}"] for place in range(len(AWKWARD))] == list(zip(AWKWARD, AWKWARD[::-1], strict=True))
    check_jsonl((tmp_path / "out" / JSONL).read_bytes(), awkward)
    assert pq.read_table(tmp_path / "out" / PARQUET).to_pydict() == {"messages": messages_of(awkward)}
    verify_export(tmp_path / "out")


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map("x{}".format)


@given(st.lists(ANY_TEXT, min_size=1, max_size=12))
@laws(10)
def test_any_text_arrives_unchanged(tmp_path_factory, texts):
    mix = build_mixture(table_of_texts(texts), {"en": len(texts)}, validate=False)
    assert sorted((row.prompt, row.response) for row in mix) == sorted(zip(texts, texts[::-1], strict=True))
    folder = tmp_path_factory.mktemp("any") / "out"
    export_mixture(mix, folder)
    check_jsonl((folder / JSONL).read_bytes(), mix)
    assert pq.read_table(folder / PARQUET).column("messages").to_pylist() == messages_of(mix)
    verify_export(folder)


def test_line_breaks_of_unicode_are_escaped_in_lower_case(awkward, tmp_path):
    export_mixture(awkward, tmp_path / "out")
    assert rb'"breaks \u0085 \u2028 \u2029 end"' in (tmp_path / "out" / JSONL).read_bytes()


def test_both_forms_load_with_datasets_as_the_mixture_gives_them(awkward, tmp_path):
    export_mixture(awkward, tmp_path / "out")
    for kind, name in (("json", JSONL), ("parquet", PARQUET)):
        loaded = datasets.load_dataset(
            kind, data_files=str(tmp_path / "out" / name), split="train", cache_dir=str(tmp_path / "cache")
        )
        assert loaded.column_names == ["messages"]
        assert loaded["messages"][:] == awkward.to_dataset()["messages"][:] == messages_of(awkward)


def test_the_folder_loads_with_datasets_as_it_is(awkward, tmp_path):
    export_mixture(awkward, tmp_path / "out")
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == ["messages"]
    assert loaded["messages"][:] == messages_of(awkward)


def test_the_card_is_yaml_in_which_norwegian_is_a_language(tmp_path):
    rows = [{"id": "a", "language": "nb", "prompt": "Hva heter du?", "response": "Jeg heter Kari."}]
    export_mixture(build_mixture(rows, {"no": 1}, validate=False), tmp_path / "out")
    front = yaml.safe_load((tmp_path / "out" / CARD).read_text(encoding="utf-8").split("---")[1])
    assert front["language"] == ["no"]
    assert front["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": [JSONL]}]}]


def test_provenance_says_where_each_row_came_from(out, mixture):
    rows = pq.read_table(out / PROVENANCE).to_pylist()
    assert [
        (row["id"], row["prompt_language"], row["response_language"], row["source"], row["row"]) for row in rows
    ] == [(row.id, row.prompt_language, row.response_language, *row.origin) for row in mixture]


def test_a_second_run_writes_identical_files_and_an_identical_identity(mixture, tmp_path):
    again = build_mixture(table_of(GRID), {"en": 5, "*": 4}, validate=False)
    export_mixture(mixture, tmp_path / "one")
    export_mixture(again, tmp_path / "elsewhere" / "two")
    one, two = files_of(tmp_path / "one"), files_of(tmp_path / "elsewhere" / "two")
    manifests = [json.loads(files.pop(NAME)) for files in (one, two)]
    assert one == two
    assert json.dumps(manifests[0]["identity"]) == json.dumps(manifests[1]["identity"])
    assert json.dumps(manifests[0]["source"]) == json.dumps(manifests[1]["source"])


@pytest.mark.parametrize(
    "ids", [["../x", "/etc/x", "..\\x", "a/../../b", "CON", "nul.txt", "y" * 300, "é\x00z", "~", "{lang}", "%00", "."]]
)
def test_no_id_reaches_a_file_name(ids, tmp_path):
    mix = build_mixture(table_of({key: ["en"] for key in ids}), {"en": len(ids)}, validate=False)
    export_mixture(mix, tmp_path / "deep" / "out")
    assert sorted(files_of(tmp_path)) == sorted(f"deep/out/{name}" for name in FILES)
    rows = pq.read_table(tmp_path / "deep" / "out" / PROVENANCE)
    assert sorted(rows.column("id").to_pylist()) == sorted(ids)
    verify_export(tmp_path / "deep" / "out")


# The manifest -------------------------------------------------------------------------------------------------------


def test_the_manifest_goes_round(out):
    content = (out / NAME).read_bytes()
    manifest = Manifest.of_bytes(content)
    assert manifest.to_bytes() == content
    assert verify_export(out) == manifest
    assert set(manifest.files) == set(FILES) - {NAME}


def strings_of(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("form", ["absolute", "relative", "template", "files"])
def test_no_path_in_an_export_is_absolute(tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    for tag in ("en", "fi"):
        rows = [row for row in table_of(GRID).to_pylist() if row["language"] == tag]
        (folder / f"{tag}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {
        "absolute": folder,
        "relative": "data",
        "template": str(folder / "{lang}.jsonl"),
        "files": {tag: str(folder / f"{tag}.jsonl") for tag in ("en", "fi")},
    }[form]
    export_mixture(build_mixture(source, {"en": 3, "fi": 3}, validate=False), tmp_path / "out")
    said = [
        *strings_of(json.loads((tmp_path / "out" / NAME).read_bytes())),
        *pq.read_table(tmp_path / "out" / PROVENANCE).column("source").to_pylist(),
    ]
    assert any("en.jsonl" in text for text in said)
    for text in said:
        assert not PurePosixPath(text).is_absolute(), text
        assert str(tmp_path) not in text
        assert str(Path.home()) not in text


def test_the_manifest_names_the_source_files_by_what_is_in_them(tmp_path):
    content = "".join(json.dumps(row) + "\n" for row in table_of(GRID).to_pylist())
    (tmp_path / "all.jsonl").write_text(content)
    manifest = export_mixture(build_mixture(tmp_path / "all.jsonl", {"en": 3}, validate=False), tmp_path / "out")
    ((name, entry),) = manifest.source["read"].items()
    assert name == "all.jsonl"
    assert entry["bytes"] == len(content.encode())
    assert entry["rows"] == 36
    assert entry["sha256"] == sha256(content.encode())


def test_the_manifest_counts_what_the_files_hold(out, mixture):
    identity = verify_export(out).identity
    for name, entry in identity["files"].items():
        content = (out / name).read_bytes()
        rows = {"rows": len(mixture)} if name.startswith("data/") else {}
        assert entry == {"bytes": len(content), "sha256": sha256(content), **rows}
    assert identity["mixture"] == {"digest": mixture.digest, "rows": 9, "instructions": 9, "left_over": 3}
    assert identity["partial"] is False
    assert identity["excluded"] is None
    assert {tag: line["examples"] for tag, line in identity["counts"].items()} == {"en": 5, "fi": 2, "sw": 2}
    assert identity["rows"] == {"read": 36, "chosen": 9, "reserve": 27, "dropped": {}, "rejected": 0}


# What verify finds --------------------------------------------------------------------------------------------------


def test_verify_is_content_with_what_export_wrote_wherever_it_is_moved(out, tmp_path):
    shutil.copytree(out, tmp_path / "moved here")
    assert verify_export(tmp_path / "moved here") == verify_export(out)


def test_verify_finds_every_flip_of_a_single_bit(out):
    draw = random.Random(20)
    whole = files_of(out)
    for number in range(100):
        name = FILES[number % len(FILES)]
        content = bytearray(whole[name])
        place = draw.randrange(len(content))
        content[place] ^= 1 << draw.randrange(8)
        (out / name).write_bytes(content)
        faults = faults_of(out)
        assert any(name in fault for fault in faults), (name, place)
        (out / name).write_bytes(whole[name])
    verify_export(out)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [0, 1, -1], ids=["empty", "one byte", "last byte missing"])
def test_verify_finds_a_truncated_file(out, name, size):
    content = (out / name).read_bytes()
    (out / name).write_bytes(content[:size])
    assert any(name in fault for fault in faults_of(out))


@pytest.mark.parametrize("name", [JSONL, PARQUET, PROVENANCE])
def test_verify_finds_a_missing_file(out, name):
    (out / name).unlink()
    assert f"{name}: missing" in faults_of(out)


def test_a_folder_without_a_manifest_is_no_export(out, tmp_path):
    (out / NAME).unlink()
    for folder in (out, tmp_path / "nowhere", out / JSONL):
        with pytest.raises(ExportError, match="is no export"):
            verify_export(folder)


@pytest.mark.parametrize("name", ["extra.txt", "data/messages/train.jsonl.bak", ".hidden", "provenance/x/y"])
def test_verify_finds_an_extra_file(out, name):
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).touch()
    assert [fault.split(":")[0] for fault in faults_of(out)] == [name]


def test_verify_finds_links_to_files_and_to_folders(out, tmp_path):
    (out / "link").symlink_to(tmp_path)
    assert any(fault.startswith("link: ") for fault in faults_of(out))
    (out / "link").unlink()
    (out / JSONL).rename(tmp_path / "away")
    (out / JSONL).symlink_to(tmp_path / "away")
    assert any(fault.startswith(f"{JSONL}: a link") for fault in faults_of(out))


def test_verify_finds_files_that_were_swapped(out, mixture, other, tmp_path):
    export_mixture(other, tmp_path / "other")
    for name in (JSONL, PARQUET, PROVENANCE, NAME):
        mine = (out / name).read_bytes()
        (out / name).write_bytes((tmp_path / "other" / name).read_bytes())
        assert faults_of(out)
        (out / name).write_bytes(mine)
    swapped = (out / JSONL).read_bytes(), (out / PARQUET).read_bytes()
    (out / PARQUET).write_bytes(swapped[0])
    (out / JSONL).write_bytes(swapped[1])
    assert {fault.split(":")[0] for fault in faults_of(out)} >= {JSONL, PARQUET}


def forge(out, change=None):
    """Write a manifest that fits the files as they are now: hashes, sizes and its own digest."""
    whole = json.loads((out / NAME).read_bytes())
    blocks = {name: whole[name] for name in ("identity", "source", "provenance")}
    for block in blocks.values():
        for name, entry in block["files"].items():
            content = (out / name).read_bytes()
            entry.update(sha256=sha256(content), bytes=len(content))
    if change:
        change(blocks)
    whole.update(blocks, digest=digest_of(canonical_bytes(blocks)))
    (out / NAME).write_bytes(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")


def test_a_forged_manifest_without_a_change_verifies(out):
    """The twin of the tests below: forging itself is not what they find."""
    forge(out)
    verify_export(out)


def test_verify_finds_swapped_rows_even_if_the_manifest_was_made_to_fit(out):
    lines = (out / JSONL).read_bytes().splitlines(keepends=True)
    (out / JSONL).write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert f"{JSONL}: row 1 differs from {PARQUET}" in faults_of(out)
    forge(out)
    assert f"{JSONL}: row 1 differs from {PARQUET}" in faults_of(out)


def test_verify_finds_rows_swapped_in_one_file_of_two_or_three(out):
    table = pq.read_table(out / PARQUET)
    order = [1, 0, *range(2, table.num_rows)]
    pq.write_table(table.take(order), out / PARQUET)
    forge(out)
    assert f"{JSONL}: row 1 differs from {PARQUET}" in faults_of(out)
    lines = (out / JSONL).read_bytes().splitlines(keepends=True)
    (out / JSONL).write_bytes(b"".join(lines[place] for place in order))
    forge(out)  # JSONL and Parquet agree now, and provenance does not
    assert faults_of(out) == tuple(
        f"{PROVENANCE}: row {row}: its digest is not that of the text in {PARQUET}" for row in (1, 2)
    )


def test_verify_finds_ids_swapped_in_provenance_even_if_the_manifest_was_made_to_fit(out):
    table = pq.read_table(out / PROVENANCE)
    ids = table.column("id").to_pylist()
    for changed, said in (
        ([ids[1], ids[0], *ids[2:]], "do not fit the digest"),
        ([ids[1], *ids[1:]], f"row 2: the instruction {ids[1]!r} "),
    ):
        pq.write_table(table.set_column(0, "id", pa.array(changed)), out / PROVENANCE)
        forge(out)
        assert any(said in fault for fault in faults_of(out))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("identity", "counts", "en", "examples"), 6),
        (("identity", "counts", "en", "asked"), 4),
        (("identity", "mixture", "rows"), 8),
        (("identity", "mixture", "digest"), "0" * 32),
        (("identity", "files", JSONL, "rows"), 10),
        (("identity", "files", PARQUET, "bytes"), 10),
        (("source", "files", PROVENANCE, "sha256"), "0" * 64),
    ],
    ids=lambda value: "/".join(value) if isinstance(value, tuple) else None,
)
def test_verify_finds_a_figure_edited_in_the_manifest_even_if_its_digest_was_made_to_fit(out, path, value):
    def change(blocks):
        for key in path[:-1]:
            blocks = blocks[key]
        blocks[path[-1]] = value

    forge(out, change)
    assert faults_of(out)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"seed": 0', '"seed": 1'),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n",
        lambda text: "\ufeff" + text,
        lambda text: text.replace('"manifest_version": 1', '"manifest_version": 2'),
        lambda text: text.replace('"seed": 0', '"seed": 0, "seed": 0'),
        lambda text: text.replace('"seed": 0', '"seed": NaN'),
        lambda text: text.replace('"seed": 0', '"seed": "\\ud800"'),
        lambda text: text.replace('"seed": 0', '"seed": ' + "[" * 3000 + "]" * 3000),
        lambda text: "[]",
        lambda text: '{"manifest_version": 1}',
        lambda text: "",
    ],
    ids=[
        "value",
        "line ends",
        "no end",
        "two ends",
        "mark",
        "version",
        "key twice",
        "not a number",
        "half a character",
        "deep",
        "list",
        "blocks",
        "empty",
    ],
)
def test_verify_finds_an_edited_manifest_whatever_the_edit(out, change):
    text = (out / NAME).read_text()
    (out / NAME).write_text(change(text), newline="")
    assert change(text) != text
    assert any(NAME in fault for fault in faults_of(out))


def paths_in(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths_in(inner, (*path, key))


def test_a_manifest_that_lacks_a_part_is_a_fault_or_fine_but_never_a_crash(out):
    content = (out / NAME).read_bytes()
    seen = json.loads(content)["identity"]
    for name in ("counts", "files"):  # one entry stands for its like
        seen[name] = dict(list(seen[name].items())[:1])
    for path in list(paths_in({"identity": {**seen, "grid": {}, "rows": {}}})):

        def change(blocks, path=path):
            for key in path[:-1]:
                blocks = blocks[key]
            del blocks[path[-1]]

        forge(out, change)
        with contextlib.suppress(VerificationFailed):
            verify_export(out)
        (out / NAME).write_bytes(content)


# Where an export may go ---------------------------------------------------------------------------------------------


def test_an_export_goes_to_a_new_or_an_empty_folder(mixture, tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "new", tmp_path / "deep" / "er", str(tmp_path / "text")):
        export_mixture(mixture, place)
        verify_export(place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "empty", "new", "text"]


def foreign_file(place):
    place.write_text("mine")


def foreign_folder(place):
    place.mkdir()
    (place / "thesis.tex").write_text("mine")


def foreign_manifest(place):
    place.mkdir()
    (place / "manifest.json").write_text('{"name": "a browser extension", "manifest_version": 3}')
    (place / "background.js").write_text("mine")


def link_to_folder(place):
    foreign_folder(place.parent / "there")
    place.symlink_to(place.parent / "there")


def link_to_export(place):
    mix = build_mixture(table_of(GRID), {"en": 1}, validate=False)
    export_mixture(mix, place.parent / "there")
    place.symlink_to(place.parent / "there")


def link_to_nothing(place):
    place.symlink_to(place.parent / "nothing")


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "make", [foreign_file, foreign_folder, foreign_manifest, link_to_folder, link_to_export, link_to_nothing]
)
def test_what_is_no_export_is_never_replaced(mixture, tmp_path, make, overwrite):
    make(tmp_path / "out")
    before = files_of(tmp_path)
    with pytest.raises(FolderTaken, match="choose another place"):
        export_mixture(mixture, tmp_path / "out", overwrite=overwrite)
    assert files_of(tmp_path) == before


def test_an_export_is_replaced_only_when_asked_and_then_as_a_whole(out, other):
    before = files_of(out.parent)
    with pytest.raises(FolderTaken, match="overwrite=True replaces it"):
        export_mixture(other, out)
    assert files_of(out.parent) == before
    (out / "left over.txt").touch()
    export_mixture(other, out, overwrite=True)
    assert sorted(files_of(out.parent)) == sorted(f"out/{name}" for name in FILES)
    assert verify_export(out).identity["mixture"]["digest"] == other.digest


@pytest.mark.parametrize("folder", ["/", "", "."])
def test_a_folder_without_a_name_or_with_things_in_it_is_refused(mixture, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").touch()
    with pytest.raises((ArgumentError, FolderTaken)):
        export_mixture(mixture, folder, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


# Interrupted --------------------------------------------------------------------------------------------------------


def wire(patch, act, at):
    """Call ``act`` before operation number ``at`` (from 0) that export does to the disk; return a count of them.

    Making folders is no part of it: how many calls that takes depends on which thread comes first.
    """
    lock, done = threading.Lock(), []

    def wrapped(call):
        def step(*args, **kwargs):
            with lock:
                number = len(done)
                done.append(call.__name__)
            if number == at:
                act()
            return call(*args, **kwargs)

        return step

    patch(folders.os, "fsync", wrapped(os.fsync))
    patch(folders.HashedFile, "write", wrapped(folders.HashedFile.write))
    patch(Path, "rename", wrapped(Path.rename))
    patch(folders, "_exchange", wrapped(folders._exchange))
    return done


class Broken(BaseException):
    """Stands for a full disk and for an interrupt alike."""


def fail():
    raise Broken


@pytest.mark.parametrize("overwrite", [False, True], ids=["new", "over an export"])
def test_a_failure_at_any_moment_leaves_nothing_behind_and_the_old_export_intact(
    mixture, other, tmp_path, monkeypatch, overwrite
):
    if overwrite:
        export_mixture(mixture, tmp_path / "out")
    before = files_of(tmp_path)
    at = 0
    while True:
        gc.collect()  # a Parquet writer that failed tries once more when it is collected, and would be counted
        with monkeypatch.context() as patch:
            operations = wire(patch.setattr, fail, at)
            try:
                export_mixture(other, tmp_path / "out", overwrite=overwrite, progress=False)
            except Broken:
                pass
            else:
                break
        assert files_of(tmp_path) == before, f"failed before operation {at}, a {operations[at]}"
        at += 1
    assert at == len(operations) > 20  # every one of them failed once
    assert verify_export(tmp_path / "out").identity["mixture"]["digest"] == other.digest
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


KILLED = """
import os, signal, sys, time
sys.path[:0] = sys.argv[3:]  # what is under test, and the tests
import pyarrow.parquet, scipy.sparse.csgraph, duckdb  # forks share what is loaded
from pathlib import Path
import pinchmix.build, pinchmix.export, pinchmix.verify, pinchmix.validators.language
from test_export import GRID, wire
from tests.grids import table_of

target = Path(sys.argv[1])
for at in map(int, sys.argv[2].split()):
    child = os.fork()
    if not child:
        mix = pinchmix.build_mixture(table_of(GRID), {"en": 2, "*": 9}, validate=False)
        wire(setattr, lambda: os.kill(os.getpid(), signal.SIGKILL), at)
        pinchmix.export_mixture(mix, target, overwrite=True, progress=False)
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
    sys.stdin.readline()
"""


def rows_if_whole(place):
    """The rows of an export that verifies, or -1."""
    try:
        rows = verify_export(place).identity["mixture"]["rows"]
    except ExportError:
        return -1
    assert (place / JSONL).read_bytes().count(b"\n") == rows
    return rows


def exports_in(folder):
    return {place.name: rows_if_whole(place) for place in folder.iterdir()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are needed to kill this often")
def test_a_kill_at_any_moment_leaves_the_target_whole_or_absent(mixture, other, tmp_path, monkeypatch):
    """SIGKILL before operations on the disk, in forks of one process; an overwrite is a single step."""
    export_mixture(mixture, tmp_path / "out")
    with monkeypatch.context() as patch:
        operations = wire(patch.setattr, fail, -1)
        export_mixture(other, tmp_path / "out", overwrite=True)
    last = len(operations) - 1
    assert operations[-2:] == ["_exchange", "fsync"]
    moments = [*range(0, last - 1, 6), last - 2, last - 1, last, last + 99]
    here = [str(Path(pinchmix.__file__).parents[1]), str(Path(__file__).parent)]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "out"), " ".join(map(str, moments)), *here]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    left = 0
    for at in moments:
        assert int(process.stdout.readline()) == (signal.SIGKILL if at <= last else 0)
        found = exports_in(tmp_path)
        assert found.pop("out") == 11
        assert all(re.fullmatch(r"\.out\.[0-9a-f]{8}\.part", name) for name in found)
        assert len(found) == (at <= last)  # and no more: each export removes what the one before left
        left += len(found)
        process.stdin.write("\n")
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert left == len(moments) - 1
    assert exports_in(tmp_path) == {"out": 11}


LOOPING = """
import sys
from pinchmix import build_mixture, export_mixture
sys.path[:0] = sys.argv[2:]
from tests.grids import table_of
source = table_of({f"i{number}": ["en", "fi"] for number in range(4000)})
mixes = [build_mixture(source, {"en": number, "fi": 300}, validate=False) for number in (2500, 3500)]
print("ready", flush=True)
while True:
    for mix in mixes:
        export_mixture(mix, sys.argv[1], overwrite=True, progress=False)
"""


def test_a_kill_at_random_moments_leaves_the_target_whole_or_absent(tmp_path):
    draw = random.Random(time.time_ns())
    env = {**os.environ, "PYTHONPATH": str(Path(pinchmix.__file__).parents[1])}
    running = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        command = [sys.executable, "-c", LOOPING, str(tmp_path / str(number) / "out"), str(Path(__file__).parent)]
        running.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
    for number, process in enumerate(running):
        assert process.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
        found = exports_in(tmp_path / str(number))
        assert found.get("out", 2800) in (2800, 3800)
        assert set(found.values()) <= {-1, 2800, 3800}
