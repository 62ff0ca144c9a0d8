"""audit_source: every check on every cell of a source, with the evidence."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.arguments import Validate, read_policy
from pinchmix.errors import ArgumentError, UnknownLanguage
from pinchmix.exclude import Overlap, Reason, overlap, read_exclusion
from pinchmix.grid import Grid
from pinchmix.judging.examine import FINDINGS, examine, panel_of
from pinchmix.judging.judge import KEYS, Reader
from pinchmix.judging.known import Known, keys_of
from pinchmix.judging.workers import workers_for
from pinchmix.language import normalise_language
from pinchmix.plugins import Cells, Surveys, Validator, compares, surveyed
from pinchmix.policy import Check
from pinchmix.pool import Pool
from pinchmix.progress import progress_bar
from pinchmix.reading.facts import SourceFacts
from pinchmix.reading.texts import Texts
from pinchmix.recipe import PARALLEL, PIVOT, read_languages
from pinchmix.scan import scan_source
from pinchmix.sources.database import Database
from pinchmix.sources.source import open_source
from pinchmix.text.show import html_table, table
from pinchmix.text.wording import near, number_of
from pinchmix.uncompared import Uncompared

if TYPE_CHECKING:
    import pandas as pd

SIZE = 2_500  # cells judged together; enough batches for every worker
FEW = 12_000  # cells that one process is done with before others have started and loaded their profiles


@dataclass(frozen=True, eq=False)
class Audit:
    """What the checks found in a source.

    Attributes:
        recognised: What the source was taken for.
        cells: Language → cells that were judged.
        found: One row a finding: id, language, field, check, verdict (``mismatch`` or ``unsure``), outcome under the
            policy (``reject``, ``flag`` or ``keep``), reason, score, seen, excerpt; an Arrow table.
        checks: The checks that were asked.
        bad_rows: Rows that cannot be used, by fault.
        uncompared: The cells that the pivot lacks, and the checks that could not be asked about them.
    """

    recognised: str
    cells: Mapping[str, int]
    found: pa.Table
    checks: tuple[Check, ...]
    bad_rows: Mapping[str, int]
    uncompared: Uncompared

    @property
    def findings(self) -> pd.DataFrame:
        """What was found, as a DataFrame; the columns are those of :attr:`found`."""
        frame: pd.DataFrame = self.found.to_pandas()
        return frame

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the findings to a file ending in ``.csv``, ``.jsonl`` or ``.parquet``.

        Raises:
            ArgumentError: It has another ending.
        """
        ending = Path(path).suffix
        if ending == ".parquet":
            self.findings.to_parquet(path)
        elif ending == ".csv":
            self.findings.to_csv(path, index=False)
        elif ending == ".jsonl":
            self.findings.to_json(path, orient="records", lines=True, force_ascii=False)
        else:
            raise ArgumentError(f"{str(path)!r}: the findings are written as .csv, .jsonl or .parquet.")

    @cached_property
    def languages(self) -> pd.DataFrame:
        """One row a language: cells, and how many of them are ok, unsure, and have a mismatch in some check."""
        import pandas as pd

        worst = self._cells_by(["language", "id"])
        per = {name: worst[worst == name].groupby("language", observed=True).size() for name in ("mismatch", "unsure")}
        cells = pd.Series(dict(self.cells), dtype="int64", name="cells")
        whole = pd.DataFrame({"cells": cells, **{name: series.astype("int64") for name, series in per.items()}})
        whole = whole.reindex(list(self.cells)).fillna(0).astype("int64")
        whole.insert(1, "ok", whole["cells"] - whole["unsure"] - whole["mismatch"])
        whole.index.name = "language"
        counts: pd.DataFrame = whole[["cells", "ok", "unsure", "mismatch"]]
        return counts

    def _cells_by(self, keys: list[str]) -> pd.Series:
        """Return the worst verdict of each cell that anything was found in."""
        # Of the two verdicts, "mismatch" comes first.
        worst: pd.Series = self.findings.groupby(keys, observed=True)["verdict"].min()
        return worst

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a check, one column a language: cells with a mismatch."""
        found = self.findings.query("verdict == 'mismatch'").drop_duplicates(["check", "language", "id"])
        counts = found.groupby(["check", "language"]).size().unstack(fill_value=0)
        names = list(dict.fromkeys([*(check.name for check in self.checks), *counts.index]))
        whole: pd.DataFrame = counts.reindex(
            index=names,
            columns=list(self.cells),
            fill_value=0,
        )
        return whole

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """Expected language × what the language check took its texts for, where it finds a mismatch."""
        found = self.findings.query("check == 'language' and verdict == 'mismatch'")
        whole: pd.DataFrame = found.groupby(["language", "seen"]).size().unstack(fill_value=0)
        return whole

    def _lines(self) -> tuple[list[str], list[list[Any]], str]:
        counts = self.table
        shown = [name for name in counts.index if counts.loc[name].any()]
        rows = [
            [str(tag), *map(int, row), *(int(counts.loc[name, tag]) for name in shown)]
            for tag, row in zip(self.languages.index, self.languages.to_numpy(), strict=True)
        ]
        bad = sum(self.bad_rows.values())
        note = f"{number_of(len(self.checks), 'check')}, {number_of(len(self.found), 'finding')}"
        notes = [f"{note}, {number_of(bad, 'bad row')}" if bad else note, *self.notes]
        return ["language", "cells", "ok", "unsure", "mismatch", *shown], rows, "\n".join(notes)

    @property
    def notes(self) -> list[str]:
        """What could not be asked, a sentence each; none where every check was asked about every cell."""
        return self.uncompared.notes

    @property
    def _title(self) -> str:
        total = sum(self.cells.values())
        return f"Audit of {number_of(total, 'cell')} in {number_of(len(self.cells), 'language')}"

    def __repr__(self) -> str:
        header, rows, note = self._lines()
        return f"{self._title}\n{table(header, rows, left=(0,), indent='  ')}\n{note}"

    def _repr_html_(self) -> str:
        header, rows, note = self._lines()
        shares = [row[4] / max(row[1], 1) for row in rows]
        return html_table(self._title, header, rows, shares, note)


def audit_source(
    source: Any,
    *,
    validate: Validate = "strict",
    languages: Sequence[str] | None = None,
    pivot: str = "en",
    parallel: str = "both",
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    exclude: Any = None,
    workers: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Audit:
    """Ask every check about every cell of a source.

    Verdicts are those of :func:`~pinchmix.build_mixture`, whatever the number of workers, and cells that a cheap check
    rejects are judged by the dear ones too.

    Args:
        source: Parallel data, as in a build.
        validate: Which checks, and what would become of what they find, as in a build; ``"strict"`` by default, which
            has all that are on by default and those that look at the whole source.
        languages: The languages to judge; all of the source by default.
        pivot: The language that the others are translations of; the audit says which checks could not be asked of cells
            that it lacks.
        parallel: ``"prompt"`` where the responses are no translations of each other, else ``"both"``.
        columns: As in a build.
        join: As in a build.
        exclude: Evaluation prompts, or ids, as in a build; cells of the instructions that it would leave out are found
            under the name ``overlap``.
        workers: Processes; by default one a processor, and a single one for a few thousand cells. Each is a fresh
            interpreter, so a script that asks for several needs ``if __name__ == "__main__":``.
        cache: A folder that keeps verdicts by a digest of the texts, so that the next audit judges new texts alone.
        progress: As in a build.

    Returns:
        The audit.

    Raises:
        ArgumentError: An argument that means nothing, or a check that cannot be sent to a process.
        WorkersFailed: A process ended before it had answered, as those of a script without such a guard do.
        PinchmixError: The source cannot be read as parallel data.

    Example:
        >>> import pinchmix
        >>> audit = audit_source(pinchmix.sample(), validate=["damage", "turns"], languages=["en", "fi"])
        >>> audit.languages["cells"].to_dict()
        {'en': 65, 'fi': 65}
    """
    if parallel not in PARALLEL:
        raise ArgumentError(f"parallel={parallel!r} is none of {', '.join(PARALLEL)}.{near(str(parallel), PARALLEL)}")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ArgumentError(f"workers={workers!r}: give the number of processes, from 1.")
    policy = read_policy(validate)
    if cache is not None and not isinstance(cache, (str, os.PathLike)):
        raise ArgumentError(f"cache={cache!r}: give the path of a folder.")
    tags = read_languages(languages)
    beside = normalise_language(pivot)
    database = Database()
    opened = open_source(
        source, database, columns=columns, join=join, languages=tags, beside=[beside], progress=progress
    )
    grid, faults, _ = scan_source(opened, database, tags, [beside])
    faults.extend(opened.faults)
    comparing = tuple(check.name for check, one in policy if compares(one))
    if comparing and beside not in grid.languages and beside != PIVOT:
        raise UnknownLanguage(beside, grid.languages, "pivot")
    tags = tags or grid.languages
    grid = grid.only(tags, [beside] if beside in grid.languages else [])
    facts = SourceFacts(opened, database, grid, beside, progress)
    pool = Pool(grid, beside, facts)
    texts = Texts(opened, database, progress)
    reader = Reader(grid, texts, beside, parallel, with_pivot=True)
    everyone = np.flatnonzero(np.isin(grid.language, [grid.languages.index(tag) for tag in tags]))
    texts.fetch(reader.beside(grid, everyone), among=grid.address)
    faults.extend(texts.faults_in(grid))

    alone = [(check, one) for check, one in policy if not isinstance(one, Surveys)]
    looking = [(check, surveyed(one, pool)) for check, one in policy if isinstance(one, Surveys)]
    known = Known(None if cache is None else Path(cache), panel_of(*_pairs(alone)), grid.languages, beside)
    count = workers or (1 if len(grid) <= FEW else os.cpu_count() or 1)
    sent = [(f"the check {check.name}", one) for check, one in alone]
    found: list[pa.Table] = []
    uncompared: Counter[str] = Counter()
    judged = np.zeros(len(grid.languages), dtype=np.int64)
    with progress_bar("auditing", len(everyone), "cell", progress) as step, workers_for(count, sent) as pool_of_workers:
        for numbers, cells, plain in _judged(reader, everyone, alone, known, pool_of_workers, parallel):
            whole = examine(cells, panel_of(*_pairs(looking)), grid.languages, parallel=parallel, every=True)
            found += [plain, whole.findings]
            judged += np.bincount(grid.language[numbers], minlength=len(grid.languages))
            uncompared.update(reader.lacking(grid, numbers))
            step(len(cells))
    known.save()
    texts.close()
    if exclude is not None:
        overlapping = overlap(read_exclusion(exclude), grid.ids, facts.prompts())
        found.append(_overlapping(overlapping, grid, everyone))
    together = pa.concat_tables([FINDINGS.empty_table(), *found]).drop(["place"])
    return Audit(
        recognised=str(opened),
        cells={tag: int(judged[grid.languages.index(tag)]) for tag in sorted(tags)},
        found=together.sort_by([(name, "ascending") for name in (*KEYS, "reason")]),
        checks=tuple(check for check, _ in policy),
        bad_rows=faults.counts,
        uncompared=Uncompared(
            checks=comparing,
            cells={tag: uncompared[tag] for tag in grid.languages if uncompared[tag]},
            pivot=beside,
            there=beside in grid.languages,
        ),
    )


def _overlapping(excluded: Overlap, grid: Grid, cells: npt.NDArray[np.int64]) -> pa.Table:
    """Return a finding for each of some cells of the instructions that an exclusion names."""
    cells = cells[excluded.mask[grid.instruction[cells]]]
    reasons = [Reason(reason).name.lower() for reason in excluded.reason[grid.instruction[cells]].tolist()]
    count = len(cells)
    columns: dict[str, Any] = {
        "place": cells,
        "id": grid.ids.take(pa.array(grid.instruction[cells])),
        "language": pa.array(grid.languages).take(pa.array(grid.language[cells])),
        "check": ["overlap"] * count,
        "verdict": ["mismatch"] * count,
        "outcome": ["reject"] * count,
        "reason": reasons,
        "score": np.full(count, np.nan, dtype=np.float32),
        **{name: [said] * count for name, said in (("field", "prompt"), ("seen", ""), ("excerpt", ""))},
    }
    return pa.table([columns[name] for name in FINDINGS.names], schema=FINDINGS)


Asked = Sequence[tuple[Check, Validator]]


def _pairs(asked: Asked) -> tuple[list[Check], list[Validator]]:
    return [check for check, _ in asked], [one for _, one in asked]


def _found(cells: Cells, asked: Asked, languages: Sequence[str], parallel: str) -> pa.Table:
    return examine(cells, panel_of(*_pairs(asked)), languages, parallel=parallel, every=True).findings


def _judged(
    reader: Reader, everyone: npt.NDArray[np.int64], asked: Asked, known: Known, workers: Executor | None, parallel: str
) -> Iterator[tuple[npt.NDArray[np.int64], Cells, pa.Table]]:
    """Yield cells in batches with what was found in them, while the next few are being judged."""
    waiting: list[tuple[npt.NDArray[np.int64], Cells, list[bytes], list[bytes], Future[pa.Table]]] = []
    under_way: set[bytes] = set()

    def next_one() -> tuple[npt.NDArray[np.int64], Cells, pa.Table]:
        numbers, cells, keys, new, said = waiting.pop(0)
        known.learn(new, said.result())
        under_way.difference_update(new)
        findings, counts = known.recall(keys)
        place = np.repeat(np.arange(len(keys)), counts)
        columns: dict[str, Any] = {
            "place": place,
            "id": [cells.ids[at] for at in place.tolist()],
            "language": [cells.response_languages[at] for at in place.tolist()],
            **{name: findings.column(name) for name in findings.column_names},
        }
        return numbers, cells, pa.table([columns[name] for name in FINDINGS.names], schema=FINDINGS)

    for numbers, cells in reader.batches(reader.grid, everyone, SIZE):
        keys = keys_of(cells)
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        new = [key for key in first if key not in known and key not in under_way]
        under_way.update(new)
        part = cells.take([first[key] for key in new])
        said: Future[pa.Table]
        if workers is None:
            said = Future()
            said.set_result(_found(part, asked, reader.grid.languages, parallel))
        else:
            said = workers.submit(_found, part, asked, reader.grid.languages, parallel)
        waiting.append((numbers, cells, keys, new, said))
        if workers is None or len(waiting) > 8:
            yield next_one()
    while waiting:
        yield next_one()
