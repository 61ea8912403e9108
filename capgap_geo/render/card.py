"""The card of one area: what is there, what is not, and every figure with its source and year."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.model import Service, Study
from capgap_geo.privacy.settings import MINIMUM_CELL
from capgap_geo.render import facts, story

#: Registries of children, whose small counts are not told exactly.
CHILDREN = "nna_"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card."""

    label: str
    value: str
    year: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one title, with a sentence that must stand beside them."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that is known, and not known, of one area."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]


def card(study: Study, answer: Assessment, t: Translator, area: str) -> Card | None:
    """Return the card of a department, province or mining zone; None where there is no such area."""
    row, name = story.area_row(answer, area)
    department = story.department_of(study, area)
    if not name or department is None:
        return None
    sections = [
        _reach(study, answer, t, row, zone=area.startswith("z:")),
        _present(study, t, department),
        _absent(study, t, department),
    ]
    kind, _, area_id = area.partition(":")
    if kind == "z":
        sections.insert(0, _zone(study, t, area_id))
    else:
        sections += [_zones_here(study, answer, t, department), _incidents(study, t, department)]
    return Card(name, _subtitle(study, t, kind, department), tuple(s for s in sections if s.lines or s.note))


def _subtitle(study: Study, t: Translator, kind: str, department: str) -> str:
    if kind == "d":
        return t("card.department")
    names = study.departments.set_index("department_id")["department_name"]
    return t(f"card.in.{kind}", department=names[department])


def _reach(study: Study, answer: Assessment, t: Translator, row: pd.Series, *, zone: bool) -> Section:
    year = str(study.population["year"].max())
    scenario = answer.scenario
    title = t("card.reach", service=t(f"service.{scenario.service}.long"))
    if answer.nobody_serves:
        return Section(title, (), t("fact.nobody"))
    half = story.nearest(t, row["nearest_lower"], row["nearest_upper"], answer.unit)
    if zone:
        far = (Line(t("figure.zone_nearest"), half), Line(t("card.people_in_zone"), t("value.unknown")))
        return Section(title, far, t("card.people_in_zone_note"))
    share = t.percent(row["uncovered_share_lower"], row["uncovered_share_upper"])
    people = story.people_pair(t, row["uncovered_people_lower"], row["uncovered_people_upper"])
    low, high = (float(f"{row[key]:.2g}") for key in ("uncovered_area_km2_lower", "uncovered_area_km2_upper"))
    land = t.pair(low, high, unit="km²")
    lines = [
        Line(t("figure.beyond", threshold=story.threshold(t, scenario)), f"{people} ({share})", year),
        Line(t("card.land_beyond"), land),
        Line(t("card.half"), half),
    ]
    return Section(title, tuple(lines), "" if row["robust"] else t("fact.not_robust"))


def _present(study: Study, t: Translator, department: str) -> Section:
    local = study.facilities[study.facilities["department_id"] == department]
    lines = [
        _facility(study, t, row)
        for service in Service
        for _, row in local[local["service"] == service].iterrows()
    ]
    return Section(t("card.present"), tuple(lines))


def _facility(study: Study, t: Translator, row: pd.Series) -> Line:
    said = facts.facility_facts(study, t, row)
    return Line(said.name, f"{said.value} · {said.pair}", said.year, said.source, said.note)


def _absent(study: Study, t: Translator, department: str) -> Section:
    local = study.facilities[study.facilities["department_id"] == department]
    known = study.absences[
        study.absences["department_id"].eq(department) | study.absences["department_id"].isna()
    ]
    lines = [
        Line(
            t(f"absence.{a['absence_id']}"),
            t("card.documented"),
            year_of(a, t),
            facts.sources(study, t, a["source_ids"]),
        )
        for _, a in known.iterrows()
    ]
    lines += [
        Line(t(f"service.{service}.long"), t("card.no_record"))
        for service in Service
        if service not in set(local["service"])
    ]
    return Section(t("card.absent"), tuple(lines), t("figure.none_note"))


def year_of(row: pd.Series, t: Translator) -> str:
    """Return the year of a record, or the word for undated."""
    return t("figure.undated") if pd.isna(row["year"]) else str(int(row["year"]))


def _zone(study: Study, t: Translator, zone_id: str) -> Section:
    zone = study.zones.set_index("zone_id").loc[zone_id]
    source = facts.sources(study, t, zone["source_ids"])
    mined = t("value.unknown") if pd.isna(zone["mined_ha"]) else f"{t.significant(zone['mined_ha'], 3)} ha"
    link_year = "" if pd.isna(zone["trafficking_year"]) else str(int(zone["trafficking_year"]))
    return Section(
        t("card.zone"),
        (
            Line(t("card.mined"), mined, story.period(zone["mined_ha_period"]), source),
            Line(t("card.legality"), t(f"zone.legality.{zone['legality']}")),
            Line(t("card.link"), t(f"zone.link.{zone['trafficking_evidence']}"), link_year, source),
            Line(
                t("card.outline"),
                t(f"zone.method.{zone['outline_method']}"),
                note=t("card.precision", km=t.number(zone["precision_km"])),
            ),
        ),
    )


def _zones_here(study: Study, answer: Assessment, t: Translator, department: str) -> Section:
    here = study.zones[study.zones["department_id"] == department]
    lines = []
    for _, zone in here.iterrows():
        row = answer.zones.loc[zone["zone_id"]]
        reach = story.nearest(t, row["nearest_lower"], row["nearest_upper"], answer.unit)
        lines.append(Line(zone["zone_name"], reach, note=t(f"zone.link.{zone['trafficking_evidence']}")))
    return Section(t("card.zones"), tuple(lines), t("layer.zones_note") if lines else "")


def _counted(t: Translator, row: pd.Series) -> str:
    """Return a count with what it counts."""
    if str(row["registry"]).startswith(CHILDREN) and 0 < row["value"] < MINIMUM_CELL:
        return t("value.fewer", n=MINIMUM_CELL)
    number = t.number(row["value"], 0 if float(row["value"]).is_integer() else 1)
    said = f"unit.{str(row['unit']).replace(' ', '_')}"
    if row["measure"] == "share_from_cusco":
        said = "unit.percent_from_cusco"
    return t(said, n=number) if t.has(said) else number


def _incidents(study: Study, t: Translator, department: str) -> Section:
    local = study.incidents[study.incidents["department_id"] == department]
    titles = study.registries.set_index("registry")["title_es" if t.language == "es" else "title"]
    lines = tuple(
        Line(
            str(titles[row["registry"]]),
            _counted(t, row),
            story.period(row["period"]),
            facts.sources(study, t, row["source_id"]),
        )
        for _, row in local.iterrows()
    )
    return Section(t("card.incidents"), lines, t("card.incidents_note") if lines else "")
