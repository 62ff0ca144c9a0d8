"""export_mixture: one folder that trainers load as it is; complete or not there at all.

refuse what cannot be written → rows, their origin and other formats, side by side → settings of trainers → card and
metadata → manifest → put the folder in its place.
"""

from __future__ import annotations

import datetime
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from pinchmix.card.about import About
from pinchmix.card.account import recipe_file_of
from pinchmix.card.card import NAME as CARD
from pinchmix.card.card import card_of
from pinchmix.card.croissant import NAME as CROISSANT
from pinchmix.card.croissant import croissant_of
from pinchmix.errors import ArgumentError, FolderTaken, WriteFailed
from pinchmix.exporting.folder import (
    Entry,
    HashedFile,
    check_free,
    new_folder,
    place_of,
    put_in_place,
    remove_leftovers,
    write_text,
)
from pinchmix.exporting.shards import Shard, shards_of
from pinchmix.exporting.writing import Written, check_rows, write_format, write_messages, write_parquet
from pinchmix.manifest import NAME, Exporting, Manifest, is_manifest, make_manifest
from pinchmix.mixture import Mixture
from pinchmix.plugins import BUILT_IN, Exported, Exporter, Format, find_plugin, list_plugins
from pinchmix.progress import progress_bar
from pinchmix.recipe_text.writing import NAME as RECIPE
from pinchmix.text.wording import listing

TRAINERS = "trainers/{}"
# What OmegaConf and shells replace, fsspec and glob match, and fsspec chains.
SPOKEN = re.compile(r"[$*?\[\]{}]|::|%\w+%")
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


class Options(NamedTuple):
    """How a mixture is to be exported, with the plugins that were named.

    Attributes:
        formats: Those beside ``messages``.
        exporters: The trainers that get settings.
        shards: How many files a split is cut into.
        root: Where the folder will stand, or ``""``.
        about: What the user says of it.
    """

    formats: tuple[Format, ...]
    exporters: tuple[Exporter, ...]
    shards: int
    root: str
    about: About

    @property
    def plain(self) -> dict[str, Any]:
        """The same as plain data, without the place."""
        return {
            "formats": ["messages", *(form.name for form in self.formats)],
            "trainers": [exporter.name for exporter in self.exporters],
            "shards": self.shards,
            "rooted": bool(self.root),
            "about": self.about.said,
        }

    @property
    def versions(self) -> dict[str, str]:
        """Shelf and name → version."""
        plugins: dict[str, Sequence[Format | Exporter]] = {"formats": self.formats, "exporters": self.exporters}
        return {f"{shelf}/{plugin.name}": str(plugin.version) for shelf, named in plugins.items() for plugin in named}


def export_mixture(
    mixture: Mixture,
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str | Format] = ("messages",),
    trainers: str | Sequence[str | Exporter] = "all",
    shards: int = 1,
    root: str | os.PathLike[str] | None = None,
    about: About | Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> Manifest:
    """Write a mixture to a folder that trainers load as it is; the folder appears complete, or not at all.

    The folder holds, for each split (``train`` alone where there are none), ``data/messages/{split}.jsonl``, the same
    rows in ``data/messages_parquet/{split}.parquet``, and ``provenance/{split}.parquet`` with id, languages, source
    file, row, copy, tokens, verdict and digest of each of them; settings of trainers in ``trainers/``; a card by which
    ``datasets.load_dataset(folder)`` finds its way, ``recipe.yaml``, by which anybody can build it again,
    ``croissant.json`` and ``manifest.json``. A split without rows has no files, as datasets
    and trainers stumble over empty ones.

    Args:
        mixture: What to write.
        folder: Where to; must not exist, or be empty, unless ``overwrite`` is given.
        formats: Shapes of the rows: ``"messages"``, which must be among them, ``"prompt_completion"``, ``"alpaca"``,
            ``"sharegpt"``, or plugins.
        trainers: Which trainers get settings: ``"all"`` that can read this export, or names or plugins.
        shards: How many files each split is cut into.
        root: Where the folder will stand when a trainer reads it, for absolute paths in the settings; by default they
            are relative to the folder. Without the signs that trainers replace or match, such as ``$``, ``~`` or ``*``.
        about: What the card says beyond what is known: name, description, license, sources, creators, publisher,
            citation, url, version, published.
        overwrite: Replace an earlier export, as a whole. Any other folder is left alone.
        progress: See :func:`~pinchmix.progress.progress_bar`.

    Returns:
        The manifest.

    Raises:
        FolderTaken: There is something at ``folder`` that may not be replaced.
        RowsRefused: A format cannot say some rows, or readers would garble them; the error names them.
        WriteFailed: The system refused to write; nothing is left behind.
        UnknownPlugin: No format or trainer of that name.
        ArgumentError: An argument that means nothing.

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
    return write_export(
        mixture,
        place_of(folder),
        make_options(formats, trainers, shards, root, about),
        overwrite=overwrite,
        progress=progress,
    )


def write_export(
    mixture: Mixture, target: Path, options: Options, *, overwrite: bool, day: str = "", progress: bool | None = None
) -> Manifest:
    """Write a mixture to a folder; what :func:`export_mixture` does once it knows what is asked.

    Args:
        mixture: What to write.
        target: The folder.
        options: How.
        overwrite: Replace an earlier export.
        day: The day that the metadata says where the user does not; today by default.
        progress: See :func:`~pinchmix.progress.progress_bar`.
    """
    part = None

    def check_old(old: Path) -> None:
        try:
            check_target(old, overwrite)
        except FolderTaken as error:
            raise FolderTaken(str(target), f"{target} was filled by another writer; choose another place.") from error

    try:
        remove_leftovers(target)
        check_target(target, overwrite)
        check_rows(mixture, options.formats, shards_for(mixture, options))
        with new_folder(target) as part:
            manifest = _write(mixture, options, part, day, progress)
            with HashedFile(part / NAME) as file:
                file.write(manifest.to_bytes())
            check_target(target, overwrite)  # somebody else may have been faster
            put_in_place(part, target, check_old)
    except OSError as error:
        left = "" if part is None or not part.exists() else str(part)
        raise WriteFailed(str(target), error, left) from error
    return manifest


def make_options(
    formats: Sequence[str | Format],
    trainers: str | Sequence[str | Exporter],
    shards: int,
    root: str | os.PathLike[str] | None,
    about: About | Mapping[str, Any] | None,
) -> Options:
    """Return what the arguments of :func:`export_mixture` stand for; it raises what they do.

    Example:
        >>> make_options(["messages", "alpaca"], ["trl"], 1, None, None).plain["formats"]
        ['messages', 'alpaca']
    """
    if isinstance(formats, str) or not isinstance(formats, Sequence):
        raise ArgumentError(f"formats={formats!r}: give a list of names, such as ['messages', 'alpaca'].")
    forms = [find_plugin("formats", form) if isinstance(form, str) else form for form in formats]
    if "messages" not in [getattr(form, "name", None) for form in forms]:
        raise ArgumentError(
            "formats: 'messages' is what the card, the settings of trainers and the verification read; "
            f"add it: formats={['messages', *(getattr(form, 'name', form) for form in forms)]}."
        )
    if isinstance(shards, bool) or not isinstance(shards, int) or not 0 < shards < 100_000:
        raise ArgumentError(f"shards={shards!r}: give how many files each split is cut into, 1 or more.")
    named = trainers != "all"
    if named and (isinstance(trainers, str) or not isinstance(trainers, Sequence)):
        raise ArgumentError(f"trainers={trainers!r}: give 'all', or a list of names such as ['trl'].")
    chosen: Any = trainers if named else sorted(list_plugins()["exporters"])
    exporters = [find_plugin("exporters", one) if isinstance(one, str) else one for one in chosen]
    for kind, protocol, plugins in (("format", Format, forms), ("exporter", Exporter, exporters)):
        for plugin in plugins:
            if not isinstance(plugin, protocol):
                raise ArgumentError(f"{kind}: {plugin!r} is no {kind}; see pinchmix.plugins.{protocol.__name__}.")
        names = [plugin.name for plugin in plugins]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ArgumentError(f"{kind}s: {listing(twice)} twice.")
        if odd := [name for name in names if not name.isidentifier() or not name.isascii() or name != name.lower()]:
            raise ArgumentError(f"{kind}: {odd[0]!r} names a file; use small letters, digits and _.")
        if "messages_parquet" in names:
            raise ArgumentError(f"{kind}: 'messages_parquet' is where the Parquet files are; choose another name.")
        for plugin in plugins:
            built_in = BUILT_IN[f"{kind}s"].get(plugin.name)
            if built_in and f"{type(plugin).__module__}:{type(plugin).__name__}" != built_in:
                raise ArgumentError(f"{kind}: {plugin.name} is the name of a built-in one; choose another name.")
    if shards > 1 and (single := [one.title for one in exporters if not one.shards]):
        if named:
            raise ArgumentError(f"shards={shards}: {listing(single)} can read a split from one file only.")
        exporters = [one for one in exporters if one.shards]
    try:
        place = "" if root is None else os.fspath(root)
    except TypeError:
        place = None
    if not isinstance(place, str) or (place and not (PurePath(place).is_absolute() and place.isprintable())):
        raise ArgumentError(f"root={root!r}: give the absolute path at which the folder will stand.")
    if odd_sign := SPOKEN.search(place):
        raise ArgumentError(
            f"root={root!r} holds {odd_sign[0]!r}, which trainers read as a variable, a pattern or another address; "
            "let the folder stand at a path without it, or leave root= out."
        )
    others = tuple(form for form in forms if form.name != "messages")
    return Options(others, tuple(exporters), shards, place, About.of(about))


def check_target(target: Path, overwrite: bool) -> None:
    """Refuse a target that may not be written to; worth asking before a long build.

    Raises:
        FolderTaken: There is something at ``target`` that may not be replaced.
    """
    if not check_free(target):
        return
    if not (target / NAME).is_file() or not is_manifest((target / NAME).read_bytes()):
        raise FolderTaken(str(target), f"{target} is a folder with other things in it; choose another place.")
    if not overwrite:
        raise FolderTaken(str(target), f"{target} holds an export already; overwrite=True replaces it.")


def _write(mixture: Mixture, options: Options, part: Path, day: str, progress: bool | None) -> Manifest:
    created = datetime.datetime.now(datetime.timezone.utc)
    shards = shards_for(mixture, options)
    written, files, read = _write_rows(mixture, options, shards, part, progress)
    mixture.rows.know_text(written.text)
    exported = exported_of(mixture, options, shards)
    for name, text in settings_of(options.exporters, exported).items():
        files[TRAINERS.format(name)] = write_text(part, TRAINERS.format(name), text)
    files[RECIPE] = write_text(part, RECIPE, recipe_file_of(mixture.plan.recipe, _member(mixture)))
    files[CARD] = write_text(part, CARD, card_of(mixture, exported, options.exporters, options.about))
    whole = {**files, **written.origin}
    day = options.about.published or day or created.date().isoformat()
    dated = {CROISSANT: write_text(part, CROISSANT, croissant_of(mixture, exported, options.about, whole, day))}
    return make_manifest(
        mixture, Exporting(options.plain, options.versions, files, written.origin, dated, read, created)
    )


def _member(mixture: Mixture) -> tuple[str, str] | None:
    return None if mixture.member is None else (mixture.member.family.name, mixture.member.name)


def shards_for(mixture: Mixture, options: Options) -> tuple[Shard, ...]:
    """Return which rows of a mixture go to which files."""
    return shards_of({name: place.stop - place.start for name, place in mixture.splits.items()}, options.shards)


def settings_of(exporters: Sequence[Exporter], exported: Exported) -> dict[str, str]:
    """Return what exporters write: path in ``trainers/`` → text.

    Raises:
        ArgumentError: An exporter names a place outside, writes no text, or two of them write the same file.
    """
    found: dict[str, str] = {}
    writers: dict[str, str] = {}
    for exporter in exporters:
        files = exporter.files(exported)
        if not isinstance(files, Mapping):
            raise ArgumentError(f"exporter {exporter.name}: files() returns path → text, not {type(files).__name__}.")
        for name, text in sorted(files.items()):
            if not isinstance(name, str) or not SAFE.fullmatch(name):
                raise ArgumentError(
                    f"exporter {exporter.name}: {name!r} is no path in trainers/; use a-z, 0-9 and _-./."
                )
            if not isinstance(text, str) or any("\ud800" <= sign <= "\udfff" for sign in text):
                raise ArgumentError(f"exporter {exporter.name}: what it writes to {name} is no text.")
            folded = name.casefold()  # one file on some machines
            for other in writers:
                if folded == other or folded.startswith(f"{other}/") or other.startswith(f"{folded}/"):
                    raise ArgumentError(f"trainers/{name}: both {writers[other]} and {exporter.name} write it.")
            writers[folded] = exporter.name
            found[name] = text
    return found


@contextmanager
def _on_failure(act: Callable[[], None]) -> Iterator[None]:
    """Act on a failure or an interrupt, before what is opened outside is closed: threads are waited for there."""
    try:
        yield
    except BaseException:
        act()
        raise


def exported_of(mixture: Mixture, options: Options, shards: Sequence[Shard]) -> Exported:
    """Return what exporters, the card and the metadata are told of an export."""
    return exported_like(mixture.digest, options.root, shards, options.plain["formats"])


def exported_like(digest: str, root: str, shards: Sequence[Shard], formats: Sequence[str]) -> Exported:
    """Return the same of the digest of a mixture, and the shards of all its splits."""
    splits: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    for shard in shards:
        if shard.rows:
            splits.setdefault(shard.split, []).append(shard.name)
            rows[shard.split] = rows.get(shard.split, 0) + shard.rows
    return Exported(f"mixture_{digest[:12]}", digest, root, splits, rows, tuple(formats))


def _write_rows(
    mixture: Mixture, options: Options, shards: Sequence[Shard], part: Path, progress: bool | None
) -> tuple[Written, dict[str, Entry], dict[str, Entry]]:
    """Write the rows in all forms; return what was written, all files of rows, and the source files."""
    stopped = threading.Event()

    def alive(_: int = 0) -> None:
        if stopped.is_set():
            raise CancelledError

    def step(rows: int) -> None:
        alive()
        shown(rows)

    with (
        progress_bar("writing", (2 + len(options.formats)) * len(mixture), "row", progress) as shown,
        ThreadPoolExecutor(max_workers=2, thread_name_prefix="pinchmix-sync") as syncing,
        ThreadPoolExecutor(max_workers=4, thread_name_prefix="pinchmix-export") as pool,
        _on_failure(stopped.set),
    ):
        # Arrow, DuckDB and hashing all release the lock, so the forms are written side by side.
        messages = pool.submit(write_messages, mixture, shards, part, syncing, step)
        others: list[Future[dict[str, Entry]]] = [pool.submit(write_parquet, mixture, shards, part, syncing, step)]
        others += [pool.submit(write_format, mixture, form, shards, part, syncing, step) for form in options.formats]
        sources = {file.name: (file, pool.submit(file.sha256, alive)) for file in mixture.report.files}
        tasks: list[Future[Any]] = [messages, *others, *(task for _, task in sources.values())]
        for task in wait(tasks, return_when=FIRST_EXCEPTION).done:
            task.result()  # what failed first, if something did, while the others still run
        written = messages.result()
        files = dict(written.files)
        for other in others:
            files.update(other.result())
        read = {
            name: dict(zip(("sha256", "bytes"), task.result(), strict=True), rows=file.rows)
            for name, (file, task) in sources.items()
        }
    return written, files, read
