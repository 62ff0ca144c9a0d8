"""What a member of a family without laws says of the source: what a build of its recipe says, to the byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import Budget, Recipe, build_mixture, export_mixture, rebuild_mixture, verify_export
from pinchmix.errors import BadRows
from pinchmix.exclude import Exclusion
from pinchmix.family import Family
from pinchmix.manifest import NAME
from pinchmix.mixture import Mixture
from pinchmix.sources.faults import Faults
from pinchmix.sweep import Sweep, sweep_mixtures
from tests.grids import laws
from tests.strategies import texts
from tests.sweeps import swept, varied

TAGS = ("de", "en", "fi", "sw")
IDS = [f"i{number:02}" for number in range(24)]
GRID = {key: [tag for place, tag in enumerate(TAGS) if number % 5 != place] for number, key in enumerate(IDS)}
GRID["lone"] = ["en"]  # of which no other language has anything
COPIES = {(key, "sw") for key in IDS[:6]}
Row = dict[str, Any]


def rows_by_language() -> dict[str, list[Row]]:
    whole = varied(GRID, COPIES).to_pylist()
    return {
        tag: [{k: v for k, v in row.items() if k != "language"} for row in whole if row["language"] == tag]
        for tag in TAGS
    }


def spoiled(rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """Bad rows of every kind that languages can have, as many as no other language has."""
    found = {tag: [dict(row) for row in of] for tag, of in rows.items()}
    for place, tag in enumerate(TAGS, 1):
        of = found[tag]
        for number in range(place):
            of[3 * number]["response"] = " "
            of[3 * number + 1]["prompt"] = None
            of.append({**of[2], "id": None})
            of.append({**of[2], "id": f"twice {tag} {number}"})
            of.append({**of[2], "id": f"twice {tag} {number}"})
    return found


def as_lines(rows: list[Row], broken: int) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows) + "{broken\n" * broken


def files(rows: Mapping[str, list[Row]], bad: bool, folder: Path) -> Any:
    for place, (tag, of) in enumerate(rows.items(), 1):
        (folder / f"{tag}.jsonl").write_text(as_lines(of, place * bad))
    return str(folder / "{lang}.jsonl")


def mapping(rows: Mapping[str, list[Row]], bad: bool, folder: Path) -> Any:
    return {tag: pa.Table.from_pylist(of) for tag, of in rows.items()}


def long(rows: Mapping[str, list[Row]], bad: bool, folder: Path) -> Any:
    whole = [{**row, "language": tag} for tag, of in rows.items() for row in of]
    lost = [{**whole[0], "id": f"lost {tag}", "language": tag} for tag in (None, "?", "")]
    (folder / "long.jsonl").write_text(as_lines([*whole, *lost] if bad else whole, bad))
    return str(folder / "long.jsonl")


def wide(rows: Mapping[str, list[Row]], bad: bool, folder: Path) -> Any:
    """Of rows that stand beside each other, one may be bad in some languages alone; ids are those of all."""
    beside: dict[Any, Row] = {}
    for tag, of in rows.items():
        for number, row in enumerate(of):
            lost = row["id"] is None or str(row["id"]).startswith("twice")
            line = beside.setdefault(f"{tag} {number}" if lost else row["id"], {"id": row["id"], "task": row["task"]})
            line |= {f"prompt_{tag}": row["prompt"], f"response_{tag}": row["response"]}
    names = [f"{part}_{tag}" for tag in rows for part in ("prompt", "response")]
    lines = [{"id": None, **dict.fromkeys(names), **line} for line in beside.values()]
    (folder / "wide.jsonl").write_text(as_lines(lines, bad))
    return str(folder / "wide.jsonl")


def mixed(rows: Mapping[str, list[Row]], bad: bool, folder: Path) -> Any:
    """Files of one language beside one that must be opened to know its languages."""
    files({tag: rows[tag] for tag in ("en", "fi")}, bad, folder)
    long({tag: rows[tag] for tag in ("de", "sw")}, bad, folder)
    return {**{tag: str(folder / f"{tag}.jsonl") for tag in ("en", "fi")}, "train": str(folder / "long.jsonl")}


FORMS = {"files": files, "mapping": mapping, "long": long, "wide": wide, "mixed": mixed}
GONE = Exclusion(ids=[*IDS[:4], *IDS[10:12]])
PART: dict[str, Recipe] = {
    "one": Recipe(Budget.counts({"sw": 4}), languages=("sw",)),
    "beside": Recipe(
        Budget.counts({"fi": 3, "sw": 2}), languages=("fi", "sw"), validators=("copy",), sampler="longest"
    ),
    "compared": Recipe(Budget.counts({"fi": 3, "sw": 5}), languages=("fi", "sw"), validators=("copy", "duplicates")),
    "woven": Recipe(Budget.counts({"sw": 2, "fi>en": 3}), languages=("sw",)),
    "characters": Recipe(Budget.counts({"en": 900, "fi": 700}, unit="characters"), languages=("en", "fi")),
    "split": Recipe(Budget.counts({"en": 4, "de": 4}), languages=("de", "en"), split={"train": 0.5, "test": 0.5}),
}


def written(mix: Mixture, folder: Path) -> dict[str, Any]:
    """The files of an export, without the moment at which it was made."""
    export_mixture(mix, folder, trainers=["trl"], progress=False)
    found: dict[str, Any] = {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    manifest = json.loads(found.pop(NAME))
    del manifest["digest"], manifest["provenance"]["created"]
    return {**found, **manifest}


def check(one: Mixture, other: Mixture, folder: Path) -> None:
    """Two mixtures say the same, in their reports and in their exports."""
    assert repr(one) == repr(other)
    for name in ("read", "recognised", "dropped", "bad_rows", "rejected", "unsure", "uncompared"):
        assert getattr(one.report, name) == getattr(other.report, name), name
    assert [file.name for file in one.report.files] == [file.name for file in other.report.files]
    mine, theirs = written(one, folder / "one"), written(other, folder / "other")
    assert mine.keys() == theirs.keys()
    for name, content in mine.items():
        assert content == theirs[name], name


@pytest.mark.parametrize("bad", [False, True], ids=["good", "bad"])
@pytest.mark.parametrize("form", FORMS)
def test_a_member_says_of_the_source_what_its_build_says(form: str, bad: bool, tmp_path: Path) -> None:
    rows = rows_by_language()
    source = FORMS[form](spoiled(rows) if bad else rows, bad, tmp_path)
    said: dict[str, Any] = {"on_bad_rows": "drop" if bad else "error"}
    # Where a member draws on all languages, all of them are scanned.
    members = {"one": PART["one"], "all": Recipe(Budget.counts({"en": 5}))} if bad and form == "mapping" else PART
    sweep = sweep_mixtures(source, members, progress=False, **said)
    for name, recipe in members.items():
        alone = build_mixture(source, recipe, progress=False, **said)
        assert bool(alone.report.dropped) == bad
        check(sweep[name], alone, tmp_path / name)
    again = rebuild_mixture(tmp_path / "one" / "one", source, out=tmp_path / "again", progress=False)
    assert (again.changed, again.files) == ({}, {})


def test_bad_rows_of_what_is_excluded_are_not_counted(tmp_path: Path) -> None:
    source = files(spoiled(rows_by_language()), True, tmp_path)
    said: dict[str, Any] = {"exclude": GONE, "on_bad_rows": "drop", "progress": False}
    asked: dict[str, Any] = {"languages": ["sw"], "pivot": "sw", "validate": False}
    alone = build_mixture(source, {"sw": 4}, **asked, **said)
    counted = build_mixture(source, {"sw": 4}, **asked, on_bad_rows="drop", progress=False)
    assert sum(alone.report.dropped.values()) < sum(counted.report.dropped.values())
    sweep = swept(source, {"less": alone.plan.recipe, "whole": counted.plan.recipe}, exclude=GONE, on_bad_rows="drop")
    check(sweep["less"], alone, tmp_path / "less")
    check(sweep["whole"], counted, tmp_path / "whole")


def test_all_bad_rows_of_a_sweep_are_told_together(tmp_path: Path) -> None:
    source = files(spoiled(rows_by_language()), True, tmp_path)
    with pytest.raises(BadRows) as caught:
        swept(source, PART)
    assert {Path(row.table).name for row in caught.value.rows} == {f"{tag}.jsonl" for tag in TAGS}


def test_the_sample_is_read_as_far_as_a_member_goes(tmp_path: Path) -> None:
    members = {"x": PART["one"], "y": Recipe(Budget.counts({"en": 5}))}
    sweep: Sweep = swept(pinchmix.sample(), members)
    assert {name: mix.report.read for name, mix in sweep.items()} == {"x": 54, "y": 758}
    lawful = swept(pinchmix.sample(), Family("f", {"x": PART["one"], "z": PART["woven"]}, nested=()))
    assert lawful["x"].report.read == 54
    assert repr(sweep["x"]).endswith("54 rows read, 4 chosen, 50 in reserve")


def test_members_of_a_family_with_laws_answer_for_the_whole_of_it(tmp_path: Path) -> None:
    source = files(spoiled(rows_by_language()), True, tmp_path)
    members = {
        "sw": Recipe(Budget.counts({"sw": 4}), languages=("sw",)),
        "de": Recipe(Budget.counts({"de": 4}), languages=("de",)),
    }
    sweep = swept(source, Family("f", members, constant=True), on_bad_rows="drop")
    assert sweep["sw"].report.read == sweep["de"].report.read
    assert sweep["sw"].report.dropped == sweep["de"].report.dropped
    assert {file.name for file in sweep["sw"].report.files} == {"de.jsonl", "sw.jsonl"}


# A row of each collection: table, row, fault, detail, language.
NOTED = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]), st.integers(0, 3), st.sampled_from(["broken JSON", "empty text"]), texts(),
        st.sampled_from([None, "en", "fi"]),
    ),
    max_size=12,
)  # fmt: skip


@laws(100)
@given(NOTED, NOTED, st.sampled_from([None, "en", "fi"]), st.lists(st.sampled_from(["en", "fi"]), max_size=2))
def test_faults_of_some_languages_are_those_and_the_ones_of_no_language(
    noted: list[Any], more: list[Any], of: str | None, tags: list[str]
) -> None:
    first, second, wanted = Faults(), Faults(), Faults()
    for row in noted:
        first.add(*row)
    for row in more:
        second.add(*row)
    first.extend(second, of)
    for *row, tag in [*noted, *((*row, tag or of) for *row, tag in more)]:
        if tag is None or tag in tags:
            wanted.add(*row)
    part = first.only(tags)
    assert (part.counts, part.rows, len(part)) == (wanted.counts, wanted.rows, len(wanted))
    assert str(part.error()) == str(wanted.error())
    assert len(first) == len(noted) + len(more)


# Reserve --------------------------------------------------------------------------------------------------------------

ASKED: dict[str, dict[str, Any]] = {
    "all named": {"budget": {"en": 3, "sw": 4}, "languages": ["en", "sw"]},
    "none named": {"budget": {"sw": 4}},
    "pivot beside": {"budget": {"sw": 4}, "languages": ["sw"], "validate": ["copy"]},
    "woven": {"budget": {"translate(en>fi)": 3}},
    "woven and plain": {"budget": {"translate(en>fi)": 3, "fi": 2}, "languages": ["fi"], "split": {"a": 0.6, "b": 0.4}},
    "repeated": {"budget": {"sw": 30, "de": 2}, "languages": ["de", "sw"], "repeat": 3},
    "partial": {"budget": {"sw": 30, "de": 2}, "languages": ["de", "sw"], "partial": True},
}


@pytest.mark.parametrize("case", ASKED)
def test_reserve_is_what_could_take_the_place_of_a_chosen_cell(case: str, tmp_path: Path) -> None:
    said = dict(ASKED[case])
    mix = build_mixture(varied(GRID, COPIES), said.pop("budget"), **{"validate": False, **said}, progress=False)
    asked = {str(key[-1] if isinstance(key, tuple) else key) for key, count in mix.counts["asked"].items() if count}
    ids, tags = mix.grid.ids.to_pylist(), mix.grid.languages
    cells = zip(mix.grid.instruction.tolist(), mix.grid.language.tolist(), strict=True)
    there = {(ids[row], tags[column]) for row, column in cells if tags[column] in asked}
    taken = {(example.id, example.column) for example in mix}
    assert taken <= there
    assert mix.plan.reserve == len(there - taken)
    assert f" chosen, {len(there - taken)} in reserve" in repr(mix)
    manifest = export_mixture(mix, tmp_path / "out", trainers=["trl"], progress=False)
    assert manifest.identity["rows"]["reserve"] == len(there - taken)
    assert verify_export(tmp_path / "out").identity == manifest.identity
    where = "columns" if case.startswith("woven") else "languages"
    assert f"in the {where} asked for were not chosen." in (tmp_path / "out" / "README.md").read_text()
