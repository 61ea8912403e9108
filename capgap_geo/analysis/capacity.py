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
_COLUMNS = pd.Index(
    ["records_lower", "records_upper"]
    + [f"{name}_{kind}" for name in CAPACITY for kind in ("lower", "upper", "unknown")]
    + [
        f"{name}_per_{unit}_{bound}"
        for name in CAPACITY
        for bound in ("lower", "upper")
        for unit in ("100k", "10000_km2")
    ]
)


def serves(facilities: pd.DataFrame, profile: Profile) -> pd.Series:
    """Return which facilities take a group; `Profile.EVERYONE` asks for all four groups."""
    return pd.Series(_serves(facilities, profile), facilities.index)


def _serves(facilities: pd.DataFrame, profile: Profile) -> Flags:
    needed = {*GROUPS} if profile is Profile.EVERYONE else {profile}
    return np.array([needed <= {*str(groups).split(";")} for groups in facilities["profiles"]], bool)


def recent(facilities: pd.DataFrame, oldest: int) -> pd.Series:
    """Return which records are dated `oldest` or later; undated ones only at the minimum.

    What a plan opens has no record and always counts.
    """
    return pd.Series(_recent(facilities, oldest), facilities.index)


def _recent(facilities: pd.DataFrame, oldest: int) -> Flags:
    year = facilities["year"].to_numpy(np.float64, na_value=np.nan)
    dated: Flags = (year >= oldest) | (np.isnan(year) & (oldest <= OLDEST_YEAR))
    if "planned" in facilities:
        dated |= facilities["planned"].to_numpy(bool)
    return dated


def qualifying(facilities: T, scenario: Scenario) -> T:
    """Return the facilities of a scenario's service that take its profile, of both evidence levels."""
    plain = pd.DataFrame(facilities)
    chosen = plain["service"].to_numpy() == str(scenario.service)
    chosen &= _serves(plain, scenario.profile) & _recent(plain, scenario.oldest)
    return facilities.take(np.flatnonzero(chosen))


def doubted(facilities: T, contested: pd.DataFrame, profile: Profile) -> T:
    """Return facilities whose evidence is only ``reported`` where sources dispute that they take a group.

    Parameters
    ----------
    contested
        The study's disputed values; ``<profile>_served`` is 1 where a source names the group, else 0.
    """
    claims = contested[contested["measure"].eq(f"{profile}_served")]
    if claims["value"].nunique() < 2:
        return facilities
    disputed_ids = {i for ids in claims["facility_ids"] for i in str(ids).split(";")}
    sure = ~facilities["facility_id"].isin(disputed_ids)
    return facilities.assign(evidence=facilities["evidence"].where(sure, str(Evidence.REPORTED)))


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


def by_department(facilities: pd.DataFrame, ground: pd.DataFrame) -> pd.DataFrame:
    """Return records, capacity and rates by department, each as lower and upper bound.

    For a capacity, ``lower`` sums the corroborated values that are known, ``upper`` all values. A
    facility whose value is not known makes ``upper`` NaN: there may be more. A department without
    any known value has NaN in both: not known, not zero. There is no accepted norm for any of the
    rates: they compare, they do not judge.

    Parameters
    ----------
    ground
        Departments with ``population`` and ``area_km2``.

    Returns
    -------
    pandas.DataFrame
        Indexed as `ground`; columns ``records_lower``, ``records_upper`` and, for every capacity,
        ``<capacity>_lower``, ``<capacity>_upper``, ``<capacity>_unknown`` (facilities whose value
        is not known), and its bounds ``_per_100k_`` people and ``_per_10000_km2_``.
    """
    records, bounds, missing = _sums(pd.DataFrame(facilities), ground.index)  # plain tables are quicker
    people, area = (ground[name].to_numpy(np.float64)[:, None] for name in ("population", "area_km2"))
    per = [rate * bound for bound in bounds for rate in (PER_PEOPLE / people, PER_KM2 / area)]
    found = np.column_stack([records, _interleaved([*bounds, missing]), _interleaved(per)])
    return pd.DataFrame(found, index=ground.index, columns=_COLUMNS)


def _sums(table: pd.DataFrame, departments: pd.Index) -> tuple[Floats, tuple[Floats, Floats], Floats]:
    """Return both counts of records, both bounds of each capacity, and how many do not tell it."""
    here = (departments.to_numpy()[:, None] == table["department_id"].to_numpy()).astype(np.float64)
    firm, trusted = (
        (table[name].to_numpy() == Evidence.CORROBORATED).astype(np.float64)
        for name in ("evidence", "capacity_evidence")
    )
    value = np.column_stack([table[name].to_numpy(np.float64) for name in CAPACITY])
    known = np.isfinite(value)
    every, counted = here.sum(axis=1), here @ (known * trusted[:, None])
    low, high = (here @ np.where(known, value, 0.0) for value in (value * trusted[:, None], value))
    missing = here @ ~known
    lower = np.where(counted > 0, low, np.nan)
    upper = np.where((missing == 0) & (every[:, None] > 0), high, np.nan)
    return np.column_stack([here @ firm, every]), (lower, upper), missing


def _interleaved(blocks: list[Floats]) -> Floats:
    """Return the first columns of all blocks, then their second ones, and so on."""
    return np.stack(blocks, axis=2).reshape(len(blocks[0]), -1)
