"""What formats and exporters are, and what an exporter is told of the folder that it writes settings for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

import pyarrow as pa


class Exported(NamedTuple):
    """What an exporter is told of the folder for which it writes files.

    Attributes:
        name: What the data may be called: letters, digits and ``_``, another one for another mixture.
        digest: The digest of the mixture.
        root: Where the folder will stand when it is used, absolute, or ``""`` where it is the current folder then.
        splits: Split → the names of its shards, in order; only splits that have rows.
        rows: Split → its rows.
        formats: The shapes in which the rows are there, each in ``data/NAME/``.
    """

    name: str
    digest: str
    root: str
    splits: Mapping[str, Sequence[str]]
    rows: Mapping[str, int]
    formats: Sequence[str] = ("messages",)

    def split_for(self, use: str) -> str | None:
        """Return the split that is for training, validation or testing, or None where there is none.

        Args:
            use: ``"train"`` (the split of that name, or the first that is for nothing else), ``"valid"`` or ``"test"``.

        Example:
            >>> Exported("mix", "0", "", {"main": ["main"], "validation": ["valid"]}, {}).split_for("valid")
            'validation'
            >>> Exported("mix", "0", "", {"test": ["test"], "main": ["main"]}, {}).split_for("train")
            'main'
        """
        if use == "train":
            others = {name for names in USES.values() for name in names}
            free = (name for name in self.splits if name not in others)
            return "train" if "train" in self.splits else next(free, None)
        return next((name for name in USES[use] if name in self.splits), None)

    def files(self, use: str, pattern: str = "data/messages/{}.jsonl", *, up: int = 0) -> list[str]:
        """Return where the rows of a use are, one path a shard; none where there is no such split.

        Args:
            use: As of :meth:`split_for`.
            pattern: The path of a shard in the folder, with its name left open.
            up: How many folders up the paths begin, where they are relative.

        Example:
            >>> Exported("mix", "0", "", {"train": ["train"]}, {}).files("train", "data/alpaca/{}.jsonl", up=2)
            ['../../data/alpaca/train.jsonl']
        """
        split = self.split_for(use)
        return [] if split is None else [self.at(pattern.format(shard), up=up) for shard in self.splits[split]]

    def at(self, path: str, *, up: int = 0) -> str:
        """Return how a file names another place of the folder, from ``up`` folders below its top."""
        return f"{self.root.rstrip('/')}/{path}" if self.root else "../" * up + path


USES = MappingProxyType({"valid": ("valid", "validation", "val", "dev", "eval"), "test": ("test",)})


@runtime_checkable
class Format(Protocol):
    """Writes conversations in another shape, as JSON lines in ``data/NAME/``; the rows and their order are the same.

    Laws (:func:`pinchmix.testing.check_format` tests them): a row depends on its conversation alone; every row has the
    same keys; two conversations of one shape are two different rows, or refused.
    """

    name: str
    version: str

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return why each conversation cannot be said in this format, null where it can; strings.

        Args:
            messages: Lists of structs of role and content.
        """
        ...

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the rows of conversations that can be said, a column a key."""
        ...


@runtime_checkable
class Exporter(Protocol):
    """Writes the files by which a trainer finds the data, in ``trainers/``; the data part of its settings only.

    Laws (:func:`pinchmix.testing.check_exporter` tests them): the files depend on :class:`Exported` alone; their paths
    are relative and stay in ``trainers/``; what they name exists in the folder.

    Attributes:
        name: What it is called; its files are named after it.
        version: A text that changes whenever the files do.
        title: What people call the trainer.
        usage: One line: what to type, from the top of the folder.
        shards: Whether it can read a split that is cut into several files.
    """

    name: str
    version: str
    title: str
    usage: str
    shards: bool

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return path in ``trainers/`` → text; nothing where the trainer can do nothing with this export."""
        ...
