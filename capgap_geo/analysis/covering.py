"""Where to open so that most people, or all places, are within reach: exact answers with their proof."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.cover_heuristics import Core, core_of, draw, greedy, improve, quick_bound, spend
from capgap_geo.analysis.labels import mismatch, refuse
from capgap_geo.analysis.program import Program
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.set_cover import fewest
from capgap_geo.analysis.siting_problem import (
    SAME,
    Clock,
    Covering,
    Positions,
    Siting,
    Vector,
    check_count,
    covering,
    refuse_nobody,
    refuse_unreachable,
    settle,
    useful,
)
from capgap_geo.errors import ScenarioError


def max_covering(
    reach: pd.DataFrame | Reach,
    demand: pd.Series,
    *,
    p: int,
    fixed: Collection[Hashable] = (),
    time_limit: float | None = None,
) -> Siting:
    """Choose at most `p` new sites that bring the most people within reach (MCLP).

    Maximise ``sum_i(D_i y_i)`` subject to ``y_i <= sum_j(a_ij x_j)`` and ``sum_j(x_j) <= p``, with x_j = 1
    for existing facilities.

    Parameters
    ----------
    reach
        Whether a candidate or facility (column) is within reach of a demand row: a boolean table, or
        a `Reach` of which every stored pair counts.
    demand
        Persons by row; the labels of the rows, in any order.
    p
        Number of sites to open in addition to `fixed`.
    fixed
        Columns of the existing facilities; they stay open and do not count towards `p`.
    time_limit
        Seconds after which the best answer so far is returned, with its bound.

    Returns
    -------
    Siting
        Objective and bound in persons covered, `baseline` is what existing facilities cover.

    Raises
    ------
    SchemaError
        Labels that do not match, demand that is negative or not known, a table that is not boolean.
    ScenarioError
        ``siting_count``, ``siting_fixed``, ``siting_no_demand`` or ``siting_nothing_in_reach``.

    References
    ----------
    Church and ReVelle (1974), Papers of the Regional Science Association 32, 101-118.

    Examples
    --------
    >>> reach = pd.DataFrame({"a": [True, True, False], "b": [False, True, True]}, index=["x", "y", "z"])
    >>> answer = max_covering(reach, pd.Series({"x": 10.0, "y": 5.0, "z": 20.0}), p=1)
    >>> answer.sites, answer.objective, answer.proven
    (('b',), 25.0, True)
    """
    clock = Clock(time_limit)
    problem = checked(reach, demand, fixed, p=p)
    return best_cover(problem, np.ones(len(problem.sites.free)), float(p), clock)


def budgeted_covering(
    reach: pd.DataFrame | Reach,
    demand: pd.Series,
    *,
    costs: pd.Series,
    budget: float,
    fixed: Collection[Hashable] = (),
    time_limit: float | None = None,
) -> Siting:
    """Choose the sites that bring the most people within reach for a `budget`.

    A column need not be a building: an existing shelter that begins to accept a profile is a candidate
    with its own reach and its own cost.

    Parameters
    ----------
    reach, demand, fixed, time_limit
        As in `max_covering`.
    costs
        Cost by candidate, at least 0 and known, in the unit of `budget`.
    budget
        The most that the chosen sites may cost together.

    Returns
    -------
    Siting
        As in `max_covering`.

    Raises
    ------
    SchemaError
        As in `max_covering`; also a cost that is missing, negative or not known.
    ScenarioError
        As in `max_covering`; also ``siting_budget`` if nothing is affordable:
        ``details["cheapest"]`` works.

    References
    ----------
    Khuller, Moss and Naor (1999), Information Processing Letters 70, 39-45.
    """
    clock = Clock(time_limit)
    problem = checked(reach, demand, fixed)
    return best_cover(problem, _prices(costs, budget, problem), float(budget), clock)


def greedy_covering(
    reach: pd.DataFrame | Reach, demand: pd.Series, *, p: int, fixed: Collection[Hashable] = ()
) -> Siting:
    """Take, `p` times, the site that adds most people: quick, explainable, up to a few per cent short.

    Parameters
    ----------
    reach, demand, p, fixed
        As in `max_covering`.

    Returns
    -------
    Siting
        As in `max_covering`. Its bound adds the `p` largest remaining gains to what is covered, which
        no choice can exceed because gains only shrink (Nemhauser, Wolsey and Fisher 1978).

    Raises
    ------
    SchemaError, ScenarioError
        As in `max_covering`.
    """
    return greedy_cover(checked(reach, demand, fixed, p=p), p)


def set_covering(
    reach: pd.DataFrame | Reach,
    *,
    fixed: Collection[Hashable] = (),
    reachable_only: bool = False,
    time_limit: float | None = None,
) -> Siting:
    """Choose the fewest new sites that bring every demand row within reach (LSCP).

    Parameters
    ----------
    reach, fixed, time_limit
        As in `max_covering`.
    reachable_only
        Leave out the rows that nothing reaches, and list them in the answer, instead of refusing.

    Returns
    -------
    Siting
        Objective and bound in new sites.

    Raises
    ------
    SchemaError
        As in `max_covering`.
    ScenarioError
        ``siting_fixed``, or ``siting_unreachable`` with the rows in ``details["unreachable"]``.

    References
    ----------
    Toregas, Swain, ReVelle and Bergman (1971), Operations Research 19, 1363-1373.
    """
    clock = Clock(time_limit)
    problem = covering(reach, None, fixed)
    unreachable = problem.covers.sum(axis=1) == 0
    if not reachable_only:
        refuse_unreachable(problem.rows, unreachable)
    open_rows = ~problem.covered(problem.sites.fixed) & ~unreachable
    chosen, least = fewest(problem.covers[open_rows][:, problem.sites.free], clock)
    bound, proven = settle(float(len(chosen)), float(least))
    return Siting(
        sites=problem.sites.named(problem.sites.free[chosen]),
        objective=float(len(chosen)),
        bound=bound,
        proven=proven,
        seconds=clock.seconds,
        unreachable=tuple(problem.rows[unreachable].tolist()),
    )


def checked(
    reach: pd.DataFrame | Reach, demand: pd.Series, fixed: Collection[Hashable], *, p: int | None = None
) -> Covering:
    """Check a question of maximal covering; see `max_covering` for what is refused."""
    problem = covering(reach, demand, fixed)
    if p is not None:
        check_count(p, problem.sites)
    refuse_nobody(problem.weight)
    asked: NDArray[np.bool_] = problem.weight > 0
    if p != 0 and problem.covers[asked][:, problem.sites.free].nnz == 0:
        raise ScenarioError(
            f"reach: none of the {len(problem.sites.free)} candidates reaches anybody; "
            "raise the threshold or add candidates",
            code="siting_nothing_in_reach",
            details={"candidates": len(problem.sites.free)},
        )
    return problem


def best_cover(problem: Covering, price: Vector, budget: float, clock: Clock) -> Siting:
    """Solve maximal covering with a price for each candidate; see `budgeted_covering`."""
    core = core_of(problem, price, budget)
    chosen, bound = _optimum(core, budget, clock)
    return _siting(problem, core, chosen, bound, clock)


def greedy_cover(problem: Covering, p: int) -> Siting:
    """Choose greedily; see `greedy_covering`."""
    clock = Clock(None)
    core = core_of(problem, np.ones(len(problem.sites.free)), float(p))
    chosen = greedy(core, float(p))
    return _siting(problem, core, chosen, quick_bound(core, chosen, float(p)), clock)


def _optimum(core: Core, budget: float, clock: Clock) -> tuple[Positions, float]:
    """Return the chosen columns of the core and a bound of the weight that any choice covers."""
    if core.fits_at_most_one(budget):
        best = spend(core, core.gains(()), budget)
        return best, core.value(best)
    best = improve(core, greedy(core, budget), budget)
    bound = quick_bound(core, best, budget)
    if settle(core.value(best), bound)[1]:
        return best, bound
    relaxed = _relaxed(core, budget, clock)
    if relaxed is None:
        return best, bound
    best = max(best, improve(core, spend(core, relaxed.share, budget), budget), key=core.value)
    bound = min(bound, relaxed.bound)
    if settle(core.value(best), bound)[1] or clock.over:
        return best, bound
    return _branch(core, budget, relaxed, max(best, draw(core, relaxed.share, budget), key=core.value), clock)


@dataclass(frozen=True, eq=False, slots=True)
class _Relaxed:
    """The linear relaxation: shares of sites, what opening a closed site would lose, a bound of the value."""

    share: Vector
    loss: Vector
    bound: float


def _relaxed(core: Core, budget: float, clock: Clock) -> _Relaxed | None:
    total, columns = core.weight.sum(), len(core.price)
    answer = _program(core, budget).solve(seconds=clock.left)
    if not answer.optimal or answer.solution is None or answer.reduced_costs is None:
        return None
    return _Relaxed(answer.solution[:columns], answer.reduced_costs[:columns] * total, -answer.bound * total)


def _branch(
    core: Core, budget: float, relaxed: _Relaxed, best: Positions, clock: Clock
) -> tuple[Positions, float]:
    """Leave out the columns that cannot be in a better answer, then branch and bound."""
    promising = np.flatnonzero(relaxed.bound - relaxed.loss >= core.value(best) * (1 - SAME))
    rest = core.only(promising)
    program = _program(rest, budget)
    program.require_whole(np.arange(len(promising)))
    answer = program.solve(seconds=clock.left)
    if answer.solution is not None:
        found = promising[answer.solution[: len(promising)] > 0.5]
        best = max(best, found, key=core.value)
    return best, max(min(relaxed.bound, -answer.bound * rest.weight.sum()), core.value(best))


def _program(core: Core, budget: float) -> Program:
    """Return the question as a program: openings, then the covered share of each group."""
    rows, columns = core.covers.shape
    links = sparse.hstack([core.covers, -sparse.eye_array(rows)])
    spent = sparse.csr_array(np.append(core.price, np.zeros(rows))[None, :])
    return Program(
        np.append(np.zeros(columns), -core.weight / core.weight.sum()),
        upper=np.ones(columns + rows),
        matrix=sparse.csr_array(sparse.vstack([links, spent])),
        row_lower=np.append(np.zeros(rows), -np.inf),
        row_upper=np.append(np.full(rows, np.inf), budget),
    )


def _siting(problem: Covering, core: Core, chosen: Positions, bound: float, clock: Clock) -> Siting:
    sites = problem.sites.free[core.columns[useful(chosen, core.value)]]
    before = problem.covered(problem.sites.fixed)
    after = before | problem.covered(sites)
    baseline, objective = float(problem.weight[before].sum()), float(problem.weight[after].sum())
    settled, proven = settle(objective, max(baseline + bound, objective))
    return Siting(
        sites=problem.sites.named(sites),
        objective=objective,
        bound=settled,
        proven=proven,
        seconds=clock.seconds,
        baseline=baseline,
    )


def _prices(costs: pd.Series, budget: float, problem: Covering) -> Vector:
    candidates = problem.sites.labels[problem.sites.free]
    known = costs[costs.index.isin(candidates)]
    problems = mismatch("costs", known.index, candidates)
    values = known.to_numpy(dtype=float)
    if not (np.isfinite(values) & (values >= 0)).all():
        problems.append("costs: every candidate needs a known cost of at least 0")
    refuse("siting", problems)
    price: Vector = known.reindex(candidates).to_numpy(dtype=float)
    if not budget >= price.min():
        cheapest = int(price.argmin())
        raise ScenarioError(
            f"budget: found {budget!r}; the cheapest candidate, {candidates[cheapest]!r}, "
            f"costs {price[cheapest]:g}",
            code="siting_budget",
            details={"budget": budget, "cheapest": float(price[cheapest]), "site": candidates[cheapest]},
        )
    return price
