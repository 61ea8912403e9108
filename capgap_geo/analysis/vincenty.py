"""Lengths of many geodesics at once, compiled: Vincenty's inverse solution."""

from __future__ import annotations

from math import atan2, radians, sin, sqrt, tan
from math import cos as cosine

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
_A, _B, _F = GEOD.a, GEOD.b, GEOD.f
_SECOND_ECCENTRICITY = (_A * _A - _B * _B) / (_B * _B)


def lengths(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geodesic distances in metres between paired rows of (longitude, latitude).

    Vincenty (1975), within 0.1 mm of Karney's solution; where it does not converge (points almost
    opposite each other) Karney's solution is taken.
    """
    found = np.empty(len(start))
    _inverse(start, end, found)
    lost = np.flatnonzero(np.isnan(found))
    if lost.size:
        found[lost] = GEOD.inv(*start[lost].T, *end[lost].T)[2]
    return found


@njit(cache=True, nogil=True)
def _inverse(start: NDArray[np.float64], end: NDArray[np.float64], found: NDArray[np.float64]) -> None:
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
        along = cos1 * sin2 - sin1 * cos2 * cosine(lam)
        sin_sigma = sqrt(across * across + along * along)
        if sin_sigma == 0.0 and sin1 == sin2:
            return 0.0
        if sin_sigma == 0.0:
            return np.nan
        cos_sigma = sin1 * sin2 + cos1 * cos2 * cosine(lam)
        sigma = atan2(sin_sigma, cos_sigma)
        sin_alpha = cos1 * across / sin_sigma
        cos2_alpha = 1.0 - sin_alpha * sin_alpha
        # On the equator the midpoint term has no meaning and no weight.
        cos_2m = cos_sigma - 2.0 * sin1 * sin2 / cos2_alpha if cos2_alpha > 1e-14 else 0.0
        c = _F / 16.0 * cos2_alpha * (4.0 + _F * (4.0 - 3.0 * cos2_alpha))
        bent = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0)
        before, lam = lam, turn + (1.0 - c) * _F * sin_alpha * (sigma + c * sin_sigma * bent)
        if abs(lam - before) < 1e-12:
            return _arc_length(sigma, sin_sigma, cos_sigma, cos2_alpha, cos_2m)
    return np.nan


@njit(cache=True, nogil=True)
def _reduced(lat: float) -> tuple[float, float]:
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
