"""The print map: one picture of a map spec, as PNG, SVG or PDF, without a browser."""

from __future__ import annotations

import base64
import html
import io
import threading
import zlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import Translator
from capgap_geo.render.layers import AreaLayer
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.print_fonts import Weight
from capgap_geo.render.print_layout import SIZES, compose, panel
from capgap_geo.render.print_page import PER_INCH, Page

#: A picture for print takes its colours from every so many pixels, and is turned so many rows at a time.
_STEP, _BAND = 3, 256


class Format(StrEnum):
    """File formats of a picture."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


#: Pixels of a PNG to the inch: as on a screen, on a fine screen, in print.
RESOLUTIONS: Mapping[str, float] = {"1x": PER_INCH, "2x": 2 * PER_INCH, "300dpi": 300.0}
#: Same input, same bytes: element ids of SVG are hashed with this, and no file says when it was made.
_SALT = "capgap"
_SVG: Any = {"svg.fonttype": "none", "svg.hashsalt": _SALT}
_PDF: Any = {"pdf.fonttype": 42, "pdf.compression": 6}
#: matplotlib keeps these settings for the whole process, so one vector file is written at a time.
_SETTINGS = threading.Lock()
_SEMIBOLD = "Public Sans SemiBold"
#: Layers whose classes are shares of people: which bound they colour must be said.
_COLOURED = ("departments", "provinces")


def picture(spec: MapSpec, *, size: str = "wide", fmt: str = Format.PNG, resolution: str = "2x") -> bytes:
    """Return a printed map as the bytes of a file.

    Parameters
    ----------
    spec
        What to draw; the same as for the web map. A `link` that begins with ``http`` also becomes a
        QR code.
    size
        One of `SIZES`: ``wide`` (1200 x 675 pixels), ``tall`` (1080 x 1350), ``story`` (1080 x 1920),
        ``a4`` or ``a4wide``.
    fmt
        ``png``, ``svg`` or ``pdf``. In the last two texts remain texts.
    resolution
        Of a PNG, one of `RESOLUTIONS`.

    Raises
    ------
    ScenarioError
        Code ``picture``: an unknown size, format or resolution.
    """
    _check(size, fmt, resolution)
    t = Translator(spec.language)
    page = compose(spec, SIZES[size], t)
    description = alt_text(spec, t)
    if fmt == Format.PNG:
        return _png(page, spec, description, RESOLUTIONS[resolution])
    return (_svg if fmt == Format.SVG else _pdf)(page, spec, description)


def _check(size: str, fmt: str, resolution: str) -> None:
    choices: dict[str, tuple[str, list[str]]] = {
        "size": (size, list(SIZES)), "format": (fmt, [str(f) for f in Format]),
        "resolution": (resolution, list(RESOLUTIONS)),
    }  # fmt: skip
    problems = [
        f"{name}: found {found!r}, use one of {', '.join(known)}"
        for name, (found, known) in choices.items()
        if found not in known
    ]
    if problems:
        raise ScenarioError("; ".join(problems), code="picture", details={"problems": problems})


def panel_svg(spec: MapSpec, *, width: float, height: float, text: float) -> bytes:
    """Return a map and its legend as SVG for a document, whose own typeface its texts use.

    Parameters
    ----------
    width, height, text
        The picture and the size of its text, in CSS pixels.
    """
    page = panel(spec, width=width, height=height, text=text, t=Translator(spec.language))
    page.figure.set_facecolor("none")
    svg = _written_svg(page, spec).decode()
    # matplotlib knows this weight as a family of its own; everything else as a weight of one family.
    return svg.replace(f"font-family: '{_SEMIBOLD}'", "font-weight: 600; font-family: 'Public Sans'").encode()


def alt_text(spec: MapSpec, t: Translator | None = None) -> str:
    """Return what a picture shows, in words, in the language of the spec."""
    t = t or Translator(spec.language)
    on = {layer.layer_id for layer in spec.layers if layer.visible}
    groups = spec.legend()
    rows = [row for group in groups for row in group["rows"] if row["layer"] in on]
    parts = [_said(row, t) for row in rows if "line" not in row and not row.get("open")]
    badges = sorted(
        badge.facts.name
        for layer in spec.layers
        if isinstance(layer, AreaLayer) and layer.visible
        for badge in layer.badges.values()
    )
    said = [
        t("print.alt", title=spec.title, headline=spec.headline),
        *filter(None, [spec.note]),
        *(t("print.alt_coloured", **_named(g)) for g in groups if g["rows"][0]["layer"] in _COLOURED),
        t("print.alt_shows", list="; ".join(parts)),
    ]
    if badges:
        said.append(t("print.alt_badges", list="; ".join(badges)))
    return " ".join(said)


def _named(group: Mapping[str, Any]) -> dict[str, str]:
    return {"title": group["title"], "note": group["note"]}


def _said(row: Mapping[str, Any], t: Translator) -> str:
    """Return a line of the legend as words."""
    label, n = row["label"], row["count"]
    if row.get("open_count"):
        return t("print.alt_open", label=label, n=t.number(n), more=t.number(row["open_count"]))
    return str(label) if n is None else t("print.alt_count", label=label, n=t.number(n))


def _png(page: Page, spec: MapSpec, description: str, dpi: float) -> bytes:
    # Letters of screen size are drawn twice as large and reduced: evenly spaced, not on whole pixels.
    finer = 2 if dpi < 1.5 * PER_INCH else 1
    canvas: Any = page.figure.canvas
    page.figure.set_dpi(finer * dpi)
    # Whole pixels, which matplotlib would cut off: A4 at 300 dpi is 3,508 high, not 3,507.
    wide, high = (np.round(page.figure.get_size_inches() * dpi) + 1e-6) / dpi
    page.figure.set_size_inches(wide, high)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    flat = _flat(pixels) if finer == 1 else _few_colours(_opaque(pixels).reduce(finer))
    about = PngInfo()
    for key, text in _about(spec, description).items():
        about.add_itxt(key, text)
    buffer = io.BytesIO()
    # Runs of one colour are what there is to find; looking for more takes twice as long for 8 % of the bytes.
    flat.save(buffer, "PNG", pnginfo=about, dpi=(dpi, dpi), compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def _flat(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return a picture in 256 colours: a third of the bytes, and no eye sees it where colours are flat.

    The colours are those of every third pixel, which miss few but those of the rims of letters and lines.
    A large picture is turned band by band, in memory that is used again.
    """
    height, width, _ = pixels.shape
    colours = _few_colours(_opaque(pixels[::_STEP, ::_STEP]))
    flat = Image.new("P", (width, height))
    flat.putpalette(colours.getpalette() or [])
    for top in range(0, height, _BAND):
        band = _opaque(pixels[top : top + _BAND])
        flat.paste(band.quantize(palette=colours, dither=Image.Dither.NONE), (0, top))
    return flat


def _few_colours(drawn: Image.Image) -> Image.Image:
    return drawn.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _opaque(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return red, green and blue of some pixels as a picture."""
    height, width, _ = pixels.shape
    return Image.frombytes("RGB", (width, height), np.ascontiguousarray(pixels).data, "raw", "RGBX")


def _about(spec: MapSpec, description: str) -> dict[str, str]:
    said = {
        "Title": spec.title, "Description": description, "Source": spec.link,
        "Copyright": " ".join(spec.credits), "Comment": spec.date,
    }  # fmt: skip
    return {key: text for key, text in said.items() if text}


def _svg(page: Page, spec: MapSpec, description: str) -> bytes:
    return _accessible(_written_svg(page, spec, description).decode(), spec, description).encode()


def _written_svg(page: Page, spec: MapSpec, description: str = "") -> bytes:
    buffer = io.BytesIO()
    metadata = {
        "Date": None, "Creator": None, "Title": spec.title, "Description": description,
        "Language": spec.language, "Source": spec.link, "Rights": " ".join(spec.credits),
    }  # fmt: skip
    with _SETTINGS, mpl.rc_context(_SVG):
        page.figure.savefig(buffer, format="svg", metadata={k: v for k, v in metadata.items() if v != ""})
    return buffer.getvalue()


def _accessible(svg: str, spec: MapSpec, description: str) -> str:
    """Give an SVG its language, a title, a description, and the typeface that its texts need."""
    head, _, rest = svg.partition("<svg ")
    tag, _, body = rest.partition(">")
    named = (
        f'<svg lang="{spec.language}" xml:lang="{spec.language}" role="img" '
        f'aria-labelledby="capgap-title capgap-description" {tag}>'
        f'<title id="capgap-title">{html.escape(spec.title)}</title>'
        f'<desc id="capgap-description">{html.escape(description)}</desc>'
        f"<style>{''.join(_face(weight) for weight in Weight)}</style>"
    )
    return head + named + body


def _face(weight: Weight) -> str:
    family = _SEMIBOLD if weight is Weight.SEMIBOLD else "Public Sans"
    number = 700 if weight is Weight.BOLD else 400
    content = base64.b64encode(weight.file.read_bytes()).decode()
    return (
        f"@font-face{{font-family:'{family}';font-weight:{number};src:url(data:font/ttf;base64,{content})}}"
    )


def _pdf(page: Page, spec: MapSpec, description: str) -> bytes:
    buffer = io.BytesIO()
    metadata = {
        "Title": spec.title, "Subject": description, "Keywords": " ".join(spec.credits),
        "Author": None, "Creator": None, "Producer": None, "CreationDate": None,
    }  # fmt: skip
    with _SETTINGS, mpl.rc_context(_PDF):
        page.figure.savefig(buffer, format="pdf", metadata=metadata)
    return buffer.getvalue()
