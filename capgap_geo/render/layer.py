"""What every layer of a map has, and what is said of its things: texts in one language, without markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from capgap_geo.render.theme import Style


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of one thing on hover, tap or focus: all of it text, in reading order.

    Parameters
    ----------
    name
        Its name.
    value, pair
        The figure with its unit, and its lower and upper bound where they differ.
    year, source
        When and from whom.
    note
        What must be said beside it.
    """

    name: str
    value: str = ""
    pair: str = ""
    year: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Polygons or lines: a GeoJSON FeatureCollection by relative URL, or the collection itself.

    Features are matched by their ``id``.
    """

    url: str | None = None
    inline: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """One class of an area layer: its character, its look and its line in the legend."""

    character: str
    style: Style
    label: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A mark inside an area's name: how shelters are shown, by department only.

    Parameters
    ----------
    text
        Stands beside the symbol; without one it is the symbol alone.
    open
        Weaker evidence: the symbol is an outline.
    kind
        Empty for what is on record; ``new`` for what does not exist, ``more`` for what would take more
        groups: each has its own outline, so that it is told apart without its text.
    proposed
        Of the last two: not in a plan yet, the outline is broken.
    legend
        What the legend says of all badges that look like this one.
    """

    symbol: str
    text: str
    facts: Facts
    open: bool = False
    kind: str = ""
    proposed: bool = False
    legend: str = ""


@dataclass(frozen=True, slots=True)
class BadgeLine:
    """What the legend says of the badges of an area layer, and of those that are outlines."""

    symbol: str
    label: str
    open_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What all layers have.

    Parameters
    ----------
    layer_id, title
        Its id in events, its name in the legend and the layer list.
    noun
        What one of its things is, for the list of names; the title if empty.
    visible, toggle
        On at first; the reader may switch it.
    note
        What must be said beside it in the legend.
    """

    layer_id: str
    title: str
    noun: str = ""
    visible: bool = True
    toggle: bool = True
    note: str = ""

    kind = ""

    def problems(self) -> Iterator[str]:
        """Yield every reason why the layer cannot be drawn, or may not be shown."""
        yield from ()

    def legend_rows(self) -> list[dict[str, Any]]:
        """Return the layer's lines of the legend; none by default."""
        return []

    def body(self) -> dict[str, Any]:
        """Return the layer's own part of the JSON object."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """Return the layer as JSON-ready values."""
        head = {"kind": self.kind, "id": self.layer_id, "title": self.title, "noun": self.noun}
        return head | {"visible": self.visible, "toggle": self.toggle} | self.body()


def located(geometry: Geometry) -> dict[str, Any]:
    """Return a geometry as JSON-ready values."""
    if geometry.url is not None:
        return {"url": geometry.url}
    return {"inline": geometry.inline}


def styled(style: Style) -> dict[str, Any]:
    """Return a look as JSON-ready values, without what it does not have."""
    return {key: value for key, value in asdict(style).items() if value not in (None, ())}


def columns(facts: Sequence[Facts]) -> dict[str, Any]:
    """Return the texts by column; a column that says the same everywhere is said once."""
    found: dict[str, Any] = {}
    for name in ("name", "value", "pair", "year", "source", "note"):
        column = [getattr(fact, name) for fact in facts]
        if any(column):
            found[name] = column[0] if len(set(column)) == 1 else column
    return found
