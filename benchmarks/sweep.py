"""Times a sweep over the benchmark grid: what is done once, what each member adds, beside builds one by one.

    python benchmarks/sweep.py FOLDER [--members 60] [--size 4640] [--instructions 1000000]

FOLDER is filled by generate.py if it holds no data. Each step runs once in a process of its own, after FOLDER was read
so that none pays for a cold disk. Validators are off; loading checks stay on. The members are pinches from 0 to 100 %.

scan and check   reading the ids, and checking every row, which a sweep does once
plans            planning each member after that, without choosing its cells
one build        build_mixture of one member, from the files
laws, free       the sweep with laws (constant, nested), and of the same recipes without
each further     what one more member adds: the sweep less one of a single member, by member
of scan, plans   the sweep in parts of scan and check and all plans together
of builds        the sweep in parts of as many builds
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STEPS = ("scan", "plans", "build", "laws", "laws-one", "free", "free-one")


def members(count: int, size: int) -> dict[str, Any]:
    """Return pinches from almost nothing to everything."""
    from pinchmix import Budget, Recipe

    return {
        f"p{number:02}": Recipe(Budget.counts({"en": size - rest, "*": rest}), validators=())
        for number in range(1, count + 1)
        for rest in [round(size * number / count)]
    }


def run(step: str, folder: Path, count: int, size: int) -> dict[str, float]:
    """Do one step in this process; return seconds and bytes."""
    import numpy as np

    from pinchmix import build_mixture
    from pinchmix.family import Family
    from pinchmix.planning.examples import make_plan
    from pinchmix.planning.serving import Serving
    from pinchmix.prepare import scan
    from pinchmix.reading.texts import Texts
    from pinchmix.sweep import sweep_mixtures

    source, recipes = f"{folder}/{{lang}}.parquet", members(1 if step.endswith("one") else count, size)
    scanned = scan(source, ()) if step == "plans" else None
    cpu, wall = time.process_time(), time.perf_counter()
    if step == "scan":
        found = scan(source, ())
        texts = Texts(found.source, found.database)
        texts.fetch(np.zeros(0, dtype=np.int64), among=found.grid.address)
    elif scanned is not None:
        serving = Serving(scanned.grid, scanned.grid.languages, scanned.grid.hashes, 0)
        for recipe in recipes.values():
            make_plan(serving, recipe)
    elif step == "build":
        build_mixture(source, next(iter(recipes.values())), progress=False)
    else:
        laws: Any = {"constant": True, "nested": [list(recipes)]} if step.startswith("laws") else {}
        sweep = sweep_mixtures(source, Family("benchmark", recipes, **laws), progress=False)
        assert all(len(mixture) == size for mixture in sweep.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "peak": peak}


def show(found: dict[str, dict[str, float]], count: int) -> None:
    """Print the tables."""
    names = {"scan": "scan and check", "plans": f"{count} plans", "build": "one build"}
    names |= {"laws": f"{count} members, laws", "free": f"{count} members, free"}
    print(f"{'':24}{'wall s':>8}{'CPU s':>8}{'peak GB':>9}")
    for step, name in names.items():
        cost = found[step]
        print(f"{name:24}{cost['wall']:8.1f}{cost['cpu']:8.1f}{cost['peak'] / 1e9:9.2f}")
    print(f"\n{'CPU':24}{'each further s':>16}{'of scan, plans':>16}{'of builds':>12}")
    for step in ("laws", "free"):
        whole = found[step]["cpu"]
        further = (whole - found[f"{step}-one"]["cpu"]) / max(count - 1, 1)
        base = found["scan"]["cpu"] + found["plans"]["cpu"]
        print(f"{names[step]:24}{further:16.2f}{whole / base:16.2f}{whole / (count * found['build']['cpu']):12.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--members", type=int, default=60)
    parser.add_argument("--size", type=int, default=4640, help="examples in each")
    parser.add_argument("--instructions", type=int, default=1_000_000, help="in the data, if it has to be made")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.step:
        print(json.dumps(run(said.step, said.folder, said.members, said.size)))
        return 0
    if not any(said.folder.glob("*.parquet")):
        generate = [sys.executable, HERE / "generate.py", said.folder, "--instructions", said.instructions]
        subprocess.run([str(part) for part in generate], check=True)
    for path in said.folder.glob("*.parquet"):
        path.read_bytes()
    found = {}
    for step in STEPS:
        command = [sys.executable, HERE / "sweep.py", said.folder, "--members", said.members, "--size", said.size]
        text = subprocess.run(
            [*map(str, command), "--step", step], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        found[step] = json.loads(text.splitlines()[-1])
    show(found, said.members)
    return 0


if __name__ == "__main__":
    sys.exit(main())
