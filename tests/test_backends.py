"""Language backends: the laws that each keeps, langdetect's own answer, labels, options, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import pickle
import struct
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import langdetect.detector_factory as upstream
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinchmix.errors import ArgumentError, UnknownLanguage, UnknownPlugin
from pinchmix.language import normalise_language
from pinchmix.plugins import Cells
from pinchmix.testing import check_validator
from pinchmix.validators.langid import REASONS, Backend, Thresholds, judge_texts
from pinchmix.validators.langid.backends import BUILT_IN, exact, find_backend
from pinchmix.validators.langid.backends.labels import Labels
from pinchmix.validators.language import LanguageValidator
from tests.test_langid import ANYTHING, PAPER, SENTENCES, TAGS

OK, UNSURE, MISMATCH = 0, 1, 2
LIBRARY = {"cld2": "pycld2", "fasttext": "fasttext", "lingua": "lingua", "py3langid": "py3langid"}
# Halves of sentences too, which are short enough for some backend to be unsure or wrong.
TEXTS = [
    *SENTENCES.values(),
    *(text[: len(text) // 2] for text in SENTENCES.values()),
    *(text[len(text) // 2 :] for text in SENTENCES.values()),
    *("42", "Yes", "x = 1", "Angela Merkel", "\ud800 lone", "a\x00b\x01c", "\n", "😀"),
]


class Vowels:
    """A user's own backend: Finnish has more vowels than English."""

    name: str = "vowels"
    version: str = "1"
    languages: tuple[str, ...] = ("en", "fi")
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.6, reject=0.1)}
    candidates: str = "open"

    def log_scores(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        vowels = np.array([sum(map(text.lower().count, "aeiouäöy")) for text in texts], dtype=np.float64)
        letters = np.array([sum(map(str.isalpha, text)) for text in texts], dtype=np.int64)
        finnish = (vowels / np.maximum(letters, 1) - 0.45) * 100
        return np.stack([-finnish, finnish], axis=1), letters


def fasttext_model(path: Path, loss: int) -> str:
    """Write a model that knows six words of two languages, in the format of fastText's version 12."""
    words = ["</s>", "the", "market", "morning", "trh", "jsme", "ráno"]
    labels = ["__label__eng_Latn", "__label__ces_Latn", "__label__zxx_Zxxx"]
    hidden = np.array([[0, 0], *[[1, 0]] * 3, *[[0, 1]] * 3], dtype="<f4")
    output = np.array([[9, 0], [0, 9], [-9, -9]], dtype="<f4")
    with path.open("wb") as file:
        file.write(struct.pack("<ii", 793712314, 12))
        file.write(struct.pack("<12id", 2, 5, 5, 1, 5, 1, loss, 3, 0, 0, 0, 100, 1e-4))
        file.write(struct.pack("<iiiqq", len(words) + len(labels), len(words), len(labels), 100, -1))
        for number, word in enumerate(words + labels):
            file.write(word.encode() + b"\0" + struct.pack("<qb", 100 - number, number >= len(words)))
        for matrix in (hidden, output):
            file.write(b"\0" + struct.pack("<qq", *matrix.shape) + matrix.tobytes())
    return str(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make each backend once; skip where its library is not installed."""
    known: dict[str, Backend] = {"vowels": Vowels()}
    options = {
        "lingua": {"languages": ["cs", "sk", "en", "et", "fi", "hi", "it", "nb"], "accuracy": "low"},
        "fasttext": {"model": fasttext_model(tmp_path_factory.mktemp("model") / "tiny.bin", loss=3)},
    }

    def make(name: str) -> Backend:
        if name not in known:
            library = LIBRARY.get(name, "langdetect")
            if importlib.util.find_spec(library) is None:
                pytest.skip(f"the library {library} is not installed: pip install 'pinchmix[{name}]'")
            known[name] = find_backend(name, **options.get(name, {}))
        return known[name]

    make.options = options
    return make


every = pytest.mark.parametrize("name", [*sorted(BUILT_IN), "vowels"])
quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_backend(backend: Backend, texts: Sequence[str]) -> None:
    """Fail unless a backend keeps the laws of the protocol on some texts."""
    assert isinstance(backend, Backend)
    assert backend.name
    assert backend.version
    assert len(set(backend.languages)) == len(backend.languages)
    assert [normalise_language(tag) for tag in backend.languages] == list(backend.languages)
    assert backend.candidates in ("neighbours", "open")
    assert all(0 <= one.reject < one.accept <= 1 for one in backend.thresholds.values())
    assert "*" in backend.thresholds
    given_texts = list(texts)
    scores, evidence = backend.log_scores(texts)
    assert list(texts) == given_texts
    assert scores.shape == (len(texts), len(backend.languages))
    assert evidence.shape == (len(texts),)
    assert (scores.dtype, evidence.dtype) == (np.float64, np.int64)
    assert np.isfinite(scores).all()
    assert (evidence >= 0).all()
    for order in (range(len(texts))[::-1], [0] * len(texts), *([place] for place in range(0, len(texts), 7))):
        again, told = backend.log_scores([texts[place] for place in order])
        np.testing.assert_array_equal(again, scores[list(order)])
        np.testing.assert_array_equal(told, evidence[list(order)])


@every
def test_every_backend_keeps_the_laws(made, name):
    check_backend(made(name), TEXTS)
    assert made(name).log_scores([])[0].shape == (0, len(made(name).languages))


@every
@given(cases=st.lists(st.tuples(ANYTHING | st.sampled_from(TEXTS), st.sampled_from(TAGS)), max_size=6))
@quick
def test_verdicts_do_not_depend_on_the_batch_by_any_backend(made, name, cases):
    def judged(some):
        found = judge_texts([text for text, _ in some], [tag for _, tag in some], backend=made(name))
        return list(zip(found.verdict.tolist(), found.reason.tolist(), found.score.tolist(), found.top, strict=True))

    together = judged(cases)
    assert repr(together) == repr([judged([case])[0] for case in cases])
    assert repr(judged(cases[::-1])) == repr(together[::-1])
    assert repr(judged(cases * 2)) == repr(together * 2)


@pytest.mark.parametrize("name", ["cld2", "langdetect", "langdetect-exact", "lingua", "py3langid"])
@pytest.mark.parametrize("tag", ["cs", "en", "et", "fi", "hi", "it"])
def test_every_backend_knows_plain_sentences(made, name, tag):
    texts = [SENTENCES[tag], SENTENCES["en" if tag != "en" else "it"]]
    found = judge_texts(texts, [tag, tag], languages=("en", "it"), backend=made(name))
    assert found.verdict.tolist() == [OK, MISMATCH]


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_validator_of_every_backend_keeps_the_laws_of_validators(made, name):
    ids = [str(number) for number in range(len(PAPER))]
    cells = Cells(ids, PAPER, PAPER, [SENTENCES[tag] for tag in PAPER], [SENTENCES["en"], *["?"] * (len(PAPER) - 1)])
    made(name)  # or skip it
    validator = LanguageValidator(name, options=made.options.get(name))
    check_validator(validator, cells, PAPER)


# langdetect's own answer --------------------------------------------------------------------------------------------


def own_answer(text: str, seed: int) -> list[tuple[str, float]]:
    if not FACTORY.langlist:
        FACTORY.load_profile(upstream.PROFILES_DIRECTORY)
    FACTORY.set_seed(seed)
    detector = FACTORY.create()
    detector.append(text)
    try:
        return [(normalise_language(one.lang), one.prob) for one in detector.get_probabilities()]
    except upstream.LangDetectException:
        return []


FACTORY = upstream.DetectorFactory()


def test_the_exact_backend_says_what_langdetect_says():
    backend = find_backend("langdetect-exact")
    scores, told = backend.log_scores(TEXTS)
    for text, row, flag in zip(TEXTS, np.exp(scores), told, strict=True):
        theirs = own_answer(text, 0)
        assert bool(theirs) == bool(flag)
        for tag, share in theirs:
            assert row[backend.languages.index(tag)] == pytest.approx(share, abs=1e-9)


def test_the_exact_backend_does_not_depend_on_the_order_of_a_folder(monkeypatch):
    usual = find_backend("langdetect-exact").languages
    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: sorted(real(self), reverse=True))
    exact._factory.cache_clear()
    assert find_backend("langdetect-exact").languages == usual


def test_the_exact_backend_is_one_for_all_threads_and_touches_nothing_global():
    before = (upstream._factory, upstream.DetectorFactory.seed)
    exact._factory.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: find_backend("langdetect-exact").log_scores(TEXTS[:30])[0], range(4)))
    assert all(np.array_equal(answer, answers[0]) for answer in answers)
    assert exact._factory.cache_info().misses == 1
    assert (upstream._factory, upstream.DetectorFactory.seed) == before


def test_the_default_says_what_langdetect_says_unless_that_hangs_on_its_seed():
    texts = [text for text in TEXTS if own_answer(text, 0)]
    backend = find_backend("langdetect")
    scores, _ = backend.log_scores(texts)
    differ = [
        text
        for text, row in zip(texts, scores, strict=True)
        if own_answer(text, 0)[0][0] != backend.languages[row.argmax()]
    ]
    assert len(differ) <= len(texts) // 50
    for text in differ:
        assert len({own_answer(text, seed)[0][0] for seed in range(12)}) > 1, text


# Labels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        ("__label__en", "en"), ("__label__no", "no"), ("__label__sh", "sr-Latn"), ("__label__als", "gsw"),
        ("__label__zh", "zh"), ("__label__tl", "fil"), ("__label__eng_Latn", "en"), ("__label__als_Latn", "sq"),
        ("__label__cmn_Hani", "zh"), ("__label__zho_Hant", "zh-Hant"), ("__label__arb_Arab", "ar"), ("iw", "he"),
        ("__label__nob_Latn", "no"), ("__label__nno_Latn", "nn"), ("__label__srp_Cyrl", "sr"), ("jw", "jv"),
        ("__label__hbs_Latn", "sr-Latn"), ("__label__zsm_Latn", "ms"), ("__label__swh_Latn", "sw"),
        ("__label__ekk_Latn", "et"), ("__label__pes_Arab", "fa"), ("__label__yue_Hani", "yue"),
    ],
)  # fmt: skip
def test_labels_of_lid176_glotlid_and_openlid_are_languages(label, tag):
    assert Labels.of([label]).languages == (tag,)


@pytest.mark.parametrize("label", ["__label__zxx", "__label__und_Latn", "__label__spam", "un", ""])
def test_labels_that_are_no_language_count_for_nothing(label):
    assert Labels.of([label, "__label__en"]).languages == ("en",)


# fastText -----------------------------------------------------------------------------------------------------------


def test_a_model_from_disk_is_a_backend(tmp_path):
    pytest.importorskip("fasttext", reason="the library fasttext is not installed")
    backend = find_backend("fasttext", model=fasttext_model(tmp_path / "tiny.bin", loss=3))
    assert backend.languages == ("cs", "en")
    found = judge_texts(["jsme ráno trh\njsme jsme jsme trh ráno", "the market the morning the market the market"],
                        ["cs", "cs"], backend=backend)  # fmt: skip
    assert found.verdict.tolist() == [OK, MISMATCH]
    # The loss of lid.176, which leaves unlikely labels out if it can.
    other = find_backend("fasttext", model=fasttext_model(tmp_path / "other.bin", loss=1))
    assert other.languages == ("cs", "en")
    assert backend.version != other.version


def test_what_is_no_model_is_refused(tmp_path):
    pytest.importorskip("fasttext", reason="the library fasttext is not installed")
    (tmp_path / "text.bin").write_text("no model at all")
    for model, said in (("", "say where its model is"), ("none.bin", "no file none.bin"), ("text.bin", "is no model")):
        with pytest.raises(ArgumentError, match=said):
            find_backend("fasttext", model=str(tmp_path / model) if model == "text.bin" else model)


# Options ------------------------------------------------------------------------------------------------------------


def one(text: str, expected: str, **options) -> tuple[int, str]:
    found = judge_texts([text], [expected], **options)
    return int(found.verdict[0]), REASONS[found.reason[0]]


def test_strict_tells_a_group_apart_where_the_backend_can(made):
    nynorsk = "Eg veit ikkje kva dei ville gjere, men me høyrde ikkje noko frå dei i går kveld."
    backend = made("py3langid")
    assert one(nynorsk, "nb", backend=backend)[0] == OK
    assert one(nynorsk, "nb", backend=backend, strict=True)[0] == MISMATCH
    assert one(nynorsk, "nn", backend=backend, strict=True)[0] == OK
    assert one(nynorsk, "nb", strict=True) == one(nynorsk, "nb")


def test_strict_tells_the_chinese_scripts_apart_where_no_tag_asks():
    assert one(SENTENCES["zh-Hant"] * 4, "yue")[0] == OK
    assert one(SENTENCES["zh-Hant"] * 4, "zh") == (UNSURE, "variant")
    assert one(SENTENCES["zh-Hant"] * 4, "zh", strict=True) == (MISMATCH, "variant")


def test_a_language_that_one_backend_does_not_know_another_does(made):
    basque = "Atzo goizean azokara joan ginen eta ogi freskoa erosi genuen."
    assert one(basque, "eu") == (UNSURE, "unsupported")
    assert one(basque, "eu", backend=made("py3langid"))[0] == OK
    assert one(SENTENCES["es"], "eu", backend=made("py3langid"))[0] == MISMATCH


def test_a_cascade_accepts_and_nothing_else(made):
    texts = [text[:size] for text in SENTENCES.values() for size in (9, 14, 20, 30)] + TEXTS
    tags = [tag for tag in SENTENCES for _ in range(4)] + ["it"] * len(TEXTS)
    alone = judge_texts(texts, tags)
    both = judge_texts(texts, tags, cascade=made("py3langid"))
    changed = alone.verdict != both.verdict
    assert changed.any()
    assert set(alone.verdict[changed]) == {UNSURE}
    assert set(both.verdict[changed]) == {OK}
    assert {REASONS[code] for code in both.reason[changed]} == {"cascade"}


def test_thresholds_are_the_users_if_given():
    text = SENTENCES["cs"]
    strict, usual = Thresholds(1.0, 0.0), (OK, "language")
    assert one(text, "cs", thresholds={"*": strict}) == one(text, "cs", thresholds={"cs": strict})
    assert one(text, "cs", thresholds={"cs": strict}) == (UNSURE, "language")
    assert one(text, "cs", thresholds={"sk": strict}) == one(text, "cs") == usual
    assert one(text, "cs", thresholds={"*": strict, "cs": Thresholds(0.4, 0.02)}) == usual


def test_competitors_can_be_added():
    few = judge_texts([SENTENCES["sv"][:24]], ["fi"], candidates=["sv", "ro"]).score
    assert few <= judge_texts([SENTENCES["sv"][:24]], ["fi"]).score
    assert judge_texts([SENTENCES["fi"]], ["fi"], candidates="open").verdict.tolist() == [OK]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "exact"},
        {
            "cascade": "langdetect-exact",
            "strict": True,
            "candidates": ["nb", "zh_CN"],
            "thresholds": {"*": (0.5, 0.01)},
        },
    ],
)
def test_settings_are_plain_and_make_the_same_validator_again(options):
    validator = LanguageValidator(**options)
    again = LanguageValidator(**json.loads(json.dumps(dict(validator.settings))))
    assert again.settings == validator.settings
    assert again.version == validator.version
    sent = pickle.loads(pickle.dumps(validator))
    assert sent.settings == validator.settings
    assert repr(sent) == repr(validator)


def test_a_backend_given_as_an_object_is_recorded_with_all_that_it_declares():
    validator = LanguageValidator(Vowels(), cascade=Vowels())
    assert validator.settings["backend"] == validator.settings["cascade"]
    assert {name: validator.settings["backend"][name] for name in ("name", "version", "settings", "languages")} == {
        "name": "vowels", "version": "1", "settings": {}, "languages": ["en", "fi"]
    }  # fmt: skip
    assert validator.version == "rules4|1|1"
    cells = Cells(
        ["a"], ["fi"], ["fi"], ["Aamuaurinko ja yöaika olivat oivia aikoja."], ["Which strengths bring length?"]
    )
    assert LanguageValidator(Vowels()).judge(cells, ["fi"]).field == ["response"]
    assert pickle.loads(pickle.dumps(validator)).version == "rules4|1|1"


class Fixed(Vowels):
    """Says the same of every text."""

    languages = ("en", "fi", "sv")
    thresholds: Mapping[str, Thresholds] = {"*": Thresholds(accept=0.4, reject=0.02, evidence=5)}

    def __init__(self, shares: Sequence[float], evidence: int = 9) -> None:
        self.shares, self.evidence = shares, evidence

    def log_scores(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        return np.log([self.shares] * len(texts)), np.full(len(texts), self.evidence)


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (Fixed([0.45, 0.35, 0.20]), (OK, "language")),
        (Fixed([0.45, 0.50, 0.05]), (UNSURE, "language")),  # likely enough, and not the likeliest
        (Fixed([0.39, 0.31, 0.30]), (UNSURE, "language")),  # the likeliest, and not likely enough
        (Fixed([0.01, 0.90, 0.09]), (MISMATCH, "language")),
        (Fixed([0.01, 0.90, 0.09], evidence=4), (UNSURE, "short")),
        (Fixed([0.90, 0.09, 0.01], evidence=4), (OK, "language")),
        (Fixed([0.90, 0.09, 0.01], evidence=0), (UNSURE, "short")),  # nothing to go by
    ],
    ids=["ok", "second", "unlikely", "wrong", "little", "enough", "nothing"],
)
def test_the_verdict_follows_from_probability_rank_and_evidence(backend, said):
    assert one(SENTENCES["en"], "en", backend=backend) == said


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mode": "exakt"}, "neither 'fast' nor 'exact'. Did you mean 'exact'"),
        ({"mode": "exact", "backend": "py3langid"}, "mode='exact' is of langdetect"),
        ({"candidates": "neighbors"}, "Did you mean 'neighbours'"),
        ({"thresholds": {"cs": [0.2, 0.4]}}, "give \\[accept, reject\\]"),
        ({"thresholds": {"cs": [0.2]}}, "give \\[accept, reject\\]"),
        ({"options": {"model": "x"}}, "language backend langdetect"),
        ({"backend": Vowels(), "options": {"model": "x"}}, "is made already"),
        ({"backend": object()}, "is no language backend; it needs name"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, said):
    with pytest.raises(ArgumentError, match=said):
        LanguageValidator(**options)


def test_unknown_names_are_refused_with_a_near_one():
    with pytest.raises(UnknownPlugin, match="Did you mean 'py3langid'") as caught:
        LanguageValidator("py3lang")
    assert "langdetect" in caught.value.known
    with pytest.raises(UnknownLanguage):
        LanguageValidator(candidates=["klingonish"])


def test_a_backend_without_common_thresholds_is_refused():
    mine = Vowels()
    mine.thresholds = {"fi": Thresholds(0.5, 0.1)}
    with pytest.raises(ArgumentError, match='thresholds\\["\\*"\\] is missing'):
        find_backend(mine)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_library_that_is_not_there_is_named_with_the_line_that_gets_it(monkeypatch, name):
    for module in [one for one in sys.modules if one.split(".")[0] == LIBRARY[name]]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, LIBRARY[name], None)
    with pytest.raises(ArgumentError, match=f"pip install 'pinchmix\\[{name}\\]'"):
        find_backend(name)


def test_lingua_is_refused_what_it_does_not_know():
    pytest.importorskip("lingua", reason="the library lingua is not installed")
    for options, said in (
        ({"languages": ["en", "am"]}, "does not know am"),
        ({"languages": ["en"]}, "two languages at least"),
        ({"accuracy": "middling"}, "neither 'high' nor 'low'"),
    ):
        with pytest.raises(ArgumentError, match=said):
            find_backend("lingua", **options)
