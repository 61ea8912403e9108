"""The compiled part of least cost: one wave over a padded, flattened grid.

Everything is a flat array over a grid with a border of two impassable cells, so that no step can leave
it; cell 0 lies in that border and serves as "none". The queue is a ring of buckets (Dial 1969), each a
doubly linked list through `next_` and `prev`, so that a cell stands in it at most once, a better cost
moves it, and it can never overflow. A bucket is narrower than the cheapest step: a cell that is taken
out has its final cost and source, and nothing is ever relaxed twice.

The loops are written out in single functions on purpose: arrays handed to a helper would be counted by
reference in the innermost loop, which takes four times as long.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Cells = NDArray[np.uint32]
Steps = NDArray[np.uint64]
Marks = NDArray[np.uint8]

#: Width of the border around the grid, the reach of a knight's move.
BORDER = 2
_NEAR = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]
_KNIGHT = [(-2, -1), (-2, 1), (2, -1), (2, 1), (-1, -2), (1, -2), (-1, 2), (1, 2)]

# What a cell has gone through in the wave that is under way: a new cost, or only an equally cheap offer
# from another source, or both.
CHANGED, TIED, CHANGED_AND_TIED = 1, 2, 3
#: End of a bucket's list, and the link of a cell that stands in none.
NONE, UNQUEUED = np.uint32(0), np.uint32(2**32 - 1)
ONE = np.uint64(1)


def stencil(width: int, neighbours: int, cell_km: float) -> tuple[Steps, Steps, Steps, Floats]:
    """Return the flat steps to the neighbours, the two cells each crosses, and km per summed friction.

    A straight or diagonal step costs the mean friction of its two ends times its length; a knight's
    move the mean of the four cells that it crosses. `width` is that of the padded grid.
    """
    crossed = [((0, 0), (0, 0))] * len(_NEAR)
    crossed += [((int(r / 2), int(c / 2)), (_sign(r), _sign(c))) for r, c in _KNIGHT]
    length = [1.0] * 4 + [sqrt(2.0)] * 4 + [sqrt(5.0)] * 8
    cells = [2] * len(_NEAR) + [4] * len(_KNIGHT)
    km = np.array([cell_km * a / b for a, b in zip(length, cells, strict=True)])
    tables = [_NEAR + _KNIGHT, [a for a, _ in crossed], [b for _, b in crossed]]
    steps, first, second = (_flat(table[:neighbours], width) for table in tables)
    return steps, first, second, km[:neighbours]


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _flat(moves: list[tuple[int, int]], width: int) -> Steps:
    # Unsigned, so that the compiler need not provide for negative indices; adding wraps around as it should.
    return np.array([row * width + col for row, col in moves], np.int64).astype(np.uint64)


@njit(cache=True, nogil=True)
def lay_out(friction: Floats, padded: Floats) -> tuple[int, float, float]:
    """Copy a grid inside its border, impassable as infinity; count what is not positive, find the range.

    Returns
    -------
    tuple
        Number of cells at or below 0, the lowest and the highest finite friction (infinity and 0 if there
        is none).
    """
    wrong, fastest, slowest = 0, np.inf, 0.0
    for row in range(friction.shape[0]):
        for col in range(friction.shape[1]):
            value = friction[row, col]
            if np.isnan(value):
                value = np.inf
            padded[row + BORDER, col + BORDER] = value
            if value <= 0.0:
                wrong += 1
            elif value < np.inf:
                fastest, slowest = min(fastest, value), max(slowest, value)
    return wrong, fastest, slowest


@njit(cache=True, nogil=True)
def propagate(  # noqa: C901 - see the module's last sentence
    friction: Floats,
    cost: Floats,
    near: Ids,
    heads: Cells,
    next_: Cells,
    prev: Cells,
    steps: Steps,
    first: Steps,
    second: Steps,
    km: Floats,
    per_minute: float,
    limit: float,
    seeds: Cells,
    seed_cost: Floats,
    recording: bool,
    mark: Marks,
    journal: Cells,
    old_cost: Floats,
    old_near: Ids,
    recorded: int,
) -> int:
    """Spread from the seeds whatever is cheaper, or as cheap from a smaller source.

    Parameters
    ----------
    friction, cost, near
        Minutes per km (infinity = impassable), minutes so far, source of each cell.
    heads, next_, prev
        The queue, empty before and after; the number of buckets is a power of two.
    steps, first, second, km
        See `stencil`.
    per_minute
        Buckets per minute.
    limit
        Costs above it are not entered; finite.
    seeds, seed_cost
        Cells whose cost and source are already lowered, by rising cost.
    recording
        False when nothing but the seeds has a cost. True keeps what each touched cell was before, and
        settles equal costs against cells that this wave has not reached.
    mark
        What each cell has gone through in this wave, 0 at first; reset by the caller.
    journal
        Touched cells; the first `recorded` entries are filled.
    old_cost, old_near
        What each touched cell was before.

    Returns
    -------
    int
        Entries filled in the journal.
    """
    ring = np.uint64(len(heads) - 1)
    now = np.uint64(0)
    queued, used = 0, 0
    while True:
        u = np.uint64(heads[now & ring])
        if u == NONE:
            if queued == 0 and used == len(seeds):
                return recorded
            now = now + ONE if queued else np.uint64(seed_cost[used] * per_minute)
            while used < len(seeds) and np.uint64(seed_cost[used] * per_minute) == now:
                v = np.uint64(seeds[used])
                used += 1
                # The wave may have lowered a seed before its turn.
                if next_[v] == UNQUEUED and np.uint64(cost[v] * per_minute) == now:
                    head = heads[now & ring]
                    heads[now & ring], next_[v], prev[v] = v, head, NONE
                    if head != NONE:
                        prev[head] = v
                    queued += 1
            continue
        after = next_[u]
        heads[now & ring], next_[u] = after, UNQUEUED
        if after != NONE:
            prev[after] = NONE
        queued -= 1
        tied = False
        if recording and mark[u] >= TIED:
            source = _owner(u, friction, cost, near, steps, first, second, km)
            tied = mark[u] == TIED
            if tied and source == near[u]:
                continue
            near[u] = source
        d, f, i = cost[u], friction[u], near[u]
        for j in range(len(steps)):
            v = u + steps[j]
            c = cost[v]
            if c <= d:
                continue
            if j < 8:
                reached = d + (f + friction[v]) * km[j]
            else:
                reached = d + ((f + friction[v]) + (friction[u + first[j]] + friction[u + second[j]])) * km[j]
            if reached > limit:
                continue
            if reached < c:
                if recording:
                    if mark[v] == 0:
                        journal[recorded], old_cost[v], old_near[v] = v, c, near[v]
                        recorded += 1
                    mark[v] = CHANGED
                cost[v], near[v] = reached, i
            elif reached == c and near[v] != i:
                if not recording or mark[v] == CHANGED:
                    near[v] = min(near[v], i)
                    if tied:
                        mark[v] = CHANGED_AND_TIED
                    continue
                if mark[v] != 0:
                    continue
                journal[recorded], old_cost[v], old_near[v] = v, c, near[v]
                recorded += 1
                mark[v] = TIED
            else:
                continue
            bucket = np.uint64(reached * per_minute) & ring
            if next_[v] != UNQUEUED:
                before = np.uint64(c * per_minute) & ring
                if before == bucket:
                    continue
                back, ahead = prev[v], next_[v]
                if back != NONE:
                    next_[back] = ahead
                else:
                    heads[before] = ahead
                if ahead != NONE:
                    prev[ahead] = back
                queued -= 1
            head = heads[bucket]
            heads[bucket], next_[v], prev[v] = v, head, NONE
            if head != NONE:
                prev[head] = v
            queued += 1


@njit(cache=True, nogil=True)
def _owner(
    v: np.uint64,
    friction: Floats,
    cost: Floats,
    near: Ids,
    steps: Steps,
    first: Steps,
    second: Steps,
    km: Floats,
) -> np.int32:
    """Return the smallest source among the neighbours from which `v` has its cost."""
    source: np.int32 = near[v]
    found = False
    for j in range(len(steps)):
        u = v + steps[j]
        if cost[u] >= cost[v]:
            continue
        step = friction[u] + friction[v]
        if j >= 8:
            step += friction[v + first[j]] + friction[v + second[j]]
        if cost[u] + step * km[j] == cost[v] and (not found or near[u] < source):
            source, found = near[u], True
    return source


@njit(cache=True, nogil=True)
def invalidate(  # noqa: C901 - see the module's last sentence
    source: int,
    start: int,
    friction: Floats,
    cost: Floats,
    near: Ids,
    steps: Steps,
    first: Steps,
    second: Steps,
    km: Floats,
    mark: Marks,
    journal: Cells,
    old_cost: Floats,
    old_near: Ids,
) -> int:
    """Clear the cells that belong to a source and label those on the rim from outside; return how many.

    The cells stand in the journal and are marked as changed. A cell of another source never depends on
    this one: its own source holds an equal path that avoids it.
    """
    if near[start] != source:
        return 0
    journal[0], old_cost[start], old_near[start] = start, cost[start], near[start]
    mark[start] = CHANGED
    filled, done = 1, 0
    while done < filled:
        u = np.uint64(journal[done])
        done += 1
        for j in range(len(steps)):
            v = u + steps[j]
            if near[v] == source and mark[v] == 0:
                journal[filled], old_cost[v], old_near[v] = v, cost[v], source
                mark[v] = CHANGED
                filled += 1
    for k in range(filled):
        cost[journal[k]], near[journal[k]] = np.inf, -1
    for k in range(filled):
        v = np.uint64(journal[k])
        for j in range(len(steps)):
            u = v + steps[j]
            if mark[u] != 0 or cost[u] == np.inf:
                continue
            step = friction[u] + friction[v]
            if j >= 8:
                step += friction[v + first[j]] + friction[v + second[j]]
            reached = cost[u] + step * km[j]
            if reached < cost[v] or (reached == cost[v] and near[u] < near[v]):
                cost[v], near[v] = reached, near[u]
    return filled


@njit(cache=True, nogil=True)
def put_in_order(mark: Marks, words: Steps, journal: Cells, recorded: int) -> None:
    """Sort the touched cells, which are those that have a mark, and take the marks away.

    Parameters
    ----------
    words
        The same memory as `mark`, eight marks at a time.
    """
    if recorded == 0:
        return
    low, high, filled = journal[0], journal[0], 0
    for k in range(recorded):
        low, high = min(low, journal[k]), max(high, journal[k])
    for word in range(low // 8, high // 8 + 1):
        if words[word] == 0:
            continue
        for cell in range(8 * word, 8 * word + 8):
            if mark[cell] != 0:
                journal[filled] = cell
                filled += 1
        words[word] = 0


@njit(cache=True, nogil=True)
def differences(
    touched: Cells,
    old_cost: Floats,
    old_near: Ids,
    cost: Floats,
    near: Ids,
    padded: int,
    width: int,
    border: int,
) -> tuple[NDArray[np.int64], Floats, Floats, Ids, Ids]:
    """Return the row-major cells without the border that differ from before, and old and new values."""
    cells, count = np.empty(len(touched), np.int64), 0
    costs, nears = np.empty((2, len(touched))), np.empty((2, len(touched)), np.int32)
    for cell in touched:
        if cost[cell] != old_cost[cell] or near[cell] != old_near[cell]:
            cells[count] = (cell // padded - border) * width + cell % padded - border
            costs[0, count], costs[1, count] = old_cost[cell], cost[cell]
            nears[0, count], nears[1, count] = old_near[cell], near[cell]
            count += 1
    return cells[:count], costs[0, :count], costs[1, :count], nears[0, :count], nears[1, :count]
