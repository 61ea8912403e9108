"""Search what leaves the process for the exact position or name of someone who hides. For tests."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from capgap_geo.privacy.unfold import plain, texts, unfold

#: One decimal of a degree is 11 km: finer than any department.
_COARSEST_DECIMALS = 1
#: With this many decimals one coordinate alone tells the place; with fewer it takes the pair.
_ALONE_DECIMALS = 5
#: A pair stands within this many characters.
_PAIR_SPAN = 160
_PROJECTED = ("EPSG:32717", "EPSG:32718", "EPSG:32719", "EPSG:3857", "ESRI:102033")
_OWN_GRID = "+proj=laea +lat_0=-9.5 +lon_0=-75 +datum=WGS84 +units=m"
_NUMBER = re.compile(r"(?<![\d.,])\d{1,9}(?:[.,]\d+)?(?:[eE][-+]?\d{1,2})?(?![\d])")
_DMS = re.compile(
    r"(?<!\d)(\d{1,3})\s?(?:°|º|d|deg|&deg;|:|\s)\s?(\d{1,2}(?:[.,]\d+)?)"
    r"(?:\s?(?:'|′|’|m|min|&#39;|:|\s)\s?(\d{1,2}(?:[.,]\d+)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Secret:
    """What must not get out: a position in degrees (WGS 84) and names."""

    longitude: float
    latitude: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leak:
    """Where something was found: ``how`` it was written, and the text around it."""

    secret: Secret
    how: str
    context: str


def find_leaks(content: bytes, secrets: Sequence[Secret], *, within_km: float = 0.0) -> list[Leak]:
    """Return every trace of the planted secrets that is finer than a department.

    Looks through archives, compressed streams (PDF, PNG, gzip), base64 and escapes; for decimal degrees
    with one decimal or more (rounded or cut, point or comma, any sign, either order), degrees and minutes
    (and seconds), UTM, Mercator and the project's grid in metres, integers scaled from degrees, binary
    floats of both sizes and byte orders, and names in any case, with or without accents.

    Parameters
    ----------
    content
        What a browser received, or a file.
    secrets
        Give them odd digits (at least five decimals), or a town nearby is found instead.
    within_km
        Also report any pair of decimal degrees that lies this near.
    """
    leaks: list[Leak] = []
    for layer in unfold(content):
        leaks += [leak for secret in secrets for leak in _binary(layer, secret)]
        for text in texts(layer):
            numbers = _Numbers.of(text)
            for secret in secrets:
                leaks += _written(text, secret, numbers, within_km)
    return leaks


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers of a text: where they stand, as they are written, and what they are."""

    at: NDArray[np.int64]
    written: tuple[str, ...]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, text: str) -> Self:
        found = [(m.start(), m.group().replace(",", ".")) for m in _NUMBER.finditer(text)]
        written = tuple(token for _, token in found)
        return cls(np.array([at for at, _ in found], dtype=np.int64), written, np.array(written, dtype=float))

    def near(self, exact: float, reach: float) -> list[tuple[int, str]]:
        """Return place and writing of the numbers within `reach` of a value, whatever its sign."""
        close = np.flatnonzero(np.abs(self.values - abs(exact)) <= reach)
        return [(int(self.at[i]), self.written[i]) for i in close]


def _written(text: str, secret: Secret, numbers: _Numbers, within_km: float) -> Iterator[Leak]:
    flat = f" {plain(text)} " if secret.names else ""
    for name in secret.names:
        at = flat.find(f" {plain(name)} ")
        if at >= 0:
            yield Leak(secret, "name", flat[max(0, at - 40) : at + 80])
    if not numbers.written:
        return
    yield from _degrees(text, numbers, secret)
    yield from _metres(text, numbers, secret)
    yield from _angles(text, secret)
    if within_km > 0:
        yield from _nearby(text, numbers, secret, within_km)


def _axes(secret: Secret) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("longitude", secret.longitude), ("latitude", secret.latitude)


def _decimals(token: str) -> int:
    return len(token.partition(".")[2])


def _same(token: str, exact: float, decimals: int) -> bool:
    """Return whether a number is `exact` rounded or cut to its own decimals, whatever the sign."""
    scale = 10.0**decimals
    scaled = round(float(token) * scale)
    return scaled in (round(abs(exact) * scale), math.floor(abs(exact) * scale + 1e-9))


def _degrees(text: str, numbers: _Numbers, secret: Secret) -> Iterator[Leak]:
    hits: dict[str, list[int]] = {}
    for axis, exact in _axes(secret):
        hits[axis] = []
        for at, token in numbers.near(exact, 0.11):
            decimals = _decimals(token)
            if "e" in token.lower() or decimals < _COARSEST_DECIMALS:
                continue
            if _same(token, exact, min(decimals, 9)):
                hits[axis].append(at)
                if decimals >= _ALONE_DECIMALS:
                    yield Leak(secret, axis, _around(text, at))
        # As an integer, or in powers of ten.
        for power in range(-3, 8):
            scale = 10.0**power
            for at, token in numbers.near(exact * scale, scale * 1e-5):
                if "e" in token.lower() or (power >= _ALONE_DECIMALS and "." not in token):
                    yield Leak(secret, f"{axis}, scaled", _around(text, at))
    yield from _pairs(text, hits, secret, "degrees")


def _pairs(text: str, hits: dict[str, list[int]], secret: Secret, how: str) -> Iterator[Leak]:
    first, second = hits.values()
    where = np.array(second)
    for at in first:
        if where.size and np.abs(where - at).min() <= _PAIR_SPAN:
            yield Leak(secret, f"{how}, pair", _around(text, at))


@cache
def _projected(longitude: float, latitude: float) -> tuple[tuple[str, float, float], ...]:
    made = ((crs, Transformer.from_crs("EPSG:4326", crs, always_xy=True)) for crs in (*_PROJECTED, _OWN_GRID))
    return tuple((crs.split()[0], *transformer.transform(longitude, latitude)) for crs, transformer in made)


def _metres(text: str, numbers: _Numbers, secret: Secret) -> Iterator[Leak]:
    for crs, x, y in _projected(secret.longitude, secret.latitude):
        hits = {
            axis: [at for at, token in numbers.near(exact, 1000) if _metre(token, exact)]
            for axis, exact in (("x", x), ("y", y))
        }
        yield from _pairs(text, hits, secret, f"metres {crs}")


def _metre(token: str, exact: float) -> bool:
    """Return whether a number of four digits or more is `exact`, also to 10, 100 or 1000 m."""
    value = float(token)
    if "e" in token.lower() or value < 1000:
        return False
    grains = [1, *(g for g in (10, 100, 1000) if value % g == 0)]
    return any(abs(value - abs(exact)) <= g / 2 or value == abs(exact) // g * g for g in grains)


def _angles(text: str, secret: Secret) -> Iterator[Leak]:
    hits: dict[str, list[int]] = {"longitude": [], "latitude": []}
    wanted = {str(int(abs(exact))) for _, exact in _axes(secret)}
    for match in _DMS.finditer(text):
        if match.group(1).lstrip("0") not in wanted:
            continue
        degrees, minutes, seconds = (float(g.replace(",", ".")) if g else 0.0 for g in match.groups())
        value = degrees + minutes / 60 + seconds / 3600
        grain = 1.01 / 3600 if match.group(3) else (1.0 if "." not in match.group(2) else 0.1) / 60
        for axis, exact in _axes(secret):
            if abs(value - abs(exact)) <= grain:
                hits[axis].append(match.start())
    yield from _pairs(text, hits, secret, "degrees and minutes")


def _nearby(text: str, numbers: _Numbers, secret: Secret, within_km: float) -> Iterator[Leak]:
    fine = np.array([_decimals(t) >= _COARSEST_DECIMALS for t in numbers.written], dtype=bool)
    at, values = numbers.at[fine], numbers.values[fine]
    x, y, reach = abs(secret.longitude), abs(secret.latitude), within_km / 111.0
    for lon, lat in ((values[:-1], values[1:]), (values[1:], values[:-1])):
        for i in np.flatnonzero(np.hypot(lon - x, lat - y) <= reach):
            yield Leak(secret, f"within {within_km:g} km", _around(text, int(at[i])))


def _binary(layer: bytes, secret: Secret) -> Iterator[Leak]:
    for axis, exact in _axes(secret):
        for value in {exact, *(round(exact, d) for d in range(4, 9))}:
            for code in ("<d", ">d", "<f", ">f"):
                at = layer.find(struct.pack(code, value))
                if at >= 0:
                    yield Leak(secret, f"{axis}, binary {code}", layer[max(0, at - 16) : at + 24].hex())


def _around(text: str, at: int) -> str:
    return text[max(0, at - 60) : at + 80]
