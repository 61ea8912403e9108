"""Departments, provinces and the neighbouring countries."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from capgap_geo.provenance import Package
from capgap_geo.sources.contract import Column, Problem, raise_problems
from capgap_geo.sources.read import features

DEPARTMENTS = (
    Column("department_id", unique=True),
    Column("department_name", unique=True),
    Column("iso_3166_2", unique=True),
    Column("pcode", unique=True),
    Column("capital_place_id"),
    Column("area_km2", "number", minimum=0),
)
NEIGHBOURS = (Column("iso_a3", unique=True), Column("country_name"))


def provinces_contract(departments: gpd.GeoDataFrame) -> tuple[Column, ...]:
    """Return the contract of the provinces, whose departments must exist."""
    known = frozenset(departments["department_id"])
    return (
        Column("province_id", unique=True),
        Column("province_name"),
        Column("department_id", allowed=known, known="department"),
        Column("pcode", unique=True),
        Column("region26"),
        Column("capital_place_id", required=False),
        Column("area_km2", "number", minimum=0),
    )


def read_departments(package: Package) -> gpd.GeoDataFrame:
    """Return the departments, sorted by id."""
    return _sorted(
        features(package.resource("departments"), DEPARTMENTS, geometry="Polygon"), "department_id"
    )


def read_provinces(package: Package, departments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the provinces, sorted by id, with the name of their department.

    Raises
    ------
    SchemaError
        Also when the provinces overlap or leave gaps.
    """
    resource = package.resource("provinces")
    table = features(resource, provinces_contract(departments), geometry="Polygon")
    if not shapely.coverage_is_valid(table.geometry.values):
        edges = shapely.coverage_invalid_edges(table.geometry.values)
        rows = np.flatnonzero(~shapely.is_empty(edges))
        remedy = "neighbours must share their border exactly; rebuild the package"
        problems = [
            Problem(resource.path.name, int(i) + 1, "geometry", "a gap or overlap", remedy) for i in rows
        ]
        raise_problems(problems, table=resource.name)
    names = departments.set_index("department_id")["department_name"]
    table.insert(3, "department_name", table["department_id"].map(names))
    return _sorted(table, "province_id")


def read_neighbours(package: Package) -> gpd.GeoDataFrame:
    """Return the neighbouring countries, for the base map."""
    return _sorted(features(package.resource("neighbours"), NEIGHBOURS, geometry="Polygon"), "iso_a3")


def _sorted(table: gpd.GeoDataFrame, key: str) -> gpd.GeoDataFrame:
    return table.sort_values(key, ignore_index=True)
