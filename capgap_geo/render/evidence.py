"""What does not exist, what is disputed and what nobody knows: in words, from the tables."""

from __future__ import annotations

import pandas as pd

from capgap_geo.i18n import Translator
from capgap_geo.model import MAPPED, Evidence, Profile, Source, Study
from capgap_geo.render import attribution, facts, story


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
    """Return what is on record, department by department: the level, a documented absence, or not known."""
    told = _absent(study, t) | {
        key: t(f"evidence.short.{_level(rows)}")
        for key, rows in study.facilities.groupby(["department_id", "service"])
    }
    return pd.DataFrame(
        [
            {t("deserts.department"): department["department_name"]}
            | {
                t(f"service.{service}.name"): told.get(
                    (department["department_id"], service.value), t("value.unknown")
                )
                for service in MAPPED
            }
            for _, department in study.departments.iterrows()
        ]
    )


def _level(records: pd.DataFrame) -> Evidence:
    firm = records["evidence"].eq(Evidence.CORROBORATED).any()
    return Evidence.CORROBORATED if firm else Evidence.REPORTED


def _absent(study: Study, t: Translator) -> dict[tuple[str, str], str]:
    """Return the services that a department is documented not to have, for anybody."""
    rows = study.absences[study.absences["department_id"].notna()]
    return {
        (row["department_id"], row["service"]): t("evidence.short.absent", year=story.year_of(row, t))
        for _, row in rows[rows["profile"].eq(Profile.EVERYONE)].iterrows()
    }


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
