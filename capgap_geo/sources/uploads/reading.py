"""Read an upload into a checked and protected table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from capgap_geo.privacy import PrivacySettings
from capgap_geo.sources.uploads import amazon_mining_watch as amw
from capgap_geo.sources.uploads import kind_areas
from capgap_geo.sources.uploads.areas import Areas, shipped_areas
from capgap_geo.sources.uploads.clean import column_name
from capgap_geo.sources.uploads.jobs import read_raw
from capgap_geo.sources.uploads.kind_facilities import facilities
from capgap_geo.sources.uploads.kind_friction import surface
from capgap_geo.sources.uploads.kind_incidents import incidents
from capgap_geo.sources.uploads.kind_population import population
from capgap_geo.sources.uploads.kinds import Kind, kind_named
from capgap_geo.sources.uploads.limits import DEFAULT, Limits
from capgap_geo.sources.uploads.mapping import checked, guess
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.rows import Rows
from capgap_geo.sources.uploads.upload import Origin, Upload, fingerprint_of, problem_table
from capgap_geo.sources.uploads.worker import Options

if TYPE_CHECKING:
    import geopandas as gpd

_PROTECTION = ("generalised_shelters", "generalised_names", "generalised_points", "suppressed", "rounded")
#: So many columns that are not used are named.
_NAMED = 12


def read_upload(
    content: bytes,
    filename: str,
    *,
    kind: str,
    mapping: Mapping[str, str] | None = None,
    source: str | None = None,
    licence: str | None = None,
    date: str | None = None,
    part: str | None = None,
    crs: str | None = None,
    unit: str | None = None,
    areas: Areas | None = None,
    settings: PrivacySettings | None = None,
    limits: Limits = DEFAULT,
) -> Upload:
    """Read, check and protect a table that a user brought.

    Parameters
    ----------
    content, filename
        The bytes as uploaded. They are read in a confined process and are not kept.
    kind
        ``facilities``, ``incidents``, ``zones``, ``mining``, ``boundaries``, ``population`` or ``friction``.
    mapping
        The column of each field; guessed from names and HXL tags where not given.
    source, licence, date
        Where the data come from. If one is missing, the upload is marked unsourced.
    part
        Sheet of a workbook or layer of a map file.
    crs
        Reference system, where the file states none.
    unit
        Of a surface: ``min_per_km`` or ``min_per_m``.
    areas
        Departments and provinces to hold rows against; the shipped ones by default.
    settings
        Levels of protection; those of the administrator by default.

    Raises
    ------
    UploadError
        The file cannot be used as a whole.
    ScenarioError
        The administrator's settings are below the minimum.
    """
    chosen = kind_named(kind)
    settings = settings or PrivacySettings.from_environment()
    raw = read_raw(content, filename, Options(part=part, crs=crs), limits)
    return judge(
        raw,
        chosen,
        mapping=mapping,
        origin=Origin.stated(kind, source, licence, date),
        crs=crs,
        unit=unit,
        areas=areas,
        settings=settings,
    )


def judge(
    raw: Raw,
    kind: Kind,
    *,
    mapping: Mapping[str, str] | None,
    origin: Origin,
    crs: str | None,
    unit: str | None,
    areas: Areas | None,
    settings: PrivacySettings,
) -> Upload:
    """Hold a file as read against its kind."""
    if raw.format == "study":
        raise refusal("archive_unknown", formats="CSV, XLSX, GeoJSON")
    if kind.name == "friction":
        return _surface(raw, origin, unit)
    if raw.grid is not None:
        raise refusal("not_a_table", kind=kind.name)
    if kind.needs_shape and raw.shapes is None:
        raise refusal("no_geometry", kind=kind.name)
    if len(raw.rows) > kind.rows:
        raise refusal("too_many_rows", limit=kind.rows)
    if kind.name == "mining":
        origin = amw.origin(raw, origin)
        mapping = mapping or amw.mapping(raw)
    rows = Rows(raw, checked(guess(raw, kind) if mapping is None else mapping, raw, kind), kind)
    table = _table(rows, areas or shipped_areas(), origin, crs, settings)
    return _finished(rows, table, origin)


def _table(
    rows: Rows, areas: Areas, origin: Origin, crs: str | None, settings: PrivacySettings
) -> gpd.GeoDataFrame | pd.DataFrame:
    match rows.kind.name:
        case "facilities":
            return facilities(rows, areas, origin, crs)
        case "incidents":
            return incidents(rows, areas, origin, crs, settings)
        case "population":
            return population(rows, areas, origin)
        case "zones":
            return kind_areas.zones(rows, areas, origin)
        case "boundaries":
            return kind_areas.boundaries(rows, areas, origin)
    rows.notes.extend(amw.NOTES)
    return kind_areas.mining(rows, areas, origin)


def _finished(rows: Rows, table: gpd.GeoDataFrame | pd.DataFrame, origin: Origin) -> Upload:
    good = rows.good()
    used = set(rows.mapping.values())
    left = [column_name(str(name)) for name in rows.raw.columns if name not in used]
    if left:
        named = ", ".join(left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
        rows.notes.append(Note("columns_left", {"count": len(left), "names": named}))
    if origin.unsourced:
        rows.notes.append(Note("unsourced"))
    notes = rows.all_notes()
    return Upload(
        kind=rows.kind.name,
        table=table,
        problems=problem_table(rows.problems()),
        good=tuple(n for n, ok in zip(rows.raw.numbers, good, strict=True) if ok),
        rows=len(rows),
        notes=tuple(n for n in notes if n.code not in _PROTECTION),
        generalised=tuple(n for n in notes if n.code in _PROTECTION),
        origin=origin,
        surface=None,
        fingerprint=fingerprint_of(table),
    )


def _surface(raw: Raw, origin: Origin, unit: str | None) -> Upload:
    if raw.grid is None:
        raise refusal("no_raster", format=raw.format)
    notes = [*raw.notes]
    found = surface(raw.grid, unit, notes)
    if origin.unsourced:
        notes.append(Note("unsourced"))
    empty = pd.DataFrame()
    return Upload(
        kind="friction",
        table=empty,
        problems=problem_table([]),
        good=(),
        rows=0,
        notes=tuple(notes),
        generalised=(),
        origin=origin,
        surface=found,
        fingerprint=fingerprint_of(empty, found),
    )
