"""Colours, class limits, textures and symbols: decided once, read by every map.

The sequence of greys in each ramp falls steadily, so a print in greyscale keeps the order;
hues are chosen on the blue-yellow axis, which the common colour-vision deficiencies keep.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from capgap_geo.model import Service

FONT = "Public Sans Variable"

PAPER = "#FAF7F0"
PAPER_DEEP = "#F1ECE0"
INK = "#1D2327"
INK_SOFT = "#5A6268"
RULE = "#CFC8B8"
SEA = "#E1E9EB"
LAND = "#EEE9DE"
ACCENT = "#B4341F"
RIVER = "#8FB0BE"
ROAD = "#A39A88"

#: Upper limits, inclusive, of the travel-time classes in minutes and of the distance classes in km.
TIME_LIMITS_MIN: tuple[float, ...] = (60.0, 120.0, 240.0, 480.0, 720.0)
DISTANCE_LIMITS_KM: tuple[float, ...] = (25.0, 50.0, 100.0, 200.0)

#: The class character of a value that is not known. Never a class of a known value.
UNKNOWN = "u"
#: Class characters of known values, lowest first.
CLASS_CHARACTERS = "0123456789"

_NEED = ("#F4E9E0", "#E2BBBD", "#BD849E", "#8A517F", "#542A5E", "#2B1239")
_SUPPLY = ("#EAF0EA", "#B8D5CB", "#86B5AE", "#528C91", "#296777", "#123B52")
_CHANGE = ("#123B52", "#3F86B0", "#BCD6E2", "#F2EEE4", "#E6BCC2", "#A8486A", "#4A1228")
#: Which colours of a ramp serve a number of classes: wide, even steps; the deepest only if needed.
_STEPS = {2: (1, 4), 3: (0, 2, 4), 4: (0, 2, 3, 4), 5: (0, 1, 2, 3, 4), 6: (0, 1, 2, 3, 4, 5)}


@dataclass(frozen=True, slots=True)
class Texture:
    """A repeated mark over (or instead of) a fill.

    Parameters
    ----------
    mark
        ``"hatch"`` (rising lines), ``"backhatch"`` (falling lines) or ``"stipple"`` (dots).
    colour
        Colour of the marks.
    gap, width
        Distance between marks and their thickness, in screen pixels.
    """

    mark: str
    colour: str
    gap: float = 6.0
    width: float = 1.2


@dataclass(frozen=True, slots=True)
class Style:
    """How an area or a line is drawn. Widths and dashes are in screen pixels."""

    fill: str | None = None
    fill_opacity: float = 1.0
    stroke: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    texture: Texture | None = None

    def with_(self, **changes: object) -> Style:
        """Return a copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A solid silhouette in a box of 16 x 16, as absolute M, L, C and Z commands."""

    path: str
    colour: str


#: One shape AND one colour per service; they read apart without colour and at 16 pixels.
SYMBOLS: Mapping[Service, Symbol] = MappingProxyType(
    {
        Service.POLICE: Symbol(
            "M8 0.8 C6.2 2.4 4 3.1 1.8 3.1 L1.8 8 C1.8 11.6 4.4 14.2 8 15.5 "
            "C11.6 14.2 14.2 11.6 14.2 8 L14.2 3.1 C12 3.1 9.8 2.4 8 0.8 Z",
            "#3566C0",
        ),
        Service.PROSECUTION: Symbol(
            "M7.1 0.8 L8.9 0.8 L8.9 2.6 L13.5 2.6 L15.9 9 C15.7 10.9 14.5 11.8 12.9 11.8 "
            "C11.3 11.8 10.1 10.9 9.9 9 L11.6 4.5 L8.9 4.5 L8.9 13.2 L12.2 13.2 L12.2 15.2 "
            "L3.8 15.2 L3.8 13.2 L7.1 13.2 L7.1 4.5 L4.4 4.5 L6.1 9 C5.9 10.9 4.7 11.8 3.1 11.8 "
            "C1.5 11.8 0.3 10.9 0.1 9 L2.5 2.6 L7.1 2.6 Z",
            "#1C1C1C",
        ),
        Service.SHELTER: Symbol(
            "M8 1 L15.6 7.8 L13.6 7.8 L13.6 14.8 L9.9 14.8 L9.9 10.2 L6.1 10.2 L6.1 14.8 "
            "L2.4 14.8 L2.4 7.8 L0.4 7.8 Z",
            "#006048",
        ),
        Service.PROTECTION: Symbol(
            "M7.2 0.6 L8.8 0.6 L8.8 2 C12.8 2.4 15.7 5.3 15.8 9 L8.9 9 L8.9 12.8 "
            "C8.9 14.5 7.8 15.4 6.4 15.4 C4.9 15.4 3.8 14.4 3.8 12.8 L5.6 12.8 "
            "C5.6 13.4 5.9 13.7 6.4 13.7 C6.9 13.7 7.1 13.4 7.1 12.8 L7.1 9 L0.2 9 "
            "C0.3 5.3 3.2 2.4 7.2 2 Z",
            "#A34A00",
        ),
        Service.VICTIM_SUPPORT: Symbol(
            "M8 15 C3 11.2 0.6 8.5 0.6 5.3 C0.6 2.9 2.4 1.2 4.6 1.2 C6 1.2 7.2 2 8 3.3 "
            "C8.8 2 10 1.2 11.4 1.2 C13.6 1.2 15.4 2.9 15.4 5.3 C15.4 8.5 13 11.2 8 15 Z",
            "#D6246E",
        ),
        Service.FIRST_RESPONSE: Symbol(
            "M3.6 1.8 L12.4 1.8 C14.4 1.8 15.8 3.1 15.8 5.1 L15.8 7.3 C15.8 9.3 14.4 10.6 12.4 10.6 "
            "L8.2 10.6 L3.6 15 L4.2 10.6 L3.6 10.6 C1.6 10.6 0.2 9.3 0.2 7.3 L0.2 5.1 "
            "C0.2 3.1 1.6 1.8 3.6 1.8 Z",
            "#5B1A4A",
        ),
    }
)

_MINING = "#B97A00"
_MINING_DEEP = "#6E4800"
MINING_NAME = _MINING_DEEP
_DESERT = "#8A517F"
_DESERT_DEEP = "#542A5E"

#: Not known: grey hatch on paper, for areas of every kind.
UNKNOWN_STYLE = Style(
    fill="#F3F1EC", stroke="#B9B5AB", width=0.6, texture=Texture("hatch", "#A9A59B", gap=6.0, width=1.1)
)
#: Reach deserts: where both bounds agree, and where only the strict evidence says so.
DESERT_STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "robust": Style(fill=_DESERT, fill_opacity=0.62, stroke=_DESERT_DEEP, width=1.0),
        "strict_only": Style(
            stroke=_DESERT_DEEP, width=0.8, texture=Texture("backhatch", _DESERT, gap=5.0, width=1.3)
        ),
    }
)
#: Land that a plan brings within reach, and land that it takes out of it.
PLAN_STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "gained": Style(
            fill=_CHANGE[2], fill_opacity=0.8, stroke=_CHANGE[0], width=1.0,
            texture=Texture("hatch", _CHANGE[1], gap=6.0, width=1.2),
        ),
        "lost": Style(
            fill=_CHANGE[4], fill_opacity=0.8, stroke=_CHANGE[6], width=1.0,
            texture=Texture("backhatch", _CHANGE[5], gap=4.0, width=1.4),
        ),
    }
)  # fmt: skip
#: Mining zones by how their outline is known.
MINING_STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "exact": Style(
            fill="#E5B34A", fill_opacity=0.75, stroke=_MINING_DEEP, width=1.3,
            texture=Texture("stipple", _MINING_DEEP, gap=4.0, width=1.2),
        ),
        "schematic": Style(
            fill="#E5B34A", fill_opacity=0.4, stroke=_MINING_DEEP, width=1.3, dash=(6.0, 4.0),
            texture=Texture("stipple", _MINING, gap=5.0, width=1.2),
        ),
        "proxy": Style(
            stroke=_MINING_DEEP, width=1.6, dash=(1.5, 3.5),
            texture=Texture("stipple", _MINING, gap=8.0, width=1.3),
        ),
    }
)  # fmt: skip
#: Quiet things under and around the subject.
NEIGHBOUR_STYLE = Style(fill=LAND, stroke="#D6CFBF", width=0.8)
HOME_STYLE = Style(fill=PAPER, stroke="#B9B1A0", width=0.8)
ROAD_STYLE = Style(stroke=ROAD, width=0.9)
RIVER_STYLE = Style(stroke=RIVER, width=1.1)


def ramp(count: int, *, kind: str = "need") -> tuple[str, ...]:
    """Return `count` colours, pale to deep.

    Parameters
    ----------
    count
        From 2 to 6 colours; ``kind="change"`` has always seven.
    kind
        ``"need"`` (more is worse), ``"supply"`` (more is better) or ``"change"`` (better to worse).

    Examples
    --------
    >>> ramp(2)
    ('#E2BBBD', '#542A5E')
    """
    if kind == "change":
        return _CHANGE
    stops = {"need": _NEED, "supply": _SUPPLY}[kind]
    if count not in _STEPS:
        raise ValueError(f"ramp: found {count} classes, use 2 to {len(stops)}")
    return tuple(stops[i] for i in _STEPS[count])


def ramp_styles(count: int, *, kind: str = "need") -> dict[str, Style]:
    """Return the styles of `count` classes by class character, and of the unknown."""
    colours = ramp(count, kind=kind)
    styles = {CLASS_CHARACTERS[i]: Style(fill=c, stroke="#FFFDF8", width=0.7) for i, c in enumerate(colours)}
    return styles | {UNKNOWN: UNKNOWN_STYLE}


def classify(values: Iterable[float], limits: Sequence[float]) -> str:
    """Return one class character per value; limits are inclusive upper limits.

    NaN is `UNKNOWN`; infinity (out of reach) is the last class.

    Examples
    --------
    >>> classify([0, 60, 60.1, float("inf"), float("nan")], (60, 120))
    '0012u'
    """
    if any(a >= b for a, b in pairwise(limits)):
        raise ValueError(f"limits: found {tuple(limits)}, they must rise")
    return "".join(_class_of(float(value), limits) for value in values)


def _class_of(value: float, limits: Sequence[float]) -> str:
    if math.isnan(value):
        return UNKNOWN
    return CLASS_CHARACTERS[sum(value > limit for limit in limits)]


def symbol_outline(symbol: Symbol) -> tuple[list[tuple[float, float]], list[str]]:
    """Return the vertices (y downwards) and their commands, one of M, L, C, Z per vertex.

    What a library that draws paths by vertices and codes needs.

    Examples
    --------
    >>> symbol_outline(Symbol("M0 0 L16 0 Z", "#000000"))
    ([(0.0, 0.0), (16.0, 0.0), (0.0, 0.0)], ['M', 'L', 'Z'])
    """
    vertices: list[tuple[float, float]] = []
    commands: list[str] = []
    command, numbers = "M", list[float]()
    for word in (
        symbol.path.replace("Z", " Z ").replace("M", " M ").replace("L", " L ").replace("C", " C ").split()
    ):
        if word == "Z":
            vertices.append((0.0, 0.0))
            commands.append("Z")
        elif word in "MLC":
            command = word
        else:
            numbers.append(float(word))
            if len(numbers) == 2:
                vertices.append((numbers[0], numbers[1]))
                commands.append(command)
                numbers.clear()
    return vertices, commands
