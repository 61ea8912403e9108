"""Own data: understood, mapped, protected, used in one session and in no other, saved, loaded."""

import gc
import io
import json
import re
import weakref
import zipfile

import geopandas as gpd
import numpy as np
import pypdf
import pytest
import rasterio
import shapely
from streamlit.testing.v1 import AppTest

from capgap_geo.analysis import engines
from capgap_geo.i18n import Translator, texts
from capgap_geo.model import Measure, Profile, Scenario, Service
from capgap_geo.privacy import Secret, find_leaks
from capgap_geo.privacy.unfold import unfold
from capgap_geo.render.about import Edition
from capgap_geo.render.export import export
from capgap_geo.render.figure import picture
from capgap_geo.render.mapspec import texts_of
from capgap_geo.render.preview import Preview, preview
from capgap_geo.render.publish import map_spec
from capgap_geo.sources.uploads import KINDS, read_upload, template
from capgap_geo.sources.uploads.clean import column_name
from capgap_geo.sources.uploads.messages import ERRORS, refusal
from capgap_geo.sources.uploads.templates import template_name
from capgap_geo.ui import prepared
from capgap_geo.ui.data_result import problem_file, problem_rows
from capgap_geo.ui.data_use import built, saved, with_upload
from capgap_geo.ui.data_words import note_text
from capgap_geo.ui.own import KEPT, current
from capgap_geo.ui.refusals import error_text

SCRIPT = "from capgap_geo.ui.shell import draw\ndraw({name!r})()"
#: Not on an outline to four decimals: the outlines of departments are in the files.
SECRET = Secret(-71.4786543, -11.6137468, ("Casa de acogida Flor de Aguaje",))
FACILITIES = f"""servicio,lugar,departamento,latitud,longitud,efectivos,perfil
policía,Mazuko,Madre de Dios,-13.1,-70.38,4,
albergue,Casa de acogida Flor de Aguaje,Madre de Dios,{SECRET.latitude},{SECRET.longitude},,niñas
""".encode()
BAD = FACILITIES + "policía,Nada,Atlántida,,,x,\n".encode()
SAID = {"source": "Mesa regional", "licence": "CC BY 4.0", "date": "2024-06-30"}
LANGUAGES = ["es", "en"]


def open_page(name="data", **params):
    app = AppTest.from_string(SCRIPT.format(name=name), default_timeout=90)
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def bring(app, content, name="datos.csv"):
    app.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return app.run()


def boxes(app, name):
    """Return the choices whose key begins so."""
    return [b for b in app.selectbox if str(b.key).startswith(f"w_{name}_")]


def page_text(app):
    parts = [e.proto.body for e in app.get("html")]
    shown = [*app.caption, *app.warning, *app.error, *app.success]
    return "\n".join([*parts, *(e.value for e in shown)])


def received(app):
    """Return everything that the page would send, as bytes."""
    nodes = list(app.main.children.values()) + list(app.sidebar.children.values())
    out = []
    while nodes:
        node = nodes.pop()
        out.append(node.proto.SerializeToString() if getattr(node, "proto", None) is not None else b"")
        nodes += list(getattr(node, "children", {}).values())
    return b"\n".join(out)


def use(app):
    return app.button(key="w_use").click().run()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_is_understood_used_and_taken_away(language):
    t = Translator(language)
    app = bring(open_page(lang=language), FACILITIES)
    assert not app.exception
    assert not app.error
    assert boxes(app, "kind")[0].value == "facilities"
    text = page_text(app)
    assert t("own.usable", good="2", rows="2") in text
    assert "UTF-8".lower() in text.lower()
    assert note_text_of("generalised_shelters", 1, t) in text
    assert t("own.unsourced_help") in text
    app = use(app)
    assert not app.exception
    assert not app.error
    text = page_text(app)
    assert t("own.unsourced") in text
    assert t.count("own.rows", 2) in text
    own = app.session_state["own"]
    assert len(own.study.facilities) == len(prepared.shared_study().facilities) + 2
    app = app.button(key="w_own_remove").click().run()
    assert "own" not in app.session_state
    assert t("own.unsourced") not in page_text(app)


def note_text_of(code, count, t):
    return t(f"upload.note.{code}", count=t.number(count))


def test_a_stated_source_is_cited_and_not_marked():
    app = bring(open_page(lang="en"), FACILITIES)
    for name, value in SAID.items():
        next(i for i in app.text_input if str(i.key).startswith(f"w_{name}_")).set_value(value)
    app = use(app.run())
    text = page_text(app)
    assert texts("en")["own.unsourced"] not in text
    assert "Mesa regional" in prepared_source(app).title


def prepared_source(app):
    own = app.session_state["own"]
    return own.study.sources[own.uploads[0].origin.source_id]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_is_listed_and_bad_rows_are_left_out_only_on_request(language):
    app = bring(open_page(lang=language), BAD)
    assert app.button(key="w_use").disabled
    next(c for c in app.checkbox if str(c.key).startswith("w_without_")).check()
    app = app.run()
    assert not app.button(key="w_use").disabled
    app = use(app)
    assert len(app.session_state["own"].uploads[0].table) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_problems_says_row_column_value_and_remedy(language):
    t = Translator(language)
    table = problem_rows(read_upload(BAD, "f.csv", kind="facilities"), t)
    assert set(table.iloc[:, 0]) == {4}
    assert set(table.iloc[:, 1]) == {"departamento", "efectivos"}
    wanted = {t("upload.problem.unknown_department"), t("upload.problem.not_a_number")}
    assert set(table.iloc[:, 3]) == wanted
    assert table.iloc[:, 4].str.len().min() > 5
    lines = problem_file(table).decode("utf-8-sig").splitlines()
    assert len(lines) == len(table) + 1
    assert all(not cell.lstrip('"').startswith(("=", "+", "-", "@")) for x in lines for cell in x.split(","))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_column_that_the_file_lacks_is_named_as_the_page_names_it(language):
    t = Translator(language)
    upload = read_upload(b"servicio,departamento\nalbergue,Puno\n", "f.csv", kind="facilities")
    table = problem_rows(upload, t)
    assert table.iloc[0, 1] == t("upload.field.profiles")
    assert t("upload.field.profiles") in table.iloc[0, 3]


def test_a_masked_value_in_the_downloaded_list_is_no_formula():
    bad = b"servicio,departamento,latitud,longitud,perfil\nalbergue,Puno,-99.12345,-70.123456,ninas\n"
    upload = read_upload(bad, "f.csv", kind="facilities")
    content = problem_file(problem_rows(upload, Translator("es")))
    assert b"99.12345" not in content
    assert b",-" not in content


def test_a_column_is_mapped_by_hand():
    odd = FACILITIES.replace(b"servicio,", b"cosa,")
    app = bring(open_page(lang="es"), odd)
    if boxes(app, "kind")[0].value != "facilities":
        boxes(app, "kind")[0].set_value("facilities")
        app = app.run()
    assert app.error
    service = boxes(app, "map_service")[0]
    assert service.value is None
    service.set_value("cosa")
    app = app.run()
    assert not app.error
    assert not app.button(key="w_use").disabled


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02" * 50, b"%PDF-1.7 nothing", b"PK\x03\x04 broken", b"a" * 11_000_000],
    ids=["empty", "binary", "pdf", "zip", "large"],
)
def test_a_file_that_cannot_be_used_gives_one_sentence(content, language):
    app = bring(open_page(lang=language), content, "x.csv")
    assert not app.exception
    assert len(app.error) == 1
    assert "{" not in app.error[0].value
    known = [re.escape(v) for k, v in texts(language).items() if k.startswith("error.upload_")]
    forms = [re.sub(r"\\{\w+\\}", ".+", text) for text in known]
    assert any(re.fullmatch(form, app.error[0].value) for form in forms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_its_sentence(language):
    t = Translator(language)
    for code, english in ERRORS.items():
        values = dict.fromkeys(("limit", "found", "formats", "format", "known", "missing", "layer"), "7")
        error = refusal(code, **values, kind="zones", fields="service, period")
        text = error_text(error, t)
        assert text
        assert "{" not in text
        assert language == "en" or text != english


def test_a_name_that_may_be_a_value_shows_its_form_only():
    assert column_name("-11.6137468") == "-••.•••••••"
    assert column_name("latitud (°)") == "latitud (°)"
    assert "<" not in column_name("<script>x</script>")


def test_nothing_that_a_page_sends_holds_the_exact_place_of_a_shelter():
    app = bring(open_page(lang="es"), FACILITIES)
    assert not find_leaks(received(app), [SECRET])
    app = use(app)
    own = app.session_state["own"]
    assert not find_leaks(received(app), [SECRET])
    for name in ("map", "compare", "evidence"):
        page = AppTest.from_string(SCRIPT.format(name=name), default_timeout=90)
        page.session_state["own"] = own
        page.run()
        assert not page.exception
        assert not page.error
        assert texts("es")["own.unsourced"] in page_text(page)
        assert not find_leaks(received(page), [SECRET])
    assert not find_leaks(saved(own), [SECRET])


def test_one_session_never_sees_the_data_of_another():
    mine = use(bring(open_page(lang="en"), FACILITIES))
    shared, own = engines.engine(prepared.shared_study()), mine.session_state["own"]
    other = open_page("map", lang="en")
    assert "own" not in other.session_state
    assert texts("en")["own.unsourced"] not in page_text(other)
    assert current() is None
    assert prepared.study() is prepared.shared_study()
    assert engines.engine(prepared.shared_study()) is shared
    assert own.engine is not shared


def test_the_data_are_gone_with_the_session():
    app = use(bring(open_page(lang="en"), FACILITIES))
    gone = weakref.ref(app.session_state["own"])
    app = app.button(key="w_own_remove").click().run()
    app = app.run()
    gc.collect()
    assert gone() is None


def test_own_answers_count_own_facilities_and_are_few():
    own = built(None, (read_upload(FACILITIES, "f.csv", kind="facilities", **SAID),))
    scenario = Scenario(measure=Measure.STRAIGHT_LINE, threshold=50)
    found = own.answer(scenario)
    assert own.uploads[0].origin.source_id in found.source_ids
    shared = prepared.answer(scenario)
    assert found.country["covered_people_upper"] > shared.country["covered_people_upper"]
    assert found.country["covered_people_lower"] == shared.country["covered_people_lower"]
    for threshold in (60, 70, 80, 90):
        own.answer(scenario.with_(threshold=threshold))
    assert len(own.answers) == KEPT


def test_the_same_rows_brought_again_with_a_source_replace_those_without():
    app = use(bring(open_page(lang="en"), FACILITIES))
    app = bring(app, FACILITIES)
    for name, value in SAID.items():
        next(i for i in app.text_input if str(i.key).startswith(f"w_{name}_")).set_value(value)
    app = use(app.run())
    own = app.session_state["own"]
    assert len(own.uploads) == 1
    assert not own.uploads[0].unsourced


def zone(west=-70.0, **more):
    shape = shapely.box(west, -13, west + 0.1, -12.9)
    return gpd.GeoDataFrame({k: [v] for k, v in more.items()}, geometry=[shape], crs="EPSG:4326").to_json()


def test_an_own_zone_is_drawn_and_named():
    app = bring(open_page(lang="en"), zone(zone_name="La Poza").encode(), "z.geojson")
    assert boxes(app, "kind")[0].value == "zones"
    app = use(app)
    page = AppTest.from_string(SCRIPT.format(name="map"), default_timeout=90)
    page.session_state["own"] = app.session_state["own"]
    page.query_params["area"] = "z:upload_la_poza"
    page.query_params["lang"] = "en"
    page.run()
    assert not page.exception
    assert not page.error
    assert "La Poza" in page_text(page)


def raster(side=0.25, value=12.0):
    west, north, width, height = -83.0, 1.5, int(16 / side), int(22 / side)
    values = np.full((height, width), value, "float32")
    place = rasterio.transform.from_origin(west, north, side, side)
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype="float32", crs="EPSG:4326",
            transform=place,
        ) as dataset:  # fmt: skip
            dataset.write(values, 1)
        return memory.read()


SAMPLES = {
    "facilities": (FACILITIES, "f.csv"),
    "incidents": (b"department,year,cases\nPuno,2024,3\nCusco,2024,50\nTacna,2024,60\n", "i.csv"),
    "zones": (zone(zone_name="La Poza").encode(), "z.geojson"),
    "mining": (zone(id="a", period="2023", year=2023, mined_area_ha=10.5).encode(), "m.geojson"),
    "boundaries": (zone(nombre="Uno", ubigeo="170101").encode(), "d.geojson"),
    "population": (b"province,department,population,year\nTambopata,Madre de Dios,150000,2026\n", "p.csv"),
    "friction": (raster(), "t.tif"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_a_preview_marked_as_unsourced(kind, language):
    t = Translator(language)
    content, name = SAMPLES[kind]
    upload = read_upload(content, name, kind=kind)
    held = with_upload(prepared.shared_study(), upload) if upload.complete or kind == "population" else None
    spec = preview(Preview(upload, held or prepared.shared_study(), prepared.shared_ground()), t)
    mark = t("own.unsourced") if upload.unsourced else upload.origin.source
    assert any(mark in credit for credit in spec.credits)
    drawn = spec.to_dict()
    assert not find_leaks(json.dumps(drawn, ensure_ascii=False).encode(), [SECRET])
    assert all("{" not in text for text in texts_of(drawn["legend"]))
    points = [layer for layer in drawn["layers"] if layer["kind"] == "points"]
    assert [p["symbol"] for p in points] == (["police"] if kind == "facilities" else [])


def test_a_travel_surface_of_ones_own_answers_in_its_minutes():
    slow = built(None, (read_upload(raster(value=60.0), "t.tif", kind="friction", **SAID),))
    found = slow.answer(Scenario())
    assert slow.uploads[0].origin.source_id in found.source_ids
    assert (
        found.country["uncovered_people_lower"]
        > prepared.answer(Scenario()).country["uncovered_people_lower"]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_saved_study_loads_again(language):
    own = built(None, tuple(read_upload(c, n, kind=k) for k, (c, n) in SAMPLES.items()))
    content = saved(own)
    assert zipfile.is_zipfile(io.BytesIO(content))
    app = open_page(lang=language)
    app.file_uploader[1].set_value(("s.zip", content, "application/zip"))
    app = app.run()
    assert not app.exception
    assert not app.error
    again = app.session_state["own"]
    assert len(again.study.facilities) == len(own.study.facilities)
    assert set(again.extras) == {"mining", "boundaries"}
    assert np.array_equal(again.study.friction, own.study.friction, equal_nan=True)
    assert texts(language)["own.unsourced"] in page_text(app)
    assert saved(again) == content


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_zip_that_is_no_study_says_so(language):
    app = open_page(lang=language)
    app.file_uploader[1].set_value(("s.zip", b"PK\x03\x04nothing", "application/zip"))
    app = app.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "own" not in app.session_state


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["facilities", "incidents", "population", "zones", "boundaries"])
def test_every_template_is_understood_as_its_kind(kind, language):
    app = bring(open_page(lang=language), template(kind, language), template_name(kind))
    assert not app.exception
    assert not app.error
    assert boxes(app, "kind")[0].value == kind


def test_nothing_is_logged(caplog):
    with caplog.at_level("DEBUG", logger="capgap_geo"):
        app = bring(open_page(lang="es"), BAD)
        bring(app, b"\x00\x01", "Casa Flor de Aguaje.csv")
    assert not [r for r in caplog.records if r.name.startswith("capgap_geo")]


def test_notes_are_sentences_in_both_languages():
    for language in LANGUAGES:
        t = Translator(language)
        for kind, (content, name) in SAMPLES.items():
            upload = read_upload(content, name, kind=kind)
            for note in (*upload.notes, *upload.generalised):
                assert "{" not in note_text(note, t)


def own_data(content):
    return built(None, (read_upload(content, "f.csv", kind="facilities"), brought("zones")))


def brought(kind):
    content, name = SAMPLES[kind]
    return read_upload(content, name, kind=kind)


@pytest.fixture(scope="module")
def own():
    return own_data(FACILITIES)


@pytest.fixture(scope="module")
def elsewhere():
    """The same data with the shelter at another place of its department, under another name."""
    moved = FACILITIES.replace(str(SECRET.latitude).encode(), b"-11.0123457")
    moved = moved.replace(str(SECRET.longitude).encode(), b"-70.0765432")
    return own_data(moved.replace(b"Flor de Aguaje", b"Otro Nombre"))


NEAR = Scenario(measure=Measure.STRAIGHT_LINE, threshold=100)
#: What the archive holds of each kind of file, and of the pictures.
ENDINGS = (".csv", ".hxl.csv", ".xlsx", ".gpkg", ".kml", ".html", ".png", ".pdf")


def test_every_file_says_that_it_is_unsourced_and_is_the_same_wherever_the_shelter_is(own, elsewhere):
    t = Translator("en")
    packed = [export(Edition(o.study, o.answer(NEAR), t), "zip", "all") for o in (own, elsewhere)]
    assert packed[0] == packed[1]
    assert not any(SECRET.names[0].encode() in layer for layer in unfold(packed[0]))
    with zipfile.ZipFile(io.BytesIO(packed[0])) as archive:
        names = archive.namelist()
        assert {end for end in ENDINGS if any(name.endswith(end) for name in names)} == {*ENDINGS}
        silent = [name for name in names if not _says(t("own.unsourced"), archive.read(name))]
    assert [name.split("/", 1)[1] for name in silent] == ["scenario.json", "SHA256SUMS"]


def _says(text, content):
    if content.startswith(b"%PDF"):
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return text in " ".join(" ".join(page.extract_text() for page in pages).split())
    return any(text.encode() in layer for layer in unfold(content))


def test_every_answer_is_the_same_wherever_the_shelter_is(own, elsewhere):
    for service in Service:
        scenario = NEAR.with_(service=service, profile=Profile.GIRLS)
        found = [o.answer(scenario) for o in (own, elsewhere)]
        assert np.array_equal(found[0].wide, found[1].wide)
        assert found[0].departments.equals(found[1].departments)
    assert own.study.fingerprint == elsewhere.study.fingerprint


def test_a_picture_draws_an_own_zone_and_says_that_it_is_unsourced(own):
    t = Translator("en")
    spec = map_spec(own.study, own.answer(NEAR), t)
    zones = next(layer for layer in spec.to_dict()["layers"] if layer["id"] == "zones")
    assert "upload_la_poza" in {f["id"] for f in zones["geometry"]["inline"]["features"]}
    assert any(t("own.unsourced") in line for line in spec.credits)
    assert picture(spec, size="wide", fmt="png").startswith(b"\x89PNG")
