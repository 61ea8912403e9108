"""From an answer to a map: which layers, in which order, with which words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.grid import Grid
from capgap_geo.analysis.recall import remembered
from capgap_geo.i18n import Translator
from capgap_geo.model import Evidence, Measure, Scenario, Study
from capgap_geo.privacy import PROTECTED_SERVICES
from capgap_geo.render import attribution, brought, facts, recorded, story, theme
from capgap_geo.render.layer import ClassEntry, Geometry, Layer
from capgap_geo.render.layers import AreaLayer, LineLayer, PointLayer, SurfaceLayer, TileLayer
from capgap_geo.render.mapspec import LABEL_KEYS, MapSpec, View, entries
from capgap_geo.render.surface import class_image
from capgap_geo.render.theme import Style

#: Upper limits of the classes of a share beyond reach, in percent.
SHARE_LIMITS = (10.0, 25.0, 50.0, 75.0)
#: How a zone's outline is drawn, by how it was made.
ZONE_CLASS = {"user": "0", "corridor": "1", "river_reach": "1", "settlement": "1", "district_proxy": "2"}


class Paint(StrEnum):
    """What the land is coloured by."""

    DESERT = "desert"
    SURFACE = "surface"
    DEPARTMENT = "department"
    PROVINCE = "province"


@dataclass(frozen=True, eq=False)
class Ground:
    """What every map of a study stands on.

    Attributes
    ----------
    study
        The tables.
    grid, cells
        The national grid and its cells inside the country.
    urls
        Addresses of the simplified web copies, by layer.
    extras
        Tables brought by a user that stand beside the study, by kind.
    tiles
        Address and credit of an online map that a reader may switch on; None where there is none.
    """

    study: Study
    grid: Grid
    cells: np.ndarray
    urls: Mapping[str, str]
    extras: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    tiles: tuple[str, str] | None = None


@dataclass(frozen=True)
class Choice:
    """What a reader chose to see.

    Attributes
    ----------
    area, framed
        What is selected, and what the map shows as a whole at first.
    at
        Longitude, latitude and zoom.
    picking
        Clicks mean positions.
    still
        A picture: no controls, the whole legend.
    closed
        Facilities on record that a plan closes.
    """

    paint: Paint = Paint.DESERT
    area: str = ""
    framed: str = ""
    link: str = ""
    at: tuple[float, float, float] | None = None
    picking: bool = False
    still: bool = False
    title: str = ""
    closed: frozenset[str] = frozenset()


def build(
    ground: Ground,
    answer: Assessment,
    t: Translator,
    *,
    choice: Choice | None = None,
    deserts: Mapping[str, Any] | None = None,
) -> MapSpec:
    """Return everything that the map of an answer shows.

    Parameters
    ----------
    ground, answer
        What it stands on, and what it says.
    choice
        What the reader chose.
    deserts
        GeoJSON features with the ids ``robust`` and ``strict_only``; needed for `Paint.DESERT`.
    """
    choice = choice or Choice()
    study = ground.study
    layers = [
        *_online(ground, t),
        _neighbours(ground, t),
        *_land(ground, answer, t, choice, deserts),
        *_lines(ground, t, shown=choice.paint in (Paint.DESERT, Paint.SURFACE)),
        _zones(ground, answer, t),
        *brought.layers(ground.extras, t),
        *_facilities(study, answer, t, choice.closed),
        recorded.places(study, t),
    ]
    return MapSpec(
        layers=tuple(layers),
        title=choice.title or t("app.tagline"),
        labels={key: t(f"map.{key}") for key in LABEL_KEYS},
        credits=attribution.lines(study, t),
        language=t.language,
        headline=story.headline(study, answer, t, area=choice.area),
        link=choice.link,
        view=_view(study, choice),
        selected=_selected(choice),
        picking=choice.picking,
        still=choice.still,
    )


def _view(study: Study, choice: Choice) -> View:
    if choice.at is not None:
        lon, lat, zoom = choice.at
        return View(center=(lat, lon), zoom=zoom, revision=f"{lon},{lat},{zoom}")
    bounds = area_bounds(study, choice.framed)
    return View() if bounds is None else View(bounds=bounds, revision=choice.framed)


def area_bounds(study: Study, area: str) -> tuple[float, float, float, float] | None:
    """Return south, west, north and east of a selected area, with some room around a small one."""
    kind, _, name = area.partition(":")
    tables = {"d": (study.departments, "department_id"), "p": (study.provinces, "province_id")}
    tables["z"] = (study.zones, "zone_id")
    if kind not in tables:
        return None
    table, key = tables[kind]
    hit = table[table[key] == name]
    if hit.empty:
        return None
    west, south, east, north = (float(v) for v in hit.total_bounds)
    room = max(0.0, 0.4 - (north - south)) / 2
    return south - room, west - room, north + room, east + room


def _selected(choice: Choice) -> tuple[str, str] | None:
    kind, _, name = choice.area.partition(":")
    layer = {"d": "departments", "p": "provinces", "z": "zones"}.get(kind)
    return (layer, name) if layer else None


def _online(ground: Ground, t: Translator) -> Iterable[TileLayer]:
    if ground.tiles is not None:
        url, credit = ground.tiles
        yield TileLayer(layer_id="online", title=t("layer.online"), url=url, credit=credit)


def _neighbours(ground: Ground, t: Translator) -> AreaLayer:
    table = ground.study.neighbours
    return AreaLayer(
        layer_id="neighbours",
        title=t("layer.neighbours"),
        toggle=False,
        geometry=Geometry(url=ground.urls["neighbours"]),
        ids=tuple(table["iso_a3"]),
        classes="0" * len(table),
        entries=(ClassEntry("0", theme.NEIGHBOUR_STYLE, t("layer.neighbours")),),
        legend=False,
        base=True,
    )


def _land(
    ground: Ground, answer: Assessment, t: Translator, choice: Choice, deserts: Mapping[str, Any] | None
) -> Iterable[Layer]:
    share = choice.paint in (Paint.DEPARTMENT, Paint.PROVINCE) and not answer.nobody_serves
    if choice.paint is Paint.PROVINCE:
        yield _areas(ground, answer, t, "province", coloured=share)
        yield _areas(ground, answer, t, "department", coloured=False, outline=True, closed=choice.closed)
        return
    yield _areas(ground, answer, t, "department", coloured=share, closed=choice.closed)
    if choice.paint is Paint.SURFACE and not answer.nobody_serves:
        yield _surface(ground, answer, t)
    elif choice.paint is Paint.DESERT and deserts is not None:
        yield _deserts(answer, t, deserts)
    yield _areas(ground, answer, t, "province", coloured=False, visible=choice.area.startswith("p:"))


def _areas(
    ground: Ground,
    answer: Assessment,
    t: Translator,
    kind: str,
    *,
    coloured: bool,
    outline: bool = False,
    visible: bool = True,
    closed: frozenset[str] = frozenset(),
) -> AreaLayer:
    table = answer.departments if kind == "department" else answer.provinces
    service = answer.scenario.service
    if coloured:
        limits = SHARE_LIMITS
        classes = theme.classify(100 * share_drawn(table, answer), limits)
        classed = entries(theme.ramp_styles(len(limits) + 1), _share_labels(t, limits, classes))
    else:
        plain = (
            theme.HOME_STYLE if kind == "department" and not outline else theme.HOME_STYLE.with_(fill=None)
        )
        classes, classed = "0" * len(table), (ClassEntry("0", plain, t(f"layer.{kind}s")),)
    department = kind == "department"
    return AreaLayer(
        layer_id=f"{kind}s",
        title=_titled(t, answer, t("layer.share", threshold=story.threshold(t, answer.scenario)))
        if coloured
        else t(f"layer.{kind}s"),
        noun=t(f"layer.{kind}"),
        visible=visible,
        geometry=Geometry(url=ground.urls[f"{kind}s"]),
        anchors=Geometry(url=ground.urls["labels"]) if department else None,
        ids=tuple(table.index),
        classes=classes,
        entries=classed,
        facts=facts.area_facts(ground.study, answer, t, kind),
        names=department,
        min_zoom=0.0 if department else 6.5 * (not coloured),
        badges=recorded.unplaced(ground.study, t, service, closed) if department else {},
        badge_line=recorded.badge_line(ground.study, t, service, closed) if department else None,
        legend=coloured,
        note=t(f"layer.share_note.{answer.scenario.evidence}") if coloured else "",
    )


def _titled(t: Translator, answer: Assessment, title: str) -> str:
    """Return the title of what is drawn under one evidence level: it says so where it is the strict one."""
    strict = answer.scenario.evidence is Evidence.CORROBORATED
    return t("layer.strict", title=title) if strict else title


def share_drawn(table: pd.DataFrame, answer: Assessment) -> pd.Series:
    """Return the share beyond reach under the evidence level that the reader chose to draw."""
    bound = "upper" if answer.scenario.evidence is Evidence.CORROBORATED else "lower"
    return table[f"uncovered_share_{bound}"]


def _share_labels(t: Translator, limits: tuple[float, ...], classes: str) -> dict[str, str]:
    edges = [0.0, *limits, 100.0]
    labels = {
        theme.CLASS_CHARACTERS[i]: t.pair(low, high, unit="%")
        for i, (low, high) in enumerate(itertools.pairwise(edges))
    }
    return labels | ({theme.UNKNOWN: t("value.unknown")} if theme.UNKNOWN in classes else {})


def class_limits(measure: Measure) -> tuple[float, ...]:
    """Return the round class limits of a measure."""
    return theme.TIME_LIMITS_MIN if measure is Measure.TRAVEL_TIME else theme.DISTANCE_LIMITS_KM


def limit_labels(t: Translator, measure: Measure) -> list[str]:
    """Return the text of each class: ``up to 1 h``, ``1 to 2 h``, ..., ``over 12 h``."""
    limits = class_limits(measure)
    say = t.duration if measure is Measure.TRAVEL_TIME else lambda v: t.pair(v, v, unit="km")
    middle = [t("class.between", low=say(a), high=say(b)) for a, b in itertools.pairwise(limits)]
    return [t("class.up_to", high=say(limits[0])), *middle, t("class.over", low=say(limits[-1]))]


def _surface(ground: Ground, answer: Assessment, t: Translator) -> SurfaceLayer:
    measure = answer.scenario.measure
    drawn = answer.strict if answer.scenario.evidence is Evidence.CORROBORATED else answer.wide
    limits = class_limits(measure)
    classes = np.searchsorted(np.asarray(limits), drawn, side="left").astype(np.uint8)
    colours = theme.ramp(len(limits) + 1)
    image, bounds = class_image(ground.grid, ground.cells, classes, colours)
    labels = dict(zip(theme.CLASS_CHARACTERS, limit_labels(t, measure), strict=False))
    styles = {theme.CLASS_CHARACTERS[i]: Style(fill=c) for i, c in enumerate(colours)}
    return SurfaceLayer(
        layer_id="surface",
        title=_titled(t, answer, _surface_title(t, answer.scenario)),
        image=image,
        bounds=bounds,
        entries=entries(styles, labels),
        opacity=0.85,
        within="departments",
    )


def _surface_title(t: Translator, scenario: Scenario) -> str:
    if scenario.service in PROTECTED_SERVICES:
        return t(f"layer.surface_capital.{scenario.measure}")
    return t(f"layer.surface.{scenario.measure}", service=t(f"service.{scenario.service}.name"))


def _deserts(answer: Assessment, t: Translator, deserts: Mapping[str, Any]) -> AreaLayer:
    ids = tuple(str(f["id"]) for f in deserts["features"])
    limit = story.threshold(t, answer.scenario)
    country = answer.country
    said = {
        "robust": t.percent(country["uncovered_area_km2_lower"] / country["area_km2"]),
        "strict_only": t.percent(
            (country["uncovered_area_km2_upper"] - country["uncovered_area_km2_lower"]) / country["area_km2"]
        ),
    }
    classed = {"robust": "0", "strict_only": "1"}
    return AreaLayer(
        layer_id="deserts",
        title=t("layer.deserts", threshold=limit),
        geometry=Geometry(inline=deserts),
        ids=ids,
        classes="".join(classed[i] for i in ids),
        entries=tuple(
            ClassEntry(classed[i], theme.DESERT_STYLES[i], t(f"layer.desert.{i}", area=said[i])) for i in ids
        ),
        counted=False,
        within="departments",
        note=t("layer.desert.note"),
    )


def _lines(ground: Ground, t: Translator, *, shown: bool) -> Iterable[LineLayer]:
    for name, style in (("rivers", theme.RIVER_STYLE), ("roads", theme.ROAD_STYLE)):
        yield LineLayer(
            layer_id=name,
            title=t(f"layer.{name}"),
            visible=shown,
            geometry=Geometry(url=ground.urls[name]),
            style=style,
        )


def _zones(ground: Ground, answer: Assessment, t: Translator) -> AreaLayer:
    ids, classes = _zone_classes(ground.study)
    named = {"0": "exact", "1": "schematic", "2": "proxy"}
    copied = ZONE_CLASS["user"] not in classes  # of a user's own zones there is no web copy
    return AreaLayer(
        layer_id="zones",
        title=t("layer.zones"),
        geometry=Geometry(url=ground.urls["zones"])
        if copied
        else Geometry(inline=brought.features(ground.study.zones, "zone_id")),
        ids=ids,
        classes=classes,
        entries=tuple(
            ClassEntry(c, theme.MINING_STYLES[n], t(f"layer.zone.{n}"))
            for c, n in named.items()
            if c in classes
        ),
        facts=facts.zone_facts(ground.study, answer, t),
        names=True,
        name_style="plain",
        name_colour=theme.MINING_NAME,
        names_from=6.5,
        noun=t("card.zone_noun"),
        note=t("layer.zones_note"),
    )


@remembered(1)
def _zone_classes(study: Study) -> tuple[tuple[str, ...], str]:
    """Return the ids of the mining zones, and the class of each."""
    return tuple(study.zones["zone_id"]), "".join(study.zones["outline_method"].map(ZONE_CLASS))


def _facilities(
    study: Study, answer: Assessment, t: Translator, closed: frozenset[str]
) -> Iterable[PointLayer]:
    """Return every service's facilities; at first those are on that the question is about."""
    for layer in recorded.facilities(study, t, closed):
        asked = layer.layer_id == f"facility_{answer.scenario.service}"
        yield layer if asked else replace(layer, visible=False)
