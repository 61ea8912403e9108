"""Save the session's study as a file of one's own, and load one that was saved."""

from __future__ import annotations

import streamlit as st

from capgap_geo.errors import CapGapError
from capgap_geo.i18n import Translator
from capgap_geo.sources.uploads.limits import MB
from capgap_geo.sources.uploads.saved import STUDY
from capgap_geo.ui.data_result import SAID
from capgap_geo.ui.data_use import loaded, saved
from capgap_geo.ui.own import current, keep
from capgap_geo.ui.refusals import error_text
from capgap_geo.ui.text import tag

_ROUND = "study_round"


def studies(t: Translator) -> None:
    """Draw saving and loading."""
    st.html(tag("h2", "section", t("own.study")) + tag("p", "section-note", t("own.study_note")))
    left, right = st.columns(2)
    with left:
        _save(t)
    with right:
        _load(t)


def _save(t: Translator) -> None:
    own = current()
    if own is None:
        st.html(tag("p", "own-small", t("own.save_nothing")))
        return
    st.download_button(
        t("own.save"),
        lambda: saved(own),
        file_name=t("own.save_file"),
        mime="application/zip",
        key="w_save",
        icon=":material/archive:",
        on_click="ignore",
    )
    st.html(tag("p", "own-small", t("own.save_note")))


def _load(t: Translator) -> None:
    number = st.session_state.get(_ROUND, 0)
    got = st.file_uploader(
        t("own.load"), type=["zip"], key=f"w_study_{number}", max_upload_size=STUDY.upload_bytes // MB
    )
    if got is None:
        return
    try:
        with st.spinner(t("own.wait_study"), show_time=False):
            keep(loaded(got.getvalue()))
    except CapGapError as error:
        st.error(error_text(error, t), icon=":material/error:")
        return
    st.session_state[SAID] = t("own.loaded")
    st.session_state[_ROUND] = number + 1
    st.rerun()
