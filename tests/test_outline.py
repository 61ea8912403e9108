"""The outlines on the screen: the right classes, near the true border, small."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from capgap_geo.analysis import grid as grids
from capgap_geo.analysis.grid import WGS84
from capgap_geo.render.outline import JOINED, TOLERANCE, desert_features, packed


@pytest.fixture(scope="module")
def grid():
    return grids.peru()


def drawn(grid, strict, wide, threshold):
    found = desert_features(grid, strict.ravel(), wide.ravel(), threshold=threshold)
    return {f["id"]: shapely.geometry.shape(f["geometry"]) for f in found["features"]}


def cones(grid):
    """Distance in km to one site that is corroborated, and to that or one that is only reported."""
    row, column = np.indices(grid.shape)
    first = np.hypot(row - 600, column - 500)
    return first, np.minimum(first, np.hypot(row - 1200, column - 900))


def test_robust_and_strict_only_deserts_do_not_mix(grid):
    strict, wide = cones(grid)
    shapes = drawn(grid, strict, wide, 150.0)
    assert set(shapes) == {"robust", "strict_only"}
    assert shapes["robust"].intersection(shapes["strict_only"]).area < 0.02 * shapes["strict_only"].area
    reported = shapely.Point(*grid.lonlat(1200, 900))
    assert shapes["strict_only"].contains(reported)
    corroborated = shapely.Point(*grid.lonlat(600, 500))
    assert not any(shape.contains(corroborated) for shape in shapes.values())


def test_the_outline_stays_near_the_true_border(grid):
    strict, _ = cones(grid)
    robust = drawn(grid, strict, strict, 150.0)["robust"]
    angle = np.linspace(0, 2 * np.pi, 60)
    for off, inside in ((-JOINED * (1 + TOLERANCE), False), (JOINED * (1 + TOLERANCE), True)):
        rows, columns = 600 + (150 + off) * np.sin(angle), 500 + (150 + off) * np.cos(angle)
        at = shapely.points(*grid.lonlat(rows, columns))
        assert (shapely.contains(robust, at) == inside).all()


def test_the_drawn_land_is_as_large_as_the_land(grid):
    strict, _ = cones(grid)
    robust = drawn(grid, strict, strict, 150.0)["robust"]
    site = shapely.Point(*grid.lonlat(600, 500))
    rings = [shapely.Polygon(ring) for part in robust.geoms for ring in part.interiors]
    reached = next(ring for ring in rings if ring.contains(site))
    area = gpd.GeoSeries([reached], crs=WGS84).to_crs(grid.crs).area.iloc[0] / 1e6
    assert area == pytest.approx(np.pi * (150 * grid.cell_km) ** 2, rel=0.01)


def test_nothing_beyond_reach_draws_nothing(grid):
    strict, _ = cones(grid)
    assert drawn(grid, strict, strict, 10_000.0) == {}


def test_the_threshold_itself_is_inside(grid):
    flat = np.full(grid.shape, 60.0)
    assert drawn(grid, flat, flat, 60.0) == {}
    assert set(drawn(grid, flat, flat, 59.9)) == {"robust"}


def test_it_travels_light(grid):
    strict, wide = cones(grid)
    text = json.dumps(desert_features(grid, strict.ravel(), wide.ravel(), threshold=150.0))
    assert len(text) < 40_000


def test_a_packed_ring_is_worked_out_by_hand():
    # -17998 is 35995 once the sign is its last bit: digits 27, 4, 3, 1.
    assert packed([(-179.98, 0.0)]) == "zcb@?"
    # 200: 8, 6. 400: 16, 12. -1: 1. 1: 2. -7624 is 15247: 15, 28, 14. -1134 is 2267: 27, 6, 2.
    assert packed([(1.0, 2.0), (0.99, 2.01), (-75.25, -9.33)]) == "gEoK@An{MzeA"


def test_packing_loses_nothing(grid):
    strict, wide = cones(grid)
    found = desert_features(grid, strict.ravel(), wide.ravel(), threshold=150.0)
    assert len(json.dumps(found.packed)) < 0.4 * len(json.dumps(found))
    for (name, polygons), feature in zip(found.packed, found["features"], strict=True):
        assert name == feature["id"]
        for rings, true in zip(polygons, feature["geometry"]["coordinates"], strict=True):
            assert [unpack(ring) for ring in rings] == true


def unpack(text):
    """Read an encoded polyline digit by digit, as its format is described."""
    numbers, value, shift = [], 0, 0
    for digit in (ord(character) - 63 for character in text):
        value += (digit % 32) * 32**shift
        shift += 1
        if digit < 32:
            numbers.append(-(value + 1) // 2 if value % 2 else value // 2)
            value = shift = 0
    steps = np.array(numbers).reshape(-1, 2).cumsum(axis=0)
    return (steps / 100).tolist()
