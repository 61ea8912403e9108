"""Outlines of coverage deserts for paper: smooth, as fine as the grid, ending where the country ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy import ndimage

from capgap_geo.analysis.grid import WGS84, Grid
from capgap_geo.render.scene import Ground

#: Patches below this many km2 are not drawn; the areas in the text still count them.
SMALLEST_KM2 = 12.0
#: A value beyond this many thresholds is as good as out of reach.
_FAR = 4.0


def fine_deserts(
    ground: Ground, strict: NDArray[np.float64], wide: NDArray[np.float64], *, threshold: float
) -> Mapping[str, Any]:
    """Return the coverage deserts as GeoJSON, each a line along which the value is the threshold.

    Parameters
    ----------
    strict, wide
        Minutes or km from each of the ground's cells to the nearest corroborated facility, and to the
        nearest of all.

    Returns
    -------
    dict
        At most two features: ``robust`` and ``strict_only``, as in `render.outline`.
    """
    country = shapely.union_all(ground.study.departments.to_crs(ground.grid.crs).geometry.array)
    shapely.prepare(country)
    far = _beyond(ground.grid, ground.cells, wide, threshold, country)
    all_ = _beyond(ground.grid, ground.cells, strict, threshold, country)
    found = {"robust": far, "strict_only": shapely.difference(all_, far)}
    parts = {name: _large(shape) for name, shape in found.items()}
    features = [_feature(name, shape, ground.grid) for name, shape in parts.items() if not shape.is_empty]
    return {"type": "FeatureCollection", "features": features}


def _beyond(
    grid: Grid,
    cells: NDArray[np.intp],
    values: NDArray[np.float64],
    threshold: float,
    country: shapely.Geometry,
) -> shapely.Geometry:
    highest = _FAR * max(threshold, 1.0)
    surface = np.empty(grid.shape)
    surface.ravel()[cells] = np.minimum(values, highest)
    whole = surface.ravel()[_nearest_cell(grid)]
    rows, columns = np.arange(grid.shape[0]), np.arange(grid.shape[1])
    x = (grid.transform * (columns + 0.5, np.zeros(len(columns))))[0]
    y = (grid.transform * (np.zeros(len(rows)), rows + 0.5))[1]
    lines = contourpy.contour_generator(x, y, whole, fill_type="OuterOffset")
    filled: Any = lines.filled(threshold, 2 * highest)
    polygons, offsets = filled
    shapes = [_polygon(points, starts) for points, starts in zip(polygons, offsets, strict=True)]
    return shapely.intersection(shapely.make_valid(shapely.multipolygons(shapes)), country)


@lru_cache(maxsize=2)
def _nearest_cell(grid: Grid) -> NDArray[np.intp]:
    """Return for each place of the grid the flat index of the nearest cell of the country.

    So the coast and the border cut a desert, and not the last cell whose centre is inside.
    """
    row, column = ndimage.distance_transform_edt(~grid.mask, return_distances=False, return_indices=True)
    return np.asarray(np.ravel_multi_index((row, column), grid.shape), np.intp)


def _polygon(points: NDArray[np.float64], starts: NDArray[np.uint32]) -> shapely.Geometry:
    rings = [points[a:b] for a, b in pairwise(starts)]
    return shapely.Polygon(rings[0], rings[1:])


def _large(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    kept = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) >= SMALLEST_KM2 * 1e6)]
    return shapely.simplify(shapely.multipolygons(kept), 250.0) if len(kept) else shapely.MultiPolygon()


def _feature(name: str, shape: shapely.Geometry, grid: Grid) -> dict[str, Any]:
    lonlat = Transformer.from_crs(grid.crs, WGS84, always_xy=True)
    degrees = shapely.transform(shape, lambda xy: np.column_stack(lonlat.transform(xy[:, 0], xy[:, 1])))
    geometry = json.loads(shapely.to_geojson(shapely.set_precision(shapely.make_valid(degrees), 1e-4)))
    return {"type": "Feature", "id": name, "properties": {}, "geometry": geometry}
