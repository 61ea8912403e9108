"""Norms beside the figures: each with its origin and whether it binds."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.model import Measure, Scenario
from capgap_geo.render import facts, theme
from capgap_geo.render.norms import TWO_HOURS, Norm, access_norm, norms
from capgap_geo.ui import charts
from capgap_geo.ui.jumps import section
from capgap_geo.ui.prepared import answer, study
from capgap_geo.ui.text import block, tag

#: Within reach only if what a single source reports counts too.
PALE = "#E5B7AD"


def panel(scenario: Scenario, t: Translator) -> None:
    """Draw the norms, and the one that can be drawn as a line."""
    within = None
    if study().friction is not None:
        within = answer(scenario.with_(measure=Measure.TRAVEL_TIME, threshold=TWO_HOURS))
    st.html(section("norms", t("norm.title"), t("norm.lead")))
    st.html(block("div", "absences", map(_norm, norms(study(), t, within=within))))
    line = access_norm(study())
    if within is not None and line is not None and not within.nobody_serves:
        _chart(within, line, t)


def _norm(norm: Norm) -> str:
    small = f"{norm.binding} · {norm.origin}"
    parts = [tag("p", "what", norm.text), tag("p", "stands", norm.stands), tag("p", "source", small)]
    return block("div", "absence", parts)


def _chart(within: Assessment, line: pd.Series, t: Translator) -> None:
    """Draw the share within two hours by department, as an interval, with the norm's line."""
    value = float(line["value"])
    st.html(tag("h3", "subsection", t("norm.chart")))
    origin = facts.sources(study(), t, line["source_id"])
    st.caption(t("norm.chart_note", value=t.number(value), origin=origin))
    table = pd.DataFrame(
        {
            "name": within.departments["department_name"],
            "low": 100 * (1 - within.departments["uncovered_share_upper"]),
            "high": 100 * (1 - within.departments["uncovered_share_lower"]),
        }
    )
    table["said"] = [t.percent(a / 100, b / 100) for a, b in zip(table["low"], table["high"], strict=True)]
    order = table.sort_values(["high", "low"], ascending=False)["name"].tolist()
    y = alt.Y("name:N", sort=order, title=None, axis=charts.NAMES)
    scale = alt.Scale(domain=[0, 100])
    x = alt.X("low:Q", title=t("norm.axis"), scale=scale)
    tip = [
        alt.Tooltip("name:N", title=t("deserts.department")),
        alt.Tooltip("said:N", title=t("norm.axis")),
    ]
    base = alt.Chart(table.reset_index(drop=True))
    kinds = [t("norm.sure"), t("norm.rest")]
    fill = alt.Scale(domain=kinds, range=[theme.ACCENT, PALE])
    sure, rest = (charts.of_kind(base, kind).mark_bar(height=10) for kind in kinds)
    sure = sure.encode(x=x, y=y, tooltip=tip, color=alt.Color("kind:N", scale=fill))
    rest = rest.encode(x=x, x2="high:Q", y=y, tooltip=tip, color=alt.Color("kind:N", scale=fill))
    figures = base.mark_text(align="left", dx=8, color=theme.INK).encode(x=alt.datum(100), y=y, text="said:N")
    norm = alt.Chart(pd.DataFrame({"x": [value], "said": [t.percent(value / 100)]})).encode(x="x:Q")
    rule = norm.mark_rule(color=theme.INK, strokeDash=[4, 3], size=2)
    said = norm.mark_text(align="left", dx=4, dy=-2, fontWeight="bold", color=theme.INK).encode(
        y=alt.value(0), text="said:N"
    )
    charts.draw(sure + rest + figures + rule + said, height=20 * len(table))
