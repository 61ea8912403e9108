"""The master problem of the p-median: openings, and for each group the cost that the cuts so far prove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from capgap_geo.analysis.interchange import Median
from capgap_geo.analysis.program import Program
from capgap_geo.analysis.siting_problem import SAME, Vector

#: A cut counts as missed beyond this, in mean costs of the start.
MISSED = 1e-9
#: Openings add up to one if no more than this is missing.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """A solution of the master: None if there was no time. `bound` holds for every choice of sites."""

    openings: Vector | None
    times: Vector | None
    bound: float


class Master:
    """Minimise ``sum_i w_i t_i`` over at most `p` openings, knowing of t only what the cuts say.

    Parameters
    ----------
    median
        Finite costs.
    must
        Rows that need at least one of their columns open.
    p
        Number of openings.
    unit
        A total cost near the optimum; its mean becomes the unit of cost, so that the solver's tolerance is
        relative to the answer.
    """

    def __init__(self, median: Median, must: sparse.csr_array, p: int, *, unit: float) -> None:
        people = float(median.weight.sum())
        self._median, self._total = median, unit or 1.0
        self._scale = self._total / people
        self._order = np.argsort(median.cost, axis=1, kind="stable")
        self._sorted = np.take_along_axis(median.cost, self._order, axis=1)
        self._lowest = self._sorted[:, 0]
        #: Total cost if all candidates were open.
        self.floor = float(median.weight @ self._lowest)
        self._known: tuple[Vector, float] | None = None
        self._whole = False
        groups, size = median.cost.shape
        count = sparse.csr_array(np.append(np.ones(size), np.zeros(groups))[None, :])
        reached = sparse.hstack([must, sparse.csr_array((must.shape[0], groups))])
        self._program = Program(
            np.append(np.zeros(size), median.weight / people),
            upper=np.append(np.ones(size), np.full(groups, np.inf)),
            matrix=sparse.csr_array(sparse.vstack([count, reached])),
            row_lower=np.append(-np.inf, np.ones(must.shape[0])),
            row_upper=np.append(float(p), np.full(must.shape[0], np.inf)),
        )

    def cut(self, openings: Vector, times: Vector | None = None) -> bool:
        """Add the cuts that `times` misses at these openings, all of them without `times`; say if any was."""
        radius = self._radius(openings)
        slope = np.maximum(radius[:, None] - self._median.cost, 0.0)
        if times is None:
            missed = np.arange(len(radius))
        else:
            missed = np.flatnonzero(radius - slope @ openings - times > MISSED * self._scale)
        if not len(missed):
            return False
        chosen = (np.ones(len(missed)), (np.arange(len(missed)), missed))
        group = sparse.csr_array(chosen, shape=(len(missed), len(radius)))
        rows = sparse.csr_array(sparse.hstack([sparse.csr_array(slope[missed] / self._scale), group]))
        self._program.add_rows(rows, lower=(radius - self._lowest)[missed] / self._scale)
        return True

    def _radius(self, openings: Vector) -> Vector:
        """Return by group the cost within which the openings add up to one, else that of existing sites."""
        enough = np.cumsum(openings[self._order], axis=1) >= 1.0 - ROUNDING
        first = enough.argmax(axis=1)
        groups = np.arange(len(first))
        return np.where(enough[groups, first], self._sorted[groups, first], self._median.existing)

    def solve(self, *, seconds: float | None) -> Found:
        """Solve the master as it stands."""
        answer = self._program.solve(seconds=seconds)
        bound = self.floor + answer.bound * self._total
        size = self._median.cost.shape[1]
        if answer.solution is None or not (answer.optimal or self._whole):
            return Found(None, None, bound)
        if answer.reduced_costs is not None:
            self._known = (answer.reduced_costs[:size] * self._total, bound)
        times = self._lowest + answer.solution[size:] * self._scale
        return Found(answer.solution[:size], times, bound)

    def require_whole(self, *, at_most: float) -> None:
        """Ask for whole openings; close the candidates that the relaxation puts above `at_most`."""
        size = self._median.cost.shape[1]
        if self._known is not None:
            loss, bound = self._known
            hopeless = np.flatnonzero(bound + loss > at_most * (1 + SAME))
            self._program.limit(hopeless, lower=np.zeros(len(hopeless)), upper=np.zeros(len(hopeless)))
        self._program.require_whole(np.arange(size))
        self._whole = True
