"""The tables of an answer as they are given away: fixed names, round numbers, codes for joining."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import pandas as pd

from capgap_geo.analysis.indicators import INDICATORS
from capgap_geo.analysis.indicators import indicators as indicator_table
from capgap_geo.privacy import protected
from capgap_geo.render import attribution, disputes
from capgap_geo.render.about import Edition
from capgap_geo.render.publish import deserts

#: Decimals by the beginning of a column's name; whole numbers otherwise.
_DECIMALS = (
    ("uncovered_share", 4), ("covered_area", 1), ("uncovered_area", 1), ("area_km2", 1), ("nearest", 1),
    ("mined_ha", 1), ("centre_l", 4), ("longitude", 5), ("latitude", 5), ("precision_km", 1),
)  # fmt: skip
_RATES = ("_per_100k_", "_per_10000_km2_")
_CAPACITY = ("records", "officers", "women_officers", "vehicles", "prosecutors", "beds")
#: What is said of people in a mining zone would be a guess: nobody counts them.
_ZONE_COLUMNS = ("area_km2", "covered_area_km2", "uncovered_area_km2", "nearest")
_FACILITY_COLUMNS = (
    "facility_id", "service", "department_id", "department_name", "place_id", "place_name", "place_inferred",
    "profiles", *_CAPACITY[1:], "capacity_evidence", "year", "evidence", "precision", "source_ids",
)  # fmt: skip


def departments(edition: Edition) -> pd.DataFrame:
    """Return one row per department: reach, then records and capacity, with both bounds."""
    names = edition.study.departments.set_index("department_id")[["pcode", "iso_3166_2"]]
    capacity = edition.answer.capacity
    kept = [c for c in capacity.columns if c.startswith(_CAPACITY)]
    table = names.join(edition.answer.departments).join(capacity[kept])
    return _given(_with_disputes(table, edition), first=("department_name", "pcode", "iso_3166_2"))


def provinces(edition: Edition) -> pd.DataFrame:
    """Return one row per province."""
    columns = ["pcode", "department_id", "department_name", "region26"]
    names = edition.study.provinces.set_index("province_id")[columns]
    return _given(names.join(edition.answer.provinces), first=("province_name", *columns))


def zones(edition: Edition) -> pd.DataFrame:
    """Return one row per mining zone: what it is, how its outline is known, and its reach."""
    known = edition.study.zones.set_index("zone_id").drop(columns=["geometry", "zone_name"])
    reach = edition.answer.zones
    kept = ["zone_name", *(c for c in reach.columns if c.startswith(_ZONE_COLUMNS))]
    return _given(known.join(reach[kept]), first=("zone_name", *known.columns))


def places(edition: Edition) -> pd.DataFrame:
    """Return one row per town: how far its help is."""
    points = edition.study.places.set_index("place_id").geometry
    table = edition.answer.places.assign(longitude=points.x, latitude=points.y)
    return _given(table, first=("place_name", "province_id", "department_id", "longitude", "latitude"))


def facilities(edition: Edition) -> pd.DataFrame:
    """Return the facilities that counted; protected ones carry nothing finer than their department."""
    table = pd.DataFrame(edition.answer.facilities)[list(_FACILITY_COLUMNS)].copy()
    hide = protected(table)
    table.loc[hide, ["place_id", "place_name"]] = None
    said = [disputes.of_facility(edition.study, name, edition.t) for name in table["facility_id"]]
    table["disputed"] = [text or None for text in said]
    return _given(table.set_index("facility_id").sort_index(), first=())


def indicators(edition: Edition) -> pd.DataFrame:
    """Return one row per department: need, reach and capacity, as the comparison shows them."""
    table = indicator_table(edition.study, edition.answer)
    names = edition.study.departments.set_index("department_id")[["department_name", "pcode"]]
    given = _given(_with_disputes(names.join(table), edition), first=("department_name", "pcode"))
    for indicator in INDICATORS:
        for bound in ("lower", "upper"):
            name = f"{indicator.name}_{bound}"
            if indicator.digits:
                given[name] = table[name].round(indicator.digits).to_numpy()
    return given


def _with_disputes(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return departments with what sources dispute of their capacity: bounds of records do not tell it."""
    said = disputes.by_department(edition.study, edition.answer.facilities, edition.t)
    return table.assign(disputed=pd.Series(said, dtype=object).reindex(table.index))


def sources(edition: Edition) -> pd.DataFrame:
    """Return the sources that the answer rests on."""
    t = edition.t
    return pd.DataFrame(
        [
            {
                "source_id": s.source_id, "title": attribution.title(s, t),
                "producer": attribution.producer(s, t), "url": s.url,
                "date_published": s.date_published, "date_accessed": s.date_accessed,
                "used_for": s.package, "licence": edition.licence_of(s),
            }
            for s in edition.sources
        ]
    )  # fmt: skip


#: The tables that can be had, by name.
TABLES: Mapping[str, Callable[[Edition], pd.DataFrame]] = MappingProxyType(
    {
        "departments": departments, "provinces": provinces, "zones": zones, "places": places,
        "facilities": facilities, "indicators": indicators, "sources": sources,
    }
)  # fmt: skip


def _given(table: pd.DataFrame, *, first: tuple[str, ...]) -> pd.DataFrame:
    """Return a table with its index as a column, unreachable apart from unknown, numbers rounded."""
    given = table.copy()
    if "nearest_lower" in given:
        given["reachable"] = _reachable(given["nearest_lower"], given["nearest_upper"])
        for name in ("nearest_lower", "nearest_upper"):
            given[name] = given[name].replace([np.inf, -np.inf], np.nan)
    for name in given.columns:
        if pd.api.types.is_float_dtype(given[name]):
            given[name] = given[name].round(_digits(str(name)))
    rest = [c for c in given.columns if c not in first]
    return given[[*first, *rest]].reset_index()


def _digits(name: str) -> int:
    if any(rate in name for rate in _RATES):
        return 2
    return next((digits for start, digits in _DECIMALS if name.startswith(start)), 0)


def _reachable(lower: pd.Series, upper: pd.Series) -> pd.Series:
    """Say where help can be reached: with all evidence, only if reports are believed, or never."""
    words = np.where(np.isfinite(upper), "yes", np.where(np.isfinite(lower), "reported_only", "no"))
    return pd.Series(np.where(lower.isna(), "not_known", words), index=lower.index)


#: Let go of with their edition: a cache of the process would hold the data that one session brought.
_layers: WeakKeyDictionary[Edition, Mapping[str, gpd.GeoDataFrame]] = WeakKeyDictionary()


def layers(edition: Edition) -> Mapping[str, gpd.GeoDataFrame]:
    """Return the tables that have a shape, in WGS 84: areas, deserts, and facilities at their towns.

    They are kept for the next file of the same edition: copy before changing one.
    """
    if edition not in _layers:
        _layers[edition] = MappingProxyType(_made(edition))
    return _layers[edition]


def _made(edition: Edition) -> dict[str, gpd.GeoDataFrame]:
    study = edition.study
    found = {
        "departments": _shaped(departments(edition), study.departments, "department_id"),
        "provinces": _shaped(provinces(edition), study.provinces, "province_id"),
        "mining_zones": _shaped(zones(edition), study.zones, "zone_id"),
    }
    if not edition.answer.nobody_serves:
        collection = deserts(study, edition.answer)
        if collection["features"]:
            shapes = gpd.GeoDataFrame.from_features(collection["features"], crs=4326)
            shapes.insert(0, "desert", [str(f["id"]) for f in collection["features"]])
            found["deserts"] = shapes
    placed = edition.answer.facilities
    placed = placed[placed.geometry.notna() & ~protected(placed)]
    if len(placed):
        table = facilities(edition)
        found["facilities"] = _shaped(table, placed, "facility_id")
    return found


def _shaped(table: pd.DataFrame, shapes: gpd.GeoDataFrame, key: str) -> gpd.GeoDataFrame:
    geometry = shapes.set_index(key).geometry
    kept = table[table[key].isin(geometry.index)].reset_index(drop=True)
    return gpd.GeoDataFrame(kept, geometry=geometry.loc[kept[key]].to_numpy(), crs=4326)
