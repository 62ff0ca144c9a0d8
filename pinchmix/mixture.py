"""The mixture: a plan, the cells chosen for it, and a reader of their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors import BadRow
from pinchmix.exclude import Overlap
from pinchmix.family import Member
from pinchmix.grid import Grid
from pinchmix.plan import Plan
from pinchmix.rows import Rows
from pinchmix.sources.source import SourceFile
from pinchmix.text.show import bar, html_table, table
from pinchmix.text.wording import number_of
from pinchmix.uncompared import Uncompared
from pinchmix.weave import tags_of

if TYPE_CHECKING:
    import datasets
    import pandas as pd


class Message(NamedTuple):
    """One turn: the role, ``system``, ``user`` or ``assistant``, and what is said."""

    role: str
    content: str


class Origin(NamedTuple):
    """Where an example stood: the file or table, and the line or row in it, from 1."""

    source: str
    row: int


@dataclass(frozen=True)
class Example:
    """One instruction in one language, or in one for the prompt and another for the response.

    Attributes:
        id: The instruction.
        column: The column of the grid: a language, or a woven one such as ``fi>en`` (:mod:`pinchmix.weave`).
        prompt_language: The canonical tag of the user turns; of a switched dialogue, both, such as ``en+fi``.
        response_language: The canonical tag of the assistant turns, likewise.
        messages: The conversation.
        origin: Where it stood; of a woven one, the response, or the first exchange of a switched dialogue. Its id and
            languages lead to the other part.
    """

    id: str
    column: str
    prompt_language: str
    response_language: str
    messages: tuple[Message, ...]
    origin: Origin

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Example:
        """Return the example of a row of :class:`~pinchmix.rows.Rows`."""
        return cls(
            row["id"],
            row["column"],
            row["prompt_language"],
            row["response_language"],
            tuple(Message(turn["role"], turn["content"]) for turn in row["messages"]),
            Origin(row["source"], row["row"]),
        )

    @property
    def prompt(self) -> str:
        """All user turns, joined by line ends."""
        return "\n".join(turn.content for turn in self.messages if turn.role == "user")

    @property
    def response(self) -> str:
        """All assistant turns, joined by line ends."""
        return "\n".join(turn.content for turn in self.messages if turn.role == "assistant")


@dataclass(frozen=True)
class Report:
    """What became of every row of the source.

    Attributes:
        reading: How the source was read, where that had to be said: columns, join, on_bad_rows.
        recognised: What the source was taken for: layouts, tables, and tags that are written in another way.
        files: The files among the tables, in the same languages.
        read: Rows of the source in the languages that the recipe draws on, usable or not: those that it names, those
            that its woven columns are made of, and the pivot where something asks what it says; all where it names
            none. Rows of which nothing tells the language are among them.
        dropped: Bad rows among them that were left out, by fault.
        excluded: The instructions that were to be excluded, and why; None where none were.
        bad_rows: The first of them.
        rejected: Cells that a check rejected, by column; where it rejects an instruction, all its cells, and of a woven
            column those of which it rejected a part.
        unsure: Chosen cells that a validator was unsure of and none flagged, by split and language.
        flagged: Chosen cells that a validator flagged, likewise.
        uncompared: Chosen cells that the pivot lacks, and the checks that could not be asked about them.
        findings: What the checks found: id, language, field, check, verdict, what became of it (``reject``, ``flag``
            or ``keep``), reason, score, seen, excerpt.
        plugins: Name and version of each plugin that had a say.
    """

    reading: Mapping[str, Any]
    recognised: str
    files: tuple[SourceFile, ...]
    read: int
    dropped: Mapping[str, int]
    bad_rows: tuple[BadRow, ...]
    excluded: Overlap | None
    rejected: Mapping[str, int]
    unsure: Mapping[str, Mapping[str, int]]
    flagged: Mapping[str, Mapping[str, int]]
    uncompared: Uncompared
    findings: pa.Table
    plugins: Mapping[str, str]


class Mixture:
    """A plan, the cells chosen for it, and a reader of their texts; it never changes.

    It has a length and can be indexed, sliced and iterated as a sequence of :class:`Example`. The texts stay in a
    scratch file that lives as long as the mixture.

    Attributes:
        plan: What was asked, and why it was possible.
        grid: What existed, less what was dropped or rejected.
        cells: The numbers of the chosen cells in the grid, in the order of the mixture, int64; a repeated one comes
            several times.
        split: The split of each, its place among the recipe's, ascending, int64.
        report: What became of every row of the source.
        member: Of a family with laws, which of its mixtures this is; None for a mixture of its own.
    """

    def __init__(
        self,
        plan: Plan,
        grid: Grid,
        cells: npt.NDArray[np.int64],
        split: npt.NDArray[np.int64],
        report: Report,
        rows: Rows,
        member: Member | None = None,
    ) -> None:
        self.plan = plan
        self.grid = grid
        self.cells = cells
        self.split = split
        for fixed in (self.cells, self.split):
            fixed.flags.writeable = False
        self.report = report
        self.rows = rows
        self.member = member

    def __len__(self) -> int:
        return len(self.cells)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a mixture reads from scratch files of this process; hand mix.to_dataset() to other processes")

    @overload
    def __getitem__(self, place: int) -> Example: ...
    @overload
    def __getitem__(self, place: slice) -> list[Example]: ...
    def __getitem__(self, place: int | slice) -> Example | list[Example]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            chosen = self._table.take(np.arange(start, stop, step))
            return [Example.of_row(row) for row in chosen.to_pylist()]
        number = index(place)  # as a list does: 2.7 and '3' are no places
        if not -len(self) <= number < len(self):
            raise IndexError(f"the mixture has {len(self):,} examples, and {number} was asked for")
        return Example.of_row(self._table.slice(number % len(self), 1).to_pylist()[0])

    def __iter__(self) -> Iterator[Example]:
        for batch in self.rows.batches():
            for start in range(0, batch.num_rows, 1000):
                for row in batch.slice(start, 1000).to_pylist():
                    yield Example.of_row(row)

    @cached_property
    def _table(self) -> pa.Table:
        return self.rows.table()

    @property
    def digest(self) -> str:
        """The identity of the mixture: which rows, in which languages, in which order, with which text."""
        return self.rows.digest()

    def to_arrow(self) -> pa.Table:
        """Return all rows as an Arrow table.

        Its columns are id, split, column, prompt_language, response_language, source, row, copy (from 1), tokens,
        verdict and messages.

        The texts stay in the scratch file, which the table keeps open.
        """
        return self._table

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows as a DataFrame with the columns of :meth:`to_arrow`."""
        frame: pd.DataFrame = self._table.to_pandas()
        return frame

    @property
    def splits(self) -> dict[str, slice]:
        """The place of each split among the examples: name → slice; ``"train"`` alone for one that is not split."""
        names = self.plan.recipe.splits
        ends = np.searchsorted(self.split, np.arange(len(names) + 1))
        return {name: slice(int(ends[n]), int(ends[n + 1])) for n, name in enumerate(names)}

    def to_dataset(self) -> datasets.Dataset | datasets.DatasetDict:
        """Return the rows as a ``datasets.Dataset`` with the one column ``messages``, as the exported files have it.

        A mixture with splits becomes a ``datasets.DatasetDict``.
        """
        import datasets

        messages = self._table.select(["messages"])
        # The digest as fingerprint: what is derived from the same mixture is found again in the cache of datasets.
        if not self.plan.recipe.split:
            return datasets.Dataset(messages, fingerprint=self.digest)
        return datasets.DatasetDict(
            {
                name: datasets.Dataset(
                    messages.slice(place.start, place.stop - place.start), fingerprint=f"{self.digest}-{name}"
                )
                for name, place in self.splits.items()
            }
        )

    @property
    def rejected(self) -> pd.DataFrame:
        """What the checks kept out: id, language, field, check, verdict, outcome, reason, score, seen, excerpt."""
        return self._found("reject")

    @property
    def flagged(self) -> pd.DataFrame:
        """What the checks flagged, most of it in the mixture; the columns are those of :attr:`rejected`."""
        return self._found("flag")

    def _found(self, outcome: str) -> pd.DataFrame:
        frame: pd.DataFrame = self.report.findings.filter(pc.field("outcome") == outcome).to_pandas()
        return frame

    @property
    def counts(self) -> pd.DataFrame:
        """One row a language (and split, where there are several).

        asked and given (in the budget's unit; given is left out where that is examples), examples, distinct cells (left
        out where none is repeated), characters, share of the given, available instructions, cells that were rejected
        (in all splits), those kept though unsure and those flagged. Where the budget is not in examples, also what the
        plan comes to in other units, and what languages need in tokens.
        """
        import pandas as pd

        plan, names = self.plan, list(self.plan.languages)
        splits = plan.recipe.splits
        columns = (
            self.split * len(names)
            + np.array([names.index(tag) if tag in names else 0 for tag in self.grid.languages])[
                self.grid.language[self.cells]
            ]
        )
        examples = np.bincount(columns, minlength=plan.asked.size)
        table: dict[str, Any] = {"asked": plan.asked.ravel()}
        if plan.recipe.budget.unit != "examples":
            table["given"] = plan.given.ravel()
        table["examples"] = examples
        if (plan.distinct < plan.examples).any():
            table["distinct"] = plan.distinct.ravel()
        table["characters"] = self.sizes["characters"]
        if plan.measured is not None:
            table.update(plan.measured.columns(len(splits), besides=table))
        table["share"] = plan.given.ravel() / max(int(plan.given.sum()), 1)
        table["available"] = np.tile(plan.available, len(splits))
        table["rejected"] = [self.report.rejected.get(name, 0) for name in names] * len(splits)
        table["unsure"] = [self.report.unsure[split][name] for split in splits for name in names]
        table["flagged"] = [self.report.flagged[split][name] for split in splits for name in names]
        index = pd.MultiIndex.from_product([splits, names], names=["split", "language"])
        counts: pd.DataFrame = pd.DataFrame(table, index=index)
        return counts if len(splits) > 1 else counts.droplevel("split")

    @cached_property
    def sizes(self) -> dict[str, npt.NDArray[np.int64]]:
        """What the rows come to in characters and in bytes: unit → shape ``(splits * languages,)``, int64."""
        name = self.rows.database.register(self._table.select(["split", "column", "messages"]))
        sums = [f"sum(list_sum([{length}(m.content) FOR m IN messages]))" for length in ("length", "strlen")]
        found = self.rows.database.rows(f'SELECT split, "column", {", ".join(sums)} FROM {name} GROUP BY ALL')
        self.rows.database.unregister(name)
        by_key = {(split, language): (int(characters), int(size)) for split, language, characters, size in found}
        keys = [(split, language) for split in self.plan.recipe.splits for language in self.plan.languages]
        sizes = np.array([by_key.get(key, (0, 0)) for key in keys], dtype=np.int64)
        return {"characters": sizes[:, 0], "bytes": sizes[:, 1]}

    def _lines(self) -> tuple[list[str], list[list[Any]], list[float]]:
        counts = self.counts
        optional = [name for name in ("rejected", "unsure", "flagged") if counts[name].any()]
        header = [str(name) for name in counts.index.names]
        unit = self.plan.recipe.budget.unit
        figures = [
            *(("given",) if "given" in counts else ()),
            "examples",
            *(("distinct",) if "distinct" in counts else ()),
        ]
        titles = [unit if name == "given" else name for name in figures]
        used = counts[(counts["asked"] > 0) | (counts["examples"] > 0)]
        rows = [
            [
                *(map(str, key) if isinstance(key, tuple) else (str(key),)),
                *(int(row[name]) for name in figures),
                float(row["share"]),
                int(row["available"]),
                *(int(row[name]) for name in optional),
            ]
            for key, row in used.iterrows()
        ]
        largest = max(used["share"].max(), 1e-9)
        return (
            [*header, *titles, "share", "available", *optional],
            rows,
            [float(share / largest) for share in used["share"]],
        )

    @property
    def notes(self) -> list[str]:
        """What could not be asked about the chosen cells, a sentence each."""
        return self.report.uncompared.notes

    @property
    def _title(self) -> str:
        asked = self.plan.asked.sum(axis=0) > 0
        used = len(tags_of([name for name, some in zip(self.plan.languages, asked.tolist(), strict=True) if some]))
        recipe = self.plan.recipe
        short = ", partial" if self.plan.partial else ""
        return (
            f"Mixture of {number_of(len(self), 'example')} in {number_of(used, 'language')}, "
            f"{recipe.content}, seed {recipe.seed}{short}"
        )

    @property
    def _note(self) -> str:
        report = self.report
        reserve = f"{self.plan.reserve:,} in reserve"
        parts = [f"{number_of(report.read, 'row')} read", f"{len(self):,} chosen", reserve]
        if report.excluded is not None:
            parts.append(f"{number_of(int(report.excluded.mask.sum()), 'instruction')} excluded")
        if report.dropped:
            parts.append(f"{number_of(sum(report.dropped.values()), 'bad row')} dropped")
        if any(report.rejected.values()):
            parts.append(f"{sum(report.rejected.values()):,} rejected and replaced")
        if unsure := sum(sum(counts.values()) for counts in report.unsure.values()):
            parts.append(f"{unsure:,} unsure and kept")
        if flagged := sum(sum(counts.values()) for counts in report.flagged.values()):
            parts.append(f"{flagged:,} flagged")
        if self.notes:
            beside = report.uncompared
            parts.append(f"{sum(beside.cells.values()):,} not compared, as {beside.lack}")
        return ", ".join(parts)

    def __repr__(self) -> str:
        header, rows, shares = self._lines()
        shown = [[*row, bar(share)] for row, share in zip(rows, shares, strict=True)]
        keys = self.counts.index.nlevels
        body = table([*header, ""], shown, left=(*range(keys), len(header)), indent="  ")
        return f"{self._title}\n{body}\n{self._note}"

    def _repr_html_(self) -> str:
        header, rows, shares = self._lines()
        return html_table(self._title, header, rows, shares, self._note)
