"""Units are right: characters, bytes and tokens of cells are what counting turn by turn in Python gives."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

import pinchmix
from pinchmix import measure, plugins
from pinchmix.errors import ArgumentError
from pinchmix.grid import ROW_BITS, Grid
from pinchmix.measure import fertility, measure_cells
from pinchmix.reading.texts import Texts
from pinchmix.scan import scan_source
from pinchmix.sources.database import Database
from pinchmix.sources.source import Source, open_source
from pinchmix.testing import check_tokenizer
from pinchmix.tokenizers.function import FunctionTokenizer
from pinchmix.tokenizers.opening import open_tokenizer
from tests.grids import laws
from tests.strategies import texts


class Scanned(NamedTuple):
    source: Source
    database: Database
    grid: Grid


def scanned(source: Any) -> Scanned:
    database = Database()
    opened = open_source(source, database)
    return Scanned(opened, database, scan_source(opened, database)[0])


@pytest.fixture(scope="module")
def sample() -> Scanned:
    return scanned(pinchmix.sample())


@pytest.fixture(scope="module")
def sample_turns(sample: Scanned) -> list[list[dict[str, str]]]:
    """The turns of each cell of the sample, in the grid's order, by the reader of texts."""
    held = Texts(sample.source, sample.database)
    held.fetch(sample.grid.address)
    return [turns for part in held.ordered(sample.grid.address) for turns in part.to_pylist()]


@pytest.fixture(scope="module")
def model(sample_turns: list[list[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SentencePiece model trained on the sample."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(turn["content"] for turns in sample_turns for turn in turns),
        model_writer=written,
        vocab_size=2000,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=0.995,
        minloglevel=2,
    )
    path = tmp_path_factory.mktemp("models") / "sample.model"
    path.write_bytes(written.getvalue())
    return path


COUNTED: Mapping[str, set[str]] = {
    "prompt": {"system", "user"},
    "response": {"assistant"},
    "both": {"system", "user", "assistant"},
}
UNITS: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "bytes": lambda text: len(text.encode()),
    "tokens": lambda text: len(text.split()),
}


def twin(turns: Sequence[Mapping[str, str]], unit: Callable[[str], int], counted: str) -> int:
    return sum(unit(turn["content"]) for turn in turns if turn["role"] in COUNTED[counted])


# Cells --------------------------------------------------------------------------------------------------------------


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, str]]:
    turns = [{"role": "system", "content": draw(texts())}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        turns += [{"role": role, "content": draw(texts())} for role in ("user", "assistant")]
    return turns


def _sharegpt(turns: list[dict[str, str]]) -> dict[str, Any]:
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    return {"conversations": [{"from": names[turn["role"]], "value": turn["content"]} for turn in turns]}


def _pair(turns: list[dict[str, str]]) -> dict[str, Any]:
    system = [turn["content"] for turn in turns if turn["role"] == "system"]
    *_, question, answer = (turn["content"] for turn in turns)
    return {"system": system[0] if system else None, "prompt": question, "response": answer}


def _of_pair(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    return [*(turn for turn in turns if turn["role"] == "system"), *turns[-2:]]


def _lists(turns: list[dict[str, str]]) -> dict[str, Any]:
    return {"prompt": turns[:-1], "response": turns[-1:]}


LAYOUTS: Mapping[str, tuple[Callable[[Any], dict[str, Any]], Callable[[Any], Any]]] = {
    "messages": (lambda turns: {"messages": turns}, list),
    "ShareGPT": (_sharegpt, list),
    "lists of turns": (_lists, list),
    "pair": (_pair, _of_pair),
}


@laws(40)
@given(
    cells=st.lists(conversations(), min_size=1, max_size=4),
    layout=st.sampled_from(list(LAYOUTS)),
    unit=st.sampled_from(list(UNITS)),
    counted=st.sampled_from(list(COUNTED)),
    data=st.data(),
)
def test_the_size_of_a_cell_is_the_sum_over_its_turns(
    cells: list[Any], layout: str, unit: str, counted: str, data: st.DataObject
) -> None:
    write, read = LAYOUTS[layout]
    rows = [{"id": str(number), **write(turns)} for number, turns in enumerate(cells)]
    cut = data.draw(st.integers(0, len(rows) - 1))
    found = scanned({"en": rows, "sw": rows[cut:]})
    order = data.draw(st.permutations(range(len(found.grid))))
    sizes = measure_cells(
        found.source,
        found.database,
        found.grid.address[order],
        unit,
        tokenizer=FunctionTokenizer(UNITS["tokens"]),
        counted=counted,
    )
    expected = [twin(read(cells[found.grid.instruction[cell]]), UNITS[unit], counted) for cell in order]
    assert sizes.dtype == np.int64
    assert sizes.tolist() == expected


@laws(20)
@given(question=texts(), extra=st.one_of(texts(), st.sampled_from(["", " ", "\n", "\u200b"]), st.none()))
def test_the_input_of_alpaca_is_a_part_of_the_prompt(question: str, extra: str | None) -> None:
    rows = [{"id": "a", "instruction": question, "input": extra, "output": "x"}]
    found = scanned({"en": rows})
    held = Texts(found.source, found.database)
    held.fetch(found.grid.address)
    ((_, (prompt,), *_),) = held.said([found.grid.address])
    for unit in ("characters", "bytes"):
        (size,) = measure_cells(found.source, found.database, found.grid.address, unit, counted="prompt").tolist()
        assert size == UNITS[unit](prompt)


@pytest.mark.parametrize("counted", COUNTED)
@pytest.mark.parametrize("unit", ["characters", "bytes", "tokens"])
def test_the_sample_has_the_sizes_that_its_texts_have(
    sample: Scanned, sample_turns: list[Any], model: Path, unit: str, counted: str
) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    one = {**UNITS, "tokens": lambda text: len(processor.encode(text))}[unit]
    sizes = measure_cells(
        sample.source, sample.database, sample.grid.address, unit, tokenizer=open_tokenizer(model), counted=counted
    )
    assert sizes.tolist() == [twin(turns, one, counted) for turns in sample_turns]


def test_rows_that_cannot_be_used_have_no_size() -> None:
    good = {"prompt": "Hi", "response": "Hello"}
    bad = [{"prompt": None}, {"response": ""}, {"prompt": " \u200b"}]
    found = scanned({"en": [{"id": str(n), **good, **change} for n, change in enumerate([*bad, {}])]})
    for unit in ("characters", "bytes", "tokens"):
        sizes = measure_cells(
            found.source, found.database, found.grid.address, unit, tokenizer=FunctionTokenizer(len), progress=False
        )
        assert sizes.tolist() == [0, 0, 0, 7]


def test_examples_are_one_each() -> None:
    found = scanned({"en": [{"id": 1, "prompt": "Hi", "response": "Hello"}]})
    assert measure_cells(found.source, found.database, np.zeros(3, dtype=np.int64), "examples").tolist() == [1, 1, 1]
    assert measure_cells(found.source, found.database, np.zeros(0, dtype=np.int64), "bytes").tolist() == []


def test_only_what_is_asked_for_is_measured_and_a_cell_may_be_asked_for_twice() -> None:
    rows = [{"id": str(n), "prompt": "x" * n, "response": "y"} for n in range(1, 9)]
    found = scanned({"en": rows, "sw": rows[:4]})
    asked = np.array([5, 2, 5, (1 << ROW_BITS) + 3])
    assert measure_cells(found.source, found.database, asked, "characters").tolist() == [7, 4, 7, 5]


def test_a_text_is_counted_once_a_batch_and_a_tokenizer_never_sees_much_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "AT_ONCE", 50)
    seen: list[list[str]] = []

    class Listens(FunctionTokenizer):
        def count(self, texts: Sequence[str]) -> Any:
            seen.append(list(texts))
            return super().count(texts)

    rows = [{"id": str(n), "prompt": "same", "response": f"{n:020}"} for n in range(10)]
    found = scanned({"en": rows})
    sizes = measure_cells(found.source, found.database, found.grid.address, "tokens", tokenizer=Listens(len))
    assert sizes.tolist() == [24] * 10
    every = [text for batch in seen for text in batch]
    assert sorted(every) == sorted({"same", *(row["response"] for row in rows)})
    assert len(seen) > 3
    assert max(sum(map(len, batch)) for batch in seen) < 50 + 2 * 20


# Arguments ----------------------------------------------------------------------------------------------------------


class Constant:
    """Something that looks like a tokenizer and gives one answer."""

    name, version, digest = "constant", "1", ""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def count(self, texts: Sequence[str]) -> Any:
        return self.answer


@pytest.mark.parametrize(
    ("unit", "options", "said"),
    [
        ("token", {}, "unit='token' is none of examples, characters, bytes, tokens. Did you mean 'tokens'?"),
        (
            "bytes",
            {"counted": "promt"},
            "counted='promt' is none of prompt, response, both, chat. Did you mean 'prompt'?",
        ),
        (
            "tokens",
            {},
            "unit='tokens' needs a tokenizer: tokenizer='tokenizer.model', a tokenizer.json or a function.",
        ),
        (
            "bytes",
            {"counted": "chat"},
            "counted='chat' is a way to count tokens, and unit='bytes'. Count 'both' instead.",
        ),
        (
            "tokens",
            {"counted": "chat", "tokenizer": FunctionTokenizer(len)},
            "counted='chat' needs a tokenizer with a chat template, and builtins.len has none. "
            "Give a transformers tokenizer that has one, or count 'both'.",
        ),
        (
            "tokens",
            {"tokenizer": Constant(np.array([1.5, 2]))},
            "tokenizer constant: of 2 texts it says float64 of shape (2,), the least is 1.5; "
            "it must be one whole number of 0 or more a text, shape (2,).",
        ),
        (
            "tokens",
            {"tokenizer": Constant(np.array([3, -2]))},
            "tokenizer constant: of 2 texts it says int64 of shape (2,), the least is -2; "
            "it must be one whole number of 0 or more a text, shape (2,).",
        ),
        (
            "tokens",
            {"tokenizer": Constant(np.array([3]))},
            "tokenizer constant: of 2 texts it says int64 of shape (1,), the least is 3; "
            "it must be one whole number of 0 or more a text, shape (2,).",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(unit: str, options: dict[str, Any], said: str) -> None:
    found = scanned({"en": [{"id": 1, "prompt": "Hi", "response": "Hello"}]})
    with pytest.raises(ArgumentError) as refusal:
        measure_cells(found.source, found.database, found.grid.address, unit, **options)
    assert str(refusal.value) == said


# Fertility ----------------------------------------------------------------------------------------------------------


@laws(60)
@given(data=st.data())
def test_fertility_is_what_adding_up_gives(data: st.DataObject) -> None:
    languages = ["en", "fi", "sw", "zh"]
    spots = data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), unique=True, max_size=16))
    sizes = {spot: data.draw(st.tuples(st.integers(0, 2), st.integers(0, 9))) for spot in spots}
    pivot = data.draw(st.sampled_from([*languages, "xx"]))
    language, instruction = (np.array([spot[side] for spot in spots], dtype=np.int64) for side in (0, 1))
    tokens, characters = (np.array([sizes[spot][side] for spot in spots], dtype=np.int64) for side in (0, 1))
    found = fertility(tokens, characters, language, instruction, languages, pivot)
    good = {spot: size for spot, size in sizes.items() if size[1]}
    for place in range(4):
        mine = {of: size for (where, of), size in good.items() if where == place}
        asked = {of: size for (where, of), size in good.items() if pivot in languages and languages[where] == pivot}
        long = sum(size[1] for size in mine.values())
        expected = sum(size[0] for size in mine.values()) / long if long else np.nan
        np.testing.assert_equal(found.per_character[place], expected)
        shared = sum(asked[of][0] for of in mine if of in asked)
        expected = sum(mine[of][0] for of in mine if of in asked) / shared if shared else np.nan
        np.testing.assert_equal(found.against_pivot[place], expected)


# Tokenizers ---------------------------------------------------------------------------------------------------------


def test_a_sentencepiece_model_counts_its_pieces(model: Path) -> None:
    tokenizer = open_tokenizer(str(model))
    check_tokenizer(tokenizer)
    assert (tokenizer.name, tokenizer.version) == ("sentencepiece", sentencepiece.__version__)
    assert tokenizer.digest == hashlib.sha256(model.read_bytes()).hexdigest()
    assert "2,000 pieces" in repr(tokenizer)


def test_the_options_of_a_sentencepiece_object_stay_aside(model: Path) -> None:
    odd = sentencepiece.SentencePieceProcessor(
        model_file=str(model), add_bos=True, add_eos=True, enable_sampling=True, alpha=0.1, nbest_size=-1
    )
    tokenizer = open_tokenizer(odd)
    check_tokenizer(tokenizer)
    said = ["the weather is fine", ""]
    assert tokenizer.count(said).tolist() == open_tokenizer(model).count(said).tolist()
    assert tokenizer.digest == open_tokenizer(model).digest


class Echo:
    """A tokenizer that keeps the protocol."""

    name, version, digest = "echo", "1", ""

    def count(self, texts: Sequence[str]) -> Any:
        return np.array([len(text) for text in texts], dtype=np.int64)


def test_an_object_that_is_a_tokenizer_stays_itself_and_a_name_finds_a_plugin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    echo = Echo()
    assert open_tokenizer(echo) is echo
    known = {**plugins.BUILT_IN, "tokenizers": {"echo": "tests.test_units:Echo", "odd": "tests.test_units:COUNTED"}}
    monkeypatch.setattr(plugins, "BUILT_IN", known)
    assert open_tokenizer("echo").name == "echo"
    with pytest.raises(
        ArgumentError, match=r"the plugin 'odd' \(tests\.test_units:COUNTED\) is no tokenizer; it needs"
    ):
        open_tokenizer("odd")
    with pytest.raises(ArgumentError, match="Did you mean 'echo'"):
        open_tokenizer("ecko")


def test_a_function_counts_and_what_it_says_is_checked() -> None:
    def words(text: str) -> int:
        return len(text.split())

    tokenizer = open_tokenizer(words)
    check_tokenizer(tokenizer)
    assert tokenizer.name.endswith("test_units.test_a_function_counts_and_what_it_says_is_checked.<locals>.words")
    assert (tokenizer.version, tokenizer.digest) == ("", "")
    for wrong, said in ((str.split, "a list"), (lambda _: -1, "-1"), (lambda _: 1.5, "1.5"), (lambda _: True, "1")):
        with pytest.raises(ArgumentError, match=f"says {said} of 'a b', which is no number of tokens"):
            open_tokenizer(wrong).count(["a b"])


def test_what_is_no_tokenizer_is_refused(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "half.model").write_bytes(model.read_bytes()[:-500])
    (tmp_path / "empty.model").write_bytes(b"")
    (tmp_path / "spm.model").write_bytes(model.read_bytes())
    (tmp_path / "spm.bin").write_bytes(model.read_bytes())
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "spiece.model").write_bytes(model.read_bytes())
    for value, said in {
        "half.model": "is no SentencePiece model, or only a part of one: it cannot be parsed. Give the .model file",
        "empty.model": r"empty.model \(0 bytes\) is no SentencePiece model, or only a part of one: it is empty",
        "spn.model": r"spn.model does not exist. Did you mean 'spm.model'\? No plugin is installed either. Give the",
        "gone/spm.model": "gone/spm.model does not exist; nor does its folder 'gone'",
        "folder/spice.model": "Did you mean 'spiece.model'.*Its folder holds spiece.model",
        "folder": "the folder folder holds no tokenizer.json. Give the path of a model in it, such as 'folder/spiece.m",
        "spm.bin": "the name of spm.bin does not tell which kind it is. A SentencePiece model ends in .model",
        "": "tokenizer='' is no path. Give the path of a SentencePiece model",
        None: "tokenizer is None. Give the path",
        3: "tokenizer is of type int. Give the path",
        Echo: "tokenizer: Echo is a class. Make one of it",
    }.items():
        with pytest.raises(ArgumentError, match=said):
            open_tokenizer(value)


def test_a_library_that_is_missing_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ArgumentError, match=r"tokenizer.json needs the library tokenizers. .* pip install 'pinchmix\["):
        open_tokenizer(tmp_path)


@pytest.fixture
def trained(sample_turns: list[list[dict[str, str]]]) -> Any:
    """A Hugging Face tokenizer that cuts, pads and adds marks of its own."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[UNK]", dropout=0.5))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=800, special_tokens=["[UNK]", "[CLS]"], limit_alphabet=300, show_progress=False
    )
    made.train_from_iterator((turn["content"] for turns in sample_turns for turn in turns), trainer)
    made.post_processor = tokenizers.processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 1)])
    made.enable_truncation(3)
    made.enable_padding(length=7)
    return made


def test_a_hugging_face_tokenizer_counts_the_text_alone(trained: Any, tmp_path: Path) -> None:
    trained.save(str(tmp_path / "tokenizer.json"))
    from_object, from_file, from_folder = map(open_tokenizer, (trained, tmp_path / "tokenizer.json", tmp_path))
    check_tokenizer(from_object)
    trained.no_truncation()
    trained.no_padding()
    trained.model.dropout = None
    said = ["the weather is fine today, and so are you", "", "中文 😀"]
    expected = [len(trained.encode(text, add_special_tokens=False).ids) for text in said]
    assert max(expected) > 7
    for tokenizer in (from_object, from_file, from_folder):
        assert tokenizer.count(said).tolist() == expected
    content = (tmp_path / "tokenizer.json").read_bytes()
    assert from_file.digest == from_folder.digest == hashlib.sha256(content).hexdigest()
    assert from_file.name == "huggingface"


def test_an_object_given_as_a_tokenizer_is_left_alone(trained: Any) -> None:
    before = trained.to_str()
    open_tokenizer(trained).count(["a b"])
    assert trained.to_str() == before


def test_a_tokenizer_file_that_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    for content in (b"{}", b"nothing", b"\xff\xfe", b""):
        (tmp_path / "tokenizer.json").write_bytes(content)
        with pytest.raises(ArgumentError, match=r"tokenizer.json is no tokenizer of the library tokenizers \d"):
            open_tokenizer(tmp_path / "tokenizer.json")


class Chats:
    """What a transformers tokenizer offers, as far as it is used."""

    chat_template: str | None = "some template"

    def __call__(self, text: Any, **options: Any) -> dict[str, list[list[int]]]:
        assert isinstance(text, list)
        assert text
        assert not options["add_special_tokens"]
        assert not options["padding"]
        assert not options["truncation"]
        return {"input_ids": [list(range(len(one))) for one in text]}

    def convert_tokens_to_ids(self, tokens: Any) -> Any:
        raise AssertionError

    def get_vocab(self) -> dict[str, int]:
        return {"a": 1, "b": 0}

    def apply_chat_template(self, conversation: list[dict[str, str]], *, tokenize: bool) -> str:
        assert not tokenize
        if conversation[0]["role"] == "system":
            raise ValueError("System role not supported")
        return "".join(f"<{turn['role']}>{turn['content']}" for turn in conversation)


def test_a_chat_template_counts_the_conversation_as_it_is_written() -> None:
    tokenizer = open_tokenizer(Chats())
    check_tokenizer(tokenizer)
    rows = [{"id": n, "prompt": "x" * n, "response": "y"} for n in range(3)]
    found = scanned({"en": rows})
    address = found.grid.address
    sizes = measure_cells(found.source, found.database, address, "tokens", tokenizer=tokenizer, counted="chat")
    assert sizes.tolist() == [0, len("<user>x<assistant>y"), len("<user>xx<assistant>y")]
    found = scanned({"en": [{**row, "system": "Be brief."} for row in rows]})
    with pytest.raises(ArgumentError, match="the chat template refuses a conversation: System role not supported"):
        measure_cells(found.source, found.database, address, "tokens", tokenizer=tokenizer, counted="chat")


def test_without_a_chat_template_there_is_no_counting_by_it() -> None:
    plain = Chats()
    plain.chat_template = None
    tokenizer = open_tokenizer(plain)
    assert not hasattr(tokenizer, "count_chat")
    assert tokenizer.name == "transformers"
    assert tokenizer.digest != open_tokenizer(Chats()).digest


def test_a_transformers_tokenizer_is_one(trained: Any) -> None:
    transformers = pytest.importorskip("transformers")
    with pytest.raises(ArgumentError, match=r"leaves out merges at random \(dropout=0.5\)"):
        open_tokenizer(transformers.PreTrainedTokenizerFast(tokenizer_object=trained))
    trained.model.dropout = None
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=trained)
    fast.chat_template = "{% for m in messages %}<{{m.role}}>{{m.content}}{% endfor %}"
    tokenizer = open_tokenizer(fast)
    check_tokenizer(tokenizer)
    assert (tokenizer.name, tokenizer.version) == ("transformers", transformers.__version__)
    turns = [{"role": "user", "content": "How are you?"}, {"role": "assistant", "content": "Fine."}]
    counts = tokenizer.count_chat([turns, turns[:1]])  # type: ignore[attr-defined]
    written = ["<user>How are you?<assistant>Fine.", "<user>How are you?"]
    assert counts.tolist() == [len(ids) for ids in fast(written, add_special_tokens=False)["input_ids"]]
    assert fast(written[1])["input_ids"][0] == 1
    assert counts.tolist() == open_tokenizer(trained).count(written).tolist()


@pytest.mark.parametrize(
    "broken",
    [
        lambda texts: np.arange(len(texts)),
        lambda texts: np.full(len(texts), len(texts)),
        lambda texts: np.full(len(texts), -1),
        lambda texts: np.zeros(len(texts)),
        lambda texts: np.zeros(len(texts) + 1, dtype=np.int64),
        lambda texts: np.array([len(text) for text in sorted(texts)], dtype=np.int64),
    ],
)
def test_the_laws_of_tokenizers_find_those_that_break_them(broken: Any) -> None:
    class Broken(Echo):
        count = staticmethod(broken)

    with pytest.raises(AssertionError):
        check_tokenizer(Broken())


def test_lists_of_texts_are_counted_wherever_a_batch_begins() -> None:
    turns = pa.array([["never"], ["a", "bb"], [], ["bb", "ccc"], ["never"]])
    assert measure._tokens(turns[1:4], FunctionTokenizer(len)).tolist() == [3, 0, 5]
