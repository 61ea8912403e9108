"""What the ground is like, from a coarse elevation model: natural regions and slope classes."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

#: Above this height, in m, the land is highlands on either side of the Andes.
HIGHLANDS_FROM_M = 1000.0
#: Difference in height within `RELIEF_WINDOW_KM` up to which the land is flat, and up to which it is hilly.
FLAT_UP_TO_M, HILLY_UP_TO_M = 200.0, 800.0
#: Side of the square in which heights are compared: two cells of a 5' elevation model.
RELIEF_WINDOW_KM = 19.0


class Region(IntEnum):
    """Natural region of Peru: costa, sierra, selva."""

    COAST = 0
    HIGHLANDS = 1
    RAINFOREST = 2


class Slope(IntEnum):
    """How steep the land is, as far as a coarse elevation model can tell."""

    FLAT = 0
    HILLY = 1
    STEEP = 2


def natural_regions(elevation_m: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the natural region of every cell.

    Low land (below `HIGHLANDS_FROM_M`) that is connected with the western edge of the raster, hence
    with the Pacific, is coast; low land connected with the eastern edge is rainforest; everything
    else, deep valleys that are connected with neither included, is highlands.

    Parameters
    ----------
    elevation_m
        Height of the ground, north up, sea included (at about zero).

    Returns
    -------
    numpy.ndarray
        Values of `Region`, same shape.
    """
    parts, _ = ndimage.label(elevation_m < HIGHLANDS_FROM_M)
    west, east = (np.unique(parts[:, column]) for column in (0, -1))
    found = np.full(elevation_m.shape, Region.HIGHLANDS, np.uint8)
    found[np.isin(parts, east[east > 0])] = Region.RAINFOREST
    found[np.isin(parts, west[west > 0])] = Region.COAST
    return found


def slope_classes(elevation_m: NDArray[np.float64], *, cell_km: float = 1.0) -> NDArray[np.uint8]:
    """Return the slope class of every cell, by the range of heights in a square around it.

    The slope itself cannot be had from a 5' model, which averages over 9 km.

    Returns
    -------
    numpy.ndarray
        Values of `Slope`, same shape.
    """
    cells = max(3, round(RELIEF_WINDOW_KM / cell_km))
    relief = ndimage.maximum_filter(elevation_m, cells) - ndimage.minimum_filter(elevation_m, cells)
    classes = np.digitize(relief, [FLAT_UP_TO_M, HILLY_UP_TO_M], right=True)
    return classes.astype(np.uint8)
