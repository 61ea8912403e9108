"""Read a travel surface from a GeoTIFF: first band, size checked before a cell is read."""

from __future__ import annotations

import re
import warnings

import numpy as np

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Grid, Raw

_PER_METRE = re.compile(r"min(ute)?s?\s*(/|per|por)\s*m(et(er|re|ro)s?)?\b", re.IGNORECASE)
_PER_KM = re.compile(r"min(ute|uto)?s?\s*(/|per|por)\s*k(ilo)?m", re.IGNORECASE)


def read_geotiff(content: bytes, limits: Limits, crs: str | None = None) -> Raw:
    """Read the first band as float32; cells without data are NaN.

    Raises
    ------
    UploadError
        Damaged, too large, not numeric, or without a reference system.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        with (
            warnings.catch_warnings(),
            rasterio.Env(GDAL_NUM_THREADS=1, GDAL_CACHEMAX=64, GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
            rasterio.MemoryFile(content) as memory,
        ):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with memory.open(driver="GTiff") as dataset:
                cells = dataset.width * dataset.height
                if cells > limits.raster_cells:
                    raise refusal("raster_too_large", found=cells, limit=limits.raster_cells)
                stated = crs or (dataset.crs.to_wkt() if dataset.crs else None)
                values = dataset.read(1, masked=True)
                described = " ".join([*(u or "" for u in dataset.units), *dataset.tags().values()])
                count, transform = dataset.count, dataset.transform
    except UploadError:
        raise
    except (RasterioError, ValueError, TypeError, OSError):
        raise refusal("unreadable", format="GeoTIFF") from None
    if stated is None:
        raise refusal("no_crs")
    if values.dtype.kind not in "iuf":
        raise refusal("unreadable", format="GeoTIFF")
    plain = np.ma.filled(values.astype("<f4"), np.nan)
    raw = Raw(format="geotiff", crs=_name(stated))
    height, width = plain.shape
    unit = _unit(described[:2000])
    raw.grid = Grid(plain.tobytes(), height, width, tuple(transform)[:6], stated, unit)
    raw.notes = [Note("other_bands", {"count": count})] if count > 1 else []
    return raw


def _unit(described: str) -> str | None:
    if _PER_KM.search(described):
        return "min_per_km"
    return "min_per_m" if _PER_METRE.search(described) else None


def _name(stated: str) -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(stated)
    except CRSError:
        raise refusal("unknown_crs", found=stated[:60]) from None
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)[:60]
