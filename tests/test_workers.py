"""Workers: what is said where processes cannot help, and what an audit says that it could not ask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pinchmix
from pinchmix import audit_source
from pinchmix.cells import Cells, Findings
from pinchmix.errors import ArgumentError
from tests.grids import table_of

ROOT = Path(__file__).parent.parent
GRID = {f"{n:02d}": ["en", "fi"] for n in range(6)}
CLASS = """
from pinchmix import audit_source
from pinchmix.plugins import Finding, Findings

class Least:
    name, version = "least", "1"
    def judge(self, cells, languages):
        return Findings.of(Finding(n, "response", 2, "short") for n, s in enumerate(cells.responses) if len(s) < 9)
"""
CALL = "print(len(audit_source('{lang}.jsonl', workers=2, validate=[Least()]).found))\n"


def run(folder: Path, *words: str, script: str = "") -> tuple[int, str, str]:
    """Run Python in a folder with two small files; return its exit code, output and errors."""
    for tag in ("en", "fi"):
        rows = [f'{{"id": {n}, "prompt": "Why {n}?", "response": "{tag} {n}"}}' for n in range(4)]
        (folder / f"{tag}.jsonl").write_text("\n".join(rows))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *words], input=script, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout, done.stderr


def test_a_script_with_a_guard_has_its_own_check_judge_in_processes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(f'{CLASS}\nif __name__ == "__main__":\n    {CALL}')
    code, out, err = run(tmp_path, "script.py")
    assert (code, out) == (0, "8\n"), err


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(CLASS + CALL)
    code, out, err = run(tmp_path, "script.py")
    assert (code, out) == (1, "")
    last = err.strip().splitlines()[-1]
    assert last.startswith("pinchmix.errors.WorkersFailed: workers=2: a process ended before it had answered.")
    assert 'put what it does under if __name__ == "__main__":, or say workers=1' in last
    assert "pinchmix.errors.ArgumentError: workers=2: Each process reads this script again" in err  # of the processes


def test_a_script_that_is_piped_is_told_so(tmp_path: Path) -> None:
    code, _, err = run(tmp_path, "-", script=CLASS + CALL)
    assert code == 1
    last = err.strip().splitlines()[-1]
    assert "WorkersFailed" in last or "of the class Least of this session, which no other process knows" in last


def test_a_class_of_a_session_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    """As in a notebook: the main module is no file."""
    code, _, err = run(tmp_path, "-c", CLASS + CALL)
    assert code == 1
    assert err.strip().splitlines()[-1] == (
        "pinchmix.errors.ArgumentError: workers=2: the check least is of the class Least of this session, which no "
        "other process knows. Put the class into a file and import it, or say workers=1."
    )
    code, out, err = run(tmp_path, "-c", CLASS + CALL.replace("workers=2", "workers=1"))
    assert (code, out) == (0, "8\n"), err


def test_what_cannot_be_sent_is_named() -> None:
    class Local:
        name, version = "local", "1"

        def judge(self, cells: Cells, languages: object) -> Findings:
            return Findings.of([])

    with pytest.raises(ArgumentError, match=r"workers=2: the check local cannot be sent to a process \(.*workers=1"):
        audit_source(table_of(GRID), validate=["turns", Local()], workers=2)
    assert len(audit_source(table_of(GRID), validate=["turns", Local()], workers=1).found) == 0


CHECKS = ["turns", "damage", "length", "tasks", "duplicates"]


@pytest.mark.parametrize(
    ("options", "uncompared", "why"),
    [
        ({"without": "en"}, {"fi": 6}, "the source has no en"),
        ({"languages": ["fi"]}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_an_audit_without_its_pivot_says_what_it_could_not_ask(options: Any, uncompared: Any, why: str) -> None:
    without = options.pop("without", None)
    source = table_of({key: [tag for tag in tags if tag != without] for key, tags in GRID.items()})
    audit = audit_source(source, validate=CHECKS, **options)
    assert audit.uncompared.checks == ("turns", "length", "tasks", "duplicates")
    assert dict(audit.uncompared.cells) == uncompared
    assert list(audit.cells) == options.get("languages", ["en", "fi"] if without is None else ["fi"])
    said = "4 checks could not be asked about"
    assert (said in repr(audit)) == (said in audit._repr_html_()) == bool(why)
    assert why in repr(audit)
    assert len(audit.notes) == bool(why)


def test_an_audit_counts_the_cells_that_the_pivot_lacks() -> None:
    audit = audit_source(table_of({**GRID, "x": ["fi"], "y": ["fi"]}), validate=CHECKS)
    assert dict(audit.uncompared.cells) == {"fi": 2}
    assert "could not be asked about 2 cells (fi 2), as they compare with the pivot and en lacks them" in repr(audit)
    assert not audit_source(table_of({**GRID, "x": ["fi"]}), validate=["damage"]).notes
    assert pinchmix.audit_source(table_of(GRID), validate=False).notes == []
