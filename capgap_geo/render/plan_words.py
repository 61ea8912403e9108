"""A plan in words: its changes, its problems, what it brings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.plan import Accept, Add, Change, Plan, Problem, read_text
from capgap_geo.analysis.whatif import BY_DEPARTMENT, difference, near
from capgap_geo.i18n import Translator
from capgap_geo.model import GROUPS, Scenario, Service, Study
from capgap_geo.render import story

#: A change of fewer persons than this is told as none.
NOBODY = story.NOBODY


def place(study: Study, t: Translator, change: Add) -> str:
    """Return where a new facility stands: a place, a department, or the nearest place and how far."""
    names = study.departments.set_index("department_id")["department_name"]
    if change.service in BY_DEPARTMENT:
        return str(names[change.at])
    if change.point is None:
        row = study.places[study.places["place_id"].eq(change.at)].iloc[0]
        return t("plan.place_in", place=row["place_name"], department=row["department_name"])
    around = near(study, *change.point)
    department = names[around.department_id]
    if around.km < 1.0:
        return t("plan.place_in", place=around.place_name, department=department)
    km = t.pair(round(around.km), round(around.km), unit="km")
    return t("plan.near", km=km, place=around.place_name, department=department)


def short_place(study: Study, t: Translator, change: Add) -> str:
    """Return the name that stands on the map."""
    return place(study, t, change).split(" (")[0]


def facility(study: Study, t: Translator, facility_id: str) -> str:
    """Return the name of a facility on record: its service and its place or department."""
    row = study.facilities[study.facilities["facility_id"].eq(facility_id)].iloc[0]
    where = row["department_name"] if pd.isna(row["place_name"]) else row["place_name"]
    return t("plan.facility", service=t(f"service.{row['service']}.name"), place=where)


def change(study: Study, t: Translator, made: Change) -> str:
    """Return one change in words."""
    if isinstance(made, Add):
        words = {"service": t(f"service.{made.service}.name"), "place": place(study, t, made)}
        if made.profiles == GROUPS:
            return t("plan.change.add", **words)
        return t("plan.change.add_for", who=story.profiles(t, ";".join(made.profiles)).lower(), **words)
    name = facility(study, t, made.facility_id)
    if isinstance(made, Accept):
        groups = [t(f"profile.{p}.name").lower() for p in made.profiles]
        return t("plan.change.accept", facility=name, who=t.join(groups))
    return t("plan.change.remove", facility=name)


def problem(study: Study, t: Translator, found: Problem) -> str:
    """Return why a change cannot be made, and what works instead."""
    near_by, said = _offered(study, t, found), found.found
    if found.code == "plan_twice":
        said = change(study, t, read_text(said)[0][0])
    if said in set(study.facilities["facility_id"]):
        said = facility(study, t, said)
    return t(f"plan.problem.{found.code}", found=said, nearest=near_by)


def _offered(study: Study, t: Translator, found: Problem) -> str:
    """Return what would work, by its name and as a plan writes it."""
    name, near_by = "", found.nearest
    if found.code == "plan_service":
        name = t(f"service.{near_by}.name")
    elif found.code == "plan_facility" and near_by:
        name = facility(study, t, near_by)
    elif found.code in ("plan_place", "plan_by_department"):
        kind = "place" if found.code == "plan_place" else "department"
        name = str(getattr(study, f"{kind}s").set_index(f"{kind}_id").loc[near_by, f"{kind}_name"])
    return f"{name} ({near_by})" if name else near_by


def other_services(study: Study, t: Translator, plan: Plan, service: Service) -> str:
    """Return the services that a plan changes besides the one that is asked about; empty if none."""
    table = study.facilities.set_index("facility_id")["service"]
    touched = [made.service if isinstance(made, Add) else Service(table[made.facility_id]) for made in plan]
    return t.join(list(dict.fromkeys(t(f"service.{s}.name") for s in touched if s is not service)))


def headline(before: Assessment, after: Assessment, t: Translator, *, plan: Plan) -> str:
    """Return what a plan brings, in one sentence computed from its numbers."""
    scenario = after.scenario
    words = _words(t, scenario)
    low, high = difference(before, after).people
    if not plan:
        return t("plan.head.empty")
    if max(abs(low), abs(high)) < NOBODY:
        return t("plan.head.none", **words)
    if low < -NOBODY < NOBODY < high:
        return t("plan.head.mixed", low=_some(t, -low), high=_some(t, high), **words)
    kind, pair = ("gain", (max(low, 0.0), high)) if high >= NOBODY else ("loss", (max(-high, 0.0), -low))
    million = "_million" if story.millions(pair[1]) and t.language == "es" else ""
    n = story.people_pair(t, *pair) if _both(*pair) else _at_most(t, pair[1])
    return t(f"plan.head.{kind}{million}", n=n, **words)


def _both(low: float, high: float) -> bool:
    """Return whether a change is told with two bounds: it moves somebody, and not only few."""
    return low >= NOBODY and high >= story.FEW


def _at_most(t: Translator, people: float) -> str:
    """Return that a plan may change nobody, or only few: ``up to 34,000``, ``up to 1,000``."""
    return t("people.up_to", n=t.number(story.FEW) if people < story.FEW else story.people(t, people))


def _some(t: Translator, people: float) -> str:
    """Return one end of a change; few are told by their limit: "fewer than 1,000 more" says two things."""
    return _at_most(t, people) if people < story.FEW else story.people(t, people)


def _words(t: Translator, scenario: Scenario) -> dict[str, str]:
    who = t(f"profile.{scenario.profile}.who")
    return {
        "who": who,
        "threshold": story.threshold(t, scenario),
        "from": t(f"service.{scenario.service}.from", whom=t(f"profile.{scenario.profile}.whom")),
    }


def change_pair(t: Translator, low: float, high: float) -> str:
    """Return a change in people as a pair: so many more, so many fewer, or the word for none."""
    if max(abs(low), abs(high)) < NOBODY:
        return t("plan.table.same")
    if low < -NOBODY < NOBODY < high:
        return t("plan.table.mixed", low=_some(t, -low), high=_some(t, high))
    near_by, far = sorted((abs(low), abs(high)))
    n = story.people_span(t, near_by, far) if _both(near_by, far) else _at_most(t, far)
    return t("plan.table.less" if low < -NOBODY else "plan.table.more", n=n)


def comparison(before: Assessment, after: Assessment, t: Translator) -> list[tuple[str, str, str, str]]:
    """Return what is beyond reach in the country as rows of label, before, after and change."""
    lost = difference(after, before)
    shares = [float(a.country[f"uncovered_share_{b}"]) for b in ("lower", "upper") for a in (before, after)]
    share = sorted((100 * (shares[1] - shares[0]), 100 * (shares[3] - shares[2])))
    said: list[tuple[str, Callable[[Assessment, Translator], str], str]] = [
        ("people", _people, change_pair(t, *lost.people)),
        ("share", _share, _range(t, *share, digits=1, unit=t("plan.table.points"))),
        ("area", _area, area_change(t, lost.area_km2)),
        ("zones", _zones, _range(t, *lost.zones, counted=True)),
    ]
    return [(t(f"plan.table.{name}"), say(before, t), say(after, t), change) for name, say, change in said]


def _people(answer: Assessment, t: Translator) -> str:
    """Return people as the headline does; a smaller change is told beside them."""
    low, high = (float(answer.country[f"uncovered_people_{b}"]) for b in ("lower", "upper"))
    return story.people_span(t, low, high)


def _share(answer: Assessment, t: Translator) -> str:
    country = answer.country
    return t.percent(float(country["uncovered_share_lower"]), float(country["uncovered_share_upper"]))


def _area(answer: Assessment, t: Translator) -> str:
    country = answer.country
    return _km2(t, country["uncovered_area_km2_lower"], country["uncovered_area_km2_upper"])


def _km2(t: Translator, low: float, high: float) -> str:
    return t.pair(float(f"{low:.3g}"), float(f"{high:.3g}"), unit="km²")


def _zones(answer: Assessment, t: Translator) -> str:
    limit = answer.scenario.threshold
    low, high = (int((answer.zones[f"nearest_{b}"] > limit).sum()) for b in ("lower", "upper"))
    return t("figure.of", part=t.pair(low, high), whole=t.number(len(answer.zones)))


def _range(
    t: Translator, low: float, high: float, *, digits: int = 0, unit: str = "", counted: bool = False
) -> str:
    """Return a change as a pair: so much (or `counted`, so many) more or less, or the word for none."""
    kind = "" if counted else "_of"
    least = 0.5 * 10**-digits
    if max(abs(low), abs(high)) < least:
        return t("plan.table.same")
    if low < -least < least < high:
        ends = {"low": t.number(-low, digits), "high": t.number(high, digits)}
        return f"{t(f'plan.table.mixed{kind}', **ends)} {unit}".strip()
    near_by, far = sorted((abs(low), abs(high)))
    n = t.pair(near_by, far, digits, unit)
    if near_by < least:
        n = t("plan.table.up_to", n=t.pair(far, far, digits, unit))
    return t(f"plan.table.less{kind}" if low < -least else "plan.table.more", n=n)


def area_change(t: Translator, pair: tuple[float, float]) -> str:
    """Return a change in land with its sign, with three figures."""
    low, high = (float(f"{value:.3g}") for value in pair)
    return _range(t, low, high, unit="km²")


def duration(t: Translator, value: float, unit: str) -> str:
    """Return minutes or km in words."""
    if unit == "km":
        return (
            t.pair(round(value), round(value), unit="km") if math.isfinite(value) else t("value.unreachable")
        )
    return t.duration(value)


def names(study: Study, t: Translator, plan: Iterable[Change]) -> list[str]:
    """Return the changes of a plan in words."""
    return [change(study, t, made) for made in plan]
