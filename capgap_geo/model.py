"""The nouns of the project: what a study holds and what can be asked of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlencode

from capgap_geo.errors import ScenarioError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class Service(StrEnum):
    """A kind of specialised help."""

    POLICE = "police"
    PROSECUTION = "prosecution"
    SHELTER = "shelter"
    PROTECTION = "protection"
    VICTIM_SUPPORT = "victim_support"
    FIRST_RESPONSE = "first_response"


class Profile(StrEnum):
    """Whom a facility serves. A facility serves `EVERYONE` only if it serves all four groups."""

    EVERYONE = "everyone"
    GIRLS = "girls"
    BOYS = "boys"
    WOMEN = "women"
    MEN = "men"


GROUPS: tuple[Profile, ...] = (Profile.GIRLS, Profile.BOYS, Profile.WOMEN, Profile.MEN)


class Evidence(StrEnum):
    """How well a record is supported: an official or two independent sources, or one source."""

    CORROBORATED = "corroborated"
    REPORTED = "reported"


class Measure(StrEnum):
    """What is compared with the threshold: minutes of travel, or kilometres as the crow flies."""

    TRAVEL_TIME = "travel_time"
    STRAIGHT_LINE = "straight_line"


class Demand(StrEnum):
    """How rural people are spread inside a province: evenly, or near places, roads and rivers."""

    EVEN = "even"
    NEAR_ACCESS = "near_access"


#: Unit and admissible range of the threshold of each measure.
THRESHOLD_UNIT: Mapping[Measure, str] = MappingProxyType(
    {Measure.TRAVEL_TIME: "min", Measure.STRAIGHT_LINE: "km"}
)
THRESHOLD_MAX: Mapping[Measure, float] = MappingProxyType(
    {Measure.TRAVEL_TIME: 2880.0, Measure.STRAIGHT_LINE: 1000.0}
)
#: Threshold where a link or a command states none.
USUAL_THRESHOLD: Mapping[Measure, float] = MappingProxyType(
    {Measure.TRAVEL_TIME: 240.0, Measure.STRAIGHT_LINE: 100.0}
)
#: Services with enough public records for a map of who lacks them. First response has hundreds of
#: centres whose positions are not in the data: a desert drawn from the few on record would be false.
MAPPED = tuple(s for s in Service if s is not Service.FIRST_RESPONSE)
OLDEST_YEAR = 2000
NEWEST_YEAR = 2100


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question, frozen and hashable: the cache key, the permalink and the file name.

    Parameters
    ----------
    service, profile
        Which help, for whom.
    measure, threshold
        What counts as within reach: at most `threshold` minutes or kilometres, inclusive.
    evidence
        The weakest evidence accepted for the drawn map; every figure still carries both bounds.
    demand
        How rural people are spread inside a province.
    oldest
        Records dated before this year are left out; undated records count as older than any year
        and are kept only when `oldest` is at its minimum.
    friction
        Name of the travel-time surface: ``shipped`` or the name of a user's own.

    Raises
    ------
    ScenarioError
        With every problem at once.
    """

    service: Service = Service.POLICE
    profile: Profile = Profile.EVERYONE
    measure: Measure = Measure.TRAVEL_TIME
    threshold: float = 240.0
    evidence: Evidence = Evidence.REPORTED
    demand: Demand = Demand.NEAR_ACCESS
    oldest: int = OLDEST_YEAR
    friction: str = "shipped"

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, kind in _ENUMS.items():
            try:
                object.__setattr__(self, name, kind(getattr(self, name)))
            except ValueError:
                problems.append(f"{name}: found {getattr(self, name)!r}, use one of {', '.join(kind)}")
        problems += _number_problems(self)
        if problems:
            raise ScenarioError("; ".join(problems), details={"problems": problems})

    def to_query(self) -> str:
        """Return the query string; values equal to the defaults, of the measure, are left out."""
        default = Scenario(threshold=USUAL_THRESHOLD[self.measure])
        pairs = {f.name: _text(getattr(self, f.name)) for f in fields(self)}
        return urlencode({k: v for k, v in pairs.items() if v != _text(getattr(default, k))})

    @classmethod
    def from_query(cls, query: str | Mapping[str, str]) -> Self:
        """Read a query string (or a mapping); keys that are no part of a scenario are ignored.

        Raises
        ------
        ScenarioError
            A value is unknown or out of range.
        """
        given = dict(parse_qsl(query.lstrip("?"))) if isinstance(query, str) else dict(query)
        known: dict[str, Any] = {f.name: given[f.name] for f in fields(cls) if f.name in given}
        for name, kind in (("threshold", float), ("oldest", int)):
            if name in known:
                known[name] = _parse(name, known[name], kind)
        if "threshold" not in known and known.get("measure") in set(Measure):
            known["threshold"] = USUAL_THRESHOLD[Measure(known["measure"])]
        return cls(**known)

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


_ENUMS: dict[str, type[StrEnum]] = {
    "service": Service,
    "profile": Profile,
    "measure": Measure,
    "evidence": Evidence,
    "demand": Demand,
}


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parse(name: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise ScenarioError(f"{name}: found {text!r}, a number is needed") from None


def _number_problems(scenario: Scenario) -> list[str]:
    problems = []
    limit = THRESHOLD_MAX.get(scenario.measure, max(THRESHOLD_MAX.values()))
    if not (math.isfinite(scenario.threshold) and 0 <= scenario.threshold <= limit):
        problems.append(f"threshold: found {scenario.threshold!r}, use 0 to {limit:g}")
    if not OLDEST_YEAR <= scenario.oldest <= NEWEST_YEAR:
        problems.append(f"oldest: found {scenario.oldest!r}, use a year from {OLDEST_YEAR} to {NEWEST_YEAR}")
    return problems


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from.

    Attributes
    ----------
    title_es, producer_es
        As a Spanish reader is told them; empty where they read the same.
    """

    source_id: str
    title: str
    producer: str
    url: str | None
    date_published: str | None
    date_accessed: str
    package: str
    title_es: str = ""
    producer_es: str = ""


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Study:
    """Checked tables of one country, read-only by agreement. Coordinates are WGS 84 (EPSG:4326).

    Attributes
    ----------
    departments, provinces, places, facilities, zones, roads, rivers, neighbours
        GeoDataFrames; `facilities` has no geometry where `precision` is ``department``.
    population
        One row per province: ``population`` in persons and the estimated ``girls``, ``boys``,
        ``women``, ``men``.
    incidents
        Long table: one registry, department, period and measure per row. Never one trend.
    registries
        What each registry of `incidents` counts, and what must be said beside it.
    absences
        Services that are known not to exist.
    contested
        Figures that sources dispute, one row per value.
    sources
        Every source by its id.
    friction
        Minutes per km on the national grid, NaN where nobody can pass; None where the study has none.
    fingerprint
        SHA-256 over the hashes of all files: the data's part of a cache key.
    """

    departments: gpd.GeoDataFrame
    provinces: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    rivers: gpd.GeoDataFrame
    neighbours: gpd.GeoDataFrame
    population: pd.DataFrame
    incidents: pd.DataFrame
    registries: pd.DataFrame
    absences: pd.DataFrame
    contested: pd.DataFrame
    figures: pd.DataFrame
    sources: Mapping[str, Source]
    friction: NDArray[np.float64] | None
    path: Path
    fingerprint: str
