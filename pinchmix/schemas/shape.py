"""Shape: where plain data is not as a JSON Schema has it, told by its place; the part of 2020-12 that ours use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0,
}
# What is understood; the rest of a schema only describes.
WORDS = (
    "$ref", "type", "const", "enum", "pattern", "minimum", "minItems", "maxItems", "items", "properties", "required",
    "additionalProperties", "propertyNames", "anyOf",
)  # fmt: skip


def shape_faults(value: Any, schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield where a value is not as a schema has it, each with its place.

    Args:
        value: Plain data, as JSON has it.
        schema: What it should be.
        place: What the value is called.

    Example:
        >>> schema = {"type": "object", "required": ["rows"], "properties": {"rows": {"type": "integer", "minimum": 0}}}
        >>> list(shape_faults({"rows": -1}, schema)), list(shape_faults({}, schema, "mixture"))
        (['rows: -1 is less than 0'], ['mixture: rows is missing'])
    """
    yield from _faults(value, schema, place, schema)


def _faults(value: Any, schema: Mapping[str, Any], place: str, whole: Mapping[str, Any]) -> Iterator[str]:
    name = place or "the whole"
    if "$ref" in schema:
        found: Any = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        yield from _faults(value, found, place, whole)
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(TYPES[kind](value) for kind in kinds):
        yield f"{name}: {_said(value)} is no {' or '.join(kinds)}"
        return
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{name}: {_said(value)} is not {schema['const']!r}"
    if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
        yield f"{name}: {_said(value)} is none of {', '.join(schema['enum'])}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{name}: {_said(value)} does not match {schema['pattern']}"
    if "minimum" in schema and TYPES["integer"](value) and value < schema["minimum"]:
        yield f"{name}: {value} is less than {schema['minimum']}"
    if "anyOf" in schema:  # the nearest of them tells best what is wrong
        yield from min(([*_faults(value, one, place, whole)] for one in schema["anyOf"]), key=len)
    if isinstance(value, list):
        yield from _faults_of_list(value, schema, place, whole)
    if isinstance(value, dict):
        yield from _faults_of_object(value, schema, place, whole)


def _faults_of_list(value: list[Any], schema: Mapping[str, Any], place: str, whole: Mapping[str, Any]) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{place or 'the whole'}: {len(value)} in the list"
    for number, one in enumerate(value):
        yield from _faults(one, schema.get("items", {}), f"{place}[{number}]", whole)


def _faults_of_object(
    value: dict[str, Any], schema: Mapping[str, Any], place: str, whole: Mapping[str, Any]
) -> Iterator[str]:
    name, known, other = place or "the whole", schema.get("properties", {}), schema.get("additionalProperties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{name}: {key} is missing"
    for key, inner in value.items():
        if "propertyNames" in schema:
            yield from (
                f"{name}: the name {fault.split(': ', 1)[1]}"
                for fault in _faults(key, schema["propertyNames"], "", whole)
            )
        if key not in known and other is False:
            yield f"{name}: {_said(key)} is unknown"
            continue
        yield from _faults(inner, known.get(key, other), f"{place}.{key}" if place else key, whole)


def _same(value: Any, other: Any) -> bool:
    """Tell whether two values are one; in JSON, unlike in Python, true is not 1."""
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
