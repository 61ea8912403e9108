"""On every page: which data of the reader are in use, whether unsourced, and how to let go of them."""

from __future__ import annotations

import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.sources.uploads.upload import unsourced_ids
from capgap_geo.ui.data_use import kinds
from capgap_geo.ui.own import Own, current, keep
from capgap_geo.ui.text import block, tag


def own_data(t: Translator) -> None:
    """Draw the strip, if this session has own data."""
    own = current()
    # Always there, so that what stands below is not made anew in the browser when the strip comes or goes.
    place = st.empty()
    if own is None:
        return
    with place.container(key="own", horizontal=True, vertical_alignment="center"):
        marks = [tag("p", "own-mark", t("own.unsourced"))] if unsourced_ids(own.study.sources) else []
        lines = [tag("p", "own-line", t("own.strip", what=listed(own, t))), *marks]
        st.html(block("div", "own", [*lines, tag("p", "own-note", t("own.strip_note"))]))
        st.button(t("own.remove"), key="w_own_remove", on_click=_remove, icon=":material/delete:")


def listed(own: Own, t: Translator) -> str:
    """Return what was brought, in words: kinds with their numbers of rows."""
    parts = [] if own.base is None else [t("own.saved_study")]
    for kind, rows in kinds(own):
        name = t(f"upload.kind.{kind}")
        parts.append(name if kind == "friction" else f"{name} ({t.count('own.rows', rows)})")
    return t.join(parts)


def _remove() -> None:
    keep(None)
