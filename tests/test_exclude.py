"""Exclusions: what overlaps with an evaluation is found, and nothing else; files are read or refused with reason."""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinchmix import plan_mixture
from pinchmix.canonical import canonical_bytes, hash_of_id
from pinchmix.errors import ArgumentError
from pinchmix.exclude import Exclusion, Overlap, Reason, ngrams, overlap, read_exclusion
from pinchmix.words import batches_of_words
from tests.grids import laws

# The slow twin ------------------------------------------------------------------------------------------------------

SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO")


def spaceless(char: str) -> bool:
    return unicodedata.name(char, "").startswith(SPACELESS) and char not in "ーｰ"


def words_of(text: str) -> list[str]:
    """The words of a text, character by character."""
    folded = "".join(char if ord(char) > 127 or char.isalnum() else " " for char in text)
    words, word = [], ""
    for piece in folded.split(" "):
        for char in [*unicodedata.normalize("NFKC", piece), " "]:
            alone = spaceless(char)
            if unicodedata.category(char)[0] not in "LMN" or alone:
                words.append(word)
                word = ""
            if alone:
                words.append(char)
            elif unicodedata.category(char)[0] in "LMN":
                word += char
    return [unicodedata.normalize("NFKC", word.casefold()) for word in words if word]


def slowly(exclusion: Exclusion, ids: list[str], prompts: list[str | None]) -> list[int]:
    """The reason of each instruction, by lists and sets."""

    def grams(words: list[str]) -> set[tuple[str, ...]]:
        size = exclusion.ngram
        return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}

    def whole(text: str) -> Any:
        return words_of(text) or " ".join(text.split())

    reasons = []
    for name, prompt in zip(ids, prompts, strict=True):
        reason = Reason.NONE
        if prompt is not None:
            mine = grams(words_of(prompt))
            for other in exclusion.prompts:
                theirs = grams(words_of(other))
                shared = len(mine & theirs)
                if shared and Fraction(shared, len(theirs)) >= Fraction(exclusion.threshold):
                    reason = Reason.NGRAM
            if any(whole(prompt) == whole(other) for other in exclusion.prompts):
                reason = Reason.PROMPT
        reasons.append(int(Reason.ID if name in exclusion.ids else reason))
    return reasons


WORDS = (
    "tea",
    "TEA",
    "is",
    "green",
    "straße",
    "STRASSE",
    "ＴＥＡ",
    "茶は",
    "ชา",
    "🙂",
    "1",
    "¿",
    "e\u0301",
    "é",
    "ﬁne",
    "fine",
)
SEPARATORS = (" ", ", ", "\n", "—", "! ", "\u3000", "'")


@st.composite
def prompts(draw: st.DrawFn) -> str:
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
    return "".join(word + draw(st.sampled_from(SEPARATORS)) for word in words)


@given(
    evaluation=st.lists(prompts(), min_size=1, max_size=4),
    pool=st.lists(st.none() | prompts(), min_size=1, max_size=6),
    ngram=st.integers(1, 4),
    threshold=st.sampled_from([0, Fraction(1, 3), 0.5, "2/3", 1]),
    by_id=st.booleans(),
)
@laws(200)
def test_overlap_is_what_lists_and_sets_find(
    evaluation: list[str], pool: list[str | None], ngram: int, threshold: Any, by_id: bool
) -> None:
    ids = [f"id-{number}" for number in range(len(pool))]
    exclusion = Exclusion(ids=ids[:1] if by_id else [], prompts=evaluation, ngram=ngram, threshold=threshold)
    found = overlap(exclusion, pa.array(ids), [pa.array(pool, pa.string())])
    expected = slowly(exclusion, ids, pool)
    assert found.reason.tolist() == expected
    assert found.mask.tolist() == [bool(reason) for reason in expected]
    assert found.counts == {"id": expected.count(1), "prompt": expected.count(2), "ngram": expected.count(3)}


# Characters that have been in Unicode for long, so that no two libraries know them differently.
BLOCKS = (
    (0x20, 0x24F), (0x300, 0x36F), (0x391, 0x44F), (0x5D0, 0x5EA), (0x905, 0x94D), (0xE01, 0xE3A), (0x2000, 0x206F),
    (0x2100, 0x218B), (0x3041, 0x3096), (0x30A1, 0x30FA), (0x4E00, 0x4F00), (0xAC00, 0xAC20), (0xFF01, 0xFF5E),
)  # fmt: skip
PLAIN = st.one_of(*(st.characters(min_codepoint=first, max_codepoint=last) for first, last in BLOCKS))


@given(st.lists(st.none() | st.text(PLAIN, max_size=12) | prompts(), max_size=5), st.integers(1, 3))
@laws(200)
def test_words_are_those_of_the_normal_form(several: list[str | None], size: int) -> None:
    parts = list(batches_of_words(pa.array(several, pa.string()), size))
    found = [
        part.hashes[start:end].tolist()
        for part in parts
        for start, end in zip(part.offsets, part.offsets[1:], strict=False)
    ]
    assert found == [[hash_of_id(word) for word in words_of(text or "")] for text in several]


def test_blocks_of_pairs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    common = "a b c d e f g h i j"
    pool = pa.chunked_array([[f"{common[: 2 * number]} {number}" for number in range(7)], [common, None, "x"]])
    ids = pa.array([str(number) for number in range(10)])
    exclusion = Exclusion(prompts=[f"{common} {mark}" for mark in "xyz"], ngram=3, threshold=0.4)
    whole = overlap(exclusion, ids, [pool]).reason.tolist()
    assert whole == [0, 0, 0, 0, 0, 0, 3, 3, 0, 0]  # six of the words are 4 of 9 n-grams
    for pairs in (1, 4, 30):
        monkeypatch.setattr(ngrams, "PAIRS", pairs)
        monkeypatch.setattr(ngrams, "BATCH", 3)
        assert overlap(exclusion, ids, [pool]).reason.tolist() == whole


@pytest.mark.parametrize(
    ("prompt", "evaluation"),
    [
        ("what is TEA", "What is tea?"),
        ("  What\tis \n tea ", "What is tea?"),
        ("Ｗｈａｔ　ｉｓ　ｔｅａ？", "What is tea?"),
        ("STRASSE", "Straße"),
        ("ΟΔΟΣ", "οδος"),
        ("\u03aa\u0301\u03a3\u039f\u03a3", "\u0390\u03c3\u03bf\u03c2"),  # lower case comes in two normal forms
        ("茶是什么？", "茶 是 什 么"),
        ("cafe\u0301", "Café"),
        ("🙂", " 🙂 "),
    ],
)
def test_the_same_prompt_in_another_dress_is_the_same(prompt: str, evaluation: str) -> None:
    found = overlap(Exclusion(prompts=[evaluation]), pa.array(["a", "b"]), [pa.array([prompt, "Something else"])])
    assert found.reason.tolist() == [Reason.PROMPT, Reason.NONE]


def test_the_same_words_in_another_order_are_another_prompt() -> None:
    found = overlap(Exclusion(prompts=["Is green tea good?"]), pa.array(["a"]), [pa.array(["Good tea is green"])])
    assert found.reason.tolist() == [Reason.NONE]


def test_eight_words_in_a_row_are_an_overlap_and_seven_are_not() -> None:
    evaluation = ["Why does bread dough rise when it is left in a warm place?"]
    pool = ["Tell me why does bread dough rise when it sinks", "Tell me why does bread dough rise when IT IS sunk"]
    found = overlap(Exclusion(prompts=evaluation), pa.array(["a", "b"]), [pa.array(pool)])
    assert found.reason.tolist() == [Reason.NONE, Reason.NGRAM]


def test_scripts_without_spaces_overlap_by_characters() -> None:
    evaluation = ["为什么面团放在温暖的地方会发起来"]
    found = overlap(
        Exclusion(prompts=evaluation),
        pa.array(["a", "b"]),
        [pa.array(["请问面团放在温暖的地方好吗", "面团放在桌上好吗"])],
    )
    assert found.reason.tolist() == [Reason.NGRAM, Reason.NONE]


def test_what_the_sieve_lets_through_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "SIEVE", 1)
    pool = pa.array(["one two three", "one two", "two four", "five one two six"])
    found = overlap(Exclusion(prompts=["one two four"], ngram=2), pa.array(list("abcd")), [pool])
    assert found.mask.tolist() == [True, True, True, True]
    found = overlap(Exclusion(prompts=["seven eight"], ngram=2), pa.array(list("abcd")), [pool])
    assert not found.mask.any()


def test_prompts_are_asked_for_only_where_they_are_needed() -> None:
    def never() -> Iterator[pa.Array]:
        raise AssertionError
        yield pa.array([])

    assert overlap(Exclusion(ids=["b"]), pa.array(["a", "b"]), never()).mask.tolist() == [False, True]
    assert overlap(Exclusion(), pa.array(["a"]), never()).mask.tolist() == [False]
    asked = overlap(Exclusion(prompts=["Hi"]), pa.array(["a"]), iter([pa.array(["hi"])]))
    assert asked.mask.tolist() == [True]


def test_a_prompt_is_looked_for_in_every_language() -> None:
    said = [pa.array(["one two three", None, "x", None]), pa.array([None, "One, two", "one two nine", "y"])]
    exclusion = Exclusion(prompts=["one two", "one two three"], ngram=2)
    reasons = [Reason.PROMPT, Reason.PROMPT, Reason.NGRAM, Reason.NONE]
    for order in (said, said[::-1]):
        assert overlap(exclusion, pa.array(list("abcd")), order).reason.tolist() == reasons


def test_ids_are_missed_among_all_of_the_data() -> None:
    found = overlap(Exclusion(ids=["b", "c"]), pa.array(["a"]), [], pa.array(["a", "b"]))
    assert (found.mask.tolist(), found.unknown) == ([False], ("c",))


def test_an_empty_pool_has_no_overlap() -> None:
    found = overlap(Exclusion(prompts=["Hi"]), pa.array([], pa.string()), [pa.array([], pa.string())])
    assert found == Overlap(found.mask, found.reason, {"id": 0, "prompt": 0, "ngram": 0}, (), "")
    assert found.mask.dtype == np.bool_
    assert found.reason.dtype == np.uint8


# Ids ----------------------------------------------------------------------------------------------------------------

IDS = pa.array([f"open-{number:02d}" for number in range(1, 31)])


def test_ids_that_the_data_lacks_are_counted_and_named() -> None:
    found = overlap(Exclusion(ids=["open-02", "opne-03", "zzz"]), IDS, [IDS])
    assert found.unknown == ("opne-03", "zzz")
    assert str(found) == (
        "1 instruction of 30 excluded: 1 by id\n"
        "2 excluded ids not in the data: 'opne-03', 'zzz'. Did you mean 'open-03'?"
    )


def test_none_of_the_ids_is_an_error() -> None:
    with pytest.raises(ArgumentError) as caught:
        overlap(Exclusion(ids=["opn-01", "opn-02"]), IDS, [IDS])
    assert str(caught.value) == (
        "exclude: the data holds none of the 2 ids: 'opn-01', 'opn-02'. Did you mean 'open-01'? "
        "Its ids are like 'open-01', 'open-02', 'open-03'."
    )
    with pytest.raises(ArgumentError, match="A file of prompts is given as a path, not in a list"):
        overlap(read_exclusion(["eval/test.jsonl"]), IDS, [IDS])


def test_near_ids_are_looked_for_among_neighbours_only() -> None:
    """Comparing a name with each of a million ids takes a minute."""
    many = pa.array([f"{number:07d}" for number in range(300_000)])
    found = overlap(Exclusion(ids=["0000001", "0123456x"]), many, [many])
    assert found.near.startswith(" Did you mean '01234")


@pytest.mark.parametrize(
    "value",
    [
        ["b", "a", "b"],
        {"a", "b"},
        ("a", "b"),
        np.array(["b", "a"]),
        pd.Series(["a", "b"]),
        pa.array(["a", "b"]),
        pa.chunked_array([["b"], ["a"]]),
        {"a": 1, "b": 2}.keys(),
        (name for name in "ab"),
    ],
)
def test_ids_may_come_in_any_collection(value: Any) -> None:
    exclusion = read_exclusion(value)
    assert exclusion.ids == ("a", "b")
    assert exclusion.prompts == ()
    assert exclusion.digest == Exclusion(ids=["a", "b"]).digest


def test_whole_numbers_are_ids_as_the_grid_writes_them() -> None:
    assert read_exclusion([7, np.int64(12)]).ids == ("12", "7")


# The noun -----------------------------------------------------------------------------------------------------------


def test_an_exclusion_is_the_same_whatever_its_order_and_label() -> None:
    one = Exclusion(ids=["a", "b"], prompts=["x", "y", "x"], label="one")
    other = Exclusion(ids=["b", "a", "a"], prompts=["y", "x"], label="other", threshold=0.0)
    assert one.digest == other.digest
    others = [
        Exclusion(ids=["a"], prompts=["x", "y"]),
        Exclusion(ids=["a", "b"], prompts=["x"]),
        Exclusion(ids=["a", "b"], prompts=["x", "y"], ngram=9),
        Exclusion(ids=["a", "b"], prompts=["x", "y"], threshold=0.1),
        Exclusion(ids=["a", "b", "x", "y"]),
    ]
    assert len({one.digest, *(each.digest for each in others)}) == 6
    assert canonical_bytes(one.to_dict())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exclusion(ids="abc"), "exclude: ids='abc': give a list of texts."),
        (lambda: Exclusion(ids=[1.5]), "exclude: 1.5 is no instruction id; ids are texts or whole numbers."),
        (lambda: Exclusion(ids=[True]), "exclude: True is no instruction id; ids are texts or whole numbers."),
        (lambda: Exclusion(ids=["\ud800"]), r"exclude: '\ud800' is no instruction id; ids are texts or whole numbers."),
        (lambda: Exclusion(prompts="abc"), "exclude: prompts='abc': give a list of texts."),
        (lambda: Exclusion(prompts=["a", " "]), "exclude: prompts[1] is ' ', and a prompt is a text."),
        (lambda: Exclusion(prompts=["a", None]), "exclude: prompts[1] is None, and a prompt is a text."),
        (lambda: Exclusion(ngram=0), "exclude: ngram=0 is no number of words from 1 to 100."),
        (lambda: Exclusion(ngram=8.0), "exclude: ngram=8.0 is no number of words from 1 to 100."),
        (lambda: Exclusion(threshold=1.1), "exclude: threshold=1.1 is not between 0 and 1."),
        (lambda: Exclusion(threshold=float("nan")), "exclude: threshold=nan is no number between 0 and 1."),
        (lambda: Exclusion(threshold="half"), "exclude: threshold='half' is no number between 0 and 1."),
        (
            lambda: read_exclusion({"ids": ["a"]}),
            "exclude: of type dict. Give a list of ids, the path of a file of evaluation prompts, "
            "or Exclusion(ids=[...], prompts=[...]).",
        ),
        (
            lambda: read_exclusion(pd.DataFrame({"id": ["a"]})),
            "exclude: of type DataFrame. Give a list of ids, the path of a file of evaluation prompts, "
            "or Exclusion(ids=[...], prompts=[...]).",
        ),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value) == message


# Files --------------------------------------------------------------------------------------------------------------

ROWS = ["What is tea?", 'Say "hi",\nplease.', "茶とは何ですか"]
CHAT = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yo"},
]

SHAREGPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}]


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def csv_of(rows: list[str], separator: str = ",") -> bytes:
    return pd.DataFrame({"n": range(len(rows)), "question": rows}).to_csv(index=False, sep=separator).encode()


def table(name: str, rows: list[str]) -> list[dict[str, Any]]:
    return [{"n": number, name: row} for number, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", "What is tea?\r\n\n 茶とは何ですか\n".encode("utf-8-sig"), ["What is tea?", " 茶とは何ですか"]),
        ("a.jsonl", lines(table("prompt", ROWS)), ROWS),
        ("a.ndjson", lines(ROWS), ROWS),
        ("a.jsonl.gz", gzip.compress(lines(table("text", ROWS))), ROWS),
        ("a.JSON", json.dumps(table("inputs", ROWS)).encode(), ROWS),
        ("a.json", json.dumps({"version": 1, "data": table("question", ROWS)}).encode(), ROWS),
        ("a.csv", csv_of(ROWS), ROWS),
        ("a.tsv", csv_of(ROWS, "\t"), ROWS),
        ("a.parquet", parquet(table("question", ROWS)), ROWS),
        ("a.jsonl", lines([{"instruction": "Add.", "input": "1 2"}]), ["Add.\n\n1 2"]),
        ("a.jsonl", lines([{"instruction": "Go", "input": ""}]), ["Go\n\n"]),
        ("a.jsonl", lines([{"input": "x", "output": "y"}]), ["x"]),
        ("a.jsonl", lines([{"messages": CHAT}]), ["Hi"]),
        ("a.parquet", parquet([{"messages": [*CHAT, {"role": "user", "content": "Ho"}]}]), ["Hi", "Hi\nHo"]),
        ("a.jsonl", lines([{"conversations": SHAREGPT}]), ["Hi"]),
        ("a.jsonl", lines([{"turns": ["Hi", "Ho"]}]), ["Hi", "Hi\nHo"]),
    ],
)  # fmt: skip
def test_files_of_prompts_are_read(tmp_path: Path, name: str, data: bytes, expected: list[str]) -> None:
    (tmp_path / name).write_bytes(data)
    exclusion = read_exclusion(str(tmp_path / name), ngram=5, threshold=0.5)
    assert exclusion.prompts == tuple(sorted(expected))
    assert (exclusion.ids, exclusion.label, exclusion.ngram) == ((), name, 5)
    assert exclusion.threshold == Fraction(1, 2)


def test_several_files_are_one_exclusion(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text(f"{name} prompt")
    exclusion = read_exclusion([tmp_path / "b.txt", tmp_path / "a.txt"])
    assert exclusion.prompts == ("a prompt", "b prompt")
    assert exclusion.label == "a.txt, b.txt"


def test_a_column_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines([{"prompt": "No", "goal": "Yes"}]))
    assert read_exclusion(tmp_path / "a.jsonl", column="goal").prompts == ("Yes",)


@pytest.mark.parametrize(
    ("name", "data", "options", "message"),
    [
        ("a.txt", b"\n\n", {}, "exclude: a.txt holds no prompt. Give a file of evaluation prompts."),
        ("a.jsonl", b"", {}, "exclude: a.jsonl holds no prompt. Give a file of evaluation prompts."),
        ("a.csv", b"", {}, "exclude: a.csv holds no prompt. Give a file of evaluation prompts."),
        ("a.parquet", b"", {}, "exclude: a.parquet is damaged: Parquet file size is 0 bytes"),
        ("a.jsonl.gz", b"abc", {}, "exclude: 'a.jsonl.gz' cannot be read: Not a gzipped file (b'ab')."),
        ("a.jsonl.gz", gzip.compress(b"{}\n" * 999, mtime=0)[:-9], {}, "exclude: a.jsonl.gz is damaged: "
         "Compressed file ended before the end-of-stream marker was reached"),
        ("a.txt", "é".encode("latin-1"), {}, "exclude: a.txt is not UTF-8 (byte 0). Convert it first."),
        ("a.jsonl", b'{"prompt": "a"}\n{"prompt"\n', {},
         "exclude: a.jsonl:2 is no JSON: Expecting ':' delimiter: line 1 column 10 (char 9)."),
        ("a.json", b'"x"', {}, "exclude: a.json holds str where a list of rows is expected."),
        ("a.jsonl", lines([{"id": "a", "promt": "b"}]), {},
         "exclude: a.jsonl has no column that is known as prompts. It has id, promt. "
         "Name it: read_exclusion(..., column=...). Ids are given as a list."),
        ("a.jsonl", lines([{"id": "a", "promt": "b"}]), {"column": "prompt"},
         "exclude: a.jsonl has no column 'prompt'. Did you mean 'promt'? It has id, promt. "
         "Name it: read_exclusion(..., column=...). Ids are given as a list."),
        ("a.jsonl", lines([{"prompt": "a"}, {"prompt": None}, {"prompt": " "}, {"prompt": 3}, {}, 5]), {},
         "exclude: 5 rows without a prompt in 'prompt': a.jsonl:2, a.jsonl:3, a.jsonl:4, a.jsonl:5, a.jsonl:6."),
        ("a.jsonl", lines([{"messages": CHAT[::2]}]), {}, "exclude: 1 row without a prompt in 'messages': a.jsonl:1."),
        ("a.csv", b'question\n"a', {}, "exclude: a.csv is damaged: unexpected end of data"),
    ],
)  # fmt: skip
def test_files_that_are_none_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, options: dict[str, str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(data)
    with pytest.raises(ArgumentError) as caught:
        read_exclusion(name, **options)
    assert str(caught.value) == message


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("test.jsonl").touch()
    Path("folder.json").mkdir()
    messages = {
        "tset.jsonl": "exclude: 'tset.jsonl' does not exist. Did you mean 'test.jsonl'? "
        "A text is taken for the path of a file of evaluation prompts; ids are given as a list.",
        "no/test.jsonl": "exclude: 'no/test.jsonl' cannot be read: No such file or directory.",
        "folder.json": "exclude: 'folder.json' cannot be read: Is a directory.",
        "open-01": "exclude: 'open-01' has no ending; a file of evaluation prompts ends in "
        ".txt, .jsonl, .ndjson, .json, .csv, .tsv, .parquet. Ids are given as a list, such as ['id-1'].",
        "test.xlsx": "exclude: 'test.xlsx' ends in '.xlsx'; a file of evaluation prompts ends in "
        ".txt, .jsonl, .ndjson, .json, .csv, .tsv, .parquet. Ids are given as a list, such as ['id-1'].",
    }
    for path, message in messages.items():
        with pytest.raises(ArgumentError) as caught:
            read_exclusion(path)
        assert str(caught.value) == message


def test_what_is_excluded_needs_no_weight():
    rows = [{"id": name, "language": "en", "prompt": "Why?", "response": "So.", "quality": 1.0} for name in "xyz"]
    plan = plan_mixture(pa.Table.from_pylist(rows), {"en": 2}, sampler="weighted", exclude=["x"])
    assert plan.counts() == {"en": 2}
