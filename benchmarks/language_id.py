"""Measure language identification on a folder of labelled text, and its speed against langdetect in the same run.

    python benchmarks/language_id.py DATA [--half even|odd|all]

DATA holds ``lid/labelled.tsv`` (language, kind, text; tabs), and optionally ``lid/wrong_language.jsonl`` (lang, output,
other_language) and ``pool/*.jsonl`` (lang, instruction, input, output).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

from pinchmix.language import normalise_language
from pinchmix.validators.langid import REASONS, VERSION, judge_texts
from pinchmix.validators.langid.clean import clean_text
from pinchmix.validators.langid.codes import encode
from pinchmix.validators.langid.neighbours import column
from pinchmix.validators.langid.profiles import profiles
from pinchmix.validators.langid.scorer import log_scores
from pinchmix.validators.langid.script import script_letters

PAPER = ("ar", "zh", "cs", "en", "et", "fi", "he", "hi", "it", "ru", "es", "sw")
NEAR = {
    "ar": "fa ur", "zh": "ja ko", "cs": "sk pl", "en": "da nb de", "et": "fi", "fi": "et", "hi": "mr ne",
    "it": "es pt fr", "ru": "uk bg sr", "es": "pt it fr", "sw": "id ms",
}  # fmt: skip
KNOWN = profiles().languages
PROSE = ("sent", "udhr", "xcopa")
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


def rates(texts: list[str], expected: list[str], languages: Iterable[str]) -> tuple[int, np.ndarray]:
    verdict = judge_texts(texts, expected, languages=tuple(languages)).verdict
    return len(texts), np.bincount(verdict, minlength=3) / max(len(texts), 1) * 100


def show(name: str, figures: tuple[int, np.ndarray]) -> None:
    count, share = figures
    print(f"{name:<44}{count:>7}{share[0]:>9.2f}{share[1]:>9.2f}{share[2]:>9.2f}")


def letters(texts: list[str]) -> np.ndarray:
    weighted: np.ndarray = script_letters(encode([clean_text(text) for text in texts])).sum(axis=1)
    return weighted


def right_text(lines: list[Line], details: bool) -> None:
    for kinds in (PROSE, ("pair",), ("word",)):
        chosen = [line for line in lines if line[0] in PAPER and line[1] in kinds]
        show(f"right: 12 languages, {'+'.join(kinds)}", rates([x for *_, x in chosen], [x for x, *_ in chosen], PAPER))
    others = sorted({language for language, *_ in lines} - set(PAPER))
    for language in (*PAPER, *others) if details else ():
        for kinds in (PROSE, ("pair",)):
            texts = [text for tag, kind, text in lines if tag == language and kind in kinds]
            if texts:
                data = PAPER if language in PAPER else (*PAPER, language)
                show(f"  right: {language} {'+'.join(kinds)}", rates(texts, [language] * len(texts), data))
    chosen = [line for line in lines if line[0] not in PAPER and line[1] in PROSE]
    show("right: other languages, prose", rates([x for *_, x in chosen], [x for x, *_ in chosen], PAPER))


def wrong_text(lines: list[Line], data: tuple[str, ...], name: str) -> None:
    near = [(text, tag) for tag, close in NEAR.items() for other, kind, text in lines
            if other in close.split() and kind in PROSE]  # fmt: skip
    show(f"near neighbours, prose ({name})", rates([x for x, _ in near], [x for _, x in near], data))
    far = [(text, tag) for tag in PAPER for other, kind, text in lines
           if column(normalise_language(other), KNOWN) != column(tag, KNOWN) and kind in PROSE]  # fmt: skip
    show(f"any other language, prose ({name})", rates([x for x, _ in far], [x for _, x in far], data))
    english = [text for tag, kind, text in lines if tag == "en" and kind in PROSE]
    for least, label in ((30, "English >= 30 letters"), (0, "English, all")):
        chosen = [text for text, count in zip(english, letters(english), strict=True) if count >= least]
        asked = [tag for tag in PAPER if tag != "en" for _ in chosen]
        show(f"{label} ({name})", rates(chosen * (len(PAPER) - 1), asked, data))


def completions(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    data = tuple(sorted({row["lang"] for row in rows}))
    for label, wanted in (("completions in another language", True), ("other completions", False)):
        chosen = [row for row in rows if bool(row["other_language"]) == wanted]
        show(label, rates([row["output"] for row in chosen], [row["lang"] for row in chosen], data))


def pool(folder: Path) -> None:
    data = tuple(sorted(path.stem for path in folder.glob("*.jsonl")))
    tally: Counter[str] = Counter()
    for field in ("instruction", "input", "output"):
        texts, expected = [], []
        for language in data:
            rows = map(json.loads, (folder / f"{language}.jsonl").read_text(encoding="utf-8").splitlines())
            chosen = [row[field] for row in rows if row[field]]
            texts += chosen
            expected += [language] * len(chosen)
        found = judge_texts(texts, expected, languages=data)
        show(f"pool: {field}", (len(texts), np.bincount(found.verdict, minlength=3) / len(texts) * 100))
        tally.update(f"{field} {REASONS[code]}" for code in found.reason[found.verdict == 2])
    print(f"  rejected in the pool: {dict(tally)}")


def against_langdetect(lines: list[Line]) -> None:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)

    def detect(text: str) -> str:
        detector = factory.create()
        detector.append(text)
        try:
            return normalise_language(detector.detect())
        except LangDetectException:
            return ""

    prose = [text for _, kind, text in lines if kind in PROSE]
    sample = prose[:: max(len(prose) // 600, 1)]
    theirs, slow = timed(lambda: [detect(text) for text in sample])
    scores, counts = log_scores(sample)
    ours = [profiles().languages[best] if count else "" for best, count in zip(scores.argmax(1), counts, strict=True)]
    same = np.mean([mine == other for mine, other in zip(ours, theirs, strict=True)]) * 100
    print(f"same label as langdetect (seed 0) on {len(sample)} texts of prose: {same:.2f} %")
    # In the full mix of languages and scripts.
    long = [(text[:94], tag) for tag, kind, text in lines if kind in PROSE and tag in PAPER and len(text) >= 94]
    # Distinct texts, as equal ones are judged once.
    many = [(f"{text} {number:05d}", tag) for number in range(30_000 // len(long) + 1) for text, tag in long]
    texts, tags = [text for text, _ in many], [tag for _, tag in many]
    _, quick = timed(lambda: judge_texts(texts, tags, languages=PAPER))
    _, base = timed(lambda: [detect(text) for text in texts[:500]])
    per_second, theirs_per_second = len(texts) / quick, 500 / base
    print(f"judged {per_second:,.0f} texts of 100 characters a second, langdetect {theirs_per_second:,.0f}")
    print(
        f"{per_second / theirs_per_second:.0f} times as fast (langdetect on prose: {len(sample) / slow:,.0f} a second)"
    )


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
    options = parser.parse_args()
    lines = read_labelled(options.data / "lid" / "labelled.tsv", options.half)
    print(f"{VERSION}, {options.half} lines of labelled.tsv, per cent")
    print(f"{'':<44}{'texts':>7}{'ok':>9}{'unsure':>9}{'mismatch':>9}")
    right_text(lines, options.details)
    wrong_text(lines, PAPER, "data of 12")
    wrong_text(lines, (), "data unknown")
    if (options.data / "lid" / "wrong_language.jsonl").exists():
        completions(options.data / "lid" / "wrong_language.jsonl")
    if (options.data / "pool").exists():
        pool(options.data / "pool")
    if not options.quick:
        against_langdetect(lines)


if __name__ == "__main__":
    main()
