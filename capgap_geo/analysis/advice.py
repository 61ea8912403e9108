"""Which single change would bring most people of an area within reach, counted on the full grid."""

from __future__ import annotations

from dataclasses import dataclass

from capgap_geo.analysis.assess import Assessment, assess
from capgap_geo.analysis.candidates import candidates
from capgap_geo.analysis.plan import Plan
from capgap_geo.analysis.proposal import Question, propose
from capgap_geo.analysis.whatif import apply, difference
from capgap_geo.errors import ScenarioError
from capgap_geo.model import Study

#: Smallest town in which a new facility is tried.
SMALLEST_TOWN = 10_000.0
#: A change that brings less than this share of the people beyond reach is within the error of the model.
WORTH = 0.05
#: Candidates that are tried at most, the largest towns first.
MOST_TRIED = 12


@dataclass(frozen=True, slots=True)
class Gain:
    """A change and the persons of an area whom it would bring within reach, as lower and upper bound."""

    plan: Plan
    people: tuple[float, float]


def best_changes(study: Study, answer: Assessment, *, department: str, most: int = 3) -> list[Gain]:
    """Return the single changes that bring most people of a department within reach, the best first.

    Tried are a new facility in each larger town of the department (for a service known by department
    only, in the department), and that a facility of the department accepts the profile.

    Parameters
    ----------
    answer
        What is, before the change.
    department
        Its id.
    most
        Number of changes returned; those that bring less than `WORTH` of the people beyond reach, under
        either evidence, are left out.
    """
    beyond = float(answer.departments["uncovered_people_upper"].loc[department])
    found = []
    for plan in _tried(study, answer, department):
        after = assess(study, answer.scenario, facilities=apply(study, plan))
        people = difference(answer, after, department=department).people
        if people[1] >= max(WORTH * beyond, 1.0):
            found.append(Gain(plan, people))
    return sorted(found, key=lambda gain: (-gain.people[0], -gain.people[1], str(gain.plan)))[:most]


def best_together(study: Study, answer: Assessment, *, changes: int = 3) -> list[Gain]:
    """Return the few changes that together bring most people of the country within reach, as one plan."""
    try:
        plan = propose(study, answer.scenario, Question(p=changes, min_population=SMALLEST_TOWN)).plan
    except ScenarioError:
        return []
    after = assess(study, answer.scenario, facilities=apply(study, plan))
    people = difference(answer, after).people
    return [Gain(plan, people)] if people[1] >= 1 else []


def _tried(study: Study, answer: Assessment, department: str) -> list[Plan]:
    try:
        offered = candidates(study, answer.scenario, min_population=SMALLEST_TOWN)
    except ScenarioError:
        return []
    home = study.places.set_index("place_id")["department_id"]
    known = study.facilities.set_index("facility_id")["department_id"]
    here: list[Plan] = []
    for change in offered.changes:
        at = getattr(change, "at", None)
        where = known.get(getattr(change, "facility_id", ""), "") if at is None else home.get(at, at)
        if where == department:
            here.append((change,))
    return here[:MOST_TRIED]
