"""T11: one more statistic by province on the national grid, once the fractions are known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from benchmarks import inputs
from benchmarks.harness import Row, race
from capgap_geo.analysis import coverage
from capgap_geo.analysis.grid import project


def run() -> list[Row]:
    grid, zones = inputs.grid(), inputs.provinces()
    people = np.where(grid.mask, np.random.default_rng(4).gamma(0.3, 60.0, grid.shape), 0.0)
    outlines = gpd.GeoDataFrame(geometry=project(zones, grid.crs).values, crs=grid.crs)
    rows, cols = grid.shape
    west, north, side = grid.transform.c, grid.transform.f, grid.transform.a
    extent = {"xmin": west, "xmax": west + cols * side, "ymin": north - rows * side, "ymax": north}
    raster = NumPyRasterSource(people, srs_wkt=grid.crs.to_wkt(), **extent)
    shares = coverage.fractions(grid, zones)

    def theirs() -> np.ndarray:
        return exact_extract(raster, outlines, ["sum"], output="pandas")["sum"].to_numpy()

    def ours() -> np.ndarray:
        return shares @ people.ravel()

    error = float(np.max(np.abs(ours() / theirs() - 1.0)))
    work = f"sum by {len(zones)} provinces, repeated"
    limit = 1 / 50 if error <= 1e-12 else 0.0
    own, peer = race(ours, theirs)
    return [Row("T11", work, own, "exactextract", peer, limit, f"largest relative difference {error:.1e}")]
