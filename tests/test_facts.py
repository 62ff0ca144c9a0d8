"""Facts of instructions are right: texts, lengths and columns of the pivot, whatever kind of source they come from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinchmix.errors import ArgumentError, SourceChanged
from pinchmix.pool import Pool
from pinchmix.reading.facts import SourceFacts
from pinchmix.scan import scan_source
from pinchmix.sources import jsonlines, values
from pinchmix.sources.database import Database
from pinchmix.sources.source import open_source
from tests.grids import laws
from tests.strategies import Cells, grids, texts
from tests.test_sources import CONVERSIONS, as_lines, as_parquet, as_table, put


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    fsspec.filesystem("memory").store.clear()


def facts_of(source: Any, pivot: str = "en", **options: Any) -> SourceFacts:
    database = Database()
    opened = open_source(source, database, **options)
    return SourceFacts(opened, database, scan_source(opened, database)[0], pivot, progress=False)


def by_id(facts: SourceFacts, name: str) -> dict[str, Any]:
    column = facts.column(name)
    assert len(column) == len(facts.grid.ids)
    return dict(zip(facts.grid.ids.to_pylist(), column.to_pylist(), strict=True))


# Every source tells the same ----------------------------------------------------------------------------------------


class Told(NamedTuple):
    """Cells whose rows have two more columns, decided by the id."""

    cells: Cells
    task: dict[str, str | None]
    level: dict[str, int]

    @property
    def of(self) -> dict[str, dict[str, tuple[str, str]]]:
        return self.cells.of

    @property
    def ids(self) -> list[str]:
        return self.cells.ids

    def more(self, key: str) -> dict[str, Any]:
        return {"task": self.task[key], "level": self.level[key]}

    def rows(self, language: str) -> list[dict[str, Any]]:
        return [{**row, **self.more(row["id"])} for row in self.cells.rows(language)]

    def long(self) -> list[dict[str, Any]]:
        return [{**row, "language": language} for language in self.of for row in self.rows(language)]

    def wide(self) -> list[dict[str, Any]]:
        rows = []
        for key in self.ids:
            row: dict[str, Any] = {"id": key, **self.more(key)}
            for language, said in self.of.items():
                row[f"prompt_{language}"], row[f"response_{language}"] = said.get(key, (None, None))
            rows.append(row)
        return rows


@st.composite
def told(draw: st.DrawFn) -> Told:
    cells = draw(grids())
    tasks = {key: draw(st.one_of(st.none(), texts())) for key in cells.ids}
    return Told(cells, tasks, {key: draw(st.integers(-(10**9), 10**9)) for key in cells.ids})


def _one(name: str, write: Callable[[Any], bytes], rows: Callable[[Told], Any]) -> Callable[[Any], Any]:
    def convert(one: Told) -> Any:
        put(name, write(rows(one)))
        return name

    return convert


KINDS: Mapping[str, Callable[[Any], Any]] = {
    **{name: make for name, make in CONVERSIONS.items() if "wide" not in name and "long" not in name},
    "long JSONL": _one("long.jsonl", as_lines, Told.long),
    "long CSV": _one("long.csv", as_table, Told.long),
    "long Parquet": _one("long.parquet", as_parquet, Told.long),
    "long pandas": lambda one: pd.DataFrame(one.long()),
    "long datasets": lambda one: datasets.Dataset.from_list(one.long()),
    "wide JSONL": _one("wide.jsonl", as_lines, Told.wide),
    "wide CSV": _one("wide.csv", as_table, Told.wide),
    "wide Parquet": _one("wide.parquet", as_parquet, Told.wide),
    "wide pandas": lambda one: pd.DataFrame(one.wide()),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=told(), data=st.data())
def test_every_kind_of_source_tells_the_same_facts(kind: str, one: Told, data: st.DataObject) -> None:
    for path in Path().rglob("*.*"):
        if path.is_file():
            path.unlink()
    fsspec.filesystem("memory").store.clear()
    pivot = data.draw(st.sampled_from(sorted(one.of)))
    facts = facts_of(KINDS[kind](one), pivot)
    ids = facts.grid.ids.to_pylist()
    assert ids == sorted(one.ids)
    for place, field in enumerate(("prompt", "response")):
        expected = [one.of[pivot][key][place] if key in one.of[pivot] else None for key in ids]
        assert facts.text(field).to_pylist() == expected
        lengths = facts.length(field)
        assert lengths.dtype == np.int64
        assert lengths.tolist() == [-1 if text is None else len(text) for text in expected]
    if any(one.task.values()):
        assert facts.column("task").type == pa.large_string()
        assert by_id(facts, "task") == one.task
    else:
        with pytest.raises(ArgumentError):
            facts.column("task")
    as_text = "CSV" in kind or "TSV" in kind
    assert by_id(facts, "level") == {key: str(level) if as_text else level for key, level in one.level.items()}


# Which row speaks ---------------------------------------------------------------------------------------------------


@laws(60)
@given(
    rows=st.dictionaries(
        st.sampled_from(["cs", "en", "fi", "sw"]),
        st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["x", "y", None]), min_size=1),
        min_size=1,
    ),
    pivot=st.sampled_from(["cs", "en", "fi", "sw", "zh"]),
)
def test_the_pivot_speaks_and_then_the_first_language_that_has_the_instruction(
    rows: dict[str, dict[str, str | None]], pivot: str
) -> None:
    source = {
        language: [{"id": key, "prompt": "p", "response": "r", "task": task} for key, task in of.items()]
        for language, of in rows.items()
    }
    facts = facts_of(source, pivot)
    speak = [tag for tag in dict.fromkeys([pivot, *sorted(rows)]) if tag in rows and any(rows[tag].values())]
    if not speak:
        with pytest.raises(ArgumentError, match="the column 'task' is null in every row"):
            facts.column("task")
        return
    ids = sorted({key for of in rows.values() for key in of})
    expected = {key: next((rows[tag][key] for tag in speak if key in rows[tag]), None) for key in ids}
    assert by_id(facts, "task") == expected


def test_shards_of_a_language_speak_together() -> None:
    row = {"prompt": "p", "response": "r"}
    put("en/a.jsonl", as_lines([{"id": "a", "task": "x", **row}]))
    put("en/b.jsonl", as_lines([{"id": "b", **row}]))
    put("fi/a.jsonl", as_lines([{"id": key, "task": "y", **row} for key in "abc"]))
    assert by_id(facts_of("."), "task") == {"a": "x", "b": None, "c": "y"}


def test_no_file_is_read_again_for_instructions_that_the_pivot_has(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": key, "prompt": "p", "response": "r", "task": key} for key in "ab"]
    facts = facts_of({"en": rows, "fi": rows[:1]})
    read: list[str] = []
    whole = values.read_values
    monkeypatch.setattr(
        "pinchmix.reading.facts.read_values", lambda piece, *of: read.append(piece.name) or whole(piece, *of)
    )
    assert by_id(facts, "task") == {"a": "a", "b": "b"}
    assert read == ["source['en']"]


# Texts --------------------------------------------------------------------------------------------------------------


def test_the_turns_of_a_conversation_are_joined_by_line_ends() -> None:
    turns = [("system", "S"), ("user", "one"), ("assistant", "eins"), ("user", "two"), ("assistant", "zwei")]
    rows = [{"id": "a", "messages": [{"role": role, "content": content} for role, content in turns]}]
    facts = facts_of({"en": rows, "fi": [{**rows[0], "id": "b"}]})
    assert facts.text("prompt").to_pylist() == ["one\ntwo", None]
    assert facts.text("response").to_pylist() == ["eins\nzwei", None]
    assert facts.length("prompt").tolist() == [7, -1]
    assert facts.length("response").tolist() == [9, -1]
    assert facts.text("prompt").type == pa.large_string()


def test_a_row_that_cannot_be_used_has_no_text() -> None:
    facts = facts_of({"en": [{"id": 1, "prompt": "p", "response": None}, {"id": 2, "prompt": "p", "response": "r"}]})
    assert facts.text("prompt").to_pylist() == [None, "p"]
    assert facts.length("prompt").tolist() == [-1, 1]


def test_lengths_come_without_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": n, "prompt": "p" * 1000, "response": "r"} for n in range(100)]
    facts = facts_of({"en": rows})
    sent: list[int] = []
    whole = Database.batches

    def listen(self: Database, sql: str) -> Any:
        found = whole(self, sql)
        for batch in found:
            sent.append(batch.nbytes)
            yield batch

    monkeypatch.setattr(Database, "batches", listen)
    assert facts.length("prompt").tolist() == [1000] * 100
    assert 0 < sum(sent) < 100 * 20


def test_a_pool_passes_the_facts_on() -> None:
    facts = facts_of({"en": [{"id": 1, "prompt": "Hi", "response": "Hello", "task": "chat"}]})
    pool = Pool(facts.grid, "en", facts)
    assert pool.text().to_pylist() == ["Hi"]
    assert pool.length().tolist() == [5]
    assert pool.column("task").to_pylist() == ["chat"]


# Columns ------------------------------------------------------------------------------------------------------------

ROW = {"prompt": "p", "response": "r"}


def in_kinds(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The same rows as a list, JSON Lines, JSON, Arrow and Parquet."""
    put("lines/en.jsonl", as_lines(rows))
    put("array/en.json", json.dumps(rows).encode())
    put("parquet/en.parquet", as_parquet(rows))
    filled = [{name: row.get(name) for row in rows for name in row} | row for row in rows]
    return {
        "list": {"en": rows},
        "lines": "lines",
        "array": "array",
        "parquet": "parquet",
        "Arrow": {"en": pa.Table.from_pylist(filled)},
    }


def test_members_of_structs_are_columns() -> None:
    rows = [
        {"id": "a", **ROW, "meta": {"task": "x", "deep": {"er": 1}}},
        {"id": "b", **ROW, "meta": {"task": None, "deep": None}},
        {"id": "c", **ROW, "meta": None},
    ]
    for kind, source in in_kinds(rows).items():
        facts = facts_of(source)
        assert by_id(facts, "meta.task") == {"a": "x", "b": None, "c": None}, kind
        assert by_id(facts, "meta.deep.er") == {"a": 1, "b": None, "c": None}, kind
        for name in ("meta.tusk", "meta.task.er"):
            with pytest.raises(ArgumentError, match=f"the source has no column '{name}'. Did you mean 'meta.task'"):
                facts.column(name)
        with pytest.raises(ArgumentError, match=r"'meta' of .* is (an object|of type struct).*called 'meta.member'"):
            facts.column("meta")


def test_a_name_with_a_dot_is_a_name_first() -> None:
    for kind, source in in_kinds([{"id": "a", **ROW, "meta.task": "x"}]).items():
        assert by_id(facts_of(source), "meta.task") == {"a": "x"}, kind


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([1.5, 2, 2**40], [1.5, 2.0, float(2**40)]),
        ([True, None, False], [True, None, False]),
        ([None, None, 2**62], [None, None, 2**62]),
        (["", "0", None], ["", "0", None]),
        (["2020-01-01", "NaN", "null"], ["2020-01-01", "NaN", "null"]),
    ],
)
def test_values_keep_their_kind(given_values: list[Any], expected: list[Any]) -> None:
    rows = [{"id": key, **ROW, "level": value} for key, value in zip("abc", given_values, strict=True)]
    for order in (rows, rows[::-1]):
        for kind, source in in_kinds(order).items():
            column = facts_of(source).column("level")
            assert column.to_pylist() == expected, kind
            assert [type(value) for value in column.to_pylist()] == [type(value) for value in expected], kind


@pytest.mark.parametrize("block", [40, 1 << 20])
def test_lines_are_read_in_blocks_and_odd_ones_one_by_one(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", block)
    monkeypatch.setattr(jsonlines, "SAMPLE", 2)
    monkeypatch.setattr(values, "SAMPLE", 2)
    rows = [{"id": f"{n:02}", **ROW} for n in range(30)]
    for n in range(5, 30, 3):
        rows[n]["tâsk"] = f"task {n}"
    for escaped in (True, False):
        lines = [json.dumps(row, ensure_ascii=escaped).encode() for row in rows]
        lines[7:7] = [b"", b"no JSON", b"[1]", b"\xff", b'{"id": "99", "prompt": 3}', b"  "]
        put("en.jsonl", b"\xef\xbb\xbf" + b"\r\n".join(lines))
        found = by_id(facts_of({"en": "en.jsonl"}), "tâsk")
        assert found == {row["id"]: row.get("tâsk") for row in rows}


def test_values_of_two_kinds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", 60)
    rows = [{"id": f"{n:02}", **ROW, "level": n if n != 13 else "many"} for n in range(20)]
    put("en.jsonl", as_lines(rows))
    said = "the column 'level' of en.jsonl holds numbers (line 1) and text (line 14); write all of it in one way."
    with pytest.raises(ArgumentError) as refusal:
        facts_of("{lang}.jsonl").column("level")
    assert str(refusal.value) == said
    facts = facts_of({"en": [rows[0]], "fi": [rows[1], rows[13]]})
    with pytest.raises(ArgumentError, match=r"of source\['fi'\] holds numbers \(line 1\) and text \(line 2\)"):
        facts.column("level")
    facts = facts_of({"en": [rows[0]], "fi": [rows[13]]})
    with pytest.raises(ArgumentError, match=r"is int64 in source\['en'\] and large_string in source\['fi'\]; write"):
        facts.column("level")


def test_what_is_no_single_value_is_refused() -> None:
    for value, said in (([1, 2], r"(a list|of type list<.*)"), (2**70, "beyond what a column holds")):
        rows = [{"id": "a", **ROW, "level": value}]
        put("lines/en.jsonl", as_lines(rows))
        sources: list[Any] = ["lines", {"en": rows}]
        if isinstance(value, list):
            sources.append({"en": pa.Table.from_pylist(rows)})
        for source in sources:
            with pytest.raises(ArgumentError, match=f"'level' of .* is {said}.*; it must hold one text, number"):
                facts_of(source).column("level")


def test_dates_stay_dates_and_categories_become_text() -> None:
    table = pa.table({"id": ["a"], "prompt": ["p"], "response": ["r"], "when": pa.array([0], pa.date32())})
    assert facts_of({"en": table}).column("when").type == pa.date32()
    frame = pl.DataFrame({"id": ["a"], **{name: [text] for name, text in ROW.items()}, "task": ["x"]})
    assert by_id(facts_of({"en": frame.cast({"task": pl.Categorical})}), "task") == {"a": "x"}


def test_rows_that_were_left_out_shift_nothing() -> None:
    rows: list[Any] = [{"id": key, **ROW, "task": f"task {key}"} for key in "abcd"]
    expected = {key: f"task {key}" for key in "acd"}
    assert by_id(facts_of({"en": [rows[0], 3, *rows[2:]]}), "task") == expected
    put("en.json", json.dumps([rows[0], 3, *rows[2:]]).encode())
    assert by_id(facts_of({"en": "en.json"}), "task") == expected
    put("en.csv", as_table(rows).replace(b"b,p,r", b"b,p"))
    assert by_id(facts_of({"en": "en.csv"}), "task") == expected
    raw = pa.array([b"p", b"\xff", b"p", b"p"])
    broken = pa.StringArray.from_buffers(4, *raw.buffers()[1:])
    table = pa.Table.from_pylist(rows).set_column(1, "prompt", broken)
    assert by_id(facts_of({"en": table}), "task") == expected


def test_a_parquet_file_with_names_that_differ_in_case_has_its_columns() -> None:
    rows = [{"id": key, **ROW, "Task": "x", "task": key} for key in "ab"]
    put("en.parquet", as_parquet(rows))
    assert by_id(facts_of({"en": "en.parquet"}), "task") == {"a": "a", "b": "b"}


def test_a_mark_at_the_beginning_of_a_file_hides_nothing() -> None:
    rows = [{"task": "x", "id": "a", **ROW}]
    put("en.json", b"\xef\xbb\xbf" + json.dumps(rows).encode())
    assert by_id(facts_of({"en": "en.json"}), "task") == {"a": "x"}
    put("en.jsonl", b"\xef\xbb\xbf" + as_lines(rows))
    assert by_id(facts_of({"en": "en.jsonl"}), "task") == {"a": "x"}


def test_members_of_a_turn_are_a_part_of_the_conversation() -> None:
    rows = [{"id": "a", "en": ROW, "fi": ROW}]
    for name in ("en.prompt", "en.prompt.length"):
        with pytest.raises(ArgumentError, match="is a part of the conversation"):
            facts_of(rows).column(name)


def test_rows_joined_by_number_have_facts() -> None:
    rows = [{**ROW, "task": str(n)} for n in range(3)]
    facts = facts_of({"en": rows, "fi": rows}, join="row")
    assert facts.column("task").to_pylist() == ["0", "1", "2"]
    assert facts.length("prompt").tolist() == [1, 1, 1]


def test_the_language_column_and_ids_are_columns_too() -> None:
    facts = facts_of(pa.table({"id": ["a"], "lang": ["en"], "prompt": ["p"], "response": ["r"]}))
    assert (by_id(facts, "lang"), by_id(facts, "id")) == ({"a": "en"}, {"a": "a"})


@pytest.mark.parametrize("kind", ["list", "lines", "array", "parquet", "Arrow", "csv", "gz"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(kind: str) -> None:
    rows = [{"id": "a", "instruction": "p", "input": "i", "output": "r", "task": "x", "level": 1}]
    put("csv/en.csv", as_table(rows))
    put("gz/en.jsonl.gz", gzip.compress(as_lines(rows)))
    facts = facts_of({**in_kinds(rows), "csv": "csv", "gz": "gz"}[kind])
    for name, said in {
        "tasks": "the source has no column 'tasks'. Did you mean 'task'? It has task, level.",
        "input": "the column 'input' is a part of the conversation; its text and length are known as 'prompt' and "
        "'response'.",
    }.items():
        with pytest.raises(ArgumentError) as refusal:
            facts.column(name)
        assert str(refusal.value) == said


def test_without_other_columns_the_message_says_so() -> None:
    with pytest.raises(
        ArgumentError, match=r"the source has no column 'task'\. It has none beside the conversation\.$"
    ):
        facts_of({"en": [{"id": "a", **ROW}]}).column("task")


def test_a_pivot_that_is_not_there_is_refused_where_it_is_needed() -> None:
    facts = facts_of({"de": [{"id": "a", **ROW, "task": "x"}]})
    for ask in (facts.text, facts.length):
        with pytest.raises(ArgumentError) as refusal:
            ask("prompt")
        assert str(refusal.value) == (
            "the pivot 'en' is not among the languages at hand, and what a sampler or a check knows of an "
            "instruction is read from it. There are: de. Name one of them: pivot=..."
        )
    assert by_id(facts, "task") == {"a": "x"}
    with pytest.raises(ArgumentError, match=r"'responce' is neither 'prompt' nor 'response'. Did you mean 'response'"):
        facts.text("responce")


def test_a_file_that_changed_is_not_read_for_its_columns() -> None:
    put("en.jsonl", as_lines([{"id": "a", **ROW, "task": "x"}]))
    facts = facts_of("{lang}.jsonl")
    put("en.jsonl", as_lines([{"id": "a", **ROW, "task": "other"}]))
    with pytest.raises(SourceChanged, match=r"en.jsonl changed after it was scanned"):
        facts.column("task")
    Path("en.jsonl").unlink()
    with pytest.raises(SourceChanged):
        facts.column("task")


def test_only_the_column_that_is_asked_for_is_read_from_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    put("en.parquet", as_parquet([{"id": "a", **ROW, "task": "x"}]))
    facts = facts_of("{lang}.parquet")
    read: list[Any] = []
    whole = pq.ParquetFile.read

    def listen(self: Any, columns: Any = None) -> Any:
        read.append(columns)
        return whole(self, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read", listen)
    assert by_id(facts, "task") == {"a": "x"}
    assert [list(columns) for columns in read] == [["task"]]
