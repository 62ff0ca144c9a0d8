"""The bare DuckDB script: the least work that gives a mixture with one language for each instruction.

    python benchmarks/baseline_duckdb.py FOLDER OUT

A hash chooses the language among those an instruction exists in, so languages with more gaps come out smaller: no
count is asked for and none is met. (It is the hash of one text: ``hash(id, file_index)`` would favour languages.)
Another hash orders the rows. The JSON Lines are made from the Parquet just written, which joins and sorts once and
costs less than a table between the two. Nothing is checked.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb

CHOOSE = """
CREATE TEMP TABLE chosen AS
SELECT id, arg_min(file_index, hash(id || file_index)) AS file_index FROM read_parquet('{files}') GROUP BY id
"""
PARQUET = """
COPY (
    SELECT [{{role: 'user', content: instruction}}, {{role: 'assistant', content: output}}] AS messages
    FROM read_parquet('{files}') AS cells
    JOIN chosen ON cells.id = chosen.id AND cells.file_index = chosen.file_index
    ORDER BY hash(cells.id)
) TO '{out}/train.parquet' (FORMAT parquet, COMPRESSION zstd)
"""
LINES = "COPY (FROM '{out}/train.parquet') TO '{out}/train.jsonl' (FORMAT json)"


def build(folder: Path, out: Path) -> None:
    """Write OUT/train.parquet and OUT/train.jsonl."""
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=out) as scratch,
        duckdb.connect(config={"memory_limit": "1GB", "temp_directory": scratch}) as database,
    ):
        for statement in (CHOOSE, PARQUET, LINES):
            database.execute(statement.format(files=folder / "*.parquet", out=out))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    build(arguments.folder, arguments.out)
