"""A surface after a few facilities came or went, from the one before: equal to a new one to the last bit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capgap_geo.analysis import ellipsoid, geodesic
from capgap_geo.analysis.least_cost import Change, Propagation
from capgap_geo.analysis.wavefront import RowCol

Floats = NDArray[np.float64]
#: Cells that change, and their minutes.
Delta = tuple[NDArray[np.intp], Floats]
#: A surface, and the cells where it differs from the one before.
Revised = tuple[Floats, NDArray[np.intp]]
METRES_PER_KM = 1000.0
#: New sources remembered; one takes up to 15 MB where the country has few others, mostly a tenth of that.
CATCHMENTS = 16
#: The certificate of the nearest facility is exact to this many metres.
SLACK_M = 0.001


def union(size: int, parts: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Return the cells that are in any of the parts, each once."""
    if len(parts) == 1:
        return parts[0]
    marked = np.zeros(size, np.bool_)
    for cells in parts:
        marked[cells] = True
    return np.flatnonzero(marked)


class Waves:
    """Travel-time surfaces that follow the facilities of one friction surface.

    Parameters
    ----------
    friction
        Minutes per km; NaN = impassable.
    cells
        Row-major indices of the cells whose values are wanted.
    cell_km
        Side of a cell.
    kept
        Surfaces kept ready for changes; one takes about 150 MB.
    """

    def __init__(self, friction: Floats, cells: NDArray[np.intp], *, cell_km: float, kept: int = 2) -> None:
        self._friction, self._cell_km, self._most = friction, cell_km, kept
        self._position = np.full(friction.size, -1, np.intp)
        self._position[cells] = np.arange(len(cells))
        self._kept: OrderedDict[frozenset[RowCol], Propagation] = OrderedDict()
        self._catchments: OrderedDict[tuple[frozenset[RowCol], RowCol], Delta] = OrderedDict()
        self._lock = Lock()

    def revised(self, before: Floats, base: Iterable[RowCol], wanted: Iterable[RowCol]) -> Revised:
        """Return the surface of the sources `wanted`, and the cells where it differs.

        The surface of two sets together is the lower of their two surfaces, also in floating point
        (rounding keeps the order of sums), so each new source is followed on its own and remembered.

        Parameters
        ----------
        before
            Surface of the sources `base`.
        """
        start, end = frozenset(base), frozenset(wanted)
        surface = before.copy()
        with self._lock:
            if start - end:
                changes = self._changes(start, sorted(start - end), sorted(end - start))
            else:
                changes = [self._catchment(start, place) for place in sorted(end - start)]
        if not start - end:
            return surface, union(len(surface), [lower(surface, *change) for change in changes])
        for cells, minutes in changes:
            surface[cells] = minutes
        return surface, _differing(before, surface, union(len(surface), [cells for cells, _ in changes]))

    def _changes(self, start: frozenset[RowCol], gone: list[RowCol], come: list[RowCol]) -> list[Delta]:
        """Return what each change does to the one before it, and leave the surface as it was."""
        wave = self._wave(start)
        index = {place: i for i, place in wave.sources.items()}
        made: list[Change] = []
        try:
            # What comes first saves the removal from flooding the land of those that come.
            made += (wave.add(place) for place in come)
            made += (wave.remove(index[place]) for place in gone)
            return [self._delta(change) for change in made]
        finally:
            for change in reversed(made):
                wave.undo(change)

    def _catchment(self, start: frozenset[RowCol], place: RowCol) -> Delta:
        """Return where a new source is nearer than all others, and how near."""
        key = start, place
        if key not in self._catchments:
            self._catchments[key] = self._changes(start, [], [place])[0]
            if len(self._catchments) > CATCHMENTS:
                self._catchments.popitem(last=False)
        self._catchments.move_to_end(key)
        return self._catchments[key]

    def _delta(self, change: Change) -> Delta:
        position = self._position[change.cells]
        inside = position >= 0
        if inside.all():
            return position, change.minutes_after
        return position[inside], change.minutes_after[inside]

    def _wave(self, sources: frozenset[RowCol]) -> Propagation:
        if sources not in self._kept:
            while len(self._kept) >= self._most:
                self._kept.popitem(last=False)
            self._kept[sources] = Propagation(self._friction, sorted(sources), cell_km=self._cell_km)
        self._kept.move_to_end(sources)
        return self._kept[sources]


def distance(points: Floats, centred: Floats, before: Floats, base: Floats, wanted: Floats) -> Revised:
    """Return the km from each point to the nearest of the sites `wanted`, and where they differ.

    A geodesic is at least as long as its chord, so a site can matter only where its chord is at most
    the distance before; those points are measured again, all others keep their value.

    Parameters
    ----------
    points, centred
        Longitude and latitude in degrees, and the same points in Earth-centred metres.
    before
        Km to the nearest of the sites `base`.
    base, wanted
        Longitude and latitude of the sites.
    """
    kept, new = {tuple(row) for row in base.tolist()}, {tuple(row) for row in wanted.tolist()}
    changed = ellipsoid.earth_centred(np.array(sorted(kept ^ new)).reshape(-1, 2))
    again = _within(centred, changed, before * METRES_PER_KM + SLACK_M)
    surface = before.copy()
    surface[again] = geodesic.nearest(points[again], wanted)[1] / METRES_PER_KM
    return surface, _differing(before, surface, again)


def _differing(before: Floats, surface: Floats, cells: NDArray[np.intp]) -> NDArray[np.intp]:
    differ: NDArray[np.bool_] = surface[cells] != before[cells]
    return cells[differ]


@njit(cache=True, nogil=True)
def _within(centred: Floats, sites: Floats, metres: Floats) -> NDArray[np.intp]:
    """Return the points that have any of the sites within so many metres, as the chord goes."""
    found, n = np.empty(len(centred), np.intp), 0
    for i in range(len(centred)):
        limit = metres[i] * metres[i]
        for k in range(len(sites)):
            x, y, z = centred[i, 0] - sites[k, 0], centred[i, 1] - sites[k, 1], centred[i, 2] - sites[k, 2]
            if x * x + y * y + z * z <= limit:
                found[n] = i
                n += 1
                break
    return found[:n]


@njit(cache=True, nogil=True)
def lower(surface: Floats, cells: NDArray[np.intp], minutes: Floats) -> NDArray[np.intp]:
    """Lower a surface to some values where they are lower; return the cells where they are."""
    changed, n = np.empty(len(cells), np.intp), 0
    for i in range(len(cells)):
        if minutes[i] < surface[cells[i]]:
            surface[cells[i]] = minutes[i]
            changed[n] = cells[i]
            n += 1
    return changed[:n]


@njit(cache=True, nogil=True)
def lowest(surface: Floats, cells: NDArray[np.intp], one: Floats, other: Floats) -> NDArray[np.intp]:
    """Give a surface the lower of two others at some cells; return those where that changes it."""
    changed, n = np.empty(len(cells), np.intp), 0
    for cell in cells:
        value = min(one[cell], other[cell])
        if value != surface[cell]:
            surface[cell] = value
            changed[n] = cell
            n += 1
    return changed[:n]
