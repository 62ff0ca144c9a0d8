"""The family: named recipes that differ in one thing, and what is to be the same in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, NamedTuple

from pinchmix.errors import ArgumentError
from pinchmix.recipe import Recipe
from pinchmix.recipe_text.reading import read_family_fields, read_written
from pinchmix.recipe_text.writing import family_file, family_yaml, json_of
from pinchmix.text.wording import listing, near, number_of
from pinchmix.written.reading import Reading


class Member(NamedTuple):
    """Which member of which family a mixture is.

    Attributes:
        family: The family, whose laws the mixture keeps together with the other members.
        name: The member's name.
    """

    family: Family
    name: str


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name.strip()) and name.isprintable()


VARIED = ("budget", "languages")  # what the members of a family with laws may differ in


@dataclass(frozen=True)
class Family:
    """Named recipes that differ in one thing, and what is to be the same in all of them.

    A family can promise two laws, which its mixtures then keep by construction:

    * **constant**: every member holds the same instructions, in the same splits; only their languages differ.
    * **nested**: along a chain of members, from each to the next, a language only gains cells or only loses them: of
      two members, the one that has fewer cells of a language has none there that the other lacks. Where ``constant``
      is not promised, members may also grow by whole instructions, under the same rule.

    Attributes:
        name: What the family is called.
        members: Name → recipe, in order.
        constant: Whether all members hold the same instructions.
        nested: Chains of members' names; from each to the next, languages only gain or only lose.
        source: Where the family is from: a paper and its section.

    Raises:
        ArgumentError: A name means nothing, or recipes differ in more than a law allows.

    Example:
        >>> from pinchmix.budget import Budget
        >>> pair = {str(n): Recipe(Budget.counts({"en": 100 - n, "sw": n})) for n in (10, 20)}
        >>> Family("pinches", pair, constant=True, nested=[["10", "20"]])
        Family('pinches', 2 members, constant, nested)
    """

    name: str
    members: Mapping[str, Recipe]
    constant: bool = False
    nested: tuple[tuple[str, ...], ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise ArgumentError(f"name={self.name!r}: a family needs a name.")
        if not isinstance(self.members, Mapping) or not self.members:
            raise ArgumentError(f"family {self.name}: members is a mapping of name to recipe, with one or more.")
        for name, recipe in self.members.items():
            if not _is_name(name):
                raise ArgumentError(f"family {self.name}: {name!r} cannot be the name of a member.")
            if not isinstance(recipe, Recipe):
                raise ArgumentError(f"family {self.name}: member {name} is a {type(recipe).__name__}, not a Recipe.")
        object.__setattr__(self, "members", MappingProxyType(dict(self.members)))
        if not isinstance(self.constant, bool):
            raise ArgumentError(f"family {self.name}: constant={self.constant!r} is neither True nor False.")
        if not isinstance(self.source, str) or not all(line.isprintable() for line in self.source.splitlines()):
            raise ArgumentError(f"family {self.name}: source={self.source!r} is no text.")
        lists = (list, tuple)
        if not isinstance(self.nested, lists) or not all(isinstance(chain, lists) for chain in self.nested):
            raise ArgumentError(f"family {self.name}: nested is a list of chains, such as [['p1', 'p10', 'p100']].")
        object.__setattr__(self, "nested", tuple(map(tuple, self.nested)))
        for chain in self.nested:
            for name in chain:
                if not isinstance(name, str) or name not in self.members:
                    raise ArgumentError(
                        f"family {self.name}: nested names {name!r}, which is no member."
                        f"{near(str(name), self.members)} The members are {listing(list(self.members))}."
                    )
            if twice := [name for name in chain if chain.count(name) > 1]:
                raise ArgumentError(f"family {self.name}: a chain of nested names {twice[0]!r} twice.")
        if self.laws:
            self._check_alike()

    def _check_alike(self) -> None:
        """Raise if members differ in more than laws about them can bridge."""
        first, *others = self.members.items()
        for name, recipe in others:
            for field in fields(Recipe):
                if field.name not in VARIED and getattr(recipe, field.name) != getattr(first[1], field.name):
                    raise ArgumentError(
                        f"family {self.name}: {first[0]} has {field.name}={getattr(first[1], field.name)!r} and {name} "
                        f"{getattr(recipe, field.name)!r}; members of a family that is {' and '.join(self.laws)} "
                        f"differ in {' and '.join(VARIED)} alone."
                    )
        recipe, budgets = first[1], [recipe.budget for recipe in self.members.values()]
        limits = {
            "content": (recipe.content == "disjoint", "one language an instruction (content='disjoint')"),
            "repeat": (recipe.repeat == 1, "no repeats (repeat=1)"),
            "unit": (all(budget.unit == "examples" for budget in budgets), "budgets in examples"),
        }
        if broken := [said for holds, said in limits.values() if not holds]:
            raise ArgumentError(
                f"family {self.name}: to be {' and '.join(self.laws)}, it needs {' and '.join(broken)}. "
                "Without laws (constant=False, nested=()), each member is built for itself."
            )

    @property
    def laws(self) -> tuple[str, ...]:
        """The names of what the family promises."""
        return (*(("constant",) if self.constant else ()), *(("nested",) if self.nested else ()))

    @property
    def chains(self) -> list[list[int]]:
        """The chains of :attr:`nested` as numbers of members."""
        names = list(self.members)
        return [[names.index(name) for name in chain] for chain in self.nested]

    def found(self, instructions: int) -> dict[str, str]:
        """Return law → what there is of it once it was counted on mixtures.

        Args:
            instructions: How many of them each member holds, where all hold the same.

        Example:
            >>> from pinchmix.budget import Budget
            >>> Family("one", {"a": Recipe(Budget.counts({"en": 5}))}, constant=True).found(5)
            {'constant': '5 instructions in each'}
        """
        said = {
            "constant": f"{number_of(instructions, 'instruction')} in each",
            "nested": number_of(sum(max(len(chain) - 1, 0) for chain in self.nested), "step"),
        }
        return {law: said[law] for law in self.laws}

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __getitem__(self, name: str) -> Recipe:
        if name not in self.members:
            raise KeyError(f"{name!r} is no member of {self.name}.{near(str(name), self.members)}")
        return self.members[name]

    def __repr__(self) -> str:
        laws = "".join(f", {law}" for law in self.laws)
        return f"Family({self.name!r}, {len(self.members)} member{'' if len(self) == 1 else 's'}{laws})"

    def to_dict(self) -> dict[str, Any]:
        """Return the family as plain data.

        Example:
            >>> from pinchmix.budget import Budget
            >>> Family("one", {"a": Recipe(Budget.counts({"en": 5}))}).to_dict()["nested"]
            []
        """
        return {
            "name": self.name,
            "source": self.source,
            "constant": self.constant,
            "nested": [list(chain) for chain in self.nested],
            "members": {name: recipe.to_dict() for name, recipe in self.members.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Family:
        """Return the family of plain data: the inverse of :meth:`to_dict`.

        Raises:
            ArgumentError: A key is unknown or missing, or what it holds makes no family.
            BudgetError: A budget makes none.

        Example:
            >>> from pinchmix.budget import Budget
            >>> one = Family("one", {"a": Recipe(Budget.counts({"en": 5}))})
            >>> Family.from_dict(one.to_dict()) == one
            True
        """
        known = [field.name for field in fields(cls)]
        if strange := [name for name in data if name not in known]:
            raise ArgumentError(f"a family has no {strange[0]!r}.{near(str(strange[0]), known)}")
        if missing := [name for name in ("name", "members") if name not in data]:
            raise ArgumentError(f"a family needs {' and '.join(missing)}.")
        members = data["members"]
        if not isinstance(members, Mapping):
            raise ArgumentError("members is a mapping of name to recipe.")
        return cls(**{**data, "members": {name: Recipe.from_dict(recipe) for name, recipe in members.items()}})

    def to_yaml(self) -> str:
        """Return the one YAML text of the family: what members share once, and then what differs; with comments.

        Example:
            >>> from pinchmix.budget import Budget
            >>> print(Family("one", {"no": Recipe(Budget.counts({"en": 5}))}).to_yaml()[-55:])
            # What each member has of its own.
            members:
              'no': {}
            <BLANKLINE>
        """
        return family_yaml(self.to_dict())

    @classmethod
    def from_yaml(cls, text: str, *, file: str = "family") -> Family:
        r"""Return the family of a YAML text; recipes may leave out what ``shared`` says or what is as by default.

        Args:
            text: What :meth:`to_yaml` gives, or what people write: see ``docs/recipes.md``.
            file: What messages call it.

        Raises:
            BadFile: It makes no family; the error names every fault with its line.

        Example:
            >>> text = "name: seeds\nshared: {budget: {en: 5}}\nmembers: {one: {seed: 1}, two: {seed: 2}}"
            >>> Family.from_yaml(text)["two"].seed
            2
        """
        return cls.of_written(read_written(text, file, "yaml"))

    def to_json(self) -> str:
        """Return the one JSON text of the family.

        Example:
            >>> from pinchmix.budget import Budget
            >>> Family("one", {"a": Recipe(Budget.counts({"en": 5}))}).to_json().splitlines()[1]
            '  "name": "one",'
        """
        return json_of(family_file(self.to_dict()))

    @classmethod
    def from_json(cls, text: str, *, file: str = "family") -> Family:
        """Return the family of a JSON text, which may say what :meth:`from_yaml` takes.

        Raises:
            BadFile: It makes no family; the error names every fault with its line.

        Example:
            >>> Family.from_json('{"name": "one", "members": {"a": {"budget": {"en": 5}}}}')
            Family('one', 1 member)
        """
        return cls.of_written(read_written(text, file, "json"))

    @classmethod
    def of_written(cls, reading: Reading) -> Family:
        """Return the family of a file that was read as plain values.

        Raises:
            BadFile: It makes no family.
        """
        value = reading.written.value
        known = [field.name for field in fields(cls)]
        said = read_family_fields(reading, value, known, [field.name for field in fields(Recipe)], Recipe)
        family = None
        if not reading.faults:
            with reading.at(()):
                family = cls(**said)
        return reading.finish(family)
