"""The recipe: everything that decides a mixture, besides the data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, KeysView, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

from pinchmix.budget import Budget
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.content import Content
from pinchmix.errors import ArgumentError, BudgetError, LanguageClash
from pinchmix.language import normalise_language
from pinchmix.policy import Check
from pinchmix.recipe_text.reading import read_fields, read_one, read_written, trial
from pinchmix.recipe_text.writing import json_of, plain, recipe_yaml
from pinchmix.request import read_wording
from pinchmix.text.wording import near
from pinchmix.weave import column_of, is_woven
from pinchmix.written.reading import Reading

PARALLEL = ("both", "prompt")
COUNTED = ("both", "prompt", "response", "chat")
PIVOT = "en"
WHOLE = "train"  # the one split of a mixture that is not split
MOST_REPEATS = 10**6


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a mixture, besides the data; knows no path, worker or engine.

    Attributes:
        budget: How much each language gets.
        languages: Canonical tags to draw on, in the order in which ties are broken; all of the source's if empty.
        pivot: The canonical tag of the language that the others are translations of: what checks compare with. It need
            not be one of ``languages``.
        content: In how many languages one instruction may appear, as :class:`~pinchmix.content.Content` reads it:
            ``"disjoint"`` (one), ``"overlap(k)"``, ``"exactly(k)"``, ``"union"``, ``"cover"`` or ``"same"``.
        repeat: How often a cell may appear when its language is short.
        tokenizer: Name and digest of the tokenizer that a budget in tokens is counted with; empty for other units.
        counted: Which text is counted in tokens, characters or bytes: ``"both"``, ``"prompt"``, ``"response"`` or
            ``"chat"`` (both, in the tokenizer's chat template).
        sampler: The name of the sampler that orders the instructions.
        settings: The parameters of the sampler.
        validators: The checks that each chosen cell must pass, and what becomes of those that do not; a name stands
            for a check that rejects.
        parallel: What is a translation of the pivot: ``"both"``, or ``"prompt"`` where each language has responses of
            its own, which checks then do not compare.
        split: Name → share (fractions that sum to 1) or count of the examples of each split; empty for none.
        exclude: The digest of the evaluation prompts or ids whose instructions are left out; empty for none.
        wording: Language, or ``translate(...)`` column → what asks for a translation, where that is not what is built
            in (:mod:`pinchmix.request`).
        seed: What keys every choice.

    Example:
        >>> Recipe(Budget.counts({"en": 90, "*": 10})).seed
        0
    """

    budget: Budget
    languages: tuple[str, ...] = ()
    pivot: str = PIVOT
    content: str = "disjoint"
    repeat: int = 1
    tokenizer: Mapping[str, str] = field(default_factory=dict)
    counted: str = "both"
    sampler: str = "random"
    settings: Mapping[str, Any] = field(default_factory=dict)
    validators: tuple[Check, ...] = ()
    parallel: str = "both"
    split: Mapping[str, Fraction | int] = field(default_factory=dict)
    exclude: str = ""
    wording: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.budget, Budget):
            raise BudgetError(f"a recipe needs a Budget, not {type(self.budget).__name__}.")
        object.__setattr__(self, "content", str(Content.parse(self.content)))
        if self.counted not in COUNTED:
            raise ArgumentError(
                f"counted={self.counted!r} is none of {', '.join(COUNTED)}.{near(str(self.counted), COUNTED)}"
            )
        if self.parallel not in PARALLEL:
            raise ArgumentError(
                f"parallel={self.parallel!r} is none of {', '.join(PARALLEL)}.{near(str(self.parallel), PARALLEL)}"
            )
        repeat = self.repeat
        if isinstance(repeat, bool) or not isinstance(repeat, Integral) or not 1 <= int(repeat) <= MOST_REPEATS:
            raise ArgumentError(
                f"repeat={repeat!r}: how often a cell may appear is a whole number from 1 to {MOST_REPEATS:,}."
            )
        object.__setattr__(self, "repeat", int(repeat))
        for name in ("tokenizer", "settings"):
            if not isinstance(getattr(self, name), Mapping):
                raise ArgumentError(f"{name}={getattr(self, name)!r}: give a mapping of names and values.")
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "split", MappingProxyType(_split(self.split)))
        object.__setattr__(self, "wording", MappingProxyType(read_wording(self.wording)))
        if isinstance(self.seed, bool) or not isinstance(self.seed, Integral):
            raise ArgumentError(f"seed={self.seed!r}: the seed is a whole number.")
        object.__setattr__(self, "seed", int(self.seed))  # NumPy's whole numbers have no canonical form
        if not isinstance(self.sampler, str):
            raise ArgumentError(f"sampler={self.sampler!r}: a recipe names its sampler, such as 'random'.")
        for name in ("languages", "validators"):
            value = getattr(self, name)
            if not isinstance(value, (list, tuple)):
                raise ArgumentError(f"{name}={value!r}: give a list or tuple; their order counts.")
        object.__setattr__(self, "languages", read_languages(self.languages))
        object.__setattr__(self, "pivot", normalise_language(self.pivot))
        object.__setattr__(self, "validators", tuple(map(Check.of, self.validators)))
        checks = [check.name for check in self.validators]
        if twice := [name for name in checks if checks.count(name) > 1]:
            raise ArgumentError(f"validators: {twice[0]!r} is given twice.")

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain data, as the manifest holds it.

        Example:
            >>> Recipe(Budget.counts({"en": 5})).to_dict()["budget"]["amounts"]
            {'en': 5}
        """
        return {
            "budget": self.budget.to_dict(),
            "languages": list(self.languages),
            "pivot": self.pivot,
            "content": self.content,
            "repeat": self.repeat,
            "tokenizer": dict(self.tokenizer),
            "counted": self.counted,
            "sampler": self.sampler,
            "settings": dict(self.settings),
            "validators": [check.to_dict() for check in self.validators],
            "parallel": self.parallel,
            "split": [[name, part if isinstance(part, int) else str(part)] for name, part in self.split.items()],
            "exclude": self.exclude,
            **({"wording": dict(self.wording)} if self.wording else {}),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Return the recipe of plain data: the inverse of :meth:`to_dict`.

        Raises:
            ArgumentError: A key is unknown, or what it holds makes no recipe.
            BudgetError: The budget makes none.

        Example:
            >>> recipe = Recipe(Budget.counts({"en": 5}), split={"train": 0.8, "test": 0.2})
            >>> Recipe.from_dict(recipe.to_dict()) == recipe
            True
        """
        known = [field.name for field in fields(cls)]
        if strange := [name for name in data if name not in known]:
            raise ArgumentError(f"a recipe has no {strange[0]!r}.{near(strange[0], known)}")
        if "budget" not in data:
            raise ArgumentError("a recipe needs a budget.")
        # Shares are texts such as "1/5" there, and the order of splits counts.
        split = {name: part if isinstance(part, int) else Fraction(part) for name, part in data.get("split", ())}
        return cls(**{**data, "budget": Budget.from_dict(data["budget"]), "split": split})

    def to_yaml(self) -> str:
        """Return the one YAML text of the recipe: complete, and with comments that say what each key means.

        Example:
            >>> print(Recipe(Budget.counts({"en": 4600, "*": 40})).to_yaml()[78:241])
            # How much each language gets, in examples.
            budget:
              kind: "counts"
              amounts:  # examples of each language; '*' is all others together, split evenly
                en: 4600
        """
        return recipe_yaml(self.to_dict())

    @classmethod
    def from_yaml(cls, text: str, *, file: str = "recipe") -> Recipe:
        r"""Return the recipe of a YAML text, which may leave out what is as it is by default.

        Args:
            text: What :meth:`to_yaml` gives, or what people write: see ``docs/recipes.md``.
            file: What messages call it.

        Raises:
            BadFile: It makes no recipe; the error names every fault with its line.

        Example:
            >>> Recipe.from_yaml("budget: {en: 4600, '*': 40}\nlanguages: [en, FI, iw]").languages
            ('en', 'fi', 'he')
        """
        return cls.of_written(read_written(text, file, "yaml"))

    def to_json(self) -> str:
        """Return the one JSON text of the recipe.

        Example:
            >>> Recipe(Budget.counts({"en": 5})).to_json().splitlines()[-2]
            '  "seed": 0'
        """
        return json_of(plain(self.to_dict()))

    @classmethod
    def from_json(cls, text: str, *, file: str = "recipe") -> Recipe:
        """Return the recipe of a JSON text, which may say what :meth:`from_yaml` takes.

        Raises:
            BadFile: It makes no recipe; the error names every fault with its line.

        Example:
            >>> Recipe.from_json('{"budget": {"en": 5}, "seed": 4}').seed
            4
        """
        return cls.of_written(read_written(text, file, "json"))

    @classmethod
    def of_written(cls, reading: Reading) -> Recipe:
        """Return the recipe of a file that was read as plain values.

        Raises:
            BadFile: It makes no recipe.
        """
        value = reading.written.value
        read = read_fields(reading, (), value, [field.name for field in fields(cls)], trial(cls))
        sound, named = not reading.faults, "budget" in value
        return reading.finish(read_one(reading, (), read, cls, named=named, sound=sound))

    def columns(self, at_hand: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of a plan, in the order in which ties are broken.

        Args:
            at_hand: Those of the grid, the woven ones among them.

        Example:
            >>> Recipe(Budget.counts({"*": 2, "fi>en": 1}), languages=("sw", "en")).columns(["en", "fi", "fi>en", "sw"])
            ('sw', 'en', 'fi>en')
        """
        woven = tuple(weave.name for weave in self.budget.woven)
        return (*self.languages, *woven) if self.languages else tuple(at_hand)

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits; one, ``"train"``, for a mixture that is not split."""
        return tuple(self.split) or (WHOLE,)

    @property
    def digest(self) -> str:
        """The identity of the recipe."""
        return digest_of(canonical_bytes(self.to_dict()))


def read_languages(languages: Any) -> tuple[str, ...]:
    """Return the canonical tags of languages that somebody names, in their order; none for None.

    Raises:
        ArgumentError: They are no tags in an order, or one is woven or given twice.
        LanguageClash: Two of them are the same language.
        UnknownLanguage: One is no tag.

    Example:
        >>> read_languages(["FI", "zh_CN"])
        ('fi', 'zh')
    """
    if isinstance(languages, str):
        raise ArgumentError(f"languages={languages!r}: give a list of tags, such as [{languages!r}].")
    if isinstance(languages, Set) and not isinstance(languages, KeysView):
        raise ArgumentError("languages: a set has no order, and the order breaks ties; give a list of tags.")
    if languages is not None and not isinstance(languages, Iterable):
        raise ArgumentError(f"languages={languages!r}: give a list of tags, such as ['en', 'fi'].")
    spelled: dict[str, str] = {}
    for name in languages or ():
        if isinstance(name, str) and is_woven(name):
            raise ArgumentError(
                f"languages: {name!r} is made of two languages; name those, and give it an amount in the budget: "
                f"{{{column_of(name, 'languages')!r}: ...}}."
            )
        tag = normalise_language(name)
        if spelled.get(tag) == name:
            raise ArgumentError(f"languages: {name!r} is given twice.")
        if tag in spelled:
            raise LanguageClash(tag, [spelled[tag], name])
        spelled[tag] = name
    return tuple(spelled)


def _split(split: Any) -> dict[str, Fraction | int]:
    """Return the shares or counts of the splits, exact."""
    if not isinstance(split, Mapping):
        raise ArgumentError(
            f"split={split!r}: give the share or count of each split, such as {{'train': 0.9, 'test': 0.1}}."
        )
    exact: dict[str, Fraction | int] = {}
    for name, part in split.items():
        # What datasets takes for the name of a split, less what some file systems do not take.
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{0,63}", name):
            raise ArgumentError(f"split: {name!r} names no split; use letters, digits and _, such as 'train'.")
        if name.casefold() == "all":
            raise ArgumentError(f"split: {name!r} stands for all splits together in datasets; choose another name.")
        if isinstance(part, bool) or not isinstance(part, (Real, Decimal)) or not 0 <= float(part) < math.inf:
            raise ArgumentError(f"split: {name} is {part!r}; give a share such as 0.1 or a count such as 200.")
        exact[name] = int(part) if isinstance(part, Integral) else Fraction(str(part))
    folded = [name.casefold() for name in exact]
    if twice := [name for name in exact if folded.count(name.casefold()) > 1]:
        raise ArgumentError(f"split: {' and '.join(map(repr, twice))} would be the same file on some machines.")
    whole = [name for name, part in exact.items() if isinstance(part, int)]
    if whole and len(whole) < len(exact):
        others = [name for name in exact if name not in whole]
        raise ArgumentError(
            f"split mixes counts ({', '.join(whole)}) and shares ({', '.join(others)}); "
            "write all as whole numbers, or all as fractions."
        )
    if exact and not whole and abs(Fraction(sum(exact.values())) - 1) > Fraction(1, 10**9):
        raise ArgumentError(f"the shares of the splits sum to {float(Fraction(sum(exact.values()))):.6g}, not 1.")
    return exact
