"""Who, and how much land, is within reach by province; what did not change is not counted again.

The loops are compiled and add in the order of the cells, so that a revised count equals a new one to the
last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.coverage import coverage

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
#: Bins of the weighted median: one minute or one km, up to a week of travel; the last one is out of reach.
LONGEST = 10_080
BINS = LONGEST + 2


@dataclass(frozen=True, eq=False)
class Weights:
    """What is counted: persons and land by province and cell.

    Parameters
    ----------
    people, area
        Persons and km2; sparse, provinces by cells.
    department
        Position of the department of each province.
    zone_people, zone_area
        The same by mining zone.
    """

    people: sparse.csr_matrix
    area: sparse.csr_matrix
    department: Positions
    zone_people: sparse.csr_matrix
    zone_area: sparse.csr_matrix

    @cached_property
    def _of_cell(self) -> tuple[Positions, Positions]:
        """The departments of every cell, and where they start for each; people or land, either counts."""
        both = (self.people + self.area).tocoo()
        pair = np.unique(both.col.astype(np.intp) * self.departments + self.department[both.row])
        cell, department = np.divmod(pair, self.departments)
        return np.searchsorted(cell, np.arange(both.shape[1] + 1)), department

    @cached_property
    def people_total(self) -> Floats:
        """Persons by province."""
        return _sum(self.people)

    @cached_property
    def area_total(self) -> Floats:
        """Km2 by province."""
        return _sum(self.area)

    @cached_property
    def zone_people_total(self) -> Floats:
        """Persons by mining zone."""
        return _sum(self.zone_people)

    @cached_property
    def zone_area_total(self) -> Floats:
        """Km2 by mining zone."""
        return _sum(self.zone_area)

    @property
    def departments(self) -> int:
        """Number of departments."""
        return int(self.department.max()) + 1

    def touched(self, cells: Positions) -> NDArray[np.bool_]:
        """Return which departments hold any of these cells."""
        start, department = self._of_cell
        flags = np.zeros(self.departments, np.bool_)
        _mark(cells, start, department, flags)
        return flags


@dataclass(frozen=True, eq=False)
class Count:
    """What one surface brings within reach.

    Attributes
    ----------
    inside
        Cells within reach.
    people, area
        Persons and km2 within reach, by province.
    median
        By province, the whole number of minutes or km that half of the people do not exceed; infinity
        where that is out of reach, NaN where nobody lives.
    histogram
        Persons by department and whole number of minutes or km.
    """

    inside: NDArray[np.bool_]
    people: Floats
    area: Floats
    median: Floats
    histogram: Floats

    @property
    def department_median(self) -> Floats:
        """The median of each department."""
        return _halves(self.histogram)

    @property
    def country_median(self) -> float:
        """The median of the country."""
        return float(_halves(self.histogram.sum(axis=0)[None, :])[0])


@dataclass(frozen=True, eq=False, slots=True)
class Reached:
    """Minutes or km from each cell to the nearest facility (infinity = none), and who is within reach."""

    surface: Floats
    count: Count


def _sum(matrix: sparse.csr_matrix) -> Floats:
    return np.asarray(matrix.sum(axis=1), np.float64).ravel()


def count(weights: Weights, surface: Floats, *, threshold: float) -> Count:
    """Count everything.

    Parameters
    ----------
    surface
        Minutes or km by cell; infinity = unreachable.
    threshold
        See `coverage`.
    """
    rows = len(weights.department)
    result = Count(
        coverage(surface, threshold=threshold),
        people=np.zeros(rows),
        area=np.zeros(rows),
        median=np.zeros(rows),
        histogram=np.zeros((weights.departments, BINS)),
    )
    _add_up(weights, surface, result, np.arange(rows))
    return result


def recount(
    weights: Weights, base: Count, before: Floats, surface: Floats, cells: Positions, *, threshold: float
) -> Count:
    """Return what `count` gives for `surface`, counting the departments that differ from `before` only.

    Parameters
    ----------
    base
        Count of the surface `before` with the same weights and threshold.
    cells
        Where the surfaces may differ.
    """
    changed = cells[surface[cells] != before[cells]]
    if not len(changed):
        return base
    inside = base.inside.copy()
    inside[changed] = coverage(surface[changed], threshold=threshold)
    result = Count(inside, base.people.copy(), base.area.copy(), base.median.copy(), base.histogram.copy())
    touched = weights.touched(changed)
    result.histogram[touched] = 0.0
    _add_up(weights, surface, result, np.flatnonzero(touched[weights.department]))
    return result


def _add_up(weights: Weights, surface: Floats, result: Count, rows: Positions) -> None:
    people, area = weights.people, weights.area
    sorting = surface, result.inside, weights.department
    _people(
        rows,
        people.indptr,
        people.indices,
        people.data,
        *sorting,
        result.people,
        result.median,
        result.histogram,
    )
    weigh(rows, area.indptr, area.indices, area.data, result.inside, result.area)


def covered(matrix: sparse.csr_matrix, inside: NDArray[np.bool_]) -> Floats:
    """Return the sum of each row over the cells within reach."""
    total = np.zeros(matrix.shape[0])
    weigh(np.arange(matrix.shape[0]), matrix.indptr, matrix.indices, matrix.data, inside, total)
    return total


@njit(cache=True, nogil=True)
def _mark(cells: Positions, start: Positions, department: Positions, flags: NDArray[np.bool_]) -> None:
    for cell in cells:
        for k in range(start[cell], start[cell + 1]):
            flags[department[k]] = True


@njit(cache=True, nogil=True)
def weigh(
    rows: Positions,
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: Floats,
    inside: NDArray[np.bool_],
    total: Floats,
) -> None:
    """Write the sum of some rows of a sparse matrix over the cells inside into `total`."""
    for i in rows:
        reached = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            if inside[indices[k]]:
                reached += data[k]
        total[i] = reached


@njit(cache=True, nogil=True)
def _people(
    rows: Positions,
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: Floats,
    surface: Floats,
    inside: NDArray[np.bool_],
    department: Positions,
    total: Floats,
    median: Floats,
    histogram: Floats,
) -> None:
    own = np.zeros(BINS)
    for i in rows:
        own[:] = 0.0
        everybody, reached = 0.0, 0.0
        for k in range(indptr[i], indptr[i + 1]):
            cell = indices[k]
            value = surface[cell]
            spot = LONGEST + 1
            if value < np.inf:
                spot = min(int(np.ceil(value)), LONGEST)
            own[spot] += data[k]
            everybody += data[k]
            if inside[cell]:
                reached += data[k]
        total[i] = reached
        median[i] = _half(own, everybody)
        histogram[department[i]] += own


@njit(cache=True, nogil=True)
def _half(histogram: Floats, everybody: float) -> float:
    """Return the bin up to which half of the weight lies; NaN where there is no weight."""
    if everybody <= 0.0:
        return np.nan
    reached, spot = histogram[0], 0
    while reached < everybody / 2.0:
        spot += 1
        reached += histogram[spot]
    return float(spot) if spot <= LONGEST else np.inf


def _halves(histogram: Floats) -> Floats:
    return np.array([_half(row, row.sum()) for row in histogram])
