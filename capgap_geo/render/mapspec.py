"""What to draw, as data: layers with their classes, texts, legend, labels, credits and view.

One `MapSpec` feeds the live map, the notebook map, the standalone file and the print map. It holds
texts in one language and no markup; hosts write them as text, never as code.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from capgap_geo.errors import SchemaError
from capgap_geo.render import theme
from capgap_geo.render.layer import Badge, BadgeLine, ClassEntry, Facts, Geometry, Layer
from capgap_geo.render.layers import AreaLayer, LineLayer, PlaceLayer, PointLayer, SurfaceLayer, TileLayer
from capgap_geo.render.theme import Style

VERSION = 1
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
#: Texts that the painter itself needs, translated by the caller.
LABEL_KEYS: tuple[str, ...] = (
    "map",
    "zoom_in",
    "zoom_out",
    "layers",
    "legend",
    "find",
    "find_hint",
    "find_none",
    "close",
    "sources",
    "more",
    "copy_link",
    "copied",
    "tiles_failed",
    "load_failed",
    "retry",
    "counts_country",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """Where the map looks at first.

    Parameters
    ----------
    bounds
        South, west, north, east; used unless `center` and `zoom` are given.
    revision
        The map keeps the reader's view through every change, unless this text changes.
    """

    bounds: tuple[float, float, float, float] = (-18.5, -81.6, 0.1, -68.4)
    center: tuple[float, float] | None = None
    zoom: float | None = None
    revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSpec:
    """Everything that a map shows, in drawing order from the bottom.

    Parameters
    ----------
    title, headline, note
        Say what, where and when, and how sure it is; the standalone file and the poster print them.
    labels
        The painter's own texts by `LABEL_KEYS`.
    credits
        Who made what, one text each; a map without credits cannot be made.
    link
        The permalink of this view; the map adds ``at=lon,lat,zoom`` on "copy link".
    selected
        Layer id and feature id of what is chosen.
    still
        A picture: no controls, the whole legend, nothing to click.
    picking
        Clicks mean positions, as for adding a facility.

    Raises
    ------
    SchemaError
        With every problem at once: missing labels, unequal lengths, unknown classes, a shelter as a
        point, an address that is not ours.
    """

    layers: tuple[Layer, ...]
    title: str
    labels: Mapping[str, str]
    credits: tuple[str, ...]
    language: str = "es"
    headline: str = ""
    note: str = ""
    date: str = ""
    link: str = ""
    view: View = View()
    selected: tuple[str, str] | None = None
    picking: bool = False
    still: bool = False

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise SchemaError(
                "The map cannot be drawn: " + "; ".join(problems), details={"problems": problems}
            )

    def _problems(self) -> Iterator[str]:
        missing = [key for key in LABEL_KEYS if not self.labels.get(key)]
        if missing:
            yield f"labels: no text for {', '.join(missing)}"
        if not _LANGUAGE.fullmatch(self.language):
            yield f"language: found {self.language!r}, use a tag such as 'es'"
        if not self.credits:
            yield "credits: none; a map names its sources"
        for layer_id, n in Counter(layer.layer_id for layer in self.layers).items():
            if n > 1:
                yield f"layer {layer_id!r}: found {n} times, once is needed"
        for layer in self.layers:
            for problem in layer.problems():
                yield f"layer {layer.layer_id!r}: {problem}"

    def legend(self) -> list[dict[str, Any]]:
        """Return the legend in reading order: coloured areas, then all facilities, then lines.

        Returns
        -------
        list of dict
            ``title``, ``note`` and ``rows``; each row has its ``layer``, ``label``, ``count`` and one of
            ``style`` (an area), ``symbol`` or ``line``.
        """
        areas = [_group(layer) for layer in self.layers if layer.kind in ("areas", "surface")]
        points = [layer for layer in self.layers if isinstance(layer, PointLayer)]
        lines = [row for layer in self.layers if layer.kind == "lines" for row in _group(layer)["rows"]]
        ways = {"title": "", "note": "", "rows": lines}
        groups = [*areas, _facility_group(points, self._badge_rows()), ways]
        return [group for group in groups if group["rows"]]

    def _badge_rows(self) -> list[dict[str, Any]]:
        return [
            {"layer": layer.layer_id, **row}
            for layer in self.layers
            if isinstance(layer, AreaLayer)
            for row in layer.badge_rows()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the whole as JSON-ready values; what the painter reads."""
        return {
            "version": VERSION,
            "language": self.language,
            "title": self.title,
            "headline": self.headline,
            "note": self.note,
            "date": self.date,
            "link": self.link,
            "labels": dict(self.labels),
            "credits": list(self.credits),
            "theme": _theme(),
            "symbols": {str(name): asdict(symbol) for name, symbol in theme.SYMBOLS.items()},
            "view": asdict(self.view),
            "layers": [layer.to_dict() for layer in self.layers],
            "legend": self.legend(),
            "selected": list(self.selected) if self.selected else None,
            "picking": self.picking,
            "still": self.still,
        }

    def to_json(self) -> str:
        """Return compact JSON text; equal specs give equal text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def entries(styles: Mapping[str, Style], labels: Mapping[str, str]) -> tuple[ClassEntry, ...]:
    """Return the classes of a layer from styles and legend texts by class character."""
    return tuple(ClassEntry(key, styles[key], labels[key]) for key in labels)


def _group(layer: Layer) -> dict[str, Any]:
    rows = [{"layer": layer.layer_id, **row} for row in layer.legend_rows()]
    return {"title": layer.title, "note": layer.note, "rows": rows}


def _facility_group(points: Sequence[PointLayer], badges: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the facilities' lines: what is on at first stands first, and explains the outlined symbol."""
    layers = sorted(points, key=lambda layer: not layer.visible)
    rows = [{"layer": layer.layer_id, **row} for layer in layers for row in layer.legend_rows()]
    rows += [row for row in badges if not row.get("open")]
    open_rows = [{"layer": layer.layer_id, **row} for layer in layers for row in layer.open_row()]
    explained: dict[str, dict[str, Any]] = {}
    for row in [*(row for row in badges if row.get("open")), *open_rows]:
        explained.setdefault(row["label"], row)
    notes = dict.fromkeys(layer.note for layer in layers if layer.note)
    return {"title": "", "note": " ".join(notes), "rows": rows + list(explained.values())}


def _theme() -> dict[str, str]:
    names = ("PAPER", "PAPER_DEEP", "INK", "INK_SOFT", "RULE", "SEA", "LAND", "ACCENT", "FONT")
    return {name.lower(): getattr(theme, name) for name in names}


def texts_of(value: object) -> Iterator[str]:
    """Yield every text inside JSON-ready values; used to audit what leaves the process."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, Iterable):
        for item in value:
            yield from texts_of(item)


__all__ = [
    "LABEL_KEYS",
    "VERSION",
    "AreaLayer",
    "Badge",
    "BadgeLine",
    "ClassEntry",
    "Facts",
    "Geometry",
    "Layer",
    "LineLayer",
    "MapSpec",
    "PlaceLayer",
    "PointLayer",
    "SurfaceLayer",
    "TileLayer",
    "View",
    "entries",
    "texts_of",
]
