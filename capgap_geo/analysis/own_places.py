"""A user's own list of candidates: places, points, or for a shelter departments, checked all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from capgap_geo.analysis.engines import engine
from capgap_geo.analysis.plan import Add, Problem
from capgap_geo.analysis.whatif import BY_DEPARTMENT, read
from capgap_geo.errors import ScenarioError
from capgap_geo.model import Profile, Scenario, Study

#: Most places that are offered as candidates.
MOST_PLACES = 300
_UNREAD = "use a place_id of the study, or lon_lat in degrees such as -70.19_-12.59"
#: What to do about each problem of a plan's place.
_WHAT_TO_DO = {
    "plan_place": f"no place has this id; {_UNREAD}",
    "plan_by_department": "a shelter stands in a department and is never placed more closely; use a "
    "department_id such as 08",
    "plan_outside": "outside the country; the nearest place is {nearest}",
}


def own_places(
    study: Study, scenario: Scenario, groups: tuple[Profile, ...], places: Sequence[str]
) -> list[tuple[Add, tuple[float, float]]]:
    """Return each place of a list as a change, with longitude and latitude.

    Parameters
    ----------
    places
        Ids of places, ``lon_lat`` in degrees, or, for a service that is known by department only, ids of
        departments.

    Raises
    ------
    ScenarioError
        Code ``siting_places``; ``details["problems"]`` has a line for each entry that cannot be used.
    """
    changes = [Add(scenario.service, str(at), groups) for at in places]
    problems = [f"found {at!r} twice; name it once" for at, n in Counter(map(str, places)).items() if n > 1]
    if len(changes) > MOST_PLACES:
        problems.append(f"found {len(changes)} entries; use at most {MOST_PLACES}")
    else:
        told = ((row, _problem(study, change)) for row, change in enumerate(changes, 1))
        problems += [f"entry {row}: {problem}" for row, problem in told if problem]
    if problems:
        raise ScenarioError(
            f"places: {'; '.join(problems)}", code="siting_places", details={"problems": problems}
        )
    return [(change, _site(study, change)) for change in changes]


def _problem(study: Study, change: Add) -> str:
    usable, problems = read(study, str(change))
    if usable == (change,):
        return ""
    by_department = change.service in BY_DEPARTMENT
    problem = problems[0] if problems else Problem("plan_place", change.at)
    code = problem.code if problem.code in _WHAT_TO_DO else "plan_place"
    what = _WHAT_TO_DO["plan_by_department" if by_department else code].format(nearest=problem.nearest)
    return f"found {change.at!r}, {what}"


def _site(study: Study, change: Add) -> tuple[float, float]:
    if change.point is not None:
        return change.point
    if change.service in BY_DEPARTMENT:
        point = engine(study).capitals[change.at]
    else:
        places = study.places
        point = places.geometry[places["place_id"].eq(change.at)].iloc[0]
    return float(point.x), float(point.y)
