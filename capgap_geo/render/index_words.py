"""What the index stands on, in words: where each indicator comes from, and what is not known of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.index_table import Indicator
from capgap_geo.analysis.indicators import BY_NAME, Pillar
from capgap_geo.analysis.labels import row_of
from capgap_geo.i18n import Translator
from capgap_geo.model import MAPPED, Source, Study

#: Indicators that count records: where none is on record they are 0.
OF_RECORDS = frozenset({"records", "services"})


def origins(study: Study, answer: Assessment, name: str) -> list[Source]:
    """Return the sources of an indicator, sorted by their makers."""
    ids = {part for text in _ids(study, answer, name) for part in str(text).split(";")}
    found = [study.sources[i] for i in ids if i in study.sources]
    return sorted(found, key=lambda s: (s.producer, s.title, s.source_id))


def _ids(study: Study, answer: Assessment, name: str) -> Iterable[str]:
    indicator = BY_NAME[name]
    people = [s.source_id for s in study.sources.values() if s.package == "population"]
    if indicator.registry:
        registry = study.incidents[study.incidents["registry"].eq(indicator.registry)]
        return [*registry["source_id"], *people]
    if name == "services":
        return list(study.facilities.loc[study.facilities["service"].isin(MAPPED), "source_ids"])
    if indicator.pillar is Pillar.NEED:
        return _of_zones(study, name)
    if indicator.pillar is Pillar.REACH:
        return [*answer.source_ids, *(study.zones["source_ids"] if name == "zones_beyond" else ())]
    held = answer.facilities
    if name != "records":
        held = held[held[name.removesuffix("_per_100k")].notna()]
    return [*held["source_ids"], *(people if indicator.unit == "per_100k" else ())]


def _of_zones(study: Study, name: str) -> Iterable[str]:
    """Return the sources of the zones; of the mined land those that all measured zones share."""
    zones = study.zones
    if name == "zones_direct":
        return list(zones.loc[zones["trafficking_evidence"].eq("direct"), "source_ids"])
    if name != "mined_ha":
        return list(zones["source_ids"])
    measured = [set(str(text).split(";")) for text in zones.loc[zones["mined_ha"].notna(), "source_ids"]]
    return set.intersection(*measured) or set.union(*measured) if measured else ()


def stated(table: pd.DataFrame, name: str) -> pd.Series:
    """Return of which departments an indicator has a value, or at least one bound."""
    return pd.Series(table[[f"{name}_lower", f"{name}_upper"]].notna().any(axis=1))


def direction(name: str, t: Translator) -> str:
    """Return which way an indicator points."""
    return t("index.part.more" if BY_NAME[name].more_is_worse else "index.part.less")


def coverage(table: pd.DataFrame, names: pd.Series, name: str, t: Translator) -> str:
    """Return of how many departments an indicator has a value, and the fewer of the two groups by name."""
    there = stated(table, name)
    text = t("index.part.known", n=t.number(float(there.sum())), all=t.number(len(table)))
    if there.all():
        return text
    few = there.sum() < len(table) / 2
    listed = [str(names[d]) for d in table.index[there if few else ~there]]
    return f"{text}{t('index.part.only' if few else 'index.part.missing', names=t.join(listed))}"


def thin(table: pd.DataFrame, used: Sequence[Indicator], t: Translator) -> list[str]:
    """Return a sentence for each question with indicators that fewer than half of the departments have."""
    said = []
    for pillar in Pillar:
        own = [i.name for i in used if i.pillar == pillar]
        counts = {name: int(stated(table, name).sum()) for name in own}
        rare = [name for name in own if counts[name] < len(table) / 2]
        listed = [
            t(
                "index.thin_one",
                name=t(f"indicator.{n}.name"),
                n=t.number(counts[n]),
                all=t.number(len(table)),
            )
            for n in rare
        ]
        if rare:
            words = {"pillar": t(f"index.pillar.{pillar}"), "all": t.number(len(own))}
            said.append(t.count("index.thin", len(rare), names=t.join(listed), **words))
    return [*said, t("index.thin_means")] if said else []


def unknown(table: pd.DataFrame, used: Sequence[Indicator], department: str, t: Translator) -> str:
    """Return which indicators of a department have no value, and which are only known between bounds."""
    row = row_of(table, department)
    nothing: list[str] = []
    between: list[str] = []
    for indicator in used:
        low, high = (float(row[f"{indicator.name}_{bound}"]) for bound in ("lower", "upper"))
        if math.isnan(low) and math.isnan(high):
            nothing.append(t(f"indicator.{indicator.name}.name"))
        elif low != high:
            between.append(t(f"indicator.{indicator.name}.name"))
    parts = [
        t(f"index.unknown.{key}", names="; ".join(names))
        for key, names in (("nothing", nothing), ("between", between))
        if names
    ]
    return " ".join(parts) or t("index.unknown.all_known")
