"""Draw a card."""

from __future__ import annotations

import streamlit as st

from capgap_geo.render.card import Card, Line, Section
from capgap_geo.ui.text import block, cited, tag


def draw(card: Card) -> None:
    """Draw a card: title, then each section as a list of figures with year and source."""
    parts = [tag("h2", "card-title", card.title), tag("p", "card-subtitle", card.subtitle)]
    st.html(block("article", "card", [*parts, *(_section(s) for s in card.sections)]))


def _section(section: Section) -> str:
    lines = [_line(line) for line in section.lines]
    parts = [tag("h3", "card-section", section.title), tag("p", "card-note", section.note)]
    return block("section", "card-part", [*parts, block("dl", "card-lines", lines) if lines else ""])


def _line(line: Line) -> str:
    small = [
        tag("span", "year", line.year),
        block("span", "source", [cited(line.cites)]) if line.cites else "",
        tag("span", "said", line.note),
    ]
    value = block("dd", "card-value", [tag("span", "value", line.value), *small])
    return tag("dt", "card-label", line.label) + value
