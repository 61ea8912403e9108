"""The typeface of print: its files, how wide a text is, and where its lines break."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

from capgap_geo.render.staticfiles import STATIC

FOLDER = STATIC / "fonts" / "print"
#: Pixels of a page are CSS pixels: 96 to the inch, where a point is 72.
POINTS = 0.75
#: Height of a line, as a multiple of the size of its letters.
LEADING = 1.28


class Weight(StrEnum):
    """The three weights that print uses."""

    REGULAR = "PublicSans_400Regular.ttf"
    SEMIBOLD = "PublicSans_600SemiBold.ttf"
    BOLD = "PublicSans_700Bold.ttf"

    @property
    def file(self) -> Path:
        """The TrueType file."""
        return FOLDER / self.value


@lru_cache(maxsize=1)
def _registered() -> Mapping[Weight, FontProperties]:
    """Tell matplotlib about the files once; fonts are then found by name, which SVG needs."""
    found = {}
    for weight in Weight:
        font_manager.fontManager.addfont(str(weight.file))
        entry = font_manager.fontManager.ttflist[-1]
        found[weight] = FontProperties(family=entry.name, weight=entry.weight)
    return found


@lru_cache(maxsize=256)
def font(weight: Weight, size: float) -> FontProperties:
    """Return a font of a size in pixels of the page."""
    properties = _registered()[weight].copy()
    properties.set_size(size * POINTS)
    return properties


@lru_cache(maxsize=3)
def _advances(weight: Weight) -> Mapping[int, float]:
    """Return the width of each character as a fraction of the size."""
    with TTFont(weight.file) as file:
        widths, em = file["hmtx"], file["head"].unitsPerEm
        return {code: widths[glyph][0] / em for code, glyph in file.getBestCmap().items()}


@lru_cache(maxsize=8192)
def width(text: str, size: float, weight: Weight = Weight.REGULAR) -> float:
    """Return the width of a text in pixels, without kerning: never too little by more than a hair."""
    advances = _advances(weight)
    return size * sum(advances.get(ord(letter), 0.6) for letter in text)


def has_glyph(letter: str) -> bool:
    """Return whether the typeface can write a character."""
    return ord(letter) in _advances(Weight.REGULAR)


@lru_cache(maxsize=8192)
def wrap(text: str, size: float, room: float, weight: Weight = Weight.REGULAR) -> tuple[str, ...]:
    """Return the lines of a text that is at most `room` pixels wide.

    Lines break at spaces (never at non-breaking ones); a word longer than a line breaks inside.
    """
    lines: list[str] = []
    for word in (part for whole in text.split(" ") for part in _pieces(whole, size, room, weight)):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width(joined, size, weight) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    return tuple(lines)


def _pieces(word: str, size: float, room: float, weight: Weight) -> list[str]:
    """Break a word that is longer than a line, such as an address."""
    if width(word, size, weight) <= room or len(word) < 2:
        return [word]
    cut = 1
    while cut < len(word) - 1 and width(word[: cut + 1], size, weight) <= room:
        cut += 1
    return [word[:cut], *_pieces(word[cut:], size, room, weight)]


@lru_cache(maxsize=1024)
def balanced(text: str, size: float, room: float, weight: Weight) -> tuple[str, ...]:
    """Return the lines of a headline: as few as `wrap` needs, but of similar length."""
    # A number and what it counts stay in one line.
    bound = re.sub(r"(?<=\d) (?=[^\W\d])", "\N{NO-BREAK SPACE}", text)
    lines = wrap(bound, size, room, weight)
    narrow = room
    while len(lines) > 1:
        narrow *= 0.97
        tried = wrap(bound, size, narrow, weight)
        if len(tried) > len(lines):
            break
        lines = tried
    return lines
