"""Labels of rows and columns: their rows, order and mismatches, and one error that names every problem."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.errors import SchemaError

#: How many labels a message quotes before it stops.
QUOTED = 5


def row_of(table: pd.DataFrame, label: str) -> pd.Series:
    """Return the row of a label that is there once."""
    found: Any = table.loc[label]  # type checkers take seconds for what `loc` might give
    return pd.Series(found)


def in_order(labels: pd.Index) -> NDArray[np.intp]:
    """Return the positions that sort the labels; labels of several types are sorted type by type."""
    try:
        return labels.argsort()
    except TypeError:
        keys = [(type(label).__name__, str(label)) for label in labels]
        return np.asarray(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)


def repeated(name: str, labels: pd.Index) -> list[str]:
    """Return a problem if a label occurs twice."""
    twice = labels[labels.duplicated()]
    return [f"{name}: found twice {quoted(twice)}"] if len(twice) else []


def mismatch(name: str, found: pd.Index, wanted: pd.Index) -> list[str]:
    """Return the problems of two sets of labels that should be equal, in any order."""
    if found.equals(wanted):
        return []
    missing, unknown = wanted.difference(found, sort=False), found.difference(wanted, sort=False)
    problems = repeated(name, found)
    problems += [f"{name}: missing {quoted(missing)}"] if len(missing) else []
    return problems + ([f"{name}: not in reach {quoted(unknown)}"] if len(unknown) else [])


def quoted(labels: Sequence[Hashable] | pd.Index | pd.Series) -> str:
    """Quote a few labels for a message."""
    shown = ", ".join(map(repr, list(labels)[:QUOTED]))
    return shown if len(labels) <= QUOTED else f"{shown} and {len(labels) - QUOTED} more"


def refuse(what: str, problems: list[str]) -> None:
    """Raise once for all problems of a table.

    Raises
    ------
    SchemaError
        If there is any problem.
    """
    if problems:
        raise SchemaError(f"{what}: " + "; ".join(problems), details={"problems": problems})
