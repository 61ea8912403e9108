"""The question, as a few controls: which help, for whom, how far; the rest is folded away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from capgap_geo.i18n import Translator
from capgap_geo.model import (
    MAPPED,
    OLDEST_YEAR,
    USUAL_THRESHOLD,
    Demand,
    Evidence,
    Measure,
    Profile,
    Scenario,
    Service,
)
from capgap_geo.render.scene import Paint
from capgap_geo.ui.state import State, widget

T = TypeVar("T", Service, Profile, Measure, Evidence, Demand, Paint)

#: Thresholds on the slider, in the unit of each measure.
STEPS = {
    Measure.TRAVEL_TIME: (30.0, 60.0, 90.0, 120.0, 180.0, 240.0, 360.0, 480.0, 720.0, 1440.0),
    Measure.STRAIGHT_LINE: (10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0),
}
#: Years from which records may be asked for, besides all of them.
YEARS = (2015, 2018, 2020, 2022, 2024)


def question(state: State, t: Translator, *, paints: Sequence[Paint] = tuple(Paint)) -> State:
    """Draw the controls and return the state that they describe.

    Parameters
    ----------
    paints
        What the land may be coloured by; none leaves that control out.
    """
    old = state.scenario
    service = _choice(t, "service", list(MAPPED), old.service, lambda s: t(f"service.{s}.name"))
    profile = _choice(t, "profile", list(Profile), old.profile, lambda p: t(f"profile.{p}.name"))
    measure = Measure(st.session_state.get("w_measure", old.measure))
    threshold = _threshold(t, old, measure)
    paint = Paint(state.paint)
    if paints:
        paint = _choice(t, "paint", paints, paint, lambda p: t(f"paint.{p}"))
    with st.expander(t("more.label")):
        measures = list(Measure)
        _choice(t, "measure", measures, old.measure, lambda m: t(f"measure.{m}"))
        levels = [Evidence.REPORTED, Evidence.CORROBORATED]
        evidence = _choice(t, "evidence", levels, old.evidence, lambda e: t(f"evidence.{e}"))
        spreads = [Demand.NEAR_ACCESS, Demand.EVEN]
        demand = _choice(t, "demand", spreads, old.demand, lambda d: t(f"demand.{d}"))
        oldest = _oldest(t, old)
    scenario = Scenario(service, profile, measure, threshold, evidence, demand, oldest)
    return state.with_(scenario=scenario, paint=str(paint))


def _choice(t: Translator, name: str, options: Sequence[T], value: T, say: Callable[[T], str]) -> T:
    """Draw one choice among a few; taking the choice away brings the old value back."""
    key = widget(name, value if value in options else options[0])
    if st.session_state[key] is None:
        st.session_state[key] = value
    chosen = st.pills(
        t(f"{name}.label"), options, format_func=say, key=key, help=t(f"{name}.help"), required=True
    )
    return value if chosen is None else chosen


def _threshold(t: Translator, old: Scenario, measure: Measure) -> float:
    now = old.threshold if old.measure is measure else USUAL_THRESHOLD[measure]
    steps = sorted({*STEPS[measure], now})
    say = t.duration if measure is Measure.TRAVEL_TIME else lambda km: t.pair(km, km, unit="km")
    key = widget(f"threshold_{measure}", now)
    if st.session_state[key] not in steps:
        steps = sorted({*steps, st.session_state[key]})
    return float(
        st.select_slider(
            t(f"threshold.label.{measure}"), steps, format_func=say, key=key, help=t("threshold.help")
        )
    )


def _oldest(t: Translator, old: Scenario) -> int:
    years = sorted({OLDEST_YEAR, *YEARS, old.oldest})
    key = widget("oldest", old.oldest)
    return int(
        st.select_slider(
            t("oldest.label"),
            years,
            format_func=lambda y: t("oldest.all") if y == OLDEST_YEAR else str(y),
            key=key,
            help=t("oldest.help"),
        )
    )
