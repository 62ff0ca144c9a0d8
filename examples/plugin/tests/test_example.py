"""The laws that pinchmix asks of plugins, and what these plugins promise."""

from __future__ import annotations

import numpy as np
from pinchmix_example.allocator import SquareRoot
from pinchmix_example.exporter import FileList
from pinchmix_example.format import Columns
from pinchmix_example.sampler import Turns
from pinchmix_example.validator import Placeholders

from pinchmix.plugins import Cells
from pinchmix.testing import (
    check_allocator,
    check_exporter,
    check_format,
    check_sampler,
    check_validator,
    toy_exports,
    toy_grid,
    toy_pool,
)


def test_the_sampler_keeps_the_laws() -> None:
    check_sampler(Turns())


def test_sources_take_turns() -> None:
    ids = {"a-1": ["en"], "a-2": ["en"], "a-3": ["en"], "b-1": ["en"], "c-1": ["en"], "c-2": ["en"]}
    pool = toy_pool(type(toy_grid()).from_mapping(ids))
    first = np.argsort(Turns().order(pool, seed=5).key)
    assert sorted(pool.grid.ids[int(place)].as_py()[0] for place in first[:3]) == ["a", "b", "c"]
    assert sorted(pool.grid.ids[int(place)].as_py()[0] for place in first[3:5]) == ["a", "c"]


def test_the_validator_keeps_the_laws_and_finds_placeholders() -> None:
    prompts = ["Hi", "todo: ask something", "Hi"]
    responses = ["Lorem ipsum dolor", "Mastodons are extinct", "Hello"]
    cells = Cells(list("abc"), ["en"] * 3, ["en"] * 3, prompts, responses)
    check_validator(Placeholders(), cells, ["en"])
    found = Placeholders().judge(cells, ["en"])
    assert sorted(zip(found.place.tolist(), found.field, strict=True)) == [(0, "response"), (1, "prompt")]


def test_the_allocator_is_one_and_is_exact() -> None:
    check_allocator(SquareRoot())
    assert SquareRoot().allocate({"en": 10**12, "sw": 2}, total=1) == {"en": 10**9, "sw": 1414}


def test_the_format_keeps_the_laws() -> None:
    check_format(Columns())


def test_the_exporter_keeps_the_laws_and_lists_all_files() -> None:
    check_exporter(FileList())
    listed = FileList().files(toy_exports()["shards"])["file_list.txt"].splitlines()[1:]
    assert [line.partition(": ")[0] for line in listed] == ["train", "train", "valid", "valid", "test"]
