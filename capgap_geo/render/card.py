"""The card of one area: what is there, what is not, and every figure with its source and year."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.recall import remembered
from capgap_geo.i18n import LANGUAGES, Translator
from capgap_geo.model import MAPPED, Profile, Service, Study
from capgap_geo.privacy.settings import MINIMUM_CELL
from capgap_geo.render import facts, story, zone_sources
from capgap_geo.render.facts import Citation, citations

#: Sections that are known by department, also in the card of a province or a mining zone.
BY_DEPARTMENT = ("present", "absent", "incidents")
#: Registries of children, whose small counts are not told exactly.
CHILDREN = "nna_"
#: Sections kept ready, one of each department in each language.
KEPT = 25 * len(LANGUAGES)
#: What a measure counts where its unit says less.
_UNITS = {
    "share_from_cusco": "percent_from_cusco",
    "victims": "victims",
    "victims_rescued": "victims_rescued",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card."""

    label: str
    value: str
    year: str = ""
    cites: tuple[Citation, ...] = ()
    note: str = ""

    @property
    def source(self) -> str:
        """Who says it, as text."""
        return "; ".join(citation.text for citation in self.cites)


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one title, with a sentence that must stand beside them.

    Attributes
    ----------
    kind
        What it tells: ``zone``, ``reach``, ``present``, ``absent``, ``zones`` or ``incidents``.
    """

    kind: str
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
    kind, _, area_id = area.partition(":")
    sections = [
        _reach(study, answer, t, row, zone=kind == "z"),
        _present(study, t, department),
        _absent(study, t, department),
    ]
    if kind == "z":
        sections.insert(0, _zone(study, t, area_id))
    else:
        sections += [_zones_here(study, answer, t, area), _incidents(study, t, department)]
    told = tuple(_placed(s, t, kind) for s in sections if s.lines or s.note)
    return Card(name, _subtitle(study, t, kind, department), told)


def _placed(section: Section, t: Translator, kind: str) -> Section:
    """Return a section whose title says that it tells of the department, where the card is of less."""
    if kind == "d" or section.kind not in BY_DEPARTMENT:
        return section
    title = section.title[:1].lower() + section.title[1:]
    return replace(section, title=t("card.in_department", title=title))


def _subtitle(study: Study, t: Translator, kind: str, department: str) -> str:
    if kind == "d":
        return t("card.department")
    return t(f"card.in.{kind}", department=story.department_name(study, department))


def _reach(study: Study, answer: Assessment, t: Translator, row: pd.Series, *, zone: bool) -> Section:
    year = str(study.population["year"].max())
    scenario = answer.scenario
    title = t("card.reach", service=t(f"service.{scenario.service}.long"))
    if answer.nobody_serves:
        return Section("reach", title, (), t("fact.nobody"))
    half = story.nearest(t, row["nearest_lower"], row["nearest_upper"], answer.unit)
    if zone:
        far = (Line(t("figure.zone_nearest"), half), Line(t("card.people_in_zone"), t("value.unknown")))
        return Section("reach", title, far, t("card.people_in_zone_note"))
    share = t.percent(row["uncovered_share_lower"], row["uncovered_share_upper"])
    people = story.people_pair(t, row["uncovered_people_lower"], row["uncovered_people_upper"])
    low, high = (float(f"{row[key]:.2g}") for key in ("uncovered_area_km2_lower", "uncovered_area_km2_upper"))
    land = t.pair(low, high, unit="km²")
    lines = [
        Line(t("figure.beyond", threshold=story.threshold(t, scenario)), f"{people} ({share})", year),
        Line(t("card.land_beyond"), land),
        Line(t("card.half"), half),
    ]
    return Section("reach", title, tuple(lines), "" if row["robust"] else t("fact.not_robust"))


@remembered(KEPT)
def _present(study: Study, t: Translator, department: str) -> Section:
    local = study.facilities[study.facilities["department_id"] == department]
    lines = [
        _facility(study, t, row)
        for service in Service
        for _, row in local[local["service"] == service].iterrows()
    ]
    return Section("present", t("card.present"), (*lines, *_only_counted(study, t, department)))


def _only_counted(study: Study, t: Translator, department: str) -> list[Line]:
    """Return the services of which the number is published and not where they are."""
    rows = study.figures[
        study.figures["measure"].eq("women_emergency_centres") & study.figures["department_id"].eq(department)
    ]
    return [
        Line(
            t("card.centres"),
            t.number(row["value"]),
            t.period(row["period"]),
            citations(study, t, row["source_id"]),
            t("card.centres_note"),
        )
        for _, row in rows.iterrows()
    ]


def _facility(study: Study, t: Translator, row: pd.Series) -> Line:
    said = facts.facility_facts(study, t, row)
    cites = citations(study, t, row["source_ids"])
    return Line(said.name, f"{said.value} · {said.pair}", said.year, cites, said.note)


@remembered(KEPT)
def _absent(study: Study, t: Translator, department: str) -> Section:
    local = study.facilities[study.facilities["department_id"] == department]
    known = study.absences[
        study.absences["department_id"].eq(department) | study.absences["department_id"].isna()
    ].sort_values("department_id", na_position="last", kind="stable")
    lines = [
        Line(
            t(f"absence.{a['absence_id']}"),
            t("card.documented"),
            story.year_of(a, t),
            citations(study, t, a["source_ids"]),
        )
        for _, a in known.iterrows()
    ]
    told = {*local["service"], *known.loc[known["profile"].eq(Profile.EVERYONE), "service"]}
    lines += [
        Line(t(f"service.{service}.long"), t("card.no_record")) for service in MAPPED if service not in told
    ]
    return Section("absent", t("card.absent"), tuple(lines), t("figure.none_note"))


def _zone(study: Study, t: Translator, zone_id: str) -> Section:
    zone = study.zones.set_index("zone_id", drop=False).loc[zone_id]
    mined, of_mined, mined_note = t("value.unknown"), "", ""
    if not pd.isna(zone["mined_ha"]):
        mined, of_mined = f"{t.significant(zone['mined_ha'], 3)} ha", zone_sources.mined(study, zone)
        mined_note = t("card.two_detectors") if zone_sources.DETECTIONS in of_mined.split(";") else ""
    link_year = "" if pd.isna(zone["trafficking_year"]) else str(int(zone["trafficking_year"]))
    return Section(
        "zone",
        t("card.zone"),
        (
            Line(
                t("card.mined"),
                mined,
                t.period(zone["mined_ha_period"]),
                citations(study, t, of_mined),
                mined_note,
            ),
            Line(
                t("card.legality"),
                t(f"zone.legality.{zone['legality']}"),
                cites=citations(study, t, zone_sources.described(zone)),
                note=t("card.legality_note"),
            ),
            Line(
                t("card.link"),
                t(f"zone.link.{zone['trafficking_evidence']}"),
                link_year,
                citations(study, t, zone_sources.linked(study, zone)),
            ),
            Line(
                t("card.outline"),
                t(f"zone.method.{zone['outline_method']}"),
                note=t("card.precision", km=t.number(zone["precision_km"])),
            ),
            *_found(study, t, zone_id),
        ),
    )


def _found(study: Study, t: Translator, zone_id: str) -> list[Line]:
    """Return the victims and venues that sources count in a zone, the newest first."""
    rows = zone_sources.counted(study, zone_id)
    return [
        Line(
            t(f"zone.found.{row['measure']}"),
            _count_found(t, float(row["value"]), victims=row["topic"] == "victims"),
            t("figure.undated") if pd.isna(row["period"]) else t.period(row["period"]),
            citations(study, t, row["source_id"]),
            t(f"zone.found_note.{row['context_id']}"),
        )
        for _, row in rows.iterrows()
    ]


def _count_found(t: Translator, value: float, *, victims: bool) -> str:
    """Return a count; a small one of people, who may be children, is not told exactly."""
    return t("value.fewer", n=MINIMUM_CELL) if victims and 0 < value < MINIMUM_CELL else t.number(value)


def _zones_here(study: Study, answer: Assessment, t: Translator, area: str) -> Section:
    lines = []
    for _, zone in story.zones_of(study, area).iterrows():
        row = answer.zones.loc[zone["zone_id"]]
        pair = row["nearest_lower"], row["nearest_upper"]
        reach = story.nearest(t, *pair, answer.unit, served=not answer.nobody_serves)
        lines.append(Line(zone["zone_name"], reach, note=t(f"zone.link.{zone['trafficking_evidence']}")))
    return Section("zones", t("card.zones"), tuple(lines), t("layer.zones_note") if lines else "")


def _counted(t: Translator, row: pd.Series) -> str:
    """Return a count with what it counts."""
    if str(row["registry"]).startswith(CHILDREN) and 0 < row["value"] < MINIMUM_CELL:
        return t("value.fewer", n=MINIMUM_CELL)
    value, unit = float(row["value"]), str(row["unit"]).replace(" ", "_")
    kinds = (_UNITS.get(str(row["measure"]), unit), unit)
    said = next((f"unit.{kind}" for kind in kinds if t.has(f"unit.{kind}.other")), "")
    if said and value.is_integer():
        return t.count(said, int(value))
    number = t.number(value, 0 if value.is_integer() else 1)
    return t(f"{said}.other", n=number) if said else number


def _newest_first(periods: pd.Series) -> list[int]:
    """Return the order of periods such as ``2008 to 2018-06`` by their end, the latest first."""
    ends = [str(period).rpartition(" to ")[2] for period in periods]
    return sorted(range(len(ends)), key=ends.__getitem__, reverse=True)


@remembered(KEPT)
def _incidents(study: Study, t: Translator, department: str) -> Section:
    local = study.incidents[study.incidents["department_id"] == department]
    titles = study.registries.set_index("registry")["title_es" if t.language == "es" else "title"]
    lines = tuple(
        Line(
            str(titles[row["registry"]]),
            _counted(t, row),
            t.period(row["period"]),
            citations(study, t, row["source_id"]),
        )
        for _, row in local.iloc[_newest_first(local["period"])].iterrows()
    )
    return Section("incidents", t("card.incidents"), lines, t("card.incidents_note") if lines else "")
