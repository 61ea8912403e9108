"""Read GeoJSON with the standard library: what it says about itself is never trusted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import refusal
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.shapes import Shapes, settle
from capgap_geo.sources.uploads.text import decode

_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_EPSG = re.compile(r"EPSG:+(?:\d+(?:\.\d+)*:)?(\d{4,6})$")
_TEXT_KEYS = ("name", "title", "source", "publisher", "licence", "license", "note")


def read_geojson(content: bytes, limits: Limits, crs: str | None = None) -> Raw:
    """Read features, a single feature or a bare geometry.

    Raises
    ------
    UploadError
        No GeoJSON, no feature, or more than the limits allow.
    """
    tree = _tree(content)
    features = _features(tree)
    if not features:
        raise refusal("no_rows")
    if len(features) > limits.rows:
        raise refusal("too_many_rows", limit=limits.rows)
    stated = crs or _crs(tree)
    counted = _Counter(limits.vertices)
    geometries = [_geometry(f.get("geometry"), counted) for f in features]
    properties = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in features]
    raw = Raw(format="geojson", columns=_columns(properties, limits))
    raw.rows = [[cell_text(p.get(c), limits) for c in raw.columns] for p in properties]
    raw.numbers = list(range(1, len(features) + 1))
    raw.about = _about(tree)
    return settle(raw, Shapes.of(geometries, stated or "EPSG:4326", stated=stated is not None), limits)


def _tree(content: bytes) -> dict[str, Any]:
    text, _ = decode(content)
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal("unreadable", format="GeoJSON") from None
    if not isinstance(tree, dict):
        raise refusal("unreadable", format="GeoJSON")
    return tree


def _features(tree: dict[str, Any]) -> list[dict[str, Any]]:
    kind = tree.get("type")
    if kind == "FeatureCollection" and isinstance(tree.get("features"), list):
        return [f if isinstance(f, dict) else {} for f in tree["features"]]
    if kind == "Feature":
        return [tree]
    if isinstance(kind, str) and (kind in _DEPTH or kind == "GeometryCollection"):
        return [{"geometry": tree}]
    raise refusal("unreadable", format="GeoJSON")


def _columns(properties: list[dict[str, Any]], limits: Limits) -> list[str]:
    names: dict[str, None] = {}
    for record in properties:
        names.update(dict.fromkeys(record))
        if len(names) > limits.columns:
            raise refusal("too_many_columns", limit=limits.columns)
    if len(names) * len(properties) > limits.cells:
        raise refusal("too_many_cells", limit=limits.cells)
    return list(names)


def cell_text(value: Any, limits: Limits) -> str | None:
    """Return an attribute as text; lists and objects as JSON."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    try:
        return str(value).strip()[: limits.text] or None
    except ValueError:  # an integer of thousands of digits
        return None


def _crs(tree: dict[str, Any]) -> str | None:
    stated = tree.get("crs")
    properties = stated.get("properties") if isinstance(stated, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    match = _EPSG.search(name) if isinstance(name, str) else None
    return f"EPSG:{match.group(1)}" if match else None


def _about(tree: dict[str, Any]) -> dict[str, str]:
    stated = tree.get("metadata")
    flat = {
        **(stated if isinstance(stated, dict) else {}),
        **{k: v for k, v in tree.items() if k in _TEXT_KEYS},
    }
    return {k: v[:500] for k, v in flat.items() if isinstance(v, str) and k in _TEXT_KEYS}


class _Counter:
    """Refuses before the shapes are built."""

    def __init__(self, limit: int) -> None:
        self.left = self.limit = limit

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise refusal("too_many_vertices", limit=self.limit)


def _geometry(tree: Any, counted: _Counter) -> Any:
    """Return a shape; None where there is none; `NotImplemented` where it is damaged."""
    if tree is None:
        return None
    kind = tree.get("type") if isinstance(tree, dict) else None
    if not isinstance(kind, str) or kind not in _DEPTH:
        return NotImplemented
    try:
        return _build(kind, _arrays(tree.get("coordinates"), _DEPTH[kind], counted))
    except UploadError:
        raise
    except (ValueError, TypeError, OverflowError, IndexError, KeyError, shapely.errors.ShapelyError):
        return NotImplemented


def _arrays(nested: Any, depth: int, counted: _Counter) -> Any:
    """Turn positions into arrays of x and y; anything that is no position raises."""
    if not isinstance(nested, list):
        raise TypeError("coordinates are no list")
    if depth == 0:
        counted.take(1)
        return np.array([_position(nested)], dtype=float)
    if depth == 1:
        counted.take(len(nested))
        return np.array([_position(p) for p in nested], dtype=float).reshape(-1, 2)
    return [_arrays(part, depth - 1, counted) for part in nested]


def _position(pair: Any) -> tuple[float, float]:
    x, y = pair[0], pair[1]
    if (
        isinstance(x, bool)
        or isinstance(y, bool)
        or not isinstance(x, (int, float))
        or not isinstance(y, (int, float))
    ):
        raise TypeError("a position holds something else than numbers")
    return float(x), float(y)


def _build(kind: str, parts: Any) -> Any:
    if kind == "Point":
        return shapely.points(parts[0])
    if kind == "MultiPoint":
        return shapely.multipoints(list(shapely.points(parts)))
    if kind == "LineString":
        return shapely.linestrings(parts)
    if kind == "MultiLineString":
        return shapely.multilinestrings([shapely.linestrings(p) for p in parts])
    if kind == "Polygon":
        return _polygon(parts)
    return shapely.multipolygons([_polygon(p) for p in parts])


def _polygon(rings: Any) -> Any:
    closed: Iterator[Any] = (shapely.linearrings(ring) for ring in rings)
    shell = next(closed, None)
    return shapely.Polygon() if shell is None else shapely.polygons(shell, list(closed) or None)
