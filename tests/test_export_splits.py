"""Exports with splits, repeats and content policies: every one verifies, loads, and is found out when tampered with."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import accumulate, pairwise

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

import pinchmix
from pinchmix import InfeasibleBudget, build_mixture, verify_export
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.content import Content
from pinchmix.errors import ArgumentError
from pinchmix.export import CARD, CROISSANT, RECIPE
from pinchmix.exporting.provenance import ORIGIN, Origins, content_faults, copy_faults, count_faults, split_faults
from pinchmix.exporting.shards import JSONL as JSONL_OF
from pinchmix.exporting.shards import PARQUET, PROVENANCE
from pinchmix.manifest import NAME
from pinchmix.rows import MESSAGES, Rows, digest_of_rows, json_lines, write_rows
from pinchmix.sources.database import Database
from tests.grids import cells, laws, table_of
from tests.test_export import SETTINGS, export_mixture, faults_of, sha256

JSONL = JSONL_OF.format("messages", "{}")
GRID = {
    **{f"i{number:02}": ["en", "fi", "sw"] for number in range(24)},
    **{f"j{number}": ["en", "fi"] for number in range(6)},
}
BUDGETS = {
    "disjoint": {"en": 8, "fi": 4, "sw": 4},
    "overlap(2)": {"en": 8, "fi": 8, "sw": 8},
    "exactly(2)": {"en": 8, "fi": 8, "sw": 8},
    "union": {"en": 8, "fi": 8, "sw": 8},
    "cover": {"en": 12, "fi": 10, "sw": 8},
    "same": {"en": 8, "fi": 8, "sw": 8},
}
SPLITS = {
    "none": None,
    "two": {"train": 0.5, "dev": 0.5},
    "three": {"train": 0.5, "validation": 0.25, "test": 0.25},
    "one empty": {"held_out": 0.0, "train": 1.0},
}


def mixture_of(content="disjoint", split=None, repeat=1, **said):
    budget = said.pop("budget", BUDGETS[content])
    return build_mixture(table_of(GRID), budget, content=content, split=split, repeat=repeat, validate=False, **said)


def stem(split):
    """What the files of a split are called."""
    return "valid" if split in ("validation", "dev") else split


def rows_in(folder, splits):
    """Split → its rows: the line of JSON, the messages of the Parquet file, and the row of provenance."""
    return {
        split: list(
            zip(
                (folder / JSONL.format(stem(split))).read_text(encoding="utf-8").split("\n")[:-1],
                pq.read_table(folder / PARQUET.format(stem(split))).column("messages").to_pylist(),
                pq.read_table(folder / PROVENANCE.format(stem(split))).to_pylist(),
                strict=True,
            )
        )
        for split in splits
    }


def check(mixture, folder):
    """Export, verify, and compare the files with the mixture row by row."""
    export_mixture(mixture, folder)
    manifest = verify_export(folder)
    forms = (JSONL, PARQUET, PROVENANCE)
    # A split without rows has no files, unless there are none at all.
    there = [split for split, place in mixture.splits.items() if place.stop > place.start or not len(mixture)]
    kept = [name for split in there for name in (form.format(stem(split)) for form in forms)]
    settings = [SETTINGS] if len(mixture) and {"train", "main"} & set(there) else []
    assert sorted(manifest.files) == sorted([CARD, CROISSANT, RECIPE, *settings, *kept])
    assert manifest.splits == tuple(mixture.splits)
    rows = mixture.to_arrow().to_pylist()
    for split, found in rows_in(folder, there).items():
        expected = rows[mixture.splits[split]]
        assert [json.loads(line)["messages"] for line, _, _ in found] == [row["messages"] for row in expected]
        assert [messages for _, messages, _ in found] == [row["messages"] for row in expected]
        assert [origin for *_, origin in found] == [
            {**{name: row[name] for name in ORIGIN.names[:-1]}, "digest": hashlib.md5(line.encode()).hexdigest()}
            for row, (line, *_) in zip(expected, found, strict=True)
        ]
        assert all(row["split"] == split for row in expected)
        counts = Counter(row["response_language"] for row in expected)
        assert {tag: figures["examples"] for tag, figures in manifest.counts[split].items() if counts[tag]} == counts
    return manifest


@pytest.mark.parametrize("repeat", [1, 2])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("content", BUDGETS)
def test_every_policy_split_and_repeat_exports_and_verifies(content, split, repeat, tmp_path):
    budget = BUDGETS[content]
    if repeat > 1 and content in ("disjoint", "overlap(2)"):
        budget = {**budget, "sw": 36}  # of which 24 exist
    said = {"partial": True} if split == "one empty" else {}
    try:
        mixture = mixture_of(content, SPLITS[split], repeat, budget=budget, **said)
    except InfeasibleBudget:
        # What the planner refuses is its own affair; the other cells of this table are not.
        assert repeat > 1
        assert content in ("exactly(2)", "same", "union")
        pytest.skip("no such plan")
    manifest = check(mixture, tmp_path / "out")
    assert manifest.identity["partial"] is mixture.plan.partial
    if repeat > 1 and content == "disjoint":
        assert any(row["copy"] == 2 for row in mixture.to_arrow().to_pylist())


@st.composite
def asked(draw):
    grid = draw(cells())
    languages = sorted({tag for tags in grid.values() for tag in tags})
    counts = {tag: draw(st.integers(0, 4)) for tag in languages}
    assume(any(counts.values()))
    content = draw(st.sampled_from(["disjoint", "overlap(2)", "exactly(2)", "union", "same"]))
    split = draw(st.sampled_from(list(SPLITS.values())))
    return grid, counts, content, split, draw(st.integers(1, 3)), draw(st.booleans())


@given(asked())
@laws(60)
def test_whatever_is_built_is_exported_and_verifies(tmp_path_factory, case):
    grid, counts, content, split, repeat, partial = case
    try:
        mixture = build_mixture(
            table_of(grid), counts, content=content, split=split, repeat=repeat, partial=partial, validate=False
        )
    except InfeasibleBudget:
        assume(False)
    check(mixture, tmp_path_factory.mktemp("any") / "out")


@pytest.mark.parametrize("split", SPLITS)
def test_the_folder_loads_with_datasets_as_the_mixture_gives_it(split, tmp_path):
    mixture = mixture_of(split=SPLITS[split], repeat=2, budget={"en": 8, "fi": 4, "sw": 40})
    export_mixture(mixture, tmp_path / "out")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    mine = mixture.to_dataset()
    if split == "none":
        mine = datasets.DatasetDict({"train": mine})
    # datasets loads no split without rows: it says that the split "corresponds to no data".
    assert list(loaded) == [name for name in mine if len(mine[name])]
    for name in loaded:
        assert loaded[name].column_names == ["messages"]
        assert loaded[name]["messages"][:] == mine[name]["messages"][:]


def test_a_split_without_rows_has_no_files_as_trainers_stumble_over_empty_ones(tmp_path):
    mixture = mixture_of(split={"train": 5, "valid": 0, "test": 11})
    pinchmix.export_mixture(mixture, tmp_path / "out")
    assert set(verify_export(tmp_path / "out").counts) == {"train", "valid", "test"}
    assert not list((tmp_path / "out").rglob("valid*"))
    assert not any(
        "valid.jsonl" in path.read_text(encoding="utf-8") for path in (tmp_path / "out" / "trainers").rglob("*.*")
    )
    loaded = datasets.load_dataset(str(tmp_path / "out" / "data" / "messages"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 5, "test": 11}


def test_no_trainer_is_pointed_to_the_rows_of_a_test(tmp_path):
    for number, split in enumerate(({"test": 0.2, "main": 0.8}, {"validation": 0.2, "fit": 0.8}, {"test": 1.0})):
        pinchmix.export_mixture(mixture_of(split=split), tmp_path / str(number))
    for number, name in enumerate(("main", "fit")):
        settings = yaml.safe_load((tmp_path / str(number) / "trainers" / "swift.yaml").read_text(encoding="utf-8"))
        assert settings["dataset"] == [f"data/messages/{name}.jsonl"]
    assert not (tmp_path / "2" / "trainers").exists()


@pytest.mark.parametrize("name", ["train", "validation", "dev", "0", "a_b", "Test2"])
def test_a_name_of_a_split_is_one_that_datasets_takes(name):
    assert str(datasets.NamedSplit(name)) == name
    assert mixture_of(split={name: 1.0}).plan.recipe.splits == (name,)


@pytest.mark.parametrize("name", ["a-b", "all", "ALL", "a.b", "", "_", "é", "a/b", "..", "a b"])
def test_a_name_that_datasets_or_a_file_system_refuses_is_refused(name):
    with pytest.raises(ArgumentError, match="split: "):
        mixture_of(split={name: 1.0})


# The rows -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
@laws(40)
def test_rows_are_cut_where_splits_end_whatever_the_blocks(sizes, data):
    total = sum(sizes)
    names = [f"s{place}" for place, size in enumerate(sizes) for _ in range(size)]
    said = [[{"role": "user", "content": f"text {row}"}] for row in range(total)]
    strings = {name: [f"{name}{row}" for row in range(total)] for name in ("id", "column", "prompt_language", "source")}
    numbers = {"row": list(range(total)), "copy": [1] * total, "tokens": [2] * total, "verdict": ["ok"] * total}
    columns = pa.table(
        {
            "id": strings["id"], "split": names, "column": strings["column"],
            "prompt_language": strings["prompt_language"], "response_language": strings["prompt_language"],
            "source": strings["source"], **numbers,
        }
    )  # fmt: skip
    cuts = sorted({0, total, *data.draw(st.lists(st.integers(0, total)))})
    whole = pa.array(said, MESSAGES)
    database = Database()
    rows = Rows(database, lambda: write_rows(database, columns, (whole.slice(a, b - a) for a, b in pairwise(cuts))))
    assert rows.table().to_pydict() == {**columns.to_pydict(), "messages": said}
    ends = [0, *accumulate(sizes)]
    texts = []
    for place, (begin, end) in enumerate(pairwise(ends)):
        batches = list(rows.batches(["split", "messages"], f"s{place}"))
        assert [row["messages"] for batch in batches for row in batch.to_pylist()] == said[begin:end]
        writer = Database(keep_order=True)
        lines = b"".join(bytes(json_lines(writer, batch).block) for batch in rows.batches(["messages"], f"s{place}"))
        assert [json.loads(line)["messages"] for line in lines.splitlines()] == said[begin:end]
        texts.append(sha256(lines))
    assert rows.digest() == digest_of_rows(columns, "".join(texts))
    assert list(rows.batches(["id"], "another")) == []
    database.close()


def test_the_digest_is_computable_from_the_files(tmp_path):
    for split in SPLITS.values():
        mixture = mixture_of(split=split)
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        before = mixture.digest
        export_mixture(mixture, place)
        assert mixture.digest == before
        there = [name for name, part in mixture.splits.items() if part.stop > part.start]
        tables = [
            table.append_column("split", pa.array([name] * table.num_rows, pa.string()))
            for name in there
            for table in [pq.read_table(place / PROVENANCE.format(stem(name)))]
        ]
        contents = [(place / JSONL.format(stem(name))).read_bytes() for name in there]
        assert before == digest_of_rows(pa.concat_tables(tables), "".join(sha256(text) for text in contents if text))


# Card and manifest --------------------------------------------------------------------------------------------------


def test_the_card_has_an_entry_and_figures_a_split(tmp_path):
    mixture = mixture_of(split={"train": 0.5, "test": 0.5}, budget={"en": 600, "fi": 200}, unit="characters")
    export_mixture(mixture, tmp_path / "out")
    _, front, page = (tmp_path / "out" / CARD).read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(front)["configs"][0]["data_files"] == [
        {"split": name, "path": [JSONL.format(name)]} for name in ("train", "test")
    ]
    assert "each instruction in one language, none in two of the 2 splits" in page


def test_the_manifest_counts_by_language_and_by_split_where_there_are_several(tmp_path):
    names = (
        "asked",
        "given",
        "examples",
        "distinct",
        "characters",
        "bytes",
        "available",
        "rejected",
        "unsure",
        "flagged",
    )
    mixture = mixture_of(repeat=2, budget={"en": 8, "fi": 4, "sw": 40})
    one = export_mixture(mixture, tmp_path / "one").identity
    assert set(one["counts"]) == {"en", "fi", "sw"}
    # A repeated cell leaves the reserve once.
    assert one["rows"]["reserve"] == len(mixture.grid) - len({(row.id, row.response_language) for row in mixture})
    sw = one["counts"]["sw"]
    distinct = len({row.id for row in mixture if row.response_language == "sw"})
    assert set(sw) == set(names)
    assert {name: sw[name] for name in names if name not in ("characters", "bytes")} == {
        "asked": 40, "given": 40, "examples": 40, "distinct": distinct, "available": 24, "rejected": 0, "unsure": 0,
        "flagged": 0,
    }  # fmt: skip
    mixture = mixture_of(
        split={"a": 0.5, "b": 0.5}, budget={"en": 50, "fi": 10}, partial=True, exclude=["i00", "j1", "nowhere"]
    )
    several = export_mixture(mixture, tmp_path / "two").identity
    assert {split: set(tags) for split, tags in several["counts"].items()} == {
        split: {"en", "fi", "sw"} for split in ("a", "b")
    }
    assert several["partial"] is True
    assert several["excluded"] == {"id": 2, "prompt": 0, "ngram": 0, "unknown_ids": 1}
    figures = several["counts"]["a"]["en"]
    assert figures["given"] == figures["examples"] < figures["asked"] == 25
    verify_export(tmp_path / "two")


def test_the_manifest_of_a_token_budget_holds_whole_numbers_only(tmp_path):
    mixture = mixture_of(budget={"en": 60, "fi": 30, "sw": 30}, unit="tokens", tokenizer=lambda text: len(text.split()))
    figures = export_mixture(mixture, tmp_path / "out").identity["counts"]
    for tag, row in figures.items():
        assert all(type(value) is int for value in row.values())
        assert row["given"] == row["tokens"] == int(mixture.plan.given[0, mixture.plan.languages.index(tag)]) > 0
    verify_export(tmp_path / "out")


# Tampering: the manifest is made to fit every file and digest, so that only what provenance shows can tell ------------


def retell(folder, change=lambda rows: None):
    """Change the rows of all three forms alike, and make the manifest fit them: hashes, row counts and digests."""
    whole = json.loads((folder / NAME).read_bytes())
    blocks = {name: whole[name] for name in ("identity", "source", "provenance")}
    identity = blocks["identity"]
    splits = [name for name, _ in identity["recipe"]["split"]] or ["train"]
    rows = {
        split: [(line, said, dict(origin)) for line, said, origin in found]
        for split, found in rows_in(folder, splits).items()
    }
    change(rows)
    for split, found in rows.items():
        (folder / JSONL.format(split)).write_bytes("".join(f"{line}\n" for line, _, _ in found).encode())
        messages = pa.table({"messages": pa.array([said for _, said, _ in found], MESSAGES)})
        pq.write_table(messages, folder / PARQUET.format(split))
        schema = pq.read_schema(folder / PROVENANCE.format(split))
        pq.write_table(pa.Table.from_pylist([row for *_, row in found], schema), folder / PROVENANCE.format(split))
        for form in (JSONL, PARQUET, PROVENANCE):
            content = (folder / form.format(split)).read_bytes()
            block = blocks["source" if form == PROVENANCE else "identity"]
            block["files"][form.format(split)].update(sha256=sha256(content), bytes=len(content), rows=len(found))
    columns = pa.table(
        {
            "split": [split for split, found in rows.items() for _ in found],
            **{
                name: [row[name] for found in rows.values() for *_, row in found]
                for name in ("id", "column", "prompt_language", "response_language")
            },
        }
    )
    texts = [identity["files"][JSONL.format(split)]["sha256"] for split, found in rows.items() if found]
    identity["mixture"].update(
        digest=digest_of_rows(columns, "".join(texts)),
        rows=columns.num_rows,
        instructions=len(set(columns["id"].to_pylist())),
    )
    whole.update(blocks, digest=digest_of(canonical_bytes(blocks)))
    (folder / NAME).write_bytes(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")


def first(rows, **wanted):
    """The place of the first row whose provenance is as wanted."""
    return next(
        place for place, (*_, row) in enumerate(rows) if all(row[name] == value for name, value in wanted.items())
    )


@pytest.fixture
def repeated(tmp_path):
    """Two splits, 16 examples of sw in each of which some are copies."""
    grid = {**{f"i{number}": ["en", "sw"] for number in range(12)}, **{f"j{number}": ["en"] for number in range(8)}}
    mixture = build_mixture(
        table_of(grid), {"en": 8, "sw": 20}, repeat=2, split={"train": 0.5, "test": 0.5}, validate=False
    )
    export_mixture(mixture, tmp_path / "out")
    return tmp_path / "out"


def test_a_retold_export_without_a_change_verifies(repeated):
    """The twin of the tests below: retelling itself is not what they find."""
    retell(repeated)
    verify_export(repeated)


def test_a_row_moved_to_another_split_is_found(repeated):
    retell(repeated, lambda rows: rows["test"].append(rows["train"].pop(first(rows["train"], response_language="en"))))
    faults = faults_of(repeated)
    assert f"{PROVENANCE.format('train')}: 3 examples of en, and the plan gives 4" in faults
    assert f"{PROVENANCE.format('test')}: 5 examples of en, and the plan gives 4" in faults
    assert f"{JSONL.format('test')}: 15 rows according to the manifest, and the plan gives 14" in faults


def test_copies_of_a_cell_in_two_splits_are_found_though_the_counts_fit(repeated):
    def change(rows):
        here = first(rows["train"], copy=2)
        there = first(rows["test"], copy=2)
        rows["train"][here], rows["test"][there] = rows["test"][there], rows["train"][here]

    retell(repeated, change)
    faults = faults_of(repeated)
    assert sum(fault.endswith(" is in train too") for fault in faults) == 2
    assert all(fault.startswith(PROVENANCE.format("test")) for fault in faults if "is in train too" in fault)


def test_a_row_that_is_there_twice_is_found_though_the_counts_fit(repeated):
    def change(rows):
        train = rows["train"]
        one, other = [place for place, (*_, row) in enumerate(train) if row["response_language"] == "en"][:2]
        train[other] = train[one]

    retell(repeated, change)
    assert any("in en is copy 1, where 2 is next" in fault for fault in faults_of(repeated))


def test_a_row_that_was_added_is_found(repeated):
    retell(repeated, lambda rows: rows["train"].append(rows["train"][0]))
    faults = faults_of(repeated)
    assert any(fault.startswith(f"{PROVENANCE.format('train')}: ") and "examples of" in fault for fault in faults)
    assert any("is copy 1, where 2 is next" in fault or "is there 3 times" in fault for fault in faults)


@pytest.mark.parametrize(("copy", "said"), [(2, "is copy 3, where 2 is next"), (1, "is next")])
def test_a_copy_number_that_was_raised_is_found(repeated, copy, said):
    where = []

    def change(rows):
        place = first(rows["test"], copy=copy)
        rows["test"][place][2]["copy"] += 1
        where.append(f"{PROVENANCE.format('test')}: row {place + 1}: ")

    retell(repeated, change)
    assert any(said in fault and (copy == 1 or fault.startswith(where[0])) for fault in faults_of(repeated))


def test_more_copies_than_the_recipe_allows_are_found(repeated):
    def change(rows):
        train = rows["train"]
        cell = train[first(train, copy=2)][2]["id"]
        other = next(
            place for place, (*_, row) in enumerate(train) if row["response_language"] == "sw" and row["id"] != cell
        )
        line, said, row = train[first(train, id=cell)]
        train[other] = (line, said, {**row, "copy": 3})

    retell(repeated, change)
    assert any("is there 3 times, and the recipe allows 2" in fault for fault in faults_of(repeated))


def swap_languages(rows, one, other):
    """Exchange the languages of two rows, so that the counts stay."""
    for name in ("column", "prompt_language", "response_language"):
        one[2][name], other[2][name] = other[2][name], one[2][name]


def test_swapped_languages_of_a_repeated_cell_are_found(repeated):
    def change(rows):
        train = rows["train"]
        swap_languages(rows, train[first(train, copy=2)], train[first(train, response_language="en")])

    retell(repeated, change)
    assert any("languages (en, sw); content='disjoint' allows 1" in fault for fault in faults_of(repeated))


@pytest.mark.parametrize("part", ["prompt_language", "response_language"])
def test_a_prompt_and_a_response_in_two_languages_are_found(repeated, part):
    def change(rows):
        rows["train"][0][2][part] = "en" if rows["train"][0][2][part] == "sw" else "sw"

    retell(repeated, change)
    assert any(fault.startswith(f"{PROVENANCE.format('train')}: row 1: a prompt in ") for fault in faults_of(repeated))


@pytest.mark.parametrize("content", ["overlap(2)", "exactly(2)", "same", "union"])
def test_swapped_languages_are_found_where_instructions_are_in_several(content, tmp_path):
    mixture = mixture_of(content, budget={"en": 18, "fi": 18, "sw": 18})
    export_mixture(mixture, tmp_path / "out")

    def change(rows):
        """Give an instruction that is in en and another language en twice, and the other way round elsewhere."""
        train = rows["train"]
        spread = Counter(row["id"] for *_, row in train)
        id_of = next(key for key, count in spread.items() if count > 1)
        mine = [item for item in train if item[2]["id"] == id_of]
        lacking = next(
            item
            for item in train
            if item[2]["id"] != id_of and item[2]["response_language"] == mine[0][2]["response_language"]
        )
        swap_languages(rows, mine[1], lacking)

    retell(tmp_path / "out", change)
    assert any("is copy 1, where 2 is next" in fault for fault in faults_of(tmp_path / "out"))


@pytest.mark.parametrize(("content", "said"), [("exactly(2)", "takes 2"), ("same", "takes 3")])
def test_an_instruction_that_lacks_a_language_is_found(content, said, tmp_path):
    export_mixture(mixture_of(content), tmp_path / "out")

    def change(rows):
        rows["train"][0][2]["id"] = "i99"  # in this language only

    retell(tmp_path / "out", change)
    assert any(f"content='{content}' {said}" in fault and "'i99'" in fault for fault in faults_of(tmp_path / "out"))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("partial",), True, "said to be partial"),
        (("counts", "train", "en", "asked"), 5, "4 of en are given, and 5 were asked"),
        (("counts", "train", "en", "given"), 5, "5 of en are given, in 4 examples"),
        (("counts", "train", "en", "distinct"), 5, "4 different instructions in en, and the plan gives 5"),
        (("recipe", "repeat"), 1, "is there 2 times, and the recipe allows 1"),
        (("recipe", "content"), "exactly(2)", "content='exactly(2)' takes 2"),
        (("mixture", "instructions"), 5, "and the plan uses 5"),
    ],
)
def test_a_figure_that_was_edited_is_found(repeated, path, value, said):
    whole = json.loads((repeated / NAME).read_bytes())
    inner = whole["identity"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    blocks = {name: whole[name] for name in ("identity", "source", "provenance")}
    whole["digest"] = digest_of(canonical_bytes(blocks))
    (repeated / NAME).write_bytes(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    assert any(said in fault for fault in faults_of(repeated))


# The checks against brute force -------------------------------------------------------------------------------------

ROW = st.tuples(st.sampled_from("abcd"), st.sampled_from(["en", "fi", "sw"]), st.integers(1, 3))


def origins_of(splits):
    schema = pa.schema([("id", pa.string()), ("column", pa.string()), ("copy", pa.int64())])
    return Origins.of_tables(
        {
            name: pa.Table.from_pylist([{"id": key, "column": tag, "copy": copy} for key, tag, copy in rows], schema)
            for name, rows in splits.items()
        }
    )


@given(
    st.fixed_dictionaries({"train": st.lists(ROW, max_size=8), "test": st.lists(ROW, max_size=4)}), st.integers(1, 3)
)
@laws(300)
def test_the_checks_find_exactly_what_counting_finds(splits, repeat):
    origins = origins_of(splits)
    rows = [(split, *row) for split, inside in splits.items() for row in inside]
    copies, spread = {}, {}
    for _, key, tag, copy in rows:
        copies.setdefault((key, tag), []).append(copy)
        spread.setdefault(key, set()).add(tag)
    good = all(sorted(held) == list(range(1, len(held) + 1)) and len(held) <= repeat for held in copies.values())
    assert good == (list(copy_faults(origins, repeat)) == [])
    both = {key for key, *_ in splits["train"]} & {key for key, *_ in splits["test"]}
    assert len(list(split_faults(origins))) == len(both)
    tags = {tag for _, _, tag, _ in rows}
    for content, wrong in (
        ("disjoint", lambda held: len(held) > 1),
        ("cover", lambda held: len(held) > 1),
        ("overlap(2)", lambda held: len(held) > 2),
        ("exactly(2)", lambda held: len(held) != 2),
        ("union", lambda held: False),
        ("same", lambda held: held != tags),
    ):
        found = list(content_faults(origins, Content.parse(content)))
        assert len(found) == sum(map(wrong, spread.values())), content
    counts = {
        split: {
            tag: {
                "examples": sum(row[1] == tag for row in inside),
                "distinct": len({row[0] for row in inside if row[1] == tag}),
            }
            for tag in ("en", "fi")
        }
        for split, inside in splits.items()
    }  # fmt: skip
    others = sum(any(row[1] == "sw" for row in inside) for inside in splits.values())
    assert len(list(count_faults(origins, counts))) == others
    assert np.array_equal(origins.spread, [len(spread[str(key)]) for key in origins.ids])


@given(st.lists(ROW, min_size=1, max_size=8), st.lists(ROW, max_size=8))
@laws(50)
def test_a_row_is_named_by_its_file_and_its_number_there(train, test):
    origins = origins_of({"train": train, "none": [], "test": test})
    said = [origins.where(row) for row in range(len(train) + len(test))]
    assert said == [
        f"provenance/{name}.parquet: row {place + 1}"
        for name, rows in (("train", train), ("test", test))
        for place in range(len(rows))
    ]
