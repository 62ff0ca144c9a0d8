"""Plugins: what samplers, validators, tokenizers, allocators, formats and exporters are, and how a name finds one.

The page for plugin authors. A plugin is any object that keeps one of the protocols below. It may be passed as it is
(``sampler=MySampler()``), or be named: built-in names are listed here, and a package adds its own by an entry point in
a group such as ``pinchmix.samplers``::

    [project.entry-points."pinchmix.samplers"]
    mine = "my_package:MySampler"

The entry point leads to the object or to a class without arguments.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from pinchmix.cells import Cells as Cells
from pinchmix.cells import Cost as Cost
from pinchmix.cells import Finding as Finding
from pinchmix.cells import Findings as Findings
from pinchmix.cells import Verdict as Verdict
from pinchmix.errors import ArgumentError, UnknownPlugin
from pinchmix.exported import Exported as Exported
from pinchmix.exported import Exporter as Exporter
from pinchmix.exported import Format as Format
from pinchmix.pool import Pool
from pinchmix.settings import check_known
from pinchmix.text.wording import listing


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
    """Judges cells; what becomes of a cell with a mismatch is for the recipe to say, and in general it is left out.

    Laws (:func:`pinchmix.testing.check_validator` tests them): a verdict depends on the cell and on what the pivot says
    in its place, never on its neighbours in the batch, on their order, on earlier calls or on the size of the batch;
    no text is changed.

    A validator may have more attributes; without them it is as :class:`Traits` says. One with parameters has
    ``settings``, as a sampler has; without, it is refused, as two of its kind would be one to a recipe. One that is
    made of other objects, as the language check is of a backend, has ``parts`` (parameter → object), and its settings
    hold in their place what is known of each: a mapping with ``name``, ``version`` and ``settings`` at least. One that
    must know the whole source, as a search for doubles must, has a method ``survey(pool)`` that returns a validator: it
    is called once, before anything is judged, and verdicts then depend on the pool too.
    """

    name: str
    version: str  # a text that changes whenever the same cells get other verdicts

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return what is not OK among these cells; ``languages`` are those of the whole source."""
        ...


SCOPES = ("cell", "content")


class Traits(NamedTuple):
    """What the judge must know of a validator, each an attribute that it may have.

    Attributes:
        cost: How dear it is, a :class:`Cost`.
        scope: ``"cell"``: a mismatch is of the cell. ``"content"``: it is of the instruction, which is then left out in
            all languages; such a check must look at ``cells.said_by_pivot`` alone.
        needs_pivot: Whether it looks at what the pivot says; if nobody does, the pivot's texts are not read.
        compares: Whether it says nothing of a cell that the pivot lacks; an audit then tells that it was not asked.
        capped: Whether a mismatch is only a doubt where this check is not sure of the pivot's text either.
        settings: Its parameters, plain data, as the recipe records them; its class called with them gives it again.
    """

    cost: Cost = Cost.WORDS
    scope: str = "cell"
    needs_pivot: bool = False
    compares: bool = False
    capped: bool = False
    settings: Mapping[str, Any] = MappingProxyType({})


def traits_of(validator: Validator) -> Traits:
    """Return what the judge must know of a validator.

    Raises:
        ArgumentError: It has an attribute of that name that means something else.

    Example:
        >>> traits_of(find_plugin("validators", "language")).cost
        <Cost.MODEL: 2>
    """
    named: dict[str, Any] = {
        name: getattr(validator, name, default) for name, default in Traits._field_defaults.items()
    }
    traits = Traits(**named)
    if traits.cost not in tuple(Cost) or traits.scope not in SCOPES or not isinstance(traits.settings, Mapping):
        raise ArgumentError(
            f"validator {validator.name}: cost is a Cost (0, 1 or 2), scope one of {listing(SCOPES)}, settings a "
            f"mapping; they are {traits.cost!r}, {traits.scope!r} and {traits.settings!r}."
        )
    return traits._replace(cost=Cost(traits.cost))


def compares(validator: Validator) -> bool:
    """Tell whether a validator says nothing of cells that the pivot lacks, as those that decide on content do.

    Example:
        >>> compares(find_plugin("validators", "copy")), compares(find_plugin("validators", "language"))
        (True, False)
    """
    traits = traits_of(validator)
    return traits.compares or traits.scope == "content"


def asks_pivot(validator: Validator) -> bool:
    """Tell whether a validator must be given what the pivot says, or says nothing without it.

    Example:
        >>> asks_pivot(find_plugin("validators", "copy")), asks_pivot(find_plugin("validators", "unicode"))
        (True, False)
    """
    return traits_of(validator).needs_pivot or compares(validator)


@runtime_checkable
class Surveys(Protocol):
    """A validator that must know the whole source before it judges."""

    def survey(self, pool: Pool) -> Validator:
        """Return the validator with what it must know; the same pool gives the same verdicts."""
        ...


def surveyed(validator: Validator, pool: Pool) -> Validator:
    """Return a validator that knows of the whole source what it must.

    Example:
        >>> surveyed(find_plugin("validators", "language"), None).name
        'language'
    """
    return validator.survey(pool) if isinstance(validator, Surveys) else validator


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
        "validators": {
            "code": "pinchmix.validators.preserved:CodeValidator",
            "copy": "pinchmix.validators.copies:CopyValidator",
            "damage": "pinchmix.validators.damage:DamageValidator",
            "duplicates": "pinchmix.validators.duplicates:DuplicatesValidator",
            "echo": "pinchmix.validators.echo:EchoValidator",
            "empty": "pinchmix.validators.answers:EmptyValidator",
            "language": "pinchmix.validators.language:LanguageValidator",
            "length": "pinchmix.validators.length:LengthValidator",
            "loops": "pinchmix.validators.loops:LoopsValidator",
            "markers": "pinchmix.validators.markers:MarkersValidator",
            "markup": "pinchmix.validators.markup:MarkupValidator",
            "math": "pinchmix.validators.preserved:MathValidator",
            "numbers": "pinchmix.validators.numbers:NumbersValidator",
            "refusals": "pinchmix.validators.refusals:RefusalsValidator",
            "repeated": "pinchmix.validators.repeated:RepeatedValidator",
            "tasks": "pinchmix.validators.tasks:TasksValidator",
            "truncation": "pinchmix.validators.truncation:TruncationValidator",
            "turns": "pinchmix.validators.turns:TurnsValidator",
            "unicode": "pinchmix.validators.unicode:UnicodeValidator",
            "urls": "pinchmix.validators.preserved:UrlsValidator",
            "variables": "pinchmix.validators.preserved:VariablesValidator",
        },
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
    return {group: _list_of(group) for group in GROUPS}


def _list_of(group: str) -> dict[str, str]:
    return {**BUILT_IN[group], **{point.name: point.value for point in entry_points(group=f"pinchmix.{group}")}}


def find_plugin(group: str, name: str, /, **settings: Any) -> Any:
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
    known = _list_of(group)
    if not isinstance(name, str) or name not in known:
        raise UnknownPlugin(group.removesuffix("s"), str(name), sorted(known))
    module, _, attribute = known[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    owner = f"{group.removesuffix('s')} {name}"
    if not isinstance(found, type):
        check_known(owner, settings, ())
        return found
    if (taken := parameters_of(found)) is not None:
        check_known(owner, settings, taken)
    try:
        return found(**settings)
    except TypeError as error:
        raise ArgumentError(f"{owner} takes no such settings: {error}.") from None


# What a class may take that is none of the parameters that a recipe records.
IDENTITY = ("name", "version", "laws", *Traits._fields)


def parameters_of(kind: type) -> list[str] | None:
    """Return the parameters that a plugin's class takes, less those that say what it is; None where it takes any.

    Example:
        >>> from pinchmix.validators.length import LengthValidator
        >>> parameters_of(LengthValidator)
        ['doubt', 'limit']
    """
    try:
        taken = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):  # of a class that is not written in Python
        return None
    if any(one.kind == one.VAR_KEYWORD for one in taken):
        return None
    # Fields that are not compared are what a survey has found.
    noted = [one.name for one in dataclasses.fields(kind) if not one.compare] if dataclasses.is_dataclass(kind) else []
    named = [one.name for one in taken if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return [name for name in named if name not in (*IDENTITY, *noted)]
