"""Comparisons: every figure is that of Python sets, for mixtures, for exports, and for many at once."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import build_mixture, cli, compare_mixtures, compare_sweep, export_mixture
from pinchmix.comparing import matrix as matrices
from pinchmix.comparing.chosen import Chosen, Pair
from pinchmix.comparing.compare import compare_chosen
from pinchmix.errors import ArgumentError, ExportError
from tests.grids import laws

GOLDEN = Path(__file__).parent / "golden" / "compare.txt"
PAIRS = (Pair("en", "en"), Pair("fi", "fi"), Pair("en", "fi"), Pair("fi", "en"))
SPLITS = ("train", "test")
LANGUAGES = ["en", "fi", "hi", "sw"]


@st.composite
def members(draw, count=2):
    """Rows of small mixtures: (id, languages, split), each instruction in one split of a mixture."""
    found = []
    for _ in range(count):
        split = draw(st.fixed_dictionaries({key: st.sampled_from(SPLITS) for key in "abcdé"}))
        cells = draw(st.lists(st.tuples(st.sampled_from("abcdé"), st.sampled_from(PAIRS)), max_size=8))
        found.append([(key, pair, split[key]) for key, pair in cells])
    return found


def chosen(rows, *, shared_ids=None, pivot="en"):
    """What a mixture of these rows would hold; its ids in an array of their own unless one is given."""
    ids = pa.array(sorted({key for key, *_ in rows}, reverse=True)) if shared_ids is None else shared_ids
    pairs = tuple(dict.fromkeys(pair for _, pair, _ in rows))
    places = [(ids.to_pylist().index(key), pairs.index(pair), SPLITS.index(split)) for key, pair, split in rows]
    columns = np.array(places, dtype=np.int64).reshape(-1, 3).T
    return Chosen(ids, pairs, SPLITS, *columns, pivot, {}, None)


def firsts(rows):
    return list(dict.fromkeys((key, pair) for key, pair, _ in rows))


# Laws ---------------------------------------------------------------------------------------------------------------


@laws(150)
@given(members(), st.booleans())
def test_every_figure_is_that_of_sets(both, one_array):
    ids = pa.array(list("éxdcba"), pa.string()) if one_array else None
    found = compare_chosen(tuple(chosen(rows, shared_ids=ids) for rows in both), ("a", "b"))
    a, b = ({(key, pair) for key, pair, _ in rows} for rows in both)
    assert (found.cells, found.shared_cells, found.examples) == (
        (len(a), len(b)),
        len(a & b),
        (len(both[0]), len(both[1])),
    )
    assert found.within == (a <= b, b <= a)
    besides = [{cell for cell in cells if cell[1] != Pair("en", "en")} for cells in (a, b)]
    assert found.within_besides_pivot == (besides[0] <= besides[1], besides[1] <= besides[0])
    for one in found.columns:
        pair = Pair(one.prompt_language, one.response_language)
        mine, other = ({key for key, its in cells if its == pair} for cells in (a, b))
        assert (one.cells, one.shared) == ((len(mine), len(other)), len(mine & other))
        assert one.nested == (mine <= other or other <= mine)
        assert one.examples == tuple(sum(its == pair for _, its, _ in rows) for rows in both)
    assert {Pair(*one[:2]) for one in found.columns} == {pair for _, pair in a | b}
    assert found.nested == all(one.nested for one in found.columns)
    splits = [{key: split for key, _, split in rows} for rows in both]
    shared = splits[0].keys() & splits[1].keys()
    assert found.instructions == (len(splits[0]), len(splits[1]))
    assert found.constant == (splits[0].keys() == splits[1].keys())
    moves = [(splits[0][key], splits[1][key]) for key in shared]
    assert {(move.first, move.second): move.instructions for move in found.moves} == {
        move: moves.count(move) for move in moves
    }
    moved = sorted(key for key in shared if splits[0][key] != splits[1][key])
    assert found.moved == found.leaks == len(moved)
    assert {name: ids.to_pylist() for name, ids in found.ids.items()} == {
        "both": sorted(shared),
        "first": sorted(splits[0].keys() - shared),
        "second": sorted(splits[1].keys() - shared),
        "leaks": moved,
    }
    orders = [[cell for cell in firsts(rows) if cell in a & b] for rows in both]
    assert found.same_order == (orders[0] == orders[1] if a & b else None)
    assert repr(found)


@laws(50)
@given(members(4))
def test_a_matrix_is_the_comparison_of_each_two(rows):
    names = "pqrs"
    held = dict(zip(names, map(chosen, rows), strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrices, "chosen_of", lambda member, _: member)
        found = compare_sweep(held)
    for row, one in enumerate(names):
        for column, other in enumerate(names):
            pair = compare_chosen((held[one], held[other]), ("a", "b"))
            assert found.cells[row, column] == pair.shared_cells
            assert found.instructions[row, column] == pair.shared_instructions
            assert found.within[row, column] == pair.within[0]
            assert found.within_besides_pivot[row, column] == pair.within_besides_pivot[0]
            assert found.alternating[row, column] == pair.nested
            assert found.constant[row, column] == pair.constant
    assert repr(found)


def test_blocks_and_bits_count_what_sets_count(monkeypatch):
    monkeypatch.setattr(matrices, "BLOCK", 128)
    draws = np.random.default_rng(1)
    sets = [np.unique(draws.integers(0, 3000, size)) for size in (0, 1, 700, 2500)]
    expected = [[len(np.intersect1d(one, other)) for other in sets] for one in sets]
    for ones in (matrices.ones, matrices.ones_by_arithmetic):
        monkeypatch.setattr(matrices, "ones", ones)
        assert matrices._both(sets, 3000).tolist() == expected
    words = draws.integers(0, 2**64, 200, dtype=np.uint64)
    assert matrices.ones_by_arithmetic(words).tolist() == [bin(word).count("1") for word in words.tolist()]


def test_pivots_that_differ_are_both_left_out():
    rows = [("a", Pair("en", "en"), "train"), ("b", Pair("fi", "fi"), "train"), ("c", Pair("en", "fi"), "train")]
    found = compare_chosen((chosen(rows), chosen(rows[2:], pivot="fi")), ("a", "b"))
    assert found.pivots == ("en", "fi")
    assert [one.label for one in found.columns] == ["en", "fi", "en→fi"]
    assert (found.within, found.within_besides_pivot) == ((False, True), (True, True))


# Mixtures and exports -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two mixtures of the sample, and the folders of their exports."""
    source, place = pinchmix.sample(), tmp_path_factory.mktemp("pair")
    mixes = (
        build_mixture(
            source, {"en": 40, "*": 6}, languages=LANGUAGES, validate=False, split={"train": 0.8, "test": 0.2}
        ),
        build_mixture(source, {"en": 30, "*": 16}, languages=LANGUAGES, validate=False, seed=1),
    )
    folders = (place / "p13", place / "p35")
    for mix, folder in zip(mixes, folders, strict=True):
        export_mixture(mix, folder, trainers=[], shards=2)
    return mixes, folders


def test_an_export_compares_as_its_mixture(pair):
    mixes, folders = pair
    found = compare_mixtures(*mixes)
    for others in (folders, (mixes[0], str(folders[1])), (folders[0], mixes[1])):
        assert compare_mixtures(*others) == found
        assert compare_mixtures(*others).to_dict() == found.to_dict()
        assert repr(compare_mixtures(*others)) == repr(found)
    assert compare_mixtures(mixes[0], folders[0]).same_digest
    assert not found.same_digest
    assert compare_mixtures(*reversed(mixes)) != found
    assert found.lengths.to_pandas().loc[("characters", "all"), "a"] == mixes[0].counts["characters"].sum()
    named = dict(zip("ab", folders, strict=True))
    assert (compare_sweep(named).cells == compare_sweep(dict(zip("ab", mixes, strict=True))).cells).all()


def test_no_text_is_read_until_it_is_asked_for(pair, monkeypatch):
    (one, other), _ = pair
    held = replace(compare_mixtures(one, other))

    def read(*_):
        raise AssertionError("a text was read")

    monkeypatch.setattr(type(one), "sizes", property(read))
    monkeypatch.setattr(type(one), "digest", property(read))
    monkeypatch.setattr(type(one), "_table", property(read))
    found = compare_mixtures(one, other)
    assert found == held
    assert (repr(found), found._repr_html_(), len(found.to_pandas())) == (repr(held), held._repr_html_(), 4)
    assert repr(compare_sweep({"a": one, "b": other}))
    for ask in (lambda: found.lengths, lambda: found.same_digest):
        with pytest.raises(AssertionError, match="a text was read"):
            ask()


def test_tokens_are_compared_where_the_same_tokenizer_counted_the_same_text():
    def words(text):
        return len(text.split())

    def mixed(**said):
        return build_mixture(pinchmix.sample(), {"en": 400, "fi": 100}, unit="tokens", validate=False, **said)

    one, other = mixed(tokenizer=words), mixed(tokenizer=words, seed=1)
    found = compare_mixtures(one, other).lengths
    assert found.tokens == ""
    assert found.to_pandas().loc["tokens", "a"].tolist() == [
        *one.counts["given"][["en", "fi"]],
        one.counts["given"].sum(),
    ]
    assert "tokens" not in compare_mixtures(one, mixed(tokenizer=len)).lengths.to_dict()
    assert "counted response with" in compare_mixtures(mixed(tokenizer=words, counted="response"), one).lengths.tokens
    plain = build_mixture(pinchmix.sample(), {"en": 5}, validate=False)
    assert compare_mixtures(one, plain).lengths.tokens == "b did not count them"
    assert compare_mixtures(plain, plain).lengths.tokens == "neither counted them"


def test_texts_are_golden(pair):
    mixes, _ = pair
    found = compare_mixtures(*mixes, names=("p13", "p35"))
    plain = [build_mixture(pinchmix.sample(), {"en": 9, "fi": n}, validate=False) for n in (0, 2, 4, 20)]
    repeated = build_mixture(pinchmix.sample(), {"en": 80, "fi": 1}, validate=False, repeat=2)
    alien = build_mixture([{"id": "x", "language": "en", "prompt": "p", "response": "r"}], {"en": 1}, validate=False)
    sweep = {f"fi{n}": mix for n, mix in enumerate(plain)}
    many = {f"m{n}": plain[n % 4] for n in range(14)}
    texts = [found, found.lengths, compare_mixtures(plain[1], plain[1]), compare_mixtures(plain[0], repeated)]
    texts += [compare_mixtures(plain[0], alien), compare_sweep(sweep), compare_sweep(many)]
    texts += [compare_sweep({"one": plain[0], "other": alien})]
    said = "\n\n".join(map(repr, texts)) + "\n"
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(said, encoding="utf-8")
    assert said == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda mix, _: compare_mixtures(mix, 3), "b is a int: give a Mixture, or the folder of an export."),
        (lambda mix, _: compare_mixtures({"a": mix}, mix), "For a mapping of several, use compare_sweep."),
        (lambda mix, _: compare_mixtures(mix, mix, names=("x", "x")), "give two different names"),
        (lambda mix, _: compare_sweep([mix, mix]), "mixtures is a list: give a mapping"),
        (lambda mix, _: compare_sweep({"a": mix}), "mixtures has 1: give a mapping"),
        (lambda mix, _: compare_sweep({"a": mix, 2: mix}), "2 cannot be the name of a member"),
        (lambda mix, _: compare_sweep({"a": mix, "b": None}), "mixtures['b'] is a NoneType"),
        (lambda mix, _: compare_sweep({"a": mix, "b": mix}).to_pandas("cell"), "Did you mean 'cells'?"),
        (lambda mix, _: compare_sweep({"a": mix, "b": mix}).plot("within"), "what='within' is none of cells"),
        (lambda mix, place: compare_mixtures(mix, place), "is no export: there is no manifest.json in it."),
    ],
)
def test_what_cannot_be_compared_is_refused(pair, tmp_path, call, message):
    with pytest.raises((ArgumentError, ExportError)) as caught:
        call(pair[0][0], tmp_path)
    assert message in str(caught.value)


def test_an_export_whose_provenance_is_not_what_was_written_is_refused(pair, tmp_path):
    mix = pair[0][1]
    export_mixture(mix, tmp_path / "out", trainers=[])
    file = tmp_path / "out" / "provenance" / "train.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(ExportError, match=r"provenance/train.parquet is not what was written \(SHA-256 differs\)"):
        compare_mixtures(mix, tmp_path / "out")
    file.unlink()
    with pytest.raises(ExportError, match="the files of provenance are not there"):
        compare_mixtures(mix, tmp_path / "out")


# Pictures and the command line --------------------------------------------------------------------------------------


def test_bars_are_as_high_as_the_figures(pair, tmp_path):
    found = compare_mixtures(*pair[0])
    figure = found.plot()
    figure.savefig(tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes()[:4] == b"\x89PNG"
    (axes,) = figure.axes
    heights = [[bar.get_height() for bar in container.patches] for container in axes.containers]
    table = found.to_pandas()
    assert heights == [table[name].tolist() for name in ("examples_a", "examples_b", "shared", "shared")]
    assert [label.get_text() for label in axes.get_xticklabels()] == list(table.index)
    assert {bar.get_hatch() for bar in axes.containers[2].patches} == {"////"}
    assert found.plot(axes=figure.add_subplot()) is figure


def test_a_heat_map_is_the_matrix(pair, tmp_path):
    found = compare_sweep({"one": pair[0][0], "other": pair[0][1]})
    figure = found.plot("instructions")
    figure.savefig(tmp_path / "heat.svg")
    axes = figure.axes[0]
    shown = axes.images[0].get_array()
    assert shown.tolist() == (found.instructions / found.instructions.diagonal()[:, None]).tolist()
    assert [text.get_text() for text in axes.texts] == [f"{count:,}" for count in found.instructions.ravel().tolist()]


def test_without_matplotlib_the_extra_is_named(pair, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        ArgumentError, match=r"plot\(\) needs the library matplotlib. Get it: pip install 'pinchmix\[pl"
    ):
        compare_mixtures(*pair[0]).plot()


def test_the_command_line_says_the_same(pair, tmp_path, monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["pinchmix", "compare", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return caught.value.code or 0, said.out, said.err

    mixes, folders = pair
    found = compare_mixtures(*mixes, names=("p13", "p35"))
    code, out, err = call(*folders, "--out", tmp_path / "two.json", "--plot", tmp_path / "two.png")
    assert (code, err) == (0, "")
    assert out == f"{found!r}\ndigests       different\n{found.lengths!r}\n"
    assert json.loads((tmp_path / "two.json").read_text()) == json.loads(json.dumps(found.to_dict()))
    assert (tmp_path / "two.png").is_file()
    export_mixture(mixes[0], tmp_path / "third", trainers=[])
    code, out, _ = call(*folders, tmp_path / "third", "--out", tmp_path / "three.csv")
    many = compare_sweep({"p13": mixes[0], "p35": mixes[1], "third": mixes[0]})
    assert (code, out) == (0, f"{many!r}\n")
    assert (tmp_path / "three.csv").read_text() == many.to_pandas().to_csv()
    assert call(folders[0])[0] == call(*folders, "--out", "x.txt")[0] == call(folders[0], folders[0])[0] == 2
