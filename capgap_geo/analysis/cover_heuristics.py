"""Maximal covering without a solver: the question at its smallest, quick answers, quick bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from capgap_geo.analysis.siting_problem import SAME, Covering, Positions, Vector, indicator

#: A price below this counts as none when gains are compared.
FREE = 1e-100
#: Draws, their seed, and the share that columns without any are given.
DRAWS, SEED, UNLIKELY = 12, 0, 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Core:
    """What is left to decide: people without help, grouped by the candidates that could reach them.

    Attributes
    ----------
    covers
        1 where a candidate reaches a group, shape (groups, candidates).
    weight
        Persons by group.
    price
        Price by candidate.
    columns
        Position of each candidate among all candidates of the question.
    """

    covers: sparse.csr_array
    weight: Vector
    price: Vector
    columns: Positions

    def left(self, chosen: Sequence[int] | Positions) -> Vector:
        """Return the persons of each group that the chosen columns do not reach."""
        opened = indicator(np.asarray(chosen, dtype=np.intp), len(self.price))
        return np.where(self.covers @ opened > 0, 0.0, self.weight)

    def gains(self, chosen: Sequence[int] | Positions) -> Vector:
        """Return the persons that each candidate would add."""
        added: Vector = self.covers.T @ self.left(chosen)
        return added

    def value(self, chosen: Sequence[int] | Positions) -> float:
        """Return the persons that the chosen columns reach."""
        return float((self.weight - self.left(chosen)).sum())

    def fits_at_most_one(self, budget: float) -> bool:
        """Return whether no two candidates are affordable together."""
        return len(self.price) < 2 or bool(np.partition(self.price, 1)[:2].sum() > budget)

    def only(self, columns: Positions) -> Core:
        """Keep some columns; groups that they no longer tell apart are merged."""
        covers = self.covers[:, columns]
        reachable = np.diff(covers.indptr) > 0
        covers, weight = _merged(covers[reachable], self.weight[reachable])
        return Core(covers, weight, self.price[columns], self.columns[columns])


def core_of(problem: Covering, price: Vector, budget: float) -> Core:
    """Leave out whom the existing facilities reach, merge equal rows, drop columns that others replace."""
    rows = ~problem.covered(problem.sites.fixed) & (problem.weight > 0)
    columns = np.flatnonzero(price <= budget)
    covers = problem.covers[rows][:, problem.sites.free[columns]]
    reachable = np.diff(covers.indptr) > 0
    covers, weight = _merged(covers[reachable], problem.weight[rows][reachable])
    kept = _irreplaceable(covers, price[columns])
    return Core(covers[:, kept], weight, price[columns[kept]], columns[kept])


def _merged(covers: sparse.csr_array, weight: Vector) -> tuple[sparse.csr_array, Vector]:
    """Merge the rows with the same columns, found by two 64-bit sums of random numbers for the columns."""
    if not len(weight):
        return covers, weight
    marks = np.random.default_rng(0).integers(0, 2**64, (covers.shape[1], 2), dtype=np.uint64)
    signature = np.add.reduceat(marks[covers.indices], covers.indptr[:-1], axis=0)
    _, first, group = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    return covers[first], np.bincount(group.ravel(), weight).astype(float)


def _irreplaceable(covers: sparse.csr_array, price: Vector) -> Positions:
    """Return the columns that reach somebody and that no column replaces at the same price or less."""
    size = np.asarray(covers.sum(axis=0))
    overlap = sparse.coo_array(covers.T @ covers)
    inner, outer = overlap.coords
    inside = (overlap.data == size[inner]) & (price[outer] <= price[inner]) & (inner != outer)
    inner, outer = inner[inside], outer[inside]
    equal = (size[inner] == size[outer]) & (price[inner] == price[outer])
    replaced = inner[~equal | (outer < inner)]
    return np.setdiff1d(np.flatnonzero(size > 0), replaced)


def greedy(core: Core, budget: float) -> Positions:
    """Take the column with the most new persons for its price until nothing more fits."""
    chosen: list[int] = []
    left = budget
    while (gain := np.where(core.price <= left, core.gains(chosen), 0.0)).any():
        best = int(_per_price(gain, core.price).argmax())
        chosen.append(best)
        left -= core.price[best]
    # One large site can be worth more than many that are cheap for what they bring.
    alone = [int(core.gains(()).argmax())] if chosen else []
    return np.asarray(max(chosen, alone, key=core.value), dtype=np.intp)


def spend(core: Core, preference: Vector, budget: float) -> Positions:
    """Take the columns in falling order of preference as long as they fit."""
    chosen: list[int] = []
    for k in np.argsort(-preference, kind="stable"):
        if core.price[k] <= budget:
            chosen.append(int(k))
            budget -= core.price[k]
    return np.asarray(chosen, dtype=np.intp)


def draw(core: Core, share: Vector, budget: float) -> Positions:
    """Return the best of several improved draws, in which columns come first in proportion to their share."""
    random = np.random.default_rng(SEED)
    likely = np.log(np.maximum(share, UNLIKELY))
    draws = (spend(core, likely + random.gumbel(size=len(share)), budget) for _ in range(DRAWS))
    return max((improve(core, chosen, budget) for chosen in draws), key=core.value)


def improve(core: Core, chosen: Positions, budget: float) -> Positions:
    """Exchange one column at a time for a better one while that fits."""
    current = [int(k) for k in chosen]
    spent = float(core.price[current].sum())
    while True:
        swap = _best_swap(core, current, budget - spent)
        if swap is None:
            return np.asarray(current, dtype=np.intp)
        place, column = swap
        spent += core.price[column] - core.price[current[place]]
        current[place] = column


def _best_swap(core: Core, current: list[int], left: float) -> tuple[int, int] | None:
    best, swap = core.value(current) * (1 + SAME), None
    for place in range(len(current)):
        others = current[:place] + current[place + 1 :]
        gain = core.gains(others)
        gain[core.price > left + core.price[current[place]]] = -1.0
        column = int(gain.argmax())
        value = core.value(others) + gain[column]
        if value > best:
            best, swap = value, (place, column)
    return swap


def quick_bound(core: Core, chosen: Positions, budget: float) -> float:
    """Return what is covered plus the best fractional use of the budget on the gains that remain."""
    gain = core.gains(chosen)
    order = np.argsort(-_per_price(gain, core.price), kind="stable")
    gain, price = gain[order], core.price[order]
    room = np.clip(budget - (np.cumsum(price) - price), 0.0, price)
    part = np.divide(room, price, out=np.ones_like(price), where=price > 0)
    return min(core.value(chosen) + float(gain @ part), float(core.weight.sum()))


def _per_price(gain: Vector, price: Vector) -> Vector:
    """Return the gain for the price; what costs nothing comes first, by its gain."""
    ratio: Vector = gain / np.maximum(price, FREE)
    return ratio
