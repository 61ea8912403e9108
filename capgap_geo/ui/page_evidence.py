"""What was asked and what exists; what is absent, disputed and unknown; every source."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.render import attribution, evidence, progress
from capgap_geo.ui import verified
from capgap_geo.ui.jumps import jumps, section
from capgap_geo.ui.prepared import study
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.state import State
from capgap_geo.ui.text import block, cited, items, link, tag

SECTIONS = ("absent", "contested", "unknown", "method", "checked", "sources")
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
    _title(t, "checked", t("evidence.checked_note"))
    verified.panel(t)
    _title(t, "sources", t("evidence.sources_note"))
    _sources(t)
    return state


def _title(t: Translator, anchor: str, note: str = "") -> None:
    st.html(section(anchor, t(f"evidence.{anchor}"), note))


def _recommendations(t: Translator) -> None:
    asking = progress.report(study())
    named = link(attribution.title(asking, t), asking.url)
    parts = [block("p", "section-note", [tag("span", "said", t("evidence.asked_by")), " ", named])]
    asked = ""
    for row in progress.recommendations(study(), t):
        if row.asked != asked:
            parts.append(tag("h3", "asked", row.asked))
            asked = row.asked
        parts.append(_progress(row))
    st.html(block("div", "recommendations", parts))


def _progress(row: progress.Progress) -> str:
    said = block("p", "source", [cited(row.cites), f" · {row.year}"]) if row.cites else ""
    small = [tag("p", "gap", row.gap), tag("p", "gap dated", row.dated), said]
    head = [tag("p", "indicator", row.indicator), tag("p", "value", row.present)]
    return block("div", "progress", [block("div", "progress-head", head), *small])


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
