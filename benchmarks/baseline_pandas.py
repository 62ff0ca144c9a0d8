"""The careful pandas script: one language for each instruction, as even as a greedy choice gets, then the texts.

    python benchmarks/baseline_pandas.py FOLDER OUT

The choice fills the languages level, starting with the instructions that exist in the fewest. It looks at no later
instruction, so it has no proof that its counts are the evenest possible and misses them where scarce languages
overlap, and it only knows "even": a budget by numbers, by share or by tokens would be another script. Nothing checks
the texts, duplicate ids, or that an id means the same instruction everywhere, and no record says how OUT was made.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 7
BATCH = 50_000  # rows turned into messages at a time
SCHEMA = pa.schema([("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])))])


def choose(masks: np.ndarray, languages: int, rng: np.random.Generator) -> np.ndarray:
    """Return one language for each instruction, of those whose bits are set in its mask."""
    chosen = np.empty(len(masks), np.int8)
    filled = np.zeros(languages, np.int64)
    order = rng.permutation(len(masks))
    order = order[np.argsort(masks[order], kind="stable")]
    found, starts = np.unique(masks[order], return_index=True)
    groups = zip(found.tolist(), np.split(order, starts[1:]), strict=True)
    for mask, rows in sorted(groups, key=lambda group: group[0].bit_count()):
        allowed = np.array([language for language in range(languages) if mask >> language & 1])
        allowed = allowed[np.argsort(filled[allowed], kind="stable")]
        totals = np.cumsum(filled[allowed]) + len(rows)
        share = np.arange(1, len(allowed) + 1)
        level = np.flatnonzero(totals // share >= filled[allowed])[-1]  # the last language this group raises
        base, extra = divmod(totals[level], level + 1)
        raised = allowed[: level + 1]
        counts = base + (np.arange(level + 1) < extra) - filled[raised]
        chosen[rows] = np.repeat(raised, counts)
        filled[raised] += counts
    return chosen


def choose_rows(ids: list[pd.Series], rng: np.random.Generator) -> list[np.ndarray]:
    """Return the row numbers to take from every language, given the ids in each."""
    codes, found = pd.factorize(pd.concat(ids, ignore_index=True))
    per_language = np.split(codes, np.cumsum([len(each) for each in ids])[:-1])
    masks = np.zeros(len(found), np.int64)
    for language, present in enumerate(per_language):
        masks[present] |= 1 << language
    chosen = choose(masks, len(ids), rng)
    return [np.flatnonzero(chosen[present] == language) for language, present in enumerate(per_language)]


def read(file: Path, columns: list[str]) -> pd.DataFrame:
    """Return columns of a file, left as Arrow holds them: the default string type costs a copy."""
    return pd.read_parquet(file, columns=columns, dtype_backend="pyarrow")


def messages(instruction: pa.Array, output: pa.Array) -> pa.Array:
    """Return the chat form: a list of two messages for each row."""
    rows = len(instruction)
    content = pa.concat_arrays([instruction, output]).take(pa.array(np.arange(2 * rows).reshape(2, rows).T.ravel()))
    role = pa.array(["user", "assistant"]).take(pa.array(np.tile([0, 1], rows)))
    pairs = pa.StructArray.from_arrays([role, content], ["role", "content"])
    return pa.ListArray.from_arrays(pa.array(np.arange(0, 2 * rows + 1, 2, dtype=np.int32)), pairs)


def build(folder: Path, out: Path) -> None:
    """Write OUT/train.parquet and OUT/train.jsonl."""
    files = sorted(folder.glob("*.parquet"))
    rows = choose_rows([read(file, ["id"])["id"] for file in files], np.random.default_rng(SEED))
    parts = [read(file, ["instruction", "output"]).take(take) for file, take in zip(files, rows, strict=True)]
    data = pd.concat(parts, ignore_index=True)
    del parts
    data = data.sample(frac=1, random_state=SEED)

    out.mkdir(parents=True, exist_ok=True)
    quote = json.JSONEncoder(ensure_ascii=False).encode
    with (
        pq.ParquetWriter(out / "train.parquet", SCHEMA, compression="zstd") as parquet,
        (out / "train.jsonl").open("w", encoding="utf-8", newline="\n") as lines,
    ):
        for start in range(0, len(data), BATCH):
            batch = pa.Table.from_pandas(data.iloc[start : start + BATCH], preserve_index=False)
            instruction, output = (batch[name].combine_chunks() for name in ("instruction", "output"))
            parquet.write_table(pa.table([messages(instruction, output)], SCHEMA))
            lines.writelines(
                f'{{"messages":[{{"role":"user","content":{quote(asked)}}},'
                f'{{"role":"assistant","content":{quote(answer)}}}]}}\n'
                for asked, answer in zip(instruction.to_pylist(), output.to_pylist(), strict=True)
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    build(arguments.folder, arguments.out)
