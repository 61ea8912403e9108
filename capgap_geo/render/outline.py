"""Outlines of coverage deserts for the screen: coarse, small and quick; areas come from the grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import shapes
from rasterio.transform import Affine

from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.grid import WGS84, Grid

#: Cells joined to one screen cell, and the largest shift of an outline, in cells.
JOINED = 2
TOLERANCE = 2.0
#: Patches below this many screen cells are not drawn (the areas in the text still count them).
SMALLEST = 9
DECIMALS = 2
NAMES = {1: "robust", 2: "strict_only"}


def desert_features(
    grid: Grid,
    cells: NDArray[np.intp],
    strict: NDArray[np.float64],
    wide: NDArray[np.float64],
    *,
    threshold: float,
) -> Mapping[str, Any]:
    """Return the coverage deserts as GeoJSON, simplified for the screen.

    Parameters
    ----------
    cells
        Flat indices of the grid's cells that carry a value.
    strict, wide
        Minutes or km to the nearest corroborated facility, and to the nearest of all.
    threshold
        What counts as within reach, inclusive.

    Returns
    -------
    dict
        A FeatureCollection of at most two features: ``robust``, beyond reach with all evidence, and
        ``strict_only``, beyond reach only if evidence must be corroborated.
    """
    robust = ~coverage(wide, threshold=threshold)
    only = ~coverage(strict, threshold=threshold) & ~robust
    land = _joined(grid, cells, np.ones(len(cells)))
    classes = np.zeros(land.shape, np.uint8)
    shares = [
        np.divide(_joined(grid, cells, part), land, where=land > 0, out=np.zeros_like(land))
        for part in (robust, only)
    ]
    classes[shares[0] + shares[1] >= 0.5] = 2
    classes[shares[0] >= 0.5] = 1
    features = [_feature(name, part) for name, part in _polygons(grid, classes).items()]
    return {"type": "FeatureCollection", "features": features}


def _joined(grid: Grid, cells: NDArray[np.intp], values: NDArray[Any]) -> NDArray[np.float64]:
    """Return sums over squares of `JOINED` x `JOINED` cells."""
    rows, columns = (-(-n // JOINED) for n in grid.shape)
    row, column = np.divmod(cells, grid.shape[1])
    index = row // JOINED * columns + column // JOINED
    total = np.bincount(index, values.astype(float), minlength=rows * columns)
    return total.astype(np.float64).reshape(rows, columns)


def _polygons(grid: Grid, classes: NDArray[np.uint8]) -> dict[str, shapely.Geometry]:
    transform = grid.transform @ Affine.scale(JOINED)
    found = list(shapes(classes, mask=classes > 0, transform=transform))
    if not found:
        return {}
    parts = np.array([shapely.geometry.shape(outline) for outline, _ in found], dtype=object)
    label = np.array([int(value) for _, value in found])
    side = grid.cell_km * 1000.0
    large = shapely.area(parts) >= SMALLEST * (JOINED * side) ** 2
    parts, label = shapely.coverage_simplify(parts[large], TOLERANCE * side), label[large]
    lonlat = Transformer.from_crs(grid.crs, WGS84, always_xy=True)
    parts = shapely.transform(parts, lambda xy: np.column_stack(lonlat.transform(xy[:, 0], xy[:, 1])))
    return {name: shapely.multipolygons(parts[label == k]) for k, name in NAMES.items() if (label == k).any()}


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
