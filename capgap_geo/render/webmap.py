"""The map in a notebook and as one file: a folium map that hands the whole spec to the painter.

folium's renderer compiles what it rendered as a second template, so a text of the data that reached
one would run as code on the machine that renders. Here no text of the spec does: the spec travels
as one base64 literal, and the painter writes its texts as text.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import folium
from branca.element import MacroElement
from folium.template import Template

from capgap_geo.errors import CapGapError, DataNotFoundError
from capgap_geo.render.mapspec import MapSpec

#: What the app serves to browsers; the addresses of a spec below ``app/static/`` are files of it.
STATIC = Path(__file__).resolve().parents[2] / "static"
_PREFIXES = ("app/static/", "static/")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".woff2": "font/woff2"}
#: A file that opens from disk may load nothing at all.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:; "
    "img-src data:; font-src data:; connect-src data:"
)


def folium_map(spec: MapSpec, *, standalone: bool = False) -> folium.Map:
    """Return the map of a spec, with everything it needs inside: it shows without a network.

    Parameters
    ----------
    standalone
        Fill a page of its own, with title, sources and our typeface, and keep out online tiles.

    Raises
    ------
    DataNotFoundError
        An address of the spec is no file of the static folder.
    """
    painted = _PaintedMap(standalone=standalone)
    painted.add_child(_Painting(inlined(spec, tiles=not standalone), standalone=standalone))
    return painted


def standalone_html(spec: MapSpec) -> str:
    """Return the map as the text of one HTML file that opens from disk with the network off.

    Raises
    ------
    CapGapError
        Something would still be loaded from elsewhere; ``details["assets"]`` lists it.
    """
    page = folium_map(spec, standalone=True).get_root().render()
    language = html.escape(spec.language, quote=True)
    # After the last template has run, so that these texts are never part of one.
    page = page.replace("<html>", f'<html lang="{language}">', 1)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}" />'
    page = page.replace("<head>", f"<head>\n{policy}\n<title>{html.escape(spec.title)}</title>", 1)
    left = list(assets_left(page))
    if left:
        raise CapGapError(
            f"The file would load {len(left)} things from elsewhere: {', '.join(left)}",
            code="asset",
            details={"assets": left},
        )
    return page


def inlined(spec: MapSpec, *, tiles: bool) -> dict[str, Any]:
    """Return the spec's JSON-ready values with every address replaced by what is there.

    Parameters
    ----------
    tiles
        Keep the online tiles, which cannot be inlined.
    """
    data = spec.to_dict()
    data["layers"] = [layer for layer in data["layers"] if tiles or layer["kind"] != "tiles"]
    for layer in data["layers"]:
        for key in ("geometry", "anchors"):
            if key in layer and "url" in layer[key]:
                layer[key] = {"inline": json.loads(_file(layer[key]["url"]).read_bytes())}
        if layer["kind"] == "surface" and not layer["image"].startswith("data:"):
            layer["image"] = _data_uri(_file(layer["image"]))
    return data


def assets_left(page: str) -> Iterator[str]:
    """Yield every address that a browser would load to show the page, other than data URIs."""
    reader = _Assets()
    reader.feed(page)
    for address in reader.found:
        if address.startswith("data:text/css;base64,"):
            style = base64.b64decode(address.partition(",")[2]).decode()
            yield from (a for a in _urls(style) if not a.startswith("data:"))
        elif not address.startswith("data:"):
            yield address


class _PaintedMap(folium.Map):
    """A folium map of our own template: no foreign asset, and the reader may zoom the page."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <meta name="viewport" content="width=device-width, initial-scale=1.0" />
            <style>
                html, body { width: 100%; height: 100%; margin: 0; padding: 0; }
                body { display: flex; flex-direction: column; }
                .folium-map { flex: 1 1 auto; min-height: 300px; width: 100%; }
                .cg-page { padding: 14px 18px; }
                .cg-page h1 { margin: 0; font-size: 21px; line-height: 1.2; }
                .cg-page p { margin: 4px 0 0; font-size: 15px; line-height: 1.35; max-width: 75ch; }
                footer.cg-page { padding: 8px 18px 12px; }
                footer.cg-page p { font-size: 12px; max-width: none; overflow-wrap: anywhere; }
            </style>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var moving = !matchMedia("(prefers-reduced-motion: reduce)").matches;
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, Object.assign(
                { zoomAnimation: moving, fadeAnimation: moving, inertia: moving }, {{ this.options|tojson }}
            ));
        {% endmacro %}
        """
    )

    def __init__(self, *, standalone: bool) -> None:
        super().__init__(location=(-9.5, -75.0), zoom_start=5, tiles=None, zoom_control=False)
        self._name = "PaintedMap"
        self.options = {
            "center": [-9.5, -75.0], "zoom": 5, "minZoom": 4, "maxZoom": 13, "zoomSnap": 0.25,
            "zoomDelta": 0.75, "wheelPxPerZoomLevel": 110, "zoomControl": False, "attributionControl": False,
            "maxBounds": [[-34, -106], [16, -44]], "maxBoundsViscosity": 0.7,
        }  # fmt: skip
        styles = ["vendor/leaflet/leaflet.css", "painter.css"] + ["fonts/fonts.css"] * standalone
        self.default_js = [("leaflet_js", _data_uri(STATIC / "vendor/leaflet/leaflet.js"))]
        self.default_css = [(Path(name).stem, _style_uri(STATIC / name)) for name in styles]


class _Painting(MacroElement):
    """Runs the painter on its parent map; all it brings to the template is base64 text."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            (function (map) {
                var code = function (letter) { return letter.charCodeAt(0); };
                var bytes = Uint8Array.from(atob("{{ this.spec }}"), code);
                var spec = JSON.parse(new TextDecoder().decode(bytes));
                function line(parent, tag, text) {
                    if (text) parent.appendChild(document.createElement(tag)).textContent = text;
                }
                function block(tag) {
                    var node = document.createElement(tag);
                    node.className = "cg-page";
                    node.style.font = "400 15px '" + spec.theme.font + "', system-ui, sans-serif";
                    node.style.background = spec.theme.paper;
                    node.style.color = spec.theme.ink;
                    return node;
                }
                if ({{ this.standalone|tojson }}) {
                    var head = block("header"), foot = block("footer"), box = map.getContainer();
                    line(head, "h1", spec.title);
                    line(head, "p", spec.headline);
                    line(head, "p", spec.note);
                    line(foot, "p", spec.labels.sources + ": " + spec.credits.join(" \\u00b7 "));
                    line(foot, "p", [spec.date, spec.link].filter(Boolean).join(" \\u00b7 "));
                    document.body.insertBefore(head, box);
                    document.body.insertBefore(foot, box.nextSibling);
                    spec.link = "";
                    box.classList.add("cg-paged");
                    map.invalidateSize();
                }
                import("{{ this.painter }}").then(function (painter) {
                    window.capgapMap = painter.paint(map.getContainer(), spec, { L: L, map: map });
                });
            })({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, data: dict[str, Any], *, standalone: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Painting"
        self.standalone = standalone
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self.spec = base64.b64encode(text.encode()).decode()
        self.painter = _data_uri(STATIC / "painter.js")


class _Assets(HTMLParser):
    """Collects what the elements of a page load."""

    _LOADS = frozenset({"src", "srcset", "href", "poster", "data", "background", "action"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if name in self._LOADS and tag != "a" and value:
                self.found.append(value)
            if name == "style" and value:
                self.found += _urls(value)

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += _urls(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"


def _urls(style: str) -> list[str]:
    # "#..." names something inside the page or the browser, not a file.
    return re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")\s#][^'\")\s]*)", style)


def _file(address: str) -> Path:
    for prefix in _PREFIXES:
        path = (STATIC / address.lstrip("/").removeprefix(prefix)).resolve()
        if address.lstrip("/").startswith(prefix) and path.is_relative_to(STATIC) and path.is_file():
            return path
    raise DataNotFoundError(
        f"The map needs {address}, which is not in the static folder: rebuild the web copies of the data",
        details={"address": address},
    )


def _data_uri(path: Path) -> str:
    return f"data:{_TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _style_uri(path: Path) -> str:
    """Return a style sheet with what it refers to inside it."""

    def inline(match: re.Match[str]) -> str:
        return f"url({_data_uri(path.parent / match.group(1))})"

    style = re.sub(r"url\(['\"]?([^'\")#]+)['\"]?\)", inline, path.read_text(encoding="utf-8"))
    return "data:text/css;base64," + base64.b64encode(style.encode()).decode()
