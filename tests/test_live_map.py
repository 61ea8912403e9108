"""The live map in a running app: clicks come back, the view stays, little travels."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from streamlit.testing.v1 import AppTest

from capgap_geo.render.webmap import STATIC
from capgap_geo.ui.live_map import Click, _click, by_address

APP = """
import json
from pathlib import Path

import streamlit as st

from capgap_geo.render import theme
from capgap_geo.render.mapspec import LABEL_KEYS, AreaLayer, ClassEntry, Facts, Geometry, MapSpec
from capgap_geo.ui.live_map import live_map

GEO = Path({static!r}) / "geo"
MANIFEST = json.loads((GEO / "manifest.json").read_text())
IDS = [f["id"] for f in json.loads((GEO / MANIFEST["provinces"]).read_text())["features"]]

threshold = st.slider("threshold", 1, 12, 4)
styles = theme.ramp_styles(5)
layer = AreaLayer(
    layer_id="provinces", title="Provinces", geometry=Geometry(url="app/static/geo/" + MANIFEST["provinces"]),
    ids=tuple(IDS), classes="".join(str((int(i) * threshold) % 5) for i in IDS),
    entries=tuple(ClassEntry(c, s, c) for c, s in styles.items()),
    facts=tuple(Facts(i, f"{{threshold}} h", "62-71 %", "2025", "INEI") for i in IDS),
)
spec = MapSpec(layers=(layer,), title="Test", labels={{k: k for k in LABEL_KEYS}}, credits=("INEI",))
click = live_map(spec, key="map", height=480)
st.session_state.count = st.session_state.get("count", 0) + (click is not None)
st.text(f"threshold {{threshold}} clicks {{st.session_state.count}} last {{click}}")
"""
READY = """n => [...document.querySelectorAll("*")].some(
    e => e.shadowRoot && e.shadowRoot.querySelector(`[data-cg-ready="${n}"]`))"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Iterator[str]:
    """The address of a small app with one live map, below a base path."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP.format(static=str(STATIC)), encoding="utf-8")
    (folder / "static").symlink_to(STATIC)
    port = free_port()
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.baseUrlPath": "peru",
        "server.enableStaticServing": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        *(f"--{k}={v}" for k, v in options.items()),
    ]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        address = f"http://127.0.0.1:{port}/peru"
        wait_for(f"{address}/_stcore/health")
        yield address
        process.terminate()


def wait_for(address: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise TimeoutError(address)


@pytest.fixture
def page(chromium: Browser, app: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.wrong, page.asked, page.received = [], [], []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: page.received.append(len(data))))
    page.goto(app)
    page.wait_for_function(READY, arg=1)
    page.wait_for_selector("[data-test-script-state=notRunning]")
    yield page
    assert page.wrong == []
    assert [a for a in page.asked if not re.match(r"(http://127\.0\.0\.1|data:|blob:)", a)] == []
    context.close()


def centre(page: Page) -> tuple[float, float]:
    x, y = page.evaluate(
        """() => { const b = globalThis.capgapMap.map.getContainer().getBoundingClientRect();
                   return [b.left + b.width / 2, b.top + b.height / 2]; }"""
    )
    return x, y


@pytest.mark.browser
def test_a_change_keeps_the_view_and_sends_little(page):
    page.evaluate("globalThis.capgapMap.map.setView([-12.5, -71], 7, { animate: false })")
    view = page.evaluate("globalThis.capgapMap.view()")
    page.received.clear()
    page.asked.clear()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(READY, arg=2)
    assert page.evaluate("globalThis.capgapMap.view()") == view
    assert sum(page.received) < 25_000
    assert not any(".geojson" in address for address in page.asked)
    tip = page.evaluate("globalThis.capgapMap.stats().layers[0]")
    assert tip["items"] == 196


@pytest.mark.browser
def test_a_click_comes_back_once_and_the_view_stays(page):
    view = page.evaluate("globalThis.capgapMap.view()")
    page.mouse.click(*centre(page))
    page.get_by_text("clicks 1 last Click(layer='provinces'").wait_for()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("threshold 5 clicks 1 last None").wait_for()
    assert page.evaluate("globalThis.capgapMap.view()") == view
    page.mouse.click(*centre(page))
    page.get_by_text("clicks 2 last Click").wait_for()
    shown = page.evaluate("globalThis.capgapMap.map.getContainer().querySelector('.cg-tip').innerText")
    assert "5 h" in shown  # what is pinned speaks of the new state


@pytest.mark.browser
def test_the_map_is_reached_by_keyboard_in_the_app(page):
    page.evaluate("globalThis.capgapMap.map.getContainer().focus()")
    for _ in range(5):
        page.keyboard.press("Tab")
        inside = "globalThis.capgapMap.map.getContainer().getRootNode().activeElement?.getAttribute('role')"
        if page.evaluate(inside) == "combobox":
            break
    page.keyboard.type("0101")
    page.keyboard.press("Enter")
    page.get_by_text("id='0101'").wait_for()


def test_without_a_server_everything_stays_inside(map_spec):
    spec = map_spec("x" * 50)
    assert by_address(spec.to_dict(), key="map") == spec.to_dict()


def test_a_page_with_the_map_runs_in_a_page_test():
    run = AppTest.from_string(APP.format(static=str(STATIC))).run(timeout=20)
    assert not run.exception
    assert run.text[0].value == "threshold 4 clicks 0 last None"


@pytest.mark.parametrize(
    ("value", "click"),
    [
        (None, None),
        ("text", None),
        ({}, None),
        ({"lat": "north", "lon": 1}, None),
        ({"lat": -12, "lon": -77, "layer": None, "id": None}, Click(None, None, -12.0, -77.0)),
        (
            json.loads('{"lat": -12.5, "lon": -77, "layer": "zones", "id": 7}'),
            Click("zones", "7", -12.5, -77.0),
        ),
    ],
)
def test_what_a_browser_sends_is_checked(value, click):
    assert _click(value) == click


def test_the_static_folder_is_where_the_app_serves_it():
    assert Path(__file__).resolve().parents[1] / "static" == STATIC
    assert (STATIC / "painter.js").is_file()
