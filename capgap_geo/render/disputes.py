"""What sources dispute, in words: every side with who says it and when, and none chosen."""

from __future__ import annotations

import pandas as pd

from capgap_geo.analysis.capacity import CAPACITY, disputed, held
from capgap_geo.analysis.recall import remembered
from capgap_geo.i18n import Translator
from capgap_geo.model import Profile, Scenario, Service, Study

#: What is disputed about whom a service takes, by the question that it touches.
ABOUT = {
    (Service.SHELTER, Profile.BOYS): "boys_served",
    (Service.SHELTER, Profile.WOMEN): "specialised_shelters_adult_women",
}


def said_by(row: pd.Series, t: Translator) -> str:
    """Return who claims a disputed value, and when: ``a newspaper (2025)``."""
    who = t(f"claimed.{row['claimed_by']}")
    return f"{who} ({t('figure.undated') if pd.isna(row['year']) else int(row['year'])})"


def of_facility(study: Study, facility_id: str, t: Translator) -> str:
    """Return what is disputed of a facility, its capacity or whom it takes; empty where nothing is."""
    rows = study.contested[[facility_id in str(ids).split(";") for ids in study.contested["facility_ids"]]]
    return " · ".join(filter(None, [of_capacity(rows, t), _whom(rows, t)]))


def of_service(study: Study, service: Service, t: Translator) -> str:
    """Return whom a service takes or not, as far as sources dispute it; empty where none does."""
    return _whom(study.contested[study.contested["service"].eq(service)], t)


def _whom(contested: pd.DataFrame, t: Translator) -> str:
    keys = (f"dispute.short.{measure}" for measure in contested["measure"].unique())
    return " · ".join(t(key) for key in keys if t.has(key))


def of_capacity(contested: pd.DataFrame, t: Translator) -> str:
    """Return disputed capacities with all sides; what is said of several units together says so."""
    rows = contested[contested["measure"].isin(CAPACITY)]
    parts = []
    for ids, sides in rows.groupby("facility_ids", sort=False):
        told = "; ".join(_side(row, t) for _, row in sides.iterrows())
        units = len(str(ids).split(";"))
        parts.append(t("dispute.together", n=units, sides=told) if units > 1 else told)
    return t("dispute.capacity", sides="; ".join(parts)) if parts else ""


def by_department(study: Study, facilities: pd.DataFrame, t: Translator) -> dict[str, str]:
    """Return what is disputed of the capacity of some facilities, by the department where anything is."""
    claims = disputed(facilities, study.contested)
    found = {str(d): of_capacity(rows, t) for d, rows in claims.groupby("department_id")}
    return {department: text for department, text in found.items() if text}


def amount(
    study: Study, facilities: pd.DataFrame, name: str, t: Translator, *, per: float = 1.0, digits: int = 0
) -> str:
    """Return a disputed capacity with both ends, ``4-12, disputed``; empty where nothing is disputed.

    Parameters
    ----------
    per
        What each unit counts, for a rate.
    """
    sides = held(facilities, study.contested, name)
    if sides is None or not disputed(facilities, study.contested)["measure"].eq(name).any():
        return ""
    text = t.pair(per * sides.lower, per * sides.upper, digits)
    if sides.known < len(facilities):
        text = t("figure.at_least", text=text)
    return t("dispute.amount", text=text)


def _side(row: pd.Series, t: Translator) -> str:
    what = t.count(f"capacity.{row['measure']}", int(row["value"]))
    return t("dispute.side", what=what, who=said_by(row, t))


def about(study: Study, scenario: Scenario) -> pd.DataFrame:
    """Return what is disputed about whether a service takes a group."""
    return study.contested[study.contested["measure"].eq(ABOUT.get((scenario.service, scenario.profile), ""))]


@remembered(64)
def of_question(study: Study, scenario: Scenario, t: Translator) -> str:
    """Return the sentence on a dispute about whether a service takes a group; empty where there is none."""
    rows = about(study, scenario)
    if rows.empty:
        return ""
    more, less = rows[rows["value"] > 0], rows[rows["value"] == 0]
    sides = {
        name: t.join([said_by(row, t) for _, row in side.iterrows()])
        for name, side in (("more", more), ("less", less))
    }
    return t(f"dispute.{rows['measure'].iloc[0]}", **sides)
