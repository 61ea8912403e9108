"""What the numbers say, in sentences: the headline, the key figures and their bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import DASH, Translator
from capgap_geo.model import Measure, Profile, Scenario, Service, Study
from capgap_geo.render import attribution

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


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure: a large text, what it counts, and a small print of year and evidence."""

    value: str
    label: str
    note: str


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
    row = pd.Series(table.loc[name])
    return row, str(row.iloc[0])


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
    share = t.percent(float(row["uncovered_share_lower"]), float(row["uncovered_share_upper"]))
    n = people_pair(t, lower, upper)
    counted = t("people.who_million" if millions(upper) else "people.who", n=n, who=words["who"])
    return _sentence(t("headline.beyond", counted=counted, share=share, **words))


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
        return t(key)
    service = t(f"service.{scenario.service}.one")
    if scenario.profile is Profile.EVERYONE:
        return t("headline.no_record_everyone", service=service)
    return t("headline.no_record", service=service, who=t(f"profile.{scenario.profile}.who"))


def known_absence(study: Study, scenario: Scenario) -> pd.Series | None:
    """Return the sourced record that the whole country lacks the service for the profile, if any."""
    absences = study.absences
    national = absences["department_id"].isna() & absences["service"].eq(scenario.service)
    hit = absences[national & absences["profile"].eq(scenario.profile)]
    return None if hit.empty else hit.iloc[0]


def absence_note(study: Study, scenario: Scenario, t: Translator) -> str:
    """Return what stands below a headline that says nobody helps: the source, or that none is known."""
    known = known_absence(study, scenario)
    if known is None:
        return t("headline.note_no_record")
    producers = [attribution.producer(study.sources[s], t) for s in known["source_ids"].split(";")]
    year = t("figure.undated") if pd.isna(known["year"]) else str(int(known["year"]))
    return t("headline.note_absent", source="; ".join(dict.fromkeys(producers)), year=year)


def key_figures(study: Study, answer: Assessment, t: Translator, *, area: str = "") -> list[Figure]:
    """Return the three figures below the headline: beyond reach, capacity, mining zones."""
    return [
        _beyond_figure(study, answer, t, area),
        capacity_figure(study, answer, t, area=area),
        _zones_figure(study, answer, t, area),
    ]


def _beyond_figure(study: Study, answer: Assessment, t: Translator, area: str) -> Figure:
    row, _ = area_row(answer, area)
    if area.startswith("z:"):
        far = nearest(t, row["nearest_lower"], row["nearest_upper"], answer.unit)
        return Figure(far, t("figure.zone_nearest"), t("figure.zones_note"))
    share = t.percent(float(row["uncovered_share_lower"]), float(row["uncovered_share_upper"]))
    limit = threshold(t, answer.scenario)
    label = t("figure.nobody") if answer.nobody_serves else t("figure.beyond", threshold=limit)
    return Figure(share, label, t("figure.population_year", year=int(study.population["year"].max())))


def department_of(study: Study, area: str) -> str | None:
    """Return the department of a selected area, or None for the country."""
    kind, _, name = area.partition(":")
    if kind == "z":
        hit = study.zones.loc[study.zones["zone_id"] == name, "department_id"]
        return None if hit.empty else str(hit.iloc[0])
    return name[:2] or None


def capacity_figure(study: Study, answer: Assessment, t: Translator, *, area: str = "") -> Figure:
    """Return what is on record in a department (or the country): facilities, staff, vehicles."""
    department = department_of(study, area)
    local = answer.facilities
    if department is not None:
        local = local[local["department_id"] == department]
    service = answer.scenario.service
    if local.empty:
        label = t("figure.service_here", service=t(f"service.{service}.long"))
        return Figure(t("figure.none"), label, t("figure.none_note"))
    told = [text for name in TOLD.get(service, ()) if (text := _amount(local, name, t))]
    years = local["year"].dropna()
    span = t("figure.undated") if years.empty else t.span(int(years.min()), int(years.max()))
    records = t.count(f"service.{service}.records", len(local))
    if not told:
        return Figure(records, t("figure.capacity_unknown"), span)
    return Figure(t.join(told), records, span)


def _amount(local: pd.DataFrame, name: str, t: Translator) -> str:
    known = local[name].dropna()
    if known.empty:
        return ""
    text = t.count(f"capacity.{name}", int(known.sum()))
    return text if len(known) == len(local) else t("figure.at_least", text=text)


def _zones_figure(study: Study, answer: Assessment, t: Translator, area: str) -> Figure:
    department = department_of(study, area)
    zones = answer.zones
    if department is not None:
        zones = zones[(study.zones["department_id"] == department).to_numpy()]
    limit = answer.scenario.threshold
    low = int((zones["nearest_lower"] > limit).sum())
    high = int((zones["nearest_upper"] > limit).sum())
    if zones.empty:
        return Figure(t("figure.none"), t("figure.zones_none"), t("figure.zones_note"))
    value = t("figure.of", part=t.pair(low, high), whole=t.number(len(zones)))
    return Figure(value, t("figure.zones"), t("figure.zones_note"))


def period(text: object) -> str:
    """Return a period of the data with a dash: ``2018–2025-Q3``."""
    return "" if text is None else str(text).replace(" to ", DASH)


def profiles(t: Translator, names: str) -> str:
    """Return groups in words; all four read as everyone."""
    groups = [g for g in names.split(";") if g]
    if len(groups) == 4:
        return t(f"profile.{Profile.EVERYONE}.name").lower()
    return t.join([t(f"profile.{g}.name").lower() for g in groups])
