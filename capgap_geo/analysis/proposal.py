"""Where the next help should go: the exact answers of siting, asked of a study and a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.analysis.assess import Assessment, assess
from capgap_geo.analysis.candidates import (
    BLOCK,
    COARSE,
    EXISTING,
    Candidates,
    candidates,
    costs,
    demand,
    points,
    reach,
    with_existing,
)
from capgap_geo.analysis.engines import engine
from capgap_geo.analysis.plan import Plan
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.site_order import by_gain
from capgap_geo.analysis.siting import (
    Siting,
    Variant,
    budgeted_covering,
    coverage_curve,
    greedy_covering,
    max_covering,
    p_median,
    set_covering,
    stability,
)
from capgap_geo.analysis.whatif import apply, difference
from capgap_geo.errors import ScenarioError
from capgap_geo.model import THRESHOLD_MAX, Demand, Evidence, Scenario, Study

#: Seconds after which a search stops and tells how far from proven its answer is.
PATIENCE = 8.0
#: Multiples of the threshold over which a choice is tested.
FACTORS = (0.75, 1.0, 1.5)


class Aim(StrEnum):
    """What the choice of sites should achieve."""

    PEOPLE = "people"
    BUDGET = "budget"
    TIME = "time"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the search.

    Parameters
    ----------
    aim
        ``people``: most people within reach with `p` changes; ``budget``: the same for a budget;
        ``time``: least mean travel with `p` changes; ``everyone``: fewest changes that reach everyone
        whom any candidate reaches.
    p
        Number of changes, for ``people`` and ``time``.
    min_population
        Smallest place that is a candidate.
    places
        Candidates of one's own instead, as in `capgap_geo.analysis.candidates.candidates`.
    budget, new_cost, accept_cost
        For ``budget``, in any one unit: what there is, what a new unit costs, and what it costs that an
        existing one accepts a group. The user's assumptions: no public source states them.
    """

    aim: Aim = Aim.PEOPLE
    p: int = 3
    min_population: float = 10_000.0
    budget: float = 20.0
    new_cost: float = 10.0
    accept_cost: float = 1.0
    places: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Proposal:
    """The changes that serve the aim best, and how sure that is.

    Attributes
    ----------
    siting
        The answer on the demand points: labels of the changes, objective, bound, proven.
    plan
        The changes, first the one that brings most people within reach, then the one that adds most to it.
    greedy_gap
        Share of the newly covered people that the greedy choice falls short; NaN where it has no meaning.
    offered
        Number of candidates.
    demand_points, block
        Number of demand points, and the side in km of the blocks of countryside among them.
    unreached
        Persons whom no candidate and nothing that exists reaches; for `Aim.EVERYONE` and `Aim.TIME`.
    persons
        Persons whose travel is added up, for `Aim.TIME`.
    reached_now
        Those of them who reach something that exists, however far.
    """

    siting: Siting
    plan: Plan
    greedy_gap: float
    offered: int
    demand_points: int
    block: int = BLOCK
    unreached: float = math.nan
    persons: float = math.nan
    reached_now: float = math.nan


@dataclass(frozen=True, eq=False)
class _Travel:
    """Whose travel a search for the least adds up; see `Proposal`."""

    points: int
    unreached: float
    persons: float
    reached_now: float


@dataclass(frozen=True, eq=False)
class _Ground:
    """What a search stands on."""

    answer: Assessment
    offered: Candidates
    reach: Reach
    demand: pd.Series


def surface(answer: Assessment) -> NDArray[np.float64]:
    """Return minutes or km by cell under the evidence that the scenario draws."""
    return answer.strict if answer.scenario.evidence is Evidence.CORROBORATED else answer.wide


def propose(study: Study, scenario: Scenario, question: Question, *, plan: Plan = ()) -> Proposal:
    """Choose the changes that serve an aim best, in addition to a plan.

    Raises
    ------
    ScenarioError
        Codes of `capgap_geo.analysis.siting` (``siting_count``, ``siting_nothing_in_reach``,
        ``siting_budget``) and of `candidates`; details say what works.
    """
    ground = _ground(study, scenario, question, plan, limit=scenario.threshold)
    travel = _Travel(len(ground.demand), math.nan, math.nan, math.nan)
    if question.aim is Aim.TIME:
        answer, travel = _least_time(study, ground, question)
    elif question.aim is Aim.EVERYONE:
        _refuse_nobody_in_reach(ground)
        answer = set_covering(ground.reach, fixed=[EXISTING], reachable_only=True, time_limit=PATIENCE)
        travel = replace(travel, unreached=_persons(ground.demand, answer.unreachable))
    elif question.aim is Aim.BUDGET:
        price = pd.Series(_prices(ground.offered, question), index=pd.Index(ground.offered.labels))
        answer = budgeted_covering(
            ground.reach,
            ground.demand,
            costs=price,
            budget=question.budget,
            fixed=[EXISTING],
            time_limit=PATIENCE,
        )
    else:
        answer = max_covering(
            ground.reach, ground.demand, p=question.p, fixed=[EXISTING], time_limit=PATIENCE
        )
    return Proposal(
        siting=answer,
        plan=plan_of(ground.offered, by_gain(ground.reach, ground.demand, answer.sites, fixed=[EXISTING])),
        greedy_gap=_greedy_gap(ground, answer) if question.aim is Aim.PEOPLE else math.nan,
        offered=len(ground.offered.labels),
        demand_points=travel.points,
        block=COARSE if question.aim is Aim.TIME else BLOCK,
        unreached=travel.unreached,
        persons=travel.persons,
        reached_now=travel.reached_now,
    )


def plan_of(offered: Candidates, labels: tuple[object, ...]) -> Plan:
    """Return the changes of some candidates."""
    changes = dict(zip(offered.labels, offered.changes, strict=True))
    return tuple(changes[str(label)] for label in labels)


def _persons(demand: pd.Series, rows: tuple[object, ...]) -> float:
    return float(demand[demand.index.isin(rows)].sum())


def _ground(study: Study, scenario: Scenario, question: Question, plan: Plan, *, limit: float) -> _Ground:
    answer = assess(study, scenario, facilities=apply(study, plan))
    offered = candidates(
        study, scenario, min_population=question.min_population, places=question.places, plan=plan
    )
    known = reach(study, scenario, offered, limit=limit)
    at = points(study, scenario.demand)
    within = with_existing(known, surface(answer), at, threshold=scenario.threshold)
    return _Ground(answer, offered, within, demand(study, scenario))


def _least_time(study: Study, ground: _Ground, question: Question) -> tuple[Siting, _Travel]:
    scenario = ground.answer.scenario
    facilities = ground.answer.facilities
    if scenario.evidence is Evidence.CORROBORATED:
        facilities = facilities[facilities["evidence"] == Evidence.CORROBORATED]
    existing = engine(study).sites(facilities)
    table, persons = costs(study, scenario, ground.offered, existing, surface(ground.answer))
    answer = p_median(
        table, persons, p=question.p, fixed=[EXISTING], reachable_only=True, time_limit=PATIENCE
    )
    lost = _persons(persons, answer.unreachable)
    now = float(persons[np.isfinite(table[EXISTING])].sum())
    return answer, _Travel(len(persons), lost, float(persons.sum()) - lost, now)


def _prices(offered: Candidates, question: Question) -> list[float]:
    return [question.accept_cost if accepts else question.new_cost for accepts in offered.accepting]


def _greedy_gap(ground: _Ground, answer: Siting) -> float:
    if not answer.gain or len(answer.sites) < 1:
        return 0.0
    quick = greedy_covering(ground.reach, ground.demand, p=len(answer.sites), fixed=[EXISTING])
    return max(0.0, 1.0 - quick.gain / answer.gain)


def _refuse_nobody_in_reach(ground: _Ground) -> None:
    if ground.reach.matrix[:, :-1].nnz == 0:
        raise ScenarioError(
            "reach: no candidate reaches anybody; raise the threshold", code="siting_nothing_in_reach"
        )


def curve(
    study: Study, scenario: Scenario, question: Question, *, plan: Plan = (), p_max: int = 8
) -> pd.DataFrame:
    """Return what each further change brings, counted on the full grid: where more money stops helping.

    Returns
    -------
    pandas.DataFrame
        Index ``p`` from 0; ``people_lower``, ``people_upper`` (persons newly within reach under the two
        evidence levels), ``proven``, ``greedy_gap``.
    """
    ground = _ground(study, scenario, question, plan, limit=scenario.threshold)
    most = min(p_max, len(ground.offered.labels))
    found = coverage_curve(ground.reach, ground.demand, p_max=most, fixed=[EXISTING], time_limit=PATIENCE / 4)
    rows = []
    for sites in found["sites"]:
        after = assess(study, scenario, facilities=apply(study, plan + plan_of(ground.offered, sites)))
        rows.append(difference(ground.answer, after).people)
    gain = (found["covered"] - found["covered"].iloc[0]).clip(lower=0)
    short = (found["covered"] - found["greedy"]).clip(lower=0) / gain.where(gain > 0)
    table = pd.DataFrame(rows, columns=["people_lower", "people_upper"], index=found.index)
    return table.assign(proven=found["proven"], greedy_gap=short.fillna(0.0))


def steadiness(study: Study, scenario: Scenario, question: Question, *, plan: Plan = ()) -> pd.DataFrame:
    """Return how often each change is chosen when threshold, spread of the people and evidence change.

    Returns
    -------
    pandas.DataFrame
        As `capgap_geo.analysis.siting.stability`, over 12 sets of assumptions.
    """
    limit = max(FACTORS) * scenario.threshold
    runs = []
    for assumed in variants(scenario):
        ground = _ground(study, assumed, question, plan, limit=limit)
        runs.append(Variant(ground.reach, ground.demand, [EXISTING]))
    return stability(runs, p=question.p, time_limit=PATIENCE / 4)


def variants(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the assumptions over which a choice is tested: threshold, spread of the people, evidence."""
    most = THRESHOLD_MAX[scenario.measure]
    for factor in FACTORS:
        threshold = min(factor * scenario.threshold, most)
        for spread in Demand:
            for level in Evidence:
                yield scenario.with_(threshold=threshold, demand=spread, evidence=level)
