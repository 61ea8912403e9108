"""Indicators by department, each with lower and upper bound: need, reach and capacity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import PER_PEOPLE
from capgap_geo.analysis.index_table import Direction, Indicator
from capgap_geo.analysis.recall import remembered
from capgap_geo.model import MAPPED, Study

#: Lower and upper bound by department.
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


class Pillar(StrEnum):
    """The three questions of the Capacity Gap Index."""

    NEED = "need"
    REACH = "reach"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Named:
    """One indicator: its pillar, whether more is worse, how it is written, and where it comes from."""

    name: str
    pillar: Pillar
    more_is_worse: bool
    unit: str
    digits: int = 0
    registry: str = ""


INDICATORS: tuple[Named, ...] = (
    Named("uncovered_share", Pillar.REACH, True, "share"),
    Named("uncovered_people", Pillar.REACH, True, "people"),
    Named("nearest", Pillar.REACH, True, "nearest"),
    Named("zones_beyond", Pillar.REACH, True, "count"),
    Named("offences_2025", Pillar.NEED, True, "per_100k", 1, "mpfn_offences_129ab_2025"),
    Named("cases_2018", Pillar.NEED, True, "per_100k", 1, "mp_cases_opened"),
    Named("mined_ha", Pillar.NEED, True, "ha"),
    Named("zones", Pillar.NEED, True, "count"),
    Named("zones_direct", Pillar.NEED, True, "count"),
    Named("records", Pillar.CAPACITY, False, "count"),
    Named("services", Pillar.CAPACITY, False, "count"),
    Named("officers", Pillar.CAPACITY, False, "count"),
    Named("officers_per_100k", Pillar.CAPACITY, False, "per_100k", 1),
    Named("prosecutors", Pillar.CAPACITY, False, "count"),
)
BY_NAME = {i.name: i for i in INDICATORS}
_COLUMNS = pd.Index([f"{i.name}_{bound}" for i in INDICATORS for bound in ("lower", "upper")])


def indicators(study: Study, answer: Assessment) -> pd.DataFrame:
    """Return the indicators of every department under a scenario.

    Returns
    -------
    pandas.DataFrame
        Indexed by department; for each of `INDICATORS` a column ``<name>_lower`` and
        ``<name>_upper``. NaN is not known; 0 is none.
    """
    pairs: dict[str, Pair] = {}
    for name in ("uncovered_share", "uncovered_people", "nearest"):
        pairs[name] = _pair(answer.departments, name)
    for name in ("records", "officers", "officers_per_100k", "prosecutors"):
        pairs[name] = _pair(answer.capacity, name)
    pairs |= {"zones_beyond": _zones_beyond(study, answer), **_fixed(study)}
    values = np.column_stack([values for i in INDICATORS for values in pairs[i.name]])
    return pd.DataFrame(values, index=answer.departments.index, columns=_COLUMNS)


def _pair(table: pd.DataFrame, name: str) -> Pair:
    low, high = (table[f"{name}_{bound}"].to_numpy(np.float64) for bound in ("lower", "upper"))
    return low, high


def _zones_beyond(study: Study, answer: Assessment) -> Pair:
    """Count the mining zones beyond reach."""
    row, limit, departments = _department_of_zone(study), answer.scenario.threshold, len(study.departments)
    low, high = (
        np.bincount(row[values > limit], minlength=departments).astype(np.float64)
        for values in _pair(answer.zones, "nearest")
    )
    return low, high


@remembered(1)
def _department_of_zone(study: Study) -> NDArray[np.intp]:
    """Return the position of the department of each zone."""
    departments = pd.Index(study.departments["department_id"])
    return np.asarray(departments.get_indexer(pd.Index(study.zones["department_id"])))


@remembered(1)
def _fixed(study: Study) -> dict[str, Pair]:
    """Return the indicators that no scenario changes."""
    series = _zones(study) | _rates(study) | _services(study)
    ids = study.departments["department_id"]
    return {
        name: (low.reindex(ids).to_numpy(np.float64), high.reindex(ids).to_numpy(np.float64))
        for name, (low, high) in series.items()
    }


def _zones(study: Study) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Count the zones on record.

    Mined hectares are those of the largest zone: the satellite windows of the zones overlap, so
    their sum would count some land twice.
    """
    by = study.zones.groupby("department_id")
    ids = study.departments["department_id"]
    direct = study.zones["trafficking_evidence"].eq("direct").groupby(study.zones["department_id"]).sum()
    number, linked = (s.reindex(ids).fillna(0).astype(float) for s in (by.size(), direct))
    mined = by["mined_ha"].max().reindex(ids)
    return {"zones": (number, number), "zones_direct": (linked, linked), "mined_ha": (mined, mined)}


def _rates(study: Study) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Return counts of single registries per 100,000 people; what they count is detection."""
    people = study.population.groupby("department_id")["population"].sum()
    rates = {}
    for indicator in INDICATORS:
        if indicator.registry:
            value = registry(study, indicator.registry)
            rate = PER_PEOPLE * value / people
            rates[indicator.name] = (rate, rate)
    return rates


def registry(study: Study, name: str) -> pd.Series:
    """Return the latest value of a registry by department, NaN where it states none."""
    return _latest(study, name).set_index("department_id")["value"].astype(float)


def registry_sources(study: Study) -> dict[str, tuple[str, ...]]:
    """Return the ids of the sources of each indicator that is counted by a registry."""
    return {
        i.name: tuple(_latest(study, i.registry)["source_id"].drop_duplicates())
        for i in INDICATORS
        if i.registry
    }


def _latest(study: Study, name: str) -> pd.DataFrame:
    rows = study.incidents[study.incidents["registry"].eq(name) & study.incidents["department_id"].notna()]
    return rows[rows["period"].eq(rows["period"].max())]


def _services(study: Study) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Count the kinds of mapped service on record: corroborated ones, and all.

    Of first response hardly any centre is in the data: counting it would reward the department whose
    centre happens to be.
    """
    table = study.facilities[study.facilities["service"].isin(MAPPED)]
    firm = table[table["evidence"].eq("corroborated")]
    low, high = (t.groupby("department_id")["service"].nunique().astype(float) for t in (firm, table))
    ids = study.departments["department_id"]
    return {"services": (low.reindex(ids).fillna(0.0), high.reindex(ids).fillna(0.0))}


def definitions(table: pd.DataFrame, names: Collection[str] | None = None) -> list[Indicator]:
    """Return pillar and direction of each of `INDICATORS` of which a table knows a value.

    Parameters
    ----------
    table
        As `indicators` returns it; what it has no columns of is left out.
    names
        Indicators to consider; all if not given.
    """
    stated = set(table.columns[table.notna().any(axis=0)])
    known = []
    for named in INDICATORS:
        told = not stated.isdisjoint((named.name, f"{named.name}_lower", f"{named.name}_upper"))
        if told and (names is None or named.name in names):
            direction = Direction.HIGHER_IS_WORSE if named.more_is_worse else Direction.LOWER_IS_WORSE
            known.append(Indicator(named.name, str(named.pillar), direction))
    return known


def given(table: pd.DataFrame, stated: Sequence[Indicator] | None) -> Sequence[Indicator]:
    """Return the definitions that are stated, or else the project's own for a table of its indicators."""
    return definitions(table) if stated is None else stated


def known(table: pd.DataFrame, name: str) -> pd.Series:
    """Return where an indicator has at least a lower bound."""
    return pd.Series(np.isfinite(table[f"{name}_lower"]))
