"""Weights from elsewhere: a CSV, TSV or JSON file of columns and how much each counts, and where it is from."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import Any, NamedTuple

from pinchmix.budget.names import by_language
from pinchmix.errors import ArgumentError, BadFile, BudgetError, Fault, PinchmixError, UnknownLanguage
from pinchmix.text.wording import listing, near
from pinchmix.weave import column_of, is_woven
from pinchmix.written.json_text import read_json
from pinchmix.written.reading import exact_in, said, text_of_file

FIELDS = ("language", "weight")
ORIGIN = ("file", "sha256", "note")
# What columns are called, in small letters and with one blank between words.
NAMES: Mapping[str, tuple[str, ...]] = {
    "language": ("language", "lang", "language code", "lang code", "code", "tag", "locale", "iso", "iso code"),
    "weight": (
        *("weight", "share", "probability", "prob", "proportion", "fraction", "ratio", "percent", "percentage"),
        *("count", "size", "examples", "tokens", "characters", "bytes", "documents", "docs", "pages", "rows", "lines"),
    ),
}
SEPARATORS = (",", "\t", ";")

Origin = tuple[tuple[str, str], ...]


class Weights(NamedTuple):
    """What a file of weights says.

    Attributes:
        amounts: Canonical tag, or name of a woven column → weight, 0 or more, exact, sorted by name, as the order of
            rows decides nothing.
        origin: File name, SHA-256 and note.
    """

    amounts: dict[str, Fraction]
    origin: Origin

    def shares(self, languages: Sequence[str] | None = None) -> tuple[tuple[str, Fraction], ...]:
        """Return the share of each language: its weight over the sum of the weights of those that are taken.

        Args:
            languages: The languages to take; all of the file if None.

        Raises:
            UnknownLanguage: The file has no weight for one of them.
            BudgetError: The weights of all that are taken are zero.

        Example:
            >>> Weights({"en": Fraction(3), "fi": Fraction(1), "sw": Fraction(1)}, ()).shares(["en", "fi"])
            (('en', Fraction(3, 4)), ('fi', Fraction(1, 4)))
        """
        taken = [*self.amounts] if languages is None else sorted(by_language(languages, (), "languages"))
        for tag in taken:
            if tag not in self.amounts:
                raise UnknownLanguage(tag, tuple(self.amounts), where=dict(self.origin).get("file", "weights"))
        mass = sum((self.amounts[tag] for tag in taken), Fraction(0))
        if not mass:
            raise BudgetError(f"the weights of {listing(taken, 40)} are all zero; give one of them a positive weight.")
        return tuple((tag, self.amounts[tag] / mass) for tag in taken)


def read_origin(origin: Any) -> Origin:
    """Return where weights are from as pairs: file (a name without folders), sha256 and, if there is one, note.

    Raises:
        BudgetError: It is no mapping of these texts, or the file is a path.

    Example:
        >>> read_origin({"file": "web.csv", "sha256": "0" * 64})[0]
        ('file', 'web.csv')
    """
    if not isinstance(origin, Mapping) or not all(isinstance(text, str) for text in origin.values()):
        raise BudgetError(f"origin={origin!r}: give a mapping of file, sha256 and note, each a text.")
    if unknown := [name for name in origin if name not in ORIGIN]:
        raise BudgetError(f"origin has no {unknown[0]!r}.{near(str(unknown[0]), ORIGIN)} It has {', '.join(ORIGIN)}.")
    if missing := [name for name in ORIGIN[:2] if not origin.get(name)]:
        raise BudgetError(f"origin lacks {' and '.join(missing)}.")
    if re.search(r"[/\\]", origin["file"]):
        raise BudgetError(f"origin: {origin['file']!r} is a path; give the name {PurePath(origin['file']).name!r}.")
    if not re.fullmatch(r"[0-9a-f]{64}", origin["sha256"]):
        raise BudgetError(f"origin: sha256 is {origin['sha256']!r}; it has 64 hexadecimal digits.")
    return tuple((name, origin[name]) for name in ORIGIN if origin.get(name))


def read_weights_file(path: Any, *, note: str = "", columns: Mapping[str, str] | None = None) -> Weights:
    r"""Return the weights of a file.

    Args:
        path: A table with a header (``.csv``, ``.tsv``, ``.txt``; separated by comma, semicolon or tab), or ``.json``:
            a mapping of languages to weights, such a mapping as ``weights`` with a ``note``, or a list of rows.
        note: Where the weights are from, in words.
        columns: ``language`` and ``weight`` → column, where the header is not recognised.

    Raises:
        BadFile: Rows mean nothing; the error names all of them by their lines.
        ArgumentError: There is no such file, or it is of another kind, or ``columns`` or ``note`` mean nothing.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = Path(place, "web.csv").write_text("Lang,Share\nen,45.1\niw,0.9\n", encoding="utf-8")
        ...     read_weights_file(Path(place, "web.csv")).amounts
        {'en': Fraction(451, 10), 'he': Fraction(9, 10)}
    """
    if not isinstance(note, str):
        raise ArgumentError(f"note={note!r}: say in words where the weights are from.")
    told = {} if columns is None else columns
    if not isinstance(told, Mapping) or not all(isinstance(name, str) for pair in told.items() for name in pair):
        raise ArgumentError(f"columns={columns!r}: give a mapping, such as {{'language': 'Code', 'weight': 'Pages'}}.")
    if odd := [name for name in told if name not in FIELDS]:
        raise ArgumentError(f"columns: there is no {odd[0]!r}.{near(odd[0], FIELDS)} There are: {', '.join(FIELDS)}.")
    name, text, content = text_of_file(path, "a file of weights")
    found = _Found(name)
    kind = PurePath(name).suffix.lower()
    if kind == ".json":
        note = note or found.of_json(text, told)
    elif kind in (".csv", ".tsv", ".txt"):
        found.of_table(text, told)
    else:
        raise ArgumentError(f"{name}: weights are read from .csv, .tsv, .txt and .json files.")
    amounts = found.amounts()
    origin = {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "note": " ".join(note.split())}
    return Weights(amounts, read_origin(origin))


class _Found:
    """Gathers weights by language, and what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._weights: dict[str, tuple[Fraction, int, str]] = {}

    def amounts(self) -> dict[str, Fraction]:
        """Return what was found; raise what is wrong."""
        if not self.faults and not self._weights:
            self.faults.append(Fault(0, "", "there are no weights in it."))
        elif not self.faults and not any(weight for weight, *_ in self._weights.values()):
            self.faults.append(Fault(0, "", "all weights are zero; give a language a positive weight."))
        if self.faults:
            raise BadFile(self.file, self.faults)
        return {tag: self._weights[tag][0] for tag in sorted(self._weights)}

    def add(self, line: int, language: Any, value: Any) -> None:
        """Note the weight of a language."""
        place = language if isinstance(language, str) else ""
        tag = ""
        try:
            tag = column_of(language, self.file)
        except PinchmixError as error:
            text = f"{language!r} is not a language tag; leave sums and other rows out."
            if place and is_woven(place):  # which says how such a name is written
                text = str(error).removeprefix(f"{self.file}: ")
            self.faults.append(Fault(line, "", text))
        exact = exact_in(value)
        if exact is None or exact < 0:
            self.faults.append(
                Fault(line, place, f"a weight is a number, 0 or more, and this is {said(value)}.{_hint(value)}")
            )
        elif tag in self._weights:
            _, first, spelling = self._weights[tag]
            self.faults.append(Fault(line, place, f"{tag!r} is given twice, first on line {first} as {spelling!r}."))
        elif tag:
            self._weights[tag] = Fraction(exact), line, language

    def of_json(self, text: str, told: Mapping[str, str]) -> str:
        """Read JSON; return its own note."""
        written = read_json(text, self.file)
        self.faults += written.faults
        value, place, note = written.value, tuple[str, ...](), ""
        if self.faults and value is None:
            return note
        if isinstance(value, dict) and isinstance(value.get("weights"), (dict, list)):
            for key in value.keys() - {"weights", "note"}:
                known = ("weights", "note")
                self.faults.append(Fault(written.lines[(key,)], key, f"it is unknown.{near(key, known)}"))
            note, value, place = value.get("note", ""), value["weights"], ("weights",)
            if not isinstance(note, str):
                self.faults.append(
                    Fault(written.lines.get(("note",), 0), "note", f"a note is a text, and this is {said(note)}.")
                )
                note = ""
        if isinstance(value, dict):
            for key, part in value.items():
                self.add(written.lines.get((*place, key), 0), key, part)
        elif isinstance(value, list) and all(isinstance(one, dict) for one in value) and value:
            header = list(dict.fromkeys(key for one in value for key in one))
            if chosen := self._columns(header, told, 1):
                for number, one in enumerate(value):
                    self.add(written.lines.get((*place, number), 0), *(one.get(name) for name in chosen))
        else:
            self.faults.append(Fault(1, "", 'weights are a mapping such as {"en": 0.9}, or a list of rows.'))
        return note

    def of_table(self, text: str, told: Mapping[str, str]) -> None:
        """Read a table with a header."""
        first = next((line for line in text.splitlines() if line.strip()), "")
        separator = max(SEPARATORS, key=first.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        chosen: list[str] | None = None
        header: list[str] = []
        line = 1
        try:
            for row in rows:
                begins, line = line, rows.line_num + 1
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                if not header:
                    header = cells
                    if not (chosen := self._columns(header, told, begins)):
                        return
                elif len(cells) != len(header):
                    self.faults.append(Fault(begins, "", f"{len(cells)} values, and the header has {len(header)}."))
                elif chosen:
                    self.add(begins, *(cells[header.index(name)] for name in chosen))
        except csv.Error as error:
            self.faults.append(Fault(line, "", f"no table: {error}."))

    def _columns(self, header: list[str], told: Mapping[str, str], line: int) -> list[str] | None:
        """Return the columns of languages and of weights, or None."""
        chosen = []
        if twice := [name for name in header if header.count(name) > 1]:
            self.faults.append(Fault(line, "", f"the column {twice[0]!r} is given twice."))
            return None
        for field in FIELDS:
            known = NAMES[field]
            fitting = [name for name in header if " ".join(re.split(r"[\s_-]+", name.casefold())) in known]
            if field in told:
                fitting = [told[field]] if told[field] in header else []
            way = f"say which: columns={{{field!r}: ...}}."
            if field in told and not fitting:
                text = f"there is no column {told[field]!r}.{near(told[field], header)} There are {listing(header)}."
            elif not fitting and any(exact_in(name) is not None for name in header):
                text = "the first line must name the columns, such as 'language,weight'."
            elif not fitting:
                close = "".join({near(name.casefold(), known) for name in header} - {""}) if len(header) < 12 else ""
                text = f"no column of {field}s is recognised among {listing(header)}.{close} If it is there, {way}"
            elif len(fitting) > 1:
                text = f"{listing(fitting)} all look like {field}s; {way}"
            else:
                chosen.append(fitting[0])
                continue
            self.faults.append(Fault(line, "", text))
            if "first line" in text:
                break
        return chosen if len(chosen) == len(FIELDS) else None


def _hint(value: Any) -> str:
    """Return how a number with other separators is written."""
    if not isinstance(value, str):
        return ""
    if re.fullmatch(r"[0-9]{1,3}([, _'][0-9]{3})+(\.[0-9]+)?", value):
        return f" Write {re.sub(r'[, _]|' + chr(39), '', value)}."
    return f" Write {value.replace(',', '.')}." if re.fullmatch(r"[0-9]+,[0-9]+ ?%?", value) else ""
