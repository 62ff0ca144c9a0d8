"""What the arguments of a build stand for: a recipe, and the plugins that it names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Union

from pinchmix.budget import Budget
from pinchmix.budget.terms import Recorded
from pinchmix.errors import ArgumentError, BudgetError
from pinchmix.exclude import Exclusion, read_exclusion
from pinchmix.measure import check_measure
from pinchmix.own import Held, check_own
from pinchmix.plugins import (
    BUILT_IN,
    Sampler,
    Surveys,
    Tokenizer,
    Validator,
    asks_pivot,
    find_plugin,
    list_plugins,
    traits_of,
)
from pinchmix.policy import DEFAULT, PRESETS, Check, amended, preset
from pinchmix.recipe import PIVOT, Recipe, read_languages
from pinchmix.tokenizers.opening import open_tokenizer

# What validate= may be; see read_policy.
Validate = Union[bool, str, Mapping[str, Any], Sequence[Union[str, Check, Validator]], None]  # noqa: UP007 - evaluated


@dataclass(frozen=True)
class Plugins:
    """The plugins that a recipe names, ready to use.

    Attributes:
        sampler: Orders the instructions.
        validators: Check the chosen cells.
        tokenizer: Counts tokens, where the budget is in tokens.
        allocator: Weighs the languages, where the budget names a plugin for that, or records an object.
        exclusion: What is left out of the data, if anything.
        allocator_is_named: Whether the budget has a name for the allocator, and no record.
    """

    sampler: Sampler
    validators: tuple[Validator, ...]
    tokenizer: Tokenizer | None = None
    allocator: Any = None
    exclusion: Exclusion | None = None
    allocator_is_named: bool = True

    @property
    def versions(self) -> dict[str, str]:
        """Shelf and name → version."""
        named: list[tuple[str, Any]] = [("samplers", self.sampler), *(("validators", one) for one in self.validators)]
        named += [("tokenizers", self.tokenizer)] if self.tokenizer else []
        # Of an object, which stands in place of a record, the budget itself has the version.
        named += [("allocators", self.allocator)] if self.allocator and self.allocator_is_named else []
        return {f"{shelf}/{plugin.name}": str(plugin.version) for shelf, plugin in named}

    @property
    def read_pivot(self) -> bool:
        """Whether something asks what the pivot says: checks that compare, samplers that read, an exclusion."""
        asked = any(isinstance(one, Surveys) or asks_pivot(one) for one in self.validators)
        return asked or self.sampler.name != "random" or self.exclusion is not None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the caller of :func:`~pinchmix.build_mixture` said of the recipe; None where nothing was said."""

    total: int | None = None
    unit: str | None = None
    languages: Sequence[str] | None = None
    pivot: str | None = None
    content: str | None = None
    sampler: str | Sampler | None = None
    validate: Validate = None
    parallel: str | None = None
    repeat: int | None = None
    counted: str | None = None
    split: Mapping[str, Any] | None = None
    seed: int | None = None
    tokenizer: Any = None
    exclude: Any = None
    plugins: Sequence[Any] = ()
    wording: Mapping[str, str] | None = None


def make_recipe(budget: Budget | Recipe | Mapping[str, Any], asked: Asked) -> tuple[Recipe, Plugins]:
    """Return the recipe that the arguments of :func:`~pinchmix.build_mixture` stand for, and its plugins.

    Example:
        >>> recipe, plugins = make_recipe({"en": 90, "iw": 10}, Asked(validate=False))
        >>> recipe.budget, plugins.sampler.name
        (Budget.counts({'en': 90, 'he': 10}), 'random')
    """
    held = Held(asked.plugins)
    tokenizer = None if asked.tokenizer is None else open_tokenizer(asked.tokenizer)
    exclusion = None if asked.exclude is None else read_exclusion(asked.exclude)
    if isinstance(budget, (str, os.PathLike)):
        path = os.fspath(budget)
        raise BudgetError(
            f"budget={path!r}: a budget is a mapping such as {{'en': 4600, '*': 40}}, or a Budget. A recipe file is "
            f"read first: build_mixture(source, read_recipe({path!r}))."
        )
    if isinstance(budget, Recipe):
        return budget, _plugins_of(budget, asked, tokenizer, exclusion, held)
    if asked.plugins:
        raise ArgumentError("plugins= are objects that a whole recipe names; sampler= and validate= take them as such.")
    sampler = asked.sampler
    order: Sampler = (
        find_plugin("samplers", sampler or "random") if sampler is None or isinstance(sampler, str) else sampler
    )
    if not isinstance(order, Sampler):
        raise ArgumentError(f"sampler: {order!r} is no sampler; it needs name, version, laws and order().")
    check_own("sampler", order, BUILT_IN["samplers"])
    checks = read_policy(asked.validate)
    plan = Budget.of(budget, asked.total, **({} if asked.unit is None else {"unit": asked.unit}))
    if asked.unit is not None and plan.unit != asked.unit:
        raise ArgumentError(f"unit={asked.unit!r}: the budget is in {plan.unit}; leave unit= out.")
    recipe = Recipe(
        budget=plan,
        languages=read_languages(asked.languages),
        pivot=PIVOT if asked.pivot is None else asked.pivot,
        content="disjoint" if asked.content is None else asked.content,
        repeat=1 if asked.repeat is None else asked.repeat,
        tokenizer=_record(tokenizer) if plan.unit == "tokens" else {},
        counted="both" if asked.counted is None else asked.counted,
        sampler=order.name,
        settings=getattr(order, "settings", {}),
        validators=tuple(check for check, _ in checks),
        parallel="both" if asked.parallel is None else asked.parallel,
        split={} if asked.split is None else asked.split,
        exclude="" if exclusion is None else exclusion.digest,
        wording={} if asked.wording is None else asked.wording,
        seed=0 if asked.seed is None else asked.seed,
    )
    check_measure(plan.unit, tokenizer, recipe.counted)
    if tokenizer is not None and plan.unit != "tokens":
        raise ArgumentError(
            f"tokenizer= counts tokens, and the budget is in {plan.unit}; leave it out, or unit='tokens'."
        )
    return recipe, Plugins(order, tuple(plugin for _, plugin in checks), tokenizer, _allocator(plan, held), exclusion)


def _plugins_of(
    recipe: Recipe, asked: Asked, tokenizer: Tokenizer | None, exclusion: Exclusion | None, held: Held
) -> Plugins:
    """Return the plugins of a whole recipe, beside which nothing may be said that it decides."""
    beside = ("tokenizer", "exclude", "plugins")  # a recipe holds their digests and names, not themselves
    twice = [name for name, value in vars(asked).items() if value is not None and name not in beside]
    if twice:
        raise ArgumentError(f"a recipe was given, and it decides {', '.join(twice)} too; change the recipe instead.")
    check_measure(recipe.budget.unit, tokenizer, recipe.counted)
    record = _record(tokenizer) if recipe.budget.unit == "tokens" else {}
    if record != dict(recipe.tokenizer):
        raise ArgumentError(
            f"the recipe counts tokens with {_shown(recipe.tokenizer)}, and tokenizer= gives {_shown(record)}."
        )
    digest = "" if exclusion is None else exclusion.digest
    if digest != recipe.exclude:
        raise ArgumentError(
            f"the recipe's exclusion has the digest {recipe.exclude or '(none)'}, and that of exclude= is "
            f"{digest or '(none)'}."
        )
    sampler = held.find("samplers", recipe.sampler, recipe.settings)
    checks = tuple(held.find("validators", check.name, check.settings) for check in recipe.validators)
    allocator = _allocator(recipe.budget, held)
    held.check_used()
    is_named = not isinstance(recipe.budget.setting("allocator"), Recorded)
    return Plugins(sampler, checks, tokenizer, allocator, exclusion, is_named)


def _record(tokenizer: Tokenizer | None) -> dict[str, str]:
    return {} if tokenizer is None else {"name": tokenizer.name, "digest": tokenizer.digest}


def _shown(record: Mapping[str, str]) -> str:
    return " ".join(filter(None, record.values())) or "none"


def _allocator(budget: Budget, held: Held) -> Any:
    named = budget.setting("allocator") if budget.kind == "allocated" else None
    if isinstance(named, Recorded):  # a budget read from data names the plugin that it had
        return held.find_allocator(named.name, named.version, named.says)
    if named is not None and not isinstance(named, str):
        held.note("allocators", budget.to_dict()["allocator"]["name"])
    return find_plugin("allocators", named) if isinstance(named, str) else None


def read_policy(validate: Validate) -> tuple[tuple[Check, Validator], ...]:
    """Return the checks that a ``validate=`` stands for, each with its plugin.

    Args:
        validate: None or True for the default preset, False for nothing, the name of a preset, changes to one (see
            :func:`~pinchmix.policy.amended`), or a list of names, checks and plugins; ``(plugin, "flag")`` says
            what becomes of a mismatch, and ``(plugin, "flag", "reject")`` also of a doubt. A check may be its plain
            data.

    Raises:
        ArgumentError: It means nothing.
        UnknownPlugin: There is no validator of a name.

    Example:
        >>> [(check.name, check.mismatch) for check, _ in read_policy([Check("language", "flag")])]
        [('language', 'flag')]
    """
    named: Iterable[Any]
    if validate is None or isinstance(validate, bool):
        named = () if validate is False else preset(DEFAULT)
    elif isinstance(validate, str):
        named = preset(validate)
    elif isinstance(validate, Mapping):
        named = amended(validate, list_plugins()["validators"])
    elif isinstance(validate, Iterable):
        named = validate
    else:
        raise ArgumentError(
            f"validate={validate!r}: give True, False, one of {', '.join(map(repr, PRESETS))}, a mapping such as "
            "{'numbers': 'flag'}, or a list of checks."
        )
    return tuple(map(_with_plugin, named))


def _with_plugin(item: Any) -> tuple[Check, Validator]:
    ways: dict[str, Any] = {}
    if isinstance(item, tuple) and len(item) in (2, 3) and all(isinstance(way, str) for way in item[1:]):
        item, ways = item[0], dict(zip(("mismatch", "unsure"), item[1:], strict=False))
    plugin, check = item, None
    if isinstance(item, Mapping):
        item = Check.of(item)
    if isinstance(item, (str, Check)):
        check = replace(item, **ways) if isinstance(item, Check) else Check(item, **ways)
        plugin = find_plugin("validators", check.name, **check.settings)
    if isinstance(plugin, type):
        raise ArgumentError(
            f"validator: {plugin.__name__} is a class; give an object of it, such as {plugin.__name__}()."
        )
    if not isinstance(plugin, Validator):
        raise ArgumentError(f"validator: {plugin!r} is no validator; it needs name, version and judge().")
    check_own("validator", plugin, BUILT_IN["validators"])
    settings = dict(traits_of(plugin).settings)
    return replace(check or Check(plugin.name, **ways), settings=settings), plugin
