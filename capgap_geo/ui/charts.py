"""How every chart looks: ink on paper, a name on every line, ticks with room at both ends."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import streamlit as st

from capgap_geo.render import theme

#: One name on every line, in ink.
NAMES = alt.Axis(
    labelLimit=150, ticks=False, domain=False, labelOverlap=False, labelFlush=False, labelColor=theme.INK
)
#: What is read from a scale: words in ink, lines that stay behind.
SCALE: dict[str, Any] = {
    "labelColor": theme.INK, "titleColor": theme.INK, "gridColor": theme.RULE, "tickColor": theme.RULE,
    "labelFlush": False, "labelFontSize": 12, "titleFontSize": 12,
}  # fmt: skip


def of_kind(chart: alt.Chart, kind: str) -> alt.Chart:
    """Return a chart whose marks are all of one kind, in the column ``kind``, for the key."""
    return chart.transform_calculate(kind=json.dumps(kind))


def draw(chart: alt.LayerChart, *, height: int) -> None:
    """Draw a chart as wide as its place."""
    legend = {
        "labelColor": theme.INK,
        "labelFontSize": 12,
        "labelLimit": 0,
        "orient": "top",
        "title": None,
        "columns": 1,
    }
    room = {"left": 5, "right": 16, "top": 5, "bottom": 5}
    looks = chart.properties(height=height, padding=room).configure_axis(**SCALE).configure_legend(**legend)
    st.altair_chart(looks)
