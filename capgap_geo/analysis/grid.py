"""The national grid: equal-area cells, so that counting cells measures area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from rasterio.transform import Affine
from scipy.sparse import csr_matrix

from capgap_geo.errors import ScenarioError

#: Lambert azimuthal equal-area, centred on Peru: areas are exact, distances within 0.5 %.
PERU_CRS = CRS.from_proj4("+proj=laea +lat_0=-9.5 +lon_0=-75 +datum=WGS84 +units=m +no_defs")
#: (rows, columns) of 1 km; Peru spans 2,028 x 1,393 km, the rest is a margin of about 10 km on every side.
PERU_SHAPE = (2050, 1420)
#: Upper left corner in metres, a multiple of the cell.
PERU_CORNER = (-712_000.0, 1_056_000.0)
WGS84 = CRS.from_epsg(4326)
#: Longest edge that is projected as one straight line: bent by under 2 m at 0.1 degrees.
_EDGE_DEGREES = 0.1


class Snap(NamedTuple):
    """Cells given to points, and how far each point was moved to reach a usable cell."""

    row: NDArray[np.intp]
    col: NDArray[np.intp]
    moved_km: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """A north-up raster of square equal-area cells.

    Parameters
    ----------
    crs
        Projected equal-area reference system in metres.
    transform
        Affine map from (column, row) to metres; no rotation.
    shape
        (rows, columns).
    mask
        True where the cell belongs to the study area.
    cell_km
        Side of a cell in km.
    land
        Share of each cell inside the study area, in [0, 1]; without it every masked cell counts in full.

    Raises
    ------
    ScenarioError
        The parts do not fit each other, or no cell is valid.
    """

    crs: CRS
    transform: Affine
    shape: tuple[int, int]
    mask: NDArray[np.bool_]
    cell_km: float = 1.0
    land: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            raise ScenarioError("; ".join(problems), code="grid", details={"problems": problems})
        object.__setattr__(self, "mask", _frozen(self.mask.copy()))
        if self.land is not None:
            object.__setattr__(self, "land", _frozen(self.land.copy()))

    def rowcol(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return row and column of the cells that hold the points; they may lie outside the grid.

        Parameters
        ----------
        lon, lat
            Degrees (WGS 84), same shape.
        """
        row, col = self._position(lon, lat)
        return np.floor(row).astype(np.intp), np.floor(col).astype(np.intp)

    def lonlat(self, row: ArrayLike, col: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitude and latitude (degrees, WGS 84) of cell centres."""
        x = self.transform.c + self.transform.a * (np.asarray(col) + 0.5)
        y = self.transform.f + self.transform.e * (np.asarray(row) + 0.5)
        lon, lat = to_wgs84(self.crs).transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def inside(self, row: ArrayLike, col: ArrayLike) -> NDArray[np.bool_]:
        """Return whether the cells exist on the grid."""
        row, col = np.asarray(row), np.asarray(col)
        return (row >= 0) & (col >= 0) & (row < self.shape[0]) & (col < self.shape[1])

    def area(self, cells: NDArray[np.bool_] | None = None) -> float:
        """Return the area in km2 of the study area inside the given cells (all cells if not given)."""
        weight = self.cell_area_km2
        return float(weight.sum() if cells is None else weight[cells].sum())

    @cached_property
    def cell_area_km2(self) -> NDArray[np.float64]:
        """Area in km2 of the study area inside each cell; zero outside the mask."""
        share = self.mask.astype(np.float64) if self.land is None else np.where(self.mask, self.land, 0.0)
        return _frozen(share * self.cell_km**2)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that defines the grid: its part of a cache key."""
        digest = sha256(f"{self.crs.to_wkt()}{self.transform!r}{self.shape}{self.cell_km}".encode())
        digest.update(np.packbits(self.mask).tobytes())
        digest.update(b"" if self.land is None else np.ascontiguousarray(self.land).tobytes())
        return digest.hexdigest()

    def snap(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        *,
        usable: NDArray[np.bool_] | None = None,
        limit_km: float = 5.0,
    ) -> Snap:
        """Give each point a usable cell: its own, or else the one whose centre is nearest.

        Parameters
        ----------
        lon, lat
            Degrees (WGS 84), one value per point.
        usable
            Cells that can hold a point, for instance those that can be crossed; the mask if not given.
        limit_km
            The farthest that a point may be moved.

        Returns
        -------
        Snap
            `moved_km` is 0 where the point stayed in its own cell, otherwise the distance from the
            point to the centre of the cell that it was given.

        Raises
        ------
        ScenarioError
            A point has no usable cell within `limit_km`; all such points are listed.
        """
        lon, lat = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        usable = self.mask if usable is None else usable
        position = zip(*self._position(lon, lat), strict=True)
        cells = np.array([_usable_cell(row, col, usable, limit_km / self.cell_km) for row, col in position])
        cells = cells.reshape(-1, 3)
        far = np.flatnonzero(np.isnan(cells[:, 2]))
        if far.size:
            raise _too_far(far.tolist(), len(cells), limit_km)
        return Snap(cells[:, 0].astype(np.intp), cells[:, 1].astype(np.intp), cells[:, 2] * self.cell_km)

    def fractions(self, zones: gpd.GeoDataFrame) -> csr_matrix:
        """Return the exact share of every cell (column, row-major) that lies in every zone (row).

        Raises
        ------
        ScenarioError
            The zones have no CRS, or reach beyond the grid, where nothing would be counted.
        """
        outlines = project(zones, self.crs)
        _refuse_outside(self, outlines)
        features = gpd.GeoDataFrame(geometry=outlines.values, crs=self.crs)
        west, north = self.transform.c, self.transform.f
        east, south = west + self.shape[1] * self.transform.a, north + self.shape[0] * self.transform.e
        frame = NumPyRasterSource(
            np.zeros(self.shape, np.uint8),
            xmin=west,
            xmax=east,
            ymin=south,
            ymax=north,
            srs_wkt=self.crs.to_wkt(),
        )
        found = exact_extract(frame, features, ["cell_id", "coverage"], output="pandas")
        cells, shares = found["cell_id"].tolist(), found["coverage"].tolist()
        starts = np.concatenate([[0], np.cumsum([len(cell) for cell in cells])]).astype(np.int64)
        data = np.concatenate([*shares, np.empty(0)]).astype(np.float64)
        columns = np.concatenate([*cells, np.empty(0)]).astype(np.int32)
        return csr_matrix((data, columns, starts.astype(np.int32)), shape=(len(zones), self.mask.size))

    def _frame(self) -> NumPyRasterSource:
        west, north = self.transform.c, self.transform.f
        east, south = west + self.shape[1] * self.transform.a, north + self.shape[0] * self.transform.e
        empty = np.zeros(self.shape, np.uint8)
        return NumPyRasterSource(
            empty, xmin=west, xmax=east, ymin=south, ymax=north, srs_wkt=self.crs.to_wkt()
        )

    def _position(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        x, y = from_wgs84(self.crs).transform(np.asarray(lon, float), np.asarray(lat, float))
        row = (np.asarray(y) - self.transform.f) / self.transform.e
        return row, (np.asarray(x) - self.transform.c) / self.transform.a


def project(zones: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoSeries:
    """Return outlines in another CRS, long edges bent as they should be (they are straight in lon/lat).

    Raises
    ------
    ScenarioError
        The zones have no CRS.
    """
    if zones.crs is None:
        raise ScenarioError("zones: no CRS found, set one (WGS 84 for lon/lat)", code="crs")
    if zones.crs == crs:
        return zones.geometry
    return zones.geometry.to_crs(WGS84).segmentize(_EDGE_DEGREES).to_crs(crs)


@lru_cache(maxsize=16)
def from_wgs84(crs: CRS) -> Transformer:
    """Return the transformer from (longitude, latitude) to a CRS."""
    return Transformer.from_crs(WGS84, crs, always_xy=True)


@lru_cache(maxsize=16)
def to_wgs84(crs: CRS) -> Transformer:
    """Return the transformer from a CRS to (longitude, latitude)."""
    return Transformer.from_crs(crs, WGS84, always_xy=True)


def peru(departments: gpd.GeoDataFrame | None = None) -> Grid:
    """Return the national 1 km grid.

    Parameters
    ----------
    departments
        Outlines that make up the country. A cell belongs to Peru when any part of it does, and `land`
        holds that part, so the grid's area is the outlines' area. Without outlines the extent is the
        same and every cell is valid.
    """
    cell = 1000.0
    transform = Affine(cell, 0.0, PERU_CORNER[0], 0.0, -cell, PERU_CORNER[1])
    whole = Grid(PERU_CRS, transform, PERU_SHAPE, np.ones(PERU_SHAPE, bool))
    if departments is None:
        return whole
    # Outlines that share a border may overlap by a rounding error.
    land = np.minimum(np.asarray(whole.fractions(departments).sum(axis=0)), 1.0).reshape(PERU_SHAPE)
    return Grid(PERU_CRS, transform, PERU_SHAPE, land > 0, land=land)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _problems(grid: Grid) -> list[str]:
    """Return everything that keeps the parts from being one grid."""
    found = []
    turned = grid.transform.b, grid.transform.d
    side = grid.cell_km * 1000.0
    if grid.mask.shape != tuple(grid.shape):
        found.append(f"mask: found shape {grid.mask.shape}, the grid has {tuple(grid.shape)}")
    elif not grid.mask.any():
        found.append("mask: found no valid cell, the study area does not touch the grid")
    if grid.land is not None and grid.land.shape != tuple(grid.shape):
        found.append(f"land: found shape {grid.land.shape}, the grid has {tuple(grid.shape)}")
    if turned != (0.0, 0.0) or not np.allclose((grid.transform.a, -grid.transform.e), side):
        found.append(f"transform: found {tuple(grid.transform)[:6]}, a north-up cell of {side:g} m is needed")
    return found


def _refuse_outside(grid: Grid, outlines: gpd.GeoSeries) -> None:
    bounds = outlines.bounds
    low_col = (bounds["minx"] - grid.transform.c) / grid.transform.a
    high_col = (bounds["maxx"] - grid.transform.c) / grid.transform.a
    low_row = (bounds["maxy"] - grid.transform.f) / grid.transform.e
    high_row = (bounds["miny"] - grid.transform.f) / grid.transform.e
    outside = (low_col < 0) | (low_row < 0) | (high_col > grid.shape[1]) | (high_row > grid.shape[0])
    if outside.any():
        which = [str(label) for label in outlines.index[outside]]
        raise ScenarioError(
            f"zones: {len(which)} of {len(outlines)} reach beyond the grid ({', '.join(which[:5])}); "
            "use a larger grid",
            code="zone_outside",
            details={"zones": which},
        )


def _usable_cell(
    row: float, col: float, usable: NDArray[np.bool_], reach: float
) -> tuple[float, float, float]:
    """Return row, column and distance moved (in cells; NaN if there is no usable cell within reach)."""
    if not (np.isfinite(row) and np.isfinite(col)):
        return 0.0, 0.0, np.nan
    own = int(np.floor(row)), int(np.floor(col))
    if 0 <= own[0] < usable.shape[0] and 0 <= own[1] < usable.shape[1] and usable[own]:
        return own[0], own[1], 0.0
    rows = np.arange(max(own[0] - int(reach) - 1, 0), min(own[0] + int(reach) + 2, usable.shape[0]))
    cols = np.arange(max(own[1] - int(reach) - 1, 0), min(own[1] + int(reach) + 2, usable.shape[1]))
    away = np.hypot(rows[:, None] + 0.5 - row, cols[None, :] + 0.5 - col)
    away[~usable[np.ix_(rows, cols)]] = np.inf
    if away.size == 0 or away.min() > reach:
        return 0.0, 0.0, np.nan
    best = np.unravel_index(int(away.argmin()), away.shape)
    return float(rows[best[0]]), float(cols[best[1]]), float(away[best])


def _too_far(points: list[int], total: int, limit_km: float) -> ScenarioError:
    # Positions in the table, never coordinates: the points may be of a kind that is not shown.
    shown = ", ".join(map(str, points[:5]))
    return ScenarioError(
        f"{len(points)} of {total} points have no usable cell within {limit_km:g} km (row {shown}); "
        "check their coordinates",
        code="facility_outside",
        details={"points": points, "limit_km": limit_km},
    )
