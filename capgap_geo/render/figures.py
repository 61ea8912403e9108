"""The three key figures below a headline: who is beyond reach, what is on record, which mines are far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import Held, corroborated, disputed, held
from capgap_geo.analysis.recall import kept_with_answer
from capgap_geo.i18n import Translator
from capgap_geo.model import Evidence, Profile, Scenario, Service, Study
from capgap_geo.render import attribution, disputes, story

#: Services whose records are one for each department: how many there are in it is not known.
BY_DEPARTMENT = frozenset(Service) - {Service.POLICE}
#: Published totals of the country, by service: never the number of our records.
NATIONAL = {
    Service.PROSECUTION: "prosecution_offices",
    Service.PROTECTION: "protection_units",
    Service.SHELTER: "specialised_shelters",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure: a large text, what it counts, and a small print of year and evidence."""

    value: str
    label: str
    note: str


@kept_with_answer
def key_figures(study: Study, answer: Assessment, t: Translator, *, area: str = "") -> tuple[Figure, ...]:
    """Return the three figures below the headline: beyond reach, capacity, mining zones."""
    return (
        _beyond_figure(study, answer, t, area),
        capacity_figure(study, answer, t, area=area),
        _zones_figure(study, answer, t, area),
    )


def _beyond_figure(study: Study, answer: Assessment, t: Translator, area: str) -> Figure:
    row, _ = story.area_row(answer, area)
    if area.startswith("z:"):
        pair = row["nearest_lower"], row["nearest_upper"]
        far = story.nearest(t, *pair, answer.unit, served=not answer.nobody_serves)
        return Figure(far, t("figure.zone_nearest"), t("figure.zones_note"))
    share = t.percent(float(row["uncovered_share_lower"]), float(row["uncovered_share_upper"]))
    limit = story.threshold(t, answer.scenario)
    label = t("figure.nobody") if answer.nobody_serves else t("figure.beyond", threshold=limit)
    return Figure(share, label, t("figure.population_year", year=int(study.population["year"].max())))


def capacity_figure(study: Study, answer: Assessment, t: Translator, *, area: str = "") -> Figure:
    """Return what is on record in a department (or the country): facilities, staff, vehicles.

    Of a province or a mining zone the department is told, and named.
    """
    department = story.department_of(study, area)
    local = answer.facilities
    if department is not None:
        local = local[local["department_id"] == department]
    if local.empty:
        figure = _none(study, answer.scenario, department, t)
    else:
        figure = _present(study, answer.scenario.service, local, t, country=department is None)
    if department is None or area.startswith("d:"):
        return figure
    name = story.department_name(study, department)
    return replace(figure, label=t("figure.in_department", name=name, text=figure.label))


def _none(study: Study, scenario: Scenario, department: str | None, t: Translator) -> Figure:
    known = story.known_absence(study, scenario, department=department)
    note = t("figure.none_note")
    if known is not None:
        note = t("figure.absent_note", year=story.year_of(known, t))
    profile = scenario.profile
    who = t("figure.for_all") if profile is Profile.EVERYONE else t(f"profile.{profile}.who")
    label = t("figure.service_for", service=t(f"service.{scenario.service}.long"), who=who)
    return Figure(t("figure.none"), label, note)


def _present(study: Study, service: Service, local: pd.DataFrame, t: Translator, *, country: bool) -> Figure:
    """Return what is held: of how many it is known where it is not known of all."""
    records = _records(service, local, t, country=country)
    known = {name: h for name in story.TOLD.get(service, ()) if (h := held(local, study.contested, name))}
    note = [*_age(local, t), *_doubts(study, local, list(known), t, country=country)]
    total = national(study, service) if country else None
    if total is not None:
        note.insert(0, _total(study, service, total, t))
    if not known:
        return Figure(records, t("figure.capacity_unknown"), " · ".join(note))
    told = [_amount(name, amount, service, len(local), t) for name, amount in known.items()]
    if all(amount.known == len(local) for amount in known.values()):
        return Figure(t.join(told), records, " · ".join(note))
    kind = "departments" if service in BY_DEPARTMENT else "units"
    label = "; ".join([*told[1:], t(f"figure.rest_{kind}")])
    return Figure(told[0], label, " · ".join([records, *note]))


def _records(service: Service, local: pd.DataFrame, t: Translator, *, country: bool) -> str:
    """Return how many are on record; where records are one for each department, in how many departments."""
    if service not in BY_DEPARTMENT:
        return t.count_pair(f"service.{service}.records", len(corroborated(local)), len(local))
    if not country:
        return t(f"service.{service}.least")
    low, high = (part["department_id"].nunique() for part in (corroborated(local), local))
    return t.count_pair(f"service.{service}.in_departments", low, high)


def _amount(name: str, amount: Held, service: Service, of: int, t: Translator) -> str:
    text = t.count_pair(f"capacity.{name}", amount.lower, amount.upper)
    if amount.known == of:
        return text
    kind = "departments" if service in BY_DEPARTMENT else "units"
    return t(f"figure.known_{kind}", text=text, part=t.number(amount.known), whole=t.number(of))


def _age(local: pd.DataFrame, t: Translator) -> list[str]:
    """Return how old the records are: the answer rests on all of them."""
    years = local["year"].dropna()
    if years.empty:
        return [t("figure.records_undated")]
    first, last = int(years.min()), int(years.max())
    said = t("figure.records_from", first=first, last=last)
    if first == last:
        said = t("figure.records_of", year=first)
    undated = len(local) - len(years)
    return [said, t("figure.some_undated", n=undated)] if undated else [said]


def _doubts(
    study: Study, local: pd.DataFrame, names: list[str], t: Translator, *, country: bool
) -> list[str]:
    """Return what is not sure of the figures: one source only, or sources that dispute them."""
    said = []
    known = local[local[names].notna().any(axis=1)] if names else local.iloc[:0]
    if known["capacity_evidence"].eq(Evidence.REPORTED).any():
        said.append(t("fact.capacity_reported"))
    elif not country and corroborated(_as_recorded(study, local)).empty:
        said.append(t("evidence.level.reported"))
    claims = disputed(local, study.contested)
    claims = claims[claims["measure"].isin(names)]
    if claims.empty:
        return said
    if not country:
        return [*said, disputes.of_capacity(claims, t)]
    where = [story.department_name(study, d) for d in sorted(set(claims["department_id"].dropna()))]
    return [*said, t("dispute.where", where=t.join(where))]


def _as_recorded(study: Study, local: pd.DataFrame) -> pd.DataFrame:
    """Return facilities with the evidence of their record: that of a disputed group is another matter."""
    return pd.DataFrame(study.facilities[study.facilities["facility_id"].isin(local["facility_id"])])


def national(study: Study, service: Service) -> pd.Series | None:
    """Return the latest published total of a service in the country, if there is one."""
    measure = NATIONAL.get(service, "")
    return latest(study, measure) if study.figures["measure"].eq(measure).any() else None


def _total(study: Study, service: Service, row: pd.Series, t: Translator) -> str:
    source = attribution.producer(study.sources[row["source_id"]], t)
    n = t.count(f"service.{service}.national", int(row["value"]))
    return t("figure.national", text=n, source=source, year=row["period"])


def latest(study: Study, measure: str) -> pd.Series:
    """Return the latest national figure of a measure."""
    rows = study.figures[study.figures["measure"].eq(measure) & study.figures["department_id"].isna()]
    return rows.sort_values("period").iloc[-1]


def _zones_figure(study: Study, answer: Assessment, t: Translator, area: str) -> Figure:
    zones = answer.zones.loc[story.zones_of(study, area)["zone_id"]]
    limit = answer.scenario.threshold
    low = int((zones["nearest_lower"] > limit).sum())
    high = int((zones["nearest_upper"] > limit).sum())
    if zones.empty:
        return Figure(t("figure.no_zone"), t("figure.zones_none"), "")
    value = t("figure.of", part=t.pair(low, high), whole=t.number(len(zones)))
    name = _zones_in(study, answer, area)
    label = t("figure.zones_in", name=name) if name else t("figure.zones")
    return Figure(value, label, t("fact.nobody" if answer.nobody_serves else "figure.zones_note"))


def _zones_in(study: Study, answer: Assessment, area: str) -> str:
    """Return the name of the area whose zones are counted: of a mining zone, its department."""
    department = story.department_of(study, area)
    if area.startswith("z:") and department is not None:
        return story.department_name(study, department)
    return story.area_row(answer, area)[1]
