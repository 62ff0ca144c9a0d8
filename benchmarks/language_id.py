"""Measure language identification on a folder of labelled text, and its speed against langdetect in the same run.

    python benchmarks/language_id.py DATA [--half even|odd|all] [--backends]

DATA holds ``lid/labelled.tsv`` (language, kind, text; tabs), and optionally ``lid/wrong_language.jsonl`` (lang, output,
other_language) and ``pool/*.jsonl`` (lang, instruction, input, output). Thresholds were chosen on the even lines.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

from pinchmix.language import normalise_language
from pinchmix.plugins import Cells
from pinchmix.validators.langid import REASONS, VERSION, judge_texts
from pinchmix.validators.langid.backends import find_backend
from pinchmix.validators.langid.clean import clean_text
from pinchmix.validators.langid.codes import encode
from pinchmix.validators.langid.neighbours import column, own_columns
from pinchmix.validators.langid.profiles import profiles
from pinchmix.validators.langid.scorer import log_scores
from pinchmix.validators.langid.script import script_letters
from pinchmix.validators.language import LanguageValidator

PAPER = ("ar", "zh", "cs", "en", "et", "fi", "he", "hi", "it", "ru", "es", "sw")
NEAR = {
    "ar": "fa ur", "zh": "ja ko", "cs": "sk pl", "en": "da nb de", "et": "fi", "fi": "et", "hi": "mr ne",
    "it": "es pt fr", "ru": "uk bg sr", "es": "pt it fr", "sw": "id ms",
}  # fmt: skip
KNOWN = profiles().languages
PROSE = ("sent", "udhr", "xcopa")
SEEDS = 12
# Backend → library; each is measured if its library is there.
BACKENDS = {"langdetect-exact": "langdetect", "py3langid": "py3langid", "lingua": "lingua", "cld2": "pycld2"}
Line = tuple[str, str, str]
T = TypeVar("T")


def read_labelled(path: Path, half: str) -> list[Line]:
    lines = path.read_text(encoding="utf-8").split("\n")
    chosen = lines if half == "all" else lines[half == "odd" :: 2]
    triples = [tuple(line.split("\t")) for line in chosen if line]
    mend = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}
    found: list[Line] = []
    for language, kind, text in triples:
        for mark, char in mend.items():
            text = text.replace(mark, char)
        found.append((language, kind, text))
    return found


def rates(texts: list[str], expected: list[str], languages: Iterable[str], **how: Any) -> tuple[int, np.ndarray]:
    verdict = judge_texts(texts, expected, languages=tuple(languages), **how).verdict
    return len(texts), np.bincount(verdict, minlength=3) / max(len(texts), 1) * 100


def show(name: str, figures: tuple[int, np.ndarray]) -> None:
    count, share = figures
    print(f"{name:<52}{count:>7}{share[0]:>9.2f}{share[1]:>9.2f}{share[2]:>9.2f}")


def letters(texts: list[str]) -> np.ndarray:
    weighted: np.ndarray = script_letters(encode([clean_text(text) for text in texts])).sum(axis=1)
    return weighted


def right_text(lines: list[Line], details: bool) -> None:
    for kinds in (PROSE, ("pair",), ("word",)):
        chosen = [line for line in lines if line[0] in PAPER and line[1] in kinds]
        show(f"right: 12 languages, {'+'.join(kinds)}", rates([x for *_, x in chosen], [x for x, *_ in chosen], PAPER))
    others = sorted({language for language, *_ in lines} - set(PAPER))
    rejected = []
    for language in (*PAPER, *others):
        data = PAPER if language in PAPER else (*PAPER, language)
        for kinds in (PROSE, ("pair",)):
            texts = [text for tag, kind, text in lines if tag == language and kind in kinds]
            if not texts:
                continue
            figures = rates(texts, [language] * len(texts), data)
            if figures[1][2]:
                rejected.append(language)
            if details or figures[1][2]:
                show(f"  right: {language} {'+'.join(kinds)}", figures)
    known = [language for language in others if column(normalise_language(language), KNOWN) >= 0]
    for name, some in (("with a profile", known), ("without", sorted(set(others) - set(known)))):
        chosen = [line for line in lines if line[0] in some and line[1] in PROSE]
        title = f"right: {len(some)} other languages {name}, prose"
        show(title, rates([x for *_, x in chosen], [x for x, *_ in chosen], PAPER))
    print(f"  languages with right text rejected: {', '.join(rejected) or 'none'} of {len(PAPER) + len(others)}")


def wrong_text(lines: list[Line], data: tuple[str, ...], name: str) -> None:
    near, english = neighbours(lines), untranslated(lines)
    show(f"near neighbours, prose ({name})", rates([x for x, _ in near], [x for _, x in near], data))
    far = [(text, tag) for tag in PAPER for other, kind, text in lines
           if not {column(normalise_language(other), KNOWN)} & set(own(tag)) and kind in PROSE]  # fmt: skip
    show(f"any other language, prose ({name})", rates([x for x, _ in far], [x for _, x in far], data))
    show(f"English >= 30 letters ({name})", rates([x for x, _ in english], [x for _, x in english], data))
    spoken = [(text, tag) for text, tag in english if any(word.islower() for word in text.split())]
    show("  of it, without texts of names only", rates([x for x, _ in spoken], [x for _, x in spoken], data))
    found = judge_texts([x for x, _ in english], [x for _, x in english], languages=data)
    kept = Counter(text for (text, _), verdict in zip(english, found.verdict, strict=True) if verdict != 2)
    for text, count in kept.items():
        print(f"  not rejected for {count} of {len(PAPER) - 1} languages: {text[:70]}")


def own(tag: str) -> list[int]:
    """Return the columns that count as a language: both Chinese scripts do where the tag names none."""
    return [int(place) for place in np.flatnonzero(own_columns(tag, KNOWN, False))]


def neighbours(lines: list[Line]) -> list[tuple[str, str]]:
    return [(text, tag) for tag, close in NEAR.items() for other, kind, text in lines
            if other in close.split() and kind in PROSE]  # fmt: skip


def untranslated(lines: list[Line]) -> list[tuple[str, str]]:
    english = [text for tag, kind, text in lines if tag == "en" and kind in PROSE]
    long = [text for text, count in zip(english, letters(english), strict=True) if count >= 30]
    return [(text, tag) for tag in PAPER if tag != "en" for text in long]


def completions(path: Path, half: str) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    data = tuple(sorted({row["lang"] for row in rows}))
    rows = rows if half == "all" else rows[half == "odd" :: 2]
    wrong = [row for row in rows if row["other_language"]]
    right = [row for row in rows if not row["other_language"]]
    show("answers that two detectors place in another", verdicts(wrong, data))
    show("the other answers", verdicts(right, data))
    if find_spec("py3langid"):
        # A third detector, which knows none of our rules: the label is "precise, not complete".
        backend = find_backend("py3langid")
        scores, _ = backend.log_scores([row["output"] for row in right])
        third = [backend.languages[best] for best in scores.argmax(axis=1).tolist()]
        for name, flag in (("in the language asked for", True), ("in another one", False)):
            chosen = [row for row, tag in zip(right, third, strict=True) if (tag == row["lang"]) is flag]
            show(f"  of them, by a third detector {name}", verdicts(chosen, data))


def verdicts(rows: list[Any], data: tuple[str, ...]) -> tuple[int, np.ndarray]:
    return rates([row["output"] for row in rows], [row["lang"] for row in rows], data)


def pool(folder: Path) -> None:
    data = tuple(sorted(path.stem for path in folder.glob("*.jsonl")))
    tally: Counter[str] = Counter()
    for field in ("instruction", "input", "output"):
        texts, expected, ids = [], [], []
        for language in data:
            rows = map(json.loads, (folder / f"{language}.jsonl").read_text(encoding="utf-8").splitlines())
            chosen = [row for row in rows if row[field]]
            texts += [row[field] for row in chosen]
            ids += [row["id"].split("-")[0] for row in chosen]
            expected += [language] * len(chosen)
        found = judge_texts(texts, expected, languages=data)
        show(f"pool: {field}", (len(texts), np.bincount(found.verdict, minlength=3) / len(texts) * 100))
        tally.update(
            f"{ids[place]} {field} ({REASONS[found.reason[place]]}, {found.top[place]})"
            for place in np.flatnonzero(found.verdict == 2).tolist()
        )
    for name, count in sorted(tally.items()):
        print(f"  rejected in the pool: {count:>3} {name}")


def detector(seed: int) -> Callable[[str], str]:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(seed)

    def detect(text: str) -> str:
        made = factory.create()
        made.append(text)
        try:
            return normalise_language(made.detect())
        except LangDetectException:
            return ""

    return detect


def against_langdetect(lines: list[Line]) -> None:
    detect = detector(0)
    others = [detector(seed) for seed in range(1, SEEDS)]
    print(f"{'same label as langdetect with seed 0':<52}{'texts':>7}{'same':>9}{'differ':>9}{'by seed':>9}")
    for name, kinds, most in (("prose, all languages", PROSE, 1200), ("two words", ("pair",), 600)):
        texts = [text for _, kind, text in lines if kind in kinds]
        sample = texts[:: max(len(texts) // most, 1)]
        scores, counts = log_scores(sample)
        ours = [KNOWN[best] if count else "" for best, count in zip(scores.argmax(1), counts, strict=True)]
        differ = [text for text, mine in zip(sample, ours, strict=True) if mine != detect(text)]
        by_seed = sum(len({detect(text), *(other(text) for other in others)}) > 1 for text in differ)
        share = 100 - len(differ) / len(sample) * 100
        print(f"  {name:<50}{len(sample):>7}{share:>9.2f}{len(differ):>9}{by_seed:>9}")
    speed(lines, detect)


def speed(lines: list[Line], detect: Callable[[str], str]) -> None:
    # In the full mix of languages and scripts; distinct texts, as equal ones are judged once.
    long = [(text[:94], tag) for tag, kind, text in lines if kind in PROSE and tag in PAPER and len(text) >= 94]
    many = [(f"{text} {number:05d}", tag) for number in range(60_000 // len(long) + 1) for text, tag in long]
    half = len(many) // 2
    texts, tags = [text for text, _ in many], [tag for _, tag in many]
    ids = [str(number) for number in range(half)]
    cells = Cells(ids, tags[:half], tags[half : 2 * half], texts[:half], texts[half : 2 * half])
    check = LanguageValidator()
    # The best of three: what else the machine does only adds.
    quick = min(timed(lambda: check.judge(cells, PAPER))[1] for _ in range(3))
    slow = min(timed(lambda: [detect(text) for text in texts[:400]])[1] for _ in range(3))
    ours, theirs = 2 * half / quick, 400 / slow
    print(f"the whole check: {ours:,.0f} texts of 100 characters a second on one core; langdetect.detect {theirs:,.0f}")
    print(f"{ours / theirs:.0f} times as fast")


def other_backends(lines: list[Line]) -> None:
    prose = [(text, tag) for tag, kind, text in lines if tag in PAPER and kind in PROSE]
    pairs = [(text, tag) for tag, kind, text in lines if tag in PAPER and kind == "pair"]
    groups = {"prose": prose, "two words": pairs, "near": neighbours(lines), "English": untranslated(lines)}
    print(f"{'backend: ok/unsure/mismatch':<28}" + "".join(f"{name:>20}" for name in groups) + f"{'texts/s':>9}")
    hows: dict[str, dict[str, Any]] = {"langdetect": {}}
    installed = [name for name, library in BACKENDS.items() if find_spec(library)]
    hows |= {name: {"backend": find_backend(name)} for name in installed}
    hows |= {f"langdetect, then {name}": {"cascade": hows[name]["backend"]} for name in installed if "-" not in name}
    for name, how in hows.items():
        cells = []
        for chosen in groups.values():
            _, share = rates([text for text, _ in chosen], [tag for _, tag in chosen], PAPER, **how)
            cells.append("/".join(f"{part:.2f}" for part in share))
        texts = [f"{text} {number}" for number, (text, _) in enumerate(prose)]
        _, took = timed(lambda texts=texts, how=how: rates(texts, [tag for _, tag in prose], PAPER, **how))
        print(f"{name:<28}" + "".join(f"{cell:>20}" for cell in cells) + f"{len(texts) / took:>9,.0f}")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def main() -> None:
    about, form = __doc__, argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=about, formatter_class=form)
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=("even", "odd", "all"), default="odd")
    parser.add_argument("--details", action="store_true", help="one line a language")
    parser.add_argument("--quick", action="store_true", help="leave out the comparison with langdetect")
    parser.add_argument("--backends", action="store_true", help="the other backends that are installed, too")
    options = parser.parse_args()
    lines = read_labelled(options.data / "lid" / "labelled.tsv", options.half)
    print(f"{VERSION}, {options.half} lines, per cent")
    print(f"{'':<52}{'texts':>7}{'ok':>9}{'unsure':>9}{'mismatch':>9}")
    right_text(lines, options.details)
    wrong_text(lines, PAPER, "data of 12")
    wrong_text(lines, (), "data unknown")
    if (options.data / "lid" / "wrong_language.jsonl").exists():
        completions(options.data / "lid" / "wrong_language.jsonl", options.half)
    if (options.data / "pool").exists():
        pool(options.data / "pool")
    if not options.quick:
        against_langdetect(lines)
    if options.backends:
        other_backends(lines)


if __name__ == "__main__":
    main()
