"""Indicators with their direction, and their values as intervals: known, bounded or not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.analysis.labels import in_order, refuse, repeated
from capgap_geo.errors import ScenarioError

Array = NDArray[np.float64]


class Direction(StrEnum):
    """Which way an indicator points."""

    HIGHER_IS_WORSE = "higher_is_worse"
    LOWER_IS_WORSE = "lower_is_worse"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One measure of need, reach or capacity.

    Parameters
    ----------
    name
        Column of the table of indicators; or the columns ``<name>_lower`` and ``<name>_upper``.
    pillar
        Group within which indicators are averaged, for instance ``need``.
    direction
        Whether a higher or a lower value means a larger gap.

    Raises
    ------
    ScenarioError
        The direction is unknown.
    """

    name: str
    pillar: str
    direction: Direction

    def __post_init__(self) -> None:
        if self.direction not in list(Direction):
            raise ScenarioError(
                f"{self.name}: found direction {self.direction!r}, use one of {', '.join(Direction)}"
            )
        object.__setattr__(self, "direction", Direction(self.direction))


@dataclass(frozen=True, eq=False, slots=True)
class Intervals:
    """Values in the order of the labels and names, turned so that higher is always worse.

    Attributes
    ----------
    labels
        Rows, in order.
    definitions
        Columns, by name.
    best, worst
        Ends of each interval, shape (rows, indicators). A value or an end that is not known has been
        put at the edge of what is observed in its column; one that is infinitely bad, just beyond it.
    known, unknown
        Where the value is known exactly, and where an end is not known.
    """

    labels: pd.Index
    definitions: tuple[Indicator, ...]
    best: Array
    worst: Array
    known: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


def read(indicators: pd.DataFrame, definitions: Sequence[Indicator]) -> Intervals:
    """Check a table of indicators and put it in order.

    Raises
    ------
    SchemaError
        Every problem at once: rows or names that repeat, a column that is missing or infinitely good, a
        lower bound above its upper bound, an indicator of which no value is known.
    """
    ordered = tuple(sorted(definitions, key=lambda indicator: indicator.name))
    names = pd.Index([indicator.name for indicator in ordered])
    problems = repeated("rows", indicators.index) + repeated("definitions", names)
    problems += ["indicators: found none"] if not len(names) or not len(indicators) else []
    ends = _ends(indicators, ordered)
    problems += [p for i, pair in zip(ordered, ends, strict=True) for p in _column_problems(i, pair)]
    refuse("indicators", problems)
    order = in_order(indicators.index)
    best, worst = (np.column_stack(side)[order] for side in zip(*filter(None, ends), strict=True))
    unknown = np.isnan(best) | np.isnan(worst)
    best, worst = _finite(best, worst)
    observed = np.concatenate([best, worst])
    return Intervals(
        labels=indicators.index[order],
        definitions=ordered,
        best=np.where(np.isnan(best), np.nanmin(observed, axis=0), best),
        worst=np.where(np.isnan(worst), np.nanmax(observed, axis=0), worst),
        known=best == worst,
        unknown=unknown,
    )


def _columns(table: pd.DataFrame, name: str) -> tuple[str, str]:
    return (name, name) if name in table else (f"{name}_lower", f"{name}_upper")


def _ends(table: pd.DataFrame, definitions: Sequence[Indicator]) -> list[tuple[Array, Array] | None]:
    """Return the better and the worse end of the values, turned so that higher is worse; None if missing."""
    pairs = [_columns(table, indicator.name) for indicator in definitions]
    there = [name for pair in pairs for name in pair if name in table]
    numbers = table.take(table.columns.get_indexer(pd.Index(there)), axis=1)
    values = dict(zip(there, numbers.to_numpy(dtype=float, na_value=np.nan).T, strict=True))
    ends: list[tuple[Array, Array] | None] = []
    for indicator, (low, high) in zip(definitions, pairs, strict=True):
        if low not in values or high not in values:
            ends.append(None)
        elif indicator.direction is Direction.HIGHER_IS_WORSE:
            ends.append((values[low], values[high]))
        else:
            ends.append((-values[high], -values[low]))
    return ends


def _finite(best: Array, worst: Array) -> tuple[Array, Array]:
    """Put infinitely bad values, such as an unreachable service, just beyond the worst finite one."""
    both = np.concatenate([best, worst])
    top = np.max(both, axis=0, initial=-np.inf, where=np.isfinite(both))
    beyond = np.nextafter(np.where(np.isfinite(top), top, 0.0), np.inf)
    return np.where(np.isposinf(best), beyond, best), np.where(np.isposinf(worst), beyond, worst)


def _column_problems(indicator: Indicator, ends: tuple[Array, Array] | None) -> list[str]:
    name = indicator.name
    if ends is None:
        return [f"{name}: neither that column nor {name}_lower and {name}_upper is there"]
    best, worst = ends
    problems = []
    if np.isneginf(best).any():
        problems.append(f"{name}: infinitely good values; leave them empty if they are not known")
    if (best > worst).any():
        problems.append(f"{name}: a lower bound is above its upper bound")
    if np.isnan(best).all() and np.isnan(worst).all():
        problems.append(f"{name}: no value is known; leave the indicator out")
    return problems
