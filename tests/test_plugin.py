"""A plugin package from outside: built, installed, found by name, and used in a build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pinchmix

ROOT = Path(pinchmix.__file__).parents[1]
EXAMPLE = ROOT / "examples" / "plugin"


def run(*words: str, cwd: Path, path: Path | None = None) -> str:
    """Return what a fresh interpreter writes, which finds this pinchmix and what is installed below ``path``."""
    places = os.pathsep.join(str(place) for place in (path, ROOT) if place)
    environment = {**os.environ, "PYTHONPATH": places}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, installed into a folder of its own as a user's pip would, without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    run("-m", "pip", "install", *options, "--target", str(folder / "site"), str(folder / "source"), cwd=folder)
    return folder / "site"


def told(script: str, installed: Path, folder: Path) -> Any:
    return json.loads(run("-c", f"import json\n{script}", cwd=folder, path=installed))


def test_installed_plugins_are_listed_by_name(installed: Path, tmp_path: Path) -> None:
    script = "import pinchmix\nprint(json.dumps(pinchmix.list_plugins()))"
    here, there = (
        json.loads(run("-c", f"import json\n{script}", cwd=tmp_path, path=path)) for path in (None, installed)
    )
    assert there["samplers"] == {**here["samplers"], "turns": "pinchmix_example.sampler:Turns"}
    assert there["validators"] == {**here["validators"], "placeholders": "pinchmix_example.validator:Placeholders"}
    assert there["allocators"] == {**here["allocators"], "square-root": "pinchmix_example.allocator:SquareRoot"}
    assert there["formats"] == {**here["formats"], "columns": "pinchmix_example.format:Columns"}
    assert there["exporters"] == {**here["exporters"], "file_list": "pinchmix_example.exporter:FileList"}
    assert "turns" not in here["samplers"]


def test_an_installed_sampler_orders_a_mixture(installed: Path, tmp_path: Path) -> None:
    script = """
from collections import Counter
from pinchmix import build_mixture, sample
for sampler in ("turns", "random"):
    mix = build_mixture(sample(), {"en": 9, "fi": 9}, sampler=sampler, validate=False, languages=["en", "fi"])
    print(json.dumps([sampler, mix.plan.recipe.sampler, Counter(one.id.partition("-")[0] for one in mix)]))
"""
    lines = run("-c", f"import json\n{script}", cwd=tmp_path, path=installed).splitlines()
    turns, random = (json.loads(line) for line in lines)
    assert turns[:2] == ["turns", "turns"]
    assert max(turns[2].values()) - min(turns[2].values()) <= 1
    assert random[2] != turns[2]


def test_an_installed_validator_rejects_cells(installed: Path, tmp_path: Path) -> None:
    script = """
from pinchmix import build_mixture
rows = [{"id": f"a-{n}", "prompt": "Who?", "response": "TODO" if n < 3 else "Me."} for n in range(8)]
mix = build_mixture({"en": rows}, {"en": 5}, validate=["placeholders"])
print(json.dumps([sorted(one.id for one in mix), mix.report.plugins]))
"""
    ids, plugins = told(script, installed, tmp_path)
    assert ids == ["a-3", "a-4", "a-5", "a-6", "a-7"]
    assert plugins["validators/placeholders"] == "1"


def test_an_installed_allocator_is_found(installed: Path, tmp_path: Path) -> None:
    script = """
from pinchmix.plugins import find_plugin
print(json.dumps(dict(find_plugin("allocators", "square-root").allocate({"en": 900, "sw": 100}, 40))))
"""
    assert told(script, installed, tmp_path) == {"en": 30000, "sw": 10000}


def test_an_installed_format_and_exporter_are_in_an_export(installed: Path, tmp_path: Path) -> None:
    script = """
from pathlib import Path
from pinchmix import build_mixture, export_mixture, sample
mix = build_mixture(sample(), {"en": 3, "fi": 2}, validate=False)
export_mixture(mix, "out", formats=["messages", "columns"], trainers=["file_list"])
rows = [json.loads(line) for line in Path("out/data/columns/train.jsonl").read_bytes().splitlines()]
listed = Path("out/trainers/file_list.txt").read_text().splitlines()
same = [[dict(zip(("role", "content"), turn)) for turn in zip(row["roles"], row["texts"])] for row in rows]
good = [[{"role": turn.role, "content": turn.content} for turn in example.messages] for example in mix]
print(json.dumps([same == good, listed]))
"""
    same, listed = told(script, installed, tmp_path)
    assert same
    assert listed == ["# train_on_list trainers/file_list.txt", "train: data/messages/train.jsonl"]


def test_the_tests_of_the_example_pass(installed: Path) -> None:
    said = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", "--rootdir", str(installed),
        str(EXAMPLE / "tests"), str(installed / "pinchmix_example"), cwd=installed, path=installed,
    )  # fmt: skip
    assert "11 passed" in said
