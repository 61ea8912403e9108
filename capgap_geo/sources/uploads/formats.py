"""Tell the format of a file by its content; the name only breaks ties."""

from __future__ import annotations

from pathlib import PurePosixPath

from capgap_geo.sources.uploads.archives import Archive
from capgap_geo.sources.uploads.limits import MB, Limits
from capgap_geo.sources.uploads.messages import refusal

#: Formats that are read, as a reader of the page knows them.
FORMATS = (
    "CSV",
    "TSV",
    "XLSX",
    "GeoJSON",
    "GeoPackage",
    "Shapefile (ZIP)",
    "KML",
    "KMZ",
    "GeoParquet",
    "GeoTIFF",
)
_KNOWN = ", ".join(FORMATS)
_MAGIC = (
    (b"SQLite format 3\x00", "gpkg"),
    (b"PAR1", "geoparquet"),
    (b"II*\x00", "geotiff"),
    (b"MM\x00*", "geotiff"),
    (b"II+\x00", "geotiff"),
    (b"MM\x00+", "geotiff"),
)
_REFUSED = (
    (b"\xd0\xcf\x11\xe0", "XLS"),
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7Z"),
    (b"Rar!", "RAR"),
    (b"\x00\x00'\n", "Shapefile (SHP)"),
)
_ENDINGS = {
    "csv": (".csv", ".txt"),
    "tsv": (".tsv", ".tab", ".txt"),
    "xlsx": (".xlsx", ".xlsm"),
    "geojson": (".geojson", ".json"),
    "gpkg": (".gpkg",),
    "shapefile": (".zip",),
    "kml": (".kml",),
    "kmz": (".kmz",),
    "geoparquet": (".parquet", ".geoparquet"),
    "geotiff": (".tif", ".tiff", ".gtiff"),
    "study": (".zip",),
}


def detect(content: bytes, limits: Limits) -> str:
    """Return ``csv`` (of any delimiter), ``xlsx``, ``geojson``, ``gpkg``, ``shapefile``, ``kml``, ``kmz``,
    ``geoparquet``, ``geotiff`` or ``study``.

    Raises
    ------
    UploadError
        The file is empty, too large, or of no format that is read.
    """  # noqa: D205
    if not content:
        raise refusal("empty")
    if len(content) > limits.upload_bytes:
        found = f"{len(content) / MB:.1f}"
        raise refusal("too_large", found=found, limit=f"{limits.upload_bytes / MB:g}")
    for magic, name in _MAGIC:
        if content.startswith(magic):
            return name
    for magic, name in _REFUSED:
        if content.startswith(magic):
            raise refusal("unsupported_format", found=name, formats=_KNOWN)
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(Archive(content, limits))
    return _text(content)


def name_differs(filename: str, found: str) -> bool:
    """Return whether the name promises another format than was found."""
    ending = PurePosixPath(filename.lower()).suffix
    return bool(ending) and ending not in _ENDINGS[found]


def _archive(archive: Archive) -> str:
    names = archive.names
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(n.endswith("/datapackage.json") for n in names):
        return "study"
    if archive.ending(".shp"):
        return "shapefile"
    if archive.ending(".kml"):
        return "kmz"
    raise refusal("archive_unknown", formats=_KNOWN)


def _text(content: bytes) -> str:
    start = content[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith(b"{"):
        return "geojson"
    if start.startswith(b"<"):
        if start.startswith((b"<!doctype html", b"<html")):
            raise refusal("unsupported_format", found="HTML", formats=_KNOWN)
        return "kml"
    return "csv"
