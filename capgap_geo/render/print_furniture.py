"""What stands around a printed map: scale bar, north, locator, code to the live view."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

import segno
import shapely
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from pyproj import Transformer

from capgap_geo.analysis.grid import PERU_CRS, WGS84
from capgap_geo.i18n import Translator
from capgap_geo.render import theme
from capgap_geo.render.mapspec import View
from capgap_geo.render.print_fonts import Weight
from capgap_geo.render.print_frame import Frame, window
from capgap_geo.render.print_frame import frame as frame_of
from capgap_geo.render.print_geometry import Shape, project
from capgap_geo.render.print_page import Box, Ink, Page, turned

#: A needle that points up, in a box of side 1.
_NEEDLE = Path([(0, 0.5), (0.28, -0.5), (0, -0.28), (-0.28, -0.5), (0, 0.5)], [1, 2, 2, 2, 79])
_LETTERS = 10.0
#: Pale modules around a QR code.
_QUIET = 4


def scale_bar(frame: Frame, t: Translator, *, home: Mapping[str, Shape], taken: Sequence[Box]) -> Box:
    """Draw a bar of a round length and an arrow to the north, in the corner where they cover least.

    Returns
    -------
    Box
        What they take.
    """
    page, s = frame.page, frame.scale
    km = _round_length(frame.pixel * 0.22 * min(frame.box.width, frame.box.height) / 1000)
    long = 1000 * km / frame.pixel
    box = _corner(frame, long + 34 * s, 32 * s, home, taken)
    x, y = box.left + 4 * s, box.bottom - 5 * s
    bar = Path([(x, y - 5 * s), (x, y), (x + long, y), (x + long, y - 5 * s)])
    for colour, thick in ((theme.PAPER, 3.6), (theme.INK, 1.4)):
        page.outline(bar, colour, thick * s)
    text = t.pair(km, km, unit="km", digits=0 if km >= 1 else 1)
    page.write(x + long / 2, y - 10 * s, text, Ink(_LETTERS * s, halo=theme.PAPER), align="center")
    needle = (x + long + 18 * s, y - 6 * s)
    page.shape(
        turned(_NEEDLE, by=_convergence(frame), at=needle, size=18 * s),
        colour=theme.INK, edge=theme.PAPER, thickness=s,
    )  # fmt: skip
    north = Ink(_LETTERS * s, Weight.BOLD, halo=theme.PAPER)
    page.write(needle[0], needle[1] - 15 * s, t("print.north"), north, align="center")
    return box


def _corner(frame: Frame, wide: float, high: float, home: Mapping[str, Shape], taken: Sequence[Box]) -> Box:
    gap, box = 9 * frame.scale, frame.box
    left, right = box.left + gap, box.right - gap - wide
    top, bottom = box.top + gap, box.bottom - gap - high
    spots = [Box(x, y, wide, high) for x, y in ((right, bottom), (left, bottom), (left, top), (right, top))]

    def cost(spot: Box) -> float:
        under = frame.ground_of(spot)
        land = sum(shapely.intersection(shape.geometry, under).area for shape in home.values())
        return float(2 * sum(spot.overlap(other) for other in taken) + land / frame.pixel**2)

    return min(spots, key=cost)


def _round_length(most: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return float(power) * max(step for step in (1, 2, 5) if step * power <= most)


def _convergence(frame: Frame) -> float:
    """Return the angle between up and true north at the lower right corner, in degrees clockwise."""
    lon, lat = _lonlat(
        frame.east - 0.1 * (frame.east - frame.west), frame.south + 0.1 * (frame.north - frame.south)
    )
    (x0, x1), (y0, y1) = project([lon, lon], [lat, lat + 0.1])
    return math.degrees(math.atan2(x1 - x0, y1 - y0))


def _lonlat(x: float, y: float) -> tuple[float, float]:
    lon, lat = Transformer.from_crs(PERU_CRS, WGS84, always_xy=True).transform(x, y)
    return float(lon), float(lat)


def locator(frame: Frame, home: Mapping[str, Shape]) -> Box:
    """Draw the country with the window on it, at the upper right."""
    page, s = frame.page, frame.scale
    high = min(0.24 * frame.box.height, 0.4 * frame.box.width)
    box = Box(frame.box.right - 0.66 * high - 10 * s, frame.box.top + 10 * s, 0.66 * high, high)
    small = frame_of(page, window(View(), box, scale=s), box, scale=s)
    small.axes.set_zorder(8)
    small.axes.set_facecolor(theme.PAPER)
    country = PathCollection(
        [shape.path for shape in home.values()], facecolors=theme.RULE, edgecolors=theme.RULE, linewidths=0.3
    )
    small.axes.add_collection(country, autolim=False)
    seen = shapely.box(frame.west, frame.south, frame.east, frame.north).intersection(small.rectangle)
    west, south, east, north = seen.bounds
    corner, other = small.place(west, north), small.place(east, south)
    spot = Box(*corner, max(3 * s, other[0] - corner[0]), max(3 * s, other[1] - corner[1]))
    page.outline(_frame_path(spot), theme.ACCENT, 1.6 * s)
    page.outline(_frame_path(box), theme.INK_SOFT, 0.7 * s)
    return box


def _frame_path(box: Box) -> Path:
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    return Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], [1, 2, 2, 2, 79])


def code_side(link: str, module: float) -> float:
    """Return the side of the code of a link, quiet zone included."""
    return (len(_modules(link)) + 2 * _QUIET) * module


@lru_cache(maxsize=64)
def _modules(link: str) -> tuple[bytes, ...]:
    """Return the rows of a code, 1 for dark."""
    return tuple(bytes(row) for row in segno.make(link, error="m", micro=False).matrix)


def code(page: Page, link: str, box: Box) -> None:
    """Draw the QR code of a link as shapes, dark on white, with the quiet zone that readers need."""
    rows = _modules(link)
    module = box.width / (len(rows) + 2 * _QUIET)
    page.fill(box, "#FFFFFF")
    vertices: list[tuple[float, float]] = []
    for number, row in enumerate(rows):
        for dark, run in groupby(enumerate(row), key=lambda pair: bool(pair[1])):
            columns = [column for column, _ in run]
            if dark:
                left, right = (
                    box.left + (columns[0] + _QUIET) * module,
                    box.left + (columns[-1] + _QUIET + 1) * module,
                )
                top = box.top + (number + _QUIET) * module
                vertices += [
                    (left, top),
                    (right, top),
                    (right, top + module),
                    (left, top + module),
                    (left, top),
                ]
    page.shape(Path(vertices, [1, 2, 2, 2, 79] * (len(vertices) // 5)), colour="#000000")
