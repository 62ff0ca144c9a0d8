"""What a user may give as a source, taken apart into named pieces: files or tables, and the language of each."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors import ArgumentError, LanguageClash, LayoutUnknown, PinchmixError, SourceNotFound, UnknownLanguage
from pinchmix.language import normalise_language
from pinchmix.sources.layout import language_in
from pinchmix.text.wording import listing

ENDINGS = (".jsonl", ".ndjson", ".json", ".parquet", ".csv", ".tsv")
PACKED = (".gz", ".zst")
PLACE = "{lang}"


@dataclass(frozen=True)
class Piece:
    """One file or table of a source.

    Attributes:
        name: How messages name it: a path as the user would write it, or the place in a mapping.
        spelling: Its language as the user spells it; None if a column tells.
        url: Where the file is; None for a table in memory.
        table: The table in memory, or a list of rows; None for a file.
        label: How provenance names it: the path below the folder that all files share, the same on every machine.
    """

    name: str
    spelling: str | None
    url: str | None = None
    table: pa.Table | list[Any] | None = None
    label: str = ""

    @property
    def language(self) -> str | None:
        """The canonical tag, or None if a column tells."""
        return normalise_language(self.spelling) if self.spelling else None


def ending_of(url: str) -> str:
    """Return the ending of a file name without that of its compression.

    Example:
        >>> ending_of("data/en.jsonl.gz"), ending_of("en.txt")
        ('.jsonl', '')
    """
    name = PurePath(url).name
    for packed in PACKED:
        name = name.removesuffix(packed)
    return next((ending for ending in ENDINGS if name.endswith(ending)), "")


def locate(source: Any) -> list[Piece]:
    """Return the pieces of a source, sorted by language and name.

    Args:
        source: A ``{lang}`` path template, a folder, a glob, a file, a mapping of language to any of these or to a
            table, or a table: ``datasets.Dataset`` or ``DatasetDict``, pandas, Arrow, Polars or anything else that
            exports Arrow streams, or a list of rows.

    Returns:
        At least one piece.

    Raises:
        SourceNotFound: Nothing is there.
        LanguageClash: Two spellings of one language.
        ArgumentError: The object is nothing that can be read.

    Example:
        >>> [(piece.name, piece.language) for piece in locate({"de": [{"id": "a"}], "iw": [{"id": "a"}]})]
        [("source['de']", 'de'), ("source['iw']", 'he')]
    """
    if isinstance(source, Mapping):
        splits = _type_name(source) == "DatasetDict"
        pieces = [piece for key, value in source.items() for piece in _of_key(key, value, splits=splits)]
        if not pieces:
            raise SourceNotFound(
                "mapping", "the source is an empty mapping. Map languages to files or tables: {'en': ...}."
            )
    elif isinstance(source, (str, PurePath)):
        pieces = _of_path(str(source))
    else:
        pieces = [Piece(name, None, table=_table(name, source)) for name in [_type_name(source)]]
    spellings: dict[str, set[str]] = {}
    for piece in pieces:
        if piece.spelling:
            spellings.setdefault(normalise_language(piece.spelling), set()).add(piece.spelling)
    for language, names in spellings.items():
        if len(names) > 1:
            clash = [piece.name for piece in pieces if piece.language == language]
            raise LanguageClash(language, sorted(set(clash)))
    return sorted(_labelled(pieces), key=lambda piece: (piece.language or "", piece.label))


def _labelled(pieces: Sequence[Piece]) -> list[Piece]:
    labels = iter(_tails([PurePath(piece.url.partition("://")[2]) for piece in pieces if piece.url]))
    return [replace(piece, label=next(labels) if piece.url else piece.name) for piece in pieces]


def _tails(files: Sequence[PurePath]) -> list[str]:
    """Return the paths below the folder that all files share, or the shortest ends that tell them apart.

    Example:
        >>> _tails([PurePath("/data/en.jsonl"), PurePath("/data/sw/a.jsonl")])
        ['en.jsonl', 'sw/a.jsonl']
        >>> _tails([PurePath("/a/x/en.jsonl"), PurePath("/b/x/sw.jsonl")])
        ['en.jsonl', 'sw.jsonl']
    """
    parts = [file.parts[1:] if file.is_absolute() else file.parts for file in files]
    shared = os.path.commonprefix([part[:-1] for part in parts]) if parts else ()  # noqa: RUF071 - of tuples
    if shared:
        return ["/".join(part[len(shared) :]) for part in parts]
    for length in range(1, max((len(part) for part in parts), default=0) + 1):
        tails = ["/".join(part[-length:]) for part in parts]
        if len(set(tails)) == len(set(files)):
            return tails
    return ["/".join(part) for part in parts]


def _type_name(value: Any) -> str:
    return type(value).__name__


def _of_key(key: Any, value: Any, *, splits: bool) -> Iterator[Piece]:
    if not isinstance(key, str):
        raise ArgumentError(f"source: the key {key!r} is no language tag but of type {_type_name(key)}.")
    name = f"source[{key!r}]"
    spelling: str | None = key
    if language_in(key) is None:
        if not splits and key not in ("train", "validation", "valid", "test", "default"):
            raise UnknownLanguage(key, where="source")
        spelling = None  # the splits of a DatasetDict; its rows say their language
    if isinstance(value, Mapping):
        inner = next(iter(value), "train")
        raise ArgumentError(
            f"{name} is a mapping itself. Give one table a language, such as source[{key!r}][{inner!r}]."
        )
    if isinstance(value, (str, PurePath)):
        for piece in _of_path(str(value)):
            yield Piece(piece.name, spelling or piece.spelling, url=piece.url)
    elif isinstance(value, (list, tuple)) and value and all(isinstance(item, (str, PurePath)) for item in value):
        for path in value:
            for piece in _of_path(str(path)):
                yield Piece(piece.name, spelling or piece.spelling, url=piece.url)
    else:
        yield Piece(name, spelling, table=_table(name, value))


def _table(name: str, value: Any) -> pa.Table | list[Any]:
    """Return any table as Arrow, or as a list of rows whose types must be looked at one by one."""
    kind = f"{type(value).__module__}.{_type_name(value)}"
    if isinstance(value, pa.Table):
        return value
    if isinstance(value, (list, tuple)):
        return list(value)
    if kind.startswith("datasets.iterable_dataset"):
        raise ArgumentError(
            f"{name} is an IterableDataset, which can be read only once and in order. "
            "Load it without streaming=True, or save it as Parquet and give the path."
        )
    if kind.startswith("datasets."):
        return _of_datasets(value)
    if kind.startswith("polars.") and hasattr(value, "collect"):
        raise ArgumentError(f"{name} is a LazyFrame. Give {name}.collect().")
    if kind.startswith("pandas.") and hasattr(value, "columns"):
        return _of_pandas(name, value)
    if isinstance(value, pa.RecordBatch) or hasattr(value, "__arrow_c_stream__"):
        try:
            frame = kind.startswith("polars.") and hasattr(value, "columns")
            return _of_polars(value) if frame else pa.table(value)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise ArgumentError(f"{name} is of type {kind} and makes no Arrow table: {_one_line(error)}") from error
    given = name if name.startswith("source[") else "source"
    raise ArgumentError(
        f"{given} is {'None' if value is None else f'of type {kind}'}. "
        f"Give a path, a folder, a glob, a {PLACE} template, a table (datasets, pandas, Arrow, Polars) "
        "or a mapping of languages to any of these."
    )


def _of_polars(frame: Any) -> pa.Table:
    # Views of texts, which Polars gives else, cannot be compared or filtered by every version of Arrow.
    levels = getattr(sys.modules["polars"], "CompatLevel", None)
    table: pa.Table = frame.to_arrow() if levels is None else frame.to_arrow(compat_level=levels.oldest())
    return table


def _of_datasets(value: Any) -> pa.Table:
    """Return a dataset as Arrow, the classes of its ``ClassLabel`` columns by their names, null where there is none."""
    table = value.with_format("arrow")[:]
    for place, name in enumerate(table.column_names):
        feature = value.features[name]
        if _type_name(feature) == "ClassLabel":
            names = pa.array(feature.names, pa.string())
            number = table.column(place)
            here = pc.and_(pc.greater_equal(number, 0), pc.less(number, len(names)))  # -1 stands for no class
            table = table.set_column(place, name, pc.take(names, pc.if_else(here, number, None)))
    return table


def _of_pandas(name: str, frame: Any) -> pa.Table | list[Any]:
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise LayoutUnknown(name, list(map(str, frame.columns)), f"two columns are called {twice[0]!r}", "Rename one.")
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, UnicodeEncodeError):  # a column of mixed types: row by row, each fault can be told
        plain = frame.astype(object).where(frame.notna(), None)
        rows: list[Any] = plain.to_dict("records")
        return rows


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _of_path(path: str) -> list[Piece]:
    if not path.strip():
        raise SourceNotFound(path, f"source={path!r} is an empty path.")
    try:
        return _found(path)
    except PinchmixError:
        raise
    except Exception as error:  # file systems fail in ways of their own: no such protocol, no permission, no network
        raise SourceNotFound(
            path, f"{path!r} cannot be opened: {_one_line(error)}. Check the path and its access."
        ) from error


def _found(path: str) -> list[Piece]:
    if PLACE in path:
        return _of_template(path)
    filesystem, root = fsspec.core.url_to_fs(path)
    if (match := re.search(r"\{(\w+)\}", path)) and not filesystem.exists(root):
        raise SourceNotFound(path, f"{path}: the place of the language is written {PLACE}, not {match[0]}.")
    if any(char in path for char in "*?[") and not filesystem.exists(root):
        return _named_after_files(path, filesystem, sorted(filesystem.glob(root)))
    if filesystem.isdir(root):
        # What systems and tools leave behind begins with a dot or an underscore.
        files = sorted(
            file
            for file in filesystem.ls(root, detail=False)
            if ending_of(file) and not PurePath(file).name.startswith((".", "_"))
        )
        if not files:
            inner = sorted(file for file in filesystem.glob(f"{root.rstrip('/')}/*/*") if ending_of(file))
            return _named_after_folders(path, filesystem, inner)
        return _named_after_files(path, filesystem, files)
    if not filesystem.exists(root):
        raise SourceNotFound(path, f"{path} does not exist.{_neighbours(path, filesystem, root)}")
    return [Piece(_shown(path, root), None, url=filesystem.unstrip_protocol(root))]


def _neighbours(path: str, filesystem: Any, root: str) -> str:
    parent = root.rpartition("/")[0]
    try:
        names = [PurePath(file).name for file in filesystem.ls(parent or ".", detail=False)]
    except OSError:
        return f" Nor does its folder {_shown(path, parent)!r}." if parent else ""
    # Endings are alike and say nothing about which file was meant.
    stems = {name.partition(".")[0]: name for name in sorted(names, reverse=True)}
    match = difflib.get_close_matches(PurePath(root).name.partition(".")[0], stems, n=1, cutoff=0.6)
    return f" Did you mean {stems[match[0]]!r}?" if match else ""


def _shown(path: str, root: str) -> str:
    """Return a file found below a user's path as that user would write it."""
    if "://" in path:
        return f"{path.partition('://')[0]}://{root}"
    return root if Path(path).is_absolute() else os.path.relpath(root)


def _of_template(template: str) -> list[Piece]:
    filesystem, root = fsspec.core.url_to_fs(template)
    if PLACE not in root:
        raise SourceNotFound(template, f"{template}: {PLACE} must stand in the path, not in the protocol.")
    # Between two places of {lang} the same text must stand; ** and * keep their glob meaning around it.
    pattern = re.escape(root).replace(re.escape(PLACE), r"(?P<lang>[^/]+?)", 1).replace(re.escape(PLACE), "(?P=lang)")
    pattern = pattern.replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    found = sorted(filesystem.glob(root.replace("[", "[[]").replace(PLACE, "*")))
    pieces: list[Piece] = []
    strangers: list[str] = []
    for file in found:
        match = re.fullmatch(pattern, file)
        inside = [file] if not filesystem.isdir(file) else filesystem.ls(file, detail=False)
        data = [one for one in inside if ending_of(one) or one == file]
        if match and language_in(match["lang"]) and data:
            pieces.extend(
                Piece(_shown(template, one), match["lang"], url=filesystem.unstrip_protocol(one)) for one in data
            )
        else:
            strangers.append(PurePath(file).name)
    if not pieces:
        seen = (
            f" What is there names no language or holds no data: {listing(strangers, 5)}."
            if strangers
            else f" No file matches it; {PLACE} stands for a language tag, such as en."
        )
        folder = root.split(PLACE)[0].rpartition("/")[0]
        gone = folder and not filesystem.exists(folder)
        missing = f" The folder {_shown(template, folder)!r} does not exist." if gone else ""
        raise SourceNotFound(template, f"{template}: no file found.{missing or seen}")
    return pieces


def _named_after_files(path: str, filesystem: Any, files: Sequence[str]) -> list[Piece]:
    files = [file for file in files if ending_of(file)]
    if not files:
        raise SourceNotFound(
            path, f"{path}: no file found that ends in {', '.join(ENDINGS)} (or these with .gz or .zst)."
        )
    stems = [PurePath(file).name.partition(ending_of(file))[0] for file in files]
    spellings = _languages_of(stems)
    return [
        Piece(_shown(path, file), spelling, url=filesystem.unstrip_protocol(file))
        for file, spelling in zip(files, spellings, strict=True)
    ]


def _named_after_folders(path: str, filesystem: Any, files: Sequence[str]) -> list[Piece]:
    pieces = []
    for file in files:
        folder = PurePath(file).parent.name
        if language_in(folder):
            pieces.append(Piece(_shown(path, file), folder, url=filesystem.unstrip_protocol(file)))
    if not pieces:
        raise SourceNotFound(path, f"{path}: neither files such as en.jsonl nor folders such as en/ are in it.")
    return pieces


def _languages_of(stems: Sequence[str]) -> list[str | None]:
    """Return the language that each file name tells: the whole of it, or the words in which the names first differ."""
    if all(language_in(stem) for stem in stems):
        return list(stems)
    words = [re.split(r"([._ -])", stem) for stem in stems]
    alike = next((place for place, same in enumerate(zip(*words, strict=False)) if len(set(same)) > 1), 0)
    for start in range(0, alike + 1, 2):
        found = [_language_at(part[start:]) for part in words]
        # Names that agree in a word do not tell languages by it, even if it is one ("new" is Newari).
        if None not in found and len(set(found)) > 1:
            return found
    return [None] * len(stems)


def _language_at(words: Sequence[str]) -> str | None:
    """Return the longest language tag that words begin with: ``pt_BR`` before ``pt``."""
    tags = ("".join(words[:end]) for end in range(len(words), 0, -1))
    return next((tag for tag in tags if language_in(tag)), None)
