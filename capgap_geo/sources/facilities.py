"""Facilities, services known to be absent, contested figures and national figures."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from capgap_geo.model import GROUPS, Evidence, Profile, Service
from capgap_geo.privacy import exposed, generalise
from capgap_geo.provenance import Package
from capgap_geo.sources.contract import Column, Kind, Problem, check, convert, raise_problems
from capgap_geo.sources.read import WGS84, csv, points, position_problems, table

CAPACITY = ("officers", "women_officers", "vehicles", "prosecutors", "beds")
EVIDENCE = frozenset(Evidence)


def year(name: str) -> Column:
    """Return the column of a year, empty where the source is undated."""
    return Column(name, "integer", required=False, minimum=1990, maximum=2100)


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that a facility may refer to."""

    departments: pd.Series
    places: frozenset[str]
    sources: frozenset[str]

    @property
    def department(self) -> Column:
        """Return the column of a known department."""
        return Column("department_id", allowed=frozenset(self.departments.index), known="department")

    def optional_department(self) -> Column:
        """Return the same column, where an empty value means the whole country."""
        ids = frozenset(self.departments.index)
        return Column("department_id", required=False, allowed=ids, known="department")

    def source(self, name: str = "source_ids") -> Column:
        """Return a column of known sources: one, or several in a column named ``source_ids``."""
        kind: Kind = "list" if name.endswith("s") else "text"
        return Column(name, kind, allowed=self.sources, known="source")


def contract(known: Known) -> tuple[Column, ...]:
    """Return the contract of the facilities."""
    groups = frozenset(g.value for g in GROUPS)
    return (
        Column("facility_id", unique=True),
        Column("service", allowed=frozenset(Service)),
        known.department,
        Column("place_id", required=False, allowed=known.places, known="place"),
        Column("place_inferred", "boolean", required=False),
        *(Column(c, "number", required=False, minimum=0, maximum=100_000) for c in CAPACITY),
        Column("capacity_evidence", required=False, allowed=EVIDENCE),
        Column("profiles", "list", allowed=groups),
        year("year"),
        Column("evidence", allowed=EVIDENCE),
        Column("precision", allowed=frozenset({"place", "department"})),
        known.source(),
        Column("longitude", "number", required=False),
        Column("latitude", "number", required=False),
    )


def read_facilities(package: Package, known: Known, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities, protected ones by department only.

    Raises
    ------
    SchemaError
        With every problem; a shelter with a coordinate or a place is one.
    """
    resource = package.resource("facilities")
    raw, columns = csv(resource.path), contract(known)
    problems = check(raw, columns, file=resource.path)
    if {"longitude", "latitude", "service"} <= set(raw.columns):
        problems += [*position_problems(raw, resource.path), *_privacy_problems(raw, resource.path.name)]
    raise_problems(problems, table=resource.name)
    facilities = convert(raw, columns)
    shapes = points(facilities.pop("longitude"), facilities.pop("latitude"))
    facilities.insert(3, "department_name", facilities["department_id"].map(known.departments))
    facilities.insert(5, "place_name", facilities["place_id"].map(places.set_index("place_id")["place_name"]))
    general = generalise(gpd.GeoDataFrame(facilities, geometry=shapes, crs=WGS84))
    return general.sort_values("facility_id", ignore_index=True)


def _privacy_problems(raw: pd.DataFrame, file: str) -> list[Problem]:
    fine = exposed(raw)
    remedy = "a shelter is given by its department only; empty this cell"
    return [
        Problem(file, int(str(i)) + 2, str(column), "a position of a shelter", remedy)
        for column in fine.columns
        for i in fine.index[fine[column]]
    ]


def read_absences(package: Package, known: Known) -> pd.DataFrame:
    """Return the services that are known not to exist: absence is a fact with a source."""
    columns = (
        Column("absence_id", unique=True),
        Column("service"),
        Column("profile", required=False, allowed=frozenset(Profile)),
        known.optional_department(),
        year("year"),
        Column("evidence", allowed=EVIDENCE),
        known.source(),
        Column("note", required=False),
    )
    return table(package.resource("absences"), columns)


def read_contested(package: Package, known: Known) -> pd.DataFrame:
    """Return figures that sources dispute, one row per value."""
    columns = (
        Column("contested_id"),
        Column("service", allowed=frozenset(Service)),
        known.optional_department(),
        Column("facility_ids", "list", required=False),
        Column("measure"),
        Column("value", "number"),
        Column("unit"),
        year("year"),
        Column("claimed_by"),
        known.source("source_id"),
        Column("note", required=False),
    )
    return table(package.resource("contested"), columns)


def read_figures(package: Package, known: Known) -> pd.DataFrame:
    """Return national and departmental figures: totals, budgets, norms and reference lines."""
    columns = (
        Column("figure_id", unique=True),
        Column("topic"),
        Column("measure"),
        Column("value", "number"),
        Column("unit"),
        known.optional_department(),
        Column("period", required=False),
        known.source("source_id"),
        Column("reference_line", "boolean"),
        Column("binding", required=False),
        Column("note", required=False),
    )
    return table(package.resource("figures"), columns)
