"""Main rivers of Peru, with their Spanish names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

GRID = 1e-5
#: The input's names in Spanish. It has lost the accented letters, and one river its name.
NAMES = {
    "Amazonas": "Amazonas",
    "Huallaga": "Huallaga",
    "Javari": "Yavarí",
    "Juru?": "Yurúa",
    "Madre de Dios": "Madre de Dios",
    "Mara??n": "Marañón",
    "Napo": "Napo",
    "Oco?a": "Ocoña",
    "Pisco": "Pisco",
    "Pur?s": "Purús",
    "Putumayo": "Putumayo",
    "Santa": "Santa",
    "Santiago": "Santiago",
    "Tambo": "Tambo",
    "Tumbes": "Tumbes",
    "Ucayali": "Ucayali",
    None: "Desaguadero",
}
IDS = str.maketrans("áéíóúñ ", "aeioun_")


def read_rivers(path: Path, area: Any) -> gpd.GeoDataFrame:
    """Return the rivers inside `area`, one row per name; those that only touch it are left out.

    Parameters
    ----------
    path
        Shapefile of rivers and lake centrelines.
    """
    raw = gpd.read_file(path, bbox=tuple(shapely.bounds(area)))
    raw["geometry"] = shapely.set_precision(shapely.intersection(raw.geometry.to_numpy(), area), GRID)
    raw = raw[~raw.geometry.is_empty]
    raw["river_name"] = [NAMES.get(name if isinstance(name, str) else None, name) for name in raw["name"]]
    named = raw[raw["river_name"].isin(NAMES.values())]
    groups = named.groupby("river_name", sort=True)
    table = {
        "river_id": [name.lower().translate(IDS) for name in groups.groups],
        "river_name": list(groups.groups),
    }
    shapes = [joined(group.geometry.to_numpy()) for _, group in groups]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def joined(lines: Any) -> Any:
    """Return one shape of all lines, joined end to end, its parts in a fixed order."""
    merged = shapely.line_merge(shapely.union_all(lines), directed=True)
    parts = sorted(shapely.get_parts(merged), key=lambda part: part.coords[0])
    return parts[0] if len(parts) == 1 else shapely.multilinestrings(np.array(parts))
