"""Populated places of Peru with the province that they lie in."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import buildkit

#: UTM zone 18 south, in metres: good enough to find the nearest province of a place off the coast.
METRIC = 32718


def read_places(inputs: Path, provinces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places, each in the province whose polygon holds it or, off the coast, is nearest.

    The province's polygon decides, not the code that the input states: a place then lies in the province that
    it is counted for. A district code is kept only where it agrees with that province.
    """
    table = buildkit.read_geonames(inputs, country="PE")
    at = gpd.points_from_xy(table["longitude"].round(5), table["latitude"].round(5))
    places = gpd.GeoDataFrame(table, geometry=at, crs=4326)
    stated = places["admin2"].to_numpy()
    places["province_id"] = province_of(places, provinces)
    names = provinces.set_index("province_id")
    for column in ("province_name", "department_id", "department_name"):
        places[column] = places["province_id"].map(names[column])
    agrees = [
        d[:4] == p and len(d) == 6 for d, p in zip(places["admin3"], places["province_id"], strict=True)
    ]
    places["ubigeo"] = places["admin3"].where(agrees, None)
    # GeoNames writes 0 where it knows no number: not known is not nobody.
    places["population"] = places["population"].astype("Int64").replace(0, pd.NA)
    places["elevation_m"] = places["dem"].astype("Int64")
    _report(places, stated)
    return places.rename(columns={"geonameid": "place_id", "name": "place_name"})


def province_of(places: gpd.GeoDataFrame, provinces: gpd.GeoDataFrame) -> pd.Series:
    """Return the id of the province that holds each place, or of the nearest one."""
    polygons = provinces[["province_id", "geometry"]].to_crs(METRIC)
    joined = places[["geometry"]].to_crs(METRIC).sjoin_nearest(polygons, distance_col="metres")
    first = joined[~joined.index.duplicated()].sort_index()
    return first["province_id"]


def _report(places: gpd.GeoDataFrame, stated: pd.Series) -> None:
    mended = int((places["province_id"].to_numpy() != stated).sum())
    print(  # noqa: T201  (part of the build script)
        f"places: {len(places)}; province mended: {mended}; "
        f"no district code: {int(places['ubigeo'].isna().sum())}; "
        f"population not known: {int(places['population'].isna().sum())}; "
        f"sum {int(places['population'].sum()):,}"
    )
