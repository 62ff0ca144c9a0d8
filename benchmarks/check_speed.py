"""How many texts a second the whole default check judges, beside ``langdetect.detect`` in the same run, on one core.

    python benchmarks/check_speed.py POOL [--preset default] [--cells 20000] [--repeat 5]

POOL is a folder of ``{lang}.jsonl`` with id, instruction, input and output, English among them. Each text is the first
or the second hundred characters of a prompt of the pool, ended by a full stop, beside the same of the English one; a
cell is two texts. Figures are the best of the repetitions, in processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

LENGTH = 100  # characters
SAMPLE = 400  # texts that langdetect is asked about, as it is slow


def one_thread() -> None:
    """Keep libraries from using other cores; they read this when they are loaded."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


one_thread()

import pyarrow as pa  # noqa: E402
from langdetect import LangDetectException, detect  # noqa: E402

from pinchmix.arguments import read_policy  # noqa: E402
from pinchmix.cells import Cells  # noqa: E402
from pinchmix.judging.examine import examine, panel_of  # noqa: E402
from pinchmix.language import normalise_language  # noqa: E402

Said = tuple[str, str]


def read(folder: Path) -> dict[tuple[str, str], Said]:
    """Return id and language → prompt and response."""
    texts = {}
    for path in sorted(folder.glob("*.jsonl")):
        tag = normalise_language(path.stem)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts[row["id"], tag] = " ".join((row["instruction"], row["input"])).strip(), row["output"]
    return texts


def cells_of(texts: dict[tuple[str, str], Said], count: int) -> Cells:
    """Return cells of two texts of 100 characters each, from the beginnings of prompts."""
    chance = random.Random(0)
    keys = sorted(key for key in texts if key[1] != "en" and (key[0], "en") in texts)
    long = [key for key in keys if min(len(texts[key][0]), len(texts[key[0], "en"][0])) >= 2 * LENGTH]
    columns: list[list[str]] = [[] for _ in range(6)]
    for number, key in enumerate(chance.choices(long, k=count)):
        own, pivot = texts[key][0], texts[key[0], "en"][0]
        pieces = [[f"{text[start : start + LENGTH - 1]}." for text in (own, pivot)] for start in (0, LENGTH)]
        row = [f"{key[0]}-{number}", key[1], pieces[0][0], pieces[1][0], pieces[0][1], pieces[1][1]]
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    ids, tags, prompts, responses, pivot_prompts, pivot_responses = columns
    return Cells(
        ids, tags, tags, prompts, responses, ["ua"] * count, "en", pivot_prompts, pivot_responses, ["ua"] * count
    )


def best(work: Callable[[], object], repeat: int) -> float:
    """Return the least seconds of processor time that something took."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    said = parser.parse_args()
    pa.set_cpu_count(1)
    cells = cells_of(read(said.pool), said.cells)
    languages = sorted({*cells.prompt_languages, "en"})
    policy = [one for one in read_policy(said.preset) if not hasattr(one[1], "survey")]
    panel = panel_of([check for check, _ in policy], [validator for _, validator in policy])
    examine(cells.take(range(200)), panel, languages)
    whole = best(lambda: examine(cells, panel, languages), said.repeat)
    texts = 2 * len(cells)
    some = random.Random(1).sample([*cells.prompts, *cells.responses], SAMPLE)

    def ask_langdetect() -> None:
        for text in some:
            try:
                detect(text)
            except LangDetectException:  # noqa: PERF203
                continue

    ask_langdetect()
    other = best(ask_langdetect, 1) / SAMPLE
    print(f"{texts:,} texts of {LENGTH} characters in {len(languages)} languages, preset {said.preset}")
    print(f"whole check      {texts / whole:>9,.0f} texts/s  {whole / texts * 1e6:6.1f} µs a text")
    print(
        f"langdetect.detect{1 / other:>9,.0f} texts/s  {other * 1e6:6.0f} µs a text; {other * texts / whole:.0f} times"
    )
    print("check by check, of all cells, µs a text:")
    rest = 0.0
    for one in panel:
        taken = best(lambda one=one: one.validator.judge(cells, languages), said.repeat) / texts * 1e6
        rest += taken * (one.check.name != "language")
        print(f"  {one.check.name:12}{taken:6.2f}")
    print(f"  all but language {rest:.2f}")


if __name__ == "__main__":
    main()
