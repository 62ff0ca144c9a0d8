"""Measure the samplers and the search for evaluation overlap, beside the random sampler, each in a process of its own.

    python benchmarks/samplers.py [--instructions 1000000] [--words 20]

Prompts are made of words with the frequencies of Zipf's law. Time and memory are of the order alone: the pool is made
before, and its memory is taken off.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pinchmix.exclude import Exclusion, overlap
from pinchmix.grid import Grid
from pinchmix.plugins import find_plugin
from pinchmix.pool import Pool
from pinchmix.testing import TableReader

SAMPLERS = ("random", "longest", "stratified", "weighted", "diverse")
EVALUATION = 10_000  # prompts
VOCABULARY = 50_000


class Memory(threading.Thread):
    """Watches how much memory this process holds, in MB (on Linux)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = self.now()

    def now(self) -> float:
        """Return what is held at the moment."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    def run(self) -> None:
        """Look two hundred times a second."""
        while True:
            self.most = max(self.most, self.now())
            time.sleep(0.005)


def make_texts(random: np.random.Generator, count: int, words: int) -> pa.Array:
    chances = 1 / np.arange(1, VOCABULARY + 1)
    places = random.choice(VOCABULARY, p=chances / chances.sum(), size=count * words)
    vocabulary = pa.array([f"word{number} " for number in range(VOCABULARY)])
    lengths = random.integers(words // 4, 2 * words - words // 4, count)
    ends = np.minimum(np.cumsum(np.append(0, lengths)), len(places)).astype(np.int32)
    flat = vocabulary.take(pa.array(places)).cast(pa.large_string())
    letters = np.frombuffer(flat.buffers()[1], dtype=np.int64)[ends]
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(letters), flat.buffers()[2])


def make_pool(count: int, words: int) -> Pool:
    random = np.random.default_rng(0)
    texts = make_texts(random, count, words)
    grid = Grid(
        ids=pa.array(np.char.mod("%09d", np.arange(count))),
        hashes=random.integers(0, 2**64, count, dtype=np.uint64),
        languages=("en",),
        instruction=np.arange(count, dtype=np.int32),
        language=np.zeros(count, dtype=np.int16),
        address=np.arange(count),
    )
    tasks = np.array(["chat", "code", "list", "open"])[random.integers(0, 4, count)]
    columns: dict[str, Any] = {"prompt": texts, "response": texts, "task": tasks, "quality": random.random(count)}
    return Pool(grid, "en", TableReader(columns))


def work(name: str, pool: Pool) -> Callable[[], Any]:
    if name != "overlap":
        return lambda: find_plugin("samplers", name).order(pool, 1)
    prompts = pool.text("prompt")
    known = [text for text in prompts[:: max(len(prompts) // EVALUATION, 1)].to_pylist() if text.strip()]
    return lambda: overlap(Exclusion(prompts=known), pool.grid.ids, [prompts])


def measure(name: str, count: int, words: int, answer: Any) -> None:
    pool = make_pool(count, words)
    job = work(name, pool)
    gc.collect()
    memory = Memory()
    before = memory.most
    memory.start()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    answer.put((min(times), memory.most - before))


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--instructions", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=20)
    options = parser.parse_args()
    print(f"{options.instructions:,} instructions, about {options.words} words a prompt; the best of three runs")
    print(f"{'':<12}{'s':>8}{'x random':>10}{'MB more':>10}")
    base = 0.0
    for name in (*SAMPLERS, "overlap"):
        answer: Any = multiprocessing.Queue()
        process = multiprocessing.Process(target=measure, args=(name, options.instructions, options.words, answer))
        process.start()
        seconds, memory = answer.get()
        process.join()
        base = base or seconds
        print(f"{name:<12}{seconds:>8.2f}{seconds / base:>10.1f}{memory:>10.0f}", flush=True)


if __name__ == "__main__":
    main()
