"""Search what leaves the process for the exact position or name of someone who hides. For tests."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
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
            for secret in secrets:
                leaks += _written(text, secret, within_km)
    return leaks


def _written(text: str, secret: Secret, within_km: float) -> Iterator[Leak]:
    flat = f" {plain(text)} "
    for name in secret.names:
        at = flat.find(f" {plain(name)} ")
        if at >= 0:
            yield Leak(secret, "name", flat[max(0, at - 40) : at + 80])
    numbers = [(m.start(), m.group().replace(",", ".")) for m in _NUMBER.finditer(text)]
    yield from _degrees(text, numbers, secret)
    yield from _metres(text, numbers, secret)
    yield from _angles(text, secret)
    if within_km > 0:
        yield from _nearby(text, numbers, secret, within_km)


def _decimals(token: str) -> int:
    return len(token.split("e")[0].split("E")[0].partition(".")[2])


def _same(token: str, exact: float, decimals: int) -> bool:
    """Return whether a number is `exact` rounded or cut to its own decimals, whatever the sign."""
    scale = 10.0**decimals
    scaled = round(float(token) * scale)
    return scaled in (round(abs(exact) * scale), math.floor(abs(exact) * scale + 1e-9))


def _degrees(text: str, numbers: list[tuple[int, str]], secret: Secret) -> Iterator[Leak]:
    hits: dict[str, list[tuple[int, int]]] = {"longitude": [], "latitude": []}
    for at, token in numbers:
        decimals = _decimals(token)
        for axis, exact in (("longitude", secret.longitude), ("latitude", secret.latitude)):
            if decimals >= _COARSEST_DECIMALS and "e" not in token.lower():
                if _same(token, exact, min(decimals, 9)):
                    hits[axis].append((at, decimals))
            elif _scaled(token, exact):
                yield Leak(secret, f"{axis}, scaled", _around(text, at))
    for axis, found in hits.items():
        yield from (Leak(secret, axis, _around(text, at)) for at, n in found if n >= _ALONE_DECIMALS)
    yield from _pairs(text, hits, secret, "degrees")


def _scaled(token: str, exact: float) -> bool:
    """Return whether an integer is a coordinate times 10^5, 10^6 or 10^7, or in powers of ten."""
    if "e" in token.lower():
        value = float(token)
        return any(math.isclose(value, abs(exact) * 10.0**p, rel_tol=1e-7) for p in range(-3, 8))
    return any(int(float(token)) in (round(abs(exact) * s), int(abs(exact) * s)) for s in (1e5, 1e6, 1e7))


def _pairs(text: str, hits: dict[str, list[tuple[int, int]]], secret: Secret, how: str) -> Iterator[Leak]:
    first, second = hits.values()
    where = np.array([at for at, _ in second])
    for at, _ in first:
        if where.size and np.abs(where - at).min() <= _PAIR_SPAN:
            yield Leak(secret, f"{how}, pair", _around(text, at))


def _metres(text: str, numbers: list[tuple[int, str]], secret: Secret) -> Iterator[Leak]:
    if not any(len(token.partition(".")[0]) >= 5 for _, token in numbers):
        return
    for crs in (*_PROJECTED, _OWN_GRID):
        x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(
            secret.longitude, secret.latitude
        )
        hits: dict[str, list[tuple[int, int]]] = {"x": [], "y": []}
        for at, token in numbers:
            if "e" in token.lower() or len(token.partition(".")[0]) < 4:
                continue
            for axis, exact in (("x", x), ("y", y)):
                if any(_metre(token, exact, grain) for grain in (1, 10, 100, 1000)):
                    hits[axis].append((at, 0))
        yield from _pairs(text, hits, secret, f"metres {crs.split()[0]}")


def _metre(token: str, exact: float, grain: int) -> bool:
    value = float(token)
    if grain > 1 and value % grain:
        return False
    return abs(value - abs(exact)) <= grain / 2 or value == abs(exact) // grain * grain


def _angles(text: str, secret: Secret) -> Iterator[Leak]:
    hits: dict[str, list[tuple[int, int]]] = {"longitude": [], "latitude": []}
    for match in _DMS.finditer(text):
        degrees, minutes, seconds = (float(g.replace(",", ".")) if g else 0.0 for g in match.groups())
        value = degrees + minutes / 60 + seconds / 3600
        grain = 1.01 / 3600 if match.group(3) else (1.0 if "." not in match.group(2) else 0.1) / 60
        for axis, exact in (("longitude", secret.longitude), ("latitude", secret.latitude)):
            if abs(value - abs(exact)) <= grain:
                hits[axis].append((match.start(), 0))
    yield from _pairs(text, hits, secret, "degrees and minutes")


def _nearby(text: str, numbers: list[tuple[int, str]], secret: Secret, within_km: float) -> Iterator[Leak]:
    known = [(at, float(t)) for at, t in numbers if _decimals(t) >= _COARSEST_DECIMALS]
    reach = within_km / 111.0
    for (at, a), (_, b) in pairwise(known):
        for lon, lat in ((a, b), (b, a)):
            if math.hypot(lon - abs(secret.longitude), lat - abs(secret.latitude)) <= reach:
                yield Leak(secret, f"within {within_km:g} km", _around(text, at))


def _binary(layer: bytes, secret: Secret) -> Iterator[Leak]:
    for axis, exact in (("longitude", secret.longitude), ("latitude", secret.latitude)):
        for value in {exact, *(round(exact, d) for d in range(4, 9))}:
            for code in ("<d", ">d", "<f", ">f"):
                at = layer.find(struct.pack(code, value))
                if at >= 0:
                    yield Leak(secret, f"{axis}, binary {code}", layer[max(0, at - 16) : at + 24].hex())


def _around(text: str, at: int) -> str:
    return text[max(0, at - 60) : at + 80]
