"""Facilities: services to their keys, shelters to their department, everything else to its place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from capgap_geo.model import GROUPS, Service
from capgap_geo.privacy import PROTECTED_SERVICES, generalise, names_a_refuge
from capgap_geo.sources.facilities import CAPACITY
from capgap_geo.sources.uploads.areas import Areas
from capgap_geo.sources.uploads.clean import slug
from capgap_geo.sources.uploads.messages import Note
from capgap_geo.sources.uploads.names import plain
from capgap_geo.sources.uploads.places import Places, locate
from capgap_geo.sources.uploads.rows import Rows, Texts
from capgap_geo.sources.uploads.upload import Origin

_WORDS = {
    Service.POLICE: """police, policia, pnp, comisaria, police unit, unidad policial, departamento policial,
        dirctptim""",
    Service.PROSECUTION: """prosecution, fiscalia, fistrap, prosecutor, ministerio publico,
        fiscalia especializada""",
    Service.SHELTER: """shelter, albergue, refugio, hogar de refugio, hogar de refugio temporal, car, hrt,
        casa de acogida, centro de acogida residencial, casa refugio, safe house, refuge""",
    Service.PROTECTION: "protection, proteccion, upe, unidad de proteccion especial, special protection unit",
    Service.VICTIM_SUPPORT: """victim support, atencion a victimas, udavit, cem, centro emergencia mujer,
        apoyo a victimas, asistencia a victimas""",
    Service.FIRST_RESPONSE: "first response, primera respuesta, sau, servicio de atencion urgente",
}
_SERVICES: Mapping[str, str] = MappingProxyType(
    {plain(word): service.value for service, words in _WORDS.items() for word in words.split(",")}
)
_PEOPLE = {
    "girls": "girls, girl, ninas, nina, adolescentes mujeres, mujeres menores",
    "boys": "boys, boy, ninos varones, nino, ninos, adolescentes varones",
    "women": "women, woman, mujeres, mujer, mujeres adultas",
    "men": "men, man, hombres, hombre, varones, varon",
    "girls;boys": "nna, children, ninas ninos y adolescentes, menores, minors, menores de edad",
    "women;men": "adultos, adults, personas adultas",
    "girls;boys;women;men": "everyone, todos, todas, todas las personas, all, todos los perfiles",
}
_PROFILES = {plain(word): groups for groups, words in _PEOPLE.items() for word in words.split(",")}
#: Services that nobody is turned away from for sex or age.
_FOR_EVERYONE = (Service.POLICE, Service.PROSECUTION)
_EVERYONE = ";".join(g.value for g in GROUPS)


def facilities(rows: Rows, areas: Areas, origin: Origin, crs: str | None) -> gpd.GeoDataFrame:
    """Return the facilities of an upload; a shelter keeps nothing finer than its department."""
    rows.hidden = set(range(len(rows)))  # until it is known which rows are no shelters
    services = rows.words("service", _SERVICES, required=True, offered=list(Service))
    refuge = np.array([any(names_a_refuge(c) for c in row) for row in rows.raw.rows], dtype=bool)
    shelter = np.array([s in PROTECTED_SERVICES for s in services], dtype=bool)
    protected = refuge | shelter
    rows.hidden = {i for i, s in enumerate(services) if s is None or protected[i]}
    places = locate(rows, areas, crs)
    _need_place(rows, places)
    table = _table(rows, services, places, protected, areas, origin)
    for code, where in (("generalised_shelters", shelter), ("generalised_names", refuge & ~shelter)):
        if where.any():
            rows.notes.append(Note(code, {"count": int(where.sum())}))
    good = rows.good()
    return generalise(table[good].reset_index(drop=True))


def _need_place(rows: Rows, places: Places) -> None:
    said = rows.texts("department")
    for i, department in enumerate(places.departments):
        if department is None and not said[i] and np.isnan(places.longitude[i]):
            rows.problem(i, "department", "needs_place")


def _table(
    rows: Rows,
    services: Texts,
    places: Places,
    protected: np.ndarray[tuple[int], np.dtype[np.bool_]],
    areas: Areas,
    origin: Origin,
) -> gpd.GeoDataFrame:
    pointed = ~np.isnan(places.longitude) & ~protected
    labels = pd.Series(rows.labels("place_name"), dtype=object)
    names = areas.department_names
    table = pd.DataFrame(
        {
            "facility_id": _ids(rows, services, places.departments, protected),
            "service": services,
            "department_id": places.departments,
            "department_name": [names.get(d or "") for d in places.departments],
            "place_id": None,
            "place_name": labels.where(pointed, None),
            "place_inferred": False,
        }
    )
    for name in CAPACITY:
        table[name] = rows.numbers(name, high=100_000)
    table["capacity_evidence"] = [
        "reported" if known else None for known in table[list(CAPACITY)].notna().any(axis=1)
    ]
    table["profiles"] = _profiles(rows, services)
    table["year"] = pd.array(rows.years("year"), dtype="Int64")
    table["evidence"] = _evidence(rows, origin)
    table["precision"] = np.where(pointed, "place", "department")
    table["source_ids"] = origin.source_id
    shapes = gpd.GeoSeries(gpd.points_from_xy(places.longitude, places.latitude), crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=shapes.where(pd.Series(pointed), None), crs="EPSG:4326")


def _ids(rows: Rows, services: Texts, departments: Texts, protected: object) -> list[str]:
    """Return ids; a shelter's own id may name it, so it gets one made of its department."""
    hidden = np.asarray(protected)
    ids: list[str] = []
    first: dict[str, int] = {}
    for i, stated in enumerate(rows.texts("facility_id")):
        number = rows.raw.numbers[i]
        plain_id = f"upload_{services[i]}_{departments[i]}_{number}"
        own = None if stated is None or hidden[i] else f"upload_{slug(stated, fallback=str(number))}"
        if own and own in first:
            rows.problem(i, "facility_id", "twice", first=first[own])
        if own:
            first.setdefault(own, number)
        ids.append(own or plain_id)
    return ids


def _profiles(rows: Rows, services: Texts) -> Texts:
    known: Texts = []
    assumed = 0
    for i, text in enumerate(rows.texts("profiles")):
        groups = _groups(text)
        if text is None and services[i] in _FOR_EVERYONE:
            groups, assumed = _EVERYONE, assumed + 1
        elif text is None and services[i] is not None:
            rows.problem(i, "profiles", "empty")
        elif text is not None and groups is None:
            rows.problem(i, "profiles", "not_allowed", known=", ".join(g.value for g in GROUPS))
        known.append(groups)
    if assumed:
        rows.notes.append(Note("profiles_assumed", {"count": assumed}))
    return known


def _groups(text: str | None) -> str | None:
    """Return the groups that a text names, in the order of the model."""
    if text is None:
        return None
    whole = _PROFILES.get(plain(text))
    parts = (
        [whole]
        if whole
        else [_PROFILES.get(plain(p)) for p in text.replace(",", ";").split(";") if p.strip()]
    )
    if not parts or None in parts:
        return None
    named = {group for part in parts if part for group in part.split(";")}
    return ";".join(g.value for g in GROUPS if g.value in named)


def _evidence(rows: Rows, origin: Origin) -> list[str]:
    """Corroboration is a claim about sources: without a source it is not accepted."""
    stated = rows.words("evidence", {"corroborated": "corroborated", "reported": "reported"})
    lowered = sum(origin.unsourced and e == "corroborated" for e in stated)
    if lowered:
        rows.notes.append(Note("evidence_lowered", {"count": lowered}))
    return ["reported" if origin.unsourced or e is None else e for e in stated]
