"""The sources that one view rests on: those of its answer, of its mining zones, of what is said beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import CAPACITY, disputed
from capgap_geo.analysis.indicators import registry_sources
from capgap_geo.analysis.recall import kept_with_answer
from capgap_geo.model import Measure, Source, Study
from capgap_geo.render import disputes, figures, licences, story

#: Packages in the order in which a picture names their producers.
_ORDER = ("boundaries", "travel", "population", "facilities", "zones", "incidents", "uploads")
#: Files of the travel package that every map draws and every spread of people uses.
_GROUND = ("places", "roads", "rivers")


@dataclass(frozen=True, slots=True)
class Used:
    """The sources that one result rests on, by data package."""

    by_package: Mapping[str, tuple[Source, ...]]

    def __iter__(self) -> Iterator[Source]:
        """Yield every source, package by package."""
        for sources in self.by_package.values():
            yield from sources


@kept_with_answer
def used(study: Study, answer: Assessment, *, registries: bool = False) -> Used:
    """Return the sources of an answer, of the mining zones and the figures beside it, and no others.

    Parameters
    ----------
    registries
        Also those of the complaints and cases that stand among the indicators of departments.
    """
    ids = {*answer.source_ids, *_split(study.zones["source_ids"])}
    ids.update(_drawn(study, answer), _beside(study, answer))
    if registries:
        ids.update(*registry_sources(study).values())
    sources = sorted(
        (study.sources[i] for i in ids - _untouched(study, answer)), key=lambda s: (s.producer, s.title)
    )
    return Used({p: found for p in _ORDER if (found := tuple(s for s in sources if s.package == p))})


def _drawn(study: Study, answer: Assessment) -> list[str]:
    """Return the sources of every record of the service: a map draws also those that take another group."""
    return _split(study.facilities.loc[study.facilities["service"].eq(answer.scenario.service), "source_ids"])


def _beside(study: Study, answer: Assessment) -> Iterator[str]:
    """Yield the sources of a documented absence, of a published total, and of what is disputed."""
    scenario = answer.scenario
    known = story.known_absence(study, scenario)
    if answer.nobody_serves and known is not None:
        yield from _split([known["source_ids"]])
    total = figures.national(study, scenario.service)
    if total is not None and not answer.nobody_serves:
        yield str(total["source_id"])
    claims = disputed(answer.facilities, study.contested)
    yield from claims.loc[claims["measure"].isin(CAPACITY), "source_id"]
    yield from disputes.about(study, scenario)["source_id"]


def _untouched(study: Study, answer: Assessment) -> frozenset[str]:
    """Return the sources of travel that an answer in straight lines has nothing from."""
    travel = licences.terms(study).get("travel")
    if travel is None or answer.scenario.measure is Measure.TRAVEL_TIME:
        return frozenset()
    drawn = frozenset[str]().union(*(travel.resources.get(name, frozenset()) for name in _GROUND))
    return frozenset[str]().union(*travel.resources.values()) - drawn


def _split(texts: Iterable[Any]) -> list[str]:
    return [part for text in texts if isinstance(text, str) for part in text.split(";")]
