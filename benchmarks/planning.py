"""Planning after the scan, beside a greedy script and ``groupby.sample``: time, memory, what is missed, and bias.

Run: ``python benchmarks/planning.py``. Each method runs in a process of its own on the same random availability. The
budget is a random one that a hidden choice meets at 95 % of the instructions, scarce languages asking for much of what
they have, so that it is feasible and not easy.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pinchmix.budget import Budget
from pinchmix.canonical import key_of
from pinchmix.exact.fit import fitted
from pinchmix.exact.order import keyed
from pinchmix.exact.supply import Supply
from pinchmix.grid import Grid
from pinchmix.planning.assign import assign
from pinchmix.planning.examples import make_plan
from pinchmix.planning.serving import Serving
from pinchmix.recipe import Recipe

# Name → instructions, languages, the share of cells that exist, the instructions that the budget takes.
SETTINGS = {
    "1 M × 12": (1_000_000, 12, 0.85, 0.95),
    "67,000 × 52": (67_000, 52, 0.50, 0.95),
    "164 × 201": (164, 201, 0.85, 0.95),
}
METHODS = ("pinchmix", "greedy", "groupby.sample")


def make_case(name: str, seed: int = 0) -> tuple[Grid, np.ndarray]:
    """Return a grid and feasible counts by language."""
    instructions, languages, share, used = SETTINGS[name]
    draw = np.random.default_rng(seed)
    # Languages differ in how complete they are, around the share.
    chance = np.clip(share + (draw.random(languages) - 0.5) * 0.25, 0.02, 1)
    exists = draw.random((instructions, languages)) < chance
    exists[~exists.any(axis=1), 0] = True
    instruction, language = np.nonzero(exists)
    hidden = np.where(exists, draw.random(exists.shape) ** (1 / np.linspace(0.3, 3, languages)), -1).argmax(axis=1)
    witness = draw.permutation(instructions)[: int(instructions * used)]
    counts = np.bincount(hidden[witness], minlength=languages)
    grid = Grid(
        ids=pa.array([f"{number:07d}" for number in range(instructions)]),
        hashes=draw.integers(0, 2**64, instructions, dtype=np.uint64),
        languages=tuple(
            f"q{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(languages)
        ),  # private tags
        instruction=instruction.astype(np.int32),
        language=language.astype(np.int16),
        address=np.arange(len(instruction)),
    )
    return grid, counts


def with_pinchmix(grid: Grid, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Plan and choose; the time of the plan alone is told apart."""
    recipe = Recipe(Budget.counts(dict(zip(grid.languages, counts.tolist(), strict=True))))
    serving = Serving(grid, grid.languages, keyed(grid.hashes, key_of(0, "order")), 0)
    begin = time.perf_counter()
    plan = make_plan(serving, recipe)
    planned = time.perf_counter() - begin
    return assign(plan, serving).cell, planned


def with_greedy(grid: Grid, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Serve languages in order; each takes the first instructions of a shuffle that are still free."""
    order = np.random.default_rng(0).permutation(len(grid.ids))
    rank = np.argsort(order)
    free = np.ones(len(grid.ids), dtype=bool)
    cells = []
    for place, count in enumerate(counts.tolist()):
        mine = np.flatnonzero(grid.language == place)
        mine = mine[free[grid.instruction[mine]]]
        mine = mine[np.argsort(rank[grid.instruction[mine]])][:count]
        free[grid.instruction[mine]] = False
        cells.append(mine)
    return np.concatenate(cells), float("nan")


def with_groupby(grid: Grid, counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Sample each language by itself, as ``groupby.sample`` does, and drop what repeats an instruction."""
    table = pd.DataFrame({"instruction": grid.instruction, "language": grid.language})
    parts = [part.sample(n=int(counts[place]), random_state=0) for place, part in table.groupby("language")]
    return pd.concat(parts).index.to_numpy(), float("nan")


def bias(grid: Grid, cells: np.ndarray, counts: np.ndarray) -> float:
    """Return how far what languages get from kinds of instructions is from random choice.

    A kind is a range of how many languages an instruction exists in, of eight about as large ones. The least-biased
    choice of the same budget (the choice of largest entropy) expects so many cells of each kind for each language; what
    a method takes more or less is summed, halved, and given as a share of the mixture: the part of the choice that
    would have to move. Random choice itself has a little of this by chance; below 100 cells a language it is all
    chance, and NaN is returned.
    """
    if counts.sum() < 100 * len(counts):
        return float("nan")
    patterns = grid.patterns
    fit = fitted(Supply(patterns.supply, patterns.allowed), counts)
    degree = patterns.allowed.sum(axis=1)
    edges = np.unique(np.quantile(np.repeat(degree, patterns.supply), np.arange(1, 8) / 8))
    kind = np.searchsorted(edges, degree)
    size = (len(edges) + 1, len(grid.languages))
    expected, got = np.zeros(size), np.zeros(size)
    np.add.at(expected, kind, fit)
    np.add.at(got, (kind[patterns.of_instruction[grid.instruction[cells]]], grid.language[cells]), 1)
    return float(np.abs(expected - got).sum() / 2 / counts.sum())


def measure(name: str, method: str) -> dict[str, Any]:
    """Run one method on one case and return its figures."""
    grid, counts = make_case(name)
    methods = {"pinchmix": with_pinchmix, "greedy": with_greedy, "groupby.sample": with_groupby}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    cells, planned = methods[method](grid, counts)
    seconds = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    kept = cells[np.sort(np.unique(grid.instruction[cells], return_index=True)[1])]
    missed = int(np.maximum(counts - np.bincount(grid.language[kept], minlength=len(counts)), 0).sum())
    return {
        "plan": planned,
        "seconds": seconds,
        "memory": memory / 1024,
        "distinct": len(np.unique(grid.instruction[cells])),
        "asked": int(counts.sum()),
        "missed": missed,
        "bias": bias(grid, cells, counts),
    }


def main() -> None:
    """Run every method on every case, best of three, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("CASE", "METHOD"), help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=3)
    said = parser.parse_args()
    if said.one:
        print(json.dumps(measure(*said.one)))
        return
    print("| case | method | plan s | plan and choice s | MB more | distinct instructions | budget missed | bias |")
    print("|---|---|---|---|---|---|---|---|")
    for name in SETTINGS:
        for method in METHODS:
            command = [sys.executable, __file__, "--one", name, method]
            runs = [
                json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout) for _ in range(said.runs)
            ]
            best = min(runs, key=lambda run: run["seconds"])
            plan = f"{min(run['plan'] for run in runs):.2f}" if method == "pinchmix" else ""
            off = "" if np.isnan(best["bias"]) else f"{best['bias']:.2%}"
            print(
                f"| {name} | {method} | {plan} | {best['seconds']:.2f} | {best['memory']:,.0f} | {best['distinct']:,} "
                f"of {best['asked']:,} | {best['missed']:,} | {off} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
