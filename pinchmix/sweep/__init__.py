"""sweep_mixtures: a family of mixtures from one scan, with the laws that make them comparable.

scan (ids) → read (every row checked, once) → for a family with laws: choose all members together, for others: each for
itself → validate (a cell once, whoever chose it) → mixtures, whose texts are read when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from pinchmix.arguments import Asked, Plugins, Validate, make_recipe, read_policy
from pinchmix.canonical import canonical_bytes, digest_of
from pinchmix.errors import ArgumentError, InfeasibleFamily
from pinchmix.family import Family, Member
from pinchmix.grid import Grid
from pinchmix.judging.judge import Judge, Verdicts
from pinchmix.mixture import Mixture
from pinchmix.planning.assign import Chosen, check_content, plan_of
from pinchmix.planning.examples import chosen_languages, planned
from pinchmix.planning.serving import Serving
from pinchmix.plugins import BUILT_IN, Validator, list_plugins
from pinchmix.policy import amended
from pinchmix.prepare import Prepared, Scanned, at_hand, pivots_beside, prepared_for, scan
from pinchmix.reading.texts import Texts
from pinchmix.recipe import Recipe
from pinchmix.road import Settled, choose, good_rows, judge_of, mixture_of, settle, write_chosen
from pinchmix.rows import Rows, Stored
from pinchmix.sweep.asks import about_member, asks_of
from pinchmix.sweep.lawful import broken_laws, choose_together
from pinchmix.text.show import table
from pinchmix.text.wording import number_of
from pinchmix.weaving.woven import plain_languages

if TYPE_CHECKING:
    import pandas as pd

# What decides nothing of how a source is prepared, besides the budget's unit and the columns that it weaves.
OF_CHOICE = ("budget", "content", "repeat", "split", "validators")


@dataclass(frozen=True, eq=False)
class Sweep(Mapping[str, Mixture]):
    """The mixtures of a family, by name; it never changes.

    Attributes:
        family: What was asked.
        mixtures: Name → mixture, in the family's order.
        laws: Law → what was found when it was counted on the mixtures.

    Example:
        >>> import pinchmix
        >>> from pinchmix.budget import Budget
        >>> recipes = {str(n): Recipe(Budget.counts({"en": 20 - n, "fi": n})) for n in (2, 4)}
        >>> sweep = sweep_mixtures(pinchmix.sample(), Family("pinches", recipes, constant=True, nested=[["2", "4"]]))
        >>> sweep.counts["fi"].to_dict(), dict(sweep.laws)
        ({'2': 2, '4': 4}, {'constant': '20 instructions in each', 'nested': '1 step'})
    """

    family: Family
    mixtures: Mapping[str, Mixture]
    laws: Mapping[str, str]

    def __getitem__(self, name: str) -> Mixture:
        self.family[name]  # its error suggests a near name
        return self.mixtures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.mixtures)

    def __len__(self) -> int:
        return len(self.mixtures)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sweep reads from scratch files of this process; export it, or hand over its family")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of which some member has examples, in the order in which members name them."""
        seen = {tag: None for mix in self.mixtures.values() for tag, count in mix.plan.counts().items() if count}
        return tuple(seen)

    @property
    def counts(self) -> pd.DataFrame:
        """Examples of each language (columns) in each member (rows)."""
        import pandas as pd

        rows = {name: mix.plan.counts() for name, mix in self.mixtures.items()}
        found: pd.DataFrame = pd.DataFrame(rows).T.reindex(columns=list(self.languages)).fillna(0).astype("int64")
        return found

    def __repr__(self) -> str:
        rows = [
            [
                name,
                len(mix),
                int(mix.plan.used.sum()),
                " ".join(f"{tag} {count:,}" for tag, count in mix.plan.counts().items() if count),
            ]
            for name, mix in self.mixtures.items()
        ]
        body = table(["member", "examples", "instructions", "languages"], rows, left=(0, 3), indent="  ")
        kept = "; ".join(f"{law}: {found}" for law, found in self.laws.items())
        return f"Sweep of {number_of(len(self), 'mixture')}, {self.family.name}\n{body}\n{kept or 'no laws'}"


def sweep_mixtures(
    source: Any,
    recipes: Family | Mapping[str, Recipe],
    *,
    validate: Validate = None,
    tokenizer: Any = None,
    exclude: Any = None,
    plugins: Sequence[Any] | None = None,
    columns: Mapping[str, str] | None = None,
    join: str = "id",
    on_bad_rows: str = "error",
    progress: bool | None = None,
) -> Sweep:
    """Build the mixtures of a family from one scan: each exact, and together as their family's laws say.

    Every row of the source is read and checked once, and every cell is judged once, however many members choose it.
    Texts are read again when a member is exported or looked at; until then a mixture is an index.

    A member of a family without laws is the mixture that :func:`~pinchmix.build_mixture` makes of its recipe. With
    laws, a member depends on the others; its manifest holds the family, and :func:`~pinchmix.rebuild_mixture` knows
    what to do.

    Args:
        source: Parallel data, as of :func:`~pinchmix.build_mixture`.
        recipes: A :class:`~pinchmix.Family`, or a mapping of name to recipe, which is a family without laws.
        validate: Which checks the cells must pass, as of :func:`~pinchmix.build_mixture`, in place of those that the
            recipes name; by default what the recipes say, and most families that come with pinchmix name none.
        tokenizer: What counts tokens, for members whose budget is in tokens.
        exclude: Instructions that must not be chosen, where the recipes say that some were excluded.
        plugins: Samplers, checks and allocators of your own that recipes name.
        columns: As of :func:`~pinchmix.build_mixture`.
        join: The same.
        on_bad_rows: The same.
        progress: The same.

    Returns:
        The mixtures by name.

    Raises:
        InfeasibleFamily: The family's laws cannot be kept on this data.
        InfeasibleBudget: No choice of cells meets the budget of a member.
        BadRows: Rows that cannot be used, all of them together.
        PinchmixError: As :func:`~pinchmix.build_mixture`.

    Example:
        >>> import pinchmix
        >>> from pinchmix import Budget
        >>> recipes = {f"p{n}": Recipe(Budget.pinch(40, percent=n, pool="all")) for n in (10, 50)}
        >>> sweep_mixtures(pinchmix.sample(), recipes)["p10"].plan.total
        40
    """
    family = recipes if isinstance(recipes, Family) else Family("sweep", recipes)
    if validate is not None:
        family, plugins = _validated(family, validate, plugins or ())
    made: dict[str, tuple[Recipe, Plugins]] = {}
    known: dict[str, Plugins] = {}
    for name, recipe in family.members.items():
        counter, left_out = tokenizer if recipe.budget.unit == "tokens" else None, exclude if recipe.exclude else None
        key = _key(recipe, "sampler", "settings", "validators", "tokenizer", "exclude", "counted") + recipe.budget.unit
        key += name if recipe.budget.kind == "allocated" else ""  # whose allocator is one of the plugins
        with about_member(name):
            if key not in known:
                said = Asked(tokenizer=counter, exclude=left_out, plugins=plugins or ())
                known[key] = make_recipe(recipe, said)[1]
        made[name] = recipe, known[key]
    if exclude is not None and not any(recipe.exclude for recipe in family.members.values()):
        raise ArgumentError("exclude= is given, and no recipe says that anything was excluded; leave it out.")
    named = [plain_languages(recipe) for recipe in family.members.values()]
    union = () if not all(named) else tuple(dict.fromkeys(tag for tags in named for tag in tags))
    beside = pivots_beside(made.values())
    scanned = scan(source, union, beside, columns=columns, join=join, on_bad_rows=on_bad_rows, progress=progress)
    texts = _checked(scanned)
    if family.laws:
        _check_plain(family)
        return _lawful(family, _good(scanned, texts), made, texts)
    return _each(family, scanned, made, texts)


def _validated(family: Family, validate: Validate, plugins: Sequence[Any]) -> tuple[Family, Sequence[Any]]:
    """Return a family whose members name other checks, and the plugins that are objects with them."""
    own = {plugin.name: plugin for plugin in plugins if isinstance(plugin, Validator)}
    said: Any = validate
    if isinstance(validate, Mapping):  # it may name checks of one's own
        named = amended(validate, [*list_plugins()["validators"], *own])
        said = [(own[one.name], one.mismatch, one.unsure) if one.name in own else one for one in named]
    pairs = read_policy(said)
    checks = tuple(check for check, _ in pairs)
    members = {name: replace(recipe, validators=checks) for name, recipe in family.members.items()}
    others = [plugin for _, plugin in pairs if plugin.name not in BUILT_IN["validators"] and plugin.name not in own]
    return replace(family, members=members), [*plugins, *others]


def _checked(scanned: Scanned) -> Texts:
    """Read and check every row; return the texts, of which none is at hand yet.

    Raises:
        BadRows: There are some, and they are not to be dropped.
    """
    texts = Texts(scanned.source, scanned.database, scanned.progress)
    texts.fetch(np.zeros(0, dtype=np.int64), among=scanned.grid.address)
    if scanned.on_bad_rows == "error" and len(scanned.faults) + len(texts.bad):
        raise _good(scanned, texts).faults.error()
    return texts


def _good(scanned: Scanned, texts: Texts) -> Scanned:
    """Return a scan without the rows of which a check has found the text bad; they are among its faults."""
    found = scanned.only(())
    found.faults.extend(texts.faults_in(scanned.grid))
    return replace(found, grid=scanned.grid.without(texts.bad)) if len(texts.bad) else found


def _check_plain(family: Family) -> None:
    """Raise if a family with laws has columns that are made of two languages: what they share is not planned yet."""
    for name, recipe in family.members.items():
        if woven := recipe.budget.woven:
            raise ArgumentError(
                f"family {family.name}: {name} asks for {woven[0].name}, and members that are "
                f"{' and '.join(family.laws)} are of plain languages. Without laws (constant=False, nested=()), each "
                "member is built for itself."
            )


def _texts(scanned: Scanned) -> Texts:
    return Texts(scanned.source, scanned.database, scanned.progress, checked=True)


def _lazy(prepared: Prepared, settled: Settled, judge: Judge) -> Rows:
    """Return rows that are written when they are first asked for."""

    def write() -> Stored:
        source = prepared.scanned.source
        source.check_unchanged()
        texts = _texts(prepared.scanned)
        texts.fetch(np.unique(prepared.woven.plain(settled.serving.grid.address[settled.chosen.cell])))
        source.check_unchanged()  # nor while it was read
        return write_chosen(prepared, settled, judge, texts)

    return Rows(prepared.scanned.database, write)


def _each(family: Family, scanned: Scanned, made: Mapping[str, tuple[Recipe, Plugins]], texts: Texts) -> Sweep:
    """Build each member for itself, from the languages that it draws on; what members have in common is made once."""
    common: dict[str, tuple[Prepared, Serving, dict[str, dict[str, int]]]] = {}
    verdicts: dict[str, Verdicts] = {}
    mixtures = {}
    for name, (recipe, plugins) in made.items():
        with about_member(name):
            key = _key(recipe, *(part for part in recipe.to_dict() if part not in OF_CHOICE))
            key += f"{plugins.read_pivot} "
            key += " ".join([recipe.budget.unit, *(weave.name for weave in recipe.budget.woven)])
            if key not in common:
                common[key] = _prepared(scanned, recipe, plugins, texts)
            prepared, serving, dropped = common[key]
            prepared = replace(prepared, recipe=recipe, plugins=plugins)
            tags = at_hand(scanned.grid, recipe)
            known = verdicts.setdefault(
                _key(recipe, "validators", "parallel", "pivot", "exclude") + " ".join(tags), Verdicts()
            )
            judge = judge_of(prepared, texts, scanned.progress, known)
            plan, chosen = choose(prepared, serving, dropped, partial=False)
            asked = texts if judge.asks else None
            if asked is not None:
                asked.fetch(judge.wanted(serving.grid, chosen.cell))
            settled = settle(prepared, asked, judge, Settled(serving, plan, chosen, dropped), partial=False)
            mixtures[name] = mixture_of(prepared, settled, judge, _lazy(prepared, settled, judge))
    texts.close()
    return Sweep(family, mixtures, {})


def _prepared(
    scanned: Scanned, recipe: Recipe, plugins: Plugins, texts: Texts
) -> tuple[Prepared, Serving, dict[str, dict[str, int]]]:
    """Prepare a member as a build does, whose scan has its languages alone; and what it serves without bad rows.

    As in a build, bad rows leave only then, so that samplers and exclusions are told the same of the source.
    """
    mine = scanned.only(plain_languages(recipe), pivots_beside([(recipe, plugins)]))
    prepared = prepared_for(mine, recipe, plugins)
    mine.faults.extend(texts.faults_in(prepared.serving.grid))
    return prepared, *good_rows(prepared, texts)


def _key(recipe: Recipe, *names: str) -> str:
    plain = recipe.to_dict()
    return digest_of(canonical_bytes({name: plain[name] for name in names}))


def _lawful(family: Family, scanned: Scanned, made: Mapping[str, tuple[Recipe, Plugins]], texts: Texts) -> Sweep:
    """Choose the cells of all members together."""
    union = scanned.grid.languages if not all(r.languages for r in family.members.values()) else ()
    tags = union or tuple(dict.fromkeys(tag for recipe in family.members.values() for tag in recipe.languages))
    first, plugins = next(iter(made.values()))
    whole = prepared_for(scanned, replace(first, languages=tags), plugins)
    asks = asks_of(family, whole.serving, {name: own.allocator for name, (_, own) in made.items()})
    judge = judge_of(whole, texts, scanned.progress)
    refusal: InfeasibleFamily | None = None
    try:
        found = choose_together(whole.serving, asks, judge, texts if judge.asks else None)
    except InfeasibleFamily as error:
        refusal = error
    if refusal is not None:
        _check_each(whole, scanned, made)  # whose refusal would say more
        raise refusal
    texts.close()
    if broken := broken_laws(asks, found.labels):
        raise RuntimeError(f"a fault in pinchmix: {'; '.join(broken)}")
    mixtures = {}
    served: dict[tuple[str, ...], tuple[Serving, np.ndarray[Any, Any] | None]] = {}
    for (name, (recipe, own)), chosen, counts in zip(made.items(), found.cells(), asks.counts, strict=True):
        languages = chosen_languages(scanned.grid, recipe)
        if languages not in served:
            serving = found.serving.only(languages)
            served[languages] = serving, _renumbered(found.serving.grid, serving.grid)
        serving, number = served[languages]
        cell = chosen.cell if number is None else number[chosen.cell]
        chosen = Chosen(cell, chosen.split, chosen.copies)
        asked = counts[:, [asks.languages.index(tag) for tag in languages]]
        rows = len(serving.supply.amount)
        flow, used = (np.zeros((rows, columns), dtype=np.int64) for columns in (asked.size, len(asked)))
        plan = plan_of(planned(serving, recipe, asked, serving.supply, flow, used), serving, chosen)
        check_content(plan, serving, chosen)
        prepared = replace(whole, recipe=recipe, plugins=own, serving=serving)
        settled = Settled(serving, plan, chosen, {})
        lazy = _lazy(prepared, settled, judge)
        mixtures[name] = mixture_of(prepared, settled, judge, lazy, Member(family, name))
    return Sweep(family, mixtures, family.found(len(found.instruction)))


def _check_each(whole: Prepared, scanned: Scanned, made: Mapping[str, tuple[Recipe, Plugins]]) -> None:
    """Raise if a member is impossible by itself, whatever the laws.

    Raises:
        InfeasibleBudget: One is; the error carries the certificate.
    """
    for name, (recipe, plugins) in made.items():
        serving = whole.serving.only(chosen_languages(scanned.grid, recipe))
        with about_member(name):
            choose(replace(whole, recipe=recipe, plugins=plugins), serving, {}, partial=False, plan_only=True)


def _renumbered(grid: Grid, part: Grid) -> np.ndarray[Any, Any] | None:
    """Return the number of each cell of a grid in the grid of some of its languages; None where they are the same."""
    if part is grid:
        return None
    kept = np.isin(grid.language, [grid.languages.index(tag) for tag in part.languages])
    return np.cumsum(kept) - 1
