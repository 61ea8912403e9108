"""T2, T3 and T5: travel time over the whole country, and the addition of one facility."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks import inputs
from benchmarks.grass import Grass
from benchmarks.harness import Row, race, seconds
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

    error = float(np.nanmax(np.abs(_finite(ours()[number >= 0]) - _finite(theirs()))))
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
    rows = []
    with Grass(friction, sources) as grass:
        for neighbours, flag, limit in ((8, "", 0.20), (16, " -k", 0.25)):

            def ours(n: int = neighbours) -> least_cost.Surface:
                return least_cost.travel_time(friction, sources, neighbours=n)

            theirs: Callable[[], object] | None = None
            note, allowed = "GRASS is not installed", limit
            if grass.found:
                theirs = lambda n=neighbours: grass.cost(n)  # noqa: E731
                theirs()
                error = float(np.nanmax(np.abs(_finite(ours().minutes) - grass.read())))
                note, allowed = (
                    f"largest difference {error:.1e} min; theirs reads and writes rasters",
                    _if(error, limit),
                )
            work = f"travel time, {neighbours} neighbours, {SOURCES} sources"
            rows.append(Row("T3", work, *_named(f"GRASS r.cost{flag}", *race(ours, theirs)), allowed, note))
    return rows


def _add_one(neighbours: int, *, times: int = 200) -> list[Row]:
    """Add single facilities to 50 and compare with a full run on the same friction, in turn."""
    friction, sources = inputs.friction(), inputs.sources(SOURCES)
    follow = least_cost.Propagation(friction, sources, neighbours=neighbours)
    added = []
    full = []
    for number, place in enumerate(inputs.sources(times, seed=5)):
        changes: list[least_cost.Change] = []
        added.append(seconds(lambda p=place, c=changes: c.append(follow.add(p))))  # type: ignore[misc]
        if number % 20 == 0:
            grown = [*sources, place]
            full.append(seconds(lambda s=grown: least_cost.travel_time(friction, s, neighbours=neighbours)))  # type: ignore[misc]
            again = least_cost.travel_time(friction, grown, neighbours=neighbours)
            equal = np.array_equal(again.minutes, follow.surface.minutes)
            equal &= np.array_equal(again.nearest, follow.surface.nearest)
            if not equal:
                raise AssertionError(f"adding {place} differs from a full run")
        follow.undo(changes[0])
    whole = float(np.median(full))
    work, note = (
        f"add one facility to {SOURCES}, {neighbours} neighbours",
        "bit-equal to the full run, 10 of 200 checked",
    )
    return [
        Row("T5", f"{work}, median", float(np.median(added)), "own full run", whole, 1 / 40, note),
        Row(
            "T5",
            f"{work}, 99th percentile",
            float(np.quantile(added, 0.99)),
            "own full run",
            whole,
            1 / 10,
            note,
        ),
    ]


def _finite(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isinf(minutes), np.nan, minutes)


def _named(peer: str, ours: float, theirs: float | None) -> tuple[float, str, float | None]:
    return ours, peer, theirs


def _if(error: float, limit: float) -> float:
    """Return the limit, or one that cannot be met when the answers differ."""
    return limit if error <= 1e-9 else 0.0
