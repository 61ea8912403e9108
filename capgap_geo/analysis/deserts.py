"""Where no facility is within reach, as polygons and as areas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, pi, sqrt
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from rasterio.features import shapes
from scipy import ndimage

from capgap_geo.analysis import geodesic
from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.grid import PERU_CRS, WGS84, Grid, from_wgs84, project
from capgap_geo.errors import ScenarioError

if TYPE_CHECKING:
    from capgap_geo.analysis.least_cost import Surface

#: How far the outline of a catchment may lie from the true circle.
_TOLERANCE_KM = 0.02


def straight_line(
    departments: gpd.GeoDataFrame, facilities_lonlat: ArrayLike, *, radius_km: float
) -> gpd.GeoDataFrame:
    """Return the part of every department that lies beyond `radius_km` of every facility.

    Catchments are geodesic discs of exact area whose outline stays within 20 m of the circle; areas are
    measured in an equal-area projection, within 0.01 % of the department.

    Parameters
    ----------
    departments
        Outlines with a CRS; any other polygons serve as well.
    facilities_lonlat
        Shape (n, 2): longitude and latitude in degrees (WGS 84); may be empty.
    radius_km
        What counts as within reach, inclusive, at least 0.

    Returns
    -------
    GeoDataFrame
        The rows, index and identifying columns (``*_id``, ``*_name``) of `departments`; ``covered_km2``
        and ``uncovered_km2``; the desert as geometry (WGS 84), empty where everything is covered.

    Raises
    ------
    ScenarioError
        The radius is out of range, a coordinate is missing, or the outlines have no CRS.
    """
    outlines = project(departments, PERU_CRS).to_numpy()
    reached = _catchments(facilities_lonlat, radius_km)
    shapely.prepare(reached)
    partly = shapely.intersects(reached, outlines)
    desert = outlines.copy()
    desert[partly] = shapely.difference(outlines[partly], reached)
    whole, uncovered = shapely.area(outlines) / 1e6, shapely.area(desert) / 1e6
    named = [str(name) for name in departments.columns if str(name).endswith(("_id", "_name"))]
    table = departments[named].assign(covered_km2=np.maximum(whole - uncovered, 0.0), uncovered_km2=uncovered)
    geometry = gpd.GeoSeries(desert, index=departments.index, crs=PERU_CRS).to_crs(WGS84)
    return gpd.GeoDataFrame(table, geometry=geometry)


def travel_time(surface: Surface | NDArray[np.float64], grid: Grid, *, threshold: float) -> gpd.GeoDataFrame:
    """Return every patch of the country whose cells lie beyond `threshold`, largest first.

    Parameters
    ----------
    surface
        Minutes (or any distance) in the grid's shape; infinity = unreachable.
    grid
        The grid; cells outside its mask belong to no patch.
    threshold
        What counts as within reach, inclusive, in the unit of `surface`.

    Returns
    -------
    GeoDataFrame
        One row per patch of cells that share edges: ``area_km2`` (from the grid, its land only) and the
        geometry (WGS 84).

    Raises
    ------
    ScenarioError
        Shapes differ, or see `coverage`.
    """
    values = _values(surface, grid)
    beyond = grid.mask & ~_within(values, grid, threshold)
    patch, count = ndimage.label(beyond)
    area = np.bincount(patch.ravel(), grid.cell_area_km2.ravel(), minlength=count + 1)[1:]
    table = {"area_km2": area}
    found = gpd.GeoDataFrame(table, geometry=_polygons(patch, count, grid, simplify_km=0.0), crs=grid.crs)
    return found.sort_values("area_km2", ascending=False, ignore_index=True).to_crs(WGS84)


def bands(
    surface: Surface | NDArray[np.float64],
    grid: Grid,
    *,
    breaks: Sequence[float],
    simplify_km: float = 0.0,
) -> gpd.GeoDataFrame:
    """Return the country cut into classes of travel time that fit together without gaps.

    Parameters
    ----------
    surface, grid
        See `travel_time`.
    breaks
        Rising upper limits of the classes, inclusive; whatever lies beyond the last is one class, and
        what cannot be reached another.
    simplify_km
        Largest shift of an outline, for the screen only (Visvalingam-Whyatt on shared borders); areas do
        not change.

    Returns
    -------
    GeoDataFrame
        One row per class, also if empty: ``lower`` (exclusive) and ``upper`` (inclusive) in the unit of
        `surface`, the unreachable with infinity in both; ``area_km2`` (from the grid); geometry (WGS 84).

    Raises
    ------
    ScenarioError
        The breaks do not rise, shapes differ, or see `coverage`.
    """
    if len(breaks) == 0 or any(low >= high for low, high in pairwise(breaks)):
        raise ScenarioError(f"breaks: found {list(breaks)}, give rising numbers", code="breaks")
    values = _values(surface, grid)
    rank = 1 + sum((~_within(values, grid, limit)).astype(np.int32) for limit in breaks)
    rank = np.where(grid.mask, rank + np.isinf(values), 0).astype(np.int32)
    count = len(breaks) + 2
    table = {
        "lower": [-np.inf, *breaks, np.inf],
        "upper": [*breaks, np.inf, np.inf],
        "area_km2": np.bincount(rank.ravel(), grid.cell_area_km2.ravel(), minlength=count + 1)[1:],
    }
    outlines = _polygons(rank, count, grid, simplify_km=simplify_km)
    return gpd.GeoDataFrame(table, geometry=outlines, crs=grid.crs).to_crs(WGS84)


def _catchments(facilities_lonlat: ArrayLike, radius_km: float) -> shapely.Geometry:
    """Return the union of the facilities' discs in the equal-area projection."""
    if not 0.0 <= radius_km <= geodesic.LARGEST_RADIUS_KM:
        raise ScenarioError(
            f"radius_km: found {radius_km!r}, use 0 to {geodesic.LARGEST_RADIUS_KM:g}", code="radius"
        )
    places = np.unique(geodesic.checked(facilities_lonlat, "facilities"), axis=0)
    if radius_km == 0.0 or len(places) == 0:
        return shapely.Polygon()
    vertices = max(64, ceil(pi * sqrt(radius_km / (2.0 * _TOLERANCE_KM))))
    rings = geodesic.rings(places, radius_km=radius_km, vertices=vertices)
    x, y = from_wgs84(PERU_CRS).transform(rings[..., 0], rings[..., 1])
    return shapely.union_all(shapely.polygons(np.stack([x, y], axis=-1)))


def _values(surface: Surface | NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    values = np.asarray(getattr(surface, "minutes", surface), np.float64)
    if values.shape != grid.shape:
        raise ScenarioError(f"surface: found shape {values.shape}, the grid has {grid.shape}", code="grid")
    return values


def _within(values: NDArray[np.float64], grid: Grid, threshold: float) -> NDArray[np.bool_]:
    # What lies outside the country may be unknown.
    return coverage(np.where(grid.mask, values, np.inf), threshold=threshold)


def _polygons(
    classes: NDArray[np.integer], count: int, grid: Grid, *, simplify_km: float
) -> NDArray[np.object_]:
    """Return one (multi)polygon in the grid's CRS per class 1..count; neighbours share their vertices."""
    found = list(shapes(classes.astype(np.int32), mask=classes > 0, transform=grid.transform))
    parts = np.array([shapely.geometry.shape(outline) for outline, _ in found], dtype=object)
    label = np.array([int(value) for _, value in found], dtype=np.int64)
    side = grid.cell_km * 1000.0
    # A long edge carries no vertex where a third class begins, and would leave a gap once projected.
    parts = shapely.segmentize(parts, side)
    parts = shapely.transform(parts, lambda xy: _on_lattice(xy, grid, side))
    if simplify_km > 0.0 and len(parts):
        parts = shapely.coverage_simplify(parts, simplify_km * 1000.0)
    merged = [shapely.multipolygons(parts[label == k]) for k in range(1, count + 1)]
    return np.array(merged, dtype=object)


def _on_lattice(xy: NDArray[np.float64], grid: Grid, side: float) -> NDArray[np.float64]:
    corner = np.array([grid.transform.c, grid.transform.f])
    return np.asarray(corner + np.round((xy - corner) / side) * side)
