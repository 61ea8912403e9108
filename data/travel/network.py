"""Read the arterial roads of the input and turn them into a network without doubled lines."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from bending import Array, Towns, bend, flat, road_km
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

Point = tuple[float, float]

#: Degrees around Peru from which roads are read.
WINDOW = (-84.0, -21.0, -66.0, 3.0)
#: Roads are kept up to this distance from Peru, in km.
BEYOND_BORDER_KM = 5.0
DECIMALS = 5


@dataclass(slots=True)
class Network:
    """Straight pieces of road between points, each only once: (km, bent) by its two ends."""

    pieces: dict[tuple[Point, Point], tuple[float, bool]] = field(default_factory=dict)

    def add(self, lonlat: Array, km: Iterable[float], *, bent: bool) -> None:
        """Add the legs of a line; a piece that is there already keeps the shorter length."""
        ends = [(round(float(x), DECIMALS), round(float(y), DECIMALS)) for x, y in lonlat]
        for start, end, length in zip(ends, ends[1:], km, strict=False):
            if start == end:
                continue
            key = (start, end) if start < end else (end, start)
            there = self.pieces.get(key)
            if there is None or length < there[0]:
                self.pieces[key] = (float(length), bent if there is None else bent and there[1])

    def chains(self) -> list[tuple[list[Point], float, bool]]:
        """Return the roads: pieces joined wherever exactly two of the same kind meet."""
        links: dict[Point, list[Point]] = defaultdict(list)
        for start, end in sorted(self.pieces):
            links[start].append(end)
            links[end].append(start)
        left = dict.fromkeys(sorted(self.pieces))
        # Roads start at junctions and ends first; what remains are rings.
        starts = [p for p in sorted(links) if self._stops(p, links)]
        return [
            chain
            for point in [*starts, *sorted(links)]
            for other in links[point]
            if (chain := self._walk(point, other, links, left)) is not None
        ]

    def distance_km(self, start: Array, end: Array, *, within_km: float) -> float:
        """Return the length of the shortest way between the points nearest to two positions.

        Infinite when a position is farther than `within_km` from any point of the network.
        """
        points = sorted({p for pair in self.pieces for p in pair})
        number = {p: i for i, p in enumerate(points)}
        ends = np.array([[number[a], number[b]] for a, b in self.pieces])
        km = np.array([length for length, _ in self.pieces.values()])
        graph = coo_array((np.maximum(km, 1e-6), (ends[:, 0], ends[:, 1])), shape=(len(points),) * 2)
        away, nearest = cKDTree(flat(np.array(points))).query(flat(np.vstack([start, end])))
        if away.max() > within_km:
            return float("inf")
        return float(dijkstra(graph, directed=False, indices=nearest[0])[nearest[1]])

    def _stops(self, point: Point, links: dict[Point, list[Point]]) -> bool:
        others = links[point]
        return len(others) != 2 or self._of(point, others[0])[1] != self._of(point, others[1])[1]

    def _of(self, start: Point, end: Point) -> tuple[float, bool]:
        return self.pieces[_key(start, end)]

    def _walk(
        self,
        point: Point,
        other: Point,
        links: dict[Point, list[Point]],
        left: dict[tuple[Point, Point], None],
    ) -> tuple[list[Point], float, bool] | None:
        if _key(point, other) not in left:
            return None
        line, (km, bent) = [point, other], self._of(point, other)
        del left[_key(point, other)]
        while not self._stops(line[-1], links):
            onward = [p for p in links[line[-1]] if _key(line[-1], p) in left]
            if not onward:
                break
            km += self._of(line[-1], onward[0])[0]
            del left[_key(line[-1], onward[0])]
            line.append(onward[0])
        return line, km, bent


def _key(start: Point, end: Point) -> tuple[Point, Point]:
    return (start, end) if start < end else (end, start)


def read_chords(path: Path, peru: Any) -> list[tuple[Array, float]]:
    """Return the straight roads of the input near Peru: two ends in degrees, and the stated length in km."""
    text = path.read_text(encoding="utf-8")
    nodes = json.loads(_between(text, "nodes="))
    links = re.split(r"\}, ?\{", _between(text, "graph=").strip("[]{}"))
    west, south, east, north = WINDOW
    inside = [i for i, (lat, lon) in enumerate(nodes) if west <= lon <= east and south <= lat <= north]
    chords = {}
    for start in inside:
        for end, km in re.findall(r"(\d+): ([\d.]+)", links[start]):
            pair = (min(start, int(end)), max(start, int(end)))
            chords[pair] = (np.array([nodes[pair[0]][::-1], nodes[pair[1]][::-1]], dtype=float), float(km))
    shapely.prepare(peru)
    return [chords[pair] for pair in sorted(chords) if peru.intersects(shapely.LineString(chords[pair][0]))]


def around(provinces: gpd.GeoDataFrame, km: float) -> Any:
    """Return Peru and what lies within `km` of it."""
    country = shapely.coverage_union_all(provinces.to_crs(32718).geometry.to_numpy())
    wide = shapely.simplify(country, 200.0).buffer(km * 1000.0)
    return gpd.GeoSeries([wide], crs=32718).to_crs(4326).iloc[0]


def draw(chords: list[tuple[Array, float]], towns: Towns) -> Network:
    """Return the network with its long chords bent through the towns."""
    network = Network()
    for chord, stated_km in chords:
        line = bend(chord, towns)
        if line is None:
            network.add(chord, np.maximum(stated_km, road_km(chord, towns)), bent=False)
        else:
            network.add(line, road_km(line, towns), bent=True)
    return network


def _between(text: str, label: str) -> str:
    start = text.index("\n" + label) + 1 + len(label)
    return text[start : text.index("\n", start)]
