"""The ellipsoid, compiled for many points at once: Earth-centred positions and lengths of geodesics."""

from __future__ import annotations

from math import atan2, radians, sin, sqrt, tan
from math import cos as cosine

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
_A, _B, _F, _E2 = GEOD.a, GEOD.b, GEOD.f, GEOD.es
_SECOND_ECCENTRICITY = (_A * _A - _B * _B) / (_B * _B)
#: The remaining error is smaller by the flattening: 0.02 mm.
_CONVERGED = 1e-9

Floats = NDArray[np.float64]


def earth_centred(lonlat: Floats) -> Floats:
    """Return x, y, z in metres of rows of (longitude, latitude)."""
    found = np.empty((len(lonlat), 3))
    _earth_centred(np.ascontiguousarray(lonlat), found)
    return found


def lengths(start: Floats, end: Floats) -> Floats:
    """Return the geodesic distances in metres between paired rows of (longitude, latitude).

    Vincenty (1975), within 0.1 mm of Karney's solution; where it does not converge (points almost
    opposite each other) Karney's solution is taken.
    """
    found = np.empty(len(start))
    _inverse(np.ascontiguousarray(start), np.ascontiguousarray(end), found)
    lost = np.flatnonzero(np.isnan(found))
    if lost.size:
        found[lost] = GEOD.inv(*start[lost].T, *end[lost].T)[2]
    return found


@njit(cache=True, nogil=True)
def _earth_centred(lonlat: Floats, found: Floats) -> None:
    for i in range(len(lonlat)):
        lon, lat = radians(lonlat[i, 0]), radians(lonlat[i, 1])
        up = sin(lat)
        normal = _A / sqrt(1.0 - _E2 * up * up)
        flat = normal * cosine(lat)
        found[i, 0], found[i, 1], found[i, 2] = flat * cosine(lon), flat * sin(lon), normal * (1.0 - _E2) * up


@njit(cache=True, nogil=True)
def two_nearest(
    centred: Floats,
    places: Floats,
    around: NDArray[np.int64],
    spacing: Floats,
    index: NDArray[np.int64],
    first: Floats,
    second: Floats,
) -> None:
    """Find the place at the shortest chord from each point, and the two shortest chords.

    From the previous point's place the search walks to ever closer ones, then looks around the last:
    a place farther from it than both chords together cannot be nearer than the second (triangle
    inequality). Points that follow each other in space take a few steps each.

    Parameters
    ----------
    centred, places
        Earth-centred positions in metres, shapes (n, 3) and (m, 3).
    around, spacing
        For each place the other places by rising distance, and these distances; perhaps not all.
    index, first, second
        The result, filled here; `second` is 0 where the neighbours given do not suffice to know it.
    """
    root = 0
    for i in range(len(centred)):
        x, y, z = centred[i, 0], centred[i, 1], centred[i, 2]
        walking = True
        while walking:
            walking = False
            shortest = _chord(x, y, z, places, root)
            other = np.inf
            proven = around.shape[1] == len(places) - 1
            for k in range(around.shape[1]):
                if spacing[root, k] > shortest + other:
                    proven = True
                    break
                chord = _chord(x, y, z, places, around[root, k])
                if chord < shortest:
                    root = around[root, k]
                    walking = True
                    break
                other = min(other, chord)
        index[i], first[i], second[i] = root, shortest, other if proven else 0.0


@njit(cache=True, nogil=True)
def _chord(x: float, y: float, z: float, places: Floats, j: int) -> float:
    a, b, c = places[j, 0] - x, places[j, 1] - y, places[j, 2] - z
    return sqrt(a * a + b * b + c * c)


@njit(cache=True, nogil=True)
def _inverse(start: Floats, end: Floats, found: Floats) -> None:
    for i in range(len(start)):
        found[i] = _length(radians(end[i, 0] - start[i, 0]), radians(start[i, 1]), radians(end[i, 1]))


@njit(cache=True, nogil=True)
def _length(turn: float, lat1: float, lat2: float) -> float:
    """Return the length in metres, NaN without convergence; names follow Vincenty's symbols."""
    sin1, cos1 = _reduced(lat1)
    sin2, cos2 = _reduced(lat2)
    lam = turn
    for _ in range(30):
        across = cos2 * sin(lam)
        cos_lam = cosine(lam)
        along = cos1 * sin2 - sin1 * cos2 * cos_lam
        sin_sigma = sqrt(across * across + along * along)
        cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_lam
        if sin_sigma == 0.0:
            return 0.0 if cos_sigma > 0.0 else np.nan
        sigma = atan2(sin_sigma, cos_sigma)
        sin_alpha = cos1 * across / sin_sigma
        cos2_alpha = 1.0 - sin_alpha * sin_alpha
        # On the equator the midpoint term has no meaning and no weight.
        cos_2m = cos_sigma - 2.0 * sin1 * sin2 / cos2_alpha if cos2_alpha > 1e-14 else 0.0
        c = _F / 16.0 * cos2_alpha * (4.0 + _F * (4.0 - 3.0 * cos2_alpha))
        bent = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0)
        before, lam = lam, turn + (1.0 - c) * _F * sin_alpha * (sigma + c * sin_sigma * bent)
        if abs(lam - before) < _CONVERGED:
            # The arc belongs to the value before; its slope is sin alpha.
            last = sigma + sin_alpha * (lam - before)
            return _arc_length(last, sin_sigma, cos_sigma, cos2_alpha, cos_2m)
    return np.nan


@njit(cache=True, nogil=True)
def _reduced(lat: float) -> tuple[float, float]:
    """Return sine and cosine of the reduced latitude."""
    slope = (1.0 - _F) * tan(lat)
    cos_u = 1.0 / sqrt(1.0 + slope * slope)
    return slope * cos_u, cos_u


@njit(cache=True, nogil=True)
def _arc_length(sigma: float, sin_sigma: float, cos_sigma: float, cos2_alpha: float, cos_2m: float) -> float:
    root = sqrt(1.0 + cos2_alpha * _SECOND_ECCENTRICITY)
    k = (root - 1.0) / (root + 1.0)
    a, b = (1.0 + k * k / 4.0) / (1.0 - k), k * (1.0 - 3.0 * k * k / 8.0)
    last = b / 6.0 * cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * cos_2m * cos_2m - 3.0)
    inner = cos_sigma * (2.0 * cos_2m * cos_2m - 1.0) - last
    return _B * a * (sigma - b * sin_sigma * (cos_2m + b / 4.0 * inner))
