"""People of each province, and of each group as estimated from the department's shares."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from capgap_geo.model import GROUPS
from capgap_geo.provenance import Package
from capgap_geo.sources.contract import Column, Problem, raise_problems
from capgap_geo.sources.read import table


def read_population(package: Package, provinces: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one row per province: persons, and the estimated persons of each group.

    The shares of girls, boys, women and men are those of the department in another year, so the
    groups are estimates (column ``estimated``); they sum to ``population``.
    """
    ids = frozenset(provinces["province_id"])
    contract = (
        Column("province_id", unique=True, allowed=ids, known="province"),
        Column("year", "integer"),
        Column("population", "integer", minimum=0),
    )
    resource = package.resource("provinces")
    people = table(resource, contract).sort_values("province_id", ignore_index=True)
    missing = sorted(ids - set(people["province_id"]))
    problems = [
        Problem(resource.path.name, None, "province_id", f"no row for {p}", "every province needs one")
        for p in missing
    ]
    raise_problems(problems, table=resource.name)
    people.insert(1, "department_id", people["province_id"].str[:2])
    shares = _shares(package, frozenset(provinces["department_id"]))
    groups = shares.loc[people["department_id"]].mul(people["population"].to_numpy(float), axis=0)
    for group in GROUPS:
        people[group.value] = groups[group.value].to_numpy()
    return people.assign(estimated=True)


def _shares(package: Package, departments: frozenset[str]) -> pd.DataFrame:
    contract = (
        Column("department_id", unique=True, allowed=departments, known="department"),
        *(Column(g.value, "integer", minimum=0) for g in GROUPS),
    )
    counts = table(package.resource("departments_profiles"), contract).set_index("department_id")
    return counts.div(counts.sum(axis=1), axis=0).astype(float)
