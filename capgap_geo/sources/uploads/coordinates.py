"""Read positions as people write them: degrees, minutes and seconds, swapped, or metres of a UTM zone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from capgap_geo.sources.read import PERU_BOUNDS
from capgap_geo.sources.uploads.numbers import Style, to_number

Axis = Literal["longitude", "latitude"]
_LETTERS = {"N": 1, "S": -1, "E": 1, "W": -1, "O": -1}
_AXIS_OF = {"N": "latitude", "S": "latitude", "E": "longitude", "W": "longitude", "O": "longitude"}
_PARTS = re.compile(
    r"(?P<d>\d{1,3}(?:[.,]\d+)?)\s*(?:°|º|˚|d|deg|grados)?[\s:]*"
    r"(?:(?P<m>\d{1,2}(?:[.,]\d+)?)\s*(?:'|′|’|´|m|min)?[\s:]*)?"
    r"(?:(?P<s>\d{1,2}(?:[.,]\d+)?)\s*(?:\"|″|”|''|´´|’’|s|seg|sec)?)?",
    re.IGNORECASE,
)
_LEADING, _TRAILING = re.compile(r"([NSEWO])(?![A-Z])"), re.compile(r"(?<![A-Z])([NSEWO])$")
_WORDS = {
    "NORTE": "N",
    "SUR": "S",
    "ESTE": "E",
    "OESTE": "W",
    "NORTH": "N",
    "SOUTH": "S",
    "EAST": "E",
    "WEST": "W",
}
#: Swapped columns put longitudes where latitudes belong: both may reach 180.
_FARTHEST = 180.0
_UTM_ZONE = re.compile(r"\s*(?:UTM\s*)?(17|18|19)\s*([SKLM]|SUR|SOUTH)?\s*", re.IGNORECASE)


def to_degrees(text: str | None, axis: Axis, style: Style | None = None) -> float | None:
    r"""Return degrees, or None where the text is no coordinate of this axis.

    Examples
    --------
    >>> to_degrees("12°35'30''S", "latitude"), to_degrees("O 69 30", "longitude")
    (-12.591666666666667, -69.5)
    """
    if text is None or len(text) > 60:
        return None
    plain = to_number(text, style)
    if plain is None and style is None:
        plain = to_number(text, Style(","))
    if plain is not None:
        return plain if abs(plain) <= _FARTHEST else None
    return _sexagesimal(text, axis)


def _sexagesimal(text: str, axis: Axis) -> float | None:
    bare = unicodedata.normalize("NFC", text).replace("−", "-").upper().strip()
    for word, letter in _WORDS.items():
        bare = re.sub(rf"\b{word}\b", letter, bare)
    sign = 1.0
    mark = _LEADING.match(bare) or _TRAILING.search(bare)
    if mark:
        if _AXIS_OF[mark.group(1)] != axis or (mark.start() == 0 and re.search(r"\s[NSEWO]$", bare)):
            return None
        sign = _LETTERS[mark.group(1)]
        bare = (bare[: mark.start()] + bare[mark.end() :]).strip()
    if bare.startswith(("-", "+")):
        sign, bare = (-1.0 if bare[0] == "-" else 1.0), bare[1:].strip()
    match = _PARTS.fullmatch(bare)
    if match is None:
        return None
    degrees, minutes, seconds = (float(g.replace(",", ".")) if g else 0.0 for g in match.group("d", "m", "s"))
    value = sign * (degrees + minutes / 60 + seconds / 3600)
    return value if minutes < 60 and seconds < 60 and abs(value) <= _FARTHEST else None


def split_position(text: str | None) -> tuple[str | None, str | None]:
    """Part one cell with both coordinates in two texts, the latitude first, as maps copy them.

    Examples
    --------
    >>> split_position("-12.59, -69.18"), split_position("12°35'S 69°11'O")
    (('-12.59', '-69.18'), ("12°35'S", "69°11'O"))
    """
    if text is None or len(text) > 120:
        return None, None
    bare = text.strip().strip("()[]")
    for pattern in (r"(.*[NS])[\s,;]+(.*[EWO])", r"([^;]+);([^;]+)", r"([^,]+),\s*([^,]+)", r"(\S+)\s+(\S+)"):
        match = re.fullmatch(pattern, bare, re.IGNORECASE)
        if match:
            return match.group(1).strip(), match.group(2).strip()
    return text, None


def utm_epsg(text: str | None) -> int | None:
    """Return the EPSG code of a southern UTM zone that touches Peru: ``18S``, ``18 L``, ``18``."""
    match = _UTM_ZONE.fullmatch(text or "")
    return 32700 + int(match.group(1)) if match else None


def inside_peru(longitude: float, latitude: float) -> bool:
    """Return whether a position lies in the rectangle that holds Peru."""
    west, south, east, north = PERU_BOUNDS
    return west <= longitude <= east and south <= latitude <= north


def swapped(longitude: Sequence[float], latitude: Sequence[float]) -> list[bool]:
    """Return which positions lie in Peru only when their coordinates are exchanged.

    The longitudes of Peru are none of its latitudes, so this is never in doubt.
    """
    pairs = zip(longitude, latitude, strict=True)
    return [not inside_peru(x, y) and inside_peru(y, x) for x, y in pairs]
