"""Links from the top of a long page to its sections."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.ui.text import tag

#: A browser refuses as an id what a form has as a property, such as `method`.
PREFIX = "part-"


def section(anchor: str, title: str, note: str = "") -> str:
    """Return the title of a section that a link can lead to, and what stands below it."""
    head = f'<h2 class="section" id="{PREFIX}{html.escape(anchor)}">{html.escape(title)}</h2>'
    return head + tag("p", "section-note", note)


def jumps(titles: Mapping[str, str], t: Translator) -> None:
    """Draw a link to each section, by its anchor."""
    links = "".join(
        f'<a href="#{PREFIX}{html.escape(a)}">{html.escape(title)}</a>' for a, title in titles.items()
    )
    st.html(f'<nav class="jumps" aria-label="{html.escape(t("jumps.label"))}">{links}</nav>')
