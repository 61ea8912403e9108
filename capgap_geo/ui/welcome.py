"""Three sentences on the first visit, once, in nobody's way."""

from __future__ import annotations

import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.ui.document import tell
from capgap_geo.ui.text import block, tag

#: Remembers in the reader's own browser, for a year, that the sentences were read; it says nothing else.
COOKIE = "capgap_welcomed"
_YEAR = 31_536_000


def welcome(t: Translator) -> None:
    """Draw the sentences until the reader has closed them."""
    if st.session_state.get(COOKIE):
        tell(cookie=f"{COOKIE}=1;path=/;max-age={_YEAR};samesite=lax")
        return
    if COOKIE in st.context.cookies:
        return
    with st.container(key="welcome", horizontal=True, vertical_alignment="center"):
        st.html(block("div", "welcome", [tag("p", "welcome-line", t(f"welcome.{n}")) for n in (1, 2, 3)]))
        st.button(t("welcome.close"), key="w_welcome", on_click=_close)


def _close() -> None:
    st.session_state[COOKIE] = True
