"""The painter in a real browser: what one sees, hovers, taps and types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import shapely
from playwright.sync_api import Browser, Page

from capgap_geo.render import theme
from capgap_geo.render.mapspec import AreaLayer, ClassEntry, Facts, Geometry, MapSpec
from capgap_geo.render.webmap import STATIC

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Map</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/fonts/fonts.css">
<link rel="stylesheet" href="/static/vendor/leaflet/leaflet.css">
<link rel="stylesheet" href="/static/painter.css">
<style>html, body { margin: 0; height: 100% }</style></head><body><main id="map" class="cg-host"></main>
<script type="module">
import * as L from "/static/vendor/leaflet/leaflet-src.esm.js";
import { paint } from "/static/painter.js";
window.events = [];
window.start = async (spec, options = {}) => {
  const onEvent = (name, detail) => window.events.push([name, detail]);
  const at = document.getElementById("map");
  window.map = paint(at, spec, { L, base: location.origin + "/", onEvent, ...options });
  await window.map.ready;
};
window.loaded = true;
</script></body></html>"""

Start = Callable[..., Page]


@pytest.fixture
def start(chromium: Browser, site: str) -> Iterator[Start]:
    """Return ``start(spec, width=, height=, **context)``: a page with the map, checked at the end."""
    contexts, wrong = [], []

    def open_page(spec: MapSpec, *, width: int = 1366, height: int = 768, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.route("**/*", lambda route: route.continue_() if site in route.request.url else route.abort())
        page.route(f"{site}/map", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto(f"{site}/map")
        page.wait_for_function("window.loaded")
        page.evaluate("spec => window.start(spec)", spec.to_dict())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in wrong if "tiles.invalid" not in text and "ERR_FAILED" not in text] == []


def phone(start: Start, spec: MapSpec) -> Page:
    return start(spec, width=390, height=844, has_touch=True, is_mobile=True, device_scale_factor=2)


def point(page: Page, lat: float, lon: float) -> tuple[float, float]:
    at = page.evaluate("at => window.map.map.latLngToContainerPoint(at)", [lat, lon])
    return at["x"], at["y"]


def clicks(page: Page) -> list[dict[str, Any]]:
    return [detail for name, detail in page.evaluate("window.events") if name == "click"]


def tip(page: Page) -> str:
    return page.locator(".cg-tip").inner_text() if page.locator(".cg-tip").is_visible() else ""


def pixels(page: Page, lat: float, lon: float, size: int = 24) -> set[tuple[int, ...]]:
    """The colours on the drawing canvas in a square around a position."""
    x, y = point(page, lat, lon)
    rgba = page.evaluate(
        """([x, y, size]) => {
          const canvas = document.querySelector(".leaflet-cgSheet-pane canvas");
          const box = canvas.getBoundingClientRect();
          const ratio = canvas.width / box.width;
          const at = [(x - box.left) * ratio - size / 2, (y - box.top) * ratio - size / 2, size, size];
          return [...canvas.getContext("2d").getImageData(...at.map(Math.round)).data];
        }""",
        [x, y, size],
    )
    return {tuple(rgba[i : i + 4]) for i in range(0, len(rgba), 4)}


def test_hover_says_name_value_pair_year_and_source_and_leaves_again(map_spec, start):
    page = start(map_spec(""))
    page.mouse.move(*point(page, -12.0, -78.5))
    assert tip(page).split() == ["west", "value", "62–71", "%", "n", "INEI", ",", "2025"]
    page.mouse.move(*point(page, -16.5, -80.0))
    assert tip(page) == ""
    assert clicks(page) == []


def test_a_click_tells_the_host_and_pins_what_is_said(map_spec, start):
    page = start(map_spec(""))
    page.mouse.click(*point(page, -12.0, -78.5))
    (click,) = clicks(page)
    assert (click["layer"], click["id"]) == ("departments", "west")
    assert click["lat"] == pytest.approx(-12.0, abs=0.1) and click["lon"] == pytest.approx(-78.5, abs=0.1)
    page.mouse.move(*point(page, -16.5, -80.0))
    assert tip(page).startswith("west")
    page.keyboard.press("Escape")
    assert tip(page) == ""


def test_what_lies_on_top_answers_first(map_spec, start):
    page = start(map_spec(""))
    for lat, lon, layer, thing in (
        (-11.5, -69.7, "zones", "rinconada"),
        (-10.5, -72.0, "deserts", "robust"),
        (-13.52, -71.97, "police", "police1"),
    ):
        page.mouse.click(*point(page, lat, lon))
        assert (clicks(page)[-1]["layer"], clicks(page)[-1]["id"]) == (layer, thing)
    # A zone's tip also says in which area it lies; a facility speaks for itself.
    assert "west" not in tip(page) and "10" in tip(page)


def test_a_shelter_is_a_badge_in_the_name_and_answers_for_its_department(map_spec, start):
    page = start(map_spec(""))
    (badge,) = [mark for mark in page.evaluate("window.map.stats().marks") if mark.get("badge")]
    assert badge["layer"] == "departments" and badge["ids"] == ["east"]
    offset = page.evaluate(
        "document.querySelector('.leaflet-cgSheet-pane canvas').getBoundingClientRect().toJSON()"
    )
    page.mouse.click(badge["x"] + offset["x"], badge["y"] + offset["y"])
    assert tip(page).startswith("shelters")
    assert (clicks(page)[-1]["layer"], clicks(page)[-1]["id"]) == ("departments", "east")


def test_unknown_is_hatched_and_known_is_plain(map_spec, start):
    page = start(map_spec(""))
    known = pixels(page, -12.8, -78.2, size=12)
    assert known == {(244, 233, 224, 255)}
    assert len(pixels(page, -2.0, -78.0)) > 3


def test_a_desert_only_by_strict_evidence_is_hatched_and_the_robust_one_is_filled(map_spec, start):
    page = start(map_spec(""))
    assert len(pixels(page, -9.9, -71.4, size=10)) == 1
    assert len(pixels(page, -5.0, -72.0)) > 8


def test_mining_outlines_look_different_in_the_legend(map_spec, start):
    page = start(map_spec(""))
    pictures = page.evaluate("[...document.querySelectorAll('.cg-swatch')].map(c => c.toDataURL())")
    labels = page.locator(".cg-row-label").all_inner_texts()
    zones = {
        pictures[i] for i, label in enumerate(labels) if label.strip() in ("class 0", "class 1", "class 2")
    }
    assert len(zones) >= 3
    assert len(set(pictures)) == len(pictures)


def test_the_legend_counts_and_hides_with_its_layer(map_spec, start):
    page = start(map_spec(""))
    legend = page.locator(".cg-legend")
    assert "2 sure, 1 said" in legend.inner_text()
    page.get_by_role("button", name="layers").click()
    page.get_by_label("departments", exact=True).uncheck()
    assert "departments" not in legend.inner_text()
    assert page.evaluate("window.map.stats().layers.find(l => l.id === 'departments').on") is False
    page.get_by_role("button", name="legend").click()
    assert not page.locator(".cg-legend-body").is_visible()


def test_a_layer_that_the_reader_switched_stays_so_through_an_update(map_spec, start):
    page = start(map_spec(""))
    page.get_by_role("button", name="layers").click()
    page.get_by_label("zones", exact=True).uncheck()
    page.evaluate("spec => window.map.update(spec)", map_spec("").to_dict())
    assert page.evaluate("window.map.stats().layers.find(l => l.id === 'zones').on") is False


def test_all_things_are_reached_by_keyboard_alone(map_spec, start):
    page = start(map_spec(""))
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "combobox":
            break
    page.keyboard.press("ArrowDown")
    spoken, seen = page.locator("[role=status]"), set()
    total = page.locator("[role=option]").count()
    for _ in range(total):
        active = page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")
        assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
        seen.add(spoken.inner_text().split(",")[0].strip())
        assert tip(page)
        page.keyboard.press("ArrowDown")
    assert {"west", "east", "north", "shelters", "pampa", "secocha", "police0", "robust"} <= seen
    page.keyboard.type("pamp")
    page.keyboard.press("Enter")
    assert (clicks(page)[-1]["layer"], clicks(page)[-1]["id"]) == ("zones", "pampa")
    assert "value" in spoken.inner_text() and "INEI" in spoken.inner_text()
    page.keyboard.press("Escape")
    assert tip(page) == ""


def test_names_are_found_without_accents_and_nothing_is_said_plainly(map_spec, start):
    spec = map_spec("")
    places = replace(spec.layers[-2], names=("Lima", "Ñaña"))
    page = start(replace(spec, layers=(*spec.layers[:-2], places)))
    page.locator(".cg-input").fill("nana")
    assert page.locator("[role=option]").all_inner_texts()[0].startswith("Ñaña")
    page.locator(".cg-input").fill("zzz")
    assert page.locator("[role=option]").all_inner_texts() == ["find_none"]


def test_a_whole_word_and_what_the_map_is_about_are_found_first(map_spec, start):
    spec = map_spec("")
    places = replace(spec.layers[-2], names=("Pampas", "Pampa de Tate"))
    page = start(replace(spec, layers=(*spec.layers[:-2], places)))
    page.locator(".cg-input").fill("pampa")
    names = [text.splitlines()[0] for text in page.locator("[role=option]").all_inner_texts()]
    assert names == ["pampa", "Pampa de Tate", "Pampas"]


def test_an_update_keeps_the_view_and_repaints(map_spec, start):
    manifest = json.loads((STATIC / "geo" / "manifest.json").read_text())
    address = f"static/geo/{manifest['provinces']}"
    features = json.loads((STATIC / "geo" / manifest["provinces"]).read_text())["features"]
    ids = tuple(feature["id"] for feature in features)
    styles = theme.ramp_styles(5)

    def provinces(shift: int) -> MapSpec:
        layer = AreaLayer(
            layer_id="provinces",
            title="Provinces",
            geometry=Geometry(url=address),
            ids=ids,
            classes="".join(str((i + shift) % 5) for i in range(len(ids))),
            entries=tuple(ClassEntry(c, style, c) for c, style in styles.items()),
            facts=tuple(Facts(i, f"{shift} %") for i in ids),
        )
        return map_spec("", layers=(layer,))

    page = start(provinces(0))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("window.map.map.setView([-12, -72], 7, { animate: false })")
    view = page.evaluate("window.map.view()")
    specs = [provinces(i).to_dict() for i in range(1, 8)]
    page.evaluate("async specs => { for (const spec of specs) await window.map.update(spec); }", specs)
    assert page.evaluate("window.map.view()") == view
    assert page.evaluate("window.map.stats().layers[0].classes") == {
        str(c): provinces(7).layers[0].classes.count(str(c)) for c in range(5)
    }
    assert asked == []  # the geometry was there already


def test_a_new_revision_moves_the_view(map_spec, start):
    spec = map_spec("")
    page = start(spec)
    moved = replace(spec, view=replace(spec.view, center=(-12.6, -69.2), zoom=8.0, revision="mdd"))
    page.evaluate("spec => window.map.update(spec)", moved.to_dict())
    page.wait_for_function("Math.abs(window.map.view().zoom - 8) < 0.01")
    assert page.evaluate("window.map.view()")["lon"] == pytest.approx(-69.2, abs=0.01)


def test_a_jump_leaves_no_blank_map(map_spec, start):
    page = start(map_spec(""))
    for at, zoom in (([-12.0, -78.0], 8), ([-11.0, -77.0], 6), ([-12.0, -75.0], 9)):
        page.evaluate("([at, zoom]) => window.map.map.setView(at, zoom, { animate: false })", [at, zoom])
        page.wait_for_timeout(100)
        assert (244, 233, 224, 255) in pixels(page, at[0] - 0.2, at[1])


def test_the_country_is_fitted_again_until_the_reader_moves(map_spec, start):
    page = start(map_spec(""))
    wide = page.evaluate("window.map.view().zoom")
    page.set_viewport_size({"width": 700, "height": 400})
    page.wait_for_function("zoom => window.map.view().zoom < zoom", arg=wide)
    page.get_by_role("button", name="zoom_in").click()
    page.wait_for_timeout(500)
    moved = page.evaluate("window.map.view().zoom")
    page.set_viewport_size({"width": 1000, "height": 700})
    page.wait_for_timeout(300)
    assert page.evaluate("window.map.view().zoom") == moved


def test_the_view_outlives_the_container_under_its_name(map_spec, start):
    page = start(map_spec(""))
    again = "spec => { window.map.destroy(); return window.start(spec, { memory: 'main' }); }"
    page.evaluate(again, map_spec("").to_dict())
    page.get_by_role("button", name="zoom_in").click()
    page.wait_for_timeout(500)
    view = page.evaluate("window.map.view()")
    page.evaluate(again, map_spec("").to_dict())
    assert page.evaluate("window.map.view()") == pytest.approx(view, abs=0.01)  # to the nearest pixel


def test_picking_gives_the_position_and_pins_nothing(map_spec, start):
    page = start(map_spec("", picking=True))
    page.mouse.click(*point(page, -16.5, -80.0))
    (click,) = clicks(page)
    assert click["layer"] is None and click["lat"] == pytest.approx(-16.5, abs=0.1)
    assert tip(page) == ""


def test_online_tiles_remove_themselves_after_three_errors(map_spec, start):
    page = start(map_spec(""))
    page.get_by_role("button", name="layers").click()
    page.get_by_label("tiles", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert "tiles_failed" in page.get_by_role("alert").inner_text()
    assert not page.get_by_label("tiles", exact=True).is_checked()
    assert page.locator(".leaflet-tile").count() == 0


def test_geometry_that_does_not_come_is_told_and_can_be_asked_again(map_spec, chromium, site):
    spec = map_spec("")
    layer = replace(spec.layers[1], geometry=Geometry(url="static/geo/none.geojson"))
    context = chromium.new_context()
    page = context.new_page()
    page.route(f"{site}/map", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(f"{site}/map")
    page.wait_for_function("window.loaded")
    page.evaluate("spec => window.start(spec)", map_spec("", layers=(layer,)).to_dict())
    assert "load_failed" in page.get_by_role("alert").inner_text()
    features = json.dumps(spec.layers[1].geometry.inline)
    page.route("**/none.geojson", lambda route: route.fulfill(body=features, content_type="application/json"))
    page.get_by_role("button", name="retry").click()
    page.wait_for_function("window.map.stats().layers.length === 1")
    assert not page.get_by_role("alert").is_visible()
    context.close()


def test_a_file_that_comes_at_the_second_try_is_not_missed(map_spec, chromium, site):
    spec = map_spec("")
    layer = replace(spec.layers[1], geometry=Geometry(url="static/geo/late.geojson"))
    context = chromium.new_context()
    page = context.new_page()
    asked = []

    def answer(route):
        asked.append(route.request.url)
        found = {"body": json.dumps(spec.layers[1].geometry.inline), "content_type": "application/json"}
        route.fulfill(**found if len(asked) > 1 else {"status": 404})

    page.route("**/late.geojson", answer)
    page.route(f"{site}/map", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(f"{site}/map")
    page.wait_for_function("window.loaded")
    page.evaluate("spec => window.start(spec)", map_spec("", layers=(layer,)).to_dict())
    assert page.evaluate("window.map.stats().layers.length") == 1
    assert len(asked) == 2
    assert not page.get_by_role("alert").is_visible()
    context.close()


def test_what_has_been_replaced_is_not_missed(map_spec, start):
    page = start(map_spec(""))
    page.route("**/none.geojson", lambda route: route.abort())
    lost = replace(map_spec("").layers[1], geometry=Geometry(url="static/geo/none.geojson"))
    specs = [map_spec("", layers=(lost,)).to_dict(), map_spec("").to_dict()]
    page.evaluate("specs => Promise.all(specs.map(spec => window.map.update(spec)))", specs)
    assert page.evaluate("window.map.stats().layers.length") == len(map_spec("").layers)
    assert not page.get_by_role("alert").is_visible()


LISTEN = """() => { window.said = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
    window.said.push(text);
    return draw.call(this, text, ...at);
  }; }"""


def test_a_town_is_named_beside_its_dot_or_not_at_all(map_spec, start):
    spec = map_spec("")
    area = next(layer for layer in spec.layers if getattr(layer, "names", False) is True)
    west, south, east, north = shapely.geometry.shape(area.geometry.inline["features"][0]["geometry"]).bounds
    page = start(spec)
    x, y = point(page, (south + north) / 2, (west + east) / 2)
    # At the end of the area's name: its dot would be covered, and there is room beside it.
    under = page.evaluate("at => window.map.map.containerPointToLatLng(at)", [x + 20, y])
    towns = replace(
        next(layer for layer in spec.layers if layer.layer_id == "places"),
        ids=("under", "free"), names=("Under", "Free"), min_zooms=(0.0, 0.0),
        points=((under["lat"], under["lng"]), (-16.5, -80.0)),
    )  # fmt: skip
    page.evaluate(LISTEN)
    page.evaluate("spec => window.map.update(spec)", map_spec("", layers=(area, towns)).to_dict())
    said = page.evaluate("window.said")
    assert area.facts[0].name.upper() in said
    assert "Free" in said
    assert "Under" not in said


def test_on_a_phone_it_works_by_thumb(map_spec, start):
    page = phone(start, map_spec(""))
    assert not page.locator(".cg-legend-body").is_visible()
    small = page.evaluate(
        """[...document.querySelectorAll(".cg-ui button, .cg-ui input")].filter(e => e.offsetParent)
           .filter(e => e.offsetWidth < 44 || e.offsetHeight < 44).map(e => e.className)"""
    )
    assert small == []
    page.touchscreen.tap(*point(page, -12.0, -78.5))
    page.locator(".cg-tip").wait_for()
    assert tip(page).startswith("west")
    box = page.locator(".cg-tip").bounding_box()
    assert box["width"] > 350 and box["y"] + box["height"] > 800  # a sheet from below
    page.get_by_role("button", name="close").tap()
    assert tip(page) == ""
    page.get_by_role("button", name="find").tap()
    page.keyboard.type("lim")
    page.locator("[role=option]").first.tap()
    assert clicks(page)[-1]["id"] == "lima"
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_calm_motion_is_kept(map_spec, start):
    page = start(map_spec(""), reduced_motion="reduce")
    assert page.evaluate("window.map.map.options.zoomAnimation") is False
    page.get_by_role("button", name="zoom_in").click()
    before = page.evaluate("window.map.view().zoom")
    page.wait_for_timeout(400)
    assert page.evaluate("window.map.view().zoom") == before


def test_facilities_in_one_town_stand_side_by_side(map_spec, start):
    spec = map_spec("")
    layers = tuple(
        replace(layer, visible=True) if layer.layer_id == "protection" else layer for layer in spec.layers
    )
    page = start(replace(spec, layers=layers))
    marks = [mark for mark in page.evaluate("window.map.stats().marks") if not mark.get("badge")]
    assert len(marks) == 6
    for one in marks:
        others = [other for other in marks if other is not one]
        assert min(abs(one["x"] - o["x"]) + abs(one["y"] - o["y"]) for o in others) >= 16


def test_the_link_carries_the_view(map_spec, start):
    page = start(map_spec(""), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="copy_link").click()
    page.wait_for_function("document.querySelector('[role=status]').textContent.startsWith('copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    view = page.evaluate("window.map.view()")
    at = parse_qs(urlsplit(link).query)["at"]
    assert link.startswith("https://capgap.example/?service=police&at=")
    assert at == [f"{view['lon']},{view['lat']},{view['zoom']}"]


def test_nothing_is_left_after_destroy(map_spec, start):
    page = start(map_spec(""))
    page.evaluate("window.map.destroy()")
    assert page.evaluate("document.getElementById('map').childElementCount") == 0
    page.mouse.move(300, 300)
    page.keyboard.press("Escape")


def test_shapes_are_drawn_before_it_is_known_what_is_said_of_them(map_spec, start):
    spec = map_spec("").to_dict()
    page = start(map_spec(""))
    (layer,) = (layer for layer in spec["layers"] if layer["id"] == "departments")
    said = layer["facts"] | {"value": ["told late"] * len(layer["ids"])}
    layer["facts"] = {"$url": "late.json"}
    waiting = []
    page.route("**/late.json", lambda route: waiting.append(route))
    page.evaluate("spec => { window.told = window.map.update(spec); }", spec)
    page.wait_for_selector("[data-cg-ready='2']")
    page.wait_for_timeout(50)
    page.mouse.move(*point(page, -12.0, -78.5))
    assert tip(page) == "west"
    waiting[0].fulfill(json=said)
    page.evaluate("window.told")
    assert tip(page).split()[:3] == ["west", "told", "late"]
