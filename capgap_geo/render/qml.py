"""Styles for QGIS: the page's colours as a layer style, one category per class."""

from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

from capgap_geo.model import Service
from capgap_geo.render import theme
from capgap_geo.render.map_classes import ClassOf
from capgap_geo.render.theme import Style, Texture

#: The oldest QGIS whose form of styles this is.
_QGIS = "3.22.0"
#: Angle of a texture's lines in QGIS, counterclockwise from the horizontal.
_ANGLE = {"hatch": "45", "backhatch": "135"}
_PIXEL = "Pixel"


def style(classes: ClassOf, geometry: str, expression: str) -> str:
    """Return a style as QML text.

    Parameters
    ----------
    classes
        The classes of the layer.
    geometry
        ``polygon`` or ``marker``.
    expression
        What gives a feature its class: a column, or an expression of QGIS.
    """
    root = ET.Element("qgis", version=_QGIS, styleCategories="Symbology")
    renderer = ET.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=expression, forceraster="0", symbollevels="0",
        enableorderby="0",
    )  # fmt: skip
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, (key, label) in enumerate(classes.labels.items()):
        ET.SubElement(
            categories, "category", value=key, label=label, symbol=str(number), render="true", type="string"
        )
        symbol = ET.SubElement(
            symbols, "symbol", name=str(number), type="marker" if geometry == "marker" else "fill", alpha="1",
            clip_to_extent="1", force_rhr="0",
        )  # fmt: skip
        _draw(symbol, key, classes.styles[key], geometry)
    text = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{text}\n"


def _draw(symbol: ET.Element, key: str, look: Style, geometry: str) -> None:
    if geometry == "marker":
        _layer(symbol, "SvgMarker", _marker(Service(key)))
        return
    _layer(symbol, "SimpleFill", _fill(look))
    if look.texture is not None:
        _texture(symbol, look.texture)


def _layer(symbol: ET.Element, kind: str, options: dict[str, str]) -> ET.Element:
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    listed = ET.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(listed, "Option", name=name, value=value, type="QString")
        ET.SubElement(layer, "prop", k=name, v=value)
    return layer


def _fill(look: Style) -> dict[str, str]:
    dashes = (
        {"customdash": ";".join(f"{d:g}" for d in look.dash), "use_custom_dash": "1"} if look.dash else {}
    )
    return {
        "color": _rgba(look.fill or theme.PAPER, look.fill_opacity if look.fill else 0.0),
        "style": "solid" if look.fill else "no",
        "outline_color": _rgba(look.stroke or theme.INK_SOFT, 1.0 if look.stroke else 0.0),
        "outline_style": "dash" if look.dash else ("solid" if look.stroke else "no"),
        "outline_width": f"{look.width:g}", "outline_width_unit": _PIXEL, **dashes,
    }  # fmt: skip


def _texture(symbol: ET.Element, texture: Texture) -> None:
    gap = f"{texture.gap:g}"
    if texture.mark == "stipple":
        layer = _layer(
            symbol, "PointPatternFill",
            {"distance_x": gap, "distance_y": gap, "displacement_x": f"{texture.gap / 2:g}",
             "distance_x_unit": _PIXEL, "distance_y_unit": _PIXEL, "displacement_x_unit": _PIXEL},
        )  # fmt: skip
        dot = {"name": "circle", "color": _rgba(texture.colour), "outline_style": "no",
               "size": f"{texture.width:g}", "size_unit": _PIXEL}  # fmt: skip
        _layer(_inner(layer, "marker"), "SimpleMarker", dot)
        return
    layer = _layer(
        symbol, "LinePatternFill", {"angle": _ANGLE[texture.mark], "distance": gap, "distance_unit": _PIXEL}
    )
    line = {
        "line_color": _rgba(texture.colour),
        "line_width": f"{texture.width:g}",
        "line_width_unit": _PIXEL,
    }
    _layer(_inner(layer, "line"), "SimpleLine", line)


def _inner(layer: ET.Element, kind: str) -> ET.Element:
    name = f"@{layer.get('class')}"
    return ET.SubElement(layer, "symbol", name=name, type=kind, alpha="1", clip_to_extent="1", force_rhr="0")


def _marker(service: Service) -> dict[str, str]:
    symbol = theme.SYMBOLS[service]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 18 18">'
        f'<path d="{symbol.path}" fill="{symbol.colour}" stroke="{theme.PAPER}" stroke-width="1" '
        'paint-order="stroke"/></svg>'
    )
    picture = base64.b64encode(svg.encode()).decode()
    return {"name": f"base64:{picture}", "size": "16", "size_unit": _PIXEL, "color": _rgba(symbol.colour)}


def _rgba(colour: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"
