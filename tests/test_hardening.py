"""What a hostile reader broke once and must stay whole."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pinchmix
from pinchmix import Budget, InfeasibleBudget, Mixture, Recipe, build_mixture, export_mixture, verify_export
from pinchmix.errors import ArgumentError, BadRows, FolderTaken, SourceChanged, VerificationFailed
from pinchmix.exporting.shards import PARQUET
from pinchmix.manifest import NAME, Manifest
from pinchmix.plugins import Findings, Order, Verdict
from pinchmix.sources import jsonlines
from pinchmix.sources.database import Database

COUNTS = {"en": 5, "fi": 5}


@pytest.fixture(scope="module")
def mixture() -> Mixture:
    return build_mixture(pinchmix.sample(), COUNTS, validate=False)


def test_threads_may_share_a_mixture(tmp_path: Path) -> None:
    mixture = build_mixture(pinchmix.sample(), {"en": 20, "*": 40}, validate=False)
    start = threading.Barrier(12)
    failed: list[BaseException] = []

    def use(number: int) -> None:
        start.wait()
        try:
            if number % 3 == 0:
                export_mixture(mixture, tmp_path / str(number))
            else:
                assert len(mixture.counts if number % 3 == 1 else list(mixture.rows.batches(["messages"], "train"))) > 0
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_process_that_ends_leaves_the_scratch_files_to_its_parent() -> None:
    script = """
import os, sys, pinchmix
mixture = pinchmix.build_mixture(pinchmix.sample(), {"en": 5}, validate=False)
child = os.fork()
if not child:
    sys.exit(0)
os.waitpid(child, 0)
print(len(list(mixture)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "5\n"


def test_a_refused_budget_leaves_no_scratch_folder_to_the_garbage_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(InfeasibleBudget) as caught:
            build_mixture(pinchmix.sample(), {"en": 5000}, validate=False)
        del caught
        assert list(tmp_path.iterdir()) == []
    finally:
        gc.enable()


def test_a_budget_of_more_than_32_bits_gets_its_proof() -> None:
    with pytest.raises(InfeasibleBudget, match="3,000,000,000") as caught:
        build_mixture(pinchmix.sample(), {"en": 3_000_000_000}, validate=False)
    certificate = caught.value.certificate
    assert (certificate.supply, certificate.largest_total) == (65, 65)


def test_recipes_that_break_ties_in_another_order_have_other_digests() -> None:
    one, other = (Recipe(Budget.shares(dict.fromkeys(tags, 0.5), total=3)) for tags in (("en", "fi"), ("fi", "en")))
    assert one.budget.for_languages(["en", "fi"]) != other.budget.for_languages(["en", "fi"])
    assert one.digest != other.digest


def test_a_manifest_keeps_the_order_of_the_budget(tmp_path: Path) -> None:
    built = build_mixture(pinchmix.sample(), {"fi": 0.5, "en": 0.5}, total=3, validate=False)
    export_mixture(built, tmp_path / "out")
    recipe = verify_export(tmp_path / "out").identity["recipe"]
    assert recipe["budget"]["order"] == ["fi", "en"]


def test_languages_without_an_order_are_refused() -> None:
    with pytest.raises(ArgumentError, match="a set has no order"):
        build_mixture(pinchmix.sample(), {"*": 5}, languages={"en", "fi", "sw"})  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="languages=5"):
        build_mixture(pinchmix.sample(), {"*": 5}, languages=5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="validate=1"):
        build_mixture(pinchmix.sample(), {"*": 5}, validate=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"languages": ("en", "fi", "en")}, "'en' is given twice"),
        ({"languages": "en"}, "give a list or tuple"),
        ({"languages": None}, "give a list or tuple"),
        ({"validators": "language"}, "give a list or tuple"),
        ({"validators": ("language", "language")}, "'language' is given twice"),
    ],
)
def test_a_recipe_refuses_what_it_cannot_mean(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Recipe(Budget.counts({"en": 1}), **fields)  # type: ignore[arg-type]


def test_a_seed_of_numpy_is_a_whole_number() -> None:
    recipe = Recipe(Budget.counts({"en": 1}), seed=np.int64(3))  # type: ignore[arg-type]
    assert recipe == Recipe(Budget.counts({"en": 1}), seed=3)
    assert recipe.digest == Recipe(Budget.counts({"en": 1}), seed=3).digest


class Says:
    """A validator that says one thing of the first cell."""

    name, version = "says", "1"

    def __init__(self, verdict: int, place: int = 0) -> None:
        self.verdict, self.place = verdict, place
        self.settings = {"verdict": int(verdict), "place": place}

    def judge(self, cells: object, languages: object) -> Findings:
        one = np.array([self.place]), ["prompt"], np.array([self.verdict], dtype=np.uint8)
        return Findings(*one, ["reason"], np.array([1], dtype=np.float32), ["seen"])


def test_what_a_validator_finds_all_right_is_not_unsure() -> None:
    for verdict, unsure in ((Verdict.OK, 0), (Verdict.UNSURE, 1)):
        built = build_mixture(pinchmix.sample(), COUNTS, validate=[Says(verdict)])
        assert int(built.counts["unsure"].sum()) == unsure


@pytest.mark.parametrize(
    ("verdict", "place", "said"), [(7, 0, "7 is no verdict"), (1, 99, "cell 99"), (1, -1, "cell -1")]
)
def test_a_validator_out_of_its_bounds_is_named(verdict: int, place: int, said: str) -> None:
    with pytest.raises(ArgumentError, match=f"validator says: .*{said}"):
        build_mixture(pinchmix.sample(), COUNTS, validate=[Says(verdict, place)])


def test_a_sampler_of_the_wrong_length_is_named() -> None:
    class Short:
        name, version, laws = "short", "1", frozenset()

        def order(self, pool: object, seed: int) -> Order:
            return Order(np.zeros(3, dtype=np.uint64))

    with pytest.raises(ArgumentError, match=r"sampler short: .* not \(3,\)"):
        build_mixture(pinchmix.sample(), COUNTS, sampler=Short())


@pytest.mark.parametrize("folder", ["", "~nobody-of-that-name/out", "a\0b", b"out", 5, "new/.."])
def test_what_names_no_folder_is_refused(mixture: Mixture, folder: object) -> None:
    with pytest.raises(ArgumentError, match="names no folder"):
        export_mixture(mixture, folder)  # type: ignore[arg-type]


@pytest.mark.parametrize("folder", ["~nobody-of-that-name/out", b"out", 5])
def test_no_folder_to_verify_is_refused(folder: object) -> None:
    with pytest.raises(ArgumentError, match="names no folder"):
        verify_export(folder)  # type: ignore[arg-type]


def test_the_folder_above_can_be_verified(mixture: Mixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_mixture(mixture, tmp_path / "out")
    monkeypatch.chdir(tmp_path / "out" / "data")
    assert verify_export("..").identity["mixture"]["rows"] == 10


def test_swapped_arguments_of_an_export_are_told(mixture: Mixture) -> None:
    with pytest.raises(ArgumentError, match="the first is a Mixture"):
        export_mixture("out", mixture)  # type: ignore[arg-type]


def test_the_working_folder_and_mounted_volumes_are_not_replaced(
    mixture: Mixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FolderTaken, match="where you are"):
        export_mixture(mixture, ".")
    assert Path.cwd() == tmp_path
    volume = tmp_path / "volume"
    volume.mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == volume)
    with pytest.raises(FolderTaken, match="a volume is mounted"):
        export_mixture(mixture, volume)
    assert list(tmp_path.iterdir()) == [volume]


def test_a_source_that_is_gone_when_it_is_to_be_hashed_is_told(tmp_path: Path) -> None:
    source = tmp_path / "en.jsonl"
    source.write_bytes((pinchmix.sample() / "en.jsonl").read_bytes())
    built = build_mixture({"en": source}, {"en": 5}, validate=False)
    source.unlink()
    with pytest.raises(SourceChanged, match=r"en\.jsonl .* it is gone"):
        export_mixture(built, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "table", [{"x": [1] * 10}, {"messages": [1] * 10}, {"messages": [[{"a": "b"}]] * 10}], ids=["other", "int", "keys"]
)
def test_a_forged_table_of_another_shape_is_a_fault(
    mixture: Mixture, tmp_path: Path, table: dict[str, list[object]]
) -> None:
    folder = tmp_path / "out"
    export_mixture(mixture, folder)
    pq.write_table(pa.table(table), folder / PARQUET.format("train"))
    manifest = Manifest.of_bytes((folder / NAME).read_bytes())
    content = (folder / PARQUET.format("train")).read_bytes()
    identity = json.loads(json.dumps(manifest.identity))
    identity["files"][PARQUET.format("train")].update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    (folder / NAME).write_bytes(Manifest(identity, manifest.source, manifest.provenance).to_bytes())
    with pytest.raises(VerificationFailed, match="not the one column of messages"):
        verify_export(folder)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_the_command_line_writes_to_pipes_of_any_code_page(encoding: str) -> None:
    command = [sys.executable, "-m", "pinchmix", "plan", str(pinchmix.sample()), "--budget", "en=20"]
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"en: 20 of 65 available" in done.stdout


@pytest.mark.parametrize("error", [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT")])
def test_an_interrupt_inside_the_database_is_an_interrupt(error: Exception) -> None:
    class Interrupted:
        def execute(self, sql: str) -> None:
            raise error

    database = Database()
    database._connection = Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        database.execute("SELECT 1")


def test_other_failures_of_the_database_stay_what_they_are() -> None:
    with pytest.raises(duckdb.CatalogException):
        Database().execute("SELECT * FROM nowhere")


def _late(path, place, extra):
    rows = [{"id": str(n), "instruction": f"Say {n}", "output": f"It is {n}"} for n in range(1500)]
    rows[place] |= extra
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return build_mixture({"en": str(path)}, {"en": 1500}, validate=False)


def test_a_field_that_first_occurs_late_counts_as_much_as_an_early_one(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonlines, "BLOCK", 1 << 14)
    early, late = (_late(tmp_path / f"{n}.jsonl", n, {"input": "EXTRA"}) for n in (3, 1400))
    assert [sum("EXTRA" in example.prompt for example in mix) for mix in (early, late)] == [1, 1]
    with pytest.raises(BadRows, match=r"language label \(1\)"):
        _late(tmp_path / "wrong.jsonl", 1400, {"lang": "de"})


def test_a_source_that_changed_since_it_was_read_is_not_vouched_for(tmp_path):
    mix = _late(tmp_path / "en.jsonl", 0, {})
    (tmp_path / "en.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(SourceChanged, match="changed after it was scanned"):
        export_mixture(mix, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_frame_saved_with_its_index_is_read(tmp_path):
    frame = pd.DataFrame({"id": ["a"], "instruction": ["Hi"], "output": ["Hello"]})
    frame.to_csv(tmp_path / "en.csv")
    assert build_mixture(tmp_path, {"en": 1}, validate=False)[0].prompt == "Hi"


def test_provenance_names_no_folder_of_the_machine(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
    files = {"en": tmp_path / "one" / "en.csv", "fi": Path("/dev/shm") / f"{tmp_path.name}.csv"}
    try:
        for file in files.values():
            pd.DataFrame({"id": ["a"], "instruction": ["Hi"], "output": ["Hello"]}).to_csv(file, index=False)
        mix = build_mixture(files, {"en": 1}, validate=False)
        assert mix[0].origin.source == "en.csv"
    finally:
        files["fi"].unlink(missing_ok=True)


def test_what_systems_leave_in_a_folder_is_not_data(tmp_path):
    row = json.dumps({"id": "a", "instruction": "Hi", "output": "Hello"})
    for name in ("en.jsonl", "._en.jsonl", "_cache.json"):
        (tmp_path / name).write_text(row + "\n", encoding="utf-8")
    assert len(build_mixture(tmp_path, {"en": 1}, validate=False)) == 1


def test_laws_of_plugins_hold_without_assert_statements():
    code = (
        "from pinchmix.testing.laws import hold\ntry:\n    hold(False, 'x')\nexcept AssertionError:\n    print('held')"
    )
    run = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "held\n"
