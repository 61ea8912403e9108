"""A revised surface is the one that a new run gives, to the last bit; peers give the same."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.grass import Grass
from capgap_geo.analysis.least_cost import Change, Propagation, Surface, travel_time
from capgap_geo.errors import ScenarioError

Table = NDArray[np.float64]
Cell = tuple[int, int]
NEAR = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]
KNIGHT = [(-2, -1), (-2, 1), (2, -1), (2, 1), (-1, -2), (1, -2), (-1, 2), (1, 2)]
#: Values that make many ties, and values so far apart that sums round to the same number.
PALETTES = [[1.0], [1.0, 2.0, 3.0], [1.0, 1.0 + 2.0**-52, 1.0 + 2.0**-51, 1e5, 9e5], [0.7, 1.3, 11.0, 47.9]]


def edges(friction: Table, cell: Cell, neighbours: int) -> Iterator[tuple[Cell, float]]:
    """Neighbours of a cell and the minutes to them, straight from the definition."""
    row, col = cell
    for dr, dc in (NEAR + KNIGHT)[:neighbours]:
        end = row + dr, col + dc
        if not (0 <= end[0] < friction.shape[0] and 0 <= end[1] < friction.shape[1]):
            continue
        ends = friction[cell] + friction[end]
        if abs(dr) + abs(dc) == 3:
            straight, slant = (row + int(dr / 2), col + int(dc / 2)), (row + np.sign(dr), col + np.sign(dc))
            yield end, (ends + (friction[straight] + friction[slant])) * (sqrt(5.0) / 4)
        else:
            yield end, ends * (sqrt(abs(dr) + abs(dc)) / 2)


def by_definition(
    friction: Table, sources: dict[int, Cell], neighbours: int
) -> tuple[Table, NDArray[np.int64]]:
    """Minutes by Dijkstra with a heap; then, by rising minutes, the smallest source that gives them."""
    minutes = np.full(friction.shape, np.inf)
    nearest = np.full(friction.shape, -1)
    for index, cell in sorted(sources.items(), reverse=True):
        minutes[cell], nearest[cell] = 0.0, index
    heap = [(0.0, cell) for cell in sources.values()]
    settled: dict[Cell, None] = {}
    while heap:
        _, cell = heapq.heappop(heap)
        if cell in settled:
            continue
        settled[cell] = None
        for end, step in edges(friction, cell, neighbours):
            if minutes[cell] + step < minutes[end]:
                minutes[end] = minutes[cell] + step
                heapq.heappush(heap, (minutes[end], end))
    for cell in settled:
        if minutes[cell] > 0.0:
            ties = [
                nearest[e]
                for e, step in edges(friction, cell, neighbours)
                if minutes[e] + step == minutes[cell]
            ]
            nearest[cell] = min(ties)
    return minutes, nearest


def assert_as_new(follow: Propagation, friction: Table, neighbours: int) -> None:
    minutes, nearest = by_definition(friction, dict(follow.sources), neighbours)
    assert np.array_equal(follow.surface.minutes, minutes)
    assert np.array_equal(follow.surface.nearest, nearest)
    order = [*sorted(follow.sources), -1]
    again = travel_time(friction, [follow.sources[index] for index in order[:-1]], neighbours=neighbours)
    assert np.array_equal(again.minutes, minutes)
    assert np.array_equal(np.array(order)[again.nearest], nearest)


def assert_change(change: Change, before: Surface, after: Surface) -> None:
    differ = (before.minutes != after.minutes) | (before.nearest != after.nearest)
    assert np.array_equal(np.sort(change.cells), np.flatnonzero(differ))
    assert np.array_equal(change.minutes_before, before.minutes.ravel()[change.cells])
    assert np.array_equal(change.minutes_after, after.minutes.ravel()[change.cells])
    assert np.array_equal(change.nearest_before, before.nearest.ravel()[change.cells])
    assert np.array_equal(change.nearest_after, after.nearest.ravel()[change.cells])


def kept(surface: Surface) -> Surface:
    return Surface(surface.minutes.copy(), surface.nearest.copy())


@given(
    seed=st.integers(0, 2**32 - 1),
    palette=st.sampled_from(PALETTES),
    barred=st.sampled_from([0.0, 0.2, 0.4]),
    neighbours=st.sampled_from([8, 16]),
    steps=st.lists(st.sampled_from(["add", "remove", "undo"]), max_size=8),
)
@settings(max_examples=150)
def test_any_sequence_equals_a_new_run_to_the_last_bit(
    seed: int, palette: list[float], barred: float, neighbours: int, steps: list[str]
) -> None:
    random = np.random.default_rng(seed)
    friction = random.choice(palette, tuple(random.integers(1, 13, 2)))
    friction[random.random(friction.shape) < barred] = np.inf
    friction[0, 0] = palette[0]
    free = [(int(row), int(col)) for row, col in np.argwhere(np.isfinite(friction))]
    follow = Propagation(friction, [free[i] for i in random.integers(0, len(free), 3)], neighbours=neighbours)
    assert_as_new(follow, friction, neighbours)
    standing: list[Change] = []
    for step in steps:
        before = kept(follow.surface)
        if step == "add":
            standing.append(follow.add(free[random.integers(len(free))]))
            assert_change(standing[-1], before, follow.surface)
        elif step == "remove" and follow.sources:
            standing.append(follow.remove(int(random.choice(list(follow.sources)))))
            assert_change(standing[-1], before, follow.surface)
        elif step == "undo" and standing:
            follow.undo(standing.pop())
        assert_as_new(follow, friction, neighbours)


def test_equal_sums_by_rounding_do_not_keep_a_stale_source() -> None:
    # The new source is nearer to the middle by 2**-41 minutes. The dear cell above is reached from the
    # middle; its own minutes are too large to show the difference, but its source is another one now.
    inf, dear = np.inf, 1e5
    friction = np.array([[inf, dear, inf], [1.0 + 2.0**-40, 1.0, 1.0]])
    follow = Propagation(friction, [(1, 0)], neighbours=8)
    before = kept(follow.surface)
    change = follow.add((1, 2))
    assert follow.surface.minutes[1, 1] < before.minutes[1, 1]
    assert follow.surface.minutes[0, 1] == before.minutes[0, 1]
    assert follow.surface.nearest.tolist() == [[-1, 1, -1], [0, 1, 1]]
    assert_as_new(follow, friction, 8)
    follow.undo(change)
    assert_as_new(follow, friction, 8)
    follow.add((1, 2))
    follow.remove(0)
    assert_as_new(follow, friction, 8)


def test_a_source_beside_another_in_the_same_cell_changes_nothing_until_it_is_alone() -> None:
    follow = Propagation(np.ones((3, 3)), [(0, 0), (2, 2)])
    assert follow.add((0, 0)).cells.size == 0
    change = follow.remove(0)
    assert follow.surface.nearest[0, 0] == 2
    assert (change.minutes_before == change.minutes_after).all()
    follow.remove(2)
    assert (follow.surface.nearest == 1).all()


def test_all_gone_and_back() -> None:
    follow = Propagation(np.ones((3, 3)), [(0, 0), (2, 2)])
    start = kept(follow.surface)
    gone = [follow.remove(0), follow.remove(1)]
    assert np.isinf(follow.surface.minutes).all()
    assert (follow.surface.nearest == -1).all()
    assert dict(follow.sources) == {}
    for change in reversed(gone):
        follow.undo(change)
    assert np.array_equal(follow.surface.minutes, start.minutes)
    assert np.array_equal(follow.surface.nearest, start.nearest)
    assert dict(follow.sources) == {0: (0, 0), 1: (2, 2)}


def test_the_index_of_a_removed_source_is_not_used_again() -> None:
    follow = Propagation(np.ones((1, 3)), [(0, 0)])
    follow.remove(0)
    assert follow.add((0, 2)).index == 1
    assert (follow.surface.nearest == 1).all()


def test_an_index_taken_back_is_free_again() -> None:
    follow = Propagation(np.ones((1, 3)), [(0, 0)])
    change = follow.add((0, 2))
    follow.undo(change)
    assert follow.add((0, 1)).index == change.index == 1


def test_changes_are_taken_back_in_reverse_order_and_once() -> None:
    follow = Propagation(np.ones((1, 5)), [(0, 0)])
    first, second = follow.add((0, 2)), follow.add((0, 4))
    with pytest.raises(ScenarioError, match="reverse order") as caught:
        follow.undo(first)
    assert caught.value.code == "undo_order"
    follow.undo(second)
    follow.undo(first)
    with pytest.raises(ScenarioError, match="latest that stands is none"):
        follow.undo(first)


def test_what_cannot_be_added_or_removed_changes_nothing() -> None:
    follow = Propagation(np.array([[1.0, np.nan]]), [(0, 0)])
    for place in ((0, 1), (0, 2), (-1, 0)):
        with pytest.raises(ScenarioError, match="source 0"):
            follow.add(place)
    with pytest.raises(ScenarioError, match="index"):
        follow.remove(7)
    assert dict(follow.sources) == {0: (0, 0)}
    assert follow.add((0, 0)).index == 1


def test_the_surface_follows_and_cannot_be_written() -> None:
    follow = Propagation(np.ones((1, 3)), [(0, 0)])
    surface = follow.surface
    follow.add((0, 2))
    assert surface.minutes.tolist() == [[0.0, 1.0, 0.0]]
    with pytest.raises(ValueError, match="read-only"):
        surface.minutes[0, 0] = 5.0


def country() -> tuple[Table, list[Cell]]:
    """A made-up country of 90 x 110 cells with roads, lakes and an island, and ten sources."""
    random = np.random.default_rng(21)
    friction = random.uniform(2.0, 60.0, (90, 110))
    friction[random.random((90, 110)) < 0.05] = np.nan
    friction[45, :], friction[:, 30] = 1.2, 1.2
    friction[10:20, 10:20] = np.nan
    friction[14:16, 14:16] = 5.0
    free = np.argwhere(np.isfinite(friction))
    chosen = free[random.integers(0, len(free), 10)]
    return friction, [(int(row), int(col)) for row, col in chosen]


@pytest.mark.peer
@pytest.mark.parametrize("neighbours", [8, 16])
def test_minutes_equal_scipy_on_an_explicit_graph(neighbours: int) -> None:
    friction, sources = country()
    barred = np.where(np.isnan(friction), np.inf, friction)
    cells = list(np.ndindex(friction.shape))
    number = {cell: k for k, cell in enumerate(cells)}
    triples = [
        (number[a], number[b], w) for a in cells for b, w in edges(barred, a, neighbours) if np.isfinite(w)
    ]
    start, end, cost = map(np.array, zip(*triples, strict=True))
    graph = coo_array((cost, (start, end)), shape=(len(cells), len(cells))).tocsr()
    peer = dijkstra(graph, indices=[number[cell] for cell in sources], min_only=True)
    found = travel_time(friction, sources, neighbours=neighbours).minutes
    assert np.array_equal(np.isinf(found), np.isinf(peer).reshape(found.shape))
    reached = np.isfinite(found)
    assert np.abs(found[reached] - peer.reshape(found.shape)[reached]).max() <= 1e-9


@pytest.mark.peer
@pytest.mark.parametrize("neighbours", [8, 16])
def test_minutes_equal_grass_or_else_the_definition(neighbours: int) -> None:
    friction, sources = country()
    found = travel_time(friction, sources, neighbours=neighbours).minutes
    with Grass(friction, sources) as grass:
        if grass.found:
            grass.cost(neighbours)
            peer = grass.read()
        else:
            barred = np.where(np.isnan(friction), np.inf, friction)
            peer = by_definition(barred, dict(enumerate(sources)), neighbours)[0]
            peer[np.isinf(peer)] = np.nan
    assert np.array_equal(np.isinf(found), np.isnan(peer))
    assert np.nanmax(np.abs(np.where(np.isinf(found), np.nan, found) - peer)) <= 1e-9
