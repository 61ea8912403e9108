"""Check and rewrite the two tables of the population, byte for byte.

``python data/population/build.py`` downloads nothing: the tables were compiled from INEI's projections
(README.md says from which, and how the four groups were estimated), so they are their own input. What is
remade here is their form and the package's hashes; what is checked is everything that must add up.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import buildkit  # noqa: E402  (the scripts' shared part lies one folder up, outside any package)

NATIONAL_2025 = 34_350_244
NATIONAL_2020 = 32_625_948
GROUPS = ["girls", "boys", "women", "men"]


def read(name: str) -> pd.DataFrame:
    """Return a table of this package with ids kept as text."""
    ids = {"province_id": str, "department_id": str, "estimated": str}
    return pd.read_csv(HERE / f"{name}.csv", dtype=ids)


def province_problems(provinces: pd.DataFrame, expected: set[str]) -> list[str]:
    """Return what is wrong with the table of provinces: ids, departments, total."""
    problems = []
    if set(provinces["province_id"]) != expected or not provinces["province_id"].is_unique:
        problems.append("provinces.csv: the provinces are not the 196 of data/boundaries")
    if not (provinces["department_id"] == provinces["province_id"].str[:2]).all():
        problems.append("provinces.csv: a department_id is not the first two digits of its province_id")
    if provinces["population"].sum() != NATIONAL_2025:
        found = provinces["population"].sum()
        problems.append(f"provinces.csv: the population sums to {found}, INEI's total is {NATIONAL_2025}")
    return problems


def profile_problems(profiles: pd.DataFrame) -> list[str]:
    """Return what is wrong with the table of departments: each margin must add up, row by row."""
    sums = {
        "population": GROUPS,
        "under_18": ["girls", "boys"],
        "female": ["girls", "women"],
    }
    problems = [
        f"departments_profiles.csv: {' + '.join(parts)} is not {margin} in department {row}"
        for margin, parts in sums.items()
        for row in profiles.loc[profiles[parts].sum(axis=1) != profiles[margin], "department_id"]
    ]
    if profiles["population"].sum() != NATIONAL_2020 or len(profiles) != 25:
        problems.append(f"departments_profiles.csv: not 25 departments with {NATIONAL_2020} people")
    if set(profiles["estimated"]) != {"true"}:
        problems.append("departments_profiles.csv: the four groups are estimates; `estimated` must say true")
    return problems


def main() -> None:
    """Check both tables and write them again in their fixed form."""
    known = buildkit.read_geojson(HERE.parent / "boundaries" / "provinces.geojson")
    tables = {"provinces": read("provinces"), "departments_profiles": read("departments_profiles")}
    problems = province_problems(tables["provinces"], set(known["province_id"]))
    problems += profile_problems(tables["departments_profiles"])
    if problems:
        sys.exit("\n".join(problems))
    for name, table in tables.items():
        columns = buildkit.columns_of(HERE, name)
        rows = table.sort_values(columns[0])[columns].itertuples(index=False, name=None)
        buildkit.write_csv(HERE / f"{name}.csv", columns, rows)
    buildkit.stamp(HERE)
    print(f"provinces: {tables['provinces']['population'].sum():,} people in 2025")


if __name__ == "__main__":
    main()
