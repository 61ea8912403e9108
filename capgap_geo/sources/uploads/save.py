"""Save as a study: the base packages with the uploads in them, as one ZIP that loads again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.transform import Affine

from capgap_geo.files import scratch
from capgap_geo.provenance import MANIFEST, read_package, write_package
from capgap_geo.sources.read import csv
from capgap_geo.sources.study import DEFAULT_PATH, PACKAGES
from capgap_geo.sources.uploads import joining
from capgap_geo.sources.uploads.saved import EXTRAS, unpack
from capgap_geo.sources.uploads.upload import Origin, Surface, Upload

#: ZIP entries carry no time of day: the same study gives the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_RESOURCE = {
    "facilities": "facilities",
    "incidents": "incidents",
    "zones": "zones",
    "population": "provinces",
}
_DECIMALS = 5


def save_study(
    uploads: Sequence[Upload], *, base: Path | bytes = DEFAULT_PATH, without_bad_rows: bool = False
) -> bytes:
    """Return a ZIP of data packages: unpacked, it is a folder for `load_study`.

    Parameters
    ----------
    uploads
        What to add; of each only the checked and protected table is written. Withheld counts are left out.
    base
        Folder of a study, or a study saved before.
    without_bad_rows
        Whether the user gave up the rows with problems.

    Raises
    ------
    UploadError
        An upload has problems and its bad rows were not given up; or `base` is no saved study.
    """
    with scratch() as folder:
        _copy(base, folder)
        extras: list[Upload] = []
        for upload in uploads:
            rows = upload.use(without_bad_rows=without_bad_rows)
            if upload.kind in joining.JOINED:
                _join(folder / upload.kind, upload, rows)
            else:
                extras.append(upload)
        if extras:
            _write_extras(folder / EXTRAS, extras)
        return _packed(folder)


def _copy(base: Path | bytes, folder: Path) -> None:
    """Copy what the manifests list and nothing else that may lie in the folders."""
    if isinstance(base, bytes):
        unpack(base, folder)
        return
    for name in PACKAGES:
        package = read_package(base / name)
        for path in (package.folder / MANIFEST, *(r.path for r in package.resources.values())):
            target = folder / name / path.relative_to(package.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


def _join(folder: Path, upload: Upload, rows: pd.DataFrame) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    resource = _named(manifest, _RESOURCE[upload.kind])
    path = folder / resource["path"]
    if upload.kind == "zones":
        _append_features(path, resource, rows)
    elif upload.kind == "population":
        _replace_people(path, rows)
    else:
        _append_rows(folder, manifest, path, upload, rows)
    _cite(manifest, resource, upload.origin)
    resources = manifest.pop("resources")
    write_package(folder, meta=manifest, resources=resources)


def _named(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(r for r in manifest["resources"] if r["name"] == name)


def _append_rows(
    folder: Path, manifest: Mapping[str, Any], path: Path, upload: Upload, rows: pd.DataFrame
) -> None:
    table = csv(path)
    if upload.kind == "incidents":
        rows = joining.as_counts(rows, table)
        registries = _named(manifest, "registries")
        known = csv(folder / registries["path"])
        _write_csv(
            folder / registries["path"], joining.with_registries(known, rows["registry"], upload.origin)
        )
        _cite(manifest, registries, upload.origin)
    else:
        shapes = gpd.GeoSeries(rows["geometry"])
        rows = rows.assign(longitude=shapes.x.round(_DECIMALS), latitude=shapes.y.round(_DECIMALS))
    plain = pd.DataFrame(rows.drop(columns="geometry", errors="ignore"))
    texts = plain.astype(object).map(_text)
    _write_csv(path, joining.joined(upload.kind, table, texts))


def _replace_people(path: Path, rows: pd.DataFrame) -> None:
    table = csv(path).set_index("province_id")
    years = rows["year"].astype(object)
    for province, people, year in zip(rows["province_id"], rows["population"], years, strict=True):
        table.loc[province, "population"] = str(round(people))
        if not pd.isna(year):
            table.loc[province, "year"] = str(year)
    _write_csv(path, table.reset_index())


def _append_features(path: Path, resource: Mapping[str, Any], rows: gpd.GeoDataFrame) -> None:
    features = json.loads(path.read_text("utf-8"))["features"]
    names = [f["name"] for f in resource["schema"]["fields"]]
    known = {f["properties"]["zone_id"] for f in features}
    ids = [joining.free_id(i, known) for i in rows["zone_id"]]
    features += _features(rows.assign(zone_id=ids), names, "zone_id")
    _write_features(path, features)


def _features(rows: gpd.GeoDataFrame, names: Sequence[str], key: str) -> list[dict[str, Any]]:
    shapes = shapely.set_precision(rows.geometry.to_numpy(), 10.0**-_DECIMALS)
    plain = pd.DataFrame(rows.drop(columns="geometry")).astype(object)
    records: list[dict[str, Any]] = [{str(k): v for k, v in r.items()} for r in plain.to_dict("records")]
    return [
        {
            "type": "Feature",
            "id": record[key],
            "properties": {n: _plain(record.get(n)) for n in names},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for record, shape in zip(records, shapes, strict=True)
    ]


def _write_features(path: Path, features: Sequence[Mapping[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    text = f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _text(value: Any) -> str | None:
    plain = _plain(value)
    if plain is None:
        return None
    return (
        str(plain).lower()
        if isinstance(plain, bool)
        else f"{plain:.15g}"
        if isinstance(plain, float)
        else str(plain)
    )


def _plain(value: Any) -> Any:
    """Return a value that JSON knows; None where nothing is known."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _cite(manifest: Mapping[str, Any], resource: dict[str, Any], origin: Origin) -> None:
    source = joining.manifest_source(origin)
    if source["id"] not in {s["id"] for s in manifest["sources"]}:
        manifest["sources"].append(dict(source))
    if source["id"] not in resource["sources"]:
        resource["sources"] = [*resource["sources"], source["id"]]


def _write_extras(folder: Path, uploads: Sequence[Upload]) -> None:
    """Write what has no place in a table of the study: boundaries, mining footprints, surfaces."""
    folder.mkdir(exist_ok=True)
    known = folder / MANIFEST
    manifest = json.loads(known.read_text("utf-8")) if known.exists() else _empty_manifest()
    resources = {r["name"]: r for r in manifest.pop("resources")}
    for upload in uploads:
        path = folder / f"{upload.kind}.{'tif' if upload.surface else 'geojson'}"
        fields = [c for c in upload.table.columns if c != "geometry"]
        if upload.surface is not None:
            path.write_bytes(geotiff(upload.surface))
        else:
            _write_features(path, _features(upload.table, fields, fields[0]))
        source = dict(joining.manifest_source(upload.origin))
        manifest["sources"] = [s for s in manifest["sources"] if s["id"] != source["id"]] + [source]
        resources[upload.kind] = _resource(upload, path.name, fields)
    write_package(folder, meta=manifest, resources=list(resources.values()))


def _empty_manifest() -> dict[str, Any]:
    about = "Boundaries, footprints and surfaces brought by a user"
    return {"name": EXTRAS, "title": about, "description": about, "sources": [], "resources": []}


def _resource(upload: Upload, path: str, fields: Sequence[str]) -> dict[str, Any]:
    format_ = path.rpartition(".")[2]
    types = {"tif": "image/tiff", "geojson": "application/geo+json"}
    described = [{"name": f, "type": "string"} for f in fields] or [
        {"name": "minutes_per_km", "type": "number"}
    ]
    return {
        "name": upload.kind,
        "path": path,
        "format": format_,
        "mediatype": types[format_],
        "licenses": [{"name": upload.origin.licence or "not-stated"}],
        "sources": [upload.origin.source_id],
        "schema": {"fields": described},
    }


def geotiff(surface: Surface) -> bytes:
    """Return a surface as GeoTIFF in minutes per km."""
    height, width = surface.cells.shape
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=width,
            height=height,
            count=1,
            dtype="float32",
            crs=surface.crs,
            transform=Affine(*surface.transform),
            nodata=np.nan,
            compress="deflate",
        ) as dataset:
            dataset.write(surface.cells, 1)
            dataset.update_tags(unit="min/km")
        return bytes(memory.read())


def _packed(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=_EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
