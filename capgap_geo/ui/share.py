"""Take it along: the link, the poster, the frame for another site."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.ui.downloads import pictures
from capgap_geo.ui.poster import SIZES
from capgap_geo.ui.prepared import answer
from capgap_geo.ui.state import State, widget

FRAME_HEIGHT = 640


def address(state: State, **changes: str) -> str:
    """Return the full address of a view, as a colleague can open it."""
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{urlencode(state.with_(**changes).to_params())}"


def share(state: State, t: Translator) -> State:
    """Draw the ways to share this view, folded; return the state with the poster's title."""
    folded = st.popover(t("share.label"), icon=":material/ios_share:", key="share", on_change="rerun")
    if not folded.open:
        return state
    with folded:
        st.caption(t("share.link"))
        st.code(address(state), language=None, wrap_lines=True)
        title = st.text_input(
            t("share.title"), key=widget("title", state.title), max_chars=90, help=t("share.title_help")
        )
        titled = state.with_(title=title)
        st.caption(t("share.pictures"))
        pictures(titled, answer(state.scenario), t, place="share")
        st.caption(t("share.poster"))
        for size in SIZES:
            url = address(titled, view="poster", size=size)
            st.link_button(t(f"share.size.{size}"), url, icon=":material/image:")
        st.caption(t("share.embed"))
        st.code(_frame(state, t), language="html", wrap_lines=True)
    return titled


def _frame(state: State, t: Translator) -> str:
    source = address(state, view="embed") + "&embed=true"
    return (
        f'<iframe src="{html.escape(source)}" title="{html.escape(t("app.name"))}" '
        f'width="100%" height="{FRAME_HEIGHT}" style="border:0" loading="lazy"></iframe>'
    )
