"""What was checked against what: the checks that need no network, run once for all readers of this server."""

from __future__ import annotations

import streamlit as st

from capgap_geo.analysis.checks import Check
from capgap_geo.i18n import Translator
from capgap_geo.render import verification
from capgap_geo.ui.prepared import shared_study
from capgap_geo.ui.sortable import Column, plain, sortable

_ASKED = "verify_asked"


@st.cache_resource(show_spinner=False)
def _checks() -> list[Check]:
    return verification.verify(shared_study())


def panel(t: Translator) -> None:
    """Offer the checks; once they are asked for, draw their table."""
    if st.button(t("verify.run"), icon=":material/fact_check:", key="verify_run"):
        st.session_state[_ASKED] = True
    if not st.session_state.get(_ASKED):
        return
    with st.spinner(t("verify.running")):
        table = verification.table(_checks(), t)
    rows = [(str(i), [plain(str(v)) for v in row]) for i, row in enumerate(table.itertuples(index=False))]
    sortable([Column(str(c)) for c in table.columns], rows, key="verified", caption=t("evidence.checked"))
