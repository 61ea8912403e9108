"""Norms and targets: what they ask, where they come from, whether they bind, and where Peru stands."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import corroborated
from capgap_geo.i18n import Translator
from capgap_geo.model import Service, Study
from capgap_geo.render import facts

TWO_HOURS = 120.0
ACCESS = "population_within_two_hours"


@dataclass(frozen=True, slots=True)
class Norm:
    """One norm or target as text."""

    text: str
    binding: str
    origin: str
    stands: str


def norms(study: Study, t: Translator, *, within: Assessment | None) -> list[Norm]:
    """Return every norm on record, those of national policy first.

    Parameters
    ----------
    within
        The answer for a threshold of two hours of travel; None where travel time is not known.
    """
    rows = reference_lines(study)
    order = rows["binding"].ne("national_policy")
    return [
        _norm(study, t, row, within) for _, row in rows.loc[order.sort_values(kind="stable").index].iterrows()
    ]


def reference_lines(study: Study) -> pd.DataFrame:
    """Return the figures that are norms."""
    return study.figures[study.figures["reference_line"].astype(bool)]


def access_norm(study: Study) -> pd.Series | None:
    """Return the norm of access within two hours, if there is one."""
    rows = reference_lines(study)
    hit = rows[rows["measure"].eq(ACCESS)]
    return None if hit.empty else hit.iloc[0]


def _norm(study: Study, t: Translator, row: pd.Series, within: Assessment | None) -> Norm:
    key = f"norm.{row['figure_id']}"
    text = (
        t(key, value=t.number(row["value"])) if t.has(key) else f"{row['measure']}: {t.number(row['value'])}"
    )
    binding = f"norm.binding.{row['binding']}"
    return Norm(
        text,
        t(binding) if t.has(binding) else str(row["binding"]),
        facts.sources(study, t, row["source_id"]),
        _stands(study, t, str(row["measure"]), within),
    )


def _stands(study: Study, t: Translator, measure: str, within: Assessment | None) -> str:
    """Return where Peru stands, or the words for not published: no norm is compared with a guess."""
    if measure == "shelters_per_region":
        shelters = study.facilities[study.facilities["service"].eq(Service.SHELTER)]
        low, high = (part["department_id"].nunique() for part in (corroborated(shelters), shelters))
        return t(f"norm.stands.{measure}", part=t.pair(low, high), whole=len(study.departments))
    if measure == ACCESS and within is not None:
        low, high = (1.0 - float(within.country[f"uncovered_share_{b}"]) for b in ("upper", "lower"))
        scenario = within.scenario
        whom = t(f"profile.{scenario.profile}.whom")
        return t(
            f"norm.stands.{measure}",
            share=t.percent(low, high),
            **{"from": t(f"service.{scenario.service}.from", whom=whom)},
        )
    return t("norm.unknown")
