"""Travel surfaces."""

from __future__ import annotations

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from capgap_geo.sources.uploads.coordinates import inside_peru
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Grid
from capgap_geo.sources.uploads.upload import Surface

#: No vehicle does a km in less, and nobody needs more: minutes per km.
_FASTEST, _SLOWEST = 0.2, 10_000.0
#: The median of a surface in minutes per metre lies far below this, in minutes per km far above.
_PER_METRE_BELOW = 0.2
_METRES = 1000.0


def surface(grid: Grid, unit: str | None, notes: list[Note]) -> Surface:
    """Return the surface in minutes per km; cells at or below zero or without data cannot be passed.

    Raises
    ------
    UploadError
        Not over Peru, or no value that a traveller could have.
    """
    values = np.frombuffer(grid.values, dtype="<f4").reshape(grid.height, grid.width).astype(np.float32)
    values[~(np.isfinite(values) & (values > 0))] = np.nan
    if np.isnan(values).all():
        raise refusal("raster_values")
    stated = unit or grid.unit
    if stated is None:
        stated = "min_per_m" if np.nanmedian(values) < _PER_METRE_BELOW else "min_per_km"
    if stated == "min_per_m":
        values *= _METRES
    elif stated != "min_per_km":
        raise refusal("raster_unit")
    notes.append(Note("surface_unit", {"unit": stated}))
    outside = np.isfinite(values) & ((values < _FASTEST) | (values > _SLOWEST))
    if outside.sum() > 0.01 * np.isfinite(values).sum():
        raise refusal("raster_values")
    values[outside] = np.nan
    _check_place(grid)
    return Surface(values, grid.transform, grid.crs)


def _check_place(grid: Grid) -> None:
    a, b, c, d, e, f = grid.transform
    # Not only the corners: a global surface has them all outside.
    columns, rows = np.meshgrid(np.linspace(0, grid.width, 60), np.linspace(0, grid.height, 60))
    try:
        transformer = Transformer.from_crs(CRS.from_user_input(grid.crs), "EPSG:4326", always_xy=True)
    except CRSError:
        raise refusal("unknown_crs", found=grid.crs[:60]) from None
    x, y = transformer.transform(a * columns + b * rows + c, d * columns + e * rows + f)
    if not any(inside_peru(lon, lat) for lon, lat in zip(x.ravel(), y.ravel(), strict=True)):
        raise refusal("raster_outside")
