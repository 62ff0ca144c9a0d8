"""Faults of rows: what can be wrong with one, and the collection in which all of them are reported together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from pinchmix.errors import BadRow, BadRows

# Every fault that a row (or a whole file) can have, in the order of the report, with what to do about it.
HINTS = {
    "wrong ending": "the content of a file is what the end of its name says; rename it or mend it",
    "unreadable file": "nothing of the file was used; write it again or get a whole copy",
    "bad header": "the first row names the columns, each of them once",
    "empty file": "a language without rows; leave it out, or name the others in languages=",
    "empty pivot": "it is read as the pivot, for what compares with it (checks, a sampler that reads, an exclusion); "
    "validate=False, or another pivot=..., does without it",
    "broken JSON": "a .jsonl file holds one JSON object a line, a .json file one array of objects",
    "not an object": "each row is an object with named fields",
    "not UTF-8": "the text must be UTF-8; re-save the file",
    "lone surrogate": "half of a character pair, which no UTF-8 file can hold; usually text cut inside an emoji",
    "broken quotes": "values are quoted as a whole, and quotes inside are doubled",
    "wrong number of fields": "the row has more or fewer fields than the header; check quotes and separators",
    "wrong type": "texts are strings, ids strings or whole numbers, turns lists of objects",
    "missing id": "each row needs an id, the same in all languages",
    "duplicate id": "the same id twice in one language, so it is unclear which is meant; every copy is listed",
    "unknown language": "the language column holds no language tag",
    "language label": "the language column contradicts the language of the file",
    "missing text": "null or no such field",
    "empty text": "empty or nothing but whitespace",
    "no turns": "a conversation without messages",
    "unknown role": "roles are system, user and assistant (or human and gpt)",
    "turn order": "an optional system turn, then user and assistant in turn, the assistant last",
}


class Faults:
    """A collection of bad rows that keeps all counts and the first places of each fault.

    Example:
        >>> faults = Faults()
        >>> faults.add("en.jsonl", 3, "empty text", "'output' is empty")
        >>> faults.counts
        {'empty text': 1}
    """

    def __init__(self) -> None:
        # By language, so that what a mixture of fewer languages would have met can be told: None is for all of them.
        self._rows: list[tuple[BadRow, str | None]] = []
        self._counts: Counter[tuple[str, str | None]] = Counter()
        self._files: Counter[str | None] = Counter()

    def add(self, table: str, row: int, fault: str, detail: str, language: str | None = None) -> None:
        """Note one bad row.

        Args:
            table: Where it is.
            row: Its number, from 1; row 0 is the file as a whole.
            fault: One of ``HINTS``.
            detail: What is wrong with it.
            language: That of the row; None where it is met whatever languages are read.
        """
        # More than is shown, so that what is shown can be the first by name.
        if self._counts[fault, language] < 50 * BadRows.SHOWN:
            self._rows.append((BadRow(table, row, fault, detail), language))
        self._counts[fault, language] += 1
        self._files[language] += not row

    def extend(self, other: Faults, language: str | None = None, *, of_pivot: bool = False) -> None:
        """Note all bad rows of another collection.

        Args:
            other: The collection.
            language: What those are of that are of no language there.
            of_pivot: Whether it is of a language that is read for being the pivot alone, which can be done without.
        """
        named = {"empty file": "empty pivot"} if of_pivot else {}
        self._rows += [
            (row._replace(fault=named.get(row.fault, row.fault)), tag or language) for row, tag in other._rows
        ]
        for (fault, tag), count in other._counts.items():
            self._counts[named.get(fault, fault), tag or language] += count
        for tag, count in other._files.items():
            self._files[tag or language] += count

    def only(self, languages: Collection[str]) -> Faults:
        """Return those of some languages, and those that are met whatever languages are read.

        Example:
            >>> faults = Faults()
            >>> faults.add("en.jsonl", 3, "empty text", "'output' is empty", "en")
            >>> faults.add("fi.jsonl", 5, "empty text", "'output' is empty", "fi")
            >>> [row.table for row in faults.only(["fi"]).rows]
            ['fi.jsonl']
        """
        kept = {None, *languages}
        part = Faults()
        part._rows = [(row, tag) for row, tag in self._rows if tag in kept]
        part._counts = Counter({key: count for key, count in self._counts.items() if key[1] in kept})
        part._files = Counter({tag: count for tag, count in self._files.items() if tag in kept})
        return part

    def __len__(self) -> int:
        return sum(self._counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """Bad rows by fault, in the order of the report."""
        found: Counter[str] = Counter()
        for (fault, _), count in self._counts.items():
            found[fault] += count
        return {fault: found[fault] for fault in HINTS if found[fault]}

    @property
    def rows(self) -> tuple[BadRow, ...]:
        """The bad rows that are kept, by table and row."""
        return tuple(sorted(row for row, _ in self._rows))

    def error(self, way: str | None = None) -> BadRows:
        """Return all of it as an error to raise.

        Args:
            way: What to do, where building without these rows is no way out.
        """
        rows, files = _first(self.rows), self._files.total()
        if way is None:
            return BadRows(rows, self.counts, HINTS, files=files)
        return BadRows(rows, self.counts, HINTS, files=files, way=way)


def _first(rows: Iterable[BadRow]) -> list[BadRow]:
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[row.fault] += 1
        if seen[row.fault] <= BadRows.SHOWN:
            kept.append(row)
    return kept
