"""Inputs the size of Peru: the real outlines, and friction and facilities drawn by a fixed seed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from capgap_geo.analysis.grid import Grid, peru

DATA = Path(__file__).resolve().parents[1] / "data"


@cache
def departments() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "boundaries" / "departments.geojson")


@cache
def provinces() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "boundaries" / "provinces.geojson")


@cache
def grid() -> Grid:
    return peru(departments())


@cache
def points() -> NDArray[np.float64]:
    """Longitude and latitude of every cell of the country."""
    return np.column_stack(grid().lonlat(*np.nonzero(grid().mask)))


def facilities(count: int, *, seed: int = 0) -> NDArray[np.float64]:
    return points()[np.random.default_rng(seed).integers(0, len(points()), count)]


@cache
def friction() -> NDArray[np.float64]:
    """Minutes per km: rolling country of 2 to 90, crossed by roads at 1.2, with lakes that bar the way."""
    random = np.random.default_rng(1)
    rolling = ndimage.gaussian_filter(random.normal(size=grid().shape), 8)
    field = 12.0 * np.exp(np.clip(rolling / rolling.std(), -2.0, 2.0))
    lines = np.abs(ndimage.gaussian_filter(random.normal(size=grid().shape), 25))
    field[lines < np.quantile(lines, 0.03)] = 1.2
    field[(rolling < np.quantile(rolling, 0.01)) | ~grid().mask] = np.inf
    return field


def sources(count: int, *, seed: int = 2) -> list[tuple[int, int]]:
    rows, cols = np.nonzero(np.isfinite(friction()))
    chosen = np.random.default_rng(seed).integers(0, len(rows), count)
    return list(zip(rows[chosen].tolist(), cols[chosen].tolist(), strict=True))
