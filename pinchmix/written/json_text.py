"""JSON as somebody wrote it: the values of a text with the line of each, numbers exact, a key given twice a fault."""

from __future__ import annotations

import json
import re
from typing import Any

from pinchmix.errors import Fault
from pinchmix.written.reading import NUMBER, Place, Written, is_broken, number_in, place_text

_BLANK = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"[^\s,:\[\]{}\"]*")
_DECODER = json.JSONDecoder()
_WORDS = {"true": True, "false": False, "null": None}
DEEPEST = 50


def read_json(text: str, file: str) -> Written:
    r"""Return what a JSON text says, with the line of each value and what is wrong with its form.

    Args:
        text: One JSON value.
        file: What messages call it.

    Example:
        >>> written = read_json('{"budget": {"en": 0.90},\n "seed": 4}', "r.json")
        >>> written.value, written.lines["seed",]
        ({'budget': {'en': Decimal('0.90')}, 'seed': 4}, 2)
        >>> read_json('{"seed": NaN}', "r.json").faults[0].text
        "no JSON: 'NaN' is no value."
    """
    reader = _Reader(text)
    try:
        value, end = reader.value_at(reader.blank(0), (), 0)
        if reader.blank(end) < len(text):
            raise _Broken(reader.blank(end), "something follows the value")
    except _Broken as error:
        return Written(file, None, {}, (Fault(reader.line(error.at), "", f"no JSON: {error.why}."),))
    return Written(file, value, reader.lines, tuple(reader.faults))


class _Broken(Exception):
    def __init__(self, at: int, why: str) -> None:
        self.at, self.why = at, why
        super().__init__(why)


class _Reader:
    """Reads values from places of a text, noting their lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self._counted = (0, 1)

    def line(self, at: int) -> int:
        """Return the line of a place; places are asked for in rising order, or it is counted anew."""
        seen, line = self._counted if at >= self._counted[0] else (0, 1)
        self._counted = at, line + self.text.count("\n", seen, at)
        return self._counted[1]

    def blank(self, at: int) -> int:
        """Return where the next sign is."""
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def value_at(self, at: int, place: Place, line: int) -> tuple[Any, int]:
        """Return the value at a place, and where it ends."""
        self.lines[place] = line or self.line(at)
        if len(place) > DEEPEST:
            raise _Broken(at, f"more than {DEEPEST} levels deep")
        sign = self.text[at : at + 1]
        if sign == '"':
            return self._string(at)
        if sign == "{":
            return self._object(at, place)
        if sign == "[":
            return self._array(at, place)
        found = _WORD.match(self.text, at)
        word = found[0] if found else ""
        if word in _WORDS:
            return _WORDS[word], at + len(word)
        try:
            sound = NUMBER.fullmatch(word) and json.loads(word) is not None
        except ValueError:
            sound = False
        if not sound:
            shown = word if word else sign or "the end"
            raise _Broken(at, f"{shown[:60]!r} is no value")
        if len(word) > 300:
            raise _Broken(at, f"a number of {len(word)} digits is too long")
        return number_in(word), at + len(word)

    def _string(self, at: int) -> tuple[str, int]:
        try:
            found: tuple[str, int] = _DECODER.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            raise _Broken(at, error.msg[0].lower() + error.msg[1:].removesuffix(" at")) from error
        if is_broken(found[0]):
            raise _Broken(at, "half a character (a lone surrogate) is no text")
        return found

    def _object(self, at: int, place: Place) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self.blank(at + 1)
        while self.text[at : at + 1] != "}":
            if self.text[at : at + 1] != '"':
                raise _Broken(at, "a key in quotes is missing")
            line = self.line(at)
            key, end = self._string(at)
            at = self.blank(end)
            if self.text[at : at + 1] != ":":
                raise _Broken(at, f"a colon is missing after the key {key!r}")
            twice = key in found
            first = self.lines.get((*place, key))
            value, at = self.value_at(self.blank(at + 1), (*place, key), line)
            if twice:
                text = f"the key {key!r} is given twice, first on line {first}."
                self.faults.append(Fault(line, place_text(place), text))
            found[key] = value
            at = self._next(at, "}")
        return found, at + 1

    def _array(self, at: int, place: Place) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self.blank(at + 1)
        while self.text[at : at + 1] != "]":
            value, at = self.value_at(at, (*place, len(found)), 0)
            found.append(value)
            at = self._next(at, "]")
        return found, at + 1

    def _next(self, at: int, close: str) -> int:
        """Return where the next item begins, or what closes them."""
        at = self.blank(at)
        if self.text[at : at + 1] == close:
            return at
        if self.text[at : at + 1] != ",":
            raise _Broken(at, f"a comma or {close!r} is missing")
        at = self.blank(at + 1)
        if self.text[at : at + 1] == close:
            raise _Broken(at, f"nothing follows the comma before {close!r}")
        return at
