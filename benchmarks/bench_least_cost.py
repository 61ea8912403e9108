"""T2, T3 and T5: travel time over the whole country, and the addition of one facility."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks import inputs
from benchmarks.grass import Grass
from benchmarks.harness import Row, race
from capgap_geo.analysis import least_cost

SOURCES = 50


def run() -> list[Row]:
    least_cost.warm_up()
    return [_against_scipy(), *_against_grass(), *(row for n in (8, 16) for row in _add_one(n))]


def _against_scipy() -> Row:
    friction, sources = inputs.friction(), inputs.sources(SOURCES)
    graph, number = _graph(friction)
    starts = [number[place] for place in sources]

    def theirs() -> NDArray[np.float64]:
        return np.asarray(dijkstra(graph, indices=starts, min_only=True))

    def ours() -> NDArray[np.float64]:
        return least_cost.travel_time(friction, sources, neighbours=8).minutes

    error = _difference(ours()[number >= 0], theirs())
    work = f"travel time, 8 neighbours, {graph.shape[0]:,} cells, {SOURCES} sources"
    note = f"largest difference {error:.1e} min; graph built beforehand"
    return Row("T2", work, *_named("scipy dijkstra min_only", *race(ours, theirs)), _if(error, 0.35), note)


def _graph(friction: NDArray[np.float64]) -> tuple[csr_array, NDArray[np.int64]]:
    passable = np.isfinite(friction)
    number = np.where(passable, np.cumsum(passable).reshape(friction.shape) - 1, -1)
    parts = []
    for row, col, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, sqrt(2.0)), (1, -1, sqrt(2.0))):
        rows, cols = friction.shape
        here = np.s_[: rows - row, max(0, -col) : cols - max(0, col)]
        there = np.s_[row:, max(0, col) : cols + min(0, col)]
        both = passable[here] & passable[there]
        cost = (friction[here][both] + friction[there][both]) * (length / 2.0)
        parts.append((number[here][both], number[there][both], cost))
    start, end, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    edges = np.concatenate([cost, cost]), (np.concatenate([start, end]), np.concatenate([end, start]))
    return coo_array(edges, shape=(passable.sum(), passable.sum())).tocsr(), number


def _against_grass() -> list[Row]:
    friction, sources = inputs.friction(), inputs.sources(SOURCES)
    with Grass(friction, sources) as grass:
        return [_against_r_cost(grass, neighbours) for neighbours in (8, 16)]


def _against_r_cost(grass: Grass, neighbours: int) -> Row:
    limit = {8: 0.20, 16: 0.25}[neighbours]
    ours = partial(least_cost.travel_time, grass.friction, grass.sources, neighbours=neighbours)
    theirs, note = None, "GRASS is not installed"
    if grass.found:
        theirs = partial(grass.cost, neighbours)
        theirs()
        error = _difference(ours().minutes, grass.read())
        limit, note = (
            _if(error, limit),
            f"largest difference {error:.1e} min; theirs reads and writes rasters",
        )
    work = f"travel time, {neighbours} neighbours, {len(grass.sources)} sources"
    peer = "GRASS r.cost" + (" -k" if neighbours == 16 else "")
    return Row("T3", work, *_named(peer, *race(ours, theirs)), limit, note)


def _add_one(neighbours: int, *, times: int = 200) -> list[Row]:
    """Add single facilities to 50 and compare with a full run on the same friction, in turn.

    Both sides are ours and use one thread: processor time keeps the machine's other work out of the tail.
    """
    friction, sources = inputs.friction(), inputs.sources(SOURCES)
    follow = least_cost.Propagation(friction, sources, neighbours=neighbours)
    added, full = [], []
    for number, place in enumerate(inputs.sources(times, seed=5)):
        taken, change = _timed(follow.add, place)
        added.append(taken)
        if number % 20 == 0:
            run = partial(least_cost.travel_time, friction, neighbours=neighbours)
            taken, surface = _timed(run, [*sources, place])
            full.append(taken)
            _same(surface, follow.surface)
        follow.undo(change)
    whole = float(np.median(full))
    work = f"add one facility to {SOURCES}, {neighbours} neighbours"
    note = f"bit-equal to the full run, {len(full)} of {times} checked; processor time"
    figures = (("median", np.median(added), 1 / 40), ("99th percentile", np.quantile(added, 0.99), 1 / 10))
    return [
        Row("T5", f"{work}, {name}", float(figure), "own full run", whole, limit, note)
        for name, figure, limit in figures
    ]


def _timed(work: Callable[[Any], Any], argument: object) -> tuple[float, Any]:
    start = process_time()
    found = work(argument)
    return process_time() - start, found


def _same(one: least_cost.Surface, other: least_cost.Surface) -> None:
    equal = np.array_equal(one.minutes, other.minutes) and np.array_equal(one.nearest, other.nearest)
    if not equal:
        raise AssertionError("a revised surface differs from a full run")


def _difference(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Return the largest difference in minutes; infinity if they do not reach the same cells."""
    reached = np.isfinite(ours)
    if not np.array_equal(reached, np.isfinite(theirs)):
        return float("inf")
    return float(np.abs(ours[reached] - theirs[reached]).max())


def _named(peer: str, ours: float, theirs: float | None) -> tuple[float, str, float | None]:
    return ours, peer, theirs


def _if(error: float, limit: float) -> float:
    """Return the limit, or one that cannot be met when the answers differ."""
    return limit if error <= 1e-9 else 0.0
