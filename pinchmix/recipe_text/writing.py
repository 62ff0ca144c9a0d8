"""Recipes as text: the one YAML and JSON text of a recipe or a family, with what each key means to people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from textwrap import indent
from typing import Any

from pinchmix.canonical import canonical_bytes
from pinchmix.errors import ArgumentError
from pinchmix.written.yaml_text import to_yaml

NAME = "recipe.yaml"  # in an export
TITLE = "A recipe of pinchmix: everything that decides a mixture, besides the data."
# Key → what it says, in the terms of the field; {unit} is what the budget counts.
COMMENTS = {
    "budget": "How much each language gets, in {unit}.",
    "languages": "Languages to draw on (BCP-47), in the order in which ties are broken; empty for all of the source.",
    "pivot": "The language that the others are translations of.",
    "content": "In how many languages one instruction may appear: disjoint (one), overlap(k) (at most k), exactly(k), "
    "union (all), cover (one, and all are used), same.",
    "repeat": "How many times a cell may appear where its language is short; 1 is never twice.",
    "tokenizer": "What counts tokens: name and digest; empty where the budget is in another unit.",
    "counted": "Which text is counted in tokens, characters or bytes: both, prompt, response or chat.",
    "sampler": "What decides the order in which instructions are served.",
    "settings": "Parameters of the sampler.",
    "validators": "Checks of each chosen cell: reject keeps a cell out, flag keeps and lists it; empty for none.",
    "parallel": "What is a translation of the pivot: both, or prompt where each language has responses of its own.",
    "split": "Splits by instruction: shares of the examples, or their number; empty for train alone.",
    "exclude": "Digest of the evaluation prompts or ids that are left out; empty for none.",
    "wording": "What asks for a translation in each language, where it is not what is built in.",
    "seed": "What keys every choice.",
}
OF_BUDGET = {
    "amounts": "{what} of each language; '*' is all others together, split evenly",
    "order": "decides ties",
    "total": "{unit} in the mixture",
    "share": "of the total, to the pool",
    "pool": "others: all but the pivot; all: the pivot too",
    "alpha": "exponent of the sizes, 1 / temperature",
    "max_epochs": "how often a language may be repeated",
    "sizes": "how much there is of each language elsewhere",
    "weighed_at": "the total that the allocator was asked about",
    "minimum": "{unit}, at least",
    "maximum": "{unit}, at most",
    "groups": "each claims as one, split evenly over its languages",
    "origin": "where the weights are from",
}
OF_FAMILY = {
    "name": "What the family is called.",
    "source": "Where it is from.",
    "constant": "Whether all members hold the same instructions.",
    "nested": "Chains of members; from each to the next, a language only gains cells or only loses them.",
    "shared": "What all members have in common.",
    "members": "What each member has of its own.",
}


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a recipe with parameters in one order, so that equal recipes have equal texts.

    Raises:
        ArgumentError: A parameter is no plain data, so no file can hold it.

    Example:
        >>> plain({"settings": {"bins": (2, 3), "axis": 1}, "seed": 4})
        {'settings': {'axis': 1, 'bins': [2, 3]}, 'seed': 4}
    """
    try:
        return {name: _sorted(name, part) for name, part in data.items()}
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"the recipe's parameters cannot be written to a file: {error}.") from error


def _sorted(name: str, part: Any) -> Any:
    if name == "validators":
        return [{**check, "settings": _sorted("settings", check["settings"])} for check in part]
    return json.loads(canonical_bytes(part)) if name in ("settings", "tokenizer", "wording") else part


def recipe_yaml(data: Mapping[str, Any]) -> str:
    """Return the one YAML text of a recipe, complete and with comments.

    Args:
        data: The recipe as plain data.
    """
    return f"# {TITLE}\n{_fields(plain(data))}"


def _fields(data: Mapping[str, Any]) -> str:
    budget = data.get("budget", {})
    unit = budget.get("unit", "examples")
    text = ""
    for name, part in data.items():
        text += f"\n# {COMMENTS[name].format(unit=unit)}\n" if name in COMMENTS else "\n"
        text += _budget(part, unit) if name == "budget" else to_yaml({name: part}, short=True)
    return text


def _budget(budget: Mapping[str, Any], unit: str) -> str:
    what = unit.capitalize() if budget["kind"] == "counts" else "share"
    words = {"unit": unit, "what": what.lower()}
    lines = ["budget:"]
    for name, part in budget.items():
        first, *rest = to_yaml({name: part}, short=True).splitlines()
        comment = f"  # {OF_BUDGET[name].format(**words)}" if name in OF_BUDGET else ""
        lines += [f"  {first}{comment}", *(f"  {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def family_file(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a family as a file holds it: what all members share once, and then what differs.

    Example:
        >>> family_file({"name": "f", "members": {"a": {"seed": 1, "pivot": "en"}, "b": {"seed": 2, "pivot": "en"}}})
        {'name': 'f', 'shared': {'pivot': 'en'}, 'members': {'a': {'seed': 1}, 'b': {'seed': 2}}}
    """
    members = {name: plain(recipe) for name, recipe in data["members"].items()}
    first = next(iter(members.values()))
    by_all = [name for name in first if all(name in one for one in members.values())]  # a wording is said where it is
    said_by = {name: {canonical_bytes(one[name]) for one in members.values()} for name in by_all}
    # The order of counts is no part of a digest, and is kept all the same.
    shared = [name for name in by_all if len(said_by[name]) == 1 and _alike(name, members.values())]
    return {
        **{name: part for name, part in data.items() if name != "members"},
        "shared": {name: first[name] for name in shared},
        "members": {
            name: {key: part for key, part in one.items() if key not in shared} for name, one in members.items()
        },
    }


def _alike(name: str, members: Iterable[Mapping[str, Any]]) -> bool:
    return len({json.dumps(one[name]) for one in members}) == 1


def family_yaml(data: Mapping[str, Any]) -> str:
    """Return the one YAML text of a family, complete and with comments.

    Args:
        data: The family as plain data.
    """
    text = "# A family of recipes of pinchmix: mixtures that differ in one thing.\n"
    for name, part in family_file(data).items():
        text += f"\n# {OF_FAMILY[name]}\n" if name in OF_FAMILY else "\n"
        if name == "shared" and part:
            text += f"shared:{indent(_fields(part), '  ')}"
        else:
            text += to_yaml({name: part}, short=True)
    return text


def json_of(data: Mapping[str, Any]) -> str:
    r"""Return data as one JSON text, line by line.

    Example:
        >>> json_of({"seed": 4})
        '{\n  "seed": 4\n}\n'
    """
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
