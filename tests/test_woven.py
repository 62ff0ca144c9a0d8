"""Woven columns: what they are called, which cells they have, what is said in them, and all that follows downstream."""

from __future__ import annotations

import json
import random
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import pinchmix
from pinchmix import (
    Budget,
    InfeasibleBudget,
    PinchmixError,
    Recipe,
    build_mixture,
    export_mixture,
    plan_mixture,
    rebuild_mixture,
    verify_export,
)
from pinchmix.cli import app
from pinchmix.errors import ArgumentError, BadRows, BudgetError, RebuildFailed, UnknownLanguage, VerificationFailed
from pinchmix.exporting.shards import PROVENANCE
from pinchmix.manifest import NAME
from pinchmix.measure import measure_messages
from pinchmix.request import built_in, read_wording, request_of
from pinchmix.rows import MESSAGES, digest_of_rows
from pinchmix.weave import Weave, column_of, is_woven, languages_of, read_weave, tags_of
from pinchmix.weaving.composing import compose
from tests.grids import Refuse, cells, laws, table_of
from tests.test_export_splits import faults_of, retell

MIXED = {"en": 20, "fi>en": 10, "en>fi": 10, "translate(en>sw)": 5}
FULL = {f"i{number:02}": ["en", "fi", "sw"] for number in range(48)}
WEAVES = ["fi>en", "cs>sw", "translate(en>fi)", "translate(cs>sw,response)", "switch(en,fi)", "switch(sw,cs)"]
WORDING = {tag: f"To you from {tag}: {{text}}!" for tag in ("en", "cs", "sw")}


# Names --------------------------------------------------------------------------------------------------------------

TAGS = st.sampled_from(["en", "fi", "zh-Hant", "pt-PT", "he"])


@given(st.sampled_from(["cross", "translate", "switch"]), TAGS, TAGS, st.sampled_from(["prompt", "response"]))
@laws(100)
def test_a_name_reads_back_and_its_languages_are_its_own(kind, first, second, field):
    weave = Weave(kind, first, second, field if kind == "translate" else "prompt")
    if first == second:
        with pytest.raises(BudgetError, match="Name two"):
            read_weave(weave.name)
        return
    assert read_weave(weave.name) == weave
    assert column_of(weave.name.upper().replace(kind.upper(), kind).replace("RESPONSE", "response")) == weave.name
    assert tags_of([weave.name]) == [first, second]
    assert is_woven(weave.name)
    whole = f"{first}+{second}"
    assert languages_of(weave.name) == ((whole, whole) if kind == "switch" else (first, second))


def test_names_are_read_as_people_write_them():
    asked = Budget.counts({" EN > iw ": 1, "switch( fi , nb )": 2, "translate(zh_TW>en, response)": 3})
    assert [name for name, _ in asked.amounts] == ["en>he", "switch(fi,no)", "translate(zh-Hant>en,response)"]
    assert Budget.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked
    with pytest.raises(PinchmixError, match="are the same column"):
        Budget.counts({"iw>en": 1, "he>en": 1})


BAD = {
    "fi>xx": (UnknownLanguage, "budget: 'fi>xx': 'xx' is not a language tag"),
    "fi>fi": (BudgetError, "both languages are fi. Name two. 'fi' alone is the plain column"),
    "translate(fi)": (BudgetError, "It takes two languages, and 'fi' is one"),
    "fi->en": (BudgetError, "Did you mean 'fi>en'"),
    "fi→en": (BudgetError, "Did you mean 'fi>en'"),
    "translat(en>fi)": (BudgetError, r"Did you mean 'translate\(en>fi\)'"),
    "translate(en,fi)": (BudgetError, r"Did you mean 'translate\(en>fi\)'"),
    "switch(en>fi)": (BudgetError, r"Did you mean 'switch\(en,fi\)'"),
    "fi>en>sw": (BudgetError, "names no column. Two languages make"),
    "dance(en,fi)": (BudgetError, "names no column. Two languages make"),
    "translate(en>fi,title)": (BudgetError, "names no column"),
    ">": (BudgetError, "names no column"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_is_refused_with_a_way_out(name):
    kind, said = BAD[name]
    with pytest.raises(kind, match=said):
        Budget.counts({name: 3})


def test_a_column_needs_languages_that_are_there():
    for languages in (None, ["en"]):
        with pytest.raises(UnknownLanguage, match=r"budget: 'cs>en': 'cs' is not among .* There are: en, fi, sw"):
            build_mixture(table_of(FULL), {"cs>en": 1}, languages=languages, validate=False)
    with pytest.raises(ArgumentError, match="languages: 'fi>en' is made of two languages; name those"):
        build_mixture(table_of(FULL), {"fi>en": 1}, languages=["en", "fi>en"], validate=False)
    with pytest.raises(BudgetError, match="written as a woven column"):
        Budget.shares({"a>b": 1}, total=3, groups={"a>b": ["en"]})


# What is asked ------------------------------------------------------------------------------------------------------


def test_a_star_stands_for_plain_languages_alone():
    plan = plan_mixture(table_of(FULL), {"fi>en": 3, "*": 6})
    assert plan.counts() == {"en": 2, "fi": 2, "fi>en": 3, "sw": 2}
    assert plan_mixture(table_of(FULL), Budget.uniform(9)).languages == ("en", "fi", "sw")


def test_languages_are_those_of_the_plan_and_columns_may_be_made_of_others():
    mix = build_mixture(table_of(FULL), {"*": 4, "fi>en": 3}, languages=["sw"], validate=False)
    assert mix.plan.languages == ("sw", "fi>en")
    assert mix.counts["examples"].to_dict() == {"sw": 4, "fi>en": 3}


@pytest.mark.parametrize(
    "budget",
    [
        Budget.shares({"en": 0.5, "mixed": 0.5}, total=12, groups={"mixed": ["fi>en", "translate(en>fi)"]}),
        Budget.pinch(12, examples=6, languages=["fi>en", "sw"]),
        Budget.temperature(12, alpha=0.5, sizes={"en": 9, "fi": 4, "sw": 1, "switch(en,fi)": 0, "fi>en": 4}),
    ],
    ids=lambda budget: budget.kind,
)
def test_every_kind_of_budget_takes_them(budget):
    mix = build_mixture(table_of(FULL), budget, validate=False)
    assert Counter(row.column for row in mix) == {name: count for name, count in mix.plan.counts().items() if count}
    assert mix.plan.counts()["fi>en"] >= 3


def test_what_nothing_woven_is_asked_of_is_as_it_was():
    """The grid, its digest and that of the mixture know nothing of columns that nobody asked for."""
    mix = build_mixture(table_of(FULL), {"en": 5, "*": 4}, validate=False)
    assert mix.grid.languages == ("en", "fi", "sw")
    assert mix.digest == "dc10a8002a36a6b88e4bde6c6a5eb66e"
    assert mix.plan.recipe.to_dict().keys() == Recipe(Budget.counts({"en": 1})).to_dict().keys()
    assert "wording" not in mix.plan.recipe.to_dict()


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ("same", {"en": 9, "fi>en": 9, "translate(en>sw)": 9}),
        ("exactly(2)", {"en": 9, "fi>en": 6, "sw": 3}),
        ("overlap(2)", {"en": 48, "fi>en": 48}),
        ("cover", {"en": 20, "fi>en": 28}),
        ("union", {"fi>en": 5, "sw": 5}),
    ],
)
def test_policies_hold_over_columns(content, asked):
    languages = ["sw"] if content == "union" else ["en", "sw"] if content == "exactly(2)" else ["en"]
    mix = build_mixture(table_of(FULL), asked, content=content, languages=languages, validate=False)
    assert Counter(row.column for row in mix) == asked
    spread = Counter(row.id for row in mix)
    assert set(spread.values()) == {{"same": 3, "cover": 1}.get(content, 2)}
    check_rows(mix)


# What is said -------------------------------------------------------------------------------------------------------


def talk(tag, exchanges, system=False):
    lead = [{"role": "system", "content": f"system {tag}"}] if system else []
    return lead + [
        {"role": role, "content": f"{role} {turn} {tag}"} for turn in range(exchanges) for role in ("user", "assistant")
    ]


@st.composite
def conversations(draw):
    """Plain and woven rows: the column of each, and its one or two conversations, of which few are unusable."""
    rows = []
    for number in range(draw(st.integers(0, 8))):
        column = draw(st.integers(-1, len(WEAVES) - 1))
        exchanges, gone = draw(st.integers(1, 4)), draw(st.integers(0, 9))
        sides = [talk(f"{number}{side}", exchanges, draw(st.booleans())) for side in "ab"[: 1 + (column >= 0)]]
        rows.append((column, [None if place == gone else side for place, side in enumerate(sides)]))
    return rows


def woven_by_hand(column, sides, requests):
    if any(side is None for side in sides):
        return []
    if column < 0:
        return sides[0]
    weave = read_weave(WEAVES[column])
    bare = [[turn for turn in side if turn["role"] != "system"] for side in sides]
    if weave.kind == "translate":
        at = 0 if weave.field == "prompt" else 1
        asked = requests[column][0] + bare[0][at]["content"] + requests[column][1]
        return [{"role": "user", "content": asked}, {"role": "assistant", "content": bare[1][at]["content"]}]
    lead = [turn for turn in sides[0] if turn["role"] == "system"]
    take = (lambda place: place % 2) if weave.kind == "cross" else (lambda place: place // 2 % 2)
    return lead + [bare[take(place)][place] for place in range(len(bare[0]))]


@given(conversations())
@laws(150)
def test_conversations_are_composed_as_by_hand(rows):
    weaves = [read_weave(name) for name in WEAVES]
    requests = [
        (f"<{name}:", ">") if weave.kind == "translate" else ("", "")
        for name, weave in zip(WEAVES, weaves, strict=True)
    ]
    flat = pa.array([None, *(side for _, sides in rows for side in sides)], MESSAGES)[1:]
    column = pa.array([column for column, _ in rows], pa.int64()).to_numpy()
    found = compose(flat, column, weaves, requests)
    assert found.type == MESSAGES
    assert found.to_pylist() == [woven_by_hand(column, sides, requests) for column, sides in rows]
    for counted, roles in (("both", ("system", "user", "assistant")), ("response", ("assistant",))):
        for unit, size in (("characters", len), ("bytes", lambda text: len(text.encode()))):
            assert measure_messages(found, unit, counted=counted).tolist() == [
                sum(size(turn["content"]) for turn in row if turn["role"] in roles) for row in found.to_pylist()
            ]


def dialogues(grid, exchanges):
    """A long table of conversations; (id, language) → how many exchanges it has."""
    return pa.Table.from_pylist(
        [
            {"id": key, "language": tag, "messages": talk(f"{key} {tag}", exchanges[key, tag])}
            for key, tags in grid.items()
            for tag in tags
        ],
        pa.schema([("id", pa.string()), ("language", pa.string()), ("messages", MESSAGES)]),
    )


@given(cells(languages=("en", "fi", "cs", "sw")), st.data())
@laws(25)
def test_a_woven_cell_exists_exactly_where_both_plain_ones_do_and_take_turns_alike(grid, data):
    exchanges = {(key, tag): data.draw(st.integers(1, 3)) for key, tags in grid.items() for tag in tags}
    there = {tag for tags in grid.values() for tag in tags}
    names = [name for name in WEAVES if set(tags_of([name])) <= there]
    if not names:
        return

    def exists(weave, key):
        if not {*weave.languages} <= {*grid[key]}:
            return False
        one, other = (exchanges[key, tag] for tag in weave.languages)
        return weave.kind == "translate" or (one == other and one >= (2 if weave.kind == "switch" else 1))

    asked = {**dict.fromkeys(names, 2), sorted(there)[0]: 1}
    mix = build_mixture(
        dialogues(grid, exchanges), asked, content="overlap(9)", partial=True, validate=False, wording=wordings(names)
    )
    for name in names:
        due = {key for key in grid if exists(read_weave(name), key)}
        assert mix.counts["available"][name] == len(due)
        assert mix.counts["examples"][name] == min(len(due), 2)
    for row in mix:
        plain = [talk(f"{row.id} {tag}", exchanges[row.id, tag]) for tag in tags_of([row.column])]
        column = WEAVES.index(row.column) if is_woven(row.column) else -1
        requests = [
            request_of(weave, WORDING) if weave.kind == "translate" else ("", "") for weave in map(read_weave, WEAVES)
        ]
        assert [turn._asdict() for turn in row.messages] == woven_by_hand(column, plain, requests)
        assert (row.prompt_language, row.response_language) == languages_of(row.column)


def wordings(names):
    """The wordings that are for something."""
    used = {read_weave(name).first for name in names if name.startswith("translate")}
    return {tag: WORDING[tag] for tag in used}


def check_rows(mix, text="{part} of {key} in {tag}"):
    """Every row is put together from the plain cells of a table_of()."""
    for row in mix:
        first, second = (tags_of([row.column]) * 2)[:2]
        prompt = text.format(part="prompt", key=row.id, tag=first)
        response = text.format(part="response", key=row.id, tag=second)
        if row.column.startswith("translate"):
            before, after = request_of(read_weave(row.column), mix.plan.recipe.wording)
            prompt, response = before + prompt + after, text.format(part="prompt", key=row.id, tag=second)
        assert (row.prompt, row.response) == (prompt, response)
        assert (row.prompt_language, row.response_language) == (first, second)


@given(cells(), st.data())
@laws(25)
def test_counts_are_exact_and_rows_are_made_of_the_right_cells(grid, data):
    there = sorted({tag for tags in grid.values() for tag in tags})
    pairs = [(one, other) for one in there for other in there if one != other]
    names = [f"{one}>{other}" for one, other in pairs] + [f"translate({one}>{other})" for one, other in pairs]
    asked = {name: data.draw(st.integers(0, 2)) for name in data.draw(st.permutations([*there, *names]))[:4]}
    if not any(asked.values()):
        return
    source, said = table_of(grid), {"validate": False, "seed": data.draw(st.integers(0, 3))}
    mix = build_mixture(source, asked, partial=True, **said)
    if mix.plan.partial:
        with pytest.raises(InfeasibleBudget) as refused:
            build_mixture(source, asked, **said)
        short = refused.value.certificate
        served = [sum({*tags_of([name])} <= {*tags} for tags in grid.values()) for name in short.languages]
        assert list(short.available) == served
        assert len(mix) < sum(asked.values())
    else:
        assert Counter(row.column for row in mix) == {name: count for name, count in asked.items() if count}
    assert len({row.id for row in mix}) == len(mix)
    check_rows(mix)


# Judging ------------------------------------------------------------------------------------------------------------


@given(st.sets(st.tuples(st.sampled_from(sorted(FULL)), st.sampled_from(["en", "fi", "sw"])), max_size=30), st.data())
@laws(12)
def test_a_rejected_plain_cell_is_in_no_woven_row_and_each_is_judged_once(refused, data):
    doubted = data.draw(
        st.sets(st.tuples(st.sampled_from(sorted(FULL)), st.sampled_from(["en", "fi", "sw"])), max_size=20)
    )
    judge = Refuse(refused, doubted)
    budget = {"en": 6, "fi>en": 6, "switch(en,fi)": 0, "translate(en>sw)": 4}
    mix = build_mixture(table_of(FULL), budget, validate=[judge], partial=True)
    made_of = [(row.id, tag) for row in mix for tag in tags_of([row.column])]
    assert not refused & set(made_of)
    assert max(Counter(judge.asked).values()) == 1
    assert set(made_of) <= set(judge.asked)
    check_rows(mix)
    verdicts = {(row["id"], row["column"]): row["verdict"] for row in mix.to_arrow().to_pylist()}
    for (key, column), verdict in verdicts.items():
        unsure = any((key, tag) in doubted for tag in tags_of([column]))
        assert verdict == ("unsure" if unsure else "ok")
    assert mix.counts["unsure"].sum() == list(verdicts.values()).count("unsure")


def test_each_part_is_judged_by_its_own_language():
    """The prompt in fi and the response in en of fi>en are right, and a response in fi under en is not."""
    sample = pinchmix.sample()
    mix = build_mixture(sample, {"fi>en": 20, "en>fi": 20}, languages=["en", "fi"], validate=["language"])
    assert set(mix.rejected["id"]) <= {"reason-03"}  # which the sample has in another language than it says
    rows = {
        tag: [json.loads(line) for line in (sample / f"{tag}.jsonl").read_text().splitlines()] for tag in ("en", "fi")
    }
    wrong = {row["id"] for row in rows["fi"][:30]}
    english = {row["id"]: row for row in rows["en"]}
    mixed = [english[row["id"]] if row["id"] in wrong and row["id"] in english else row for row in rows["fi"]]
    mix = build_mixture({"en": rows["en"], "fi": mixed}, {"en>fi": 10}, validate=["language"])
    assert not wrong & {row.id for row in mix}
    assert set(mix.rejected["language"]) == {"fi"}


def test_a_bad_row_takes_its_woven_cells_along():
    rows = [
        {**row, "response": ""} if row["id"] < "i20" and row["language"] == "fi" else row
        for row in table_of(FULL).to_pylist()
    ]
    with pytest.raises(BadRows):
        build_mixture(rows, {"fi>en": 5}, validate=False)
    mix = build_mixture(rows, {"fi>en": 20, "en>fi": 8, "translate(en>sw)": 20}, validate=False, on_bad_rows="drop")
    assert {row.id for row in mix if "fi" in tags_of([row.column])} == {key for key in FULL if key >= "i20"}
    check_rows(mix)
    with pytest.raises(InfeasibleBudget):
        build_mixture(rows, {"en>fi": 29}, validate=False, on_bad_rows="drop")


# Sizes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counted", ["both", "prompt", "response"])
@pytest.mark.parametrize("unit", ["characters", "bytes", "tokens"])
def test_sizes_are_those_of_the_rows_as_they_are_written(unit, counted, tmp_path):
    grid = {f"i{number:02}" + "x" * (number % 7): ["en", "fi", "sw"] for number in range(40)}
    said = {"tokenizer": str.split} if unit == "tokens" else {}
    if unit == "tokens":
        said = {"tokenizer": lambda text: len(text.split())}
    asked = {"en": 200, "fi>en": 200, "translate(en>sw)": 300}
    asked = {name: size // 8 for name, size in asked.items()} if unit == "tokens" else asked
    mix = build_mixture(
        table_of(grid, "{part} – {key} {tag}{tag}"), asked, unit=unit, counted=counted, validate=False, **said
    )
    roles = {"both": ("user", "assistant"), "prompt": ("user",), "response": ("assistant",)}[counted]
    length = {"characters": len, "bytes": lambda text: len(text.encode()), "tokens": lambda text: len(text.split())}[
        unit
    ]
    sums = Counter()
    for row in mix:
        sums[row.column] += sum(length(turn.content) for turn in row.messages if turn.role in roles)
    assert mix.counts["given"].to_dict() == {name: sums[name] for name in mix.plan.languages}
    export_mixture(mix, tmp_path / "out")
    verify_export(tmp_path / "out")


def test_sizes_of_woven_cells_are_found_where_rows_are_bad():
    rows = [
        {**row, "response": ""} if row["id"] < "i20" and row["language"] == "fi" else row
        for row in table_of(FULL).to_pylist()
    ]
    asked = {"fi>en": 400, "translate(en>fi)": 200}
    mix = build_mixture(rows, asked, unit="characters", validate=False, on_bad_rows="drop")
    assert min(row.id for row in mix) >= "i20"
    assert all(abs(given - asked[name]) < 60 for name, given in mix.counts["given"].items() if name in asked)
    check_rows(mix)


# Downstream ---------------------------------------------------------------------------------------------------------


def test_the_order_and_the_form_of_the_source_change_nothing(tmp_path):
    table = table_of(FULL)
    rows = table.to_pylist()
    random.Random(3).shuffle(rows)
    pq.write_table(table, tmp_path / "long.parquet")
    for tag in ("sw", "en", "fi"):
        lines = [json.dumps(row) + "\n" for row in rows if row["language"] == tag]
        (tmp_path / f"{tag}.jsonl").write_text("".join(lines))
    sources = [table, rows, tmp_path / "long.parquet", str(tmp_path / "{lang}.jsonl")]
    mixes = [build_mixture(source, MIXED, validate=False, seed=4) for source in sources]
    assert len({mix.digest for mix in mixes}) == 1
    assert len({mix.grid.digest for mix in mixes}) == 1
    assert mixes[0].digest != build_mixture(table, MIXED, validate=False, seed=5).digest
    check_rows(mixes[0])


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_pair_that_is_cut_by_the_end_of_a_block_is_put_together(size, monkeypatch):
    whole = build_mixture(table_of(FULL), MIXED, validate=False)
    monkeypatch.setattr("pinchmix.reading.texts.BATCH", size)
    mix = build_mixture(table_of(FULL), MIXED, validate=False)
    assert list(mix) == list(whole)
    assert mix.digest == whole.digest


def test_the_command_line_takes_columns_and_wordings(tmp_path):
    pq.write_table(table_of(FULL), tmp_path / "long.parquet")
    said = ["--budget", "fi>en=4", "--budget", "translate(en>sw)=3", "--wording", "en=To {language}:\\n{text}"]
    run = CliRunner().invoke(
        app, ["build", str(tmp_path / "long.parquet"), "--out", str(tmp_path / "out"), "--no-validate", *said]
    )
    assert run.exit_code == 0, run.output
    rows = pq.read_table(tmp_path / "out" / PROVENANCE.format("train")).to_pylist()
    assert Counter(row["column"] for row in rows) == {"fi>en": 4, "translate(en>sw)": 3}
    text = (tmp_path / "out" / "data" / "messages" / "train.jsonl").read_text(encoding="utf-8")
    assert text.count('"To Swahili:\\nprompt of') == 3
    again = build_mixture(
        table_of(FULL), {"fi>en": 4, "translate(en>sw)": 3}, validate=False, wording={"en": "To {language}:\n{text}"}
    )
    assert verify_export(tmp_path / "out").identity["mixture"]["digest"] == again.digest


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("woven")
    mix = build_mixture(table_of(FULL), MIXED, split={"train": 0.8, "test": 0.2}, validate=False)
    export_mixture(mix, folder / "out")
    return mix, folder / "out"


def test_an_export_verifies_and_rebuilds_byte_for_byte(exported, tmp_path):
    mix, folder = exported
    manifest = verify_export(folder)
    assert Counter(row.column for row in mix) == MIXED
    again = rebuild_mixture(folder, table_of(FULL), out=tmp_path / "again")
    assert not again.files
    for name in manifest.files:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    figures = {split: {name: line["examples"] for name, line in by.items()} for split, by in manifest.counts.items()}
    assert {name: sum(by[name] for by in figures.values()) for name in MIXED} == MIXED
    parts = [{row.id for row in mix[place]} for place in mix.splits.values()]
    assert not parts[0] & parts[1]


def test_what_is_gone_from_the_source_is_named_by_its_column(exported):
    mix, folder = exported
    lost = sorted(row.id for row in mix if row.column == "fi>en")
    rows = [row for row in table_of(FULL).to_pylist() if row["language"] != "fi" or row["id"] not in lost]
    rows = [row for row in rows if row["language"] != "fi" or row["id"] < "i09"]
    with pytest.raises(RebuildFailed) as refused:
        rebuild_mixture(folder, rows)
    there = {row["id"] for row in rows if row["language"] == "fi"}
    due = {f"{row.id} in {row.column}" for row in mix if "fi" in tags_of([row.column]) and row.id not in there}
    assert set(refused.value.cells.gone) == due


def test_provenance_leads_to_both_parts(exported):
    mix, folder = exported
    source = table_of(FULL).to_pylist()
    for split in mix.splits:
        for row in pq.read_table(folder / PROVENANCE.format(split)).to_pylist():
            there = source[row["row"] - 1]
            assert (there["id"], there["language"]) == (row["id"], row["response_language"])
            assert languages_of(row["column"]) == (row["prompt_language"], row["response_language"])


def test_the_card_says_what_the_columns_are(exported):
    card = (exported[1] / "README.md").read_text(encoding="utf-8")
    assert (
        "45 instruction-tuning examples in 3 languages, 25 of them made of two, each instruction in one column" in card
    )
    assert "`fi>en`: the prompt in fi, the response in en" in card
    front = card.split("---")[1]
    assert [line.strip('- "') for line in front.split("language:")[1].splitlines()[1:4]] == ["en", "fi", "sw"]
    whole = json.loads((exported[1] / "croissant.json").read_text(encoding="utf-8"))
    assert whole["inLanguage"] == ["en", "fi", "sw"]
    assert whole["recordSet"][2]["field"][2]["name"] == "column"


TAMPERED = {
    "the columns of two rows": ("column",),
    "their columns and languages": ("column", "prompt_language", "response_language"),
    "their languages": ("prompt_language", "response_language"),
}


@pytest.mark.parametrize("names", TAMPERED.values(), ids=TAMPERED)
def test_what_is_exchanged_by_hand_is_found(names, tmp_path):
    mix = build_mixture(table_of(FULL), MIXED, split={"train": 0.8, "test": 0.2}, validate=False)
    export_mixture(mix, tmp_path / "out")

    def change(rows):
        one, other = (next(row for *_, row in rows["train"] if row["column"] == name) for name in ("fi>en", "en>fi"))
        for name in names:
            one[name], other[name] = other[name], one[name]

    retell(tmp_path / "out", change)
    assert faults_of(tmp_path / "out")


def test_a_column_that_nobody_asked_for_is_found(tmp_path):
    mix = build_mixture(table_of(FULL), MIXED, split={"train": 0.8, "test": 0.2}, validate=False)
    export_mixture(mix, tmp_path / "out")

    def change(rows):
        row = next(row for *_, row in rows["train"] if row["column"] == "fi>en")
        row["column"] = "translate(fi>en)"  # of the same languages

    retell(tmp_path / "out", change)
    assert any("a prompt in fi with a response in en" in fault for fault in faults_of(tmp_path / "out"))


def test_the_digest_tells_columns_of_the_same_languages_apart():
    row = {"id": ["a"], "split": ["train"], "prompt_language": ["fi"], "response_language": ["en"]}
    tables = [pa.table({**row, "column": [name]}) for name in ("fi>en", "translate(fi>en)")]
    assert digest_of_rows(tables[0], "0") != digest_of_rows(tables[1], "0")


def test_a_changed_word_is_found(exported, tmp_path):
    mix, _ = exported
    export_mixture(mix, tmp_path / "out")
    file = tmp_path / "out" / "data" / "messages" / "train.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("in fi", "in sw", 1), encoding="utf-8")
    with pytest.raises(VerificationFailed):
        verify_export(tmp_path / "out")
    assert (tmp_path / "out" / NAME).exists()


# Wording ------------------------------------------------------------------------------------------------------------


def test_a_built_in_wording_names_the_other_language_and_stands_before_the_text():
    known = built_in()
    assert len(known) == 12
    for tag, said in known.items():
        assert said["wording"].count("{text}") == said["wording"].count("{language}") == 1
        assert sorted([tag, *said["names"]]) == sorted(known)
        for other in said["names"]:
            before, after = request_of(Weave("translate", tag, other), {})
            assert (said["names"][other] in before, after) == (True, "")


def test_a_wording_of_ones_own_goes_before():
    weave = Weave("translate", "de", "fi")
    with pytest.raises(ArgumentError, match=r"no wording in de .* Give one: wording=\{'de': '... \{text\}'\}"):
        request_of(weave, {})
    assert request_of(weave, {"de": "Auf Finnisch: {text}"}) == ("Auf Finnisch: ", "")
    assert request_of(weave, {"de": "x{text}", weave.name: "{text}y"}) == ("", "y")
    with pytest.raises(ArgumentError, match="what fi is called in it is not known"):
        request_of(weave, {"de": "Auf {language}: {text}"})
    mix = build_mixture(
        table_of(FULL), {"translate(en>fi)": 2}, validate=False, wording={"en": "{language}? {text} {}"}
    )
    assert mix[0].prompt == f"Finnish? prompt of {mix[0].id} in en {{}}"
    assert Recipe.from_dict(mix.plan.recipe.to_dict()) == mix.plan.recipe


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Translate {text}", "give a mapping"),
        ({"en": "Translate"}, "it has {text} once"),
        ({"en": "{text} {text}"}, "it has {text} once"),
        ({"fi>en": "{text}"}, "nothing is asked for in fi>en"),
        ({"en": "{text}", "EN": "{text}"}, "en is given twice"),
    ],
)
def test_a_wording_that_means_nothing_is_refused(said, why):
    with pytest.raises(ArgumentError, match=why.replace("{", r"\{")):
        read_wording(said)


def test_a_wording_for_nothing_is_refused():
    with pytest.raises(ArgumentError, match=r"no translation is asked of fi\. Those asked for are: translate"):
        plan_mixture(table_of(FULL), {"translate(en>fi)": 2}, wording={"fi": "{text}"})
    with pytest.raises(ArgumentError, match=r"The budget names no translate\(...\)"):
        plan_mixture(table_of(FULL), {"en>fi": 2}, wording={"fi": "{text}"})


def test_responses_that_are_no_translations_are_not_translated():
    with pytest.raises(ArgumentError, match=r"parallel='prompt' .* Use 'translate\(en>fi\)'"):
        plan_mixture(table_of(FULL), {"translate(en>fi,response)": 2}, parallel="prompt")
