"""What the packages of hand-curated claims share: their sources, and the rule of evidence."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from buildkit import columns_of, write_csv

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from capgap_geo.provenance import MANIFEST, write_package  # noqa: E402  (the package lies beside this folder)

Row = dict[str, str]
DATE_ACCESSED = "2026-11-24"
CORROBORATED, REPORTED = "corroborated", "reported"


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file, all cells text; an empty cell is not known."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_sources(package: Path) -> dict[str, Row]:
    """Return the sources of a package by their id, from its hand-written sources.csv.

    Raises
    ------
    SystemExit
        An id is used twice, a source repeats one that is not listed, or a Spanish reader is told no producer.
    """
    rows = read_rows(package / "sources.csv")
    sources = {row["id"]: row for row in rows}
    problems = [
        f"{row['id']}: repeats {row['repeats']!r}, which is not listed"
        for row in rows
        if row["repeats"] and row["repeats"] not in sources
    ]
    problems += [f"{row['id']}: no producer_es; state it" for row in rows if not row["producer_es"]]
    if len(sources) != len(rows):
        problems.append("an id is used twice")
    stop_on(problems, package / "sources.csv")
    return sources


def evidence(source_ids: Iterable[str], sources: Mapping[str, Row]) -> str:
    """Return how well a statement is supported.

    Corroborated: at least one official publisher (Peruvian State, United Nations, United States Department
    of State), or at least two publishers that are independent of each other. Reported: anything less. A
    source that only repeats another one counts as the one that it repeats.
    """
    original = [sources[sources[i]["repeats"] or i] for i in source_ids]
    official = any(source["official"] == "true" for source in original)
    return CORROBORATED if official or len({s["publisher"] for s in original}) > 1 else REPORTED


def latest(rows: Iterable[Row], column: str = "period") -> int | None:
    """Return the latest year of some claims, None where all are undated."""
    years = [int(row[column][-4:]) for row in rows if row[column]]
    return max(years, default=None)


def source_ids(rows: Iterable[Row]) -> str:
    """Return the ids of the sources of some claims, each once, sorted and joined."""
    return ";".join(sorted({row["source_id"] for row in rows}))


def grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """Return the rows by the value of a column, in the order of the values."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return dict(sorted(groups.items()))


def write_table(package: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of a resource with the columns that datapackage.json states for it."""
    columns = columns_of(package, name)
    unknown = sorted({key for row in rows for key in row} - set(columns))
    stop_on([f"{key}: no such field of resource {name!r}" for key in unknown], package / MANIFEST)
    write_csv(package / f"{name}.csv", columns, [[row.get(c) for c in columns] for row in rows])


def write_manifest(package: Path, sources: Mapping[str, Row], used: Mapping[str, Iterable[str]]) -> None:
    """Renew sources, bytes and hashes in datapackage.json, whose descriptions are written by hand.

    Parameters
    ----------
    used
        The ids of the sources of each resource.
    """
    manifest = json.loads((package / MANIFEST).read_text(encoding="utf-8"))
    resources = [{**r, "sources": sorted(set(used[r["name"]]))} for r in manifest.pop("resources")]
    manifest["sources"] = [_stated(sources[i]) for i in sorted(sources)]
    write_package(package, meta=manifest, resources=resources)


def stop_on(problems: Sequence[str], where: Path) -> None:
    """End the build with all problems at once, if there are any."""
    if problems:
        sys.exit("\n".join(f"{where}: {p}" for p in problems))


def _stated(row: Row) -> dict[str, Any]:
    names = ("id", "title", "title_es", "producer", "producer_es")
    stated: dict[str, Any] = {name: row[name] for name in names if row[name]}
    stated |= {"url": row["url"] or None, "date_published": row["date_published"] or None}
    stated |= {"date_accessed": DATE_ACCESSED, "official": row["official"] == "true"}
    for key in ("citation", "repeats", "license"):
        if row.get(key):
            stated[key] = row[key]
    if row["title_rebuilt"] == "true":
        stated["title_note"] = "Title put together from the address or the lead, not seen as printed"
    return stated
