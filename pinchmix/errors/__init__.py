"""Every refusal, with its numbers and its ways out.

All errors of pinchmix are one family, so ``except PinchmixError`` catches what the library refuses and nothing else::

    PinchmixError
    ├── SourceError             the data cannot be read as parallel data
    │   ├── SourceNotFound      no file, no language or no table where one was named
    │   ├── LayoutUnknown       the columns are of no known layout
    │   ├── LanguageClash       two columns or files are the same language
    │   ├── RowCountMismatch    a join by row number over tables of different length
    │   ├── SourceChanged       the data is no longer what the scan saw
    │   └── BadRows             rows that cannot be used, all of them together
    ├── UnknownLanguage         a text that is not a language tag, or not a language of the source
    ├── BudgetError             a budget that says nothing sensible
    │   ├── InfeasibleBudget    a sensible budget that the data cannot give, with the proof
    │   └── InfeasibleFamily    recipes whose mixtures cannot keep their family's laws on this data
    ├── ArgumentError           an argument that means nothing, or two that contradict
    │   └── BadFile             a recipe, family or weights file with faults, all of them together
    ├── UnknownPlugin           no sampler, validator, exporter ... of that name
    ├── WorkersFailed           a process that was to help ended before it had answered
    └── ExportError             the export cannot be written, or is not what it says it is
        ├── FolderTaken         the target exists and ``overwrite`` was not given
        ├── RowsRefused         rows that a format cannot say, or that readers would garble
        ├── WriteFailed         the system refused to write: a full disk, no permission
        ├── RebuildFailed       the source gives another mixture than the one of a manifest
        └── VerificationFailed  faults found by re-reading an export

The message says what was asked, what is, and what to do. The same figures are attributes of the exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinchmix.errors.certificate import Certificate, clash, ways_out
from pinchmix.errors.told import SHOWN, family_told, faults_told, rows_told
from pinchmix.errors.told import BadRow as BadRow
from pinchmix.errors.told import Fault as Fault
from pinchmix.text.wording import listing, near, number_of


class PinchmixError(Exception):
    """The root of the tree: anything pinchmix refuses."""

    exit_code = 2

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, as most errors here take keyword arguments (they cross process borders)."""
        return (_revive, (type(self), self.args, self.__dict__))


def _revive(kind: type[PinchmixError], args: tuple[Any, ...], state: dict[str, Any]) -> PinchmixError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class SourceError(PinchmixError):
    """The data cannot be read as parallel data."""


class SourceNotFound(SourceError):
    """No file, no language or no table where one was named.

    Attributes:
        source: What was named.
    """

    def __init__(self, source: str, why: str) -> None:
        self.source = source
        super().__init__(why)


class LayoutUnknown(SourceError):
    """The columns are of no known layout.

    Attributes:
        table: The file or table.
        columns: The columns that it has.
        why: What is wrong with them.
        way: What to do.
    """

    NAME_THEM = (
        "Name them: columns={'id': ..., 'prompt': ..., 'response': ...} "
        "(or 'messages' in place of the two; 'system', 'input' and 'language' may be added)."
    )

    def __init__(self, table: str, columns: Sequence[str], why: str = "", way: str = NAME_THEM) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.why, self.way = why, way
        has = f"the columns {listing(self.columns)}" if self.columns else "no columns"
        super().__init__(f"{table}: {why or 'no known layout of instruction data'}. It has {has}.\n{way}")


class LanguageClash(SourceError):
    """Two columns or files are the same language, or two names of a budget the same woven column.

    Attributes:
        language: The canonical tag or name.
        names: The files, columns or keys that all become it.
    """

    def __init__(self, language: str, names: Sequence[str]) -> None:
        self.language = language
        self.names = tuple(names)
        noun = "column" if ">" in language or "(" in language else "language"
        super().__init__(
            f"{' and '.join(repr(name) for name in names)} are the same {noun}, {language!r}. "
            "Keep one of them, or merge them under one name first."
        )


class RowCountMismatch(SourceError):
    """A join by row number over tables of different length.

    Attributes:
        counts: Rows by table.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)
        table = "\n".join(f"  {name}  {count:,}" for name, count in self.counts.items())
        super().__init__(
            'join="row" needs as many rows in every language, as row n must be the same instruction everywhere:\n'
            f"{table}\nGive the rows ids and join by id, or mend the files."
        )


class SourceChanged(SourceError):
    """The data is no longer what the scan saw.

    Attributes:
        table: The file or table that changed.
    """

    def __init__(self, table: str, why: str) -> None:
        self.table = table
        super().__init__(f"{table} changed after it was scanned: {why}. Build the mixture again.")


class BadRows(SourceError):
    """Rows that cannot be used, all of them together.

    Attributes:
        rows: The first bad rows by table and row, at most ``SHOWN`` of each fault.
        counts: How many bad rows there are by fault, all of them.
    """

    SHOWN = SHOWN

    def __init__(
        self,
        rows: Sequence[BadRow],
        counts: Mapping[str, int],
        hints: Mapping[str, str],
        *,
        files: int = 0,
        way: str = 'Mend them, or build without them: on_bad_rows="drop" leaves them out and counts them.',
    ) -> None:
        self.rows = tuple(rows)
        self.counts = dict(counts)
        total = sum(self.counts.values())
        named = [
            f"{count:,} {one if count == 1 else many}"
            for count, one, many in ((total - files, "row", "rows"), (files, "file or table", "files or tables"))
            if count
        ]
        head = f"{' and '.join(named)} cannot be used:"
        super().__init__("\n".join([head, *rows_told(self.rows, self.counts, hints), way]))


class UnknownLanguage(PinchmixError):
    """A text that is not a language tag, or not a language of the source.

    Attributes:
        tag: What was given.
        known: The languages that would have been right, which may be none; None where the text is no language tag.
    """

    def __init__(self, tag: str, known: Sequence[str] | None = None, where: str = "") -> None:
        self.tag = tag
        self.known = None if known is None else tuple(known)
        lead = f"{where}: " if where else ""
        if self.known is None:
            text = f"{lead}{tag!r} is not a language tag. Use BCP-47, such as 'en', 'zh-Hant' or 'pt-BR'."
        else:
            there = f"There are: {listing(self.known, 40)}." if self.known else "There is none."
            text = f"{lead}{tag!r} is not among the languages at hand.{near(tag, self.known)} {there}"
        super().__init__(text)


class BudgetError(PinchmixError):
    """A budget that says nothing sensible.

    Attributes:
        figures: The numbers of the message by name, such as ``{"total": 5000, "largest": 4640}``; may be empty.
    """

    def __init__(self, message: str, **figures: int) -> None:
        self.figures = figures
        super().__init__(message)


class InfeasibleFamily(BudgetError):
    """Recipes whose mixtures cannot keep their family's laws on this data.

    Attributes:
        family: The name of the family.
        languages: The languages that its members use.
        total: How many instructions the largest member holds.
        core: How many instructions exist in all these languages; enough, where no chains go in a circle.
        without: Language → the core without it, where that would do; the largest first.
        undecided: Why it is not known whether it is impossible; empty where it is.
    """

    exit_code = 3

    def __init__(
        self,
        family: str,
        laws: Sequence[str],
        languages: Sequence[str],
        total: int,
        core: int,
        without: Mapping[str, int],
        undecided: str = "",
    ) -> None:
        self.family, self.languages, self.total, self.core = family, tuple(languages), total, core
        self.without, self.undecided = dict(without), undecided
        said = "was found that makes" if undecided else "makes"
        head = f"family {family}: no choice of instructions {said} its members {' and '.join(laws)}."
        super().__init__("\n".join([head, *family_told(languages, total, core, without, undecided)]))


class ArgumentError(PinchmixError):
    """An argument that means nothing, or two that contradict."""


class BadFile(ArgumentError):
    """A recipe, family or weights file with faults, all of them together.

    Attributes:
        file: What the file is called.
        faults: What is wrong, by line.
    """

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(sorted(faults))
        head = f"{file} cannot be used: {number_of(len(self.faults), 'fault')}."
        super().__init__("\n".join([head, *faults_told(file, self.faults)]))


class UnknownPlugin(PinchmixError):
    """No sampler, validator, exporter ... of that name.

    Attributes:
        kind: The shelf, such as ``sampler``.
        name: What was asked for.
        known: The names there are.
    """

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        super().__init__(
            f"no {kind} is called {name!r}.{near(name, known)} There are: {listing(self.known, 40)}. "
            f"One of your own is passed as an object (where a recipe or a manifest names it, in plugins=[...]), or "
            f"declared as an entry point in 'pinchmix.{kind.replace(' ', '_')}s'."
        )


class WorkersFailed(PinchmixError):
    """A process that was to help ended before it had answered."""

    exit_code = 1


class ExportError(PinchmixError):
    """The export cannot be written, or is not what it says it is."""


class FolderTaken(ExportError):
    """The target exists and ``overwrite`` was not given.

    Attributes:
        folder: The target.
    """

    def __init__(self, folder: str, why: str) -> None:
        self.folder = folder
        super().__init__(why)


class RowsRefused(ExportError):
    """Rows of a mixture that a format cannot say, or that readers would garble; nothing was written.

    Attributes:
        rows: The first of them by source and row, at most 20 of each fault.
        counts: How many there are by fault, all of them.
    """

    SHOWN = SHOWN

    def __init__(self, rows: Sequence[BadRow], counts: Mapping[str, int], way: str) -> None:
        self.rows = tuple(rows)
        self.counts = dict(counts)
        head = f"{number_of(sum(self.counts.values()), 'row')} cannot be exported:"
        super().__init__("\n".join([head, *rows_told(self.rows, self.counts, {}), way]))


class WriteFailed(ExportError):
    """The system refused to write: a full disk, no permission, a name that is too long.

    Attributes:
        folder: The target; what was there before is as it was.
        reason: What the system said, an ``OSError``.
        left: What could not be removed of the new export, or ``""``; the next export to the same place removes it.
    """

    exit_code = 1

    def __init__(self, folder: str, reason: OSError, left: str = "") -> None:
        self.folder = folder
        self.reason = reason
        self.left = left
        behind = f"{left} was left behind, as it could not be removed" if left else "Nothing was left behind"
        above = str(reason.filename or "")  # a folder above the target says more than the target
        where = f"{above}: " if above and folder.startswith(f"{above}/") else ""
        super().__init__(
            f"{folder} cannot be written: {where}{reason.strerror or reason}. {behind}; what was there before is as it "
            "was."
        )


class RebuildFailed(ExportError):
    """The source gives another mixture than the one of a manifest, or none.

    Attributes:
        changed: Source files that are not what they were: name → what happened.
        cells: What became of the chosen cells (:class:`pinchmix.rebuild.CellChanges`), or None where only the manifest
            was at hand, or nothing could be built.
    """

    exit_code = 4

    def __init__(self, why: str, changed: Mapping[str, str], cells: Any) -> None:
        self.changed = dict(changed)
        self.cells = cells
        super().__init__(why)


class VerificationFailed(ExportError):
    """Faults found by re-reading an export.

    Attributes:
        folder: The export.
        faults: One line each: file, row where there is one, what is wrong.
    """

    exit_code = 4

    def __init__(self, folder: str, faults: Sequence[str]) -> None:
        self.folder = folder
        self.faults = tuple(faults)
        shown = "\n".join(f"  {fault}" for fault in self.faults[:20])
        more = f"\n  ... and {len(self.faults) - 20:,} more" if len(self.faults) > 20 else ""
        count = len(self.faults)
        super().__init__(f"{folder}: {count:,} {'fault' if count == 1 else 'faults'} found\n{shown}{more}")


class InfeasibleBudget(BudgetError):
    """A sensible budget that the data cannot give, with the proof.

    Attributes:
        certificate: The :class:`Certificate`.
    """

    exit_code = 3

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate
        names = certificate.languages
        who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

        def row(title: str, figures: Sequence[int]) -> str:
            pairs = [f"{name} {figure:,}" for name, figure in zip(names, figures, strict=True)]
            return f"  {title:<10} {' · '.join(pairs)}"

        super().__init__(
            f"{clash(certificate, who)}\n{row('asked', certificate.asked)}\n"
            f"{row('available', certificate.available)}\nWays out: {' · '.join(ways_out(certificate, who))}"
        )
