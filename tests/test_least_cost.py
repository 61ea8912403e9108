"""Least cost: answers by hand, the world's awkward cases, and the refusal of nonsense."""

from __future__ import annotations

from math import cos, hypot, pi, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from capgap_geo.analysis.least_cost import travel_time, warm_up
from capgap_geo.errors import ScenarioError

INF, NAN = np.inf, np.nan
Table = NDArray[np.float64]
FRICTION = arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(0.5, 60.0))


def test_warm_up_runs() -> None:
    warm_up()


def test_a_step_costs_the_mean_of_its_two_ends() -> None:
    surface = travel_time([[1.0, 3.0, 5.0]], [(0, 0)], neighbours=8)
    assert surface.minutes.tolist() == [[0.0, 2.0, 6.0]]
    assert surface.minutes.dtype == np.float64
    assert surface.nearest.tolist() == [[0, 0, 0]]


def test_a_diagonal_step_is_longer_by_the_root_of_two() -> None:
    assert travel_time([[1.0, INF], [INF, 3.0]], [(0, 0)], neighbours=8).minutes[1, 1] == 2.0 * sqrt(2.0)


def test_a_knights_move_costs_the_mean_of_the_four_cells_it_crosses() -> None:
    # From the upper left corner over (0, 1) and (1, 1) to (1, 2).
    surface = travel_time([[1.0, 2.0, 50.0], [50.0, 2.0, 3.0]], [(0, 0)], neighbours=16)
    assert surface.minutes[1, 2] == pytest.approx(sqrt(5.0) * (1.0 + 2.0 + 2.0 + 3.0) / 4.0)


def test_the_size_of_a_cell_scales_the_minutes() -> None:
    assert travel_time([[1.0, 3.0]], [(0, 0)], cell_km=2.5).minutes.tolist() == [[0.0, 5.0]]


@pytest.mark.parametrize(("neighbours", "excess"), [(8, 0.0824), (16, 0.0275)])
def test_the_overestimate_of_a_straight_line_is_as_stated(neighbours: int, excess: float) -> None:
    size = 120
    minutes = travel_time(np.ones((2 * size + 1,) * 2), [(size, size)], neighbours=neighbours).minutes
    angles = np.linspace(0.0, 2.0 * pi, 721)
    ends = [(round(size * sin(a)), round(size * cos(a))) for a in angles]
    ratio = [minutes[size + row, size + col] / hypot(row, col) for row, col in ends]
    assert min(ratio) >= 1.0 - 1e-12
    assert max(ratio) == pytest.approx(1.0 + excess, abs=5e-4)


def test_a_river_one_cell_wide_is_not_jumped() -> None:
    friction = np.ones((5, 5))
    friction[2, :] = INF
    for neighbours in (8, 16):
        surface = travel_time(friction, [(0, 2)], neighbours=neighbours)
        assert np.isinf(surface.minutes[3:]).all()
        assert (surface.nearest[3:] == -1).all()


def test_a_bridge_lets_through() -> None:
    friction = np.ones((5, 5))
    friction[2, [0, 1, 3, 4]] = NAN
    for neighbours in (8, 16):
        surface = travel_time(friction, [(0, 2)], neighbours=neighbours)
        assert np.isfinite(surface.minutes[3:]).all()
        assert surface.minutes[4, 2] == 4.0


def test_a_thin_diagonal_barrier_leaks_and_one_that_touches_all_cells_does_not() -> None:
    thin = np.where(np.eye(6, dtype=bool), INF, 1.0)
    thick = np.where(np.eye(6, dtype=bool) | np.eye(6, k=1, dtype=bool), INF, 1.0)
    for neighbours in (8, 16):
        assert np.isfinite(travel_time(thin, [(5, 0)], neighbours=neighbours).minutes[0, 5])
        assert np.isinf(travel_time(thick, [(5, 0)], neighbours=neighbours).minutes[0, 5])


def test_an_island_is_unreachable_and_never_a_large_number() -> None:
    friction = np.ones((5, 5))
    friction[1:4, 1:4] = NAN
    friction[2, 2] = 1.0
    surface = travel_time(friction, [(0, 0)])
    assert surface.minutes[2, 2] == INF
    assert surface.nearest[2, 2] == -1
    assert np.isfinite(surface.minutes).sum() == 16
    assert travel_time(friction, [(0, 0), (2, 2)]).nearest[2, 2] == 1


def test_without_sources_nothing_is_reached() -> None:
    surface = travel_time(np.ones((2, 3)), [])
    assert np.isinf(surface.minutes).all()
    assert (surface.nearest == -1).all()


def test_two_sources_in_one_cell_count_as_the_first() -> None:
    assert (travel_time(np.ones((2, 2)), [(1, 1), (0, 0), (0, 0)]).nearest == [[1, 0], [0, 0]]).all()


def test_equals_go_to_the_smallest_index() -> None:
    assert travel_time(np.ones((1, 5)), [(0, 4), (0, 0)]).nearest.tolist() == [[1, 1, 0, 0, 0]]
    assert travel_time(np.ones((1, 5)), [(0, 0), (0, 4)]).nearest.tolist() == [[0, 0, 0, 1, 1]]


def test_a_limit_leaves_the_rest_unreachable_and_is_inclusive() -> None:
    full, cut = (travel_time(np.ones((1, 5)), [(0, 0)], max_minutes=limit) for limit in (None, 2.0))
    assert cut.minutes.tolist() == [[0.0, 1.0, 2.0, INF, INF]]
    assert cut.nearest.tolist() == [[0, 0, 0, -1, -1]]
    assert full.minutes[0, 4] == 4.0
    assert travel_time(np.ones((1, 2)), [(0, 0)], max_minutes=0.0).minutes.tolist() == [[0.0, INF]]


def test_the_input_is_left_alone() -> None:
    friction = np.array([[1.0, NAN, INF]])
    travel_time(friction, [(0, 0)])
    assert np.array_equal(friction, [[1.0, NAN, INF]], equal_nan=True)


def test_a_wide_range_of_friction_is_exact() -> None:
    friction = np.array([[1.0, 1e5, 1.0, 9e5, 1e6]])
    minutes = travel_time(friction, [(0, 0)], neighbours=8).minutes[0]
    assert minutes.tolist() == [0.0, 50000.5, 100001.0, 550001.5, 1500001.5]


@given(FRICTION, st.sampled_from([8, 16]), st.randoms())
def test_more_neighbours_and_more_sources_never_take_longer(
    friction: Table, neighbours: int, random: object
) -> None:
    rows, cols = friction.shape
    draw = random.randrange  # type: ignore[attr-defined]
    sources = [(draw(rows), draw(cols)) for _ in range(3)]
    one = travel_time(friction, sources[:1], neighbours=neighbours).minutes
    three = travel_time(friction, sources, neighbours=neighbours).minutes
    assert (three <= one).all()
    assert (
        travel_time(friction, sources, neighbours=16).minutes
        <= travel_time(friction, sources, neighbours=8).minutes * (1 + 1e-12)
    ).all()


@given(FRICTION, st.sampled_from([8, 16]))
def test_the_way_there_takes_as_long_as_the_way_back(friction: Table, neighbours: int) -> None:
    last = (friction.shape[0] - 1, friction.shape[1] - 1)
    there = travel_time(friction, [(0, 0)], neighbours=neighbours).minutes[last]
    back = travel_time(friction, [last], neighbours=neighbours).minutes[0, 0]
    assert there == pytest.approx(back, rel=1e-12)


@given(FRICTION, st.sampled_from([8, 16]))
def test_mirrored_country_gives_mirrored_times(friction: Table, neighbours: int) -> None:
    rows, cols = friction.shape
    plain = travel_time(friction, [(0, 0)], neighbours=neighbours).minutes
    turned = travel_time(friction[::-1, ::-1], [(rows - 1, cols - 1)], neighbours=neighbours).minutes
    across = travel_time(friction.T, [(0, 0)], neighbours=neighbours).minutes
    assert np.array_equal(plain, turned[::-1, ::-1])
    assert np.array_equal(plain, across.T)


@pytest.mark.parametrize("value", [0.0, -1.0, -INF])
def test_friction_that_is_not_positive_is_refused(value: float) -> None:
    with pytest.raises(ScenarioError, match="1 cells are zero or negative") as caught:
        travel_time([[1.0, value]], [(0, 0)])
    assert caught.value.code == "friction"


def test_a_grid_without_a_passable_cell_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no passable cell"):
        travel_time([[NAN, INF]], [])
    with pytest.raises(ScenarioError, match="no passable cell"):
        travel_time(np.empty((0, 3)), [])


def test_friction_that_is_no_grid_is_refused() -> None:
    with pytest.raises(ScenarioError, match="rows and columns"):
        travel_time([1.0, 2.0], [])


def test_a_range_that_no_surface_has_is_refused() -> None:
    with pytest.raises(ScenarioError, match="range above"):
        travel_time([[1e-3, 1e4]], [])


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        travel_time([[1.0, NAN]], [(0, 1), (0, 2), (-1, 0), (0, 0)], neighbours=4, cell_km=0.0)
    problems = caught.value.details["problems"]
    assert [problem.split(":")[0] for problem in problems] == [
        "neighbours",
        "cell_km",
        "source 0",
        "source 1",
        "source 2",
    ]
    assert all(problem in str(caught.value) for problem in problems)


@pytest.mark.parametrize("limit", [-1.0, NAN])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ScenarioError, match="max_minutes"):
        travel_time([[1.0]], [(0, 0)], max_minutes=limit)
