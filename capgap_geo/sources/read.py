"""Read the files of a verified package, all values as text, so that nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from capgap_geo.errors import SchemaError
from capgap_geo.provenance import Resource
from capgap_geo.sources.contract import Column, Problem, check, convert, raise_problems

#: Longitude and latitude that hold Peru with its islands, in degrees.
PERU_BOUNDS = (-81.5, -18.5, -68.5, 0.1)
WGS84 = "EPSG:4326"


def table(resource: Resource, columns: Sequence[Column], *, extra: Iterable[Problem] = ()) -> pd.DataFrame:
    """Read a CSV file and hold it against its contract.

    Raises
    ------
    SchemaError
        With every problem of the table.
    """
    raw = csv(resource.path)
    raise_problems([*check(raw, columns, file=resource.path), *extra], table=resource.name)
    return convert(raw, columns)


def csv(path: Path) -> pd.DataFrame:
    """Read a CSV file as text; an empty cell is missing, every other word is kept as it stands."""
    try:
        return pd.read_csv(path, dtype="object", keep_default_na=False, na_values=[""], encoding="utf-8")
    except (ValueError, UnicodeError) as error:
        raise SchemaError(f"{path}: not a CSV table in UTF-8 ({error}); restore the file") from None


def features(resource: Resource, columns: Sequence[Column], *, geometry: str) -> gpd.GeoDataFrame:
    """Read a GeoJSON file and hold it against its contract.

    Parameters
    ----------
    geometry
        The kind that every feature must have: ``Polygon``, ``LineString`` or ``Point``; its
        ``Multi`` form counts as the same.

    Raises
    ------
    SchemaError
        With every problem of the table.
    """
    try:
        raw = pyogrio.read_dataframe(resource.path)
    except pyogrio.errors.DataSourceError as error:
        raise SchemaError(f"{resource.path}: not a map file ({error}); restore the file") from None
    texts = pd.DataFrame({c: _as_text(raw[c]) for c in raw.columns if c != "geometry"}, index=raw.index)
    problems = check(texts, columns, file=resource.path, first_row=1)
    problems += geometry_problems(raw.geometry, resource.path, geometry)
    raise_problems(problems, table=resource.name)
    return gpd.GeoDataFrame(convert(texts, columns), geometry=raw.geometry.values, crs=WGS84)


def _as_text(values: pd.Series) -> pd.Series:
    return values.map(lambda v: None if v is None or v is pd.NA or v != v else str(v)).astype(object)


def geometry_problems(shapes: gpd.GeoSeries, path: Path, kind: str) -> list[Problem]:
    """Return the features that are empty, invalid or of another kind."""
    array = shapes.array
    missing = shapely.is_missing(array) | shapely.is_empty(array)
    names = pd.Series(shapely.get_type_id(array))
    wanted = [shapely.GeometryType[kind.upper()], shapely.GeometryType[f"MULTI{kind.upper()}"]]
    wrong = ~missing & ~names.isin([int(w) for w in wanted]).to_numpy()
    broken = ~missing & ~wrong & ~shapely.is_valid(array)
    messages = [
        (missing, "nothing", f"a {kind} is needed"),
        (wrong, "another kind of shape", f"a {kind} is needed"),
    ]
    messages.append((broken, "an invalid shape", "repair it, for instance with shapely.make_valid"))
    return [
        Problem(path.name, int(i) + 1, "geometry", found, remedy)
        for where, found, remedy in messages
        for i in np.flatnonzero(where)
    ]


def position_problems(raw: pd.DataFrame, path: Path, *, first_row: int = 2) -> list[Problem]:
    """Return the rows whose ``longitude`` and ``latitude`` lie outside Peru, or of which one is missing."""
    west, south, east, north = PERU_BOUNDS
    lon, lat = (pd.to_numeric(raw[c], errors="coerce") for c in ("longitude", "latitude"))
    half = lon.isna() != lat.isna()
    outside = lon.notna() & lat.notna() & ~(lon.between(west, east) & lat.between(south, north))
    return [
        Problem(path.name, int(i) + first_row, "longitude, latitude", f"({lon[i]}, {lat[i]})", remedy)
        for where, remedy in (
            (outside, "the point lies outside Peru; check sign and order"),
            (half, "give both or neither"),
        )
        for i in raw.index[where]
    ]


def points(lon: pd.Series, lat: pd.Series) -> gpd.GeoSeries:
    """Return points in WGS 84, missing where a coordinate is missing."""
    shapes = gpd.GeoSeries(gpd.points_from_xy(lon, lat), index=lon.index, crs=WGS84)
    return shapes.where(lon.notna() & lat.notna(), None)
