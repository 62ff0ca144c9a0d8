"""What provenance must show: the counts of the plan, copies without gaps, one split an instruction, the content policy.

Arrays in, faults out; nothing is read here. Each fault names the file and, where there is one, the row in it, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.content import Content
from pinchmix.exporting.shards import PROVENANCE
from pinchmix.text.wording import listing, number_of

ORIGIN = pa.schema(  # its columns
    [
        ("id", pa.string()),
        ("column", pa.string()),  # of the grid: a language, or a woven column such as fi>en
        ("prompt_language", pa.string()),
        ("response_language", pa.string()),
        ("source", pa.string()),
        ("row", pa.int64()),
        ("copy", pa.int64()),
        ("tokens", pa.int64()),  # null where the budget is not in tokens
        ("verdict", pa.string()),  # ok, unsure, flagged, or unchecked
        ("digest", pa.string()),  # MD5 of the row's JSON line
    ]
)
SHOWN = 20  # faults of one kind
Ints = npt.NDArray[np.int64]
Counts = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True, eq=False)
class Origins:
    """The rows of the provenance of all splits, one split after the other.

    Attributes:
        ids: Instruction ids, each once.
        languages: Columns of the grid, each once: languages, and those that are woven of two.
        splits: The names of the splits.
        files: The files, one shard after the other.
        starts: The first row of each, likewise.
        instruction: The place of each row's id, shape ``(rows,)``, int64.
        language: The place of its column, likewise.
        split: The place of its split, likewise, ascending.
        copy: Which copy of its cell it is, from 1, likewise.

    Example:
        >>> table = pa.table({"id": ["b", "a"], "column": ["en", "sw"], "copy": [1, 1]})
        >>> Origins.of_tables({"train": table, "test": table.slice(0, 0)}).where(1)
        'provenance/train.parquet: row 2'
    """

    ids: Sequence[str]
    languages: Sequence[str]
    splits: Sequence[str]
    files: Sequence[str]
    starts: Sequence[int]
    instruction: Ints
    language: Ints
    split: Ints
    copy: Ints

    @classmethod
    def of_tables(cls, tables: Mapping[str, pa.Table], splits: Mapping[str, str] | None = None) -> Origins:
        """Return the rows of tables with the columns id, column and copy, without nulls.

        Args:
            tables: Shard → its table, split by split.
            splits: Shard → its split; by default each shard is a split.
        """
        of_shard = splits or {name: name for name in tables}
        names = tuple(dict.fromkeys(of_shard[shard] for shard in tables))
        whole = pa.concat_tables(table.select(["id", "column", "copy"]) for table in tables.values())
        ids, languages = (_encoded(whole.column(name)) for name in ("id", "column"))
        sizes = [table.num_rows for table in tables.values()]
        return cls(
            ids.dictionary,
            languages.dictionary.to_pylist(),
            names,
            tuple(PROVENANCE.format(shard) for shard in tables),
            np.cumsum([0, *sizes[:-1]]).tolist(),
            ids.indices.to_numpy().astype(np.int64),
            languages.indices.to_numpy().astype(np.int64),
            np.repeat([names.index(of_shard[shard]) for shard in tables], sizes),
            whole.column("copy").to_numpy().astype(np.int64),
        )

    @cached_property
    def cell(self) -> Ints:
        """The cell of each row: the same number for the same instruction and language."""
        return self.instruction * max(len(self.languages), 1) + self.language

    @cached_property
    def cells(self) -> tuple[Ints, Ints]:
        """Each cell once, ascending, and the first row that it is in."""
        cells, first = np.unique(self.cell, return_index=True)
        return cells, first

    @cached_property
    def spread(self) -> Ints:
        """In how many languages each instruction is, shape ``(ids,)``."""
        return np.bincount(self.cells[0] // max(len(self.languages), 1), minlength=len(self.ids))

    def where(self, row: int) -> str:
        """Return the file that a row is in, and its number there."""
        shard = int(np.searchsorted(self.starts, row, side="right")) - 1
        return f"{self.files[shard]}: row {row - self.starts[shard] + 1:,}"

    def files_of(self, split: int) -> str:
        """Return the files of a split."""
        ends = [*self.starts[1:], len(self.split)]
        mine = [
            file
            for file, start, end in zip(self.files, self.starts, ends, strict=True)
            if start < end and self.split[start] == split
        ]
        return listing(mine or [PROVENANCE.format(self.splits[split])])

    def name(self, instruction: int) -> str:
        """Return how a fault names an instruction."""
        return f"the instruction {str(self.ids[instruction])!r}"

    def languages_of(self, instruction: int) -> str:
        """Return the languages that an instruction is in."""
        begin, end = np.searchsorted(self.cells[0], np.array([instruction, instruction + 1]) * len(self.languages))
        return listing(sorted(self.languages[cell % len(self.languages)] for cell in self.cells[0][begin:end].tolist()))


def _encoded(column: pa.ChunkedArray) -> Any:
    return pa.array(column.cast(pa.large_string()).combine_chunks()).dictionary_encode()


def faults_of(origins: Origins, identity: Mapping[str, Any], counts: Counts) -> Iterator[str]:
    """Yield what provenance shows that the manifest's plan, repeats and content policy do not allow.

    Args:
        origins: What provenance shows.
        identity: The first block of the manifest.
        counts: Split → language → figures, as the manifest has them.
    """
    recipe = identity["recipe"]
    yield from count_faults(origins, counts)
    yield from copy_faults(origins, recipe["repeat"])
    yield from split_faults(origins)
    yield from content_faults(origins, Content.parse(recipe["content"]))
    used, mixture = len(origins.ids), identity["mixture"]
    if used != mixture["instructions"]:
        files = listing(origins.files)
        yield f"{files}: {number_of(used, 'instruction')}, and the plan uses {mixture['instructions']:,}"


def count_faults(origins: Origins, counts: Counts) -> Iterator[str]:
    """Yield the languages of which a split has more or fewer examples, or different cells, than its plan gives.

    Example:
        >>> table = pa.table({"id": ["a", "b"], "column": ["en", "sw"], "copy": [1, 1]})
        >>> plan = {"train": {"en": {"examples": 2, "distinct": 2}}}
        >>> for fault in count_faults(Origins.of_tables({"train": table}), plan):
        ...     print(fault)
        provenance/train.parquet: 1 example of en, and the plan gives 2
        provenance/train.parquet: 1 different instruction in en, and the plan gives 2
        provenance/train.parquet: 1 example of sw, which is not in the plan
    """
    width = max(len(origins.languages), 1)
    shape = (len(origins.splits), width)
    column = origins.split * width + origins.language
    _, first = np.unique(origins.split * (width * len(origins.ids)) + origins.cell, return_index=True)
    examples = np.bincount(column, minlength=shape[0] * width).reshape(shape)
    distinct = np.bincount(column[first], minlength=shape[0] * width).reshape(shape)
    for split, name in enumerate(origins.splits):
        file = origins.files_of(split)
        got = dict(
            zip(origins.languages, zip(examples[split].tolist(), distinct[split].tolist(), strict=True), strict=False)
        )
        for language, figures in counts[name].items():
            has, cells_of = got.pop(language, (0, 0))
            if has != figures["examples"]:
                yield f"{file}: {number_of(has, 'example')} of {language}, and the plan gives {figures['examples']:,}"
            if cells_of != figures["distinct"]:
                said = number_of(cells_of, "different instruction")
                yield f"{file}: {said} in {language}, and the plan gives {figures['distinct']:,}"
        for language, (has, _) in got.items():
            if has:
                yield f"{file}: {number_of(has, 'example')} of {language}, which is not in the plan"


def copy_faults(origins: Origins, repeat: int) -> Iterator[str]:
    """Yield the cells whose copies are not numbered 1 to n, or are more than ``repeat``.

    Example:
        >>> table = pa.table({"id": ["a", "a"], "column": ["en", "en"], "copy": [1, 3]})
        >>> list(copy_faults(Origins.of_tables({"train": table}), 2))
        ["provenance/train.parquet: row 2: the instruction 'a' in en is copy 3, where 2 is next"]
    """
    order = np.lexsort((np.arange(len(origins.cell)), origins.copy, origins.cell))
    cell = origins.cell[order]
    begins = np.flatnonzero(np.append(True, cell[1:] != cell[:-1])) if len(cell) else cell
    due = np.arange(len(cell)) - np.repeat(begins, np.diff(np.append(begins, len(cell)))) + 1
    for bad, said in (
        (origins.copy[order] != due, "is copy {copy:,}, where {due:,} is next"),
        (due > repeat, "is there {due:,} times, and the recipe allows {repeat:,}"),
    ):
        places = np.flatnonzero(bad)
        places = places[np.unique(cell[places], return_index=True)[1]]  # one fault a cell
        for place in places[np.argsort(order[places])][:SHOWN].tolist():
            row = int(order[place])
            figures = said.format(copy=int(origins.copy[row]), due=int(due[place]), repeat=repeat)
            language = origins.languages[int(origins.language[row])]
            yield f"{origins.where(row)}: {origins.name(int(origins.instruction[row]))} in {language} {figures}"


def split_faults(origins: Origins) -> Iterator[str]:
    """Yield the instructions that are in two splits.

    Example:
        >>> table = pa.table({"id": ["a"], "column": ["en"], "copy": [1]})
        >>> list(split_faults(Origins.of_tables({"train": table, "test": table})))
        ["provenance/test.parquet: row 1: the instruction 'a' is in train too"]
    """
    numbers, first = np.unique(origins.instruction, return_index=True)
    home = origins.split[first][np.searchsorted(numbers, origins.instruction)]
    rows = np.flatnonzero(origins.split != home)
    rows = np.sort(rows[np.unique(origins.instruction[rows], return_index=True)[1]])
    for row in rows[:SHOWN].tolist():
        other = origins.splits[int(home[row])]
        yield f"{origins.where(row)}: {origins.name(int(origins.instruction[row]))} is in {other} too"


def content_faults(origins: Origins, content: Content) -> Iterator[str]:
    """Yield the instructions that are in more or fewer languages than the content policy allows.

    Under ``union`` any number is allowed, as provenance does not say in which languages an instruction exists.

    Example:
        >>> table = pa.table({"id": ["a", "a"], "column": ["en", "sw"], "copy": [1, 1]})
        >>> for fault in content_faults(Origins.of_tables({"train": table}), Content.parse("disjoint")):
        ...     print(fault)
        provenance/train.parquet: row 2: the instruction 'a' is in 2 languages (en, sw); content='disjoint' allows 1
    """
    if content.kind == "union":
        return
    allowed = len(np.unique(origins.language)) if content.kind == "same" else content.k
    exact = content.kind in ("exactly", "same")
    bad = origins.spread != allowed if exact else origins.spread > allowed
    cells, first = origins.cells
    last = np.zeros(len(origins.ids), dtype=np.int64)  # the first row of the last of its languages
    np.maximum.at(last, cells // max(len(origins.languages), 1), first)
    instructions = np.flatnonzero(bad)
    verb = "takes" if exact else "allows"
    for instruction in instructions[np.argsort(last[instructions])][:SHOWN].tolist():
        yield (
            f"{origins.where(int(last[instruction]))}: {origins.name(instruction)} is in "
            f"{number_of(int(origins.spread[instruction]), 'language')} ({origins.languages_of(instruction)}); "
            f"content='{content}' {verb} {allowed:,}"
        )
