"""A folder that appears complete or not at all: written beside its place, synced, and put there in one step."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pinchmix.errors import ArgumentError, FolderTaken

LONGEST = 200  # bytes of a name that leave room for what is added
LOCK = "pinchmix-lock"
SYNC = 64 << 20  # bytes that are written before they are synced
# Linux's renameat2 and macOS's renamex_np, by their numbers in the headers of the C library.
HERE, EXCHANGE, SWAP = -100, 2, 2
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


def write_text(place: Path, name: str, text: str) -> Entry:
    """Write a text as a new file of a folder, and return what the manifest says of it."""
    with HashedFile(place / name) as file:
        file.write(text.encode())
        return file.entry()


def place_of(folder: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a folder that a user names.

    Raises:
        ArgumentError: It names none.
    """
    try:
        place = Path(folder).expanduser().absolute()
        known = str(folder) != "" and place.name not in ("", "..") and "\0" not in str(place)
        str(place).encode()  # or Arrow cannot read what is there
    except (RuntimeError, TypeError, ValueError):  # nobody's home, no path, a path with a zero byte
        known = False
    if not known:
        raise ArgumentError(f"folder={folder!r} names no folder to make.")
    return place


def check_free(target: Path) -> bool:
    """Refuse a target that is no folder to be filled; worth asking before a long build.

    Returns:
        Whether there is something in it already.

    Raises:
        FolderTaken: ``target`` is no folder, or one that cannot be replaced as a whole.
    """
    if not target.exists() and not target.is_symlink():
        return False
    if not target.is_dir() or target.is_symlink():
        raise FolderTaken(str(target), f"{target} exists and is no folder; choose another place.")
    for here, what in ((os.path.ismount(target), "where a volume is mounted"), (target.samefile("."), "where you are")):
        if here:
            raise FolderTaken(
                str(target), f"{target} is {what}, and cannot be replaced as a whole; choose a folder in it."
            )
    return any(target.iterdir())


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write to, beside the target, and remove it if what is written fails or is not placed.

    What earlier writers of the same target left behind when they were killed is removed too; those that still write
    hold a lock. Folders above the target that had to be made are removed again as well.
    """
    made = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        part, handle = _locked_folder(target)
        try:
            yield part
        except BaseException:  # an interrupt too must leave nothing behind
            shutil.rmtree(part, ignore_errors=True)
            raise
        finally:
            os.close(handle)
    except BaseException:
        for folder in made:
            with suppress(OSError):  # somebody else uses it meanwhile, or it was never made
                folder.rmdir()
        raise


def put_in_place(part: Path, target: Path, check: Callable[[Path], object] = lambda old: None) -> None:
    """Sync a folder, and make it the target in one step; what was there before is gone, or back if that fails.

    Args:
        part: The folder.
        target: Where it goes.
        check: Looks at what was there before, and raises if that must stay.
    """
    for folder in [part, *(path for path in part.rglob("*") if path.is_dir())]:
        _sync(folder)
    with _alone(target):
        old = _placed(part, target, check)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)  # all is done; what cannot be removed is a leftover


def _placed(part: Path, target: Path, check: Callable[[Path], object]) -> Path | None:
    """Make a folder the target, and return where what was there before is now, if there was anything."""
    while not os.path.lexists(target):
        try:
            part.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            continue  # another writer was faster, where there are no locks; what it wrote is looked at below
        with _undone(target.rename, part):
            _sync(target.parent)
        return None
    if _exchange(part, target):
        with _undone(_exchange, part, target):
            check(part)
            _sync(target.parent)
        return part
    return _swapped(part, target, check)


def _swapped(part: Path, target: Path, check: Callable[[Path], object]) -> Path:
    """Replace a folder in two steps, where the system knows no single one; as :func:`_placed`.

    Who is killed between them leaves the old folder aside; :func:`remove_leftovers` puts it back.
    """
    old = part.with_suffix(".old")
    with _undone(_put_back, part, target, old):
        target.rename(old)
        check(old)
        part.rename(target)
        _sync(target.parent)
    return old


def _put_back(part: Path, target: Path, old: Path) -> None:
    if old.exists():
        if target.exists():
            target.rename(part)
        old.rename(target)


@contextmanager
def _undone(undo: Callable[..., object], *arguments: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        undo(*arguments)
        raise


def remove_leftovers(target: Path) -> None:
    """Remove what writers of a target left behind that are no more; only where the system has locks that tell.

    A target that one of them had moved aside, and did not replace, is put back.
    """
    if sys.platform == "win32":
        return
    ours = re.compile(rf"{re.escape(_stem(target))}\.([0-9a-f]{{8}}\.(part|old)|{LOCK})")
    found: list[Path] = []
    with suppress(OSError):  # no such folder, or one that cannot be listed
        found = sorted(path for path in target.parent.iterdir() if ours.fullmatch(path.name))
    for left in found:
        with suppress(OSError):  # another one removes it, or it is none of ours; either way it does no harm
            _remove_leftover(left, target)


def _remove_leftover(left: Path, target: Path) -> None:
    with _alone(target):  # or what a writer has moved aside for a moment looks like a leftover; its own is gone after
        handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _lock(handle)
            back = left.suffix == ".old" and not os.path.lexists(target)
            if back:
                left.rename(target)
        except BaseException:
            os.close(handle)
            raise
    try:
        if not back:
            shutil.rmtree(left)
    finally:
        os.close(handle)


def _stem(target: Path) -> str:
    """Return what folders beside a target are called, less what tells them apart; never too long for a name."""
    name = os.fsencode(target.name)
    return f".{target.name}" if len(name) <= LONGEST else f".{hashlib.sha256(name).hexdigest()}"


def _locked_folder(target: Path) -> tuple[Path, int]:
    """Make a folder beside the target, so that a rename is enough in the end, and lock it while its handle is open."""
    part = target.parent / f"{_stem(target)}.{secrets.token_hex(4)}.part"
    with _alone(target):  # or somebody who tidies up could remove it before it is locked
        part.mkdir()
        handle = os.open(part, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks; then nobody tidies up there either
            _lock(handle)
    return part, handle


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other writers of a target out while the folders beside it get their names; nothing slow belongs in here.

    A folder of its own is locked for that, and gone afterwards: the one above may be locked by others, for hours.
    """
    if sys.platform == "win32":
        yield
        return
    place = target.parent / f"{_stem(target)}.{LOCK}"
    handle = _entered(place)
    try:
        yield
    finally:
        with suppress(OSError):  # it is gone already, where there are no locks
            place.rmdir()  # who waits for it finds that it is gone, and makes another
        _unlock(handle)


def _entered(place: Path) -> int:
    """Make a folder unless it is there, wait until nobody else has it locked, and return the handle that locks it."""
    while True:
        with suppress(FileExistsError):
            place.mkdir()
        try:
            handle = os.open(place, os.O_RDONLY)
        except FileNotFoundError:  # who was in there has removed it just now
            continue
        try:
            try:
                _lock(handle, wait=True)
            except OSError:  # a file system without locks
                return handle
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), place.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        _unlock(handle)


def _lock(handle: int, *, wait: bool = False) -> None:
    """Lock a folder for as long as it is open; where another writer has locked it, wait, or BlockingIOError."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(handle: int) -> None:
    """Close a folder; its lock goes even where processes that were forked meanwhile have the handle too."""
    try:
        if sys.platform != "win32":
            import fcntl

            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, and tell whether the system can do so."""
    if sys.platform == "win32":
        return False
    library = ctypes.CDLL(None)
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(library, "renameat2"):
        return bool(library.renameat2(HERE, names[0], HERE, names[1], EXCHANGE) == 0)
    if hasattr(library, "renamex_np"):
        return bool(library.renamex_np(*names, SWAP) == 0)
    return False
