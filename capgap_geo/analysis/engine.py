"""The prepared country: grid, people and friction, and the surfaces computed on them."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis import geodesic, grid, least_cost
from capgap_geo.analysis.coverage import fractions
from capgap_geo.analysis.demand import access_lines, spread
from capgap_geo.errors import ScenarioError
from capgap_geo.model import Demand, Measure, Profile, Study

#: Surfaces kept at a time; one is about 10 MB.
KEPT = 24
METRES_PER_KM = 1000.0


class Engine:
    """What every scenario of one study shares, computed once and never changed.

    Values on the grid are kept for the cells of the country only, as flat arrays in the order of
    `cells`.

    Parameters
    ----------
    study
        The tables.

    Attributes
    ----------
    grid
        The national grid.
    cells
        Flat indices of the cells that touch the country.
    areas
        Area in km2 of each cell inside each province; sparse, provinces by cells.
    zone_shares
        Share of each cell inside each mining zone; sparse, zones by cells.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.grid = grid.peru(study.departments)
        self.cells: NDArray[np.intp] = np.flatnonzero(self.grid.mask)
        self.areas = self._of_country(fractions(self.grid, study.provinces)) * self.grid.cell_km**2
        self.zone_shares = self._of_country(fractions(self.grid, study.zones))
        self._people: dict[Demand, sparse.csr_matrix] = {}
        self._surfaces: OrderedDict[tuple[object, ...], NDArray[np.float64]] = OrderedDict()

    def _of_country(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        return sparse.csr_matrix(matrix.tocsc()[:, self.cells])

    @cached_property
    def department_of_province(self) -> sparse.csr_matrix:
        """Departments by provinces, 1 where the province belongs to the department."""
        departments = pd.Index(self.study.departments["department_id"])
        row = departments.get_indexer(self.study.provinces["department_id"])
        shape = (len(departments), len(row))
        return sparse.csr_matrix((np.ones(len(row)), (row, np.arange(len(row)))), shape=shape)

    @cached_property
    def lonlat(self) -> NDArray[np.float64]:
        """Longitude and latitude of the cells' centres, in degrees."""
        row, column = np.unravel_index(self.cells, self.grid.shape)
        return np.column_stack(self.grid.lonlat(row, column))

    @cached_property
    def capitals(self) -> gpd.GeoSeries:
        """The capital of each department: the public point through which its services are reached."""
        places = self.study.places.set_index("place_id").geometry
        ids = self.study.departments.set_index("department_id")["capital_place_id"]
        return gpd.GeoSeries(places.loc[ids].to_numpy(), index=ids.index, crs=places.crs)

    @cached_property
    def place_cells(self) -> NDArray[np.intp]:
        """Position in `cells` of the cell of each place."""
        points = self.study.places.geometry
        return self.positions(points.x.to_numpy(), points.y.to_numpy())

    @cached_property
    def zone_cells(self) -> NDArray[np.intp]:
        """Position in `cells` of the cell of each mining zone's centre."""
        zones = self.study.zones
        return self.positions(zones["centre_lon"].to_numpy(), zones["centre_lat"].to_numpy())

    def positions(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the position in `cells` of the usable cell of each point.

        Raises
        ------
        ScenarioError
            A point lies more than 5 km outside the country.
        """
        spot = self.grid.snap(lon, lat)
        return np.searchsorted(self.cells, np.ravel_multi_index((spot.row, spot.col), self.grid.shape))

    def people(self, variant: Demand, profile: Profile) -> sparse.csr_matrix:
        """Return the persons of a group under one of the two spreads; sparse, provinces by cells."""
        if variant not in self._people:
            study = self.study
            lines = access_lines(study.roads, study.rivers)
            everywhere = spread(
                self.grid, study.provinces, study.population, study.places, variant=variant, access=lines
            )
            self._people[variant] = self._of_country(everywhere)
        everyone = self._people[variant]
        if profile is Profile.EVERYONE:
            return everyone
        table = self.study.population.set_index("province_id").loc[self.study.provinces["province_id"]]
        share = (table[profile.value] / table["population"]).to_numpy(float)
        return sparse.csr_matrix(sparse.diags_array(share) @ everyone)

    def sites(self, facilities: gpd.GeoDataFrame) -> NDArray[np.float64]:
        """Return longitude and latitude at which facilities are reached, one row per facility.

        A facility known by department only is reached through the department's capital, so what
        follows from it is a function of the department alone.
        """
        capital = self.capitals.loc[facilities["department_id"]].to_numpy()
        own = facilities.geometry.to_numpy()
        points = gpd.GeoSeries(np.where(facilities.geometry.isna(), capital, own))
        return np.column_stack([points.x, points.y]) if len(points) else np.empty((0, 2))

    def nearest(self, facilities: gpd.GeoDataFrame, measure: Measure) -> NDArray[np.float64]:
        """Return the minutes or km from each cell to the nearest facility; infinity where there is none.

        Raises
        ------
        ScenarioError
            Travel time is asked for and the study has no friction surface.
        """
        lonlat = np.unique(self.sites(facilities), axis=0)
        key = (measure, lonlat.tobytes())
        if key not in self._surfaces:
            surface = (
                self._distance(lonlat) if measure is Measure.STRAIGHT_LINE else self._travel_time(lonlat)
            )
            surface.flags.writeable = False
            self._surfaces[key] = surface
            if len(self._surfaces) > KEPT:
                self._surfaces.popitem(last=False)
        self._surfaces.move_to_end(key)
        return self._surfaces[key]

    def _distance(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return geodesic.nearest(self.lonlat, lonlat)[1] / METRES_PER_KM

    def _travel_time(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.study.friction is None:
            raise ScenarioError("the study has no travel-time surface; use measure straight_line")
        if not len(lonlat):
            return np.full(len(self.cells), np.inf)
        spot = self.grid.snap(lonlat[:, 0], lonlat[:, 1], usable=np.isfinite(self.study.friction))
        surface = least_cost.travel_time(
            self.study.friction, list(zip(spot.row, spot.col, strict=True)), cell_km=self.grid.cell_km
        )
        return surface.minutes.ravel()[self.cells]
