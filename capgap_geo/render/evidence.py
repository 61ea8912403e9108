"""What was asked, what exists, what is disputed and what nobody knows: in words, from the tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from capgap_geo.analysis.capacity import corroborated, serves
from capgap_geo.analysis.labels import row_of
from capgap_geo.i18n import Translator
from capgap_geo.model import Evidence, Profile, Scenario, Service, Source, Study
from capgap_geo.render import attribution, disputes, facts, figures, story

#: The report that asked, by its source id.
REPORT = "fac-upr42-wea-unicep-2022"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one thing that was asked is from done."""

    asked: str
    indicator: str
    present: str
    gap: str
    year: str
    source: str


def recommendations(study: Study, t: Translator) -> list[Progress]:
    """Return the report's recommendations as indicators with present value, source and gap."""
    return [
        _offices(study, t),
        _departments(study, t, Service.PROSECUTION, "operators"),
        _departments(study, t, Service.POLICE, "operators"),
        _women_officers(study, t),
        _mixed_teams(study, t),
        *(_care(study, t, profile) for profile in (Profile.GIRLS, Profile.BOYS, Profile.WOMEN, Profile.MEN)),
        _follow_up(study, t),
    ]


def _offices(study: Study, t: Translator) -> Progress:
    row = figures.latest(study, "prosecution_offices")
    return Progress(
        t("asked.operators"),
        t("progress.offices"),
        t.number(row["value"]),
        t("progress.offices_gap"),
        str(row["period"]),
        facts.sources(study, t, row["source_id"]),
    )


def _departments(study: Study, t: Translator, service: Service, asked: str) -> Progress:
    """Count the departments with a service on record."""
    local = study.facilities[study.facilities["service"].eq(service)]
    low, high = (part["department_id"].nunique() for part in (corroborated(local), local))
    total = len(study.departments)
    return Progress(
        t(f"asked.{asked}"),
        t("progress.departments", service=t(f"service.{service}.long")),
        t("figure.of", part=t.pair(low, high), whole=total),
        t("progress.departments_gap", n=t.pair(total - high, total - low)),
        _span(local, t),
        facts.sources(study, t, ";".join(local["source_ids"])),
    )


def _span(rows: pd.DataFrame, t: Translator) -> str:
    years = rows["year"].dropna()
    return t("figure.undated") if years.empty else t.span(int(years.min()), int(years.max()))


def _women_officers(study: Study, t: Translator) -> Progress:
    known = study.facilities["women_officers"].dropna()
    row = figures.latest(study, "women_share_police")
    present = t("value.unknown") if known.empty else t.number(known.sum())
    return Progress(
        t("asked.operators"),
        t("progress.women_officers"),
        present,
        t("progress.women_officers_gap", share=t.pair(row["value"], row["value"], 1, "%")),
        str(row["period"]),
        facts.sources(study, t, row["source_id"]),
    )


def _mixed_teams(study: Study, t: Translator) -> Progress:
    return Progress(
        t("asked.care"), t("progress.mixed_teams"), t("value.unknown"), t("progress.mixed_teams_gap"), "2022",
        facts.sources(study, t, REPORT),
    )  # fmt: skip


def _care(study: Study, t: Translator, profile: Profile) -> Progress:
    """Count the departments with a shelter that takes a group."""
    shelters = study.facilities[study.facilities["service"].eq(Service.SHELTER)]
    local = shelters[serves(shelters, profile)]
    known = study.absences[
        study.absences["service"].eq(Service.SHELTER)
        & study.absences["profile"].eq(profile)
        & study.absences["department_id"].isna()
    ]
    records = known if local.empty else local
    low, high = (part["department_id"].nunique() for part in (corroborated(local), local))
    total = len(study.departments)
    dispute = disputes.of_question(study, Scenario(Service.SHELTER, profile), t)
    low = 0 if dispute else low
    return Progress(
        t("asked.care"),
        t("progress.care", who=t(f"profile.{profile}.who")),
        t("figure.of", part=t.pair(low, high), whole=total),
        " ".join(filter(None, [t("progress.care_gap", n=t.pair(total - high, total - low)), dispute])),
        _span(records, t),
        facts.sources(study, t, ";".join(records["source_ids"])) if len(records) else "",
    )


def _follow_up(study: Study, t: Translator) -> Progress:
    row = row_of(study.absences.set_index("absence_id"), "no_follow_up")
    return Progress(
        t("asked.follow_up"),
        t("progress.follow_up"),
        t("figure.none"),
        t("progress.follow_up_gap"),
        story.year_of(row, t),
        facts.sources(study, t, row["source_ids"]),
    )


def absences(study: Study, t: Translator) -> pd.DataFrame:
    """Return the documented absences as text."""
    names = study.departments.set_index("department_id")["department_name"]
    return pd.DataFrame(
        [
            {
                t("evidence.table.absent"): t(f"absence.{row['absence_id']}"),
                t("evidence.table.where"): names.get(row["department_id"], t("evidence.country")),
                t("evidence.table.year"): story.year_of(row, t),
                t("evidence.table.level"): t(f"evidence.level.{row['evidence']}"),
                t("evidence.table.source"): facts.sources(study, t, row["source_ids"]),
            }
            for _, row in study.absences.iterrows()
        ]
    )


def contested(study: Study, t: Translator) -> pd.DataFrame:
    """Return the figures that sources dispute, each value with who claims it."""
    names = study.departments.set_index("department_id")["department_name"]
    return pd.DataFrame(
        [
            {
                t("evidence.table.what"): t(f"contested.{row['measure']}"),
                t("evidence.table.where"): names.get(row["department_id"], t("evidence.country")),
                t("evidence.table.value"): _claimed(row, t),
                t("evidence.table.by"): t(f"claimed.{row['claimed_by']}"),
                t("evidence.table.year"): story.year_of(row, t),
                t("evidence.table.source"): facts.sources(study, t, row["source_id"]),
                t("evidence.table.note"): _note(row, t),
            }
            for _, row in study.contested.iterrows()
        ]
    )


def _claimed(row: pd.Series, t: Translator) -> str:
    """Return a disputed value; of a question of yes or no, what the source says."""
    key = f"contested.said.{row['measure']}.{row['value']:g}"
    return t(key) if t.has(key) else t.number(row["value"])


def _note(row: pd.Series, t: Translator) -> str:
    key = f"contested.note.{row['contested_id']}"
    return t(key) if t.has(key) else str(row["note"] or "")


def coverage_of_knowledge(study: Study, t: Translator) -> pd.DataFrame:
    """Return what is on record, department by department: corroborated, reported, or not known."""
    best = {
        key: Evidence.CORROBORATED if rows["evidence"].eq(Evidence.CORROBORATED).any() else Evidence.REPORTED
        for key, rows in study.facilities.groupby(["department_id", "service"])
    }
    rows = []
    for _, department in study.departments.iterrows():
        row = {t("deserts.department"): department["department_name"]}
        for service in Service:
            level = best.get((department["department_id"], service.value))
            row[t(f"service.{service}.name")] = (
                t("value.unknown") if level is None else t(f"evidence.short.{level}")
            )
        rows.append(row)
    return pd.DataFrame(rows)


def source_list(study: Study, t: Translator) -> pd.DataFrame:
    """Return every source: title, producer, date, address, and the data that rest on it."""

    def by_maker(s: Source) -> tuple[str, str, str]:
        return s.package, attribution.producer(s, t), s.title

    return pd.DataFrame(
        [
            {
                t("evidence.table.title"): attribution.title(s, t),
                t("evidence.table.producer"): attribution.producer(s, t),
                t("evidence.table.published"): s.date_published or t("source.undated"),
                t("evidence.table.url"): s.url,
                t("evidence.table.used_in"): t(f"package.{s.package}"),
            }
            for s in sorted(study.sources.values(), key=by_maker)
        ]
    )
