"""In which order chosen sites help most: for those who cannot open all of them."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.reach import Reach


def by_gain(
    reach: Reach, demand: pd.Series, sites: Collection[Hashable], *, fixed: Collection[Hashable] = ()
) -> tuple[Hashable, ...]:
    """Return the sites in the order in which each adds most people to those before it.

    Parameters
    ----------
    reach
        Every stored pair counts as within reach.
    demand
        Persons by row, in the order of `reach.rows`.
    sites
        Columns to put in order; of equals the first stays first.
    fixed
        Columns that are open already.
    """
    matrix = reach.matrix.copy()
    matrix.data = np.ones_like(matrix.data)
    by_site = sparse.csr_array(matrix.T)
    waiting = list(sites)
    left = demand.to_numpy(dtype=float)
    left = np.where(by_site[_positions(reach, fixed)].sum(axis=0) > 0, 0.0, left)
    rows, order = by_site[_positions(reach, waiting)], list[Hashable]()
    while waiting:
        best = int(np.argmax(rows @ left))
        order.append(waiting.pop(best))
        left[rows.indices[rows.indptr[best] : rows.indptr[best + 1]]] = 0.0
        rows = rows[np.arange(rows.shape[0]) != best]
    return tuple(order)


def _positions(reach: Reach, labels: Collection[Hashable]) -> NDArray[np.intp]:
    return reach.columns.get_indexer(pd.Index(list(labels)))
