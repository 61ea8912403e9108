"""Textures as lines and dots of their own: they stay sharp, and mean the same in every format."""

from __future__ import annotations

import math

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from capgap_geo.render.print_fonts import POINTS
from capgap_geo.render.theme import Texture

_DOT = Path.unit_circle()


def draw(
    axes: Axes,
    geometry: shapely.Geometry,
    texture: Texture,
    *,
    pixel: float,
    scale: float,
    down: bool = False,
) -> None:
    """Cover polygons with a texture.

    Parameters
    ----------
    pixel
        Length of one pixel in the data of the axes.
    scale
        How many pixels of the page stand for one of the screen, in which textures are measured.
    down
        The data's y axis points down.
    """
    gap = texture.gap * scale * pixel
    size = texture.width * scale * POINTS
    if texture.mark == "stipple":
        _dots(axes, stipple(geometry, gap), texture.colour, size)
        return
    rising = (texture.mark == "hatch") != down
    lines = hatch(geometry, gap, rising=rising)
    axes.add_collection(
        LineCollection(lines, colors=texture.colour, linewidths=size, zorder=1), autolim=False
    )


def hatch(geometry: shapely.Geometry, gap: float, *, rising: bool) -> list[NDArray[np.float64]]:
    """Return the lines at 45 degrees inside polygons, `gap` apart, aligned between neighbours."""
    if geometry.is_empty:
        return []
    west, south, east, north = geometry.bounds
    # A line is y = x + c (rising) or y = c - x (falling).
    sign = 1.0 if rising else -1.0
    step = gap * math.sqrt(2)
    low, high = (south - east, north - west) if rising else (south + west, north + east)
    offsets = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    x = np.array([west, east])
    across = shapely.linestrings(
        np.stack([np.broadcast_to(x, (len(offsets), 2)), sign * x + offsets[:, None]], -1)
    )
    inside = shapely.intersection(shapely.multilinestrings(across), geometry)
    parts = shapely.get_parts(inside)
    return [shapely.get_coordinates(part) for part in parts[shapely.length(parts) > 0]]


def stipple(geometry: shapely.Geometry, gap: float) -> NDArray[np.float64]:
    """Return dots inside polygons, in rows that are shifted by half a gap."""
    west, south, east, north = geometry.bounds
    rows = np.arange(math.floor(south / gap), math.ceil(north / gap) + 1)
    columns = np.arange(math.floor(west / gap) - 1, math.ceil(east / gap) + 1)
    x, y = np.meshgrid(columns * gap, rows * gap)
    x = x + gap / 2 * (rows % 2)[:, None]
    shapely.prepare(geometry)
    inside = shapely.contains_xy(geometry, x.ravel(), y.ravel())
    return np.column_stack([x.ravel()[inside], y.ravel()[inside]])


def _dots(axes: Axes, points: NDArray[np.float64], colour: str, size: float) -> None:
    dots = PathCollection(
        [_DOT], sizes=[(size / 2) ** 2], facecolors=colour, edgecolors="none", zorder=1,
        offsets=points, offset_transform=axes.transData,
    )  # fmt: skip
    dots.set_transform(IdentityTransform())
    axes.add_collection(dots, autolim=False)
