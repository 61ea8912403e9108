"""The nearest facility is the nearest, and a disc has the area of a disc."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pyproj import Geod

from capgap_geo.analysis import ellipsoid, geodesic
from capgap_geo.errors import ScenarioError

GEOD = Geod(ellps="WGS84")
Table = NDArray[np.float64]


def every_distance(points: Table, facilities: Table) -> Table:
    pairs = np.repeat(points, len(facilities), axis=0), np.tile(facilities, (len(points), 1))
    return np.asarray(GEOD.inv(*pairs[0].T, *pairs[1].T)[2]).reshape(len(points), -1)


def drawn(count: int, spread: float, *, seed: int, centre: tuple[float, float] = (-75.0, -9.5)) -> Table:
    return np.array(centre) + np.random.default_rng(seed).uniform(-spread, spread, (count, 2))


@pytest.mark.peer
@pytest.mark.parametrize(("facilities", "spread"), [(1, 5.0), (2, 5.0), (300, 9.0), (900, 1e-5), (400, 1e-8)])
def test_nearest_equals_brute_force_over_every_geodesic(facilities: int, spread: float) -> None:
    points, places = drawn(800, spread, seed=1), drawn(facilities, spread, seed=2)
    places = np.vstack([places, places[::3]])
    index, metres = geodesic.nearest(points, places)
    every = every_distance(points, places)
    assert np.array_equal(index, every.argmin(axis=1))
    assert metres == pytest.approx(every.min(axis=1), abs=1e-3)


@pytest.mark.peer
def test_nearest_holds_all_over_the_world_poles_and_date_line_included() -> None:
    random = np.random.default_rng(3)
    points, places = (
        np.column_stack([random.uniform(-180, 180, n), random.uniform(-90, 90, n)]) for n in (800, 700)
    )
    places = np.vstack([places, [[0.0, 90.0], [10.0, -90.0], [180.0, 0.0], [-180.0, 0.0]]])
    points = np.vstack([points, [[179.99, 0.0], [-179.99, 0.0], [45.0, 89.9], [0.0, 0.0]]])
    index, metres = geodesic.nearest(points, places)
    every = every_distance(points, places)
    assert np.array_equal(every[np.arange(len(points)), index], every.min(axis=1))
    assert metres == pytest.approx(every.min(axis=1), abs=1e-3)


@pytest.mark.peer
def test_points_halfway_between_two_facilities_are_decided_by_the_geodesic() -> None:
    start, end = np.array([-77.0, -12.0]), np.array([-72.0, -3.0])
    azimuth, _, length = GEOD.inv(*start, *end)
    middle = np.array(
        [GEOD.fwd(*start, azimuth, length / 2 + shift)[:2] for shift in (-0.5, -0.001, 0.001, 0.5)]
    )
    index, _ = geodesic.nearest(middle, [start, end])
    assert np.array_equal(index, every_distance(middle, np.array([start, end])).argmin(axis=1))


@pytest.mark.peer
def test_lengths_agree_with_karney_to_a_tenth_of_a_millimetre() -> None:
    random = np.random.default_rng(4)
    start, end = (
        np.column_stack([random.uniform(-180, 180, 5000), random.uniform(-90, 90, 5000)]) for _ in "ab"
    )
    start = np.vstack([start, [[0.0, 0.0], [0.0, 0.0], [5.0, 5.0], [0.0, 30.0], [-75.0, 0.0]]])
    end = np.vstack([end, [[180.0, 0.0], [179.7, 0.3], [5.0, 5.0], [180.0, -30.0], [-70.0, 0.0]]])
    assert ellipsoid.lengths(start, end) == pytest.approx(np.array(GEOD.inv(*start.T, *end.T)[2]), abs=1e-4)


@given(
    arrays(float, (7, 2), elements=st.floats(-80.0, -70.0)),
    arrays(float, (5, 2), elements=st.floats(-80.0, -70.0)),
    st.permutations(range(5)),
)
@settings(max_examples=50)
def test_row_order_of_the_facilities_is_irrelevant(points: Table, places: Table, order: list[int]) -> None:
    _, metres = geodesic.nearest(points, places)
    index, again = geodesic.nearest(points, places[order])
    assert np.array_equal(metres, again)
    assert np.array_equal(index, every_distance(points, places[order]).argmin(axis=1))


def test_equals_go_to_the_first_row() -> None:
    index, metres = geodesic.nearest([[-75.0, -10.0]], [[-70.0, -10.0], [-75.0, -10.0], [-75.0, -10.0]])
    assert (index.tolist(), metres.tolist()) == ([1], [0.0])
    index, _ = geodesic.nearest([[-75.0, 0.0]], [[-74.0, 0.0], [-76.0, 0.0]])
    assert index.tolist() == [0]


def test_without_facilities_nothing_is_near() -> None:
    index, metres = geodesic.nearest(drawn(3, 1.0, seed=5), np.empty((0, 2)))
    assert index.tolist() == [-1, -1, -1]
    assert np.isinf(metres).all()


def test_without_points_nothing_is_returned() -> None:
    index, metres = geodesic.nearest([], [[-75.0, -10.0]])
    assert (len(index), len(metres)) == (0, 0)


@pytest.mark.parametrize(
    "wrong", [[[np.nan, 0.0]], [[0.0, 91.0]], [[np.inf, 0.0]], [1.0, 2.0], [[1.0, 2.0, 3.0]]]
)
def test_coordinates_that_are_none_are_refused(wrong: object) -> None:
    with pytest.raises(ScenarioError, match="points") as caught:
        geodesic.nearest(wrong, [[0.0, 0.0]])  # type: ignore[arg-type]
    assert caught.value.code == "coordinates"


def true_area(lat: float, radius_km: float) -> float:
    """Area of the geodesic disc from 20,000 vertices, in km2."""
    count = 20_000
    ends = GEOD.fwd(
        *(np.full(count, v) for v in (-75.0, lat)),
        np.arange(count) * 360 / count,
        np.full(count, radius_km * 1e3),
    )
    chords_miss = 1.0 + (2.0 * np.pi / count) ** 2 / 6.0
    return abs(GEOD.polygon_area_perimeter(ends[0], ends[1])[0]) * chords_miss / 1e6


@pytest.mark.parametrize("lat", [0.0, -9.0, -18.0, 60.0])
@pytest.mark.parametrize("radius_km", [1.0, 50.0, 300.0, 1000.0])
def test_a_disc_has_the_area_of_the_geodesic_disc(lat: float, radius_km: float) -> None:
    outline = geodesic.disc(-75.0, lat, radius_km=radius_km)
    area = abs(GEOD.geometry_area_perimeter(outline)[0]) / 1e6
    assert len(outline.exterior.coords) == 65
    assert area == pytest.approx(true_area(lat, radius_km), rel=1e-6)


@given(st.floats(1.0, 1000.0), st.integers(3, 200))
def test_the_area_does_not_depend_on_the_number_of_vertices(radius_km: float, vertices: int) -> None:
    fine, coarse = (geodesic.disc(-75.0, -12.0, radius_km=radius_km, vertices=n) for n in (720, vertices))
    areas = [abs(GEOD.geometry_area_perimeter(outline)[0]) for outline in (fine, coarse)]
    assert areas[1] == pytest.approx(areas[0], rel=2e-5)


def test_the_vertices_lie_just_outside_the_circle() -> None:
    ring = geodesic.rings([[-75.0, -12.0]], radius_km=100.0)[0]
    metres = geodesic.distance(np.full_like(ring, [-75.0, -12.0]), ring)
    assert ((metres > 100_000.0) & (metres < 100_100.0)).all()


@pytest.mark.parametrize(
    "options", [{"radius_km": 0.0}, {"radius_km": -1.0}, {"radius_km": np.nan}, {"radius_km": 6000.0}]
)
def test_a_radius_out_of_range_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ScenarioError, match="radius_km"):
        geodesic.disc(-75.0, -9.0, **options)


def test_two_vertices_are_no_polygon() -> None:
    with pytest.raises(ScenarioError, match="vertices"):
        geodesic.disc(-75.0, -9.0, radius_km=1.0, vertices=2)
