"""Flow: the most that columns can be given from a supply, and the columns that prove that no more is possible."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from pinchmix.exact.supply import Bools, Ints, Supply

LARGEST = 2**31 - 1  # scipy's flow takes 32-bit capacities


class Flow(NamedTuple):
    """A largest flow, and the smallest cut on the side of the columns.

    Attributes:
        amounts: Shape ``(rows, columns)``, int64: how much each row gives each column.
        total: The sum of the amounts.
        short: Shape ``(columns,)``, bool: the columns that together ask for more than they can be given; all False
            when every demand is met.
        free: Shape ``(columns,)``, bool: the columns any one of which could be given one more.
    """

    amounts: Ints
    total: int
    short: Bools
    free: Bools


class Network:
    """Nodes and edges with whole capacities, from a source to a sink, gathered edge group by edge group."""

    def __init__(self) -> None:
        self.nodes = 2
        self.source, self.sink = 0, 1
        self._tails: list[Ints] = []
        self._heads: list[Ints] = []
        self._capacities: list[Ints] = []

    def add_nodes(self, count: int) -> Ints:
        """Return the numbers of new nodes."""
        self.nodes += count
        return np.arange(self.nodes - count, self.nodes)

    def add_edges(self, tails: Ints | int, heads: Ints | int, capacities: Ints | int) -> None:
        """Add edges; single numbers stand for as many as the others have."""
        tails, heads, capacities = np.broadcast_arrays(tails, heads, capacities)
        self._tails.append(tails.ravel())
        self._heads.append(heads.ravel())
        self._capacities.append(capacities.ravel())

    def solve(self) -> tuple[int, csr_array, csr_array]:
        """Return the value of a largest flow, the flow, and the capacities that it leaves.

        Dinic's algorithm, as scipy has it, is deterministic.

        Raises:
            OverflowError: Capacities out of the source sum to 2**31 - 1 or more.
        """
        tails, heads = np.concatenate(self._tails), np.concatenate(self._heads)
        capacities = np.concatenate(self._capacities)
        if int(capacities[tails == self.source].sum()) >= LARGEST:
            raise OverflowError(f"a plan holds fewer than {LARGEST:,} cells")
        edges = (np.minimum(capacities, LARGEST).astype(np.int32), (tails.astype(np.int32), heads.astype(np.int32)))
        graph = csr_array(edges, shape=(self.nodes, self.nodes))
        found = maximum_flow(graph, self.source, self.sink, method="dinic")
        left = csr_array(graph - found.flow)
        left.eliminate_zeros()
        return int(found.flow_value), csr_array(found.flow), left


def reached(left: csr_array, start: int, nodes: Ints) -> Bools:
    """Return which of some nodes a search from ``start`` comes to along edges that have capacity left."""
    found = breadth_first_order(left, start, return_predecessors=False)
    return np.isin(nodes, found)


def passed(flow: csr_array, tails: Ints, heads: Ints) -> Ints:
    """Return what a flow passes between two runs of nodes, less what it passes back, shape ``(tails, heads)``."""
    amounts: Ints = np.zeros((len(tails), len(heads)), dtype=np.int64)
    if amounts.size:
        found = flow[int(tails[0]) : int(tails[-1]) + 1, int(heads[0]) : int(heads[-1]) + 1].tocoo()
        amounts[found.row, found.col] = found.data
    return amounts


def largest_flow(supply: Supply, demand: Ints) -> Flow:
    """Return a largest flow from the rows of a supply to columns that ask for so much.

    Args:
        supply: What there is.
        demand: What each column asks, shape ``(columns,)``, int64.

    Returns:
        The flow; every demand is met if and only if ``total == demand.sum()``. Its ``short`` columns are those of the
        smallest minimum cut: what can still reach the sink.
        Its ``free`` columns are those that could be given one more.

    Raises:
        OverflowError: There are 2**31 - 1 units to give or more.

    Example:
        >>> flow = largest_flow(Supply(np.array([2, 1]), np.array([[True, False], [True, True]])), np.array([2, 2]))
        >>> flow.total, flow.short.tolist()
        (3, [False, True])
    """
    demand = np.minimum(demand, supply.available + 1)  # more than all there is cannot be met, however much more
    network = Network()
    rows, columns = network.add_nodes(len(supply.amount)), network.add_nodes(len(demand))
    given = supply.amount * np.minimum(supply.allowed.sum(axis=1), supply.most)
    if supply.stratum is None or supply.quota is None:
        network.add_edges(network.source, rows, given)
    else:
        classes = network.add_nodes(len(supply.quota))
        held = np.bincount(supply.stratum, weights=given, minlength=len(supply.quota)).astype(np.int64)
        network.add_edges(network.source, classes, np.minimum(supply.quota, held))
        network.add_edges(classes[supply.stratum], rows, given)
    at_row, at_column = np.nonzero(supply.allowed)
    network.add_edges(rows[at_row], columns[at_column], supply.amount[at_row])
    network.add_edges(columns, network.sink, demand)
    total, flow, left = network.solve()
    amounts = np.maximum(passed(flow, rows, columns), 0)
    short = reached(csr_array(left.T), network.sink, columns)
    return Flow(amounts, total, short, reached(left, network.source, columns))


def smallest_certificate(supply: Supply, demand: Ints, short: Bools) -> Bools:
    """Return a subset of short columns from which none can be left out: it proves that the demands cannot be met.

    Columns are tried in order of their demand, the smallest first, so that the culprits stay.

    Args:
        supply: What there is.
        demand: Shape ``(columns,)``.
        short: Columns that together ask for more than they can be given, such as :attr:`Flow.short`.

    Returns:
        Columns that ask for more than :meth:`Supply.ceiling`; without any one of them, the others can all be given
        what they ask. Shape ``(columns,)``.

    Example:
        >>> supply = Supply(np.array([1, 5]), np.array([[True, True], [False, True]]))
        >>> smallest_certificate(supply, np.array([2, 9]), np.array([True, True])).tolist()
        [False, True]
    """
    kept = _thinned(supply, demand, short)
    for column in np.flatnonzero(kept).tolist():
        # What is left may hold a smaller proof although it is none as a whole.
        rest = demand * kept
        rest[column] = 0
        flow = largest_flow(supply, rest)
        if flow.total < int(rest.sum()):
            return smallest_certificate(supply, demand, flow.short)
    return kept


def _thinned(supply: Supply, demand: Ints, short: Bools) -> Bools:
    """Return short columns less those, one by one, without which the others still ask for too much."""
    kept: Bools = short.copy()
    for column in sorted(np.flatnonzero(kept).tolist(), key=lambda place: (int(demand[place]), place)):
        kept[column] = False
        kept[column] = int(demand[kept].sum()) <= supply.ceiling(kept)
    return kept
