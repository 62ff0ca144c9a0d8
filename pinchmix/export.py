"""export_mixture: one folder with the rows, where they came from, and a manifest; complete or not there at all."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pinchmix.card import NAME as CARD
from pinchmix.card import card_of
from pinchmix.errors import ArgumentError, FolderTaken
from pinchmix.manifest import NAME, Manifest, is_manifest, make_manifest
from pinchmix.mixture import Mixture
from pinchmix.progress import Step, progress_bar
from pinchmix.provenance import ORIGIN, PROVENANCE
from pinchmix.rows import MESSAGES

JSONL = "data/messages/{}.jsonl"  # takes the name of a split, as do the next and PROVENANCE
PARQUET = "data/messages_parquet/{}.parquet"
SYNC = 64 << 20  # bytes that are written before they are synced
Entry = dict[str, Any]


class HashedFile(io.RawIOBase):
    """A new file that knows the SHA-256 and the size of what was written, and is on disk when it is closed.

    Args:
        path: Where it is made.
        syncing: Brings what was written to disk meanwhile, so that there is little to wait for at the end.
    """

    def __init__(self, path: Path, syncing: Executor | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb")
        self._state = hashlib.sha256()
        self._size = self._synced = 0
        self._syncing = syncing
        self._pending: Future[None] | None = None

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write all of the bytes."""
        view = memoryview(data)
        self._file.write(view)
        self._state.update(view)
        self._size += view.nbytes
        if self._syncing and self._size - self._synced >= SYNC and (self._pending is None or self._pending.done()):
            self._settle()
            self._synced, self._pending = self._size, self._syncing.submit(os.fsync, self._file.fileno())
        return view.nbytes

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._size

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def close(self) -> None:
        """Close the file once all of it is on disk."""
        if not self._file.closed:
            try:
                self._settle()
                self._file.flush()
                os.fsync(self._file.fileno())
            finally:  # or it would be closed, and synced again, whenever it is collected
                self._file.close()
        super().close()

    def entry(self, rows: int | None = None) -> Entry:
        """Return what the manifest says of the file."""
        counted = {} if rows is None else {"rows": rows}
        return {"sha256": self._state.hexdigest(), "bytes": self._size, **counted}


def export_mixture(
    mixture: Mixture, folder: str | os.PathLike[str], *, overwrite: bool = False, progress: bool | None = None
) -> Manifest:
    """Write a mixture to a folder that trainers load as it is; the folder appears complete, or not at all.

    The folder holds, for each split (``train`` alone where there are none), ``data/messages/{split}.jsonl`` and the
    same rows in ``data/messages_parquet/{split}.parquet`` and ``provenance/{split}.parquet`` with id, languages, source
    file, row and copy of each of them; a card by which ``datasets.load_dataset(folder)`` finds its way, and
    ``manifest.json``. A split without rows has files too, but datasets loads no empty split, so the card has it not.

    Args:
        mixture: What to write.
        folder: Where to; must not exist, or be empty, unless ``overwrite`` is given.
        overwrite: Replace an earlier export, as a whole. Any other folder is left alone.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        The manifest.

    Raises:
        FolderTaken: There is something at ``folder`` that may not be replaced.
        ArgumentError: ``folder`` names no folder.

    Example:
        >>> import pinchmix, tempfile
        >>> mix = pinchmix.build_mixture(pinchmix.sample(), {"en": 5, "fi": 1}, validate=False)
        >>> with tempfile.TemporaryDirectory() as place:
        ...     manifest = export_mixture(mix, f"{place}/out")
        ...     pinchmix.verify_export(f"{place}/out").identity["mixture"]["rows"]
        6
    """
    if not isinstance(mixture, Mixture):
        raise ArgumentError(
            f"export_mixture(mixture, folder): the first is a Mixture, not of type {type(mixture).__name__}."
        )
    target = place_of(folder)
    check_free(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the last step is a rename within one file system.
    part = target.parent / f".{target.name}.{secrets.token_hex(4)}.part"
    part.mkdir()
    try:
        manifest = _write(mixture, part, progress)
        with HashedFile(part / NAME) as file:
            file.write(manifest.to_bytes())
        _sync_folders(part)
        _move_into_place(part, target, overwrite)
    except BaseException:  # an interrupt too must leave nothing behind
        shutil.rmtree(part, ignore_errors=True)
        raise
    return manifest


def place_of(folder: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a folder that a user names.

    Raises:
        ArgumentError: It names none.
    """
    try:
        place = Path(folder).expanduser().absolute()
        known = str(folder) != "" and place.name not in ("", "..") and "\0" not in str(place)
    except (RuntimeError, TypeError, ValueError):  # nobody's home, no path, a path with a zero byte
        known = False
    if not known:
        raise ArgumentError(f"folder={folder!r} names no folder to make.")
    return place


def check_free(target: Path, overwrite: bool) -> None:
    """Refuse a target that may not be written to; worth asking before a long build.

    Raises:
        FolderTaken: There is something at ``target`` that may not be replaced.
    """
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir() or target.is_symlink():
        raise FolderTaken(str(target), f"{target} exists and is no folder; choose another place.")
    for here, what in ((os.path.ismount(target), "where a volume is mounted"), (target.samefile("."), "where you are")):
        if here:
            raise FolderTaken(
                str(target), f"{target} is {what}, and cannot be replaced as a whole; choose a folder in it."
            )
    if not any(target.iterdir()):
        return
    if not (target / NAME).is_file() or not is_manifest((target / NAME).read_bytes()):
        raise FolderTaken(str(target), f"{target} is a folder with other things in it; choose another place.")
    if not overwrite:
        raise FolderTaken(str(target), f"{target} holds an export already; overwrite=True replaces it.")


def _write(mixture: Mixture, part: Path, progress: bool | None) -> Manifest:
    with (
        progress_bar("writing", 2 * len(mixture), "row", progress) as step,
        ThreadPoolExecutor(max_workers=2, thread_name_prefix="pinchmix-sync") as syncing,
        ThreadPoolExecutor(max_workers=4, thread_name_prefix="pinchmix-export") as pool,
    ):
        # Arrow, DuckDB and hashing all release the lock, so the three forms are written side by side.
        tasks = [
            pool.submit(_write_jsonl, mixture, part, syncing, step),
            pool.submit(_write_parquet, mixture, part, syncing, step),
            pool.submit(_write_provenance, mixture, part),
        ]
        sources = {file.name: (file, pool.submit(file.sha256)) for file in mixture.report.files}
        files = {name: entry for task in tasks for name, entry in task.result().items()}
        read = {
            name: dict(zip(("sha256", "bytes"), task.result(), strict=True), rows=file.rows)
            for name, (file, task) in sources.items()
        }
    mixture.rows.know_text({split: files[JSONL.format(split)]["sha256"] for split in mixture.splits})
    with HashedFile(part / CARD) as file:
        file.write(card_of(mixture, {split: JSONL.format(split) for split in mixture.splits}).encode())
        files[CARD] = file.entry()
    return make_manifest(mixture, files, read)


def _write_jsonl(mixture: Mixture, part: Path, syncing: Executor, step: Step) -> dict[str, Entry]:
    entries = {}
    for split, place in mixture.splits.items():
        name = JSONL.format(split)
        with HashedFile(part / name, syncing) as file:
            for rows, block in mixture.rows.json_lines(split):
                file.write(block)
                step(rows)
            entries[name] = file.entry(place.stop - place.start)
    return entries


def _write_parquet(mixture: Mixture, part: Path, syncing: Executor, step: Step) -> dict[str, Entry]:
    schema = pa.schema([("messages", MESSAGES)])
    # Roles repeat and texts do not; statistics of texts are of no use to anybody.
    options = {"use_dictionary": ["messages.list.element.role"], "write_statistics": False}
    entries = {}
    for split, place in mixture.splits.items():
        name = PARQUET.format(split)
        with HashedFile(part / name, syncing) as file:
            with pq.ParquetWriter(file, schema, compression="zstd", **options) as writer:
                for batch in mixture.rows.batches(["messages"], split):
                    writer.write_batch(batch.cast(schema))
                    step(batch.num_rows)
            entries[name] = file.entry(place.stop - place.start)
    return entries


def _write_provenance(mixture: Mixture, part: Path) -> dict[str, Entry]:
    schema = mixture.rows.table().select(list(ORIGIN)).schema
    entries = {}
    for split, place in mixture.splits.items():
        name = PROVENANCE.format(split)
        with HashedFile(part / name) as file:
            with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                for batch in mixture.rows.batches(ORIGIN, split):
                    writer.write_batch(batch)
            entries[name] = file.entry(place.stop - place.start)
    return entries


def _sync_folders(part: Path) -> None:
    for folder in [part, *(path for path in part.rglob("*") if path.is_dir())]:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _move_into_place(part: Path, target: Path, overwrite: bool) -> None:
    check_free(target, overwrite)  # somebody else may have been faster
    if not target.exists():
        part.rename(target)
        return
    old = target.parent / f".{target.name}.{secrets.token_hex(4)}.old"
    target.rename(old)
    try:
        part.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)
