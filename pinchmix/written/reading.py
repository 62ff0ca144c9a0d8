"""What somebody wrote in a file: plain values with the lines they stand on, and the faults found in them, together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from pinchmix.errors import ArgumentError, BadFile, Fault, PinchmixError
from pinchmix.text.wording import near

LARGEST = 16 << 20  # bytes; a recipe has a few thousand
DIGITS = 300  # of a number; more would only take time
LARGEST_SAID = 10**18  # a number that a message writes out is smaller
Place = tuple[str | int, ...]
T = TypeVar("T")

NUMBER = re.compile(r"[-+]?([0-9]+)(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?|[-+]?(\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")


@dataclass(frozen=True)
class Written:
    """A file as plain values: mappings with text keys, lists, texts, true, false, None, int and Decimal.

    Attributes:
        file: What messages call it.
        value: All of it.
        lines: Place of each value → line on which it begins; that of a value in a mapping is its key's.
        faults: What the form of the file does not allow, such as a key given twice.
        misread: Place → word, where YAML takes a word for true or false; each is a fault too.

    Example:
        >>> Written("r.yaml", {"seed": 1}, {(): 1, ("seed",): 1}).lines["seed",]
        1
    """

    file: str
    value: Any
    lines: Mapping[Place, int]
    faults: tuple[Fault, ...] = ()
    misread: Mapping[Place, str] = field(default_factory=dict)


class Reading:
    """A reader's notes: the faults of a file, each with its line, raised together at the end.

    Example:
        >>> reading = Reading(Written("r.yaml", {"sed": 1}, {("sed",): 1}))
        >>> reading.check_keys((), {"sed": 1}, ["seed"], "a recipe")
        >>> reading.finish(1)
        Traceback (most recent call last):
        pinchmix.errors.BadFile: r.yaml cannot be used: 1 fault.
          r.yaml:1  sed: a recipe has no 'sed'. Did you mean 'seed'?
    """

    def __init__(self, written: Written) -> None:
        self.written = written
        self.faults = list(written.faults)

    def fault(self, place: Place, text: str) -> None:
        """Note what is wrong at a place."""
        lines, known = self.written.lines, place
        while known and known not in lines:
            known = known[:-1]
        fault = Fault(lines.get(known, 0), place_text(place), text)
        # What the form of the file does not allow has no value, and is not refused twice.
        if not any(other.place == fault.place and other.line == fault.line for other in self.written.faults):
            self.faults.append(fault)

    def meant(self, place: Place, word: str) -> bool:
        """Tell whether a word that YAML misreads stands at a place where it can only be meant; it is no fault then."""
        if self.written.misread.get(place, "").lower() != word:
            return False
        self._withdraw(place)
        return True

    def _withdraw(self, place: Place) -> None:
        at = place_text(place), self.written.lines.get(place)
        self.faults = [fault for fault in self.faults if (fault.place, fault.line) != at]

    def refuse(self, place: Place, value: Any, wanted: str, hint: str = "") -> None:
        """Note that a value is not what is wanted; of a word that YAML misreads, no longer that it lacks quotes.

        Args:
            place: Where it stands.
            value: What stands there.
            wanted: What should, without a full stop.
            hint: What to write instead, after a blank.
        """
        word = self.written.misread.get(place)
        if word is None:
            self.fault(place, f"{wanted}, and this is {said(value)}.{hint}")
            return
        self._withdraw(place)
        read = "true" if word.lower() in ("yes", "on") else "false"
        text = f"{wanted}, and this is {word}, which YAML reads as {read}.{hint}"
        self.faults.append(Fault(self.written.lines.get(place, 0), place_text(place), text))

    def is_empty(self, place: Place, value: Any) -> bool:
        """Tell whether nothing stands at a place, and note it; a word that YAML misreads is something."""
        if value is not None or place in self.written.misread:
            return False
        self.fault(place, "it is empty; say something, or leave the key out.")
        return True

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Note what is refused inside as a fault of this place."""
        try:
            yield
        except PinchmixError as error:
            self.fault(place, str(error).removeprefix(f"{place[-1]}: ") if place else str(error))

    def wrong(self, place: Place) -> bool:
        """Tell whether a fault was noted at a place or inside it."""
        at = place_text(place)
        return any(not at or fault.place == at or fault.place.startswith((f"{at}.", f"{at}[")) for fault in self.faults)

    def finish(self, made: T | None) -> T:
        """Return what was made of the file, if nothing is wrong with it.

        Raises:
            BadFile: There are faults; nothing is made where there are any.
        """
        if self.faults or made is None:
            raise BadFile(self.written.file, list(dict.fromkeys(self.faults)))
        return made

    def check_keys(self, place: Place, value: Mapping[str, Any], known: Iterable[str], what: str) -> None:
        """Note the keys of a mapping that are none of those known."""
        known = list(known)
        for key in value:
            if key not in known:
                self.fault((*place, key), f"{what} has no {key!r}.{near(key, known) or f' It has: {_list(known)}.'}")

    def of_kind(self, place: Place, value: Any, kind: type, wanted: str) -> bool:
        """Tell whether a value is a mapping, list or text as wanted; note a fault if it is not."""
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return True
        if kind is str and place in self.written.misread:
            return False  # that it lacks quotes is what is wrong
        self.refuse(place, value, wanted, as_whole(value) if kind is int else "")
        return False


def said(value: Any) -> str:
    """Return what a value is, for a message.

    Example:
        >>> said({}), said(None), said("no"), said(True), said(Decimal("0.5"))
        ('a mapping', 'empty', "the text 'no'", 'true', 'the number 0.5')
    """
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value if len(value) <= 60 else value[:57] + '...'!r}"
    if isinstance(value, (int, Decimal)):
        return f"the number {value}"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def as_whole(value: Any) -> str:
    """Return how a whole number is written that somebody wrote with quotes, a point or an exponent; "" for all else.

    Example:
        >>> as_whole("20"), as_whole(Decimal("1e3")), as_whole("20%"), as_whole(0.5)
        (' Write 20 without quotes.', ' Write 1000.', '', '')
    """
    if not isinstance(value, (str, Decimal)) or (isinstance(value, str) and re.search("[/%]", value)):
        return ""
    exact = exact_in(value)
    if exact is None or exact.denominator != 1 or not -LARGEST_SAID < exact < LARGEST_SAID:
        return ""
    return f" Write {int(exact)}{' without quotes' if isinstance(value, str) else ''}."


def place_text(place: Place) -> str:
    """Return a place as people write it.

    Example:
        >>> place_text(("members", "p10", "languages", 2))
        'members.p10.languages[2]'
    """
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def number_in(text: str) -> int | Decimal:
    """Return the number that a text writes in decimal digits, exactly.

    Raises:
        ArgumentError: It writes none, or one that is too long.

    Example:
        >>> number_in("40"), number_in("1e3"), number_in("-0.10")
        (40, Decimal('1E+3'), Decimal('-0.10'))
    """
    if len(text) > DIGITS or not NUMBER.fullmatch(text):
        raise ArgumentError(f"{text[:60]!r} is no decimal number such as 40 or 0.5.")
    return int(text) if WHOLE.fullmatch(text) else Decimal(text)


def is_broken(text: str) -> bool:
    r"""Tell whether a text holds half a character, which no file can.

    Example:
        >>> is_broken("a"), is_broken("\ud800")
        (False, True)
    """
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def exact_in(value: Any) -> int | Fraction | None:
    """Return a number as somebody wrote it, exactly: 40, 0.5, ``"1/3"``, ``"12.5%"``; None if it is none.

    Example:
        >>> exact_in("1/3"), exact_in("12.5%"), exact_in(Decimal("0.10")), exact_in(40), exact_in("forty")
        (Fraction(1, 3), Fraction(1, 8), Fraction(1, 10), 40, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return Fraction(value)
    parts = value.strip().removesuffix("%").split("/")
    if len(value) > 4 * DIGITS or len(parts) > 2 or not all(NUMBER.fullmatch(part.strip()) for part in parts):
        return None
    if len(parts) == 2 and not (all(WHOLE.fullmatch(part.strip()) for part in parts) and int(parts[1])):
        return None
    exact = Fraction(parts[0].strip()) / (Fraction(parts[1].strip()) if len(parts) == 2 else 1)
    return exact / 100 if value.strip().endswith("%") else exact


def text_of_file(path: Any, what: str) -> tuple[str, str, bytes]:
    """Return the name, the text and the bytes of a small file.

    Args:
        path: The file.
        what: What it should be, for messages.

    Raises:
        ArgumentError: There is no such file, it is no UTF-8, or far too large.
    """
    try:
        place = Path(path).expanduser()
        if not place.is_file():
            raise ArgumentError(f"{place}: there is no such file; name {what}.")
        with place.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise ArgumentError(f"{path!r} cannot be read as {what}: {error}.") from error
    if len(content) > LARGEST:
        raise ArgumentError(f"{place} has more than {LARGEST:,} bytes, and {what} is small.")
    try:
        return place.name, content.decode("utf-8-sig"), content
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile(place.name, [Fault(line, "", "it is not UTF-8 here; save it as UTF-8.")]) from error


def _list(known: list[str]) -> str:
    return ", ".join(known)
