"""How well each check finds its fault, and how often it cries wolf: faults put into clean text of a pool.

    python benchmarks/validation.py POOL [--half even|odd|all] [--share 0.02]

POOL is a folder of ``{lang}.jsonl`` with id, instruction, input and output, English among them. False alarms are what a
check finds in the pool as it is, responses named by ``--free`` left out, as they are no translations of each other;
some are faults that the pool has. Then each fault is put into a share of the cells in which no check finds a mismatch,
chosen by a hash, and the check is asked about these.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pinchmix.audit import audit_source
from pinchmix.cells import Cells, Verdict
from pinchmix.language import normalise_language
from pinchmix.plugins import BUILT_IN, find_plugin
from pinchmix.validators.answers import EVERYWHERE, TRANSLATED

WHOLE = ("duplicates", "repeated")  # ask for the whole source
LONG = 60  # characters of a text that a fault is put into


class Cell(NamedTuple):
    """A cell, beside the pivot's texts."""

    id: str
    language: str
    prompt: str
    response: str
    pivot_prompt: str | None
    pivot_response: str | None
    roles: str = "ua"


Fault = Callable[[Cell, random.Random], Cell | None]


def read_cells(folder: Path, half: str) -> list[Cell]:
    texts: dict[tuple[str, str], tuple[str, str]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        tag = normalise_language(path.stem)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            more = f"\n\n{row['input']}" if row["input"].strip() else ""
            if half == "all" or ("even", "odd")[digest(row["id"]) % 2] == half:
                texts[row["id"], tag] = row["instruction"] + more, row["output"]
    none = (None, None)
    return [
        Cell(key, tag, *said, *(none if tag == "en" else texts.get((key, "en"), none)))
        for (key, tag), said in texts.items()
        if said[0].strip() and said[1].strip()
    ]


def digest(text: str) -> int:
    return int(hashlib.md5(text.encode()).hexdigest(), 16)


def as_cells(cells: list[Cell]) -> Cells:
    column = {name: [getattr(one, name) for one in cells] for name in Cell._fields}
    return Cells(
        column["id"], column["language"], column["language"], column["prompt"], column["response"], column["roles"],
        "en", column["pivot_prompt"], column["pivot_response"],
        [None if pivot is None else "ua" for pivot in column["pivot_prompt"]],
    )  # fmt: skip


def in_prompt(change: Callable[[str, str, str, random.Random], str | None]) -> Fault:
    """A fault of the prompt, from its text, the pivot's, the language and chance."""

    def fault(cell: Cell, chance: random.Random) -> Cell | None:
        if cell.pivot_prompt is None or min(len(cell.prompt), len(cell.pivot_prompt)) < LONG:
            return None
        text = change(cell.prompt, cell.pivot_prompt, cell.language, chance)
        return None if text is None or text == cell.prompt else cell._replace(prompt=text)

    return fault


def in_response(change: Callable[[Cell, random.Random], str | None]) -> Fault:
    def fault(cell: Cell, chance: random.Random) -> Cell | None:
        text = change(cell, chance) if cell.pivot_response is not None else None
        return None if text is None else cell._replace(response=text)

    return fault


def lost(span: str, other: str = "") -> Fault:
    """A span that the pivot and the translation had, which was left out of the translation, or changed."""

    def fault(cell: Cell, chance: random.Random) -> Cell | None:
        if cell.pivot_prompt is None:
            return None
        prompt = f"{cell.prompt} {other}".rstrip()
        return cell._replace(prompt=prompt, pivot_prompt=f"{cell.pivot_prompt} {span}")

    return fault


def at(text: str, sign: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(text))
    return text[:place] + sign + text[place:]


def loop(text: str, pivot: str, language: str, chance: random.Random) -> str:
    part = text[: chance.randrange(6, 50)]
    return f"{text} {part * (80 // len(part) + 5)}"


def other_number(text: str, pivot: str, language: str, chance: random.Random) -> str | None:
    found = [one for one in re.finditer(r"(?<![\d.,])[1-9]\d{1,3}(?![\d.,])", text) if one[0] in pivot]
    if not found:
        return None
    one = chance.choice(found)
    return text[: one.start()] + str(int(one[0]) * 2 + 13) + text[one.end() :]


def no_number(text: str, pivot: str, language: str, chance: random.Random) -> str | None:
    found = [one for one in re.finditer(r"(?<![\d.,])[1-9]\d{1,3}(?![\d.,])", text) if one[0] in pivot]
    if not found:
        return None
    one = chance.choice(found)
    return text[: one.start()] + text[one.end() :]


def near_copy(text: str, pivot: str, language: str, chance: random.Random) -> str:
    words = pivot.split(" ")
    for place in chance.sample(range(len(words)), len(words) // 10):
        start = chance.randrange(max(len(text) - 6, 1))
        words[place] = text[start : start + 6]
    return " ".join(words)


def placeholder(cell: Cell, chance: random.Random) -> str:
    return chance.choice(TRANSLATED.get(cell.language, sorted(EVERYWHERE)))


REFUSAL = "I'm sorry, but as an AI language model I cannot help with that request."
TASK = "Write a limerick in which the first two lines rhyme."

# Check, name of the fault, and what makes it.
FAULTS: list[tuple[str, str, Fault]] = [
    ("copy", "untranslated", in_prompt(lambda text, pivot, tag, chance: pivot)),
    ("copy", "untranslated but for a tenth of the words", in_prompt(near_copy)),
    ("numbers", "a number changed", in_prompt(other_number)),
    ("numbers", "a number left out", in_prompt(no_number)),
    ("urls", "an address left out", lost("https://example.org/a?b=1")),
    ("urls", "an address changed", lost("https://example.org/a?b=1", "https://example.org/ä")),
    ("code", "a code span left out", lost("`ls -l`")),
    ("variables", "a variable left out", lost("{user_name}")),
    ("variables", "a variable translated", lost("{user_name}", "{nimi}")),
    ("math", "a formula left out", lost(r"\(x^2 + 1\)")),
    ("math", "a formula changed", lost(r"\(x^2 + 1\)", r"\(x^2 - 1\)")),
    ("length", "all but a fifth left out", in_prompt(lambda text, pivot, tag, chance: text[: len(text) // 5])),
    ("length", "four times as long", in_prompt(lambda text, pivot, tag, chance: f"{text} " * 4)),
    ("turns", "two turns more", lambda cell, chance: cell._replace(roles="uaua") if cell.pivot_prompt else None),
    ("echo", "response is the prompt", in_response(lambda cell, chance: cell.prompt)),
    ("empty", "placeholder", in_response(placeholder)),
    ("empty", "dots", in_response(lambda cell, chance: "...")),
    ("damage", "<unk>", in_prompt(lambda text, pivot, tag, chance: at(text, "<unk>", chance))),
    ("damage", "U+FFFD", in_prompt(lambda text, pivot, tag, chance: at(text, "\ufffd", chance))),
    ("damage", "control character", in_prompt(lambda text, pivot, tag, chance: at(text, "\x08", chance))),
    ("damage", "UTF-8 as Latin-1", in_prompt(lambda text, *_: text.encode().decode("latin-1"))),
    ("markup", "code block left open", in_prompt(lambda text, *_: f"{text}\n```python\nprint(1)")),
    ("markup", "spaces in a tag", in_prompt(lambda text, *_: f"{text} < b >x< / b >")),
    ("loops", "a loop at the end", in_prompt(loop)),
    ("truncation", "cut at 40 to 70 %", in_prompt(lambda text, pivot, tag, chance: cut(text, chance, 0.4, 0.7))),
    ("truncation", "cut at 80 to 95 %", in_prompt(lambda text, pivot, tag, chance: cut(text, chance, 0.8, 0.95))),
    ("markers", "## 18. Instruction:", in_prompt(lambda text, *_: f"{text}\n\n##\n18. Instruction: Write a poem.")),
    ("markers", "a token of a chat template", in_prompt(lambda text, *_: f"{text}<|im_end|>")),
    ("unicode", "direction override", in_prompt(lambda text, pivot, tag, chance: at(text, "\u202e", chance))),
    ("unicode", "not NFC", in_prompt(lambda text, *_: unicodedata.normalize("NFD", text))),
    ("refusals", "the pivot refuses", in_response(lambda cell, chance: cell.response)),
    ("tasks", "a task of rhymes", in_prompt(lambda text, *_: text)),
]  # fmt: skip


def cut(text: str, chance: random.Random, low: float, high: float) -> str:
    return text[: int(len(text) * chance.uniform(low, high))]


def special(name: str, cell: Cell) -> Cell | None:
    """Faults of the pivot."""
    if cell.pivot_prompt is None:
        return None
    return cell._replace(pivot_response=REFUSAL) if name == "the pivot refuses" else cell._replace(pivot_prompt=TASK)


def spoiled(cells: list[Cell], clean: set[int], name: str, fault: Fault, share: float) -> Iterator[tuple[Cell, bool]]:
    for place, cell in enumerate(cells):
        key = digest(f"{name} {cell.id} {cell.language}")
        if place in clean and key % 10_000 < share * 10_000:
            pivots = name in ("the pivot refuses", "a task of rhymes")
            bad = special(name, cell) if pivots else fault(cell, random.Random(key))
            if bad is not None:
                yield bad, True
                continue
        yield cell, False


def marks(check: str, cells: list[Cell]) -> dict[int, int]:
    """Return place → worst verdict of a check."""
    found = find_plugin("validators", check).judge(as_cells(cells), sorted({cell.language for cell in cells}))
    worst: dict[int, int] = {}
    for place, verdict in zip(found.place.tolist(), found.verdict.tolist(), strict=True):
        worst[place] = max(worst.get(place, 0), verdict)
    return worst


def line(*values: object) -> None:
    print("| " + " | ".join(str(value) for value in values) + " |")


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--half", choices=("even", "odd", "all"), default="odd")
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--free", default="mtbench-", help="start of the ids whose responses are no translations")
    said = parser.parse_args()
    cells = [
        cell._replace(pivot_response=None) if cell.id.startswith(said.free) else cell
        for cell in read_cells(said.pool, said.half)
    ]
    checks = [name for name in sorted(BUILT_IN["validators"]) if name not in ("language", *WHOLE)]
    alarms, seconds, wrong = {}, {}, set()
    for check in checks:
        start = time.process_time()
        alarms[check] = marks(check, cells)
        seconds[check] = time.process_time() - start
        wrong |= {place for place, verdict in alarms[check].items() if verdict == Verdict.MISMATCH}
    clean = set(range(len(cells))) - wrong
    characters = sum(len(cell.prompt) + len(cell.response) for cell in cells)
    print(f"{len(cells):,} cells, {characters:,} characters, {len(clean):,} without a mismatch\n")
    line(
        "check",
        "fault",
        "put in",
        "rejected %",
        "or unsure %",
        "pool: mismatch",
        "pool: unsure",
        "µs a 100 char.",
    )
    line(*["---"] * 8)
    for check, name, fault in FAULTS:
        made = list(spoiled(cells, clean, name, fault, said.share))
        places = [place for place, (_, bad) in enumerate(made) if bad]
        verdicts = marks(check, [made[place][0] for place in places])
        rejected = sum(verdict == Verdict.MISMATCH for verdict in verdicts.values())
        mismatch = sum(verdict == Verdict.MISMATCH for verdict in alarms[check].values())
        line(
            check, f"`{name}`", len(places), percent(rejected, len(places)), percent(len(verdicts), len(places)),
            f"{mismatch} ({percent(mismatch, len(cells))} %)",
            f"{len(alarms[check]) - mismatch} ({percent(len(alarms[check]) - mismatch, len(cells))} %)",
            f"{seconds[check] * 1e8 / characters:.2f}",
        )  # fmt: skip
    for row in of_whole_source(cells, said.share):
        line(*row)


def of_whole_source(cells: list[Cell], share: float) -> Iterator[tuple[object, ...]]:
    """Yield rows for the checks that ask for the whole source."""

    def asked(check: str, rows: list[dict[str, str]]) -> dict[tuple[str, str], str]:
        found = audit_source(pa.Table.from_pylist(rows), validate=[check], workers=1).findings
        return dict(zip(zip(found["id"], found["language"], strict=True), found["verdict"], strict=True))

    plain = [
        {"id": cell.id, "language": cell.language, "prompt": cell.prompt, "response": cell.response} for cell in cells
    ]
    shifted, moved = [dict(row) for row in plain], []
    for place, row in enumerate(shifted[1:], 1):
        before = plain[place - 1]
        chosen = digest(f"repeated {row['id']} {row['language']}") % 10_000 < share * 10_000
        if chosen and row["language"] == before["language"] != "en" and len(before["prompt"]) >= LONG:
            row.update(prompt=before["prompt"], response=before["response"])
            moved.append((row["id"], row["language"]))
    doubled, copies = list(plain), []
    for row in plain:
        if row["language"] == "en" and digest(f"doubled {row['id']}") % 10_000 < share * 10_000:
            doubled.append({**row, "id": f"{row['id']}-again"})
            copies.append((row["id"], f"{row['id']}-again"))
    for check, name, rows, bad in (
        ("repeated", "row of another id", shifted, [[one] for one in moved]),
        ("duplicates", "row doubled under another id", doubled, [[(one, "en") for one in pair] for pair in copies]),
    ):
        before, after = asked(check, plain), asked(check, rows)
        found = [[after.get(one) for one in group] for group in bad]
        rejected = sum("mismatch" in group for group in found)
        some = sum(any(group) for group in found)
        mismatch = sum(verdict == "mismatch" for verdict in before.values())
        yield (
            check, f"`{name}`", len(bad), percent(rejected, len(bad)), percent(some, len(bad)),
            f"{mismatch} ({percent(mismatch, len(plain))} %)",
            f"{len(before) - mismatch} ({percent(len(before) - mismatch, len(plain))} %)", "-",
        )  # fmt: skip


if __name__ == "__main__":
    main()
