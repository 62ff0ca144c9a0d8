"""A source: the user's files or tables as SQL tables of known layout."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, cast

import fsspec

from pinchmix.errors import (
    ArgumentError,
    LanguageClash,
    LayoutUnknown,
    RowCountMismatch,
    SourceChanged,
    UnknownLanguage,
)
from pinchmix.language import normalise_language
from pinchmix.sources.damage import reading
from pinchmix.sources.database import Database, quoted
from pinchmix.sources.faults import Faults
from pinchmix.sources.layout import Column, Layout, language_in
from pinchmix.sources.locate import Piece, locate
from pinchmix.sources.opened import OpenedPiece
from pinchmix.sources.table import Table
from pinchmix.text.wording import listing, near

JOINS = ("id", "row")
AS_PIVOT = (
    "It is read as the pivot, for the checks that compare (a sampler that reads and an exclusion by prompts ask it "
    "too). validate=False, or another pivot=..., does without it."
)


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, so that a manifest can say what a mixture was made of.

    Attributes:
        name: How provenance names it.
        url: Where it is.
        rows: How many rows could be read.
        stamp: Size and time of change when it was opened.
        language: Its canonical tag; None where it is opened whatever languages are asked for.
    """

    name: str
    url: str
    rows: int
    stamp: str
    language: str | None = None
    _known: list[tuple[str, int]] = field(default_factory=list, repr=False, compare=False)

    def sha256(self, step: Callable[[int], object] = lambda size: None) -> tuple[str, int]:
        """Return the digest and the size of the file's bytes.

        Args:
            step: Told how many bytes were read; what it raises ends the reading.

        Raises:
            SourceChanged: They are no longer those that were read.
        """
        now = stamp_of(self.url)
        if now != self.stamp:
            why = (
                "its size or its time of change is another" if now else "it is gone, and the manifest needs its digest"
            )
            raise SourceChanged(self.name, why)
        if self._known:  # several mixtures of one source are exported one after the other
            return self._known[0]
        state, size = hashlib.sha256(), 0
        with fsspec.open(self.url, "rb").open() as stream:
            while block := stream.read(1 << 20):
                state.update(block)
                size += len(block)
                step(len(block))
        self._known.append((state.hexdigest(), size))
        return self._known[0]


def stamp_of(url: str) -> str:
    """Return size and time of change of a file, as far as its file system tells them; nothing if it cannot be seen."""
    filesystem, root = fsspec.core.url_to_fs(url)
    try:
        told = filesystem.info(root)
    except OSError:
        return ""  # whoever opens it says why, with all other faults
    return " ".join(str(told.get(name)) for name in ("size", "mtime", "LastModified", "ETag", "created"))


@dataclass(frozen=True)
class Source:
    """The user's files or tables as SQL tables.

    Attributes:
        tables: One a language and file, or one for a long table.
        files: The files among them.
        faults: Rows and files that could not be read.
        read: Rows met so far, readable or not; of a wide or a long table, in the languages that are wanted.
        beyond: The languages that are there and were not asked for, in order.
    """

    tables: tuple[Table, ...]
    files: tuple[SourceFile, ...]
    faults: Faults
    read: int
    beyond: tuple[str, ...] = ()

    def only(self, languages: Collection[str], rows: Mapping[int, Mapping[str, int]]) -> Source:
        """Return what is opened and read where only some of the languages are asked for; the tables keep their numbers.

        Args:
            languages: Canonical tags.
            rows: Number of each long table → language → its rows, as the scan counted them.

        Example:
            >>> rows = [{"id": 1, "prompt": "?", "response": "!"}]
            >>> source = open_source({"en": rows, "fi": rows}, Database())
            >>> source.read, source.only(["fi"], {}).read
            (2, 1)
        """
        tables = tuple(
            replace(table, rows=table.rows - sum(n for tag, n in rows[table.number].items() if tag not in languages))
            if table.language is None
            else table
            for table in self.tables
            if table.language is None or table.language in languages
        )
        files = tuple(file for file in self.files if file.language is None or file.language in languages)
        left = {table.language for table in self.tables if table.language and table.language not in languages}
        return _source(tables, files, self.faults.only(languages), tuple(sorted({*self.beyond, *left})))

    def check_unchanged(self) -> None:
        """Raise if a file that is read where it stands is no longer the one that was scanned.

        Raises:
            SourceChanged: Its size or its time of change is another, or it is gone.
        """
        in_place = {
            table.piece.url
            for table in self.tables
            if table.parquet and table.piece.url and fsspec.core.url_to_fs(table.piece.url)[1] == str(table.parquet)
        }
        for file in self.files:
            if file.url in in_place and (now := stamp_of(file.url)) != file.stamp:
                raise SourceChanged(file.name, "its size or its time of change is another" if now else "it is gone")

    def __str__(self) -> str:
        """What the source was taken for: the layouts, the tables of each, and tags that are written in another way."""
        names: dict[str, list[str]] = {}
        for table in self.tables:
            names.setdefault(str(table.layout), []).append(table.name)
        lines = [f"{listing(tables, 4)}: {layout}" for layout, tables in names.items()]
        other = [
            f"{table.spelling} is {table.language}"
            for table in self.tables
            if table.spelling and table.spelling != table.language
        ]
        return "\n".join([*lines, *([f"languages: {listing(other, 20)}"] if other else [])])


def open_source(
    source: Any,
    database: Database,
    *,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    languages: Sequence[str] = (),
    beside: Sequence[str] = (),
    progress: bool | None = None,
) -> Source:
    """Make whatever the user gives readable in SQL; text files are parsed here, once.

    Args:
        source: See :func:`~pinchmix.sources.locate.locate`.
        database: Where the tables become readable.
        columns: Field → column name, where the layout is none that is known.
        join: ``"id"``, or ``"row"`` for tables in which row n is the same instruction in every language.
        languages: Canonical tags; pieces known to be of another language are not opened. All if empty.
        beside: Tags that are opened as well, where they are there.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Raises:
        SourceNotFound: Nothing is there.
        LayoutUnknown: Columns that are of no known layout.
        LanguageClash: Two files or columns of one language.
        UnknownLanguage: ``languages`` asks for one that no file holds.
        RowCountMismatch: ``join="row"`` with unequal tables.
        ArgumentError: The object is nothing that can be read, or ``join`` is neither.

    Example:
        >>> source = open_source({"en": [{"id": 1, "prompt": "Hi", "response": "Hello"}]}, Database())
        >>> print(source)
        source['en']: prompt/response (id=id, prompt=prompt, response=response)
    """
    if join not in JOINS:
        raise ArgumentError(f"join={join!r} is neither 'id' nor 'row'.{near(str(join), JOINS)}")
    pieces = locate(source)
    alone = all(piece.language for piece in pieces)  # else some must be opened to know what is in them, and all are
    known = [piece.language for piece in pieces]
    wanted = (*languages, *beside) if languages else ()
    if languages and alone:
        for tag in languages:
            if tag not in known:
                raise UnknownLanguage(tag, sorted({language for language in known if language}), "languages")
        pieces = [piece for piece in pieces if piece.language in wanted]
    only_pivots = frozenset(beside).difference(languages) if languages else frozenset[str]()
    faults = Faults()
    tables: list[Table] = []
    files: list[SourceFile] = []
    heights: list[int] = []
    met = {language for language in known if language}
    for piece in pieces:
        stamps = {piece.url: stamp_of(piece.url)} if piece.url else {}  # before it is read, lest it change meanwhile
        of_piece, language_of = Faults(), piece.language if alone else None
        try:
            opened = OpenedPiece(piece, database, columns, join, of_piece, progress)
        except LayoutUnknown as error:
            if piece.language in only_pivots:
                raise LayoutUnknown(error.table, error.columns, error.why, f"{error.way}\n{AS_PIVOT}") from None
            raise
        faults.extend(of_piece, language_of, of_pivot=piece.language in only_pivots)
        for spelling, layout in opened.layouts:
            told = spelling or piece.spelling
            _check_told(piece, opened.names, spelling, layout)
            language = normalise_language(told) if told else None
            met.update([language] if language else ())
            if wanted and language and language not in wanted:
                continue
            table = Table(
                number=len(tables),
                name=piece.name,
                label=piece.label,
                language=language,
                spelling=told,
                relation=opened.relation,
                row=opened.row,
                line=opened.line,
                layout=layout,
                rows=opened.rows,
                piece=piece,
                wide=spelling is not None,
                parquet=opened.parquet,
            )
            with reading([table]):
                table = _only_present(table, database, faults, only_pivots) if table.wide else table
                table = _only_wanted(table, database, wanted, met) if wanted and language is None else table
            tables.append(table)
            heights.append(opened.rows)
        if piece.url:
            files.append(SourceFile(piece.label, piece.url, opened.rows, stamps[piece.url], language_of))
    for tag in languages:
        if met and tag not in met:  # where no tag was met, the scan says of each row why
            raise UnknownLanguage(tag, sorted(met), "languages")
    _check_spellings(tables)
    if join == "row":
        _check_rows(tables, heights, faults)
    beyond = tuple(sorted(met.difference(wanted))) if wanted else ()
    return _source(tuple(tables), tuple(files), faults, beyond)


def _source(
    tables: tuple[Table, ...], files: tuple[SourceFile, ...], faults: Faults, beyond: tuple[str, ...]
) -> Source:
    return Source(tables, files, faults, sum(table.rows for table in tables) + len(faults), beyond)


def _check_told(piece: Piece, names: Sequence[str], spelling: str | None, layout: Layout) -> None:
    """Make sure that exactly one of name, column names and language column tells the language."""
    if spelling and piece.spelling:
        raise LayoutUnknown(
            piece.name,
            names,
            f"the table is said to be {piece.spelling!r}, and its columns to be {spelling!r}",
            "Give a wide table as the source itself, not under a language.",
        )
    if piece.spelling is None and spelling is None and layout.language is None:
        raise LayoutUnknown(
            piece.name,
            names,
            "nothing tells its language, neither the name nor a column",
            "Say it: source={'en': ..., 'sw': ...}, file names such as en.jsonl, a {lang} template, or "
            "columns={'language': ..., ...} for a table of many languages.",
        )


def _only_present(table: Table, database: Database, faults: Faults, only_pivots: Set[str]) -> Table:
    """Leave out of a wide table the rows that a language does not have: all of its columns are null or of no length."""
    layout = table.layout
    columns = [column for column in (layout.messages, layout.prompt, layout.response) if column]
    plain = not layout.messages and not layout.turns
    # CSV has no null, so a text of no length stands for it.
    test = "({0} IS NOT NULL AND {0} <> '')" if plain else "({0} IS NOT NULL)"
    there = " OR ".join(test.format(column.sql) for column in columns)
    relation = f"(SELECT * FROM {table.relation} WHERE {there})"
    [(rows,)] = database.rows(f"SELECT count(*) FROM {relation}")
    if not rows:
        fault = "empty pivot" if table.language in only_pivots else "empty file"
        faults.add(table.name, 0, fault, f"no row has a text of {table.spelling!r}", table.language)
    return replace(table, relation=relation, rows=rows)


def _only_wanted(table: Table, database: Database, languages: Sequence[str], met: set[str]) -> Table:
    """Leave out of a long table the rows in languages that are not asked for; add those that are there to ``met``."""
    column = cast(Column, table.layout.language).sql
    values = [value for (value,) in database.rows(f"SELECT DISTINCT {column} FROM {table.relation}") if value]
    tags = {value: tag for value in values if (tag := language_in(value))}
    met.update(tags.values())
    others = [value for value, tag in tags.items() if tag not in languages]
    if not others:
        return table
    relation = (
        f"(SELECT * FROM {table.relation} WHERE coalesce({column}, '') NOT IN ({', '.join(map(quoted, others))}))"
    )
    [(rows,)] = database.rows(f"SELECT count(*) FROM {relation}")
    return replace(table, relation=relation, rows=rows)


def _check_spellings(tables: Sequence[Table]) -> None:
    """Refuse two wide tables that spell a language in two ways; files and mappings have been looked at before."""
    seen: dict[str, Table] = {}
    for table in tables:
        if table.language:
            first = seen.setdefault(table.language, table)
            if first.spelling != table.spelling:
                names = [f"{one.spelling} in {one.name}" for one in (first, table)]
                raise LanguageClash(table.language, names)


def _check_rows(tables: Sequence[Table], heights: Sequence[int], faults: Faults) -> None:
    counts: dict[str, int] = {}
    for table, height in zip(tables, heights, strict=True):
        if table.language is None:
            raise ArgumentError(
                f'join="row" needs one table a language, and {table.name} holds many in one column. Join by id.'
            )
        if table.language in counts:
            raise LanguageClash(table.language, [other.name for other in tables if other.language == table.language])
        counts[table.language] = height
    if len(faults):
        raise faults.error('Mend them; with join="row" no row can be left out, as all rows below it would shift.')
    if len(set(counts.values())) > 1:
        raise RowCountMismatch(counts)
