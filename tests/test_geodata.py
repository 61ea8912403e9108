"""Boundaries, places, roads, rivers, population and their web copies: what must hold in the shipped data."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from capgap_geo.provenance import read_package

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
GEO = ROOT / "static" / "geo"
GEOD = Geod(ellps="WGS84")
EQUAL_AREA = "+proj=laea +lon_0=-75 +lat_0=-9.5 +ellps=WGS84"
METRIC = "EPSG:32719"
OFFICIAL_KM2 = 1_285_216
LA_PAMPA = shapely.Point(-69.98, -12.97)

#: Kilometres by road, as published by the tourism board or (the last four) by travel agencies and hotels.
PUBLISHED_KM = {
    ("Lima", "Trujillo"): 560,
    ("Lima", "Arequipa"): 1003,
    ("Lima", "Tumbes"): 1270,
    ("Lima", "Cusco"): 1131,
    ("Lima", "Pucallpa"): 840,
    ("Huánuco", "Pucallpa"): 371,
    ("Arequipa", "Camaná"): 173,
    ("Puno", "Macusani"): 256,
    ("Cusco", "Urcos"): 46,
    ("Cusco", "Arequipa"): 500,
    ("Cusco", "Puerto Maldonado"): 483,
    ("Puerto Maldonado", "Iñapari"): 240,
    ("Iquitos", "Nauta"): 100,
}


@cache
def layer(package: str, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / package / f"{name}.geojson")


@cache
def places() -> gpd.GeoDataFrame:
    text = {"place_id": str, "province_id": str, "department_id": str, "ubigeo": str}
    table = pd.read_csv(DATA / "travel" / "places.csv", dtype=text)
    at = gpd.points_from_xy(table["longitude"], table["latitude"])
    return gpd.GeoDataFrame(table, geometry=at, crs=4326)


def town(name: str) -> tuple[float, float]:
    """Return the position of the largest place of that name."""
    found = places()[places()["place_name"] == name].sort_values("population", na_position="first").iloc[-1]
    return float(found["longitude"]), float(found["latitude"])


@pytest.mark.parametrize("package", ["boundaries", "travel", "population"])
def test_packages_are_verified_and_name_their_sources(package: str) -> None:
    read = read_package(DATA / package)
    assert all(r.licenses and r.source_ids and r.fields for r in read.resources.values())


def test_counts() -> None:
    assert len(layer("boundaries", "provinces")) == 196
    assert len(layer("boundaries", "departments")) == 25
    assert len(layer("boundaries", "regions26")) == 26
    assert len(places()) == 1955
    assert {"ECU", "COL", "BRA", "BOL", "CHL"} <= set(layer("boundaries", "neighbours")["iso_a3"])
    assert len(layer("travel", "rivers")) == 17


@pytest.mark.parametrize("name", ["provinces", "departments", "regions26"])
def test_areas_neither_overlap_nor_leave_gaps(name: str) -> None:
    shapes = layer("boundaries", name).geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()
    country = shapely.coverage_union_all(shapes)
    assert all(shapely.get_num_interior_rings(part) == 0 for part in shapely.get_parts(country))


def test_departments_are_their_provinces() -> None:
    provinces = layer("boundaries", "provinces")
    assert (provinces["department_id"] == provinces["province_id"].str[:2]).all()
    assert (provinces["pcode"] == "PE" + provinces["province_id"]).all()
    for row in layer("boundaries", "departments").itertuples():
        parts = provinces.loc[provinces["department_id"] == row.department_id, "geometry"].to_numpy()
        assert shapely.coverage_union_all(parts).equals(row.geometry)


def test_area_agrees_with_the_official_one_on_the_ellipsoid_and_on_an_equal_area_map() -> None:
    departments = layer("boundaries", "departments")
    geodesic = sum(abs(GEOD.geometry_area_perimeter(shape)[0]) for shape in departments.geometry) / 1e6
    projected = departments.to_crs(EQUAL_AREA).area.sum() / 1e6
    assert geodesic == pytest.approx(OFFICIAL_KM2, rel=0.002)
    assert projected == pytest.approx(geodesic, rel=0.001)
    assert departments["area_km2"].sum() == pytest.approx(geodesic, abs=2)


def test_names_are_spelled_and_26_regions_split_lima() -> None:
    provinces = layer("boundaries", "provinces").set_index("province_id")
    names = provinces["province_name"]
    assert names[["0408", "0508", "1007", "1402", "1505", "0701"]].tolist() == [
        "La Unión",
        "Páucar del Sara Sara",
        "Marañón",
        "Ferreñafe",
        "Cañete",
        "Callao",
    ]
    assert not names.str.contains("[ÃÂ�]", regex=True).any()
    assert provinces.loc["1501", "region26"] == "Lima Metropolitana"
    assert set(provinces.loc[provinces.index.str.startswith("15")].drop("1501")["region26"]) == {
        "Lima Provincias"
    }


def test_every_capital_is_a_place_of_its_area() -> None:
    by_id = places().set_index("place_id")
    departments = layer("boundaries", "departments").set_index("department_id")
    assert departments["capital_place_id"].notna().all()
    assert (by_id.loc[departments["capital_place_id"], "department_id"].to_numpy() == departments.index).all()
    provinces = layer("boundaries", "provinces").set_index("province_id")["capital_place_id"].dropna()
    assert len(provinces) == 196 - 17
    assert (by_id.loc[provinces, "province_id"].to_numpy() == provinces.index).all()


def test_every_place_lies_in_its_province() -> None:
    provinces = layer("boundaries", "provinces")
    inside = places().sjoin(provinces[["province_id", "geometry"]], predicate="within", lsuffix="stated")
    assert (inside["province_id_stated"] == inside["province_id_right"]).all()
    outside = places()[~places().index.isin(inside.index)]
    assert set(outside["place_name"]) == {"Salinera Colán", "Arena Baja"}
    country = provinces.to_crs(METRIC).union_all()
    assert outside.to_crs(METRIC).distance(country).max() < 2_000


def test_places_know_no_zero_population_and_no_foreign_district() -> None:
    table = places()
    assert table["population"].dropna().min() >= 1
    assert table["population"].isna().sum() == 434
    districts = table.dropna(subset="ubigeo")
    assert (districts["ubigeo"].str[:4] == districts["province_id"]).all()


def test_la_pampa_lies_in_tambopata() -> None:
    provinces = layer("boundaries", "provinces")
    holding = provinces[provinces.contains(LA_PAMPA)]
    assert holding["province_id"].tolist() == ["1701"]
    assert holding["province_name"].tolist() == ["Tambopata"]


def test_population_of_provinces_sums_to_the_national_projection() -> None:
    table = pd.read_csv(DATA / "population" / "provinces.csv", dtype={"province_id": str})
    assert table["population"].sum() == 34_350_244
    assert set(table["province_id"]) == set(layer("boundaries", "provinces")["province_id"])


def test_profiles_add_up_and_say_that_they_are_estimated() -> None:
    table = pd.read_csv(DATA / "population" / "departments_profiles.csv", dtype={"department_id": str})
    assert len(table) == 25
    assert (table[["girls", "boys", "women", "men"]].sum(axis=1) == table["population"]).all()
    assert (table["girls"] + table["boys"] == table["under_18"]).all()
    assert (table["girls"] + table["women"] == table["female"]).all()
    assert table["estimated"].all()


@cache
def road_network() -> tuple[np.ndarray, coo_array]:
    """Return the vertices of all roads and the lengths between them."""
    numbers: dict[tuple[float, float], int] = {}
    starts, ends, lengths = [], [], []
    for line, km in zip(layer("travel", "roads").geometry, layer("travel", "roads")["km"], strict=True):
        points = [numbers.setdefault(p, len(numbers)) for p in line.coords]
        legs = np.array([GEOD.inv(*a, *b)[2] for a, b in pairwise(line.coords)])
        starts += points[:-1]
        ends += points[1:]
        lengths += list(legs / legs.sum() * km)
    graph = coo_array((lengths, (starts, ends)), shape=(len(numbers),) * 2)
    return np.array(list(numbers)), graph


def road_km(*stops: tuple[float, float]) -> float:
    """Return the length of the shortest way by road through all positions, in their order."""
    vertices, graph = road_network()
    at = cKDTree(vertices).query(list(stops))[1]
    return sum(float(dijkstra(graph, directed=False, indices=a)[b]) for a, b in pairwise(at))


@pytest.mark.parametrize("name", ["Puerto Maldonado", "Mazuko", "Iberia", "Iñapari"])
def test_the_interoceanic_highway_passes_the_towns_on_it(name: str) -> None:
    roads = layer("travel", "roads").to_crs(METRIC)
    at = gpd.GeoSeries([shapely.Point(town(name))], crs=4326).to_crs(METRIC).iloc[0]
    assert roads.distance(at).min() < 3_000


def test_the_interoceanic_highway_borders_la_pampa_in_the_north() -> None:
    near = layer("travel", "roads").clip((-70.06, -12.95, -69.92, -12.85))
    assert not near.empty
    assert near["bent"].all()
    crossing = near.intersection(shapely.LineString([(-69.98, -12.95), (-69.98, -12.85)]))
    assert [round(p.y, 2) for p in crossing if not p.is_empty] == [-12.89]


@pytest.mark.parametrize(("pair", "published"), PUBLISHED_KM.items(), ids=map(" - ".join, PUBLISHED_KM))
def test_roads_are_about_as_long_as_published(pair: tuple[str, str], published: float) -> None:
    assert road_km(*map(town, pair)) == pytest.approx(published, rel=0.25)


def test_road_lengths_are_right_on_average_and_on_the_highway_to_cusco() -> None:
    ratios = [road_km(*map(town, pair)) / km for pair, km in PUBLISHED_KM.items()]
    assert np.median(ratios) == pytest.approx(1, abs=0.1)
    waypoints = pd.read_csv(DATA / "travel" / "waypoints.csv")
    highway = waypoints[waypoints["highway"] == "Nasca - Abancay - Cusco"].sort_values("order")
    along_the_highway = road_km(town("Lima"), *zip(highway["longitude"], highway["latitude"], strict=True))
    assert along_the_highway == pytest.approx(1131, rel=0.1)


def test_no_road_is_shorter_than_it_is_drawn() -> None:
    roads = layer("travel", "roads")
    drawn = np.array([GEOD.geometry_length(line) / 1000 for line in roads.geometry])
    assert (roads["km"] >= drawn - 0.02).all()
    assert (roads["km"] <= 3 * drawn + 0.5).mean() > 0.99


def test_waypoints_are_places_in_the_order_of_their_highway() -> None:
    table = pd.read_csv(DATA / "travel" / "waypoints.csv", dtype={"place_id": str})
    known = table.dropna(subset="place_id").merge(places(), on="place_id", suffixes=("", "_place"))
    assert len(known) == table["place_id"].notna().sum() == len(table) - 3
    assert (known["place_name"] == known["place_name_place"]).all()
    assert np.allclose(known[["longitude", "latitude"]], known[["longitude_place", "latitude_place"]])
    for _, highway in table.groupby("highway"):
        assert highway["order"].tolist() == list(range(1, len(highway) + 1))


def test_roads_form_one_network_but_for_iquitos_and_few_pieces() -> None:
    vertices, graph = road_network()
    lima, maldonado, iquitos = cKDTree(vertices).query(
        [town("Lima"), town("Puerto Maldonado"), town("Iquitos")]
    )[1]
    reached = np.isfinite(dijkstra(graph, directed=False, indices=lima))
    assert reached[maldonado]
    assert not reached[iquitos]
    assert reached.mean() > 0.98


def test_roads_and_rivers_stay_near_peru() -> None:
    country = layer("boundaries", "departments").to_crs("EPSG:32718").union_all().simplify(200).buffer(5_500)
    for name in ("roads", "rivers"):
        assert layer("travel", name).to_crs("EPSG:32718").within(country).all()


def test_web_copies_are_named_after_their_hashes() -> None:
    listed = json.loads((GEO / "manifest.json").read_text(encoding="utf-8"))
    assert {"departments", "provinces", "labels", "neighbours", "roads", "rivers"} <= set(listed)
    for name, file in listed.items():
        content = (GEO / file).read_bytes()
        assert file.split(".")[0] == f"{name}-{hashlib.sha256(content).hexdigest()[:10]}"
    assert {p.name for p in GEO.glob("*.geojson")} == set(listed.values())


def web(name: str) -> tuple[gpd.GeoDataFrame, int, list[dict[str, object]]]:
    path = GEO / json.loads((GEO / "manifest.json").read_text(encoding="utf-8"))[name]
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return gpd.read_file(path), path.stat().st_size, features


@pytest.mark.parametrize(
    ("name", "rows", "most"), [("departments", 25, 150_000), ("provinces", 196, 450_000)]
)
def test_web_copies_are_small_whole_and_carry_only_id_and_name(name: str, rows: int, most: int) -> None:
    table, size, features = web(name)
    assert (len(table), size <= most) == (rows, True)
    assert shapely.coverage_is_valid(table.geometry.to_numpy())
    assert all(set(f["properties"]) == {"id", "name"} and f["id"] == f["properties"]["id"] for f in features)
    source = layer("boundaries", name).set_index(f"{name[:-1]}_id")
    assert set(table["id"]) == set(source.index)
    area = table.to_crs(EQUAL_AREA).area.sum() / source.to_crs(EQUAL_AREA).area.sum()
    assert area == pytest.approx(1, abs=0.002)


def test_labels_lie_in_their_department() -> None:
    labels = web("labels")[0].set_index("id")
    departments = web("departments")[0].set_index("id")
    assert departments.contains(labels.reindex(departments.index)).all()


def test_coordinates_have_five_decimals_and_polygons_turn_as_rfc_7946_asks() -> None:
    shapes = layer("boundaries", "provinces").geometry
    coordinates = shapely.get_coordinates(shapes)
    assert np.array_equal(coordinates, coordinates.round(5))
    parts = shapely.get_parts(shapes.to_numpy())
    assert shapely.is_ccw(shapely.get_exterior_ring(parts)).all()
