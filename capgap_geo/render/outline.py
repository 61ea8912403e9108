"""Outlines of coverage deserts for the screen: coarse, small and quick; areas come from the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine

from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.grid import Grid, to_wgs84

#: Cells joined to one screen cell, and the largest shift of an outline, in cells.
JOINED = 3
TOLERANCE = 3.0
#: Patches below this many screen cells are not drawn (the areas in the text still count them).
SMALLEST = 9
DECIMALS = 2
NAMES = {1: "robust", 2: "strict_only"}


def desert_features(
    grid: Grid,
    strict: NDArray[np.float64],
    wide: NDArray[np.float64],
    *,
    threshold: float,
) -> Mapping[str, Any]:
    """Return the coverage deserts as GeoJSON, simplified for the screen.

    Parameters
    ----------
    strict, wide
        Minutes or km from each cell of the grid's mask (row by row) to the nearest corroborated
        facility, and to the nearest of all.
    threshold
        What counts as within reach, inclusive.

    Returns
    -------
    dict
        A FeatureCollection of at most two features: ``robust``, beyond reach with all evidence, and
        ``strict_only``, beyond reach only if evidence must be corroborated.
    """
    land = _land(grid)
    classes = np.zeros(land.shape, np.uint8)
    for value, surface in ((2, strict), (1, wide)):
        beyond = joined(grid, ~coverage(surface, threshold=threshold))
        classes[(land > 0) & (2 * beyond >= land)] = value
    return collection(grid, classes, NAMES)


def joined(grid: Grid, flags: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Count the flagged cells in each screen cell, a square of `JOINED` x `JOINED` cells.

    Parameters
    ----------
    flags
        One for each cell of the grid's mask, row by row.
    """
    rows, columns = (-(-n // JOINED) for n in grid.shape)
    whole = np.zeros((rows * JOINED, columns * JOINED), np.uint8)
    whole[: grid.shape[0], : grid.shape[1]][grid.mask] = flags
    counted = np.zeros((rows, columns), np.uint8)
    for row in range(JOINED):
        for column in range(JOINED):
            counted += whole[row::JOINED, column::JOINED]
    return counted


@lru_cache(maxsize=4)
def _land(grid: Grid) -> NDArray[np.uint8]:
    return joined(grid, np.ones(int(grid.mask.sum()), np.bool_))


def collection(grid: Grid, classes: NDArray[np.uint8], names: Mapping[int, str]) -> dict[str, Any]:
    """Return the named classes of the screen cells as a GeoJSON FeatureCollection, simplified together."""
    features = [_feature(name, part) for name, part in _polygons(grid, classes, names).items()]
    return {"type": "FeatureCollection", "features": features}


def _polygons(
    grid: Grid, classes: NDArray[np.uint8], names: Mapping[int, str]
) -> dict[str, shapely.Geometry]:
    transform = grid.transform @ Affine.scale(JOINED)
    found = list(shapes(classes, mask=classes > 0, transform=transform))
    if not found:
        return {}
    parts = np.array([_polygon(outline["coordinates"]) for outline, _ in found], dtype=object)
    label = np.array([int(value) for _, value in found])
    side = grid.cell_km * 1000.0
    large = shapely.area(parts) >= SMALLEST * (JOINED * side) ** 2
    parts, label = shapely.coverage_simplify(parts[large], TOLERANCE * side), label[large]
    lonlat = to_wgs84(grid.crs)
    parts = shapely.transform(parts, lambda xy: np.column_stack(lonlat.transform(xy[:, 0], xy[:, 1])))
    return {name: shapely.multipolygons(parts[label == k]) for k, name in names.items() if (label == k).any()}


def _polygon(rings: Sequence[Sequence[tuple[float, float]]]) -> shapely.Polygon:
    outer, *holes = (shapely.linearrings(np.array(ring)) for ring in rings)
    return shapely.polygons(outer, holes or None)


def _feature(name: str, shape: shapely.Geometry) -> dict[str, Any]:
    rings = [
        [
            np.round(shapely.get_coordinates(ring), DECIMALS).tolist()
            for ring in (part.exterior, *part.interiors)
        ]
        for part in shape.geoms
    ]
    geometry = {"type": "MultiPolygon", "coordinates": rings}
    return {"type": "Feature", "id": name, "properties": {}, "geometry": geometry}
