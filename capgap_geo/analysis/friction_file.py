"""A travel-time surface of one's own: any friction GeoTIFF, brought to the national grid or refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.transform import Affine
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window, from_bounds
from scipy import ndimage

from capgap_geo.analysis.grid import Grid
from capgap_geo.errors import DataNotFoundError, UploadError

Unit = Literal["min/km", "min/m"]
_PER_KM: dict[Unit, float] = {"min/km": 1.0, "min/m": 1000.0}
#: A surface must have a value on at least this share of the country.
LEAST_COVERAGE = 0.95
#: Median below which values are minutes per metre: as minutes per km it would mean 300 km/h off the roads.
PER_METRE_BELOW = 0.2
#: Medians, in minutes per km, that can be travel over land at all: 300 km/h to 0.1 km/h.
PLAUSIBLE_MEDIAN = (0.2, 600.0)
#: Largest ratio between the slowest and the fastest cell.
LARGEST_RATIO = 1e6
#: Most cells read, about Peru at 200 m.
MOST_CELLS = 80_000_000
#: Cells read around the country, so that its edge is interpolated like its middle.
_MARGIN = 3
#: Outlines are drawn more coarsely than roads: ways up to this far outside count, in km.
BEYOND_KM = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class LoadedFriction:
    """A friction file on the national grid, and what was found in it.

    Attributes
    ----------
    minutes
        Minutes per km, float64; NaN = impassable, or more than `BEYOND_KM` outside the country.
    unit
        Unit of the file.
    detected
        Whether the unit was told by the magnitude of the values rather than by the caller.
    coverage
        Share of the country with a value.
    """

    minutes: NDArray[np.float64]
    unit: Unit
    detected: bool
    coverage: float


def load_friction(path: Path | str, *, grid: Grid, unit: Unit | None = None) -> NDArray[np.float64]:
    """Return a friction GeoTIFF as minutes per km on the national grid; see `inspect_friction`.

    The unit, if it had to be told by magnitude, is written to the log.
    """
    loaded = inspect_friction(path, grid=grid, unit=unit)
    if loaded.detected:
        _log.info("%s: taken as %s by the magnitude of its values", path, loaded.unit)
    return loaded.minutes


def inspect_friction(path: Path | str, *, grid: Grid, unit: Unit | None = None) -> LoadedFriction:
    """Read a friction GeoTIFF, bring it to the grid and say what was found.

    A file on the grid itself is taken as it is. Any other is resampled: a cell gets the pace of the
    fastest file cell under it, so that a road one cell wide stays whole, and is impassable where at least
    half of it is (a barrier narrower than a cell may open). Measured on Peru's roads, times come out
    3 to 7 % short of those on the file's own cells; the mean of minutes or of speeds, and the nearest
    cell, break or blur thin roads and lengthen times by 20 to 75 %.

    Parameters
    ----------
    path
        A raster with one band, in any reference system; a global one is read around Peru only.
    unit
        ``min/km`` or ``min/m`` (as in the surfaces of the Malaria Atlas Project). If not given it
        is told by the median, which is below `PER_METRE_BELOW` for minutes per metre.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    UploadError
        ``friction_not_a_raster``, ``friction_crs``, ``friction_bands``, ``friction_unit``,
        ``friction_too_large``, ``friction_empty``, ``friction_coverage``, ``friction_not_positive``,
        ``friction_magnitude``.
    """
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(f"{path}: not found; name a GeoTIFF of minutes per km or per metre")
    if unit is not None and unit not in _PER_KM:
        raise _refusal(path, "friction_unit", f"unit: found {unit!r}, use one of {', '.join(_PER_KM)}")
    values, transform, crs = _read(path, grid)
    _check_values(path, values)
    if _is_the_grid(values, transform, crs, grid):
        pace, valid = values, np.isfinite(values)
    else:
        pace, valid = _to_grid(values, transform, crs, grid)
    valid &= within(grid, BEYOND_KM)
    coverage = grid.area(valid & grid.mask) / grid.area()
    if coverage < LEAST_COVERAGE:
        raise _refusal(
            path,
            "friction_coverage",
            f"found values on {coverage:.1%} of Peru, at least {LEAST_COVERAGE:.0%} is needed; use a "
            "surface of the whole country",
            coverage=coverage,
        )
    return _in_minutes_per_km(path, np.where(valid, pace, np.nan), unit, coverage)


def within(grid: Grid, km: float) -> NDArray[np.bool_]:
    """Return the cells of the study area and those up to `km` outside it."""
    steps = round(km / grid.cell_km)
    return ndimage.binary_dilation(grid.mask, iterations=steps) if steps else grid.mask.copy()


def _refusal(path: Path, code: str, text: str, **details: Any) -> UploadError:
    return UploadError(f"{path}: {text}", code=code, details=details)


def _read(path: Path, grid: Grid) -> tuple[NDArray[np.float64], Affine, Any]:
    """Return the values around the country (NaN = none), their transform and CRS."""
    try:
        raster = rasterio.open(path)
    except RasterioIOError as error:
        raise _refusal(
            path, "friction_not_a_raster", f"not a raster that can be read ({error}); save it as GeoTIFF"
        ) from None
    with raster:
        if raster.count != 1:
            raise _refusal(
                path,
                "friction_bands",
                f"found {raster.count} bands, a friction surface has one",
                bands=raster.count,
            )
        if raster.crs is None or raster.transform == Affine.identity():
            raise _refusal(path, "friction_crs", "no reference system (CRS) found; save the file with one")
        window = _window(raster, grid)
        cells = window.width * window.height
        if cells > MOST_CELLS:
            raise _refusal(
                path,
                "friction_too_large",
                f"found {cells:,} cells over Peru, at most {MOST_CELLS:,} can be read; use larger cells",
                cells=cells,
            )
        values = raster.read(1, window=window, masked=True, out_dtype="float64")
        scaled = values.filled(np.nan) * raster.scales[0] + raster.offsets[0]
        return scaled, raster.window_transform(window), raster.crs


def _window(raster: Any, grid: Grid) -> Window:
    """Return the part of the raster around the grid; of no size where they do not meet."""
    west, north = grid.transform.c, grid.transform.f
    east, south = west + grid.shape[1] * grid.transform.a, north + grid.shape[0] * grid.transform.e
    bounds = transform_bounds(grid.crs, raster.crs, west, south, east, north, densify_pts=51)
    around = from_bounds(*bounds, transform=raster.transform)
    left, top = (int(np.floor(start)) - _MARGIN for start in (around.col_off, around.row_off))
    right = int(np.ceil(around.col_off + around.width)) + _MARGIN
    bottom = int(np.ceil(around.row_off + around.height)) + _MARGIN
    left, right = (min(max(x, 0), raster.width) for x in (left, right))
    top, bottom = (min(max(y, 0), raster.height) for y in (top, bottom))
    return Window(left, top, right - left, bottom - top)


def _check_values(path: Path, values: NDArray[np.float64]) -> None:
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise _refusal(
            path, "friction_empty", "found no cell with a value in Peru; use a surface that covers it"
        )
    wrong = int((finite <= 0).sum())
    if wrong:
        raise _refusal(
            path,
            "friction_not_positive",
            f"found {wrong:,} of {finite.size:,} cells at or below zero (least {finite.min():g}); state the "
            "file's value for no data, or mark impassable cells as such",
            cells=wrong,
            least=float(finite.min()),
        )
    ratio = float(finite.max() / finite.min())
    if ratio > LARGEST_RATIO:
        raise _refusal(
            path,
            "friction_magnitude",
            f"found values from {finite.min():g} to {finite.max():g}; mark impassable cells as no data "
            "instead of a large number",
            ratio=ratio,
        )


def _to_grid(
    values: NDArray[np.float64], transform: Affine, crs: Any, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return pace on the grid, in the file's unit, and where it is valid."""
    passable = np.isfinite(values)
    speed = np.divide(1.0, values, out=np.zeros_like(values), where=passable)
    fastest = _warp(speed, transform, crs, grid, Resampling.max)
    method = Resampling.average if _is_finer(transform, crs, grid) else Resampling.bilinear
    share = _warp(passable.astype(float), transform, crs, grid, method)
    valid = (share >= 0.5 - 1e-9) & (fastest > 0)
    return np.divide(1.0, fastest, out=np.zeros_like(fastest), where=valid), valid


def _is_the_grid(values: NDArray[np.float64], transform: Affine, crs: Any, grid: Grid) -> bool:
    return values.shape == grid.shape and transform == grid.transform and CRS.from_user_input(crs) == grid.crs


def _warp(
    layer: NDArray[np.float64], transform: Affine, crs: Any, grid: Grid, method: Resampling
) -> NDArray[np.float64]:
    target = np.zeros(grid.shape)
    reproject(
        layer,
        target,
        src_transform=transform,
        src_crs=crs,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        resampling=method,
    )
    return target


def _is_finer(transform: Affine, crs: Any, grid: Grid) -> bool:
    """Return whether the file's cells are clearly smaller than the grid's (below 0.7 of the side)."""
    per_unit = 111.2 if crs.is_geographic else crs.linear_units_factor[1] / 1000.0
    side_km = float(np.sqrt(abs(transform.determinant))) * per_unit
    return side_km < 0.7 * grid.cell_km


def _in_minutes_per_km(
    path: Path, values: NDArray[np.float64], unit: Unit | None, coverage: float
) -> LoadedFriction:
    median = float(np.nanmedian(values))
    told: Unit = unit or ("min/m" if median < PER_METRE_BELOW else "min/km")
    minutes = values * _PER_KM[told]
    low, high = PLAUSIBLE_MEDIAN
    if not low <= median * _PER_KM[told] <= high:
        raise _refusal(
            path,
            "friction_magnitude",
            f"found a median of {median:g}, taken as {told}: {60 / (median * _PER_KM[told]):g} km/h; "
            "give minutes per km or per metre",
            median=median,
        )
    return LoadedFriction(minutes, told, unit is None, coverage)
