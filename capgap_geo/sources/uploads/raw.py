"""What a reader hands on: text cells, shapes as WKB, and what was noticed. Travels between processes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from capgap_geo.sources.uploads.messages import Note, Problem


@dataclass(slots=True)
class Grid:
    """A raster: values row by row from the north as little-endian float32, NaN where not known."""

    values: bytes
    height: int
    width: int
    transform: tuple[float, ...]
    crs: str
    unit: str | None = None


@dataclass(slots=True)
class Raw:
    """A file as read, nothing judged yet.

    Attributes
    ----------
    rows
        One list of cells per row, None where nothing stands.
    numbers
        The number that a person sees beside each row.
    shapes
        WKB in WGS 84, one per row, None where there is none; None for a table without shapes.
    tags
        HXL tags, one per column, or None.
    """

    format: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    shapes: list[bytes | None] | None = None
    tags: list[str] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    crs: str | None = None
    part: str | None = None
    parts: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    grid: Grid | None = None


_PLAIN = (
    "format",
    "columns",
    "rows",
    "numbers",
    "tags",
    "encoding",
    "delimiter",
    "crs",
    "part",
    "parts",
    "about",
)


def dump(raw: Raw) -> bytes:
    """Return a reader's result as JSON."""
    tree: dict[str, Any] = {name: getattr(raw, name) for name in _PLAIN}
    tree["shapes"] = None if raw.shapes is None else [None if s is None else _to64(s) for s in raw.shapes]
    tree["notes"] = [[n.code, dict(n.values)] for n in raw.notes]
    tree["problems"] = [[p.row, p.column, p.value, p.code, dict(p.values)] for p in raw.problems]
    if raw.grid is not None:
        g = raw.grid
        tree["grid"] = [_to64(g.values), g.height, g.width, list(g.transform), g.crs, g.unit]
    return json.dumps(tree, ensure_ascii=True).encode("ascii")


def load(content: bytes) -> Raw:
    """Return the result that `dump` wrote."""
    tree = json.loads(content)
    raw = Raw(**{name: tree[name] for name in _PLAIN})
    shapes = tree["shapes"]
    raw.shapes = None if shapes is None else [None if s is None else base64.b64decode(s) for s in shapes]
    raw.notes = [Note(code, values) for code, values in tree["notes"]]
    raw.problems = [Problem(*parts) for parts in tree["problems"]]
    if "grid" in tree:
        values, height, width, transform, crs, unit = tree["grid"]
        raw.grid = Grid(base64.b64decode(values), height, width, tuple(transform), crs, unit)
    return raw


def _to64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
