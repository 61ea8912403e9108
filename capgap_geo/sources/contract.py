"""Column contracts: say what a table must look like, find every break, convert what holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from capgap_geo.errors import SchemaError

Kind = Literal["text", "number", "integer", "boolean", "list"]
MAX_LISTED = 200
_TRUE_FALSE = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Column:
    """What one column must hold.

    Parameters
    ----------
    name
        Column name.
    kind
        ``text``, ``number``, ``integer``, ``boolean``, or ``list`` (words joined by ``;``).
    required
        Whether an empty value is a problem. Empty means not known, never zero.
    unique
        Whether values must not repeat.
    allowed
        The admissible values (of each word for a list).
    minimum, maximum
        Inclusive bounds of a number.
    known
        What `allowed` is called in the message, for instance "department".
    """

    name: str
    kind: Kind = "text"
    required: bool = True
    unique: bool = False
    allowed: frozenset[str] | None = None
    minimum: float = -np.inf
    maximum: float = np.inf
    known: str = "value"


@dataclass(frozen=True, slots=True)
class Problem:
    """One break of a contract: where it is, what was found, what to do."""

    file: str
    row: int | None
    column: str
    found: str
    remedy: str

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{where}, column {self.column}: found {self.found}; {self.remedy}"


def words(values: pd.Series) -> pd.Series:
    """Split the words of a ``list`` column; an empty value gives an empty list."""
    return values.fillna("").str.split(";").map(lambda items: [w.strip() for w in items if w.strip()])


def check(table: pd.DataFrame, columns: Sequence[Column], *, file: Path, first_row: int = 2) -> list[Problem]:
    """Return every break of the contract in a table of text.

    Parameters
    ----------
    table
        The table as read, all values text or missing.
    columns
        The contract.
    file
        Named in the problems.
    first_row
        The number that a person sees beside the first record: 2 below a CSV header.
    """
    return [p for column in columns for p in _column_problems(table, column, file.name, first_row)]


def raise_problems(problems: Sequence[Problem], *, table: str) -> None:
    """Raise one error with all problems of a table, if there are any.

    Raises
    ------
    SchemaError
        ``details["problems"]`` holds the `Problem` objects.
    """
    if not problems:
        return
    shown = "\n".join(f"  {p}" for p in problems[:MAX_LISTED])
    rest = f"\n  and {len(problems) - MAX_LISTED} more" if len(problems) > MAX_LISTED else ""
    raise SchemaError(
        f"{table}: {len(problems)} problem(s)\n{shown}{rest}",
        details={"problems": list(problems), "table": table},
    )


def convert(table: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Give each column of a checked table its type; columns outside the contract are dropped."""
    return pd.DataFrame({c.name: _typed(table[c.name], c.kind) for c in columns}, index=table.index)


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "number":
        return pd.to_numeric(values).astype(float)
    if kind == "integer":
        return pd.to_numeric(values).astype("Int64")
    if kind == "boolean":
        return values.astype(str).str.lower().eq("true")
    return values.astype(object).where(values.notna(), None)


def _column_problems(table: pd.DataFrame, column: Column, file: str, first: int) -> Iterator[Problem]:
    if column.name not in table.columns:
        yield Problem(file, None, column.name, "no such column", "add it, or rename the column that holds it")
        return
    values = table[column.name]
    empty = values.isna()
    if column.required:
        yield from _at(file, first, column, values, empty, "a value is required")
    if column.unique:
        repeated = values.duplicated(keep="first") & ~empty
        yield from _at(file, first, column, values, repeated, "the id is used twice; ids must be unique")
    yield from _value_problems(values[~empty], column, file, first)


def _value_problems(values: pd.Series, column: Column, file: str, first: int) -> Iterator[Problem]:
    if column.kind in ("number", "integer"):
        yield from _number_problems(values, column, file, first)
    elif column.kind == "boolean":
        wrong = ~values.astype(str).str.lower().isin(list(_TRUE_FALSE))
        yield from _at(file, first, column, values, wrong, "use true or false")
    elif column.allowed is not None:
        lists = words(values) if column.kind == "list" else values.map(lambda v: [v])
        allowed = column.allowed
        wrong = lists.map(lambda items: not set(items) <= allowed).astype(bool)
        yield from _at(file, first, column, values, wrong, _known(column))


def _known(column: Column) -> str:
    allowed = sorted(column.allowed or ())
    return (
        f"use one of {', '.join(allowed)}"
        if len(allowed) <= 12
        else f"no such {column.known}; use a known one"
    )


def _number_problems(values: pd.Series, column: Column, file: str, first: int) -> Iterator[Problem]:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() | ~np.isfinite(numbers.fillna(0))
    if column.kind == "integer":
        bad |= numbers.notna() & (numbers % 1 != 0)
    yield from _at(file, first, column, values, bad, f"a {column.kind} is needed")
    outside = ~bad & ~numbers.between(column.minimum, column.maximum)
    remedy = f"use {column.minimum:g} to {column.maximum:g}"
    yield from _at(file, first, column, values, outside, remedy)


def _at(
    file: str, first: int, column: Column, values: pd.Series, where: pd.Series, remedy: str
) -> Iterable[Problem]:
    for position, value in values[where].items():
        found = "nothing" if pd.isna(value) else repr(value)
        yield Problem(file, int(str(position)) + first, column.name, found, remedy)
