"""What trainers are given: the laws on every exporter and format, their files to the letter, and that all is there."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

import pinchmix
from pinchmix.errors import ArgumentError, RowsRefused, UnknownPlugin, VerificationFailed
from pinchmix.exporters.llamafactory import LlamaFactory
from pinchmix.exporters.mistral import Mistral
from pinchmix.exporters.trl import TRL
from pinchmix.formats.alpaca import Alpaca
from pinchmix.formats.messages import Messages
from pinchmix.plugins import BUILT_IN, Exported, find_plugin
from pinchmix.testing import check_exporter, check_format, toy_exports

GOLDEN = Path(__file__).parent / "golden" / "trainers"
EXPORTERS = sorted(BUILT_IN["exporters"])
FORMATS = sorted(BUILT_IN["formats"])
# Those that look for files of certain names, and so can do nothing with others.
PICKY = {"mlx_lora": {"other names", "shards"}, "mistral": set()}


def written(name: str) -> dict[tuple[str, str], str]:
    """Kind of export and path → text, of all files that an exporter writes for the toy exports."""
    exporter = find_plugin("exporters", name)
    return {
        (kind, path): text
        for kind, export in toy_exports().items()
        for path, text in exporter.files(export).items()
        if exporter.shards or kind != "shards"
    }


# Laws ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_exporter_keeps_the_laws(name):
    check_exporter(find_plugin("exporters", name))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_keeps_the_laws(name):
    check_format(find_plugin("formats", name))


@dataclass(frozen=True)
class Breaks:
    """TRL's exporter, broken in one way."""

    how: str = ""
    name: str = "trl"
    version: str = "1"
    title: str = "TRL"
    usage: str = "trl sft --config trainers/trl.yaml"
    shards: bool = True

    def files(self, export):
        files = dict(TRL().files(export))
        train = export.files("train")
        if self.how == "counts its calls":
            CALLS.append(0)
            return {**files, "calls.txt": f"{len(CALLS)}\n"}
        if not train:
            return files
        broken = {
            "leaves the folder": {"../trl.yaml": "a: 1\n"},
            "is absolute": {"/trl.yaml": "a: 1\n"},
            "has a blank": {"trl file.yaml": "a: 1\n"},
            "is empty": {"trl.yaml": ""},
            "has a half character": {"trl.yaml": "\ud800\n"},
            "has two line ends": {"trl.yaml": "a: 1\r\n"},
            "ends in the middle": {"trl.yaml": "a: 1"},
            "names what is not there": {"trl.yaml": 'a: "data/messages/valid.jsonl"\n'},
            "names a format that is not there": {"trl.yaml": 'a: "data/alpaca/train.jsonl"\n'},
            "forgets a shard": {"trl.yaml": f'a: "{train[0]}"\n'},
            "forgets the root": {"trl.yaml": 'a: "data/messages"\n'},
            "has a usage that is not there": {"other.yaml": "a: 1\n"},
        }
        return broken[self.how]


CALLS: list[int] = []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("counts its calls", "same export"),
        ("leaves the folder", "no path in trainers/"),
        ("is absolute", "no path in trainers/"),
        ("has a blank", "no path in trainers/"),
        ("is empty", "is a text"),
        ("has two line ends", "line ends"),
        ("ends in the middle", "ends with a line end"),
        ("names what is not there", "names data/messages/valid.jsonl"),
        ("names a format that is not there", "names data/alpaca/train.jsonl"),
        ("forgets a shard", "of split train only"),
        ("forgets the root", "will stand"),
        ("has a usage that is not there", "names trainers/trl.yaml"),
    ],
)
def test_an_exporter_that_breaks_a_law_is_found(how, said):
    with pytest.raises(AssertionError, match=re.escape(said)):
        check_exporter(Breaks(how))


def test_a_file_that_cannot_be_encoded_is_found():
    with pytest.raises(UnicodeEncodeError):
        check_exporter(Breaks("has a half character"))


@pytest.mark.parametrize("broken", [{"name": "a-b"}, {"version": ""}, {"usage": "a\nb"}, {"shards": 1}])
def test_an_exporter_is_described_as_it_should_be(broken):
    check_exporter(TRL())
    with pytest.raises(AssertionError):
        check_exporter(replace(TRL(), **broken))


class Same(Messages):
    """Says nothing but how many turns there are."""

    def rows(self, messages):
        return pa.record_batch({"turns": [len(turns) for turns in messages.to_pylist()]})


class Numbered(Messages):
    """Puts the place of a row into it."""

    def rows(self, messages):
        return pa.record_batch({"messages": messages, "n": pa.array(range(len(messages)), pa.int64())})


class Counting(Messages):
    """Puts something else into each row at each call."""

    def rows(self, messages):
        CALLS.append(0)
        return pa.record_batch({"messages": messages, "n": pa.array([len(CALLS)] * len(messages), pa.int64())})


class Unsliced(Messages):
    """Reads from the beginning of the memory, which is right for whole arrays only."""

    def rows(self, messages):
        return pa.record_batch({"text": pa.array([turn["content"] for turn in messages.values.to_pylist()][::2])})


class Short(Messages):
    """Leaves rows out instead of refusing them."""

    def rows(self, messages):
        return pa.record_batch({"messages": messages.slice(0, max(len(messages) - 1, 0))})


class Moody(Messages):
    """Refuses whatever comes first."""

    def faults(self, messages):
        return pa.array([None if place else "no" for place in range(len(messages))], pa.string())


class Blind(Alpaca):
    """Forgets all but the last answer."""

    def faults(self, messages):
        return pa.nulls(len(messages), pa.string())


@pytest.mark.parametrize("broken", [Same, Numbered, Counting, Unsliced, Short, Moody, Blind])
def test_a_format_that_breaks_a_law_is_found(broken):
    with pytest.raises(AssertionError):
        check_format(broken())


# Files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_files_are_these_to_the_letter(name):
    told = "".join(f"======== {kind}: {path}\n{text}" for (kind, path), text in written(name).items())
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(told, encoding="utf-8", newline="\n")
    assert told == golden.read_text(encoding="utf-8")


def test_every_golden_file_is_of_an_exporter():
    assert {path.stem for path in GOLDEN.iterdir()} == set(EXPORTERS)


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_trainer_gets_files_for_every_export_that_it_can_read(name):
    exporter = find_plugin("exporters", name)
    kinds = {kind for kind, _ in written(name)}
    assert kinds == set(toy_exports()) - {"empty"} - PICKY.get(name, set())
    assert exporter.shards == ("shards" not in PICKY.get(name, set()))


@pytest.mark.parametrize("name", EXPORTERS)
def test_yaml_and_json_parse_and_say_how_they_are_used(name):
    files = written(name)
    for (kind, path), text in files.items():
        if path.endswith(".json"):
            json.loads(text)
            assert text.isascii(), "some tools open it without an encoding"
            assert any(other.startswith(path.rpartition("/")[0]) for _, other in files if other != path)
        elif path.endswith((".yaml", ".yml")):
            assert text.startswith(f"# {find_plugin('exporters', name).usage}\n"), (kind, path)
            settings = yaml.safe_load(text)
            assert isinstance(settings, dict)
            assert all(isinstance(key, str) for key in settings)
        else:
            assert text.startswith("#")


@pytest.mark.parametrize("name", EXPORTERS)
def test_names_of_trainers_are_those_of_files(name):
    exporter = find_plugin("exporters", name)
    assert exporter.name == name
    assert {path.partition(".")[0].partition("/")[0] for _, path in written(name)} == {name}


def strings(value):
    """All texts of parsed YAML or JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("shards", [1, 2])
def test_what_the_settings_of_an_export_name_is_there(tmp_path, monkeypatch, shards):
    """With the parsers that trainers use, from a folder with blanks and letters beyond ASCII, and in place."""
    mix = pinchmix.build_mixture(
        pinchmix.sample(), {"en": 9, "fi": 9}, split={"train": 0.5, "valid": 0.3, "test": 0.2}, validate=False
    )
    for root in (None, tmp_path / "žluť 数据" / "mix's"):
        folder = (tmp_path / "žluť 数据" / "mix's") if root else tmp_path / "plain"
        pinchmix.export_mixture(mix, folder, formats=["messages", "sharegpt"], shards=shards, root=root, progress=False)
        found = 0
        for path in (folder / "trainers").rglob("*.*"):
            monkeypatch.chdir(folder if root is None else tmp_path)
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
            base = path.parent if path.suffix == ".json" else Path()
            for text in strings(values):
                for part in text.split(","):
                    if "/" in part and "axolotl_prepared" not in part:  # which it makes
                        assert (base / part).exists(), f"{path}: {part}"
                        found += 1
        assert found > 10


def test_a_path_that_mistral_cannot_say_gets_no_file():
    for root in ("/a,b", "/a:b"):
        assert Mistral().files(Exported("mix", "0", root, {"train": ["train"]}, {"train": 1})) == {}


def test_every_format_of_the_export_is_a_data_set_of_llama_factory():
    files = LlamaFactory().files(toy_exports()["formats"])
    entries = json.loads(files["llamafactory/dataset_info.json"])
    assert len(entries) == 2 * len(FORMATS)
    assert len({entry["file_name"] for entry in entries.values()}) == len(entries)


def one_row(prompt="2024-01-02", response="words", count=4):
    return [{"id": str(n), "language": "en", "prompt": f"{prompt[:-1]}{n}", "response": response} for n in range(count)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"formats": ["messages", "alpaca"]}, r"every instruction of data/alpaca/train\.jsonl is a date"),
        ({"formats": ["messages", "prompt_completion"]}, r"every prompt of data/prompt_completion/train\.jsonl"),
    ],
)
def test_a_column_of_nothing_but_dates_is_refused_in_each_format(tmp_path, arguments, said):
    mix = pinchmix.build_mixture(one_row(), {"en": 4}, validate=False)
    pinchmix.export_mixture(mix, tmp_path / "messages")
    with pytest.raises(RowsRefused, match=said):
        pinchmix.export_mixture(mix, tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_a_shard_of_nothing_but_dates_is_refused(tmp_path):
    mix = pinchmix.build_mixture(
        [*one_row(response="2024-05-06", count=8), {"id": "w", "language": "en", "prompt": "x", "response": "y"}],
        {"en": 9},
        validate=False,
    )
    pinchmix.export_mixture(mix, tmp_path / "one")
    with pytest.raises(RowsRefused, match=r"every content of data/messages/train-0000\d-of-00009\.jsonl is a date"):
        pinchmix.export_mixture(mix, tmp_path / "nine", shards=9)


class Writes:
    version, title, usage, shards = "1", "Mine", "mine", True

    def __init__(self, files, name="mine"):
        self.name, self._files = name, files

    def files(self, export):
        return self._files


@pytest.mark.parametrize(
    ("exporters", "said"),
    [
        ([Writes(None)], "mine: files\\(\\) returns path"),
        ([Writes({"a.txt": b"x"})], "what it writes to a.txt is no text"),
        ([Writes({"a.txt": "\ud800"})], "what it writes to a.txt is no text"),
        ([Writes({Path("a"): "x"})], "is no path in trainers/"),
        ([Writes({"../a": "x"})], "is no path in trainers/"),
        ([Writes({"A.txt": "x", "a.txt": "y"})], "trainers/a.txt: both mine and mine write it"),
        (["trl", Writes({"trl.yaml": "x"})], "trainers/trl.yaml: both trl and mine write it"),
        ([Writes({"a": "x"}), Writes({"a/b": "x"}, "other")], "trainers/a/b: both mine and other write it"),
        ([Writes({}, "trl")], "trl is the name of a built-in one"),
        ([Writes({}, "Mine")], "use small letters"),
    ],
)
def test_an_exporter_that_writes_nonsense_is_named(tmp_path, exporters, said):
    mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 3}, validate=False)
    with pytest.raises(ArgumentError, match=said):
        pinchmix.export_mixture(mix, tmp_path / "out", trainers=exporters)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("root", [3, ["a"], b"/a", "/a\0b", "/a\nb", "/a\udcff", "here"])
def test_a_root_that_is_no_absolute_path_is_refused(tmp_path, root):
    mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 3}, validate=False)
    with pytest.raises(ArgumentError, match="root="):
        pinchmix.export_mixture(mix, tmp_path / "out", root=root)


def test_an_export_with_an_exporter_of_ones_own_is_rebuilt_with_it(tmp_path):
    mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 3}, validate=False)
    pinchmix.export_mixture(mix, tmp_path / "one", trainers=[Writes({"a.txt": "x"})])
    with pytest.raises(UnknownPlugin, match=r"no exporter is called 'mine'.*entry point"):
        pinchmix.rebuild_mixture(tmp_path / "one", pinchmix.sample(), out=tmp_path / "two")
    again = pinchmix.rebuild_mixture(
        tmp_path / "one", pinchmix.sample(), out=tmp_path / "two", plugins=[Writes({"a.txt": "x"})]
    )
    assert again.files == {}


def test_an_empty_folder_is_one_too_many(tmp_path):
    mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 3}, validate=False)
    pinchmix.export_mixture(mix, tmp_path / "out")
    (tmp_path / "out" / "data" / "messages" / "more").mkdir()
    with pytest.raises(VerificationFailed, match="data/messages/more: an extra folder"):
        pinchmix.verify_export(tmp_path / "out")
