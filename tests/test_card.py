"""The card: machines read what is meant, no text breaks the page, and the form of the source leaves no trace."""

from __future__ import annotations

import doctest
import json
import os
from fractions import Fraction
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import pinchmix
from pinchmix import Budget, build_mixture, export_mixture
from pinchmix.card.about import About
from pinchmix.card.account import code_of, rejections_of
from pinchmix.card.card import card_of
from pinchmix.card.front_matter import LICENSES, front_matter
from pinchmix.errors import ArgumentError
from pinchmix.exporters.trl import TRL
from pinchmix.exporting.shards import shards_of
from pinchmix.plugins import Exported, find_plugin
from pinchmix.samplers.weighted import Weighted
from pinchmix.text.markdown import fenced, inline, plain, table, visible
from tests.grids import Refuse, laws, table_of
from tests.strategies import texts

GOLDEN = Path(__file__).parent / "golden" / "card.md"
PAGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
GRID = {f"i{number}": ["en", "fi", "no", "ur"] for number in range(12)}
# What Markdown, HTML and YAML could take for something.
SIGNS = [
    *"`*_[]()<>&|~$#=+-:.!\\\"'{}@%\t\n 1a",
    *(
        "```",
        "~~~",
        "---",
        "\n---\n",
        "\n# ",
        "\n1. ",
        "</div>",
        "<!--",
        "<b>",
        "\n    x",
        "](x)",
        "&amp;",
        "\u202e",
        "\r\n",
    ),
    *("\x00", "\x85", "\u2028", "\ufeff", "\u2066", "\n\n", "|\n|", "\n===", "http://x.y", "{{x}}", "no", "\u05d0"),
]
signs = st.lists(st.sampled_from(SIGNS), max_size=14).map("".join)
ABOUT = About(
    name="Pinch",
    description="What it is.",
    license="CC-BY-4.0",
    sources=("https://huggingface.co/datasets/someone/some-data", "A book"),
    creators=("Ada",),
    publisher="A press",
    citation="@misc{pinch}",
    url="https://example.org/pinch",
    version="1.0.0",
    published="2026-11-21",
)


@pytest.fixture(scope="module")
def mixture():
    return build_mixture(
        table_of(GRID), {"en": 5, "*": 6}, validate=False, split={"train": 8, "validation": 2, "test": 1}
    )


def exported(mixture, count=1):
    sizes = {name: place.stop - place.start for name, place in mixture.splits.items()}
    splits = {}
    for shard in shards_of(sizes, count):
        if shard.rows:
            splits.setdefault(shard.split, []).append(shard.name)
    return Exported("mix", mixture.digest, "", splits, {name: sizes[name] for name in splits})


def card(mixture, about=None, exporters=(), count=1):
    return card_of(mixture, exported(mixture, count), exporters, About.of(about))


def parts_of(text):
    """The YAML and the page, cut where datasets cuts: at the first line of three dashes after the first line."""
    lines = text.split("\n")
    assert lines[0] == "---"
    end = lines.index("---", 1)
    return "\n".join(lines[1:end]) + "\n", "\n".join(lines[end + 1 :])


def tokens_of(page):
    return [token for token in PAGE.parse(page) if token.type != "softbreak"]


def shown(token):
    """What an inline token shows, which must be nothing but text and code."""
    assert {child.type for child in token.children} <= {"text", "text_special", "softbreak", "code_inline"}, (
        token.children
    )
    return "".join(" " if child.type == "softbreak" else child.content for child in token.children)


def words(text):
    return " ".join(visible(text).split())


# Markdown -----------------------------------------------------------------------------------------------------------


@laws(300)
@given(signs)
def test_an_inline_text_is_shown_as_it_is(text):
    found = tokens_of(f"- {inline(text)}\n- end")
    assert [token.type for token in found if "item" in token.type or "list" in token.type] == [
        "bullet_list_open",
        *["list_item_open", "list_item_close"] * 2,
        "bullet_list_close",
    ]
    assert not [token for token in found if token.type not in BENIGN]
    assert [words(shown(token)) for token in found if token.type == "inline"] == [*filter(None, [words(text)]), "end"]


BENIGN = {
    *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
    *("paragraph_open", "paragraph_close", "inline"),
}


@laws(300)
@given(signs)
def test_a_text_of_several_lines_is_paragraphs_and_nothing_else(text):
    found = tokens_of(f"before\n\n{plain(text)}\n\nafter")
    assert {token.type for token in found} == {"paragraph_open", "paragraph_close", "inline"}
    inlines = [words(shown(token)) for token in found if token.type == "inline"]
    assert (inlines[0], inlines[-1]) == ("before", "after")
    assert " ".join(inlines[1:-1]) == words(text)


@laws(300)
@given(signs, st.sampled_from(["", "text"]))
def test_a_fenced_text_stays_in_its_fence(text, kind):
    lines = ["before", "", *fenced(text, kind), "", "after"]
    found = [token for token in tokens_of("\n".join(lines)) if token.type != "inline"]
    assert [token.type for token in found if "paragraph" not in token.type] == ["fence"]
    assert next(token.content for token in found if token.type == "fence") == visible(text) + "\n"
    assert found[-1].type == "paragraph_close"


@laws(200)
@given(st.lists(st.tuples(signs, signs), min_size=1, max_size=3))
def test_a_table_has_the_cells_that_it_is_given(rows):
    lines = table(["a", "b"], [[inline(one), inline(other)] for one, other in rows])
    found = tokens_of("\n".join(lines))
    assert (found[0].type, found[-1].type) == ("table_open", "table_close")
    cells = [words(shown(token)) for token in found if token.type == "inline"]
    assert cells == ["a", "b", *(words(text) for row in rows for text in row)]


def test_a_table_is_aligned_in_its_source():
    assert len({len(line) for line in table(["language", "n"], [["en", 1], ["fi", 1234567]])}) == 1


# The YAML -----------------------------------------------------------------------------------------------------------


def check_quoted(text):
    """Every text is in double quotes and every key is plain: no version of YAML takes one for anything else."""
    key = False
    for token in yaml.scan(text):
        if isinstance(token, (yaml.KeyToken, yaml.ValueToken)):
            key = isinstance(token, yaml.KeyToken)
        elif isinstance(token, yaml.ScalarToken):
            assert token.style == (None if key else '"'), token
            key = False
        elif isinstance(token, (yaml.BlockEntryToken, yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)):
            assert isinstance(token, yaml.BlockEntryToken), token


names = texts().filter(lambda text: text.isprintable() and text.strip())


@laws(60)
@given(name=names, source=names, creator=names, license_=names)
def test_the_yaml_says_what_is_meant_whatever_the_names(mixture, name, source, creator, license_):
    about = About(name=name, sources=(source,), creators=(creator,), license=license_)
    front, _ = parts_of(card(mixture, about))
    assert yaml.safe_load(front) == front_matter(mixture, exported(mixture), about)
    assert yaml.safe_load(front)["pretty_name"] == name
    check_quoted(front)


def test_the_yaml_of_a_card(mixture):
    found = yaml.safe_load(parts_of(card(mixture, ABOUT))[0])
    turn = [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]
    assert found == {
        "pretty_name": "Pinch",
        "license": "cc-by-4.0",
        "language": ["en", "fi", "no", "ur"],
        "multilinguality": ["multilingual"],
        "task_categories": ["text-generation"],
        "size_categories": ["n<1K"],
        "source_datasets": ["someone/some-data"],
        "tags": ["instruction-tuning", "pinchmix"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": ["data/messages/train.jsonl"]},
                    {"split": "validation", "path": ["data/messages/valid.jsonl"]},
                    {"split": "test", "path": ["data/messages/test.jsonl"]},
                ],
            }
        ],
        "dataset_info": [{"config_name": "default", "features": [{"name": "messages", "list": turn}]}],
    }


def test_what_nobody_said_is_left_out(mixture):
    found = yaml.safe_load(parts_of(card(mixture))[0])
    assert not {"pretty_name", "license", "source_datasets"} & found.keys()
    page = card(mixture)
    assert not [
        title
        for title in ("Sources", "Creators", "Publisher", "Licence", "Citation", "Training")
        if f"## {title}" in page
    ]


def test_languages_are_iso_codes_and_what_more_there_is_to_say_is_in_the_details():
    grid = {f"i{number}": ["zh", "zh-Hant", "pt-PT", "fil", "no"] for number in range(5)}
    mixture = build_mixture(table_of(grid), {"*": 5}, validate=False)
    found = yaml.safe_load(parts_of(card(mixture))[0])
    assert found["language"] == ["fil", "no", "pt", "zh"]
    assert found["language_details"] == ["pt-PT", "zh-Hant"]
    single = build_mixture(table_of(grid), {"no": 5}, validate=False)
    found = yaml.safe_load(parts_of(card(single))[0])
    assert (found["language"], found["multilinguality"]) == (["no"], ["monolingual"])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("MIT", {"license": "mit"}),
        ("https://example.org/licence", {"license": "other", "license_link": "https://example.org/licence"}),
        ("ours, see LICENSE", {"license": "other", "license_name": "ours, see LICENSE"}),
        ("", {}),
    ],
)
def test_a_licence_that_the_hub_does_not_know_is_another_one(mixture, said, found):
    front = front_matter(mixture, exported(mixture), About(license=said))
    assert {key: value for key, value in front.items() if "license" in key} == found
    assert all(known == known.lower() for known in LICENSES)


# The page -----------------------------------------------------------------------------------------------------------

TITLES = ["Languages", "How it was made", "What was left out", "A sample", "Loading", "Where each row is from"]


def headings(page):
    found = tokens_of(page)
    return [(found[n].tag, shown(found[n + 1])) for n in range(len(found)) if found[n].type == "heading_open"]


@laws(40)
@given(st.lists(texts(), min_size=4, max_size=4), signs, signs, names)
def test_no_text_breaks_the_page(rows, description, citation, name):
    table_ = pa.table(
        {
            "id": [f"i{n}" for n in range(4)],
            "language": ["en", "no", "ur", "ur"],
            "prompt": rows,
            "response": rows[::-1],
        }
    )
    mixture = build_mixture(table_, {"en": 1, "no": 1, "ur": 1}, validate=False)
    about = {
        "name": name,
        "description": description or "x",
        "citation": citation or "x",
        "sources": (name,),
        "creators": (name,),
        "license": name,
    }
    if not (description.strip() and citation.strip()):
        del about["description"], about["citation"]
    page = parts_of(card(mixture, about, [TRL()]))[1]
    found = tokens_of(page)
    titles = [title for tag, title in headings(page) if tag == "h2"]
    said = ["Sources", "Creators", "Licence", *(["Citation"] if "citation" in about else [])]
    assert titles == [*TITLES[:-1], "Training", TITLES[-1], *said]
    assert [words(title) for tag, title in headings(page) if tag != "h2"] == [words(name), "en", "no", "ur"]
    assert [token.content.strip() for token in found if token.type == "html_block"] == ['<div dir="rtl">', "</div>"]
    samples = {}
    for row in mixture:
        samples.setdefault(row.response_language, row)
    for language, fence in zip(("en", "no", "ur"), [token for token in found if token.info == "text"], strict=True):
        user, assistant = samples[language].messages
        assert fence.content == visible(f"[user] {user.content}\n\n[assistant] {assistant.content}") + "\n"


def test_the_card_of_a_small_mixture():
    refused = [(f"i{number}", "fi") for number in range(5)]
    mixture = build_mixture(
        table_of(GRID),
        {"en": 5, "*": 6},
        validate=[Refuse(refused, [(f"i{number}", "ur") for number in range(12)])],
        seed=2,
        repeat=2,
    )
    found = card(mixture, ABOUT, [TRL()])
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def rows_of_table(page, first):
    """The rows of the table whose first title is this, as title → cell."""
    lines = page.split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first} "))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def test_the_table_has_the_figures_of_the_mixture(mixture):
    found = {row.pop("language"): row for row in rows_of_table(card(mixture), "language")}
    assert [*found] == ["en", "fi", "no", "ur", "all"]
    for place, language in enumerate(mixture.plan.languages):
        by_split = dict(zip(mixture.plan.recipe.splits, mixture.plan.examples[:, place].tolist(), strict=True))
        assert {split: int(found[language][split]) for split in by_split} == by_split
        assert int(found[language]["together"]) == sum(by_split.values())
        assert int(found[language]["available"]) == 12
    assert (found["all"]["together"], found["all"]["share"]) == ("11", "")
    assert sum(float(found[tag]["share"].rstrip(" %")) for tag in mixture.plan.languages) == pytest.approx(100, abs=0.3)


def test_the_table_of_a_budget_in_characters_and_of_one_that_was_impossible():
    mixture = build_mixture(table_of(GRID), {"en": 100, "fi": 50}, unit="characters", counted="prompt", validate=False)
    found = rows_of_table(card(mixture), "language")[0]
    assert int(found["characters"]) == int(mixture.counts["given"]["en"])
    assert "Counted: the characters of prompts." in card(mixture)
    mixture = build_mixture(
        table_of({"a": ["en"], "b": ["en", "fi"]}), {"en": 2, "fi": 3}, validate=False, partial=True
    )
    page = card(mixture)
    assert [int(row["asked"]) for row in rows_of_table(page, "language") if row["language"] != "all"] == [
        count for count, got in zip(mixture.counts["asked"], mixture.counts["examples"], strict=True) if got
    ]
    assert "5 examples, as the budget below says; it was impossible, and 2 examples are given." in page


def test_what_was_left_out_is_counted(tmp_path):
    rows = table_of(GRID).to_pylist()
    rows[0]["response"] = ""
    refused = [(f"i{number}", tag) for number in range(2, 5) for tag in ("fi", "ur")]
    mixture = build_mixture(
        {tag: [row for row in rows if row["language"] == tag] for tag in ("en", "fi", "ur")},
        {"fi": 3, "ur": 3},
        validate=[Refuse(refused)],
        on_bad_rows="drop",
        exclude=["i11"],
    )
    page = card(mixture)
    (row,) = rows_of_table(page, "check")
    assert (row["check"], row["reason"]) == ("refuse", "refused")
    assert int(row["examples"]) == sum(mixture.report.rejected.values()) == rejections_of(mixture)[0][2]
    by_language = dict(part.split() for part in row["by language"].split(", "))
    assert by_language == {tag: str(count) for tag, count in mixture.report.rejected.items() if count}
    assert rows_of_table(page, "fault") == [{"fault": "empty text", "rows": "1"}]
    assert "Excluded: 1 instruction (1 named by id)." in page


def test_the_page_about_exports_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).parents[1] / "docs" / "export.md"
    results = doctest.testfile(str(page), module_relative=False)
    assert (results.failed, results.attempted > 0) == (0, True)


# Loading ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "shards"),
    [
        ({}, 1),
        ({}, 3),
        ({"train": 8, "validation": 2, "test": 1}, 1),
        ({"train": 8, "dev": 3}, 2),
        ({"a": 11, "b": 0}, 1),
    ],
)
def test_datasets_loads_the_folder(tmp_path, monkeypatch, split, shards):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    strange = table_of(GRID, "2024-01-0{part}{key}{tag}"[:9])  # all texts are the same day
    mixture = build_mixture(strange, {"en": 5, "*": 6}, validate=False, split=split)
    export_mixture(mixture, tmp_path / "out", shards=shards, trainers=[], about=ABOUT)
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    want = {name: place for name, place in mixture.splits.items() if place.stop > place.start}
    assert [*found] == [*want]
    for name, place in want.items():
        assert found[name]["messages"][:] == [[turn._asdict() for turn in row.messages] for row in mixture[place]]


def test_a_mixture_without_rows_has_a_card_that_says_so():
    grid = {"a": ["en"], "b": ["fi"]}
    refuse = Refuse([("a", "en")])
    mixture = build_mixture(table_of(grid), {"en": 1}, validate=[refuse], partial=True)
    assert len(mixture) == 0
    front, page = parts_of(card(mixture, ABOUT, [TRL()]))
    assert "configs" not in yaml.safe_load(front)
    assert "There are no rows" in page


# The form of the source, and the code -------------------------------------------------------------------------------


def test_the_form_of_the_source_leaves_no_trace(tmp_path):
    whole = table_of(GRID)
    by_language = {tag: whole.filter(pa.compute.equal(whole["language"], tag)) for tag in ("en", "fi", "no", "ur")}
    for folder in ("lines", "parquet"):
        (tmp_path / folder).mkdir()
    for tag, rows in by_language.items():
        pq.write_table(rows, tmp_path / "parquet" / f"{tag}.parquet")
        lines = "".join(json.dumps(row) + "\n" for row in reversed(rows.to_pylist()))
        (tmp_path / "lines" / f"{tag}.jsonl").write_text(lines)
    sources = [tmp_path / "lines", str(tmp_path / "parquet" / "{lang}.parquet"), whole.to_pandas(), by_language]
    found = {card(build_mixture(source, {"en": 5, "*": 6}, seed=3), ABOUT, [TRL()]) for source in sources}
    assert len(found) == 1
    assert str(tmp_path) not in found.pop()


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"en": 5, "*": 6}, {}),
        (Budget.shares({"en": Fraction(1, 3), "*": Fraction(2, 3)}, total=9), {"seed": 7, "validate": False}),
        ({"en": 3, "ur": 3}, {"languages": ["ur", "en"], "pivot": "ur", "content": "overlap(2)", "repeat": 2}),
        ({"en": 8, "fi": 2}, {"split": {"train": 0.75, "test": 0.25}, "sampler": "longest"}),
        ({"en": 4, "fi": 2}, {"split": {"a": 4, "b": 2}, "sampler": Weighted("weight")}),
        (Budget.uniform(160, unit="characters"), {"counted": "response"}),
        ({"en": 90, "fi": 2}, {"partial": True}),
    ],
)
def test_the_code_on_the_card_makes_the_same_mixture(budget, said):
    source = table_of(GRID)
    source = source.append_column("weight", pa.array([float(1 + n % 3) for n in range(len(source))]))
    mixture = build_mixture(source, budget, **said)
    shown_code = next(
        token.content
        for token in tokens_of(parts_of(card(mixture))[1])
        if token.info == "python" and "SOURCE" in token.content
    )
    assert shown_code == code_of(mixture) + "\n"
    names = {"SOURCE": source}
    exec(shown_code, names)
    assert names["mixture"].plan.recipe.to_dict() == mixture.plan.recipe.to_dict()
    assert names["mixture"].digest == mixture.digest


# About --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"version": "v1"}, "version"),
        ({"version": "1.0.0+"}, "version"),
        ({"url": "example.org"}, "url"),
        ({"url": "https://example.org/a b"}, "url"),
        ({"name": " "}, "name"),
        ({"sources": [""]}, "sources"),
        ({"published": "today"}, "published"),
    ],
)
def test_what_cannot_be_said_is_refused(said, named):
    with pytest.raises(ArgumentError, match=f"about: {named} is "):
        About.of(said)


def test_the_sample_has_a_card_that_lists_each_trainer():
    mixture = build_mixture(pinchmix.sample(), {"en": 3}, validate=False)
    trainers = [find_plugin("exporters", name) for name in pinchmix.list_plugins()["exporters"]]
    page = card(mixture, None, trainers)
    for trainer in trainers:
        for name in trainer.files(exported(mixture)):
            assert f"`trainers/{name}`" in page
        assert trainer.usage in page
