"""Turn any text of a user into harmless text, whatever it meets later."""

from __future__ import annotations

import re
import unicodedata

from capgap_geo.privacy import masked

#: Signs that open markup, templates, scripts or attributes, and what stands for them.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")", "`": "’", "'": "’", '"': "”", "\\": "/"})
#: A sign before nothing but digits starts no formula.
_NUMBER = re.compile(r"[+-]?\d[\d.,]{0,30}", re.ASCII)
_FORMULA = re.compile(r"^[\s=+\-@|\t\r\n]+")
_LINK = re.compile(r"\b(javascript|vbscript|data|file|https?)\s*:", re.IGNORECASE)
_LONGEST = 80
_SPACE = re.compile(r"\s+")


def harmless(text: str) -> str:
    """Return a text that runs nowhere: not as a formula, a template, markup, a script or a link.

    Control signs, and signs that turn the direction of writing, are dropped.

    Examples
    --------
    >>> harmless('=HYPERLINK("http://x")'), harmless("{{7*7}}"), harmless("<b>Ñaña</b>")
    ('HYPERLINK(”http∶//x”)', '((7*7))', '‹b›Ñaña‹/b›')
    """
    if _NUMBER.fullmatch(text):
        return text
    bare = unicodedata.normalize("NFC", text)
    bare = "".join(c if c.isprintable() else " " for c in bare if unicodedata.category(c) != "Cf")
    bare = _FORMULA.sub("", bare)
    bare = _LINK.sub(lambda m: m.group(1) + "∶", bare.translate(_HARMLESS))
    return _SPACE.sub(" ", bare).strip()


def column_name(name: str) -> str:
    """Return the name of a column; one that is all digits may be a value, so only its form is shown."""
    text = harmless(name)[:_LONGEST]
    return (text if any(c.isalpha() for c in text) else masked(text)) or "-"


def slug(text: str, *, fallback: str) -> str:
    """Return an id of small letters, digits and underscores.

    Examples
    --------
    >>> slug("La Pampa (km 108)", fallback="zone_1")
    'la_pampa_km_108'
    """
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[:60] or fallback
