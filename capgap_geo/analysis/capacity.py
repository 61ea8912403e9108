"""Who is there to help: the facilities that count in a scenario, and what they hold."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.model import GROUPS, OLDEST_YEAR, Evidence, Profile, Scenario

T = TypeVar("T", bound=pd.DataFrame)
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
CAPACITY = ("officers", "women_officers", "vehicles", "prosecutors", "beds")
PER_PEOPLE = 100_000.0
PER_KM2 = 10_000.0


def serves(facilities: pd.DataFrame, profile: Profile) -> pd.Series:
    """Return which facilities take a group; `Profile.EVERYONE` asks for all four groups."""
    needed = GROUPS if profile is Profile.EVERYONE else (profile,)
    taken = [str(groups).split(";") for groups in facilities["profiles"]]
    return pd.Series([all(p in groups for p in needed) for groups in taken], facilities.index, bool)


def recent(facilities: pd.DataFrame, oldest: int) -> pd.Series:
    """Return which records are dated `oldest` or later; undated ones only at the minimum.

    What a plan opens has no record and always counts.
    """
    year = facilities["year"].to_numpy(np.float64, na_value=np.nan)
    dated = (year >= oldest) | (np.isnan(year) & (oldest <= OLDEST_YEAR))
    if "planned" in facilities:
        dated |= facilities["planned"].to_numpy(bool)
    return pd.Series(dated, facilities.index)


def qualifying(facilities: T, scenario: Scenario) -> T:
    """Return the facilities of a scenario's service that take its profile, of both evidence levels."""
    plain = pd.DataFrame(facilities)
    chosen = plain["service"].to_numpy() == str(scenario.service)
    chosen &= serves(plain, scenario.profile).to_numpy() & recent(plain, scenario.oldest).to_numpy()
    return facilities.take(np.flatnonzero(chosen))


def corroborated(facilities: pd.DataFrame) -> pd.DataFrame:
    """Return the facilities of the stricter evidence level."""
    return facilities[facilities["evidence"].eq(Evidence.CORROBORATED)]


class Held(NamedTuple):
    """What facilities hold of one capacity, as far as anybody says.

    Attributes
    ----------
    lower, upper
        The sum of what is known; they differ where sources dispute it.
    known
        Number of facilities of which it is known. The others may hold more: this is no bound of the whole.
    """

    lower: float
    upper: float
    known: int


def disputed(facilities: pd.DataFrame, contested: pd.DataFrame) -> pd.DataFrame:
    """Return the disputed values that are about these facilities and no others."""
    have = set(facilities["facility_id"])
    about = [set(str(ids).split(";")) <= have for ids in contested["facility_ids"]]
    return contested[np.array(about, dtype=bool)]


def held(facilities: pd.DataFrame, contested: pd.DataFrame, name: str) -> Held | None:
    """Return what facilities hold of a capacity, every side of a dispute within its bounds.

    None where nobody says of any facility: not known, not zero.
    """
    values = facilities.set_index("facility_id")[name].astype(float).dropna()
    low = high = float(values.sum())
    known = set(values.index)
    claims = disputed(facilities, contested)
    for ids, sides in claims[claims["measure"].eq(name)].groupby("facility_ids"):
        group = str(ids).split(";")
        recorded = float(values[values.index.isin(group)].sum())
        low += float(sides["value"].min()) - recorded
        high += float(sides["value"].max()) - recorded
        known.update(group)
    return Held(low, high, len(known)) if known else None


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
    facilities = pd.DataFrame(facilities)  # columns of a plain table are quicker to take
    row = departments.get_indexer(pd.Index(facilities["department_id"]))
    firm = facilities["evidence"].to_numpy() == Evidence.CORROBORATED

    def by_department(values: Floats, where: Flags) -> Floats:
        return np.bincount(row[where], values[where], minlength=len(departments)).astype(np.float64)

    every, one = np.ones(len(row), np.bool_), np.ones(len(row))
    columns = {"records_lower": by_department(one, firm), "records_upper": by_department(one, every)}
    trusted = facilities["capacity_evidence"].to_numpy() == Evidence.CORROBORATED
    for name in CAPACITY:
        value = facilities[name].to_numpy(np.float64)
        known = np.isfinite(value)
        counted, missing = by_department(one, known & trusted), by_department(one, ~known)
        low, high = by_department(value, known & trusted), by_department(value, known)
        columns[f"{name}_lower"] = np.where(counted > 0, low, np.nan)
        columns[f"{name}_upper"] = np.where((missing == 0) & (columns["records_upper"] > 0), high, np.nan)
        columns[f"{name}_unknown"] = missing
    return _frame(columns, departments)


def _frame(columns: dict[str, Floats], index: pd.Index) -> pd.DataFrame:
    """Return numbers as a table; one block is quicker made than many columns."""
    return pd.DataFrame(np.column_stack(list(columns.values())), index=index, columns=list(columns))


def rates(capacity: pd.DataFrame, *, people: pd.Series, area_km2: pd.Series) -> pd.DataFrame:
    """Return each capacity per 100,000 people and per 10,000 km2, as lower and upper bound.

    Rows of `people` and `area_km2` are those of `capacity`.

    There is no accepted norm for any of these rates: they compare, they do not judge.
    """
    columns: dict[str, Floats] = {}
    persons, area = people.to_numpy(np.float64), area_km2.to_numpy(np.float64)
    for name in CAPACITY:
        for bound in ("lower", "upper"):
            value = capacity[f"{name}_{bound}"].to_numpy(np.float64)
            columns[f"{name}_per_100k_{bound}"] = PER_PEOPLE * value / persons
            columns[f"{name}_per_10000_km2_{bound}"] = PER_KM2 * value / area
    return _frame(columns, capacity.index)
