"""Where to open so that nobody is far: exact p-centers by a search over the costs that occur."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd
from scipy import sparse

from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.set_cover import fewest
from capgap_geo.analysis.siting_problem import (
    Clock,
    Costs,
    Positions,
    Siting,
    check_count,
    costs,
    reachable_part,
    settle,
    too_few,
    useful,
)


def p_center(
    cost: pd.DataFrame | Reach,
    *,
    p: int,
    fixed: Collection[Hashable] = (),
    reachable_only: bool = False,
    time_limit: float | None = None,
) -> Siting:
    """Choose at most `p` new sites that make the longest way to the nearest site shortest.

    Minimise ``max_i min_j(c_ij)`` over the open sites j. The optimum is one of the costs in the table; a
    binary search asks of each whether `p` sites cover everybody within it.

    Parameters
    ----------
    cost
        Minutes or km from each demand row to each candidate or facility (column); NaN and infinity
        where there is no way.
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
        Objective and bound in the unit of `cost`.

    Raises
    ------
    SchemaError
        Labels that repeat, negative costs.
    ScenarioError
        ``siting_count``, ``siting_fixed``, ``siting_unreachable``, or ``siting_too_few`` if no `p` sites
        reach everybody: ``details["needed"]`` do.

    References
    ----------
    Minieka (1970), SIAM Review 12, 138-139.

    Examples
    --------
    >>> cost = pd.DataFrame({"a": [0.0, 30.0, 90.0], "b": [30.0, 0.0, 60.0]}, index=["x", "y", "z"])
    >>> answer = p_center(cost, p=1)
    >>> answer.sites, answer.objective
    (('b',), 60.0)
    """
    clock = Clock(time_limit)
    problem = costs(cost, None, fixed)
    check_count(p, problem.sites)
    problem, unreachable = reachable_part(problem, reachable_only=reachable_only)
    free = problem.sites.free
    chosen, bound = _search(problem, p, clock)
    chosen = useful(chosen, lambda positions: _longest(problem, free[positions]))
    objective = _longest(problem, free[chosen])
    settled, proven = settle(objective, min(bound, objective))
    return Siting(
        sites=problem.sites.named(free[chosen]),
        objective=objective,
        bound=settled,
        proven=proven,
        seconds=clock.seconds,
        baseline=_longest(problem, []),
        unreachable=unreachable,
    )


def _longest(problem: Costs, positions: Positions | list[int]) -> float:
    return float(problem.nearest(positions).max(initial=0.0))


def _search(problem: Costs, p: int, clock: Clock) -> tuple[Positions, float]:
    """Return the chosen candidates and the least radius that is not ruled out."""
    best, needed = _within(problem, np.inf, clock, p)
    if needed > p:
        raise too_few(p, len(_within(problem, np.inf, clock, None)[0]))
    free = problem.sites.free
    radii = np.unique(problem.cost[np.isfinite(problem.cost)])
    low = int(np.searchsorted(radii, problem.cost.min(axis=1, initial=np.inf).max(initial=0.0)))
    high = int(np.searchsorted(radii, _longest(problem, free[best])))
    while low < high and not clock.over:
        middle = (low + high) // 2
        chosen, needed = _within(problem, radii[middle], clock, p)
        if len(chosen) <= p:
            best, high = chosen, int(np.searchsorted(radii, _longest(problem, free[chosen])))
        elif needed > p:
            low = middle + 1
        else:
            break
    return best, float(radii[low]) if len(radii) else 0.0


def _within(problem: Costs, radius: float, clock: Clock, enough: int | None) -> tuple[Positions, int]:
    """Return candidates that, with the existing facilities, cover everybody within the radius."""
    open_rows = ~((problem.existing <= radius) & np.isfinite(problem.existing))
    cost = problem.cost[np.ix_(open_rows, problem.sites.free)]
    covers = sparse.csr_array(((cost <= radius) & np.isfinite(cost)).astype(float))
    if (covers.sum(axis=1) == 0).any():
        return np.arange(len(problem.sites.free)), len(problem.sites.free) + 1
    return fewest(covers, clock, enough=enough)
