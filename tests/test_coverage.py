"""Within reach is inclusive, unknown is neither, and sums by zone are exact."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from rasterio.transform import Affine
from scipy.sparse import csr_array, csr_matrix
from shapely import Point, Polygon, box

from capgap_geo.analysis import coverage as module
from capgap_geo.analysis.coverage import by_zone, coverage, fractions, people_shares
from capgap_geo.analysis.grid import PERU_CRS, Grid
from capgap_geo.analysis.least_cost import Surface, travel_time
from capgap_geo.errors import ScenarioError

VALUES = arrays(float, (3, 4), elements=st.floats(0.0, 1000.0) | st.just(np.inf))


def tiny(rows: int, cols: int, *, land: NDArray[np.float64] | None = None) -> Grid:
    mask = np.ones((rows, cols), bool) if land is None else land > 0
    return Grid(PERU_CRS, Affine(1000.0, 0, 0, 0, -1000.0, 0), (rows, cols), mask, land=land)


def zones(*cells: tuple[float, float, float, float], names: list[str] | None = None) -> gpd.GeoDataFrame:
    """Rectangles (west, north, east, south) in cells from the upper left corner."""
    shapes = [box(west * 1e3, -south * 1e3, east * 1e3, -north * 1e3) for west, north, east, south in cells]
    return gpd.GeoDataFrame(geometry=shapes, crs=PERU_CRS, index=names)


def test_equality_at_the_threshold_is_inside() -> None:
    found = coverage([0.0, 59.999, 60.0, np.nextafter(60.0, 61.0), np.inf], threshold=60.0)
    assert found.tolist() == [True, True, True, False, False]


def test_a_threshold_of_zero_covers_only_what_stands_at_a_facility() -> None:
    assert coverage([0.0, 1e-300, np.inf], threshold=0.0).tolist() == [True, False, False]


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ScenarioError, match="1 of 3") as caught:
        coverage([1.0, np.nan, 2.0], threshold=1.0)
    assert caught.value.code == "unknown_values"


@pytest.mark.parametrize("threshold", [-1.0, np.nan, np.inf])
def test_a_threshold_that_is_none_is_refused(threshold: float) -> None:
    with pytest.raises(ScenarioError, match="threshold"):
        coverage([1.0], threshold=threshold)


@given(VALUES, st.floats(0.0, 1000.0), st.floats(0.0, 1000.0))
def test_coverage_never_falls_as_the_threshold_grows(values: NDArray[np.float64], a: float, b: float) -> None:
    low, high = (coverage(values, threshold=limit) for limit in sorted((a, b)))
    assert not (low & ~high).any()


def test_sums_by_hand() -> None:
    grid = tiny(1, 4)
    minutes = np.array([[0.0, 60.0, 61.0, np.inf]])
    persons = np.array([[10.0, 20.0, 30.0, 40.0]])
    parts = zones((0, 0, 2, 1), (1.5, 0, 4, 1), (3, 0, 4, 0.5), names=["a", "b", "c"])
    table = by_zone(minutes, grid, parts, persons, threshold=60.0)
    wanted = pd.DataFrame(
        {
            "covered_people": [30.0, 10.0, 0.0],
            "uncovered_people": [0.0, 70.0, 20.0],
            "covered_km2": [2.0, 0.5, 0.0],
            "uncovered_km2": [0.0, 2.0, 0.5],
        },
        index=["a", "b", "c"],
    )
    pd.testing.assert_frame_equal(table, wanted, check_exact=False, rtol=1e-6)


def test_a_surface_of_the_kernel_serves_as_it_is() -> None:
    surface = travel_time(np.ones((1, 4)), [(0, 0)], neighbours=8)
    assert isinstance(surface, Surface)
    table = by_zone(surface, tiny(1, 4), zones((0, 0, 4, 1)), None, threshold=2.0)
    assert table["covered_km2"].tolist() == pytest.approx([3.0], rel=1e-6)


def test_without_facilities_nothing_is_covered() -> None:
    surface = travel_time(np.ones((1, 4)), [], neighbours=8)
    table = by_zone(surface, tiny(1, 4), zones((0, 0, 4, 1)), np.ones((1, 4)), threshold=1e6)
    assert table.iloc[0].tolist() == pytest.approx([0.0, 4.0, 0.0, 4.0], rel=1e-6)


def test_people_who_are_not_known_are_nan_and_never_zero() -> None:
    table = by_zone(np.zeros((1, 2)), tiny(1, 2), zones((0, 0, 2, 1)), None, threshold=1.0)
    assert table[["covered_people", "uncovered_people"]].isna().all(axis=None)


def test_people_live_on_the_land_of_their_cell() -> None:
    grid = tiny(1, 2, land=np.array([[0.5, 1.0]]))
    half, wider = zones((0.5, 0, 1, 1)), zones((0, 0, 1, 1))
    persons = np.array([[100.0, 0.0]])
    for zone in (half, wider):
        table = by_zone(np.zeros((1, 2)), grid, zone, persons, threshold=1.0)
        assert table["covered_people"].tolist() == pytest.approx([100.0], rel=1e-6)
    assert people_shares(grid, half).toarray() == pytest.approx(np.array([[1.0, 0.0]]), rel=1e-6)


@pytest.mark.parametrize("kind", [csr_matrix, csr_array])
def test_persons_by_zone_and_cell_are_taken_as_they_are(kind: type) -> None:
    persons = kind(np.array([[5.0, 0.0, 7.0], [0.0, 1.0, 0.0]]))
    minutes = np.array([[0.0, 0.0, 9.0]])
    table = by_zone(minutes, tiny(1, 3), zones((0, 0, 1, 1), (1, 0, 2, 1)), persons, threshold=1.0)
    assert table["covered_people"].tolist() == [5.0, 1.0]
    assert table["uncovered_people"].tolist() == [7.0, 0.0]


@given(VALUES, st.floats(0.0, 1000.0), arrays(float, (3, 4), elements=st.floats(0.0, 1e6)))
def test_covered_and_uncovered_make_up_the_whole(
    values: NDArray[np.float64], threshold: float, persons: NDArray[np.float64]
) -> None:
    parts = zones((0, 0, 1.5, 3), (1.5, 0, 4, 1.2), (1.5, 1.2, 4, 3))
    table = by_zone(values, tiny(3, 4), parts, persons, threshold=threshold)
    assert (table >= 0.0).all(axis=None)
    assert table.filter(like="km2").sum().sum() == pytest.approx(12.0, rel=1e-6)
    assert table.filter(like="people").sum().sum() == pytest.approx(persons.sum(), rel=1e-6)


@given(VALUES, VALUES, st.floats(0.0, 1000.0))
def test_one_facility_more_never_lowers_the_coverage_of_a_zone(
    values: NDArray[np.float64], other: NDArray[np.float64], threshold: float
) -> None:
    grid, parts = tiny(3, 4), zones((0, 0, 1.5, 3), (1.5, 0, 4, 3))
    before = by_zone(values, grid, parts, np.ones((3, 4)), threshold=threshold)
    after = by_zone(np.minimum(values, other), grid, parts, np.ones((3, 4)), threshold=threshold)
    assert (after[["covered_people", "covered_km2"]] >= before[["covered_people", "covered_km2"]]).all(
        axis=None
    )


def test_rows_and_index_are_those_of_the_zones() -> None:
    parts = zones((0, 0, 1, 1), (1, 0, 2, 1), (0, 0, 2, 1), names=["z", "a", "m"])
    for order in (["z", "a", "m"], ["m", "z"], []):
        table = by_zone(np.zeros((1, 2)), tiny(1, 2), parts.loc[order], None, threshold=1.0)
        assert table.index.tolist() == order


@pytest.mark.parametrize(
    "demand",
    [
        np.ones((2, 2)),
        np.array([[1.0, np.nan]]),
        np.array([[1.0, -1.0]]),
        csr_matrix(np.ones((2, 2))),
        csr_matrix(np.array([[1.0, -1.0]])),
    ],
)
def test_demand_that_is_none_is_refused(demand: NDArray[np.float64]) -> None:
    with pytest.raises(ScenarioError, match="demand") as caught:
        by_zone(np.zeros((1, 2)), tiny(1, 2), zones((0, 0, 2, 1)), demand, threshold=1.0)
    assert caught.value.code == "demand"


def test_people_outside_the_country_are_not_dropped_in_silence() -> None:
    grid = tiny(1, 2, land=np.array([[1.0, 0.0]]))
    with pytest.raises(ScenarioError, match="3 persons are outside"):
        by_zone(np.zeros((1, 2)), grid, zones((0, 0, 2, 1)), np.array([[1.0, 3.0]]), threshold=1.0)


def test_a_surface_of_another_shape_is_refused() -> None:
    with pytest.raises(ScenarioError, match="surface"):
        by_zone(np.zeros((2, 2)), tiny(1, 2), zones((0, 0, 2, 1)), None, threshold=1.0)


def test_fractions_are_remembered_by_content_within_bounds() -> None:
    grid, parts = tiny(1, 2), zones((0, 0, 1, 1))
    first = fractions(grid, parts)
    assert fractions(tiny(1, 2), parts.copy()) is first
    assert fractions(grid, zones((0, 0, 1, 0.5))) is not first
    assert fractions(tiny(1, 3), parts) is not first
    for step in range(module.CACHED + 1):
        fractions(grid, zones((0, 0, 1, 0.1 + step / 100)))
    assert len(module._cache) == module.CACHED
    assert fractions(grid, parts) is not first


def test_what_is_remembered_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        fractions(tiny(1, 2), zones((0, 0, 1, 1))).data[0] = 7.0


@pytest.mark.peer
def test_sums_equal_exactextract() -> None:
    random = np.random.default_rng(7)
    grid = tiny(60, 80)
    shapes = [
        *(
            Point(x, -y).buffer(r)
            for x, y, r in zip(*random.uniform(8e3, 5e4, (2, 12)), random.uniform(2e2, 8e3, 12), strict=True)
        ),
        Polygon([(1e3, -1e3), (7e4, -2e4), (3e4, -5.5e4)], [[(2e4, -1.5e4), (4e4, -2e4), (3e4, -4e4)]]),
    ]
    parts = gpd.GeoDataFrame(geometry=shapes, crs=grid.crs)
    minutes, persons = random.uniform(0, 100, grid.shape), random.gamma(0.3, 60.0, grid.shape)
    table = by_zone(minutes, grid, parts, persons, threshold=40.0)

    def peer(values: NDArray[np.float64]) -> NDArray[np.float64]:
        raster = NumPyRasterSource(values, xmin=0, xmax=8e4, ymin=-6e4, ymax=0, srs_wkt=grid.crs.to_wkt())
        return exact_extract(raster, parts, ["sum"], output="pandas")["sum"].to_numpy()

    covered = minutes <= 40.0
    assert table["covered_km2"].to_numpy() == pytest.approx(peer(covered * 1.0), rel=1e-12)
    assert table["covered_people"].to_numpy() == pytest.approx(peer(covered * persons), rel=1e-12)
    assert table["uncovered_people"].to_numpy() == pytest.approx(peer(~covered * persons), rel=1e-12)
