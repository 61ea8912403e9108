"""What a map or a table says of one area, zone or facility: all text, in one language."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import held
from capgap_geo.i18n import Translator
from capgap_geo.model import Evidence, Service, Study
from capgap_geo.render import attribution, disputes, story
from capgap_geo.render.layers import Facts


def area_facts(answer: Assessment, t: Translator, table: pd.DataFrame, *, year: str) -> list[Facts]:
    """Return the facts of departments, provinces or zones: people beyond reach, nearest help."""
    limit = story.threshold(t, answer.scenario)
    return [_area(answer, t, row, year, limit) for row in table.to_dict("records")]


def _area(answer: Assessment, t: Translator, row: Mapping[Hashable, Any], year: str, limit: str) -> Facts:
    name = str(next(iter(row.values())))
    if answer.nobody_serves:
        return Facts(name, t("fact.nobody"), year=year)
    share = t.percent(row["uncovered_share_lower"], row["uncovered_share_upper"])
    ends = row["uncovered_people_lower"], row["uncovered_people_upper"]
    people = story.counted(t, *ends, answer.scenario.profile)
    half = story.nearest(t, row["nearest_lower"], row["nearest_upper"], answer.unit)
    plain = story.CLOSE[answer.unit] <= row["nearest_lower"] <= row["nearest_upper"] < math.inf
    return Facts(
        name,
        value=t("fact.beyond", share=share, threshold=limit),
        pair=t("fact.people" if plain else "fact.people_half", people=people, nearest=half),
        year=year,
        note="" if row["robust"] else t("fact.not_robust"),
    )


def zone_facts(study: Study, answer: Assessment, t: Translator) -> list[Facts]:
    """Return the facts of the mining zones: legality, mined area, link with trafficking, reach."""
    zones = pd.DataFrame(study.zones).to_dict("records")
    reach = answer.zones.loc[study.zones["zone_id"], ["nearest_lower", "nearest_upper"]].to_numpy()
    return [_zone(study, answer, t, zone, *pair) for zone, pair in zip(zones, reach.tolist(), strict=True)]


def _zone(
    study: Study,
    answer: Assessment,
    t: Translator,
    zone: Mapping[Hashable, Any],
    lower: float,
    upper: float,
) -> Facts:
    mined = zone["mined_ha"]
    area = t("fact.mined_unknown") if math.isnan(mined) else t("fact.mined", ha=t.significant(mined))
    reach = story.nearest(t, lower, upper, answer.unit, served=not answer.nobody_serves)
    service = t(f"service.{answer.scenario.service}.name")
    link = t(f"zone.link.{zone['trafficking_evidence']}")
    legality, method = t(f"zone.legality.{zone['legality']}"), t(f"zone.method.{zone['outline_method']}")
    return Facts(
        str(zone["zone_name"]),
        value=t("fact.zone_reach", service=service, nearest=reach),
        pair=f"{area} · {link}",
        year=t.period(zone["mined_ha_period"]),
        source=sources(study, t, zone["source_ids"]),
        note=f"{legality} · {method}",
    )


def facility_facts(study: Study, t: Translator, facility: pd.Series) -> Facts:
    """Return the facts of one facility: where, what it holds, since when, from whom."""
    place = facility["department_name"] if pd.isna(facility["place_name"]) else facility["place_name"]
    alone = pd.DataFrame([facility])
    told = [
        t.count_pair(f"capacity.{name}", known.lower, known.upper)
        for name in story.TOLD.get(Service(facility["service"]), ())
        if (known := held(alone, study.contested, name))
    ]
    notes = [t(f"evidence.level.{facility['evidence']}")]
    if told and facility["capacity_evidence"] == Evidence.REPORTED != facility["evidence"]:
        notes.append(t("fact.capacity_reported"))
    if facility["place_inferred"]:
        notes.append(t("fact.place_inferred"))
    if dispute := disputes.of_facility(study, facility["facility_id"], t):
        notes.append(dispute)
    return Facts(
        t("fact.facility", service=t(f"service.{facility['service']}.name"), place=place),
        value=t.join(told) if told else t("fact.capacity_unknown"),
        pair=t("fact.serves", who=story.profiles(t, facility["profiles"])),
        year=t("figure.undated") if pd.isna(facility["year"]) else str(int(facility["year"])),
        source=sources(study, t, facility["source_ids"]),
        note=" · ".join(notes),
    )


def sources(study: Study, t: Translator, ids: str) -> str:
    """Return the producers of some sources with the year of each, once each."""
    said = [attribution.cited(study.sources[source_id], t) for source_id in str(ids).split(";") if source_id]
    return "; ".join(dict.fromkeys(said))
