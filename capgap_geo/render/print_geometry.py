"""Outlines for print: read once, projected once, kept as paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from matplotlib.path import Path
from numpy.typing import ArrayLike, NDArray

from capgap_geo.analysis.grid import PERU_CRS, from_wgs84
from capgap_geo.render.layer import Geometry
from capgap_geo.render.staticfiles import static_file

#: Longest edge in degrees that may be drawn straight.
_EDGE_DEGREES = 0.5


@dataclass(frozen=True, eq=False)
class Shape:
    """One feature in the projection of print, in metres.

    Attributes
    ----------
    name
        The name that its file gives it; empty where it gives none.
    """

    shape_id: str
    name: str
    geometry: shapely.Geometry

    @cached_property
    def path(self) -> Path:
        """The outline as one path."""
        return path_of(self.geometry)

    @cached_property
    def anchor(self) -> tuple[float, float]:
        """A point inside it: itself, if it is a point."""
        point = shapely.point_on_surface(self.geometry)
        return float(point.x), float(point.y)


def project(lon: ArrayLike, lat: ArrayLike) -> tuple[Any, Any]:
    """Return metres east and north of the middle of the country: Lambert azimuthal equal-area."""
    x, y = from_wgs84(PERU_CRS).transform(lon, lat)
    return x, y


def shapes(geometry: Geometry) -> Mapping[str, Shape]:
    """Return the features of a layer by id, projected."""
    if geometry.url is not None:
        return _of_file(geometry.url)
    return _projected(geometry.inline or {})


@lru_cache(maxsize=32)
def _of_file(address: str) -> Mapping[str, Shape]:
    return _projected(json.loads(static_file(address).read_bytes()))


def _projected(collection: Mapping[str, Any]) -> Mapping[str, Shape]:
    features = [f for f in collection.get("features", ()) if f.get("geometry")]
    if not features:
        return MappingProxyType({})
    outlines = shapely.from_geojson([json.dumps(f["geometry"]) for f in features])
    outlines = shapely.transform(shapely.segmentize(outlines, _EDGE_DEGREES), _metres)
    found = {}
    for feature, outline in zip(features, outlines, strict=True):
        properties = feature.get("properties") or {}
        shape_id = str(feature.get("id", properties.get("id", "")))
        found[shape_id] = Shape(shape_id, str(properties.get("name", "")), outline)
    return MappingProxyType(found)


def _metres(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(project(lonlat[:, 0], lonlat[:, 1]))


def path_of(geometry: shapely.Geometry) -> Path:
    """Return polygons or lines as one compound path; holes stay holes."""
    closed = geometry.geom_type in ("Polygon", "MultiPolygon")
    parts = shapely.get_parts(geometry)
    rings = shapely.get_rings(parts) if closed else parts
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(vertices), Path.LINETO, dtype=Path.code_type)
    if len(vertices):
        starts = np.flatnonzero(np.diff(ring, prepend=-1))
        codes[starts] = Path.MOVETO
        if closed:
            codes[[*(starts[1:] - 1), len(codes) - 1]] = Path.CLOSEPOLY
    return Path(vertices, codes)
