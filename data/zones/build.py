"""Draw the mining zones from their described extents and attach what sources say, byte for byte.

``python data/zones/build.py`` downloads nothing. Its inputs lie beside it and are written by hand:
``outlines.csv`` (one row per zone: a point, line or frame placed by us), ``claims.csv`` (one row per
statement of one source) and ``sources.csv``. No outline is copied from anyone; README.md says how each
method draws.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import buildkit  # noqa: E402  (the scripts' shared part lies one folder up, outside any package)
import curation as c  # noqa: E402

OUTLINE_DECIMALS = 4  # about 10 m, already finer than any outline is true
CENTRE_DECIMALS = 3
ELLIPSE_VERTICES = 48
SAME = ("zone_name", "department_id", "province_id", "outline_method", "legality")
SAME_OR_UNKNOWN = ("mined_ha_period", "mined_ha_window")


def outline(row: c.Row) -> BaseGeometry:
    """Return the outline of a zone, in degrees, from its hand-placed shape."""
    shape = shapely.from_wkt(row["shape"])
    if row["outline_method"] == "district_proxy":
        return ellipse(shape)
    if row["half_width_km"]:
        return widened(shape, float(row["half_width_km"]))
    return shape


def ellipse(frame: BaseGeometry) -> BaseGeometry:
    """Return the ellipse inside a frame: plain on purpose, so that nobody takes it for a boundary."""
    west, south, east, north = frame.bounds
    angle = np.linspace(0.0, 2.0 * np.pi, ELLIPSE_VERTICES, endpoint=False)
    x = (west + east) / 2 + (east - west) / 2 * np.cos(angle)
    y = (south + north) / 2 + (north - south) / 2 * np.sin(angle)
    return shapely.Polygon(np.column_stack([x, y]))


def widened(shape: BaseGeometry, half_width_km: float) -> BaseGeometry:
    """Return everything within a distance of a point or line, true to scale around its middle."""
    middle = shape.centroid
    local = CRS.from_proj4(f"+proj=aeqd +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m")
    forth = Transformer.from_crs("EPSG:4326", local, always_xy=True).transform
    back = Transformer.from_crs(local, "EPSG:4326", always_xy=True).transform
    wide = shapely.transform(shape, forth, interleaved=False).buffer(half_width_km * 1000.0, quad_segs=8)
    return shapely.transform(wide, back, interleaved=False)


def centre(shape: BaseGeometry, drawn: BaseGeometry) -> tuple[float, float]:
    """Return the point that stands for a zone: the middle of its line, or of its area."""
    point = shape.interpolate(0.5, normalized=True) if shape.geom_type == "LineString" else drawn.centroid
    return round(point.x, CENTRE_DECIMALS), round(point.y, CENTRE_DECIMALS)


def link(claims: Sequence[c.Row]) -> tuple[str, list[c.Row]]:
    """Return the closest link with trafficking that is claimed, and the claims that make it."""
    for relation in ("direct", "adjacent"):
        found = [row for row in claims if row["relation"] == relation]
        if found:
            return relation, found
    return "none_found", []


def zone(row: c.Row, claims: Sequence[c.Row], sources: dict[str, c.Row]) -> dict[str, object]:
    """Return one zone with its outline, its link with trafficking and the evidence for it."""
    relation, support = link(claims)
    judged = support or claims
    drawn = outline(row)
    longitude, latitude = centre(shapely.from_wkt(row["shape"]), drawn)
    return {
        "zone_id": row["zone_id"],
        **{column: row[column] for column in SAME},
        **{column: row[column] or None for column in SAME_OR_UNKNOWN},
        "precision_km": float(row["precision_km"]),
        "extent": row["extent"],
        "mined_ha": float(row["mined_ha"]) if row["mined_ha"] else None,
        "trafficking_evidence": relation,
        "trafficking_year": c.latest(support),
        "evidence": c.evidence((r["source_id"] for r in judged), sources),
        "source_ids": c.source_ids(claims),
        "centre_lon": longitude,
        "centre_lat": latitude,
        "geometry": drawn,
    }


def web_copy(zones: gpd.GeoDataFrame) -> str:
    """Return the outlines with id and name only, as the browser fetches them."""
    web = zones[["zone_id", "zone_name", "geometry"]].rename(columns={"zone_id": "id", "zone_name": "name"})
    return buildkit.geojson(web, key="id", decimals=OUTLINE_DECIMALS)


def problems(rows: Sequence[c.Row], claims: Sequence[c.Row], sources: dict[str, c.Row]) -> list[str]:
    """Return what is wrong with the hand-written tables."""
    ids = {row["zone_id"] for row in rows}
    found = ["outlines.csv: a zone_id is used twice"] * (len(ids) != len(rows))
    found += [f"claims.csv: {r['claim_id']}: no such source" for r in claims if r["source_id"] not in sources]
    found += [f"claims.csv: {r['claim_id']}: no such zone" for r in claims if r["zone_id"] not in ids]
    unsourced = sorted(ids - {r["zone_id"] for r in claims})
    return found + [f"outlines.csv: {name}: no claim, so no source" for name in unsourced]


def main() -> None:
    """Check the hand-written tables, then draw the zones and renew the hashes."""
    rows, claims, sources = (
        c.read_rows(HERE / "outlines.csv"),
        c.read_rows(HERE / "claims.csv"),
        c.read_sources(HERE),
    )
    c.stop_on(problems(rows, claims, sources), HERE)
    about = c.grouped(claims, "zone_id")
    zones = [zone(row, about[row["zone_id"]], sources) for row in rows]
    columns = [*buildkit.columns_of(HERE, "zones"), "geometry"]
    table = pd.DataFrame(zones, dtype=object)[columns]  # objects: a year stays whole, unknown stays null
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4326")
    buildkit.write_geojson(HERE / "zones.geojson", frame, key="zone_id", decimals=OUTLINE_DECIMALS)
    buildkit.write_static(buildkit.ROOT / "static" / "geo", {"zones": web_copy(frame)})
    used = {"zones": [r["source_id"] for r in claims], "claims": [r["source_id"] for r in claims]}
    context = [r["source_id"] for r in c.read_rows(HERE / "context.csv")]
    used |= {"context": context, "outlines": used["zones"], "sources": list(sources)}
    c.write_manifest(HERE, sources, used)
    print(f"{len(frame)} zones, {(frame['trafficking_evidence'] == 'direct').sum()} with a direct link")


if __name__ == "__main__":
    main()
