"""What the report of 2022 asked, and how far each of it is from done: in words, from the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from capgap_geo.analysis.capacity import corroborated, held, serves
from capgap_geo.analysis.labels import row_of
from capgap_geo.i18n import Translator
from capgap_geo.model import Profile, Scenario, Service, Source, Study
from capgap_geo.render import disputes, figures, story
from capgap_geo.render.facts import Citation, citations
from capgap_geo.sources.read import csv

#: The report that asked, by its source id, and its year.
REPORT, ASKED = "fac-upr42-wea-unicep-2022", 2022
#: What each kind of operator needs to work, as far as anybody publishes it.
STAFF = (
    (Service.POLICE, "officers"),
    (Service.POLICE, "vehicles"),
    (Service.PROSECUTION, "prosecutors"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one thing that was asked is from done.

    Attributes
    ----------
    asked
        The recommendation.
    indicator, present, gap
        What tells of it, its value, and what is missing.
    year
        Year or years of the data.
    dated
        That nothing newer than the report was found; empty where something was.
    cites
        Who says it.
    """

    asked: str
    indicator: str
    present: str
    gap: str
    year: str
    dated: str
    cites: tuple[Citation, ...]


def report(study: Study) -> Source:
    """Return the report that asked."""
    return study.sources[REPORT]


def recommendations(study: Study, t: Translator) -> list[Progress]:
    """Return the report's recommendations as indicators with present value, source and gap."""
    return [
        _offices(study, t),
        _departments(study, t, Service.PROSECUTION),
        _departments(study, t, Service.POLICE),
        *(_staff(study, t, service, name) for service, name in STAFF),
        _women_officers(study, t),
        _nobody_says(study, t, "operators", "women_prosecutors"),
        _budget(study, t),
        _nobody_says(study, t, "care", "mixed_teams"),
        *(_care(study, t, profile) for profile in (Profile.GIRLS, Profile.BOYS, Profile.WOMEN, Profile.MEN)),
        _follow_up(study, t),
    ]


def _dated(last: int | None, t: Translator) -> str:
    """Say that the latest source is as old as the report, or older."""
    if last is None or last > ASKED:
        return ""
    return t("progress.same_year" if last == ASKED else "progress.before", year=last)


def _offices(study: Study, t: Translator) -> Progress:
    rows = study.figures[
        study.figures["measure"].eq("prosecution_offices") & study.figures["department_id"].isna()
    ]
    row = figures.latest(study, "prosecution_offices")
    return Progress(
        t("asked.operators"),
        t("progress.offices"),
        t.number(row["value"]),
        t("progress.offices_gap"),
        str(row["period"]),
        "",
        citations(study, t, ";".join(rows["source_id"])),
    )


def _departments(study: Study, t: Translator, service: Service) -> Progress:
    """Count the departments with a service on record."""
    local = study.facilities[study.facilities["service"].eq(service)]
    low, high = (part["department_id"].nunique() for part in (corroborated(local), local))
    total = len(study.departments)
    ids = list(local["source_ids"])
    gap = t("progress.departments_gap", n=t.pair(total - high, total - low))
    if service is Service.POLICE:
        claim = figures.latest(study, "departments_with_police_unit")
        gap = f"{gap} {t('progress.police_claimed', n=t.number(claim['value']), year=claim['period'])}"
        ids.append(claim["source_id"])
    return Progress(
        t("asked.operators"),
        t("progress.departments", service=t(f"service.{service}.long")),
        t("figure.of", part=t.pair(low, high), whole=total),
        gap,
        _span(local, t),
        _dated(_last(local["year"]), t),
        citations(study, t, ";".join(ids)),
    )


def _last(years: pd.Series) -> int | None:
    known = years.dropna()
    return None if known.empty else int(known.max())


def _span(rows: pd.DataFrame, t: Translator) -> str:
    years = rows["year"].dropna()
    return t("figure.undated") if years.empty else t.span(int(years.min()), int(years.max()))


def _staff(study: Study, t: Translator, service: Service, name: str) -> Progress:
    """Tell what is known of a capacity: in all, and by department; the rest is not known."""
    units = study.facilities[study.facilities["service"].eq(service)]
    told = units[units[name].notna()]
    amount = held(units, study.contested, name)
    where = [_here(study, t, department, rows, name) for department, rows in told.groupby("department_id")]
    years = _years(study, told["facility_id"], name)
    gap = t(f"progress.staff_gap.{service}", part=len(told), whole=len(units), where="; ".join(where))
    return Progress(
        t("asked.operators"),
        t(f"progress.staff.{name}"),
        t("value.unknown")
        if amount is None
        else t.count_pair(f"capacity.{name}", amount.lower, amount.upper),
        gap if where else t("progress.nobody_says"),
        t.span(min(years), max(years)) if years else t("figure.undated"),
        _dated(max(years, default=None), t),
        citations(study, t, ";".join(told["source_ids"])),
    )


def _here(study: Study, t: Translator, department: str, rows: pd.DataFrame, name: str) -> str:
    amount = held(rows, study.contested, name)
    value = t("value.unknown") if amount is None else t.pair(amount.lower, amount.upper)
    return f"{story.department_name(study, department)}, {value}"


def _years(study: Study, ids: Iterable[str], name: str) -> list[int]:
    """Return the years of a capacity, from texts such as ``officers:2022;vehicles:2022``."""
    dates = _dates(study.path)
    said = (part.partition(":") for i in ids for part in dates.get(i, "").split(";"))
    return [int(year) for what, _, year in said if what == name and year]


@lru_cache(maxsize=4)
def _dates(path: Path) -> dict[str, str]:
    """Return when each capacity of a facility is told of; empty of a saved study, whose folder is gone."""
    file = path / "facilities" / "facilities.csv"
    if not file.exists():
        return {}
    table = csv(file).set_index("facility_id")
    return {str(i): str(text) for i, text in table["capacity_years"].dropna().items()}


def _women_officers(study: Study, t: Translator) -> Progress:
    known = study.facilities["women_officers"].dropna()
    row = figures.latest(study, "women_share_police")
    return Progress(
        t("asked.operators"),
        t("progress.women_officers"),
        t("value.unknown") if known.empty else t.number(known.sum()),
        t("progress.women_officers_gap", share=t.pair(row["value"], row["value"], 1, "%")),
        str(row["period"]),
        "",
        citations(study, t, row["source_id"]),
    )


def _nobody_says(study: Study, t: Translator, asked: str, what: str) -> Progress:
    """Tell of something that was asked and that no public source counts."""
    unknown, gap = t("value.unknown"), t(f"progress.{what}_gap")
    return Progress(
        t(f"asked.{asked}"), t(f"progress.{what}"), unknown, gap, str(ASKED), "", citations(study, t, REPORT)
    )


def _budget(study: Study, t: Translator) -> Progress:
    spent, funded = (figures.latest(study, name) for name in ("budget_executed", "services_funded"))
    whole = figures.latest(study, "policy_services")
    return Progress(
        t("asked.operators"),
        t("progress.budget"),
        t("progress.soles", n=t.number(spent["value"] / 1e6, 2)),
        t("progress.budget_gap", part=t.number(funded["value"]), whole=t.number(whole["value"])),
        str(spent["period"]),
        "",
        citations(study, t, f"{spent['source_id']};{funded['source_id']}"),
    )


def _care(study: Study, t: Translator, profile: Profile) -> Progress:
    """Count the departments with a shelter that takes a group."""
    shelters = study.facilities[study.facilities["service"].eq(Service.SHELTER)]
    local = shelters[serves(shelters, profile)]
    records = _absence(study, profile) if local.empty else local
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
        _dated(_last(records["year"]), t),
        citations(study, t, ";".join(records["source_ids"])),
    )


def _absence(study: Study, profile: Profile) -> pd.DataFrame:
    """Return what says that the country has no shelter for a group."""
    known = study.absences
    here = known["service"].eq(Service.SHELTER) & known["profile"].eq(profile)
    return known[here & known["department_id"].isna()]


def _follow_up(study: Study, t: Translator) -> Progress:
    row = row_of(study.absences.set_index("absence_id"), "no_follow_up")
    return Progress(
        t("asked.follow_up"),
        t("progress.follow_up"),
        t("figure.none"),
        t("progress.follow_up_gap"),
        story.year_of(row, t),
        _dated(int(row["year"]), t),
        citations(study, t, row["source_ids"]),
    )
