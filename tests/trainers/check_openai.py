"""Does OpenAI's last local tool take prompts and completions? It reads them and says what should be otherwise."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from comparing import Row, report
from openai.validators import get_validators, read_any_format


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    source = export / "data/prompt_completion/train.jsonl"

    def read() -> tuple[int, list[str]]:
        table, said = read_any_format(str(source))
        problems = [str(said.error_msg)] if said.error_msg else []
        got = list(zip(table["prompt"], table["completion"], strict=True))
        good = [(prompt["content"], response["content"]) for prompt, response in wanted]
        problems += [
            f"row {number}: {other!a}"
            for number, (one, other) in enumerate(zip(good, got, strict=True), 1)
            if one != other
        ]
        for validator in get_validators():
            # Advice about separators and blanks is for models that are gone; errors are not advice.
            if (found := validator(table)) is not None and found.error_msg:
                problems.append(f"{found.name}: {found.error_msg}")
        return len(got), problems

    def prepare() -> tuple[int, list[str]]:
        copy = Path("train.jsonl")
        shutil.copy(source, copy)
        tool = Path(sys.executable).with_name("openai")
        command = [tool, "tools", "fine_tunes.prepare_data", "-f", copy, "-q"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        problems = [] if done.returncode == 0 else [f"exit code {done.returncode}: {done.stdout[-300:]}"]
        if f"contains {len(wanted)} prompt-completion pairs" not in done.stdout:
            problems.append(f"it says: {done.stdout[:300]!a}")
        if "ERROR" in done.stdout:
            problems.append(done.stdout[:300])
        prepared = Path("train_prepared.jsonl")
        rows = [json.loads(line) for line in prepared.read_bytes().splitlines()] if prepared.exists() else []
        return max(len(rows), len(wanted)), problems

    return {"read and validators: texts, errors": read, "prepare_data: no error": prepare}


if __name__ == "__main__":
    report("openai", checks)
