"""Bad inputs: each case writes files into the current folder and returns the call that must be refused."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pinchmix import Budget, Recipe


class Call(NamedTuple):
    """What ``build_mixture`` is called with."""

    source: Any
    budget: Any
    options: Mapping[str, Any]


CASES: dict[str, Callable[[], Call]] = {}
TINY = {"en": 1, "*": 1}


def case(make: Callable[[], Call]) -> Callable[[], Call]:
    """Add a case under the name of its function."""
    CASES[make.__name__] = make
    return make


def call(source: Any, budget: Any = None, /, **options: Any) -> Call:
    """Return a call; validation is off unless asked for, as these cases end before it."""
    return Call(source, TINY if budget is None else budget, {"validate": False, **options})


def row(key: Any, /, **other: Any) -> dict[str, Any]:
    """Return a good row, or one with other fields."""
    return {"id": key, "prompt": f"Question {key}", "response": f"Answer {key}", **other}


def good(language: str, count: int = 4) -> list[dict[str, Any]]:
    """Return good rows."""
    return [row(f"q{number}", prompt=f"Question {number} in {language}") for number in range(1, count + 1)]


def lines(rows: Iterable[Any]) -> bytes:
    """Return rows as JSON Lines; a text or bytes among them stands as it is."""
    parts = []
    for one in rows:
        if isinstance(one, bytes):
            parts.append(one)
        else:
            parts.append((one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)).encode())
    return b"".join(part + b"\n" for part in parts)


def put(name: str, content: bytes | str | list[Any]) -> None:
    """Write a file; a list is written as JSON Lines."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        lines(content) if isinstance(content, list) else content.encode() if isinstance(content, str) else content
    )


def pair(bad: bytes | str | list[Any], **options: Any) -> Call:
    """Return the call for a good English file and a bad Swahili one."""
    put("data/en.jsonl", good("en"))
    put("data/sw.jsonl", bad)
    return call("data/{lang}.jsonl", **options)


def parquet(name: str, table: pa.Table) -> None:
    """Write a Parquet file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def frame(language: str, count: int = 4) -> pd.DataFrame:
    """Return good rows as a DataFrame."""
    return pd.DataFrame(good(language, count))


# Rows that cannot be used -------------------------------------------------------------------------------------------


@case
def json_broken() -> Call:
    return pair([row("q1"), '{"id": "q2", "prompt": "no end', row("q3"), '{"id": "q4" "prompt"}', "{'id': 'q5'}"])


@case
def json_two_objects_on_a_line() -> Call:
    return pair([row("q1"), json.dumps(row("q2")) + json.dumps(row("q3"))])


@case
def json_not_objects() -> Call:
    return pair([row("q1"), "[1, 2]", '"text"', "17", "null", "true"])


@case
def json_nothing_but_broken_lines() -> Call:
    return pair(["{", "no json at all"])


@case
def json_nested_too_deep() -> Call:
    return pair([row("q1"), '{"id": "q2", "prompt": ' + "[" * 100_000 + "]" * 100_000 + "}"])


@case
def json_endless_number() -> Call:
    return pair([row("q1"), '{"id": ' + "1" * 5000 + ', "prompt": "a", "response": "b"}'])


@case
def json_raw_control_character() -> Call:
    return pair([row("q1"), '{"id": "q2", "prompt": "a\tb", "response": "c"}'])


@case
def json_pretty_printed() -> Call:
    return pair(json.dumps(row("q1"), indent=2) + "\n")


@case
def id_missing() -> Call:
    return pair([row("q1"), row(None), {"prompt": "a", "response": "b"}, row(""), row("  ")])


@case
def id_duplicate() -> Call:
    return pair([row("q1"), row("q2"), row("q1"), row("q3"), row("q1")])


@case
def id_duplicate_as_number_and_text() -> Call:
    return pair([row("1"), row(1), row("2")])


@case
def id_duplicate_over_files() -> Call:
    put("data/en/a.jsonl", good("en"))
    put("data/en/b.jsonl", [row("q9"), row("q2")])
    put("data/sw/a.jsonl", good("sw"))
    return call("data")


@case
def id_of_wrong_type() -> Call:
    return pair([row("q1"), row(1.5), row(True), row(["q2"]), row({"id": "q3"})])


@case
def id_never_there() -> Call:
    return pair([{"prompt": "a", "response": "b"}, {"prompt": "c", "response": "d"}])


@case
def id_column_of_fractions() -> Call:
    return call(
        {"en": pd.DataFrame({"id": [1.0, None], "prompt": ["a", "b"], "response": ["c", "d"]}), "sw": frame("sw")}
    )


@case
def text_missing_or_empty() -> Call:
    return pair(
        [
            row("q1"),
            row("q2", prompt=None),
            row("q3", response=None),
            row("q4", prompt=""),
            row("q5", response=" \t\n\u3000"),
            {"id": "q6", "prompt": "a"},
            row("q7", response="\u200b\u200e"),
        ]
    )


@case
def text_of_wrong_type() -> Call:
    return pair(
        [
            row("q1"),
            row("q2", prompt=7),
            row("q3", response=["a"]),
            row("q4", prompt={"text": "a"}),
            row("q5", response=True),
        ]
    )


@case
def text_of_wrong_type_in_first_row() -> Call:
    return pair([row("q1", prompt=7), row("q2"), row("q3", response=[]), row("q4")])


@case
def text_never_text() -> Call:
    return pair([row("q1", prompt=7), row("q2", prompt=8)])


@case
def text_of_lone_surrogates() -> Call:
    return pair(
        [
            row("q1"),
            '{"id": "q2", "prompt": "cut \\ud83d", "response": "b"}',
            '{"id": "\\udc00", "prompt": "a", "response": "b"}',
        ]
    )


@case
def text_not_utf8() -> Call:
    return pair([row("q1"), '{"id": "q2", "prompt": "café", "response": "b"}'.encode("latin-1"), row("q3")])


@case
def text_encoded_surrogate() -> Call:
    return pair([row("q1"), b'{"id": "q2", "prompt": "\xed\xa0\x80", "response": "b"}'])


@case
def turns_bad() -> Call:
    def turns(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
        return [{"role": role, "content": content} for role, content in pairs]

    fine = [{"id": f"q{n}", "messages": turns(("user", "a"), ("assistant", "b"))} for n in range(1, 4)]
    put("data/en.jsonl", fine)
    put(
        "data/sw.jsonl",
        [
            fine[0],
            {"id": "q2", "messages": []},
            {"id": "q3", "messages": None},
            {"id": "q4"},
            {"id": "q5", "messages": turns(("user", "a"), ("tool", "b"))},
            {"id": "q6", "messages": turns(("assistant", "a"), ("user", "b"))},
            {"id": "q7", "messages": turns(("user", "a"))},
            {"id": "q8", "messages": turns(("user", "a"), ("assistant", None))},
            {"id": "q9", "messages": turns(("user", " "), ("assistant", "b"))},
            {"id": "q10", "messages": turns(("user", "a"), ("assistant", 7))},
            {"id": "q11", "messages": "user: a"},
            {"id": "q12", "messages": [{"role": "user"}, {"content": "b"}]},
            {"id": "q13", "messages": ["a", "b"]},
            {"id": "q14", "messages": turns(("user", "a"), ("assistant", "b"), ("system", "c"))},
            {"id": "q15", "messages": [None]},
        ],
    )
    return call("data/{lang}.jsonl")


@case
def turns_bad_in_first_row() -> Call:
    fine = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    put("data/en.jsonl", [{"id": "q1", **fine}, {"id": "q2", **fine}])
    put("data/sw.jsonl", [{"id": "q1", "messages": []}, {"id": "q2", **fine}])
    return call("data/{lang}.jsonl")


@case
def turns_with_parts() -> Call:
    turns = [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "assistant", "content": "b"}]
    put("data/en.jsonl", [{"id": "q1", "messages": turns}])
    put("data/sw.jsonl", [{"id": "q1", "messages": turns}])
    return call("data/{lang}.jsonl")


@case
def turns_of_numbers_in_arrow() -> Call:
    table = pa.table(
        {"id": ["q1"], "messages": [[{"role": "user", "content": 1}, {"role": "assistant", "content": 2}]]}
    )
    return call({"en": table, "sw": table})


@case
def turns_sharegpt_bad() -> Call:
    def turns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
        return [{"from": role, "value": text} for role, text in pairs]

    fine = [{"id": f"q{n}", "conversations": turns(("human", "a"), ("gpt", "b"))} for n in range(1, 3)]
    put("data/en.jsonl", fine)
    put("data/sw.jsonl", [fine[0], {"id": "q2", "conversations": turns(("human", "a"), ("function_call", "b"))}])
    return call("data/{lang}.jsonl")


@case
def language_column_bad() -> Call:
    put(
        "long.jsonl",
        [
            row("q1", language="en"),
            row("q1", language="sw"),
            row("q2", language="Klingonese"),
            row("q2", language=None),
            row("q3", language=""),
            row("q3", language="en"),
            row("q4", language="it's"),
        ],
    )
    return call("long.jsonl")


@case
def language_column_contradicts_file() -> Call:
    put("data/en.jsonl", [row(f"q{n}", language="en") for n in range(3)])
    put("data/sw.jsonl", [row("q0", language="sw"), row("q1", language="eng"), row("q2", language="swh")])
    return call("data/{lang}.jsonl")


@case
def language_spelled_twice_in_column() -> Call:
    put("long.jsonl", [row("q1", language="zh"), row("q1", language="en"), row("q2", language="zho_Hans")])
    return call("long.jsonl")


@case
def language_spelled_twice_over_long_files() -> Call:
    put("data/part-a.jsonl", [row("q1", language="zh"), row("q1", language="en")])
    put("data/part-b.jsonl", [row("q2", language="zh-CN"), row("q2", language="en")])
    return call("data")


@case
def many_faults_together() -> Call:
    put("data/en.jsonl", [row("q1"), '{"id": "q2"', row("q3", prompt=""), row("q4"), row("q4"), row(None)])
    put("data/sw.jsonl", lines([row("q1"), row("q2", response=3)]) + b'{"id": "q3", "prompt": "\xff"}\n')
    put("data/de.jsonl", b"")
    put("data/fr.jsonl", b"PAR1 and so on")
    put("data/it.jsonl", [row("q1"), '{"id": "q2", "prompt": "\\ud800", "response": "b"}', "[]"])
    return call("data/{lang}.jsonl", {"en": 1, "sw": 1, "de": 1, "fr": 1, "it": 1})


@case
def many_faults_beside_an_infeasible_budget() -> Call:
    put("data/en.jsonl", good("en"))
    put("data/sw.jsonl", [row("q1"), row("q2", prompt=" ")])
    return call("data/{lang}.jsonl", {"en": 3, "sw": 2})


@case
def many_rows_of_one_fault() -> Call:
    return pair([row(f"q{n}", prompt="" if n % 2 else "a") for n in range(1, 101)])


@case
def many_faults_in_one_row() -> Call:
    put("long.jsonl", [row("q1", language="en"), row("q1", language="sw"), row(None, language=None, prompt="")])
    return call("long.jsonl")


# Files that cannot be read ------------------------------------------------------------------------------------------


@case
def file_empty() -> Call:
    return pair(b"")


@case
def file_of_blank_lines() -> Call:
    return pair(b"\n \n\r\n\n")


@case
def file_of_nothing_but_a_mark() -> Call:
    return pair(b"\xef\xbb\xbf")


@case
def file_named_otherwise_gzip() -> Call:
    return pair(gzip.compress(lines(good("sw")), mtime=0))


@case
def file_named_otherwise_parquet() -> Call:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(good("sw")), sink)
    return pair(sink.getvalue())


@case
def file_named_otherwise_plain() -> Call:
    put("data/en.jsonl.gz", gzip.compress(lines(good("en")), mtime=0))
    put("data/sw.jsonl.gz", good("sw"))
    put("data/de.jsonl.gz", zstandard.compress(lines(good("de"))))
    return call("data/{lang}.jsonl.gz")


@case
def file_named_otherwise_array() -> Call:
    return pair(json.dumps(good("sw")))


@case
def file_named_otherwise_lines() -> Call:
    put("data/en.json", json.dumps(good("en")))
    put("data/sw.json", good("sw"))
    return call("data/{lang}.json")


@case
def file_named_otherwise_zip() -> Call:
    return pair(b"PK\x03\x04 and so on")


@case
def file_named_otherwise_csv() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", good("sw"))
    return call("data/{lang}.csv")


@case
def file_of_utf16() -> Call:
    return pair(lines(good("sw")).decode().encode("utf-16"))


@case
def file_gzip_truncated() -> Call:
    rng = np.random.default_rng(0)
    rows = [row(f"q{n}", prompt=rng.bytes(60).hex()) for n in range(200)]
    put("data/en.jsonl.gz", gzip.compress(lines(good("en")), mtime=0))
    put("data/sw.jsonl.gz", gzip.compress(lines(rows), mtime=0)[:5000])
    return call("data/{lang}.jsonl.gz")


@case
def file_gzip_damaged() -> Call:
    packed = bytearray(gzip.compress(lines(good("sw", 400)), mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    put("data/en.jsonl.gz", gzip.compress(lines(good("en")), mtime=0))
    put("data/sw.jsonl.gz", bytes(packed))
    return call("data/{lang}.jsonl.gz")


@case
def file_zst_truncated() -> Call:
    put("data/en.jsonl.zst", zstandard.compress(lines(good("en"))))
    put("data/sw.jsonl.zst", zstandard.compress(lines(good("sw", 400)))[:60])
    return call("data/{lang}.jsonl.zst")


@case
def file_zst_truncated_late() -> Call:
    rng = np.random.default_rng(0)
    rows = [row(f"q{n}", prompt=rng.bytes(500).hex()) for n in range(1000)]
    put("data/en.jsonl.zst", zstandard.compress(lines(good("en"))))
    put("data/sw.jsonl.zst", zstandard.compress(lines(rows))[:-1000])
    return call("data/{lang}.jsonl.zst")


@case
def file_zst_damaged() -> Call:
    packed = bytearray(zstandard.compress(lines(good("sw", 400))))
    packed[8:12] = b"\xff\xff\xff\xff"
    put("data/en.jsonl.zst", zstandard.compress(lines(good("en"))))
    put("data/sw.jsonl.zst", bytes(packed))
    return call("data/{lang}.jsonl.zst")


@case
def file_packed_and_empty() -> Call:
    put("data/en.jsonl.gz", gzip.compress(lines(good("en")), mtime=0))
    put("data/sw.jsonl.gz", gzip.compress(b"", mtime=0))
    put("data/de.jsonl.gz", b"")
    return call("data/{lang}.jsonl.gz")


@case
def file_parquet_empty() -> Call:
    parquet("data/en.parquet", pa.Table.from_pylist(good("en")))
    put("data/sw.parquet", b"")
    return call("data/{lang}.parquet")


@case
def file_parquet_truncated() -> Call:
    parquet("data/en.parquet", pa.Table.from_pylist(good("en")))
    parquet("data/sw.parquet", pa.Table.from_pylist(good("sw")))
    put("data/sw.parquet", Path("data/sw.parquet").read_bytes()[:-40])
    return call("data/{lang}.parquet")


@case
def file_parquet_damaged_in_the_middle() -> Call:
    parquet("data/en.parquet", pa.Table.from_pylist(good("en")))
    pq.write_table(pa.Table.from_pylist(good("sw", 200)), "data/sw.parquet", compression="gzip")
    packed = bytearray(Path("data/sw.parquet").read_bytes())
    for place in range(60, len(packed) // 3):
        packed[place] = 0xA5
    put("data/sw.parquet", bytes(packed))
    return call("data/{lang}.parquet")


@case
def file_parquet_not_utf8() -> Call:
    parquet("data/en.parquet", pa.Table.from_pylist(good("en")))
    raw = pa.array([b"fine", b"caf\xe9", b"fine too"], type=pa.binary())
    text = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:])
    parquet("data/sw.parquet", pa.table({"id": ["q1", "q2", "q3"], "prompt": text, "response": ["a", "b", "c"]}))
    return call("data/{lang}.parquet")


@case
def file_parquet_without_rows() -> Call:
    parquet("data/en.parquet", pa.Table.from_pylist(good("en")))
    parquet("data/sw.parquet", pa.Table.from_pylist(good("sw")).slice(0, 0))
    return call("data/{lang}.parquet")


@case
def file_parquet_compressed_by_name() -> Call:
    put("data/en.parquet.gz", b"\x1f\x8b and so on")
    put("data/sw.parquet.gz", b"\x1f\x8b and so on")
    return call("data/{lang}.parquet.gz")


@case
def file_json_broken_array() -> Call:
    put("data/en.json", json.dumps(good("en")))
    put("data/sw.json", '[\n{"id": "q1", "prompt": "a", "response": "b"},\n{"id": "q2" "prompt": "c"}\n]')
    return call("data/{lang}.json")


@case
def file_json_of_other_things() -> Call:
    put("data/en.json", json.dumps(good("en")))
    put("data/de.json", "17")
    put("data/fr.json", "[]")
    put("data/it.json", "[1, null]")
    put("data/sw.json", b'[{"id": "q1",\n"prompt": "\xff"}]')
    put("data/pl.json", "[" * 100_000)
    put("data/cs.json", '[{"id": ' + "1" * 5000 + "}]")
    return call("data/{lang}.json")


@case
def file_json_bad_rows() -> Call:
    put("data/en.json", json.dumps(good("en")))
    put(
        "data/sw.json",
        json.dumps([row("q1"), 7, row("q2", prompt=3), row("q3", response=""), row("q4", prompt="\ud800")]),
    )
    return call("data/{lang}.json")


@case
def file_csv_bad_rows() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put(
        "data/sw.csv",
        "id,prompt,response\r\n"
        "q1,a,b\r\n"
        "q2,one too few\r\n"
        "\r\n"
        'q3,"two\nlines",fine\r\n'
        "q4,one,too,many\r\n"
        "q5,,no prompt\r\n"
        ",a,no id\r\n"
        "q1,a,again\r\n",
    )
    return call("data/{lang}.csv")


@case
def file_csv_quote_never_closed() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", 'id,prompt,response\nq1,a,b\nq2,"never closed,b\nq3,a,b\n')
    return call("data/{lang}.csv")


@case
def file_csv_text_after_quote() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", 'id,prompt,response\nq1,a,b\nq2,"so" he said,b\nq3,a,b\n')
    return call("data/{lang}.csv")


@case
def file_csv_not_utf8() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", b"id,prompt,response\nq1,a,b\nq2,caf\xe9,b\nq3,a,b\n")
    return call("data/{lang}.csv")


@case
def file_csv_header_only() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", "id,prompt,response\n")
    return call("data/{lang}.csv")


@case
def file_csv_header_twice() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", "id,prompt,response,prompt\nq1,a,b,c\n")
    return call("data/{lang}.csv")


@case
def file_csv_of_semicolons() -> Call:
    put("data/en.csv", "id;prompt;response\nq1;a;b\n")
    put("data/sw.csv", "id;prompt;response\nq1;a;b\n")
    return call("data/{lang}.csv")


@case
def file_csv_line_ends_of_old() -> Call:
    put("data/en.csv", "id,prompt,response\nq1,a,b\n")
    put("data/sw.csv", "id,prompt,response\rq1,a,b\rq2,c,d\r")
    return call("data/{lang}.csv")


@case
def file_tsv_of_commas() -> Call:
    put("data/en.tsv", "id\tprompt\tresponse\nq1\ta\tb\n")
    put("data/sw.tsv", "id,prompt,response\nq1,a,b\n")
    return call("data/{lang}.tsv")


@case
def file_of_unknown_ending() -> Call:
    put("data/en.txt", "Hello")
    put("data/sw.txt", "Habari")
    return call("data/{lang}.txt")


@case
def file_unreadable() -> Call:
    put("data/en.jsonl", good("en"))
    Path("data/sw.jsonl").symlink_to("gone.jsonl")
    return call("data/{lang}.jsonl")


# Nothing there ------------------------------------------------------------------------------------------------------


@case
def source_missing_file() -> Call:
    put("data/long.jsonl", good("en"))
    return call("data/lnog.jsonl")


@case
def source_missing_folder() -> Call:
    return call("nowhere/{lang}.jsonl")


@case
def source_missing_folder_of_a_file() -> Call:
    return call("nowhere/at/all.jsonl")


@case
def source_template_matches_nothing() -> Call:
    put("data/en.parquet", b"")
    return call("data/{lang}.jsonl")


@case
def source_template_matches_strangers() -> Call:
    put("data/english.jsonl", good("en"))
    put("data/notes.jsonl", good("en"))
    return call("data/{lang}.jsonl")


@case
def source_template_misspelled() -> Call:
    put("data/en.jsonl", good("en"))
    return call("data/{language}.jsonl")


@case
def source_template_of_folders() -> Call:
    put("data/en/text.txt", "")
    put("data/sw/text.txt", "")
    return call("data/{lang}")


@case
def source_glob_matches_nothing() -> Call:
    return call("data/*.jsonl")


@case
def source_folder_empty() -> Call:
    Path("data").mkdir()
    return call("data")


@case
def source_folder_without_data() -> Call:
    put("data/readme.txt", "Hello")
    return call("data")


@case
def source_folder_of_unclear_names() -> Call:
    put("data/first.jsonl", good("en"))
    put("data/second.jsonl", good("sw"))
    return call("data")


@case
def source_protocol_unknown() -> Call:
    return call("gopher://data/{lang}.jsonl")


@case
def source_address_missing() -> Call:
    return call("memory://nowhere/{lang}.jsonl")


@case
def source_address_of_bad_rows() -> Call:
    memory = fsspec.filesystem("memory")
    memory.pipe("/bad/en.jsonl", lines(good("en")))
    memory.pipe("/bad/sw.jsonl", lines([row("q1"), row("q2", prompt="")]))
    return call("memory://bad/{lang}.jsonl")


@case
def source_empty_text() -> Call:
    return call("")


@case
def source_with_nul() -> Call:
    return call("data\0/{lang}.jsonl")


@case
def source_none() -> Call:
    return call(None)


@case
def source_number() -> Call:
    return call(17)


@case
def source_empty_mapping() -> Call:
    return call({})


@case
def source_mapping_to_nothing() -> Call:
    return call({"en": None, "sw": frame("sw")})


@case
def source_mapping_of_numbers() -> Call:
    return call({1: frame("en")})


@case
def source_mapping_of_no_language() -> Call:
    return call({"en": frame("en"), "dutchh": frame("nl")})


@case
def source_mapping_to_missing_file() -> Call:
    put("data/en.jsonl", good("en"))
    return call({"en": "data/en.jsonl", "sw": "data/ws.jsonl"})


@case
def source_stream() -> Call:
    return call({"en": datasets.Dataset.from_list(good("en")).to_iterable_dataset(), "sw": frame("sw")})


@case
def source_lazy_frame() -> Call:
    return call({"en": pl.DataFrame(good("en")).lazy(), "sw": frame("sw")})


@case
def source_splits_of_a_language() -> Call:
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_list(good("en"))})
    return call({"en": splits, "sw": frame("sw")})


@case
def source_one_table_of_no_language() -> Call:
    return call(frame("en"))


@case
def source_without_rows() -> Call:
    return call({"en": frame("en"), "sw": frame("sw").iloc[:0]})


@case
def source_rows_of_mixed_types() -> Call:
    return call({"en": [row("q1"), row("q2", prompt=7)], "sw": good("sw")})


@case
def source_rows_that_are_none() -> Call:
    return call({"en": [1, 2], "sw": good("sw")})


@case
def source_rows_empty_list() -> Call:
    return call({"en": [], "sw": good("sw")})


@case
def source_frame_of_mixed_types() -> Call:
    return call(
        {
            "en": pd.DataFrame({"id": ["a", "b"], "prompt": ["x", 7], "response": ["y", "z"]}, dtype=object),
            "sw": frame("sw"),
        }
    )


@case
def source_frame_of_lone_surrogates() -> Call:
    return call(
        {"en": pd.DataFrame({"id": ["a"], "prompt": ["\ud800"], "response": ["y"]}, dtype=object), "sw": frame("sw")}
    )


@case
def source_frame_column_twice() -> Call:
    table = frame("en")
    table.columns = ["id", "prompt", "prompt"]
    return call({"en": table, "sw": frame("sw")})


@case
def source_frame_bad_rows() -> Call:
    table = pd.DataFrame(
        {
            "id": ["a", None, "c", "c"],
            "prompt": ["x", "y", "z", "z"],
            "response": ["1", "2", "3", "4"],
            "language": "en",
        }
    )
    more = pd.DataFrame({"id": ["a", "b"], "prompt": [None, " "], "response": ["1", "2"], "language": "sw"})
    return call(pd.concat([table, more]))


@case
def source_arrow_column_twice() -> Call:
    text = pa.array(["a"])
    return call({"en": pa.Table.from_arrays([text, text, text], names=["id", "prompt", "prompt"]), "sw": frame("sw")})


@case
def source_arrow_not_utf8() -> Call:
    raw = pa.array([b"fine", b"caf\xe9"], type=pa.binary())
    text = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:])
    return call({"en": pa.table({"id": ["q1", "q2"], "prompt": text, "response": ["a", "b"]}), "sw": frame("sw")})


@case
def source_wide_half_a_cell() -> Call:
    put(
        "wide.jsonl",
        [
            {"id": "q1", "prompt_en": "a", "response_en": "b", "prompt_sw": "c", "response_sw": "d"},
            {"id": "q2", "prompt_en": "a", "response_en": None, "prompt_sw": None, "response_sw": None},
            {"id": None, "prompt_en": "a", "response_en": "b", "prompt_sw": "c", "response_sw": "d"},
        ],
    )
    return call("wide.jsonl")


@case
def source_wide_language_without_rows() -> Call:
    put("wide.csv", "id,prompt_en,response_en,prompt_sw,response_sw\nq1,a,b,,\nq2,c,d,,\n")
    return call("wide.csv")


# Languages that clash, layouts that are none ------------------------------------------------------------------------


@case
def clash_of_files() -> Call:
    put("data/en.jsonl", good("en"))
    put("data/zh.jsonl", good("zh"))
    put("data/zho_Hans.jsonl", good("zh"))
    return call("data/{lang}.jsonl")


@case
def clash_of_keys() -> Call:
    return call({"nb": frame("no"), "no": frame("no"), "en": frame("en")})


@case
def clash_of_columns() -> Call:
    return call(
        pd.DataFrame({"id": ["a"], "prompt_he": ["x"], "response_he": ["x"], "prompt_iw": ["y"], "response_iw": ["y"]})
    )


@case
def clash_of_budget() -> Call:
    return call({"en": frame("en"), "id": frame("id")}, {"en": 1, "in": 1, "id": 1})


@case
def clash_of_languages() -> Call:
    return call({"en": frame("en"), "zh": frame("zh")}, languages=["en", "zh", "zh-CN"])


@case
def layout_unknown() -> Call:
    put("data/en.jsonl", [{"id": "q1", "title": "a", "body": "b"}])
    put("data/sw.jsonl", [{"id": "q1", "title": "a", "body": "b"}])
    return call("data/{lang}.jsonl")


@case
def layout_of_many_columns() -> Call:
    table = pd.DataFrame({f"column_{n}": ["a"] for n in range(40)})
    return call({"en": table, "sw": table})


@case
def layout_of_other_type() -> Call:
    table = pa.table({"id": ["a"], "prompt": pa.array([0], type=pa.date32()), "response": ["b"]})
    return call({"en": table, "sw": table})


@case
def layout_wide_half_a_language() -> Call:
    return call(pd.DataFrame({"id": ["a"], "prompt_en": ["x"], "response_en": ["y"], "prompt_sw": ["z"]}))


@case
def layout_columns_that_differ_in_case() -> Call:
    table = pd.DataFrame({"id": ["a"], "Text": ["x"], "text": ["y"]})
    return call({"en": table, "sw": table}, columns={"prompt": "Text", "response": "text"})


@case
def layout_columns_of_reserved_names() -> Call:
    put("data/en.jsonl", [{"id": "a", "__row": "x", "__line": "y"}])
    put("data/sw.jsonl", [{"id": "a", "__row": "x", "__line": "y"}])
    return call("data/{lang}.jsonl", columns={"prompt": "__row", "response": "__line"})


@case
def clash_of_columns_over_files() -> Call:
    put("data/part-a.csv", "id,prompt_en,response_en,prompt_nb,response_nb\nq1,a,b,c,d\n")
    put("data/part-b.csv", "id,prompt_en,response_en,prompt_no,response_no\nq2,a,b,c,d\n")
    return call("data")


@case
def layout_half_known() -> Call:
    put("data/en.jsonl", [{"id": "q1", "instruction": "a", "answer": "b"}])
    put("data/sw.jsonl", [{"id": "q1", "instruction": "a", "answer": "b"}])
    return call("data/{lang}.jsonl")


@case
def layout_wide_in_one_language() -> Call:
    table = pd.DataFrame({"id": ["a"], "prompt_en": ["x"], "response_en": ["y"]})
    return call({"en": table, "sw": frame("sw")})


# Bad arguments ------------------------------------------------------------------------------------------------------


def plain(budget: Any = None, /, **options: Any) -> Call:
    """Return a call on a good source, so that only the arguments can be wrong."""
    return call({"en": frame("en"), "sw": frame("sw"), "de": frame("de", 2)}, budget, **options)


@case
def columns_unknown_field() -> Call:
    return plain(columns={"promt": "prompt", "response": "response"})


@case
def columns_unknown_column() -> Call:
    return plain(columns={"prompt": "promt", "response": "response"})


@case
def columns_half() -> Call:
    return plain(columns={"prompt": "prompt"})


@case
def columns_not_turns() -> Call:
    return plain(columns={"messages": "prompt"})


@case
def columns_not_a_mapping() -> Call:
    return plain(columns=["prompt", "response"])


@case
def columns_not_text() -> Call:
    return plain(columns={"prompt": 3, "response": "response"})


@case
def columns_of_other_type() -> Call:
    table = pd.DataFrame({"key": ["a"], "q": [1], "a": ["b"]})
    return call({"en": table, "sw": table}, columns={"id": "key", "prompt": "q", "response": "a"})


@case
def columns_one_for_two() -> Call:
    return plain(columns={"prompt": "prompt", "response": "prompt"})


@case
def columns_prompt_beside_messages() -> Call:
    table = pa.table(
        {"id": ["a"], "talk": [[{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]], "s": ["z"]}
    )
    return call({"en": table, "sw": table}, columns={"messages": "talk", "prompt": "s"})


@case
def join_unknown() -> Call:
    return plain(join="rows")


@case
def join_not_text() -> Call:
    return plain(join=None)


@case
def join_row_of_unequal_files() -> Call:
    return plain(join="row")


@case
def join_row_of_a_long_table() -> Call:
    return call(pd.DataFrame([row("q1", language="en"), row("q1", language="sw")]), join="row")


@case
def join_row_with_bad_rows() -> Call:
    return pair([row("q1"), "{", row("q3"), row("q4")], join="row")


@case
def join_row_with_bad_rows_dropped() -> Call:
    return pair([row("q1"), "{", row("q3"), row("q4")], join="row", on_bad_rows="drop")


@case
def join_row_of_shards() -> Call:
    put("data/en/a.jsonl", good("en"))
    put("data/en/b.jsonl", good("en"))
    put("data/sw/a.jsonl", good("sw"))
    return call("data", join="row")


@case
def on_bad_rows_unknown() -> Call:
    return plain(on_bad_rows="drpo")


@case
def on_bad_rows_true() -> Call:
    return plain(on_bad_rows=True)


@case
def dropped_until_infeasible() -> Call:
    put("data/en.jsonl", good("en"))
    put("data/sw.jsonl", [row("q1"), row("q2", prompt=""), '{"id": '])
    return call("data/{lang}.jsonl", {"en": 1, "sw": 3}, on_bad_rows="drop")


@case
def dropped_until_nothing_is_left() -> Call:
    put("data/en.jsonl", ["{"])
    put("data/sw.jsonl", b"")
    return call("data/{lang}.jsonl", on_bad_rows="drop")


@case
def languages_as_text() -> Call:
    return plain(languages="en")


@case
def languages_unknown() -> Call:
    return plain(languages=["en", "swa-X-bad", "engl"])


@case
def languages_not_in_source() -> Call:
    return plain(languages=["en", "se"])


@case
def languages_not_in_long_table() -> Call:
    return call(pd.DataFrame([row("q1", language="en"), row("q1", language="sw")]), languages=["en", "se"])


@case
def languages_not_text() -> Call:
    return plain(languages=["en", 3])


@case
def languages_of_a_long_table_without_tags() -> Call:
    return call(pd.DataFrame([row(f"q{n}", lang="Finnish") for n in range(3)]), {"fi": 2}, languages=["fi"])


@case
def languages_a_list_of_lists() -> Call:
    return plain(languages=[["en"]])


@case
def languages_without_budget() -> Call:
    return plain({"en": 1, "sw": 1}, languages=["en", "de"])


@case
def pivot_unknown() -> Call:
    return plain(pivot="english please")


@case
def pivot_not_text() -> Call:
    return plain(pivot=7)


@case
def pivot_not_in_source() -> Call:
    return plain({"sw": 1}, languages=["sw"], pivot="et", validate=["copy"])


@case
def pivot_not_in_long_table() -> Call:
    long = pd.DataFrame([row("q1", language="fi"), row("q1", language="sw")])
    return call(long, {"sw": 1}, languages=["sw"], pivot="et", validate=["copy"])


@case
def pivot_without_rows() -> Call:
    return call({"en": [], "sw": good("sw")}, {"sw": 1}, languages=["sw"], validate=["copy"])


@case
def pivot_without_texts_in_a_wide_table() -> Call:
    texts = {"prompt_sw": "a", "response_sw": "b", "prompt_en": None, "response_en": None}
    return call(pd.DataFrame([{"id": "q1", **texts}]), {"sw": 1}, languages=["sw"], validate=["copy"])


@case
def pivot_of_no_layout() -> Call:
    english = [{"id": "q1", "said": "a", "meant": "b"}]
    return call({"en": english, "sw": good("sw")}, {"sw": 1}, languages=["sw"], validate=["copy"])


@case
def sampler_without_the_pivot() -> Call:
    return call({tag: good(tag) for tag in ("fi", "sw")}, {"sw": 1}, languages=["sw"], sampler="longest")


@case
def pivot_a_list() -> Call:
    return plain(pivot=["en"])


@case
def content_unknown() -> Call:
    return plain(content="disjont")


@case
def sampler_unknown() -> Call:
    return plain(sampler="randon")


@case
def validators_unknown() -> Call:
    return plain(validate=["langauge"])


@case
def validators_as_text() -> Call:
    return plain(validate="language")


@case
def seed_of_text() -> Call:
    return plain(seed="0")


@case
def seed_of_fraction() -> Call:
    return plain(seed=0.5)


@case
def recipe_with_keywords() -> Call:
    return plain(Recipe(Budget.counts({"en": 1})), seed=1, validate=None)


@case
def recipe_of_nothing() -> Call:
    return plain("en")


# Bad budgets --------------------------------------------------------------------------------------------------------

BUDGETS: dict[str, tuple[Any, dict[str, Any]]] = {
    "empty": ({}, {}),
    "zero": ({"en": 0, "*": 0}, {}),
    "negative": ({"en": 2, "sw": -1}, {}),
    "negative_share": ({"en": 1.5, "sw": -0.5}, {"total": 4}),
    "nan": ({"en": float("nan"), "sw": 0.5}, {"total": 4}),
    "infinite": ({"en": float("inf")}, {"total": 4}),
    "decimal_nan": ({"en": Decimal("NaN")}, {"total": 4}),
    "bool": ({"en": True, "sw": 1}, {}),
    "none": ({"en": None}, {}),
    "text": ({"en": "3"}, {}),
    "text_beside_count": ({"en": 3, "sw": "3"}, {}),
    "share_above_one": ({"en": 2.5, "sw": 0.5}, {"total": 4}),
    "shares_below_one": ({"en": 0.5, "sw": 0.4}, {"total": 4}),
    "shares_above_one": ({"en": 0.7, "sw": 0.4}, {"total": 4}),
    "shares_without_total": ({"en": 0.5, "sw": 0.5}, {}),
    "share_beside_count": ({"en": 3, "*": 0.25}, {"total": 4}),
    "counts_with_total": ({"en": 3, "sw": 1}, {"total": 4}),
    "whole_one_with_total": ({"*": 1}, {"total": 4}),
    "total_zero": ({"*": 1.0}, {"total": 0}),
    "total_negative": ({"*": 1.0}, {"total": -4}),
    "total_fraction": ({"*": 1.0}, {"total": 4.5}),
    "total_bool": ({"*": 1.0}, {"total": True}),
    "total_text": ({"*": 1.0}, {"total": "4"}),
    "total_beside_budget": (Budget.counts({"en": 1}), {"total": 4}),
    "no_language": ({"en": 1, "englsh": 1}, {}),
    "number_as_language": ({1: 4}, {}),
    "language_not_in_source": ({"en": 1, "se": 1}, {}),
    "nothing_left": ({"en": 1, "sw": 1, "de": 1, "*": 1}, {}),
    "list": ([("en", 1)], {}),
    "huge": ({"en": 10**30}, {}),
    "huge_total": ({"*": 1.0}, {"total": 10**30}),
    "infeasible_one": ({"en": 1, "de": 3}, {}),
    "infeasible_many": ({"en": 2, "sw": 2, "de": 1}, {}),
    "infeasible_total": ({"*": 1.0}, {"total": 100}),
}


def _budget_case(name: str) -> None:
    budget, options = BUDGETS[name]
    CASES[f"budget_{name}"] = lambda: plain(budget, **options)


for _name in BUDGETS:
    _budget_case(_name)
