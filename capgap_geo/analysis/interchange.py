"""Good p-medians in milliseconds: many starts, each improved by the best exchange of two sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.siting_problem import SAME, Positions, Vector


@dataclass(frozen=True, eq=False, slots=True)
class Median:
    """Finite costs of groups of people to candidates, and to the nearest existing facility.

    Attributes
    ----------
    cost
        Shape (groups, candidates), at most `existing`.
    existing
        Cost by group without any new site.
    weight
        Persons by group.
    """

    cost: Vector
    existing: Vector
    weight: Vector

    def value(self, chosen: Positions) -> float:
        """Return the total cost when these candidates are open."""
        nearest = self.cost[:, chosen].min(axis=1, initial=np.inf)
        return float(self.weight @ np.minimum(nearest, self.existing))


def multistart(median: Median, p: int, *, starts: int, seed: int) -> Positions:
    """Return the best of several improved choices of `p` candidates; the first start is greedy."""
    random = np.random.default_rng(seed)
    size = median.cost.shape[1]
    first = [_greedy(median, p)]
    others = [random.choice(size, p, replace=False) for _ in range(starts - 1)]
    return min((improved(median, start) for start in first + others), key=median.value)


def _greedy(median: Median, p: int) -> Positions:
    nearest = median.existing
    chosen: list[int] = []
    for _ in range(p):
        total = median.weight @ np.minimum(median.cost, nearest[:, None])
        total[chosen] = np.inf
        chosen.append(int(total.argmin()))
        nearest = np.minimum(nearest, median.cost[:, chosen[-1]])
    return np.asarray(chosen, dtype=np.intp)


def improved(median: Median, chosen: Positions) -> Positions:
    """Exchange a chosen for a closed candidate while the total falls (Teitz and Bart 1968)."""
    current = chosen.copy()
    while True:
        saved = _savings(median, current)
        place, column = np.unravel_index(int(saved.argmax()), saved.shape)
        if saved[place, column] <= SAME * median.value(current):
            return np.sort(current)
        current[place] = column


def _savings(median: Median, current: Positions) -> NDArray[np.float64]:
    """Return what each exchange saves, shape (chosen, candidates).

    With the nearest cost ``n_i`` and the second nearest ``s_i`` of a group, opening r and closing q saves
    ``sum_i w_i max(n_i - c_ir, 0)`` less, over the groups whose nearest is q,
    ``sum_i w_i (min(s_i, max(c_ir, n_i)) - n_i)`` (Whitaker 1983).
    """
    groups = len(median.weight)
    everything = np.column_stack([median.cost[:, current], median.existing])
    order = np.argsort(everything, axis=1, kind="stable")[:, :2]
    nearest, second = np.take_along_axis(everything, order, axis=1).T
    opened = median.weight @ np.maximum(nearest[:, None] - median.cost, 0.0)
    closed = np.minimum(second[:, None], np.maximum(median.cost, nearest[:, None])) - nearest[:, None]
    shape = (everything.shape[1], groups)
    belongs = sparse.csr_array((median.weight, (order[:, 0], np.arange(groups))), shape=shape)
    saved: NDArray[np.float64] = opened[None, :] - (belongs @ closed)[:-1]
    saved[:, current] = -np.inf
    return saved
