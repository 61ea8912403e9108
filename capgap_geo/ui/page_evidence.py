"""What was asked and what exists; what is absent, disputed and unknown; every source."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.render import evidence
from capgap_geo.ui.jumps import jumps, section
from capgap_geo.ui.prepared import study
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.state import State
from capgap_geo.ui.text import block, items, tag

SECTIONS = ("absent", "contested", "unknown", "method", "sources")
METHOD = ("grid", "demand", "travel", "reach", "desert", "evidence", "shelters", "unknown")


def page(state: State, t: Translator) -> State:
    """Draw the page; it has no question of its own."""
    st.html(tag("h1", "headline", t("evidence.headline")))
    jumps({anchor: t(f"evidence.{anchor}") for anchor in SECTIONS}, t)
    _recommendations(t)
    _title(t, "absent", t("evidence.absent_note"))
    st.html(_absences(t))
    _title(t, "contested", t("evidence.contested_note"))
    _table(evidence.contested(study(), t), "contested", t("evidence.contested"))
    _title(t, "unknown", t("evidence.unknown_note"))
    _table(evidence.coverage_of_knowledge(study(), t), "knowledge", t("evidence.unknown"))
    _title(t, "method")
    st.html(items((t(f"method.{name}") for name in METHOD), "method"))
    _title(t, "sources", t("evidence.sources_note"))
    _sources(t)
    return state


def _title(t: Translator, anchor: str, note: str = "") -> None:
    st.html(section(anchor, t(f"evidence.{anchor}"), note))


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


def _table(table: pd.DataFrame, key: str, caption: str) -> None:
    """Draw a table of text."""
    rows = [(str(i), [plain(str(v)) for v in row]) for i, row in enumerate(table.itertuples(index=False))]
    sortable([Column(str(c)) for c in table.columns], rows, key=key, caption=caption)


def _sources(t: Translator) -> None:
    table = evidence.source_list(study(), t)
    wanted = st.text_input(t("evidence.search"), key="w_search", placeholder=t("evidence.search_hint"))
    if wanted.strip():
        text = table.fillna("").astype(str).agg(" ".join, axis=1).str.casefold()
        table = table[text.str.contains(wanted.strip().casefold(), regex=False)]
    st.caption(t.count("evidence.found", len(table)))
    address = t("evidence.table.url")
    rows = []
    for number, (_, row) in enumerate(table.iterrows()):
        url = "" if pd.isna(row[address]) else str(row[address])
        rest = [plain(str(v)) for name, v in row.items() if name != address]
        rows.append((str(number), [*rest, Cell(t("evidence.table.open") if url else "", url, href=url)]))
    columns = [Column(str(c)) for c in table.columns if c != address]
    sortable([*columns, Column(address)], rows, key="sources", caption=t("evidence.sources"), height=620)
