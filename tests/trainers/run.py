"""Real trainers on real exports: ``make trainers``, or ``python tests/trainers/run.py --only trl-1.16.0``.

Exports the bundled sample and the torture set with the pinchmix of the environment that runs this, and lets each
trainer load (and train on) them in an environment of its own, kept under ``.cache/trainers`` or where the variable
``PINCHMIX_TRAINERS`` says. Everything is compared with the rows of the source, never with another reading of the
export. ``--cheap`` takes those that need no torch and no minutes, as ``make test`` does (``tests/test_loaders.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

import rules
import torture
from environments import TRAINERS, Trainer

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("PINCHMIX_TRAINERS") or HERE.parents[1] / ".cache" / "trainers")
MINUTES = 20


class Failed(Exception):
    """A step that did not work, with the end of what it said."""


@dataclass(frozen=True)
class Export:
    """An exported mixture: its folder, and its rows as the source has them, as JSON in a file."""

    name: str
    folder: Path
    rows: Path


@dataclass
class Line:
    """A line of the table."""

    trainer: str
    version: str
    export: str
    rows: int
    compared: str
    seconds: float
    problems: list[str] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        result = "FAILED" if self.problems else "ok"
        rows, seconds = str(self.rows), f"{self.seconds:.2f}"
        return [self.trainer, self.version, self.export, rows, self.compared, result, seconds]


def export_all(place: Path) -> list[Export]:
    """Build and export both mixtures, and write down what their rows must be."""
    import pinchmix

    hard = place / "torture-source"
    hard.mkdir()
    for language, rows in torture.rows().items():
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (hard / f"{language}.jsonl").write_bytes("".join(lines).encode())
    every = {language: len(rows) for language, rows in torture.rows().items()}
    # Rows that every format can say: one turn each and no system turn.
    short = place / "single-source"
    short.mkdir()
    single = {language: [row for row in rows if len(row["messages"]) == 2] for language, rows in torture.rows().items()}
    for language, rows in single.items():
        (short / f"{language}.jsonl").write_bytes("".join(json.dumps(row) + "\n" for row in rows).encode())
    few = {language: len(rows) for language, rows in single.items()}
    everything = ("messages", "prompt_completion", "alpaca", "sharegpt")
    split = {"train": 0.7, "validation": 0.2, "test": 0.1}
    return [
        export_one("sample", place, Path(pinchmix.sample()), {"en": 20, "*": 40}, split=split),
        export_one("single", place, short, few, {"formats": everything}, validate=False),
        export_one("shards", place, hard, every, {"shards": 3}, split=split, validate=False),
        # Not validated: a bare date is in no language. Nothing is left to choose, so every row is exported.
        # Settings of trainers name the place, an awkward one; those of the sample are for use from its top.
        export_one("torture", place, hard, every, root=place / "to \u00f8ve" / "torture", validate=False),
    ]


def export_one(
    name: str,
    place: Path,
    source: Path,
    budget: dict[str, int],
    options: Mapping[str, object] = MappingProxyType({}),
    *,
    root: Path | None = None,
    **arguments: object,
) -> Export:
    """Build and export a mixture of a folder of chat messages, one file a language.

    Beside the export go its rows for training, and those of all splits, as JSON.
    """
    import pinchmix

    mixture = pinchmix.build_mixture(source, budget, progress=False, **arguments)
    folder = root or place / name
    folder.parent.mkdir(exist_ok=True)
    pinchmix.export_mixture(mixture, folder, root=root, progress=False, **options)
    texts = {
        (path.stem, row["id"]): row["messages"]
        for path in source.glob("*.jsonl")
        for row in map(json.loads, path.read_bytes().decode().rstrip("\n").split("\n"))
    }
    # The mixture is asked for nothing but its choice, in order; the texts are the source's.
    chosen = [(example.prompt_language, example.id) for example in mixture]
    if len(chosen) != sum(budget.values()) or len({key for _, key in chosen}) != len(chosen):
        raise Failed(f"the mixture of {name} has {len(chosen)} rows, or the same instruction twice")
    rows = {split: [texts[key] for key in chosen[at.start : at.stop]] for split, at in mixture.splits.items()}
    (place / f"{name}.splits.json").write_text(json.dumps(rows), encoding="ascii")
    (place / f"{name}.json").write_text(json.dumps(rows["train"]), encoding="ascii")
    return Export(name, folder, place / f"{name}.json")


def clean_environment(home: Path | None = None) -> dict[str, str]:
    """Return variables that let nothing in: no pinchmix, no cache, no network, no accelerator."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_", "TRANSFORMERS_"))
    }
    if home:
        offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
        quiet = {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "TOKENIZERS_PARALLELISM": "false", "WANDB_MODE": "disabled"}
        quiet |= {"DO_NOT_TRACK": "1", "AXOLOTL_DO_NOT_TRACK": "1", "UNSLOTH_DISABLE_STATISTICS": "1"}
        kept |= {"HF_HOME": str(home), "CUDA_VISIBLE_DEVICES": "", "PYTHONUTF8": "1", **offline, **quiet}
    return kept


def call(command: Iterable[object], **arguments: object) -> None:
    """Run a command; only if it fails is anything of what it said of interest."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=60 * MINUTES,
            **arguments,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {MINUTES} minutes") from None
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().splitlines()
        raise Failed("\n".join(said[-15:]) or f"exit code {done.returncode}")


def python_of(trainer: Trainer) -> Path:
    return CACHE / trainer.name / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def mark_of(trainer: Trainer) -> str:
    return "\n".join([sys.version, *trainer.pins])


def is_installed(trainer: Trainer) -> bool:
    """Return whether the trainer's environment is there and holds these versions."""
    ready = CACHE / trainer.name / "ready"
    return ready.is_file() and ready.read_text(encoding="utf-8") == mark_of(trainer)


def installed(trainer: Trainer) -> Path:
    """Return the Python of the trainer's environment, which is made if it is not there or holds other versions."""
    folder, python = CACHE / trainer.name, python_of(trainer)
    if is_installed(trainer):
        return python
    print(f"installing {trainer.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    call([sys.executable, "-m", "venv", folder], env=clean_environment())
    pins = folder / "pins.txt"
    pins.write_text("\n".join(trainer.pins), encoding="utf-8")
    for step in trainer.steps:
        call([python, "-m", "pip", "install", "--constraint", pins, *step], env=clean_environment())
    (folder / "ready").write_text(mark_of(trainer), encoding="utf-8")
    return python


def check(trainer: Trainer, python: Path, export: Export, place: Path) -> list[Line]:
    """Run the trainer's checks on one export."""
    work = place / f"{trainer.name}-{export.name}"
    work.mkdir()
    out = work / "report.json"
    start = time.perf_counter()
    try:
        call(
            [python, HERE / trainer.script, export.folder, export.rows, out],
            cwd=work,
            env=clean_environment(work / "hf-home"),
        )
        found = json.loads(out.read_text(encoding="ascii"))
    except Failed as error:
        return [Line(trainer.package, trainer.version, export.name, 0, "", time.perf_counter() - start, [str(error)])]
    return [Line(trainer.package, found["version"], export.name, **result) for result in found["results"]]


def check_lines(export: Export) -> list[Line]:
    """Check the JSONL with the standard library alone: every line, and the rules of those who train for others."""
    found = []
    for compared, check in rules.checks(export.folder, rules.splits_of(export.rows)).items():
        start = time.perf_counter()
        count, problems = check()
        version = ".".join(map(str, sys.version_info[:3]))
        found.append(Line("json", version, export.name, count, compared, time.perf_counter() - start, problems))
    return found


def run_trainer(trainer: Trainer, exports: Iterable[Export], place: Path) -> list[Line]:
    """Install a trainer where it is not, and run its checks on those exports that are for it."""
    start = time.perf_counter()
    try:
        python = installed(trainer)
    except Failed as error:
        problem = f"not installed: {error}"
        return [Line(trainer.package, trainer.version, "", 0, "", time.perf_counter() - start, [problem])]
    return [
        line for export in exports if export.name in trainer.exports for line in check(trainer, python, export, place)
    ]


def no_registry() -> str:
    """Return why pip reaches no registry of packages, or nothing where it does."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            call([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "packaging"])
        except Failed as error:
            return str(error).splitlines()[-1]
    return ""


def print_table(lines: list[Line]) -> None:
    """Print the table, and below it what was wrong."""
    head = ["trainer", "version", "export", "rows", "compared", "result", "seconds"]
    table = [head, *(line.cells for line in lines)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        padded = [
            cell.rjust(width) if name in ("rows", "seconds") else cell.ljust(width)
            for name, cell, width in zip(head, cells, widths, strict=True)
        ]
        print("  ".join(padded).rstrip())
    for line in lines:
        for problem in line.problems:
            print(
                f"\n{line.trainer} {line.version}, {line.export}, {line.compared or 'the check as a whole'}:\n{problem}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", metavar="NAME", choices=[trainer.name for trainer in TRAINERS], help="one trainer")
    parser.add_argument("--cheap", action="store_true", help="those of make test alone, two at a time")
    parser.add_argument("--report", metavar="FILE", type=Path, help="where to write the table as JSON")
    asked = parser.parse_args()
    chosen = [
        trainer for trainer in TRAINERS if asked.only in (None, trainer.name) and (trainer.cheap or not asked.cheap)
    ]
    with tempfile.TemporaryDirectory(prefix="pinchmix-trainers-") as folder:
        place = Path(folder)
        exports = export_all(place)
        lines = [line for export in exports for line in check_lines(export)]
        # Trainers take all the memory and processors they find; readers do not.
        with ThreadPoolExecutor(max_workers=2 if asked.cheap else 1) as pool:
            for some in pool.map(lambda trainer: run_trainer(trainer, exports, place), chosen):
                lines += some
    if asked.report:
        asked.report.write_text(json.dumps([asdict(line) for line in lines]), encoding="ascii")
    print_table(lines)
    return int(any(line.problems for line in lines))


if __name__ == "__main__":
    sys.exit(main())
