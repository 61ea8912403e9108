"""Where new help could go, and who it would reach: candidates, demand points, and the reach between them.

Demand points stand for the people of the grid: each cell with a town is one, and the countryside of each
block of `BLOCK` x `BLOCK` cells is one, at the block's cell with most people outside towns. They serve to
choose among sites; what a choice brings is counted on the full grid afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis import catchments, ellipsoid
from capgap_geo.analysis.capacity import recent, serves
from capgap_geo.analysis.engines import engine
from capgap_geo.analysis.own_places import MOST_PLACES, own_places
from capgap_geo.analysis.plan import Accept, Add, Change, Plan
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.recall import remembered
from capgap_geo.analysis.whatif import BY_DEPARTMENT, apply
from capgap_geo.errors import ScenarioError
from capgap_geo.model import GROUPS, Demand, Measure, Profile, Scenario, Study

Floats = NDArray[np.float64]
#: Side of a block of countryside, in cells of 1 km.
BLOCK = 5
#: The same where all points matter to all candidates.
COARSE = 30
#: Weight of a cell without people, so that a block without any has a middle too.
_NOBODY = 1e-9
#: Column of a reach that stands for all existing facilities together.
EXISTING = "existing"
#: A place nearer than this to a capital, or to a larger one, is no candidate of its own.
ONE_TOWN_KM = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Points:
    """Demand points of one spread of the people.

    Attributes
    ----------
    cells
        Position of each point in the engine's `cells`.
    group
        Point of every cell of the country.
    """

    cells: NDArray[np.intp]
    group: NDArray[np.intp]

    def sums(self, person: Floats) -> Floats:
        """Return the persons of each point from the persons of each cell."""
        sums = np.bincount(self.group, person, minlength=len(self.cells)).astype(np.float64)
        return np.maximum(sums, 0.0)  # a residue of rounding may stand below nothing


@remembered(4)
def points(study: Study, demand: Demand, *, block: int = BLOCK) -> Points:
    """Return the demand points of one spread of the people; a block is `block` cells wide."""
    ready = engine(study)
    person = np.asarray(ready.people(demand, Profile.EVERYONE).sum(axis=0)).ravel()
    row, column = np.divmod(ready.cells, ready.grid.shape[1])
    label = row // block * (ready.grid.shape[1] // block + 1) + column // block
    towns = np.unique(ready.place_cells)
    label[towns] = label.max() + 1 + np.arange(len(towns))
    _, group = np.unique(label, return_inverse=True)
    weight = np.maximum(person, _NOBODY)
    whole = np.bincount(group, weight)
    away = np.hypot(*(axis - (np.bincount(group, weight * axis) / whole)[group] for axis in (row, column)))
    order = np.lexsort((away, group))
    first = np.searchsorted(group[order], np.arange(group.max() + 1))
    return Points(order[first], group)


@dataclass(frozen=True, eq=False)
class Candidates:
    """What could be done, each as one change, and where it would be reached.

    Attributes
    ----------
    labels
        The changes as a plan writes them.
    changes
        The same as objects.
    sites
        Longitude and latitude; a department's reference point for a service known by department only.
    """

    labels: tuple[str, ...]
    changes: tuple[Change, ...]
    sites: Floats

    @property
    def accepting(self) -> tuple[bool, ...]:
        """Whether a candidate is an existing facility that begins to accept a group."""
        return tuple(isinstance(change, Accept) for change in self.changes)


def candidates(
    study: Study,
    scenario: Scenario,
    *,
    min_population: float = 10_000.0,
    places: Sequence[str] = (),
    plan: Plan = (),
) -> Candidates:
    """Return the towns of at least a population, or those of a list, and who could accept the profile.

    Parameters
    ----------
    min_population
        Smallest place that is offered; of more than `MOST_PLACES` the largest are. A service that is
        known by department only has the departments as candidates instead.
    places
        A list of one's own instead, whatever the population: ids of places, ``lon_lat`` in degrees, or, for
        a service that is known by department only, ids of departments. Facilities that could accept the
        profile are offered too.
    plan
        Changes already made: not offered again.

    Raises
    ------
    ScenarioError
        Codes ``siting_no_candidate`` (``details["largest"]`` is the population of the largest place),
        ``siting_all_planned`` and ``siting_all_planned_departments`` (``details["planned"]`` candidates,
        each of them in the plan already), ``siting_places`` (what of the list cannot be used).
    """
    groups = GROUPS if scenario.profile is Profile.EVERYONE else (scenario.profile,)
    own = own_places(study, scenario, groups, places)
    new = own or _new(study, scenario, groups, min_population)
    kept = [(c, site) for c, site in new if not any(_same(c, made) for made in plan)]
    kept += _accepting(study, scenario, groups, plan)
    if not kept:
        _refuse_none(study, scenario, len(new), min_population)
    sites = np.array([site for _, site in kept])
    return Candidates(tuple(str(c) for c, _ in kept), tuple(c for c, _ in kept), sites)


def _same(one: Change, other: Change) -> bool:
    return isinstance(other, Add) and one.facility_id == other.facility_id


def _refuse_none(study: Study, scenario: Scenario, planned: int, min_population: float) -> NoReturn:
    if not planned:
        largest = float(study.places["population"].max())
        raise ScenarioError(
            f"candidates: no place has {min_population:g} people; the largest has {largest:g}",
            code="siting_no_candidate",
            details={"largest": largest},
        )
    said, details = f"candidates: all {planned} are in the plan already", {"planned": planned}
    if scenario.service in BY_DEPARTMENT:
        raise ScenarioError(
            f"{said}; take a change out", code="siting_all_planned_departments", details=details
        )
    raise ScenarioError(
        f"{said}; take a change out or offer smaller places", code="siting_all_planned", details=details
    )


def _new(
    study: Study, scenario: Scenario, groups: tuple[Profile, ...], min_population: float
) -> list[tuple[Change, tuple[float, float]]]:
    if scenario.service in BY_DEPARTMENT:
        capitals = engine(study).capitals
        return [
            (Add(scenario.service, str(name), groups), (point.x, point.y)) for name, point in capitals.items()
        ]
    places = study.places[study.places["population"] >= min_population]
    capital = places["place_id"].isin(
        {*study.departments["capital_place_id"], *study.provinces["capital_place_id"]}
    )
    places = places.assign(capital=capital).sort_values(["capital", "population"], ascending=False)
    places = _apart(places).nlargest(MOST_PLACES, "population")
    return [
        (Add(scenario.service, str(name), groups), (point.x, point.y))
        for name, point in zip(places["place_id"], places.geometry, strict=True)
    ]


def _apart(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out the places close to one before them: for a network of services they are one town.

    Capitals come first: of a town that the gazetteer names twice, or of its quarters, everybody knows that
    name.
    """
    centred = ellipsoid.earth_centred(np.column_stack([places.geometry.x, places.geometry.y]))
    kept: list[int] = []
    for row, place in enumerate(centred):
        if not kept or ((centred[kept] - place) ** 2).sum(axis=1).min() > ONE_TOWN_KM**2 * 1e6:
            kept.append(row)
    return places.iloc[kept]


def _accepting(
    study: Study, scenario: Scenario, groups: tuple[Profile, ...], plan: Plan
) -> list[tuple[Change, tuple[float, float]]]:
    """Return the facilities of the service that do not take the profile yet, whatever the plan does.

    Only groups of an age that they take already: care is for an age, and grown men are never proposed to
    a shelter for girls and boys.
    """
    table = apply(study, plan)
    table = table[table["service"].eq(scenario.service) & ~table["planned"]]
    table = table[~serves(table, scenario.profile) & recent(table, scenario.oldest)]
    sites = engine(study).sites(table)
    found: list[tuple[Change, tuple[float, float]]] = []
    for name, taken, site in zip(table["facility_id"], table["profiles"], sites, strict=True):
        known = {Profile(p) for p in str(taken).split(";")}
        missing = tuple(p for p in groups if p not in known)
        if _ages(missing) <= _ages(known):
            found.append((Accept(str(name), missing), (float(site[0]), float(site[1]))))
    return found


def _ages(groups: Iterable[Profile]) -> set[bool]:
    """Return whether there are adults among the groups, and whether there are children."""
    return {group in (Profile.WOMEN, Profile.MEN) for group in groups}


def reach(study: Study, scenario: Scenario, offered: Candidates, *, limit: float) -> Reach:
    """Return the minutes or km from each demand point to each candidate, up to `limit`.

    Rows are the points of `scenario.demand`, in their order; columns the candidates' labels.

    Raises
    ------
    ScenarioError
        Travel time is asked for and the study has no friction surface.
    """
    sites = tuple(map(tuple, offered.sites.tolist()))
    matrix = _costs(study, scenario.measure, scenario.demand, sites, limit)
    return Reach(pd.RangeIndex(matrix.shape[0]), pd.Index(offered.labels), matrix)


@remembered(4)
def _costs(
    study: Study, measure: Measure, demand: Demand, sites: tuple[tuple[float, float], ...], limit: float
) -> sparse.csr_array:
    lonlat = np.array(sites).reshape(-1, 2)
    return _to_points(study, measure, points(study, demand), lonlat, limit, np.empty((0, 2)))


def _to_points(
    study: Study, measure: Measure, at: Points, sites: Floats, limit: float, existing: Floats
) -> sparse.csr_array:
    ready = engine(study)
    if measure is Measure.STRAIGHT_LINE:
        return catchments.distances(sites, ready.lonlat[at.cells], limit=limit)
    row, column = np.divmod(ready.cells[at.cells], ready.grid.shape[1])
    return catchments.travel_times(
        ready.friction,
        ready.passable_cells(sites),
        list(zip(row.tolist(), column.tolist(), strict=True)),
        limit=limit,
        cell_km=ready.grid.cell_km,
        existing=ready.passable_cells(np.unique(existing, axis=0)),
    )


def costs(
    study: Study, scenario: Scenario, offered: Candidates, existing: Floats, surface: Floats
) -> tuple[pd.DataFrame, pd.Series]:
    """Return minutes or km from each (coarse) demand point to each candidate and to what exists; and persons.

    Only what is nearer than every existing facility is told; farther is infinity, which no answer uses.

    Parameters
    ----------
    existing
        Longitude and latitude of the existing facilities.
    surface
        Minutes or km to the nearest of them, by cell.
    """
    at = points(study, scenario.demand, block=COARSE)
    matrix = _to_points(study, scenario.measure, at, offered.sites, np.inf, existing).tocoo()
    table = np.full(matrix.shape, np.inf)
    table[matrix.coords] = matrix.data
    columns = [*offered.labels, EXISTING]
    frame = pd.DataFrame(np.column_stack([table, surface[at.cells]]), columns=columns)
    return frame, pd.Series(at.sums(_persons(study, scenario)))


def _persons(study: Study, scenario: Scenario) -> Floats:
    people = engine(study).people(scenario.demand, scenario.profile)
    return np.asarray(people.sum(axis=0), np.float64).ravel()


def demand(study: Study, scenario: Scenario) -> pd.Series:
    """Return the persons of the profile at each demand point."""
    return pd.Series(points(study, scenario.demand).sums(_persons(study, scenario)))


def with_existing(found: Reach, surface: Floats, at: Points, *, threshold: float) -> Reach:
    """Return who is within reach of the candidates, and in one more column of what exists.

    Parameters
    ----------
    surface
        Minutes or km to the nearest existing facility, by cell.
    """
    near = found.within(threshold)
    here = surface[at.cells]
    covered = np.flatnonzero(here <= threshold)
    column = sparse.csr_array(
        (here[covered], (covered, np.zeros(len(covered), np.intp))), shape=(len(here), 1)
    )
    both = sparse.csr_array(sparse.hstack([near.matrix, column]))
    return Reach(near.rows, near.columns.append(pd.Index([EXISTING])), both)
