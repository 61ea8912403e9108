"""What a user brought, as layers of a map: areas for what may tell on people, shapes for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from capgap_geo.i18n import Translator
from capgap_geo.render import theme
from capgap_geo.render.layer import ClassEntry, Facts, Geometry, Layer
from capgap_geo.render.layers import AreaLayer
from capgap_geo.render.theme import Style

#: Largest shift of an outline on the screen, in degrees (about 100 m), and decimals kept.
TOLERANCE = 0.001
DECIMALS = 4
BOUNDARY_STYLE = Style(stroke=theme.INK_SOFT, width=0.9, dash=(4.0, 2.0))


def features(table: gpd.GeoDataFrame, key: str) -> dict[str, Any]:
    """Return outlines as GeoJSON, simplified for the screen, with the column `key` as ids."""
    shapes = shapely.simplify(table.geometry.to_numpy(), TOLERANCE)
    shapes = shapely.transform(shapes, lambda xy: np.round(xy, DECIMALS))
    parts = [
        {"type": "Feature", "id": str(name), "properties": {}, "geometry": json.loads(text)}
        for name, text in zip(table[key], shapely.to_geojson(shapes), strict=True)
    ]
    return {"type": "FeatureCollection", "features": parts}


def layers(extras: Mapping[str, gpd.GeoDataFrame], t: Translator) -> Iterable[Layer]:
    """Yield the layers of what stands beside the tables of a study: footprints and boundaries."""
    if "mining" in extras:
        yield footprints(extras["mining"], t)
    if "boundaries" in extras:
        yield boundaries(extras["boundaries"], t)


def footprints(table: gpd.GeoDataFrame, t: Translator) -> AreaLayer:
    """Return mining scars, those of a year as one thing, with what a footprint does not say."""
    years = table["year"].astype(object).where(table["year"].notna(), None)
    by = [(year, table[years.isna() if year is None else years == year]) for year in _ordered(years)]
    names = [t("figure.undated") if year is None else str(int(year)) for year, _ in by]
    joined = [shapely.multipolygons(shapely.get_parts(part.geometry.to_numpy())) for _, part in by]
    drawn = gpd.GeoDataFrame({"year": names}, geometry=joined, crs="EPSG:4326")
    facts = [
        Facts(
            t("own.layer.mining"),
            value=t("fact.mined", ha=t.significant(float(part["mined_ha"].sum()))),
            year=name,
            note="" if part["comparable"].all() else t("own.not_comparable"),
        )
        for name, (_, part) in zip(names, by, strict=True)
    ]
    return AreaLayer(
        layer_id="own_mining",
        title=t("own.layer.mining"),
        geometry=Geometry(inline=features(drawn, "year")),
        ids=tuple(names),
        classes="0" * len(names),
        entries=(ClassEntry("0", theme.MINING_STYLES["exact"], t("own.layer.mining")),),
        facts=tuple(facts),
        counted=False,
        note=t("own.layer.mining_note"),
    )


def _ordered(years: Iterable[Any]) -> list[Any]:
    return sorted(dict.fromkeys(years), key=lambda y: (y is not None, y))


def boundaries(table: gpd.GeoDataFrame, t: Translator) -> AreaLayer:
    """Return official areas as outlines with their names."""
    names = [str(n or i) for n, i in zip(table["boundary_name"], table["boundary_id"], strict=True)]
    return AreaLayer(
        layer_id="own_boundaries",
        title=t("own.layer.boundaries"),
        noun=t("own.layer.boundary"),
        geometry=Geometry(inline=features(table, "boundary_id")),
        ids=tuple(table["boundary_id"].astype(str)),
        classes="0" * len(table),
        entries=(ClassEntry("0", BOUNDARY_STYLE, t("own.layer.boundaries")),),
        facts=tuple(Facts(n, value=str(i)) for n, i in zip(names, table["boundary_id"], strict=True)),
    )
