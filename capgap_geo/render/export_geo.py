"""Maps as files for other programs: GeoJSON, GeoParquet and KML."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from capgap_geo.model import Service
from capgap_geo.render import theme
from capgap_geo.render.about import Edition
from capgap_geo.render.columns import described
from capgap_geo.render.export_book import parquet
from capgap_geo.render.export_tables import layers
from capgap_geo.render.map_classes import ClassOf, class_of

#: Decimals of a degree: about 1 m.
DECIMALS = 5
_KML = "http://www.opengis.net/kml/2.2"


def geojson(edition: Edition, name: str) -> bytes:
    """Return one of the layers as GeoJSON (RFC 7946): WGS 84, outer rings counterclockwise, no crs.

    The collection's foreign member ``capgap`` says what it is; a feature's id is its code.
    """
    layer = layers(edition)[name]
    features = [_feature(*row) for row in _records(layer)]
    head = {"type": "FeatureCollection", "capgap": edition.facts(), "bbox": _bounds(layer)}
    lines = ",\n".join(_json(feature) for feature in features)
    return f'{_json(head)[:-1]},"features":[\n{lines}\n]}}\n'.encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _bounds(layer: gpd.GeoDataFrame) -> list[float]:
    return [round(float(v), DECIMALS) for v in layer.total_bounds]


def _records(layer: gpd.GeoDataFrame) -> Iterable[tuple[str, dict[str, Any], shapely.Geometry]]:
    key = layer.columns[0]
    shapes = rounded(layer.geometry.to_numpy())
    table = layer.drop(columns="geometry")
    for values, shape in zip(table.astype(object).itertuples(index=False), shapes, strict=True):
        row = {str(name): _plain(value) for name, value in zip(table.columns, values, strict=True)}
        yield str(row[key]), row, shape


def rounded(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes with few decimals, still valid, with rings turned as RFC 7946 wants them."""
    rough = shapely.set_precision(shapely.make_valid(shapes), 10.0**-DECIMALS)
    found = shapely.orient_polygons(rough, exterior_cw=False)
    return np.atleast_1d(found)


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _feature(feature_id: str, row: dict[str, Any], shape: shapely.Geometry) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shape))
    geometry["coordinates"] = _rounded(geometry["coordinates"])
    return {"type": "Feature", "id": feature_id, "properties": row, "geometry": geometry}


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, DECIMALS)


def geoparquet(edition: Edition, name: str) -> bytes:
    """Return one of the layers as GeoParquet, with what the file says of itself in its metadata."""
    layer = layers(edition)[name].copy()
    for column in layer.columns:
        if layer[column].dtype == object:
            layer[column] = layer[column].astype("string")
    buffer = io.BytesIO()
    layer.to_parquet(buffer, index=False, compression="zstd")
    buffer.seek(0)
    return parquet(pq.read_table(buffer), edition)


def kml(edition: Edition) -> bytes:
    """Return all layers as one KML document, with their colours and the meaning of every value."""
    ET.register_namespace("", _KML)
    root = ET.Element(f"{{{_KML}}}kml")
    document = _add(root, "Document")
    _add(document, "name", edition.title)
    _add(document, "description", _about(edition))
    found = layers(edition)
    classes = {name: class_of(name, edition) for name in found}
    for name, chosen in classes.items():
        for key, style in chosen.styles.items():
            _style(document, f"{name}-{key}", style, service=key if name == "facilities" else "")
    for name, layer in found.items():
        _folder(document, name, layer, classes[name], edition)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, f"{{{_KML}}}{tag}", attributes)
    child.text = text or None
    return child


def _about(edition: Edition) -> str:
    facts = edition.facts()
    return "\n\n".join(
        facts[key]
        for key in ("headline", "meaning", "scenario", "link", "date", "version", "licences", "sources")
        if facts[key]
    )


def _style(document: ET.Element, name: str, style: theme.Style, *, service: str) -> None:
    node = _add(document, "Style", id=name)
    if service:
        icon = _add(node, "IconStyle")
        _add(icon, "color", kml_colour(theme.SYMBOLS[Service(service)].colour))
        _add(icon, "scale", "0.9")
        return
    line = _add(node, "LineStyle")
    _add(line, "color", kml_colour(style.stroke or theme.INK_SOFT))
    _add(line, "width", f"{style.width:g}")
    fill = _add(node, "PolyStyle")
    _add(fill, "color", kml_colour(style.fill or theme.PAPER, style.fill_opacity if style.fill else 0.0))


def kml_colour(colour: str, opacity: float = 1.0) -> str:
    """Return a colour as KML writes it: opacity, blue, green, red.

    Examples
    --------
    >>> kml_colour("#123456", 0.5)
    '80563412'
    """
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    return f"{round(255 * opacity):02x}{blue}{green}{red}".lower()


def _folder(
    document: ET.Element, name: str, layer: gpd.GeoDataFrame, classes: ClassOf, edition: Edition
) -> None:
    folder = _add(document, "Folder")
    _add(folder, "name", classes.title)
    for (feature, row, shape), key in zip(_records(layer), classes.keys(layer), strict=True):
        mark = _add(folder, "Placemark", id=f"{name}-{feature}")
        _add(mark, "name", _name(row))
        _add(mark, "styleUrl", f"#{name}-{key}")
        data = _add(mark, "ExtendedData")
        for column, value in row.items():
            if value is not None:
                item = _add(data, "Data", name=column)
                _add(item, "displayName", described(column, edition.answer.unit, edition.t))
                _add(item, "value", str(value))
        mark.append(_shape(shape))


def _name(row: Mapping[str, Any]) -> str:
    names = [v for k, v in row.items() if k.endswith("_name") and v is not None]
    return str(names[0] if names else next(iter(row.values())))


def _shape(shape: shapely.Geometry) -> ET.Element:
    if shape.geom_type == "Point":
        node = ET.Element(f"{{{_KML}}}Point")
        _add(node, "coordinates", _coordinates(shape))
        return node
    if shape.geom_type == "MultiPolygon":
        node = ET.Element(f"{{{_KML}}}MultiGeometry")
        node.extend(_shape(part) for part in shape.geoms)
        return node
    node = ET.Element(f"{{{_KML}}}Polygon")
    for side, rings in (("outerBoundaryIs", [shape.exterior]), ("innerBoundaryIs", shape.interiors)):
        for ring in rings:
            edge = _add(_add(node, side), "LinearRing")
            _add(edge, "coordinates", _coordinates(ring))
    return node


def _coordinates(shape: shapely.Geometry) -> str:
    return " ".join(f"{x:.{DECIMALS}f},{y:.{DECIMALS}f}" for x, y in shapely.get_coordinates(shape))
