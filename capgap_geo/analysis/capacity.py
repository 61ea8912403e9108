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
    table = pd.DataFrame(facilities)  # columns of a plain table are quicker to take
    row = departments.get_indexer(pd.Index(table["department_id"]))
    here = (np.arange(len(departments))[:, None] == row).astype(np.float64)
    firm, trusted = (
        (table[name].to_numpy() == Evidence.CORROBORATED).astype(np.float64)
        for name in ("evidence", "capacity_evidence")
    )
    value = table[list(CAPACITY)].to_numpy(np.float64)
    known = np.isfinite(value)
    every, counted = here.sum(axis=1), here @ (known * trusted[:, None])
    low, high = (here @ np.where(known, value, 0.0) for value in (value * trusted[:, None], value))
    missing = here @ ~known
    sums = [
        np.where(counted > 0, low, np.nan),
        np.where((missing == 0) & (every[:, None] > 0), high, np.nan),
        missing,
    ]
    columns = ["records_lower", "records_upper"]
    columns += [f"{name}_{kind}" for name in CAPACITY for kind in ("lower", "upper", "unknown")]
    found = np.column_stack([here @ firm, every, _interleaved(sums)])
    return pd.DataFrame(found, index=departments, columns=columns)


def _interleaved(blocks: list[Floats]) -> Floats:
    """Return the first columns of all blocks, then their second ones, and so on."""
    return np.stack(blocks, axis=2).reshape(len(blocks[0]), -1)


def rates(capacity: pd.DataFrame, *, people: pd.Series, area_km2: pd.Series) -> pd.DataFrame:
    """Return each capacity per 100,000 people and per 10,000 km2, as lower and upper bound.

    Rows of `people` and `area_km2` are those of `capacity`.

    There is no accepted norm for any of these rates: they compare, they do not judge.
    """
    bounds = [f"{name}_{bound}" for name in CAPACITY for bound in ("lower", "upper")]
    value = capacity[bounds].to_numpy(np.float64)
    per = [
        PER_PEOPLE * value / people.to_numpy(np.float64)[:, None],
        PER_KM2 * value / area_km2.to_numpy(np.float64)[:, None],
    ]
    columns = [
        f"{name}_per_{unit}_{bound}"
        for name in CAPACITY
        for bound in ("lower", "upper")
        for unit in ("100k", "10000_km2")
    ]
    return pd.DataFrame(_interleaved(per), index=capacity.index, columns=columns)
