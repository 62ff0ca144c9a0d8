"""The recipe: everything that decides a mixture, besides the data."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from pinchmix.budget import Budget
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError, BudgetError, near

CONTENT_POLICIES = ("disjoint",)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a mixture, besides the data; knows no path, worker or engine.

    Attributes:
        budget: How much each language gets.
        languages: Canonical tags to draw on, in the order in which ties are broken; all of the source's if empty.
        pivot: The language that the others are translations of; recorded, and no choice depends on it so far.
        content: In how many languages one instruction may appear: ``"disjoint"``, in one.
        sampler: The name of the sampler that orders the instructions.
        validators: The names of the checks that each chosen cell must pass.
        seed: What keys every choice.

    Example:
        >>> Recipe(Budget.counts({"en": 90, "*": 10})).seed
        0
    """

    budget: Budget
    languages: tuple[str, ...] = ()
    pivot: str = "en"
    content: str = "disjoint"
    sampler: str = "random"
    validators: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.budget, Budget):
            raise BudgetError(f"a recipe needs a Budget, not {type(self.budget).__name__}.")
        if self.content not in CONTENT_POLICIES:
            raise ArgumentError(
                f"content={self.content!r} is no content policy.{near(str(self.content), CONTENT_POLICIES)} "
                f"There is: {', '.join(CONTENT_POLICIES)}."
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, Integral):
            raise ArgumentError(f"seed={self.seed!r}: the seed is a whole number.")
        object.__setattr__(self, "seed", int(self.seed))  # NumPy's whole numbers have no canonical form
        for name in ("languages", "validators"):
            value = getattr(self, name)
            if not isinstance(value, (list, tuple)):
                raise ArgumentError(f"{name}={value!r}: give a list or tuple; their order counts.")
            object.__setattr__(self, name, tuple(value))
            if twice := [item for item in self.__dict__[name] if value.count(item) > 1]:
                raise ArgumentError(f"{name}: {twice[0]!r} is given twice.")

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
            "sampler": self.sampler,
            "validators": list(self.validators),
            "seed": self.seed,
        }

    @property
    def digest(self) -> str:
        """The identity of the recipe."""
        return digest_of(canonical_bytes(self.to_dict()))
