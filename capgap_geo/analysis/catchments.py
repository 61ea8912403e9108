"""How long it takes from each of many sites to the same points: one short wave for each site."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis import ellipsoid
from capgap_geo.analysis.wavefront import Field, RowCol

Floats = NDArray[np.float64]
METRES_PER_KM = 1000.0
#: Waves at a time; each needs about 140 MB while it runs.
THREADS = min(os.cpu_count() or 1, 2)


def travel_times(
    friction: Floats,
    sites: Sequence[RowCol],
    points: Sequence[RowCol],
    *,
    limit: float,
    cell_km: float,
    existing: Sequence[RowCol] = (),
) -> sparse.csr_array:
    """Return the minutes between points (rows) and sites (columns) up to `limit`, inclusive.

    A pair that is not stored is farther. Each value is that of `travel_time` from the site alone.

    Parameters
    ----------
    friction
        Minutes per km; NaN = impassable.
    sites, points
        Cells (row, column); sites on passable cells.
    existing
        Sources that are open anyway: only what is nearer to the site than to all of them is stored.
    """
    share = -(-len(sites) // THREADS)
    parts = [sites[start : start + share] for start in range(0, len(sites), max(share, 1))]

    def run(part: Sequence[RowCol]) -> list[Floats]:
        field = Field(friction, neighbours=16, cell_km=cell_km, sources=[*existing, *part])
        if existing:
            field.start(existing, limit=np.inf)
        wanted = field.positions(points)
        before = field.cost[wanted]
        return [_wave(field, site, wanted, before, len(existing), limit) for site in part]

    with ThreadPoolExecutor(THREADS) as pool:
        columns = [column for part in pool.map(run, parts) for column in part]
    return _stacked(columns, len(points))


def _wave(
    field: Field, site: RowCol, points: NDArray[np.intp], before: Floats, index: int, limit: float
) -> Floats:
    touched = field.introduce(site, index, limit=limit)
    minutes = field.cost[points]
    field.forget(touched)
    return np.where(minutes < before, minutes, np.inf)


def distances(sites: Floats, points: Floats, *, limit: float) -> sparse.csr_array:
    """Return the km between points (rows) and sites (columns) up to `limit`, inclusive.

    Parameters
    ----------
    sites, points
        Longitude and latitude in degrees.
    """
    centred = ellipsoid.earth_centred(points)
    columns = []
    for site, middle in zip(sites, ellipsoid.earth_centred(sites), strict=True):
        km = np.full(len(points), np.inf)
        # A geodesic is at least as long as its chord.
        close = np.flatnonzero(((centred - middle) ** 2).sum(axis=1) <= (limit * METRES_PER_KM + 1.0) ** 2)
        km[close] = ellipsoid.lengths(points[close], np.tile(site, (len(close), 1))) / METRES_PER_KM
        columns.append(np.where(km <= limit, km, np.inf))
    return _stacked(columns, len(points))


def _stacked(columns: Sequence[Floats], rows: int) -> sparse.csr_array:
    """Return finite values as a sparse matrix; a stored zero is a zero."""
    reached = [np.flatnonzero(np.isfinite(column)) for column in columns]
    starts = np.concatenate([[0], np.cumsum([len(r) for r in reached])]).astype(np.intp)
    data = np.concatenate([*(c[r] for c, r in zip(columns, reached, strict=True)), np.empty(0)])
    indices = np.concatenate([*reached, np.empty(0, np.intp)])
    return sparse.csr_array(sparse.csc_array((data, indices, starts), shape=(rows, len(columns))))
