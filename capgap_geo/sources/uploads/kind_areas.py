"""Zones, mining footprints and boundaries: kinds whose rows are areas."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from capgap_geo.privacy import names_a_refuge, snap
from capgap_geo.sources.uploads.areas import Areas
from capgap_geo.sources.uploads.clean import slug
from capgap_geo.sources.uploads.coordinates import inside_peru
from capgap_geo.sources.uploads.messages import Note
from capgap_geo.sources.uploads.names import plain
from capgap_geo.sources.uploads.places import codes_of, named_areas
from capgap_geo.sources.uploads.rows import Rows, Texts
from capgap_geo.sources.uploads.upload import Origin

_WGS84 = "EPSG:4326"
#: The outline of a user's own zone: neither a corridor nor any other of the project's own ways to draw.
OWN_OUTLINE = "user"
_LINKS = {
    "direct": "direct",
    "adjacent": "adjacent",
    "none found": "none_found",
    "directa": "direct",
    "no": "none_found",
}
_LEGALITY = (
    "reported_illegal",
    "unknown",
    "river_prohibited",
    "informal",
    "informal_and_illegal",
    "mixed_formal",
    "mixed_corridor",
    "illegal_buffer_zone",
)
_LEVELS = {2: "department", 4: "province", 6: "district"}


def polygons(rows: Rows) -> NDArray[np.object_]:
    """Return the outline of each row, None where it is no area over Peru; exchanged axes are put right."""
    shapes = shapely.from_wkb(np.array(rows.raw.shapes or [None] * len(rows), dtype=object))
    kinds = shapely.get_type_id(shapes)
    for i in np.flatnonzero(~np.isin(kinds, (-1, 3, 6))):
        rows.problem(int(i), "geometry", "wrong_shape", found=shapes[i].geom_type, wanted="Polygon")
    outlines: NDArray[np.object_] = shapes.copy()
    outlines[~np.isin(kinds, (3, 6))] = None
    for i in np.flatnonzero(~shapely.is_missing(outlines)):
        x, y = shapely.get_coordinates(shapely.centroid(outlines[i]))[0]
        if inside_peru(x, y):
            continue
        if inside_peru(y, x):
            outlines[i] = shapely.transform(outlines[i], lambda c: c[:, ::-1])
            rows.counts["swapped"] += 1
        else:
            rows.problem(int(i), "geometry", "outside_peru")
            outlines[i] = None
    return outlines


def _provinces_of(outlines: NDArray[np.object_], areas: Areas) -> Texts:
    """Return the province in which each area has its inner point, or None."""
    return snap(gpd.GeoSeries(outlines, crs=_WGS84), areas.provinces, key="province_id").tolist()


def _unnamed_refuge(rows: Rows, field: str) -> None:
    """Refuse an area that is named after a shelter: it would tell where that is."""
    column = rows.mapping.get(field)
    if column is None:
        return
    for i, text in enumerate(rows.cells(field)):
        if names_a_refuge(text):
            rows.hidden.add(i)
            rows.problem(i, field, "names_refuge")


def zones(rows: Rows, areas: Areas, origin: Origin) -> gpd.GeoDataFrame:
    """Return zones of interest, each in the department and province of its inner point."""
    outlines = polygons(rows)
    _unnamed_refuge(rows, "zone_name")
    labels = rows.labels("zone_name", required=True)
    departments, provinces = named_areas(rows, areas, _provinces_of(outlines, areas))
    precision = rows.numbers("precision_km", high=200)
    assumed = int(np.isnan(precision).sum())
    if assumed:
        rows.notes.append(Note("precision_assumed", {"count": assumed}))
    names = areas.department_names
    legality = {plain(word): word for word in _LEGALITY}
    centres = shapely.get_coordinates(
        shapely.point_on_surface(np.where(shapely.is_missing(outlines), shapely.Point(0, 0), outlines))
    )
    table = pd.DataFrame(
        {
            "zone_id": _zone_ids(rows, labels),
            "zone_name": labels,
            "department_id": departments,
            "department_name": [names.get(d or "") for d in departments],
            "province_id": provinces,
            "outline_method": OWN_OUTLINE,
            "precision_km": np.where(np.isnan(precision), 1.0, precision),
            "mined_ha": rows.numbers("mined_ha", high=5e6),
            "mined_ha_period": rows.labels("mined_ha_period"),
            "legality": [w or "unknown" for w in rows.words("legality", legality)],
            "trafficking_evidence": [w or "none_found" for w in rows.words("trafficking_evidence", _LINKS)],
            "trafficking_year": pd.array(rows.years("trafficking_year"), dtype="Int64"),
            "evidence": "reported",
            "source_ids": origin.source_id,
            "centre_lon": centres[:, 0].round(3),
            "centre_lat": centres[:, 1].round(3),
        }
    )
    return _usable(rows, table, outlines)


def _zone_ids(rows: Rows, labels: Texts) -> list[str]:
    ids = [
        f"upload_{slug(label or '', fallback=str(n))}"
        for label, n in zip(labels, rows.raw.numbers, strict=True)
    ]
    repeated = {i for i, n in Counter(ids).items() if n > 1}
    return [f"{own}_{n}" if own in repeated else own for own, n in zip(ids, rows.raw.numbers, strict=True)]


def boundaries(rows: Rows, areas: Areas, origin: Origin) -> gpd.GeoDataFrame:
    """Return official areas by ubigeo: departments, provinces or districts, all of one level."""
    outlines = polygons(rows)
    codes = codes_of(rows, "ubigeo", required=True)
    lengths = Counter(len(c) for c in codes if c)
    length = max(lengths, key=lambda n: (lengths[n], n), default=6)
    first: dict[str, int] = {}
    for i, code in enumerate(codes):
        if code is not None and len(code) != length:
            rows.problem(i, "ubigeo", "unknown_ubigeo")
        elif code in first:
            rows.problem(i, "ubigeo", "twice", first=rows.raw.numbers[first[code]])
        if code is not None:
            first.setdefault(code, i)
    _unnamed_refuge(rows, "boundary_name")
    names = areas.department_names
    table = pd.DataFrame(
        {
            "boundary_id": codes,
            "boundary_name": rows.labels("boundary_name"),
            "level": _LEVELS[length],
            "department_id": [c and c[:2] for c in codes],
            "department_name": [names.get((c or "")[:2]) for c in codes],
            "province_id": [c[:4] if c and len(c) >= 4 else None for c in codes],
            "source_ids": origin.source_id,
        }
    )
    usable = _usable(rows, table, outlines)
    _note_overlaps(rows, usable)
    return usable


def _note_overlaps(rows: Rows, table: gpd.GeoDataFrame) -> None:
    if len(table) > 1 and not shapely.coverage_is_valid(table.geometry.to_numpy()):
        edges = shapely.coverage_invalid_edges(table.geometry.to_numpy())
        rows.notes.append(Note("overlaps", {"count": int((~shapely.is_empty(edges)).sum())}))


def mining(rows: Rows, areas: Areas, origin: Origin) -> gpd.GeoDataFrame:
    """Return detected mining footprints; ``mined_ha`` is the scar, not the patch around it.

    ``comparable`` is False where the detector differs from that of the years before: a rise is no growth.
    """
    outlines = polygons(rows)
    provinces = _provinces_of(outlines, areas)
    years = rows.years("year" if "year" in rows.mapping else "period")
    table = pd.DataFrame(
        {
            "detection_id": [
                slug(t or "", fallback=f"detection_{n}")
                for t, n in zip(rows.texts("detection_id"), rows.raw.numbers, strict=True)
            ],
            "period": rows.labels("period"),
            "year": pd.array(years, dtype="Int64"),
            "mined_ha": rows.numbers("mined_ha", high=5e6),
            "comparable": [y is not None and y < DETECTOR_CHANGED for y in years],
            "department_id": [p and p[:2] for p in provinces],
            "province_id": provinces,
            "source_ids": origin.source_id,
        }
    )
    return _usable(rows, table, outlines)


#: Amazon Mining Watch changed its detector in this year.
DETECTOR_CHANGED = 2024


def _usable(rows: Rows, table: pd.DataFrame, outlines: NDArray[np.object_]) -> gpd.GeoDataFrame:
    good = rows.good() & ~shapely.is_missing(outlines)
    shaped = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(outlines, crs=_WGS84), crs=_WGS84)
    return shaped[good].reset_index(drop=True)
