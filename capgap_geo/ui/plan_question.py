"""The question to the search for the next ones: its widgets, and what they ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from capgap_geo.analysis.proposal import Aim, Question
from capgap_geo.analysis.whatif import BY_DEPARTMENT
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario
from capgap_geo.ui.state import widget

POPULATIONS = (100_000.0, 50_000.0, 20_000.0, 10_000.0, 5_000.0)
#: Largest number of changes asked for on the page, and points of the curve.
MOST = 8
_USUAL = Question()
_AMOUNTS = ("budget", "new_cost", "accept_cost")


def asked(scenario: Scenario) -> Question:
    """Return what the widgets ask now, whether or not they are drawn yet; what does not matter is usual."""
    question = replace(_USUAL, aim=Aim(_value("aim", _USUAL.aim) or _USUAL.aim))
    if question.aim in (Aim.PEOPLE, Aim.TIME):
        question = replace(question, p=int(_value("p", _USUAL.p)))
    if question.aim is Aim.BUDGET:
        amounts: dict[str, Any] = {name: float(_value(name, getattr(_USUAL, name))) for name in _AMOUNTS}
        question = replace(question, **amounts)
    if scenario.service not in BY_DEPARTMENT:
        question = replace(question, min_population=float(_value("least", _USUAL.min_population)))
    return question


def _value(name: str, usual: object) -> Any:
    return st.session_state.get(f"w_plan_{name}", usual)


def draw(scenario: Scenario, t: Translator) -> Question:
    """Draw the widgets and return what they ask."""
    st.pills(
        t("plan.aim.label"),
        list(Aim),
        format_func=lambda a: t(f"plan.aim.{a}"),
        key=widget("plan_aim", _USUAL.aim),
        help=t("plan.aim.help"),
        required=True,
    )
    aim = asked(scenario).aim
    left, right = st.columns(2)
    if aim in (Aim.PEOPLE, Aim.TIME):
        left.slider(t("plan.p"), 1, MOST, key=widget("plan_p", _USUAL.p))
    if scenario.service in BY_DEPARTMENT:
        right.caption(t("plan.candidates_departments"))
    else:
        right.select_slider(
            t("plan.min_population"),
            sorted(POPULATIONS),
            format_func=lambda n: t("plan.min_population_value", n=t.number(n)),
            key=widget("plan_least", _USUAL.min_population),
        )
    if aim is Aim.BUDGET:
        _draw_amounts(t)
    return asked(scenario)


def _draw_amounts(t: Translator) -> None:
    """Draw budget and costs, all in any one unit."""
    for name, column in zip(_AMOUNTS, st.columns(3), strict=True):
        key = widget(f"plan_{name}", getattr(_USUAL, name))
        column.number_input(
            t(f"plan.{name}"), min_value=0.0, max_value=1e12, key=key, help=t("plan.cost_help")
        )
