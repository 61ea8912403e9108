"""Files made to do harm: a clear error or harmless text, in bounded time and memory; the process stays up."""

import io
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib

import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads import read_upload, understand
from capgap_geo.sources.uploads.jobs import _environment, read_raw
from capgap_geo.sources.uploads.limits import MB, Limits
from capgap_geo.sources.uploads.worker import parse

SLOWEST = 40.0  # shared cores in tests; the bound that matters is that there is one


def refused(content, *codes, name="x", limits=None):
    start = time.monotonic()
    with pytest.raises(UploadError) as caught:
        read_raw(content, name, limits=limits or Limits())
    assert time.monotonic() - start < SLOWEST
    assert caught.value.code.removeprefix("upload_") in codes, caught.value.code
    assert len(str(caught.value)) < 500
    return caught.value


def archive(members, *, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method, compresslevel=9) as packed:
        for name, member in members.items():
            packed.writestr(name, member)
    return content.getvalue()


def test_zip_bombs():
    zeros = bytes(200 * MB)
    refused(archive({"doc.kml": zeros}), "unpacks_too_large")
    refused(archive({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": zeros}), "unpacks_too_large")
    refused(archive({f"m{i}.shp": b"" for i in range(3000)}), "too_many_members")


def test_a_zip_that_lies_about_its_sizes():
    content = bytearray(archive({"doc.kml": bytes(100 * MB)}))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 1000)
    struct.pack_into("<I", content, 22, 1000)
    refused(bytes(content), "unreadable", "unpacks_too_large")


def test_a_zip_within_a_zip_and_overlapping_members():
    refused(archive({"a.zip": archive({"doc.kml": b"<kml/>"})}), "archive_unknown")
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = body.compress(bytes(5 * MB)) + body.flush()
    head = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0, zlib.crc32(bytes(5 * MB)), len(packed), 5 * MB, 5, 0
    )
    local = head + b"a.kml" + packed
    central = b"".join(
        struct.pack(
            "<IHHHHHHIIIHHHHHII",
            0x02014B50,
            20,
            20,
            0,
            8,
            0,
            0,
            zlib.crc32(bytes(5 * MB)),
            len(packed),
            5 * MB,
            5,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + f"{i:01}.kml".encode()
        for i in range(9)
    )
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 9, 9, len(central), len(local), 0)
    refused(local + central + end, "unreadable")


@pytest.mark.parametrize(
    "name",
    ["../doc.kml", "/etc/doc.kml", "a/../../doc.kml", "..\\doc.kml", "C:\\doc.kml", "a\\..\\..\\doc.kml"],
)
def test_paths_that_lead_out(name, tmp_path):
    error = refused(archive({"doc.kml": b"<kml/>", name: b"<kml/>"}), "archive_unsafe")
    assert error.details["found"]
    assert not list(tmp_path.parent.glob("**/doc.kml"))


def test_links_and_passwords_in_archives():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        link = zipfile.ZipInfo("doc.kml")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    refused(content.getvalue(), "archive_unsafe")
    locked = bytearray(archive({"doc.kml": b"<kml/>"}))
    locked[6] |= 1
    locked[locked.rfind(b"PK\x01\x02") + 8] |= 1
    refused(bytes(locked), "archive_encrypted")


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
MARK = "<kml><Placemark><name>{}</name></Placemark></kml>"
BOMB = f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY l0 "lol">{LAUGHS}]>' + MARK.format("&l9;")
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Placemark><name>&x;</name></Placemark></kml>'
PARAMETER = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY % x SYSTEM "http://localhost/x">%x;]><kml/>'


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, PARAMETER], ids=["laughs", "external", "parameter"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities(text, encoding):
    content = text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"').encode(encoding)
    if encoding == "utf-8":
        refused(content, "xml_entities")
    refused(archive({"doc.kml": content}), "xml_entities")
    refused(workbook({"xl/sharedStrings.xml": content}), "xml_entities")


def workbook(extra=None, sheet=None):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    content = io.BytesIO()
    book.save(content)
    members = {}
    with zipfile.ZipFile(content) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    if sheet:
        members["xl/worksheets/sheet1.xml"] = sheet
    return archive(members | (extra or {}))


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<dimension ref="A1:XFD1048576"/><sheetData>{}</sheetData></worksheet>'
)


def test_workbook_bombs():
    far = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
    far += '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    refused(workbook(sheet=SHEET.format(far).encode()), "no_rows", "too_many_rows", "too_many_columns")
    wide = '<row r="1">' + "".join(f"<c><v>{i}</v></c>" for i in range(16000)) + "</row>"
    refused(workbook(sheet=SHEET.format(wide).encode()), "too_many_columns")
    tall = "".join(f'<row r="{i}"><c><v>1</v></c></row>' for i in range(1, 150_000))
    refused(workbook(sheet=SHEET.format(tall).encode()), "too_many_rows", "unpacks_too_large")
    deep = "<x>" * 300_000
    refused(workbook(sheet=SHEET.format(deep).encode()), "unreadable", "no_header", "no_rows", "empty")
    refused(workbook({"xl/workbook.xml": b"not xml"}), "unreadable")


def test_text_bombs():
    refused(b",".join([b"a"] * 1_000_000) + b"\n1\n", "too_many_columns")
    refused(b"a\n" + b"1\n" * 2_000_000, "too_many_rows")
    refused((b"," * 240 + b"\n") * 40_000, "too_many_cells", "no_header", "empty", "too_many_rows")
    long = read_raw(b'a,b\n"' + b"x" * 5_000_000 + b'",1\n', "x.csv")
    assert [p.code for p in long.problems] == ["too_long"]
    assert len(long.rows[0][0]) == Limits().text
    refused(b"{" * 5_000_000, "unreadable")
    refused(b'{"a":' * 1_000_000, "unreadable")
    refused(b"[" * 5_000_000, "no_rows", "no_header", "unreadable")
    refused(b"1" * 9_000_000, "no_rows")


def kml(body):
    return f"<?xml version='1.0'?><kml><Document>{body}</Document></kml>".encode()


def test_kml_bombs():
    refused(kml("<Folder>" * 100_000 + "</Folder>" * 100_000), "xml_depth")
    refused(kml("<a/>" * 600_000), "xml_depth")
    refused(kml("<Placemark/>" * 200_000), "too_many_rows")
    linked = kml(
        "<NetworkLink><Link><href>http://localhost:1/x</href></Link></NetworkLink><Placemark><name>a</name></Placemark>"
    )
    assert read_raw(linked, "x.kml").notes[0].code == "links_ignored"


def geojson(geometry, **properties):
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def ring(n, radius=1.0):
    angles = np.linspace(0, 2 * np.pi, n)
    return [[round(-70 + radius * np.cos(a), 5), round(-12 + radius * np.sin(a), 5)] for a in angles]


def test_a_million_vertices():
    small = ",".join("[-70,-9]" for _ in range(1_000_000))
    content = f'{{"type":"Polygon","coordinates":[[{small}]]}}'.encode()
    refused(content, "too_many_vertices")
    large = ring(20_000)
    assert read_raw(geojson({"type": "Polygon", "coordinates": [large]}), "x").shapes[0]


def test_a_polygon_that_crosses_itself_everywhere():
    rng = np.random.default_rng(1)
    tangle = [[float(x), float(y)] for x, y in rng.uniform((-75, -15), (-70, -10), (6_000, 2)).round(4)]
    content = geojson({"type": "Polygon", "coordinates": [[*tangle, tangle[0]]]})
    refused(
        content, "took_too_long", "too_much_memory", "crashed", limits=Limits(cpu_seconds=2, wall_seconds=6)
    )


@pytest.mark.parametrize(
    ("coordinates", "code"),
    [
        ("[[[-70,-12],[NaN,-12],[-70,-13],[-70,-12]]]", "not_finite"),
        ("[[[Infinity,-12],[-70,-12],[-70,-13],[Infinity,-12]]]", "not_finite"),
        ("[[[1e308,-12],[-70,-12],[-70,-13],[1e308,-12]]]", "not_finite"),
        ("[[[-70,-12],[-70,-13]]]", "bad_shape"),
        ("[[]]", "no_shape"),
        ("[]", "no_shape"),
        ("null", "bad_shape"),
        ("[[[-70,-12],[-70]]]", "bad_shape"),
        ('[[["a",-12],[-70,-12],[-70,-13],["a",-12]]]', "bad_shape"),
        ("[[[true,-12],[-70,-12],[-70,-13],[true,-12]]]", "bad_shape"),
        ('{"0": 1}', "bad_shape"),
        ("[[[-70,-12],[-70,-12],[-70,-12],[-70,-12]]]", "bad_shape"),
    ],
)
def test_malformed_shapes_are_problems_of_their_row(coordinates, code):
    outline = '{"type":"Polygon","coordinates":[[[-70,-12],[-70,-13],[-69.9,-13],[-70,-12]]]}'
    good = f'{{"type":"Feature","properties":{{"ubigeo":"170101"}},"geometry":{outline}}}'
    bad = good.replace("[[[-70,-12],[-70,-13],[-69.9,-13],[-70,-12]]]", coordinates).replace(
        "170101", "170102"
    )
    content = f'{{"type":"FeatureCollection","features":[{bad},{good}]}}'.encode()
    upload = read_upload(content, "x.geojson", kind="boundaries")
    assert upload.problems[["row", "code"]].to_numpy().tolist() == [[1, code]] or (
        code in ("bad_shape", "no_shape") and upload.problems["row"].tolist() == [1]
    )
    assert upload.table["boundary_id"].tolist() == ["170101"]


def test_points_that_are_no_numbers():
    for word in ("NaN", "inf", "-Infinity", "1e400", "9" * 400):
        upload = read_upload(
            f"service,department,lat,lon\npnp,Puno,{word},-70\n".encode(), "x.csv", kind="facilities"
        )
        assert len(upload.problems) == 1
        assert upload.table.empty


def test_native_formats_that_are_damaged():
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, 20_000, dtype=np.uint8).tobytes()
    for magic in (b"SQLite format 3\x00", b"PAR1", b"II*\x00", b"MM\x00*"):
        refused(magic + noise, "unreadable", "crashed", "too_much_memory")
        refused(magic + noise + b"PAR1", "unreadable", "crashed", "too_much_memory")
    refused(archive({"a.shp": noise, "a.shx": noise, "a.dbf": noise}), "unreadable", "crashed", "no_rows")


def test_a_parquet_bomb():
    content = io.BytesIO()
    pd.DataFrame({"a": pd.Series([0], dtype="int8").repeat(30_000_000)}).to_parquet(
        content, compression="zstd", index=False
    )
    assert len(content.getvalue()) < 1 * MB
    refused(content.getvalue(), "too_many_rows")
    text = io.BytesIO()
    pd.DataFrame({"a": ["x" * 1_000_000] * 300}).to_parquet(text, compression="zstd", use_dictionary=True)
    assert len(text.getvalue()) < 3 * MB
    raw = read_raw(text.getvalue(), "x.parquet")
    assert max(len(row[0]) for row in raw.rows) <= Limits().text


def test_raster_bombs():
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=200_000,
            height=200_000,
            count=1,
            dtype="float32",
            sparse_ok=True,
            tiled=True,
            crs="EPSG:4326",
            transform=rasterio.transform.from_origin(-80, 0, 1e-4, 1e-4),
        ):
            pass
        content = memory.read()
    assert len(content) < 10 * MB
    refused(content, "raster_too_large")


def test_a_map_that_asks_for_other_files_gets_none(tmp_path):
    (tmp_path / "secret.csv").write_text("secret\nx\n")
    other = f"<SrcDataSource>{tmp_path / 'secret.csv'}</SrcDataSource>"
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="secret">{other}</OGRVRTLayer></OGRVRTDataSource>'
    refused(vrt.encode(), "no_rows", name="x.kml")
    refused(b'{"type": "Topology", "objects": {}, "arcs": []}', "unreadable", name="x.geojson")


def test_the_reading_process_is_confined():
    code = """
import socket, subprocess, os, sys
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.sandbox import confine
assert not [k for k in os.environ if "PRIVATE" in k], "the environment is not passed on"
confine(Limits(memory_bytes=600_000_000))
tries = [
    lambda: socket.socket(), lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1]))),
    lambda: subprocess.run(["/bin/true"]),
    lambda: os.write(os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY), b"x"),
    lambda: bytearray(900_000_000),
]
for attempt in tries:
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    raise SystemExit("allowed")
print("confined")
"""
    os.environ.update(A_PRIVATE_SETTING="x")
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            done = subprocess.run(
                [sys.executable, "-c", code, str(server.getsockname()[1]), os.devnull + "_x"],
                env=_environment(),
                capture_output=True,
                text=True,
                timeout=60,
            )
    finally:
        del os.environ["A_PRIVATE_SETTING"]
    assert done.stdout == "confined\n", done.stderr


def test_memory_and_time_of_the_reader_are_bounded_and_this_process_stays_small():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = b"a,b\n" + b"1,2\n" * 90_000
    refused(content, "too_much_memory", "crashed", limits=Limits(memory_bytes=30 * MB))
    refused(
        geojson({"type": "Polygon", "coordinates": [ring(100_000)]}),
        "took_too_long",
        limits=Limits(wall_seconds=0.05),
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_hostile_upload_does_not_hold_up_the_others():
    rng = np.random.default_rng(1)
    tangle = rng.uniform((-75, -15), (-70, -10), (6_000, 2)).round(4).tolist()
    content = geojson({"type": "Polygon", "coordinates": [[*tangle, tangle[0]]]})
    limits = Limits(cpu_seconds=4, wall_seconds=8)
    ended = []

    def hostile():
        with pytest.raises(UploadError):
            read_raw(content, "x", limits=limits)
        ended.append(True)

    other = threading.Thread(target=hostile)
    other.start()
    ticks = []
    while other.is_alive():
        start = time.monotonic()
        sum(range(10_000))
        time.sleep(0.01)
        ticks.append(time.monotonic() - start)
    other.join()
    assert ended
    assert np.quantile(ticks, 0.95) < 0.2, "this process went on"


def test_an_upload_waits_its_turn_and_no_longer():
    from capgap_geo.sources.uploads import jobs

    held = []
    while jobs._SLOTS.acquire(blocking=False):
        held.append(True)
    try:
        refused(b"a,b\n1,2\n", "busy", limits=Limits(waiting_seconds=0.1))
    finally:
        for _ in held:
            jobs._SLOTS.release()


PAYLOADS = [
    "=cmd|'/C calc'!A0",
    "{{cycler.__init__.__globals__.os.popen('touch pwned').read()}}",
    "{% raw %}",
    "${alert(1)}",
    "<script>document.title='pwned'</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "`${7*7}`",
    "'-alert(1)-'",
    "\u202epayload",
    "]]><!--",
    "@SUM(1+1)*cmd",
    "%0d%0aSet-Cookie:x",
    "\\u003cscript\\u003e",
]
ACTIVE = set("<>{}`\"'\\\u202e")


def texts_of(upload):
    table = pd.DataFrame(upload.table.drop(columns="geometry", errors="ignore"))
    cells = [str(v) for v in table.to_numpy().ravel() if isinstance(v, str)]
    problems = upload.problems[["column", "value"]].to_numpy().ravel()
    said = [upload.origin.source, upload.origin.licence, upload.origin.date, upload.origin.source_id]
    return [t for t in (*cells, *problems, *said) if t]


def quoted(payload):
    return '"' + payload.replace('"', '""') + '"'


def check_harmless(upload):
    for text in texts_of(upload):
        assert not set(text) & ACTIVE, text
        assert not text.startswith(("=", "@", "+")), text
        assert "javascript:" not in text


HEADERS = {
    "facilities": (
        "service,department,place name,lat,lon,id,profiles,evidence,year",
        "pnp,Puno,{0},-15.8,-70,{0} {1},,,",
    ),
    "incidents": ("department,year,cases,measure,registry,unit", "Puno,2024,{1},{0},{0},{0}"),
    "population": ("province,department,population,year", "{0},Puno,{1},2024"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_payloads_in_every_field_of_a_table_become_harmless(kind):
    header, row = HEADERS[kind]
    lines = [row.format(quoted(p), 20 + i) for i, p in enumerate(PAYLOADS)]
    lines += [",".join([quoted(p)] * (header.count(",") + 1)) for p in PAYLOADS]
    said = {"source": "".join(PAYLOADS), "licence": PAYLOADS[1], "date": PAYLOADS[4]}
    upload = read_upload("\n".join([header, *lines]).encode(), "x.csv", kind=kind, **said)
    assert len(upload.problems) >= len(PAYLOADS)
    check_harmless(upload)


MAP_FIELDS = {
    "zones": ("zone_name", "legality", "trafficking_evidence", "mined_ha_period", "department"),
    "boundaries": ("boundary_name",),
    "mining": ("id", "period", "source", "licence"),
}


@pytest.mark.parametrize("kind", MAP_FIELDS)
def test_payloads_in_every_field_of_a_map_become_harmless(kind):
    shape = {"type": "Polygon", "coordinates": [[[-70, -12], [-70, -13], [-69.9, -13], [-70, -12]]]}
    features = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": dict.fromkeys(MAP_FIELDS[kind], p)
            | {"ubigeo": f"1701{i + 1:02}", "mined_area_ha": 1, p: p},
        }
        for i, p in enumerate(PAYLOADS)
    ]
    content = json.dumps({"type": "FeatureCollection", "name": PAYLOADS[4], "features": features}).encode()
    only_names = {"zone_name": "zone_name"} if kind == "zones" else None
    for mapping in (only_names, None):
        upload = read_upload(content, "x.geojson", kind=kind, mapping=mapping, source=PAYLOADS[1])
        check_harmless(upload)
    assert upload.rows == len(PAYLOADS)
    seen = understand(content, "x.geojson", kind=kind)
    for cell in (*seen.preview.to_numpy().ravel(), *seen.preview.columns):
        assert not set(str(cell)) & ACTIVE


def test_no_payload_ran():
    from pathlib import Path

    assert not Path("pwned").exists()


def test_every_refusal_is_an_upload_error_with_a_sentence():
    rng = np.random.default_rng(7)
    for _ in range(200):
        content = rng.integers(0, 256, int(rng.integers(1, 400)), dtype=np.uint8).tobytes()
        try:
            parse(content, "x")
        except UploadError as error:
            assert error.code.startswith("upload_")
            assert str(error)
