"""Terms: what a budget says, as plain values, and their forms as data and as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from pinchmix.budget.amounts import Bounds, code_of_fraction, read_number, text_of_fraction
from pinchmix.budget.names import Groups
from pinchmix.errors import BudgetError
from pinchmix.text.wording import near
from pinchmix.weave import Weave, is_woven, read_weave


class Recorded(NamedTuple):
    """An allocator as a manifest holds it: enough to know it again, not enough to run it."""

    name: str
    version: str
    says: str  # its repr, where that tells its settings


@dataclass(frozen=True)
class Terms:
    """What a budget says; :class:`pinchmix.Budget` adds how it is made and what it answers.

    Attributes:
        kind: ``"counts"``, ``"shares"``, ``"pinch"``, ``"uniform"``, ``"proportional"``, ``"temperature"``,
            ``"unimax"`` or ``"allocated"``.
        amounts: Name and amount, in the order given; whole numbers for counts, exact fractions for shares, and none
            for the other kinds. The name ``"*"`` stands for all languages that are not named.
        total: The size of the mixture.
        unit: What is counted.
        minimum: The least of every language, or by language, or None.
        maximum: The most, likewise.
        groups: Name and languages of each group.
        settings: What else the kind needs, by name.
    """

    kind: str
    amounts: tuple[tuple[str, Fraction], ...]
    total: int
    unit: str = "examples"
    minimum: Bounds = None
    maximum: Bounds = None
    groups: Groups = ()
    settings: tuple[tuple[str, Any], ...] = ()

    def setting(self, name: str) -> Any:
        """Return a setting, or None.

        Example:
            >>> Terms("temperature", (), 10, settings=(("alpha", Fraction(1, 3)),)).setting("alpha")
            Fraction(1, 3)
        """
        return dict(self.settings).get(name)

    @property
    def woven(self) -> tuple[Weave, ...]:
        """The woven columns that are asked for, by name.

        Example:
            >>> [weave.name for weave in Terms("counts", (("*", Fraction(3)), ("fi>en", Fraction(2))), 5).woven]
            ['fi>en']
        """
        groups = dict(self.groups)
        used = [name for name, _ in self.amounts] or self.setting("languages") or [*groups]
        sizes = [name for name, _ in self.setting("sizes") or ()]
        named = {column for name in used for column in groups.get(name, (name,))} | {*sizes}
        return tuple(read_weave(name) for name in sorted(named) if is_woven(name))


def name_of(allocator: Any) -> str:
    """Return what to call an allocator: its name if it has one.

    Example:
        >>> name_of("uniform"), name_of(max)
        ("'uniform'", "'builtins.max'")
    """
    return repr(_recorded(allocator).name)


def _recorded(allocator: Any) -> Recorded:
    if isinstance(allocator, Recorded):
        return allocator
    if isinstance(allocator, str):
        return Recorded(allocator, "", "")
    if hasattr(allocator, "allocate"):
        says = repr(allocator)
        return Recorded(allocator.name, str(allocator.version), "" if " at 0x" in says else says)
    kind = allocator if hasattr(allocator, "__qualname__") else type(allocator)
    return Recorded(f"{kind.__module__}.{kind.__qualname__}", "", "")


# As data and as code ------------------------------------------------------------------------------------------------


def to_plain(terms: Terms) -> dict[str, Any]:
    """Return terms as plain data: what is not said is left out; orders that decide ties are kept as lists.

    Example:
        >>> to_plain(Terms("temperature", (), 10, settings=(("alpha", Fraction(1, 3)),)))
        {'kind': 'temperature', 'alpha': '1/3', 'total': 10}
    """
    exact = terms.kind == "counts"
    amounts = {name: int(amount) if exact else text_of_fraction(amount) for name, amount in terms.amounts}
    said: dict[str, Any] = {
        "amounts": amounts,
        "order": [] if exact else [*amounts],
        **{name: _plain(name, value) for name, value in terms.settings if value is not None},
    }
    bounds = {"minimum": terms.minimum, "maximum": terms.maximum}
    return {
        "kind": terms.kind,
        **{name: value for name, value in said.items() if value not in ({}, [])},
        "total": terms.total,
        **({} if terms.unit == "examples" else {"unit": terms.unit}),
        **{name: dict(one) if isinstance(one, tuple) else one for name, one in bounds.items() if one is not None},
        **({"groups": {name: list(members) for name, members in terms.groups}} if terms.groups else {}),
    }


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Fraction):
        return text_of_fraction(value)
    if name in ("sizes", "origin"):
        return dict(value)
    if name == "languages":
        return list(value)
    if name == "allocator" and not isinstance(value, str):
        return {key: text for key, text in _recorded(value)._asdict().items() if text}
    return value


SETTINGS = {
    "counts": ("amounts",),
    "shares": ("amounts", "order", "origin"),
    "pinch": ("share", "pool", "pivot", "languages"),
    "uniform": (),
    "proportional": ("sizes",),
    "temperature": ("alpha", "sizes"),
    "unimax": ("max_epochs", "sizes"),
    "allocated": ("allocator", "sizes", "weighed_at"),
}
COMMON = ("kind", "total", "unit", "minimum", "maximum", "groups")
NEEDED = {"amounts", "order", "share", "pool", "alpha", "max_epochs", "allocator", "total"}


def from_plain(data: Any) -> dict[str, Any]:
    """Return the keywords of the constructor that makes the budget of plain data; the constructor is ``"kind"``.

    Raises:
        BudgetError: It is no mapping, or the kind is unknown, or a key is unknown or missing, or a fraction unreadable.

    Example:
        >>> from_plain({"kind": "temperature", "alpha": "1/3", "total": 10})
        {'kind': 'temperature', 'alpha': Fraction(1, 3), 'total': 10}
    """
    if not isinstance(data, Mapping):
        raise BudgetError(f"the data of a budget is a mapping, not {type(data).__name__}.")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in SETTINGS:
        raise BudgetError(
            f"kind={kind!r} is no kind of budget.{near(str(kind), SETTINGS)} There are: {', '.join(SETTINGS)}."
        )
    known = (*SETTINGS[kind], *COMMON)
    if unknown := [key for key in data if key not in known]:
        raise BudgetError(
            f"a budget of kind {kind!r} holds no {unknown[0]!r}.{near(str(unknown[0]), known)} "
            f"It holds: {', '.join(known)}."
        )
    if missing := [key for key in known if key in NEEDED and key not in data]:
        raise BudgetError(f"a budget of kind {kind!r} lacks {', '.join(missing)}.")
    said: dict[str, Any] = dict(data)
    said |= {key: _fraction(key, data[key]) for key in ("share", "alpha", "max_epochs") if key in data}
    if kind == "counts":
        del said["total"]  # their sum, which the constructor forms again
        _check_sum(data)
    if "order" in said:
        amounts, order = data["amounts"], said.pop("order")
        if not (
            isinstance(amounts, Mapping) and isinstance(order, list) and {*map(repr, order)} == {*map(repr, amounts)}
        ):
            raise BudgetError(f"the order {order!r} is not one of the amounts {amounts!r}.")
        said["amounts"] = {name: _fraction(name, amounts[name]) for name in order}
    if "share" in said:
        said["percent"] = said.pop("share") * 100
    if isinstance(allocator := said.get("allocator"), Mapping):
        said["allocator"] = Recorded(*(str(allocator.get(key, "")) for key in Recorded._fields))
    return said


def _check_sum(data: Mapping[str, Any]) -> None:
    counts = data["amounts"]
    if isinstance(counts, Mapping) and all(isinstance(count, int) for count in counts.values()):
        named = sum(counts.values())
        if named != data["total"]:
            raise BudgetError(f"the counts sum to {named:,}, and the total is said to be {data['total']!r}.")


def _fraction(name: str, value: Any) -> Fraction:
    try:
        return Fraction(value) if isinstance(value, str) else read_number(name, value, "a fraction such as '1/3'")
    except (ValueError, ZeroDivisionError):
        raise BudgetError(f"{name}={value!r} is no fraction such as '1/3' or '0.25'.") from None


def to_code(terms: Terms) -> str:
    """Return the call that makes a budget of these terms, as Python.

    Example:
        >>> to_code(Terms("temperature", (), 10, "tokens", settings=(("alpha", Fraction(1, 3)),)))
        "Budget.temperature(10, alpha=Fraction(1, 3), unit='tokens')"
    """
    named = {name: value for name, value in terms.settings if value is not None}
    total, later = terms.total, ""
    if (weighed_at := named.pop("weighed_at", terms.total)) != total:
        total, later = weighed_at, f".with_total({total})"
    first = [str(total)]
    if terms.amounts:
        amounts = ", ".join(f"{name!r}: {code_of_fraction(amount)}" for name, amount in terms.amounts)
        first = [f"{{{amounts}}}", *([] if terms.kind == "counts" else [f"total={total}"])]
    if "allocator" in named:
        first = [repr(named.pop("allocator")), *first]
    if "share" in named:
        part = named.pop("share") * total
        said = ("examples", part) if part.denominator == 1 else ("percent", part / total * 100)
        first.append(f"{said[0]}={code_of_fraction(said[1])}")
        if named["pool"] == "others":
            del named["pool"]
    options = {
        **{name: _code(name, value) for name, value in named.items()},
        **({} if terms.unit == "examples" else {"unit": repr(terms.unit)}),
        **({} if terms.minimum is None else {"minimum": _bound_code(terms.minimum)}),
        **({} if terms.maximum is None else {"maximum": _bound_code(terms.maximum)}),
        **({"groups": repr({name: list(members) for name, members in terms.groups})} if terms.groups else {}),
    }
    return f"Budget.{terms.kind}({', '.join([*first, *(f'{name}={code}' for name, code in options.items())])}){later}"


def _code(name: str, value: Any) -> str:
    return code_of_fraction(value) if isinstance(value, Fraction) else repr(_plain(name, value))


def _bound_code(bounds: Bounds) -> str:
    return repr(dict(bounds) if isinstance(bounds, tuple) else bounds)
