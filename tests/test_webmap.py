"""The map as a file: it runs nothing that the data say, and it loads nothing from anywhere."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import folium
import jinja2
import pytest
from playwright.sync_api import Browser, Page

from capgap_geo.errors import CapGapError, DataNotFoundError
from capgap_geo.render.mapspec import AreaLayer, Geometry, TileLayer, texts_of
from capgap_geo.render.webmap import STATIC, assets_left, folium_map, inlined, standalone_html


def hostile(probe: object) -> str:
    """One text with every known way to become code, on the server (makes `probe`) and in the page."""
    return (
        f"{{{{cycler.__init__.__globals__.os.makedirs('{probe}', 511, True)}}}}"
        f"{{% set x = cycler.__init__.__globals__.os.makedirs('{probe}', 511, True) %}}"
        "{# #}{{7654321*1234567}}"
        "</script><script>window.hit=1</script><!--"
        "<img src=x onerror='window.hit=2'><svg onload='window.hit=3'>"
        "\"onmouseover='window.hit=4'${window.hit=5}`${window.hit=6}`'+(window.hit=7)+'\\u2028\\"
    )


def test_the_probe_works_where_texts_do_reach_a_template(tmp_path):
    probe = tmp_path / "probe"
    jinja2.Environment(autoescape=False).from_string(hostile(probe)).render()  # noqa: S701
    assert probe.exists()


@pytest.mark.parametrize("standalone", [False, True])
def test_no_text_of_any_layer_runs_on_the_server(map_spec, tmp_path, standalone):
    probe = tmp_path / "probe"
    spec = map_spec(hostile(probe))
    page = standalone_html(spec) if standalone else folium_map(spec).get_root().render()
    folium_map(spec)._repr_html_()
    assert not probe.exists()
    # A number that no random id of a page holds by chance.
    assert str(7654321 * 1234567) not in re.sub(r"[A-Za-z0-9+/=]{200,}", "", page)


def test_the_data_travel_only_as_one_base64_literal(map_spec):
    spec = map_spec("needle")
    page = folium_map(spec).get_root().render()
    assert "needle" not in page
    literals = re.findall(r'atob\("([A-Za-z0-9+/=]+)"\)', page)
    assert len(literals) == 1
    assert json.loads(base64.b64decode(literals[0])) == json.loads(json.dumps(inlined(spec, tiles=True)))


def test_it_is_a_folium_map_that_takes_other_layers(map_spec):
    made = folium_map(map_spec("x"))
    assert isinstance(made, folium.Map)
    folium.LayerControl().add_to(made)
    page = made.get_root().render()
    assert not list(assets_left(page))
    assert "cdn" not in re.sub(r"[A-Za-z0-9+/=]{200,}", "", page)


def test_an_address_of_elsewhere_is_seen_in_every_place():
    page = """
    <script src="https://a.example/1.js"></script><link rel=stylesheet href="//a.example/2.css">
    <img src="3.png">
    <style>@import 'https://a.example/4.css'; p { background: url("http://a.example/5.png") }</style>
    <p style="background: url(6.png)"><a href="https://a.example/cited">cited</a>
    <img src="data:image/png;base64,AA=="><style>a { behavior: url(#default#VML) }</style>
    """
    assert [re.sub(r"\D", "", address) for address in assets_left(page)] == list("123456")


def test_a_style_sheet_inside_a_data_uri_is_looked_into():
    style = base64.b64encode(b"p { background: url(https://a.example/x.png) }").decode()
    page = f'<link rel="stylesheet" href="data:text/css;base64,{style}">'
    assert list(assets_left(page)) == ["https://a.example/x.png"]


def test_a_file_that_would_load_something_is_refused(map_spec, monkeypatch):
    monkeypatch.setattr("capgap_geo.render.webmap._style_uri", lambda path: f"https://a.example/{path.name}")
    with pytest.raises(CapGapError) as caught:
        standalone_html(map_spec("x"))
    assert caught.value.code == "asset"
    assert "https://a.example/painter.css" in caught.value.details["assets"]


def test_online_tiles_stay_out_of_the_file_and_in_the_notebook(map_spec):
    spec = map_spec("x")
    assert any(isinstance(layer, TileLayer) for layer in spec.layers)
    kinds = [{layer["kind"] for layer in inlined(spec, tiles=tiles)["layers"]} for tiles in (False, True)]
    assert "tiles" not in kinds[0] and "tiles" in kinds[1]


def test_geometry_by_address_is_put_inside(map_spec):
    manifest = json.loads((STATIC / "geo" / "manifest.json").read_text())
    address = f"app/static/geo/{manifest['departments']}"
    spec = map_spec(layers=(country(address),))
    geometry = inlined(spec, tiles=False)["layers"][0]["geometry"]
    assert geometry["inline"] == json.loads((STATIC / "geo" / manifest["departments"]).read_text())


@pytest.mark.parametrize(
    "address", ["app/static/geo/none.geojson", "geo/manifest.json", "app/static", "etc/passwd"]
)
def test_an_address_that_is_no_file_of_ours_is_refused(map_spec, address):
    with pytest.raises(DataNotFoundError) as caught:
        standalone_html(map_spec(layers=(country(address),)))
    assert caught.value.details["address"] == address


def test_title_and_language_stand_in_the_page(map_spec):
    page = standalone_html(map_spec(title="A <b> & {{7*7}}", language="en"))
    assert "<title>A &lt;b&gt; &amp; {{7*7}}</title>" in page
    assert page.count("<html") == 1 and '<html lang="en">' in page


def country(address: str) -> AreaLayer:
    where = Geometry(url=address)
    return AreaLayer(layer_id="departments", title="D", geometry=where, ids=(), classes="", entries=())


@pytest.fixture
def opened(chromium: Browser) -> Iterator[tuple[Page, list[str], list[str]]]:
    """A page without any network, what it asked for and what went wrong."""
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    yield page, asked, wrong
    context.close()


def show(page: Page, html: str, folder) -> None:
    path = folder / "map.html"
    path.write_text(html, encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_function("window.capgapMap")
    page.evaluate("window.capgapMap.ready")


@pytest.mark.browser
def test_the_file_opens_from_disk_with_the_network_off(map_spec, opened, tmp_path):
    page, asked, wrong = opened
    show(page, standalone_html(map_spec("")), tmp_path)
    stats = page.evaluate("window.capgapMap.stats()")
    layers = {layer["id"]: layer for layer in stats["layers"]}
    assert layers["departments"]["classes"] == {"0": 1, "4": 1, "u": 1}
    assert layers["zones"]["items"] == 3
    assert len(stats["marks"]) == 4  # three police towns and one badge
    assert page.evaluate("document.fonts.check('12px \"Public Sans Variable\"')")
    assert page.locator("h1").inner_text() == "Title"
    assert "INEI" in page.locator("footer").inner_text()
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []
    assert wrong == []


@pytest.mark.browser
def test_no_text_of_any_layer_runs_in_the_page(map_spec, opened, tmp_path):
    page, _asked, wrong = opened
    text = hostile(tmp_path / "probe")
    spec = map_spec(text)
    spec = replace(
        spec, layers=tuple(replace(layer, visible=True) for layer in spec.layers), selected=("zones", text)
    )
    show(page, standalone_html(spec), tmp_path)
    page.locator(".cg-button[aria-controls]").first.click()
    box = page.locator(".folium-map").bounding_box()
    seen = []
    for x, y in spots(box, 9):
        page.mouse.move(x, y)
        seen.append(page.locator(".cg-tip").text_content())
        page.mouse.click(x, y)
    page.keyboard.press("Escape")
    page.locator(".cg-input").click()
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    assert any(text in shown for shown in seen)  # shown as what it is: text
    assert text in page.locator(".cg-list").text_content()
    assert text in page.locator(".cg-legend").text_content()
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src='x'], svg[onload], script:not([src]):has-text('window.hit=1')").count() == 0
    assert not (tmp_path / "probe").exists()
    assert wrong == []


def spots(box: dict[str, float], n: int) -> Iterator[tuple[float, float]]:
    for i in range(1, n):
        for j in range(1, n):
            yield box["x"] + box["width"] * i / n, box["y"] + box["height"] * j / n


@pytest.mark.browser
def test_it_shows_in_a_notebook_frame_without_a_network(map_spec, opened, tmp_path):
    page, asked, wrong = opened
    frame = folium_map(map_spec("")).get_root()._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!doctype html><meta charset=utf-8>{frame}", encoding="utf-8")
    page.goto((tmp_path / "notebook.html").as_uri())
    inner = page.frames[1]
    inner.wait_for_function("window.capgapMap")
    inner.evaluate("window.capgapMap.ready")
    assert len(inner.evaluate("window.capgapMap.stats()")["layers"]) == 10
    assert [address for address in asked if address.startswith("http")] == []
    assert wrong == []


def test_the_spec_leaves_out_no_text_of_the_hostile_map(map_spec):
    # Guards the tests above: every layer kind carries the payload in each of its text fields.
    spec = map_spec("needle").to_dict()
    plain = {"kind", "id", "symbol", "name_style", "name_colour", "image", "url", "open", "classes"}
    for layer in spec["layers"]:
        texts = [t for key, value in layer.items() if key not in plain for t in texts_of(value)]
        assert any("needle" in t for t in texts), layer["id"]
