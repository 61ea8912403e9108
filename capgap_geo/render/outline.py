"""Outlines of coverage deserts for the screen: coarse, small and quick; areas come from the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import contourpy
import numpy as np
import shapely
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.grid import Grid

Kinds = NDArray[np.uint8]
#: Cells joined to one screen cell, along each side.
JOINED = 4
#: Largest shift of an outline, in screen cells.
TOLERANCE = 0.5
#: Patches below this many screen cells are not drawn (the areas in the text still count them).
SMALLEST = 5
DECIMALS = 2
NAMES = {1: "robust", 2: "strict_only"}
#: So many screen cells beyond the border a patch goes on: the map shows nothing of it beyond the border.
_MARGIN = 2.5
#: Screen cells without land along each edge: more than the margin, so that every outline closes.
_EDGE = 4


class Outlines(dict[str, Any]):
    """A GeoJSON FeatureCollection of polygons that also knows a form a tenth as long, for the live map."""

    @cached_property
    def packed(self) -> list[list[Any]]:
        """Id and polygons of each feature, every ring as a polyline of hundredths of a degree."""
        return [
            [f["id"], [[packed(ring) for ring in polygon] for polygon in f["geometry"]["coordinates"]]]
            for f in self["features"]
        ]


def packed(ring: ArrayLike) -> str:
    """Return longitude and latitude of points as text, in the encoded polyline format with two decimals.

    Each number is the step from the one before, in base 32 with the lowest digits first; its sign is its
    last bit, and every digit but the last one of a number carries 32 more.
    """
    points = np.rint(np.asarray(ring, np.float64) * 10**DECIMALS).astype(np.int64)
    step = np.diff(points, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel()
    value = np.where(step < 0, ~(step << 1), step << 1)
    digits = np.stack([value >> shift for shift in range(0, 30, 5)], axis=1)
    more = np.column_stack([digits[:, 1:] > 0, np.zeros(len(digits), bool)])
    used = np.column_stack([np.ones(len(digits), bool), more[:, :-1]])
    text = ((digits & 31) + 32 * more + 63)[used].astype(np.uint8)
    return str(text.tobytes(), "ascii")


def desert_features(
    grid: Grid,
    strict: NDArray[np.float64],
    wide: NDArray[np.float64],
    *,
    threshold: float,
) -> Outlines:
    """Return the coverage deserts as GeoJSON, simplified for the screen.

    Parameters
    ----------
    strict, wide
        Minutes or km from each cell of the grid's mask (row by row) to the nearest corroborated
        facility, and to the nearest of all.
    threshold
        What counts as within reach, inclusive.

    Returns
    -------
    Outlines
        A FeatureCollection of at most two features: ``robust``, beyond reach with all evidence, and
        ``strict_only``, beyond reach only if evidence must be corroborated.
    """
    near = coverage(wide, threshold=threshold)
    kinds = np.where(near, np.uint8(0), np.uint8(1))
    if strict is not wide:
        kinds[near & ~coverage(strict, threshold=threshold)] = 2
    return collection(grid, kinds, NAMES)


def collection(grid: Grid, kinds: Kinds, names: Mapping[int, str]) -> Outlines:
    """Return kinds of land as a GeoJSON FeatureCollection, without patches too small to be drawn.

    An outline runs where half of the land is of the kind, between the middles of the screen cells.

    Parameters
    ----------
    kinds
        One for each cell of the grid's mask, row by row.
    names
        Of the kinds that are wanted.
    """
    screen = _screen(grid)
    counted = count(kinds, screen.of_cell, max(names) + 1, screen.land.size)
    found = {name: _patches(screen, counted[kind]) for kind, name in names.items()}
    features = [_feature(name, patches) for name, patches in found.items() if len(patches)]
    return Outlines(type="FeatureCollection", features=features)


@dataclass(frozen=True, eq=False, slots=True)
class _Screen:
    """The screen cells of a grid, with more of them along each edge.

    Attributes
    ----------
    of_cell
        Flat position of the screen cell that holds each cell of the grid's mask.
    land
        Cells of the country in each screen cell.
    nearest
        Position of the screen cell with land that stands for each, flat; of those far out, of a corner.
    lonlat
        Longitude and latitude of the middle of each screen cell. Between them it is linear, to a metre: a
        transformer is made anew in every thread, and that takes longer than all else.
    """

    of_cell: NDArray[np.int32]
    land: NDArray[np.uint8]
    nearest: NDArray[np.intp]
    lonlat: NDArray[np.float64]


@lru_cache(maxsize=4)
def _screen(grid: Grid) -> _Screen:
    shape = tuple(2 * _EDGE - -n // JOINED for n in grid.shape)
    row, column = (_EDGE + at // JOINED for at in np.nonzero(grid.mask))
    of_cell = np.ravel_multi_index((row, column), shape).astype(np.int32)
    land = np.bincount(of_cell, minlength=shape[0] * shape[1]).astype(np.uint8).reshape(shape)
    away, at = ndimage.distance_transform_edt(land == 0, return_indices=True)
    nearest = np.ravel_multi_index(tuple(at), shape)
    middle = JOINED * (np.indices(shape) - _EDGE + 0.5) - 0.5
    lonlat = np.stack(grid.lonlat(*middle))
    return _Screen(of_cell, land, np.where(away <= _MARGIN, nearest, 0), lonlat)


@njit(cache=True, nogil=True)
def count(kinds: Kinds, of_cell: NDArray[np.int32], most: int, size: int) -> NDArray[np.uint8]:
    """Count the cells of each kind below `most` in each of `size` screen cells."""
    counted = np.zeros((most, size), np.uint8)
    for i in range(len(kinds)):
        if kinds[i] < most:
            counted[kinds[i], of_cell[i]] += 1
    return counted


def _patches(screen: _Screen, counted: NDArray[np.uint8]) -> NDArray[np.object_]:
    """Return the outlines of a kind in degrees, one polygon per patch; `counted` is flat."""
    share = (counted / np.maximum(screen.land.ravel(), 1))[screen.nearest]
    rows, columns = (np.flatnonzero((share >= 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.empty(0, object)
    top, left = rows[0] - 1, columns[0] - 1
    part = share[top : rows[-1] + 2, left : columns[-1] + 2]
    found = contourpy.contour_generator(z=part, fill_type="OuterOffset").filled(0.5, np.inf)
    patches = np.array([_polygon(*patch) for patch in zip(*found, strict=True)], object)
    large = patches[shapely.area(patches) >= SMALLEST]
    fewer = shapely.simplify(large, TOLERANCE, preserve_topology=False)
    return _placed(screen, fewer[~shapely.is_empty(fewer)], (left, top))


def _placed(
    screen: _Screen, patches: NDArray[np.object_], corner: tuple[np.intp, np.intp]
) -> NDArray[np.object_]:
    """Return patches in degrees; they are in screen cells, from the middle of the cell at a corner."""

    def place(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        at = (xy + corner).T[::-1]
        return np.column_stack([ndimage.map_coordinates(part, at, order=1) for part in screen.lonlat])

    return np.asarray(shapely.transform(patches, place))


def _polygon(points: NDArray[np.float64], offsets: NDArray[np.uint32]) -> shapely.Polygon:
    outer, *holes = (shapely.linearrings(ring) for ring in np.split(points, offsets[1:-1]))
    return shapely.polygons(outer, holes or None)


def _feature(name: str, patches: NDArray[np.object_]) -> dict[str, Any]:
    rings = [
        [
            np.round(shapely.get_coordinates(ring), DECIMALS).tolist()
            for ring in (part.exterior, *part.interiors)
        ]
        for part in shapely.get_parts(patches)
    ]
    geometry = {"type": "MultiPolygon", "coordinates": rings}
    return {"type": "Feature", "id": name, "properties": {}, "geometry": geometry}
