"""Put the usable rows of an upload beside those of a study."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from capgap_geo.model import GROUPS, Source, Study
from capgap_geo.sources.incidents import KEY
from capgap_geo.sources.uploads.messages import refusal
from capgap_geo.sources.uploads.upload import Origin, Upload

#: Kinds that become rows of a table of the study; boundaries, mining and friction stand beside it.
JOINED = ("facilities", "incidents", "zones", "population")
_ID = {"facilities": "facility_id", "zones": "zone_id", "incidents": "incident_id"}
#: Said of what was not said.
NOT_STATED = "Not stated"


def add_to_study(study: Study, upload: Upload, *, without_bad_rows: bool = False) -> Study:
    """Return a study with the rows of an upload; the given one stays as it is.

    Facilities, zones and incidents are added; people replace those of the same province. Withheld counts
    are left out: not known, not zero.

    Raises
    ------
    UploadError
        The upload has problems and its bad rows were not given up, or its kind is no table of a study.
    """
    if upload.kind not in JOINED:
        raise refusal("unknown_kind", found=upload.kind, known=", ".join(JOINED))
    rows = upload.use(without_bad_rows=without_bad_rows)
    changes: dict[str, Any] = {upload.kind: joined(upload.kind, getattr(study, upload.kind), rows)}
    if upload.kind == "incidents":
        new = changes["incidents"]["registry"]
        changes["registries"] = with_registries(study.registries, new, upload.origin)
    return replace(beside(study, upload), **changes)


def beside(study: Study, upload: Upload) -> Study:
    """Return a study that cites the source of an upload; its tables stay as they are."""
    named = cited(study, [manifest_source(upload.origin)])
    return replace(named, fingerprint=f"{study.fingerprint}+{upload.fingerprint}")


def cited(study: Study, stated: Iterable[Mapping[str, Any]]) -> Study:
    """Return a study with some sources more, given as a data package states them."""
    more = {raw["id"]: _source(raw) for raw in stated}
    return replace(study, sources=MappingProxyType({**study.sources, **more}))


def joined(kind: str, table: pd.DataFrame, rows: pd.DataFrame) -> Any:
    """Return the rows of a table and those of an upload, ids unique, columns those of the table."""
    if kind == "population":
        return with_people(table, rows)
    if kind == "incidents":
        rows = as_counts(rows, table)
    known = set(table[_ID[kind]])
    rows = rows.assign(**{_ID[kind]: [free_id(i, known) for i in rows[_ID[kind]]]})
    rows = rows.reindex(columns=table.columns)
    # Concatenating empty columns would change the types of the full ones.
    both = pd.concat([t.astype(object) for t in (pd.DataFrame(table), pd.DataFrame(rows)) if len(t)])
    both = both.reset_index(drop=True)
    typed = {c: table[c].dtype for c in table.columns if c != "geometry"}
    both = both.astype({c: kind_ for c, kind_ in typed.items() if str(kind_) != "str"})
    return gpd.GeoDataFrame(both, geometry="geometry", crs="EPSG:4326") if "geometry" in both else both


def free_id(wanted: str, known: set[str]) -> str:
    """Return an id that no other row has."""
    free, n = wanted, 1
    while free in known:
        n += 1
        free = f"{wanted}_{n}"
    known.add(free)
    return free


def as_counts(rows: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return published counts by department, in registries of their own.

    Provinces add up only where none of them is withheld: the sum of what is not known is not known.
    """
    counts = rows
    if "province_id" in rows.columns:
        by = [*KEY, "period_start", "period_end", "unit", "source_id"]
        sums = rows.groupby(by, dropna=False)["value"].agg(lambda v: v.sum(skipna=False)).reset_index()
        sums["incident_id"] = [
            f"{r.registry}.{r.department_id}.{r.period}.{r.measure}" for r in sums.itertuples()
        ]
        counts = sums
    counts = counts[counts["value"].notna()].reset_index(drop=True)
    taken = set(table["registry"])
    renamed = {name: free_id(name, taken) for name in sorted(set(counts["registry"]))}
    return counts.assign(registry=counts["registry"].map(renamed))


def with_registries(registries: pd.DataFrame, names: pd.Series, origin: Origin) -> pd.DataFrame:
    """Return the registries with a row for each new one, which says where it comes from."""
    title = origin.source or NOT_STATED
    new = [
        {
            "registry": name,
            "title": title,
            "title_es": origin.source or "No consta",
            "description": "Counts brought by a user; those from 1 to 9 are withheld",
            "caveat": None if not origin.unsourced else "No source, licence or date was stated",
        }
        for name in sorted(set(names) - set(registries["registry"]))
    ]
    added = pd.DataFrame(new, columns=registries.columns, dtype=object)
    return pd.concat([registries.astype(object), added], ignore_index=True) if new else registries


def with_people(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the population with new totals; groups keep their shares where the upload has none."""
    people = table.set_index("province_id")
    new = rows.set_index("province_id")
    groups = [g.value for g in GROUPS]
    shares = people[groups].div(people["population"], axis=0)
    for province in new.index.astype(str):
        total, given = float(new.loc[province, "population"]), new.loc[province, groups].astype(float)
        estimated = bool(given.isna().any())
        split = shares.loc[province] * total if estimated else given
        people.loc[province, "population"] = total
        people.loc[province, groups] = split.to_numpy(float)
        people.loc[province, "estimated"] = estimated
        if not pd.isna(new.loc[province, "year"]):
            people.loc[province, "year"] = int(new.loc[province, "year"])
    return people.reset_index()[list(table.columns)]


def _source(stated: Mapping[str, Any]) -> Source:
    return Source(
        source_id=stated["id"],
        title=stated["title"],
        producer=stated["producer"],
        url=None,
        date_published=stated["date_published"],
        date_accessed=stated["date_accessed"],
        package="uploads",
    )


def manifest_source(origin: Origin) -> Mapping[str, Any]:
    """Return the source of an upload as a data package states it."""
    what = origin.source or NOT_STATED
    return {
        "id": origin.source_id,
        "title": what,
        "producer": what,
        "url": None,
        "citation": f"{what}; brought by a user" + ("; UNSOURCED" if origin.unsourced else ""),
        "date_published": origin.date,
        "date_accessed": dt.datetime.now(dt.UTC).date().isoformat(),
        "license": origin.licence or NOT_STATED,
        "unsourced": origin.unsourced,
    }
