"""The legend of a printed map: measured first, so that it can be made to fit, then drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely

from capgap_geo.i18n import Translator
from capgap_geo.render import print_texture, theme
from capgap_geo.render.layer import Layer
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.print_fonts import LEADING, Weight, width, wrap
from capgap_geo.render.print_geometry import path_of
from capgap_geo.render.print_page import Box, Ink, Page, symbols
from capgap_geo.render.theme import Style, Texture

#: Sizes that are tried, largest first, as shares of the wanted one.
SHRINK = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64)
#: What is left out if even the smallest letters do not fit; the notes on mining never are.
_NEEDLESS = ("lines", "notes")
_KEEP_NOTE = "zones"
#: A column is at most this many letters' sizes wide, so that a count stands near its text.
_WIDEST = 26.0


@dataclass(frozen=True)
class Row:
    """One line: a sample, its text, and how many there are."""

    layer: str
    label: str
    count: str = ""
    style: Style | None = None
    line: Style | None = None
    symbol: str = ""
    hollow: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under a title."""

    rows: tuple[Row, ...]
    title: str = ""
    note: str = ""


def groups(spec: MapSpec, layers: Iterable[Layer], t: Translator, *, zoomed: bool = False) -> list[Group]:
    """Return what the legend says of the layers that are drawn.

    A map of a part of the country says that its legend counts the whole.
    """
    seen = list(layers)
    ids = {layer.layer_id for layer in seen}
    found = []
    for group in spec.legend():
        rows = [_row(raw, t) for raw in group["rows"] if raw["layer"] in ids]
        if rows:
            found.append(Group(tuple(rows), group["title"], group["note"]))
    lines = [row for group in found for row in group.rows if row.line is not None]
    areas = [group for group in found if group.rows[0].line is None]
    if areas and zoomed:
        note = " ".join(filter(None, [areas[-1].note, t("map.counts_country")]))
        areas[-1] = replace(areas[-1], note=note)
    return [*areas, Group(tuple(lines))] if lines else areas


def _row(raw: Mapping[str, Any], t: Translator) -> Row:
    count = "" if raw.get("count") is None else t.number(raw["count"] + raw.get("open_count", 0))
    label = raw["label"]
    if raw.get("counts"):
        label, count = f"{label}: {raw['counts']}", ""
    return Row(
        raw["layer"], label, count,
        style=_style(raw.get("style")), line=_style(raw.get("line")),
        symbol=raw.get("symbol", ""), hollow=bool(raw.get("open")),
    )  # fmt: skip


def _style(raw: Mapping[str, Any] | None) -> Style | None:
    if raw is None:
        return None
    texture = raw.get("texture")
    return Style(**{**raw, "texture": Texture(**texture) if texture else None})


@dataclass(frozen=True)
class Legend:
    """A legend of a width, in columns, with letters of a size.

    Attributes
    ----------
    wide
        Width of one column, in pixels.
    """

    columns: tuple[tuple[Group, ...], ...]
    wide: float
    size: float

    @property
    def height(self) -> float:
        """Height of the longest column."""
        return max((self._height(column) for column in self.columns), default=0.0)

    def _height(self, column: Sequence[Group]) -> float:
        gaps = 0.75 * self.size * max(0, len(column) - 1)
        return gaps + sum(self.group_height(group) for group in column)

    def group_height(self, group: Group) -> float:
        """Return the height of one group."""
        step = self.size * LEADING
        head = len(self.title(group)) * step + (0.15 * self.size if group.title else 0.0)
        rows = sum(self.row_height(row) for row in group.rows)
        return head + rows + len(self.note(group)) * self.note_size * LEADING

    def row_height(self, row: Row) -> float:
        """Return the height of one line of the legend."""
        return len(self.label(row)) * self.size * LEADING + 0.2 * self.size

    @property
    def note_size(self) -> float:
        """Size of the small print."""
        return 0.82 * self.size

    @property
    def sample(self) -> float:
        """Width of the sample before a text."""
        return 2.3 * self.size

    def title(self, group: Group) -> tuple[str, ...]:
        """Return the lines of a group's title."""
        return wrap(group.title, self.size, self.wide, Weight.SEMIBOLD) if group.title else ()

    def note(self, group: Group) -> tuple[str, ...]:
        """Return the lines of a group's note."""
        return wrap(group.note, self.note_size, self.wide) if group.note else ()

    def label(self, row: Row) -> tuple[str, ...]:
        """Return the lines of a row's text."""
        room = self.wide - self.sample
        if row.count:
            room -= width(row.count, self.size, Weight.SEMIBOLD) + 0.6 * self.size
        return wrap(row.label, self.size, room)


def fitted(found: Sequence[Group], room: Box, size: float, *, columns: int = 1) -> Legend:
    """Return the legend that fits a box: smaller if need be, and then without the least of it."""
    best = _legend(found, room, size, columns)
    for left_out in ((), _NEEDLESS[:1], _NEEDLESS):
        kept = _without(found, left_out)
        for share in SHRINK:
            best = _legend(kept, room, size * share, columns)
            if best.height <= room.height:
                return best
    return best


def _without(found: Sequence[Group], left_out: Sequence[str]) -> list[Group]:
    kept = [g for g in found if not ("lines" in left_out and g.rows[0].line is not None)]
    if "notes" not in left_out:
        return kept
    return [g if g.rows[0].layer == _KEEP_NOTE else replace(g, note="") for g in kept]


def _legend(found: Sequence[Group], room: Box, size: float, columns: int) -> Legend:
    gutter = 1.6 * size
    wide = min((room.width - gutter * (columns - 1)) / columns, _WIDEST * size)
    options = (Legend(tuple(parts), wide, size) for parts in _splits(tuple(found), columns))
    return min(options, key=lambda legend: legend.height)


def _splits(found: tuple[Group, ...], columns: int) -> Iterable[list[tuple[Group, ...]]]:
    if columns == 1 or len(found) < 2:
        yield [found]
        return
    for cut in range(1, len(found)):
        for rest in _splits(found[cut:], columns - 1):
            yield [found[:cut], *rest]


def draw(page: Page, legend: Legend, left: float, top: float) -> None:
    """Draw a legend from its upper left corner."""
    for number, column in enumerate(legend.columns):
        x, y = left + number * (legend.wide + 1.6 * legend.size), top
        for group in column:
            y = _group(page, legend, group, x, y) + 0.75 * legend.size


def _group(page: Page, legend: Legend, group: Group, x: float, y: float) -> float:
    title = legend.title(group)
    if title:
        y = page.lines(x, y, title, Ink(legend.size, Weight.SEMIBOLD)) + 0.15 * legend.size
    for row in group.rows:
        _draw_row(page, legend, row, x, y)
        y += legend.row_height(row)
    return page.lines(x, y, legend.note(group), Ink(legend.note_size, colour=theme.INK_SOFT))


def _draw_row(page: Page, legend: Legend, row: Row, x: float, y: float) -> None:
    size = legend.size
    middle = y + 0.5 * size * LEADING
    box = Box(x, middle - 0.46 * size, 1.7 * size, 0.92 * size)
    if row.style is not None:
        swatch(page, box, row.style, scale=size / 12.5)
    elif row.line is not None:
        page.rule(
            box.left,
            middle,
            box.right,
            colour=row.line.stroke or theme.INK,
            thickness=row.line.width * size / 9,
        )
    elif row.symbol:
        symbols(page.axes, row.symbol, [(box.left + box.width / 2, middle)], 1.1 * size, hollow=row.hollow)
    page.lines(x + legend.sample, y, legend.label(row), Ink(size))
    if row.count:
        ink = Ink(size, Weight.SEMIBOLD)
        page.write(x + legend.wide, middle, row.count, ink, align="right")


def swatch(page: Page, box: Box, style: Style, *, scale: float) -> None:
    """Draw a sample of a style: its fill, texture and edge as on the map."""
    outline = shapely.box(box.left, box.top, box.right, box.bottom)
    page.fill(box, theme.PAPER)
    if style.fill is not None:
        page.fill(box, _mixed(style.fill, style.fill_opacity))
    if style.texture is not None:
        print_texture.draw(page.axes, outline, style.texture, pixel=1.0, scale=scale, down=True)
    edge = style.stroke if style.stroke and style.stroke != "#FFFDF8" else theme.RULE
    page.outline(path_of(outline), edge, max(0.8, style.width) * scale, style.dash, scale)


def _mixed(colour: str, opacity: float) -> str:
    """Return a colour as it looks on paper."""
    pairs = zip(_rgb(colour), _rgb(theme.PAPER), strict=True)
    return "#" + "".join(f"{round(opacity * a + (1 - opacity) * b):02X}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
