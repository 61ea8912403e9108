"""Which facilities a demand row reaches, and at what cost: a sparse matrix with labels on both sides."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse

from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.labels import quoted, refuse, repeated


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """Costs of the connected pairs (demand row, facility); a pair that is not stored is out of reach.

    Parameters
    ----------
    rows, columns
        Labels of the demand and of the facilities or candidates. No label twice.
    matrix
        Costs (minutes or km), shape (rows, columns). A stored zero is a cost of zero, an absent entry
        means unreachable.

    Raises
    ------
    SchemaError
        Labels that repeat or do not fit the shape; costs that are negative, NaN or infinite.

    Examples
    --------
    >>> minutes = pd.DataFrame({"a": [0.0, 90.0], "b": [np.inf, 30.0]}, index=["x", "y"])
    >>> Reach.from_frame(minutes).within(60).to_frame()
         a     b
    x  0.0   NaN
    y  NaN  30.0
    """

    rows: pd.Index
    columns: pd.Index
    matrix: sparse.csr_array

    def __post_init__(self) -> None:
        problems = repeated("rows", self.rows) + repeated("columns", self.columns)
        if self.matrix.shape != (len(self.rows), len(self.columns)):
            problems.append(
                f"matrix: found shape {self.matrix.shape}, {len(self.rows)} x {len(self.columns)} labels"
            )
        data = self.matrix.data
        if not (np.isfinite(data) & (data >= 0)).all():
            problems.append("matrix: costs must be finite and at least 0; leave unreachable pairs out")
        refuse("reach", problems)

    @classmethod
    def from_frame(cls, costs: pd.DataFrame) -> Self:
        """Take a table of costs, demand rows by facility columns; NaN and infinity are unreachable."""
        values = costs.to_numpy(dtype=float)
        row, column = np.nonzero(np.isfinite(values))
        return cls(costs.index, costs.columns, _csr(values[row, column], row, column, values.shape))

    @classmethod
    def from_pairs(
        cls, pairs: pd.DataFrame, *, rows: Sequence[Hashable], columns: Sequence[Hashable]
    ) -> Self:
        """Take a long table with the columns ``from_id``, ``to_id`` and ``travel_time``.

        Parameters
        ----------
        pairs
            One row per pair; NaN and infinity are unreachable.
        rows, columns
            All labels, also of demand and facilities without any pair.

        Raises
        ------
        SchemaError
            A pair names an unknown label or is there twice.
        """
        row_labels, column_labels = pd.Index(list(rows)), pd.Index(list(columns))
        reachable = pairs[np.isfinite(pairs["travel_time"].to_numpy(dtype=float))]
        row = row_labels.get_indexer(pd.Index(reachable["from_id"]))
        column = column_labels.get_indexer(pd.Index(reachable["to_id"]))
        refuse("pairs", _unknown(reachable["from_id"], row) + _unknown(reachable["to_id"], column))
        shape = (len(row_labels), len(column_labels))
        matrix = _csr(reachable["travel_time"], row, column, shape)
        refuse("pairs", ["a pair is there twice"] if matrix.nnz < len(reachable) else [])
        return cls(row_labels, column_labels, matrix)

    def within(self, threshold: float) -> Self:
        """Keep the pairs that cost at most `threshold`, inclusive."""
        kept = coverage(self.matrix.data, threshold=threshold)
        indptr = np.concatenate([[0], np.cumsum(kept)])[self.matrix.indptr]
        parts = (self.matrix.data[kept], self.matrix.indices[kept], indptr)
        return type(self)(self.rows, self.columns, sparse.csr_array(parts, shape=self.matrix.shape))

    def to_frame(self) -> pd.DataFrame:
        """Return the dense table of costs; NaN = unreachable."""
        dense = np.full((len(self.rows), len(self.columns)), np.nan)
        dense[self._positions()] = self.matrix.data
        return pd.DataFrame(dense, index=self.rows, columns=self.columns)

    def _positions(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        row = np.repeat(np.arange(len(self.rows)), np.diff(self.matrix.indptr))
        return row, self.matrix.indices


def _csr(data: Any, row: Any, column: Any, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.asarray(data, dtype=float), (row, column)), shape=shape)


def _unknown(labels: pd.Series, position: np.ndarray[Any, Any]) -> list[str]:
    outside = labels[position < 0]
    return [f"{labels.name}: unknown {quoted(outside)}"] if len(outside) else []
