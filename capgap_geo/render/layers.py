"""The layers of a map: areas, surfaces, lines, facilities, places, online tiles.

Each can say what is wrong with it, how it stands in the legend and how it travels to the painter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from capgap_geo.privacy import PROTECTED_SERVICES
from capgap_geo.render import mapcheck, theme
from capgap_geo.render.layer import (
    Badge,
    BadgeLine,
    ClassEntry,
    Facts,
    Geometry,
    Layer,
    columns,
    located,
    styled,
)
from capgap_geo.render.theme import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLayer(Layer):
    """Polygons coloured by class: choropleth, reach deserts, mining zones, neighbours.

    Parameters
    ----------
    ids, classes, facts
        One id, one class character and one set of texts per area, in the same order. `facts` may be
        empty for areas that say nothing.
    entries
        Every class that `classes` uses, in the order of the legend.
    anchors
        Points by id at which names stand; without it the painter finds the middle of each area.
    names, name_style, name_colour, names_from
        Draw the names on the map, in ``"caps"`` or ``"plain"``, from a zoom.
    min_zoom
        Drawn from this zoom.
    badges, badge_line
        By area id, and their line in the legend.
    within
        The layer of areas beyond whose borders nothing of this one is drawn.
    legend, counted
        Stands in the legend, with the number of areas in each class.
    base
        Ground under the subject: says nothing, and gives way to online tiles.
    """

    geometry: Geometry
    ids: tuple[str, ...]
    classes: str
    entries: tuple[ClassEntry, ...]
    facts: tuple[Facts, ...] = ()
    anchors: Geometry | None = None
    names: bool = False
    name_style: str = "caps"
    name_colour: str = theme.INK
    names_from: float = 0.0
    min_zoom: float = 0.0
    base: bool = False
    badges: Mapping[str, Badge] = field(default_factory=dict)
    badge_line: BadgeLine | None = None
    within: str = ""
    legend: bool = True
    counted: bool = True

    kind = "areas"

    def problems(self) -> Iterator[str]:
        """Yield unequal lengths, classes without a style, badges without an area."""
        yield from mapcheck.lengths(ids=self.ids, classes=self.classes)
        if self.facts:
            yield from mapcheck.lengths(ids=self.ids, facts=self.facts)
        unknown = sorted(set(self.classes) - {entry.character for entry in self.entries})
        if unknown:
            yield f"classes without a style: {', '.join(map(repr, unknown))}"
        for entry in self.entries:
            yield from mapcheck.style(entry.style)
        for geometry in filter(None, (self.geometry, self.anchors)):
            yield from mapcheck.geometry(geometry.url, geometry.inline)
        for key, badge in self.badges.items():
            if key not in self.ids:
                yield f"badge of an unknown area {key!r}"
            yield from mapcheck.symbol(badge.symbol)

    def legend_rows(self) -> list[dict[str, Any]]:
        """Return one line per class with the number of areas in it."""
        if not self.legend:
            return []
        counts = [self.classes.count(e.character) if self.counted else None for e in self.entries]
        return [
            {"style": styled(e.style), "label": e.label, "count": n}
            for e, n in zip(self.entries, counts, strict=True)
        ]

    def badge_rows(self) -> list[dict[str, Any]]:
        """Return the lines that explain the badges, if there are some."""
        rows: list[dict[str, Any]] = []
        if self.badge_line is not None and self.badges:
            mark: dict[str, Any] = {"symbol": self.badge_line.symbol, "count": None}
            rows.append(mark | {"label": self.badge_line.label})
            if any(badge.open for badge in self.badges.values()):
                rows.append(mark | {"label": self.badge_line.open_label, "open": True})
        for badge in {badge.legend: badge for badge in self.badges.values() if badge.legend}.values():
            look = {"kind": badge.kind, "proposed": badge.proposed}
            rows.append({"symbol": badge.symbol, "count": None, "label": badge.legend, **look})
        return rows

    def body(self) -> dict[str, Any]:
        """Return geometry, classes, styles and texts."""
        body = {
            "geometry": located(self.geometry),
            "ids": list(self.ids),
            "classes": self.classes,
            "styles": {e.character: styled(e.style) for e in self.entries},
            "facts": columns(self.facts),
            "names": self.names,
            "name_style": self.name_style,
            "name_colour": self.name_colour,
            "names_from": self.names_from,
            "min_zoom": self.min_zoom,
            "base": self.base,
            "within": self.within,
        }
        if self.anchors is not None:
            body["anchors"] = located(self.anchors)
        if self.badges:
            body["badges"] = {key: asdict(badge) for key, badge in self.badges.items()}
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceLayer(Layer):
    """An image of classes whose rows are evenly spaced in Web Mercator.

    Parameters
    ----------
    image
        A PNG as data URI, or a relative URL.
    bounds
        South, west, north and east edge in degrees.
    entries
        Its classes, for the legend.
    within
        The layer of areas beyond whose borders nothing of this one is drawn.
    """

    image: str
    bounds: tuple[float, float, float, float]
    entries: tuple[ClassEntry, ...] = ()
    opacity: float = 1.0
    within: str = ""

    kind = "surface"

    def problems(self) -> Iterator[str]:
        """Yield an image that is not ours, or edges the wrong way round."""
        yield from mapcheck.image(self.image)
        south, west, north, east = self.bounds
        if not (south < north and west < east):
            yield f"bounds: found {self.bounds}, use south, west, north, east"

    def legend_rows(self) -> list[dict[str, Any]]:
        """Return one line per class, without a count: cells are not things."""
        return [{"style": styled(e.style), "label": e.label, "count": None} for e in self.entries]

    def body(self) -> dict[str, Any]:
        """Return image, bounds and opacity."""
        body = {"image": self.image, "bounds": list(self.bounds), "opacity": self.opacity}
        return body | {"within": self.within}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLayer(Layer):
    """Roads or rivers."""

    geometry: Geometry
    style: Style
    legend: bool = True

    kind = "lines"

    def problems(self) -> Iterator[str]:
        """Yield a geometry or a style that cannot be used."""
        yield from mapcheck.geometry(self.geometry.url, self.geometry.inline)
        yield from mapcheck.style(self.style)

    def legend_rows(self) -> list[dict[str, Any]]:
        """Return one line."""
        row = {"line": styled(self.style), "label": self.title, "count": None}
        return [row] if self.legend else []

    def body(self) -> dict[str, Any]:
        """Return geometry and style."""
        return {"geometry": located(self.geometry), "style": styled(self.style)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLayer(Layer):
    """Facilities of one service at their towns. Shelters are refused: they are badges.

    Parameters
    ----------
    symbol
        The service; shape and colour follow from it.
    ids, points, facts
        One id, one (latitude, longitude) and one set of texts per facility.
    open_ids
        Facilities with weaker evidence, drawn as an outline.
    open_label
        What the outline means, without the service: one line explains it for all services.
    counts
        How many there are with each evidence, in words.
    ringed
        Drawn in a ring: what does not exist, but is planned or proposed.
    """

    symbol: str
    ids: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    facts: tuple[Facts, ...]
    open_ids: frozenset[str] = frozenset()
    open_label: str = ""
    counts: str = ""
    ringed: bool = False

    kind = "points"

    def problems(self) -> Iterator[str]:
        """Yield unequal lengths, and above all a protected service as points."""
        if self.symbol in PROTECTED_SERVICES:
            yield f"{self.symbol} may not be drawn as points: use a badge of the department"
        yield from mapcheck.symbol(self.symbol)
        yield from mapcheck.lengths(ids=self.ids, points=self.points, facts=self.facts)

    def legend_rows(self) -> list[dict[str, Any]]:
        """Return one line: how many, and how many of them with weaker evidence."""
        weak = sum(i in self.open_ids for i in self.ids)
        row = {"symbol": self.symbol, "label": self.title, "count": len(self.ids) - weak}
        row |= {"ring": True} if self.ringed else {}
        row |= {"counts": self.counts} if weak and self.counts else {}
        return [row | ({"open_count": weak} if weak else {})]

    def open_row(self) -> list[dict[str, Any]]:
        """Return the line that explains the outlined symbol, if one is drawn."""
        drawn = self.open_label and any(i in self.open_ids for i in self.ids)
        return (
            [{"symbol": self.symbol, "open": True, "label": self.open_label, "count": None}] if drawn else []
        )

    def body(self) -> dict[str, Any]:
        """Return positions, symbol and texts."""
        return {
            "symbol": self.symbol,
            "ids": list(self.ids),
            "lat": [round(lat, 4) for lat, _ in self.points],
            "lon": [round(lon, 4) for _, lon in self.points],
            "open": "".join("1" if i in self.open_ids else "0" for i in self.ids),
            "facts": columns(self.facts),
        } | ({"ring": True} if self.ringed else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLayer(Layer):
    """Towns with their names, each from the zoom at which it matters."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    min_zooms: tuple[float, ...]

    kind = "places"

    def problems(self) -> Iterator[str]:
        """Yield unequal lengths."""
        yield from mapcheck.lengths(ids=self.ids, names=self.names, points=self.points, zooms=self.min_zooms)

    def body(self) -> dict[str, Any]:
        """Return positions, names and zooms."""
        return {
            "ids": list(self.ids),
            "names": list(self.names),
            "lat": [round(lat, 4) for lat, _ in self.points],
            "lon": [round(lon, 4) for _, lon in self.points],
            "min_zoom": list(self.min_zooms),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TileLayer(Layer):
    """Online map tiles, off at first; they remove themselves after three errors.

    Parameters
    ----------
    url
        An https template with ``{z}``, ``{x}`` and ``{y}``.
    credit
        Shown while they are on.
    """

    url: str
    credit: str
    visible: bool = False

    kind = "tiles"

    def problems(self) -> Iterator[str]:
        """Yield an address or a credit that is missing."""
        if not (self.url.startswith("https://") and all(f"{{{k}}}" in self.url for k in "zxy")):
            yield "tiles need an https address with {z}, {x} and {y}"
        if not self.credit:
            yield "tiles need a credit"

    def body(self) -> dict[str, Any]:
        """Return address and credit."""
        return {"url": self.url, "credit": self.credit}
