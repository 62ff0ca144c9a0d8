"""Real trainers on real exports: ``make trainers``, or ``python tests/trainers/run.py --only trl-1.16.0``.

Exports the bundled sample and the torture set with the pinchmix of the environment that runs this, and lets each
trainer load (and train on) them in an environment of its own, kept under ``.cache/trainers``. Everything is compared
with the rows of the source, never with another reading of the export.
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
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torture
from comparing import differences

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "trainers"
MINUTES = 20


@dataclass(frozen=True)
class Trainer:
    """A trainer: its check script, and what to install, step by step; no step may touch what is pinned in another."""

    package: str
    version: str
    script: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        return f"{self.package}-{self.version}"

    @property
    def pins(self) -> list[str]:
        return [pin for step in self.steps for pin in step if not pin.startswith("-")]


# In a step of its own, so that a build without CUDA that is found for it is not replaced.
TORCH = ("torch==2.13.0",)
OUMI = (
    *("transformers==5.16.1", "datasets==4.8.4", "trl==1.6.0", "peft==0.19.1", "accelerate==1.15.0", "pandas<3"),
    *("numpy<2.4", "omegaconf==2.4.0.dev4", "pydantic<2.14", "typer<0.25.2", "click<8.5", "jsonlines", "jsonschema"),
    *("backoff", "httpx<1", "aiofiles", "aiohttp<3.14", "tiktoken", "pillow<12.4", "protobuf", "requests"),
    *("pexpect<4.10", "hdrhistogram", "posthog<8", "wandb==0.25.1", "mlflow==3.17.2", "tensorboard"),
)
UNSLOTH = (
    *("transformers==5.16.1", "datasets==4.8.4", "trl==1.9.0", "peft==0.20.0", "accelerate", "torchao", "tyro"),
    *("protobuf", "typer", "rich", "pydantic", "pyyaml", "nest-asyncio", "structlog", "click", "sentencepiece"),
    *("einops", "cut_cross_entropy", "msgspec", "pillow", "regex", "psutil", "hf_transfer", "wheel", "json5"),
    *("fastapi", "uvicorn", "matplotlib", "pyjwt", "cryptography", "diceware", "python-multipart", "pandas"),
)
AXOLOTL = (
    *("transformers==5.16.1", "datasets==4.8.4", "trl==1.9.0", "peft==0.20.0", "accelerate==1.13.0"),
    *("tokenizers==0.23.1", "huggingface_hub==1.17.0", "pydantic==2.12.5", "PyYAML==6.0.3", "addict", "fire", "art"),
    *("evaluate==0.4.1", "scipy", "colorama", "python-dotenv==1.0.1", "click", "requests", "einops", "sentencepiece"),
    *("posthog==6.7.11", "schedulefree==1.4.1", "langdetect==1.0.9", "nvidia-ml-py==12.560.30", "numba>=0.63.1"),
    *("zstandard==0.22.0", "wandb", "tensorboard", "typer==0.25.1", "packaging==26.0", "typing-extensions==4.15.0"),
)
TRAINERS = [
    *(
        Trainer("datasets", version, "check_datasets.py", ((f"datasets=={version}",),))
        for version in ("2.21.0", "3.6.0", "4.8.4", "5.2.0")
    ),
    Trainer(
        "trl",
        "1.16.0",
        "check_trl.py",
        (TORCH, ("trl==1.16.0", "datasets==5.2.0", "transformers==5.23.0")),
    ),
    Trainer(
        "torchtune", "0.6.1", "check_torchtune.py", (TORCH, ("torchtune==0.6.1",), ("--no-deps", "torchao==0.15.0"))
    ),
    Trainer("ms-swift", "4.6.0", "check_swift.py", (TORCH, ("ms-swift==4.6.0",))),
    # These ask for GPU libraries or for an older torch, none of which loading and a step on a CPU need.
    Trainer(
        "oumi",
        "0.9",
        "check_oumi.py",
        (
            TORCH,
            ("--no-deps", "oumi==0.9"),
            OUMI,
        ),
    ),
    Trainer(
        "axolotl",
        "0.19.0",
        "check_axolotl.py",
        (
            TORCH,
            ("--no-deps", "axolotl==0.19.0", "axolotl-contribs-lgpl==0.0.7", "axolotl-contribs-mit==0.0.6"),
            AXOLOTL,
        ),
    ),
    Trainer(
        "unsloth",
        "2026.10.9",
        "check_unsloth.py",
        (TORCH, ("--no-deps", "unsloth==2026.10.9", "unsloth_zoo==2026.10.9"), UNSLOTH),
    ),
    Trainer(
        "nemo-automodel",
        "0.7.0",
        "check_automodel.py",
        (
            TORCH,
            ("--no-deps", "nemo-automodel==0.7.0"),
            ("transformers==5.18.0", "datasets==4.8.4", "mistral-common", "pyyaml", "tiktoken", "torchdata"),
        ),
    ),
]


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
    return [
        export_one("sample", place, Path(pinchmix.sample()), {"en": 20, "*": 40}),
        # Not validated: a bare date is in no language. Nothing is left to choose, so every row is exported. Settings of
        # trainers name the place, which is an awkward one; those of the sample are for use from the export's top.
        export_one("torture", place, hard, every, root=place / "to \u00f8ve" / "torture", validate=False),
    ]


def export_one(
    name: str, place: Path, source: Path, budget: dict[str, int], *, root: Path | None = None, **arguments: bool
) -> Export:
    """Build and export a mixture of a folder of chat messages, one file a language."""
    import pinchmix

    mixture = pinchmix.build_mixture(source, budget, progress=False, **arguments)
    folder = root or place / name
    folder.parent.mkdir(exist_ok=True)
    pinchmix.export_mixture(mixture, folder, root=root, progress=False)
    texts = {
        (path.stem, row["id"]): row["messages"]
        for path in source.glob("*.jsonl")
        for row in map(json.loads, path.read_bytes().decode().rstrip("\n").split("\n"))
    }
    # The mixture is asked for nothing but its choice, in order; the texts are the source's.
    chosen = [(example.prompt_language, example.id) for example in mixture]
    if len(chosen) != sum(budget.values()) or len({key for _, key in chosen}) != len(chosen):
        raise Failed(f"the mixture of {name} has {len(chosen)} rows, or the same instruction twice")
    rows = place / f"{name}.json"
    rows.write_text(json.dumps([texts[key] for key in chosen]), encoding="ascii")
    return Export(name, folder, rows)


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


def installed(trainer: Trainer) -> Path:
    """Return the Python of the trainer's environment, which is made if it is not there or holds other versions."""
    folder = CACHE / trainer.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready"
    mark = "\n".join([sys.version, *trainer.pins])
    if ready.is_file() and ready.read_text(encoding="utf-8") == mark:
        return python
    print(f"installing {trainer.name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    call([sys.executable, "-m", "venv", folder], env=clean_environment())
    pins = folder / "pins.txt"
    pins.write_text("\n".join(trainer.pins), encoding="utf-8")
    for step in trainer.steps:
        call([python, "-m", "pip", "install", "--constraint", pins, *step], env=clean_environment())
    ready.write_text(mark, encoding="utf-8")
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


def check_lines(export: Export) -> Line:
    """Check the JSONL with the standard library, and with the widest idea of what ends a line that any reader has."""
    start = time.perf_counter()
    text = (export.folder / "data/messages/train.jsonl").read_bytes().decode()
    wanted = json.loads(export.rows.read_text(encoding="ascii"))
    try:
        got = [json.loads(line)["messages"] for line in text.splitlines()]
        found = differences(wanted, got)
    except ValueError as error:
        got, found = [], [f"a line is no JSON: {error}"]
    version = ".".join(map(str, sys.version_info[:3]))
    return Line("json", version, export.name, len(got), "str.splitlines: texts", time.perf_counter() - start, found)


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
    only = parser.parse_args().only
    lines = []
    with tempfile.TemporaryDirectory(prefix="pinchmix-trainers-") as folder:
        place = Path(folder)
        exports = export_all(place)
        lines += map(check_lines, exports)
        for trainer in TRAINERS:
            if only not in (None, trainer.name):
                continue
            start = time.perf_counter()
            try:
                python = installed(trainer)
            except Failed as error:
                problem = f"not installed: {error}"
                lines.append(Line(trainer.package, trainer.version, "", 0, "", time.perf_counter() - start, [problem]))
                continue
            for export in exports:
                lines += check(trainer, python, export, place)
    print_table(lines)
    return int(any(line.problems for line in lines))


if __name__ == "__main__":
    sys.exit(main())
