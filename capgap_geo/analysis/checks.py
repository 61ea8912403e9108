"""What can be checked without a network: our answer beside a peer's, a publication's or a hand's.

Every check is a pure function that returns one or more `Check`; `run` yields them in order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod
from scipy import sparse
from scipy.sparse import csgraph

from capgap_geo.analysis import ellipsoid, geodesic, least_cost
from capgap_geo.analysis.accessibility import enhanced_two_step, three_step, two_step
from capgap_geo.analysis.decay import Step
from capgap_geo.analysis.engines import engine
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.siting import max_covering, p_center, p_median
from capgap_geo.model import Demand, Profile, Study

GEOD = Geod(ellps="WGS84")
#: Cells of a side of the grid on which least cost is compared.
_SIDE = 60
#: What docs/methods/travel-time.md claims of journeys that were not used: 15.4 %, rounded up.
STATED_ERROR_PCT = 16.0
#: Journeys that are named, those with most published statements first, and what a single one may be off.
_JOURNEYS, _JOURNEY_PCT = 5, 30.0


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison.

    Attributes
    ----------
    key
        What is compared; names its text.
    expected, ours
        Both values, in `unit`.
    tolerance
        Largest difference that is accepted, in `unit`.
    command
        What repeats the comparison at full length.
    what
        What is compared, where the key stands for several, such as a journey.
    """

    key: str
    expected: float
    ours: float
    tolerance: float
    unit: str
    command: str
    what: str = ""

    @property
    def difference(self) -> float:
        """How far ours is off."""
        return self.ours - self.expected

    @property
    def passed(self) -> bool:
        """Whether that is accepted."""
        return bool(abs(self.difference) <= self.tolerance)


def geodesics(_: Study) -> Iterator[Check]:
    """Compare lengths on the ellipsoid with a published baseline and with Karney's solution.

    References
    ----------
    ICSM, Geocentric Datum of Australia Technical Manual: Flinders Peak to Buninyong, 54,972.271 m.
    """
    command = "pytest tests/test_geodesic.py"
    flinders = [144 + 25 / 60 + 29.52440 / 3600, -(37 + 57 / 60 + 3.72030 / 3600)]
    buninyong = [143 + 55 / 60 + 35.38390 / 3600, -(37 + 39 / 60 + 10.15610 / 3600)]
    ours = ellipsoid.lengths(np.array([flinders]), np.array([buninyong]))[0]
    yield Check("geodesic_published", 54_972.271, float(ours), 0.001, "m", command)
    random = np.random.default_rng(1)
    start, end = random.uniform((-81, -18), (-68, 0), (2, 20_000, 2))
    exact = np.asarray(GEOD.inv(*start.T, *end.T)[2])
    worst = float(np.abs(ellipsoid.lengths(start, end) - exact).max())
    yield Check("geodesic_peer", 0.0, worst * 1000, 0.1, "mm", command)


def nearest(study: Study) -> Iterator[Check]:
    """Compare the nearest facility of places with every geodesic, one by one."""
    points = np.column_stack([study.places.geometry.x, study.places.geometry.y])
    placed = study.facilities[study.facilities.geometry.notna()].geometry
    sites = np.unique(np.column_stack([placed.x, placed.y]), axis=0)
    _, ours = geodesic.nearest(points, sites)
    pairs = np.repeat(points, len(sites), axis=0), np.tile(sites, (len(points), 1))
    every = np.asarray(GEOD.inv(*pairs[0].T, *pairs[1].T)[2]).reshape(len(points), -1)
    worst = float(np.abs(ours - every.min(axis=1)).max())
    yield Check("nearest_peer", 0.0, worst * 1000, 1.0, "mm", "pytest tests/test_geodesic.py")


def least_costs(_: Study) -> Iterator[Check]:
    """Compare least travel time with Dijkstra on the same graph, and with the length of a plain."""
    command = "pytest tests/test_least_cost.py"
    friction = np.random.default_rng(2).uniform(0.5, 60.0, (_SIDE, _SIDE))
    ours = least_cost.travel_time(friction, [(0, 0)], neighbours=8).minutes
    exact = csgraph.dijkstra(_graph(friction), indices=0)  # type: ignore[call-overload] # its stubs know no csr
    exact = exact.reshape(friction.shape)
    yield Check("least_cost_peer", 0.0, float(np.abs(ours - exact).max()), 1e-9, "min", command)
    plain = least_cost.travel_time(np.ones((_SIDE, _SIDE)), [(0, 0)], neighbours=8).minutes[20, 50]
    yield Check("least_cost_plain", 30 + 20 * math.sqrt(2), float(plain), 1e-9, "min", command)


def _graph(friction: NDArray[np.float64]) -> sparse.csr_matrix:
    """Return the steps to the eight neighbours: the mean of two frictions times the length."""
    rows, columns = friction.shape
    number = np.arange(friction.size).reshape(friction.shape)
    parts = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        there = (slice(down, rows), slice(max(0, right), columns + min(0, right)))
        cost = (friction[here] + friction[there]) / 2 * math.hypot(down, right)
        parts.append((cost.ravel(), number[here].ravel(), number[there].ravel()))
    values, start, end = (np.concatenate(part) for part in zip(*parts, strict=True))
    one_way = sparse.csr_matrix((values, (start, end)), shape=(friction.size, friction.size))
    return sparse.csr_matrix(one_way + one_way.T)


def catchments(_: Study) -> Iterator[Check]:
    """Compare floating catchments with an answer by hand, and hold them to their capacity.

    By hand: facility A (8) is reached by 100 and 300 people, B (6) by 300 only. A gives 8/400 = 0.02,
    B 6/300 = 0.02; who reaches both has 0.04.
    """
    command = "pytest tests/test_accessibility.py"
    frame = pd.DataFrame({"a": [10.0, 20.0], "b": [np.nan, 30.0]}, index=["x", "y"])
    people, supply = pd.Series({"x": 100.0, "y": 300.0}), pd.Series({"a": 8.0, "b": 6.0})
    found = two_step(supply, people, Reach.from_frame(frame), maximum=60.0)["accessibility_lower"]
    yield Check("catchment_hand", 0.04, float(found["y"]), 1e-12, "per person", command)
    random = np.random.default_rng(3)
    table = pd.DataFrame(random.uniform(5, 120, (200, 20))).rename(columns=str)
    crowd, beds = (
        pd.Series(random.uniform(1, 1e4, 200)),
        pd.Series(random.uniform(1, 50, 20), index=table.columns),
    )
    decay, reach = Step((30.0, 60.0), (1.0, 0.4)), Reach.from_frame(table)
    for name, method in (("2sfca", None), ("e2sfca", enhanced_two_step), ("3sfca", three_step)):
        if method is None:
            share = two_step(beds, crowd, reach, maximum=60.0)
        else:
            share = method(beds, crowd, reach, decay=decay, maximum=60.0)
        given = float((share["accessibility_lower"] * crowd).sum())
        yield Check(f"catchment_{name}", float(beds.sum()), given, 1e-6, "capacity", command)


def siting(_: Study) -> Iterator[Check]:
    """Compare the exact location models with every choice there is."""
    command = "pytest tests/test_siting.py tests/peers"
    random = np.random.default_rng(4)
    cost = pd.DataFrame(random.uniform(1, 100, (40, 12))).rename(columns=str)
    demand = pd.Series(random.uniform(1, 1000, 40))
    choices = [list(chosen) for chosen in itertools.combinations(cost.columns, 4)]
    within = cost <= 25
    best = max(float(demand[within[c].any(axis=1)].sum()) for c in choices)
    found = max_covering(Reach.from_frame(cost).within(25.0), demand, p=4)
    yield Check("siting_covering", best, found.objective, 1e-6, "people", command)
    least = min(float((cost[c].min(axis=1) * demand).sum()) for c in choices)
    yield Check("siting_median", least, p_median(cost, demand, p=4).objective, 1e-6, "people min", command)
    shortest = min(float(cost[c].min(axis=1).max()) for c in choices)
    yield Check("siting_center", shortest, p_center(cost, p=4).objective, 1e-9, "min", command)


def areas(study: Study) -> Iterator[Check]:
    """Compare areas with the ellipsoid's and with the official surface.

    References
    ----------
    INEI: surface of Peru 1,285,215.60 km2.
    """
    command = "pytest tests/test_geodata.py tests/test_grid.py"
    exact = sum(abs(GEOD.geometry_area_perimeter(shape)[0]) for shape in study.departments.geometry) / 1e6
    counted = float(engine(study).areas.sum())
    yield Check("area_ellipsoid", exact, counted, 0.0005 * exact, "km2", command)
    yield Check("area_official", 1_285_215.60, counted, 0.002 * 1_285_215.60, "km2", command)


def travel_times(study: Study, pairs: pd.DataFrame) -> Iterator[Check]:
    """Compare travel times with published ones that were not used to make the surface.

    Parameters
    ----------
    pairs
        ``pair``, ``from_longitude``, ``from_latitude``, ``to_longitude``, ``to_latitude``,
        ``published_min``, ``statements``, ``mode`` and ``half`` (``held_out``).
    """
    command = "pytest tests/test_travel_time.py"
    held = pairs[pairs["half"].eq("held_out") & pairs["mode"].eq("road")]
    ours = held.assign(ours=_minutes(study, held))
    off = (ours["ours"] / ours["published_min"] - 1).abs() * 100
    yield Check("travel_median_error", 0.0, float(off.median()), STATED_ERROR_PCT, "%", command)
    told = ours.sort_values(["statements", "published_min"], ascending=False).head(_JOURNEYS)
    for _, row in told.iterrows():
        most = _JOURNEY_PCT / 100 * row["published_min"]
        yield Check(
            "travel_journey",
            float(row["published_min"]),
            float(row["ours"]),
            most,
            "min",
            command,
            str(row["pair"]),
        )


def _minutes(study: Study, pairs: pd.DataFrame) -> NDArray[np.float64]:
    """Return the minutes of each journey, one search per place of departure."""
    ready = engine(study)
    start, end = (pairs[[f"{side}_longitude", f"{side}_latitude"]].to_numpy(float) for side in ("from", "to"))
    cells = ready.passable_cells(np.vstack([start, end]))
    departures, arrivals = cells[: len(start)], cells[len(start) :]
    minutes = np.empty(len(start))
    for departure in dict.fromkeys(departures):
        surface = least_cost.travel_time(ready.friction, [departure], cell_km=ready.grid.cell_km).minutes
        for row in [i for i, cell in enumerate(departures) if cell == departure]:
            minutes[row] = surface[arrivals[row]]
    return minutes


def totals(study: Study) -> Iterator[Check]:
    """Compare totals with the official ones.

    References
    ----------
    INEI: projected population at 30 June 2025, 34,350,244; 25 departments (with Callao), 196 provinces.
    """
    command = "pytest tests/test_geodata.py tests/test_study.py"
    people = float(study.population["population"].sum())
    yield Check("total_population", 34_350_244.0, people, 0.5, "people", command)
    spread = float(engine(study).people(Demand.NEAR_ACCESS, Profile.EVERYONE).sum())
    yield Check("total_spread", people, spread, 1.0, "people", command)
    yield Check("total_departments", 25.0, float(len(study.departments)), 0.0, "areas", command)
    yield Check("total_provinces", 196.0, float(len(study.provinces)), 0.0, "areas", command)


#: Every family of checks, in order.
CHECKS: tuple[Callable[[Study], Iterator[Check]], ...] = (
    geodesics, nearest, least_costs, catchments, siting, areas, totals,
)  # fmt: skip


def run(study: Study, *, pairs: pd.DataFrame | None = None) -> Iterator[Check]:
    """Yield every check of a study.

    Parameters
    ----------
    pairs
        Published travel times, as for `travel_times`; without them, or without a friction surface, travel
        times are not checked.
    """
    for family in CHECKS:
        yield from family(study)
    if pairs is not None and study.friction is not None:
        yield from travel_times(study, pairs)
