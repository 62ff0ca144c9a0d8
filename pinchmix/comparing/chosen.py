"""What a mixture or an export holds, as columns of numbers: instruction, languages and split of each row; no text.

Comparing starts here. Ids become whole numbers that all members share, exactly (no hash decides), so everything after
is arithmetic on integers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pinchmix.errors import ArgumentError, ExportError
from pinchmix.exporting.shards import PROVENANCE
from pinchmix.manifest import NAME, Manifest
from pinchmix.mixture import Mixture
from pinchmix.rebuild import read_manifest
from pinchmix.recipe import WHOLE
from pinchmix.text.wording import listing
from pinchmix.verify import shards_in

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
UNITS = ("characters", "bytes", "tokens")


class Pair(NamedTuple):
    """The language of the prompt and that of the response: what a column of a comparison is."""

    prompt: str
    response: str

    @property
    def label(self) -> str:
        """How tables call it.

        Example:
            >>> Pair("en", "en").label, Pair("en", "fi").label
            ('en', 'en→fi')
        """
        return self.prompt if self.prompt == self.response else f"{self.prompt}→{self.response}"


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which cells a mixture or an export holds, row by row in its order.

    Attributes:
        ids: Instruction ids, each once, an Arrow array of strings; some may be in no row.
        pairs: Languages of prompt and response, each pair once; some may be in no row.
        splits: The names of the splits.
        instruction: The place in ``ids`` of each row, shape ``(rows,)``, int64.
        pair: The place in ``pairs`` of each row, likewise.
        split: The place in ``splits`` of each row, likewise.
        pivot: The language that the others are translations of.
        counter: What counted tokens: the tokenizer's name and digest, and which text; empty where nothing did.
        held: The mixture, or the manifest of the export.
    """

    ids: pa.Array
    pairs: tuple[Pair, ...]
    splits: tuple[str, ...]
    instruction: Ints
    pair: Ints
    split: Ints
    pivot: str
    counter: Mapping[str, str]
    held: Mixture | Manifest

    def __len__(self) -> int:
        return len(self.instruction)

    @property
    def training(self) -> str:
        """The split that a model is trained on: ``"train"``, or the first where none is called that."""
        return WHOLE if WHOLE in self.splits else self.splits[0]

    def digest(self) -> str:
        """Return the identity of the mixture; of a mixture in memory, this reads its texts, once."""
        if isinstance(self.held, Mixture):
            return self.held.digest
        digest: str = self.held.identity["mixture"]["digest"]
        return digest

    def sizes(self) -> dict[str, dict[str, int]]:
        """Return unit → response language → how much there is of it; characters and bytes are of whole rows.

        Tokens are there where the budget counted them. Of a mixture in memory, this reads its texts, once.
        """
        if isinstance(self.held, Manifest):
            splits = self.held.counts.values()
            languages = dict.fromkeys(language for split in splits for language in split)
            return {
                unit: {tag: sum(split[tag][unit] for split in splits if tag in split) for tag in languages}
                for unit in UNITS
                if all(unit in figures for split in splits for figures in split.values())
            }
        plan = self.held.plan
        found = {unit: self.held.sizes[unit] for unit in ("characters", "bytes")}
        if plan.measured is not None and "tokens" in plan.measured.units:
            found["tokens"] = plan.measured.units["tokens"]
        shape = (len(self.splits), len(plan.languages))
        return {
            unit: dict(zip(plan.languages, sums.reshape(shape).sum(axis=0).tolist(), strict=True))
            for unit, sums in found.items()
        }


def chosen_of(member: Any, name: str) -> Chosen:
    """Return what a mixture or an export holds.

    Args:
        member: A :class:`~pinchmix.Mixture`, or the folder of an export, of which manifest and provenance are read.
        name: What errors call it.

    Raises:
        ArgumentError: It is neither.
        ExportError: The folder is no export, or its manifest or its provenance is not as it was written.
    """
    if isinstance(member, Mixture):
        return _of_mixture(member)
    if isinstance(member, (str, os.PathLike)):
        return _of_export(member)
    way = " For a mapping of several, use compare_sweep." if isinstance(member, Mapping) else ""
    raise ArgumentError(f"{name} is a {type(member).__name__}: give a Mixture, or the folder of an export.{way}")


def _of_mixture(mixture: Mixture) -> Chosen:
    grid, recipe = mixture.grid, mixture.plan.recipe
    return Chosen(
        ids=grid.ids,
        pairs=tuple(Pair(tag, tag) for tag in grid.languages),
        splits=recipe.splits,
        instruction=grid.instruction[mixture.cells].astype(np.int64),
        pair=grid.language[mixture.cells].astype(np.int64),
        split=mixture.split,
        pivot=recipe.pivot,
        counter=_counter(recipe.tokenizer, recipe.counted),
        held=mixture,
    )


def _of_export(folder: str | os.PathLike[str]) -> Chosen:
    manifest, place = read_manifest(folder)
    if faults := manifest.faults():
        raise ExportError(f"{folder}: {NAME} has another shape than a manifest: {listing(faults, 3)}.")
    if place is None:
        raise ExportError(f"{folder}: the files of provenance are not there, which say what the export holds.")
    recipe, splits, tables, of_row = manifest.identity["recipe"], manifest.splits, [], []
    for shard in shards_in(manifest):
        file = PROVENANCE.format(shard.name)
        tables.append(_provenance(place, file, manifest))
        of_row.append(np.full(len(tables[-1]), splits.index(shard.split), dtype=np.int64))
    whole = pa.concat_tables(tables)
    ids, prompts, responses = (
        whole.column(name).cast(pa.large_string()).combine_chunks().dictionary_encode() for name in COLUMNS
    )
    prompt, response = (part.indices.to_numpy().astype(np.int64) for part in (prompts, responses))
    both, pair = np.unique(prompt * max(len(responses.dictionary), 1) + response, return_inverse=True)
    tags = prompts.dictionary.to_pylist(), responses.dictionary.to_pylist()
    return Chosen(
        ids=ids.dictionary,
        pairs=tuple(Pair(tags[0][code // len(tags[1])], tags[1][code % len(tags[1])]) for code in both.tolist()),
        splits=splits,
        instruction=ids.indices.to_numpy().astype(np.int64),
        pair=pair.astype(np.int64),
        split=np.concatenate(of_row),
        pivot=recipe["pivot"],
        counter=_counter(recipe["tokenizer"], recipe["counted"]),
        held=manifest,
    )


COLUMNS = ("id", "prompt_language", "response_language")


def _provenance(place: Path, file: str, manifest: Manifest) -> pa.Table:
    """Return the columns that say which cell each row of a file is, if the file is the one that was written."""
    content = (place / file).read_bytes()
    if file not in manifest.files or hashlib.sha256(content).hexdigest() != manifest.files[file]["sha256"]:
        raise ExportError(
            f"{place}: {file} is not what was written (SHA-256 differs), so it does not say what the export holds. "
            "verify_export tells what else is wrong."
        )
    return pq.read_table(pa.BufferReader(content), columns=list(COLUMNS))


def _counter(tokenizer: Mapping[str, str], counted: str) -> dict[str, str]:
    return {**tokenizer, "counted": counted} if tokenizer else {}


class Common(NamedTuple):
    """Members in the same numbers.

    Attributes:
        ids: The ids of all members, each once, an Arrow array of strings; some may be in no row.
        pairs: The pairs of languages that are in any row, the pivots' first, then by tag.
        pivots: The pivots of the members.
        instructions: Each member's place in ``ids`` of each row, int64.
        columns: Each member's place in ``pairs`` of each row, int64.
    """

    ids: pa.Array
    pairs: tuple[Pair, ...]
    pivots: tuple[str, ...]
    instructions: list[Ints]
    columns: list[Ints]

    @property
    def pivotal(self) -> Bools:
        """Which pairs are a pivot alone: prompt and response in one, shape ``(pairs,)``, bool."""
        return np.array([self.is_pivot(pair) for pair in self.pairs], dtype=bool)

    def is_pivot(self, pair: Pair) -> bool:
        """Tell whether prompt and response are both in the same pivot."""
        return pair.prompt == pair.response and pair.prompt in self.pivots


def in_common(members: Sequence[Chosen]) -> Common:
    """Return members in the same numbers; ids are equal if and only if their texts are."""
    distinct = {id(member.ids): member.ids for member in members}  # members of a sweep share one array
    if len(distinct) == 1:
        ids, place = members[0].ids, dict[int, Ints]()
    else:
        texts = [one.cast(pa.large_string()) for one in distinct.values()]
        encoded = pa.concat_arrays(texts).dictionary_encode()
        ids, codes = encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)
        parts = np.split(codes, np.cumsum([len(one) for one in texts])[:-1])
        place = dict(zip(distinct, parts, strict=True))
    pivots = tuple(sorted({member.pivot for member in members}))
    used = {
        member.pairs[number]
        for member in members
        for number in np.flatnonzero(np.bincount(member.pair, minlength=len(member.pairs))).tolist()
    }
    empty = Common(ids, (), pivots, [], [])
    pairs = tuple(sorted(used, key=lambda pair: (not empty.is_pivot(pair), pair)))
    where = {pair: number for number, pair in enumerate(pairs)}
    return Common(
        ids,
        pairs,
        pivots,
        [place[id(member.ids)][member.instruction] if place else member.instruction for member in members],
        [np.array([where.get(pair, -1) for pair in member.pairs], dtype=np.int64)[member.pair] for member in members],
    )
