"""Mining zones that sources link, or might be thought to link, with trafficking."""

from __future__ import annotations

import geopandas as gpd
import shapely

from capgap_geo.provenance import Package
from capgap_geo.sources.contract import Column
from capgap_geo.sources.facilities import EVIDENCE, Known, year
from capgap_geo.sources.read import PERU_BOUNDS, features

OUTLINE_METHODS = frozenset({"corridor", "river_reach", "settlement", "district_proxy", "user"})
LINKS = frozenset({"direct", "adjacent", "none_found"})


def contract(known: Known, provinces: frozenset[str]) -> tuple[Column, ...]:
    """Return the contract of the zones."""
    west, south, east, north = PERU_BOUNDS
    return (
        Column("zone_id", unique=True),
        Column("zone_name"),
        known.department,
        Column("province_id", allowed=provinces, known="province"),
        Column("outline_method", allowed=OUTLINE_METHODS),
        Column("precision_km", "number", minimum=0, maximum=200),
        Column("mined_ha", "number", required=False, minimum=0),
        Column("mined_ha_period", required=False),
        Column("legality"),
        Column("trafficking_evidence", allowed=LINKS),
        year("trafficking_year"),
        Column("evidence", allowed=EVIDENCE),
        known.source(),
        Column("centre_lon", "number", minimum=west, maximum=east),
        Column("centre_lat", "number", minimum=south, maximum=north),
    )


def read_zones(package: Package, known: Known, provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the mining zones, La Pampa first, then by department and name."""
    columns = contract(known, frozenset(provinces["province_id"]))
    zones = features(package.resource("zones"), columns, geometry="Polygon")
    zones.insert(3, "department_name", zones["department_id"].map(known.departments))
    zones["outlying"] = zones["zone_id"] != "la_pampa"
    ordered = zones.sort_values(["outlying", "department_id", "zone_name"], ignore_index=True)
    return ordered.drop(columns="outlying").set_geometry(shapely.force_2d(ordered.geometry.values))
