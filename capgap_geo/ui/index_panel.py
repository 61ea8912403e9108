"""The Capacity Gap Index: ranks that never stand without their interval, and what they hang on."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.gap_index import pillars
from capgap_geo.analysis.indicators import Pillar, definitions
from capgap_geo.analysis.labels import row_of
from capgap_geo.analysis.standing import standings
from capgap_geo.i18n import DASH, Translator
from capgap_geo.model import Scenario
from capgap_geo.render import theme
from capgap_geo.ui import charts, index_parts
from capgap_geo.ui.jumps import section
from capgap_geo.ui.own import current
from capgap_geo.ui.prepared import answer, study
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.state import widget
from capgap_geo.ui.text import tag

#: Largest weight on a slider, and the one at first.
MOST, USUAL = 5, 1
#: Weights of one click.
PRESETS = {
    "equal": dict.fromkeys(Pillar, USUAL),
    "capacity": {Pillar.NEED: 0, Pillar.REACH: 0, Pillar.CAPACITY: USUAL},
}
Weights = tuple[tuple[str, float], ...]


def panel(table: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw weights, ranks with their intervals, what drives them, and what they may not be used for.

    Parameters
    ----------
    table
        The indicators by department.
    """
    st.html(section("index", t("index.title"), t("index.lead")))
    st.html(tag("p", "index-use", t("index.use")))
    weights = _weights(t)
    names = index_parts.choose(table, found, t)
    used = definitions(table, names)
    if not sum(weight for _, weight in weights):
        st.warning(t("index.weights_zero"), icon=":material/balance:")
        return
    weighed = {name for name, weight in weights if weight}
    used = [indicator for indicator in used if indicator.pillar in weighed]
    if not used:
        st.warning(t("index.needs_indicator"), icon=":material/checklist:")
        return
    kept = {indicator.pillar for indicator in used}
    chosen = tuple(sorted(indicator.name for indicator in used))
    with st.spinner(t("index.computing")):
        ranks = _ranks(found.scenario, tuple((n, w) for n, w in weights if n in kept), chosen)
    index_parts.warn(table, used, t)
    _chart(ranks, found, t)
    _table(ranks, pillars(table, definitions=used), found, t)
    index_parts.unknown(table, used, found.departments["department_name"], t)


def _weights(t: Translator) -> Weights:
    """Draw one slider for each question, and the weights of one click."""
    st.html(tag("h3", "subsection", t("index.weights")))
    with st.container(horizontal=True):
        for name, preset in PRESETS.items():
            st.button(t(f"index.preset.{name}"), key=f"index_preset_{name}", on_click=_set, args=(preset,))
    weights = []
    for column, pillar in zip(st.columns(len(Pillar)), Pillar, strict=True):
        with column:
            value = st.slider(
                t(f"index.pillar.{pillar}"),
                0,
                MOST,
                key=widget(f"index_{pillar}", USUAL),
                help=t("index.weight_help"),
            )
        weights.append((str(pillar), float(value)))
    return tuple(weights)


def _set(weights: Mapping[Pillar, int]) -> None:
    for pillar, weight in weights.items():
        st.session_state[widget(f"index_{pillar}", weight)] = weight


def _ranks(scenario: Scenario, weights: Weights, names: tuple[str, ...]) -> pd.DataFrame:
    if current() is None:
        return _shared(scenario, weights, names)
    return standings(study(), answer(scenario), weights=dict(weights), names=names)


@st.cache_resource(show_spinner=False, max_entries=64)
def _shared(scenario: Scenario, weights: Weights, names: tuple[str, ...]) -> pd.DataFrame:
    return standings(study(), answer(scenario), weights=dict(weights), names=names)


def rank_text(row: pd.Series, t: Translator) -> str:
    """Return a rank with its interval: ``3 (1–13)``."""
    median, low, high = (t.number(float(row[f"rank_{name}"])) for name in ("median", "p05", "p95"))
    return t("index.rank_text", median=median, low=low, high=high)


def in_order(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return the ranks, the largest gap first; where the middle is shared, the interval decides."""
    return ranks.sort_values(["rank_median", "rank_p05", "rank_p95"], kind="stable")


def shared(ranks: pd.DataFrame, names: pd.Series, t: Translator) -> str:
    """Return which departments share a middle rank as it is written; empty if none do."""
    middle = in_order(ranks)["rank_median"].map(lambda rank: t.number(float(rank)))
    groups = [
        t("index.shared_one", rank=rank, names=t.join([str(names[d]) for d in rows.index]))
        for rank, rows in middle.groupby(middle, sort=False)
        if len(rows) > 1
    ]
    return t("index.shared", groups="; ".join(groups)) if groups else ""


def _chart(ranks: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw every department's interval and its middle, the largest gap on top."""
    st.html(tag("h3", "subsection", t("index.chart")))
    points = ranks[["rank_median", "rank_p05", "rank_p95"]].copy()
    points.columns = pd.Index(["median", "low", "high"])
    points["name"] = found.departments["department_name"]
    points["said"] = [rank_text(row, t) for _, row in ranks.iterrows()]
    order = points.loc[in_order(ranks).index, "name"].tolist()
    y = alt.Y("name:N", sort=order, title=None, axis=charts.NAMES)
    scale = alt.Scale(domain=[0.5, len(points) + 0.5], nice=False)
    ticks = [1, *range(5, len(points) + 1, 5)]
    x = alt.X("low:Q", title=t("index.axis"), scale=scale, axis=alt.Axis(values=ticks, orient="top"))
    tip = [alt.Tooltip("name:N", title=t("deserts.department")), alt.Tooltip("said:N", title=t("index.rank"))]
    base = alt.Chart(points.reset_index(drop=True))
    bars = base.mark_bar(color=theme.ACCENT, opacity=0.25, height=9).encode(
        x=x, x2="high:Q", y=y, tooltip=tip
    )
    dots = base.mark_circle(color=theme.ACCENT, size=70, opacity=1).encode(
        x=alt.X("median:Q", scale=scale), y=y, tooltip=tip
    )
    charts.draw(bars + dots, height=21 * len(points))


def _table(ranks: pd.DataFrame, scores: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw ranks, the score of each question as an interval, and the assumption that moves most."""
    shown = [p for p in Pillar if f"{p}_lower" in scores]
    rows = []
    for department in map(str, in_order(ranks).index):
        row = row_of(ranks, department)
        cells = [
            plain(str(found.departments.loc[department, "department_name"])),
            Cell(rank_text(row, t), float(row["rank_median"])),
            *(_score_cell(row_of(scores, department), pillar, t) for pillar in shown),
            Cell(t.percent(row["worst_five"]), float(row["worst_five"])),
            Cell(t.percent(row["known"]), float(row["known"])),
            _moved(row, t),
        ]
        rows.append((department, cells))
    columns = [
        Column(t("deserts.department")),
        Column(t("index.rank"), t("index.rank_help")),
        *(Column(t(f"index.pillar_short.{p}"), t("index.pillar_help"), bar=True) for p in shown),
        Column(t("index.worst"), t("index.worst_help")),
        Column(t("index.known"), t("index.known_help")),
        Column(t("index.moved"), t("index.moved_help")),
    ]
    note = f"{t('index.order')} {shared(ranks, found.departments['department_name'], t)}".strip()
    sortable(columns, rows, key="index", caption=t("index.title"), note=note, order=(1, True))


def _score_cell(row: pd.Series, pillar: Pillar, t: Translator) -> Cell:
    low, high = float(row[f"{pillar}_lower"]), float(row[f"{pillar}_upper"])
    ends = [t.number(100 * value) for value in (low, high)]
    text = ends[0] if ends[0] == ends[1] else DASH.join(ends)
    return Cell(text, (low + high) / 2.0, low, high)


def _moved(row: pd.Series, t: Translator) -> Cell:
    """Return what moves a rank most, and by how many places on average."""
    name = row["moved_most"]
    if not isinstance(name, str) or not name:
        return plain(t("index.moves.none"))
    places = float(row[f"moves_{name}"])
    what = t(f"index.moves.{name}")
    if places < 0.5:
        return Cell(t("index.moved_little", what=what), places)
    return Cell(t.count("index.moved_by", round(places), what=what), places)
