"""Load a study that was saved: tried in the confined process first, then loaded here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from capgap_geo.errors import CapGapError
from capgap_geo.files import scratch
from capgap_geo.sources.uploads.archives import Archive
from capgap_geo.sources.uploads.limits import DEFAULT, MB, Limits
from capgap_geo.sources.uploads.messages import refusal
from capgap_geo.sources.uploads.raw import Raw

if TYPE_CHECKING:
    import geopandas as gpd

    from capgap_geo.model import Study
    from capgap_geo.sources.uploads.upload import Surface

#: The package of what has no place in a table of the study.
EXTRAS = "uploads"
_MEMBER = re.compile(r"[a-z0-9_]{1,40}/[A-Za-z0-9_.-]{1,80}")
_ENDINGS = (".json", ".csv", ".geojson", ".tif", ".md")
#: A saved study holds the base packages too; what is unpacked is small beside an image.
STUDY = Limits(upload_bytes=30 * MB, unpacked_bytes=150 * MB, cpu_seconds=60, wall_seconds=90.0)


@dataclass(frozen=True, eq=False, slots=True)
class SavedStudy:
    """A study with what stands beside it.

    Attributes
    ----------
    extras
        Tables of the kinds ``boundaries`` and ``mining``, by kind.
    surface
        The user's own travel surface, or None.
    content
        The ZIP, as base for saving again.
    unsourced
        Ids of sources that were not stated: whatever is made from the study says so.
    """

    study: Study
    extras: Mapping[str, gpd.GeoDataFrame]
    surface: Surface | None
    content: bytes
    unsourced: tuple[str, ...]


def load_saved(content: bytes, limits: Limits = STUDY) -> SavedStudy:
    """Load a saved study.

    Raises
    ------
    UploadError
        It is no saved study, or it was changed in a way that breaks it.
    """
    from capgap_geo.sources.study import load_study
    from capgap_geo.sources.uploads.jobs import read_raw
    from capgap_geo.sources.uploads.joining import cited
    from capgap_geo.sources.uploads.upload import unsourced_ids
    from capgap_geo.sources.uploads.worker import Options

    with scratch() as folder:
        unpack(content, folder, limits)
        # The same bytes by the same code, first where it can do no harm.
        read_raw(content, "study.zip", Options(folder=str(folder)), limits)
        study = replace(load_study(folder), path=Path(EXTRAS))
        extras, surface, stated = _extras(folder / EXTRAS)
        study = cited(study, stated)
    return SavedStudy(study, extras, surface, content, unsourced_ids(study.sources))


def unpack(content: bytes, folder: Path, limits: Limits = STUDY) -> None:
    """Unpack a saved study into a folder; only names that a study has are written.

    Raises
    ------
    UploadError
        The archive is unsafe, or is no saved study.
    """
    if not content.startswith(b"PK"):
        raise refusal("not_a_study", found="not a ZIP file")
    archive = Archive(content, limits)
    if not any(name.endswith("/datapackage.json") for name in archive.names):
        raise refusal("not_a_study", found="no datapackage.json in it")
    for name in archive.names:
        if not _MEMBER.fullmatch(name) or PurePosixPath(name).suffix not in _ENDINGS:
            raise refusal("not_a_study", found=name[:60])
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(archive.read(name))


def check_study(folder: str | None, limits: Limits = DEFAULT) -> Raw:
    """Load an unpacked study and forget it: what fails here must not fail in the app.

    Raises
    ------
    UploadError
        It is no study.
    """
    if folder is None:
        return Raw(format="study")
    from capgap_geo.sources.study import load_study
    from capgap_geo.sources.uploads.geojson import read_geojson
    from capgap_geo.sources.uploads.raster import read_geotiff

    place = Path(folder)
    for path in place.rglob("*.geojson"):
        # Proven to be what its name says before a library guesses the format.
        read_geojson(path.read_bytes(), replace(limits, vertices=3_000_000))
    for path in place.rglob("*.tif"):
        read_geotiff(path.read_bytes(), limits)
    try:
        load_study(place)
        _extras(place / EXTRAS)
    except CapGapError as error:
        raise refusal("not_a_study", found=str(error)[:200]) from None
    return Raw(format="study")


def _extras(folder: Path) -> tuple[dict[str, Any], Surface | None, tuple[Mapping[str, Any], ...]]:
    """Return what stands beside the study: tables by kind, a surface, and their sources as stated."""
    import geopandas as gpd

    from capgap_geo.provenance import read_package
    from capgap_geo.sources.uploads.kind_friction import surface
    from capgap_geo.sources.uploads.raster import read_geotiff

    if not folder.is_dir():
        return {}, None, ()
    tables: dict[str, Any] = {}
    own = None
    package = read_package(folder)
    for name, resource in package.resources.items():
        if resource.path.suffix == ".tif":
            grid = read_geotiff(resource.path.read_bytes(), DEFAULT).grid
            own = None if grid is None else surface(grid, "min_per_km", [])
        else:
            tables[name] = gpd.read_file(resource.path)
    return tables, own, package.sources
