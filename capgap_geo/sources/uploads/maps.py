"""Read GeoPackage, zipped Shapefile and GeoParquet with the native libraries, from memory only."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.archives import Archive
from capgap_geo.sources.uploads.geojson import cell_text
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import refusal
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.shapes import Shapes, settle
from capgap_geo.sources.uploads.text import decode

_REQUIRED, _OPTIONAL = (".shp", ".shx", ".dbf"), (".prj",)


def read_gpkg(content: bytes, limits: Limits, *, layer: str | None = None, crs: str | None = None) -> Raw:
    """Read one layer of a GeoPackage: the named one, or the only one with shapes.

    Raises
    ------
    UploadError
        Damaged, several layers and none named, or more than the limits allow.
    """
    return _ogr(content, "gpkg", "GeoPackage", limits, layer=layer, crs=crs)


def read_shapefile(
    content: bytes, limits: Limits, *, layer: str | None = None, crs: str | None = None
) -> Raw:
    """Read a zipped Shapefile. Only its known parts are unpacked, under names of our own.

    Raises
    ------
    UploadError
        A part is missing, several Shapefiles and none named, or as for `read_gpkg`.
    """
    archive = Archive(content, limits)
    stems = sorted({str(PurePosixPath(n).with_suffix("")) for n in archive.ending(".shp")})
    labels = [PurePosixPath(s).name for s in stems]
    stem = stems[_pick(labels, layer, "unnamed")]
    parts = {
        PurePosixPath(n).suffix.lower(): n
        for n in archive.names
        if str(PurePosixPath(n).with_suffix("")) == stem
    }
    missing = [suffix for suffix in _REQUIRED if suffix not in parts]
    if missing:
        raise refusal("archive_parts", missing=", ".join(missing))
    unpacked = {s: archive.read(parts[s]) for s in (*_REQUIRED, *_OPTIONAL) if s in parts}
    encoding = _dbf_encoding(unpacked[".dbf"], archive.read(parts[".cpg"]) if ".cpg" in parts else b"")
    raw = _ogr(_packed(unpacked), "shapefile", "Shapefile", limits, crs=crs, encoding=encoding)
    raw.encoding, raw.part, raw.parts = encoding, PurePosixPath(stem).name, labels
    return raw


def _packed(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for suffix, content in parts.items():
            archive.writestr(f"map{suffix}", content)
    return packed.getvalue()


def _dbf_encoding(table: bytes, stated: bytes) -> str:
    name = stated.decode("ascii", "ignore").strip().lower()
    if name in ("utf-8", "utf8", "65001"):
        return "utf-8"
    start = int.from_bytes(table[8:10], "little")
    return decode(table[start:].replace(b"\x00", b" ").replace(b"\x1a", b" ") or b" ")[1]


def _ogr(
    content: bytes,
    format_: str,
    title: str,
    limits: Limits,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Raw:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    known = (
        DataLayerError,
        DataSourceError,
        FeatureError,
        FieldError,
        GeometryError,
        ValueError,
        RuntimeError,
        UnicodeError,
        UnboundLocalError,  # the library on a reference system that is no text
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks of the library about names and drivers
            layers = pyogrio.list_layers(content)
            spatial = [str(name) for name, kind in layers if kind is not None] or [str(n) for n, _ in layers]
            chosen = spatial[_pick(spatial, layer, title)]
            about = pyogrio.read_info(content, layer=chosen, encoding=encoding, force_feature_count=True)
            _check_size(int(about["features"]), len(about["fields"]), limits)
            meta, _, blobs, columns = pyogrio.raw.read(
                content, layer=chosen, encoding=encoding, datetime_as_string=True, max_features=limits.rows
            )
    except UploadError:
        raise
    except known:
        raise refusal("unreadable", format=title) from None
    raw = _raw(format_, [str(f) for f in meta["fields"]], columns, limits)
    raw.part, raw.parts = chosen, spatial
    if blobs is None:
        return raw
    stated = crs or meta.get("crs")
    return settle(raw, Shapes.from_wkb(list(blobs), stated, stated=stated is not None), limits)


def _pick(names: Sequence[str], wanted: str | None, title: str) -> int:
    if wanted in names:
        return list(names).index(str(wanted))
    if len(names) == 1 and wanted is None:
        return 0
    if not names:
        raise refusal("unreadable", format=title)
    raise refusal("several_layers", found=len(names), layer=wanted or "-", known=", ".join(names)[:400])


def _check_size(rows: int, columns: int, limits: Limits) -> None:
    if rows > limits.rows:
        raise refusal("too_many_rows", limit=limits.rows)
    if columns > limits.columns:
        raise refusal("too_many_columns", limit=limits.columns)
    if rows * columns > limits.cells:
        raise refusal("too_many_cells", limit=limits.cells)
    if rows <= 0:
        raise refusal("no_rows")


def _raw(format_: str, names: list[str], columns: Sequence[Any], limits: Limits) -> Raw:
    length = len(columns[0]) if len(columns) else 0
    texts = [[cell_text(v, limits) for v in np.asarray(column).tolist()] for column in columns]
    rows: list[list[str | None]] = [list(cells) for cells in zip(*texts, strict=True)] if texts else []
    return Raw(format=format_, columns=names, rows=rows, numbers=list(range(1, length + 1)))


def read_geoparquet(content: bytes, limits: Limits, crs: str | None = None) -> Raw:
    """Read GeoParquet, or plain Parquet as a table; shapes stored as WKB.

    Raises
    ------
    UploadError
        Damaged, shapes stored in another way, or more than the limits allow.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    try:
        file = pq.ParquetFile(io.BytesIO(content), memory_map=False, pre_buffer=False)
        schema = file.schema_arrow
        _check_size(file.metadata.num_rows, len(schema.names), limits)
        size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        if size > limits.unpacked_bytes:
            raise refusal("unpacks_too_large", limit=limits.unpacked_bytes // 1_000_000)
        geo = _geo(schema.metadata or {})
        table = file.read(use_threads=False)
        data = {name: table.column(name).to_pylist() for name in schema.names}
    except UploadError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, pa.ArrowMemoryError):
            raise refusal("too_much_memory") from None
        raise refusal("unreadable", format="GeoParquet") from None
    shape = geo.get("primary_column")
    columns = [n for n in schema.names if n != shape]
    raw = Raw(format="geoparquet", columns=columns, numbers=list(range(1, file.metadata.num_rows + 1)))
    raw.rows = [
        list(cells) for cells in zip(*([_text(v, limits) for v in data[c]] for c in columns), strict=True)
    ]
    if not isinstance(shape, str) or shape not in data:
        return raw
    raw.rows = raw.rows or [[] for _ in raw.numbers]
    return settle(raw, _parquet_shapes(data[shape], geo, shape, crs), limits)


def _text(value: Any, limits: Limits) -> str | None:
    return None if isinstance(value, (bytes, bytearray)) else cell_text(value, limits)


def _geo(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    try:
        geo = json.loads(metadata.get(b"geo", b"{}"))
    except (ValueError, RecursionError):
        raise refusal("unreadable", format="GeoParquet") from None
    return geo if isinstance(geo, dict) else {}


def _parquet_shapes(values: list[Any], geo: dict[str, Any], name: str, crs: str | None) -> Shapes:
    columns = geo.get("columns")
    about = columns.get(name) if isinstance(columns, dict) else None
    about = about if isinstance(about, dict) else {}
    if about.get("encoding", "WKB") != "WKB" or not all(v is None or isinstance(v, bytes) for v in values):
        raise refusal("unreadable", format="GeoParquet")
    stated = crs or (json.dumps(about["crs"]) if isinstance(about.get("crs"), dict) else "OGC:CRS84")
    return Shapes.from_wkb(values, stated, stated=True)
