"""The answer to one scenario: who is within reach of help, by area, with both evidence bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.analysis.capacity import by_department, doubted, qualifying
from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.engine import Engine, Levels
from capgap_geo.analysis.engines import engine as engine
from capgap_geo.analysis.recall import remembered
from capgap_geo.analysis.tally import Count, Reached, Weights, covered
from capgap_geo.model import THRESHOLD_UNIT, Profile, Scenario, Service, Study

Columns = dict[str, NDArray[Any]]
#: Bounds that differ by less than this many persons agree.
_SAME = 0.5


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
        ``nearest`` is the value that half of the people (of a zone: its best-connected point) do not
        exceed, in `unit`; infinity where nothing can be reached. People of a mining zone are its share of
        the official population: no census counts who lives in a camp, so do not tell it as their number.
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


def assess(study: Study, scenario: Scenario, *, facilities: gpd.GeoDataFrame | None = None) -> Assessment:
    """Answer a scenario.

    Parameters
    ----------
    study
        The tables.
    scenario
        The question.
    facilities
        Those of a plan, in place of the study's; the answer is the same, bit for bit, as for a study
        that holds them, and takes a few milliseconds where only a few differ.

    Raises
    ------
    ScenarioError
        The study cannot answer it, for instance because it has no travel-time surface.
    """
    ready = engine(study)
    chosen, known, capacity = _recorded(study, scenario.service, scenario.profile, scenario.oldest)
    sites = known
    if facilities is not None:
        chosen = _chosen(study, facilities, scenario)
        sites, capacity = ready.levels(chosen), by_department(chosen, ready.department_table)
    strict, wide = ready.reached(scenario, sites, known=known)
    weights = ready.weights(scenario.demand, scenario.profile)
    provinces, departments, country = _areas(weights, strict.count, wide.count)
    return Assessment(
        scenario=scenario,
        departments=_table(departments, study, "department"),
        provinces=_table(provinces, study, "province"),
        zones=_table(_zones(ready, weights, strict, wide), study, "zone"),
        places=_places(ready, (wide.surface, strict.surface), scenario.threshold),
        capacity=capacity,
        country=pd.Series({name: values[0] for name, values in country.items()}, dtype=object),
        facilities=chosen,
        strict=strict.surface,
        wide=wide.surface,
        unit=THRESHOLD_UNIT[scenario.measure],
        source_ids=_sources(ready, chosen),
        fingerprint=study.fingerprint,
    )


@remembered(8)
def _recorded(
    study: Study, service: Service, profile: Profile, oldest: int
) -> tuple[gpd.GeoDataFrame, Levels, pd.DataFrame]:
    """Return the facilities on record that count, their sites, and what they hold by department."""
    chosen = _chosen(study, study.facilities, Scenario(service=service, profile=profile, oldest=oldest))
    ready = engine(study)
    return chosen, ready.levels(chosen), by_department(chosen, ready.department_table)


def _chosen(study: Study, facilities: gpd.GeoDataFrame, scenario: Scenario) -> gpd.GeoDataFrame:
    """Return what counts; a record counts as reported where sources dispute that it takes the group."""
    return doubted(qualifying(facilities, scenario), study.contested, scenario.profile)


def _areas(weights: Weights, strict: Count, wide: Count) -> tuple[Columns, Columns, Columns]:
    """Return the columns of provinces, departments and the country."""
    sums = {"people": weights.people_total, "area_km2": weights.area_total}
    for bound, counted in (("lower", strict), ("upper", wide)):
        sums |= {f"covered_people_{bound}": counted.people, f"covered_area_km2_{bound}": counted.area}
    by = {name: np.bincount(weights.department, values) for name, values in sums.items()}
    whole = {name: values.sum(keepdims=True) for name, values in by.items()}
    return (
        _derive(sums, wide.distances.median, strict.distances.median),
        _derive(by, wide.distances.department_median, strict.distances.department_median),
        _derive(
            whole, np.array([wide.distances.country_median]), np.array([strict.distances.country_median])
        ),
    )


def _zones(ready: Engine, weights: Weights, strict: Reached, wide: Reached) -> Columns:
    sums = {"people": weights.zone_people_total, "area_km2": weights.zone_area_total}
    for bound, found in (("lower", strict), ("upper", wide)):
        sums[f"covered_people_{bound}"] = covered(weights.zone_people, found.count.inside)
        sums[f"covered_area_km2_{bound}"] = covered(weights.zone_area, found.count.inside)
    return _derive(sums, ready.zone_nearest(wide.surface), ready.zone_nearest(strict.surface))


def _derive(sums: Columns, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> Columns:
    """Return the columns of a table from its sums and the two bounds of `nearest`."""
    table = dict(sums)
    people, area = sums["people"], sums["area_km2"]
    for bound, other in (("lower", "upper"), ("upper", "lower")):
        uncovered = np.maximum(people - sums[f"covered_people_{other}"], 0.0)
        table[f"uncovered_people_{bound}"] = uncovered
        table[f"uncovered_share_{bound}"] = np.divide(
            uncovered, people, out=np.full_like(people, np.nan), where=people > 0
        )
        table[f"uncovered_area_km2_{bound}"] = np.maximum(area - sums[f"covered_area_km2_{other}"], 0.0)
    table["robust"] = np.abs(table["uncovered_people_upper"] - table["uncovered_people_lower"]) <= _SAME
    return table | {"nearest_lower": lower, "nearest_upper": upper}


def _table(columns: Columns, study: Study, kind: str) -> pd.DataFrame:
    index, names = _named(study, kind)
    return pd.DataFrame({f"{kind}_name": names, **columns}, index=index, copy=False)


@remembered(3)
def _named(study: Study, kind: str) -> tuple[pd.Index, pd.api.extensions.ExtensionArray]:
    table = getattr(study, f"{kind}s")
    return pd.Index(table[f"{kind}_id"], name=f"{kind}_id"), table[f"{kind}_name"].array


def _places(ready: Engine, bounds: tuple[NDArray[np.float64], ...], threshold: float) -> pd.DataFrame:
    lower, upper = (surface[ready.place_cells] for surface in bounds)
    columns = {
        "nearest_lower": lower,
        "nearest_upper": upper,
        "covered_lower": coverage(upper, threshold=threshold),
        "covered_upper": coverage(lower, threshold=threshold),
    }
    return pd.concat([ready.place_table, pd.DataFrame(columns, ready.place_table.index, copy=False)], axis=1)


def _sources(ready: Engine, chosen: pd.DataFrame) -> tuple[str, ...]:
    named = {s for ids in chosen["source_ids"] for s in ids.split(";") if s}
    return tuple(sorted(named | ready.ground_sources))
