"""Faults around an export: kills, full disks, other writers, odd names, and bytes that change afterwards."""

from __future__ import annotations

import errno
import gc
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import pinchmix
from pinchmix import build_mixture, verify_export
from pinchmix.errors import ArgumentError, FolderTaken, VerificationFailed, WriteFailed
from pinchmix.exporting import folder as folders
from pinchmix.formats.prompt_completion import PromptCompletion
from pinchmix.manifest import NAME, command
from tests.grids import table_of
from tests.test_export import Broken, export_mixture, fail, faults_of, files_of, wire

GRID = {f"i{number}": ["en", "fi", "sw"] for number in range(12)}
HERE = {**os.environ, "PYTHONPATH": str(Path(pinchmix.__file__).parents[1])}
EVERYTHING = {"formats": ["messages", "prompt_completion", "alpaca", "sharegpt"], "trainers": "all", "shards": 2}


@pytest.fixture(scope="module")
def mixture():
    return build_mixture(table_of(GRID), {"en": 5, "*": 4}, validate=False)


@pytest.fixture(scope="module")
def other():
    return build_mixture(table_of(GRID), {"en": 2, "*": 9}, validate=False)


@pytest.fixture(scope="module")
def long():
    """Two megabytes of text, so that a disk can be full in the middle of each file."""
    grid = {f"i{number}": ["en", "fi"] for number in range(400)}
    text = "".join(chr(ord("a") + random.Random(1).randrange(26)) for _ in range(2500))
    return build_mixture(table_of(grid, "{part} {key} {tag} " + text), {"en": 300, "fi": 100}, validate=False)


def no_exchange(_one, _other):
    return False


@pytest.fixture(params=["one step", "two steps"])
def steps(request, monkeypatch):
    """A system that exchanges two folders in one step, and one that cannot."""
    if request.param == "two steps":
        monkeypatch.setattr(folders, "_exchange", no_exchange)
    return request.param


def rows_in(folder):
    return verify_export(folder).identity["mixture"]["rows"]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# Kills and failures ---------------------------------------------------------------------------------------------------

KILLED = """
import os, sys
sys.path[:0] = sys.argv[1:]
import duckdb, pyarrow.parquet, scipy.sparse.csgraph  # forks share what is loaded
import pinchmix, pinchmix.build, pinchmix.export, pinchmix.verify
from pinchmix.exporting import folder
from tests.grids import table_of

for line in sys.stdin:
    target, steps, overwrite = line.split()
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        print("dead", flush=True)
        continue
    if steps == "two":
        folder._exchange = lambda one, other: False
    source = table_of({f"i{number}": ["en", "fi"] for number in range(1000)})
    mixes = [pinchmix.build_mixture(source, {"en": en, "fi": 100}, validate=False) for en in (500, 700)]
    print(os.getpid(), flush=True)
    for number in range(10**6):
        place = target if overwrite == "1" else f"{target}{number}"
        pinchmix.export_mixture(mixes[number % 2], place, overwrite=True, trainers=["trl"], progress=False)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are needed to kill this often")
def test_twenty_kills_at_random_moments_leave_the_target_whole_or_absent(tmp_path):
    draw = random.Random(time.time_ns())
    command = [sys.executable, "-c", KILLED, str(Path(pinchmix.__file__).parents[1]), str(Path(__file__).parents[1])]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert server.stdin is not None
    assert server.stdout is not None
    for number in range(20):
        steps, overwrite = ("one", "two")[number % 2], number // 2 % 2
        folder = tmp_path / str(number)
        folder.mkdir()
        server.stdin.write(f"{folder / 'out'} {steps} {overwrite}\n")
        pid = int(server.stdout.readline())
        time.sleep(draw.uniform(0, 0.4))
        os.kill(pid, signal.SIGKILL)
        assert server.stdout.readline() == "dead\n"
        targets = {name for name in names_in(folder) if not name.startswith(".")}
        assert all(rows_in(folder / name) in (600, 800) for name in targets)
        left = set(names_in(folder)) - targets
        assert all(re.fullmatch(r"\.out\d*\.([0-9a-f]{8}\.(part|old)|pinchmix-lock)", name) for name in left)
        assert len(left) <= 3
        for target in {name.split(".")[1] for name in left}:
            folders.remove_leftovers(folder / target)
        assert all(rows_in(folder / name) in (600, 800) for name in names_in(folder))  # and nothing but exports
        assert targets <= set(names_in(folder))
        assert not overwrite or not left or len(names_in(folder)) <= 1
    server.communicate(timeout=60)


@pytest.mark.parametrize("overwrite", [False, True], ids=["new", "over an export"])
def test_a_failure_at_any_moment_of_two_steps_leaves_what_was_there(mixture, other, tmp_path, monkeypatch, overwrite):
    """Where the system cannot exchange two folders; where it can, test_export has the same."""
    monkeypatch.setattr(folders, "_exchange", no_exchange)
    target = tmp_path / "deep" / "er" / "out" if not overwrite else tmp_path / "out"
    if overwrite:
        export_mixture(mixture, target)
    before = files_of(tmp_path)
    with monkeypatch.context() as patch:
        operations = wire(patch.setattr, fail, -1)
        for _ in range(1 + overwrite):
            export_mixture(other, tmp_path / "like", overwrite=overwrite)
            begun, operations[:] = operations[:], []
    shutil.rmtree(tmp_path / "like")
    last = len(begun) - 1
    for at in sorted({*range(0, last, 7), *range(last - 5, last + 1)}):
        with monkeypatch.context() as patch:
            operations = wire(patch.setattr, fail, at)
            with pytest.raises(Broken):
                export_mixture(other, target, overwrite=overwrite, progress=False)
        assert files_of(tmp_path) == before, f"failed before operation {at}, a {operations[at]}"
    export_mixture(other, target, overwrite=overwrite)
    assert rows_in(target) == 11
    assert names_in(target.parent) == ["out"]


def test_what_a_writer_that_was_killed_between_two_steps_moved_aside_is_put_back(mixture, other, tmp_path):
    export_mixture(mixture, tmp_path / "aside")
    (tmp_path / "aside").rename(tmp_path / ".out.0123abcd.old")
    shutil.copytree(tmp_path / ".out.0123abcd.old", tmp_path / ".out.0123abcd.part")
    with pytest.raises(FolderTaken, match="overwrite=True replaces it"):
        export_mixture(other, tmp_path / "out")
    assert names_in(tmp_path) == ["out"]
    assert rows_in(tmp_path / "out") == 9


class Stop(OSError):
    """What a system says that refuses."""


def test_folders_that_were_made_above_the_target_go_too_when_it_fails(mixture, tmp_path, monkeypatch):
    def refuse(*_):
        raise Stop(errno.EIO, "Input/output error")

    monkeypatch.setattr(folders.os, "fsync", refuse)
    with pytest.raises(WriteFailed, match=r"Input/output error. Nothing was left behind; what was there"):
        export_mixture(mixture, tmp_path / "a" / "b" / "out")
    assert names_in(tmp_path) == []


def test_the_error_says_so_if_something_had_to_be_left_behind(mixture, tmp_path, monkeypatch):
    def refuse(*_):
        raise Stop(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(folders.os, "fsync", refuse)
        patch.setattr(folders.shutil, "rmtree", lambda *_args, **_said: None)
        with pytest.raises(WriteFailed) as caught:
            export_mixture(mixture, tmp_path / "out")
    (name,) = names_in(tmp_path)
    assert caught.value.left == str(tmp_path / name)
    assert f"{tmp_path / name} was left behind, as it could not be removed; what was there" in str(caught.value)
    export_mixture(mixture, tmp_path / "out")
    assert names_in(tmp_path) == ["out"]


SLOW = """
import signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
sys.path[:0] = sys.argv[2:]
import pinchmix
from pinchmix.formats.prompt_completion import PromptCompletion
from tests.grids import table_of

class Slow(PromptCompletion):
    name = "slow"
    def faults(self, messages):
        return super().faults(messages)
    def rows(self, messages):
        if threading.current_thread() is not threading.main_thread():  # where rows are written, not only looked at
            print("row", flush=True)
            time.sleep(0.3)
        return super().rows(messages)

mix = pinchmix.build_mixture(table_of({f"i{n}": ["en"] for n in range(100)}), {"en": 100}, validate=False)
pinchmix.export_mixture(mix, sys.argv[1], formats=["messages", Slow(name="slow")], trainers=[], shards=100)
"""


def test_an_interrupt_ends_an_export_soon_and_leaves_nothing(tmp_path):
    """The threads that write are told to stop: this export would go on for half a minute."""
    command = [sys.executable, "-c", SLOW, str(tmp_path / "out"), str(Path(__file__).parents[1])]
    child = subprocess.Popen(command, env=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "row\n"
    child.send_signal(signal.SIGINT)
    said, err = child.communicate(timeout=300)
    assert said.count("row") < 50  # of 100; a loaded machine takes its time, but rows take theirs too
    assert child.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert names_in(tmp_path) == []


class Failing(PromptCompletion):
    """A format that fails in the middle."""

    name = "failing"

    def rows(self, messages):
        raise ZeroDivisionError


class Counting(PromptCompletion):
    """A format that takes its time."""

    name = "counting"

    def __init__(self):
        self.done = 0

    def rows(self, messages):
        self.done += 1
        time.sleep(0.1)
        return super().rows(messages)


def test_a_failure_of_one_form_ends_the_others(tmp_path):
    mix = build_mixture(table_of({f"i{n}": ["en"] for n in range(200)}), {"en": 200}, validate=False)
    counting = Counting()
    with pytest.raises(ZeroDivisionError):
        export_mixture(mix, tmp_path / "out", formats=["messages", counting, Failing(name="failing")], shards=200)
    assert counting.done < 100
    assert names_in(tmp_path) == []


# Disks that are full, and folders that cannot be written to -----------------------------------------------------------


@contextmanager
def mounted(place, *said):
    """A folder on a mount of its own; skips where nobody may mount."""
    place.mkdir()
    done = (
        subprocess.run(["mount", *said, str(place)], capture_output=True, text=True) if shutil.which("mount") else None
    )
    if done is None or done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip() if done else 'there is no mount'}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_nothing_or_the_export_of_before(mixture, long, tmp_path):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8m", "tmpfs") as disk:
        export_mixture(mixture, disk / "old")
        before = files_of(disk)
        for room in (4, 60, 400, 800, 1200, 1900):  # kilobytes that are free
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            (disk / "ballast").write_bytes(b"x" * (free - room * 1024))
            for place, overwrite in ((disk / "new", False), (disk / "old", True)):
                with pytest.raises(WriteFailed, match=r"No space left on device\. Nothing was left behind; ") as caught:
                    export_mixture(long, place, overwrite=overwrite)
                assert caught.value.reason.errno == errno.ENOSPC
            (disk / "ballast").unlink()
            assert files_of(disk) == before, room
        export_mixture(long, disk / "old", overwrite=True)
        assert rows_in(disk / "old") == 400
        assert names_in(disk) == ["old"]


def test_a_file_that_may_not_grow_leaves_nothing(long, tmp_path):
    """RLIMIT_FSIZE stands for a full disk where nobody may mount one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    long.digest  # noqa: B018 - what is written to scratch is written before the limit
    try:
        for limit in (0, 1000, 50_000, 500_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            try:
                with pytest.raises(WriteFailed, match=r"File too large. Nothing was left behind"):
                    export_mixture(long, tmp_path / "out")
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert names_in(tmp_path) == []
    finally:
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_read_only_folder_is_said_to_be_one(mixture, other, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    export_mixture(mixture, place / "old")

    def check(place):
        before = files_of(place)
        for name, overwrite in (("new", False), ("old", True), ("deep/er", False)):
            with pytest.raises(
                WriteFailed, match=r"(Read-only file system|Permission denied)\. Nothing was left behind"
            ):
                export_mixture(other, place / name, overwrite=overwrite)
        assert files_of(place) == before
        assert rows_in(place / "old") == 9

    if os.geteuid():
        place.chmod(0o555)
        check(place)
        place.chmod(0o755)
        return
    with mounted(tmp_path / "bound", "--bind", str(place)) as bound:  # root may write wherever it is written at all
        subprocess.run(["mount", "-o", "remount,ro,bind", str(bound)], check=True)
        check(bound)


# Other writers, and what they left ------------------------------------------------------------------------------------


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("there", ["nothing", "an empty folder"])
def test_a_writer_that_was_faster_is_not_replaced_unless_that_was_asked(
    mixture, other, tmp_path, monkeypatch, steps, overwrite, there
):
    """The other one puts its export in place in the last moment: after every check, before the rename."""
    target, faster = tmp_path / "out", []
    if there == "an empty folder":
        target.mkdir()
    sync = folders._sync

    def late(folder):
        if not faster and folder.name.endswith(".part"):
            faster.append(1)
            export_mixture(other, target, overwrite=True)
        sync(folder)

    monkeypatch.setattr(folders, "_sync", late)
    if overwrite:
        export_mixture(mixture, target, overwrite=True)
    else:
        with pytest.raises(FolderTaken, match="was filled by another writer; choose another place"):
            export_mixture(mixture, target)
    assert rows_in(target) == (9 if overwrite else 11)
    assert names_in(tmp_path) == ["out"]


def test_a_folder_that_turns_into_no_export_in_the_last_moment_is_left_alone(mixture, tmp_path, monkeypatch, steps):
    target, faster = tmp_path / "out", []
    sync = folders._sync

    def late(folder):
        if not faster:
            faster.append(1)
            target.mkdir()
            (target / "thesis.tex").write_text("mine")
        sync(folder)

    monkeypatch.setattr(folders, "_sync", late)
    with pytest.raises(FolderTaken, match="was filled by another writer"):
        export_mixture(mixture, target, overwrite=True)
    assert files_of(tmp_path) == {"out/thesis.tex": b"mine"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_writers_at_once_never_mix(mixture, other, tmp_path, steps, overwrite):
    begin, outcomes = threading.Barrier(4), []

    def write(mix):
        begin.wait()
        try:
            outcomes.append(export_mixture(mix, tmp_path / "out", overwrite=overwrite).identity["mixture"]["rows"])
        except (FolderTaken, WriteFailed) as error:
            outcomes.append(error)

    for _ in range(3):
        threads = [threading.Thread(target=write, args=(mix,)) for mix in (mixture, other) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        written = [one for one in outcomes if isinstance(one, int)]
        assert rows_in(tmp_path / "out") in written
        assert names_in(tmp_path) == ["out"]
        if steps == "one step":
            assert len(written) == (4 if overwrite else 1), outcomes
        assert len(outcomes) == 4
        outcomes.clear()
        shutil.rmtree(tmp_path / "out")


def meanwhile(*acts):
    """Let other threads act in the middle of what this one does, and return them: they may have to wait for it."""
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(0.3)
    return threads


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_aside_for_a_moment_is_no_leftover_and_its_place_is_not_free(mixture, other, tmp_path, steps, refused):
    target, threads = tmp_path / "place" / "out", []
    export_mixture(mixture, target)
    before = files_of(target)
    export_mixture(other, tmp_path / "other")

    def refuse(_old=None):
        raise FolderTaken(str(target), "refused")

    def late():
        with suppress(FolderTaken), folders.new_folder(target) as part:
            (part / "late").touch()
            folders.put_in_place(part, target, refuse)

    def check(_old):
        threads.extend(meanwhile(lambda: folders.remove_leftovers(target), late))
        if refused:
            refuse()

    with suppress(FolderTaken), folders.new_folder(target) as part:
        shutil.copytree(tmp_path / "other", part, dirs_exist_ok=True)
        folders.put_in_place(part, target, check)
    for thread in threads:
        thread.join()
    assert files_of(target) == (before if refused else files_of(tmp_path / "other"))
    assert names_in(target.parent) == ["out"]


def test_a_folder_that_is_being_made_is_no_leftover(mixture, tmp_path, monkeypatch):
    make, threads = Path.mkdir, []

    def then_tidied(self, *arguments, **options):
        make(self, *arguments, **options)
        if self.suffix == ".part":
            threads.extend(meanwhile(lambda: folders.remove_leftovers(tmp_path / "out")))

    monkeypatch.setattr(Path, "mkdir", then_tidied)
    export_mixture(mixture, tmp_path / "out")
    assert threads
    for thread in threads:
        thread.join()
    assert rows_in(tmp_path / "out")
    assert names_in(tmp_path) == ["out"]


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(mixture, tmp_path):
    (tmp_path / "out").mkdir()
    mine = [".out.download.part", ".out.0123abcd.part.txt", ".out.0123ABCD.part", ".other.0123abcd.part", "out.part"]
    for name in mine:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").touch()
    (tmp_path / ".out.01230123.part").write_text("a file")
    (tmp_path / ".out.01230124.part").symlink_to(tmp_path / "out.part")
    for name in (".out.0123abcd.part", ".out.ffffffff.part", ".out.0123abcd.old"):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "x").touch()
    with folders.new_folder(tmp_path / "out") as living:
        (living / "x").touch()
        assert living.name not in mine
        export_mixture(mixture, tmp_path / "out")
        assert names_in(living) == ["x"]
        assert names_in(tmp_path) == sorted([*mine, ".out.01230123.part", ".out.01230124.part", "out", living.name])
        assert all((tmp_path / name / "x").exists() for name in mine)


# Names ----------------------------------------------------------------------------------------------------------------

NAMES = {
    "glob signs": "a*b[c]?{d}",
    "a line end": "new\nline",
    "a leading dot": ".hidden",
    "blanks": "  a  ",
    "a name of an option": "--out",
    "right to left": "\u202eשלום\u202c",
    "250 letters": "x" * 250,
    "255 letters": "y" * 255,
    "254 bytes": "ü" * 127,
    "a percentage": "50%s%d",
}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_folder_will_do(mixture, other, tmp_path, name):
    target = tmp_path / NAMES[name]
    export_mixture(mixture, target)
    export_mixture(other, target, overwrite=True)
    assert rows_in(target) == 11
    with suppress(Broken), folders.new_folder(target) as part:
        (tmp_path / "left").mkdir()
        (tmp_path / "left").rename(part.with_name(f"{part.name.rsplit('.', 2)[0]}.0123abcd.part"))
        raise Broken
    export_mixture(mixture, target, overwrite=True)
    assert names_in(tmp_path) == [target.name]  # what a killed writer left is found under this name too


def test_a_name_that_arrow_cannot_read_is_refused(mixture, tmp_path):
    with pytest.raises(ArgumentError, match="names no folder to make"):
        export_mixture(mixture, tmp_path / "\udcff\udcfe")
    assert names_in(tmp_path) == []


def test_a_name_that_no_file_system_takes_is_an_error_that_says_so(mixture, tmp_path):
    for place in (tmp_path / ("x" * 256), tmp_path / ("x" * 300) / "out"):
        with pytest.raises(WriteFailed, match=r"File name too long\. Nothing was left behind"):
            export_mixture(mixture, place)
    assert names_in(tmp_path) == []


def test_a_linked_parent_is_followed_and_a_linked_target_is_not(mixture, other, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    export_mixture(mixture, tmp_path / "link" / "out")
    export_mixture(other, tmp_path / "link" / "out", overwrite=True)
    assert rows_in(tmp_path / "real" / "out") == 11
    (tmp_path / "direct").symlink_to(tmp_path / "real" / "out")
    for overwrite in (False, True):
        with pytest.raises(FolderTaken, match="is no folder"):
            export_mixture(mixture, tmp_path / "direct", overwrite=overwrite)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises((WriteFailed, FolderTaken)):
        export_mixture(mixture, tmp_path / "loop" / "out")
    assert rows_in(tmp_path / "real" / "out") == 11
    assert names_in(tmp_path) == ["direct", "link", "loop", "real"]


HOSTILE = [
    "../x",
    "/etc/passwd",
    "a/b",
    "..\\x",
    "CON",
    "nul.txt",
    "y" * 300,
    "\u202eid\u202c",
    "\u200fx",
    "~",
    "-",
    " x",
]


def test_hostile_ids_stay_in_provenance_whatever_the_export(tmp_path):
    mix = build_mixture(
        table_of({key: ["en"] for key in HOSTILE}),
        {"en": len(HOSTILE)},
        split={"train": 0.5, "test": 0.5},
        validate=False,
    )
    export_mixture(mix, tmp_path / "out", **EVERYTHING)
    verify_export(tmp_path / "out")
    assert all(re.fullmatch(r"out/[a-zA-Z0-9_./-]+", name) for name in files_of(tmp_path))
    found = [pq.read_table(path).column("id").to_pylist() for path in (tmp_path / "out" / "provenance").iterdir()]
    assert Counter(key for ids in found for key in ids) == Counter(HOSTILE)


# What is changed afterwards -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An export of everything: splits, shards, all formats and trainers."""
    mix = build_mixture(table_of(GRID), {"en": 5, "*": 6}, split={"train": 0.75, "test": 0.25}, validate=False)
    folder = tmp_path_factory.mktemp("whole") / "out"
    pinchmix.export_mixture(mix, folder, formats=EVERYTHING["formats"], shards=2)
    assert len(files_of(folder)) > 25
    return folder


def named(folder):
    """The files that faults name first."""
    return {fault.split(": ")[0] for fault in faults_of(folder)}


def test_two_hundred_flips_of_a_byte_are_all_found_and_named(whole, tmp_path):
    """Each round flips a byte in every file but the manifest, which is found first and by itself."""
    draw, folder, flips = random.Random(4), tmp_path / "out", 0
    shutil.copytree(whole, folder)
    good = files_of(folder)
    manifest = good.pop(NAME)
    while flips < 200:
        for name, content in good.items():
            bad = bytearray(content)
            bad[draw.randrange(len(bad))] ^= draw.randrange(1, 256)
            (folder / name).write_bytes(bad)
            flips += 1
        assert named(folder) >= set(good)
    for name, content in good.items():
        (folder / name).write_bytes(content)
    for _ in range(20):
        bad = bytearray(manifest)
        bad[draw.randrange(len(bad))] ^= draw.randrange(1, 256)
        (folder / NAME).write_bytes(bad)
        assert any(NAME in fault for fault in faults_of(folder))
    (folder / NAME).write_bytes(manifest)
    verify_export(folder)


def test_fifty_swaps_of_files_are_all_found_and_named(whole, tmp_path):
    draw, folder, swaps = random.Random(5), tmp_path / "out", 0
    shutil.copytree(whole, folder)
    good = files_of(folder)
    del good[NAME]
    while swaps < 50:
        order = draw.sample(sorted(good), len(good) // 2 * 2)
        touched = set()
        for one, another in zip(order[::2], order[1::2], strict=True):
            (folder / one).write_bytes(good[another])
            (folder / another).write_bytes(good[one])
            if good[one] != good[another]:
                touched |= {one, another}
                swaps += 1
        assert named(folder) >= touched
        for name in order:
            (folder / name).write_bytes(good[name])
    verify_export(folder)


def test_a_pipe_in_the_place_of_a_file_is_a_fault_and_does_not_hang(tmp_path):
    mix = build_mixture(table_of(GRID), {"en": 3}, split={"held_out": 0.0, "train": 1.0}, validate=False)
    export_mixture(mix, tmp_path / "out")
    rows = tmp_path / "out" / "data" / "messages" / "train.jsonl"
    rows.unlink()
    os.mkfifo(rows)
    child = subprocess.run(
        [sys.executable, "-m", "pinchmix", "verify", str(tmp_path / "out")],
        env=HERE, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert child.returncode == 4
    assert "data/messages/train.jsonl: no regular file" in child.stderr


# The smallest mixtures, and what a process is left with ---------------------------------------------------------------


def test_a_mixture_without_rows_is_an_export_like_any_other(tmp_path):
    mix = build_mixture(
        table_of({"a": ["en"]}), {"en": 5}, exclude=["a"], partial=True, split={"train": 0.5, "test": 0.5},
        validate=False,
    )  # fmt: skip
    assert len(mix) == 0
    export_mixture(mix, tmp_path / "out", **EVERYTHING)
    manifest = verify_export(tmp_path / "out")
    assert manifest.identity["mixture"]["rows"] == 0
    assert {entry["rows"] for entry in manifest.files.values() if "rows" in entry} == {0}
    json.loads((tmp_path / "out" / "croissant.json").read_bytes())


def test_exports_leave_no_thread_and_no_handle_behind(mixture, tmp_path):
    def held():
        handles = [os.path.realpath(handle) for handle in Path("/proc/self/fd").iterdir()]
        return threading.active_count(), sum(str(tmp_path) in handle for handle in handles), len(handles)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("only Linux says which files a process has open")
    counts = []
    for number in range(4):
        export_mixture(mixture, tmp_path / str(number), **EVERYTHING)
        with pytest.raises(FolderTaken):
            export_mixture(mixture, tmp_path / str(number))
        verify_export(tmp_path / str(number))
        (tmp_path / str(number) / "extra").touch()
        with pytest.raises(VerificationFailed):
            verify_export(tmp_path / str(number))
        gc.collect()
        counts.append(held())
    assert len(set(counts[1:])) == 1, counts
    assert counts[-1][:2] == (counts[0][0], 0)


def test_a_bar_goes_to_standard_error_and_is_gone_in_the_end(mixture, tmp_path, capsys):
    export_mixture(mixture, tmp_path / "out", progress=True)
    assert verify_export(tmp_path / "out", progress=True)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "word",
    [
        "/home/me/x", "--out=/home/me/x", "~/me/x", "--about=url=file:///home/me/x", "a=/home/me/x,/home/me/y",
        "C:\\Users\\me\\x", "--out=C:/Users/me/x", "\\\\server\\me\\x", "['/home/me/x', \"/home/me/y\"]",
        "see /home/me/x", "{/home/me/x}", "s3://me:secret@bucket/x", "/home/me/x/",
    ],
)  # fmt: skip
def test_the_command_in_a_manifest_names_no_place_and_nobody(monkeypatch, word):
    monkeypatch.setattr(sys, "argv", ["/home/me/bin/pinchmix", "build", word])
    program, verb, said = command()
    assert (program, verb) == ("pinchmix", "build")
    assert not re.search(r"\bme\b|home|Users|secret|server", said)
    assert "x" in said
    monkeypatch.setattr(sys, "argv", ["/home/me/script.py", word])
    assert command() == ["script.py"]


@pytest.mark.parametrize(
    "word", ["--budget", "en=4,600", "*=40", "a/b.jsonl", "http:x", "train=0.9", "and/or", "data/{lang}.jsonl"]
)
def test_what_is_no_place_stays_in_the_command(monkeypatch, word):
    monkeypatch.setattr(sys, "argv", ["pinchmix", word])
    assert command() == ["pinchmix", word]
