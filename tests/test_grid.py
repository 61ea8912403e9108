"""The grid measures area by counting, and gives every point a cell or says why not."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely import box

from capgap_geo.analysis.grid import PERU_CRS, PERU_SHAPE, WGS84, Grid, peru, project
from capgap_geo.errors import ScenarioError

DATA = Path(__file__).resolve().parents[1] / "data"


def tiny(mask: list[list[int]], **parts: object) -> Grid:
    cells = np.array(mask, bool)
    settings = {
        "crs": PERU_CRS,
        "transform": Affine(1000.0, 0, 0, 0, -1000.0, 0),
        "shape": cells.shape,
        "mask": cells,
    }
    return Grid(**(settings | parts))  # type: ignore[arg-type]


def square(grid: Grid, west: float, north: float, east: float, south: float) -> gpd.GeoDataFrame:
    """A zone given in cells from the upper left corner."""
    x, y = grid.transform.c, grid.transform.f
    return gpd.GeoDataFrame(
        geometry=[box(x + west * 1e3, y - south * 1e3, x + east * 1e3, y - north * 1e3)], crs=grid.crs
    )


@pytest.fixture(scope="module")
def departments() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "boundaries" / "departments.geojson")


@pytest.fixture(scope="module")
def country(departments: gpd.GeoDataFrame) -> Grid:
    return peru(departments)


def test_without_outlines_every_cell_of_the_extent_is_valid() -> None:
    grid = peru()
    assert grid.shape == PERU_SHAPE
    assert grid.mask.all()
    assert grid.land is None
    assert grid.area() == PERU_SHAPE[0] * PERU_SHAPE[1]


def test_the_centre_of_the_projection_is_a_corner_of_cells() -> None:
    row, col = peru().rowcol(-75.0 + 1e-9, -9.5 - 1e-9)
    assert (row, col) == (1056, 712)
    row, col = peru().rowcol(-75.0 - 1e-9, -9.5 + 1e-9)
    assert (row, col) == (1055, 711)


@given(st.integers(0, PERU_SHAPE[0] - 1), st.integers(0, PERU_SHAPE[1] - 1))
def test_a_cell_holds_its_centre(row: int, col: int) -> None:
    grid = peru()
    assert tuple(map(int, grid.rowcol(*grid.lonlat(row, col)))) == (row, col)


def test_a_cell_is_one_km2_and_its_sides_one_km_within_half_a_percent() -> None:
    grid, geod = peru(), Geod(ellps="WGS84")
    for row, col in ((0, 0), (1025, 710), (2049, 1419), (2049, 0)):
        corners = [grid.lonlat(row + dr - 0.5, col + dc - 0.5) for dr, dc in ((0, 0), (0, 1), (1, 1), (1, 0))]
        lon, lat = (np.array([corner[k] for corner in corners]) for k in (0, 1))
        area = abs(geod.polygon_area_perimeter(lon, lat)[0])
        sides = geod.inv(lon, lat, np.roll(lon, -1), np.roll(lat, -1))[2]
        assert area == pytest.approx(1e6, rel=1e-6)
        assert sides == pytest.approx(np.full(4, 1000.0), rel=0.005)


def test_the_area_of_the_country_is_that_of_its_outlines(
    country: Grid, departments: gpd.GeoDataFrame
) -> None:
    geod = Geod(ellps="WGS84")
    true = sum(abs(geod.geometry_area_perimeter(shape)[0]) for shape in departments.geometry) / 1e6
    assert country.area() == pytest.approx(true, rel=1e-5)
    assert country.area(country.mask) == pytest.approx(country.area(), rel=1e-12)


@pytest.mark.peer
def test_a_cell_belongs_to_the_country_when_the_outline_touches_it(
    country: Grid, departments: gpd.GeoDataFrame
) -> None:
    outlines = project(departments, country.crs)
    touched = rasterize(outlines, out_shape=country.shape, transform=country.transform, all_touched=True)
    assert np.array_equal(country.mask, touched.astype(bool))


def test_the_country_stays_clear_of_the_margin(country: Grid) -> None:
    rows, cols = np.nonzero(country.mask)
    assert rows.min() > 5
    assert cols.min() > 5
    assert rows.max() < PERU_SHAPE[0] - 5
    assert cols.max() < PERU_SHAPE[1] - 5


def test_fractions_by_hand() -> None:
    grid = tiny([[1, 1, 1], [1, 1, 1]])
    shares = grid.fractions(square(grid, 0.5, 0.25, 2.0, 1.0)).toarray()
    assert shares == pytest.approx(np.array([[0.375, 0.75, 0.0, 0.0, 0.0, 0.0]]), abs=1e-6)


def test_no_zone_gives_no_row() -> None:
    grid = tiny([[1, 1]])
    assert grid.fractions(square(grid, 0, 0, 1, 1).iloc[:0]).shape == (0, 2)


def test_zones_without_crs_or_beyond_the_grid_are_refused() -> None:
    grid = tiny([[1, 1], [1, 1]])
    with pytest.raises(ScenarioError, match="no CRS") as caught:
        grid.fractions(gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)]))
    assert caught.value.code == "crs"
    with pytest.raises(ScenarioError, match="1 of 1 reach beyond") as caught:
        grid.fractions(square(grid, 1.0, 0.0, 2.5, 1.0))
    assert caught.value.code == "zone_outside"


def test_long_edges_are_bent_before_they_are_projected() -> None:
    zone = gpd.GeoDataFrame(geometry=[box(-80.0, -18.0, -70.0, -17.0)], crs=WGS84)
    fine = zone.geometry.segmentize(0.001).to_crs(PERU_CRS).area[0]
    assert project(zone, PERU_CRS).area[0] == pytest.approx(fine, rel=1e-6)
    assert zone.geometry.to_crs(PERU_CRS).area[0] != pytest.approx(fine, rel=1e-4)


def test_every_problem_of_the_parts_is_told_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        tiny([[1, 1]], shape=(2, 2), land=np.ones((3, 3)), cell_km=2.0)
    assert len(caught.value.details["problems"]) == 3
    assert caught.value.code == "grid"


def test_a_grid_without_a_valid_cell_is_refused(departments: gpd.GeoDataFrame) -> None:
    with pytest.raises(ScenarioError, match="no valid cell"):
        tiny([[0, 0]])
    with pytest.raises(ScenarioError, match="reach beyond the grid"):
        peru(departments.set_geometry(departments.translate(90.0, 0.0)))


def test_a_grid_keeps_its_own_read_only_arrays() -> None:
    mask = np.ones((1, 2), bool)
    grid = Grid(PERU_CRS, Affine(1000.0, 0, 0, 0, -1000.0, 0), (1, 2), mask)
    mask[:] = False
    assert grid.mask.all()
    with pytest.raises(ValueError, match="read-only"):
        grid.mask[0, 0] = False
    with pytest.raises(ValueError, match="read-only"):
        grid.cell_area_km2[0, 0] = 2.0


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert tiny([[1, 0]]).fingerprint == tiny([[1, 0]]).fingerprint
    assert tiny([[1, 0]]).fingerprint != tiny([[0, 1]]).fingerprint
    assert tiny([[1, 0]]).fingerprint != tiny([[1, 0]], land=np.array([[0.5, 0.0]])).fingerprint


def test_land_counts_only_inside_the_mask() -> None:
    grid = tiny([[1, 0]], land=np.array([[0.25, 0.5]]))
    assert grid.area() == 0.25
    assert grid.area(np.array([[False, True]])) == 0.0


def place(grid: Grid, row: float, col: float) -> tuple[float, float]:
    lon, lat = grid.lonlat(row - 0.5, col - 0.5)
    return float(lon), float(lat)


def test_a_point_in_a_usable_cell_stays() -> None:
    grid = tiny([[1, 1, 1]])
    snap = grid.snap(*place(grid, 0.1, 1.9))
    assert (snap.row[0], snap.col[0], snap.moved_km[0]) == (0, 1, 0.0)


def test_a_point_outside_moves_to_the_nearest_usable_cell_and_says_how_far() -> None:
    grid = tiny([[1, 0, 0, 0], [0, 0, 0, 1]])
    lon, lat = zip(place(grid, 0.5, 1.75), place(grid, -0.5, 0.5), strict=True)
    snap = grid.snap(lon, lat)
    assert snap.row.tolist() == [0, 0]
    assert snap.col.tolist() == [0, 0]
    assert snap.moved_km == pytest.approx([1.25, 1.0], abs=1e-5)


def test_usable_cells_may_be_given() -> None:
    grid = tiny([[1, 1, 1]])
    snap = grid.snap(*place(grid, 0.5, 0.5), usable=np.array([[False, False, True]]))
    assert snap.col.tolist() == [2]


def test_points_that_are_too_far_are_listed_by_row_and_never_by_position() -> None:
    grid = tiny([[1] + [0] * 9])
    lon, lat = zip(place(grid, 0.5, 0.5), place(grid, 0.5, 8.5), (np.nan, 0.0), strict=True)
    with pytest.raises(ScenarioError, match="2 of 3 points") as caught:
        grid.snap(lon, lat)
    assert caught.value.code == "facility_outside"
    assert caught.value.details["points"] == [1, 2]
    assert not any(f"{value:.1f}" in str(caught.value) for value in (lon[1], lat[1]))


def test_no_points_give_no_cells() -> None:
    snap = tiny([[1]]).snap([], [])
    assert [len(part) for part in snap] == [0, 0, 0]
