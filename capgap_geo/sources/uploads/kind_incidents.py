"""Incidents: single ones become counts by area and year, small counts are withheld."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from capgap_geo.privacy import Level, PrivacySettings, suppress
from capgap_geo.sources.uploads.areas import Areas
from capgap_geo.sources.uploads.clean import slug
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.names import plain
from capgap_geo.sources.uploads.places import Places, locate
from capgap_geo.sources.uploads.rows import Rows
from capgap_geo.sources.uploads.upload import Origin

_NATIONAL = frozenset({"peru", "nacional", "total", "total nacional", "national", "country", "pais"})
_MOST_SERIES = 20
_MOST_PERIODS = 120
_YEAR_ONLY = re.compile(r"\s*((?:19|20)\d\d)(?:\.0)?\s*")
_SERIES = ["registry", "measure", "unit"]
_COLUMNS = (
    "incident_id",
    "department_id",
    "registry",
    "period",
    "period_start",
    "period_end",
    "measure",
    "value",
)


def incidents(
    rows: Rows, areas: Areas, origin: Origin, crs: str | None, settings: PrivacySettings
) -> pd.DataFrame:
    """Return counts by department (or province), year, registry and measure.

    A row without a count is one incident: its position, day and texts are dropped, only its area and year
    are counted. The column ``suppressed`` marks withheld counts, whose value is NaN.

    Raises
    ------
    UploadError
        More series of counts than can be protected together.
    """
    single = "value" not in rows.mapping
    if single:
        rows.hidden = set(range(len(rows)))
    national = _national(rows)
    places = locate(rows, areas, crs)
    _need_place(rows, places, national)
    table = _cells(rows, places, national, origin, single)
    table = table[rows.good()]
    level = settings.incidents if single or settings.incidents is Level.DEPARTMENT else Level.DEPARTMENT
    if single:
        rows.notes.append(Note("generalised_points", {"count": len(table), "level": level.value}))
    return _counted(rows, table, level, settings)


def _national(rows: Rows) -> list[bool]:
    """Take the words for the whole country out of the department column."""
    whole = [plain(t or "") in _NATIONAL for t in rows.cells("department")]
    if any(whole):
        column = rows.raw.columns.index(rows.mapping["department"])
        for row, national in zip(rows.raw.rows, whole, strict=True):
            row[column] = None if national else row[column]
    return whole


def _need_place(rows: Rows, places: Places, national: list[bool]) -> None:
    said = rows.texts("department")
    for i, department in enumerate(places.departments):
        if department is None and not national[i] and not said[i] and np.isnan(places.longitude[i]):
            rows.problem(i, "department", "needs_place")


def _cells(rows: Rows, places: Places, national: list[bool], origin: Origin, single: bool) -> pd.DataFrame:
    years = rows.years("period")
    texts = rows.labels("period", required=True)
    if single:
        periods: list[str | None] = [None if y is None else str(y) for y in years]
        values = np.ones(len(rows))
    else:
        periods = [_period(t) for t in texts]
        values = rows.numbers("value", whole=True, required=True)
    table = pd.DataFrame(
        {
            "department_id": [None if n else d for n, d in zip(national, places.departments, strict=True)],
            "province_id": places.provinces,
            "registry": _series(
                rows, "registry", slug(origin.source or "", fallback="unsourced"), prefix="upload_"
            ),
            "period": periods,
            "measure": _series(rows, "measure", "cases"),
            "unit": _series(rows, "unit", "cases"),
            "value": values,
            "source_id": origin.source_id,
        }
    )
    if not single:
        _refuse_repeats(rows, table)
    return table


def _period(text: str | None) -> str | None:
    match = _YEAR_ONLY.fullmatch(text or "")
    return match.group(1) if match else text


def _series(rows: Rows, field: str, fallback: str, prefix: str = "") -> list[str]:
    return [prefix + slug(t or "", fallback=fallback) for t in rows.texts(field)]


def _refuse_repeats(rows: Rows, table: pd.DataFrame) -> None:
    """Find counts that are stated twice: adding them up might count people twice."""
    first: dict[tuple[object, ...], int] = {}
    by = ["department_id", "province_id", "registry", "period", "measure", "unit"]
    plain_table = table[by].astype(object).where(table[by].notna(), None)
    for i, key in enumerate(plain_table.itertuples(index=False, name=None)):
        if key in first:
            rows.problem(i, "value", "twice", first=rows.raw.numbers[first[key]])
        first.setdefault(key, i)


def _counted(rows: Rows, table: pd.DataFrame, level: Level, settings: PrivacySettings) -> pd.DataFrame:
    series = table.groupby(_SERIES, dropna=False, sort=True)
    if series.ngroups > _MOST_SERIES or table["period"].nunique() > _MOST_PERIODS:
        raise refusal("too_many_groups", limit=_MOST_SERIES)
    area = "province_id" if level is Level.PROVINCE else "department_id"
    parts = [_protected(part, area, settings) for _, part in series]
    counts = pd.concat(parts, ignore_index=True) if parts else table.assign(suppressed=False)
    withheld = int(counts["suppressed"].sum())
    if withheld:
        rows.notes.append(Note("suppressed", {"count": withheld, "most": settings.k - 1}))
    if settings.round_down:
        rows.notes.append(Note("rounded"))
    return _contract(counts, level)


def _protected(part: pd.DataFrame, area: str, settings: PrivacySettings) -> pd.DataFrame:
    by = [area, "period"]
    kept = {c: part[c].iloc[0] for c in (*_SERIES, "source_id")}
    cells = part[[*by, "value"]].groupby(by, dropna=False, sort=True).sum().reset_index()
    parents = {p: p[:2] for p in cells[area].dropna()} if area == "province_id" else None
    safe = suppress(
        cells, rows=area, columns="period", k=settings.k, rounded=settings.round_down, parents=parents
    )
    safe = safe.assign(**kept)
    if area == "province_id":
        safe["department_id"] = safe[area].str[:2]
    return safe


def _contract(counts: pd.DataFrame, level: Level) -> pd.DataFrame:
    counts = counts.sort_values(["registry", "measure", "department_id", "period"], ignore_index=True)
    years = counts["period"].astype(object).where(counts["period"].notna(), "").astype(str)
    whole = years.str.fullmatch(r"(19|20)\d\d")
    counts["period_start"] = (years + "-01-01").astype(object).where(whole, None)
    counts["period_end"] = (years + "-12-31").astype(object).where(whole, None)
    area = counts["province_id" if level is Level.PROVINCE else "department_id"]
    places = area.astype(object).where(area.notna(), "peru")
    periods = [slug(p, fallback="na") for p in years]
    keys = zip(counts["registry"], places, periods, counts["measure"], counts.index, strict=True)
    counts["incident_id"] = [".".join(str(part) for part in key) for key in keys]
    counts["department_id"] = (
        counts["department_id"].astype(object).where(counts["department_id"].notna(), None)
    )
    finer = ["province_id"] if level is Level.PROVINCE else []
    return counts[[*_COLUMNS, "unit", "source_id", "suppressed", *finer]]
