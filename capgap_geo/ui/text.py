"""Small pieces of markup; every text is escaped here and nowhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import streamlit as st


def base_path() -> str:
    """Return the path under which the app is served, with a slash at both ends."""
    return f"/{st.get_option('server.baseUrlPath').strip('/')}/".replace("//", "/")


def sheet(name: str) -> str:
    """Return what brings in one of the app's own style sheets, which the browser then keeps."""
    return f'<style>@import url("{base_path()}app/static/{name}")</style>'


#: A range with its bracket, unit and full stop: a browser breaks a line after its dash.
_RANGE = re.compile(r"[^ ]*\d[^ ]*–[^ ]+")


def headline(text: str) -> str:
    """Return a page's headline as markup, whose ranges stay on one line."""
    return f'<h1 class="headline">{_whole(text)}</h1>'


def headline_note(text: str) -> str:
    """Return what stands below a headline as markup, whose ranges stay on one line too."""
    return f'<p class="headline-note">{_whole(text)}</p>' if text else ""


def _whole(text: str) -> str:
    return _RANGE.sub(r'<span class="range">\g<0></span>', html.escape(text))


def tag(name: str, css: str, text: str) -> str:
    """Return one element with a text; an empty text gives nothing."""
    return f'<{name} class="{css}">{html.escape(text)}</{name}>' if text else ""


def block(name: str, css: str, parts: Iterable[str]) -> str:
    """Return one element around parts that are markup already."""
    return f'<{name} class="{css}">{"".join(parts)}</{name}>'


def link(text: str, address: str | None) -> str:
    """Return a text that leads to an address of the web; the text alone where there is none."""
    if not address or not address.startswith(("https://", "http://")):
        return html.escape(text)
    to = html.escape(address)
    return f'<a href="{to}" target="_blank" rel="noopener noreferrer">{html.escape(text)}</a>'


def cited(cites: Iterable[tuple[str, str]]) -> str:
    """Return sources, as text and address each, as links with a semicolon between them."""
    return "; ".join(link(text, url) for text, url in cites)


def items(texts: Iterable[str], css: str = "plain") -> str:
    """Return a list of texts."""
    return block("ul", css, (tag("li", "item", text) for text in texts))
