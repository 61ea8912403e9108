"""Bend a straight chord between two points of a road through the towns on the road.

The input draws roads between junctions as straight lines of up to 300 km. A road goes where people live, so a
long chord is replaced by the cheapest sequence of hops from town to town, inside an ellipse around the chord.
A hop costs its length (with the way that a climb needs) to a power above one: several short hops through
towns are cheaper than one long hop past them. A hop between two towns that follow each other on a named
highway costs only a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import Geod
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

Array = npt.NDArray[np.float64]
GEOD = Geod(ellps="WGS84")

#: Shortest chord that is bent, in km.
SHORTEST_CHORD_KM = 15.0
#: The ellipse: a town may lengthen the way by at most this factor.
DETOUR = 1.35
#: Power of the hop's length in its cost.
POWER = 1.6
#: Part of the cost that remains for a hop along a named highway.
ON_HIGHWAY = 0.25
#: A town nearer than this to an end of the chord adds nothing, in km.
SAME_PLACE_KM = 0.3
#: Slope at which roads climb, averaged over valley and pass: it makes a hop up a mountainside long.
GRADE = 0.045
#: A road in the mountains is longer than drawn by up to this part; calibrated (README.md).
WINDING = 0.6
#: Difference in height, in m, between towns around a road from which it winds fully, ...
FULL_RELIEF_M = 1500.0
#: ... and how far around, in km.
RELIEF_WITHIN_KM = 25.0


@dataclass(frozen=True, slots=True)
class Towns:
    """Points that roads go through.

    Attributes
    ----------
    lonlat
        Positions in degrees, one row per town.
    elevation_m
        Height of the ground.
    next_on_highway
        Pairs of rows that follow each other on a named highway.
    """

    lonlat: Array
    elevation_m: Array
    next_on_highway: frozenset[tuple[int, int]]

    def elevation_at(self, lonlat: Array) -> Array:
        """Return heights interpolated from the three nearest towns, by inverse squared distance."""
        distance, nearest = cKDTree(flat(self.lonlat)).query(flat(lonlat), k=3)
        weight = 1.0 / (distance + 0.5) ** 2
        heights: Array = (self.elevation_m[nearest] * weight).sum(axis=1) / weight.sum(axis=1)
        return heights

    def relief_around(self, lonlat: Array) -> Array:
        """Return the difference between the highest and the lowest town near each point, in m."""
        near = cKDTree(flat(self.lonlat)).query_ball_point(flat(lonlat), RELIEF_WITHIN_KM)
        return np.array([np.ptp(self.elevation_m[rows]) if rows else 0.0 for rows in near])


def flat(lonlat: Array) -> Array:
    """Return kilometres on a plane that is good enough to compare distances of a few hundred km in Peru."""
    lonlat = np.atleast_2d(lonlat)
    return np.c_[lonlat[:, 0] * 111.32 * np.cos(np.radians(lonlat[:, 1])), lonlat[:, 1] * 110.57]


def leg_km(lonlat: Array) -> Array:
    """Return the geodesic length of each leg of a line."""
    start, end = lonlat[:-1], lonlat[1:]
    return np.asarray(GEOD.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]) / 1000.0


def road_km(lonlat: Array, towns: Towns) -> Array:
    r"""Return the estimated length along the road of each leg.

    .. math:: d (1 + w \min(1, r / r_1))

    with the leg's geodesic length d, the relief r around its middle, w = `WINDING` and r1 = `FULL_RELIEF_M`:
    a road on the coast is hardly longer than drawn through its towns, one in the Andes half as long again.
    """
    relief = towns.relief_around((lonlat[:-1] + lonlat[1:]) / 2.0)
    return leg_km(lonlat) * (1.0 + WINDING * np.minimum(1.0, relief / FULL_RELIEF_M))


def bend(chord: Array, towns: Towns) -> Array | None:
    """Return the bent line, or None where the chord is short or passes no town.

    Parameters
    ----------
    chord
        Its two ends in degrees, shape (2, 2).
    """
    ends = flat(chord)
    length = float(np.hypot(*(ends[1] - ends[0])))
    if length < SHORTEST_CHORD_KM:
        return None
    near = _in_ellipse(ends, length, towns)
    if not near.size:
        return None
    points = np.vstack([chord[:1], towns.lonlat[near], chord[1:]])
    edge = towns.elevation_at(chord)
    heights = np.concatenate([edge[:1], towns.elevation_m[near], edge[1:]])
    path = _cheapest(points, heights, [-1, *near.tolist(), -2], towns.next_on_highway)
    return points[path] if len(path) > 2 else None


def _in_ellipse(ends: Array, length: float, towns: Towns) -> npt.NDArray[np.intp]:
    at = flat(towns.lonlat)
    to_start, to_end = (np.hypot(*(at - end).T) for end in ends)
    inside = to_start + to_end <= DETOUR * length
    apart = np.minimum(to_start, to_end) > SAME_PLACE_KM
    return np.flatnonzero(inside & apart)


def _cheapest(points: Array, heights: Array, rows: Sequence[int], next_on_highway: Any) -> list[int]:
    at = flat(points)
    climb = np.abs(heights[:, None] - heights[None, :]) / 1000.0 / GRADE
    cost = np.hypot(cdist(at, at), climb) ** POWER
    where = {row: i for i, row in enumerate(rows)}
    for first, second in next_on_highway:
        if first in where and second in where:
            i, j = where[first], where[second]
            cost[i, j] *= ON_HIGHWAY
            cost[j, i] *= ON_HIGHWAY
    before = dijkstra(cost, indices=0, return_predecessors=True)[1]
    path = [len(points) - 1]
    while path[-1] != 0:
        path.append(int(before[path[-1]]))
    return path[::-1]
