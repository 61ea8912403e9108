"""Load a whole study: verified packages, checked tables, one object."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from capgap_geo.errors import DataNotFoundError, ProvenanceError
from capgap_geo.model import Source, Study
from capgap_geo.provenance import Package, read_package
from capgap_geo.sources import boundaries, facilities, incidents, population, travel, zones

PACKAGES = ("boundaries", "facilities", "incidents", "population", "travel", "zones")
DEFAULT_PATH = Path(__file__).parents[2] / "data"


def load_study(path: Path | str | None = None) -> Study:
    """Load and check all tables of a study.

    Parameters
    ----------
    path
        Folder with one data package per subfolder; the project's own data by default.

    Returns
    -------
    Study
        Tables with fixed column names, coordinates in WGS 84.

    Raises
    ------
    DataNotFoundError
        A package or file is missing.
    ProvenanceError
        A file was changed, or has no licence or source.
    SchemaError
        A table breaks its contract; the error lists every problem of that table.

    Examples
    --------
    >>> study = load_study()
    >>> len(study.departments), len(study.provinces)
    (25, 196)
    """
    folder = DEFAULT_PATH if path is None else Path(path)
    packages = _read_packages(folder)
    sources = _sources(packages)
    departments = boundaries.read_departments(packages["boundaries"])
    provinces = boundaries.read_provinces(packages["boundaries"], departments)
    places = travel.read_places(packages["travel"], provinces)
    known = facilities.Known(
        departments=departments.set_index("department_id")["department_name"],
        places=frozenset(places["place_id"]),
        sources=frozenset(sources),
    )
    capacity = packages["facilities"]
    registries = incidents.read_registries(packages["incidents"])
    return Study(
        departments=departments,
        provinces=provinces,
        places=places,
        facilities=facilities.read_facilities(capacity, known, places),
        zones=zones.read_zones(packages["zones"], known, provinces),
        roads=travel.read_roads(packages["travel"]),
        rivers=travel.read_rivers(packages["travel"]),
        neighbours=boundaries.read_neighbours(packages["boundaries"]),
        population=population.read_population(packages["population"], provinces),
        incidents=incidents.read_incidents(packages["incidents"], known, registries),
        registries=registries,
        absences=facilities.read_absences(capacity, known),
        contested=facilities.read_contested(capacity, known),
        figures=facilities.read_figures(capacity, known),
        sources=sources,
        friction=travel.read_friction(packages["travel"]),
        path=folder,
        fingerprint=_fingerprint(packages),
    )


def _read_packages(folder: Path) -> dict[str, Package]:
    missing = [name for name in PACKAGES if not (folder / name).is_dir()]
    if missing:
        raise DataNotFoundError(
            f"{folder}: no folder {', '.join(missing)}; a study needs {', '.join(PACKAGES)}",
            details={"missing": missing},
        )
    return {name: read_package(folder / name) for name in PACKAGES}


def _sources(packages: Mapping[str, Package]) -> Mapping[str, Source]:
    sources: dict[str, Source] = {}
    for name, package in packages.items():
        for raw in package.sources:
            if raw["id"] in sources:
                other = sources[raw["id"]].package
                raise ProvenanceError(f"source {raw['id']!r} is stated by {other} and by {name}; rename one")
            sources[raw["id"]] = Source(
                source_id=raw["id"],
                title=raw["title"],
                producer=raw["producer"],
                url=raw["url"],
                date_published=None if raw["date_published"] is None else str(raw["date_published"]),
                date_accessed=raw["date_accessed"],
                package=name,
                title_es=raw.get("title_es", ""),
                producer_es=raw.get("producer_es", ""),
            )
    return MappingProxyType(sources)


def _fingerprint(packages: Mapping[str, Package]) -> str:
    digest = hashlib.sha256()
    for name in sorted(packages):
        for resource in packages[name].resources.values():
            digest.update(f"{name}/{resource.name}={resource.hash}\n".encode())
    return digest.hexdigest()
