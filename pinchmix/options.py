"""What options of the command line stand for: their texts as arguments, and errors in their words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pinchmix.errors import ArgumentError, BadRows, FolderTaken, InfeasibleBudget, PinchmixError
from pinchmix.plugins import find_plugin

# Options that are no arguments of a build.
OF_COMMAND = (
    "source",
    "out",
    "formats",
    "trainers",
    "shards",
    "root",
    "about",
    "overwrite",
    "debug",
    "setting",
    "check",
)


def pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """Return what an option that may be given several times says as NAME=VALUE."""
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, said = value.partition("=")
        if not equals or not name or not said:
            raise ArgumentError(f"{option} {value}: write {option} NAME=VALUE.")
        if name in pairs:
            raise ArgumentError(f"{option} {name} is given twice.")
        pairs[name] = said
    return pairs


def amount(option: str, name: str, said: str) -> int | float | Decimal:
    """Return a count, a share or a percentage."""
    try:
        if said.endswith("%"):
            return Decimal(said[:-1]) / 100  # exact, where a float turns 12.3 % into 0.12300000000000001
        if re.fullmatch(r"\d{1,3}(,\d{3})+", said):
            return int(said.replace(",", ""))
        return float(said) if any(char in said for char in ".eE") else int(said)
    except (ValueError, InvalidOperation):
        raise ArgumentError(f"{option} {name}={said}: the amount is a count, a share or a percentage.") from None


def amounts(values: Sequence[str], option: str) -> dict[str, int | float | Decimal]:
    """Return the same as counts, shares or percentages."""
    return {name: amount(option, name, said) for name, said in pairs(values, option).items()}


def names_in(said: str) -> list[str]:
    """Return names that commas separate; ``none`` is none."""
    return [name.strip() for name in said.split(",") if name.strip() not in ("", "none")]


def setting_of(said: str) -> Any:
    """Return a parameter's value: a number, a list or a mapping where it is written as one, else the text."""
    try:
        return json.loads(said)
    except ValueError:
        return said


def arguments_of(said: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command as arguments of the function; those that only the command has are left out."""
    taken = {name: value for name, value in said.items() if name not in OF_COMMAND}
    checks = pairs(said.get("check", ()), "--check")
    if checks and not taken["validate"]:
        raise ArgumentError("--check and --no-validate contradict.")
    if checks:
        taken["validate"] = checks
    settings = {name: setting_of(value) for name, value in pairs(said["setting"], "--setting").items()}
    return {
        **taken,
        "budget": amounts(said["budget"], "--budget"),
        "split": amounts(said["split"], "--split") or None,
        "languages": names_in(said["languages"]) or None,
        "sampler": find_plugin("samplers", said["sampler"], **settings) if settings else said["sampler"],
        "tokenizer": said["tokenizer"] or None,
        "exclude": Path(said["exclude"]) if said["exclude"] else None,
        "wording": {name: text.replace("\\n", "\n") for name, text in pairs(said["wording"], "--wording").items()}
        or None,
        "columns": pairs(said["columns"], "--columns") or None,
    }


def in_words_of_options(error: PinchmixError) -> str:
    """Return the message with its way out spelled as an option."""
    text = str(error)
    if isinstance(error, BadRows):
        return text.replace('on_bad_rows="drop"', "--on-bad-rows drop")
    if isinstance(error, FolderTaken):
        return text.replace("overwrite=True", "--overwrite")
    if isinstance(error, InfeasibleBudget):
        text = re.sub(r"\brepeat=(\d+)", r"--repeat \1", text)
        text = re.sub(r"\bvalidate=\{'([^']+)': 'flag'\}", r"--check \1=flag", text)
        return re.sub(r"\bcontent=('[a-z]+(?:\(\d+\))?')", r"--content \1", text)
    return text
