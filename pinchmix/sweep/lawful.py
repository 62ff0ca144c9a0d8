"""Lawful: the cells of all members of a family, so that they keep its laws by construction.

Where each language's largest figure leaves room for the pivot, all members are parts of one mixture, the *anchor*: they
take the first of its cells of each language, and the pivot stands in for the rest. Otherwise they are dealt from the
*core*, instructions that exist in every language of the family, each member from the one before it. Where there are too
few of these, an integer program decides whether any instructions will do, and which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pinchmix.budget import Budget
from pinchmix.content import Content
from pinchmix.errors import InfeasibleBudget, InfeasibleFamily
from pinchmix.errors.certificate import Certificate
from pinchmix.exact.joint import solve_joint
from pinchmix.exact.program import Undecided
from pinchmix.exact.supply import Bools, Ints, Supply
from pinchmix.judging.judge import Judge
from pinchmix.plan import Plan, choice_of
from pinchmix.planning.assign import Chosen, assign, refill
from pinchmix.planning.examples import column_names, planned, supply_for
from pinchmix.planning.serving import Serving
from pinchmix.planning.together import UNUSED, Labels, nests, walked
from pinchmix.reading.texts import Texts
from pinchmix.recipe import Recipe
from pinchmix.road import still
from pinchmix.sweep.asks import Asks

ANCHOR, CORE, SEARCH = "anchor", "core", "search"


class Together(NamedTuple):
    """The cells of all members.

    Attributes:
        serving: What is left of the grid, in all languages of the family.
        instruction: The units: instructions that some member holds, as places in the grid's ids, int64.
        part: The split of each, int64.
        labels: Of each member, the language that each unit serves, a place among the plan's languages, or ``UNUSED``.
        how: ``"anchor"``, ``"core"`` or ``"search"``.
    """

    serving: Serving
    instruction: Ints
    part: Ints
    labels: list[Labels]
    how: str

    def cells(self) -> Iterator[Chosen]:
        """Yield the cells of each member."""
        find = _finder(self.serving, self.instruction)
        for labels in self.labels:
            used = labels != UNUSED
            cell = find[np.flatnonzero(used), labels[used]]
            yield Chosen.sorted(cell, self.part[used], np.ones(len(cell), dtype=np.int64))


def choose_together(serving: Serving, asks: Asks, judge: Judge, texts: Texts | None) -> Together:
    """Choose the cells of all members, and replace what the checks reject until every cell of every member is good.

    Args:
        serving: What exists.
        asks: What the members ask.
        judge: Who rejects.
        texts: Where texts are fetched for the judge; None where nobody judges.

    Raises:
        InfeasibleFamily: The laws cannot be kept on this data.
    """
    undecided = ""
    for how in (ANCHOR, CORE, SEARCH):
        last = None
        while True:
            try:
                found, last = _made(serving, asks, how, last)
            except InfeasibleBudget:  # in this way; the last one decides
                break
            except Undecided as error:
                undecided = str(error)
                break
            if found is None or broken_laws(asks, found.labels):
                undecided = _doubt(serving, asks, found) if how == SEARCH else ""
                break
            rejected = _rejected(found, judge, texts)
            if not len(rejected):
                return found
            serving = serving.on(
                serving.grid.without(rejected)
            )  # for good, whichever way the choice is made in the end
    raise _infeasible(serving, asks, undecided)


def _doubt(serving: Serving, asks: Asks, found: Together | None) -> str:
    """Return why it is not decided that there is no choice when the search has ended; empty where it is."""
    if found is not None:
        return "the chains go in a circle, which the search cannot close"
    together = replace(asks, counts=tuple(counts.sum(axis=0, keepdims=True) for counts in asks.counts))
    if len(asks.counts[0]) > 1 and _searched(serving, together) is not None:
        return "what each language gets in each split was settled first, and other figures were not tried"
    return ""


def _rejected(found: Together, judge: Judge, texts: Texts | None) -> Ints:
    """Return the addresses of the cells of any member that are rejected."""
    if texts is None:
        return np.zeros(0, dtype=np.int64)
    grid = found.serving.grid
    needed = np.zeros(len(grid), dtype=bool)
    for member in found.cells():
        needed[member.cell] = True
    cells = np.flatnonzero(needed)
    texts.fetch(judge.wanted(grid, cells))
    return judge.reject(grid, cells)


def _pivot(asks: Asks) -> str:
    return next(iter(asks.family.members.values())).pivot


def _demand(serving: Serving, asks: Asks, how: str) -> Ints | None:
    """Return what the mixture asks from which the members are made, shape ``(splits, languages)``; None for none."""
    pivot, top = _pivot(asks), asks.top
    if how == CORE:
        sizes = np.max([counts.sum(axis=1) for counts in asks.counts], axis=0)
        alone: Ints = np.zeros_like(top)
        alone[:, int(np.flatnonzero(top.sum(axis=0))[0])] = sizes
        return alone
    if not asks.family.constant:
        return top
    if pivot not in serving.languages:
        return None
    hub = serving.languages.index(pivot)
    others = np.delete(top, hub, axis=1).sum(axis=1)
    rest = asks.counts[0].sum(axis=1) - others
    if (rest < 0).any():
        return None
    anchor: Ints = top.copy()
    anchor[:, hub] = rest
    return anchor


def _fit(serving: Serving, asks: Asks, how: str) -> Bools | None:
    """Return the instructions that may be used, shape ``(instructions,)``; None for all."""
    if how == ANCHOR and not asks.family.constant:
        return None
    patterns = serving.grid.patterns
    asked = serving.places[np.flatnonzero(asks.top.sum(axis=0))]
    needed = asked if how == CORE else [serving.grid.languages.index(_pivot(asks))]
    fit: Bools = np.asarray(np.all(patterns.allowed[:, needed], axis=1))
    return fit[patterns.of_instruction]


class Kept(NamedTuple):
    """A choice that was made, of which as much as possible stays.

    Attributes:
        plan: What it was made for.
        chosen: Its cells, as they were numbered then.
        address: Where their texts are.
    """

    plan: Plan
    chosen: Chosen
    address: Ints


def _made(serving: Serving, asks: Asks, how: str, last: Kept | None) -> tuple[Together | None, Kept | None]:
    """Choose in one way, keeping what can be kept of the last time; None where this way leads nowhere.

    Raises:
        InfeasibleBudget: The mixture that members would be made from is impossible.
        Undecided: The search ended without an answer.
    """
    if how == SEARCH:
        return _searched(serving, asks), None
    anchor = _demand(serving, asks, how)
    return (None, None) if anchor is None else _dealt(serving, asks, how, anchor, last)


def _dealt(serving: Serving, asks: Asks, how: str, anchor: Ints, last: Kept | None) -> tuple[Together, Kept]:
    """Choose one mixture, and make all members from it."""
    fit = _fit(serving, asks, how)
    able = serving if fit is None else serving.on(serving.grid.among(fit))
    plan = chosen = None
    if last is not None:
        plan = last.plan
        stay = np.isin(last.address, able.grid.address)
        chosen = refill(plan, able, still(able, last.address, last.chosen, stay))
    if plan is None or chosen is None:  # the first time, or what was kept stands in the way
        plan = _plan_counts(able, _recipe(asks, anchor), anchor)
        chosen = assign(plan, able)
    instruction = able.grid.instruction[chosen.cell].astype(np.int64)
    start = able.place_of[able.grid.language[chosen.cell]] if how == ANCHOR else None
    labels = walked(start, chosen.split, able.dealt(instruction, "together"), asks.counts, asks.family.chains)
    return Together(serving, instruction, chosen.split, labels, how), Kept(plan, chosen, able.grid.address[chosen.cell])


def _recipe(asks: Asks, anchor: Ints) -> Recipe:
    """Return the recipe of the one mixture from which the members are made."""
    asked = {tag: count for tag, count in zip(asks.languages, anchor.sum(axis=0).tolist(), strict=True) if count}
    first = next(iter(asks.family.members.values()))
    return replace(first, budget=Budget.counts(asked), languages=asks.languages)


def _searched(serving: Serving, asks: Asks) -> Together | None:
    """Choose by integer programming.

    Raises:
        Undecided: There is too much to search, or the sampler's classes are to have shares of their own.
    """
    first = next(iter(asks.family.members.values()))
    supply = supply_for(serving, first, asks.total)
    if supply.quota is not None:
        raise Undecided(f"the sampler {first.sampler!r} gives its classes shares, which the search knows nothing of")
    used = asks.top.sum(axis=0) > 0
    packed = np.packbits(supply.allowed[:, used], axis=1)
    # What exists in the same languages of the family, and in the same class, is alike.
    classes = np.zeros(len(packed), dtype=np.int64) if supply.stratum is None else supply.stratum
    alike = np.column_stack([packed, classes])
    _, first_of, row = np.unique(alike, axis=0, return_index=True, return_inverse=True)
    row = row.ravel()
    amount = np.bincount(row, weights=supply.amount).astype(np.int64)
    merged = Supply(amount, supply.allowed[first_of])
    steps = [step for chain in asks.family.chains for step in pairwise(chain)]
    found = solve_joint(merged, np.stack(asks.counts), steps, constant=asks.family.constant)
    if found is None:
        return None
    parts, of_instruction = found.used.shape[1], row[serving.row_of]
    order = serving.order[np.argsort(of_instruction[serving.order], kind="stable")]
    taken = np.repeat(np.tile(np.arange(parts), len(amount)), found.used.ravel())
    starts = np.cumsum(amount) - amount
    sums = found.used.sum(axis=1)
    place = np.arange(len(taken)) - np.repeat(np.cumsum(sums) - sums, sums) + np.repeat(starts, sums)
    instruction = order[place]
    # The first of each row are taken; which of them are in which split is dealt by a key of its own.
    instruction = instruction[np.lexsort((serving.dealt(instruction), of_instruction[instruction]))]
    group = of_instruction[instruction] * parts + taken
    key = serving.dealt(instruction, "together")
    counts = [amounts.reshape(-1, amounts.shape[2]) for amounts in found.amounts]
    return Together(serving, instruction, taken, walked(None, group, key, counts, asks.family.chains), SEARCH)


def _plan_counts(serving: Serving, recipe: Recipe, asked: Ints) -> Plan:
    """Plan given counts in each split."""
    choice = choice_of(Content.parse("disjoint"), supply_for(serving, recipe, int(asked.sum())), len(asked))
    demand = asked.ravel()
    if not choice.feasible(demand):
        proof = choice.proof(demand)
        columns = np.flatnonzero(proof.columns)
        names, exist = column_names(recipe, serving.languages), choice.supply.available
        raise InfeasibleBudget(
            Certificate(
                languages=tuple(names[column] for column in columns.tolist()),
                asked=tuple(demand[columns].tolist()),
                available=tuple(exist[columns % len(exist)].tolist()),
                supply=proof.ceiling,
                largest_total=0,
            )
        )
    ranks = serving.row_of[serving.order] if serving.ranked else None
    filled = choice.fill(demand, ranks, serving.lots(len(asked)))
    return planned(serving, recipe, asked, choice.supply, filled.amounts, filled.used)


def _finder(serving: Serving, instruction: Ints) -> Ints:
    """Return the cell of each unit in each language of the plan, -1 where there is none."""
    unit = np.full(len(serving.grid.ids), -1, dtype=np.int64)
    unit[instruction] = np.arange(len(instruction))
    row, column = unit[serving.grid.instruction], serving.place_of[serving.grid.language]
    here = np.flatnonzero((row >= 0) & (column >= 0))
    found = np.full((len(instruction), len(serving.languages)), -1, dtype=np.int64)
    found[row[here], column[here]] = here
    return found


def broken_laws(asks: Asks, labels: Sequence[Labels]) -> list[str]:
    """Return the laws of a family that members do not keep, counted on their units."""
    names = list(asks.family.members)
    broken = []
    if asks.family.constant:
        different = [name for name, label in zip(names, labels, strict=True) if (label == UNUSED).any()]
        broken += [f"{name} lacks instructions of others" for name in different]
    for chain in asks.family.chains:
        for one, other in pairwise(chain):
            if not nests(labels[one], labels[other], len(asks.languages)):
                broken.append(f"a language has other cells in {names[one]} than in {names[other]}")
    return broken


def _infeasible(serving: Serving, asks: Asks, undecided: str) -> InfeasibleFamily:
    """Return the refusal, with what would do."""
    used = np.flatnonzero(asks.top.sum(axis=0))
    patterns = serving.grid.patterns
    allowed = patterns.allowed[:, serving.places[used]]

    def core(columns: Bools) -> int:
        return int(patterns.supply[allowed[:, columns].all(axis=1)].sum())

    everything = np.ones(len(used), dtype=bool)
    whole, without = core(everything), {}
    for number, column in enumerate(used.tolist()):
        rest = everything.copy()
        rest[number] = False
        if whole < asks.total <= (count := core(rest)):
            without[asks.languages[column]] = count
    best: Mapping[str, int] = dict(sorted(without.items(), key=lambda item: (-item[1], item[0])))
    tags = [asks.languages[column] for column in used.tolist()]
    return InfeasibleFamily(asks.family.name, asks.family.laws, tags, asks.total, whole, best, undecided)
