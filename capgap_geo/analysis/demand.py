"""People on the grid: each province's population spread over its places and its countryside."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy import ndimage, sparse

from capgap_geo.analysis.coverage import fractions
from capgap_geo.analysis.grid import Grid
from capgap_geo.model import Demand

#: Distance over which the countryside thins out away from a place, road or river.
ACCESS_KM = 5.0
#: Weight of the countryside far from all of them, relative to a cell beside one.
REMOTE_WEIGHT = 0.05
#: Passes that move the rounding residue; the second one finds nothing left in practice.
ROUNDS = 3


def spread(
    grid: Grid,
    provinces: gpd.GeoDataFrame,
    population: pd.DataFrame,
    places: gpd.GeoDataFrame,
    *,
    variant: Demand,
    access: gpd.GeoSeries | None = None,
) -> sparse.csr_matrix:
    """Spread the people of each province over the cells of the grid.

    People of a place stand in the cell of that place (all places of a province are scaled down
    together where they exceed the province). The rest live in the countryside: with
    `Demand.EVEN` in proportion to the area of each cell inside the province, with
    `Demand.NEAR_ACCESS` in proportion to area times ``max(REMOTE_WEIGHT, exp(-d / ACCESS_KM))``,
    where d is the distance in km to the nearest place, road or river. Both are assumptions; a
    headline is shown under both.

    Parameters
    ----------
    provinces, population, places
        Tables of the study.
    access
        Lines (roads and rivers) in WGS 84; needed for `Demand.NEAR_ACCESS`.

    Returns
    -------
    scipy.sparse.csr_matrix
        Persons, shape (provinces, cells), rows in the order of `provinces`. Each row sums to the
        population of its province exactly (to the last bit of ``math.fsum``).
    """
    people = population.set_index("province_id")["population"].loc[provinces["province_id"]].to_numpy(float)
    towns = _towns(grid, provinces, places, people)
    in_towns = np.asarray(towns.sum(axis=1)).ravel()
    rural = fractions(grid, provinces).tocsr().astype(float)
    if variant is Demand.NEAR_ACCESS:
        rural = sparse.csr_matrix(rural @ sparse.diags_array(_closeness(grid, places, access).ravel()))
    area = np.asarray(rural.sum(axis=1)).ravel()
    scaled = sparse.diags_array((people - in_towns) / area) @ rural
    return _exact(sparse.csr_matrix(towns + scaled), people)


def _towns(
    grid: Grid, provinces: gpd.GeoDataFrame, places: gpd.GeoDataFrame, people: NDArray[np.float64]
) -> sparse.csr_matrix:
    row = pd.Index(provinces["province_id"]).get_indexer(places["province_id"])
    spot = grid.snap(places.geometry.x, places.geometry.y)
    counted = places["population"].fillna(0).to_numpy(float)
    total = np.bincount(row, counted, minlength=len(provinces))
    share = np.minimum(1.0, np.divide(people, total, out=np.ones_like(people), where=total > 0))
    cells = np.ravel_multi_index((spot.row, spot.col), grid.shape)
    shape = (len(provinces), grid.shape[0] * grid.shape[1])
    return sparse.csr_matrix((counted * share[row], (row, cells)), shape=shape)


def _closeness(grid: Grid, places: gpd.GeoDataFrame, access: gpd.GeoSeries | None) -> NDArray[np.float64]:
    lines = [] if access is None else list(access.to_crs(grid.crs))
    shapes = [*lines, *places.geometry.to_crs(grid.crs)]
    marked = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, all_touched=True).astype(bool)
    distance = ndimage.distance_transform_edt(~marked, sampling=grid.cell_km)
    return np.maximum(REMOTE_WEIGHT, np.exp(-distance / ACCESS_KM))


def _exact(matrix: sparse.csr_matrix, totals: NDArray[np.float64]) -> sparse.csr_matrix:
    """Move the rounding residue of each row into its largest cell."""
    matrix.sum_duplicates()
    for i, total in enumerate(totals):
        values = matrix.data[matrix.indptr[i] : matrix.indptr[i + 1]]
        largest = int(values.argmax())
        for _ in range(ROUNDS):
            residue = total - math.fsum(values)
            if residue == 0.0:
                break
            values[largest] += residue
    return matrix


def access_lines(*tables: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the lines of several tables as one series."""
    geometry = np.concatenate([t.geometry.to_numpy() for t in tables])
    return gpd.GeoSeries(geometry[~shapely.is_empty(geometry)], crs=tables[0].crs)
