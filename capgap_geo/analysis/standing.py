"""The rank of each department in the Capacity Gap Index under a scenario, with its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.gap_index import robustness
from capgap_geo.analysis.index_table import Direction, Indicator
from capgap_geo.analysis.indicators import INDICATORS, indicators
from capgap_geo.model import Study

#: Draws that settle the interval of a rank to about one place.
DRAWS = 2000


def definitions(table: pd.DataFrame) -> list[Indicator]:
    """Return pillar and direction of every indicator of which a table knows a value."""
    known = []
    for named in INDICATORS:
        pair = table[[f"{named.name}_lower", f"{named.name}_upper"]]
        if not np.isnan(pair.to_numpy(float)).all():
            direction = Direction.HIGHER_IS_WORSE if named.more_is_worse else Direction.LOWER_IS_WORSE
            known.append(Indicator(named.name, str(named.pillar), direction))
    return known


def standings(study: Study, answer: Assessment, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return the robustness table of the index by department: ranks with their intervals.

    An indicator of which nobody published a value in any department is left out, not guessed.

    Parameters
    ----------
    draws, seed
        As in `capgap_geo.analysis.gap_index.robustness`, whose columns these are.
    """
    table = indicators(study, answer)
    return robustness(table, definitions=definitions(table), draws=draws, seed=seed)
