"""Make shapes sound: counted, finite, flat, in degrees, not crossing themselves. Runs in the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import Note, Problem, refusal
from capgap_geo.sources.uploads.raw import Raw

WGS84 = "EPSG:4326"
_GEOMETRY = "geometry"


@dataclass(slots=True)
class Shapes:
    """Shapes as read, in the reference system `crs` (None where nothing is stated).

    Attributes
    ----------
    damaged
        Where something stood that is no shape.
    stated
        Whether `crs` was stated, by the file or by the user.
    """

    array: NDArray[np.object_]
    damaged: NDArray[np.bool_]
    crs: str | None
    stated: bool

    @classmethod
    def of(cls, geometries: Sequence[Any], crs: str | None, *, stated: bool) -> Self:
        """Gather shapes; `NotImplemented` marks a damaged one."""
        damaged = np.array([g is NotImplemented for g in geometries], dtype=bool)
        array = np.empty(len(geometries), dtype=object)
        array[:] = [None if bad else g for g, bad in zip(geometries, damaged, strict=True)]
        return cls(array, damaged, crs, stated)

    @classmethod
    @np.errstate(all="ignore")  # coordinates that are no numbers are found and named below
    def from_wkb(cls, blobs: Sequence[bytes | None], crs: str | None, *, stated: bool) -> Self:
        """Read well-known binary; what cannot be read is damaged."""
        given = np.empty(len(blobs), dtype=object)
        given[:] = list(blobs)
        array = shapely.from_wkb(given, on_invalid="ignore")
        damaged = shapely.is_missing(array) & np.array([b is not None for b in blobs], dtype=bool)
        return cls(array, damaged, crs, stated)


@np.errstate(all="ignore")
def settle(raw: Raw, shapes: Shapes, limits: Limits) -> Raw:
    """Put sound shapes in degrees into `raw`, with a problem for each row that has none.

    Raises
    ------
    UploadError
        Too many points, or a reference system that is not known.
    """
    array = shapes.array
    if int(shapely.get_num_coordinates(array).sum()) > limits.vertices:
        raise refusal("too_many_vertices", limit=limits.vertices)
    raw.problems += [
        Problem(raw.numbers[i], _GEOMETRY, "", "bad_shape") for i in np.flatnonzero(shapes.damaged)
    ]
    missing = (shapely.is_missing(array) | shapely.is_empty(array)) & ~shapes.damaged
    raw.problems += [Problem(raw.numbers[i], _GEOMETRY, "", "no_shape") for i in np.flatnonzero(missing)]
    array = _drop(raw, array, ~_finite(array), "not_finite")
    if shapely.has_z(array).any():
        array = shapely.force_2d(array)
        raw.notes.append(Note("height_dropped"))
    array = _drop(raw, _to_degrees(raw, array, shapes), None, "not_finite")
    array = _repair(raw, array)
    array = _without(array, shapely.is_empty(array))
    raw.shapes = [None if g is None else shapely.to_wkb(g) for g in array]
    return raw


def _finite(array: NDArray[np.object_]) -> NDArray[np.bool_]:
    coordinates, owners = shapely.get_coordinates(array, return_index=True)
    good = np.ones(len(array), dtype=bool)
    good[owners[~(np.abs(coordinates) < 1e12).all(axis=1)]] = False
    return good


def _drop(
    raw: Raw, array: NDArray[np.object_], bad: NDArray[np.bool_] | None, code: str
) -> NDArray[np.object_]:
    bad = ~_finite(array) if bad is None else bad
    raw.problems += [Problem(raw.numbers[i], _GEOMETRY, "", code) for i in np.flatnonzero(bad)]
    return _without(array, bad)


def _without(array: NDArray[np.object_], bad: NDArray[np.bool_]) -> NDArray[np.object_]:
    kept = array.copy()
    kept[bad] = None
    return kept


def _to_degrees(raw: Raw, array: NDArray[np.object_], shapes: Shapes) -> NDArray[np.object_]:
    coordinates = shapely.get_coordinates(array)
    if not len(coordinates):
        return array
    degrees = bool((np.abs(coordinates) <= 180.0).all())
    if shapes.crs is None or not shapes.stated:
        if not degrees:
            raise refusal("no_crs")
        if shapes.crs is None:
            raw.notes.append(Note("crs_assumed"))
        raw.crs = WGS84
        return array
    return _transform(raw, array, coordinates, shapes.crs)


def _transform(raw: Raw, array: NDArray[np.object_], coordinates: Any, stated: str) -> NDArray[np.object_]:
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError, ProjError

    try:
        crs = CRS.from_user_input(stated)
        raw.crs = _name(crs)
        if crs.is_geographic and (crs.to_epsg() in (4326, 4979, 4674) or "84" in crs.name):
            return array
        transformer = Transformer.from_crs(crs, WGS84, always_xy=True)
        x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1])
    except (CRSError, ProjError):
        raise refusal("unknown_crs", found=stated[:60]) from None
    raw.notes.append(Note("crs", {"crs": raw.crs}))
    # A copy: set_coordinates works in place.
    moved: NDArray[np.object_] = shapely.set_coordinates(array.copy(), np.column_stack([x, y]))
    return moved


def _name(crs: Any) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)[:60]


def _repair(raw: Raw, array: NDArray[np.object_]) -> NDArray[np.object_]:
    broken = ~shapely.is_missing(array) & ~shapely.is_valid(array)
    if not broken.any():
        return array
    mended = array.copy()
    for i in np.flatnonzero(broken):
        mended[i] = _areas(shapely.make_valid(array[i], method="structure", keep_collapsed=False))
    lost = broken & (shapely.is_missing(mended) | shapely.is_empty(mended))
    raw.problems += [Problem(raw.numbers[i], _GEOMETRY, "", "bad_shape") for i in np.flatnonzero(lost)]
    count = int((broken & ~lost).sum())
    if count:
        raw.notes.append(Note("repaired", {"count": count}))
    return _without(mended, lost)


def _areas(shape: Any) -> Any:
    """Keep the areas of a repaired shape: lines that fell out of it are no part of an outline."""
    if shape.geom_type != "GeometryCollection":
        return shape
    return shapely.union_all([p for p in shape.geoms if p.geom_type in ("Polygon", "MultiPolygon")])
