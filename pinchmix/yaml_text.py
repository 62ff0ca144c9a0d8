"""YAML that nobody reads wrongly: every text is quoted, since ``no`` is a language and ``1e3`` may be a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Quotes texts but for keys that cannot be taken for anything else, and knows no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write the same list twice rather than once with a reference to it."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list, as most people do."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _mapping(dumper: yaml.SafeDumper, value: Mapping[str, Any]) -> yaml.MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value.items())
    for key, _ in node.value:
        key.style = None  # plain, unless YAML would then take it for something else
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)


def to_yaml(value: Any, *, comments: tuple[str, ...] = ()) -> str:
    """Return mappings, lists, texts and numbers as YAML.

    Args:
        value: What to write; the order of keys stays.
        comments: Lines to begin with.

    Example:
        >>> print(to_yaml({"no": ["no", 1], "path": "data"}, comments=("how to use it",)))
        # how to use it
        'no':
          - "no"
          - 1
        path: "data"
        <BLANKLINE>
    """
    body = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return "".join(f"# {line}\n" for line in comments) + body
