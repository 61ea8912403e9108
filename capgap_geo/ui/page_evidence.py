"""What was asked and what exists; what is absent, disputed and unknown; every source."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.model import Service
from capgap_geo.render import evidence
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import State
from capgap_geo.ui.text import block, items, tag

METHOD = ("grid", "demand", "travel", "reach", "desert", "evidence", "shelters", "unknown")


def page(state: State, t: Translator) -> State:
    """Draw the page; it has no question of its own."""
    st.html(tag("h1", "headline", t("evidence.headline")))
    _recommendations(t)
    _title(t("evidence.absent"), t("evidence.absent_note"))
    st.html(_absences(t))
    _title(t("evidence.contested"), t("evidence.contested_note"))
    st.dataframe(evidence.contested(study(), t), hide_index=True, key="contested")
    _title(t("evidence.unknown"), t("evidence.unknown_note"))
    st.dataframe(_knowledge(t), hide_index=True, height=36 * 26, key="knowledge")
    _title(t("evidence.method"))
    st.html(items((t(f"method.{name}") for name in METHOD), "method"))
    _title(t("evidence.sources"), t("evidence.sources_note"))
    _sources(t)
    return state


def _title(text: str, note: str = "") -> None:
    st.html(tag("h2", "section", text) + tag("p", "section-note", note))


def _recommendations(t: Translator) -> None:
    parts, asked = [], ""
    for row in evidence.recommendations(study(), t):
        if row.asked != asked:
            parts.append(tag("h3", "asked", row.asked))
            asked = row.asked
        small = [
            tag("p", "gap", row.gap),
            tag("p", "source", f"{row.source} · {row.year}" if row.source else ""),
        ]
        head = [tag("p", "indicator", row.indicator), tag("p", "value", row.present)]
        parts.append(block("div", "progress", [block("div", "progress-head", head), *small]))
    st.html(block("div", "recommendations", parts))


def _absences(t: Translator) -> str:
    rows = evidence.absences(study(), t)
    lines = []
    for _, row in rows.iterrows():
        what, where, year, level, source = row
        lines.append(
            block(
                "div",
                "absence",
                [tag("p", "what", what), tag("p", "source", f"{where} · {year} · {level} · {source}")],
            )
        )
    return block("div", "absences", lines)


def _knowledge(t: Translator) -> pd.DataFrame:
    table = evidence.coverage_of_knowledge(study(), t)
    return table[[table.columns[0], *(t(f"service.{s}.name") for s in Service)]]


def _sources(t: Translator) -> None:
    table = evidence.source_list(study(), t)
    wanted = st.text_input(t("evidence.search"), key="w_search", placeholder=t("evidence.search_hint"))
    if wanted.strip():
        text = table.fillna("").astype(str).agg(" ".join, axis=1).str.casefold()
        table = table[text.str.contains(wanted.strip().casefold(), regex=False)]
    st.caption(t.count("evidence.found", len(table)))
    link = st.column_config.LinkColumn(t("evidence.table.url"), display_text=t("evidence.table.open"))
    st.dataframe(table, hide_index=True, column_config={t("evidence.table.url"): link}, key="sources")
