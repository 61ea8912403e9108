"""Named highways: towns in the order in which a highway passes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from bending import Array, Towns, bend, flat, road_km
from network import Network
from scipy.spatial import cKDTree

#: A road that ends this near to a town's position, in km, ends in the town.
IN_TOWN_KM = 2.0
#: A highway is in the network where both towns of a leg are this near to it, in km, ...
NEAR_KM = 5.0
#: ... and the way between them is at most this many times the estimated length of the leg.
ROUNDABOUT = 2.0


def read_towns(places: gpd.GeoDataFrame, waypoints: Path) -> tuple[Towns, list[tuple[int, int]]]:
    """Return the places and waypoints as points that roads go through, and the legs of all highways.

    Returns
    -------
    towns, legs
        `legs` are pairs of rows of `towns`.
    """
    table = pd.read_csv(waypoints, dtype={"place_id": str})
    lonlat = np.c_[places.geometry.x, places.geometry.y]
    heights = places["elevation_m"].to_numpy(dtype=float)
    row_of = {place: row for row, place in enumerate(places["place_id"])}
    extra = table[table["place_id"].isna()]
    points = extra[["longitude", "latitude"]].to_numpy(dtype=float)
    known = Towns(lonlat, heights, frozenset())
    rows = table["place_id"].map(row_of)
    rows[extra.index] = range(len(lonlat), len(lonlat) + len(extra))
    legs = _legs(table.assign(row=rows.astype(int)))
    towns = Towns(
        np.vstack([lonlat, points]), np.concatenate([heights, known.elevation_at(points)]), frozenset(legs)
    )
    return towns, legs


def on_roads(towns: Towns, chords: list[tuple[Array, float]]) -> Towns:
    """Return the towns moved to the nearest end of a road where one lies in them.

    Roads that meet in a town then meet in one point.
    """
    ends = np.vstack([chord for chord, _ in chords])
    away, nearest = cKDTree(flat(ends)).query(flat(towns.lonlat))
    moved = np.where((away <= IN_TOWN_KM)[:, None], ends[nearest], towns.lonlat)
    return replace(towns, lonlat=moved)


def add_missing(network: Network, towns: Towns, legs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Draw the legs of highways that the network lacks; return them."""
    missing = [leg for leg in legs if not _is_there(network, towns, leg)]
    for first, second in missing:
        ends = towns.lonlat[[first, second]]
        bent = bend(ends, towns)
        line = ends if bent is None else bent
        network.add(line, road_km(line, towns), bent=True)
    return missing


def _legs(table: pd.DataFrame) -> list[tuple[int, int]]:
    ordered = table.sort_values(["highway", "order"])
    return [
        (int(first), int(second))
        for _, group in ordered.groupby("highway", sort=True)
        for first, second in zip(group["row"], group["row"][1:], strict=False)
    ]


def _is_there(network: Network, towns: Towns, leg: tuple[int, int]) -> bool:
    ends = towns.lonlat[list(leg)]
    span = float(road_km(ends, towns)[0])
    return network.distance_km(ends[0], ends[1], within_km=NEAR_KM) <= ROUNDABOUT * span
