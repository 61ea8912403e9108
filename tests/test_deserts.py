"""Deserts: known areas on simple outlines, exact sums, and classes that fit together."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod
from rasterio.transform import Affine
from shapely import box

from capgap_geo.analysis import deserts, geodesic
from capgap_geo.analysis.grid import PERU_CRS, WGS84, Grid, project
from capgap_geo.analysis.least_cost import travel_time
from capgap_geo.errors import ScenarioError

DATA = Path(__file__).resolve().parents[1] / "data"
GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def departments() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "boundaries" / "departments.geojson")


def two_squares() -> gpd.GeoDataFrame:
    """Two 2-degree squares that share a border at 75 W."""
    return gpd.GeoDataFrame(
        {"department_id": ["90", "91"], "department_name": ["West", "East"], "area_km2": [1.0, 1.0]},
        geometry=[box(-77, -11, -75, -9), box(-75, -11, -73, -9)],
        crs=WGS84,
        index=[7, 3],
    )


def area_km2(shape: shapely.Geometry) -> float:
    """Geodesic area along straight edges in lon/lat."""
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(shape, 0.01))[0]) / 1e6


def test_a_disc_inside_one_department_takes_its_area_from_it_alone() -> None:
    table = deserts.straight_line(two_squares(), [[-76.0, -10.0]], radius_km=50.0)
    disc = area_km2(geodesic.disc(-76.0, -10.0, radius_km=50.0, vertices=3600))
    west, east = (area_km2(shape) for shape in two_squares().geometry)
    assert table["covered_km2"].tolist() == pytest.approx([disc, 0.0], rel=1e-5, abs=1e-9)
    assert table["uncovered_km2"].tolist() == pytest.approx([west - disc, east], rel=1e-6)


def test_a_disc_on_the_border_is_shared_in_halves() -> None:
    table = deserts.straight_line(two_squares(), [[-75.0, -10.0]], radius_km=80.0)
    assert table["covered_km2"][7] == pytest.approx(table["covered_km2"][3], rel=1e-6)


def test_rows_index_and_identity_are_those_of_the_departments() -> None:
    table = deserts.straight_line(two_squares(), [[-76.0, -10.0]], radius_km=50.0)
    assert table.index.tolist() == [7, 3]
    assert list(table.columns) == [
        "department_id",
        "department_name",
        "covered_km2",
        "uncovered_km2",
        "geometry",
    ]
    assert table.crs == WGS84
    assert area_km2(table.geometry[7]) == pytest.approx(table["uncovered_km2"][7], rel=1e-5)


@pytest.mark.parametrize(("places", "radius"), [([], 100.0), ([[-76.0, -10.0]], 0.0)])
def test_without_facilities_or_reach_everything_is_desert(places: list[list[float]], radius: float) -> None:
    table = deserts.straight_line(two_squares(), places, radius_km=radius)
    assert table["covered_km2"].tolist() == [0.0, 0.0]
    assert shapely.area(table.geometry.to_numpy()).sum() == pytest.approx(8.0)


def test_where_everything_is_covered_the_desert_is_empty_and_the_row_stays() -> None:
    table = deserts.straight_line(two_squares(), [[-76.0, -10.0]], radius_km=1000.0)
    assert table["uncovered_km2"].tolist() == [0.0, 0.0]
    assert table.geometry.is_empty.all()


@pytest.mark.parametrize("radius", [-1.0, np.nan, np.inf, 6000.0])
def test_a_radius_out_of_range_is_refused(radius: float) -> None:
    with pytest.raises(ScenarioError, match="radius_km"):
        deserts.straight_line(two_squares(), [[-76.0, -10.0]], radius_km=radius)


def test_outlines_without_crs_are_refused() -> None:
    with pytest.raises(ScenarioError, match="no CRS"):
        deserts.straight_line(two_squares().set_crs(None, allow_override=True), [], radius_km=1.0)


@given(
    st.lists(st.tuples(st.floats(-77.5, -72.5), st.floats(-11.5, -8.5)), min_size=1, max_size=6),
    st.floats(1.0, 300.0),
    st.floats(1.0, 300.0),
)
@settings(max_examples=30)
def test_deserts_shrink_with_reach_and_with_facilities(
    places: list[tuple[float, float]], a: float, b: float
) -> None:
    near, far = sorted((a, b))
    fewer = deserts.straight_line(two_squares(), places[:-1], radius_km=near)["uncovered_km2"]
    more = deserts.straight_line(two_squares(), places, radius_km=near)["uncovered_km2"]
    wider = deserts.straight_line(two_squares(), places, radius_km=far)["uncovered_km2"]
    assert (more <= fewer + 1e-6).all()
    assert (wider <= more + 1e-6).all()


@pytest.mark.parametrize("radius", [30.0, 100.0, 240.0])
def test_areas_are_within_a_hundredth_of_a_percent_of_the_department(
    departments: gpd.GeoDataFrame, radius: float
) -> None:
    places = np.random.default_rng(9).uniform((-79.0, -15.0), (-70.0, -4.0), (40, 2))
    found = deserts.straight_line(departments, places, radius_km=radius)
    rings = geodesic.rings(places, radius_km=radius, vertices=2048)
    fine = gpd.GeoSeries(shapely.polygons(rings), crs=WGS84).to_crs(PERU_CRS).union_all()
    outlines = project(departments, PERU_CRS)
    exact = outlines.difference(fine).area / 1e6
    assert (np.abs(found["uncovered_km2"] - exact) <= 1e-4 * outlines.area / 1e6).all()
    whole = found["covered_km2"] + found["uncovered_km2"]
    assert whole.to_numpy() == pytest.approx((outlines.area / 1e6).to_numpy(), rel=1e-9)


def tiny(mask: list[list[int]], *, land: NDArray[np.float64] | None = None) -> Grid:
    cells = np.array(mask, bool)
    return Grid(PERU_CRS, Affine(1000.0, 0, 0, 0, -1000.0, 0), (len(mask), len(mask[0])), cells, land=land)


def test_patches_of_cells_that_share_an_edge_largest_first() -> None:
    minutes = np.array([[9.0, 1.0, 9.0], [1.0, 9.0, 9.0], [9.0, 1.0, 1.0]])
    table = deserts.travel_time(minutes, tiny([[1, 1, 1]] * 3), threshold=1.0)
    assert table["area_km2"].tolist() == [3.0, 1.0, 1.0]
    assert table.to_crs(PERU_CRS).area.tolist() == pytest.approx([3e6, 1e6, 1e6], rel=1e-5)
    assert table.crs == WGS84


def test_only_the_country_counts_and_only_its_land() -> None:
    land = np.array([[0.25, 1.0, 0.0]])
    minutes = np.array([[5.0, np.inf, np.nan]])
    table = deserts.travel_time(minutes, tiny([[1, 1, 0]], land=land), threshold=1.0)
    assert table["area_km2"].tolist() == [1.25]


def test_equality_at_the_threshold_is_no_desert() -> None:
    assert len(deserts.travel_time(np.array([[60.0]]), tiny([[1]]), threshold=60.0)) == 0


def test_what_is_not_known_inside_the_country_is_refused() -> None:
    with pytest.raises(ScenarioError, match="not known"):
        deserts.travel_time(np.array([[np.nan]]), tiny([[1]]), threshold=60.0)


def test_a_surface_of_another_shape_is_refused() -> None:
    with pytest.raises(ScenarioError, match="shape"):
        deserts.travel_time(np.ones((2, 2)), tiny([[1]]), threshold=60.0)


def test_classes_by_hand() -> None:
    minutes = np.array([[0.0, 60.0, 61.0, 120.0, 500.0, np.inf]])
    table = deserts.bands(minutes, tiny([[1] * 6]), breaks=[60.0, 120.0])
    assert table["lower"].tolist() == [-np.inf, 60.0, 120.0, np.inf]
    assert table["upper"].tolist() == [60.0, 120.0, np.inf, np.inf]
    assert table["area_km2"].tolist() == [2.0, 2.0, 1.0, 1.0]


def test_a_class_without_cells_keeps_its_row() -> None:
    table = deserts.bands(np.array([[500.0]]), tiny([[1]]), breaks=[60.0, 120.0])
    assert table["area_km2"].tolist() == [0.0, 0.0, 1.0, 0.0]
    assert table.geometry.is_empty.tolist() == [True, True, False, True]


@pytest.mark.parametrize("breaks", [[], [60.0, 60.0], [120.0, 60.0]])
def test_breaks_that_do_not_rise_are_refused(breaks: list[float]) -> None:
    with pytest.raises(ScenarioError, match="breaks"):
        deserts.bands(np.ones((1, 1)), tiny([[1]]), breaks=breaks)


@pytest.mark.parametrize("simplify_km", [0.0, 1.5])
def test_classes_fit_together_without_gaps_or_overlaps(simplify_km: float) -> None:
    random = np.random.default_rng(11)
    friction = random.uniform(1.0, 30.0, (60, 70))
    friction[random.random((60, 70)) < 0.1] = np.inf
    grid = tiny((random.random((60, 70)) < 0.97).astype(int).tolist())
    free = np.argwhere(np.isfinite(friction))
    surface = travel_time(friction, [(int(free[0][0]), int(free[0][1]))])
    table = deserts.bands(surface, grid, breaks=[100.0, 200.0, 300.0], simplify_km=simplify_km)
    shapes = table.geometry[~table.geometry.is_empty].to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert table["area_km2"].sum() == pytest.approx(grid.area())
    if simplify_km == 0.0:
        assert table.to_crs(PERU_CRS).area.to_numpy() / 1e6 == pytest.approx(
            table["area_km2"].to_numpy(), rel=1e-5
        )


def test_bands_and_patches_agree() -> None:
    minutes = np.random.default_rng(12).uniform(0.0, 100.0, (30, 30))
    grid = tiny([[1] * 30] * 30)
    beyond = deserts.bands(minutes, grid, breaks=[50.0])["area_km2"][1:].sum()
    assert deserts.travel_time(minutes, grid, threshold=50.0)["area_km2"].sum() == beyond
