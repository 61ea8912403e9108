"""Who is there to help: the facilities that count in a scenario, and what they hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capgap_geo.model import GROUPS, OLDEST_YEAR, Evidence, Profile, Scenario

CAPACITY = ("officers", "women_officers", "vehicles", "prosecutors", "beds")
PER_PEOPLE = 100_000.0
PER_KM2 = 10_000.0


def serves(facilities: pd.DataFrame, profile: Profile) -> pd.Series:
    """Return which facilities take a group; `Profile.EVERYONE` asks for all four groups."""
    needed = GROUPS if profile is Profile.EVERYONE else (profile,)
    taken = facilities["profiles"].fillna("").str.split(";")
    return taken.map(lambda groups: all(p.value in groups for p in needed)).astype(bool)


def recent(facilities: pd.DataFrame, oldest: int) -> pd.Series:
    """Return which records are dated `oldest` or later; undated ones only at the minimum."""
    year = pd.to_numeric(facilities["year"]).astype(float)
    return year.ge(oldest) | (year.isna() & (oldest <= OLDEST_YEAR))


def qualifying(facilities: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return the facilities of a scenario's service that take its profile, of both evidence levels."""
    chosen = facilities["service"].eq(scenario.service) & serves(facilities, scenario.profile)
    return facilities[chosen & recent(facilities, scenario.oldest)]


def corroborated(facilities: pd.DataFrame) -> pd.DataFrame:
    """Return the facilities of the stricter evidence level."""
    return facilities[facilities["evidence"].eq(Evidence.CORROBORATED)]


def totals(facilities: pd.DataFrame, departments: pd.Index) -> pd.DataFrame:
    """Return records and capacity by department, each as lower and upper bound.

    For a capacity, ``lower`` sums the corroborated values that are known, ``upper`` all values. A
    facility whose value is not known makes ``upper`` NaN: there may be more. A department without
    any known value has NaN in both: not known, not zero.

    Returns
    -------
    pandas.DataFrame
        Indexed by `departments`; columns ``records_lower``, ``records_upper`` and
        ``<capacity>_lower``, ``<capacity>_upper``, ``<capacity>_unknown`` (facilities whose value
        is not known).
    """
    by = facilities.groupby("department_id")
    result = pd.DataFrame(index=departments)
    result["records_lower"] = corroborated(facilities).groupby("department_id").size()
    result["records_upper"] = by.size()
    result = result.reindex(departments).fillna(0.0)
    for name in CAPACITY:
        value = facilities[name]
        firm = value.where(facilities["capacity_evidence"].eq(Evidence.CORROBORATED))
        keys = facilities["department_id"]
        low = firm.groupby(keys).sum(min_count=1)
        high = value.groupby(keys).agg(lambda v: v.sum() if v.notna().all() else np.nan)
        result[f"{name}_lower"] = low.reindex(departments)
        result[f"{name}_upper"] = high.reindex(departments)
        result[f"{name}_unknown"] = value.isna().groupby(keys).sum().reindex(departments).fillna(0.0)
    return result


def rates(capacity: pd.DataFrame, *, people: pd.Series, area_km2: pd.Series) -> pd.DataFrame:
    """Return each capacity per 100,000 people and per 10,000 km2, as lower and upper bound.

    There is no accepted norm for any of these rates: they compare, they do not judge.
    """
    columns: dict[str, pd.Series] = {}
    for name in CAPACITY:
        for bound in ("lower", "upper"):
            value = capacity[f"{name}_{bound}"]
            columns[f"{name}_per_100k_{bound}"] = PER_PEOPLE * value / people
            columns[f"{name}_per_10000_km2_{bound}"] = PER_KM2 * value / area_km2
    return pd.DataFrame(columns)
