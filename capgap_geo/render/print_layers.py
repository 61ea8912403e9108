"""Draw the layers of a map spec in a window of a printed page."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from pyproj import Transformer

from capgap_geo.analysis.grid import PERU_CRS, WGS84
from capgap_geo.render import print_texture, theme
from capgap_geo.render.layer import Geometry, Layer
from capgap_geo.render.layers import AreaLayer, LineLayer, PointLayer, SurfaceLayer
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.print_fonts import POINTS
from capgap_geo.render.print_frame import Frame
from capgap_geo.render.print_geometry import Shape, project, shapes
from capgap_geo.render.print_page import Box, symbols
from capgap_geo.render.staticfiles import static_file
from capgap_geo.render.theme import Style

#: Side of a service's symbol in pixels of the screen, in the country and close by.
SYMBOL, SYMBOL_NEAR = 11.0, 15.0
#: Surfaces are sampled once per this many pixels.
_SAMPLE = 2.0


def drawn(spec: MapSpec, zoom: float) -> list[Layer]:
    """Return the layers that a printed map shows: what is on at a zoom, and not online tiles."""
    return [
        layer
        for layer in spec.layers
        if layer.visible
        and layer.kind != "tiles"
        and zoom >= (layer.min_zoom if isinstance(layer, AreaLayer) else 0.0)
    ]


def draw(spec: MapSpec, frame: Frame) -> None:
    """Draw everything but names and symbols."""
    for layer in drawn(spec, frame.zoom):
        if isinstance(layer, AreaLayer):
            _areas(layer, frame)
        elif isinstance(layer, LineLayer):
            paths = [shape.path for shape in shapes(layer.geometry).values()]
            _outlines(frame, paths, layer.style)
        elif isinstance(layer, SurfaceLayer):
            _surface(layer, frame)
    _selected(spec, frame)


def _areas(layer: AreaLayer, frame: Frame) -> None:
    known = shapes(layer.geometry)
    by_class: defaultdict[str, list[Shape]] = defaultdict(list)
    for area, character in zip(layer.ids, layer.classes, strict=True):
        if area in known and _touches(known[area], frame):
            by_class[character].append(known[area])
    for entry in layer.entries:
        members = by_class[entry.character]
        _outlines(frame, [member.path for member in members], entry.style)
        if entry.style.texture is not None:
            _texture(frame, members, entry.style)


def _touches(shape: Shape, frame: Frame) -> bool:
    west, south, east, north = shape.geometry.bounds
    across, down = west < frame.east and east > frame.west, south < frame.north and north > frame.south
    return bool(across and down)


def _outlines(frame: Frame, paths: Sequence[Path], style: Style) -> None:
    """Draw outlines in a style, with its fill and without its texture."""
    if not paths:
        return
    width = style.width * frame.scale * POINTS
    dash = tuple(frame.scale * POINTS * length / width for length in style.dash)
    collection = PathCollection(
        paths,
        facecolors="none" if style.fill is None else to_rgba(style.fill, style.fill_opacity),
        edgecolors=style.stroke or "none", linewidths=width,
        linestyles=[(0, dash)] if dash else "solid", joinstyle="round",
    )  # fmt: skip
    frame.axes.add_collection(collection, autolim=False)


def _texture(frame: Frame, members: Sequence[Shape], style: Style) -> None:
    if style.texture is None:
        return
    for member in members:
        if member.geometry.intersects(frame.rectangle):
            seen = shapely.intersection(shapely.make_valid(member.geometry), frame.rectangle)
            print_texture.draw(frame.axes, seen, style.texture, pixel=frame.pixel, scale=frame.scale)


def _selected(spec: MapSpec, frame: Frame) -> None:
    """Draw a strong line around what is chosen."""
    if spec.selected is None:
        return
    layer_id, area = spec.selected
    layer = next((x for x in spec.layers if x.layer_id == layer_id), None)
    if isinstance(layer, AreaLayer) and area in (known := shapes(layer.geometry)):
        for colour, width in ((theme.PAPER, 4.0), (theme.ACCENT, 2.0)):
            _outlines(frame, [known[area].path], Style(stroke=colour, width=width))


def _surface(layer: SurfaceLayer, frame: Frame) -> None:
    """Lay the classes of a surface, kept as rows of Web Mercator, onto equal area."""
    picture = _pixels(layer.image)
    shape = (round(frame.box.height / _SAMPLE), round(frame.box.width / _SAMPLE))
    edges = (frame.west, frame.south, frame.east, frame.north)
    row, column, inside = _sampling(edges, shape, layer.bounds, picture.shape[:2])
    sampled = np.where(inside[..., None], picture[row, column], 0)
    sampled[..., 3] = (sampled[..., 3] * layer.opacity).astype(np.uint8)
    frame.axes.imshow(
        sampled, extent=(frame.west, frame.east, frame.south, frame.north), interpolation="nearest",
        aspect="auto", zorder=1,
    )  # fmt: skip


def _pixels(address: str) -> NDArray[np.uint8]:
    inline = address.startswith("data:")
    content = base64.b64decode(address.partition(",")[2]) if inline else static_file(address).read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGBA"))


@lru_cache(maxsize=8)
def _sampling(
    edges: tuple[float, float, float, float],
    shape: tuple[int, int],
    bounds: tuple[float, float, float, float],
    size: tuple[int, int],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return row and column in the picture for each sample of a window, and whether it has one."""
    west, south, east, north = edges
    x = west + (np.arange(shape[1]) + 0.5) / shape[1] * (east - west)
    y = north - (np.arange(shape[0]) + 0.5) / shape[0] * (north - south)
    back = Transformer.from_crs(PERU_CRS, WGS84, always_xy=True)
    lon, lat = back.transform(*np.meshgrid(x, y))
    low, left, high, right = bounds
    top, bottom = _mercator(high), _mercator(low)
    row = np.floor((top - _mercator(lat)) / (top - bottom) * size[0]).astype(np.intp)
    column = np.floor((lon - left) / (right - left) * size[1]).astype(np.intp)
    inside = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
    return np.where(inside, row, 0), np.where(inside, column, 0), inside


def _mercator(lat: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(np.arcsinh(np.tan(np.radians(np.asarray(lat, float)))), np.float64)


def draw_symbols(spec: MapSpec, frame: Frame) -> list[Box]:
    """Draw the facilities at their towns and return the boxes that they take on the page.

    Services of one town stand side by side, so that none hides another.
    """
    size = frame.scale * (SYMBOL_NEAR if frame.zoom >= 6.5 else SYMBOL)
    layers = [layer for layer in drawn(spec, frame.zoom) if isinstance(layer, PointLayer)]
    towns: defaultdict[tuple[float, float], list[tuple[str, bool]]] = defaultdict(list)
    for layer in layers:
        for (lat, lon), open_ in _marks(layer).items():
            towns[lat, lon].append((layer.symbol, open_))
    placed: defaultdict[tuple[str, bool], list[tuple[float, float]]] = defaultdict(list)
    boxes = []
    for (lat, lon), marks in towns.items():
        x, y = (float(v) for v in project(lon, lat))
        if not (frame.west < x < frame.east and frame.south < y < frame.north):
            continue
        for number, mark in enumerate(marks):
            shift = (number - (len(marks) - 1) / 2) * size * 1.08
            placed[mark].append((x + shift * frame.pixel, y))
        px, py = frame.place(x, y)
        width = size * (1.08 * len(marks) + 0.2)
        boxes.append(Box(px - width / 2, py - size * 0.6, width, size * 1.2))
    for (name, hollow), points in placed.items():
        symbols(frame.axes, name, points, size, hollow=hollow)
    return boxes


def _marks(layer: PointLayer) -> Mapping[tuple[float, float], bool]:
    """Return the towns of a service; hollow only where all its records there are weaker."""
    towns: dict[tuple[float, float], bool] = {}
    for facility, point in zip(layer.ids, layer.points, strict=True):
        weak = facility in layer.open_ids
        towns[point] = towns.get(point, True) and weak
    return towns


def home(spec: MapSpec) -> Mapping[str, Shape]:
    """Return the departments, for the locator."""
    layer = next((x for x in spec.layers if x.layer_id == "departments"), None)
    return shapes(layer.geometry) if isinstance(layer, AreaLayer) else {}


@lru_cache(maxsize=4)
def _united(address: str) -> shapely.Geometry:
    return shapely.union_all([shape.geometry for shape in shapes(Geometry(url=address)).values()])


def country(spec: MapSpec) -> shapely.Geometry:
    """Return the outline of the whole country."""
    layer = next((x for x in spec.layers if x.layer_id == "departments"), None)
    if isinstance(layer, AreaLayer) and layer.geometry.url is not None:
        return _united(layer.geometry.url)
    return shapely.union_all([shape.geometry for shape in home(spec).values()])


def anchors(layer: AreaLayer) -> Mapping[str, Shape]:
    """Return where the names of a layer stand, if it says so."""
    return shapes(layer.anchors) if isinstance(layer.anchors, Geometry) else {}
