"""Places, roads and rivers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray

from capgap_geo.provenance import Package
from capgap_geo.sources.contract import Column, check, convert, raise_problems
from capgap_geo.sources.read import WGS84, csv, features, points, position_problems

ROADS = (Column("road_id", unique=True), Column("km", "number", minimum=0), Column("bent", "boolean"))
RIVERS = (Column("river_id", unique=True), Column("river_name", required=False))


def places_contract(provinces: gpd.GeoDataFrame) -> tuple[Column, ...]:
    """Return the contract of the places, whose provinces must exist."""
    return (
        Column("place_id", unique=True),
        Column("place_name"),
        Column("province_id", allowed=frozenset(provinces["province_id"]), known="province"),
        Column("ubigeo", required=False),
        Column("population", "number", required=False, minimum=0),
        Column("elevation_m", "number", required=False, minimum=-100, maximum=6800),
        Column("longitude", "number"),
        Column("latitude", "number"),
    )


def read_places(package: Package, provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places with the names of their province and department, sorted by id."""
    resource = package.resource("places")
    raw, columns = csv(resource.path), places_contract(provinces)
    problems = check(raw, columns, file=resource.path)
    if {"longitude", "latitude"} <= set(raw.columns):
        problems += position_problems(raw, resource.path)
    raise_problems(problems, table=resource.name)
    table = convert(raw, columns)
    names = provinces.set_index("province_id")[["province_name", "department_id", "department_name"]]
    table = table.join(names, on="province_id")
    shapes = points(table.pop("longitude"), table.pop("latitude"))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=WGS84).sort_values("place_id", ignore_index=True)


def read_roads(package: Package) -> gpd.GeoDataFrame:
    """Return the arterial roads; ``bent`` marks chords that were laid through the towns on them."""
    return features(package.resource("roads"), ROADS, geometry="LineString")


def read_rivers(package: Package) -> gpd.GeoDataFrame:
    """Return the large rivers."""
    return features(package.resource("rivers"), RIVERS, geometry="LineString")


def read_friction(package: Package) -> NDArray[np.float64] | None:
    """Return the shipped travel-time surface: minutes per km on the national grid, NaN = impassable."""
    if "friction" not in package.resources:
        return None
    with rasterio.open(package.resource("friction").path) as raster:
        values: NDArray[np.float64] = raster.read(1, out_dtype="float64", masked=True).filled(np.nan)
        scale: float = raster.scales[0]
    return values * scale
