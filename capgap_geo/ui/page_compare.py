"""Every department in one table, two side by side, and need against reach."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.indicators import BY_NAME, indicators
from capgap_geo.i18n import Translator
from capgap_geo.render import card, tables, theme
from capgap_geo.render.scene import Paint
from capgap_geo.ui import cards, charts, controls, footer, index_panel, norm_panel
from capgap_geo.ui.jumps import jumps, section
from capgap_geo.ui.page_map import say_headline
from capgap_geo.ui.prepared import answer, study
from capgap_geo.ui.sortable import Cell, Column, number, plain, sortable
from capgap_geo.ui.state import State, widget
from capgap_geo.ui.text import items

USUAL = ["uncovered_share", "uncovered_people", "nearest", "offences_2025", "services"]
#: What is known of provinces.
OF_PROVINCES = ("uncovered_share", "uncovered_people", "nearest")
PAIR = ("17", "21")
#: Title of each section of the page, by its anchor.
SECTIONS = {
    "table": "compare.table",
    "index": "index.title",
    "norms": "norm.title",
    "scatter": "compare.scatter",
    "pair": "compare.side_by_side",
}
#: More rows than this stand in a box of this height; fewer are all shown.
FEW, BOX = 30, 760
#: Share of the chart's width and height that a name needs around its dot.
LABEL_ROOM = (0.13, 0.045)


def page(state: State, t: Translator) -> State:
    """Draw the page and return the state that it describes."""
    state = controls.asked(state)
    with st.sidebar:
        controls.draw(state, t, paints=())
    found = answer(state.scenario)
    say_headline(found, t, "")
    jumps({anchor: t(key) for anchor, key in SECTIONS.items()}, t)
    table = indicators(study(), found)
    _comparison(table, found, t)
    index_panel.panel(table, found, t)
    norm_panel.panel(state.scenario, t)
    st.html(section("scatter", t("compare.scatter")))
    _scatter(table, found, t)
    st.html(section("pair", t("compare.side_by_side")))
    _side_by_side(found, t)
    footer.below(found, t)
    return state.with_(paint=state.paint or Paint.DESERT.value)


def _comparison(table: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw the table of departments with the chosen indicators, or that of the provinces."""
    st.html(section("table", t("compare.table")))
    kinds = {"department": found.departments, "province": found.provinces}
    kind = st.segmented_control(
        t("compare.level"),
        list(kinds),
        format_func=lambda k: t(f"layer.{k}s"),
        key=widget("compare_level", "department"),
        required=True,
    )
    names = list(OF_PROVINCES)
    if kind != "province":
        names = st.multiselect(
            t("compare.choose"),
            list(BY_NAME),
            key=widget("indicators", USUAL),
            format_func=lambda n: t(f"indicator.{n}.name"),
            help=t("compare.choose_help"),
        )
    if names:
        areas = kinds[kind or "department"]
        _table(table if kind != "province" else areas, areas, found, t, names)
        with st.expander(t("compare.meaning")):
            st.html(items(f"{t(f'indicator.{n}.name')}: {t(f'indicator.{n}.help')}" for n in names))


def _table(
    table: pd.DataFrame, areas: pd.DataFrame, found: Assessment, t: Translator, names: list[str]
) -> None:
    """Draw one column per indicator: the pair as text, and both bounds on a bar."""
    columns = [Column(str(t(f"layer.{str(areas.columns[0]).removesuffix('_name')}")))]
    columns += [Column(t(f"indicator.{n}.name"), t(f"indicator.{n}.help"), bar=True) for n in names]
    cells = {name: _cells(table, found, t, name) for name in names}
    rows = [(str(d), [plain(str(areas.loc[d].iloc[0])), *(cells[n][d] for n in names)]) for d in table.index]
    order = (1, not BY_NAME[names[0]].more_is_worse)
    note = t("table.sorted")
    many = len(rows) > FEW
    if many:
        note = f"{t.count('table.rows', len(rows))}. {note}"
    sortable(
        columns,
        rows,
        key="compare",
        caption=t("compare.table"),
        note=note,
        order=order,
        height=BOX if many else 0,
    )


def _cells(table: pd.DataFrame, found: Assessment, t: Translator, name: str) -> dict[str, Cell]:
    """Return an indicator's cells, sorted by the lower bound or, where only that is known, by the upper."""
    indicator = BY_NAME[name]
    low, high = table[f"{name}_lower"], table[f"{name}_upper"]
    top = 1.0 if indicator.unit == "share" else _largest(pd.concat([low, high]))
    cells = {}
    for d in table.index:
        a, b = float(low[d]), float(high[d])
        value = number(b if np.isnan(a) else a)
        text = tables.text(t, indicator, a, b, found.unit, served=not found.nobody_serves)
        cells[str(d)] = Cell(text, value, *_bar(a, b, top))
    return cells


def _bar(low: float, high: float, top: float) -> tuple[float | None, float | None]:
    """Return both bounds as shares of a bar; none where neither is known, or nothing finite fills a bar."""
    if not top or (np.isnan(low) and np.isnan(high)):
        return None, None
    ends = (0.0 if np.isnan(low) else low, low if np.isnan(high) else high)
    return min(ends[0], top) / top, min(ends[1], top) / top


def _largest(values: pd.Series) -> float:
    """Return the largest finite value, which fills a bar; 0 where there is none to fill one."""
    finite = values[np.isfinite(values)]
    return 0.0 if finite.empty else max(float(finite.max()), 0.0)


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
    )
    unknown = points[points.isna().any(axis=1)]
    points = points.dropna()
    points["label"] = np.where(_apart(points), points["name"], "")
    points["share"] = [
        t.percent(a / 100, b / 100) for a, b in zip(points["low"], points["high"], strict=True)
    ]
    charts.draw(_spread(points, t), height=440)
    if len(unknown):
        st.caption(t("compare.not_drawn", names=t.join(list(unknown["name"]))))


def _spread(points: pd.DataFrame, t: Translator) -> alt.LayerChart:
    """Return both bounds of each department, joined by a line; a key says which is which."""
    x = alt.X("x:Q", title=t("compare.axis_need"))
    tip = [
        alt.Tooltip("name:N", title=t("deserts.department")),
        alt.Tooltip("x:Q", title=t("compare.axis_need"), format=".1f"),
        alt.Tooltip("share:N", title=t("compare.axis_reach")),
    ]
    low = alt.Y("low:Q", title=t("compare.axis_reach"), scale=alt.Scale(domain=[0, 100]))
    high = alt.Y("high:Q")
    ends = [t("compare.lower"), t("compare.upper")]
    fill = alt.Scale(domain=ends, range=[theme.ACCENT, theme.PAPER])
    base = alt.Chart(points)
    joined = base.mark_rule(color=theme.INK_SOFT, strokeWidth=1.5).encode(
        x=x, y=low, y2="high:Q", tooltip=tip
    )
    dots = [
        charts.of_kind(base, end)
        .mark_point(size=60, stroke=theme.ACCENT, strokeWidth=1.6, opacity=1)
        .encode(x=x, y=y, tooltip=tip, fill=alt.Fill("kind:N", scale=fill))
        for y, end in ((high, ends[1]), (low, ends[0]))
    ]
    names = base.mark_text(align="left", dx=7, fontSize=11, color=theme.INK).encode(
        x=x, y=high, text="label:N"
    )
    return alt.LayerChart(layer=[joined, *dots, names])


def _apart(points: pd.DataFrame) -> list[bool]:
    """Return which dots have room for a name: no named dot close by to their right or left."""
    width = max(float(points["x"].max()), 1e-9)
    spots = list(zip(points["x"] / width, points["high"] / 100, strict=True))
    named: list[tuple[float, float]] = []
    for x, y in sorted(spots, reverse=True):
        if all(abs(x - a) > LABEL_ROOM[0] or abs(y - b) > LABEL_ROOM[1] for a, b in named):
            named.append((x, y))
    return [spot in named for spot in spots]


def _side_by_side(found: Assessment, t: Translator) -> None:
    names = found.departments["department_name"]
    columns = st.columns(2)
    for side, (column, usual) in enumerate(zip(columns, PAIR, strict=True)):
        with column:
            chosen = st.selectbox(
                t("compare.department", n=side + 1),
                list(names.index),
                format_func=lambda d: str(names[d]),
                key=widget(f"side_{side}", usual),
            )
            drawn = card.card(study(), found, t, f"d:{chosen}")
            if drawn is not None:
                cards.draw(drawn)
