"""A table for readers: sortable, with bars that carry both bounds, reachable by keyboard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass

import streamlit as st

from capgap_geo.ui.text import base_path


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what it means, and whether its cells carry a bar."""

    title: str
    help: str = ""
    bar: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, what it is sorted by, and its bounds on the bar.

    Attributes
    ----------
    value
        Sorts the column; None is not known and always stands last.
    lower, upper
        Shares of the bar in [0, 1].
    href
        An address to open, http or https.
    """

    text: str
    value: float | str | None = None
    lower: float | None = None
    upper: float | None = None
    href: str = ""


#: Id and cells of a row.
Row = tuple[str, Sequence[Cell]]
#: What travels with every rerun; the table itself is fetched once.
_SCRIPT = """
export default async function (host) {
  const file = (name) => new URL("app/static/" + name, new URL(host.data.base, location.origin)).href;
  const table = await import(file("sortable.js"));
  await table.dress(host.parentElement, file("sortable.css"));
  table.show(host);
}
"""
_component = st.components.v2.component("capgap_sortable", js=_SCRIPT)


def sortable(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    key: str,
    caption: str,
    note: str = "",
    order: tuple[int, bool] = (0, True),
    height: int = 0,
    selectable: bool = False,
    selected: str = "",
) -> str | None:
    """Draw a table and return the id of the row that was just picked, once.

    Parameters
    ----------
    rows
        Id and cells of each row.
    caption
        What the table shows, for those who hear it.
    note
        Stands above the table: how many rows it has, by what it is sorted.
    order
        Column that sorts at first, and whether it rises.
    height
        Largest height in pixels, for tables of hundreds of rows; 0 shows every row.
    """
    data = {
        "columns": [asdict(c) for c in columns],
        "rows": [[name, [_short(c) for c in cells]] for name, cells in rows],
        "base": base_path(),
        "caption": caption,
        "note": note,
        "order": list(order),
        "stamp": f"{[c.title for c in columns]}{order}",
        "height": height,
        "selectable": selectable,
        "selected": selected,
    }
    result = _component(key=key, data=data, on_pick_change=lambda: None)
    picked = result.get("pick")
    return str(picked) if picked in {name for name, _ in rows} else None


def _short(cell: Cell) -> list[object]:
    """Return what a cell says, as finely as a bar can show it, without the empty end.

    A browser reads neither NaN nor infinity: a number that is neither known nor finite is left out.
    """
    parts = [_finite(v) if isinstance(v, float) else v for v in astuple(cell)]
    while len(parts) > 1 and parts[-1] in (None, ""):
        parts.pop()
    return parts


def _finite(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return round(value, 3) if value < 1e9 else value


def number(value: float) -> float | None:
    """Return a value to sort by: None where it is not known; infinity sorts above everything."""
    if math.isnan(value):
        return None
    return min(value, 1e300)


def plain(text: str) -> Cell:
    """Return a cell that sorts by its text."""
    return Cell(text, text)
