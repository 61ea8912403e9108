"""Straight lines on the ellipsoid: the exact nearest facility, and discs of exact area."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from shapely import Polygon

from capgap_geo.analysis import ellipsoid
from capgap_geo.analysis.ellipsoid import GEOD
from capgap_geo.errors import ScenarioError

#: A disc must stay far from the other side of the Earth.
LARGEST_RADIUS_KM = 5000.0
#: Smallest and largest radius of curvature of the ellipsoid, in metres: they bracket every geodesic.
_SMALLEST, _LARGEST = 6_335_439.0, 6_399_594.0
#: A second chord longer than this multiple of the first proves the first at any distance; others are checked.
_CLEAR = 1.02
#: Points treated at a time by one thread.
_CHUNK = 65_536
#: Neighbours listed for each facility, itself included; where they do not suffice the tree is asked.
_AROUND = 256


def nearest(
    points_lonlat: ArrayLike, facilities_lonlat: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest facility of every point along the ellipsoid, proven for each.

    The two shortest chords are found in Earth-centred coordinates. A chord c and its geodesic s obey
    2 R1 asin(c / 2 R1) <= s <= 2 R2 asin(c / 2 R2) for the largest R1 and the smallest R2 radius of
    curvature; where the brackets of the two overlap, the geodesics themselves decide.

    Parameters
    ----------
    points_lonlat
        Shape (n, 2): longitude and latitude in degrees (WGS 84).
    facilities_lonlat
        Shape (m, 2), likewise; may be empty.

    Returns
    -------
    index
        Row of the nearest facility, the first of equals; -1 if there is none.
    distance_m
        Geodesic distance to it in metres (within 0.1 mm); infinity if there is none.

    Raises
    ------
    ScenarioError
        A coordinate is missing or out of range.
    """
    points, facilities = checked(points_lonlat, "points"), checked(facilities_lonlat, "facilities")
    if len(facilities) == 0:
        return np.full(len(points), -1, np.int64), np.full(len(points), np.inf)
    places = _Places.of(facilities)
    chunks = [points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(partial(_nearest_places, places), chunks))
    index = np.concatenate([np.empty(0, np.int64), *(pair[0] for pair in found)])
    return places.order[index], np.concatenate([np.empty(0), *(pair[1] for pair in found)])


def distance(from_lonlat: ArrayLike, to_lonlat: ArrayLike) -> NDArray[np.float64]:
    """Return geodesic distances in metres between paired rows of longitude, latitude (Karney 2013)."""
    start, end = np.asarray(from_lonlat, float), np.asarray(to_lonlat, float)
    return np.asarray(GEOD.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2])


def disc(lon: float, lat: float, *, radius_km: float, vertices: int = 64) -> Polygon:
    """Return a lon/lat polygon whose geodesic area is that of the geodesic disc.

    Parameters
    ----------
    lon, lat
        Centre in degrees (WGS 84).
    radius_km
        Radius along the ellipsoid, above 0.
    vertices
        Number of vertices, at least 3; they lie a little outside the circle.

    Raises
    ------
    ScenarioError
        The radius or the number of vertices is out of range.
    """
    return Polygon(rings([[lon, lat]], radius_km=radius_km, vertices=vertices)[0])


def rings(centres_lonlat: ArrayLike, *, radius_km: float, vertices: int = 64) -> NDArray[np.float64]:
    """Return the vertices of discs (see `disc`), shape (n, vertices, 2): longitude and latitude.

    On a sphere of the centre's mean radius R a disc has the area 2 pi R^2 (1 - cos(r / R)). Its share of
    one of n sectors is a spherical triangle of excess E with two sides p and the apex 2 pi / n between
    them, tan(E / 2) = t sin(2 pi / n) / (1 + t cos(2 pi / n)), t = tan^2(p / 2); solved for p.
    """
    if not 0.0 < radius_km <= LARGEST_RADIUS_KM:
        limit = f"a number above 0 up to {LARGEST_RADIUS_KM:g}"
        raise ScenarioError(f"radius_km: found {radius_km!r}, use {limit}", code="radius")
    if vertices < 3:
        raise ScenarioError(f"vertices: found {vertices!r}, use 3 or more", code="vertices")
    centres = checked(centres_lonlat, "centres")
    azimuth = np.linspace(0.0, 360.0, vertices, endpoint=False)
    lon, lat, turn = np.broadcast_arrays(centres[:, :1], centres[:, 1:], azimuth)
    away = np.broadcast_to(_outer_radius(centres[:, 1:], radius_km * 1000.0, vertices), lon.shape)
    x, y, _ = GEOD.fwd(lon.copy(), lat.copy(), turn.copy(), away.copy())
    return np.stack([x, y], axis=-1)


def _outer_radius(lat: NDArray[np.float64], radius_m: float, vertices: int) -> NDArray[np.float64]:
    radius = GEOD.a * np.sqrt(1.0 - GEOD.es) / (1.0 - GEOD.es * np.sin(np.radians(lat)) ** 2)
    apex = 2.0 * np.pi / vertices
    half_excess = np.tan(apex * (1.0 - np.cos(radius_m / radius)) / 2.0)
    t = half_excess / (np.sin(apex) - half_excess * np.cos(apex))
    return np.asarray(2.0 * radius * np.arctan(np.sqrt(t)))


def checked(lonlat: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return the coordinates as an (n, 2) array; or raise an error that names the table."""
    table = np.asarray(lonlat, np.float64)
    table = table.reshape(0, 2) if table.size == 0 else table
    if table.ndim != 2 or table.shape[1] != 2:
        raise ScenarioError(f"{name}: found shape {table.shape}, (n, 2) is needed", code="coordinates")
    wrong = np.flatnonzero(~((np.abs(table[:, 0]) <= 360.0) & (np.abs(table[:, 1]) <= 90.0)))
    if wrong.size:
        raise ScenarioError(
            f"{name}: {wrong.size} of {len(table)} coordinates are missing or out of range "
            f"(first: row {wrong[0]}); give longitude, latitude in degrees",
            code="coordinates",
            details={"rows": wrong.tolist()},
        )
    return table


@dataclass(frozen=True, eq=False)
class _Places:
    """Facilities, those in one place taken together (they would leave every nearest in doubt).

    `order` is the first row of each place in the caller's table; `around` and `spacing` hold the
    nearest other places of each place and the chords to them.
    """

    lonlat: NDArray[np.float64]
    order: NDArray[np.int64]
    centred: NDArray[np.float64]
    tree: KDTree
    around: NDArray[np.int64]
    spacing: NDArray[np.float64]

    @classmethod
    def of(cls, facilities: NDArray[np.float64]) -> Self:
        lonlat, order = np.unique(facilities, axis=0, return_index=True)
        centred = ellipsoid.earth_centred(lonlat)
        tree = KDTree(centred)
        spacing, around = _shortest_chords(tree, centred, min(len(lonlat), _AROUND))
        others = np.ascontiguousarray(around[:, 1:]), np.ascontiguousarray(spacing[:, 1:])
        return cls(lonlat, order.astype(np.int64), centred, tree, *others)


def _nearest_places(
    places: _Places, points: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    centred = ellipsoid.earth_centred(points)
    index = np.empty(len(points), np.int64)
    first, second = np.empty(len(points)), np.empty(len(points))
    ellipsoid.two_nearest(centred, places.centred, places.around, places.spacing, index, first, second)
    doubtful = np.flatnonzero(second <= _CLEAR * first)
    doubtful = doubtful[_arc(first[doubtful], _SMALLEST) >= _arc(second[doubtful], _LARGEST)]
    k = 8
    while doubtful.size:
        index[doubtful], proven = _decide(places, points[doubtful], centred[doubtful], k)
        doubtful, k = doubtful[~proven], 2 * k
    return index, ellipsoid.lengths(points, places.lonlat[index])


def _decide(
    places: _Places, points: NDArray[np.float64], centred: NDArray[np.float64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the shortest of the geodesics to the `k` nearest by chord, and whether that is proven."""
    k = min(k, len(places.order))
    chords, ranked = _shortest_chords(places.tree, centred, k)
    length = distance(np.repeat(points, k, axis=0), places.lonlat[ranked.ravel()]).reshape(-1, k)
    shortest = length.min(axis=1)
    # Equal geodesics go to the facility that stands first in the caller's table.
    rank = np.where(length == shortest[:, None], places.order[ranked], places.order.max() + 1)
    proven = (_arc(chords[:, -1], _LARGEST) > shortest) | (k == len(places.order))
    return ranked[np.arange(len(ranked)), rank.argmin(axis=1)], proven


def _shortest_chords(
    tree: KDTree, centred: NDArray[np.float64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    chords, ranked = tree.query(centred, k=range(1, k + 1))
    return np.asarray(chords, np.float64), np.asarray(ranked, np.int64)


def _arc(chord: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Return the arc over a chord on a circle, half the circle at most; infinity stays infinity."""
    arc = 2.0 * radius * np.arcsin(np.minimum(chord / (2.0 * radius), 1.0))
    return np.where(np.isinf(chord), np.inf, arc)
