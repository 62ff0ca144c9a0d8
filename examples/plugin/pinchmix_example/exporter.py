"""An exporter: the files of an export as a list, for a trainer that takes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported


@dataclass(frozen=True)
class FileList:
    """Writes ``trainers/file_list.txt``: what the rows are for, and a file, line by line.

    Example:
        >>> print(FileList().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["file_list.txt"])
        # train_on_list trainers/file_list.txt
        train: data/messages/train.jsonl
        <BLANKLINE>
    """

    name: str = "file_list"
    version: str = "1"
    title: str = "a trainer that takes a list of files"
    usage: str = "train_on_list trainers/file_list.txt"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file, or none where there are no rows to train on."""
        # Exported says where files are: from the folder's top, or below the place that the user named.
        lines = [f"{use}: {path}\n" for use in ("train", "valid", "test") for path in export.files(use)]
        return {"file_list.txt": f"# {self.usage}\n" + "".join(lines)} if lines else {}
