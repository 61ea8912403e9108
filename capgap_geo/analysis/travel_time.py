"""The travel-time model: minutes per km on the grid from roads, rivers and the ground between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from rasterio.features import rasterize
from scipy import ndimage

from capgap_geo.analysis.friction_file import BEYOND_KM, load_friction, within
from capgap_geo.analysis.grid import Grid
from capgap_geo.analysis.terrain import Region, Slope, natural_regions, slope_classes
from capgap_geo.analysis.tracks import assumed_links
from capgap_geo.errors import ScenarioError

__all__ = ["Speeds", "friction_surface", "load_friction"]

_GEOD = Geod(ellps="WGS84")
MINUTES_PER_HOUR = 60.0
METRES_PER_KM = 1000.0
#: A road is at most this many times as long as drawn; more is an error of a short piece.
MOST_WINDING = 2.0
#: Around a place, in km, there are paths everywhere.
NEAR_KM = 5.0
#: Rivers carry boats where the land is lower than this, in m, in the rainforest.
NAVIGABLE_BELOW_M = 350.0
#: Mean slope that stands for each class in Tobler's function.
TYPICAL_SLOPE: Mapping[Slope, float] = MappingProxyType(
    {Slope.FLAT: 0.0, Slope.HILLY: 0.14, Slope.STEEP: 0.27}
)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Speeds in km per hour.

    Attributes
    ----------
    road_coast, road_highlands, road_rainforest
        Bus or shared taxi along a road of the network, by natural region; calibrated.
    road_steep
        The same on steep ground of the highlands and in the hills of the rainforest; calibrated. On the
        coast the road keeps below the slopes.
    track
        Vehicle on a local road that no source maps, along the straight line it is assumed to follow;
        calibrated.
    river
        Fast passenger boat on a river, mean of both directions, along the line as drawn; calibrated.
    waterway
        Small boat on other water, or where a settlement in the rainforest is far from any mapped way.
    near_places
        Anything on wheels or hooves on the paths around a settlement.
    walk_forest, walk_shrub, walk_open, walk_bare, walk_wet
        On foot on flat ground, by land cover.
    """

    road_coast: float = 64.0
    road_highlands: float = 60.0
    road_rainforest: float = 50.0
    road_steep: float = 28.0
    track: float = 25.0
    river: float = 28.0
    waterway: float = 8.0
    near_places: float = 8.0
    walk_forest: float = 2.0
    walk_shrub: float = 3.0
    walk_open: float = 4.0
    walk_bare: float = 5.0
    walk_wet: float = 2.0

    def __post_init__(self) -> None:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        wrong = [f"{name}: found {value!r}" for name, value in values.items() if not 0 < value < math.inf]
        if wrong:
            raise ScenarioError(
                f"speeds must be above 0 km/h: {'; '.join(wrong)}", code="speed", details={"problems": wrong}
            )

    def on_road(self) -> NDArray[np.float64]:
        """Return the speed on roads by `Region` (row) and `Slope` (column)."""
        coast, highlands, forest, steep = (
            self.road_coast,
            self.road_highlands,
            self.road_rainforest,
            self.road_steep,
        )
        return np.array([[coast] * 3, [highlands, highlands, steep], [forest, steep, steep]])

    def on_foot(self) -> NDArray[np.float64]:
        """Return the walking speed of each IGBP land-cover class, 0 to 16 (0 = water, by boat)."""
        speed = np.full(17, self.walk_open)  # savannas, grassland, crops, open shrubs
        speed[0] = self.waterway
        speed[1:6] = self.walk_forest
        speed[[6, 8]] = self.walk_shrub  # closed shrubland, woody savanna
        speed[[11, 15]] = self.walk_wet  # wetland, snow and ice
        speed[[13, 16]] = self.walk_bare  # towns, bare ground
        return speed


@dataclass(frozen=True, eq=False)
class Ways:
    """What can be travelled in each cell, before any speed is chosen; all arrays have the grid's shape.

    Attributes
    ----------
    grid
        The grid.
    land_cover
        IGBP class, 0 to 16.
    region, slope
        Values of `Region` and `Slope`.
    winding
        Km along the road per km as drawn; NaN where there is no road.
    navigable
        Rivers that carry boats.
    near_place
        Within `NEAR_KM` of a place.
    track, waterway
        Assumed links to places that no mapped way reaches, see `tracks.assumed_links`.
    passable
        The country, and roads close to it.
    """

    grid: Grid
    land_cover: NDArray[np.uint8]
    region: NDArray[np.uint8]
    slope: NDArray[np.uint8]
    winding: NDArray[np.float64]
    navigable: NDArray[np.bool_]
    near_place: NDArray[np.bool_]
    track: NDArray[np.bool_]
    waterway: NDArray[np.bool_]
    passable: NDArray[np.bool_]

    def friction(self, speeds: Speeds) -> NDArray[np.float64]:
        """Return the minutes per km of the fastest way through each cell; NaN = impassable."""
        factor = np.array([tobler(TYPICAL_SLOPE[kind]) for kind in Slope])
        fastest = speeds.on_foot()[self.land_cover] * factor[self.slope]
        for cells, speed in (
            (self.near_place, speeds.near_places),
            (self.waterway, speeds.waterway),
            (self.track, speeds.track),
            (self.navigable, speeds.river),
        ):
            fastest[cells] = np.maximum(fastest[cells], speed)
        fastest = np.fmax(fastest, speeds.on_road()[self.region, self.slope] / self.winding)
        return np.where(self.passable, MINUTES_PER_HOUR / fastest, np.nan)


def friction_surface(
    grid: Grid,
    *,
    elevation_m: NDArray[np.float64],
    land_cover: NDArray[np.uint8],
    places: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    rivers: gpd.GeoDataFrame,
    speeds: Speeds | None = None,
) -> NDArray[np.float64]:
    """Return the minutes that a kilometre takes in every cell: the fastest of all ways through it.

    * Off the roads: on foot by land cover, times Tobler's (1993) factor of the slope class
      (harmonic mean of both directions); within `NEAR_KM` of a place at least `Speeds.near_places`.
    * Roads: the speed of the natural region and slope class, divided by how much longer the road is
      than drawn (``km`` over the length of the line, 1 to `MOST_WINDING`).
    * Rivers of the rainforest below `NAVIGABLE_BELOW_M`: by boat.
    * Places that no mapped way reaches: assumed local roads, see `tracks.assumed_links`.

    Parameters
    ----------
    grid, elevation_m, land_cover, places, roads, rivers
        See `find_ways`.
    speeds
        The calibrated ones if not given.

    Returns
    -------
    numpy.ndarray
        Minutes per km, float64; NaN outside the country, but for roads up to `friction_file.BEYOND_KM`
        beyond its outline, which is drawn more coarsely than the roads that follow it.

    Raises
    ------
    ScenarioError
        A raster has another shape than the grid, or land cover has an unknown class.
    """
    ways = find_ways(
        grid, elevation_m=elevation_m, land_cover=land_cover, places=places, roads=roads, rivers=rivers
    )
    return ways.friction(Speeds() if speeds is None else speeds)


def find_ways(
    grid: Grid,
    *,
    elevation_m: NDArray[np.float64],
    land_cover: NDArray[np.uint8],
    places: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    rivers: gpd.GeoDataFrame,
) -> Ways:
    """Return what `friction_surface` needs before any speed is chosen.

    Parameters
    ----------
    elevation_m, land_cover
        Height of the ground in m (sea included) and IGBP class (0 to 16), in the shape of the grid.
    places
        Points.
    roads
        Lines with ``km``, the length along the road.
    rivers
        Lines.
    """
    _check(grid, elevation_m, land_cover)
    region = natural_regions(elevation_m)
    winding = _road_winding(grid, roads)
    navigable = _touched(grid, rivers.geometry.to_crs(grid.crs))
    navigable &= (region == Region.RAINFOREST) & (elevation_m < NAVIGABLE_BELOW_M)
    road = np.isfinite(winding)
    near_place, track, waterway = _local_ways(grid, places, (road | navigable) & grid.mask, region)
    return Ways(
        grid=grid,
        land_cover=land_cover,
        region=region,
        slope=slope_classes(elevation_m, cell_km=grid.cell_km),
        winding=winding,
        navigable=navigable,
        near_place=near_place,
        track=track,
        waterway=waterway,
        passable=grid.mask | (road & within(grid, BEYOND_KM)),
    )


def _check(grid: Grid, elevation_m: NDArray[np.float64], land_cover: NDArray[np.uint8]) -> None:
    problems = [
        f"{name}: found shape {raster.shape}, the grid has {tuple(grid.shape)}"
        for name, raster in (("elevation_m", elevation_m), ("land_cover", land_cover))
        if raster.shape != tuple(grid.shape)
    ]
    if not np.isfinite(elevation_m).all():
        problems.append("elevation_m: found cells without a value, fill them")
    if land_cover.size and int(land_cover.max()) >= len(Speeds().on_foot()):
        problems.append(f"land_cover: found class {int(land_cover.max())}, IGBP has 0 to 16")
    if problems:
        raise ScenarioError("; ".join(problems), code="terrain", details={"problems": problems})


def tobler(slope: float) -> float:
    r"""Return walking speed on a slope relative to the flat: there and back, after Tobler (1993).

    The harmonic mean of :math:`e^{-3.5 |s + 0.05|}` over both directions, relative to s = 0.
    """
    up, down, flat = (math.exp(-3.5 * abs(s + 0.05)) for s in (slope, -slope, 0.0))
    return 2.0 / (1.0 / up + 1.0 / down) / flat


def _road_winding(grid: Grid, roads: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return km along the road per km as drawn, the least in each cell; NaN where there is no road."""
    if roads.empty:
        return np.full(grid.shape, np.nan)
    drawn = np.array([_GEOD.geometry_length(line) for line in roads.geometry]) / METRES_PER_KM
    winding = np.clip(roads["km"].to_numpy(float) / np.maximum(drawn, 1e-9), 1.0, MOST_WINDING)
    order = np.argsort(-winding, kind="stable")  # the last one drawn stays
    lines = roads.geometry.to_crs(grid.crs).to_numpy()
    return _burn(grid, zip(lines[order], winding[order], strict=True))


def _touched(grid: Grid, shapes: Iterable[shapely.Geometry]) -> NDArray[np.bool_]:
    return np.isfinite(_burn(grid, ((shape, 1.0) for shape in shapes)))


def _burn(grid: Grid, shapes: Iterable[tuple[shapely.Geometry, float]]) -> NDArray[np.float64]:
    pairs = [(shape, float(value)) for shape, value in shapes if not shape.is_empty]
    if not pairs:
        return np.full(grid.shape, np.nan)
    burnt: NDArray[np.float64] = rasterize(
        pairs, grid.shape, fill=np.nan, transform=grid.transform, all_touched=True, dtype="float64"
    )
    return burnt


def _local_ways(
    grid: Grid, places: gpd.GeoDataFrame, mapped: NDArray[np.bool_], region: NDArray[np.uint8]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the surroundings of places, and the cells of assumed tracks and waterways to them."""
    if places.empty:
        nothing = np.zeros(grid.shape, bool)
        return nothing, nothing, nothing
    spot = grid.snap(places.geometry.x, places.geometry.y)
    is_place = np.zeros(grid.shape, bool)
    is_place[spot.row, spot.col] = True
    near = ndimage.distance_transform_edt(~is_place, sampling=grid.cell_km) <= NEAR_KM
    links = assumed_links(spot.row, spot.col, mapped, region, cell_km=grid.cell_km)
    track, waterway = (
        _touched(grid, [grid_line(grid, *ends) for *ends, track in links if track is wanted])
        for wanted in (True, False)
    )
    return near, track, waterway


def grid_line(grid: Grid, row: int, col: int, to_row: int, to_col: int) -> shapely.LineString:
    """Return the line between the centres of two cells, in the grid's coordinates."""
    ends = [grid.transform * (c + 0.5, r + 0.5) for r, c in ((row, col), (to_row, to_col))]
    return shapely.LineString(ends)
