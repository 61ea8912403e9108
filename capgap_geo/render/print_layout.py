"""Where things stand on a printed map, for each size of paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import shapely

from capgap_geo.i18n import Translator
from capgap_geo.render import print_furniture, print_labels, print_layers, print_legend, theme
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.print_frame import Frame, Window, frame, is_zoomed, window
from capgap_geo.render.print_geometry import path_of
from capgap_geo.render.print_page import Box, Page
from capgap_geo.render.print_words import Foot, Head

MM = 96 / 25.4
#: Running text of a screen; styles of the screen grow with the text.
SCREEN_TEXT = 12.5
#: About the zoom at which the whole country is printed.
_COUNTRY_ZOOM = 5.0
#: The least size of a legend's letters, as a share of the text, for which other words make room.
_READABLE = 0.75


@dataclass(frozen=True, slots=True)
class Size:
    """A paper: width and height in CSS pixels, and the size of its running text.

    Attributes
    ----------
    bleed
        The map runs to the edge of the paper, as on a screen; printers need a margin.
    """

    width: float
    height: float
    text: float
    bleed: bool = True

    @property
    def wide(self) -> bool:
        """Wider than high: words on the left, the map on the right."""
        return self.width > self.height

    @property
    def scale(self) -> float:
        """Pixels of the paper that stand for one of the screen."""
        return self.text / SCREEN_TEXT

    @property
    def margin(self) -> float:
        """Space around the words."""
        return 1.7 * self.text if self.bleed else 12 * MM


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "wide": Size(1200, 675, 17.0),
        "tall": Size(1080, 1350, 21.5),
        "story": Size(1080, 1920, 25.0),
        "a4": Size(210 * MM, 297 * MM, 12.4, bleed=False),
        "a4wide": Size(297 * MM, 210 * MM, 12.4, bleed=False),
    }
)


def compose(spec: MapSpec, size: Size, t: Translator) -> Page:
    """Return a page with the map of a spec and everything that must stand beside it."""
    page = Page(size.width, size.height)
    (_wide if size.wide else _tall)(page, spec, size, t)
    return page


def panel(spec: MapSpec, *, width: float, height: float, text: float, t: Translator) -> Page:
    """Return a map with its legend on its right and nothing else: for a document that says the rest.

    Parameters
    ----------
    width, height, text
        The paper and the size of its text, in CSS pixels.
    """
    page = Page(width, height)
    size = Size(width, height, text, bleed=False)
    gap, side = 1.2 * text, 0.36 * width
    box = Box(0, 0, width - side - gap, height)
    frame_ = frame(page, window(spec.view, box, scale=size.scale), box, scale=size.scale)
    room = Box(box.right + gap, 0, side, height)
    legend = print_legend.fitted(_groups(spec, frame_.zoom, frame_.zoomed, t), room, text)
    print_legend.draw(page, legend, room.left, room.top)
    _map(spec, frame_, [], t)
    _edge(page, box, size)
    return page


def _wide(page: Page, spec: MapSpec, size: Size, t: Translator) -> None:
    """Lay out words on the left and the map on the right."""
    m = size.margin
    column = Box(m, m, 0.45 * size.width - m, size.height - 2 * m)
    edge = 0.0 if size.bleed else m
    left = column.right + m
    box = Box(left, edge, size.width - left - edge, size.height - 2 * edge)
    frame_ = frame(page, window(spec.view, box, scale=size.scale), box, scale=size.scale)
    head, foot, legend = _fitting(spec, size, column, frame_, t)
    head.draw(page, column.left, column.top)
    foot.draw(page, column.left, column.bottom)
    rule = column.bottom - foot.height - 0.6 * size.text
    page.rule(column.left, rule, column.right)
    print_legend.draw(page, legend, column.left, rule - size.text - legend.height)
    _map(spec, frame_, [], t)
    _edge(page, box, size)


def _fitting(
    spec: MapSpec, size: Size, column: Box, frame_: Frame, t: Translator
) -> tuple[Head, Foot, print_legend.Legend]:
    """Return the words of a column, smaller until the legend has the room that it needs."""
    found = _groups(spec, frame_.zoom, frame_.zoomed, t)
    for share in (1.0, 0.9, 0.8, 0.7):
        head = Head(spec, column.width, size.text, share)
        foot = Foot(spec, column.width, size.text, t, max(share, 0.85))
        high = column.height - head.height - foot.height - 2.7 * size.text
        room = Box(column.left, 0, column.width, high)
        legend = print_legend.fitted(found, room, size.text * 0.92)
        if legend.height <= high and legend.size >= _READABLE * size.text:
            break
    return head, foot, legend


def _tall(page: Page, spec: MapSpec, size: Size, t: Translator) -> None:
    """Lay out the headline above the map and the sources below it."""
    m = size.margin
    column = Box(m, m, size.width - 2 * m, size.height - 2 * m)
    head, foot = Head(spec, column.width, size.text), Foot(spec, column.width, size.text, t)
    head.draw(page, column.left, column.top)
    foot.draw(page, column.left, column.bottom)
    top = column.top + head.height + 0.9 * size.text
    bottom = column.bottom - foot.height - 1.2 * size.text
    side = 0.0 if size.bleed else m
    box = Box(side, top, size.width - 2 * side, bottom - top)
    (_beside if is_zoomed(spec.view) else _overlaid)(page, spec, size, box, t)
    _edge(page, box, size)


def _room(box: Box, size: Size, share: float) -> Box:
    """Return the column for a legend at the left of a box; `share` of the paper is its width."""
    inner = size.margin if size.bleed else size.text
    return Box(box.left + inner, box.top + inner, share * size.width, box.height - 2 * inner)


def _overlaid(page: Page, spec: MapSpec, size: Size, box: Box, t: Translator) -> None:
    """Draw the country as large as a legend on the sea, at its lower left, leaves it."""
    country = print_layers.country(spec)
    found = _groups(spec, _COUNTRY_ZOOM, False, t)
    ways = []
    for share in (0.3, 0.34, 0.38, 0.42, 0.46):
        room = _room(box, size, share)
        legend = print_legend.fitted(found, room, size.text * 0.92)
        spot = Box(room.left, room.bottom - legend.height, room.width, legend.height)
        ways.append((_largest(spec, country, size, box, spot), legend, spot))
    part, legend, spot = min(ways, key=lambda way: way[0].metres)
    frame_ = frame(page, part, box, scale=size.scale)
    print_legend.draw(page, legend, spot.left, spot.top)
    _map(spec, frame_, [spot], t)


def _largest(spec: MapSpec, country: shapely.Geometry, size: Size, box: Box, spot: Box) -> Window:
    """Return the closest view of the country that leaves a spot, and room for names, on the sea."""
    wanted = Box(box.left, spot.top - size.text, spot.right - box.left + 3 * size.text, spot.height)
    for share in np.linspace(0, 1, 21):
        part = window(spec.view, box, scale=size.scale, clear=float(share) * (spot.right - box.left))
        if not country.intersects(part.ground(wanted, box)):
            break
    return part


def _beside(page: Page, spec: MapSpec, size: Size, box: Box, t: Translator) -> None:
    """Draw a part of the country with its legend on paper to the left."""
    room = _room(box, size, 0.34)
    left = room.right + (room.left - box.left)
    right = Box(left, box.top, box.right - left, box.height)
    frame_ = frame(page, window(spec.view, right, scale=size.scale), right, scale=size.scale)
    legend = print_legend.fitted(_groups(spec, frame_.zoom, frame_.zoomed, t), room, size.text * 0.92)
    print_legend.draw(page, legend, room.left, room.top)
    _map(spec, frame_, [], t)


def _groups(spec: MapSpec, zoom: float, zoomed: bool, t: Translator) -> list[print_legend.Group]:
    return print_legend.groups(spec, print_layers.drawn(spec, zoom), t, zoomed=zoomed)


def _map(spec: MapSpec, frame_: Frame, taken: Sequence[Box], t: Translator) -> None:
    print_layers.draw(spec, frame_)
    home = print_layers.home(spec)
    boxes = [*taken, *print_layers.draw_symbols(spec, frame_)]
    if frame_.zoomed:
        boxes.append(print_furniture.locator(frame_, home))
    boxes.append(print_furniture.scale_bar(frame_, t, home=home, taken=boxes))
    print_labels.write(spec, frame_, boxes)


def _edge(page: Page, box: Box, size: Size) -> None:
    """Draw the frame of the map; one that runs off the paper has lines at its free sides only."""
    if not size.bleed:
        page.outline(path_of(shapely.box(box.left, box.top, box.right, box.bottom)), theme.RULE, 1.0)
    elif not size.wide:
        page.rule(0, box.top, size.width)
        page.rule(0, box.bottom, size.width)
