"""What the check scripts share: the rows as they should be, differences in words, and a report as JSON.

A check script runs in the environment of a trainer, where there is no pinchmix. It is called with the folder of an
export, a JSON file with the rows as they should be (taken from the source, not from the export), and the file to report
to.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

Row = list[dict[str, str]]
SHOWN = 5


def differences(wanted: Sequence[Row], got: Sequence[Any]) -> list[str]:
    """Return what is different, turn by turn; texts must be Python strings, equal code point by code point."""
    found = []
    if len(got) != len(wanted):
        found.append(f"{len(got)} rows, not {len(wanted)}")
    for number, (good, row) in enumerate(zip(wanted, got), 1):  # noqa: B905 (the lengths were compared)
        if not isinstance(row, list) or len(row) != len(good):
            found.append(f"row {number}: {row!a}, not {len(good)} turns")
            continue
        for place, (turn, other) in enumerate(zip(good, row, strict=True), 1):
            if type(other) is not dict or list(other) != list(turn):
                found.append(f"row {number} turn {place}: {other!a}, not an object of {', '.join(turn)}")
                continue
            found += [
                f"row {number} turn {place}: {key} is {other[key]!a}, not {value!a}"
                for key, value in turn.items()
                if type(other[key]) is not str or other[key] != value
            ]
    return found


def splits() -> dict[str, list[Row]]:
    """Return the rows of all splits as they should be; those that a script is called with are the ones to train on."""
    rows = Path(sys.argv[2])
    found: dict[str, list[Row]] = json.loads(rows.with_suffix(".splits.json").read_text(encoding="ascii"))
    return found


def files_of(export: Path, split: str, pattern: str) -> list[str]:
    """Return the files of a split, one or several; validation is called valid in names of files."""
    stem = "valid" if split == "validation" else split
    found = sorted(map(str, [*export.glob(pattern.format(stem)), *export.glob(pattern.format(f"{stem}-*-of-*"))]))
    assert found, f"no files of {split}"
    return found


def report(package: str, checks: Callable[[Path, list[Row]], dict[str, Callable[[], tuple[int, list[str]]]]]) -> None:
    """Run the checks of a trainer and write what they found.

    Args:
        package: The trainer, whose version is reported.
        checks: Given the export and the rows as they should be, returns each check by what it compares; a check
            returns how many rows it saw and what was wrong with them.
    """
    export, rows, out = map(Path, sys.argv[1:4])
    wanted = json.loads(rows.read_text(encoding="ascii"))
    results = []
    for compared, check in checks(export, wanted).items():
        start = time.perf_counter()
        try:
            seen, problems = check()
        except Exception:
            traceback.print_exc()
            seen, problems = 0, [traceback.format_exc().strip().splitlines()[-1]]
        more = len(problems) - SHOWN
        results.append(
            {
                "compared": compared,
                "rows": seen,
                "problems": problems[:SHOWN] + ([f"and {more} more"] if more > 0 else []),
                "seconds": time.perf_counter() - start,
            }
        )
    out.write_text(json.dumps({"version": version(package), "results": results}), encoding="ascii")
    # All is said. Arrow's threads, left over from streaming Parquet, now and then abort a Python that shuts down in
    # the ordinary way (apache/arrow#45214).
    sys.stderr.flush()
    os._exit(0)
