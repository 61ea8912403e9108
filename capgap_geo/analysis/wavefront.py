"""The state of a least-cost surface: checked input, the padded arrays, and the moves on them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from capgap_geo.analysis import kernel
from capgap_geo.errors import ScenarioError

RowCol: TypeAlias = tuple[int, int]
#: Slowest over fastest cell that is accepted: the queue needs a bucket for every multiple of the fastest.
LARGEST_RANGE = 1e6
#: Any cost is below it, and infinity above.
UNLIMITED = float(np.finfo(np.float64).max)
_BORDER = kernel.BORDER
_INSIDE = (slice(_BORDER, -_BORDER), slice(_BORDER, -_BORDER))


class Field:
    """Friction, cost and nearest source on a grid with an impassable border, flattened.

    Parameters
    ----------
    friction
        Minutes per km; NaN or infinity = impassable.
    neighbours
        8 or 16.
    cell_km
        Side of a cell.
    sources
        Cells (row, column), only checked here.

    Raises
    ------
    ScenarioError
        With every problem at once.
    """

    def __init__(
        self, friction: ArrayLike, *, neighbours: int, cell_km: float, sources: Sequence[RowCol]
    ) -> None:
        table = np.ascontiguousarray(friction, np.float64)
        if np.ndim(friction) != 2:
            shape = np.shape(friction)
            raise ScenarioError(
                f"friction: found shape {shape}, rows and columns are needed", code="friction"
            )
        self.shape: RowCol = (table.shape[0], table.shape[1])
        self._padded: RowCol = (table.shape[0] + 2 * _BORDER, table.shape[1] + 2 * _BORDER)
        padded = np.full(self._padded, np.inf)
        wrong, fastest, slowest = kernel.lay_out(table, padded)
        problems = _option_problems(neighbours, cell_km) + _friction_problems(wrong, fastest, slowest)
        problems += _source_problems(sources, table)
        if problems:
            raise ScenarioError("; ".join(problems), code="friction", details={"problems": problems})
        self._friction = padded.ravel()
        self._stencil = kernel.stencil(self._padded[1], neighbours, cell_km)
        self._per_minute, buckets = _buckets(fastest * cell_km, slowest * cell_km)
        size = self._friction.size
        self._heads = np.full(buckets, kernel.NONE)
        self._links = np.full(size, kernel.UNQUEUED), np.empty(size, np.uint32)
        self.cost = np.full(size, np.inf)
        self.near = np.full(size, -1, np.int32)
        self._mark = np.zeros(0, np.uint8)
        self._journal = np.empty(0, np.uint32), np.empty(0), np.empty(0, np.int32)

    def start(self, sources: Sequence[RowCol], *, limit: float) -> None:
        """Fill the surface from all sources at once; of those in one cell the first one holds it."""
        cells = np.array([self._flat(place) for place in sources], np.uint32)
        seeds, first = np.unique(cells, return_index=True)
        self.cost[seeds], self.near[seeds] = 0.0, first
        self._spread(seeds, recorded=0, limit=min(limit, UNLIMITED), recording=False)

    def introduce(self, place: RowCol, index: int, *, limit: float = UNLIMITED) -> int:
        """Add the source with the largest index; return the number of touched cells.

        Beyond `limit` minutes nothing is touched.
        """
        self._prepare()
        cell = self._flat(place)
        if self.cost[cell] == 0.0:
            return 0
        cells, cost, near = self._journal
        cells[0], cost[cell], near[cell] = cell, self.cost[cell], self.near[cell]
        self.cost[cell], self.near[cell], self._mark[cell] = 0.0, index, kernel.CHANGED
        return self._spread(np.array([cell], np.uint32), recorded=1, limit=min(limit, UNLIMITED))

    def forget(self, recorded: int) -> None:
        """Take back the latest wave, which touched so many cells."""
        journal, cost, near = self._journal
        cells = journal[:recorded]
        self.cost[cells], self.near[cells] = cost[cells], near[cells]

    def withdraw(self, place: RowCol, index: int, *, heir: int) -> int:
        """Remove a source in favour of another in the same cell (-1: none); return the touched cells."""
        self._prepare()
        cell = self._flat(place)
        surface = self._friction, self.cost, self.near, *self._stencil
        recorded = int(kernel.invalidate(index, cell, *surface, self._mark, *self._journal))
        if recorded and heir >= 0:
            self.cost[cell], self.near[cell] = 0.0, heir
        cleared = self._journal[0][:recorded]
        rim = cleared[np.isfinite(self.cost[cleared])]
        return self._spread(rim[np.argsort(self.cost[rim], kind="stable")], recorded=recorded)

    def differences(
        self, recorded: int
    ) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the row-major cells that differ now, in order, and cost and source before and after."""
        journal, cost, near = self._journal
        shape = self._padded[1], self.shape[1], _BORDER
        return kernel.differences(journal[:recorded], cost, near, self.cost, self.near, *shape)

    def restore(self, cells: NDArray[np.int64], cost: NDArray[np.float64], near: NDArray[np.int32]) -> None:
        """Give row-major cells back their values."""
        skipped = cells // self.shape[1] * (self._padded[1] - self.shape[1])
        flat = cells + skipped + (_BORDER * self._padded[1] + _BORDER)
        self.cost[flat], self.near[flat] = cost, near

    def positions(self, places: Sequence[RowCol]) -> NDArray[np.intp]:
        """Return where the cells stand in the flat arrays."""
        row, column = np.asarray(places, np.intp).reshape(-1, 2).T
        return (row + _BORDER) * self._padded[1] + column + _BORDER

    def check(self, sources: Sequence[RowCol]) -> None:
        """Refuse sources that are outside the grid or on impassable cells."""
        problems = _source_problems(sources, self.inner(self._friction))
        if problems:
            raise ScenarioError("; ".join(problems), code="source", details={"problems": problems})

    def inner(self, flat: NDArray[Any]) -> NDArray[Any]:
        """Return a view of a flat array without the border, in the grid's shape."""
        return flat.reshape(self._padded)[_INSIDE]

    def _spread(
        self, seeds: NDArray[np.uint32], *, recorded: int, limit: float = UNLIMITED, recording: bool = True
    ) -> int:
        surface = self._friction, self.cost, self.near, self._heads, *self._links, *self._stencil
        order = self._per_minute, limit, seeds, self.cost[seeds], recording
        journal = self._mark, *self._journal, recorded
        recorded = int(kernel.propagate(*surface, *order, *journal))
        if recording:
            # In order, so that whoever follows them goes through memory from one end to the other.
            kernel.put_in_order(self._mark, self._mark.view(np.uint64), self._journal[0], recorded)
        return recorded

    def _prepare(self) -> None:
        # A single run needs no journal; the pages of a large one are only taken where it is written.
        if not self._mark.size:
            size = self.cost.size
            self._mark = np.zeros(-(-size // 8) * 8, np.uint8)  # whole words
            self._journal = np.empty(size, np.uint32), np.empty(size), np.empty(size, np.int32)

    def _flat(self, place: RowCol) -> int:
        return (place[0] + _BORDER) * self._padded[1] + place[1] + _BORDER


def _buckets(fastest: float, slowest: float) -> tuple[float, int]:
    """Return buckets per minute, and how many the costs under way can span; from minutes per cell."""
    # A shade narrower than the cheapest step, so that rounding cannot place its end in the same bucket.
    width = 0.999 * fastest
    return 1.0 / width, 2 ** ceil(log2(sqrt(5.0) * slowest / width + 3.0))


def _option_problems(neighbours: int, cell_km: float) -> list[str]:
    problems = []
    if neighbours not in (8, 16):
        problems.append(f"neighbours: found {neighbours!r}, use 8 or 16")
    if not 0.0 < cell_km < np.inf:
        problems.append(f"cell_km: found {cell_km!r}, use a number above 0")
    return problems


def _friction_problems(wrong: int, fastest: float, slowest: float) -> list[str]:
    if wrong:
        return [
            f"friction: {wrong} cells are zero or negative; minutes per km are above 0, impassable is NaN"
        ]
    if slowest == 0.0:
        return ["friction: found no passable cell"]
    if slowest / fastest > LARGEST_RANGE:
        return [
            f"friction: found {fastest:g} to {slowest:g} minutes per km, a range above {LARGEST_RANGE:g}; "
            "correct the fastest cells, or make the slowest impassable (NaN)"
        ]
    return []


def _source_problems(sources: Sequence[RowCol], friction: NDArray[np.float64]) -> list[str]:
    problems = []
    for number, (row, col) in enumerate(sources):
        if not (0 <= row < friction.shape[0] and 0 <= col < friction.shape[1]):
            problems.append(f"source {number}: row {row}, column {col} is outside the grid {friction.shape}")
        elif not np.isfinite(friction[row, col]):
            problems.append(f"source {number}: row {row}, column {col} is impassable")
    return problems
