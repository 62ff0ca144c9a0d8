"""The mixture: one sequence of rows in every form, decided by source, recipe and seed alone, with good cells only."""

from __future__ import annotations

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import Budget, Example, InfeasibleBudget, Recipe, build_mixture
from pinchmix.errors import ArgumentError, BadRows
from pinchmix.samplers.random import RandomSampler
from pinchmix.testing import toy_pool
from tests.grids import Refuse, asked_cells, laws, possible, table_of

GOLDEN = Path(__file__).parent / "golden"
BUILDS = laws(20)
FULL = {f"i{number:04}": ["en", "fi", "sw"] for number in range(3000)}


@pytest.fixture(scope="module")
def large():
    """More rows than are read at a time."""
    return build_mixture(table_of(FULL), {"en": 1500, "*": 1001}, validate=False, seed=3)


@pytest.fixture(scope="module")
def sampled():
    return build_mixture(pinchmix.sample(), {"en": 40, "*": 20})


def pairs_of(mixture):
    return [(row.id, row.response_language) for row in mixture]


def golden(name, text):
    """Compare with a golden file; PINCHMIX_UPDATE_GOLDEN=1 writes it instead, to be read before it is committed."""
    path = GOLDEN / name
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")


# A sequence ---------------------------------------------------------------------------------------------------------


def test_length_index_negative_index_and_iteration_agree(large):
    rows = list(large)
    assert len(rows) == len(large) == len(large.cells) == 2501
    assert all(isinstance(row, Example) for row in rows)
    for place in [*range(0, 2501, 97), 999, 1000, 1001, 1999, 2000, 2500]:
        assert large[place] == rows[place] == large[place - 2501] == large[np.int64(place)]


@pytest.mark.parametrize(
    "place",
    [
        slice(None),
        slice(5),
        slice(-5, None),
        slice(990, 1010),
        slice(None, None, -1),
        slice(2000, 100, -77),
        slice(7, 3),
        slice(2400, 9999),
        slice(-99999, 2),
    ],
    ids=str,
)
def test_slices_are_those_of_a_list(large, place):
    assert large[place] == list(large)[place]


@pytest.mark.parametrize("place", [2501, -2502, 10**12])
def test_a_place_out_of_range_is_an_index_error_with_the_figures(large, place):
    with pytest.raises(IndexError, match=rf"2,501 examples, and {place} was asked"):
        large[place]


@pytest.mark.parametrize("place", ["3", 2.7, None])
def test_what_is_no_place_is_a_type_error_as_with_a_list(large, place):
    with pytest.raises(TypeError):
        large[place]


def test_a_mixture_iterates_any_number_of_times_and_twice_at_once(large):
    one, other = iter(large), iter(large)
    assert all(left == right for left, right in zip(one, other, strict=True))


def test_a_mixture_cannot_be_changed_by_its_cells(large):
    with pytest.raises(ValueError, match="read-only"):
        large.cells[0] = 0


def test_an_example_is_a_row_of_the_source_with_its_place(large):
    source = table_of(FULL).to_pylist()
    for row in large[:50]:
        there = source[row.origin.row - 1]
        assert (row.id, row.prompt_language, row.response_language) == (there["id"], *[there["language"]] * 2)
        assert (row.prompt, row.response) == (there["prompt"], there["response"])
        assert [turn.role for turn in row.messages] == ["user", "assistant"]


# Its forms ----------------------------------------------------------------------------------------------------------


def test_arrow_pandas_and_dataset_hold_the_same_rows_in_the_same_order(large):
    rows = list(large)
    table, frame, dataset = large.to_arrow(), large.to_pandas(), large.to_dataset()
    assert [Example.of_row(row) for row in table.to_pylist()] == rows
    assert list(frame.columns) == table.column_names
    assert [Example.of_row(row) for row in frame.to_dict("records")] == rows
    assert dataset.column_names == ["messages"]
    assert [[(turn["role"], turn["content"]) for turn in row] for row in dataset["messages"]] == [
        [tuple(turn) for turn in row.messages] for row in rows
    ]


def test_the_counts_table_counts_the_rows(large):
    counts, rows = large.counts, list(large)
    assert list(counts.columns) == [
        "asked",
        "examples",
        "characters",
        "share",
        "available",
        "rejected",
        "unsure",
        "flagged",
    ]
    for language, line in counts.iterrows():
        mine = [row for row in rows if row.response_language == language]
        assert line["asked"] == line["examples"] == len(mine)
        assert line["characters"] == sum(len(turn.content) for row in mine for turn in row.messages)
        assert line["share"] == pytest.approx(len(mine) / 2501)
        assert line["available"] == 3000
    assert counts["examples"].to_dict() == {"en": 1500, "fi": 501, "sw": 500}


def test_characters_are_code_points_not_bytes():
    mix = build_mixture(
        pa.table({"id": ["a"], "language": ["sw"], "prompt": ["é🙂中"], "response": ["e\u0301"]}),
        {"sw": 1},
        validate=False,
    )
    assert mix.counts["characters"].to_list() == [5]


def test_rows_stay_readable_after_the_mixture_and_scratch_files_go_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mix = build_mixture(table_of({"a": ["en"], "b": ["fi"]}), {"en": 1, "fi": 1}, validate=False)
    assert any(tmp_path.iterdir())
    table, dataset = mix.to_arrow(), mix.to_dataset()
    del mix
    gc.collect()
    assert not any(tmp_path.iterdir())
    assert sorted(table.column("id").to_pylist()) == ["a", "b"]
    assert len(dataset["messages"]) == 2


def test_the_text_form_of_a_mixture_is_golden(sampled):
    golden("mixture.txt", repr(sampled))


def test_the_text_form_of_a_plan_is_golden(sampled):
    golden("plan.txt", f"{sampled.plan!r}\n{sampled.plan}")


class Cells(HTMLParser):
    """The texts of table cells, and whether every tag that opens also closes, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.cells = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def test_the_html_form_is_well_formed_and_says_what_the_text_says(sampled):
    page = sampled._repr_html_()
    parser = Cells()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    tree = ElementTree.fromstring(page)
    assert tree.tag == "div"
    assert not {node.tag for node in tree.iter()} & {"script", "style", "link", "img"}
    text = repr(sampled)
    assert all(cell in text for cell in parser.cells)
    languages = [row.find("td").text for row in tree.iter("tr") if row.find("td") is not None]
    assert languages == [name for name, asked in sampled.counts["asked"].items() if asked]
    widths = [
        float(node.get("style").split("width:")[1].rstrip("%"))
        for node in tree.iter("div")
        if "background" in node.get("style", "")
    ]
    assert widths == [pytest.approx(100 * share / 40, abs=0.06) for share in sampled.counts["examples"]]


# The same, and not the same -----------------------------------------------------------------------------------------

GRID = {f"i{number}": ["en", "fi", "sw"] if number % 3 else ["en", "sw"] for number in range(60)}
ASKED = {"en": 20, "*": 15}


@pytest.fixture(scope="module")
def plain_digest():
    return build_mixture(table_of(GRID), ASKED, validate=False).digest


def test_seeds_choose_differently_and_in_another_order():
    mixes = [build_mixture(table_of(GRID), ASKED, validate=False, seed=seed) for seed in (0, 1, 2, -1, 2**70)]
    for one, other in combinations(mixes, 2):
        assert one.digest != other.digest
        assert set(pairs_of(one)) != set(pairs_of(other))
        # Seeds round what random choice would give up or down, and change no more of a plan than that.
        assert one.plan.counts() == other.plan.counts()
        assert np.abs(one.plan.flow - other.plan.flow).max() <= 1
        assert one.plan.recipe.digest != other.plan.recipe.digest


def test_a_mixture_that_takes_everything_still_has_the_order_of_its_seed():
    every = table_of({key: ["en"] for key in GRID})
    orders = [[row.id for row in build_mixture(every, {"en": 60}, validate=False, seed=seed)] for seed in range(3)]
    assert all(sorted(order) == sorted(GRID) for order in orders)
    for one, other in combinations(orders, 2):
        assert sum(left == right for left, right in zip(one, other, strict=True)) < 10


def test_a_seed_means_the_same_mixture_in_every_version():
    """Whoever changes one of these on purpose changes what every published recipe builds."""
    mix = build_mixture(table_of(GRID), ASKED, validate=False, seed=12345)
    golden("digests.txt", f"mixture {mix.digest}\ngrid {mix.grid.digest}\nrecipe {mix.plan.recipe.digest}")


def test_languages_interleave_as_in_a_fair_shuffle(large):
    """An order that followed the choice would put each language in a block; chance changes language 1,400 times."""
    tags = [row.response_language for row in large]
    switches = sum(one != other for one, other in pairwise(tags))
    counts = [1500, 501, 500]
    expected = (2501**2 - sum(count**2 for count in counts)) / 2501
    assert abs(switches - expected) < 5 * 2501**0.5 / 2


def test_the_order_of_the_mixture_says_nothing_about_who_was_chosen_first(large):
    """The keys that choose and the keys that shuffle are different ones: their ranks do not correlate."""
    order = RandomSampler().order(toy_pool(large.grid), 3).key[large.grid.instruction[large.cells]]
    ranks = np.argsort(np.argsort(order))
    assert abs(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]) < 5 / len(ranks) ** 0.5


@given(st.randoms(use_true_random=False))
@laws(6)
def test_the_order_of_rows_changes_nothing(plain_digest, shuffle):
    table = table_of(GRID)
    places = shuffle.sample(range(table.num_rows), table.num_rows)
    assert build_mixture(table.take(places), ASKED, validate=False).digest == plain_digest


def test_formats_and_the_cut_into_files_change_nothing(plain_digest, tmp_path):
    table = table_of(GRID)
    rows = table.to_pylist()
    folder = tmp_path / "by language"
    folder.mkdir()
    for tag in ("en", "fi", "sw"):
        lines = [
            json.dumps({key: row[key] for key in ("id", "prompt", "response")})
            for row in rows
            if row["language"] == tag
        ]
        random.Random(1).shuffle(lines)
        (folder / f"{tag}.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "long.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    by_language = {tag: table.filter(pa.compute.equal(table["language"], tag)) for tag in ("sw", "en", "fi")}
    for source in (folder, str(folder / "{lang}.jsonl"), tmp_path / "long.jsonl", table.to_pandas(), by_language):
        assert build_mixture(source, ASKED, validate=False).digest == plain_digest


SCRIPT = """
import sys
from pinchmix import build_mixture, export_mixture, sample
from pinchmix.plugins import find_plugin, list_plugins
mix = build_mixture(sample(), {"en": 0.56, "*": 0.44}, total=50, seed=11)
export_mixture(mix, sys.argv[1], progress=False)
print(mix.digest, mix.grid.digest, mix.plan.recipe.digest)
print(ascii([mix, mix.plan, mix.plan.recipe]))
for group in ("samplers", "formats", "exporters"):
    print(ascii([find_plugin(group, name) for name in list_plugins()[group]]))
"""


def test_another_process_hash_seed_folder_locale_and_time_zone_change_nothing(tmp_path):
    said, files = [], []
    worlds = [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Asia/Kathmandu"},
        {
            "PYTHONHASHSEED": "3",  # orders sets of two words unlike 1
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
            "TZ": "America/New_York",
            "OMP_NUM_THREADS": "1",
        },
    ]
    root = str(Path(pinchmix.__file__).parents[1])
    running = []
    for number, world in enumerate(worlds):
        place = tmp_path / f"world {number}"
        place.mkdir()
        command = [sys.executable, "-c", SCRIPT, str(place / "out")]
        running.append(
            subprocess.Popen(
                command, cwd=place, env={**os.environ, "PYTHONPATH": root, **world}, stdout=subprocess.PIPE
            )
        )
    for number, process in enumerate(running):
        said.append(process.communicate(timeout=60)[0])
        assert process.returncode == 0
        out = tmp_path / f"world {number}" / "out"
        manifest = json.loads((out / "manifest.json").read_bytes())
        files.append(
            {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.*") if path.suffix != ".json"}
        )
        files[-1]["identity"] = json.dumps(manifest["identity"])
    assert said[0] == said[1]
    assert files[0] == files[1]
    here = build_mixture(pinchmix.sample(), {"en": 0.56, "*": 0.44}, total=50, seed=11)
    assert said[0].decode().split()[:3] == [here.digest, here.grid.digest, here.plan.recipe.digest]


def test_a_recipe_builds_what_its_keywords_build():
    built = build_mixture(table_of(GRID), ASKED, validate=False, seed=5, languages=["sw", "en"])
    again = build_mixture(table_of(GRID), built.plan.recipe)
    assert again.digest == built.digest
    assert again.plan.recipe == built.plan.recipe == Recipe(Budget.counts(ASKED), languages=("sw", "en"), seed=5)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("total", 3),
        ("languages", ["en"]),
        ("pivot", "en"),
        ("content", "disjoint"),
        ("sampler", "random"),
        ("validate", False),
        ("seed", 0),
    ],
)
def test_a_recipe_with_keywords_is_refused_even_if_they_say_the_same(keyword, value):
    with pytest.raises(ArgumentError, match=f"decides {keyword} too"):
        build_mixture(table_of(GRID), Recipe(Budget.counts(ASKED)), **{keyword: value})


def test_the_digest_of_a_recipe_changes_with_each_of_its_parts_and_with_nothing_else():
    recipe = Recipe(Budget.counts({"en": 3, "fi": 1}))
    others = [
        replace(recipe, budget=Budget.counts({"en": 3, "fi": 2})),
        replace(recipe, budget=Budget.shares({"en": 0.75, "fi": 0.25}, total=4)),
        replace(recipe, languages=("en", "fi")),
        replace(recipe, languages=("fi", "en")),
        replace(recipe, pivot="fi"),
        replace(recipe, sampler="other"),
        replace(recipe, validators=("language",)),
        replace(recipe, seed=1),
    ]
    digests = [one.digest for one in [recipe, *others]]
    assert len(set(digests)) == len(digests)
    assert Recipe(Budget.counts({"fi": 1, "EN": 3})).digest == recipe.digest


# Checked cells ------------------------------------------------------------------------------------------------------


@given(asked_cells(), st.integers(0, 50), st.data())
@BUILDS
def test_rejected_cells_are_replaced_exactly_or_the_budget_is_proved_impossible(case, seed, data):
    grid, counts = case
    every = [(key, tag) for key, tags in grid.items() for tag in tags]
    check = Refuse(data.draw(st.sets(st.sampled_from(every))))
    clean = {key: [tag for tag in tags if (key, tag) not in check.refused] for key, tags in grid.items()}
    if possible(clean, counts):
        mix = build_mixture(table_of(grid), counts, seed=seed, validate=[check])
        rows = pairs_of(mix)
        assert not set(rows) & check.refused
        assert {tag: sum(tag == one for _, one in rows) for tag in counts} == counts
        assert len({key for key, _ in rows}) == len(rows)
        assert set(rows) <= set(check.asked)
        assert sum(mix.report.rejected.values()) == len(set(check.asked) & check.refused)
    else:
        with pytest.raises(InfeasibleBudget) as caught:
            build_mixture(table_of(grid), counts, seed=seed, validate=[check])
        proof = caught.value.certificate
        lost = sum(proof.rejected.values())
        assert lost == sum(tag in proof.languages for _, tag in set(check.asked) & check.refused)
        assert ("get back " in str(caught.value)) == (lost > 0)
        assert lost < 2 or f"the {lost:,} cells" in str(caught.value)
    assert len(set(check.asked)) == len(check.asked)  # once a cell


@given(asked_cells().filter(lambda case: possible(*case)), st.integers(0, 50), st.data())
@BUILDS
def test_what_was_good_stays_wherever_it_can(case, seed, data):
    grid, counts = case
    first = set(pairs_of(build_mixture(table_of(grid), counts, seed=seed, validate=False)))
    refused = data.draw(st.sets(st.sampled_from(sorted(first)), min_size=1))
    kept = first - refused
    used = {key for key, _ in kept}
    free = {key: [tag for tag in tags if (key, tag) not in refused] for key, tags in grid.items() if key not in used}
    check = Refuse(refused)
    if possible(free, {tag: sum(tag == one for _, one in refused) for tag in counts}):
        mix = build_mixture(table_of(grid), counts, seed=seed, validate=[check])
        assert kept <= set(pairs_of(mix))
        # Only what was chosen is judged: the first choice, and what came in its place.
        assert set(check.asked) == first | set(pairs_of(mix))


@pytest.mark.parametrize("seed", range(8))
def test_among_many_cells_all_that_were_good_stay(seed):
    first = pairs_of(build_mixture(table_of(GRID), ASKED, validate=False, seed=seed))
    refused = set(first[::3])
    second = build_mixture(table_of(GRID), ASKED, validate=[Refuse(refused)], seed=seed)
    assert set(first) - refused <= set(pairs_of(second))


def test_what_was_kept_gives_way_only_where_it_stands_in_the_way():
    """One instruction serves both languages; if the other fi cell is bad, fi needs the one that en may have taken."""
    grid = {"a": ["en", "fi"], "b": ["en", "fi"], "c": ["en"]}
    for seed in range(20):
        mix = build_mixture(table_of(grid), {"en": 1, "fi": 1}, seed=seed, validate=[Refuse([("b", "fi")])])
        assert ("a", "fi") in pairs_of(mix)


def test_the_judge_is_asked_about_chosen_cells_only_and_a_doubt_keeps_the_cell(plain_digest):
    check = Refuse([], doubted=[(key, tag) for key, tags in GRID.items() for tag in tags])
    mix = build_mixture(table_of(GRID), ASKED, validate=[check])
    assert sorted(check.asked) == sorted(pairs_of(mix))
    assert mix.digest == plain_digest
    assert mix.report.unsure == {"train": {"en": 20, "fi": 8, "sw": 7}}
    assert mix.counts["unsure"].to_dict() == mix.report.unsure["train"]
    assert len(mix.rejected) == 0
    assert mix.report.plugins == {"samplers/random": "1", "validators/refuse": "7"}


def test_rejections_are_reported_with_their_evidence():
    refused = {(key, "fi") for key in list(GRID)[:30]}
    mix = build_mixture(table_of(GRID), ASKED, validate=[Refuse(refused)])
    rows = mix.rejected
    assert 0 < len(rows) == mix.counts.loc["fi", "rejected"] == mix.report.rejected["fi"]
    for row in rows.itertuples():
        assert (row.id, row.language) in refused
        assert (row.check, row.verdict, row.reason, row.score, row.seen) == (
            "refuse",
            "mismatch",
            "refused",
            0.25,
            "xx",
        )
        assert row.excerpt == f"response of {row.id} in fi"
    assert f"{len(rows)} rejected and replaced" in repr(mix)


def test_every_row_of_the_source_is_chosen_in_reserve_or_left_out_with_a_reason():
    rows = table_of(GRID).to_pylist()
    bad = [
        {"id": "", "language": "en", "prompt": "p", "response": "r"},
        {"id": None, "language": "fi", "prompt": "p", "response": "r"},
        {"id": "x1", "language": "en", "prompt": " ", "response": "r"},
        {"id": "x2", "language": "sw", "prompt": "p", "response": None},
        {"id": "x3", "language": "en", "prompt": "p", "response": "one"},
        {"id": "x3", "language": "en", "prompt": "p", "response": "two"},
        {"id": "x4", "language": "not a language", "prompt": "p", "response": "r"},
    ]
    table = pa.Table.from_pylist([*rows[:9], *bad, *rows[9:]])
    check = Refuse([(key, "sw") for key in list(GRID)[::2]])
    mix = build_mixture(table, ASKED, validate=[check], on_bad_rows="drop")
    report = mix.report
    assert report.read == table.num_rows
    assert sum(report.dropped.values()) == len(bad) == len(report.bad_rows)
    assert [row.row for row in report.bad_rows] != []
    assert {row.row for row in report.bad_rows} == set(range(10, 17))
    rejected, reserve = sum(report.rejected.values()), len(mix.grid) - len(mix)
    assert rejected > 0
    assert report.read == len(mix) + reserve + rejected + len(bad)
    with pytest.raises(BadRows, match="7 rows"):
        build_mixture(table, ASKED, validate=False)
