"""Does Together's own check take every file? It reads all rows, refuses other columns, roles and orders of turns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from comparing import Row, files_of, report, splits
from together.utils import check_file


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    every = splits()

    def check(form: str) -> Callable[[], tuple[int, list[str]]]:
        def checked() -> tuple[int, list[str]]:
            seen, problems = 0, []
            for split in every:
                for path in files_of(export, split, f"data/{form}/{{}}.jsonl"):
                    said = check_file(path)
                    seen += said["num_samples"] or 0
                    if not said["is_check_passed"]:
                        problems.append(f"{Path(path).name}: {said}")
            count = sum(map(len, every.values()))
            return seen, problems + ([f"{seen} rows, not {count}"] if seen != count else [])

        return checked

    forms = ("messages", "prompt_completion")
    return {f"check_file, {form}: passed, rows": check(form) for form in forms if (export / "data" / form).exists()}


if __name__ == "__main__":
    report("together", checks)
