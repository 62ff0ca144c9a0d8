"""The careful Hugging Face datasets script: baseline_pandas.py's choice of languages, and the library for the rest.

    python benchmarks/baseline_datasets.py FOLDER OUT

It reads the ids of every language, then each language's chosen rows by a filter as it is read: loading the languages
whole and selecting rows takes longer and fills the cache with all of the text. The cache starts cold, beside OUT, and
is removed again. Its Parquet is compressed with Snappy: ``to_parquet`` takes no other codec. What baseline_pandas.py
misses, this misses too.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # before the import: nothing here is on the hub

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from baseline_pandas import SEED, choose_rows, messages

PROCESSES = os.cpu_count()
BATCH = 10_000  # rows of JSON written at a time


def to_messages(batch: pa.Table) -> pa.Table:
    """Return the chat form of a batch."""
    instruction, output = (batch[name].combine_chunks() for name in ("instruction", "output"))
    return pa.table({"messages": messages(instruction, output)})


def build(folder: Path, out: Path, cache: str) -> None:
    """Write OUT/train.parquet and OUT/train.jsonl."""
    datasets.disable_progress_bars()

    def load(file: Path, columns: list[str], only: pc.Expression | None = None) -> datasets.Dataset:
        return datasets.load_dataset(
            "parquet", data_files=str(file), split="train", cache_dir=cache, columns=columns, filters=only
        )

    files = sorted(folder.glob("*.parquet"))
    ids = [load(file, ["id"]).data.column("id").to_pandas(types_mapper=pd.ArrowDtype) for file in files]
    rows = choose_rows(ids, np.random.default_rng(SEED))
    chosen = [pc.field("id").isin(pa.array(each.take(take))) for each, take in zip(ids, rows, strict=True)]
    del ids, rows
    languages = [load(file, ["instruction", "output"], only) for file, only in zip(files, chosen, strict=True)]
    mixture = datasets.concatenate_datasets(languages).shuffle(seed=SEED).with_format("arrow")
    mixture = mixture.map(to_messages, batched=True, remove_columns=mixture.column_names, num_proc=PROCESSES)
    mixture = mixture.with_format(None)

    out.mkdir(parents=True, exist_ok=True)
    mixture.to_parquet(out / "train.parquet")
    mixture.to_json(out / "train.jsonl", batch_size=BATCH, num_proc=PROCESSES, force_ascii=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.out.parent) as cache:
        build(arguments.folder, arguments.out, cache)
