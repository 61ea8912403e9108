"""Published travel times: one row per pair of places, which half it belongs to, and what the model says.

``published_times.csv`` holds what was published, statement by statement, and why a statement is left out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from capgap_geo.analysis import least_cost
from capgap_geo.analysis.grid import Grid
from capgap_geo.analysis.terrain import Region

Array = npt.NDArray[np.float64]
HALVES = ("calibration", "held_out")
#: A search from one place ends at this many times the longest published time from it.
SEARCH = 3.0
ENDS = ["from_name", "to_name", "from_longitude", "from_latitude", "to_longitude", "to_latitude"]


def half_of(first: str, second: str) -> str:
    """Return the half of a pair of places: the same for both directions and for every edition of the data."""
    key = "|".join(sorted((first, second)))
    return HALVES[hashlib.sha256(key.encode()).digest()[0] % 2]


def read_pairs(folder: Path) -> pd.DataFrame:
    """Return one row per pair and mode, from all statements that are not left out.

    ``published_min`` is the median over statements of the middle of each stated range.
    """
    table = pd.read_csv(folder / "published_times.csv", dtype={"time_id": str})
    table = table[table["left_out"].isna()]
    rows = [_pair(group) for _, group in table.groupby([_names(table), "mode"], sort=True)]
    return pd.DataFrame(rows).reset_index(drop=True)


def _names(table: pd.DataFrame) -> pd.Series:
    pairs = [" - ".join(sorted(ends)) for ends in zip(table["from_name"], table["to_name"], strict=True)]
    return pd.Series(pairs, index=table.index, name="pair")


def _pair(group: pd.DataFrame) -> dict[str, object]:
    first = group.iloc[0]
    middle = (group["minutes_low"] + group["minutes_high"]) / 2.0
    return {
        "pair": _names(group).iloc[0],
        "mode": first["mode"],
        "half": half_of(first["from_name"], first["to_name"]),
        **{name: first[name] for name in ENDS},
        "statements": len(group),
        "published_min": float(middle.median()),
        "published_low_min": float(group["minutes_low"].min()),
        "published_high_min": float(group["minutes_high"].max()),
        "source_ids": ";".join(sorted(set(group["source_id"]))),
    }


def modelled(pairs: pd.DataFrame, friction: Array, grid: Grid) -> Array:
    """Return the modelled minutes of each pair; infinite where there is no way."""
    cells = {end: _cells(pairs, end, friction, grid) for end in ("from", "to")}
    start, goal = _few_starts(cells["from"], cells["to"])
    minutes = np.full(len(pairs), np.inf)
    for cell in sorted(set(start)):
        rows = [i for i, other in enumerate(start) if other == cell]
        limit = SEARCH * float(pairs["published_min"].iloc[rows].max()) + 60.0
        found = least_cost.travel_time(friction, [cell], cell_km=grid.cell_km, max_minutes=limit).minutes
        minutes[rows] = [found[goal[i]] for i in rows]
    return minutes


def _cells(pairs: pd.DataFrame, end: str, friction: Array, grid: Grid) -> list[tuple[int, int]]:
    lon, lat = pairs[f"{end}_longitude"].to_numpy(float), pairs[f"{end}_latitude"].to_numpy(float)
    spot = grid.snap(lon, lat, usable=np.isfinite(friction))
    return list(zip(spot.row.tolist(), spot.col.tolist(), strict=True))


def _few_starts(
    one: list[tuple[int, int]], two: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Turn each pair so that it starts where most pairs do: times are equal in both directions."""
    often = Counter([*one, *two])
    turned = [(a, b) if (often[a], a) >= (often[b], b) else (b, a) for a, b in zip(one, two, strict=True)]
    return [a for a, _ in turned], [b for _, b in turned]


def regions_of(pairs: pd.DataFrame, region: npt.NDArray[np.uint8], grid: Grid) -> list[str]:
    """Return the natural regions of the two ends of each pair, the lower one first."""
    at = [
        region[
            grid.rowcol(pairs[f"{end}_longitude"].to_numpy(float), pairs[f"{end}_latitude"].to_numpy(float))
        ]
        for end in ("from", "to")
    ]
    names = [
        [Region(value).name.lower() for value in sorted({int(a), int(b)})] for a, b in zip(*at, strict=True)
    ]
    return ["-".join(each) for each in names]


def absolute_errors(published: Array, minutes: Array) -> Array:
    """Return the size of the error in percent of the published time."""
    return np.abs(minutes / published - 1.0) * 100.0
