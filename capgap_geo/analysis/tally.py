"""Who, and how much land, is within reach by province; what did not change is not counted again.

The loops are compiled and add in the order of the cells, so that a revised count equals a new one to the
last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.coverage import coverage

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
#: Last bin of the weighted median: bins are one minute or one km, up to a week of travel.
LONGEST = 10_080


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
    def _of_cell(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The provinces of every cell, and where they start for each; people or land, either counts."""
        both = sparse.csc_matrix(self.people + self.area)
        return both.indptr, both.indices

    @cached_property
    def provinces_of(self) -> tuple[Positions, ...]:
        """Positions of the provinces of each department."""
        return tuple(np.flatnonzero(self.department == k) for k in range(int(self.department.max()) + 1))

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

    def follow(
        self, cells: Positions, surface: Floats, inside: NDArray[np.bool_], *, threshold: float
    ) -> Positions:
        """Judge some cells again, write into `inside`, and return the provinces that hold any of them."""
        start, province = self._of_cell
        touched = np.zeros(len(self.department), np.bool_)
        _follow(cells, surface, threshold, inside, start, province, touched)
        return np.flatnonzero(touched)


@dataclass(frozen=True, eq=False)
class Distances:
    """How far the people of each province are from help.

    Attributes
    ----------
    weights
        Who they are.
    histograms
        By province, the persons at each whole number of minutes or km, as far as there are any; who
        cannot reach help at all is in none.
    median
        By province, the whole number of minutes or km that half of the people do not exceed: infinity where
        that is out of reach, NaN where nobody lives.
    together
        Histogram of each department.
    department_median
        The median of each department.
    """

    weights: Weights
    histograms: tuple[Floats, ...]
    median: Floats
    together: tuple[Floats, ...]
    department_median: Floats

    @cached_property
    def country_median(self) -> float:
        """The median of the country."""
        return float(half(_together(self.together), float(self.weights.people_total.sum())))


@dataclass(frozen=True, eq=False, slots=True)
class Count:
    """What one surface brings within reach.

    Attributes
    ----------
    inside
        Cells within reach.
    people, area
        Persons and km2 within reach, by province.
    distances
        How far everybody is.
    """

    inside: NDArray[np.bool_]
    people: Floats
    area: Floats
    distances: Distances


def _together(rows: Sequence[Floats]) -> Floats:
    """Return the sum of histograms of different lengths."""
    total = np.zeros(max(map(len, rows)))
    for row in rows:
        total[: len(row)] += row
    return total


@dataclass(frozen=True, eq=False, slots=True)
class Reached:
    """Minutes or km from each cell to the nearest facility (infinity = none), and who is within reach."""

    surface: Floats
    count: Count


def _sum(matrix: sparse.csr_matrix) -> Floats:
    return np.asarray(matrix.sum(axis=1), np.float64).ravel()


def distances(weights: Weights, surface: Floats) -> Distances:
    """Return how far everybody is.

    Parameters
    ----------
    surface
        Minutes or km by cell; infinity = unreachable.
    """
    provinces, departments = len(weights.department), len(weights.provinces_of)
    empty = (np.empty(0),)
    nobody = Distances(
        weights, empty * provinces, np.empty(provinces), empty * departments, np.empty(departments)
    )
    return _revised(nobody, surface, np.arange(provinces))


def _revised(base: Distances, surface: Floats, provinces: Positions) -> Distances:
    """Return the distances after some provinces have changed; what concerns the others is taken over."""
    weights, people = base.weights, base.weights.people
    histograms, together = list(base.histograms), list(base.together)
    median, department_median = base.median.copy(), base.department_median.copy()
    for i in provinces:
        some = slice(*people.indptr[i : i + 2])
        histograms[i] = histogram(people.indices[some], people.data[some], surface)
        median[i] = half(histograms[i], weights.people_total[i])
    for k in np.unique(weights.department[provinces]):
        own = weights.provinces_of[k]
        together[k] = _together([histograms[i] for i in own])
        department_median[k] = half(together[k], weights.people_total[own].sum())
    return Distances(weights, tuple(histograms), median, tuple(together), department_median)


def count(found: Distances, surface: Floats, *, threshold: float) -> Count:
    """Count who and how much land is within reach.

    Parameters
    ----------
    found
        What `distances` returns for the surface; the threshold does not change it.
    threshold
        See `coverage`.
    """
    inside = coverage(surface, threshold=threshold)
    return Count(inside, covered(found.weights.people, inside), covered(found.weights.area, inside), found)


def recount(base: Count, surface: Floats, cells: Positions, *, threshold: float) -> Count:
    """Return what `count` gives for `surface`, counting the provinces that differ from those before only.

    Parameters
    ----------
    base
        Count of the surface before, with the same threshold.
    cells
        Where the surfaces differ.
    """
    if not len(cells):
        return base
    weights, inside = base.distances.weights, base.inside.copy()
    provinces = weights.follow(cells, surface, inside, threshold=threshold)
    people, area = base.people.copy(), base.area.copy()
    for matrix, total in ((weights.people, people), (weights.area, area)):
        weigh(provinces, matrix.indptr, matrix.indices, matrix.data, inside, total)
    return Count(inside, people, area, _revised(base.distances, surface, provinces))


def covered(matrix: sparse.csr_matrix, inside: NDArray[np.bool_]) -> Floats:
    """Return the sum of each row over the cells within reach."""
    total = np.zeros(matrix.shape[0])
    weigh(np.arange(matrix.shape[0]), matrix.indptr, matrix.indices, matrix.data, inside, total)
    return total


@njit(cache=True, nogil=True)
def _follow(
    cells: Positions,
    surface: Floats,
    threshold: float,
    inside: NDArray[np.bool_],
    start: NDArray[np.int32],
    province: NDArray[np.int32],
    touched: NDArray[np.bool_],
) -> None:
    for cell in cells:
        inside[cell] = surface[cell] <= threshold
        for k in range(start[cell], start[cell + 1]):
            touched[province[k]] = True


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
def histogram(cells: NDArray[np.int32], persons: Floats, surface: Floats) -> Floats:
    """Return the persons at each whole number of minutes or km, rounded up, as far as there are any."""
    bins, last = np.zeros(LONGEST + 1), -1
    for k in range(len(cells)):
        value = surface[cells[k]]
        if value < np.inf:
            spot = min(int(np.ceil(value)), LONGEST)
            bins[spot] += persons[k]
            last = max(last, spot)
    return bins[: last + 1].copy()


@njit(cache=True, nogil=True)
def half(bins: Floats, everybody: float) -> float:
    """Return the bin up to which half of everybody is; infinity if it is none, NaN where nobody is."""
    if everybody <= 0.0:
        return np.nan
    reached = 0.0
    for spot in range(len(bins)):
        reached += bins[spot]
        if reached >= everybody / 2.0:
            return float(spot)
    return np.inf
