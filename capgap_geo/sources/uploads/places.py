"""Where a row is: its position in degrees, its department and province."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from capgap_geo.privacy import snap
from capgap_geo.sources.uploads.areas import Areas
from capgap_geo.sources.uploads.coordinates import (
    Axis,
    inside_peru,
    split_position,
    swapped,
    to_degrees,
    utm_epsg,
)
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.names import (
    DEPARTMENTS,
    department_id,
    lost_zero,
    nearest,
    province_id,
    ubigeo,
)
from capgap_geo.sources.uploads.numbers import style_of, to_number
from capgap_geo.sources.uploads.rows import Rows, Texts

Vector = NDArray[np.float64]
_OUTSIDE = "outside_peru"
_BORDER_DEGREES = 0.03


@dataclass(frozen=True, slots=True)
class Places:
    """Positions (NaN where none) and ids (None where not known), one per row."""

    longitude: Vector
    latitude: Vector
    departments: Texts
    provinces: Texts


def locate(rows: Rows, areas: Areas, crs: str | None = None) -> Places:
    """Find where each row is; what does not fit together is a problem.

    Raises
    ------
    UploadError
        Metres without a zone.
    """
    longitude, latitude = positions(rows, crs)
    points = gpd.GeoSeries(gpd.points_from_xy(longitude, latitude), crs="EPSG:4326")
    points = points.where(pd.Series(~np.isnan(longitude)), None)
    by_point = snap(points, areas.provinces, key="province_id")
    for i in np.flatnonzero(~np.isnan(longitude) & by_point.isna().to_numpy()):
        rows.problem(int(i), _position_field(rows), _OUTSIDE)
    return Places(longitude, latitude, *named_areas(rows, areas, by_point.tolist(), points))


def named_areas(
    rows: Rows, areas: Areas, by_point: Texts, points: gpd.GeoSeries | None = None
) -> tuple[Texts, Texts]:
    """Return department and province of each row, from names, codes and positions, which must agree.

    Borders are generalised: a point just across one still counts for the department that is named.
    """
    codes = codes_of(rows, "ubigeo")
    stated = [_department(rows, i, text) for i, text in enumerate(rows.texts("department"))]
    departments: Texts = []
    provinces: Texts = []
    names = areas.province_names
    outlines: dict[str, Any] = dict.fromkeys(DEPARTMENTS)
    outlines |= dict(zip(areas.departments["department_id"], areas.departments.geometry, strict=True))
    for i, text in enumerate(rows.texts("province")):
        said, here = stated[i] or codes[i], by_point[i]
        differ = said is not None and here is not None and said[:2] != here[:2]
        if said and differ and points is not None and _borders(outlines[said[:2]], points.iloc[i]):
            by_point[i] = None
        found = [c[:2] for c in (stated[i], codes[i], by_point[i]) if c]
        if not found and text is not None and (code := ubigeo(text)):
            found = [code[:2]]
        if len(set(found)) > 1:
            named = DEPARTMENTS.get(found[0], found[0])
            rows.problem(i, "department", "departments_differ", named=named, found=DEPARTMENTS[found[-1]])
        department = found[0] if found else None
        departments.append(department)
        finer = by_point[i] or next((c[:4] for c in (codes[i], stated[i]) if c and len(c) >= 4), None)
        if text is not None and department is not None:
            finer = _province(rows, i, text, department, names) or finer
        provinces.append(finer)
    return departments, provinces


def _borders(outline: Any, point: Any) -> bool:
    return outline is not None and bool(shapely.distance(outline, point) <= _BORDER_DEGREES)


def _department(rows: Rows, row: int, text: str | None) -> str | None:
    if text is None:
        return None
    found = department_id(text)
    if found is None:
        like = nearest(text, DEPARTMENTS) if rows.patient else ""
        rows.problem(row, "department", "unknown_department", hint=f" ({like}?)" if like else "")
    elif lost_zero(text):
        rows.counts["leading_zero"] += 1
    return found


def _province(rows: Rows, row: int, text: str, department: str, names: Any) -> str | None:
    found = province_id(text, department, names)
    if found is None:
        own = {i: n for i, n in names.items() if i[:2] == department}
        like = nearest(text, own) if rows.patient else ""
        hint = f" ({like}?)" if like else ""
        rows.problem(row, "province", "unknown_province", department=DEPARTMENTS[department], hint=hint)
    elif lost_zero(text):
        rows.counts["leading_zero"] += 1
    return found


def codes_of(rows: Rows, field: str, *, required: bool = False) -> Texts:
    """Return ubigeo codes with their leading zero."""
    codes: Texts = []
    for i, text in enumerate(rows.texts(field, required=required)):
        code = None if text is None else ubigeo(text)
        if text is not None and code is None:
            rows.problem(i, field, "unknown_ubigeo")
        elif text is not None and lost_zero(text):
            rows.counts["leading_zero"] += 1
        codes.append(code)
    return codes


def positions(rows: Rows, crs: str | None) -> tuple[Vector, Vector]:
    """Return longitude and latitude of each row from its shape or columns; NaN where there is none."""
    longitude, latitude = _from_shapes(rows)
    if {"longitude", "latitude"} <= set(rows.mapping):
        typed = _from_texts(rows, rows.texts("longitude"), rows.texts("latitude"))
    elif "position" in rows.mapping:
        pairs = [split_position(t) for t in rows.texts("position")]
        typed = _from_texts(rows, [p[1] for p in pairs], [p[0] for p in pairs])
    elif {"easting", "northing"} <= set(rows.mapping):
        typed = _from_metres(rows, crs)
    else:
        typed = longitude, latitude
    longitude, latitude = (
        np.where(np.isnan(s), t, s) for s, t in zip((longitude, latitude), typed, strict=True)
    )
    return _in_peru(rows, longitude, latitude)


def _from_shapes(rows: Rows) -> tuple[Vector, Vector]:
    empty = np.full(len(rows), np.nan)
    if rows.raw.shapes is None or rows.kind.shape != "Point":
        return empty, empty.copy()
    shapes = shapely.from_wkb(np.array(rows.raw.shapes, dtype=object))
    kinds = shapely.get_type_id(shapes)
    for i in np.flatnonzero(~np.isin(kinds, (-1, 0, 4))):
        rows.problem(int(i), "geometry", "wrong_shape", found=shapes[i].geom_type, wanted="Point")
    first = np.where(kinds == 4, shapely.get_geometry(shapes, 0), shapes)
    first = np.where(np.isin(kinds, (0, 4)), first, None)
    return shapely.get_x(first), shapely.get_y(first)


def _from_texts(rows: Rows, longitudes: Texts, latitudes: Texts) -> tuple[Vector, Vector]:
    style = style_of([*longitudes, *latitudes], fraction=True)
    x, y = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for i, (lon, lat) in enumerate(zip(longitudes, latitudes, strict=True)):
        if lon is None and lat is None:
            continue
        if lon is None or lat is None:
            rows.problem(i, _position_field(rows), "half_position")
            continue
        straight = _pair(lon, lat, style)
        pair = straight or _pair(lat, lon, style)
        if pair is None:
            bad: Axis = "latitude" if to_degrees(lon, "longitude", style) is not None else "longitude"
            rows.problem(i, bad if bad in rows.mapping else _position_field(rows), "not_a_coordinate")
            continue
        rows.counts["swapped"] += straight is None
        rows.counts["dms"] += to_number(lat, style) is None
        x[i], y[i] = pair
    return x, y


def _pair(lon: str, lat: str, style: Any) -> tuple[float, float] | None:
    x, y = to_degrees(lon, "longitude", style), to_degrees(lat, "latitude", style)
    return None if x is None or y is None else (x, y)


def _from_metres(rows: Rows, crs: str | None) -> tuple[Vector, Vector]:
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    east, north = rows.numbers("easting", low=-1e7, high=1e8), rows.numbers("northing", low=-1e7, high=1e8)
    zones = [f"EPSG:{code}" if (code := utm_epsg(z)) else crs for z in rows.texts("utm_zone")]
    if any(z is None and not np.isnan(e) for z, e in zip(zones, east, strict=True)):
        raise refusal("no_crs")
    x, y = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for zone in sorted({z for z in zones if z}):
        here = np.array([z == zone for z in zones]) & ~np.isnan(east) & ~np.isnan(north)
        try:
            transformer = Transformer.from_crs(zone, "EPSG:4326", always_xy=True)
        except CRSError:
            raise refusal("unknown_crs", found=zone[:60]) from None
        x[here], y[here] = transformer.transform(east[here], north[here])
        rows.notes.append(Note("crs", {"crs": zone}))
    return x, y


def _in_peru(rows: Rows, longitude: Vector, latitude: Vector) -> tuple[Vector, Vector]:
    exchange = np.array(swapped(longitude.tolist(), latitude.tolist()), dtype=bool)
    rows.counts["swapped"] += int(exchange.sum())
    x, y = np.where(exchange, latitude, longitude), np.where(exchange, longitude, latitude)
    for i in np.flatnonzero(~np.isnan(x) | ~np.isnan(y)):
        if not inside_peru(x[i], y[i]):
            rows.problem(int(i), _position_field(rows), _OUTSIDE)
            x[i], y[i] = np.nan, np.nan
    return x, y


def _position_field(rows: Rows) -> str:
    return next((f for f in ("latitude", "position", "easting") if f in rows.mapping), "geometry")
