"""The grid: instructions × languages, which cells exist and where their texts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.canonical import canonical_bytes, digest_of, hash_of_id

BLOCK = 1 << 18  # cells looked at together, few enough for the processor's cache
ROW_BITS = 40  # of an address; the bits above them number the table


class Patterns(NamedTuple):
    """The availability patterns of a grid: instructions that exist in the same languages share one.

    Attributes:
        allowed: Shape ``(patterns, languages)``, bool.
        supply: Instructions of each pattern, shape ``(patterns,)``, int64.
        of_instruction: The pattern of each instruction, shape ``(instructions,)``, int64.
    """

    allowed: npt.NDArray[np.bool_]
    supply: npt.NDArray[np.int64]
    of_instruction: npt.NDArray[np.int64]

    def only(self, languages: npt.NDArray[np.int64]) -> Patterns:
        """Return the patterns in some of the languages, which are those of a grid that has no others.

        Args:
            languages: Their places, ascending.

        Example:
            >>> patterns = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"], "c": ["sw"]}).patterns.only(np.array([0]))
            >>> patterns.supply.tolist(), patterns.of_instruction.tolist()
            ([1, 2], [1, 1, 0])
        """
        allowed = self.allowed[:, languages]
        bits = np.left_shift(np.uint64(1), (np.arange(len(languages)) % 64).astype(np.uint64))
        words = np.zeros((len(allowed), -(-len(languages) // 64)), dtype=np.uint64)
        for word in range(words.shape[1]):
            part = slice(64 * word, 64 * word + 64)
            words[:, word] = allowed[:, part].astype(np.uint64) @ bits[part]
        _, first, of = np.unique(words, axis=0, return_index=True, return_inverse=True)
        of = of.reshape(-1)
        supply = np.zeros(len(first), dtype=np.int64)
        np.add.at(supply, of, self.supply)
        return Patterns(allowed[first], supply, of[self.of_instruction])


@dataclass(frozen=True, eq=False)
class Grid:
    """Instructions × languages: which cells exist and where their texts are; holds no text.

    Cells are sorted by instruction, then language, and instructions by id, so two grids of the same content are equal
    whatever the order of rows and files was.

    Attributes:
        ids: Instruction ids, sorted by code point, an Arrow array of strings.
        hashes: :func:`~pinchmix.canonical.hash_of_id` of each id, shape ``(instructions,)``, uint64.
        languages: Canonical tags, sorted.
        instruction: The place in ``ids`` of each cell, shape ``(cells,)``, int32.
        language: The place in ``languages`` of each cell, shape ``(cells,)``, int16.
        address: Where the text of each cell is: table number << 40 | row, shape ``(cells,)``, int64. It is no part of
            the grid's identity.

    Example:
        >>> grid = Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]})
        >>> grid
        Grid(2 instructions × 2 languages, 3 cells)
        >>> grid.available
        {'en': 2, 'sw': 1}
    """

    ids: pa.Array
    hashes: npt.NDArray[np.uint64]
    languages: tuple[str, ...]
    instruction: npt.NDArray[np.int32]
    language: npt.NDArray[np.int16]
    address: npt.NDArray[np.int64]

    @classmethod
    def from_mapping(cls, cells: Mapping[str, Sequence[str]]) -> Grid:
        """Return the grid in which each id exists in the given languages; its addresses lead nowhere.

        Example:
            >>> Grid.from_mapping({"a": ["sw"]}).languages
            ('sw',)
        """
        ids = sorted(cells)
        languages = tuple(sorted({language for tags in cells.values() for language in tags}))
        places = [(row, languages.index(tag)) for row, key in enumerate(ids) for tag in sorted(set(cells[key]))]
        instruction, language = np.array(places, dtype=np.int64).reshape(-1, 2).T
        return cls(
            ids=pa.array(ids, type=pa.string()),
            hashes=np.array([hash_of_id(key) for key in ids], dtype=np.uint64),
            languages=languages,
            instruction=instruction.astype(np.int32),
            language=language.astype(np.int16),
            address=np.arange(len(places), dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.instruction)

    def __repr__(self) -> str:
        return f"Grid({len(self.ids):,} instructions × {len(self.languages)} languages, {len(self):,} cells)"

    @cached_property
    def available(self) -> dict[str, int]:
        """How many instructions exist in each language."""
        counts = np.bincount(self.language, minlength=len(self.languages))
        return dict(zip(self.languages, counts.tolist(), strict=True))

    @cached_property
    def digest(self) -> str:
        """The identity of the grid: its ids, its languages and which cells exist."""
        present = np.zeros(len(self.ids), dtype=bool)
        present[self.instruction] = True
        names, place = self.ids.cast(pa.large_string()), self.instruction
        if not present.all():
            names, place = names.filter(pa.array(present)), (np.cumsum(present) - 1)[place]
        ends = np.frombuffer(names.buffers()[1], dtype="<i8")[: len(names) + 1]
        return digest_of(
            canonical_bytes(self.languages),
            ends.tobytes(),
            memoryview(names.buffers()[2])[: int(ends[-1])] if len(names) else b"",
            place.astype("<i4", copy=False).data,
            self.language.astype("<i2", copy=False).data,
        )

    @cached_property
    def patterns(self) -> Patterns:
        """The availability patterns, in an order that follows from the languages alone."""
        count = len(self.languages)
        words = np.zeros((len(self.ids), (count + 63) // 64), dtype=np.uint64)
        flat = words.reshape(-1)
        for start in range(0, len(self), BLOCK):
            instruction, language = self.instruction[start : start + BLOCK], self.language[start : start + BLOCK]
            bits = np.left_shift(np.uint64(1), (language % 64).astype(np.uint64))
            slot = instruction.astype(np.int64) * words.shape[1] + language // 64  # ascending, as the cells are
            first = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))
            flat[slot[first]] |= np.bitwise_or.reduceat(bits, first)
        if words.shape[1] == 1:  # sorting numbers is many times faster than sorting rows
            distinct, of_instruction, supply = np.unique(flat, return_inverse=True, return_counts=True)
            distinct = distinct[:, None]
        else:
            distinct, of_instruction, supply = np.unique(words, axis=0, return_inverse=True, return_counts=True)
        places = np.arange(count)
        allowed = (distinct[:, places // 64] >> (places % 64).astype(np.uint64)) & np.uint64(1)
        return Patterns(allowed.astype(bool), supply.astype(np.int64), of_instruction.reshape(-1).astype(np.int64))

    def find(self, instruction: npt.NDArray[Any], language: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return the number of each cell named by instruction and language, both as places.

        Raises:
            KeyError: A cell that does not exist.

        Example:
            >>> Grid.from_mapping({"a": ["en", "sw"], "b": ["sw"]}).find(np.array([1]), np.array([1]))
            array([2])
        """
        row, column = np.asarray(instruction), np.asarray(language)
        patterns = self.patterns
        pattern = patterns.of_instruction[row]
        if not patterns.allowed[pattern, column].all():
            raise KeyError("a cell that the grid does not hold")
        before = np.cumsum(patterns.allowed, axis=1) - 1  # cells of an instruction that stand before that of a language
        found: npt.NDArray[np.int64] = self._starts[row] + before[pattern, column]
        return found

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        """The number of the first cell of each instruction, shape ``(instructions,)``."""
        # Of the same type as the cells' own numbers, or a copy of these would be made.
        numbers = np.arange(len(self.ids), dtype=self.instruction.dtype)
        starts: npt.NDArray[np.int64] = np.searchsorted(self.instruction, numbers).astype(np.int64)
        return starts

    def without(self, addresses: npt.NDArray[np.int64]) -> Grid:
        """Return the grid without the cells at these addresses.

        Example:
            >>> Grid.from_mapping({"a": ["en", "sw"]}).without(np.array([1])).available
            {'en': 1, 'sw': 0}
        """
        keep = ~np.isin(self.address, addresses, kind="sort")
        return Grid(
            self.ids, self.hashes, self.languages, self.instruction[keep], self.language[keep], self.address[keep]
        )

    def only(self, languages: Sequence[str], beside: Sequence[str] = ()) -> Grid:
        """Return the grid of some of its languages, without the instructions that exist in none of them.

        Args:
            languages: Those that are kept.
            beside: Others that are kept where an instruction exists in one of ``languages``.

        Example:
            >>> Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]}).only(["sw"])
            Grid(1 instructions × 1 languages, 1 cells)
            >>> Grid.from_mapping({"a": ["en", "sw"], "b": ["en"]}).only(["sw"], beside=["en"])
            Grid(1 instructions × 2 languages, 2 cells)
        """
        kept = tuple(sorted({*languages, *beside}))
        if kept == self.languages and not set(beside).difference(languages):
            return self
        place = np.full(len(self.languages), -1, dtype=np.int16)
        place[[self.languages.index(tag) for tag in kept]] = np.arange(len(kept))
        language = place[self.language]
        present = np.zeros(len(self.ids), dtype=bool)
        present[self.instruction[np.isin(self.language, [self.languages.index(tag) for tag in languages])]] = True
        keep = (language >= 0) & present[self.instruction]
        number = np.cumsum(present, dtype=np.int32) - 1
        return Grid(
            self.ids.filter(pa.array(present)),
            self.hashes[present],
            kept,
            number[self.instruction[keep]].astype(np.int32),
            language[keep],
            self.address[keep],
        )

    def among(self, instructions: npt.NDArray[np.bool_]) -> Grid:
        """Return the grid of the cells of some instructions; the others keep their ids.

        Args:
            instructions: Which ones, shape ``(instructions,)``.

        Example:
            >>> Grid.from_mapping({"a": ["en"], "b": ["en", "sw"]}).among(np.array([True, False])).available
            {'en': 1, 'sw': 0}
        """
        keep = instructions[self.instruction]
        return Grid(
            self.ids, self.hashes, self.languages, self.instruction[keep], self.language[keep], self.address[keep]
        )
