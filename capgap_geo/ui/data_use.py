"""Put what a reader brought to use: a study for this session alone, to save, to load, to take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capgap_geo.analysis.engines import hold
from capgap_geo.analysis.friction_file import inspect_friction
from capgap_geo.analysis.grid import Grid
from capgap_geo.files import scratch
from capgap_geo.model import Study
from capgap_geo.sources.study import DEFAULT_PATH
from capgap_geo.sources.uploads import SavedStudy, Surface, Upload, add_to_study, load_saved, save_study
from capgap_geo.sources.uploads.joining import JOINED, beside
from capgap_geo.sources.uploads.save import geotiff
from capgap_geo.ui.own import Own, current
from capgap_geo.ui.prepared import shared_ground, shared_study

#: What says only where rows come from: the same rows brought again with a source replace those without.
_ORIGIN = ("source_ids", "source_id", "evidence", "capacity_evidence")


def used(upload: Upload, *, without_bad_rows: bool) -> Own:
    """Return the session's data with one upload more.

    Raises
    ------
    UploadError
        It has problems and its bad rows were not given up, or it is a surface of a part of the country.
    ScenarioError
        A zone reaches beyond the grid.
    """
    upload.use(without_bad_rows=without_bad_rows)
    before = current()
    base, earlier = (None, ()) if before is None else (before.base, before.uploads)
    return built(base, (*(u for u in earlier if not _replaces(upload, u)), upload))


def _replaces(new: Upload, old: Upload) -> bool:
    """Return whether an upload stands for an earlier one: a kind that there is once, or the same rows."""
    if new.kind != old.kind:
        return False
    if new.kind not in JOINED:
        return True
    return bool(_rows(new).equals(_rows(old)))


def _rows(upload: Upload) -> Any:
    return upload.table.drop(columns=[c for c in _ORIGIN if c in upload.table.columns])


def loaded(content: bytes) -> Own:
    """Return the data of a saved study; they replace what the session had.

    Raises
    ------
    UploadError
        It is no saved study.
    """
    return built(load_saved(content), ())


def built(base: SavedStudy | None, uploads: tuple[Upload, ...]) -> Own:
    """Return a saved study, or the project's, with uploads in it: prepared for this session alone."""
    study = shared_study() if base is None else base.study
    if base is not None and base.surface is not None:
        study = replace(study, friction=on_grid(base.surface))
    for upload in uploads:
        study = with_upload(study, upload)
    extras: Mapping[str, Any] = {} if base is None else base.extras
    own = {u.kind: u.table for u in uploads if u.kind not in JOINED and u.surface is None}
    return Own(study, hold(study, base=shared_study()), uploads, {**extras, **own}, base)


def with_upload(study: Study, upload: Upload) -> Study:
    """Return a study with the usable rows or the surface of an upload, or citing what stands beside it.

    Raises
    ------
    UploadError
        A surface does not cover the country.
    """
    if upload.kind in JOINED:
        return add_to_study(study, upload, without_bad_rows=True)
    named = beside(study, upload)
    return named if upload.surface is None else replace(named, friction=on_grid(upload.surface))


def on_grid(surface: Surface) -> NDArray[np.float64]:
    """Return a travel surface on the national grid, in minutes per km.

    Raises
    ------
    UploadError
        It does not cover the country.
    """
    grid: Grid = shared_ground().grid
    with scratch() as folder:
        path = folder / "surface.tif"
        path.write_bytes(geotiff(surface))
        return inspect_friction(path, grid=grid, unit="min/km").minutes


def saved(own: Own) -> bytes:
    """Return the session's study as a ZIP of data packages."""
    base = DEFAULT_PATH if own.base is None else own.base.content
    return save_study(own.uploads, base=base, without_bad_rows=True)


def kinds(own: Own) -> Iterable[tuple[str, int]]:
    """Yield kind and number of usable rows of each upload; a surface has none."""
    for upload in own.uploads:
        yield upload.kind, len(upload.table)
