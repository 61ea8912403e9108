"""T12: straight-line deserts of the departments around 300 facilities."""

from __future__ import annotations

import numpy as np
import shapely

from benchmarks import inputs
from benchmarks.harness import Row, race
from capgap_geo.analysis import deserts, geodesic
from capgap_geo.analysis.grid import PERU_CRS, from_wgs84, project


def run() -> list[Row]:
    outlines, places = inputs.departments(), inputs.facilities(300)
    rows = []
    for radius in (30.0, 100.0):
        ours, _ = race(lambda r=radius: deserts.straight_line(outlines, places, radius_km=r))  # type: ignore[misc]
        error = _error(radius)
        work = f"deserts beyond {radius:g} km, {len(places)} discs, {len(outlines)} departments"
        note = f"worst department off by {error:.4f} % of its area (discs of 4,096 vertices)"
        limit = 0.1 if error <= 0.01 else 0.0
        rows.append(Row("T12", work, ours, "none", None, limit, note, absolute=True))
    return rows


def _error(radius_km: float) -> float:
    """Return the largest error of a department's desert in % of its area."""
    outlines, places = inputs.departments(), inputs.facilities(300)
    rings = geodesic.rings(places, radius_km=radius_km, vertices=4096)
    x, y = from_wgs84(PERU_CRS).transform(rings[..., 0], rings[..., 1])
    reached = shapely.union_all(shapely.polygons(np.stack([x, y], axis=-1)))
    shapes = project(outlines, PERU_CRS).to_numpy()
    exact = shapely.area(shapely.difference(shapes, reached)) / 1e6
    found = deserts.straight_line(outlines, places, radius_km=radius_km)["uncovered_km2"]
    return float(np.max(np.abs(found - exact) / (shapely.area(shapes) / 1e6)) * 100.0)
