"""The policy: which checks a chosen cell must pass, and what becomes of one that does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pinchmix.errors import ArgumentError, UnknownPlugin
from pinchmix.settings import plain_settings
from pinchmix.text.wording import listing, near

MISMATCH = ("reject", "flag")
UNSURE = ("keep", "flag", "reject")
OFF = "off"
PARTS = ("mismatch", "unsure", "settings")
WORDS = ("preset", "on_unsure")  # of a mapping, beside the names of checks


@dataclass(frozen=True)
class Check:
    """A validator by name, and what its verdicts lead to.

    Attributes:
        name: The validator's name.
        mismatch: What becomes of a cell with a mismatch: ``"reject"`` keeps it out of the mixture, ``"flag"`` leaves it
            in and lists it.
        unsure: What becomes of a cell of which the check is unsure: ``"keep"`` leaves it in and counts it, ``"flag"``
            lists it as well, ``"reject"`` keeps it out.
        settings: The parameters of the validator, as :func:`~pinchmix.settings.plain_settings` makes them.

    Raises:
        ArgumentError: An attribute means nothing.

    Example:
        >>> Check("numbers", "flag").to_dict()
        {'name': 'numbers', 'mismatch': 'flag', 'unsure': 'keep', 'settings': {}}
    """

    name: str
    mismatch: str = "reject"
    unsure: str = "keep"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ArgumentError(f"validators: {self.name!r} names no check.")
        for name, value, known in (("mismatch", self.mismatch, MISMATCH), ("unsure", self.unsure, UNSURE)):
            if not isinstance(value, str) or value not in known:
                raise ArgumentError(
                    f"validators: {name} of {self.name} is {value!r}, none of {listing(known)}."
                    f"{near(str(value), known)}"
                )
        settings = plain_settings(f"check {self.name}", self.settings)
        object.__setattr__(self, "settings", MappingProxyType(settings))

    def __hash__(self) -> int:
        return hash((self.name, self.mismatch, self.unsure))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value: a mapping that cannot change has no pickle."""
        return type(self), (self.name, self.mismatch, self.unsure, dict(self.settings))

    @classmethod
    def of(cls, value: Any) -> Check:
        """Return the check that a name, a check or its plain data stands for.

        Example:
            >>> Check.of({"name": "numbers", "mismatch": "flag"}) == Check("numbers", "flag")
            True
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(value)
        if isinstance(value, Mapping) and "name" in value:
            known = ("name", *PARTS)
            if strange := [part for part in value if part not in known]:
                raise ArgumentError(
                    f"validators: {value['name']} is said with {strange[0]!r}; a check has {listing(known)}."
                    f"{near(str(strange[0]), known)}"
                )
            return cls(**value)
        raise ArgumentError(f"validators: {value!r} is no check; give a name, or Check(name, mismatch, unsure).")

    def to_dict(self) -> dict[str, Any]:
        """Return the check as plain data, as a recipe records it."""
        return {
            "name": self.name,
            "mismatch": self.mismatch,
            "unsure": self.unsure,
            "settings": dict(self.settings),
        }

    def outcome(self, mismatch: bool) -> str:
        """Return what becomes of a cell: ``"reject"``, ``"flag"`` or ``"keep"``."""
        return self.mismatch if mismatch else self.unsure


def _preset(reject: str, flag: str = "", unsure: str = "keep") -> tuple[Check, ...]:
    """Return checks from their names, those that reject first."""
    return (
        *(Check(name, "reject", unsure) for name in reject.split()),
        *(Check(name, "flag", unsure) for name in flag.split()),
    )


# Which check rejects by default was decided by the false alarms of docs/validation.md. Those that must read the whole
# source are in the strict preset alone.
PRESETS: Mapping[str, tuple[Check, ...]] = MappingProxyType(
    {
        "lenient": _preset(
            "turns empty damage loops language", "copy echo markers markup length truncation urls variables math code"
        ),
        "default": _preset(
            "turns empty damage loops markers markup echo copy length truncation urls variables math language",
            "code numbers unicode tasks",
        ),
        "strict": _preset(
            "turns empty damage loops markers markup echo copy length truncation urls variables math code numbers "
            "duplicates repeated language",
            "unicode tasks",
            unsure="flag",
        ),
    }
)
DEFAULT = "default"


def preset(name: str) -> tuple[Check, ...]:
    """Return the checks of a preset.

    Raises:
        ArgumentError: There is none of that name.

    Example:
        >>> preset("default")[0].name
        'turns'
    """
    if not isinstance(name, str):
        raise ArgumentError(f"validate: preset is {name!r}; give one of {listing(list(PRESETS))}, or 'none'.")
    if name not in PRESETS:
        raise ArgumentError(
            f"validate={name!r} is no preset.{near(name, PRESETS)} Give one of {listing(list(PRESETS))}, or a list "
            f"of checks, such as [{name!r}]."
        )
    return PRESETS[name]


def amended(said: Mapping[Any, Any], known: Collection[str] | None = None) -> tuple[Check, ...]:
    """Return the checks of a preset with changes.

    Args:
        said: Check → ``"reject"``, ``"flag"``, ``"off"`` or a mapping of mismatch, unsure and settings. Beside them,
            ``preset`` names what is changed (``"none"`` for nothing), and ``on_unsure`` says what becomes of cells that
            a check is unsure of.
        known: The names of all checks that there are. Where that is not known, as in a file that is read on its own,
            only what is left out must be a check of the preset; other names are looked up when the recipe is used.

    Raises:
        UnknownPlugin: There is no check of a name, be it to be asked or to be left out.
        ArgumentError: A value means nothing.

    Example:
        >>> names = ["language", "numbers"]
        >>> changes = {"preset": "none", "language": "reject", "numbers": "flag"}
        >>> [check.mismatch for check in amended(changes, names)]
        ['reject', 'flag']
    """
    for name in said:
        if not isinstance(name, str):
            raise ArgumentError(f"validate: {name!r} names no check; give a text.")
        if name in WORDS:
            continue
        if close := near(name, WORDS) if known is None or name not in known else "":
            raise ArgumentError(f"validate: {name!r} is no check, and none of {listing(WORDS)}.{close}")
        there = known
        if known is None and said[name] == OFF:
            there = sorted({check.name for checks in PRESETS.values() for check in checks})
        if there is not None and name not in there:
            raise UnknownPlugin("validator", name, sorted(there))
    start = said.get("preset", DEFAULT)
    checks = {check.name: check for check in (() if isinstance(start, str) and start == "none" else preset(start))}
    on_unsure = said.get("on_unsure")
    if "on_unsure" in said and (not isinstance(on_unsure, str) or on_unsure not in UNSURE):
        raise ArgumentError(
            f"validate: on_unsure={on_unsure!r} is none of {listing(UNSURE)}.{near(str(on_unsure), UNSURE)}"
        )
    if on_unsure is not None:
        checks = {name: Check(name, one.mismatch, on_unsure, one.settings) for name, one in checks.items()}
    for name, value in said.items():
        if name in WORDS:
            continue
        usual = checks.get(name, Check(name, unsure=on_unsure or "keep"))
        if isinstance(value, Mapping):
            checks[name] = _changed(usual, value)
        elif isinstance(value, str) and value in MISMATCH:
            checks[name] = Check(name, value, usual.unsure, usual.settings)
        elif isinstance(value, str) and value == OFF:
            checks.pop(name, None)
        else:
            ways = (*MISMATCH, OFF)
            raise ArgumentError(
                f"validate: {name} is {value!r}; say one of {listing(ways)}, or a mapping of {listing(PARTS)}."
                f"{near(str(value), ways)}"
            )
    return tuple(checks.values())


def _changed(usual: Check, said: Mapping[Any, Any]) -> Check:
    """Return a check of which some parts are said anew."""
    if strange := [part for part in said if part not in PARTS]:
        raise ArgumentError(
            f"validate: {usual.name} is said with {strange[0]!r}; it has {listing(PARTS)}."
            f"{near(str(strange[0]), PARTS)}"
        )
    return Check.of({**usual.to_dict(), **said})
