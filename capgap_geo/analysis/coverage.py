"""What is within reach: one rule for the threshold, and exact sums by zone."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, csr_matrix

from capgap_geo.analysis.grid import Grid
from capgap_geo.errors import ScenarioError

if TYPE_CHECKING:
    from capgap_geo.analysis.least_cost import Surface

#: Matrices kept in memory; one of the whole country takes about 20 MB.
CACHED = 8
_People: TypeAlias = NDArray[np.float64] | csr_matrix | csr_array
_cache: OrderedDict[str, csr_matrix] = OrderedDict()
_lock = Lock()


def coverage(minutes_or_distance: ArrayLike, *, threshold: float) -> NDArray[np.bool_]:
    """Return where a facility is within reach: at most `threshold` away, inclusive.

    Parameters
    ----------
    minutes_or_distance
        Any shape, in the unit of `threshold`; infinity = unreachable, which is never within reach.
    threshold
        At least 0; 0 covers only what stands at a facility.

    Raises
    ------
    ScenarioError
        The threshold is not a number or below 0, or a value is NaN: what is not known is neither covered
        nor uncovered, so the caller decides about it first.

    Examples
    --------
    >>> coverage([0.0, 60.0, 60.1, float("inf")], threshold=60.0)
    array([ True,  True, False, False])
    """
    if not 0.0 <= threshold < np.inf:
        raise ScenarioError(f"threshold: found {threshold!r}, use a number of at least 0", code="threshold")
    values = np.asarray(minutes_or_distance, np.float64)
    if values.size and np.isnan(values.min()):
        unknown = int(np.isnan(values).sum())
        raise ScenarioError(
            f"minutes_or_distance: found {unknown} of {values.size} values that are not known (NaN); "
            "leave them out, or use infinity where a place cannot be reached",
            code="unknown_values",
            details={"unknown": unknown, "values": values.size},
        )
    return values <= threshold


def by_zone(
    surface: Surface | NDArray[np.float64],
    grid: Grid,
    zones: gpd.GeoDataFrame,
    demand: _People | None,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Return covered and uncovered people and area of every zone, in the order of `zones`.

    A cell counts in a zone by the exact share of it that lies inside, covered as a whole or not.

    Parameters
    ----------
    surface
        Minutes (or any distance) to the nearest facility in the grid's shape, in the unit of `threshold`.
    grid
        The grid; `grid.land` is the part of each cell on which its people live.
    zones
        Outlines with a CRS; they may overlap and need not fill the country.
    demand
        Persons per cell in the grid's shape, spread evenly over the cell's land; or a sparse matrix of
        persons by zone and (row-major) cell, if they are known apart; None leaves people unknown (NaN).
    threshold
        See `coverage`.

    Returns
    -------
    DataFrame
        Index of `zones`; `covered_people`, `uncovered_people` (persons), `covered_km2`, `uncovered_km2`.

    Raises
    ------
    ScenarioError
        Shapes differ, demand is negative or not known, or see `coverage` and `Grid.fractions`.
    """
    values = np.asarray(getattr(surface, "minutes", surface), np.float64)
    if values.shape != grid.shape:
        raise ScenarioError(f"surface: found shape {values.shape}, the grid has {grid.shape}", code="grid")
    covered = coverage(values, threshold=threshold).ravel()
    km2 = _split(fractions(grid, zones), covered) * grid.cell_km**2
    people = _people(grid, zones, demand, covered)
    columns = {"covered_people": people[0], "uncovered_people": people[1]}
    return pd.DataFrame(columns | {"covered_km2": km2[0], "uncovered_km2": km2[1]}, index=zones.index)


def fractions(grid: Grid, zones: gpd.GeoDataFrame) -> csr_matrix:
    """Return `Grid.fractions` of the zones, remembered by content; not to be changed.

    Returns
    -------
    csr_matrix
        Zones by cells (row-major): the share of the cell inside the zone.
    """
    return _remembered("cell", grid, zones)


def people_shares(grid: Grid, zones: gpd.GeoDataFrame) -> csr_matrix:
    """Return the share of every cell's people that live in every zone, remembered; not to be changed.

    People live on a cell's land only: the share is the part of `grid.land` that lies inside the zone.
    """
    return _remembered("land", grid, zones)


def _remembered(kind: str, grid: Grid, zones: gpd.GeoDataFrame) -> csr_matrix:
    key = sha256(f"{kind} {grid.fingerprint} {zones.crs}".encode())
    for outline in shapely.to_wkb(zones.geometry.to_numpy()):
        key.update(outline)
    name = key.hexdigest()
    with _lock:
        if name in _cache:
            _cache.move_to_end(name)
            return _cache[name]
    found = grid.fractions(zones) if kind == "cell" else _share_of_land(grid, fractions(grid, zones))
    found.data.flags.writeable = False
    with _lock:
        _cache[name] = found
        while len(_cache) > CACHED:
            _cache.popitem(last=False)
    return found


def _share_of_land(grid: Grid, shares: csr_matrix) -> csr_matrix:
    land = (grid.cell_area_km2.ravel() / grid.cell_km**2)[shares.indices]
    found = shares.copy()
    # A zone drawn past the coast or the frontier holds the cell's people once, not more.
    inside = np.minimum(shares.data, land)
    found.data = np.divide(inside, land, out=np.zeros_like(inside), where=land > 0.0)
    return found


def _people(
    grid: Grid, zones: gpd.GeoDataFrame, demand: _People | None, covered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return covered and uncovered persons of every zone, shape (2, zones)."""
    if demand is None:
        return np.full((2, len(zones)), np.nan)
    if isinstance(demand, np.ndarray):
        _check_demand(demand.shape, demand, grid.shape)
        nowhere = float(demand[~grid.mask].sum())
        if nowhere > 0.0:
            raise ScenarioError(f"demand: {nowhere:g} persons are outside the grid's mask", code="demand")
        return _split(people_shares(grid, zones), covered, demand.ravel())
    _check_demand(demand.shape, demand.data, (len(zones), covered.size))
    return _split(demand, covered)


def _check_demand(found: tuple[int, ...], persons: NDArray[np.float64], wanted: tuple[int, ...]) -> None:
    if tuple(found) != wanted:
        raise ScenarioError(f"demand: found shape {found}, {wanted} is needed", code="demand")
    wrong = int((~(np.isfinite(persons) & (persons >= 0.0))).sum())
    if wrong:
        raise ScenarioError(f"demand: {wrong} values are negative or not known; 0 is nobody", code="demand")


def _split(
    matrix: csr_matrix | csr_array, covered: NDArray[np.bool_], weight: NDArray[np.float64] | float = 1.0
) -> NDArray[np.float64]:
    """Return the weighted row sums over covered and over uncovered cells, shape (2, rows)."""
    return np.stack([matrix @ (covered * weight), matrix @ (~covered * weight)])
