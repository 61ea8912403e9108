"""The fewest columns that cover every row of a sparse matrix."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from capgap_geo.analysis.program import Program
from capgap_geo.analysis.siting_problem import Clock, Positions

#: A bound that misses a whole number by less is that number.
ROUNDING = 1e-6


def fewest(covers: sparse.csr_array, clock: Clock, *, enough: int | None = None) -> tuple[Positions, int]:
    """Return a small cover and the least number of columns that any cover needs.

    Parameters
    ----------
    covers
        1 where a column covers a row; every row has at least one.
    clock
        When time is over the best cover so far is returned.
    enough
        Stop as soon as it is clear whether this many columns suffice.

    Returns
    -------
    tuple
        Positions of the columns, and the proven least number. They agree unless time ran out or
        `enough` was answered earlier.
    """
    chosen = _greedy(covers)
    least = 1 if len(chosen) else 0
    if len(chosen) <= max(least, enough or 0):
        return chosen, least
    rows, columns = covers.shape
    ones = np.ones(columns)
    program = Program(
        ones, upper=ones, matrix=covers, row_lower=np.ones(rows), row_upper=np.full(rows, np.inf)
    )
    relaxed = program.solve(seconds=clock.left)
    least = max(least, _rounded_up(relaxed.bound))
    if len(chosen) <= least or least > (enough or math.inf) or clock.over:
        return chosen, least
    program.require_whole(np.arange(columns))
    answer = program.solve(seconds=clock.left)
    if answer.solution is not None:
        chosen = min(chosen, np.flatnonzero(answer.solution > 0.5), key=len)
    return chosen, max(least, _rounded_up(answer.bound))


def _rounded_up(bound: float) -> int:
    return math.ceil(bound - ROUNDING) if math.isfinite(bound) else 0


def _greedy(covers: sparse.csr_array) -> Positions:
    """Take the column that covers most of the rows that are left, the first of equals."""
    left = np.ones(covers.shape[0])
    columns = covers.T.tocsr()
    chosen: list[int] = []
    while left.any():
        best = int(np.argmax(columns @ left))
        chosen.append(best)
        left[columns.indices[columns.indptr[best] : columns.indptr[best + 1]]] = 0.0
    return np.asarray(sorted(chosen), dtype=np.intp)
