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
V = TypeVar("V")

#: Thresholds on the slider, in the unit of each measure.
STEPS = {
    Measure.TRAVEL_TIME: (30.0, 60.0, 90.0, 120.0, 180.0, 240.0, 360.0, 480.0, 720.0, 1440.0),
    Measure.STRAIGHT_LINE: (10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0),
}
#: Years from which records may be asked for, besides all of them.
YEARS = (2015, 2018, 2020, 2022, 2024)


def asked(state: State) -> State:
    """Return the state that the controls describe, before they are drawn in this run.

    So an answer need not wait for them.
    """
    old = state.scenario
    measure = _kept("measure", old.measure)
    scenario = Scenario(
        service=_kept("service", old.service),
        profile=_kept("profile", old.profile),
        measure=measure,
        threshold=_kept(f"threshold_{measure}", _usual(old, measure)),
        evidence=_kept("evidence", old.evidence),
        demand=_kept("demand", old.demand),
        oldest=_kept("oldest", old.oldest),
    )
    return state.with_(scenario=scenario, paint=str(_kept("paint", Paint(state.paint))))


def _kept(name: str, value: V) -> V:
    """Return what a control says: the value where it is not drawn yet, or has nothing chosen."""
    found: V | None = st.session_state.get(f"w_{name}")
    return value if found is None else found


def _usual(old: Scenario, measure: Measure) -> float:
    return old.threshold if old.measure is measure else USUAL_THRESHOLD[measure]


def draw(state: State, t: Translator, *, paints: Sequence[Paint] = tuple(Paint)) -> None:
    """Draw the controls at the values of a state.

    Parameters
    ----------
    paints
        What the land may be coloured by; none leaves that control out.
    """
    now = state.scenario
    _choice(t, "service", list(MAPPED), now.service, lambda s: t(f"service.{s}.name"))
    _choice(t, "profile", list(Profile), now.profile, lambda p: t(f"profile.{p}.name"))
    _threshold(t, now)
    if paints:
        _choice(t, "paint", paints, Paint(state.paint), lambda p: t(f"paint.{p}"))
    with st.expander(t("more.label")):
        _choice(t, "measure", list(Measure), now.measure, lambda m: t(f"measure.{m}"))
        levels = [Evidence.REPORTED, Evidence.CORROBORATED]
        _choice(t, "evidence", levels, now.evidence, lambda e: t(f"evidence.{e}"))
        spreads = [Demand.NEAR_ACCESS, Demand.EVEN]
        _choice(t, "demand", spreads, now.demand, lambda d: t(f"demand.{d}"))
        _oldest(t, now)


def _choice(t: Translator, name: str, options: Sequence[T], value: T, say: Callable[[T], str]) -> None:
    """Draw one choice among a few; taking the choice away brings the old value back."""
    key = widget(name, value if value in options else options[0])
    if st.session_state[key] is None:
        st.session_state[key] = value
    st.pills(t(f"{name}.label"), options, format_func=say, key=key, help=t(f"{name}.help"), required=True)


def _threshold(t: Translator, now: Scenario) -> None:
    say = t.duration if now.measure is Measure.TRAVEL_TIME else lambda km: t.pair(km, km, unit="km")
    key = widget(f"threshold_{now.measure}", now.threshold)
    steps = sorted({*STEPS[now.measure], now.threshold})
    label = t(f"threshold.label.{now.measure}")
    st.select_slider(label, steps, format_func=say, key=key, help=t("threshold.help"))


def _oldest(t: Translator, now: Scenario) -> None:
    years = sorted({OLDEST_YEAR, *YEARS, now.oldest})
    key = widget("oldest", now.oldest)
    st.select_slider(
        t("oldest.label"),
        years,
        format_func=lambda y: t("oldest.all") if y == OLDEST_YEAR else str(y),
        key=key,
        help=t("oldest.help"),
    )
