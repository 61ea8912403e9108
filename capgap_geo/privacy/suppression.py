"""Small counts of people are withheld, and enough others with them that no sum gives them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from capgap_geo.errors import CapGapError
from capgap_geo.privacy.settings import MINIMUM_CELL, PrivacySettings

Vector = NDArray[np.float64]
Key = tuple[str | None, str | None]

#: A total is withheld only when no other cell can stand in for it.
_WEIGHT_OF_TOTAL = 50.0
#: Small cells times cells: beyond this, all totals are withheld instead of searching for fewer cells.
_LARGEST_SEARCH = 60_000
_EPSILON = 1e-7


@dataclass(frozen=True, slots=True)
class _Grid:
    """All cells of a table with its totals, and the sums that tie them.

    `least` is what a reader knows of a withheld cell: each cell in it that is not zero is at least 1.
    """

    keys: tuple[Key, ...]
    counts: Vector
    least: Vector
    sums: sparse.csr_array
    totals: NDArray[np.bool_]


def suppress(
    table: pd.DataFrame,
    *,
    rows: str,
    columns: str,
    value: str = "value",
    k: int = MINIMUM_CELL,
    rounded: bool = False,
    parents: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Withhold counts from 1 to ``k - 1``, and others so that no total reveals them.

    A reader who knows every published cell, every published total (of rows, columns, parents and of all,
    whether they stand in the table or elsewhere), that counts are whole, and that a withheld cell is at
    least 1, finds for each withheld small count nothing narrower than 1 to `k`. In a table too large to
    search, all totals are withheld instead.

    Parameters
    ----------
    table
        One cell per row. An empty `rows` or `columns` marks a total. A cell that is not in the table, or
        empty, is not known; it is taken as known to the reader.
    rows, columns, value
        Names of the columns with the two keys and the count (persons, whole, not negative).
    k
        Smallest published count above zero.
    rounded
        Also round what is published down to a multiple of 10.
    parents
        The group of each row key where groups have published totals too (provinces of a department).

    Returns
    -------
    pandas.DataFrame
        The rows of `table` in their order, withheld values NaN, and the column ``suppressed``. A greater
        `k` withholds all that a smaller one does: two outputs of one table tell no more than one.

    Raises
    ------
    ScenarioError
        `k` is below the minimum.
    CapGapError
        Code ``suppression``: a key that is stated twice, or a value that is no count.

    References
    ----------
    Cox (1980), Journal of the American Statistical Association 75, 377-385; Kelly, Golden and Assad
    (1992), Networks 22, 397-417.

    Examples
    --------
    >>> cases = pd.DataFrame({"a": list("xxyy"), "b": list("1212"), "value": [3, 40, 50, 60]})
    >>> suppress(cases, rows="a", columns="b")["suppressed"].tolist()
    [True, True, True, True]
    """
    PrivacySettings(k=k)
    grid = _grid(_checked(table, rows, columns, value), parents or {})
    hidden = np.zeros(len(grid.counts), dtype=bool)
    for threshold in sorted({MINIMUM_CELL, k}):
        hidden = _protect(grid, hidden, threshold)
    withheld = {key for key, hide in zip(grid.keys, hidden, strict=True) if hide}
    result = table.copy()
    result["suppressed"] = [key in withheld for key in _keys(table, rows, columns)]
    result[value] = pd.to_numeric(result[value]).astype(float).mask(result["suppressed"])
    return result.assign(**{value: round_down(result[value])}) if rounded else result


def round_down(values: pd.Series) -> pd.Series:
    """Round counts down to a multiple of 10 (reporting resolution); what is not known stays so."""
    return values // 10 * 10


def _keys(table: pd.DataFrame, rows: str, columns: str) -> list[Key]:
    first, second = (table[c].astype(object).where(table[c].notna(), None) for c in (rows, columns))
    return list(zip(first, second, strict=True))


def _checked(table: pd.DataFrame, rows: str, columns: str, value: str) -> dict[Key, float]:
    keys, counts = _keys(table, rows, columns), pd.to_numeric(table[value]).astype(float)
    repeated = sorted({str(key) for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    wrong = [str(key) for key, n in zip(keys, counts, strict=True) if n < 0 or (n == n and n % 1 != 0)]
    if repeated or wrong:
        raise CapGapError(
            f"{rows} x {columns}: stated twice: {repeated[:5]}, not a count: {wrong[:5]}; repair them first",
            code="suppression",
            details={"repeated": repeated, "wrong": wrong},
        )
    return {key: float(n) for key, n in zip(keys, counts, strict=True) if not np.isnan(n)}


def _grid(stated: dict[Key, float], parents: Mapping[str, str]) -> _Grid:
    """Lay out leaves, parents and totals, with the sums of the leaves.

    A stated total that differs has a remainder, and the reader is taken to know it.
    """
    leaves = sorted({str(r) for r, _ in stated if r is not None and r not in set(parents.values())})
    groups = sorted({parents[r] for r in leaves if r in parents})
    periods = sorted({str(c) for _, c in stated if c is not None})
    row_of: dict[str | None, list[str]] = {r: [r] for r in leaves}
    row_of |= {g: [r for r in leaves if parents.get(r) == g] for g in groups}
    row_of[None] = leaves
    column_of: dict[str | None, list[str]] = {c: [c] for c in periods} | {None: periods}
    keys: list[Key] = [(r, c) for r in row_of for c in column_of]
    held = [[stated.get((r, c), 0.0) for r in row_of[key[0]] for c in column_of[key[1]]] for key in keys]
    least = np.array([float(np.count_nonzero(cells)) for cells in held])
    totals = np.array([r not in leaves or c is None for r, c in keys])
    sums = _sums(keys, leaves, groups, periods, parents)
    return _Grid(tuple(keys), np.array([sum(cells) for cells in held]), least, sums, totals)


def _sums(
    keys: list[Key], leaves: list[str], groups: list[str], periods: list[str], parents: Mapping[str, str]
) -> sparse.csr_array:
    at = {key: i for i, key in enumerate(keys)}
    top = [*groups, *(r for r in leaves if r not in parents)]
    ties: list[tuple[Key, list[Key]]] = []
    for c in [*periods, None]:
        ties.append(((None, c), [(r, c) for r in top]))
        ties += [((g, c), [(r, c) for r in leaves if parents.get(r) == g]) for g in groups]
    ties += [((r, None), [(r, c) for c in periods]) for r in [*leaves, *groups, None]]
    matrix = sparse.lil_array((len(ties), len(keys)))
    for i, (total, parts) in enumerate(ties):
        matrix[i, at[total]] = -1.0
        for part in parts:
            matrix[i, at[part]] = 1.0
    return matrix.tocsr()


def _protect(grid: _Grid, hidden: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    """Add small cells, then the cheapest others, until each small one may be anything up to `k`."""
    small = (grid.counts > 0) & (grid.counts < k)
    hidden = hidden | small
    if small.sum() * small.size > _LARGEST_SEARCH:
        return hidden | (grid.totals & (grid.counts > 0))
    needed = {1.0: k - grid.counts, -1.0: grid.counts - grid.least}
    open_ = {sign: small & (need > 0) for sign, need in needed.items()}
    for cell in np.flatnonzero(small)[np.argsort(grid.counts[small], kind="stable")]:
        for sign, need in needed.items():
            if not open_[sign][cell]:
                continue
            moves = _moves(grid, hidden, int(cell), sign * float(need[cell]))
            hidden = hidden | (np.abs(moves) > _EPSILON)
            # One way to move cells shows for all that move in it what they may be.
            for side in open_:
                open_[side] &= ~(side * moves >= needed[side] - _EPSILON)
    return hidden


def _moves(grid: _Grid, hidden: NDArray[np.bool_], cell: int, change: float) -> Vector:
    """Return how other cells move when `cell` does, preferring those that are hidden already.

    minimise sum(w (up + down))  s.t.  A (up - down) = 0, up - down = change at `cell`,
    0 <= down <= value - 1 elsewhere, and a cell of zero (nobody is there) stays published. Moving the
    totals alone always solves it. A vertex of this polytope moves few cells.
    """
    weight = np.where(grid.totals, _WEIGHT_OF_TOTAL, 1.0) + grid.counts / (1.0 + grid.counts.max())
    cost = np.where(hidden, 0.0, weight)
    down = np.maximum(grid.counts - 1.0, 0.0)
    upper = np.concatenate([np.where(grid.counts > 0, np.inf, 0.0), down])
    lower = np.zeros(len(upper))
    lower[cell] = upper[cell] = max(change, 0.0)
    lower[cell + len(cost)] = upper[cell + len(cost)] = max(-change, 0.0)
    solved = linprog(  # type: ignore[call-overload]  # the stubs know no sparse constraints
        np.concatenate([cost, cost]),
        A_eq=sparse.hstack([grid.sums, -grid.sums]).tocsr(),
        b_eq=np.zeros(grid.sums.shape[0]),
        bounds=np.column_stack([lower, upper]),
        method="highs-ds",
    )
    if solved.status != 0:
        raise CapGapError(f"suppression: {solved.message}; nothing is published", code="suppression")
    return np.asarray(solved.x[: len(cost)] - solved.x[len(cost) :], dtype=np.float64)
