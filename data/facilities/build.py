"""Merge the hand-curated claims into facilities, absences, contested values and figures, byte for byte.

``python data/facilities/build.py`` downloads nothing. Its inputs lie beside it: ``claims.csv`` (one row per
statement of one source) and ``sources.csv`` (one row per source, both written by hand), and the places of
``data/travel``. README.md explains every rule that is applied here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import curation as c  # noqa: E402  (the scripts' shared part lies one folder up, outside any package)

CAPACITY = ("officers", "women_officers", "vehicles", "prosecutors", "beds")
TABLES = {"facility": "facilities", "absence": "absences", "dispute": "contested", "figure": "figures"}
SHARED = ("service", "profiles", "department_id", "place_id", "place_inferred")
SERVES = {  # whom a service can serve at all, an assumption where the sources say nothing (README.md)
    "police": {"girls;boys;women;men"},
    "prosecution": {"girls;boys;women;men"},
    "shelter": {"girls;boys"},
    "protection": {"girls;boys"},
    "victim_support": {"women", "women;men"},
    "first_response": {"women"},
}


def problems(claims: Sequence[c.Row], sources: dict[str, c.Row], places: dict[str, c.Row]) -> list[str]:
    """Return what is wrong with the claims; each is named by its id."""
    found = ["an id is used twice"] * (len({row["claim_id"] for row in claims}) != len(claims))
    for row in claims:
        label = row["claim_id"]
        if row["source_id"] not in sources:
            found.append(f"{label}: source {row['source_id']!r} is not in sources.csv")
        if row["place_id"] and places.get(row["place_id"], {}).get("department_id") != row["department_id"]:
            found.append(
                f"{label}: place {row['place_id']} is not a place of department {row['department_id']}"
            )
        if row["kind"] == "facility" and row["profiles"] not in SERVES[row["service"]]:
            found.append(f"{label}: a {row['service']} record cannot serve {row['profiles']!r}")
        if row["service"] == "shelter" and row["place_id"]:
            found.append(f"{label}: a shelter is given by its department only; empty place_id")
    for name, group in c.grouped((r for r in claims if r["kind"] == "facility"), "subject_id").items():
        differing = [column for column in SHARED if len({row[column] for row in group}) > 1]
        found += [f"{name}: its claims disagree on {column}" for column in differing]
    return found


def capacity(claims: Sequence[c.Row], sources: dict[str, c.Row]) -> dict[str, Any]:
    """Return each capacity by its latest dated claim; announced and historic ones are left out."""
    values: dict[str, Any] = {}
    support: list[str] = []
    years = []
    for name in CAPACITY:
        actual = [row for row in claims if row["measure"] == name and row["status"] == "actual"]
        if not actual:
            continue
        year = c.latest(actual)
        newest = [row for row in actual if c.latest([row]) == year]
        values[name] = newest[0]["value"]
        support.append(c.evidence((row["source_id"] for row in newest), sources))
        years.append(f"{name}:{year or 'undated'}")
    if support:  # one word for all capacities of a record: the weakest
        values["capacity_evidence"] = c.REPORTED if c.REPORTED in support else c.CORROBORATED
        values["capacity_years"] = ";".join(years)
    return values


def facility(
    name: str, claims: Sequence[c.Row], sources: dict[str, c.Row], places: dict[str, c.Row]
) -> c.Row:
    """Return one facility, merged from all claims about it."""
    first = claims[0]
    place = places.get(first["place_id"], {})
    return {
        "facility_id": name,
        **{column: first[column] for column in SHARED},
        **capacity(claims, sources),
        "place_inferred": first["place_inferred"] or "false",
        "year": str(c.latest(claims) or ""),
        "evidence": c.evidence((row["source_id"] for row in claims), sources),
        "precision": "place" if place else "department",
        "source_ids": c.source_ids(claims),
        "longitude": place.get("longitude", ""),
        "latitude": place.get("latitude", ""),
    }


def absence(name: str, claims: Sequence[c.Row], sources: dict[str, c.Row]) -> c.Row:
    """Return one service that is known not to exist."""
    first = claims[0]
    return {
        "absence_id": name,
        "service": first["service"],
        "profile": first["profiles"],
        "department_id": first["department_id"],
        "year": str(c.latest(claims) or ""),
        "evidence": c.evidence((row["source_id"] for row in claims), sources),
        "source_ids": c.source_ids(claims),
        "note": first["note"],
    }


def contested(row: c.Row, facilities: Sequence[c.Row]) -> c.Row:
    """Return one disputed value, with the facilities that it is about."""
    about = [
        f["facility_id"]
        for f in facilities
        if f["service"] == row["service"] and row["department_id"] in ("", f["department_id"])
    ]
    same = ("service", "department_id", "measure", "value", "unit", "claimed_by", "source_id", "note")
    return {
        "contested_id": row["subject_id"],
        "facility_ids": ";".join(about),
        "year": row["period"],
        **{column: row[column] for column in same},
    }


def figure(row: c.Row) -> c.Row:
    """Return one figure; a norm is a line to compare with, and `binding` says what weight it has."""
    same = ("topic", "measure", "value", "unit", "department_id", "period", "source_id", "binding", "note")
    reference = "true" if row["binding"] else "false"
    return {"figure_id": row["subject_id"], "reference_line": reference, **{k: row[k] for k in same}}


def main() -> None:
    """Check the claims, then write the four tables and renew the hashes."""
    claims, sources = c.read_rows(HERE / "claims.csv"), c.read_sources(HERE)
    places = {row["place_id"]: row for row in c.read_rows(HERE.parent / "travel" / "places.csv")}
    c.stop_on(problems(claims, sources, places), HERE / "claims.csv")
    of = {kind: [row for row in claims if row["kind"] == kind] for kind in TABLES}
    about = {kind: c.grouped(of[kind], "subject_id").items() for kind in ("facility", "absence")}
    facilities = [facility(name, group, sources, places) for name, group in about["facility"]]
    made = {
        "facility": facilities,
        "absence": [absence(name, group, sources) for name, group in about["absence"]],
        "dispute": [contested(row, facilities) for row in of["dispute"]],
        "figure": [figure(row) for row in of["figure"]],
    }
    for kind, rows in made.items():
        c.write_table(HERE, TABLES[kind], rows)
    used = {TABLES[kind]: [row["source_id"] for row in of[kind]] for kind in TABLES}
    c.write_manifest(HERE, sources, used | {"claims": list(sources), "sources": list(sources)})
    print(", ".join(f"{len(rows)} {TABLES[kind]}" for kind, rows in made.items()))


if __name__ == "__main__":
    main()
