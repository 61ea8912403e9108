"""Positions of sensitive kinds: dropped or snapped to an area; the exact value is never kept."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from capgap_geo.model import Service

if TYPE_CHECKING:
    import geopandas as gpd

#: Services whose position protects the people inside: never finer than the department.
PROTECTED_SERVICES: frozenset[str] = frozenset({Service.SHELTER})
#: Columns that would place a facility more finely than its department.
FINE_COLUMNS: tuple[str, ...] = ("place_id", "place_name", "province_id", "longitude", "latitude", "geometry")
#: How far from every area a point may lie and still be snapped, in degrees: coasts are generalised.
_SHORE_DEGREES = 0.05
_REFUGE = re.compile(
    r"\b(albergues?|refugios?|refuges?|shelters?|safe ?houses?|casas? (de )?(acogida|refugio|segura)s?"
    r"|hogar(es)? (de )?(acogida|refugio|proteccion)|car|centros? de (acogida|acogimiento)( residencial)?"
    r"|acogimiento residencial|hrt|tambos? de proteccion)\b"
)


def protected(facilities: pd.DataFrame) -> pd.Series:
    """Return which facilities may be shown by department only."""
    return facilities["service"].isin(list(PROTECTED_SERVICES))


def exposed(facilities: pd.DataFrame) -> pd.DataFrame:
    """Return True where a protected facility carries something finer than its department.

    Returns
    -------
    pandas.DataFrame
        The rows of `facilities`; one column for each of `FINE_COLUMNS` that the table has.
    """
    fine = facilities[[c for c in FINE_COLUMNS if c in facilities.columns]]
    return fine.notna().mul(protected(facilities), axis=0).astype(bool)


def generalise(facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a copy in which protected facilities keep nothing finer than their department.

    The exact values are dropped, not moved aside: they cannot be had back from the result.
    """
    general = facilities.copy()
    hide = protected(general)
    for column in FINE_COLUMNS:
        if column in general.columns:
            general.loc[hide, column] = None
    if "precision" in general.columns:
        general.loc[hide, "precision"] = "department"
    return general


def snap(shapes: gpd.GeoSeries, areas: gpd.GeoDataFrame, *, key: str) -> pd.Series:
    """Return the id of the area that holds each point; the point itself is not in the result.

    Parameters
    ----------
    shapes
        Points in WGS 84; missing where nothing is known.
    areas
        Departments or provinces with the column `key`.
    key
        ``department_id`` or ``province_id``.

    Returns
    -------
    pandas.Series
        The index of `shapes`; None where there is no point, or none of the areas within about 5 km.
    """
    found = np.full(len(shapes), None, dtype=object)
    points = np.asarray(shapes.array, dtype=object)
    usable = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    if usable.size:
        hits = _holding(shapely.point_on_surface(points[usable]), areas.geometry.to_numpy())
        found[usable[hits >= 0]] = areas[key].to_numpy(dtype=object)[hits[hits >= 0]]
    return pd.Series(found, index=shapes.index, dtype=object)


def _holding(points: NDArray[np.object_], outlines: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return the number of the outline around each point, or of the nearest one close by, or -1."""
    hits = np.full(len(points), -1, dtype=np.intp)
    x, y = shapely.get_x(points), shapely.get_y(points)
    shapely.prepare(outlines)
    for number, (west, south, east, north) in enumerate(shapely.bounds(outlines)):
        near = np.flatnonzero((hits < 0) & (x >= west) & (x <= east) & (y >= south) & (y <= north))
        hits[near[shapely.intersects_xy(outlines[number], x[near], y[near])]] = number
    left = np.flatnonzero(hits < 0)
    rows, nearest = shapely.STRtree(outlines).query_nearest(
        points[left], max_distance=_SHORE_DEGREES, all_matches=False
    )
    hits[left[rows]] = nearest
    return hits


def names_a_refuge(text: str | None) -> bool:
    """Return whether a text names a place that hides people: a shelter, a refuge, a safe house.

    Examples
    --------
    >>> names_a_refuge("Casa de acogida La Esperanza"), names_a_refuge("Comisaría de Mazuko")
    (True, False)
    """
    if not text:
        return False
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return bool(_REFUGE.search(re.sub(r"[^a-z0-9]+", " ", plain)))


def masked(text: str | None) -> str | None:
    """Return the shape of a text without its content: digits and letters become dots.

    Examples
    --------
    >>> masked("-12.97342"), masked("Jr. Lima 210")
    ('-••.•••••', '••. •••• •••')
    """
    return None if text is None else re.sub(r"[^\W_]", "•", text)
