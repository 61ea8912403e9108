"""Keep people safe: no shelter finer than its department, no small count that tells on someone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgap_geo.model import Service

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

#: Services whose position protects the people inside: never finer than the department.
PROTECTED_SERVICES: frozenset[str] = frozenset({Service.SHELTER})
#: Columns that would place a facility more finely than its department.
FINE_COLUMNS: tuple[str, ...] = ("place_id", "place_name", "province_id", "longitude", "latitude", "geometry")


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
