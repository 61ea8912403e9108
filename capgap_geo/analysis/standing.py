"""The rank of each department in the Capacity Gap Index under a scenario, with its interval."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from capgap_geo.analysis.assess import Assessment, assess
from capgap_geo.analysis.gap_index import robustness
from capgap_geo.analysis.indicators import definitions, indicators
from capgap_geo.analysis.recall import remembered
from capgap_geo.model import THRESHOLD_MAX, Demand, Scenario, Study

#: Draws that settle the interval of a rank to about one place.
DRAWS = 5000
#: Multiples of the threshold under which a rank is tried.
FACTORS = (0.75, 1.0, 1.5)


@remembered(3)
def tables(study: Study, scenario: Scenario) -> dict[str, pd.DataFrame]:
    """Return the indicators under several thresholds and both spreads of the people, by the assumption."""
    most = THRESHOLD_MAX[scenario.measure]
    found = {}
    for factor in FACTORS:
        for spread in Demand:
            assumed = scenario.with_(threshold=min(factor * scenario.threshold, most), demand=spread)
            found[f"{factor:g} {spread}"] = indicators(study, assess(study, assumed))
    return found


def standings(
    study: Study,
    answer: Assessment,
    *,
    weights: Mapping[str, float] | None = None,
    names: Collection[str] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the robustness table of the index by department: ranks with their intervals.

    Threshold and spread of the people are among the assumptions that vary. An indicator of which nobody
    published a value in any department is left out, not guessed.

    Parameters
    ----------
    weights, draws, seed
        As in `capgap_geo.analysis.gap_index.robustness`, whose columns these are.
    names
        Indicators that go in; all that are known if not given.

    Raises
    ------
    ScenarioError
        Code ``index_weights``: the weights sum to zero.
    """
    known = definitions(indicators(study, answer), names)
    return robustness(
        tables(study, answer.scenario), definitions=known, weights=weights, draws=draws, seed=seed
    )
