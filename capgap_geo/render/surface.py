"""A surface as a small picture: classes of the national grid in Web Mercator, as a palette PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from capgap_geo.analysis.grid import Grid

#: Pixels from north to south; one is about 2 km.
HEIGHT = 1100
_EARTH = 6378137.0


@lru_cache(maxsize=4)
def _sampling(grid: Grid) -> tuple[NDArray[np.intp], NDArray[np.bool_], tuple[float, float, float, float]]:
    """Return for each pixel the flat index of its cell, whether it is in the country, and the bounds."""
    row, column = np.nonzero(grid.mask)
    lon, lat = grid.lonlat(row, column)
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    y = np.linspace(_mercator(north), _mercator(south), HEIGHT)
    width = round(HEIGHT * np.radians(east - west) * _EARTH / (y[0] - y[-1]))
    x = np.linspace(west, east, width)
    pixel_lat = np.degrees(2 * np.arctan(np.exp(y / _EARTH)) - np.pi / 2)
    grid_lon, grid_lat = np.meshgrid(x, pixel_lat)
    r, c = grid.rowcol(grid_lon.ravel(), grid_lat.ravel())
    inside = grid.inside(r, c)
    flat = np.where(inside, r * grid.shape[1] + c, 0)
    inside &= grid.mask.ravel()[flat]
    shape = (HEIGHT, width)
    half_y, half_x = (y[0] - y[-1]) / (HEIGHT - 1) / 2, (east - west) / (width - 1) / 2
    north, south = (
        np.degrees(2 * np.arctan(np.exp(v / _EARTH)) - np.pi / 2) for v in (y[0] + half_y, y[-1] - half_y)
    )
    bounds = (float(south), float(west - half_x), float(north), float(east + half_x))
    return flat.reshape(shape), inside.reshape(shape), bounds


def _mercator(lat: float) -> float:
    return float(_EARTH * np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)))


def class_image(
    grid: Grid, cells: NDArray[np.intp], classes: NDArray[np.uint8], colours: Sequence[str]
) -> tuple[str, tuple[float, float, float, float]]:
    """Return a data URI and the bounds (south, west, north, east) of a picture of classes.

    Parameters
    ----------
    cells
        Flat indices of the grid's cells that carry a value.
    classes
        Class of each of them, an index of `colours`.
    colours
        ``#RRGGBB``; an empty text is transparent.
    """
    flat, inside, bounds = _sampling(grid)
    full = np.full(grid.shape[0] * grid.shape[1], len(colours), dtype=np.uint8)
    full[cells] = classes
    pixels = np.where(inside, full[flat], len(colours)).astype(np.uint8)
    picture = Image.fromarray(pixels, mode="P")
    palette = [_rgb(colour) for colour in (*colours, "")]
    picture.putpalette([part for rgb in palette for part in rgb])
    opacity = bytes(255 if colour else 0 for colour in (*colours, ""))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=opacity, optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode(), bounds


def _rgb(colour: str) -> tuple[int, int, int]:
    value = int(colour[1:] or "0", 16) if colour else 0
    return value >> 16, value >> 8 & 255, value & 255
