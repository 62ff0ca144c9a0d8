"""What refusals tell of many things at once: bad rows by fault, the faults of a file, what a family lacks; as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pinchmix.text.wording import listing, number_of

SHOWN = 20  # rows of each fault
FAULTS = 40  # of one file
WAYS = 3  # languages that a family might do without


class BadRow(NamedTuple):
    """One row that cannot be used: where it is, which kind of fault, and what was seen."""

    table: str
    row: int
    fault: str
    detail: str

    @property
    def where(self) -> str:
        """The place as ``file:line``; row 0 stands for the file as a whole."""
        return f"{self.table}:{self.row}" if self.row else self.table


class Fault(NamedTuple):
    """One fault of a file: its line (0 for the file as a whole), the place in it such as ``budget.en``, what it is."""

    line: int
    place: str
    text: str


def rows_told(rows: Sequence[BadRow], counts: Mapping[str, int], hints: Mapping[str, str]) -> Iterator[str]:
    """Yield the faults of rows with their counts, and the first rows of each.

    Args:
        rows: The first rows of each fault.
        counts: How many there are by fault.
        hints: Fault → what to know of it.

    Example:
        >>> list(rows_told([BadRow("a.jsonl", 3, "empty text", "'output' is empty")], {"empty text": 2}, {}))
        ['  empty text (2)', "    a.jsonl:3  'output' is empty", '    ... and 1 more']
    """
    for fault, count in counts.items():
        shown = [row for row in rows if row.fault == fault][:SHOWN]
        yield f"  {fault} ({count:,}): {hints[fault]}" if fault in hints else f"  {fault} ({count:,})"
        yield from (f"    {row.where}  {row.detail}".rstrip() for row in shown)
        if count > len(shown):
            yield f"    ... and {count - len(shown):,} more"


def faults_told(file: str, faults: Sequence[Fault]) -> Iterator[str]:
    """Yield the faults of a file with their lines and places.

    Example:
        >>> list(faults_told("r.yaml", [Fault(3, "budget.en", "it is no amount.")]))
        ['  r.yaml:3  budget.en: it is no amount.']
    """
    for fault in faults[:FAULTS]:
        where = f"{file}:{fault.line}" if fault.line else file
        yield f"  {where}  {fault.place}: {fault.text}" if fault.place else f"  {where}  {fault.text}"
    if len(faults) > FAULTS:
        yield f"  ... and {len(faults) - FAULTS:,} more"


def family_told(
    languages: Sequence[str], total: int, core: int, without: Mapping[str, int], undecided: str
) -> Iterator[str]:
    """Yield what would keep a family's laws, and the ways out; arguments as the attributes of the error.

    Example:
        >>> list(family_told(["en", "sw"], 10, 4, {"sw": 9}, ""))[0]
        '  10 instructions that exist in all of en, sw would do; 4 exist.'
    """
    there = f"{core:,} {'exists' if core == 1 else 'exist'}" if core else "none exists"
    if core < total:  # else something other than instructions is missing
        yield f"  {number_of(total, 'instruction')} that exist in all of {listing(languages)} would do; {there}."
    if undecided:
        yield f"  Whether {'one' if core >= total else 'others'} would do was not decided: {undecided}."
    ways = [f"without {tag} there are {count:,}" for tag, count in list(without.items())[:WAYS]]
    ways += [f"a total of at most {core:,}"] if 0 < core < total else []
    ways += ["no laws: constant=False and nested=(), then each member is built for itself"]
    yield f"Ways out: {' · '.join(ways)}"
