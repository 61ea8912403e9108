"""The published file of Amazon Mining Watch: detections of mining scars, not of illegality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.upload import Origin

if TYPE_CHECKING:
    import geopandas as gpd

#: Said wherever it is drawn.
NOTES = (Note("mining_scar"), Note("mining_detector"), Note("mining_basin"), Note("mining_legality"))
_AREA = ("mined_area_ha", "Mined area (ha)")
_OTHERS = {"detection_id": ("id",), "period": ("period",), "year": ("year",)}


def recognised(raw: Raw) -> bool:
    """Return whether a map file is that of Amazon Mining Watch: outlines with a mined area and a period."""
    return raw.shapes is not None and any(a in raw.columns for a in _AREA) and "period" in raw.columns


def mapping(raw: Raw) -> dict[str, str]:
    """Return the columns of the published file.

    Raises
    ------
    UploadError
        The file states no mined area; the area of the patch is no substitute, it overstates.
    """
    area = next((a for a in _AREA if a in raw.columns), None)
    if area is None:
        raise refusal("not_mining")
    found = {field: next((n for n in names if n in raw.columns), None) for field, names in _OTHERS.items()}
    return {"mined_ha": area, **{field: name for field, name in found.items() if name}}


def origin(raw: Raw, given: Origin) -> Origin:
    """Complete the origin from what the file says about itself."""
    about = raw.about
    first = {name: _first(raw, name) for name in ("source", "licence")}
    last = max((str(p)[:4] for p in _column(raw, "period")), default="")
    return Origin.stated(
        given.kind,
        given.source or about.get("publisher") or first["source"] or about.get("source"),
        given.licence or about.get("licence") or first["licence"],
        given.date or (last if last.isdigit() else None),
    )


def hectares_by_year(detections: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the newly detected scar by year, in ha, and whether it compares with the years before.

    The first year is the baseline: all scars that were visible then.
    """
    table = pd.DataFrame(detections.drop(columns="geometry"))
    by: pd.DataFrame = table.groupby("year", as_index=False).agg(
        mined_ha=("mined_ha", "sum"), comparable=("comparable", "all")
    )
    return by.assign(baseline=by["year"] == by["year"].min())


def hectares_in(detections: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> pd.Series:
    """Return the scar in each zone, in ha, by ``zone_id``; 0 = none detected.

    A detection counts where its inner point lies.
    """
    points = detections.set_geometry(detections.geometry.representative_point())
    joined = points.sjoin(zones[["zone_id", "geometry"]], predicate="within")
    sums: pd.Series = pd.Series(joined["mined_ha"].groupby(joined["zone_id"]).sum())
    return sums.reindex(zones["zone_id"], fill_value=0.0)


def _column(raw: Raw, name: str) -> list[str]:
    if name not in raw.columns:
        return []
    i = raw.columns.index(name)
    return [row[i] for row in raw.rows if row[i] is not None]  # type: ignore[misc]


def _first(raw: Raw, name: str) -> str | None:
    return next(iter(_column(raw, name)), None)
