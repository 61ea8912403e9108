"""Where to open so that people travel least: exact p-medians by Benders cuts."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd
from scipy import sparse

from capgap_geo.analysis.interchange import Median, multistart
from capgap_geo.analysis.p_median_master import Master
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.set_cover import fewest
from capgap_geo.analysis.siting_problem import (
    Clock,
    Costs,
    Positions,
    Siting,
    check_count,
    costs,
    indicator,
    reachable_part,
    refuse_nobody,
    settle,
    too_few,
    useful,
)

#: Starts of the preview, and the seed of those that are drawn.
STARTS, SEED = 5, 0
#: In the preview, somebody whom no site reaches counts as this many times the longest way.
PENALTY = 1000.0


def p_median(
    cost: pd.DataFrame | Reach,
    demand: pd.Series,
    *,
    p: int,
    fixed: Collection[Hashable] = (),
    reachable_only: bool = False,
    time_limit: float | None = None,
) -> Siting:
    """Choose at most `p` new sites that make the total travel of all people least.

    Minimise ``sum_i D_i min_j(c_ij)`` over the open sites j.

    Parameters
    ----------
    cost
        Minutes or km from each demand row to each candidate or facility (column); NaN and infinity
        where there is no way.
    demand
        Persons by row; the labels of the rows, in any order.
    p
        Number of sites to open in addition to `fixed`.
    fixed
        Columns of the existing facilities; they stay open and do not count towards `p`.
    reachable_only
        Leave out the rows that nothing reaches, and list them in the answer, instead of refusing.
    time_limit
        Seconds after which the best answer so far is returned, with its bound.

    Returns
    -------
    Siting
        Objective and bound in person-minutes; divided by the persons they are the mean time.

    Raises
    ------
    SchemaError
        Labels that do not match, demand that is negative or not known, negative costs.
    ScenarioError
        ``siting_count``, ``siting_fixed``, ``siting_no_demand``, ``siting_unreachable``, or
        ``siting_too_few`` if no `p` sites reach everybody: ``details["needed"]`` do.

    Notes
    -----
    Benders cuts on the radius formulation: for openings x and the cheapest radius r of row i within which
    the openings add up to one, ``t_i >= r - sum_j(max(r - c_ij, 0) x_j)``. The relaxation is solved first,
    candidates that it rules out are closed, and branch and bound decides among the rest.

    References
    ----------
    Hakimi (1964), Operations Research 12, 450-459. Duran-Mateluna, Ales and Elloumi (2023), European
    Journal of Operational Research 304, 1127-1141.

    Examples
    --------
    >>> cost = pd.DataFrame({"a": [0.0, 30.0, 90.0], "b": [30.0, 0.0, 60.0]}, index=["x", "y", "z"])
    >>> answer = p_median(cost, pd.Series({"x": 10.0, "y": 10.0, "z": 10.0}), p=1)
    >>> answer.sites, answer.objective
    (('b',), 900.0)
    """
    clock = Clock(time_limit)
    problem = costs(cost, demand, fixed)
    check_count(p, problem.sites)
    refuse_nobody(problem.weight)
    problem, unreachable = reachable_part(problem.only(problem.weight > 0), reachable_only=reachable_only)
    free = problem.sites.free
    chosen, bound = _optimum(problem, p, clock)
    chosen = useful(chosen, lambda positions: _total(problem, free[positions]))
    objective = _total(problem, free[chosen])
    settled, proven = settle(objective, min(bound, objective))
    return Siting(
        sites=problem.sites.named(free[chosen]),
        objective=objective,
        bound=settled,
        proven=proven,
        seconds=clock.seconds,
        baseline=_total(problem, []),
        unreachable=unreachable,
    )


def _total(problem: Costs, positions: Positions | list[int]) -> float:
    return float(problem.weight @ problem.nearest(positions))


def _optimum(problem: Costs, p: int, clock: Clock) -> tuple[Positions, float]:
    """Return the chosen candidates and a bound of the total cost of any choice."""
    free = np.arange(len(problem.sites.free))
    must = _must_reach(problem, p)
    reaching_all, needed = fewest(must, clock, enough=p)
    if needed > p:
        raise too_few(p, len(fewest(must, clock)[0]))
    if p in (0, len(free)):
        return free[:p], _total(problem, problem.sites.free[:p])
    if p == 1:
        totals = problem.weight @ np.minimum(problem.cost[:, problem.sites.free], problem.existing[:, None])
        return free[[totals.argmin()]], float(totals.min())
    start = multistart(_median(problem, beyond=PENALTY), p, starts=STARTS, seed=SEED)
    if not (must @ indicator(start, len(free)) > 0).all():
        start = reaching_all
    return _benders(_median(problem, beyond=1.0), must, start, p, clock)


def _must_reach(problem: Costs, p: int) -> sparse.csr_array:
    """Return, for the rows that could stay without any site, the candidates that reach them."""
    at_risk = np.isinf(problem.existing) & (np.isinf(problem.cost).any(axis=1) | (p == 0))
    return sparse.csr_array(np.isfinite(problem.cost[np.ix_(at_risk, problem.sites.free)]).astype(float))


def _median(problem: Costs, *, beyond: float) -> Median:
    """Return finite costs: where there is no way, so many times the longest way."""
    longest = problem.cost.max(initial=0.0, where=np.isfinite(problem.cost))
    existing = np.where(np.isinf(problem.existing), beyond * longest, problem.existing)
    return Median(
        np.minimum(problem.cost[:, problem.sites.free], existing[:, None]), existing, problem.weight
    )


def _benders(
    median: Median, must: sparse.csr_array, start: Positions, p: int, clock: Clock
) -> tuple[Positions, float]:
    """Raise the bound by cuts, first over shares of sites, then over whole sites, until it meets the best."""
    size = median.cost.shape[1]
    master = Master(median, must, p, unit=median.value(start))
    master.cut(np.full(size, p / size))
    best, bound = start, master.floor
    for whole in (False, True):
        if whole:
            master.require_whole(at_most=median.value(best))
        while not (clock.over or settle(median.value(best), bound)[1]):
            found = master.solve(seconds=clock.left)
            bound = max(bound, found.bound)
            if found.openings is None:
                break
            best = _better(median, must, best, np.argsort(-found.openings, kind="stable")[:p])
            if not master.cut(found.openings, found.times):
                bound = median.value(best) if whole else bound
                break
    return best, bound


def _better(median: Median, must: sparse.csr_array, best: Positions, other: Positions) -> Positions:
    reaches_all = (must @ indicator(other, must.shape[1]) > 0).all()
    return np.sort(other) if reaches_all and median.value(other) < median.value(best) else best
