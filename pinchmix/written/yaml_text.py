"""YAML that nobody reads wrongly: every text is quoted, since ``no`` is a language and ``1e3`` may be a name.

What is read is as strict: a plain ``no`` is not taken for false, nor a date for a text; both must be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from pinchmix.errors import ArgumentError, Fault
from pinchmix.written.reading import NUMBER, Place, Written, is_broken, number_in, place_text

# Keys that no reader of any version of YAML takes for anything but a text.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
DEEPEST = 50
_TAG = "tag:yaml.org,2002:"


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
        sure = _PLAIN.fullmatch(key.value) and key.value.lower() not in _WORDS
        simple = key.value.isascii() and key.value.isprintable()  # else it needs escapes
        key.style = None if sure else "'" if simple else '"'
    return node


class _Line(list[Any]):
    """A list that is written on one line."""


class _LineOf(dict[str, Any]):
    """A mapping that is written on one line."""


def _line(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _line_of(dumper: yaml.SafeDumper, value: Mapping[str, Any]) -> yaml.MappingNode:
    node = _mapping(dumper, value)
    node.flow_style = True
    return node


def _short(value: Any, *, inside: bool = False) -> Any:
    """Return a value whose lists are written on one line each, or their items are where these are not scalars."""
    if isinstance(value, list):
        plain = not any(isinstance(one, (list, dict)) for one in value)
        return _Line(value) if inside or plain else [_short(one, inside=True) for one in value]
    if isinstance(value, dict):
        return _LineOf(value) if inside else {key: _short(one) for key, one in value.items()}
    return value


_Dumper.add_representer(_Line, _line)
_Dumper.add_representer(_LineOf, _line_of)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)


def to_yaml(value: Any, *, comments: tuple[str, ...] = (), short: bool = False) -> str:
    """Return mappings, lists, texts and numbers as YAML.

    Args:
        value: What to write; the order of keys stays.
        comments: Lines to begin with.
        short: Write a list, or each item of a list of lists or mappings, on one line.

    Example:
        >>> print(to_yaml({"no": ["no", 1], "path": "data"}, comments=("how to use it",)))
        # how to use it
        'no':
          - "no"
          - 1
        path: "data"
        <BLANKLINE>
    """
    body = yaml.dump(
        _short(value) if short else value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6
    )
    return "".join(f"# {line}\n" for line in comments) + body


# Reading ------------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Composes one document without anchors, tags or depth; no value is made."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse what a recipe never needs, before it can multiply."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem=_NO_ANCHORS, problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem=f"the tag {event.tag} is not used here", problem_mark=event.start_mark)
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"more than {DEEPEST} levels deep", problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


# What PyYAML says → what it means to people.
_PROBLEMS = {
    "'\\t'": "a tab stands where YAML wants blanks; indent with blanks",
    "expected alphabetic or numeric character": "a text that begins with * or & must be in quotes, such as '*'",
    "found another document": "there is more than one document (---) in it",
}
_NO_ANCHORS = "anchors (&) and aliases (*) are not used here; write it out, and quote a text that begins with them"


def read_yaml(text: str, file: str) -> Written:
    r"""Return what a YAML text says, with the line of each value and what is wrong with its form.

    Plain ``no``, ``on`` and ``yes``, dates, ``.nan``, and numbers that are not decimal are faults, as readers of YAML
    disagree about them; so are anchors, tags, keys that are no text or are given twice. Numbers are exact.

    Args:
        text: One document.
        file: What messages call it.

    Example:
        >>> read_yaml("budget: {en: 0.90, fi: 0.1}\nseed: 4\n", "r.yaml").value
        {'budget': {'en': Decimal('0.90'), 'fi': Decimal('0.1')}, 'seed': 4}
        >>> read_yaml("budget:\n  no: 5\n", "r.yaml").faults[0].text
        "the key no is read as false by YAML; write 'no' in quotes."
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context).split())
        for sign, said in _PROBLEMS.items():
            problem = said if sign in problem else problem
        return Written(file, None, {}, (Fault(mark.line + 1 if mark else 0, "", f"no YAML: {problem}."),))
    except yaml.YAMLError as error:  # a sign that YAML does not allow
        where = getattr(error, "position", 0)
        line = text.count("\n", 0, where if isinstance(where, int) else 0) + 1
        sign = f"U+{getattr(error, 'character', 0):04X}"
        return Written(file, None, {}, (Fault(line, "", f"no YAML: the sign {sign} must be escaped in quotes."),))
    walk = _Walk()
    value = None if node is None else walk.value_of(node, (), node.start_mark.line + 1)
    return Written(file, value, walk.lines, tuple(walk.faults), walk.misread)


class _Walk:
    """Makes plain values of nodes, noting their lines and what is wrong."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self.misread: dict[Place, str] = {}

    def value_of(self, node: yaml.Node, place: Place, line: int) -> Any:
        """Return the value of a node."""
        self.lines[place] = line
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value_of(one, (*place, number), one.start_mark.line + 1) for number, one in enumerate(node.value)
            ]
        try:
            if not isinstance(node, yaml.ScalarNode) or is_broken(node.value):
                raise ValueError("half a character (a lone surrogate) is no text.")
            return _scalar(node)
        except ValueError as error:
            self.faults.append(Fault(node.start_mark.line + 1, place_text(place), str(error)))
            if node.tag == f"{_TAG}bool":
                self.misread[place] = node.value
            return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, part in node.value:
            line = key.start_mark.line + 1
            where = place_text(place)
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(Fault(line, where, "a key is a text, not a list or a mapping."))
                continue
            name = key.value
            if key.tag != f"{_TAG}str" or (key.style is None and NUMBER.fullmatch(name)):
                self.faults.append(Fault(line, where, f"the key {name} {_read_as(key)}; write {name!r} in quotes."))
                continue
            inside = (*place, name)
            if name in found:
                first = self.lines[inside]
                self.faults.append(Fault(line, where, f"the key {name!r} is given twice, first on line {first}."))
                continue
            found[name] = self.value_of(part, inside, line)
        return found


def _scalar(node: yaml.ScalarNode) -> Any:
    """Return a text, number, true, false or None; raise ValueError for what readers disagree about."""
    text, kind = node.value, node.tag.removeprefix(_TAG)
    if kind in ("str", "int", "float") and node.style is None and NUMBER.fullmatch(text):
        if re.fullmatch(r"[-+]?0[0-9]+", text):
            raise ValueError(f"{text} is read as an octal number by some; write it without the zero, or in quotes.")
        try:
            return number_in(text)
        except ArgumentError:
            raise ValueError(f"a number of {len(text)} digits is too long.") from None
    if node.style is None and re.fullmatch(r"[-+]?[0-9][0-9.]*[eE][-+]?[0-9]+", text):
        raise ValueError(f"{text[:60]} is a number beyond any use, or a text that must be in quotes.")
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in ("int", "float"):
        raise ValueError(f"{text} is no number that all readers of YAML agree about; write it in decimal digits.")
    raise ValueError(f"{text} {_read_as(node)}; write {text!r} in quotes.")


def _read_as(node: yaml.Node) -> str:
    """Return what YAML takes a plain text for."""
    kind = node.tag.removeprefix(_TAG)
    if kind == "bool":
        return f"is read as {'true' if node.value.lower() in ('y', 'yes', 'on', 'true') else 'false'} by YAML"
    names = {"null": "nothing", "timestamp": "a date", "merge": "a merge", "value": "a default"}
    return f"is read as {names.get(kind, 'a number')} by YAML"
