"""Local roads that no source maps: how places off the network are assumed to be joined to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import cKDTree

from capgap_geo.analysis.terrain import Region

#: Neighbouring places between which a link is considered.
NEIGHBOURS = 12
#: A link of the rainforest longer than this, in km, is no road but a waterway or a trail.
LONGEST_FOREST_TRACK_KM = 25.0


class Link(NamedTuple):
    """A straight link between two cells; `track` is False for a waterway or trail."""

    row: int
    col: int
    to_row: int
    to_col: int
    track: bool


def assumed_links(
    row: NDArray[np.intp],
    col: NDArray[np.intp],
    mapped: NDArray[np.bool_],
    region: NDArray[np.uint8],
    *,
    cell_km: float = 1.0,
) -> list[Link]:
    """Return the shortest set of straight links that joins all places to the mapped ways.

    It is the minimum spanning tree (Euclidean, over `NEIGHBOURS` nearest places each) of the places
    and one node that stands for all mapped roads and navigable rivers together.

    Parameters
    ----------
    row, col
        Cells of the places.
    mapped
        Cells with a mapped road or navigable river.
    region
        Values of `Region`.
    """
    cells = np.unique(np.column_stack([row, col]), axis=0)
    to_way, nearest = _nearest_way(cells, mapped)
    ends, lengths = _candidates(cells, to_way)
    count = len(cells)
    tree = minimum_spanning_tree(coo_array((lengths, ends.T), shape=(count + 1,) * 2).tocsr()).tocoo()
    found = []
    for a, b, length in zip(tree.row.tolist(), tree.col.tolist(), tree.data.tolist(), strict=True):
        start, end = sorted((a, b))
        target = nearest[start] if end == count else cells[end]
        if length >= 1.0:
            track = _is_track(cells[start], target, length * cell_km, region)
            one, other = cells[start].tolist(), target.tolist()
            found.append(Link(one[0], one[1], other[0], other[1], track))
    return sorted(found)


def _nearest_way(
    cells: NDArray[np.intp], mapped: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return distance (in cells) and cell of the nearest mapped way; infinite where there is none."""
    if not mapped.any():
        return np.full(len(cells), np.inf), cells
    distance, (rows, cols) = ndimage.distance_transform_edt(~mapped, return_indices=True)
    at = tuple(cells.T)
    return distance[at], np.column_stack([rows[at], cols[at]]).astype(np.intp)


def _candidates(
    cells: NDArray[np.intp], to_way: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the pairs of nodes (the last node is the network) and their distance in cells."""
    count = len(cells)
    wanted = min(NEIGHBOURS + 1, count)
    # The first of each row is the place itself: no two places share a cell here.
    near = [np.reshape(found, (count, wanted))[:, 1:] for found in cKDTree(cells).query(cells, k=wanted)]
    distance, other = near
    here = np.repeat(np.arange(count), wanted - 1)
    pairs = np.column_stack([here, other.ravel()])
    joined = np.flatnonzero(np.isfinite(to_way))
    to_network = np.column_stack([joined, np.full(len(joined), count)])
    # A spanning tree takes a weight of zero for no edge.
    lengths = np.concatenate([distance.ravel(), np.maximum(to_way[joined], 1e-6)])
    pairs = np.sort(np.vstack([pairs, to_network]), axis=1)
    unique, first = np.unique(pairs, axis=0, return_index=True)
    return unique.astype(np.intp), lengths[first]


def _is_track(start: NDArray[np.intp], end: NDArray[np.intp], km: float, region: NDArray[np.uint8]) -> bool:
    middle = tuple(((start + end) // 2).tolist())
    return bool(region[middle] != Region.RAINFOREST or km <= LONGEST_FOREST_TRACK_KM)
