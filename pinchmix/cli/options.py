"""What options of the command line stand for: their texts as arguments, and errors in their words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pinchmix.arguments import Asked, make_recipe
from pinchmix.budget import Budget
from pinchmix.errors import ArgumentError, BadFile, BadRows, FolderTaken, InfeasibleBudget, PinchmixError
from pinchmix.family import Family
from pinchmix.plugins import find_plugin
from pinchmix.recipe import Recipe
from pinchmix.recipe_file import holds_family, read_family, read_recipe

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
    "ctx",
    "file",
    "as_json",
    "recipe",
    "weights",
    "note",
)
# Options that a recipe decides, as they are typed.
DECIDED = {
    "budget": "--budget", "weights": "--weights", "note": "--note", "total": "--total", "unit": "--unit",
    "languages": "--languages", "pivot": "--pivot", "content": "--content", "sampler": "--sampler",
    "setting": "--setting", "validate": "--no-validate", "check": "--check", "parallel": "--parallel",
    "counted": "--counted", "repeat": "--repeat", "split": "--split", "seed": "--seed",
    "wording": "--wording",
}  # fmt: skip


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


def check_ending(option: str, file: str, endings: Sequence[str]) -> None:
    """Raise if a file that an option names, if it names one, is of no kind that is written."""
    if file and not file.endswith(tuple(endings)):
        raise ArgumentError(f"{option} {file}: it is written as {', '.join(endings[:-1])} or {endings[-1]}.")


def names_of(folders: Sequence[str]) -> list[str]:
    """Return what to call folders: their last parts, or all of their paths where two would be called the same.

    Raises:
        ArgumentError: A folder is given twice.

    Example:
        >>> names_of(["sweep/p1", "sweep/p10/"]), names_of(["one/out", "two/out"])
        (['p1', 'p10'], ['one/out', 'two/out'])
    """
    short = [Path(folder).name for folder in folders]
    names = short if all(short) and len(set(short)) == len(short) else [str(Path(folder)) for folder in folders]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ArgumentError(f"{twice[0]} is given twice.")
    return names


def names_in(*said: str) -> list[str]:
    """Return names that commas separate, of an option that may be given several times; ``none`` is none."""
    return [name.strip() for text in said for name in text.split(",") if name.strip() not in ("", "none")]


def setting_of(said: str) -> Any:
    """Return a parameter's value: a number, a list or a mapping where it is written as one, else the text."""
    try:
        return json.loads(said)
    except ValueError:
        return said


def arguments_of(said: dict[str, Any], given: Set[str]) -> dict[str, Any]:
    """Return the options of a command as arguments of the function; those that only the command has are left out.

    Args:
        said: The options by name, those that were not typed with their defaults.
        given: Which of them were typed.
    """
    taken = {name: value for name, value in said.items() if name not in OF_COMMAND}
    beside = {
        "tokenizer": said["tokenizer"] or None,
        "exclude": Path(said["exclude"]) if said["exclude"] else None,
        **({"columns": pairs(said["columns"], "--columns") or None} if "columns" in said else {}),
    }
    if path := said.get("recipe"):
        _refuse_decided(f"--recipe {path}", given)
        return {**{name: part for name, part in taken.items() if name not in DECIDED}, **beside,
                "budget": read_recipe(path)}  # fmt: skip
    checks = pairs(said.get("check", ()), "--check")
    if checks and not taken["validate"]:
        raise ArgumentError("--check and --no-validate contradict.")
    if checks:
        taken["validate"] = checks
    settings = {name: setting_of(value) for name, value in pairs(said["setting"], "--setting").items()}
    return {
        **taken,
        **beside,
        "languages": names_in(*said["languages"]) or None,
        **_budget_of(said),
        "split": amounts(said["split"], "--split") or None,
        "sampler": find_plugin("samplers", said["sampler"], **settings) if settings else said["sampler"],
        "wording": {name: text.replace("\\n", "\n") for name, text in pairs(said["wording"], "--wording").items()}
        or None,
    }


def _budget_of(said: dict[str, Any]) -> dict[str, Any]:
    """Return the budget, with total and unit where they are not said in it."""
    path, note = said["weights"], said["note"]
    if note and not path:
        raise ArgumentError("--note says where weights are from; give --weights FILE, or leave it out.")
    if path and said["budget"]:
        raise ArgumentError("--budget and --weights contradict; each says how much every language gets.")
    if not path and not said["budget"]:
        also = ", or --recipe FILE" if "recipe" in said else ""
        raise ArgumentError(f"how much does each language get? Say --budget LANGUAGE=AMOUNT, or --weights FILE{also}.")
    if not path:
        return {"budget": amounts(said["budget"], "--budget"), "total": said["total"], "unit": said["unit"]}
    if said["total"] is None:
        raise ArgumentError(f"--weights {path}: weights become shares, and shares need a total, such as --total 4640.")
    taken = names_in(*said["languages"]) or None
    budget = Budget.from_file(path, total=said["total"], unit=said["unit"], note=note, languages=taken)
    return {"budget": budget, "total": None, "unit": None}


def recipe_of(said: dict[str, Any], given: Set[str]) -> Recipe | Family:
    """Return the recipe or family of a file, or the recipe that options stand for; the plugins they name are there.

    Args:
        said: The options by name, those that were not typed with their defaults.
        given: Which of them were typed.
    """
    path = said["file"]
    if not path:
        arguments = arguments_of(said, given)
        return make_recipe(arguments.pop("budget"), Asked(**arguments))[0]
    _refuse_decided(path, given, also=("tokenizer", "exclude"))
    made = read_family(path) if holds_family(path) else read_recipe(path)
    for recipe in made.members.values() if isinstance(made, Family) else (made,):
        find_plugin("samplers", recipe.sampler, **recipe.settings)
        for check in recipe.validators:
            find_plugin("validators", check.name, **check.settings)
    return made


def _refuse_decided(where: str, given: Set[str], also: Sequence[str] = ()) -> None:
    typed = {**DECIDED, **{name: f"--{name}" for name in also}}
    if twice := [option for name, option in typed.items() if name in given]:
        raise ArgumentError(f"{where} decides {', '.join(twice)} too; change the file instead.")


def in_words_of_options(error: PinchmixError) -> str:
    """Return the message with its way out spelled as an option."""
    text = str(error)
    if isinstance(error, BadRows):
        return text.replace('on_bad_rows="drop"', "--on-bad-rows drop")
    if isinstance(error, BadFile):
        return re.sub(r"say which: columns=\{'(\w+)': \.\.\.\}", r"call it '\1', and no other", text)
    if isinstance(error, FolderTaken):
        return text.replace("overwrite=True", "--overwrite")
    if isinstance(error, InfeasibleBudget):
        text = re.sub(r"\brepeat=(\d+)", r"--repeat \1", text)
        text = re.sub(r"\bvalidate=\{'([^']+)': 'flag'\}", r"--check \1=flag", text)
        both = r"\bvalidate=\{'([^']+)': \{'mismatch': 'flag', 'unsure': 'keep'\}\}"
        text = re.sub(both, r"--check \1=flag --check on_unsure=keep", text)
        text = re.sub(r"\bvalidate=\{'[^']+': \{'unsure': 'keep'\}\}", "--check on_unsure=keep", text)
        return re.sub(r"\bcontent=('[a-z]+(?:\(\d+\))?')", r"--content \1", text)
    return text
