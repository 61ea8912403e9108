"""Add the counts of fiscal districts up to departments and merge the towns, byte for byte.

``python data/incidents/build.py`` downloads nothing. Its inputs lie beside it and are written by hand:
``records.csv`` (one row per count as its source gives it), ``registries.csv`` (what each registry counts),
``town_claims.csv`` and ``sources.csv``; towns take their names from ``data/travel``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import curation as c  # noqa: E402  (the scripts' shared part lies one folder up, outside any package)

KEY = ("registry", "department_id", "period", "measure")
SAME = (*KEY, "period_start", "period_end", "unit", "source_id")


def incident(rows: Sequence[c.Row]) -> c.Row:
    """Return one count of a department: the sum over its fiscal districts, or the one value there is."""
    first = rows[0]
    total = sum(Decimal(row["value"]) for row in rows)
    period = re.sub(r"[^0-9a-z]+", "_", first["period"])
    name = f"{first['registry']}.{first['department_id'] or 'peru'}.{period}.{first['measure']}"
    return {"incident_id": name, "value": str(total), **{column: first[column] for column in SAME}}


def town(rows: Sequence[c.Row], sources: dict[str, c.Row], places: dict[str, c.Row]) -> c.Row:
    """Return one town with the roles that sources give it; where a town is, is told by its place_id."""
    place = places[rows[0]["place_id"]]
    return {
        "place_id": place["place_id"],
        "place_name": place["place_name"],
        "department_id": place["department_id"],
        "roles": ";".join(sorted({row["role"] for row in rows})),
        "year": str(c.latest(rows) or ""),
        "evidence": c.evidence((row["source_id"] for row in rows), sources),
        "source_ids": c.source_ids(rows),
    }


def problems(
    groups: dict[tuple[str, ...], list[c.Row]], registries: set[str], sources: dict[str, c.Row]
) -> list[str]:
    """Return what is wrong with the counts: an unknown registry or source, or a sum of unlike things."""
    found = []
    for key, rows in groups.items():
        label = ", ".join(key)
        if key[0] not in registries:
            found.append(f"{label}: registry is not in registries.csv")
        found += [f"{label}: no such source" for row in rows if row["source_id"] not in sources]
        if any(row[column] != rows[0][column] for row in rows for column in SAME):
            found.append(f"{label}: its rows differ in period, unit or source; they cannot be added")
        if len({row["area"] for row in rows}) != len(rows):
            found.append(f"{label}: an area is counted twice")
    return found


def main() -> None:
    """Check the hand-written tables, then write the two derived ones and renew the hashes."""
    records, sources = c.read_rows(HERE / "records.csv"), c.read_sources(HERE)
    registries = {row["registry"] for row in c.read_rows(HERE / "registries.csv")}
    groups: dict[tuple[str, ...], list[c.Row]] = {}
    for row in records:
        groups.setdefault(tuple(row[column] for column in KEY), []).append(row)
    c.stop_on(problems(groups, registries, sources), HERE / "records.csv")
    incidents = [incident(groups[key]) for key in sorted(groups)]
    c.write_table(HERE, "incidents", incidents)
    places = {row["place_id"]: row for row in c.read_rows(HERE.parent / "travel" / "places.csv")}
    claims = c.read_rows(HERE / "town_claims.csv")
    towns = [town(rows, sources, places) for rows in c.grouped(claims, "place_id").values()]
    c.write_table(HERE, "hotspots", towns)
    counted, told = [row["source_id"] for row in records], [row["source_id"] for row in claims]
    used = {"incidents": counted, "records": counted, "registries": counted}
    c.write_manifest(HERE, sources, used | {"hotspots": told, "town_claims": told, "sources": list(sources)})
    print(f"{len(incidents)} counts of {len(registries)} registries, {len(towns)} towns")


if __name__ == "__main__":
    main()
