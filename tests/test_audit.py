"""The audit: every check on every cell, the same whatever the batches, workers and caches; and the laws of mixtures."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import InfeasibleBudget, audit_source, build_mixture
from pinchmix.errors import ArgumentError
from pinchmix.exclude import Exclusion
from pinchmix.judging.known import keys_of
from tests.faults import ENGLISH, FAULTS, FINNISH, cells_of
from tests.grids import laws

CHEAP = {"preset": "strict", "language": "off"}


def rows_of(faults: dict[int, str], count: int = 24) -> list[dict[str, Any]]:
    """Rows of English and Finnish, each with texts of its own; some of the Finnish ones have a fault."""
    rows = []
    for number in range(count):
        year = str(1300 + 17 * number)
        finnish = FAULTS[faults[number]] if number in faults else FINNISH
        for tag, (prompt, response) in (("en", ENGLISH), ("fi", finnish)):
            said = [text.replace("12 ", f"{1234 + number} ").replace("1887", year) for text in (prompt, response)]
            rows.append({"id": f"i{number:02}", "language": tag, "prompt": said[0], "response": said[1]})
    return rows


MARKED = dict(enumerate(sorted(FAULTS)))
SOURCE = pa.Table.from_pylist(rows_of(MARKED))


@pytest.fixture(scope="module")
def audit() -> pinchmix.Audit:
    return audit_source(SOURCE, validate=CHEAP, workers=1)


def test_every_fault_is_in_the_evidence(audit: pinchmix.Audit) -> None:
    found = audit.findings
    wrong = found[found["verdict"] == "mismatch"]
    for number, name in MARKED.items():
        assert name in set(wrong[wrong["id"] == f"i{number:02}"]["check"]), name
    assert set(wrong["id"]) == {f"i{number:02}" for number in MARKED}
    assert set(wrong["language"]) == {"fi"}
    assert list(found.columns) == [
        "id", "language", "field", "check", "verdict", "outcome", "reason", "score", "seen", "excerpt"
    ]  # fmt: skip


def test_the_tables_count_cells(audit: pinchmix.Audit) -> None:
    counts = audit.languages
    assert counts.loc["fi", "mismatch"] == len(MARKED)
    assert (counts["cells"] == counts["ok"] + counts["unsure"] + counts["mismatch"]).all()
    assert audit.table.loc["loops"].to_dict() == {"en": 0, "fi": 1}
    assert repr(audit).splitlines()[0] == "Audit of 48 cells in 2 languages"
    assert "<table" in audit._repr_html_()


def test_neither_order_nor_workers_nor_batches_change_a_verdict(
    audit: pinchmix.Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = SOURCE.to_pylist()
    random.Random(5).shuffle(rows)
    monkeypatch.setattr("pinchmix.audit.SIZE", 7)
    for workers in (1, 2):
        other = audit_source(pa.Table.from_pylist(rows), validate=CHEAP, workers=workers)
        pd.testing.assert_frame_equal(other.findings, audit.findings)


def test_what_is_known_is_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = audit_source(SOURCE, validate=["damage", "loops"], cache=tmp_path, workers=1)
    assert list(tmp_path.iterdir())
    asked: list[int] = []
    whole = pinchmix.audit._found
    monkeypatch.setattr("pinchmix.audit._found", lambda cells, *rest: asked.append(len(cells)) or whole(cells, *rest))
    again = audit_source(SOURCE, validate=["damage", "loops"], cache=tmp_path, workers=1)
    assert again.found.equals(first.found)
    assert sum(asked) == 0
    more = pa.Table.from_pylist([*SOURCE.to_pylist(), {"id": "new", "language": "fi", "prompt": "p", "response": "r"}])
    assert sum(audit_source(more, validate=["damage", "loops"], cache=tmp_path, workers=1).cells.values()) == 49
    assert sum(asked) == 1
    audit_source(SOURCE, validate=["damage", "turns"], cache=tmp_path, workers=1)
    assert sum(asked) == 49


@pytest.mark.parametrize("damage", ["short", "empty", "other", "one table"])
def test_a_damaged_file_of_verdicts_is_written_anew(tmp_path: Path, damage: str) -> None:
    first = audit_source(SOURCE, validate=["damage", "loops"], cache=tmp_path, workers=1)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    with pa.ipc.open_stream(whole) as stream:
        keys = stream.read_all()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, keys.schema) as writer:
        writer.write_table(keys)
    once = sink.getvalue().to_pybytes()
    path.write_bytes({"short": whole[:-40], "empty": b"", "other": once * 2, "one table": once}[damage])
    again = audit_source(SOURCE, validate=["damage", "loops"], cache=tmp_path, workers=1)
    assert again.found.equals(first.found)
    assert path.read_bytes() == whole


def test_a_folder_of_verdicts_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    with pytest.raises(ArgumentError, match="is a file"):
        audit_source(SOURCE, validate=["damage"], cache=path, workers=1)


def test_a_digest_covers_all_that_a_check_may_see() -> None:
    cells = cells_of([FINNISH, FINNISH, (FINNISH[0], FINNISH[1] + " ")])
    one, two, three = keys_of(cells)
    assert one == two != three
    bare = type(cells)(cells.ids, ["fi"] * 3, ["fi"] * 3, cells.prompts, cells.responses)
    assert not {one, three} & set(keys_of(bare))


def test_bad_rows_are_counted_and_do_not_stop_an_audit() -> None:
    rows = [*rows_of({}), {"id": "x", "language": "fi", "prompt": " ", "response": "r"}]
    audit = audit_source(pa.Table.from_pylist(rows), validate=["turns"])
    assert sum(audit.bad_rows.values()) == 1
    assert sum(audit.cells.values()) == 48


@pytest.mark.parametrize("said", [{"workers": 0}, {"workers": "two"}, {"parallel": "none"}, {"validate": "all"}])
def test_an_audit_refuses_what_it_cannot_mean(said: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        audit_source(SOURCE, **said)


def test_overlap_with_an_evaluation_is_found_in_every_language() -> None:
    prompt = next(row["prompt"] for row in SOURCE.to_pylist() if row["id"] == "i20" and row["language"] == "en")
    audit = audit_source(SOURCE, validate=["turns"], exclude=["i03"])
    assert audit.table.loc["overlap"].to_dict() == {"en": 1, "fi": 1}
    audit = audit_source(SOURCE, validate=["turns"], exclude=Exclusion(prompts=[prompt], threshold=1))
    assert set(audit.findings["id"]) == {"i20"}
    assert audit.languages["mismatch"].to_dict() == {"en": 1, "fi": 1}


@pytest.mark.parametrize(("ending", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_findings_can_be_written(audit: pinchmix.Audit, tmp_path: Path, ending: str, read: Any) -> None:
    audit.write(tmp_path / f"found.{ending}")
    assert len(read(tmp_path / f"found.{ending}")) == len(audit.findings)
    with pytest.raises(ArgumentError, match=r"\.csv"):
        audit.write(tmp_path / "found.txt")


@given(st.dictionaries(st.integers(0, 23), st.sampled_from(sorted(FAULTS)), max_size=14), st.integers(0, 99))
@laws(12)
def test_no_rejected_cell_is_in_a_mixture_and_the_budget_is_exact(faults: dict[int, str], seed: int) -> None:
    table = pa.Table.from_pylist(rows_of(faults))
    checks = {**CHEAP, "unicode": "reject"}
    texts = {(row["id"], row["language"]): (row["prompt"], row["response"]) for row in table.to_pylist()}
    good = 24 - len(faults)
    counts = {"fi": min(good, 12), "en": 24 - min(good, 12)}
    mix = build_mixture(table, counts, validate=checks, seed=seed)
    assert {tag: sum(one.prompt_language == tag for one in mix) for tag in counts} == counts
    assert not {one.id for one in mix if one.prompt_language == "fi"} & {f"i{number:02}" for number in faults}
    assert all((one.prompt, one.response) == texts[one.id, one.prompt_language] for one in mix)
    rejected = {(row.id, row.language) for row in mix.rejected.itertuples()}
    assert not rejected & {(one.id, one.prompt_language) for one in mix}
    again = audit_source(table, validate=checks)
    wrong = again.findings[again.findings["outcome"] == "reject"]
    assert not {(row.id, row.language) for row in wrong.itertuples()} & {(one.id, one.prompt_language) for one in mix}
    if good < 24:
        with pytest.raises(InfeasibleBudget) as caught:
            build_mixture(table, {"fi": good + 1}, validate=checks, seed=seed)
        assert sum(caught.value.certificate.rejected.values()) == len(faults)
