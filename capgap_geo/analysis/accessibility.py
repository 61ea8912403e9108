"""Capacity per person within reach: floating catchments as two sparse products.

All three methods share one shape. With the weight ``w_ij`` of facility j for demand row i, the demand
``D_i`` (persons) and the capacity ``S_j`` (officers, beds, ...):

    R_j = S_j / sum_k(w_kj D_k)        what a facility offers to each person who leans on it
    A_i = sum_j(w_ij R_j)              what a person finds within reach

Therefore ``sum_i(A_i D_i)`` is the capacity of all facilities that anybody reaches; that is checked in
every run. A demand row that reaches nothing has 0 and stays in the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from capgap_geo.analysis.decay import Decay, Step
from capgap_geo.analysis.labels import mismatch, refuse
from capgap_geo.analysis.reach import Reach
from capgap_geo.errors import CapGapError, ScenarioError

Vector = NDArray[np.float64]

#: Largest relative difference between the capacity that went in and the capacity that came out.
CONSERVED = 1e-12
#: A smaller weight or capacity counts as none: it means nothing, and its products would lose their digits.
SMALLEST = 1e-200


def two_step(
    supply: pd.Series | pd.DataFrame, demand: pd.Series, reach: Reach, *, maximum: float
) -> pd.DataFrame:
    """Two-step floating catchment area (2SFCA): everybody within `maximum` counts alike.

    Parameters
    ----------
    supply
        Capacity by facility, NaN = not known; or a table with the columns ``capacity_lower`` and
        ``capacity_upper``. Its labels are the columns of `reach`, in any order.
    demand
        Persons by demand row. Its labels are the rows of `reach`, in any order.
    reach
        Cost of every connected pair.
    maximum
        Edge of the catchment, inclusive, in the unit of `reach`.

    Returns
    -------
    pandas.DataFrame
        ``accessibility_lower`` and ``accessibility_upper`` (capacity per person), with exactly the rows
        of `demand`. Capacity that is not known counts as none in the lower bound; nothing limits it
        from above, so the upper bound of every row that reaches it is NaN, not known. Both are NaN for
        rows without people that reach a facility whose catchment holds nobody: no one to divide by.

    Raises
    ------
    SchemaError
        Labels that do not match, demand that is negative or not known, negative capacity.
    CapGapError
        Code ``conservation``: capacity was lost on the way; the result is withheld.

    References
    ----------
    Luo and Wang (2003), Environment and Planning B 30, 865-884.

    Examples
    --------
    >>> reach = Reach.from_frame(pd.DataFrame({"a": [10.0, 20.0, 90.0]}, index=["x", "y", "z"]))
    >>> people = pd.Series({"x": 100.0, "y": 300.0, "z": 50.0})
    >>> two_step(pd.Series({"a": 8.0}), people, reach, maximum=60)["accessibility_lower"].tolist()
    [0.02, 0.02, 0.0]
    """
    return _floating(supply, demand, reach, _weights(reach, Step((maximum,), (1.0,)), maximum))


def enhanced_two_step(
    supply: pd.Series | pd.DataFrame,
    demand: pd.Series,
    reach: Reach,
    *,
    decay: Decay,
    maximum: float = np.inf,
) -> pd.DataFrame:
    """Two-step floating catchment area with distance decay (E2SFCA): ``w_ij = f(c_ij)``.

    Parameters
    ----------
    supply, demand, reach, maximum
        As in `two_step`.
    decay
        Weight as a function of cost, for instance `capgap_geo.analysis.decay.Gaussian`.

    Returns
    -------
    pandas.DataFrame
        As in `two_step`.

    Raises
    ------
    SchemaError, CapGapError
        As in `two_step`.
    ScenarioError
        The decay gives a weight that is negative or not finite.

    References
    ----------
    Luo and Qi (2009), Health & Place 15, 1100-1107.
    """
    return _floating(supply, demand, reach, _weights(reach, decay, maximum))


def three_step(
    supply: pd.Series | pd.DataFrame,
    demand: pd.Series,
    reach: Reach,
    *,
    decay: Decay,
    maximum: float = np.inf,
) -> pd.DataFrame:
    """Three-step floating catchment area (3SFCA): people lean less on a facility when they have others.

    ``w_ij = G_ij f(c_ij)`` with the selection weight ``G_ij = f(c_ij) / sum_k f(c_ik)`` over the facilities
    within `maximum`.

    A facility draws demand even if its capacity is not known. The bounds therefore hold for facilities
    that exist; where existence itself is in doubt, compare the results with and without them.

    Parameters
    ----------
    supply, demand, reach, decay, maximum
        As in `enhanced_two_step`.

    Returns
    -------
    pandas.DataFrame
        As in `two_step`.

    Raises
    ------
    SchemaError, CapGapError, ScenarioError
        As in `enhanced_two_step`.

    References
    ----------
    Wan, Zou and Sternberg (2012), International Journal of Geographical Information Science 26, 1073-1089.
    """
    weights = _weights(reach, decay, maximum)
    total = weights.sum(axis=1)
    share = np.repeat(
        np.divide(1.0, total, out=np.zeros_like(total), where=total > 0), np.diff(weights.indptr)
    )
    weights.data *= weights.data * share
    return _floating(supply, demand, reach, _without_faint(weights))


@dataclass(frozen=True, slots=True)
class _Capacity:
    """Capacity by facility: what is sure, what is possible, and where nothing limits it."""

    lower: Vector
    upper: Vector
    unknown: Vector


def _weights(reach: Reach, decay: Decay, maximum: float) -> sparse.csr_array:
    """Return the weights of the pairs within `maximum`; pairs that weigh nothing are not stored."""
    near = reach if maximum == np.inf else reach.within(maximum)
    data = np.asarray(decay(near.matrix.data), dtype=float)
    if data.shape != near.matrix.data.shape or not (np.isfinite(data) & (data >= 0)).all():
        raise ScenarioError("decay: every weight must be a finite number of at least 0")
    parts = (data, near.matrix.indices, near.matrix.indptr)
    return _without_faint(sparse.csr_array(parts, shape=near.matrix.shape, copy=True))


def _without_faint(weights: sparse.csr_array) -> sparse.csr_array:
    weights.data[weights.data < SMALLEST] = 0.0
    weights.eliminate_zeros()
    return weights


def _floating(
    supply: pd.Series | pd.DataFrame, demand: pd.Series, reach: Reach, weights: sparse.csr_array
) -> pd.DataFrame:
    people, capacity = _aligned(supply, demand, reach)
    leaning = weights.T @ people
    served = leaning > 0
    lower, upper = (
        weights @ np.divide(amount, leaning, out=np.zeros_like(amount), where=served)
        for amount in (capacity.lower, capacity.upper)
    )
    for accessibility, amount in ((lower, capacity.lower), (upper, capacity.upper)):
        _check_conserved(float(accessibility @ people), float(amount[served].sum()))
    upper[weights @ capacity.unknown > 0] = np.nan
    nobody = ~served & ((capacity.upper > 0) | (capacity.unknown > 0))
    undefined = weights @ nobody.astype(float) > 0
    lower[undefined] = upper[undefined] = np.nan
    table = pd.DataFrame({"accessibility_lower": lower, "accessibility_upper": upper}, index=reach.rows)
    return table if demand.index.equals(reach.rows) else table.reindex(demand.index)


def _check_conserved(out: float, into: float) -> None:
    if abs(out - into) > CONSERVED * max(into, SMALLEST):
        raise CapGapError(
            f"accessibility: {out!r} of the reached capacity {into!r} came out",
            code="conservation",
            details={"reached": into, "distributed": out},
        )


def _aligned(supply: pd.Series | pd.DataFrame, demand: pd.Series, reach: Reach) -> tuple[Vector, _Capacity]:
    """Return demand and capacity in the order of `reach`, or raise every problem at once."""
    pair = _as_pair(supply)
    problems = mismatch("demand", demand.index, reach.rows) + mismatch("supply", pair.index, reach.columns)
    people = demand.to_numpy(dtype=float)
    if not (np.isfinite(people) & (people >= 0)).all():
        problems.append("demand: persons must be known and at least 0")
    bounds = pair.to_numpy(dtype=float)
    if np.isinf(bounds).any() or (bounds < 0).any() or (bounds[:, 0] > bounds[:, 1]).any():
        problems.append(
            "supply: capacity must be at least 0, finite or NaN, and its lower bound at most the upper"
        )
    refuse("accessibility", problems)
    pair = pair.reindex(reach.columns)
    lower = pair["capacity_lower"].fillna(0.0).to_numpy(dtype=float)
    upper = pair["capacity_upper"].to_numpy(dtype=float)
    unknown = np.isnan(upper)
    return demand.reindex(reach.rows).to_numpy(dtype=float), _Capacity(
        lower, np.where(unknown, lower, upper), unknown.astype(float)
    )


def _as_pair(supply: pd.Series | pd.DataFrame) -> pd.DataFrame:
    if isinstance(supply, pd.Series):
        return pd.DataFrame({"capacity_lower": supply, "capacity_upper": supply})
    missing = [name for name in ("capacity_lower", "capacity_upper") if name not in supply]
    refuse("supply", [f"column {name} is missing" for name in missing])
    return supply.loc[:, ["capacity_lower", "capacity_upper"]]
