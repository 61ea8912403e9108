"""Small pieces of markup; every text is escaped here and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable


def tag(name: str, css: str, text: str) -> str:
    """Return one element with a text; an empty text gives nothing."""
    return f'<{name} class="{css}">{html.escape(text)}</{name}>' if text else ""


def block(name: str, css: str, parts: Iterable[str]) -> str:
    """Return one element around parts that are markup already."""
    return f'<{name} class="{css}">{"".join(parts)}</{name}>'


def items(texts: Iterable[str], css: str = "plain") -> str:
    """Return a list of texts."""
    return block("ul", css, (tag("li", "item", text) for text in texts))
