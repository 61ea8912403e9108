"""Names on a printed map: each where it is free, the weightier first, none over another."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from babel import Locale
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from capgap_geo.render import theme
from capgap_geo.render.layer import Badge
from capgap_geo.render.layers import AreaLayer, PlaceLayer
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.print_fonts import LEADING, Weight, width
from capgap_geo.render.print_frame import Frame
from capgap_geo.render.print_geometry import Shape, project, shapes
from capgap_geo.render.print_layers import anchors, drawn
from capgap_geo.render.print_page import Box, Ink, symbol_path

#: Letters in pixels of the screen, from a zoom on.
_AREA_SIZES = ((6.5, 12.0), (5.0, 9.5), (0.0, 8.6))
_PLACE_SIZE, _COUNTRY_SIZE = 10.5, 10.5
#: Names of mining zones wait for this zoom; there are too many for the whole country.
_ZONE_ZOOM = 6.8
#: From here on a map shows a part of the country.
_NEAR = 6.5
_BADGE_SIZE = 9.0
_ALPHA_2 = {"ARG": "AR", "BOL": "BO", "BRA": "BR", "CHL": "CL", "COL": "CO", "ECU": "EC", "PRY": "PY"}
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))


@dataclass
class Taken:
    """What of the page is taken already: by symbols and the like, and by what has been written since."""

    window: Box
    land: shapely.Geometry
    symbols: Sequence[Box] = ()
    boxes: list[Box] = field(init=False)

    def __post_init__(self) -> None:
        self.boxes = list(self.symbols)

    def free(self, box: Box) -> bool:
        """Return whether nothing else stands here and the box is inside the window."""
        inside = self.window.overlap(box) >= 0.999 * box.width * box.height
        return inside and not any(box.overlap(other) > 0 for other in self.boxes)

    def cost(self, box: Box) -> float:
        """Return how much of what stands there the box would cover."""
        return sum(box.overlap(other) for other in self.boxes)


def write(spec: MapSpec, frame: Frame, boxes: Sequence[Box]) -> None:
    """Write names and badges around what is drawn already.

    Parameters
    ----------
    boxes
        Symbols, the legend and whatever else must not be covered.
    """
    layers = drawn(spec, frame.zoom)
    areas = [x for x in layers if isinstance(x, AreaLayer)]
    taken = Taken(frame.box.inset(2), _land(areas, frame), boxes)
    for layer in areas:
        if layer.badges or (layer.names and layer.layer_id != "zones"):
            _area_names(layer, frame, taken)
    places = [x for x in layers if isinstance(x, PlaceLayer)]
    _chosen_name(spec, areas, frame, taken)
    said = [fact.name for x in areas if x.layer_id == "departments" for fact in x.facts]
    for towns in places:
        _places(towns, frame, taken, said, most=5.0)
    for layer in areas:
        if layer.names and layer.layer_id == "zones":
            _zone_names(spec, layer, frame, taken)
    for towns in places:
        _places(towns, frame, taken, said, least=5.0)
    for layer in areas:
        if layer.layer_id == "neighbours":
            _countries(spec, layer, frame, taken)


def _land(areas: Sequence[AreaLayer], frame: Frame) -> shapely.Geometry:
    """Return all land in the window, on which a name would say something of what is there."""
    seen = (frame.west, frame.south, frame.east, frame.north)
    names = ("departments", "neighbours")
    outlines = [s.geometry for x in areas if x.layer_id in names for s in shapes(x.geometry).values()]
    land = shapely.multipolygons(shapely.get_parts([shapely.clip_by_rect(o, *seen) for o in outlines]))
    shapely.prepare(land)
    return land


def _size(frame: Frame) -> float:
    return frame.scale * next(size for zoom, size in _AREA_SIZES if frame.zoom >= zoom)


def _area_names(layer: AreaLayer, frame: Frame, taken: Taken) -> None:
    known, points = shapes(layer.geometry), anchors(layer)
    # Badges are facts: they go first, and always find a spot.
    order = sorted(range(len(layer.ids)), key=lambda i: layer.ids[i] not in layer.badges)
    for i in order:
        area = layer.ids[i]
        if area not in known:
            continue
        at = frame.place(*(points[area] if area in points else known[area]).anchor)
        name = layer.facts[i].name.upper() if layer.names and layer.facts else ""
        badge = layer.badges.get(area)
        _area(frame, taken, known[area], at, name, badge)


def _area(
    frame: Frame, taken: Taken, shape: Shape, at: tuple[float, float], name: str, badge: Badge | None
) -> None:
    """Write a name inside its area, in one line or two, smaller if need be; its badge below."""
    if not _near(frame, at):
        return
    below = at
    for share, lines in itertools.product((1.0, 0.85), _ways(name)):
        ink = Ink(share * _size(frame), Weight.SEMIBOLD, theme.INK, theme.PAPER)
        lift = 0.5 * ink.size * LEADING if badge else 0.0
        box = _named(frame, taken, shape, (at[0], at[1] - lift), lines, ink)
        if box is not None:
            _write_in(frame, box, lines, ink)
            below = (at[0], box.bottom + 0.75 * _BADGE_SIZE * frame.scale)
            break
    if badge is not None:
        _badge(frame, taken, shape, below, badge)


def _write_in(frame: Frame, box: Box, lines: Sequence[str], ink: Ink) -> None:
    for number, line in enumerate(lines):
        y = box.top + (number + 0.5) * box.height / len(lines)
        frame.page.write(box.left + box.width / 2, y, line, ink, align="center")


def _chosen_name(spec: MapSpec, areas: Sequence[AreaLayer], frame: Frame, taken: Taken) -> None:
    """Write the name of a chosen area whose layer writes no names, such as a province."""
    layer = next((x for x in areas if spec.selected and x.layer_id == spec.selected[0]), None)
    if spec.selected is None or layer is None or layer.names or not layer.facts:
        return
    area = spec.selected[1]
    shape = shapes(layer.geometry).get(area)
    if shape is not None and area in layer.ids:
        name = layer.facts[layer.ids.index(area)].name.upper()
        _area(frame, taken, shape, frame.place(*shape.anchor), name, None)


def _near(frame: Frame, at: tuple[float, float]) -> bool:
    box = frame.box
    return box.left < at[0] < box.right and box.top < at[1] < box.bottom


def _ways(name: str) -> list[list[str]]:
    """Return a name in one line and, if it has several words, in two."""
    words = name.split(" ")
    if not name:
        return []
    if len(words) == 1:
        return [[name]]
    cut = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(name) / 2))
    return [[name], [" ".join(words[:cut]), " ".join(words[cut:])]]


def _named(
    frame: Frame, taken: Taken, shape: Shape, at: tuple[float, float], lines: list[str], ink: Ink
) -> Box | None:
    """Return a free box for a name: at its anchor, else inside its area, else west of it on the sea."""
    wide = max(width(line, ink.size, ink.weight) for line in lines) + 0.3 * ink.size
    high = ink.size * (1.05 * len(lines) + 0.1)
    steps = [(dx, dy) for dy in (0, -1, 1, -2, 2, -3, 3) for dx in (0.0, -0.25, 0.25, -0.5, 0.5)]
    boxes = [Box(at[0] + (dx - 0.5) * wide, at[1] + dy * ink.size - high / 2, wide, high) for dx, dy in steps]
    inside = (box for box in boxes if box is boxes[0] or _holds(frame, shape, box))
    left = frame.place(shape.geometry.bounds[0], 0)[0] - wide - 0.2 * ink.size
    beside = (
        Box(left, at[1] + dy * ink.size - high / 2, wide, high) for dy in (0, 0.7, -0.7, 1.4, -1.4, 2.1)
    )
    sea = (box for box in beside if not taken.land.intersects(frame.ground_of(box)))
    spot = next((box for box in itertools.chain(inside, sea) if taken.free(box)), None)
    if spot is not None:
        taken.boxes.append(spot)
    return spot


def _holds(frame: Frame, shape: Shape, box: Box) -> bool:
    middle = frame.ground(box.left + box.width / 2, box.top + box.height / 2)
    return bool(shapely.contains_xy(shape.geometry, *middle))


def _badge(frame: Frame, taken: Taken, shape: Shape, at: tuple[float, float], badge: Badge) -> None:
    """Draw a badge inside its department, where it covers least."""
    size = _BADGE_SIZE * frame.scale
    ink = Ink(size, Weight.BOLD, theme.SYMBOLS[badge.symbol].colour)  # type: ignore[index]
    wide, high = width(badge.text, size, ink.weight) + 2.0 * size, 1.45 * size

    def cost(spot: Box) -> float:
        away = abs(spot.left + wide / 2 - at[0]) + abs(spot.top + high / 2 - at[1])
        return taken.cost(spot) + 0.5 * away + 1e4 * (not _holds(frame, shape, spot))

    def inside(spot: Box) -> bool:
        return taken.window.overlap(spot) >= 0.999 * spot.width * spot.height

    spots = [
        Box(at[0] + dx * wide - wide / 2, at[1] + dy * size - high / 2, wide, high)
        for dy in (0.0, 1.5, -1.5, 3.0, -3.0, -4.5, 4.5)
        for dx in (0.0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2)
    ]
    spot = min(filter(inside, spots), key=cost, default=None)
    if spot is None:
        return
    taken.boxes.append(spot)
    frame.page.shape(pill(spot), colour=theme.PAPER, edge=ink.colour, thickness=0.1 * size)
    middle = spot.top + high / 2
    mark = symbol_path(badge.symbol)
    corner = (spot.left + 0.95 * size, middle)
    fill = theme.PAPER if badge.open else ink.colour
    frame.page.shape(_moved(mark, corner, 0.95 * size), colour=fill, edge=ink.colour, thickness=0.08 * size)
    frame.page.write(spot.left + 1.55 * size, middle, badge.text, ink)


def _moved(path: Path, at: tuple[float, float], size: float) -> Path:
    """Return a path of unit size (y upwards) at a place of the page."""
    return path.transformed(Affine2D().scale(size, -size).translate(*at))


def pill(box: Box) -> Path:
    """Return a rectangle with round ends."""
    r, k = box.height / 2, 0.5523 * box.height / 2
    left, right, top, bottom, middle = box.left + r, box.right - r, box.top, box.bottom, box.top + r
    vertices = [
        (left, top), (right, top), (right + k, top), (box.right, middle - k), (box.right, middle),
        (box.right, middle + k), (right + k, bottom), (right, bottom), (left, bottom),
        (left - k, bottom), (box.left, middle + k), (box.left, middle),
        (box.left, middle - k), (left - k, top), (left, top), (left, top),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 6
    return Path(vertices, [Path.MOVETO, Path.LINETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _places(
    layer: PlaceLayer,
    frame: Frame,
    taken: Taken,
    said: Iterable[str],
    *,
    most: float = 99.0,
    least: float = -1.0,
) -> None:
    """Write the towns that matter at this zoom, each beside its dot.

    From afar a town with the name of its department says nothing new, nor does one that is a part of
    a larger town.
    """
    ink = Ink(_PLACE_SIZE * frame.scale, Weight.REGULAR, theme.INK, theme.PAPER)
    known = set(said) if frame.zoom < _NEAR else set()
    near = 1.2 * ink.size
    earlier: list[tuple[float, float]] = []
    lat, lon = np.array(layer.points).T
    places = zip(layer.names, *project(lon, lat), layer.min_zooms, strict=True)
    for name, x, y, zoom in places:
        if zoom > frame.zoom:
            continue
        at = frame.place(float(x), float(y))
        alone = all(abs(at[0] - a) + abs(at[1] - b) > near for a, b in earlier)
        earlier.append(at)
        if least < zoom <= most and alone and name not in known and _near(frame, at):
            _place(frame, taken, name, at, ink)


def _place(frame: Frame, taken: Taken, name: str, at: tuple[float, float], ink: Ink) -> None:
    dot = 2.0 * frame.scale
    mark = Box(at[0] - dot, at[1] - dot, 2 * dot, 2 * dot)
    symbol = next((box for box in taken.symbols if box.overlap(mark) > 0), None)
    around = symbol if symbol is not None and symbol.height < 3 * ink.size else mark
    if around is mark and taken.cost(mark) > 0:
        return  # a name without its dot would stand somewhere else
    for box in _beside(around, width(name, ink.size, ink.weight), ink.size):
        if taken.free(box):
            taken.boxes.append(box)
            frame.page.write(box.left, box.top + box.height / 2, name, ink)
            if around is mark:
                taken.boxes.append(mark)
                frame.page.shape(pill(mark), colour=theme.INK, edge=theme.PAPER, thickness=0.4 * dot)
            return


def _beside(mark: Box, wide: float, size: float) -> Iterator[Box]:
    """Yield boxes for a text around a mark, the best side first."""
    high = 1.15 * size
    x, y = mark.left + mark.width / 2, mark.top + mark.height / 2
    for across, down in _SIDES:
        dx = across * (mark.width / 2 + 0.25 * size + wide / 2)
        dy = down * (mark.height / 2 + high / 2)
        yield Box(x + dx - wide / 2, y + dy - high / 2, wide, high)


def _zone_names(spec: MapSpec, layer: AreaLayer, frame: Frame, taken: Taken) -> None:
    """Write the names of mining zones from close by, and of the chosen one always."""
    known = shapes(layer.geometry)
    chosen = spec.selected[1] if spec.selected and spec.selected[0] == layer.layer_id else ""
    ink = Ink(
        _PLACE_SIZE * frame.scale,
        Weight.SEMIBOLD,
        theme.MINING_STYLES["exact"].stroke or theme.INK,
        theme.PAPER,
    )
    names: Mapping[str, str] = {a: f.name for a, f in zip(layer.ids, layer.facts, strict=False)}
    for area in sorted(names, key=lambda a: a != chosen):
        if area not in known or (frame.zoom < _ZONE_ZOOM and area != chosen):
            continue
        at = frame.place(*known[area].anchor)
        if not _near(frame, at):
            continue
        wide, high = width(names[area], ink.size, ink.weight), 1.15 * ink.size
        spots = [Box(at[0] - wide / 2, at[1] - high / 2 + dy * high, wide, high) for dy in (0, 1, -1, 2, -2)]
        spot = next((s for s in spots if taken.free(s)), None)
        if spot is not None:
            taken.boxes.append(spot)
            frame.page.write(spot.left, spot.top + high / 2, names[area], ink)


def _countries(spec: MapSpec, layer: AreaLayer, frame: Frame, taken: Taken) -> None:
    """Write the names of neighbours where their land is seen."""
    territories = Locale.parse(spec.language.replace("-", "_")).territories
    ink = Ink(_COUNTRY_SIZE * frame.scale, Weight.REGULAR, theme.INK_SOFT)
    for area, shape in shapes(layer.geometry).items():
        name = str(territories.get(_ALPHA_2.get(area, ""), "")).upper()
        seen = shapely.clip_by_rect(shape.geometry, frame.west, frame.south, frame.east, frame.north)
        if not name or seen.is_empty:
            continue
        wide, high = width(name, ink.size), 1.2 * ink.size
        for point in _inner(seen, frame, wide, high):
            x, y = frame.place(point.x, point.y)
            box = Box(x - wide / 2, y - high / 2, wide, high)
            if taken.free(box):
                taken.boxes.append(box)
                frame.page.write(x, y, name, ink, align="center")
                break


def _inner(seen: shapely.Geometry, frame: Frame, wide: float, high: float) -> Iterator[shapely.Point]:
    """Yield points around which a name fits on the land that is seen."""
    line = high * frame.pixel
    # A coast has more corners than the place of a name depends on.
    inside = shapely.simplify(seen, 0.1 * line).buffer(-0.7 * line, quad_segs=2)
    if not inside.is_empty:
        yield shapely.point_on_surface(inside)
        west, south, east, north = inside.bounds
        for share in (0.2, 0.35, 0.5, 0.65, 0.8):
            height = south + share * (north - south)
            across = shapely.intersection(shapely.linestrings([(west, height), (east, height)]), inside)
            if across.length > wide * frame.pixel:
                yield shapely.line_interpolate_point(
                    max(shapely.get_parts(across), key=shapely.length), 0.5, normalized=True
                )
