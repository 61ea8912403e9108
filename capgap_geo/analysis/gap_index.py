"""The Capacity Gap Index: need, reach and capacity in one number that carries its uncertainty.

The steps are those of the OECD and JRC Handbook on Constructing Composite Indicators (2008): missing
values treated explicitly, normalisation, weighting, aggregation, and a test of what the ranks depend on.
A value that is not known is never filled in: it may lie anywhere in what is observed of its indicator, so
that the index of its department is an interval. A rank is only shown with its interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from capgap_geo.analysis.index_table import Array, Direction, Indicator, Intervals, read
from capgap_geo.analysis.indicators import given
from capgap_geo.analysis.rank_robustness import robustness
from capgap_geo.analysis.scoring import (
    Aggregation,
    Normalisation,
    aggregate,
    choice,
    minmax,
    pillar_weights,
    zscore,
)

__all__ = [
    "Aggregation",
    "Direction",
    "Indicator",
    "Normalisation",
    "bounds",
    "composite",
    "pillars",
    "robustness",
]


def composite(
    indicators: pd.DataFrame,
    *,
    definitions: Sequence[Indicator] | None = None,
    weights: Mapping[str, float] | None = None,
    normalisation: Normalisation = Normalisation.MINMAX,
    aggregation: Aggregation = Aggregation.GEOMETRIC,
) -> pd.Series:
    """Return the gap of each row where it is a single number, NaN where only its bounds are known.

    Parameters
    ----------
    indicators
        Departments by indicators: a column for each name, or the pair ``<name>_lower`` and
        ``<name>_upper``; NaN = not known. An infinite value, such as the minutes to a service that cannot
        be reached, stands just beyond the worst finite one.
    definitions
        Pillar and direction of each indicator; other columns are ignored. Without any, the project's own
        (`capgap_geo.analysis.indicators.definitions`), for a table of its indicators.
    weights
        Weight by pillar, at least 0, of any sum; equal if none are given. Indicators weigh the same within
        their pillar.
    normalisation, aggregation
        See `capgap_geo.analysis.scoring.scores` and `capgap_geo.analysis.scoring.aggregate`.

    Returns
    -------
    pandas.Series
        ``gap`` from 0 (smallest) to 1 (largest), with exactly the rows of `indicators`.

    Raises
    ------
    SchemaError
        A table that does not fit its definitions.
    ScenarioError
        Code ``index_weights``; an unknown normalisation or aggregation.

    Examples
    --------
    >>> table = pd.DataFrame({"officers": [0.0, 5.0, 10.0], "far": [9.0, 5.0, 1.0]}, index=["x", "y", "z"])
    >>> officers = Indicator("officers", "capacity", Direction.LOWER_IS_WORSE)
    >>> far = Indicator("far", "reach", Direction.HIGHER_IS_WORSE)
    >>> composite(table, definitions=[officers, far], aggregation=Aggregation.ARITHMETIC).tolist()
    [1.0, 0.5, 0.0]
    """
    table = bounds(
        indicators,
        definitions=definitions,
        weights=weights,
        normalisation=normalisation,
        aggregation=aggregation,
    )
    return table["gap_lower"].where(table["gap_lower"] == table["gap_upper"]).rename("gap")


def bounds(
    indicators: pd.DataFrame,
    *,
    definitions: Sequence[Indicator] | None = None,
    weights: Mapping[str, float] | None = None,
    normalisation: Normalisation = Normalisation.MINMAX,
    aggregation: Aggregation = Aggregation.GEOMETRIC,
) -> pd.DataFrame:
    """Return the smallest and the largest gap that the known values allow.

    The scale is fixed by what is observed: the range of an indicator (``minmax``), or the mean and deviation
    of the middles of its known intervals (``zscore``). With ``rank``, a value that is not known could stand
    anywhere, which widens the interval of all rows.

    Parameters
    ----------
    indicators, definitions, weights, normalisation, aggregation
        As in `composite`.

    Returns
    -------
    pandas.DataFrame
        ``gap_lower`` and ``gap_upper`` from 0 to 1, with exactly the rows of `indicators`.

    Raises
    ------
    SchemaError, ScenarioError
        As in `composite`.
    """
    table = read(indicators, given(indicators, definitions))
    names = _pillar_names(table)
    shares = pillar_weights(weights, names)
    ends = (_by_pillar(scored, table, names) for scored in _score_bounds(table, normalisation))
    how = choice(Aggregation, aggregation)
    lower, upper = (aggregate(pillar, shares, how) for pillar in ends)
    result = pd.DataFrame({"gap_lower": lower, "gap_upper": upper}, index=table.labels)
    return result.reindex(indicators.index)


def pillars(
    indicators: pd.DataFrame,
    *,
    definitions: Sequence[Indicator] | None = None,
    normalisation: Normalisation = Normalisation.MINMAX,
) -> pd.DataFrame:
    """Return the bounds of the score of each pillar: what drives the index.

    Parameters
    ----------
    indicators, definitions, normalisation
        As in `composite`.

    Returns
    -------
    pandas.DataFrame
        ``<pillar>_lower`` and ``<pillar>_upper`` from 0 to 1, with exactly the rows of `indicators`.

    Raises
    ------
    SchemaError, ScenarioError
        As in `composite`.
    """
    table = read(indicators, given(indicators, definitions))
    names = _pillar_names(table)
    lower, upper = (_by_pillar(s, table, names) for s in _score_bounds(table, normalisation))
    columns = {}
    for k, name in enumerate(names):
        columns[f"{name}_lower"], columns[f"{name}_upper"] = lower[:, k], upper[:, k]
    return pd.DataFrame(columns, index=table.labels).reindex(indicators.index)


def _pillar_names(table: Intervals) -> list[str]:
    return sorted({indicator.pillar for indicator in table.definitions})


def _by_pillar(scored: Array, table: Intervals, names: Sequence[str]) -> Array:
    """Average the scores of the indicators of each pillar."""
    members = [[i.pillar == name for i in table.definitions] for name in names]
    return np.column_stack([scored[:, member].mean(axis=1) for member in members])


def _score_bounds(table: Intervals, normalisation: Normalisation) -> tuple[Array, Array]:
    normalisation = choice(Normalisation, normalisation)
    if normalisation is Normalisation.RANK:
        return _rank_bounds(table)
    if normalisation is Normalisation.MINMAX:
        low, high = table.best.min(axis=0), table.worst.max(axis=0)
        return minmax(table.best, low, high), minmax(table.worst, low, high)
    middle = np.where(table.unknown, np.nan, (table.best + table.worst) / 2.0)
    mean, deviation = _mean_and_deviation(middle)
    return zscore(table.best, mean, deviation), zscore(table.worst, mean, deviation)


def _mean_and_deviation(values: Array) -> tuple[Array, Array]:
    """Return mean and deviation by column over what is known; no width where nothing is."""
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    mean = np.nansum(values, axis=0) / count
    return mean, np.sqrt(np.nansum((values - mean) ** 2, axis=0) / count)


def _rank_bounds(table: Intervals) -> tuple[Array, Array]:
    """Count the rows that are surely, and those that are possibly, better; equals count half."""
    best, worst = table.best, table.worst
    others = max(len(table.labels) - 1, 1)
    if len(table.labels) < 2:
        return np.full_like(best, 0.5), np.full_like(best, 0.5)
    surely = (worst[None] < best[:, None]) + 0.5 * (worst[None] == best[:, None])
    possibly = (best[None] < worst[:, None]) + 0.5 * (best[None] == worst[:, None])
    itself = np.eye(len(table.labels), dtype=bool)[:, :, None]
    lower, upper = (np.where(itself, 0.0, ahead).sum(axis=1) / others for ahead in (surely, possibly))
    return lower, upper
