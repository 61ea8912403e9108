"""The Capacity Gap Index: ranks that never stand without their interval, and what they hang on."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.gap_index import pillars
from capgap_geo.analysis.indicators import BY_NAME, Pillar, definitions
from capgap_geo.analysis.labels import row_of
from capgap_geo.analysis.standing import standings
from capgap_geo.i18n import DASH, Translator
from capgap_geo.model import Scenario
from capgap_geo.render import theme
from capgap_geo.ui import charts
from capgap_geo.ui.own import current
from capgap_geo.ui.prepared import answer, study
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.state import widget
from capgap_geo.ui.text import items, tag

#: Largest weight on a slider, and the one at first.
MOST, USUAL = 5, 1
Weights = tuple[tuple[str, float], ...]


def panel(table: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw weights, ranks with their intervals, what drives them, and what they may not be used for.

    Parameters
    ----------
    table
        The indicators by department.
    """
    st.html(tag("h2", "section", t("index.title")) + tag("p", "section-note", t("index.lead")))
    st.html(tag("p", "index-use", t("index.use")))
    weights = _weights(t)
    names = _names(table, t)
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
    _chart(ranks, found, t)
    _table(ranks, pillars(table, definitions=used), found, t)


def _weights(t: Translator) -> Weights:
    """Draw one slider for each question."""
    st.html(tag("h3", "subsection", t("index.weights")))
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


def _names(table: pd.DataFrame, t: Translator) -> list[str]:
    """Draw which indicators go in, with how many departments have a value of each."""
    known = [indicator.name for indicator in definitions(table)]
    with st.expander(t("index.indicators")):
        names = st.multiselect(
            t("index.indicators_choose"),
            known,
            key=widget("index_names", known),
            format_func=lambda n: t(f"indicator.{n}.name"),
            help=t("index.indicators_help"),
        )
        left = [t(f"indicator.{n}.name") for n in BY_NAME if n not in known]
        note = t("index.unknown_note", left=t.join(left)) if left else t("index.unknown_note_none")
        st.caption(note)
        st.html(items(_coverage(table, name, t) for name in names))
    return list(names)


def _coverage(table: pd.DataFrame, name: str, t: Translator) -> str:
    known = table[[f"{name}_lower", f"{name}_upper"]].notna().any(axis=1).sum()
    words = f"{t(f'index.pillar.{BY_NAME[name].pillar}')}. {t(f'indicator.{name}.name')}"
    return t("index.coverage", name=words, n=t.number(float(known)), all=t.number(len(table)))


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


def _chart(ranks: pd.DataFrame, found: Assessment, t: Translator) -> None:
    """Draw every department's interval and its middle, the largest gap on top."""
    st.html(tag("h3", "subsection", t("index.chart")))
    points = ranks[["rank_median", "rank_p05", "rank_p95"]].copy()
    points.columns = pd.Index(["median", "low", "high"])
    points["name"] = found.departments["department_name"]
    points["said"] = [rank_text(row, t) for _, row in ranks.iterrows()]
    order = points.sort_values(["median", "low", "high"])["name"].tolist()
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
    for department in map(str, ranks.index):
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
    sortable(columns, rows, key="index", caption=t("index.title"), order=(1, True))


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
    text = t.count("index.moved_by", round(places), what=t(f"index.moves.{name}"))
    return Cell(text, places)
