"""What a map or a table says of one area, zone or facility: all text, in one language."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import held
from capgap_geo.analysis.recall import kept_with_answer, remembered
from capgap_geo.i18n import Translator
from capgap_geo.model import Evidence, Service, Study
from capgap_geo.render import attribution, disputes, story
from capgap_geo.render.layer import Facts


@kept_with_answer
def area_facts(study: Study, answer: Assessment, t: Translator, kind: str) -> tuple[Facts, ...]:
    """Return the facts of all departments or provinces: people beyond reach, nearest help.

    Parameters
    ----------
    kind
        ``department`` or ``province``.
    """
    limit, year = story.threshold(t, answer.scenario), str(study.population["year"].max())
    table = answer.departments if kind == "department" else answer.provinces
    pairs = (
        zip(table[f"{name}_lower"].tolist(), table[f"{name}_upper"].tolist(), strict=True)
        for name in ("uncovered_share", "uncovered_people", "nearest")
    )
    rows = zip(table[f"{kind}_name"].tolist(), table["robust"].tolist(), *pairs, strict=True)
    say = partial(_unserved, t, year) if answer.nobody_serves else partial(_area, answer, t, year, limit)
    return tuple(say(*row) for row in rows)


def _unserved(t: Translator, year: str, name: str, *_: object) -> Facts:
    return Facts(name, t("fact.nobody"), year=year)


def _area(
    answer: Assessment,
    t: Translator,
    year: str,
    limit: str,
    name: str,
    robust: bool,
    share: tuple[float, float],
    people: tuple[float, float],
    near: tuple[float, float],
) -> Facts:
    half = story.nearest(t, *near, answer.unit)
    plain = story.CLOSE[answer.unit] <= near[0] <= near[1] < math.inf
    return Facts(
        name,
        value=t("fact.beyond", share=t.percent(*share), threshold=limit),
        pair=t(
            "fact.people" if plain else "fact.people_half",
            people=story.counted(t, *people, answer.scenario.profile),
            nearest=half,
        ),
        year=year,
        note="" if robust else t("fact.not_robust"),
    )


@kept_with_answer
def zone_facts(study: Study, answer: Assessment, t: Translator) -> tuple[Facts, ...]:
    """Return the facts of the mining zones: legality, mined area, link with trafficking, reach."""
    reach = answer.zones[["nearest_lower", "nearest_upper"]].to_numpy()  # in the order of the study
    pairs = zip(_zones(study), reach.tolist(), strict=True)
    return tuple(_zone(study, answer, t, zone, *pair) for zone, pair in pairs)


@remembered(1)
def _zones(study: Study) -> list[dict[Hashable, Any]]:
    return pd.DataFrame(study.zones).to_dict("records")


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


class Citation(NamedTuple):
    """A source in short, and where it is to be read (empty if nowhere)."""

    text: str
    url: str = ""


def citations(study: Study, t: Translator, ids: str) -> tuple[Citation, ...]:
    """Return the producers of some sources with the year of each, once each, and where they are."""
    found = [study.sources[source_id] for source_id in dict.fromkeys(str(ids).split(";")) if source_id]
    said: dict[str, str] = {}
    for source in found:
        said.setdefault(attribution.cited(source, t), source.url or "")
    return tuple(Citation(text, url) for text, url in said.items())


def sources(study: Study, t: Translator, ids: str) -> str:
    """Return the producers of some sources with the year of each, once each."""
    return "; ".join(citation.text for citation in citations(study, t, ids))
