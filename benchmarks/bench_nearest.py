"""T1: the exact nearest of 300 facilities for every cell of the country."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from benchmarks import inputs
from benchmarks.harness import Row, race
from capgap_geo.analysis import geodesic


def run() -> list[Row]:
    points, places = inputs.points(), inputs.facilities(300)
    crs = inputs.grid().crs
    demand = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*points.T, crs=4326))
    supply = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*places.T, crs=4326))
    wrong, error = _errors(points, places)
    ours, theirs = race(
        lambda: geodesic.nearest(points, places),
        lambda: demand.to_crs(crs).sjoin_nearest(supply.to_crs(crs), distance_col="metres"),
    )
    note = f"on 2,000 cells against every geodesic: {wrong} wrong, {error * 1000:.2g} mm"
    work = f"nearest facility, {len(points):,} x {len(places)}"
    limit = 0.20 if wrong == 0 and error <= 0.001 else 0.0
    return [Row("T1", work, ours, "geopandas to_crs + sjoin_nearest", theirs, limit, note)]


def _errors(points: np.ndarray, places: np.ndarray) -> tuple[int, float]:
    """Return wrong choices and the largest error in metres on a sample, by computing every geodesic."""
    sample = points[np.random.default_rng(3).integers(0, len(points), 2000)]
    pairs = np.repeat(sample, len(places), axis=0), np.tile(places, (len(sample), 1))
    every = geodesic.distance(*pairs).reshape(len(sample), -1)
    index, metres = geodesic.nearest(sample, places)
    best = every.min(axis=1)
    return int((every[np.arange(len(sample)), index] != best).sum()), float(np.abs(metres - best).max())
