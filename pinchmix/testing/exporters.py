"""The laws of exporters, and toy exports for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pinchmix.exporting.shards import JSONL, PARQUET, PROVENANCE, shards_of
from pinchmix.plugins import BUILT_IN, Exported, Exporter
from pinchmix.testing.laws import hold

TOP = ("README.md", "croissant.json", "manifest.json")
# Blanks, quotes, what YAML and shells mean something by, and letters beyond ASCII.
ROOT = '/data sets/it\'s "Žluťoučký" #1 & co/übung {0}/数据'
NAMED = re.compile(r"(?<!\w)(?:data|provenance|trainers)/[\w./-]*\w")
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


def toy_exports() -> dict[str, Exported]:
    """Return what exporters are told of exports of several kinds, by name.

    Example:
        >>> toy_exports()["shards"].files("train")
        ['data/messages/train-00000-of-00002.jsonl', 'data/messages/train-00001-of-00002.jsonl']
    """
    three = {"train": 9, "validation": 2, "test": 1}
    return {
        "plain": _export({"train": 9}),
        "splits": _export(three),
        "other names": _export({"main": 9, "dev": 2, "extra": 3}),
        "formats": _export(three, formats=tuple(sorted(BUILT_IN["formats"]))),
        "rooted": _export(three, root=ROOT),
        "shards": _export(three, shards=2),
        "empty": _export({}),
    }


def _export(
    rows: Mapping[str, int], *, shards: int = 1, root: str = "", formats: tuple[str, ...] = ("messages",)
) -> Exported:
    splits: dict[str, list[str]] = {}
    for shard in shards_of(rows, shards):
        splits.setdefault(shard.split, []).append(shard.name)
    return Exported("mixture_0123456789ab", "0123456789ab" + 52 * "0", root, splits, rows, formats)


def check_exporter(exporter: Exporter) -> None:
    """Raise AssertionError unless an exporter keeps its laws on the exports of :func:`toy_exports`.

    Files depend on :class:`~pinchmix.plugins.Exported` alone; their paths are relative and stay in ``trainers/``; the
    places of the export that they, and ``usage``, name are in it, below its root where it has one; of a split that is
    cut into shards, either all are named or none.

    Example:
        >>> from pinchmix.exporters.trl import TRL
        >>> check_exporter(TRL())
    """
    hold(isinstance(exporter, Exporter), f"{exporter!r} lacks name, version, title, usage, shards or files()")
    named = isinstance(exporter.name, str) and exporter.name.isidentifier() and exporter.name.isascii()
    hold(named, f"a name is letters, digits and _, not {exporter.name!r}")
    for name in ("version", "title", "usage"):
        value = getattr(exporter, name)
        hold(isinstance(value, str) and bool(value), f"{name} is a text, not {value!r}")
        hold("\n" not in value, f"{name} is one line, not {value!r}")
    hold(isinstance(exporter.shards, bool), f"shards is True or False, not {exporter.shards!r}")
    exports = {name: export for name, export in toy_exports().items() if exporter.shards or name != "shards"}
    first = {name: _files(exporter, export, name) for name, export in exports.items()}
    for name in reversed(exports):
        again = _files(exporter, exports[name], name)
        hold(first[name] == again, f"the same export ({name}), other files")
    for name, export in exports.items():
        _check_places(exporter, export, first[name], name)


def _files(exporter: Exporter, export: Exported, name: str) -> dict[str, str]:
    files = dict(exporter.files(export))
    for path, text in files.items():
        safe = isinstance(path, str) and SAFE.fullmatch(path) and ".." not in PurePosixPath(path).parts
        hold(bool(safe), f"{path!r} ({name}) is no path in trainers/: use letters, digits, _, -, . and /")
        hold(isinstance(text, str) and bool(text), f"{path} ({name}) is a text, not {text!r}")
        hold(text.endswith("\n"), f"{path} ({name}) ends with a line end")
        hold("\r" not in text and "\x00" not in text, f"{path} ({name}) has \\n for line ends, and no null")
        text.encode()  # raises for lone surrogates
    return files


def _places(export: Exported, files: Mapping[str, str]) -> set[str]:
    """Return all files and folders of an export."""
    shards = [shard for names in export.splits.values() for shard in names]
    found = {*TOP, *(f"trainers/{path}" for path in files)}
    for shard in shards:
        found |= {JSONL.format(form, shard) for form in export.formats}
        found |= {PARQUET.format(shard), PROVENANCE.format(shard)}
    return found | {str(parent) for path in found for parent in PurePosixPath(path).parents}


def _check_places(exporter: Exporter, export: Exported, files: Mapping[str, str], name: str) -> None:
    there = _places(export, files)
    told = {f"trainers/{path}": text for path, text in files.items()}
    for where, text in {**told, **({"usage": exporter.usage} if files else {})}.items():
        missing = sorted(set(NAMED.findall(text)) - there)
        hold(not missing, f"{where} names {', '.join(missing)}, not in the export ({name})")
    whole = "\n".join(told.values())
    if export.root and files:
        written = {export.root, json.dumps(export.root)[1:-1], json.dumps(export.root, ensure_ascii=False)[1:-1]}
        hold(any(root in whole for root in written), f"the files do not say where the export will stand ({name})")
    for split, shards in export.splits.items():
        for pattern in (*(JSONL.format(form, "{}") for form in export.formats), PARQUET):
            paths = {pattern.format(shard) for shard in shards}
            found = paths & set(NAMED.findall(whole))
            hold(found in (set(), paths), f"of split {split} only {', '.join(sorted(found))} is named ({name})")
