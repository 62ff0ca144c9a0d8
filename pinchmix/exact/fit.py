"""Least bias: of all amounts that meet the demands, the whole ones nearest to random choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pinchmix.exact.cycles import rounded_cycles
from pinchmix.exact.flow import Network, largest_flow, passed
from pinchmix.exact.lots import Lots, class_lots, drawn, systematic, within
from pinchmix.exact.supply import Ints, Supply

Floats = npt.NDArray[np.float64]

ROUNDS = 400  # of proportional fitting; a tight budget converges slowly, and rounding takes care of what is left
CHUNK = 8192  # rows at a time where sets of columns are counted
CYCLED = 2000  # fractions; above, drawing column by column is faster, and where patterns are many its bias is small
NEAR = 1e-5  # a last-digit difference between machines must not move a floor or a ceiling


def fitted(supply: Supply, demand: Ints) -> Floats:
    """Return the expected amounts nearest to random choice, by iterative proportional fitting.

    Starting from every allowed choice alike, rows are scaled to their supply and columns to their demand in turn
    (Deming & Stephan, Ann. Math. Statist. 11, 1940), which converges to the table of largest entropy with these sums.
    What is not used is a column too, one for each class where classes have quotas.

    Args:
        supply: What there is. With ``most`` above one, a choice is a set of at most so many columns.
        demand: What each column asks, shape ``(columns,)``, met by some flow.

    Returns:
        Expected amounts, shape ``(rows, columns)``, float64.
    """
    if supply.most > 1:
        degree = supply.allowed.sum(axis=1)
        return _fitted_sets(supply, demand, np.minimum(degree, 1), np.minimum(degree, supply.most))[0]
    rest = supply.total - int(demand.sum())
    if supply.quota is None or supply.stratum is None:
        classes, unused = np.zeros(len(supply.amount), dtype=np.int64), np.array([rest])
    else:
        classes = supply.stratum
        held = np.bincount(classes, weights=supply.amount, minlength=len(supply.quota)).astype(np.int64)
        unused = held - supply.quota
    wanted = np.append(demand, unused).astype(np.float64)
    table = np.zeros((len(supply.amount), len(wanted)))
    table[:, : len(demand)] = supply.allowed
    table[np.arange(len(classes)), len(demand) + classes] = 1
    table[:, wanted <= 0] = 0
    column = np.ones(len(wanted))
    held = supply.amount.astype(np.float64)
    for _ in range(ROUNDS):
        row = held / np.maximum(table @ column, 1e-300)
        sums = column * (row @ table)
        if np.allclose(sums, wanted, rtol=0, atol=1e-7):
            break
        column *= np.divide(wanted, sums, out=np.zeros_like(wanted), where=sums > 0)
    fit: Floats = table * row[:, None] * column
    fit *= (held / np.maximum(fit.sum(axis=1), 1e-300))[:, None]
    return _settled(fit[:, : len(demand)])


def _settled(fit: Floats) -> Floats:
    whole = np.rint(fit)
    return np.where(np.abs(fit - whole) < NEAR, whole, fit)


def _fitted_sets(supply: Supply, demand: Ints, fewest: Ints, most: Ints) -> tuple[Floats, Floats]:
    """Return expected amounts and units used where a used unit serves a set of columns.

    A set has the weight of the product of its columns' odds, the empty one weight 1; the odds of each column are moved
    until it gets what it asks, which is the choice of largest entropy with these sums.

    Args:
        supply: What there is.
        demand: Shape ``(columns,)``.
        fewest: How many columns a used unit of each row serves at least, shape ``(rows,)``.
        most: How many at most, shape ``(rows,)``.
    """
    available = np.maximum(supply.available, 1).astype(np.float64)
    target = _logit(demand / available)
    log_odds, step, last = target.copy(), 1.0, np.inf
    classes = np.zeros(len(supply.amount), dtype=np.int64)
    if supply.stratum is not None and supply.quota is not None:
        classes = supply.stratum
    class_odds = np.zeros(1 if supply.quota is None else len(supply.quota))
    held = supply.amount.astype(np.float64)
    for _ in range(ROUNDS // 4):
        odds = np.exp(np.clip(log_odds[None, :] + class_odds[classes][:, None], -30, 30))
        odds *= supply.allowed & (demand > 0)
        inclusion, idle = _inclusion(odds, fewest, most)
        fit = inclusion * held[:, None]
        sums = fit.sum(axis=0)
        off = float(np.abs(sums - demand).max(initial=0))
        if off < 1e-6 and supply.quota is None:
            break
        step = step / 2 if off > last else min(1.0, step * 1.2)
        last = off
        log_odds += step * (target - _logit(sums / available))
        if supply.quota is not None:
            drawn = np.bincount(classes, weights=fit.sum(axis=1), minlength=len(supply.quota))
            class_odds += step / 2 * np.log(np.maximum(supply.quota, 1e-9) / np.maximum(drawn, 1e-9))
    return _settled(fit), _settled(held * (1 - idle))


def _logit(part: Floats) -> Floats:
    inside = np.clip(part, 1e-9, 1 - 1e-9)
    logit: Floats = np.log(inside / (1 - inside))
    return logit


def _inclusion(odds: Floats, fewest: Ints, most: Ints) -> tuple[Floats, Floats]:
    """Return the chance of each column to be in a row's random set, and of the set to be empty.

    Args:
        odds: Shape ``(rows, columns)``, zero where a row cannot serve a column.
        fewest: The least size of a set that is not empty, shape ``(rows,)``.
        most: The largest, shape ``(rows,)``.
    """
    chance, idle = np.zeros_like(odds), np.ones(len(odds))
    for low, high in sorted(set(zip(fewest.tolist(), most.tolist(), strict=True))):
        alike = np.flatnonzero((fewest == low) & (most == high))
        for start in range(0, len(alike) if high else 0, CHUNK):
            here = alike[start : start + CHUNK]
            chance[here], idle[here] = _inclusion_of(odds[here], max(low, 1), high)
    return chance, idle


def _inclusion_of(odds: Floats, low: int, high: int) -> tuple[Floats, Floats]:
    rows, columns = odds.shape
    # before[c, j]: the weight of all sets of size j among the columns before c; after[j]: among those after it.
    before = np.zeros((columns + 1, high + 1, rows))
    before[0, 0] = 1
    for column in range(columns):
        before[column + 1] = before[column]
        before[column + 1, 1:] += odds[:, column] * before[column, :-1]
    after = np.zeros((high + 1, rows))
    after[0] = 1
    without = np.zeros_like(odds)
    for column in reversed(range(columns)):
        upto = np.cumsum(after, axis=0)
        for size in range(high):
            least = max(low - 1 - size, 0)
            without[:, column] += before[column, size] * (upto[high - 1 - size] - (upto[least - 1] if least else 0))
        after[1:] += odds[:, column] * after[:-1].copy()
    weight = 1 + before[columns, low:].sum(axis=0)
    return odds * without / weight[:, None], 1 / weight


def expected_sets(
    supply: Supply, demand: Ints, parts: int, fewest: int | None, most: int | None
) -> tuple[Floats, Floats]:
    """Return what random sets would use and give where a used unit serves a set of exactly or at most so many columns.

    Args:
        supply: What there is.
        demand: What each column asks, shape ``(parts * columns,)``.
        parts: Into how many parts the units are divided, each as much as it asks.
        fewest: How many columns a used unit serves at least; None for all that its row can serve.
        most: How many at most; None for all.

    Returns:
        Expected units used, shape ``(rows, parts)``, and amounts, shape ``(rows, parts * columns)``.
    """
    each = demand.reshape(parts, -1)
    whole = each.sum(axis=0)
    degree = (supply.allowed & (whole > 0)).sum(axis=1)
    low = supply.allowed.sum(axis=1) if fewest is None else np.full(len(degree), fewest)
    high = degree if most is None else np.minimum(degree, most)
    # A row that cannot serve as many columns as it must, of those that ask, is of no use.
    high = np.where(high >= low, high, 0)
    amounts, used = _fitted_sets(supply, whole, np.minimum(low, high), high)
    share = each / np.maximum(whole, 1)
    by_part = amounts[:, None, :] * share[None, :, :]
    part = each.sum(axis=1) / max(int(whole.sum()), 1)
    return used[:, None] * part[None, :], by_part.reshape(len(amounts), -1)


def _rounded_quota(supply: Supply, demand: Ints, expected: Floats, lots: Lots | None) -> Ints:
    """Return whole numbers by class, each the floor or the ceiling of what is expected of it, that can be met.

    They are drawn by lot; where the draw cannot be met, a flow decides, to whom the classes are shown in a drawn order.
    """
    low = np.floor(expected).astype(np.int64)
    order = np.arange(len(low))
    assert supply.stratum is not None
    if lots is not None:
        lot, start = class_lots(lots, supply.stratum, len(low))
        order = np.argsort(lot, kind="stable")
        quota: Ints = low.copy()
        quota[order] += systematic((expected - low)[order], int(demand.sum() - low.sum()), start)
        if largest_flow(replace(supply, quota=quota), demand).total == int(demand.sum()):
            return quota
    network = Network()
    classes = network.add_nodes(len(low))[np.argsort(order)]
    rows, columns = network.add_nodes(len(supply.amount)), network.add_nodes(len(demand))
    (spare,) = network.add_nodes(1)
    network.add_edges(network.source, classes, low)
    network.add_edges(network.source, spare, int(demand.sum() - low.sum()))
    network.add_edges(spare, classes, np.ceil(expected).astype(np.int64) - low)
    widest = supply.amount * np.minimum(supply.allowed.sum(axis=1), supply.most)
    network.add_edges(classes[supply.stratum], rows, widest)
    at_row, at_column = np.nonzero(supply.allowed & (demand > 0))
    network.add_edges(rows[at_row], columns[at_column], supply.amount[at_row])
    network.add_edges(columns, network.sink, demand)
    total, flow, _ = network.solve()
    if total < int(demand.sum()):
        raise ValueError("no flow meets the demands")
    given: Ints = np.asarray(flow[classes][:, rows].sum(axis=1)).ravel().astype(np.int64)
    return given


def with_quota(supply: Supply, demand: Ints, lots: Lots | None = None) -> Supply:
    """Return a supply in which each class has the quota that a random choice would draw from it, to within one.

    A supply without classes, or with quotas, stays as it is. With lots, a quota is rounded up as often as its fraction
    says; without them, as a flow likes.

    Raises:
        ValueError: No flow meets the demands.

    Example:
        >>> both = np.array([[True, True], [True, True]])
        >>> supply = Supply(np.array([30, 10]), both, stratum=np.array([0, 1]))
        >>> with_quota(supply, np.array([10, 10])).quota.tolist()
        [15, 5]
    """
    if supply.stratum is None or supply.quota is not None:
        return supply
    fit = fitted(supply, demand)
    expected = np.bincount(supply.stratum, weights=fit.sum(axis=1), minlength=int(supply.stratum.max(initial=0)) + 1)
    # Fitting that has not converged may leave a class with a little more than it holds or all together off the total.
    scaled: Floats = np.multiply(expected, float(demand.sum()) / max(float(expected.sum()), 1e-300), dtype=np.float64)
    return replace(supply, quota=_rounded_quota(supply, demand, _settled(scaled), lots))


def margins(widest: int) -> Iterator[int]:
    """Yield ever wider margins up to the widest.

    Example:
        >>> list(margins(5))
        [0, 1, 3, 5]
    """
    margin = 0
    while margin < widest:
        yield margin
        margin = 2 * margin + 1
    yield widest


def least_biased_flow(supply: Supply, demand: Ints, lots: Lots | None = None) -> Ints:
    """Return the whole amounts nearest to random choice among all that meet the demands.

    The fitted amounts are rounded down or up by lot, each up as often as its fraction says: around cycles, which keep
    all sums, or where fractions are more than :data:`CYCLED` column by column, and a flow that changes as little of
    that as it can places what this leaves over. Where fitting has not converged (a budget at the very edge
    of what is possible) the margins widen until the demands are met, as at the widest they are.

    Args:
        supply: What there is. Classes without quotas get what a random choice would draw from them, to within one.
        demand: What each column asks, shape ``(columns,)``.
        lots: Random numbers, shape ``(rows + 1, columns)``, uint64; without them, the flow rounds as it likes.

    Returns:
        Amounts, shape ``(rows, columns)``, int64: columns sum to their demand, no amount is above its row's units, and
        rows sum to at most ``most`` times their units.

    Raises:
        ValueError: No flow meets the demands (ask :func:`~pinchmix.exact.flow.largest_flow` for the proof).

    Example:
        >>> supply = Supply(np.array([10, 10]), np.array([[True, True], [False, True]]))
        >>> least_biased_flow(supply, np.array([5, 10])).tolist()
        [[5, 4], [0, 6]]
    """
    if int(demand.sum()) > supply.ceiling(demand > 0):
        raise ValueError("no flow meets the demands")
    supply = with_quota(supply, demand, lots)
    fit = fitted(supply, demand)
    for margin in margins(int(supply.amount.max(initial=0))):
        low = np.maximum(np.floor(fit).astype(np.int64) - margin, 0)
        high = np.where(supply.allowed & (demand > 0), np.ceil(fit).astype(np.int64) + margin, 0)
        high = np.minimum(high, supply.amount[:, None])
        amounts = _between(supply, demand, low, high, fit, lots)
        if amounts is not None:
            return amounts
    raise ValueError("no flow meets the demands")


def _cycled(fit: Floats, low: Ints, high: Ints, classes: Ints, count: int, lots: Lots) -> Ints | None:
    """Return what is rounded up around cycles, so each on average is what is expected; None where that takes long.

    What rows leave over of the next whole number is a column too, one for each class, so that all sums are whole.
    """
    part = np.where(high > low, fit - low, 0.0)
    if np.count_nonzero(part) > CYCLED or part.max(initial=0) > 1:
        return None
    sums, rows = part.sum(axis=1), np.argsort(lots[:-1, 0], kind="stable")
    over = np.zeros((len(low), count))
    over[np.arange(len(low)), classes] = np.maximum(np.ceil(sums - NEAR) - sums, 0)
    more: Ints = np.zeros_like(low)
    more[rows] = rounded_cycles(np.hstack([part, over])[rows], lots[-1, 0])[:, : low.shape[1]]
    return more


def _between(supply: Supply, demand: Ints, low: Ints, high: Ints, fit: Floats, lots: Lots | None) -> Ints | None:
    """Return amounts between two bounds that meet the demands, drawn by lot where there are lots, or None."""
    spare = supply.amount * np.minimum(supply.allowed.sum(axis=1), supply.most) - low.sum(axis=1)
    classes = np.zeros(len(low), dtype=np.int64) if supply.stratum is None else supply.stratum
    quota = np.array([demand.sum()]) if supply.quota is None else supply.quota
    room = quota - np.bincount(classes, weights=low.sum(axis=1), minlength=len(quota)).astype(np.int64)
    if min(map(int, (spare.min(initial=0), (demand - low.sum(axis=0)).min(initial=0), room.min()))) < 0:
        return None
    more: Ints = np.zeros_like(low)
    if lots is not None:
        cycled = _cycled(fit, low, high, classes, len(quota), lots)
        if (
            cycled is None
            or (cycled.sum(axis=0) > demand - low.sum(axis=0)).any()
            or (cycled.sum(axis=1) > spare).any()
        ):
            cycled = drawn(fit, low, high, spare, demand, lots) - low
        more = within(cycled, classes, room, lots)
    network = Network()
    rows, columns = network.add_nodes(len(low)), network.add_nodes(len(demand))
    tops = network.add_nodes(len(quota))
    by_row = more.sum(axis=1)
    network.add_edges(network.source, tops, room - np.bincount(classes, by_row, len(quota)).astype(np.int64))
    # What was drawn can be taken back on the way to something else: the other half of each pair of edges.
    network.add_edges(tops[classes], rows, spare - by_row)
    network.add_edges(rows, tops[classes], by_row)
    at_row, at_column = np.nonzero(high > low + more)
    network.add_edges(rows[at_row], columns[at_column], (high - low - more)[at_row, at_column])
    at_row, at_column = np.nonzero(more)
    network.add_edges(columns[at_column], rows[at_row], more[at_row, at_column])
    missing = demand - (low + more).sum(axis=0)
    network.add_edges(columns, network.sink, missing)
    total, flow, _ = network.solve()
    if total < int(missing.sum()):
        return None
    amounts: Ints = low + more + passed(flow, rows, columns)
    return amounts
