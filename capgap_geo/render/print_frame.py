"""Which part of the country a printed map shows, and at which scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from matplotlib.axes import Axes

from capgap_geo.render import theme
from capgap_geo.render.mapspec import View
from capgap_geo.render.print_geometry import project
from capgap_geo.render.print_page import Box, Page

#: Width of the world at zoom 0, in metres per pixel, as web maps count.
_ZOOM_ZERO = 156_543.03392
#: A view this much smaller than the country gets a locator.
_ZOOMED = 0.62
#: Room around what the view names, as a share of it.
_MARGIN = 0.03
_SPOTS = 15


@dataclass(frozen=True)
class Frame:
    """A map window on a page.

    Attributes
    ----------
    page, axes
        Where it is drawn; the data of `axes` are metres.
    box
        Its place on the page, in pixels.
    west, south, east, north
        Its edges in metres.
    scale
        Pixels of the page that stand for one of the screen.
    zoomed
        It shows a part of the country only.
    """

    page: Page
    axes: Axes
    box: Box
    west: float
    south: float
    east: float
    north: float
    scale: float
    zoomed: bool

    @property
    def pixel(self) -> float:
        """Metres to one pixel of the page."""
        return (self.east - self.west) / self.box.width

    @cached_property
    def zoom(self) -> float:
        """The zoom at which a web map shows the country at this size."""
        return _zoom(self.pixel * self.scale)

    @cached_property
    def rectangle(self) -> shapely.Geometry:
        """The window with a little more around it."""
        more = 4 * self.pixel
        return shapely.box(self.west - more, self.south - more, self.east + more, self.north + more)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return pixels of the page for metres."""
        return self.box.left + (x - self.west) / self.pixel, self.box.top + (self.north - y) / self.pixel

    def ground(self, x: float, y: float) -> tuple[float, float]:
        """Return metres for pixels of the page."""
        return self.west + (x - self.box.left) * self.pixel, self.north - (y - self.box.top) * self.pixel

    def ground_of(self, spot: Box) -> shapely.Geometry:
        """Return the ground under a spot of the page."""
        return shapely.box(*self.ground(spot.left, spot.bottom), *self.ground(spot.right, spot.top))


def _zoom(metres: float) -> float:
    return math.log2(_ZOOM_ZERO * math.cos(math.radians(9.5)) / metres)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the ground that a box shows: its lower left corner and metres to a pixel."""

    west: float
    south: float
    metres: float

    def ground(self, spot: Box, box: Box) -> shapely.Geometry:
        """Return what lies under a spot of a box that shows this window."""
        west = self.west + (spot.left - box.left) * self.metres
        south = self.south + (box.bottom - spot.bottom) * self.metres
        return shapely.box(west, south, west + spot.width * self.metres, south + spot.height * self.metres)


def window(view: View, box: Box, *, scale: float, clear: float = 0.0) -> Window:
    """Return the part of the ground that shows a view in a box.

    Parameters
    ----------
    clear
        Pixels at the left that stay free of what the view names, for a legend that stands on the map.
    """
    west, south, east, north = _extent(view, box, scale)
    metres = max((east - west) / (box.width - clear), (north - south) / box.height)
    across = metres * (box.width - clear) - (east - west)
    down = metres * box.height - (north - south)
    # The country keeps away from a legend, which stands at its lower left, on the sea.
    share = 0.85 if clear else 0.5
    return Window(west - metres * clear - share * across, south - share * down, metres)


def frame(page: Page, part: Window, box: Box, *, scale: float) -> Frame:
    """Return a box of a page as a map of a part of the ground."""
    east, north = part.west + part.metres * box.width, part.south + part.metres * box.height
    axes = page.window(box, colour=theme.SEA)
    axes.set(xlim=(part.west, east), ylim=(part.south, north))
    zoomed = part.metres * min(box.width, box.height) < _ZOOMED * _country_width()
    return Frame(page, axes, box, part.west, part.south, east, north, scale, zoomed)


def is_zoomed(view: View) -> bool:
    """Return whether a view shows only a part of the country."""
    if view.center is not None and view.zoom is not None:
        return view.zoom > 6
    south, west, north, east = view.bounds
    whole = View().bounds
    return max(north - south, east - west) < _ZOOMED * (whole[2] - whole[0])


def _country_width() -> float:
    west, _, east, _ = _edges(View().bounds)
    return east - west


def _extent(view: View, box: Box, scale: float) -> tuple[float, float, float, float]:
    """Return the edges in metres of what must be seen."""
    if view.center is not None and view.zoom is not None:
        lat, lon = view.center
        metres = _ZOOM_ZERO * math.cos(math.radians(lat)) / 2**view.zoom / scale
        x, y = (float(v) for v in project(lon, lat))
        # As much as a reader saw around the middle, whatever the shape of the box.
        half = metres * min(box.width, box.height) / 2
        return x - half, y - half, x + half, y + half
    west, south, east, north = _edges(view.bounds)
    room = _MARGIN * max(east - west, north - south)
    return west - room, south - room, east + room, north + room


def _edges(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    south, west, north, east = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, _SPOTS), np.linspace(south, north, _SPOTS))
    x, y = project(lon, lat)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
