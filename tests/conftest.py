"""A browser, a site for it, and a small map that has one of everything."""

from __future__ import annotations

import base64
import contextlib
import functools
import gc
import http.server
import io
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from benchmarks.browser import launch
from capgap_geo.cli import _code
from capgap_geo.model import Study
from capgap_geo.render import theme
from capgap_geo.render.mapspec import (
    LABEL_KEYS,
    AreaLayer,
    Badge,
    ClassEntry,
    Facts,
    Geometry,
    LineLayer,
    MapSpec,
    PlaceLayer,
    PointLayer,
    SurfaceLayer,
    TileLayer,
)
from capgap_geo.sources.study import load_study

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes is no matter of right or wrong.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_finish():
    """Keep what stays to the end out of garbage collection, which takes a tenth of the time otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


@pytest.fixture(scope="session")
def study() -> Study:
    """The project's own study; what is prepared for it serves every test of a process."""
    return load_study()


@pytest.fixture
def capgap(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return ``run(*words) -> (code, out, err)``: the command line in this process."""

    def run(*words: object) -> tuple[int, str, str]:
        code = _code([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Playwright's own Chromium, or else the system's."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of a local server that serves what the app serves, below ``/static/``."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=ROOT)
    ) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


#: What a policy refuses is an error on the console.
TELL_REFUSALS = """addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by the policy", event.effectiveDirective, event.blockedURI))"""
#: Streamlit looks for its own server below a page's path first; the browser logs the two misses.
ITS_OWN = re.compile(r"/(compare|plan|evidence|data)/_stcore/(host-config|health)$")
DESK = {"width": 1366, "height": 768}


@contextlib.contextmanager
def _served(log, *, base="", **settings):
    """Start the app as `make run` does; give its address, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {**os.environ, "STREAMLIT_SERVER_BASE_URL_PATH": base, **settings}
    with log.open("w") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, env=environment)
        address = "/".join(filter(None, (f"http://localhost:{port}", base)))
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)  # noqa: S310
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.25)
        yield address
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of the app."""
    with _served(tmp_path_factory.mktemp("app") / "log") as address:
        yield address


@pytest.fixture(scope="session")
def serve():
    """Return ``serve(log, base="", **settings)``: a context with the address of one more app."""
    return _served


class Visit:
    """One reader's page; it remembers what went wrong, and which other hosts were asked."""

    def __init__(self, context, address, size):
        self.context, self.page = context, context.new_page()
        self.page.set_viewport_size(size)
        self.address, self.troubles, self.foreign = address, [], []
        self.page.on("pageerror", lambda e: self.troubles.append(str(e)))
        self.page.on("console", self._said)
        self.page.on("response", self._answered)
        self.page.on("request", self._asked)

    def _said(self, message):
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)

    def _answered(self, response):
        if response.status >= 400 and not ITS_OWN.search(response.url):
            self.troubles.append(f"{response.status} {response.url}")

    def _asked(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path):
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_selector(".headline", timeout=60_000)
        return self.page

    def wait_for_map(self):
        self.page.wait_for_function("() => globalThis.capgapMap", timeout=20_000)
        return self.page.evaluate("capgapMap.ready.then(() => capgapMap.stats())")

    def headline(self):
        return self.page.locator(".headline").first.inner_text()

    def wait_for_rest(self):
        """Wait until the server has said everything, and the map, if there is one, is drawn."""
        self.page.wait_for_selector("[data-test-script-state=notRunning]", timeout=60_000)
        self.page.evaluate("globalThis.capgapMap?.ready")
        self.page.wait_for_load_state("networkidle")

    def leave(self):
        """Close the page and forget what the reader left behind; the app's scripts stay at hand."""
        cdp = self.context.new_cdp_session(self.page)
        cdp.send(
            "Storage.clearDataForOrigin", {"origin": self.address, "storageTypes": "cookies,local_storage"}
        )
        self.page.close()


@pytest.fixture(scope="session")
def contexts(chromium, app):
    """Return ``lend(language)``: browser contexts to borrow, each at one reader only at a time."""
    idle = defaultdict(list)

    @contextlib.contextmanager
    def lend(language):
        if not idle[language]:
            idle[language].append(chromium.new_context(locale=language))
            idle[language][-1].add_init_script(TELL_REFUSALS)
        context = idle[language].pop()
        context.add_cookies([{"name": "capgap_welcomed", "value": "1", "url": app}])
        yield context
        idle[language].append(context)

    return lend


@pytest.fixture
def visit(contexts, app):
    made = []
    with contextlib.ExitStack() as stack:

        def make(size=DESK, language="es-PE"):
            made.append(Visit(stack.enter_context(contexts(language)), app, size))
            return made[-1]

        yield make
        for one in made:
            one.leave()
    for one in made:
        assert one.troubles == []
        assert one.foreign == []


@pytest.fixture(scope="session")
def map_spec() -> Callable[..., MapSpec]:
    """Return ``make(text="", **changes)``: one layer of every kind; `text` stands in every text."""
    return _spec


def _features(boxes: dict[str, tuple[float, float, float, float]]) -> dict[str, object]:
    features = [
        {
            "type": "Feature",
            "id": name,
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
        }
        for name, (w, s, e, n) in boxes.items()
    ]
    return {"type": "FeatureCollection", "features": features}


def _areas(
    layer_id: str, styles: dict[str, theme.Style], boxes: dict[str, tuple], x: str, **more
) -> AreaLayer:
    characters = more.pop("classes", "".join(styles)[: len(boxes)])
    return AreaLayer(
        layer_id=layer_id,
        title=f"{layer_id} {x}",
        noun=f"a {layer_id} {x}",
        note=f"note {x}",
        geometry=Geometry(inline=_features(boxes)),
        ids=tuple(boxes),
        classes=characters,
        entries=tuple(ClassEntry(c, style, f"class {c} {x}") for c, style in styles.items()),
        facts=tuple(
            Facts(f"{name} {x}", f"value {x}", f"62–71 % {x}", f"2025 {x}", f"INEI {x}", f"n {x}")
            for name in boxes
        ),
        **more,
    )


def _points(service: str, x: str, **more) -> PointLayer:
    at = ((-12.05, -77.04), (-13.52, -71.97), (-3.75, -73.25))
    ids = tuple(f"{service}{i}{x}" for i in range(3))
    facts = tuple(Facts(f"{name} {x}", f"10 {x}", "", f"2022 {x}", f"PNP {x}", f"n {x}") for name in ids)
    return PointLayer(
        layer_id=service, title=f"{service} {x}", symbol=service, ids=ids, points=at, facts=facts,
        open_ids=frozenset(ids[:1]), open_label=f"one source {x}",
        counts=f"2 sure, 1 said {x}", note=f"note {x}", **more,
    )  # fmt: skip


def _surface(x: str) -> SurfaceLayer:
    buffer = io.BytesIO()
    Image.new("P", (4, 4), 1).save(buffer, "PNG")
    image = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    entry = ClassEntry("0", theme.Style(fill="#F4E9E0"), f"to 1 h {x}")
    return SurfaceLayer(
        layer_id="surface", title=f"surface {x}", image=image, bounds=(-18.0, -81.0, 0.0, -69.0),
        entries=(entry,), visible=False,
    )  # fmt: skip


def _spec(text: str = "", **changes) -> MapSpec:
    x = text
    ramp = theme.ramp_styles(5)
    west, east = (-79.0, -14.0, -74.0, -9.0), (-74.0, -14.0, -69.0, -9.0)
    north = (-79.0, -9.0, -69.0, -1.0)
    badge = Badge("shelter", f"2{x}"[:40], Facts(f"shelters {x}", f"girls {x}", "", f"2023 {x}", f"MIMP {x}"))
    river = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "r",
                "properties": {"name": x},
                "geometry": {"type": "LineString", "coordinates": [[-77, -12], [-70, -12]]},
            }
        ],
    }
    mining = dict(zip("012", theme.MINING_STYLES.values(), strict=True))
    deserts = dict(zip("01", theme.DESERT_STYLES.values(), strict=True))
    zones = {
        "pampa": (-70.6, -13.4, -69.8, -12.8),
        "rinconada": (-70.0, -11.8, -69.4, -11.2),
        "secocha": (-74, -16.4, -73, -15.8),
    }
    layers = (
        _areas(
            "neighbours",
            {"0": theme.NEIGHBOUR_STYLE},
            {"BRA": (-69.0, -20.0, -55.0, 5.0)},
            x,
            base=True,
            legend=False,
            toggle=False,
        ),
        _areas(
            "departments",
            ramp,
            {"west": west, "east": east, "north": north},
            x,
            classes="04u",
            names=True,
            badges={"east": badge},
        ),
        _surface(x),
        _areas(
            "deserts",
            deserts,
            {"robust": (-73.0, -11.0, -71.0, -9.5), "strict_only": (-73.0, -6.0, -71.0, -4.0)},
            x,
            counted=False,
        ),
        _areas("zones", mining, zones, x, names=True, name_style="plain"),
        LineLayer(
            layer_id="rivers", title=f"rivers {x}", geometry=Geometry(inline=river), style=theme.RIVER_STYLE
        ),
        _points("police", x),
        _points("protection", x, visible=False),
        PlaceLayer(
            layer_id="places",
            title=f"places {x}",
            ids=("lima", "mazuko"),
            names=(f"Lima {x}", f"Mazuko {x}"),
            points=((-12.05, -77.04), (-13.1, -70.38)),
            min_zooms=(5.0, 9.0),
        ),
        TileLayer(
            layer_id="tiles",
            title=f"tiles {x}",
            url="https://tiles.invalid/{z}/{x}/{y}.png",
            credit=f"tiles {x}",
        ),
    )
    given = {
        "layers": layers,
        "title": f"Title {x}",
        "headline": f"Headline {x}",
        "date": f"2025 {x}",
        "link": "https://capgap.example/?service=police",
        "labels": {key: f"{key} {x}" for key in LABEL_KEYS},
        "credits": (f"INEI {x}", f"GeoNames {x}"),
    }
    return MapSpec(**(given | changes))
