"""A sheet of paper: boxes in pixels, and what can be put on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import Stroke
from matplotlib.transforms import Affine2D, IdentityTransform

from capgap_geo.render import theme
from capgap_geo.render.print_fonts import LEADING, POINTS, Weight, font

PER_INCH = 96.0


class Box(NamedTuple):
    """A rectangle in pixels of the page, y downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height

    def inset(self, by: float) -> Box:
        """Return the box with a margin taken off on all sides."""
        return Box(self.left + by, self.top + by, self.width - 2 * by, self.height - 2 * by)

    def overlap(self, other: Box) -> float:
        """Return the area common to both."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, across) * max(0.0, down)


@dataclass(frozen=True)
class Ink:
    """How a text looks: size in pixels, weight, colour, and a halo in another colour."""

    size: float
    weight: Weight = Weight.REGULAR
    colour: str = theme.INK
    halo: str = ""


class Page:
    """A figure whose first axes measure the whole page in pixels, y downwards.

    Parameters
    ----------
    width, height
        In CSS pixels, 96 to the inch.
    """

    def __init__(self, width: float, height: float) -> None:
        self.box = Box(0, 0, width, height)
        self.figure = Figure(figsize=(width / PER_INCH, height / PER_INCH), facecolor=theme.PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.window(self.box, zorder=10)
        self.axes.patch.set_visible(False)

    def window(self, box: Box, *, zorder: float = 1, colour: str = "none") -> Axes:
        """Return axes over a part of the page, in its pixels, without frame or ticks."""
        w, h = self.box.width, self.box.height
        place = (box.left / w, 1 - box.bottom / h, box.width / w, box.height / h)
        axes = self.figure.add_axes(place, zorder=zorder, facecolor=colour)
        axes.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top), xticks=(), yticks=())
        for side in axes.spines.values():
            side.set_visible(False)
        return axes

    def write(
        self, x: float, y: float, text: str, ink: Ink, *, align: str = "left", on: Axes | None = None
    ) -> None:
        """Write one line of text whose middle is at height `y`."""
        axes = on or self.axes
        look: dict[str, Any] = {
            "fontproperties": font(ink.weight, ink.size), "ha": align, "va": "center_baseline",
            "parse_math": False, "clip_on": on is not None,
        }  # fmt: skip
        if ink.halo:
            effect = Stroke(linewidth=0.24 * ink.size * POINTS, foreground=ink.halo, joinstyle="round")
            axes.text(x, y, text, color=ink.halo, path_effects=[effect], zorder=4, **look)
        axes.text(x, y, text, color=ink.colour, zorder=5, **look)

    def lines(self, x: float, top: float, lines: Sequence[str], ink: Ink, *, align: str = "left") -> float:
        """Write lines below each other and return where the next one would begin."""
        step = ink.size * LEADING
        for number, line in enumerate(lines):
            self.write(x, top + step * (number + 0.5), line, ink, align=align)
        return top + step * len(lines)

    def rule(
        self, x0: float, y: float, x1: float, *, colour: str = theme.RULE, thickness: float = 1.0
    ) -> None:
        """Draw a thin line across."""
        lines = LineCollection([((x0, y), (x1, y))], colors=colour, linewidths=thickness * POINTS)
        self.axes.add_collection(lines, autolim=False)

    def fill(self, box: Box, colour: str, *, edge: str = "none", thickness: float = 0.0) -> None:
        """Fill a rectangle."""
        patch = Rectangle(
            (box.left, box.top), box.width, box.height,
            facecolor=colour, edgecolor=edge, linewidth=thickness * POINTS,
        )  # fmt: skip
        self.axes.add_artist(patch)

    def shape(self, path: Path, *, colour: str, edge: str = "none", thickness: float = 0.0) -> None:
        """Fill an outline given in pixels of the page."""
        patch = PathPatch(path, facecolor=colour, edgecolor=edge, linewidth=thickness * POINTS)
        self.axes.add_artist(patch)

    def outline(
        self, path: Path, colour: str, thickness: float, dash: Sequence[float] = (), scale: float = 1.0
    ) -> None:
        """Draw an outline given in pixels of the page, dashed as measured on the screen."""
        style: Any = (0, tuple(d * scale / thickness for d in dash)) if dash else "solid"
        patch = PathPatch(
            path, facecolor="none", edgecolor=colour, linewidth=thickness * POINTS, linestyle=style
        )
        self.axes.add_artist(patch)


def symbol_path(name: str) -> Path:
    """Return the silhouette of a service in a box of side 1 around the origin, y upwards."""
    vertices, commands = theme.symbol_outline(theme.SYMBOLS[name])  # type: ignore[index]
    codes = {"M": Path.MOVETO, "L": Path.LINETO, "C": Path.CURVE4, "Z": Path.CLOSEPOLY}
    return Path([(x / 16 - 0.5, 0.5 - y / 16) for x, y in vertices], [codes[c] for c in commands])


def symbols(
    axes: Axes, name: str, points: Sequence[tuple[float, float]], size: float, *, hollow: bool = False
) -> None:
    """Draw a service's symbol at points (in the data of the axes), with a pale rim around it.

    Parameters
    ----------
    size
        Side in pixels.
    hollow
        Weaker evidence: an outline only.
    """
    colour = theme.SYMBOLS[name].colour  # type: ignore[index]
    look = [("none", theme.PAPER, 0.26), (theme.PAPER, colour, 0.1) if hollow else (colour, "none", 0.0)]
    for face, edge, line in look:
        collection = PathCollection(
            [symbol_path(name)], sizes=[(size * POINTS) ** 2], facecolors=face, edgecolors=edge,
            linewidths=line * size * POINTS, joinstyle="round", zorder=3,
            offsets=list(points), offset_transform=axes.transData,
        )  # fmt: skip
        collection.set_transform(IdentityTransform())
        axes.add_collection(collection, autolim=False)


def turned(path: Path, *, by: float, at: tuple[float, float], size: float) -> Path:
    """Return a path of unit size (y upwards) turned clockwise by degrees, scaled and moved on the page."""
    return path.transformed(Affine2D().rotate_deg(-by).scale(size, -size).translate(*at))
