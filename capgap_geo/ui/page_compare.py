"""Every department in one table, two side by side, and need against reach."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.indicators import BY_NAME, indicators
from capgap_geo.i18n import Translator
from capgap_geo.render import card, tables, theme
from capgap_geo.render.scene import Paint
from capgap_geo.ui import cards, controls, footer
from capgap_geo.ui.page_map import say_headline
from capgap_geo.ui.prepared import answer, study
from capgap_geo.ui.state import State, widget
from capgap_geo.ui.text import tag

USUAL = ["uncovered_share", "uncovered_people", "nearest", "offences_2025", "services"]
PAIR = ("17", "21")


def page(state: State, t: Translator) -> State:
    """Draw the page and return the state that it describes."""
    with st.sidebar:
        state = controls.question(state, t, paints=())
    found = answer(state.scenario)
    say_headline(found, t, "")
    table = indicators(study(), found)
    st.html(tag("h2", "section", t("compare.table")))
    names = st.multiselect(
        t("compare.choose"),
        list(BY_NAME),
        key=widget("indicators", USUAL),
        format_func=lambda n: t(f"indicator.{n}.name"),
        help=t("compare.choose_help"),
    )
    if names:
        _table(table, found, t, names)
        with st.expander(t("compare.meaning")):
            st.markdown(
                "\n".join(f"- **{t(f'indicator.{n}.name')}**: {t(f'indicator.{n}.help')}" for n in names)
            )
    st.html(tag("h2", "section", t("compare.scatter")))
    _scatter(table, found, t)
    st.html(tag("h2", "section", t("compare.side_by_side")))
    _side_by_side(found, t)
    footer.below(found, t)
    return state.with_(paint=state.paint or Paint.DESERT.value)


def _table(table: pd.DataFrame, found: Assessment, t: Translator, names: list[str]) -> None:
    """Draw numbers that sort, as bars, beside the text that carries the pair."""
    shown = pd.DataFrame({t("deserts.department"): found.departments["department_name"]})
    config = {}
    for name in names:
        title, indicator = t(f"indicator.{name}.name"), BY_NAME[name]
        upper = pd.to_numeric(table[f"{name}_upper"]).where(lambda v: v < float("inf"))
        middle = upper.fillna(table[f"{name}_lower"])
        bar = f"{title} ▮"
        shown[bar] = middle * (100 if indicator.unit == "share" else 1)
        shown[title] = tables.compared(table, found, t, [name])[title]
        top = shown[bar].max()
        config[bar] = st.column_config.ProgressColumn(
            title,
            help=t(f"indicator.{name}.help"),
            min_value=0,
            max_value=float(top) if pd.notna(top) and top > 0 else 1.0,
            format=" ",
            width="small",
            color=theme.ACCENT,
        )
        config[title] = st.column_config.TextColumn(t("compare.pair"), help=t("compare.pair_help"))
    first = f"{t(f'indicator.{names[0]}.name')} ▮"
    ordered = shown.sort_values(first, ascending=not BY_NAME[names[0]].more_is_worse, na_position="last")
    st.dataframe(ordered, hide_index=True, column_config=config, height=36 * 26, key="compare_table")


def _scatter(table: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw offences against the share beyond reach; complaints measure detection, and the page says so."""
    st.caption(t("compare.scatter_note"))
    points = pd.DataFrame(
        {
            "name": found.departments["department_name"],
            "x": table["offences_2025_lower"],
            "low": 100 * table["uncovered_share_lower"],
            "high": 100 * table["uncovered_share_upper"],
        }
    ).dropna()
    x = alt.X("x:Q", title=t("compare.axis_need"))
    y = alt.Y("low:Q", title=t("compare.axis_reach"), scale=alt.Scale(domain=[0, 100]))
    tip = [
        alt.Tooltip("name:N", title=t("deserts.department")),
        alt.Tooltip("x:Q", title=t("compare.axis_need"), format=".1f"),
        alt.Tooltip("low:Q", title=t("compare.lower"), format=".0f"),
        alt.Tooltip("high:Q", title=t("compare.upper"), format=".0f"),
    ]
    base = alt.Chart(points)
    bars = base.mark_rule(color=theme.INK_SOFT, strokeWidth=1.5).encode(x=x, y=y, y2="high:Q", tooltip=tip)
    dots = base.mark_circle(size=70, color=theme.ACCENT, opacity=1).encode(x=x, y="high:Q", tooltip=tip)
    names = base.mark_text(align="left", dx=7, fontSize=11, color=theme.INK).encode(
        x=x, y="high:Q", text="name:N"
    )
    st.altair_chart((bars + dots + names).properties(height=440))


def _side_by_side(found: Assessment, t: Translator) -> None:
    names = found.departments["department_name"]
    columns = st.columns(2)
    for number, (column, usual) in enumerate(zip(columns, PAIR, strict=True)):
        with column:
            chosen = st.selectbox(
                t("compare.department", n=number + 1),
                list(names.index),
                format_func=lambda d: str(names[d]),
                key=widget(f"side_{number}", usual),
            )
            drawn = card.card(study(), found, t, f"d:{chosen}")
            if drawn is not None:
                cards.draw(drawn)
