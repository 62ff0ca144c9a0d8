"""Compares exporting a mixture with writing the same rows by datasets and by DuckDB's COPY; verification too.

    python benchmarks/export.py FOLDER [--rows 1000000] [--out OUT] [--rounds 2]

FOLDER is that of build_mixture.py. The mixture is built once; then each writer runs in a fork of its own, in turn, and
reads the same rows from the same scratch file. pinchmix writes JSON lines, Parquet, provenance, a hash of every file,
and syncs to disk; the others write JSON lines and Parquet of the one column.

wall, CPU   seconds of the fork, children included
peak        memory that the fork held at most beyond what it began with (Linux)
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from pinchmix import Budget, build_mixture, export_mixture, verify_export


def resident(field: str) -> int:
    """Return a figure of this process's memory in bytes: VmHWM is the peak, VmRSS what is held now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def in_fork(work: Callable[[], object]) -> tuple[float, float, float]:
    """Run something in a fork; return wall seconds, CPU seconds, and the peak of memory beyond the start in GB."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            held, start = resident("VmRSS"), time.perf_counter()
            work()
            wall, times = time.perf_counter() - start, os.times()
            said = f"{wall} {sum(times[:4])} {(resident('VmHWM') - held) / 1e9}"
            os.write(writer, said.encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as told:
        said = told.read()
    os.waitpid(child, 0)
    wall, cpu, peak = map(float, said.split())
    return wall, cpu, peak


def by_datasets(path: Path, out: Path) -> None:
    import datasets

    datasets.disable_progress_bars()
    rows = datasets.Dataset(pa.ipc.open_file(pa.memory_map(str(path))).read_all().select(["messages"]))
    rows.to_parquet(out / "train.parquet")
    rows.to_json(out / "train.jsonl")


def by_duckdb(path: Path, out: Path) -> None:
    rows = pa.ipc.open_file(pa.memory_map(str(path))).read_all().select(["messages"])
    connection = duckdb.connect()
    connection.register("rows", rows)
    connection.execute(f"COPY rows TO '{out}/train.parquet' (FORMAT parquet, COMPRESSION zstd)")
    connection.execute(f"COPY rows TO '{out}/train.jsonl' (FORMAT json)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=Path("export-out"))
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    mix = build_mixture(f"{arguments.folder}/{{lang}}.parquet", Budget.uniform(arguments.rows), validate=False)
    path, out = mix.rows.path, arguments.out
    writers: dict[str, Callable[[], object]] = {
        "pinchmix": lambda: export_mixture(mix, out / "pinchmix", overwrite=True, progress=False),
        "datasets": lambda: by_datasets(path, out / "datasets"),
        "duckdb": lambda: by_duckdb(path, out / "duckdb"),
        "pinchmix verify": lambda: verify_export(out / "pinchmix", progress=False),
    }
    for number in range(arguments.rounds):
        for name, work in writers.items():
            if " " not in name:
                shutil.rmtree(out / name, ignore_errors=True)
                if name != "pinchmix":
                    (out / name).mkdir(parents=True)
            os.sync()  # nobody waits for the disk on behalf of the one before
            wall, cpu, peak = in_fork(work)
            print(f"{number}  {name:16} {wall:6.2f} s wall {cpu:6.2f} s CPU {peak:5.2f} GB", flush=True)
    size = sum(file.stat().st_size for file in (out / "pinchmix").rglob("*") if file.is_file())
    print(f"pinchmix wrote {size / 1e9:.2f} GB")
    shutil.rmtree(out)


if __name__ == "__main__":
    main()
