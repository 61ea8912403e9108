"""Where the next facilities should go: one door to all questions of siting.

=====================  ==================================================================
`max_covering`         most people within reach of `p` new sites
`budgeted_covering`    most people within reach for a budget
`set_covering`         fewest sites that reach every demand row
`p_median`             least total travel
`p_center`             shortest longest way
`greedy_covering`      the quick answer, to show what the exact one is worth
`coverage_curve`       what each further site brings
`stability`            how often a site is chosen when the assumptions change
=====================  ==================================================================

Existing facilities are `fixed`: they stay open, and `p` counts the new sites only. Everything is aligned
by label, ties are settled in the order of the labels, so that the order of the input never matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from capgap_geo.analysis.covering import (
    best_cover,
    budgeted_covering,
    checked,
    greedy_cover,
    greedy_covering,
    max_covering,
    set_covering,
)
from capgap_geo.analysis.labels import in_order
from capgap_geo.analysis.p_center import p_center
from capgap_geo.analysis.p_median import p_median
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.siting_problem import Clock, Siting
from capgap_geo.errors import ScenarioError

__all__ = [
    "Reach",
    "Siting",
    "Variant",
    "budgeted_covering",
    "coverage_curve",
    "greedy_covering",
    "max_covering",
    "p_center",
    "p_median",
    "set_covering",
    "stability",
]


def coverage_curve(
    reach: pd.DataFrame | Reach,
    demand: pd.Series,
    *,
    p_max: int,
    fixed: Collection[Hashable] = (),
    time_limit: float | None = None,
) -> pd.DataFrame:
    """Solve maximal covering for 0, 1, ..., `p_max` new sites: the curve shows where more stops helping.

    Parameters
    ----------
    reach, demand, fixed
        As in `max_covering`.
    p_max
        Largest number of new sites.
    time_limit
        Seconds for each point of the curve.

    Returns
    -------
    pandas.DataFrame
        Index ``p``; ``covered`` and its ``bound`` (persons), ``newly_covered`` (persons beyond the existing
        facilities), ``proven``, ``greedy`` (persons covered by the greedy choice), ``sites`` (labels).

    Raises
    ------
    SchemaError, ScenarioError
        As in `max_covering`.
    """
    problem = checked(reach, demand, fixed, p=p_max)
    price = np.ones(len(problem.sites.free))
    rows = []
    for p in range(p_max + 1):
        exact = best_cover(problem, price, float(p), Clock(time_limit))
        rows.append(
            {
                "covered": exact.objective,
                "bound": exact.bound,
                "newly_covered": exact.gain,
                "proven": exact.proven,
                "greedy": greedy_cover(problem, p).objective,
                "sites": exact.sites,
            }
        )
    return pd.DataFrame(rows, index=pd.RangeIndex(p_max + 1, name="p"))


class Variant(NamedTuple):
    """One set of assumptions: a threshold, a spread of the people, a level of evidence."""

    reach: pd.DataFrame | Reach
    demand: pd.Series
    fixed: Collection[Hashable] = ()


def stability(variants: Sequence[Variant], *, p: int, time_limit: float | None = None) -> pd.DataFrame:
    """Solve maximal covering under every set of assumptions and count how often each site is chosen.

    Parameters
    ----------
    variants
        The assumptions; the candidates may differ between them.
    p
        Number of new sites in every run.
    time_limit
        Seconds for each run.

    Returns
    -------
    pandas.DataFrame
        Index ``site``: every candidate of any run; ``runs`` in which it was a candidate, ``chosen`` and
        ``share`` = chosen / number of variants. Sorted by share, then by label. Where several choices are
        equally good, one is counted: a low share may also mean that a site has equals.

    Raises
    ------
    SchemaError, ScenarioError
        As in `max_covering`; ``siting_no_variant`` if there is no run.
    """
    if not variants:
        raise ScenarioError("variants: found none, give at least one", code="siting_no_variant")
    offered: Counter[Hashable] = Counter()
    chosen: Counter[Hashable] = Counter()
    for reach, demand, fixed in variants:
        offered.update(label for label in reach.columns if label not in set(fixed))
        chosen.update(max_covering(reach, demand, p=p, fixed=fixed, time_limit=time_limit).sites)
    labels = pd.Index(list(offered), name="site")
    labels = labels[in_order(labels)]
    counts = [chosen[label] for label in labels]
    table = pd.DataFrame({"runs": [offered[label] for label in labels], "chosen": counts}, index=labels)
    table["share"] = table["chosen"] / len(variants)
    return table.sort_values("share", ascending=False, kind="stable")
