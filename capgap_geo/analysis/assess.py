"""The answer to one scenario: who is within reach of help, by area, with both evidence bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.capacity import corroborated, qualifying, rates, totals
from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.engine import Engine
from capgap_geo.model import THRESHOLD_UNIT, Scenario, Study

#: Bins of the weighted median: one minute or one km, up to a week of travel.
_LONGEST = 10_080


@dataclass(frozen=True, eq=False)
class Assessment:
    """The answer to a scenario. Every pair is ordered: ``_lower`` is at most ``_upper``.

    Covered figures have their lower bound with the corroborated facilities only and their upper
    bound with the reported ones too; for uncovered figures and for `nearest` it is the reverse.

    Attributes
    ----------
    departments, provinces, zones
        Indexed by id. ``people`` of the scenario's profile; ``covered_people``,
        ``uncovered_people``, ``uncovered_share``, ``covered_area_km2``, ``uncovered_area_km2`` and
        ``nearest`` as pairs; ``robust`` where both evidence levels agree on who is uncovered.
        ``nearest`` is the value that half of the people (of a zone: its centre) do not exceed, in
        `unit`; infinity where nothing can be reached. People of a mining zone are its share of the
        official population: no census counts who lives in a camp, so do not tell it as their number.
    places
        Indexed by place: ``nearest`` and ``covered`` as pairs.
    capacity
        Departments: records and capacities of the service, and their rates.
    country
        One row like `departments`.
    facilities
        What counted, of both evidence levels.
    strict, wide
        Minutes or km from each cell of the country to the nearest corroborated facility, and to
        the nearest of all.
    unit
        ``min`` or ``km``.
    source_ids
        The sources of everything in this answer.
    """

    scenario: Scenario
    departments: pd.DataFrame
    provinces: pd.DataFrame
    zones: pd.DataFrame
    places: pd.DataFrame
    capacity: pd.DataFrame
    country: pd.Series
    facilities: gpd.GeoDataFrame
    strict: NDArray[np.float64]
    wide: NDArray[np.float64]
    unit: str
    source_ids: tuple[str, ...]
    fingerprint: str

    @property
    def nobody_serves(self) -> bool:
        """Whether no facility on record, in the whole country, takes the profile."""
        return bool(self.facilities.empty)


@lru_cache(maxsize=2)
def engine(study: Study) -> Engine:
    """Return the prepared country of a study, kept for the next scenario."""
    return Engine(study)


def assess(study: Study, scenario: Scenario) -> Assessment:
    """Answer a scenario.

    Parameters
    ----------
    study
        The tables.
    scenario
        The question.

    Raises
    ------
    ScenarioError
        The study cannot answer it, for instance because it has no travel-time surface.
    """
    ready = engine(study)
    chosen = qualifying(study.facilities, scenario)
    strict = ready.nearest(corroborated(chosen), scenario.measure)
    wide = ready.nearest(chosen, scenario.measure)
    people = ready.people(scenario.demand, scenario.profile)
    inside = [coverage(surface, threshold=scenario.threshold) for surface in (strict, wide)]
    provinces = _table(people, ready.areas, inside)
    merge = ready.department_of_province
    departments = pd.DataFrame(merge @ provinces.to_numpy(), columns=provinces.columns)
    country = departments.sum().to_frame().T
    person = np.asarray(people.sum(axis=0)).ravel()
    zone_people = sparse.csr_matrix(ready.zone_shares @ sparse.diags_array(person))
    zones = _table(zone_people, ready.zone_shares * ready.grid.cell_km**2, inside)
    bounds = (wide, strict)
    _add_nearest(provinces, _medians(people, bounds))
    _add_nearest(departments, _medians(sparse.csr_matrix(merge @ people), bounds))
    _add_nearest(country, _medians(sparse.csr_matrix(person), bounds))
    _add_nearest(zones, [surface[ready.zone_cells] for surface in bounds])
    return Assessment(
        scenario=scenario,
        departments=_finish(departments, study.departments, "department"),
        provinces=_finish(provinces, study.provinces, "province"),
        zones=_finish(zones, study.zones, "zone"),
        places=_places(study, ready, bounds, scenario.threshold),
        capacity=_capacity(study, chosen),
        country=_derive(country).iloc[0],
        facilities=chosen,
        strict=strict,
        wide=wide,
        unit=THRESHOLD_UNIT[scenario.measure],
        source_ids=_sources(study, chosen),
        fingerprint=study.fingerprint,
    )


def _table(
    people: sparse.csr_matrix, area: sparse.csr_matrix, inside: list[NDArray[np.bool_]]
) -> pd.DataFrame:
    table = pd.DataFrame({"people": _sum(people), "area_km2": _sum(area)})
    for bound, cells in zip(("lower", "upper"), inside, strict=True):
        table[f"covered_people_{bound}"] = people @ cells.astype(float)
        table[f"covered_area_km2_{bound}"] = area @ cells.astype(float)
    return table


def _sum(matrix: sparse.csr_matrix) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=1), np.float64).ravel()


def _finish(table: pd.DataFrame, names: gpd.GeoDataFrame, kind: str) -> pd.DataFrame:
    named = _derive(table)
    named.insert(0, f"{kind}_name", names[f"{kind}_name"].to_numpy())
    named.index = pd.Index(names[f"{kind}_id"], name=f"{kind}_id")
    return named


def _derive(table: pd.DataFrame) -> pd.DataFrame:
    for bound, other in (("lower", "upper"), ("upper", "lower")):
        uncovered = (table["people"] - table[f"covered_people_{other}"]).clip(lower=0)
        table[f"uncovered_people_{bound}"] = uncovered
        table[f"uncovered_share_{bound}"] = uncovered / table["people"].where(table["people"] > 0)
        table[f"uncovered_area_km2_{bound}"] = (table["area_km2"] - table[f"covered_area_km2_{other}"]).clip(
            lower=0
        )
    table["robust"] = np.isclose(
        table["uncovered_people_lower"], table["uncovered_people_upper"], rtol=0, atol=0.5
    )
    return table


def _medians(people: sparse.csr_matrix, surfaces: Iterable[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    return [_weighted_median(people, surface) for surface in surfaces]


def _weighted_median(people: sparse.csr_matrix, surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, by row, the value that half of the people do not exceed, rounded up to a whole unit."""
    whole = np.where(np.isfinite(surface), np.minimum(np.ceil(surface), _LONGEST), _LONGEST + 1).astype(
        np.int64
    )
    rows = np.repeat(np.arange(people.shape[0]), np.diff(people.indptr))
    bins = _LONGEST + 2
    weight = np.bincount(rows * bins + whole[people.indices], people.data, minlength=people.shape[0] * bins)
    reached = np.cumsum(weight.reshape(people.shape[0], bins), axis=1)
    median = (reached >= reached[:, -1:] / 2).argmax(axis=1).astype(float)
    median[median > _LONGEST] = np.inf
    return np.where(reached[:, -1] > 0, median, np.nan)


def _add_nearest(table: pd.DataFrame, pair: list[NDArray[np.float64]]) -> None:
    table["nearest_lower"], table["nearest_upper"] = pair


def _places(
    study: Study, ready: Engine, bounds: tuple[NDArray[np.float64], ...], threshold: float
) -> pd.DataFrame:
    lower, upper = (surface[ready.place_cells] for surface in bounds)
    columns = ["place_name", "province_id", "department_id", "population"]
    table = study.places.set_index("place_id")[columns].copy()
    table["nearest_lower"], table["nearest_upper"] = lower, upper
    table["covered_lower"] = coverage(upper, threshold=threshold)
    table["covered_upper"] = coverage(lower, threshold=threshold)
    return pd.DataFrame(table)


def _capacity(study: Study, chosen: pd.DataFrame) -> pd.DataFrame:
    departments = study.departments.set_index("department_id")
    have = totals(chosen, departments.index)
    people = study.population.groupby("department_id")["population"].sum().loc[departments.index]
    return have.join(rates(have, people=people, area_km2=departments["area_km2"]))


def _sources(study: Study, chosen: pd.DataFrame) -> tuple[str, ...]:
    named = {s for ids in chosen["source_ids"] for s in ids.split(";")}
    ground = {
        s.source_id for s in study.sources.values() if s.package in ("boundaries", "population", "travel")
    }
    return tuple(sorted(named | ground))
