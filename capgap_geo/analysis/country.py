"""The prepared country of a study: grid, land, people and friction, computed once and never changed."""

from __future__ import annotations

from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis import ellipsoid, grid
from capgap_geo.analysis.coverage import fractions
from capgap_geo.analysis.demand import access_lines, spread
from capgap_geo.analysis.tally import Weights
from capgap_geo.analysis.wavefront import RowCol
from capgap_geo.errors import ScenarioError
from capgap_geo.model import Demand, Profile, Study

#: Packages of the ground under every answer.
GROUND = ("boundaries", "population", "travel")
#: Tables that a part of the prepared country rests on.
LAND = frozenset({"departments", "provinces"})
PEOPLE = LAND | {"population", "places", "roads", "rivers"}


def _equal_tables(study: Study, other: Study) -> frozenset[str]:
    """Return the names of the tables that two studies have in common."""
    pairs = {name: (getattr(study, name), getattr(other, name)) for name in (*PEOPLE, "zones")}
    return frozenset(name for name, (a, b) in pairs.items() if a is b or a.equals(b))


class Country:
    """What every scenario of one study stands on.

    Values on the grid are kept for the cells of the country only, as flat arrays in the order of
    `cells`.

    Parameters
    ----------
    study
        The tables.
    base
        Country of another study: what rests on equal tables is taken over, and is not computed again.

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

    def __init__(self, study: Study, *, base: Country | None = None) -> None:
        self.study = study
        self._spread: dict[Demand, sparse.csr_matrix] = {}
        self._weights: dict[tuple[Demand, Profile], Weights] = {}
        equal = frozenset[str]() if base is None else _equal_tables(study, base.study)
        if base is not None and equal >= LAND:
            self._take_over(base, equal)
        else:
            self.grid = grid.peru(study.departments)
            self.cells: NDArray[np.intp] = np.flatnonzero(self.grid.mask)
            self.areas = self._of_country(fractions(self.grid, study.provinces)) * self.grid.cell_km**2
            self.zone_shares = self._of_country(fractions(self.grid, study.zones))

    def _take_over(self, base: Country, equal: frozenset[str]) -> None:
        """Share what rests on equal tables with the engine of another study; nothing of it ever changes."""
        self.grid, self.cells, self.areas = base.grid, base.cells, base.areas
        zones = "zones" in equal
        self.zone_shares = (
            base.zone_shares if zones else self._of_country(fractions(self.grid, self.study.zones))
        )
        if equal >= PEOPLE:
            self._spread = base._spread
            self._weights = base._weights if zones else {}
        for name in ("lonlat", "centred"):
            if name in base.__dict__:
                self.__dict__[name] = base.__dict__[name]

    def _of_country(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        return sparse.csr_matrix(matrix.tocsc()[:, self.cells])

    @cached_property
    def department_of_province(self) -> NDArray[np.intp]:
        """Position of the department of each province."""
        return np.asarray(self._departments.get_indexer(self.study.provinces["department_id"]))

    @cached_property
    def lonlat(self) -> NDArray[np.float64]:
        """Longitude and latitude of the cells' centres, in degrees."""
        row, column = np.unravel_index(self.cells, self.grid.shape)
        return np.column_stack(self.grid.lonlat(row, column))

    @cached_property
    def centred(self) -> NDArray[np.float64]:
        """The cells' centres in Earth-centred metres."""
        return ellipsoid.earth_centred(self.lonlat)

    @cached_property
    def capitals(self) -> gpd.GeoSeries:
        """The capital of each department: the public point through which its services are reached."""
        places = self.study.places.set_index("place_id").geometry
        ids = self.study.departments.set_index("department_id")["capital_place_id"]
        return gpd.GeoSeries(places.loc[ids].to_numpy(), index=ids.index, crs=places.crs)

    @cached_property
    def place_table(self) -> pd.DataFrame:
        """Name, province, department and population of each place."""
        columns = ["place_id", "place_name", "province_id", "department_id", "population"]
        return pd.DataFrame(self.study.places[columns]).set_index("place_id")

    @cached_property
    def department_table(self) -> pd.DataFrame:
        """Population and area in km2 of each department."""
        people = self.study.population.groupby("department_id")["population"].sum().astype(float)
        area = self.study.departments.set_index("department_id")["area_km2"].astype(float)
        return pd.DataFrame({"population": people.loc[area.index], "area_km2": area})

    @cached_property
    def ground_sources(self) -> frozenset[str]:
        """Sources of what every answer stands on."""
        return frozenset(s.source_id for s in self.study.sources.values() if s.package in GROUND)

    @cached_property
    def place_cells(self) -> NDArray[np.intp]:
        """Position in `cells` of the cell of each place."""
        points = self.study.places.geometry
        return self.positions(points.x.to_numpy(), points.y.to_numpy())

    def zone_nearest(self, surface: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of each mining zone's best-connected cell, so that no distance is overstated."""
        nearest = np.full(self.zone_shares.shape[0], np.nan)
        inside = np.diff(self.zone_shares.indptr) > 0  # a user's zone may lie off the grid: not known
        starts = self.zone_shares.indptr[:-1][inside]
        nearest[inside] = np.minimum.reduceat(surface[self.zone_shares.indices], starts)
        return nearest

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
        if variant not in self._spread:
            study = self.study
            lines = access_lines(study.roads, study.rivers)
            everywhere = spread(
                self.grid, study.provinces, study.population, study.places, variant=variant, access=lines
            )
            self._spread[variant] = self._of_country(everywhere)
        everyone = self._spread[variant]
        if profile is Profile.EVERYONE:
            return everyone
        table = self.study.population.set_index("province_id").loc[self.study.provinces["province_id"]]
        share = (table[profile.value] / table["population"]).to_numpy(float)
        persons = everyone.data * np.repeat(share, np.diff(everyone.indptr))
        return sparse.csr_matrix((persons, everyone.indices, everyone.indptr), shape=everyone.shape)

    def weights(self, variant: Demand, profile: Profile) -> Weights:
        """Return the persons of a group and the land, ready to be counted."""
        key = variant, profile
        if key not in self._weights:
            people = self.people(variant, profile)
            person = np.asarray(people.sum(axis=0)).ravel()
            zone_people = sparse.csr_matrix(self.zone_shares @ sparse.diags_array(person))
            zone_area = self.zone_shares * self.grid.cell_km**2
            self._weights[key] = Weights(
                people, self.areas, self.department_of_province, zone_people, zone_area
            )
        return self._weights[key]

    def sites(self, facilities: gpd.GeoDataFrame) -> NDArray[np.float64]:
        """Return longitude and latitude at which facilities are reached, one row per facility.

        A facility known by department only is reached through the department's capital, so what
        follows from it is a function of the department alone.
        """
        ids = facilities["department_id"].to_numpy()
        shape = facilities.geometry.to_numpy()
        capital = self._capital_lonlat[self._departments.get_indexer(ids)]
        found: NDArray[np.float64] = np.where(
            shapely.is_missing(shape)[:, None],
            capital,
            np.column_stack([shapely.get_x(shape), shapely.get_y(shape)]),
        )
        return found

    @cached_property
    def _departments(self) -> pd.Index:
        departments: pd.Index = pd.Index(self.study.departments["department_id"])
        return departments

    @cached_property
    def _capital_lonlat(self) -> NDArray[np.float64]:
        return np.column_stack([self.capitals.x, self.capitals.y])

    def passable_cells(self, lonlat: NDArray[np.float64]) -> list[RowCol]:
        """Return row and column of the cell from which each point is travelled to.

        Raises
        ------
        ScenarioError
            A point has no passable cell within 5 km, or the study has no friction surface.
        """
        if not len(lonlat):
            return []
        spot = self.grid.snap(lonlat[:, 0], lonlat[:, 1], usable=self._passable)
        return list(zip(spot.row.tolist(), spot.col.tolist(), strict=True))

    @cached_property
    def _passable(self) -> NDArray[np.bool_]:
        return np.isfinite(self.friction)

    @property
    def friction(self) -> NDArray[np.float64]:
        """Minutes per km on the grid, NaN where nobody can pass.

        Raises
        ------
        ScenarioError
            The study has no friction surface.
        """
        if self.study.friction is None:
            raise ScenarioError("the study has no travel-time surface; use measure straight_line")
        return self.study.friction
