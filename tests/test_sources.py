"""Sources are read right: every layout and format, strange but sound content, and exact line numbers."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets
import fsspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pinchmix import BadRows, Mixture, build_mixture
from pinchmix.sources import delimited, jsonlines
from pinchmix.sources.database import Database
from pinchmix.sources.locate import locate
from pinchmix.sources.source import open_source
from tests.strategies import Cells, grids


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    fsspec.filesystem("memory").store.clear()


def pairs(count: int = 3, **other: Any) -> list[dict[str, Any]]:
    return [{"id": f"q{n}", "prompt": f"Question {n}", "response": f"Answer {n}", **other} for n in range(1, count + 1)]


def as_lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_table(rows: list[dict[str, Any]], separator: str = ",", end: str = "\n") -> bytes:
    """Return rows as CSV; what a row lacks is left empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    # A lone carriage return that stands bare before a line feed would be a line end.
    bare = any("\r" in str(value) for row in rows for value in row.values())

    def cell(value: object) -> str:
        text = "" if value is None else str(value)
        quote = bare or any(sign in text for sign in (separator, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if quote else text

    lines = [names, *([row.get(name) for name in names] for row in rows)]
    return "".join(separator.join(map(cell, line)) + end for line in lines).encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_filled(rows)), sink, row_group_size=2)
    return sink.getvalue()


def _filled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def put(name: str, content: bytes) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def all_of(source: Any, language: str = "en", **options: Any) -> dict[str, list[tuple[str, str]]]:
    """Return id → turns of every row of one language."""
    count = len(pairs()) if "count" not in options else options.pop("count")
    mix = build_mixture(source, {language: count}, validate=False, **options)
    return {example.id: [(turn.role, turn.content) for turn in example.messages] for example in mix}


PLAIN = {f"q{n}": [("user", f"Question {n}"), ("assistant", f"Answer {n}")] for n in range(1, 4)}


# Law: neither format nor order nor name nor shape changes anything ----------------------------------------------------


def _files(ending: str, write: Callable[[list[dict[str, Any]]], bytes]) -> Callable[[Cells], Any]:
    def convert(cells: Cells) -> Any:
        for language in cells.of:
            put(f"{ending}/{language}.{ending}", write(cells.rows(language)))
        return f"{ending}/{{lang}}.{ending}"

    return convert


def _shuffled(cells: Cells) -> Any:
    for language in cells.of:
        rows = cells.rows(language)
        random.Random(1).shuffle(rows)
        put(f"shuffled/{language}/b.jsonl", as_lines(rows[::2]))
        if rows[1::2]:
            put(f"shuffled/{language}/a.jsonl", as_lines(rows[1::2]))
    return "shuffled"


def _renamed(cells: Cells) -> Any:
    spelled = {"en": "eng", "sw": "swh_Latn", "zh-Hant": "zh_TW", "id": "in", "he": "iw"}
    for language in cells.of:
        put(f"other/z-{spelled[language]}-train.jsonl", as_lines(cells.rows(language)))
    return "other/*.jsonl"


def _remote(cells: Cells) -> Any:
    for language in cells.of:
        fsspec.filesystem("memory").pipe(f"/law/{language}.jsonl", as_lines(cells.rows(language)))
    return "memory://law/{lang}.jsonl"


def _remote_parquet(cells: Cells) -> Any:
    for language in cells.of:
        fsspec.filesystem("memory").pipe(f"/lawp/{language}.parquet", as_parquet(cells.rows(language)))
    return "memory://lawp"


def _mapping(make: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Cells], Any]:
    return lambda cells: {language: make(cells.rows(language)) for language in reversed(list(cells.of))}


def _long_rows(cells: Cells) -> list[dict[str, Any]]:
    return [{**row, "language": language} for language in cells.of for row in cells.rows(language)]


def _wide_rows(cells: Cells) -> list[dict[str, Any]]:
    rows = []
    for key in cells.ids:
        row: dict[str, Any] = {"id": key}
        for language, texts in cells.of.items():
            if key in texts:
                row[f"prompt_{language}"], row[f"response_{language}"] = texts[key]
        rows.append(row)
    return rows


def _wide_structs(cells: Cells) -> list[dict[str, Any]]:
    """Return one struct a language; Indonesian cannot be called ``id`` beside the ids."""
    rows = []
    for key in cells.ids:
        row: dict[str, Any] = {"id": key}
        for language, texts in cells.of.items():
            if key in texts:
                row["ind" if language == "id" else language] = dict(
                    zip(("prompt", "response"), texts[key], strict=True)
                )
        rows.append(row)
    return rows


def _one_file(name: str, write: Callable[[list[dict[str, Any]]], bytes], rows: Callable[[Cells], Any]) -> Any:
    def convert(cells: Cells) -> Any:
        put(name, write(rows(cells)))
        return name

    return convert


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def _dictionary(rows: list[dict[str, Any]]) -> pa.Table:
    table = pa.Table.from_pylist(rows)
    return table.set_column(1, "prompt", table.column("prompt").dictionary_encode())


CONVERSIONS: Mapping[str, Callable[[Cells], Any]] = {
    "shuffled and sharded": _shuffled,
    "renamed": _renamed,
    "CRLF and BOM": _files("ndjson", lambda rows: b"\xef\xbb\xbf" + as_lines(rows).replace(b"\n", b"\r\n")),
    "escaped": _files("jsonl", lambda rows: "\n".join(json.dumps(row) for row in rows).encode()),
    "gz": _files("jsonl.gz", lambda rows: gzip.compress(as_lines(rows))),
    "zst": _files("jsonl.zst", lambda rows: b"".join(map(zstandard.compress, as_lines(rows).splitlines(True)))),
    "JSON": _files("json", lambda rows: json.dumps(rows, indent=1).encode()),
    "JSON gz": _files("json.gz", lambda rows: gzip.compress(json.dumps(rows).encode())),
    "CSV": _files("csv", as_table),
    "CSV CRLF": _files("csv.gz", lambda rows: gzip.compress(as_table(rows, end="\r\n"))),
    "TSV": _files("tsv", lambda rows: as_table(rows, "\t")),
    "Parquet": _files("parquet", as_parquet),
    "memory": _remote,
    "memory Parquet": _remote_parquet,
    "lists": _mapping(list),
    "pandas": _mapping(_frame),
    "pandas categories": _mapping(lambda rows: _frame(rows).astype("category")),
    "Polars": _mapping(pl.DataFrame),
    "Arrow": _mapping(pa.Table.from_pylist),
    "Arrow dictionaries": _mapping(_dictionary),
    "Polars categories": _mapping(lambda rows: pl.DataFrame(rows).cast({"prompt": pl.Categorical})),
    "datasets": _mapping(datasets.Dataset.from_list),
    "DatasetDict": lambda cells: datasets.DatasetDict(_mapping(datasets.Dataset.from_list)(cells)),
    "long JSONL": _one_file("long.jsonl", as_lines, _long_rows),
    "long CSV": _one_file("long.csv", as_table, _long_rows),
    "long Parquet": _one_file("long.parquet", as_parquet, _long_rows),
    "long pandas": lambda cells: _frame(_long_rows(cells)).sample(frac=1, random_state=0),
    "long DatasetDict": lambda cells: datasets.DatasetDict({"train": datasets.Dataset.from_list(_long_rows(cells))}),
    "long datasets of classes": lambda cells: datasets.Dataset.from_list(_long_rows(cells)).class_encode_column(
        "language"
    ),
    "wide JSONL": _one_file("wide.jsonl", as_lines, _wide_rows),
    "wide CSV": _one_file("wide.csv", as_table, _wide_rows),
    "wide Parquet": _one_file("wide.parquet", as_parquet, _wide_rows),
    "wide pandas": lambda cells: _frame(_wide_rows(cells)),
    "wide structs": _one_file("structs.jsonl", as_lines, _wide_structs),
    "wide structs Parquet": _one_file("structs.parquet", as_parquet, _wide_structs),
}


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # the grids are small, and shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cells=grids(), data=st.data())
def test_no_conversion_changes_the_mixture(cells: Cells, data: st.DataObject) -> None:
    fsspec.filesystem("memory").store.clear()
    language = data.draw(st.sampled_from(sorted(cells.of)))
    budget = {language: len(cells.of[language])}
    for name in cells.of:
        put(f"plain/{name}.jsonl", as_lines(cells.rows(name)))
    plain = build_mixture({name: f"plain/{name}.jsonl" for name in cells.of}, budget, validate=False)
    assert {e.id: (e.prompt, e.response) for e in plain} == cells.of[language]
    for name in data.draw(st.lists(st.sampled_from(list(CONVERSIONS)), min_size=7, max_size=7, unique=True)):
        mix = build_mixture(CONVERSIONS[name](cells), budget, validate=False)
        assert (mix.digest, mix.grid.digest) == (plain.digest, plain.grid.digest), name
        for path in Path().rglob("*.*"):
            if path.is_file() and path.parts[0] != "plain":
                path.unlink()
    for path in Path().rglob("*.jsonl"):
        path.unlink()


def test_classes_of_datasets_are_read_by_their_names() -> None:
    rows = {
        "id": ["a", "a", "b", "c", "d"], "prompt": ["p"] * 5, "response": ["r"] * 5, "task": [0, 0, 1, 1, 1],
        "lang": [0, 1, 1, -1, None],
    }  # fmt: skip
    classes = {"lang": datasets.ClassLabel(names=["sw", "fin"]), "task": datasets.ClassLabel(names=["chat", "code"])}
    text = datasets.Value("string")
    features = datasets.Features({"id": text, "prompt": text, "response": text, **classes})
    whole = datasets.Dataset.from_dict(rows, features=features)
    mix = build_mixture(whole.select(range(3)), {"fi": 2}, validate=False)
    assert {example.id for example in mix} == {"a", "b"}
    assert "language=lang" in mix.report.recognised
    named = {"language": "lang", "prompt": "prompt", "response": "response", "id": "id"}
    said = build_mixture(whole.select(range(3)), {"fi": 2}, columns=named, validate=False)
    assert said.digest == mix.digest
    [piece] = locate(whole)
    assert pa.table(piece.table).column("task").to_pylist() == ["chat", "chat", "code", "code", "code"]
    with pytest.raises(BadRows) as refusal:
        build_mixture(whole, {"fi": 2}, validate=False)
    assert [(row.row, row.detail) for row in refusal.value.rows] == [(4, "'lang' is null"), (5, "'lang' is null")]


@pytest.mark.parametrize(
    ("names", "languages"),
    [
        (["en", "pt_BR", "zh-TW"], {"en", "pt", "zh-Hant"}),
        (["train-pt_BR", "train-pt_PT"], {"pt", "pt-PT"}),
        (["en-0001", "en-0002", "sw-0001"], {"en", "sw"}),
        (["new.en.v2", "new.sw.v2"], {"en", "sw"}),
        (["alpaca_data_id", "alpaca_data_en"], {"id", "en"}),
    ],
)
def test_file_names_tell_languages(names: list[str], languages: set[str]) -> None:
    for place, name in enumerate(names):
        put(f"data/{name}.jsonl", as_lines([{**pairs()[0], "id": str(place)}]))
    mix = build_mixture("data", {"*": 2}, validate=False)
    assert set(mix.grid.languages) == languages
    assert len(mix.grid) == len(names)


def test_lone_carriage_returns_are_content() -> None:
    put("en.csv", b'id,prompt,response\nq1,a\rb,"c\rd"\nq2,e,f\n')
    assert all_of("{lang}.csv", count=2)["q1"] == [("user", "a\rb"), ("assistant", "c\rd")]


# Strange but sound ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        as_lines(pairs()),
        b"\xef\xbb\xbf" + as_lines(pairs()),
        as_lines(pairs()).replace(b"\n", b"\r\n"),
        as_lines(pairs()).rstrip(b"\n"),
        b"\n\n" + as_lines(pairs()).replace(b"\n", b"\n \t\r\n\n"),
        as_lines([dict(reversed(row.items())) for row in pairs()]),
        as_lines([{**row, "more": [1, {"deep": None}], "score": 0.5} for row in pairs()]),
        as_lines([{**pairs()[0], "more": "text"}, {**pairs()[1], "more": 7}, {**pairs()[2], "other": []}]),
    ],
    ids=[
        "plain",
        "mark",
        "CRLF",
        "no last end",
        "blank lines",
        "order of fields",
        "more fields",
        "fields of two types",
    ],
)
def test_json_lines_of_every_form_read_alike(content: bytes) -> None:
    put("en.jsonl", content)
    assert all_of("{lang}.jsonl") == PLAIN


@pytest.mark.parametrize(
    "content",
    [
        as_table(pairs()),
        b"\xef\xbb\xbf" + as_table(pairs()),
        as_table(pairs(), end="\r\n"),
        as_table(pairs()).rstrip(b"\n"),
        as_table(pairs()).replace(b"\n", b"\n\n"),
        b"\r\n" + as_table(pairs(), end="\r\n").replace(b"\r\n", b"\r\n  \r\n"),
        b'"id","prompt","response"\n"q1","Question 1",Answer 1\nq2,"Question 2","Answer 2"\n'
        b'"q3",Question 3,"Answer 3"\n',
        as_table([{"response": row["response"], "note": "x,\n", **row} for row in pairs()]),
    ],
    ids=["plain", "mark", "CRLF", "no last end", "blank lines", "lines of blanks", "quotes", "more columns"],
)
def test_tables_of_every_form_read_alike(content: bytes) -> None:
    put("en.csv", content)
    assert all_of("{lang}.csv") == PLAIN


def test_values_of_a_table_stay_what_they_are() -> None:
    values = [
        "NA",
        "null",
        "007",
        "2020-01-01",
        "1.0",
        "TRUE",
        " a ",
        'say "hi"',
        "two\nlines",
        "two\r\nlines",
        "5\u2033 \u2028x",
        "NaN",
        "-",
    ]
    rows = [{"id": f"{n:03}", "prompt": value, "response": value} for n, value in enumerate(values)]
    put("en.csv", as_table(rows))
    found = all_of("{lang}.csv", count=len(rows))
    assert found == {row["id"]: [("user", row["prompt"]), ("assistant", row["response"])] for row in rows}


def test_quotes_inside_unquoted_values_are_read() -> None:
    put("en.csv", b'id,prompt,response\nq1,a 5" disk,b\nq2,"say ""hi""",say "hi"\nq3,c,d\n')
    assert all_of("{lang}.csv")["q1"][0] == ("user", 'a 5" disk')
    assert all_of("{lang}.csv")["q2"] == [("user", 'say "hi"'), ("assistant", 'say "hi"')]


@pytest.mark.parametrize("char", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_line_feeds_split_lines(char: str) -> None:
    text = f"one{char}two"
    put(
        "en.jsonl",
        b'{"id": "q1", "prompt": "a", "response": %s}\n' % json.dumps(text, ensure_ascii=ord(char) < 32).encode(),
    )
    put("sw.csv", f'id,prompt,response\nq1,"{text}",{text}\n'.encode())
    assert all_of({"en": "en.jsonl"}, count=1)["q1"][1] == ("assistant", text)
    assert all_of({"en": "sw.csv"}, count=1)["q1"] == [("user", text), ("assistant", text)]


def test_ids_that_are_numbers_are_ids_that_are_text() -> None:
    whole = [{**row, "id": n} for n, row in enumerate(pairs(), -1)]
    text = [{**row, "id": str(n)} for n, row in enumerate(pairs(), -1)]
    mixed = [{**row, "id": n if n else str(n)} for n, row in enumerate(pairs(), -1)]
    large = [{**row, "id": 2**63 + n} for n, row in enumerate(pairs())]
    digests = {
        build_mixture({"en": rows}, {"en": 3}, validate=False).digest for rows in (whole, text, mixed, _frame(whole))
    }
    assert len(digests) == 1
    put("en.jsonl", as_lines(large))
    assert set(all_of("{lang}.jsonl")) == {str(2**63 + n) for n in range(3)}


@pytest.mark.parametrize(
    "key",
    [
        "../x",
        "/etc/passwd",
        "é",
        "中文",
        "😀",
        "x" * 300,
        "a'b\"c",
        "NA",
        " a ",
        "a|b",
        "%s",
        "1e5",
        "a\x00b",
        "\ufeffa",
    ],
)
def test_ids_of_every_kind_stay_what_they_are(key: str) -> None:
    rows = [{"id": key, "prompt": "a", "response": "b"}]
    put("en.jsonl", as_lines(rows))
    put("en.csv", as_table(rows))
    assert list(all_of({"en": "en.jsonl"}, count=1)) == list(all_of({"en": "en.csv"}, count=1)) == [key]


@pytest.mark.parametrize(
    "folder", ["a[1]*?", 'it\'s "quoted"', "50% #1;2", "lang=en", "пример", "with {braces}", "a.jsonl"]
)
@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv"])
def test_names_of_every_kind_are_found(folder: str, ending: str) -> None:
    write = {"jsonl": as_lines, "parquet": as_parquet, "csv": as_table}[ending]
    put(f"{folder}/en.{ending}", write(pairs()))
    assert all_of(folder) == PLAIN
    assert all_of({"en": f"{folder}/en.{ending}"}) == PLAIN
    assert all_of(Path(folder).absolute()) == PLAIN


def test_addresses_of_files_are_read() -> None:
    put("data/en.jsonl", as_lines(pairs()))
    assert all_of(f"file://{Path('data').absolute()}/{{lang}}.jsonl") == PLAIN


# Layouts -------------------------------------------------------------------------------------------------------------

TURNS = [("user", "Question 1"), ("assistant", "Answer 1")]


@pytest.mark.parametrize(
    ("style", "row", "turns"),
    [
        ("alpaca", {"instruction": "Question 1", "input": "", "output": "Answer 1"}, TURNS),
        (
            "alpaca",
            {"instruction": "Do", "input": "this", "output": "Done"},
            [("user", "Do\n\nthis"), ("assistant", "Done")],
        ),
        ("alpaca", {"instruction": "Question 1", "input": None, "id": "q1", "output": "Answer 1"}, TURNS),
        ("prompt/completion", {"prompt": "Question 1", "completion": "Answer 1"}, TURNS),
        ("prompt/response", {"prompt": "Question 1", "response": "Answer 1"}, TURNS),
        (
            "prompt/response",
            {"system": "Be kind", "prompt": "a", "response": "b"},
            [("system", "Be kind"), ("user", "a"), ("assistant", "b")],
        ),
        ("prompt/response", {"system": " ", "prompt": "Question 1", "response": "Answer 1"}, TURNS),
        ("aya", {"inputs": "Question 1", "targets": "Answer 1", "language": "eng"}, TURNS),
        ("question/answer", {"question": "Question 1", "answer": "Answer 1"}, TURNS),
        (
            "prompt/completion of turns",
            {
                "prompt": [{"role": "user", "content": "Question 1"}],
                "completion": [{"role": "assistant", "content": "Answer 1"}],
            },
            TURNS,
        ),
        (
            "messages",
            {
                "messages": [{"role": role, "content": text} for role, text in TURNS],
                "prompt": "Question 1",
                "prompt_id": "x",
            },
            TURNS,
        ),
        (
            "messages",
            {
                "messages": [
                    {"role": r, "content": r[0], "weight": 1}
                    for r in ("system", "user", "assistant", "user", "assistant")
                ]
            },
            [(r, r[0]) for r in ("system", "user", "assistant", "user", "assistant")],
        ),
        (
            "sharegpt",
            {"conversations": [{"from": role, "value": role} for role in ("system", "human", "gpt", "human", "gpt")]},
            [("system", "system"), ("user", "human"), ("assistant", "gpt"), ("user", "human"), ("assistant", "gpt")],
        ),
        ("sharegpt", {"conversations": [{"from": r, "value": c} for r, c in TURNS]}, TURNS),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "arrow"])
def test_layouts_are_recognised(style: str, row: dict[str, Any], turns: list[tuple[str, str]], form: str) -> None:
    row = {"id": "q1", **row}
    put("en.jsonl", as_lines([row]))
    source = {"en": "en.jsonl" if form == "jsonl" else pa.Table.from_pylist([row])}
    assert all_of(source, count=1) == {"q1": turns}
    assert open_source(source, Database()).tables[0].layout.style == style


def test_columns_name_what_is_unknown() -> None:
    rows = [{"key": "q1", "q": "Question 1", "extra": "more", "a": "Answer 1", "who": "Be kind", "tongue": "eng"}]
    names = {"id": "key", "prompt": "q", "input": "extra", "response": "a", "system": "who", "language": "tongue"}
    turns = [("system", "Be kind"), ("user", "Question 1\n\nmore"), ("assistant", "Answer 1")]
    assert all_of(rows, count=1, columns=names) == {"q1": turns}
    talk = [{"id": "q1", "talk": [{"role": role, "content": text} for role, text in TURNS], "who": "Be kind"}]
    named = {"messages": "talk", "system": "who"}
    assert all_of({"en": talk}, count=1, columns=named) == {"q1": [("system", "Be kind"), *TURNS]}


def test_columns_that_differ_in_case_are_told_apart() -> None:
    row = {
        "ID": "wrong",
        "Prompt": "wrong",
        "file_row_number": 7,
        "id": "q1",
        "prompt": "Question 1",
        "response": "Answer 1",
    }
    put("en.parquet", as_parquet([row]))
    assert all_of({"en": pa.Table.from_pylist([row])}, count=1) == {"q1": TURNS}
    assert all_of({"en": "en.parquet"}, count=1) == {"q1": TURNS}


def test_tags_are_normalised() -> None:
    spelled = {"zho_Hans": "zh", "nb": "no", "iw": "he", "in": "id", "pt_PT": "pt-PT", "ENG": "en"}
    mix = build_mixture({name: pairs() for name in spelled}, {"en": 1}, validate=False)
    assert mix.grid.languages == tuple(sorted(spelled.values()))


def test_rows_join_by_number_where_asked() -> None:
    bare = [{"prompt": row["prompt"], "response": row["response"]} for row in pairs()]
    put("en.jsonl", b"\n" + as_lines(bare))
    put("sw.csv", as_table(bare))
    mix = build_mixture("*.*", {"en": 2, "sw": 1}, join="row", validate=False)
    assert sorted(example.id for example in mix) == ["0", "1", "2"]
    wide = [{f"{field}_{tag}": text for tag in ("en", "sw") for field, text in row.items()} for row in bare]
    wide[1]["prompt_sw"] = wide[1]["response_sw"] = ""
    put("wide/data.csv", as_table(wide))
    found = build_mixture("wide/data.csv", {"en": 1, "sw": 2}, join="row", validate=False)
    assert {example.id: example.response_language for example in found} == {"0": "sw", "1": "en", "2": "sw"}


# Bad rows that are dropped -------------------------------------------------------------------------------------------

BAD = [
    b"{",
    b"[]",
    b'{"id": "q1", "prompt": "again", "response": "b"}',
    b'{"prompt": "a", "response": "b"}',
    b'{"id": "q8", "prompt": 7, "response": "b"}',
    b'{"id": "q9", "prompt": "a", "response": " "}',
    b'{"id": "q10", "prompt": "a"}',
    b'{"id": "q11", "prompt": "\xff", "response": "b"}',
    b'{"id": "q12", "prompt": "\\ud800", "response": "b"}',
]


def accounts(mix: Mixture) -> None:
    """Every row that was read is in the grid (chosen or in reserve), dropped or rejected."""
    report = mix.report
    assert report.read == len(mix.grid) + sum(report.dropped.values()) + sum(report.rejected.values())


def test_dropped_rows_add_up() -> None:
    put("data/en.jsonl", as_lines(pairs(6)))
    put("data/sw.jsonl", as_lines(pairs(6)) + b"\n".join(BAD))
    put("data/de.jsonl", b"")
    mix = build_mixture("data/{lang}.jsonl", {"en": 2, "sw": 3}, on_bad_rows="drop", validate=False)
    # The good row that the bad one repeats goes too: nobody knows which is meant.
    assert mix.report.dropped == {
        "empty file": 1, "broken JSON": 1, "not an object": 1, "not UTF-8": 1, "lone surrogate": 1, "wrong type": 1,
        "missing id": 1, "duplicate id": 2, "missing text": 1, "empty text": 1,
    }  # fmt: skip
    assert mix.report.read == 12 + len(BAD) + 1
    accounts(mix)


def _of(language: str, prompt: str | None, response: str | None) -> dict[str, str | None]:
    return {f"prompt_{language}": prompt, f"response_{language}": response}


@pytest.mark.parametrize("languages", [None, ["en"], ["en", "sw"]])
def test_rows_of_one_table_add_up(languages: list[str] | None) -> None:
    long = [{**row, "language": tag} for tag in ("en", "sw", "de") for row in pairs(4)]
    long += [{**row, "language": tag} for tag, row in zip(("en", "sw", None, "?"), [{"id": None}] * 4, strict=True)]
    accounts(build_mixture(long, {"en": 2}, languages=languages, on_bad_rows="drop", validate=False))
    wide = [
        {"id": "q1", **_of("en", "a", "b"), **_of("sw", None, None), **_of("de", "c", "d")},
        {"id": "q2", **_of("en", "a", "b"), **_of("sw", "c", " "), **_of("de", None, None)},
        {"id": None, **_of("en", "a", "b"), **_of("sw", "c", "d"), **_of("de", None, None)},
        {"id": "q4", **_of("en", "a", None), **_of("sw", "c", "d"), **_of("de", None, None)},
    ]
    mix = build_mixture(wide, {"en": 2}, languages=languages, on_bad_rows="drop", validate=False)
    accounts(mix)
    assert mix.grid.available["en"] == 2


# Line numbers --------------------------------------------------------------------------------------------------------


def bad_places(source: Any) -> list[tuple[int, str]]:
    with pytest.raises(BadRows) as caught:
        build_mixture(source, {"en": 1}, validate=False)
    return [(row.row, row.fault) for row in sorted(caught.value.rows, key=lambda row: row.row)]


@pytest.mark.parametrize("block", [64, 100, 1 << 10, 1 << 23])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("pack", ["", ".gz", ".zst"])
def test_lines_of_json_are_exact(block: int, end: bytes, pack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "BLOCK", block)
    lines = [json.dumps(row).encode() for row in pairs(400)]
    lines[41] = b'{"id": "broken'
    lines[180] = b""
    lines[181] = b'{"id": "x", "prompt": "", "response": "b"}'
    lines[250] = b'{"id": "y", "prompt": 7, "response": "b"}'
    lines[300] = b'{"id": "' + b"long" * 200 + b'", "prompt": "\xff"}'
    lines[399] = b'{"id": "q5", "prompt": "a", "response": "b"}'
    content = end.join(lines)
    packed = {"": content, ".gz": gzip.compress(content), ".zst": zstandard.compress(content)}[pack]
    put(f"en.jsonl{pack}", packed)
    assert bad_places(f"{{lang}}.jsonl{pack}") == [
        (5, "duplicate id"),
        (42, "broken JSON"),
        (182, "empty text"),
        (251, "wrong type"),
        (301, "not UTF-8"),
        (400, "duplicate id"),
    ]


@pytest.mark.parametrize("block", [64, 100, 1 << 10, 1 << 23])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_of_tables_are_exact(block: int, end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", block)
    lines = [b"id,prompt,response", *(f"q{n},Question {n},Answer {n}".encode() for n in range(2, 301))]
    lines[11] = b"q12,too few"
    lines[12] = b""
    lines[20] = b'q21,"one' + end + b"two" + end + b'three",b'  # two lines more than rows from here on
    lines[50] = b"q51,,b"
    lines[80] = b'q81,a 5" disk,b'
    lines[120] = b"q121,caf\xe9,b"
    lines[121] = b'q122,"a" b,c'
    lines[200] = b"q201,too,many,fields"
    lines[299] = b"q3,again,b"
    put("en.csv", end.join(lines))
    assert bad_places("{lang}.csv") == [
        (3, "duplicate id"),
        (12, "wrong number of fields"),
        (53, "empty text"),
        (123, "not UTF-8"),
        (124, "broken quotes"),
        (203, "wrong number of fields"),
        (302, "duplicate id"),
    ]


def test_rows_of_tables_count_from_one() -> None:
    rows = pairs(5)
    rows[3]["prompt"] = None
    put("en.parquet", as_parquet(rows))
    for source in ({"en": "en.parquet"}, {"en": _frame(rows)}, {"en": rows}, {"en": pa.Table.from_pylist(rows)}):
        assert bad_places(source) == [(4, "missing text")]


def test_an_example_says_where_it_stood() -> None:
    put("en.jsonl", b"\n" + as_lines(pairs()))
    put("sw.csv", b"id,prompt,response\n\n" + as_table(pairs()).partition(b"\n")[2])
    for source, name in (("{lang}.jsonl", "en.jsonl"), ({"en": "sw.csv"}, "sw.csv")):
        mix = build_mixture(source, {"en": 3}, validate=False)
        first = 2 if name == "en.jsonl" else 3
        assert sorted((e.id, e.origin.source, e.origin.row) for e in mix) == [
            (f"q{n}", name, first + n - 1) for n in (1, 2, 3)
        ]
