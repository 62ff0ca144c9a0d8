"""Faults of rows: what can be wrong with one, and the collection in which all of them are reported together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

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
        self._rows: list[BadRow] = []
        self._counts: Counter[str] = Counter()
        self._files = 0

    def add(self, table: str, row: int, fault: str, detail: str) -> None:
        """Note one bad row; rows count from 1, and row 0 is the file as a whole."""
        if (
            self._counts[fault] < 50 * BadRows.SHOWN
        ):  # more than is shown, so that what is shown can be the first by name
            self._rows.append(BadRow(table, row, fault, detail))
        self._counts[fault] += 1
        self._files += not row

    def extend(self, other: Faults, *, of_pivot: bool = False) -> None:
        """Note all bad rows of another collection.

        Args:
            other: The collection.
            of_pivot: Whether it is of a language that is read for being the pivot alone, which can be done without.
        """
        named = {"empty file": "empty pivot"} if of_pivot else {}
        self._rows.extend(row._replace(fault=named.get(row.fault, row.fault)) for row in other._rows)
        for fault, count in other._counts.items():
            self._counts[named.get(fault, fault)] += count
        self._files += other._files

    def __len__(self) -> int:
        return sum(self._counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """Bad rows by fault, in the order of the report."""
        return {fault: self._counts[fault] for fault in HINTS if self._counts[fault]}

    @property
    def rows(self) -> tuple[BadRow, ...]:
        """The bad rows that are kept, by table and row."""
        return tuple(sorted(self._rows))

    def error(self, way: str | None = None) -> BadRows:
        """Return all of it as an error to raise.

        Args:
            way: What to do, where building without these rows is no way out.
        """
        rows = _first(self.rows)
        if way is None:
            return BadRows(rows, self.counts, HINTS, files=self._files)
        return BadRows(rows, self.counts, HINTS, files=self._files, way=way)


def _first(rows: Iterable[BadRow]) -> list[BadRow]:
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[row.fault] += 1
        if seen[row.fault] <= BadRows.SHOWN:
            kept.append(row)
    return kept
