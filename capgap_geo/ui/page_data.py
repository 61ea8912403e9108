"""The reader's own data: announced here, built on its own."""

from __future__ import annotations

import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.ui.state import State
from capgap_geo.ui.text import items, tag


def page(state: State, t: Translator) -> State:
    """Say what the page will take, and how the project's own data can be had now."""
    st.html(tag("h1", "headline", t("data.headline")) + items(t(f"data.{n}") for n in (1, 2, 3)))
    return state
