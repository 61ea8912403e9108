"""A small map of an upload before it is used: what will be drawn, and nothing that protects people less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from capgap_geo.i18n import Translator
from capgap_geo.model import Service, Study
from capgap_geo.render import attribution, brought, facts, recorded, theme
from capgap_geo.render.layer import ClassEntry, Facts, Geometry, Layer
from capgap_geo.render.layers import AreaLayer, PointLayer, SurfaceLayer
from capgap_geo.render.mapspec import LABEL_KEYS, MapSpec, View, entries
from capgap_geo.render.scene import Ground
from capgap_geo.render.surface import class_image
from capgap_geo.sources.uploads import Upload

#: Upper limits of the classes of a travel surface, in minutes per km.
PACE_LIMITS = (1.5, 4.0, 12.0, 30.0, 60.0)
_MARKED = theme.HOME_STYLE.with_(fill=theme.ramp(3, kind="supply")[1])
_LISTED = 6


@dataclass(frozen=True, eq=False)
class Preview:
    """What a preview is made of.

    Attributes
    ----------
    upload
        The checked and protected table.
    study
        A study that holds it, or the one it will stand beside.
    ground
        What the maps of the project stand on.
    """

    upload: Upload
    study: Study
    ground: Ground


def preview(shown: Preview, t: Translator) -> MapSpec:
    """Return a map of the usable rows; kinds that may tell on people are drawn as areas."""
    upload = shown.upload
    title = t(f"upload.kind.{upload.kind}")
    mark = t("own.unsourced") if upload.unsourced else t("own.stated", source=upload.origin.source or "")
    return MapSpec(
        layers=(_neighbours(shown, t), *_layers(shown, t)),
        title=title,
        headline=f"{title}: {mark}",
        labels={key: t(f"map.{key}") for key in LABEL_KEYS},
        credits=(t("own.credit", sources=mark), *attribution.lines(shown.ground.study, t)),
        language=t.language,
        view=_view(upload),
    )


def _view(upload: Upload) -> View:
    """Return where the shapes are; the whole country where there are none, or where they tell nothing."""
    table = upload.table
    if not isinstance(table, gpd.GeoDataFrame) or table.geometry.isna().all():
        return View()
    west, south, east, north = (float(v) for v in table.total_bounds)
    room = max(0.6, 0.15 * max(east - west, north - south))
    return View(bounds=(south - room, west - room, north + room, east + room), revision=upload.fingerprint)


def _neighbours(shown: Preview, t: Translator) -> AreaLayer:
    table = shown.ground.study.neighbours
    return AreaLayer(
        layer_id="neighbours",
        title=t("layer.neighbours"),
        toggle=False,
        geometry=Geometry(url=shown.ground.urls["neighbours"]),
        ids=tuple(table["iso_a3"]),
        classes="0" * len(table),
        entries=(ClassEntry("0", theme.NEIGHBOUR_STYLE, t("layer.neighbours")),),
        legend=False,
        base=True,
    )


def _layers(shown: Preview, t: Translator) -> Iterator[Layer]:
    kind, table = shown.upload.kind, shown.upload.table
    level = "province" if "province_id" in table.columns and kind in ("incidents", "population") else ""
    said: Mapping[str, Facts] = {}
    match kind:
        case "facilities":
            said = _by_department(table, t)
        case "incidents":
            said = _counts(shown, level or "department", t)
        case "population":
            said = _people(shown, t)
    yield from _ground(shown, said, level or "department", t)
    yield from _shapes(shown, t)


def _ground(shown: Preview, said: Mapping[str, Facts], level: str, t: Translator) -> Iterator[AreaLayer]:
    if level == "province":
        yield _areas(shown, {}, "department", t)
    yield _areas(shown, said, level, t)


def _areas(shown: Preview, said: Mapping[str, Facts], level: str, t: Translator) -> AreaLayer:
    """Return areas, those marked that the upload says something of."""
    department = level == "department"
    table = shown.ground.study.departments if department else shown.ground.study.provinces
    ids, names = table[f"{level}_id"], table[f"{level}_name"]
    plain = theme.HOME_STYLE if department else theme.HOME_STYLE.with_(fill=None)
    classes = "".join("1" if i in said else "0" for i in ids)
    return AreaLayer(
        layer_id=f"{level}s",
        title=t(f"layer.{level}s"),
        noun=t(f"layer.{level}"),
        geometry=Geometry(url=shown.ground.urls[f"{level}s"]),
        anchors=Geometry(url=shown.ground.urls["labels"]) if department else None,
        ids=tuple(ids),
        classes=classes,
        entries=tuple(
            ClassEntry(c, style, t(f"own.area.{word}"))
            for c, style, word in (("0", plain, "without"), ("1", _MARKED, "with"))
            if c in classes
        ),
        facts=tuple(said.get(i, Facts(n, t("own.area.without"))) for i, n in zip(ids, names, strict=True)),
        names=department,
        legend=bool(said),
    )


def _by_department(table: pd.DataFrame, t: Translator) -> dict[str, Facts]:
    """Return how many facilities of each service are known by department only."""
    known = table[table["precision"] == "department"]
    said = {}
    for department, rows in known.groupby("department_id"):
        counted = rows["service"].value_counts(sort=False)
        texts = [t.count(f"service.{service}.records", int(n)) for service, n in counted.items()]
        name = str(rows["department_name"].iloc[0])
        said[str(department)] = Facts(name, value=t.join(texts), note=t("own.department_only"))
    return said


def _counts(shown: Preview, level: str, t: Translator) -> dict[str, Facts]:
    """Return the counts of each area, the latest first; those that are withheld say so."""
    table, key = shown.upload.table, f"{level}_id"
    names = _names(shown, level)
    said = {}
    for area, rows in table[table[key].notna()].groupby(key):
        latest = rows.sort_values("period", ascending=False).head(_LISTED)
        counts = zip(latest["period"], latest["value"], latest["suppressed"], strict=True)
        texts = [f"{p}: {t('own.withheld') if hidden else t.number(n)}" for p, n, hidden in counts]
        said[str(area)] = Facts(names[str(area)], value=" · ".join(texts))
    return said


def _names(shown: Preview, level: str) -> Mapping[str, str]:
    table = getattr(shown.ground.study, f"{level}s")
    return dict(zip(table[f"{level}_id"], table[f"{level}_name"], strict=True))


def _people(shown: Preview, t: Translator) -> dict[str, Facts]:
    names = _names(shown, "province")
    table = shown.upload.table
    people = zip(table["province_id"], table["population"], table["year"], strict=True)
    return {
        province: Facts(
            names[province],
            value=t("own.people", people=t.number(count)),
            year="" if pd.isna(year) else str(int(year)),
        )
        for province, count, year in people
    }


def _shapes(shown: Preview, t: Translator) -> Iterable[Layer]:
    upload = shown.upload
    match upload.kind:
        case "facilities":
            placed = upload.table[upload.table.geometry.notna()]
            return [_points(shown, rows, Service(str(name)), t) for name, rows in placed.groupby("service")]
        case "zones":
            return [_zones(upload.table, t)]
        case "mining" | "boundaries":
            return list(brought.layers({upload.kind: upload.table}, t)) if len(upload.table) else []
        case "friction":
            return [_surface(shown, t)]
    return []


def _points(shown: Preview, rows: gpd.GeoDataFrame, service: Service, t: Translator) -> PointLayer:
    return PointLayer(
        layer_id=f"own_{service}",
        title=t(f"service.{service}.long"),
        symbol=service,
        ids=tuple(rows["facility_id"]),
        points=tuple(zip(rows.geometry.y, rows.geometry.x, strict=True)),
        facts=tuple(facts.facility_facts(shown.study, t, row) for _, row in rows.iterrows()),
        open_ids=frozenset(rows.loc[rows["evidence"] == "reported", "facility_id"]),
        open_label=t("layer.reported"),
        counts=recorded.counts(t, rows),
    )


def _zones(table: gpd.GeoDataFrame, t: Translator) -> AreaLayer:
    return AreaLayer(
        layer_id="own_zones",
        title=t("upload.kind.zones"),
        geometry=Geometry(inline=brought.features(table, "zone_id")),
        ids=tuple(table["zone_id"]),
        classes="0" * len(table),
        entries=(ClassEntry("0", theme.MINING_STYLES["exact"], t("layer.zone.exact")),),
        facts=tuple(
            Facts(str(z.zone_name), value=t(f"zone.legality.{z.legality}"), note=t("zone.method.user"))
            for z in table.itertuples()
        ),
        names=True,
        name_style="plain",
        name_colour=theme.MINING_NAME,
    )


def _surface(shown: Preview, t: Translator) -> SurfaceLayer:
    pace = shown.study.friction
    drawn = np.full(len(shown.ground.cells), np.nan) if pace is None else pace.ravel()[shown.ground.cells]
    colours = (*theme.ramp(len(PACE_LIMITS) + 1), "#A9A59B")
    classes = np.searchsorted(np.asarray(PACE_LIMITS), drawn, side="left").astype(np.uint8)
    classes[np.isnan(drawn)] = len(colours) - 1
    image, bounds = class_image(shown.ground.grid, shown.ground.cells, classes, colours)
    texts = [t("class.up_to", high=t("own.pace", n=t.number(v, 1))) for v in PACE_LIMITS]
    texts += [t("class.over", low=t("own.pace", n=t.number(PACE_LIMITS[-1], 1))), t("own.impassable")]
    characters = theme.CLASS_CHARACTERS
    styles = {characters[i]: theme.Style(fill=c) for i, c in enumerate(colours)}
    labels = {characters[i]: text for i, text in enumerate(texts)}
    return SurfaceLayer(
        layer_id="own_friction",
        title=t("upload.kind.friction"),
        image=image,
        bounds=bounds,
        entries=entries(styles, labels),
        opacity=0.85,
    )
