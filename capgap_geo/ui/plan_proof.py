"""What stands behind a proposal: what each further change brings, and whether the choice holds."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from capgap_geo.analysis.plan import Plan, read_text
from capgap_geo.i18n import Translator
from capgap_geo.render import plan_words, proposal_words, theme
from capgap_geo.ui import charts
from capgap_geo.ui.prepared import study
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.text import tag


def draw_curve(table: pd.DataFrame, t: Translator) -> None:
    """Draw people newly within reach by the number of changes, as a band between both bounds."""
    st.html(tag("h3", "subsection", t("plan.curve")))
    st.caption(t("plan.curve_note"))
    said = {"people_lower": t("plan.curve_lower"), "people_upper": t("plan.curve_upper")}
    points = table.reset_index()
    lines = points.melt("p", list(said), "bound", "people").replace({"bound": said})
    x = alt.X("p:O", title=t("plan.curve_p"), axis=alt.Axis(labelAngle=0))
    y: dict[str, Any] = {"title": t("plan.curve_people"), "axis": alt.Axis(format=",.0f")}
    tip = [alt.Tooltip("p:O", title=t("plan.curve_p"))]
    tip += [alt.Tooltip(f"{name}:Q", title=title, format=",.0f") for name, title in said.items()]
    band = alt.Chart(points).mark_area(color=theme.ACCENT, opacity=0.18)
    dash = alt.StrokeDash(
        "bound:N",
        scale=alt.Scale(domain=list(said.values()), range=[[1, 0], [4, 3]]),
        legend=alt.Legend(symbolType="stroke", symbolSize=300),
    )
    both = alt.Chart(lines).mark_line(color=theme.ACCENT, point=alt.OverlayMarkDef(color=theme.ACCENT))
    charts.draw(
        band.encode(x=x, y=alt.Y("people_lower:Q", **y), y2="people_upper:Q", tooltip=tip)
        + both.encode(x=x, y=alt.Y("people:Q", **y), strokeDash=dash),
        height=260,
    )


def draw_steadiness(table: pd.DataFrame, plan: Plan, t: Translator) -> None:
    """Draw the verdict, and how often each change is chosen under other assumptions: the proposed first."""
    st.html(tag("p", "found-line verdict", proposal_words.verdict(table, plan, t)))
    own = [str(change) for change in plan]
    table = table[(table["chosen"] > 0) | table.index.isin(own)]
    rows = []
    for label, row in table.iterrows():
        words = "; ".join(plan_words.names(study(), t, read_text(str(label))[0]))
        share, mine = float(row["share"]), str(label) in own
        mark = Cell(t("plan.steady_mine") if mine else "", float(mine) + share)
        rows.append((str(label), [plain(words), mark, Cell(t.percent(share), share, share, share)]))
    columns = [
        Column(t("plan.steady_what")),
        Column(t("plan.steady_proposed")),
        Column(t("plan.steady_share"), bar=True),
    ]
    sortable(columns, rows, key="plan_steady_table", caption=t("plan.steady"), order=(1, False))
