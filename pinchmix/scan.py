"""The scan: which instruction exists in which language, from the id columns alone; no text is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.errors import LanguageClash, SourceNotFound, UnknownLanguage
from pinchmix.grid import ROW_BITS, Grid
from pinchmix.sources.damage import reading
from pinchmix.sources.database import Database, quoted
from pinchmix.sources.faults import Faults
from pinchmix.sources.joined import join_ids
from pinchmix.sources.jsonlines import LINE
from pinchmix.sources.layout import language_in
from pinchmix.sources.source import Source
from pinchmix.sources.table import Table

BLANK = r"[\s\p{Z}\p{Cc}\p{Cf}]*"  # white space, and what shows nothing: zero-width characters, marks of direction

# The long runs of characters without any of these: Latin to Hebrew, Arabic, Indic to Khmer, CJK.
SHOWN = ((0xAE, 0x600), (0x61D, 0x6DD), (0x900, 0x1680), (0x3001, 0xFEFF))


class Scan(NamedTuple):
    """What a scan finds.

    Attributes:
        grid: Which instruction exists in which language.
        faults: Rows with a missing or doubled id, or in no known or the wrong language.
        rows: Number of each table in which a column tells the language → language → its rows.
    """

    grid: Grid
    faults: Faults
    rows: Mapping[int, Mapping[str, int]]


def blank(text: str) -> str:
    """Return SQL that tells whether a text shows nothing.

    A text that begins with a printing ASCII character shows something. Said as a comparison of the whole text, this is
    settled for most texts at once, and for whole parts of a Parquet file by their least and greatest value. Nor does
    one of the letters in SHOWN need a closer look.

    Example:
        >>> blank("id").startswith("((id < '!' OR id >= chr(127)) AND ")
        True
    """
    shown = " OR ".join(f"({text} >= chr({first}) AND {text} < chr({end}))" for first, end in SHOWN)
    return f"(({text} < '!' OR {text} >= chr(127)) AND NOT ({shown}) AND regexp_full_match({text}, '{BLANK}'))"


def scan_source(source: Source, database: Database, languages: Sequence[str] = (), beside: Sequence[str] = ()) -> Scan:
    """Return the grid of a source, and the rows that have no place in it.

    Args:
        source: The tables.
        database: Where they are readable.
        languages: Canonical tags to keep; all if empty.
        beside: Tags to keep as well, where the source has them.

    Returns:
        What was found; the rows that could not even be read are in ``source.faults``.

    Raises:
        UnknownLanguage: ``languages`` asks for one that the source lacks.
        LanguageClash: A language column spells one language in two ways.
        SourceNotFound: No usable row at all.
    """
    with reading(source.tables):
        return _scan(source, database, languages, beside)


def _scan(source: Source, database: Database, languages: Sequence[str], beside: Sequence[str]) -> Scan:
    faults = Faults()
    parts: list[tuple[int, str]] = []
    found: set[str] = set()
    values = {table.number: _values(table, database) for table in source.tables if table.layout.language}
    spellings = {number: {value: language_in(value) for value in counts} for number, counts in values.items()}
    _check_spellings(source.tables, spellings)
    for table in source.tables:
        found.update([table.language] if table.language else filter(None, spellings[table.number].values()))
    for tag in languages:
        if found and tag not in found:
            raise UnknownLanguage(tag, sorted(found), "languages")
    kept = tuple(sorted(found.intersection((*languages, *beside)) if languages else found))
    for table in source.tables:
        keys_of = _keys(table, spellings.get(table.number, {}), kept, database, faults)
        parts.extend((table.rows, part) for part in keys_of)
    if not parts:
        if len(source.faults) or len(faults):
            faults.extend(source.faults)
            raise faults.error()
        raise SourceNotFound("source", "the source has no rows in any language.")
    joined = join_ids(database, parts, len(kept))
    ids, hashes, instruction, language, address = joined
    same = (instruction[1:] == instruction[:-1]) & (language[1:] == language[:-1])
    if same.any():
        doubled = np.append(same, False) | np.append(False, same)
        names = ids.take(pa.array(instruction[doubled]))
        _note_doubles(source, database, faults, address[doubled], names, kept, language[doubled])
        instruction, language, address = instruction[~doubled], language[~doubled], address[~doubled]
        left = np.zeros(len(ids), dtype=bool)
        left[instruction] = True  # an id of which every row was doubled is no instruction
        ids, hashes = ids.filter(pa.array(left)), hashes[left]
        instruction = (np.cumsum(left, dtype=np.int32) - 1)[instruction].astype(np.int32)
    rows = {
        table.number: _by_language(values[table.number], spellings[table.number])
        for table in source.tables
        if table.language is None
    }
    return Scan(Grid(ids, hashes, kept, instruction, language, address), faults, rows)


def _by_language(values: Mapping[str, int], spellings: Mapping[str, str | None]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for value, tag in spellings.items():
        if tag is not None:
            found[tag] += values[value]
    return dict(found)


def _values(table: Table, database: Database) -> dict[str, int]:
    """Return how many rows each value of a language column has; those without a value are left out."""
    column = table.layout.language
    assert column is not None
    found = database.rows(f"SELECT {column.sql}, count(*) FROM {table.relation} GROUP BY 1")
    return dict(sorted(pair for pair in found if pair[0]))


def _check_spellings(tables: Sequence[Table], spellings: Mapping[int, Mapping[str, str | None]]) -> None:
    """Refuse long tables in which one language is spelled in two ways."""
    seen: dict[str, tuple[str, str]] = {}
    for table in tables:
        for value, tag in spellings.get(table.number, {}).items():
            if tag is not None and table.language is None:
                first = seen.setdefault(tag, (value, table.name))
                if first[0] != value:
                    raise LanguageClash(tag, [f"{name} in {where}" for name, where in (first, (value, table.name))])


def _keys(
    table: Table, spellings: Mapping[str, str | None], kept: Sequence[str], database: Database, faults: Faults
) -> list[str]:
    """Return SQL that yields id, language and address of a table's rows; note the rows that it leaves out."""
    layout = table.layout
    if table.language is not None and table.language not in kept:
        return []
    key = f"CAST({layout.id.sql} AS VARCHAR)" if layout.id else f"CAST({table.row} AS VARCHAR)"
    no_id = f"({key} IS NULL OR {blank(key)})"
    address = f"({table.number}::BIGINT << {ROW_BITS}) | {table.row}::BIGINT"
    said = layout.language.sql if layout.language and not table.language else "NULL"
    missing = database.rows(f"SELECT {table.line}, {key}, {said} FROM {table.relation} WHERE {no_id} ORDER BY 1")
    for line, value, spelling in missing:
        name = layout.id or "id"
        of = f" (the row of {table.language})" if table.wide else ""
        what = f"{str(name)!r} is {'null' if value is None else 'empty'}{of}"
        faults.add(table.name, line, "missing id", what, table.language or spellings.get(spelling))
    good = f"NOT {no_id}" if missing else "true"
    if table.language is not None:
        wrong = [value for value, tag in spellings.items() if tag not in (None, table.language)]
        if wrong and layout.language:
            test = f"{layout.language.sql} IN ({', '.join(map(quoted, wrong))})"
            _note(table, database, faults, f"{good} AND {test}", "language label", f"in a file of {table.language}")
            good += f" AND ({layout.language.sql} IS NULL OR NOT {test})"
        place = kept.index(table.language)
        return [
            f"SELECT {key} AS id, {place}::SMALLINT AS language, {address} AS address "
            f"FROM {table.relation} WHERE {good}"
        ]
    column = layout.language
    assert column is not None
    unknown = [value for value, tag in spellings.items() if tag is None]
    test = f"{column.sql} IS NULL OR {column.sql} = ''" + (
        f" OR {column.sql} IN ({', '.join(map(quoted, unknown))})" if unknown else ""
    )
    _note(table, database, faults, f"{good} AND ({test})", "unknown language", "")
    cases = " ".join(
        f"WHEN {quoted(value)} THEN {kept.index(tag)}"
        for value, tag in spellings.items()
        if tag is not None and tag in kept
    )
    if not cases:
        return []
    language = f"(CASE {column.sql} {cases} END)::SMALLINT"
    return [
        f"SELECT {key} AS id, {language} AS language, {address} AS address FROM {table.relation} "
        f"WHERE {good} AND {language} IS NOT NULL"
    ]


def _note(table: Table, database: Database, faults: Faults, test: str, fault: str, detail: str) -> None:
    column = table.layout.language
    assert column is not None
    for line, value in database.rows(
        f"SELECT {table.line}, {column.sql} FROM {table.relation} WHERE {test} ORDER BY 1"
    ):
        said = "null" if value is None else repr(value)
        faults.add(table.name, line, fault, f"{str(column)!r} is {said} {detail}".rstrip(), table.language)


def _note_doubles(
    source: Source,
    database: Database,
    faults: Faults,
    address: npt.NDArray[np.int64],
    ids: pa.Array,
    kept: Sequence[str],
    language: npt.NDArray[np.int16],
) -> None:
    numbers, lines = _lines(source, database, address)
    for number, line, name, tag in zip(
        numbers.tolist(), lines.tolist(), ids.to_pylist(), language.tolist(), strict=True
    ):
        faults.add(source.tables[number].name, line, "duplicate id", f"{name!r} in {kept[tag]}", kept[tag])


def lines_of(
    source: Source, database: Database, address: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the table number and the line of each address, for messages and provenance.

    Args:
        source: The tables.
        database: Where they are readable.
        address: Shape ``(cells,)``, int64.
    """
    with reading(source.tables):
        return _lines(source, database, address)


def _lines(
    source: Source, database: Database, address: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    number, row = address >> ROW_BITS, address & ((1 << ROW_BITS) - 1)
    lines = row + 1
    for table in source.tables:
        if table.line != LINE:  # only text files count lines of their own
            continue
        here = np.flatnonzero(number == table.number)
        if not len(here):
            continue
        wanted = database.register(pa.table({"row": row[here], "place": here}))
        found = database.columns(
            f"SELECT place, {table.line} AS line FROM {table.relation} AS t JOIN {wanted} AS w ON t.{table.row} = w.row"
        )
        database.unregister(wanted)
        lines[found["place"]] = found["line"]
    return number, lines
