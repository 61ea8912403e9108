"""One table, every format, one result; and what each format says about itself."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.jobs import read_raw
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.raw import Grid, Raw, dump, load
from capgap_geo.sources.uploads.worker import Options, parse

NAMES = ["Ñaña", "Áncash 'b'", None]
SHAPES = [
    shapely.box(-70, -13, -69.9, -12.9),
    shapely.MultiPolygon([shapely.box(-71, -13, -70.9, -12.9), shapely.box(-71, -12, -70.9, -11.9)]),
    shapely.Polygon(
        [(-72, -13), (-71, -13), (-71, -12), (-72, -12)], [[(-71.8, -12.8), (-71.8, -12.4), (-71.4, -12.4)]]
    ),
]
TABLE = gpd.GeoDataFrame(
    {"name": pd.Series(NAMES, dtype=object), "ha": [1.5, 2.0, 3.25]}, geometry=SHAPES, crs="EPSG:4326"
)


def on_disk(table, name, **options):
    with tempfile.TemporaryDirectory() as folder:
        table.to_file(Path(folder) / name, **options)
        return {p.suffix: p.read_bytes() for p in Path(folder).iterdir()}


def zipped(parts, folder="some folder/"):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, part in parts.items():
            archive.writestr(f"{folder}map{suffix}", part)
    return content.getvalue()


def kml(table):
    marks = []
    for name, ha, shape in zip(table["name"], table["ha"], table.geometry, strict=True):
        polygons = shape.geoms if shape.geom_type == "MultiPolygon" else [shape]
        text = "".join(
            "<Polygon>"
            + "".join(
                f"<{tag}><LinearRing><coordinates>"
                + " ".join(f"{x!r},{y!r},0" for x, y in ring.coords)
                + f"</coordinates></LinearRing></{tag}>"
                for tag, ring in [
                    ("outerBoundaryIs", p.exterior),
                    *(("innerBoundaryIs", i) for i in p.interiors),
                ]
            )
            + "</Polygon>"
            for p in polygons
        )
        label = f"<name>{name}</name>" if name else ""
        data = f"<ExtendedData><Data name='ha'><value>{ha}</value></Data></ExtendedData>"
        marks.append(f"<Placemark>{label}{data}<MultiGeometry>{text}</MultiGeometry></Placemark>")
    return (
        "<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document>"
        + "".join(marks)
        + "</Document></kml>"
    ).encode()


def kmz(table):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("doc.kml", kml(table))
        archive.writestr("files/icon.png", b"x")
    return content.getvalue()


def parquet(table):
    content = io.BytesIO()
    table.to_parquet(content)
    return content.getvalue()


FORMATS = {
    "geojson": lambda: TABLE.to_json().encode(),
    "geojson in utf-16": lambda: TABLE.to_json().encode("utf-16"),
    "gpkg": lambda: on_disk(TABLE, "map.gpkg")[".gpkg"],
    "gpkg in utm": lambda: on_disk(TABLE.to_crs(32719), "map.gpkg")[".gpkg"],
    "gpkg in PSAD56": lambda: on_disk(TABLE.to_crs(24879), "map.gpkg")[".gpkg"],
    "shapefile": lambda: zipped(on_disk(TABLE, "map.shp", encoding="utf-8")),
    "shapefile in utm": lambda: zipped(on_disk(TABLE.to_crs(32718), "map.shp", encoding="utf-8")),
    "shapefile without cpg": lambda: zipped(
        {k: v for k, v in on_disk(TABLE, "map.shp", encoding="cp1252").items() if k != ".cpg"}
    ),
    "kml": lambda: kml(TABLE),
    "kmz": lambda: kmz(TABLE),
    "geoparquet": lambda: parquet(TABLE),
    "geoparquet in utm": lambda: parquet(TABLE.to_crs(32718)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_map_format_gives_the_same_rows_and_shapes(name):
    content = FORMATS[name]()
    raw = read_raw(content, "map")
    assert raw.format == name.split(" ")[0]
    columns = {c: [row[i] for row in raw.rows] for i, c in enumerate(raw.columns)}
    assert columns["name"] == NAMES
    assert [float(v) for v in columns["ha"]] == [1.5, 2.0, 3.25]
    assert raw.numbers == [1, 2, 3]
    assert not raw.problems
    shapes = shapely.from_wkb(raw.shapes)
    tolerance = 2e-4 if "PSAD" in name else 1e-6
    assert (shapely.hausdorff_distance(shapes, SHAPES) < tolerance).all()
    assert dump(raw) == dump(parse(content, "map")), "the process adds and loses nothing"


def test_tables_in_every_format_are_the_same():
    plain = pd.DataFrame({"a": ["x", "y"], "b": ["1", "2.5"]})
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append(["x", 1])
    book.active.append(["y", 2.5])
    xlsx = io.BytesIO()
    book.save(xlsx)
    parquet_file = io.BytesIO()
    plain.to_parquet(parquet_file)
    contents = {
        "csv": plain.to_csv(index=False).encode(),
        "tsv": plain.to_csv(index=False, sep="\t").encode(),
        "xlsx": xlsx.getvalue(),
        "geoparquet": parquet_file.getvalue(),
    }
    for format_, content in contents.items():
        raw = read_raw(content, "x")
        assert (raw.format, raw.columns, raw.rows) == (format_, ["a", "b"], [["x", "1"], ["y", "2.5"]])


def test_the_content_decides_not_the_name():
    raw = read_raw(TABLE.to_json().encode(), "map.csv")
    assert raw.format == "geojson"
    assert [dict(n.values) for n in raw.notes if n.code == "format_differs"] == [
        {"name": "csv", "format": "geojson"}
    ]


def test_several_layers_need_a_choice():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.gpkg"
        TABLE.to_file(path, layer="one")
        TABLE.iloc[:1].to_file(path, layer="two")
        content = path.read_bytes()
    with pytest.raises(UploadError, match="one, two") as caught:
        read_raw(content, "x.gpkg")
    assert caught.value.code == "upload_several_layers"
    assert len(read_raw(content, "x.gpkg", Options(part="two")).rows) == 1


def test_a_missing_reference_system_is_asked_for_only_when_it_matters():
    degrees = zipped({k: v for k, v in on_disk(TABLE, "map.shp").items() if k != ".prj"})
    assert "crs_assumed" in [n.code for n in read_raw(degrees, "x.zip").notes]
    metres = zipped({k: v for k, v in on_disk(TABLE.to_crs(32719), "map.shp").items() if k != ".prj"})
    with pytest.raises(UploadError) as caught:
        read_raw(metres, "x.zip")
    assert caught.value.code == "upload_no_crs"
    raw = read_raw(metres, "x.zip", Options(crs="EPSG:32719"))
    assert shapely.hausdorff_distance(shapely.from_wkb(raw.shapes), SHAPES).max() < 1e-6
    with pytest.raises(UploadError) as caught:
        read_raw(metres, "x.zip", Options(crs="EPSG:999999"))
    assert caught.value.code == "upload_unknown_crs"


def test_an_old_geojson_states_its_system():
    tree = json.loads(TABLE.to_crs(32719).to_json())
    tree["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32719"}}
    raw = read_raw(json.dumps(tree).encode(), "x.geojson")
    assert shapely.hausdorff_distance(shapely.from_wkb(raw.shapes), SHAPES).max() < 1e-5
    del tree["crs"]
    with pytest.raises(UploadError) as caught:
        read_raw(json.dumps(tree).encode(), "x.geojson")
    assert caught.value.code == "upload_no_crs"


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_a_shapefile_needs_its_parts(part):
    parts = {k: v for k, v in on_disk(TABLE, "map.shp").items() if k != part}
    with pytest.raises(UploadError) as caught:
        read_raw(zipped(parts), "x.zip")
    assert caught.value.code in ("upload_archive_parts", "upload_archive_unknown")


def test_shapes_that_cross_themselves_are_mended_and_it_is_said():
    bow = {"type": "Polygon", "coordinates": [[[-70, -13], [-69, -12], [-69, -13], [-70, -12], [-70, -13]]]}
    raw = read_raw(json.dumps(bow).encode(), "x.geojson")
    assert [n.code for n in raw.notes] == ["repaired"]
    assert shapely.is_valid(shapely.from_wkb(raw.shapes)).all()


def test_heights_are_left_out():
    content = json.dumps({"type": "Point", "coordinates": [-70, -13, 4000]}).encode()
    assert not shapely.has_z(shapely.from_wkb(read_raw(content, "x").shapes)).any()


def test_what_travels_between_processes_comes_back():
    grid = Grid(np.arange(6, dtype="<f4").tobytes(), 2, 3, (1.0, 0, 0, 0, -1, 0), "EPSG:4326", "min_per_km")
    raw = Raw(
        format="x",
        columns=["a"],
        rows=[["\udc80ñ"]],
        numbers=[2],
        shapes=[
            b"\x00\xff",
        ],
        grid=grid,
    )
    assert load(dump(raw)) == raw


def test_unknown_formats_are_named():
    for content, code in (
        (b"", "empty"),
        (b"%PDF-1.4", "unsupported_format"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "unsupported_format"),
        (b"<!DOCTYPE html><html>", "unsupported_format"),
        (b"PK\x03\x04garbage", "unreadable"),
        (b'{"a": 1}', "unreadable"),
    ):
        with pytest.raises(UploadError) as caught:
            read_raw(content, "x")
        assert caught.value.code == f"upload_{code}"


def test_limits_can_be_set():
    with pytest.raises(UploadError) as caught:
        read_raw(b"a,b\n1,2\n", "x.csv", limits=Limits(upload_bytes=4))
    assert caught.value.code == "upload_too_large"
