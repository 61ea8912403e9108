"""What if: a plan checked against the study, the facilities that it makes, and what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import Point

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import CAPACITY
from capgap_geo.analysis.engines import engine
from capgap_geo.analysis.labels import row_of
from capgap_geo.analysis.plan import Accept, Add, Change, Plan, Problem, Remove, read_text
from capgap_geo.analysis.recall import remembered
from capgap_geo.errors import ScenarioError
from capgap_geo.model import GROUPS, Evidence, Service, Study

#: A facility that is reached through its department alone, and is never placed more closely.
BY_DEPARTMENT = (Service.SHELTER,)
_KM_PER_DEGREE = 111.2


def parse(study: Study, text: str) -> Plan:
    """Return the plan of a text.

    Raises
    ------
    ScenarioError
        Code ``plan``, with every `Problem` in ``details["problems"]``.
    """
    plan, problems = read(study, text)
    if problems:
        raise ScenarioError(
            "plan: " + "; ".join(map(str, problems)), code="plan", details={"problems": problems}
        )
    return plan


def read(study: Study, text: str) -> tuple[Plan, tuple[Problem, ...]]:
    """Return the changes of a text that can be made, and the problems of the others."""
    plan, unread = read_text(text)
    usable, problems = check(study, plan)
    return usable, unread + problems


def check(study: Study, plan: Iterable[Change]) -> tuple[Plan, tuple[Problem, ...]]:
    """Return the changes that can be made one after the other, and the problems of the others."""
    usable: list[Change] = []
    problems: list[Problem] = []
    for change in plan:
        problem = _problem(study, usable, change)
        if problem is None:
            usable.append(change)
        else:
            problems.append(problem)
    return tuple(usable), tuple(problems)


@remembered(1)
def _ids(study: Study) -> dict[str, dict[str, int]]:
    """Return the row of each facility, place and department."""
    columns = {"facilities": "facility_id", "places": "place_id", "departments": "department_id"}
    return {
        name: {str(key): row for row, key in enumerate(getattr(study, name)[column])}
        for name, column in columns.items()
    }


def _problem(study: Study, before: list[Change], change: Change) -> Problem | None:
    if change in before:
        return Problem("plan_twice", str(change))
    if isinstance(change, Add):
        twin = any(isinstance(c, Add) and c.facility_id == change.facility_id for c in before)
        return Problem("plan_twice", str(change)) if twin else _place_problem(study, change)
    facility = change.facility_id
    ids = _ids(study)["facilities"]
    if facility not in ids:
        close = get_close_matches(facility, ids, n=1, cutoff=0.0)
        return Problem("plan_facility", facility, close[0] if close else "")
    if any(isinstance(c, Remove) and c.facility_id == facility for c in before):
        return Problem("plan_removed", facility)
    if isinstance(change, Accept):
        takes = study.facilities["profiles"].iloc[ids[facility]]
        if set(change.profiles) <= set(str(takes).split(";")):
            return Problem("plan_accepted", facility)
    return None


def _place_problem(study: Study, change: Add) -> Problem | None:
    if change.service in BY_DEPARTMENT:
        known = change.at in _ids(study)["departments"]
        return None if known else Problem("plan_by_department", change.at, _department(study, change))
    if change.point is None:
        known = change.at in _ids(study)["places"]
        return None if known else Problem("plan_place", change.at, _largest(study))
    lon, lat = change.point
    try:
        engine(study).positions(np.array([lon]), np.array([lat]))
    except ScenarioError:
        return Problem("plan_outside", change.at, near(study, lon, lat).place_name)
    return None


def _department(study: Study, change: Add) -> str:
    """Return the department that a change for a shelter means: that of its point or place, or the likest."""
    if change.point is not None:
        return near(study, *change.point).department_id
    ids = _ids(study)
    if change.at in ids["places"]:
        return str(study.places["department_id"].iloc[ids["places"][change.at]])
    return get_close_matches(change.at, ids["departments"], 1, 0.0)[0]


def _largest(study: Study) -> str:
    """Return the place with most people: numbers of places have nothing in common by which one is near."""
    return str(study.places.set_index("place_id")["population"].idxmax())


@dataclass(frozen=True, slots=True)
class Near:
    """The place nearest to a point, and the department that holds the point."""

    place_id: str
    place_name: str
    km: float
    department_id: str


@remembered(256)
def near(study: Study, lon: float, lat: float) -> Near:
    """Return what lies around a point; outside the country, the nearest department."""
    x, y = _place_lonlat(study)
    # Degrees of longitude are shortened, so that the nearest in degrees is the nearest on the ground.
    away = np.hypot((x - lon) * np.cos(np.radians(lat)), y - lat)
    place = int(away.argmin())
    place_id, name = (str(study.places[column].iloc[place]) for column in ("place_id", "place_name"))
    # A point inside a department is at distance 0 in any unit.
    _, found = study.departments.sindex.nearest(Point(lon, lat), return_all=False)
    department = str(study.departments["department_id"].iloc[int(found[0])])
    km = float(away.min() * _KM_PER_DEGREE)
    return Near(place_id, name, km, department)


@remembered(1)
def _place_lonlat(study: Study) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = study.places.geometry
    return points.x.to_numpy(), points.y.to_numpy()


def apply(study: Study, plan: Plan) -> gpd.GeoDataFrame:
    """Return the study's facilities after a plan.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of the study's table, ``planned`` (new) and ``changed`` (accepts more groups than on
        record). A new facility counts under both evidence levels and whatever the oldest year; its
        capacity is not known. One that accepts a group keeps its evidence and its year.

    Raises
    ------
    ScenarioError
        Code ``plan``: a change that cannot be made.
    """
    usable, problems = check(study, plan)
    if problems:
        raise ScenarioError(
            "plan: " + "; ".join(map(str, problems)), code="plan", details={"problems": problems}
        )
    columns = dict(_on_record(study))
    ids = list(_ids(study)["facilities"])
    for name in ("profiles", "changed"):
        columns[name] = columns[name].copy()
    for change in usable:
        if isinstance(change, Accept):
            row = ids.index(change.facility_id)
            taken = {*str(columns["profiles"][row]).split(";"), *change.profiles}
            columns["profiles"][row] = ";".join(p for p in GROUPS if p in taken)
            columns["changed"][row] = True
    gone = {c.facility_id for c in usable if isinstance(c, Remove)}
    kept = np.array([i for i, name in enumerate(ids) if name not in gone], np.intp)
    rows = [_row(study, c) for c in usable if isinstance(c, Add)]
    return _with_rows(columns, kept, rows)


@remembered(1)
def _on_record(study: Study) -> dict[str, Any]:
    """Return the columns of the recorded facilities, and those of a plan."""
    table = pd.DataFrame(study.facilities).assign(planned=False, changed=False)
    return {
        str(name): values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array
        for name, values in table.items()
    }


def _with_rows(
    known: Mapping[str, Any], kept: NDArray[np.intp], rows: list[dict[str, object]]
) -> gpd.GeoDataFrame:
    """Return the kept rows and new ones below, with the types of the columns."""
    position = np.append(kept, np.full(len(rows), -1))
    index = pd.RangeIndex(len(position))
    columns = {}
    for name, values in known.items():
        taken = values.take(position)
        if rows:
            taken[len(kept) :] = [row.get(name, np.nan if name in CAPACITY else None) for row in rows]
        # Text with gaps stays as it is: left to itself, pandas would guess a type and change the gaps.
        columns[name] = pd.Series(taken, index, object) if values.dtype == object else taken
    return gpd.GeoDataFrame(columns, index, geometry="geometry", copy=False)


def _row(study: Study, change: Add) -> dict[str, object]:
    """Return a new facility as a row; what is not stated is not known."""
    place = _place(study, change)
    department = change.at if change.service in BY_DEPARTMENT else place[2]
    name = study.departments["department_name"].iloc[_ids(study)["departments"][department]]
    return {
        "facility_id": change.facility_id,
        "service": str(change.service),
        "department_id": department,
        "department_name": name,
        "place_id": place[0],
        "place_name": place[1],
        "place_inferred": False,
        "profiles": ";".join(change.profiles),
        "evidence": str(Evidence.CORROBORATED),
        "precision": "department" if change.service in BY_DEPARTMENT else "place",
        "source_ids": "",
        "planned": True,
        "changed": False,
        "geometry": place[3],
    }


def _place(study: Study, change: Add) -> tuple[str | None, str | None, str, Point | None]:
    """Return id and name of the place (None for a point or a department), department and point."""
    if change.service in BY_DEPARTMENT:
        return None, None, change.at, None
    if change.point is None:
        row = study.places.iloc[_ids(study)["places"][change.at]]
        return change.at, row["place_name"], row["department_id"], row["geometry"]
    around = near(study, *change.point)
    return None, around.place_name, around.department_id, Point(*change.point)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a plan changes in one area, as lower and upper bound; negative where it takes away.

    Attributes
    ----------
    people
        Persons of the profile who come within reach.
    area_km2
        Land that comes within reach.
    zones
        Mining zones that come within reach.
    """

    people: tuple[float, float]
    area_km2: tuple[float, float]
    zones: tuple[int, int]


def difference(before: Assessment, after: Assessment, *, department: str = "") -> Difference:
    """Return what comes within reach from one answer to another, in a department or in the country.

    The bounds are the changes under the two evidence levels; which of them is the lower one depends on
    what was in reach before.
    """

    def change(name: str) -> tuple[float, float]:
        ends = []
        for bound in ("lower", "upper"):
            old, new = (_value(answer, department, f"{name}_{bound}") for answer in (before, after))
            ends.append(new - old)
        return min(ends), max(ends)

    counts = [zones_within(answer) for answer in (before, after)]
    zones = [counts[1][k] - counts[0][k] for k in (0, 1)]
    return Difference(change("covered_people"), change("covered_area_km2"), (min(zones), max(zones)))


def _value(answer: Assessment, department: str, column: str) -> float:
    row = row_of(answer.departments, department) if department else answer.country
    return float(row[column])


def zones_within(answer: Assessment) -> tuple[int, int]:
    """Return how many mining zones are within reach, as lower and upper bound."""
    limit = answer.scenario.threshold
    far, near_ = answer.zones["nearest_upper"], answer.zones["nearest_lower"]
    return int((far <= limit).sum()), int((near_ <= limit).sum())
