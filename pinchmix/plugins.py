"""Plugins: what samplers, validators, tokenizers, allocators, formats and exporters are, and how a name finds one.

The page for plugin authors. A plugin is any object that keeps one of the protocols below. It may be passed as it is
(``sampler=MySampler()``), or be named: built-in names are listed here, and a package adds its own by an entry point in
a group such as ``pinchmix.samplers``::

    [project.entry-points."pinchmix.samplers"]
    mine = "my_package:MySampler"

The entry point leads to the object or to a class without arguments.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from enum import IntEnum
from fractions import Fraction
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pinchmix.errors import ArgumentError, UnknownPlugin
from pinchmix.pool import Pool
from pinchmix.wording import listing


class Verdict(IntEnum):
    """What a check says of a text; the larger one wins when a cell has several."""

    OK = 0
    UNSURE = 1
    MISMATCH = 2


class Cells(NamedTuple):
    """Cells to be judged, as equally long lists.

    Attributes:
        ids: Instruction ids.
        prompt_languages: The canonical tag that each prompt should be in.
        response_languages: The same for the responses.
        prompts: All user turns of each cell, joined by line ends.
        responses: All assistant turns of each cell, joined by line ends.
    """

    ids: Sequence[str]
    prompt_languages: Sequence[str]
    response_languages: Sequence[str]
    prompts: Sequence[str]
    responses: Sequence[str]


class Findings(NamedTuple):
    """Whatever is not OK among judged cells, as equally long arrays; a cell may occur more than once.

    Attributes:
        place: Which of the judged cells, int64.
        field: ``"prompt"`` or ``"response"``, or ``""`` for both together.
        verdict: :class:`Verdict`, uint8.
        reason: A short code, such as ``"language"`` or ``"script"``.
        score: How sure the check is that the text is right, 0 to 1, or NaN; float32.
        seen: What the check took the text for, such as a language tag; may be empty.
    """

    place: npt.NDArray[np.int64]
    field: Sequence[str]
    verdict: npt.NDArray[np.uint8]
    reason: Sequence[str]
    score: npt.NDArray[np.float32]
    seen: Sequence[str]


class Order(NamedTuple):
    """What a sampler says: in which order instructions are served, and how strictly.

    Attributes:
        key: What instructions are sorted by, the smallest first, shape ``(instructions,)``, uint64; ties go by id.
        ranked: True where the order is a preference: the first instructions are taken, whatever their availability, as
            long as the budget can be met with them (the choice is a matroid's greedy one). False where it is a lottery:
            the plan nearest to random choice says how many of each availability pattern are taken.
        stratum: The class of each instruction, shape ``(instructions,)``, int64 from 0, or None. Every class gets its
            share of the mixture, to within one instruction.
        shares: What part of the mixture each class gets, exact and summing to 1, one a class; None for the part that a
            random choice would give it.
    """

    key: npt.NDArray[np.uint64]
    ranked: bool = False
    stratum: npt.NDArray[np.int64] | None = None
    shares: Sequence[Fraction] | None = None


@runtime_checkable
class Sampler(Protocol):
    """Says in which order instructions are served; the plan says how many.

    A sampler declares in ``laws`` what it keeps, and :func:`pinchmix.testing.check_sampler` tests it:

    - ``"stable"``: the key of an instruction depends on that instruction and the seed alone, not on the others, and so
      does which others are of its class; what was chosen stays when others leave.
    - ``"uniform"``: over seeds, every instruction has the same chance of every place in the order; where there are
      classes, of every place in its class.

    Every sampler keeps these: the same pool and seed give the same order, whatever was asked before; nothing depends
    on the place of an instruction in the source or among the ids. Randomness comes from ``pool.grid.hashes``, keyed by
    the seed (``pinchmix.exact.order.keyed``, ``pinchmix.canonical.key_of``), never from a generator.

    A sampler with parameters may have an attribute ``settings``, a mapping of their names to plain data (texts,
    numbers, fractions, lists); the recipe records it, as the name alone does not tell what was asked. Its class, called
    with what JSON makes of them (fractions become texts such as ``"1/3"``), gives the same sampler.
    """

    @property
    def name(self) -> str:
        """What it is called, in recipes and in the entry point."""
        ...

    @property
    def version(self) -> str:
        """A text that changes whenever the same pool and seed give another order."""
        ...

    @property
    def laws(self) -> frozenset[str]:
        """Which of the laws above it keeps."""
        ...

    def order(self, pool: Pool, seed: int) -> Order:
        """Return the order of the pool's instructions."""
        ...


@runtime_checkable
class Tokenizer(Protocol):
    """Counts tokens, for budgets in tokens.

    Laws: a count depends on the text alone.
    """

    name: str
    version: str
    digest: str  # of the model, as the manifest records it; "" where there is none

    def count(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the tokens of each text, without special tokens, shape ``(texts,)``."""
        ...


@runtime_checkable
class Allocator(Protocol):
    """Gives each language its weight in a budget.

    Laws: weights depend on the sizes and the total alone; they are not negative and not all zero.
    """

    name: str
    version: str

    def allocate(self, sizes: Mapping[str, int], total: int) -> Mapping[str, Fraction | int]:
        """Return the weight of each language, exact; counts follow by Sainte-Laguë's method.

        Args:
            sizes: Language → how much of it there is, in the budget's unit.
            total: The size of the mixture, in the budget's unit.
        """
        ...


@runtime_checkable
class Validator(Protocol):
    """Judges cells; a cell with a mismatch is never in a mixture.

    Laws (:func:`pinchmix.testing.check_validator` tests them): a verdict depends on the cell alone, never on its
    neighbours in the batch, on their order or on earlier calls.
    """

    name: str
    version: str

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return what is not OK among these cells; ``languages`` are those of the whole source."""
        ...


class Exported(NamedTuple):
    """What an exporter is told of the folder for which it writes files.

    Attributes:
        name: What the data may be called: letters, digits and ``_``, another one for another mixture.
        digest: The digest of the mixture.
        root: Where the folder will stand when it is used, absolute, or ``""`` where it is the current folder then.
        splits: Split → the names of its shards, in order; only splits that have rows.
        rows: Split → its rows.
        formats: The shapes in which the rows are there, each in ``data/NAME/``.
    """

    name: str
    digest: str
    root: str
    splits: Mapping[str, Sequence[str]]
    rows: Mapping[str, int]
    formats: Sequence[str] = ("messages",)

    def split_for(self, use: str) -> str | None:
        """Return the split that is for training, validation or testing, or None where there is none.

        Args:
            use: ``"train"`` (the split of that name, or the first), ``"valid"`` or ``"test"``.

        Example:
            >>> Exported("mix", "0", "", {"main": ["main"], "validation": ["valid"]}, {}).split_for("valid")
            'validation'
        """
        if use == "train":
            return "train" if "train" in self.splits else next(iter(self.splits), None)
        return next((name for name in USES[use] if name in self.splits), None)

    def files(self, use: str, pattern: str = "data/messages/{}.jsonl", *, up: int = 0) -> list[str]:
        """Return where the rows of a use are, one path a shard; none where there is no such split.

        Args:
            use: As of :meth:`split_for`.
            pattern: The path of a shard in the folder, with its name left open.
            up: How many folders up the paths begin, where they are relative.

        Example:
            >>> Exported("mix", "0", "", {"train": ["train"]}, {}).files("train", "data/alpaca/{}.jsonl", up=2)
            ['../../data/alpaca/train.jsonl']
        """
        split = self.split_for(use)
        return [] if split is None else [self.at(pattern.format(shard), up=up) for shard in self.splits[split]]

    def at(self, path: str, *, up: int = 0) -> str:
        """Return how a file names another place of the folder, from ``up`` folders below its top."""
        return f"{self.root.rstrip('/')}/{path}" if self.root else "../" * up + path


USES = MappingProxyType({"valid": ("valid", "validation", "val", "dev", "eval"), "test": ("test",)})


@runtime_checkable
class Format(Protocol):
    """Writes conversations in another shape, as JSON lines in ``data/NAME/``; the rows and their order are the same.

    Laws (:func:`pinchmix.testing.check_format` tests them): a row depends on its conversation alone; every row has the
    same keys; two conversations of one shape are two different rows, or refused.
    """

    name: str
    version: str

    def faults(self, messages: pa.Array) -> pa.Array:
        """Return why each conversation cannot be said in this format, null where it can; strings.

        Args:
            messages: Lists of structs of role and content.
        """
        ...

    def rows(self, messages: pa.Array) -> pa.RecordBatch:
        """Return the rows of conversations that can be said, a column a key."""
        ...


@runtime_checkable
class Exporter(Protocol):
    """Writes the files by which a trainer finds the data, in ``trainers/``; the data part of its settings only.

    Laws (:func:`pinchmix.testing.check_exporter` tests them): the files depend on :class:`Exported` alone; their paths
    are relative and stay in ``trainers/``; what they name exists in the folder.

    Attributes:
        name: What it is called; its files are named after it.
        version: A text that changes whenever the files do.
        title: What people call the trainer.
        usage: One line: what to type, from the top of the folder.
        shards: Whether it can read a split that is cut into several files.
    """

    name: str
    version: str
    title: str
    usage: str
    shards: bool

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return path in ``trainers/`` → text; nothing where the trainer can do nothing with this export."""
        ...


GROUPS = ("samplers", "validators", "tokenizers", "allocators", "formats", "exporters")
BUILT_IN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "samplers": {
            "diverse": "pinchmix.samplers.diverse:Diverse",
            "longest": "pinchmix.samplers.longest:Longest",
            "random": "pinchmix.samplers.random:RandomSampler",
            "stratified": "pinchmix.samplers.stratified:Stratified",
            "weighted": "pinchmix.samplers.weighted:Weighted",
        },
        "validators": {"language": "pinchmix.validators.language:LanguageValidator"},
        "tokenizers": {},
        "allocators": {
            "proportional": "pinchmix.allocators.proportional:ProportionalAllocator",
            "temperature": "pinchmix.allocators.temperature:TemperatureAllocator",
            "uniform": "pinchmix.allocators.uniform:UniformAllocator",
            "unimax": "pinchmix.allocators.unimax:UniMaxAllocator",
        },
        "formats": {
            "alpaca": "pinchmix.formats.alpaca:Alpaca",
            "messages": "pinchmix.formats.messages:Messages",
            "prompt_completion": "pinchmix.formats.prompt_completion:PromptCompletion",
            "sharegpt": "pinchmix.formats.sharegpt:ShareGPT",
        },
        "exporters": {
            "axolotl": "pinchmix.exporters.axolotl:Axolotl",
            "llamafactory": "pinchmix.exporters.llamafactory:LlamaFactory",
            "llmfoundry": "pinchmix.exporters.llmfoundry:LLMFoundry",
            "megatron_bridge": "pinchmix.exporters.megatron_bridge:MegatronBridge",
            "mistral": "pinchmix.exporters.mistral:Mistral",
            "mlx_lora": "pinchmix.exporters.mlx_lora:MLXLora",
            "nemo_automodel": "pinchmix.exporters.nemo_automodel:NemoAutomodel",
            "open_instruct": "pinchmix.exporters.open_instruct:OpenInstruct",
            "oumi": "pinchmix.exporters.oumi:Oumi",
            "swift": "pinchmix.exporters.swift:Swift",
            "torchtune": "pinchmix.exporters.torchtune:Torchtune",
            "trl": "pinchmix.exporters.trl:TRL",
            "unsloth": "pinchmix.exporters.unsloth:Unsloth",
            "verl": "pinchmix.exporters.verl:Verl",
        },
    }
)


def list_plugins() -> dict[str, dict[str, str]]:
    """Return all plugins that can be named: group → name → where it comes from.

    Example:
        >>> list_plugins()["samplers"]["random"]
        'pinchmix.samplers.random:RandomSampler'
    """
    return {
        group: {**BUILT_IN[group], **{point.name: point.value for point in entry_points(group=f"pinchmix.{group}")}}
        for group in GROUPS
    }


def find_plugin(group: str, name: str, **settings: Any) -> Any:
    """Return the plugin of a name, ready to use.

    Args:
        group: One of ``GROUPS``.
        name: A built-in name, or one that an installed package has declared.
        settings: The parameters that the plugin is made with.

    Raises:
        UnknownPlugin: There is none of that name; the error carries the names there are.
        ArgumentError: It takes no such settings.

    Example:
        >>> find_plugin("samplers", "random").name
        'random'
    """
    known = list_plugins()[group]
    if name not in known:
        raise UnknownPlugin(group.removesuffix("s"), name, sorted(known))
    module, _, attribute = known[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, type) and settings:
        raise ArgumentError(f"{name} is a plugin without settings, and {listing(sorted(settings))} is given.")
    try:
        return found(**settings) if isinstance(found, type) else found
    except TypeError as error:
        raise ArgumentError(f"{name} takes no such settings: {error}.") from None
