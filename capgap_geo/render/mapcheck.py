"""What makes a part of a map impossible to draw, or unsafe to show; each check yields problems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sized
from typing import Any

from capgap_geo.render import theme

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_MARKS = {"hatch", "backhatch", "stipple"}
#: Same host only: no scheme, no double slash, no way up.
_RELATIVE = re.compile(r"/?(?!/)(?!.*(\.\.|//))[\w.~%/-]+")
_IMAGE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")


def lengths(**columns: Sized) -> Iterator[str]:
    """Yield a problem unless the columns of one table have one length."""
    if len({len(column) for column in columns.values()}) > 1:
        yield "unequal lengths: " + ", ".join(f"{len(column)} {name}" for name, column in columns.items())


def geometry(url: str | None, inline: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield a problem unless geometry comes from our own host, or with the spec."""
    if (url is None) == (inline is None):
        yield "geometry: give an address or the features, one of them"
    elif url is not None and not _RELATIVE.fullmatch(url):
        yield f"geometry: {url!r} is not a relative address"


def image(address: str) -> Iterator[str]:
    """Yield a problem unless an image comes from our own host, or as a PNG with the spec."""
    if not (_IMAGE.fullmatch(address) or _RELATIVE.fullmatch(address)):
        yield "image: neither a PNG data URI nor a relative address"


def style(style: theme.Style) -> Iterator[str]:
    """Yield colours not of the form #RRGGBB and textures that are not known."""
    texture = style.texture
    for colour in (style.fill, style.stroke, texture.colour if texture else None):
        if colour is not None and not _COLOUR.fullmatch(colour):
            yield f"{colour!r} is not a colour of the form #RRGGBB"
    if texture is not None and texture.mark not in _MARKS:
        yield f"unknown texture {texture.mark!r}"


def symbol(name: str) -> Iterator[str]:
    """Yield a problem unless the theme has a symbol of this name."""
    if name not in set(theme.SYMBOLS):
        yield f"unknown symbol {name!r}"
