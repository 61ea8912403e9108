"""T7: floating catchments of 100,000 demand rows and 300 facilities."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from benchmarks.harness import Row, race
from capgap_geo.analysis.accessibility import enhanced_two_step, three_step
from capgap_geo.analysis.decay import Gaussian
from capgap_geo.analysis.reach import Reach

ROWS, FACILITIES, LIMIT, SIGMA = 100_000, 300, 140.0, 60.0
PEER = "PySAL access"


def run() -> list[Row]:
    supply, demand, pairs = _world()
    reach = Reach.from_pairs(pairs, rows=demand.index, columns=supply.index)
    work = f"{ROWS:,} x {FACILITIES}, {len(pairs) / ROWS:.0f} facilities in reach of a row"
    rows = []
    for name, method in (("E2SFCA", enhanced_two_step), ("3SFCA", three_step)):

        def ours(method=method) -> pd.Series:
            table = method(supply, demand, reach, decay=Gaussian(SIGMA), maximum=LIMIT)
            return table["accessibility_lower"]

        theirs = _peer(name, supply, demand, pairs) if find_spec("access") else None
        if theirs is None:
            rows.append(Row("T7", f"{name} {work}", race(ours)[0], PEER, None, 1 / 10))
            continue
        error = float(np.max(np.abs(ours() / theirs().reindex(demand.index) - 1.0)))
        own, peer = race(ours, theirs)
        note = f"largest relative difference {error:.1e}"
        rows.append(Row("T7", f"{name} {work}", own, PEER, peer, 1 / 10 if error <= 1e-12 else 0.0, note))
    return rows


def _world() -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    random = np.random.default_rng(7)
    people, facilities = random.random((ROWS, 2)) * 1000.0, random.random((FACILITIES, 2)) * 1000.0
    near = cKDTree(people).sparse_distance_matrix(cKDTree(facilities), LIMIT, output_type="coo_matrix")
    names = np.array([f"f{k}" for k in range(FACILITIES)]), np.array([f"d{k}" for k in range(ROWS)])
    pairs = pd.DataFrame(
        {"from_id": names[1][near.row], "to_id": names[0][near.col], "travel_time": near.data}
    )
    supply = pd.Series(random.integers(1, 40, FACILITIES), names[0], dtype=float, name="supply")
    return supply, pd.Series(random.lognormal(6.0, 1.0, ROWS), names[1], name="demand"), pairs


def _peer(name: str, supply: pd.Series, demand: pd.Series, pairs: pd.DataFrame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from access.fca import three_stage_fca, two_stage_fca
        from access.weights import gaussian
    method = {"E2SFCA": two_stage_fca, "3SFCA": three_stage_fca}[name]
    people, places = demand.rename_axis("geoid").reset_index(), supply.to_frame()
    costs = pairs.rename(columns={"from_id": "origin", "to_id": "dest", "travel_time": "cost"})
    return lambda: method(people, places, costs, LIMIT, weight_fn=gaussian(SIGMA))
