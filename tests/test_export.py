"""Every exported file, opened again by a reader that knows nothing of us, against the assessment."""

import csv
import datetime as dt
import functools
import gc
import hashlib
import io
import itertools
import json
import re
import shutil
import sqlite3
import subprocess
import weakref
import zipfile
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from lxml import etree

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.indicators import registry_sources
from capgap_geo.errors import CapGapError
from capgap_geo.i18n import Translator
from capgap_geo.model import Evidence, Scenario
from capgap_geo.privacy import Secret, find_leaks
from capgap_geo.render import attribution, licences, theme
from capgap_geo.render.about import Edition, _tex, bibtex, citation
from capgap_geo.render.columns import described
from capgap_geo.render.export import KINDS, bundle, export, html, readme
from capgap_geo.render.export_tables import TABLES, layers
from capgap_geo.render.export_text import harmless
from capgap_geo.render.figure import picture
from capgap_geo.render.scene import Choice
from capgap_geo.render.used import used

KM = Scenario(measure="straight_line", threshold=100)
GIRLS = Scenario("shelter", "girls", "straight_line", 150)
DAY = dt.date(2026, 11, 24)
KML = "{http://www.opengis.net/kml/2.2}"
CHECKED = ("people", "uncovered_people_lower", "uncovered_people_upper", "covered_people_lower")


@pytest.fixture(scope="module")
def make(study):
    answer = functools.cache(lambda scenario: assess(study, scenario))

    @functools.cache
    def edition(scenario=KM, language="es"):
        return Edition(
            study, answer(scenario), Translator(language), base="https://capgap.example/", date=DAY
        )

    return edition


@pytest.fixture(scope="module")
def police(make):
    return make()


@pytest.fixture(scope="module")
def exported(police):
    """Return ``exported(kind, part="")``: a file of the country's police, made once for all tests."""
    return functools.cache(lambda kind, part="": export(police, kind, part))


def agrees(table, answer, key="department_id"):
    """Hold a table that was read back to the assessment, to the last digit that it carries."""
    own = answer.departments if key == "department_id" else answer.provinces
    table = table.set_index(key)
    assert list(table.index) == list(own.index)
    for name in CHECKED:
        np.testing.assert_allclose(table[name].astype(float), own[name], atol=0.5)
    np.testing.assert_allclose(
        table["uncovered_share_upper"].astype(float), own["uncovered_share_upper"], atol=5e-5
    )
    np.testing.assert_allclose(table["nearest_lower"].astype(float), own["nearest_lower"], atol=0.05)


def test_csv_says_what_the_assessment_says(police, exported):
    content = exported("csv", "departments")
    table = pd.read_csv(io.BytesIO(content), dtype={"department_id": str})
    assert len(table) == 25
    agrees(table, police.answer)
    assert table["officers_lower"].isna().any(), "not known is empty, not zero"
    first = table.iloc[0]
    assert first["capgap_scenario"] == KM.to_query()
    assert first["capgap_date"] == "2026-11-24"
    assert "ODbL" in first["capgap_licences"] or "Open Database" in first["capgap_licences"]
    assert police.meaning == first["capgap_meaning"]
    for source in police.sources:
        assert attribution.title(source, police.t) in first["capgap_sources"]
    assert (table["capgap_scenario"] == KM.to_query()).all()
    assert b"\r" not in content


def test_provinces_and_places_too(police, exported):
    provinces = pd.read_csv(io.BytesIO(exported("csv", "provinces")), dtype={"province_id": str})
    agrees(provinces, police.answer, "province_id")
    assert provinces["pcode"].str.fullmatch(r"PE\d{4}").all()
    places = pd.read_csv(io.BytesIO(exported("csv", "places")), dtype={"place_id": str})
    own = police.answer.places
    np.testing.assert_allclose(places["nearest_upper"], own["nearest_upper"], atol=0.05)
    assert (places["covered_lower"] == own["covered_lower"].to_numpy()).all()


def test_mining_zones_tell_reach_and_no_people(police, exported):
    zones = pd.read_csv(io.BytesIO(exported("csv", "zones")))
    assert not [name for name in zones.columns if "people" in name or "share" in name]
    np.testing.assert_allclose(zones["nearest_lower"], police.answer.zones["nearest_lower"], atol=0.05)


def test_unreachable_is_told_apart_from_not_known(make):
    nobody = make(Scenario("shelter", "men", "straight_line", 100))
    table = pd.read_csv(io.BytesIO(export(nobody, "csv", "departments")))
    assert table["nearest_lower"].isna().all()
    assert (table["reachable"] == "no").all()
    assert (table["uncovered_share_lower"] == 1).all()
    assert "deserts" not in layers(nobody)
    with pytest.raises(CapGapError, match="deserts"):
        export(nobody, "geojson", "deserts")


def test_hxl_has_tags_and_pcodes(make):
    rows = list(csv.reader(io.StringIO(export(make(GIRLS, "en"), "hxl").decode())))
    header, tags, *data = rows
    assert len(data) == 25
    assert len(header) == len(tags)
    assert all(re.fullmatch(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*", tag) for tag in tags), tags
    assert len(set(tags)) == len(tags)
    code, people = tags.index("#adm1+code+v_pcode"), tags.index("#affected+f+children+unreached+max")
    assert all(re.fullmatch(r"PE\d\d", row[code]) for row in data)
    own = make(GIRLS, "en").answer.departments["uncovered_people_upper"]
    np.testing.assert_allclose([float(row[people]) for row in data], own, atol=0.5)


def test_no_cell_is_a_formula(police):
    hostile = [f'{start}HYPERLINK("http://evil.example","x")' for start in ("=", "+", "-", "@", "\t", "\r")]
    assert [harmless(text) for text in hostile] == [f"'{text}" for text in hostile]
    study = police.study
    titles = itertools.cycle(hostile)
    sources = {k: replace(s, title=next(titles)) for k, s in study.sources.items()}
    attacked = replace(police, study=replace(study, sources=sources))
    for row in csv.reader(io.StringIO(export(attacked, "csv", "sources").decode(), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    book = openpyxl.load_workbook(io.BytesIO(export(attacked, "xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in texts)


def test_workbook_explains_itself_and_agrees(police, exported):
    book = openpyxl.load_workbook(io.BytesIO(exported("xlsx")))
    t = police.t
    assert book.sheetnames[0] == t("export.sheet.read_me")
    assert t("export.sheet.sources") in book.sheetnames
    head, *rows = book[t("export.sheet.departments")].iter_rows(values_only=True)
    agrees(pd.DataFrame(rows, columns=head), police.answer)
    said = [
        str(cell)
        for row in book[book.sheetnames[0]].iter_rows(values_only=True)
        for cell in row
        if cell is not None
    ]
    assert police.meaning in said
    assert police.headline in said
    for name in head:
        assert name in said
    listed = [row[0] for row in book[t("export.sheet.sources")].iter_rows(values_only=True)][1:]
    assert listed == [source.source_id for source in police.sources]
    assert book.properties.title == police.title
    assert book.properties.modified.date() == DAY


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_column_of_every_file_has_a_meaning(make, language):
    edition = make(KM, language)
    names = {str(c) for table in TABLES.values() for c in table(edition).columns}
    names |= {str(c) for layer in layers(edition).values() for c in layer.columns} - {"geometry"}
    for name in names:
        assert described(name, "km", edition.t).strip()


def test_parquet_carries_types_and_metadata(police, exported):
    for name in TABLES:
        table = pq.read_table(io.BytesIO(exported("parquet", name)))
        assert table.schema.metadata[b"capgap:headline"].decode() == police.headline
        assert table.schema.metadata[b"capgap:licences"]
    agrees(pq.read_table(io.BytesIO(exported("parquet", "departments"))).to_pandas(), police.answer)


def coordinates(value):
    if isinstance(value, list) and value and not isinstance(value[0], list):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from coordinates(part)


@pytest.mark.parametrize("name", ["departments", "provinces", "mining_zones", "deserts", "facilities"])
def test_geojson_is_rfc_7946(police, tmp_path, name, exported):
    content = exported("geojson", name)
    data = json.loads(content, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert "crs" not in data
    assert len(data["bbox"]) == 4
    assert data["capgap"]["headline"] == police.headline
    assert data["capgap"]["sources"]
    ids = [feature["id"] for feature in data["features"]]
    assert len(set(ids)) == len(ids)
    for feature in data["features"]:
        for lon, lat in coordinates(feature["geometry"]["coordinates"]):
            assert -82 < lon < -68
            assert -19 < lat < 0.1
            assert max(len(str(v).partition(".")[2]) for v in (lon, lat)) <= 5
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid, (feature["id"], shapely.is_valid_reason(shape))
        parts = shapely.get_parts(shape)
        if shape.geom_type.endswith("Polygon"):
            assert shapely.is_ccw(shapely.get_exterior_ring(parts)).all()
    path = tmp_path / "x.geojson"
    path.write_bytes(content)
    read = pyogrio.read_dataframe(path)
    assert len(read) == len(ids)
    if name == "departments":
        agrees(read, police.answer)


def test_exported_areas_are_the_studys(police, tmp_path, exported):
    read = gpd.read_parquet(io.BytesIO(exported("geoparquet", "departments")))
    assert read.crs.to_epsg() == 4326
    own = police.study.departments.to_crs("ESRI:102033").area.to_numpy()
    np.testing.assert_allclose(read.to_crs("ESRI:102033").area, own, rtol=1e-9)
    agrees(read, police.answer)
    metadata = pq.read_schema(io.BytesIO(exported("geoparquet", "deserts"))).metadata
    assert json.loads(metadata[b"geo"])["primary_column"] == "geometry"
    assert metadata[b"capgap:scenario"].decode() == KM.to_query()


@pytest.fixture(scope="module")
def package(exported, tmp_path_factory):
    path = tmp_path_factory.mktemp("gpkg") / "capgap.gpkg"
    path.write_bytes(exported("gpkg"))
    return path


def test_geopackage_agrees_and_carries_its_colours(police, package):
    names = {str(name): kind for name, kind in pyogrio.list_layers(package)}
    assert set(layers(police)) <= set(names)
    assert names["sources_table"] is None
    agrees(pyogrio.read_dataframe(package, layer="departments"), police.answer)
    with sqlite3.connect(package) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        styles = dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault"))
        about = dict(database.execute("SELECT name, value FROM about"))
        dates = {row[0] for row in database.execute("SELECT last_change FROM gpkg_contents")}
    assert set(styles) == set(layers(police))
    assert about["meaning"] == police.meaning
    assert about["sources"]
    assert dates == {"2026-11-24T00:00:00.000Z"}
    root = etree.fromstring(styles["departments"].split("\n", 1)[1])
    labels = [c.get("label") for c in root.iter("category")]
    ramp = theme.ramp(5)
    fills = [o.get("value") for o in root.iter("Option") if o.get("name") == "color"]
    for colour in ramp:
        assert ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + ",255" in fills
    assert labels[-1] == police.t("value.unknown")
    assert "LinePatternFill" in styles["deserts"]
    assert "PointPatternFill" in styles["mining_zones"]


def test_the_classes_of_the_style_are_those_of_the_map(make):
    for evidence in Evidence:
        edition = make(KM.with_(evidence=evidence))
        from capgap_geo.render.export_gpkg import expression
        from capgap_geo.render.map_classes import class_of

        classes = class_of("departments", edition)
        table = layers(edition)["departments"]
        said = classes.keys(table)
        drawn = next(x for x in edition.spec.layers if x.layer_id == "departments")
        with sqlite3.connect(":memory:") as database:
            values = pd.DataFrame(table.drop(columns="geometry"))
            values.to_sql("t", database)
            query = f"SELECT {expression('departments', classes)} FROM t"  # noqa: S608
            assert [row[0] for row in database.execute(query)] == said
        assert len(drawn.ids) == len(said)


if shutil.which("ogrinfo"):

    def test_ogrinfo_reads_the_package(police, package):
        told = subprocess.run(
            ["ogrinfo", "-ro", "-so", package, "departments"], capture_output=True, text=True, check=True
        )
        assert "Feature Count: 25" in told.stdout
        assert police.headline in told.stdout
        assert "Warning" not in told.stderr


def test_kml_agrees_and_has_the_pages_colours(police, tmp_path, exported):
    content = exported("kml")
    root = etree.fromstring(content)
    document = root.find(f"{KML}Document")
    assert police.meaning in document.find(f"{KML}description").text
    colours = {node.text for node in root.iter(f"{KML}color")}
    for colour in theme.ramp(5):
        assert f"ff{colour[5:7]}{colour[3:5]}{colour[1:3]}".lower() in colours
    ids = {s.get("id") for s in root.iter(f"{KML}Style")}
    assert {u.text.lstrip("#") for u in root.iter(f"{KML}styleUrl")} <= ids
    mark = next(p for p in root.iter(f"{KML}Placemark") if p.get("id") == "departments-17")
    value = mark.find(f"{KML}ExtendedData/{KML}Data[@name='uncovered_people_upper']/{KML}value").text
    assert float(value) == pytest.approx(
        police.answer.departments.loc["17", "uncovered_people_upper"], abs=0.5
    )
    path = tmp_path / "x.kml"
    path.write_bytes(content)
    assert sum(len(pyogrio.read_dataframe(path, layer=n)) for n, _ in pyogrio.list_layers(path)) == sum(
        map(len, layers(police).values())
    )


@pytest.mark.browser
def test_html_opens_with_the_network_off_and_says_the_same(police, chromium, tmp_path):
    path = tmp_path / "map.html"
    path.write_bytes(html(police))
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 800})
    page = context.new_page()
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("window.capgapMap")
    page.evaluate("window.capgapMap.ready")
    body = page.inner_text("body").replace("\N{NO-BREAK SPACE}", " ")
    assert police.headline.replace("\N{NO-BREAK SPACE}", " ") in body
    assert "INEI" in body
    counts = {layer["id"]: layer["items"] for layer in page.evaluate("window.capgapMap.stats()")["layers"]}
    assert counts["departments"] == 25
    assert counts["facility_police"] == len(police.answer.facilities)
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert wrong == []


def test_the_bundle_is_whole_and_its_sums_hold(police):
    seen = []
    content = bundle(police, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1][0] == seen[-1][1] == len(seen)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        parts = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
        assert {info.date_time[:3] for info in archive.infolist()} == {(2026, 11, 24)}
    listed = dict(line.split("  ")[::-1] for line in parts.pop("SHA256SUMS").decode().splitlines())
    assert listed == {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    for name in (
        "README.md",
        "CITATION.txt",
        "CITATION.bib",
        "scenario.json",
        "map.html",
        "tables/capgap.xlsx",
    ):
        assert parts[name]
    assert police.meaning in parts["README.md"].decode()
    asked = json.loads(parts["scenario.json"])
    assert Scenario(**asked["scenario"]) == KM
    assert asked["data_fingerprint"] == police.study.fingerprint


def test_the_same_scenario_gives_the_same_bytes_and_only_dates_differ(study, exported):
    again = Edition(study, assess(study, KM), Translator("es"), base="https://capgap.example/", date=DAY)
    for kind, known in KINDS.items():
        if kind != "zip":
            assert export(again, kind) == exported(kind), (kind, known.parts[0])
    later = replace(again, date=dt.date(2027, 1, 2))
    for kind in ("csv", "geojson", "kml", "html"):
        old, new = exported(kind).decode(), export(later, kind).decode()
        assert new.replace("2027-01-02", "2026-11-24") == old, kind


def test_only_sources_of_this_result_are_cited(make, study):
    one, other = citation(make(KM)), citation(make(GIRLS))
    police_only = "Diario Sin Fronteras"
    assert police_only in one
    assert police_only not in other
    assert len(make(KM).sources) < len(study.sources)
    flown, driven = make(KM).sources, make(Scenario()).sources
    friction = {s.source_id for s in driven} - {s.source_id for s in flown}
    assert friction, "travel time rests on more sources than straight lines"
    assert all(study.sources[s].package == "travel" for s in friction)
    entry = bibtex(make(KM))
    assert entry.startswith("@misc{capgap_police_everyone_100km_2026,")
    assert entry.count("{") == entry.count("}")
    assert "\\%" in entry


SECRET = Secret(-76.98231, -9.31457, ("Casa Quenual Secreta",))


def test_no_shelter_gets_finer_than_its_department_even_if_the_loader_failed(make, study):
    table = study.facilities.copy()
    hide = table["service"] == "shelter"
    point = shapely.Point(SECRET.longitude, SECRET.latitude)
    table.loc[hide, "geometry"] = gpd.GeoSeries([point] * int(hide.sum()), index=table.index[hide], crs=4326)
    table.loc[hide, "place_name"] = SECRET.names[0]
    sound = make(GIRLS)
    known = table[table["facility_id"].isin(sound.answer.facilities["facility_id"])]
    leaky = replace(
        sound, study=replace(study, facilities=table), answer=replace(sound.answer, facilities=known)
    )
    for kind, known_kind in KINDS.items():
        if kind in ("html", "zip"):
            with pytest.raises(CapGapError, match="shelter may not be drawn"):
                export(leaky, kind)
            continue
        for part in known_kind.parts:
            if known_kind.parts[0] == "departments" and part == "facilities" and "geo" in kind:
                assert "facilities" not in layers(leaky)
                continue
            assert find_leaks(export(leaky, kind, part), [SECRET]) == [], (kind, part)


def test_no_file_of_a_shelter_scenario_names_a_reference_point(make, study):
    """The capitals through which shelters are reached are nobody's address, and no layer marks them."""
    edition = make(GIRLS)
    assert "facilities" not in layers(edition)
    text = export(edition, "csv", "facilities").decode()
    table = pd.read_csv(io.StringIO(text))
    assert table["place_id"].isna().all()
    assert table["place_name"].isna().all()
    assert set(table["precision"]) == {"department"}
    assert edition.t("export.meaning_shelter") in text
    svg = picture(edition.spec, size="a4", fmt="svg")
    assert find_leaks(svg, [SECRET]) == []


def test_unknown_kinds_and_parts_are_told(police):
    with pytest.raises(CapGapError, match=r"kind: found 'shp'"):
        export(police, "shp")
    with pytest.raises(CapGapError, match=r"part: found 'rivers'.*departments"):
        export(police, "csv", "rivers")


def test_file_names_tell_the_question(police, make):
    assert police.file_name("departments", "csv") == "capgap_police_everyone_100km_departments.csv"
    assert make(GIRLS).file_name("map", "png") == "capgap_shelter_girls_150km_map.png"


def test_a_citation_runs_no_command_of_the_user():
    assert _tex(r"\input /etc/passwd {x}") == r"\textbackslash{}input /etc/passwd \{x\}"


@pytest.mark.parametrize(
    ("part", "names"), [("places", ("longitude", "latitude")), ("zones", ("centre_lon", "centre_lat"))]
)
def test_a_negative_number_is_read_back_as_one(police, exported, part, names):
    own = TABLES[part](police)
    table = pd.read_csv(io.BytesIO(exported("csv", part)))
    for name in names:
        assert (own[name] < 0).all()
        np.testing.assert_allclose(table[name], own[name], atol=1e-5)


def test_a_number_is_no_formula_and_what_only_begins_as_one_is():
    assert [harmless(text) for text in ("-69.986", "+51", "-1e-05")] == ["-69.986", "+51", "-1e-05"]
    for hostile in ("-1+cmd|' /C calc'!A0", "-1\n=1", "+51 =x", "-", "-1e5+A1"):
        assert harmless(hostile) == f"'{hostile}"


@pytest.mark.parametrize("language", ["es", "en"])
def test_whoever_carries_complaints_and_cases_names_their_registries(make, study, language):
    edition = make(KM, language)
    ids = {i for found in registry_sources(study).values() for i in found}
    assert {study.sources[i].package for i in ids} == {"incidents"}
    titles = [attribution.title(study.sources[i], edition.t) for i in sorted(ids)]
    assert set(pd.read_csv(io.BytesIO(export(edition, "csv", "sources")))["source_id"]) >= ids
    first = pd.read_csv(io.BytesIO(export(edition, "csv", "indicators"))).iloc[0]
    kept = pq.read_table(io.BytesIO(export(edition, "parquet", "indicators"))).schema.metadata
    said = [first["capgap_sources"], citation(edition), kept[b"capgap:sources"].decode()]
    assert all(title in text for title in titles for text in said)
    assert edition.t("print.package.incidents") in first["capgap_licences"]
    assert not ids & {s.source_id for s in used(study, edition.answer)}, "a picture holds no such number"


def test_both_sides_of_a_disputed_number_stand_in_the_tables(make):
    for part, key in (("departments", "department_id"), ("indicators", "department_id")):
        table = pd.read_csv(io.BytesIO(export(make(KM, "en"), "csv", part)), dtype={key: str}).set_index(key)
        puno = table.loc["21", "disputed"]
        assert all(word in puno for word in ("12 officers", "4 officers", "regional police", "2025"))
        assert "13 officers" in table.loc["20", "disputed"]
        assert pd.isna(table.loc["15", "disputed"])
    units = pd.read_csv(io.BytesIO(export(make(KM, "en"), "csv", "facilities"))).set_index("facility_id")
    assert "4 officers" in units.loc["police_puno", "disputed"]


def test_a_table_of_the_country_tells_whose_note_it_carries(make):
    country = make(KM, "en")
    part = replace(country, choice=Choice(area="d:17"))
    assert part.note != country.note
    assert part.meaning.startswith(f"Madre de Dios: {part.note} Peru: {country.note}")
    assert country.meaning.startswith(country.note)


def test_without_an_address_there_is_no_link(police):
    bare = replace(police, base="")
    assert bare.link == bare.spec.link == ""
    for text in (
        readme(bare),
        export(bare, "kml").decode(),
        picture(bare.spec, size="a4", fmt="svg").decode(),
    ):
        assert "lang=es" not in text
    assert "lang=es" in readme(police)


def test_the_terms_that_we_state_are_in_the_readers_language(make, study):
    ours = {
        text
        for package in licences.terms(study).values()
        for text in (*(title for title, _ in package.licences.values()), *package.sources.values())
    }
    english = re.compile(r"\b(the|this|of|for|their)\b")
    spanish = [licences.said(text, Translator("es")) for text in ours]
    assert any(english.search(text) for text in ours)
    assert not [text for text in spanish if english.search(text)]
    assert {licences.said(text, Translator("en")) for text in ours} == ours


def test_what_was_made_of_an_edition_goes_with_it(police):
    edition = replace(police)
    assert layers(edition) is layers(edition)
    kept = weakref.ref(layers(edition)["departments"])
    del edition
    gc.collect()
    assert kept() is None
