"""Makes the benchmark's grid: instructions × 12 languages with gaps, one Parquet file a language.

    python benchmarks/generate.py FOLDER [--instructions 1000000]

Cells are about 400 bytes of pseudo-words, different in every language, in an order of its own in every file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LANGUAGES = ("ar", "cs", "en", "es", "et", "fi", "he", "hi", "it", "ru", "sw", "zh")
ROWS = 100_000  # rows written at a time


def phrases(rng: np.random.Generator, count: int, words: int) -> pa.Array:
    """Return ``count`` phrases of ``words`` pseudo-words each."""
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    vocabulary = ["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(5_000)]
    picked = rng.zipf(1.3, (count, words)) % len(vocabulary)
    return pa.array([" ".join(vocabulary[word] for word in row) for row in picked])


def generate(folder: Path, instructions: int) -> int:
    """Write the grid and return its number of cells."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = 0
    for number, language in enumerate(LANGUAGES):
        rng = np.random.default_rng([7, number])
        pool = phrases(rng, 60_000, 8)
        present = np.flatnonzero(rng.random(instructions) < (0.7 if language != "en" else 1.0) + 0.023 * number)
        rng.shuffle(present)
        cells += len(present)
        with pq.ParquetWriter(
            folder / f"{language}.parquet",
            pa.schema([("id", pa.string()), ("instruction", pa.string()), ("output", pa.string())]),
            compression="zstd",
        ) as writer:
            for start in range(0, len(present), ROWS):
                ids = present[start : start + ROWS]
                parts = [pool.take(pa.array(rng.integers(0, len(pool), len(ids)))) for _ in range(8)]
                join = pa.compute.binary_join_element_wise
                writer.write_table(
                    pa.table(
                        {
                            "id": pa.array([f"instruction-{i:08d}" for i in ids.tolist()]),
                            "instruction": join(*parts[:2], " "),
                            "output": join(*parts[2:], " "),
                        }
                    ),
                    row_group_size=ROWS,
                )
    return cells


if __name__ == "__main__":
    import pyarrow.compute

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--instructions", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(f"{generate(arguments.folder, arguments.instructions):,} cells")
