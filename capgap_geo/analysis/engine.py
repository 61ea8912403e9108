"""How far help is from every cell of a country, and who is within its reach; answers are remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property, partial
from threading import Lock
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from capgap_geo.analysis import geodesic, least_cost, revise
from capgap_geo.analysis.country import Country
from capgap_geo.analysis.revise import METRES_PER_KM
from capgap_geo.analysis.tally import Count, Distances, Reached, count, distances, recount
from capgap_geo.model import Evidence, Measure, Scenario, Study

T = TypeVar("T")
#: Longitude and latitude of the sites of corroborated, and of reported, facilities.
Levels = tuple[NDArray[np.float64], NDArray[np.float64]]
#: Surfaces kept at a time; one is about 10 MB.
KEPT = 24
#: Counts, and distances, kept at a time; one is about 3 MB.
KEPT_COUNTS = 12


class Engine(Country):
    """The country with what has been asked of it: surfaces and counts, remembered.

    Parameters
    ----------
    study, base
        See `Country`.
    kept
        Surfaces and counts kept at a time.
    """

    def __init__(
        self,
        study: Study,
        *,
        base: Engine | None = None,
        kept: tuple[int, int] = (KEPT, KEPT_COUNTS),
    ) -> None:
        super().__init__(study, base=base)
        self.kept = kept
        self._surfaces: OrderedDict[tuple[object, ...], NDArray[np.float64]] = OrderedDict()
        self._distances: OrderedDict[tuple[object, ...], Distances] = OrderedDict()
        self._counts: OrderedDict[tuple[object, ...], Count] = OrderedDict()
        self._recalled: dict[str, OrderedDict[tuple[object, ...], Any]] = {}
        self._lock = Lock()

    @cached_property
    def waves(self) -> revise.Waves:
        """Travel-time surfaces that follow their facilities.

        Raises
        ------
        ScenarioError
            The study has no friction surface.
        """
        most = 2 if self.kept[0] >= KEPT else 1
        return revise.Waves(self.friction, self.cells, cell_km=self.grid.cell_km, kept=most)

    def reached(
        self, scenario: Scenario, sites: Levels, *, known: Levels | None = None
    ) -> tuple[Reached, Reached]:
        """Return how far help is from each cell, and who is within reach, under both evidence levels.

        Parameters
        ----------
        sites
            Those of the facilities that count, see `levels`.
        known
            Other sites whose answer is kept: what differs from them is computed, and nothing else.

        Returns
        -------
        tuple
            With the corroborated facilities only, and with all of them.

        Raises
        ------
        ScenarioError
            Travel time is asked for and the study has no friction surface.
        """
        base = sites if known is None else known
        before = self._counted(scenario, base)
        if all(map(np.array_equal, base, sites)):
            return before
        measure = scenario.measure
        (firm, one), (reported, other) = (
            self._revised(measure, *sites) for sites in zip(base, sites, strict=True)
        )
        strict = self._recounted(scenario, before[0], firm, one)
        if not len(base[1]) and not len(sites[1]):  # nothing rests on one source alone: both levels agree
            return strict, strict
        cells = revise.union(len(firm), [part for part in (one, other) if len(part)])
        everything = before[1].surface.copy()
        cells = revise.lowest(everything, cells, firm, reported)
        return strict, self._recounted(scenario, before[1], everything, cells)

    def _recounted(
        self, scenario: Scenario, before: Reached, surface: NDArray[np.float64], cells: NDArray[np.intp]
    ) -> Reached:
        """Count a surface that differs from one before at some cells only."""
        surface.flags.writeable = False
        counted = recount(before.count, surface, cells, threshold=scenario.threshold)
        return Reached(surface, counted)

    def levels(self, facilities: gpd.GeoDataFrame) -> Levels:
        """Return the sites of corroborated and of reported facilities, each once."""
        sites = self.sites(facilities)
        firm = facilities["evidence"].to_numpy() == Evidence.CORROBORATED
        one, other = (sorted({*map(tuple, sites[which].tolist())}) for which in (firm, ~firm))
        return np.array(one).reshape(-1, 2), np.array(other).reshape(-1, 2)

    def _counted(self, scenario: Scenario, levels: Levels) -> tuple[Reached, Reached]:
        """Return both levels of some facilities, remembered."""
        names = tuple(sites.tobytes() for sites in levels)
        firm = self._surface(levels[0], scenario.measure)
        strict = self._count(scenario, firm, names[:1])
        if not len(levels[1]):
            return strict, strict
        reported = self._surface(levels[1], scenario.measure)
        everything = self._remembered(
            self._surfaces, (scenario.measure, *names), self.kept[0], lambda: np.minimum(firm, reported)
        )
        everything.flags.writeable = False
        return strict, self._count(scenario, everything, names)

    def _count(self, scenario: Scenario, surface: NDArray[np.float64], name: tuple[bytes, ...]) -> Reached:
        """Count a surface, remembered by the sites that it has been computed from."""
        weights = self.weights(scenario.demand, scenario.profile)
        key = scenario.measure, scenario.demand, scenario.profile, name
        compute = partial(distances, weights, surface)
        found = self._remembered(self._distances, key, self.kept[1], compute)
        again = partial(count, found, surface, threshold=scenario.threshold)
        counted = self._remembered(self._counts, (scenario.threshold, *key), self.kept[1], again)
        return Reached(surface, counted)

    def _revised(
        self, measure: Measure, base: NDArray[np.float64], wanted: NDArray[np.float64]
    ) -> revise.Revised:
        before = self._surface(base, measure)
        if np.array_equal(base, wanted):
            return before, np.empty(0, np.intp)
        if measure is Measure.STRAIGHT_LINE:
            return revise.distance(self.lonlat, self.centred, before, base, wanted)
        return self.waves.revised(before, self.passable_cells(base), self.passable_cells(wanted))

    def nearest(self, facilities: gpd.GeoDataFrame, measure: Measure) -> NDArray[np.float64]:
        """Return the minutes or km from each cell to the nearest facility; infinity where there is none.

        Raises
        ------
        ScenarioError
            Travel time is asked for and the study has no friction surface.
        """
        return self._surface(np.unique(self.sites(facilities), axis=0), measure)

    def _surface(self, sites: NDArray[np.float64], measure: Measure) -> NDArray[np.float64]:
        near = self._straight_line if measure is Measure.STRAIGHT_LINE else self._travel_time
        key = measure, sites.tobytes()
        surface = self._remembered(self._surfaces, key, self.kept[0], partial(near, sites))
        surface.flags.writeable = False
        return surface

    def recall(self, name: str, key: tuple[object, ...], most: int, compute: Callable[[], T]) -> T:
        """Return a result that is kept with this engine, one of the latest `most` of that name."""
        with self._lock:
            kept = self._recalled.setdefault(name, OrderedDict())
        found: T = self._remembered(kept, key, most, compute)
        return found

    def _remembered(
        self,
        kept: OrderedDict[tuple[object, ...], T],
        key: tuple[object, ...],
        most: int,
        compute: Callable[[], T],
    ) -> T:
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        value = compute()
        with self._lock:
            kept[key] = value
            while len(kept) > most:
                kept.popitem(last=False)
        return value

    def _straight_line(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return geodesic.nearest(self.lonlat, lonlat)[1] / METRES_PER_KM

    def _travel_time(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        sources = self.passable_cells(lonlat)
        surface = least_cost.travel_time(self.friction, sources, cell_km=self.grid.cell_km)
        return surface.minutes.ravel()[self.cells]
