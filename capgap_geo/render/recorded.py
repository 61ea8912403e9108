"""What the record holds, as layers of a map: the same whatever is asked, so made once for a study."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from capgap_geo.analysis.recall import remembered
from capgap_geo.i18n import LANGUAGES, Translator
from capgap_geo.model import Evidence, Service, Study
from capgap_geo.privacy import PROTECTED_SERVICES
from capgap_geo.render import disputes, facts, story
from capgap_geo.render.layer import Badge, BadgeLine, Facts
from capgap_geo.render.layers import PlaceLayer, PointLayer

#: Places named on the map, by the least population that shows at each zoom.
PLACE_ZOOMS = ((250_000, 5.0), (60_000, 7.0), (15_000, 8.0), (3_000, 9.5))


#: Answers kept: what is on record, and what plans leave of it.
KEPT = 4 * len(LANGUAGES)
#: Ids of facilities that a plan closes.
Closed = frozenset[str]


@remembered(KEPT)
def facilities(study: Study, t: Translator, closed: Closed) -> tuple[PointLayer, ...]:
    """Return a layer for each service of which a place is known; shelters never are."""
    table = _open(study, closed)
    placed = table[table.geometry.notna()]
    return tuple(
        _points(study, table, t, service)
        for service in Service
        if not (table := placed[placed["service"] == service]).empty
    )


def _points(study: Study, table: gpd.GeoDataFrame, t: Translator, service: Service) -> PointLayer:
    weak = table.loc[table["evidence"] == Evidence.REPORTED, "facility_id"]
    return PointLayer(
        layer_id=f"facility_{service}",
        title=t(f"service.{service}.long"),
        symbol=service,
        ids=tuple(table["facility_id"]),
        points=tuple(zip(table.geometry.y, table.geometry.x, strict=True)),
        facts=tuple(facts.facility_facts(study, t, row) for _, row in table.iterrows()),
        open_ids=frozenset(weak),
        open_label=t("layer.reported"),
        counts=counts(t, table),
    )


def counts(t: Translator, table: pd.DataFrame) -> str:
    """Return how many facilities rest on each evidence, in words."""
    weak = int((table["evidence"] == Evidence.REPORTED).sum())
    return t("layer.counts", n=t.number(len(table) - weak), more=t.number(weak))


@remembered(KEPT * len(Service))
def unplaced(study: Study, t: Translator, service: Service, closed: Closed) -> Mapping[str, Badge]:
    """Return a badge for each department that has a service, and nobody says where in it.

    Shelters are always badges, never points.
    """
    table = _open(study, closed)
    table = table[table["service"] == service]
    hidden = table if service in PROTECTED_SERVICES else table[table.geometry.isna()]
    return _badges(study, t, service, hidden)


def _open(study: Study, closed: Closed) -> gpd.GeoDataFrame:
    table = study.facilities
    return table[~table["facility_id"].isin(closed)] if closed else table


def badge_line(study: Study, t: Translator, service: Service, closed: Closed) -> BadgeLine | None:
    """Return what the legend says of a service's badges; None where it has none."""
    drawn = unplaced(study, t, service, closed)
    if not drawn:
        return None
    kind = "shelter" if service in PROTECTED_SERVICES else "other"
    table = _open(study, closed)
    who = story.profiles(t, _groups(table[table["service"].eq(service)]))
    if disputed := disputes.of_service(study, service, t):
        who = t("layer.badges.disputed", who=who, disputed=disputed)
    label = t.count(f"layer.badges.{kind}", len(drawn), service=t(f"service.{service}.long"), who=who)
    return BadgeLine(service, label, open_label=t("layer.reported"))


def _badges(study: Study, t: Translator, service: Service, table: pd.DataFrame) -> Mapping[str, Badge]:
    return {
        str(department): _badge(study, t, service, rows)
        for department, rows in table.groupby("department_id")
    }


def _badge(study: Study, t: Translator, service: Service, rows: pd.DataFrame) -> Badge:
    groups = _groups(rows)
    ids = ";".join(dict.fromkeys(";".join(rows["source_ids"]).split(";")))
    years = rows["year"].dropna()
    where = str(rows["department_name"].iloc[0])
    hidden = service in PROTECTED_SERVICES
    told = (disputes.of_facility(study, facility, t) for facility in rows["facility_id"])
    disputed = dict.fromkeys(filter(None, told))
    text = Facts(
        t("fact.shelter", department=where)
        if hidden
        else t("fact.facility", service=t(f"service.{service}.name"), place=where),
        value=t("fact.serves", who=story.profiles(t, groups)),
        year=str(int(years.max())) if len(years) else t("figure.undated"),
        source=facts.sources(study, t, ids),
        note=" · ".join([t("fact.shelter_note" if hidden else "fact.unplaced_note"), *disputed]),
    )
    weak = not rows["evidence"].eq(Evidence.CORROBORATED).any()
    return Badge(symbol=service, text=story.profiles(t, groups) if hidden else "", facts=text, open=weak)


def _groups(table: pd.DataFrame) -> str:
    return ";".join(dict.fromkeys(g for text in table["profiles"] for g in text.split(";")))


@remembered(len(LANGUAGES))
def places(study: Study, t: Translator) -> PlaceLayer:
    """Return the larger places, the largest first."""
    table = study.places[study.places["population"] >= PLACE_ZOOMS[-1][0]].sort_values(
        "population", ascending=False
    )
    zooms = [next(z for least, z in PLACE_ZOOMS if n >= least) for n in table["population"]]
    return PlaceLayer(
        layer_id="places",
        title=t("layer.places"),
        ids=tuple(table["place_id"]),
        names=tuple(table["place_name"]),
        points=tuple(zip(table.geometry.y, table.geometry.x, strict=True)),
        min_zooms=tuple(zooms),
    )
