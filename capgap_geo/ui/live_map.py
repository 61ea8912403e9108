"""The live map: the painter as a component of the page.

What changes travels; what does not is fetched once by an address that names its content. The map
object lives in the browser through every rerun, so the reader's view stays where it is.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit import runtime

from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.outline import Outlines

#: Seconds in which the map reaches the browser and is drawn there, before the rest of the page follows.
HEAD_START = 0.015
#: A part of the spec longer than this goes by address, where it is cached and compressed.
LONGEST_INLINE = 700
#: Parts of a layer that may go by address.
_PNG = "data:image/png;base64,"
#: Parts of the spec that stay the same from one change to the next.
_CONSTANT = ("symbols", "credits")
_PARTS = ("ids", "facts", "lat", "lon", "names", "min_zoom", "badges")

# What travels with every rerun; the host of the painter is fetched once.
_SCRIPT = """
let module;
export default function (given) {
  const base = new URL(given.data.base, location.origin).href;
  module ??= import(new URL("app/static/live-map.js", base).href);
  const end = module.then((live) => live.host(given));
  return () => end.then((close) => close());
}
"""

_component = st.components.v2.component("capgap_live_map", js=_SCRIPT)


@dataclass(frozen=True, slots=True)
class Click:
    """What the reader clicked.

    Parameters
    ----------
    layer, id
        The thing under the pointer, both None where there is nothing.
    lat, lon
        The position in degrees.
    """

    layer: str | None
    id: str | None
    lat: float
    lon: float


def live_map(spec: MapSpec, *, key: str, height: int | str) -> Click | None:
    """Show a map and return what was clicked since the last run, once.

    Parameters
    ----------
    key
        Names the map; the reader's view is kept under it, also from page to page.
    height
        In pixels, or a length of CSS such as one that follows the height of the window.
    """
    base = f"/{st.get_option('server.baseUrlPath').strip('/')}/".replace("//", "/")
    data = {"spec": by_address(spec.to_dict(), key=key), "base": base, "key": key}
    data["height"] = height if isinstance(height, str) else f"{height}px"
    result = _component(key=key, data=data, on_click_change=lambda: None)
    time.sleep(HEAD_START)
    return _click(result.get("click"))


def clicked(key: str) -> Click | None:
    """Return what was clicked since the last run, before the map of that key is drawn in this one.

    So a page can answer a click in one run.
    """
    state = st.session_state.get(key)
    return _click(state.get("click")) if isinstance(state, Mapping) else None


def _click(value: object) -> Click | None:
    if not isinstance(value, dict):
        return None
    layer, thing = value.get("layer"), value.get("id")
    try:
        lat, lon = float(value["lat"]), float(value["lon"])
    except (KeyError, TypeError, ValueError):
        return None
    return Click(layer and str(layer), thing and str(thing), lat, lon)


def by_address(data: dict[str, Any], *, key: str) -> dict[str, Any]:
    """Return the spec's values with long parts replaced by the addresses where they are served.

    Without a running server (as in a page test) everything stays inside.
    """
    if not runtime.exists():
        return data
    data |= dict(_moved(data, key, _CONSTANT, longest=0))
    data["layers"] = [layer | dict(_moved(layer, f"{key}.{layer['id']}", _PARTS)) for layer in data["layers"]]
    for layer in data["layers"]:
        if layer["kind"] == "surface" and layer["image"].startswith(_PNG):
            picture = base64.b64decode(layer["image"].removeprefix(_PNG))
            layer["image"] = _served(picture, "image/png", f"{key}.{layer['id']}.image")
        for name in ("geometry", "anchors"):
            part = layer.get(name, {})
            if isinstance(part.get("inline"), Outlines):  # new with every question: no address is worth it
                layer[name] = {"packed": part["inline"].packed}
            elif part:
                layer[name] = part | dict(_moved(part, f"{key}.{layer['id']}.{name}", ("inline",)))
    return data


def _moved(
    part: dict[str, Any], place: str, names: tuple[str, ...], *, longest: int = LONGEST_INLINE
) -> Iterator[tuple[str, Any]]:
    for name in names:
        if name not in part:
            continue
        text = json.dumps(part[name], ensure_ascii=False, separators=(",", ":"))
        if len(text) > longest:
            yield name, {"$url": _served(text.encode(), "application/json", f"{place}.{name}")}


def _served(content: bytes, kind: str, place: str) -> str:
    """Give the content to the server and return its relative address, which names the content."""
    files = runtime.get_instance().media_file_mgr
    return str(files.add(content, kind, place)).lstrip("/")
