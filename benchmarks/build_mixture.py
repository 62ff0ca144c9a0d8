"""Compares pinchmix with the scripts people write in its place, from the files to a mixture on disk.

    python benchmarks/build_mixture.py FOLDER [--out OUT] [--instructions 1000000] [--pinchmix-only]

FOLDER is filled by generate.py if it holds no data. Every script runs once as a process of its own, one after the
other, with FOLDER read beforehand so that none pays for a cold disk. Then each output is checked: every row must be a
cell of the grid, found by the content of both messages, and the JSON Lines must hold the rows of the Parquet.

wall, CPU   seconds of the whole process, children included
peak        memory: of the largest process, or of all together where a script starts more than one (Linux)
read, wrote every byte through read and write calls, pipes included, memory maps not (Linux)
off even    rows in another language than an even split would have them in
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = {
    "pinchmix": "run_pinchmix.py",
    "pandas": "baseline_pandas.py",
    "datasets": "baseline_datasets.py",
    "duckdb": "baseline_duckdb.py",
}


@dataclass
class Cost:
    """What one process took: seconds, bytes and how it ended."""

    wall: float
    cpu: float
    peak: int
    read: int
    wrote: int
    failed: bool


@dataclass
class Found:
    """What an output holds: rows, distinct instructions, rows away from an even split, and what is wrong with it."""

    rows: int
    instructions: int
    off_even: int
    faults: list[str]


def together(session: int) -> int:
    """Return the bytes of memory that the processes of a session hold, if they are more than one."""
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                members.append(entry)
    total = 0
    for entry in members if len(members) > 1 else []:
        with contextlib.suppress(OSError):
            fields = dict(line.split(":") for line in (entry / "smaps_rollup").read_text().splitlines()[1:])
            total += int(fields["Pss"].split()[0]) * 1024  # shared pages count once over all processes
    return total


def measure(command: list[str]) -> Cost:
    """Run a command and return what it took.

    A child's peak starts from its parent's memory, so nothing large may be imported here before the last one ran.
    """
    peak, start = 0, time.perf_counter()
    process = subprocess.Popen(command, start_new_session=True)
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        peak = max(peak, together(process.pid))
        time.sleep(0.05)
    wall = time.perf_counter() - start
    io: dict[str, str] = {}
    with contextlib.suppress(OSError):  # an ended process keeps its counts until it is waited for
        io = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=max(peak, usage.ru_maxrss * 1024),
        read=int(io.get("rchar", 0)),
        wrote=int(io.get("wchar", 0)),
        failed=process.returncode != 0,
    )


def warm(folder: Path) -> None:
    """Read the data once, so that every script finds it in memory."""
    for path in folder.glob("*.parquet"):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 22):
                pass


def off_even(counts: list[int]) -> int:
    """Return how many rows would have to change language for the counts to be as even as they can be."""
    least, more = divmod(sum(counts), len(counts))
    return sum(max(0, least + (n < more) - count) for n, count in enumerate(sorted(counts, reverse=True)))


def check(folder: Path, outputs: list[Path]) -> list[Found]:
    """Return what each output holds, its rows looked up in the grid by their content."""
    import duckdb

    languages = len(list(folder.glob("*.parquet")))
    database = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(outputs[0].parent / "check")})
    database.execute(
        f"""CREATE TABLE cells AS
        SELECT id, file_index::INTEGER AS language, hash(instruction, output) AS content
        FROM read_parquet('{folder}/*.parquet')"""
    )
    checked = []
    for out in outputs:
        files = ", ".join(
            f"'{path}'" for path in sorted(out.rglob("train*.parquet")) if path.parent.name != "provenance"
        )
        for table, reader in (
            ("rows", f"read_parquet([{files}])"),
            (
                "lines",
                f"read_json('{out}/**/train*.jsonl', format='newline_delimited', "
                "columns={messages: 'STRUCT(role VARCHAR, content VARCHAR)[]'})",
            ),
        ):
            database.execute(
                f"""CREATE OR REPLACE TABLE {table} AS
                SELECT len(messages) = 2 AND messages[1].role = 'user' AND messages[2].role = 'assistant' AS chat,
                       hash(messages[1].content, messages[2].content) AS content
                FROM {reader}"""
            )
        rows, lines, chats, differing = database.execute(
            """SELECT (SELECT count(*) FROM rows), (SELECT count(*) FROM lines),
                      (SELECT count(*) FILTER (chat) FROM rows) + (SELECT count(*) FILTER (chat) FROM lines),
                      (SELECT count(*) FROM (SELECT content FROM rows EXCEPT ALL SELECT content FROM lines))"""
        ).fetchone()
        found = dict(
            database.execute(
                "SELECT language, count(*) FROM rows JOIN cells USING (content) GROUP BY language"
            ).fetchall()
        )
        instructions = database.execute("SELECT count(DISTINCT id) FROM rows JOIN cells USING (content)").fetchone()[0]
        faults = {
            "rows that are no cell of the grid": rows - sum(found.values()),
            "rows with an instruction used before": sum(found.values()) - instructions,
            "rows that are not one user and one assistant message": rows + lines - chats,
            "rows missing from the JSON Lines": differing,
            "more JSON Lines than rows": lines - rows,
        }
        checked.append(
            Found(
                rows=rows,
                instructions=instructions,
                off_even=off_even([found.get(language, 0) for language in range(languages)]),
                faults=[f"{count:,} {what}" for what, count in faults.items() if count > 0],
            )
        )
    database.close()
    return checked


def show(costs: dict[str, Cost], found: dict[str, Found]) -> None:
    """Print the table."""
    base = costs["pinchmix"]

    def ratio(cost: Cost, field: str) -> str:
        return "-" if base.failed else f"{getattr(cost, field) / getattr(base, field):.2f}x"

    lines = [["", "wall s", "", "CPU s", "", "peak GB", "", "read GB", "wrote GB", "rows", "instructions", "off even"]]
    for name, cost in costs.items():
        if cost.failed:
            lines.append([name, "failed", *[""] * (len(lines[0]) - 2)])
            continue
        held = found[name]
        lines.append(
            [
                name,
                *(f"{cost.wall:.1f}", ratio(cost, "wall"), f"{cost.cpu:.1f}", ratio(cost, "cpu")),
                *(f"{cost.peak / 1e9:.2f}", ratio(cost, "peak"), f"{cost.read / 1e9:.2f}", f"{cost.wrote / 1e9:.2f}"),
                *(f"{held.rows:,}", f"{held.instructions:,}", f"{held.off_even:,}"),
            ]
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))
    for name, held in found.items():
        for fault in held.faults:
            print(f"{name}: {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="where the mixtures go (FOLDER/out)")
    parser.add_argument("--instructions", type=int, default=1_000_000, help="in the data, if it has to be made")
    parser.add_argument("--pinchmix-only", action="store_true")
    arguments = parser.parse_args()
    folder, out = arguments.folder, arguments.out or arguments.folder / "out"

    if not any(folder.glob("*.parquet")):
        generate = [sys.executable, HERE / "generate.py", folder, "--instructions", arguments.instructions]
        subprocess.run([str(part) for part in generate], check=True)

    costs = {}
    for name, script in SCRIPTS.items():
        if arguments.pinchmix_only and name != "pinchmix":
            continue
        shutil.rmtree(out / name, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        warm(folder)
        command = [sys.executable, HERE / script, folder, out / name]
        if name == "pinchmix":
            command += ["--rows", arguments.instructions]
        print(name, flush=True)
        costs[name] = measure([str(part) for part in command])

    done = [name for name, cost in costs.items() if not cost.failed]
    found = dict(zip(done, check(folder, [out / name for name in done]), strict=True)) if done else {}
    show(costs, found)
    return int(any(cost.failed for cost in costs.values()) or any(held.faults for held in found.values()))


if __name__ == "__main__":
    sys.exit(main())
