"""From values to scores to one number: normalisation and aggregation, over any number of draws at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from capgap_geo.errors import ScenarioError

Array = NDArray[np.float64]
Kind = TypeVar("Kind", bound=StrEnum)

#: Adequacy of the worst score in the geometric mean. At 0 the worst of one pillar would hide all others.
FLOOR = 0.01


class Normalisation(StrEnum):
    """How values in different units become scores from 0 (smallest gap) to 1 (largest gap)."""

    MINMAX = "minmax"
    RANK = "rank"
    ZSCORE = "zscore"


class Aggregation(StrEnum):
    """How the scores of the pillars become one number."""

    GEOMETRIC = "geometric"
    ARITHMETIC = "arithmetic"


def choice(kind: type[Kind], name: str) -> Kind:
    """Return a normalisation or an aggregation by its name.

    Raises
    ------
    ScenarioError
        There is none of that name.
    """
    try:
        return kind(name)
    except ValueError:
        raise ScenarioError(
            f"{kind.__name__.lower()}: found {name!r}, use one of {', '.join(kind)}"
        ) from None


def scores(values: Array, normalisation: Normalisation) -> Array:
    """Return the scores of exact values; higher values score higher.

    Parameters
    ----------
    values
        Shape (..., rows, indicators).
    normalisation
        ``minmax``: ``(x - min) / (max - min)``. ``rank``: average rank from 0 to 1. ``zscore``: share of
        a normal distribution below ``(x - mean) / sd``. A column that does not vary scores 0.5.

    Returns
    -------
    numpy.ndarray
        Same shape, from 0 to 1.
    """
    if normalisation is Normalisation.MINMAX:
        return minmax(values, values.min(axis=-2, keepdims=True), values.max(axis=-2, keepdims=True))
    if normalisation is Normalisation.ZSCORE:
        return zscore(values, values.mean(axis=-2, keepdims=True), values.std(axis=-2, keepdims=True))
    count = values.shape[-2]
    if count < 2:
        return np.full_like(values, 0.5)
    ranks: Array = (rankdata(values, axis=-2) - 1.0) / (count - 1)
    return ranks


def minmax(values: Array, low: Array, high: Array) -> Array:
    """Return where the values lie between `low` and `high`; 0.5 if these are equal."""
    span = high - low
    shape = np.broadcast_shapes(values.shape, span.shape)
    wide = np.broadcast_to(span > 0, shape)
    score: Array = np.divide(values - low, span, out=np.full(shape, 0.5), where=wide)
    return score


def zscore(values: Array, mean: Array, deviation: Array) -> Array:
    """Return the share of a normal distribution below the values; 0.5 if it has no width."""
    shape = np.broadcast_shapes(values.shape, deviation.shape)
    wide = np.broadcast_to(deviation > np.finfo(float).eps * np.abs(mean), shape)
    share: Array = ndtr(np.divide(values - mean, deviation, out=np.zeros(shape), where=wide))
    return share


def aggregate(pillars: Array, weights: Array, aggregation: Aggregation) -> Array:
    """Return the gap from 0 to 1.

    Parameters
    ----------
    pillars
        Scores of the pillars, shape (..., rows, pillars).
    weights
        Weights that sum to 1, shape (..., 1, pillars) or (pillars,).
    aggregation
        ``arithmetic``: ``sum(w_p g_p)``. ``geometric``: ``(1 - prod(a_p ^ w_p)) / (1 - FLOOR)`` with the
        adequacy ``a_p = FLOOR + (1 - FLOOR)(1 - g_p)``, so that strength in one pillar does not hide
        absence in another.

    Returns
    -------
    numpy.ndarray
        Shape (..., rows).
    """
    if aggregation is Aggregation.ARITHMETIC:
        mean: Array = (pillars * weights).sum(axis=-1)
        return mean
    adequacy = FLOOR + (1.0 - FLOOR) * (1.0 - pillars)
    gap: Array = -np.expm1((weights * np.log(adequacy)).sum(axis=-1)) / (1.0 - FLOOR)
    return gap


def pillar_weights(weights: Mapping[str, float] | None, pillars: Sequence[str]) -> Array:
    """Return weights that sum to 1 in the order of the pillars; equal ones if none are given.

    Raises
    ------
    ScenarioError
        Code ``index_weights``: an unknown or missing pillar, a weight that is negative or not finite, or
        weights that sum to zero; ``details["equal"]`` works.
    """
    equal = {pillar: 1.0 / len(pillars) for pillar in pillars}
    given = equal if weights is None else dict(weights)
    problems = [f"{pillar}: no such pillar" for pillar in given if pillar not in equal]
    problems += [f"{pillar}: no weight" for pillar in pillars if pillar not in given]
    problems += [
        f"{p}: found {w!r}, use a number of at least 0" for p, w in given.items() if not 0 <= w < np.inf
    ]
    if not problems and sum(given.values()) == 0:
        problems.append("all are zero: at least one pillar must count")
    if problems:
        raise ScenarioError(
            "weights: " + "; ".join(problems),
            code="index_weights",
            details={"problems": problems, "equal": equal},
        )
    values = np.asarray([float(given[pillar]) for pillar in pillars], dtype=float)
    shares: Array = values / values.sum()
    return shares
