"""Counts of cases, complaints and victims, each in its own registry."""

from __future__ import annotations

import pandas as pd

from capgap_geo.provenance import Package
from capgap_geo.sources.contract import Column, Problem, raise_problems
from capgap_geo.sources.facilities import Known
from capgap_geo.sources.read import table

KEY = ["department_id", "registry", "period", "measure"]


def read_registries(package: Package) -> pd.DataFrame:
    """Return the registries: titles in both languages, what they count, and their caveats."""
    columns = (
        Column("registry", unique=True),
        Column("title"),
        Column("title_es"),
        Column("description"),
        Column("scope", required=False),
        Column("caveat", required=False),
    )
    return table(package.resource("registries"), columns)


def read_incidents(package: Package, known: Known, registries: pd.DataFrame) -> pd.DataFrame:
    """Return the long table: one department (empty = national), registry, period and measure per row.

    Registries count different things; they are never joined into one trend.
    """
    resource = package.resource("incidents")
    columns = (
        Column("incident_id", unique=True),
        known.optional_department(),
        Column("registry", allowed=frozenset(registries["registry"]), known="registry"),
        Column("period"),
        Column("period_start", required=False),
        Column("period_end", required=False),
        Column("measure"),
        Column("value", "number", minimum=0),
        Column("unit"),
        known.source("source_id"),
    )
    incidents = table(resource, columns)
    repeated = incidents.index[incidents.duplicated(KEY)]
    remedy = "a registry states one value for a department and period; keep one"
    problems = [
        Problem(resource.path.name, int(i) + 2, ", ".join(KEY), "a second value", remedy) for i in repeated
    ]
    raise_problems(problems, table=resource.name)
    return incidents
