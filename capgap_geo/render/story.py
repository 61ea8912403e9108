"""What the numbers say, in sentences: the headline, what must stand below it, and how values are told."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import geopandas as gpd
import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.labels import row_of
from capgap_geo.analysis.recall import kept_with_answer
from capgap_geo.i18n import DASH, Translator
from capgap_geo.model import GROUPS, Demand, Measure, Profile, Scenario, Service, Study
from capgap_geo.render import attribution, disputes

MILLION = 1e6
#: People fewer than these are only told to be few: the grid and the spread of the people know no better.
FEW = 1000
#: Less than one person is nobody.
NOBODY = 0.5
#: What is nearer than this is only told to be near.
CLOSE = {"min": 5.0, "km": 1.0}
#: Steps in which travel is told, each up to a limit.
STEPS = {"min": ((60, 5), (600, 10), (math.inf, 60)), "km": ((100, 1), (math.inf, 10))}
#: Capacity that says most about each service, in the order in which it is told.
TOLD = {
    Service.POLICE: ("officers", "vehicles"),
    Service.PROSECUTION: ("prosecutors",),
    Service.SHELTER: ("beds",),
}


def people(t: Translator, value: float) -> str:
    """Return a number of people as finely as the data can know it: ``2.1 million``, ``34,000``.

    Two significant figures; of few people only that they are few, and of nobody, nobody.
    """
    if value < NOBODY:
        return t.number(0)
    if value < FEW:
        return t("value.fewer", n=t.number(FEW))
    if not millions(value):
        return t.significant(value)
    return _of_millions(t, _in_millions(t, value))


def people_pair(t: Translator, lower: float, upper: float) -> str:
    """Return a range of people, or one number where both read the same: ``between 13 and 18 million``."""
    return _range(t, lower, upper, lambda low, high: t("people.range", low=low, high=high))


def counted(t: Translator, lower: float, upper: float, profile: Profile = Profile.EVERYONE) -> str:
    """Return a range of people with who they are: ``between 13 and 18 million girls``."""
    key = "people.who_million" if millions(upper) else "people.who"
    return t(key, n=people_pair(t, lower, upper), who=t(f"profile.{profile}.who"))


def people_span(t: Translator, lower: float, upper: float) -> str:
    """Return a range of people as briefly as a table wants it: ``1.3–1.4 million``."""
    return _range(t, lower, upper, lambda low, high: f"{low}{DASH}{high}")


def _range(t: Translator, lower: float, upper: float, join: Callable[[str, str], str]) -> str:
    """Return two numbers of people joined, with their unit once where they share it."""
    low, high = people(t, lower), people(t, upper)
    if low == high or NOBODY <= upper < FEW:
        return high
    if NOBODY <= lower < FEW:
        return t("people.up_to", n=high)
    if millions(lower) and millions(upper):
        return _of_millions(t, join(_in_millions(t, lower), _in_millions(t, upper)))
    return join(low, high)


def millions(value: float) -> bool:
    """Return whether a number reads in millions once it is rounded."""
    return math.isfinite(value) and float(f"{value:.2g}") >= MILLION


def _in_millions(t: Translator, value: float) -> str:
    count = float(f"{value / MILLION:.2g}")
    return t.number(count, 0 if count.is_integer() else 1)


def _of_millions(t: Translator, n: str) -> str:
    return t("people.million.one" if n == t.number(1) else "people.million.other", n=n)


def threshold(t: Translator, scenario: Scenario) -> str:
    """Return the threshold in words: ``4 h`` or ``100 km``."""
    if scenario.measure is Measure.TRAVEL_TIME:
        return t.duration(scenario.threshold)
    return t.pair(scenario.threshold, scenario.threshold, unit="km")


def coarse(value: float, unit: str = "min") -> float:
    """Return how far something is as finely as can be known: 5 min, 10 min, then whole hours; 1 km, 10 km.

    Rounded up, so that what is beyond a limit never reads as within it.
    """
    if not math.isfinite(value):
        return value
    step = next(step for limit, step in STEPS[unit] if value < limit)
    return step * math.ceil(value / step)


@lru_cache(maxsize=1 << 12)
def far(t: Translator, value: float, unit: str) -> str:
    """Return a travel time or distance in words: ``under 5 min``, ``4 h``, ``840 km``."""
    if not math.isfinite(value):
        return t("value.unreachable")
    least = CLOSE[unit]
    said = max(coarse(value, unit), least)
    text = t.duration(said) if unit == "min" else t.pair(said, said, unit=unit)
    return t("value.under", n=text) if value < least else text


def nearest(t: Translator, lower: float, upper: float, unit: str, *, served: bool = True) -> str:
    """Return a pair of travel times or distances in words; a side that is unreachable leaves "at least".

    Parameters
    ----------
    served
        False where no service is on record: then nothing is far, there is nothing to go to.
    """
    if not served:
        return t("value.unserved")
    low, high = far(t, lower, unit), far(t, upper, unit)
    if low == high:
        return low
    if not math.isfinite(upper) and lower >= CLOSE[unit]:
        return t("figure.at_least", text=low)
    if unit == "km" and lower >= CLOSE[unit]:
        return t.pair(coarse(lower, unit), coarse(upper, unit), unit=unit)
    return f"{low} {t('word.to')} {high}"


def area_row(answer: Assessment, area: str) -> tuple[pd.Series, str]:
    """Return the row and the name of a selected area; the country where nothing is selected."""
    kind, _, name = area.partition(":")
    table = {"d": answer.departments, "p": answer.provinces, "z": answer.zones}.get(kind)
    if table is None or name not in table.index:
        return answer.country, ""
    row = row_of(table, name)
    return row, str(row.iloc[0])


@kept_with_answer
def headline(study: Study, answer: Assessment, t: Translator, *, area: str = "") -> str:
    """Return the one sentence that sums up a scenario, computed from its numbers."""
    scenario = answer.scenario
    if answer.nobody_serves:
        return _nobody(study, scenario, t)
    row, name = area_row(answer, area)
    lower, upper = float(row["uncovered_people_lower"]), float(row["uncovered_people_upper"])
    if area.startswith("z:"):
        return _zone_headline(answer, t, row, name)
    words = {
        "who": t(f"profile.{scenario.profile}.who"),
        "where": t("headline.in", name=name) if name else t("headline.in_peru"),
        "threshold": threshold(t, scenario),
        "from": t(f"service.{scenario.service}.from", whom=t(f"profile.{scenario.profile}.whom")),
    }
    if upper < 1:
        return _sentence(t("headline.nobody_beyond", **words))
    who = counted(t, lower, upper, scenario.profile)
    return _sentence(t("headline.beyond", counted=who, share=_share(row, t), **words))


def _zone_headline(answer: Assessment, t: Translator, row: pd.Series, name: str) -> str:
    """Say how far a mining zone is. Who lives in one is not known: no census counts its people."""
    scenario = answer.scenario
    service = t(f"service.{scenario.service}.from", whom=t(f"profile.{scenario.profile}.whom"))
    far = nearest(t, row["nearest_lower"], row["nearest_upper"], answer.unit)
    if math.isinf(row["nearest_lower"]):
        return t("headline.zone_unreachable", name=name, **{"from": service})
    return t("headline.zone", name=name, nearest=far, **{"from": service})


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _nobody(study: Study, scenario: Scenario, t: Translator) -> str:
    known = known_absence(study, scenario)
    key = f"headline.absent.{scenario.service}.{scenario.profile}"
    if known is not None and t.has(key):
        words = {"who": t.join(_claimants(study, known, t)), "what": t(key)}
        if pd.isna(known["year"]):
            return _sentence(t("headline.said_undated", **words))
        return _sentence(t("headline.said", year=int(known["year"]), **words))
    service = t(f"service.{scenario.service}.one")
    if scenario.profile is Profile.EVERYONE:
        return t("headline.no_record_everyone", service=service)
    return t("headline.no_record", service=service, who=t(f"profile.{scenario.profile}.who"))


def _claimants(study: Study, known: pd.Series, t: Translator) -> list[str]:
    """Return who says that a service is absent: what kind of voice where the tables say, else its name."""
    claims = study.contested[study.contested["service"].eq(known["service"])]
    kinds = dict(zip(claims["source_id"], claims["claimed_by"], strict=True))
    said = [
        t(f"claimed.{kinds[s]}") if s in kinds else attribution.producer(study.sources[s], t)
        for s in known["source_ids"].split(";")
    ]
    return list(dict.fromkeys(said))


def known_absence(study: Study, scenario: Scenario, *, department: str | None = None) -> pd.Series | None:
    """Return the sourced record that the country (or also a department) lacks the service, if any."""
    known = study.absences[study.absences["service"].eq(scenario.service)]
    whom = known["profile"].eq(scenario.profile)
    here = known["department_id"].eq(department or "") & (whom | known["profile"].eq(Profile.EVERYONE))
    found = pd.concat([known[here], known[known["department_id"].isna() & whom]])
    return None if found.empty else found.iloc[0]


def year_of(row: pd.Series, t: Translator) -> str:
    """Return the year of a record, or the word for undated."""
    return t("figure.undated") if pd.isna(row["year"]) else str(int(row["year"]))


def absence_note(study: Study, scenario: Scenario, t: Translator) -> str:
    """Return what stands below a headline that says nobody helps: the source, or that none is known."""
    known = known_absence(study, scenario)
    if known is None:
        return " ".join(filter(None, [_takes(study, scenario.service, t), t("headline.note_no_record")]))
    producers = [attribution.producer(study.sources[s], t) for s in known["source_ids"].split(";")]
    return t("headline.note_absent", source="; ".join(dict.fromkeys(producers)), year=year_of(known, t))


def other_spread(scenario: Scenario) -> Scenario:
    """Return the same question under the other assumption of where rural people live."""
    other = Demand.EVEN if scenario.demand is Demand.NEAR_ACCESS else Demand.NEAR_ACCESS
    return scenario.with_(demand=other)


def tells_people(answer: Assessment, area: str) -> bool:
    """Return whether a headline counts people: not where nobody serves, not of a mining zone."""
    return not answer.nobody_serves and not area.startswith("z:")


def _takes(study: Study, service: Service, t: Translator) -> str:
    """Say for whom a service is, as far as it is on record: another group is no gap of it."""
    local = study.facilities.loc[study.facilities["service"].eq(service), "profiles"]
    groups = {group for names in local for group in str(names).split(";")}
    who = [t(f"profile.{g}.name").lower() for g in GROUPS if g in groups]
    return t("headline.takes", who=t.join(who)) if who else ""


def headline_note(
    study: Study, answer: Assessment, other: Assessment | None, t: Translator, *, area: str = ""
) -> str:
    """Return what stands below a headline wherever it goes: that it is an estimate, what is disputed.

    Parameters
    ----------
    other
        The answer to `other_spread` of the question; None where it is not known.
    """
    said = [disputes.of_question(study, answer.scenario, t)]
    if answer.nobody_serves:
        said.insert(0, absence_note(study, answer.scenario, t))
    elif other is not None and tells_people(answer, area):
        said.insert(0, _estimate(answer, other, t, area))
    return " ".join(filter(None, said))


def _estimate(answer: Assessment, other: Assessment, t: Translator, area: str) -> str:
    here, there = (_share(area_row(a, area)[0], t) for a in (answer, other))
    same = "same" if here == there else "other"
    return t(f"headline.estimate_{same}.{other.scenario.demand}", share=there)


def _share(row: pd.Series, t: Translator) -> str:
    return t.percent(float(row["uncovered_share_lower"]), float(row["uncovered_share_upper"]))


def department_of(study: Study, area: str) -> str | None:
    """Return the department of a selected area, or None for the country."""
    kind, _, name = area.partition(":")
    if kind == "z":
        hit = study.zones.loc[study.zones["zone_id"] == name, "department_id"]
        return None if hit.empty else str(hit.iloc[0])
    return name[:2] or None


def is_known(study: Study, area: str) -> bool:
    """Return whether a department, province or mining zone of that name is there."""
    kind, _, name = area.partition(":")
    ids = {
        "d": study.departments["department_id"],
        "p": study.provinces["province_id"],
        "z": study.zones["zone_id"],
    }.get(kind)
    return ids is not None and name in set(ids)


def department_name(study: Study, department: str) -> str:
    """Return the name of a department."""
    return str(study.departments.set_index("department_id")["department_name"][department])


def zones_of(study: Study, area: str) -> gpd.GeoDataFrame:
    """Return the mining zones of the country, a department or a province; of a zone, its department's."""
    kind, _, name = area.partition(":")
    if kind == "p":
        return study.zones[study.zones["province_id"] == name]
    department = department_of(study, area)
    return study.zones if department is None else study.zones[study.zones["department_id"] == department]


def profiles(t: Translator, names: str) -> str:
    """Return groups in words; all four read as everyone."""
    groups = [g for g in names.split(";") if g]
    if len(groups) == 4:
        return t(f"profile.{Profile.EVERYONE}.name").lower()
    return t.join([t(f"profile.{g}.name").lower() for g in groups])
