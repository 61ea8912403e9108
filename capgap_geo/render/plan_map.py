"""The map of a plan: what exists, what the plan opens and what a search proposes, never to be confused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.plan import Accept, Add, Plan, Remove
from capgap_geo.analysis.whatif import apply, difference
from capgap_geo.i18n import Translator
from capgap_geo.model import Service, Study
from capgap_geo.privacy import PROTECTED_SERVICES
from capgap_geo.render import plan_words, scene, story, theme
from capgap_geo.render.layer import Badge, ClassEntry, Facts, Geometry, Layer
from capgap_geo.render.layers import AreaLayer, PlaceLayer, PointLayer
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.scene import Choice, Ground

CLASSES = {"gained": "0", "lost": "1"}


@dataclass(frozen=True, eq=False)
class Drawn:
    """A plan on a map.

    Attributes
    ----------
    before, after
        The answers without and with the plan.
    plan, proposed
        Changes made, and changes that a search proposes.
    outlines
        See `plan_features`.
    """

    before: Assessment
    after: Assessment
    plan: Plan
    proposed: Plan
    outlines: Mapping[str, Mapping[str, Any]]


def plan_spec(ground: Ground, drawn: Drawn, t: Translator, *, choice: Choice) -> MapSpec:
    """Return everything that the map of a plan shows."""
    study = ground.study
    closed = frozenset(c.facility_id for c in drawn.plan if isinstance(c, Remove))
    choice = replace(choice, closed=closed)
    spec = scene.build(ground, drawn.after, t, choice=choice, deserts=drawn.outlines["deserts"])
    layers: list[Layer] = []
    for layer in spec.layers:
        if layer.layer_id == "departments" and isinstance(layer, AreaLayer):
            layer = replace(layer, badges={**layer.badges, **_badges(study, drawn, t)})
        if layer.layer_id == "rivers" and drawn.outlines["changes"]["features"]:
            layers.append(_changes(drawn, t))
        layers.append(layer)
    points = [*_points(study, t, drawn.plan, "plan"), *_points(study, t, drawn.proposed, "proposed")]
    headline = plan_words.headline(drawn.before, drawn.after, t, plan=drawn.plan)
    return replace(spec, layers=(*layers, *points), headline=headline)


def _changes(drawn: Drawn, t: Translator) -> AreaLayer:
    """Return the land that the plan wins and loses."""
    features = drawn.outlines["changes"]
    ids = tuple(str(f["id"]) for f in features["features"])
    low, high = sorted(float(f"{abs(v):.3g}") for v in difference(drawn.before, drawn.after).area_km2)
    area = t.pair(low, high, unit="km²") if len(ids) == 1 else ""
    said = {name: t(f"plan.gained.{name}", area=area).replace(" ()", "") for name in ids}
    return AreaLayer(
        layer_id="plan_changes",
        title=t("plan.gained_title"),
        geometry=Geometry(inline=features),
        ids=ids,
        classes="".join(CLASSES[name] for name in ids),
        entries=tuple(ClassEntry(CLASSES[n], theme.PLAN_STYLES[n], said[n]) for n in ids),
        counted=False,
    )


def _points(study: Study, t: Translator, plan: Plan, kind: str) -> Iterable[Layer]:
    """Return rings for new facilities and those that accept more, and their names. Shelters are badges."""
    if not plan:
        return
    placed = _placed(study, plan)
    for service in Service:
        rows = placed[placed["service"].eq(service)]
        if service in PROTECTED_SERVICES or rows.empty:
            continue
        yield PointLayer(
            layer_id=f"{kind}_{service}",
            title=_layer_title(t, kind, service),
            symbol=service,
            ids=tuple(rows["facility_id"]),
            points=tuple(zip(rows.geometry.y, rows.geometry.x, strict=True)),
            facts=tuple(_facts(study, t, row, kind) for _, row in rows.iterrows()),
            ringed=True,
        )
    rows = placed[~placed["service"].isin(PROTECTED_SERVICES)]
    if not rows.empty:
        key = "plan.name_on_map" if kind == "plan" else "plan.name_proposed"
        yield PlaceLayer(
            layer_id=f"{kind}_names",
            title=t("plan.layer" if kind == "plan" else "plan.layer_proposed"),
            ids=tuple(rows["facility_id"]),
            names=tuple(t(key, place=place) for place in rows["place_name"]),
            points=tuple(zip(rows.geometry.y, rows.geometry.x, strict=True)),
            min_zooms=(0.0,) * len(rows),
        )


def _layer_title(t: Translator, kind: str, service: Service) -> str:
    title = t("plan.layer" if kind == "plan" else "plan.layer_proposed")
    return f"{title}: {t(f'service.{service}.name').lower()}"


def _placed(study: Study, plan: Plan) -> gpd.GeoDataFrame:
    """Return the rows that a plan makes or changes and that have a place."""
    table = apply(study, plan)
    return table[(table["planned"] | table["changed"]) & table.geometry.notna()]


def _facts(study: Study, t: Translator, row: pd.Series, kind: str) -> Facts:
    where = row["department_name"] if pd.isna(row["place_name"]) else row["place_name"]
    name = t("fact.facility", service=t(f"service.{row['service']}.name"), place=where)
    takes = story.profiles(t, row["profiles"])
    if row["planned"]:
        value = t("plan.fact.value" if kind == "plan" else "plan.fact.proposed")
        return Facts(name, value=value, pair=t("fact.serves", who=takes))
    known = study.facilities.set_index("facility_id").loc[row["facility_id"], "profiles"]
    more = [p for p in str(row["profiles"]).split(";") if p not in str(known).split(";")]
    return Facts(name, value=t("plan.fact.changed", who=story.profiles(t, ";".join(more))))


def _badges(study: Study, drawn: Drawn, t: Translator) -> dict[str, Badge]:
    """Return a badge for each department where shelters are planned or proposed: never a point."""
    badges: dict[str, Badge] = {}
    table = study.facilities.set_index("facility_id")[["service", "department_id"]]
    for plan, proposed in ((drawn.proposed, True), (drawn.plan, False)):
        for change in plan:
            if isinstance(change, Remove):
                continue
            if isinstance(change, Add):
                service, department = change.service, change.at
            else:
                service, department = table.loc[change.facility_id]
            if service in PROTECTED_SERVICES:
                badges[department] = _badge(study, t, change, Service(service), proposed=proposed)
    return badges


def _badge(study: Study, t: Translator, change: Add | Accept, service: Service, *, proposed: bool) -> Badge:
    kind = "new" if isinstance(change, Add) else "more"
    return Badge(
        symbol=service,
        text=t("plan.badge_proposed" if proposed else "plan.badge"),
        facts=Facts(plan_words.change(study, t, change), note=t("fact.shelter_note")),
        kind=kind,
        proposed=proposed,
        legend=t(f"plan.badge_legend.{kind}_{'proposed' if proposed else 'planned'}"),
    )
