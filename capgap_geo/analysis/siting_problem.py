"""A siting question, checked and put in the order of its labels, and the form of every answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.labels import in_order, mismatch, quoted, refuse, repeated
from capgap_geo.analysis.reach import Reach
from capgap_geo.errors import ScenarioError

Vector = NDArray[np.float64]
Positions = NDArray[np.intp]

#: Objective and bound that differ by less, relative to the objective, are the same number.
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Siting:
    """Where to open, what it brings, and how sure it is that nothing brings more.

    Attributes
    ----------
    sites
        Labels of the new sites in the order of the labels. A site that would change nothing is not
        listed, so there may be fewer than allowed.
    objective
        What was optimised, existing facilities included: people covered, number of new sites, total
        person-minutes, or the longest time.
    bound
        No choice of sites does better than this. Equal to `objective` if `proven`.
    proven
        Whether the answer is proven optimal, to a relative 1e-9.
    seconds
        Time taken.
    baseline
        The objective with the existing facilities alone; NaN where that means nothing, infinity if they
        leave somebody without any facility.
    unreachable
        Labels of the demand rows that neither a candidate nor an existing facility reaches and that
        were left out on request.
    """

    sites: tuple[Hashable, ...]
    objective: float
    bound: float
    proven: bool
    seconds: float = field(compare=False)
    baseline: float = math.nan
    unreachable: tuple[Hashable, ...] = ()

    @property
    def gain(self) -> float:
        """What the new sites change: people newly covered, or minutes saved."""
        return abs(self.objective - self.baseline)

    @property
    def gap(self) -> float:
        """Largest share of the objective by which a better answer could differ; 0 if proven."""
        if self.objective == self.bound:
            return 0.0
        return abs(self.bound - self.objective) / abs(self.objective) if self.objective else math.inf


class Clock:
    """Seconds since the start and until the limit."""

    def __init__(self, limit: float | None) -> None:
        if limit is not None and not limit > 0:
            raise ScenarioError(f"time_limit: found {limit!r}, use seconds above 0", code="siting_time_limit")
        self._start, self._limit = perf_counter(), limit

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return perf_counter() - self._start

    @property
    def left(self) -> float | None:
        """Seconds that remain, None without a limit."""
        return None if self._limit is None else max(self._limit - self.seconds, 0.0)

    @property
    def over(self) -> bool:
        """Whether the limit has passed."""
        return self.left == 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Sites:
    """Candidates and existing facilities in the order of their labels.

    Attributes
    ----------
    labels
        All columns.
    fixed
        Positions of the facilities that are open already.
    free
        Positions of the candidates.
    """

    labels: pd.Index
    fixed: Positions
    free: Positions

    def named(self, positions: Collection[int] | Positions) -> tuple[Hashable, ...]:
        """Return the labels at these positions, in the order of the labels."""
        return tuple(self.labels[sorted(int(k) for k in positions)].tolist())


@dataclass(frozen=True, eq=False, slots=True)
class Covering:
    """Who is within reach of which site.

    Attributes
    ----------
    rows
        Demand labels in order.
    covers
        1 where a column covers a row, shape (rows, columns).
    weight
        Persons by row.
    sites
        The columns.
    """

    rows: pd.Index
    covers: sparse.csr_array
    weight: Vector
    sites: Sites

    def covered(self, positions: Sequence[int] | Positions) -> NDArray[np.bool_]:
        """Return which rows are within reach of any of these columns."""
        chosen = indicator(np.asarray(positions, dtype=np.intp), self.covers.shape[1])
        reached: NDArray[np.bool_] = self.covers @ chosen > 0
        return reached


def covering(reach: pd.DataFrame | Reach, demand: pd.Series | None, fixed: Collection[Hashable]) -> Covering:
    """Check a question of coverage and put it in order; every row weighs 1 if there is no `demand`."""
    rows, columns, matrix = _pattern(reach)
    if demand is None:
        demand = pd.Series(1.0, index=rows)
    weight = _weight(demand, rows)
    row_order, column_order = in_order(rows), in_order(columns)
    sites = _sites(columns[column_order], fixed)
    return Covering(rows[row_order], matrix[row_order][:, column_order], weight[row_order], sites)


@dataclass(frozen=True, eq=False, slots=True)
class Costs:
    """What it costs each demand row to get to each site.

    Attributes
    ----------
    rows
        Demand labels in order.
    cost
        Minutes or km, infinity where there is no way, shape (rows, columns).
    weight
        Persons by row.
    sites
        The columns.
    """

    rows: pd.Index
    cost: Vector
    weight: Vector
    sites: Sites

    @property
    def existing(self) -> Vector:
        """Cost by row of the nearest existing facility; infinity if there is none."""
        return self.nearest(())

    def nearest(self, positions: Sequence[int] | Positions) -> Vector:
        """Return the cost by row of the nearest existing facility or column of these positions."""
        opened = np.append(self.sites.fixed, np.asarray(positions, dtype=np.intp))
        lowest: Vector = self.cost[:, opened].min(axis=1, initial=np.inf)
        return lowest

    def only(self, rows: NDArray[np.bool_]) -> Costs:
        """Keep some rows."""
        return Costs(self.rows[rows], self.cost[rows], self.weight[rows], self.sites)


def costs(cost: pd.DataFrame | Reach, demand: pd.Series | None, fixed: Collection[Hashable]) -> Costs:
    """Check a question of cost and put it in order; NaN and infinity mean that there is no way."""
    table = cost.to_frame() if isinstance(cost, Reach) else cost
    refuse("cost", repeated("rows", table.index) + repeated("columns", table.columns))
    values = table.to_numpy(dtype=float, na_value=np.nan)
    values = np.where(np.isnan(values), np.inf, values)
    refuse("cost", ["costs must be at least 0"] if (values < 0).any() else [])
    if demand is None:
        demand = pd.Series(1.0, index=table.index)
    weight = _weight(demand, table.index)
    row_order, column_order = in_order(table.index), in_order(table.columns)
    sites = _sites(table.columns[column_order], fixed)
    return Costs(table.index[row_order], values[np.ix_(row_order, column_order)], weight[row_order], sites)


def check_count(p: int, sites: Sites) -> None:
    """Refuse a number of new sites that is negative, no whole number, or above the candidates.

    Raises
    ------
    ScenarioError
        Code ``siting_count``; ``details["largest"]`` works.
    """
    largest = len(sites.free)
    if p not in range(largest + 1):
        raise ScenarioError(
            f"p: found {p!r} new sites, use a whole number from 0 to {largest}, the number of candidates",
            code="siting_count",
            details={"p": p, "largest": largest},
        )


def refuse_nobody(weight: Vector) -> None:
    """Refuse a question about nobody.

    Raises
    ------
    ScenarioError
        Code ``siting_no_demand``.
    """
    if not weight.any():
        raise ScenarioError("demand: nobody is there to be reached", code="siting_no_demand")


def reachable_part(problem: Costs, *, reachable_only: bool) -> tuple[Costs, tuple[Hashable, ...]]:
    """Return the rows that something reaches, and the labels of the others if leaving them out is allowed.

    Raises
    ------
    ScenarioError
        As in `refuse_unreachable`.
    """
    unreachable = np.isinf(problem.cost.min(axis=1, initial=np.inf))
    if not reachable_only or unreachable.all():
        refuse_unreachable(problem.rows, unreachable)
    return problem.only(~unreachable), tuple(problem.rows[unreachable].tolist())


def refuse_unreachable(rows: pd.Index, unreachable: NDArray[np.bool_]) -> None:
    """Refuse demand that nothing reaches.

    Raises
    ------
    ScenarioError
        Code ``siting_unreachable``; without the rows of ``details["unreachable"]`` it works.
    """
    labels = rows[unreachable].tolist()
    if labels:
        raise ScenarioError(
            f"reach: {len(labels)} of {len(rows)} demand rows are reached by no site ({quoted(labels)}); "
            "raise the threshold, add candidates or set `reachable_only`",
            code="siting_unreachable",
            details={"unreachable": labels, "reachable": len(rows) - len(labels)},
        )


def too_few(p: int, needed: int) -> ScenarioError:
    """Return the error for a `p` with which somebody stays without any site."""
    return ScenarioError(
        f"p: {p} new sites cannot reach everybody, {needed} can",
        code="siting_too_few",
        details={"p": p, "needed": needed},
    )


def useful(chosen: Positions, value: Callable[[list[int]], float]) -> Positions:
    """Drop the positions without which the value stays the same, the last label first."""
    kept = sorted(int(k) for k in chosen)
    for k in reversed(kept.copy()):
        others = [other for other in kept if other != k]
        if value(others) == value(kept):
            kept = others
    return np.asarray(kept, dtype=np.intp)


def indicator(positions: Positions, size: int) -> Vector:
    """Return a vector of zeros with ones at the positions."""
    values = np.zeros(size)
    values[positions] = 1.0
    return values


def _pattern(reach: pd.DataFrame | Reach) -> tuple[pd.Index, pd.Index, sparse.csr_array]:
    if isinstance(reach, Reach):
        matrix = reach.matrix.copy()
        matrix.data = np.ones_like(matrix.data)
        return reach.rows, reach.columns, matrix
    problems = repeated("rows", reach.index) + repeated("columns", reach.columns)
    other = [str(kind) for kind in reach.dtypes.unique() if kind != np.dtype(bool)]
    if other:
        problems.append(
            f"found {', '.join(other)}, use True and False: compare the costs with a threshold first"
        )
    refuse("reach", problems)
    return reach.index, reach.columns, sparse.csr_array(reach.to_numpy(dtype=float))


def _weight(demand: pd.Series, rows: pd.Index) -> Vector:
    problems = mismatch("demand", demand.index, rows)
    persons = demand.to_numpy(dtype=float)
    if not (np.isfinite(persons) & (persons >= 0)).all():
        problems.append("demand: persons must be known and at least 0")
    refuse("siting", problems)
    aligned: Vector = demand.reindex(rows).to_numpy(dtype=float)
    return aligned


def _sites(labels: pd.Index, fixed: Collection[Hashable]) -> Sites:
    unknown = [label for label in fixed if label not in labels]
    if unknown:
        names = [str(label) for label in labels]
        nearest = {str(label): get_close_matches(str(label), names, n=3) for label in unknown}
        raise ScenarioError(
            f"fixed: {quoted(unknown)} is no column; the nearest are {nearest}",
            code="siting_fixed",
            details={"unknown": unknown, "nearest": nearest},
        )
    is_fixed = labels.isin(list(fixed))
    return Sites(labels, np.flatnonzero(is_fixed), np.flatnonzero(~is_fixed))


def settle(objective: float, bound: float) -> tuple[float, bool]:
    """Return the bound and whether it proves the objective; a difference of rounding is none."""
    proven = objective == bound or abs(bound - objective) <= SAME * abs(objective)
    return (objective, True) if proven else (bound, False)
