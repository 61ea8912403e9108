"""Below every map: where the figures come from, how old they are, what they cannot say."""

from __future__ import annotations

import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.render import attribution
from capgap_geo.render.used import used
from capgap_geo.ui.prepared import study
from capgap_geo.ui.text import block, items, link

LIMITS = ("coarse", "detection", "population", "groups", "unknown", "shelters", "mining")


def below(found: Assessment, t: Translator) -> None:
    """Draw the sources of this view and its limits, folded."""
    sources = list(used(study(), found))
    folded = st.expander(t.count("sources.of_view", len(sources)), key="sources_of_view", on_change="rerun")
    if folded.open:
        lines = (block("li", "item", [link(attribution.line(s, t), s.url)]) for s in sources)
        folded.html(block("ul", "plain", lines))
    with st.expander(t("limits.title")):
        st.html(items(t(f"limits.{name}") for name in LIMITS))
