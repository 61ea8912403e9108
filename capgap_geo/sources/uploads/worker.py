"""The process that reads: content comes in by standard input, the table goes out by standard output."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.formats import detect, name_differs
from capgap_geo.sources.uploads.limits import DEFAULT, Limits
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Raw, dump
from capgap_geo.sources.uploads.sandbox import confine


@dataclass(frozen=True, slots=True)
class Options:
    """What is known about the file: sheet or layer, reference system, where a study lies unpacked."""

    part: str | None = None
    crs: str | None = None
    folder: str | None = None


def parse(content: bytes, filename: str, options: Options | None = None, limits: Limits = DEFAULT) -> Raw:
    """Read a file of any known format, here and now; the caller is the confined process or a test.

    Raises
    ------
    UploadError
        The file cannot be used as a whole. Nothing else is ever raised.
    """
    options = options or Options()
    try:
        raw = _read(detect(content, limits), content, options, limits)
    except UploadError:
        raise
    except MemoryError:
        raise refusal("too_much_memory") from None
    except Exception as error:  # a defect of a parser must reach the user as a sentence, not as a traceback
        raise refusal("unreadable", format=type(error).__name__) from None
    if name_differs(filename, raw.format):
        ending = filename.rpartition(".")[2][:12]
        raw.notes.insert(0, Note("format_differs", {"name": ending, "format": raw.format}))
    return raw


def _read(format_: str, content: bytes, options: Options, limits: Limits) -> Raw:
    # Each reader is imported when it is needed: the libraries of one cost the others half a second.
    if format_ == "csv":
        from capgap_geo.sources.uploads.text import read_text

        return read_text(content, limits)
    if format_ == "xlsx":
        from capgap_geo.sources.uploads.tables import read_xlsx

        return read_xlsx(content, limits, options.part)
    if format_ == "geojson":
        from capgap_geo.sources.uploads.geojson import read_geojson

        return read_geojson(content, limits, options.crs)
    if format_ in ("kml", "kmz"):
        from capgap_geo.sources.uploads import kml

        return kml.read_kml(content, limits) if format_ == "kml" else kml.read_kmz(content, limits)
    if format_ == "geotiff":
        from capgap_geo.sources.uploads.raster import read_geotiff

        return read_geotiff(content, limits, options.crs)
    if format_ == "study":
        from capgap_geo.sources.uploads.saved import check_study

        return check_study(options.folder, limits)
    return _native(format_, content, options, limits)


def _native(format_: str, content: bytes, options: Options, limits: Limits) -> Raw:
    from capgap_geo.sources.uploads import maps

    if format_ == "geoparquet":
        return maps.read_geoparquet(content, limits, options.crs)
    reader = maps.read_gpkg if format_ == "gpkg" else maps.read_shapefile
    return reader(content, limits, layer=options.part, crs=options.crs)


def main() -> None:
    """Answer one request: a line of JSON with the options, then the content."""
    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    request = json.loads(head)
    limits = Limits(**request["limits"])
    confine(limits)
    try:
        answer = b"+" + dump(parse(content, request["filename"], Options(**request["options"]), limits))
    except UploadError as error:
        code = error.code.removeprefix("upload_")
        answer = b"-" + json.dumps({"code": code, "values": dict(error.details)}, default=str).encode()
    except MemoryError:
        answer = b"-" + json.dumps({"code": "too_much_memory", "values": {}}).encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def request_head(filename: str, options: Options, limits: Limits) -> bytes:
    """Return the first line of a request."""
    tree = {"filename": filename, "options": asdict(options), "limits": asdict(limits)}
    return json.dumps(tree).encode() + b"\n"


if __name__ == "__main__":
    main()
