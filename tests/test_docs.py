"""The documentation cannot lie: README's Python and console output are the program's, and its tree is true."""

from __future__ import annotations

import ast
import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parsing import parsed

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FIRST = ("pinchmix", "tests", "examples", "benchmarks", "docs")
FOLDERS = {
    "pinchmix": "the library",
    "pinchmix/data": "the sample: 66 instructions in 12 languages, and how each asks for a translation",
    "tests": "laws, golden texts and a corpus of bad inputs",
    "pinchmix/schemas": "JSON Schemas of what pinchmix writes",
    "examples": "scripts to start from, run by the tests",
    "benchmarks": "measured beside what people would write by hand",
    "docs": "guides, and decisions with their reasons",
}
UPDATE = os.environ.get("PINCHMIX_UPDATE_GOLDEN") == "1"


def first_line(path: Path) -> str:
    text = ast.get_docstring(parsed(path)) or ""
    return text.splitlines()[0].rstrip(".") if text else ""


def tree() -> str:
    """Return the captioned tree: every file of the library with the first line of its docstring."""
    lines = []
    for top in FIRST:
        lines.append((f"{top}/", FOLDERS[top]))
        if top != "pinchmix":
            continue
        inside = sorted((ROOT / top).iterdir(), key=lambda path: (path.is_dir(), path.name))
        for path in inside:
            name = path.relative_to(ROOT).as_posix()
            if path.suffix == ".py":
                lines.append((f"  {path.name}", first_line(path)))
            elif path.is_dir() and path.name != "__pycache__":
                lines.append((f"  {path.name}/", FOLDERS.get(name) or first_line(path / "__init__.py")))
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {caption}".rstrip() for name, caption in lines)


def block(kind: str, text: str) -> re.Match[str]:
    found = re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)
    assert found, f"README has no {kind} block"
    return found


def replaced(old: str, new: str) -> None:
    README.write_text(README.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_the_tree_in_the_readme_is_the_tree() -> None:
    shown = block("tree", README.read_text(encoding="utf-8"))[1]
    if UPDATE:
        replaced(f"```tree\n{shown}```", f"```tree\n{tree()}\n```")
    else:
        assert shown.rstrip("\n") == tree()


def test_every_caption_says_something() -> None:
    silent = [line for line in tree().splitlines() if len(line.split(maxsplit=1)) < 2]
    assert not silent


def test_the_python_in_the_readme_runs_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = doctest.testfile(str(README), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert results.attempted >= 5
    assert results.failed == 0


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_the_python_in_the_guides_runs_as_shown(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = doctest.testfile(str(page), module_relative=False)
    assert results.attempted >= 5
    assert results.failed == 0


def test_the_console_output_in_the_readme_is_the_programs() -> None:
    shown = block("console", README.read_text(encoding="utf-8"))[1]
    command, _, expected = shown.partition("\n")
    words = shlex.split(command.removeprefix("$ "))
    assert words[0] == "pinchmix"
    run = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    if UPDATE:
        replaced(shown, f"{command}\n{run.stdout}")
    else:
        assert run.stdout == expected


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_examples_run(script: Path, tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_decisions_are_half_a_page_and_numbered() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert len(record.read_text(encoding="utf-8").split()) < 330, f"{record.name} is long for half a page"
