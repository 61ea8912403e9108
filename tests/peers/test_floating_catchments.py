"""The floating catchments of PySAL's access, row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capgap_geo.analysis.accessibility import enhanced_two_step, three_step, two_step
from capgap_geo.analysis.decay import Gaussian, InversePower, Step
from capgap_geo.analysis.reach import Reach

pytestmark = [pytest.mark.peer("access"), pytest.mark.filterwarnings("ignore")]
LIMIT = 120.0


@pytest.fixture(scope="module")
def world() -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    random = np.random.default_rng(7)
    minutes = random.random((400, 30)) * 600.0
    minutes[:9] += LIMIT  # rows that reach nothing
    rows, columns = np.nonzero(minutes <= LIMIT)
    pairs = pd.DataFrame({"from_id": rows, "to_id": columns, "travel_time": minutes[rows, columns]})
    supply = pd.Series(random.integers(0, 40, 30), name="supply", dtype=float)
    demand = pd.Series(random.lognormal(6.0, 1.0, 400), name="demand")
    return supply, demand, pairs


def theirs(function, world, weigh):
    supply, demand, pairs = world
    costs = pairs.rename(columns={"from_id": "origin", "to_id": "dest", "travel_time": "cost"})
    people = demand.to_frame().rename_axis("geoid").reset_index()
    found = function(people, supply.to_frame(), costs, LIMIT, weight_fn=weigh)
    # access leaves out the rows that reach nothing
    return found.reindex(demand.index, fill_value=0.0)


def ours(function, world, **options):
    supply, demand, pairs = world
    reach = Reach.from_pairs(pairs, rows=demand.index, columns=supply.index)
    table = function(supply, demand, reach, maximum=LIMIT, **options)
    assert (table["accessibility_lower"] == table["accessibility_upper"]).all()
    return table["accessibility_lower"]


def test_two_step(world):
    from access.fca import two_stage_fca

    np.testing.assert_allclose(ours(two_step, world), theirs(two_stage_fca, world, None), rtol=1e-12)


def decays():
    from access import weights

    return [
        (Gaussian(45.0), weights.gaussian(45.0)),
        (Step((30.0, 60.0, 90.0), (1.0, 0.68, 0.22)), weights.step_fn({30: 1.0, 60: 0.68, 90: 0.22})),
        (InversePower(20.0, 2.0, 1.0), weights.gravity(20.0, -2.0, min_dist=1.0)),
    ]


def test_enhanced_two_step(world):
    from access.fca import two_stage_fca

    for decay, weigh in decays():
        expected = theirs(two_stage_fca, world, weigh)
        np.testing.assert_allclose(ours(enhanced_two_step, world, decay=decay), expected, rtol=1e-12)


def test_three_step(world):
    from access.fca import three_stage_fca

    for decay, weigh in decays():
        # 0 / 0 in the peer: within reach, but only where its step decay weighs nothing
        expected = theirs(three_stage_fca, world, weigh).fillna(0.0)
        np.testing.assert_allclose(ours(three_step, world, decay=decay), expected, rtol=1e-12)
