"""A view made ready to leave the house: the map spec with its own sources, date and link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from capgap_geo.analysis.assess import Assessment, assess, engine
from capgap_geo.analysis.recall import remembered
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario, Study
from capgap_geo.render import attribution, licences, scene, story
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.outline import desert_features
from capgap_geo.render.print_deserts import fine_deserts
from capgap_geo.render.scene import Choice, Ground, Paint
from capgap_geo.render.staticfiles import geometry_addresses
from capgap_geo.render.used import used

#: So many makers are named of each kind, those first whose licence asks for it; then how many are left.
_NAMED = 4


@remembered(1)
def ground(study: Study) -> Ground:
    """Return what every map of a study stands on; the first call prepares the country."""
    ready = engine(study)
    return Ground(study, ready.grid, ready.cells, geometry_addresses())


@remembered(4)
def deserts(study: Study, answer: Assessment, *, fine: bool = True) -> Mapping[str, Any]:
    """Return the outlines of the coverage deserts of an answer as GeoJSON.

    Parameters
    ----------
    fine
        As fine as the grid, for paper and files; else coarse and small, as for the screen.
    """
    on, limit = ground(study), answer.scenario.threshold
    if fine:
        return fine_deserts(on, answer.strict, answer.wide, threshold=limit)
    return desert_features(on.grid, answer.strict, answer.wide, threshold=limit)


def map_spec(
    study: Study,
    answer: Assessment,
    t: Translator,
    *,
    choice: Choice | None = None,
    base: str = "",
    fine: bool = True,
) -> MapSpec:
    """Return the map of an answer with the sources of this answer, its date and its link.

    Parameters
    ----------
    choice
        What the reader chose; its `link` is replaced.
    base
        Public address of the app. Without it there is neither a link nor a code: half a link leads nowhere.
    fine
        Outlines of deserts for paper; else for the screen.
    """
    choice = choice or Choice()
    drawn = choice.paint is Paint.DESERT and not answer.nobody_serves
    link = permalink(answer.scenario, t.language, base=base, area=choice.area, paint=choice.paint)
    link = link if base else ""
    spec = scene.build(
        ground(study), answer, t, choice=replace(choice, link=link),
        deserts=deserts(study, answer, fine=fine) if drawn else None,
    )  # fmt: skip
    return replace(
        spec,
        note=note(study, answer, t, area=choice.area),
        credits=credit_lines(study, answer, t),
        date=date_line(study, answer, t),
    )


def note(study: Study, answer: Assessment, t: Translator, *, area: str = "") -> str:
    """Return what must stand below the headline of an answer, wherever it goes."""
    other = None
    if story.tells_people(answer, area):
        other = assess(study, story.other_spread(answer.scenario), facilities=answer.facilities)
    return story.headline_note(study, answer, other, t, area=area)


def permalink(
    scenario: Scenario, language: str, *, base: str = "", area: str = "", paint: Paint = Paint.DESERT
) -> str:
    """Return the address of a view: the same names as on the command line and in the app."""
    own = {"area": area, "paint": "" if paint is Paint.DESERT else paint.value, "lang": language}
    query = "&".join(
        filter(None, [scenario.to_query(), urlencode({k: v for k, v in own.items() if v}, safe=":")])
    )
    return f"{base.partition('?')[0]}?{query}"


def credit_lines(
    study: Study, answer: Assessment, t: Translator, *, registries: bool = False
) -> tuple[str, ...]:
    """Return who made the data of an answer: one line per kind of data; `registries` as for `used`."""
    lines = []
    for package, sources in used(study, answer, registries=registries).by_package.items():
        stated = licences.terms(study)[package].sources if package in licences.terms(study) else {}
        first = sorted(sources, key=lambda s: licences.claim(stated.get(s.source_id, "")))
        names = list(dict.fromkeys(part for source in first for part in attribution.makers(source, t)))
        text = "; ".join(names[:_NAMED])
        if len(names) > _NAMED:
            text = t.count("print.and_others", len(names) - _NAMED, names=text)
        if names:
            lines.append(t("print.credit", kind=t(f"print.package.{package}"), names=text))
    return (*lines, *attribution.brought(study, t), t("print.all_sources"))


def date_line(study: Study, answer: Assessment, t: Translator) -> str:
    """Return how old the data of an answer are: population, records, and when they were last read."""
    year = int(study.population["year"].max())
    years = pd.to_numeric(answer.facilities["year"]).dropna()
    read = max(dt.date.fromisoformat(study.sources[s].date_accessed) for s in answer.source_ids)
    parts = [t("print.date_population", year=year)]
    if len(years):
        parts.append(t("print.date_records", years=t.span(int(years.min()), int(years.max()))))
    return " ".join([*parts, t("print.date_read", date=t.date(read))])
