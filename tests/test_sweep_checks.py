"""Checks and texts in sweeps: each cell judged once, no bad one in any member, no text read before it is asked for."""

from __future__ import annotations

import gc
import json
import os
import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pinchmix import Budget, Recipe, build_mixture, plugins
from pinchmix.errors import BadRows, InfeasibleFamily, SourceChanged
from pinchmix.family import Family
from pinchmix.policy import Check
from pinchmix.reading.texts import Texts
from pinchmix.sweep import sweep_mixtures
from tests.grids import Refuse, table_of
from tests.sweeps import check_laws, counts_of, family_of, rows_of, swept, varied
from tests.test_sweep import COPIES, GAPS, GRID, HALVES

# A validator that a recipe can name: what it refuses and doubts is set by each test.
SPY = Refuse([])


@pytest.fixture
def spy(monkeypatch):
    found = plugins.entry_points

    def declared(*, group):
        mine = [EntryPoint("refuse", "tests.test_sweep_checks:SPY", group)] if group == "pinchmix.validators" else []
        return [*found(group=group), *mine]

    monkeypatch.setattr(plugins, "entry_points", declared)
    SPY.refused, SPY.doubted, SPY.asked = set(), set(), []
    return SPY


def pinches(**said):
    counts = {f"p{n}": {"en": 12 - n, "fi": n // 2, "sw": n // 2} for n in (2, 4, 6)}
    return family_of(counts, constant=True, nested=[list(counts)], **said)


def ladder(**said):
    """Made from a core: no language can stand in for the others."""
    counts = {"one": {"en": 12}, "two": {"en": 6, "fi": 6}, "three": {"en": 4, "fi": 4, "sw": 4}}
    return family_of(counts, constant=True, nested=[list(counts)], **said)


def totals(**said):
    counts = {f"t{n}": {"en": n, "fi": n // 2} for n in (4, 8, 12)}
    return family_of(counts, nested=[list(counts)], **said)


# Checks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [{}, HALVES], ids=["whole", "halves"])
@pytest.mark.parametrize("make", [pinches, ladder, totals])
def test_no_member_holds_a_rejected_cell_and_each_is_judged_once(spy, make, split):
    family = make(split=split, validators=("refuse",))
    for _ in range(3):  # refuse what would be taken, again and again
        sweep = swept(GRID, family)
        check_laws(sweep, GRID)
        taken = {(key, tag) for mix in sweep.values() for key, tag, _ in rows_of(mix)}
        assert not taken & spy.refused
        assert set(Counter(spy.asked).values()) == {1}
        assert taken <= set(spy.asked)
        asked = set(spy.asked) & spy.refused
        for mix in sweep.values():
            # One choice serves all members, so what is rejected is rejected for all, and never counted twice.
            want = Counter(tag for _, tag in asked)
            assert {tag: count for tag, count in mix.report.rejected.items() if count} == want
            assert len(mix.rejected) == len(asked)
        spy.refused |= set(sorted(taken)[::5])
        spy.asked.clear()


def test_a_rejected_cell_counts_once_though_two_ways_are_tried(spy):
    """The anchor runs out of cells that pass; what it had judged stays judged, and rejected."""
    grid = {f"i{n:02}": ["en", "fi", "sw"] for n in range(14)}
    spy.refused = {(f"i{n:02}", "en") for n in range(8)}
    family = family_of({"a": {"en": 6}, "b": {"en": 2, "fi": 2, "sw": 2}}, constant=True, validators=("refuse",))
    sweep = swept(grid, family)
    check_laws(sweep, grid)
    asked = set(spy.asked) & spy.refused
    assert sweep["a"].report.rejected["en"] == len(asked)
    assert set(Counter(spy.asked).values()) == {1}
    spy.refused, spy.asked = {(f"i{n:02}", "en") for n in range(9)}, []
    with pytest.raises(InfeasibleFamily):
        swept(grid, family)
    assert set(Counter(spy.asked).values()) == {1}


def test_members_without_laws_share_verdicts_and_report_their_own(spy):
    spy.refused = {(f"i{n:02}", "fi") for n in range(0, 30, 3)}
    spy.doubted = {(f"i{n:02}", "en") for n in range(0, 30, 2)}
    members = {
        f"m{n}": Recipe(Budget.counts({"en": n, "fi": n}), validators=(Check("refuse"),), seed=n % 2)
        for n in (5, 6, 8, 10)
    }
    sweep = swept(GRID, members)
    assert set(Counter(spy.asked).values()) == {1}
    for mix in sweep.values():
        assert not {(key, tag) for key, tag, _ in rows_of(mix)} & spy.refused
    for name, mix in sweep.items():
        alone = build_mixture(table_of(GRID), members[name], progress=False)
        assert mix.digest == alone.digest
        for figure in ("rejected", "unsure", "flagged"):
            assert getattr(mix.report, figure) == getattr(alone.report, figure)
        assert mix.report.findings.equals(alone.report.findings)


def test_flags_and_doubts_are_counted_by_member(spy):
    spy.refused = {(f"i{n:02}", "fi") for n in range(30)}
    spy.doubted = {(f"i{n:02}", "en") for n in range(0, 30, 2)}
    sweep = swept(GRID, pinches(split=HALVES, validators=(Check("refuse", mismatch="flag"),)))
    check_laws(sweep, GRID)
    for mix in sweep.values():
        flagged, unsure = Counter(), Counter()
        for key, tag, split in rows_of(mix):
            flagged[split, tag] += (key, tag) in spy.refused
            unsure[split, tag] += (key, tag) in spy.doubted
        for split in HALVES:
            for tag in ("en", "fi", "sw"):
                assert mix.report.flagged[split][tag] == flagged[split, tag]
                assert mix.report.unsure[split][tag] == unsure[split, tag]
        verdicts = mix.to_pandas()["verdict"].value_counts().to_dict()
        assert verdicts.get("flagged", 0) == sum(flagged.values())
        assert verdicts.get("unsure", 0) == sum(unsure.values())


def test_copies_leave_every_member_whole():
    sweep = swept(varied(GAPS, COPIES), pinches(validators=("copy",)))
    check_laws(sweep, GAPS)
    for mix in sweep.values():
        assert not {(key, tag) for key, tag, _ in rows_of(mix)} & COPIES


def test_a_family_that_checks_leave_too_little_of_is_refused(spy):
    spy.refused = {(key, "fi") for key in list(GRID)[2:]}
    with pytest.raises(InfeasibleFamily) as caught:
        swept(GRID, pinches(validators=("refuse",)))
    assert not caught.value.undecided


def test_what_is_known_of_one_exclusion_is_not_taken_for_another():
    """Which of two doubles stays depends on what is excluded."""
    table = varied(GRID)
    rows = table.to_pylist()
    for row in rows:
        if row["language"] == "en" and row["id"] >= "i15":  # each says what another says
            row.update(
                next(r for r in rows if r["language"] == "en" and int(r["id"][1:]) == int(row["id"][1:]) - 15),
                id=row["id"],
            )
    table = pa.Table.from_pylist(rows)
    exclude = [f"i{n:02}" for n in range(15)]
    digest = build_mixture(table, {"en": 1}, exclude=exclude, validate=False).plan.recipe.exclude
    members = {
        "all": Recipe(Budget.counts({"en": 15}), validators=("duplicates",)),
        "rest": Recipe(Budget.counts({"en": 15}), validators=("duplicates",), exclude=digest),
    }
    sweep = swept(table, members, exclude=exclude)
    assert {key for key, _, _ in rows_of(sweep["rest"])} == {f"i{n:02}" for n in range(15, 30)}
    for name, mix in sweep.items():
        said = {"exclude": exclude} if name == "rest" else {}
        assert mix.digest == build_mixture(table, members[name], progress=False, **said).digest


# Bad rows -----------------------------------------------------------------------------------------------------------


def with_bad_rows():
    rows = varied(GAPS).to_pylist()
    for number in (0, 7, 20, 33):
        rows[number]["response"] = None
    return pa.Table.from_pylist(rows)


def test_bad_rows_are_all_named_before_anything_is_chosen():
    with pytest.raises(BadRows) as caught:
        swept(with_bad_rows(), {"a": Recipe(Budget.uniform(3), validators=())})
    assert len(caught.value.rows) == 4


@pytest.mark.parametrize("sampler", ["random", "longest", "stratified", "diverse"])
def test_dropped_rows_are_dropped_as_build_mixture_does(sampler):
    recipe = Recipe(Budget.uniform(30), sampler=sampler, validators=("copy",))
    mix = swept(with_bad_rows(), {"a": recipe}, on_bad_rows="drop")["a"]
    alone = build_mixture(with_bad_rows(), recipe, on_bad_rows="drop", progress=False)
    assert mix.report.dropped == alone.report.dropped
    assert mix.plan.grid_digest == alone.plan.grid_digest
    assert mix.digest == alone.digest
    lawful = swept(with_bad_rows(), pinches(sampler=sampler), on_bad_rows="drop")
    check_laws(lawful, GAPS)


# Rows that are read when they are asked for ---------------------------------------------------------------------------


@pytest.fixture
def fetched(monkeypatch):
    """The sizes of all fetches of texts, the one that checks every row left out."""
    sizes = []
    fetch = Texts.fetch

    def counted(self, address, among=None):
        if among is None:
            sizes.append(len(address))
        return fetch(self, address, among)

    monkeypatch.setattr(Texts, "fetch", counted)
    return sizes


@pytest.mark.parametrize("make", [pinches, lambda: dict(pinches().members)], ids=["lawful", "free"])
def test_no_text_is_read_for_a_member_before_it_is_looked_at(fetched, make):
    sweep = swept(GRID, make())
    repr(sweep), sweep.counts, counts_of(sweep["p2"]), sweep["p2"].plan.to_pandas(), len(sweep["p4"])
    assert fetched == []
    first = sweep["p4"].to_pandas()
    assert fetched == [12]
    assert sweep["p4"].to_pandas().equals(first)
    assert sweep["p4"].digest
    assert fetched == [12]
    assert [(row["id"], row["response_language"], row["split"]) for row in first.to_dict("records")] == rows_of(
        sweep["p4"]
    )


def test_threads_that_read_at_once_read_the_same():
    sweep = swept({f"i{n:04}": ["en", "fi", "sw"] for n in range(2000)}, {
        f"m{n}": Recipe(Budget.counts({"en": 400 + n, "fi": 300}), validators=()) for n in range(6)
    })  # fmt: skip
    with ThreadPoolExecutor(8) as pool:
        one = list(pool.map(lambda _: sweep["m0"].to_pandas(), range(8)))
        other = list(pool.map(lambda name: (name, sweep[name].digest), list(sweep) * 3))
    assert all(frame.equals(one[0]) for frame in one)
    again = swept({f"i{n:04}": ["en", "fi", "sw"] for n in range(2000)}, dict(sweep.family.members))
    assert all(digest == again[name].digest for name, digest in other)


def write(folder: Path, form: str, grid=GRID, word="") -> None:
    rows = varied(grid).to_pylist()
    for tag in ("en", "fi", "sw"):
        mine = [{**row, "response": row["response"] + word} for row in rows if row["language"] == tag]
        if form == "jsonl":
            text = "".join(json.dumps(row) + "\n" for row in mine)
            (folder / f"{tag}.jsonl").write_text(text, encoding="utf-8")
        else:
            pq.write_table(pa.Table.from_pylist(mine), folder / f"{tag}.parquet")


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize("how", ["other words", "fewer rows", "gone"])
def test_a_source_that_changed_before_its_texts_are_read_is_told(tmp_path, form, how):
    write(tmp_path, form)
    sweep = sweep_mixtures(f"{tmp_path}/{{lang}}.{form}", pinches(), progress=False)
    before = sweep["p2"].digest
    if how == "gone":
        (tmp_path / f"en.{form}").unlink()
    elif how == "fewer rows":
        write(tmp_path, form, grid=dict(list(GRID.items())[:20]))
    else:
        write(tmp_path, form, word="!")
    assert sweep["p2"].digest == before  # was read in time
    if form == "jsonl":  # parsed into a file of our own
        again = sweep["p4"].to_pandas()
        assert not again["messages"].map(lambda turns: turns[1]["content"].endswith("!")).any()
        return
    with pytest.raises(SourceChanged, match=r"en\.parquet"):
        sweep["p4"].to_pandas()
    write(tmp_path, form)
    for path in tmp_path.iterdir():
        os.utime(path, ns=(1, 1))
    with pytest.raises(SourceChanged):
        sweep["p4"].to_pandas()


def test_a_sweep_outlives_its_source_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    table = varied(GRID)
    sweep = swept(table, pinches())
    del table
    gc.collect()
    frame = sweep["p2"].to_pandas()
    assert len(frame) == 12
    assert list(tmp_path.iterdir())
    mix = sweep["p6"]
    del sweep
    gc.collect()
    assert len(mix.to_pandas()) == 12  # a member holds what it reads from
    del mix, frame
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_a_sweep_is_not_pickled():
    with pytest.raises(TypeError, match="scratch files of this process"):
        pickle.dumps(swept(GRID, pinches()))


def test_every_row_of_the_source_is_accounted_for_in_every_member(spy):
    spy.refused = {(f"i{n:02}", "fi") for n in range(0, 40, 3)}
    for family in (pinches(validators=("refuse",)), Family("f", dict(pinches(validators=("refuse",)).members))):
        for mix in swept(GAPS, family).values():
            report, distinct = mix.report, int(mix.plan.distinct.sum())
            reserve = len(mix.grid) - distinct
            assert report.read == distinct + reserve + sum(report.rejected.values()) + sum(report.dropped.values())
