"""Read KML and KMZ with a parser that declares nothing, follows nothing and stops at a depth."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import shapely

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.archives import Archive
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.shapes import Shapes, settle

_DEEPEST = 60
#: An element takes far more memory than its tag takes bytes.
_MOST_ELEMENTS = 400_000
_PARTS = {"Point": 1, "LineString": 2, "LinearRing": 2}


def read_kml(content: bytes, limits: Limits) -> Raw:
    """Read the placemarks of a KML file: name, description, extended data, and their shape.

    Raises
    ------
    UploadError
        No KML, no placemark, entities declared, nested too deeply, or more than the limits allow.
    """
    root, linked = _tree(content)
    marks = [e for e in root.iter() if _local(e) == "Placemark"]
    if not marks:
        raise refusal("no_rows")
    if len(marks) > limits.rows:
        raise refusal("too_many_rows", limit=limits.rows)
    records = [_attributes(mark) for mark in marks]
    names = dict.fromkeys(key for record in records for key in record)
    if len(names) > limits.columns:
        raise refusal("too_many_columns", limit=limits.columns)
    if len(names) * len(records) > limits.cells:
        raise refusal("too_many_cells", limit=limits.cells)
    raw = Raw(format="kml", columns=list(names), numbers=list(range(1, len(marks) + 1)))
    raw.rows = [[(record.get(c) or "")[: limits.text] or None for c in names] for record in records]
    raw.notes = [Note("links_ignored")] if linked else []
    shapes = [_shape(mark) for mark in marks]
    return settle(raw, Shapes.of(shapes, "EPSG:4326", stated=True), limits)


def read_kmz(content: bytes, limits: Limits) -> Raw:
    """Read the main document of a KMZ file.

    Raises
    ------
    UploadError
        As for `read_kml`, or the archive is unsafe.
    """
    archive = Archive(content, limits)
    names = archive.ending(".kml")
    main = next((n for n in names if n.lower() == "doc.kml"), min(names, key=lambda n: (n.count("/"), n)))
    raw = read_kml(archive.read(main), limits)
    raw.format, raw.part, raw.parts = "kmz", main, names
    others = [n for n in names if n != main]
    if others:
        raw.notes.append(Note("other_layers", {"layer": main, "others": ", ".join(others)[:200]}))
    return raw


def _tree(content: bytes) -> tuple[ElementTree.Element, bool]:
    """Build the tree with expat alone: a declared entity ends the reading before it is ever expanded."""
    builder = ElementTree.TreeBuilder()
    state = {"depth": 0, "count": 0, "linked": False}

    def start(tag: str, attributes: dict[str, str]) -> None:
        state["depth"] += 1
        state["count"] += 1
        if state["depth"] > _DEEPEST or state["count"] > _MOST_ELEMENTS:
            raise refusal("xml_depth")
        state["linked"] = state["linked"] or tag.rpartition(" ")[2] in ("NetworkLink", "href")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        state["depth"] -= 1
        builder.end(tag)

    def declared(*_: object) -> int:
        raise refusal("xml_entities")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = declared
    parser.ExternalEntityRefHandler = declared
    try:
        parser.Parse(content, True)
        return builder.close(), bool(state["linked"])
    except UploadError:
        raise
    except (expat.ExpatError, AssertionError, ValueError, LookupError):
        raise refusal("unreadable", format="KML") from None


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition(" ")[2]


def _attributes(mark: ElementTree.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in mark:
        if _local(child) in ("name", "description", "address") and child.text:
            found[_local(child)] = child.text.strip()
    for item in mark.iter():
        key = (item.get("name") or "").strip()[:120]
        if key and _local(item) == "Data":
            value = next((c.text for c in item if _local(c) == "value"), None)
            found[key] = (value or "").strip()
        elif key and _local(item) == "SimpleData":
            found[key] = (item.text or "").strip()
    return found


def _shape(mark: ElementTree.Element) -> Any:
    """Return the shape of a placemark; None where there is none; `NotImplemented` where it is damaged."""
    try:
        parts = [_part(e) for e in mark.iter() if _local(e) in ("Point", "LineString", "Polygon")]
    except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError):
        return NotImplemented
    if len(parts) < 2:
        return parts[0] if parts else None
    kinds = {p.geom_type for p in parts}
    if len(kinds) > 1:
        return NotImplemented
    many = {
        "Point": shapely.multipoints,
        "LineString": shapely.multilinestrings,
        "Polygon": shapely.multipolygons,
    }
    return many[kinds.pop()](parts)


def _part(element: ElementTree.Element) -> Any:
    if _local(element) == "Point":
        return shapely.points(_coordinates(element)[0])
    if _local(element) == "LineString":
        return shapely.linestrings(_coordinates(element))
    shells = [b for b in element if _local(b) == "outerBoundaryIs"]
    holes = [b for b in element if _local(b) == "innerBoundaryIs"]
    rings = [shapely.linearrings(_coordinates(b)) for b in (*shells[:1], *holes)]
    return shapely.polygons(rings[0], rings[1:] or None)


def _coordinates(element: ElementTree.Element) -> Any:
    text = next((e.text for e in element.iter() if _local(e) == "coordinates"), None) or ""
    return np.array([[float(n) for n in triple.split(",")[:2]] for triple in text.split()], dtype=float)
