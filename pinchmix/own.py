"""Own plugins: objects that a user gives in place of names, and what they must say to be known again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError
from pinchmix.exported import Exporter, Format
from pinchmix.plugins import BUILT_IN, IDENTITY, Allocator, Sampler, Validator, find_plugin, parameters_of
from pinchmix.settings import plain_settings
from pinchmix.text.wording import listing, near

# What the protocols name, and so no parameter of one's own.
OF_PROTOCOLS = frozenset((*IDENTITY, "languages", "thresholds", "candidates", "title", "usage", "shards", "parts"))
KINDS: Mapping[str, type] = {
    "samplers": Sampler,
    "validators": Validator,
    "allocators": Allocator,
    "formats": Format,
    "exporters": Exporter,
}


def check_own(kind: str, plugin: Any, built_in: Mapping[str, str]) -> None:
    """Refuse an object that could not be told from another by what a recipe records of it.

    Args:
        kind: What it is to be, for messages: ``"validator"``.
        plugin: The object.
        built_in: Name → module and class of those that come with pinchmix.

    Raises:
        ArgumentError: Its name or version is no text, its name is that of a built-in one, or it has parameters and no
            ``settings`` that say them.

    Example:
        >>> class Least:
        ...     name, version = "least", "1"
        ...     def __init__(self, size):
        ...         self.size = size
        >>> check_own("validator", Least(5), {})
        Traceback (most recent call last):
        pinchmix.errors.ArgumentError: validator least: it has size, and no settings that a recipe could record. Give \
it an attribute such as settings = {'size': ...}, of plain data with which its class makes it again.
    """
    for part in ("name", "version"):
        said = getattr(plugin, part, None)
        if not isinstance(said, str) or not said:
            raise ArgumentError(f"{kind}: {part} of {plugin!r} is {said!r}; give a text.")
    own = f"{type(plugin).__module__}:{type(plugin).__name__}"
    if plugin.name in built_in:
        if own != built_in[plugin.name]:
            raise ArgumentError(f"{kind}: {plugin.name} is the name of a built-in one; choose another name.")
        return
    if hasattr(plugin, "settings"):
        plain_settings(f"{kind} {plugin.name}", plugin.settings)
        return
    held = [name for name, value in getattr(plugin, "__dict__", {}).items() if name[0] != "_" and not callable(value)]
    unsaid = [name for name in dict.fromkeys((*(parameters_of(type(plugin)) or ()), *held)) if name not in OF_PROTOCOLS]
    if unsaid:
        such = ", ".join(f"{name!r}: ..." for name in unsaid)
        raise ArgumentError(
            f"{kind} {plugin.name}: it has {listing(unsaid)}, and no settings that a recipe could record. Give it an "
            f"attribute such as settings = {{{such}}}, of plain data with which its class makes it again."
        )


def code_digest(plugin: Any) -> str:
    """Return a digest of the code of a plugin's class, and of what it is made of; empty for those of pinchmix.

    It is another one when a method or a plain attribute is. Functions that stand beside the class are not in it: who
    changes those gives the plugin another version.

    Example:
        >>> code_digest(find_plugin("validators", "copy"))
        ''
    """
    kinds = [type(plugin), *(type(part) for part in getattr(plugin, "parts", {}).values())]
    classes = [
        one for kind in kinds for one in kind.__mro__ if one.__module__.split(".")[0] not in ("pinchmix", *_BASES)
    ]
    said = [[one.__qualname__, name, _code(value)] for one in classes for name, value in sorted(vars(one).items())]
    return digest_of(canonical_bytes(said)) if said else ""


_BASES = ("builtins", "typing", "typing_extensions", "abc", "enum")


def _code(value: Any) -> Any:
    """Return what a digest of code is made of: no addresses, no line numbers."""
    value = getattr(value, "__func__", getattr(value, "fget", value))
    if isinstance(value, FunctionType):
        return [_code(value.__code__), _code(value.__defaults__), _code(value.__kwdefaults__)]
    if isinstance(value, CodeType):
        return [value.co_code.hex(), list(value.co_names), [_code(one) for one in value.co_consts]]
    if isinstance(value, (tuple, list)):
        return [_code(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    if isinstance(value, Mapping):
        return sorted([repr(key), _code(one)] for key, one in value.items())
    said = repr(value)
    return type(value).__name__ if " at 0x" in said else said


class Part(NamedTuple):
    """An object that a recipe names, and that no name leads to without its author.

    Attributes:
        shelf: Where it belongs, such as ``"validators"``; that of a part of a plugin is the plugin with the parameter.
        name: What it is called.
        version: Of an object that is a part of another, as its record has it; else empty.
    """

    shelf: str
    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.shelf}/{self.name}"


def parts_in(settings: Mapping[str, Any], owner: str) -> Iterator[Part]:
    """Yield the objects that a plugin is made of, as its settings record them: by name, version and more.

    Example:
        >>> [str(part) for part in parts_in({"backend": {"name": "v", "version": "1", "settings": {}}}, "language")]
        ['language.backend/v']
    """
    for key, value in settings.items():
        if is_record(value):
            yield Part(f"{owner}.{key}", str(value["name"]), str(value["version"]))


def is_record(value: Any) -> bool:
    """Tell whether a setting records an object."""
    return isinstance(value, Mapping) and {"name", "version", "settings"} <= value.keys()


def own_parts(recipe: Mapping[str, Any], export: Mapping[str, Any] | None = None) -> list[str]:
    """Return which plugins of a recipe, and of an export, do not come with pinchmix, as ``"shelf/name"``.

    It follows from the names alone, whether or not a package that is installed here declares them.

    Args:
        recipe: As plain data.
        export: The names of formats and trainers, as the manifest has them.

    Example:
        >>> own_parts({"sampler": "mine", "validators": [], "budget": {}})
        ['samplers/mine']
    """
    named = [("samplers", recipe["sampler"]), *(("validators", check["name"]) for check in recipe["validators"])]
    allocator = recipe["budget"].get("allocator")
    if allocator is not None:
        named.append(("allocators", allocator["name"] if isinstance(allocator, Mapping) else allocator))
    if export is not None:
        named += [("formats", name) for name in export["formats"]]
        named += [("exporters", name) for name in export["trainers"]]
    found = [str(Part(shelf, name)) for shelf, name in named if name not in BUILT_IN[shelf]]
    for check in recipe["validators"]:
        found += map(str, parts_in(check["settings"], f"validators/{check['name']}"))
    return sorted(found)


def own_note(own: Sequence[str]) -> str:
    """Return what plugins that do not come with pinchmix mean for who makes the mixture again.

    Example:
        >>> print(own_note(["samplers/mine", "validators/shouting"]))
        samplers/mine, validators/shouting do not come with pinchmix: to make this again, install what declares them \
as entry points, or give the objects to rebuild_mixture(..., plugins=[...]).
    """
    does, them = ("does", "it as an entry point") if len(own) == 1 else ("do", "them as entry points")
    objects = "the object" if len(own) == 1 else "the objects"
    return (
        f"{listing(own, 40)} {does} not come with pinchmix: to make this again, install what declares {them}, or give "
        f"{objects} to rebuild_mixture(..., plugins=[...])."
    )


class Held:
    """Objects that stand for names: where a recipe names one of them, it is that object, else what the name leads to.

    Args:
        plugins: Samplers, validators, allocators, formats and exporters, and parts of them such as language backends.

    Raises:
        ArgumentError: One of them is no plugin, or two are of one kind and name.

    Example:
        >>> Held([]).find("samplers", "random").name
        'random'
    """

    def __init__(self, plugins: Sequence[Any] = ()) -> None:
        if isinstance(plugins, (str, Mapping)) or not isinstance(plugins, Sequence):
            raise ArgumentError(f"plugins={plugins!r}: give a list of objects.")
        self._held: dict[tuple[str, str], Any] = {}
        self._used: set[tuple[str, str]] = set()
        for plugin in plugins:
            name = _name_of(plugin)
            if isinstance(plugin, type) or not isinstance(name, str):
                raise ArgumentError(
                    f"plugins: {plugin!r} is no plugin; give an object with a name and a version, made as it was the "
                    "first time."
                )
            shelves = [shelf for shelf, kind in KINDS.items() if isinstance(plugin, kind)]
            shelves = shelves or ["allocators" if isinstance(plugin, FunctionType) else "parts"]
            for shelf in shelves:
                if (shelf, name) in self._held:
                    raise ArgumentError(f"plugins: {name!r} is given twice.")
                self._held[shelf, name] = plugin

    def named(self, shelf: str, names: Sequence[str]) -> list[Any]:
        """Return the objects of names, and the name itself where none is held.

        Example:
            >>> Held([]).named("formats", ["messages"])
            ['messages']
        """
        self._used.update((shelf, name) for name in names)
        return [self._held.get((shelf, name), name) for name in names]

    def find(self, shelf: str, name: str, settings: Mapping[str, Any] | None = None) -> Any:
        """Return the plugin of a name.

        Args:
            shelf: Where it belongs.
            name: What it is called.
            settings: What it is made with; one that is held must have the same.

        Raises:
            ArgumentError: The object has other settings, or those of a part of it are other ones.
            UnknownPlugin: Nothing is held, and the name leads nowhere.
        """
        said = dict(settings or {})
        self._used.add((shelf, name))
        self._used.update(("parts", value["name"]) for value in said.values() if is_record(value))
        if (shelf, name) in self._held:
            plugin = self._held[shelf, name]
            check_same(f"{shelf.removesuffix('s')} {name}", said, getattr(plugin, "settings", {}))
            return plugin
        parts = {
            key: self._held.get(("parts", value["name"]), value) if is_record(value) else value
            for key, value in said.items()
        }
        plugin = find_plugin(shelf, name, **parts)
        if any(is_record(value) for value in said.values()):
            check_same(f"{shelf.removesuffix('s')} {name}", said, plugin.settings)
        return plugin

    def note(self, shelf: str, name: str) -> None:
        """Note that a name stands for an object that is there already, so that the same one may be given."""
        self._used.add((shelf, name))

    def find_allocator(self, name: str, version: str, says: str) -> Any:
        """Return the allocator that a budget records by name, version and its repr.

        Raises:
            ArgumentError: The one that is held has another version or repr.
            UnknownPlugin: Nothing is held, and the name leads nowhere.
        """
        self._used.add(("allocators", name))
        found = self._held.get(("allocators", name))
        if found is None:
            return find_plugin("allocators", name)
        now = {"version": str(getattr(found, "version", "")), **({"repr": repr(found)} if says else {})}
        check_same(f"allocator {name}", {"version": version, **({"repr": says} if says else {})}, now)
        return found

    def check_used(self) -> None:
        """Refuse objects that no name stands for, once all names have been asked for.

        Raises:
            ArgumentError: There are some; the message has a near name.
        """
        asked = sorted({name for _, name in self._used})
        for _, name in self._held:
            if name not in asked:
                raise ArgumentError(
                    f"plugins: nothing names {name!r}.{near(name, asked)} What is named: {listing(asked, 40)}."
                )


def _name_of(plugin: Any) -> Any:
    """Return the name of a plugin; a function that weighs languages has that of its place, as a budget records it."""
    if isinstance(plugin, FunctionType):
        return f"{plugin.__module__}.{plugin.__qualname__}"
    return getattr(plugin, "name", None) if hasattr(plugin, "version") else None


def check_same(owner: str, recorded: Mapping[str, Any], now: Any) -> None:
    """Refuse an object whose settings are not those that a recipe records.

    Raises:
        ArgumentError: They are not; the message says which.

    Example:
        >>> check_same("validator least", {"size": 5}, {"size": 6})
        Traceback (most recent call last):
        pinchmix.errors.ArgumentError: validator least is not the one of the recipe: size is 6, and was 5.
    """
    plain, before = plain_settings(owner, now), plain_settings(owner, recorded)
    for name in (*before, *plain):
        if plain.get(name) != before.get(name):
            told = _difference(name, plain.get(name), before.get(name))
            raise ArgumentError(f"{owner} is not the one of the recipe: {told}.")


def _difference(name: str, now: Any, before: Any) -> str:
    if isinstance(now, Mapping) and isinstance(before, Mapping):
        for key in (*before, *now):
            if now.get(key) != before.get(key):
                return _difference(f"{name}.{key}", now.get(key), before.get(key))
    return f"{name} is {now!r}, and was {before!r}"
